"""What a recorded function, branch or loop body is when it is done: a function of its inputs, by NumPy or by JAX.

A `Body` holds the nodes that its results, effects and checks need. `host` runs them one by one on NumPy arrays (Python
source generated once, values dropped at their last use); `run` is the same as a JAX function, to be compiled. A
`BodySpec` makes one node of it, so that a call is recorded, interpreted, compiled and differentiated like an op.
"""

import copy
import functools
import itertools
import operator
import sys

import jax
import jax.numpy as jnp
import numpy as np

from tfcompat._core import costs, errors, segment as segments
from tfcompat._core.avals import aval, aval_of
from tfcompat._core.callsite import call_site
from tfcompat._core.context import state
from tfcompat._core.op import Op, Resize, call
from tfcompat._core.ruled import ruled_evaluate
from tfcompat._core.sizes import Unresized, arithmetic
from tfcompat._core.spec import Spec, serials
from tfcompat._core.symbolic import aval_of_any, shape_of_any
from tfcompat._core.tensor_base import STATIC, host_value
from tfcompat._core.trace import value_of

MAX_BAKED = 64  # elements of a constant that is part of the program; a larger one is an input of each call
CODE = aval((), np.dtype(np.int32))  # the last result of a body with checks or effects: 0 where all went well


class Body:
    """The nodes of a trace that matter, as a function.

    Args:
      trace: the finished Trace.
      outputs: tensors to compute, of the trace or of outside.
      results: how many of them have gradients; those behind are what variables are written.

    Attributes:
      inputs: for each input the leaf it stands for: a placeholder of the trace or an outer tensor.
      effect: whether it acts on the outside.
      stateful: whether it has to run even if nothing needs its results: it has effects, or asserts something.
      coded: whether `run` gives a code after the outputs: a condition on values is checked inside, or it has effects
        (which need a result to be waited for).
    """

    def __init__(self, trace, outputs, results=None):
        self.name = trace.name
        self.results = len(outputs) if results is None else results
        wires = [trace.wire(t) for t in outputs]
        starts = [0, *itertools.accumulate(len(s.avals) for s in trace.specs)]
        flags = {f.position: f for f in trace.flags}
        needed = range(len(trace.specs)) if trace.sizes is not None else needed_nodes(trace.specs, trace.wires, flags, wires)
        self.consts, self.inputs = [], []
        place = {}  # leaf or slot -> place in the environment
        used = {s for i in needed for s in trace.wires[i] if s < 0} | {s for s in wires if s < 0}
        cell_leaves = set(trace.cell_leaves.values())
        leaves = [k for k in range(len(trace.leaves)) if ~k in used and not _baked(trace, k, cell_leaves)]
        # Arguments first, then the values of variables, then what is captured.
        self.input_leaves = sorted(leaves, key=lambda k: 1 if k in cell_leaves else 0 if trace.leaves[k]._seg is trace else 2)
        for k in self.input_leaves:
            place[~k] = len(place)
            self.inputs.append(trace.leaves[k])
        for k in range(len(trace.leaves)):
            if ~k in used and ~k not in place:
                place[~k] = len(place)
                self.consts.append(np.asarray(trace.leaves[k]._value))
        self.specs, self.wires, self.flags = [], [], {}
        for i in needed:
            if i in flags:
                self.flags[len(self.specs)] = flags[i]
            self.specs.append(trace.specs[i])
            self.wires.append(tuple([place[s] for s in trace.wires[i]]))
            for k in range(len(trace.specs[i].avals)):
                place[starts[i] + k] = len(place)
        self.outputs = [place[s] for s in wires]
        self.input_avals = [aval_of_any(t) for t in self.inputs]
        self.unranked = {i for i, t in enumerate(self.inputs) if shape_of_any(t) is None}
        self.sizes = trace.sizes
        if trace.sizes is not None:
            self.values = {place[s]: v for s, v in trace.values.items()}
            self.values_read = {place[s] for s in trace.values_read}
            self.loose = set(trace.loose)
            known = {i: value_of(t) for i, t in enumerate(self.inputs) if not (i in self.unranked or t._aval.dtype.is_bool)}
            self.input_values = {i: v for i, v in known.items() if v is not None}
        else:
            self._trim(len(self.inputs) + len(self.consts))
        avals = [*self.input_avals, *map(aval_of, self.consts), *[a for s in self.specs for a in s.avals]]
        self._finish([avals[s] for s in self.outputs])

    def _finish(self, avals):
        """Sets what follows from the nodes; `avals` are those of the outputs."""
        self.avals = avals
        self.effect = any(s.effect for s in self.specs)
        self.stateful = self.effect or any([f.stateful for f in self.flags.values()])
        self.coded = bool(self.flags) or self.effect
        self.depends = self._dependence()
        self.cost = sum(s.cost for s in self.specs) + 1e-6
        self.equations = sum(s.equations for s in self.specs) + 1
        self._host = None

    def _dependence(self):
        """For each output the inputs that it has a gradient for, as bits of an int."""
        sets = [1 << i if a.differentiable else 0 for i, a in enumerate(self.input_avals)]
        sets += [0] * len(self.consts)
        for spec, wire in zip(self.specs, self.wires, strict=True):
            if spec.depends is None:
                gradient = spec.origin is None or spec.origin[0].grad is not None
                wire = [wire[i] for i in gradient_only(spec)] or wire
                found = functools.reduce(operator.or_, [sets[s] for s in wire], 0) if gradient else 0
                sets += [found if a.differentiable else 0 for a in spec.avals]
            else:
                sets += [through(bits, [sets[s] for s in wire]) for bits in spec.depends]
        return [sets[s] if k < self.results else 0 for k, s in enumerate(self.outputs)]

    def resized(self, resizing, input_avals):
        """The same Body for inputs of other sizes.

        Args:
          resizing: sizes.Resizing, which learns what sizes become.
        """
        if self.sizes is None:  # all sizes were known
            for old, a in zip(self.input_avals, input_avals, strict=True):
                resizing.learn(old.shape, a.shape)
            return self
        new = copy.copy(self)
        new.input_avals = list(input_avals)
        inference = Inference(self, resizing, input_avals)
        new.specs = [inference.node(i) for i in range(len(self.specs))]
        new.flags = {i: flag.resized(resizing, inference.ins(i)) for i, flag in self.flags.items()}
        new._follow_codes(self.specs, len(self.inputs) + len(self.consts))
        if resizing.outer is not None:
            new.values = inference.known
        else:
            new.sizes = None
            new._drop_unneeded(len(self.inputs) + len(self.consts))
        new._finish([inference.avals[s] for s in self.outputs])
        return new

    def _follow_codes(self, before, first):
        """Makes place for codes of nodes that had none `before`: parts that refuse the sizes there are."""
        place, old, new = {s: s for s in range(first)}, first, first
        for i, (was, spec) in enumerate(zip(before, self.specs, strict=True)):
            count = len(was.avals)
            place.update({old + k: new + k for k in range(count)})
            old, new = old + count, new + len(spec.avals)
            if spec.coded and not was.coded:
                self.flags[i] = CallFlag.alone(spec)
        if new > old:
            self.wires = [tuple([place[s] for s in wire]) for wire in self.wires]
            self.outputs = [place[s] for s in self.outputs]

    def _drop_unneeded(self, first):
        """Drops nodes that only said what sizes are; `first` is the place of the first result."""
        order = needed_nodes(self.specs, self.wires, self.flags, self.outputs, first)
        if len(order) == len(self.specs):
            self._trim(first)
            return
        starts = list(itertools.accumulate((len(s.avals) for s in self.specs), initial=first))
        place = {s: s for s in range(first)}
        for i in order:
            for s in range(starts[i], starts[i + 1]):
                place[s] = len(place)
        self.flags = {n: self.flags[i] for n, i in enumerate(order) if i in self.flags}
        self.specs = [self.specs[i] for i in order]
        self.wires = [tuple([place[s] for s in self.wires[i]]) for i in order]
        self.outputs = [place[s] for s in self.outputs]
        self._trim(first)

    def _trim(self, first):
        """Drops results of calls and branches that no node takes."""
        used = {*self.outputs, *[s for wire in self.wires for s in wire]}
        specs, flags, place, old, new = [], dict(self.flags), {s: s for s in range(first)}, first, first
        for i, spec in enumerate(self.specs):
            count = len(spec.avals)
            kept = [k for k in range(count) if old + k in used]
            trimmed = spec.trimmed(kept) if isinstance(spec, BodySpec) and len(kept) < count - spec.coded else None
            if trimmed is None:
                kept = range(count)
            else:
                flag, spec = flags.pop(i, None), trimmed
                if spec.coded and flag is not None:
                    flags[i] = flag.of(spec)
            place.update({old + k: new + n for n, k in enumerate(kept)})
            specs.append(spec)
            old, new = old + count, new + len(spec.avals)
        if new < old:
            self.specs, self.flags = specs, flags
            self.wires = [tuple([place[s] for s in wire]) for wire in self.wires]
            self.outputs = [place[s] for s in self.outputs]

    def trimmed(self, kept):
        """The same Body with only those outputs."""
        new = copy.copy(self)
        new.outputs, new.results = [self.outputs[k] for k in kept], len([k for k in kept if k < self.results])
        new._drop_unneeded(len(self.inputs) + len(self.consts))
        new._finish([self.avals[k] for k in kept])
        return new

    def host(self, *arrays):
        """The results as NumPy arrays. Raises what a failed check raises."""
        if self._host is None:
            self._host = generate(self)
        return self._host(*arrays)

    def run(self, *arrays, ruled=False):
        """The results as a list of JAX arrays, then the code where there is one.

        Args:
          ruled: whether gradients of ops are TensorFlow's when this is differentiated by JAX.
        """
        values = [*arrays, *self.consts]
        code = np.int32(0)
        for i, (spec, wire) in enumerate(zip(self.specs, self.wires, strict=True)):
            evaluate = ruled_evaluate(spec) if ruled else spec.evaluate
            results = evaluate(*[values[s] for s in wire])
            values.extend(results)
            if i in self.flags:
                failed = jnp.any(results[self.flags[i].index]).astype(np.int32)
                code = failed if type(code) is np.int32 else code | failed
        outs = [values[s] for s in self.outputs]
        return [*outs, jnp.asarray(code, np.int32)] if self.coded else outs


