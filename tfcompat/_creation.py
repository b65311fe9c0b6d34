"""Tensors out of nothing: constants, fills, ranges, shapes."""

import builtins
import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import dtypes
from tfcompat._core.avals import aval, shape_text
from tfcompat._core.by_value import by_value
from tfcompat._core.convert import (
    convert,
    convert_numbers,
    convert_python,
    convert_sequence,
    holds_tensors,
    set_count,
    static_value,
)
from tfcompat._core.core_types import CompositeTensor, TensorType
from tfcompat._core.forms import by_form
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Axis, Data, Dtype, Int, Shape, Size, T, op
from tfcompat._core.python_data import MIXED, leaves
from tfcompat._core.recorded_data import recording
from tfcompat._core.refusals import unconvertible
from tfcompat._core.segment import current
from tfcompat._core.shapes import TensorShape
from tfcompat._core.sizes import holds_unknown
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import PLAIN, STATIC, TensorHandle, host_value, size_value
from tfcompat._core.trace import is_symbolic, value_of
from tfcompat._declare import FLOATS, INDEX, NUMBERS, SIGNED, for_shapes, invalid, not_allowed, refused
from tfcompat._vectors import Vector

_PLAIN_DATA = frozenset([np.ndarray, float, int])
_AT_ONCE = 16 << 10  # bytes up to which a constant fill is made on the host instead of recorded


def constant(value, dtype=None, shape=None, name="Const"):
    """A tensor of `value`.

    Args:
      value: Python number, string, nested list, array or tensor.
      dtype: DType of the result; default: the value's own (float32 and int32 for Python numbers).
      shape: shape of the result; a scalar fills it, other values are reshaped.

    Raises:
      TypeError: a value that `dtype` or `shape` cannot hold. ValueError: ragged or unsupported values.
    """
    dtype = None if dtype is None else dtypes.as_dtype(dtype)
    if shape is None:
        if type(value) in _PLAIN_DATA:
            return convert(value, dtype)
        numbers = convert_numbers(value, dtype) if type(value) is list else None
        if numbers is not None:
            return numbers
    if isinstance(value, TensorHandle) and is_symbolic(value):
        wanted = "any non-tensor type" if dtype is None else dtype.name
        raise TypeError(f"Expected {wanted}, but got {value} of type {type(value).__name__!r}.")
    if isinstance(value, TensorHandle) and dtype is not None and value.dtype is not dtype:
        raise TypeError(f"Expected tensor {value.numpy()} with dtype {dtype!r}, but got dtype {value.dtype!r}.")
    if recording():
        return _recorded_constant(value, dtype, shape)
    if type(value) is TensorShape and value.is_fully_defined():
        value = value.as_list() or convert((), dtypes.int32)
    if isinstance(value, (list, tuple)) and holds_tensors(value):
        first = next(leaves(value))
        numbers = isinstance(first, (bool, int, float, complex))
        raise unconvertible(MIXED if numbers else "TypeError: Scalar tensor has no `len()`")
    if hasattr(type(value), "_read"):  # a variable: its value, like any other array's
        value = host_value(value._read())
    tensor = convert_sequence(value, dtype, None) if type(value) is builtins.range else convert(value, dtype)
    return tensor if shape is None else _shaped(tensor, shape, value)


def _recorded_constant(value, dtype, shape):
    """`constant` in a function: NumPy reads whatever it is; sizes of `shape` are truncated, and may be fewer elements than 1."""
    for item in leaves(value):
        if isinstance(item, TensorHandle) and item is not value:
            if dtype is None:
                raise TypeError("Expected any non-tensor type, but got a tensor instead.")
            raise TypeError(f"Expected {dtype.name}, but got {item} of type '{type(item).__name__}'.")
        if hasattr(type(item), "_read"):
            raise NotImplementedError("numpy() is only available when eager execution is enabled.")
    plain = type(value) in (builtins.range, TensorShape)
    tensor = convert_python(value, dtype, None) if plain else convert(value, dtype)
    return tensor if shape is None else _shaped(tensor, _truncated(shape), value)


