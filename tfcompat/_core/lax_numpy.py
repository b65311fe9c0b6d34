"""How each elementwise lax primitive is said in NumPy; the table that `interpret` generates host functions from.

A rule takes the builder and one equation and returns what computes it: a NumPy ufunc, the text of an expression with
`{0}`, `{1}` for the operands, or a Python callable. Results have XLA's values: integers exactly, floats to a few ulp.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tfcompat._core.native import extension as _hot


class NoHostForm(Exception):
    """A jaxpr holds something NumPy has no form for; `primitive` names it."""

    def __init__(self, primitive: str, reason: str = "") -> None:
        super().__init__(f"no host form for '{primitive}'" + (f": {reason}" if reason else ""))
        self.primitive = primitive


class Rule(NamedTuple):
    """How equations of one primitive are turned into code.

    kind: "elementwise" (`make(builder, equation)` gives a ufunc, template or callable; operands may be broadcast
    lazily), "text" (`make(builder, equation)` gives the expression of each result) or "closure" (`make(equation)`
    gives a callable over the exact operands). moves: takes any dtype, 16-bit floats too, because it only moves data.
    view: results may share memory with operands.
    """

    make: Callable
    kind: str
    moves: bool = False
    view: bool = False


RULES: dict[str, Rule] = {}


def rule(*names: str, kind: str = "elementwise", moves: bool = False, view: bool = False) -> Callable:
    """Enter the decorated `make` into the table under `names`."""

    def enter(make: Callable) -> Callable:
        for name in names:
            RULES[name] = Rule(make, kind, moves, view)
        return make

    return enter


def is_static(dim: Any) -> bool:
    """Whether a dimension is a number (else symbolic)."""
    return isinstance(dim, (int, np.integer))


# What a generated expression may call by name.
NAMES: dict[str, Any] = {
    "array": np.array,
    "empty": np.empty,
    "zeros": np.zeros,
    "where": np.where,
    "concatenate": np.concatenate,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "arange": np.arange,
    "matmul": np.matmul,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "reciprocal": np.reciprocal,
}

# Ufuncs with an operator: `a + b` skips the lookup and the call.
OPERATORS: dict[np.ufunc, str] = {
    np.add: "{0} + {1}",
    np.subtract: "{0} - {1}",
    np.multiply: "{0} * {1}",
    np.divide: "{0} / {1}",
    np.negative: "-{0}",
    np.less: "{0} < {1}",
    np.less_equal: "{0} <= {1}",
    np.greater: "{0} > {1}",
    np.greater_equal: "{0} >= {1}",
    np.equal: "{0} == {1}",
    np.not_equal: "{0} != {1}",
    np.bitwise_and: "{0} & {1}",
    np.bitwise_or: "{0} | {1}",
    np.bitwise_xor: "{0} ^ {1}",
    np.invert: "~{0}",
    np.left_shift: "{0} << {1}",
}


def _simple(**table: Any) -> None:
    for name, made in table.items():
        rule(name.rstrip("_"))(lambda b, e, made=made: made)


# Arithmetic and comparison
_simple(add=np.add, add_any=np.add, sub=np.subtract, mul=np.multiply, neg=np.negative, max=np.maximum, min=np.minimum)
_simple(lt=np.less, le=np.less_equal, gt=np.greater, ge=np.greater_equal, eq=np.equal, ne=np.not_equal)
_simple(and_=np.bitwise_and, or_=np.bitwise_or, xor=np.bitwise_xor, not_=np.invert, shift_left=np.left_shift)
_simple(abs=np.abs, sign=np.sign, square="{0} * {0}", floor=np.floor, ceil=np.ceil, is_finite=np.isfinite)
_simple(nextafter=np.nextafter, clamp="minimum(maximum({0}, {1}), {2})")

# Exponentials and trigonometry
_simple(exp=np.exp, log=np.log, log1p=np.log1p, expm1=np.expm1, sqrt=np.sqrt)
_simple(sin=np.sin, cos=np.cos, tan=np.tan, asin=np.arcsin, acos=np.arccos, atan=np.arctan)
_simple(sinh=np.sinh, cosh=np.cosh, tanh=np.tanh, asinh=np.arcsinh, acosh=np.arccosh, atanh=np.arctanh)


def _inverse(b: Any, e: Any, text: str) -> str:
    """Text of 1 / `text`. Of arrays a number of Python's as the dividend takes twice as long."""
    return f"reciprocal({text})" if e.outs[0].shape and e.outs[0].dtype.kind == "f" else f"1 / ({text})"


