"""Running closed segments: structures, the interpreted and the compiled tier, donation, failures.

A `Structure` is what a segment is without its data: specs and wiring. It is interpreted with NumPy while cold, and
compiled when the time lost by interpreting reaches the estimated time to compile (both from static estimates, so the
switch comes at the same run in every process). It owns a few `Program`s, each with its outputs and donations; one
serves a run if its outputs include all that is alive.
"""

import collections
import functools
import sys
import time
from contextlib import nullcontext

import jax
import numpy as np

from tfcompat._core import compile_cache, costs, donation, failures, guards, joined, segment as segments, waits
from tfcompat._core.avals import aval_of
from tfcompat._core.callsite import call_site
from tfcompat._core.context import settings, state
from tfcompat._core.interpreter import Interrupted, interpret, steps_of
from tfcompat._core.segment import Work, fail, fulfil, undo_writes
from tfcompat._core.stats import runs, stats
from tfcompat._core.tensor_base import HOST_TYPES

SLOW_COMPILE = 3.0  # a compile that takes longer says so
MAX_STRUCTURES = 4096
MAX_PROGRAMS = 6
MAX_STEPS = 16  # sets of live slots that a structure remembers how to interpret
LOGGED_RUNS = 16

_structures = collections.OrderedDict()  # (specs, wires) -> Structure, about in the order of their last use
_hot = {}  # first spec -> Structures that have programs, longest first: known prefixes

Run = collections.namedtuple("Run", "why site nodes outputs tier reason compile_ms structure")


class Program:
    """One compiled executable of a structure: which slots it returns, which leaves it takes over or gets packed.

    It gives a list of arrays, or one array, to make a list of which takes as long as to record an op.

    `taken` tells which slot takes the memory of a variable's old value; in a program with error flags it holds that value
    when a flag is set.

    Attributes:
      layout: for C, int32 of: how many leaves are donated, how many are kept, how many slots there are, how many vectors of constants;
        then these leaves, and the place of each slot among the results (-1: it has none).
    """

    __slots__ = ("arguments", "call", "layout", "name", "outputs", "position", "taken")

    def __init__(self, call, name, arguments, order, taken):
        self.call = call.__call__  # the method: to call the object takes a look-up and a tuple more
        self.name = name  # for messages
        self.arguments = arguments
        self.taken = taken
        self.outputs = frozenset(order)
        self.position = position = {slot: i for i, slot in enumerate(order)}
        donated, kept, slots = arguments.donated, arguments.kept, max(order, default=-1) + 1
        places = [position.get(slot, -1) for slot in range(slots)]
        self.layout = np.array([len(donated), len(kept), slots, len(arguments.constants), *donated, *kept, *places], np.int32).tobytes()


