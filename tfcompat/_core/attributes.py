"""Kinds of op attributes: each makes what the user passes hashable, or raises TensorFlow's error.

`fast` is a Python expression of `{x}` that is true when the value needs no work; `canonical(value, name)` does the work.
"""

import numpy as np

from tfcompat._core import dtypes, shapes
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.refusals import mistyped, plain, unfit
from tfcompat._core.tensor_base import TensorHandle, host_value, size_value


def _no_axis(dtype):
    return mistyped(f"Value for attr 'Tidx' of {dtypes.c_name(dtype)} is not in the list of allowed values: int32, int64\n\t; NodeDef: Tidx")


_PLAIN = frozenset((int, float, bool, str, list, tuple, type(None)))


def plain_ints(values):
    """The tuple of a list of ints, of which none is a bool or another type of int; else None."""
    return (*values,) if type(values) in (list, tuple) and set(map(type, values)) <= {int} else None


def python_value(value, known=host_value):
    """A tensor's value (read now), as NumPy; anything else unchanged.

    Args:
      known: what reads it; `size_value` where it is a size.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, TensorHandle):
        return known(value)
    read = getattr(value, "_read", None)
    return known(read()) if read is not None else value


def size_list(values):
    """Sizes given as a list in which there are tensors of a function that is being recorded, as ints; else None.

    Each is read by itself: of some the value may be known.
    """
    values = [v._read() if hasattr(type(v), "_read") else v for v in values]
    tensors = [v for v in values if isinstance(v, TensorHandle)]
    if not any([t._seg is not None and t._seg.symbolic for t in tensors]):
        return None
    kinds = {t.dtype for t in tensors}
    if len(kinds) > 1 or not kinds <= {dtypes.int32, dtypes.int64} or any([t.shape.rank != 0 for t in tensors]):
        return None
    if not all([isinstance(v, TensorHandle) or type(v) is int for v in values]):
        return None
    return tuple([int(size_value(v)) if isinstance(v, TensorHandle) else v for v in values])


class Axis:
    """An axis: an int or None."""

    fast = "type({x}) is int or {x} is None"

    @staticmethod
    def canonical(value, name):
        value = python_value(value)
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(())[()]
        if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
            return int(value)
        if isinstance(value, (list, tuple)) and len(value) == 1:
            return Axis.canonical(value[0], name)
        if isinstance(value, (str, bytes)):
            raise _no_axis(dtypes.string)
        if type(value) is float:
            raise TypeError(f"Cannot convert {value!r} to EagerTensor of dtype int32")
        raise TypeError(f"Argument `{name}` must be an integer. Received: {value!r} of type {type(value).__name__}.")


class Axes:
    """None, an int, or a tuple of ints."""

    fast = "{x} is None or type({x}) is int"

    @staticmethod
    def canonical(value, name):
        if (numbers := plain_ints(value)) is not None:
            return numbers
        if isinstance(value, (int, np.integer)):  # True is 1
            return int(value)
        axes = convert(value, dtypes.int32 if type(value) is float else None, dtypes.int32)
        a = axes._aval
        if a.dtype is not dtypes.int32 and a.dtype is not dtypes.int64:
            raise _no_axis(a.dtype)
        if len(a.shape) > 1 and state.trace is not None:  # kernels read all elements, shape inference looks at the rank
            raise unfit(f"Shape must be at most rank 1 but is rank {len(a.shape)}")
        return int(host_value(axes)) if not a.shape else tuple(host_value(axes).reshape(-1).tolist())


class Ints:
    """A tuple of ints."""

    fast = "False"

    @staticmethod
    def canonical(value, name):
        if value is None:
            return None
        result = Axes.canonical(value, name)
        return (result,) if isinstance(result, int) else result


class Shape:
    """A shape: a tuple of ints (an int is a vector's length). -1 is allowed; the op says what it means."""

    fast = "False"
    sizes = True

    @staticmethod
    def canonical(value, name):
        if (numbers := plain_ints(value)) is not None:
            return numbers
        value = python_value(value, size_value)
        if value is None:
            raise ValueError(f"Argument `{name}` must be a shape. Received: None.")
        if isinstance(value, shapes.TensorShape):
            return tuple(value.as_list())
        if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
            return (int(value),)
        if isinstance(value, np.ndarray):
            if value.dtype.kind not in "iu" and value.size:
                raise TypeError(f"Argument `{name}` must hold integers. Received dtype {value.dtype}.")
            return tuple(int(v) for v in value.reshape(-1))
        try:
            return tuple(_dimension(python_value(v, size_value), name) for v in value)
        except TypeError:
            raise TypeError(f"Cannot convert {value!r} to a shape (argument `{name}`).") from None


def _dimension(value, name):
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(())[()]
    if isinstance(value, (bool, float, np.floating, str)) or value is None:
        raise TypeError(name)
    return int(value)


class Bool:
    """A flag."""

    fast = "{x} is False or {x} is True"

    @staticmethod
    def canonical(value, name):
        return bool(python_value(value)) if value is not None else False


class Int:
    """An int or None; no tensor to TensorFlow, which takes whatever `int` takes, but for strings."""

    fast = "type({x}) is int or {x} is None"

    @staticmethod
    def canonical(value, name):
        number = python_value(value)
        try:
            if not isinstance(value, str):
                return int(number)
        except (TypeError, ValueError):
            pass
        raise plain(TypeError(f"Expected int for argument '{name}' not {value!r}."))


class Size(Int):
    """An int that is a size: it may depend on values."""

    @staticmethod
    def canonical(value, name):
        return Axis.canonical(python_value(value, size_value), name)


class Float:
    """A number that the op needs while it is traced (not data)."""

    fast = "type({x}) is float"

    @staticmethod
    def canonical(value, name):
        return float(python_value(value))


class Str:
    """A word such as a mode or a data format, or None."""

    fast = "type({x}) is str or {x} is None"

    @staticmethod
    def canonical(value, name):
        if isinstance(value, bytes):
            return value.decode()
        if not isinstance(value, str):
            raise TypeError(f"Argument `{name}` must be a string. Received: {value!r}.")
        return value


class Dtype:
    """A dtype; the body gets a DType (or None)."""

    fast = "{x} is None"

    @staticmethod
    def canonical(value, name):
        return dtypes.as_dtype(value)


class Sizes:
    """A nested tuple whose ints are sizes: they may differ from call to call."""

    fast = "True"
    sizes = True

    @staticmethod
    def canonical(value, name):
        return value


class Any:
    """Anything hashable, unchanged; lists become tuples."""

    fast = "type({x}) is tuple or type({x}) is int"

    @staticmethod
    def canonical(value, name):
        value = python_value(value)
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if isinstance(value, list):
            return tuple([Any.canonical(v, name) for v in value])
        return value
