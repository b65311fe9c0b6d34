"""Functions in which shapes depend on values: recorded once, and run in stages.

An op whose result's shape depends on values is recorded as a node at which a call stops; a stand-in (sizes.py) is the
size of its result. A call records the nodes again in the thread's own segment, for the sizes there are, up to such a
node; computes that one as eager code does, by which its sizes are known; and goes on from there. So tapes, variables,
errors and the order of effects are those of eager code, but no Python of the function runs.
"""

import copy

import numpy as np

from tfcompat._core import caches, errors
from tfcompat._core.avals import aval
from tfcompat._core.body import BodySpec, CallFlag, Inference, needed_nodes, op_of
from tfcompat._core.callsite import call_site
from tfcompat._core.concrete_function import ConcreteFunction, EagerFallback, with_own_draws
from tfcompat._core.context import state
from tfcompat._core.entries import record_taped
from tfcompat._core.op import Op, invoke
from tfcompat._core.sizes import NOT_ENOUGH, Resizing, Unresized
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import STATIC, host_value
from tfcompat._core.trace import ValueDependent
from tfcompat._core.variable import _copy_of, own_handle


class Step:
    """A node to record again.

    Attributes:
      done: the places of values that no later node takes.
      count: the number of results that it was recorded with.
    """

    __slots__ = ("_taped", "count", "done", "flag", "spec", "wire")

    def __init__(self, spec, wire, flag, done, count):
        self.spec, self.wire, self.flag, self.done, self.count = spec, wire, flag, done, count
        self._taped = None

    def record(self, context, ins):
        """Records it. Returns the list of its results."""
        spec = self.spec
        if context.tapes or context.accumulators:
            if self._taped is None:
                self._taped = origin_of(spec)
            results = record_taped(context, *self._taped[:2], ins, *self._taped[2:])
        else:
            results = context.segment.record(spec, ins)
        return [results] if spec.single else results

    def check(self, context, ins, results):
        """Passes the error flag on to the segment, or looks at it where the node has run. Returns whether it has not."""
        flag = copy.copy(self.flag)
        flag.tensor = results[flag.index]
        if flag.tensor._value is not None:
            if np.any(np.asarray(flag.tensor._value)):
                raise flag.error(*[host_value(t) for t in ins])
            return False
        flag.position = len(context.segment.specs) - 1
        context.segment.flags.append(flag)
        return True


def origin_of(spec):
    """(Op, Spec, attributes, count) with which tapes see a node."""
    if isinstance(spec, BodySpec):
        return op_of(spec), spec, (), 0
    if spec.origin is not None:
        op, attrs, count = spec.origin
        return op, spec, attrs, count
    # A forward with residuals, or a pullback.
    op = Op(spec.name, spec.evaluate, single=spec.single)
    op.infer = lambda key, ins, attrs, count: spec
    return op, spec, (), 0


class Part:
    """What a call records for certain sizes, up to the next stage.

    Attributes:
      steps: the nodes.
      stage: the number of the node at which it stops; None at the end.
      unfit: why the recorded nodes do not say what is done for these sizes; None where they do.
      error: what the node behind the steps raises.
    """

    def __init__(self, function, inference, first):
        self._function, self._inference = function, inference
        self.steps, self.stage, self.error, self.unfit = [], None, None, None
        try:
            self._infer(function._spec.body, first)
        except NOT_ENOUGH as error:
            self.unfit = str(error)

    def _infer(self, body, first):
        inference = self._inference
        for i in range(first, len(body.specs)):
            spec = body.specs[i]
            if spec.staged:
                self.stage = i
                return
            try:
                found = inference.node(i)
            except errors.OpError as error:
                self.error = error
                return
            flag = body.flags.get(i)
            flag = None if flag is None else flag.resized(inference.resizing, inference.ins(i))
            if found.coded and not spec.coded:
                flag = CallFlag.alone(found)
            self.steps.append(Step(found, body.wires[i], flag, self._function._done[i], len(spec.avals)))
        self._inference = None  # nothing follows

    def record(self, context, values):
        """Records its nodes; `values` are all so far. Returns whether checks are pending."""
        flagged = False
        for step in self.steps:
            ins = [values[s] for s in step.wire]
            results = step.record(context, ins)
            if step.flag is not None:
                flagged = step.check(context, ins, results) or flagged
            values += results[: step.count]
            for s in step.done:
                values[s] = None
        if self.error is not None:
            settle(context.segment)
            raise self.error.with_traceback(None)
        return flagged

    def after(self, learnt):
        """The Part behind the stage, which has taught this about sizes."""
        inference, i = self._inference.copied(), self.stage
        self._function._spec.body.specs[i].learn(inference, i, learnt)
        return Part(self._function, inference, i + 1)


def settle(segment):
    """Runs what is pending and raises what its checks find."""
    segment.close("checks")
    segment.check_flags()


