"""`tf.autodiff.ForwardAccumulator`: Jacobian-vector products, nested in one another and in tapes."""

import numpy as np

from .shared import attempt, kind_of_error, logged, program


def _accumulator(tf, primals, tangents):
    return tf.autodiff.ForwardAccumulator(primals, tangents)


@program
def first_products(tf):
    x = tf.constant([1.0, 2.0])
    with _accumulator(tf, x, tf.constant([1.0, 10.0])) as acc:
        y = x * x * x
        z = tf.reduce_sum(y)
    return [acc.jvp(y), acc.jvp(z), acc.jvp(x), acc.jvp([y, {"z": z}]), acc.jvp(tf.constant(1.0)),
            acc.jvp(tf.constant([1.0]), unconnected_gradients="zero"), attempt(lambda: acc.jvp(y, "nonsense"))]  # fmt: skip


@program
def variables(tf):
    v, w = tf.Variable([1.0, 2.0]), tf.Variable(3.0)
    with _accumulator(tf, [v, w], [tf.constant([1.0, 0.0]), tf.constant(2.0)]) as acc:
        y = v * w
        v.assign([5.0, 6.0])
        z = v * v
        w.assign_add(1.0)
        u = w * w
    return [acc.jvp(y), acc.jvp(z), acc.jvp(u), acc.jvp([v, w])]


@program
def errors(tf):
    x = tf.constant([1.0, 2.0])
    acc = _accumulator(tf, x, tf.ones([2]))

    def twice():
        with acc, acc:
            pass

    with logged(tf) as texts:
        _accumulator(tf, tf.constant(1), tf.constant(1))
    return [
        kind_of_error(lambda: _accumulator(tf, [x, x], [tf.ones([2]), tf.ones([2])])),
        kind_of_error(lambda: _accumulator(tf, [x], tf.ones([2]))),
        kind_of_error(lambda: _accumulator(tf, x, tf.ones([2], tf.float64))),
        attempt(twice),
        acc.jvp(x),
        texts,
    ]


@program
def python_tangents(tf):
    x = tf.constant([1.0, 2.0])
    with _accumulator(tf, x, np.array([3.0, 4.0], np.float32)) as acc:
        y = tf.exp(x)
    return acc.jvp(y)


@program
def after_the_block(tf):
    x = tf.constant(2.0)
    acc = _accumulator(tf, x, tf.constant(1.0))
    before = x * x
    with acc:
        y = x * x
    after = x * x
    with acc:
        again = y * x
    return [acc.jvp(before), acc.jvp(y), acc.jvp(after), acc.jvp(again)]


