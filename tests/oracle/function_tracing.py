"""Programs over how often a function's Python code runs, and what functions that cannot be recorded do (see
`function_programs`)."""

import numpy as np

from oracle.function_flow import both, with_gradient
from oracle.function_programs import plain, program, seen


@program
def tracing_with_new_variables(tf):
    """The Python code runs twice where variables are made."""
    log = []

    class Lazy(tf.Module):
        v = None

        @tf.function
        def __call__(self, x):
            log.append("call")
            if self.v is None:
                log.append("make")
                self.v = tf.Variable(tf.ones([2]) * 3.0, name="v")
            return x + self.v

    m = Lazy()
    found = [seen(m, tf.constant(1.0)), list(log), m.__call__.experimental_get_tracing_count()]
    found += [seen(m, tf.constant(2.0)), list(log), m.__call__.experimental_get_tracing_count()]
    found += [seen(m, tf.constant([2.0, 1.0])), list(log), m.__call__.experimental_get_tracing_count()]
    return [*found, m.v.name, len(m.variables)]


@program
def tracing_with_new_variables_of_each_kind(tf):
    log = []
    made = {}

    @tf.function
    def constant(x):
        log.append("constant")
        if "a" not in made:
            made["a"] = tf.Variable(2.0)
        return made["a"].assign_add(x)

    @tf.function
    def callable_initial(x):
        log.append("callable")
        if "b" not in made:
            made["b"] = tf.Variable(lambda: tf.constant(3.0))
        return made["b"] * x

    @tf.function
    def from_other(x):
        log.append("other")
        if "c" not in made:
            made["c"] = tf.Variable(made["a"] * 2.0)
        return made["c"] * x

    @tf.function
    def from_argument(x):
        log.append("argument")
        if "d" not in made:
            made["d"] = tf.Variable(x * 2.0)
        return made["d"] * x

    @tf.function
    def two(x):
        log.append("two")
        if "e" not in made:
            made["e"] = tf.Variable(1.0)
            made["f"] = tf.Variable(made["e"] + 1.0)
        return made["e"] + made["f"] * x

    @tf.function
    def nested(x):
        log.append("nested")
        if "g" not in made:
            made["g"] = tf.Variable(1.0)
        return constant(x) + made["g"]

    functions = [constant, callable_initial, from_other, from_argument, two, nested]
    found = []
    for f in functions:
        for n in (1.0, 2.0):
            log.clear()
            found.append([seen(f, tf.constant(n)), list(log), f.experimental_get_tracing_count()])
    return [*found, {k: plain(v) for k, v in sorted(made.items())}]


@program
def concrete_function_with_new_variables(tf):
    log = []

    class Lazy(tf.Module):
        v = None

        @tf.function
        def __call__(self, x):
            log.append("call")
            if self.v is None:
                self.v = tf.Variable(3.0)
            self.v.assign_add(1.0)
            return x * self.v

    m = Lazy()
    c = m.__call__.get_concrete_function(tf.TensorSpec([], tf.float32))
    found = [list(log), m.__call__.experimental_get_tracing_count(), m.v.numpy().item(), len(c.variables)]
    return [*found, seen(c, tf.constant(2.0)), m.v.numpy().item(), list(log)]


@program
def variables_only_assigned(tf):
    v, w, t = tf.Variable(1.0), tf.Variable([1.0, 2.0]), tf.Variable(5.0, trainable=False)

    @tf.function
    def assigns(x):
        v.assign(x)

    @tf.function
    def adds(x):
        v.assign_add(x)
        w[0].assign(x)

    @tf.function
    def reads(x):
        return t * x

    @tf.function
    def calls(x):
        assigns(x)
        return reads(x)

    @tf.function
    def branches(x):
        if x > 0.0:
            v.assign(x)
        else:
            t.assign(x)

    found = []
    for f in (assigns, adds, reads, calls, branches):
        c = f.get_concrete_function(tf.TensorSpec([], tf.float32))
        found.append(
            [
                len(c.variables),
                len(c.trainable_variables),
                sorted(plain(u)["float32"] for u in c.variables if u is not w),
            ]
        )
    return found


