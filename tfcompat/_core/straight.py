"""Parts of what runs in stages, computed at once by NumPy: no node is recorded where values are there and little is to do.

To record some nodes, look up what they are and go through them takes longer than many a part of a loop's body.
"""

import types

from tfcompat._core.body import generate
from tfcompat._core.interpreter import quietly
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import HOST_TYPES

MOST = 60e-6  # seconds lost by interpreting; above that it may pay to have the part compiled


class Straight:
    """Several Steps as one function of NumPy arrays.

    Args:
      count: the number of values before them.
    """

    __slots__ = ("_avals", "_blanks", "_done", "_host", "_known", "_places", "_wire")

    def __init__(self, steps, count):
        done = {s for step in steps for s in step.done}
        self._wire = list(dict.fromkeys([s for step in steps for s in step.wire if s < count]))
        local, avals, flags, place, own = {s: k for k, s in enumerate(self._wire)}, {}, {}, count, len(self._wire)
        for i, step in enumerate(steps):
            for k in range(step.count):
                local[place + k], avals[place + k] = own + k, step.spec.avals[k]
            place, own = place + step.count, own + len(step.spec.avals)
            if step.flag is not None:
                flags[i] = step.flag
        self._places = [s for s in avals if s not in done]
        self._avals = [avals[s] for s in self._places]
        self._known = None  # the results, where they are always the same
        self._blanks = [None] * (place - count)
        self._done = [s for s in done if s < count]
        self._host = generate(types.SimpleNamespace(
            name="part", inputs=self._wire, consts=(), specs=[step.spec for step in steps],
            wires=[tuple([local[s] for s in step.wire]) for step in steps], flags=flags, outputs=[local[s] for s in self._places],
        ))  # fmt: skip

    def run(self, values):
        """Computes it: `values` are all so far, and get its results. Returns whether that was possible."""
        results = self._known
        if results is None:
            arrays = [values[s]._value for s in self._wire]
            for value in arrays:
                if type(value) not in HOST_TYPES:
                    return False
            try:
                results = quietly(self._host, *arrays)
            except Exception:  # noqa: BLE001 - it is recorded then, and raised as what it should be
                return False
            if not arrays:
                self._known = results
        values += self._blanks
        for s, a, value in zip(self._places, self._avals, results, strict=True):
            values[s] = Tensor(a, value)
        for s in self._done:
            values[s] = None
        return True


def straight(steps, count):
    """The Steps as a Straight, or None where they are not for it."""
    specs = [step.spec for step in steps]
    if not specs or any([spec.effect for spec in specs]) or sum([spec.cost for spec in specs]) > MOST:
        return None
    return Straight(steps, count)
