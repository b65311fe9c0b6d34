"""Programs over control flow in tf.function and eagerly (see `function_programs`)."""

from oracle.function_programs import PROGRAMS, plain, seen


def both(function):
    """A program that calls `function(tf, wrap)` twice: eagerly, and with `wrap` = tf.function."""

    def run(tf):
        return [function(tf, lambda f: f), function(tf, tf.function)]

    PROGRAMS[function.__name__] = run
    return function


def recorded(function):
    """A program over recorded functions only."""
    PROGRAMS[function.__name__] = lambda tf: function(tf, tf.function)
    return function


def with_gradient(tf, f, *args):
    """The results and gradients of a function of float tensors."""
    args = [tf.constant(a) for a in args]
    with tf.GradientTape() as tape:
        tape.watch(args)
        y = f(*args)
        total = tf.add_n([tf.reduce_sum(t) for t in tf.nest.flatten(y)])
    return [plain(y), plain(tape.gradient(total, args))]


@both
def cond(tf, wrap):
    one = tf.constant(1)
    f = wrap(lambda x: tf.cond(x > 0, lambda: x * 2, lambda: -x))
    return [seen(f, one), seen(f, -one), seen(wrap(lambda x: tf.cond(x > 0, 1, lambda: 2)), one),
            seen(wrap(lambda x: tf.cond(x > 0, lambda: (x, {"a": x}), lambda: (-x, {"a": x + 1}))), one),
            seen(wrap(lambda x: tf.cond(x > 0, lambda: None, lambda: None)), one)]  # fmt: skip


@recorded
def cond_refused(tf, wrap):
    one = tf.constant(1)
    return [seen(wrap(lambda x: tf.cond(x > 0, lambda: x, lambda: 1.5)), one),
            seen(wrap(lambda x: tf.cond(True, lambda: 1, lambda: 2)), one)]  # fmt: skip


@both
def case_and_switch(tf, wrap):
    one = tf.constant(1)
    case = wrap(lambda x: tf.case([(x > 5, lambda: 1), (x > 0, lambda: 2)], default=lambda: 3))
    switch = wrap(lambda i: tf.switch_case(i, [lambda: i * 10, lambda: i + 1, lambda: 7]))
    table = wrap(lambda i: tf.switch_case(i, {0: lambda: 1, 3: lambda: 2}, default=lambda: 9))
    return [[seen(case, tf.constant(n)) for n in (9, 1, -1)], [seen(switch, tf.constant(i)) for i in (0, 1, 2, 5, -1)],
            [seen(table, tf.constant(i)) for i in (0, 1, 3, 8)],
            seen(wrap(lambda x: tf.case([(x > 5, lambda: 1), (x > 3, lambda: 2)])), one)]  # fmt: skip


@both
def while_loops(tf, wrap):
    one = tf.constant(1)
    return [
        seen(wrap(lambda x: tf.while_loop(lambda i, j: i < 10, lambda i, j: (i + 1, j * 2), (x, x))), one),
        seen(wrap(lambda x: tf.while_loop(lambda d: d["a"] < 10, lambda d: [{"a": d["a"] + 1}], [{"a": x}])), one),
        seen(wrap(lambda x: tf.while_loop(1, lambda i: i + 1, [x])), one),
        seen(wrap(lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, y], 0)), (x, tf.ones([1])),
                                          shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])))), one),
        seen(wrap(lambda x: tf.while_loop(lambda i, k: i < 30, lambda i, k: (i + 1, k), (x, x), maximum_iterations=4)), one),
    ]  # fmt: skip


@recorded
def while_loops_refused(tf, wrap):
    one = tf.constant(1)
    return [
        seen(wrap(lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, y], 0)), [x, tf.ones([1])])), one),
        seen(wrap(lambda x: tf.while_loop(lambda i: i < 3, lambda i: tf.cast(i, tf.float32) + 1, [x])), one),
        seen(wrap(lambda x: tf.while_loop(lambda i, j: i < 3, lambda i, j: i + 1, [x, x])), one),
        seen(wrap(lambda x: tf.while_loop(lambda i: i, lambda i: i + 1, [x], maximum_iterations=3)), one),
    ]


@both
def gradients_of_control_flow(tf, wrap):
    def branch(x):
        return tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * x, lambda: -3.0 * x)

    def power(x):
        _, y = tf.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, y * x), (tf.constant(0), tf.ones_like(x)))
        return y

    def newton(x):
        return tf.while_loop(lambda y: tf.reduce_any(tf.abs(y * y - x) > 1e-4), lambda y: (0.5 * (y + x / y),), (x,))[0]

    def folded(x):
        return tf.foldl(lambda a, t: a * t + tf.sin(t), x), tf.scan(lambda a, t: a * t, x), tf.map_fn(lambda t: t**3, x)

    x = [0.5, 1.5, 2.5]
    return [with_gradient(tf, wrap(f), x) for f in (branch, power, newton, folded)] + [with_gradient(tf, wrap(branch), [-1.0, -2.0])]


