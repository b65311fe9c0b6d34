"""The reverse walk over what a tape has recorded."""

import collections
import itertools
import operator
import weakref

from tfcompat._core import segment as segments
from tfcompat._core.cells import cell_of
from tfcompat._core.context import settings, state
from tfcompat._core.entries import accumulate, add_cotangents, gid_of, pull_back, pull_stack
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.op import T, op
from tfcompat._core.tensor import Tensor

_GONE = weakref.ref(set())  # of a result that has no handle


@op("OnesLike", grad=None, static=False)
def ones_like(x: T):
    import jax.numpy as jnp

    return jnp.ones_like(x)


@op("ZerosLike", grad=None, static=False)
def zeros_like(x: T):
    import jax.numpy as jnp

    return jnp.zeros_like(x)


class Walk:
    """What a walk back is asked for. This one: gradients."""

    stacked = False  # whether cotangents have one more dimension in front

    def seeds(self, targets, given):
        """The cotangents to begin with: None stands for ones."""
        return given

    def results(self, found, targets, sources):
        """What becomes of the cotangents of `sources`; None where `targets` do not depend on one."""
        return found

    def zeros(self, source, targets):
        """The result for a source that `targets` do not depend on, where zeros are wanted."""
        return zeros_for(source)

    def back(self, entries, watched, targets, sources, given, consume):
        """See `walk`."""
        found = walk(entries, watched, targets, sources, self.seeds(targets, given), self.stacked, consume)
        return self.results(found, targets, sources)


GRADIENT = Walk()


def walk(entries, watched, targets, sources, seeds, stacked, consume):
    """The reverse walk.

    Args:
      entries: what was recorded, in order; emptied on the way where `consume` is true.
      watched: gids that the tape follows.
      seeds: the cotangents of `targets`; None stands for ones.
      stacked: whether cotangents have one more dimension in front.

    Returns:
      The cotangents of `sources`, None where `targets` do not depend on them.
    """
    cotangents = {}
    wanted = {identity_of(s) for s in sources}
    for t, seed in zip(targets, seeds, strict=True):
        gid = identity_of(t)
        if gid in watched or gid in wanted:
            if seed is None:
                seed = ones_like(tensor_of(t))
            old = cotangents.get(gid)
            cotangents[gid] = seed if old is None else add_cotangents(old, seed)
    known = watched.union(cotangents)
    get = cotangents.get
    pull = pull_stack if stacked else pull_back
    context, position = state.context, len(entries)
    turns, slices = None, collections.defaultdict(list)  # gid -> [(turn, IndexedSlices)], not added up yet
    if len([e for e in entries if e[0] is None and e[4] is not None]) > 1 and not stacked:
        turns = turns_of(entries, [identity_of(t) for t in targets])
    while position:
        if not stacked and not slices and _unobserved(context):
            position = _record_usual(context.segment, entries, position, cotangents, wanted, consume)
            if not position:
                break
        position -= 1
        entry = entries.pop() if consume else entries[position]
        out_gids = entry[2]
        if slices:
            for gid in slices.keys() & out_gids:
                cotangents[gid] = _joined(slices.pop(gid), get(gid))
        found = [get(gid) for gid in out_gids]
        if not any([c is not None for c in found]):
            continue
        for gid in out_gids:
            if gid not in wanted:
                cotangents.pop(gid, None)
        for gid, cotangent in zip(*pull(entry, found), strict=True):
            if gid and cotangent is not None:
                if turns is not None and type(cotangent) is IndexedSlices:
                    slices[gid].append((turns.get(position, 0), cotangent))
                    continue
                old = get(gid)
                cotangents[gid] = cotangent if old is None else add_cotangents(old, cotangent)
    for gid, parts in slices.items():
        cotangents[gid] = _joined(parts, get(gid))
    return [get(g) if (g := identity_of(s)) in known else None for s in sources]


def _joined(parts, other):
    """What slices that came in some turns, and another cotangent or None, add up to."""
    first, *rest = [part for _, part in sorted(parts, key=operator.itemgetter(0))]
    joined = first.concatenated(*rest) if rest else first
    return joined if other is None else add_cotangents(other, joined)


