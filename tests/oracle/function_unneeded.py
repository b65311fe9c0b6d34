"""Programs over functions with ops that nothing needs: run alike with TensorFlow and with tfcompat (see `function_programs`)."""

from oracle.function_programs import program, seen


def calls(tf, *bodies):
    """What calls of functions of a vector give that is a number."""
    x = tf.constant([1.0, 2.0, 3.0])
    return [seen(tf.function(body), x) for body in bodies]


@program
def unused_ops_that_fail(tf):
    zero, five = tf.Variable(0), tf.Variable(5)

    def gathered(x):
        tf.gather(x, five)
        return x

    def divided(x):
        5 // zero
        return x

    def solved(x):
        tf.linalg.inv(tf.zeros([2, 2]) * x[0])
        return x

    def numerics(x):
        tf.debugging.check_numerics(x / 0.0, "bad")
        return x

    def chained(x):
        y = tf.gather(x, five) * 2.0
        tf.reduce_sum(y + 1.0)
        return x

    def needed(x):
        return x + tf.gather(x, five)

    def partly(x):
        y = tf.gather(x, five)
        z = tf.split(tf.stack([x, x]), 2)
        tf.unstack(y * z[0])
        return z[1]

    def shape_only(x):
        return tf.shape(tf.gather(x, [five, five]))

    def cast_back(x):
        return tf.zeros_like(tf.gather(x, [five, five]))

    return calls(tf, gathered, divided, solved, numerics, chained, needed, partly, shape_only, cast_back)


@program
def unused_checks_that_act(tf):
    five = tf.Variable(5)

    def asserted(x):
        tf.debugging.assert_less(x, 0.0)
        return x

    def asserted_old(x):
        tf.Assert(tf.reduce_all(x < 0.0), [x])
        return x

    def positive(x):
        tf.debugging.assert_positive(tf.gather(x, five))
        return x

    def finite(x):
        tf.debugging.assert_all_finite(x / 0.0, "bad")
        return x

    def held(x):
        with tf.control_dependencies([tf.gather(x, five)]):
            return x + 0.0

    def held_identity(x):
        with tf.control_dependencies([tf.gather(x, five)]):
            return tf.identity(x)

    def ensured(x):
        tf.ensure_shape(x, [3])
        tf.debugging.assert_shapes([(x, ("N",))])
        return x

    def shuffled(x):
        tf.random.uniform([2], five * 0 + 1, five * 0, tf.int32)
        return x

    return calls(tf, asserted, asserted_old, positive, finite, held, held_identity, ensured, shuffled)


@program
def unused_ops_in_branches(tf):
    five = tf.Variable(5)

    def unused_branch(x):
        tf.cond(x[0] > 0.0, lambda: tf.gather(x, five), lambda: x[0])
        return x

    def inside(x):
        def branch():
            tf.gather(x, five)
            return x * 2.0

        return tf.cond(x[0] > 0.0, branch, lambda: x)

    def one_of_two(x):
        a, b = tf.cond(x[0] > 0.0, lambda: (tf.gather(x, five), x[1]), lambda: (x[0], x[1]))
        return b

    def converted(x):
        if x[0] > 0.0:
            y = tf.gather(x, five)
        else:
            y = x[0]  # noqa: F841
        return x

    def asserting(x):
        if x[0] > 0.0:
            tf.debugging.assert_less(x, 0.0)
        return x

    def cased(x):
        tf.switch_case(five - 4, [lambda: x[0], lambda: tf.gather(x, five), lambda: x[1]])
        return x

    def needed(x):
        if x[0] > 0.0:
            y = tf.gather(x, five)
        else:
            y = x[0]
        return x + y

    return calls(tf, unused_branch, inside, one_of_two, converted, asserting, cased, needed)


@program
def unused_ops_in_loops(tf):
    five = tf.Variable(5)

    def unused_loop(x):
        tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y + tf.gather(x, five)), (0, 0.0))
        return x

    def inside(x):
        y = x
        for _ in tf.range(3):
            tf.gather(x, five)
            y += 1.0
        return y

    def one_of_two(x):
        y, z = x, 0.0
        for _ in tf.range(3):
            z += tf.gather(x, five)
            y += 1.0
        return y

    def one_of_two_while(x):
        y, z = x, 0.0
        while tf.reduce_sum(y) < 20.0:
            z += tf.gather(x, five)
            y += 1.0
        return y

    def asserting(x):
        y = x
        for _ in tf.range(3):
            tf.debugging.assert_less(x, 0.0)
            y += 1.0
        return y

    def asserting_alone(x):
        for _ in tf.range(3):
            tf.debugging.assert_less(x, 0.0)
        return x

    def mapped(x):
        tf.map_fn(lambda i: tf.gather(x, five) + i, x)
        return x

    def arrays(x):
        array = tf.TensorArray(tf.float32, 3)
        for i in tf.range(3):
            array = array.write(i, tf.gather(x, five))
        array.stack()
        return x

    def nested(x):
        def branch():
            tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y + tf.gather(x, five)), (0, 0.0))
            return x

        return tf.cond(x[0] > 0.0, branch, lambda: x)

    def in_branch(x):
        def loop():
            return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y + tf.gather(x, five)), (0, 0.0))

        tf.cond(x[0] > 0.0, loop, lambda: (0, 0.0))
        return x

    def in_call(x):
        tf.function(lambda: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y + tf.gather(x, five)), (0, 0.0)))()
        return x

    def of_known_length(x):
        z = 0.0
        for _ in tf.range(3):
            z += tf.gather(x, five)
        return x

    def chained(x):
        y, z, u = x, 0.0, 0.0
        for _ in tf.range(3):
            u += z
            z += tf.gather(x, five)
            y += 1.0
        return y, tf.gather(x, 1)

    return calls(tf, unused_loop, inside, one_of_two, one_of_two_while, asserting, asserting_alone, mapped, arrays, nested,
                 in_branch, in_call, of_known_length, chained)  # fmt: skip