class Inference:
    """The nodes of a Body, inferred one after the other for other sizes.

    Attributes:
      avals: of the inputs, the constants and the results so far.
      known: place -> value, where it follows from sizes.
      ranked: places of results that have another rank now.
    """

    def __init__(self, body, resizing, input_avals):
        self.body, self.resizing = body, resizing
        self.avals = [*input_avals, *[aval_of(c) for c in body.consts]]
        self.known = dict(enumerate(body.consts, len(input_avals)))
        self.ranked = set()
        for i, (old, a) in enumerate(zip(body.input_avals, input_avals, strict=True)):
            if i not in body.unranked:
                resizing.learn(old.shape, a.shape)
        for i, value in body.input_values.items():
            self.known[i] = resizing.array(value)

    def copied(self):
        """One that goes on from here by itself."""
        new = copy.copy(self)
        new.resizing, new.avals, new.known = self.resizing.copied(), list(self.avals), dict(self.known)
        new.ranked = set(self.ranked)
        return new

    def ins(self, i):
        """The avals of node i's inputs."""
        return [self.avals[s] for s in self.body.wires[i]]

    def node(self, i):
        """The Spec of node i, the next one."""
        spec, ins = self.body.specs[i], self.ins(i)
        if not self.ranked.isdisjoint(self.body.wires[i]) and not (spec.origin and isinstance(spec.origin[0], Resize)):
            raise Unresized("a rank depends on sizes")
        found = self.resizing.spec(spec, ins)
        if found.coded < spec.coded or len(found.avals) - found.coded != len(spec.avals) - spec.coded:
            raise Unresized("a gradient needs other values for these sizes")
        self.results(i, found, ins)
        return found

    def results(self, i, found, ins):
        """Notes what `found`, the Spec of node i for these sizes, gives."""
        body, resizing, first = self.body, self.resizing, len(self.avals)
        avals = found.avals[: len(body.specs[i].avals)]  # without a code that is new
        for k, (old, a) in enumerate(zip(body.specs[i].avals, avals, strict=True)):
            if k not in found.unranked:
                if len(old.shape) != len(a.shape) and i in body.loose:
                    self.ranked.add(first + k)
                else:
                    resizing.learn(old.shape, a.shape, i in body.loose)
        if first in body.values:
            values = arithmetic(found, ins, [self.known.get(s) for s in body.wires[i]])
            if values is None:
                raise Unresized("a number used as a size cannot be computed")
            for place, value in enumerate(values, first):
                self.known[place] = value
                resizing.values(body.values[place], value, place in body.values_read)
        self.avals += avals


