"""Programs over functions in which shapes depend on values: gradients, variables, calls, control flow, errors (see
`function_values`)."""

import numpy as np

from oracle.function_programs import plain, program
from oracle.function_sizes import said
from oracle.function_values import NUMBERS, ROWS, seen_of, values

# Gradients


@values(*NUMBERS)
def gradients_inside(tf, show, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.boolean_mask(x, x > 0.0)
        z = tf.reduce_sum(y**3)
        w = tf.gather_nd(x, tf.where(x > 0.0)) * 2.0
    show(y, tape.gradient(z, x))
    return tape.gradient(z, x), tape.gradient(z, y), tape.gradient(w, x), tape.gradient(tf.where(x > 0.0), x)


@values(*ROWS)
def gradients_of_rows(tf, show, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.boolean_mask(x, x[:, 0] > 0.0)
        z = tf.nn.softmax(tf.matmul(y, y, transpose_b=True))
        loss = tf.reduce_mean(tf.tanh(y)) + tf.reduce_sum(z * z)
    return tape.gradient(loss, x), tape.gradient(y, x), tape.gradient(tf.reduce_sum(tf.sort(y, 0)), x)


@program
def values_gradients_outside(tf):
    v = tf.Variable([2.0, -1.0, 0.5, 3.0])

    def body(x):
        y = tf.boolean_mask(x * v, x > 0.0)
        z = tf.where(y > 1.0, y * y, tf.sin(y))
        return tf.reduce_sum(z), z, tf.where(x > 0.0)

    f = tf.function(body)
    found = []
    for (numbers,) in NUMBERS:
        x = tf.constant(numbers)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            total, z, _ = f(x)
            more = total * total
        found.append([said(tape.gradient(t, [x, v])) for t in (total, z, more)])
        found.append(said(tape.gradient(z, [x, v], output_gradients=z * 2.0)))
    return found


@program
def values_second_derivatives(tf):
    def body(x):
        return tf.reduce_sum(tf.boolean_mask(x, x > 0.0) ** 3)

    def inner(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.sigmoid(tf.boolean_mask(x, x > 0.0)) ** 2)
        return tape.gradient(y, x)

    f, g = tf.function(body), tf.function(inner)
    found = []
    for (numbers,) in NUMBERS:
        x = tf.constant(numbers)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = f(x)
            first = tape.gradient(y, x)
        with tf.GradientTape() as outside:
            outside.watch(x)
            pulled = g(x)
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
            z = f(x)
        found.append([said(t) for t in (y, first, outer.gradient(first, x), pulled, outside.gradient(pulled, x))])
        found.append(said(accumulator.jvp(z)))
    return found


@program
def values_jacobians(tf):
    f = tf.function(lambda x: tf.boolean_mask(x * x, x > 0.0))
    found = []
    for (numbers,) in NUMBERS[:3]:
        x = tf.constant(numbers)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        found.append(said(tape.jacobian(y, x)))
    return found


@program
def values_gradients_of_python_functions(tf):
    def body(x):
        y = tf.py_function(lambda t: t[t > 0.0] ** 2, [x], tf.float32)
        y.set_shape([None])
        return tf.reduce_sum(y * 3.0), y

    f = tf.function(body)
    found = []
    for (numbers,) in NUMBERS[:3]:
        x = tf.constant(numbers)
        for k in range(2):
            with tf.GradientTape() as tape:
                tape.watch(x)
                results = f(x)
            found.append([said(results), said(tape.gradient(results[k], x))])
    return found


@program
def values_custom_gradients(tf):
    @tf.custom_gradient
    def scaled(x):
        return x * 2.0, lambda g: g * 10.0

    def body(x):
        y = tf.boolean_mask(scaled(x), x > 0.0)
        return tf.reduce_sum(scaled(y) * tf.stop_gradient(y))

    f = tf.function(body)
    found = []
    for (numbers,) in NUMBERS[:3]:
        x = tf.constant(numbers)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        found.append([said(y), said(tape.gradient(y, x))])
    return found


# Variables


@program
def values_and_variables(tf):
    count, last, log = tf.Variable(0.0), tf.Variable([0.0, 0.0], shape=[None]), []

    @tf.function
    def f(x):
        log.append(None)
        count.assign_add(1.0)
        before = count.read_value()
        y = tf.boolean_mask(x, x > count)
        last.assign(y)
        count.assign_add(tf.reduce_sum(y))
        z = tf.unique(tf.cast(last * 10.0, tf.int32)).y
        count.assign_sub(tf.cast(tf.size(z), tf.float32))
        return before, y, count + 0.0, z

    found = []
    for (numbers,) in NUMBERS:
        found += [seen_of(f, tf.constant(numbers)), plain(count), plain(last)]
    return [*found, len(log), f.experimental_get_tracing_count()]


@program
def values_of_variables_as_arguments(tf):
    v, w = tf.Variable([1.0, -1.0, 2.0]), tf.Variable([3.0, 4.0, -5.0])

    @tf.function
    def f(a, n):
        y = tf.boolean_mask(a, a > 0.0)
        a.assign_add(tf.ones([3]) * n)
        return tf.reduce_sum(y), a.read_value()

    @tf.function
    def in_a_loop(a, n):
        total = tf.constant(0.0)
        for _ in tf.range(2):
            total += tf.reduce_sum(tf.boolean_mask(a, a > n))
        a.assign_sub(tf.ones([3]))
        return total

    found = [seen_of(f, a, tf.constant(n)) for a, n in ((v, 1.0), (w, 2.0), (v, 3.0), (w, 4.0))]
    found += [seen_of(in_a_loop, a, tf.constant(n)) for a, n in ((v, 1.0), (w, 2.0), (v, 3.0))]
    return [*found, plain(v), plain(w), f.experimental_get_tracing_count()]


@program
def values_and_new_variables(tf):
    log = []

    class Layer(tf.Module):
        scale = None

        @tf.function
        def __call__(self, x):
            log.append(None)
            if self.scale is None:
                self.scale = tf.Variable(3.0)
            y = tf.boolean_mask(x, x > 0.0)
            self.scale.assign_add(tf.reduce_sum(y))
            return y * self.scale

    layer = Layer()
    found = [seen_of(layer, tf.constant(numbers)) for (numbers,) in NUMBERS]
    return [*found, plain(layer.scale), len(log), layer.__call__.experimental_get_tracing_count()]


@program
def values_as_initial_values(tf):
    def made_of(initial):
        made = []

        @tf.function
        def f(x):
            y = tf.boolean_mask(x, x > 0.0)
            if not made:
                made.append(tf.Variable(initial(x, y)))
            return tf.reduce_sum(y) * made[0]

        return [*[seen_of(f, tf.constant(numbers)) for (numbers,) in NUMBERS[:2]], [plain(v) for v in made]]

    return [made_of(initial) for initial in (lambda x, y: tf.reduce_sum(y), lambda x, y: y, lambda x, y: tf.reduce_max(x))]


@program
def values_in_layers(tf):
    tf.keras.utils.set_random_seed(1)
    dense, norm = tf.keras.layers.Dense(2, kernel_initializer="ones"), tf.keras.layers.BatchNormalization()
    embedding = tf.keras.layers.Embedding(5, 2, embeddings_initializer="ones")
    dense.build([None, 2])
    norm.build([None, 2])
    embedding.build([None])

    @tf.function
    def step(x, ids, training):
        rows = x[x[:, 0] > 0.0]
        with tf.GradientTape() as tape:
            y = norm(dense(rows), training=training)
            e = embedding(tf.boolean_mask(ids, ids > 1))
            loss = tf.reduce_sum(tf.keras.losses.MeanSquaredError()(tf.ones_like(y), y * y)) + tf.reduce_sum(e * e)
        gradients = tape.gradient(loss, [dense.kernel, embedding.embeddings])
        return y, loss, [tf.convert_to_tensor(g) for g in gradients]

    found = []
    for (numbers,) in ROWS[:2]:
        x = tf.constant(numbers)
        found += [seen_of(step, x, tf.constant([1, 2, 4, 2]), False), seen_of(step, x, tf.constant([1, 1, 4, 2]), True)]
    return [*found, plain(norm.moving_mean + 0.0)]


@program
def values_in_training(tf):
    """A step over the rows that count, by hand and by an optimizer."""
    x = tf.constant(np.linspace(-1.0, 1.0, 24).reshape(8, 3).astype("float32"))
    target = tf.reduce_sum(x, 1) * 2.0 + 1.0
    found = []
    for make in (lambda: None, lambda: tf.keras.optimizers.SGD(0.1), lambda: tf.keras.optimizers.Adam(0.1)):
        found += trained(tf, make(), x, target)
    return found


def trained(tf, optimizer, x, target):
    w, b, log, found = tf.Variable([[0.5], [-0.5], [0.25]]), tf.Variable(0.0), [], []

    @tf.function
    def step(x, target, counts):
        log.append(None)
        with tf.GradientTape() as tape:
            rows, wanted = tf.boolean_mask(x, counts), tf.boolean_mask(target, counts)
            loss = tf.reduce_mean((tf.squeeze(tf.matmul(rows, w), 1) + b - wanted) ** 2)
        gradients = tape.gradient(loss, [w, b])
        if optimizer is None:
            w.assign_sub(0.1 * gradients[0])
            b.assign_sub(0.1 * gradients[1])
        else:
            optimizer.apply_gradients(zip(gradients, [w, b], strict=True))
        return loss, tf.size(wanted)

    for i in range(6):
        counts = tf.constant([(k * (i + 1)) % 3 != 1 for k in range(8)])
        found.append(seen_of(step, x, target, counts))
    return [*found, plain(w), plain(b), step.experimental_get_tracing_count(), len(log) if optimizer is None else None]


# Calls of other functions


@program
def values_in_functions_that_are_called(tf):
    log = []
    v = tf.Variable(1.0)

    @tf.function
    def positive(x):
        log.append("positive")
        v.assign_add(1.0)
        return tf.boolean_mask(x, x > 0.0)

    @tf.function
    def outer(x):
        log.append("outer")
        y, z = positive(x), positive(-x)
        n = tf.shape(y)[0]
        return y * v, tf.concat([y, z], 0), tf.zeros([n + 1]), tf.reshape(y, [n, 1])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def outermost(x):
        log.append("outermost")
        return outer(x)[1], positive(x)

    @tf.function
    def plain_inside(x):
        return tf.reduce_sum(x * 2.0)

    @tf.function
    def calls_plain(x):
        return plain_inside(tf.boolean_mask(x, x > 0.0)), plain_inside(x)

    found = []
    for (numbers,) in NUMBERS:
        x = tf.constant(numbers)
        found += [seen_of(f, x) for f in (positive, outer, outermost, calls_plain)] + [plain(v)]
        with tf.GradientTape() as tape:
            tape.watch(x)
            y, z = outermost(x)
            loss = tf.reduce_sum(y * y) + tf.reduce_sum(z)
        found.append(said(tape.gradient(loss, x)))
    shapes = tf.nest.map_structure(lambda t: str(t.shape), outer.get_concrete_function(tf.zeros([4])).structured_outputs)
    return [*found, plain(shapes), log, [f.experimental_get_tracing_count() for f in (positive, outer, outermost, calls_plain)]]


@program
def values_in_concrete_functions(tf):
    f = tf.function(lambda x, scale: tf.boolean_mask(x, x > 0.0) * scale)
    c = f.get_concrete_function(tf.TensorSpec([None], tf.float32), 2.0)
    found = [str(c.structured_outputs.shape), str(c.output_shapes), str(c.output_dtypes), len(c.inputs), len(c.outputs)]
    found += [seen_of(c, tf.constant(numbers)) for (numbers,) in NUMBERS]
    g = tf.function(lambda: tf.where(c(tf.constant([1.0, -1.0, 3.0])) > 2.0))
    return [*found, seen_of(g), f.experimental_get_tracing_count(), [str(s) for s in c.structured_input_signature[0]]]


@program
def values_in_methods_and_structures(tf):
    class Filter(tf.Module):
        def __init__(self, limit):
            super().__init__()
            self.limit = tf.Variable(limit)

        @tf.function
        def __call__(self, x, above=True, *, scale=1.0):
            kept = x["a"] > self.limit if above else x["a"] < self.limit
            return {"kept": tf.boolean_mask(x["b"], kept) * scale, "n": tf.reduce_sum(tf.cast(kept, tf.int32)), "none": None,
                    "list": [tf.where(kept), x["a"]]}  # fmt: skip

    one, two = Filter(0.0), Filter(1.0)
    x = {"a": tf.constant([1.0, -1.0, 2.0]), "b": tf.constant([10.0, 20.0, 30.0])}
    return [seen_of(one, x), seen_of(two, x), seen_of(one, x, False), seen_of(lambda: one(x, scale=2.0)),
            one.__call__.experimental_get_tracing_count()]  # fmt: skip


# Control flow


@values(*NUMBERS)
def conditions_on_sizes(tf, show, x):
    y = tf.boolean_mask(x, x > 0.0)
    mean = tf.cond(tf.size(y) > 0, lambda: tf.reduce_mean(y), lambda: tf.constant(-1.0))
    if tf.size(y) > 2:
        z = y[0] + y[1]
    elif tf.equal(tf.size(y), 0):
        z = tf.constant(0.0)
    else:
        z = tf.reduce_max(y)
    return mean, z


@values(*NUMBERS)
def loops_over_rows(tf, show, x):
    y = tf.boolean_mask(x, x > 0.0)
    total, count = tf.constant(0.0), 0
    for row in y:
        total += row * 2.0
        count += 1
    for i in tf.range(tf.shape(y)[0]):
        total += y[i]
    while count < 2 * tf.size(y):
        count += 1
    return total, count, tf.map_fn(lambda t: t + 1.0, y), tf.scan(lambda a, t: a + t, tf.concat([[0.0], y], 0))


@program
def values_in_branches(tf):
    """Inside branches and loops."""

    def branch(x):
        if x[0] > 0.0:
            y = tf.reduce_sum(tf.boolean_mask(x, x > 0.0))
        else:
            y = tf.cast(tf.size(tf.where(x > 0.0)), tf.float32)
        return y

    def loop(x):
        total = tf.constant(0.0)
        for i in tf.range(3):
            total += tf.reduce_sum(tf.boolean_mask(x, x > tf.cast(i, tf.float32)))
        return total

    def behind(x):
        y = tf.boolean_mask(x, x > 0.0)
        if tf.size(y) > 1:
            z = tf.reduce_sum(tf.boolean_mask(y, y > 1.0))
        else:
            z = tf.constant(-1.0)
        return z

    functions = [tf.function(f) for f in (branch, loop, behind)]
    return [[seen_of(f, tf.constant(numbers)) for (numbers,) in NUMBERS] for f in functions]


# Effects and errors


@program
def values_and_effects(tf):
    log = []

    @tf.function
    def f(x):
        log.append("recorded")
        tf.py_function(lambda t: log.append(t.numpy().tolist()), [x[0]], [])
        y = tf.boolean_mask(x, x > 0.0)
        tf.numpy_function(lambda t: log.append(t.tolist()), [y], [])
        z = tf.unique(tf.cast(y, tf.int32)).y
        tf.py_function(lambda t: log.append(t.numpy().tolist()), [z], [])
        return tf.size(z)

    found = [seen_of(f, tf.constant(numbers)) for (numbers,) in NUMBERS]
    return [*found, log]


@program
def values_and_asserts(tf):
    log = []

    def before(x):
        log.append("before")
        tf.debugging.assert_greater(x[0], 0.0)
        return tf.boolean_mask(x, x > 0.0)

    def behind(x):
        log.append("behind")
        y = tf.boolean_mask(x, x > 0.0)
        tf.debugging.assert_greater(tf.size(y), 0)
        return tf.gather(y, 2)

    def product(x):
        log.append("product")
        y = tf.boolean_mask(x, x > 0.0)
        return tf.matmul(y[None, :], tf.ones([2, 1]))

    def concrete(x):
        return tf.ensure_shape(tf.boolean_mask(x, x > 0.0), [2])

    def divided(x):
        y = tf.cast(tf.boolean_mask(x, x > 0.0), tf.int32)
        return tf.reduce_sum(6 // y)

    functions = [tf.function(f) for f in (before, behind, product, concrete, divided)]
    found = [[seen_of(f, tf.constant(numbers)) for (numbers,) in NUMBERS] for f in functions]
    return [*found, log.count("before"), log.count("behind")]


@program
def values_that_do_not_fit_when_recorded(tf):
    log = []

    @tf.function
    def product(x):
        log.append(None)
        y = tf.boolean_mask(x, x[:, 0] > 0.0)
        return tf.matmul(y, tf.ones([3, 1]))

    @tf.function
    def dtype(x):
        return tf.boolean_mask(x, x[:, 0] > 0.0) + tf.constant(1)

    @tf.function
    def rank(x):
        return tf.concat([tf.where(x > 0.0), tf.zeros([2], tf.int64)], 0)

    @tf.function
    def user(x):
        y = tf.boolean_mask(x, x[:, 0] > 0.0)
        raise KeyError(str(y.shape))

    rows = [tf.constant(x) for (x,) in ROWS[:2]]
    found = [[seen_of(f, x) for x in rows] for f in (product, dtype, rank, user)]
    return [*found, user.experimental_get_tracing_count()]


@program
def values_drawn_at_random(tf):
    tf.random.set_seed(3)

    @tf.function
    def f(x):
        y = tf.boolean_mask(x, x > 0.0)
        noise = tf.random.normal([tf.size(y)])
        return tf.reduce_all(tf.math.is_finite(noise)), tf.random.uniform([2])

    a = [plain(f(tf.constant(numbers))) for (numbers,) in NUMBERS]
    tf.random.set_seed(3)
    b = [plain(f(tf.constant(numbers))) for (numbers,) in NUMBERS]
    return [a == b, [r[0] for r in a], len({str(r[1]) for r in a})]


@program
def values_of_reduced_retracing(tf):
    f = tf.function(lambda x: tf.boolean_mask(x, x > 0.0), reduce_retracing=True)
    found = []
    for n in (3, 4, 5, 6):
        found += [seen_of(f, tf.range(-1.0, float(n))), f.experimental_get_tracing_count()]
    return found


@program
def values_out_of_scope(tf):
    kept = []

    @tf.function
    def f(x):
        kept.extend([x > 0.0, tf.size(x[x > 0.0])])
        return x

    f(tf.constant([1.0, -1.0]))
    mask, size = kept
    uses = [lambda: tf.boolean_mask([1.0, 2.0], mask), lambda: tf.where(mask), lambda: tf.zeros([size]), lambda: tf.range(size)]
    return [[seen_of(use), seen_of(tf.function(use, autograph=False))] for use in uses]
