"""Gradients taken again and again, with something else each time: what is known of a walk must not be used for another."""

import numpy as np

from .shared import program

_ORDER = (0, 1, 2, 0, 1, 2, 2, 0)


@program
def slices_of_a_variable(tf):
    v, found = tf.Variable([1.0, 2.0, 3.0]), []
    for i in _ORDER:
        with tf.GradientTape() as tape:
            part = v[i]
            tape.watch(part)
            y = part * part * v[1]
        found.append(tape.gradient(y, [part, v]))
    return found


@program
def one_of_two_watched(tf):
    a, b, found = tf.constant(2.0), tf.constant(3.0), []
    for watched in (a, b, a, b, a, b, [a, b], [b, a], a):
        with tf.GradientTape() as tape:
            tape.watch(watched)
            y = a * a * b
        found.append(tape.gradient(y, [a, b]))
    return found


@program
def watched_halfway(tf):
    found = []
    for early in (False, True, False, True, False, True, False, False):
        x = tf.constant(2.0)
        with tf.GradientTape() as tape:
            if early:
                tape.watch(x)
            y = x * x
            tape.watch(x)
            z = y * x
        found.append(tape.gradient(z, x))
    return found


@program
def a_variable_read_before_the_tape(tf):
    v, found = tf.Variable(2.0), []
    for before in (False, True, False, True, False, True):
        value = v.read_value() if before else None
        with tf.GradientTape() as tape:
            y = (value if before else v) * 3.0
            z = y * v
        found.append(tape.gradient(z, v))
    return found


@program
def values_read_between(tf):
    x, found = tf.Variable(1.5), []
    for read in (0, 0, 0, 1, 1, 1, 2, 2, 0):
        with tf.GradientTape(persistent=True) as outer:
            with tf.GradientTape() as inner:
                y = tf.tanh(x * x)
                if read == 1:
                    float(y)
                z = tf.sin(y) * tf.exp(x)
            if read == 2:
                float(z)
            slope = inner.gradient(z, x)
            later = slope * x
        found.append([slope, outer.gradient(later, x), outer.gradient(slope, x), outer.gradient(z, x)])
    return found


@program
def assigned_under_the_tape(tf):
    found = []
    for _ in range(4):
        v, w = tf.Variable(2.0), tf.Variable(3.0)
        with tf.GradientTape() as tape:
            y = v * w
            v.assign(y)
            z = v * w * y
        found.append(tape.gradient(z, [v, w]))
    return found


@program
def functions_that_write(tf):
    v, found = tf.Variable(2.0), []

    @tf.function
    def function(x):
        v.assign(x * 3.0)
        return x * x

    for _ in range(4):
        x = tf.constant(4.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
            z = y * v
            v.assign(1.0)
            last = z * v
        found.append(tape.gradient(last, [x, v]))
    return found


@program
def not_recorded_for_a_while(tf):
    x, found = tf.Variable(2.0), []
    for stopped in (True, False, True, False, True, False):
        with tf.GradientTape() as tape:
            y = x * x
            if stopped:
                with tape.stop_recording():
                    cube = y * x
            else:
                cube = y * x
            z = cube * y + y
        found.append(tape.gradient(z, x))
    return found


@program
def custom_gradients_between(tf):
    x, found = tf.Variable(2.0), []

    @tf.custom_gradient
    def cube(a):
        return a * a * a, lambda upstream: upstream * 7.0

    for _ in range(4):
        with tf.GradientTape(persistent=True) as tape:
            y = cube(x * x) * x
            z = cube(y) + y * x
        found.append([tape.gradient(z, x), tape.gradient(y, x), tape.gradient(z, y)])
    return found


@program
def other_inputs_watched_by_two_tapes(tf):
    """What an op keeps for one tape is not what another one needs."""
    found = []
    for k in _ORDER:
        x, w = tf.constant([[0.5, -1.0], [2.0, 0.25]]), tf.Variable([[1.0, 0.5], [-0.5, 2.0]])
        with tf.GradientTape() as outer:
            with tf.GradientTape(watch_accessed_variables=k != 0) as inner:
                if k != 1:
                    inner.watch(x)
                y = tf.nn.softmax(tf.linalg.inv(x @ w) @ x)
                y = tf.reduce_sum(tf.nn.log_softmax(y * w) * y)
            slopes = inner.gradient(y, [x, w])
            total = tf.add_n([tf.reduce_sum(s * s) for s in slopes if s is not None])
        found.append([slopes, outer.gradient(total, [x, w])])
    return found


@program
def tensors_that_nobody_holds(tf):
    w, found = tf.Variable(0.5), []
    for deep in (2, 2, 2, 3, 3, 3, 2):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = w * 1.0
                for _ in range(deep):
                    y = tf.exp(tf.sin(y)) * tf.reduce_max(tf.stack([y, y * w, tf.cos(y)]))
            y = inner.gradient(y, w) * w
        found.append(outer.gradient(y, w))
    return found


@program
def rows_of_a_table(tf):
    table, found = tf.Variable(np.arange(12.0, dtype=np.float32).reshape(4, 3)), []
    for rows in ([0, 1], [1, 1], [3, 0], [2, 2]):
        with tf.GradientTape() as tape:
            picked = tf.gather(table, tf.constant(rows))
            y = tf.reduce_sum(picked * picked)
        found.append(tape.gradient(y, table))
    return found


@program
def a_tape_entered_again(tf):
    x, tape, found = tf.Variable(3.0), tf.GradientTape(persistent=True), []
    for _ in range(4):
        with tape:
            y = x * x
        z = y * 2.0
        with tape:
            u = z * x + y
        found.append([tape.gradient(u, x), tape.gradient(y, x)])
    return found


@program
def jacobians_and_gradients_in_turns(tf):
    w, x, found = tf.Variable([[1.0, -0.5], [0.25, 2.0]]), tf.constant([[0.5, -1.0], [1.5, 0.25]]), []
    for i in _ORDER:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = tf.tanh(x @ w)
        if i == 0:
            found.append(tape.jacobian(y, [w, x]))
        elif i == 1:
            found.append(tape.batch_jacobian(y, x))
        else:
            found.append(tape.gradient(y, {"x": x}))
    return found


@program
def jacobians_without_a_connection(tf):
    x, other, found = tf.constant([0.5, -1.0]), tf.constant([[1.0, 2.0], [3.0, 4.0]]), []
    for kind in ("none", "zero", "none", "zero", "none", "zero"):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, other])
            y = tf.sin(x) * x
        found.append(tape.jacobian(y, [other, x], unconnected_gradients=kind))
        with tf.GradientTape() as tape:
            tape.watch([x, other])
            y = tf.reshape(tf.sin(x) * x, [2, 1])
        found.append(tape.batch_jacobian(y, other, unconnected_gradients="zero"))
    return found


@program
def gradients_of_jacobians(tf):
    x, found = tf.Variable([0.5, -1.0, 2.0]), []
    for _ in range(4):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = tf.sin(x) * tf.reverse(x, [0])
            slopes = inner.jacobian(y, x)
            size = tf.reduce_sum(slopes * slopes)
        found.append([slopes, outer.jacobian(size, x)])
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = tf.reduce_sum(tf.sin(x) * tf.reverse(x, [0]) ** 2)
            slopes = inner.gradient(y, x)
        found.append(outer.jacobian(slopes, x))
    return found
