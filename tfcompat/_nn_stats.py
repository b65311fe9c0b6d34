"""Moments with weights, averages of losses and isotonic regression of `tf.nn`."""

import collections

import jax
import jax.numpy as jnp
import numpy as np

from tfcompat import debugging as check
from tfcompat._array import expand_dims, squeeze, transpose
from tfcompat._cast import cast
from tfcompat._core import dtypes as d
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.op import Data, T, op
from tfcompat._core.tensor_base import host_value
from tfcompat._creation import shape, zeros_like
from tfcompat._declare import FLOATS, refused
from tfcompat._elementwise import div_no_nan, multiply, negative, rsqrt, square, squared_difference, subtract
from tfcompat._math import divide_no_nan
from tfcompat._reductions import reduce_sum

HALVES = (d.float16,)


@by_form
def weighted_moments(x, axes, frequency_weights, keepdims=False, name=None):
    """Mean and variance over `axes`, each entry counting as often as its weight says.

    Args:
      x: a tensor.
      axes: list of integers.
      frequency_weights: a tensor that broadcasts with x.
      keepdims: whether to keep the axes, with size 1.

    Raises:
      InvalidArgumentError: there is no such axis, or weights that do not broadcast.
    """
    x, weights = convert(x), convert(frequency_weights)
    half = x.dtype in HALVES
    x = cast(x, d.float32) if half else x
    weights = weights if weights.dtype == x.dtype else cast(weights, x.dtype)
    total = reduce_sum(weights + zeros_like(x), axes, True)
    mean = div_no_nan(reduce_sum(weights * x, axes, True), total)
    variance = div_no_nan(reduce_sum(weights * squared_difference(x, mean), axes, True), total)
    if not keepdims:
        mean, variance = squeeze(mean, axis=axes), squeeze(variance, axis=axes)
    return (cast(mean, d.float16), cast(variance, d.float16)) if half else (mean, variance)


