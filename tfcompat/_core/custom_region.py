"""`tf.custom_gradient` while a function is being recorded: one node for the user's function, whose derivative is a Body too.

Both are recorded at once: the function in a trace inside the present one, and what it returned for its derivative in a
trace inside that, so that it may use whatever the function has computed.
"""

import jax
import jax.numpy as jnp

from tfcompat._core import nest
from tfcompat._core.body import Body, BodySpec, call_spec, op_of
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.trace import Trace


class RegionSpec(BodySpec):
    """The node: runs `forward` of its inputs; JAX differentiates it by `backward`.

    Args:
      forward: Body of the results, then of what `backward` takes from it.
      count: number of results.
      backward: Body of the cotangents, or the error that recording it raised.
      sources: for each input of `backward` ("residual", i), ("cotangent", i) or ("input", i).
      targets: the inputs that cotangents are for, in the order of `backward`'s outputs; None where there is none.
    """

    __slots__ = ("backward", "count", "forward", "sources", "targets")

    def __init__(self, forward, count, backward, sources, targets, input_avals, forward_places):
        self._setup("CustomGradient", input_avals, forward.avals[:count], False, forward.cost, forward.equations)
        self.forward, self.count, self.backward = (forward, forward_places), count, backward
        self.sources, self.targets = sources, targets
        self.body = forward
        self.depends = [sum({1 << i for i in targets})] * count
        self.effect = forward.effect
        self._evaluate = self.run
        self.ruled = self.run_ruled
        self._host = self._run_host

    def resized(self, resizing, avals):
        body, places = self.forward
        body, backward = body.resized(resizing, [avals[i] for i in places]), self.backward
        if not isinstance(backward, Exception):
            backward = backward.resized(resizing, [resizing.aval(a) for a in backward.input_avals])
        return RegionSpec(body, self.count, backward, self.sources, self.targets, avals, places)

    def _all(self, arrays, ruled=False):
        body, places = self.forward
        outs = body.run(*[arrays[i] for i in places], ruled=ruled)
        return outs[:-1] if body.coded else outs

    def run(self, *arrays):
        return self._all(arrays)[: self.count]

    def _run_host(self, *arrays):
        body, places = self.forward
        return body.host(*[arrays[i] for i in places])[: self.count]

    def run_ruled(self, *arrays):
        @jax.custom_vjp
        def function(*arrays):
            return tuple(self.run(*arrays))

        def forward(*arrays):
            outs = self._all(arrays)
            return tuple(outs[: self.count]), (arrays, outs[self.count :])

        def backward(kept, cotangents):
            arrays, residuals = kept
            if isinstance(self.backward, Exception):
                raise self.backward
            avals = self.avals
            given = [c if c.dtype != jax.dtypes.float0 else jnp.zeros(a.shape, a.np_dtype)
                     for c, a in zip(cotangents, avals, strict=True)]  # fmt: skip
            groups = {"residual": residuals, "cotangent": given, "input": arrays}
            pulled = self.backward.run(*[groups[kind][i] for kind, i in self.sources], ruled=True)
            result = [jnp.zeros(a.shape, a.dtype) if jnp.issubdtype(a.dtype, jnp.inexact) else None for a in arrays]
            for i, p in zip(self.targets, pulled, strict=False):
                if i is not None and result[i] is not None:
                    result[i] = result[i] + jnp.asarray(p, result[i].dtype).reshape(result[i].shape)
            return tuple(result)

        function.defvjp(forward, backward)
        return list(function(*arrays))


def record_region(f, args, kwargs, flat, cells_of):
    """Calls `f`, which returns its result and the function for its derivative, as one node.

    Args:
      flat: the tensors of `args`, flat.
      cells_of: function from a trace to the variables among those it has read that need gradients.

    Returns:
      The result, of symbolic tensors.
    """
    part = Trace("custom_gradient", state.trace, "branch")
    inside = [part.placeholder(t._aval) for t in flat]
    with part:
        result, grad = f(*nest.pack_sequence_as(args, inside), **kwargs)
        outs = [convert(t) for t in nest.flatten(result)]
        variables = cells_of(part, grad)
        pullback, given, pulled, error = _record_backward(part, grad, outs, inside, variables)
    if part.written:
        raise NotImplementedError("tf.custom_gradient: the function assigns to variables inside a tf.function.")
    ins, index = list(flat), {id(t): i for i, t in enumerate(inside)}
    cell_index = {}

    def place(trace, k):
        """The number of the node's input that leaf k of `trace` is."""
        leaf = trace.leaves[k]
        for cell, number in trace.cell_leaves.items():
            if number == k:
                if id(cell) not in cell_index:
                    cell_index[id(cell)] = len(ins)
                    ins.append(cell.read())
                return cell_index[id(cell)]
        if id(leaf) not in index:
            index[id(leaf)] = len(ins)
            ins.append(leaf)
        return index[id(leaf)]

    residuals, sources, backward = [], [], error
    if error is None:
        backward = Body(pullback, [t for t in pulled if t is not None])
        cotangents = {id(t): i for i, t in enumerate(given)}
        for k in backward.input_leaves:
            leaf = pullback.leaves[k]
            if id(leaf) in cotangents:
                sources.append(("cotangent", cotangents[id(leaf)]))
            elif leaf._seg is part and k not in pullback.cell_leaves.values():
                sources.append(("residual", len(residuals)))
                residuals.append(leaf)
            else:
                sources.append(("input", place(pullback, k)))
    forward = Body(part, [*outs, *residuals])
    places = [place(part, k) for k in forward.input_leaves]
    for v in variables:
        if id(v._cell) not in cell_index:
            cell_index[id(v._cell)] = len(ins)
            ins.append(v._cell.read())
    targets = [*range(len(flat)), *[cell_index[id(v._cell)] for v in variables]]
    targets = [i for i, t in zip(targets, pulled, strict=True) if t is not None] if error is None else targets
    spec = RegionSpec(forward, len(outs), backward, sources, targets, [t._aval for t in ins], places)
    return nest.pack_sequence_as(result, call_spec(op_of(spec), spec, ins))


def _record_backward(part, grad, outs, inside, variables):
    """(trace, cotangent placeholders, cotangents of arguments and variables, error)."""
    pullback = Trace("custom_gradient_grad", part, "branch")
    given = [pullback.placeholder(t._aval) for t in outs]
    try:
        with pullback:
            if variables:
                pulled, of_variables = grad(*given, variables=variables)
                of_variables = list(of_variables)
                if len(of_variables) != len(variables):
                    raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
            else:
                pulled, of_variables = grad(*given), []
            pulled = nest.flatten(pulled)
            if len(pulled) != len(inside):
                raise ValueError(
                    f"custom_gradient function expected to return {len(inside)} gradients, but returned {len(pulled)} instead."
                )
            pulled = [None if p is None else convert(p) for p in (*pulled, *of_variables)]
    except Exception as error:  # noqa: BLE001 - raised when the derivative is asked for
        return pullback, given, (), error
    return pullback, given, pulled, None