class StagedFunction(ConcreteFunction):
    """A recording in which shapes depend on values."""

    def __init__(self, *recorded):
        super().__init__(*recorded)
        body = self._spec.body
        self._template = recorded[-1]()
        self._eager = None  # made when a call does not fit
        self._constants = [Tensor(aval(c.shape, c.dtype), c, None, STATIC) for c in body.consts]
        self._parts = caches.Bounded(1_000)  # (what was learnt before, what the last stage taught) -> Part
        last = {s: i for i, wire in enumerate(body.wires) for s in wire}
        kept, place = set(body.outputs), len(body.inputs) + len(body.consts)
        self._first = place  # of the results
        stages = [s for spec, wire in zip(body.specs, body.wires, strict=True) if spec.staged for s in wire]
        needed = set(needed_nodes(body.specs, body.wires, body.flags, [*body.outputs, *stages], place))
        body.flags = {i: flag for i, flag in body.flags.items() if i in needed}
        self._done = []  # for each node the places of values that are not needed behind it
        for i, (spec, wire) in enumerate(zip(body.specs, body.wires, strict=True)):
            own = range(place, place + len(spec.avals))
            done = {s for s in wire if last[s] == i} | {s for s in own if s not in last}
            self._done.append(tuple(sorted(done - kept)))
            place += len(spec.avals)

    def _call_flat(self, leaves, cells):
        own, written = self._given(cells) if self._bound is not None else (self._cells, self._written)
        if self._growing is not None and (grown := self._grown(own, leaves)) is not self:
            return grown._call_flat(leaves, cells)
        if state.trace is not None:
            own, written = with_own_draws(own, written)
        else:
            for c in written:
                c.before_write()
        arguments = leaves if self._all else [leaves[i] for i in self._arguments]
        values = [*arguments, *[c.read() for c in own], *self._captures]
        try:
            if state.trace is not None:
                self._inline(state.trace, values)
            else:
                self._run(values)
        except Unresized as error:  # what it did so far was to act on the outside, at most
            if self._eager is None:
                self._eager = EagerFallback(self._function(), *self._template, str(error))
            return self._eager._call_flat(leaves, cells)
        first = self._first
        results = [invoke(_copy_of.op, (values[s],)) if s < first else values[s] for s in self._spec.body.outputs]
        for c, t in zip(written, results[self._count :], strict=True):
            c.bind(own_handle(t, t))  # a handle on no tape: what is read from a variable is a use of the variable
        return results[0] if self._plain else self._structured(results)

    def _run(self, values):
        """Computes what is needed for sizes and records the rest; `values` are the inputs, and get the results."""
        body, context, flagged = self._spec.body, state.context, False
        learnt = tuple([t._aval for t in values])
        key = (), learnt
        part = self._parts.get(key)
        if part is None:
            resizing = Resizing(self._trace.sizes)
            part = self._parts[key] = Part(self, Inference(body, resizing, learnt), 0)
        values += self._constants
        while part.unfit is None:
            flagged = part.record(context, values) or flagged
            if part.stage is None:
                break
            results, learnt = body.specs[part.stage].stage([values[s] for s in body.wires[part.stage]])
            values += results
            for s in self._done[part.stage]:
                values[s] = None
            key = key, learnt
            found = self._parts.get(key)
            if found is None:
                found = self._parts[key] = part.after(learnt)
            part = found
        else:
            raise Unresized(part.unfit)
        if flagged and context.segment.flags:  # as of an op that checks values: at once, until the line has proven good
            sites, site = self._op.hot_sites, call_site()
            known = sites.get(site)
            if known != "good":
                settle(context.segment)
                if known is None:
                    sites[site] = "good"

    def _inline(self, trace, values):
        """Records its nodes in the function that is being recorded."""
        body, context = self._spec.body, state.context
        trace.stage()
        inference = Inference(body, Resizing(self._trace.sizes, trace.sizes), [t._aval for t in values])
        values += self._constants
        try:
            for i, wire in enumerate(body.wires):
                ins = [values[s] for s in wire]
                values += self._inline_node(trace, context, inference, i, ins)
        except (ValueError, errors.OpError, *NOT_ENOUGH) as error:
            raise ValueDependent(str(error)) from error

    def _inline_node(self, trace, context, inference, i, ins):
        body, spec, place = self._spec.body, self._spec.body.specs[i], len(inference.avals)
        if spec.staged:
            learnt = spec.fresh(inference.resizing, trace.sizes)
            results = spec.again(inference.ins(i), learnt).record(trace, ins)
            spec.learn(inference, i, learnt)
        else:
            step = Step(inference.node(i), None, body.flags.get(i), None, None)
            results = step.record(context, ins)
            if step.flag is not None:
                step.flag = step.flag.resized(inference.resizing, [t._aval for t in ins])
                step.check(context, ins, results)
        if i in body.loose:
            trace.loose.add(len(trace.specs) - 1)
        for s, t in enumerate(results, place):
            if s in body.values_read and t._slot in trace.values:
                trace.values_read.add(t._slot)
        return results

    def _program_text(self, stage="hlo", device_name=None, platform_name=None):
        raise NotImplementedError(
            f"tf.function.experimental_get_compiler_ir: shapes in {self._name!r} depend on values, so it is several programs."
        )