def _looked_at(spec, wire):
    hidden = gradient_only(spec)
    return [s for k, s in enumerate(wire) if k not in hidden] if hidden else wire


def gradient_only(spec):
    """Positions of inputs that the node does not look at; its gradient goes to them alone, where there are any."""
    return () if spec.origin is None else spec.origin[0].gradient_only


def through(bits, sets):
    """The union of those of `sets` whose bit is set."""
    found, i = 0, 0
    while bits:
        if bits & 1:
            found |= sets[i]
        bits >>= 1
        i += 1
    return found


def _baked(trace, k, cell_leaves):
    """Whether leaf k is a constant that becomes part of the program."""
    t = trace.leaves[k]
    if t._seg is trace or k in cell_leaves or t._value is None or t._gid:  # a tape may follow it
        return False
    return t._slot == STATIC or (isinstance(t._value, (np.ndarray, np.generic)) and t._aval.size <= MAX_BAKED)


def needed_nodes(specs, wires, flags, outputs, first=0):
    """The nodes to run, in order: those that act, and what they and the outputs depend on, with the checks of these.

    Args:
      flags: position -> error flag.
      outputs: the wires of the outputs.
      first: the wire of the first result.
    """
    owner = [i for i, s in enumerate(specs) for _ in s.avals]
    checks = {i + flag.ahead: i for i, flag in flags.items()}
    needed = set()
    pending = [i for i, s in enumerate(specs) if s.effect or i in flags and flags[i].stateful]
    pending += [owner[s - first] for s in outputs if s >= first]
    while pending:
        i = pending.pop()
        if i not in needed:
            needed.add(i)
            pending += [owner[s - first] for s in wires[i] if s >= first]
            if i in checks:
                pending.append(checks[i])
    return sorted(needed)