@both
def long_loop_gradient(tf, wrap):
    def f(x):
        _, y = tf.while_loop(lambda i, y: i < 300, lambda i, y: (i + 1, y + 0.01 * tf.sin(y) * x), (tf.constant(0), x))
        return y

    return with_gradient(tf, wrap(f), [0.1, 0.2])


@both
def maps(tf, wrap):
    return [
        seen(wrap(lambda x: tf.map_fn(lambda t: t * t, x)), tf.range(4)),
        seen(wrap(lambda x: tf.map_fn(lambda t: (t[0] * t[1], tf.cast(t[0], tf.float32)), (x, x + 1),
                                      fn_output_signature=(tf.int32, tf.float32))), tf.range(4)),
        seen(wrap(lambda x: tf.map_fn(lambda t: tf.cast(t, tf.float32), x)), tf.range(4)),
        seen(wrap(lambda x: tf.scan(lambda a, t: a + t, x)), tf.range(4)),
        seen(wrap(lambda x: tf.scan(lambda a, t: a + t, x, initializer=10, reverse=True)), tf.range(4)),
        seen(wrap(lambda x: tf.scan(lambda a, t: (a[0] + t, a[1] * 2), x, initializer=(0, 1))), tf.range(4)),
        seen(wrap(lambda x: tf.foldl(lambda a, t: a - t, x)), tf.range(4)),
        seen(wrap(lambda x: tf.foldr(lambda a, t: a - t, x, initializer=100)), tf.range(4)),
        seen(wrap(lambda x: tf.vectorized_map(lambda t: t * 2.0 + tf.reduce_sum(t), x)), tf.ones([3, 2])),
        seen(wrap(lambda x: tf.vectorized_map(lambda t: tf.tensordot(t[0], t[1], 1), (x, x + 1.0))), tf.ones([3, 2])),
    ]  # fmt: skip


@both
def tensor_arrays(tf, wrap):
    def unrolled(x):
        a = tf.TensorArray(tf.int32, size=3, clear_after_read=False)
        for i in range(3):
            a = a.write(i, x * i)
        return a.stack(), a.read(1), a.size(), a.gather([0, 2])

    one = tf.constant(1)
    return [
        seen(wrap(unrolled), one),
        seen(wrap(lambda x: tf.TensorArray(tf.int32, size=0, dynamic_size=True).unstack(tf.range(3) + x).write(5, 9).stack()), one),
        seen(wrap(lambda x: tf.TensorArray(tf.int32, size=2).write(0, 1.5).stack()), one),
        seen(wrap(lambda x: tf.TensorArray(tf.int32, size=2).write(0, x).write(0, x).stack()), one),
        seen(wrap(lambda x: tf.TensorArray(tf.int32, size=2).split(tf.range(5) + x, [2, 3]).concat()), one),
        seen(wrap(lambda x: tf.TensorArray(tf.int32, size=2, element_shape=[2]).stack()), one),
        seen(wrap(lambda x: tf.TensorArray(tf.int32, size=3).write(1, [x, x]).stack()), one),
        seen(wrap(lambda x: tf.TensorArray(tf.float32, 3).scatter([2, 0, 1], tf.ones([3, 2])).concat()), one),
    ]


@both
def tensor_arrays_in_loops(tf, wrap):
    def squares(x):
        a = tf.TensorArray(tf.float32, size=tf.shape(x)[0])
        for i in tf.range(tf.shape(x)[0]):
            a = a.write(i, x[i] * x[i])
        return a.stack()

    def growing(x):
        a = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for i in tf.range(4):
            a = a.write(i, x * tf.cast(i, tf.float32))
        return a.stack()

    def until(x):
        a = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        i = 0
        while tf.reduce_sum(x) < 100.0:
            x = x * 2.0
            a = a.write(i, x)
            i += 1
        return a.stack()

    def nested(x):
        a = tf.TensorArray(tf.float32, size=6)
        for i in tf.range(2):
            for j in tf.range(3):
                a = a.write(i * 3 + j, x[0] * tf.cast(i, tf.float32) + tf.cast(j, tf.float32))
        return a.stack()

    def chosen(x):
        a = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for i in tf.range(3):
            if x[i] > 1.0:
                a = a.write(a.size(), x[i] * x[i])
        return a.stack()

    x = [1.0, 2.0, 3.0]
    return [with_gradient(tf, wrap(f), x) for f in (squares, growing, until, nested, chosen)]


