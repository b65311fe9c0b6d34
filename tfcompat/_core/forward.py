"""`tf.autodiff.ForwardAccumulator`: Jacobian-vector products, computed as the ops are called.

The tangent of a result is recorded as one more op: `jax.jvp` of the op's body, or the transpose of the gradient that the
op declares, so that forward and backward follow the same conventions. Strictly nested, as in TensorFlow: what an
accumulator records is seen by the tapes and accumulators around it only.
"""

import operator
import sys
import weakref

import jax
import jax.numpy as jnp

from tfcompat._core import entries, nest
from tfcompat._core.cells import cell_of, dtype_of
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.op import Op, Unregistered, invoke, trace
from tfcompat._core.parameters import arrange
from tfcompat._core.spec import Spec
from tfcompat._core.tape import GradientTape, UnconnectedGradients, levels, warn, without_identity
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle
from tfcompat._core.vjp import conjugate, reached
from tfcompat._core.walk import zeros_for

PRIMAL_DTYPE = "The dtype of the watched primal must be floating (e.g. tf.float32), got {dtype!r}"
REPEATED = (
    "Tensor {} was specified as a primal multiple times. This may indicate an error. If it was intended, please sum the "
    "corresponding tangents."
)


class Keyed(weakref.ref):
    """A weak reference that knows what it is filed under."""

    __slots__ = ("key",)


class ForwardAccumulator:
    """Computes Jacobian-vector products while a program runs.

    Args:
      primals: a Tensor or Variable, or a nested structure of them, with regard to which is differentiated.
      tangents: the vector: the same structure, of tensors of the primals' shapes and dtypes.

    Raises:
      ValueError: a primal is given twice, or the structures differ.
    """

    def __init__(self, primals, tangents):
        self._tangents = known = {}  # id of a tensor -> (Keyed, tangent); tangents go when their tensors do
        self._gone = lambda reference: known.pop(reference.key, None)
        self._of_cells = {}  # gid of a variable -> tangent
        self._recording = False
        self._level = 0
        flat = nest.flatten(primals)
        if len({id(primal) for primal in flat}) < len(flat):
            seen = set()
            for primal in flat:
                if id(primal) in seen:
                    raise ValueError(REPEATED.format(primal))
                seen.add(id(primal))
        if type(primals) is list and all(map(operator.is_, primals, flat)) and _plain(tangents) and len(flat) == len(tangents):
            for primal, tangent in zip(primals, tangents, strict=True):
                self._watch(primal, tangent)
        else:
            nest.map_structure(self._watch, primals, tangents)

    def _watch(self, primal, tangent):
        dtype = dtype_of(primal)
        if dtype is None:
            raise without_identity(primal, "dtype")
        if not dtype.is_floating:
            warn(PRIMAL_DTYPE.format(dtype=dtype), 5)
        tangent = convert(tangent, dtype)
        cell = cell_of(primal)
        if cell is None:
            self._set(primal, tangent)
        else:
            self._of_cells[cell.gid] = tangent

    def __enter__(self):
        if self._recording:
            raise ValueError("Accumulator is already recording.")
        self._level = next(levels)
        state.accumulators = [*state.accumulators, self]
        self._recording = True
        return self

    def __exit__(self, kind, value, traceback):
        if self._recording:
            state.accumulators = [a for a in state.accumulators if a is not self]
            self._recording = False

    def jvp(self, primals, unconnected_gradients=UnconnectedGradients.NONE):
        """The Jacobian-vector products of tensors computed while the accumulator was active; computes nothing.

        Args:
          primals: a Tensor or Variable, or a nested structure of them.
          unconnected_gradients: what those get that do not depend on the watched primals: "none" (None) or "zero".

        Raises:
          ValueError: a wrong `unconnected_gradients`.
          AttributeError: something that is neither a Tensor nor a Variable.
        """
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO

        def fetch(primal):
            cell = cell_of(primal)
            if cell is None and not isinstance(primal, TensorHandle):
                raise without_identity(primal)
            tangent = self._get(primal) if cell is None else self._of_cells.get(cell.gid)
            return zeros_for(primal) if tangent is None and zero else tangent

        if type(primals) is list and all([type(p) is Tensor for p in primals]):  # the usual case: nothing is nested
            return [fetch(p) for p in primals]
        return nest.map_structure(fetch, primals)

    def _variable_read(self, cell, tensor):
        tangent = self._of_cells.get(cell.gid)
        if tangent is not None:
            self._set(tensor, tangent)

    def _get(self, tensor):
        found = self._tangents.get(id(tensor))
        return None if found is None else found[1]

    def _set(self, tensor, tangent):
        reference = Keyed(tensor, self._gone)
        reference.key = key = id(tensor)
        self._tangents[key] = reference, tangent


