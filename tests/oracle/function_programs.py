"""Programs over tf.function, run alike with TensorFlow and with tfcompat.

Each takes the namespace and returns plain data: numbers, which may differ in the last bits, and strings, which may not.
`seen` turns what a call gives, or the error it raises, into such data.
"""

import collections
import dataclasses
import functools

import numpy as np

PROGRAMS = {}
Pair = collections.namedtuple("Pair", "a b")


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def plain(value):
    """A result as numbers, strings, lists and dicts."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if hasattr(value, "_fields"):
        return {k: plain(v) for k, v in value._asdict().items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "numpy"):
        array = np.asarray(value.numpy())
        kind = str(value.dtype.name)
        if array.dtype == object or array.dtype.kind == "S":
            return {kind: [v.decode() for v in array.reshape(-1).tolist()]}
        if array.dtype.kind == "c":
            array = np.stack([array.real, array.imag], -1)
        return {kind: array.astype(np.float64).tolist()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return type(value).__name__


def seen(call, *args, **kwargs):
    """What a call gives, or the type of its error."""
    try:
        return plain(call(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - the type is what is compared
        return f"{type(error).__name__}"


def traces(tf, calls, **options):
    """The tracing count after each of some calls of f(x, y=None)."""

    @tf.function(**options)
    def f(x, y=None):
        return tf.constant(0)

    found = []
    for call in calls:
        args, kwargs = call if isinstance(call, tuple) and len(call) == 2 and isinstance(call[1], dict) else ((call,), {})
        try:
            f(*args, **kwargs)
            found.append(f.experimental_get_tracing_count())
        except Exception as error:  # noqa: BLE001 - the type is what is compared
            found.append(type(error).__name__)
    return found


@program
def traces_of_python_values(tf):
    return [
        traces(tf, [1, 2, 1]), traces(tf, [1, 1.0, True]), traces(tf, ["a", "b", "a", b"a"]), traces(tf, [None, None]),
        traces(tf, [float("nan"), float("nan")]), traces(tf, [1j, 1j, 2j]), traces(tf, [range(3), range(3), range(4)]),
        traces(tf, [{1}, {1}]), traces(tf, [tf.float32, tf.float32, tf.int32]),
        traces(tf, [tf.TensorShape([1]), tf.TensorShape([1]), tf.TensorShape([2])]),
    ]  # fmt: skip


@program
def traces_of_arrays_and_tensors(tf):
    f32 = np.float32
    return [
        traces(tf, [np.int32(1), np.int32(2)]),
        traces(tf, [np.zeros(2, f32), np.zeros(2), np.zeros(3, f32), np.ones(2, f32)]),
        traces(tf, [tf.constant(1), tf.constant(2), tf.constant(1.0)]),
        traces(tf, [np.zeros(2, f32), tf.zeros(2)]),
        traces(tf, [tf.zeros(i) for i in (1, 2, 3, 4)]),
        traces(tf, [tf.zeros(i) for i in (1, 2, 3, 4)], reduce_retracing=True),
        traces(tf, [tf.zeros(1), tf.zeros([1, 1]), tf.zeros([2, 2]), tf.zeros([2, 2, 2])], reduce_retracing=True),
        traces(tf, [1, 2, 3], reduce_retracing=True),
        traces(tf, [tf.zeros([2, 3]), tf.zeros([2, 4]), tf.zeros([2, 5]), tf.zeros([3, 5]), tf.zeros([9, 9])],
               reduce_retracing=True),
    ]  # fmt: skip


@program
def traces_of_structures(tf):
    one, two = tf.constant(1), tf.constant(2)

    @dataclasses.dataclass
    class Data:
        a: object

    class Thing:
        pass

    first, second, data = Thing(), Thing(), Data(one)
    return [
        traces(tf, [[one] * 2, (one,) * 2, [one] * 2]), traces(tf, [[1, 2], [1, 3], [1, 2]]),
        traces(tf, [{"a": one, "b": two}, {"b": one, "a": two}]), traces(tf, [Pair(one, two), (one, two)]),
        traces(tf, [data, data, Data(one)]), traces(tf, [first, first, second, first]),
        traces(tf, [((one, two), {}), ((one,), {"y": two}), ((), {"y": two, "x": one}), ((one,), {}), ((one, None), {})]),
        traces(tf, [(lambda q: q), (lambda q: q)]), traces(tf, [[], [], ()]), traces(tf, [{"a": {"b": [one]}}, {"a": {"b": [two]}}]),
    ]  # fmt: skip


@program
def traces_of_variables(tf):
    a, b, c = tf.Variable(1.0), tf.Variable(2.0), tf.Variable([1.0, 2.0])
    return [traces(tf, [a, b, c]), traces(tf, [((a, b), {}), ((a, a), {}), ((b, b), {})])]


@program
def input_signature(tf):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def f(x):
        return x * 2.0

    arguments = [tf.zeros([1, 2]), tf.zeros([5, 2]), np.zeros([3, 2], np.float32), [[1, 2]], [[1.0, 2.0]], tf.zeros([2, 3]),
                 tf.zeros([1, 2], tf.float64), np.zeros([3, 2])]  # fmt: skip
    return [[seen(f, a), f.experimental_get_tracing_count()] for a in arguments]


@program
def wrong_signatures(tf):
    @tf.function
    def f(x, y):
        return x

    @tf.function(input_signature=[tf.TensorSpec([None])])
    def g(x):
        return x

    return [seen(f), seen(f, 1), seen(f, 1, 2, 3), seen(f, 1, z=2), seen(g), seen(g, 1.0, 2.0),
            seen(tf.function, 3), seen(lambda: tf.function(lambda x: x, input_signature=[3]))]  # fmt: skip


@program
def results_of_all_kinds(tf):
    v = tf.Variable(4.0)

    @tf.function
    def f(x):
        return "a", 1, 2.5, None, np.zeros(2), [x, {"a": x}], v, Pair(x, x + 1.0), True

    @tf.function
    def nothing(x):
        x + 1.0

    @tf.function
    def thing(x):
        return object()

    return [seen(f, tf.constant(1.0)), seen(nothing, tf.constant(1.0)), seen(thing, tf.constant(1.0))]


@program
def symbolic_tensors(tf):
    found = {}

    @tf.function(autograph=False)
    def f(x):
        found.update(
            repr=repr(x), str=str(x), shape=str(x.shape), dtype=x.dtype.name, rank=x.shape.rank, name=x.name,
            bool=seen(lambda: bool(x)), int=seen(lambda: int(x)), float=seen(lambda: float(x)), iter=seen(lambda: list(x)),
            len=seen(lambda: len(x)), array=seen(lambda: np.array(x)), numpy=seen(lambda: x.numpy()),
            hash=seen(lambda: hash(x)), inside=tf.inside_function(), eager=tf.executing_eagerly(),
            is_tensor=isinstance(x, tf.Tensor), spec=repr(tf.TensorSpec.from_tensor(x).shape), op=x.op.type, format=f"{x}",
            contains=seen(lambda: 1 in x), foo=seen(lambda: x.foo),
        )  # fmt: skip
        return x

    f(tf.constant([1.0, 2.0]))
    return found


@program
def leaks(tf):
    kept = []

    @tf.function
    def f(x):
        kept.append(x + 1)
        return x

    @tf.function
    def g(x):
        return x + kept[0]

    @tf.function
    def h(x):
        return kept[0]

    f(tf.constant(1.0))
    return [repr(kept[0]), seen(lambda: kept[0] + 1), seen(lambda: kept[0].numpy()), seen(g, tf.constant(1.0)), seen(h, tf.constant(1.0))]


@program
def variables_created(tf):
    class Lazy(tf.Module):
        def __init__(self):
            self.v = None

        @tf.function
        def __call__(self, x):
            if self.v is None:
                self.v = tf.Variable(3.0)
            self.v.assign_add(1.0)
            return x * self.v

    @tf.function
    def always(x):
        v = tf.Variable(1.0)
        return x + v

    m, n = Lazy(), Lazy()
    found = [seen(m, tf.constant(1.0)) for _ in range(3)]
    found += [seen(n, tf.constant(2.0)), m.v.numpy().item(), n.v.numpy().item(), len(m.variables)]
    found.append(m.__call__.experimental_get_tracing_count())
    m.v = None
    return [*found, seen(m, tf.constant([1.0])), seen(always, tf.constant(1.0))]


@program
def variables_in_order(tf):
    v, w = tf.Variable(1.0), tf.Variable([1.0, 2.0])
    out = []

    @tf.function
    def f(x):
        a = v.value()
        v.assign(a + x)
        b = v + 0.0
        v.assign_sub(0.5)
        w[0].assign(v)
        w.scatter_nd_add([[1]], [10.0])
        return a, b, v.read_value(), w * 1.0

    for x in (1.0, 2.0, 3.0):
        out.append(plain(f(tf.constant(x))))
        out.append([v.numpy().item(), w.numpy().tolist()])
    return out


@program
def variables_in_branches_and_loops(tf):
    v, n = tf.Variable(0.0), tf.Variable(0, dtype=tf.int64)

    @tf.function
    def f(x):
        if x > 0:
            v.assign_add(x)
        else:
            v.assign(-1.0)
            n.assign_add(1)
        for i in tf.range(3):
            v.assign_add(tf.cast(i, tf.float32))
            if i > 1:
                n.assign_add(10)
        return v * 1.0

    return [[seen(f, tf.constant(x)), v.numpy().item(), n.numpy().item()] for x in (1.0, -1.0, 5.0)]


@program
def variables_as_arguments(tf):
    a, b = tf.Variable(1.0), tf.Variable(10.0)

    @tf.function
    def f(u, w):
        u.assign_add(w)
        return u * w

    found = [seen(f, a, b), seen(f, b, a), seen(f, a, a)]
    return [*found, a.numpy().item(), b.numpy().item(), f.experimental_get_tracing_count()]


@program
def failing_calls(tf):
    v = tf.Variable(1.0)

    @tf.function
    def f(i):
        return tf.gather([1.0, 2.0, 3.0], i)

    @tf.function
    def g(x):
        tf.debugging.assert_greater(x, 0.0)
        return x * v

    @tf.function
    def h(x):
        tf.debugging.Assert(x < 5.0, [x])
        v.assign(x)
        return x

    found = [seen(f, tf.constant([1, 2])), seen(lambda: f(tf.constant([1, 7])).numpy()), seen(f, tf.constant([0]))]
    found += [seen(lambda x=x: g(tf.constant(x)).numpy().item()) for x in (1.0, -1.0, 2.0)]
    found += [seen(lambda x=x: h(tf.constant(x)).numpy().item()) for x in (1.0, 9.0, 2.0)]
    return [*found, v.numpy().item()]


@program
def methods_and_callables(tf):
    class Model:
        def __init__(self, k):
            self.k = tf.constant(k)

        @tf.function
        def scale(self, x):
            return x * self.k

    class Callable:
        def __call__(self, x):
            return x + 1.0

    one, two = Model(2.0), Model(3.0)
    partial = tf.function(functools.partial(lambda a, b: a - b, tf.constant(10.0)))
    bound = tf.function(one.scale)
    return [seen(one.scale, tf.constant(1.0)), seen(two.scale, tf.constant(1.0)),
            one.scale.experimental_get_tracing_count(), seen(tf.function(Callable()), tf.constant(1.0)),
            seen(tf.function(lambda x: x * 3.0), tf.constant(1.0)), seen(partial, tf.constant(4.0)), seen(bound, tf.constant(2.0))]  # fmt: skip


@program
def nesting(tf):
    v = tf.Variable(1.0)
    log = []

    @tf.function
    def inner(x):
        log.append("inner")
        v.assign_add(1.0)
        return x * v

    @tf.function
    def outer(x):
        log.append("outer")
        y = inner(x)
        return inner(y) + v

    return [seen(outer, tf.constant(1.0)), seen(outer, tf.constant(2.0)), seen(inner, tf.constant(1.0)), v.numpy().item(), log]


@program
def gradients(tf):
    v = tf.Variable([1.0, 2.0])

    @tf.function
    def f(x):
        return tf.reduce_sum(tf.tanh(x * v) ** 2)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, [x, v])

    @tf.function
    def second(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(x**3)
            g = inner.gradient(y, x)
        return outer.gradient(g, x)

    x = tf.constant([0.3, -0.7])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = f(x)
        z = y * 2.0 + f(2.0 * x)
    with tf.GradientTape() as of_step:
        of_step.watch(x)
        g, _ = step(x)
    return [plain(step(x)), plain(second(x)), plain(tape.gradient(y, [x, v])), plain(tape.gradient(z, [x, v])),
            plain(of_step.gradient(g, x))]  # fmt: skip


@program
def gradients_where_conventions_differ(tf):
    x = tf.constant([-1.0, 0.0, 0.0, 2.0])

    @tf.function
    def f(x):
        return tf.nn.relu(x), tf.abs(x), tf.maximum(x, 0.0), tf.reduce_max(x), tf.clip_by_value(x, 0.0, 1.0), tf.nn.relu6(x * 3.0)

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        outs = f(x)
    return [plain(tape.gradient(y, x)) for y in outs]


@program
def custom_gradients(tf):
    @tf.custom_gradient
    def clipped(x):
        def grad(dy):
            return tf.clip_by_value(dy, -0.1, 0.1)

        return x * 3.0, grad

    @tf.function
    def f(x):
        return tf.reduce_sum(clipped(x) * 2.0)

    @tf.function
    def g(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x)

    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return [plain(y), plain(tape.gradient(y, x)), plain(g(x))]


@program
def concrete_functions(tf):
    @tf.function
    def h(x, y=2):
        return x * y

    c = h.get_concrete_function(tf.TensorSpec([None, 3]), y=1)
    d = h.get_concrete_function(tf.constant(1.0), 2)
    return [str(d).replace("POSITIONAL_OR_KEYWORD", "P"), repr(d).split(" at ")[0], seen(d, tf.constant(3.0)),
            seen(d, tf.constant(3)), seen(d, tf.constant(3.0), 5), seen(d), repr(d.structured_input_signature),
            str(d.output_shapes), str(d.output_dtypes), [o.type for o in d.graph.get_operations()][:1],
            seen(c, tf.ones([2, 3])), h.pretty_printed_concrete_signatures().count("Captures")]  # fmt: skip


@program
def control_dependencies_and_scopes(tf):
    v = tf.Variable(0.0)

    @tf.function
    def f(x):
        with tf.control_dependencies([v.assign_add(x)]):
            y = tf.identity(v)
        with tf.name_scope("part"), tf.init_scope():
            z = tf.constant(3.0) + 1.0
            eager = tf.executing_eagerly()
        return y, z, eager

    return [seen(f, tf.constant(2.0)), seen(f, tf.constant(2.0))]


@program
def run_eagerly(tf):
    log = []

    @tf.function
    def f(x):
        log.append(tf.executing_eagerly())
        return x + 1

    f(tf.constant(1))
    tf.config.run_functions_eagerly(True)
    try:
        f(tf.constant(1))
        f(tf.constant(2))
        log.append(tf.config.functions_run_eagerly())
    finally:
        tf.config.run_functions_eagerly(False)
    f(tf.constant(1))
    return log


@program
def random_numbers(tf):
    tf.random.set_seed(3)

    @tf.function
    def f():
        return tf.random.uniform([2]), tf.random.normal([2]), tf.random.uniform([2], seed=5)

    @tf.function
    def inner():
        return tf.random.uniform([])

    @tf.function
    def outer():
        return inner(), inner(), tf.random.uniform([])

    @tf.function
    def branch(n):
        if n > 0:
            r = tf.random.uniform([])
        else:
            r = tf.random.normal([])
        return r, tf.random.shuffle(tf.range(5))

    found = [[plain(f()), plain(outer()), plain(branch(tf.constant(1)))] for _ in range(2)]
    tf.random.set_seed(3)
    return [*found, plain(f()), plain(outer())]


@program
def module_with_layers(tf):
    class Dense(tf.Module):
        def __init__(self, size, name=None):
            super().__init__(name=name)
            self.size, self.w = size, None

        @tf.Module.with_name_scope
        def __call__(self, x):
            if self.w is None:
                self.w = tf.Variable(tf.ones([x.shape[-1], self.size]) * 0.5, name="w")
                self.b = tf.Variable(tf.zeros([self.size]), name="b")
            return tf.nn.relu(x @ self.w + self.b)

    class Model(tf.Module):
        def __init__(self):
            super().__init__(name="model")
            self.layers = [Dense(3), Dense(2)]

        @tf.function
        def __call__(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

        @tf.function
        def train(self, x, rate):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self(x) - 1.0) ** 2)
            variables = self.trainable_variables
            for v, g in zip(variables, tape.gradient(loss, variables), strict=True):
                v.assign_sub(rate * g)
            return loss

    model, x = Model(), tf.constant([[1.0, 2.0], [3.0, -1.0]])
    found = [plain(model(x))] + [plain(model.train(x, tf.constant(0.05))) for _ in range(5)]
    return [*found, [v.name for v in model.variables], plain(list(model.variables))]


@program
def symbolic_gradients(tf):
    @tf.function
    def f(x):
        y = x * x
        z = tf.sin(y) * x
        return (tf.gradients(z, [x, y]), tf.hessians(tf.reduce_sum(x**3), x), tf.gradients([y, z], x, grad_ys=[x, 2.0 * x]),
                tf.gradients(z, [x, y], stop_gradients=[y]), tf.gradients(y, x, unconnected_gradients="zero"))  # fmt: skip

    return [seen(f, tf.constant([1.0, 2.0])), seen(tf.gradients, tf.constant(1.0), tf.constant(1.0))]


@program
def unconnected_inputs(tf):
    v = tf.Variable([3.0])

    @tf.function
    def f(x, z):
        return tf.floor(x) * z * v, tf.stop_gradient(x * z)

    @tf.function
    def g(x, z):
        return tf.cond(x[0] > 0.0, lambda: tf.floor(x) * z, lambda: z)

    x, z = tf.constant([1.5]), tf.constant([2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, z])
        first, second = f(x, z)
        third = g(x, z)
    return [plain(tape.gradient(y, [x, z, v])) for y in (first, second, third)]


@program
def wrong_operands(tf):
    one, two = tf.ones([2]), tf.ones([3])

    def called(function):
        return seen(tf.function(function))

    return [called(lambda: one + two), called(lambda: one + tf.constant([1, 2])), called(lambda: tf.matmul(one, two)),
            called(lambda: tf.ones([2, 2]) @ tf.ones([7, 7])), called(lambda: tf.reshape(one, [3])),
            called(lambda: tf.concat([one, tf.ones([2, 2])], 0)), called(lambda: tf.nn.relu("a"))]  # fmt: skip


@program
def layers_of_keras(tf):
    layer = tf.keras.layers.Dense(3, kernel_initializer="ones", use_bias=False)
    dropout = tf.keras.layers.Dropout(0.5)
    norm = tf.keras.layers.BatchNormalization(momentum=0.5)
    optimizer = tf.keras.optimizers.SGD(0.1, momentum=0.9)
    mean = tf.keras.metrics.Mean()

    @tf.function
    def step(x, training):
        with tf.GradientTape() as tape:
            y = norm(layer(x), training=training)
            loss = tf.reduce_mean((y - 1.0) ** 2)
        variables = layer.trainable_variables + norm.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        mean.update_state(loss)
        return loss

    @tf.function
    def dropped(x):
        return tf.reduce_all(dropout(x, training=False) == x)

    class Model(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(1, kernel_initializer="ones")

        @tf.function
        def call(self, x):
            return self.dense(x)

    x = tf.constant([[1.0, 2.0], [3.0, -4.0], [0.5, 0.5]])
    losses = [plain(step(x, True)) for _ in range(4)] + [plain(step(x, False))]
    return [losses, plain(mean.result()), plain(layer.kernel.value), plain(norm.moving_mean.value), plain(dropped(x)),
            int(optimizer.iterations.numpy()), plain(Model()(x))]  # fmt: skip
