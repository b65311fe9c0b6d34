"""Functions in which shapes depend on values: recorded once, and run in stages.

An op whose result's shape depends on values is recorded as a node at which a call stops; a stand-in (sizes.py) is the
size of its result. A call records the nodes again in the thread's own segment, for the sizes there are, up to such a
node; computes that one as eager code does, by which its sizes are known; and goes on from there. So tapes, variables,
errors and the order of effects are those of eager code, but no Python of the function runs.
"""

from tfcompat._core import errors
from tfcompat._core.body import Inference
from tfcompat._core.callsite import call_site
from tfcompat._core.concrete_function import ConcreteFunction, EagerFallback, with_own_draws
from tfcompat._core.context import state
from tfcompat._core.core_types import Resource
from tfcompat._core.op import invoke
from tfcompat._core.sizes import NOT_ENOUGH, Misjudged, Resizing, Unresized
from tfcompat._core.stages import Stages, Staging, Step, settle
from tfcompat._core.trace import ValueDependent
from tfcompat._core.variable import _copy_of, own_handle


class StagedFunction(ConcreteFunction):
    """A recording in which shapes depend on values."""

    def __init__(self, *recorded):
        super().__init__(*recorded)
        self._template = recorded[-1]()
        self._eager = None  # made when a call does not fit
        self._unfit = False  # whether none does
        self._staging = Staging(self._spec.body)
        self._stages = Stages(self._staging, Resizing(self._trace.sizes))

    def _call_flat(self, leaves, cells):
        own, written = self._given(cells) if self._bound is not None else (self._cells, self._written)
        if self._growing is not None and (grown := self._grown(own, leaves)) is not self:
            return grown._call_flat(leaves, cells)
        if state.trace is not None:
            own, written = with_own_draws(own, written)
        else:
            for c in written:
                c.before_write()
        if self._unfit:
            return self._eager._call_flat(leaves, cells)
        handles = [c._handle() for c in cells if isinstance(c, Resource)] if self._trace.handles else []
        arguments = [*leaves, *handles]
        arguments = arguments if self._all else [arguments[i] for i in self._arguments]
        values = [*arguments, *[c.read() for c in own], *self._captures]
        context = state.context
        before, context.acted = context.acted, []
        try:
            if context.trace is not None:
                self._inline(context.trace, values)
            else:
                self._run(values)
        except Unresized as error:  # what it did so far was to act on the outside, at most
            if self._eager is None:
                self._eager = EagerFallback(self._function(), *self._template, str(error), recorded=self._trace)
            self._unfit = isinstance(error, Misjudged)
            return self._repeated(leaves, cells, context.acted)
        except BaseException as error:
            for c, actual in zip(self._written, written, strict=True):
                value = getattr(error, "written_before", {}).get(c)
                if value is not None and context.trace is None:
                    actual.bind(own_handle(value, value))
            raise
        finally:
            context.acted = before
        first = self._staging.first
        results = [invoke(_copy_of.op, (values[s],)) if s < first else values[s] for s in self._spec.body.outputs]
        for c, t in zip(written, results[self._count :], strict=True):
            c.bind(own_handle(t, t))  # a handle on no tape: what is read from a variable is a use of the variable
        return results[0] if self._plain else self._structured(results)

    def _repeated(self, leaves, cells, acted):
        """Makes a call eagerly in which Python functions have been called already."""
        before, state.repeated = state.repeated, acted
        try:
            return self._eager._call_flat(leaves, cells)
        finally:
            state.repeated = before

    def _run(self, values):
        """Computes what is needed for sizes and records the rest; `values` are the inputs, and get the results."""
        context = state.context
        flagged = self._stages.run(values)
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
        values += self._staging.constants
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
            results = spec.inlined(inference.resizing, inference.ins(i), learnt).record(trace, ins)
            spec.learn(inference, i, learnt)
        else:
            step = Step(inference.node(i), None, body.flags.get(i), None, None)
            results = step.call(context, ins)
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
