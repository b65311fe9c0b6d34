"""Recording a function, a branch or a loop body: a segment whose leaves are placeholders.

A `Trace` is a Segment that never runs. While it is a thread's segment, ops called on that thread are appended to it, and
their results are SymbolicTensors. What it reads from outside becomes a leaf: an argument, a variable's cell, or a tensor
of an enclosing trace or of eager code (a capture). Variables written are noted; `Body` (body.py) makes of it all a
function that runs by NumPy or is compiled.
"""

import weakref

import numpy as np

from tfcompat._core import errors, segment as segments, shapes
from tfcompat._core.context import state
from tfcompat._core.sizes import FROM, NOT_ENOUGH, WORLDS, Sizes, arithmetic
from tfcompat._core.tensor_base import STATIC, Failure

_SHIFT = 3  # placeholder k has slot -k - 3: PLAIN (-1) and STATIC (-2) mean something else

_symbolic_class = None  # symbolic.SymbolicTensor; set by that module

OUT_OF_SCOPE = (
    "{tensor!r} is out of scope and cannot be used here. Use return values, explicit Python locals or TensorFlow "
    "collections to access it.\nPlease see https://www.tensorflow.org/guide/function#all_outputs_of_a_tffunction_must_be_"
    "return_values for more information.\n\n{tensor!r} was defined here:\n    {where}\n\nThe tensor {tensor!r} cannot be "
    "accessed from {here}, because it was defined in {there}, which is out of scope."
)

SINGLETON = (
    "tf.function only supports singleton tf.Variables created on the first call. Make sure the tf.Variable is only "
    "created once or created outside tf.function. See https://www.tensorflow.org/guide/function#creating_tfvariables for "
    "more information."
)
LIFT = (
    "The initial value of a variable that is made inside a function depends on {what}, which is not known outside of it: "
    "make the variable before, or give a function without arguments as its initial value."
)


_read_sizes = None  # staged's: (trace, tensor) -> stand-ins for the elements of a tensor
_assigned = None  # the op of a variable's value after an assignment; set by the module variable


def set_read_sizes(function):
    global _read_sizes
    _read_sizes = function


def set_assigned(op):
    global _assigned
    _assigned = op


def set_symbolic_class(cls):
    global _symbolic_class
    _symbolic_class = cls


class ValueDependent(NotImplementedError):
    """Recording needs a value that only a call has (an output shape that depends on data, say).

    The function is then run eagerly at each call. It is an exception that user code may see when it catches broadly.
    """


