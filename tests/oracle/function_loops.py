"""Programs over loops, maps and TensorArrays: options, structures, texts of errors (see `function_programs`)."""

import numpy as np

from oracle.function_flow import both, recorded, with_gradient
from oracle.function_programs import Pair, plain, program, seen
from oracle.function_statements import said


@both
def while_loop_structures(tf, wrap):
    one = tf.constant(1)

    def run(cond, body, values, **options):
        return said(wrap(lambda x: tf.while_loop(cond, body, values(x), **options)), one)

    return [
        run(lambda i: i < 3, lambda i: i + 1, lambda x: [x]),
        run(lambda i: i < 3, lambda i: (i + 1,), lambda x: (x,)),
        run(lambda i: i < 3, lambda i: [i + 1], lambda x: [x]),
        run(lambda i, p: i < 3, lambda i, p: (i + 1, Pair(p.b, p.a)), lambda x: (x, Pair(x, x + 1))),
        run(lambda i, p: i < 3, lambda i, p: (i + 1, {"a": p["b"], "b": p["a"]}), lambda x: (x, {"a": x, "b": x + 1})),
        run(lambda i, p: i < 3, lambda i, p: (i + 1, [p[1], [p[0]]]), lambda x: (x, [x, [x]])),
        run(lambda i, p: i < 3, lambda i, p: (i + 1, (p[1][0], [p[0]])), lambda x: (x, (x, [x * 2]))),
        run(lambda i, j: i < 3, lambda i, j: (i + 1, j * 2), lambda x: (0, 1.5)),
        run(lambda i, j: i < 3, lambda i, j: (i + 1, j + 1), lambda x: (0, np.zeros(2, np.float32))),
        run(lambda i: i < 3, lambda i: i + 1, lambda x: [x], maximum_iterations=1),
        run(lambda i: i < 3, lambda i: i + 1, lambda x: [x], maximum_iterations=tf.constant(1)),
        run(lambda i: i < 3, lambda i: i + 1, lambda x: [x], parallel_iterations=1, swap_memory=True, back_prop=True),
        run(lambda i: i < 3, lambda i: i + 1, lambda x: [x], maximum_iterations=0),
        run(lambda i: tf.constant([True]) & (i < 3), lambda i: i + 1, lambda x: [x]),
    ]  # fmt: skip


@recorded
def while_loop_errors(tf, wrap):
    one = tf.constant(1)

    def run(cond, body, values, **options):
        return said(wrap(lambda x: tf.while_loop(cond, body, values(x), **options)), one)

    return [
        run(1, lambda i: i + 1, lambda x: [x]),
        run(lambda i: i < 3, 1, lambda x: [x]),
        run(lambda i: i < 3, lambda i: (i + 1, i), lambda x: [x]),
        run(lambda i, j: i < 3, lambda i, j: (i + 1,), lambda x: [x, x]),
        run(lambda i, j: i < 3, lambda i, j: None, lambda x: [x, x]),
        run(lambda i: i < 3, lambda i: tf.cast(i, tf.int64), lambda x: [x]),
        run(lambda i: i < 3, lambda i: tf.stack([i, i]), lambda x: [x]),
        run(lambda i: i, lambda i: i + 1, lambda x: [x]),
        run(lambda i: tf.stack([i, i]) < 3, lambda i: i + 1, lambda x: [x]),
        run(lambda i: i < 3, lambda i: {"b": i["a"]}, lambda x: [{"a": x}]),
    ]  # fmt: skip


@both
def shape_invariants(tf, wrap):
    def growing(x):
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, y[:1]], 0)), (tf.constant(0), x),
                             shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])))[1]  # fmt: skip

    def spec(x):
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, y[:1]], 0)), (tf.constant(0), x),
                             shape_invariants=(tf.TensorSpec([], tf.int32), tf.TensorSpec([None], tf.float32)))[1]  # fmt: skip

    def static(x):
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), (tf.constant(0), x),
                             shape_invariants=(tf.TensorShape([]), tf.TensorShape([2])))[1]  # fmt: skip

    def unknown_rank(x):
        return tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, y[tf.newaxis]), (tf.constant(0), x),
                             shape_invariants=(tf.TensorShape([]), tf.TensorShape(None)))[1]  # fmt: skip

    return [said(wrap(f), tf.constant([1.0, 2.0])) for f in (growing, spec, static, unknown_rank)] + [
        with_gradient(tf, wrap(growing), [1.0, 2.0])]  # fmt: skip