@both
def statements(tf, wrap):
    def conditionals(x):
        if x > 10:
            y = x * 2
        elif x > 5:
            y = x + 100
        else:
            y = -x
        z = y if y > 0 else y * y
        return y, z, x > 0 and y > 0, x > 0 or y > 100, not (x > 0), 0 < x < 8

    def early(x):
        if x > 0:
            if x > 5:
                return x * 10
            return x
        return -x

    def breaks(n):
        total = 0
        for i in tf.range(n):
            if i % 2 == 0:
                continue
            if i > 7:
                break
            total += i
        return total

    def collatz(n):
        count = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            count += 1
        return count

    def fibonacci(n):
        a, b = 0, 1
        while n > 0:
            a, b = b, a + b
            n -= 1
        return a

    def unrolled(x):
        out = []
        for i in range(3):
            out.append(x * i)
        return out

    def over(x):
        total = tf.constant(0)
        last = x
        for row in tf.reshape(tf.range(6), [3, 2]) + x:
            total += tf.reduce_sum(row)
            last = row[0]
        return total, last

    def assigned_in_loop(x):
        while x < 3:
            x += 1
            q = x
        return q

    def helper(x):
        if x > 2:
            return x - 2
        return x

    def calls(x):
        return helper(x) + helper(x + 1) + len(tf.zeros([4])) + int(helper(x))

    def recursive(x, depth=3):
        if depth == 0:
            return x
        return recursive(x + 1, depth - 1)

    numbers = [tf.constant(n) for n in (1, 3, 7, 12)]
    functions = [conditionals, early, breaks, collatz, fibonacci, unrolled, over, calls, recursive]
    return [[seen(wrap(f), n) for n in numbers] for f in functions] + [seen(wrap(assigned_in_loop), tf.constant(1))]


@recorded
def statements_refused(tf, wrap):
    def undefined(x):
        if x > 0:
            r = x
        return r

    def no_return(x):
        if x > 0:
            return x

    def dtypes(x):
        if x > 0:
            r = x
        else:
            r = 1.5
        return r

    def none(x):
        if x > 0:
            r = x
        else:
            r = None
        return r

    def loop_dtype(x):
        r = 1.0
        while x < 3:
            x += 1
            r = tf.constant(2, tf.int32)
        return r

    def loop_shape(x):
        r = tf.ones([1])
        while x < 3:
            x += 1
            r = tf.concat([r, r], 0)
        return r

    def returned_in_loop(x):
        for i in tf.range(3):
            if i > 1:
                return x + i
        return x

    def appended(x):
        items = []
        for i in tf.range(3):
            items.append(i)
        return items

    def asserted(x):
        assert x > 0
        return x

    def python_break(x):
        for i in range(3):
            if x > i:
                break
        return x

    one = tf.constant(1)
    functions = [undefined, no_return, dtypes, none, loop_dtype, loop_shape, returned_in_loop, appended, asserted, python_break]
    return [seen(wrap(f), one) for f in functions]


@both
def loop_options(tf, wrap):
    def growing(x):
        while tf.reduce_sum(x) < 10.0:
            tf.autograph.experimental.set_loop_options(shape_invariants=[(x, tf.TensorShape([None]))])
            x = tf.concat([x, x], 0)
        return x

    return seen(wrap(growing), tf.constant([1.0]))


@recorded
def limited_loop(tf, wrap):
    def limited(x):
        for i in tf.range(10):
            tf.autograph.experimental.set_loop_options(maximum_iterations=3)
            x += i
        return x

    return seen(wrap(limited), tf.constant(1))


@both
def python_functions(tf, wrap):
    log = []

    def note(x):
        log.append(int(x))

    def f(x):
        tf.py_function(note, [x], [])
        return x + 1

    calls = [wrap(f), wrap(lambda x: tf.py_function(lambda a: a.numpy() + 1, [x], tf.int32)),
             wrap(lambda x: tf.py_function(lambda a: (a, 2.5), [x], [tf.int32, tf.float32])),
             wrap(lambda x: tf.numpy_function(lambda a: a + 1, [x], tf.int32)),
             wrap(lambda x: tf.py_function(lambda a: 1 // 0, [x], tf.int32))]  # fmt: skip
    return [[seen(c, tf.constant(n)) for n in (1, 2)] for c in calls] + [log]


@both
def gradient_of_python_function(tf, wrap):
    return with_gradient(tf, wrap(lambda x: tf.py_function(lambda a: a * a * 3.0, [x], tf.float32)), [1.0, 2.0])


@both
def data_dependent_shapes(tf, wrap):
    x = tf.constant([1.0, -2.0, 3.0])
    return [seen(wrap(lambda x: tf.boolean_mask(x, x > 0.0)), x), seen(wrap(lambda x: tf.where(x > 0.0)), x),
            seen(wrap(lambda x: tf.range(tf.cast(x[2], tf.int32))), x),
            seen(wrap(lambda x: tf.unique(tf.cast(x, tf.int32))[0]), x)]  # fmt: skip


@both
def recurrent(tf, wrap):
    w = tf.Variable([[0.5, -0.2], [0.1, 0.3]])

    def run(x):
        h = tf.zeros([2, 2])
        for t in tf.range(tf.shape(x)[1]):
            h = tf.tanh(x[:, t] + h @ w)
        return h

    x = tf.reshape(tf.range(12.0) * 0.1, [2, 3, 2])
    f = wrap(run)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(f(x) ** 2)
    return [plain(y), plain(tape.gradient(y, [x, w]))]