class Trace(segments.Segment):
    """The recording of one function, branch or loop body.

    Args:
      name: for messages.
      parent: the trace around it, or None.
      kind: "function", or "branch" and "body" for parts of one.
    """

    symbolic = True

    def __init__(self, name, parent=None, kind="function"):
        super().__init__()
        self.sizes = parent.sizes if parent is not None else None  # sizes.Sizes, where some are not known
        self.at_call = parent is not None and parent.at_call  # recorded again for the sizes of a call: errors are of the call
        self.others = {world: {} for world in WORLDS}  # slot -> what the value would be for other sizes (Sizes.other)
        self.values = {}  # slot -> value of a result that is computed from unknown sizes
        self.values_read = set()  # slots of those that were used as sizes
        self.stageable = False  # whether shapes may depend on values (staged.py)
        self.staged = False  # whether some do
        self.guessed = False  # whether ranks are guessed
        self.numbers = {}  # wire of a tensor whose elements are used as sizes -> stand-ins for them
        self.loose = set()  # nodes whose results may have other shapes at a call (sizes.loose)
        self.name = name
        self.parent = parent
        self.kind = kind
        self.count = 0  # result slots so far
        self.cells = {}  # cell -> its current tensor in this trace
        self.cell_leaves = {}  # cell -> leaf number of the value it has at the start
        self.written = {}  # cells written, in order -> whether what was written has not been read since
        self.starts = {}  # cell -> placeholder of the value it has at the start
        self.effects = []  # nodes that act on the outside, in order
        self.created = []  # weak references to variables made here
        self.may_create = parent is not None and parent.may_create
        self.instead = parent.instead if parent is not None else {}  # id of a tensor out of reach -> what it stands for now
        self.lifts = True  # whether a variable can start from a tensor of this trace
        self.seed_count = 0
        self.places = []  # (seed, (key, cell)) of what draws
        self.argument_names = {}  # leaf number -> name
        self.scopes = {}  # node -> name scope in which it was recorded
        self.argument_values = ()  # what a function is called with while it is recorded
        self.graph = None
        self.handles = []  # placeholders of data sets among the arguments
        self.bounds = {}  # slot of a loop's counter -> number of iterations

    def static_shape(self, aval):
        """The shape of a tensor as far as it is known, a TensorShape."""
        if self.sizes is None or not any([self.sizes.unknown(d) for d in aval.shape]):
            return aval.tensor_shape
        if not self.sizes.unranked.isdisjoint(aval.shape):
            return shapes.TensorShape(None)
        return shapes.TensorShape([None if self.sizes.unknown(d) else d for d in aval.shape])

    def open_sizes(self):
        """The Sizes of this recording, in which some are not known from now on."""
        if self.sizes is None:
            self.sizes = Sizes() if self.kind == "function" or self.parent is None else self.parent.open_sizes()
            found = {d for t in self.leaves for d in t._aval.shape} | {d for s in self.specs for a in s.avals for d in a.shape}
            self.sizes.known |= found - self.sizes.given  # stand-ins may have come from around since they are open there
        return self.sizes

    def sized(self, spec):
        """Whether all sizes of a node's results are known."""
        return not any([self.sizes.unknown(d) for a in spec.avals for d in a.shape])

    def stage(self):
        """Notes that shapes depend on values. Returns the Sizes."""
        if not self.stageable:
            raise ValueDependent(f"Shapes depend on values in {self.name!r}, a part of {self.root().name!r}.")
        self.staged = True
        return self.open_sizes()

    def slot_count(self):
        return self.count

    # Leaves

    def placeholder(self, aval, name=None):
        """A new leaf that a call gives a value to."""
        k = len(self.leaves)
        tensor = _symbolic_class(aval, None, self, -k - _SHIFT)
        self.leaves.append(tensor)
        self.argument_names[k] = name or "Placeholder"
        return tensor

    def root(self):
        trace = self
        while trace.kind != "function" and trace.parent is not None:
            trace = trace.parent
        return trace

    def encloses(self, other):
        """Whether `other` is this trace or inside it."""
        while other is not None:
            if other is self:
                return True
            other = other.parent
        return False

    def _leaf(self, tensor):
        k = self.indexed.get(id(tensor))
        if k is None:
            if type(tensor._value) is Failure:
                raise tensor._value.error
            segment = tensor._seg
            if segment is not None and segment.symbolic and not segment.encloses(self):
                return self.wire(self.within_reach(tensor))
            k = self.indexed[id(tensor)] = len(self.leaves)
            self.leaves.append(tensor)
            if self.sizes is not None:
                if segment is None or not segment.symbolic or segment.sizes is None:
                    self.sizes.known.update(tensor._aval.shape)
                elif tensor._slot in segment.values and not tensor._aval.dtype.is_bool:
                    segment.values_read.add(tensor._slot)
        return ~k

    def within_reach(self, tensor):
        """What a tensor of a function that is over stands for in this recording."""
        found = self.instead.get(id(tensor))
        if found is None:
            raise self.out_of_scope(tensor)
        return found

    def out_of_scope(self, tensor):
        """The error about a tensor of another function, or of a branch or loop that is over."""
        there = tensor._seg.described()
        here = state.trace.described() if state.trace is not None else "eager code"
        inside = state.trace is not None and state.trace.encloses(tensor._seg)
        kind = errors.InaccessibleTensorError if inside else TypeError
        return kind(OUT_OF_SCOPE.format(tensor=tensor, where="(unknown)", here=here, there=there))

    def described(self):
        return f"FuncGraph(name={self.name}, id={id(self)})"

    def wire(self, tensor):
        """How nodes of this trace refer to `tensor`: its slot, or ~k for leaf k."""
        if tensor._seg is self:
            s = tensor._slot
            return s if s >= 0 else s + _SHIFT - 1
        return self._leaf(tensor)

    def tensor(self, wire):
        """A handle of the tensor that a wire means."""
        if wire < 0:
            return self.leaves[~wire]
        slot = 0
        for spec in self.specs:
            if wire < slot + len(spec.avals):
                return _symbolic_class(spec.avals[wire - slot], None, self, wire)
            slot += len(spec.avals)
        raise ValueError(f"no result {wire}")

    # What segments do

    def record(self, spec, ins):
        wires = tuple([self.wire(t) for t in ins])
        self.specs.append(spec)
        self.wires.append(wires)
        if state.name_scopes:
            self.scopes[len(self.specs) - 1] = state.name_scopes[-1]
        if spec.effect:
            self.effects.append(len(self.specs) - 1)
        slot = self.count
        self.count += len(spec.avals)
        if self.sizes is not None and spec.origin is not None:
            values = arithmetic(spec, [t._aval for t in ins], [value_of(t) for t in ins])
            if values is not None:
                others = {world: self._in(world, spec, ins, values) for world in WORLDS}
                values = [self.sizes.followed(v, {w: found[k] for w, found in others.items()}) for k, v in enumerate(values)]
                self.values.update(enumerate(values, slot))
                for world, found in others.items():
                    self.others[world].update(enumerate(found, slot))
        if spec.single:
            return _symbolic_class(spec.avals[0], None, self, slot)
        return [_symbolic_class(a, None, self, slot + i) for i, a in enumerate(spec.avals)]

    def _in(self, world, spec, ins, values):
        """What the values of a node's results would be for other sizes."""
        known = [t._seg.others[world].get(t._slot) if is_symbolic(t) else None for t in ins]
        known = [value_of(t) if v is None else v for t, v in zip(ins, known, strict=True)]
        try:
            found = arithmetic(spec, [self.sizes.others(t._aval, world) for t in ins], known)
        except (TypeError, ValueError, errors.OpError, *NOT_ENOUGH):
            found = None
        return [np.array(v) for v in found or values]

    def alias(self, tensor):
        if tensor._seg is not None and tensor._seg.symbolic:
            twin = _symbolic_class(tensor._aval, None, tensor._seg, tensor._slot)
            return twin
        return segments.Segment.alias(self, tensor)

    def close(self, why, regular=True):
        """Nothing: a trace is not run."""

    def settle(self, tensor):
        if not self.encloses(state.trace):
            raise self.out_of_scope(tensor)
        value = self.values.get(tensor._slot)
        if value is not None:
            self.values_read.add(tensor._slot)
            return value
        raise ValueDependent(
            f"The value of a symbolic tensor is needed while {self.root().name!r} is being recorded, and is not known yet."
        )

    def size_value(self, tensor):
        """The elements of a tensor of this trace or one around it, for use as sizes."""
        found, value = None, self.values.get(tensor._slot)
        # Stand-ins may be used as they are. A negative one is read in a call.
        if (value is None or np.any(np.asarray(value) <= -FROM)) and self.encloses(state.trace):
            found = _read_sizes(state.trace, tensor)
        return self.settle(tensor) if found is None else found

    def check_flags(self):
        return

    # Variables

    def read(self, cell):
        """The cell's tensor at this point of the recording.

        A value that was assigned is a use of the variable, not of what it was computed from: its gradient goes to the
        value at the start.
        """
        tensor = self.cells.get(cell)
        if tensor is None:
            tensor = self.cells[cell] = self._start(cell)
        elif self.written.get(cell) and tensor._aval.differentiable:
            start = self._start(cell)
            if start._aval is tensor._aval:
                ins = tensor, start
                tensor = self.cells[cell] = self.record(_assigned.spec(ins), ins)
                self.written[cell] = False
        return tensor

    def _start(self, cell):
        tensor = self.starts.get(cell)
        if tensor is None:
            outer = self.parent.read(cell) if self.parent is not None else cell.eager
            self.cell_leaves[cell] = len(self.leaves)
            tensor = self.starts[cell] = self.placeholder(outer._aval, "Variable")
            if self.sizes is not None and self.parent is None:
                self.sizes.known.update(outer._aval.shape)
        return tensor

    def write(self, cell, tensor):
        self.cells[cell] = tensor
        self.written[cell] = True

    # Entering

    def __enter__(self):
        self._saved = state.segment, state.trace, state.tapes, state.accumulators
        state.segment = state.trace = self
        state.tapes, state.accumulators = [], []
        if self.kind == "function":
            self._scopes, state.name_scopes = state.name_scopes, []
        return self

    def __exit__(self, *_):
        state.segment, state.trace, state.tapes, state.accumulators = self._saved
        self._saved = None
        if self.kind == "function":
            state.name_scopes = self._scopes


