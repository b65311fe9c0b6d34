"""Ops of several tensors: of which of them a result has a gradient, and of which it has None or zeros."""

from .shared import attempt, program


def _gradients(tf, function, *sources):
    """The gradients of a function, called eagerly, in a function, and in one of unknown sizes."""

    def back(*xs):
        with tf.GradientTape() as tape:
            tape.watch(xs)
            y = function(*xs)
        return tape.gradient(y, xs)

    specs = [tf.TensorSpec([None] * x.shape.rank, x.dtype) for x in sources]
    return [back(*sources), tf.function(back)(*sources), tf.function(back, input_signature=specs)(*sources)]


@program
def identities_of_several(tf):
    a, b, n = tf.constant([1.0, 2.0]), tf.constant([[3.0, 4.0, 5.0]]), tf.constant([1, 2])
    c = tf.constant(2.0, tf.float64)
    return [
        _gradients(tf, lambda a, b: tf.identity_n([a, b])[0], a, b),
        _gradients(tf, lambda a, b: tf.identity_n([a, b])[1] * 2.0, a, b),
        _gradients(tf, lambda a, b: tf.identity_n([a, n, b])[0], a, b),
        _gradients(tf, lambda a, c: tf.identity_n([a, c])[1], a, c),
        _gradients(tf, lambda a, b: tf.reduce_sum(tf.identity_n([a, b])[0]) * b, a, b),
        tf.identity_n([a, n, c, True]),
    ]


@program
def grids(tf):
    a, b, c = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0, 5.0]), tf.constant([7.0])
    found = [tf.meshgrid(a, b, c, [1.0, 2.0]), tf.meshgrid([1, 2], 5, indexing="ij")]
    for indexing in ("xy", "ij"):
        for k in range(3):
            found.append(_gradients(tf, lambda a, b, c, k=k, i=indexing: tf.meshgrid(a, b, c, indexing=i)[k] * 2.0, a, b, c))
        found.append(_gradients(tf, lambda a, b, i=indexing: tf.meshgrid(a, b, indexing=i), a, b))
    return found


@program
def shuffles(tf):
    c, a = tf.constant(2.0), tf.constant([1.0, 2.0, 3.0])
    stateless = tf.random.experimental.stateless_shuffle

    def of(function, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x) * 2.0
        return attempt(lambda: tape.gradient(y, x))

    functions = [lambda x: tf.random.shuffle(x, seed=1), lambda x: stateless(x, [1, 2])]
    return [of(f, x) for f in functions for x in (c, a)], [tf.random.shuffle(c), stateless(c, [1, 2])]
