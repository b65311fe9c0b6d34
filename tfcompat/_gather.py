"""Gather and scatter: elements and slices at computed positions."""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import errors
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Check, Data, Int, Many, Shape, T, op
from tfcompat._core.refusals import plain
from tfcompat._declare import for_shapes, invalid, refused, unequal_shapes
from tfcompat._index_patterns import INDEX_DTYPES
from tfcompat._slicing import WIDE, moves
from tfcompat._vectors import One

# Gather

Tindices = Data("Tindices")


def _text(shape):
    return ",".join(map(str, shape))


def _gather_axis(params, indices, axis, batch_dims, kernel="GatherV2"):
    """Checks a gather's attributes and makes them positive."""
    if params.ndim == 0:
        raise invalid("params must be at least 1 dimensional", kernel)
    least = axis + 1 if axis >= 0 else -axis
    if params.ndim < least:
        text = f"Shape must be at least rank {least} but is rank {params.ndim}"
        recorded = for_shapes(text, kernel, params, indices, (), computed={2: [axis]})
        raise invalid(text, kernel, while_recording=recorded)
    if not -indices.ndim <= batch_dims <= indices.ndim:
        raise invalid(f"Expected batch_dims in the range [{-indices.ndim}, {indices.ndim}], but got {batch_dims}", kernel)
    batch_dims += indices.ndim if batch_dims < 0 else 0
    axis += params.ndim if axis < 0 else 0
    if batch_dims >= params.ndim:
        raise invalid(f"batch_dims ({batch_dims}) must be less than rank(params) ({params.ndim}).", kernel)
    if axis < batch_dims:
        raise invalid(f"batch_dims ({batch_dims}) must be less than or equal to axis ({axis}).", kernel)
    for d in range(batch_dims):
        if params.shape[d] != indices.shape[d]:
            raise refused(f"params.shape[{d}]: {params.shape[d]} should be equal to indices.shape[{d}]: "
                          f"{indices.shape[d]}", kernel)  # fmt: skip
    return axis, batch_dims


def outside(indices, limits):
    """Which of `indices` are not in 0..limits-1: as unsigned numbers, those below 0 are the largest."""
    unsigned = np.dtype(f"u{indices.dtype.itemsize}")
    if unsigned.itemsize < 4:  # a limit may be beyond what the dtype holds
        indices, unsigned = indices.astype(np.int32), np.dtype(np.uint32)
    return lax.bitcast_convert_type(indices, unsigned) >= jnp.asarray(limits, unsigned)


def _outside(params, indices, axis, batch_dims):
    axis, batch_dims = _gather_axis(params, indices, axis, batch_dims)
    return jnp.any(outside(indices, params.shape[axis]))


def _outside_message(params, indices, axis, batch_dims):
    return index_message(indices, params.shape[axis])


def index_message(indices, limit):
    """TensorFlow's text about the first of `indices` that is not in 0..limit-1."""
    place = np.argwhere((indices < 0) | (indices >= limit))[0]
    where = f"[{_text(place)}]" if len(place) else ""
    return f"indices{where} = {indices[tuple(place)]} is not in [0, {limit})"


def _gathering(kernel, types):
    """The op of a kernel that gathers: `gather` with its axis written out."""
    axis_of = One(kernel, "axis must be scalar", "Taxis", hint=None)

    @moves
    @op(kernel, check=Check(_outside, _outside_message), Tindices=types)
    @inlined
    def gather_v2(params: T, indices: Tindices, axis: axis_of, batch_dims: Int):
        axis, batch = _gather_axis(params, indices, axis, batch_dims, kernel)
        width = indices.ndim - batch
        numbers = lax.GatherDimensionNumbers(
            offset_dims=(*range(batch, axis), *range(axis + width, params.ndim - 1 + width)),
            collapsed_slice_dims=(axis,),
            start_index_map=(axis,),
            operand_batching_dims=tuple(range(batch)),
            start_indices_batching_dims=tuple(range(batch)),
        )
        if params.shape[axis] == 0:
            return jnp.zeros((*params.shape[:axis], *indices.shape[batch:], *params.shape[axis + 1 :]), params.dtype)
        sizes = [1 if d == axis or d < batch else n for d, n in enumerate(params.shape)]
        # Positions have been checked; where a flag is still unread, clamping keeps the program well-defined.
        return lax.gather(params, lax.expand_dims(indices, [indices.ndim]), numbers, sizes, mode="clip")

    return gather_v2