def _plain(structure):
    """Whether it is a list in which nothing is nested: the usual case."""
    return type(structure) is list and all(map(operator.is_, structure, nest.flatten(structure)))


def record(context, op, spec, ins, attrs, count):
    """Records a node, and its Jacobian-vector products for the active accumulators.

    Outermost first: what an inner one records may look at the results, whose tangents the outer ones must know by then.
    """
    accumulators, tapes = context.accumulators, context.tapes
    context.accumulators = []
    try:
        results = entries.record_entry(context, op, spec, ins, attrs, count)  # tangents go by handles: these have to stay
        if op.grad is None:
            return results
        outs = [results] if spec.single else results
        for position, accumulator in enumerate(accumulators):
            known = accumulator._tangents
            found = [known.get(id(t)) for t in ins]
            given = [f[1] for f in found if f is not None]
            if not given:
                continue
            context.accumulators = accumulators[:position]
            context.tapes = entered_before(accumulator, tapes)
            key = "jvp", *[f is not None for f in found]
            made = spec.derivatives.get(key)
            if made is None:
                made = spec.derivatives[key] = find_jvp(op, spec, ins, attrs, count, key[1:])
            jvp, differentiable, integers = made
            if not differentiable:
                continue
            if integers:
                given = [f[1] for f, t in zip(found, ins, strict=True) if f is not None and t._aval.differentiable]
            operands = (*ins, *outs, *given)
            if context.tapes or context.accumulators or jvp.folded:
                tangents = invoke(jvp, operands)
            else:
                tangents = context.segment.record(jvp.only or jvp.spec(operands), operands)
            for k, tangent in zip(differentiable, tangents, strict=True):
                accumulator._set(outs[k], tangent)
        return results
    finally:
        context.accumulators, context.tapes = accumulators, tapes


def entered_before(accumulator, tapes):
    """Those of `tapes`, outermost first, that were entered before `accumulator`."""
    if not tapes or tapes[0]._level > accumulator._level:
        return []
    return [tape for tape in tapes if tape._level < accumulator._level]


def find_jvp(op, spec, ins, attrs, count, watched):
    """What `make_jvp` gives, and whether integers are among those watched (which warns): they have no part in it."""
    mask = tuple([w and t._aval.differentiable for w, t in zip(watched, ins, strict=True)])
    jvp, differentiable = make_jvp(op, spec, ins, attrs, count, mask) if True in mask else (None, [])
    return jvp, differentiable, mask != watched


