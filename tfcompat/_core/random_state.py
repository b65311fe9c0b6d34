"""TensorFlow's random streams: the seeds the host keeps, and Philox 4x32-10 with what turns its words into numbers.

The host decides when an op is recorded which key and counter it draws from; they are data of the op. The functions of
arrays work on JAX arrays with 64-bit types on. Streams are the ones of TensorFlow on CPUs, bit for bit.

They are written in terms of `lax`, since each shape that is drawn is traced, and jax.numpy takes four times as long.
"""

import functools
import math
import random
import threading

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import native
from tfcompat._core.twins import twin

DEFAULT_SEED = 87654321  # stands for the global seed where only an op has one
MAX_SEED = 2**31 - 1
M32, M64, M128 = 2**32 - 1, 2**64 - 1, 2**128 - 1
_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_WEYL = 0x9E3779B9, 0xBB67AE85
_WORD = np.dtype("<u4")
_SCRAMBLE_KEY = 0x02461E293EC8F720


class Seeds:
    """The global seed and the position of every kernel that has drawn with seeds of its own."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seed = self.draws = None
        self.taken, self.last, self.unused = 0, None, None  # how many ops have got a seed, the last one, one that was given back
        self.positions, self.memories = {}, {}
        self.system = random.Random()  # seeded by the system; a forked process seeds its own (_fork.py)
        self.restarted = None  # called by set_seed: draws.restart_all

    def set_seed(self, seed):
        with self.lock:
            self.seed = seed
            self.draws = None if seed is None else random.Random(seed)
            self.unused = None
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
            own = self._next() if seed is None else seed
            pair = self.seed % MAX_SEED, own % MAX_SEED
        return (0, MAX_SEED) if pair == (0, 0) else pair

    def _next(self):
        """The seed of the next op without one."""
        own, self.unused = self.unused, None
        self.last = own = self.draws.randint(0, MAX_SEED) if own is None else own
        self.taken += 1
        return own

    def settle(self, before, takes):
        """Sees to it that a call that was refused has taken a seed, or that it has not.

        Args:
          before: `taken` before the call.
          takes: whether it is to have taken one.
        """
        with self.lock:
            if self.seed is None or takes == (self.taken > before):
                return
            if takes:
                self._next()
            else:
                self.unused, self.taken = self.last, before

    def new_pair(self):
        """Key and upper half of the counter for a draw by an op without a seed: nothing ever comes back to this stream."""
        with self.lock:
            if self.seed is None:
                return self.system.getrandbits(64), self.system.getrandbits(64)
            return self.pair(None)

    def reserve(self, kernel, blocks, seed=None):
        """Takes `blocks` counters from the stream of a kernel.

        Args:
          kernel: what makes kernels distinct, hashable: op type and attributes.
          blocks: how many counters this draw skips.
          seed: the op's own seed (int) or None.

        Returns:
          (key, counter) as Python ints of 64 and 128 bits.
        """
        if seed is None:
            key, high = self.new_pair()
            return key, high << 64
        with self.lock:
            pair = self.pair(seed)
            start = pair[1] << 64
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
    return np.frombuffer(bytearray(number.to_bytes(4 * count, "little")), _WORD).astype(np.uint32, copy=False)


def number_of(words):
    """The int that `words_of` makes words of."""
    return sum(int(word) << (32 * i) for i, word in enumerate(words))


def host_words(key, counter, count):
    """The first `count` words of a stream as a NumPy array; key and counter are Python ints."""
    blocks = -(-count // 4)
    offsets = np.arange(blocks, dtype=np.uint64)
    if native.extension is not None:
        found = [np.empty(blocks, np.uint32) for _ in range(4)]
        native.extension.philox(words_of(key, 2), words_of(counter, 4), offsets, *found)
        return np.array(found).T.reshape(-1)[:count]
    low = np.uint64(counter & M64) + offsets
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
    words = host_words(key, counter, max(size - 1, 0))
    if native.extension is not None and size:
        order = np.arange(size, dtype=np.int32)
        native.extension.permutation(words, order)
        return order
    order = list(range(size))
    for i, word in enumerate(words.tolist()):
        j = i + word % (size - i)
        order[i], order[j] = order[j], order[i]
    return np.array(order, np.int32)


def _as(dtype, x):
    return lax.convert_element_type(x, dtype)


def _bits(dtype, x):
    return lax.bitcast_convert_type(x, dtype)


_u32, _u64, _i32 = [functools.partial(_as, np.dtype(t)) for t in ("uint32", "uint64", "int32")]
_f32, _f64 = [functools.partial(_as, np.dtype(t)) for t in ("float32", "float64")]
_HALF = np.uint64(32)


def _high(wide):
    """The upper halves of uint64 numbers."""
    return _u32(lax.shift_right_logical(wide, _HALF))


def _multiply(a, factor):
    product = lax.mul(_u64(a), np.uint64(factor))
    return _high(product), _u32(product)


def _mixed(a, b, c):
    return lax.bitwise_xor(lax.bitwise_xor(a, b), c)


def _round(state, _):
    c0, c1, c2, c3, k0, k1 = state
    h0, l0 = _multiply(c0, _MULTIPLIERS[0])
    h1, l1 = _multiply(c2, _MULTIPLIERS[1])
    keys = lax.add(k0, np.uint32(_WEYL[0])), lax.add(k1, np.uint32(_WEYL[1]))
    return (_mixed(h1, c1, k0), l1, _mixed(h0, c3, k1), l0, *keys), None


def _wide(low, high):
    return lax.bitwise_or(_u64(low), lax.shift_left(_u64(high), _HALF))


def _items(vector):
    return [lax.index_in_dim(vector, i, keepdims=False) for i in range(vector.shape[0])]


def _blocks(key, counter, offsets):
    """Philox at `counter` (uint32[4]) + `offsets` (uint64 array): four uint32 arrays of that shape; `key` is uint32[2]."""
    c0, c1, c2, c3 = _items(counter)
    low = lax.add(offsets, _wide(c0, c1))
    high = lax.add(_u64(lax.lt(low, offsets)), _wide(c2, c3))
    counters = [part for half in (low, high) for part in (_u32(half), _high(half))]
    # A loop, since XLA would otherwise compute all ten rounds anew for each of the four results.
    return lax.scan(_round, (*counters, *_items(key)), length=10, unroll=5)[0][:4]


_FACTORS = np.array(_MULTIPLIERS, np.uint64)[:, None]
_KEY_STEPS = np.arange(10, dtype=np.uint32)[:, None] * np.array(_WEYL, np.uint32)


@twin(_blocks, 45 if native.extension is None else 6, loops=True)
def blocks(e):
    """Both halves of the counters side by side; the high and low words of products are views."""
    shape, count = e.outs[0].shape, math.prod(e.outs[0].shape)
    if native.extension is not None:

        def run_in_c(*arrays):
            found = [np.empty(shape, np.uint32) for _ in range(4)]
            native.extension.philox(*map(np.ascontiguousarray, arrays), *found)
            return tuple(found)

        return run_in_c
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
    return _first(_last_axis(blocks(key, counter, lax.iota(np.uint64, -(-count // 4)))), count)


def _last_axis(parts):
    return lax.stack(parts, len(parts[0].shape))


def _first(x, count):
    """The first `count` elements, in a row. It is a slice even if that is all: traces of any sizes are compared."""
    flat = lax.reshape(x, (math.prod(x.shape),))
    return lax.slice_p.bind(flat, start_indices=(0,), limit_indices=(count,), strides=None)


def scramble(seed):
    """Key (uint32[2]) and counter (uint32[4]) of a stateless seed, an integer vector of 2."""
    counter = lax.reshape(_bits(np.uint32, _as(np.int64, seed)), (4,))
    mixed = blocks(jnp.asarray(words_of(_SCRAMBLE_KEY, 2)), counter, jnp.zeros(1, jnp.uint64))
    zero = jnp.zeros(1, jnp.uint32)
    return lax.concatenate(mixed[:2], 0), lax.concatenate([zero, zero, *mixed[2:]], 0)


def _filled(bits, mask, exponent):
    """The low bits of words as the mantissa of floats of [1, 2)."""
    return lax.bitwise_or(lax.bitwise_and(bits, mask), exponent)


def float32_of(word):
    return lax.sub(_bits(np.float32, _filled(word, np.uint32(0x7FFFFF), np.uint32(127 << 23))), np.float32(1))


def float64_of(first, second):
    bits = lax.bitwise_or(_wide(second, lax.bitwise_and(first, np.uint32(0xFFFFF))), np.uint64(1023 << 52))
    return lax.sub(_bits(np.float64, bits), np.float64(1))


def _half_of(word, mantissa, bias, dtype):
    bits = _as(np.uint16, _filled(word, np.uint32(2**mantissa - 1), np.uint32(bias << mantissa)))
    return lax.sub(_bits(dtype, bits), np.ones((), dtype)[()])


def _pairs(key, counter, count):
    """The first `count` pairs of words of the stream, as two arrays."""
    both = lax.reshape(words(key, counter, 2 * count), (count, 2))
    return [lax.index_in_dim(both, i, 1, keepdims=False) for i in range(2)]


def uniform(key, counter, count, dtype):
    """`count` floats of [0, 1), NumPy dtype `dtype`."""
    dtype = np.dtype(dtype)
    if dtype == np.float64:
        return float64_of(*_pairs(key, counter, count))
    drawn = words(key, counter, count)
    if dtype == np.float32:
        return float32_of(drawn)
    return _half_of(drawn, 10, 15, dtype) if dtype == np.float16 else _half_of(drawn, 7, 127, dtype)


def integers(key, counter, count, dtype):
    """`count` integers of all bits, dtype int32, int64, uint32 or uint64."""
    dtype = np.dtype(dtype)
    if dtype.itemsize == 8:
        drawn = _wide(*_pairs(key, counter, count))
    else:
        drawn = words(key, counter, count)
    return _bits(dtype, drawn) if dtype.kind == "i" else drawn


def integers_between(key, counter, count, low, high):
    """`count` integers of [low, high); the bounds' dtype is the result's."""
    dtype = np.dtype(low.dtype)
    unsigned = np.dtype(f"uint{8 * dtype.itemsize}")
    low, high = _bits(unsigned, low), _bits(unsigned, high)
    span = lax.max(lax.sub(high, low), np.ones((), unsigned)[()])
    return _bits(dtype, lax.add(lax.rem(integers(key, counter, count, unsigned), span), low))


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
CONSTANTS = np.array([*_INVERSE, *_LOG, *_LOG_POLYNOMIAL, *_SIN, *_COS, _LN2, _TWO_OVER_PI, _HALF_PI])
if native.extension is not None:
    native.extension.random_constants(CONSTANTS)


def _entries(table, index):
    """Of a vector, at the places of a tensor that lie within it."""
    rank = len(index.shape)
    numbers = lax.GatherDimensionNumbers(offset_dims=(), collapsed_slice_dims=(0,), start_index_map=(0,))
    return lax.gather(table, lax.expand_dims(index, (rank,)), numbers, (1,), mode=lax.GatherScatterMode.PROMISE_IN_BOUNDS)


def log32(x):
    """The logarithm of positive normal float32 numbers."""
    bits = _bits(np.uint32, x)
    shifted = lax.sub(bits, np.uint32(0x3F330000))
    index = _i32(lax.bitwise_and(lax.shift_right_logical(shifted, np.uint32(19)), np.uint32(15)))
    exponent = lax.shift_right_arithmetic(_bits(np.int32, shifted), np.int32(23))
    z = _f64(_bits(np.float32, lax.sub(bits, lax.bitwise_and(shifted, np.uint32(0xFF800000)))))
    r = lax.sub(lax.mul(z, _entries(_INVERSE, index)), 1.0)
    y = lax.add(_entries(_LOG, index), lax.mul(_f64(exponent), _LN2))
    r2 = lax.mul(r, r)
    a, b, c = _LOG_POLYNOMIAL
    high = lax.add(lax.mul(a, r2), lax.add(lax.mul(b, r), c))
    return _f32(lax.add(lax.mul(high, r2), lax.add(y, r)))


def _is_set(n, bit):
    return lax.ne(lax.bitwise_and(n, np.int32(bit)), np.int32(0))


def _choice(condition, x, y):
    """`where` of floats one of which may be a number."""
    x, y = [lax.full_like(condition, v, np.float64) if isinstance(v, float) else v for v in (x, y)]
    return lax.select(condition, x, y)


def sin_cos32(angle):
    """Sine and cosine of float32 angles of [0, 2 pi]."""
    x = _f64(angle)
    top = lax.shift_right_logical(_bits(np.uint32, angle), np.uint32(20))
    small, tiny = lax.lt(top, np.uint32(0x3F4)), lax.lt(top, np.uint32(0x398))
    n = lax.add(_i32(lax.mul(x, _TWO_OVER_PI)), np.int32(0x800000))
    n = lax.shift_right_arithmetic(n, np.int32(24))
    n = lax.select(small, lax.full_like(n, 0), n)
    r = lax.select(small, x, lax.sub(x, lax.mul(_f64(n), _HALF_PI)))
    r_signed = lax.mul(r, _choice(_is_set(lax.add(n, np.int32(1)), 2), -1.0, 1.0))
    cos_sign = _choice(_is_set(n, 2), -1.0, 1.0)
    x2 = lax.mul(r, r)
    x3, x4 = lax.mul(x2, r_signed), lax.mul(x2, x2)
    s = lax.add(r_signed, lax.mul(x3, _SIN[0]))
    s = _f32(lax.add(s, lax.mul(lax.mul(x3, x2), lax.add(_SIN[1], lax.mul(x2, _SIN[2])))))
    c = lax.add(lax.add(_COS[0], lax.mul(x2, _COS[1])), lax.mul(x4, _COS[2]))
    c = lax.add(c, lax.mul(lax.mul(x4, x2), lax.add(_COS[3], lax.mul(x2, _COS[4]))))
    c = _f32(lax.mul(cos_sign, c))
    odd = _is_set(n, 1)
    return (
        lax.select(tiny, angle, lax.select(odd, c, s)),
        lax.select(tiny, lax.full_like(angle, 1), lax.select(odd, s, c)),
    )


def _box_muller32(first, second):
    """Two normal float32 arrays from two arrays of words."""
    radius = lax.sqrt(lax.mul(np.float32(-2), log32(lax.max(float32_of(first), np.float32(1e-7)))))
    sine, cosine = sin_cos32(_f32(lax.mul(6.283185307179586, _f64(float32_of(second)))))
    return lax.mul(sine, radius), lax.mul(cosine, radius)


# By n, the quarter of the circle: the signs of the sine's and the cosine's polynomials, and which of them is the sine.
_SINE_SIGNS, _COSINE_SIGNS = np.array([1.0, -1.0, -1.0, 1.0, 1.0]), np.array([1.0, 1.0, -1.0, -1.0, 1.0])
_IS_ODD = np.array([False, True, False, True, False])


@twin(_box_muller32, 70 if native.extension is None else 5)
def box_muller32(e):
    """The same operations; without the choices that make no difference where the words are all that is given."""
    if native.extension is not None:

        def run_in_c(first, second):
            sines, cosines = np.empty(first.shape, np.float32), np.empty(first.shape, np.float32)
            native.extension.box_muller(np.ascontiguousarray(first), np.ascontiguousarray(second), sines, cosines)
            return sines, cosines

        return run_in_c
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
    radius = lax.sqrt(lax.mul(-2.0, lax.log(lax.max(float64_of(w0, w1), 1e-7))))
    angle = lax.mul(6.283185307179586, float64_of(w2, w3))
    return lax.mul(lax.sin(angle), radius), lax.mul(lax.cos(angle), radius)


def _normals(four, double):
    """The normals of Philox blocks, along a new last axis: 4 for each block, 2 in double precision."""
    if double:
        return _last_axis(box_muller64(*four))
    pairs = _last_axis(box_muller32(_last_axis(four[::2]), _last_axis(four[1::2])))
    return lax.reshape(pairs, (*pairs.shape[:-2], 4))


def normal(key, counter, count, dtype):
    """`count` standard normal numbers of NumPy dtype `dtype`."""
    double = np.dtype(dtype) == np.float64
    four = blocks(key, counter, lax.iota(np.uint64, -(-count // (2 if double else 4))))
    return _as(dtype, _first(_normals(four, double), count))


_TRIED = 4  # blocks for each group of truncated normals; odds that a group needs more are 2e-15


def truncated_normal(key, counter, count, dtype):
    """`count` standard normal numbers of (-2, 2)."""
    double = np.dtype(dtype) == np.float64
    group, tried = (2, 2 * _TRIED) if double else (4, _TRIED)
    groups = -(-count // group)
    row, column = [lax.broadcasted_iota(np.uint64, (groups, tried), axis) for axis in range(2)]
    offsets = lax.add(lax.mul(row, np.uint64(64 * group)), column)
    candidates = _normals(blocks(key, counter, offsets), double)
    candidates = lax.reshape(candidates, (groups, tried * candidates.shape[-1]))
    kept = lax.lt(lax.abs(candidates), candidates.dtype.type(2))
    rank, zeros = lax.cumsum(_i32(kept), 1), lax.full_like(candidates, 0)
    chosen = []
    for i in range(group):
        found = lax.bitwise_and(kept, lax.eq(rank, np.int32(i + 1)))
        chosen.append(jnp.sum(lax.select(found, candidates, zeros), 1))
    return _as(dtype, _first(_last_axis(chosen), count))


def shaped(draw, key, counter, shape, *arguments):
    """`draw(key, counter, count, ...)` in a shape, kept from being fused with what uses it: that changes last bits."""
    count = math.prod(shape)
    if count == 0:
        return jnp.zeros(shape, jax.eval_shape(lambda: draw(key, counter, 4, *arguments)).dtype)
    return lax.optimization_barrier(lax.reshape(draw(key, counter, count, *arguments), shape))


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
