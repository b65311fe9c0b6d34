"""The 4-layer perceptron that several cases share: its data, and its loss and optimizers in hand-written JAX."""

import numpy as np

LAYERS, WIDTH, BATCH = 4, 64, 32


def data():
    """(inputs, labels, [(weight, bias), ...]) as float32 arrays, the same ones every time."""
    rng = np.random.default_rng(0)

    def normal(*shape):
        return rng.normal(size=shape).astype("float32")

    parameters = [(normal(WIDTH, WIDTH) * np.float32(0.1), np.zeros(WIDTH, "float32")) for _ in range(LAYERS)]
    return normal(BATCH, WIDTH), normal(BATCH, WIDTH), parameters


def loss(parameters, inputs, labels):
    import jax
    import jax.numpy as jnp

    hidden = inputs
    for weight, bias in parameters:
        hidden = jax.nn.relu(hidden @ weight + bias)
    return jnp.mean((hidden - labels) ** 2)


def state_of(parameters, moments):
    """What an update changes: the parameters, for Adam its two moments, and the number of steps."""
    import jax
    import jax.numpy as jnp

    zeros = [jax.tree.map(jnp.zeros_like, parameters) for _ in range(2 if moments else 0)]
    return [parameters, *zeros, jnp.zeros((), "int32")]


def sgd(state, gradients, rate=1e-3):
    import jax

    parameters, steps = state
    return [jax.tree.map(lambda p, g: p - rate * g, parameters, gradients), steps + 1]


def adam(state, gradients, rate=1e-3, decay=0.9, decay_2=0.999, epsilon=1e-7):
    import jax
    import jax.numpy as jnp

    parameters, first, second, steps = state
    steps = steps + 1
    first = jax.tree.map(lambda m, g: m + (g - m) * (1 - decay), first, gradients)
    second = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - decay_2), second, gradients)
    scale = rate * jnp.sqrt(1 - decay_2**steps) / (1 - decay**steps)
    parameters = jax.tree.map(lambda p, m, v: p - scale * m / (jnp.sqrt(v) + epsilon), parameters, first, second)
    return [parameters, first, second, steps]
