"""Python data in functions that are being recorded: NumPy reads them there, where eager code looks at each item (python_data.py).

So do TensorFlow's functions. Mixed and large numbers that eager code refuses have NumPy's dtype: [True, 1] are ints.
"""

import numbers

import numpy as np

from tfcompat._core import dtypes, nest
from tfcompat._core.context import state

_KINDS = (  # whether it is for a dtype, and the types of the items that it takes
    (lambda d: d.is_bool, (bool,)),
    (lambda d: d.is_integer, (numbers.Integral, np.integer)),
    (lambda d: d.is_floating, (numbers.Real, np.integer, np.floating)),
    (lambda d: d.is_complex, (numbers.Complex, np.number)),
    (lambda d: d is dtypes.string, (bytes, str)),
)
_FAILED = (
    "Failed to convert elements of {} to Tensor. Consider casting elements to a supported type. See "
    "https://www.tensorflow.org/api_docs/python/tf/dtypes for supported TF dtypes."
)


def recording():
    """Whether a function is being recorded."""
    return state.trace is not None and not state.trace.at_call


def read(value, dtype):
    """The array that `value` becomes, a scalar or nested lists.

    Raises:
      TypeError: an item is not of the kind that `dtype` takes, or of none that there is a dtype for.
      ValueError: lists of different lengths at one depth. OverflowError: an integer that no int64 holds.
    """
    if value is None:
        raise ValueError("None values not supported.")
    if _is_buffer(value):
        array = np.asarray(value)
        if dtype is dtypes.string:
            raise TypeError(f"Expected binary or unicode string, got {array.reshape(-1)[0]}")
        return array if dtype is None else array.astype(dtype.np)
    if dtype is not None:
        taken = next((types for fits, types in _KINDS if fits(dtype)), (object,))
        for item in nest.flatten(value):
            if not isinstance(item, taken) and not (isinstance(item, np.ndarray) and issubclass(item.dtype.type, taken)):
                raise TypeError(f"Expected {dtype.name}, but got {item} of type '{type(item).__name__}'.")
    with np.errstate(all="ignore"):
        array = np.array(value) if dtype is None or np.issubdtype(dtype.np, np.number) else np.array(value, dtype.np)
        if dtype is not None:
            array = array.astype(dtype.np)  # out of range: wraps around
        if dtype is None and array.dtype == np.float64:
            array = array.astype(np.float32)
        elif dtype is None and array.dtype == np.int64:
            small = array.astype(np.int32)
            array = small if np.array_equal(small, array) else array
    if array.dtype.kind in "OUS":
        array = _texts(value, array)
    if array.shape != (listed := _lengths(value)):
        raise ValueError(f"Expected values {value} to be a dense tensor with shape {[*listed]}, but got shape {[*array.shape]}.")
    return array


def _is_buffer(value):
    """Whether `value` is memory, such as a `bytearray` or an `array.array`, and no text."""
    if isinstance(value, bytes):
        return False
    try:
        memoryview(value)
    except TypeError:
        return False
    return True


def _lengths(value):
    """The shape that lists and tuples alone give `value`: of arrays, ranges and sequences in them nothing is known."""
    found = []
    while isinstance(value, (list, tuple)):
        found.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(found)


def _texts(value, array):
    items = array.reshape(-1).tolist() if array.dtype.kind == "O" else nest.flatten(value)
    if not all([isinstance(item, (bytes, str)) for item in items]):
        raise TypeError(_FAILED.format(value))
    texts = np.empty(array.shape, object)
    texts.reshape(-1)[:] = [item.encode() if isinstance(item, str) else item for item in items]
    return texts
