"""Steps of plans: arithmetic, conversions, movement, reductions, products; see plans.py."""

import functools
import math

import numpy as np

from tfcompat._core.halves import BFLOAT, HALVES, MOST_IN_TURN
from tfcompat._core.plans import (
    BFLOAT16,
    BOX_MULLER,
    CAST,
    CHOLESKY,
    FACTORS,
    FALLING,
    GREATEST,
    LARGEST_MATRIX,
    LAW,
    LEAST,
    LOOP,
    MOST_COLUMNS,
    MOST_ORDERED,
    MOST_SORTED,
    ORDER,
    PHILOX,
    PRODUCT_MOST,
    RANK,
    RISING,
    SELECT,
    SOLUTION,
    STEPS,
    TRIANGULAR,
    Unplanned,
    View,
    dense_strides,
    loop_of,
    number_of,
    step,
)  # fmt: skip

_REDUCTIONS = {  # primitive -> (ufunc, what an empty one gives), of bools another one
    "reduce_sum": (np.add, lambda t: t.type(0)),
    "reduce_prod": (np.multiply, lambda t: t.type(1)),
    "reduce_max": (np.maximum, lambda t: t.type(-np.inf) if t.kind == "f" else np.iinfo(t).min),
    "reduce_min": (np.minimum, lambda t: t.type(np.inf) if t.kind == "f" else np.iinfo(t).max),
}
_REDUCTIONS_OF_BOOLS = {
    "reduce_or": (np.logical_or, lambda t: False),
    "reduce_max": (np.logical_or, lambda t: False),
    "reduce_and": (np.logical_and, lambda t: True),
    "reduce_min": (np.logical_and, lambda t: True),
}


@step("square")
def _square(p, e):
    x = p.view(e.ins[0])
    p.made(np.multiply, e.outs[0], x, x)


def _inverse(p, value, x):
    """1 / x as the value."""
    if value.dtype.kind != "f":
        raise Unplanned("an inverse")
    p.made(np.reciprocal, value, x)


@step("rsqrt")
def _rsqrt(p, e):
    out = p.room(e.outs[0].shape, e.outs[0].dtype)
    p.loop(np.sqrt, out, p.view(e.ins[0]))
    _inverse(p, e.outs[0], out)


@step("logistic")
def _logistic(p, e):
    value = e.outs[0]
    out = p.room(value.shape, value.dtype)
    p.loop(np.negative, out, p.view(e.ins[0]))
    p.loop(np.exp, out, out)
    p.loop(np.add, out, p.constant(np.ones((), value.dtype)), out)
    _inverse(p, value, out)


@step("clamp")
def _clamp(p, e):
    low, x, high = map(p.view, e.ins)
    value = e.outs[0]
    out = p.room(value.shape, value.dtype)
    p.loop(np.maximum, out, low, x)
    p.made(np.minimum, value, out, high)


@step("integer_pow")
def _integer_pow(p, e):
    x, value, exponent = p.view(e.ins[0]), e.outs[0], int(e.params["y"])
    if value.dtype.kind == "b":
        raise Unplanned("a power of bools")
    if exponent == 2:
        p.made(np.multiply, value, x, x)
    elif exponent == 3:
        out = p.room(value.shape, value.dtype)
        p.loop(np.multiply, out, x, x)
        p.made(np.multiply, value, out, x)
    elif exponent == -1:
        _inverse(p, value, x)
    elif exponent == -2:
        out = p.room(value.shape, value.dtype)
        p.loop(np.multiply, out, x, x)
        _inverse(p, value, out)
    else:
        raise Unplanned("a power")


@step("select_n")
def _select_n(p, e):
    which, *cases = map(p.view, e.ins)
    if len(cases) != 2 or which.dtype.kind != "b":
        raise Unplanned("a choice")
    _chosen(p, e.outs[0], which, *cases)


def _chosen(p, value, which, otherwise, then):
    out = p.result(value)
    p.step(SELECT, [out, *[v.spread(out.shape) for v in (which, otherwise, then)]], (value.dtype.itemsize,))