def sufficient_statistics(x, axes, shift=None, keepdims=False, name=None):
    """What `normalize_moments` makes moments of: count, sum and sum of squares over `axes`, and the shift.

    Args:
      x: a tensor.
      axes: list of integers.
      shift: what to subtract first, for accuracy; None for nothing.
      keepdims: whether to keep the axes, with size 1.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    axes = list(set(axes))
    x = convert(x)
    count = convert(int(np.prod([x.shape[a] for a in axes])), x.dtype)
    if shift is None:
        first, second = x, square(x)
    else:
        shift = convert(shift)
        first, second = subtract(x, shift), squared_difference(x, shift)
    return count, reduce_sum(first, axes, keepdims), reduce_sum(second, axes, keepdims), shift


def batch_norm_with_global_normalization(input, mean, variance, beta, gamma, variance_epsilon, scale_after_normalization,
                                         name=None):  # fmt: skip
    """(input - mean) / sqrt(variance + variance_epsilon), times gamma if `scale_after_normalization`, plus beta.

    Args:
      input: a tensor of rank 4.
      mean, variance, beta, gamma: vectors of its last dimension's size.
      variance_epsilon: a number.
      scale_after_normalization: a bool.

    Raises:
      InvalidArgumentError: shapes that do not fit.
    """
    scale = rsqrt(convert(variance) + variance_epsilon)
    scale = multiply(scale, gamma) if scale_after_normalization else scale
    return multiply(input, scale) + (beta - multiply(mean, scale))


# Losses over examples


def _scaled_by_weights(losses, weights):
    weights = cast(weights, losses.dtype) if weights.dtype != losses.dtype else weights
    rank, own = len(losses.shape), len(weights.shape)
    if own - rank == 1 and weights.shape[-1] == 1:
        weights = squeeze(weights, axis=[-1])
    elif rank - own == 1 and own:
        weights = expand_dims(weights, -1)
    return multiply(losses, weights)


def compute_average_loss(per_example_loss, sample_weight=None, global_batch_size=None):
    """The sum of the losses of examples, divided by the size of the whole batch; 0 where that is 0.

    Args:
      per_example_loss: a tensor of rank 1 or more.
      sample_weight: weights of the examples, or None.
      global_batch_size: default: the first dimension (there is one replica).

    Raises:
      ValueError: a scalar loss, or a batch size that is none. TypeError: one that is no integer.
      InvalidArgumentError: one that is negative.
    """
    losses = convert(per_example_loss)
    rank = len(losses.shape)
    if rank == 0:
        raise ValueError("Invalid value passed for `per_example_loss`. Expected a tensor with at least rank 1. Received "
                         f"per_example_loss={losses} with rank {rank}")  # fmt: skip
    if sample_weight is not None:
        losses = _scaled_by_weights(losses, convert(sample_weight))
    size = shape(losses)[0] if global_batch_size is None else global_batch_size
    check.assert_scalar(size, message="global_batch_size must be scalar.")
    check.assert_integer(size, message="global_batch_size must be an integer.")
    check.assert_non_negative(size, message="global_batch_size must be non-negative.")
    return divide_no_nan(reduce_sum(losses), cast(size, losses.dtype))


def scale_regularization_loss(regularization_loss):
    """The sum of a regularization loss, divided by the number of replicas (1).

    Args:
      regularization_loss: a tensor.

    Raises:
      RuntimeError: inside a replica of a strategy with several.
    """
    return reduce_sum(regularization_loss) / 1


# Isotonic regression

IsotonicRegression = collections.namedtuple("IsotonicRegression", ["output", "segments"])


def _means(inputs, segments):
    """The mean of the segment that each entry is in, along the last axis."""

    def one(x, s):
        total = jax.ops.segment_sum(x, s, x.shape[0])
        count = jax.ops.segment_sum(jnp.ones_like(x), s, x.shape[0])
        return (total / jnp.maximum(count, jnp.ones_like(count)))[s]

    return jnp.vectorize(one, signature="(n),(n)->(n)")(inputs, segments)


@op("IsotonicRegression", T=FLOATS, grad=lambda g, y, inputs, segments: _means(g, segments))
def _segment_means(inputs: T, segments: Data("S", only=d.int32)):
    return _means(inputs, segments)


def _pooled(row):
    """Numbers of the segments of one row, by pooling adjacent violators: means must not increase."""
    means, sizes = [], []
    for value in row.tolist():
        means.append(value)
        sizes.append(1)
        while len(means) > 1 and means[-2] < means[-1]:
            value, size = means.pop(), sizes.pop()
            means[-1] = (means[-1] * sizes[-1] + value * size) / (sizes[-1] + size)
            sizes[-1] += size
    return np.repeat(np.arange(len(sizes)), sizes)


def isotonic_regression(inputs, decreasing=True, axis=-1):
    """The sequences nearest to the inputs, in squares, that do not increase (or do not decrease) along an axis.

    Args:
      inputs: a tensor; integers become float32 (8 and 16 bits) or float64.
      decreasing: whether results may not increase.
      axis: along which axis.

    Returns:
      The regression and the numbers of the segments, of equal values, that each entry belongs to.

    Raises:
      InvalidArgumentError: no such axis.

    References:
      Best, Chakravarti and Ubhaya, Minimizing separable convex functions subject to simple chain constraints, 2000.
    """
    inputs = convert(inputs)
    rank = len(inputs.shape)
    if inputs.dtype not in FLOATS:
        inputs = cast(inputs, d.float32 if inputs.dtype.size < 4 else d.float64)
    if axis not in (-1, rank - 1) and not -rank <= axis < rank:
        raise refused(f"`dim` must be in the range [-{rank}, {rank}) where {rank} is the number of dimensions in the input. "
                      f"Received: dim={axis}", "IsotonicRegression")  # fmt: skip
    order = None
    if rank and axis not in (-1, rank - 1):
        order = list(range(rank))
        order[axis], order[-1] = order[-1], order[axis]
        inputs = transpose(inputs, order)
    falling = inputs if decreasing else negative(inputs)
    host = np.asarray(host_value(falling)).astype(np.float64)
    if rank == 0:
        output, segments = falling, convert(np.zeros((), np.int32))
    else:
        rows = host.reshape(-1, host.shape[-1])
        found = np.array([_pooled(row) for row in rows], np.int32).reshape(host.shape)
        segments = convert(found)
        output = _segment_means(falling, segments)
    output = output if decreasing else negative(output)
    if order is not None:
        output, segments = transpose(output, order), transpose(segments, order)
    return IsotonicRegression(output, segments) if decreasing and order is None else (output, segments)
