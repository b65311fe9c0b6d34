"""Plans: what a jaxpr of small arrays computes, for the C extension (_hot_plan.c) to go through in one call.

NumPy takes half a microsecond to a few for each call of small arrays, most of it before and after its loops. A plan holds the
loops: each equation is a step over strided memory, or only another view of it.
"""

import functools
import math

import numpy as np
from jax.lax import GatherScatterMode

from tfcompat._core.lax_indexing import fill_value
from tfcompat._core.lax_numpy import RULES, is_static
from tfcompat._core.native import extension as _hot
from tfcompat._core.twins import has_twin

LARGEST = 1 << 14  # bytes of an array: of larger ones the calls take little beside the work
MOST_SCRATCH = 1 << 18  # bytes of what lies between the arguments and the results
LONGEST = 1000  # arguments, results
RANK = 6

_LOOP, _COPY, _SELECT, _CAST, _PRODUCT, _PLACED, _PHILOX, _BOX_MULLER = range(8)
_ALIGNED = 64
_STANDARD = frozenset(np.dtype(t) for t in "? b h i l B H I L f d".split())

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


class Unplanned(Exception):
    """There is no step for an equation, or no reason for a plan."""


class View:
    """Where the elements of a value lie: a base (an argument, a result, the constants, the scratch memory), bytes from there."""

    __slots__ = ("base", "block", "dtype", "offset", "shape", "strides")

    def __init__(self, base, offset, shape, strides, dtype, block=None):
        self.base, self.offset, self.dtype = base, int(offset), dtype  # parameters of jaxprs may hold NumPy's ints
        self.shape, self.strides = tuple(map(int, shape)), tuple(map(int, strides))
        self.block = block  # of the scratch memory: (place, size)

    @property
    def dense(self):
        return all([n == 1 or s == t for n, s, t in zip(self.shape, self.strides, dense_strides(self.shape, self.dtype), strict=True)])

    def with_strides(self, shape, strides, offset=0):
        return View(self.base, self.offset + offset, shape, strides, self.dtype, self.block)

    def spread(self, shape):
        """The same elements, repeated, as `shape`: NumPy's broadcast."""
        missing = len(shape) - len(self.shape)
        strides = [0] * missing + [0 if n == 1 and m != 1 else s for n, m, s in zip(self.shape, shape[missing:], self.strides, strict=True)]
        return self.with_strides(shape, strides)


def dense_strides(shape, dtype):
    strides, step = [], dtype.itemsize
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return strides[::-1]


@functools.cache
def loop_of(ufunc, types):
    """The number of a ufunc's loop for the characters of its operands' and result's dtypes."""
    text = f"{types[:-1]}->{types[-1]}"
    if text not in ufunc.types:
        raise Unplanned(ufunc, text)
    return ufunc.types.index(text)


