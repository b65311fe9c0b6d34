"""Inference for shapes that change all the time: one trace with symbolic dimensions serves all sizes.

Tracing an op costs 0.2-6 ms, too much where every step of a loop has new shapes. From the third set of shapes on, an op
is traced with JAX's symbolic dimensions instead: each distinct size >= 2 becomes a symbol, equal sizes the same one,
in attributes that hold sizes too. Result shapes are then the symbolic ones evaluated, and the host function takes the
sizes as an argument. Only compiling needs the exact trace. The symbolic trace must have the primitives of the exact ones
before it, else (a body that decides by size) exact ones are always used.
"""

import functools
import math
import operator

import jax
from jax import export
from jax.extend import core as jex

from tfcompat._core import costs, equations, interpret
from tfcompat._core.avals import aval

EXACT_TRACES = 2  # sets of shapes of one pattern that are traced exactly before a symbolic trace is worth its cost
_NAMES = [f"s{i}" for i in range(64)]
_RESHAPING = {"reshape", "squeeze", "broadcast_in_dim"}  # of as many elements
_SYMBOL = -1000  # in patterns, symbol i is the number _SYMBOL - i; sizes and -1 ("the rest") stand for themselves


class Pattern:
    """Sizes of one call abstracted: `key` is equal for calls that differ in sizes only, `sizes` are these."""

    __slots__ = ("key", "sizes")

    def __init__(self, avals, attrs, annotations, count):
        symbols = {}

        def symbol(d):
            return d if d < 2 else _SYMBOL - symbols.setdefault(d, len(symbols))

        def walk(item):
            if type(item) is tuple:
                return tuple([walk(part) for part in item])
            return symbol(item) if type(item) is int else item

        shapes = tuple([(a.np_dtype, tuple([symbol(d) for d in a.shape])) for a in avals])
        kept = tuple([walk(v) if holds_sizes(a) else v for v, a in zip(attrs, annotations, strict=True)])
        self.key = (shapes, kept, count)
        self.sizes = tuple(symbols)


def holds_sizes(annotation):
    return getattr(annotation, "sizes", False)


class SymbolicAval:
    """An Aval with symbolic dimensions, for tracing."""

    def __init__(self, shape, np_dtype):
        self.shape = shape
        self.np_dtype = np_dtype
        plain = aval((), np_dtype)
        self.dtype, self.differentiable = plain.dtype, plain.differentiable
        self.size = self.nbytes = 0

    @property
    def struct(self):
        return jax.ShapeDtypeStruct(self.shape, self.np_dtype)


class Form:
    """What a pattern's symbols are: avals and attributes to trace with, and how to evaluate dimensions."""

    def __init__(self, pattern):
        shapes, attrs, _ = pattern.key
        self.names = _NAMES[: len(pattern.sizes)]
        text = ", ".join(self.names)
        dims = export.symbolic_shape(text, constraints=[f"{n} >= 2" for n in self.names]) if self.names else ()

        def concrete(item):
            if type(item) is tuple:
                return tuple(concrete(part) for part in item)
            return dims[_SYMBOL - item] if type(item) is int and item <= _SYMBOL else item

        self.avals = [SymbolicAval(concrete(shape), t) for t, shape in shapes]
        self.attrs = concrete(attrs)


