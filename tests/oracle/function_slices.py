"""Programs over gradients of functions that gather rows: where they are `tf.IndexedSlices`, and which rows these have."""

from oracle.function_programs import plain, program, seen
from oracle.function_sizes import said

ROWS = [1, 3, 1]


def kind(g):
    """A gradient as plain data; the order of rows is part of it."""
    if g is None:
        return None
    parts = (g.values, g.indices, g.dense_shape) if hasattr(g, "indices") else (g,)
    return [len(parts), *map(said, parts)]


def table(tf):
    return tf.Variable(tf.reshape(tf.range(12.0) / 8.0, [4, 3]))


def gradients_of(tf, body, jit_compile=None):
    """The gradients of f(x) = body(v, w, x) for v, w and x, together and for each result alone, at two calls."""
    v, w, x = table(tf), table(tf), tf.reshape(tf.range(12.0), [4, 3])
    f = tf.function(lambda x: body(v, w, x), jit_compile=jit_compile)
    found = []
    for _ in range(2):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            results = tf.nest.flatten(f(x))
            total = tf.add_n([tf.reduce_sum(t * t) for t in results])
        for target in [total, *results] if len(results) > 1 else [total]:
            found.append([kind(g) for g in tape.gradient(target, [v, w, x])])
    return found


def bodies(function):
    """Declares a program over the bodies that `function(tf)` gives."""

    def run(tf):
        return [seen(gradients_of, tf, body) for body in function(tf)]

    run.__name__ = f"slices_{function.__name__}"
    return program(run)


@bodies
def of_gathers(tf):
    i = tf.constant(ROWS)
    return [
        lambda v, w, x: tf.gather(v, i),
        lambda v, w, x: tf.gather(x, i),
        lambda v, w, x: tf.nn.embedding_lookup(v, i),
        lambda v, w, x: v.sparse_read(i),
        lambda v, w, x: tf.gather(v, 2),
        lambda v, w, x: tf.gather(v, tf.zeros([0], tf.int32)),
        lambda v, w, x: tf.gather(v, [[0, 1], [2, 0]]),
        lambda v, w, x: tf.gather(v, i) @ tf.transpose(w),
        lambda v, w, x: tf.gather_nd(x, [[0], [1]]),
    ]


@bodies
def that_are_dense(tf):
    i = tf.constant(ROWS)
    return [
        lambda v, w, x: v * 1.0,
        lambda v, w, x: v[1],
        lambda v, w, x: tf.gather(v, i) + v[0],
        lambda v, w, x: tf.gather(v * 2.0, i),
        lambda v, w, x: tf.gather(v, [0, 1], axis=1),
        lambda v, w, x: tf.gather(v, [[0], [1], [0], [1]], axis=1, batch_dims=1),
        lambda v, w, x: tf.gather_nd(x, [[0, 1], [1, 1]]),
    ]


@bodies
def that_are_added(tf):
    i = tf.constant(ROWS)
    wide = tf.constant([0, 1, 2], tf.int64)

    def product(v, w, x):
        a, b = tf.gather(v, [0]), tf.gather(v, [1]) * 2.0
        return a * b * (tf.gather(v, [2]) + a)

    def unrolled(v, w, x):
        total = 0.0
        for k in range(3):
            total = total + tf.gather(v, [k]) * float(k + 1)
        return total

    return [
        lambda v, w, x: tf.gather(v, i) + tf.gather(v, [0, 1, 2]),
        lambda v, w, x: tf.gather(v, i) + tf.gather(v, wide),
        lambda v, w, x: tf.gather(v, [0]) + tf.gather(v, [1]) + tf.gather(v, [2]),
        lambda v, w, x: tf.tanh(tf.tanh(tf.gather(v, [0]))) + tf.gather(v, [1]),
        product,
        unrolled,
    ]


@bodies
def that_are_passed_on(tf):
    i = tf.constant(ROWS)
    return [
        lambda v, w, x: tf.gather(tf.identity(v), i),
        lambda v, w, x: tf.gather(-v, i),
        lambda v, w, x: tf.gather(v + 1.0, i),
        lambda v, w, x: tf.gather(v + w, i),
        lambda v, w, x: tf.gather(v - w, i),
        lambda v, w, x: tf.gather(v + tf.ones([3]), i),
        lambda v, w, x: tf.gather(tf.cast(v, tf.float64), i),
        lambda v, w, x: tf.gather(tf.add_n([v, w, v]), i),
        lambda v, w, x: tf.gather(tf.add_n([v, w]), i) + w[0],
        lambda v, w, x: tf.gather(tf.ensure_shape(v, [4, 3]), i),
    ]


