"""`tfcompat.extras.corr2d` gives what the double loop over pixels gives that it replaces."""

import numpy as np
import pytest

import tfcompat as tf
from tfcompat.extras import corr2d

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
INEXACT = {"bfloat16": 3e-2, "float16": 4e-3, "float32": 1e-6, "float64": 1e-14, "complex64": 1e-6, "complex128": 1e-14}
# largest difference, as a part of the largest result

pytestmark = pytest.mark.all_modes


def loop(X, K):
    """The loop of the textbook, an element at a time."""
    h, w = K.shape
    rows = []
    for i in range(X.shape[0] - h + 1):
        row = [tf.reduce_sum(X[i : i + h, j : j + w] * K) for j in range(X.shape[1] - w + 1)]
        rows.append(tf.stack(row))
    return tf.stack(rows)


def matrices(dtype, image=(6, 7), kernel=(3, 2)):
    rng = np.random.default_rng(3)
    pair = [rng.integers(0, 100, shape) if dtype in INTEGERS else rng.normal(size=shape) for shape in (image, kernel)]
    if dtype.startswith("complex"):
        pair = [array + 1j * rng.normal(size=array.shape) for array in pair]
    return [tf.cast(tf.constant(array), dtype) for array in pair]


def assert_close(ours, theirs, tolerance):
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    ours, theirs = (tensor.numpy().astype("complex128") for tensor in (ours, theirs))
    assert np.max(np.abs(ours - theirs)) <= tolerance * max(1, np.max(np.abs(theirs)))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_are_exact(dtype, mode):
    X, K = matrices(dtype)
    ours, theirs = corr2d(X, K), loop(X, K)
    assert ours.dtype == theirs.dtype == tf.as_dtype(dtype)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_integers_beyond_what_floats_can_hold(mode):
    X = tf.constant([[2**53 + 1, 3], [5, 2**60 + 1]], tf.int64)
    K = tf.constant([[1, 1], [1, 1]], tf.int64)
    assert corr2d(X, K).numpy().tolist() == loop(X, K).numpy().tolist() == [[2**60 + 2**53 + 10]]


@pytest.mark.parametrize("dtype", list(INEXACT))
def test_values_and_gradients_to_both_arguments(dtype, mode):
    X, K = matrices(dtype)
    results = []
    for function in (corr2d, loop):
        with tf.GradientTape() as tape:
            tape.watch([X, K])
            y = function(X, K)
        results.append([y, *tape.gradient(y, [X, K], output_gradients=y)])
    for ours, theirs in zip(*results, strict=True):
        assert_close(ours, theirs, 3 * INEXACT[dtype])


def test_second_order(mode):
    X, K = matrices("float64")
    results = []
    for function in (corr2d, loop):
        with tf.GradientTape() as outer:
            outer.watch([X, K])
            with tf.GradientTape() as inner:
                inner.watch(K)
                y = tf.reduce_sum(function(X, K) ** 3)
            slope = inner.gradient(y, K)
        results.append(outer.gradient(slope, [X, K]))
    for ours, theirs in zip(*results, strict=True):
        assert_close(ours, theirs, 1e-12)


@pytest.mark.parametrize("kernel", [(1, 1), (1, 7), (6, 1), (6, 7)])
def test_every_size_that_fits(kernel, mode):
    X, K = matrices("int32", kernel=kernel)
    np.testing.assert_array_equal(corr2d(X, K).numpy(), loop(X, K).numpy())


def test_what_is_accepted(mode):
    X, K = [[0.0, 1, 2], [3, 4, 5], [6, 7, 8]], [[0.0, 1], [2, 3]]
    expected = [[19.0, 25.0], [37.0, 43.0]]
    assert corr2d(X, K).numpy().tolist() == expected
    assert corr2d(tf.Variable(X), np.array(K, np.float32)).numpy().tolist() == expected
    assert corr2d(X=tf.constant(X), K=K, name="edges").dtype == tf.float32
    variable = tf.Variable(K)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(corr2d(X, variable))
    assert tape.gradient(y, variable).numpy().tolist() == [[8.0, 12.0], [20.0, 24.0]]


@pytest.mark.parametrize(
    ("X", "K", "message"),
    [
        (tf.TensorShape([3]), tf.TensorShape([1, 1]), r"must be matrices, but have shapes \[3\] and \[1, 1\]"),
        (tf.TensorShape([3, 3]), tf.TensorShape([]), r"must be matrices, but have shapes \[3, 3\] and \[\]"),
        (tf.TensorShape([2, 3]), tf.TensorShape([3, 3]), r"must fit into X .* X is \[2, 3\] and K is \[3, 3\]"),
        (tf.TensorShape([2, 3]), tf.TensorShape([0, 1]), r"must fit into X and have at least one element"),
    ],
)
def test_shapes_that_do_not_fit(X, K, message, mode):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        corr2d(tf.ones(X), tf.ones(K))


def test_dtypes_that_do_not_fit(mode):
    with pytest.raises(tf.errors.InvalidArgumentError, match="Corr2D.*int32"):
        corr2d(tf.ones([3, 3]), tf.ones([2, 2], tf.int32))
    with pytest.raises((TypeError, tf.errors.InvalidArgumentError)):
        corr2d(tf.constant([[True]]), tf.constant([[True]]))
    with pytest.raises((ValueError, TypeError)):
        corr2d([[1.0], [2.0, 3.0]], [[1.0]])