# Division of integers: XLA truncates; x / 0 is -1 (all ones when unsigned), x % 0 is x


def _is_zero(p, e):
    """Where the divisor is 0, as a view; None where it is known not to be."""
    if e.ins[1].const is not None and np.all(e.ins[1].const != 0):
        return None
    y = p.view(e.ins[1])
    zero = p.room(y.shape, np.dtype(bool))
    p.loop(np.equal, zero, y, p.constant(np.zeros((), y.dtype)))
    return zero


@step("rem")
def _rem(p, e):
    (x, y), value = map(p.view, e.ins), e.outs[0]
    zero = None if value.dtype.kind == "f" else _is_zero(p, e)
    if zero is None:
        p.made(np.fmod, value, x, y)
        return
    rest = p.room(value.shape, value.dtype)
    p.loop(np.fmod, rest, x, y)
    _chosen(p, value, zero, rest, x)


@step("div")
def _div(p, e):
    (x, y), value = map(p.view, e.ins), e.outs[0]
    if value.dtype.kind in "fc":
        p.made(np.divide, value, x, y)
        return
    zero = _is_zero(p, e)
    quotient = p.room(value.shape, value.dtype)
    if value.dtype.kind == "i":  # NumPy's rounds down
        p.loop(np.fmod, quotient, x, y)
        p.loop(np.subtract, quotient, x, quotient)
        x = quotient
    if zero is None:
        p.made(np.floor_divide, value, x, y)
        return
    p.loop(np.floor_divide, quotient, x, y)
    ones = p.room(y.shape, y.dtype)
    p.loop(np.invert, ones, y)
    _chosen(p, value, zero, quotient, ones)


_WIDE = np.dtype(np.float32)  # by way of which 16-bit floats are converted


@step("convert_element_type")
def _convert_element_type(p, e, lowest=False):
    view, value = p.view(e.ins[0]), e.outs[0]
    if view.dtype == value.dtype:
        p.put(value, view)
        return
    if value.dtype.kind == "b":
        if view.dtype in HALVES:
            view = _converted(p, view, p.room(view.shape, _WIDE))
        p.made(np.not_equal, value, view, p.constant(np.zeros((), view.dtype)))
        return
    if value.dtype in HALVES and e.ins[0].const is not None:
        p.put(value, p.constant(e.ins[0].const.astype(value.dtype)).spread(value.shape))
        return
    if _WIDE not in (view.dtype, value.dtype) and not HALVES.isdisjoint((view.dtype, value.dtype)):  # XLA rounds twice, too
        view = _converted(p, view, p.room(view.shape, _WIDE))
    _converted(p, view, p.result(value), lowest)


def _converted(p, view, out, lowest=False):
    source, target = [BFLOAT16 if dtype == BFLOAT else number_of(dtype) for dtype in (view.dtype, out.dtype)]
    p.step(CAST, [out, view], (source, target, int(lowest)))
    return out


@step("tfcompat.truncated32", "tfcompat.truncated64")
def _truncated(p, e):
    _convert_element_type(p, e, lowest=True)


@step("bitcast_convert_type")
def _bitcast_convert_type(p, e):
    view, value = p.packed(p.view(e.ins[0])), e.outs[0]
    if "b" in (view.dtype.kind, value.dtype.kind):
        raise Unplanned("the bits of bools")
    strides = dense_strides(value.shape, value.dtype)
    p.put(value, View(view.base, view.offset, value.shape, strides, value.dtype, view.block))


def _part(view, k):
    """The real or the imaginary parts of complex numbers."""
    real = np.dtype(f"f{view.dtype.itemsize // 2}")
    return View(view.base, view.offset + k * real.itemsize, view.shape, view.strides, real, view.block)


@step("real")
def _real(p, e):
    p.put(e.outs[0], _part(p.view(e.ins[0]), 0))


@step("imag")
def _imag(p, e):
    p.put(e.outs[0], _part(p.view(e.ins[0]), 1))


@step("complex")
def _complex(p, e):
    out = p.result(e.outs[0])
    for k, value in enumerate(e.ins):
        p.copy(_part(out, k), p.view(value))


