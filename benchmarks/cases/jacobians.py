"""Warm: the Jacobian of a perceptron with 100 inputs and outputs, and Hessian-vector products of its loss."""

import numpy as np
from goals import within

TITLE = "a Jacobian and Hessian-vector products of a perceptron, 100 wide"
KIND = "steady"
ENGINES = ("tfcompat", "jax", "tensorflow")
PARTS = ("jacobian", "jacobian in tf.function", "tape over tape", "forward over tape")
JACOBIAN = (within(1.3, "jax"),)
GOALS = {"jacobian": JACOBIAN, "jacobian in tf.function": JACOBIAN, "tape over tape": (within(2, "jax"),), "forward over tape": (within(2, "jax"),)}
WIDTH, LAYERS, BATCH = 100, 3, 32


def _data():
    rng = np.random.default_rng(0)
    weights = [(rng.normal(size=(WIDTH, WIDTH)) * WIDTH**-0.5).astype("float32") for _ in range(LAYERS)]
    vectors = [rng.normal(size=w.shape).astype("float32") for w in weights]
    return rng.normal(size=(BATCH, WIDTH)).astype("float32"), weights, vectors


def build(tf, part):
    x, weights, vectors = _data()
    row, x = tf.constant(x[:1]), tf.constant(x)
    weights, vectors = [tf.Variable(w) for w in weights], [tf.constant(v) for v in vectors]

    def model(x):
        for w in weights:
            x = tf.tanh(x @ w)
        return x

    def jacobian():
        with tf.GradientTape() as tape:
            tape.watch(row)
            y = model(row)
        return tape.jacobian(y, row)

    recorded = tf.function(jacobian)

    def tape_over_tape():
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss = tf.reduce_sum(model(x) ** 2)
            slopes = inner.gradient(loss, weights)
        return outer.gradient(slopes, weights, output_gradients=vectors)

    def forward_over_tape():
        with tf.autodiff.ForwardAccumulator(weights, vectors) as accumulator:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(model(x) ** 2)
            slopes = tape.gradient(loss, weights)
        return accumulator.jvp(slopes)

    # The products are read when the gradients are gone, which JAX's function does not return either. Nobody copies what is read.
    return {
        "jacobian": lambda: np.asarray(jacobian()),
        "jacobian in tf.function": lambda: np.asarray(recorded()),
        "tape over tape": lambda: [np.asarray(g) for g in tape_over_tape()],
        "forward over tape": lambda: [np.asarray(t) for t in forward_over_tape()],
    }[part]


def build_jax(part):
    import jax
    import jax.numpy as jnp

    x, weights, vectors = jax.tree.map(jnp.array, _data())
    row = x[:1]

    def model(weights, x):
        for w in weights:
            x = jnp.tanh(x @ w)
        return x

    def loss(weights, x):
        return jnp.sum(model(weights, x) ** 2)

    jacobian = jax.jit(jax.jacrev(model, 1))
    product = jax.jit(lambda w, v, x: jax.jvp(lambda w: jax.grad(loss)(w, x), (w,), (v,))[1])
    if part.startswith("jacobian"):
        return lambda: np.asarray(jacobian(weights, row))
    return lambda: [np.asarray(g) for g in product(weights, vectors, x)]