@program
def every_kind_of_op(tf):
    x = tf.constant([[0.5, 1.5, -1.0], [2.0, -0.5, 3.0]])
    direction = tf.constant([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])
    spd = tf.constant([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])
    functions = {
        "relu": tf.nn.relu,
        "relu6": tf.nn.relu6,
        "abs": tf.abs,
        "sqrt": lambda x: tf.sqrt(tf.abs(x)),
        "softmax": tf.nn.softmax,
        "log_softmax": tf.nn.log_softmax,
        "gelu": tf.nn.gelu,
        "elu": tf.nn.elu,
        "tanh": tf.tanh,
        "sigmoid": tf.sigmoid,
        "softplus": tf.nn.softplus,
        "maximum": lambda x: tf.maximum(x, x * x),
        "minimum": lambda x: tf.minimum(x, 1.0),
        "max": lambda x: tf.reduce_max(x, 1),
        "min": lambda x: tf.reduce_min(x),
        "mean": lambda x: tf.reduce_mean(x, 0),
        "prod": lambda x: tf.reduce_prod(x, 1),
        "logsumexp": lambda x: tf.reduce_logsumexp(x, 1),
        "norm": lambda x: tf.norm(x),
        "slice": lambda x: x[:, 1:],
        "concat": lambda x: tf.concat([x, x * x], 0),
        "stack": lambda x: tf.stack([x, 2.0 * x]),
        "split": lambda x: tf.split(x, 3, 1)[2],
        "unstack": lambda x: tf.unstack(x)[1],
        "matmul": lambda x: tf.matmul(x, x, transpose_b=True),
        "einsum": lambda x: tf.einsum("ij,ik->jk", x, x),
        "where": lambda x: tf.where(x > 0.0, x * x, x),
        "clip": lambda x: tf.clip_by_value(x, -0.75, 1.75),
        "pow": lambda x: tf.abs(x) ** x,
        "div": lambda x: x / (x * x + 1.0),
        "divide_no_nan": lambda x: tf.math.divide_no_nan(x, x * x),
        "xlogy": lambda x: tf.math.xlogy(x, tf.abs(x)),
        "cumsum": lambda x: tf.cumsum(x, 1),
        "cumprod": lambda x: tf.math.cumprod(x, 1),
        "sort": lambda x: tf.sort(x, 1),
        "top_k": lambda x: tf.math.top_k(x, 2)[0],
        "pad": lambda x: tf.pad(x, [[1, 0], [0, 1]]),
        "transpose": tf.transpose,
        "reverse": lambda x: tf.reverse(x, [1]),
        "tile": lambda x: tf.tile(x, [2, 1]),
        "scatter": lambda x: tf.tensor_scatter_nd_add(x, [[0]], [x[1]]),
        "conv": lambda x: tf.nn.conv2d(x[None, :, :, None], x[:, :2, None, None], 1, "SAME"),
        "max_pool": lambda x: tf.nn.max_pool2d(x[None, :, :, None], 2, 1, "VALID"),
        "avg_pool": lambda x: tf.nn.avg_pool2d(x[None, :, :, None], 2, 1, "VALID"),
        "cross_entropy": lambda x: tf.nn.softmax_cross_entropy_with_logits([[0.0, 1.0, 0.0]] * 2, x),
        "sparse_cross_entropy": lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits([2, 0], x),
        "sigmoid_cross_entropy": lambda x: tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(x), x),
        "cholesky": lambda x: tf.linalg.cholesky(spd + tf.matmul(x, x, transpose_a=True)),
        "inverse": lambda x: tf.linalg.inv(spd + tf.matmul(x, x, transpose_a=True)),
        "solve": lambda x: tf.linalg.solve(spd, tf.transpose(x)),
        "det": lambda x: tf.linalg.det(spd + tf.matmul(x, x, transpose_a=True)),
        "cast": lambda x: tf.cast(x, tf.float64) ** 2,
        "to_int": lambda x: tf.cast(x, tf.int32),
        "stop": lambda x: tf.stop_gradient(x) * x,
        "identity": tf.identity,
        "reshape": lambda x: tf.reshape(x, [3, 2]),
        "round": lambda x: tf.round(x) * x,
        "sign": lambda x: tf.sign(x) * x,
        "argmax": lambda x: tf.argmax(x, 1),
        "erf": tf.math.erf,
        "complex": lambda x: tf.complex(x, x * x),
        "complex_abs": lambda x: tf.abs(tf.complex(x, x * x)),
        "complex_product": lambda x: tf.math.real(tf.complex(x, x * x) * tf.math.conj(tf.complex(x, 1.0 - x))),
        "moments": lambda x: tf.nn.moments(x, [1])[1],
        "batch_norm": lambda x: tf.nn.batch_normalization(x, *tf.nn.moments(x, [0]), None, None, 1e-3),
    }
    result = {}
    for name, f in functions.items():
        def product(f=f):
            with _accumulator(tf, x, direction) as acc:
                y = f(x)
            return acc.jvp(y)

        result[name] = attempt(product)
    return result


@program
def at_ties_and_zeros(tf):
    x = tf.constant([0.0, 0.0, 2.0, 2.0, -1.0, 6.0])
    direction = tf.constant([1.0, 2.0, 3.0, 5.0, 7.0, 11.0])
    functions = {
        "maximum": lambda x: tf.maximum(x, tf.constant([0.0, 0.0, 2.0, 1.0, -1.0, 6.0])),
        "max": lambda x: tf.reduce_max(x[:4]),
        "relu": tf.nn.relu,
        "relu6": tf.nn.relu6,
        "abs": tf.abs,
        "norm": lambda x: tf.norm(x[:2]),
        "prod": tf.reduce_prod,
        "clip": lambda x: tf.clip_by_value(x, 0.0, 2.0),
    }
    result = {}
    for name, f in functions.items():
        with _accumulator(tf, x, direction) as acc:
            y = f(x)
        result[name] = acc.jvp(y)
    return result


@program
def nested(tf):
    x = tf.constant(1.1)
    one = tf.constant(1.0)
    with _accumulator(tf, x, one) as outer:
        with _accumulator(tf, x, one) as inner:
            y = x ** tf.constant(3.5)
            z = tf.sin(x) * y
    return [
        inner.jvp(y),
        outer.jvp(y),
        outer.jvp(inner.jvp(y)),
        inner.jvp(outer.jvp(y)),
        outer.jvp(inner.jvp(z)),
    ]


@program
def three_levels(tf):
    x, one = tf.constant(0.7), tf.constant(1.0)
    with _accumulator(tf, x, one) as a, _accumulator(tf, x, one) as b, _accumulator(tf, x, one) as c:
        y = tf.exp(x) * tf.sin(x) + x**4
    return [c.jvp(y), b.jvp(c.jvp(y)), a.jvp(b.jvp(c.jvp(y)))]


@program
def forward_over_backward(tf):
    v = tf.Variable([1.0, 2.0])
    with _accumulator(tf, v, tf.constant([1.0, 0.0])) as acc:
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(v**3.0)
        backward = tape.gradient(y, v)
    return [backward, acc.jvp(backward)]


