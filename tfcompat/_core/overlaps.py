"""Updates of a part of an array by another part of it, as XLA compiles them right on a CPU.

XLA writes an update into the memory of its operand, in the loop that computes it. Where the operand is an array in another
shape (`b = reshape(a, ...)`), it does not see that the loop still reads what it has already written: rows 1 and 2 of `b` set to
rows 0 and 1 all become row 0 (jaxlib 0.10.2; plain `jax.jit` does the same). Here such an update is the result of a conditional,
which is computed before, in memory of its own. What is read at positions that only a run knows is safe.
"""

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core as jex

from tfcompat._core import rewriting

_UPDATE = {"dynamic_update_slice": 1}  # which operand is the update; of scatters the third
_PARTS = frozenset(["slice", "split", "unstack"])
_RESHAPED = frozenset(["reshape", "squeeze", "expand_dims", "broadcast_in_dim", "copy"])


def _place(eqn):
    """Which operand of an equation is an update, or None."""
    name = eqn.primitive.name
    return 2 if name.startswith("scatter") else _UPDATE.get(name)


class _Forms:
    """Follows which arrays a value is computed from, as bits: all of them, those of which it reads parts, and those whose memory it may be."""

    def __init__(self):
        self.sources, self.parts, self.memory = {}, {}, {}

    def _of(self, table, atom):
        if isinstance(atom, jex.Literal):
            return 0
        if atom not in self.sources:
            self._note(atom, 0, 0, 0)
        return table[atom]

    def _note(self, variable, sources, parts, memory):
        own = 1 << len(self.sources)
        self.sources[variable], self.parts[variable], self.memory[variable] = sources | own, parts, memory | own

    def __call__(self, eqn):
        name, place = eqn.primitive.name, _place(eqn)
        sources = parts = memory = 0
        for atom in eqn.invars:
            sources |= self._of(self.sources, atom)
            parts |= self._of(self.parts, atom)
        known = name == "dynamic_slice" and all([isinstance(start, jex.Literal) for start in eqn.invars[1:]])
        if known or name in _PARTS or place is None and next(rewriting.inner(eqn), None) is not None:
            parts = sources
        if name in _RESHAPED or place is not None:
            memory = self._of(self.memory, eqn.invars[0])
        for variable in eqn.outvars:
            self._note(variable, sources, parts, memory)
        return _apart(eqn, place) if _updates(eqn) and self._of(self.parts, eqn.invars[place]) & memory else None


def _apart(eqn, place):
    def form(*operands):
        operand, update = operands[0], operands[place]
        always = _word(lax.reshape(operand, (operand.size,))[0]) | 1 != 0  # which XLA does not know
        update = lax.cond(always, lambda u: u, jnp.zeros_like, update)
        return eqn.primitive.bind(*operands[:place], update, *operands[place + 1 :], **eqn.params)

    return form


def _word(x):
    """The bits of a number, or of some of it, as an integer."""
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        x = lax.real(x)
    return lax.bitcast_convert_type(x, np.dtype(f"i{x.dtype.itemsize}")) if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(np.int32)


def present(jaxpr):
    """Whether a jaxpr updates parts of arrays, inner ones included."""
    return rewriting.holds(jaxpr, _updates)


def _updates(eqn):
    return _place(eqn) is not None and eqn.invars[0].aval.size > 0


def rewritten(jaxpr):
    """The jaxpr, with such updates made apart."""
    return rewriting.rewritten(jaxpr, _updates, _Forms)
