"""Movement, reductions and sorting: the lax primitives that know about shapes, in NumPy."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfcompat._core.halves import HALVES, MOST_IN_TURN
from tfcompat._core.lax_numpy import NAMES, NoHostForm, is_static, rule

# --- movement


def _is_one(dim: Any) -> bool:
    return is_static(dim) and dim == 1


@rule("broadcast_in_dim", kind="text", moves=True, view=True)
def _broadcast_in_dim(b: Any, e: Any) -> str:
    value, out = e.ins[0], e.outs[0]
    rank, dims = len(out.shape), e.params["broadcast_dimensions"]
    text = b.operand(value)
    target = [1] * rank
    offset = len(value.shape) - len(value.actual)
    for i, dim in enumerate(value.actual):
        target[dims[i + offset]] = dim
    while target and _is_one(target[0]):
        target.pop(0)
    out.actual = tuple(target)
    if value.actual == out.actual:
        return text
    return f"{text}.reshape({b.shape(out.actual)})"


@rule("reshape", "squeeze", "expand_dims", kind="text", moves=True, view=True)
def _reshape(b: Any, e: Any) -> str:
    value, out = e.ins[0], e.outs[0]
    order = e.params.get("dimensions")
    if not value.actual and value.shape:
        out.actual = ()
        return b.operand(value)
    text = b.full(value)
    if order is not None and e.name == "reshape":
        text = f"{text}.transpose({tuple(order)})"
    return f"{text}.reshape({b.shape(out.shape)})"


@rule("transpose", kind="text", moves=True, view=True)
def _transpose(b: Any, e: Any) -> str:
    value, out, order = e.ins[0], e.outs[0], tuple(e.params["permutation"])
    if not value.actual:
        out.actual = ()
        return b.operand(value)
    if order == tuple(range(len(order))):
        return b.full(value)
    return f"{b.full(value)}.T" if order == tuple(range(len(order)))[::-1] else f"{b.full(value)}.transpose({order})"


@rule("rev", kind="text", moves=True, view=True)
def _rev(b: Any, e: Any) -> str:
    value, axes = e.ins[0], e.params["dimensions"]
    if not value.shape:
        return b.operand(value)
    return f"{b.full(value)}[{', '.join('::-1' if i in axes else ':' for i in range(len(value.shape)))}]"


@rule("split", kind="text", moves=True, view=True)
def _split(b: Any, e: Any) -> list[str]:
    value, axis = e.ins[0], int(e.params["axis"])
    text, start, texts = b.full(value), "0", []
    for size in e.params["sizes"]:
        end = f"{start} + {b.size(size)}" if not (start.isdigit() and isinstance(size, int)) else str(int(start) + size)
        texts.append(f"{text}[{':, ' * axis}{start}:{end}]")
        start = end
    return texts


@rule("concatenate", kind="text", moves=True)
def _concatenate(b: Any, e: Any) -> str:
    return f"concatenate(({', '.join(b.full(value) for value in e.ins)},), {int(e.params['dimension'])})"


@rule("stack", kind="closure", moves=True)
def _stack(e: Any) -> Callable:
    axis = int(e.params["axis"])
    place = (slice(None),) * axis + (None,)
    return lambda *parts: np.concatenate([part[place] for part in parts], axis)


@rule("unstack", kind="closure", moves=True, view=True)
def _unstack(e: Any) -> Callable:
    axis = int(e.params["axis"])
    order = (axis, *(d for d in range(len(e.ins[0].shape)) if d != axis))
    if len(e.outs) == 1:  # a rule's only result is not wrapped
        return lambda x: x.transpose(order)[0, ...]
    return lambda x: tuple(x.transpose(order))


@rule("tile", kind="closure", moves=True)
def _tile(e: Any) -> Callable:
    reps = tuple(e.params["reps"])
    return lambda x: np.tile(x, reps)


@rule("iota", kind="text")
def _iota(b: Any, e: Any) -> str:
    out, axis = e.outs[0], int(e.params["dimension"])
    text = f"arange({b.size(out.shape[axis])}, dtype={b.bind(out.dtype)})"
    trailing = len(out.shape) - 1 - axis
    out.actual = (out.shape[axis],) + (1,) * trailing
    return text + (f"[:{', None' * trailing}]" if trailing else "")


@rule("dim_as_value", kind="text")
def _dim_as_value(b: Any, e: Any) -> str:
    return f"{b.bind(e.outs[0].dtype.type)}({b.size(e.params['dim'])})"


@rule("pad", kind="closure", moves=True)
def _pad(e: Any) -> Callable:
    return make_pad(e.ins[0].shape, e.outs[0].shape, e.params["padding_config"], e.outs[0].dtype)


def make_pad(shape: Sequence[int], result_shape: Sequence[int], config: Sequence, dtype: np.dtype) -> Callable:
    """A function of (array, value) that pads by `config`: (low, high, interior) per dimension, low and high signed."""
    source, target = [], []
    for size, length, (low, _, interior) in zip(shape, result_shape, config, strict=True):
        low, step = int(low), int(interior) + 1
        first = max(0, -(low // step))  # the first element that lands at 0 or later
        end = min(size, max(first, -((low - length) // step)))  # the first that lands at `length` or later
        source.append(slice(first, end))
        start = low + first * step
        target.append(slice(start, start + (end - first - 1) * step + 1, step) if end > first else slice(0, 0))
    source, target, result_shape = tuple(source), tuple(target), tuple(result_shape)

    def pad(x: Any, value: Any) -> Any:
        result = np.empty(result_shape, dtype)
        result[...] = value
        result[target] = x[source]
        return result

    return pad


@rule("bitcast_convert_type", kind="closure", moves=True, view=True)
def _bitcast_convert_type(e: Any) -> Callable:
    source, target, shape = e.ins[0].dtype, e.outs[0].dtype, e.outs[0].shape
    if source.kind == "b" or target.kind == "b" or "int4" in f"{source} {target}" or "int2" in f"{source} {target}":
        raise NoHostForm("bitcast_convert_type", f"{source} to {target}")
    if source.itemsize == target.itemsize:
        return lambda x: x.view(target)
    # A last dimension is split off or merged: it must lie in memory like that.
    if source.itemsize > target.itemsize:
        return lambda x: np.array(x, order="C")[..., None].view(target).reshape(shape)
    return lambda x: np.ascontiguousarray(x).view(target).reshape(shape)


# --- reductions


_REDUCTIONS = frozenset("reduce_sum reduce_prod reduce_max reduce_min reduce_and reduce_or".split())


def _axes(axes: Sequence[int]) -> Any:
    return int(axes[0]) if len(axes) == 1 else tuple(int(axis) for axis in axes)


def _kept_shape(e: Any) -> tuple:
    """The shape of a reduction's result with the dimensions that it reduces."""
    return tuple(1 if i in e.params["axes"] else dim for i, dim in enumerate(e.ins[0].shape))


