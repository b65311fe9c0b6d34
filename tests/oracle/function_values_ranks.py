"""Programs over functions in which branches give tensors of different ranks (see `function_values`)."""

from oracle.function_programs import plain, program
from oracle.function_sizes import said
from oracle.function_values import NUMBERS, seen_of, values


@values(*NUMBERS)
def ranks_of_branches(tf, show, x):
    y = tf.cond(x[0] > 0.0, lambda: tf.reduce_sum(x), lambda: x)
    show(y)
    return y


@values(*NUMBERS)
def ranks_of_if_statements(tf, show, x):
    scale = tf.reduce_max(x)
    if x[0] > 0.0:
        y, z = x * scale, tf.reshape(x, [2, 2])
    else:
        y, z = scale, x + 1.0
    show(y, z)
    return y, z, scale


@values(*NUMBERS)
def ranks_of_switches(tf, show, x):
    k = tf.cast(x[2], tf.int32) % 3
    return tf.switch_case(k, [lambda: x, lambda: x[0], lambda: tf.reshape(x, [2, 2])]), k


@values(*NUMBERS)
def ranks_in_nested_branches(tf, show, x):
    if x[0] > 0.0:
        if x[1] > 0.0:
            y = x
        else:
            y = x[0]
    else:
        y = tf.reshape(x, [2, 2])
    return y


@values(*NUMBERS)
def ranks_that_are_set(tf, show, x):
    y = tf.cond(x[0] > 0.0, lambda: tf.boolean_mask(x, x > 0.0), lambda: tf.reshape(x[0], tf.ones([tf.rank(x)], tf.int32)))
    z = tf.cond(x[0] < 5.0, lambda: tf.boolean_mask(x, x > 0.0), lambda: x[0])
    z.set_shape([None])
    show(z)
    return y, z * 2.0, tf.shape(z)


@values(*NUMBERS)
def ranks_that_are_not_needed(tf, show, x):
    y = tf.cond(x[0] > 0.0, lambda: x[0], lambda: x)
    z = tf.cond(x[1] > 0.0, lambda: y, lambda: y)
    return x * 2.0, z


@values(*NUMBERS)
def ranks_and_early_returns(tf, show, x):
    if tf.reduce_any(x > 2.5):
        return tf.boolean_mask(x, x > 2.5)
    return tf.reduce_sum(x)


@program
def values_ranks_with_gradients_outside(tf):
    v, runs = tf.Variable(2.0), []

    @tf.function
    def f(x):
        runs.append(None)
        return tf.cond(x[0] > 0.0, lambda: tf.reduce_sum(x * v), lambda: x * v * v)

    found = []
    for (numbers,) in NUMBERS:
        x = tf.constant(numbers)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        found += [said(y), said(tape.gradient(y, [x, v]))]
    return [*found, len(runs)]


@program
def values_ranks_in_called_functions(tf):
    runs = []

    @tf.function
    def inner(x):
        runs.append(None)
        return tf.cond(x[0] > 0.0, lambda: tf.reduce_sum(x), lambda: x)

    @tf.function
    def outer(x):
        return inner(x), inner(-x), x + 1.0

    return [*[seen_of(outer, tf.constant(numbers)) for (numbers,) in NUMBERS], len(runs), plain(outer(tf.constant([1.0, 2.0]))[2])]
