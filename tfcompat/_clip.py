"""`tf.clip_by_value`, `tf.clip_by_norm` and `tf.clip_by_global_norm`."""

import jax.numpy as jnp
from jax import lax

from tfcompat._cast import cast
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Axes, Many, T, op
from tfcompat._core.refusals import plain
from tfcompat._core.tensor import Tensor
from tfcompat._declare import FLOATS, INEXACT, REAL, aligned, axes_of, fitting, kept, not_allowed, sum_to, where
from tfcompat._elementwise import maximum
from tfcompat._products import global_norm


def _clip_grad(g, out, t, low, high):
    g, x, a, b = aligned("ClipByValue", g, t, low, high)
    zero = jnp.zeros_like(g)
    below = jnp.minimum(x, b)
    to_low, to_high = ~(below >= a), ~(x <= b)
    inside = jnp.where(to_low | to_high, zero, g)
    return inside, sum_to(jnp.where(to_low, g, zero), low), sum_to(jnp.where(to_high & ~to_low, g, zero), high)


def _real(t, low, high):
    if t not in REAL:
        raise not_allowed("T", t.np, REAL, "Minimum")


@op("ClipByValue", T=REAL, grad=_clip_grad, complain=_real)
@inlined
def _clip_by_value(t: T, clip_value_min: T, clip_value_max: T):
    fitting("Minimum", t, clip_value_max)
    x, low, high = aligned("Maximum", t, clip_value_min, clip_value_max)
    return lax.max(lax.min(x, high), low)


_clip_by_value.op.seeds = "broadcast"


@by_form
def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    """The elements of `t`, with those below `clip_value_min` or above `clip_value_max` replaced by these.

    Args:
      t: numeric tensor or IndexedSlices.
      clip_value_min, clip_value_max: scalars, or tensors that broadcast to t's shape, of its dtype.

    Raises:
      ValueError: a limit whose shape is larger than t's.
    """
    if isinstance(t, IndexedSlices):
        return IndexedSlices(clip_by_value(t.values, clip_value_min, clip_value_max), t.indices, t.dense_shape)
    result = _clip_by_value(t, clip_value_min, clip_value_max)
    if type(t) is Tensor and t._aval is result._aval:
        return result
    given = convert(t).shape
    if not result.shape.is_compatible_with(given):
        raise ValueError(f"Shapes {given} and {result.shape} are incompatible")
    return result


@op("ClipByNorm", T=FLOATS)
def _clip_by_norm(t: T, clip_norm: T, axes: Axes):
    over = axes_of("Sum", t, axes)
    total = kept(jnp.sum(t * t, over, dtype=t.dtype), over)
    positive = total > 0
    size = jnp.where(positive, lax.sqrt(where(positive, total, 1)), total)
    scaled = t * clip_norm
    if scaled.shape != t.shape:
        raise plain(ValueError(f"Shapes {tuple(t.shape)} and {tuple(scaled.shape)} are incompatible"))
    return scaled / jnp.where(size >= clip_norm, size, clip_norm)


@by_form
def clip_by_norm(t, clip_norm, axes=None, name=None):
    """`t` scaled so that its norm along `axes` (default: of all elements) is at most `clip_norm`.

    Args:
      t: floating tensor or IndexedSlices.
      clip_norm: a number; a negative one counts as 0.

    Raises:
      InvalidArgumentError: `clip_norm` does not broadcast with `t`, or there is no such axis.
    """
    values = convert(t.values if isinstance(t, IndexedSlices) else t)
    if not values.dtype.is_floating:
        kernel, types = ("Greater", REAL) if values.dtype.is_complex else ("Sqrt", INEXACT)
        raise not_allowed("T", values.dtype.np, types, kernel)
    limit = cast(convert(clip_norm, None, values.dtype), values.dtype)
    clipped = _clip_by_norm(values, maximum(limit, 0), axes)
    return IndexedSlices(clipped, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else clipped


@op("ClipByGlobalNorm", T=INEXACT, single=False)
def _scaled(values: Many("T"), clip_norm: T, use_norm: T):
    one = jnp.ones((), clip_norm.dtype)
    scale = clip_norm * lax.min(one / use_norm, one / clip_norm)
    scale = scale + (use_norm - use_norm)  # NaN where the norm is infinite or NaN
    return [v * scale for v in values]


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """Tensors scaled together so that the norm of all of them is at most `clip_norm`.

    Args:
      t_list: list of floating tensors, IndexedSlices and None.
      clip_norm: a scalar.
      use_norm: the norm to go by; default: `tf.linalg.global_norm(t_list)`.

    Returns:
      (list of the scaled tensors, the norm). All are NaN where the norm is infinite.

    Raises:
      TypeError: `t_list` is no sequence.
    """
    if not isinstance(t_list, (list, tuple)):
        raise TypeError(f"`t_list` should be a sequence of tensors. Received {type(t_list)}.")
    use_norm = global_norm(t_list) if use_norm is None else convert(use_norm)
    there = [convert(t.values if isinstance(t, IndexedSlices) else t) for t in t_list if t is not None]
    if not there:
        return [None] * len(t_list), use_norm
    scaled = iter(_scaled(there, clip_norm, use_norm))
    result = []
    for t in t_list:
        value = None if t is None else next(scaled)
        result.append(IndexedSlices(value, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else value)
    return result, use_norm
