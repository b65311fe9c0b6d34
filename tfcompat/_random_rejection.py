"""Random numbers by rejection: gamma, Poisson and binomial laws, with TensorFlow's streams.

Each number has blocks of Philox to itself, of which it takes one after another until one of its candidates is
accepted; here all numbers try at once, round by round. Arithmetic is in double precision. Where they are interpreted, Poisson and
binomial numbers are drawn in C (_hot_laws.c), one by one.
"""

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import native
from tfcompat._core.random_state import blocks, box_muller64, float64_of
from tfcompat._core.twins import twin

_RESERVED, _RESERVED_OF_SUMS = 256, 42  # blocks for each number; of binomial numbers that are sums


def _uniforms(key, counter, at):
    """The two uniform numbers of each block, in the order in which they are taken: the second first."""
    w0, w1, w2, w3 = blocks(key, counter, at)
    return float64_of(w2, w3), float64_of(w0, w1)


def _normals(key, counter, at):
    first, second = box_muller64(*blocks(key, counter, at))
    return second, first


def _starts(count):
    return lax.iota(jnp.uint64, count) * jnp.uint64(_RESERVED)


def _until_done(step, state):
    """Repeats `step` until all flags in the state's first place are set; what is done stays as it is."""

    def round_(state):
        done, *values = state
        new_done, *new = step(*values)
        return (done | new_done, *[jnp.where(done, old, v) for old, v in zip(values, new, strict=True)])

    return lax.while_loop(lambda state: ~jnp.all(state[0]), round_, state)[1:]


class _Taken:
    """Numbers taken from blocks of two: where the next block is, and what is left of the last one."""

    def __init__(self, draw, left, has):
        self.draw, self.left, self.has = draw, left, has

    def take(self, at, wanted=True):
        """The next number, and the position after it; where not `wanted`, nothing is taken."""
        first, second = self.draw(at)
        value = jnp.where(self.has, self.left, first)
        fresh = wanted & ~self.has
        self.left = jnp.where(fresh, second, self.left)
        self.has = jnp.where(wanted, ~self.has, self.has)
        return value, at + fresh.astype(jnp.uint64)


def gamma(key, counter, alpha):
    """One gamma number for each of `alpha` (float64, flat): Marsaglia and Tsang, 2000."""
    count = alpha.shape[0]
    less = alpha < 1
    d = alpha + jnp.where(less, 2.0 / 3, -1.0 / 3)
    c = (1.0 / 3) / jnp.sqrt(d)
    at = _starts(count)
    exponential = -jnp.log1p(-_uniforms(key, counter, at)[0])

    def step(at, normal, has_normal, uniform, has_uniform, result):
        normals = _Taken(lambda p: _normals(key, counter, p), normal, has_normal)
        uniforms = _Taken(lambda p: _uniforms(key, counter, p), uniform, has_uniform)
        x, at = normals.take(at)
        v = 1 + c * x
        inside = ~(v <= 0)  # NaN, of a shape parameter that there is no law for, is taken: to wait for a number would be forever
        v = v * v * v
        u, at = uniforms.take(at, inside)
        fits = (u < 1 - 0.0331 * (x * x) * (x * x)) | (jnp.log(u) < 0.5 * x * x + d * (1 - v + jnp.log(v)))
        accepted = inside & fits
        power, at = uniforms.take(at, accepted & less)
        value = d * v * jnp.where(less, power ** (1 / alpha), 1.0)
        return accepted, at, normals.left, normals.has, uniforms.left, uniforms.has, jnp.where(accepted, value, result)

    zeros, no = jnp.zeros(count), jnp.zeros(count, bool)
    result = _until_done(step, (alpha == 1, at, zeros, no, zeros, no, exponential))[-1]
    return result


