"""Draws from the gamma, Poisson and binomial laws, and shuffles of indices: parts of `tf.random`."""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat import _random_rejection as rejection
from tfcompat._array import broadcast_to, pad
from tfcompat._cast import cast
from tfcompat._core import dtypes as d, native
from tfcompat._core.attributes import Shape as ShapeOf, python_value
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.op import Check, Data, Dtype, Int, Shape, T, op
from tfcompat._core.twins import twin
from tfcompat._declare import INDEX, fitting, invalid, not_allowed, refused
from tfcompat._elementwise import divide, maximum
from tfcompat._random_keys import Counter, Key, order, reserve, settles, stateless
from tfcompat._select import broadcast_dynamic_shape
from tfcompat._slicing import moves

_NARROW = (d.float16, d.float32, d.float64)
_RATES = (*_NARROW, d.int32, d.int64)


def _each(kernel, draw, key, counter, shape, parameters):
    """Numbers of shape `shape` + the parameters' shape; streams run over the samples of one parameter first."""
    for n in shape:
        if n < 0:
            raise refused(f"Dimension {n} must be >= 0", kernel)
    inner = parameters[0].shape
    samples, count = math.prod(shape), math.prod(inner)
    if not samples * count:
        return jnp.zeros((*shape, *inner))
    flat = [jnp.repeat(p.reshape(-1).astype(jnp.float64), samples) for p in parameters]
    drawn = draw(key, counter, *flat).reshape(count, samples)
    return lax.optimization_barrier(drawn.T.reshape(*shape, *inner))


def _gamma_grad(g, out, philox_key, counter, alpha, shape, dtype):
    slope = lax.random_gamma_grad(jnp.broadcast_to(alpha, out.shape), out)
    return jnp.sum(g * slope, tuple(range(len(shape))), dtype=alpha.dtype)


@op("RandomGamma", grad=_gamma_grad, static=False, T=_NARROW)
def draw_gamma(philox_key: Key, counter: Counter, alpha: T, shape: Shape, dtype: Dtype):
    return _each("RandomGamma", rejection.gamma, philox_key, counter, shape, [alpha]).astype(dtype.np)


def _poisson(philox_key: Key, counter: Counter, rate: T, shape: Shape, dtype: Dtype):
    return _each("RandomPoissonV2", rejection.poisson, philox_key, counter, shape, [rate]).astype(dtype.np)


def _binomial(philox_key: Key, counter: Counter, counts: T, probs: T, shape: Shape, dtype: Dtype):
    return _each("StatelessRandomBinomial", rejection.binomial, philox_key, counter, shape, [counts, probs]).astype(dtype.np)


# What differs is what TensorFlow says of their gradients.
draw_poisson = op("RandomPoissonV2", grad=False, static=False, T=_RATES)(_poisson)
draw_stateless_poisson = op("StatelessRandomPoisson", grad=None, static=False, T=_RATES)(_poisson)
draw_binomial = op("StatefulRandomBinomial", grad=False, static=False, T=_RATES)(_binomial)
draw_stateless_binomial = op("StatelessRandomBinomial", grad=None, static=False, T=_RATES)(_binomial)


def _result_dtype(dtype, kernel):
    dtype = d.as_dtype(dtype)
    if dtype not in _RATES:
        raise not_allowed("dtype", dtype.np, _RATES, kernel)
    return dtype


def _gamma_parts(shape, alpha, beta, dtype):
    dtype = d.as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(f"data type {dtype.name} not inexact")
    alpha, beta = convert(alpha, dtype), convert(1 if beta is None else beta, dtype)
    fitting("BroadcastArgs", alpha._aval, beta._aval)
    both = python_value(broadcast_dynamic_shape(alpha.shape.as_list(), beta.shape.as_list())).tolist()
    return ShapeOf.canonical(shape, "shape"), broadcast_to(alpha, both), beta, dtype


def _at_least_tiny(drawn, beta):
    return maximum(convert(np.finfo(drawn.dtype.as_numpy_dtype).tiny, drawn.dtype), divide(drawn, beta))


@settles()
def gamma(shape, alpha, beta=None, dtype=d.float32, seed=None, name=None):
    """Numbers of gamma distributions.

    Args:
      shape: how many to draw for each parameter.
      alpha: tensor of shape parameters.
      beta: tensor of inverse scales that broadcasts with it; ones if not given.
      dtype: float16, float32 or float64.
      seed: see `uniform`.

    Returns:
      A tensor of shape `shape` + that of the parameters. Its gradient with regard to them is the implicit one (Figurnov
      et al., 2018).
    """
    dims, alpha, beta, dtype = _gamma_parts(shape, alpha, beta, dtype)
    position = reserve("RandomGamma", (*dims, *alpha.shape), seed, dtype)
    return _at_least_tiny(draw_gamma(*position, alpha, dims, dtype), beta)


