"""Ops of `tf.nn` over windows of pixels or channels: dilation, pooling that says where, pooling at odd ratios, LRN."""

import collections
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import dtypes as d, random_state
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.op import Any, Bool, Data, Dtype, Float, Int, T, op
from tfcompat._declare import FLOATS, REAL, invalid
from tfcompat._elementwise import negative
from tfcompat._nn_conv import check_windows, padding_of, spatial
from tfcompat._reverse import reverse


def lowest(dtype):
    """The smallest number of a dtype."""
    return jnp.finfo(dtype).min if jnp.issubdtype(dtype, jnp.floating) else np.iinfo(dtype).min


def windows(size, window, stride, dilation, padding):
    """Where windows along one dimension read: indices [window, outputs], and which of them lie inside."""
    reach = (window - 1) * dilation + 1
    (low, high) = lax.padtype_to_pads((size,), (reach,), (stride,), padding)[0]
    outputs = (size + low + high - reach) // stride + 1
    at = np.arange(outputs)[None] * stride + np.arange(window)[:, None] * dilation - low
    return np.clip(at, 0, max(size - 1, 0)), (at >= 0) & (at < size)


def gathered(x, rows, columns):
    """`x` [N, H, W, C] at rows [h, P] and columns [w, Q]: [h * w, N, P, Q, C]."""
    h, w = len(rows), len(columns)
    parts = jnp.take(jnp.take(x, rows.reshape(-1), 1), columns.reshape(-1), 2)
    parts = parts.reshape(x.shape[0], h, rows.shape[1], w, columns.shape[1], x.shape[3])
    return jnp.transpose(parts, (1, 3, 0, 2, 4, 5)).reshape(h * w, x.shape[0], rows.shape[1], columns.shape[1], x.shape[3])


def inside(rows, columns):
    """Which of `gathered`'s values lie inside, [h * w, 1, P, Q, 1]."""
    h, w = len(rows), len(columns)
    both = rows[:, None, :, None] & columns[None, :, None, :]
    return both.reshape(h * w, 1, rows.shape[1], columns.shape[1], 1)


def first_largest(values):
    """The largest values along axis 0 and which they are; a gradient goes to the first of them."""
    at = jnp.argmax(values, 0)
    return jnp.take_along_axis(values, at[None], 0)[0], at


# Grayscale morphology


@op("Dilation2D", once="Dilation2DBackpropFilter", T=REAL)
def _dilation2d(input: T, filter: T, options: Any):
    strides, padding, rates = options
    if input.ndim != 4:
        raise invalid(f"input must be 4-dimensional: {list(input.shape)}", "Dilation2D")
    if filter.ndim != 3:
        raise invalid(f"filter must be 3-dimensional: {list(filter.shape)}", "Dilation2D")
    if input.shape[3] != filter.shape[2]:
        raise invalid(f"input and filter must have the same depth: {input.shape[3]} vs {filter.shape[2]}", "Dilation2D")
    check_windows(input.shape[1:3], filter.shape[:2], strides, padding, "Dilation2D", rates)
    rows, columns = (windows(input.shape[i + 1], filter.shape[i], strides[i], rates[i], padding) for i in range(2))
    values = gathered(input, rows[0], columns[0]) + filter.reshape(-1, 1, 1, 1, input.shape[3])
    values = jnp.where(inside(rows[1], columns[1]), values, jnp.asarray(lowest(input.dtype), input.dtype))
    return first_largest(values)[0]


def _only_nhwc(data_format):
    if data_format != "NHWC":
        raise ValueError(f"`data_format` values other  than 'NHWC' are not supported. Received: data_format={data_format}")


def _morphology_options(strides, padding, dilations):
    return spatial(strides, 2, "strides"), padding_of(padding, 2, False, "Dilation2D", False), spatial(dilations, 2, "rates")


@by_form
def dilation2d(input, filters, strides, padding, data_format, dilations, name=None):
    """Grayscale dilation: maxima over windows of the input plus the filter.

    Args:
      input: `[batch, height, width, channels]`.
      filters: `[height, width, channels]`.
      strides, dilations: lists of 4, of which the first and last are 1.
      padding: "SAME" or "VALID".
      data_format: "NHWC".

    Raises:
      ValueError: another `data_format`. InvalidArgumentError: shapes that do not fit.
    """
    _only_nhwc(data_format)
    return _dilation2d(input, filters, _morphology_options(strides, padding, dilations))


