"""Convolutions and pooling, for any number of spatial dimensions."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core.convert import convert
from tfcompat._core.op import Any, T, op
from tfcompat._declare import FLOATS, REAL, invalid


def spatial(value, n, name, channels_first=False):
    """An int or list as one int for each spatial dimension (lists may include batch and channel)."""
    if isinstance(value, int):
        return (value,) * n
    value = tuple(int(v) for v in value)
    if len(value) == 1:
        return value * n
    if len(value) == n:
        return value
    if len(value) == n + 2:
        if value[0] != 1 or (value[1] if channels_first else value[-1]) != 1:
            raise ValueError(f"{name} in the batch and depth dimensions must be 1. Received: {list(value)}")
        return value[2:] if channels_first else value[1:-1]
    raise ValueError(f"{name} should be of length 1, {n} or {n + 2} but was {len(value)}")


def padding_of(padding, n, channels_first):
    """"SAME", "VALID", or explicit pairs for the spatial dimensions."""
    if isinstance(padding, str):
        if padding.upper() not in ("SAME", "VALID"):
            raise ValueError(f"Value passed as padding must be 'SAME' or 'VALID' (or a list). Received: {padding!r}")
        return padding.upper()
    pairs = tuple(tuple(int(v) for v in pair) for pair in padding)
    if len(pairs) == n + 2:
        pairs = pairs[2:] if channels_first else pairs[1:-1]
    return pairs


def layout(data_format, n):
    """(is channels first, lax's dimension letters) of a data format."""
    first = data_format is not None and data_format.startswith("NC")
    letters = "DHW"[3 - n :]
    return first, (f"NC{letters}" if first else f"N{letters}C"), f"{letters}IO"


@op("Conv2D", T=(*FLOATS,))
def convolve(input: T, filters: T, options: Any):
    """The convolution behind all public ones; `options` is (strides, padding, dilations, data format, n, groups)."""
    strides, padding, dilations, data_format, n, groups, kernel = options
    first, letters, kernel_letters = layout(data_format, n)
    if input.ndim != n + 2:
        raise invalid(f"input must be {n + 2}-dimensional: {list(input.shape)}", kernel)
    if filters.ndim != n + 2:
        raise invalid(f"filter must be {n + 2}-dimensional: {list(filters.shape)}", kernel)
    depth = input.shape[1 if first else -1]
    if groups == 0:
        if filters.shape[-2] == 0 or depth % filters.shape[-2]:
            raise invalid(
                f"input depth must be evenly divisible by filter depth: {depth} vs {filters.shape[-2]}", kernel
            )
        groups = depth // filters.shape[-2]
    return lax.conv_general_dilated(
        input, filters, strides, padding, rhs_dilation=dilations, dimension_numbers=(letters, kernel_letters, letters),
        feature_group_count=groups,
    )  # fmt: skip


def _convolution(input, filters, strides, padding, data_format, dilations, n, kernel):
    first, _, _ = layout(data_format, n)
    options = (spatial(strides, n, "strides", first), padding_of(padding, n, first),
               spatial(1 if dilations is None else dilations, n, "dilations", first), data_format, n, 0, kernel)  # fmt: skip
    return convolve(input, filters, options)


def conv1d(input, filters, stride, padding, data_format="NWC", dilations=None, name=None):
    """1-D convolution of `[batch, width, channels]` with `[width, in, out]`."""
    return _convolution(input, filters, stride, padding, data_format, dilations, 1, "Conv1D")


def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None, name=None):
    """2-D convolution (cross-correlation).

    Args:
      input: `[batch, height, width, in]` (or `[batch, in, height, width]` with "NCHW").
      filters: `[height, width, in, out]`, of the input's floating dtype.
      strides, dilations: an int, or a list of 1, 2 or 4.
      padding: "SAME", "VALID", or a list of pairs for each dimension.

    Raises:
      InvalidArgumentError: ranks or channel counts that do not fit. ValueError: bad padding or strides.
    """
    return _convolution(input, filters, strides, padding, data_format, dilations, 2, "Conv2D")


def conv3d(input, filters, strides, padding, data_format="NDHWC", dilations=None, name=None):
    """3-D convolution of `[batch, depth, height, width, in]` with `[depth, height, width, in, out]`."""
    return _convolution(input, filters, strides, padding, data_format, dilations, 3, "Conv3D")


def convolution(input, filters, strides=None, padding="VALID", data_format=None, dilations=None, name=None):
    """Convolution over as many spatial dimensions as `filters` has."""
    filters = convert(filters)
    n = len(filters._aval.shape) - 2
    return _convolution(input, filters, strides or 1, padding, data_format, dilations, n, "Conv2D")


