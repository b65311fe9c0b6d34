"""Loops while recording: one node with a Body for the test and one for the body.

A loop whose number of iterations is known is `lax.scan`; another one is `lax.while_loop`, differentiated by
`checkpointed.py`. Interpreted, both run in Python for as many iterations as cost less than compiling, then as a compiled
program of their own.
"""

import functools
import operator

import jax
import jax.numpy as jnp
import numpy as np

from tfcompat._core.avals import aval
from tfcompat._core.body import Body, BodySpec, call_spec, op_of
from tfcompat._core.branching import StagedLoop
from tfcompat._core.checkpointed import differentiable_while
from tfcompat._core.context import state
from tfcompat._core.control_flow import outer_inputs, part_resized, refusing
from tfcompat._core.draws import DrawCell
from tfcompat._core.element_loops import ElementLoop
from tfcompat._core.sizes import Unresized
from tfcompat._core.spec import native_function
from tfcompat._core.trace import ValueDependent
from tfcompat._core.trip_count import trip_count

INTERPRETED_EQUATIONS = 20_000  # run through in Python before a loop is compiled: about 20 ms, what one compile takes


class LoopSpec(BodySpec):
    """What the two kinds of loops share: inputs are (outer tensors, cells only read, sequences, carried values)."""

    __slots__ = ("carried", "length", "places", "reverse", "sequences", "test", "test_places", "native", "limit")

    def __init__(self, name, body, places, input_avals, sequences, carried, test=None, test_places=None, length=None,
                 limit=None, reverse=False):  # fmt: skip
        self.sequences, self.carried, self.length, self.limit = sequences, carried, length, limit
        self.test, self.test_places = test, test_places
        self.places, self.reverse = places, reverse
        coded = body.coded or test is not None and test.coded
        stacked = body.avals[carried:]
        outs = [*body.avals[:carried], *[aval((length, *a.shape), a.np_dtype) for a in stacked]]
        equations = body.equations + (0 if test is None else test.equations)
        self._setup(name, input_avals, outs, coded, body.cost * (length if length is not None else 20), equations)
        self.effect = body.effect or test is not None and test.effect
        self.stateful = True  # as in TensorFlow
        self.body = body
        self._evaluate = self.run
        self.ruled = functools.partial(self.run, ruled=True)
        self._host = self._run_host
        self.native = None
        bits = sum([1 << i for i, a in enumerate(input_avals) if a.differentiable])  # as in TensorFlow: all of all
        self.depends = [bits if a.differentiable else 0 for a in self.avals]

    def resized(self, resizing, avals):
        length, limit = [n if n is None else resizing.size(n) for n in (self.length, self.limit)]
        inputs, carried = [resizing.aval(a) for a in self.body.input_avals], avals[len(avals) - self.carried :]
        body = part_resized(self.body, resizing, inputs)
        if not isinstance(body, Body):
            body = refusing(self.body, body, inputs, [*carried, *[resizing.aval(a) for a in self.body.avals[self.carried :]]])
        test = self.test and self.test.resized(resizing, [resizing.aval(a) for a in self.test.input_avals])
        if body.avals[: self.carried] != list(carried):
            raise Unresized("the shape of a loop variable changes")
        return LoopSpec(self.name, body, self.places, avals, self.sequences, self.carried, test, self.test_places, length,
                        limit, self.reverse)  # fmt: skip

    def limit_rows(self, limits):
        """Makes the loop end, too, where a count among its carried values is beyond its limit, given by pairs of these."""
        if self.test is not None:
            self.test = _Limited(self.test, [limit for _, limit in limits])
            self.test_places = [*self.test_places, *[("own", 1 + k) for k, _ in limits]]

    def _split(self, arrays):
        n = len(arrays) - self.carried
        return arrays[: n - self.sequences], arrays[n - self.sequences : n], arrays[n:]

    @staticmethod
    def _pick(places, outer, own):
        return [outer[i] if kind == "outer" else own[i] for kind, i in places]

    def run(self, *arrays, ruled=False):
        outer, sequences, carry = self._split(arrays)
        if self.length is not None:
            return self._scan(outer, sequences, carry, ruled)
        return self._while(outer, carry, ruled)

    # A known number of iterations. The body's own arguments: index, slices, carried values.

    def _scan(self, outer, sequences, carry, ruled):
        def step(state, x):
            code, *carry = state
            index, *slices = x
            outs = self.body.run(*self._pick(self.places, outer, [index, *slices, *carry]), ruled=ruled)
            if self.body.coded:
                code = code | outs.pop()
            return (code, *outs[: self.carried]), tuple(outs[self.carried :])

        xs = (jnp.arange(self.length, dtype=jnp.int32), *sequences)
        (code, *carry), stacked = jax.lax.scan(
            step, (jnp.int32(0), *carry), xs, length=self.length, reverse=self.reverse
        )
        return [*carry, *stacked, code] if self.coded else [*carry, *stacked]

    # Any number of iterations: the test decides. The body's own arguments: iteration, carried values.

    def _while(self, outer, carry, ruled):
        def going(state, outer):
            n, code, *carry = state
            go = self.test.run(*self._pick(self.test_places, outer, [n, *carry]), ruled=ruled)[0].reshape(())
            go = go & (code == 0)
            return go if self.limit is None else go & (n < self.limit)

        def step(state, outer):
            n, code, *carry = state
            outs = self.body.run(*self._pick(self.places, outer, [n, *carry]), ruled=ruled)
            if self.body.coded:
                code = code | outs.pop()
            return (n + 1, code, *outs)

        initial = (jnp.int32(0), jnp.int32(0), *carry)
        if ruled:
            _, code, *carry = differentiable_while(going, step, initial, outer)
        else:
            _, code, *carry = jax.lax.while_loop(lambda s: going(s, outer), lambda s: step(s, outer), initial)
        return [*carry, code] if self.coded else list(carry)

    def _compiled(self):
        if self.native is None:
            self.native = native_function(self.jaxpr)
        return self.native

    def _run_host(self, *arrays):
        if self.length is not None:
            if self.length * self.equations > INTERPRETED_EQUATIONS and not self.effect:
                return self._checked(self._compiled()(*arrays), arrays)
            return self._scan_host(arrays)
        return self._while_host(arrays)

    def _checked(self, results, arrays):
        if self.coded and results[-1]:
            raise self.explain(*arrays)
        return results

    def _scan_host(self, arrays):
        outer, sequences, carry = self._split(arrays)
        host, places = self.body.host, self.places
        stacked = [np.empty(a.shape, a.np_dtype) for a in self.avals[self.carried : len(self.avals) - self.coded]]
        order = range(self.length - 1, -1, -1) if self.reverse else range(self.length)
        for i in order:
            outs = host(*self._pick(places, outer, [np.int32(i), *[s[i] for s in sequences], *carry]))
            carry = outs[: self.carried]
            for array, value in zip(stacked, outs[self.carried :], strict=True):
                array[i] = value
        return (*carry, *stacked, np.int32(0)) if self.coded else (*carry, *stacked)

    def _while_host(self, arrays):
        outer, _, carry = self._split(arrays)
        if self.native is not None:  # it was long once
            rest = self.native(*arrays)
            return self._while_slowly(outer, 0, carry) if self.coded and rest[-1] else rest
        host, places = self.body.host, self.places
        test, test_places = self.test.host, self.test_places
        budget = max(8, INTERPRETED_EQUATIONS // self.equations)
        n = 0
        while self.limit is None or n < self.limit:
            own = [np.int32(n), *carry]
            if not test(*self._pick(test_places, outer, own))[0]:
                break
            if n >= budget and not self.effect and self.limit is None:
                rest = self._compiled()(*outer, *carry)
                if self.coded and rest[-1]:
                    return self._while_slowly(outer, n, carry)
                return rest
            carry = host(*self._pick(places, outer, own))
            n += 1
        return (*carry, np.int32(0)) if self.coded else tuple(carry)

    def _while_slowly(self, outer, n, carry):
        while self.test.host(*self._pick(self.test_places, outer, [np.int32(n), *carry]))[0]:
            carry = self.body.host(*self._pick(self.places, outer, [np.int32(n), *carry]))
            n += 1
        return (*carry, np.int32(0))

    def explain(self, *arrays):
        try:
            if self.length is not None:
                self._scan_host(arrays)
            else:
                outer, _, carry = self._split(arrays)
                self._while_slowly(outer, 0, carry)
        except Exception as error:  # noqa: BLE001 - the error is what is asked for
            return error
        return super().explain()


class _Limited:
    """The test of a loop that ends, too, where counts behind the test's own inputs are beyond limits."""

    def __init__(self, test, limits):
        self._test, self._limits = test, limits
        self.coded, self.effect = test.coded, test.effect

    def _parts(self, arrays):
        n = len(arrays) - len(self._limits)
        return arrays[:n], [count <= limit for count, limit in zip(arrays[n:], self._limits, strict=True)]

    def run(self, *arrays, ruled=False):
        arrays, fitting = self._parts(arrays)
        return [functools.reduce(operator.and_, fitting, self._test.run(*arrays, ruled=ruled)[0].reshape(()))]

    def host(self, *arrays):
        arrays, fitting = self._parts(arrays)
        return [all(fitting) and self._test.host(*arrays)[0]]


def record_loop(name, body_trace, body_outs, initial, sequences=(), stacked=(), test_trace=None, test_out=None,
                length=None, limit=None, reverse=False, own=(), test_own=(), elements=None, growing=()):  # fmt: skip
    """Records the node of a finished loop.

    Args:
      body_trace, body_outs: trace of the body, and its tensors, one for each loop variable.
      initial: tensors of the loop variables before the loop.
      sequences: tensors that a loop of known length goes through along their first dimension.
      stacked: tensors of the body whose values of all iterations are results too.
      test_trace, test_out: trace of the test and its boolean.
      own, test_own: the traces' own arguments (index, slices, loop variables).
      elements: for a loop over elements, the function that makes them of `sequences`, which are any tensors then.
      growing: pairs of numbers of loop variables: a count, and rows of which there have to be at least as many.

    Returns:
      (tensors of the loop variables after the loop, stacked ones). Variables written are bound to their new values.
    """
    if test_trace is not None and elements is None:
        count = trip_count(test_trace, test_out, test_own, body_trace, body_outs, own, initial)
        if count is not None:
            length, limit, test_trace = count if limit is None else min(count, limit), None, None
    written = list(dict.fromkeys([*body_trace.written, *(test_trace.written if test_trace is not None else ())]))
    traces = [body_trace] if test_trace is None else [body_trace, test_trace]
    if elements is not None and growing:
        raise ValueDependent("A TensorArray of dynamic size grows in a loop over elements.")
    in_stages = any([t.staged for t in traces])
    staged = elements is not None or in_stages or bool(growing)
    if staged:
        state.trace.stage()
    if staged or state.trace.sizes is not None:
        for trace in traces:
            trace.open_sizes()
    with body_trace:
        finals = [body_trace.read(c) for c in written]
    body = Body(body_trace, [*body_outs, *finals, *stacked])
    bodies, owns = [body], [{id(t): i for i, t in enumerate(own)}]
    if test_trace is not None:
        bodies.append(Body(test_trace, [test_out]))
        owns.append({id(t): i for i, t in enumerate(test_own)})
    tensors, cells, places = outer_inputs(traces, bodies, owns)
    read_only = [c for c in cells if c not in written]
    order = {id(c): ("outer", len(tensors) + i) for i, c in enumerate(read_only)}
    first = len(own)
    order |= {id(c): ("own", first + i) for i, c in enumerate(written)}
    places = [[order[id(cells[i])] if kind == "cell" else (kind, i) for kind, i in p] for p in places]
    # What a loop over elements draws begins anew each time, as the functions of a data set do.
    anew = [c for c in written if elements is not None and type(c) is DrawCell and c.seeded]
    starts = [c.beginning() if c in anew else c.read() for c in written]
    ins = [*tensors, *[c.read() for c in read_only], *sequences, *initial, *starts]
    test, test_places = (None, None) if test_trace is None else (bodies[1], places[1])
    avals, carried = [t._aval for t in ins], len(initial) + len(written)
    if elements is not None:
        loop = places[0], test_places, len(sequences), carried
        outs = ElementLoop(name, body, test, loop, elements, written, state.trace.sizes, avals).record(state.trace, ins)
    elif staged:
        loop = places[0], test_places, len(sequences), carried, length, limit, reverse
        whole = None
        if not in_stages and not any([b.effect for b in bodies]):
            inside = [t._aval for t in (*own[1 + len(sequences) :], *finals)]
            if body.avals[:carried] == inside:
                whole = LoopSpec(name, body, places[0], [*avals[: len(avals) - carried], *inside], len(sequences), carried, test,
                                 test_places, length, limit, reverse)  # fmt: skip
        outs = StagedLoop(name, body, test, loop, state.trace.sizes, avals, growing, whole).record(state.trace, ins)
    else:
        spec = LoopSpec(name, body, places[0], avals, len(sequences), carried, test, test_places, length, limit, reverse)
        outs = call_spec(op_of(spec), spec, ins)
    n = len(initial)
    for cell, tensor in zip(written, outs[n : n + len(written)], strict=True):
        if cell not in anew:
            cell.bind(tensor)
    return outs[:n], outs[n + len(written) :]
