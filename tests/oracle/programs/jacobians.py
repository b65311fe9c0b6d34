"""`jacobian`, `batch_jacobian`, Hessians, `tf.test.compute_gradient`; gradients that are IndexedSlices."""

import numpy as np

from .shared import attempt, kind_of_error, program


def _mlp(tf):
    w1 = tf.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4))
    w2 = tf.Variable(np.linspace(1, -1, 8, dtype=np.float32).reshape(4, 2))
    x = tf.constant([[1.0, -2.0, 0.5], [0.25, 1.5, -1.0]])
    return w1, w2, x, lambda: tf.nn.relu(x @ w1) @ w2 + tf.tanh(x @ w1) @ w2


@program
def jacobian_of_elementwise(tf):
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        scalar = tf.reduce_sum(y)
        matrix = tf.tensordot(x, y, 0)
    return [tape.jacobian(y, x), tape.jacobian(scalar, x), tape.jacobian(matrix, x), tape.jacobian(x, x)]


@program
def jacobian_of_a_network(tf):
    w1, w2, x, f = _mlp(tf)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f()
    return tape.jacobian(y, {"w1": w1, "rest": [w2, x]})


@program
def jacobian_unconnected(tf):
    x, other = tf.Variable([1.0, 2.0]), tf.Variable([[3.0]])
    with tf.GradientTape(persistent=True) as tape:
        y = x * 2.0
    return [
        tape.jacobian(y, [x, other]),
        tape.jacobian(y, [x, other], unconnected_gradients="zero"),
        tape.jacobian(y, other),
        kind_of_error(lambda: tape.jacobian(y, x, unconnected_gradients="nonsense")),
        tape.jacobian(tf.constant([1.0]), x),
    ]


@program
def jacobian_one_by_one(tf):
    w1, w2, x, f = _mlp(tf)
    with tf.GradientTape() as once:
        y = f()
    found = kind_of_error(lambda: once.jacobian(y, w1, experimental_use_pfor=False))
    with tf.GradientTape(persistent=True) as tape:
        y = f()
    return [
        found,
        tape.jacobian(y, w1, experimental_use_pfor=False),
        tape.jacobian(y, w1, parallel_iterations=2),
        kind_of_error(lambda: once.batch_jacobian(y, x, experimental_use_pfor=False)),
    ]


@program
def jacobian_of_many_ops(tf):
    x = tf.constant([[0.5, 1.5, -1.0], [2.0, -0.5, 3.0]])
    functions = {
        "gather": lambda x: tf.gather(x, [2, 0, 2], axis=1),
        "rows": lambda x: tf.gather(x, [1, 1, 0]),
        "softmax": tf.nn.softmax,
        "sum": lambda x: tf.reduce_sum(x, 0),
        "max": lambda x: tf.reduce_max(x, 1),
        "slices": lambda x: x[1:, ::2],
        "concat": lambda x: tf.concat([x, x * x], 1),
        "transpose": lambda x: tf.transpose(x) * 2.0,
        "matmul": lambda x: tf.matmul(x, x, transpose_b=True),
        "where": lambda x: tf.where(x > 0.0, x * x, x),
        "cumsum": lambda x: tf.cumsum(x, 1),
        "sort": lambda x: tf.sort(x, 1),
        "split": lambda x: tf.split(x, 3, 1)[1],
        "unstack": lambda x: tf.unstack(x)[0] * tf.unstack(x)[1],
        "logsumexp": lambda x: tf.reduce_logsumexp(x, 1),
        "pad": lambda x: tf.pad(x, [[0, 1], [0, 0]]),
        "top_k": lambda x: tf.math.top_k(x, 2)[0],
        "norm": lambda x: tf.norm(x, axis=1),
        "conv": lambda x: tf.nn.conv1d(x[None], tf.ones([1, 3, 2]), 1, "SAME"),
        "inverse": lambda x: tf.linalg.inv(tf.matmul(x, x, transpose_b=True)),
        "scatter": lambda x: tf.tensor_scatter_nd_update(x, [[0]], [x[1] * 2.0]),
        "segment": lambda x: tf.math.segment_sum(x, [0, 0]),
        "einsum": lambda x: tf.einsum("ij,kj->ik", x, x),
        "prod": lambda x: tf.reduce_prod(x, 1),
    }
    result = {}
    for name, f in functions.items():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        result[name] = tape.jacobian(y, x)
    return result


@program
def jacobian_of_integers(tf):
    x = tf.Variable([1.5, 2.5])
    with tf.GradientTape(persistent=True) as tape:
        y = tf.cast(x, tf.int32)
        z = tf.cast(y, tf.float32) * x
    return [tape.jacobian(y, x), tape.jacobian(z, x), kind_of_error(lambda: tape.jacobian([z, z], x))]