@bodies
def of_several_results(tf):
    i = tf.constant(ROWS)
    return [
        lambda v, w, x: (tf.gather(v, i), tf.gather(v, [0])),
        lambda v, w, x: (tf.gather(v, i), v * 2.0),
        lambda v, w, x: (tf.gather(v, i), w * 2.0),
        lambda v, w, x: (tf.gather(v, i), tf.shape(v), x[0, 0]),
    ]


@bodies
def of_functions_inside(tf):
    i = tf.constant(ROWS)
    inner = tf.function(lambda t: tf.gather(t, i))
    two = tf.function(lambda t, u: (tf.gather(t, i), u * 2.0))
    return [
        lambda v, w, x: inner(v) * 2.0,
        lambda v, w, x: inner(v) * inner(x) + inner(-v),
        lambda v, w, x: two(v, w),
        lambda v, w, x: two(v, v),
        lambda v, w, x: tf.gather(inner(v), [0]),
    ]


@bodies
def of_branches(tf):
    i, first = tf.constant(ROWS), tf.constant([0, 1, 2])
    wide = tf.constant([2, 1, 0], tf.int64)
    inner = tf.function(lambda t: tf.gather(t, i))

    def branched(v, w, x):
        if x[0, 0] < 1.0:
            y = inner(x)
        else:
            y = tf.gather(x, first) * 2.0
        return y

    return [
        lambda v, w, x: tf.cond(x[0, 0] < 1.0, lambda: tf.gather(v, i), lambda: tf.gather(v, first)),
        lambda v, w, x: tf.cond(x[0, 0] > 1.0, lambda: tf.gather(v, i), lambda: tf.gather(v, first)),
        lambda v, w, x: tf.cond(x[0, 0] < 1.0, lambda: tf.gather(v, i), lambda: tf.gather(v, wide)),
        lambda v, w, x: tf.cond(x[0, 0] > 1.0, lambda: tf.gather(-v, i), lambda: v[:3] * 2.0),
        lambda v, w, x: tf.cond(x[0, 0] < 1.0, lambda: tf.gather(v, i), lambda: tf.gather(v, first)) + tf.gather(v, [3, 3, 3]),
        lambda v, w, x: tf.gather(tf.cond(x[0, 0] < 1.0, lambda: v + 0.0, lambda: v * 2.0), i),
        lambda v, w, x: tf.cond(
            x[0, 0] < 1.0,
            lambda: tf.cond(x[0, 1] < 0.0, lambda: tf.gather(v, i), lambda: tf.gather(v, first)),
            lambda: tf.gather(v, [0, 0, 2]),
        ),
        branched,
    ]


@bodies
def of_loops(tf):
    i = tf.constant(ROWS)

    def looped(v, w, x):
        total = tf.zeros([3])
        for k in tf.range(3):
            total += tf.gather(v, k)
        return total

    def afterwards(v, w, x):
        y, k = tf.gather(v, i), 0
        while k < tf.constant(2):
            y, k = y * 2.0, k + 1
        return y

    return [
        looped,
        afterwards,
        lambda v, w, x: tf.map_fn(lambda k: tf.gather(v, k), tf.constant([0, 1]), fn_output_signature=tf.float32),
    ]


@program
def slices_of_variables_in_branches(tf):
    v = table(tf)

    @tf.function
    def f(x):
        if x[0, 0] < 1.0:
            row = v[1]
        else:
            row = x[0] * 1.0
        return row, tf.cond(x[0, 0] < 1.0, lambda: v[:4], lambda: x), tf.switch_case(0, [lambda: v[:, 1], lambda: v[:, 2]])

    x = tf.reshape(tf.range(12.0), [4, 3])
    return [seen(f, x), seen(f, x + 1.0)]


@program
def slices_of_branches_of_other_sizes(tf):
    """How many rows there are differs: sums alone are compared."""
    i, v, found = tf.constant(ROWS), table(tf), []

    @tf.function
    def f(flag):
        return tf.cond(flag, lambda: tf.reduce_sum(tf.gather(v, i) ** 2.0), lambda: tf.reduce_sum(tf.gather(v, [0, 2])))

    @tf.function
    def g(flag):
        return tf.cond(flag, lambda: tf.reduce_sum(tf.gather(v, i) ** 2.0), lambda: tf.reduce_sum(v * v))

    @tf.function
    def h(flag):
        return tf.cond(flag, lambda: tf.reduce_sum(tf.gather(v, i) ** 2.0), lambda: 1.0)

    for function in (f, g, h):
        for flag in (True, False):
            with tf.GradientTape() as tape:
                y = function(tf.constant(flag))
            slices = tape.gradient(y, v)
            found.append([hasattr(slices, "indices"), plain(tf.convert_to_tensor(slices))])
    return found


