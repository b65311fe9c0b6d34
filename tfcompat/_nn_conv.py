"""Convolutions of `tf.nn`, for any number of spatial dimensions."""


import functools

import jax
import numpy as np
from jax import lax

from tfcompat._core import dtypes as d, errors
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.op import Any, T, op
from tfcompat._core.refusals import unfit
from tfcompat._declare import FLOATS, check_new_axis, for_shapes, invalid, not_allowed, refused


def lengths(value, n, name):
    """An int or a list as a tuple of `n` ints (spatial dimensions) or `n + 2` (batch and channels too)."""
    given = [1] if value is None else [value] if not hasattr(value, "__len__") or isinstance(value, str) else value
    if len(given) not in (1, n, n + 2):
        raise ValueError(
            f"{name} should be of length 1, {n} or {n + 2}. Received: {name}={value} of length {len(given)}"
        )
    return whole(given, name) * (n if len(given) == 1 else 1)


def whole(values, name):
    for v in values:
        if isinstance(v, (str, bytes)) or int(v) != v:
            raise TypeError(f"Expected int for argument '{name}' not {v!r}.")
    return tuple([int(v) for v in values])


def spatial(value, n, name, channels_first=False, error=errors.UnimplementedError):
    """An int or list as one int for each spatial dimension (lists may include batch and channel)."""
    value = lengths(value, n, name)
    if len(value) == n:
        return value
    if value[0] != 1 or (value[1] if channels_first else value[-1]) != 1:
        raise error(None, None, f"Current implementation does not yet support {name} in the batch and depth dimensions.")
    return value[2:] if channels_first else value[1:-1]


def word(value, name, allowed):
    """A string attribute; raises unless it is among those a kernel allows."""
    if not isinstance(value, str):
        raise TypeError(f"Expected string for argument '{name}' not {value!r}.")
    if value not in allowed:
        names = ", ".join(f'"{a}"' for a in allowed)
        raise unfit(f"Value for attr '{name}' of \"{value}\" is not in the list of allowed values: {names}\n\t; NodeDef: {name}")
    return value


def padding_of(padding, n, channels_first, kernel, explicit=True):
    """"SAME", "VALID", or pairs for the spatial dimensions, from what the user gave.

    Args:
      explicit: whether the kernel takes pairs: a list with one for each dimension of the input.
    """
    if not explicit or not isinstance(padding, (list, tuple)):
        if explicit and padding == "EXPLICIT":
            raise ValueError("'EXPLICIT' is not a valid value for `padding`. To use explicit padding, `padding` must be a list.")
        return word(padding, "padding", ("SAME", "VALID", "EXPLICIT") if explicit else ("SAME", "VALID"))
    if len(padding) != n + 2:
        raise ValueError(
            f"When padding is a list, it must be of size {n + 2}. Received: padding={padding} of size {len(padding)}"
        )
    pairs = tuple(whole(pair, "padding") for pair in padding)
    outer = (pairs[0], pairs[1] if channels_first else pairs[-1])
    if any(v for pair in outer for v in pair):
        raise invalid("Nonzero explicit padding in the batch or depth dimensions is not supported", kernel)
    return pairs[2:] if channels_first else pairs[1:-1]


_FORMATS = {1: ("NWC", "NCW"), 2: ("NHWC", "NCHW"), 3: ("NDHWC", "NCDHW")}


def format_of(data_format, n):
    """The data format; raises where it is none for `n` spatial dimensions."""
    if n == 1 and data_format not in (None, "NWC", "NCW", "NHWC", "NCHW"):
        raise ValueError(f"`data_format` must be 'NWC' or 'NCW'. Received: data_format={data_format}")
    return data_format if data_format is None or n == 1 else word(data_format, "data_format", _FORMATS[n])


def layout(data_format, n):
    """(is channels first, lax's dimension letters) of a data format."""
    first = data_format is not None and data_format.startswith("NC")
    letters = "DHW"[3 - n :]
    return first, (f"NC{letters}" if first else f"N{letters}C"), f"{letters}IO"


