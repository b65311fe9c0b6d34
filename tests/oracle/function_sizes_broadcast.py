"""Programs over functions whose signature leaves sizes open: sizes that broadcast, agree or divide at a call (see
`function_sizes`)."""

from oracle.function_sizes import PAIRS, numbers, sizes

BROADCAST = [*PAIRS, [(2, 3), (1, 3)], [(1, 3), (4, 3)], [(2, 3), (3, 3)], [(4, 3), (4, 3)]]


@sizes([None, 3], [None, 3], calls=BROADCAST)
def chains_of_broadcasts(tf, show, x, y):
    z = (x + y) * x - y
    mean = tf.reduce_sum(z) / tf.cast(tf.size(z), tf.float32)
    flat = tf.reshape(z, [tf.shape(z)[0] * 3])
    show(z, mean, flat, z[1:])
    return z, mean, flat, z + y, tf.shape(x * y), tf.concat([z, x], 0), tf.zeros_like(z)


@sizes([None], [None], [None], calls=[[(2,), (2,), (2,)], [(1,), (2,), (2,)], [(3,), (1,), (1,)], [(1,), (1,), (3,)], [(2,), (1,), (3,)]])
def three_sizes(tf, show, x, y, z):
    results = [x + y + z, tf.where(x > 0.0, y, z), tf.clip_by_value(x, y - 1.0, z + 1.0), tf.add_n([x + y, y + z])]
    show(*results)
    return results


@sizes([None, None, 2], [None, 2, None], calls=[[(3, 4, 2), (3, 2, 5)], [(1, 4, 2), (3, 2, 1)], [(3, 1, 2), (1, 2, 4)], [(2, 1, 2), (3, 2, 1)]])
def products_of_batches(tf, show, x, y):
    results = [x @ y, tf.linalg.matvec(x, y[:, :, 0])]
    show(*results)
    return results


@sizes([None, None, None], [None, None], calls=[[(2, 3, 2), (2, 4)], [(1, 3, 2), (2, 1)], [(1, 2, 1), (2, 3)]])
def products_that_may_not_fit(tf, show, x, y):
    results = [x @ y, tf.tensordot(x, y, 1), tf.einsum("bij,jk->bik", x, y)]
    show(*results)
    return results


@sizes([None, 2, None, None], [None, 1, 1, None], calls=[[(2, 2, 3, 3), (2, 1, 1, 3)], [(2, 2, 1, 4), (1, 1, 1, 4)], [(1, 2, 3, 3), (1, 1, 1, 1)]])
def masked_attention(tf, show, scores, mask):
    weights = tf.nn.softmax(scores + mask * -1e9)
    y = weights @ tf.ones_like(scores)
    show(weights, y)
    return weights, y


@sizes([None, 3], [None, 3], calls=BROADCAST)
def gradients_of_chains(tf, show, x, y):
    with tf.GradientTape() as outer:
        outer.watch([x, y])
        with tf.GradientTape() as inner:
            inner.watch([x, y])
            z = tf.reduce_mean(tf.tanh(x * y) * (x - y) ** 2)
        first = inner.gradient(z, [x, y])
    second = outer.gradient(first[0], [x, y])
    show(*first, *second)
    return first, second


@sizes([None], calls=[[(3,)], [(1,)], [(2,)]])
def gradients_with_a_known_size(tf, show, x):
    w = tf.constant([1.0, -2.0, 0.5])
    with tf.GradientTape() as tape:
        tape.watch([x, w])
        y = tf.reduce_sum(tf.sin(x * w) + x)
    gradients = tape.gradient(y, [x, w])
    show(*gradients)
    return y, gradients


@sizes([None], [None], calls=[[(3,), (3,)], [(3,), (1,)], [(1,), (2,)], [(2,), (3,)]])
def loops_of_broadcasts(tf, show, x, y):
    total = x + y
    for i in tf.range(3):
        total = total * 0.5 + y * tf.cast(i, tf.float32)
    while tf.reduce_sum(total) < 4.0:
        total += tf.abs(x) + 1.0
    show(total)
    return total


@sizes([None], [None], calls=[[(3,), (3,)], [(3,), (1,)], [(1,), (2,)], [(2,), (3,)]])
def functions_of_broadcasts(tf, show, x, y):
    @tf.function(input_signature=[tf.TensorSpec([None]), tf.TensorSpec([None])])
    def inner(a, b):
        return a * b + 1.0, tf.shape(a + b)

    z, n = inner(x, y)
    w, _ = inner(z, tf.constant([2.0]))
    show(z, n, w)
    return z, n, w, inner(x, x)[0] + z


