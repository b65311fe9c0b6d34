"""`tf.GradientTape`: its life, what it watches, targets, sources, results."""

import threading

import numpy as np

from .shared import attempt, kind_of_error, logged, program


@program
def first_example(tf):
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    return tape.gradient(y, x)


@program
def integers_beside_results_with_gradients(tf):
    x = tf.Variable([[1.0, 3.0, 2.0], [4.0, 0.0, 5.0]])
    with tf.GradientTape(persistent=True) as tape:
        best = tf.math.top_k(x, 2)
        order = [tf.argsort(x, direction="DESCENDING"), tf.argmax(x), tf.cast(best.indices, tf.float32), best.indices + 1]
        pooled, places = tf.nn.max_pool_with_argmax(tf.reshape(x, [1, 2, 3, 1]), 2, 1, "VALID")
    targets = [best.indices, best, *order, places, [pooled, places]]
    return [[tape.gradient(t, x), tape.gradient(t, x, unconnected_gradients="zero")] for t in targets]


@program
def integers_with_gradients_in_functions(tf):
    x = tf.Variable([[1.0, 3.0, 2.0], [4.0, 0.0, 5.0]])

    @tf.function
    def inside():
        with tf.GradientTape(persistent=True) as tape:
            best, order = tf.math.top_k(x, 2), tf.argsort(x, direction="DESCENDING")
        return [tape.gradient(best.indices, x), tape.gradient(order, x), tape.gradient(best, x)]

    return inside()


@program
def slices_of_several_targets(tf):
    p = tf.Variable([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]])
    with tf.GradientTape(persistent=True) as tape:
        a, b, c = tf.gather(p, [1, 0]), tf.gather(p, [2, 0]), tf.gather(p, [3])
    return [tape.gradient(t, p) for t in ([a, b], [b, a], [a, b, c], [c, a, b], [b, c, a], [c, b, a], [b, c], [c, b])]


@program
def used_twice(tf):
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    first = tape.gradient(y, x)
    return [
        first,
        attempt(lambda: tape.gradient(y, x)),
        attempt(lambda: tape.jacobian(y, x)),
        kind_of_error(lambda: tape.batch_jacobian(tf.ones([2, 2]), tf.ones([2, 2]))),
        len(tape.watched_variables()),
    ]


@program
def persistent(tf):
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    return [tape.gradient(z, x), tape.gradient(y, x), tape.gradient(z, y), tape.gradient(z, [x, y, z])]


@program
def inside_the_block(tf):
    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = x * x * x
        first = tape.gradient(y, x)
        z = x * x
    with logged(tf), tf.GradientTape(persistent=True) as second:
        y = x * x * x
        slope = second.gradient(y, x)
        again = second.gradient(slope, x)
    return [first, attempt(lambda: tape.gradient(z, x)), slope, again, second.gradient(slope, x)]


@program
def entered_again(tf):
    x = tf.constant(3.0)
    tape = tf.GradientTape()
    with tape:
        tape.watch(x)
        y = x * x
    with tape:
        z = y * 2.0
    first = tape.gradient(z, x)
    with tape:
        tape.watch(x)
        y = x * 5.0
    second = tape.gradient(y, x)

    def twice():
        with tape, tape:
            pass

    return [first, second, attempt(twice)]


@program
def entered_again_persistent(tf):
    x = tf.constant(3.0)
    tape = tf.GradientTape(persistent=True)
    with tape:
        tape.watch(x)
        y = x * x
    one = tape.gradient(y, x)
    with tape:
        z = y * 2.0
    return [one, tape.gradient(z, x), tape.gradient(y, x)]


@program
def raised_inside(tf):
    x = tf.Variable(2.0)
    tape = tf.GradientTape()

    def failing():
        with tape:
            raise KeyError("inside")

    found = attempt(failing)
    with tape:
        y = x * x
    return [found, tape.gradient(y, x)]


@program
def watch_many(tf):
    a, b, c = tf.constant(1.0), tf.constant(2.0), tf.Variable(3.0, trainable=False)
    with tf.GradientTape() as tape:
        tape.watch({"a": a, "rest": [b, (c,)]})
        y = a * b * c
    return [tape.gradient(y, [a, b, c]), len(tape.watched_variables())]


