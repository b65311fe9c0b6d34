"""Backward passes that are known: a whole `tape.gradient` recorded as one node.

What a walk over a tape records depends on nothing but the structure of the segment and of the tape. So when the same
come a second time the walk is done on a scratch, and its nodes are folded into one, a `stretch.Block`; from then on that
node is recorded without a walk. It makes the backward pass of a training step cost what one op costs. Under an outer tape or
accumulator the node goes on it like any other.
"""

import operator

from tfcompat._core import caches
from tfcompat._core.cells import cell_of
from tfcompat._core.context import settings
from tfcompat._core.entries import handles, placed, record_taped
from tfcompat._core.segment import foldable
from tfcompat._core.stretch import Notes, Scratch, parts_of
from tfcompat._core.tensor import Tensor
from tfcompat._core.variable import Variable

_plans = caches.Bounded(1_000)  # key -> Plan, False where the nodes cannot be folded, or _ONCE
_latest = [None, None]  # the key found last, and its plan: a loop asks for the same one again
_written_of = operator.attrgetter("written")
_ONCE = object()  # seen once: what differs each time is not worth folding


def forget():
    """Forgets all walks that are known (for tests and benchmarks)."""
    _plans.clear()
    _latest[:] = None, None


class Plan:
    """A backward pass that is known.

    Args:
      block: the node.
      picks: for each source the number of its result, or None; for slices those of values and indices, and their shape.
      wires: the wires to the node's inputs.
      inside: whether tapes or accumulators look on.
    """

    __slots__ = ("block", "inside", "picks", "plain", "structure", "wires")

    def __init__(self, block, picks, wires, inside):
        self.block, self.picks, self.wires, self.inside = block, picks, wires, inside
        self.plain = picks == list(range(len(block.avals)))  # each source has a result of its own
        self.structure = None  # that of a segment which ends here, once it has been run

    def record(self, context):
        segment = context.segment
        if self.inside:
            known = handles(segment, self.wires)
            outs = record_taped(context, self.block.op, self.block, [known[s] for s in self.wires], (), 0)
        else:
            outs = segment.append(self.block, self.wires)
            segment.known = self, len(segment.specs)
        return outs if self.plain else placed(outs, self.picks)


def _make(context, tape, entries, targets, sources, seeds, kind):
    """The Plan of a walk, or False."""
    segment, inside = context.segment, bool(context.tapes or context.accumulators)
    with Scratch() as scratch:
        if inside:
            context.tapes = [Notes()]  # the node is to be differentiated: residuals are none but the ops' own
        results = kind.back(entries, tape._watched, targets, sources, seeds, consume=False)
    found = list({id(t): t for r in results for t in parts_of(r)}.values())
    if len(scratch.specs) < 2 or any(t._seg is not scratch for t in found):
        return False
    leaves, index = scratch.leaves, segment.leaf_index()
    if not all([t._seg is segment or id(t) in index for t in leaves]):
        return False
    block = scratch.fold("Gradient", found, leaves)
    if len(segment.specs) + len(block.specs) > settings.max_nodes or segment.nbytes + block.nbytes > settings.max_bytes:
        return False  # a walk can be cut anywhere
    places = {id(t): k for k, t in enumerate(found)}
    picks = []
    for r in results:
        numbers = [places[id(t)] for t in parts_of(r)]
        picks.append((*numbers, r.dense_shape) if len(numbers) > 1 else numbers[0] if numbers else None)
    if inside and not block.repeatable:
        return False
    return Plan(block, picks, tuple([t._slot if t._seg is segment else index[id(t)] for t in leaves]), inside)


def _of_slices(entry, inside):
    """Stands for the pullback of an entry whose derivative is None: with the wiring it decides what that records.

    None where that is not known.
    """
    return None if entry[4] is None or inside else ("slices", entry[4][0])


def find(tape, targets, sources, seeds, kind, context):
    """The Plan of a walk over a tape, or None where it cannot be one node.

    Args:
      seeds: the cotangents of `targets`, None where they are ones.
      kind: the Walk.
    """
    segment = context.segment
    plan = _find(segment, tape, targets, sources, seeds, kind, context)
    segment.foresees = plan is not None
    return plan