@step("tfcompat.softplus")
def _softplus(p, e):
    p.made(np.logaddexp, e.outs[0], p.view(e.ins[0]), p.constant(np.zeros((), e.outs[0].dtype)))


@step("tfcompat.xlogy")
def _xlogy(p, e):
    (x, y), value = map(p.view, e.ins), e.outs[0]
    zero = p.constant(np.zeros((), value.dtype))
    log, none = p.room(value.shape, value.dtype), p.room(x.shape, np.dtype(bool))
    p.loop(np.log, log, y)
    p.loop(np.multiply, log, x, log)
    p.loop(np.equal, none, x, zero)
    out = p.result(value)
    p.step(SELECT, [out, *[v.spread(out.shape) for v in (none, log, zero)]], (value.dtype.itemsize,))


def _draws(kind, p, e):
    ins = [p.packed(p.view(v)) for v in e.ins]
    outs = [p.result(v) for v in e.outs]
    operands = tuple([(v.base, v.offset, (0,)) for v in (*outs, *ins)])
    p.steps.append((kind, (math.prod(outs[0].shape),), operands, ()))


STEPS["tfcompat.blocks"] = functools.partial(_draws, PHILOX)
STEPS["tfcompat.poisson"] = STEPS["tfcompat.binomial"] = functools.partial(_draws, LAW)
STEPS["tfcompat.box_muller32"] = functools.partial(_draws, BOX_MULLER)


@step("copy", "copy_p")
def _copy(p, e):
    value = e.outs[0]
    out = p.result(value)
    p.copy(out, p.view(e.ins[0]))


@step(*_REDUCTIONS, *_REDUCTIONS_OF_BOOLS)
def _reduce(p, e):
    view, value = p.view(e.ins[0]), e.outs[0]
    table = _REDUCTIONS_OF_BOOLS if view.dtype.kind == "b" else _REDUCTIONS
    if e.name not in table or view.dtype != value.dtype:
        raise Unplanned(e.name)
    ufunc, first = table[e.name]
    out = p.result(value)
    p.copy(out, p.constant(np.array(first(value.dtype), value.dtype)))
    axes, strides = set(e.params["axes"]), iter(out.strides)
    total = out.with_strides(view.shape, [0 if d in axes else next(strides) for d in range(len(view.shape))])
    detail = ufunc, loop_of(ufunc, view.dtype.char * 2 + value.dtype.char)
    p.ufuncs.append(ufunc)
    p.step(LOOP, [total, total, view], detail)


@step("iota")
def _iota(p, e):
    value, axis = e.outs[0], int(e.params["dimension"])
    shape = [n if d == axis else 1 for d, n in enumerate(value.shape)]
    p.put(value, p.constant(np.arange(value.shape[axis], dtype=value.dtype).reshape(shape)).spread(value.shape))
    p.counts[id(value)] = axis


@step("broadcast_in_dim")
def _broadcast_in_dim(p, e):
    view, value, dims = p.view(e.ins[0]), e.outs[0], e.params["broadcast_dimensions"]
    strides = [0] * len(value.shape)
    for d, n, s in zip(dims, view.shape, view.strides, strict=True):
        strides[d] = s if n == value.shape[d] and n != 1 else 0
    p.put(value, view.with_strides(value.shape, strides))


@step("reshape", "squeeze", "expand_dims")
def _reshape(p, e):
    if e.name == "reshape" and e.params.get("dimensions") is not None:
        raise Unplanned("a reshape in another order")
    value = e.outs[0]
    view = p.packed(p.view(e.ins[0]))
    p.put(value, view.with_strides(value.shape, dense_strides(value.shape, value.dtype)))


@step("transpose")
def _transpose(p, e):
    view, order = p.view(e.ins[0]), e.params["permutation"]
    p.put(e.outs[0], view.with_strides([view.shape[d] for d in order], [view.strides[d] for d in order]))


def reversed_(view, axes):
    offset = sum([(view.shape[d] - 1) * view.strides[d] for d in axes if view.shape[d]])
    return view.with_strides(view.shape, [-s if d in axes else s for d, s in enumerate(view.strides)], offset)