@program
def watch_errors(tf):
    with tf.GradientTape() as tape:
        return [
            attempt(lambda: tape.watch(1.0)),
            attempt(lambda: tape.watch(np.ones(2))),
            attempt(lambda: tape.watch("a")),
            attempt(lambda: tape.watch([])),
            attempt(lambda: tape.watch(None)),
        ]


@program
def watch_integers(tf):
    x = tf.constant([1, 2])
    with logged(tf) as texts, tf.GradientTape() as tape:
        tape.watch(x)
        y = x * 2
    return [tape.gradient(y, x), texts]


@program
def watch_twice(tf):
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        tape.watch(x)
        y = x * x
    return tape.gradient(y, x)


@program
def watch_intermediate(tf):
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        tape.watch(y)
        z = y * y
    return tape.gradient(z, [x, y])


@program
def watch_late(tf):
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        tape.watch(x)
        z = y * x
    return tape.gradient(z, x)


@program
def accessed_variables(tf):
    x, w, frozen = tf.Variable(2.0), tf.Variable(5.0), tf.Variable(7.0, trainable=False)
    with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
        tape.watch(x)
        y = x**2 + w * frozen
    with tf.GradientTape(persistent=True) as other:
        z = x * w * frozen
    return [tape.gradient(y, [x, w, frozen]), len(tape.watched_variables()), other.gradient(z, [x, w, frozen]),
            len(other.watched_variables())]  # fmt: skip


@program
def watched_order(tf):
    made = [tf.Variable(float(i), name=f"v{i}") for i in range(4)]
    with tf.GradientTape() as tape:
        for i in (2, 0, 3, 0):
            made[i] * 2.0
        tape.watch(made[1])
    names = [v.name for v in tape.watched_variables()]
    return [names, [v.name for v in tf.GradientTape().watched_variables()]]


