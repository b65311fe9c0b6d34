"""What TensorFlow offers and tfcompat does not: asking for it says so, and what to use instead.

`_names.txt` holds every public name of TensorFlow, read when somebody first asks for a name that is not there. A name in
it raises UnsupportedSymbol; a namespace in it that tfcompat does not have is a placeholder module, so that
`tf.image.resize` is answered like `tf.while_loop`. Any other name is an AttributeError, as in TensorFlow.
"""

import functools
import importlib
import importlib.util
import pathlib
import sys
from types import ModuleType

_OURS = __name__.partition(".")[0]

# What to use instead of a symbol, or of what is below a namespace.
INSTEAD = {
    "image": "use jax.image with tfcompat.interop.call_jax, or Keras's image layers",
    "signal": "use jax.numpy.fft and jax.scipy.signal with tfcompat.interop.call_jax",
    "sparse": "use dense tensors, tf.gather and tf.math.segment_sum",
    "ragged": "use padded tensors and tf.sequence_mask",
    "strings": "use Python's strings, and make tensors of the results",
    "io": "read files with Python or NumPy, and make tensors of the results",
    "distribute": "use jax.sharding through tfcompat.interop",
    "data": "iterate over NumPy arrays in a loop of your own",
    "train": "save a model with keras's save_weights, variables with numpy.savez",
    "saved_model": "save a model with keras's save, variables with numpy.savez",
    "raw_ops": "use the public function that does the same",
    "lookup": "use a Python dict",
    "feature_column": "use Keras's preprocessing layers",
    "summary": "use a Keras callback, or a logging package that does not need TensorFlow",
    "profiler": "use jax.profiler, which also sees what tfcompat runs",
    "lite": "export with jax.export",
    "xla": "leave it out; what is run often is compiled by XLA anyway",
    "tpu": "install jax[tpu]; what runs on a TPU needs no other code",
    "experimental.numpy": "use NumPy for host data and tf.* for tensors",
    "experimental.dtensor": "use jax.sharding through tfcompat.interop",
    "io.gfile": "use Python's open, os and pathlib",
    "compat.v1": "use the TensorFlow 2 name; sessions, placeholders and TensorFlow 1's variables are not offered",
    "sysconfig": "leave it out; there is no TensorFlow library to link with",
    "load_op_library": "write the operation in JAX and call it with tfcompat.interop.call_jax",
    "RegisterGradient": "use tf.custom_gradient",
    "no_gradient": "use tf.stop_gradient",
    "make_tensor_proto": "use tensor.numpy(); there are no protocol buffers here",
    "make_ndarray": "use tensor.numpy(); there are no protocol buffers here",
    "nn.RNNCellDeviceWrapper": "leave it out; JAX places what runs",
    "nn.RNNCellDropoutWrapper": "use the arguments dropout and recurrent_dropout of Keras's cells",
    "nn.RNNCellResidualWrapper": "write a Keras layer that adds the cell's input to its output",
}

ELSE = "compute it with other functions of tf, or in JAX with tfcompat.interop.call_jax"


class UnsupportedSymbol(NotImplementedError, AttributeError):
    """A symbol of TensorFlow that tfcompat does not have. (Also an AttributeError, so `hasattr` works.)"""


class UnsupportedImport(NotImplementedError, ImportError):
    """The same for an import of such a symbol. (Also an ImportError, so that `except ImportError` works.)"""


@functools.cache
def names():
    """TensorFlow's public names: a frozenset for each namespace ("" is `tf`) and each class ("Tensor()")."""
    found = {}
    text = pathlib.Path(__file__).with_name("_names.txt").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        path, _, members = line.partition(": ")
        found["" if path == "." else path] = frozenset(members.split())
    return found


def text(symbol):
    """The sentence about a symbol (without "tf.") that is not there."""
    parent = symbol
    while parent and parent not in INSTEAD:
        parent = parent.rpartition(".")[0]
    return f"tf.{symbol} is not supported by tfcompat: {INSTEAD.get(parent, ELSE)}."


def is_listed(symbol):
    """Whether TensorFlow has this name, without "tf."."""
    parent, _, name = symbol.rpartition(".")
    return name in names().get(parent, ())


class Placeholder(ModuleType):
    """A namespace of TensorFlow of which tfcompat has nothing: each of its names raises UnsupportedSymbol."""

    __path__ = ()

    def __init__(self, path):
        super().__init__(f"{_OURS}.{path}", f"tf.{path}, of which tfcompat has nothing.")
        self.__getattr__ = functools.partial(missing_from, path)

    def __repr__(self):
        return f"<module '{self.__name__}' (not supported)>"


@functools.cache
def placeholder(path):
    """The placeholder for a namespace; the same object each time."""
    return Placeholder(path)


def missing_from(path, name):
    """`__getattr__` of the namespace `path`: what stands for a name that is not defined in it.

    Raises:
      UnsupportedSymbol: TensorFlow has the name.
      AttributeError: it has not.
    """
    symbol = f"{path}.{name}" if path else name
    module = sys.modules.get(f"{_OURS}.{path}" if path else _OURS)
    if not name.startswith("__") and symbol in names():
        # A namespace that is not imported along with tfcompat is loaded when it is first asked for.
        fullname = f"{_OURS}.{symbol}"
        if getattr(module, "__path__", None) and importlib.util.find_spec(fullname) is not None:
            found = importlib.import_module(fullname)
            answer_for(found)
            return found
        return placeholder(symbol)
    if is_listed(symbol):
        error = UnsupportedSymbol(text(symbol))
        error.name = None  # else Python adds a guess at what was meant
        raise error
    shown = "tensorflow" if not path else f"tensorflow._api.v2.{path}" if path in names() else module.__name__
    raise AttributeError(f"module '{shown}' has no attribute '{name}'", name=name, obj=module)


def answer_for(module):
    """Gives a namespace of tfcompat, and those inside it, a `__getattr__` for the names that are missing in it."""
    path = module.__name__.partition(".")[2]
    for name, child in list(vars(module).items()):
        if isinstance(child, ModuleType) and child.__name__ == f"{module.__name__}.{name}" and name[0] != "_":
            answer_for(child)
    vars(module).setdefault("__getattr__", functools.partial(missing_from, path))