@step("rev")
def _rev(p, e):
    p.put(e.outs[0], reversed_(p.view(e.ins[0]), e.params["dimensions"]))


@step("slice")
def _slice(p, e):
    view, starts = p.view(e.ins[0]), e.params["start_indices"]
    steps = e.params["strides"] or [1] * len(starts)
    offset = sum([i * s for i, s in zip(starts, view.strides, strict=True)])
    p.put(e.outs[0], view.with_strides(e.outs[0].shape, [s * k for s, k in zip(view.strides, steps, strict=True)], offset))


@step("split")
def _split(p, e):
    view, axis, offset = p.view(e.ins[0]), int(e.params["axis"]), 0
    for value, size in zip(e.outs, e.params["sizes"], strict=True):
        p.put(value, view.with_strides(value.shape, view.strides, offset))
        offset += size * view.strides[axis]


@step("unstack")
def _unstack(p, e):
    view, axis = p.view(e.ins[0]), int(e.params["axis"])
    shape, strides = [(*numbers[:axis], *numbers[axis + 1 :]) for numbers in (view.shape, view.strides)]
    for k, value in enumerate(e.outs):
        p.put(value, view.with_strides(shape, strides, k * view.strides[axis]))


@step("concatenate")
def _concatenate(p, e):
    value, axis, offset = e.outs[0], int(e.params["dimension"]), 0
    out = p.result(value)
    for part in map(p.view, e.ins):
        p.copy(out.with_strides(part.shape, out.strides, offset), part)
        offset += part.shape[axis] * out.strides[axis]


@step("stack")
def _stack(p, e):
    value, axis = e.outs[0], int(e.params["axis"])
    out = p.result(value)
    strides = [s for d, s in enumerate(out.strides) if d != axis]
    for k, part in enumerate(map(p.view, e.ins)):
        p.copy(out.with_strides(part.shape, strides, k * out.strides[axis]), part)


@step("tile")
def _tile(p, e):
    view, value, times = p.view(e.ins[0]), e.outs[0], e.params["reps"]
    rank = len(value.shape)
    if len(times) != rank or 2 * rank > RANK:
        raise Unplanned("tile")
    view = view.spread([1] * (rank - len(view.shape)) + [*view.shape])
    out = p.result(value)
    shape, target, source = [], [], []
    for k, n, s, t in zip(times, view.shape, view.strides, out.strides, strict=True):
        shape += [k, n]
        target += [n * t, t]
        source += [0, s]
    p.copy(out.with_strides(shape, target), view.with_strides(shape, source))


@step("pad")
def _pad(p, e):
    value, config = e.outs[0], e.params["padding_config"]
    if any([low < 0 or high < 0 for low, high, _ in config]):
        raise Unplanned("a pad that cuts off")
    view, filling = map(p.view, e.ins)
    out = p.result(value)
    p.copy(out, filling)
    offset = sum([low * s for (low, _, _), s in zip(config, out.strides, strict=True)])
    p.copy(out.with_strides(view.shape, [s * (k + 1) for (_, _, k), s in zip(config, out.strides, strict=True)], offset), view)


def _cumulative(ufunc, p, e):
    view, value, axis = p.view(e.ins[0]), e.outs[0], int(e.params["axis"])
    if value.dtype in HALVES and view.shape[axis] > MOST_IN_TURN:
        raise Unplanned("a long sum of 16-bit floats")
    out = p.result(value)
    if e.params["reverse"]:
        view, out = reversed_(view, (axis,)), reversed_(out, (axis,))
    if not view.shape[axis]:
        return

    def part(v, start, size):
        return v.with_strides([size if d == axis else n for d, n in enumerate(v.shape)], v.strides, start * v.strides[axis])

    n = view.shape[axis]
    p.copy(part(out, 0, 1), part(view, 0, 1))
    p.loop(ufunc, part(out, 1, n - 1), part(out, 0, n - 1), part(view, 1, n - 1))