def join_kept(equations: list, results: list) -> list:
    """Equations in which a reduction keeps its dimensions, in size 1, where they are added again: 0.1 µs instead of 0.3."""
    reduced = {id(e.outs[0]): e for e in equations if e.name in _REDUCTIONS and e.outs[0].shape}
    if not reduced:
        return equations
    readers = collections.Counter([id(value) for value in [*results, *(v for e in equations for v in e.ins)]])
    left = []
    for e in equations:
        before = reduced.get(id(e.ins[0])) if e.ins else None
        if before is not None and readers[id(before.outs[0])] == 1 and _adds_reduced(before, e):
            before.params, before.outs = {**before.params, "kept": True}, e.outs
        else:
            left.append(e)
    return left


def _adds_reduced(before: Any, e: Any) -> bool:
    """Whether an equation does nothing but to add the dimensions that a reduction has reduced, and to broadcast."""
    kept, out = _kept_shape(before), e.outs[0]
    if e.name == "reshape":
        return out.shape == kept and e.params.get("dimensions") is None
    others = [i for i in range(len(kept)) if i not in before.params["axes"]]
    return (
        e.name == "broadcast_in_dim"
        and len(out.shape) == len(kept)
        and list(e.params["broadcast_dimensions"]) == others
    )


def _reduced(b: Any, e: Any, function: str, dtype: str) -> str:
    """Text of a reduction, up to the closing bracket."""
    text = f"{function}({b.full(e.ins[0])}, {_axes(e.params['axes'])}, {dtype}"
    if not e.params.get("kept"):
        return text
    e.outs[0].actual = _kept_shape(e)
    return f"{text}, None, True"