def _shaped(tensor, shape, value):
    """`tensor`, made of `value`, in `shape`: filled with it where it is one element."""
    wanted = tuple(TensorShape(shape).as_list())
    if None in wanted:
        raise unconvertible("Attempt to convert a value (None) with an unsupported type (<class 'NoneType'>) to a Tensor.")
    if any(d < 0 for d in wanted):
        raise ValueError(f"Dimension {min(wanted)} must be >= 0")
    if tensor._aval.shape == wanted:
        return tensor
    size = int(np.prod(wanted))
    if tensor._aval.size == size:
        from tfcompat._array import reshape

        return reshape(current().alias(tensor), wanted)  # a constant: not the tensor that tapes know
    if tensor._aval.size == 1:
        return fill(wanted, tensor)
    if recording():
        raise TypeError(f"Expected Tensor's shape: {wanted}, but got {tensor._aval.shape}.")
    raise TypeError(
        f"Eager execution of tf.constant with unsupported shape. Tensor {tensor.numpy()} (converted from {value}) has "
        f"{tensor._aval.size} elements, but got `shape` {wanted} with {size} elements)."
    )


def _truncated(shape):
    """Functions take the integer part of sizes that are floats."""
    if type(shape) in (list, tuple) and float in map(type, shape) and recording():
        return [int(n) if type(n) is float else n for n in shape]
    return shape


@op("Fill")
@inlined
def _filled(value: T, dims: Shape):
    return jnp.broadcast_to(value.reshape(()), dims)


@op("Fill")
@inlined
def _filled_with(number: Int, dims: Shape, dtype: Dtype):
    return jnp.full(dims, number, dtype.np)


_RANK = "dims must represent a vector, got shape {}"
_fill_dims = Vector("Fill", "index_type", _RANK, sizes=True)
_zeros_dims = Vector("Fill", "index_type", _RANK, sizes=True, dtype=dtypes.int32)
_zeros_wide_dims = Vector("Fill", "index_type", _RANK, sizes=True, dtype=dtypes.int64)


def _checked_dims(shape):
    for d in shape:
        if d < 0:
            unknown = [None if n == -1 else n for n in shape]
            recorded = for_shapes("Fill dimensions must be >= 0", "Fill", [len(shape)], (), partial={0: unknown})
            raise invalid(f"Dimension {d} must be >= 0", "Fill", while_recording=recorded)
    if math.prod(shape) >= 2**63:
        raise invalid(f"Shape {shape_text(shape)} would have more than 2**63 - 1 elements", "Fill")
    return shape


@by_form
def fill(dims, value, name=None, layout=None):
    """A tensor of shape `dims` whose elements all are the scalar `value`; `layout` is accepted.

    Args:
      dims: a vector of int32 or int64.
      value: a scalar.
      layout: accepted.

    Raises:
      InvalidArgumentError: `value` is no scalar, or a dimension is negative.
    """
    value = convert(value)
    if value._aval.size != 1 or len(value._aval.shape) > 1:
        raise invalid(f"value must represent a scalar, got shape {shape_text(value._aval.shape)}", "Fill")
    shape = _checked_dims(_fill_dims.canonical(dims, "dims"))
    if value._aval.np_dtype.hasobject:
        return Tensor(aval(shape, value._aval.np_dtype), np.full(shape, value._value.item(), object), None, PLAIN)
    return _filled(value, shape)


