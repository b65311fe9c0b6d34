"""Chains of cheap functions and reductions, compiled in pieces."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend import core as jex

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import chains

LINKS = {
    "log_softmax": tf.nn.log_softmax,
    "mean": lambda x: x - tf.reduce_mean(x, 1, keepdims=True),
    "sinkhorn": lambda x: x - tf.reduce_logsumexp(x, 0) - tf.reduce_logsumexp(x, 1, keepdims=True),
}


def numbers(dtype="float32"):
    return np.random.default_rng(0).normal(size=(4, 5)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("link", LINKS)
def test_values_and_gradients(link, dtype):
    def run():
        x = y = tf.constant(numbers(dtype))
        with tf.GradientTape() as tape:
            tape.watch(x)
            for _ in range(30):
                y = LINKS[link](y)
            loss = tf.reduce_sum(y * y)
        return y.numpy(), tape.gradient(loss, x).numpy()

    with debug.mode("interpreted"):
        expected = run()
    with debug.mode("compiled"):
        found = run()
    tolerance = 0.05 if dtype == "float16" else 1e-4
    for value, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=tolerance, atol=tolerance)


def jaxpr_of(link, length, wrap=lambda f: f):
    def function(x):
        for _ in range(length):
            x = link(x)
        return x

    return jax.make_jaxpr(wrap(function))(jax.ShapeDtypeStruct((4, 5), jnp.float32)).jaxpr


def centred(x):
    return x - jnp.sum(x, 1, keepdims=True)


def test_code_grows_with_the_length():
    def code(length):
        jaxpr = chains.rewritten(jaxpr_of(jax.nn.log_softmax, length))
        function = jex.jaxpr_as_fun(jex.ClosedJaxpr(jaxpr, []))
        return len(jax.jit(function).lower(jnp.zeros((4, 5))).compile().as_text())

    assert code(64) < 2.5 * code(32)


def test_which_programs_are_cut():
    def loop(function):
        return lambda x: lax.fori_loop(0, 3, lambda _, y: function(y), x)

    assert chains.present(jaxpr_of(centred, 60)) and chains.present(jaxpr_of(centred, 60, loop))
    assert not chains.present(jaxpr_of(centred, 5))
    assert not chains.present(jaxpr_of(lambda x: x * 0.5 + x, 200))  # one loop computes it all
    assert not chains.present(jaxpr_of(jnp.sin, 200))
    assert not chains.present(jaxpr_of(jax.nn.softmax, 60))  # each link ends with a costly function


def test_what_many_results_share_is_no_chain():
    def update(rate, *values):
        for _ in range(10):
            rate = rate * 0.5 + 1
        return [v * 0.9 - rate * v for v in values]

    structs = [jax.ShapeDtypeStruct((), jnp.float32)] + [jax.ShapeDtypeStruct((3,), jnp.float32)] * 60
    jaxpr = jax.make_jaxpr(update)(*structs).jaxpr
    assert not chains.present(jaxpr)
