"""Segment reductions of `tf.math`: elements are combined by the number that goes with them."""

import functools
import operator
import weakref

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._array import reshape
from tfcompat._cast import cast
from tfcompat._core import dtypes as d
from tfcompat._core.avals import shape_text
from tfcompat._core.by_value import by_value
from tfcompat._core.caches import Bounded
from tfcompat._core.checks import found_good
from tfcompat._core.convert import convert
from tfcompat._core.op import Check, Data, Size, T, check_dtypes, op
from tfcompat._core.tensor_base import host_value, size_value
from tfcompat._core.trace import is_symbolic
from tfcompat._creation import ones_like
from tfcompat._declare import (
    INDEX,
    INEXACT,
    NUMBERS,
    REAL,
    declare,
    for_shapes,
    invalid,
    not_allowed,
    refused,
    unequal_start,
    where,
)
from tfcompat._elementwise import maximum, sqrt
from tfcompat._select import _host
from tfcompat._vectors import One

Ids = Data("Tindices", d.int32)


def _placed(data, ids, num, start, method):
    """Combines rows of `data` by `ids`; negative ids are left out."""
    index = ids.reshape(-1)
    rows = data.reshape(index.shape + data.shape[ids.ndim :])
    target = jnp.full((num, *data.shape[ids.ndim :]), start, data.dtype)
    return getattr(target.at[index], method)(rows, mode="drop", wrap_negative_indices=False)


def _lowest(dtype):
    return jnp.finfo(dtype).min if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype).min


def _highest(dtype):
    return jnp.finfo(dtype).max if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype).max


def _taken(values, ids):
    """The rows of `values` that `ids` name, zeros for negative ids."""
    inside = ids >= 0
    rows = values[jnp.where(inside, ids, jnp.zeros_like(ids))]
    mask = inside.reshape(ids.shape + (1,) * (rows.ndim - ids.ndim))
    return jnp.where(mask, rows, jnp.zeros_like(rows)), mask


def _shared(g, out, data, ids, num):
    """Gradient of max and min: shared equally by the elements that attain it."""
    best, mask = _taken(out, ids)
    attained = (mask & (data == best)).astype(data.dtype)
    count = _placed(attained, ids, num, 0, "add")
    share, _ = _taken(where(count == 0, 0, g / where(count == 0, 1, count)), ids)
    return attained * share


_START = {"add": lambda t: 0, "multiply": lambda t: 1, "max": _lowest, "min": _highest}


def _prod_grad(g, out, data, ids, num):
    """g * product of the others, without dividing by zeros."""
    zero = data == 0
    zeros = _placed(zero.astype(jnp.int32), ids, num, 0, "add")
    g = where(zeros > 1, 0, g)
    others = _products(where(zero, 1, data), ids, num)
    rest = jnp.where(zero, _taken(others, ids)[0], _taken(out, ids)[0] / where(zero, 1, data))
    return _taken(g, ids)[0] * rest


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _products(data, ids, num):
    """Products of rows, which JAX has no derivative of."""
    return _placed(data, ids, num, 1, "multiply")


def _products_kept(data, ids, num):
    out = _products(data, ids, num)
    return out, (out, data, ids)


_products.defvjp(_products_kept, lambda num, kept, g: (_prod_grad(g, *kept, num), None))


# Unsorted


def _ids_bad(data, segment_ids, num_segments):
    return jnp.any(segment_ids >= num_segments)


def _ids_message(data, segment_ids, num_segments):
    first = np.argwhere(segment_ids >= num_segments)[0]
    text = ",".join(map(str, first))
    return f"segment_ids[{text}] = {segment_ids[tuple(first)]} is out of range [0, {num_segments})"


