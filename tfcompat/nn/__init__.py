"""tf.nn: activations, losses on logits, normalisation, convolution, pooling."""

import math as _math

import jax
import jax.numpy as jnp
import numpy as _np
from jax import lax

from tfcompat import _lazy
from tfcompat._blocks import (
    depth_to_space as depth_to_space,
    space_to_batch as space_to_batch,
    space_to_depth as space_to_depth,
    with_space_to_batch as with_space_to_batch,
)
from tfcompat._core import errors as _errors
from tfcompat._core.attributes import python_value as _python_value
from tfcompat._core.convert import convert as _convert
from tfcompat._core.forms import by_form
from tfcompat._core.inlined import inlined as _inlined
from tfcompat._core.op import Int, Str, T, op
from tfcompat._core.recorded_data import recording as _recording
from tfcompat._core.tensor_base import TensorHandle as _TensorHandle
from tfcompat._core.twins import twin
from tfcompat._declare import FLOATS, INEXACT, NUMBERS, REAL, default as _default, for_shapes, invalid, not_allowed
from tfcompat._elementwise import (
    log_sigmoid as log_sigmoid,
    multiply as _multiply,
    sigmoid as sigmoid,
    sqrt as _sqrt,
    square as _square,
    squared_difference as _squared_difference,
    subtract as _subtract,
    tanh as tanh,
)
from tfcompat._gather import gather as _gather
from tfcompat._math import in_top_k as in_top_k, l2_normalize as l2_normalize, top_k as top_k
from tfcompat._nn_conv import (
    conv1d as conv1d,
    conv2d as conv2d,
    conv2d_transpose as conv2d_transpose,
    conv3d as conv3d,
    convolution as convolution,
    depthwise_conv2d as depthwise_conv2d,
    separable_conv2d as separable_conv2d,
)
from tfcompat._nn_dropout import dropout as dropout
from tfcompat._nn_losses import (
    l2_loss as l2_loss,
    nce_loss as nce_loss,
    sampled_softmax_loss as sampled_softmax_loss,
    sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits,
)
from tfcompat._nn_pool import (
    avg_pool as avg_pool,
    avg_pool1d as avg_pool1d,
    avg_pool2d as avg_pool2d,
    avg_pool3d as avg_pool3d,
    max_pool as max_pool,
    max_pool1d as max_pool1d,
    max_pool2d as max_pool2d,
    max_pool3d as max_pool3d,
    pool as pool,
)
from tfcompat._reductions import reduce_mean as _reduce_mean, zero_fraction as zero_fraction
from tfcompat.nn import experimental as experimental

# Activations


def _gated(gradient):
    """`gradient` of g and of what decides where g passes, which has a derivative as in TensorFlow: zeros, not None."""
    gated = jax.custom_jvp(gradient)

    @gated.defjvp
    def _(primals, tangents):
        (g, x, *others), (of_g, of_x, *_) = primals, tangents
        return gated(g, x, *others), gated(of_g, x, *others) + lax.select_n(_np.False_, jnp.zeros_like(of_x), of_x)

    return gated


_positive = _gated(lambda g, y: jnp.where(y > 0, g, jnp.zeros_like(g)))
_between = _gated(lambda g, y: jnp.where((y > 0) & (y < 6), g, jnp.zeros_like(g)))


@op("Relu", T=REAL, grad=lambda g, y, features: _positive(g, y))
@_inlined
def relu(features: T):
    """max(features, 0).

    Args:
      features: a tensor of real numbers.

    Raises:
      InvalidArgumentError: another dtype.
    """
    return jnp.maximum(features, jnp.zeros((), features.dtype))


@op("Relu6", T=REAL, grad=lambda g, y, features: _between(g, y))
@_inlined
def relu6(features: T):
    """min(max(features, 0), 6).

    Args:
      features: a tensor of real numbers.

    Raises:
      InvalidArgumentError: another dtype.
    """
    return jnp.clip(features, jnp.zeros((), features.dtype), jnp.asarray(6, features.dtype))


