"""Every public symbol has a docstring of our own, in the house's form: a sentence; Args where it takes any; Raises of ops."""

import enum
import inspect
import pickle
import re
from types import ModuleType

import pytest

import tfcompat as tf
from tfcompat import _unsupported
from tfcompat._core.op import Op

pytestmark = pytest.mark.own_mode

OWN = ["debug", "extras", "interop"]  # tfcompat's namespaces that TensorFlow does not have
REFERENCE = re.compile(r"\b[Ss]ee `")  # a docstring may leave arguments and errors to another one


def symbols():
    """(name, object) of every public function and class of ours, each object once, and of the members of classes."""
    found = {}
    for path, names in _unsupported.names().items():
        if not path.endswith("()") and not path.startswith(("compat.v1", "raw_ops")):
            for name in sorted(names):  # every process collects the same tests
                yield from unseen(found, f"{path}.{name}".lstrip("."))
    for path in OWN:
        module = getattr(tf, path)
        for name in getattr(module, "__all__", [n for n in dir(module) if not n.startswith("_")]):
            yield from unseen(found, f"{path}.{name}")
    yield from unseen(found, "install")
    yield from unseen(found, "uninstall")


def unseen(found, symbol):
    value = tf
    try:
        for name in symbol.split("."):
            value = getattr(value, name)
    except AttributeError:
        return
    ours = (getattr(value, "__module__", None) or "").startswith("tfcompat") and callable(value)
    if not ours or isinstance(value, ModuleType) or id(value) in found:
        return
    found[id(value)] = value
    yield symbol, value
    if inspect.isclass(value):
        for name, member in vars(value).items():
            function = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
            if not name.startswith("_") and (isinstance(member, property) or inspect.isfunction(function)):
                yield f"{symbol}.{name}", member


SYMBOLS = dict(symbols())


def takes_arguments(value):
    if inspect.isclass(value) and issubclass(value, (enum.Enum, BaseException)):
        return False  # made by nobody, or with the arguments of their base class
    try:
        parameters = inspect.signature(value).parameters
    except (TypeError, ValueError):
        return False
    return bool(set(parameters) - {"name", "self", "cls"})


def test_there_are_many():
    assert len(SYMBOLS) > 700


@pytest.mark.parametrize("symbol", sorted(SYMBOLS))
def test_docstring(symbol):
    value = SYMBOLS[symbol]
    text = inspect.cleandoc(value.__doc__ or "")
    assert text, "has no docstring"
    first = text.split("\n")[0]
    assert len(first) <= 120 and not first.isspace()
    if isinstance(value, property) or symbol.count(".") and inspect.isclass(SYMBOLS.get(symbol.rpartition(".")[0])):
        return  # of members one line is enough
    if value in (tf.Tensor, tf.Operation) or text.startswith(("Not offered", "Not available")):
        return  # nobody calls them
    if takes_arguments(value):
        assert "Args:" in text or REFERENCE.search(text), "does not say what its arguments are"
    if isinstance(getattr(value, "op", None), Op):
        assert "Raises:" in text or REFERENCE.search(text), "does not say what it raises"


def test_sentences_are_not_tensorflows():
    """TensorFlow's phrases that give a copied docstring away."""
    giveaway = re.compile(r"See the guide|A `Tensor`\. (Must|Has)|Must be one of the following types|>>> ", re.I)
    copied = [symbol for symbol, value in SYMBOLS.items() if giveaway.search(value.__doc__ or "")]
    assert not copied


def test_functions_can_be_pickled():
    """As arguments of other processes; each is found where it says that it is."""
    functions = [value for symbol, value in SYMBOLS.items() if inspect.isfunction(value) and value.__qualname__ == value.__name__]
    assert len(functions) > 500
    assert all(pickle.loads(pickle.dumps(value)) is value for value in functions)
