"""Functions of `tf.math` that are made of others, or rank and order elements."""

import collections
import math

import jax.numpy as jnp
from jax import lax

from tfcompat._cast import cast, zeros_like
from tfcompat._core import dtypes as d
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.core_types import TensorType
from tfcompat._core.forms import by_form
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Axes, Check, Data, Dtype, Many, T, op
from tfcompat._core.ranking import places
from tfcompat._core.recorded_data import recording
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle, size_value
from tfcompat._declare import (
    INDEX,
    INEXACT,
    NUMBERS,
    REAL,
    axes_of,
    conj,
    default,
    for_shapes,
    invalid,
    is_complex,
    kept,
    refused,
    unequal_shapes,
    where,
)  # fmt: skip
from tfcompat._elementwise import add, div_no_nan, lgamma, mul_no_nan, multiply, ndtri, one_dtype, subtract
from tfcompat._reductions import reduce_sum
from tfcompat._vectors import One

# Composed of other ops


def operands(x, y):
    """Both operands as tensors; where one is, it decides the dtype of the other."""
    if isinstance(y, (TensorHandle, TensorType)) and not isinstance(x, (TensorHandle, TensorType)):
        y = convert(y)
        return convert(x, None, y.dtype), y
    x = convert(x)
    return x, convert(y, None, x.dtype)


@by_form
def multiply_no_nan(x, y, name=None):
    """x * y elementwise, and 0 where y is 0 even if x is infinite or NaN.

    Args:
      x, y: floating or complex tensors of one dtype whose shapes broadcast.

    Raises:
      ValueError: tensors of different dtypes.
    """
    x = convert(x)
    return mul_no_nan(x, convert(y, x.dtype))


@by_form
def divide_no_nan(x, y, name=None):
    """x / y elementwise, and 0 where y is 0. Integers become float32 (8 and 16 bits) or float64.

    Args:
      x, y: tensors of numbers of one dtype whose shapes broadcast.

    Raises:
      TypeError: dtypes that differ, or that are no numbers.
    """
    if type(x) is not Tensor or type(y) is not Tensor:
        x, y = operands(x, y)
    one_dtype("tf.math.divide_no_nan", x.dtype, y.dtype)
    if x.dtype.is_integer:
        wide = d.float32 if x.dtype.size < 4 else d.float64
        x, y = cast(x, wide), cast(y, wide)
    return div_no_nan(x, y)


@op("ApproximateEqual", T=NUMBERS, grad=None)
def _approximate_equal(x: T, y: T, tolerance: Data("S")):
    return lax.abs(x - y).astype(tolerance.dtype) < tolerance


def approximate_equal(x, y, tolerance=1e-05, name=None):
    """|x - y| < tolerance, elementwise, of tensors of one shape."""
    x, y = operands(x, y)
    return _approximate_equal(x, y, convert(float(tolerance)))


@by_form
def lbeta(x, name=None):
    """log |Beta(x)|, over the last dimension: the sum of lgamma less lgamma of the sum.

    Args:
      x: a floating tensor of rank 1 or more.

    Raises:
      InvalidArgumentError: another dtype.
    """
    x = convert(x)
    return subtract(reduce_sum(lgamma(x), -1), lgamma(reduce_sum(x, -1)))


def erfcinv(x, name=None):
    """The inverse of erfc.

    Args:
      x: a floating tensor of numbers in [0, 2].

    Raises:
      TypeError: another dtype.
    """
    x = convert(x)
    return multiply(-math.sqrt(0.5), ndtri(multiply(0.5, x)))


# Sums of several tensors, polynomials


@op("AddN", T=NUMBERS)
def _add_n(inputs: Many("T")):
    for i, x in enumerate(inputs):
        if x.shape != inputs[0].shape:
            text = f"{unequal_shapes(inputs[0].shape, x.shape)}\n\tFrom merging shape 0 with other shapes."
            raise invalid(f"Inputs to operation AddN of type AddN must have the same size and shape.  Input 0: "
                          f"{shape_text(inputs[0].shape)} != input {i}: {shape_text(x.shape)}", "AddN",
                          while_recording=for_shapes(text, "AddN", *inputs))  # fmt: skip
    total = inputs[0]
    for x in inputs[1:]:
        total = lax.add(total, x)
    return total


@by_form
def add_n(inputs, name=None):
    """The sum of tensors of one shape and dtype.

    Args:
      inputs: list of tensors or IndexedSlices (these are made dense), or a tensor whose rows are added.

    Raises:
      ValueError: there are none.
      TypeError: `inputs` cannot be iterated over.
      InvalidArgumentError: shapes or dtypes differ.
    """
    values = list(inputs)
    if not values:
        raise ValueError(
            "Inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and shape."
        )
    values = [convert(v) for v in values]
    return values[0] if len(values) == 1 else _add_n(values)


