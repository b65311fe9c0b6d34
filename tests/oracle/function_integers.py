"""Programs over gradients of functions that have integers among arguments and results (see `function_programs`)."""

from oracle.function_programs import plain, program, seen


def gradients(tf, body, sources, target=None, **options):
    """The gradient through a call: of its results (one of them, where `target` picks one) to float and integer sources."""
    f = tf.function(body)
    with tf.GradientTape() as tape:
        tape.watch(sources)
        y = f(*sources)
    return seen(tape.gradient, y if target is None else target(y), sources, **options)


def mixed(tf):
    return tf.constant([1.0, 2.0, 3.0]), tf.constant([4.0, 5.0, 6.0])


@program
def integers_as_targets(tf):
    x, z = mixed(tf)

    def cast(x, z):
        return tf.cast(x, tf.int32)

    def both(x, z):
        return x * 2.0, tf.cast(z, tf.int32)

    def argument(x, z):
        return tf.argmax(x * z)

    found = []
    for body in (cast, both, argument):
        for kind in ("none", "zero"):
            found.append(gradients(tf, body, [x, z], unconnected_gradients=kind))
    found.append(gradients(tf, both, [x, z], lambda y: y[1]))
    found.append(gradients(tf, both, [x, z], lambda y: y[0]))
    found.append(gradients(tf, both, [x, z], lambda y: tf.cast(y[1], tf.float32)))
    return found


@program
def integers_mixed_results(tf):
    x, z = mixed(tf)

    def separate(x, z):
        return x * 2.0, tf.cast(z * 3.0, tf.int32)

    def shared(x, z):
        return x * z, tf.cast(z, tf.int32)

    def unused(x, z):
        return x * 2.0, tf.argmax(x)

    def shapes(x, z):
        return x + 0.0, tf.shape(z), tf.size(z)

    def flags(x, z):
        return tf.where(z > 4.5, x, 0.0), z > 4.5

    def constant(x, z):
        return x * 2.0, tf.constant(3)

    def returned(x, z):
        return x * 2.0, z

    found = []
    for body in (separate, shared, unused, shapes, flags, constant, returned):
        first, total = lambda y: y[0], lambda y: tf.reduce_sum(y[0])
        found.append([gradients(tf, body, [x, z]), gradients(tf, body, [x, z], first), gradients(tf, body, [x, z], total),
                      gradients(tf, body, [x, z], total, unconnected_gradients="zero")])  # fmt: skip
    return found


@program
def integers_among_arguments(tf):
    x = tf.constant([1.0, 2.0, 3.0])
    i = tf.constant([0, 2])

    def gathered(x, i):
        return tf.gather(x * 1.0, i) * 2.0

    def counted(x, i):
        return x * 2.0, i + 1

    def passed(x, i):
        return x * 2.0, i

    def only(x, i):
        return i * 2

    found = []
    for body in (gathered, counted, passed, only):
        for kind in ("none", "zero"):
            found.append(gradients(tf, body, [x, i], unconnected_gradients=kind))
    return found


@program
def integers_and_unconnected_results(tf):
    x, z = mixed(tf)

    def floats(x, z):
        return x * 2.0, z * 3.0

    def stopped(x, z):
        return x * 2.0, tf.stop_gradient(z) * 3.0

    def rounded(x, z):
        return x * 2.0, tf.round(z), tf.sign(z)

    def through(x, z):
        return x * 2.0, tf.cast(tf.cast(z, tf.int32), tf.float32)

    def nothing(x, z):
        return tf.cast(tf.cast(x, tf.int32), tf.float32)

    found = []
    for body in (floats, stopped, rounded, through):
        for pick in (lambda y: y[0], lambda y: y[1], lambda y: tf.reduce_sum(y[0])):
            found.append(
                [gradients(tf, body, [x, z], pick), gradients(tf, body, [x, z], pick, unconnected_gradients="zero")]
            )
    return [*found, gradients(tf, nothing, [x, z]), gradients(tf, nothing, [x, z], unconnected_gradients="zero")]


