"""Concatenations, pads, turns and gathers of large arrays, compiled: other forms than XLA's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend import core as jex

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


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_turned(dtype, shape):
    x, axes = numbers(shape, dtype), list(range(len(shape)))
    with debug.mode("compiled"):
        for shift in (1, -1, 0, shape[0], 1_234_567):
            assert tf.roll(tf.constant(x), shift, 0).numpy().tobytes() == np.roll(x, shift, 0).tobytes()
            assert tf.roll(tf.constant(x), shift, -1).numpy().tobytes() == np.roll(x, shift, -1).tobytes()
        shifts = tf.constant([3, -7, 11][: len(shape)], tf.int64)
        assert tf.roll(tf.constant(x), shifts, axes).numpy().tobytes() == np.roll(x, shifts.numpy(), axes).tobytes()


def test_gradients_of_turned():
    x = numbers((300, 1000), "float32")
    v, w, u = tf.constant(x), tf.constant(x[::-1].copy()), tf.constant(x[:, ::-1].copy())
    for mode in ("compiled", "interpreted"):
        with debug.mode(mode), tf.GradientTape() as outer:
            outer.watch(w)
            with tf.GradientTape() as tape:
                tape.watch(v)
                y = tf.roll(v, [3, -7], [0, 1]) * w
            first = tape.gradient(y, v)
            second = outer.gradient(first * u, w)
        np.testing.assert_array_equal(first.numpy(), np.roll(w.numpy(), [-3, 7], [0, 1]))
        np.testing.assert_array_equal(second.numpy(), np.roll(u.numpy(), [3, -7], [0, 1]))


TAKEN = [  # of, positions' shape, axis, batch_dims
    ((300, 1000), (400,), 1, 0),
    ((300, 1000), (20, 30), 1, 0),
    ((300, 1000), (), 1, 0),
    ((5, 60, 700), (90,), 1, 0),
    ((5, 60, 700), (40, 3), 2, 0),
    ((5, 60, 700), (5, 40, 3), 2, 1),
    ((5, 60, 700), (5,), 2, 1),
    ((5, 60, 700), (5, 60, 800), 2, 2),
    ((5, 6, 70, 80), (5, 7), 2, 1),
]


@pytest.mark.parametrize(("shape", "positions", "axis", "batch"), TAKEN, ids=str)
@pytest.mark.parametrize("dtype", ["int16", "int32", "int64"])
def test_taken_along_a_dimension(dtype, shape, positions, axis, batch):
    x = numbers(shape, "float32")
    i = np.random.default_rng(1).integers(0, shape[axis], positions).astype(dtype)
    results = {}
    for mode in ("compiled", "interpreted"):
        with debug.mode(mode), tf.GradientTape() as tape:
            v = tf.constant(x)
            tape.watch(v)
            y = tf.gather(v, tf.constant(i), axis=axis, batch_dims=batch)
            z = tf.reduce_sum(tf.where(tf.math.is_finite(y), y, 0.0) ** 2)
        results[mode] = y.numpy(), tf.convert_to_tensor(tape.gradient(z, v)).numpy()
    assert results["compiled"][0].tobytes() == results["interpreted"][0].tobytes()
    np.testing.assert_allclose(results["compiled"][1], results["interpreted"][1], rtol=1e-5)
    if not batch:
        np.testing.assert_array_equal(results["compiled"][0], np.take(x, i, axis))


@pytest.mark.parametrize("mode", ["clip", "fill"])
def test_positions_out_of_range_and_turns_past_the_end(mode):
    x = np.arange(300_000, dtype=np.float32).reshape(300, 1000)
    i = np.array([-2_000, -1, 0, 999, 1_000, 32_000] * 100, np.int16)

    def taken(x, i):
        return jnp.take(x, i, 1, mode=mode)

    def turned(x, start):
        return lax.dynamic_slice(lax.concatenate([x, x], 1), (np.int32(5), start), x.shape)

    for function, *operands in ((taken, x, i), (turned, x, np.int32(-3)), (turned, x, np.int32(1_003)), (turned, x, np.int64(17))):
        closed = jax.make_jaxpr(function)(*operands)
        assert movements.present(closed.jaxpr)
        changed = movements.rewritten(closed.jaxpr)
        assert (changed is closed.jaxpr) == (function is taken and mode == "fill")
        (result,) = jax.jit(jex.jaxpr_as_fun(jex.ClosedJaxpr(changed, closed.consts)))(*operands)
        np.testing.assert_array_equal(result, jax.jit(function)(*operands))


def test_which_equations_have_another_form():
    large, small = jax.ShapeDtypeStruct((300, 200), jnp.float32), jax.ShapeDtypeStruct((10, 10), jnp.float32)

    def present(function, *structs):
        return movements.present(jax.make_jaxpr(function)(*structs).jaxpr)

    def loop(x):
        return lax.fori_loop(0, 3, lambda _, y: lax.slice(lax.concatenate([y, y], 0), (0, 0), (300, 200)), x)

    assert present(lambda x: jnp.concatenate([x, x]), large) and present(lambda x: jnp.pad(x, 1), large) and present(loop, large)
    assert not present(lambda x: jnp.concatenate([x, x]), small) and not present(lambda x: jnp.pad(x, 1), small)
    assert not present(lambda x: jnp.concatenate([x, x], 1), large)
    assert not present(lambda x: jax.debug.print("{}", x), large)  # it has no result
    assert not present(lambda x: lax.pad(x, 0.0, [(0, 0, 1), (0, 0, 0)]), large)


def test_pads_of_convolutions_stay():
    image, kernel = jax.ShapeDtypeStruct((1, 3, 300, 200), jnp.float32), jax.ShapeDtypeStruct((4, 3, 3, 3), jnp.float32)

    def convolved(x, w):
        return lax.conv(jnp.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), w, (1, 1), "VALID")

    assert not movements.present(jax.make_jaxpr(convolved)(image, kernel).jaxpr)
