"""Index patterns: what of an index is structure, and which of its positions are data."""

import jax
import jax.numpy as jnp
import numpy as np

from tfcompat._core import dtypes, hot
from tfcompat._core.sizes import holds_unknown
from tfcompat._core.tensor_base import STATIC, TensorHandle, host_value, size_value
from tfcompat._core.trace import is_symbolic
from tfcompat._declare import for_shapes, invalid

INDEX_DTYPES = (dtypes.int16, dtypes.int32, dtypes.int64)

# Entries of an index pattern: a size > 0 (a range of step 1 somewhere within the dimension), (size, step, where it is), or
# one of the first six of these. What has a position in `starts` is told by the entry alone: sizes may be symbolic.
ONE = -1  # one position known to be in range; the dimension goes
AT = -2  # one position given by a tensor, to be checked; the dimension goes
NEW = -3  # a new dimension of size 1
ALL = -4  # the whole dimension
ONLY = -5  # the one position of a dimension of size 1; the dimension goes
NONE = 0  # an empty range

# Where a range is: at the beginning of the dimension, where its position in `starts` tells, or at the end; LAST - n leaves a
# margin of n there. Only a slice that says so is at an end: `x[i : i + n]` with i = 0 is one of many, but `x[1:-1]` of few.
FIRST, GIVEN, LAST = 0, 1, -1
_WIDEST = 255  # margin; patterns of symbolic sizes have numbers far below 0 for the symbols

_BAD_INDEX = (
    "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are "
    "valid indices, got {!r}"
)


@hot.parser
def parse(shape, items):
    """Splits an index into structure and data.

    Args:
      shape: the tensor's shape, a tuple.
      items: the index, a tuple.

    Returns:
      (pattern, starts): one entry for each item (an ellipsis gives none or several), and the positions that are not
      known from the sizes alone, ints or scalar tensors.

    Raises:
      TypeError: an item that is no index. InvalidArgumentError: out of range, too many items, step 0.
    """
    pattern, starts = [], []
    d = 0
    try:
        for item in items:
            kind = type(item)
            if kind is int:
                n = shape[d]
                start = item + n if item < 0 else item
                if start < 0 or start >= n:
                    raise out_of_bounds(shape, items, start, d)
                if n > 1:
                    pattern.append(ONE)
                    starts.append(start)
                else:
                    pattern.append(ONLY)
                d += 1
            elif kind is slice:
                n = shape[d]
                start, stop, step = item.start, item.stop, item.step
                if start is None and stop is None and step is None:
                    pattern.append(ALL)
                    d += 1
                    continue
                if (type(start) is not int and start is not None) or (type(stop) is not int and stop is not None):
                    start, stop = bound(start), bound(stop)
                if step is None or type(step) is int and step == 1:
                    place = GIVEN
                    if start is None:
                        start, place = 0, FIRST
                    if stop is None:
                        stop, place = n, LAST
                    elif stop > n:
                        stop = n
                    elif stop < 0:
                        if place == GIVEN and start >= 0 and stop >= -_WIDEST:
                            place = LAST + stop
                        stop += n
                    if start < 0:
                        start = start + n if start > -n else 0
                    size = stop - start
                    if size <= 0:
                        pattern.append(NONE)
                    elif size == n:
                        pattern.append(ALL)
                    elif place != GIVEN:
                        pattern.append((size, 1, place))
                    else:
                        pattern.append(size)
                        starts.append(start)
                else:
                    strided(shape, items, d, start, stop, bound(step), pattern, starts)
                d += 1
            elif item is None:
                pattern.append(NEW)
            elif item is Ellipsis:
                return parse(shape, expand(shape, items))
            elif kind is tuple:  # stands for a tensor
                pattern.append(AT)
                starts.append(item)
                d += 1
            else:
                n = shape[d]
                value = index_value(item)
                if type(value) is not int and n == 0 and not is_symbolic(value):
                    value = int(host_value(value))
                if type(value) is int:
                    value = value + n if value < 0 else value
                    if value < 0 or value >= n:
                        raise out_of_bounds(shape, items, value, d)
                    pattern.append(ONE if n > 1 else ONLY)
                    if n > 1:
                        starts.append(value)
                else:
                    pattern.append(AT)
                    starts.append(value)
                d += 1
    except IndexError:
        raise too_many(shape, items) from None
    return tuple(pattern), starts


def expand(shape, items):
    """The index with its ellipsis written out as full ranges."""
    places = [k for k, item in enumerate(items) if item is Ellipsis]
    if len(places) > 1:
        raise invalid("Multiple ellipses in slice spec not allowed", "StridedSlice", "strided_slice/")
    taken = sum(item is not None for item in items) - 1
    if taken > len(shape):
        raise too_many(shape, items)
    k = places[0]
    return (*items[:k], *[slice(None)] * (len(shape) - taken), *items[k + 1 :])


def too_many(shape, items):
    rank = len(shape)
    text = f"Index out of range using input dim {rank}; input has only {rank} dims" if rank else "Attempting to slice scalar input."
    return invalid(text, "StridedSlice", "strided_slice/", _recorded(text, shape, items, strides=True))