@sizes([None, 2], [None, 2], calls=[[(3, 2), (3, 2)], [(1, 2), (4, 2)], [(2, 2), (3, 2)], [(0, 2), (1, 2)]])
def conditions_of_broadcasts(tf, show, x, y):
    z = tf.cond(tf.reduce_sum(x) > 0.0, lambda: x + y, lambda: y - x)
    if tf.reduce_any(y > 0.0):
        z *= y
    show(z)
    return z


@sizes([None, 3], [None, 3], calls=BROADCAST)
def broadcasts_to_shapes(tf, show, x, y):
    shape = tf.broadcast_dynamic_shape(tf.shape(x), tf.shape(y))
    results = [tf.broadcast_to(x, shape), tf.zeros(shape) + y]
    show(*results)
    return results


@sizes([None, 3], [None, 3], calls=[[(2, 3), (4, 3)], [(4, 3), (2, 3)], [(1, 3), (1, 3)]])
def padded_to_the_longer(tf, show, x, y):
    n = tf.maximum(tf.shape(x)[0], tf.shape(y)[0])
    padded = [tf.pad(t, [[0, n - tf.shape(t)[0]], [0, 0]]) for t in (x, y)]
    show(*padded)
    return padded, tf.ones([n])


@sizes([None, 2], [None, 2], calls=[[(3, 2), (4, 2)], [(1, 2), (1, 2)], [(0, 2), (2, 2)]])
def distances(tf, show, x, y):
    d = tf.reduce_sum(tf.math.squared_difference(x[:, None], y[None]), -1)
    nearest = tf.gather(y, tf.argmin(d, 1))
    show(d, nearest)
    return d, nearest - x, tf.argmin(d, 1)


@sizes([None, 3], [None, 3], calls=BROADCAST)
def sizes_asserted(tf, show, x, y):
    tf.debugging.assert_equal(tf.shape(x)[0], tf.shape(y)[0])
    z = tf.stack([x, y], 1) * 2.0
    show(z)
    return z, x @ tf.transpose(y)


@sizes([None, 3], ([None], "int32"), calls=[[(2, 3), (2,)], [(1, 3), (1,)], [(1, 3), (2,)], [(3, 3), (1,)], [(2, 3), (2,)]])
def classes_that_may_not_fit(tf, show, x, y):
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.abs(y) % 3, x)
    show(loss)
    return loss, tf.reduce_mean(loss)


@sizes([None, 3], [None, 3], calls=[*PAIRS, [(2, 3), (1, 3)], [(1, 3), (4, 3)], [(2, 3), (3, 3)]])
def losses_of_unlike_sizes(tf, show, x, y):
    p = tf.nn.softmax(y)
    first = tf.nn.softmax_cross_entropy_with_logits(p, x)
    show(first)
    return first


@sizes([None, 3], [None, 3], calls=BROADCAST)
def logistic_losses(tf, show, x, y):
    loss = tf.nn.sigmoid_cross_entropy_with_logits(tf.sigmoid(y), x)
    show(loss)
    return loss, tf.keras.losses.mean_squared_error(x, y)


@sizes([None, None], calls=[[(4, 3)], [(2, 3)], [(4, 2)]])
def shapes_ensured(tf, show, x):
    y = tf.ensure_shape(x, [4, None])
    show(y)
    z = tf.ensure_shape(x + 1.0, [None, 3])
    show(z)
    return y, z


@sizes([None, None, None, 2], calls=[[(1, 4, 2, 2)], [(2, 2, 2, 2)], [(1, 3, 2, 2)]])
def blocks(tf, show, x):
    y = tf.nn.space_to_depth(x, 2)
    show(y)
    return y


@sizes([None, 4], calls=[[(6, 4)], [(3, 4)], [(4, 4)], [(0, 4)]])
def parts_of_equal_size(tf, show, x):
    a, b, c = tf.split(x, 3)
    y = tf.reshape(x, [3, -1, 4])
    z = tf.reshape(x, [-1, 8])
    show(a, y, z)
    return a + b * c, y, z


@sizes([None, 2], ([None, 1], "int32"), [None, 2], calls=[[(4, 2), (2, 1), (2, 2)], [(3, 2), (1, 1), (1, 2)], [(3, 2), (2, 1), (1, 2)]])
def updates_of_rows(tf, show, x, i, u):
    i = tf.abs(i) % tf.shape(x)[0]
    y = tf.tensor_scatter_nd_update(x, i, u)
    z = tf.tensor_scatter_nd_add(x, i, u * 2.0)
    show(y, z)
    return y, z, tf.scatter_nd(i, u, tf.shape(x))


