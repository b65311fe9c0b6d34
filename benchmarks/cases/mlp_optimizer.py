"""A training step of the 4-layer perceptron with an optimizer of Keras, as eager code, the loss read at every step."""

import jax_mlp
import numpy as np
from goals import faster

TITLE = "the same MLP, training step with an optimizer of Keras"
KIND = "steady"
ENGINES = ("tfcompat", "jax", "tensorflow")
PARTS = ("SGD", "Adam")
GOALS = {"*": (faster(3),)}


def build(tf, part):
    inputs, labels, parameters = jax_mlp.data()
    inputs, labels = tf.constant(inputs), tf.constant(labels)
    parameters = [tf.Variable(value) for pair in parameters for value in pair]
    optimizer = getattr(tf.optimizers, part)(learning_rate=1e-3)

    def step():
        with tf.GradientTape() as tape:
            hidden = inputs
            for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
                hidden = tf.nn.relu(hidden @ weight + bias)
            loss = tf.reduce_mean(tf.square(hidden - labels))
        optimizer.apply_gradients(zip(tape.gradient(loss, parameters), parameters, strict=True))
        return loss.numpy()

    return step


def build_jax(part):
    import jax
    import jax.numpy as jnp

    inputs, labels, parameters = jax.tree.map(jnp.array, jax_mlp.data())
    update = {"SGD": jax_mlp.sgd, "Adam": jax_mlp.adam}[part]
    state = jax_mlp.state_of(parameters, moments=part == "Adam")

    def train(state, inputs, labels):
        loss, gradients = jax.value_and_grad(jax_mlp.loss)(state[0], inputs, labels)
        return update(state, gradients), loss

    train = jax.jit(train, donate_argnums=0)

    def step():
        nonlocal state
        state, loss = train(state, inputs, labels)
        jax.block_until_ready(state)
        return np.asarray(loss)

    return step