for _name, _ufunc in (("cumsum", np.add), ("cumprod", np.multiply), ("cummax", np.maximum), ("cummin", np.minimum)):
    STEPS[_name] = functools.partial(_cumulative, _ufunc)


@step("dot_general")
def _dot_general(p, e):
    x, y = map(p.view, e.ins)
    value = e.outs[0]
    (own, other), batch = e.params["dimension_numbers"]
    if (*batch[0], *batch[1]) or len(own) != 1 or not x.dtype == y.dtype == value.dtype or value.dtype.kind not in "fc":
        raise Unplanned("a product")
    (i,), (j,) = own, other
    if len(x.shape) > 2 or len(y.shape) > 2 or 0 in (*x.shape, *y.shape) or math.prod(value.shape) * x.shape[i] > PRODUCT_MOST:
        raise Unplanned("a product")
    m, n, q = math.prod(value.shape[: len(x.shape) - 1]), x.shape[i], math.prod(value.shape[len(x.shape) - 1 :])
    x, y = p.packed(x) if 0 in x.strides else x, p.packed(y) if 0 in y.strides else y
    item = value.dtype.itemsize
    left = x.with_strides((m, n), (x.strides[1 - i] if len(x.shape) == 2 else n * x.strides[i], x.strides[i]))
    right = y.with_strides((n, q), (y.strides[j], y.strides[1 - j] if len(y.shape) == 2 else item))
    p.product(p.result(value), left, right)


# Order


def _order(p, view, axis, out, order, *values):
    """The places of the first elements along an axis, in an order of _hot_steps.c, as `out`, which has as many as are wanted.

    values: where given, gets the elements.
    """
    kinds = (np.float32, np.float64, np.int32, np.int64)
    wanted = out.shape[axis]
    if view.dtype not in kinds or out.dtype not in kinds[2:] or 0 in view.shape:
        raise Unplanned("an order")
    if not 0 < wanted <= MOST_ORDERED or view.shape[axis] * min(wanted, 16) > 16 * MOST_ORDERED:
        raise Unplanned("an order of many")
    numbers = number_of(view.dtype), number_of(out.dtype)
    view, *others = [v.with_strides(last(v.shape, axis), last(v.strides, axis)) for v in (view, out, *values)]
    operands = tuple([(v.base, v.offset, v.strides) for v in (others[0], view, *others[1:])])
    p.steps.append((ORDER, view.shape, operands, (wanted, order, *numbers)))


def last(numbers, axis):
    """The numbers with the one of an axis at the end."""
    return (*numbers[:axis], *numbers[axis + 1 :], numbers[axis])


@step("sort")
def _sort(p, e):
    view, axis = p.view(e.ins[0]), int(e.params["dimension"])
    alone = len(e.ins) == 1
    if len(e.ins) > 2 or e.params["num_keys"] != 1 or not alone and p.counts.get(id(e.ins[1])) != axis:
        raise Unplanned("a sort")
    if view.shape[axis] > (MOST_SORTED if alone else MOST_ORDERED):
        raise Unplanned("a sort of many")
    places = p.room(view.shape, np.dtype(np.int32)) if alone or not e.wanted[1] else p.result(e.outs[1])
    _order(p, view, axis, places, RISING, *[p.result(v) for v in e.outs[:1] if e.wanted[0]])


@step("tfcompat.top")
def _top(p, e):
    view, value = p.view(e.ins[0]), e.outs[0]
    _order(p, view, len(view.shape) - 1, p.result(value), FALLING)


def _first(p, e, axis, order):
    view, value = p.view(e.ins[0]), e.outs[0]
    out = p.result(value)
    shape, strides = [[*numbers[:axis], one, *numbers[axis:]] for numbers, one in ((out.shape, 1), (out.strides, 0))]
    _order(p, view, axis, out.with_strides(shape, strides), order)


@step("tfcompat.argmax")
def _argmax(p, e):
    _first(p, e, int(e.name.split("_")[1]), FALLING)


@step("argmax", "argmin")
def _extreme(p, e):
    _first(p, e, int(e.params["axes"][0]), GREATEST if e.name == "argmax" else LEAST)


