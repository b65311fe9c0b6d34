"""Calls of tf.function: what a call costs, training steps, loops."""

import jax_mlp
import numpy as np
from goals import at_most_microseconds, faster, within

TITLE = "tf.function"
KIND = "steady"
ENGINES = ("tfcompat", "jax", "tensorflow-function", "tensorflow-xla")
TRIVIAL, SGD, ADAM, RECURRENT, LOOP = (
    "call of x + 1", "MLP step, SGD by hand", "MLP step, Keras Adam", "LSTM-like loop, 100 steps, and gradient",
    "while loop of 100,000 iterations",
)  # fmt: skip
PARTS = (TRIVIAL, SGD, ADAM, RECURRENT, LOOP)
GOALS = {
    TRIVIAL: (at_most_microseconds(15), faster(4, than="tensorflow-function")),
    SGD: (within(1.15, of="jax"), faster(3, than="tensorflow-function"), faster(3, than="tensorflow-xla")),
    ADAM: (within(1.3, of="jax"),),
    RECURRENT: (within(1.2, of="jax"), faster(1, than="tensorflow-function")),
    LOOP: (faster(5, than="tensorflow-function"),),
}
STEPS, SIZE, ITERATIONS = 100, 32, 100_000


def build(tf, part, function=None):
    return {TRIVIAL: trivial, SGD: step, ADAM: step, RECURRENT: recurrent, LOOP: loop}[part](tf, part, function or tf.function)


def trivial(tf, part, function):
    add = function(lambda x: x + 1.0)
    x = tf.constant([1.0, 2.0])
    return lambda: add(x).numpy()


def step(tf, part, function):
    inputs, labels, parameters = jax_mlp.data()
    inputs, labels = tf.constant(inputs), tf.constant(labels)
    parameters = [tf.Variable(value) for pair in parameters for value in pair]
    optimizer = tf.optimizers.Adam(learning_rate=1e-3) if part == ADAM else None
    if optimizer is not None:
        optimizer.build(parameters)

    @function
    def train(inputs, labels):
        with tf.GradientTape() as tape:
            hidden = inputs
            for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
                hidden = tf.nn.relu(hidden @ weight + bias)
            loss = tf.reduce_mean(tf.square(hidden - labels))
        gradients = tape.gradient(loss, parameters)
        if optimizer is not None:
            optimizer.apply_gradients(zip(gradients, parameters, strict=True))
        else:
            for variable, gradient in zip(parameters, gradients, strict=True):
                variable.assign_sub(1e-3 * gradient)
        return loss

    return lambda: train(inputs, labels).numpy()


def sequence():
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype("float32") * 0.2 for shape in ((STEPS, SIZE, SIZE), (2 * SIZE, 4 * SIZE))]


def recurrent(tf, part, function):
    inputs, weight = (tf.constant(a) for a in sequence())

    @function
    def loss_and_gradient(inputs, weight):
        with tf.GradientTape() as tape:
            tape.watch(weight)
            hidden = cell = tf.zeros([SIZE, SIZE])
            for t in tf.range(STEPS):
                gates = tf.concat([inputs[t], hidden], 1) @ weight
                i, f, g, o = tf.split(gates, 4, 1)
                cell = tf.sigmoid(f) * cell + tf.sigmoid(i) * tf.tanh(g)
                hidden = tf.sigmoid(o) * tf.tanh(cell)
            loss = tf.reduce_mean(tf.square(hidden))
        return loss, tape.gradient(loss, weight)

    def call():
        loss, gradient = loss_and_gradient(inputs, weight)
        return gradient.numpy()[0] + loss.numpy()

    return call


def loop(tf, part, function):
    @function
    def count(n):
        i, x = 0, 0.0
        while i < n:
            x = x * 0.999 + 1.0
            i += 1
        return x

    n = tf.constant(ITERATIONS)
    return lambda: count(n).numpy()


def build_jax(part):
    import jax
    import jax.numpy as jnp

    if part == TRIVIAL:
        add = jax.jit(lambda x: x + 1.0)
        x = jnp.array([1.0, 2.0])
        return lambda: np.array(add(x))
    if part in (SGD, ADAM):
        inputs, labels, parameters = jax.tree.map(jnp.array, jax_mlp.data())
        update = jax_mlp.sgd if part == SGD else jax_mlp.adam
        state = jax_mlp.state_of(parameters, moments=part == ADAM)

        def train(state, inputs, labels):
            loss, gradients = jax.value_and_grad(jax_mlp.loss)(state[0], inputs, labels)
            return update(state, gradients), loss

        train = jax.jit(train, donate_argnums=0)

        def call():
            nonlocal state
            state, loss = train(state, inputs, labels)
            return np.asarray(loss)

        return call
    if part == LOOP:
        count = jax.jit(lambda n: jax.lax.while_loop(
            lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] * jnp.float32(0.999) + 1), (jnp.int32(0), jnp.float32(0))
        )[1])  # fmt: skip
        return lambda: np.asarray(count(ITERATIONS))

    def forward(weight, inputs):
        def body(state, x):
            hidden, cell = state
            i, f, g, o = jnp.split(jnp.concatenate([x, hidden], 1) @ weight, 4, 1)
            cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(cell), cell), None

        zeros = jnp.zeros((SIZE, SIZE))
        (hidden, _), _ = jax.lax.scan(body, (zeros, zeros), inputs)
        return jnp.mean(hidden**2)

    inputs, weight = (jnp.array(a) for a in sequence())
    gradient = jax.jit(jax.value_and_grad(forward))

    def call():
        loss, of_weight = gradient(weight, inputs)
        return np.asarray(of_weight)[0] + np.asarray(loss)

    return call
