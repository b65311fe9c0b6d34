"""Recording: the pending segment of a thread, and when it is closed.

A segment is kept as parallel lists: node i is op spec `specs[i]` applied to `wires[i]`, a tuple with one int an input:
`s >= 0` is result slot s of an earlier node, `~k` is leaf k. Results are numbered through in order; `refs[s]` is a
weak reference to the Tensor that stands for slot s, so what the user dropped is not computed. Specs and wires together
are the segment's structure.
"""

import itertools
import threading
import weakref

from tfcompat._core import context, errors, failures, interrupts
from tfcompat._core.callsite import call_site
from tfcompat._core.context import settings, state
from tfcompat._core.native import extension
from tfcompat._core.stats import stats
from tfcompat._core.tensor_base import Failure, Handover, settled

MAX_CUT_SITES = 64

_serials = itertools.count(1)
_runner = None  # program.run; set by program, which imports this module
_complete = None  # entries.complete; set by entries
_tensor_class = None  # tensor.Tensor; set by tensor
_ref = weakref.ref
_new = object.__new__
_Lock = threading.RLock if extension is None else extension.Lock


def set_runner(function):
    global _runner
    _runner = function


def set_complete(function):
    global _complete
    _complete = function


def set_tensor_class(cls):
    global _tensor_class
    _tensor_class = cls


class Work:
    """A closed segment on its way to be run."""

    __slots__ = ("aliases", "flags", "known", "leaves", "refs", "regular", "specs", "why", "wires", "writes")