@rule("rsqrt")
def _rsqrt(b: Any, e: Any) -> str:
    return _inverse(b, e, "sqrt({0})")


@rule("logistic")
def _logistic(b: Any, e: Any) -> str:
    out = e.outs[0]
    one = b.bind(np.ones((), out.dtype)) if out.shape else "1"
    return _inverse(b, e, f"{one} + exp(-{{0}})")



def _real_only(name: str, made: Any) -> None:
    @rule(name)
    def make(b: Any, e: Any) -> Any:
        if e.ins[0].dtype.kind == "c":
            raise NoHostForm(name, "complex operand")
        return made


_real_only("cbrt", np.cbrt)
_real_only("atan2", np.arctan2)


@rule("exp2")
def _exp2(b: Any, e: Any) -> Any:
    return (lambda x: np.exp(x * x.dtype.type(np.log(2.0)))) if e.ins[0].dtype.kind == "c" else np.exp2


@rule("round")
def _round(b: Any, e: Any) -> Any:
    return np.rint if int(e.params["rounding_method"]) == 1 else _round_half_away


def _round_half_away(x: Any) -> Any:
    whole = np.trunc(x)
    return whole + np.where(np.abs(x - whole) >= 0.5, np.copysign(x.dtype.type(1), x), x.dtype.type(0))


# Division: XLA truncates; x / 0 is -1 (all ones when unsigned), x % 0 is x
@rule("div")
def _div(b: Any, e: Any) -> Any:
    dtype = e.outs[0].dtype
    if dtype.kind in "fc":
        return np.divide
    divisor = e.ins[1].const
    if dtype.kind == "u":
        return np.floor_divide if divisor is not None and np.all(divisor != 0) else _divide_unsigned
    if divisor is not None and np.all(divisor > 0):
        return lambda x, y: (x - np.fmod(x, y)) // y
    return _divide_signed


