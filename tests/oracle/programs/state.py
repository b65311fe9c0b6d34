"""Gradients and variables that are written, and what tensors made of a variable are to a tape."""

from .shared import attempt, kind_of_error, program


@program
def tensors_of_a_variable(tf):
    v = tf.Variable(3.0)
    early = tf.convert_to_tensor(v)
    found = []
    with tf.GradientTape(persistent=True) as tape:
        c, d = tf.convert_to_tensor(v), tf.convert_to_tensor(v)
        r, w, i = v.read_value(), v.value(), tf.identity(v)
        y = c * c + d + v * v + r * 2.0 + w * 3.0 + i * 5.0 + early * 7.0
    found += [tape.gradient(y, [v, c, d, r, w, i, early]), tape.gradient(c, [v, c, d])]
    with tf.GradientTape() as tape:
        tape.watch(early)
        y = early * early + v
    found += [tape.gradient(y, [v, early]), c is d, early is tf.convert_to_tensor(v)]
    return found


@program
def watched_by_writing(tf):
    counts = []

    def count(write, trainable=True, **options):
        v = tf.Variable([3.0, 4.0], trainable=trainable)
        with tf.GradientTape(**options) as tape:
            write(v)
        counts.append(len(tape.watched_variables()))

    count(lambda v: v.assign([1.0, 2.0]))
    count(lambda v: v.assign_add([1.0, 2.0]))
    count(lambda v: v[0].assign(1.0))
    count(lambda v: v.scatter_update(tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]))))
    count(lambda v: v.assign([1.0, 2.0]), trainable=False)
    count(lambda v: v.assign([1.0, 2.0]), watch_accessed_variables=False)
    count(lambda v: tf.function(lambda x: v.assign(x))(tf.constant([1.0, 2.0])))
    count(lambda v: tf.function(lambda x: v.assign_add(x))(tf.constant([1.0, 2.0])))
    count(lambda v: tf.function(lambda x: v.assign(x))(tf.constant([1.0, 2.0])), trainable=False)
    return counts


def _differentiated(tf, function, start=3.0):
    """Value and gradients of `function(x, v)`, in eager code, as a function, and around a function."""
    found = []
    for wrap in (lambda f: f, tf.function):
        v, x = tf.Variable(start), tf.constant(2.0)
        wrapped = wrap(lambda x, v=v: function(x, v))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = wrapped(x)
        found.append([y, tape.gradient(y, [x, v]), tf.convert_to_tensor(v)])
    v = tf.Variable(start)

    @tf.function
    def inside(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x, v)
        return tape.gradient(y, [x, v])

    return [*found, [0.0 if g is None else g for g in inside(tf.constant(2.0))]]


@program
def assigned_and_read(tf):
    def assigned(x, v):
        v.assign(x * x)
        return v * 3.0

    def read_before_and_after(x, v):
        y = v * x
        v.assign(x * x)
        return y + v * 3.0

    def added(x, v):
        v.assign_add(x)
        return v * v * x

    def result(x, v):
        return v.assign(x * x) * 3.0

    def twice(x, v):
        v.assign(v * x)
        y = v * x
        v.assign_sub(y)
        return y * v

    return [_differentiated(tf, f) for f in (assigned, read_before_and_after, added, result, twice)]


@program
def assigned_in_control_flow(tf):
    def branch(x, v):
        def write():
            v.assign(v * x)
            return v * x

        return tf.cond(x > 0.0, write, lambda: v * v) * v

    def loop(x, v):
        def step(i, y):
            v.assign(v * x)
            return i + 1, y + v

        return tf.while_loop(lambda i, y: i < 3, step, [tf.constant(0), x])[1] * v

    found = []
    for function in (branch, loop):
        v, x = tf.Variable(3.0), tf.constant(2.0)
        wrapped = tf.function(lambda x, v=v, function=function: function(x, v))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = wrapped(x)
        found.append([y, tape.gradient(y, [x, v]), tf.convert_to_tensor(v)])
    v = tf.Variable([3.0, 4.0])

    @tf.function
    def sliced(x):
        v[0].assign(x)
        return tf.reduce_sum(v * v)

    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = sliced(x)
    return [*found, [y, tape.gradient(y, [x, v])]]