gather_v2 = _gathering("GatherV2", INDEX_DTYPES)
gather_rows = _gathering("ResourceGather", WIDE)  # rows of variables have a kernel of their own


@by_form
def gather(params, indices, validate_indices=None, axis=None, batch_dims=0, name=None):
    """Slices of `params` along `axis` at `indices`.

    Args:
      params: a tensor of rank at least 1.
      indices: an int16, int32 or int64 tensor of positions in `axis`; its first `batch_dims` dimensions are those of
        `params`.
      validate_indices: ignored; positions are always checked.
      axis: an int; default: `batch_dims`.

    Returns:
      A tensor of shape `params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]`.

    Raises:
      InvalidArgumentError: a position out of range, or shapes and axes that do not fit.
    """
    batch = batch_dims if batch_dims is None else Int.canonical(batch_dims, "batch_dims")
    axis = batch_dims if axis is None else axis
    rows = type(axis) is int and axis == 0 == batch and _is_variable(params)
    return (gather_rows if rows else gather_v2)(params, indices, axis, batch)


def _is_variable(params):
    return hasattr(type(params), "_read")


gather.op = gather_v2.op


@moves
@op("Gather")
def take(params: T, indices: Tindices, axis: Int):
    """`gather` at positions that are known to be in range; its gradient is always dense."""
    return gather_v2.op.body(params, indices, axis, 0)


def _nd_limits(params, indices, batch_dims, kernel="GatherNd"):
    if params.ndim == 0:
        raise (invalid if indices.shape[-1:] > (0,) else refused)("params must be at least a vector", kernel)
    if indices.ndim == 0:
        raise invalid("indices must be at least a vector", kernel)
    if batch_dims and batch_dims >= indices.ndim:
        raise plain(ValueError(f"Argument `batch_dims` = {batch_dims} must be less than rank(`indices`) = {indices.ndim}"))
    depth = indices.shape[-1]
    if depth > params.ndim - batch_dims:
        text = (f"indices.shape[-1] must be <= params.rank, but saw indices shape: {shape_text(indices.shape)} and params shape: "
                f"{shape_text(params.shape)}")  # fmt: skip
        raise invalid(f"index innermost dimension length must be <= params rank; saw: {depth} vs. "
                      f"{params.ndim - batch_dims}", kernel,
                      while_recording=for_shapes(text, kernel, params, indices))  # fmt: skip
    return params.shape[batch_dims : batch_dims + depth]


def _nd_outside(params, indices, batch_dims):
    return jnp.any(outside(indices, _nd_limits(params, indices, batch_dims)))


def _nd_message(kernel, params, indices, batch_dims):
    limits = params.shape[batch_dims : batch_dims + indices.shape[-1]]
    where, row = first_outside(indices, limits)
    return f"indices{where} = {row} does not index into param shape [{_text(params.shape)}], node name: {kernel}"


def first_outside(indices, limits):
    """Place and text of the first row of `indices` that is out of range."""
    bad = ((indices < 0) | (indices >= np.asarray(limits))).any(-1)
    place = np.argwhere(bad)[0]
    return f"[{_text(place)}]" if len(place) else "", f"[{', '.join(map(str, indices[tuple(place)].tolist()))}]"


def _gathering_nd(kernel, types):
    """The op of a kernel that gathers: `gather_nd` where positions out of range are errors."""

    @moves
    @op(kernel, check=Check(_nd_outside, functools.partial(_nd_message, kernel)), Tindices=types)
    @inlined
    def gather_at(params: T, indices: Tindices, batch_dims: Int):
        _nd_limits(params, indices, batch_dims, kernel)
        if params.size == 0 and math.prod(indices.shape[:-1]):
            raise refused(f"Requested more than 0 entries, but params is empty.  Params shape: {_rows(params.shape)}", kernel)
        return _at_rows(params, indices, batch_dims)

    return gather_at


gather_at = _gathering_nd("GatherNd", INDEX_DTYPES)
gather_at_rows = _gathering_nd("ResourceGatherNd", WIDE)


