"""From cold: the loop of a deep Q network: train step, sometimes an action read, at times a target sync or a print."""

import numpy as np
from goals import at_most, faster

TITLE = "from cold: DQN-like loop"
KIND = "cold"
ENGINES = ("tfcompat", "tensorflow", "jax")
PARTS = ("", "Adam of Keras")
STEPS, QUICK_STEPS, STEP_NAME, SHOW_FIRST = 2000, 400, "step", False
# One program each for the targets, the train step and the action; a sync only rebinds variables.
GOALS = {f"{steps:,} steps": (faster(4),) for steps in (STEPS, QUICK_STEPS)}
GOALS |= {"compiles": (at_most(3),), "Adam of Keras, compiles": (at_most(3),)}
SIZES, BATCH, DISCOUNT, RATE = (4, 64, 64, 2), 32, 0.99, 1e-3


class _Replay:
    """Transitions of an imaginary environment, and who decides when a step explores."""

    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.states = self.rng.normal(size=(1000, 4)).astype("float32")
        self.actions = self.rng.integers(0, 2, 1000).astype("int32")
        self.rewards = self.rng.normal(size=1000).astype("float32")
        self.done = (self.rng.random(1000) < 0.1).astype("float32")

    def sample(self):
        i = self.rng.integers(0, 999, BATCH)
        return self.states[i], self.actions[i], self.rewards[i], self.states[i + 1], self.done[i]

    def network(self):
        layers = zip(SIZES, SIZES[1:], strict=False)
        return [((self.rng.normal(size=s) * s[0] ** -0.5).astype("float32"), np.zeros(s[1], "float32")) for s in layers]


def _loop(replay, train, act, sync):
    """One step, whatever the engine: the functions return something that can be read."""
    step = 0

    def one_step():
        nonlocal step
        step += 1
        if replay.rng.random() < 0.3:
            int(act(replay.states[step % 1000][None]))
        loss = train(*replay.sample())
        if step % 100 == 0:
            sync()
        if step % 10 == 0:
            print(step, float(loss))

    return one_step


def build(tf, part):
    replay = _Replay()
    network = [tf.Variable(value) for pair in replay.network() for value in pair]
    target = [tf.Variable(value) for value in network]
    optimizer = tf.optimizers.Adam(RATE) if part else None

    def q_values(x, variables):
        for i in range(0, len(variables), 2):
            x = x @ variables[i] + variables[i + 1]
            if i + 2 < len(variables):
                x = tf.nn.relu(x)
        return x

    def train(states, actions, rewards, next_states, done):
        best = tf.reduce_max(q_values(tf.constant(next_states), target), axis=1)
        wanted = rewards + DISCOUNT * (1.0 - done) * best
        with tf.GradientTape() as tape:
            taken = tf.reduce_sum(q_values(tf.constant(states), network) * tf.one_hot(actions, 2), axis=1)
            loss = tf.reduce_mean(tf.square(wanted - taken))
        gradients = tape.gradient(loss, network)
        if optimizer is not None:
            optimizer.apply_gradients(zip(gradients, network, strict=True))
        else:
            for variable, gradient in zip(network, gradients, strict=True):
                variable.assign_sub(RATE * gradient)
        return loss

    def act(state):
        return tf.argmax(q_values(tf.constant(state), network), axis=1)[0]

    def sync():
        for variable, value in zip(target, network, strict=True):
            variable.assign(value)

    return _loop(replay, train, act, sync)


def build_jax(part):
    import jax
    import jax.numpy as jnp
    import jax_mlp

    replay = _Replay()
    network = jax.tree.map(jnp.array, replay.network())
    target = jax.tree.map(jnp.copy, network)
    state = jax_mlp.state_of(network, moments=bool(part))
    update = jax_mlp.adam if part else jax_mlp.sgd

    def q_values(x, network):
        for weight, bias in network[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        return x @ network[-1][0] + network[-1][1]

    def loss_of(network, target, states, actions, rewards, next_states, done):
        wanted = rewards + DISCOUNT * (1.0 - done) * jnp.max(q_values(next_states, target), axis=1)
        taken = jnp.sum(q_values(states, network) * jax.nn.one_hot(actions, 2), axis=1)
        return jnp.mean((wanted - taken) ** 2)

    def train_step(state, target, *batch):
        loss, gradients = jax.value_and_grad(loss_of)(state[0], target, *batch)
        return update(state, gradients), loss

    train_step = jax.jit(train_step, donate_argnums=0)
    best_action = jax.jit(lambda network, x: jnp.argmax(q_values(x, network), axis=1)[0])

    def train(*batch):
        nonlocal state
        state, loss = train_step(state, target, *batch)
        return loss

    def sync():
        nonlocal target
        target = jax.tree.map(jnp.copy, state[0])

    return _loop(replay, train, lambda x: best_action(state[0], x), sync)
