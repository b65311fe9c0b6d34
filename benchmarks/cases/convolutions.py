"""Training steps of convolutional networks in a tf.function, hot: a plain one, a generator's, a depthwise separable one."""

import numpy as np
from goals import faster, within

TITLE = "tf.function: training step of convolutions, batch 32"
KIND = "steady"
ENGINES = ("tfcompat", "jax", "tensorflow-function", "tensorflow-xla")
RATE = 1e-3
# Shape of the images, and of each layer (kind, shape of its filters, stride); transposed filters are [height, width, out, in].
NETWORKS = {
    "plain, 28x28x1": ((28, 28, 1), [("plain", (3, 3, 1, 16), 1), ("plain", (3, 3, 16, 32), 2), ("plain", (3, 3, 32, 64), 2)]),
    "transposed, 7x7x64 to 28x28x1": (
        (7, 7, 64), [("transposed", (5, 5, 32, 64), 1), ("transposed", (5, 5, 16, 32), 2), ("transposed", (5, 5, 1, 16), 2)],
    ),
    "depthwise separable, 32x32x16": (
        (32, 32, 16),
        [("depthwise", (3, 3, 16, 1), 1), ("plain", (1, 1, 16, 32), 1), ("depthwise", (3, 3, 32, 1), 2), ("plain", (1, 1, 32, 64), 1)],
    ),
}  # fmt: skip
PARTS = tuple(NETWORKS)
GOALS = {part: (faster(1, than="tensorflow-function"), within(1, of="jax")) for part in PARTS}


def _data(part):
    size, layers = NETWORKS[part]
    rng = np.random.default_rng(0)
    images = rng.normal(size=(32, *size)).astype("float32")
    return images, [rng.normal(size=shape).astype("float32") * 0.1 for _, shape, _ in layers], layers


def build(tf, part, function=None):
    images, weights, layers = _data(part)
    images, weights = tf.constant(images), [tf.Variable(w) for w in weights]
    apply = {"plain": tf.nn.conv2d, "depthwise": tf.nn.depthwise_conv2d}

    def model(x):
        for (kind, shape, stride), w in zip(layers, weights, strict=True):
            strides = [1, stride, stride, 1]
            if kind == "transposed":
                rows = x.shape[1] * stride
                x = tf.nn.conv2d_transpose(x, w, (32, rows, rows, shape[2]), strides, "SAME")
            else:
                x = apply[kind](x, w, strides, "SAME")
            x = tf.nn.relu(x)
        return x

    def train(images):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(images) - 0.5))
        for w, g in zip(weights, tape.gradient(loss, weights), strict=True):
            w.assign_sub(RATE * g)
        return loss

    train = function(train) if function is not None else tf.function(train, jit_compile=True)
    return lambda: train(images).numpy()


def build_jax(part):
    import jax
    import jax.numpy as jnp
    from jax import lax

    images, weights, layers = _data(part)
    images, state = jnp.array(images), [jnp.array(w) for w in weights]
    numbers = ("NHWC", "HWIO", "NHWC")

    def model(weights, x):
        for (kind, shape, stride), w in zip(layers, weights, strict=True):
            if kind == "transposed":
                x = lax.conv_transpose(x, w, (stride, stride), "SAME", dimension_numbers=numbers, transpose_kernel=True)
            elif kind == "depthwise":
                w = w.reshape(*shape[:2], 1, -1)
                x = lax.conv_general_dilated(x, w, (stride, stride), "SAME", dimension_numbers=numbers, feature_group_count=shape[2])
            else:
                x = lax.conv_general_dilated(x, w, (stride, stride), "SAME", dimension_numbers=numbers)
            x = jax.nn.relu(x)
        return x

    def train(weights, images):
        loss, gradients = jax.value_and_grad(lambda w: jnp.mean(jnp.square(model(w, images) - 0.5)))(weights)
        return loss, [w - RATE * g for w, g in zip(weights, gradients, strict=True)]

    compiled = jax.jit(train, donate_argnums=0)

    def step():
        nonlocal state
        loss, state = compiled(state, images)
        return np.asarray(loss)

    return step