@program
def integers_and_variables(tf):
    v, n = tf.Variable([1.0, 2.0]), tf.Variable(3)
    w = tf.Variable([5.0, 6.0])

    @tf.function
    def f(x):
        n.assign_add(1)
        return v * x, tf.cast(w, tf.int32), n.read_value()

    @tf.function
    def written(x):
        w.assign(w * x)
        return v * x, tf.cast(w, tf.int32)

    @tf.function
    def only_integers(x):
        return tf.cast(v * x, tf.int32)

    found = []
    for g in (f, written, only_integers):
        for pick in (lambda y: y, lambda y: y[0], lambda y: y[1]):
            with tf.GradientTape() as tape:
                y = g(tf.constant([2.0, 3.0]))
            found.append(seen(tape.gradient, pick(y), [v, w, n]))
            with tf.GradientTape() as tape:
                y = g(tf.constant([2.0, 3.0]))
            found.append(plain([t.name.split(":")[0] for t in tape.watched_variables()]))
    return found


@program
def integers_of_nested_functions(tf):
    x, z = mixed(tf)

    @tf.function
    def inner(x, z):
        return x * 2.0, tf.cast(z, tf.int32), tf.argmax(z)

    def outer(x, z):
        a, b, c = inner(x, z)
        return a + tf.cast(b, tf.float32), c

    def inside(x, z):
        with tf.GradientTape() as tape:
            tape.watch([x, z])
            a = inner(x, z)[0]
        return tape.gradient(a, [x, z], unconnected_gradients="zero")

    def inside_none(x, z):
        with tf.GradientTape() as tape:
            tape.watch([x, z])
            a = inner(x, z)[0]
        return [g is None for g in tape.gradient(a, [x, z])]

    def branches(x, z):
        return tf.cond(x[0] > 0.0, lambda: (x * 2.0, tf.cast(z, tf.int32)), lambda: (x, tf.cast(z * 2.0, tf.int32)))

    def loops(x, z):
        i, y, n = tf.constant(0), x, tf.constant([0, 0, 0])
        while i < 2:
            y, n, i = y * 2.0, n + tf.cast(z, tf.int32), i + 1
        return y, n

    first = lambda y: y[0]  # noqa: E731
    found = [gradients(tf, outer, [x, z], first), gradients(tf, outer, [x, z])]
    found += [seen(tf.function(inside), x, z), seen(tf.function(inside_none), x, z)]
    for body in (branches, loops):
        found += [
            gradients(tf, body, [x, z], first),
            gradients(tf, body, [x, z]),
            gradients(tf, body, [x, z], lambda y: y[1]),
        ]
    return found


@program
def integers_of_second_derivatives(tf):
    x, z = mixed(tf)

    @tf.function
    def f(x, z):
        return x * x, tf.cast(z, tf.int32)

    with tf.GradientTape() as outer:
        outer.watch([x, z])
        with tf.GradientTape() as tape:
            tape.watch([x, z])
            y = f(x, z)
        first = tape.gradient(y[0], [x, z])
    second = outer.gradient(first[0], [x, z])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, z])
        y = f(x, z)
    rows = seen(tape.jacobian, y[0], [x, z])
    with tf.autodiff.ForwardAccumulator([x, z], [tf.ones([3]), tf.ones([3])]) as accumulator:
        y = f(x, z)
    forward = seen(lambda: [accumulator.jvp(t) for t in y])
    return plain(first), plain(second), rows, forward