@settles()
def poisson(shape, lam, dtype=d.float32, seed=None, name=None):
    """Numbers of Poisson distributions.

    Args:
      shape: how many to draw for each rate.
      lam: tensor of rates.
      dtype: dtype of the result: a floating one, int32 or int64.
      seed: see `uniform`.

    Returns:
      A tensor of shape `shape` + `lam.shape`; NaN where a rate is not finite.
    """
    dims, lam, dtype = ShapeOf.canonical(shape, "shape"), convert(lam, None, d.float64), _result_dtype(dtype, "RandomPoissonV2")
    position = reserve("RandomPoissonV2", (*dims, *lam.shape), seed, lam.dtype, dtype)
    return draw_poisson(*position, lam, dims, dtype)


def _ending(shape, inner, kernel):
    """The part of a shape before `inner`, with which it has to end."""
    dims = ShapeOf.canonical(shape, "shape")
    inner = tuple(inner)
    if dims[len(dims) - len(inner) :] != inner:
        error = invalid if kernel == "StatefulRandomBinomial" else refused
        raise error("Shape passed in must end with broadcasted shape.", kernel)
    return dims[: len(dims) - len(inner)]


def stateless_gamma(shape, seed, alpha, beta=None, dtype=d.float32, name=None):
    """Numbers of gamma distributions that depend on the arguments alone.

    Args:
      shape: shape of the result; it ends with that of the parameters.
      seed: two integers.
      alpha, beta, dtype: see `gamma`.

    Raises:
      InvalidArgumentError: a `shape` that does not end so, or a `seed` of another shape.
    """
    dims, alpha, beta, dtype = _gamma_parts(shape, alpha, beta, dtype)
    position = stateless(seed, "auto_select")
    samples = _ending(dims, alpha.shape, "StatelessRandomGammaV3")
    return _at_least_tiny(draw_gamma(*position, alpha, samples, dtype), beta)


def stateless_poisson(shape, seed, lam, dtype=d.int32, name=None):
    """Numbers of Poisson distributions that depend on the arguments alone.

    Args:
      shape: shape of the result; it ends with `lam.shape`.
      seed: two integers.
      lam, dtype: see `poisson`.

    Raises:
      InvalidArgumentError: a `shape` that does not end so, or a `seed` of another shape.
    """
    lam = convert(lam, None, d.float64)
    samples = _ending(shape, lam.shape, "StatelessRandomPoisson")
    return draw_stateless_poisson(*stateless(seed, "auto_select"), lam, samples, _result_dtype(dtype, "StatelessRandomPoisson"))


def stateless_binomial(shape, seed, counts, probs, output_dtype=d.int32, name=None):
    """Numbers of binomial distributions, dependent on the arguments alone.

    Args:
      shape: shape of the result; it ends with that of the parameters.
      seed: two integers.
      counts: tensor of numbers of trials.
      probs: tensor of probabilities of success, that broadcasts with it.
      output_dtype: dtype of the result: a floating one, int32 or int64.
    """
    parts, samples, dtype = binomial_parts(shape, counts, probs, output_dtype, "StatelessRandomBinomial")
    return draw_stateless_binomial(*stateless(seed, "auto_select"), *parts, samples, dtype)


def binomial_parts(shape, counts, probs, dtype, kernel):
    """(counts and probabilities of one shape, how many to draw for each, dtype of the result)."""
    probs = convert(probs, None, d.float32)
    counts = convert(counts, None, probs.dtype)
    if counts.dtype not in _RATES:
        raise not_allowed("T", counts.dtype.np, _RATES, kernel)
    counts = cast(counts, probs.dtype)
    dims = ShapeOf.canonical(shape, "shape")
    fitting("BroadcastArgs", counts._aval, probs._aval)
    inner = python_value(broadcast_dynamic_shape(counts.shape.as_list(), probs.shape.as_list())).tolist()
    samples = _ending(dims, inner, kernel)
    return [broadcast_to(p, inner) for p in (counts, probs)], samples, _result_dtype(dtype, kernel)


# Shuffles


@moves
@op("StatelessShuffle", grad=False)
def _shuffled(value: T, order: Data("Tidx")):
    return jnp.take(value, order, 0, mode="clip") if value.ndim else value


def stateless_shuffle(value, seed, alg="auto_select", name=None):
    """The rows of `value` in an order that depends on `seed` alone.

    Args:
      value: tensor of any dtype; a scalar stays as it is.
      seed: two integers.
      alg: see `stateless_uniform`.

    Raises:
      InvalidArgumentError: a `seed` of another shape.
    """
    value = convert(value)
    return _shuffled(value, order(*stateless(seed, alg), value.shape[0] if value.shape.rank else 1))


