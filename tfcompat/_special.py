"""Special functions: `tf.math.special` and the Bessel functions of `tf.math`.

Where JAX has no such function, it is put together from Chebyshev interpolants of smooth parts, whose coefficients are
computed from SciPy's values when a function is first used. The forms are those of Abramowitz and Stegun, chapter 9:
below a bound a power series without its logarithm or pole, above it the asymptotic form.
"""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy import special

from tfcompat._core.twins import twin
from tfcompat._declare import FLOATS, unary, where

_BOUND, _DEGREE = 8.0, 32
_K_BOUND = 2.0


@functools.cache
def _coefficients(part):
    """Chebyshev coefficients of a part of a Bessel function, over [0, 1]."""
    from scipy import special as sp

    order = int(part[-1])
    nodes = (np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1)) + 1) / 2
    if part[0] in "jy" and part[1:2] != "p":
        x = _BOUND * np.sqrt(nodes)
        log_term = 2 / np.pi * np.log(x)
        values = {
            "j0": lambda: sp.j0(x),
            "j1": lambda: sp.j1(x) / x,
            "y0": lambda: sp.y0(x) - log_term * sp.j0(x),
            "y1": lambda: (sp.y1(x) - log_term * sp.j1(x) + 2 / (np.pi * x)) / x,
        }[part]()
    elif part[0] in "pq":
        x = _BOUND / np.sqrt(nodes)
        angle = x - (0.25 + 0.5 * order) * np.pi
        j, y = (sp.j0(x), sp.y0(x)) if order == 0 else (sp.j1(x), sp.y1(x))
        size = np.sqrt(np.pi * x / 2)
        p = size * (j * np.cos(angle) + y * np.sin(angle))
        values = p if part[0] == "p" else size * (y * np.cos(angle) - j * np.sin(angle)) * x
    elif part[0] == "k":
        x = _K_BOUND * np.sqrt(nodes)
        i, k = (sp.i0(x), sp.k0(x)) if order == 0 else (sp.i1(x), sp.k1(x))
        values = k + np.log(x / 2) * i if order == 0 else x * (k - np.log(x / 2) * i)
    else:  # "e0", "e1": what K is of exp(-x) / sqrt(x), for large x
        x = _K_BOUND / nodes
        values = np.sqrt(x) * (sp.k0e(x) if order == 0 else sp.k1e(x))
    fitted = np.polynomial.chebyshev.chebfit(2 * nodes - 1, values, _DEGREE)
    return [float(c) for c in fitted]


def _part(part, t):
    """The interpolant of a part at `t` of [0, 1], by Clenshaw's recurrence."""
    t = 4 * t - 2
    high = low = jnp.zeros_like(t)
    first, *others = _coefficients(part)
    for c in reversed(others):
        high, low = t * high - low + c, high
    return t / 2 * high - low + first


def _wide(function):
    """A function of float64 arrays as one of arrays of any float dtype."""
    return lambda x: function(x.astype(jnp.float64)).astype(x.dtype)


def _asymptotic(order, x):
    """Modulus parts of J and Y for x > 8: (J, Y)."""
    t = jnp.square(_BOUND / x)
    angle = x - (0.25 + 0.5 * order) * math.pi
    p, q = _part(f"p{order}", t), _part(f"q{order}", t) / x
    size = jnp.sqrt(2 / (math.pi * x))
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    return size * (p * cosine - q * sine), size * (p * sine + q * cosine)


def _j(order, x):
    size = jnp.abs(x)
    small, large = jnp.minimum(size, _BOUND), jnp.maximum(size, _BOUND)
    inner = _part(f"j{order}", jnp.square(small / _BOUND))
    result = jnp.where(size <= _BOUND, inner * small if order else inner, _asymptotic(order, large)[0])
    result = jnp.where(jnp.isinf(size), 0.0, result)
    return jnp.where(x < 0, -result, result) if order else result


def _y(order, x):
    small, large = jnp.clip(x, 1e-300, _BOUND), jnp.maximum(x, _BOUND)
    smooth = _part(f"y{order}", jnp.square(small / _BOUND))
    smooth = smooth * small - 2 / (math.pi * small) if order else smooth
    inner = smooth + 2 / math.pi * jnp.log(small) * _j(order, small)
    result = jnp.where(x <= _BOUND, inner, _asymptotic(order, large)[1])
    result = jnp.where(jnp.isinf(x), 0.0, result)
    return jnp.where(x < 0, jnp.nan, jnp.where(x == 0, -jnp.inf, result))


def _k(order, x, scaled):
    """K, or K times exp(x)."""
    small, large = jnp.clip(x, 1e-300, _K_BOUND), jnp.maximum(x, _K_BOUND)
    smooth, logarithm = _part(f"k{order}", jnp.square(small / _K_BOUND)), jnp.log(small / 2)
    if order == 0:
        inner = smooth - logarithm * special.i0(small)
    else:
        inner = smooth / small + logarithm * special.i1(small)
    outer = _part(f"e{order}", _K_BOUND / large) / jnp.sqrt(large)
    inner, outer = (inner * jnp.exp(small), outer) if scaled else (inner, outer * jnp.exp(-large))
    result = jnp.where(x <= _K_BOUND, inner, outer)
    return jnp.where(x < 0, jnp.nan, jnp.where(x == 0, jnp.inf, result))


