"""The different elements of a vector, by C's table and by NumPy."""

import numpy as np
import pytest
from marks import IN_C

import tfcompat as tf
from tfcompat._core import native

RNG = np.random.default_rng(0)
VECTORS = {
    "few": RNG.integers(-50, 50, 20_000).astype(np.int32),
    "many": RNG.integers(-(2**62), 2**62, 20_000),
    "multiples": RNG.permutation(20_000).astype(np.uint64) << np.uint64(44),
    "bytes": RNG.integers(0, 256, 3_000).astype(np.uint8),
    "short": RNG.integers(-300, 300, 3_000).astype(np.int16),
    "unsigned": RNG.integers(2**31, 2**32, 3_000).astype(np.uint32),
    "bools": RNG.random(100) > 0.5,
    "floats": np.float32([1.5, np.nan, -0.0, 0.0, np.inf, np.nan, -np.inf, 1.5, 1e-45, -1e-45, np.inf] * 300),
    "doubles": RNG.choice(RNG.normal(size=4_000), 20_000),
    "halves": np.float16([1.5, -2, 0.25, np.nan, np.nan, 1.5]),
    "none": np.zeros(0, np.int32),
    "one": np.int64([7]),
}


@pytest.mark.parametrize("python", [False, True], ids=["", "by NumPy"])
@pytest.mark.parametrize("out", ["int32", "int64"])
@pytest.mark.parametrize("name", VECTORS)
def test_first_appearances(name, out, python, monkeypatch):
    if python:
        monkeypatch.setattr(native, "extension", None)
    x = VECTORS[name]
    numbers, firsts, expected = {}, [], []
    for i, value in enumerate(x.tolist()):
        number = numbers.setdefault(value if value == value else ("nan", i), len(numbers))
        if number == len(firsts):
            firsts.append(i)
        expected.append(number)
    y, index = tf.unique(tf.constant(x), out_idx=out)
    again, same, counts = tf.unique_with_counts(tf.constant(x), out_idx=out)
    assert y.numpy().tobytes() == again.numpy().tobytes() == x[firsts].tobytes()  # the first of 0.0 and -0.0
    np.testing.assert_array_equal(index.numpy(), expected)
    np.testing.assert_array_equal(same.numpy(), expected)
    np.testing.assert_array_equal(counts.numpy(), np.bincount(expected, minlength=len(firsts)) if expected else [])
    assert index.dtype == same.dtype == counts.dtype == out and y.dtype == x.dtype


def test_a_view():
    x = np.arange(40, dtype=np.int32).reshape(10, 4)[:, 1] // 3
    y, index = tf.unique(tf.transpose(tf.constant(np.repeat(x[:, None], 2, 1)))[1])
    np.testing.assert_array_equal(y.numpy()[index.numpy()], x)


@IN_C
@pytest.mark.parametrize(
    "arguments",
    [
        (np.zeros(3, np.complex64), np.zeros(3, np.int32), np.zeros(3, np.int64)),
        (np.zeros(3, np.float16), np.zeros(3, np.int32), np.zeros(3, np.int64)),
        (np.zeros(3), np.zeros(2, np.int32), np.zeros(3, np.int64)),
        (np.zeros(3), np.zeros(3, np.int16), np.zeros(3, np.int64)),
        (np.zeros(3), np.zeros(3, np.int32), np.zeros(3, np.int32)),
        (np.zeros(3), np.zeros(3, np.int32), np.zeros(3, np.int64), np.zeros(3, np.int64)),
        (np.zeros(3), np.zeros(3, np.int32), np.zeros(3, np.int64), np.zeros(2, np.int32)),
        (np.zeros(6)[::2], np.zeros(3, np.int32), np.zeros(3, np.int64)),
    ],
    ids=["complex", "halves", "too few numbers", "short numbers", "short places", "other counts", "too few counts", "apart"],
)
def test_what_c_refuses(arguments):
    with pytest.raises(ValueError, match="unique_numbers takes"):
        native.extension.unique_numbers(*arguments)