_leaky = _gated(lambda g, x, alpha: jnp.where(x > 0, g, g * alpha))
_DEFAULT_SLOPE = float(_np.float32(0.2))  # TensorFlow keeps such numbers in float32


@op("LeakyRelu", T=FLOATS, grad=lambda g, y, features, alpha: (_leaky(g, features, alpha), None))
@_inlined
def _leaky_relu(features: T, alpha: T):
    return jnp.where(features > 0, features, alpha * features)


@by_form
def leaky_relu(features, alpha=0.2, name=None):
    """features where positive, alpha * features elsewhere; integers become float32.

    Args:
      features: a tensor of real numbers.
      alpha: a Python number.

    Raises:
      TypeError: `alpha` is no Python number.
    """
    features = _convert(features)
    dtype = features._aval.dtype
    if dtype.is_integer:
        features = _cast_to(features, "float32")
        dtype = features._aval.dtype
    if dtype not in FLOATS:
        raise not_allowed("T", dtype.np, FLOATS, "LeakyRelu")
    if type(alpha) is float and alpha == 0.2:
        return _leaky_relu(features, _default(_DEFAULT_SLOPE, dtype))
    if not isinstance(alpha, (int, float, _np.number)):
        raise TypeError(f"Expected float for argument 'alpha' not {alpha!r}.")
    return _leaky_relu(features, float(_np.float32(alpha)))


@op("Elu", T=FLOATS, grad=lambda g, y, features: jnp.where(y < 0, (y + 1) * g, g))
@_inlined
def elu(features: T):
    """features where positive, exp(features) - 1 elsewhere.

    Args:
      features: a floating tensor.

    Raises:
      InvalidArgumentError: another dtype.
    """
    return jnp.where(features > 0, features, jnp.expm1(jnp.minimum(features, jnp.zeros((), features.dtype))))


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@op("Selu", T=FLOATS, grad=lambda g, y, features: jnp.where(y < 0, g * (y + _SELU_SCALE * _SELU_ALPHA), g * _SELU_SCALE))
@_inlined
def selu(features: T):
    """The scaled exponential linear unit (Klambauer et al., 2017).

    Args:
      features: a floating tensor.

    Raises:
      InvalidArgumentError: another dtype.
    """
    negative = _SELU_SCALE * _SELU_ALPHA * jnp.expm1(jnp.minimum(features, jnp.zeros((), features.dtype)))
    return jnp.where(features > 0, _SELU_SCALE * features, negative).astype(features.dtype)


def _softplus(x):
    return jnp.logaddexp(x, jnp.zeros((), x.dtype))


_softplus = twin(_softplus, 1, "elementwise")(
    lambda b, e: f"{b.bind(_np.logaddexp)}({{0}}, {b.bind(_np.zeros((), e.ins[0].dtype))})"
)


@op("Softplus", T=FLOATS, grad=lambda g, y, features: g * lax.logistic(features))
@_inlined
def softplus(features: T):
    """log(exp(features) + 1).

    Args:
      features: a floating tensor.

    Raises:
      InvalidArgumentError: another dtype.
    """
    return _softplus(features)


@op("Softsign", T=FLOATS, once="SoftsignGrad", grad=lambda g, y, features: g / jnp.square(1 + jnp.abs(features)))
def softsign(features: T):
    """features / (abs(features) + 1).

    Args:
      features: a floating tensor.

    Raises:
      InvalidArgumentError: another dtype.
    """
    return features / (jnp.abs(features) + 1)


@op("Swish", T=INEXACT)
def _swish(features: T, beta: T):
    return features * lax.logistic(beta * features)