@recorded
def shape_invariants_refused(tf, wrap):
    def run(shapes):
        return said(wrap(lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y), (tf.constant(0), x),
                                                 shape_invariants=shapes)), tf.constant([1.0, 2.0]))  # fmt: skip

    return [
        run((tf.TensorShape([]), tf.TensorShape([3]))),
        run((tf.TensorShape([]),)),
        run([tf.TensorShape([]), None])[:9],
    ]


@both
def counted_loops(tf, wrap):
    """Tests that look at counters alone: how often they hold is known when the loop is recorded."""
    x, w = [[1.0, -2.0, 0.5]] * 4, [0.3, 0.2, -0.1]
    bound, start = tf.constant(3), tf.constant(1)

    def network(x, w):
        def step(t, state, outputs):
            state = tf.tanh(x[t] * w + state)
            return t + 1, state, outputs.write(t, state)

        outputs = tf.TensorArray(tf.float32, 4)
        _, state, outputs = tf.while_loop(lambda t, *_: t < 4, step, (0, tf.zeros([3]), outputs), maximum_iterations=9)
        return state, outputs.stack()

    def by_halves(x):
        n, k = tf.constant(40), 0
        while n > 0:
            n, k, x = n // 2, k + n, x * 1.5
        return x + tf.cast(k, tf.float32)

    def two_counters(x):
        i, j = tf.constant(0), tf.constant(10)
        while i < j:
            if i % 2 == 0:
                x = x + 1.0
            i, j = i + 1, j - 2
        return x

    def of_captured(x):
        i = start
        while i <= bound:
            x, i = x * tf.cast(i, tf.float32), i + 1
        return x

    def never(x):
        i = tf.constant(5)
        while i < 5:
            x, i = x * 2.0, i + 1
        return x

    def limited(x):
        return tf.while_loop(lambda i, x: i < 10, lambda i, x: (i + 1, x * 2.0), (0, x), maximum_iterations=3)[1]

    def by_a_value(x):
        i = tf.constant(0)
        while i < 10 and tf.reduce_sum(x) < 20.0:
            x, i = x * 2.0, i + 1
        return x

    def changing(x):
        i, step = tf.constant(0), tf.constant(1)
        while i < 20:
            i, step, x = i + step, step + 1, x + tf.cast(step, tf.float32)
        return x

    single = [by_halves, two_counters, of_captured, never, limited, by_a_value, changing]
    return [with_gradient(tf, wrap(network), x, w), *[with_gradient(tf, wrap(f), [1.0, 2.0]) for f in single]]


@both
def loops_without_gradients(tf, wrap):
    def stopped(x):
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), (tf.constant(0), x), back_prop=False)[1]

    def mapped(x):
        return tf.map_fn(lambda t: t * t, x, back_prop=False)

    def scanned(x):
        return tf.scan(lambda a, t: a * t, x, back_prop=False)

    def folded(x):
        return tf.foldl(lambda a, t: a * t, x, back_prop=False), tf.foldr(lambda a, t: a * t, x, back_prop=False)

    return [with_gradient(tf, wrap(f), [1.5, 2.0]) for f in (stopped, mapped, scanned, folded)]


