"""A training step with a large embedding table, of which each step reads and updates a few rows, as eager code."""

import numpy as np
from goals import faster, within

TITLE = "embedding of 200,000 x 64, training step"
KIND = "steady"
ENGINES = ("tfcompat", "jax", "tensorflow")
PARTS = ("", "computed positions")
# A copy of the table would cost 20 ms. Computed positions: the check of their range is part of the program.
GOALS = {"*": (faster(2), within(5, "jax"))}
ROWS, WIDTH, BATCH, RATE = 200_000, 64, 128, 0.1


def _data():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(ROWS, WIDTH)).astype("float32")
    weight = rng.normal(size=(WIDTH, WIDTH)).astype("float32") * np.float32(0.1)
    return table, weight, rng.integers(0, ROWS, (16, BATCH)).astype("int32")


def build(tf, part):
    table, weight, positions = _data()
    table, weight = tf.Variable(table), tf.Variable(weight)
    count = 0

    def step():
        nonlocal count
        count += 1
        with tf.GradientTape() as tape:
            rows = tf.constant(positions[count % 16])
            if part:
                rows = tf.abs(rows - 1)
            loss = tf.reduce_mean(tf.square(tf.gather(table, rows) @ weight - 1.0))
        by_table, by_weight = tape.gradient(loss, [table, weight])
        table.scatter_sub(tf.IndexedSlices(RATE * by_table.values, by_table.indices))
        weight.assign_sub(RATE * by_weight)
        return loss.numpy()

    return step


def build_jax(part):
    import jax
    import jax.numpy as jnp

    table, weight, positions = _data()
    state, count = [jnp.array(table), jnp.array(weight)], 0

    def loss_of(rows_of_table, weight):
        return jnp.mean((rows_of_table @ weight - 1.0) ** 2)

    def train(state, rows):
        table, weight = state
        if part:
            rows = jnp.abs(rows - 1)
        loss, (by_rows, by_weight) = jax.value_and_grad(loss_of, (0, 1))(table[rows], weight)
        return [table.at[rows].add(-RATE * by_rows), weight - RATE * by_weight], loss

    train = jax.jit(train, donate_argnums=0)

    def step():
        nonlocal state, count
        count += 1
        state, loss = train(state, positions[count % 16])
        return np.asarray(loss)

    return step