def _at_rows(params, indices, batch_dims):
    depth, width = indices.shape[-1], indices.ndim - 1
    if depth == 0:
        outer = indices.shape[batch_dims:-1]
        kept = (*range(batch_dims), *range(width, width + params.ndim - batch_dims))
        return lax.broadcast_in_dim(params, (*params.shape[:batch_dims], *outer, *params.shape[batch_dims:]), kept)
    indexed = tuple(range(batch_dims, batch_dims + depth))
    if any(params.shape[d] == 0 for d in indexed):
        return jnp.zeros((*indices.shape[:-1], *params.shape[batch_dims + depth :]), params.dtype)
    numbers = lax.GatherDimensionNumbers(
        offset_dims=tuple(range(width, width + params.ndim - batch_dims - depth)),
        collapsed_slice_dims=indexed,
        start_index_map=indexed,
        operand_batching_dims=tuple(range(batch_dims)),
        start_indices_batching_dims=tuple(range(batch_dims)),
    )
    sizes = [1 if d < batch_dims + depth else n for d, n in enumerate(params.shape)]
    return lax.gather(params, indices, numbers, sizes, mode="clip")


def check_policy(policy):
    """Raises unless positions out of range are to be errors."""
    if policy == "IGNORE":
        raise NotImplementedError("bad_indices_policy='IGNORE': leave positions that are out of range out yourself.")
    if policy not in ("", "DEFAULT", "ERROR"):
        raise errors.InvalidArgumentError(None, None, f"Unknown bad_indices_policy: {policy}")


@by_form
def gather_nd(params, indices, batch_dims=0, name=None, bad_indices_policy=""):
    """Slices of `params` at the positions that the last dimension of `indices` holds.

    Args:
      params: a tensor.
      indices: an integer tensor.
      batch_dims: how many leading dimensions `params` and `indices` share.
      bad_indices_policy: "", "DEFAULT" or "ERROR": positions out of range are errors.

    Returns:
      A tensor of shape `indices.shape[:-1] + params.shape[batch_dims + indices.shape[-1]:]`.

    Raises:
      InvalidArgumentError: a position out of range, more indices than dimensions.
    """
    if bad_indices_policy:
        check_policy(bad_indices_policy)
    rows = type(batch_dims) is int and batch_dims == 0 and _is_variable(params)
    return (gather_at_rows if rows else gather_at)(params, indices, batch_dims)


gather_nd.op = gather_at.op

# Scatter: the last dimension of `indices` holds positions

_SCATTER = {
    "update": lax.scatter, "add": lax.scatter_add, "mul": lax.scatter_mul, "min": lax.scatter_min,
    "max": lax.scatter_max,
}  # fmt: skip


def scatter(tensor, indices, updates, combine):
    """JAX's scatter of TensorFlow's scatter_nd: `indices` has shape [..., depth]."""
    depth, width = indices.shape[-1], indices.ndim - 1
    numbers = lax.ScatterDimensionNumbers(
        update_window_dims=tuple(range(width, updates.ndim)),
        inserted_window_dims=tuple(range(depth)),
        scatter_dims_to_operand_dims=tuple(range(depth)),
    )
    if combine in ("sub", "div"):
        if combine == "sub":
            return lax.scatter_add(tensor, indices, -updates, numbers, mode="drop")
        divisor = lax.scatter_mul(jnp.ones_like(tensor), indices, updates, numbers, mode="drop")
        return lax.div(tensor, divisor)
    return _SCATTER[combine](tensor, indices, updates, numbers, mode="drop")


def collect(g, indices):
    """Slices of `g` at the rows of `indices`: the transpose of `scatter`."""
    return _at_rows(g, indices, 0)


def _rows(shape):
    return f"[{_text(shape)}]"


def _fault(kernel, shape, indices, updates):
    """`invalid` where shape inference finds that a scatter does not fit, `refused` where its kernel alone does."""
    if not indices.ndim or not updates.ndim and kernel == "ScatterNd":
        return invalid
    outer, depth = indices.ndim - 1, indices.shape[-1]
    empty = not math.prod(shape) and (indices.size or updates.size)
    fits = updates.shape[:outer] == indices.shape[:-1] and updates.shape[outer:] == tuple(shape[depth:])
    return refused if fits and not empty else invalid


def _check_filled(kernel, shape, indices, updates, fault):
    """Raises where kernels do: scalars, something empty with something that is not, positions that say nothing."""
    for name, array in (("Indices", indices), ("Updates", updates)):
        if array.ndim == 0:
            raise fault(f"{name} shape must have rank at least one. Found:[]", kernel)
    sizes = indices.size, updates.size
    if any(sizes) and 0 in (*sizes, math.prod(shape)):
        raise fault("Indices and updates specified for empty output shape", kernel)
    if indices.ndim == 1 and indices.size:  # the kernels read a vector as a column, which the checks before do not
        raise fault(f"Dimensions [0,1) of indices[shape={_rows(indices.shape)}] = {indices.size} must match dimensions "
                    f"[0,1) of updates[shape={_rows(updates.shape)}] = {updates.shape[0]}", kernel)  # fmt: skip
    if indices.shape[-1] == 0 and math.prod(shape):
        raise fault("Only indices.shape[-1] values between 1 and 5 are currently supported.  Requested rank: 0", kernel)


