"""Python data that shall become tensors: which dtype they have, whether another one takes them, and what they are refused with."""

import numpy as np

from tfcompat._core import dtypes
from tfcompat._core.refusals import unconvertible

INT32 = int(np.iinfo(np.int32).min), int(np.iinfo(np.int32).max)
FLOAT32_MAX = float(np.finfo(np.float32).max)
_PLAIN_KINDS = (bool, int, float, complex, np.generic)  # of items of Python data, but for texts

MIXED = "Can't convert Python sequence with mixed types to Tensor."
UNSUPPORTED = "Attempt to convert a value ({value!r}) with an unsupported type ({kind}) to a Tensor."
_RAGGED = "Can't convert non-rectangular Python sequence to Tensor."
TOO_LARGE = "Can't convert Python sequence with out-of-range integer to Tensor."


def first_leaf(value):
    """The first scalar in a nested list: it decides the dtype, as in TensorFlow."""
    while isinstance(value, (list, tuple, range)):
        for item in value:
            leaf = first_leaf(item)
            if leaf is not None:
                return leaf
        return None
    return value


def leaves(value):
    if isinstance(value, (list, tuple, range)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def infer_dtype(value, first):
    """The dtype TensorFlow gives Python data: of its first scalar, widened by later ones."""
    kinds = {type(v) for v in leaves(value)}
    if not kinds:
        return dtypes.float32
    if kinds & {str, bytes}:
        if not kinds <= {str, bytes}:
            raise unconvertible(MIXED)
        return dtypes.string
    if not all([issubclass(k, _PLAIN_KINDS) for k in kinds]):
        begin = next(leaves(value))
        raise unconvertible(MIXED if isinstance(begin, _PLAIN_KINDS) else UNSUPPORTED.format(value=begin, kind=type(begin)))
    if isinstance(first, (bool, np.bool_)):
        if kinds - {bool, np.bool_}:
            raise unconvertible(MIXED)
        return dtypes.bool
    if isinstance(first, (complex, np.complexfloating)):
        return dtypes.complex128
    if any(issubclass(k, (complex, np.complexfloating)) for k in kinds):
        raise unconvertible(MIXED)
    if isinstance(first, (np.float64, np.float16)):
        return dtypes.from_numpy(first.dtype)
    if any(issubclass(k, (float, np.floating)) for k in kinds):
        return dtypes.float32
    for v in leaves(value):
        if not isinstance(v, bool) and not INT32[0] <= v <= INT32[1]:
            if not -(2**63) <= v < 2**63:
                raise unconvertible(TOO_LARGE)
            return dtypes.int64
    return dtypes.int32


def fits(value, dtype):
    """Whether Python data may become `dtype`: floats never turn into ints, numbers never into bools."""
    for v in leaves(value):
        if isinstance(v, (str, bytes)) != (dtype is dtypes.string):
            return False
        if dtype is dtypes.string:
            continue
        if not isinstance(v, (int, float, complex)) and not hasattr(type(v), "__array__"):
            return False
        if dtype.is_bool:
            if not isinstance(v, (bool, np.bool_)):
                return False
        elif dtype.is_integer:
            if isinstance(v, (float, complex, np.inexact)):
                return False
        elif dtype.is_floating and isinstance(v, (complex, np.complexfloating)):
            return False
    return True


def is_ragged(value):
    """Whether nested lists have different lengths at one depth."""
    if not isinstance(value, (list, tuple)):
        return False
    try:
        np.array(value)
    except ValueError:
        return True
    return False


def uneven(value):
    """What TensorFlow says of nested lists of different lengths: the first items tell it how deep they are."""
    depth, item = 0, value
    while isinstance(item, (list, tuple)) and item:
        depth, item = depth + 1, item[0]

    def found(items, depth):
        for item in items:
            nested = isinstance(item, (list, tuple))
            if nested != (depth > 1):
                return MIXED if nested else _RAGGED
            if nested and (text := found(item, depth - 1)):
                return text
        return None

    return found(value, depth) or _RAGGED


def check_range(value):
    """Raises for a number that is no float32, though it is finite."""
    if isinstance(value, float) and abs(value) > FLOAT32_MAX and value not in (np.inf, -np.inf):
        raise ValueError("Can't convert Python sequence with a value out of range for a double-precision float.")


def has_large_ints(value):
    """Whether Python data holds an int that is no int64."""
    return any(isinstance(v, int) and not -(2**63) <= v < 2**63 for v in leaves(value))