@program
def forward_over_backward_of_a_network(tf):
    w1 = tf.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4))
    w2 = tf.Variable(np.linspace(1, -1, 8, dtype=np.float32).reshape(4, 2))
    x = tf.constant([[1.0, -2.0, 0.5], [0.25, 1.5, -1.0]])
    vectors = [tf.ones([3, 4]) * 0.5, tf.reshape(tf.range(8.0), [4, 2])]
    with _accumulator(tf, [w1, w2], vectors) as acc:
        with tf.GradientTape() as tape:
            hidden = tf.nn.relu(x @ w1)
            y = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits([[1.0, 0.0], [0.0, 1.0]], hidden @ w2))
        backward = tape.gradient(y, [w1, w2])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            hidden = tf.nn.relu(x @ w1)
            y = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits([[1.0, 0.0], [0.0, 1.0]], hidden @ w2))
        slopes = inner.gradient(y, [w1, w2])
    return [acc.jvp(backward), outer.gradient(slopes, [w1, w2], output_gradients=vectors)]


@program
def backward_over_forward(tf):
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        with _accumulator(tf, x, tf.constant([1.0, -1.0])) as acc:
            y = tf.reduce_sum(tf.sin(x) * x * x)
        forward = acc.jvp(y)
    return [forward, tape.gradient(forward, x)]


@program
def tape_inside(tf):
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with _accumulator(tf, x, tf.constant(1.0)) as acc:
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = x**3
                forward = acc.jvp(y)
        by_inner = inner.gradient(forward, x)
    return [forward, by_inner, outer.gradient(forward, x)]


@program
def of_custom_gradients(tf):
    @tf.custom_gradient
    def function(x):
        return x * x, lambda upstream: upstream * 10.0 * x

    @tf.custom_gradient
    def pair(x, y):
        return (x * y, x + y), lambda a, b: (a * 2.0 + b * 3.0, a * 5.0 + b * 7.0)

    x = tf.constant([1.0, 2.0])
    with _accumulator(tf, x, tf.constant([1.0, -1.0])) as acc:
        y = function(x)
        a, b = pair(x, 2.0 * x)
        z = function(y) * x
    return [acc.jvp(y), acc.jvp(a), acc.jvp(b), acc.jvp(z)]


@program
def of_opaque_custom_gradients(tf):
    @tf.custom_gradient
    def function(x):
        return np.sin(x.numpy()), lambda upstream: upstream * tf.cos(x)

    @tf.custom_gradient
    def pair(x, y):
        a, b = x.numpy(), y.numpy()
        return (tf.constant(a * b), tf.constant(a + b)), lambda a, b: (a * 2.0 + b * 3.0, a * 5.0 + b * 7.0)

    x, one = tf.constant([1.0, 2.0]), tf.constant([1.0, -1.0])
    with _accumulator(tf, x, one) as acc:
        y = function(x)
        a, b = pair(x, 2.0 * x)
        z = function(y) * x
    with _accumulator(tf, x, one) as outer, _accumulator(tf, x, one) as inner:
        u = function(x)
    return [acc.jvp(y), acc.jvp(a), acc.jvp(b), acc.jvp(z), outer.jvp(inner.jvp(u))]


@program
def columns_of_a_jacobian(tf):
    x = tf.constant([0.5, -1.0, 2.0])
    columns = []
    for row in np.eye(3, dtype=np.float32):
        with _accumulator(tf, x, tf.constant(row)) as acc:
            y = tf.stack([x[0] * x[1], tf.exp(x[2]) * x[0]])
        columns.append(acc.jvp(y))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.stack([x[0] * x[1], tf.exp(x[2]) * x[0]])
    return [tf.stack(columns, 1), tape.jacobian(y, x)]


@program
def control_flow(tf):
    def f(x):
        y = x
        for _ in range(3):
            y = y * x if y > 1.0 else y + x
        return y

    x = tf.constant(0.8)
    with _accumulator(tf, x, tf.constant(1.0)) as acc:
        y = f(x)
    return [y, acc.jvp(y)]


@program
def of_no_tensor(tf):
    x = tf.constant([1.0, 2.0])
    with _accumulator(tf, x, tf.ones(2)) as acc:
        y = x * 2.0
    primals = (1.0, 3, "a", None, np.float32(1.0), np.ones(2), [y, 1.0])
    return [attempt(lambda p=p: acc.jvp(p)) for p in primals] + [attempt(lambda: acc.jvp(1.0, unconnected_gradients="zero"))]


@program
def ops_without_registered_gradient(tf):
    def product(function):
        x = tf.constant([1.5, 2.0, 1.5])
        with _accumulator(tf, x, tf.ones(3)) as acc:
            y = function(x)
        return acc.jvp(y)

    functions = [lambda x: tf.truncatemod(x, 2.0), lambda x: tf.unique(x)[0], lambda x: tf.bitcast(x, tf.float32), tf.math.is_inf]
    return [attempt(lambda f=f: product(f)) for f in functions]