@sizes([None], [None], calls=[[(3,), (3,)], [(1,), (3,)], [(3,), (1,)]])
def comparisons_used(tf, show, x, y):
    same, different = tf.reduce_all(x == y), tf.reduce_any(x != y)
    show(same, different)
    return same, different, tf.cond(same, lambda: 1.0, lambda: 0.0)


@sizes([None, 2], [None, 3], [None], calls=[[(2, 2), (2, 3), (2,)], [(1, 2), (1, 3), (1,)], [(2, 2), (2, 3), (1,)], [(2, 2), (3, 3), (2,)]])
def features_joined(tf, show, x, y, z):
    joined = tf.concat([x, y, z[:, None]], 1)
    dense = joined @ tf.constant(numbers((6, 2)))
    show(joined, dense)
    return dense + z[:, None], tf.stack(tf.unstack(joined, axis=1), 1)


@sizes([None, None], [None], calls=[[(2, 3), (3,)], [(4, 1), (1,)], [(2, 3), (1,)], [(2, 3), (2,)]])
def biases(tf, show, x, b):
    results = [x + b, tf.nn.relu(x * b)]
    show(*results)
    return *results, tf.nn.bias_add(x, b)


# Parts that do not fit the sizes of some call


@sizes([None, 2], calls=[[(3, 2)], [(1, 2)], [(2, 2)], [(0, 2)]])
def branches_that_may_not_fit(tf, show, x):
    first = tf.cond(tf.shape(x)[0] > 2, lambda: x[2] * 2.0, lambda: tf.reduce_sum(x, 0))
    if tf.shape(x)[0] > 1:
        second = x[1] + first
    else:
        second = first
    show(first, second)
    return first, second


@sizes([None, 2], calls=[[(3, 2)], [(2, 2)], [(1, 2)]])
def branches_that_are_taken(tf, show, x):
    y = x * 2.0
    if tf.reduce_sum(tf.abs(x)) >= 0.0:
        y = y + x[2]
    show(y)
    return y


@sizes([None, 2], ([], "int32"), calls=[[(3, 2), ()], [(0, 2), ()], [(1, 2), ()]])
def loops_that_may_not_run(tf, show, x, n):
    total = tf.zeros([2])
    for i in tf.range(tf.shape(x)[0] * tf.abs(n)):
        total += x[i // tf.abs(n)] * x[0]
    while tf.reduce_sum(total) > 8.0 and tf.shape(x)[0] > 0:
        total -= tf.abs(x[0]) + 1.0
    show(total)
    return total


@sizes([None, 2], calls=[[(3, 2)], [(1, 2)], [(2, 2)]])
def branches_in_branches(tf, show, x):
    if tf.shape(x)[0] > 1:
        if tf.shape(x)[0] > 2:
            y = x[2]
        else:
            y = x[1] - x[0]
    else:
        y = x[0]
    show(y)
    return y


@sizes([None, 2], calls=[[(3, 2)], [(1, 2)], [(3, 2)]])
def functions_in_branches(tf, show, x):
    @tf.function
    def third(t):
        return t[2] * 2.0

    y = tf.cond(tf.shape(x)[0] > 2, lambda: third(x), lambda: x[0])
    show(y)
    return y


# Functions of sizes


@sizes([None, None], calls=[[(2, 3)], [(4, 5)], [(1, 1)], [(2, 4)]])
def padded_to_a_multiple(tf, show, x):
    n = tf.shape(x)[1]
    y = tf.pad(x, [[0, 0], [0, (4 - n % 4) % 4]])
    z = tf.reshape(y, [tf.shape(y)[0], -1, 4])
    show(y, z)
    return y, z


@sizes([None, 4], calls=[[(3, 4)], [(1, 4)], [(8, 4)]])
def at_most_so_many(tf, show, x):
    top = tf.math.top_k(tf.reduce_sum(x, 1), tf.minimum(2, tf.shape(x)[0]))
    show(*top)
    return tf.gather(x, top.indices), x[: tf.minimum(tf.shape(x)[0], 2)]


@sizes([None, None], calls=[[(3, 2)], [(1, 2)], [(4, 4)], [(2, 5)]])
def larger_and_smaller_sizes(tf, show, x):
    n, m = tf.shape(x)[0], tf.shape(x)[1]
    results = [tf.zeros([tf.maximum(n, m)]), tf.eye(tf.minimum(n, m)), tf.ones([n // 2 * 2, n % 2 + 1]), tf.range(abs(n - m))]
    show(*results)
    return results, x[: n // 2], tf.fill([(n + 3) // 4], 1.0)
