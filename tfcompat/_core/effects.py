"""Python functions called by recorded functions: prints, `tf.py_function`, asserts that only Python can make.

Interpreted, the function is simply called; in a compiled program it is a callback, ordered with the others. What it raises
is kept and raised by the run's caller, when the node's code (its last result) is looked at.
"""

import jax
import numpy as np
from jax.experimental import io_callback

from tfcompat._core.body import BodySpec, call_spec
from tfcompat._core.context import state
from tfcompat._core.op import Op
from tfcompat._core.segment import Segment

COST = 50e-6  # seconds of one call, for the decision when to compile


class EffectSpec(BodySpec):
    """A node that calls a Python function of NumPy arrays; its one result is the code."""

    __slots__ = ("function",)

    def __init__(self, name, function, input_avals):
        self._setup(name, input_avals, (), True, COST, 1)
        self.function = function
        self.effect = True
        self.body = None
        self.depends = [0]
        self._evaluate = self.run
        self.ruled = self.pure
        self._host = self._run_host

    def call(self, *arrays):
        """Calls the function; what it raises becomes a code."""
        try:
            with _outside():
                self.function(*[np.asarray(a) for a in arrays])
        except Exception as error:  # noqa: BLE001 - raised where the code is looked at
            self.why = error
            return (np.int32(1),)
        return (np.int32(0),)

    _run_host = call

    def run(self, *arrays):
        return list(io_callback(self.call, [a.struct for a in self.avals], *arrays, ordered=True))

    def pure(self, *arrays):
        """The same without order: what JAX differentiates cannot have effects."""
        arrays = [jax.lax.stop_gradient(a) for a in arrays]
        return list(jax.pure_callback(self.call, [a.struct for a in self.avals], *arrays))

    def explain(self, *arrays):
        why, self.why = self.why, None
        if why is None and arrays:
            self.call(*arrays)
            why, self.why = self.why, None
        return why or RuntimeError(f"{self.name} failed")


class _outside:
    """A context in which nothing is recorded: callbacks run on whichever thread, maybe in the midst of a recording."""

    def __enter__(self):
        self._saved = state.segment, state.trace, state.tapes, state.accumulators
        state.segment, state.trace = Segment(), None
        state.tapes, state.accumulators = [], []

    def __exit__(self, *_):
        state.segment.close("callback")
        state.segment, state.trace, state.tapes, state.accumulators = self._saved


def record_effect(name, function, ins):
    """Records a call of a Python function of NumPy arrays that acts on the outside; what it returns is dropped."""
    spec = EffectSpec(name, function, [t._aval for t in ins])
    op = Op(name, spec.run, single=False, grad=None)
    op.infer = lambda key, ins, attrs, count: spec
    call_spec(op, spec, ins)