def check_windows(sizes, windows, strides, padding, kernel, dilations=None):
    """Raises where windows are larger than the input by so much that the kernel refuses to give an empty result."""
    if padding == "SAME":
        return
    for i, (size, window, stride) in enumerate(zip(sizes, windows, strides, strict=True)):
        reach = (window - 1) * (dilations[i] if dilations else 1) + 1
        room = size - reach + stride + (sum(padding[i]) if padding != "VALID" else 0)
        if -room >= stride:  # the kernel divides by the stride, cutting towards zero
            raise invalid(f"Computed output size would be negative: {-(-room // stride)} [input_size: {size}, "
                          f"effective_filter_size: {reach}, stride: {stride}]", kernel)  # fmt: skip


@op("Conv2D", T=(*FLOATS, d.int32))
def convolve(input: T, filters: T, options: Any):
    """The convolution behind all public ones; `options` is (strides, padding, dilations, data format, n, groups)."""
    strides, padding, dilations, data_format, n, groups, kernel = options
    first, letters, kernel_letters = layout(data_format, n)
    if input.dtype == np.int32 and kernel != "Conv2D":
        raise not_allowed("T", input.dtype, FLOATS, kernel)
    shapes = [input.shape, filters.shape]
    if n == 1:  # TensorFlow has a kernel for two dimensions, and makes the second one
        check_new_axis(input, -3)
        shapes = [[*input.shape[:-2], 1, *input.shape[-2:]], [1, *filters.shape]]
    for name, shape in zip(("input", "filter"), shapes, strict=True):
        rank = max(n, 2) + 2
        if len(shape) != rank:
            text = f"Shape must be rank {rank} but is rank {len(shape)}"
            raise invalid(f"convolution {name} must be {rank}-dimensional: {shape_text(shape)}", kernel,
                          while_recording=for_shapes(text, kernel, *shapes))  # fmt: skip
    if 0 in (filters.shape if n == 3 else filters.shape[:-1]):
        raise refused("filter must not have zero elements (i.e. all dimensions must be non-zero)", kernel)
    if min(strides) <= 0:
        raise invalid("Row and column strides should be larger than 0.", kernel)
    if min(dilations) <= 0:
        raise invalid("Dilated rates should be larger than 0.", kernel)
    sizes = input.shape[2:] if first else input.shape[1:-1]
    check_windows(sizes, filters.shape[:n], strides, padding, kernel, dilations)
    depth = input.shape[1 if first else -1]
    if groups == 0:
        if filters.shape[-2] == 0 or depth % filters.shape[-2]:
            text = f"Depth of input ({depth}) is not a multiple of input depth of filter ({filters.shape[-2]})"
            raise invalid(f"{'Input' if n == 3 else 'input'} depth must be evenly divisible by filter depth: "
                          f"{depth} vs {filters.shape[-2]}", kernel,
                          while_recording=for_shapes(text, kernel, input, filters))  # fmt: skip
        groups = depth // filters.shape[-2]
        if groups and filters.shape[-1] % groups:
            text = f"Depth of output ({filters.shape[-1]}) is not a multiple of the number of groups ({groups})"
            raise invalid(f"output depth must be evenly divisible by number of groups: {filters.shape[-1]} vs {groups}", kernel,
                          while_recording=for_shapes(text, kernel, input, filters))  # fmt: skip
    return lax.conv_general_dilated(
        input, filters, strides, padding, rhs_dilation=dilations, dimension_numbers=(letters, kernel_letters, letters),
        feature_group_count=groups,
    )  # fmt: skip


