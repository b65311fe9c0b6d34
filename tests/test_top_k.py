"""Which entries top_k finds where some are equal, zeros of both signs, infinite or NaN: in both tiers, small and large."""

import numpy as np
import pytest
from marks import IN_C

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import native, plans

NAN = np.nan
# To choose from. TensorFlow takes zeros of both signs as equal, and of equal entries the first; among NaN it gives any order.
ENTRIES = {
    "normal": None,
    "zeros": [0.0, -0.0],
    "some zeros": [0.0, -0.0, -1.0, -2.0],
    "negative NaN": [-NAN, -NAN, -1.0],
    "infinite": [-np.inf, -np.inf, -np.inf, 1.0],
    "all": [NAN, -NAN, -np.inf, 0.0, -0.0, -1.0],
}


@pytest.fixture(params=["interpreted", "compiled"], autouse=True)
def tier(request):
    with debug.mode(request.param):
        yield


def test_zeros_of_both_signs_are_equal():
    values, indices = tf.math.top_k([0.0, -0.0, 0.0, -0.0], 3)  # TensorFlow's results
    assert indices.numpy().tolist() == [0, 1, 2]
    assert np.signbit(values.numpy()).tolist() == [False, True, False]
    assert tf.math.top_k([-0.0, 0.0], 1).indices.numpy().tolist() == [0]


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("shape", [(5, 30), (200, 400)])
@pytest.mark.parametrize("entries", ENTRIES)
def test_of_equal_entries_the_first_comes_first(entries, shape, dtype):
    rng, chosen = np.random.default_rng(0), ENTRIES[entries]
    x = rng.normal(size=shape) if chosen is None else rng.choice(chosen, shape)
    x = x.astype(tf.as_dtype(dtype).as_numpy_dtype)
    order = np.argsort(-np.where(x != x, -np.inf, x).astype(np.float64), axis=-1, kind="stable")
    for k in (0, 1, 5, shape[1]):
        values, indices = tf.math.top_k(tf.constant(x), k)
        np.testing.assert_array_equal(indices.numpy(), order[:, :k])
        found = np.take_along_axis(x, order[:, :k], -1)
        np.testing.assert_array_equal(values.numpy().astype(np.float64), found.astype(np.float64))
        np.testing.assert_array_equal(np.signbit(values.numpy()), np.signbit(found))


def test_the_gradient_goes_to_what_was_found():
    x = tf.constant(np.random.default_rng(0).choice([0.0, -0.0, -1.0], (200, 400)).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        values, indices = tf.math.top_k(x, 3)
        y = tf.reduce_sum(values * [1.0, 2.0, 3.0])
    gradient = tape.gradient(y, x).numpy()
    expected = np.zeros_like(gradient)
    np.put_along_axis(expected, indices.numpy(), np.float32([[1, 2, 3]]), -1)
    np.testing.assert_array_equal(gradient, expected)


def test_rows_by_vectorized_map():
    x = np.random.default_rng(0).choice([0.0, -0.0, 1.0], (4, 300, 300)).astype(np.float32)
    found = tf.vectorized_map(lambda rows: tf.math.top_k(rows, 200).indices, tf.constant(x))
    np.testing.assert_array_equal(found.numpy(), tf.math.top_k(x, 200).indices.numpy())


# What to sort by, stably, for each order of the C extension: NaN is behind all, or as -infinity, or before all
KEYS = {
    plans.RISING: lambda x: (x != x, np.where(x != x, 0, x)),
    plans.FALLING: lambda x: (-np.where(x != x, -np.inf, x),),
    plans.GREATEST: lambda x: (x == x, -np.where(x != x, 0, x)),
    plans.LEAST: lambda x: (x == x, np.where(x != x, 0, x)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("order", KEYS)
@IN_C
def test_rows_are_searched_in_each_order(order, dtype):
    rng = np.random.default_rng(0)
    for size in (1, 15, 63, 64, 65, 200, 1000):
        for entries in (None, [0, 1, 2], [1, 0, -1, NAN, np.inf, -np.inf]):
            x = rng.normal(size=(7, size)) * 100 if entries is None else rng.choice(entries, (7, size))
            x = (np.nan_to_num(x, posinf=9, neginf=-9) if dtype.startswith("int") else x).astype(dtype)
            x[0], x[1] = np.sort(x[0]), np.sort(x[1])[::-1]
            expected = np.lexsort(KEYS[order](x.astype(np.float64))[::-1], axis=-1)
            for wanted in {1, min(5, size), min(128, size)}:
                for places in ("int32", "int64"):
                    out = np.full((7, wanted), -1, places)
                    native.extension.first_places(x, out, int(order))
                    np.testing.assert_array_equal(out, expected[:, :wanted], str((size, wanted)))


@IN_C
def test_a_search_refuses_what_does_not_fit():
    x = np.zeros((3, 200), np.float32)
    for array, out in (
        (x, np.zeros((3, 129), np.int32)), (x, np.zeros((2, 5), np.int32)), (x, np.zeros((3, 0), np.int32)), (x[:, ::2], np.zeros((3, 5), np.int32)),
        (x[:, :4], np.zeros((3, 5), np.int32)), (x, np.zeros((3, 5), np.float32)), (x.astype(np.float16), np.zeros((3, 5), np.int32)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="first_places takes rows"):
            native.extension.first_places(array, out, int(plans.FALLING))
    with pytest.raises(ValueError, match="first_places takes rows"):
        native.extension.first_places(x, np.zeros((3, 5), np.int32), 4)
