"""Branches and loops in which shapes depend on values: run by Python over their recorded bodies, in stages.

Each is a node at which a call stops, like an op whose result's shape depends on values. A condition is read; then a body
is run (stages.py). So gradients outside of the function are those of eager code. For one inside of it, the node keeps a
tape of what its bodies did; the gradient is another such node, which asks that tape, and goes on it to be differentiated.
"""

import copy
import functools
import operator

import jax
import jax.numpy as jnp
import numpy as np

from tfcompat._core import caches
from tfcompat._core.attributes import Int
from tfcompat._core.avals import aval
from tfcompat._core.body import call_spec, op_of, through
from tfcompat._core.by_value import StageSpec
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.entries import dense, record_python
from tfcompat._core.op import Op, invoke
from tfcompat._core.parameters import Index, Many, T
from tfcompat._core.sizes import FROM, Resizing, Unresized
from tfcompat._core.spec import serials
from tfcompat._core.stages import Stages, Staging
from tfcompat._core.symbolic import unshaped
from tfcompat._core.tape import GradientTape
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import host_value
from tfcompat._core.trace import ValueDependent
from tfcompat._core.walk import walk, zeros_for

HANDLE = _NUMBER = aval((), np.dtype(np.int32))
_row = Op("Row", lambda x, i: jax.lax.dynamic_index_in_dim(x, i, 0, keepdims=False), [("x", T), ("i", Index)])
_lengthened = Op("Pad", lambda x, more: jnp.pad(x, [(0, more)] + [(0, 0)] * (x.ndim - 1)), [("x", T), ("more", Int)])
_stack = Op("Pack", lambda rows: jnp.stack(rows), [("rows", Many("T"))])

FEW = 16  # rows for elements of an array that grows


class Handle:
    """What a node keeps for its gradient. It goes from node to node like a tensor."""

    __slots__ = ("ins", "results", "tape")
    _aval = HANDLE

    def __init__(self, tape, ins, results):
        self.tape, self.ins, self.results = tape, ins, results

    def pull(self, present, wanted, cotangents):
        """The cotangents of the inputs `wanted`, from those of the results `present`; the tape may be active."""
        targets, sources = [self.results[k] for k in present], [self.ins[i] for i in wanted]
        grads = walk(self.tape._entries, self.tape._watched, targets, sources, cotangents, False, consume=False)
        return [zeros_for(s) if g is None else dense(g) for g, s in zip(grads, sources, strict=True)]


