"""How the leaves of a segment become the arguments of a compiled program.

Three groups: arrays that are donated (nobody holds them after the run, and an output of the same shape and dtype can
take their memory), the rest one by one, and small host arrays packed into one vector per dtype (500 scalars: 0.5 ms
instead of 1.9). A program takes them in this order, as flat arguments: nested ones take longer to look through.

Numbers that have been the same in all runs (the 2 and the 0.5 of a formula) are no arguments but constants of the program, which
serves runs with these numbers only: XLA divides by a known integer with a multiplication (in a fifth of the time), raises to a
known power by products (a fifteenth), and reads no memory for them in the innermost loops (a sum of squares three quarters).
"""

import collections
import gc
import math
import sys

import jax
import numpy as np

from tfcompat._core import failures
from tfcompat._core.stats import stats
from tfcompat._core.tensor_base import HOST_TYPES, PLAIN, STATIC, handover, settled

PACKED_SIZE = 32  # elements; a host array up to this size travels in the packed vector
NOTHING = collections.Counter()


class Arguments:
    """The argument layout of one program; made once, when it is compiled."""

    __slots__ = ("avals", "constants", "donated", "kept", "others", "packed")

    def __init__(self, donated, kept, packed, constants, leaves):
        self.donated = donated
        self.kept = kept
        self.packed = [Packed(d, entries) for d, entries in packed.items()]
        self.constants = [Packed(d, entries) for d, entries in constants.items()]
        for p in self.constants:
            p.last = p.filled(leaves).tobytes(), None, ()
        self.others = [*kept, *[k for entries in packed.values() for k, *_ in entries]]
        self.avals = [t._aval for t in leaves]

    def structs(self):
        """Shapes and dtypes of the arguments to trace with."""
        structs = [self.avals[k].struct for k in (*self.donated, *self.kept)]
        return structs + [jax.ShapeDtypeStruct((p.size,), p.dtype) for p in self.packed]

    def unpack(self, arguments):
        """Inside the traced program: the leaves in order."""
        leaves = [None] * len(self.avals)
        arguments = iter(arguments)
        for k in (*self.donated, *self.kept):
            leaves[k] = next(arguments)
        for p in self.packed:
            vector = next(arguments)
            for k, offset, size, shape in p.entries:
                leaves[k] = vector[offset : offset + size].reshape(shape)
        for p in self.constants:
            vector = np.frombuffer(p.last[0], p.dtype)
            for k, offset, _, _ in p.entries:
                leaves[k] = vector[offset]
        return leaves

    def suit(self, leaves):
        """Whether the numbers among the leaves are the program's constants."""
        return all([p.holds(leaves) for p in self.constants])

    def pack(self, leaves, holders=0, noted=NOTHING, lease=None):
        """The arguments of one call. A donated leaf that somebody still holds is copied first.

        Args:
          leaves: tensors.
          holders: how many besides this call hold a leaf that is free all the same.
          noted: {id: how many more hold it}.
          lease: the Lease that has the arrays of all donated leaves, if there is one.

        Returns:
          (arguments, whether there are NumPy arrays of 64 bits among them).
        """
        wide = False
        arguments = [] if lease is None else lease.handed()
        try:
            if lease is None and self.donated:
                with handover.lock:
                    wide = self._take(leaves, holders + 3, noted, arguments)
            for k in self.kept:
                t = leaves[k]
                value = t._value
                if value is None:
                    value = settled(t)
                if type(value) in HOST_TYPES:
                    value = passed(t, value)
                    wide = wide or value.dtype.itemsize >= 8 and type(value) in HOST_TYPES
                arguments.append(value)
            for p in self.packed:
                vector = p.pack(leaves)
                wide = wide or p.wide and type(vector) is np.ndarray
                arguments.append(vector)
        except BaseException:  # no memory for a copy
            self.give_back(leaves, arguments, lease)
            raise
        return arguments, wide

    def _take(self, leaves, held, noted, arguments):
        """Appends the donated ones. A leaf that more than `held` hold (`leaves`, `t`, an argument, others) is not free."""
        wide, count = False, sys.getrefcount
        for k in self.donated:
            t = leaves[k]
            value = t._value
            if value is None:
                value = settled(t)
            t._seg = handover  # first: whoever finds no value asks there
            t._value = None
            if count(t) > (held + noted[id(t)] if noted else held):
                t._value = value
                t._seg = None
                free = False
            else:
                free = count(value) <= 2  # `value` and the argument
            arguments.append(value)
            if type(value) in HOST_TYPES:
                lend(value)
                wide = wide or value.dtype.itemsize >= 8
            elif not free:
                arguments[-1] = value.copy()
            if free:
                stats.donated += 1
        return wide

    def give_back(self, leaves, arguments, lease=None):
        """After a call that failed: what was to be donated, and still is there, belongs to its leaf again."""
        donated = [leaves[k] for k in self.donated] if lease is None else lease.abandoned()
        for t, value in zip(donated, arguments, strict=False):
            if t._value is None:
                if not (isinstance(value, jax.Array) and value.is_deleted()):
                    t._value = value
                t._seg = None


