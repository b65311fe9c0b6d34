"""Programs over gradients of functions in which branches and loops have shapes that depend on values (see `function_values`)."""

from oracle.function_programs import program
from oracle.function_sizes import said
from oracle.function_values import NUMBERS, seen_of, values

CALLS = [*NUMBERS, *NUMBERS, *NUMBERS]  # what comes again is recorded otherwise than what comes once


@values(*CALLS)
def gradients_of_parts_that_come_again(tf, show, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, total = x * 2.0, 0.0
        for i in tf.range(3):
            rows = tf.boolean_mask(y, y > tf.cast(i, tf.float32))
            total += tf.reduce_sum(tf.tanh(rows) * rows)
            if tf.size(rows) > 1:
                y = y + tf.reduce_mean(rows)
            else:
                y = -y
    show(total)
    return total, tape.gradient(total, x), tape.gradient(y, x)


@program
def values_gradients_by_rows(tf):
    table, runs = tf.Variable(tf.reshape(tf.range(8.0), [4, 2])), []

    @tf.function
    def f(x):
        runs.append(1)
        places = tf.cast(tf.where(x > 0.0)[:, 0], tf.int32)
        return tf.reduce_sum(tf.gather(table, places) ** 2.0)

    @tf.function
    def inside(x):
        with tf.GradientTape() as tape:
            total = f(x) + tf.reduce_sum(tf.gather(table, [0]))
        return tf.convert_to_tensor(tape.gradient(total, table))

    found = []
    for (numbers,) in CALLS:
        x = tf.constant(numbers)
        with tf.GradientTape() as tape:
            y = f(x)
        slices = tape.gradient(y, table)
        found.append([type(slices).__name__, said(slices.values), said(slices.indices), said(slices.dense_shape), said(inside(x))])
    return [*found, runs, f.experimental_get_tracing_count()]


@program
def values_gradients_of_some_inputs(tf):
    v, w = tf.Variable([1.0, 2.0, -3.0, 0.5]), tf.Variable(2.0)

    @tf.function
    def f(x, k):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(k)
            total = tf.constant(0.0)
            for i in tf.range(3):
                y = tf.boolean_mask(x * v, x > tf.cast(i, tf.float32))
                total += tf.reduce_sum(y) * w * k
            other = tf.cond(x[0] > 0.0, lambda: tf.reduce_sum(tf.boolean_mask(v, v > 0.0)) * k, lambda: k * 1.0)
        return tape.gradient(total, [v, w, k, x]), tape.gradient(other, [v, w, k]), tape.gradient(total, [v])

    return [seen_of(f, tf.constant(numbers), tf.constant(0.5)) for (numbers,) in CALLS]


# Derivatives of derivatives


@values(*CALLS)
def second_derivatives_of_branches(tf, show, x):
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            if x[0] > 0.0:
                y = tf.reduce_sum(tf.boolean_mask(x, x > 0.0) ** 3.0)
            else:
                y = tf.reduce_sum(x * x)
        slope = tape.gradient(y, x)
        size = tf.reduce_sum(slope**2.0)
    show(slope)
    return slope, outer.gradient(slope, x), outer.gradient(size, x)


@values(*CALLS)
def second_derivatives_of_loops(tf, show, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            total, y = 0.0, x
            for i in tf.range(3):
                rows = tf.boolean_mask(y, y > tf.cast(i, tf.float32) - 1.0)
                total += tf.reduce_sum(rows**3.0)
                y = y * 1.1
        slope = tape.gradient(total, x)
    return slope, outer.gradient(slope, x)


@values(*NUMBERS)
def third_derivatives_of_parts(tf, show, x):
    with tf.GradientTape() as third:
        third.watch(x)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                y = tf.cond(x[1] < 0.0, lambda: tf.reduce_sum(tf.boolean_mask(x, x > 0.0) ** 4.0), lambda: tf.reduce_sum(x**3.0))
            a = first.gradient(y, x)
        b = second.gradient(a, x)
    return a, b, third.gradient(b, x)


@values(*NUMBERS)
def second_derivatives_by_one_tape(tf, show, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.cond(x[0] > 0.0, lambda: tf.reduce_sum(tf.boolean_mask(x, x > 0.0) ** 3.0), lambda: tf.reduce_sum(x**2.0))
        slope = tape.gradient(y, x)
    return slope, tape.gradient(slope, x)


@values(*NUMBERS)
def second_derivatives_of_other_inputs(tf, show, x):
    k = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch([x, k])
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = 0.0
            for i in tf.range(2):
                total += tf.reduce_sum(tf.boolean_mask(x, x > tf.cast(i, tf.float32)) ** 2.0) * k
        slope = tape.gradient(total, x)
        z = tf.reduce_sum(slope * x)
    return slope, outer.gradient(z, [x, k]), outer.gradient(slope, k), outer.gradient(total, k)


@program
def values_second_derivatives_across_calls(tf):
    runs = []

    @tf.function
    def value(x):
        runs.append("value")
        y = tf.cond(x[0] > 0.0, lambda: tf.boolean_mask(x, x > 0.0) ** 3.0, lambda: x**2.0)
        for i in tf.range(2):
            y = y * tf.reduce_sum(tf.boolean_mask(y, y > tf.cast(i, tf.float32)))
        return tf.reduce_sum(y)

    @tf.function
    def slope(x):
        runs.append("slope")
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = value(x)
        return tape.gradient(y, x)

    @tf.function
    def curvature(x):
        runs.append("curvature")
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(slope(x) ** 2.0)
        return tape.gradient(y, x)

    found = []
    for (numbers,) in NUMBERS:
        x = tf.constant(numbers)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(slope(x) ** 2.0)
        found.append([seen_of(slope, x), seen_of(curvature, x), said(tape.gradient(y, x))])
    return [*found, runs]


@program
def values_second_derivatives_in_training(tf):
    w = tf.Variable([[0.5], [-0.25]])

    @tf.function
    def step(x, target):
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(x)
                loss = 0.0
                for i in tf.range(2):
                    rows = tf.boolean_mask(x, target > tf.cast(i, tf.float32))
                    loss += tf.reduce_sum(tf.tanh(tf.matmul(rows, w)))
            slope = inner.gradient(loss, x)
            penalty = tf.reduce_sum(slope**2.0)
            total = loss + penalty
        w.assign_sub(0.1 * tape.gradient(total, w))
        return loss, penalty

    x = tf.constant([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
    return [[said(step(x, tf.constant(t))), said(w)] for t in ([0.5, 1.5, 2.5], [0.0, 0.0, 0.0], [3.0, 3.0, 1.0]) * 2]


@values(*NUMBERS)
def gradients_of_inputs_given_twice(tf, show, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = tf.while_loop(lambda y, z: tf.size(y) < 7, lambda y, z: (tf.concat([y * z[0], [1.0]], 0), z * 2.0), (x, x),
                             shape_invariants=(tf.TensorShape([None]), tf.TensorShape([4])))  # fmt: skip
        w = tf.cond(x[0] > 0.0, lambda: x, lambda: x * tf.reduce_sum(tf.boolean_mask(x, x > 0.0)))
        total = tf.cond(x[1] > 0.0, lambda: tf.reduce_sum(tf.boolean_mask(w * w, w > 0.0)), lambda: tf.reduce_sum(w * 2.0 + x))
    return [tape.gradient(t, x) for t in (y, z, w)], tape.gradient(y, [x]), tape.gradient(z, z), tape.gradient(total, [w, x])


@program
def values_gradients_of_constants(tf):
    @tf.function
    def f(x):
        k, m = tf.constant(2.0), tf.constant([1.0, 2.0, 3.0, 4.0])
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([k, m])
            y = tf.cond(x[0] > 0.0, lambda: tf.reduce_sum(x * m) * k, lambda: k**2.0 + m[0])
            total, i = 0.0, 0
            while i < tf.cast(k, tf.int32):
                total += k * tf.reduce_sum(m[1:] * x[1:])
                i += 1
        return tape.gradient(y, [k, m]), tape.gradient(total, [k, m])

    return [seen_of(f, tf.constant(numbers)) for (numbers,) in NUMBERS]