@both
def map_fn_signatures(tf, wrap):
    x, f32 = tf.constant([1, 2, 3]), tf.float32

    def run(fn, elems, **options):
        return said(wrap(lambda x: tf.map_fn(fn, elems(x), **options)), x)

    return [
        run(lambda t: t * t, lambda x: x),
        run(lambda t: tf.cast(t, f32), lambda x: x, fn_output_signature=f32),
        run(lambda t: tf.cast(t, f32), lambda x: x, dtype=f32),
        run(lambda t: tf.cast(t, f32), lambda x: x, fn_output_signature=tf.TensorSpec([], f32)),
        run(lambda t: tf.stack([t, t]), lambda x: x, fn_output_signature=tf.TensorSpec([2], tf.int32)),
        run(lambda t: tf.stack([t, t]), lambda x: x, fn_output_signature=tf.TensorSpec([None], tf.int32)),
        run(lambda t: tf.stack([t, t]), lambda x: x, fn_output_signature=tf.TensorSpec([3], tf.int32)),
        run(lambda t: (t, t * 2), lambda x: x, fn_output_signature=(tf.int32, tf.int32)),
        run(lambda t: {"a": t, "b": (t, t)}, lambda x: x, fn_output_signature={"a": tf.int32, "b": (tf.int32, tf.int32)}),
        run(lambda t: t["a"] + t["b"], lambda x: {"a": x, "b": x}, fn_output_signature=tf.int32),
        run(lambda t: {"a": t["b"], "b": t["a"]}, lambda x: {"a": x, "b": x * 2}),
        run(lambda t: Pair(t.b, t.a), lambda x: Pair(x, x * 2)),
        run(lambda t: [t[0], t[1]], lambda x: [x, x]),
        run(lambda t: t[0] + t[1], lambda x: (x, x), fn_output_signature=tf.int32),
        run(lambda t: 5, lambda x: x),
        run(lambda t: t, lambda x: x[:0]),
        run(lambda t: tf.cast(t, f32), lambda x: x[:0], fn_output_signature=f32),
        run(lambda t: t, lambda x: [1, 2, 3]),
        run(lambda t: t + 1, lambda x: np.arange(3)),
        run(lambda t: t * 2, lambda x: tf.stack([x, x]), parallel_iterations=2, infer_shape=False, swap_memory=True, name="m"),
        run(lambda t: tf.constant(True), lambda x: x, fn_output_signature=tf.bool),
    ]  # fmt: skip


@both
def map_fn_errors(tf, wrap):
    x, f32 = tf.constant([1, 2, 3]), tf.float32

    def run(fn, elems, **options):
        return said(wrap(lambda x: tf.map_fn(fn, elems(x), **options)), x)

    return [
        run(1, lambda x: x), run(lambda t: t, lambda x: x[0]), run(lambda t: t, lambda x: []),
        run(lambda t: tf.cast(t, f32), lambda x: x), run(lambda t: (t, t), lambda x: x),
        run(lambda t: t[0], lambda x: (x, x[:2]), fn_output_signature=tf.int32),
        run(lambda t: t, lambda x: (x, x), fn_output_signature=tf.int32),
        run(lambda t: None, lambda x: x)[:10],
        run(lambda t: t, lambda x: x, fn_output_signature="nothing"),
    ]  # fmt: skip


@both
def scans(tf, wrap):
    x = tf.constant([1, 2, 3])

    def run(function):
        return said(wrap(function), x)

    return [
        run(lambda x: tf.scan(lambda a, t: a + t, x)),
        run(lambda x: tf.scan(lambda a, t: a - t, x, reverse=True)),
        run(lambda x: tf.scan(lambda a, t: a + t, x, initializer=tf.constant(10))),
        run(lambda x: tf.scan(lambda a, t: (a[1], a[0] + t), x, initializer=(0, 1))),
        run(lambda x: tf.scan(lambda a, t: {"s": a["s"] + t, "p": a["p"] * t}, x, initializer={"s": 0, "p": 1})),
        run(lambda x: tf.scan(lambda a, t: a + t[0] * t[1], (x, x), initializer=0)),
        run(lambda x: tf.scan(lambda a, t: (a[0] + t[0], a[1] * t[1]), (x, x))),
        run(lambda x: tf.scan(lambda a, t: a + t, tf.stack([x, x]))),
        run(lambda x: tf.scan(lambda a, t: a + t, x, parallel_iterations=1, infer_shape=False, swap_memory=True)),
        run(lambda x: tf.scan(lambda a, t: tf.cast(t, tf.float32), x)),
        run(lambda x: tf.scan(lambda a, t: (a, t), x)),
        run(lambda x: tf.scan(1, x)),
        run(lambda x: tf.scan(lambda a, t: a + t, x[0])),
        run(lambda x: tf.scan(lambda a, t: a + t, x[:1])),
        run(lambda x: tf.scan(lambda a, t: a + t, x[:0], initializer=3)),
        run(lambda x: tf.foldl(lambda a, t: a * 10 + t, x)),
        run(lambda x: tf.foldr(lambda a, t: a * 10 + t, x)),
        run(lambda x: tf.foldl(lambda a, t: (a[0] + t, a[1] * t), x, initializer=(0, 1))),
        run(lambda x: tf.foldr(lambda a, t: a + t[0] * t[1], (x, x), initializer=5)),
        run(lambda x: tf.foldl(lambda a, t: a, x[:0], initializer=5)),
        run(lambda x: tf.foldl(lambda a, t: tf.cast(t, tf.float32), x)),
        run(lambda x: tf.foldl(1, x)), run(lambda x: tf.foldr(lambda a, t: a + t, x[0])),
    ]  # fmt: skip