def accumulate_n(inputs, shape=None, tensor_dtype=None, name=None):
    """The sum of tensors of one shape and dtype, like `add_n`.

    Args:
      inputs: a list of tensors.
      shape, tensor_dtype: what they must have.

    Raises:
      ValueError: shapes or dtypes differ, or are not `shape` and `tensor_dtype`.
    """
    problem = "inputs must be a list of at least one Tensor with the same dtype and shape"
    if not inputs or not isinstance(inputs, (list, tuple)):
        raise ValueError(problem)
    values = [convert(v) for v in inputs]
    if any(v._aval is not values[0]._aval for v in values):
        raise ValueError(problem)
    if shape is not None and not values[0].shape.is_compatible_with(shape):
        raise ValueError(f"{values[0].shape} is not compatible with {shape}")
    if tensor_dtype is not None and d.as_dtype(tensor_dtype) is not values[0].dtype:
        raise TypeError(f"tensor_dtype is {tensor_dtype}, but input is of type {values[0].dtype}")
    return add_n(values)


@by_form
def scalar_mul(scalar, x, name=None):
    """`scalar` times a tensor or IndexedSlices.

    Args:
      scalar: a number or scalar tensor.
      x: a tensor or IndexedSlices of the same dtype.

    Raises:
      ValueError: `scalar` is no scalar.
    """
    slices = x if isinstance(x, IndexedSlices) else None
    x = convert(x if slices is None else slices.values)
    scalar = convert(scalar, x.dtype)
    if scalar._aval.shape:
        raise ValueError(f"The input scalar must be a 0-D value. Received shape {scalar.shape}.")
    product = multiply(scalar, x)
    return product if slices is None else IndexedSlices(product, slices.indices, slices.dense_shape)


@by_form
def polyval(coeffs, x, name=None):
    """The polynomial with these coefficients, highest power first, at x, by Horner's rule.

    Args:
      coeffs: list of tensors of x's dtype, each of a shape that broadcasts with x.

    Raises:
      ValueError: `coeffs` is no list.
    """
    if not isinstance(coeffs, list):
        raise ValueError(f"Argument coeffs must be list type. Received type {type(coeffs)}.")
    x = convert(x)
    if not coeffs:
        return zeros_like(x)
    coeffs = [convert(c) for c in coeffs]
    value = coeffs[0]
    for c in coeffs[1:]:
        value = add(c, multiply(value, x))
    return value


# Ranking

TopKV2 = collections.namedtuple("TopKV2", ["values", "indices"])


_K = One("TopKV2", "k must be scalar, got shape {}", "Tk", dtypes=(d.int16, *INDEX), known=size_value)


@op("TopKV2", single=False, T=REAL)
@inlined
def _top_k(input: T, k: _K, index_type: Dtype):
    if not input.ndim:
        raise invalid("input must be >= 1-D, got shape []", "TopKV2")
    if k < 0:
        raise invalid(f"Need k >= 0, got {k}", "TopKV2")
    if k > input.shape[-1]:
        text = f"input must have last dimension >= k = {k} but is {input.shape[-1]}"
        raise invalid(f"input must have at least k columns. Had {input.shape[-1]}, needed {k}", "TopKV2",
                      while_recording=for_shapes(text, "TopKV2", input, (), computed={1: [k]}))  # fmt: skip
    indices = places(k)(lax.stop_gradient(input))
    return [jnp.take_along_axis(input, indices, -1, mode="promise_in_bounds"), indices.astype(index_type.np)]


@by_form
def top_k(input, k=1, sorted=True, index_type=d.int32, name=None):
    """The k largest entries along the last dimension, largest first, and where they are.

    Of equal entries the first comes first; NaN counts as the smallest.

    Args:
      input: numeric tensor of rank 1 or more.
      k: how many; at most the size of the last dimension.
      sorted: accepted; the result is always sorted.
      index_type: dtype of the indices: int16, int32 or int64.

    Returns:
      Named tuple (values, indices).

    Raises:
      InvalidArgumentError: k is negative or too large, or `input` is a scalar.
    """
    return TopKV2(*_top_k(input, k, index_type))