def check_tensor_scatter(kernel, shape, indices, updates):
    fault = _fault(kernel, shape, indices, updates)
    _check_filled(kernel, shape, indices, updates, fault)
    depth = indices.shape[-1]
    if updates.shape[: indices.ndim - 1] != indices.shape[:-1]:
        raise invalid(f"Outer dimensions of indices and update must match. Indices shape: {_rows(indices.shape)}, "
                      f"updates shape:{_rows(updates.shape)}", kernel,
                      while_recording=_outer_text(kernel, indices, updates, shape, indices, updates))  # fmt: skip
    if depth > len(shape) or updates.shape[indices.ndim - 1 :] != tuple(shape[depth:]):
        raise fault("Inner dimensions of output shape must match inner dimensions of updates shape. Output: "
                    f"{_rows(shape)} updates: {_rows(updates.shape)}", kernel)  # fmt: skip


def _outer_text(kernel, indices, updates, *inputs):
    outer = indices.ndim - 1
    left, right = indices.shape[:outer], updates.shape[:outer]
    text = (f"Dimensions [0,{outer}) of indices[shape={_rows(indices.shape)}] = {_rows(left)} must match dimensions [0,{outer}) of "
            f"updates[shape={_rows(updates.shape)}] = {_rows(right)}: {unequal_shapes(left, right)}")  # fmt: skip
    return for_shapes(text, kernel, *inputs)


def check_resource_scatter(kernel, shape, indices, updates):
    _check_filled(kernel, shape, indices, updates, refused)
    outer = indices.ndim - 1
    for d in range(outer):
        if d >= updates.ndim or updates.shape[d] != indices.shape[d]:
            raise invalid(
                f"Dimensions [0,{outer}) of indices[shape={_rows(indices.shape)}] = {indices.shape[d]} must match "
                f"dimensions [0,{outer}) of updates[shape={_rows(updates.shape)}] = "
                f"{updates.shape[d] if d < updates.ndim else 0}", kernel,
            )  # fmt: skip
    depth = indices.shape[-1]
    if depth > len(shape) or updates.shape[outer:] != tuple(shape[depth:]):
        raise invalid(
            f"Dimensions [{depth},{len(shape)}) of input[shape={_rows(shape)}] must match dimensions "
            f"[{outer},{updates.ndim}) of updates[shape={_rows(updates.shape)}]", kernel,
        )  # fmt: skip


def check_scatter_nd(kernel, shape, indices, updates):
    fault = _fault(kernel, shape, indices, updates)
    _check_filled(kernel, shape, indices, updates, fault)
    outer, depth = indices.ndim - 1, indices.shape[-1]
    if updates.shape[:outer] != indices.shape[:-1]:
        recorded = _outer_text(kernel, indices, updates, indices, updates, [len(shape)])
        raise invalid(f"Dimensions [0,{outer}) of indices[shape={_rows(indices.shape)}] must match dimensions "
                      f"[0,{outer}) of updates[shape={_rows(updates.shape)}]", kernel, while_recording=recorded)  # fmt: skip
    if depth > len(shape) or updates.shape[outer:] != tuple(shape[depth:]):
        raise fault(f"Dimensions [{depth},{len(shape)}) of input[shape={_rows(shape)}] must match dimensions "
                    f"[{outer},{updates.ndim}) of updates[shape={_rows(updates.shape)}]", kernel)  # fmt: skip


def _scatter_bad(tensor, indices, updates):
    return jnp.any(outside(indices, tensor.shape[: indices.shape[-1]]))


def _scatter_message(tensor, indices, updates):
    return scatter_message(tensor.shape, indices)


def scatter_message(shape, indices):
    where, row = first_outside(indices, shape[: indices.shape[-1]])
    return f"indices{where} = {row} does not index into shape {_rows(shape)}"


def _update_grad(g, out, tensor, indices, updates):
    return scatter(g, indices, jnp.zeros_like(updates), "update"), collect(g, indices)


def _add_grad(sign):
    def grad(g, out, tensor, indices, updates):
        return g, collect(g, indices) if sign > 0 else -collect(g, indices)

    return grad


