"""Long chains of cheap functions and reductions, cut into pieces that XLA compiles one by one on a CPU.

XLA computes cheap functions (a difference, a broadcast) anew in each loop that reads them. Where each link of a chain reads the
one before and a reduction of it, as `x = tf.nn.log_softmax(x)` does, each loop so computes all links before it: code, and time
to compile it, grow with the square of the length (a hundred links: 35 s). A few values of such a program are therefore put
behind a branch that XLA cannot see through: 0.5 s, and it runs no slower.
"""

import math

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core as jex

from tfcompat._core import rewriting

# Up to so many equations that are compiled anew in further loops, in all and for each, a program stays as it is.
MAX_COPIES, MAX_COPIES_EACH = 500, 6
LINK = 24  # equations between two cuts

# XLA computes results of these for each loop that reads them (it makes products of most quotients),
_CHEAP = frozenset(
    "abs add add_any and bitcast_convert_type broadcast_in_dim ceil clamp convert_element_type copy copy_p copysign div eq expand_dims "
    "floor ge gt integer_pow iota is_finite le lt max min mul ne neg nextafter not or pad real reduce_precision reshape rev "
    "round select_n shift_left shift_right_arithmetic shift_right_logical sign slice square squeeze stop_gradient sub transpose xor".split()
)
# and those of these where one alone does. Operands of others, reductions apart, are arrays in memory.
_COSTLY = frozenset(
    "acos acosh asin asinh atan atan2 atanh cbrt cos cosh erf erf_inv erfc exp exp2 expm1 lgamma log log1p logistic pow rem rsqrt "
    "sin sinh sqrt tan tanh".split()
)
_CALLS = ("jit", "pjit")
_UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


def _variables(atoms):
    return {v for v in atoms if isinstance(v, jex.Var)}


def _kind(eqn):
    name = eqn.primitive.name
    if name in _CALLS:
        return "call"
    if name in _CHEAP:
        return "cheap"
    if name in _COSTLY:
        return "costly"
    return "reduction" if name.startswith("reduce_") or name in ("argmax", "argmin") else "kernel"


class _Loops:
    """Which loops compute each result of a jaxpr's equations, as bits, calls included."""

    def __init__(self, jaxpr):
        self.count = self.equations = self.copies = 0
        self.of = {}  # id of the equation of a call, or None -> {variable: loops}
        self._go_back(jaxpr, [self._new() for _ in jaxpr.outvars], None)

    def _new(self):
        self.count += 1
        return 1 << self.count - 1

    def _go_back(self, jaxpr, read, call):
        loops = self.of[call] = {}

        def note(atoms, bits):
            for v, more in zip(atoms, bits, strict=True):
                if isinstance(v, jex.Var):
                    loops[v] = loops.get(v, 0) | more

        note(jaxpr.outvars, read)
        for eqn in reversed(jaxpr.eqns):
            kind, bits = _kind(eqn), [loops.get(v, 0) for v in eqn.outvars]
            if kind == "call":
                note(eqn.invars, self._go_back(eqn.params["jaxpr"].jaxpr, bits, id(eqn)))
                continue
            if kind == "kernel":
                note(eqn.invars, [self._new() for _ in eqn.invars])
                continue
            if kind == "cheap":
                self.equations += 1
                self.copies += max(0, bits[0].bit_count() - 1)
            elif kind == "reduction" or _several(bits[0]):
                loops[eqn.outvars[0]] = bits[0] = self._new()
            note(eqn.invars, bits[:1] * len(eqn.invars))
        return [loops.get(v, 0) for v in jaxpr.invars]


def _several(bits):
    return bits & (bits - 1)


def _cuts(jaxpr):
    """The variables of a jaxpr, calls included, behind which it is cut."""
    loops, cuts = _Loops(jaxpr), set()
    if loops.copies > max(MAX_COPIES, MAX_COPIES_EACH * loops.equations):
        _go_on(jaxpr, [0] * len(jaxpr.invars), loops, None, cuts)
    return cuts


def _go_on(jaxpr, lengths, loops, call, cuts):
    """Finds the cuts. Lengths: how many equations are compiled anew with those that read a variable; those of the results are returned."""
    behind, read = dict(zip(jaxpr.invars, lengths, strict=True)), loops.of[call]
    for eqn in jaxpr.eqns:
        kind, out = _kind(eqn), eqn.outvars[0]
        if kind == "call":
            given = [0 if isinstance(v, jex.Literal) else behind.get(v, 0) for v in eqn.invars]
            behind.update(zip(eqn.outvars, _go_on(eqn.params["jaxpr"].jaxpr, given, loops, id(eqn), cuts), strict=True))
        elif kind in ("cheap", "costly"):
            length = 1 + sum([behind.get(v, 0) for v in _variables(eqn.invars)])
            if length >= LINK and _several(read.get(out, 0)) and _can_be_cut(out.aval):
                cuts.add(out)
                length = 0
            behind[out] = length
    return [0 if isinstance(v, jex.Literal) else behind.get(v, 0) for v in jaxpr.outvars]


def _can_be_cut(aval):
    return jnp.issubdtype(aval.dtype, jnp.floating) and aval.dtype.itemsize in _UNSIGNED and math.prod(aval.shape) > 0


def _cut(eqn):
    def function(*operands):
        out = eqn.primitive.bind(*operands, **eqn.params)
        first = lax.bitcast_convert_type(out[(0,) * out.ndim], _UNSIGNED[out.dtype.itemsize])
        return lax.cond(lax.population_count(first) <= first.dtype.itemsize * 8, lambda x: x, lambda x: -x, out)

    return function


def _all_cuts(jaxpr):
    """The same, of loops and branches in it, too."""
    cuts = _cuts(jaxpr)
    for eqn in jaxpr.eqns:
        for inner in rewriting.inner(eqn) if _kind(eqn) == "kernel" else ():
            cuts |= _all_cuts(inner)
    return cuts


def present(jaxpr):
    """Whether a program has chains that are to be cut."""
    return bool(_all_cuts(jaxpr))


def rewritten(jaxpr):
    """The jaxpr, cut."""
    cuts = _all_cuts(jaxpr)

    def is_cut(eqn):
        return any(v in cuts for v in eqn.outvars)

    return rewriting.rewritten(jaxpr, is_cut, lambda: lambda eqn: _cut(eqn) if is_cut(eqn) else None)
