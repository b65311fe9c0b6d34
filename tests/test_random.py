"""tf.random draws the numbers that TensorFlow draws: recorded by oracle/record_random.py from oracle/random_programs.py."""

import pathlib
import random

import numpy as np
import pytest
from oracle.random_programs import PROGRAMS

import tfcompat as tf
import tfcompat.random  # noqa: F401 - so that tf.random is there

RECORDED = np.load(pathlib.Path(__file__).parent / "oracle" / "data" / "random.npz")


def drawn(name):
    return [np.asarray(t).astype(np.float32) if t.dtype == tf.bfloat16 else np.asarray(t) for t in PROGRAMS[name](tf)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_numbers_as_tensorflow(name):
    values = drawn(name)
    assert len(values) == sum(key.startswith(name + "/") for key in RECORDED.files)
    for i, value in enumerate(values):
        expected = RECORDED[f"{name}/{i}"]
        assert value.dtype == expected.dtype, i
        if value.dtype == np.float64:  # C libraries differ in the last bit of their double-precision log, sin and cos
            np.testing.assert_allclose(value, expected, rtol=1e-15, err_msg=str(i))
        else:
            np.testing.assert_array_equal(value, expected, str(i))


def test_compiled_programs_draw_the_same_numbers():
    names = ["uniform", "normal", "truncated_normal"]

    def draw():
        tf.random.set_seed(3)
        return [np.asarray(getattr(tf.random, name)([50], 0.25, 3.5)) for name in names]

    expected = draw()
    with tf.debug.mode("compiled"):
        for one, other in zip(draw(), expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_other_generators_are_left_alone():
    random.seed(1)
    python, numpy = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002 - the state that must not change
    tf.random.set_seed(5)
    tf.random.normal([3]).numpy()
    assert random.getstate() == python
    assert np.array_equal(np.random.get_state()[1], numpy)  # noqa: NPY002


def test_gradients_reach_the_parameters_alone():
    mean, stddev = tf.Variable(1.0), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        values = tf.random.stateless_normal([4], [1, 2], mean, stddev)
        total = tf.reduce_sum(values)
    by_mean, by_stddev = tape.gradient(total, [mean, stddev])
    noise = tf.random.stateless_normal([4], [1, 2])
    assert by_mean.numpy() == 4.0
    np.testing.assert_allclose(by_stddev.numpy(), noise.numpy().sum(), rtol=1e-6)


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda: tf.random.uniform([2], 0, None, tf.int32), ValueError, "Must specify maxval for integer dtype"),
        (lambda: tf.random.uniform([2], 5, 5, tf.int32), tf.errors.InvalidArgumentError, "Need minval < maxval, got 5"),
        (lambda: tf.random.uniform([2], 5, 7, tf.int16), ValueError, "Argument `dtype` got invalid value"),
        (lambda: tf.random.uniform([-2]), tf.errors.InvalidArgumentError, "Dimension -2 must be >= 0"),
        (lambda: tf.random.stateless_uniform([2], seed=[1, 2, 3]), tf.errors.InvalidArgumentError, "must have shape"),
        (lambda: tf.random.categorical([1.0, 2.0], 3), tf.errors.InvalidArgumentError, "should be a matrix, got shape"),
        (lambda: tf.random.stateless_uniform([2], [1, 2], alg="threefry"), NotImplementedError, "philox"),
    ],
)
def test_errors(draw, error, message):
    with pytest.raises(error, match=message):
        draw()
