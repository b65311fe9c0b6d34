"""Counters of what the engine did, and the log behind `tfcompat.debug.explain()`."""

import collections


class Stats:
    """Counts since the process started; read them through `tfcompat.debug.stats()`."""

    NAMES = ("ops", "traces", "structures", "segments", "interpreted", "compiled_runs", "prefix_runs", "compiles",
             "cache_hits", "donated", "in_place", "limits", "replays")  # fmt: skip
    __slots__ = NAMES

    def __init__(self):
        for name in self.NAMES:
            setattr(self, name, 0)

    def as_dict(self):
        return {name: getattr(self, name) for name in self.NAMES}


stats = Stats()
runs = collections.deque(maxlen=200)  # program.Run records, newest last