@both
def vectorized_maps(tf, wrap):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    w = tf.Variable([2.0, 3.0])

    def run(function, *args):
        return said(wrap(function), *(args or (x,)))

    return [
        run(lambda x: tf.vectorized_map(lambda t: t * w, x)),
        run(lambda x: tf.vectorized_map(lambda t: {"s": tf.reduce_sum(t), "m": tf.reduce_max(t)}, x)),
        run(lambda x: tf.vectorized_map(lambda t: tf.tensordot(t[0], t[1], 1), (x, x[:1]))),
        run(lambda x: tf.vectorized_map(lambda t: tf.cond(t[0] > 2.0, lambda: t, lambda: -t), x)),
        run(lambda x: tf.vectorized_map(lambda t: tf.map_fn(lambda u: u * u, t), x)),
        run(
            lambda x: tf.vectorized_map(
                lambda t: tf.while_loop(lambda i, u: i < 3, lambda i, u: (i + 1, u * 2.0), (0, t))[1], x
            )
        ),
        run(lambda x: tf.vectorized_map(lambda t: tf.gather(t, [1, 0]), x)),
        run(lambda x: tf.vectorized_map(lambda t: 1.0, x)),
        run(lambda x: tf.vectorized_map(lambda t: tf.linalg.matvec(tf.linalg.diag(t), t), x)),
        run(lambda x: tf.vectorized_map(lambda t: t, (x, x[:2]))),
        run(lambda x: tf.vectorized_map(lambda t: t * 2.0, x[:0])),
    ]


@both
def vectorized_gradients(tf, wrap):
    def per_example(x):
        def slope(t):
            with tf.GradientTape() as tape:
                tape.watch(t)
                y = tf.reduce_sum(t**3)
            return tape.gradient(y, t)

        return tf.vectorized_map(slope, x)

    def outside(x):
        return tf.vectorized_map(lambda t: tf.reduce_sum(t * t), x)

    x = [[1.0, 2.0], [3.0, 4.0]]
    return [said(wrap(per_example), tf.constant(x)), with_gradient(tf, wrap(outside), x)]


@both
def cond_structures(tf, wrap):
    one = tf.constant(1)

    def run(true, false, pred=lambda x: x > 0):
        return said(wrap(lambda x: tf.cond(pred(x), true(x), false(x))), one)

    return [
        run(lambda x: lambda: x, lambda x: lambda: -x),
        run(lambda x: lambda: [x], lambda x: lambda: [-x]),
        run(lambda x: lambda: (x,), lambda x: lambda: (-x,)),
        run(lambda x: lambda: [x, {"a": (x, x)}], lambda x: lambda: [x, {"a": (x, -x)}]),
        run(lambda x: lambda: Pair(x, x), lambda x: lambda: Pair(-x, x)),
        run(lambda x: lambda: 1, lambda x: lambda: 2),
        run(lambda x: lambda: None, lambda x: lambda: None),
        run(lambda x: lambda: (), lambda x: lambda: ()),
        run(lambda x: lambda: x, lambda x: lambda: -x, lambda x: tf.constant([True])),
        run(lambda x: lambda: tf.ones([1]), lambda x: lambda: tf.ones([2])),
    ]


@recorded
def cond_errors(tf, wrap):
    one = tf.constant(1)

    def run(true, false, pred=lambda x: x > 0):
        return said(wrap(lambda x: tf.cond(pred(x), true(x), false(x))), one)

    return [
        run(lambda x: lambda: x, lambda x: 1), run(lambda x: 1, lambda x: lambda: x),
        run(lambda x: lambda: x, lambda x: lambda: None)[:10], run(lambda x: lambda: x, lambda x: lambda: 1.5)[:9],
        run(lambda x: lambda: {"a": x}, lambda x: lambda: {"b": x}),
        run(lambda x: lambda: x, lambda x: lambda: -x, lambda x: True),
        run(lambda x: lambda: x, lambda x: lambda: -x, lambda x: x),
        run(lambda x: lambda: x, lambda x: lambda: -x, lambda x: None)[:10],
        run(lambda x: lambda: x, lambda x: lambda: -x, lambda x: "a"),
    ]  # fmt: skip


