"""Per-thread state of the engine: the pending segment, the tape stack, modes and name scopes."""

import os
import threading


class Context:
    """What belongs to one thread."""

    __slots__ = (
        "accumulators", "acted", "creators", "devices", "name_scopes", "no_reads", "observer", "repeated", "segment", "sites",
        "tapes", "trace", "tracer",
    )  # fmt: skip

    def __init__(self):
        self.segment = make_segment()
        self.trace = None  # the function, branch or loop body being recorded
        self.sites = None  # a draws.Visit while a function runs eagerly that cannot be recorded
        self.acted = None  # what Python functions gave so far, (name of the node, results), in a call that is run in stages
        self.repeated = []  # the same of a call that is made once more, eagerly: these are not called again
        self.tapes = []  # active GradientTapes, outermost first
        self.accumulators = []  # active ForwardAccumulators, outermost first
        self.name_scopes = []
        self.creators = []  # of variables, outermost first
        self.devices = []
        self.no_reads = 0
        self.tracer = None  # a tfcompat.debug.trace that notes where and how taped nodes came about
        self.observer = None  # function of (spec, inputs, results) that is called after each op


class ThreadState(threading.local):
    """The calling thread's Context, and its fields by name.

    A thread-local attribute takes as long to read as ten others: hot paths read `state.context` once and go on from it.
    """

    def __init__(self):
        self.context = Context()


def _field(name):
    def get(state):
        return getattr(state.context, name)

    def put(state, value):
        setattr(state.context, name, value)

    return property(get, put)


for _name in Context.__slots__:
    setattr(ThreadState, _name, _field(_name))


def make_segment():
    """A thread's first pending segment; the segment module puts its class here."""


state = ThreadState()


class paused:
    """A context in which no tape and no accumulator of this thread records."""

    __slots__ = ("_accumulators", "_tapes")

    def __enter__(self):
        self._tapes, state.tapes = state.tapes, []
        self._accumulators, state.accumulators = state.accumulators, []

    def __exit__(self, *_):
        state.tapes, state.accumulators = self._tapes, self._accumulators


class Settings:
    """Process-wide switches, each changed through tf.config or tfcompat.debug.

    tier: "auto" (cold code interpreted, hot code compiled), "interpreted" or "compiled" (at once).
    synchronous: every op runs when it is called; TFCOMPAT_SYNCHRONOUS=1 in the environment sets it from the start.
    random_cuts: a `random.Random` that decides after which op a segment is closed (a test mode), or None.
    traceback_filtering: errors about the user's code show none of the frames below the call.
    watchful: True when recording must look at its call site or mode after each op.
    max_nodes: that a segment has before it is closed, as a compile of more takes seconds.
    max_nodes_of_call: the same where one call of the user's records many, as an update of some hundred variables does.
    max_bytes: of results that are recorded and not yet computed.
    """

    __slots__ = ("determinism", "max_bytes", "max_nodes", "max_nodes_of_call", "random_cuts", "synchronous", "tier", "traceback_filtering", "watchful")

    def __init__(self):
        self.tier = "auto"
        self.synchronous = os.environ.get("TFCOMPAT_SYNCHRONOUS", "0") not in ("", "0")
        self.random_cuts = None
        self.traceback_filtering = True
        self.determinism = False
        self.watchful = self.synchronous
        self.max_nodes = 4_000
        self.max_nodes_of_call = 16_000
        self.max_bytes = 512 << 20


settings = Settings()
