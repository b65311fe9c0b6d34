"""Running a Body in stages: nodes are recorded anew in the thread's own segment, up to one that tells what sizes are.

Such a node (by_value.py, branching.py, effects.py) is computed as eager code does, by which its sizes are known; and so on.
"""

import copy

import numpy as np

from tfcompat._core import caches, errors
from tfcompat._core.avals import aval
from tfcompat._core.body import CallFlag, Inference, call_spec, needed_nodes, op_of
from tfcompat._core.context import state
from tfcompat._core.direct import FunctionSpec
from tfcompat._core.entries import record_taped
from tfcompat._core.program import may_skip_recording
from tfcompat._core.segment import foldable
from tfcompat._core.sizes import NOT_ENOUGH, Unresized
from tfcompat._core.straight import straight
from tfcompat._core.stretch import Block, origin_of
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import STATIC, host_value

FOLDED = 2  # runs of a part until its stretches are folded: what comes once is not worth it


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

    def record(self, context, values):
        """Records it; `values` are all so far, and get its results. Returns whether a check is pending."""
        ins = [values[s] for s in self.wire]
        results = self.call(context, ins)
        flagged = self.flag is not None and self.check(context, ins, results)
        values += results[: self.count]
        for s in self.done:
            values[s] = None
        return flagged

    def call(self, context, ins):
        """Records it for these inputs. Returns the list of its results."""
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
        flag.position = context.segment.node_of(flag.tensor._slot)
        context.segment.flags.append(flag)
        return True


class Stretch:
    """Several Steps as one node.

    Args:
      avals: of the values before it.
    """

    __slots__ = ("_blanks", "_block", "_done", "_places", "_wire")

    def __init__(self, steps, avals):
        first = len(avals)
        done = {s for step in steps for s in step.done}
        end = first + sum([step.count for step in steps])
        self._blanks = [None] * (end - first)
        self._places = [s for s in range(first, end) if s not in done]
        self._done = sorted([s for s in done if s < first])
        self._wire = list(dict.fromkeys([s for step in steps for s in step.wire if s < first]))
        inputs = {s: ~k for k, s in enumerate(self._wire)}
        wires = tuple([tuple([inputs[s] if s < first else s - first for s in step.wire]) for step in steps])
        key = tuple([step.spec for step in steps]), wires, tuple([s - first for s in self._places])
        self._block = _blocks.get(key)
        if self._block is None and self._places:
            self._block = _blocks[key] = Block("Stretch", *key, [avals[s] for s in self._wire], origin_of=origin_of)

    def record(self, context, values):
        """As a Step's."""
        if self._block is not None:
            ins = [values[s] for s in self._wire]
            if context.tapes or context.accumulators:
                results = record_taped(context, self._block.op, self._block, ins, (), 0)
            else:
                results = context.segment.record(self._block, ins)
        values += self._blanks
        for s, t in zip(self._places, results if self._places else (), strict=True):
            values[s] = t
        for s in self._done:
            values[s] = None
        return False


_blocks = caches.Bounded(1_000)  # (specs, wires, outputs) -> Block


def folded(steps, values):
    """The Steps, each stretch of them that checks nothing, acts on nothing and writes into nothing as one node.

    Args:
      values: those before the first.
    """
    avals = [None if t is None else t._aval for t in values]
    found, stretch = [], []

    def end():
        found.extend([Stretch(stretch, avals)] if len(stretch) > 1 else stretch)
        for step in stretch:
            avals.extend(step.spec.avals[: step.count])
        stretch.clear()

    for step in steps:
        if step.flag is None and not step.spec.effect and step.spec.inplace is None:
            stretch.append(step)
        else:
            end()
            stretch.append(step)
            end()
    end()
    return found