def generate(body):
    """Python source of the host form, compiled; it is called where NumPy ignores floating-point errors."""
    count = len(body.inputs)
    space = {"_free": _free, "_any": np.any, "_count": sys.getrefcount}
    for k, value in enumerate(body.consts):
        space[f"v{count + k}"] = value
    last = {}
    wires = [_looked_at(spec, wire) for spec, wire in zip(body.specs, body.wires, strict=True)]
    for i, wire in enumerate(wires):
        for s in wire:
            last[s] = i
    kept = set(body.outputs) | set(range(count + len(body.consts)))
    lines = []
    place = count + len(body.consts)
    for i, (spec, wire) in enumerate(zip(body.specs, wires, strict=True)):
        space[f"h{i}"] = functools.partial(_first_host, spec, space, f"h{i}")
        results = [f"v{place + k}" for k in range(len(spec.avals))]
        hidden = gradient_only(spec)
        arguments = ", ".join("None" if k in hidden else f"v{s}" for k, s in enumerate(body.wires[i]))
        function = f"h{i}"
        if spec.inplace is not None and wire[spec.inplace] not in kept and last[wire[spec.inplace]] == i and wire.count(wire[spec.inplace]) == 1:
            s = wire[spec.inplace]
            space[f"p{i}"] = functools.partial(_first_host, spec, space, f"p{i}")
            function = f"(p{i} if _free(v{s}, _count(v{s})) else h{i})"
        target = "".join(f"{r}, " for r in results)
        lines.append(f"{target}= {function}({arguments})" if results else f"{function}({arguments})")
        if i in body.flags:
            space[f"f{i}"] = body.flags[i]
            k = body.flags[i].index
            failed = f"_any({results[k]})" if spec.avals[k].shape else results[k]  # of a scalar it takes a tenth of the time
            lines.append(f"if {failed}: raise f{i}.error({arguments})")
        dead = [f"v{s}" for s in sorted(set(wire)) if last[s] == i and s not in kept]
        dead += [r for k, r in enumerate(results) if place + k not in last and place + k not in kept]
        if dead:
            lines.append(f"del {', '.join(dead)}")
        place += len(results)
    lines.append(f"return ({''.join(f'v{s}, ' for s in body.outputs)})")
    parameters = ", ".join(f"v{k}" for k in range(count))
    source = f"def host({parameters}):\n" + "".join(f" {line}\n" for line in lines)
    exec(compile(source, f"<tfcompat function {body.name}>", "exec"), space)
    return space["host"]


