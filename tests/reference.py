"""Rules of TensorFlow's ops in plain NumPy, slow and obvious: what the property tests hold tfcompat to.

`test_properties` first holds these functions themselves to TensorFlow's recorded results.
"""

import itertools

import numpy as np


def out_size(size, window, stride, dilation, padding, pad):
    """(size of the result, padding before) of one spatial dimension; None where TensorFlow refuses.

    Args:
      padding: "SAME" (the result has ceil(size / stride) elements, the odd element of padding comes last), "VALID", or
        "EXPLICIT" with `pad` = (before, after).
    """
    reach = (window - 1) * dilation + 1
    if padding == "SAME":
        out = -(-size // stride)
        return out, max(0, (out - 1) * stride + reach - size) // 2
    before, after = pad if padding == "EXPLICIT" else (0, 0)
    room = size + before + after - reach + stride
    return (None if room <= -stride else max(0, room // stride)), before


def _spatial(value, n):
    value = [1] if value is None else [value] if isinstance(value, (int, float)) else list(value)
    value = value * n if len(value) == 1 else value
    return [int(v) for v in (value[1:-1] if len(value) == n + 2 else value)]


def _places(shape, windows, strides, padding, dilations):
    """Yields (place in the result, [(place in the window, place in the input)]) over the spatial dimensions."""
    n = len(windows)
    pads = [None] * n
    kind = padding
    if not isinstance(padding, str):
        kind, pads = "EXPLICIT", padding[1:-1]
    sizes = [out_size(*args) for args in zip(shape, windows, strides, dilations, [kind] * n, pads, strict=True)]
    for out in itertools.product(*[range(size) for size, _ in sizes]):
        inside = []
        for window in itertools.product(*map(range, windows)):
            at = [o * s - before + w * d for o, s, (_, before), w, d
                  in zip(out, strides, sizes, window, dilations, strict=True)]  # fmt: skip
            if all(0 <= a < size for a, size in zip(at, shape, strict=True)):
                inside.append((window, tuple(at)))
        yield out, inside


def result_shape(shape, windows, strides, padding, dilations=1):
    """The spatial shape of a convolution's or pool's result."""
    n = len(windows)
    kind = padding if isinstance(padding, str) else "EXPLICIT"
    pads = [None] * n if kind != "EXPLICIT" else padding[1:-1]
    strides, dilations = _spatial(strides, n), _spatial(dilations, n)
    return tuple(
        out_size(*args)[0] for args in zip(shape, windows, strides, dilations, [kind] * n, pads, strict=True)
    )


def convolution(x, filters, strides=1, padding="VALID", dilations=1):
    """Cross-correlation of [batch, *spatial, in] with [*spatial, in / groups, out], in float64."""
    n = filters.ndim - 2
    windows = filters.shape[:n]
    groups = x.shape[-1] // filters.shape[-2]
    wide = np.result_type(x.dtype, np.float64) if x.dtype.kind != "i" else x.dtype
    x, filters = x.astype(wide), filters.astype(wide)
    spatial = result_shape(x.shape[1:-1], windows, strides, padding, dilations)
    result = np.zeros((x.shape[0], *spatial, filters.shape[-1]), wide)
    ins, outs = filters.shape[-2], filters.shape[-1] // groups
    strides, dilations = _spatial(strides, n), _spatial(dilations, n)
    for out, inside in _places(x.shape[1:-1], windows, strides, padding, dilations):
        for window, at in inside:
            for g in range(groups):
                part = x[(slice(None), *at, slice(g * ins, (g + 1) * ins))]
                weights = filters[window][:, g * outs : (g + 1) * outs]
                result[(slice(None), *out, slice(g * outs, (g + 1) * outs))] += part @ weights
    return result


def convolution_gradients(x, filters, upstream, strides=1, padding="VALID", dilations=1):
    """The gradients of a convolution's operands, in float64. The first one is the transposed convolution of `upstream`."""
    n = filters.ndim - 2
    ins, outs = filters.shape[-2], filters.shape[-1] // (x.shape[-1] // filters.shape[-2])
    dx, dfilters = np.zeros(x.shape), np.zeros(filters.shape)
    strides, dilations = _spatial(strides, n), _spatial(dilations, n)
    for out, inside in _places(x.shape[1:-1], filters.shape[:n], strides, padding, dilations):
        for window, at in inside:
            for g in range(x.shape[-1] // ins):
                taken, made = slice(g * ins, (g + 1) * ins), slice(g * outs, (g + 1) * outs)
                cotangent = upstream[(slice(None), *out, made)].astype(np.float64)
                dx[(slice(None), *at, taken)] += cotangent @ filters[window][:, made].T
                dfilters[window][:, made] += x[(slice(None), *at, taken)].T @ cotangent
    return dx, dfilters


def _one_group_each(filters):
    """The filters of a depthwise convolution as those of a convolution with a group for each channel."""
    h, w, channels, multiplier = filters.shape
    return filters.reshape(h, w, 1, channels * multiplier)


def depthwise(x, filters, strides, padding, dilations=1):
    """`tf.nn.depthwise_conv2d`: channel c of the input makes channels c * multiplier and the following."""
    return convolution(x, _one_group_each(filters), strides, padding, dilations)


def depthwise_gradients(x, filters, upstream, strides, padding, dilations=1):
    dx, dfilters = convolution_gradients(x, _one_group_each(filters), upstream, strides, padding, dilations)
    return dx, dfilters.reshape(filters.shape)


def pool(kind, x, window, strides, padding, dilations=1):
    """Maxima or means of windows of [batch, *spatial, channels]; padding counts for neither."""
    n = x.ndim - 2
    windows, steps, rates = (_spatial(v, n) for v in (window, strides, dilations))
    spatial = result_shape(x.shape[1:-1], windows, steps, padding, rates)
    result = np.zeros((x.shape[0], *spatial, x.shape[-1]), x.dtype if kind == "max" else np.float64)
    for out, inside in _places(x.shape[1:-1], windows, steps, padding, rates):
        parts = np.stack([x[(slice(None), *at)] for _, at in inside])
        result[(slice(None), *out)] = parts.max(0) if kind == "max" else parts.astype(np.float64).mean(0)
    return result


def pool_gradient(kind, x, upstream, window, strides, padding, dilations=1):
    """The gradient of a pool's input: of equal maxima the first one gets it."""
    n = x.ndim - 2
    windows, steps, rates = (_spatial(v, n) for v in (window, strides, dilations))
    result = np.zeros(x.shape)
    for out, inside in _places(x.shape[1:-1], windows, steps, padding, rates):
        largest = np.stack([x[(slice(None), *at)] for _, at in inside]).argmax(0)
        for k, (_, at) in enumerate(inside):
            share = largest == k if kind == "max" else 1 / len(inside)
            result[(slice(None), *at)] += share * upstream[(slice(None), *out)].astype(np.float64)
    return result


def unbroadcast(gradient, shape):
    """The gradient of an operand of `shape` that was broadcast."""
    extra = gradient.ndim - len(shape)
    gradient = gradient.sum(tuple(range(extra)))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    return gradient.sum(axes, keepdims=True) if axes else gradient


REDUCTIONS = {
    "reduce_sum": lambda x, axis, keep: x.sum(axis, dtype=x.dtype, keepdims=keep),
    "reduce_prod": lambda x, axis, keep: x.prod(axis, dtype=x.dtype, keepdims=keep),
    "reduce_max": lambda x, axis, keep: x.max(axis, keepdims=keep, initial=_lowest(x.dtype)),
    "reduce_min": lambda x, axis, keep: x.min(axis, keepdims=keep, initial=_highest(x.dtype)),
    "reduce_mean": lambda x, axis, keep: _mean(x, axis, keep),
    "reduce_any": lambda x, axis, keep: (x != 0).any(axis, keepdims=keep),
    "reduce_all": lambda x, axis, keep: (x != 0).all(axis, keepdims=keep),
}


def _lowest(dtype):
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _highest(dtype):
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


def _mean(x, axis, keep):
    """Of integers the mean is cut towards zero, that of nothing is 0; of floats that of nothing is NaN."""
    count = x.size if axis is None else int(np.prod([x.shape[a] for a in np.atleast_1d(axis).astype(int)]))
    if x.dtype.kind == "f":
        with np.errstate(invalid="ignore", divide="ignore"):
            return (x.sum(axis, dtype=np.float64, keepdims=keep) / count).astype(x.dtype)
    total = x.sum(axis, dtype=np.int64, keepdims=keep)
    return (np.sign(total) * (np.abs(total) // max(count, 1))).astype(x.dtype)