@program
def stop_recording(tf):
    x = tf.constant(4.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with tape.stop_recording():
            y = x**2
            hidden = y * x
        z = x * y

    def outside():
        with tf.GradientTape().stop_recording():
            pass

    def after():
        with tape.stop_recording():
            pass

    return [tape.gradient(y, x), tape.gradient(hidden, x), tape.gradient(z, x), attempt(outside), attempt(after)]


@program
def stop_recording_of_the_inner(tf):
    x = tf.constant(4.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            with inner.stop_recording():
                y = x * x
            z = y * x
    return [inner.gradient(z, x), outer.gradient(z, x)]


@program
def gradient_while_stopped(tf):
    x = tf.Variable(4.0)
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
        with tape.stop_recording():
            slope = tape.gradient(y, x)
        z = slope * x
    return [slope, tape.gradient(z, x)]


@program
def reset(tf):
    x = tf.Variable(4.0)
    with tf.GradientTape() as tape:
        y = x * x
        tape.reset()
        z = x * 3.0
    result = tape.gradient([y, z], x)
    return [result, attempt(tape.reset), attempt(lambda: tf.GradientTape().reset())]


@program
def structures(tf):
    a, b, c = tf.Variable(1.0), tf.Variable([2.0, 3.0]), tf.Variable(4.0)
    with tf.GradientTape(persistent=True) as tape:
        y = a * tf.reduce_sum(b)
    first = tape.gradient(y, {"a": a, "list": [b, (c, a)]})
    return [
        first,
        type(first["list"][1]).__name__,
        tape.gradient(y, []),
        tape.gradient(y, (a,)),
        tape.gradient(y, [a, a, b]),
        tape.gradient([y, y], a),
        tape.gradient({"x": y, "y": [b]}, [a, b]),
    ]


@program
def nothing_to_differentiate(tf):
    x = tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        y = x * 2.0
    return [
        attempt(lambda: tape.gradient(None, x)),
        kind_of_error(lambda: tape.gradient(y, None)),
        kind_of_error(lambda: tape.gradient(y, [None])),
        kind_of_error(lambda: tape.gradient(1.0, x)),
        kind_of_error(lambda: tape.gradient(y, 1.0)),
        kind_of_error(lambda: tape.gradient([y, None], x)),
        kind_of_error(lambda: tape.gradient([], x)),
        kind_of_error(lambda: tape.gradient(y, np.ones(1, np.float32))),
    ]


@program
def unconnected(tf):
    x, other, whole = tf.Variable([1.0, 2.0]), tf.Variable([[3.0]]), tf.constant([1, 2])
    with tf.GradientTape(persistent=True) as tape:
        y = x * 2.0
    zero = tf.UnconnectedGradients.ZERO
    return [
        tape.gradient(y, [x, other]),
        tape.gradient(y, [x, other], unconnected_gradients=zero),
        tape.gradient(y, [other], unconnected_gradients="zero"),
        tape.gradient(y, [other], unconnected_gradients="none"),
        tape.gradient(y, {"w": whole}, unconnected_gradients="zero"),
        attempt(lambda: tape.gradient(y, x, unconnected_gradients="nonsense")),
        attempt(lambda: tape.gradient(y, x, unconnected_gradients=None)),
        repr(zero), str(tf.UnconnectedGradients("none")), [k.value for k in tf.UnconnectedGradients],
    ]  # fmt: skip


@program
def output_gradients(tf):
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
        z = tf.reduce_sum(x)
    weights = tf.constant([10.0, 100.0])

    def given(target, value):
        try:
            return tape.gradient(target, x, output_gradients=value)
        except Exception as error:
            return type(error).__name__

    return [
        given(y, weights),
        given(y, [10.0, 100.0]),
        given(y, [[10.0, 100.0]]),
        given([y, z], [weights, 3.0]),
        given([y, z], [weights, 3]),
        given(y, np.array([1.0, 2.0], np.float32)),
        given(y, np.array([1.0, 2.0])),
        given(y, tf.Variable([1.0, 2.0])),
        given([y, z], [weights]),
        given(y, [weights, weights]),
        given(y, tf.constant([1, 2])),
        given(y, tf.ones([3])),
        given(y, tf.ones([2], tf.float64)),
        given(y, tf.constant(2.0)),
        given(y, tf.ones([2, 2])),
        given({"a": z, "b": y}, {"a": tf.constant(2.0), "b": weights}),
    ]


@program
def targets_are_sources(tf):
    x, v = tf.constant(2.0), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * v
    return [tape.gradient(x, x), tape.gradient(v, v), tape.gradient([y, v], [x, v, y]), tape.gradient(y, y),
            tape.gradient([x, x], x), tape.gradient(v, x)]  # fmt: skip


@program
def unwatched_target_is_source(tf):
    x, v = tf.constant(2.0), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        pass
    return [tape.gradient(x, x), tape.gradient(v, v)]


@program
def variable_targets(tf):
    v, w = tf.Variable([1.0, 2.0]), tf.Variable(4.0)
    with tf.GradientTape(persistent=True) as tape:
        v.assign(v * w)
    return [tape.gradient(v, w), tape.gradient(v, v), tape.gradient([v, w], [v, w])]


@program
def integer_targets_and_sources(tf):
    x = tf.Variable([1.5, 2.5])
    n = tf.Variable([1, 2])
    flags, texts = tf.constant([True, False]), tf.constant(["a", "b"])
    with logged(tf) as messages, tf.GradientTape(persistent=True) as tape:
        tape.watch([n, flags])
        whole = tf.cast(x, tf.int32)
        back = tf.cast(whole, tf.float32) * x
        chosen = tf.where(flags, x, 0.0)
    return [
        tape.gradient(whole, x),
        tape.gradient(back, x),
        tape.gradient(back, n),
        tape.gradient(chosen, [flags, x]),
        tape.gradient(n, n),
        kind_of_error(lambda: tape.gradient(texts, x)),
        kind_of_error(lambda: tape.gradient(back, texts)),
        tape.gradient(flags, x),
        tape.gradient([whole, back], x),
        len(tape.watched_variables()),
        messages,
    ]


@program
def variables_assigned_between(tf):
    v = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        y = v * v
        v.assign(10.0)
        z = v * v
        v.assign_add(1.0)
        w = v * v * v
    v.assign(100.0)
    return [tape.gradient(y, v), tape.gradient(z, v), tape.gradient(w, v), tape.gradient([y, z, w], v), v]


@program
def assigned_from_a_taped_value(tf):
    x, v = tf.Variable(3.0), tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        v.assign(x * x)
        y = v * x
    return tape.gradient(y, [x, v])


@program
def assign_value_used(tf):
    x, v = tf.Variable(3.0), tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        result = v.assign_add(x * x)
        y = result * x
        u = v.assign(x)
        z = u * u
    return [tape.gradient(y, [x, v]), tape.gradient(z, [x, v])]


@program
def sliced_assign_inside(tf):
    v, x = tf.Variable([1.0, 2.0, 3.0]), tf.Variable(5.0)
    with tf.GradientTape(persistent=True) as tape:
        before = tf.reduce_sum(v * v)
        v[1].assign(x * 2.0)
        after = tf.reduce_sum(v * v)
    return [tape.gradient(before, [v, x]), tape.gradient(after, [v, x])]


@program
def reads_of_a_variable(tf):
    v = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        values = [v.value(), v.read_value(), tf.identity(v), v[0], v + 0.0]
        y = tf.add_n([tf.reduce_sum(value * value) for value in values])
    return [tape.gradient(y, v), tape.gradient(y, values), tape.gradient(y, v.value())]


@program
def casts(tf):
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        double = tf.cast(x, tf.float64) ** 2
        half = tf.cast(x, tf.float16) * 2
        brain = tf.cast(x, tf.bfloat16) * 2
        wave = tf.cast(x, tf.complex64)
        back = tf.math.real(wave * wave)
    return [tape.gradient(t, x) for t in (double, half, brain, back)]


@program
def complex_numbers(tf):
    z = tf.Variable([1.0 + 2.0j, -0.5 + 1.0j], dtype=tf.complex64)
    r = tf.Variable([2.0, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        targets = {
            "square": z * z,
            "conj": tf.math.conj(z) * z,
            "real": tf.math.real(z * z),
            "imag": tf.math.imag(z * z * z),
            "abs": tf.abs(z),
            "angle": tf.math.angle(z),
            "exp": tf.exp(z),
            "made": tf.complex(r, r * r) * z,
            "pow": z**3,
            "div": z / (z + 1.0),
            "sum": tf.reduce_sum(z * z[::-1]),
            "matmul": tf.linalg.matmul(z[None], z[:, None]),
            "adjoint": tf.linalg.matmul(z[None], z[None], adjoint_b=True),
            "mixed": tf.math.real(z) * tf.math.imag(z) * r,
        }
    return {k: tape.gradient(t, [z, r]) for k, t in targets.items()}


@program
def complex_second_order(tf):
    z = tf.constant([1.0 + 2.0j, -0.5 + 1.0j], dtype=tf.complex128)
    with tf.GradientTape() as outer:
        outer.watch(z)
        with tf.GradientTape() as inner:
            inner.watch(z)
            y = tf.reduce_sum(tf.math.real(z * z * tf.math.conj(z)))
        slope = inner.gradient(y, z)
        total = tf.reduce_sum(tf.math.real(slope) + 2.0 * tf.math.imag(slope))
    return [slope, outer.gradient(total, z)]


@program
def second_and_third(tf):
    x = tf.constant(1.5)
    functions = {
        "power": lambda x: x**4,
        "sin_exp": lambda x: tf.sin(x) * tf.exp(x),
        "tanh": lambda x: tf.tanh(x * x),
        "log_sigmoid": lambda x: tf.math.log_sigmoid(x) * x,
        "division": lambda x: 1.0 / (1.0 + x * x),
        "softplus": lambda x: tf.nn.softplus(x) * tf.sqrt(x),
        "atan": lambda x: tf.atan(x) + tf.math.erf(x),
        "matmul": lambda x: tf.reduce_sum(tf.matmul(tf.fill([2, 2], x), tf.fill([2, 2], x * x))),
        "gather": lambda x: tf.gather(tf.stack([x, x * x, x**3]), [2, 2, 0])[0] * x,
        "softmax": lambda x: tf.nn.softmax(tf.stack([x, x * x, 1.0]))[1],
        "logsumexp": lambda x: tf.reduce_logsumexp(tf.stack([x, x * x, 1.0])),
        "norm": lambda x: tf.norm(tf.stack([x, x * x, 1.0])),
        "prod": lambda x: tf.reduce_prod(tf.stack([x, x * x, 2.0])),
        "lgamma": lambda x: tf.math.lgamma(x) + tf.math.digamma(x),
        "selu": lambda x: tf.nn.selu(x) * tf.nn.gelu(x),
        "moments": lambda x: tf.nn.moments(tf.stack([x, x * x, 1.0]), [0])[1],
        "cumsum": lambda x: tf.cumsum(tf.stack([x, x * x, x**3]))[2],
        "where": lambda x: tf.where(x > 1.0, x**3, x),
        "slices": lambda x: tf.stack([x, x * x, x**3])[1:][0] * tf.concat([[x], [x * x]], 0)[1],
    }
    result = {}
    for name, f in functions.items():
        with tf.GradientTape() as third:
            third.watch(x)
            with tf.GradientTape() as second:
                second.watch(x)
                with tf.GradientTape() as first:
                    first.watch(x)
                    y = f(x)
                dy = first.gradient(y, x)
            ddy = second.gradient(dy, x)
        result[name] = [y, dy, ddy, third.gradient(ddy, x)]
    return result


@program
def nested_with_variables(tf):
    w, b = tf.Variable([[1.0, 2.0], [3.0, 4.0]]), tf.Variable([0.5, -0.5])
    x = tf.constant([[1.0, -1.0]])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = tf.reduce_sum(tf.tanh(x @ w + b) ** 2)
        gradients = inner.gradient(y, [w, b])
        penalty = tf.add_n([tf.reduce_sum(g * g) for g in gradients])
    return [gradients, outer.gradient(penalty, [w, b])]


@program
def gradient_outside_the_outer(tf):
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as inner:
        inner.watch(x)
        y = x**3
    with tf.GradientTape() as later:
        later.watch(x)
        slope = inner.gradient(y, x)
    return [slope, later.gradient(slope, x)]


@program
def later_tape_over_residuals(tf):
    x = tf.constant([[0.5, 1.5], [2.0, -1.0]])
    functions = {
        "sin": tf.sin,
        "conv": lambda x: tf.nn.conv2d(x[None, :, :, None], tf.reshape(x, [2, 2, 1, 1]), 1, "SAME"),
        "matmul": lambda x: x @ x,
        "division": lambda x: x / (x * x + 1.0),
    }
    result = {}
    for name, f in functions.items():
        with tf.GradientTape() as first:
            first.watch(x)
            y = f(x)
        with tf.GradientTape() as later:
            later.watch(x)
            slope = first.gradient(y, x)
        result[name] = [slope, later.gradient(slope, x)]
    return result


@program
def mixed_orders(tf):
    x, k = tf.constant([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0], [2.0, 1.0, 1.0]]), tf.constant([[1.0, -2.0], [0.5, 1.5]])

    def conv(x, k):
        return tf.nn.conv2d(x[None, :, :, None], k[:, :, None, None], 1, "VALID")

    result = []
    for watched in ([x], [k], [x, k]):
        with tf.GradientTape() as outer:
            outer.watch([x, k])
            with tf.GradientTape() as inner:
                inner.watch(watched)
                y = tf.reduce_sum(conv(x, k) ** 3)
            slopes = inner.gradient(y, watched)
        result.append(outer.gradient(slopes, [x, k]))
    return result


@program
def python_control_flow(tf):
    def f(x, steps):
        y = x
        for i in range(steps):
            if y > 10.0:
                break
            y = y * x if i % 2 else y + x
        return y

    result = []
    for start in (1.5, 3.0, -2.0):
        x = tf.Variable(start)
        with tf.GradientTape() as tape:
            y = f(x, 7)
        result.append([y, tape.gradient(y, x)])
    return result


@program
def stop_gradient(tf):
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        y = tf.stop_gradient(x * x) * x
        z = tf.stop_gradient(x)
        u = [tf.stop_gradient(1.0), tf.stop_gradient([1, 2])]
    return [tape.gradient(y, x), tape.gradient(z, x), u]


@program
def threads(tf):
    results = {}

    def work(k):
        x = tf.Variable(float(k))
        with tf.GradientTape() as tape:
            y = x
            for _ in range(20):
                y = y * 1.1 + x
        results[k] = [y, tape.gradient(y, x)]

    workers = [threading.Thread(target=work, args=(k,)) for k in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [results[k] for k in range(3)]


@program
def tape_of_another_thread(tf):
    x = tf.Variable(3.0)
    found = []
    with tf.GradientTape(persistent=True) as tape:
        y = x * x

        def work():
            found.append(x * x * x)

        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    inside = []
    worker = threading.Thread(target=lambda: inside.append(tape.gradient(y, x)))
    worker.start()
    worker.join()
    return [tape.gradient(found[0], x), tape.gradient(y, x), inside]


@program
def equal_handles(tf):
    x = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        a = tf.identity(x)
        b = tf.convert_to_tensor(a)
        y = tf.reshape(b, []) * a
    return [tape.gradient(y, [x, a, b]), b is a]


@program
def numpy_in_between(tf):
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
        z = tf.constant(y.numpy()) * x
        w = y * np.float32(3.0)
    return [tape.gradient(z, x), tape.gradient(w, x)]


@program
def slices_step_after_step(tf):
    """The same walks several times over: a known one gives slices, too."""
    table = tf.Variable([[0.5, -1.0], [2.0, 0.25], [1.0, 3.0]])
    other, positions = tf.Variable([[1.0, 2.0], [-1.0, 0.5]]), tf.Variable([[0, 1, 1], [1, 1, 1], [2, 1, 1]])
    found = []
    for step in range(5):
        rows = positions[step % 3]
        with tf.GradientTape(persistent=True) as tape:
            picked = tf.gather(table, rows) * 2.0
            twice = picked + tf.gather(table, positions[:, 0]) + tf.gather(table, [0, 2, step % 2])
            single = tf.reduce_sum(tf.gather_nd(table, tf.reshape(rows, [3, 1])) @ other)
            both = tf.reduce_sum(tf.gather(table, rows) ** 2) + tf.reduce_sum(table**2)
            apart = tf.reduce_sum(tf.gather(table, rows)) + tf.reduce_sum(tf.gather(other, [1, 0]))
        found.append([tape.gradient(picked, table), tape.gradient(twice, table), tape.gradient(single, [table, other])])
        found.append([tape.gradient(both, table), tape.gradient(apart, [other, table]), tape.jacobian(single, table)])
        with tf.GradientTape() as outer:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.gather(table, rows) ** 3)
            slopes = tape.gradient(loss, table)
            total = tf.reduce_sum(tf.convert_to_tensor(slopes) ** 2)
        found.append(outer.gradient(total, table))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.gather(table, rows) @ other - 1.0))
        by_table, by_other = tape.gradient(loss, [table, other])
        table.scatter_sub(tf.IndexedSlices(0.1 * by_table.values, by_table.indices))
        other.assign_sub(0.1 * by_other)
    return [*found, table, other]


@program
def slices_that_are_passed_on(tf):
    v, w = tf.Variable(tf.ones([4, 3])), tf.Variable(2.0 * tf.ones([4, 3]))
    functions = {
        "read": lambda: v.read_value(), "value": lambda: v.value(), "converted": lambda: tf.convert_to_tensor(v),
        "identity": lambda: tf.identity(tf.identity(v)), "cast": lambda: tf.cast(v, tf.float64), "negative": lambda: -v,
        "half and back": lambda: tf.cast(tf.cast(v, tf.float16), tf.float32), "complex": lambda: tf.cast(v, tf.complex64),
        "plus a number": lambda: v + 1.0, "less a number": lambda: v - 1.0, "a number plus": lambda: 1.0 + v,
        "a number less": lambda: 1.0 - v, "a sum": lambda: v + w, "a sum with ones": lambda: v + tf.ones([4, 3]),
        "added": lambda: tf.add_n([v, w]), "added to itself": lambda: tf.add_n([v, v]), "a product": lambda: v * 2.0,
        "reshaped": lambda: tf.reshape(v, [4, 3]), "ensured": lambda: tf.ensure_shape(v, [4, None]),
        "biased": lambda: tf.nn.bias_add(v, [1.0, 2.0, 3.0]), "stopped": lambda: tf.stop_gradient(v) + v,
    }  # fmt: skip
    ids = tf.constant([[1, 2], [1, 0]])
    found = {}
    for name, function in functions.items():
        with tf.GradientTape(persistent=True) as tape:
            rows = tf.gather(function(), ids)
            loss = tf.reduce_sum(tf.cast(rows, tf.float32) ** 2)
            two = loss + tf.reduce_sum(tf.gather(v, ids) * 3.0)
        found[name] = [tape.gradient(loss, [v, w]), tape.gradient(two, v)]
    with tf.GradientTape() as outer:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.gather(tf.identity(-v), ids) ** 3)
        first = tape.gradient(loss, v)
        total = tf.reduce_sum(first.values**2)
    found["twice"] = [first, outer.gradient(total, v)]
    return found