@both
def cases(tf, wrap):
    def run(function, *numbers):
        return [said(wrap(function), tf.constant(n)) for n in numbers]

    return [
        run(lambda x: tf.case([(x > 5, lambda: 1), (x > 0, lambda: 2)]), 9, 1, -1),
        run(lambda x: tf.case([(x > 5, lambda: 1), (x > 0, lambda: 2)], default=lambda: 3, exclusive=True), 9, 1, -1),
        run(lambda x: tf.case({}, default=lambda: 3), 1),
        run(lambda x: tf.case([], default=lambda: 3), 1),
        run(lambda x: tf.case([(x > 0, lambda: (x, x)), (x > 5, lambda: (x, -x))], default=lambda: (-x, x)), 3, -1),
        run(lambda x: tf.case((x > 0, lambda: x)), 1), run(lambda x: tf.case([(x > 0, 1)]), 1)[0][:9],
        run(lambda x: tf.case([(True, lambda: x)]), 1), run(lambda x: tf.case([(x > 0, lambda: x, 1)]), 1),
        run(lambda x: tf.case([(x > 0, lambda: x)], default=1), 1),
        run(lambda x: tf.switch_case(x, [lambda: 1, lambda: 2]), 0, 1, 2, -1),
        run(lambda x: tf.switch_case(x, {0: lambda: x, 1: lambda: x * 10}, default=lambda: -x), 0, 1, 7),
        run(lambda x: tf.switch_case(x, [(0, lambda: x), (1, lambda: x * 10)]), 0, 1, 7),
        run(lambda x: tf.switch_case(x, [lambda: (x, [x]), lambda: (x, [-x])]), 0, 1),
        run(lambda x: tf.switch_case(x, []), 0), run(lambda x: tf.switch_case(x, {1: lambda: x, 3: lambda: x}), 1),
        run(lambda x: tf.switch_case(x, {"a": lambda: x}), 1), run(lambda x: tf.switch_case(x, [1, 2]), 1),
        run(lambda x: tf.switch_case(x, [lambda: x, lambda: x], default=2), 1), run(lambda x: tf.switch_case(1, [lambda: x]), 1),
        run(lambda x: tf.switch_case(tf.cast(x, tf.int64), [lambda: x, lambda: x]), 1),
        [str(r)[:9] for r in run(lambda x: tf.switch_case(x, [lambda: x, lambda: 1.5]), 1)],
    ]  # fmt: skip


@both
def tensor_array_methods(tf, wrap):
    one = tf.constant(1)

    def run(function):
        return said(wrap(function), one)

    def array(x, **options):
        return tf.TensorArray(tf.int32, **{"size": 3, "clear_after_read": False, **options}).unstack(tf.range(3) + x)

    return [
        run(lambda x: array(x).gather([2, 0])), run(lambda x: array(x).gather(tf.stack([x, x]))),
        run(lambda x: array(x).scatter([0, 2], [7, 8]).stack()),
        run(lambda x: array(x).identity().stack()), run(lambda x: array(x).size()),
        run(lambda x: tf.TensorArray(tf.int32, size=2).split(tf.range(4) + x, [2, 2]).stack()),
        run(lambda x: tf.TensorArray(tf.int32, size=2).split(tf.range(4) + x, [1, 3]).concat()),
        run(lambda x: tf.TensorArray(tf.int32, size=2).split(tf.range(4) + x, [1, 3]).read(1)),
        run(lambda x: tf.TensorArray(tf.int32, size=2).split(tf.range(4) + x, [1, 2]).concat()),
        run(lambda x: tf.TensorArray(tf.int32, size=2, infer_shape=False).write(0, [1]).write(1, [2, 3]).concat()),
        run(lambda x: tf.TensorArray(tf.int32, size=2).write(0, [1]).write(1, [2, 3]).concat()),
        run(lambda x: tf.TensorArray(tf.int32, size=3).write(1, [x, x]).concat()),
        run(lambda x: tf.TensorArray(tf.int32, size=0, dynamic_size=True).write(2, x).size()),
        run(lambda x: tf.TensorArray(tf.int32, size=0, dynamic_size=True).write(2, x).stack()),
        run(lambda x: tf.TensorArray(tf.int32, size=2, element_shape=[2]).write(1, [x, x]).stack()),
        run(lambda x: tf.TensorArray(tf.int32, size=2, element_shape=[None]).write(1, [x, x]).stack()),
        run(lambda x: tf.TensorArray(tf.int32, size=2).unstack([[1, 2], [3, 4]]).concat()),
        run(lambda x: tf.TensorArray(tf.int32, size=2).unstack(tf.range(3)).stack()),
        run(lambda x: (str(array(x).element_shape), array(x).dtype.name, array(x).dynamic_size)),
        run(lambda x: tf.TensorArray(tf.float32, 2).write(0, 1).write(1, 2.5).stack()),
        run(lambda x: tf.TensorArray(tf.int32, 2, clear_after_read=False).write(0, x).read(0)),
    ]  # fmt: skip


