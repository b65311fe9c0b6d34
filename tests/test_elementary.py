"""Sine, cosine, tangent and 1 / sqrt(x) of large arrays, compiled: other forms than XLA's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import elementary

FUNCTIONS = {"sin": np.sin, "cos": np.cos, "tan": np.tan}
SPECIAL = np.array([0, -0.0, 1e-30, -1e-30, np.pi / 4, np.pi / 2, np.pi, 3 * np.pi / 2, 355, 8192], "float32")


@pytest.mark.parametrize("scale", [1, 1000, 1e7])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_to_the_last_bits(name, scale):
    x = np.random.default_rng(0).normal(size=10_000).astype("float32") * np.float32(scale)
    x[: SPECIAL.size] = SPECIAL
    with debug.mode("compiled"):
        result = getattr(tf, name)(tf.constant(x)).numpy()
    np.testing.assert_allclose(result, FUNCTIONS[name](x.astype("float64")), rtol=4e-6, atol=0)
    assert np.signbit(result[1]) == (name != "cos")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_not_finite_gives_nan(name):
    x = np.ones(10_000, "float32")
    x[:3] = np.nan, np.inf, -np.inf
    with debug.mode("compiled"):
        result = getattr(tf, name)(tf.constant(x)).numpy()
    assert np.isnan(result[:3]).all() and np.isfinite(result[3:]).all()


def test_reciprocal_root():
    x = np.random.default_rng(0).uniform(1e-3, 1e3, 10_000).astype("float32")
    x[:6] = 0, -0.0, np.inf, -1, np.nan, 3e38
    with debug.mode("compiled"):
        result = tf.math.rsqrt(tf.constant(x)).numpy()
    np.testing.assert_array_equal(result[:5], [np.inf, -np.inf, 0, np.nan, np.nan])
    np.testing.assert_allclose(result[5:], 1 / np.sqrt(x[5:].astype("float64")), rtol=3e-7)


def test_gradient():
    x = tf.constant(np.linspace(-20, 20, 10_000, dtype="float32"))
    with debug.mode("compiled"), tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.sin(x)
    np.testing.assert_allclose(tape.gradient(y, x), np.cos(x.numpy().astype("float64")), atol=2e-7)


def test_which_equations_have_another_form():
    large, small = jax.ShapeDtypeStruct((100, 100), jnp.float32), jax.ShapeDtypeStruct((10, 10), jnp.float32)

    def present(function, *structs):
        return elementary.present(jax.make_jaxpr(function)(*structs).jaxpr)

    assert present(jnp.sin, large) and present(lambda x: lax.fori_loop(0, 3, lambda _, y: jnp.cos(y), x), large)
    assert not present(jnp.sin, small) and not present(jnp.exp, large)
    assert not present(jnp.sin, jax.ShapeDtypeStruct((100, 100), jnp.bfloat16))


def test_forms_inside_of_loops_and_branches():
    x = tf.constant(np.linspace(-3, 3, 10_000, dtype="float32"))

    @tf.function
    def f(x):
        for _ in tf.range(3):
            x = tf.sin(x) if x[0] < 0 else tf.cos(x)
        return x

    want = x.numpy().astype("float64")
    for _ in range(3):
        want = np.sin(want) if want[0] < 0 else np.cos(want)
    with debug.mode("compiled"):
        np.testing.assert_allclose(f(x), want, atol=1e-6)
