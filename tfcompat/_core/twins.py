"""Functions that NumPy says in fewer calls than the primitives JAX makes of them.

Such a function is jitted under a name by which `interpret` finds its twin. The derivative of a jitted function goes by
the same name, and so do parts of it: JAX takes what does not change out of a loop. So what is called by the name is
compared with the function.
"""

import weakref

import jax
import jax.numpy as jnp

from tfcompat._core.inlined import apart, inlined
from tfcompat._core.lax_numpy import rule

CALLS = {}  # name of a jitted function -> about how many NumPy calls its twin makes
AS_FAST = {}  # name -> function of an equation: whether XLA's program is not faster than the twin
_functions = {}  # its name -> the jitted function
_whole = weakref.WeakKeyDictionary()  # jaxpr that is called by such a name -> whether it is the function's own


def twin(function, calls, kind="closure", as_fast=None, loops=False):
    """Declares the decorated rule to be a function's twin.

    Args:
      function: a function of JAX arrays.
      calls: how many NumPy calls what the rule makes takes.
      kind: of the rule; see `lax_numpy.Rule`.
      as_fast: function of an equation that calls it; where it is true, XLA's program is not faster than the twin.
      loops: whether the function has loops of lax.

    Returns:
      A decorator; it gives back what is to be called in the function's stead.
    """

    def enter(make):
        function.__name__ = f"tfcompat.{function.__name__.strip('_')}"
        rule(function.__name__, kind=kind)(make)
        CALLS[function.__name__], AS_FAST[function.__name__] = calls, as_fast
        jitted = _functions[function.__name__] = jax.jit(function if loops else inlined(function))
        return apart(jitted)

    return enter


def has_twin(eqn):
    """Whether an equation calls a function with a twin: all of it, and not its derivative."""
    if eqn.params.get("name") not in CALLS:
        return False
    jaxpr = eqn.params["jaxpr"]
    known = _whole.get(jaxpr)
    if known is None:
        known = _whole[jaxpr] = _is_whole(eqn, jaxpr)
    return known


def _is_whole(eqn, jaxpr):
    structs = [jax.ShapeDtypeStruct(a.shape, a.dtype, weak_type=getattr(a, "weak_type", False)) for a in jaxpr.in_avals]
    try:
        with jax.enable_x64(True):
            whole = _functions[eqn.params["name"]].trace(*structs).jaxpr
    except TypeError:  # another number of arguments
        return False
    if whole is jaxpr:  # JAX keeps what it has traced; to print one takes milliseconds
        return True
    floats = [any([jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in vs]) for vs in (eqn.invars, eqn.outvars)]
    if all(floats):  # it may be a derivative that does the same on other operands
        return not whole.consts and str(whole) == str(jaxpr)
    return _primitives(whole) == _primitives(jaxpr)


def _primitives(closed):
    return [(e.primitive.name, len(e.invars)) for e in closed.jaxpr.eqns]