def _recorded(text, shape, items, strides=False):
    """What functions say: begins, ends and strides are inputs of the op, whose values it has looked at where they are known."""
    spans = [_span(item) for item in items]
    if strides or any(type(n) is not int for span in spans for n in span):
        spans = [(None, None, span[2]) for span in spans]
    looked = {k: n for k, n in enumerate(zip(*spans, strict=True), 1) if None not in n}
    return for_shapes(text, "StridedSlice", shape, *[[len(items)]] * 3, computed=looked)


def _span(item):
    if isinstance(item, slice):
        return item.start or 0, item.stop or 0, 1 if item.step is None else item.step
    if item is None or item is Ellipsis:
        return 0, 0, 1
    item = index_value(item)
    return item, item + 1 if type(item) is int else None, 1


def out_of_bounds(shape, items, position, d):
    if sum(item is not None and item is not Ellipsis for item in items) > len(shape):
        return too_many(shape, items)
    text = f"slice index {position} of dimension {d} out of bounds."
    return invalid(text, "StridedSlice", "strided_slice/", _recorded(text, shape, items))


def index_value(item):
    """A position: an int where it stems from Python, else a scalar tensor."""
    if isinstance(item, (int, np.integer)):
        return int(item)
    if hasattr(type(item), "_read"):
        item = item._read()
    if isinstance(item, TensorHandle):
        if len(item._aval.shape) == 1 or item._aval.dtype not in INDEX_DTYPES:
            raise TypeError(_BAD_INDEX.format(item))
        if item._aval.shape:
            shape = [1, *item._aval.shape]
            raise invalid(f"Expected begin, end, and strides to be 1D equal size tensors, but got shapes {shape}, {shape}, "
                          "and [1] instead.", "StridedSlice", "strided_slice/")  # fmt: skip
        return int(item._value) if item._slot == STATIC else item
    if isinstance(item, np.ndarray) and item.ndim == 0 and item.dtype.kind in "iu":
        return int(item)
    if hasattr(type(item), "__index__") and not isinstance(item, np.ndarray):
        return int(item.__index__())
    raise TypeError(_BAD_INDEX.format(item))


class UnknownBound(Exception):
    """A slice begins or ends where only a call of the function that is being recorded can tell."""


def bound(item):
    """A slice's start, stop or step: sizes are static, so tensors are read."""
    value = open_bound(item)
    if type(item) is not int and value is not None and holds_unknown((abs(value),)):
        raise UnknownBound
    return value


def open_bound(item):
    """The same, where a stand-in will do."""
    if item is None:
        return None
    value = index_value(item)
    return value if type(value) is int else int(size_value(value))


def strided(shape, items, d, start, stop, step, pattern, starts):
    """Appends the entry of a range with a step other than 1."""
    if step == 0:
        if sum(item is not None and item is not Ellipsis for item in items) > len(shape):
            raise too_many(shape, items)
        text = f"strides[{d}] must be non-zero"
        raise invalid(text, "StridedSlice", "strided_slice/", _recorded(text, shape, items, strides=True))
    n = shape[d]
    span = range(*slice(start, stop, step).indices(n))
    size = len(span)
    if size == 0:
        pattern.append(NONE)
        return
    inside = (size - 1) * abs(step) + 1 < n
    if step == 1:
        pattern.append(size if inside else ALL)
    else:
        pattern.append((size, Step(step), GIVEN if inside else FIRST))
    if inside:
        starts.append(min(span[0], span[-1]))


class Step(int):
    """A step in a pattern; its type says that it is no size."""


_POSITIONS = (ONE, AT, ONLY)


def unpack_entry(entry, n):
    """(size, step, where it is) of a pattern's entry for a dimension of size n."""
    if type(entry) is int and entry <= 0:
        return n if entry == ALL else 0 if entry == NONE else 1, 1, GIVEN if entry in (ONE, AT) else FIRST
    size, step, place = entry if type(entry) is tuple else (entry, 1, GIVEN)
    return size if type(size) is int or step != 1 else jax.core.min_dim(size, n), step, place  # a symbol has to be known to fit


def layout(shape, pattern, starts):
    """What a pattern means for a tensor of `shape`.

    Returns:
      (begins, spans, steps, result shape): first position (a size if it is known, else an array), extent and step in each
      dimension of the tensor.
    """
    starts = iter(starts)
    begins, spans, steps, result = [], [], [], []
    for entry in pattern:
        if entry == NEW:
            result.append(1)
            continue
        n = shape[len(begins)]
        size, step, place = unpack_entry(entry, n)
        start = next(starts) if place == GIVEN else 0
        if place <= LAST:
            rest = jax.core.min_dim(size + LAST - place, n)
            start, size = n - rest, jax.core.min_dim(size, rest)
        begins.append(jnp.where(start < 0, start + jnp.asarray(n, start.dtype), start) if entry == AT else start)
        spans.append(1 if entry in _POSITIONS else (size - 1) * abs(step) + 1 if step != 1 else size)
        steps.append(step)
        if entry not in _POSITIONS:
            result.append(size)
    rest = shape[len(begins) :]
    return begins + [0] * len(rest), [*spans, *rest], steps + [1] * len(rest), (*result, *rest)