@by_form
def silu(features, beta=1.0):
    """features * sigmoid(beta * features), `beta` in the dtype of `features`.

    Args:
      features: a floating tensor.
      beta: a number.

    Raises:
      InvalidArgumentError: another dtype.
    """
    features = _convert(features)
    if not isinstance(beta, (int, float)) or features.dtype not in INEXACT:
        beta = _cast_to(beta, features.dtype)
    return _swish(features, beta)


swish = silu


@op("Gelu", T=FLOATS)
def _gelu(features: T):
    half = jnp.asarray(0.5, features.dtype)
    return half * features * lax.erfc(-features * jnp.asarray(_np.float32(_math.sqrt(0.5)), features.dtype))


@op("GeluApproximate", T=FLOATS)
def _gelu_approximate(features: T):
    inner = _math.sqrt(2 / _math.pi) * (features + jnp.asarray(_np.float32(0.044715), features.dtype) * features * features * features)
    return (0.5 * features * (1 + jnp.tanh(inner))).astype(features.dtype)


softplus.op.seeds = _swish.op.seeds = _gelu.op.seeds = _gelu_approximate.op.seeds = "broadcast"


@by_form
def gelu(features, approximate=False, name=None):
    """features * P(X <= features) for a standard normal X; `approximate` by tanh (Hendrycks and Gimpel, 2016).

    Args:
      features: a floating tensor.
      approximate: a bool.

    Raises:
      ValueError: integer features.
    """
    features = _convert(features)
    if not features.dtype.is_floating:
        raise ValueError(f"`features.dtype` must be a floating point tensor.Received:features.dtype={features.dtype}")
    return (_gelu_approximate if approximate else _gelu)(features)


@by_form
def crelu(features, axis=-1, name=None):
    """relu of features and of -features, concatenated along `axis`.

    Args:
      features: a tensor of real numbers.
      axis: an int.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    from tfcompat._array import concat

    features = _convert(features)
    return concat([relu(features), relu(-features)], axis)


def _softmax_axis(logits, axis, kernel):
    if logits.ndim == 0:
        raise invalid("logits must have >= 1 dimension, got []", kernel)
    if not -logits.ndim <= axis < logits.ndim:
        raise _errors.InvalidArgumentError(
            None, None, f"`dim` must be in the range [-{logits.ndim}, {logits.ndim}) where {logits.ndim} is the number of "
            f"dimensions in the input. Received: dim={axis}",
        )  # fmt: skip


@op("Softmax", T=FLOATS, grad=lambda g, y, logits, axis: y * (g - jnp.sum(g * y, axis, keepdims=True, dtype=g.dtype)))
@_inlined
def _softmax(logits: T, axis: Int):
    _softmax_axis(logits, axis, "Softmax")
    return jax.nn.softmax(logits, axis)


_softmax.op.seeds = "broadcast"


@op("LogSoftmax", T=FLOATS, grad=lambda g, y, logits, axis: g - jnp.exp(y) * jnp.sum(g, axis, keepdims=True, dtype=g.dtype))
@_inlined
def _log_softmax(logits: T, axis: Int):
    _softmax_axis(logits, axis, "LogSoftmax")
    return jax.nn.log_softmax(logits, axis)


def _along(logits, axis):
    """The axis as an int: what Python cannot compare with one, it refuses."""
    if axis is None or type(axis) is int:
        return -1 if axis is None else axis
    number = _python_value(axis)
    -len(_convert(logits)._aval.shape) <= number  # noqa: B015
    return int(_np.reshape(number, ()))


@by_form
def softmax(logits, axis=None, name=None):
    """exp(logits) divided by its sum along `axis` (default: the last).

    Args:
      logits: a floating tensor of rank 1 or more.
      axis: an int.

    Raises:
      InvalidArgumentError: no such axis.
    """
    return _softmax(logits, _along(logits, axis))


@by_form
def log_softmax(logits, axis=None, name=None):
    """logits - log(sum(exp(logits))) along `axis` (default: the last).

    Args:
      logits: a floating tensor of rank 1 or more.
      axis: an int.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    return _log_softmax(logits, _along(logits, axis))