def _convolution(input, filters, strides, padding, data_format, dilations, n, kernel):
    data_format = format_of(data_format, n)
    first, _, _ = layout(data_format, n)
    options = (spatial(strides, n, "strides", first), padding_of(padding, n, first, kernel, explicit=n == 2),
               spatial(dilations, n, "dilations", first), data_format, n, 0, kernel)  # fmt: skip
    input = convert(input)
    shape = input._aval.shape
    if len(shape) <= n + 2 or n == 3:
        return convolve(input, filters, options)
    from tfcompat._array import reshape

    # Further leading dimensions count as batch.
    outer = shape[: -n - 1]
    result = convolve(reshape(input, (-1, *shape[-n - 1 :])), filters, options)
    return reshape(result, (*outer, *result._aval.shape[1:]))


@by_form
def conv1d(input, filters, stride, padding, data_format="NWC", dilations=None, name=None):
    """1-D convolution of `[batch, width, channels]` with `[width, in, out]`.

    Args:
      input: a floating tensor of rank 3.
      filters: of the dtype of `input`.
      stride: an int.
      padding: "SAME", "VALID" or "CAUSAL".
      data_format: "NWC" or "NCW".
      dilations: how far filter entries are apart, an int.

    Raises:
      ValueError: another padding or format.
      InvalidArgumentError: channels or sizes that do not fit.
    """
    return _convolution(input, filters, stride, padding, data_format, dilations, 1, "Conv2D")


@by_form
def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None, name=None):
    """2-D convolution (cross-correlation).

    Args:
      input: `[batch, height, width, in]` (or `[batch, in, height, width]` with "NCHW").
      filters: `[height, width, in, out]`, of the input's floating dtype.
      strides, dilations: an int, or a list of 1, 2 or 4.
      padding: "SAME", "VALID", or a list of pairs for each dimension.

    Raises:
      InvalidArgumentError: ranks, channel counts or sizes that do not fit, an unknown padding or data format.
      ValueError: lists of a wrong length. UnimplementedError: strides over batch or channels.
    """
    return _convolution(input, filters, strides, padding, data_format, dilations, 2, "Conv2D")


@by_form
def conv3d(input, filters, strides, padding, data_format="NDHWC", dilations=None, name=None):
    """3-D convolution of `[batch, depth, height, width, in]` with `[depth, height, width, in, out]`.

    Args:
      input: a floating tensor of rank 5.
      filters: of the dtype of `input`.
      strides: a list of 5.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".
      dilations: a list of 5.

    Raises:
      ValueError: another padding or format.
      InvalidArgumentError: channels or sizes that do not fit.
    """
    for name, value in (("strides", strides), ("dilations", [1] * 5 if dilations is None else dilations)):
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"Expected list for '{name}' argument to 'conv3d' Op, not {value!r}.")
        if len(value) != 5:
            raise invalid(f"Length for attr '{name}' of {len(value)} must be at least minimum 5", "Conv3D")
    return _convolution(input, filters, strides, padding, data_format, dilations, 3, "Conv3D")


def check_not_both(strides, dilations, n):
    """Raises where strides and dilations are both above 1."""
    steps, rates = (np.broadcast_to(np.asarray(1 if v is None else v), n) for v in (strides, dilations))
    if steps.max() > 1 and rates.max() > 1:
        raise ValueError("`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: "
                         f"strides={steps} and dilation_rate={rates}")  # fmt: skip


@by_form
def convolution(input, filters, strides=None, padding="VALID", data_format=None, dilations=None, name=None):
    """Convolution over as many spatial dimensions as `filters` has.

    Args:
      input: [batch, spatial dimensions, in] or [batch, in, spatial dimensions].
      filters: [spatial dimensions, in, out].
      strides, dilations: an int, or a list with one for each spatial dimension.
      padding: "SAME", "VALID" or a list of pairs.
      data_format: such as "NHWC" or "NCHW".

    Raises:
      ValueError: a rank of `filters` other than 3, 4 or 5, padding or format that do not fit, or strides and dilations
        both above 1.
      InvalidArgumentError: channels or sizes that do not fit.
    """
    filters = convert(filters)
    n = len(filters._aval.shape) - 2
    if not 1 <= n <= 3:
        raise ValueError(f"`num_spatial_dims` must be 1, 2, or 3. Received: num_spatial_dims={n}.")
    check_not_both(strides, dilations, n)
    return _convolution(input, filters, strides or 1, padding, data_format, dilations, n, "Conv2D")