class Planner:
    """Writes the steps of one plan."""

    def __init__(self, arguments, results):
        self.count, self.results = len(arguments), results
        self.constants, self.places, self.scratch = bytearray(), {}, 0
        self.steps, self.views, self.ufuncs = [], {}, []
        self.held, self.free = {}, {}  # block of the scratch memory -> ids of the values in it; size -> blocks that are free
        self.targets = {}  # id of a value -> number of the result that it is computed in
        for k, value in enumerate(arguments):
            self.admit(value)
            self.views[id(value)] = View(k, 0, value.shape, dense_strides(value.shape, value.dtype), value.dtype)

    def admit(self, value):
        shape = value.shape
        if value.dtype not in _STANDARD or len(shape) > RANK or not all(map(is_static, shape)) or math.prod(shape) * value.dtype.itemsize > LARGEST:
            raise Unplanned(value)

    def view(self, value):
        found = self.views.get(id(value))
        if found is None:
            if value.const is None:
                raise Unplanned(value)
            found = self.views[id(value)] = self.constant(value.const).spread(value.shape)
        return found

    def constant(self, array):
        array = np.asarray(array, order="C")
        key = array.tobytes(), array.dtype
        place = self.places.get(key)
        if place is None:
            self.constants += bytes(-len(self.constants) % 16)
            place = self.places[key] = len(self.constants)
            self.constants += key[0]
        return View(self.count + len(self.results), place, array.shape, dense_strides(array.shape, array.dtype), array.dtype)

    def room(self, shape, dtype, value=None):
        """Memory for a value: of a result, or scratch."""
        target = None if value is None else self.targets.get(id(value))
        if target is not None:
            return View(self.count + target, 0, shape, dense_strides(shape, dtype), dtype)
        size = -(-math.prod(shape) * dtype.itemsize // _ALIGNED) * _ALIGNED
        if self.free.get(size):
            block = self.free[size].pop()
        else:
            block = self.scratch, size
            self.scratch += size
            if self.scratch > MOST_SCRATCH:
                raise Unplanned("it takes too much memory")
        self.held.setdefault(block, [])
        return View(self.count + len(self.results) + 1, block[0], shape, dense_strides(shape, dtype), dtype, block)

    def put(self, value, view):
        """`view` is where the value is from now on."""
        self.views[id(value)] = view
        if view.block is not None:
            self.held[view.block].append(id(value))
        return view

    def release(self, last, i):
        """Frees the scratch memory that nobody reads after equation `i`."""
        for block, values in [*self.held.items()]:
            if all([last.get(v, -1) <= i for v in values]):
                del self.held[block]
                self.free.setdefault(block[1], []).append(block)

    def step(self, kind, views, detail):
        """A step over views of one shape, the first of which is written."""
        shape = views[0].shape
        if 0 in shape:
            return
        dims, strides = merged(shape, [v.strides for v in views])
        operands = tuple([(v.base, v.offset, tuple(s)) for v, s in zip(views, strides, strict=True)])
        self.steps.append((kind, tuple(dims), operands, detail))

    def loop(self, ufunc, out, *ins):
        detail = ufunc, loop_of(ufunc, "".join([v.dtype.char for v in (*ins, out)]))
        self.ufuncs.append(ufunc)
        self.step(_LOOP, [out, *[v.spread(out.shape) for v in ins]], detail)

    def made(self, ufunc, value, *ins):
        """A ufunc computes the value."""
        self.loop(ufunc, self.result(value), *ins)

    def result(self, value):
        """Memory for the value of the present equation."""
        return self.put(value, self.room(value.shape, value.dtype, value))

    def copy(self, out, view):
        self.step(_COPY, [out, view.spread(out.shape)], (out.dtype.itemsize,))

    def packed(self, view):
        """A dense view of the same elements."""
        if view.dense:
            return view
        out = self.room(view.shape, view.dtype)
        self.copy(out, view)
        return out

    def bind(self, value):
        """What rules call that give text."""
        raise Unplanned("text")

    def plan(self, equations, arguments, otherwise):
        produced = {id(v): e for e in equations for v in e.outs}
        last = {id(v): i for i, e in enumerate(equations) for v in e.ins}
        for k, value in enumerate(self.results):
            if value is None:
                continue
            self.admit(value)
            last[id(value)] = len(equations)
            while id(value) in produced:
                self.targets.setdefault(id(value), k)
                before = produced[id(value)]
                if before.name not in ("reshape", "squeeze", "expand_dims") or before.params.get("dimensions") is not None and before.name == "reshape":
                    break
                value = before.ins[0]
        for i, equation in enumerate(equations):
            for value in (*equation.ins, *equation.outs):
                self.admit(value)
            _STEPS.get(equation.name, elementwise)(self, equation)
            self.release(last, i)
        if not self.steps:
            raise Unplanned("nothing is computed")
        for k, value in enumerate(self.results):
            if value is None:
                continue
            view, out = self.view(value), View(self.count + k, 0, value.shape, dense_strides(value.shape, value.dtype), value.dtype)
            if view.base == out.base and view.dense:
                continue
            if view.base == out.base:
                raise Unplanned("a result in another order than it is computed")
            self.copy(out, view)
        shapes = [tuple([None if v is None else (_number(v.dtype), v.shape) for v in values]) for values in (arguments, self.results)]
        plan = _hot.plan(*shapes, bytes(self.constants), self.scratch, tuple(self.steps), tuple(self.ufuncs), otherwise)
        plan.planned, plan.in_python = True, otherwise
        plan.source = ", ".join([e.name for e in equations])
        return plan


def merged(shape, strides):
    """Dimensions and strides with as few dimensions as can be: those of size 1 left out, neighbours joined."""
    dims, kept = [], [[] for _ in strides]
    for d, n in enumerate(shape):
        if n == 1:
            continue
        if dims and all([k[-1] == s[d] * n for k, s in zip(kept, strides, strict=True)]):
            dims[-1] *= n
            for k, s in zip(kept, strides, strict=True):
                k[-1] = s[d]
        else:
            dims.append(n)
            for k, s in zip(kept, strides, strict=True):
                k.append(s[d])
    return dims, kept


# Steps of primitives; those of ufuncs come from the rules of lax_numpy.py


def elementwise(p, e):
    entry = RULES.get(e.name)
    if entry is None or entry.kind != "elementwise" or entry.moves:
        raise Unplanned(e.name)
    made = entry.make(p, e)
    if not isinstance(made, np.ufunc) or made is np.power and e.outs[0].dtype.kind != "f":  # of integers its loop may raise
        raise Unplanned(e.name)
    p.made(made, e.outs[0], *map(p.view, e.ins))


def _square(p, e):
    x = p.view(e.ins[0])
    p.made(np.multiply, e.outs[0], x, x)


def _inverse(p, value, x):
    """1 / x as the value."""
    if value.dtype.kind != "f":
        raise Unplanned("an inverse")
    p.made(np.reciprocal, value, x)


def _rsqrt(p, e):
    out = p.room(e.outs[0].shape, e.outs[0].dtype)
    p.loop(np.sqrt, out, p.view(e.ins[0]))
    _inverse(p, e.outs[0], out)


def _logistic(p, e):
    value = e.outs[0]
    out = p.room(value.shape, value.dtype)
    p.loop(np.negative, out, p.view(e.ins[0]))
    p.loop(np.exp, out, out)
    p.loop(np.add, out, p.constant(np.ones((), value.dtype)), out)
    _inverse(p, value, out)


def _clamp(p, e):
    low, x, high = map(p.view, e.ins)
    value = e.outs[0]
    out = p.room(value.shape, value.dtype)
    p.loop(np.maximum, out, low, x)
    p.made(np.minimum, value, out, high)


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


def _select_n(p, e):
    which, *cases = map(p.view, e.ins)
    if len(cases) != 2 or which.dtype.kind != "b":
        raise Unplanned("a choice")
    value = e.outs[0]
    out = p.result(value)
    p.step(_SELECT, [out, *[v.spread(out.shape) for v in (which, *cases)]], (value.dtype.itemsize,))


def _convert_element_type(p, e, lowest=False):
    view, value = p.view(e.ins[0]), e.outs[0]
    if view.dtype == value.dtype:
        p.put(value, view)
        return
    if value.dtype.kind == "b":
        raise Unplanned("a conversion")
    out = p.result(value)
    p.step(_CAST, [out, view], (_number(view.dtype), _number(value.dtype), int(lowest)))


def _truncated(p, e):
    _convert_element_type(p, e, lowest=True)


def _bitcast_convert_type(p, e):
    view, value = p.packed(p.view(e.ins[0])), e.outs[0]
    if "b" in (view.dtype.kind, value.dtype.kind):
        raise Unplanned("the bits of bools")
    strides = dense_strides(value.shape, value.dtype)
    p.put(value, View(view.base, view.offset, value.shape, strides, value.dtype, view.block))


def _softplus(p, e):
    p.made(np.logaddexp, e.outs[0], p.view(e.ins[0]), p.constant(np.zeros((), e.outs[0].dtype)))


def _xlogy(p, e):
    (x, y), value = map(p.view, e.ins), e.outs[0]
    zero = p.constant(np.zeros((), value.dtype))
    log, none = p.room(value.shape, value.dtype), p.room(x.shape, np.dtype(bool))
    p.loop(np.log, log, y)
    p.loop(np.multiply, log, x, log)
    p.loop(np.equal, none, x, zero)
    out = p.result(value)
    p.step(_SELECT, [out, *[v.spread(out.shape) for v in (none, log, zero)]], (value.dtype.itemsize,))


def _draws(kind, p, e):
    ins = [p.packed(p.view(v)) for v in e.ins]
    outs = [p.result(v) for v in e.outs]
    operands = tuple([(v.base, v.offset, (0,)) for v in (*outs, *ins)])
    p.steps.append((kind, (math.prod(outs[0].shape),), operands, ()))


def _number(dtype):
    """NumPy's number of a dtype; of the several that mean one type the usual one."""
    return np.dtype(dtype.str).num


def _copy(p, e):
    value = e.outs[0]
    out = p.result(value)
    p.copy(out, p.view(e.ins[0]))


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
    p.step(_LOOP, [total, total, view], detail)


def _iota(p, e):
    value, axis = e.outs[0], int(e.params["dimension"])
    shape = [n if d == axis else 1 for d, n in enumerate(value.shape)]
    p.put(value, p.constant(np.arange(value.shape[axis], dtype=value.dtype).reshape(shape)).spread(value.shape))


def _broadcast_in_dim(p, e):
    view, value, dims = p.view(e.ins[0]), e.outs[0], e.params["broadcast_dimensions"]
    strides = [0] * len(value.shape)
    for d, n, s in zip(dims, view.shape, view.strides, strict=True):
        strides[d] = s if n == value.shape[d] and n != 1 else 0
    p.put(value, view.with_strides(value.shape, strides))


def _reshape(p, e):
    if e.name == "reshape" and e.params.get("dimensions") is not None:
        raise Unplanned("a reshape in another order")
    value = e.outs[0]
    view = p.packed(p.view(e.ins[0]))
    p.put(value, view.with_strides(value.shape, dense_strides(value.shape, value.dtype)))


def _transpose(p, e):
    view, order = p.view(e.ins[0]), e.params["permutation"]
    p.put(e.outs[0], view.with_strides([view.shape[d] for d in order], [view.strides[d] for d in order]))


def reversed_(view, axes):
    offset = sum([(view.shape[d] - 1) * view.strides[d] for d in axes if view.shape[d]])
    return view.with_strides(view.shape, [-s if d in axes else s for d, s in enumerate(view.strides)], offset)


def _rev(p, e):
    p.put(e.outs[0], reversed_(p.view(e.ins[0]), e.params["dimensions"]))


def _slice(p, e):
    view, starts = p.view(e.ins[0]), e.params["start_indices"]
    steps = e.params["strides"] or [1] * len(starts)
    offset = sum([i * s for i, s in zip(starts, view.strides, strict=True)])
    p.put(e.outs[0], view.with_strides(e.outs[0].shape, [s * k for s, k in zip(view.strides, steps, strict=True)], offset))


def _split(p, e):
    view, axis, offset = p.view(e.ins[0]), int(e.params["axis"]), 0
    for value, size in zip(e.outs, e.params["sizes"], strict=True):
        p.put(value, view.with_strides(value.shape, view.strides, offset))
        offset += size * view.strides[axis]


def _concatenate(p, e):
    value, axis, offset = e.outs[0], int(e.params["dimension"]), 0
    out = p.result(value)
    for part in map(p.view, e.ins):
        p.copy(out.with_strides(part.shape, out.strides, offset), part)
        offset += part.shape[axis] * out.strides[axis]


def _stack(p, e):
    value, axis = e.outs[0], int(e.params["axis"])
    out = p.result(value)
    strides = [s for d, s in enumerate(out.strides) if d != axis]
    for k, part in enumerate(map(p.view, e.ins)):
        p.copy(out.with_strides(part.shape, strides, k * out.strides[axis]), part)


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


# Windows whose places are data


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
    p.steps.append((_PLACED, tuple(shape), places, detail))


def _dynamic_slice(p, e):
    (view, *starts), value = map(p.view, e.ins), e.outs[0]
    positions = [_position(v, 0, n - m, s) for v, n, m, s in zip(starts, view.shape, value.shape, view.strides, strict=True) if n != m]
    out = p.result(value)
    _placed(p, value.shape, 0, 1, positions, [out, view])


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


_PRODUCT_MOST = 1 << 14  # multiply-adds: BLAS is at home with more, and may use threads


def _dot_general(p, e):
    x, y = map(p.view, e.ins)
    value = e.outs[0]
    (own, other), batch = e.params["dimension_numbers"]
    if (*batch[0], *batch[1]) or len(own) != 1 or not x.dtype == y.dtype == value.dtype or value.dtype.kind != "f":
        raise Unplanned("a product")
    (i,), (j,) = own, other
    if len(x.shape) > 2 or len(y.shape) > 2 or 0 in (*x.shape, *y.shape) or math.prod(value.shape) * x.shape[i] > _PRODUCT_MOST:
        raise Unplanned("a product")
    x, y = p.packed(x) if 0 in x.strides else x, p.packed(y) if 0 in y.strides else y
    out = p.result(value)
    n, item = x.shape[i], value.dtype.itemsize
    m, q = [view.shape[1 - k] if len(view.shape) == 2 else 1 for view, k in ((x, i), (y, j))]
    left = (x.strides[1 - i] if len(x.shape) == 2 else n * x.strides[i], x.strides[i])
    right = (y.strides[j], y.strides[1 - j] if len(y.shape) == 2 else item)
    operands = (out.base, out.offset, (q * item, item)), (x.base, x.offset, left), (y.base, y.offset, right)
    p.ufuncs.append(np.matmul)
    p.steps.append((_PRODUCT, (m, n, q), operands, (np.matmul, loop_of(np.matmul, value.dtype.char * 3))))


_STEPS = {
    "square": _square, "rsqrt": _rsqrt, "logistic": _logistic, "clamp": _clamp, "integer_pow": _integer_pow, "select_n": _select_n,
    "convert_element_type": _convert_element_type, "copy": _copy, "copy_p": _copy, "iota": _iota, "broadcast_in_dim": _broadcast_in_dim,
    "reshape": _reshape, "squeeze": _reshape, "expand_dims": _reshape, "transpose": _transpose, "rev": _rev, "slice": _slice,
    "split": _split, "concatenate": _concatenate, "stack": _stack, "tile": _tile, "pad": _pad, "dot_general": _dot_general,
    "dynamic_slice": _dynamic_slice, "dynamic_update_slice": _dynamic_update_slice, "gather": _gather,
    **dict.fromkeys(["scatter", *_COMBINING], _scatter), "bitcast_convert_type": _bitcast_convert_type,
    "tfcompat.softplus": _softplus, "tfcompat.xlogy": _xlogy, "tfcompat.truncated32": _truncated, "tfcompat.truncated64": _truncated,
    "tfcompat.blocks": functools.partial(_draws, _PHILOX), "tfcompat.box_muller32": functools.partial(_draws, _BOX_MULLER),
    "cumsum": functools.partial(_cumulative, np.add), "cumprod": functools.partial(_cumulative, np.multiply),
    "cummax": functools.partial(_cumulative, np.maximum), "cummin": functools.partial(_cumulative, np.minimum),
    **dict.fromkeys([*_REDUCTIONS, *_REDUCTIONS_OF_BOOLS], _reduce),
}  # fmt: skip


_UFUNCS = frozenset(
    "add add_any sub mul neg max min lt le gt ge eq ne and or xor not shift_left abs sign floor ceil is_finite nextafter exp log"
    " log1p expm1 sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh cbrt atan2 exp2 round pow erf erfc"
    " tfcompat.floor_divide tfcompat.remainder tfcompat.sign_of_real stop_gradient copy".split()
)


def covers(jaxpr):
    """Whether there is, as far as can be told without making it, a plan of a jaxpr."""
    return _hot is not None and all([small(v.aval) for v in (*jaxpr.invars, *jaxpr.outvars)]) and all(map(_covered, jaxpr.eqns))


def small(a):
    shape = a.shape
    return a.dtype in _STANDARD and all(map(is_static, shape)) and math.prod(shape) * a.dtype.itemsize <= LARGEST


def _covered(eqn):
    name, params = eqn.primitive.name, eqn.params
    if "jaxpr" in params and not has_twin(eqn):
        inner = getattr(params["jaxpr"], "jaxpr", params["jaxpr"])
        return covers(inner)
    if name == "dot_general":
        (own, _), _ = params["dimension_numbers"]
        left = eqn.invars[0].aval.shape
        if math.prod(eqn.outvars[0].aval.shape) * math.prod([left[d] for d in own]) > _PRODUCT_MOST:
            return False
    name = params["name"] if "jaxpr" in params else name
    floating = name != "div" and name != "rem" or eqn.outvars[0].aval.dtype.kind == "f"
    return (name in _STEPS or name in _UFUNCS or name in ("div", "rem")) and floating and all([small(v.aval) for v in eqn.outvars])


def plan_of(arguments, equations, results, otherwise):
    """What computes the equations in one call, or None.

    Args:
      arguments, results: Values of the equations (interpret.py); where a result is None, so is what the plan gives.
      otherwise: what is called where the arguments are not NumPy's.
    """
    if _hot is None or max(len(arguments), len(results)) > LONGEST or not equations:
        return None
    try:
        return Planner(arguments, results).plan(equations, arguments, otherwise)
    except (Unplanned, NotImplementedError):
        return None
