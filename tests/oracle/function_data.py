"""Programs over functions that iterate over data sets: what they give, and how often their Python runs."""

from oracle.function_programs import plain, program, seen


def observed(tf, body, *calls):
    """What calls of a function give; `body(tf, show, *arguments)` shows where its Python is."""
    runs = []
    f = tf.function(lambda *arguments: body(tf, runs.append, *arguments))
    found = [seen(f, *arguments) for arguments in calls]
    return [found, runs, f.experimental_get_tracing_count()]


def over(*calls):
    """Declares a program of calls, made by `calls` of (tf, Dataset)."""

    def declare(body):
        def run(tf):
            return observed(tf, body, *[call(tf, tf.data.Dataset) for call in calls])

        run.__name__ = f"data_{body.__name__}"
        program(run)
        return body

    return declare


def ranges(*counts):
    return [lambda tf, D, n=n: (D.range(n),) for n in counts]


@over(*ranges(5, 3, 0, 5))
def summed(tf, show, data):
    show("f")
    total = tf.constant(0, tf.int64)
    for x in data:
        show("body")
        total += x
    return total


@over(lambda tf, D: (D.range(5).batch(2),), lambda tf, D: (D.range(4).batch(2),))
def of_any_size(tf, show, data):
    n = 0
    for x in data:
        show(str(x.shape))
        n += tf.shape(x)[0] * tf.reduce_sum(tf.cast(x, tf.int32))
    return n


@over(lambda tf, D: (D.range(5).batch(2),))
def that_grow(tf, show, data):
    found = tf.zeros([0], tf.int64)
    for x in data:
        found = tf.concat([found, x * 2], 0)
    return found


@over(*ranges(5, 10))
def broken_off(tf, show, data):
    total, last = tf.constant(0, tf.int64), tf.constant(-1, tf.int64)
    for last in data:
        show("body")
        if last == 1:
            continue
        if last > 3:
            break
        total += last
    return total, last


@over(*ranges(5, 0))
def counted(tf, show, data):
    n, total = 0, tf.constant(0, tf.int64)
    for i, x in enumerate(data):
        show("body")
        total += i * x
        n += 1
    for a, b in zip(data, data.skip(1), strict=False):
        total += a * b
    return n, total


@over(lambda tf, D: (D.from_tensor_slices(({"q": [1.0, 2.0]}, [3, 4])),))
def structures(tf, show, data):
    total = 0.0
    for a, b in data:
        show(sorted(a))
        total += a["q"] * tf.cast(b, tf.float32)
    return total


@over(*[lambda tf, D, n=n: ({"a": D.range(n), "b": [D.range(3, 9)]}, tf.constant(n, tf.int64)) for n in (5, 2)])
def in_structures(tf, show, given, k):
    show("f")
    total = tf.constant(0, tf.int64)
    for x in given["a"]:
        total += x * k
    for x in given["b"][0].take(k):
        total -= x
    return total


@over(*[lambda tf, D, n=n: (tf.constant(n, tf.int64),) for n in (4, 5)])
def made_inside(tf, show, n):
    show("f")
    total = tf.constant(0, tf.int64)
    for x in tf.data.Dataset.range(n).map(lambda v: v * n).batch(2):
        show("body")
        total += tf.reduce_sum(x)
    return total


@over(*ranges(5, 3))
def nested(tf, show, data):
    total = tf.constant(0, tf.int64)
    for x in data:
        for y in data.take(3):
            show("body")
            if x > y:
                total += x * y
    return total


@over(*[lambda tf, D, flag=flag: (D.range(5), tf.constant(flag)) for flag in (True, False)])
def in_branches_and_loops(tf, show, data, flag):
    total, k = tf.constant(0, tf.int64), 0
    if flag:
        for x in data:
            show("branch")
            total += x
    else:
        total -= 1
    while tf.less(k, 3):
        for x in data:
            show("loop")
            total += x
        k += 1
    return total


@over(*ranges(5, 9))
def of_values(tf, show, data):
    total = tf.constant(0, tf.int64)
    for x in data.batch(3):
        show("body")
        total += tf.reduce_sum(tf.boolean_mask(x, x > 1))
    return total


@over(*ranges(5))
def undefined(tf, show, data):
    for x in data:
        y = x * 2
    return y


@over(*ranges(5))
def none_before(tf, show, data):
    best = None
    for x in data:
        best = x
    return best


@over(*ranges(5))
def returned_inside(tf, show, data):
    for x in data:
        if x > 2:
            return x
    return tf.constant(-1, tf.int64)


@over(*ranges(5))
def of_other_dtypes(tf, show, data):
    total = 0.5
    for x in data:
        total = x
    return total


