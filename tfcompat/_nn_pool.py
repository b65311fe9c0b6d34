"""Pooling of `tf.nn`, for any number of spatial dimensions."""

import functools
import math
import operator

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._blocks import with_space_to_batch
from tfcompat._core import dtypes as d, errors
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Any, T, op
from tfcompat._declare import FLOATS, REAL, invalid, not_allowed, refused
from tfcompat._nn_conv import check_not_both, check_windows, format_of, layout, lengths, padding_of

# `options` is (window, strides, padding), each for all dimensions of the input.


def _pads(shape, options):
    window, strides, padding = options
    return lax.padtype_to_pads(shape, window, strides, padding) if isinstance(padding, str) else padding


def _ranked(x):
    """`x` as the kernel of pools over two dimensions sees it: it starts from the lowest number, which NaN does not exceed."""
    if x.ndim > 4 or not jnp.issubdtype(x.dtype, jnp.floating):
        return x
    low = np.asarray(jnp.finfo(x.dtype).min, x.dtype)
    return jnp.where(x > low, x, low)


def _max_body(x, options):
    window, strides, _ = options
    low = -np.inf if jnp.issubdtype(x.dtype, jnp.floating) else np.iinfo(x.dtype).min
    return lax.reduce_window(x, np.asarray(low, x.dtype), lax.max, window, strides, _pads(x.shape, options))


def _parts(x, options):
    """`x` at each place of the window, where windows are small and neither overlap nor need padding; else None.

    XLA's operations for windows take long to compile and to differentiate.
    """
    window, strides, padding = options
    padded = not isinstance(padding, str) and any(map(any, padding))
    if padded or window != strides or math.prod(window) > 16 or any(n % w for n, w in zip(x.shape, window, strict=True)):
        return None
    return [lax.slice(x, place, x.shape, window) for place in np.ndindex(*window)]


def _woven(parts, window):
    """The inverse of `_parts`."""
    for axis in reversed(range(len(window))):
        n = window[axis]
        if n > 1:
            shape = list(parts[0].shape)
            shape[axis] *= n
            parts = [lax.reshape(jnp.stack(parts[i : i + n], axis + 1), shape) for i in range(0, len(parts), n)]
    return parts[0]


def _max_grad(g, out, x, options):
    x = _ranked(x)
    parts = _parts(x, options)
    if parts is None:
        return jax.vjp(lambda v: _max_body(v, options), x)[1](g)[0]
    # The first maximum of each window takes the cotangent; where nothing equals it (NaN), the first element.
    taken, given = parts[0] == out, []
    for part in parts[1:]:
        here = (part == out) & ~taken
        taken = taken | here
        given.append(here)
    given.insert(0, ~functools.reduce(operator.or_, given) if given else jnp.ones(out.shape, bool))
    return _woven([jnp.where(here, g, jnp.zeros((), g.dtype)) for here in given], options[0])


@op("MaxPool", T=REAL, grad=_max_grad)
@inlined
def _max_pool(value: T, options: Any):
    value = _ranked(value)
    parts = _parts(value, options)
    return _max_body(value, options) if parts is None else functools.reduce(lax.max, parts)


@op("AvgPool", T=FLOATS)
@inlined
def _avg_pool(value: T, options: Any):
    window, strides, padding = options
    parts = _parts(value, options)
    if parts is not None:
        return functools.reduce(lax.add, parts) / jnp.asarray(len(parts), value.dtype)
    pads = _pads(value.shape, options)
    zero = np.zeros((), value.dtype)
    total = lax.reduce_window(value, zero, lax.add, window, strides, pads)
    return total / _counts(value, total.shape, window, strides, pads, padding == "SAME")


def _counts(value, places, window, strides, pads, same):
    """How many elements each window has: the product of what it has along each axis.

    Where `same`, padding depends on sizes; the counts have the same axes for all of them.
    """
    counts = np.ones((), value.dtype)
    for axis, (size, step, (low, high)) in enumerate(zip(window, strides, pads, strict=True)):
        if low or high or (same and size > 1):
            first = np.arange(places[axis]) * step - low
            along = np.minimum(first + size, value.shape[axis]) - np.maximum(first, 0)
            counts = counts * along.astype(value.dtype).reshape(-1, *[1] * (value.ndim - 1 - axis))
        else:
            counts = counts * np.asarray(size, value.dtype)
        if counts.ndim > 1:
            counts = jnp.asarray(counts)  # the whole table is made when it runs
    return counts


_POOLED_3D = (d.float16, d.bfloat16, d.float32)


