"""`tf.custom_gradient`, `recompute_grad`, `grad_pass_through`, `enable_check_numerics`."""

import numpy as np

from .shared import attempt, kind_of_error, program


@program
def log1pexp(tf):
    @tf.custom_gradient
    def function(x):
        e = tf.exp(x)

        def grad(upstream):
            return upstream * (1 - 1 / (1 + e))

        return tf.math.log(1 + e), grad

    x = tf.constant([0.0, 100.0, -3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return [function(tf.constant(1.0)), tape.gradient(y, x), function.__name__]


@program
def log1pexp_second_order(tf):
    @tf.custom_gradient
    def function(x):
        e = tf.exp(x)

        def grad(upstream):
            return upstream * (1 - 1 / (1 + e))

        return tf.math.log(1 + e), grad

    x = tf.constant([0.5, 1.0])
    with tf.GradientTape() as third:
        third.watch(x)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                y = function(x)
            one = first.gradient(y, x)
        two = second.gradient(one, x)
    return [one, two, third.gradient(two, x)]


@program
def several_arguments(tf):
    @tf.custom_gradient
    def product(x, y):
        return x * y, lambda upstream: (upstream * y * 10.0, upstream * x * 100.0)

    x, y = tf.constant(2.0), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z = product(x, y)
        same = product(x, x)
    return [z, tape.gradient(z, [x, y]), tape.gradient(same, x), product(2.0, 3.0)]


@program
def several_results(tf):
    @tf.custom_gradient
    def pair(x):
        def grad(da, db):
            return da * 10.0 + db * 100.0

        return (x * 2.0, x * 3.0), grad

    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        a, b = pair(x)
        both = a * b
    return [a, b, tape.gradient(a, x), tape.gradient(b, x), tape.gradient(both, x), tape.gradient([a, b], x)]


@program
def nested_structures(tf):
    @tf.custom_gradient
    def function(pair, other):
        a, b = pair

        def grad(upstream):
            return [upstream * 2.0, upstream * 3.0], upstream * 4.0

        return a + b + other, grad

    a, b, c = (tf.constant(v) for v in (1.0, 2.0, 3.0))
    with tf.GradientTape() as tape:
        tape.watch([a, b, c])
        y = function((a, b), c)
    return tape.gradient(y, [a, b, c])


@program
def with_variables(tf):
    w = tf.Variable([1.0, 2.0])

    @tf.custom_gradient
    def scaled(x):
        def grad(upstream, variables=None):
            return upstream * w, [upstream * x * 10.0 for _ in variables]

        return x * w, grad

    @tf.custom_gradient
    def without(x):
        return x * w, lambda upstream: upstream

    @tf.custom_gradient
    def any_keywords(x):
        def grad(upstream, **kwargs):
            return upstream, [upstream * len(kwargs["variables"])]

        return x * w, grad

    @tf.custom_gradient
    def wrong_number(x):
        def grad(upstream, variables=None):
            return upstream, []

        return x * w, grad

    @tf.custom_gradient
    def frozen(x):
        return x * tf.Variable(5.0, trainable=False), lambda upstream: upstream * 7.0

    x = tf.constant([3.0, 4.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = scaled(x)
        z = any_keywords(x)
        u = wrong_number(x)
        v = frozen(x)
    return [
        tape.gradient(y, [x, w]),
        tape.gradient(z, [x, w]),
        attempt(lambda: tape.gradient(u, [x, w])),
        tape.gradient(v, x),
        attempt(lambda: without(x))[:90],
        kind_of_error(lambda: without(tf.constant([1.0, 1.0]))),
        len(tape.watched_variables()),
    ]


@program
def variable_as_argument(tf):
    w = tf.Variable([1.0, 2.0])

    @tf.custom_gradient
    def scaled(x, weight):
        return x * weight, lambda upstream: (upstream * 5.0, upstream * 7.0)

    x = tf.constant([3.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = scaled(x, w)
    return tape.gradient(y, [x, w])


@program
def keyword_arguments(tf):
    @tf.custom_gradient
    def power(x, exponent=2.0, shift=None):
        result = x**exponent if shift is None else x**exponent + shift
        return result, lambda upstream: upstream * 100.0

    x, s = tf.constant(3.0), tf.constant(1.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, s])
        y = power(x)
        z = power(x, exponent=3.0)
        u = power(x, shift=s)
    return [y, z, u, tape.gradient(y, x), tape.gradient(z, x), tape.gradient(u, [x, s])]


@program
def wrong_number_of_gradients(tf):
    @tf.custom_gradient
    def few(x, y):
        return x * y, lambda upstream: upstream

    @tf.custom_gradient
    def many(x):
        return x * x, lambda upstream: (upstream, upstream)

    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = few(x, x), many(x)
    return [attempt(lambda: tape.gradient(y, x)), attempt(lambda: tape.gradient(z, x))]


@program
def no_pair_returned(tf):
    @tf.custom_gradient
    def single(x):
        return x * x

    @tf.custom_gradient
    def no_function(x):
        return x * x, 3.0

    x = tf.constant(2.0)
    return [kind_of_error(lambda: single(x)), kind_of_error(lambda: no_function(x))]


@program
def none_as_gradient(tf):
    @tf.custom_gradient
    def function(x, y):
        return x * y, lambda upstream: (upstream, None)

    x, y = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = function(x, y)
    return tape.gradient(z, [x, y])


@program
def nested_custom_gradients(tf):
    @tf.custom_gradient
    def inner(x):
        return x * x, lambda upstream: upstream * 10.0 * x

    @tf.custom_gradient
    def outer(x):
        y = inner(x)
        return y, lambda upstream: upstream * inner(x)

    x = tf.constant(3.0)
    with tf.GradientTape() as second:
        second.watch(x)
        with tf.GradientTape() as first:
            first.watch(x)
            y = outer(x)
        slope = first.gradient(y, x)
    return [y, slope, second.gradient(slope, x)]


@program
def gradient_with_its_own_gradient(tf):
    @tf.custom_gradient
    def function(x):
        @tf.custom_gradient
        def grad(upstream):
            return upstream * 3.0 * x, lambda second: second * 1000.0

        return x * x, grad

    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x) * x
        slope = inner.gradient(y, x)
    return [slope, outer.gradient(slope, x)]


@program
def custom_gradient_on_methods(tf):
    class Scale:
        def __init__(self, factor):
            self.factor = factor

        @tf.custom_gradient
        def __call__(self, x):
            return x * self.factor, lambda upstream: upstream * 7.0

        def apply(self, x):
            @tf.custom_gradient
            def inner(x):
                return x * self.factor, lambda upstream: upstream * self.factor * 2.0

            return inner(x)

    x, scale = tf.constant(3.0), Scale(5.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = scale.apply(x)
    return [y, tape.gradient(y, x)]


@program
def identity_results(tf):
    @tf.custom_gradient
    def reverse(x):
        return x, lambda upstream: -upstream

    @tf.custom_gradient
    def clip(x):
        return tf.identity(x), lambda upstream: tf.clip_by_norm(upstream, 0.5)

    x = tf.constant([3.0, 4.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = reverse(x) * 2.0
        z = clip(x) * 2.0
        direct = x * 2.0
        of_variable = reverse(tf.Variable(2.0))
    return [tape.gradient(y, x), tape.gradient(z, x), tape.gradient(direct, x), of_variable]


@program
def integers_among_arguments(tf):
    @tf.custom_gradient
    def take(x, index):
        return tf.gather(x, index), lambda upstream: (tf.ones_like(x) * upstream, None)

    x, i = tf.constant([1.0, 2.0, 3.0]), tf.constant(1)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = take(x, i)
    return [y, tape.gradient(y, x)]


@program
def python_values_returned(tf):
    @tf.custom_gradient
    def function(x, y):
        return x * y, lambda upstream: (np.float32(3.0), tf.constant(4.0))

    x, y = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = function(x, y)
    return tape.gradient(z, y)


@program
def decorator_with_parentheses(tf):
    @tf.custom_gradient()
    def function(x):
        """Text."""
        return x * 2.0, lambda upstream: upstream * 9.0

    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return [tape.gradient(y, x), function.__name__]


@program
def inner_values_of_a_custom_gradient(tf):
    kept = []

    @tf.custom_gradient
    def function(x):
        hidden = x * x
        kept.append(hidden)
        return hidden * x, lambda upstream: upstream * 100.0

    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = function(x)
    return [tape.gradient(y, x), tape.gradient(kept[0], x), tape.gradient(y, kept[0])]


@program
def stopped_inside(tf):
    @tf.custom_gradient
    def bar(x):
        return tf.stop_gradient(x * x), lambda upstream: upstream * 4.0

    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = bar(x)
    return tape.gradient(y, x)


@program
def recompute(tf):
    calls = []
    w = tf.Variable(3.0)

    def f(x, y=2.0):
        calls.append(1)
        return tf.sin(x * w) * y

    again = tf.recompute_grad(f)
    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = again(again(x), y=4.0)
    forward = len(calls)
    gradients = tape.gradient(z, [x, w])
    return [z, forward, gradients, len(calls), again.__wrapped__ is f, again(tf.constant(0.5))]


@program
def recompute_several(tf):
    def f(x, y):
        return x * y, x + y

    again = tf.recompute_grad(f)
    x, y = tf.constant(2.0), tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        a, b = again(x, y)
        c = again(x, x)[0]
    return [tape.gradient([a, b], [x, y]), tape.gradient(a, [x, y]), tape.gradient(c, [x, y])]


@program
def recompute_layer(tf):
    w1, w2 = tf.Variable([[1.0, -0.5], [0.25, 2.0]]), tf.Variable([[0.5], [-1.0]])
    block = tf.recompute_grad(lambda x: tf.nn.relu(x @ w1) @ w2)
    x = tf.constant([[1.0, 2.0], [-1.0, 0.5]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(block(x) ** 2)
    return [loss, tape.gradient(loss, [w1, w2])]


@program
def pass_through(tf):
    x, z = tf.Variable(1.0), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        y = tf.grad_pass_through(x.assign)(z**2)
        rounded = tf.grad_pass_through(tf.round)(z * 1.4)
        product = tf.grad_pass_through(lambda a: a * x)(z)
    return [y, tape.gradient(y, z), tape.gradient(y, x), tape.gradient(rounded, z), tape.gradient(product, [z, x])]


@program
def check_numerics(tf):
    tf.debugging.enable_check_numerics()
    try:
        x = tf.constant([1.0, 0.0, -1.0])
        found = [
            kind_of_error(lambda: tf.math.log(x)),
            kind_of_error(lambda: tf.constant([1.0]) / tf.constant([0.0])),
            kind_of_error(lambda: tf.sqrt(x)),
            attempt(lambda: tf.reduce_sum(x)),
        ]
        tf.debugging.enable_check_numerics()
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.sqrt(tf.abs(x))
        found.append(kind_of_error(lambda: tape.gradient(y, x)))
        try:
            tf.math.log(x)
        except tf.errors.InvalidArgumentError as error:
            lines = [line.strip() for line in str(error).splitlines()]
            found.append([line for line in lines if line.startswith(("!!!", "dtype", "shape", "#", "Input"))])
    finally:
        tf.debugging.disable_check_numerics()
    found.append(tf.math.log(x))
    return found
