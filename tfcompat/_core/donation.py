"""How the leaves of a segment become the arguments of a compiled program.

Three groups: arrays that are donated (nobody holds them after the run, and an output of the same shape and dtype can
take their memory), small host arrays packed into one vector per dtype (500 scalars: 0.5 ms instead of 1.9), and the
rest one by one.
"""

import collections
import math
import sys

import jax
import numpy as np

from tfcompat._core import failures
from tfcompat._core.stats import stats
from tfcompat._core.tensor_base import HOST_TYPES, PLAIN

PACKED_SIZE = 32  # elements; a host array up to this size travels in the packed vector
DEVICE_BYTES = 16 << 10  # a host array from this size on is moved to the device once and kept there


class Arguments:
    """The argument layout of one program; made once, when it is compiled."""

    def __init__(self, donated, kept, packed, leaves):
        self.donated = donated
        self.kept = kept
        self.packed = packed  # {np.dtype: [(leaf, offset, size, shape)]}
        self.avals = [t._aval for t in leaves]
        self.sizes = {d: entries[-1][1] + entries[-1][2] for d, entries in packed.items()}
        self.filling = [
            (d, self.sizes[d], [(k, slice(i, i + n) if shape else i, len(shape) > 1) for k, i, n, shape in entries])
            for d, entries in packed.items()
        ]
        # JAX looks at the types of NumPy arguments only: without wide ones a call needs no context for 64 bits.
        self.wide = any(a.np_dtype.itemsize >= 8 for a in self.avals)

    def structs(self):
        """Shapes and dtypes of (donated, kept, packed) to trace with."""
        vectors = [jax.ShapeDtypeStruct((n,), d) for d, n in self.sizes.items()]
        return [self.avals[k].struct for k in self.donated], [self.avals[k].struct for k in self.kept], vectors

    def unpack(self, groups):
        """Inside the traced program: the leaves in order."""
        donated, kept, vectors = groups
        leaves = [None] * len(self.avals)
        for k, value in zip(self.donated, donated, strict=True):
            leaves[k] = value
        for k, value in zip(self.kept, kept, strict=True):
            leaves[k] = value
        for entries, vector in zip(self.packed.values(), vectors, strict=True):
            for k, offset, size, shape in entries:
                leaves[k] = vector[offset : offset + size].reshape(shape)
        return leaves

    def pack(self, work):
        """The arguments of one call. A donated leaf that somebody still holds is copied first."""
        leaves, noted = work.leaves, noted_writes(work)
        donated = []
        for k in self.donated:
            t = leaves[k]
            value = t._value
            # Held by `leaves`, `t` and the argument; the array by the handle, `value` and the argument.
            if sys.getrefcount(t) <= 3 + noted[id(t)]:
                t._value = None
                free = sys.getrefcount(value) <= 2
            else:
                free = False
            host = type(value) in HOST_TYPES
            if free:
                stats.donated += 1
            elif not host:
                value = value.copy()
            donated.append(lend(value) if host else value)
        kept = [leaves[k]._value for k in self.kept]
        for i, value in enumerate(kept):
            if type(value) in HOST_TYPES:
                kept[i] = passed(leaves[self.kept[i]], value)
        vectors = []
        for dtype, size, filling in self.filling:
            vector = np.empty(size, dtype)
            for k, place, flat in filling:
                value = leaves[k]._value
                vector[place] = np.asarray(value).reshape(-1) if flat else value
            vectors.append(vector)
        return donated, kept, vectors


    def give_back(self, leaves, groups):
        """After a call that failed: what was to be donated, and still is there, belongs to its leaf again."""
        for k, value in zip(self.donated, groups[0], strict=True):
            if leaves[k]._value is None and not (isinstance(value, jax.Array) and value.is_deleted()):
                leaves[k]._value = value


def passed(tensor, value):
    """A host value as an argument of a program. What is large, or was an argument before, moves to the device for good."""
    if type(value) is np.ndarray:
        again = not value.flags.writeable
        lend(value)
        if again or value.nbytes >= DEVICE_BYTES:
            tensor._value = value = jax.device_put(value)
    return value


def lend(array):
    """Marks a host array as read by XLA, possibly after the call returned: the cold tier never writes into it again."""
    if type(array) is np.ndarray:
        array.flags.writeable = False
        base = array.base
        if type(base) is np.ndarray and base.flags.writeable:
            base.flags.writeable = False
    return array


_NOTHING = collections.Counter()


def noted_writes(work):
    """How often each old handle is held only because its variable's write may have to be undone."""
    return collections.Counter([id(old) for _, _, old, _ in work.writes]) if work.writes else _NOTHING


def successors(work, alive):
    """{leaf: slot} of the variables that the segment reads and then writes: their old and their last new value."""
    leaves = {id(t): k for k, t in enumerate(work.leaves)}
    slots = {id(t): slot for slot, t in alive}
    found, taken = {}, set()
    for cell in failures.all_cells():
        old = cell.before and cell.before()
        k, slot = leaves.get(id(old)), slots.get(id(cell.eager))
        if k is not None and slot is not None and old._aval is cell.eager._aval and slot not in taken:
            found[k] = slot
            taken.add(slot)
    return found


def plan(work, output_avals, successors, exclusively=False):
    """Decides the groups from the leaves of the run that compiles.

    Args:
      work: the closed segment.
      output_avals: avals of the results, each of which can take the memory of one input.
      successors: {leaf: slot} of the variables that are written; these are donated before others.
      exclusively: True to donate no others.
    """
    leaves, noted = work.leaves, noted_writes(work)
    available = collections.Counter((a.shape, a.np_dtype) for a in output_avals)
    available.subtract((leaves[k]._aval.shape, leaves[k]._aval.np_dtype) for k in successors)
    donated, others, kept, packed = [], [], [], {}
    for k in range(len(leaves)):
        a = leaves[k]._aval
        small = a.size <= PACKED_SIZE
        returns = k in successors or not exclusively and available[a.shape, a.np_dtype] > 0
        unheld = sys.getrefcount(leaves[k]) <= 2 + noted[id(leaves[k])]
        # What nobody holds after the run and an output resembles is state: from the next run on it lives on the device.
        state = unheld and returns and leaves[k]._slot == PLAIN
        if small and not state and type(leaves[k]._value) in HOST_TYPES:
            entries = packed.setdefault(a.np_dtype, [])
            offset = entries[-1][1] + entries[-1][2] if entries else 0
            entries.append((k, offset, math.prod(a.shape), a.shape))
        elif not small and returns and unheld:
            if k in successors:
                donated.append(k)
            else:
                available[a.shape, a.np_dtype] -= 1
                others.append(k)
        else:
            kept.append(k)
    return Arguments([*donated, *others], kept, packed, leaves)