@by_form
def erosion2d(value, filters, strides, padding, data_format, dilations, name=None):
    """Grayscale erosion: minima over windows of the input minus the filter. See `dilation2d`."""
    _only_nhwc(data_format)
    flipped = reverse(convert(filters), [0, 1])
    return negative(_dilation2d(negative(value), flipped, _morphology_options(strides, padding, dilations)))


# Pooling that says where the maxima are

MaxPoolWithArgmax = collections.namedtuple("MaxPoolWithArgmax", ["output", "argmax"])


@op("MaxPoolWithArgmax", once="MaxPoolGradWithArgmax", T=REAL, single=False)
def _max_pool_with_argmax(input: T, options: Any, output_dtype: Dtype, include_batch_in_index: Bool):
    window, strides, padding = options
    if input.ndim != 4:
        raise invalid("tensor_in must be 4-dimensional (2)", "MaxPoolWithArgmax")
    n, height, width, channels = input.shape
    rows, columns = (windows(input.shape[i + 1], window[i], strides[i], 1, padding) for i in range(2))
    values = gathered(input, rows[0], columns[0])
    values = jnp.where(inside(rows[1], columns[1]), values, jnp.asarray(lowest(input.dtype), input.dtype))
    largest, at = first_largest(values)
    pixels = rows[0][:, None, :, None] * width + columns[0][None, :, None, :]
    pixels = jnp.asarray(pixels.reshape(len(values), 1, *pixels.shape[2:], 1))
    chosen = jnp.take_along_axis(jnp.broadcast_to(pixels, values.shape), at[None], 0)[0]
    index = chosen * channels + np.arange(channels)
    if include_batch_in_index:
        index = index + (np.arange(n) * height * width * channels)[:, None, None, None]
    return [largest, index.astype(output_dtype.np)]


def max_pool_with_argmax(input, ksize, strides, padding, data_format="NHWC", output_dtype=d.int64,
                         include_batch_in_index=False, name=None):  # fmt: skip
    """Maxima of windows, and the places of the first of them.

    Args:
      input: `[batch, height, width, channels]`.
      ksize, strides: an int, or a list of 1, 2 or 4.
      padding: "SAME" or "VALID".
      data_format: "NHWC".
      output_dtype: int32 or int64.
      include_batch_in_index: whether places count through the whole batch, or start anew for each image.

    Returns:
      A named tuple (output, argmax); a place is (row * width + column) * channels + channel.

    Raises:
      ValueError: another `data_format`.
    """
    _only_nhwc(data_format)
    options = (spatial(ksize, 2, "ksize"), spatial(strides, 2, "strides"),
               padding_of(padding, 2, False, "MaxPoolWithArgmax", False))  # fmt: skip
    return MaxPoolWithArgmax(*_max_pool_with_argmax(input, options, output_dtype, include_batch_in_index))


# Pooling at ratios that are no integers (Graham, Fractional Max-Pooling, 2014)

FractionalMaxPool = collections.namedtuple(
    "FractionalMaxPool", ["output", "row_pooling_sequence", "col_pooling_sequence"]
)
FractionalAvgPool = collections.namedtuple(
    "FractionalAvgPool", ["output", "row_pooling_sequence", "col_pooling_sequence"]
)
_Sequence = Data("S", only=d.int64)


