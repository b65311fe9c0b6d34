"""Gradients of and inside `tf.function`, control flow ops, maps and scans: tapes, Jacobians, accumulators."""

import numpy as np

from .shared import attempt, program


@program
def tape_around_a_function(tf):
    w = tf.Variable([[1.0, -0.5], [0.25, 2.0]])

    @tf.function
    def f(x):
        return tf.tanh(x @ w) * x

    x = tf.constant([[1.0, 2.0], [-1.0, 0.5]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = f(x)
    return [tape.gradient(y, [x, w]), tape.jacobian(y, x), tape.batch_jacobian(y, x)]


@program
def tape_inside_a_function(tf):
    w = tf.Variable([1.0, 2.0])

    @tf.function
    def f(x):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.sin(x) * w)
            z = tf.sin(x) * w
        return tape.gradient(y, [x, w]), tape.jacobian(z, x), len(tape.watched_variables())

    return [f(tf.constant([0.5, -1.0])), f(tf.constant([0.25, 3.0]))]


@program
def second_order_of_a_function(tf):
    @tf.function
    def f(x):
        return tf.reduce_sum(x**3 * tf.exp(x))

    x = tf.constant([0.5, -1.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        slope = inner.gradient(y, x)
    return [slope, outer.jacobian(slope, x)]


@program
def tapes_nested_in_a_function(tf):
    @tf.function
    def f(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = x**4
            slope = inner.gradient(y, x)
        return slope, outer.gradient(slope, x)

    return f(tf.constant(1.5))


@program
def accumulator_around_a_function(tf):
    w = tf.Variable([2.0, 3.0])

    @tf.function
    def f(x):
        return tf.exp(x) * w

    x = tf.constant([0.5, -1.0])
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 10.0])) as acc:
        y = f(x)
    with tf.autodiff.ForwardAccumulator(w, tf.constant([1.0, 10.0])) as other:
        z = f(x)
    return [acc.jvp(y), other.jvp(z)]


@program
def accumulator_inside_a_function(tf):
    @tf.function
    def f(x):
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as acc:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = tf.reduce_sum(x**3)
            slope = tape.gradient(y, x)
        return slope, acc.jvp(slope)

    return f(tf.constant([1.0, 2.0]))


@program
def custom_gradient_in_a_function(tf):
    @tf.custom_gradient
    def clipped(x):
        return x * x, lambda upstream: tf.clip_by_value(upstream * x, -1.0, 1.0)

    @tf.function
    def f(x):
        return tf.reduce_sum(clipped(x) * 3.0)

    x = tf.constant([0.1, -5.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return [y, tape.gradient(y, x)]


@program
def conditions(tf):
    @tf.function
    def f(x):
        return tf.cond(x > 1.0, lambda: x * x, lambda: 5.0 * x)

    result = []
    for start in (0.5, 3.0):
        x = tf.constant(start)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = f(x)
            z = tf.cond(x > 1.0, lambda x=x: x * x, lambda x=x: 5.0 * x)
        result.append([tape.gradient(y, x), tape.gradient(z, x)])
    return result


@program
def loops_over_tensors(tf):
    @tf.function
    def powers(x, n):
        y = x
        for _ in tf.range(n):
            y = y * x
        return y

    def loop(x):
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x])[1]

    x = tf.constant([1.5, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = powers(x, tf.constant(3)), loop(x)
    return [y, tape.gradient(y, x), z, tape.gradient(z, x)]


@program
def maps_and_scans(tf):
    x = tf.constant([[1.0, 2.0], [3.0, -1.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        a = tf.map_fn(lambda row: tf.reduce_sum(row * row), x)
        b = tf.scan(lambda before, row: before * row, x)
        c = tf.foldl(lambda before, row: before + tf.sin(row), x)
        d = tf.vectorized_map(lambda row: tf.reduce_prod(row), x)
    return [tape.gradient(t, x) for t in (a, b, c, d)]


@program
def unconnected_in_functions(tf):
    v, w = tf.Variable(1.0), tf.Variable(2.0)

    @tf.function
    def f(x):
        w.assign(x)
        return x * v

    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, [x, v, w])


@program
def gradients_of_symbols(tf):
    @tf.function
    def f(x):
        y = x**3
        return tf.gradients(y, x), tf.gradients([y, y * 2.0], [x])

    return attempt(lambda: f(tf.constant([1.0, 2.0])))


@program
def embedding_in_a_function(tf):
    table = tf.Variable(np.arange(8, dtype=np.float32).reshape(4, 2))

    @tf.function
    def f(ids):
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.nn.embedding_lookup(table, ids) ** 2)
        return tf.convert_to_tensor(tape.gradient(y, table))

    @tf.function
    def g(ids):
        return tf.reduce_sum(tf.nn.embedding_lookup(table, ids) ** 2)

    ids = tf.constant([1, 3, 1])
    with tf.GradientTape() as tape:
        y = g(ids)
    return [f(ids), tf.convert_to_tensor(tape.gradient(y, table))]
