"""Pooling windows and convolutions in NumPy: one step per position inside the window, one matrix product."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tfcompat._core.lax_numpy import NoHostForm, rule
from tfcompat._core.lax_products import multiply
from tfcompat._core.lax_shapes import highest, lowest, make_pad

# Windows with more positions than this run too many steps.
_WINDOW_LIMIT = 1024
# Multiply-adds up to which a convolution is done here: about 50 ms, what XLA takes to compile one.
CONVOLUTION_LIMIT = 1 << 30
# Products of channels up to which the groups of a convolution are not worth a matrix product each (depthwise: one).
_SMALL_GROUP = 16
# Bytes of windows that are laid out for one matrix product: they should stay in a core's cache.
_BUFFER = 1 << 20


def _padded(shape: Sequence[int], padding: Sequence, dilation: Sequence[int]) -> tuple[tuple, list]:
    config = [(int(low), int(high), int(step) - 1) for (low, high), step in zip(padding, dilation, strict=True)]
    sizes = (
        low + high + (0 if n == 0 else (n - 1) * (interior + 1) + 1)
        for n, (low, high, interior) in zip(shape, config, strict=True)
    )
    return tuple(sizes), config


def _positions(
    window: Sequence[int], strides: Sequence[int], dilation: Sequence[int], counts: Sequence[int]
) -> Iterator[tuple]:
    """For each position inside the window, the slices that take it from every window at once."""
    for offset in itertools.product(*map(range, window)):
        yield tuple(
            slice(o * d, o * d + (n - 1) * s + 1, s) if n else slice(0, 0)
            for o, d, s, n in zip(offset, dilation, strides, counts, strict=True)
        )


def _windows(e: Any, shape: Sequence[int], counts: Sequence[int]) -> tuple[tuple, list, list]:
    p = e.params
    ones = (1,) * len(shape)
    window = tuple(int(d) for d in p["window_dimensions"])
    if e.limited and math.prod(window) > _WINDOW_LIMIT:
        raise NoHostForm(e.name, f"{math.prod(window)} positions in the window")
    padded, config = _padded(shape, p["padding"], p.get("base_dilation") or ones)
    positions = _positions(window, tuple(p["window_strides"]), p.get("window_dilation") or ones, counts)
    return padded, config, list(positions)


def _reduce_window(name: str, ufunc: np.ufunc, initial: Callable) -> None:
    @rule(name, kind="closure")
    def make(e: Any) -> Callable:
        shape, out = e.ins[0].shape, e.outs[0]
        if out.dtype.kind == "c" and ufunc is not np.add:
            raise NoHostForm(name, "complex operand")
        start = initial(out.dtype)
        padded, config, positions = _windows(e, shape, out.shape)
        pad = make_pad(shape, padded, config, out.dtype) if padded != shape or any(map(any, config)) else None
        # One dimension after the other: each position of the window along it as an index of all dimensions.
        full = (slice(None),) * len(shape)
        places = [dict.fromkeys((p[d].start, p[d].stop, p[d].step) for p in positions) for d in range(len(shape))]
        along = [[(*full[:d], slice(*place)) for place in steps] for d, steps in enumerate(places)]

        def reduce_window(x: Any) -> Any:
            x = x if pad is None else pad(x, start)
            fresh = pad is not None
            for steps in along:
                parts = [x[step] for step in steps]
                x = parts[0]
                if len(parts) > 1:
                    x, fresh = ufunc(x, parts[1]), True
                    for part in parts[2:]:
                        ufunc(x, part, out=x)
            return x if fresh else np.array(x)

        return reduce_window


_reduce_window("reduce_window_sum", np.add, lambda dtype: dtype.type(0))
_reduce_window("reduce_window_max", np.maximum, lowest)
_reduce_window("reduce_window_min", np.minimum, highest)


def _selector(e: Any, operand: Any, counts: tuple) -> tuple[Callable, Callable, list, tuple]:
    """A function that gives, for each window, the index of the position selected (-1: none inside the operand)."""
    select = getattr(e.params["select_prim"], "name", "")
    if select not in ("ge", "le") or operand.dtype.kind not in "fiu":
        raise NoHostForm(e.name, f"selects by {select}")
    compare = np.greater_equal if select == "ge" else np.less_equal
    padded, config, positions = _windows(e, operand.shape, counts)
    pad = make_pad(operand.shape, padded, config, operand.dtype)
    inside = np.zeros(padded, bool)
    inside[tuple(slice(max(low, 0), low + n) for n, (low, _, _) in zip(operand.shape, config, strict=True))] = True

    def selected(x: Any) -> Any:
        x = pad(x, operand.dtype.type(0))
        best, index = x[positions[0]], np.where(inside[positions[0]], 0, -1)
        for k, position in enumerate(positions[1:], 1):
            candidate = x[position]
            keep = (compare(best, candidate) & (index >= 0)) | ~inside[position]
            best, index = np.where(keep, best, candidate), np.where(keep, index, k)
        return index

    return selected, pad, positions, padded


@rule("select_and_scatter_add", kind="closure")
def _select_and_scatter_add(e: Any) -> Callable:
    source, operand = e.ins
    selected, _, positions, padded = _selector(e, operand, source.shape)
    crop = tuple(slice(int(low), int(low) + n) for n, (low, _) in zip(operand.shape, e.params["padding"], strict=True))

    def scatter(source: Any, x: Any) -> Any:
        index = selected(x)
        result = np.zeros(padded, source.dtype)
        for k, position in enumerate(positions):
            result[position] += np.where(index == k, source, source.dtype.type(0))
        return result[crop]

    return scatter


@rule("select_and_gather_add", kind="closure")
def _select_and_gather_add(e: Any) -> Callable:
    tangents, operand = e.ins
    if any(int(d) != 1 for d in (*(e.params.get("base_dilation") or ()), *(e.params.get("window_dilation") or ()))):
        raise NoHostForm(e.name, "dilation")
    selected, pad, positions, _ = _selector(e, operand, e.outs[0].shape)
    shape = e.outs[0].shape

    def gather(tangents: Any, x: Any) -> Any:
        index = selected(x)
        tangents = pad(tangents, tangents.dtype.type(0))
        result = np.zeros(shape, tangents.dtype)
        for k, position in enumerate(positions):
            np.copyto(result, tangents[position], where=index == k)
        return result

    return gather


@rule("conv_general_dilated", kind="closure")
def _conv_general_dilated(e: Any) -> Callable:
    p, (left, right), out = e.params, e.ins, e.outs[0]
    numbers = p["dimension_numbers"]
    groups, batch_groups = int(p["feature_group_count"]), int(p["batch_group_count"])
    # (batch, space, channels), (space, in, out), (batch, space, channels)
    ln, lf, *ls = numbers.lhs_spec
    ro, ri, *rs = numbers.rhs_spec
    on, of, *os = numbers.out_spec
    from_left, from_right, left_rank = (ln, *ls, lf), (*rs, ri, ro), len(left.shape)
    to_out = tuple(np.argsort((on, *os, of)).tolist())
    kernel = tuple([right.shape[d] for d in rs])
    channels_in, channels_out = right.shape[ri], right.shape[ro]
    if batch_groups > 1 and groups > 1:
        raise NoHostForm("conv_general_dilated", "grouped twice")
    if e.limited and math.prod(out.shape) * channels_in * math.prod(kernel) > CONVOLUTION_LIMIT:
        raise NoHostForm("conv_general_dilated", "too large to be worth it")
    batch, space = left.shape[ln], [left.shape[d] for d in ls]
    counts = [out.shape[d] for d in os]
    dtype = out.dtype
    split = max(groups, batch_groups)
    rows, size = batch // batch_groups, channels_out // split
    depth = math.prod(kernel) * channels_in
    step = max(1, _BUFFER // max(1, math.prod(counts) * depth * dtype.itemsize))
    small = split > 1 and size * (channels_in if groups > 1 else rows) <= _SMALL_GROUP
    padded, config = _padded(space, p["padding"], p["lhs_dilation"])
    pad = None
    if any(map(any, config)):
        # The small groups are summed from where they lie; matrix products want their rows together.
        order = range(left_rank) if small else from_left
        shape, full, steps = [*left.shape], [*left.shape], [(0, 0, 0)] * left_rank
        for at, n, along in zip(ls, padded, config, strict=True):
            full[at], steps[at] = n, along
        pad = make_pad(*[[sizes[at] for at in order] for sizes in (shape, full, steps)], dtype)

    def windows_of(x: Any) -> Any:
        """Of x (rows, space, channels) a view (rows, places of the window, window, channels)."""
        row, *along, channel = x.strides
        strides = [n * s for n, s in zip(along, p["window_strides"], strict=True)]
        inner = [n * d for n, d in zip(along, p["rhs_dilation"], strict=True)]
        shape = (x.shape[0], *counts, *kernel, x.shape[-1])
        return np.lib.stride_tricks.as_strided(x, shape, (row, *strides, *inner, channel), writeable=False)

    def one(x: Any, w: Any) -> Any:
        """x (rows, space, in), w (space, in, out): the windows of some rows at a time, laid out, times the kernel."""
        windows, w = windows_of(x), w.reshape(depth, -1)
        size = w.shape[-1]
        result = np.empty((rows, math.prod(counts), size), dtype)
        for i in range(0, rows, step):
            multiply(windows[i : i + step].reshape(-1, depth), w, result[i : i + step].reshape(-1, size))
        return result.reshape(rows, *counts, size)

    # Axes of the sum over all groups.
    group, row, into, to, *rest = range(4 + 2 * len(ls))
    places, window = rest[: len(ls)], rest[len(ls) :]
    grouped = [row, *places, *window, group, into] if groups > 1 else [group, row, *places, *window, into]

    def together(x: Any, w: Any) -> Any:
        """x (rows, space, in), w (space, in, out) of all groups."""
        windows, w = windows_of(x), w.reshape(*kernel, channels_in, split, size)
        if groups > 1:
            windows = windows.reshape(*windows.shape[:-1], split, channels_in)
        else:
            windows = windows.reshape(split, rows, *windows.shape[1:])
        result = np.einsum(windows, grouped, w, [*window, into, group, to], [row, *places, group, to])
        return result.reshape(rows, *counts, channels_out)

    def convolve(x: Any, w: Any) -> Any:
        if 0 in out.shape or 0 in left.shape or 0 in right.shape:
            return np.zeros(out.shape, dtype)
        x, w = x.astype(dtype, copy=False), w.transpose(from_right).astype(dtype, copy=False)
        if small:
            x = x if pad is None else pad(x, dtype.type(0))
            return together(x.transpose(from_left), w).transpose(to_out)
        x = x.transpose(from_left)
        x = np.ascontiguousarray(x) if pad is None else pad(x, dtype.type(0))
        if split == 1:
            return one(x, w).transpose(to_out)
        weights = [w[..., g * size : (g + 1) * size] for g in range(split)]
        if groups > 1:
            parts = [x[..., g * channels_in : (g + 1) * channels_in] for g in range(split)]
        else:
            parts = [x[g * rows : (g + 1) * rows] for g in range(split)]
        result = np.concatenate([one(part, weight) for part, weight in zip(parts, weights, strict=True)], -1)
        return result.transpose(to_out)

    return convolve
