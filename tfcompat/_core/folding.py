"""Backward passes that are known: a whole `tape.gradient` recorded as one node.

What a walk over a tape records depends on nothing but the structure of the segment and of the tape. So the nodes of a
first walk are folded into one, a `Block`, and when the same tape comes again that node is recorded without a walk. It
makes the backward pass of a training step cost what one op costs.
"""

import itertools

import jax

from tfcompat._core import caches
from tfcompat._core.cells import cell_of
from tfcompat._core.context import settings
from tfcompat._core.interpreter import steps_of
from tfcompat._core.segment import Segment
from tfcompat._core.tensor import Tensor

_serials = itertools.count(1)
_plans = caches.Bounded(1_000)  # key -> Plan, or False where the nodes cannot be folded


class Block:
    """A Spec made of a stretch of nodes: runs them one after the other, or is compiled as part of the whole."""

    inplace = None
    single = special = static = checked = urgent = coded = False
    depends = None

    def __init__(self, name, specs, wires, outputs, inputs):
        self.id = -next(_serials)
        self.name = name
        self.specs, self.wires, self.outputs, self.inputs = specs, wires, outputs, inputs
        results = [a for spec in specs for a in spec.avals]
        self.avals = tuple([results[s] for s in outputs])
        self.nbytes = sum(spec.nbytes for spec in specs)
        self.cost = sum(spec.cost for spec in specs)
        self.equations = sum(spec.equations for spec in specs)
        self.compile_cost = sum(spec.compile_cost for spec in specs)
        self.looked_at = frozenset(range(len(inputs)))
        self.effect = any(spec.effect for spec in specs)
        self._steps = None

    def host(self, *args):
        """The results from NumPy arrays."""
        steps = self._steps
        if steps is None:
            steps = self._steps = steps_of(self.specs, self.wires, frozenset(self.outputs))
        values = [None] * (steps[-1][3] + steps[-1][4])
        values += reversed(args)
        for host, get, alone, base, count, drops, _, _ in steps:
            values[base : base + count] = host(values[get]) if alone else host(*get(values))
            for s in drops:
                values[s] = None
        return tuple([values[s] for s in self.outputs])

    def evaluate(self, *args):
        """The results from JAX arrays."""
        values = []
        for spec, wire in zip(self.specs, self.wires, strict=True):
            values.extend(spec.evaluate(*[values[s] if s >= 0 else args[~s] for s in wire]))
        return [values[s] for s in self.outputs]

    @property
    def jaxpr(self):
        with jax.enable_x64(True):
            return jax.make_jaxpr(self.evaluate)(*[a.struct for a in self.inputs])


class Plan:
    """A backward pass that is known: its Block, the wires to its inputs, and which result belongs to which source."""

    __slots__ = ("block", "picks", "wires")

    def __init__(self, block, wires, picks):
        self.block = block
        self.wires = wires
        self.picks = picks

    def record(self, segment):
        outs = segment.append(self.block, self.wires)
        return [None if k is None else outs[k] for k in self.picks]


class Fold:
    """The segment before a walk, to fold what the walk appends."""

    __slots__ = ("before", "key", "segment")

    def __init__(self, key, segment):
        self.key = key
        self.segment = segment
        self.before = self._state()

    def _state(self):
        s = self.segment
        return s.serial, len(s.leaves), len(s.flags), len(s.aliases), len(s.writes), len(s.specs), len(s.refs)

    def finish(self, results):
        """Puts one node in the place of what was recorded since; `results` are the tensors that came out of it."""
        _plans[self.key] = False
        *same, first, base = self.before
        segment = self.segment
        if same != list(self._state()[:-2]) or len(segment.specs) - first < 2 or settings.watchful:
            return
        kept = {id(t): t for t in results if t is not None}
        alive = [t for r in segment.refs[base:] if (t := r()) is not None]
        if len(alive) != len(kept) or not all(id(t) in kept for t in alive):
            return
        specs, outer, wires = segment.specs[first:], {}, []
        for wire in segment.wires[first:]:
            wires.append(tuple([s - base if s >= base else outer.setdefault(s, ~len(outer)) for s in wire]))
        avals = [a for spec in segment.specs[:first] for a in spec.avals]
        inputs = [avals[s] if s >= 0 else segment.leaves[~s]._aval for s in outer]
        places = {key: k for k, key in enumerate(kept)}
        block = Block("Gradient", specs, wires, [t._slot - base for t in kept.values()], inputs)
        picks = [None if t is None else places[id(t)] for t in results]
        _plans[self.key] = plan = Plan(block, tuple(outer), picks)
        segment.replace(first, base, block, plan.wires, list(kept.values()))


def find(tape, entries, targets, sources, seeds, stacked, context):
    """Whether a walk over a tape can be folded.

    Args:
      seeds: the cotangents of `targets`, None where they are ones.
      stacked: whether they have one more dimension in front.

    Returns:
      A Plan if it is known, a Fold if this walk may become one, or None.
    """
    segment = context.segment
    if type(segment) is not Segment or tape._serial != segment.serial or settings.watchful or not entries:
        return None
    derivatives = tuple([entry[0] for entry in entries])
    places, watched = [], tape._watched
    for t in targets:
        if type(t) is not Tensor or t._seg is not segment or t._gid not in watched:
            return None
        places.append(t._slot)
    for cell in tape._variables.values():
        if cell.written == segment.serial:
            return None  # its tensors before and after the write go by one name
    for seed in seeds:
        if seed is None:
            places.append(None)
        elif type(seed) is not Tensor:
            return None
        elif seed._seg is segment:
            places.append(seed._slot)
        else:
            places.append(segment.leaf_index.get(id(seed)) or segment._leaf(seed))
    for source in sources:
        t = source
        if type(source) is not Tensor:
            cell = cell_of(source)
            if cell is None:
                return None
            t = cell._tensor
            if cell.gid in watched and t._gid != cell.gid:
                return None
        if t._gid not in watched:
            places.append(None)
        else:
            places.append(t._slot if t._seg is segment else segment.leaf_index.get(id(t)))
    slots = tuple([entry[5] for entry in entries])
    key = derivatives, slots, len(targets), stacked, tuple(places), tuple(segment.specs), tuple(segment.wires)
    plan = _plans.get(key)
    if plan is None:
        return None if None in derivatives else Fold(key, segment)
    return plan or None