def _full(shape, dtype, number):
    """Zeros or ones: a host value where small, recorded where large."""
    dtype, shape = dtypes.as_dtype(dtype), _truncated(shape)
    try:
        shape = _zeros_dims.canonical(shape, "shape")
    except (TypeError, ValueError) as error:  # sizes that need 64 bits, or the error
        try:
            shape = _zeros_wide_dims.canonical(shape, "shape")
        except (TypeError, ValueError):
            raise error from None
    if holds_unknown(shape):
        return _filled(convert(dtype.np.type(number)), shape)
    shape = _checked_dims(shape)
    if dtype is dtypes.string:
        if number:
            raise TypeError(f"Cannot convert {number} to EagerTensor of dtype string")
        return Tensor(aval(shape, np.dtype(object)), np.full(shape, b"", object), None, PLAIN)
    a = aval(shape, dtype.np)
    if a.nbytes <= _AT_ONCE:
        array = np.zeros(shape, dtype.np) if not number else np.ones(shape, dtype.np)
        return Tensor(a, array, None, STATIC if a.size <= 64 else PLAIN)
    return _filled_with(number, shape, dtype)


@by_form
def zeros(shape, dtype=dtypes.float32, name=None, layout=None):
    """A tensor of zeros (False, empty strings).

    Args:
      shape: a list of ints, a vector or a TensorShape.
      dtype: a DType.
      layout: accepted.

    Raises:
      InvalidArgumentError: a negative dimension.
    """
    return _full(shape, dtype, 0)


@by_form
def ones(shape, dtype=dtypes.float32, name=None, layout=None):
    """A tensor of ones (True).

    Args:
      shape: a list of ints, a vector or a TensorShape.
      dtype: a numeric DType or bool.
      layout: accepted.

    Raises:
      InvalidArgumentError: a negative dimension.
    """
    return _full(shape, dtype, 1)


@by_form
def zeros_like(input, dtype=None, name=None, layout=None):
    """Zeros of the shape of `input`, and its dtype unless `dtype` is given.

    Args:
      input: a tensor.
      dtype: a DType.
      layout: accepted.

    Raises:
      ValueError: `input` cannot become a tensor.
    """
    a = _aval_of(input)
    return _full(a.shape, a.dtype if dtype is None else dtype, 0)


@by_form
def ones_like(input, dtype=None, name=None, layout=None):
    """Ones of the shape of `input`, and its dtype unless `dtype` is given.

    Args:
      input: a tensor.
      dtype: a numeric DType or bool.
      layout: accepted.

    Raises:
      ValueError: `input` cannot become a tensor.
    """
    a = _aval_of(input)
    if a.dtype is dtypes.string and dtype is None:
        raise not_allowed("T", a.np_dtype, (*NUMBERS, dtypes.bool), "OnesLike")
    return _full(a.shape, a.dtype if dtype is None else dtype, 1)


def _aval_of(input):
    if type(input) is Tensor:
        return input._aval
    if hasattr(type(input), "_cell") or hasattr(input, "_cell"):
        return input._cell._tensor._aval
    return convert(input)._aval


# Shapes: known at once, and constants for whatever is computed from them


def _static(array):
    return Tensor(aval(array.shape, array.dtype), array, None, STATIC)


# The same of tensors of which some sizes are not known: ops, computed again for the sizes of each call


@op("Shape", grad=None)
def _shape(input: Data("I"), out_type: Dtype):
    return jnp.asarray(input.shape, out_type.np)


@op("Size", grad=None)
def _size(input: Data("I"), out_type: Dtype):
    return jnp.asarray(math.prod(input.shape)).astype(out_type.np)


@op("Range", grad=None)
def _range_of_sizes(start: Int, limit: Int, delta: Int, dtype: Dtype):
    return jnp.arange(start, limit, delta, dtype.np)


def shape(input, out_type=None, name=None):
    """The shape of `input` as a vector of `out_type` (int32 by default).

    Args:
      input: a tensor of any dtype.
      out_type: int32 or int64.

    Raises:
      ValueError: `input` cannot become a tensor.
    """
    out = _out_type(out_type, "Shape")
    dims = _aval_of(input).shape
    return _shape(convert(input), out) if holds_unknown(dims) else _static(np.array(dims, out.np))


