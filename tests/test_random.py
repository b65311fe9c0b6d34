"""tf.random draws the numbers that TensorFlow draws: recorded by oracle/record_random.py from oracle/random_programs.py."""

import gc
import pathlib
import random

import numpy as np
import pytest
from marks import IN_C
from oracle.random_programs import PROGRAMS

import tfcompat as tf
import tfcompat.random  # noqa: F401 - so that tf.random is there

RECORDED = np.load(pathlib.Path(__file__).parent / "oracle" / "data" / "random.npz")


def drawn(name):
    return [np.asarray(t).astype(np.float32) if t.dtype == tf.bfloat16 else np.asarray(t) for t in PROGRAMS[name](tf)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_numbers_as_tensorflow(name, mode):
    values = drawn(name)
    assert len(values) == sum(key.startswith(name + "/") for key in RECORDED.files)
    for i, value in enumerate(values):
        expected = RECORDED[f"{name}/{i}"]
        assert value.dtype == expected.dtype, i
        if value.dtype == np.float64:  # C libraries differ in the last bit of their double-precision log, sin and cos
            np.testing.assert_allclose(value, expected, rtol=1e-15, err_msg=str(i))
        elif name == "functions_that_run_eagerly" and mode == "compiled" and value.dtype == np.float32:
            np.testing.assert_array_max_ulp(value, expected, 1)  # XLA makes one operation of the program's own a * b + c
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


def times(draw, count=4):
    return [np.asarray(draw()) for _ in range(count)]


@pytest.mark.parametrize("draw", [
    lambda: tf.random.uniform([4, 5]), lambda: tf.random.uniform((20,), -2.0, 3), lambda: tf.random.normal([20]),
    lambda: tf.random.normal([20], tf.constant(2.0), 3.0), lambda: tf.random.truncated_normal([20], dtype=tf.float64),
    lambda: tf.random.uniform([20], 0, 10**9, tf.int32),
])  # fmt: skip
def test_each_call_draws_other_numbers(draw):
    """Also where it is called by form, which is learnt from the second call on."""
    tf.random.set_seed(None)
    drawn = times(draw)
    assert len({values.tobytes() for values in drawn}) == 4
    tf.random.set_seed(11)
    seeded = times(draw)
    assert len({values.tobytes() for values in seeded}) == 4
    tf.random.set_seed(11)
    for value, expected in zip(times(draw), seeded, strict=True):
        np.testing.assert_array_equal(value, expected)
    tf.random.set_seed(None)


def test_functions_and_eager_code_between_draws():
    """What a function draws has counters of its own, whatever is known of calls outside it."""
    tf.random.set_seed(5)

    @tf.function
    def inside():
        return tf.random.normal([6])

    def both():
        return [np.asarray(f()) for _ in range(4) for f in (inside, lambda: tf.random.normal([6]))]

    expected = both()
    assert len({values.tobytes() for values in expected}) == 8
    tf.random.set_seed(5)
    for value, wanted in zip(both(), expected, strict=True):
        np.testing.assert_array_equal(value, wanted)
    tf.random.set_seed(None)


@pytest.mark.parametrize("seed", [[3, 4], (3, 4), [2**40, -7], [-(2**63), 2**63 - 1], [np.int32(3), 4]])
def test_stateless_seeds_of_any_kind(seed):
    as_tensor = tf.constant(np.array([int(n) for n in seed], np.int64))
    for function in (tf.random.stateless_normal, tf.random.stateless_uniform, tf.random.stateless_truncated_normal):
        expected = np.asarray(function([5], as_tensor))
        for value in times(lambda function=function: function([5], seed)):
            np.testing.assert_array_equal(value, expected)
    for bad in ([1.5, 2], [True, False], ["a", "b"], [1], [None, 1], [2**64, 1]):
        for _ in range(3):
            with pytest.raises((TypeError, ValueError, tf.errors.InvalidArgumentError)):
                tf.random.stateless_normal([5], bad)


@pytest.mark.own_mode
@IN_C
def test_draws_are_called_by_form():
    """Other keys and seeds make no other forms: each would be learnt anew."""
    from tfcompat import random as module
    from tfcompat._core import forms

    key, counter = module._fresh(None)
    assert forms.learn(module._draw_uniform, (key, counter, (3, 7), 0, None, tf.float32, None)) is not None
    assert forms.learn(module._draw_normal, (key, counter, "TruncatedNormal", (3, 7), 0.0, 1.0, tf.float32, None)) is not None
    entries = module._stateless_normal, module._normal_by_form, module._uniform_by_form
    known = [forms_of(call) for call in entries]
    for k in range(50):
        tf.random.stateless_normal([3, 7], [k, 1])
        tf.random.normal([3, 7])
        tf.random.uniform([3, 7], seed=k)
    assert [len(forms_of(call)) - len(before) for call, before in zip(entries, known, strict=True)] == [1, 1, 0]


def forms_of(call):
    """{key: form} of what calls a function by form, as it is now."""
    return dict(next(part for part in gc.get_referents(call) if type(part) is dict))


@pytest.mark.own_mode
@pytest.mark.parametrize("rounds", [4, 5, 8])
@pytest.mark.parametrize("limit", [0, 1, 40_000, 2**17 + 3, 2**33, 2**63, 2**64 - 1])
def test_indices_are_shuffled_alike_in_both_tiers(limit, rounds):
    count = min(limit, 7) + 1
    index = tf.constant(np.arange(count, dtype=np.uint64) + np.uint64(limit - count + 1))
    seeds = tf.constant(np.arange(3 * count, dtype=np.int64).reshape(count, 3) * 977)
    found = []
    for mode in ("interpreted", "compiled"):
        with tf.debug.mode(mode):
            found.append(tf.random_index_shuffle(index, seeds, tf.constant(limit, tf.uint64), rounds).numpy())
    np.testing.assert_array_equal(*found)
    assert found[0].max() <= limit
