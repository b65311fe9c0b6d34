"""Programs over functions whose signature leaves the rank open (see `function_sizes`)."""

import numpy as np

from oracle.function_programs import program
from oracle.function_sizes import numbers, said, sizes

MATRICES = [[(2, 3)], [(4, 3)], [(1, 3)], [(2, 3)]]
RANKS = [[(2, 3)], [(3,)], [(1, 2, 3)], [()], [(4, 3)], [(2, 2)]]


@sizes(None, calls=MATRICES)
def rank_of_elementwise(tf, show, x):
    y = tf.tanh(x) * 2.0 + tf.abs(x)
    z = tf.clip_by_value(tf.nn.relu(x), 0.1, 0.5) + tf.cast(x > 0.0, tf.float32)
    show(x, y, z, -x, tf.where(x > 0.0, x, y))
    return y, z, tf.identity(x), tf.maximum(x, 0.0)


@sizes(None, calls=MATRICES)
def rank_of_reductions(tf, show, x):
    results = [tf.reduce_sum(x), tf.reduce_mean(x, -1), tf.reduce_max(x, 0, keepdims=True), tf.argmax(x, -1), tf.nn.softmax(x),
               tf.reduce_all(x > 0.0), tf.size(x), tf.rank(x), tf.shape(x)[0], tf.reshape(x, [-1])]  # fmt: skip
    show(*results)
    return results


@sizes(None, calls=MATRICES)
def rank_of_products(tf, show, x):
    w = tf.constant(numbers((3, 2)))
    results = [tf.matmul(x, w), tf.tensordot(x, w, 1), x @ w + 1.0]
    show(*results)
    return results


@sizes(None, calls=MATRICES)
def rank_of_moves(tf, show, x):
    results = [x[0], x[..., -1], tf.expand_dims(x, -1), tf.expand_dims(x, 0), tf.concat([x, x], 0), tf.stack([x, x]), tf.transpose(x),
               tf.zeros_like(x), tf.ones(tf.shape(x)), tf.gather(x, [0]), tf.one_hot(tf.cast(x, tf.int32), 2)]  # fmt: skip
    show(*results)
    return results


@sizes(None, calls=MATRICES)
def rank_in_python(tf, show, x):
    y = x * float(-1 if x.shape.rank is None else 2)
    show(y)
    return y, x.shape.rank is None, x.shape.is_fully_defined(), str(x.shape)


@sizes(None, calls=MATRICES)
def rank_of_gradients(tf, show, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_mean(x * x) + tf.reduce_sum(tf.sin(x))
    g = tape.gradient(y, x)
    show(y, g)
    return y, g


@sizes(None, calls=MATRICES)
def rank_in_control_flow(tf, show, x):
    for i in tf.range(3):
        x = x + tf.cast(i, tf.float32)
    if tf.reduce_sum(x) > 4.0:
        x = x * 2.0
    show(x)
    return x, tf.cond(tf.rank(x) > 1, lambda: tf.reduce_sum(x), lambda: 0.0)


@sizes(None, calls=[*MATRICES, [(2, 2)], [(3,)]])
def rank_that_is_set(tf, show, x):
    x.set_shape([None, 3])
    y = x @ tf.ones([3, 1])
    show(x, y, tf.reduce_sum(x, 0))
    return y


@sizes(None, calls=[*MATRICES, [(2, 2)], [(3,)]])
def rank_that_is_ensured(tf, show, x):
    y = tf.ensure_shape(x, [None, 3])
    show(y, y @ tf.ones([3, 1]))
    return y + 1.0


@sizes(None, None, calls=[[(2, 3), (2, 3)], [(2, 3), (1, 3)], [(1, 3), (4, 3)], [(2, 3), (3, 3)]])
def rank_of_two(tf, show, x, y):
    z = x * y + 1.0
    show(z, tf.reduce_sum(z))
    return z, tf.reduce_mean((x - y) ** 2)


@sizes(None, calls=RANKS)
def ranks_of_several_kinds(tf, show, x):
    y = tf.nn.relu(x) + 1.0
    show(y, tf.reduce_sum(y), tf.reshape(y, [-1]))
    return y, tf.reduce_sum(y), tf.reshape(y, [-1])


@sizes([None, 3], calls=[[(2, 3)], [(4, 3)], [(2, 3)]])
def squeezes_of_unknown_sizes(tf, show, x):
    y = tf.squeeze(x)
    z = tf.squeeze(x[:, None])
    show(y, z, tf.squeeze(x[:1]), y * 2.0, tf.reduce_sum(y))
    return y, z + 1.0, tf.squeeze(tf.reduce_sum(x))


@program
def rank_of_concrete_functions(tf):
    """One concrete function for all ranks."""
    concrete = tf.function(lambda x: x * 2.0 + 1.0).get_concrete_function(tf.TensorSpec(None))
    found = [said(concrete(tf.constant(numbers(shape)))) for shape in ((2, 3), (4,), (), (1, 2, 2), (3, 1))]
    return [found, str(concrete.structured_outputs.shape), str(concrete.structured_input_signature[0][0].shape)]


@program
def rank_of_reduced_retracing(tf):
    runs = []

    @tf.function(reduce_retracing=True)
    def f(x):
        runs.append(str(x.shape))
        return x + 1.0

    found = [said(f(tf.constant(np.float32(numbers(shape))))) for shape in ((2, 3), (2, 4), (5, 3))]
    return [found, runs, f.experimental_get_tracing_count()]