def _extreme_grad(g, out, tensor, indices, updates):
    """Shares the gradient evenly among all elements that are the extreme one."""
    from_tensor = (tensor == out).astype(g.dtype)
    from_updates = (updates == collect(out, indices)).astype(g.dtype)
    shared = g / (from_tensor + scatter(jnp.zeros_like(g), indices, from_updates, "add"))
    return shared * from_tensor, collect(shared, indices) * from_updates


_GRADIENTS = {"update": _update_grad, "add": _add_grad(1), "sub": _add_grad(-1), "min": _extreme_grad,
              "max": _extreme_grad}  # fmt: skip
_WORDS = {
    "update": "set to", "add": "increased by", "sub": "decreased by", "mul": "multiplied by", "div": "divided by",
    "min": "lowered to at most", "max": "raised to at least",
}  # fmt: skip


def _scatter_labels(shapes, *attrs):
    """Which sizes agree: an update for each position, of the shape of what the position leaves of the tensor."""
    *tensor, indices, updates = shapes
    rows = len(indices) - 1
    of_tensor = [[("tensor", d) for d in range(len(s))] for s in tensor]
    of_updates = [("row", d) if d < rows else ("tensor", indices[-1] + d - rows) for d in range(len(updates))]
    return [*of_tensor, [*[("row", d) for d in range(rows)], "position"], of_updates]


def declare_nd(kernel, name, combine, check, moving=False):
    """An op (tensor, indices, updates) -> tensor over the rows of `indices`."""

    def body(tensor: T, indices: Tindices, updates: T):
        check(kernel, tensor.shape, indices, updates)
        return scatter(tensor, indices, updates, combine)

    body.__name__ = name
    body.__doc__ = f"""The tensor with its slices at the positions in `indices` {_WORDS[combine]} `updates`.

    Args:
      tensor: a tensor.
      indices: an int16, int32 or int64 tensor of shape [..., k]: positions in the first k dimensions of `tensor`.
      updates: a tensor of shape `indices.shape[:-1] + tensor.shape[k:]` and the tensor's dtype.

    Raises:
      InvalidArgumentError: a position out of range, or shapes that do not fit.
    """
    grad = _GRADIENTS.get(combine, True)
    public = op(kernel, grad=grad, check=Check(_scatter_bad, _scatter_message), inplace=0, Tindices=INDEX_DTYPES)(body)
    public.op.agree = _scatter_labels
    return moves(public) if moving else public


tensor_scatter_nd_update = declare_nd("TensorScatterUpdate", "tensor_scatter_nd_update", "update", check_tensor_scatter,
                                      moving=True)  # fmt: skip


def _with_policy(scatter_op):
    def public(tensor, indices, updates, bad_indices_policy="", name=None):
        if bad_indices_policy:
            check_policy(bad_indices_policy)
        return scatter_op(tensor, indices, updates)

    public.__name__ = public.__qualname__ = scatter_op.__name__
    public.__doc__, public.op = scatter_op.__doc__, scatter_op.op
    return public


tensor_scatter_nd_add = _with_policy(
    declare_nd("TensorScatterAdd", "tensor_scatter_nd_add", "add", check_tensor_scatter)
)
tensor_scatter_nd_sub = _with_policy(
    declare_nd("TensorScatterSub", "tensor_scatter_nd_sub", "sub", check_tensor_scatter)
)
tensor_scatter_nd_max = _with_policy(
    declare_nd("TensorScatterMax", "tensor_scatter_nd_max", "max", check_tensor_scatter)
)
tensor_scatter_nd_min = _with_policy(
    declare_nd("TensorScatterMin", "tensor_scatter_nd_min", "min", check_tensor_scatter)
)

# The same for variables: functions of the variable's value
scatter_nd_update = declare_nd("ResourceScatterNdUpdate", "scatter_nd_update", "update", check_resource_scatter,
                               moving=True)  # fmt: skip
scatter_nd_add = declare_nd("ResourceScatterNdAdd", "scatter_nd_add", "add", check_resource_scatter)
scatter_nd_sub = declare_nd("ResourceScatterNdSub", "scatter_nd_sub", "sub", check_resource_scatter)
scatter_nd_max = declare_nd("ResourceScatterNdMax", "scatter_nd_max", "max", check_resource_scatter)
scatter_nd_min = declare_nd("ResourceScatterNdMin", "scatter_nd_min", "min", check_resource_scatter)


def _new_bad(indices, updates, shape):
    return jnp.any(outside(indices, shape[: indices.shape[-1]]))


def _new_message(indices, updates, shape):
    return scatter_message(shape, indices)