class Structure:
    """Specs and wiring of a segment, its programs, and what running it has cost so far."""

    __slots__ = ("acts", "compile_cost", "forgotten", "gain", "holds_strings", "interpreted", "last", "leaf_count", "lone", "lost", "numbers", "programs", "runs", "seen",
                 "slot_count", "small", "specs", "urgent", "wires")  # fmt: skip

    def __init__(self, work):
        self.specs, self.wires = work.specs, work.wires
        self.leaf_count = 1 + max((~s for wire in self.wires for s in wire if s < 0), default=-1)
        self.slot_count = sum(len(spec.avals) for spec in self.specs)
        self.urgent = any(s.urgent for s in self.specs)
        self.acts = any(s.effect for s in self.specs)
        # Whether it is what a call of a function runs that is not recorded.
        self.lone = self.specs[0].function and self.wires == (tuple([~k for k in range(self.leaf_count)]),)
        self.holds_strings = any(a.np_dtype.hasobject for s in self.specs for a in s.avals)  # XLA knows none
        self.lost = 0.0
        self.runs = 0
        self.forgotten = False
        self.seen = {}
        self.programs = []
        self.numbers = None  # {leaf: the bytes that it had in all runs}, of numbers from Python
        self._count()
        if self.lone and self.small:
            self.specs[0].hot = self
        self.interpreted = {}  # live slots, or (these, nodes that are checks) -> [runs, steps]
        self.last = None  # what _hot_interpret.c found there the last time

    def _count(self):
        """What it costs by static estimates."""
        self.gain = sum(s.cost for s in self.specs) - costs.DISPATCH
        self.compile_cost = costs.COMPILE_BASE + sum(s.compile_cost for s in self.specs)
        # Interpreted however often it runs
        self.small = self.gain <= 0 and not self.urgent and not self.programs

    def _become_exact(self):
        """Has ops that were traced for any sizes traced for these. Returns whether there were such ops."""
        traces = stats.traces
        found = any([spec.become_exact() for spec in dict.fromkeys(self.specs)])
        stats.traces = traces  # they are part of what joining takes
        self._count()
        return found

    def begins(self, work):
        """Whether this is a proper prefix of `work`."""
        n = len(self.specs)
        return n < len(work.specs) and self.specs == work.specs[:n] and self.wires == work.wires[:n]

    def serving(self, needed, leaves=()):
        """A program whose outputs include `needed` and whose constants are the numbers among the leaves, or None."""
        for program in self.programs:
            if needed <= program.outputs and program.arguments.suit(leaves):
                return program
        return None

    def note_numbers(self, leaves):
        """Notes which numbers have been the same in all runs that are looked at: the first ones, and some later."""
        if self.numbers is None:
            self.numbers = {} if self.lone else {k: leaves[k]._value.tobytes() for k in donation.numbers(leaves, self.wires)}
        elif self.numbers and self.runs:
            self.numbers = {k: v for k, v in self.numbers.items() if getattr(leaves[k]._value, "tobytes", bytes)() == v}

    def due(self, live, loss):
        """Whether this run is the one that compiles, which otherwise loses so many seconds. By counts and static estimates only."""
        if self.holds_strings:
            return False
        if settings.tier != "auto":
            return settings.tier == "compiled"
        return self.urgent or loss > 0 and self.lost + loss > self.compile_cost and live in self.seen

    def gain_where(self, live):
        """Seconds that a compiled run takes less, where these slots are alive."""
        return self.gain if self.lone else self.gain - costs.OUTPUT * max(0, len(live) - 1)

    def note_run(self, live, loss):
        """Notes a run without a program of its own, and the seconds that are lost by that."""
        self.lost += max(0, loss)
        if live not in self.seen and len(self.seen) > 64:
            self.seen.clear()
        self.seen[live] = None

    def compile(self, work, live, alive):
        # A function's own results are few: with all of them, its calls need no recording once it is compiled.
        slots = range(self.slot_count) if self.lone else sorted(set(live).union(*self.seen))
        specs, wires = self.specs, self.wires
        successors = donation.successors(work, alive)
        # A number that changes after all makes a second program, which takes all of them as arguments.
        numbers = self.numbers if self.runs and self.numbers and not self.programs else ()
        arguments = donation.plan(work, self.output_avals(slots), successors, bool(work.flags), numbers)
        # JAX pairs donated inputs with outputs in order: a variable's new value takes the memory of its old one.
        taken = {k: successors[k] for k in arguments.donated if k in successors}
        order = list(dict.fromkeys([*taken.values(), *slots]))
        evaluate = guards.Guards(specs, wires, work.flags, taken).evaluate if work.flags else self.evaluate

        def run(*given):
            values = evaluate(arguments.unpack(given))
            return [values[s] for s in order]

        start, traces = time.perf_counter(), stats.traces
        call = compile_cache.compile(run, arguments.structs(), len(order) == 1, tuple(range(len(arguments.donated))))
        seconds = time.perf_counter() - start
        stats.traces = traces  # exact traces of ops that had a form for any sizes are part of the compile
        stats.compiles += 1
        if seconds > SLOW_COMPILE:
            print(f"tfcompat: compiled {len(specs)} recorded ops in {seconds:.1f} s", file=sys.stderr)
        name = specs[0].name if len(specs) == 1 else f"a program of {len(specs)} ops"
        program = Program(call, name, arguments, order, taken)
        self.programs = [p for p in self.programs if not p.outputs <= program.outputs][-MAX_PROGRAMS + 1 :] + [program]
        self.seen.clear()
        self.seen[live] = None
        return program, seconds

    def evaluate(self, leaves):
        """Inside the traced program: the values of all slots."""
        values = []
        for spec, wire in zip(self.specs, self.wires, strict=True):
            values.extend(spec.evaluate(*[values[s] if s >= 0 else leaves[~s] for s in wire]))
        return values

    def leaf_structs(self):
        """Shapes and dtypes of the leaves, by what the ops take (a leaf that none takes: a scalar)."""
        found = {}
        for spec, wire in zip(self.specs, self.wires, strict=True):
            for s, a in zip(wire, spec.jaxpr.in_avals, strict=True):
                if s < 0:
                    found[~s] = jax.ShapeDtypeStruct(a.shape, a.dtype)
        return [found.get(k, jax.ShapeDtypeStruct((), np.bool_)) for k in range(max(found, default=-1) + 1)]

    def output_avals(self, order):
        avals = [a for spec in self.specs for a in spec.avals]
        return [avals[s] for s in order]

    def steps(self, live, flags):
        """How to interpret it where these slots are alive."""
        checks = tuple([flag.position for flag in flags]) if flags else ()
        key = (live, checks) if flags else live
        known = self.interpreted.get(key)
        if known is None:
            if len(self.interpreted) >= MAX_STEPS:
                self.interpreted.clear()
                self.last = None
            known = self.interpreted[key] = [0, steps_of(self.specs, self.wires, live)]
        known[0] += 1
        if known[0] in (joined.AFTER, joined.EXACT_AFTER) and not (settings.determinism or self.soon_compiled(live)):
            if known[0] == joined.AFTER or self._become_exact():
                known[1] = joined.join(self.specs, self.wires, live, steps_of(self.specs, self.wires, live), checks)
        return known[1]

    def soon_compiled(self, live):
        """Whether it will be compiled before it has been interpreted as often again as it takes to join its steps."""
        return self.lost + self.gain_where(live) * joined.AFTER > self.compile_cost


