"""Ops as JAX functions whose derivative, taken by JAX, is the one that TensorFlow defines."""

import functools

import jax
import jax.numpy as jnp

from tfcompat._core import caches
from tfcompat._core.op import Unregistered
from tfcompat._core.parameters import arrange

_ruled = caches.Bounded(20_000)


def ruled_evaluate(spec):
    """The node as such a function."""
    own = getattr(spec, "ruled", None)
    if own is not None:
        return own
    if spec.origin is None:
        return spec.evaluate
    found = _ruled.get(spec.id)
    if found is None:
        op, attrs, count = spec.origin
        if op.grad is None or not any([a.differentiable for a in spec.avals]):
            found = functools.partial(_constant, spec)
        elif type(op.grad) is Unregistered:
            found = undefined(op, spec)
        elif callable(op.grad):
            found = with_rule(op, spec, attrs, count)
        else:
            found = spec.evaluate
        _ruled[spec.id] = found
    return found


def _constant(spec, *args):
    return spec.evaluate(*[jax.lax.stop_gradient(a) for a in args])


def undefined(op, spec):
    """`spec.evaluate`; its derivative raises, but not where nothing comes back to it."""
    count = len(spec.jaxpr.in_avals)

    @jax.custom_vjp
    def function(*args):
        return tuple(spec.evaluate(*args))

    def forward(*args):
        return function(*[a.value for a in args]), None

    def backward(_, cotangents):
        for a, c in zip(spec.avals, cotangents, strict=True):
            if a.differentiable and not isinstance(c, jax.custom_derivatives.SymbolicZero):
                op.grad()
        return (None,) * count  # zeros that nothing is multiplied by

    function.defvjp(forward, backward, symbolic_zeros=True)
    return function


def underived(kernel, function):
    """A JAX function that is a gradient of which TensorFlow has none, its op `kernel`: the derivative raises."""

    @jax.custom_vjp
    def underived(*args):
        return function(*args)

    def forward(*args):
        return function(*args), None

    def backward(_, cotangent):
        raise Unregistered(kernel).error()

    underived.defvjp(forward, backward)
    return underived


def with_rule(op, spec, attrs, count):
    """`spec.evaluate` with the op's declared gradient."""

    @jax.custom_vjp
    def function(*args):
        return tuple(spec.evaluate(*args))

    def forward(*args):
        outs = function(*args)
        return outs, (args, outs)

    def backward(kept, cotangents):
        args, outs = kept
        g = [_conjugate(c) if c.dtype != jax.dtypes.float0 else jnp.zeros(o.shape, o.dtype)
             for c, o in zip(cotangents, outs, strict=True)]  # fmt: skip
        data = args if op.parameters is None else arrange(op.parameters, args, attrs, count)
        grads = op.grad(g[0] if op.single else g, outs[0] if op.single else list(outs), *data)
        grads = iter(grads if isinstance(grads, (list, tuple)) else [grads])
        pulled = []
        for a in args:
            if not jnp.issubdtype(a.dtype, jnp.inexact):
                pulled.append(None)
                continue
            grad = next(grads)
            if grad is None:
                pulled.append(jnp.zeros(a.shape, a.dtype))
            else:
                pulled.append(_conjugate(jnp.asarray(grad, a.dtype).reshape(a.shape)))
        return tuple(pulled)

    function.defvjp(forward, backward)
    return function


def _conjugate(x):
    return jnp.conj(x) if jnp.issubdtype(x.dtype, jnp.complexfloating) else x
