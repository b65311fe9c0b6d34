"""Elementwise ops of `tf.math`: arithmetic, functions of one number, comparisons, logic."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy import special

from tfcompat import _incomplete_gamma as incomplete
from tfcompat._core import dtypes as d, errors
from tfcompat._core.avals import shape_text
from tfcompat._core.lax_numpy import digamma as digamma_rule, log_gamma
from tfcompat._core.op import Check, Data, T, mismatch, op
from tfcompat._core.twins import twin
from tfcompat._declare import (
    FLOATS,
    INEXACT,
    INTEGERS,
    NUMBERS,
    REAL,
    SIGNED,
    WIDE_FLOATS,
    Bools,
    aligned,
    binary,
    conj,
    declare,
    described,
    invalid,
    is_complex,
    is_float,
    sum_to,
    unary,
    where,
)  # fmt: skip

# Arithmetic

def _strings_beside(x, y):
    if x is d.string and y is not x:  # they have a kernel of their own
        text = f"Input 'y' of 'Add' Op has type {y.name} that does not match type string of argument 'x'."
        raise mismatch("Add", 1, x, y, text)


add = binary("add", "AddV2", NUMBERS, lax.add, True, "x + y, elementwise; of strings, y after x.",
             convert="first", complain=_strings_beside, strings=lambda x, y: np.asarray(np.add(x, y), object))  # fmt: skip
subtract = binary("subtract", "Sub", NUMBERS, lax.sub, True, "x - y, elementwise.")
multiply = binary("multiply", "Mul", NUMBERS, lax.mul,
                  lambda g, out, x, y: (lax.mul(g, conj(y)), lax.mul(g, conj(x))), "x * y, elementwise.")  # fmt: skip
negative = unary("negative", "Neg", (*SIGNED, *INEXACT), lax.neg, True, "-x, elementwise.")


def _real_quotient(x, y):
    """x / y; small integers are divided as float32, larger ones as float64."""
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        wide = jnp.float32 if x.dtype.itemsize < 4 else jnp.float64
        x, y = x.astype(wide), y.astype(wide)
    return lax.div(x, y)


def one_dtype(where_, x, y):
    if x is not y:
        raise TypeError(f"`x` and `y` must have the same dtype, got {x!r} != {y!r}.")
    if x not in NUMBERS:
        listed = ", ".join(map(repr, (*INTEGERS, *INEXACT)))
        raise TypeError(f"Invalid dtype {x!r} in {where_}. Expected one of {{{listed}}}.")


def _quotient(name, doc, conversion):
    def body(x: T, y: T):
        return _real_quotient(*aligned("RealDiv", x, y))

    def grad(g, out, x, y):
        g, a, b = aligned("RealDiv", g, x, y)
        return sum_to(g / conj(b), x), sum_to(g * conj(-a / b / b), y)

    return declare(name, described(doc, NUMBERS, "x", "y"), body, "RealDiv", grad=grad, convert=conversion,
                   complain=lambda x, y: one_dtype("__truediv__", x, y))  # fmt: skip


truediv = _quotient("truediv", "x / y, elementwise; integers become float32 (8 and 16 bits) or float64.", "first")
divide = _quotient("divide", "x / y, elementwise, as Python's operator divides tensors.", "operands")


def _same_divisor(y):
    return where(y == 0, 1, y)


def _floor_div(x, y):
    if is_float(x):
        return lax.floor(lax.div(x, y))
    return _floor_divide(x, y)


def _floor_mod(x, y):
    return _remainder(x, y) if is_float(x) else _whole_remainder(x, y)


def _remainder(x, y):
    r = lax.rem(x, y)
    return where((r != 0) & ((y < 0) != (r < 0)), r + y, r)


def _floor_divide(x, y):
    q = lax.div(x, y)
    if jnp.issubdtype(x.dtype, jnp.unsignedinteger):
        return q
    return where((lax.rem(x, y) != 0) & ((x < 0) != (y < 0)), q - 1, q)


_floor_divide = twin(_floor_divide, 1, "elementwise")(lambda b, e: np.floor_divide)
_whole_remainder = twin(_remainder, 1, "elementwise")(lambda b, e: np.remainder)




def _divides_by_zero(x, y):
    x, y = aligned("Div", x, y)
    return jnp.any(y == 0) & (0 not in lax.broadcast_shapes(x.shape, y.shape))  # what is empty divides nothing


_zero_divisor = Check(_divides_by_zero, lambda x, y: "Integer division by zero", dtypes=INTEGERS)
_zero_truncated = Check(
    _divides_by_zero,
    lambda x, y: "Unexpected error in binary operator (only integer div and mod should have errors)",
    error=errors.InternalError,
    dtypes=INTEGERS,
)
floordiv = binary("floordiv", "FloorDiv", REAL, _floor_div, None,
                  "x / y rounded down, elementwise; InvalidArgumentError where an integer is divided by zero.",
                  check=_zero_divisor)  # fmt: skip
floormod = binary("floormod", "FloorMod", REAL, _floor_mod, lambda g, out, x, y: (g, g * -lax.floor(x / y)),
                  "Remainder of `floordiv`: it has y's sign. InvalidArgumentError where an integer is divided by zero.",
                  check=_zero_divisor)  # fmt: skip
mod = floormod
truncatediv = binary("truncatediv", "TruncateDiv", REAL,
                     lambda x, y: _truncate(lax.div(x, y)) if is_float(x) else lax.div(x, y), None,
                     "x / y rounded towards zero, elementwise.", check=_zero_truncated)  # fmt: skip
truncatemod = binary("truncatemod", "TruncateMod", (d.int32, d.int64, *FLOATS), lax.rem, False,
                     "Remainder of `truncatediv`: it has x's sign.", check=_zero_truncated)  # fmt: skip


def _truncate(x):
    return where(x < 0, lax.ceil(x), lax.floor(x))


def _power(x, y):
    if jnp.issubdtype(x.dtype, jnp.inexact):
        return lax.pow(x, y)
    # Squaring: exponents of 128 and more overflow for every base but 0 and +-1, where the low bits decide.
    exponent = where(y >= 128, 64 | (y & 63), y) if x.dtype != jnp.int8 else y
    result, square = jnp.ones(jnp.broadcast_shapes(x.shape, y.shape), x.dtype), x
    for bit in range(7):
        result = jnp.where(exponent & (1 << bit) != 0, result * square, result)
        square = square * square
    return result


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _small_power(x, n):
    """x to the power of an int up to 2, as products; it depends on x for 0, too."""
    return x * x if n == 2 else x if n == 1 else where(x == x, jnp.ones_like(x), 1) if n == 0 else lax.integer_pow(x, n)


@_small_power.defjvp
def _small_power_jvp(n, primals, tangents):
    (x,), (t,) = primals, tangents
    return _small_power(x, n), t * (n * _small_power(x, n - 1))


@op("Square", T=(*SIGNED, *INEXACT), grad=lambda g, out, x: g * conj(2 * _small_power(x, 1)))
def squared(x: T):
    """x to the power of 2, where the 2 is no tensor; its derivatives are those of `pow`."""
    return _small_power(x, 2)


def _power_grad(g, out, x, y):
    usable = x != 0 if is_complex(x) else x > 0
    log = where(usable, lax.log(where(usable, x, 1)), 0)
    return g * conj(y * lax.pow(x, y - 1)), g * conj(out * log)


pow = binary("pow", "Pow", (*SIGNED, *INEXACT), _power, _power_grad, """x to the power of y, elementwise.

    InvalidArgumentError where an integer exponent is negative. Integer results that overflow wrap around.
    """, check=Check(lambda x, y: jnp.any(y < 0), lambda x, y: "Integers to negative integer powers are not allowed",
                     dtypes=SIGNED))  # fmt: skip
maximum = binary("maximum", "Maximum", REAL, lax.max,
                 lambda g, out, x, y: (where(x >= y, g, 0), where(x >= y, 0, g)),
                 "The larger of x and y, elementwise; NaN where one is NaN.")  # fmt: skip
minimum = binary("minimum", "Minimum", REAL, lax.min,
                 lambda g, out, x, y: (where(x <= y, g, 0), where(x <= y, 0, g)),
                 "The smaller of x and y, elementwise; NaN where one is NaN.")  # fmt: skip


def _squared(x, y):
    d = lax.sub(x, y)
    return lax.mul(d, conj(d))


squared_difference = binary("squared_difference", "SquaredDifference", (d.int32, d.int64, *INEXACT), _squared,
                            lambda g, out, x, y: (2 * g * (x - y), -2 * g * (x - y)),
                            "(x - y) * conj(x - y), elementwise.")  # fmt: skip


def _safe_quotient(x, y):
    none = y == 0
    return where(none, 0, lax.div(x, where(none, 1, y)))


def _safe_product(x, y):
    return where(y == 0, 0, lax.mul(x, y))


div_no_nan = binary("divide_no_nan", "DivNoNan", INEXACT, _safe_quotient,
                     lambda g, out, x, y: (_safe_quotient(g, conj(y)),
                                           g * conj(_safe_quotient(_safe_quotient(-x, y), y))),
                     "x / y, and 0 where y is 0.")  # fmt: skip


mul_no_nan = binary("multiply_no_nan", "MulNoNan", INEXACT, _safe_product,
                         lambda g, out, x, y: (_safe_product(g, y), _safe_product(x, g)),
                         "x * y, and 0 where y is 0 even if x is infinite or NaN.")  # fmt: skip


def _x_times(function):
    """x * function(y), and 0 where x is 0."""

    def product(x, y):
        nothing = x == 0
        return where(nothing, 0, lax.mul(x, function(where(nothing, 1, y))))

    return product


def _indicator(x):
    return where(x != 0, 1, x)


_xlogy, _xlog1py = _x_times(lax.log), _x_times(lax.log1p)
_xlogy.__name__ = "xlogy"


def _x_times_log(x, y):
    result = x * np.log(y)
    return result if np.count_nonzero(x) == x.size else np.where(x == 0, np.zeros((), result.dtype), result)


_xlogy = twin(_xlogy, 3, "elementwise")(lambda b, e: _x_times_log)


def _xdivy(x, y):
    return where(x == 0, 0, lax.div(x, where(x == 0, 1, y)))


xlogy = binary("xlogy", "Xlogy", INEXACT, _xlogy,
               lambda g, out, x, y: (g * _xlogy(_indicator(x), y), g * _xdivy(x, y)),
               "x * log(y), and 0 where x is 0.")  # fmt: skip
xlog1py = binary("xlog1py", "Xlog1py", INEXACT, _xlog1py,
                 lambda g, out, x, y: (g * _xlog1py(_indicator(x), y), g * _xdivy(x, y + 1)),
                 "x * log(1 + y), and 0 where x is 0.")  # fmt: skip
xdivy = binary("xdivy", "Xdivy", INEXACT, _xdivy,
               lambda g, out, x, y: (g * _xdivy(_indicator(x), y), g * _xdivy(-x, y * y)),
               "x / y, and 0 where x is 0.")  # fmt: skip


def _atan2_body(y: T, x: T):
    return lax.atan2(*aligned("Atan2", y, x))


def _atan2_grad(g, out, y, x):
    g, a, b = aligned("Atan2", g, y, x)
    g = g / (a * a + b * b)
    return sum_to(g * b, y), sum_to(g * -a, x)


atan2 = declare("atan2", described("Angle of the point (x, y), elementwise, in [-pi, pi].", FLOATS, "y", "x"), _atan2_body,
                "Atan2", T=FLOATS, grad=_atan2_grad)  # fmt: skip


_Float = Data("T", d.float32)


def _nextafter_grad(g, out, x1, x2):
    g, _, _ = aligned("NextAfter", g, x1, x2)
    return sum_to(g, x1), jnp.zeros_like(x2)


@op("NextAfter", T=WIDE_FLOATS, grad=_nextafter_grad)
def nextafter(x1: _Float, x2: _Float):
    """The floating-point number next to x1 in the direction of x2.

    Args:
      x1, x2: float32 or float64 tensors of one dtype whose shapes broadcast.

    Raises:
      InvalidArgumentError: another dtype, two dtypes, or shapes that do not broadcast.
    """
    return lax.nextafter(*aligned("NextAfter", x1, x2))


# Powers, exponentials, logarithms

square = unary("square", "Square", NUMBERS, lambda x: lax.mul(x, x), lambda x, y: 2 * x, "x * x, elementwise.")
# Where no gradient arrives none goes on, also at 0: `where(x > 0, sqrt(x), 0)` is safe in TensorFlow.
sqrt = unary("sqrt", "Sqrt", INEXACT, lax.sqrt, True, "The square root, elementwise.",
             grad=lambda g, y, x: where(g == 0, 0, g * conj(0.5 / y)))  # fmt: skip
rsqrt = unary("rsqrt", "Rsqrt", INEXACT, lax.rsqrt, True, "1 / sqrt(x), elementwise.",
              grad=lambda g, y, x: -0.5 * (g * conj(y)) * (conj(y) * conj(y)))  # fmt: skip
exp = unary("exp", "Exp", INEXACT, lax.exp, lambda x, y: y, "The exponential, elementwise.")
expm1 = unary("expm1", "Expm1", INEXACT, lax.expm1, lambda x, y: lax.exp(x), "exp(x) - 1, exact near 0.")
log = unary("log", "Log", INEXACT, lax.log, lambda x, y: 1 / x, "The natural logarithm, elementwise.")
log1p = unary("log1p", "Log1p", INEXACT, lax.log1p, lambda x, y: 1 / (1 + x), "log(1 + x), exact near 0.")
reciprocal = unary("reciprocal", "Reciprocal", INEXACT, lambda x: 1 / x, lambda x, y: -y * y, "1 / x, elementwise.")
reciprocal_no_nan = unary("reciprocal_no_nan", "ReciprocalNoNan", INEXACT,
                          lambda x: where(x == 0, 0, 1 / _same_divisor(x)), lambda x, y: -y * y,
                          "1 / x, and 0 where x is 0.")  # fmt: skip
sigmoid = unary("sigmoid", "Sigmoid", INEXACT, lax.logistic, lambda x, y: y * (1 - y), "1 / (1 + exp(-x)).")
log_sigmoid = unary("log_sigmoid", "LogSigmoid", FLOATS,
                    lambda x: lax.min(x, jnp.zeros_like(x)) - lax.log1p(lax.exp(-lax.abs(x))),
                    lambda x, y: lax.logistic(-x), "log(sigmoid(x)), without overflow.")  # fmt: skip

# Trigonometry

sin = unary("sin", "Sin", INEXACT, lax.sin, lambda x, y: lax.cos(x), "The sine, elementwise.")
cos = unary("cos", "Cos", INEXACT, lax.cos, lambda x, y: -lax.sin(x), "The cosine, elementwise.")
tan = unary("tan", "Tan", INEXACT, lax.tan, lambda x, y: 1 + y * y, "The tangent, elementwise.")
asin = unary("asin", "Asin", INEXACT, lax.asin, lambda x, y: 1 / lax.sqrt(1 - x * x), "The inverse sine.")
acos = unary("acos", "Acos", INEXACT, lax.acos, lambda x, y: -1 / lax.sqrt(1 - x * x), "The inverse cosine.")
atan = unary("atan", "Atan", INEXACT, lax.atan, lambda x, y: 1 / (1 + x * x), "The inverse tangent.")
sinh = unary("sinh", "Sinh", INEXACT, lax.sinh, lambda x, y: lax.cosh(x), "The hyperbolic sine.")
cosh = unary("cosh", "Cosh", INEXACT, lax.cosh, lambda x, y: lax.sinh(x), "The hyperbolic cosine.")
tanh = unary("tanh", "Tanh", INEXACT, lax.tanh, lambda x, y: 1 - y * y, "The hyperbolic tangent.")
asinh = unary("asinh", "Asinh", INEXACT, lax.asinh, lambda x, y: 1 / lax.cosh(y), "The inverse hyperbolic sine.")
acosh = unary("acosh", "Acosh", INEXACT, lax.acosh, lambda x, y: 1 / lax.sinh(y), "The inverse hyperbolic cosine.")
atanh = unary("atanh", "Atanh", INEXACT, lax.atanh, lambda x, y: 1 / (1 - x * x), "The inverse hyperbolic tangent.")

# Special functions


def _lgamma(x):
    return where(lax.abs(x) == np.inf, np.inf, lax.lgamma(x))


def _digamma(x):
    return where((x <= 0) & (x == lax.floor(x)), np.nan, lax.digamma(x))


_lgamma, _digamma = twin(_lgamma, 2, "elementwise")(log_gamma), twin(_digamma, 10, "elementwise")(digamma_rule)


erf = unary("erf", "Erf", FLOATS, lax.erf, lambda x, y: 2 / math.sqrt(math.pi) * lax.exp(-x * x),
            "The error function.")  # fmt: skip
erfc = unary("erfc", "Erfc", FLOATS, lax.erfc, lambda x, y: -2 / math.sqrt(math.pi) * lax.exp(-x * x),
             "1 - erf(x), exact where that is small.")  # fmt: skip
erfinv = unary("erfinv", "Erfinv", WIDE_FLOATS, lax.erf_inv,
               lambda x, y: math.sqrt(math.pi) / 2 * lax.exp(y * y), "The inverse of erf.")  # fmt: skip
ndtri = unary("ndtri", "Ndtri", WIDE_FLOATS, special.ndtri,
              lambda x, y: math.sqrt(2 * math.pi) * lax.exp(y * y / 2), "Quantile of the normal law.")  # fmt: skip
lgamma = unary("lgamma", "Lgamma", (d.float16, *WIDE_FLOATS), _lgamma, lambda x, y: _digamma(x),
               "The logarithm of |gamma(x)|.")  # fmt: skip
digamma = unary("digamma", "Digamma", (d.float16, *WIDE_FLOATS), _digamma,
                lambda x, y: lax.polygamma(jnp.ones_like(x), x), "The derivative of lgamma.")  # fmt: skip


def _igamma_grad(sign, kernel):
    def grad(g, out, a, x):
        g, wide_a, wide_x = jnp.broadcast_arrays(g, *aligned(kernel, a, x))
        by_shape, by_x = incomplete.lower_by_shape(wide_a, wide_x), incomplete.density(wide_a, wide_x)
        return sum_to(sign * g * by_shape, a), sum_to(sign * g * by_x, x)

    return grad


@op("Igamma", T=WIDE_FLOATS, grad=_igamma_grad(1, "Igamma"))
def igamma(a: T, x: T):
    """The regularised lower incomplete gamma function P(a, x).

    Args:
      a, x: float32 or float64 tensors of one dtype whose shapes broadcast.

    Raises:
      InvalidArgumentError: another dtype, two dtypes, or shapes that do not broadcast.
    """
    return incomplete.lower(*jnp.broadcast_arrays(*aligned("Igamma", a, x)))


@op("Igammac", T=WIDE_FLOATS, grad=_igamma_grad(-1, "Igammac"))
def igammac(a: T, x: T):
    """The regularised upper incomplete gamma function Q(a, x).

    Args:
      a, x: float32 or float64 tensors of one dtype whose shapes broadcast.

    Raises:
      InvalidArgumentError: another dtype, two dtypes, or shapes that do not broadcast.
    """
    return incomplete.upper(*jnp.broadcast_arrays(*aligned("Igammac", a, x)))


def _zeta_grad(g, out, x, q):
    g, x, shaped = jnp.broadcast_arrays(g, *aligned("Zeta", x, q))
    return None, sum_to(-g * x * incomplete.zeta(x + 1, shaped), q)


@op("Zeta", T=WIDE_FLOATS, grad=_zeta_grad)
def zeta(x: T, q: T):
    """The Hurwitz zeta function.

    Args:
      x, q: float32 or float64 tensors of one dtype whose shapes broadcast.

    Raises:
      InvalidArgumentError: another dtype, two dtypes, or shapes that do not broadcast.
    """
    return incomplete.zeta(*jnp.broadcast_arrays(*aligned("Zeta", x, q)))


def _polygamma_grad(g, out, a, x):
    g, a, wide = aligned("Polygamma", g, a, x)
    return None, sum_to(g * incomplete.polygamma(*jnp.broadcast_arrays(a + 1, wide)), x)


@op("Polygamma", T=WIDE_FLOATS, grad=_polygamma_grad)
def polygamma(a: T, x: T):
    """The a-th derivative of digamma at x.

    Args:
      a, x: float32 or float64 tensors of one dtype whose shapes broadcast.

    Raises:
      InvalidArgumentError: another dtype, two dtypes, or shapes that do not broadcast.
    """
    return incomplete.polygamma(*jnp.broadcast_arrays(*aligned("Polygamma", a, x)))


def _betainc_grad(g, y, a, b, x):
    """Of x alone, as in TensorFlow: JAX's own refuses where a or b is differentiated, too."""
    log_beta = lax.lgamma(a) + lax.lgamma(b) - lax.lgamma(a + b)
    slopes = g * jnp.exp((b - 1) * jnp.log1p(-x) + (a - 1) * jnp.log(x) - log_beta)
    return None, None, slopes if slopes.shape == x.shape else jnp.sum(slopes)