@functools.lru_cache(4096)
def evaluator(shapes, names):
    """A function from sizes to concrete shapes; `shapes` holds dimensions as text or ints."""
    arguments = ", ".join(f"d_{n}" for n in names)
    body = ", ".join("(" + "".join(f"{equations.dim_text(str(d), names)}, " for d in s) + ")" for s in shapes)
    space = {"floordiv": lambda a, b: a // b, "mod": lambda a, b: a % b, "max": max, "min": min}
    return eval(f"lambda {arguments}: ({body},)", space)  # noqa: S307 - text that JAX printed


class GenericSpec:
    """A symbolic trace of one jaxpr: makes Specs for any sizes without tracing."""

    def __init__(self, closed, names):
        self.closed = closed
        self.names = tuple(names)
        outs = closed.jaxpr.outvars
        self.avals = [SymbolicAval(v.aval.shape, v.aval.dtype) for v in outs]
        texts = tuple([tuple([d if isinstance(d, int) else str(d) for d in v.aval.shape]) for v in outs])
        self.shapes = evaluator(texts, self.names)
        moved, self.equations, kernels = costs.work(closed.jaxpr)
        self.compile_cost = costs.compiling(self.equations, kernels)
        self._moved = evaluator(((moved if isinstance(moved, int) else str(moved),),), self.names)
        self.looked_at = looked_at(closed.jaxpr)
        self.reshapes = reshapes(closed.jaxpr)
        self.host = interpret.host_function(closed, dims=self.names)

    def cost(self, sizes):
        """Seconds lost by interpreting it for these sizes."""
        ((moved,),) = self._moved(*sizes)
        return costs.interpreting(moved, self.equations)

    def at(self, sizes):
        """The avals of the results for these sizes."""
        return tuple([aval(s, a.np_dtype) for s, a in zip(self.shapes(*sizes), self.avals, strict=True)])


def looked_at(jaxpr):
    """Positions of the inputs that the results depend on."""
    needed = {id(v) for v in (*jaxpr.outvars, *[v for eqn in live_equations(jaxpr) for v in eqn.invars])}
    return frozenset([i for i, v in enumerate(jaxpr.invars) if id(v) in needed])


def reshapes(jaxpr):
    """Whether all that is done to the only input is to give it another shape."""
    if len(jaxpr.invars) != 1 or len(jaxpr.outvars) != 1:
        return False
    (given,), (result,) = jaxpr.invars, jaxpr.outvars
    reached = given
    for eqn in jaxpr.eqns:
        if eqn.primitive.name not in _RESHAPING or eqn.invars[0] is not reached:
            return False
        reached = eqn.outvars[0]
    return reached is result and math.prod(given.aval.shape) == math.prod(result.aval.shape)


def flows(jaxpr):
    """For each result the inputs that it depends on by way of floats alone, as bits; of the others it has no gradient."""

    def bits(v, found):
        return found if v.aval.dtype.kind in "fcV" else 0  # V: the small floats

    sets = {id(v): bits(v, 1 << i) for i, v in enumerate(jaxpr.invars)}
    for eqn in jaxpr.eqns:
        found = functools.reduce(operator.or_, [sets.get(id(v), 0) for v in eqn.invars], 0)
        sets.update({id(v): bits(v, found) for v in eqn.outvars})
    return [sets.get(id(v), 0) for v in jaxpr.outvars]


def live_equations(jaxpr):
    """The equations that the results depend on."""
    needed, live = {id(v) for v in jaxpr.outvars}, []
    for eqn in reversed(jaxpr.eqns):
        if eqn.effects or any(id(v) in needed for v in eqn.outvars):
            needed.update([id(v) for v in eqn.invars])
            live.append(eqn)
    return live[::-1]


def primitives(jaxpr):
    """Names of all primitives of a jaxpr in order, those of inner jaxprs included."""
    for eqn in jaxpr.eqns:
        inner = [p for p in eqn.params.values() if isinstance(p, jex.ClosedJaxpr)]
        if inner:
            for p in inner:
                yield from primitives(p.jaxpr)
        else:
            yield eqn.primitive.name


def same_program(symbolic, exact):
    """Whether a symbolic and an exact trace do the same things, on the same dtypes (a symbol is an int64, a size is none)."""
    return program(symbolic) == program(exact)


def program(closed):
    """What a trace does, whatever the sizes: its dtypes and primitives."""
    dtypes = [v.aval.dtype for v in (*closed.jaxpr.invars, *closed.jaxpr.outvars)]
    return tuple(dtypes), tuple(primitives(closed.jaxpr))
