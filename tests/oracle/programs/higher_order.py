"""Derivatives of derivatives, the same ones several times over: known walks must give what unknown ones give."""

from .shared import program


def _network(tf, x, weights):
    for w in weights:
        x = tf.nn.relu(x @ w) + tf.tanh(x @ w)
    return x


def _weights(tf):
    return [tf.Variable([[0.5, -1.0], [0.25, 0.75]]), tf.Variable([[1.5, 0.5], [-0.25, 1.0]])]


_VECTORS = [[[1.0, 0.0], [2.0, -1.0]], [[0.5, 1.0], [0.0, 3.0]]]


@program
def products_with_a_hessian(tf):
    x, weights = tf.constant([[1.0, 2.0], [-0.5, 0.25], [0.75, -1.0]]), _weights(tf)
    vectors = [tf.constant(v) for v in _VECTORS]
    found = []
    for _ in range(3):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss = tf.reduce_sum(_network(tf, x, weights) ** 2)
            slopes = inner.gradient(loss, weights)
        found.append(outer.gradient(slopes, weights, output_gradients=vectors))
        with tf.autodiff.ForwardAccumulator(weights, vectors) as accumulator:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(_network(tf, x, weights) ** 2)
            slopes = tape.gradient(loss, weights)
        found.append([accumulator.jvp(slopes), accumulator.jvp(loss)])
        with tf.GradientTape() as tape:
            with tf.autodiff.ForwardAccumulator(weights, vectors) as accumulator:
                loss = tf.reduce_sum(_network(tf, x, weights) ** 2)
            product = accumulator.jvp(loss)
        found.append(tape.gradient(product, weights))
    return found


@program
def third_and_fourth_order(tf):
    x = tf.constant([0.5, -1.0, 2.0])
    found = []
    for _ in range(4):
        with tf.GradientTape() as t4:
            t4.watch(x)
            with tf.GradientTape() as t3:
                t3.watch(x)
                with tf.GradientTape() as t2:
                    t2.watch(x)
                    with tf.GradientTape() as t1:
                        t1.watch(x)
                        y = tf.reduce_sum(tf.sin(x) * tf.exp(x) + tf.sigmoid(x) * x**3)
                    first = t1.gradient(y, x)
                second = t2.gradient(first, x)
            third = t3.gradient(second, x)
        found.append([first, second, third, t4.gradient(third, x)])
    return found


@program
def parts_that_do_not_depend(tf):
    a, b, c = tf.Variable(2.0), tf.Variable(3.0), tf.Variable(5.0)
    found = []
    for _ in range(3):
        with tf.GradientTape(persistent=True) as outer:
            with tf.GradientTape() as inner:
                y = a * a * b + 4.0 * c
                z = tf.stop_gradient(y) * a
            da, db, dc = inner.gradient([y, z], [a, b, c])
            later = da * 2.0
        found.append([outer.gradient(g, [a, b, c]) for g in (da, db, dc, later)])
        found.append([outer.gradient(da, [db, da]), outer.gradient(later, [da, db, dc])])
        found.append(outer.gradient([da, db], [a, c], unconnected_gradients="zero"))
        with tf.autodiff.ForwardAccumulator(a, tf.constant(1.0)) as accumulator:
            with tf.GradientTape() as tape:
                y = a * b * b + 4.0 * c
            slopes = tape.gradient(y, [a, b, c])
        found.append(accumulator.jvp(slopes))
    return found


@program
def hessians_by_jacobians(tf):
    x = tf.constant([[0.5, -1.0], [2.0, 0.25]])
    w = tf.Variable([[1.0, 0.5], [-0.5, 2.0]])
    found = []
    for _ in range(3):
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(tf.tanh(x @ w) ** 3)
            slope, of_w = inner.gradient(y, [x, w])
        found.append([outer.jacobian(slope, x), outer.jacobian(of_w, [x, w]), outer.batch_jacobian(slope, x)])
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.tanh(x @ w) ** 3
            rows = inner.jacobian(y, w)
        found.append(outer.gradient(rows, [x, w]))
    return found


@program
def inside_its_own_block(tf):
    x = tf.constant([1.0, 2.0])
    found = []
    for _ in range(3):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.exp(x) * x)
            slope = tape.gradient(y, x)
            z = tf.reduce_sum(slope * slope)
            twice = tape.gradient(z, x)
        found.append([slope, twice, tape.gradient(twice, x), tape.gradient(z, [y, slope])])
    return found


@program
def with_given_cotangents(tf):
    x, g = tf.constant([1.0, 2.0]), tf.constant([3.0, -1.0])
    found = []
    for _ in range(3):
        with tf.GradientTape(persistent=True) as outer:
            outer.watch([x, g])
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.sin(x) * x
                parts = tf.split(tf.exp(x), 2)
            pulled = inner.gradient([y, parts[0]], x, output_gradients=[g, g[:1]])
        found.append([pulled, outer.gradient(pulled, [x, g]), outer.jacobian(pulled, g)])
    return found