_KEEPS_DTYPE = frozenset(np.dtype(t) for t in "f d F D q Q".split())
NAMES.update(
    bool_=np.bool_,
    count_nonzero=np.count_nonzero,
    add_reduce=np.add.reduce,
    multiply_reduce=np.multiply.reduce,
    maximum_reduce=np.maximum.reduce,
    minimum_reduce=np.minimum.reduce,
)


@rule("reduce_sum", "reduce_prod", kind="text")
def _reduce_sum(b: Any, e: Any) -> str:
    function = "add_reduce" if e.name == "reduce_sum" else "multiply_reduce"
    return _reduced(b, e, function, b.bind(e.outs[0].dtype)) + ")"


def lowest(dtype: np.dtype) -> Any:
    if dtype.kind == "b":
        return False
    return dtype.type(-np.inf) if dtype.kind == "f" else dtype.type(np.iinfo(dtype).min)


def highest(dtype: np.dtype) -> Any:
    if dtype.kind == "b":
        return True
    return dtype.type(np.inf) if dtype.kind == "f" else dtype.type(np.iinfo(dtype).max)


@rule("reduce_max", "reduce_min", kind="text")
def _reduce_max(b: Any, e: Any) -> str:
    value = e.ins[0]
    largest = e.name == "reduce_max"
    text = _reduced(b, e, "maximum_reduce" if largest else "minimum_reduce", "None")
    if all(is_static(dim) and dim > 0 for dim in value.shape):
        return text + ")"
    if value.dtype.kind == "c":
        raise NoHostForm(e.name, "complex operand that may be empty")
    return text + f", initial={b.bind((lowest if largest else highest)(value.dtype))})"


def _bitwise(name: str, boolean: np.ufunc, bits: np.ufunc, of_all: str = "") -> None:
    @rule(name, kind="text")
    def make(b: Any, e: Any) -> str:
        if of_all and e.outs[0].dtype.kind == "b" and not e.outs[0].shape:
            return f"bool_({of_all.format(b.full(e.ins[0]))})"  # in a third of the time
        reduce = b.bind((boolean if e.outs[0].dtype.kind == "b" else bits).reduce)
        return _reduced(b, e, reduce, b.bind(e.outs[0].dtype)) + ")"


_bitwise("reduce_and", np.logical_and, np.bitwise_and)
_bitwise("reduce_or", np.logical_or, np.bitwise_or, "count_nonzero({})")
_bitwise("reduce_xor", np.logical_xor, np.bitwise_xor)


@rule("argmax", "argmin", kind="text")
def _argmax(b: Any, e: Any) -> str:
    (axis,) = e.params["axes"]
    return f"{b.full(e.ins[0])}.{e.name}({int(axis)}).astype({b.bind(e.outs[0].dtype)})"


def _cumulative(name: str, ufunc: np.ufunc) -> None:
    @rule(name, kind="closure")
    def make(e: Any) -> Callable:
        axis, dtype = int(e.params["axis"]), e.outs[0].dtype
        if name == "cumlogsumexp" and dtype.kind == "c":
            raise NoHostForm(name, "complex operand")
        length = e.outs[0].shape[axis]
        if dtype in HALVES and not (is_static(length) and length <= MOST_IN_TURN):
            raise NoHostForm(name, f"a long row of {dtype}")
        accumulate = ufunc.accumulate
        if not e.params["reverse"]:
            return lambda x: accumulate(x, axis, dtype)
        backwards = (slice(None),) * axis + (slice(None, None, -1),)
        return lambda x: accumulate(x[backwards], axis, dtype)[backwards]


_cumulative("cumsum", np.add)
_cumulative("cumprod", np.multiply)
_cumulative("cummax", np.maximum)
_cumulative("cummin", np.minimum)
_cumulative("cumlogsumexp", np.logaddexp)


# --- transforms, sorting


@rule("fft", kind="closure")
def _fft(e: Any) -> Callable:
    lengths, dtype = tuple(int(n) for n in e.params["fft_lengths"]), e.outs[0].dtype
    name = e.params["fft_type"].name.lower()
    if name not in ("fft", "ifft", "rfft", "irfft"):
        raise NoHostForm("fft", name)
    transform, axes = getattr(np.fft, f"{name}n"), tuple(range(-len(lengths), 0))
    if 0 in e.outs[0].shape:
        shape = e.outs[0].shape
        return lambda x: np.zeros(shape, dtype)
    return lambda x: transform(x, lengths, axes).astype(dtype, copy=False)


