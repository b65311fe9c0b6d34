"""Rewriting jaxprs before they are compiled: equations replaced by functions that do the same, inner jaxprs included."""

import operator

import jax
from jax.extend import core as jex


def holds(jaxpr, wanted):
    """Whether there is an equation in a jaxpr, inner ones included, of which the function `wanted` is true."""
    return any(wanted(eqn) or _inner_holds(eqn, wanted) for eqn in jaxpr.eqns)


def rewritten(jaxpr, wanted, forms):
    """The jaxpr, with other equations; itself where there are none.

    Args:
      wanted: a function of equations: false of those that stay as they are; jaxprs without others do, too.
      forms: makes, for each jaxpr, a function that is called with its equations in order; it gives the JAX function to be
        called in an equation's stead, or None. That is called with the equation's operands, or, if it has them, with its
        own `operands`, variables that are known there.
    """
    form_of, eqns = forms(), []
    for eqn in jaxpr.eqns:
        form = form_of(eqn)
        if form is not None:
            operands = getattr(form, "operands", eqn.invars)
            structs = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in operands]
            (call,) = jax.make_jaxpr(jax.jit(form))(*structs).jaxpr.eqns
            eqn = call.replace(invars=operands, outvars=eqn.outvars)
        elif _inner_holds(eqn, wanted):
            params = {name: _of_parameter(value, wanted, forms) for name, value in eqn.params.items()}
            if not all(map(operator.is_, params.values(), eqn.params.values())):
                eqn = eqn.replace(params=params)
        eqns.append(eqn)
    return jaxpr if all(map(operator.is_, eqns, jaxpr.eqns)) else jaxpr.replace(eqns=eqns)


def _inner_holds(eqn, wanted):
    return any(holds(jaxpr, wanted) for jaxpr in inner(eqn))


def _of_parameter(value, *how):
    if isinstance(value, jex.ClosedJaxpr):
        jaxpr = rewritten(value.jaxpr, *how)
        return value if jaxpr is value.jaxpr else jex.ClosedJaxpr(jaxpr, value.consts)
    if isinstance(value, jex.Jaxpr):
        return rewritten(value, *how)
    if isinstance(value, tuple):
        values = tuple([_of_parameter(v, *how) for v in value])
        return value if all(map(operator.is_, values, value)) else values
    return value


def inner(eqn):
    """The jaxprs among an equation's parameters."""
    for value in eqn.params.values():
        for v in value if isinstance(value, tuple) else (value,):
            if isinstance(v, jex.ClosedJaxpr):
                yield v.jaxpr
            elif isinstance(v, jex.Jaxpr):
                yield v