def turns_of(entries, gids):
    """{number of an entry: when TensorFlow's walk back from `gids` comes to it}, which is the order of slices that it joins.

    An op gets in line when all who take its results have had their turn, in the order of an op's inputs; the last target is first.
    """
    makers = {gid: i for i, entry in enumerate(entries) for gid in entry[2]}
    uses, behind, pending = collections.Counter(), {}, [makers[gid] for gid in gids if gid in makers]
    while pending:
        i = pending.pop()
        if i not in behind:
            behind[i] = None
            uses.update(entries[i][1])
            pending += [makers[gid] for gid in entries[i][1] if gid in makers]
    missing = {i: len([gid for gid in entries[i][2] if uses[gid]]) for i in behind}
    line = collections.deque([i for i in behind if not missing[i]])
    turns = {}
    while line:
        i = line.popleft()
        turns[i] = len(turns)
        for gid in entries[i][1]:
            uses[gid] -= 1
            maker = makers.get(gid)
            if maker is not None and not uses[gid]:
                missing[maker] -= 1
                if not missing[maker]:
                    line.append(maker)
    return turns


def _unobserved(context):
    """Whether nobody looks at the nodes that are recorded one by one."""
    if settings.watchful or context.tapes or context.accumulators or context.tracer is not None:
        return False
    return type(context.segment) is segments.Segment


def _record_usual(segment, entries, position, cotangents, wanted, consume):
    """Walks on, from `position`, over entries of the usual kind: one result, and a pullback that is one node.

    What is between these nodes gets no handles, and they are appended to the segment together: a new walk takes half of the time.

    Returns:
      The position that is reached.
    """
    wire_of, leaf, summed = segment.leaf_index().get, segment._leaf, None
    specs, wires, avals = [], [], []
    slots, late = {}, []  # gid -> slot of its cotangent; gids and slots of what is to be added to slices
    first = slot = len(segment.refs)
    nbytes = segment.nbytes
    room = (settings.max_nodes_of_call if segment.uncut else settings.max_nodes) - len(segment.specs)
    while position and len(specs) <= room and nbytes <= settings.max_bytes:
        derivative, in_gids, out_gids, kept, _, _ = entries[position - 1]
        if derivative is None or len(out_gids) > 1 or derivative.places is not None:
            break
        (gid,) = out_gids
        wire = slots.get(gid)
        if wire is None:
            t = cotangents.get(gid)
            if t is not None:
                if type(t) is not Tensor:
                    break
                wire = t._slot if t._seg is segment else wire_of(id(t)) or leaf(t)
                if gid not in wanted:
                    del cotangents[gid]
        elif gid not in wanted:
            del slots[gid]
        position -= 1
        if consume:
            entries.pop()
        if wire is None:
            continue
        operands = []
        for t in kept:
            operands.append(t._slot if t._seg is segment else wire_of(id(t)) or leaf(t))
        operands.append(wire)
        spec = derivative.whole_spec
        specs.append(spec)
        wires.append(tuple(operands))
        avals += spec.avals
        nbytes += spec.nbytes
        wire, slot = slot, first + len(avals)
        for i in derivative.wanted:
            gid = in_gids[i]
            before = slots.get(gid)
            if before is None and gid in cotangents:
                t = cotangents[gid]
                if type(t) is not Tensor:
                    late.append((gid, wire))
                    wire += 1
                    continue
                before = t._slot if t._seg is segment else wire_of(id(t)) or leaf(t)
                del cotangents[gid]
            if before is not None:
                aval = avals[wire - first]
                if aval is not summed:
                    summed, plus = aval, accumulate.op.spec([Tensor(aval, None)] * 2)
                specs.append(plus)
                wires.append((before, wire))
                avals.append(aval)
                nbytes += plus.nbytes
                slots[gid] = slot
                slot += 1
            elif gid:
                slots[gid] = wire
            wire += 1
    if specs:
        made, refs = {}, [_GONE] * len(avals)
        for s in itertools.chain(slots.values(), map(operator.itemgetter(1), late)):
            made[s] = t = Tensor(avals[s - first], None, segment, s)
            refs[s - first] = weakref.ref(t)
        segment.specs += specs
        segment.wires += wires
        segment.refs += refs
        segment.nbytes = nbytes
        cotangents.update(zip(slots, map(made.get, slots.values()), strict=True))
        if len(specs) > room or nbytes > settings.max_bytes:
            segment._after_record(specs[-1], (), None)
        for gid, s in late:
            cotangents[gid] = add_cotangents(cotangents[gid], made[s])
    return position


def zeros_for(source):
    """Zeros of the shape of a source or target."""
    return zeros_like(tensor_of(source))


def tensor_of(value):
    """The tensor that a source or target stands for."""
    cell = cell_of(value)
    return cell._tensor if cell is not None else value


def identity_of(value):
    """The gid of a source or target: a tensor's own, or a variable's."""
    cell = cell_of(value)
    return cell.gid if cell is not None else gid_of(value)