# Bias, moments, normalisation


def _cast_to(value, dtype):
    from tfcompat._cast import cast

    return cast(value, dtype)


def _bias_grad(g, out, value, bias, data_format):
    channel = 1 if data_format == "NC" else value.ndim - 1
    return g, jnp.sum(g, tuple(d for d in range(value.ndim) if d != channel), dtype=g.dtype)


@op("BiasAdd", T=NUMBERS, grad=_bias_grad)
def _bias_add(value: T, bias: T, data_format: Str):
    if value.ndim < 2:
        raise invalid(f"Input tensor must be at least 2D: {list(value.shape)}", "BiasAdd")
    if bias.ndim != 1:
        raise invalid(f"Biases must be 1D: [{','.join(map(str, bias.shape))}]", "BiasAdd")
    channel = 1 if data_format == "NC" else value.ndim - 1
    if bias.shape[0] != value.shape[channel]:
        shapes = [f"[{','.join(map(str, s.shape))}]" for s in (bias, value)]
        raise invalid("Must provide as many biases as the last dimension of the input tensor: "
                      f"{shapes[0]} vs. {shapes[1]}", "BiasAdd", while_recording=for_shapes(
                          f"Dimensions must be equal, but are {value.shape[channel]} and {bias.shape[0]}", "BiasAdd", value,
                          bias))  # fmt: skip
    return value + lax.broadcast_in_dim(bias, [n if d == channel else 1 for d, n in enumerate(value.shape)], [channel])


@by_form
def bias_add(value, bias, data_format=None, name=None):
    """Adds a vector along the channels: the last dimension, or the second with a format such as "NCHW".

    Args:
      value: a tensor of numbers, rank 2 or more.
      bias: a vector of its dtype.
      data_format: default: channels last.

    Raises:
      InvalidArgumentError: another number of biases than channels. ValueError: an unknown format.
    """
    if data_format is not None and not data_format.startswith(("N", "C")):
        raise ValueError(f"`data_format` must be of the form `N...C` or `NC...`. Received: {data_format}")
    if _recording() and isinstance(bias, _TensorHandle):
        value = _convert(value)
        if bias.dtype is not value.dtype:
            raise ValueError(f"bias: Tensor conversion requested dtype {value.dtype.name} for Tensor with dtype {bias.dtype.name}: {bias!r}")
    return _bias_add(value, bias, "NC" if data_format is not None and data_format.startswith("NC") else "C")