def find_structure(work):
    """The Structure of this work, made on first sight."""
    known = work.known
    if known is not None and known.structure is not None and known.structure.runs & 15 and not known.structure.forgotten:
        structure = known.structure
        work.specs, work.wires = structure.specs, structure.wires
        return structure
    structure = _look_up(work)
    if known is not None:
        known.structure = structure
    return structure


def _look_up(work):
    key = work.specs, work.wires = tuple(work.specs), tuple(work.wires)
    structure = _structures.get(key)
    if structure is not None:
        if not structure.runs & 15:  # the key is hashed once more
            _structures.move_to_end(key)
        return structure
    stats.structures += 1
    structure = _structures[key] = Structure(work)
    if len(_structures) > MAX_STRUCTURES:
        forget(_structures.popitem(last=False)[1])
    return structure


def find_prefix(work, alive):
    """The longest proper prefix that is a known hot program serving all that is needed of it, or None.

    Returns:
      (structure, program, number of its result slots, those of them that are needed).
    """
    for structure in _hot.get(work.specs[0], ()):
        if not structure.begins(work):
            continue
        boundary = structure.slot_count
        needed = {s for s, _ in alive if s < boundary}
        for wire in work.wires[len(structure.specs) :]:
            needed.update(s for s in wire if 0 <= s < boundary)
        program = structure.serving(needed, work.leaves)
        if program is not None:
            return structure, program, boundary, needed
    return None


def lost_between(work, structure, needed):
    """Seconds that are lost where the first part of `work` is run as a known program, and the rest as another."""
    rest = work.specs[len(structure.specs) :]
    read = {s for wire in work.wires[len(structure.specs) :] for s in wire}
    shared = structure.output_avals(needed) + [work.leaves[k]._aval for k in range(structure.leaf_count) if ~k in read]
    return costs.parting(len(needed), sum([a.nbytes for a in shared]), sum([s.cost for s in rest]))


def living(refs, aliases):
    """The results that somebody holds: a list of (slot, tensor), and the set of the slots."""
    alive = [(slot, t) for slot, r in enumerate(refs) if (t := r()) is not None]
    alive += [(slot, t) for slot, r in aliases if (t := r()) is not None]
    return alive, frozenset([slot for slot, _ in alive])


