"""Reading and writing parts of tensors: indexing, slices, assignment to them.

Sizes, steps and the pattern of an index are structure; positions are data, so `x[i]` or `x[i:i+h]` in a loop is one
recorded structure for every `i`. Slices that begin or end where the dimension does, or a margin before, are structure as a whole:
`x[1:]`, `x[:-2]`, `x[1:-1]`. These need no operand for the position, and interpreted alone they are views.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import dtypes, hot
from tfcompat._core.attributes import Sizes, size_list
from tfcompat._core.avals import aval
from tfcompat._core.convert import convert
from tfcompat._core.hot import recorded
from tfcompat._core.op import Any, Check, Data, Ints, Many, Op, T, call, check_dtypes, invoke, op
from tfcompat._core.refusals import mistyped
from tfcompat._core.sizes import Unresized, has_unknown, holds_unknown, opened
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import PLAIN, STATIC, TensorHandle, host_value, size_value
from tfcompat._declare import for_shapes, invalid, refused
from tfcompat._index_patterns import (
    AT,
    GIVEN,
    INDEX_DTYPES,
    NEW,
    UnknownBound,
    bound,
    expand,
    index_value,
    layout,
    open_bound,
    parse,
    unpack_entry,
)

WIDE = (dtypes.int32, dtypes.int64)

_SCALAR = aval((), np.dtype(np.int32))
_new = object.__new__
_SMALL = [np.int32(i) for i in range(1024)]  # making a NumPy scalar costs more than looking one up


def take_window(input_, begins, spans):
    """The part of `input_` that starts at `begins`; static where all of it is known."""
    if list(spans) == list(input_.shape):
        return input_
    if 0 in input_.shape and 0 not in spans:  # a position in nothing: refused where it is taken, not in a loop that never runs
        return lax.pad(input_, np.zeros((), input_.dtype), [(0, s - n, 0) for s, n in zip(spans, input_.shape, strict=True)])
    if not any(isinstance(b, jax.Array) for b in begins):
        return lax.slice(input_, begins, [b + s for b, s in zip(begins, spans, strict=True)])
    return lax.dynamic_slice_p.bind(input_, *_positions(begins), slice_sizes=tuple(spans))  # starts are in range: no clamping


def _positions(begins):
    """First positions as arrays of one dtype."""
    found = {b.dtype for b in begins if isinstance(b, jax.Array)}
    return [jnp.asarray(b, np.int64 if found - {np.dtype(np.int32)} else np.int32) for b in begins]


def strided_slice_body(input_: T, starts: Many("Tidx"), pattern: Sizes):
    begins, spans, steps, result = layout(input_.shape, pattern, starts)
    value = take_window(input_, begins, spans)
    turned = [d for d, step in enumerate(steps) if step < 0]
    if turned:
        value = lax.rev(value, turned)
    if any(abs(step) != 1 for step in steps):
        value = lax.slice(value, [0] * value.ndim, value.shape, [abs(step) for step in steps])
    return value if value.shape == result else lax.reshape(value, result)


def positions_bad(input_, starts, pattern, value=None):
    bad = [(s < -n) | (s >= n) for s, n in tensor_positions(input_.shape, starts, pattern)]
    return jnp.stack(bad).any()


def positions_message(input_, starts, pattern, value=None):
    dimensions = [d for d, entry in enumerate(e for e in pattern if e != NEW) if entry == AT]
    for d, (s, n) in zip(dimensions, tensor_positions(input_.shape, starts, pattern), strict=True):
        if not -n <= s < n:
            return f"slice index {int(s) + n if s < 0 else int(s)} of dimension {d} out of bounds."
    return "slice index out of bounds."


def tensor_positions(shape, starts, pattern):
    """(position, size of its dimension) of each position that a tensor gives."""
    starts, d, found = iter(starts), 0, []
    for entry in pattern:
        if entry == NEW:
            continue
        if unpack_entry(entry, shape[d])[2] == GIVEN:
            start = next(starts)
            if entry == AT:
                found.append((start, shape[d]))
        d += 1
    return found


_PARAMETERS = [("input_", T), ("starts", Many("Tidx")), ("pattern", Sizes)]
_slice_op = Op("StridedSlice", strided_slice_body, _PARAMETERS)
_slice_at_op = Op("StridedSlice", strided_slice_body, _PARAMETERS, check=Check(positions_bad, positions_message))


def getitem(tensor, index):
    """`tensor[index]` as TensorFlow's tensors do it.

    Args:
      tensor: a Tensor.
      index: an int, slice, `...`, None (`tf.newaxis`), scalar integer tensor or array, a tuple (or list) of these, or
        a boolean mask.

    Raises:
      TypeError: something else as index. InvalidArgumentError: too many items, a position out of range, step 0.
    """
    kind = type(index)
    if kind is not tuple:
        if kind is not int and kind is not slice:
            mask = boolean_index(index)
            if mask is not None:
                return _boolean_mask(tensor, mask)
        if isinstance(index, list) and any(isinstance(i, bool) for i in index):
            check_allowed("StridedSlice", "Index", dtypes.bool, INDEX_DTYPES)
        index = tuple(index) if isinstance(index, (list, tuple)) else (index,)
    a = tensor._aval
    if a.np_dtype.hasobject:
        return getitem_strings(tensor, index)
    if has_unknown(tensor):
        return take_unknown(tensor, index)
    try:
        pattern, starts = parse(a.shape, index)
    except UnknownBound:
        return take_unknown(tensor, index)
    return take(tensor, pattern, starts)


_POSITION = _SCALAR, _SMALL, np.int32  # how a position becomes a tensor
getitem = hot.subscript(_slice_op, _POSITION, getitem)


def _position(s):
    """A position as a tensor."""
    tensor = _new(Tensor)
    tensor._aval = _SCALAR
    tensor._value = _SMALL[s] if s < len(_SMALL) else np.int32(s)
    tensor._seg = None
    tensor._slot = STATIC
    tensor._gid = 0
    return tensor


def take(tensor, pattern, starts):
    """The part of a tensor that a parsed index points to."""
    if AT in pattern:
        return invoke(_slice_at_op, (tensor, *same_dtype(starts)), (pattern,), len(starts))
    a = tensor._aval
    ins = (tensor, *[_position(s) for s in starts])
    return recorded(_slice_op, (a, pattern), ins, (pattern,), len(starts))


# Indexing of tensors of which some sizes are not known: the index itself is an attribute, understood for the sizes of a
# call. In place of a slice stands ("slice", start, stop, step), of a tensor ("tensor", its number).


def _understood(shape, items):
    """(pattern, starts) of an index: see `parse`; a tensor among the starts is ("tensor", its number)."""
    return parse(shape, [slice(*item[1:]) if type(item) is tuple and item[0] == "slice" else item for item in items])


def _index_body(input_: T, tensors: Many("Tidx"), items: Any):
    pattern, starts = _understood(input_.shape, items)
    return strided_slice_body(input_, [_start(s, tensors) for s in starts], pattern)


def _start(start, tensors):
    return jnp.asarray(start, np.int32) if type(start) is int else tensors[start[1]]


def _index_bad(input_, tensors, items):
    pattern, starts = _understood(input_.shape, items)
    return positions_bad(input_, [_start(s, tensors) for s in starts], pattern)


def _index_message(input_, tensors, items):
    pattern, starts = _understood(input_.shape, items)
    return positions_message(input_, [s if type(s) is int else tensors[s[1]] for s in starts], pattern)


_INDEX_PARAMETERS = [("input_", T), ("tensors", Many("Tidx")), ("items", Any)]
_index_op = Op("StridedSlice", _index_body, _INDEX_PARAMETERS)
_index_at_op = Op("StridedSlice", _index_body, _INDEX_PARAMETERS, check=Check(_index_bad, _index_message))


def take_unknown(tensor, index):
    """`tensor[index]` for a tensor of which some sizes are not known."""
    items, tensors = [], []
    for item in index:
        if isinstance(item, slice):
            items.append(("slice", *map(open_bound, (item.start, item.stop, item.step))))
        elif item is None or item is Ellipsis:
            items.append(item)
        else:
            value = index_value(item)
            if type(value) is not int:
                tensors.append(value)
                value = "tensor", len(tensors) - 1
            items.append(value)
    declared = _index_at_op if tensors else _index_op
    result = invoke(declared, (tensor, *same_dtype(tensors)), (tuple(items),), len(tensors))
    shape, axes, d, axis = tensor._aval.shape, {}, 0, 0
    for item in expand(shape, items) if Ellipsis in items else items:
        if item is not None:
            ranged = isinstance(item, slice) or type(item) is tuple and item[0] == "slice"
            bounds = [abs(n) for n in item[1:] if n is not None] if type(item) is tuple and ranged else ()
            if bounds and holds_unknown((shape[d], *bounds)):
                axes[axis] = holds_unknown(bounds)
            d += 1
            if not ranged:
                continue
        axis += 1
    return opened(result, axes) if axes else result


def getitem_strings(tensor, items):
    """Strings never leave the host: NumPy's own indexing, after TensorFlow's checks."""
    plain = tuple([slice(*map(bound, (i.start, i.stop, i.step))) if isinstance(i, slice)
                   else i if i is None or i is Ellipsis else bound(i) for i in items])  # fmt: skip
    parse(tensor._aval.shape, plain)
    return on_host(lambda array: array[plain], tensor)


def on_host(function, tensor, *args):
    """Applies a NumPy function to a string tensor: strings never leave the host."""
    result = np.asarray(function(np.asarray(host_value(tensor)), *args), object)
    return Tensor(aval(result.shape, result.dtype), result, None, PLAIN)


def same_dtype(starts):
    """Positions as tensors: ints become what the tensors among them are."""
    if not starts:
        return []
    dtype = next(s._aval.np_dtype for s in starts if type(s) is not int)
    scalar = aval((), dtype)
    return [Tensor(scalar, dtype.type(s), None, STATIC) if type(s) is int else s for s in starts]


def boolean_index(index):
    """The mask, where an index is one: a boolean tensor, array or True/False."""
    if hasattr(type(index), "_read"):
        index = index._read()
    if isinstance(index, TensorHandle):
        return index if index._aval.dtype is dtypes.bool else None
    if isinstance(index, bool) or (isinstance(index, np.ndarray) and index.dtype == np.bool_):
        return index
    return None


_boolean_mask = None  # tf.boolean_mask; set by the module that defines it


def set_boolean_mask(function):
    global _boolean_mask
    _boolean_mask = function


# Assigning to slices


def slice_assign_body(ref: T, starts: Many("Tidx"), pattern: Sizes, value: T):
    begins, spans, steps, result = layout(ref.shape, pattern, starts)
    value = fit(value, result)
    if 0 in spans:
        return ref
    sizes = [(span - 1) // abs(step) + 1 for span, step in zip(spans, steps, strict=True)]
    value = value if list(value.shape) == sizes else lax.reshape(value, sizes)
    turned = [d for d, step in enumerate(steps) if step < 0]
    if turned:
        value = lax.rev(value, turned)
    whole = spans == list(ref.shape)
    if sizes != spans:
        part = tuple([slice(None, None, abs(step)) for step in steps])
        value = take_window(ref, begins, spans).at[part].set(value)
    return value if whole else lax.dynamic_update_slice_p.bind(ref, value, *_positions(begins))


def fit(value, shape):
    """`value` broadcast to `shape`; leading dimensions of size 1 may be too many."""
    given = value.shape
    kept = given[max(0, len(given) - len(shape)) :]
    extra = given[: len(given) - len(kept)]
    aligned = zip(kept, shape[len(shape) - len(kept) :], strict=True)
    if any(n != 1 for n in extra) or any(n not in (1, m) for n, m in aligned):
        texts = [",".join(map(str, s)) for s in (given, shape)]
        raise refused(
            f"Cannot broadcast input shape [{texts[0]}] into final shape [{texts[1]}]",
            "ResourceStridedSliceAssign", "strided_slice/_assign",
        )  # fmt: skip
    value = value if not extra else lax.reshape(value, kept)
    return value if kept == shape else lax.broadcast_in_dim(value, shape, range(len(shape) - len(kept), len(shape)))


_ASSIGN = [("ref", T), ("starts", Many("Tidx")), ("pattern", Sizes), ("value", T)]
_assign_op = Op("ResourceStridedSliceAssign", slice_assign_body, _ASSIGN, inplace=0)


_assign_at_op = Op("ResourceStridedSliceAssign", slice_assign_body, _ASSIGN, inplace=0,
                   check=Check(positions_bad, positions_message))  # fmt: skip


def assign(tensor, pattern, starts, value):
    """The tensor with `value` put in where a parsed index points: `Variable[index].assign(value)`.

    Args:
      tensor: a Tensor, the variable's value.
      pattern, starts: the index, as `parse` gives it.
      value: converted to the tensor's dtype, broadcast to the indexed shape.

    Raises:
      InvalidArgumentError: the shapes do not fit. ValueError, TypeError: the dtypes do not.
    """
    a = tensor._aval
    if type(value) is not Tensor or value._aval.dtype is not a.dtype:
        value = convert(value, a.dtype)
    if AT in pattern:
        starts = same_dtype(starts)
        ins = (tensor, *starts, value)
        return invoke(_assign_at_op, ins, (pattern,), len(starts))
    ins = (tensor, *[_position(s) for s in starts], value)
    return recorded(_assign_op, (a, value._aval, pattern), ins, (pattern,), len(starts))


assign = hot.putting(_assign_op, _POSITION, assign)


# Strings: an op that only moves elements moves their positions instead


def moves(public):
    """Lets an op that only moves elements take strings, which JAX does not know: no cost to other calls."""
    public.op.otherwise = call_moving
    return public


_NO_TEXT = np.array([b""], object)  # what zeros stand for


def call_moving(declared, key, ins, attrs, count=0, spec=None):
    if spec is not None or not any([t._aval.np_dtype.hasobject for t in ins]):
        return call(declared, key, ins, attrs, count, spec)
    moved = declared.moved.get(key)  # the key of the same call on numbers
    if moved is None:
        check_dtypes(declared, ins)
        avals = [aval(a.shape, np.dtype(np.int64)) if (a := t._aval).np_dtype.hasobject else a for t in ins]
        moved = declared.moved[key] = (*avals, *attrs, count)
    table, places, first = [_NO_TEXT], [], 1
    for t, a in zip(ins, moved, strict=False):
        if t._aval is not a:
            table.append(np.asarray(host_value(t)).reshape(-1))
            t = Tensor(a, np.arange(first, first + a.size).reshape(a.shape), None, PLAIN)
            first += a.size
        places.append(t)
    elements = np.concatenate(table)
    results = call(declared, moved, tuple(places), attrs, count)
    if not isinstance(results, list):
        return on_host(elements.__getitem__, results)
    return [on_host(elements.__getitem__, r) if r._aval.dtype is dtypes.int64 else r for r in results]


# Slices with explicit sizes


def _not_of_rank(shape, begin, size):
    given = [t._aval.shape for t in (begin, size)]
    ranks = [g[0] for g in given if len(g) == 1 and g[0] != len(shape)]
    return for_shapes(f"Shape must be rank {ranks[0]} but is rank {len(shape)}", "Slice", shape, *given) if ranks else None


def slice_(input_, begin, size, name=None):
    """The part of `input_` of shape `size` that starts at `begin`.

    Args:
      input_: a tensor of rank n.
      begin: n positions (int32 or int64).
      size: n sizes; -1 means all that remains in that dimension.

    Raises:
      InvalidArgumentError: other lengths than n, or the part does not lie inside the tensor.
    """
    input_ = convert(input_)
    shape = input_._aval.shape
    sizes = size_list(size) if isinstance(size, (list, tuple)) else None
    begin, size = convert(begin), convert(size)
    check_allowed("Slice", "Index", begin._aval.dtype, WIDE)
    if begin._aval.shape != (len(shape),) or size._aval.shape != (len(shape),):
        raise invalid(
            f"Expected begin and size arguments to be 1-D tensors of size {len(shape)}, but got shapes "
            f"{list(begin._aval.shape)} and {list(size._aval.shape)} instead.", "Slice", name or "", _not_of_rank(shape, begin, size),
        )  # fmt: skip
    sizes = size_value(size).tolist() if sizes is None else list(sizes)
    if (begin._slot not in (STATIC, PLAIN) or has_unknown(input_) or holds_unknown(sizes)) and -1 not in sizes:
        return slice_at(input_, begin, sizes)
    starts = host_value(begin).tolist()
    for d, (start, n) in enumerate(zip(starts, shape, strict=True)):
        if not 0 <= start <= n:
            raise refused(f"Expected begin[{d}] in [0, {n}], but got {start}", "Slice", name or "")
        sizes[d] = n - start if sizes[d] == -1 else sizes[d]
        if not 0 <= sizes[d] <= n - start:
            error = invalid if sizes[d] < 0 else refused
            raise error(f"Expected size[{d}] in [0, {n - start}], but got {sizes[d]}", "Slice", name or "")
    return getitem(input_, tuple([slice(b, b + s) for b, s in zip(starts, sizes, strict=True)]))



def check_allowed(kernel, attribute, dtype, allowed):
    if dtype not in allowed:
        names = ", ".join(d.name for d in allowed)
        text = f"Value for attr '{attribute}' of {dtypes.c_name(dtype)} is not in the list of allowed values: {names}"
        raise mistyped(text + f"\n\t; NodeDef: {{{{node {kernel}}}}} [Op:{kernel}] name: ")


def _slice_bad(input_, begin, size):
    return jnp.any((begin < 0) | (begin > jnp.asarray(input_.shape, begin.dtype) - jnp.asarray(size, begin.dtype)))


def _slice_message(input_, begin, size):
    for d, (start, s, n) in enumerate(zip(begin.tolist(), size, input_.shape, strict=True)):
        if not 0 <= start <= n:
            return f"Expected begin[{d}] in [0, {n}], but got {start}"
        if s > n - start:
            return f"Expected size[{d}] in [0, {n - start}], but got {s}"
    return "Slice out of range"


@moves
@op("Slice", check=Check(_slice_bad, _slice_message), Index=WIDE)
def slice_at(input_: T, begin: Data("Index"), size: Ints):
    """`slice_` at positions that are computed."""
    for d, (s, n) in enumerate(zip(size, input_.shape, strict=True)):
        if s == -1:
            raise Unresized("-1 is no size that a slice was recorded with")
        if not 0 <= s <= n:
            raise invalid(f"Expected size[{d}] in [0, {n}], but got {s}", "Slice")
    return lax.dynamic_slice(input_, list(begin), size, allow_negative_indices=False)


def strided_slice(input_, begin, end, strides=None, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0,
                  shrink_axis_mask=0, var=None, name=None):  # fmt: skip
    """The form of indexing in which `begin`, `end`, `strides` are vectors; bit i of a mask is about their element i.

    Args:
      input_: a tensor.
      begin, end, strides: int vectors of one length; strides default to 1.
      begin_mask, end_mask: the range starts, ends at the dimension's own limit.
      ellipsis_mask, new_axis_mask, shrink_axis_mask: the item is `...`, a new dimension, a single position.
      var: ignored.

    Raises:
      InvalidArgumentError: lengths differ, a stride is 0, a single position is out of range.
    """
    input_ = convert(input_)
    begin, end = convert(begin, None, dtypes.int32), convert(end, None, dtypes.int32)
    check_allowed("StridedSlice", "Index", begin._aval.dtype, INDEX_DTYPES)
    begin, end = size_value(begin), size_value(end)
    strides = np.ones_like(begin) if strides is None else size_value(convert(strides))
    if not begin.shape == end.shape == strides.shape or begin.ndim != 1:
        raise invalid(
            f"Expected begin, end, and strides to be 1D equal size tensors, but got shapes {list(begin.shape)}, "
            f"{list(end.shape)}, and {list(strides.shape)} instead.", "StridedSlice",
        )  # fmt: skip
    items = []
    for k, (b, e, s) in enumerate(zip(begin.tolist(), end.tolist(), strides.tolist(), strict=True)):
        bit = 1 << k
        if ellipsis_mask & bit:
            items.append(Ellipsis)
        elif new_axis_mask & bit:
            items.append(None)
        elif shrink_axis_mask & bit:
            items.append(b)
        else:
            items.append(slice(None if begin_mask & bit else b, None if end_mask & bit else e, s))
    unknown = holds_unknown(np.abs([*begin, *end, *strides]).tolist())
    return (take_unknown if unknown else getitem)(input_, tuple(items))