def _pool(function, input, ksize, strides, padding, data_format, n, kernel):
    value = convert(input)
    return function(value, _pool_options(value, ksize, strides, padding, data_format, n, kernel))


def _pool_options(value, ksize, strides, padding, data_format, n, kernel):
    if kernel == "MaxPool3D" and value._aval.dtype not in _POOLED_3D:
        raise not_allowed("T", value._aval.np_dtype, _POOLED_3D, kernel)
    rank = len(value._aval.shape)
    if rank != n + 2:
        places = f"tensor_in_shape must have 2 spatial dimensions. {rank} 0" if n < 3 else "tensor_in must be 5-dimensional"
        raise invalid(places, kernel)
    data_format = format_of(data_format, n)
    first, _, _ = layout(data_format, n)
    window, step = _pool_sizes(ksize, n, "ksize", first, kernel), _pool_sizes(strides, n, "strides", first, kernel)
    pads = padding_of(padding, n, first, kernel, explicit=kernel == "MaxPool")
    sizes = value._aval.shape[2:] if first else value._aval.shape[1:-1]
    check_windows(sizes, window, step, pads, kernel)
    for size, pair in zip(window, () if isinstance(pads, str) else pads, strict=False):
        if max(pair) >= size:
            raise refused(f"Padding {max(pair)} needs to be smaller than the window size {size}", kernel)

    def full(values, filler):
        return (filler, filler, *values) if first else (filler, *values, filler)

    if not isinstance(pads, str):
        pads = full(pads, (0, 0))
    return full(window, 1), full(step, 1), pads


def _pool_sizes(value, n, name, channels_first, kernel):
    """The spatial part of a window or of strides."""
    value = lengths(value, n, name)
    if len(value) == n + 2:
        if value[0] != 1:
            raise errors.UnimplementedError(None, None, "Pooling is not yet supported on the batch dimension.")
        if name == "ksize" and (value[1] if channels_first else value[-1]) != 1:
            raise errors.UnimplementedError(
                None, None, "MaxPooling supports exactly one of pooling across depth or pooling across width/height."
            )
        value = value[2:] if channels_first else value[1:-1]
    if min(value) <= 0:
        if name == "ksize":
            raise refused(f"ksize must be a positive int32 value, got:{min(value)}", kernel)
        raise invalid(f"Stride must be > 0, but got {min(value)}", kernel)
    return value


@by_form
def max_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """Maxima of windows of `[batch, width, channels]`.

    Args:
      input: a tensor of numbers of rank 3.
      ksize, strides: ints.
      padding: "SAME" or "VALID".
      data_format: "NWC" or "NCW".

    Raises:
      ValueError: another padding or format.
      InvalidArgumentError: windows larger than the padded input.
    """
    return _pool(_max_pool, input, ksize, strides, padding, data_format, 1, "MaxPool")


@by_form
def max_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """Maxima of windows of `[batch, height, width, channels]`; the first maximum of a window takes the gradient.

    Args:
      ksize, strides: an int, or a list of 1, 2 or 4.
      padding: "SAME", "VALID", or a list of pairs for each dimension.

    Raises:
      InvalidArgumentError: another rank, sizes that are not positive, a window much larger than the input, an unknown
        padding or data format. ValueError: lists of a wrong length.
    """
    return _pool(_max_pool, input, ksize, strides, padding, data_format, 2, "MaxPool")


@by_form
def max_pool3d(input, ksize, strides, padding, data_format="NDHWC", name=None):
    """Maxima of windows of `[batch, depth, height, width, channels]`.

    Args:
      input: a floating tensor of rank 5.
      ksize, strides: an int, or lists of 1, 3 or 5.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".

    Raises:
      ValueError: another padding or format.
      InvalidArgumentError: windows larger than the padded input.
    """
    return _pool(_max_pool, input, ksize, strides, padding, data_format, 3, "MaxPool3D")


@by_form
def avg_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """Means of windows of `[batch, width, channels]`; padding does not count.

    Args:
      input: a floating tensor of rank 3.
      ksize, strides: ints.
      padding: "SAME" or "VALID".
      data_format: "NWC" or "NCW".

    Raises:
      ValueError: another padding or format.
      InvalidArgumentError: windows larger than the padded input.
    """
    return _pool(_avg_pool, input, ksize, strides, padding, data_format, 1, "AvgPool")


@by_form
def avg_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """Means of windows of `[batch, height, width, channels]`; padding does not count.

    Args:
      input: a floating tensor of rank 4.
      ksize, strides: an int, or lists of 1, 2 or 4.
      padding: "SAME" or "VALID".
      data_format: "NHWC" or "NCHW".

    Raises:
      ValueError: another padding or format.
      InvalidArgumentError: windows larger than the padded input.
    """
    return _pool(_avg_pool, input, ksize, strides, padding, data_format, 2, "AvgPool")