@program
def slices_of_both_kinds_of_positions(tf):
    table = tf.Variable([[0.5, -1.0], [2.0, 0.25], [1.0, 3.0]])
    narrow, wide = tf.constant([2, 0]), tf.constant([1, 2], tf.int64)
    found = []
    for first, second in ((narrow, wide), (wide, narrow), (wide, wide), (narrow, narrow)):
        with tf.GradientTape(persistent=True) as tape:
            total = tf.reduce_sum(tf.gather(table, first) ** 2)
            total += tf.reduce_sum(tf.nn.embedding_lookup(table, second))
            both = total + tf.reduce_sum(table)
        found += [tape.gradient(total, table).indices.dtype.name, tf.convert_to_tensor(tape.gradient(total, table))]
        found.append(tape.gradient(both, table))
    return found


@program
def complex_cast_to_real(tf):
    """What is lost is said in the log, each time."""
    x = tf.constant([1 + 2j, 3 - 1j], tf.complex64)
    with logged(tf) as texts, tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.cast(x, tf.float32)
        tf.cast(x, tf.int32), tf.cast(x, tf.complex128), tf.cast(tf.math.real(x), tf.float64)
        z = tf.cast(tf.IndexedSlices(x, [0, 1]), "float64")
    return [texts, y, z, tape.gradient(y, x)]


