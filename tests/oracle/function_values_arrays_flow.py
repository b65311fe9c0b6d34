"""Programs over functions in which a TensorArray grows: gradients, calls, variables, Python functions (see
`function_values_arrays`)."""

import numpy as np

from oracle.function_programs import plain, program
from oracle.function_sizes import said
from oracle.function_values import NUMBERS, seen_of, values
from oracle.function_values_arrays import FAR

# Gradients


@values(*NUMBERS)
def gradients_of_arrays_that_grow(tf, show, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        i, total = 0, tf.constant(1.0)
        while i < 4 and total < 20.0:
            total = total * x[i] * x[i] + 1.0
            found = found.write(i, total * x[0])
            i += 1
        y = found.stack()
        loss = tf.reduce_sum(y * y)
    show(y)
    return tape.gradient(loss, x), tape.gradient(y, x), y


@values(*NUMBERS)
def gradients_of_arrays_that_are_read(tf, show, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = tf.TensorArray(tf.float32, size=1, dynamic_size=True, clear_after_read=False)
        found = found.write(0, x[0])
        for i in tf.range(1, 4):
            if x[i] > 4.0:
                break
            found = found.write(i, found.read(i - 1) * x[i])
        loss = tf.reduce_sum(found.gather(tf.range(found.size())) ** 2)
    return tape.gradient(loss, x), loss


@values(*FAR)
def gradients_of_arrays_that_grow_far(tf, show, n):
    x = tf.constant([0.5, 0.9])
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        y, i = x, 0
        while i < n:
            y = tf.sin(y) + 0.1 * x
            found = found.write(2 * i, y)
            i += 1
        loss = tf.reduce_sum(found.stack() ** 2)
    return tape.gradient(loss, x), loss


@values(*FAR)
def gradients_of_arrays_that_grow_far_beside_masks(tf, show, n):
    x = tf.constant([0.5, 0.9, -0.3])
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        y, i = x, 0
        while i < n // 2:
            y = tf.sin(y) + 0.1 * tf.reduce_sum(tf.boolean_mask(x, x > 0.0))
            found = found.write(2 * i, y)
            i += 1
        loss = tf.reduce_sum(found.stack() ** 2)
    return tape.gradient(loss, x), loss


@program
def values_gradients_outside_of_arrays(tf):
    v = tf.Variable(1.5)

    def body(x, n):
        found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        y, i = x, 0
        while i < n:
            y = y * v + 1.0
            found = found.write(i, y)
            i += 1
        return found.stack()

    f = tf.function(body)
    found = []
    for n in (3, 1, 2, 3):
        x = tf.constant([1.0, 2.0])
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = f(x, tf.constant(n))
            loss = tf.reduce_sum(tf.sin(y))
        found += [said(y), said(tape.gradient(loss, [x, v])), said(tape.gradient(y, x))]
    return [*found, f.experimental_get_tracing_count()]


@program
def values_training_on_episodes(tf):
    w, runs = tf.Variable([[0.1, -0.2], [0.3, 0.1]]), []
    optimizer = tf.keras.optimizers.SGD(0.1)

    @tf.function
    def step(start, limit):
        runs.append(None)
        with tf.GradientTape() as tape:
            logits = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
            state = start
            for t in tf.range(limit):
                state = tf.tanh(tf.matmul(state, w))
                logits = logits.write(t, tf.squeeze(state))
                if tf.reduce_max(tf.abs(state)) < 0.02:
                    break
            loss = tf.reduce_mean(tf.square(logits.stack()))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
        return loss, tf.shape(logits.stack())

    found = [seen_of(step, tf.constant([[1.0, 2.0]]), tf.constant(n)) for n in (3, 5, 2, 3)]
    return [*found, plain(w), len(runs), step.experimental_get_tracing_count()]


@program
def values_arrays_in_called_functions(tf):
    runs = []

    @tf.function
    def inner(n):
        runs.append(None)
        found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        i = 0
        while i < n:
            found = found.write(i, tf.cast(i, tf.float32))
            i += 1
        return found.stack()

    @tf.function
    def outer(n):
        return tf.concat([inner(n), inner(n + 1)], 0), tf.reduce_sum(inner(n))

    return [*[seen_of(outer, tf.constant(n)) for n in (2, 0, 3)], len(runs), outer.experimental_get_tracing_count()]


@program
def values_variables_and_arrays_that_grow(tf):
    count, log = tf.Variable(0), []

    @tf.function
    def f(n):
        log.append(None)
        found = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
        while count < n:
            found = found.write(count % 4, count.read_value())
            count.assign_add(1)
        return found.stack()

    return [*[seen_of(f, tf.constant(n)) for n in (2, 6, 6, 9)], plain(count), len(log)]


@program
def values_arrays_that_are_long(tf):
    @tf.function
    def f(n):
        found = tf.TensorArray(tf.int64, size=0, dynamic_size=True)
        k = n
        i = 0
        while k != 1:
            found = found.write(i, k)
            k = k // 2 if k % 2 == 0 else 3 * k + 1
            i += 1
        y = found.stack()
        return tf.shape(y), tf.reduce_sum(y), y[-1], tf.reduce_max(y)

    return [seen_of(f, tf.constant(n, tf.int64)) for n in (27, 1, 97, 6)]




@program
def values_python_functions_and_arrays(tf):
    log = []

    def act(x):
        log.append(round(float(x), 3))
        return np.float32(x * 0.9 + 1.0), bool(x > 8.0)

    @tf.function
    def episode(x, limit):
        states = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for t in tf.range(limit):
            states = states.write(t, x)
            x, done = tf.numpy_function(act, [x], (tf.float32, tf.bool))
            x.set_shape([])
            done.set_shape([])
            if done:
                break
        return states.stack(), x

    found = [seen_of(episode, tf.constant(x), tf.constant(n)) for x, n in ((0.0, 5), (0.0, 30), (7.9, 30), (1.0, 0))]
    return [*found, len(log), log, episode.experimental_get_tracing_count()]


@program
def values_python_functions_and_arrays_of_known_length(tf):
    log = []

    @tf.function
    def episode(x):
        found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for t in tf.range(20):
            if t % 2 == 0:
                found = found.write(found.size(), x)
            tf.py_function(lambda v: log.append(float(v)), [x], [])
            x = x + 1.0
        return found.stack()

    return [seen_of(episode, tf.constant(1.0)), seen_of(episode, tf.constant(-1.0)), len(log), log]


@program
def values_python_functions_and_arrays_that_leap(tf):
    log = []

    @tf.function
    def f(n):
        found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for i in tf.range(n):
            found = found.write(40 * i, tf.cast(i, tf.float32))
            total = tf.reduce_sum(found.stack())
            found = found.write(40 * i + 1, tf.numpy_function(lambda x: x + np.float32(0.5), [total], tf.float32))
        y = found.stack()
        log.append(str(y.shape))
        return tf.shape(y), tf.reduce_sum(y), y[-1]

    return [*[seen_of(f, tf.constant(n)) for n in (1, 2, 4, 3)], log[0]]
