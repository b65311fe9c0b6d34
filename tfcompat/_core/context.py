"""Per-thread state of the engine: the pending segment, the tape stack, modes and name scopes."""

import threading


class ThreadState(threading.local):
    """What belongs to one thread. `segment` is set by the segment module on first use."""

    def __init__(self):
        self.segment = None
        self.tapes = []  # active GradientTapes, outermost first
        self.accumulators = []  # active ForwardAccumulators
        self.name_scopes = []
        self.devices = []
        self.no_reads = 0


state = ThreadState()


class Settings:
    """Process-wide switches, each changed through tf.config or tfcompat.debug.

    tier: "auto" (cold code interpreted, hot code compiled), "interpreted" or "compiled" (at once).
    synchronous: every op runs when it is called.
    random_cuts: a `random.Random` that decides after which op a segment is closed (a test mode), or None.
    watchful: True when recording must look at its call site or mode after each op.
    """

    __slots__ = ("determinism", "random_cuts", "synchronous", "tier", "watchful")

    def __init__(self):
        self.tier = "auto"
        self.synchronous = False
        self.random_cuts = None
        self.determinism = False
        self.watchful = False


settings = Settings()
