"""One small op, amortised over a chain of 100 that ends with a read of the result."""

import numpy as np
from goals import at_most_microseconds, faster

TITLE = "one op, in a chain of 100 with its read"
KIND = "steady"
ENGINES = ("tfcompat", "tensorflow", "jax")
PARTS = ("add", "mul", "reduce_sum", "matmul")
PER_CALL = 100
GOALS = {"*": (at_most_microseconds(5), faster(8))}


def build(tf, part):
    x = tf.constant(np.full((8, 8), 1.5, "float32"))
    other = tf.constant(np.full((8, 8), 1.01, "float32"))
    rotation = tf.constant(np.roll(np.eye(8, dtype="float32"), 1, axis=0))

    def add():
        y = x
        for _ in range(PER_CALL):
            y = y + other
        return y.numpy()

    def mul():
        y = x
        for _ in range(PER_CALL):
            y = y * other
        return y.numpy()

    def reduce_sum():
        y = x
        for _ in range(PER_CALL):
            y = tf.reduce_sum(y, axis=1, keepdims=True)
        return y.numpy()

    def matmul():
        y = x
        for _ in range(PER_CALL):
            y = tf.matmul(y, rotation)
        return y.numpy()

    return {"add": add, "mul": mul, "reduce_sum": reduce_sum, "matmul": matmul}[part]


def build_jax(part):
    import jax
    import jax.numpy as jnp

    x = jnp.full((8, 8), 1.5, "float32")
    operand = (
        jnp.roll(jnp.eye(8, dtype="float32"), 1, axis=0) if part == "matmul" else jnp.full((8, 8), 1.01, "float32")
    )
    op = {
        "add": lambda y, z: y + z,
        "mul": lambda y, z: y * z,
        "reduce_sum": lambda y, z: jnp.sum(y, axis=1, keepdims=True),
        "matmul": jnp.matmul,
    }[part]

    @jax.jit
    def chain(y, z):
        for _ in range(PER_CALL):
            y = op(y, z)
        return y

    return lambda: np.asarray(chain(x, operand))
