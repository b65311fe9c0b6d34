"""Ops whose results have shapes that depend on values: computed at once in eager code, recorded as a node in a function.

Such a node is no part of a program. A call of the function stops there (staged.py), and learns of sizes for which the
function was recorded with stand-ins.
"""

import functools

import numpy as np

from tfcompat._core import costs
from tfcompat._core.avals import aval
from tfcompat._core.body import BodySpec
from tfcompat._core.context import state
from tfcompat._core.entries import record_unregistered
from tfcompat._core.tensor_base import host_value
from tfcompat._core.trace import is_symbolic, set_read_sizes

MAX_NUMBERS = 16  # of a tensor whose elements are used as sizes


class StageSpec(BodySpec):
    """A node at which a call stops.

    Args:
      function: of eager tensors, gives the list of results.
    """

    __slots__ = ("function",)
    staged = True
    flagged = False  # whether checks may be pending when it has run

    def __init__(self, name, function, input_avals, output_avals):
        self._setup(name, input_avals, output_avals, False, costs.interpreting(0, 1), 1)
        self.function, self.body = function, None
        self.depends = [0] * len(self.avals)
        self._evaluate = self._host = self.ruled = self._alone

    def _alone(self, *arrays):
        raise NotImplementedError(f"{self.name}: the shape of its result depends on values, so it is no part of a program.")

    def record(self, trace, ins):
        """Records it in a function. Returns the list of its results."""
        return trace.record(self, ins)

    def inside(self, resizing):
        """What `stage` is given, for what is known of sizes: nothing."""
        return

    def stage(self, ins, inside):
        """Its results for eager tensors, and what is learnt of sizes: the results' avals."""
        results = self.function(*ins)
        return results, tuple([t._aval for t in results])

    def again(self, avals, learnt):
        """The same node where sizes are others."""
        return StageSpec(self.name, self.function, avals, learnt)

    def inlined(self, resizing, avals, learnt):
        """The same node as part of another function; `resizing` says what sizes are there."""
        return self.again(avals, learnt)

    def learn(self, inference, i, learnt):
        """Goes on behind node i of an Inference, which is this one, with what was learnt."""
        ins = inference.ins(i)
        inference.results(i, self.again(ins, learnt), ins)

    def fresh(self, resizing, sizes):
        """What is learnt where sizes are stand-ins."""
        return tuple([resizing.fresh(a, sizes) for a in self.avals])


def by_value(name, function, ins, *results, registered=True):
    """What a function of values gives, at once or each time the function that is being recorded is called.

    Args:
      function: of `ins` as tensors with values; gives the list of results, to which there is no gradient.
      ins: tensors.
      *results: of each result (NumPy dtype, shape), with None for sizes that depend on values.
      registered: False where TensorFlow has no gradient of it.
    """
    if not registered:
        function = functools.partial(_unregistered, name, function)
    if state.trace is None or not any([is_symbolic(t) for t in ins]):
        return function(*ins)
    sizes = state.trace.stage()
    shapes = [tuple([sizes.fresh() if d is None else d for d in shape]) for _, shape in results]
    avals = [aval(shape, np.dtype(dtype)) for shape, (dtype, _) in zip(shapes, results, strict=True)]
    outs = StageSpec(name, function, [t._aval for t in ins], avals).record(state.trace, ins)
    return outs if registered else _unregistered(name, lambda *_: outs, *ins)


def _unregistered(name, function, *ins):
    """The results of a function, and to tapes a step that has no gradient."""
    outs = function(*ins)
    if ins[0]._aval.differentiable and (state.tapes or state.accumulators):
        record_unregistered(name, ins, outs)
    return outs


class NumbersSpec(StageSpec):
    """A node at which a call reads numbers that are used as sizes.

    Attributes:
      numbers: the stand-ins for the elements of its input.
    """

    __slots__ = ("numbers",)

    def __init__(self, numbers, input_avals):
        super().__init__("Numbers", None, input_avals, ())
        self.numbers = numbers

    def again(self, avals, numbers):
        return NumbersSpec(numbers, avals)

    def stage(self, ins, inside):
        return [], tuple(host_value(ins[0]).reshape(-1).tolist())

    def learn(self, inference, i, numbers):
        inference.resizing.learn(self.numbers, numbers)

    def fresh(self, resizing, sizes):
        return tuple([sizes.fresh() for _ in self.numbers])


def _read_sizes(trace, tensor):
    """Stand-ins for the elements of an integer tensor, which are used as sizes; None where there can be none."""
    a = tensor._aval
    if not trace.stageable or a.np_dtype.kind not in "iu" or not 0 < a.size <= MAX_NUMBERS:
        return None
    key = trace.wire(tensor)
    found = trace.numbers.get(key)
    if found is None:
        sizes = trace.stage()
        spec = NumbersSpec(tuple([sizes.fresh() for _ in range(a.size)]), [a])
        spec.record(trace, [tensor])
        found = trace.numbers[key] = np.array(spec.numbers, np.int64).reshape(a.shape)
    return found


set_read_sizes(_read_sizes)
