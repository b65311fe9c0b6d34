"""Programs over functions that call Python functions of which not even the rank of the results is said (see
`function_values`)."""

import numpy as np

from oracle.function_programs import plain, program
from oracle.function_values import seen_of


def called(tf, body, calls):
    """What calls of a recorded `body(x, log)` give, and what it has logged."""
    log, runs = [], []

    @tf.function
    def function(*args):
        runs.append(None)
        return body(*args, log)

    found = [seen_of(function, *[tf.constant(a) for a in args]) for args in calls]
    return [*found, log, function.experimental_get_tracing_count()], len(runs)


def noted(log, result):
    """A Python function that notes what it is called with."""

    def act(x):
        log.append(np.asarray(x).tolist())
        return result(x)

    return act


@program
def values_scalars_of_python_functions(tf):
    def body(x, log):
        y = tf.numpy_function(noted(log, lambda x: np.float32(x.sum())), [x], tf.float32)
        n = tf.py_function(noted(log, lambda x: tf.size(x) + 1), [x], tf.int32)
        if y > 0.0:
            y = y * 2.0
        return y + 1.0, tf.cast(n, tf.float32) * y, x * y

    return called(tf, body, [([1.0, 2.0],), ([-1.0, -2.0],), ([3.0],)])


@program
def values_vectors_of_python_functions(tf):
    def body(x, log):
        y = tf.numpy_function(noted(log, lambda x: x[x > 0.0]), [x], tf.float32)
        tf.print("vectors", output_stream="file:///dev/null")
        z = tf.numpy_function(noted(log, lambda x: x + 1.0), [y * 2.0], tf.float32)
        return y + 1.0, tf.reduce_sum(z)

    return called(tf, body, [([1.0, 2.0],), ([-1.0, 2.0],), ([3.0],)])[0]


@program
def values_matrices_of_python_functions(tf):
    def body(x, log):
        y = tf.numpy_function(noted(log, lambda x: np.outer(x, x)), [x], tf.float32)
        return tf.matmul(y, y), y[0]

    return called(tf, body, [([1.0, 2.0],), ([-1.0, 2.0],), ([3.0],)])[0]


@program
def values_some_results_of_python_functions(tf):
    def body(x, log):
        act = noted(log, lambda x: (x * 2.0, np.float32(x.max()), bool(x.min() > 0.0)))
        y, top, positive = tf.numpy_function(act, [x], [tf.float32, tf.float32, tf.bool])
        y.set_shape([None])
        if positive:
            y = y / top
        return y, top

    return called(tf, body, [([1.0, 2.0],), ([-1.0, 2.0],), ([3.0],)])


@program
def values_gradients_with_scalars_of_python_functions(tf):
    v = tf.Variable(3.0)

    def body(x, log):
        with tf.GradientTape() as tape:
            tape.watch(x)
            scale = tf.py_function(noted(log, lambda x: tf.reduce_max(x) * 2.0), [x], tf.float32)
            loss = tf.reduce_sum(x * scale) * v
        return loss, tape.gradient(loss, [x, v])

    def outside(x, log):
        return tf.py_function(lambda x: tf.reduce_sum(x * x), [x], tf.float32) * v

    found, runs = called(tf, body, [([1.0, 2.0],), ([-1.0, 2.0],), ([3.0],)])
    f = tf.function(lambda x: outside(x, []))
    for numbers in ([1.0, 2.0], [-3.0]):
        x = tf.constant(numbers)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        found.append(plain(tape.gradient(y, [x, v])))
    return [found[:3], found[4:], runs]


@program
def values_of_episodes(tf):
    model = tf.Variable([[0.5, -0.2], [0.1, 0.3]])
    steps = []

    def act(state, action):
        steps.append(int(action))
        state = state * 0.5 + (1.0 if action else -1.0)
        return state.astype(np.float32), np.float32(state.sum()), len(steps) % 7 == 0

    @tf.numpy_function(Tout=[tf.float32, tf.float32, tf.bool])
    def env_step(state, action):
        return act(state, action)

    runs = []

    @tf.function
    def train_step(initial, limit):
        runs.append(None)
        with tf.GradientTape() as tape:
            values, rewards = [tf.TensorArray(tf.float32, size=0, dynamic_size=True) for _ in range(2)]
            state, shape = initial, initial.shape
            for t in tf.range(limit):
                logits = tf.matmul(tf.expand_dims(state, 0), model)
                action = tf.argmax(logits, 1)[0]
                values = values.write(t, tf.squeeze(logits[0, 0]))
                state, reward, done = env_step(state, action)
                state.set_shape(shape)
                rewards = rewards.write(t, reward)
                if tf.cast(done, tf.bool):
                    break
            values, rewards = values.stack(), rewards.stack()
            total, returns = tf.constant(0.0), tf.TensorArray(tf.float32, size=tf.shape(rewards)[0])
            reverse = rewards[::-1]
            for i in tf.range(tf.shape(rewards)[0]):
                total = reverse[i] + 0.9 * total
                total.set_shape([])
                returns = returns.write(i, total)
            returns = returns.stack()[::-1]
            loss = tf.reduce_sum((returns - values) ** 2)
        gradient = tape.gradient(loss, model)
        model.assign_sub(0.001 * gradient)
        return loss, returns, gradient

    found = [seen_of(train_step, tf.constant([0.1, 0.2]), tf.constant(n)) for n in (5, 10, 3, 20)]
    return [*found, steps, plain(model), len(runs), train_step.experimental_get_tracing_count()]