@program
def python_side_effects(tf):
    log = []

    @tf.function
    def f(x):
        log.append("f")
        for i in tf.range(3):
            log.append("body")
            x += i
        while x < 20:
            log.append("while")
            x *= 2
        if x > 5:
            log.append("then")
            x += 1
        else:
            log.append("else")
        y = x + 1 if x > 1 else x - 1
        return tf.cond(x > 3, lambda: log.append("true") or x, lambda: log.append("false") or -x) + y

    @tf.function
    def g(x):
        a = tf.while_loop(lambda i: log.append("test") or i < 3, lambda i: log.append("step") or i + 1, [x])
        b = tf.map_fn(lambda t: log.append("map") or t, tf.range(3))
        c = tf.scan(lambda s, t: log.append("scan") or s + t, tf.range(3))
        d = tf.foldl(lambda s, t: log.append("fold") or s + t, tf.range(3))
        e = tf.vectorized_map(lambda t: log.append("vectorized") or t, tf.range(3))
        h = tf.switch_case(x, [lambda: log.append("0") or x, lambda: log.append("1") or x + 1])
        i = tf.case([(x > 1, lambda: log.append("case") or x)], default=lambda: log.append("default") or -x)
        return a, b, c, d, e, h, i

    found = []
    for function in (f, g):
        for n in (1, 2):
            log.clear()
            found.append([seen(function, tf.constant(n)), list(log)])
    return found


@program
def conditions_that_are_known(tf):
    """Both branches are traced in functions, whatever is known about the condition; one of them runs eagerly."""
    log = []

    def branches(x):
        return (lambda: log.append("true") or x + 1, lambda: log.append("false") or x - 1)

    known, flag = tf.constant(True), tf.Variable(True)
    kinds = {
        "constant": lambda x: tf.cond(tf.constant(True), *branches(x)),
        "captured": lambda x: tf.cond(known, *branches(x)),
        "variable": lambda x: tf.cond(flag, *branches(x)),
        "numpy": lambda x: tf.cond(np.bool_(True), *branches(x)),
        "bool": lambda x: tf.cond(True, *branches(x)),
        "comparison": lambda x: tf.cond(tf.constant(1) < 2, *branches(x)),
        "shape": lambda x: tf.cond(tf.shape(x)[0] > 0, *branches(x)),
        "size": lambda x: tf.cond(tf.equal(tf.size(x), 1), *branches(x)),
        "rank": lambda x: tf.cond(tf.rank(x) > 5, *branches(x)),
        "value": lambda x: tf.cond(x[0] > 0, *branches(x)),
        "switch": lambda x: tf.switch_case(tf.constant(0), branches(x)),
        "case": lambda x: tf.case([(tf.constant(True), branches(x)[0])], default=branches(x)[1]),
        "int": lambda x: tf.cond(tf.constant(1), *branches(x)),
    }
    found = []
    for kind, function in kinds.items():
        for wrap in (lambda f: f, lambda f: tf.function(f, autograph=False), tf.function):
            log.clear()
            found.append([kind, seen(wrap(function), tf.constant([1])), list(log)])
    return found


