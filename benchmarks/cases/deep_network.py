"""From cold: the gradient of a 30-layer tanh network, about 335 primitives that were never seen before."""

import numpy as np
from goals import faster, within

TITLE = "from cold: 30-layer tanh network, gradient"
KIND = "cold"
ENGINES = ("tfcompat", "tensorflow", "jax")
PARTS = ("",)
STEPS, QUICK_STEPS, STEP_NAME, SHOW_FIRST = 100, 100, "step", True
GOALS = {"first call": (within(1.5),), "100 steps": (faster(4),)}


def _data():
    rng = np.random.default_rng(0)
    return rng.random((32, 64), dtype="float32"), rng.normal(size=(64, 64)).astype("float32") * np.float32(0.1)


def build(tf, part):
    x, w = _data()
    x, w = tf.constant(x), tf.Variable(w)

    def step():
        with tf.GradientTape() as tape:
            h = x
            for i in range(30):
                h = tf.tanh(h @ w) + i * 0.1
            loss = tf.reduce_mean(tf.square(h))
        return tape.gradient(loss, w).numpy()

    return step


def build_jax(part):
    import jax
    import jax.numpy as jnp

    x, w = map(jnp.asarray, _data())

    def loss(w, x):
        h = x
        for i in range(30):
            h = jnp.tanh(h @ w) + i * 0.1
        return jnp.mean(h**2)

    gradient = jax.jit(jax.grad(loss))
    return lambda: np.asarray(gradient(w, x))