def poisson(key, counter, rate):
    """One Poisson number for each of `rate` (float64, flat): products of uniforms, or PTRS (Hörmann, 1993)."""
    count = rate.shape[0]
    valid = jnp.isfinite(rate)
    rate = jnp.where(valid, rate, 0.0)
    small = rate < 10
    stop, log_rate = jnp.exp(-rate), jnp.log(rate)
    b = 0.931 + 2.53 * jnp.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)

    def step(at, product, result):
        first, second = _uniforms(key, counter, at)
        once, twice = product * first, product * first * second
        ended = (once <= stop) | (twice <= stop)
        counted = result + jnp.where(once <= stop, 0.0, jnp.where(twice <= stop, 1.0, 2.0))
        u, v = first - 0.5, second
        us = 0.5 - jnp.abs(u)
        k = jnp.floor((2 * a / us + b) * u + rate + 0.43)
        quick = (us >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
        refused = (k < 0) | ((us < 0.013) & (v > us))
        slow = jnp.log(v * inverse_alpha / (a / (us * us) + b)) <= -rate + k * log_rate - lax.lgamma(k + 1)
        large_done = quick | (~refused & slow)
        return (jnp.where(small, ended, large_done), at + jnp.uint64(1), twice, jnp.where(small, counted, k))

    zeros = jnp.zeros(count)
    result = _until_done(step, (~valid, _starts(count), jnp.ones(count), zeros))[-1]
    return jnp.where(valid, result, jnp.nan)


# Differences between log(k!) and Stirling's formula (Hörmann, The generation of binomial random variates, 1993).
_TAILS = np.array([
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
    0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
])  # fmt: skip


def _tail(k):
    square = (k + 1) * (k + 1)
    series = (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)
    return jnp.where(k <= 9, jnp.asarray(_TAILS)[jnp.clip(k, 0, 9).astype(jnp.int32)], series)


def binomial(key, counter, counts, probs):
    """One binomial number for each of `counts` and `probs` (float64, flat): geometric sums, or BTRS."""
    size = counts.shape[0]
    flipped = probs > 0.5
    p = jnp.where(flipped, 1 - probs, probs)
    usable = (counts > 0) & (p > 0) & (p <= 0.5) & jnp.isfinite(counts)
    n, p = jnp.where(usable, counts, 1.0), jnp.where(usable, p, 0.5)
    small = n * p < 10
    deviation = jnp.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = n * p + 0.5
    bound, odds = 0.92 - 4.2 / b, p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    mode = jnp.floor((n + 1) * p)
    log_fail = jnp.log1p(-p)

    def step(at, total, result):
        first, second = _uniforms(key, counter, at)
        once = total + jnp.ceil(jnp.log(first) / log_fail)
        twice = once + jnp.ceil(jnp.log(second) / log_fail)
        ended = (once > n) | (twice > n)
        counted = result + jnp.where(once > n, 0.0, jnp.where(twice > n, 1.0, 2.0))
        u, v = first - 0.5, second
        us = 0.5 - jnp.abs(u)
        k = jnp.floor((2 * a / us + b) * u + c)
        quick = (us >= 0.07) & (v <= bound)
        refused = (k < 0) | (k > n)
        limit = (
            (mode + 0.5) * jnp.log((mode + 1) / (odds * (n - mode + 1)))
            + (n + 1) * jnp.log((n - mode + 1) / (n - k + 1))
            + (k + 0.5) * jnp.log(odds * (n - k + 1) / (k + 1))
            + _tail(mode) + _tail(n - mode) - _tail(k) - _tail(n - k)
        )  # fmt: skip
        slow = jnp.log(v * alpha / (a / (us * us) + b)) <= limit
        large_done = quick | (~refused & slow)
        return (jnp.where(small, ended, large_done), at + jnp.uint64(1), twice, jnp.where(small, counted, k))

    zeros = jnp.zeros(size)
    starts = lax.iota(jnp.uint64, size) * jnp.where(small, jnp.uint64(_RESERVED_OF_SUMS), jnp.uint64(_RESERVED))
    drawn = _until_done(step, (~usable, starts, zeros, zeros))[-1]
    drawn = jnp.where(flipped, n - drawn, drawn)
    edge = jnp.where((counts <= 0) | (probs <= 0), 0.0, jnp.where(probs >= 1, counts, jnp.nan))
    return jnp.where(usable, drawn, edge)




def _drawn(e):
    """A twin of `poisson` or `binomial`."""
    shape = e.outs[0].shape

    def run(*arrays):
        found = np.empty(shape)
        native.extension.law(*map(np.ascontiguousarray, arrays), found)
        return found

    return run


if native.extension is not None:
    poisson, binomial = [twin(law, 2, as_fast=lambda eqn: True, loops=True)(_drawn) for law in (poisson, binomial)]