def _out_type(out_type, kernel):
    out = dtypes.int32 if out_type is None else dtypes.as_dtype(out_type)
    if out not in INDEX:
        raise not_allowed("out_type", out.np, INDEX, kernel)
    return out


def shape_n(input, out_type=dtypes.int32, name=None):
    """The shapes of a list of tensors.

    Args:
      input: a list of tensors.
      out_type: int32 or int64.

    Raises:
      ValueError: an entry cannot become a tensor.
    """
    return [shape(t, out_type) for t in input]


def size(input, out_type=None, name=None):
    """The number of elements of `input`, a scalar of `out_type` (int32 by default).

    Args:
      input: a tensor of any dtype.
      out_type: int32 or int64.

    Raises:
      ValueError: `input` cannot become a tensor.
    """
    out = dtypes.int32 if out_type is None else dtypes.as_dtype(out_type)
    a = _aval_of(input)
    return _size(convert(input), out) if holds_unknown(a.shape) else _static(np.array(a.size, out.np))


def rank(input, name=None):
    """The number of dimensions of `input`, an int32 scalar.

    Args:
      input: a tensor of any dtype.

    Raises:
      ValueError: `input` cannot become a tensor.
    """
    return _static(np.array(len(_aval_of(input).shape), np.int32))


@op("Range", static=True)
def _range(start: T, delta: T, count: Int):
    return start.reshape(()) + delta.reshape(()) * lax.iota(start.dtype, count)


@op("Range")
def _range_from_0(count: Int):
    return lax.iota(np.int32, count)  # in a quarter of the time that numbers from a start on take


_COUNTED = (*FLOATS, *SIGNED, dtypes.uint16, dtypes.uint32, dtypes.uint64)


def _check_scalars(parts):
    for p, text in zip(parts, ("start", "limit", "delta"), strict=True):
        if p._aval.shape not in ((), (1,)):
            raise invalid(f"{text} must be a scalar, not shape [{','.join(map(str, p._aval.shape))}]", "Range")


