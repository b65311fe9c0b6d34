"""The gradient of a 4-layer perceptron, 64 wide, batch 32: eager code without a decorator."""

import jax_mlp
import numpy as np
from goals import faster, within

TITLE = "4-layer MLP (64 wide, batch 32), gradient"
KIND = "steady"
ENGINES = ("tfcompat", "jax", "tensorflow", "tensorflow-function", "tensorflow-xla")
PARTS = ("",)
GOALS = {"*": (faster(10), faster(1, than="tensorflow-function"), within(1.8, of="jax"))}


def build(tf, part, function=lambda python: python):
    inputs, labels, parameters = (tf.nest.map_structure(tf.constant, data) for data in jax_mlp.data())
    parameters = [tf.Variable(value) for pair in parameters for value in pair]

    @function
    def gradients():
        with tf.GradientTape() as tape:
            hidden = inputs
            for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
                hidden = tf.nn.relu(hidden @ weight + bias)
            loss = tf.reduce_mean(tf.square(hidden - labels))
        return tape.gradient(loss, parameters)

    def step():
        results = gradients()  # all of them stay alive while one is read: all have to be computed
        return results[0].numpy()

    return step


def build_jax(part):
    import jax

    inputs, labels, parameters = jax.tree.map(jax.numpy.asarray, jax_mlp.data())
    gradients = jax.jit(jax.grad(jax_mlp.loss))

    def step():
        results = jax.block_until_ready(gradients(parameters, inputs, labels))
        return np.asarray(results[0][0])

    return step
