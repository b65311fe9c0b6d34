"""Programs over functions whose signature leaves sizes open: windows, losses, control flow, gradients, layers, errors at
the call (see `function_sizes`)."""

import numpy as np

from oracle.function_programs import PROGRAMS, program, seen
from oracle.function_sizes import IMAGES, PAIRS, ROWS, numbers, observed, said, sizes

SEQUENCES = [[(2, 3, 4)], [(1, 5, 4)], [(3, 1, 4)], [(2, 3, 4)]]


# Windows


@sizes([None, None, None, 2], calls=IMAGES)
def convolutions(tf, show, x):
    kernel = tf.constant(numbers((3, 3, 2, 3)))
    results = [tf.nn.conv2d(x, kernel, 1, "SAME"), tf.nn.conv2d(x, kernel, 2, "VALID"), tf.nn.conv2d(x, kernel, 2, "SAME"),
               tf.nn.depthwise_conv2d(x, tf.constant(numbers((2, 2, 2, 1))), [1, 1, 1, 1], "SAME")]  # fmt: skip
    show(*results)
    return results


@sizes([None, 4, 4, 2], calls=[[(2, 4, 4, 2)], [(1, 4, 4, 2)], [(0, 4, 4, 2)]])
def images_in_batches(tf, show, x):
    y = tf.nn.relu(tf.nn.conv2d(x, tf.constant(numbers((3, 3, 2, 2))), 1, "VALID"))
    z = tf.reshape(tf.nn.max_pool2d(y, 2, 1, "VALID"), [tf.shape(x)[0], 2])
    show(y, z)
    return y, tf.reshape(y, [-1, 8])


@sizes([None, None, None, 2], calls=IMAGES)
def pools(tf, show, x):
    results = [tf.nn.max_pool2d(x, 2, 2, "VALID"), tf.nn.max_pool2d(x, 3, 2, "SAME"), tf.reduce_mean(x, [1, 2])]
    show(*results)
    return results


@sizes([None, None, 2], calls=[[(2, 5, 2)], [(1, 4, 2)], [(2, 1, 2)]])
def conv1d_and_transposed(tf, show, x):
    y = tf.nn.conv1d(x, tf.constant(numbers((3, 2, 1))), 1, "SAME")
    z = tf.nn.conv1d_transpose(x, tf.constant(numbers((2, 1, 2))), [tf.shape(x)[0], tf.shape(x)[1] * 2, 1], 2, "SAME")
    show(y)
    return y, z


@sizes([None, None, None, 2], calls=IMAGES)
def gradients_of_windows(tf, show, x):
    kernel = tf.constant(numbers((3, 3, 2, 2)))
    with tf.GradientTape() as tape:
        tape.watch([x, kernel])
        y = tf.reduce_sum(tf.nn.max_pool2d(tf.nn.conv2d(x, kernel, 1, "SAME"), 2, 2, "VALID") ** 2)
    gradients = tape.gradient(y, [x, kernel])
    show(*gradients)
    return gradients


# Losses, normalization


@sizes([None, 3], ([None], "int32"), calls=[[(2, 3), (2,)], [(1, 3), (1,)], [(0, 3), (0,)]])
def losses_of_classes(tf, show, x, y):
    y = tf.abs(y) % 3
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(y, x)
    show(loss)
    return loss, tf.equal(tf.argmax(x, 1, tf.int32), y)


@sizes([None, 3], [None, 3], calls=[*PAIRS, [(2, 3), (3, 3)]])
def losses_of_distributions(tf, show, x, y):
    y = tf.nn.softmax(y)
    results = [tf.nn.softmax_cross_entropy_with_logits(y, x), tf.nn.softmax_cross_entropy_with_logits(y, x, axis=1),
               tf.nn.sigmoid_cross_entropy_with_logits(y, x), tf.reduce_mean(tf.math.squared_difference(x, y))]  # fmt: skip
    show(*results)
    return results


@sizes([None, None, 3], [None, None, 3], calls=[[(2, 4, 3), (2, 4, 3)], [(1, 1, 3), (1, 1, 3)]])
def losses_along_an_axis(tf, show, x, y):
    loss = tf.nn.softmax_cross_entropy_with_logits(tf.nn.softmax(y, axis=1), x, axis=1)
    show(loss)
    return loss, tf.nn.softmax(x, axis=1), tf.nn.log_softmax(x)


@sizes([None, 2, 2, 2], calls=[[(2, 2, 2, 2)], [(1, 2, 2, 2)]])
def batch_normalization(tf, show, x):
    mean, variance = tf.nn.moments(x, [0, 1, 2])
    by_hand = (x - mean) * tf.math.rsqrt(variance + 1e-3) * tf.constant([1.0, 2.0]) + 0.5
    y = tf.nn.batch_normalization(x, mean, variance, 0.5, 2.0, 1e-3)
    n = tf.cast(tf.shape(x)[0] * tf.shape(x)[1] * tf.shape(x)[2], tf.float32)
    show(mean, by_hand, y, n)
    return mean, by_hand, y, n