class FollowedSpec(StageSpec):
    """A node whose gradient is another one.

    Attributes:
      followed: numbers of the inputs that have gradients. Where there are any, the last result is a Handle.
    """

    __slots__ = ("followed",)

    def __init__(self, name, input_avals, output_avals, depends):
        super().__init__(name, None, input_avals, output_avals)
        self.depends, self.followed = depends, ()

    def again(self, avals, learnt):
        new = copy.copy(self)
        new.id, new.input_avals, new.avals, new.taped = next(serials), avals, tuple(learnt), None
        return new

    def stage(self, ins, inside):
        if self.followed:
            tape, ins = self._tape(ins), self._own(ins)
            with tape:
                tape.watch([ins[i] for i in self.followed])
                results = self._run(ins, inside)
            results = [*results, Handle(tape, ins, results)]
        else:
            results = self._run(ins, inside)
        return results, tuple([t._aval for t in results])

    def _tape(self, ins):
        """The tape that follows what the node does."""
        return GradientTape(persistent=True, watch_accessed_variables=False)

    def _own(self, ins):
        """The inputs, those that are followed as tensors of their own: one may have been given twice."""
        own = list(ins)
        for i in self.followed:
            own[i] = state.segment.alias(ins[i])
            record_python(self.name, [ins[i]], [own[i]], lambda cotangents: cotangents)
        return own

    def record(self, trace, ins):
        spec, count = self, len(self.avals) - bool(self.followed)
        watched = [state.accumulators or any([t._gid in tape._watched for tape in state.tapes]) for t in ins]
        followed = [i for i, t in enumerate(ins) if watched[i] and t._aval.differentiable]
        if followed:
            spec = self.again(self.input_avals, (*self.avals[:count], HANDLE))
            spec.followed, spec.depends = sorted({*self.followed, *followed}), [*self.depends[:count], 0]
        if followed and spec.unranked:
            raise ValueDependent("Branches give tensors of different ranks, and a gradient is asked for.")
        results = trace.record(spec, ins)
        results = [unshaped(t, spec, i) if i in spec.unranked else t for i, t in enumerate(results)]
        if followed:
            outs, handle = results[:-1], results[-1]
            pull = functools.partial(self._pull, ins, followed, [t._aval for t in outs], handle)
            record_python(self.name, ins, outs, pull)
        return results[: len(self.avals)]

    def _pull(self, ins, followed, avals, handle, cotangents):
        """Records the gradient: cotangents of all inputs, from those of the results."""
        present = [k for k, c in enumerate(cotangents) if c is not None and avals[k].differentiable]
        reached = functools.reduce(operator.or_, [self.depends[k] for k in present], 0)
        wanted = [i for i in followed if reached >> i & 1]
        grads = [None] * len(ins)
        if wanted:
            state.trace.stage()
            given = [handle, *[dense(cotangents[k]) for k in present], *[t for t in ins if t._aval.differentiable]]
            node = GradientSpec(present, wanted, [t._aval for t in given], [ins[i]._aval for i in wanted])
            for i, g in zip(wanted, node.record(state.trace, given), strict=True):
                grads[i] = g
        return grads


class GradientSpec(FollowedSpec):
    """The gradient of a FollowedSpec: takes its Handle, the cotangents, and what the forward pass took.

    Args:
      present: numbers of the results that have cotangents.
      wanted: numbers of the inputs whose cotangents it gives.
    """

    __slots__ = ("_present", "_wanted")

    def __init__(self, present, wanted, input_avals, output_avals):
        bits = sum([1 << i for i, a in enumerate(input_avals) if a.differentiable])
        super().__init__("Gradient", input_avals, output_avals, [bits] * len(output_avals))
        self._present, self._wanted = present, wanted

    def _tape(self, ins):
        return ins[0].tape

    def _own(self, ins):
        handle, count = ins[0], 1 + len(self._present)
        own = super()._own(ins)
        own[count:] = [t for t in handle.ins if t._aval.differentiable]  # as the tape knows them
        return own

    def _run(self, ins, inside):
        return ins[0].pull(self._present, self._wanted, ins[1 : 1 + len(self._present)])


class PartsSpec(FollowedSpec):
    """A node that runs bodies in stages.

    Args:
      bodies: Bodies, all of one recording.
      sizes: the Sizes of that.
    """

    __slots__ = ("_frame", "_sizes", "flagged", "stagings")

    def __init__(self, name, bodies, sizes, input_avals, output_avals, depends):
        super().__init__(name, input_avals, output_avals, depends)
        self.stagings = [Staging(b) for b in bodies]
        self.flagged = any([s.flagged for s in self.stagings])
        self.effect, self.stateful = any([b.effect for b in bodies]), any([b.stateful for b in bodies])
        self._sizes = sizes
        self._frame = None  # sizes of the recording -> what they are in the one of which the node has become a part

    def inlined(self, resizing, avals, learnt):
        new = self.again(avals, learnt)
        known = resizing.sizes if self._frame is None else self._frame
        new._frame = dict(known) if self._frame is None else {s: resizing.size(n) for s, n in known.items()}
        return new

    def _around(self, resizing):
        """The Resizing for the bodies."""
        if self._frame is None:
            return resizing
        found = Resizing(self._sizes)
        found.sizes = {s: resizing.size(n) for s, n in self._frame.items()}
        return found

    def inside(self, resizing):
        around = self._around(resizing)
        return [Stages(s, around) for s in self.stagings]


