"""Ops that choose, sort and look up elements, and those whose result's shape depends on values (they read it)."""

import collections
import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._array import reshape, text_of
from tfcompat._core import dtypes, errors, native
from tfcompat._core.attributes import python_value
from tfcompat._core.avals import aval
from tfcompat._core.by_value import by_value
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.op import Axis, Bool, Data, Dtype, Int, T, mismatch, op
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import PLAIN, STATIC, TensorHandle, host_value, size_value
from tfcompat._core.trace import is_symbolic
from tfcompat._creation import shape, size, zeros
from tfcompat._declare import NUMBERS, REAL, for_shapes, invalid, not_allowed, refused, sum_to, unequal
from tfcompat._gather import gather, take
from tfcompat._slicing import moves, set_boolean_mask
from tfcompat._vectors import Vector


def _host(array):
    """A tensor of a NumPy array that nobody else writes into."""
    return Tensor(aval(array.shape, array.dtype), array, None, PLAIN)


# where


def _select_grad(g, out, condition, x, y):
    zero = jnp.zeros((), g.dtype)
    condition = jnp.broadcast_to(condition, g.shape)
    return sum_to(jnp.where(condition, g, zero), x), sum_to(jnp.where(condition, zero, g), y)


def _fit(shape, other):
    return all(n == m or 1 in (n, m) for n, m in zip(reversed(shape), reversed(other), strict=False))


@moves
@op("SelectV2", grad=_select_grad)
def select_v2(condition: Data("C", only=dtypes.bool), x: T, y: T):
    """`where` with three arguments."""
    try:
        shape = lax.broadcast_shapes(condition.shape, x.shape, y.shape)
    except ValueError:
        shapes = [text_of(a.shape) for a in (condition, x, y)]
        pairs = (x.shape, y.shape), (condition.shape, x.shape), (condition.shape, y.shape)
        text = unequal(*next(pair for pair in pairs if not _fit(*pair)))
        raise invalid("condition {}, then {}, and else {} must be broadcastable".format(*shapes), "SelectV2",
                      while_recording=for_shapes(text, "SelectV2", condition, x, y)) from None  # fmt: skip
    return lax.select(*[a if a.shape == shape else jnp.broadcast_to(a, shape) for a in (condition, x, y)])


select_v2.op.seeds = "broadcast"


@by_form
def where(condition, x=None, y=None, name=None):
    """Elements of `x` where `condition` holds, else of `y`; without them, the positions where it holds.

    Args:
      condition: a bool tensor; without `x` and `y` any numeric one (what is not 0 holds).
      x, y: tensors of one dtype; the three are broadcast together.

    Returns:
      A tensor of the broadcast shape, or an int64 matrix with one row of indices for each position, in order.

    Raises:
      ValueError: only one of `x` and `y` is given. InvalidArgumentError: the shapes cannot be broadcast.
    """
    if x is not None and y is not None:
        return select_v2(condition, x, y)
    if x is not None or y is not None:
        raise ValueError("x and y must both be non-None or both be None.")
    condition = convert(condition, None, dtypes.bool)
    a = condition._aval
    if a.dtype not in NUMBERS and a.dtype is not dtypes.bool:
        raise not_allowed("T", a.np_dtype, (*NUMBERS, dtypes.bool), "Where")
    (places,) = by_value("Where", _positions, [condition], (np.int64, (None, len(a.shape))), registered=False)
    return places


def _positions(condition):
    if not condition._aval.shape:
        raise refused("WhereOp : Unhandled input dimensions: 0", "Where")
    return [_host(np.argwhere(host_value(condition)).astype(np.int64))]