def _bessel(name, kernel, function, derivative, doc):
    return unary(name, kernel, FLOATS, function, derivative, doc)


def _over(y, x, at_zero):
    """y / x, and its limit at 0."""
    zero = x == 0
    return jnp.where(zero, jnp.asarray(at_zero, x.dtype), y / jnp.where(zero, jnp.ones_like(x), x))


j0, j1 = _wide(functools.partial(_j, 0)), _wide(functools.partial(_j, 1))
y0, y1 = _wide(functools.partial(_y, 0)), _wide(functools.partial(_y, 1))
k0, k1 = _wide(lambda x: _k(0, x, False)), _wide(lambda x: _k(1, x, False))
k0e, k1e = _wide(lambda x: _k(0, x, True)), _wide(lambda x: _k(1, x, True))
i0e, i1e, i0, i1 = (_wide(f) for f in (special.i0e, special.i1e, special.i0, special.i1))

bessel_i0 = _bessel("bessel_i0", "BesselI0", i0, lambda x, y: i1(x), "The modified Bessel function I of order 0.")
bessel_i0e = _bessel("bessel_i0e", "BesselI0e", i0e, lambda x, y: i1e(x) - jnp.sign(x) * y, "exp(-|x|) I0(x).")
bessel_i1 = _bessel("bessel_i1", "BesselI1", i1, lambda x, y: i0(x) - _over(y, x, 0), "The function I of order 1.")
bessel_i1e = _bessel("bessel_i1e", "BesselI1e", i1e,
                     lambda x, y: jnp.where(x == 0, jnp.asarray(0.5, x.dtype), i0e(x) - y * (jnp.sign(x) + _over(1, x, 0))),
                     "exp(-|x|) I1(x).")  # fmt: skip
bessel_j0 = _bessel("bessel_j0", "BesselJ0", j0, lambda x, y: -j1(x), "The Bessel function J of order 0.")
bessel_j1 = _bessel("bessel_j1", "BesselJ1", j1, lambda x, y: j0(x) - _over(y, x, 0.5), "The Bessel function J of order 1.")
bessel_k0 = _bessel("bessel_k0", "BesselK0", k0, lambda x, y: -k1(x), "The modified Bessel function K of order 0.")
bessel_k0e = _bessel("bessel_k0e", "BesselK0e", k0e, lambda x, y: y - k1e(x), "exp(x) K0(x).")
bessel_k1 = _bessel("bessel_k1", "BesselK1", k1, lambda x, y: -k0(x) - y / x, "The modified Bessel function K of order 1.")
bessel_k1e = _bessel("bessel_k1e", "BesselK1e", k1e, lambda x, y: y * (1 - 1 / x) - k0e(x), "exp(x) K1(x).")
bessel_y0 = _bessel("bessel_y0", "BesselY0", y0, lambda x, y: -y1(x), "The Bessel function Y of order 0.")
bessel_y1 = _bessel("bessel_y1", "BesselY1", y1, lambda x, y: y0(x) - y / x, "The Bessel function Y of order 1.")


def _fresnel(x, which):
    return special.fresnel(x)[which]


def _quarter(x):
    return (math.pi / 2) * jnp.square(x)


dawsn = unary("dawsn", "Dawsn", FLOATS, _wide(special.dawsn), lambda x, y: 1 - 2 * x * y,
              "Dawson's integral: exp(-x^2) times the integral of exp(t^2) from 0 to x.")  # fmt: skip
def _expi(x):
    # TensorFlow has it for positive numbers only.
    return jnp.where(x > 0, special.expi(jnp.where(x > 0, x, 1)), jnp.where(x == 0, -jnp.inf, jnp.nan))


def _spence(x):
    return special.spence(x)


def _expi_rule(b, e):
    from scipy import special  # which takes 0.1 s

    return lambda x: np.where((x >= 0) & (x < np.inf), special.expi(x), np.nan)


def _spence_rule(b, e):
    from scipy import special

    return special.spence


# JAX adds them up of polynomials: some hundred calls of NumPy.
_expi = twin(_expi, 3, "elementwise", loops=True)(_expi_rule)
_spence = twin(_spence, 1, "elementwise", loops=True)(_spence_rule)

expint = unary("expint", "Expint", FLOATS, _wide(_expi), lambda x, y: lax.exp(x) / x,
               "The exponential integral Ei: the integral of exp(t) / t up to x; NaN of negative numbers.")  # fmt: skip
fresnel_cos = unary("fresnel_cos", "FresnelCos", FLOATS, _wide(lambda x: _fresnel(x, 1)), lambda x, y: lax.cos(_quarter(x)),
                    "Fresnel's integral of cos(pi t^2 / 2) from 0 to x.")  # fmt: skip
fresnel_sin = unary("fresnel_sin", "FresnelSin", FLOATS, _wide(lambda x: _fresnel(x, 0)), lambda x, y: lax.sin(_quarter(x)),
                    "Fresnel's integral of sin(pi t^2 / 2) from 0 to x.")  # fmt: skip
spence = unary("spence", "Spence", FLOATS, _wide(_spence),
               lambda x, y: where(x == 1, -1.0, lax.log(x) / (1 - where(x == 1, 0.0, x))),
               "The dilogarithm of 1 - x: the integral of log(t) / (1 - t) from 1 to x.")  # fmt: skip
