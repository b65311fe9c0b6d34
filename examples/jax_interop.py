"""TensorFlow code and JAX code in one program, both ways.

    python examples/jax_interop.py

1. A JAX function (an attention layer) inside a TensorFlow training loop: `call_jax` makes it an op, the tape goes through it.
2. A TensorFlow loss inside JAX: `jax_function` makes it a pure function for `jax.jit`, `jax.value_and_grad`, `jax.vmap`.
3. Arrays handed back and forth without copies.
"""

import jax
import jax.numpy as jnp
import numpy as np

import tfcompat as tf
from tfcompat.interop import call_jax, from_jax, jax_function, to_jax


@jax.jit
def attention(query, key, value):
    """Scaled dot-product attention, written in JAX."""
    scores = jnp.einsum("bqd,bkd->bqk", query, key) / jnp.sqrt(query.shape[-1])
    return jnp.einsum("bqk,bkd->bqd", jax.nn.softmax(scores), value)


def train_with_a_jax_layer(steps=60):
    """Fits projections around the JAX layer, with a GradientTape and a Keras optimizer; returns the losses."""
    tf.random.set_seed(1)
    x = tf.random.normal([8, 5, 4])
    target = tf.reverse(x, axis=[1])
    position = tf.one_hot(tf.range(5), 5)[tf.newaxis] + tf.zeros([8, 1, 1])
    w_query, w_key = (tf.Variable(tf.random.normal([5, 8], stddev=0.5)) for _ in range(2))
    optimizer = tf.optimizers.Adam(0.05)
    losses = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            mixed = call_jax(attention, position @ w_query, position @ w_key, x)
            loss = tf.reduce_mean((mixed - target) ** 2)
        weights = [w_query, w_key]
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        losses.append(loss)
    return [float(loss) for loss in losses]


def huber_fit(weights, x, y):
    """A loss written with tf; it knows nothing of JAX."""
    residual = tf.linalg.matvec(x, weights) - y
    small = tf.abs(residual) < 1.0
    return tf.reduce_mean(tf.where(small, residual**2 / 2, tf.abs(residual) - 0.5))


def fit_with_jax(steps=100):
    """Minimises the TensorFlow loss with JAX's transformations; returns the weights and each example's gradient."""
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(64, 3)), jnp.float32)
    y = x @ jnp.asarray([2.0, -3.0, 0.5]) + jnp.asarray(rng.normal(size=64) * 0.01, jnp.float32)
    loss = jax_function(huber_fit)
    step = jax.jit(lambda w: w - 0.3 * jax.grad(loss)(w, x, y))
    weights = jnp.zeros(3)
    for _ in range(steps):
        weights = step(weights)
    per_example = jax.vmap(jax.grad(loss), (None, 0, 0))(weights, x[:, None], y[:, None])
    return weights, per_example


def hand_over():
    """A large array from JAX to tf and back: the same memory."""
    array = jnp.arange(1_000_000, dtype=jnp.float32)
    tensor = from_jax(array)
    return to_jax(tensor) is array, float(tf.reduce_max(tensor))


def main():
    losses = train_with_a_jax_layer()
    print(f"attention in a TensorFlow loop: loss {losses[0]:.3f} -> {losses[-1]:.3f}")
    weights, per_example = fit_with_jax()
    print(f"a TensorFlow loss under jax.grad: weights {np.round(np.asarray(weights), 2)}")
    print(f"gradients of {len(per_example)} examples by jax.vmap: {per_example.shape}")
    print(f"array handed over without a copy: {hand_over()[0]}")


if __name__ == "__main__":
    main()
