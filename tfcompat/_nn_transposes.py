"""Transposed and dilated convolutions of `tf.nn`, and derivatives of depthwise ones."""

import jax
import numpy as np
from jax import lax

from tfcompat._core import dtypes as d
from tfcompat._core.attributes import Shape
from tfcompat._core.convert import convert
from tfcompat._core.op import Any, T, op
from tfcompat._core.tensor_base import TensorHandle
from tfcompat._declare import FLOATS, invalid, refused
from tfcompat._nn_conv import conv2d, conv2d_transpose, layout, padding_of, spatial, transpose_convolve


def _transposed(input, filters, output_shape, strides, padding, data_format, dilations, n):
    first, _, _ = layout(data_format, n)
    options = (Shape.canonical(output_shape, "output_shape"), spatial(strides, n, "strides", first),
               padding_of(padding, n, first, f"Conv{n}DBackpropInput"), spatial(1 if dilations is None else dilations, n, "dilations", first),
               data_format, n)  # fmt: skip
    return transpose_convolve(input, filters, options)


def conv1d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NWC", dilations=None,
                     name=None):  # fmt: skip
    """The transpose of `conv1d`; `filters` is `[width, out, in]`. See `conv_transpose`."""
    return _transposed(input, filters, output_shape, strides, padding, data_format, dilations, 1)


def conv3d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NDHWC", dilations=None,
                     name=None):  # fmt: skip
    """The transpose of `conv3d`; `filters` is `[depth, height, width, out, in]`. See `conv_transpose`."""
    return _transposed(input, filters, output_shape, strides, padding, data_format, dilations, 3)


_FORMATS = {1: "NWC", 2: "NHWC", 3: "NDHWC"}


def conv_transpose(input, filters, output_shape, strides, padding="SAME", data_format=None, dilations=None, name=None):
    """The transpose (the derivative with regard to the input) of a convolution over 1 to 3 dimensions.

    Args:
      input: `[batch, ..., in]`.
      filters: `[..., out, in]`.
      output_shape: `[batch, ..., out]`: what shape the convolution would turn into that of `input`.
      strides, dilations: of the convolution.
      padding: "SAME" or "VALID".
      data_format: "NHWC" and the like.

    Raises:
      ValueError: an `output_shape` of another length. InvalidArgumentError: shapes that do not fit.
    """
    if isinstance(output_shape, TensorHandle):
        n = output_shape.shape[0] - 2
    elif hasattr(output_shape, "__len__"):
        n = len(output_shape) - 2
    else:
        raise ValueError(f"`output_shape` must be a tensor or sized collection. Received: output_shape={output_shape}")
    if not 1 <= n <= 3:
        raise ValueError(f"`output_shape` must be of length 3, 4 or 5. Received: output_shape={output_shape} of length "
                         f"{n + 2}.")  # fmt: skip
    return _transposed(input, filters, output_shape, strides, padding, data_format or _FORMATS[n], dilations, n)


def atrous_conv2d(value, filters, rate, padding, name=None):
    """`conv2d` with filters whose entries are `rate` pixels apart.

    Args:
      value: a floating tensor [batch, height, width, in].
      filters: [height, width, in, out].
      rate: an int.
      padding: "SAME" or "VALID".

    Raises:
      ValueError: `rate` below 1, or another padding than "SAME" and "VALID".
    """
    rates = np.broadcast_to(rate, (2,)).tolist()
    if min(rates) < 1:
        raise ValueError(f"all values of `dilation_rate` must be positive. Received: dilation_rate={np.array(rates)}")
    if max(rates) > 1 and padding not in ("SAME", "VALID"):
        raise ValueError(f"`padding` must be one of 'SAME' or 'VALID'. Received: padding={padding}")
    return conv2d(value, filters, 1, padding, dilations=rates)