def give(alive, results, position):
    """Gives tensors their values: `position` is the place of each slot among the results."""
    for slot, t in alive:
        t._value, t._seg, t._slot = results[position[slot]], None, -1


def run(segment, work):
    """Computes everything in `work` that is alive. Raises what an op raised."""
    while work is not None:
        alive, live = living(work.refs, work.aliases)
        tier = settings.tier
        if not live and not work.flags and tier != "compiled":
            log(work, live, "dropped", "nothing of it is alive", 0, None)
            return
        structure = find_structure(work)
        if not structure.small or tier != "auto" or has_accelerator():
            work = step(segment, work, structure, alive, live)
            continue
        log(work, live, "interpreted", "cold", 0, structure)
        run_interpreted(segment, work, structure, live, alive)
        return


def step(segment, work, structure, alive, live):
    """Runs `work`, or its longest hot prefix. Returns what remains to be run, or None."""
    seconds, reason, tier = 0, "hot", settings.tier
    program = structure.serving(live, work.leaves) if structure.programs and tier != "interpreted" else None
    found = find_prefix(work, alive) if program is None and tier == "auto" and work.specs[0] in _hot else None
    loss = structure.gain_where(live) if found is None else lost_between(work, found[0], found[-1])
    if program is None and tier != "interpreted":
        structure.note_numbers(work.leaves)
        device_bound = has_accelerator() and on_accelerator(work.leaves)
        if (work.regular and structure.due(live, loss)) or (device_bound and not structure.holds_strings):
            program, seconds = structure.compile(work, live, alive)
            note_hot(structure)
            reason = "leaves live on the device" if device_bound else "interpreting has cost as much as compiling"
    if program is not None:
        run_compiled(segment, work, program, alive)
        log(work, live, "compiled", reason, seconds, structure)
        return None
    structure.note_run(live, loss)
    if found is not None:
        return run_prefix(segment, work, alive, *found)
    log(work, live, "interpreted", "cold", 0, structure)
    run_interpreted(segment, work, structure, live, alive)
    return None


def note_hot(structure):
    """Lets longer segments that begin like this structure use its programs."""
    known = _hot.setdefault(structure.specs[0], [])
    if structure not in known:
        known.append(structure)
        known.sort(key=lambda s: -len(s.specs))
    if structure.lone:
        structure.specs[0].hot = structure


def forget(structure):
    """Takes back what `note_hot` did."""
    structure.forgotten = True
    if getattr(structure.specs[0], "latest", None) is structure:  # noted by _hot_run.c
        structure.specs[0].latest = None
    if structure.programs:
        _hot[structure.specs[0]].remove(structure)
    if structure.lone:
        structure.specs[0].hot = None


@functools.cache
def has_accelerator():
    return jax.default_backend() != "cpu"


def may_skip_recording(context):
    """Whether nothing looks at single nodes or follows them, and no check is pending that would come first."""
    return (
        settings.tier == "auto" and not (context.tapes or context.accumulators or context.segment.flags)
        and segments.foldable(context) and not has_accelerator()
    )  # fmt: skip


def on_accelerator(leaves):
    return any(type(t._value) not in HOST_TYPES for t in leaves)


def call(program, name, leaves, holders=0, noted=donation.NOTHING, lease=None):
    """The list of the results of a program; see `donation.Arguments.pack`."""
    arguments, wide = program.arguments.pack(leaves, holders, noted, lease)
    stats.compiled_runs += 1
    try:
        with jax.enable_x64(True) if wide else nullcontext():  # JAX looks at the types of NumPy arguments only
            results = failures.call(program.call, arguments, name)
        return results if type(results) is list else [results]
    except BaseException:
        program.arguments.give_back(leaves, arguments, lease)
        raise


def run_compiled(segment, work, program, alive):
    noted = donation.noted_writes(work) if work.writes else donation.NOTHING
    results = call(program, program.name, work.leaves, noted=noted)
    give(alive, results, program.position)
    if work.flags:
        note_flags(segment, work, program, results)


def note_flags(segment, work, program, results):
    """From now on the flags of this run are to be looked at, before what comes next."""
    taken = {k: results[program.position[slot]] for k, slot in program.taken.items()}
    segment.unchecked = FlaggedRun(work, taken)