@op("InTopKV2", grad=False, Tk=INDEX)
def _in_top_k(predictions: Data("P", only=d.float32), targets: Data("Tk", d.int32), k: Data("Tk")):
    for name, array, rank in (("predictions", predictions, 2), ("targets", targets, 1)):
        if array.ndim != rank:
            raise invalid(f"{name} must be {rank}-dimensional", "InTopKV2")
    if predictions.shape[0] != targets.shape[0]:
        raise invalid(f"First dimension of predictions {predictions.shape[0]} must match length of targets "
                      f"{targets.shape[0]}", "InTopKV2")  # fmt: skip
    if k.ndim:
        raise refused(f"k must be 0-D, got shape {shape_text(k.shape)}", "InTopKV2")
    classes = predictions.shape[1]
    inside = (targets >= 0) & (targets < classes)
    index = jnp.where(inside, targets, jnp.zeros_like(targets))[:, None]
    chosen = jnp.take_along_axis(predictions, index, 1)
    better = jnp.sum(predictions > chosen, 1, dtype=k.dtype)
    return inside & jnp.all(lax.is_finite(predictions), 1) & (better < k)


@by_form
def in_top_k(targets, predictions, k, name=None):
    """Whether fewer than k classes have a larger prediction than the target class.

    Args:
      targets: integer class of each example, shape [n].
      predictions: float32, shape [n, classes]. An example with an entry that is not finite gives False.
      k: how many.

    Raises:
      InvalidArgumentError: shapes that do not fit.
    """
    if recording():  # what it is not comes as of any op there
        return _in_top_k(predictions, targets, k)
    return _in_top_k(convert(predictions, d.float32), targets, k)


# Sequences


@op("IsNonDecreasing", grad=None)
def _is_non_decreasing(x: T):
    flat = x.reshape(-1)
    return jnp.all(flat[1:] >= flat[:-1])


@op("IsStrictlyIncreasing", grad=None)
def _is_strictly_increasing(x: T):
    flat = x.reshape(-1)
    return jnp.all(flat[1:] > flat[:-1])


def _numeric(x):
    x = convert(x)
    if x.dtype is d.string:
        raise TypeError(f"Expected x to be numeric, instead found: {x}")
    return x


def is_non_decreasing(x, name=None):
    """Whether no element is smaller than the one before it, in row-major order.

    Args:
      x: a tensor of numbers.

    Raises:
      TypeError: strings.
    """
    return _is_non_decreasing(_numeric(x))


def is_strictly_increasing(x, name=None):
    """Whether each element is larger than the one before it, in row-major order.

    Args:
      x: a tensor of numbers.

    Raises:
      TypeError: strings.
    """
    return _is_strictly_increasing(_numeric(x))


def _no_permutation(x):
    return jnp.any(jnp.sort(x) != jnp.arange(x.size, dtype=x.dtype))


def _permutation_message(x):
    for k, n in enumerate(x.tolist()):
        if not 0 <= n < x.size:
            return f"{n} is not between 0 and {x.size - 1}"
        if n in x[:k]:
            return f"{n} is duplicated in the input."


@op("InvertPermutation", grad=None, T=INDEX, check=Check(_no_permutation, _permutation_message))
def invert_permutation(x: Data("T", d.int32)):
    """The permutation that undoes `x`, a vector of the numbers 0..n-1.

    Args:
      x: int32 or int64.

    Raises:
      InvalidArgumentError: `x` is no vector, or no permutation.
    """
    if x.ndim != 1:
        raise invalid("invert_permutation expects a 1D vector.", "InvertPermutation")
    return jnp.zeros_like(x).at[x].set(jnp.arange(x.shape[0], dtype=x.dtype))


@op("L2Normalize", T=INEXACT)
@inlined
def _l2_normalize(x: T, epsilon: Data("E"), axis: Axes = None):
    axes = axes_of("Sum", x, axis)
    total = kept(jnp.sum(lax.real(x * conj(x)) if is_complex(x) else x * x, axes, dtype=epsilon.dtype), axes)
    return x * lax.rsqrt(where(total >= epsilon, total, epsilon)).astype(x.dtype)


@by_form
def l2_normalize(x, axis=None, epsilon=1e-12, name=None, dim=None):
    """x / sqrt(max(sum(|x| ** 2), epsilon)), the sum over `axis` (default: all).

    Args:
      x: a floating or complex tensor.
      axis: an int or list of ints.
      epsilon: a lower bound of the sum.
      dim: an older name of `axis`.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    x = convert(x)
    real = x.dtype.real_dtype
    least = default(1e-12, real) if type(epsilon) is float and epsilon == 1e-12 else convert(epsilon, real)
    return _l2_normalize(x, least, dim if dim is not None else axis)
