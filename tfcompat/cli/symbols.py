"""Where a name of TensorFlow stands with tfcompat: there, there with deviations, missing, or unknown to TensorFlow too."""

import functools
import importlib
import re
from types import FunctionType, ModuleType
from typing import NamedTuple

import tfcompat
from tfcompat import _unsupported
from tfcompat.compat.standins import STANDINS

SUPPORTED, DEVIATES, MISSING, UNKNOWN, PRIVATE = "supported", "deviates", "missing", "unknown", "private"
FAILING = (MISSING, UNKNOWN, PRIVATE)

_PRIVATE = ("python", "core", "compiler", "tsl", "tools", "_api")
_DEVIATIONS = re.compile(
    r"^[ \t]*Differs from TensorFlow:(.*?)(?=\n[ \t]*\n|\n[ \t]*(?:Args|Returns|Raises|References):|\Z)",
    re.DOTALL | re.MULTILINE,
)


class Standing(NamedTuple):
    """What became of a name: `symbol` is the part of it that decided, `note` a sentence for whoever uses it."""

    status: str
    symbol: str
    note: str = ""
    is_module: bool = False


@functools.cache
def standing(symbol):
    """The Standing of a dotted name without "tf."; importing Keras for one of Keras's takes seconds, once."""
    if any(symbol == p or symbol.startswith(p + ".") for p in _PRIVATE) or f"tensorflow.{symbol}" in STANDINS:
        return _of_private_module(symbol)
    found, note, decided = tfcompat, "", symbol
    parts = symbol.split(".") if symbol else []
    for depth, name in enumerate(parts, 1):
        here = ".".join(parts[:depth])
        parent = found
        try:
            found = getattr(parent, name)
        except AttributeError as error:
            return _of_absent(parent, here, error)
        except NotImplementedError as error:
            return Standing(MISSING, here, str(error))
        if not note and (note := deviations(found)):
            decided = here
        elif _is_refused(found):
            return Standing(MISSING, here, _unsupported.text(here))
        if not isinstance(found, (ModuleType, type)):
            break  # what attributes values have depends on what the program does
    if isinstance(found, _unsupported.Placeholder):
        return Standing(MISSING, symbol, _unsupported.text(symbol), True)
    return Standing(DEVIATES if note else SUPPORTED, decided, note, isinstance(found, ModuleType))


def _of_private_module(symbol):
    module = f"tensorflow.{symbol}"
    if any(f"{name}.".startswith(f"{module}.") or f"{module}.".startswith(f"{name}.") for name in STANDINS):
        return Standing(SUPPORTED, symbol, is_module=True)
    return Standing(PRIVATE, symbol, f"{module} is private to TensorFlow; tfcompat has the public names only.")


def _of_absent(parent, symbol, error):
    if isinstance(error, NotImplementedError):
        return Standing(MISSING, symbol, str(error))
    name = symbol.rpartition(".")[2]
    if isinstance(parent, ModuleType):
        try:
            importlib.import_module(f"{parent.__name__}.{name}")
        except ImportError:
            pass
        else:
            return Standing(SUPPORTED, symbol, is_module=True)
    elif any(name in _unsupported.names().get(f"{base}()", ()) for base in _bases(parent, symbol)):
        return Standing(MISSING, symbol, _unsupported.text(symbol))
    return Standing(UNKNOWN, symbol, f"tf.{symbol} is not in TensorFlow 2.21 either.")


def _bases(cls, symbol):
    """Names of a class and its bases, as TensorFlow's list may have them."""
    return [symbol.rpartition(".")[0], *(base.__name__ for base in cls.__mro__)]


def _is_refused(found):
    """Whether it is a class or function of tfcompat that only raises NotImplementedError."""
    return isinstance(found, (type, FunctionType)) and (found.__doc__ or "").startswith("Not offered")


def deviations(found):
    """What the docstring of a class or function of tfcompat says under "Differs from TensorFlow:", on one line."""
    if isinstance(found, ModuleType) or not (getattr(found, "__module__", None) or "").startswith("tfcompat"):
        return ""
    match = _DEVIATIONS.search(found.__doc__ or "")
    return " ".join(match.group(1).split()) if match else ""


def public_names(namespace):
    """The public names of a namespace in TensorFlow; of Keras's, what Keras has."""
    listed = _unsupported.names().get(namespace)
    if listed is not None:
        return sorted(listed)
    found = tfcompat
    try:
        for name in namespace.split("."):
            found = getattr(found, name)
    except AttributeError:
        return []
    return [name for name in dir(found) if not name.startswith("_")]
