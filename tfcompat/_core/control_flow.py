"""Branches while recording: one node with a Body for each branch, lowered to `lax.cond` and `lax.switch`."""

import copy
import functools

import jax
import jax.numpy as jnp
import numpy as np

from tfcompat._core import errors
from tfcompat._core.body import Body, BodySpec, call_spec, op_of, through
from tfcompat._core.branching import StagedCond
from tfcompat._core.context import state
from tfcompat._core.op import Op
from tfcompat._core.rows import BranchRows
from tfcompat._core.sizes import Unresized
from tfcompat._core.symbolic import aval_of_any, shape_of_any
from tfcompat._core.trace import Trace


def record_part(function, name, kind):
    """Calls `function` in a trace of its own inside the present one. Returns (trace, result)."""
    trace = Trace(name, state.trace, kind)
    trace.stageable = state.trace is not None and state.trace.stageable
    with trace:
        result = function()
    return trace, result


def outer_inputs(traces, bodies, own=()):
    """What several bodies take from outside.

    Args:
      own: for each body the ids of leaves that are its own arguments.

    Returns:
      (outer tensors, cells, and for each body the place of each of its inputs: ("own", i), ("outer", i) or ("cell", i)).
    """
    tensors, cells, index, places = [], [], {}, []
    for n, (trace, body) in enumerate(zip(traces, bodies, strict=True)):
        leaf_cells = {k: c for c, k in trace.cell_leaves.items()}
        arguments = own[n] if own else {}
        found = []
        for k in body.input_leaves:
            leaf = trace.leaves[k]
            if k in leaf_cells:
                cell = leaf_cells[k]
                if id(cell) not in index:
                    index[id(cell)] = len(cells)
                    cells.append(cell)
                found.append(("cell", index[id(cell)]))
            elif id(leaf) in arguments:
                found.append(("own", arguments[id(leaf)]))
            else:
                if id(leaf) not in index:
                    index[id(leaf)] = len(tensors)
                    tensors.append(leaf)
                found.append(("outer", index[id(leaf)]))
        places.append(found)
    return tensors, cells, places


def part_resized(body, resizing, avals):
    """The Body of a part that may not run for other sizes, or the error of an op that does not take them."""
    try:
        return body.resized(resizing, avals)
    except errors.OpError as error:
        if resizing.outer is not None:
            raise Unresized("a part that may not run does not fit these sizes") from error
        return error


class Refusal:
    """The error flag of a part that does not fit the sizes there are: raised where it runs."""

    index = ahead = 0
    stateful = True

    def __init__(self, why):
        self.why = why

    def error(self):
        return self.why.with_traceback(None)


def refusing(body, error, input_avals, avals):
    """A Body that raises `error` in place of giving results of these avals."""
    op = Op("Refusal", lambda: [jnp.ones((), bool), *[jnp.zeros(a.shape, a.np_dtype) for a in avals]], static=False, single=False)
    new, first = copy.copy(body), len(body.inputs)
    new.input_avals, new.consts, new.sizes = list(input_avals), [], None
    new.specs, new.wires, new.flags = [op.spec(())], [()], {0: Refusal(error)}
    new.outputs = list(range(first + 1, first + 1 + len(avals)))
    new._finish(list(avals))
    return new