@program
def linear_has_no_second(tf):
    x = tf.constant([3.0, 4.0])
    found = []
    for function in (lambda x: 3.0 * x, tf.reduce_sum, lambda x: x + tf.ones_like(x), tf.reduce_max, lambda x: x * x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = function(x)
            slope = inner.gradient(y, x)
        found.append(outer.gradient(slope, x))
    return found


@program
def loops_of_unknown_length(tf):
    def powers(x, n):
        return tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y * x), [tf.constant(0), x])[1]

    @tf.function
    def f(x, n):
        return powers(x, n)

    @tf.function
    def g(x, n):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = powers(x, n)
            slope = inner.gradient(y, x)
        return slope, outer.gradient(slope, x)

    @tf.function
    def h(x, n):
        slope = tf.gradients(powers(x, n), x)[0]
        return slope, tf.gradients(slope, x)[0]

    found = []
    for n in (0, 3, 70):
        x, n = tf.constant(1.03, tf.float64), tf.constant(n)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = f(x, n)
            slope = inner.gradient(y, x)
        found.append([y, slope, outer.gradient(slope, x), g(x, n), h(x, n)])

    @tf.function
    def until(x):
        return tf.while_loop(lambda y: y < 20.0, lambda y: [y * x], [x])[0]

    x = tf.constant(2.0)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        y = until(x)
    return [*found, accumulator.jvp(y)]


@program
def powers_of_numbers_and_tensors(tf):
    x = tf.Variable([0.0, 1.0, -2.0, 3.5, -0.0])
    found = []
    for exponent in (2, 2.0, 1, 3, tf.constant(2.0)):
        with tf.GradientTape() as t3:
            with tf.GradientTape() as t2:
                with tf.GradientTape() as t1:
                    y = x**exponent
                first = t1.gradient(y, x)
            second = t2.gradient(first, x)
        found.append([y, first, second, t3.gradient(second, x)])
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 2.0, 3.0, -1.0, 0.5])) as accumulator:
        with tf.GradientTape() as tape:
            y = x**2
        slopes = tape.gradient(y, x)
    found.append([accumulator.jvp(y), accumulator.jvp(slopes)])
    with tf.GradientTape() as tape:
        tape.watch(z := tf.constant([1.0 + 2.0j, -0.5j]))
        y = z**2
    return [*found, y, tape.gradient(y, z), tf.constant([3, -4]) ** 2, tf.constant([1.5, 3.0], tf.float16) ** 2]


@program
def gradients_that_have_none(tf):
    """The first derivative is there under a second tape, too, and whoever asks for the second one is told that there is none."""
    x, image = tf.constant([0.3, 0.5]), tf.reshape(tf.range(32, dtype=tf.float32) / 10, [1, 4, 4, 2])
    filters = tf.ones([2, 2, 2])
    found = []
    for function, at in [
        (tf.nn.softsign, x),
        (lambda x: tf.math.igamma(x, [0.5, 0.6]), x),
        (lambda x: tf.math.igammac(x, [0.5, 0.6]), x),
        (lambda x: tf.math.igamma([0.5, 0.6], x), x),
        (lambda x: tf.math.igammac([0.5, 0.6], x), x),
        (lambda x: tf.math.zeta([2.5, 2.6], x), x),
        (lambda x: tf.math.zeta(x + 2, x), x),
        (lambda x: tf.math.segment_prod(x * x, [0, 0]), x),
        (lambda x: tf.math.unsorted_segment_prod(x * x, [0, 0], 2), x),
        (lambda x: tf.math.segment_prod(x * x, [0, 0]), tf.constant([0.0, 0.5])),
        (lambda x: tf.nn.lrn(image * tf.reduce_sum(x)), x),
        (lambda x: tf.nn.max_pool_with_argmax(image * tf.reduce_sum(x), 2, 2, "SAME")[0], x),
        (lambda x: tf.nn.fractional_max_pool(image * tf.reduce_sum(x), [1, 1.4, 1.4, 1], seed=1)[0], x),
        (lambda x: tf.nn.dilation2d(image, filters * x[1], [1] * 4, "SAME", "NHWC", [1] * 4), x),
    ]:

        def twice(x, function=function):
            with tf.GradientTape(persistent=True) as outer:
                outer.watch(x)
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    y = function(x)
                first = inner.gradient(y, x)
                beside = tf.reduce_sum(x * x)
            return [first, outer.gradient(beside, x), outer.gradient(first, x)]

        for call in (twice, tf.function(twice, autograph=False)):
            for _ in range(2):
                try:
                    found.append(call(at))
                except LookupError as error:
                    found.append(str(error))
    return found