@program
def unused_calls_of_functions(tf):
    five = tf.Variable(5)

    @tf.function
    def gathered(x):
        return tf.gather(x, five)

    @tf.function
    def two(x):
        return tf.gather(x, five), x * 2.0

    @tf.function
    def asserting(x):
        tf.debugging.assert_less(x, 0.0)
        return x * 2.0

    @tf.function
    def idle(x):
        tf.gather(x, five)
        return x * 2.0

    def unused(x):
        gathered(x)
        return x

    def second(x):
        return two(x)[1]

    def first(x):
        return two(x)[0]

    def asserted(x):
        asserting(x)
        return x

    def inner(x):
        return idle(x)

    return calls(tf, unused, second, first, asserted, inner, gathered, two)


@program
def unused_ops_and_variables(tf):
    five, v = tf.Variable(5), tf.Variable(1.0)

    def written(x):
        v.assign(tf.gather(x, five))
        return x

    def added(x):
        v.assign_add(1.0)
        tf.gather(x, five)
        return x

    def indexed(x):
        tf.gather([1.0, 2.0], five)
        v.assign(3.0)
        return x

    found = []
    for body in (written, added, indexed):
        found.append([calls(tf, body), v.numpy().item()])
    return found


@program
def unused_python_functions(tf):
    called = []

    def note(x):
        called.append(1)
        return x

    def fail(x):
        raise ValueError("no")

    def noted(x):
        tf.py_function(note, [x], tf.float32)
        return x

    def failing(x):
        tf.py_function(fail, [x], tf.float32)
        return x

    def numpy(x):
        tf.numpy_function(note, [x], tf.float32)
        return x

    def stateless(x):
        tf.numpy_function(note, [x], tf.float32, stateful=False)
        return x

    def stateless_used(x):
        return tf.numpy_function(note, [x], tf.float32, stateful=False)

    found = []
    for body in (noted, failing, numpy, stateless, stateless_used):
        found.append([calls(tf, body), len(called)])
    return found


@program
def unused_gradients(tf):
    five = tf.Variable(5)

    def inside(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.gather(x, five)
            z = x * x
        tape.gradient(y, x)
        return z

    def of_part(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            tf.gather(x, five)
            z = tf.reduce_sum(x * x)
        return tape.gradient(z, x)

    def only_gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.gather(x, [five, 5]) * 3.0
        return tf.convert_to_tensor(tape.gradient(y, x))

    def only_gradient_of_numerics(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.debugging.check_numerics(x / 0.0, "bad") * 2.0
        return tape.gradient(y, x)

    x = tf.constant([1.0, 2.0, 3.0])
    two = tf.function(lambda x: (tf.gather(x, five), x * x))
    found = calls(tf, inside, of_part, only_gradient, only_gradient_of_numerics)

    def outside(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = two(x)[1]
        return tape.gradient(y, x)

    return [*found, seen(outside, x), seen(tf.function(outside), x)]


@program
def unused_ops_of_unknown_sizes(tf):
    five = tf.Variable(5)

    def gathered(x):
        tf.gather(x, five)
        return x

    def masked(x):
        tf.gather(x, five)
        return tf.boolean_mask(x, x > 1.0)

    def after_mask(x):
        y = tf.boolean_mask(x, x > 1.0)
        tf.gather(y, five)
        return y

    def of_mask(x):
        return x, tf.shape(tf.gather(tf.boolean_mask(x, x > 1.0), five))

    def asserted(x):
        y = tf.boolean_mask(x, x > 1.0)
        tf.debugging.assert_less(y, 0.0)
        return x

    def sliced(x):
        tf.slice(x, [five], [2])
        return x

    x = tf.constant([1.0, 2.0, 3.0])
    found = calls(tf, gathered, masked, after_mask, of_mask, asserted, sliced)
    signature = [tf.TensorSpec([None])]
    return [*found, *[seen(tf.function(b, input_signature=signature), x) for b in (gathered, masked, after_mask, asserted)]]
