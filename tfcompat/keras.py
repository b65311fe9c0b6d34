"""``tf.keras``, ``tf.optimizers``, ``tf.losses``, ``tf.metrics``, ``tf.initializers``: the Keras 3 package itself.

Nothing of Keras is written here. What is loaded, on first use, is Keras on its own TensorFlow backend, with this one
thing arranged: where a module of Keras says ``import tensorflow``, it gets tfcompat.

That holds for Keras alone. ``import tensorflow`` in any other module means what it meant before: after
``tfcompat.install()`` tfcompat, else the real TensorFlow or an ImportError. (An entry ``tensorflow`` in `sys.modules`
would be simpler, but libraries that look whether TensorFlow is there would find it as soon as an optimizer is made.)
The means is a finder for ``keras`` that gives each module of Keras a ``__builtins__`` of its own, in which
``__import__`` knows about tensorflow; `module_utils`, where Keras imports by function call, gets its
``import_module`` replaced the same way. The same ``__import__`` puts off the libraries that Keras imports for pictures,
files and summaries (half a second) until something of them is used.

Keras's backend is "tensorflow" here whatever KERAS_BACKEND and ``keras.json`` say: tfcompat is that backend. There is
one Keras in a process, so if it was imported before with another backend, or on the real TensorFlow, loading raises
ImportError.
"""

import builtins
import importlib
import importlib.machinery
import importlib.util
import os
import sys
import threading
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace

from tfcompat._pause import no_collections

_ROOT = "tensorflow"
_ON_FIRST_USE = {"IPython", "h5py", "matplotlib", "psutil", "rich"}
_SUBMODULES = {
    "keras": "keras._tf_keras.keras",
    "losses": "keras._tf_keras.keras.losses",
    "metrics": "keras._tf_keras.keras.metrics",
    "optimizers": "keras._tf_keras.keras.optimizers",
    "initializers": "keras._tf_keras.keras.initializers",
}

_MISSING = "tf.{name} needs Keras 3, which cannot be imported. Install it with: pip install keras"
_OTHER_BACKEND = (
    "tf.{name} is Keras on its tensorflow backend, but Keras is already imported with the {backend!r} backend, and a "
    "process has one Keras. Use tf.{name} before anything imports keras, or do not set KERAS_BACKEND."
)
_REAL_TENSORFLOW = (
    "tf.{name} is Keras running on tfcompat, but Keras is already imported and runs on the real TensorFlow (from "
    "{where}), and a process has one Keras. Use tfcompat and the real TensorFlow in different processes."
)

_lock = threading.RLock()


def load(name):
    """The module of Keras that ``tf.<name>`` is.

    Args:
      name: "keras", "optimizers", "losses", "metrics" or "initializers".

    Raises:
      ImportError: if Keras is missing, or already imported on something else than tfcompat.
    """
    with _lock:
        if "keras.src.backend" in sys.modules:
            _check(name)
        else:
            _import_keras(name)
        # Importing this module has made tfcompat.keras mean this file.
        _tfcompat().keras = sys.modules[_SUBMODULES["keras"]] if name == "keras" else _module("keras")
        return _module(name)


def _module(name):
    return importlib.import_module(_SUBMODULES[name])


def _tfcompat():
    return sys.modules["tfcompat"]


def _import_keras(name):
    if not any(isinstance(finder, _KerasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _KerasFinder())
    with no_collections(), _environment("KERAS_BACKEND", "tensorflow"):
        try:
            importlib.import_module("keras")
        except ModuleNotFoundError as error:
            if error.name != "keras":
                raise
            raise ImportError(_MISSING.format(name=name)) from error


def _check(name):
    """Raises ImportError if the Keras of this process does not run on tfcompat."""
    backend = sys.modules["keras.src.backend"].backend()
    if backend != "tensorflow":
        raise ImportError(_OTHER_BACKEND.format(name=name, backend=backend))
    tensorflow = sys.modules["keras.src.backend.tensorflow.core"].tf
    if tensorflow is not _tfcompat():
        where = getattr(tensorflow, "__file__", None) or "an unknown place"
        raise ImportError(_REAL_TENSORFLOW.format(name=name, where=where))


@contextmanager
def _environment(name, value):
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


class _KerasFinder(importlib.machinery.PathFinder):
    """Finds the modules of Keras where they are, and has them loaded by `_KerasLoader`."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname != "keras" and not fullname.startswith("keras."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _KerasLoader(spec.loader.name, spec.loader.path)
        return spec


class _KerasLoader(importlib.machinery.SourceFileLoader):
    """Runs a module of Keras with builtins of its own."""

    def exec_module(self, module):
        module.__dict__["__builtins__"] = _BUILTINS
        super().exec_module(module)
        if module.__name__ == "keras.src.utils.module_utils":
            module.importlib = SimpleNamespace(import_module=_import_module)


def _import(name, globals=None, locals=None, fromlist=(), level=0):
    """``__import__`` for modules of Keras."""
    if level == 0 and name.startswith(_ROOT) and (len(name) == len(_ROOT) or name[len(_ROOT)] == "."):
        if not fromlist or len(name) == len(_ROOT):
            return _tfcompat()  # ``import tensorflow.a.b as c`` goes on to take a and b from it
        return SimpleNamespace(**{child: _member(name, child) for child in fromlist})
    root = name.partition(".")[0]
    if root in _ON_FIRST_USE and level == 0 and sys._getframe(1).f_code.co_name == "<module>":
        if root not in sys.modules and importlib.util.find_spec(root) is not None:
            children = SimpleNamespace(**{child: _later(f"{name}.{child}") for child in fromlist or ()})
            return children if fromlist else (_later(name), _later(root))[1]
    return builtins.__import__(name, globals, locals, fromlist, level)


class _Later(ModuleType):
    """Stands for a module that is imported when something of it is asked for."""

    def __getattr__(self, name):
        return getattr(importlib.import_module(self.__name__), name)


_put_off = {}  # name of a module -> the _Later that stands for it


def _later(name):
    """What stands for the module until it is used; it is where an import would have put it in its package."""
    found = _put_off.get(name)
    if found is None:
        found = _put_off[name] = _Later(name)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(_later(parent), child, found)
    return found


def _import_module(name, package=None):
    """``importlib.import_module`` for Keras's lazy modules."""
    if name == _ROOT:
        return _tfcompat()
    if name.startswith(_ROOT + "."):
        parent, _, child = name.rpartition(".")
        return _member(parent, child)
    return importlib.import_module(name, package)


def _member(package, child):
    """What ``from package import child`` gives."""
    from tfcompat.compat.standins import STANDINS

    fullname = f"{package}.{child}"
    if fullname in STANDINS:
        return importlib.import_module(STANDINS[fullname])
    if package in STANDINS:
        found = importlib.import_module(STANDINS[package])
    else:
        found = _tfcompat()
        for part in package.split(".")[1:]:
            found = getattr(found, part, None)
    try:
        return getattr(found, child)
    except AttributeError:
        raise ImportError(f"cannot import name {child!r} from {package!r} (tensorflow is tfcompat here)") from None


_BUILTINS = dict(builtins.__dict__, __import__=_import)


def __getattr__(name):
    """Makes ``from tfcompat.keras import layers`` and ``import tfcompat.keras.layers`` work."""
    if name == "__path__":
        spec = importlib.util.find_spec("keras")
        if spec is not None:
            return [os.path.join(folder, "_tf_keras", "keras") for folder in spec.submodule_search_locations]
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(load("keras"), name)