def atrous_conv2d_transpose(value, filters, output_shape, rate, padding, name=None):
    """The transpose of `atrous_conv2d`; `filters` is `[height, width, out, in]`.

    Args:
      value: a floating tensor [batch, height, width, in].
      filters: of the dtype of `value`.
      output_shape: the shape of the result.
      rate: an int.
      padding: "SAME" or "VALID".

    Raises:
      ValueError: `rate` below 1, or channels that do not fit. InvalidArgumentError: other shapes that do not fit.
    """
    value, filters = convert(value), convert(filters)
    for shape, axis, other, what in ((value.shape, 3, filters.shape[3], "value"),
                                     (Shape.canonical(output_shape, "output_shape"), -1, filters.shape[2], "output_shape")):  # fmt: skip
        if shape[axis] != other:
            kind = "input" if what == "value" else "output"
            raise ValueError(f"`{what}` channel count must be compatible with `filters` {kind} channel count. Received: "
                             f"{what}={shape} with channel count {shape[axis]} and filters.shape={filters.shape} with "
                             f"{kind} channel count {other}.")  # fmt: skip
    if rate < 1:
        raise ValueError(f"`rate` cannot be less than one. Received: rate={rate}")
    if padding not in ("SAME", "VALID"):
        raise ValueError(f"`padding` must be either 'VALID' or 'SAME'. Received: padding={padding}")
    return conv2d_transpose(value, filters, output_shape, 1, padding, dilations=[rate, rate])


@op("Conv", T=(*FLOATS, d.int32), grad=False)
def _conv(input: T, filter: T, options: Any):
    strides, padding, first, dilations, batch_dims, groups = options
    n = input.ndim - batch_dims - 1
    if n not in (2, 3):
        raise invalid(f"The input must have 2 or 3 spatial dimensions but got {n}", "Conv")
    for name, values in (("Sliding window strides", strides), ("Dilation rates", dilations)):
        if len(values) != n + 2:
            raise invalid(f"{name} field must specify {n + 2} dimensions", "Conv")
    depth = input.shape[batch_dims if first else -1]
    if depth != filter.shape[-2] * groups:
        raise invalid(f"Input depth must be equal to filter depth: {depth} vs {filter.shape[-2]}", "Conv")
    _, letters, kernel_letters = layout(_FORMATS[n] if not first else _FORMATS[n].replace("C", "").replace("N", "NC"), n)
    space = slice(2, None) if first else slice(1, -1)
    x = input.reshape(-1, *input.shape[batch_dims:])
    result = lax.conv_general_dilated(
        x, filter, strides[space], padding if isinstance(padding, str) else padding[space], rhs_dilation=dilations[space],
        dimension_numbers=(letters, kernel_letters, letters), feature_group_count=groups,
    )  # fmt: skip
    return result.reshape(*input.shape[:batch_dims], *result.shape[1:])


def conv(input, filter, strides, padding, explicit_paddings=(), data_format="CHANNELS_LAST", dilations=(), batch_dims=1,
         groups=1, name=None):  # fmt: skip
    """Convolution over 2 or 3 dimensions, of a batch of any rank.

    Args:
      input: `[batch..., space..., in]`, or `[batch..., in, space...]` with "CHANNELS_FIRST".
      filter: `[space..., in / groups, out]`.
      strides, dilations: a number for each of batch, space and channels.
      padding: "SAME", "VALID" or "EXPLICIT".
      explicit_paddings: with "EXPLICIT", two numbers for each of batch, space and channels.
      data_format: "CHANNELS_LAST" or "CHANNELS_FIRST".
      batch_dims: how many dimensions are the batch.
      groups: how many groups of channels are convolved by themselves.

    Raises:
      InvalidArgumentError: shapes or attributes that do not fit.
    """
    for attribute, value, allowed in (("padding", padding, ("SAME", "VALID", "EXPLICIT")),
                                      ("data_format", data_format, ("CHANNELS_FIRST", "CHANNELS_LAST"))):  # fmt: skip
        if value not in allowed:
            names = ", ".join(f'"{a}"' for a in allowed)
            raise invalid(f"Value for attr '{attribute}' of \"{value}\" is not in the list of allowed values: {names}", "Conv")
    strides = tuple(int(v) for v in strides)
    if padding == "EXPLICIT":
        padding = tuple((int(a), int(b)) for a, b in zip(explicit_paddings[::2], explicit_paddings[1::2], strict=True))
    options = (strides, padding, data_format == "CHANNELS_FIRST", tuple(dilations) or (1,) * len(strides), batch_dims, groups)
    return _conv(input, filter, options)