# --- order


def stable_order(x: np.ndarray, axis: int) -> np.ndarray:
    """``x.argsort(axis, kind="stable")``, of many numbers of 32 bits in a sixth of the time.

    Key and position are packed into one word, which NumPy sorts with vector instructions.
    """
    if x.size < _MANY or x.dtype.itemsize != 4 or x.dtype.kind not in "fiu":
        return x.argsort(axis, kind="stable")
    if x.dtype.kind == "f":
        x = x + np.float32(0)  # -0.0 equals 0.0
        x[np.isnan(x)] = np.nan  # and all NaNs are one
        bits = x.view(np.uint32)
        bits = bits ^ ((bits.view(np.int32) >> 31).view(np.uint32) | np.uint32(1 << 31))
    else:
        bits = x.view(np.uint32) ^ np.uint32(1 << 31 if x.dtype.kind == "i" else 0)
    positions = np.arange(x.shape[axis], dtype=np.uint64).reshape([-1 if d == axis else 1 for d in range(x.ndim)])
    packed = (bits.astype(np.uint64) << np.uint64(32)) | positions
    packed.sort(axis)
    return (packed & np.uint64(0xFFFFFFFF)).astype(np.intp)


_MANY = 1 << 12


def _along(shape: Sequence[int], axis: int) -> Callable:
    """`np.take_along_axis` of arrays of one shape; of small ones in a third of the time."""
    if math.prod(shape) > _MANY:
        return lambda x, order: np.take_along_axis(x, order, axis)
    if len(shape) == 1:
        return lambda x, order: x[order]
    index: list[Any] = list(np.ogrid[tuple(slice(n) for n in shape)])

    def along(x: np.ndarray, order: np.ndarray) -> np.ndarray:
        where = index.copy()
        where[axis] = order
        return x[tuple(where)]

    return along


def _is_count(value: Any, axis: int) -> bool:
    """Whether a constant holds positions along an axis, 0, 1, ..."""
    if value.const is None or value.dtype.kind not in "iu":
        return False
    count = np.arange(value.shape[axis]).reshape([-1 if d == axis else 1 for d in range(len(value.shape))])
    return bool((value.const == count).all())


@rule("sort", kind="closure")
def _sort(e: Any) -> Callable:
    axis, keys = int(e.params["dimension"]), int(e.params["num_keys"])
    if len(e.ins) == 1:

        def sort_one(x: Any) -> Any:
            x = np.array(x)
            x.sort(axis)
            return x

        return sort_one

    along = _along(e.ins[0].shape, axis)
    # What each result is of the order: not wanted, the order itself, or an operand in it.
    made = [None if not wanted else value.dtype if _is_count(value, axis) else along
            for value, wanted in zip(e.ins, e.wanted, strict=True)]  # fmt: skip

    def sort(*operands: Any) -> tuple:
        if keys == 1:
            order = stable_order(operands[0], axis)
        else:
            order = np.lexsort(operands[:keys][::-1], axis)
        return tuple([None if how is None else how(x, order) if how is along else order.astype(how)
                      for x, how in zip(operands, made, strict=True)])  # fmt: skip

    return sort


@rule("top_k", kind="closure")
def _top_k(e: Any) -> Callable:
    rank = len(e.ins[0].shape)
    axis, k = int(e.params.get("axis", -1)) % rank, int(e.params["k"])
    size, dtype = e.ins[0].shape[axis], e.outs[1].dtype
    # Sorted backwards and read backwards: descending, and of equals the first comes first.
    backwards = (slice(None),) * axis + (slice(None, None, -1),)
    last = (slice(None),) * axis + (slice(None, -k - 1 if k < size else None, -1),)
    along, wanted = _along(e.ins[0].shape, axis), e.wanted[0]

    def top_k(x: Any) -> tuple:
        order = size - 1 - stable_order(x[backwards], axis)[last]
        return along(x, order) if wanted else None, order.astype(dtype)

    return top_k