@sizes([None, None], calls=[[(2, 3)], [(1, 5)], [(4, 2)]])
def layer_normalization(tf, show, x):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    y = (x - mean) / tf.sqrt(variance + 1e-3)
    show(mean, y)
    return y, tf.nn.l2_normalize(x, 0)


# Control flow


@sizes([None, 2], calls=[[(3, 2)], [(1, 2)], [(0, 2)], [(3, 2)]])
def while_over_rows(tf, show, x):
    total, i = tf.zeros([2]), 0
    while i < tf.shape(x)[0]:
        total, i = total * 0.5 + x[i], i + 1
    show(total)
    return total, i


@sizes([None, 2], calls=[[(3, 2)], [(1, 2)], [(0, 2)]])
def for_over_rows(tf, show, x):
    total, last = tf.zeros([2]), x[:1]
    for row in x:
        total = tf.maximum(total, row) + 1.0
    for i in tf.range(tf.shape(x)[0]):
        total += x[i] * tf.cast(i, tf.float32)
    show(total, last)
    return total


@sizes([None, 3, 2], calls=[[(2, 3, 2)], [(1, 3, 2)], [(0, 3, 2)]])
def recurrence_over_known_steps(tf, show, x):
    h = tf.zeros([tf.shape(x)[0], 2])
    states = []
    for t in range(x.shape[1]):
        h = tf.tanh(x[:, t] + h @ tf.constant([[0.5, -0.25], [0.25, 0.5]]))
        states.append(h)
    y = tf.stack(states, 1)
    show(h, y)
    return y


