"""From cold: training steps of a 3-layer convolutional network on 28x28x1 images, batch 64, as eager code."""

import numpy as np
from goals import within

TITLE = "from cold: 3-layer conv net, training step, 28x28x1, batch 64"
KIND = "cold"
ENGINES = ("tfcompat", "tensorflow", "jax")
PARTS = ("",)
STEPS, QUICK_STEPS, STEP_NAME, SHOW_FIRST = 20, 20, "step", True
GOALS = {"20 steps": (within(1.5),)}
RATE = 0.01


def _data():
    rng = np.random.default_rng(0)
    images = rng.random((64, 28, 28, 1), dtype="float32")
    labels = rng.integers(0, 10, 64).astype("int32")
    shapes = [(3, 3, 1, 16), (3, 3, 16, 32), (3, 3, 32, 64), (7 * 7 * 64, 10)]
    weights = [(rng.normal(size=shape) * np.prod(shape[:-1]) ** -0.5).astype("float32") for shape in shapes]
    return images, labels, weights, [np.zeros(shape[-1], "float32") for shape in shapes]


def build(tf, part):
    images, labels, weights, biases = _data()
    images, labels = tf.constant(images), tf.constant(labels)
    weights, biases = [tf.Variable(value) for value in weights], [tf.Variable(value) for value in biases]
    parameters = weights + biases

    def model(x):
        for layer in range(3):
            x = tf.nn.relu(tf.nn.conv2d(x, weights[layer], strides=1, padding="SAME") + biases[layer])
            if layer < 2:
                x = tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")
        return tf.reshape(x, [-1, 7 * 7 * 64]) @ weights[3] + biases[3]

    def step():
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=model(images))
            loss = tf.reduce_mean(losses)
        for parameter, gradient in zip(parameters, tape.gradient(loss, parameters), strict=True):
            parameter.assign_sub(RATE * gradient)
        return loss.numpy()

    return step


def build_jax(part):
    import jax
    import jax.numpy as jnp

    images, labels, weights, biases = jax.tree.map(jnp.array, _data())
    parameters = (weights, biases)

    def loss_of(parameters, x, labels):
        weights, biases = parameters
        for layer in range(3):
            x = jax.lax.conv_general_dilated(
                x, weights[layer], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            x = jax.nn.relu(x + biases[layer])
            if layer < 2:
                x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        logits = x.reshape(-1, 7 * 7 * 64) @ weights[3] + biases[3]
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1))

    def train(parameters, images, labels):
        loss, gradients = jax.value_and_grad(loss_of)(parameters, images, labels)
        return jax.tree.map(lambda p, g: p - RATE * g, parameters, gradients), loss

    train = jax.jit(train, donate_argnums=0)

    def step():
        nonlocal parameters
        parameters, loss = train(parameters, images, labels)
        jax.block_until_ready(parameters)
        return np.asarray(loss)

    return step