@both
def tensor_array_errors(tf, wrap):
    one = tf.constant(1)

    def run(function):
        return said(wrap(function), one)

    def twice(x):
        a = tf.TensorArray(tf.int32, size=2).unstack(tf.range(2) + x)
        return a.read(0) + a.read(0)

    def twice_kept(x):
        a = tf.TensorArray(tf.int32, size=2, clear_after_read=False).unstack(tf.range(2) + x)
        return a.read(0) + a.read(0)

    def new(**options):
        return tf.TensorArray(tf.int32, **{"size": 2, **options})

    return [
        run(twice), run(twice_kept), run(lambda x: new().write(5, x).stack()), run(lambda x: new().write(-1, x).stack()),
        run(lambda x: new().read(5)), run(lambda x: new().read(0)), run(lambda x: new().write(0, 1.5).stack()),
        run(lambda x: new(element_shape=[3]).write(0, [x]).stack()), run(lambda x: new().write(0, [x]).write(1, [x, x]).stack()),
        run(lambda x: new().write(0, [x]).write(1, x).stack()), run(lambda x: new().stack()), run(lambda x: new().concat()),
        run(lambda x: new().unstack(x)), run(lambda x: new().scatter([0, 1, 2], [x, x, x]).stack()),
        run(lambda x: new().split(tf.range(3), [1, 1]).stack()), run(lambda x: new().gather([5])),
        run(lambda x: new(element_shape=[2]).read(1)), run(lambda x: new().grad("a"))[:19],
        run(lambda x: new().write("a", x))[:9], run(lambda x: tf.TensorArray("int33", 2)),
        run(lambda x: len(new())), run(lambda x: new()[0]),
    ]  # fmt: skip


@both
def tensor_arrays_in_control_flow(tf, wrap):
    def whole(x):
        a = tf.TensorArray(tf.float32, size=3)
        _, a = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i, x * tf.cast(i, tf.float32))), (0, a))
        return a.stack()

    def reading(x):
        a = tf.TensorArray(tf.float32, size=3).unstack(x)
        total = 0.0
        for i in tf.range(3):
            total += a.read(i)
        return total

    def dynamic(x):
        a = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        _, a = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i, x[i])), (0, a))
        return a.stack()

    def in_cond(x):
        a = tf.TensorArray(tf.float32, size=2).unstack(x[:2])
        a = tf.cond(x[0] > 0.0, lambda: a.write(0, x[2]), lambda: a)
        return a.stack()

    def in_if(x):
        a = tf.TensorArray(tf.float32, size=2)
        if x[0] > 0.0:
            a = a.write(0, x[2])
            a = a.write(1, x[1])
        else:
            a = a.write(0, x[1])
            a = a.write(1, x[1])
        return a.stack()

    def two(x):
        a = tf.TensorArray(tf.float32, size=3)
        b = tf.TensorArray(tf.float32, size=3, element_shape=[2])
        for i in tf.range(3):
            a = a.write(i, x[i] * 2.0)
            b = b.write(2 - i, tf.stack([x[i], -x[i]]))
        return a.stack(), b.stack(), b.concat()

    def conditional_write(x):
        a = tf.TensorArray(tf.float32, size=3)
        for i in tf.range(3):
            if x[i] > 1.5:
                a = a.write(i, x[i])
            else:
                a = a.write(i, 0.0)
        return a.stack()

    def until_break(x):
        a = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for i in tf.range(10):
            if tf.cast(i, tf.float32) > x[2]:
                break
            a = a.write(i, tf.cast(i, tf.float32) * x[0])
        return a.stack()

    def appended(x):
        a = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        n = tf.constant(0)
        for v in x:
            if v > 1.0:
                a = a.write(n, v)
                n += 1
        return a.stack(), n

    functions = [whole, reading, dynamic, in_cond, in_if, two, conditional_write, until_break, appended]
    return [with_gradient(tf, wrap(f), [1.0, 2.0, 3.0]) if f is not appended else said(wrap(f), tf.constant([1.0, 2.0, 3.0]))
            for f in functions]  # fmt: skip