@program
def slices_under_tapes_inside(tf):
    i, v = tf.constant(ROWS), table(tf)
    inner = tf.function(lambda t: tf.gather(t, i) * 2.0)

    @tf.function
    def of_function(x):
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(inner(v) ** 2.0)
        return tape.gradient(y, v)

    @tf.function
    def of_branch(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.cond(x[0, 0] < 1.0, lambda: tf.gather(x, i), lambda: tf.gather(x, [0, 1, 2]))
        return tape.gradient(y, x)

    @tf.function
    def of_graph(x):
        return tf.gradients(tf.reduce_sum(inner(x) ** 2.0), x)[0]

    @tf.function
    def of_gather(x):
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.gather(v, i) ** 3.0)
        return tape.gradient(y, v).values

    x = tf.reshape(tf.range(12.0), [4, 3])
    found = [kind(f(x)) for f in (of_function, of_branch, of_graph) for _ in range(2)]
    with tf.GradientTape() as tape:
        y = of_gather(x)
    return [*found, kind(tape.gradient(y, v))]


@program
def slices_of_second_order(tf):
    i, v = tf.constant(ROWS), table(tf)
    f = tf.function(lambda t: tf.gather(t, i) ** 3.0)
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(f(v))
        g = tape.gradient(y, v)
        dense, values = tf.reduce_sum(tf.convert_to_tensor(g) ** 2.0), tf.reduce_sum(g.values**2.0)
    with tf.GradientTape() as tape:
        y = f(v)
    jacobian = tape.jacobian(y, v)
    x = tf.convert_to_tensor(v)
    with tf.autodiff.ForwardAccumulator(x, tf.ones([4, 3])) as accumulator:
        y = f(x)
    return [kind(g), kind(outer.gradient(dense, v)), kind(outer.gradient(values, v)), said(jacobian), said(accumulator.jvp(y))]


@program
def slices_of_compiled_functions(tf):
    i = tf.constant(ROWS)
    inner = tf.function(lambda t: tf.gather(t, i))
    return [gradients_of(tf, body, jit_compile=True) for body in (
        lambda v, w, x: tf.gather(v, i) @ tf.transpose(w),
        lambda v, w, x: inner(v) + tf.gather(v, [0, 1, 2]),
        lambda v, w, x: tf.cond(x[0, 0] < 1.0, lambda: tf.gather(v, i), lambda: tf.gather(v, [0, 1, 2])),
    )]  # fmt: skip


@program
def slices_of_unknown_sizes(tf):
    v, found = table(tf), []
    gathered = tf.function(lambda t, i: tf.gather(t, i) * 2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 3]), tf.TensorSpec([None, None], tf.int32)])
    def f(t, i):
        return tf.gather(t, i) * 2.0

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def g(i):
        with tf.GradientTape() as tape:
            y = gathered(v, i) ** 2.0
        return tape.gradient(y, v)

    for i in ([[0, 1]], [[2, 3], [0, 0]], [[1], [2], [1]]):
        with tf.GradientTape() as tape:
            y = f(v, tf.constant(i))
        found.append([kind(tape.gradient(y, v)), kind(g(tf.constant(i[0])))])
    return found


@program
def slices_and_errors(tf):
    v, found = table(tf), []
    f = tf.function(lambda i: tf.gather(v, i) * 2.0)
    for rows in ([0, 1], [0, 9], [3, 3]):

        def gradient(rows=rows):
            with tf.GradientTape() as tape:
                y = f(tf.constant(rows))
            return kind(tape.gradient(y, v))

        found.append(seen(gradient))
    return found


@program
def slices_and_optimizers(tf):
    found = []
    for name in ("SGD", "Adam", "Adagrad"):
        embedding = tf.keras.layers.Embedding(6, 2, embeddings_initializer="ones")
        dense = tf.keras.layers.Dense(1, kernel_initializer="ones")
        optimizer = getattr(tf.keras.optimizers, name)(0.1)

        @tf.function
        def loss_of(x, embedding=embedding, dense=dense):
            return tf.reduce_mean((dense(tf.reduce_mean(embedding(x), 1)) - tf.cast(x[:, :1], tf.float32)) ** 2.0)

        for x in ([[1, 2], [2, 5]], [[2, 2], [0, 1]], [[5, 3], [1, 2]]):
            with tf.GradientTape() as tape:
                loss = loss_of(tf.constant(x))
            variables = [*embedding.trainable_variables, *dense.trainable_variables]
            gradients = tape.gradient(loss, variables)
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
            found.append([plain(loss), [hasattr(g, "indices") for g in gradients], plain(tf.convert_to_tensor(variables[0]))])
    return found