class StagedCond(PartsSpec):
    """Branches; see `control_flow.CondSpec`.

    Args:
      unranked: numbers of the results of which the rank depends on the branch.
    """

    __slots__ = ("_indices", "_is_bool", "unranked")

    def __init__(self, bodies, indices, sizes, input_avals, is_bool, unranked=()):
        depends = [0] * len(bodies[0].avals)
        for b, places in zip(bodies, indices, strict=True):
            for k, bits in enumerate(b.depends):
                depends[k] |= through(bits, [1 << (i + 1) for i in places])
        super().__init__("If" if is_bool else "Case", bodies, sizes, input_avals, _merged([b.avals for b in bodies], sizes, unranked), depends)
        self._indices, self._is_bool, self.unranked = indices, is_bool, frozenset(unranked)

    def shaped(self, index, output_aval):
        """Says what result number `index` is, while the function around is being recorded."""
        self.avals = (*self.avals[:index], output_aval, *self.avals[index + 1 :])
        self.unranked -= {index}

    def _run(self, ins, inside):
        chosen = host_value(ins[0]).item()
        if self._is_bool:
            chosen = 0 if chosen else 1
        elif not 0 <= chosen < len(inside):
            chosen = len(inside) - 1
        arrays = ins[1:]
        return inside[chosen].results([arrays[k] for k in self._indices[chosen]])


def _merged(rows, sizes, unranked=()):
    """The avals of results for which the branches' are `rows`: sizes that differ, or that one branch finds, are unknown."""
    found = []
    for k, column in enumerate(zip(*rows, strict=True)):
        shape = []
        for dims in () if k in unranked else zip(*[a.shape for a in column], strict=True):
            same = len(set(dims)) == 1 and (len(dims) > 1 or not sizes.unknown(dims[0]))
            shape.append(dims[0] if same else sizes.fresh())
        found.append(aval(tuple(shape), column[0].np_dtype))
    return found


