"""Incomplete gamma, zeta and polygamma functions: JAX's, with TensorFlow's values where these are not defined.

JAX sums the series of the incomplete gamma functions until it converges, which takes forever for large arguments; those
get the normal approximation by Wilson and Hilferty (1931), whose error is below 1e-9 there.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import ndtr

from tfcompat._core import native
from tfcompat._core.ruled import underived
from tfcompat._core.twins import twin

_LARGE = 1e6


def _split(a, x):
    """(a, x) with harmless numbers where the series shall not be summed, and where those are."""
    bad = ~(a > 0) | ~(x >= 0)
    ends = (x == 0) | jnp.isinf(a) | jnp.isinf(x)
    skipped = bad | ends | (a > _LARGE)
    return jnp.where(skipped, 1, a), jnp.where(skipped, 1, x), bad, ends


def _standard(a, x):
    """The normal deviate that x is for a large shape `a`."""
    a = jnp.where(a > _LARGE, a, _LARGE)
    return (jnp.cbrt(x / a) - (1 - 1 / (9 * a))) * 3 * jnp.sqrt(a)


def _lower_end(a, x):
    return jnp.where((x == 0) | jnp.isinf(a), 0.0, 1.0).astype(a.dtype)


def lower(a, x):
    """P(a, x): 0 at x = 0 and at infinite a, else 1 at infinite x, NaN for a <= 0 and x < 0."""
    safe_a, safe_x, bad, ends = _split(a, x)
    value = jnp.where(a > _LARGE, ndtr(_standard(a, x)), lax.igamma(safe_a, safe_x))
    value = jnp.where(ends, _lower_end(a, x), value)
    return jnp.where(bad & (x != 0), jnp.nan, value)


def upper(a, x):
    """Q(a, x) = 1 - P(a, x), exact where that is small; NaN for a <= 0 and x < 0, also at x = 0."""
    safe_a, safe_x, bad, ends = _split(a, x)
    value = jnp.where(a > _LARGE, ndtr(-_standard(a, x)), lax.igammac(safe_a, safe_x))
    value = jnp.where(ends, 1 - _lower_end(a, x), value)
    value = jnp.where(jnp.isinf(a) & jnp.isinf(x), 0, value)
    return jnp.where(bad, jnp.nan, value)


def lower_by_shape(a, x):
    """The derivative of `lower` with regard to a."""
    safe_a, safe_x, bad, ends = _split(a, x)
    _, large = jax.jvp(lambda b: ndtr(_standard(b, x)), (a,), (jnp.ones_like(a),))
    value = jnp.where(a > _LARGE, large, lax.igamma_grad_a(safe_a, safe_x))
    return jnp.where(bad & (x != 0), jnp.nan, jnp.where(ends, 0, value))


lower_by_shape = underived("IgammaGradA", lower_by_shape)


def density(a, x):
    """The derivative of `lower` with regard to x."""
    return jnp.exp(-x + (a - 1) * jnp.log(x) - lax.lgamma(a))


def _zeta_defined(np, value, x, q):
    """The zeta function where it is `value` unless an argument is at a limit; `np` is the arrays' module."""
    pole = (q <= 0) & (q == np.floor(q))
    even = (x % 2 == 0) | (x == np.inf)
    value = np.where(pole, np.where(even, np.inf, np.nan), value)
    value = np.where((q == np.inf) & (x > 1), 0, value)
    value = np.where(x == np.inf, np.where(q > 1, 0, np.where(q == 1, 1, np.where(q < 1, np.inf, q))), value)
    return np.where(x > 1, value, np.where(x == 1, np.inf, np.nan))


@jax.custom_jvp
def zeta(x, q):
    """The Hurwitz zeta function; at its poles inf for an even `x`, and NaN for any other. There is no derivative with regard to `x`."""
    return _zeta_defined(jnp, lax.zeta(x, q), x, q)


@zeta.defjvp
def _zeta_derivative(arguments, tangents):
    x, q = arguments
    return zeta(x, q), -x * zeta(x + 1, q) * tangents[1]


def _polygamma_defined(np, value, factorial, n, x):
    """The polygamma function where it is `value` unless x is at a limit. factorial: gives that of n."""
    pole = (x <= 0) & (x == np.floor(x))
    odd = (n > 0) & ((n % 2 == 1) | (n == np.inf))
    far = (x == np.inf) & (n > 0) & (n == np.floor(n))
    value = np.where(far, 0 * factorial(n), value)  # NaN where the factorial overflows
    return np.where(pole, np.where(odd, np.inf, np.nan), value)


def polygamma(n, x):
    """The n-th derivative of digamma; at its poles inf for an odd `n`, and NaN for any other."""
    return _polygamma_defined(jnp, lax.polygamma(n, x), lambda n: jnp.exp(lax.lgamma(n + 1)), n, x)


# Next to always all arguments are ordinary, and it is one call of SciPy's function instead of thirty of NumPy's. The C extension has
# ufuncs of both.


def _zeta_rule(b, e):
    if native.extension is not None:
        return native.extension.zeta
    from scipy import special  # which takes 0.1 s

    dtype = e.outs[0].dtype

    def function(x, q):
        value = special.zeta(x, q)
        if not ((q > 0) & (q < np.inf) & (x < np.inf)).all():
            value = _zeta_defined(np, value, x, q)
        return np.asarray(value, dtype)

    return function


def _polygamma_rule(b, e):
    if native.extension is not None:
        return native.extension.polygamma
    from scipy import special

    dtype = e.outs[0].dtype

    def function(n, x):
        value = special.polygamma(n, x)
        if not ((x > 0) & (x < np.inf)).all():
            value = _polygamma_defined(np, value, lambda n: np.exp(special.gammaln(n + 1)), n, x)
        return np.asarray(value, dtype)

    return function


_SCIPY = native.extension is None
zeta = twin(zeta, 6 if _SCIPY else 1, "elementwise")(_zeta_rule)
polygamma = twin(polygamma, 8 if _SCIPY else 1, "elementwise")(_polygamma_rule)