@by_form
def avg_pool3d(input, ksize, strides, padding, data_format="NDHWC", name=None):
    """Means of windows of `[batch, depth, height, width, channels]`; padding does not count.

    Args:
      input: a floating tensor of rank 5.
      ksize, strides: an int, or lists of 1, 3 or 5.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".

    Raises:
      ValueError: another padding or format.
      InvalidArgumentError: windows larger than the padded input.
    """
    return _pool(_avg_pool, input, ksize, strides, padding, data_format, 3, "AvgPool3D")


def _spatial_rank(value):
    rank = len(value._aval.shape)
    if not 3 <= rank <= 5:
        raise ValueError(f"`input.shape.rank` must be 3, 4 or 5. Received: input.shape={value.shape} of rank {rank}.")
    return rank - 2


@by_form
def max_pool(input, ksize, strides, padding, data_format=None, name=None):
    """Maxima of windows, for as many spatial dimensions as `input` has.

    Args:
      input: [batch, spatial dimensions, channels] ("NWC", "NHWC", "NDHWC") or [batch, channels, spatial
        dimensions].
      ksize, strides: an int, or a list with one for each spatial dimension.
      padding: "SAME", "VALID", or a list of pairs.
      data_format: see `input`; default: channels last.

    Raises:
      ValueError: another rank, padding or format.
      InvalidArgumentError: windows larger than the padded input.
    """
    value = convert(input)
    n = _spatial_rank(value)
    return _pool(_max_pool, value, ksize, strides, padding, data_format, n, "MaxPool3D" if n == 3 else "MaxPool")


@by_form
def avg_pool(input, ksize, strides, padding, data_format=None, name=None):
    """Means of windows, for as many spatial dimensions as `input` has; padding does not count.

    Args:
      input: [batch, spatial dimensions, channels] ("NWC", "NHWC", "NDHWC") or [batch, channels, spatial
        dimensions].
      ksize, strides: an int, or a list with one for each spatial dimension.
      padding: "SAME" or "VALID".
      data_format: see `input`; default: channels last.

    Raises:
      ValueError: another rank, padding or format.
      InvalidArgumentError: windows larger than the padded input.
    """
    value = convert(input)
    n = _spatial_rank(value)
    return _pool(_avg_pool, value, ksize, strides, padding, data_format, n, "AvgPool3D" if n == 3 else "AvgPool")


@by_form
def pool(input, window_shape, pooling_type, strides=None, padding="VALID", data_format=None, dilations=None, name=None):
    """Maxima ("MAX") or means ("AVG") of windows.

    Args:
      input: [batch, spatial dimensions, channels] or [batch, channels, spatial dimensions].
      window_shape: a list with one int for each spatial dimension.
      pooling_type: "MAX" or "AVG".
      strides: likewise, or an int; default 1.
      dilations: how far the entries of a window are apart, a list; default 1. Not with "SAME".
      padding: "SAME", "VALID" or a list of pairs.
      data_format: such as "NHWC" or "NCHW".

    Raises:
      ValueError: another type, padding or format, or strides and dilations both above 1.
    """
    if pooling_type not in ("MAX", "AVG"):
        raise ValueError(f"Unknown pooling_type {pooling_type!r}, must be MAX or AVG.")
    value = convert(input)
    window = [window_shape] if isinstance(window_shape, int) else list(window_shape)
    value.shape.assert_has_rank(len(window) + 2)
    steps = [1] * len(window) if strides is None else [strides] * len(window) if isinstance(strides, int) else list(strides)
    if any(s > w for s, w in zip(steps, window, strict=False)):
        raise ValueError("`strides` > `window_shape` not supported due to inconsistency between CPU and GPU "
                         f"implementations. Received: strides={steps} and window_shape={window}")  # fmt: skip
    function = max_pool if pooling_type == "MAX" else avg_pool
    check_not_both(strides, dilations, len(window))
    rates = [1] * len(window) if dilations is None else list(dilations)
    if padding == "SAME" and max(rates) > 1:
        raise ValueError("pooling with 'SAME' padding is not implemented for `dilation_rate` > 1. Received: padding=SAME "
                         f"and dilation_rate={rates}")  # fmt: skip
    return with_space_to_batch(
        value, rates, padding,
        lambda x, num_spatial_dims, padding: function(x, window_shape, strides or 1, padding, data_format),
        window, data_format=data_format,
    )  # fmt: skip