@op("Betainc", T=WIDE_FLOATS, grad=_betainc_grad)
def betainc(a: T, b: T, x: T):
    """The regularised incomplete beta function I_x(a, b).

    Args:
      a, b, x: float32 or float64 tensors of one dtype whose shapes are equal, or scalars.

    Raises:
      InvalidArgumentError: another dtype, two dtypes, or shapes that do not fit.
    """
    arrays = {"a": a, "b": b, "x": x}
    sized = {name: array for name, array in arrays.items() if array.ndim}
    for name, array in sized.items():
        first = next(iter(sized))
        if array.shape != sized[first].shape:
            raise invalid(f"Shapes of {first} and {name} are inconsistent: {shape_text(sized[first].shape)} vs. "
                          f"{shape_text(array.shape)}", "Betainc")  # fmt: skip
    return lax.betainc(*jnp.broadcast_arrays(*aligned("Betainc", a, b, x)))


# Signs and rounding


def _abs(x):
    return lax.abs(x)


def _sign_of_real(x):
    return lax.sign(where(x == 0, 0, x))  # of -0 it is 0; XLA takes 7 % longer with the choice outside


_sign_of_real = twin(_sign_of_real, 1, "elementwise")(lambda b, e: np.sign)


def _sign(x):
    if is_complex(x):
        safe = where(x == 0, 1, x)
        return where(x == 0, 0, safe / lax.abs(safe).astype(x.dtype))
    return _sign_of_real(x)