def boolean_mask(tensor, mask, axis=None, name="boolean_mask"):
    """The slices of `tensor` for which `mask` is True.

    Args:
      tensor: a tensor.
      mask: a bool tensor of rank at least 1, of the shape of the dimensions of `tensor` from `axis` on.
      axis: an int; default 0.

    Returns:
      A tensor with the dimensions that `mask` covers replaced by one: the number of True.

    Raises:
      ValueError: the shapes do not fit, or `mask` is a scalar.
    """
    tensor, mask = convert(tensor), convert(mask)
    shape, given = tensor.shape, mask.shape
    if given.rank == 0:
        raise ValueError("mask cannot be scalar.")
    axis = 0 if axis is None else int(axis)
    covered = shape[axis : axis + given.rank]  # as in TensorFlow, empty for a last axis of -1
    if not covered.is_compatible_with(given):
        raise ValueError(f"Shapes {covered} and {given} are incompatible")
    axis += shape.rank if axis < 0 else 0
    (places,) = by_value("Where", lambda t: [_host(np.flatnonzero(host_value(t)).astype(np.int64))], [mask], (np.int64, (None,)))
    sizes = tensor._aval.shape
    if given.rank > 1:
        tensor = reshape(tensor, (*sizes[:axis], math.prod(sizes[axis : axis + given.rank]), *sizes[axis + given.rank :]))
    # The positions are data: what is structure is only how many there are.
    fits = sizes[axis : axis + given.rank] == mask._aval.shape  # sizes that are not known yet may differ
    # The gradient is dense, as TensorFlow reshapes the tensor first.
    return take(tensor, places, axis) if fits or not covered else gather(reshape(tensor, tensor._aval.shape), places, axis=axis)


set_boolean_mask(boolean_mask)


# Order


class _Constant:
    """An axis that TensorFlow reads in Python: a scalar of any dtype, to which one element in a list is none."""

    fast = "type({x}) is int"

    @staticmethod
    def canonical(value, name):
        axis = convert(value)
        value = host_value(axis)
        if axis._aval.shape:
            raise ValueError(f"Argument `axis` must be a constant scalar. Received: axis={value}.")
        return int(value)


def _axis(x, axis, kernel):
    """TensorFlow takes the size of `axis` by a slice of the shape, and so does its error."""
    if not -x.ndim <= axis < x.ndim:
        position = axis if axis >= 0 else axis + x.ndim
        raise invalid(f"slice index {position} of dimension 0 out of bounds.", "StridedSlice", "strided_slice/")
    return axis % x.ndim


def _order(values, axis, descending):
    """Equal elements keep their order, also where the greatest comes first."""
    values = lax.rev(values, [axis]) if descending else values
    places = lax.broadcasted_iota(np.int32, values.shape, axis)
    _, order = lax.sort([values, places], dimension=axis, is_stable=True, num_keys=1)
    return lax.rev(np.int32(values.shape[axis] - 1) - order, [axis]) if descending else order


def _sort_grad(g, out, values, axis, descending):
    axis %= values.ndim
    order = _order(values, axis, descending)
    return jnp.put_along_axis(jnp.zeros_like(g), order, g, axis, inplace=False)


@op("Sort", T=REAL, grad=_sort_grad)
def _sort(values: T, axis: _Constant, descending: Bool):
    axis = _axis(values, axis, "TopKV2")
    ordered = lax.sort(values, dimension=axis, is_stable=False)
    return lax.rev(ordered, [axis]) if descending else ordered


@op("ArgSort", T=REAL, single=False)
def _argsort(values: T, axis: _Constant, descending: Bool):
    # In TensorFlow the order is one of two results, the other has a gradient: that of a target that is the order is zeros.
    return [_order(values, _axis(values, axis, "TopKV2"), descending), values]


def _ordered(values, descending):
    """The values as a tensor; raises TensorFlow's error of the first of its kernels that does not take them."""
    values = convert(values)
    dtype = values._aval.dtype
    if dtype in REAL:
        return values
    raise not_allowed("T", dtype.np, REAL, "TopKV2" if descending or dtype.is_complex else "Neg")


def _direction(direction):
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError("Argument `direction` should be one of ASCENDING, DESCENDING. Received: "
                         f"direction={direction}")  # fmt: skip
    return direction == "DESCENDING"


