"""Steps of plans over windows: slices at computed places, gather, scatter, convolutions, pools; see plans.py."""

import math

import numpy as np
from jax.lax import GatherScatterMode

from tfcompat._core.lax_indexing import fill_value
from tfcompat._core.lax_shapes import highest, lowest
from tfcompat._core.plans import PLACED, PRODUCT_MOST, RANK, Unplanned, loop_of, step


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


# Windows that slide: convolutions and pools


def _inside(size, count, stride, dilation, low, tap):
    """Of one dimension: (first result that a tap of the window has an element for, how many, the first such element)."""
    first = max(0, -((tap * dilation - low) // stride))
    last = min(count - 1, (size - 1 + low - tap * dilation) // stride)
    return first, last - first + 1, first * stride + tap * dilation - low


def _taps(view, out, window, strides, dilations, lows):
    """For each element of the window (the results that have one there, what of the view that is).

    `view` and `out` have the dimensions in which the window slides first.
    """
    rank = len(window)
    for place in np.ndindex(*window):
        parts = [
            _inside(view.shape[d], out.shape[d], strides[d], dilations[d], lows[d], place[d]) for d in range(rank)
        ]
        counts = [count for _, count, _ in parts]
        if min(counts, default=1) <= 0:
            continue
        target = out.with_strides([*counts, *out.shape[rank:]], out.strides, sum([a * s for (a, _, _), s in zip(parts, out.strides, strict=False)]))
        source = view.with_strides(
            [*counts, *view.shape[rank:]], [s * k for s, k in zip(view.strides, [*strides, *[1] * len(view.shape)], strict=False)],
            sum([b * s for (_, _, b), s in zip(parts, view.strides, strict=False)]),
        )  # fmt: skip
        yield target, source


def _spaced(p, x, out, window, params):
    """The operand of a convolution with zeros where the window finds nothing: around it, and between its elements."""
    sizes, source, starts, padded = [x.shape[0]], [x.shape[0]], [0], []
    for n, count, taps, stride, wide, apart, (low, _) in zip(x.shape[1:-1], out.shape[1:-1], window, params["window_strides"], params["rhs_dilation"],
                                                            params["lhs_dilation"], params["padding"], strict=True):  # fmt: skip
        sizes.append((count - 1) * stride + (taps - 1) * wide + 1)
        first = max(0, -(low // apart))
        source.append(max(0, min(n - 1, (sizes[-1] - 1 - low) // apart) - first + 1))
        starts.append(first)
        padded.append((first * apart + low, apart))
    taken = x.with_strides([*source, x.shape[-1]], x.strides, sum([i * s for i, s in zip(starts, x.strides, strict=False)]))
    if [*taken.shape[:-1]] == sizes and all([apart == 1 for _, apart in padded]):
        return taken
    full = p.room((*sizes, x.shape[-1]), x.dtype)
    p.copy(full, p.constant(np.zeros((), x.dtype)))
    strides = [full.strides[0], *[s * apart for s, (_, apart) in zip(full.strides[1:], padded, strict=False)], full.strides[-1]]
    offset = sum([place * s for (place, _), s in zip(padded, full.strides[1:], strict=False)])
    p.copy(full.with_strides(taken.shape, strides, offset), taken)
    return full


@step("conv_general_dilated")
def _convolution(p, e):
    (x, kernel), value, params = map(p.view, e.ins), e.outs[0], e.params
    numbers = params["dimension_numbers"]
    if params["feature_group_count"] != 1 or params["batch_group_count"] != 1:
        raise Unplanned("a convolution")
    if not x.dtype == kernel.dtype == value.dtype or value.dtype.kind != "f" or 0 in (*x.shape, *kernel.shape, *value.shape):
        raise Unplanned("a convolution")
    order_x, order_k, order_out = [[spec[0], *spec[2:], spec[1]] for spec in (numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec)]
    x, kernel = _batched(x, order_x), _batched(kernel, [*order_k[1:], order_k[0]])  # batch, places, features; taps, in, out
    out = _batched(p.result(value), order_out)
    outer, (*window, depth, features) = out.shape[:-1], kernel.shape
    rows, taps = math.prod(outer), math.prod(window)
    if rows * taps * depth * features > PRODUCT_MOST or len(outer) + len(window) + 1 > RANK:
        raise Unplanned("a large convolution")
    spaced = _spaced(p, x, out, window, params)
    steps = [*[s * k for s, k in zip(spaced.strides[1:-1], params["window_strides"], strict=True)],
             *[s * k for s, k in zip(spaced.strides[1:-1], params["rhs_dilation"], strict=True)]]  # fmt: skip
    patches = p.packed(spaced.with_strides((*outer, *window, depth), [spaced.strides[0], *steps, spaced.strides[-1]]))
    item = value.dtype.itemsize
    weights = p.packed(kernel).with_strides((taps * depth, features), (features * item, item))
    product = out if out.dense else p.room(out.shape, value.dtype)
    p.product(product, patches.with_strides((rows, taps * depth), (taps * depth * item, item)), weights)
    if product is not out:
        p.copy(out, product)


_POOLS = {"reduce_window_max": (np.maximum, lowest), "reduce_window_min": (np.minimum, highest), "reduce_window_sum": (np.add, lambda t: t.type(0))}


@step(*_POOLS)
def _pool(p, e):
    view, value, params = p.view(e.ins[0]), e.outs[0], e.params
    ufunc, first = _POOLS[e.name]
    if any([d != 1 for d in params["base_dilation"]]) or value.dtype.kind == "b" or math.prod(params["window_dimensions"]) > _MOST_TAPS:
        raise Unplanned("a pool")
    out = p.result(value)
    p.copy(out, p.constant(np.array(first(value.dtype), value.dtype)))
    lows = [low for low, _ in params["padding"]]
    for target, source in _taps(view, out, params["window_dimensions"], params["window_strides"], params["window_dilation"], lows):
        p.loop(ufunc, target, target, source)


_MOST_TAPS = 64