@program
def loop_connections(tf):
    x, z = mixed(tf)

    def carried(x, z):  # two independent loop vars
        y, u = x, z
        for _ in tf.range(2):
            y, u = y * 2.0, u * 3.0
        return y, u

    def carried_while(x, z):
        y, u = x, z
        while tf.reduce_sum(y) < 20.0:
            y, u = y * 2.0, u * 3.0
        return y, u

    def captured(x, z):
        y, u = x, tf.zeros([3])
        for _ in tf.range(2):
            y, u = y * 2.0, u + z
        return y, u

    def captured_cast(x, z):
        y, u = x, tf.zeros([3])
        for _ in tf.range(2):
            y, u = y * 2.0, u + tf.cast(tf.cast(z, tf.int32), tf.float32)
        return y, u

    def captured_stop(x, z):
        y = x
        for _ in tf.range(2):
            y = y * 2.0 + tf.stop_gradient(z)
        return y, y

    def captured_test(x, z):
        y = x
        while tf.reduce_sum(y) < tf.reduce_sum(z) * 3.0:
            y = y * 2.0
        return y, y

    def carried_int(x, z):
        y, n = x, tf.zeros([3], tf.int32)
        for _ in tf.range(2):
            y, n = y * 2.0, n + tf.cast(z, tf.int32)
        return y, n

    def carried_unused(x, z):
        y, n, u = x, tf.zeros([3], tf.int32), z
        for _ in tf.range(2):
            y, n, u = y * 2.0, n + tf.cast(u, tf.int32), u
        return y, n

    def only_int(x, z):
        n = tf.zeros([3], tf.int32)
        for _ in tf.range(2):
            n = n + tf.cast(z, tf.int32)
        return tf.cast(n, tf.float32) * x, n

    def one_loop(x, z):
        n, u = tf.zeros([3], tf.int32), x
        for _ in tf.range(2):
            n, u = n + tf.cast(z, tf.int32), u * 2.0
        return tf.cast(n, tf.float32) * x, u

    def overwritten(x, z):
        y, u = x, z
        for _ in tf.range(2):
            y, u = y * 2.0, tf.ones([3])
        return y, u

    def from_ints(x, z):
        y = x
        for _ in tf.range(2):
            y = tf.cast(tf.cast(y, tf.int32), tf.float32)
        return y, y

    found = []
    for body in (carried, carried_while, captured, captured_cast, captured_stop, captured_test, carried_int, carried_unused, only_int,
                 one_loop, overwritten, from_ints):  # fmt: skip
        found.append([gradients(tf, body, [x, z], lambda y: y[0]), gradients(tf, body, [x, z], lambda y: y[1])])

        def inside(x, z):
            with tf.GradientTape() as tape:
                tape.watch([x, z])
                y = body(x, z)[0]  # noqa: B023
            return [plain(g is None) for g in tape.gradient(y, [x, z])]

        found.append(seen(tf.function(inside), x, z))
    return found


@program
def loop_variables(tf):
    v, w, u = tf.Variable([1.0, 2.0, 3.0]), tf.Variable([4.0, 5.0, 6.0]), tf.Variable([0.0, 0.0, 0.0])

    def cast(x):
        y, n = x * v, tf.zeros([3], tf.int32)
        for _ in tf.range(2):
            y, n = y * 2.0, n + tf.cast(w, tf.int32)
        return y, n

    def floats(x):
        y, n = x * v, tf.zeros([3])
        for _ in tf.range(2):
            y, n = y * 2.0, n + w
        return y, n

    def written(x):
        y = x * v
        for _ in tf.range(2):
            y = y * 2.0
            u.assign_add(w)
        return y, y

    def written_read(x):
        y = x * v
        for _ in tf.range(2):
            u.assign_add(w)
            y = y * u
        return y, y

    def tested(x):
        y = x * v
        while tf.reduce_sum(y) < tf.reduce_sum(w) * 3.0:
            y = y * 2.0
        return y, y

    def branched(x):
        y = x * v
        for _ in tf.range(2):
            if y[0] > 0.0:
                y = y * w
            else:
                u.assign(y)
        return y, y

    found = []
    for body in (cast, floats, written, written_read, tested, branched):
        for wrap in (False, True):

            def inside(x):
                with tf.GradientTape() as tape:
                    y = body(x)[0]  # noqa: B023
                return [plain(g is None) for g in tape.gradient(y, [v, w, u])]

            if wrap:
                found.append(seen(tf.function(inside), tf.ones([3])))
            else:
                f = tf.function(body)
                with tf.GradientTape() as tape:
                    y = f(tf.ones([3]))[0]
                found.append([g is None for g in tape.gradient(y, [v, w, u])])
    return found