_FIRST_KEY = 498247692  # what TensorFlow puts before the two words of a seed
_ROUND_BITS, _ROUND_CONSTANT = 0x7369F885192C0EF5, 0xFFFFFFFC  # of the SIMON cipher (Beaulieu et al., 2013)
_COUNTED = (*INDEX, d.uint32, d.uint64)


@functools.cache
def _images(rounds):
    """A function of (index, three keys, limit): `_walked`. In C where there is a compiler: most limits take thousands of steps."""

    def images(index, first, second, third, limit):
        return _walked(index, [first, second, third], limit, rounds)

    def host(e):
        def run(*arrays):
            found = np.empty(np.shape(arrays[0]), np.uint64)
            native.extension.index_images(*map(np.ascontiguousarray, arrays), found, rounds)
            return found

        return run

    images.__name__ = f"index_images_{rounds}"
    return images if native.extension is None else twin(images, 2, as_fast=lambda eqn: True, loops=True)(host)


def _walked(index, keys, limit, rounds):
    """Images of indices under keyed permutations of 0 to `limit`: Feistel networks, applied until the result fits."""
    one = jnp.uint64(1)
    powers = one << lax.iota(jnp.uint64, 64)
    bits = jnp.maximum(jnp.sum(powers < limit[..., None], -1), 16).astype(jnp.uint64)
    half = (bits + one) >> one  # bits of each of the two halves
    mask = (one << half) - one

    def rotated(x, by):
        left = jnp.uint64(by) if by > 0 else half - jnp.uint64(-by)
        return ((x << left) | (x >> (half - left))) & mask

    keys = [k & mask for k in keys]
    pattern, constant = jnp.uint64(_ROUND_BITS) & mask, jnp.uint64(_ROUND_CONSTANT) & mask
    for i in range(3, rounds + rounds % 2):
        last = keys[i - 1]
        keys.append(constant ^ (pattern & one) ^ keys[i - 3] ^ rotated(last, -3) ^ rotated(last, -4))
        pattern = pattern >> one

    def mixed(x):
        return (rotated(x, 1) & rotated(x, 8)) ^ rotated(x, 2)

    def once(x):
        left, right = x >> half, x & mask
        for i in range(0, rounds, 2):
            left = left ^ mixed(right) ^ keys[i]
            right = right ^ mixed(left) ^ keys[i + 1]
        return (left << half) | right

    def walk(x):
        return jnp.where(x > limit, once(x), x)

    found = lax.while_loop(lambda x: jnp.any(x > limit), walk, once(index))
    return jnp.where(limit == 0, jnp.zeros_like(found), found)


_index_fits = Check(
    lambda index, seed, max_index, rounds: jnp.any(index > max_index),
    lambda index, seed, max_index, rounds: f"max_index must be >= index, but {np.min(max_index)} < {np.max(index)}",
)


@op("RandomIndexShuffle", grad=None, static=False, check=_index_fits, T=_COUNTED, S=(d.int32, d.uint32, d.int64, d.uint64))
def random_index_shuffle(index: T, seed: Data("S"), max_index: T, rounds: Int = 4):
    """Where a pseudo-random permutation of 0 to `max_index` sends `index`.

    Args:
      index: integer, or a vector of them.
      seed: three integers, or one row of three for each index.
      max_index: integer, or a vector.
      rounds: how many rounds of mixing.

    Returns:
      A tensor of the dtype of `index`.

    Raises:
      InvalidArgumentError: an index above `max_index`, or a seed of another shape.
    """
    if seed.ndim not in (1, 2) or seed.shape[-1] != 3:
        rows = math.prod(seed.shape[:-1])
        raise invalid(f"Seed must be a vector of size [3] or a matrix of size [{rows}, 3] but got {shape_text(seed.shape)}.",
                      "RandomIndexShuffle")  # fmt: skip
    for name, x in (("Index", index), ("Max index", max_index)):
        if x.ndim > 1:
            raise invalid(f"{name} must be a scalar or vector.", "RandomIndexShuffle")
    shape = jnp.broadcast_shapes(index.shape, max_index.shape, seed.shape[:-1])
    keys = [jnp.broadcast_to(seed[..., i], shape).astype(jnp.uint64) & jnp.uint64(0xFFFFFFFF) for i in range(3)]
    wide = [jnp.broadcast_to(x, shape).astype(jnp.uint64) for x in (index, max_index)]
    return _images(rounds)(wide[0], *keys, wide[1]).astype(index.dtype)


def index_shuffle(index, seed, max_index):
    """Where a pseudo-random permutation of 0 to `max_index` sends `index`.

    Args:
      index: integer, or a vector of them.
      seed: two integers, which choose the permutation.
      max_index: integer, or a vector.

    Raises:
      InvalidArgumentError: an index above `max_index`, or a seed of another shape.
    """
    seed = convert(seed)
    return random_index_shuffle(index, pad(seed, [[1, 0]] + [[0, 0]] * (len(seed.shape) - 1), constant_values=_FIRST_KEY), max_index)