def depthwise_conv2d(input, filter, strides, padding, data_format=None, dilations=None, name=None):
    """Each input channel is convolved with its own `filter[:, :, channel]`, giving `filter.shape[3]` channels."""
    from tfcompat._array import reshape

    filter = convert(filter)
    h, w, channels, multiplier = filter._aval.shape
    first, _, _ = layout(data_format, 2)
    options = (spatial(strides, 2, "strides", first), padding_of(padding, 2, first),
               spatial(1 if dilations is None else dilations, 2, "dilations"), data_format, 2, channels,
               "DepthwiseConv2dNative")  # fmt: skip
    return convolve(input, reshape(filter, (h, w, 1, channels * multiplier)), options)


def separable_conv2d(input, depthwise_filter, pointwise_filter, strides, padding, data_format=None, dilations=None,
                     name=None):  # fmt: skip
    """A depthwise convolution followed by a 1x1 convolution."""
    y = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return conv2d(y, pointwise_filter, 1, "VALID", data_format or "NHWC")


@op("Conv2DBackpropInput", T=FLOATS)
def transpose_convolve(input: T, filters: T, options: Any):
    """The derivative of a convolution with regard to its input, as an op."""
    output_shape, strides, padding, dilations, data_format, n = options
    first, letters, kernel_letters = layout(data_format, n)

    def forward(x):
        return lax.conv_general_dilated(x, filters, strides, padding, rhs_dilation=dilations,
                                        dimension_numbers=(letters, kernel_letters, letters))  # fmt: skip

    primal = jax.ShapeDtypeStruct(output_shape, input.dtype)
    made = jax.eval_shape(forward, primal)
    if made.shape != input.shape:
        raise invalid(f"Conv2DBackpropInput: Size of out_backprop doesn't match computed: actual = {list(input.shape)}, "
                      f"computed = {list(made.shape)}", "Conv2DBackpropInput")  # fmt: skip
    (result,) = jax.linear_transpose(forward, primal)(input)
    return result


def conv2d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NHWC", dilations=None,
                     name=None):  # fmt: skip
    """The transpose of `conv2d`; `filters` is `[height, width, out, in]`."""
    from tfcompat._core.attributes import Shape

    first, _, _ = layout(data_format, 2)
    options = (Shape.canonical(output_shape, "output_shape"), spatial(strides, 2, "strides", first),
               padding_of(padding, 2, first), spatial(1 if dilations is None else dilations, 2, "dilations"),
               data_format, 2)  # fmt: skip
    return transpose_convolve(input, filters, options)


# Pooling. `options` is (window, strides, padding), each for all dimensions of the input.


def _pads(shape, options):
    window, strides, padding = options
    return lax.padtype_to_pads(shape, window, strides, padding) if isinstance(padding, str) else padding


def _max_body(x, options):
    window, strides, _ = options
    low = -np.inf if jnp.issubdtype(x.dtype, jnp.floating) else np.iinfo(x.dtype).min
    return lax.reduce_window(x, np.asarray(low, x.dtype), lax.max, window, strides, _pads(x.shape, options))