@recorded
def loop_option_kinds(tf, wrap):
    def maximum(x):
        while x < 100:
            tf.autograph.experimental.set_loop_options(maximum_iterations=3)
            x *= 2
        return x

    def parallel(x):
        for i in tf.range(3):
            tf.autograph.experimental.set_loop_options(parallel_iterations=1, swap_memory=True)
            x += i
        return x

    def nested(x):
        y = x
        while y < 5:
            tf.autograph.experimental.set_loop_options(maximum_iterations=2)
            y += 1
            for i in tf.range(3):
                tf.autograph.experimental.set_loop_options(maximum_iterations=1)
                x += i + 1
        return y, x

    def unknown(x):
        for i in tf.range(3):
            tf.autograph.experimental.set_loop_options(nothing=1)
            x += i
        return x

    return [said(wrap(f), tf.constant(2)) for f in (maximum, parallel, nested)] + [
        said(wrap(unknown), tf.constant(2))[:9]]  # fmt: skip


@both
def random_draws_in_loops(tf, wrap):
    """Draws differ from iteration to iteration, and from call to call."""

    def loop(x):
        a = tf.TensorArray(tf.float32, 4)
        for i in tf.range(4):
            a = a.write(i, tf.random.uniform([]))
        return a.stack()

    def mapped(x):
        return tf.map_fn(lambda t: tf.random.normal([]), tf.range(4), fn_output_signature=tf.float32)

    found = []
    for f in (loop, mapped):
        called = wrap(f)
        first, second = called(tf.constant(1)).numpy(), called(tf.constant(1)).numpy()
        found.append([len(set(first.tolist())), len(set(first.tolist()) | set(second.tolist()))])
    return found


@both
def loops_over_nothing(tf, wrap):
    """Values, shapes and gradients of loops over 0 rows."""
    w = tf.Variable([1.0, 2.0])

    def rows(x):
        a = tf.ones([2])
        for row in x:
            a = a + row * w
        return a

    def counted(x):
        a = tf.reduce_sum(x, 0) + 1.0
        for _ in tf.range(tf.shape(x)[0]):
            a = a * w
        return a

    def tested(x):
        a, i = tf.ones([2]), 0
        while i < tf.shape(x)[0]:
            a = a + x[i] * w
            i += 1
        return a

    functions = [
        rows, counted, tested,
        lambda x: tf.while_loop(lambda i, a: i < tf.shape(x)[0], lambda i, a: (i + 1, a + x[i] * w), (0, tf.ones([2])))[1],
        lambda x: tf.map_fn(lambda row: row * w, x),
        lambda x: tf.map_fn(lambda row: row[0] * w[0], x, fn_output_signature=tf.TensorSpec([], tf.float32)),
        lambda x: tf.scan(lambda a, row: a + row * w, x, initializer=tf.zeros([2])),
        lambda x: tf.foldl(lambda a, row: a + row * w, x, initializer=tf.zeros([2])),
        lambda x: tf.foldr(lambda a, row: a + row * w, x, initializer=tf.zeros([2])),
        lambda x: tf.foldl(lambda a, row: a + row * w, x),
        lambda x: tf.foldr(lambda a, row: a + row * w, x),
    ]  # fmt: skip

    def run(f):
        x = tf.zeros([0, 2])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return [str(y.shape), plain(y), plain(tape.gradient(y, [x, w]))]

    open_rows = [tf.TensorSpec([None, 2])]
    wraps = [wrap] if wrap is not tf.function else [wrap, lambda f: wrap(f, input_signature=open_rows)]
    return [seen(run, each(f)) for f in functions for each in wraps]


@program
def loops_that_look_at_variables_alone(tf):
    v, limit = tf.Variable(0), tf.Variable(3)

    @tf.function
    def up_to(n):
        while v < n:
            v.assign_add(1)
        while v < limit:
            v.assign_add(2)
        return v + 0

    return [plain(up_to(tf.constant(n))) for n in (2, 5, 1)]


@program
def loops_that_replace_ranges(tf):
    @tf.function
    def f(n):
        numbers = tf.range(n)
        for i in tf.range(n):
            numbers = numbers * 2 + i
        if n > 2:
            numbers = tf.range(n)
        return numbers

    return [plain(f(tf.constant(n))) for n in (3, 0, 2)]