class Eager:
    """A context outside all traces and tapes (`tf.init_scope`)."""

    def __enter__(self):
        self._saved = state.segment, state.trace, state.tapes, state.accumulators, state.name_scopes
        segment, trace = state.segment, state.trace
        while trace is not None:
            segment, trace = trace._saved[0], trace._saved[1]
        state.segment, state.trace = segment, None
        state.tapes, state.accumulators = [], []

    def __exit__(self, *_):
        state.segment, state.trace, state.tapes, state.accumulators, state.name_scopes = self._saved


def note_variable(variable):
    """Called for each variable made while recording: that is allowed on the first call only."""
    trace = state.trace.root()
    if not trace.may_create:
        raise ValueError(SINGLETON)
    trace.created.append(weakref.ref(variable))


def lifted(tensor):
    """The value of a symbolic tensor computed eagerly: what it depends on is recorded again outside of the function."""
    trace = tensor._seg
    if not trace.lifts:
        raise ValueError(LIFT.format(what=str(tensor)))
    owner, slots = [], []
    for i, spec in enumerate(trace.specs):
        slots.append(len(owner))
        owner += [i] * len(spec.avals)
    wanted, needed = [trace.wire(tensor)], set()
    while wanted:
        s = wanted.pop()
        if s >= 0 and owner[s] not in needed:
            needed.add(owner[s])
            wanted.extend(trace.wires[owner[s]])
    if trace.staged and any([trace.specs[i].staged or not trace.sized(trace.specs[i]) for i in needed]):
        raise ValueDependent(f"The initial value of a variable depends on values in {trace.name!r}.")
    values = {}

    def value(s):
        return values[s] if s >= 0 else _lifted_leaf(trace, ~s)

    with Eager():
        for i in sorted(needed):
            spec = trace.specs[i]
            outs = segments.current().record(spec, [value(s) for s in trace.wires[i]])
            for k, out in enumerate([outs] if spec.single else outs):
                values[slots[i] + k] = out
        return value(trace.wire(tensor))


def _lifted_leaf(trace, k):
    leaf = trace.leaves[k]
    if not (leaf._seg is not None and leaf._seg.symbolic):
        return leaf
    if leaf._seg is not trace:
        return lifted(leaf)
    for cell, number in trace.cell_leaves.items():
        if number == k:
            return cell.eager
    given = trace.argument_values[k] if k < len(trace.argument_values) else None
    if given is None:
        raise ValueError(LIFT.format(what=repr(leaf)))
    return lifted(given) if is_symbolic(given) else given


def value_of(tensor):
    """The value of a tensor that follows from sizes alone, else None."""
    if tensor._slot == STATIC:
        return tensor._value
    segment = tensor._seg
    if segment is None or not segment.symbolic or tensor._aval.dtype.is_bool and segment is not state.trace:
        return None  # what a condition on sizes says around a branch or a loop may be another thing in a call
    return segment.values.get(tensor._slot)


def is_symbolic(tensor):
    """Whether the tensor belongs to a trace: it has no value, and never will."""
    segment = tensor._seg
    return segment is not None and segment.symbolic
