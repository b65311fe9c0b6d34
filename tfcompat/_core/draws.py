"""Random draws of recorded functions: each op that draws has a counter of its own, kept between calls.

The counter is a cell like that of a variable: a call reads it and leaves it where the next draw begins. A function called
inside another one gets counters of its own for each place where it is called, as in TensorFlow.
"""

import weakref

from tfcompat._core.convert import convert
from tfcompat._core.random_state import DEFAULT_SEED, MAX_SEED, seeds, words_of
from tfcompat._core.trace import Eager
from tfcompat._core.variable import Cell

_sites = weakref.WeakSet()


class DrawCell(Cell):
    """The counter of one place that draws."""

    __slots__ = ("start",)

    def __init__(self, start):
        self.start = start
        with Eager():
            super().__init__(convert(words_of(start, 4)), False)
        _sites.add(self)

    def restart(self):
        """Goes back to the beginning of its stream (`tf.random.set_seed`)."""
        with Eager():
            self.eager = convert(words_of(self.start, 4))


def restart_all():
    for cell in list(_sites):
        cell.restart()


def reserve(trace, seed):
    """(key, cell) of a new place that draws: its key as a Python int, its counter's cell."""
    if seeds.seed is None and seed is None:
        return seeds.system.getrandbits(64), DrawCell(seeds.system.getrandbits(64) << 64)
    own = seed
    if own is None:
        own = trace.seed_count
        trace.seed_count += 1
    pair = (DEFAULT_SEED if seeds.seed is None else seeds.seed) % MAX_SEED, own % MAX_SEED
    if pair == (0, 0):
        pair = 0, MAX_SEED
    return pair[0], DrawCell(pair[1] << 64)


seeds.restarted = restart_all