def run_interpreted(segment, work, structure, live, alive):
    stats.interpreted += 1
    culprit = None
    try:
        values, culprit = interpret(work, structure.steps(live, work.flags), structure.acts)
    except Interrupted as interruption:
        suspend(segment, work, alive, interruption.values, interruption.position)
        return
    if culprit is None:
        for slot, t in alive:
            t._value, t._seg, t._slot = values[slot], None, -1
        return
    position, error = culprit
    settle_alive(alive, values, len(values), error)
    undo_writes([w for w in work.writes if w[0] > position])
    failures.restore_variables(segments.usable)
    raise error


def suspend(segment, work, alive, values, count):
    """Makes the nodes from `count` on the segment's pending ones again; they run at the next read."""
    boundary = len(values)
    handles = {slot: t for slot, t in alive if slot < boundary}
    for wire in work.wires[count:]:
        for slot in wire:
            if 0 <= slot < boundary and slot not in handles:
                handles[slot] = segments._tensor_class(aval_of(values[slot]), None)
    for slot, t in handles.items():
        fulfil(t, values[slot])
    for slot, t in alive:
        if slot >= boundary:
            t._slot = slot - boundary
    segment.resume(split_rest(work, count, boundary, handles))


def settle_alive(alive, values, known, error):
    """Gives tensors computed before a failure their values; the others raise `error` when read."""
    for slot, t in alive:
        if slot < known and values[slot] is not None:
            fulfil(t, values[slot])
        else:
            fail(t, error)


class FlaggedRun:
    """A dispatched program with error flags: looked at before the next run or read, replayed if one is set."""

    def __init__(self, work, taken):
        self.work = work
        self.taken = taken  # {leaf: array}: what the program gave back of the leaves it took over, valid on failure

    def failed(self):
        for flag in self.work.flags:
            value = waits.to_host(flag.tensor._value)
            if value.any() if value.ndim else value:
                return True
        return False

    def replay(self):
        """Interprets node by node from the kept inputs up to the culprit. Returns the error."""
        stats.replays += 1
        work = self.work
        for k, value in self.taken.items():
            if work.leaves[k]._value is None:
                fulfil(work.leaves[k], value)
        alive = [(slot, t) for slot, r in enumerate(work.refs) if (t := r()) is not None]
        alive += [(slot, t) for slot, r in work.aliases if (t := r()) is not None]
        values, culprit = interpret(work, steps_of(work.specs, work.wires))
        if culprit is None:  # the two tiers disagree by a rounding: the compiled verdict counts
            culprit = len(work.specs), work.flags[0].error()
        position, error = culprit
        known = len(values)
        for slot, t in alive:
            if slot < known:
                fulfil(t, values[slot])
            else:
                fail(t, error)
        undo_writes([w for w in work.writes if w[0] > position])
        return error


class FailedRun:
    """An error that could not be raised where it came up: raised at the next run or read."""

    def __init__(self, error):
        self.error = error

    def failed(self):
        return True

    def replay(self):
        return self.error


def run_prefix(segment, work, alive, structure, program, boundary, needed):
    """Runs the known program for the first nodes; returns the rest as work of its own, with its results as leaves."""
    stats.prefix_runs += 1
    count = len(structure.specs)
    handles = dict(alive)
    for slot in needed:
        if slot not in handles:
            aval = structure.output_avals([slot])[0]
            handles[slot] = segments._tensor_class(aval, None, segment, slot)
    head = Work()
    head.specs, head.wires = structure.specs, structure.wires
    head.leaves, head.aliases, head.refs = work.leaves[: structure.leaf_count], work.aliases, work.refs
    head.why, head.regular, head.known = work.why, work.regular, None
    head.flags = [f for f in work.flags if f.position < count]
    head.writes = [w for w in work.writes if w[0] <= count]
    rest = split_rest(work, count, boundary, handles)
    rest_handles = [t for slot, t in alive if slot >= boundary]
    head_alive = [(slot, t) for slot, t in alive if slot < boundary]
    head_alive += [(slot, t) for slot, t in handles.items() if slot < boundary and t._value is None]
    # What the rest still needs must not be donated: its leaves hold those handles.
    work.leaves = None
    run_compiled(segment, head, program, head_alive)
    log(head, frozenset(needed), "compiled", "a known prefix of this segment", 0, structure)
    if segment.unchecked is not None:
        flagged, segment.unchecked = segment.unchecked, None
        if flagged.failed():
            undo_writes(rest.writes)  # the later ones first
            error = flagged.replay()
            for t in rest_handles:
                fail(t, error)
            raise error
    return rest