@program
def attributes_of_graphs(tf):
    x = tf.constant(1.0)
    names = ("name", "op", "graph", "value_index")
    return [[attempt(lambda name=name: getattr(x, name)), getattr(x, name, "default")] for name in names], attempt(x.consumers)


@program
def sources_without_derivative(tf):
    a, b, x = tf.constant([2.0, 3.0]), tf.constant([1.5, 0.5]), tf.constant([0.25, 0.75])
    with tf.GradientTape() as tape:
        tape.watch([a, b, x])
        y = tf.math.betainc(a, b, x)
    return tape.gradient(y, [a, b, x])


@program
def shuffled(tf):
    x, v, found = tf.constant([1.0, 2.0, 3.0]), tf.Variable([4.0, 5.0]), []
    for _ in range(3):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.random.shuffle(x, seed=1)) * tf.reduce_sum(tf.random.shuffle(v, seed=2) + v)
        found.append(tape.gradient(y, [x, v]))
    return found


@program
def ops_without_registered_gradient(tf):
    """To ask for their gradient is an error; where nothing comes back to them, or a tensor of integers is between, it is none."""
    x, w = tf.Variable([1.5, 2.0, 1.5, 3.0]), tf.Variable([2.0])
    square = tf.Variable([[1.5, 2.0, 3.0], [4.0, 1.5, 6.5], [0.5, 2.0, 9.0]])
    generator = tf.random.Generator.from_seed(1)
    functions = [
        lambda: tf.unique(x)[0], lambda: tf.unique(x)[1], lambda: tf.unique_with_counts(x * 2.0)[0] * w,
        lambda: tf.bitcast(x, tf.float32), lambda: tf.bitcast(tf.reshape(x, [2, 2]), tf.complex64), lambda: tf.bitcast(x, tf.int32),
        lambda: tf.histogram_fixed_width(x, [0.0, 5.0], nbins=3), lambda: tf.math.in_top_k([0, 1, 2], square, 1),
        lambda: tf.linalg.lu(square)[0], lambda: tf.linalg.lu_solve(*tf.linalg.lu(square), tf.ones([3, 1])),
        lambda: tf.math.is_inf(x), lambda: tf.math.is_nan(x), lambda: tf.math.is_finite(x), lambda: tf.where(x),
        lambda: tf.truncatemod(x, 2.0), lambda: tf.truncatemod(7.0, x) + w, lambda: tf.random.poisson([2], x, seed=1),
        lambda: generator.binomial([4], 10.0, x / 10.0, dtype=tf.float32), lambda: tf.random.experimental.stateless_shuffle(x, [1, 2]),
        lambda: tf.math.bincount([0, 1, 1, 2], weights=x), lambda: tf.linalg.logm(tf.cast(square, tf.complex64)),
        lambda: tf.truncatediv(x, 2.0), lambda: tf.random.stateless_poisson([2, 4], [1, 2], x),
        lambda: tf.random.stateless_binomial([4], [1, 2], 10.0, x / 10.0), lambda: tf.truncatemod(tf.stop_gradient(x), 2.0),
        lambda: tf.where(tf.math.is_inf(x), x, x * 2.0), lambda: tf.cast(tf.bitcast(x, tf.int32), tf.float32) * x,
        lambda: tf.cast(tf.unique(x)[1], tf.float32) * x,
    ]  # fmt: skip
    found = []
    for function in functions:
        for _ in range(2):
            with tf.GradientTape() as tape:
                y = function()
            found.append(attempt(lambda tape=tape, y=y: tape.gradient(y, [x, square, w])))
    return found


