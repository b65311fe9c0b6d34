"""Donation in programs with error flags: what is taken over comes back unchanged where a flag is set.

Such a run may have to be replayed from its inputs, so an input is only donated if an output gives it back on failure:
the variable's new value is `where(failed, old, new)`. XLA fuses that with a dense update, but would copy a whole table
of which a few rows are updated (540 instead of 0.5 ms for 244 MB); updates in place are run by a loop of one iteration,
or of none after a failure: loops are what XLA updates in place.
"""

import jax
import jax.numpy as jnp


class Guards:
    """How to evaluate a segment whose donated leaves must be given back when a flag is set.

    Args:
      specs, wires: the segment.
      flags: the error flags: node `position`, whose result number `index` is true on failure.
      given_back: {leaf: slot}, the donated leaves of variables and the slots of their last new values.
    """

    def __init__(self, specs, wires, flags, given_back):
        self.specs, self.wires, self.given_back = specs, wires, given_back
        self.flags = [(f.position, f.index) for f in flags]
        self.bases, self.producers = [], []
        for i, spec in enumerate(specs):
            self.bases.append(len(self.producers))
            self.producers.extend([i] * len(spec.avals))
        first = self._ancestors([f.position for f in flags])
        self.chosen, self.loops = [], set()  # pairs that are selected at the end; nodes that become loops
        for k, slot in given_back.items():
            chain = self._updates_in_place(k, slot)
            if chain is None or first.intersection(chain):
                self.chosen.append((k, slot))
            else:
                self.loops.update(chain)
        self.order = sorted(first) + [i for i in range(len(specs)) if i not in first]
        self.before = len(first)

    def _ancestors(self, nodes):
        found, pending = set(), list(nodes)
        while pending:
            i = pending.pop()
            if i not in found:
                found.add(i)
                wire = self.wires[i]
                pending.extend(self.producers[wire[p]] for p in self.specs[i].looked_at if wire[p] >= 0)
        return found

    def _updates_in_place(self, leaf, slot):
        """The nodes that lead from the leaf to the slot, if each of them updates its operand; else None."""
        chain = []
        while slot != ~leaf:
            if slot < 0:
                return None
            i = self.producers[slot]
            if self.specs[i].inplace is None:
                return None
            chain.append(i)
            slot = self.wires[i][self.specs[i].inplace]
        return chain

    def _failed(self, values):
        return jnp.any(jnp.stack([jnp.any(values[self.bases[i] + k] != 0) for i, k in self.flags]))

    def evaluate(self, leaves):
        """Inside the traced program: the values of all slots."""
        values = [None] * len(self.producers)
        failed = None
        for count, i in enumerate(self.order):
            if count == self.before:
                failed = self._failed(values)
            args = [values[s] if s >= 0 else leaves[~s] for s in self.wires[i]]
            spec = self.specs[i]
            results = updated(spec, args, failed) if i in self.loops else spec.evaluate(*args)
            values[self.bases[i] : self.bases[i] + len(results)] = results
        if failed is None:
            failed = self._failed(values)
        for k, slot in self.chosen:
            values[slot] = jnp.where(failed, leaves[k], values[slot])
        return values


def updated(spec, args, failed):
    def body(_, operand):
        (result,) = spec.evaluate(*args[: spec.inplace], operand, *args[spec.inplace + 1 :])
        return result

    return [jax.lax.fori_loop(0, jnp.where(failed, 0, 1), body, args[spec.inplace])]