@by_form
def depthwise_conv2d(input, filter, strides, padding, data_format=None, dilations=None, name=None):
    """Each input channel is convolved with its own `filter[:, :, channel]`, giving `filter.shape[3]` channels.

    Args:
      input: `[batch, height, width, in]` (or `[batch, in, height, width]` with "NCHW").
      filter: `[height, width, in, multiplier]`.
      strides: a list of 4.
      padding: "SAME", "VALID", or a list of pairs for each dimension.
      dilations: a list of 2. With strides above 1 each of the images that dilation takes apart is gone through with them.

    Returns:
      A tensor with in * multiplier channels.

    Raises:
      ValueError: another padding or format.
      InvalidArgumentError: channels or sizes that do not fit.
    """
    from tfcompat._array import pad, reshape
    from tfcompat._blocks import with_space_to_batch

    kernel = "DepthwiseConv2dNative"
    filter = convert(filter)
    dims = filter._aval.shape
    if len(dims) != 4:
        raise invalid(f"filter must be 4-dimensional: {shape_text(dims)}", kernel)
    if filter._aval.dtype not in FLOATS:
        raise not_allowed("T", filter._aval.np_dtype, FLOATS, kernel)
    strides = [] if strides is None else strides
    if not isinstance(strides, (list, tuple)):
        raise TypeError(f"Expected list for 'strides' argument to 'depthwise_conv2d_native' Op, not {strides!r}.")
    if len(strides) != 4:
        raise invalid("Sliding window strides field must specify 4 dimensions", kernel)
    data_format = format_of(data_format, 2)
    first, _, _ = layout(data_format, 2)
    h, w, channels, multiplier = dims
    rates = (1, 1) if dilations is None else whole(dilations, "dilations")
    if len(rates) != 2:
        raise ValueError(f"dilations should be of length 2. Received: dilations={dilations}")
    steps = spatial(strides, 2, "strides", first, errors.InvalidArgumentError)
    if steps[0] != steps[1]:
        raise refused("Current implementation only supports equal length strides in the row and column dimensions.", kernel)
    filter = reshape(filter, (h, w, 1, channels * multiplier))
    pads = padding_of(padding, 2, first, kernel)

    def convolved(value, pads, rates):
        return convolve(value, filter, (steps, pads, rates, data_format, 2, channels, kernel))

    if steps[0] == 1 or max(rates) == 1:
        return convolved(input, pads, rates)
    # Strides apply within the images that dilation makes of the input.
    if not isinstance(pads, str):
        input = pad(input, [(0, 0)] * (2 if first else 1) + list(pads) + [(0, 0)] * (not first))
        pads = "VALID"
    return with_space_to_batch(input, rates, pads, lambda value, num_spatial_dims, padding: convolved(value, padding, (1, 1)),
                               (h, w), data_format=data_format)  # fmt: skip


@by_form
def separable_conv2d(input, depthwise_filter, pointwise_filter, strides, padding, data_format=None, dilations=None,
                     name=None):  # fmt: skip
    """A depthwise convolution followed by a 1x1 convolution.

    Args:
      input: a floating tensor of rank 4.
      depthwise_filter: [height, width, in, multiplier].
      pointwise_filter: [1, 1, in * multiplier, out].
      strides: a list of 4.
      padding: "SAME" or "VALID".
      data_format: "NHWC" or "NCHW".
      dilations: a list of 2.

    Raises:
      ValueError: `pointwise_filter` is not of height and width 1.
      InvalidArgumentError: another padding or format, channels or sizes that do not fit.
    """
    if dilations is not None and np.ndim(dilations) == 0:
        raise ValueError(f"`dilation_rate.shape.rank` must be 1. Received: dilation_rate={dilations} of rank 0")
    pointwise_filter = convert(pointwise_filter)
    for size in pointwise_filter._aval.shape[:2]:
        if size != 1:
            raise ValueError(f"Dimensions {size} and 1 are not compatible")
    y = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return conv2d(y, pointwise_filter, 1, "VALID", data_format or "NHWC")