def _unsorted(name, kernel, method, types, grad, doc):
    def body(
        data: T, segment_ids: Ids,
        num_segments: One(kernel, "num_segments should be a scalar, not shape {}", "Tnumsegments", known=size_value),
    ):  # fmt: skip
        n = segment_ids.ndim
        if data.shape[:n] != segment_ids.shape:
            raise invalid(f"data.shape = {shape_text(data.shape)} does not start with segment_ids.shape = "
                          f"{shape_text(segment_ids.shape)}", kernel, while_recording=for_shapes(
                              unequal_start(data.shape, segment_ids.shape), kernel, data, segment_ids, ()))  # fmt: skip
        if num_segments < 0:
            raise invalid(f"Input num_segments == {num_segments} must not be negative.", kernel)
        return _placed(data, segment_ids, num_segments, _START[method](data.dtype), method)

    doc += """

    Args:
      data: numeric tensor.
      segment_ids: integers; their shape is the beginning of data's. What has a negative id is left out.
      num_segments: number of segments; the result's shape is [num_segments, ...].

    Raises:
      InvalidArgumentError: an id of `num_segments` or more, or shapes that do not fit.
    """
    return declare(name, doc, body, kernel, T=types, Tindices=INDEX, grad=grad, check=Check(_ids_bad, _ids_message))


unsorted_segment_sum = _unsorted("unsorted_segment_sum", "UnsortedSegmentSum", "add", NUMBERS, True,
                                 "Sums of the elements of each segment; 0 for an empty one.")  # fmt: skip
unsorted_segment_prod = _unsorted("unsorted_segment_prod", "UnsortedSegmentProd", "multiply", NUMBERS, _prod_grad,
                                  "Products of the elements of each segment; 1 for an empty one.")  # fmt: skip
unsorted_segment_max = _unsorted("unsorted_segment_max", "UnsortedSegmentMax", "max", REAL, _shared,
                                 "Maxima of the segments; the smallest finite number for an empty one.")  # fmt: skip
unsorted_segment_min = _unsorted("unsorted_segment_min", "UnsortedSegmentMin", "min", REAL, _shared,
                                 "Minima of the segments; the largest finite number for an empty one.")  # fmt: skip


def _counts(data, segment_ids, num_segments):
    ids = convert(segment_ids)
    counts = unsorted_segment_sum(ones_like(ids, data.dtype), ids, num_segments)
    counts = maximum(counts, 1)
    inner = len(data.shape) - len(ids.shape)
    if inner > 0:
        counts = reshape(counts, [-1] + [1] * inner)
    return counts


def _float(data):
    data = convert(data)
    if data.dtype.is_integer:
        return cast(data, d.float32 if data.dtype.size < 4 else d.float64)
    return data


def unsorted_segment_mean(data, segment_ids, num_segments, name=None):
    """Means of the elements of each segment, 0 for an empty one. Integers become floats. See `unsorted_segment_sum`."""
    data = _float(data)
    return unsorted_segment_sum(data, segment_ids, num_segments) / _counts(data, segment_ids, num_segments)


def unsorted_segment_sqrt_n(data, segment_ids, num_segments, name=None):
    """Sums of the elements of each segment over the square roots of their numbers. See `unsorted_segment_sum`.

    Raises:
      InvalidArgumentError: integers.
    """
    data = convert(data)
    if data.dtype.is_integer:
        raise not_allowed("T", data.dtype.np, INEXACT, "Sqrt")
    sums = unsorted_segment_sum(data, segment_ids, num_segments)
    return sums / sqrt(_counts(data, segment_ids, num_segments))


# Sorted


def _sorted(name, kernel, method, types, grad, doc):
    @op(kernel, T=types, Tindices=INDEX, grad=grad)
    def segment(data: T, segment_ids: Ids, num: Size):
        result = _placed(data, segment_ids, num, _START[method](data.dtype), method)
        if method in ("add", "multiply"):
            return result
        used = _placed(jnp.ones(segment_ids.shape, jnp.int32), segment_ids, num, 0, "add") > 0
        return jnp.where(used.reshape(-1, *[1] * (data.ndim - 1)), result, jnp.zeros_like(result))

    def public(data, segment_ids, name=None):
        data, ids, num = _sorted_inputs(segment.op, data, segment_ids)
        return segment(data, ids, num)

    public.__name__ = public.__qualname__ = name
    public.__doc__ = doc + _SORTED
    return public