def split_rest(work, count, boundary, handles):
    """The nodes from `count` on as work of its own."""
    rest = Work()
    rest.specs = work.specs[count:]
    rest.refs = work.refs[boundary:]
    rest.aliases = [(slot - boundary, r) for slot, r in work.aliases if slot >= boundary]
    rest.flags = [f.moved(-count) for f in work.flags if f.position >= count]
    rest.writes = [(w[0] - count, *w[1:]) for w in work.writes if w[0] > count]
    rest.why, rest.regular, rest.known = work.why, work.regular, None
    rest.leaves, rest.wires = [], []
    index = {}
    for wire in work.wires[count:]:
        renumbered = []
        for s in wire:
            if s >= boundary:
                renumbered.append(s - boundary)
                continue
            handle = handles[s] if s >= 0 else work.leaves[~s]
            if id(handle) not in index:
                index[id(handle)] = ~len(rest.leaves)
                rest.leaves.append(handle)
            renumbered.append(index[id(handle)])
        rest.wires.append(tuple(renumbered))
    return rest


def evaluate_aside(segment, tensor):
    """Computes one pending tensor of another thread's segment without closing anything there.

    Raises:
      What the checks in front of it raise; the segment's own thread gets that error, too.
    """
    wanted, needed = [tensor._slot], set()
    slots_before = []
    slot = 0
    for spec in segment.specs:
        slots_before.append(slot)
        slot += len(spec.avals)
    owner = {}
    for i, spec in enumerate(segment.specs):
        for k in range(len(spec.avals)):
            owner[slots_before[i] + k] = i
    flags = {f.position: f for f in list(segment.flags) if f.position < owner[tensor._slot]}
    wanted += [slots_before[position] for position in flags]
    while wanted:
        i = owner[wanted.pop()]
        if i not in needed:
            needed.add(i)
            wanted.extend(s for s in segment.wires[i] if s >= 0)
    values = {}
    leaves = segment.leaves
    with np.errstate(all="ignore"):
        for i in sorted(needed):
            args = [values[s] if s >= 0 else waits.to_host(leaves[~s]._value) for s in segment.wires[i]]
            results = segment.specs[i].host(*args)
            if i in flags and np.any(results[flags[i].index]):
                raise flags[i].error(*args)
            for k, value in enumerate(results):
                values[slots_before[i] + k] = value
    tensor._value = values[tensor._slot]


run.evaluate_aside = evaluate_aside
run.note_flags = note_flags
segments.set_runner(run)


def log(work, live, tier, reason, seconds, structure):
    """Notes a run for `explain()`; of a structure that runs all the time only some (a note costs 3 µs)."""
    tracer = state.context.tracer
    if tracer is not None:
        tracer.ran(work, tier, reason)
    if structure is not None:
        structure.runs += 1
        if structure.runs > LOGGED_RUNS and structure.runs - 1 & 63 and not seconds:  # others may come by _hot_run.c
            return
    runs.append(Run(work.why, call_site(), len(work.specs), len(live), tier, reason, seconds * 1e3, structure))


def log_call(structure, tier):
    """Notes a run of a function that was not recorded."""
    stats.segments += 1
    stats.ops += 1
    structure.runs += 1
    if structure.runs <= LOGGED_RUNS or not structure.runs & 63:
        key = structure.specs, structure.wires
        if key in _structures:
            _structures.move_to_end(key)
        reason = "hot" if tier == "compiled" else "too small to be compiled"
        runs.append(Run("call", call_site(), 1, structure.slot_count, tier, reason, 0, structure))


def clear():
    """Forgets all structures and programs (for tests and benchmarks)."""
    for structure in _structures.values():
        forget(structure)
    _structures.clear()
    _hot.clear()