def _abs_grad(g, out, x):
    return g.astype(x.dtype) * _sign(x)


def _abs_body(x: T):
    return lax.abs(x)


_SIZED = (*SIGNED, *INEXACT)
abs = declare("abs", described("The absolute value, elementwise; of complex numbers a real one.", _SIZED, "x"), _abs_body,
              "Abs", T=_SIZED, grad=_abs_grad)  # fmt: skip
sign = unary("sign", "Sign", (*SIGNED, *INEXACT), _sign, True, "-1, 0 or 1; z / |z| of complex numbers.")
floor = unary("floor", "Floor", FLOATS, lax.floor, None, "The largest integer that is not above x.")
ceil = unary("ceil", "Ceil", FLOATS, lax.ceil, None, "The smallest integer that is not below x.")
rint = unary("rint", "Rint", WIDE_FLOATS, lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN), None,
             "The nearest integer; halves go to the even one.")  # fmt: skip
round = unary("round", "Round", REAL,
              lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN) if is_float(x) else x, None,
              "The nearest integer; halves go to the even one.")  # fmt: skip

# Comparisons and logic

EQUATABLE = (*NUMBERS, d.bool)
equal = binary("equal", "Equal", EQUATABLE, lax.eq, None, "x == y, elementwise.",
               strings=lambda x, y: np.asarray(x == y, bool))  # fmt: skip