@by_form
def moments(x, axes, shift=None, keepdims=False, name=None):
    """Mean and variance over `axes`, as a pair.

    Args:
      x: a tensor of numbers.
      axes: a list of ints.
      shift: accepted.
      keepdims: whether to keep the axes, with size 1.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    x = _convert(x)
    half = x.dtype.name == "float16"
    y = _cast_to(x, "float32") if half else x
    mean = _reduce_mean(y, axes, True)
    variance = _reduce_mean(_squared_difference(y, _stopped(mean)), axes, keepdims)
    if not keepdims:
        mean = _reduce_mean(y, axes, False)
    return (_cast_to(mean, x.dtype), _cast_to(variance, x.dtype)) if half else (mean, variance)


def _stopped(tensor):
    from tfcompat._core.custom_gradient import stop_gradient

    return stop_gradient(tensor)


@by_form
def normalize_moments(counts, mean_ss, variance_ss, shift, name=None):
    """Mean and variance from sufficient statistics.

    Args:
      counts: number of elements, a scalar.
      mean_ss, variance_ss: the (shifted) sums of elements and of squares.
      shift: what was subtracted before, or None.

    Raises:
      InvalidArgumentError: shapes that do not broadcast.
    """
    divisor = 1.0 / _convert(counts)
    shifted = _multiply(mean_ss, divisor)
    mean = shifted if shift is None else shifted + shift
    return mean, _subtract(_multiply(variance_ss, divisor), _square(shifted))


@by_form
def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    """scale * (x - mean) / sqrt(variance + variance_epsilon) + offset; `scale` and `offset` may be None.

    Args:
      x: a floating tensor.
      mean, variance, offset, scale: tensors that broadcast with `x`.
      variance_epsilon: a number.

    Raises:
      InvalidArgumentError: shapes that do not broadcast.
    """
    x, inverse = _convert(x), 1.0 / _sqrt(_convert(variance) + variance_epsilon)
    if scale is not None:
        inverse = inverse * scale
    shift = (offset - mean * inverse) if offset is not None else -mean * inverse
    if inverse.dtype is not x.dtype:
        inverse, shift = _cast_to(inverse, x.dtype), _cast_to(shift, x.dtype)
    return x * inverse + shift


def embedding_lookup(params, ids, max_norm=None, name=None):
    """Rows of `params` at `ids`; with `max_norm`, rows longer than that are scaled down.

    Args:
      params: a tensor, a variable, or a list of them: parts of one table, row after row.
      ids: an int32 or int64 tensor.
      max_norm: a number.

    Raises:
      InvalidArgumentError: an id out of range.
      ValueError: `params` is an empty list.

    Differs from TensorFlow: gradients of several parts are dense, not IndexedSlices.
    """
    if isinstance(params, (list, tuple)):
        if not params:
            raise ValueError("Argument `params` should not be empty.")
        from tfcompat._array import concat

        params = params[0] if len(params) == 1 else concat([_convert(part) for part in params], 0)
    rows = _gather(params, ids)
    if max_norm is None:
        return rows
    from tfcompat._clip import clip_by_norm

    rank = len(_convert(ids)._aval.shape)
    return clip_by_norm(rows, max_norm, axes=list(range(rank, len(rows._aval.shape))))


@by_form
def log_poisson_loss(targets, log_input, compute_full_loss=False, name=None):
    """exp(log_input) - log_input * targets, plus Stirling's term with `compute_full_loss`.

    Args:
      targets, log_input: floating tensors of one shape and dtype.
      compute_full_loss: a bool.

    Raises:
      ValueError: shapes that differ.
    """
    from tfcompat import _elementwise as math
    from tfcompat._select import where

    log_input = _convert(log_input)
    targets = _convert(targets, log_input.dtype)
    if targets._aval.shape != log_input._aval.shape:
        raise ValueError(f"`log_input` and `targets` must have the same shape, received ({log_input.shape} vs "
                         f"{targets.shape}).")  # fmt: skip
    result = math.exp(log_input) - log_input * targets
    if compute_full_loss:
        stirling = targets * math.log(targets) - targets + 0.5 * math.log(2.0 * _math.pi * targets)
        inside = (targets >= 0.0) & (targets <= 1.0)
        result = result + where(inside, 0.0 * targets, stirling)
    return result


__getattr__, __dir__ = _lazy.names(
    __name__,
    {
        "_nn_ctc": "collapse_repeated ctc_beam_search_decoder ctc_greedy_decoder ctc_loss ctc_unique_labels",
        "_nn_stats": (
            "batch_norm_with_global_normalization compute_average_loss isotonic_regression "
            "scale_regularization_loss sufficient_statistics weighted_moments"
        ),
        "_nn_transposes": (
            "atrous_conv2d atrous_conv2d_transpose conv1d_transpose conv3d_transpose conv_transpose "
            "depthwise_conv2d_backprop_filter depthwise_conv2d_backprop_input"
        ),
        "_nn_windows": (
            "dilation2d erosion2d fractional_avg_pool fractional_max_pool local_response_normalization lrn "
            "max_pool_with_argmax"
        ),
        "_nn_sampled": "all_candidate_sampler compute_accidental_hits",
        "_nn_unigrams": "fixed_unigram_candidate_sampler learned_unigram_candidate_sampler",
        "_rare": "approx_max_k approx_min_k",
    },
)
