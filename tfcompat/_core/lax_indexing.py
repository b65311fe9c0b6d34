"""Slices, gather and scatter in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jax.lax import GatherScatterMode

from tfcompat._core.halves import HALVES
from tfcompat._core.lax_numpy import NoHostForm, is_standard, is_static, rule

# --- one slice

_PATCH = 4096  # bytes
_SMALL_PART = 16  # times as large is an array that is not kept for a part of it


@rule("slice", kind="text", moves=True, view=True)
def _slice(b: Any, e: Any) -> str:
    value, p = e.ins[0], e.params
    if not value.actual:
        e.outs[0].actual = ()
        return b.operand(value)
    strides = p["strides"] or (1,) * len(value.shape)
    if value.shape == e.outs[0].shape:  # all of it
        return b.full(value)
    parts = []
    for dim, start, limit, stride in zip(value.shape, p["start_indices"], p["limit_indices"], strides, strict=True):
        first = "" if isinstance(start, int) and start == 0 else b.size(start)
        last = "" if limit is dim or limit == dim else b.size(limit)
        parts.append(f"{first}:{last}" + ("" if is_static(stride) and stride == 1 else f":{b.size(stride)}"))
    return _part(b, value, f"[{', '.join(parts)}]", e.outs[0].shape)


def _starts(b: Any, ins: Sequence[Any], limits: Sequence[Any]) -> list[str]:
    """Text of start indices, clamped to 0..limit; writes the lines that compute them."""
    texts = []
    for value, limit in zip(ins, limits, strict=True):
        if is_static(limit) and limit == 0:
            texts.append("0")
        elif value.const is not None and is_static(limit):
            texts.append(str(min(max(int(value.const), 0), int(limit))))
        else:
            name, high = b.fresh(), b.size(limit)
            b.line(f"{name} = int({b.operand(value, scalar=True)})")
            b.line(f"{name} = 0 if {name} < 0 else {high} if {name} > {high} else {name}")
            texts.append(name)
    return texts


def _window(b: Any, starts: list[str], sizes: Sequence[Any], shape: Sequence[Any]) -> str:
    parts = []
    for start, size, dim in zip(starts, sizes, shape, strict=True):
        if start.isdigit() and is_static(size):
            parts.append(":" if start == "0" and size == dim else f"{start}:{int(start) + int(size)}")
        else:
            parts.append(f"{start}:{start} + {b.size(size)}")
    return f"[{', '.join(parts)}]" if parts else "[()]"


@rule("dynamic_slice", kind="text", moves=True, view=True)
def _dynamic_slice(b: Any, e: Any) -> str:
    value, sizes = e.ins[0], e.params["slice_sizes"]
    starts = _starts(b, e.ins[1:], [dim - size for dim, size in zip(value.shape, sizes, strict=True)])
    return _part(b, value, _window(b, starts, sizes, value.shape), sizes)


def _part(b: Any, value: Any, window: str, sizes: Sequence[Any]) -> str:
    """The text of a slice: a view, or a copy of what lies here and there and is little."""
    text = b.full(value) + window
    if not _scattered(sizes, value.shape):
        return text
    nbytes = math.prod(sizes) * value.dtype.itemsize
    if nbytes > _PATCH and math.prod(sizes) * _SMALL_PART > math.prod(value.shape):
        return text
    b.shares = False
    return text + ".copy()"  # takes 0.3 µs if it is small; a view takes 0.7 more each time it is read, and keeps the whole


def _scattered(sizes: Sequence[Any], shape: Sequence[Any]) -> bool:
    """Whether a slice of these sizes is known not to be one piece of memory."""
    if not all(map(is_static, (*sizes, *shape))):
        return False
    inner = list(zip(sizes, shape, strict=True))
    while inner and inner[0][0] == 1:
        inner.pop(0)
    return any(size != dim for size, dim in inner[1:])


@rule("dynamic_update_slice", kind="text", moves=True)
def _dynamic_update_slice(b: Any, e: Any) -> str:
    value, update = e.ins[:2]
    starts = _starts(b, e.ins[2:], [dim - size for dim, size in zip(value.shape, update.shape, strict=True)])
    part = b.operand(update)
    name = b.writable(value, e.outs[0])
    if value.shape and all(is_static(size) and size == 1 for size in update.shape):  # 0.05 µs, by slices 1.5
        element = part if update.actual == () else f"{part}[{', '.join('0' for _ in update.actual)}]"
        b.line(f"{name}[{', '.join(starts)}] = {element}")
        return name
    b.line(f"{name}{_window(b, starts, update.shape, value.shape)} = {part}")
    return name


# --- gather


def _integers(indices: Any) -> Any:
    if indices.dtype == np.uint64:
        indices = np.minimum(indices, np.uint64(2**62))
    return indices.astype(np.intp, copy=False)


def fill_value(dtype: np.dtype, given: Any) -> Any:
    """What a gather that fills gives for positions out of bounds."""
    if given is not None:
        return np.asarray(given).astype(dtype)[()]
    if dtype.kind == "b":
        return np.True_
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return dtype.type(info.min if dtype.kind == "i" else info.max)
    return np.asarray(np.nan).astype(dtype)[()]


def _fills(mode: Any) -> bool:
    return GatherScatterMode.from_any(mode) == GatherScatterMode.FILL_OR_DROP


@rule("gather", kind="text", moves=True, view=True)
def _gather(b: Any, e: Any) -> list[str]:
    b.shares = len(e.ins[1].shape) == 1  # only single slices are views
    return b.call(_make_gather, e, [b.full(value) for value in e.ins])


def _make_gather(e: Any) -> Callable:
    (operand, indices), numbers = e.ins, e.params["dimension_numbers"]
    sizes, shape, out = tuple(e.params["slice_sizes"]), operand.shape, e.outs[0]
    fills = _fills(e.params["mode"])
    missing = fill_value(out.dtype, e.params.get("fill_value")) if fills else None
    collapsed = set(numbers.collapsed_slice_dims) | set(numbers.operand_batching_dims)
    index_map, offsets = tuple(numbers.start_index_map), tuple(numbers.offset_dims)
    limits = [shape[d] - sizes[d] for d in index_map]
    rank, batch = len(shape), len(indices.shape) - 1
    if 0 in out.shape:
        return lambda x, i: np.empty(out.shape, out.dtype)
    if batch == 0:
        return _gather_one(shape, sizes, collapsed, index_map, limits, missing, out)

    windows = [d for d in index_map if d not in collapsed and sizes[d] != 1]
    batching = list(zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True))
    fixed = [d for d in range(rank) if d not in index_map and d not in numbers.operand_batching_dims]
    crop = tuple(slice(0, sizes[d]) if d in fixed and sizes[d] != shape[d] else slice(None) for d in range(rank))
    crops = any(sizes[d] != shape[d] for d in fixed)
    kept = [d for d in range(rank) if d not in collapsed]
    # Names of the result's axes, in order; those of size 1 come in with the last reshape.
    wanted, k = [], 0
    for position in range(len(out.shape)):
        if position in offsets:
            d = kept[offsets.index(position)]
            if d in fixed or d in windows:
                wanted.append(("dim", d))
        else:
            wanted.append(("batch", k))
            k += 1
    batch_names = [("batch", k) for k in range(batch)]
    shape_out = out.shape

    if len(index_map) == 1 and not windows and not batching:
        (axis,), high = index_map, limits[0]
        have = [("dim", d) for d in fixed if d < axis] + batch_names + [("dim", d) for d in fixed if d > axis]
        order = tuple(have.index(name) for name in wanted)
        in_order = order == tuple(range(len(order)))
        # The mask over the batch, shaped like the result.
        mask_shape = tuple(n if p not in offsets else 1 for p, n in enumerate(shape_out))
        index_shape = indices.shape[:-1]

        def take(x: Any, i: Any) -> Any:
            i = _integers(i).reshape(index_shape)
            if crops:
                x = x[crop]
            result = x.take(i, axis, None, "clip")
            if not in_order:
                result = result.transpose(order)
            result = result.reshape(shape_out)
            if fills and not i.view(np.uintp).max() <= high:
                return np.where((i.view(np.uintp) <= high).reshape(mask_shape), result, missing)
            return result

        return take

    # In general: indexed dimensions first, the others behind, then the axes in the result's order.
    indexed = [d for d, _ in batching] + list(index_map)
    forward = tuple(indexed + fixed)
    have = batch_names + [("dim", d) for d in windows] + [("dim", d) for d in fixed]
    order = tuple(have.index(name) for name in wanted)
    locate = _locator(indices.shape, batching, index_map, windows, sizes, shape)
    highs = np.array(limits, np.intp)
    mask_shape = tuple(n if p not in offsets else 1 for p, n in enumerate(shape_out))

    in_order = forward == tuple(range(rank)) and order == tuple(range(len(order)))
    promised = GatherScatterMode.from_any(e.params["mode"]) == GatherScatterMode.PROMISE_IN_BOUNDS

    def gather(x: Any, i: Any) -> Any:
        i = _integers(i)
        if crops:
            x = x[crop]
        safe = i if promised else np.minimum(np.maximum(i, 0), highs)
        if in_order:
            result = x[locate(safe)].reshape(shape_out)
        else:
            result = x.transpose(forward)[locate(safe)].transpose(order).reshape(shape_out)
        if fills and not (safe == i).all():
            return np.where((safe == i).all(-1).reshape(mask_shape), result, missing)
        return result

    return gather


def _gather_one(
    shape: tuple, sizes: tuple, collapsed: set, index_map: tuple, limits: list, missing: Any, out: Any
) -> Callable:
    base = [0 if d in collapsed else slice(0, size) for d, size in enumerate(sizes)]
    plan = [(d, high, None if d in collapsed else sizes[d]) for d, high in zip(index_map, limits, strict=True)]

    def gather_one(x: Any, i: Any) -> Any:
        where = base.copy()
        for start, (d, high, size) in zip(i.tolist(), plan, strict=True):
            if start < 0 or start > high:
                if missing is not None:
                    result = np.empty(out.shape, out.dtype)
                    result[...] = missing
                    return result
                start = 0 if start < 0 else high
            where[d] = start if size is None else slice(start, start + size)
        return x[tuple(where)]

    return gather_one


def _locator(
    index_shape: tuple, batching: list, index_map: tuple, windows: list, sizes: Sequence[int], shape: tuple
) -> Callable:
    """A function from start indices to one index array per indexed dimension, over batch and window axes."""
    batch, extra = len(index_shape) - 1, (1,) * len(windows)
    fixed = []
    for d, axis in batching:
        fixed.append(np.arange(shape[d]).reshape((1,) * axis + (-1,) + (1,) * (batch - 1 - axis) + extra))
    spans = {
        d: np.arange(sizes[d]).reshape((1,) * (batch + k) + (-1,) + (1,) * (len(windows) - 1 - k))
        for k, d in enumerate(windows)
    }

    def locate(i: Any) -> tuple:
        result = list(fixed)
        for k, d in enumerate(index_map):
            start = i[..., k].reshape(i.shape[:-1] + extra)
            result.append(start + spans[d] if d in spans else start)
        return tuple(result)

    return locate


# --- scatter

LONG = 64  # elements from which on rows are combined one by one: 0.7 µs each, and 8 ns an element among others

_COMBINE = {
    "scatter": None,
    "scatter-add": np.add,
    "scatter-sub": np.subtract,
    "scatter-mul": np.multiply,
    "scatter-min": np.minimum,
    "scatter-max": np.maximum,
}


@rule(*_COMBINE, kind="text", moves=True)
def _scatter(b: Any, e: Any) -> list[str]:
    if e.name == "scatter":
        jaxpr = e.params.get("update_jaxpr")
        if jaxpr is not None and (jaxpr.eqns or jaxpr.outvars[0] is not jaxpr.invars[1]):
            raise NoHostForm("scatter", "it applies a function")
    # NumPy rounds what it adds to a 16-bit float each time, as XLA does.
    elif not is_standard(e.outs[0].dtype) and e.outs[0].dtype not in HALVES:
        raise NoHostForm(e.name, f"arithmetic in {e.outs[0].dtype}")
    texts = [b.full(value) for value in e.ins[1:]]
    name = b.writable(e.ins[0], e.outs[0], e.ins[1:])
    (call,) = b.call(_make_scatter, e, [name, *texts])
    b.line(call)
    return [name]


def _make_scatter(e: Any) -> Callable:
    (operand, indices, updates), numbers = e.ins, e.params["dimension_numbers"]
    combine, shape = _COMBINE[e.name], operand.shape
    clips = GatherScatterMode.from_any(e.params["mode"]) == GatherScatterMode.CLIP
    inserted = set(numbers.inserted_window_dims) | set(numbers.operand_batching_dims)
    index_map, window_axes = tuple(numbers.scatter_dims_to_operand_dims), tuple(numbers.update_window_dims)
    rank, batch = len(shape), len(indices.shape) - 1
    kept = [d for d in range(rank) if d not in inserted]
    sizes = [1] * rank
    for axis, d in zip(window_axes, kept, strict=True):
        sizes[d] = updates.shape[axis]
    limits = [shape[d] - sizes[d] for d in index_map]
    if 0 in updates.shape or 0 in shape or any(limit < 0 for limit in limits):
        return lambda x, i, u: x
    if batch == 0:
        return _scatter_one(sizes, inserted, index_map, limits, clips, combine)

    windows = [d for d in index_map if d not in inserted and sizes[d] != 1]
    squeezed = [d for d in index_map if d not in inserted and sizes[d] == 1]
    batching = list(zip(numbers.operand_batching_dims, numbers.scatter_indices_batching_dims, strict=True))
    fixed = [d for d in range(rank) if d not in index_map and d not in numbers.operand_batching_dims]
    crop = tuple(slice(0, sizes[d]) if d in fixed else slice(None) for d in range(rank))
    # Axes of the updates: batch, then windows, then the untouched dimensions; those of size 1 go.
    axis_of = dict(zip(kept, window_axes, strict=True))
    batch_axes = [axis for axis in range(len(updates.shape)) if axis not in window_axes]
    order = tuple(batch_axes + [axis_of[d] for d in [*windows, *fixed, *squeezed]])
    moved = [updates.shape[axis] for axis in order]
    update_shape = tuple(moved[: len(moved) - len(squeezed)])
    in_order = order == tuple(range(len(order)))
    forward = tuple([d for d, _ in batching] + list(index_map) + fixed)
    locate = _locator(indices.shape, batching, index_map, windows, sizes, shape)
    highs = np.array(limits, np.intp)
    unique = bool(e.params["unique_indices"])
    simple = len(forward) - len(fixed) == 1 and not windows and not batching
    long = math.prod([sizes[d] for d in fixed]) >= LONG
    whole = all(c.stop is None or c.stop == shape[d] for d, c in enumerate(crop))
    quick = simple and combine is None and not squeezed and index_map == (0,) and in_order and whole
    quick = quick and indices.dtype == np.int32

    if quick:

        def scatter_rows(x: Any, i: Any, u: Any) -> Any:
            rows = np.ascontiguousarray(i).view(np.uint32).reshape(i.shape[:-1])
            try:
                x[rows] = u  # a negative position, read like this, is out of range; nothing is written then
                return x
            except IndexError:
                return scatter(x, i, u)

    def scatter(x: Any, i: Any, u: Any) -> Any:
        i = _integers(i)
        if not in_order:
            u = u.transpose(order)
        u = u.reshape(update_shape)
        safe = np.minimum(np.maximum(i, 0), highs)
        where = locate(safe if clips else i)
        if not clips and not (safe == i).all():
            inside = (safe == i).all(-1)
            u = u[inside]
            where = tuple(np.broadcast_to(w, inside.shape + w.shape[batch:])[inside] for w in where)
        view = x[crop].transpose(forward)
        if combine is None:
            view[where] = u
        elif unique:
            view[where] = combine(view[where], u)
        elif long:
            rows = u.reshape(-1, *u.shape[u.ndim - len(fixed) :])
            for place, row in zip(zip(*[w.ravel().tolist() for w in np.broadcast_arrays(*where)], strict=True), rows, strict=True):
                part = view[place]
                combine(part, row, out=part)
        elif len(forward) > 1 and x.flags.c_contiguous:
            # `ufunc.at` is fast over one index array only, 20 times slower over rows.
            strides = [stride // x.itemsize for stride in view.strides]
            flat = sum(w * stride for w, stride in zip(where, strides, strict=False))
            tail = view.shape[len(where) :]
            for size, stride in zip(tail, strides[len(where) :], strict=True):
                flat = flat[..., None] + np.arange(0, size * stride, stride)
            combine.at(x.reshape(-1), flat.ravel(), u.ravel())
        else:
            combine.at(view, where[0] if simple else where, u)
        return x

    return scatter_rows if quick else scatter


def _scatter_one(
    sizes: list, inserted: set, index_map: tuple, limits: list, clips: bool, combine: np.ufunc | None
) -> Callable:
    base = [0 if d in inserted else slice(0, size) for d, size in enumerate(sizes)]
    plan = [(d, high, None if d in inserted else sizes[d]) for d, high in zip(index_map, limits, strict=True)]

    def scatter_one(x: Any, i: Any, u: Any) -> Any:
        where: Any = base.copy()
        for start, (d, high, size) in zip(i.tolist(), plan, strict=True):
            if start < 0 or start > high:
                if not clips:
                    return x
                start = 0 if start < 0 else high
            where[d] = start if size is None else slice(start, start + size)
        where = tuple(where)
        x[where] = u if combine is None else combine(x[where], u)
        return x

    return scatter_one