def _transposed(options):
    """The convolution of an array and filters that the options of `transpose_convolve` mean."""
    _, strides, padding, dilations, data_format, n = options
    _, letters, kernel_letters = layout(data_format, n)
    return functools.partial(lax.conv_general_dilated, window_strides=strides, padding=padding, rhs_dilation=dilations,
                             dimension_numbers=(letters, kernel_letters, letters))  # fmt: skip


def _transpose_grad(g, out, input, filters, options):
    """Of <g, transpose(input, filters)>, which is <convolve(g, filters), input>: derivatives of a plain convolution.

    JAX would derive that of the filters from the transpose, and multiply the zeros between dilated elements.
    """
    convolve = _transposed(options)
    (of_filters,) = jax.linear_transpose(lambda k: convolve(g, k), filters)(input)
    return convolve(g, filters), of_filters


@op("Conv2DBackpropInput", T=(*FLOATS, d.int32), grad=_transpose_grad)
def transpose_convolve(input: T, filters: T, options: Any):
    """The derivative of a convolution with regard to its input, as an op."""
    output_shape, n = options[0], options[-1]
    _, letters, kernel_letters = layout(options[-2], n)

    if input.dtype == np.int32:  # derivatives are of floats; all integers of 32 bits are float64, too
        wide = transpose_convolve.op.body(input.astype(np.float64), filters.astype(np.float64), options)
        return wide.astype(np.int32)

    def forward(x):
        return _transposed(options)(x, filters)

    kernel, channels = "Conv2DBackpropInput", letters.index("C")
    if len(output_shape) != n + 2:
        raise invalid(f"{kernel} requires input_sizes to contain {n + 2} values or {n} values, but got: "
                      f"{len(output_shape)}", kernel)  # fmt: skip
    if output_shape[channels] % filters.shape[kernel_letters.index("I")]:
        raise refused("Conv2DCustomBackpropInput: input depth must be evenly divisible by filter depth", kernel)
    primal = jax.ShapeDtypeStruct(output_shape, input.dtype)
    made = jax.eval_shape(forward, primal)
    if made.shape != input.shape:
        sizes = zip(made.shape, input.shape, letters, strict=False)
        inferred = input.ndim != n + 2 or any(a != b for a, b, letter in sizes if letter in "NC")
        raise (invalid if inferred else refused)(
            f"{kernel}: Size of out_backprop doesn't match computed: actual = {list(input.shape)}, computed = "
            f"{list(made.shape)}", kernel,
        )  # fmt: skip
    (result,) = jax.linear_transpose(forward, primal)(input)
    return result


@by_form
def conv2d_transpose(input, filters, output_shape, strides, padding="SAME", data_format="NHWC", dilations=None,
                     name=None):  # fmt: skip
    """The transpose of `conv2d`; `filters` is `[height, width, out, in]`.

    Args:
      input: a floating tensor of rank 4.
      filters: of the dtype of `input`.
      output_shape: the shape of the result, a vector of 4.
      strides: an int, or a list of 1, 2 or 4.
      padding: "SAME", "VALID" or a list of pairs.
      data_format: "NHWC" or "NCHW".
      dilations: an int, or a list.

    Raises:
      ValueError: another padding or format.
      InvalidArgumentError: an `output_shape` that `conv2d` would not make `input` of.
    """
    from tfcompat._core.attributes import Shape

    data_format = format_of(data_format, 2)
    first, _, _ = layout(data_format, 2)
    options = (Shape.canonical(output_shape, "output_shape"), spatial(strides, 2, "strides", first),
               padding_of(padding, 2, first, "Conv2DBackpropInput"), spatial(dilations, 2, "dilations", first),
               data_format, 2)  # fmt: skip
    return transpose_convolve(input, filters, options)