@moves
@op("ScatterNd", check=Check(_new_bad, _new_message), Tindices=INDEX_DTYPES)
def scatter_into(indices: Tindices, updates: T, shape: Shape):
    """`scatter_nd` where positions out of range are errors."""
    check_scatter_nd("ScatterNd", shape, indices, updates)
    if updates.dtype == np.bool_:
        return scatter(jnp.zeros(shape, np.int32), indices, updates.astype(np.int32), "add") != 0
    return scatter(jnp.zeros(shape, updates.dtype), indices, updates, "add")


scatter_into.op.agree = _scatter_labels


@by_form
def scatter_nd(indices, updates, shape, bad_indices_policy="", name=None):
    """A tensor of `shape` that is 0 but for `updates`, added up where positions repeat.

    Args:
      indices: an int16, int32 or int64 tensor of shape [..., k]: positions in the first k dimensions.
      updates: a tensor of shape `indices.shape[:-1] + shape[k:]`.
      shape: the result's shape.
      bad_indices_policy: "", "DEFAULT" or "ERROR": positions out of range are errors.

    Raises:
      InvalidArgumentError: a position out of range, or shapes that do not fit.
    """
    if bad_indices_policy:
        check_policy(bad_indices_policy)
    return scatter_into(indices, updates, shape)


scatter_nd.op = scatter_into.op


# Scatter along the first dimension, for variables


def _first_bad(tensor, indices, updates):
    return jnp.any(outside(indices, tensor.shape[0]))


def _first_message(tensor, indices, updates):
    return index_message(indices, tensor.shape[0])


def declare_rows(kernel, name, combine):
    """An op (tensor, indices, updates) -> tensor over slices of the first dimension."""

    def body(tensor: T, indices: Tindices, updates: T):
        if updates.ndim and updates.shape[: indices.ndim] != indices.shape:
            raise invalid(f"The shape of indices ({shape_text(indices.shape)}) must be a prefix of the shape of updates "
                          f"({shape_text(updates.shape)})", kernel)  # fmt: skip
        full = (*indices.shape, *tensor.shape[1:])
        if updates.ndim and updates.shape != full:
            raise invalid(
                "Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got updates.shape "
                f"{_rows(updates.shape)}, indices.shape {_rows(indices.shape)}, params.shape {_rows(tensor.shape)}",
                kernel,
            )  # fmt: skip
        updates = updates if updates.ndim else jnp.broadcast_to(updates, full)
        return scatter(tensor, lax.expand_dims(indices, [indices.ndim]), updates, combine)

    body.__name__ = name
    body.__doc__ = f"""The tensor with its rows at `indices` {_WORDS[combine]} `updates`.

    Args:
      tensor: a tensor of rank at least 1.
      indices: an int32 or int64 tensor of positions in the first dimension.
      updates: a tensor of shape `indices.shape + tensor.shape[1:]`, or a scalar.

    Raises:
      InvalidArgumentError: a position out of range, or shapes that do not fit.
    """
    return op(kernel, check=Check(_first_bad, _first_message), inplace=0, Tindices=WIDE)(body)


scatter_update = moves(declare_rows("ResourceScatterUpdate", "scatter_update", "update"))
scatter_add = declare_rows("ResourceScatterAdd", "scatter_add", "add")
scatter_sub = declare_rows("ResourceScatterSub", "scatter_sub", "sub")
scatter_mul = declare_rows("ResourceScatterMul", "scatter_mul", "mul")
scatter_div = declare_rows("ResourceScatterDiv", "scatter_div", "div")
scatter_max = declare_rows("ResourceScatterMax", "scatter_max", "max")
scatter_min = declare_rows("ResourceScatterMin", "scatter_min", "min")


def batch_scatter_update(tensor, indices, updates):
    """The tensor with `tensor[b0, ..., indices[b0, ..., j]]` set to `updates[b0, ..., j]`.

    Args:
      tensor: a tensor; all dimensions of `indices` but the last are its leading ones.
      indices: an int tensor of positions.
      updates: a tensor of shape `indices.shape + tensor.shape[indices.ndim:]`.
    """
    indices = convert(indices)
    shape = indices._aval.shape
    grids = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")[:-1]
    rows = stack_last([*[convert(g.astype(indices._aval.np_dtype)) for g in grids], indices])
    return scatter_nd_update(tensor, rows, updates)


@op("Pack.last")
def stack_last(values: Many("T")):
    """Tensors of one shape side by side in a new last dimension."""
    return jnp.stack(values, -1)
