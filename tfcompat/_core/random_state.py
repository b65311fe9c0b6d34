"""TensorFlow's random streams: the seeds the host keeps, and Philox 4x32-10 with what turns its words into numbers.

The host decides when an op is recorded which key and counter it draws from; they are data of the op. The functions of
arrays work on JAX arrays with 64-bit types on. Streams are the ones of TensorFlow on CPUs, bit for bit.
"""

import math
import random
import threading

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core.twins import twin

DEFAULT_SEED = 87654321  # stands for the global seed where only an op has one
MAX_SEED = 2**31 - 1
M32, M64, M128 = 2**32 - 1, 2**64 - 1, 2**128 - 1
_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_WEYL = 0x9E3779B9, 0xBB67AE85
_SCRAMBLE_KEY = 0x02461E293EC8F720


class Seeds:
    """The global seed and the position of every kernel that has drawn with seeds of its own."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seed = self.draws = None
        self.positions, self.memories = {}, {}
        self.system = random.SystemRandom()
        self.restarted = None  # called by set_seed: draws.restart_all

    def set_seed(self, seed):
        with self.lock:
            self.seed = seed
            self.draws = None if seed is None else random.Random(seed)
            self.positions, self.memories = {}, {}
        if self.restarted is not None:
            self.restarted()

    def pair(self, seed):
        """The two seeds of an op whose own seed is `seed` (or None); (None, None) where nothing is seeded."""
        if self.seed is None and seed is None:
            return None, None
        if self.seed is None:
            pair = DEFAULT_SEED, seed % MAX_SEED
        else:
            own = self.draws.randint(0, MAX_SEED) if seed is None else seed
            pair = self.seed % MAX_SEED, own % MAX_SEED
        return (0, MAX_SEED) if pair == (0, 0) else pair

    def reserve(self, kernel, blocks, seed=None):
        """Takes `blocks` counters from the stream of a kernel.

        Args:
          kernel: what makes kernels distinct, hashable: op type and attributes.
          blocks: how many counters this draw skips.
          seed: the op's own seed (int) or None.

        Returns:
          (key, counter) as Python ints of 64 and 128 bits.
        """
        with self.lock:
            pair = self.pair(seed)
            if pair == (None, None):
                return self.system.getrandbits(64), self.system.getrandbits(64) << 64
            start = pair[1] << 64
            if seed is None:  # a fresh pair for each call: nothing ever comes back to this stream
                return pair[0], start
            position = self.positions.get((kernel, pair), start)
            self.positions[kernel, pair] = (position + blocks) & M128
            return pair[0], position

    def memory(self, kernel, seed=None):
        """What a kernel that learns keeps from draw to draw: a dict, empty at first. `kernel` and `seed` as in `reserve`."""
        with self.lock:
            if seed is None and self.seed is not None:  # the pair of each call makes another kernel
                return {}
            return self.memories.setdefault((kernel, self.pair(seed)), {})


seeds = Seeds()


def counter_after(counter, blocks):
    """The counter (uint32[4]) after `blocks` (a Python int; of more than 64 bits where sizes are unknown) draws."""
    low = _wide(counter[0], counter[1])
    moved = low + jnp.uint64(blocks & M64)
    high = _wide(counter[2], counter[3]) + (moved < low).astype(jnp.uint64)
    parts = [moved, moved >> jnp.uint64(32), high, high >> jnp.uint64(32)]
    return jnp.stack([p.astype(jnp.uint32) for p in parts])


def drawn_permutation(key, counter, size):
    """`permutation` of arrays: key uint32[2], counter uint32[4].

    All swaps at once, since XLA takes some 20 us for each iteration of a loop: step i takes to place i what was at its
    place `chosen[i]`, and what was there came from the last step before with that choice.
    """
    if size < 2:
        return lax.iota(jnp.int32, size)
    steps = lax.iota(jnp.int32, size - 1)
    chosen = steps + (words(key, counter, size - 1) % (size - steps).astype(jnp.uint32)).astype(jnp.int32)
    order = jnp.argsort(chosen, stable=True).astype(jnp.int32)
    repeated = jnp.concatenate([jnp.zeros(1, bool), chosen[order[1:]] == chosen[order[:-1]]])
    last = jnp.where(repeated, jnp.concatenate([order[:1], order[:-1]]), -1)  # the last step before with that choice
    last = jnp.zeros(size - 1, jnp.int32).at[order].set(last)
    places = lax.iota(jnp.int32, size)
    came_from = jnp.full(size, -1, jnp.int32).at[chosen].max(jnp.where(chosen == steps, -1, steps))
    came_from = jnp.where(came_from < 0, places, came_from)
    for _ in range(size.bit_length()):  # what is at a place when its turn comes: the number at the end of the chain
        came_from = came_from[came_from]
    taken = jnp.where(last < 0, chosen, came_from[jnp.maximum(last, 0)])
    return jnp.concatenate([taken, came_from[-1:]])


def words_of(number, count):
    """An int as uint32 words, lowest first."""
    return np.frombuffer(number.to_bytes(4 * count, "little"), np.dtype("<u4")).astype(np.uint32)


def number_of(words):
    """The int that `words_of` makes words of."""
    return sum(int(word) << (32 * i) for i, word in enumerate(words))


def host_words(key, counter, count):
    """The first `count` words of a stream as a NumPy array; key and counter are Python ints."""
    blocks = -(-count // 4)
    low = np.uint64(counter & M64) + np.arange(blocks, dtype=np.uint64)
    high = np.where(low < np.uint64(counter & M64), np.uint64(((counter >> 64) + 1) & M64), np.uint64(counter >> 64))
    mask, shift = np.uint64(M32), np.uint64(32)
    c = [low & mask, low >> shift, high & mask, high >> shift]
    k = [key & M32, key >> 32]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(_MULTIPLIERS[0]), c[2] * np.uint64(_MULTIPLIERS[1])
        c = [(p1 >> shift) ^ c[1] ^ np.uint64(k[0]), p1 & mask, (p0 >> shift) ^ c[3] ^ np.uint64(k[1]), p0 & mask]
        k = [(k[0] + _WEYL[0]) & M32, (k[1] + _WEYL[1]) & M32]
    return np.stack(c, -1).astype(np.uint32).reshape(-1)[:count]


def permutation(key, counter, size):
    """The order in which a shuffle of `size` rows takes them, as an int32 array."""
    order = list(range(size))
    if size > 1:
        for i, word in enumerate(host_words(key, counter, size - 1).tolist()):
            j = i + word % (size - i)
            order[i], order[j] = order[j], order[i]
    return np.array(order, np.int32)


def _multiply(a, factor):
    product = a.astype(jnp.uint64) * jnp.uint64(factor)
    return (product >> jnp.uint64(32)).astype(jnp.uint32), product.astype(jnp.uint32)


def _five_rounds(_, state):
    for _ in range(5):
        c0, c1, c2, c3, k0, k1 = state
        h0, l0 = _multiply(c0, _MULTIPLIERS[0])
        h1, l1 = _multiply(c2, _MULTIPLIERS[1])
        c = h1 ^ c1 ^ k0, l1, h0 ^ c3 ^ k1, l0
        state = *c, k0 + jnp.uint32(_WEYL[0]), k1 + jnp.uint32(_WEYL[1])
    return state


def _wide(low, high):
    return low.astype(jnp.uint64) | (high.astype(jnp.uint64) << jnp.uint64(32))


def _blocks(key, counter, offsets):
    """Philox at `counter` (uint32[4]) + `offsets` (uint64 array): four uint32 arrays of that shape; `key` is uint32[2]."""
    low = _wide(counter[0], counter[1]) + offsets
    high = _wide(counter[2], counter[3]) + (low < offsets).astype(jnp.uint64)
    counters = [part.astype(jnp.uint32) for half in (low, high) for part in (half, half >> jnp.uint64(32))]
    # A loop, since XLA would otherwise compute all ten rounds anew for each of the four results.
    return lax.fori_loop(0, 2, _five_rounds, (*counters, key[0], key[1]))[:4]


_FACTORS = np.array(_MULTIPLIERS, np.uint64)[:, None]
_KEY_STEPS = np.arange(10, dtype=np.uint32)[:, None] * np.array(_WEYL, np.uint32)


@twin(_blocks, 45)
def blocks(e):
    """Both halves of the counters side by side; the high and low words of products are views."""
    shape, count = e.outs[0].shape, math.prod(e.outs[0].shape)
    multiply, exclusive_or = np.multiply, np.bitwise_xor

    def run(key, counter, offsets):
        low, high = np.ascontiguousarray(counter).view(np.uint64)
        first, second, even = np.empty((2, count), np.uint64), np.empty((2, count), np.uint64), np.zeros((2, count), np.uint64)
        np.add(offsets.reshape(-1), low, first[0])
        np.add(first[0] < low, high, first[1])
        words, other_words, even_words = [a.view(np.uint32) for a in (first, second, even)]
        even_words = even_words[:, ::2]
        even_words[...] = words[:, ::2]
        odd = words[:, 1::2].copy()
        (high_1, low_1), (high_2, low_2) = [(w[::-1, 1::2], w[::-1, ::2]) for w in (words, other_words)]
        mixed, keys = np.empty((2, count), np.uint32), (key + _KEY_STEPS).reshape(10, 2, 1)
        for k1, k2 in zip(keys[::2], keys[1::2], strict=True):
            multiply(even, _FACTORS, first)
            exclusive_or(high_1, odd, mixed)
            exclusive_or(mixed, k1, even_words)
            multiply(even, _FACTORS, second)
            exclusive_or(high_2, low_1, mixed)
            exclusive_or(mixed, k2, even_words)
            odd = low_2
        return tuple([w.reshape(shape) for w in (even_words[0], odd[0], even_words[1], odd[1])])

    return run


def words(key, counter, count):
    """The first `count` words of the stream."""
    four = blocks(key, counter, lax.iota(jnp.uint64, -(-count // 4)))
    return jnp.stack(four, -1).reshape(-1)[:count]


def scramble(seed):
    """Key (uint32[2]) and counter (uint32[4]) of a stateless seed, an integer vector of 2."""
    counter = lax.bitcast_convert_type(seed.astype(jnp.int64), jnp.uint32).reshape(4)
    mixed = blocks(jnp.asarray(words_of(_SCRAMBLE_KEY, 2)), counter, jnp.zeros(1, jnp.uint64))
    zero = jnp.zeros(1, jnp.uint32)
    return jnp.concatenate(mixed[:2]), jnp.concatenate([zero, zero, *mixed[2:]])


def float32_of(word):
    bits = (word & jnp.uint32(0x7FFFFF)) | jnp.uint32(127 << 23)
    return lax.bitcast_convert_type(bits, jnp.float32) - jnp.float32(1)


def float64_of(first, second):
    bits = _wide(second, first & jnp.uint32(0xFFFFF)) | jnp.uint64(1023 << 52)
    return lax.bitcast_convert_type(bits, jnp.float64) - jnp.float64(1)


def _half_of(word, mantissa, bias, dtype):
    bits = (word & jnp.uint32(2**mantissa - 1)) | jnp.uint32(bias << mantissa)
    return lax.bitcast_convert_type(bits.astype(jnp.uint16), dtype) - jnp.ones((), dtype)


def uniform(key, counter, count, dtype):
    """`count` floats of [0, 1), NumPy dtype `dtype`."""
    dtype = np.dtype(dtype)
    if dtype == np.float64:
        pairs = words(key, counter, 2 * count).reshape(count, 2)
        return float64_of(pairs[:, 0], pairs[:, 1])
    drawn = words(key, counter, count)
    if dtype == np.float32:
        return float32_of(drawn)
    return _half_of(drawn, 10, 15, dtype) if dtype == np.float16 else _half_of(drawn, 7, 127, dtype)


def integers(key, counter, count, dtype):
    """`count` integers of all bits, dtype int32, int64, uint32 or uint64."""
    dtype = np.dtype(dtype)
    if dtype.itemsize == 8:
        pairs = words(key, counter, 2 * count).reshape(count, 2)
        drawn = _wide(pairs[:, 0], pairs[:, 1])
    else:
        drawn = words(key, counter, count)
    return lax.bitcast_convert_type(drawn, dtype) if dtype.kind == "i" else drawn


def integers_between(key, counter, count, low, high):
    """`count` integers of [low, high); the bounds' dtype is the result's."""
    dtype = np.dtype(low.dtype)
    unsigned = np.dtype(f"uint{8 * dtype.itemsize}")
    low, high = (lax.bitcast_convert_type(v, unsigned) for v in (low, high))
    span = jnp.maximum(high - low, jnp.ones((), unsigned))
    return lax.bitcast_convert_type(integers(key, counter, count, unsigned) % span + low, dtype)


# Single-precision log, sin and cos as C libraries on Linux compute them: a table and polynomials in double precision.
# JAX's and NumPy's own differ in last bits. The constants are those of ARM's Optimized Routines,
# Copyright (c) 2017-2018 Arm Limited, SPDX-License-Identifier: MIT.
_hex = float.fromhex
_INVERSE = np.array([_hex(v) for v in """
0x1.661ec79f8f3bep+0 0x1.571ed4aaf883dp+0 0x1.49539f0f010bp+0 0x1.3c995b0b80385p+0 0x1.30d190c8864a5p+0
0x1.25e227b0b8eap+0 0x1.1bb4a4a1a343fp+0 0x1.12358f08ae5bap+0 0x1.0953f419900a7p+0 0x1p+0 0x1.e608cfd9a47acp-1
0x1.ca4b31f026aap-1 0x1.b2036576afce6p-1 0x1.9c2d163a1aa2dp-1 0x1.886e6037841edp-1 0x1.767dcf5534862p-1""".split()])
_LOG = np.array([_hex(v) for v in """
-0x1.57bf7808caadep-2 -0x1.2bef0a7c06ddbp-2 -0x1.01eae7f513a67p-2 -0x1.b31d8a68224e9p-3 -0x1.6574f0ac07758p-3
-0x1.1aa2bc79c81p-3 -0x1.a4e76ce8c0e5ep-4 -0x1.1973c5a611cccp-4 -0x1.252f438e10c1ep-5 0x0p+0 0x1.aa5aa5df25984p-5
0x1.c5e53aa362eb4p-4 0x1.526e57720db08p-3 0x1.bc2860d22477p-3 0x1.1058bc8a07ee1p-2 0x1.4043057b6ee09p-2""".split()])
_LN2 = _hex("0x1.62e42fefa39efp-1")
_LOG_POLYNOMIAL = [_hex(v) for v in "-0x1.00ea348b88334p-2 0x1.5575b0be00b6ap-2 -0x1.ffffef20a4123p-2".split()]
_SIN = [_hex(v) for v in "-0x1.555545995a603p-3 0x1.1107605230bc4p-7 -0x1.994eb3774cf24p-13".split()]
_COS = [_hex(v) for v in """0x1p0 -0x1.ffffffd0c621cp-2 0x1.55553e1068f19p-5 -0x1.6c087e89a359dp-10
0x1.99343027bf8c3p-16""".split()]
_TWO_OVER_PI, _HALF_PI = _hex("0x1.45F306DC9C883p+23"), _hex("0x1.921FB54442D18p0")


def log32(x):
    """The logarithm of positive normal float32 numbers."""
    bits = lax.bitcast_convert_type(x, jnp.uint32)
    shifted = bits - jnp.uint32(0x3F330000)
    index = ((shifted >> jnp.uint32(19)) & jnp.uint32(15)).astype(jnp.int32)
    exponent = lax.bitcast_convert_type(shifted, jnp.int32) >> 23
    z = lax.bitcast_convert_type(bits - (shifted & jnp.uint32(0xFF800000)), jnp.float32).astype(jnp.float64)
    r = z * jnp.asarray(_INVERSE)[index] - 1.0
    y = jnp.asarray(_LOG)[index] + exponent.astype(jnp.float64) * _LN2
    r2 = r * r
    a, b, c = _LOG_POLYNOMIAL
    return ((a * r2 + (b * r + c)) * r2 + (y + r)).astype(jnp.float32)


def sin_cos32(angle):
    """Sine and cosine of float32 angles of [0, 2 pi]."""
    x = angle.astype(jnp.float64)
    top = lax.bitcast_convert_type(angle, jnp.uint32) >> jnp.uint32(20)
    small, tiny = top < jnp.uint32(0x3F4), top < jnp.uint32(0x398)
    n = ((x * _TWO_OVER_PI).astype(jnp.int32) + jnp.int32(0x800000)) >> 24
    n = jnp.where(small, jnp.int32(0), n)
    r = jnp.where(small, x, x - n.astype(jnp.float64) * _HALF_PI)
    r_signed = r * jnp.where(((n + 1) & 2) != 0, -1.0, 1.0)
    cos_sign = jnp.where((n & 2) != 0, -1.0, 1.0)
    x2 = r * r
    x3, x4 = x2 * r_signed, x2 * x2
    s = ((r_signed + x3 * _SIN[0]) + (x3 * x2) * (_SIN[1] + x2 * _SIN[2])).astype(jnp.float32)
    c = ((_COS[0] + x2 * _COS[1]) + x4 * _COS[2]) + (x4 * x2) * (_COS[3] + x2 * _COS[4])
    c = (cos_sign * c).astype(jnp.float32)
    odd = (n & 1) != 0
    return jnp.where(tiny, angle, jnp.where(odd, c, s)), jnp.where(tiny, jnp.float32(1), jnp.where(odd, s, c))


def _box_muller32(first, second):
    """Two normal float32 arrays from two arrays of words."""
    radius = jnp.sqrt(jnp.float32(-2) * log32(jnp.maximum(float32_of(first), jnp.float32(1e-7))))
    angle = (6.283185307179586 * float32_of(second).astype(jnp.float64)).astype(jnp.float32)
    sine, cosine = sin_cos32(angle)
    return sine * radius, cosine * radius


# By n, the quarter of the circle: the signs of the sine's and the cosine's polynomials, and which of them is the sine.
_SINE_SIGNS, _COSINE_SIGNS = np.array([1.0, -1.0, -1.0, 1.0, 1.0]), np.array([1.0, 1.0, -1.0, -1.0, 1.0])
_IS_ODD = np.array([False, True, False, True, False])


@twin(_box_muller32, 70)
def box_muller32(e):
    """The same operations; without the choices that make no difference where the words are all that is given."""
    a, b, c = _LOG_POLYNOMIAL
    s0, s1, s2 = _SIN
    c0, c1, c2, c3, c4 = _COS
    mantissa, one = np.uint32(0x7FFFFF), np.uint32(127 << 23)
    offset, nineteen, fifteen, exponents = np.uint32(0x3F330000), np.uint32(19), np.uint32(15), np.uint32(0xFF800000)

    def unit(word):
        return ((word & mantissa) | one).view(np.float32) - np.float32(1)

    def run(first, second):
        bits = np.maximum(unit(first), np.float32(1e-7)).view(np.uint32)
        shifted = bits - offset
        index = (shifted >> nineteen) & fifteen
        exponent = shifted.view(np.int32) >> 23
        z = (bits - (shifted & exponents)).view(np.float32)
        r = z * _INVERSE.take(index)
        r -= 1.0
        y = _LOG.take(index)
        y += exponent * _LN2
        log = a * (r2 := r * r)
        log += b * r + c
        log *= r2
        log += y + r
        radius = np.sqrt(np.float32(-2) * log.astype(np.float32))
        x = (6.283185307179586 * unit(second).astype(np.float64)).astype(np.float32).astype(np.float64)
        n = ((x * _TWO_OVER_PI).astype(np.int32) + 0x800000) >> 24
        x -= n * _HALF_PI
        x2 = x * x
        x4 = x2 * x2
        x *= _SINE_SIGNS.take(n)
        x3 = x2 * x
        sine = x3 * s0
        sine += x
        sine += (x3 * x2) * (s1 + x2 * s2)
        cosine = x2 * c1
        cosine += c0
        cosine += x4 * c2
        cosine += (x4 * x2) * (c3 + x2 * c4)
        cosine *= _COSINE_SIGNS.take(n)
        sine, cosine, odd = sine.astype(np.float32), cosine.astype(np.float32), _IS_ODD.take(n)
        return np.where(odd, cosine, sine) * radius, np.where(odd, sine, cosine) * radius

    return run


def box_muller64(w0, w1, w2, w3):
    """Two normal float64 arrays from four arrays of words."""
    radius = jnp.sqrt(-2.0 * jnp.log(jnp.maximum(float64_of(w0, w1), 1e-7)))
    angle = 6.283185307179586 * float64_of(w2, w3)
    return jnp.sin(angle) * radius, jnp.cos(angle) * radius


def _normals(four, double):
    """The normals of Philox blocks, along a new last axis: 4 for each block, 2 in double precision."""
    if double:
        return jnp.stack(box_muller64(*four), -1)
    first, second = jnp.stack([four[0], four[2]], -1), jnp.stack([four[1], four[3]], -1)
    pairs = jnp.stack(box_muller32(first, second), -1)
    return pairs.reshape(*pairs.shape[:-2], 4)


def normal(key, counter, count, dtype):
    """`count` standard normal numbers of NumPy dtype `dtype`."""
    double = np.dtype(dtype) == np.float64
    four = blocks(key, counter, lax.iota(jnp.uint64, -(-count // (2 if double else 4))))
    return _normals(four, double).reshape(-1)[:count].astype(dtype)


_TRIED = 4  # blocks for each group of truncated normals; odds that a group needs more are 2e-15


def truncated_normal(key, counter, count, dtype):
    """`count` standard normal numbers of (-2, 2)."""
    double = np.dtype(dtype) == np.float64
    group, tried = (2, 2 * _TRIED) if double else (4, _TRIED)
    groups = -(-count // group)
    offsets = (lax.iota(jnp.uint64, groups) * jnp.uint64(64 * group))[:, None] + lax.iota(jnp.uint64, tried)[None]
    candidates = _normals(blocks(key, counter, offsets), double)
    candidates = candidates.reshape(groups, tried * candidates.shape[-1])
    kept = jnp.abs(candidates) < 2
    rank = jnp.cumsum(kept, 1, dtype=jnp.int32)
    zero = jnp.zeros((), candidates.dtype)
    chosen = [jnp.sum(jnp.where(kept & (rank == i + 1), candidates, zero), 1) for i in range(group)]
    return jnp.stack(chosen, -1).reshape(-1)[:count].astype(dtype)


def shaped(draw, key, counter, shape, *arguments):
    """`draw(key, counter, count, ...)` in a shape, kept from being fused with what uses it: that changes last bits."""
    count = math.prod(shape)
    if count == 0:
        return jnp.zeros(shape, jax.eval_shape(lambda: draw(key, counter, 4, *arguments)).dtype)
    return lax.optimization_barrier(draw(key, counter, count, *arguments).reshape(shape))


def categorical(key, counter, logits, samples):
    """Column numbers (int64), `samples` for each row of `logits`, drawn with probabilities softmax(logits)."""
    rows, columns = logits.shape
    pairs = words(key, counter, 2 * rows * samples).reshape(rows, samples, 2)
    finite = jnp.isfinite(logits)
    largest = jnp.max(jnp.where(finite, logits, jnp.full((), -jnp.inf, logits.dtype)), 1, keepdims=True)
    wide = logits.astype(jnp.float64) - largest.astype(jnp.float64)
    summed = jnp.cumsum(jnp.where(finite, jnp.exp(wide), 0.0), 1)
    drawn = float64_of(pairs[..., 0], pairs[..., 1]) * summed[:, -1:]
    return jnp.sum(summed[:, None, :] <= drawn[:, :, None], 2, dtype=jnp.int64)
