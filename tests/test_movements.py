"""Concatenations and pads of large arrays, compiled: other forms than XLA's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import movements

DTYPES = ("float32", "float64", "float16", "bfloat16", "complex64", "bool", "int8", "uint64")
SHAPES = ((300_000,), (300, 1000), (2, 300, 500))


def numbers(shape, dtype):
    x = np.random.default_rng(0).normal(size=shape) * 3
    x.flat[:3] = np.nan, -0.0, np.inf
    with np.errstate(invalid="ignore"):
        return x.astype(tf.as_dtype(dtype).as_numpy_dtype)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_bits(dtype, shape):
    x = numbers(shape, dtype)
    rows, widths = x[: max(1, shape[0] // 3)], [[2, 1], [0, 3], [1, 0]][: len(shape)]
    with debug.mode("compiled"):
        joined = tf.concat([tf.constant(x), tf.constant(rows), tf.constant(x)], 0).numpy()
        padded = tf.pad(tf.constant(x), widths).numpy()
    assert joined.tobytes() == np.concatenate([x, rows, x]).tobytes()
    assert padded.tobytes() == np.pad(x, widths).tobytes()


def test_negative_and_constant_pads():
    x = numbers((300, 1000), "float32")
    with debug.mode("compiled"):
        result = tf.pad(tf.constant(x), [[1, 2], [3, 4]], constant_values=7).numpy()
        with tf.GradientTape() as tape:
            v = tf.constant(x)
            tape.watch(v)
            y = tf.pad(v, [[1, 2], [3, 4]]) * tf.constant(result)
        gradient = tape.gradient(y, v).numpy()  # a pad by negative numbers
    np.testing.assert_array_equal(result, np.pad(x, [(1, 2), (3, 4)], constant_values=7))
    np.testing.assert_array_equal(gradient, x)


def test_which_equations_have_another_form():
    large, small = jax.ShapeDtypeStruct((300, 200), jnp.float32), jax.ShapeDtypeStruct((10, 10), jnp.float32)

    def present(function, *structs):
        return movements.present(jax.make_jaxpr(function)(*structs).jaxpr)

    def loop(x):
        return lax.fori_loop(0, 3, lambda _, y: lax.slice(lax.concatenate([y, y], 0), (0, 0), (300, 200)), x)

    assert present(lambda x: jnp.concatenate([x, x]), large) and present(lambda x: jnp.pad(x, 1), large) and present(loop, large)
    assert not present(lambda x: jnp.concatenate([x, x]), small) and not present(lambda x: jnp.pad(x, 1), small)
    assert not present(lambda x: jnp.concatenate([x, x], 1), large)
    assert not present(lambda x: lax.pad(x, 0.0, [(0, 0, 1), (0, 0, 0)]), large)


def test_pads_of_convolutions_stay():
    image, kernel = jax.ShapeDtypeStruct((1, 3, 300, 200), jnp.float32), jax.ShapeDtypeStruct((4, 3, 3, 3), jnp.float32)

    def convolved(x, w):
        return lax.conv(jnp.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), w, (1, 1), "VALID")

    assert not movements.present(jax.make_jaxpr(convolved)(image, kernel).jaxpr)
