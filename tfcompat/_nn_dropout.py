"""Dropout, with draws of any kind."""

import numpy as np

from tfcompat import random
from tfcompat._core.context import paused
from tfcompat._core.convert import convert
from tfcompat._core.tensor_base import TensorHandle
from tfcompat._elementwise import multiply
from tfcompat._random_keys import drawn
from tfcompat._select import where


def dropout(x, rate, noise_shape=None, seed=None, name=None):
    """Sets each element to 0 with probability `rate` and scales the others by 1 / (1 - rate).

    Args:
      x: floating tensor.
      rate: a number of [0, 1), or a scalar tensor of the dtype of `x`.
      noise_shape: shape of the draws, which broadcasts with `x`; default: its shape.
      seed: see `tf.random.uniform`.

    Raises:
      ValueError: `rate` outside [0, 1) or no scalar, or integer `x`.
    """
    x = general_dropout(x, rate, lambda shape, dtype: random.uniform(shape, seed=seed, dtype=dtype), noise_shape)
    if isinstance(rate, (int, float, np.number)) and rate == 0:
        drawn("RandomUniform", 0, seed)  # so that the next draw is the one that comes after a draw
    return x


def stateless_dropout(x, rate, seed, rng_alg=None, noise_shape=None, name=None):
    """Like `tf.nn.dropout`, with draws that depend on `seed` (two integers) alone.

    Args:
      x, rate, noise_shape: see `tf.nn.dropout`.
      seed: integer tensor of shape [2].
      rng_alg: "philox", "threefry" or "auto_select" (the default).

    Raises:
      ValueError: see `tf.nn.dropout`; or an unknown `rng_alg`.
      InvalidArgumentError: `seed` of another shape.
    """

    def draw(shape, dtype):
        return random.stateless_uniform(shape, seed, dtype=dtype, alg=rng_alg or "auto_select")

    return general_dropout(x, rate, draw, noise_shape)


def general_dropout(x, rate, uniform_sampler, noise_shape=None, name=None):
    """Like `tf.nn.dropout`, with draws of a function.

    Args:
      x, rate, noise_shape: see `tf.nn.dropout`.
      uniform_sampler: function of a shape and a dtype to a tensor of numbers of [0, 1); an element is kept where its
        number is at least `rate`.

    Raises:
      ValueError: see `tf.nn.dropout`.
    """
    number = isinstance(rate, (int, float, np.number))
    if number and not 0 <= rate < 1:
        raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
    x = convert(x)
    if not x.dtype.is_floating:
        raise ValueError(f"`x.dtype` must be a floating point tensor as `x` will be scaled. Received: x_dtype={x.dtype}")
    if number and rate == 0:
        return x
    if number:
        scaled = multiply(x, 1 / (1 - rate))
    else:
        if not isinstance(rate, TensorHandle) and not hasattr(type(rate), "_read"):
            raise ValueError(f"`rate` must be a scalar or scalar tensor. Received: rate={rate}")
        rate = convert(rate)
        rate.shape.assert_has_rank(0)
        if rate.dtype is not x.dtype:
            raise ValueError("`x.dtype` must be compatible with `rate.dtype`. Received: "
                             f"x.dtype={x.dtype} and rate.dtype={rate.dtype}")  # fmt: skip
        scaled = x / (1 - rate)
    shape = x._aval.shape if noise_shape is None else noise_shape
    with paused():
        keep = uniform_sampler(shape=shape, dtype=x.dtype) >= rate
    return where(keep, scaled, convert(0, x.dtype))
