"""`tf.gradients`: derivatives inside a function that is being recorded, of what has been recorded already.

What leads from the sources to the targets is recorded a second time, under a tape. Compilers see that both are the same.
"""

from jax.extend import core as jex

from tfcompat._array import reshape, stack
from tfcompat._core import nest
from tfcompat._core.body import op_of
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.op import Op, call
from tfcompat._core.sizes import each
from tfcompat._core.symbolic import first_slots
from tfcompat._core.tape import GradientTape, UnconnectedGradients

_EAGER = "tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead."


def _tensor(value):
    return value._read() if hasattr(type(value), "_read") else convert(value)


def gradients(ys, xs, grad_ys=None, name="gradients", gate_gradients=False, aggregation_method=None, stop_gradients=None,
              unconnected_gradients=UnconnectedGradients.NONE):  # fmt: skip
    """Derivatives of the sum of `ys` with regard to each of `xs`, inside a tf.function.

    Args:
      ys, xs: tensors or lists of them.
      grad_ys: cotangents of `ys`; default ones.
      stop_gradients: tensors through which nothing is differentiated.
      unconnected_gradients: what a source gets that the targets do not depend on: "none" or "zero".
      gate_gradients, aggregation_method: accepted.

    Returns:
      A list with one tensor (or None) for each of `xs`.

    Raises:
      RuntimeError: in eager code.
    """
    trace = state.trace
    if trace is None:
        raise RuntimeError(_EAGER)
    targets = [_tensor(y) for y in nest.flatten(ys)]
    sources = [_tensor(x) for x in nest.flatten(xs)]
    stops = [_tensor(s) for s in nest.flatten(stop_gradients)] if stop_gradients is not None else []
    given = None if grad_ys is None else [g if g is None else _tensor(g) for g in nest.flatten(grad_ys)]
    with GradientTape(watch_accessed_variables=False) as tape:
        handles, again = _recorded_again(trace, tape, targets, sources, {trace.wire(s) for s in stops})
    return tape.gradient(again, handles, output_gradients=given, unconnected_gradients=unconnected_gradients)


def _recorded_again(trace, tape, targets, sources, stops):
    """What depends on the sources, recorded again under a tape. Returns (handles of the sources, of the targets)."""
    starts, specs, wires = first_slots(trace), list(trace.specs), list(trace.wires)
    wanted = {trace.wire(x): x for x in sources}
    values = {}

    def watch(wire):
        x = wanted[wire]
        values[wire] = trace.alias(x) if x._seg is trace else x
        tape.watch(values[wire])

    for wire in wanted:
        if wire < 0:
            watch(wire)
    for i, (spec, wire) in enumerate(zip(specs, wires, strict=True)):
        slots = range(starts[i], starts[i] + len(spec.avals))
        if any(s in values for s in wire) and not any(s in stops for s in slots):
            ins = [values[s] if s in values else trace.tensor(s) for s in wire]
            if spec.origin is not None:
                op, attrs, count = spec.origin
            elif hasattr(spec, "ruled"):
                op, attrs, count = op_of(spec), (), 0
            else:
                op, attrs, count = Op(spec.name, jex.jaxpr_as_fun(spec.jaxpr), single=spec.single), (), 0
            outs = call(op, None, ins, attrs, count, spec)
            values.update(zip(slots, [outs] if spec.single else outs, strict=True))
            for s in slots:
                if s in wanted:  # a source even where nothing is differentiated through the op
                    tape.watch(values[s])
        else:
            for s in slots:
                if s in wanted:
                    watch(s)
    return [values[trace.wire(x)] for x in sources], [values.get(trace.wire(t), t) for t in targets]


def hessians(ys, xs, gate_gradients=False, aggregation_method=None, name="hessians"):
    """Second derivatives of the sum of `ys` with regard to each of `xs`, inside a tf.function.

    Args:
      ys, xs: tensors of the function, or structures of them.
      gate_gradients, aggregation_method: accepted.

    Returns:
      A list with one tensor of shape `x.shape + x.shape` for each of `xs`.

    Raises:
      RuntimeError: in eager code.
    """
    found = []
    for x in nest.flatten(xs):
        (first,) = gradients(ys, x)
        flat = reshape(first, [-1])
        rows = [gradients(flat[i], x)[0] for i in each(flat._aval.shape[0])]
        shape = list(first._aval.shape)
        found.append(reshape(stack(rows), shape + shape))
    return found
