"""Random draws of recorded functions: each op that draws has a counter of its own, kept between calls.

The counter is a cell like that of a variable: a call reads it and leaves it where the next draw begins. A function called
inside another one gets counters of its own for each place where it is called, as in TensorFlow.
"""

import weakref

from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.random_state import DEFAULT_SEED, MAX_SEED, seeds, words_of
from tfcompat._core.trace import Eager
from tfcompat._core.variable import Cell

_sites = weakref.WeakSet()


class DrawCell(Cell):
    """The counter of one place that draws."""

    __slots__ = ("seeded", "start")

    def __init__(self, start, seeded=True):
        self.start, self.seeded = start, seeded
        with Eager():
            super().__init__(convert(words_of(start, 4)), False)
        _sites.add(self)

    def beginning(self):
        """The counter at the beginning of its stream."""
        with Eager():
            return convert(words_of(self.start, 4))

    def restart(self):
        """Goes back there (`tf.random.set_seed`)."""
        self.eager = self.beginning()


def restart_all():
    for cell in list(_sites):
        cell.restart()


def reserve(trace, seed):
    """(key, cell) of a new place that draws: its key as a Python int, its counter's cell."""
    if seeds.seed is None and seed is None:
        return seeds.system.getrandbits(64), DrawCell(seeds.system.getrandbits(64) << 64, False)
    own = seed
    if own is None:
        own = trace.seed_count
        trace.seed_count += 1
    pair = (DEFAULT_SEED if seeds.seed is None else seeds.seed) % MAX_SEED, own % MAX_SEED
    if pair == (0, 0):
        pair = 0, MAX_SEED
    return pair[0], DrawCell(pair[1] << 64)


def place(trace, seed):
    """(key, cell) of a new place that draws in what is being recorded."""
    found = reserve(trace, seed)
    trace.places.append((seed, found))
    return found


class Sites:
    """The places that draw in a function that runs eagerly, in the order in which a call comes to them.

    Args:
      recorded: the Trace of the same function where it is recorded, but for some calls.
    """

    def __init__(self, recorded=None):
        self.seed_count = 0 if recorded is None else recorded.seed_count
        self.places = [] if recorded is None else list(recorded.places)  # (seed, (key, cell))
        self.loops = []  # Sites of the bodies of loops over tensors


class Visit:
    """A context: one call of a function with `sites`. Its draws have seeds and counters as if it had been recorded.

    The iterations of a loop over a tensor are turns through the same places; those of a `while` are places of their own
    here, and so are branches, which they are not in TensorFlow.
    """

    def __init__(self, sites):
        self._sites = sites
        self._next = self._loops = 0

    def __enter__(self):
        self._outer, state.sites = state.sites, self
        return self

    def __exit__(self, *_):
        state.sites = self._outer

    def reserve(self, seed):
        """(key, cell) of the place that is reached now."""
        places, k = self._sites.places, self._next
        self._next += 1
        if k == len(places):
            places.append((seed, reserve(self._sites, seed)))
        elif places[k][0] != seed:  # another way through the function than before
            places[k] = seed, reserve(self._sites, seed)
        return places[k][1]

    def turns(self, items):
        """The items of a loop, whose body comes to the same places with each of them."""
        loops, k = self._sites.loops, self._loops
        self._loops += 1
        if k == len(loops):
            loops.append(Sites())
        with Visit(loops[k]) as turn:
            for item in items:
                turn._next = turn._loops = 0
                yield item


seeds.restarted = restart_all
