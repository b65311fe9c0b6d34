"""Calls of functions that need no recording: nothing is pending, and how the function runs is settled.

It is a compiled program already, or so small that it never will be one. Recording costs some 2 us for each variable (a
leaf, a result, a weak reference) and as much as ten small ops for the run. Such a call runs at once; the new value of a
variable takes the place of the old one in the variable's own tensor, if a program does it and nobody else holds that.
"""

import jax

from tfcompat._core import interrupts, program as programs
from tfcompat._core.body import BodySpec
from tfcompat._core.context import settings
from tfcompat._core.interpreter import quietly
from tfcompat._core.lease import Lease
from tfcompat._core.rows import BodyRows
from tfcompat._core.segment import fail
from tfcompat._core.stats import stats
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import HOST_TYPES, PLAIN, handover
from tfcompat._core.waits import to_host

_usable = set(HOST_TYPES)  # types of the values that a program takes
_HOLDERS = 1  # of a variable's tensor, besides the call: the variable's cell
_PATIENCE = 8  # calls until a lease is tried again after one that served no call


class FunctionSpec(BodySpec):
    """The body of a tf.function as one node.

    Attributes:
      hot: the Structure of this node alone, with its inputs in order, once it has a program or is known to need none.
    """

    __slots__ = ("function", "hot")

    def __init__(self, name, body, urgent):
        super().__init__(name, body, urgent)
        self.function = not self.coded
        self.hot = None

    def trimmed(self, kept):
        return FunctionSpec(self.name, self.body.trimmed(kept), self.urgent)

    def find_rows(self):
        return BodyRows(self.body)


class Plan:
    """How the calls of a concrete function become calls of one program, or of its host function.

    Args:
      structure: the Structure of the function's node.
      cells: of the variables that it reads.
      written: the cells that it writes.
      first: which leaf is the value of the first cell.
      count: the number of its results before those that are written.
    """

    __slots__ = ("first", "fits", "host", "known", "lease", "patience", "program", "rebound", "results", "swapped")

    def __init__(self, structure, cells, written, first, count):
        self.known = structure.programs
        slots = range(structure.slot_count)
        self.program = program = structure.serving(frozenset(slots))
        self.fits, self.host, self.lease, self.patience = False, None, None, 0
        self.first = first
        avals = structure.output_avals(slots)
        if program is None:
            if structure.small and not programs.has_accelerator():
                self.host = structure.specs[0].host
                self.results = list(enumerate(avals[:count]))
                self.rebound = [(j, count + j, avals[count + j]) for j in range(len(written))]
            return
        place = program.position
        self.results = [(place[slot], avals[slot]) for slot in range(count)]
        leaves = {slot: k for k, slot in program.taken.items()}
        swapped, self.rebound = {}, []
        for j, cell in enumerate(written):
            k = leaves.get(count + j)
            if k is not None and 0 <= k - first < len(cells) and cells[k - first] is cell:
                swapped[k] = j, place[count + j], avals[count + j]
            else:
                self.rebound.append((j, place[count + j], avals[count + j]))
        donated = program.arguments.donated
        self.swapped = [(k, *swapped[k]) for k in donated if k in swapped]
        # An argument that the program takes over is held by the caller as long as the call lasts.
        self.fits = len(self.swapped) == len(donated)

    def lease_of(self, cells):
        """The lease that a call with these cells finds, or None."""
        lease = self.lease
        if lease is None:
            return None
        if lease.arrays is not None and (lease.cells is cells or lease.cells == cells):
            return lease
        lease.end()
        self.patience = 0 if lease.served else _PATIENCE
        self.lease = None
        return None

    def keep(self, handles, results, cells, written):
        """Leases the new values of variables, or puts them in place of those that the program took over."""
        free = [handles[k]._value is None for k, _, _, _ in self.swapped]  # the others' old values are held by somebody
        if self.patience == 0 and all(free):
            places = [k for k, _, _, _ in self.swapped]
            self.lease = Lease(cells, self.first, places, [results[place] for _, _, place, _ in self.swapped])
            return
        self.patience = max(self.patience - 1, 0)
        for unheld, (k, j, place, aval) in zip(free, self.swapped, strict=True):
            if unheld:
                t = handles[k]
                t._value, t._seg, t._gid = results[place], None, 0
            else:
                written[j].eager = Tensor(aval, results[place], None, PLAIN)


