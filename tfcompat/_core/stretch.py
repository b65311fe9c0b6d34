"""A stretch of nodes as one node, and its derivatives.

`Scratch` takes the place of a thread's segment while something is recorded that shall not run, a reverse walk say. What
it has recorded becomes one node, a `Block`. A Block is differentiated by recording its nodes again, on a scratch with a
tape or an accumulator on it, so its derivatives are Blocks too, and what is None node by node is None here.
"""

import functools
import itertools

import jax
from jax.extend import core as jex

from tfcompat._core import caches, costs, entries, generic, interpret, plans
from tfcompat._core.body import BodySpec, op_of
from tfcompat._core.context import state
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.interpreter import steps_of
from tfcompat._core.op import Op
from tfcompat._core.spec import native_function
from tfcompat._core.tensor import Tensor
from tfcompat._core.vjp import keeper
from tfcompat._core.walk import walk

_serials = itertools.count(1)


def origin_of(spec):
    """(Op, Spec, attributes, count) with which tapes see a node."""
    if isinstance(spec, BodySpec):
        return op_of(spec), spec, (), 0
    if spec.origin is not None:
        op, attrs, count = spec.origin
        return op, spec, attrs, count
    # A forward with residuals, which are results like others then, or a pullback for any sizes.
    op = Op(spec.name, spec.evaluate, single=spec.single)
    op.infer = lambda key, ins, attrs, count: spec
    return op, spec, (), 0


def _origin_of_plain(spec):
    return origin_of(getattr(spec, "plain", None) or spec)


class Block:
    """A Spec made of nodes: runs them one after the other, or is compiled as part of the whole.

    Args:
      specs, wires: the nodes, as in a segment; input k of the Block is leaf ~k.
      outputs: wires of the results.
      inputs: avals.
      plain: the Block that this one extends by residuals.
      origin_of: function of a node's Spec to (Op, Spec, attributes, count) with which it is recorded again.
    """

    inplace = None
    single = special = static = checked = urgent = coded = function = staged = reshapes = False
    depends = None

    def __init__(self, name, specs, wires, outputs, inputs, plain=None, origin_of=_origin_of_plain):
        self.id = -next(_serials)
        self.name = name
        self.specs, self.wires, self.outputs, self.inputs = specs, wires, outputs, inputs
        results = [a for spec in specs for a in spec.avals]
        self.count = len(results)
        self.avals = tuple([results[s] if s >= 0 else inputs[~s] for s in outputs])
        self.parts = _parts(specs, wires, outputs)
        self.nbytes = sum(spec.nbytes for spec in specs)
        self._count()
        self.looked_at = frozenset(range(len(inputs)))
        self.effect = any(spec.effect for spec in specs)
        self.derivatives, self.taped = {}, None  # as a Spec's
        self.plain, self._origin_of = plain, origin_of
        self.op = Folded(self) if plain is None else plain.op
        self.origin = self.op, (), 0
        self._steps = None

    def _count(self):
        self.cost = sum(part.cost for part in self.parts)
        self.equations = sum(part.equations for part in self.parts)
        self.compile_cost = sum(part.compile_cost for part in self.parts)

    def become_exact(self):
        """See `Spec.become_exact`."""
        if not any([part.become_exact() for part in self.parts]):
            return False
        self._count()
        self._steps = None
        return True

    def host(self, *args):
        """The results from NumPy arrays."""
        steps = self._steps
        if steps is None:
            steps = self._steps = steps_of(self.parts, self.wires, frozenset(self.outputs))
        values = [None] * self.count
        values += reversed(args)
        for host, get, alone, base, count, drops, *_ in steps:
            values[base : base + count] = host(values[get]) if alone else host(*get(values))
            for s in drops:
                values[s] = None
        return tuple([values[s] for s in self.outputs])

    def evaluate(self, *args):
        """The results from JAX arrays."""
        values = []
        for spec, wire in zip(self.specs, self.wires, strict=True):
            values.extend(spec.evaluate(*[values[s] if s >= 0 else args[~s] for s in wire]))
        return [values[s] if s >= 0 else args[~s] for s in self.outputs]

    @property
    def jaxpr(self):
        with jax.enable_x64(True):
            return jax.make_jaxpr(self.evaluate)(*[a.struct for a in self.inputs])

    def repeat(self, context, ins):
        """Records the nodes again, on tapes and accumulators that are active. Returns the results."""
        values = []
        for spec, wire in zip(self.specs, self.wires, strict=True):
            op, plain, attrs, count = self._origin_of(spec)
            operands = [values[s] if s >= 0 else ins[~s] for s in wire]
            results = entries.record_taped(context, op, plain, operands, attrs, count)
            values += [results] if plain.single else results
            values += [None] * (len(spec.avals) - len(plain.avals))
        return [values[s] if s >= 0 else ins[~s] for s in self.outputs]

    @property
    def repeatable(self):
        """Whether all its nodes tell what they are made from."""
        return all([(getattr(spec, "plain", None) or spec).origin is not None for spec in self.specs])