@by_form
def sort(values, axis=-1, direction="ASCENDING", name=None):
    """`values` in order along `axis`.

    Args:
      values: a real tensor of rank at least 1.
      axis: an int.
      direction: "ASCENDING" or "DESCENDING".

    Raises:
      ValueError: another direction. InvalidArgumentError: no such axis, or a dtype without order.
    """
    descending = _direction(direction)
    return _sort(_ordered(values, descending), axis, descending)


@by_form
def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None):
    """The int32 positions along `axis` that put `values` in order; equal elements keep theirs.

    Args:
      values: a real tensor of rank at least 1.
      axis: an int.
      direction: "ASCENDING" or "DESCENDING".
      stable: ignored; the order of equal elements is always kept.

    Raises:
      ValueError: another direction. InvalidArgumentError: no such axis, or a dtype without order.
    """
    descending = _direction(direction)
    return _argsort(_ordered(values, descending), axis, descending)[0]


def _search(sorted_sequence, values, right):
    """Binary search in each row, all rows at once."""
    size = sorted_sequence.shape[-1]
    low = jnp.zeros(values.shape, np.int32)
    if size == 0:
        return low
    high = jnp.full(values.shape, size, np.int32)
    for _ in range(int(size).bit_length()):
        middle = lax.shift_right_logical(low + high, np.int32(1))
        found = jnp.take_along_axis(sorted_sequence, jnp.minimum(middle, np.int32(size - 1)), -1, mode="clip")
        above = (found <= values) if right else (found < values)
        above = above & (middle < high)
        low, high = jnp.where(above, middle + np.int32(1), low), jnp.where(above, high, middle)
    return low


@op("SearchSorted", T=REAL, grad=None)
def _searchsorted(sorted_sequence: T, values: T, right: Bool, out_type: Dtype):
    kernel = "UpperBound" if right else "LowerBound"
    if sorted_sequence.shape[:-1] != values.shape[:-1]:
        raise refused("Leading dim_size of both tensors must match.", kernel)
    return _search(sorted_sequence, values, right).astype(out_type.np)


def searchsorted(sorted_sequence, values, side="left", out_type=dtypes.int32, name=None):
    """Where in the rows of `sorted_sequence` the `values` would have to be inserted to keep them sorted.

    Args:
      sorted_sequence: a tensor of shape [..., n], each row in ascending order.
      values: a tensor of shape [..., m].
      side: "left": before equal elements; "right": behind them.
      out_type: int32 or int64.

    Raises:
      ValueError: another side. InvalidArgumentError: the leading dimensions differ, or another `out_type`.
    """
    if side not in ("left", "right"):
        raise ValueError(f"Argument `side` must be either 'right' or 'left'. Received: `side` = '{side}'.")
    sequence = convert(sorted_sequence)
    values = convert(values, None if isinstance(values, TensorHandle) else sequence._aval.dtype)
    for t in (sequence, values):
        if not t._aval.shape:
            raise invalid("slice index -1 of dimension 0 out of bounds.", "StridedSlice", "strided_slice/")
    if dtypes.as_dtype(out_type) not in (dtypes.int32, dtypes.int64):
        kernel = "LowerBound" if side == "left" else "UpperBound"
        raise not_allowed("out_type", dtypes.as_dtype(out_type).np, (dtypes.int32, dtypes.int64), kernel)
    return _searchsorted(sequence, values, side == "right", out_type)


# Unique

Unique = collections.namedtuple("Unique", "y idx")
UniqueWithCounts = collections.namedtuple("UniqueWithCounts", "y idx count")


def _unique(x, out_idx, kernel):
    x = convert(x)
    if len(x._aval.shape) != 1:
        raise (invalid if kernel == "Unique" else refused)("unique expects a 1D vector.", kernel)
    if dtypes.as_dtype(out_idx) not in (dtypes.int32, dtypes.int64):
        raise not_allowed("out_idx", dtypes.as_dtype(out_idx).np, (dtypes.int32, dtypes.int64), kernel)
    out, size = dtypes.as_dtype(out_idx).np, x._aval.shape
    # As many counts as elements: that the sizes agree is not known, here as in TensorFlow.
    results = [(x._aval.np_dtype, (None,)), (out, size), (out, (None,))][: 3 if "Counts" in kernel else 2]
    return by_value(kernel, functools.partial(_found, out, len(results)), [x], *results, registered=False)


