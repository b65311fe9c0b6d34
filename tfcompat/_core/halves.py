"""16-bit floats on the host: computed in float32 and rounded after each equation, as XLA does on a CPU."""

import types

import numpy as np

from tfcompat._core import dtypes
from tfcompat._core.equations import Equation, Value

BFLOAT = dtypes.bfloat16.np
HALVES = frozenset([dtypes.float16.np, BFLOAT])
_WIDE = np.dtype(np.float32)
# One rounding each. Sums, products of matrices and other powers round more often, each in its own way.
ONCE = frozenset(
    "add sub mul div rem max min neg abs sign floor ceil round is_finite eq ne lt le gt ge sqrt rsqrt cbrt square clamp"
    " exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh atan2 pow logistic"
    " erf erfc erf_inv lgamma digamma reduce_max reduce_min argmax argmin iota tfcompat.floor_divide tfcompat.remainder"
    # XLA does not round between what it fuses
    " tfcompat.sign_of_real tfcompat.softplus tfcompat.xlogy tfcompat.lgamma tfcompat.digamma tfcompat.top".split()
)
# Of short rows each result is rounded before the next one, as in TensorFlow.
IN_TURN = frozenset("cumsum cumprod cummax cummin".split())
MOST_IN_TURN = 64


def widened(equations):
    """Equations in which those on 16-bit floats that round once are computed in float32."""
    if not any(_is_half(v) for e in equations for v in (*e.ins, *e.outs)):
        return equations
    found = []

    def converted(value, dtype, other=None):
        """The equation that makes another value, in `dtype` if it is not given, of this one."""
        other = Value(types.SimpleNamespace(shape=value.shape, dtype=dtype)) if other is None else other
        found.append(Equation("convert_element_type", {"new_dtype": other.dtype, "weak_type": False, "sharding": None}, [value], [other]))
        return other

    for equation in equations:
        if not _rounds_once(equation):
            found.append(equation)
            continue
        ins = [converted(v, _WIDE) if _is_half(v) else v for v in equation.ins]
        outs = [Value(types.SimpleNamespace(shape=v.shape, dtype=_WIDE)) if _is_half(v) else v for v in equation.outs]
        made = Equation(equation.name, equation.params, ins, outs, equation.limited)
        made.wanted = equation.wanted
        found.append(made)
        for value, out in zip(equation.outs, outs, strict=True):
            if out is not value:
                converted(out, None, value)
    return found


def _is_half(value):
    return value.dtype in HALVES


def rounds_once(name):
    """Whether a primitive, or a function with a twin, rounds once: of several that differ by a number the name begins alike."""
    return name in ONCE or name.split("_")[0] in ONCE


def _rounds_once(equation):
    if not any(map(_is_half, (*equation.ins, *equation.outs))):
        return False
    return rounds_once(equation.name) or equation.name == "integer_pow" and equation.params["y"] in (2, -1)