@sizes([None, None, 2], calls=[[(2, 3, 2)], [(1, 1, 2)], [(2, 5, 2)]])
def recurrence_over_unknown_steps(tf, show, x):
    h = tf.zeros([tf.shape(x)[0], 2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        for t in tf.range(tf.shape(x)[1]):
            tf.autograph.experimental.set_loop_options(shape_invariants=[(h, tf.TensorShape([None, 2]))])
            h = tf.tanh(x[:, t] + h * 0.5)
        y = tf.reduce_sum(h)
    g = tape.gradient(y, x)
    show(h, g)
    return h, g


@sizes([None, 3], calls=ROWS)
def maps(tf, show, x):
    results = [tf.map_fn(lambda r: tf.reduce_sum(r) * 2.0, x), tf.map_fn(lambda r: r[::-1], x),
               tf.map_fn(lambda r: tf.argmax(r), x, fn_output_signature=tf.int64), tf.vectorized_map(lambda r: r * r[0], x)]  # fmt: skip
    show(*results[:3])
    return results


@sizes([None, 2], calls=[[(3, 2)], [(1, 2)], [(4, 2)]])
def scans_and_folds(tf, show, x):
    y = tf.scan(lambda a, r: a * 0.5 + r, x)
    z = tf.foldl(lambda a, r: a - r, x, tf.ones([2]))
    show(y, z)
    return y, z


@sizes([None, 2], calls=[[(3, 2)], [(1, 2)], [(0, 2)]])
def arrays_of_unknown_length(tf, show, x):
    n = tf.shape(x)[0]
    array = tf.TensorArray(tf.float32, n, element_shape=[2])
    for i in tf.range(n):
        array = array.write(i, x[n - 1 - i] * 2.0)
    y = array.stack()
    z = tf.TensorArray(tf.float32, n).unstack(x)
    show(y, z.stack())
    return y, z.size(), z.gather(tf.range(n)[:1])


@sizes([None, 2], calls=[[(3, 2)], [(2, 2)], [(0, 2)], [(5, 2)]])
def conditions_on_sizes(tf, show, x):
    y = tf.cond(tf.shape(x)[0] > 2, lambda: x * 2.0, lambda: x - 1.0)
    z = tf.cond(tf.size(x) > 0, lambda: tf.reduce_sum(x), lambda: tf.constant(-1.0))
    show(y, z)
    return y, z


@sizes([None], calls=[[(3,)], [(1,)], [(6,)]])
def sizes_as_numbers(tf, show, x):
    n = tf.shape(x)[0]
    results = [n, n * 2 + 1, tf.size(x), tf.rank(x), tf.cast(n, tf.float32) / 2.0, tf.range(n), tf.fill([n], 2.0), tf.ones([n, n]),
               tf.eye(n), tf.linspace(0.0, 1.0, n), tf.zeros_like(x), tf.shape(x, tf.int64), tf.range(n)[::-1] // 2]  # fmt: skip
    show(*results[:9])
    return results


@sizes([None, None], calls=[[(4, 2)], [(1, 3)], [(2, 2)]])
def python_conditions_on_shapes(tf, show, x):
    known = [d for d in x.shape if d is not None]
    y = x if x.shape[0] is None else x * 0.0
    static = [x.shape.rank, x.shape.is_fully_defined(), len(known), tf.get_static_value(tf.shape(x)) is None]
    show(y, tf.shape(x))
    return y, static


# Gradients


@sizes([None, 3], [None, 1], calls=[[(2, 3), (2, 1)], [(1, 3), (1, 1)], [(4, 3), (4, 1)]])
def training_step(tf, show, x, y):
    w, b = tf.constant(numbers((3, 1))), tf.constant([0.5])
    with tf.GradientTape() as tape:
        tape.watch([w, b])
        loss = tf.reduce_mean((x @ w + b - y) ** 2)
    gradients = tape.gradient(loss, [w, b])
    show(loss, *gradients)
    return loss, gradients


@sizes([None, 2], calls=[[(2, 2)], [(1, 2)], [(3, 2)], [(0, 2)]])
def gradients_of_moves(tf, show, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.concat([x[1:], x[:1] * 2.0], 0) * tf.gather(x, tf.range(tf.shape(x)[0]))
        z = tf.reduce_mean(tf.tile(x, [2, 1]) ** 3)
    results = [tape.gradient(y, x), tape.gradient(z, x)]
    show(*results)
    return results


@sizes([None, 2], calls=[[(2, 2)], [(1, 2)], [(3, 2)]])
def gradients_of_second_order(tf, show, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(tf.sin(x) * x[:, ::-1])
        g = inner.gradient(y, x)
    h = outer.gradient(g, x)
    show(g, h)
    return g, h


@sizes([None, 2], [None, 2], calls=[*[[(n, 2), (m, 2)] for n, m in ((2, 2), (1, 3), (3, 1), (2, 2))]])
def gradients_of_broadcasts(tf, show, x, y):
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = tf.reduce_sum(x * y)
    gradients = tape.gradient(z, [x, y])
    show(*gradients)
    return gradients


# Layers


def layers(*specs, calls):
    """`sizes` for a body that gets a Keras layer, made by `layer(tf)`, with weights that are numbers."""

    def add(make):
        def body(tf, show, x):
            y = body.layer(tf.abs(x) if x.dtype.is_integer else x)
            show(y)
            return y

        def prepared(tf):
            body.layer = make(tf)
            body.layer.build((2, 4, 4, 2) if len(specs[0]) == 4 else (2, 3, specs[0][-1])[-len(specs[0]) :])
            body.layer.set_weights([numbers(w.shape, i) / 4 + 0.5 for i, w in enumerate(body.layer.get_weights())])
            return observed(tf, body, specs, calls)

        PROGRAMS[f"sizes_{make.__name__}"] = prepared
        return make

    return add


@layers([None, 3], calls=ROWS)
def dense(tf):
    return tf.keras.layers.Dense(2, activation="relu")


@layers([None, None, None, 2], calls=IMAGES)
def conv2d(tf):
    return tf.keras.layers.Conv2D(2, 3, padding="same")


@layers([None, None, 4], calls=SEQUENCES)
def lstm(tf):
    return tf.keras.layers.LSTM(2, return_sequences=True)


@layers([None, None, 4], calls=SEQUENCES)
def gru(tf):
    return tf.keras.layers.GRU(2)


@layers([None, 3, 4], calls=[[(2, 3, 4)], [(1, 3, 4)]])
def lstm_of_known_steps(tf):
    return tf.keras.layers.LSTM(2)


@layers(([None, None], "int32"), calls=[[(2, 3)], [(1, 1)], [(2, 4)]])
def embedding(tf):
    return tf.keras.layers.Embedding(20, 2, embeddings_initializer=tf.keras.initializers.Constant(0.5))


@layers([None, 3], calls=[[(2, 3)], [(1, 3)], [(4, 3)]])
def batch_norm(tf):
    return tf.keras.layers.BatchNormalization()


@layers([None, None, 3], calls=[[(2, 2, 3)], [(1, 4, 3)]])
def several_layers(tf):
    return tf.keras.Sequential([tf.keras.layers.LayerNormalization(), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(2),
                                tf.keras.layers.GlobalAveragePooling1D()])  # fmt: skip


@program
def sizes_dense_net_in_training(tf):
    """A step over batches of any size: the weights after each."""
    layer = tf.keras.layers.Dense(1)
    layer.build((None, 2))
    layer.set_weights([numbers((2, 1)), numbers((1,))])
    norm = tf.keras.layers.BatchNormalization(momentum=0.5)
    norm.build((None, 2))
    runs = []

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def step(x):
        runs.append(str(x.shape))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((layer(norm(x, training=True)) - 1.0) ** 2)
        for v, g in zip(layer.trainable_variables, tape.gradient(loss, layer.trainable_variables), strict=True):
            v.assign_sub(0.1 * g)
        return loss

    found = []
    for n in (4, 2, 3, 4):
        found.append([said(step(tf.constant(numbers((n, 2))))), *[w.tolist() for w in layer.get_weights()],
                      norm.moving_mean.numpy().tolist()])  # fmt: skip
    return [found, runs, step.experimental_get_tracing_count()]


# Signatures


@program
def sizes_at_the_call(tf):
    """Arguments that do not fit a signature are refused before anything runs."""
    runs = []

    @tf.function(input_signature=[tf.TensorSpec([None, 3]), tf.TensorSpec([], tf.int32)])
    def f(x, n):
        runs.append(str(x.shape))
        return x * tf.cast(n, tf.float32)

    x, n = tf.ones([2, 3]), tf.constant(2)
    calls = [(x, n), (x, 3), (np.ones((4, 3), np.float32), n), (tf.ones([3, 2]), n), (tf.ones([3]), n), (x, x), (x,), (x, n, n),
             (tf.cast(x, tf.float64), n), (tf.constant([[1, 2, 3]]), n), ([[1.0, 2.0, 3.0]], 1), ("a", n), (tf.Variable(x), n)]  # fmt: skip
    found = [seen(lambda *a: said(f(*a)), *args) for args in calls]
    concrete = f.get_concrete_function()
    found += [seen(lambda *a: said(concrete(*a)), *args) for args in calls[:3] + calls[5:7] + calls[8:9]]
    return [found, runs, f.experimental_get_tracing_count()]


@program
def sizes_of_structures(tf):
    runs = []
    spec = {"a": tf.TensorSpec([None]), "b": [tf.TensorSpec([None, 2]), tf.TensorSpec([], tf.int32)]}

    @tf.function(input_signature=[spec])
    def f(inputs):
        runs.append([str(t.shape) for t in tf.nest.flatten(inputs)])
        a, (b, n) = inputs["a"], inputs["b"]
        return {"sum": (tf.reduce_sum(a) + tf.reduce_sum(b)) * tf.cast(n, tf.float32), "rows": (b[:1], a[1:])}

    found = []
    for p, q, n in ((3, 2, 1), (1, 4, 0), (2, 2, 5)):
        found.append(said(f({"a": tf.constant(numbers((p,))), "b": [tf.constant(numbers((q, 2))), tf.constant(n)]})))
    shapes = tf.nest.map_structure(lambda t: str(t.shape), f.get_concrete_function().structured_outputs)
    return [found, runs, shapes, f.experimental_get_tracing_count()]


@program
def sizes_with_compilation(tf):
    runs = []

    @tf.function(input_signature=[tf.TensorSpec([None, 2])], jit_compile=True)
    def f(x):
        runs.append(str(x.shape))
        return tf.nn.softmax(x @ tf.transpose(x)), tf.shape(x)

    return [[said(f(tf.constant(numbers((n, 2))))) for n in (2, 1, 3)], runs, f.experimental_get_tracing_count()]


@program
def branches_that_fit_other_sizes(tf):
    """What a branch does that is not taken may be wrong for the sizes of a call: here those of the levels that it does not reach."""

    def scan(level, x):
        n = tf.shape(x)[0]

        def rows(start, stop, step=1):
            return tf.gather(x, tf.range(start, stop, step))

        if level == 0:
            return x

        def longer():
            odd = scan(level - 1, rows(0, n - 1, 2) + rows(1, n, 2))
            m, is_even = tf.shape(odd)[0], tf.equal(n % 2, 0)
            rest = tf.cond(is_even, lambda: odd[: m - 1] + rows(2, n, 2), lambda: odd + rows(2, n, 2))
            even = tf.concat([x[:1], rest], 0)

            def paired(a):
                return tf.reshape(tf.concat([a[:, None], odd[:, None]], 1), [-1])

            return tf.cond(is_even, lambda: paired(even), lambda: tf.concat([paired(even[:-1]), even[-1:]], 0))

        return tf.cond(n < 2, lambda: x, longer)

    levels = [2, 12]
    scans = [tf.function(lambda x, k=k: scan(k, x), input_signature=[tf.TensorSpec([None])], autograph=False) for k in levels]
    return [[seen(f, tf.constant(numbers((n,)))) for n in (1, 2, 3, 4, 7, 8) if n < 2**k] for k, f in zip(levels, scans, strict=True)]
