"""Steps of plans whose places are data: slices, gather, scatter; see plans.py."""

import numpy as np
from jax.lax import GatherScatterMode

from tfcompat._core.lax_indexing import fill_value
from tfcompat._core.plans import PLACED, RANK, Unplanned, loop_of, step


def _position(view, batch, limit, stride):
    """Where a window begins in one dimension: `view` holds a number for each window, or one for all."""
    if view.dtype.kind != "i" or view.dtype.itemsize not in (4, 8):
        raise Unplanned("positions of another type")
    if limit < 0:
        raise Unplanned("a window that does not fit")
    return view.base, int(view.dtype.itemsize == 8), view.offset, view.strides if batch else (), int(limit), stride


def _placed(p, shape, batch, moved, positions, operands, leaves_out=False, ufunc=None):
    """A step over windows; `shape` has the dimensions that count them first, and so have the views `operands`."""
    if len(shape) > RANK:
        raise Unplanned("too many dimensions")
    if 0 in shape:
        return
    loop = 0
    if ufunc is not None:
        p.ufuncs.append(ufunc)
        loop = loop_of(ufunc, operands[0].dtype.char * 3)
    places = tuple([(v.base, v.offset, v.strides) for v in operands])
    detail = operands[0].dtype.itemsize, batch, moved, int(leaves_out), tuple(positions), ufunc, loop
    p.steps.append((PLACED, tuple(shape), places, detail))


@step("dynamic_slice")
def _dynamic_slice(p, e):
    (view, *starts), value = map(p.view, e.ins), e.outs[0]
    positions = [_position(v, 0, n - m, s) for v, n, m, s in zip(starts, view.shape, value.shape, view.strides, strict=True) if n != m]
    out = p.result(value)
    _placed(p, value.shape, 0, 1, positions, [out, view])


@step("dynamic_update_slice")
def _dynamic_update_slice(p, e):
    (view, update, *starts), value = map(p.view, e.ins), e.outs[0]
    out = p.result(value)
    p.copy(out, view)
    positions = [_position(v, 0, n - m, s) for v, n, m, s in zip(starts, out.shape, update.shape, out.strides, strict=True) if n != m]
    _placed(p, update.shape, 0, 0, positions, [out, update])


def _batched(view, axes):
    """A view with the axes `axes` first, the others behind, and those others."""
    others = [d for d in range(len(view.shape)) if d not in axes]
    order = [*axes, *others]
    return view.with_strides([view.shape[d] for d in order], [view.strides[d] for d in order])


def _indices(indices, operand, sizes, index_map):
    """Positions of the windows of an operand, of which the last axis of `indices` tells."""
    batch = len(indices.shape) - 1
    return [
        _position(indices.with_strides(indices.shape[:-1], indices.strides[:-1], k * indices.strides[-1]), batch or 0,
                  operand.shape[d] - sizes[d], operand.strides[d])
        for k, d in enumerate(index_map)
    ]  # fmt: skip


def _windows(operand, batch_shape, sizes, gone, batching):
    """An operand as one window for each index: the dimensions `gone` have no size, of those of `batching` each index has its own."""
    over = [0] * len(batch_shape)
    for d, axis in batching:
        over[axis] = operand.strides[d]
    kept = [d for d in range(len(sizes)) if d not in gone]
    return operand.with_strides([*batch_shape, *[sizes[d] for d in kept]], [*over, *[operand.strides[d] for d in kept]])


@step("gather")
def _gather(p, e):
    (operand, indices), value, numbers = map(p.view, e.ins), e.outs[0], e.params["dimension_numbers"]
    sizes, batch = e.params["slice_sizes"], len(indices.shape) - 1
    batching = list(zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True))
    gone = {*numbers.collapsed_slice_dims, *numbers.operand_batching_dims}
    positions = _indices(indices, operand, sizes, numbers.start_index_map)
    out = _batched(p.result(value), [d for d in range(len(value.shape)) if d not in numbers.offset_dims])
    operands = [out, _windows(operand, indices.shape[:-1], sizes, gone, batching)]
    fills = GatherScatterMode.from_any(e.params["mode"]) == GatherScatterMode.FILL_OR_DROP
    if fills:
        missing = np.array(fill_value(value.dtype, e.params.get("fill_value")), value.dtype)
        operands.append(p.constant(missing).spread(out.shape))
    _placed(p, out.shape, batch, 1, positions, operands, fills)


_COMBINING = {"scatter-add": np.add, "scatter-sub": np.subtract, "scatter-mul": np.multiply, "scatter-min": np.minimum, "scatter-max": np.maximum}


@step("scatter", *_COMBINING)
def _scatter(p, e):
    (operand, indices, updates), value, numbers = map(p.view, e.ins), e.outs[0], e.params["dimension_numbers"]
    jaxpr = e.params.get("update_jaxpr")
    if e.name == "scatter" and jaxpr is not None and (jaxpr.eqns or jaxpr.outvars[0] is not jaxpr.invars[1]):
        raise Unplanned("a function of elements")
    batch, window = len(indices.shape) - 1, numbers.update_window_dims
    gone = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
    sizes = [1] * len(operand.shape)
    for axis, d in zip(window, [d for d in range(len(sizes)) if d not in gone], strict=True):
        sizes[d] = updates.shape[axis]
    batching = list(zip(numbers.operand_batching_dims, numbers.scatter_indices_batching_dims, strict=True))
    out = p.result(value)
    p.copy(out, operand)
    positions = _indices(indices, out, sizes, numbers.scatter_dims_to_operand_dims)
    updates = _batched(updates, [d for d in range(len(updates.shape)) if d not in window])
    target = _windows(out, indices.shape[:-1], sizes, gone, batching)
    clips = GatherScatterMode.from_any(e.params["mode"]) == GatherScatterMode.CLIP
    _placed(p, updates.shape, batch, 0, positions, [target, updates], not clips, _COMBINING.get(e.name))