@program
def branches_that_do_not_fit_the_sizes(tf):
    """What a branch does that is not taken may be wrong for the sizes that there are: those from `tf.shape` are not known."""
    log = []

    def halves(x):
        n = tf.shape(x)[0]
        even, odd = x[: n // 2 * 2 : 2], x[1::2]

        def cut():
            log.append("cut")
            return tf.stack([even, odd[: tf.shape(even)[0]]], 1)

        def whole():
            log.append("whole")
            return tf.stack([x[0 : n - n // 2], x[n - n // 2 : n]], 1)

        return tf.cond(tf.equal(n % 2, 1), cut, whole)

    f = tf.function(halves, autograph=False)
    found = [seen(f, tf.range(5)), seen(f, tf.range(4)), list(log)]

    @tf.function
    def statement(x):
        n = tf.shape(x)[0]
        even, odd = x[: n // 2 * 2 : 2], x[1::2]
        if n % 2 == 1:
            y = tf.stack([even, odd[: tf.shape(even)[0]]], 1)
        else:
            y = tf.stack([x[0 : n - n // 2], x[n - n // 2 : n]], 1)
        return y

    found += [seen(statement, tf.range(5)), seen(statement, tf.range(4))]
    lengths = tf.function(lambda x: tf.cond(tf.shape(x)[0] > 2, lambda: x[: tf.shape(x)[0] - 1], lambda: x))
    switched = tf.function(lambda x: tf.switch_case(tf.shape(x)[0] - 1, [lambda: x, lambda: tf.concat([x, x], 0)]))
    return [*found, seen(lengths, tf.range(3)), seen(lengths, tf.range(2)), seen(switched, tf.range(1)), seen(switched, tf.range(2))]


@program
def known_conditions_of_statements(tf):
    log = []
    known = tf.constant(True)

    def constant(x):
        if tf.constant(True):
            log.append("then")
            x = x + 1
        else:
            log.append("else")
        return x

    def captured(x):
        if known:
            log.append("then")
            x = x + 1
        else:
            log.append("else")
        return x

    def of_shape(x):
        if tf.shape(x)[0] > 5:
            log.append("then")
            x = x + 1
        else:
            log.append("else")
        return x

    def of_static_shape(x):
        if x.shape[0] > 5:
            log.append("then")
            x = x + 1
        else:
            log.append("else")
        return x

    def loop(x):
        for _ in tf.range(3):
            log.append("body")
            x += 1
        while tf.constant(False):
            log.append("while")
            x += 1
        return x

    found = []
    for function in (constant, captured, of_shape, of_static_shape, loop):
        log.clear()
        found.append([seen(tf.function(function), tf.constant([1])), list(log)])
    return found


@program
def nested_tracing(tf):
    log = []

    @tf.function
    def inner(x):
        log.append("inner")
        return x + 1

    @tf.function
    def outer(x):
        log.append("outer")
        return inner(x) + inner(x[0]) + inner(x)

    @tf.function
    def in_loop(x):
        for _ in tf.range(2):
            x = inner(x)
        return x

    @tf.function
    def by_method(x):
        return outer(x) + in_loop(x)

    found = []
    for f in (outer, in_loop, by_method):
        log.clear()
        found.append([seen(f, tf.constant([1, 2])), list(log)])
    return [*found, inner.experimental_get_tracing_count(), outer.experimental_get_tracing_count()]


# What cannot be recorded: shapes that depend on values, strings


@both
def value_dependent_results(tf, wrap):
    """Results are tensors, as of any function, whatever the Python code returns."""
    v = tf.Variable(4.0)

    def f(x):
        y = tf.boolean_mask(x, x > 0.0)
        return y, 1, 2.5, None, np.zeros(2), {"a": v, "b": [tf.size(y)]}, True

    def g(x):
        positive = tf.boolean_mask(x, x > 0.0)
        if tf.size(positive) > 1:
            total, scale = tf.reduce_sum(positive), 2
        else:
            total, scale = tf.constant(-1.0), 3
        n = 0
        for p in positive:
            total += p * tf.cast(scale, tf.float32)
            n += 1
        while tf.size(positive) > n - 1:
            n += 1
        return total, scale, n

    def h(x):
        indices = tf.where(x > 0.0)
        values, places = tf.unique(tf.cast(x, tf.int32))
        return tf.gather_nd(x, indices), tf.reduce_max(values), places

    def loop(x):
        rows = x[:1]
        while tf.size(rows) < 5:
            tf.autograph.experimental.set_loop_options(shape_invariants=[(rows, tf.TensorShape([None]))])
            rows = tf.concat([rows, tf.boolean_mask(x, x > 0.0)], 0)
        return rows

    def ranges(x):
        n = tf.cast(x[0], tf.int32)
        return tf.range(n), tf.zeros([n]), tf.ones([n, 2]), tf.fill([n], 2.0)

    def repeated(x):
        n = tf.cast(x, tf.int32)
        return tf.repeat(x, tf.maximum(n, 0)), tf.tile(x, [n[0]]), tf.reshape(x, [n[2], -1])

    found = []
    for function in (f, g, h, loop, ranges, repeated):
        called = wrap(function)
        found.append(
            [seen(called, tf.constant(x)) for x in ([1.0, -2.0, 3.0], [2.0, 2.0, 1.0], [4.0, -1.0, -2.0, 1.0])]
        )
    if wrap is tf.function:
        return found[1:] + [
            isinstance(w, tf.Tensor) for w in tf.nest.flatten(tf.function(f)(tf.constant([1.0, -1.0]))[:2])
        ]
    return found[2:]


@both
def value_dependent_gradients(tf, wrap):
    def f(x):
        y = tf.boolean_mask(x, x > 0.0)
        return tf.reduce_sum(y * y)

    def g(x):
        i = tf.where(x > 1.0)
        return tf.gather_nd(x, i) * 3.0

    def inside(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.boolean_mask(x, x > 0.0) ** 2)
        return tape.gradient(y, x)

    x = [1.0, -2.0, 3.0]
    return [with_gradient(tf, wrap(f), x) for f in (f, g, inside)]


# Python functions


@both
def python_function_results(tf, wrap):
    def one(x):
        return tf.py_function(lambda a: a * 2, [x], tf.float32)

    def several(x):
        return tf.py_function(lambda a: (a * 2, tf.reduce_sum(a)), [x], [tf.float32, tf.float32])

    def shaped(x):
        y = tf.py_function(lambda a: a * 2, [x], tf.float32)
        y.set_shape([2])
        return y + 1.0

    def ensured(x):
        y = tf.ensure_shape(tf.numpy_function(lambda a: a * 2, [x], tf.float32), [2])
        return y + 1.0

    def specs(x):
        return tf.py_function(lambda a: a * 2, [x], tf.TensorSpec([2], tf.float32))

    def nothing(x):
        tf.py_function(lambda a: None, [x], [])
        return x

    def array(x):
        return tf.numpy_function(lambda a: np.sort(a)[::-1].copy(), [x], tf.float32)

    def stateless(x):
        return tf.numpy_function(lambda a: a + 1, [x], tf.float32, stateful=False)

    def wrong_dtype(x):
        return tf.py_function(lambda a: tf.cast(a, tf.int32), [x], tf.float32)

    def wrong_number(x):
        return tf.py_function(lambda a: (a, a), [x], [tf.float32])

    def fails(x):
        return tf.py_function(lambda a: {}["missing"], [x], tf.float32)

    functions = [one, several, shaped, ensured, specs, nothing, array, stateless, wrong_dtype, wrong_number, fails]
    return [[seen(wrap(f), tf.constant(x)) for x in ([1.0, 2.0], [3.0, 1.0])] for f in functions]


@both
def python_function_gradients(tf, wrap):
    tf.Variable(2.0)

    def several(x, y):
        return tf.py_function(lambda a, b: [a * b, a + tf.sin(b)], [x, y], [tf.float32, tf.float32])

    def chained(x):
        y = tf.py_function(lambda a: a * a, [x * 2.0], tf.float32)
        y.set_shape(x.shape)
        return tf.exp(-y)

    def numpy(x):
        return tf.numpy_function(lambda a: a * a, [x], tf.float32) + x

    found = [with_gradient(tf, wrap(several), [1.0, 2.0], [0.5, -0.5])]
    found += [with_gradient(tf, wrap(f), [0.5, 1.5]) for f in (chained, numpy)]

    return found


@program
def python_function_calls(tf):
    log = []

    @tf.function
    def f(x):
        log.append("traced")
        y = tf.py_function(lambda a: log.append("called") or a, [x], tf.float32)
        y.set_shape([])
        return y * 2.0

    @tf.function
    def loop(x):
        for i in tf.range(3):
            y = tf.py_function(lambda a, i: a + tf.cast(i, tf.float32), [x, i], tf.float32)
            y.set_shape([])
            x += y
        return x

    @tf.function
    def branch(x):
        if x > 1.0:
            y = tf.numpy_function(lambda a: a * 10, [x], tf.float32)
        else:
            y = x
        y.set_shape([])
        return y

    return [seen(f, tf.constant(x)) for x in (1.0, 2.0)] + [log, seen(loop, tf.constant(1.0)),
            seen(branch, tf.constant(1.0)), seen(branch, tf.constant(2.0))]  # fmt: skip



@program
def wide_recordings(tf):
    """A recording for unknown dimensions serves the calls that it covers, the narrowest of several."""
    shapes = []

    @tf.function
    def f(x, k=1):
        shapes.append([str(x.shape), k])
        return tf.reduce_sum(x) * k

    def run():
        yield lambda: f.get_concrete_function(tf.TensorSpec([None]))
        yield lambda: [f(tf.ones([3])), f(tf.ones([4])), f(tf.ones([3]))]
        yield lambda: f.get_concrete_function(tf.TensorSpec([5])) and f.get_concrete_function(tf.ones([6]))
        yield lambda: f(tf.ones([3]), 2)
        yield lambda: f(tf.ones([3], tf.int32))
        yield lambda: f(tf.ones([2, 3]))
        yield lambda: f.get_concrete_function(tf.TensorSpec([None, None]))
        yield lambda: [f(tf.ones([2, 3])), f(tf.ones([3, 2]))]
        yield lambda: f.get_concrete_function(tf.TensorSpec([None, 2]))
        yield lambda: [f(tf.ones([7, 2])), f(tf.ones([7, 3]))]
        yield lambda: f(x=tf.ones([9]))

    found = []
    for step in run():
        result = step()
        found.append([plain(result) if isinstance(result, list) else "", len(shapes), f.experimental_get_tracing_count()])
    return [found, shapes]


@program
def failures_count_as_nothing(tf):
    """What a function raises while it is recorded leaves its tracing count as it was."""
    faulty = [True]

    @tf.function
    def f(x):
        if faulty:
            raise IndexError
        return x + 1

    product = tf.function(lambda x: tf.matmul(x, x))
    unstacked = tf.function(lambda x: tf.unstack(x), input_signature=[tf.TensorSpec([None, 2])])
    found = []
    for g, x in ((f, 1), (product, tf.ones([2, 3])), (product, tf.ones([2, 2])), (unstacked, tf.ones([3, 2])), (f, tf.constant(1))):
        found.append([seen(g, x), g.experimental_get_tracing_count()])
    faulty.clear()
    found += [[seen(f, x), f.experimental_get_tracing_count()] for x in (1, tf.constant(1), tf.constant(2))]
    return found