def range(start, limit=None, delta=1, dtype=None, name="range"):
    """The numbers start, start + delta, ... below `limit` (above it for a negative `delta`).

    Called with one argument, that is the limit, and the start is 0.

    Args:
      start, limit, delta: scalars of one dtype; an int among floats becomes one.
      dtype: the DType of the result; default: the widest among the arguments.

    Raises:
      InvalidArgumentError: `delta` is 0, or the limit lies on the other side of the start.
    """
    alone = limit is None
    if alone:
        start, limit = 0, start
    if dtype is None and type(start) is type(limit) is type(delta) is int and delta:
        numbers = builtins.range(start, limit, delta)
        if len(numbers) <= _AT_ONCE // 4 and (limit - start) * delta >= 0 and max(abs(start), abs(limit), abs(delta)) < 2**31:
            return _counted(np.arange(start, limit, delta, np.int32))
        if alone and delta == 1 and _AT_ONCE // 4 < limit < 2**31:
            return _range_from_0(limit)
    parts = [start, limit, delta]
    if dtype is not None:
        dtype = dtypes.as_dtype(dtype)
        from tfcompat._cast import cast

        parts = [cast(p, dtype) if isinstance(p, TensorType) else convert(p, dtype) for p in parts]
        _check_scalars(parts)
        if dtype not in _COUNTED:
            raise not_allowed("Tidx", dtype.np, _COUNTED, "Range")
    else:
        parts = [convert(p) for p in parts]
        _check_scalars(parts)
        order = [dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64]
        known = [p.dtype for p in parts]
        dtype = max(known, key=order.index) if all(d in order for d in known) else known[0]
    if any([is_symbolic(p) and value_of(p) is None for p in parts]):
        numbers = functools.partial(range, dtype=dtype)
        return by_value("Range", lambda *given: [numbers(*given)], parts, (dtype.np, (None,)))[0]
    parts = [p if p.dtype is dtype else convert(host_value(p), dtype) for p in parts]
    first, last, step = (host_value(p).reshape(-1)[0] if p._aval.size else 0 for p in parts)
    if step == 0:
        recorded = for_shapes("Requires delta != 0", "Range", (), (), (), computed=dict(enumerate([[first], [last], [step]])))
        raise invalid("Requires delta != 0: 0", "Range", while_recording=recorded)
    if (step > 0 and first > last) or (step < 0 and first < last):
        sign, relation = (">", "<=") if step > 0 else ("<", ">=")
        raise invalid(f"Requires start {relation} limit when delta {sign} 0: {first:g}/{last:g}", "Range")
    if dtype.is_integer and holds_unknown((int(first), int(last), int(step))):
        return _range_of_sizes(int(first), int(last), int(step), dtype)
    if dtype.is_integer:
        count = -(-abs(int(last) - int(first)) // abs(int(step)))
        if count * dtype.np.itemsize <= _AT_ONCE:
            return _counted(np.arange(int(first), int(last), int(step), dtype.np))
    else:
        # In the dtype itself, as the kernel does: (1.1 - 0.1) / 0.1 is 10 in float32 and more than that in float64.
        count = int(np.ceil(np.float64(abs((last - first) / step))))
    return _range(parts[0], parts[2], count)


set_count(range)


def _counted(array):
    return Tensor(aval(array.shape, array.dtype), array, None, STATIC if array.size <= 64 else PLAIN)


@op("LinSpace", T=FLOATS)
@inlined
def _linspace(start: T, stop: T, num: Int, axis: Axis):
    shape_ = jnp.broadcast_shapes(start.shape, stop.shape)
    start, stop = jnp.broadcast_to(start, shape_), jnp.broadcast_to(stop, shape_)
    if not -len(shape_) - 1 <= axis <= len(shape_):
        raise invalid(f"Tried to expand dim index {axis} for tensor with {len(shape_)} dimensions.", "ExpandDims")
    axis = axis % (len(shape_) + 1)
    steps = lax.iota(start.dtype, num).reshape([num if d == axis else 1 for d in _axes(len(shape_) + 1)])
    first, last = jnp.expand_dims(start, axis), jnp.expand_dims(stop, axis)
    if num == 1:
        return jnp.broadcast_to(first, (*shape_[:axis], 1, *shape_[axis:]))
    values = first + steps * ((last - first) / (num - 1))
    return jnp.where(steps == num - 1, last, values)


def _axes(n):
    return np.arange(n).tolist()  # `range` means tf.range in this module


@by_form
def linspace(start, stop, num, name=None, axis=0):
    """`num` evenly spaced numbers from `start` to `stop`, both included, along a new `axis`.

    Args:
      start, stop: floating tensors of one dtype and shape; Python ints become floats.
      num: an int scalar.
      axis: where the new dimension comes to stand.

    Raises:
      InvalidArgumentError: `num` is not positive, or `start` and `stop` do not fit together.
    """
    start = convert(start)
    try:
        stop = convert(stop, start._aval.dtype)
    except ValueError as error:
        raise ValueError(f"stop: {error}") from None
    if start._aval.dtype.is_integer:
        from tfcompat._cast import cast

        start, stop = cast(start, dtypes.float64), cast(stop, dtypes.float64)
    return _linspace(start, stop, num if type(num) is int else Size.canonical(num, "num"), axis)


def _is_class(indices, depth, axis):
    """Whether each position along a new dimension is the index."""
    rank = indices.ndim + 1
    if not -1 <= axis < rank:
        error = invalid if axis < -1 else refused
        raise error(f"Expected axis to be -1 or between [0, {rank}).  But received: {axis}", "OneHot")
    position = axis % rank
    classes = jnp.arange(depth, dtype=indices.dtype).reshape([depth if d == position else 1 for d in _axes(rank)])
    return jnp.expand_dims(indices, position) == classes


_CLASSES = (dtypes.uint8, dtypes.int8, *INDEX)


@op("OneHot", grad=None, TI=_CLASSES)
def _one_hot(indices: Data("TI"), on_value: T, off_value: T, depth: Int, axis: Int):
    return jnp.where(_is_class(indices, depth, axis), on_value, off_value)


@op("OneHot.numbers", grad=None, TI=_CLASSES)
def _one_hot_numbers(indices: Data("TI"), depth: Int, axis: Int, dtype: Dtype):
    """`one_hot` of ones and zeros."""
    return _is_class(indices, depth, axis).astype(dtype.np)


@by_form
def one_hot(indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None):
    """A tensor with a new dimension of size `depth`: `on_value` where its position is the index, else `off_value`.

    Args:
      indices: integer tensor; an index outside [0, depth) gives a row of `off_value`.
      depth: an int.
      on_value, off_value: scalars, 1 and 0 by default.
      axis: where the new dimension is; default: last.
      dtype: float32 by default, or that of the values.

    Raises:
      TypeError: dtypes of the values that differ. InvalidArgumentError: a negative depth, or no such axis.
    """
    if on_value is None and off_value is None and type(depth) is int and depth >= 0:
        wanted = dtypes.float32 if dtype is None else dtypes.as_dtype(dtype)
        if wanted in NUMBERS:
            return _one_hot_numbers(indices, depth, -1 if axis is None else axis, wanted)
    given = {text: convert(v, None, dtype and dtypes.as_dtype(dtype))
             for v, text in ((on_value, "on_value"), (off_value, "off_value")) if v is not None}  # fmt: skip
    if dtype is None and len(given) == 2 and given["on_value"].dtype is not given["off_value"].dtype:
        raise TypeError(f"dtype {given['on_value'].dtype} of on_value does not match dtype "
                        f"{given['off_value'].dtype} of off_value")  # fmt: skip
    wanted = dtypes.as_dtype(dtype) if dtype is not None else None
    for text, v in given.items():
        if wanted is not None and v.dtype is not wanted:
            raise TypeError(f"dtype {v.dtype} of {text} does not match dtype parameter {wanted}")
    wanted = wanted or next((v.dtype for v in given.values()), dtypes.float32)
    on = given["on_value"] if on_value is not None else convert(1, wanted)
    off = given["off_value"] if off_value is not None else convert(0, wanted)
    for t, text in ((on, "on_value"), (off, "off_value")):
        if t._aval.shape:
            raise invalid(f"{text} must be a scalar, but got: {shape_text(t._aval.shape)}", "OneHot")
    depth = convert(depth, dtypes.int32)
    if depth._aval.shape:
        raise invalid(f"depth must be a scalar, but got: {shape_text(depth._aval.shape)}", "OneHot")
    depth = int(size_value(depth))
    if depth < 0:
        text = f"Dimension size, given by scalar input 1, must be non-negative but is {depth}"
        recorded = for_shapes(text, "OneHot", convert(indices)._aval, (), (), (), computed={1: [depth]})
        raise invalid(f"depth must be non-negative, got: {depth}", "OneHot", while_recording=recorded)
    return _one_hot(indices, on, off, depth, -1 if axis is None else axis)


def is_tensor(x):
    """Whether `x` is a tensor, a variable, or made of tensors (IndexedSlices, SparseTensor, ...).

    Args:
      x: anything.
    """
    return isinstance(x, (TensorType, CompositeTensor))


def get_static_value(tensor, partial=False):
    """The value as a NumPy array; None for variables; what is no tensor is returned as it is.

    Args:
      tensor: a tensor or anything else.
      partial: accepted; a value is known as a whole.
    """
    if isinstance(tensor, TensorHandle):
        return static_value(tensor)
    return None if isinstance(tensor, TensorType) else tensor