def call(concrete, context, leaves, cells, written):
    """The results of a call that is dispatched at once, or None if it has to be recorded.

    Args:
      concrete: the ConcreteFunction.
      leaves: the tensors of its arguments that it uses.
      cells: of the variables that it reads.
      written: the cells that it writes.
    """
    segment = context.segment
    if (
        segment.specs
        or segment.unchecked is not None
        or segment.watcher is not None
        or context.trace is not None
        or context.tapes
        or context.accumulators
        or context.observer is not None
        or context.tracer is not None
        or settings.tier == "interpreted"
    ):
        return None
    structure, plan = concrete._spec.hot, concrete._plan
    if plan is None or plan.known is not structure.programs:
        plan = concrete._plan = Plan(structure, cells, written, len(leaves), concrete._count)
    if plan.fits:
        run = _dispatch
    elif plan.host is not None and settings.tier == "auto":
        run = _interpret
    else:
        return None
    if not written:
        return run(concrete, plan, structure, leaves, cells, written)
    shielded = interrupts.hold()
    try:
        with handover.lock:  # a read and the write that follows belong together; nothing is waited for in here
            return run(concrete, plan, structure, leaves, cells, written)
    finally:
        if shielded:
            interrupts.release()


def _dispatch(concrete, plan, structure, leaves, cells, written):
    lease = plan.lease_of(cells)
    if lease is None:
        handles = looked_at = [*leaves, *[c.eager for c in cells], *concrete._captures]
    else:
        handles = lease.handles(leaves, concrete._captures)
        looked_at = [handles[k] for k in plan.program.arguments.others]
    if not _usable.issuperset([type(t._value) for t in looked_at]) and not _learn(looked_at):
        return None
    try:
        results = programs.call(plan.program, concrete._name, handles, _HOLDERS, lease=lease)
    except BaseException as error:
        plan.lease = None
        for t in handles if lease is None else lease.abandoned():
            if t._value is None and t._seg is None:
                fail(t, error)
        raise
    if lease is not None:
        lease.arrays = [results[place] for _, _, place, _ in plan.swapped]
    elif plan.swapped:
        plan.keep(handles, results, cells, written)
    programs.log_call(structure, "compiled")
    return _results(plan, results, written)


def _interpret(concrete, plan, structure, leaves, cells, written):
    """The same by its host function. What fails, fails again when it is recorded, and then as everything recorded does."""
    handles = [*leaves, *[c.eager for c in cells], *concrete._captures]
    values = [t._value for t in handles]
    try:
        if not HOST_TYPES.issuperset(map(type, values)):
            if not _usable.issuperset(map(type, values)) and not _learn(handles):
                return None
            values = [v if type(v) in HOST_TYPES else to_host(v) for v in values]
        results = quietly(plan.host, *values)
    except Exception:  # noqa: BLE001
        return None
    stats.interpreted += 1
    programs.log_call(structure, "interpreted")
    return _results(plan, results, written)


def _results(plan, results, written):
    """Binds what is written to new tensors. Returns those of the results."""
    for j, place, aval in plan.rebound:
        written[j].eager = Tensor(aval, results[place], None, PLAIN)
    return [Tensor(aval, results[place], None, PLAIN) for place, aval in plan.results]


def _learn(handles):
    """Whether all have values that a program takes. Learns JAX's type of arrays when it sees one first."""
    for t in handles:
        value = t._value
        if type(value) not in _usable:
            if not isinstance(value, jax.Array):
                return False
            _usable.add(type(value))
    return True
