"""Functions and classes have TensorFlow's signatures, and are the same object under all names TensorFlow gives them."""

import enum
import pathlib

from oracle import signatures

import tfcompat as tf

RECORDED = pathlib.Path(__file__).parent / "oracle/data/signatures.tsv"

# Signatures that differ on purpose, by the shortest name.
OTHER_SIGNATURES = {
    "RaggedTensor": "stands in for a class that is not there yet",
    "Tensor": "users never call it",
    "Variable": "TensorFlow's is hidden behind a metaclass",
    "distribute.MirroredStrategy": "one device: all strategies are the same",
    "distribute.MultiWorkerMirroredStrategy": "one device: all strategies are the same",
    "distribute.OneDeviceStrategy": "one device: all strategies are the same",
    "distribute.ParameterServerStrategy": "one device: all strategies are the same",
    "distribute.Strategy": "one device: all strategies are the same",
    "distribute.StrategyExtended": "one device: all strategies are the same",
    "distribute.TPUStrategy": "one device: all strategies are the same",
    "linalg.LinearOperator": "an abstract class that nobody calls",
    "print": "TensorFlow hides its keywords in **kwargs",
    "sparse.add": "stands in for a function that is not there yet",
    "sparse.maximum": "stands in for a function that is not there yet",
    "sparse.minimum": "stands in for a function that is not there yet",
    "types.experimental.TensorLike": "a type for annotations",
}
# Names that are missing though what they name is there under another: their namespaces are not there yet.
MISSING_ALIASES = {
    "distribute.experimental.ParameterServerStrategy",
    "experimental.numpy.ndarray",
    "strings.as_string",
}


def _find(path):
    found = tf
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except (AttributeError, NotImplementedError):
            return None
    return found


def _recorded():
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        names, signature = line.split("\t")
        found = {name: _find(name) for name in names.split()}
        if any(value is not None for value in found.values()):
            yield found, signature


def test_signatures():
    different = []
    for found, want in _recorded():
        name, value = next(iter(found)), next(value for value in found.values() if value is not None)
        if isinstance(value, enum.EnumMeta):  # Python's own, which differs from version to version
            continue
        got = signatures.text_of(value)
        if got != want and name not in OTHER_SIGNATURES:
            different.append(f"{name}{got}, TensorFlow has {want}")
    assert not different, "\n".join(different)


def test_aliases():
    missing = {name for found, _ in _recorded() for name, value in found.items() if value is None}
    assert missing <= MISSING_ALIASES
    for found, _ in _recorded():
        values = [value for value in found.values() if value is not None]
        assert all(value is values[0] for value in values), f"not the same object: {' '.join(found)}"