@program
def jacobian_of_complex(tf):
    z = tf.constant([1.0 + 2.0j, -0.5 + 1.0j], dtype=tf.complex64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        y = z * z
        r = tf.math.real(y)
    return [tape.jacobian(y, z), tape.jacobian(r, z)]


@program
def jacobian_inside(tf):
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = x * x
        first = tape.jacobian(y, x)
    with tf.GradientTape(persistent=True) as again:
        y = x * x
        second = again.jacobian(y, x)
        third = again.jacobian(y * x, x)
    return [first, second, third]


@program
def hessians(tf):
    w, x = tf.Variable([[1.0, 2.0], [0.5, -1.0]]), tf.constant([[1.0, -1.0]])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = tf.reduce_sum(tf.tanh(x @ w) ** 2)
        slope = inner.gradient(y, w)
    hessian = outer.jacobian(slope, w)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = tf.sin(x @ w) * (x @ w)
        rows = inner.jacobian(y, w)
    return [slope, hessian, rows, outer.gradient(rows, w)]


@program
def jacobian_of_a_jacobian(tf):
    x = tf.constant([1.0, 2.0, -0.5])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.stack([x[0] * x[1], tf.sin(x[2]) * x[0]])
        rows = inner.jacobian(y, x)
    return [rows, outer.jacobian(rows, x)]


@program
def jacobian_of_custom_gradients(tf):
    @tf.custom_gradient
    def clipped(x):
        return x * x, lambda upstream: tf.clip_by_value(upstream, -0.5, 0.5) * x

    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = clipped(x) * tf.constant([1.0, 0.1, 10.0])
    return tape.jacobian(y, x)


@program
def jacobian_empty(tf):
    x = tf.zeros([2, 0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z = tf.reduce_sum(x, 1)
    return [tape.jacobian(z, x)]


@program
def batch_jacobians(tf):
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    w = tf.constant([[1.0, -1.0, 0.5], [2.0, 0.0, 1.5]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, w])
        y = x * x
        z = tf.sin(x @ w)
        cube = tf.reshape(z, [3, 3, 1]) * tf.ones([1, 1, 2])
        unrelated = tf.constant([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]]) * 2.0
    return [
        tape.batch_jacobian(y, x),
        tape.batch_jacobian(z, x),
        tape.batch_jacobian(cube, x),
        tape.batch_jacobian(unrelated, x),
        tape.batch_jacobian(unrelated, x, unconnected_gradients="zero"),
        tape.batch_jacobian(y, x, experimental_use_pfor=False),
        attempt(lambda: tape.batch_jacobian(y, w)),
        attempt(lambda: tape.batch_jacobian(tf.reduce_sum(y, 1), x)),
        attempt(lambda: tape.batch_jacobian(y, x[0])),
    ]


@program
def batch_jacobian_of_variables(tf):
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as tape:
            y = x * x * x
        rows = tape.batch_jacobian(y, x)
    return [rows, outer.gradient(rows, x)]


@program
def indexed_slices(tf):
    table = tf.Variable(np.arange(12, dtype=np.float32).reshape(6, 2))
    with tf.GradientTape(persistent=True) as tape:
        rows = tf.gather(table, [4, 1, 4])
        found = tf.nn.embedding_lookup(table, tf.constant([[0, 5], [5, 2]]))
        y = tf.reduce_sum(rows * rows)
        z = tf.reduce_sum(found) + y
        u = y + tf.reduce_sum(table * table)
        columns = tf.gather(table, [1, 0], axis=1)
        points = tf.gather_nd(table, [[0], [3]])
        by_slice = table[2] * table[2]
    first = tape.gradient(y, table)
    return [
        first,
        tf.convert_to_tensor(first),
        first.shape.as_list(),
        first.dtype.name,
        tape.gradient(z, table),
        tape.gradient(u, table),
        tape.gradient(columns, table),
        tape.gradient(points, table),
        tape.gradient(by_slice, table),
        tape.gradient(rows, table, output_gradients=tf.ones([3, 2]) * 2.0),
        tf.reduce_sum(tf.convert_to_tensor(tape.gradient(z, table))),
    ]


@program
def indexed_slices_second_order(tf):
    table = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2))
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = tf.reduce_sum(tf.gather(table, [2, 0, 2]) ** 3)
        slope = inner.gradient(y, table)
        total = tf.reduce_sum(tf.convert_to_tensor(slope) * table) + tf.reduce_sum(slope.values)
    return [slope, outer.gradient(total, table)]


@program
def indexed_slices_jacobian(tf):
    table = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2))
    with tf.GradientTape(persistent=True) as tape:
        y = tf.reduce_sum(tf.gather(table, [2, 0, 2]) ** 2, 1)
    return [tape.jacobian(y, table), tape.jacobian(y, table, experimental_use_pfor=False)]


@program
def embedding_training(tf):
    result = {}
    for name, make in {"sgd": lambda: tf.optimizers.SGD(0.1), "adam": lambda: tf.optimizers.Adam(0.1)}.items():
        table = tf.Variable(np.arange(12, dtype=np.float32).reshape(6, 2) / 10)
        optimizer = make()
        for step in range(3):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.nn.embedding_lookup(table, [step, 4, 4]) ** 2)
            optimizer.apply_gradients([(tape.gradient(loss, table), table)])
        result[name] = table
    return result


@program
def clip_indexed_slices(tf):
    table = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.gather(table, [2, 0, 2]) ** 2)
    slope = tape.gradient(y, table)
    clipped, norm = tf.clip_by_global_norm([slope, None, tf.constant([1.0])], 1.0)
    return [clipped, norm, tf.linalg.global_norm([slope])]


@program
def compute_gradient(tf):
    x, y = np.array([[1.0, 2.0], [0.5, -1.0]], np.float64), np.array([2.0, -1.0], np.float64)
    result = [tf.test.compute_gradient(lambda a, b: a * a * b, [x, y])]
    result.append(tf.test.compute_gradient(tf.sin, [np.array([0.5, 1.0])], delta=1e-4))
    z = tf.constant([1.0 + 2.0j], tf.complex128)
    result.append(tf.test.compute_gradient(lambda z: z * z, [z]))
    result.append(tf.test.compute_gradient(lambda t: tf.gather(t, [1, 0, 1]), [tf.constant(x)]))
    result.append(attempt(lambda: tf.test.compute_gradient(tf.sin, 1.0)))
    result.append(tf.test.compute_gradient(lambda a: tf.constant([1.0], tf.float64), [x]))
    return result