def make_jvp(op, spec, ins, attrs, count, mask):
    """The Op of (inputs, results, tangents) to the tangents of the differentiable results, and which those are."""
    if op.folded:
        return op.jvp(mask)
    of_ins = [t._aval for t in ins]  # the tensors themselves must not stay in what is cached
    wanted = [i for i, m in enumerate(mask) if m]
    differentiable = [k for k, a in enumerate(spec.avals) if a.differentiable]
    results = reached(entries.flow_of(op, spec), mask)
    if results is not None:
        differentiable = [k for k in differentiable if k in results]
    if not differentiable:
        return None, []
    if type(op.grad) is Unregistered:
        raise op.grad.error()
    n, m = len(of_ins), len(spec.avals)
    function = op.function(attrs, count)

    def restricted(args):
        """The op as a function of the inputs that have tangents, to the results that can."""

        def of_wanted(*values):
            full = list(args[:n])
            for i, v in zip(wanted, values, strict=True):
                full[i] = v
            outs = function(*full)
            outs = outs if isinstance(outs, (list, tuple)) else [outs]
            return [outs[k] for k in differentiable]

        return of_wanted, [args[i] for i in wanted]

    def of_body(*args):
        of_wanted, values = restricted(args)
        return jax.jvp(of_wanted, values, list(args[n + m :]))[1]

    def of_vjp(*args):
        # For bodies with derivatives of their own, as functions have; those are for the way back alone.
        of_wanted, values = restricted(args)
        outs, pull = jax.vjp(of_wanted, *values)
        _, transpose = jax.vjp(pull, [jnp.ones_like(o) for o in outs])
        return transpose(tuple(args[n + m :]))[0]

    def of_gradient(*args):
        inputs, outs, tangents = args[:n], args[n : n + m], args[n + m :]
        data = inputs if op.parameters is None else arrange(op.parameters, inputs, attrs, count)
        floating = [i for i, a in enumerate(of_ins) if a.differentiable]

        def pullback(given):
            g = [jnp.zeros(o.shape, o.dtype) for o in outs]
            for k, c in zip(differentiable, given, strict=True):
                g[k] = conjugate(c)
            grads = op.grad(g[0] if op.single else g, outs[0] if op.single else list(outs), *data)
            grads = list(grads) if isinstance(grads, (list, tuple)) else [grads]
            by_input = dict(zip(floating, grads, strict=True))
            return [
                jnp.zeros_like(inputs[i]) if by_input[i] is None
                else conjugate(jnp.asarray(by_input[i], inputs[i].dtype).reshape(inputs[i].shape))
                for i in wanted
            ]  # fmt: skip

        # The gradient is linear in the cotangents: the transpose of that map is the Jacobian itself. Taken at 1, as some
        # gradients make an exception for cotangents that are 0.
        _, transpose = jax.vjp(pullback, [jnp.ones_like(outs[k]) for k in differentiable])
        return transpose(list(tangents))[0]

    avals = [*of_ins, *spec.avals, *[of_ins[i] for i in wanted]]
    bodies = [of_gradient, of_body, of_vjp] if callable(op.grad) else [of_body, of_vjp]
    for body in bodies:
        jvp = Op(op.kernel + "Jvp", body, single=False)
        try:
            closed = trace(jvp, body, avals)
        except Exception:
            if body is of_vjp:
                raise
            continue
        if not refuses(closed.jaxpr):
            jvp.specs[tuple(avals)] = spec = Spec(jvp.kernel, closed, False)
            spec.origin = jvp, (), 0
            jvp.only = spec
            break
    return jvp, differentiable


def refuses(jaxpr):
    """Whether JAX put an equation there that raises when it is run: forward mode of a `custom_vjp`."""
    for eqn in jaxpr.eqns:
        if eqn.primitive.name == "custom_lin":
            return True
        for value in eqn.params.values():
            for inner in value if isinstance(value, (tuple, list)) else [value]:
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns") and refuses(inner):
                    return True
    return False


def record_python(ins, outs, pull):
    """Tangents of a step with a Python pullback: that is linear, and a tape transposes it.

    Results that have a tangent already, because what computed them was seen, keep it, as in TensorFlow.
    """
    accumulators, tapes = state.accumulators, state.tapes
    try:
        for position, accumulator in enumerate(accumulators):
            given = [accumulator._get(t) for t in ins]
            if all(g is None for g in given) or all(accumulator._get(t) is not None for t in outs):
                continue
            state.accumulators, state.tapes = accumulators[:position], entered_before(accumulator, tapes)
            with GradientTape(watch_accessed_variables=False) as tape:
                aids = [zeros_for(t) for t in outs]
                tape.watch([a for a in aids if a._aval.differentiable])
                pulled = list(pull(aids))
            pairs = [(entries.dense(p), g) for p, g in zip(pulled, given, strict=True) if p is not None and g is not None]
            tangents = tape.gradient([p for p, _ in pairs], aids, output_gradients=[g for _, g in pairs])
            for t, tangent in zip(outs, tangents, strict=True):
                if tangent is not None and accumulator._get(t) is None:
                    accumulator._set(t, tangent)
    finally:
        state.accumulators, state.tapes = accumulators, tapes


entries.set_forward(sys.modules[__name__])
__all__ = ["ForwardAccumulator"]
