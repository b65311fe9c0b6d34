"""Loops over what is made on the host, one element after the other: over a data set, in a function.

The body is recorded once. The loop is a node at which a call stops (by_value.py): Python asks for elements and calls the
body with each. A body in which no shape depends on values is one node then, compiled once it is hot.
"""

from tfcompat._core.branching import HANDLE, PartsSpec, pick
from tfcompat._core.context import paused, state
from tfcompat._core.convert import convert
from tfcompat._core.stages import settle
from tfcompat._core.tensor_base import host_value


class Held:
    """What has state on the host, as it goes from node to node like a tensor."""

    __slots__ = ("resource",)
    _aval = HANDLE

    def __init__(self, resource):
        self.resource = resource


class ElementLoop(PartsSpec):
    """A loop over elements. There is no gradient through it, as in TensorFlow.

    Args:
      loop: (places, test_places, number of inputs that `elements` takes, number of carried values); see `loops.LoopSpec`.
      elements: function of the values of those inputs to an iterator over elements, lists of tensors.
      written: the cells whose values are the last of those carried.
    """

    __slots__ = ("_elements", "_loop", "_written")

    def __init__(self, name, body, test, loop, elements, written, sizes, input_avals):
        carried = loop[3]
        bodies = [body] if test is None else [body, test]
        super().__init__(name, bodies, sizes, input_avals, body.avals[:carried], [0] * carried)
        self.stateful = True
        self._elements, self._loop, self._written = elements, loop, written

    def record(self, trace, ins):
        return trace.record(self, ins)

    def _run(self, ins, inside):
        body, *test = inside
        places, test_places, own, carried = self._loop
        n = len(ins) - carried
        outer, given, carry = ins[: n - own], ins[n - own : n], ins[n:]
        context, done = state.context, 0
        context.segment.close("loop")  # so that the first iteration is what the others are
        try:
            with paused():
                for element in self._elements(given):
                    index = convert(done)
                    if test and not host_value(test[0].results(pick(test_places, outer, [index, *carry]))[0]).item():
                        break
                    after = body.called(pick(places, outer, [index, *element, *carry]))
                    if body.staging.flagged:
                        settle(context.segment)
                    else:
                        carry = None  # the program may take the memory
                        context.segment.close("iteration")
                    carry, done = after, done + 1
        except BaseException as error:
            if done and carry is not None:
                note_written(error, zip(self._written, carry[carried - len(self._written) :], strict=True))
            raise
        return carry


def note_written(error, values):
    """Notes which values variables have where a loop ends by an error: those of the iterations before are kept."""
    known = error.__dict__.setdefault("written_before", {})
    for cell, value in values:
        known.setdefault(cell, value)