_IN_C = frozenset("bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64".split())


def _bits(array):
    """What tells floats of 16 bits apart: 0.0 and -0.0 differ, unlike those of other dtypes, and each NaN from all others."""
    bits = array.view(np.uint16).astype(np.int32)
    return np.where(array == array, bits, 2**16 + np.arange(len(array), dtype=np.int32))


def _found(out, wanted, x):
    """(different elements, for each element which one it is, how often each occurs): the first two or three."""
    array = np.asarray(host_value(x))
    keys = _bits(array) if array.dtype.name in ("float16", "bfloat16") else array
    if native.extension is not None and keys.dtype.name in _IN_C:
        index, first = np.empty(array.shape, out), np.empty(array.shape, np.int64)
        counts = [np.zeros(array.shape, out)] * (wanted - 2)
        n = native.extension.unique_numbers(np.ascontiguousarray(keys), index, first, *counts)
        return [_host(result) for result in (array[first[:n]], index, *[c[:n].copy() for c in counts])]
    # NaN differs from itself: each is unique.
    _, first, index, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True, equal_nan=False)
    order = np.argsort(first)
    place = np.empty(len(order), out)
    place[order] = np.arange(len(order), dtype=out)
    return [_host(result) for result in (array[first[order]], place[index], counts[order].astype(out))[:wanted]]


def unique(x, out_idx=dtypes.int32, name=None):
    """The different elements of a vector in order of first appearance, and for each element which one it is.

    Args:
      x: a vector.
      out_idx: int32 or int64.

    Returns:
      A named tuple (y, idx) with `x[i] == y[idx[i]]`.

    Raises:
      InvalidArgumentError: `x` is no vector.
    """
    return Unique(*_unique(x, out_idx, "Unique"))


def unique_with_counts(x, out_idx=dtypes.int32, name=None):
    """`unique`, and how often each element occurs: a named tuple (y, idx, count).

    Args:
      x: a vector.
      out_idx: the DType of idx and count, int32 or int64.

    Raises:
      InvalidArgumentError: `x` is no vector.
    """
    return UniqueWithCounts(*_unique(x, out_idx, "UniqueWithCounts"))


def unique_along(x, axis, out_idx, kernel):
    """`unique` of the slices along one axis: the list of what `kernel`, UniqueV2 or UniqueWithCountsV2, gives.

    Args:
      axis: a vector with the number of the axis; of none: `x` is a vector.
    """
    x, axis = convert(x), convert(axis, hint=dtypes.int64)
    for attribute, dtype in (("Taxis", axis._aval.dtype), ("out_idx", dtypes.as_dtype(out_idx))):
        if dtype not in (dtypes.int32, dtypes.int64):
            raise not_allowed(attribute, dtype.np, (dtypes.int32, dtypes.int64), kernel)
    known = None if is_symbolic(axis) else host_value(axis)
    place, ndim = _place_of(x, axis, known, kernel), len(x._aval.shape)
    if ndim == 1:
        return _unique(x, out_idx, kernel)
    out = dtypes.as_dtype(out_idx).np
    lengths = (None,) * ndim, (None if place is None else x._aval.shape[place],), (None,)
    results = [(x._aval.np_dtype, lengths[0]), (out, lengths[1]), (out, lengths[2])][: 2 if kernel == "UniqueV2" else 3]

    def found(x, *axis):
        at = host_value(axis[0]).item() % ndim if axis else place
        return _slices_found(out, len(results), at, x)

    return by_value(kernel, found, [x] if known is not None else [x, axis], *results, registered=False)


