"""Names of TensorFlow that tfcompat does not have say so, at any depth; names that TensorFlow has not are AttributeErrors."""

import importlib
import pathlib
import re
from types import ModuleType

import pytest
from processes import run_code

import tfcompat as tf
from tfcompat import _unsupported

# Nobody works on these: examples of what stays missing.
MISSING = ["raw_ops.MatMul", "compat.v1.Session", "lite.TFLiteConverter", "tpu.experimental.embedding.Adam", "mlir.experimental.convert_function"]  # fmt: skip


def get(symbol):
    found = tf
    for name in symbol.split("."):
        found = getattr(found, name)
    return found


@pytest.mark.parametrize("symbol", MISSING)
def test_a_missing_symbol_says_so(symbol):
    with pytest.raises(NotImplementedError, match=rf"^tf\.{re.escape(symbol)} is not supported by tfcompat[.:]") as error:
        get(symbol)
    assert isinstance(error.value, AttributeError)
    parent, _, name = symbol.rpartition(".")
    assert not hasattr(get(parent), name)


@pytest.mark.parametrize(
    ("symbol", "text"),
    [
        ("foo", "module 'tensorflow' has no attribute 'foo'"),
        ("math.foo", "module 'tensorflow._api.v2.math' has no attribute 'foo'"),
        ("raw_ops.foo", "module 'tensorflow._api.v2.raw_ops' has no attribute 'foo'"),
        ("config.experimental.foo", "module 'tensorflow._api.v2.config.experimental' has no attribute 'foo'"),
        ("compat.v1.foo", "module 'tensorflow._api.v2.compat.v1' has no attribute 'foo'"),
        ("debug.foo", "module 'tfcompat.debug' has no attribute 'foo'"),
    ],
)
def test_what_tensorflow_has_not_is_an_attribute_error(symbol, text):
    with pytest.raises(AttributeError) as error:
        get(symbol)
    assert type(error.value) is AttributeError
    assert str(error.value) == text


def test_every_name_is_there_or_says_that_it_is_not():
    for path, members in _unsupported.names().items():
        if not path.endswith("()"):
            for name in members:
                symbol = f"{path}.{name}".lstrip(".")
                try:
                    get(symbol)
                except _unsupported.UnsupportedSymbol as error:
                    assert str(error).startswith(f"tf.{symbol} is not supported")


def test_no_import_of_ours_stands_in_for_a_namespace():
    """A file that is a namespace must not bind TensorFlow's name for another one to a module of the engine."""
    for path in _unsupported.names():
        if not path.endswith("()") and path:
            assert get(path).__name__ == f"tfcompat.{path}"


def test_hints_are_about_names_of_tensorflow():
    assert not [symbol for symbol in _unsupported.INSTEAD if not _unsupported.is_listed(symbol)]


_NAMED = re.compile(r"\b(?:tf|tfcompat|keras|jax|numpy|scipy)\.[a-zA-Z_][\w.]*\w")


def test_hints_name_what_is_there():
    """A hint that sends to a name that is missing, too, would be worse than none."""
    named = {name for hint in _unsupported.INSTEAD.values() for name in _NAMED.findall(hint)}
    assert len(named) > 40
    for name in sorted(named):
        first, *path = name.split(".")
        found = {"tf": tf, "keras": tf.keras}.get(first) or importlib.import_module(first)
        for k, part in enumerate(path, 1):
            if not hasattr(found, part):
                importlib.import_module(".".join([first, *path[:k]]))
            found = getattr(found, part)


def test_layers_that_hints_name_work():
    """Those that need what is missing themselves, such as Resizing, are not named."""
    images = tf.ones([2, 6, 6, 3])
    for layer in ("CenterCrop(3, 3)", "RandomBrightness(0.2)", "RandomContrast(0.2)", "RandomCrop(3, 3)",
                  'RandomFlip("horizontal")', 'RandomFlip("vertical")'):  # fmt: skip
        assert any(f"keras.layers.{layer.partition('(')[0]}" in hint for hint in _unsupported.INSTEAD.values())
        shape = eval(f"layers.{layer}", {"layers": tf.keras.layers})(images, training=True).shape
        assert shape == ([2, 3, 3, 3] if "Crop" in layer else [2, 6, 6, 3])
    assert tf.keras.ops.image.rgb_to_grayscale(images).shape == [2, 6, 6, 1]
    assert tf.keras.ops.image.extract_patches(images, (2, 2)).shape == [2, 3, 3, 12]


def test_namespaces_are_modules_and_the_same_each_time():
    assert tf.lite is tf.lite
    assert repr(tf.lite) == "<module 'tfcompat.lite' (not supported)>"
    assert tf.compat.v2 is tf
    assert "lite" not in dir(tf)
    assert not hasattr(tf.math, "__wrapped__")


def test_imports_of_missing_symbols():
    out = run_code("""
        import tfcompat
        tfcompat.install()
        def attempt(statement):
            try:
                exec(statement)
            except Exception as error:
                print(type(error).__name__, isinstance(error, ImportError), isinstance(error, NotImplementedError), error)
            else:
                print("fine")
        attempt("import tensorflow.raw_ops as r; r.__name__")
        attempt("from tensorflow import raw_ops, math")
        attempt("from tensorflow.raw_ops import MatMul")
        attempt("from tensorflow.compat.v1 import Session")
        attempt("import tensorflow.raw_ops.MatMul")
        attempt("import tensorflow.math.foo")
        attempt("from tensorflow.nowhere import foo")
        attempt("import tensorflow.compat.v2 as tf; assert tf is tfcompat")
    """)
    lines = out.splitlines()
    assert [line.partition(" tf.")[0] for line in lines[2:5]] == ["UnsupportedImport True True"] * 3
    assert lines[:2] == ["fine", "fine"] and lines[7] == "fine"
    assert [line.split()[0] for line in lines[5:7]] == ["ModuleNotFoundError"] * 2


def test_importing_reads_no_list():
    assert run_code("import tfcompat; print(tfcompat._unsupported.names.cache_info().misses)") == "0\n"


def test_the_list_holds_what_is_well_known():
    text = pathlib.Path(_unsupported.__file__).with_name("_names.txt").read_text()
    assert text.startswith("# The public names of TensorFlow 2.21")
    names = _unsupported.names()
    assert {"reduce_sum", "function", "data", "Tensor"} <= names[""]
    assert "Dataset" in names["data"] and "from_tensor_slices" in names["data.Dataset()"]
    assert sum(len(members) for path, members in names.items() if not path.startswith("compat.v1")) > 4000


def test_namespaces_show_no_imports_of_theirs():
    """What completion offers is what TensorFlow has, or is listed as our own."""
    own = set()
    for path, names in _unsupported.names().items():
        module = tf
        for part in path.split("."):
            module = getattr(module, part, None) if part else module
        if isinstance(module, ModuleType) and module.__name__ == f"tfcompat.{path}":
            own |= {f"{path}.{name}" for name in dir(module) if not name.startswith("_") and name not in names}
            assert set(dir(module)) >= {name for name in names if name in vars(module)}
    assert own == _unsupported.OWN