@program
def assigned_by_functions(tf):
    v, x = tf.Variable(3.0), tf.constant(2.0)

    @tf.function
    def write(x):
        v.assign(x * x)
        return v * 1.0

    @tf.function
    def around(x):
        return write(x) * v

    @tf.function
    def symbolic(x):
        before = tf.gradients(v * x, [x])[0]
        v.assign(x * x)
        return before, tf.gradients(v * x, [x])[0]

    found = []
    with tf.GradientTape() as tape:
        tape.watch(x)
        write(x)
        y = v * 3.0 + x
    found.append(tape.gradient(y, [x, v]))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = around(x)
    found.append([y, tape.gradient(y, [x, v])])
    v.assign(5.0)
    found.append(symbolic(x))
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        y = write(x) * x
        z = v * x
    return [*found, accumulator.jvp([y, z])]


@program
def linear_operators(tf):
    d, u = tf.constant([1.0, 2.0]), tf.constant([[1.0], [3.0]])
    base = tf.linalg.LinearOperatorDiag(d)
    update = tf.linalg.LinearOperatorLowRankUpdate(base, u)
    x = tf.constant([3.0, 4.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(update)
        y = tf.reduce_sum(update.matvec(x))
        z = tf.reduce_sum(base.matvec(x))
        product = base.matmul(base)
    of_update, of_base = tape.gradient(y, update), tape.gradient(z, update)
    nested = tape.gradient({"a": product, "b": y}, {"d": d, "list": [base]})
    return [
        [type(of_update).__name__, of_update.u, of_update.base_operator.diag],
        [of_base.u, of_base.base_operator.diag],
        tape.gradient(y, base).diag,
        tape.gradient(tf.constant(1.0), base),
        tape.gradient(product, d),
        tape.gradient(product, d, output_gradients=tf.linalg.LinearOperatorDiag([1.0, 10.0])),
        [nested["d"], type(nested["list"]).__name__, nested["list"][0].diag],
        attempt(lambda: len(tf.nest.flatten(tf.linalg.LinearOperatorBlockDiag([base, update]), expand_composites=True))),
    ]


@program
def creators_of_variables(tf):
    calls = []

    def creator(label, **changes):
        def create(next_creator, **given):
            calls.append([label, sorted(given), given["trainable"], given["shape"]])
            return next_creator(**{**given, **changes})

        return create

    with tf.variable_creator_scope(creator("outer", trainable=False)):
        with tf.variable_creator_scope(creator("inner", initial_value=7.0, name="n")) as nothing:
            both = tf.Variable(1.0, trainable=True, shape=[])
        one = tf.Variable(lambda: tf.ones([2]), name="m")
    plain = tf.Variable(3.0)
    with tf.variable_creator_scope(lambda next_creator, **given: "other"):
        other = tf.Variable(1.0)
    with tf.variable_creator_scope(lambda next_creator: None):
        failed = kind_of_error(lambda: tf.Variable(1.0))
    with tf.variable_creator_scope(creator("scope", dtype=tf.float64)):
        wide = tf.Variable(1.0)
    return [calls, both, both.name, both.trainable, one, one.name, one.trainable, plain.trainable, other, failed,
            nothing, wide]  # fmt: skip


@program
def conversions_to_another_dtype(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    return [
        attempt(lambda: tf.convert_to_tensor(v, tf.float64)), attempt(lambda: tf.convert_to_tensor(v, "int32")),
        attempt(lambda: tf.convert_to_tensor(v, tf.string)), tf.convert_to_tensor(v, dtype_hint=tf.float64),
        tf.convert_to_tensor(v, tf.float32), attempt(lambda: tf.Variable([1.0, 2.0], dtype=tf.float64).assign(v)),
        attempt(lambda: tf.Variable(v, dtype=tf.float64)),
    ]  # fmt: skip