@over(*ranges(5, 3))
def reduced(tf, show, data):
    def add(state, x):
        show("reduce")
        return state[0] + x, state[1] * 2.0

    return data.reduce((tf.constant(0, tf.int64), 1.0), add), data.reduce(tf.zeros([0], tf.int64), lambda s, x: tf.concat([s, [x]], 0))


@program
def data_of_outside(tf):
    tf.random.set_seed(1)
    data, runs = tf.data.Dataset.range(5), []
    shuffled = data.shuffle(5, seed=1)

    @tf.function
    def f():
        runs.append("f")
        total, k = tf.constant(0, tf.int64), tf.constant(1, tf.int64)
        for x in data:
            runs.append("body")
            total += x
        for x in shuffled:
            k = k * 5 + x
        return total, k

    return [plain(f()), plain(f()), runs]


@program
def data_and_variables(tf):
    v, w, runs = tf.Variable(1.0), tf.Variable(5.0), []

    @tf.function
    def f(data, variable):
        runs.append("f")
        for x in data:
            variable.assign_add(tf.cast(x, tf.float32))
            w.assign(w + variable)
        return variable * 1.0

    data = tf.data.Dataset.range(4)
    u = tf.Variable(-1.0)
    return [plain(f(data, v)), plain(f(data.skip(1), v)), plain(f(data, u)), plain([u, v, w]), runs]


@program
def data_in_functions_inside(tf):
    D, runs = tf.data.Dataset, []
    outer_data = D.range(4)

    @tf.function
    def inner(data, k):
        runs.append("inner")
        total = tf.constant(0, tf.int64)
        for x in data:
            total += x * k
        return total

    @tf.function
    def outer(data, k):
        runs.append("outer")
        total = tf.constant(0, tf.int64)
        for x in data:
            total += inner(data.take(2), x)
        return total + inner(D.range(3).map(lambda v: v + k), k) + inner(outer_data, k) + inner(data, k)

    found = [plain(outer(D.range(n), tf.constant(k, tf.int64))) for n, k in ((5, 2), (3, 3))]
    return [found, plain(inner(D.range(2), tf.constant(1, tf.int64))), runs]


@program
def data_and_gradients(tf):
    w = tf.Variable(2.0)

    @tf.function
    def loss(data):
        total = w * 1.0
        for x in data:
            total += w * tf.cast(x, tf.float32)
        return total

    @tf.function
    def train(data):
        last = 0.0
        for x in data:
            with tf.GradientTape() as tape:
                last = (w * tf.cast(x, tf.float32) - 1.0) ** 2.0
            w.assign_sub(0.01 * tape.gradient(last, w))
        return last

    data = tf.data.Dataset.range(5)
    with tf.GradientTape() as tape:
        y = loss(data)
    return [plain(y), plain(tape.gradient(y, w)), plain(train(data)), plain(train(data)), plain(w)]


@program
def data_and_optimizers(tf):
    dense, runs = tf.keras.layers.Dense(1, kernel_initializer="ones"), []
    dense.build([None, 2])
    optimizer = tf.keras.optimizers.Adam(0.1)
    optimizer.build(dense.trainable_variables)

    @tf.function
    def epoch(data):
        runs.append("epoch")
        total = 0.0
        for x, y in data:
            runs.append("step")
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((dense(x) - y) ** 2.0)
            optimizer.apply_gradients(zip(tape.gradient(loss, dense.trainable_variables), dense.trainable_variables, strict=True))
            total += loss
        return total

    x = tf.reshape(tf.range(10.0), [5, 2]) / 5.0
    data = tf.data.Dataset.from_tensor_slices((x, x[:, :1] * 2.0)).batch(2)
    return [plain(epoch(data)), plain(epoch(data)), plain(dense.kernel.value), runs]


@program
def data_and_random_numbers(tf):
    tf.random.set_seed(3)

    @tf.function
    def f(data):
        total = tf.zeros([2])
        for _ in data:
            total = 2.0 * total + tf.random.uniform([2])
        return total, tf.random.uniform([])

    data = tf.data.Dataset.range(3)
    return [plain(f(data)), plain(f(data))]


@program
def data_and_errors(tf):
    v = tf.Variable(0.0)

    @tf.function
    def f(data):
        total = 0.0
        for x in data:
            total += tf.gather(tf.constant([1.0, 2.0]), x)
            v.assign_add(1.0)
        return total

    D = tf.data.Dataset
    return [seen(f, D.range(2)), plain(v), seen(f, D.range(5)), seen(f, D.range(1))]


@program
def data_of_concrete_functions(tf):
    D = tf.data.Dataset

    @tf.function
    def f(data):
        total = tf.constant(0, tf.int64)
        for x in data:
            total += x * 2
        return total

    c = f.get_concrete_function(D.range(3))
    text = str(c).replace("POSITIONAL_OR_KEYWORD", "P").split("\n")
    return [plain(c(D.range(4))), text[:2], seen(f, D.range(3)), f.experimental_get_tracing_count()]