class Segment:
    """Nodes recorded since the last run, of one thread."""

    __slots__ = ("aliases", "cut_sites", "defers", "flags", "foresees", "gids", "indexed", "interrupts", "known", "leaves", "lock",
                 "nbytes", "refs", "serial", "specs", "tapes", "unchecked", "uncut", "watcher", "wires", "writes")  # fmt: skip

    symbolic = False  # True for a Trace, whose tensors never have values

    def __init__(self):
        self.watcher = None  # is told of nodes and of writes to variables (replay.py)
        self.lock = _Lock()
        self.unchecked = None  # the last flagged run: its flags have not been looked at yet
        interrupts.watch()
        self.cut_sites = {}  # call sites at which a limit fired: the segment closes whenever one recurs
        self.uncut = False  # True while one call of the user's records many nodes
        self.tapes = []  # weak references to tapes that may have noted nodes of it
        self.foresees = False  # whether the last walk back of a tape was known
        self._clear()

    def _clear(self):
        self.serial = next(_serials)
        self.interrupts = interrupts.held.delivered
        self.specs, self.wires, self.refs = [], [], []
        self.leaves = []
        self.indexed = {}  # see `leaf_index`
        self.aliases, self.flags, self.writes = [], [], []
        self.nbytes = 0
        self.known = None  # (folding.Plan, number of nodes): which segment it is, if it ends there
        self.gids = {}  # slot -> identity on tapes, of results that may be without a handle
        self.defers = self.foresees and not self.symbolic  # whether tapes note its nodes, and make entries of them later

    def record(self, spec, ins):
        """Appends a node. Returns its result tensor, or the list of them where the op has several."""
        watchful = settings.watchful
        if self.cut_sites:
            self.before_record()
        # Every op comes through here: one and two inputs are written out, a tensor is made without a constructor call.
        index = self.leaf_index().get
        if len(ins) == 2:
            x, y = ins
            wires = (
                x._slot if x._seg is self else index(id(x)) or self._leaf(x),
                y._slot if y._seg is self else index(id(y)) or self._leaf(y),
            )
        elif len(ins) == 1:
            (x,) = ins
            wires = (x._slot if x._seg is self else index(id(x)) or self._leaf(x),)
        else:
            wires = []
            for t in ins:
                wires.append(t._slot if t._seg is self else index(id(t)) or self._leaf(t))
            wires = tuple(wires)
        refs = self.refs
        slot = len(refs)
        self.nbytes = nbytes = self.nbytes + spec.nbytes
        # Results are made first and the lists extended by one piece of code that Ctrl-C does not divide.
        if spec.single:
            out = _new(_tensor_class)
            out._aval = spec.avals[0]
            out._value = None
            out._seg = self
            out._slot = slot
            out._gid = 0
            made = _ref(out)
            self.specs.append(spec)
            self.wires.append(wires)
            refs.append(made)
        else:
            out, made = [], []
            for a in spec.avals:
                t = _new(_tensor_class)
                t._aval, t._value, t._seg, t._slot, t._gid = a, None, self, slot + len(out), 0
                out.append(t)
                made.append(_ref(t))
            self.specs.append(spec)
            self.wires.append(wires)
            refs += made
        if self.watcher is not None:
            self.watcher.recorded(spec, ins, out)
        if slot > settings.max_nodes or nbytes > settings.max_bytes or watchful:
            self._after_record(spec, ins, out)
        return out

    def append(self, spec, wires):
        """Like `record`, of a Spec with several results and wires that are known to fit."""
        refs, out = self.refs, []
        slot = first = len(refs)
        for a in spec.avals:
            t = _new(_tensor_class)
            t._aval, t._value, t._seg, t._slot, t._gid = a, None, self, slot, 0
            out.append(t)
            slot += 1
        made = [_ref(t) for t in out]
        self.nbytes = nbytes = self.nbytes + spec.nbytes
        self.specs.append(spec)
        self.wires.append(wires)
        refs += made
        if first > settings.max_nodes or nbytes > settings.max_bytes:
            self._after_record(spec, (), out)
        return out

    def slot_count(self):
        """How many results there are so far."""
        return len(self.refs)

    def node_of(self, slot):
        """The position of the node that has result `slot`, one of the last."""
        position, first = len(self.specs), self.slot_count()
        while first > slot:
            position -= 1
            first -= len(self.specs[position].avals)
        return position

    def content_of(self, tensor):
        """The tensor whose value has the same elements in the same order: itself, or the leaf that it is in another shape."""
        if tensor._value is not None or tensor._seg is not self:
            return tensor
        slot = tensor._slot
        while slot >= 0:
            position = self.node_of(slot)
            spec = self.specs[position]
            if not spec.reshapes:
                return tensor
            (slot,) = self.wires[position]
        return self.leaves[~slot]

    def _leaf(self, tensor):
        """The wire to a tensor that is not computed in this segment, which becomes a leaf."""
        value = tensor._value
        if value is None:
            value = settled(tensor)
        if type(value) is Failure:
            raise value.error.with_traceback(None)
        wire = ~len(self.leaves)
        index = self.leaf_index()
        self.leaves.append(tensor)
        index[id(tensor)] = wire
        return wire

    def leaf_index(self):
        """{id of a leaf: the wire to it}. The C extension looks through a few leaves and makes none for them: `indexed` is None then."""
        if self.indexed is None:
            self.indexed = {id(t): ~k for k, t in enumerate(self.leaves)}
        return self.indexed

    def before_record(self):
        """Closes the segment at a call site at which a limit has fired."""
        if self.cut_sites and self.specs and not self.uncut and call_site() in self.cut_sites:
            self.close("limit")

    def begin_call(self):
        """Called where one call of the user's records many nodes, a gradient or an update.

        A known site cuts before them, not between them: the caller sets `uncut` to what is returned when it is done.
        """
        before = self.uncut
        self.before_record()
        self.uncut = True
        return before

    def _after_record(self, spec, ins, out):
        if state.observer is not None:
            self.close("observed", regular=False)
            state.observer(spec, ins, out)
            return
        if len(self.specs) > (settings.max_nodes_of_call if self.uncut else settings.max_nodes) or self.nbytes > settings.max_bytes:
            stats.limits += 1
            if len(self.cut_sites) >= MAX_CUT_SITES:
                self.cut_sites.pop(next(iter(self.cut_sites)))
            self.cut_sites[call_site()] = None
            self.close("limit", regular=False)
        elif settings.synchronous:
            self.close("synchronous")
        elif settings.random_cuts is not None and settings.random_cuts.random() < 0.25:
            self.close("random")

    def alias(self, tensor):
        """A second handle of the same value, pending or not."""
        segment, value = tensor._seg, tensor._value
        if value is None and (segment is None or isinstance(segment, Handover)):  # a program has its array
            segment, value = None, settled(tensor)
        twin = _tensor_class(tensor._aval, value, segment, tensor._slot)
        if segment is not None:
            segment.complete_tapes()
            segment.defers = False  # two handles of one value are two tensors for a tape
            segment.aliases.append((tensor._slot, _ref(twin)))
        return twin

    def close(self, why, regular=True):
        """Runs what is pending; results go into the tensors that are still alive.

        Args:
          why: reason, for `tfcompat.debug.explain()`.
          regular: False where the place of the cut is an accident (limit, interrupt, another thread): such a
            structure is never compiled.
        """
        if not self.specs and self.unchecked is None:
            return
        shielded = interrupts.hold()
        try:
            if self.unchecked is not None:
                self.check_flags()
            if self.specs:
                with self.lock:
                    self.complete_tapes()
                    self._run(self._taken(why, regular))
            if self.unchecked is not None and (settings.synchronous or why in ("read", "check")):
                self.check_flags()
        finally:
            if shielded:
                interrupts.release()

    def _run(self, work):
        try:
            _runner(self, work)
        except BaseException as error:
            orphan(work, error)
            failures.restore_variables(usable)
            raise

    def _again(self, specs, wires, refs, leaves, aliases, flags, why, error):
        """Runs what has been taken once more, where its program or a step failed: what is wrong with it is found and raised here.

        Args:
          error: what the program raised, or None where it was not called, or a check failed.
        """
        work = _usual_work(specs, wires, refs, leaves, aliases, flags, why)
        if error is not None and any([t._value is None for t in leaves]):  # it has consumed what it took over
            orphan(work, error)
            failures.restore_variables(usable)
            raise error
        try:
            self._run(work)
            if self.unchecked is not None:
                self.check_flags()
        except errors.OpError as error:
            raise failures.trimmed(error)  # noqa: B904 - it is the same error

    def _look(self, specs, wires, refs, leaves, aliases, flags, why, program, results):
        """Looks once more at the flags of a run, of which one seems to be set, and raises what it stands for."""
        _runner.note_flags(self, _usual_work(specs, wires, refs, leaves, aliases, flags, why), program, results)
        try:
            self.check_flags()
        except errors.OpError as error:
            raise failures.trimmed(error)  # noqa: B904 - it is the same error

    def _taken(self, why, regular):
        """What is pending, as Work; nothing is pending then."""
        work = Work()
        work.specs, work.wires, work.refs = self.specs, self.wires, self.refs
        work.leaves, work.aliases = self.leaves, self.aliases
        work.flags, work.writes = self.flags, self.writes
        work.known = self.known[0] if self.known is not None and self.known[1] == len(self.specs) else None
        # An interrupt may have left a leaf that no node uses: a structure of its own, not worth a program.
        work.why, work.regular = why, regular and self.interrupts == interrupts.held.delivered
        self._clear()
        stats.segments += 1
        stats.ops += len(work.specs)
        return work

    def complete_tapes(self):
        """Has tapes make entries of what they have only noted: their tensors have to stay alive, or to be told apart."""
        for r in self.tapes:
            tape = r()
            if tape is not None and tape._noted:
                _complete(self)
                break
        if self.tapes:
            self.tapes = [r for r in self.tapes if (tape := r()) is not None and tape._recording]

    def resume(self, work):
        """Makes `work`, the rest of a run that was given up, what is pending; nothing was recorded since."""
        self.specs, self.wires, self.refs = list(work.specs), list(work.wires), work.refs
        self.leaves, self.aliases, self.flags, self.writes = work.leaves, work.aliases, work.flags, work.writes
        self.indexed = None

    def settle(self, tensor):
        """Computes a pending tensor of this segment, from whichever thread."""
        context = state.context
        if context.no_reads:
            raise RuntimeError("A tensor's value was read inside tfcompat.debug.no_reads().")
        if context.segment is self:
            try:
                self.close("read")
            except errors.OpError as error:
                raise failures.trimmed(error)  # noqa: B904 - it is the same error
            return
        with self.lock:
            if tensor._value is None:
                _runner.evaluate_aside(self, tensor)

    def check_flags(self):
        """Looks at the error flags of the last flagged run; on failure replays it, drops what came after, raises."""
        shielded = interrupts.hold()
        try:
            run, self.unchecked = self.unchecked, None
            if run is not None and run.failed():
                undo_writes(self.writes)  # the later ones first
                self.writes = []
                error = run.replay()
                self.abandon(error)
                raise error
        finally:
            if shielded:
                interrupts.release()

    def abandon(self, error):
        """Drops the pending nodes: their tensors raise `error` when read, variables get back what they held."""
        self.complete_tapes()
        refs = [r for _, r in self.aliases] + self.refs
        writes = self.writes
        self._clear()
        undo_writes(writes)
        for r in refs:
            t = r()
            if t is not None and t._value is None:
                fail(t, error)