def _divide_unsigned(x: Any, y: Any) -> Any:
    return np.where(y == 0, ~y, x // y)


def _divide_signed(x: Any, y: Any) -> Any:
    return np.where(y == 0, ~y, (x - np.fmod(x, y)) // y)


@rule("rem")
def _rem(b: Any, e: Any) -> Any:
    dtype, divisor = e.outs[0].dtype, e.ins[1].const
    if dtype.kind == "f" or (divisor is not None and np.all(divisor != 0)):
        return np.fmod
    return lambda x, y: np.where(y == 0, x, np.fmod(x, y))


@rule("mulhi")
def _mulhi(b: Any, e: Any) -> Any:
    dtype = e.outs[0].dtype
    bits = 8 * dtype.itemsize
    if bits == 64:
        raise NoHostForm("mulhi", "64-bit")
    wide = np.dtype(f"{dtype.kind}{2 * dtype.itemsize}")
    return lambda x, y: (x.astype(wide) * y.astype(wide) >> wide.type(bits)).astype(dtype)


# Powers
@rule("pow")
def _pow(b: Any, e: Any) -> Any:
    dtype = e.outs[0].dtype
    return np.power if e.ins[1].dtype == dtype else lambda x, y: np.power(x, y.astype(dtype))


@rule("integer_pow")
def _integer_pow(b: Any, e: Any) -> Any:
    exponent = int(e.params["y"])
    short = {1: "+{0}", 2: "{0} * {0}", 3: "{0} * {0} * {0}"}
    short |= {-1: _inverse(b, e, "{0}"), -2: _inverse(b, e, "{0} * {0}")}
    if exponent in short and e.ins[0].dtype.kind != "b":
        return short[exponent]

    def power(x: Any) -> Any:
        # The products XLA makes, in its order: square and multiply.
        left, factor, result = abs(exponent), x, None
        while left:
            if left & 1:
                result = factor if result is None else result * factor
            left >>= 1
            if left:
                factor = factor * factor
        if result is None:
            return np.ones_like(x)
        return 1 / result if exponent < 0 else result

    return power


# Bits
def _unsigned(dtype: np.dtype) -> np.dtype:
    return np.dtype(f"u{dtype.itemsize}")


@rule("shift_right_logical")
def _shift_right_logical(b: Any, e: Any) -> Any:
    dtype = e.outs[0].dtype
    if dtype.kind == "u":
        return np.right_shift
    u, s = b.bind(_unsigned(dtype)), b.bind(dtype)
    return f"({{0}}.view({u}) >> {{1}}.view({u})).view({s})"


@rule("shift_right_arithmetic")
def _shift_right_arithmetic(b: Any, e: Any) -> Any:
    dtype = e.outs[0].dtype
    if dtype.kind == "i":
        return np.right_shift
    u, s = b.bind(dtype), b.bind(np.dtype(f"i{dtype.itemsize}"))
    return f"({{0}}.view({s}) >> {{1}}.view({s})).view({u})"


@rule("population_count")
def _population_count(b: Any, e: Any) -> Any:
    dtype = e.outs[0].dtype
    u = _unsigned(dtype)
    return lambda x: np.bitwise_count(x.view(u)).astype(dtype)


@rule("clz")
def _clz(b: Any, e: Any) -> Any:
    dtype = e.outs[0].dtype
    u, bits = _unsigned(dtype), 8 * dtype.itemsize

    def clz(x: Any) -> Any:
        x = x.view(u)
        shift = 1
        while shift < bits:
            x = x | (x >> u.type(shift))
            shift *= 2
        return (bits - np.bitwise_count(x)).astype(dtype)

    return clz


# Complex numbers
@rule("real", view=True)
def _real(b: Any, e: Any) -> str:
    return "{0}.real"


@rule("imag", view=True)
def _imag(b: Any, e: Any) -> str:
    return "{0}.imag"


@rule("conj")
def _conj(b: Any, e: Any) -> Any:
    return np.conjugate if e.ins[0].dtype.kind == "c" else f"{{0}}.astype({b.bind(e.outs[0].dtype)})"


@rule("complex")
def _complex(b: Any, e: Any) -> Any:
    dtype = e.outs[0].dtype

    def build(real: Any, imag: Any) -> Any:
        result = np.empty(np.broadcast(real, imag).shape, dtype)
        result.real = real
        result.imag = imag
        return result

    return build


# Selection
# np.where takes 0.5 ns an element where the mask is regular, 4 where it is not. Without a branch it takes 0.2 to 0.5, from
# some size on.
_MANY = 2048
_BITS = {np.dtype(t): np.dtype(f"i{np.dtype(t).itemsize}") for t in "b h i q B H I Q f d F".split()}


def masked(mask: Any, x: Any) -> Any:
    """`where(mask, x, 0)`."""
    bits = _BITS.get(x.dtype)
    if mask.size < _MANY or bits is None:
        return np.where(mask, x, x.dtype.type(0))
    return np.bitwise_and(np.negative(mask.view(np.int8)), x.view(bits)).view(x.dtype)


def either(mask: Any, x: Any, y: Any) -> Any:
    """`where(mask, x, y)`, of one dtype."""
    bits = _BITS.get(x.dtype)
    if mask.size < _MANY or bits is None:
        return np.where(mask, x, y)
    a, b = x.view(bits), y.view(bits)
    return ((np.negative(mask.view(np.int8)) & (a ^ b)) ^ b).view(x.dtype)


def _is_zero(const: Any) -> bool:
    """Whether a constant is nothing but zeros, none of them negative."""
    return const is not None and const.dtype in _BITS and not const.any() and not np.signbit(const.real).any()


@rule("select_n", moves=True)
def _select_n(b: Any, e: Any) -> Any:
    which, *cases = e.ins
    if len(cases) == 1:
        b.shares = True
        return "{1}"
    if which.const is not None and which.const.size and (which.const == which.const.flat[0]).all():
        chosen = cases[int(which.const.flat[0])]
        if chosen.const is None and chosen.actual == chosen.shape:
            b.shares = True
            return f"{{{e.ins.index(chosen)}}}"
    if len(cases) == 2:
        if which.actual == () and cases[0].actual == cases[1].actual:
            b.shares = True
            return "({2} if {0} else {1})"
        shape = e.outs[0].shape
        if all(map(is_static, shape)) and math.prod(shape) < _MANY:
            return "where({0}, {2}, {1})"
        for k, other in ((1, 0), (0, 1)):  # one of them is nothing but zeros
            zero, value = cases[other], cases[k]
            if _is_zero(zero.const) and zero.actual in ((), which.actual, value.actual):
                return f"{b.bind(masked)}({'{0}' if k else '~{0}'}, {{{k + 1}}})"
        return f"{b.bind(either)}({{0}}, {{2}}, {{1}})"

    def choose(which: Any, *cases: Any) -> Any:
        result = cases[-1]
        for k in range(len(cases) - 2, -1, -1):
            result = np.where(which == k, cases[k], result)
        return result

    return choose


# Conversions
_STANDARD = frozenset(np.dtype(t) for t in "? b h i q B H I Q f d F D".split())


def is_standard(dtype: np.dtype) -> bool:
    """Whether NumPy computes in `dtype` as XLA does (no 16-bit floats, no extension types)."""
    return dtype in _STANDARD


@functools.cache
def _float_to_int(source: np.dtype, target: np.dtype) -> Callable:
    """Truncate towards zero, saturate, NaN to 0."""
    info = np.iinfo(target)
    # 2**31 and 2**63 are floats, the largest integers need not be: compare with the former.
    over, under = source.type(float(info.max) + 1.0), source.type(float(info.min))
    top, bottom, zero = target.type(info.max), target.type(info.min), target.type(0)

    if target.kind == "u":

        def inside(x: Any) -> Any:
            return (x > -1) & (x < over)
    else:
        limit = -under

        def inside(x: Any) -> Any:
            return np.abs(x) < limit

    def convert(x: Any) -> Any:
        fits = inside(x)
        if fits.all():
            return x.astype(target)
        result = np.where(fits, x, source.type(0)).astype(target)
        result = np.where(x >= over, top, result)
        result = np.where(x <= under, bottom, result)
        return np.where(np.isnan(x), zero, result)

    return convert


@rule("convert_element_type", moves=True)
def _convert_element_type(b: Any, e: Any) -> Any:
    source, target = e.ins[0].dtype, e.outs[0].dtype
    if not is_standard(source) or not is_standard(target):
        return _convert_small_float(source, target)
    if source.kind == "c" and target.kind not in "cb":
        if target.kind == "f":
            return f"{{0}}.real.astype({b.bind(target)})"
        inner = _float_to_int(np.dtype(f"f{source.itemsize // 2}"), target)
        return lambda x: inner(x.real)
    if source.kind == "f" and target.kind in "iu":
        return _float_to_int(source, target)
    return f"{{0}}.astype({b.bind(target)})"


def _convert_small_float(source: np.dtype, target: np.dtype) -> Callable:
    name = f"convert_element_type {source} to {target}"
    wide = np.dtype(np.float32)
    if "int4" in name or "int2" in name:
        raise NoHostForm(name)
    if is_standard(source):
        if source.kind == "c":
            raise NoHostForm(name)
        # XLA rounds twice, too.
        return (lambda x: x.astype(target)) if source == wide else lambda x: x.astype(wide).astype(target)
    if target in (wide, np.dtype(np.float64), np.dtype(np.complex64), np.dtype(np.complex128)):
        return lambda x: x.astype(wide).astype(target)
    if target.kind in "iu" and is_standard(target):
        inner = _float_to_int(wide, target)
        return lambda x: inner(x.astype(wide))
    if target.kind == "b":
        return lambda x: x.astype(wide) != 0
    if target.itemsize == source.itemsize:
        return lambda x: x.astype(wide).astype(target)
    raise NoHostForm(name)


@rule("reduce_precision")
def _reduce_precision(b: Any, e: Any) -> Any:
    dtype = e.ins[0].dtype
    exponent_bits, mantissa_bits = int(e.params["exponent_bits"]), int(e.params["mantissa_bits"])
    if dtype.kind == "c":
        raise NoHostForm("reduce_precision", "complex operand")
    own_exponent, own_mantissa = (8, 23) if dtype.itemsize == 4 else (11, 52)
    if exponent_bits >= own_exponent and mantissa_bits >= own_mantissa:
        return "+{0}"
    u = _unsigned(dtype)
    drop = own_mantissa - mantissa_bits
    sign_bit, magnitude_mask = u.type(1 << (8 * dtype.itemsize - 1)), u.type((1 << (8 * dtype.itemsize - 1)) - 1)
    infinity = u.type(((1 << own_exponent) - 1) << own_mantissa)
    bias, own_bias = (1 << (exponent_bits - 1)) - 1, (1 << (own_exponent - 1)) - 1
    largest = u.type(((own_bias + bias) << own_mantissa) | (((1 << own_mantissa) - 1) & ~((1 << max(drop, 0)) - 1)))
    smallest = u.type((own_bias + 1 - bias) << own_mantissa)

    def reduce(x: Any) -> Any:
        bits = x.view(u)
        sign, bits = bits & sign_bit, bits & magnitude_mask
        if drop > 0:
            odd = (bits >> u.type(drop)) & u.type(1)
            bits = (bits + (u.type((1 << (drop - 1)) - 1) + odd)) & ~u.type((1 << drop) - 1)
        if exponent_bits < own_exponent:
            bits = np.where(bits > largest, infinity, np.where(bits < smallest, u.type(0), bits))
        return np.where(np.isnan(x), x, (sign | bits).view(dtype))

    return reduce


# Total order: as comparison, but every NaN is equal to itself and above all
def _total_order(name: str, plain: Callable) -> None:
    @rule(name)
    def make(b: Any, e: Any) -> Any:
        if e.ins[0].dtype.kind == "c":
            raise NoHostForm(name, "complex operand")
        if e.ins[0].dtype.kind != "f":
            return plain
        i = np.dtype(f"i{e.ins[0].dtype.itemsize}")
        largest = i.type(np.iinfo(i).max)

        def key(x: Any) -> Any:
            bits = np.where(x == 0, x.dtype.type(0), np.where(np.isnan(x), x.dtype.type(np.nan), x)).view(i)
            return np.where(bits < 0, bits ^ largest, bits)

        return lambda x, y: plain(key(x), key(y))


_total_order("lt_to", np.less)
_total_order("le_to", np.less_equal)
_total_order("eq_to", np.equal)


# Special functions; scipy.special, which takes 0.1 s, is imported by the first equation that needs it
def _special(name: str, attribute: str) -> None:
    @rule(name)
    def make(b: Any, e: Any) -> Any:
        own = _of_singles(name, e)
        if own is not None:
            return own
        from scipy import special  # noqa: C408

        return getattr(special, attribute)


def _of_singles(name: str, e: Any) -> Any:
    """The extension's ufunc of this name, or None."""
    return getattr(_hot, name, None) if e.outs[0].dtype == np.float32 else None


_special("erf", "erf")
_special("erfc", "erfc")
_special("erf_inv", "erfinv")
_special("igamma", "gammainc")
_special("igammac", "gammaincc")
_special("regularized_incomplete_beta", "betainc")
_special("bessel_i0e", "i0e")
_special("bessel_i1e", "i1e")


@rule("lgamma")
def log_gamma(b: Any, e: Any) -> Any:
    """The rule of what is infinity at both infinities; scipy's is not at the lower one."""
    own = _of_singles("lgamma", e)
    if own is not None:
        return own
    from scipy import special

    lowest = np.array(np.finfo(e.outs[0].dtype).min)
    return f"{b.bind(special.gammaln)}(maximum({{0}}, {b.bind(lowest)}))"


@rule("digamma")
def digamma(b: Any, e: Any) -> Callable:
    """The rule of what is NaN at 0 and below it at the whole numbers; scipy gives an infinity at 0."""
    own = _of_singles("digamma", e)
    if own is not None:
        return own
    from scipy import special

    def function(x: Any) -> Any:
        above = x > 0
        if np.count_nonzero(above) == x.size:
            return special.psi(x)
        # scipy takes 1 to 1.5 µs for a negative number, 0.02 for its reflection. The tangent goes round once in 1.
        wide = x.astype(np.float64)
        rest = wide - np.rint(wide)
        turned = np.where(above, 0.0, np.pi / np.tan(np.pi * rest / (rest != 0)))
        return (special.psi(np.where(above, wide, 1 - wide)) - turned).astype(x.dtype)

    return function


@rule("zeta")
def _zeta(b: Any, e: Any) -> Any:
    from scipy import special

    dtype = e.outs[0].dtype
    return lambda x, q: np.asarray(special.zeta(x, q)).astype(dtype)


@rule("polygamma")
def _polygamma(b: Any, e: Any) -> Any:
    from scipy import special

    dtype = e.outs[0].dtype
    return lambda m, x: np.asarray(special.polygamma(m, x)).astype(dtype)