def _parts(specs, wires, outputs):
    """The nodes without what computes results that nobody takes: a pullback gives cotangents of frozen weights, too."""
    used = {s for wire in (*wires, outputs) for s in wire}
    parts, first = [], 0
    for spec in specs:
        kept = tuple([k for k in range(len(spec.avals)) if first + k in used])
        first += len(spec.avals)
        if len(kept) < len(spec.avals) and getattr(spec, "_jaxpr", None) is not None:
            key = "part", kept
            part = spec.derivatives.get(key)
            if part is None:
                part = spec.derivatives[key] = Part(spec, kept)
            spec = part
        parts.append(spec)
    return parts


class Part:
    """A Spec of which only the results `kept` are computed, for the interpreter; the others are None."""

    def __init__(self, spec, kept):
        self.avals, self.inplace, self.kept = spec.avals, spec.inplace, kept
        jaxpr = spec.jaxpr.jaxpr
        jaxpr = jaxpr.replace(outvars=[jaxpr.outvars[k] for k in kept], debug_info=jaxpr.debug_info.with_unknown_names())
        self.jaxpr = jex.ClosedJaxpr(jaxpr.replace(eqns=generic.live_equations(jaxpr)), spec.jaxpr.consts)
        moved, self.equations, kernels = costs.work(self.jaxpr.jaxpr)
        self.cost, self.compile_cost = costs.interpreting(moved, self.equations, plans.covers(self.jaxpr.jaxpr)), costs.compiling(self.equations, kernels)

    def become_exact(self):
        return False

    @functools.cached_property
    def host(self):
        try:
            host = interpret.host_function(self.jaxpr)
        except interpret.NoHostForm:
            host = native_function(self.jaxpr)
        count, kept = len(self.avals), self.kept

        def run(*args):
            results = [None] * count
            for k, value in zip(kept, host(*args), strict=True):
                results[k] = value
            return results

        return run


class Folded(Op):
    """A Block as an op that knows its derivatives."""

    folded = True

    def __init__(self, block):
        super().__init__(block.name, None, single=False)
        self.block = block

    def infer(self, key, ins, attrs, count):
        return self.block

    def derivative(self, mask):
        """What `entries.make_derivative` makes of other ops."""
        made = BlockDerivative(self.block, mask)
        return made if made.wanted else False

    def jvp(self, mask):
        """What `forward.make_jvp` makes of other ops."""
        block = self.block
        ins, tangents = blanks(block.inputs), Tangents()
        for t, m in zip(ins, mask, strict=True):
            if m:
                tangents._set(t, blank(t._aval))
        with Scratch() as scratch:
            scratch.context.accumulators = [tangents]
            outs = block.repeat(scratch.context, ins)
        found = [tangents._get(t) for t in outs]
        reached = [k for k, t in enumerate(found) if t is not None]
        given = [t for t in map(tangents._get, ins) if t is not None]
        made = scratch.fold(f"{block.name}Jvp", [found[k] for k in reached], [*ins, *outs, *given])
        return made.op, reached