_SORTED = """

    Args:
      data: numeric tensor.
      segment_ids: vector of sorted non-negative integers, one for each row of `data`.

    Returns:
      Tensor of shape [last id + 1, ...]; 0 for ids that do not occur (1 in a product).

    Raises:
      InvalidArgumentError: ids that are not sorted, negative, or as many as `data` has rows.
    """


@functools.lru_cache(1024)
def _fit(op, data, ids):
    """Whether inputs of these avals fit at first sight."""
    return data.dtype in op.dtypes["T"] and ids.dtype in op.dtypes["Tindices"] and len(ids.shape) == 1 and data.shape[:1] == ids.shape


def _sorted_inputs(op, data, segment_ids):
    data, ids, kernel = convert(data), convert(segment_ids, None, d.int32), op.kernel
    if not _fit(op, data._aval, ids._aval):
        check_dtypes(op, (data, ids))
        if len(ids._aval.shape) != 1:
            raise invalid("segment_ids should be a vector.", kernel)
        if data._aval.shape[:1] != ids._aval.shape and not data.shape[:1].is_compatible_with(ids.shape):
            raise refused("segment_ids should be the same size as dimension 0 of input.", kernel)
    if not is_symbolic(ids):
        return data, ids, _count(kernel, ids)
    (num,) = by_value(kernel, lambda ids: [_host(np.array(_count(kernel, ids), np.int64))], [ids], (np.int64, ()))
    return data, ids, num


_FEW = 100  # of so many numbers Python's own functions take less time than NumPy's
_counted = Bounded(100)  # identity of a tensor of more -> (references to it and its array, number of segments)


def _count(kernel, ids):
    """The number of segments."""
    known = _counted.get(id(ids))
    if known is not None and found_good(known[0], [ids]):
        return known[1]
    values = np.asarray(host_value(ids))
    if not values.size:
        return 0
    few = values.tolist() if values.size <= _FEW else None
    num = int(values[-1]) + 1
    falls = any(map(operator.gt, few, few[1:])) if few else np.count_nonzero(values[1:] < values[:-1])
    if values[0] < 0 or falls:
        if (values < 0).any():
            raise refused(f"Segment id {values[values < 0][0]} out of range [0, {num}), possibly because 'segment_ids' "
                          "input is not sorted.", kernel)  # fmt: skip
        raise refused("segment ids are not increasing", kernel)
    if not few and isinstance(ids._value, (np.ndarray, jax.Array)):
        _counted[id(ids)] = [(0, weakref.ref(ids), weakref.ref(ids._value))], num
    return num


segment_sum = _sorted("segment_sum", "SegmentSum", "add", NUMBERS, True, "Sums of the rows of each segment.")
segment_prod = _sorted("segment_prod", "SegmentProd", "multiply", NUMBERS, _prod_grad,
                       "Products of the rows of each segment.")  # fmt: skip
segment_max = _sorted("segment_max", "SegmentMax", "max", REAL, _shared, "Maxima of the rows of each segment.")
segment_min = _sorted("segment_min", "SegmentMin", "min", REAL, _shared, "Minima of the rows of each segment.")


@op("SegmentMean", T=NUMBERS, Tindices=INDEX)
def _segment_mean(data: T, segment_ids: Ids, num: Size):
    total = _placed(data, segment_ids, num, 0, "add")
    count = _placed(jnp.ones(segment_ids.shape, data.dtype), segment_ids, num, 0, "add")
    count = jnp.where(count == 0, jnp.ones_like(count), count).reshape(-1, *[1] * (data.ndim - 1))
    return lax.div(total, jnp.broadcast_to(count, total.shape))


def segment_mean(data, segment_ids, name=None):
    return _segment_mean(*_sorted_inputs(_segment_mean.op, data, segment_ids))


segment_mean.__doc__ = "Means of the rows of each segment." + _SORTED