def _find(segment, tape, targets, sources, seeds, kind, context):
    if tape._serial != segment.serial or not foldable(context):
        return None
    inside = bool(context.tapes or context.accumulators)
    if inside and (segment.aliases or context.tracer is not None):
        return None  # two handles of one value are two tensors for an outer tape; a tracer notes each step of it
    asked = targets, sources, seeds, kind
    noted = noted_key(tape, segment, inside, *asked)
    plan = noted and (_latest[1] if noted == _latest[0] else _plans.get(noted))
    if plan:
        _latest[:] = noted, plan
        return plan
    count = len(segment.specs)
    entries = tape._entries
    if not entries:
        return None
    if len(segment.specs) > count:
        noted = None  # nodes had to be recorded for what the walk needs
    derivatives = tuple([entry[0] or _of_slices(entry, inside) for entry in entries])
    slots = tuple([entry[5] for entry in entries])
    key = _key(tape, segment, (inside, derivatives, slots), tape._watched, *asked)
    if key is None:
        return None
    plan = _plans.get(key)
    if plan is None:
        _plans[key] = _ONCE if None not in derivatives else False
        return None
    if plan is _ONCE:
        plan = _plans[key] = _make(context, tape, entries, *asked)
    if plan and noted is not None:
        _plans[noted] = plan
    return plan or None


def noted_key(tape, segment, inside, targets, sources, seeds, kind):
    """The key of a walk over what a tape has only noted, or None."""
    if not tape._noted or tape._made or tape._followed:
        return None
    nodes, first, last = tape._noted, tape._noted[0], tape._noted[-1]
    nodes = (first, last) if last - first + 1 == len(nodes) else tuple(nodes)
    taped = inside, nodes, tuple(tape._watched_at), _places(segment, tape._watches)
    return _key(tape, segment, taped, None, targets, sources, seeds, kind)


def _places(segment, tensors):
    """Where a segment has some tensors: slots of results, wires of leaves, None for what it does not use."""
    places = tuple(map(segment.leaf_index().get, map(id, tensors)))
    if None in places:
        places = tuple([t._slot if t._seg is segment else p for p, t in zip(places, tensors, strict=True)])
    return places


def _key(tape, segment, taped, watched, targets, sources, seeds, kind):
    """What a walk depends on, or None where it cannot be one node.

    Args:
      taped: what is on the tape, and how.
      watched: gids of what is followed; None: `taped` tells.
    """
    for t in targets:
        if type(t) is not Tensor or t._seg is not segment or watched is not None and t._gid not in watched:
            return None
    if segment.serial in map(_written_of, tape._variables.values()):
        return None  # the tensors of a variable before and after the write go by one name
    given = []
    for i, seed in enumerate(seeds):
        if seed is not None:
            if type(seed) is not Tensor:
                return None
            if seed._seg is not segment and id(seed) not in segment.leaf_index():
                segment._leaf(seed)
            given.append((i, *_places(segment, [seed])))
    variables, cells = tape._variables, None
    if watched is None and len(tape._watches) == len(variables) == len(sources):
        cells = [s._cell if type(s) is Variable else None for s in sources]
    if cells is not None and cells == list(variables.values()):
        places = None  # the usual case: the variables that were read, in order; where they are, `taped` says
    else:
        tensors = []
        for source in sources:
            t = source
            if type(source) is not Tensor:
                cell = cell_of(source)
                if cell is None:
                    return None
                t = cell.eager
                if t._gid != cell.gid and cell.gid in variables:
                    return None
            tensors.append(t)
        places = _places(segment, tensors)
        if watched is not None:
            places = tuple([p if t._gid in watched else None for p, t in zip(places, tensors, strict=True)])
    of_targets = tuple([t._slot for t in targets])
    return taped, kind, of_targets, tuple(given), places, tuple(segment.specs), tuple(segment.wires)