class Packed:
    """Small host values of one dtype that travel in one vector.

    Args:
      entries: (leaf, offset, size, shape) of each.
    """

    __slots__ = ("dtype", "entries", "filling", "last", "size", "wide")

    def __init__(self, dtype, entries):
        self.dtype, self.entries = dtype, entries
        self.size = entries[-1][1] + entries[-1][2]
        self.wide = dtype.itemsize >= 8
        self.filling = [(k, slice(i, i + n) if shape else i, len(shape) > 1) for k, i, n, shape in entries]
        # The bytes of the last vector, the vector on the device if it was used twice, and then for C the NumPy scalars it was made of.
        self.last = b"", None, ()

    def filled(self, leaves):
        """The vector."""
        vector = np.empty(self.size, self.dtype)
        for k, place, flat in self.filling:
            value = leaves[k]._value
            vector[place] = np.asarray(value).reshape(-1) if flat else value
        return vector

    def holds(self, leaves):
        """Whether the last vector is that of these leaves."""
        return self.filled(leaves).tobytes() == self.last[0]

    def pack(self, leaves):
        """The vector; one that stays the same (a learning rate) is moved to the device."""
        vector = self.filled(leaves)
        content = vector.tobytes()
        known, moved, _ = self.last
        if content != known:
            self.last = content, None, ()
            return vector
        if moved is None:
            with jax.enable_x64(True):
                moved = jax.device_put(vector)
            self.last = content, moved, ()
        return moved


def passed(tensor, value):
    """A host value as an argument of a program. What was an argument before moves to the device for good.

    Moving it takes 100 µs more than passing it, which a new batch in each step would pay each time.
    """
    if type(value) is np.ndarray:
        again = not value.flags.writeable
        lend(value)
        if again:
            with jax.enable_x64(True):
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


def numbers(leaves, wires):
    """The leaves that are scalars from Python, but for those of a node of nothing else: XLA would compute it while it compiles."""
    found = set()
    for k in {~s for wire in wires for s in wire if s < 0}:
        t, a = leaves[k], leaves[k]._aval
        if t._slot == STATIC and a.shape == () and a.np_dtype.kind in "iufc" and type(t._value) in HOST_TYPES:
            found.add(k)
    for wire in wires:
        if all([s < 0 and ~s in found for s in wire]):
            found.difference_update([~s for s in wire])
    return found


def noted_writes(work):
    """How often each old handle is held only because its variable's write may have to be undone."""
    return collections.Counter([id(old) for _, _, old, _ in work.writes]) if work.writes else NOTHING


def used(work):
    """The leaves that a node takes. A call that failed may have left others, which are no part of the structure."""
    return sorted({~s for wire in work.wires for s in wire if s < 0})


def successors(work, alive):
    """{leaf: slot} of the variables that the segment reads and then writes: their old and their last new value."""
    leaves = {id(work.leaves[k]): k for k in used(work)}
    slots = {id(t): slot for slot, t in alive}
    found, taken = {}, set()
    for cell in failures.all_cells():
        old = cell.before and cell.before()
        k, slot = leaves.get(id(old)), slots.get(id(cell.eager))
        if k is not None and slot is not None and old._aval is cell.eager._aval and slot not in taken:
            found[k] = slot
            taken.add(slot)
    return found


def _unheld(leaves, k, noted):
    """Whether nobody but `leaves`, and those noted, holds leaf k."""
    return sys.getrefcount(leaves[k]) <= 2 + noted[id(leaves[k])]


def plan(work, output_avals, successors, exclusively=False, numbers=()):
    """Decides the groups from the leaves of the run that compiles.

    Args:
      work: the closed segment.
      output_avals: avals of the results, each of which can take the memory of one input.
      successors: {leaf: slot} of the variables that are written; these are donated before others.
      exclusively: True to donate no others.
      numbers: the leaves that become constants.
    """
    leaves, noted = work.leaves, noted_writes(work)
    available = collections.Counter((a.shape, a.np_dtype) for a in output_avals)
    available.subtract((leaves[k]._aval.shape, leaves[k]._aval.np_dtype) for k in successors)
    donated, others, kept, packed, constants = [], [], [], {}, {}
    if not all([_unheld(leaves, k, noted) for k in successors]):
        gc.collect()  # errors that JAX caught while an op was traced keep the frames of the call, and its operands
    for k in used(work):
        a = leaves[k]._aval
        small = a.size <= PACKED_SIZE
        returns = k in successors or not exclusively and available[a.shape, a.np_dtype] > 0
        unheld = _unheld(leaves, k, noted)
        # What nobody holds after the run and an output resembles is state: from the next run on it lives on the device.
        state = unheld and returns and leaves[k]._slot == PLAIN
        if small and not state and type(leaves[k]._value) in HOST_TYPES:
            entries = (constants if k in numbers else packed).setdefault(a.np_dtype, [])
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
    return Arguments([*donated, *others], kept, packed, constants, leaves)
