"""Makes ``import tensorflow`` and ``import tensorflow.anything`` mean tfcompat, for the whole process.

One finder at the head of ``sys.meta_path`` answers for every name under ``tensorflow``:

* ``tensorflow`` is the module ``tfcompat`` itself, not a copy, so classes and state are the same under both names;
* a name in `tfcompat.compat.standins.STANDINS` (private modules of TensorFlow that Keras reaches for) is the module
  listed there, and the packages above it are empty ones;
* any other ``tensorflow.a.b`` is the attribute ``a.b`` of tfcompat, where that is a module. Below a module that belongs
  to another package (``tensorflow.keras`` is Keras itself) that package's own submodules count too;
* what TensorFlow has and tfcompat does not is a placeholder module or raises UnsupportedImport (`tfcompat._unsupported`).
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
import threading
from types import ModuleType

from tfcompat import _unsupported

_ROOT = "tensorflow"
_OURS = __name__.partition(".")[0]

_ALREADY_LOADED = (
    "tfcompat.install(): the real TensorFlow is already loaded in this process (from {where}), and code that has "
    "imported it would go on using it. Call tfcompat.install() before anything imports tensorflow, or run the program "
    "with: python -m tfcompat FILE"
)

_lock = threading.RLock()


class _Loader(importlib.abc.Loader):
    """Hands out a module that exists already."""

    def __init__(self, module):
        self.module = module
        self.spec = module.__spec__

    def create_module(self, spec):
        return self.module

    def exec_module(self, module):
        # The import system has just written the spec of the ``tensorflow.*`` name into the module, which would make
        # pickle, reload and inspect take it for another one.
        module.__spec__ = self.spec
        if not hasattr(module, "__path__"):
            # Only a package is asked for submodules, and tf.X.Y may be an attribute of a plain module.
            module.__path__ = []


class _Finder(importlib.abc.MetaPathFinder):
    """Resolves ``tensorflow.*``; knows nothing of any other name."""

    def find_spec(self, fullname, path=None, target=None):
        head, _, rest = fullname.partition(".")
        if head != _ROOT:
            return None
        module = _resolve(rest) if rest else sys.modules[_OURS]
        if module is None:
            # Answering None would let the finders after this one load tfcompat's own files a second time.
            if _unsupported.is_listed(rest):
                raise _unsupported.UnsupportedImport(_unsupported.text(rest))
            raise ModuleNotFoundError(f"No module named {fullname!r} (tensorflow is tfcompat here)", name=fullname)
        return importlib.machinery.ModuleSpec(fullname, _Loader(module), is_package=True)


class _LastFinder(importlib.abc.MetaPathFinder):
    """Comes last: says what is not supported where ``from tensorflow.X import y`` looks for ``tfcompat.X.y``."""

    def find_spec(self, fullname, path=None, target=None):
        head, _, rest = fullname.partition(".")
        if head == _OURS and rest in _unsupported.names():
            return importlib.machinery.ModuleSpec(fullname, _Loader(_unsupported.placeholder(rest)), is_package=True)
        if head == _OURS and _unsupported.is_listed(rest):
            raise _unsupported.UnsupportedImport(_unsupported.text(rest))
        return None


def _resolve(dotted):
    """The module that ``tensorflow.<dotted>`` stands for, or None."""
    from tfcompat.compat.standins import STANDINS

    fullname = f"{_ROOT}.{dotted}"
    if fullname in STANDINS:
        return importlib.import_module(STANDINS[fullname])
    parent_name, _, child = fullname.rpartition(".")
    parent = sys.modules[parent_name]  # the import system has imported it before it asks for the child
    if child.startswith("_") and not child.startswith("__") and parent.__name__.partition(".")[0] == _OURS:
        return None
    found = getattr(parent, child, None)
    if isinstance(found, ModuleType):
        return found
    if any(name.startswith(fullname + ".") for name in STANDINS):
        return _empty_package(fullname)
    if found is None and parent.__name__.partition(".")[0] not in (_OURS, _ROOT):
        return _foreign_submodule(f"{parent.__name__}.{child}")
    return None


def _foreign_submodule(name):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None


def _empty_package(name):
    module = ModuleType(name, "Holds stand-ins for private modules of TensorFlow.")
    module.__path__ = []
    return module


def install():
    """Makes ``import tensorflow`` resolve to tfcompat in this process. Calling it again changes nothing.

    Raises:
      RuntimeError: if the real TensorFlow is loaded already.
    """
    with _lock:
        loaded = sys.modules.get(_ROOT)
        ours = importlib.import_module(_OURS)
        if loaded is not None and loaded is not ours:
            where = getattr(loaded, "__file__", None) or "an unknown place"
            raise RuntimeError(_ALREADY_LOADED.format(where=where))
        if not installed():
            sys.meta_path.insert(0, _Finder())
            sys.meta_path.append(_LastFinder())
        sys.modules[_ROOT] = ours


def uninstall():
    """Undoes `install`. Modules that were imported as ``tensorflow`` in the meantime stay as they are."""
    with _lock:
        sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, (_Finder, _LastFinder))]
        if sys.modules.get(_ROOT) is not sys.modules[_OURS]:
            return
        for name in [name for name in sys.modules if name == _ROOT or name.startswith(_ROOT + ".")]:
            del sys.modules[name]


def installed():
    """Whether ``import tensorflow`` resolves to tfcompat now."""
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)