def _first_host(spec, space, name, *arguments):
    """Stands for a node's host function until its first call, which makes it."""
    space[name] = function = spec.host_in_place if name[0] == "p" else spec.host
    return function(*arguments)


def _free(array, count):
    """Whether an array made by an earlier node, of which the caller's local is the only reference, may be overwritten."""
    return type(array) is np.ndarray and count <= 2 and array.flags.owndata and array.flags.writeable


class BodySpec(Spec):
    """A Body as one node."""

    __slots__ = ("body", "coded", "depends", "effect", "input_avals", "rows", "ruled", "stateful", "urgent", "why")

    def __init__(self, name, body, urgent=False):
        self._setup(name, body.input_avals, body.avals, body.coded, body.cost, body.equations)
        self.body, self.effect, self.stateful, self.urgent = body, body.effect, body.stateful, urgent
        self.ruled = functools.partial(body.run, ruled=True)
        self.depends = [*body.depends, 0] if body.coded else body.depends
        self._evaluate = body.run
        self._host = self._run_host

    def resized(self, resizing, avals):
        return type(self)(self.name, self.body.resized(resizing, avals), self.urgent)

    def trimmed(self, kept):
        """The node with only those results (and its code), or None."""
        return None

    def _setup(self, name, input_avals, avals, coded, cost, equations):
        self.id = next(serials)
        self.name = name
        self.input_avals = input_avals
        self.avals = (*avals, CODE) if coded else tuple(avals)
        self.coded = coded
        self.cost, self.equations, self.compile_cost = cost, equations, equations * costs.COMPILE_MIXED
        self.nbytes = sum(a.nbytes for a in self.avals)
        self.single, self.inplace = False, None
        self._jaxpr = self._host_in_place = self.origin = self.derivative = self.why = self.rows = None
        self._looked_at, self._reshapes = tuple(range(len(input_avals))), False
        self._trace = self._exact_trace
        self.derivatives = {}
        self.depends = self.taped = None
        self.static = self.special = self.checked = False
        self.effect = self.stateful = self.urgent = False

    def _exact_trace(self):
        with jax.enable_x64(True):
            return jax.make_jaxpr(lambda *args: self.evaluate(*args))(*[a.struct for a in self.input_avals])

    def _run_host(self, *arrays):
        if not self.coded:
            return self.body.host(*arrays)
        try:
            return *self.body.host(*arrays), np.int32(0)
        except Exception as error:  # noqa: BLE001 - what goes wrong inside is raised when the code is looked at
            self.why = error
            return *[np.zeros(a.shape, a.np_dtype) for a in self.body.avals], np.int32(1)

    def explain(self, *arrays):
        """The error behind a code that is not 0."""
        why, self.why = self.why, None
        if why is None:
            with np.errstate(all="ignore"):
                self._run_host(*arrays)
            why, self.why = self.why, None
        return why or errors.InvalidArgumentError(None, None, f"{self.name}: a check failed")