# Depthwise convolutions


def _depthwise(x, filters, options):
    strides, padding, dilations, data_format = options
    _, letters, kernel_letters = layout(data_format, 2)
    h, w, channels, multiplier = filters.shape
    return lax.conv_general_dilated(
        x, filters.reshape(h, w, 1, channels * multiplier), strides, padding, rhs_dilation=dilations,
        dimension_numbers=(letters, kernel_letters, letters), feature_group_count=channels,
    )  # fmt: skip


def _pulled_back(forward, shape, g, kernel):
    """The transpose of a linear function of an array of `shape`, at `g`."""
    primal = jax.ShapeDtypeStruct(shape, g.dtype)
    made = jax.eval_shape(forward, primal).shape
    if made != g.shape:
        raise refused(f"{kernel}: out_backprop has shape {list(g.shape)}, the convolution gives {list(made)}", kernel)
    (result,) = jax.linear_transpose(forward, primal)(g)
    return result


@op("DepthwiseConv2dNativeBackpropInput", T=FLOATS)
def _depthwise_input(filter: T, out_backprop: T, input_sizes: Shape, options: Any):
    return _pulled_back(lambda x: _depthwise(x, filter, options), input_sizes, out_backprop,
                        "DepthwiseConv2dNativeBackpropInput")  # fmt: skip


@op("DepthwiseConv2dNativeBackpropFilter", T=FLOATS)
def _depthwise_filter(input: T, out_backprop: T, filter_sizes: Shape, options: Any):
    return _pulled_back(lambda k: _depthwise(input, k, options), filter_sizes, out_backprop,
                        "DepthwiseConv2dNativeBackpropFilter")  # fmt: skip


def _depthwise_options(strides, padding, data_format, dilations):
    first, _, _ = layout(data_format, 2)
    return (spatial(strides, 2, "strides", first), padding_of(padding, 2, first, "DepthwiseConv2dNative"),
            spatial(1 if dilations is None else dilations, 2, "dilations", first), data_format)  # fmt: skip


def depthwise_conv2d_backprop_input(input_sizes, filter, out_backprop, strides, padding, data_format="NHWC",
                                    dilations=(1, 1, 1, 1), name=None):  # fmt: skip
    """The derivative of `depthwise_conv2d` with regard to its input, of shape `input_sizes`, at `out_backprop`.

    Args:
      input_sizes: the input's shape, a vector of 4.
      filter: the convolution's filters.
      out_backprop: a cotangent of the convolution's result.
      strides, padding, data_format, dilations: the convolution's.

    Raises:
      InvalidArgumentError: shapes that do not fit.
    """
    return _depthwise_input(filter, out_backprop, input_sizes, _depthwise_options(strides, padding, data_format, dilations))


def depthwise_conv2d_backprop_filter(input, filter_sizes, out_backprop, strides, padding, data_format="NHWC",
                                     dilations=(1, 1, 1, 1), name=None):  # fmt: skip
    """The derivative of `depthwise_conv2d` with regard to its filters, of shape `filter_sizes`, at `out_backprop`.

    Args:
      input: the convolution's input.
      filter_sizes: the filters' shape, a vector of 4.
      out_backprop: a cotangent of the convolution's result.
      strides, padding, data_format, dilations: the convolution's.

    Raises:
      InvalidArgumentError: shapes that do not fit.
    """
    return _depthwise_filter(input, out_backprop, filter_sizes, _depthwise_options(strides, padding, data_format, dilations))