not_equal = binary("not_equal", "NotEqual", EQUATABLE, lax.ne, None, "x != y, elementwise.",
                   strings=lambda x, y: np.asarray(x != y, bool))  # fmt: skip
less = binary("less", "Less", REAL, lax.lt, None, "x < y, elementwise.")
less_equal = binary("less_equal", "LessEqual", REAL, lax.le, None, "x <= y, elementwise.")
greater = binary("greater", "Greater", REAL, lax.gt, None, "x > y, elementwise.")
greater_equal = binary("greater_equal", "GreaterEqual", REAL, lax.ge, None, "x >= y, elementwise.")


def _logical(name, kernel, function, doc):
    def body(x: Bools, y: Bools):
        return function(*aligned(kernel, x, y))

    return declare(name, described(doc, (d.bool,), "x", "y"), body, kernel, grad=None)


logical_and = _logical("logical_and", "LogicalAnd", lax.bitwise_and, "x and y, elementwise, of booleans.")
logical_or = _logical("logical_or", "LogicalOr", lax.bitwise_or, "x or y, elementwise, of booleans.")


def _xor_dtypes(x, y):
    for position, dtype in enumerate((x, y)):
        if dtype is not d.bool:
            text = f"Input '{'xy'[position]}' of 'LogicalOr' Op has type {dtype.name} that does not match expected type of bool."
            raise mismatch("LogicalOr", position, d.bool, dtype, text)


@op("LogicalXor", grad=None, complain=_xor_dtypes)
def logical_xor(x: Bools, y: Bools, name="LogicalXor"):
    """Whether one of x and y is true, elementwise, of booleans.

    Args:
      x, y: bool tensors whose shapes broadcast.

    Raises:
      InvalidArgumentError: another dtype, or shapes that do not broadcast.
    """
    return lax.bitwise_xor(*aligned("LogicalOr", x, y))


@op("LogicalNot", grad=None)
def logical_not(x: Bools):
    """not x, elementwise, of booleans.

    Args:
      x: a bool tensor.

    Raises:
      InvalidArgumentError: another dtype.
    """
    return lax.bitwise_not(x)


is_nan = unary("is_nan", "IsNan", FLOATS, lambda x: x != x, False, "Whether x is NaN, elementwise.")
is_inf = unary("is_inf", "IsInf", FLOATS, lambda x: lax.abs(x) == np.inf, False, "Whether x is infinite, elementwise.")
is_finite = unary("is_finite", "IsFinite", FLOATS, lax.is_finite, False, "Whether x is finite, elementwise.")
