"""Python's builtins as converted code calls them: on tensors they are ops."""

import builtins

import tfcompat._creation as creation
from tfcompat import _cast, _elementwise, _operators, _reductions
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.core_types import TensorType
from tfcompat._core.tensor_base import TensorHandle
from tfcompat._print import print_
from tfcompat._tensor_array import TensorArray

NO_LENGTH = 'len requires a non-scalar tensor, got one of shape Tensor("Shape:0", shape=(0,), dtype=int32)'


class LazyRange:
    """`tf.range` with bounds that are not known: loops go through it without its elements, all else makes the tensor."""

    def __init__(self, start, limit, delta):
        tensors = [t for t in (start, limit, delta) if isinstance(t, TensorType)]
        dtype = tensors[0].dtype if tensors else None
        self.start, self.limit, self.delta = (convert(v, None, dtype) for v in (start, limit, delta))
        self.dtype = self.limit.dtype

    def __tf_tensor__(self, dtype=None, name=None):
        return creation.range(self.start, self.limit, self.delta)

    def __getitem__(self, key):
        return convert(self)[key]

    def __iter__(self):
        return iter(convert(self))

    def _read(self):
        return self.__tf_tensor__()

    def __len__(self):
        raise TypeError("len is not well defined for a range with symbolic bounds.")

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(convert(self), name)


_operators.install(LazyRange)


def _known(value):
    return not isinstance(value, TensorType) or isinstance(value, TensorHandle) and value._value is not None


def range_(start, limit=None, delta=1, dtype=None, name="range"):
    """`tf.range`, which may be lazy."""
    if limit is None:
        start, limit = 0, start
    if state.trace is None or all(_known(v) for v in (start, limit, delta)) or dtype is not None:
        return creation.range(start, limit, delta, dtype)
    return LazyRange(start, limit, delta)


def special(f):
    """What is called instead of `f`, for a few ops; None for all others."""
    return range_ if f is creation.range else None


def _any_tensor(*values):
    return any(isinstance(v, TensorType) for v in values)


def _range(*args):
    return range_(*args) if _any_tensor(*args) else builtins.range(*args)


def _len(value):
    if isinstance(value, TensorArray):
        return value.size()
    if isinstance(value, TensorType):
        shape = value.shape
        if shape.rank == 0:
            raise ValueError(NO_LENGTH)
        return shape[0] if shape[0] is not None else creation.shape(value)[0]
    return builtins.len(value)


def _int(value=0, *base):
    if isinstance(value, TensorType) and state.trace is not None:  # else inside `tf.py_function`
        return _cast.cast(value, "int32")
    return builtins.int(value, *base)


def _float(value=0.0):
    return _cast.cast(value, "float32") if isinstance(value, TensorType) and state.trace is not None else builtins.float(value)


def _abs(value):
    return _elementwise.abs(value) if isinstance(value, TensorType) else builtins.abs(value)


def _print(*objects, **kwargs):
    if state.trace is not None and _any_tensor(*objects):
        if any(k in kwargs for k in ("flush", "file")):
            kwargs = {k: v for k, v in kwargs.items() if k not in ("flush", "file")}
        return print_(*objects, **kwargs)
    return builtins.print(*objects, **kwargs)


def _extreme(builtin, op, reduce):
    def call(*args, **kwargs):
        if not kwargs and _any_tensor(*args):
            if builtins.len(args) == 1:
                return reduce(args[0], axis=0)
            result = args[0]
            for other in args[1:]:
                result = op(result, other)
            return result
        return builtin(*args, **kwargs)

    return call


def _all(values):
    return _reductions.reduce_all(values) if isinstance(values, TensorType) else builtins.all(values)


def _any(values):
    return _reductions.reduce_any(values) if isinstance(values, TensorType) else builtins.any(values)


_converted_call = None  # _conversion.converted_call; set by that module


def set_converted_call(function):
    global _converted_call
    _converted_call = function


def _map(function, *iterables):
    return builtins.map(lambda *items: _converted_call(function, items, None), *iterables)


def _filter(function, iterable):
    return builtins.filter(None if function is None else lambda item: _converted_call(function, (item,), None), iterable)


def _enumerate(values, start=0):
    if isinstance(values, TensorHandle) and state.trace is not None:
        return Enumerated(values, start)
    if state.trace is not None and _is_dataset(values):
        return values.enumerate(start)
    return builtins.enumerate(values, start)


def _zip(*iterables, strict=False):
    if state.trace is not None and iterables and builtins.all(map(_is_dataset, iterables)):
        return iterables[0].zip(iterables)
    return builtins.zip(*iterables, strict=strict)


def _is_dataset(value):
    return hasattr(type(value), "_recorded_source")


class Enumerated:
    """`enumerate` of a tensor: pairs of a counter and a slice, for loops."""

    def __init__(self, values, start):
        self.values, self.start = values, start


_OVERLOADS = {
    zip: _zip, abs: _abs, float: _float, int: _int, len: _len, print: _print, range: _range, enumerate: _enumerate, map: _map,
    filter: _filter, all: _all, any: _any, max: _extreme(max, _elementwise.maximum, _reductions.reduce_max),
    min: _extreme(min, _elementwise.minimum, _reductions.reduce_min),
}  # fmt: skip


def overload(f):
    """What a call of the builtin `f` means."""
    try:
        return _OVERLOADS.get(f, f)
    except TypeError:
        return f
