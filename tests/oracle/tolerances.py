"""How far numbers may be from TensorFlow's: by dtype, and for single ops more, each with its reason."""

import functools
import re

# Relative to the value, plus a tenth of that relative to the largest value of the array (for cancellation in sums).
# Half precisions: a value computed in float32 and rounded once may land one unit off; two such steps, two units.
TOLERANCE = {
    "float64": 1e-12,
    "complex128": 1e-12,
    "float32": 1e-5,
    "complex64": 1e-5,
    "float16": 2**-9,
    "bfloat16": 2**-6,
}
_SINGLE = ("float32", "complex64")
_SUMS = "sums of products: the order and the width of the accumulator differ"
_ROUNDED = "TensorFlow rounds to half precision after each of several steps"

# (part of the op's name or of the expression, dtypes, tolerance, reason); the largest deviations seen are a third to a half.
MORE = [
    (r"math\.(lgamma|digamma)$", ("float32",), 3e-5, "digamma is 0 near 1.46: little is left there of larger terms"),
    (r"linalg\.(eig|eigh|svd)\(", _SINGLE, 3e-5, "gradients divide by differences of eigenvalues"),
    (r"LinearOperator.*(cond|determinant)\(\)", _SINGLE, 3e-5, "gradients are differences of large terms"),
    (r"parameterized_truncated_normal", ("float32",), 5e-5,
     "far from the mean the bounds' gradients are differences of small probabilities"),
    (r"clip_by_norm$", ("float64",), 2e-7, "with a norm of float32 it is computed in float32"),
    (r"l2_normalize", ("float16",), 8e-3, "processors that compute in half precision (AVX512-FP16) round after each step"),
    (r"nn\.\w*conv", ("float16",), 4e-3, _SUMS),
    (r"nn\.\w*conv", ("bfloat16",), 3e-2, _SUMS),
    (r"nn\.(sigmoid|silu|swish)$", ("float16",), 4e-3, _ROUNDED),
    (r"nn\.(sigmoid|silu|swish)$", ("bfloat16",), 3e-2, _ROUNDED),
]  # fmt: skip


@functools.cache
def of(op, dtype):
    """The tolerance of an op's results and gradients of a dtype; 0: they are equal."""
    known = TOLERANCE.get(dtype, 0.0)
    return max([known, *[more for part, dtypes, more, _ in MORE if dtype in dtypes and re.search(part, op)]])