@program
def ops_without_registered_gradient_on_the_way(tf):
    x, w, found = tf.Variable([1.5, np.inf]), tf.Variable([2.0]), []
    for _ in range(3):
        with tf.GradientTape(persistent=True) as tape:
            bad = tf.truncatemod(x, 2.0)
            y, z = bad * w, x * 3.0
        found.append(attempt(lambda tape=tape, y=y: tape.gradient(y, w)))  # the walk comes to it, though `w` is not behind it
        found.append(attempt(lambda tape=tape, y=y: tape.gradient(y, x, unconnected_gradients="zero")))
        found.append(tape.gradient(z, x))

    @tf.function
    def both(x):
        return tf.reduce_sum(x), tf.truncatemod(x, 2.0)

    @tf.function
    def whole(x):
        return tf.reduce_sum(x), tf.cast(tf.math.is_inf(x), tf.int32)

    def call(function):
        with tf.GradientTape() as tape:
            y = function(x)
        return tape.gradient(y[0], x)

    with tf.GradientTape() as tape:
        y = tf.cond(x[0] > 0.0, lambda: tf.truncatemod(x, 2.0), lambda: x)
    @tf.function
    def between(x):
        return [tf.where(tf.math.is_nan(tf.exp(x)), x, 3.0 * x) + tf.cast(tf.cast(tf.truncatemod(tf.exp(x), 4.0), tf.int32), tf.float32)]

    @tf.function
    def different(x):
        return [tf.reduce_sum(tf.unique(x)[0])]

    errors = [attempt(lambda: call(both)), kind_of_error(lambda: call(different)), attempt(lambda: tape.gradient(y, x))]
    return found, call(whole), call(between), errors


