"""Functions that NumPy says in fewer calls than the primitives JAX makes of them.

Such a function is jitted under a name by which `interpret` finds its twin. As the derivative of a jitted function goes by
the same name, only functions that have none can have a twin: either what they take or what they give is no float.
"""

import jax
import jax.numpy as jnp

from tfcompat._core.lax_numpy import rule

CALLS = {}  # name of a jitted function -> about how many NumPy calls its twin makes


def twin(function, calls, kind="closure"):
    """Declares the decorated rule to be a function's twin.

    Args:
      function: a function of JAX arrays.
      calls: how many NumPy calls what the rule makes takes.
      kind: of the rule; see `lax_numpy.Rule`.

    Returns:
      A decorator; it gives back what is to be called in the function's stead.
    """

    def enter(make):
        function.__name__ = f"tfcompat.{function.__name__.strip('_')}"
        rule(function.__name__, kind=kind)(make)
        CALLS[function.__name__] = calls
        return jax.jit(function)

    return enter


def has_twin(eqn):
    """Whether an equation calls a function with a twin, and is no derivative of it."""
    if eqn.params.get("name") not in CALLS:
        return False
    return not all([any([jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in vs]) for vs in (eqn.invars, eqn.outvars)])
