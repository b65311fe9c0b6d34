"""The gradient of a linear regression on four points, as eager code."""

import numpy as np
from goals import faster

TITLE = "linear regression, gradient"
KIND = "steady"
ENGINES = ("tfcompat", "jax", "tensorflow")
PARTS = ("",)
GOALS = {"*": (faster(25),)}
INPUTS, LABELS = [2.3, 1.4, 5.9, 3.6], [4.8, 3.0, 12.0, 7.4]


def build(tf, part):
    train_x, train_y = tf.Variable(INPUTS), tf.Variable(LABELS)
    weight, bias = tf.Variable(0.0), tf.Variable(0.0)

    def step():
        with tf.GradientTape() as tape:
            predicted = train_x * weight + bias
            loss = tf.reduce_sum(tf.pow(predicted - train_y, 2)) / (2 * train_x.shape[0])
        gradients = tape.gradient(loss, [weight, bias])
        return [gradient.numpy() for gradient in gradients]

    return step


def build_jax(part):
    import jax
    import jax.numpy as jnp

    train_x, train_y = jnp.array(INPUTS), jnp.array(LABELS)
    weight, bias = jnp.array(0.0), jnp.array(0.0)

    def loss(parameters, x, y):
        weight, bias = parameters
        return jnp.sum((x * weight + bias - y) ** 2) / (2 * x.shape[0])

    gradient = jax.jit(jax.grad(loss))
    return lambda: [np.asarray(value) for value in gradient((weight, bias), train_x, train_y)]