class Scratch:
    """Records nodes that nobody runs; a context in which it is the thread's segment, without tapes and accumulators.

    Tensors of elsewhere are leaves, whether they have values or not.
    """

    serial = 0
    symbolic = defers = False
    unchecked = None

    def __init__(self):
        self.specs, self.wires, self.count = [], [], 0
        self.leaves, self.index = [], {}
        self.tapes, self.gids = [], {}

    def __enter__(self):
        self.context = context = state.context
        self._saved = context.segment, context.tapes, context.accumulators, context.tracer
        context.segment, context.tapes, context.accumulators, context.tracer = self, [], [], None
        return self

    def __exit__(self, *_):
        context = self.context
        context.segment, context.tapes, context.accumulators, context.tracer = self._saved

    def wire(self, tensor):
        if tensor._seg is self:
            return tensor._slot
        wire = self.index.get(id(tensor))
        if wire is None:
            wire = self.index[id(tensor)] = ~len(self.leaves)
            self.leaves.append(tensor)
        return wire

    def record(self, spec, ins):
        self.wires.append(tuple([self.wire(t) for t in ins]))
        self.specs.append(spec)
        slot = self.count
        self.count += len(spec.avals)
        outs = [Tensor(a, None, self, slot + k) for k, a in enumerate(spec.avals)]
        return outs[0] if spec.single else outs

    def fold(self, name, results, inputs, plain=None):
        """A Block from `inputs` to `results`, of the nodes that it takes; inputs may be results of nodes."""
        places = {self.wire(t): ~k for k, t in enumerate(inputs)}
        first = list(itertools.accumulate([len(spec.avals) for spec in self.specs], initial=0))
        owner = dict(enumerate([i for i, spec in enumerate(self.specs) for _ in spec.avals]))
        wanted, needed = [self.wire(t) for t in results], set()
        while wanted:
            s = wanted.pop()
            if s not in places and owner[s] not in needed:
                needed.add(owner[s])
                wanted.extend(self.wires[owner[s]])
        count = 0
        for i in sorted(needed):
            for s in range(first[i], first[i + 1]):
                places.setdefault(s, count)
                count += 1
        specs = [self.specs[i] for i in sorted(needed)]
        wires = [tuple([places[s] for s in self.wires[i]]) for i in sorted(needed)]
        outputs = [places[self.wire(t)] for t in results]
        return Block(name, specs, wires, outputs, [t._aval for t in inputs], plain)

    def used(self, tensors):
        """Those of `tensors`, each once, that nodes take."""
        return [t for key, t in {id(t): t for t in tensors}.items() if key in self.index]


class Notes:
    """A tape for a scratch: it sees no variables, and follows nothing unless told to."""

    _fresh = _outermost = False
    _level = 0
    _noted, _watches = None, ()

    def __init__(self, tensors=()):
        self._entries = self._made = []
        self._watched = self._followed = {entries.gid_of(t) for t in tensors}


class Tangents:
    """An accumulator for a scratch."""

    _level = 1

    def __init__(self):
        self._tangents = {}  # id of a tensor -> (the tensor, tangent)

    def _get(self, tensor):
        found = self._tangents.get(id(tensor))
        return None if found is None else found[1]

    def _set(self, tensor, tangent):
        self._tangents[id(tensor)] = tensor, tangent


