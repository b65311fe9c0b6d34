"""Data sets in functions that are being recorded: as the source of a loop, and as an argument of another function."""

from tfcompat._core import dtypes
from tfcompat._core.avals import aval
from tfcompat._core.branching import HANDLE
from tfcompat._core.by_value import StageSpec
from tfcompat._core.context import state
from tfcompat._core.element_loops import Held
from tfcompat._core.shapes import TensorShape
from tfcompat._core.specs import TensorSpec
from tfcompat._core.trace import ValueDependent
from tfcompat._elements import normalized
from tfcompat._loop_variables import Slot, staged_loop
from tfcompat._optional import on_host
from tfcompat.data._functions import Run
from tfcompat.data._nodes import Argument, Placeholder
from tfcompat.data._structure import tensor

_NO_TENSORS = "Elements of a data set that are no numeric tensors are used on the host."


class Source:
    """A data set of which a call of a function may know parts only.

    Args:
      node: its node.
    """

    def __init__(self, node):
        self._node = node
        self._open = list({id(t): t for t in node.symbolic()}.values())

    def _bound(self, values):
        """The node for these values of the open tensors."""
        return self._node.bound({id(t): v for t, v in zip(self._open, values, strict=True)})

    def recorded(self):
        """What `staged_loop` takes as a source."""
        trace = state.trace
        if not trace.stageable or _holds_placeholder(self._node):
            on_host("A data set")
        specs = self._node.structure.flat
        if not all([isinstance(s, TensorSpec) and s.shape.rank is not None and s.dtype is not dtypes.string for s in specs]):
            raise ValueDependent(_NO_TENSORS)
        sizes = trace.stage()
        avals = [aval(sizes.shape(s.shape), s.dtype.np) for s in specs]
        return avals, self._open, self._elements

    def _elements(self, values):
        run, node = Run(), self._bound(values)
        with run:
            elements = node.iterate()
        while True:
            with run:
                element = next(elements, None)
            if element is None:
                return
            yield [tensor(c) for c in element]

    def handle(self, wrap):
        """The data set as an input of a node; `wrap` makes one of a node."""
        if state.trace is None:
            return Held(wrap(self._node))
        if isinstance(self._node, Argument):
            return self._node.handle
        state.trace.stage()
        spec = StageSpec("Dataset", lambda *values: [Held(wrap(self._bound(values)))], [t._aval for t in self._open], [HANDLE])
        (handle,) = spec.record(state.trace, self._open)
        return handle


def _holds_placeholder(node):
    return type(node) is Placeholder or any([_holds_placeholder(n) for n in node.inputs])


class _State(Slot):
    """A part of the state of `Dataset.reduce`."""

    @staticmethod
    def wrong_structure(name, error):
        raise TypeError(f"The element classes for the new state must match the initial state: {error}") from None


def recorded_reduce(dataset, initial, function):
    """`Dataset.reduce` in a function that is being recorded."""
    source, pack = dataset._recorded_source()

    def step(index, parts, values):
        return [normalized(function(values[0], pack(list(parts))))]

    (after,), _ = staged_loop([initial], step, names=["state"], invariants=[TensorShape(None)], slot=_State, source=source,
                              name="reduce")  # fmt: skip
    return after