class CondSpec(BodySpec):
    """A node that runs one of several bodies. Its first input is the number of the body (or a boolean, for two)."""

    __slots__ = ("bodies", "indices", "is_bool")

    def __init__(self, bodies, indices, input_avals, is_bool):
        self._setup(
            "If" if is_bool else "Case", input_avals, bodies[0].avals, any(b.coded for b in bodies),
            max(b.cost for b in bodies) + 1e-6, sum(b.equations for b in bodies) + 1,
        )  # fmt: skip
        self.effect, self.stateful = any(b.effect for b in bodies), any(b.stateful for b in bodies)
        self.bodies, self.indices, self.is_bool = bodies, indices, is_bool
        self.body = bodies[0]
        self.depends = [0] * len(self.avals)
        for b, places in zip(bodies, indices, strict=True):
            for k, bits in enumerate(b.depends):
                self.depends[k] |= through(bits, [1 << (i + 1) for i in places])
        self._evaluate = self.run
        self.ruled = functools.partial(self.run, ruled=True)
        self._host = self._run_host

    def resized(self, resizing, avals):
        inputs = [[avals[1 + i] for i in places] for places in self.indices]
        bodies = [part_resized(b, resizing, own) for b, own in zip(self.bodies, inputs, strict=True)]
        fitting = [b for b in bodies if isinstance(b, Body)]
        if not fitting:
            raise bodies[0]
        bodies = [b if isinstance(b, Body) else refusing(self.bodies[k], b, inputs[k], fitting[0].avals) for k, b in enumerate(bodies)]
        if len({tuple(b.avals) for b in bodies}) > 1:
            raise Unresized("the branches of a conditional give different shapes")
        return CondSpec(bodies, self.indices, avals, self.is_bool)

    def trimmed(self, kept):
        return CondSpec([b.trimmed(kept) for b in self.bodies], self.indices, self.input_avals, self.is_bool)

    def run(self, index, *arrays, ruled=False):
        def branch(body, places):
            def call(*arrays):
                outs = body.run(*[arrays[i] for i in places], ruled=ruled)
                return [*outs, jnp.int32(0)] if self.coded and not body.coded else outs

            return call

        return list(self.switch(index, [branch(b, p) for b, p in zip(self.bodies, self.indices, strict=True)], *arrays))

    def switch(self, index, calls, *operands):
        """Calls the function of the body that `index` chooses, by JAX."""
        if self.is_bool:
            return jax.lax.cond(index, calls[0], calls[1], *operands)
        last = len(calls) - 1
        index = jnp.where((index < 0) | (index > last), last, index)
        return jax.lax.switch(index, calls, *operands)

    def find_rows(self):
        return BranchRows(self)

    def _chosen(self, index):
        if self.is_bool:
            return 0 if index else 1
        return int(index) if 0 <= index < len(self.bodies) else len(self.bodies) - 1

    def _run_host(self, index, *arrays):
        i = self._chosen(index)
        outs = self.bodies[i].host(*[arrays[k] for k in self.indices[i]])
        return (*outs, np.int32(0)) if self.coded else outs

    def explain(self, index, *arrays):
        i = self._chosen(index)
        try:
            self.bodies[i].host(*[arrays[k] for k in self.indices[i]])
        except Exception as error:  # noqa: BLE001 - the error is what is asked for
            return error
        return super().explain()


def record_cond(index, traces, results, is_bool):
    """Records the node of finished branches.

    Args:
      index: bool or int32 scalar tensor.
      traces: the trace of each branch.
      results: for each branch the list of its tensors, dtypes and shapes agreeing.

    Returns:
      The list of result tensors. Variables written in a branch are bound to their new values.
    """
    written = list(dict.fromkeys(c for t in traces for c in t.written))
    shapes = {tuple(map(shape_of_any, tensors)) for tensors in results}
    staged = len(shapes) > 1 or any([None in row for row in shapes]) or any([t.staged for t in traces])
    if staged:
        state.trace.stage()
    if staged or state.trace.sizes is not None:  # some may have come up since a branch was recorded
        for trace in traces:
            trace.open_sizes()
    outputs = []
    for trace, tensors in zip(traces, results, strict=True):
        with trace:
            outputs.append([*tensors, *[trace.read(c) for c in written]])
    bodies = [Body(trace, outs) for trace, outs in zip(traces, outputs, strict=True)]
    tensors, cells, places = outer_inputs(traces, bodies)
    count = len(tensors)
    indices = [[i if kind == "outer" else count + i for kind, i in p] for p in places]
    ins = [index, *tensors, *[c.read() for c in cells]]
    avals = [aval_of_any(t) for t in ins]
    if staged:
        unranked = [k for k, column in enumerate(zip(*shapes, strict=True)) if None in column or len(set(map(len, column))) > 1]
        outs = StagedCond(bodies, indices, state.trace.sizes, avals, is_bool, unranked).record(state.trace, ins)
    else:
        spec = CondSpec(bodies, indices, avals, is_bool)
        outs = call_spec(op_of(spec), spec, ins)
    count = len(results[0])
    for cell, tensor in zip(written, outs[count:], strict=False):
        cell.bind(tensor)
    return outs[:count]