def _sequence(size, outputs, key, counter, pseudo_random):
    """The borders of `outputs` regions of `size` pixels, and the counter after what was drawn."""
    if size % outputs == 0:
        return np.arange(outputs + 1) * (size // outputs), counter
    if pseudo_random:
        alpha, k = size / outputs, size // outputs
        largest = min((k + 2) / alpha - 1, (size + 1 - k) / alpha - (outputs - 1))
        low, high = (int(w) for w in random_state.host_words(key, counter, 2))
        bits = ((low & 0xFFFFF) << 32) | high | (1023 << 52)
        u = (np.array(bits, np.uint64).view(np.float64).item() - 1) * largest
        inner = [math.ceil(alpha * (i + u)) for i in range(1, outputs)]
        return np.array([1, *inner, size + 1]) - 1, counter + 1
    steps = np.full(outputs, size // outputs)
    steps[: size % outputs] += 1
    order = random_state.permutation(key, counter, outputs)
    return np.concatenate([[0], np.cumsum(steps[order])]), counter + (outputs + 3) // 4


def _fractional(x, rows, columns, overlapping, longest, kernel):
    def regions(borders, size, most):
        end = borders[1:] + (1 if overlapping else 0)
        at = borders[None, :-1] + np.arange(most)[:, None]
        return jnp.clip(at, 0, size - 1), (at < end[None]) & (at < size)

    if x.ndim != 4:
        raise invalid(f"{kernel} expects value to be 4-dimensional", kernel)
    (row_at, row_in), (column_at, column_in) = regions(rows, x.shape[1], longest[0]), regions(columns, x.shape[2], longest[1])
    return gathered(x, row_at, column_at), inside(row_in, column_in)


_POOLED = (d.float32, d.float64, d.int32, d.int64)


@op("FractionalMaxPool", once="FractionalMaxPoolGrad", T=_POOLED)
def _fractional_max(value: T, rows: _Sequence, columns: _Sequence, overlapping: Bool, longest: Any):
    values, kept = _fractional(value, rows, columns, overlapping, longest, "FractionalMaxPool")
    return first_largest(jnp.where(kept, values, jnp.asarray(lowest(value.dtype), value.dtype)))[0]


@op("FractionalAvgPool", T=_POOLED)
def _fractional_mean(value: T, rows: _Sequence, columns: _Sequence, overlapping: Bool, longest: Any):
    values, kept = _fractional(value, rows, columns, overlapping, longest, "FractionalAvgPool")
    total = jnp.sum(jnp.where(kept, values, jnp.zeros((), value.dtype)), 0, dtype=value.dtype)
    count = jnp.sum(kept, 0, dtype=value.dtype)
    return total / count if jnp.issubdtype(value.dtype, jnp.floating) else total // count


def _pool_at_ratio(pool, kernel, value, pooling_ratio, pseudo_random, overlapping, seed):
    value = convert(value)
    size = value.shape.as_list()
    if len(size) != 4:
        raise invalid(f"{kernel} expects value to be 4-dimensional", kernel)
    outputs = [math.floor(n / r) for n, r in zip(size[1:3], pooling_ratio[1:3], strict=True)]
    if seed:
        blocks = sum((n + 3) // 4 for n in outputs)
        key, counter = random_state.seeds.reserve((kernel, value.dtype, tuple(pooling_ratio)), blocks, seed)
    else:
        bits = random_state.seeds.system.getrandbits
        key, counter = bits(64), bits(64) << 64
    rows, counter = _sequence(size[1], outputs[0], key, counter, pseudo_random)
    columns, _ = _sequence(size[2], outputs[1], key, counter, pseudo_random)
    longest = tuple(int(np.diff(v).max()) + bool(overlapping) for v in (rows, columns))
    rows, columns = convert(rows.astype(np.int64)), convert(columns.astype(np.int64))
    return pool(value, rows, columns, bool(overlapping), longest), rows, columns


def fractional_max_pool(value, pooling_ratio, pseudo_random=False, overlapping=False, seed=0, name=None):
    """Maxima of regions whose number is the input's size divided by a ratio that need not be an integer.

    Args:
      value: `[batch, height, width, channels]`.
      pooling_ratio: a number of 1 or more, or a list of 1, 2 or 4.
      pseudo_random: whether regions are spread evenly from a random start, or in a random order.
      overlapping: whether neighbouring regions share the pixels at their border.
      seed: 0 for other regions each time; else they depend on it and on the global seed.

    Returns:
      A named tuple (output, row_pooling_sequence, col_pooling_sequence): the sequences are the regions' borders.

    Raises:
      ValueError: a ratio below 1.
    """
    if isinstance(pooling_ratio, (list, tuple)):
        if pooling_ratio[0] != 1.0 or pooling_ratio[-1] != 1.0:
            raise ValueError("`pooling_ratio` should have first and last elements with value 1.0. Received: "
                             f"pooling_ratio={pooling_ratio}")  # fmt: skip
        if min(pooling_ratio) < 1.0:
            raise ValueError(f"`pooling_ratio` elements should be >= 1.0. Received: pooling_ratio={pooling_ratio}")
        ratios = list(pooling_ratio)
        ratios = [1.0, *ratios, 1.0] if len(ratios) == 2 else [1.0, *ratios * 2, 1.0] if len(ratios) == 1 else ratios
    elif isinstance(pooling_ratio, (int, float)):
        if pooling_ratio < 1.0:
            raise ValueError(f"`pooling_ratio` should be >= 1.0. Received: pooling_ratio={pooling_ratio}")
        ratios = [1.0, pooling_ratio, pooling_ratio, 1.0]
    else:
        raise ValueError(f"`pooling_ratio` should be an int or a list of ints. Received: pooling_ratio={pooling_ratio}")
    return FractionalMaxPool(
        *_pool_at_ratio(_fractional_max, "FractionalMaxPool", value, ratios, pseudo_random, overlapping, seed)
    )


def fractional_avg_pool(value, pooling_ratio, pseudo_random=False, overlapping=False, seed=0, name=None):
    """Means of regions; see `fractional_max_pool`. `pooling_ratio` is a list of 4."""
    if not isinstance(pooling_ratio, (list, tuple)):
        raise TypeError(f"Expected list for 'pooling_ratio' argument to 'fractional_avg_pool' Op, not {pooling_ratio}.")
    return FractionalAvgPool(
        *_pool_at_ratio(_fractional_mean, "FractionalAvgPool", value, pooling_ratio, pseudo_random, overlapping, seed)
    )


# Normalisation over neighbouring channels


@op("LRN", once="LRNGrad", T=FLOATS[:3])
def local_response_normalization(input: T, depth_radius: Int = 5, bias: Float = 1, alpha: Float = 1, beta: Float = 0.5):
    """input / (bias + alpha * s) ** beta, s being the sum of squares over the channels up to `depth_radius` away.

    Args:
      input: `[batch, height, width, channels]`, float32 or a half precision.

    Raises:
      InvalidArgumentError: another rank or dtype.
    """
    if input.ndim != 4:
        raise invalid("in must be 4-dimensional", "LRN")
    wide = input.astype(jnp.float32)
    window, pads = (1, 1, 1, 2 * depth_radius + 1), [(0, 0)] * 3 + [(depth_radius, depth_radius)]
    total = lax.reduce_window(wide * wide, np.float32(0), lax.add, window, (1, 1, 1, 1), pads)
    return (wide * (bias + alpha * total) ** -beta).astype(input.dtype)


lrn = local_response_normalization


# Patches of volumes


@op("ExtractVolumePatches", T=REAL)
def _volume_patches(input: T, ksizes: Any, strides: Any, padding: Any):
    kernel = "ExtractVolumePatches"
    if input.ndim != 5:
        raise invalid(f"input must be 5-dimensional{list(input.shape)}", kernel)
    parts, planes = [], [windows(input.shape[i], ksizes[i], strides[i], 1, padding) for i in (1, 2, 3)]
    for spots in np.ndindex(*[len(at) for at, _ in planes]):
        part, kept = input, True
        for axis, ((at, within), spot) in enumerate(zip(planes, spots, strict=True), 1):
            part = jnp.take(part, at[spot], axis)
            kept = kept & within[spot].reshape([-1 if i == axis else 1 for i in range(5)])
        parts.append(jnp.where(kept, part, jnp.zeros((), input.dtype)))
    return jnp.concatenate(parts, -1)


@by_form
def extract_volume_patches(input, ksizes, strides, padding, name=None):
    """Patches of `[batch, planes, rows, columns, channels]`, each as one vector in the last dimension.

    Args:
      input: tensor of numbers.
      ksizes, strides: lists of 5, of which the first and last are 1.
      padding: "SAME" or "VALID".

    Raises:
      InvalidArgumentError: another rank, or padding.
    """
    padding = padding_of(padding, 3, False, "ExtractVolumePatches", False)
    return _volume_patches(input, tuple(int(v) for v in ksizes), tuple(int(v) for v in strides), padding)