@program
def identities_of_slices(tf):
    slices = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([1]), tf.constant([3, 2]))
    parts = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([1]))
    return [tf.identity(slices), tf.identity(parts), tf.identity_n([slices]), tf.stop_gradient(slices), tf.function(tf.identity)(slices)]


@program
def order_of_slices(tf):
    """The slices of a gradient come in the order in which TensorFlow's walk comes to the gathers."""

    def rows(*numbers):
        return tf.gather(table, numbers)

    def total(*tensors):
        return tf.add_n([tf.reduce_sum(t) for t in tensors]) if len(tensors) > 1 else tf.reduce_sum(tensors[0])

    table = tf.Variable(tf.reshape(tf.range(12.0), [6, 2]) * 0.1)
    functions = [
        lambda: total(rows(0)) + total(rows(1)),
        lambda: total(rows(1)) + total(rows(0, 2)) * 2.0 + total(rows(0)),
        lambda: total(rows(0)) + (total(rows(1)) + total(rows(2))),
        lambda: total(rows(0) * rows(1) + rows(2)),
        lambda: total(tf.tanh(rows(0)) * rows(1)) + total(rows(2)),
        lambda: total(*[rows(i) for i in range(6)]),
        lambda: total(tf.concat([rows(0), tf.tanh(rows(1)), tf.tanh(tf.tanh(rows(2))), rows(3)], 0)),
        lambda: [total(rows(0)), total(rows(1)), total(tf.tanh(rows(2)))],
        lambda: total(rows(0) * 2.0 - rows(1) / 3.0) * total(rows(2, 3)),
        lambda: total(tf.where([True, False], rows(0), rows(1)) + tf.exp(rows(2))),
        lambda: total(rows(0)) + total(rows(1)) + total(table[2:3]),
    ]
    found = []
    for function in functions:
        for _ in range(3):
            with tf.GradientTape() as tape:
                y = function()
            found.append(tape.gradient(y, table))
        found.append(tf.function(lambda f=function: _gradient(tf, f, table))())
    return found


def _gradient(tf, function, source):
    with tf.GradientTape() as tape:
        y = function()
    return tape.gradient(y, source)