class BlockDerivative:
    """A Block's forward with residuals, and its pullbacks; see `vjp.Derivative`.

    Attributes:
      reached: the results that depend on the inputs of `mask`.
      places: which results of the whole pullback each wanted input gets, where some get IndexedSlices; else None.
    """

    flow = source = None  # `places` of a pullback tell

    def __init__(self, block, mask):
        self.op, self.kernel, self.mask = block.op, block.name, mask
        self.block, self.count = block, len(block.avals)
        self.pullbacks = caches.Bounded(64)
        self.ins = blanks(block.inputs)
        self.notes = Notes([t for t, m in zip(self.ins, mask, strict=True) if m])
        with Scratch() as scratch:
            scratch.context.tapes = [self.notes]
            self.outs = block.repeat(scratch.context, self.ins)
        watched = self.notes._watched
        self.reached = [k for k, t in enumerate(self.outs) if t._gid in watched]
        self.differentiable = [k for k in self.reached if block.avals[k].differentiable]
        self.wanted = [i for i, m in enumerate(mask) if m]
        present = tuple(self.differentiable)
        seeds = blanks([block.avals[k] for k in present])
        back, pulled = self._walk(present, seeds, False, False)
        self.wanted = [i for i, t in zip(self.wanted, pulled, strict=True) if t is not None]
        pulled = [t for t in pulled if t is not None]
        found = [part for t in pulled for part in parts_of(t)]
        for t in found:
            back.wire(t)
        # Residuals: the Block's own inputs and results, then what else of its inside the whole pullback takes.
        own = {id(t): ("in", i) for i, t in enumerate(self.ins)}
        own.update({id(t): ("out", k) for k, t in reversed(list(enumerate(self.outs))) if id(t) not in own})
        needed = back.used([*self.ins, *self.outs, *[t for entry in self.notes._entries for t in _residuals(entry)]])
        inside = [t for t in needed if id(t) not in own]
        own.update({id(t): ("out", self.count + k) for k, t in enumerate(inside)})
        self.kept = [own[id(t)] for t in needed]
        self.residuals = needed
        self.extras = bool(inside)
        self.keep = keeper([i if kind == "in" else len(self.ins) + i for kind, i in self.kept])
        self.forward = block
        if inside:
            self.forward = scratch.fold(block.name, [*self.outs, *inside], self.ins, block)
        self.whole_spec = back.fold(f"{block.name}Grad", found, [*needed, *seeds])
        self.whole = self.whole_spec.op
        self.places = places_of(pulled) if len(found) > len(pulled) else None

    def _walk(self, present, seeds, restart, stacked):
        """Walks back. Returns (the Scratch it is on, cotangents of the wanted inputs)."""
        with Scratch() as scratch:
            ins, outs, notes = self.ins, self.outs, self.notes
            if restart:
                # What starts from the inputs is to be differentiated: as under a tape, residuals are none but the ops' own.
                notes = Notes([ins[i] for i in self.wanted])
                scratch.context.tapes = [notes]
                outs = self.block.repeat(scratch.context, ins)
                scratch.context.tapes = [Notes()]
            targets, sources = [outs[k] for k in present], [ins[i] for i in self.wanted]
            return scratch, walk(notes._entries, notes._watched, targets, sources, seeds, stacked, consume=False)

    def pullback(self, present, restart=False, stacked=False):
        """A pullback of the results `present`; see `vjp.Derivative.pullback`.

        Returns:
          (Op, residuals); `places` of the Op tells which of its results each wanted input gets.
        """
        key = present, restart, stacked
        found = self.pullbacks.get(key)
        if found is None:
            found = self.pullbacks[key] = self._pullback(present, restart, stacked)
        return found

    def _pullback(self, present, restart, stacked):
        residuals = self.ins if restart else self.residuals
        kept = [("in", i) for i in range(len(self.ins))] if restart else self.kept

        def block_of(seeds):
            back, pulled = self._walk(present, seeds, restart, stacked)
            found = [part for t in pulled for part in parts_of(t)]
            made = back.fold(f"{self.kernel}Grad", found, [*residuals, *seeds])
            made.op.places = places_of(pulled)
            return made

        if not stacked:
            return block_of(blanks([self.block.avals[k] for k in present])).op, kept
        op = Op(f"{self.kernel}Grad", None, single=False)

        def infer(key, ins, attrs, count):
            op.specs[key] = made = block_of(blanks([t._aval for t in ins[len(kept) :]]))
            return made

        op.infer = infer
        op.places = self.pullback(present, restart)[0].places
        return op, kept


def _residuals(entry):
    """The tensors that the pullback of an entry takes."""
    derivative, _, _, kept, ins, _ = entry
    if derivative is None and ins is not None:
        _, kept, ins = ins
    return *(kept if type(kept) is tuple else ()), *(ins or ())


def parts_of(cotangent):
    """The tensors that it consists of."""
    if type(cotangent) is IndexedSlices:
        return [cotangent.values, cotangent.indices]
    return [] if cotangent is None else [cotangent]


def places_of(cotangents):
    """Where each is among the parts of all: None, a number, or (values, indices, shape) of IndexedSlices."""
    found, count = [], 0
    for c in cotangents:
        parts = parts_of(c)
        found.append((count, count + 1, c.dense_shape) if len(parts) > 1 else count if parts else None)
        count += len(parts)
    return found


def blank(aval):
    """A tensor that stands for any of its kind."""
    return Tensor(aval, None)


def blanks(avals):
    return [blank(a) for a in avals]