def _place_of(x, axis, known, kernel):
    """The number of the axis, or None where there is none or it is not known. Raises where it does not fit."""
    shape, where = x._aval.shape, None if known is None else {1: known.reshape(-1).tolist()}
    eager, text, ndim = None, None, len(shape)
    if len(axis._aval.shape) != 1:
        text = "axis expects a 1D vector."
    elif axis._aval.shape[0] > 1:
        text, eager = "axis does not support input tensors larger than 1 elements.", "axis does not support input tensors larger than 1 elements"
    elif known is not None and known.size and not -ndim <= known[0] < ndim:
        text, eager = f"axis expects to be in the range [{-ndim}, {ndim}).", f"axis has to be between [0, {ndim})"
    elif known is not None and not known.size and ndim != 1:
        text, eager = "x expects a 1D vector.", "unique expects a 1D vector."
    if text is not None:
        raise invalid(eager or text, kernel, while_recording=for_shapes(text, kernel, x, axis, computed=where))
    return known[0].item() % ndim if known is not None and known.size else None


def _slices_found(out, wanted, axis, x):
    """What `_found` gives, of the slices of an array along an axis."""
    array, places, first = np.asarray(host_value(x)), {}, []
    count = array.shape[axis]
    rows = np.moveaxis(array, axis, 0).reshape(count, array.size // max(count, 1)).tolist()
    index = np.empty(count, out)
    for k, row in enumerate(rows):  # Python's numbers compare as they have to: a NaN differs from all others, and the zeros are equal
        index[k] = place = places.setdefault(tuple(row), len(first))
        if place == len(first):
            first.append(k)
    counts = np.bincount(index, minlength=len(first)).astype(out)
    return [_host(result) for result in (np.take(array, np.array(first, np.int64), axis), index, counts)[:wanted]]


# Grids and masks


@op("Mul")
def _repeated(vector: T, sizes: Vector("Mul", "Tidx", sizes=True), axis: Int):
    return lax.broadcast_in_dim(lax.reshape(vector, [math.prod(vector.shape)]), sizes, [axis])


@by_form
def meshgrid(*args, **kwargs):
    """Coordinate matrices of vectors: tensors of one common shape, one for each vector.

    Args:
      *args: vectors (scalars count as such; others are flattened).
      indexing: "xy" (the first two dimensions are swapped) or "ij".

    Raises:
      ValueError: another indexing. TypeError: an unknown keyword.
    """
    indexing = kwargs.pop("indexing", "xy")
    kwargs.pop("name", None)
    if kwargs:
        raise TypeError(f"'{next(iter(kwargs))}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Argument `indexing` parameter must be either 'xy' or 'ij', got '{indexing}'")
    if not args:
        return []
    vectors = [convert(v) for v in args]
    for v in vectors[1:]:
        if v._aval.dtype is not vectors[0]._aval.dtype:
            raise mismatch("Mul", 1, v._aval.dtype, vectors[0]._aval.dtype)
    if vectors[0]._aval.dtype is dtypes.string:
        raise TypeError("Cannot convert 1 to EagerTensor of dtype string")
    places = list(range(len(vectors)))
    if indexing == "xy":
        places[:2] = places[:2][::-1]
    sizes = [size(vectors[k]) for k in places]
    return [_repeated(v, sizes, d) for v, d in zip(vectors, places, strict=True)]


@op("SequenceMask", grad=None)
def _sequence_mask(lengths: T, maxlen: Axis, dtype: Dtype):
    places = lax.broadcasted_iota(lengths.dtype, (*lengths.shape, maxlen), lengths.ndim)
    return (places < lengths[..., None]).astype(dtype.np)


def sequence_mask(lengths, maxlen=None, dtype=dtypes.bool, name=None):
    """A mask whose row for a length n starts with n True.

    Args:
      lengths: an integer tensor.
      maxlen: the size of the new last dimension; default: the greatest length.
      dtype: of the result: True becomes 1.

    Raises:
      ValueError: `maxlen` is no scalar.
    """
    lengths = convert(lengths)
    if maxlen is None and lengths._aval.dtype is dtypes.uint8:
        raise not_allowed("Tidx", lengths._aval.np_dtype, tuple(t for t in REAL if t is not dtypes.uint8), "Range")
    if maxlen is None:
        (maxlen,) = by_value("Max", _longest, [lengths], (np.int64, ()))
    elif len(convert(maxlen)._aval.shape) != 0:
        raise ValueError(f"Argument `maxlen` must be scalar for sequence_mask, received `maxlen` = {maxlen} with shape "
                         f"'{convert(maxlen).shape}' instead")  # fmt: skip
    if dtypes.as_dtype(dtype) is dtypes.string:
        raise errors.UnimplementedError(None, None, "Cast bool to string is not supported [Op:Cast] name: ")
    return _sequence_mask(lengths, python_value(maxlen, size_value), dtype)


def _longest(lengths):
    values = host_value(lengths)
    return [_host(np.array(max(int(np.ceil(values.max())), 0) if values.size else 0, np.int64))]


def broadcast_dynamic_shape(shape_x, shape_y):
    """The shape that tensors of two shapes broadcast to, as a vector.

    Args:
      shape_x, shape_y: int vectors of one dtype.

    Raises:
      InvalidArgumentError: they cannot be broadcast together.
    """
    one = convert(shape_x, None, dtypes.int32)
    two = convert(shape_y, one._aval.dtype) if not isinstance(shape_y, TensorHandle) else shape_y
    if one._aval.dtype is not two._aval.dtype:
        raise mismatch("BroadcastArgs", 1, one._aval.dtype, two._aval.dtype)
    if is_symbolic(one) or is_symbolic(two):
        return shape(zeros(one, bool) | zeros(two, bool), one._aval.dtype)
    given = [tuple(host_value(t).tolist()) for t in (one, two)]
    try:
        common = np.array(np.broadcast_shapes(*given), one._aval.np_dtype)
    except ValueError:
        raise refused(f"Incompatible shapes: {text_of(given[0])} vs. {text_of(given[1])}", "BroadcastArgs") from None
    return Tensor(aval(common.shape, common.dtype), common, None, STATIC)


# Bits


@op("Bitcast", grad=False)
def _bitcast(input: T, to: Dtype):
    old = dtypes.from_numpy(input.dtype)
    for dtype in (old, to):
        if dtype in (dtypes.bool, dtypes.string):
            raise not_allowed("T", dtype.np, NUMBERS, "Bitcast")
    if to.size > old.size and input.shape[-1:] != (to.size // old.size,):
        raise invalid(f"Cannot bitcast from {old.as_datatype_enum} to {to.as_datatype_enum}", "Bitcast")
    if not old.is_complex and not to.is_complex:
        return lax.bitcast_convert_type(input, to.np)
    # JAX has no bitcast of complex numbers: they are pairs of floats, taken apart and put together as bytes.
    parts = jnp.stack([lax.real(input), lax.imag(input)], -1) if old.is_complex else input
    kept = input.shape[:-1] if to.size > old.size else input.shape
    bits = lax.reshape(lax.bitcast_convert_type(parts, np.uint8), (*kept, max(old.size, to.size)))
    shape = (*kept, *([old.size // to.size] if to.size < old.size else []))
    part = to.real_dtype.np if to.is_complex else to.np
    bits = lax.reshape(bits, (*shape, to.size // part.itemsize, part.itemsize))
    found = lax.bitcast_convert_type(bits[..., 0] if part.itemsize == 1 else bits, part)
    return lax.complex(found[..., 0], found[..., 1]) if to.is_complex else found[..., 0]


def bitcast(input, type, name=None):
    """The bits of `input` as elements of `type`; a narrower type adds a dimension, a wider one takes the last.

    Args:
      input: a tensor of numbers.
      type: the DType of the result.

    Raises:
      InvalidArgumentError: the last dimension is not the ratio of the sizes, or a type is bool.
    """
    return _bitcast(input, type)