# Matrices


def _of_matrices(p, kind, views, unit=0):
    """A step over stacks of matrices; all views have the rank of the first one, and its sizes but for the last two."""
    shape, dtype = views[0].shape, views[0].dtype
    if dtype.kind != "f" or 0 in shape or len(shape) > RANK or shape[-2] > LARGEST_MATRIX or shape[-1] > MOST_COLUMNS:
        raise Unplanned("matrices")
    p.steps.append((kind, shape, tuple([(v.base, v.offset, v.strides) for v in views]), (number_of(dtype), int(unit))))


@step("cholesky")
def _cholesky(p, e):
    view, value = p.view(e.ins[0]), e.outs[0]
    _of_matrices(p, CHOLESKY, [p.result(value), view])


@step("lu")
def _lu(p, e):
    view = p.view(e.ins[0])
    if view.shape[-1] != view.shape[-2]:
        raise Unplanned("factors")
    both, *numbers = map(p.result, e.outs)
    columns = [v.with_strides((*v.shape, 1), (*v.strides, 0)) for v in numbers]
    _of_matrices(p, FACTORS, [both, view, *columns])


def _turned(view):
    """The transposed matrices."""
    return view.with_strides([*view.shape[:-2], view.shape[-1], view.shape[-2]], [*view.strides[:-2], view.strides[-1], view.strides[-2]])


@step("triangular_solve")
def _triangular_solve(p, e):
    (matrix, rhs), value, params = map(p.view, e.ins), e.outs[0], e.params
    out, lower, transposed = p.result(value), params["lower"], params["transpose_a"]
    if not params["left_side"]:  # X A = B is A^T X^T = B^T
        out, rhs, transposed = _turned(out), _turned(rhs), not transposed
    if transposed:
        matrix, lower = _turned(matrix), not lower
    if not lower:  # it is a lower one, seen from its end
        last = len(out.shape) - 1
        out, rhs, matrix = reversed_(out, (last - 1,)), reversed_(rhs, (last - 1,)), reversed_(matrix, (last - 1, last))
    _of_matrices(p, TRIANGULAR, [out, rhs, matrix], params["unit_diagonal"])


@step("tfcompat.solution")
def _solution(p, e):
    (matrix, rhs), (value, singular) = map(p.view, e.ins), e.outs
    out, bad = p.result(value), p.result(singular)
    p.copy(bad, p.constant(np.False_))
    _of_matrices(p, SOLUTION, [out, bad.with_strides(out.shape, [0] * len(out.shape)), rhs, matrix])


@step("tfcompat.banded")
def _banded(p, e):
    (x, *bounds), value = map(p.view, e.ins), e.outs[0]
    rows, columns = sizes = value.shape[-2:]
    above = np.arange(columns, dtype=bounds[0].dtype) - np.arange(rows, dtype=bounds[0].dtype)[:, None]
    limits = [v.const for v in e.ins[1:]]
    if all([limit is not None for limit in limits]):
        low, high = [size if limit < 0 else limit for limit, size in zip(limits, sizes, strict=True)]
        inside = p.constant((-above <= low) & (above <= high))
    else:
        sides = []
        for bound, size, away in zip(bounds, sizes, (-above, above), strict=True):
            endless, limit, side = p.room((), np.dtype(bool)), p.room((), bound.dtype), p.room(sizes, np.dtype(bool))
            p.loop(np.less, endless, bound, p.constant(np.zeros((), bound.dtype)))
            p.step(SELECT, [limit, endless, bound, p.constant(np.array(size, bound.dtype))], (bound.dtype.itemsize,))
            p.loop(np.less_equal, side, p.constant(away), limit)
            sides.append(side)
        inside = p.room(sizes, np.dtype(bool))
        p.loop(np.logical_and, inside, *sides)
    out = p.result(value)
    nothing = p.constant(np.zeros((), value.dtype))
    p.step(SELECT, [out, *[v.spread(out.shape) for v in (inside, nothing, x)]], (value.dtype.itemsize,))
