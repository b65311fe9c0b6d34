"""Elementary functions of large arrays as XLA compiles them well on a CPU.

XLA calls a scalar function there for each sine, cosine and tangent (2e6 of them: 9, 10 and 24 ms), and takes 5 times as long
for 1 / sqrt(x) as for the root and the division one after the other (3.2 and 0.6 ms). A program is rewritten before it is
compiled: the former become polynomials (2 ms; 0.9 if the size of arguments had not to be looked at), the latter two steps.
"""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import rewriting

MIN_SIZE = 4096  # elements
# pi / 2 in three parts: products of the first two with the numbers of quarter turns below are exact. Beyond the limit the
# scalar functions are called.
_QUARTER = [np.float32(c) for c in (1.5703125, 4.837512969970703125e-4, 7.54978995489188e-8)]
_LIMIT = np.float32(8192)
_TINY = np.float32(1e-4)  # below it a number is its sine; so is -0


# Least squares over an eighth of a turn, in powers of r**2 from the highest on: (sin(r) - r) / r**3, and
# (cos(r) - 1 + r**2 / 2) / r**4.
_SIN = [np.float32(c) for c in (-1.9587958519e-4, 8.3327487656e-3, -1.6666664667e-1)]
_COS = [np.float32(c) for c in (2.4547990090e-5, -1.3888303410e-3, 4.1666664663e-2)]


def _polynomial(coefficients, z):
    return functools.reduce(lambda total, c: total * z + c, coefficients)


def _reduced(x):
    """How many quarter turns x is from 0, and sine and cosine of what is left."""
    turns = jnp.round(x * np.float32(2 / math.pi))
    rest = x
    for part in _QUARTER:
        rest = rest - turns * part
    z = rest * rest
    sine = jnp.where(jnp.abs(x) < _TINY, x, rest + rest * z * _polynomial(_SIN, z))
    cosine = 1 - np.float32(0.5) * z + z * z * _polynomial(_COS, z)
    return turns.astype(jnp.int32), sine, cosine


def _sine(x, ahead=0):
    turns, sine, cosine = _reduced(x)
    turns = turns + ahead
    size = jnp.where(turns & 1 == 0, sine, cosine)
    return jnp.where(turns & 2 == 0, size, -size)


def _tangent(x):
    turns, sine, cosine = _reduced(x)
    odd = turns & 1 == 1
    return jnp.where(odd, -cosine, sine) / jnp.where(odd, sine, cosine)


def _within_limit(fast, exact):
    def function(x):
        return lax.cond(jnp.any(jnp.abs(x) > _LIMIT), exact, fast, x)

    return function


_FORMS = {
    "sin": _within_limit(_sine, lax.sin),
    "cos": _within_limit(functools.partial(_sine, ahead=1), lax.cos),
    "tan": _within_limit(_tangent, lax.tan),
    "rsqrt": lambda x: 1 / lax.optimization_barrier(lax.sqrt(x)),  # XLA would make it a `rsqrt` again
}


def _has_form(eqn):
    if eqn.primitive.name not in _FORMS:
        return False
    a = eqn.invars[0].aval
    return a.dtype == np.float32 and math.prod(a.shape) >= MIN_SIZE and not eqn.params.get("accuracy")


def present(jaxpr):
    """Whether a jaxpr has equations for which there are better forms, inner ones included."""
    return rewriting.holds(jaxpr, _has_form)


def rewritten(jaxpr):
    """The jaxpr with these forms."""
    return rewriting.rewritten(jaxpr, _has_form, lambda: lambda eqn: _FORMS[eqn.primitive.name] if _has_form(eqn) else None)
