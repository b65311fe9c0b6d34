"""JAX's threefry generator in NumPy. A key is one uint64 whose first word in memory is the key's first word."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from tfcompat._core.lax_numpy import NoHostForm, rule

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)


def threefry(k0: Any, k1: Any, x0: Any, x1: Any) -> tuple:
    """Twenty rounds of Threefry-2x32 over uint32 arrays."""
    keys = (k0, k1, k0 ^ k1 ^ _PARITY)
    x0, x1 = x0 + k0, x1 + k1
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = x0 ^ ((x1 << np.uint32(rotation)) | (x1 >> np.uint32(32 - rotation)))
        x0 = x0 + keys[(group + 1) % 3]
        x1 = x1 + (keys[(group + 2) % 3] + np.uint32(group + 1))
    return x0, x1


def _words(keys: Any, trailing: int) -> tuple:
    words = np.asarray(keys)[..., None].view(np.uint32)
    shape = words.shape[:-1] + (1,) * trailing
    return words[..., 0].reshape(shape), words[..., 1].reshape(shape)


def _key(first: Any, second: Any) -> Any:
    return np.stack([first, second], -1).view(np.uint64)[..., 0]


def _counts(shape: tuple) -> tuple:
    """The positions of an array of `shape` in two words, high and low."""
    count = np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.uint64).reshape(shape)
    return (count >> np.uint64(32)).astype(np.uint32), count.astype(np.uint32)


def _check(e: Any) -> None:
    if sys.byteorder != "little":
        raise NoHostForm(e.name, "byte order")
    if not jax.config.jax_threefry_partitionable:
        raise NoHostForm(e.name, "threefry is not partitionable")


@rule("threefry2x32", kind="closure")
def _threefry2x32(e: Any) -> Callable:
    return threefry


@rule("random_wrap", kind="closure")
def _random_wrap(e: Any) -> Callable:
    _check(e)
    return lambda words: np.ascontiguousarray(words).view(np.uint64)[..., 0]


@rule("random_unwrap", kind="closure")
def _random_unwrap(e: Any) -> Callable:
    return lambda keys: np.array(keys)[..., None].view(np.uint32)


@rule("random_seed", kind="closure")
def _random_seed(e: Any) -> Callable:
    _check(e)
    return lambda seeds: _key(*_seed_words(seeds))


def _seed_words(seeds: Any) -> tuple:
    seeds = np.asarray(seeds)
    wide = seeds.view(f"u{seeds.itemsize}")
    high = (wide >> np.uint64(32)).astype(np.uint32) if seeds.itemsize == 8 else np.zeros(seeds.shape, np.uint32)
    return high, wide.astype(np.uint32)


@rule("random_fold_in", kind="closure")
def _random_fold_in(e: Any) -> Callable:
    _check(e)

    def fold_in(keys: Any, data: Any) -> Any:
        return _key(*threefry(*_words(keys, 0), *_seed_words(data)))

    return fold_in


@rule("random_split", kind="closure")
def _random_split(e: Any) -> Callable:
    _check(e)
    shape = tuple(e.params["shape"])

    def split(keys: Any) -> Any:
        return _key(*threefry(*_words(keys, len(shape)), *_counts(shape)))

    return split


@rule("random_bits", kind="closure")
def _random_bits(e: Any) -> Callable:
    _check(e)
    shape, width, dtype = tuple(e.params["shape"]), int(e.params["bit_width"]), e.outs[0].dtype

    def bits(keys: Any) -> Any:
        high, low = threefry(*_words(keys, len(shape)), *_counts(shape))
        if width == 64:
            return (high.astype(np.uint64) << np.uint64(32)) | low
        return (high ^ low).astype(dtype)

    return bits