class StagedLoop(PartsSpec):
    """A loop; see `loops.LoopSpec`.

    Args:
      loop: (places, test_places, number of sequences, number of carried values, length, limit, reverse).
      growing: pairs of numbers of carried values: a count, and rows of which there have to be at least as many. What the
        body writes beyond them is lost; then there are more, and it is run again.
      whole: the LoopSpec for sizes that stand for those inside, where the loop is run as a whole; else each iteration is.
    """

    __slots__ = ("_growing", "_loop", "_room", "_whole")

    def __init__(self, name, body, test, loop, sizes, input_avals, growing=(), whole=None):
        _, _, _, carried, length, _, _ = loop
        bits = sum([1 << i for i, a in enumerate(input_avals) if a.differentiable])
        before = input_avals[len(input_avals) - carried :]
        outs = _merged([before, body.avals[:carried]], sizes) if carried else []
        rows = [aval(tuple([sizes.fresh() if sizes.unknown(d) else d for d in a.shape]), a.np_dtype) for a in body.avals[carried:]]
        outs += [aval((length, *a.shape), a.np_dtype) for a in rows]
        bodies = [body] if test is None else [body, test]
        super().__init__(name, bodies, sizes, input_avals, outs, [bits if a.differentiable else 0 for a in outs])
        self.stateful = True
        self._loop, self._growing, self._whole = loop, growing, whole
        self._room = {k: FEW for _, k in growing}  # how many rows to begin with

    def inside(self, resizing):
        around = self._around(resizing)
        length, limit = [None if n is None else around.size(n) for n in self._loop[4:6]]
        whole = None if self._whole is None else WholeLoop(self._whole, self._growing, around)
        return super().inside(resizing), length, limit, whole

    def _run(self, ins, inside):
        (body, *test), length, limit, whole = inside
        places, test_places, sequences, carried, _, _, reverse = self._loop
        n = len(ins) - carried
        outer, slices, carry = ins[: n - sequences], ins[n - sequences : n], ins[n:]
        if whole is not None:
            return self._with_room(carry, 0, lambda carry: whole.results([*ins[:n], *carry]))
        rows = [[] for _ in body.staging.body.avals[carried:]]
        end, i = limit if length is None else length, 0
        while end is None or i < end:
            index = Tensor(_NUMBER, np.int32(i if not reverse else end - 1 - i))
            if test and not host_value(test[0].results(pick(test_places, outer, [index, *carry]))[0]):
                break
            own = [index, *[invoke(_row, (s, index)) for s in slices]]
            outs = self._with_room(carry, FEW, lambda carry, own=own: body.results(pick(places, outer, [*own, *carry])))
            carry = outs[:carried]
            for row, value in zip(rows, outs[carried:], strict=True):
                row.append(value)
            i += 1
        return [*carry, *map(_stacked, rows, body.staging.body.avals[carried:], [reverse] * len(rows))]

    def _with_room(self, carry, more, run):
        """What `run` gives for the carried values, with enough rows.

        Args:
          more: the number of rows behind the present ones to begin with.
        """
        if not self._growing:
            return run(carry)
        counts = {k: host_value(carry[c]).item() for c, k in self._growing}
        _see_that_none_is_lost(counts, carry)
        wanted = {k: max(self._room[k], n + more) for k, n in counts.items()}
        while True:
            given = list(carry)
            for k, size in wanted.items():
                missing = _power(size) - given[k]._aval.shape[0]
                if missing > 0:
                    given[k] = invoke(_lengthened, (given[k],), (missing,))
            try:
                results = run(given)
                counts = {k: host_value(results[c]).item() for c, k in self._growing}
                _see_that_none_is_lost(counts, results)
            except _Lost as lost:
                if self.effect:
                    state.acted.clear()  # Python functions may have been given what is wrong
                    raise Unresized("an array has been written beyond its end") from None
                wanted = {k: max(2 * given[k]._aval.shape[0], lost.counts.get(k, 0)) for k in wanted}
                continue
            if not more:
                self._room = {k: max(n, self._room[k] // 2) for k, n in counts.items()}
            return results


class _Lost(Exception):
    """Rows have been written for which there was no room; `counts` say how many there are."""

    def __init__(self, counts):
        super().__init__()
        self.counts = counts


def _see_that_none_is_lost(counts, tensors):
    if any([n > tensors[k]._aval.shape[0] for k, n in counts.items()]):
        raise _Lost(counts)


class WholeLoop:
    """A loop that is one node, for each size of the rows that it fills.

    Args:
      spec: the LoopSpec for stand-ins.
      around: the Resizing that knows the other sizes.
    """

    def __init__(self, spec, growing, around):
        self._spec, self._growing, self._around = spec, growing, around
        self._specs = caches.Bounded(100)  # avals -> (the LoopSpec for these, an Op)

    def results(self, ins):
        """What the loop gives for these inputs."""
        key = tuple([t._aval for t in ins])
        found = self._specs.get(key)
        if found is None:
            resizing = self._around.copied()
            for old, a in zip(self._spec.input_avals, key, strict=True):
                resizing.learn(old.shape, a.shape)
            spec = self._spec.resized(resizing, list(key))
            spec.limit_rows([(c, ins[len(ins) - spec.carried + k]._aval.shape[0]) for c, k in self._growing])
            found = self._specs[key] = spec, op_of(spec)
        spec, op = found
        return call_spec(op, spec, ins)


def _power(size):
    """The next power of two."""
    return 1 << max(size - 1, 0).bit_length()


def pick(places, outer, own):
    return [outer[i] if kind == "outer" else own[i] for kind, i in places]


def _stacked(rows, row, reverse):
    if not rows:
        return convert(np.empty((0, *[0 if d >= FROM else d for d in row.shape]), row.np_dtype))
    return invoke(_stack, tuple(rows[::-1] if reverse else rows), (), len(rows))