class CallFlag:
    """The error flag of a recorded call whose body has checks (see `checks.Flag`)."""

    ahead = 0
    __slots__ = ("index", "position", "site", "sites", "spec", "tensor")

    def __init__(self, spec, tensor, position, sites, site):
        self.spec, self.tensor, self.position, self.sites, self.site = spec, tensor, position, sites, site
        self.index = len(spec.avals) - 1

    @classmethod
    def alone(cls, spec):
        """The flag of a call that had none when it was recorded."""
        return cls(spec, None, 0, {}, None)

    @property
    def stateful(self):
        return self.spec.stateful

    def moved(self, by):
        return CallFlag(self.spec, self.tensor, self.position + by, self.sites, self.site)

    def resized(self, resizing, avals):
        return self.of(resizing.spec(self.spec, avals))

    def of(self, spec):
        """The flag of the same call by another Spec."""
        return CallFlag(spec, self.tensor, self.position, self.sites, self.site)

    def error(self, *values):
        self.sites[self.site] = "failed"
        if len(values) == len(self.spec.input_avals):
            return self.spec.explain(*values)
        return errors.InvalidArgumentError(None, None, f"{self.spec.name}: a check failed")


class AssertFlag:
    """The error flag of an assert recorded in a function."""

    index = ahead = 0
    stateful = True
    __slots__ = ("position", "tensor", "text")

    def __init__(self, text, tensor, position):
        self.text, self.tensor, self.position = text, tensor, position

    def moved(self, by):
        return AssertFlag(self.text, self.tensor, self.position + by)

    def resized(self, resizing, avals):
        return self

    def error(self, condition, *values):
        return errors.InvalidArgumentError(None, None, self.text(*[np.asarray(v) for v in values]))


def record_assert(condition, data, text):
    """Records that all of `condition` must be true when the function runs.

    Args:
      data: tensors that the error's text shows.
      text: function of their arrays to the text.
    """
    segment = segments.current()
    op = Op("Assert", _fails, grad=None, static=False)
    tensor = segment.record(op.spec((condition, *data)), (condition, *data))
    segment.flags.append(AssertFlag(text, tensor, len(segment.specs) - 1))


def _fails(condition, *data):
    return ~jnp.all(condition)


def call_spec(op, spec, ins):
    """Records one call of a node that stands alone. Returns the list of its results, without the code."""
    results = call(op, None, ins, (), 0, spec)
    if not spec.coded:
        return results
    segment = state.context.segment
    code = results[-1]
    if code._value is not None:  # it has run already
        if np.any(np.asarray(code._value)):
            raise spec.explain(*[host_value(t) for t in ins])
        return results[:-1]
    sites, site = op.hot_sites, call_site()
    segment.flags.append(CallFlag(spec, code, segment.node_of(code._slot), sites, site))
    if not segment.symbolic:
        known = sites.get(site)
        if spec.effect or known != "good":  # as of an op that checks values: at once, until the line has proven good
            segment.close("effects" if spec.effect else "checks")
            segment.check_flags()
            if known is None:
                sites[site] = "good"
    return results[:-1]


def op_of(spec):
    """An Op for a node that stands alone: a call, a branch, a loop."""
    op = Op(spec.name, spec.ruled, single=False)
    op.infer = lambda key, ins, attrs, count: spec
    op.alone = op_of
    return op