def _usual_work(specs, wires, refs, leaves, aliases, flags, why):
    """What _hot_run.c has taken of a segment, as Work."""
    work = Work()
    work.specs, work.wires, work.refs, work.leaves, work.aliases, work.why = specs, wires, refs, leaves, aliases, why
    work.flags, work.writes, work.known, work.regular = flags, [], None, True
    return work


def foldable(context):
    """Whether what is recorded may be one node: it is not looked at op by op."""
    if settings.watchful and (settings.synchronous or settings.random_cuts is not None or context.observer is not None):
        return False
    return type(context.segment) is Segment


def orphan(work, error):
    """What a run that broke off leaves without a value raises `error` when read."""
    for r in [*work.refs, *[r for _, r in work.aliases]]:
        t = r()
        if t is not None and t._value is None:
            fail(t, error)


def usable(tensor):
    """Whether a tensor has a value, or will have one."""
    return type(tensor._value) is not Failure and (tensor._value is not None or tensor._seg is not None)


def undo_writes(writes):
    """Takes back variable writes, latest first. Each is (position, weak variable, old handle, new handle)."""
    for _, variable, old, new in reversed(writes):
        v = variable()
        if v is not None and v._tensor is new:
            v._tensor = old


def fail(tensor, error):
    tensor._value, tensor._seg, tensor._slot = Failure(error), None, -1


def fulfil(tensor, value):
    tensor._value, tensor._seg, tensor._slot = value, None, -1


def current():
    """The calling thread's segment."""
    return state.context.segment


context.make_segment = Segment
state.context.segment = Segment()