def _tiles(x, options):
    """`x` as (blocks, window) pairs of dimensions where windows neither overlap nor need padding; else None."""
    window, strides, _ = options
    if window != strides or any(n % w for n, w in zip(x.shape, window, strict=True)):
        return None
    shape = [d for n, w in zip(x.shape, window, strict=True) for d in (n // w, w)]
    order = [*range(0, 2 * x.ndim, 2), *range(1, 2 * x.ndim, 2)]
    return lax.transpose(lax.reshape(x, shape), order), shape, order


def _max_grad(g, out, x, options):
    tiles = _tiles(x, options)
    if tiles is None:
        return jax.vjp(lambda v: _max_body(v, options), x)[1](g)[0]
    # The first maximum of each window takes the cotangent. (XLA's select-and-scatter takes 0.5 s to compile.)
    blocks, shape, order = tiles
    flat = lax.reshape(blocks, (*out.shape, int(np.prod(options[0]))))
    first = jnp.argmax(flat == out[..., None], -1, keepdims=True)
    places = lax.broadcasted_iota(first.dtype, flat.shape, flat.ndim - 1)
    spread = jnp.where(places == first, g[..., None], jnp.zeros((), g.dtype))
    return lax.reshape(lax.transpose(lax.reshape(spread, blocks.shape), np.argsort(order)), x.shape)


@op("MaxPool", T=REAL, grad=_max_grad)
def _max_pool(value: T, options: Any):
    tiles = _tiles(value, options)
    if tiles is not None:
        return jnp.max(tiles[0], tuple(range(value.ndim, 2 * value.ndim)))
    return _max_body(value, options)


@op("AvgPool", T=FLOATS)
def _avg_pool(value: T, options: Any):
    window, strides, padding = options
    tiles = _tiles(value, options)
    if tiles is not None:
        return jnp.mean(tiles[0], tuple(range(value.ndim, 2 * value.ndim)), dtype=value.dtype)
    pads = _pads(value.shape, options)
    zero = np.zeros((), value.dtype)
    total = lax.reduce_window(value, zero, lax.add, window, strides, pads)
    counts = lax.reduce_window(np.ones(value.shape, value.dtype), zero, lax.add, window, strides, pads)
    return total / counts


def _pool(function, input, ksize, strides, padding, data_format, n, kernel):
    value = convert(input)
    rank = len(value._aval.shape)
    if rank != n + 2:
        raise invalid(f"input must be {n + 2}-dimensional", kernel)
    first, _, _ = layout(data_format, n)
    window, step = spatial(ksize, n, "ksize", first), spatial(strides, n, "strides", first)
    pads = padding_of(padding, n, first)
    sizes = value._aval.shape[2:] if first else value._aval.shape[1:-1]
    if pads == "VALID" and any(w > s for w, s in zip(window, sizes, strict=True)):
        raise invalid(f"Computed output size would be negative: {[s - w for w, s in zip(window, sizes, strict=True)]}",
                      kernel)  # fmt: skip

    def full(values, filler):
        return (filler, filler, *values) if first else (filler, *values, filler)

    if not isinstance(pads, str):
        pads = full(pads, (0, 0))
    return function(value, (full(window, 1), full(step, 1), pads))


def max_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """Maxima of windows of `[batch, width, channels]`."""
    return _pool(_max_pool, input, ksize, strides, padding, data_format, 1, "MaxPool")


def max_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """Maxima of windows of `[batch, height, width, channels]`; the first maximum of a window takes the gradient.

    Args:
      ksize, strides: an int, or a list of 1, 2 or 4.
      padding: "SAME", "VALID", or a list of pairs for each dimension.

    Raises:
      InvalidArgumentError: another rank, or a window larger than the input.
    """
    return _pool(_max_pool, input, ksize, strides, padding, data_format, 2, "MaxPool")


def max_pool3d(input, ksize, strides, padding, data_format="NDHWC", name=None):
    """Maxima of windows of `[batch, depth, height, width, channels]`."""
    return _pool(_max_pool, input, ksize, strides, padding, data_format, 3, "MaxPool3D")


def avg_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """Means of windows of `[batch, width, channels]`; padding does not count."""
    return _pool(_avg_pool, input, ksize, strides, padding, data_format, 1, "AvgPool")


def avg_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """Means of windows of `[batch, height, width, channels]`; padding does not count."""
    return _pool(_avg_pool, input, ksize, strides, padding, data_format, 2, "AvgPool")


def avg_pool3d(input, ksize, strides, padding, data_format="NDHWC", name=None):
    """Means of windows of `[batch, depth, height, width, channels]`; padding does not count."""
    return _pool(_avg_pool, input, ksize, strides, padding, data_format, 3, "AvgPool3D")


def max_pool(input, ksize, strides, padding, data_format=None, name=None):
    """Maxima of windows, for as many spatial dimensions as `input` has."""
    value = convert(input)
    n = len(value._aval.shape) - 2
    return _pool(_max_pool, value, ksize, strides, padding, data_format, n, "MaxPool")


def avg_pool(input, ksize, strides, padding, data_format=None, name=None):
    """Means of windows, for as many spatial dimensions as `input` has; padding does not count."""
    value = convert(input)
    n = len(value._aval.shape) - 2
    return _pool(_avg_pool, value, ksize, strides, padding, data_format, n, "AvgPool")


def pool(input, window_shape, pooling_type, strides=None, padding="VALID", data_format=None, dilations=None, name=None):
    """Maxima ("MAX") or means ("AVG") of windows."""
    if dilations is not None and any(d != 1 for d in np.atleast_1d(dilations)):
        raise NotImplementedError("tf.nn.pool with dilations: dilate with tf.strided_slice first.")
    if pooling_type not in ("MAX", "AVG"):
        raise ValueError(f"Unknown pooling_type {pooling_type!r}, must be MAX or AVG.")
    function = max_pool if pooling_type == "MAX" else avg_pool
    return function(input, window_shape, strides or 1, padding, data_format)