class Part:
    """What a call records for certain sizes, up to the next stage.

    Attributes:
      steps: the nodes.
      stage: the number of the node at which it stops; None at the end.
      inside: what that node needs to run parts of its own.
      unfit: why the recorded nodes do not say what is done for these sizes; None where they do.
      error: what the node behind the steps raises.
    """

    def __init__(self, staging, inference, first):
        self._staging, self._inference = staging, inference
        self.steps, self.stage, self.inside, self.error, self.unfit = [], None, None, None, None
        self._runs, self._folded, self._straight = 0, None, None  # the steps with stretches folded; computed at once
        try:
            self._infer(staging.body, first)
        except NOT_ENOUGH as error:
            self.unfit = str(error)

    def _infer(self, body, first):
        inference = self._inference
        for i in range(first, len(body.specs)):
            spec = body.specs[i]
            if spec.staged:
                self.stage, self.inside = i, spec.inside(inference.resizing)
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
            self.steps.append(Step(found, body.wires[i], flag, self._staging.done[i], len(spec.avals)))
        self._inference = None  # nothing follows

    def record(self, context, values):
        """Records its nodes; `values` are all so far. Returns whether checks are pending."""
        steps = self.steps
        if self._folded is None and not self.error:
            self._runs += 1
            if self._runs == FOLDED:
                self._folded, self._straight = folded(steps, values), straight(steps, len(values))
        if self._straight is not None and may_skip_recording(context) and self._straight.run(values):
            return False
        if self._folded is not None and foldable(context):
            steps = self._folded
        flagged = False
        for step in steps:
            flagged = step.record(context, values) or flagged
        if self.error is not None:
            settle(context.segment)
            raise self.error.with_traceback(None)
        return flagged

    def after(self, learnt):
        """The Part behind the stage, which has taught this about sizes."""
        inference, i = self._inference.copied(), self.stage
        self._staging.body.specs[i].learn(inference, i, learnt)
        return Part(self._staging, inference, i + 1)


def settle(segment):
    """Runs what is pending and raises what its checks find."""
    segment.close("checks")
    segment.check_flags()


class Staging:
    """What is known of a Body that is run in stages, whatever the sizes.

    Attributes:
      first: the place of the first result of a node.
      done: for each node the places of values that are not needed behind it.
      staged: whether a call stops in it.
      flagged: whether checks are made.
    """

    def __init__(self, body):
        self.body = body
        self.constants = [Tensor(aval(c.shape, c.dtype), c, None, STATIC) for c in body.consts]
        last = {s: i for i, wire in enumerate(body.wires) for s in wire}
        kept, place = set(body.outputs), len(body.inputs) + len(body.consts)
        self.first = place
        stages = [s for spec, wire in zip(body.specs, body.wires, strict=True) if spec.staged for s in wire]
        needed = set(needed_nodes(body.specs, body.wires, body.flags, [*body.outputs, *stages], place))
        body.flags = {i: flag for i, flag in body.flags.items() if i in needed}
        self.staged = any([spec.staged for spec in body.specs])
        self.flagged = bool(body.flags) or any([spec.staged and spec.flagged for spec in body.specs])
        self.done = []
        for i, (spec, wire) in enumerate(zip(body.specs, body.wires, strict=True)):
            own = range(place, place + len(spec.avals))
            done = {s for s in wire if last[s] == i} | {s for s in own if s not in last}
            self.done.append(tuple(sorted(done - kept)))
            place += len(spec.avals)


class Stages:
    """Runs a Body, where certain sizes are known from outside.

    Args:
      resizing: the Resizing that knows them.
    """

    def __init__(self, staging, resizing):
        self.staging, self._resizing = staging, resizing
        self._parts = caches.Bounded(1_000)  # (what was learnt before, what the last stage taught) -> Part
        self._nodes = caches.Bounded(1_000)  # avals of inputs -> (Op, Spec) of the whole

    def run(self, values):
        """Computes what is needed for sizes and records the rest; `values` are the inputs, and get the results.

        Returns:
          Whether checks may be pending.
        """
        staging, context = self.staging, state.context
        body, done, flagged = staging.body, staging.done, False
        learnt = tuple([t._aval for t in values])
        key = (), learnt
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = Part(staging, Inference(body, self._resizing.copied(), learnt), 0)
        values += staging.constants
        while part.unfit is None:
            flagged = part.record(context, values) or flagged
            if part.stage is None:
                return flagged
            spec = body.specs[part.stage]
            results, learnt = spec.stage([values[s] for s in body.wires[part.stage]], part.inside)
            flagged = flagged or spec.flagged
            values += results
            for s in done[part.stage]:
                values[s] = None
            key = key, learnt
            found = self._parts.get(key)
            if found is None:
                found = self._parts[key] = part.after(learnt)
            part = found
        raise Unresized(part.unfit)

    def called(self, inputs):
        """The same, as one node where no shape in it depends on values."""
        staging, avals = self.staging, tuple([t._aval for t in inputs])
        if staging.staged:
            return self.results(inputs)
        found = self._nodes.get(avals)
        if found is None:
            body = staging.body.resized(self._resizing.copied(), avals)
            spec = FunctionSpec(body.name, body, False)
            found = self._nodes[avals] = op_of(spec), spec
        op, spec = found
        return call_spec(op, spec, inputs) if spec.coded else state.context.segment.record(spec, inputs)

    def results(self, inputs):
        """What the Body gives for these inputs."""
        values = list(inputs)
        self.run(values)
        return [values[s] for s in self.staging.body.outputs]
