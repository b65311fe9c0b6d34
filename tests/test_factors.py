"""Products of large arrays, compiled: another form than XLA's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import factors

CASES = [((40_001,), None), ((300, 203), None), ((300, 203), 1), ((20, 30, 100), (1, 2)), ((20, 30, 100), -1), ((4, 300, 64), (0, 2))]


@pytest.mark.parametrize(("shape", "axes"), CASES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint64"])
def test_values(dtype, shape, axes):
    random = np.random.default_rng(0)
    x = np.exp(random.normal(size=shape) * 0.01) if dtype.startswith("float") else random.integers(0, 1000, shape) * 2 + 1
    x = x.astype(dtype)  # products of odd integers stay odd where they overflow
    with debug.mode("compiled"):
        result = tf.reduce_prod(tf.constant(x), axes).numpy()
        kept = tf.reduce_prod(tf.constant(x), axes, keepdims=True)
    expected = np.prod(x, axes, dtype=dtype)
    assert result.dtype == dtype and kept.shape == np.prod(x, axes, keepdims=True).shape
    if dtype.startswith("float"):
        np.testing.assert_allclose(result, expected, rtol=2e-4 if dtype == "float32" else 1e-12)
    else:
        np.testing.assert_array_equal(result, expected)


def test_what_is_not_finite_and_zero():
    x = np.ones((5, 10_001), "float32")
    x[0, 3], x[1, 9_999], x[2, 10_000], x[3, 0], x[3, 10_000], x[4, 7] = 0, np.nan, -np.inf, 0, np.inf, -1
    with debug.mode("compiled"):
        result = tf.reduce_prod(tf.constant(x), 1).numpy()
    np.testing.assert_array_equal(result, [0, np.nan, -np.inf, np.nan, -1])


@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_gradients_with_zeros(zeros):
    x = np.exp(np.random.default_rng(0).normal(size=(16, 2_049)) * 0.01)
    x[:, :zeros] = 0
    v = tf.constant(x)
    with debug.mode("compiled"), tf.GradientTape() as outer:
        outer.watch(v)
        with tf.GradientTape() as inner:
            inner.watch(v)
            y = tf.reduce_prod(v, 1)
        first = inner.gradient(y, v)
        some = tf.reduce_sum(first[:, 3])
        second = outer.gradient(some, v)
    others = [np.prod(np.delete(x, i, 1), 1) for i in (0, 1, 3)]
    np.testing.assert_allclose(first.numpy()[:, [0, 1, 3]].T, others, rtol=1e-11)
    np.testing.assert_allclose(second.numpy()[:, 0], np.prod(np.delete(x, [0, 3], 1), 1), rtol=1e-11)
    np.testing.assert_allclose(second.numpy()[:, 3], 0, atol=1e-12)


def test_which_equations_have_another_form():
    def present(function, shape, dtype=jnp.float32):
        return factors.present(jax.make_jaxpr(function)(jax.ShapeDtypeStruct(shape, dtype)).jaxpr)

    rows = lambda x: jax.lax.reduce_prod(x, (1,))  # noqa: E731
    assert present(jnp.prod, (200, 200)) and present(rows, (200, 200)) and present(rows, (200, 200), jnp.int32)
    assert not present(jnp.prod, (20, 20)) and not present(jnp.sum, (200, 200)) and not present(rows, (20_000, 2))
    assert not present(lambda x: jax.lax.reduce_prod(x, (0,)), (200, 200)) and not present(rows, (200, 200), jnp.bfloat16)
