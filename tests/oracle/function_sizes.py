"""Programs over functions whose signature leaves sizes open: ops (see `function_programs`).

Each is the body of a function, the shapes of its signature, and the shapes of the arguments of some calls. Recorded are
the shapes that the body shows when it first runs, those of the symbolic results, what each call gives (or the type of
its error), how often the Python code ran, and the tracing count.
"""

import numpy as np

from oracle.function_programs import PROGRAMS, plain


def numbers(shape, which=0, dtype="float32"):
    """An argument: numbers of both signs, without ties, other ones for each argument."""
    n = int(np.prod(shape, dtype=int))
    scattered = (np.arange(n) * 7 + 3 * which + 2) % (n + 3)
    values = (scattered - n // 2) / 8 if dtype == "float32" else scattered - n // 2
    return values.astype(dtype).reshape(shape)


def said(result):
    """A result with its dtype and shape."""
    if isinstance(result, dict):
        return {k: said(v) for k, v in result.items()}
    if isinstance(result, (list, tuple)):
        return [said(r) for r in result]
    return [str(tuple(result.shape)), plain(result)] if hasattr(result, "shape") else plain(result)


def signature(tf, specs):
    return [tf.TensorSpec(*s) if isinstance(s, tuple) else tf.TensorSpec(s) for s in specs]


def arguments(tf, shapes, specs):
    dtypes = [s[1] if isinstance(s, tuple) else "float32" for s in specs]
    return [tf.constant(numbers(s, i, d)) for i, (s, d) in enumerate(zip(shapes, dtypes, strict=True))]


def observed(tf, body, specs, calls):
    """What is recorded of a body `f(tf, show, *arguments)`."""
    shown, runs = [], []

    def function(*args):
        runs.append(None)
        return body(tf, lambda *tensors: shown.extend(str(t.shape) for t in tensors if len(runs) == 1), *args)

    function = tf.function(function, input_signature=signature(tf, specs))
    found = {"values": []}
    for shapes in calls:
        args = arguments(tf, shapes, specs)
        try:
            found["values"].append(said(function(*args)))
        except Exception as error:  # noqa: BLE001 - the type is what is compared
            found["values"].append(type(error).__name__)
    found |= {"inside": shown, "runs": len(runs)}
    try:
        outputs = function.get_concrete_function().structured_outputs
        found["outputs"] = plain(tf.nest.map_structure(lambda t: None if t is None else str(t.shape), outputs))
    except Exception as error:  # noqa: BLE001
        found["outputs"] = type(error).__name__
    return found | {"traces": function.experimental_get_tracing_count()}


def sizes(*specs, calls):
    """Adds a program: a function of arguments of such shapes, called with arguments of other shapes each time."""

    def add(body):
        PROGRAMS[f"sizes_{body.__name__}"] = lambda tf: observed(tf, body, specs, calls)
        return body

    return add


ROWS = [[(2, 3)], [(5, 3)], [(1, 3)], [(0, 3)], [(5, 3)]]  # calls with one argument, its number of rows unknown
PAIRS = [[(2, 3), (2, 3)], [(4, 3), (4, 3)], [(1, 3), (1, 3)], [(0, 3), (0, 3)]]
IMAGES = [[(2, 5, 4, 2)], [(1, 6, 6, 2)], [(3, 4, 7, 2)]]


# Elementwise, broadcasting


@sizes([None, 3], calls=ROWS)
def elementwise(tf, show, x):
    y = tf.tanh(x) * 2.0 + tf.abs(x)
    show(x, y, -x, x > 0.0)
    return y, x > 0.0, tf.cast(x, tf.int32)


@sizes([None, 3], [None, 3], calls=[*PAIRS, [(2, 3), (1, 3)], [(1, 3), (4, 3)], [(2, 3), (3, 3)], [(4, 3), (4, 3)]])
def two_unknown(tf, show, x, y):
    show(x + y, tf.maximum(x, y))
    return x + y, tf.maximum(x, y) - x


@sizes([None], [None, None], calls=[[(3,), (2, 3)], [(1,), (2, 4)], [(4,), (1, 4)], [(3,), (2, 1)], [(2,), (2, 3)]])
def unknown_of_two_ranks(tf, show, x, y):
    z = x * y
    show(z, x[:, None] * y[0])
    return z


@sizes([None, 3], calls=ROWS)
def with_known(tf, show, x):
    one, row, column, matrix = tf.constant(2.0), tf.constant([1.0, 2.0, 3.0]), tf.ones([1, 1]), tf.ones([1, 3])
    results = [x + one, row * x, column - x, x / (matrix + 1.0)]
    show(*results)
    return results


@sizes([None], calls=[[(4,)], [(1,)], [(3,)], [(4,)]])
def with_a_known_size(tf, show, x):
    y = x + tf.constant([1.0, 2.0, 3.0, 4.0])
    show(x, y)
    return y


@sizes([None], [None], calls=[[(3,), (3,)], [(1,), (3,)], [(3,), (1,)], [(0,), (1,)], [(2,), (3,)]])
def equal(tf, show, x, y):
    show(x == y)
    return x == y


@sizes([None], [None], calls=[[(3,), (3,)], [(1,), (3,)], [(0,), (0,)]])
def not_equal(tf, show, x, y):
    show(x != y)
    return x != y, tf.reduce_any(x != y)


@sizes([None], [None], calls=[[(3,), (3,)], [(1,), (3,)], [(2,), (3,)]])
def compared(tf, show, x, y):
    show(tf.equal(x, y), tf.less(x, y))
    return tf.equal(x, y), tf.less(x, y)


@sizes([None, None], [None], calls=[[(2, 3), (2,)], [(2, 3), (1,)], [(1, 1), (4,)], [(3, 2), (2,)]])
def outer_broadcast(tf, show, x, y):
    z = x[:, :, None] + y
    w = tf.expand_dims(y, 1) - tf.reduce_sum(x)
    show(z, w)
    return z, w


@sizes([None, 1], [1, None], calls=[[(2, 1), (1, 3)], [(1, 1), (1, 1)], [(0, 1), (1, 2)]])
def grid(tf, show, x, y):
    show(x + y, (x + y)[:1])
    return x + y


# Products and reductions


@sizes([None, None], [None, 2], calls=[[(2, 3), (3, 2)], [(4, 1), (1, 2)], [(0, 3), (3, 2)], [(2, 0), (0, 2)], [(2, 3), (4, 2)]])
def products(tf, show, x, y):
    z = tf.matmul(x, y)
    show(z, x @ y)
    return z, tf.matmul(y, x, transpose_a=True, transpose_b=True)


@sizes([None, None, 3], [3, 2], calls=[[(2, 4, 3), (3, 2)], [(1, 1, 3), (3, 2)], [(0, 2, 3), (3, 2)]])
def batched_products(tf, show, x, w):
    y = tf.tensordot(x, w, 1)
    z = tf.matmul(x, x, transpose_b=True)
    e = tf.einsum("bij,jk->bki", x, w)
    show(y, z, e)
    return y, z, e


@sizes([None, None], calls=[[(2, 3)], [(1, 4)], [(3, 1)]])
def reductions(tf, show, x):
    results = [tf.reduce_sum(x), tf.reduce_mean(x, 0), tf.reduce_max(x, 1, keepdims=True), tf.reduce_min(x, [0, 1]),
               tf.argmax(x, 1), tf.math.reduce_std(x, 0), tf.norm(x), tf.reduce_logsumexp(x, -1)]  # fmt: skip
    show(*results)
    return results


@sizes([None, 3], calls=[[(0, 3)], [(2, 3)]])
def reductions_of_nothing(tf, show, x):
    results = [tf.reduce_sum(x, 0), tf.reduce_max(x, 0), tf.reduce_mean(x), tf.reduce_prod(x), tf.reduce_all(x > 0.0)]
    show(*results)
    return results


# Rearranging


@sizes([None, 2, 3], calls=[[(2, 2, 3)], [(1, 2, 3)], [(0, 2, 3)]])
def reshapes(tf, show, x):
    n = tf.shape(x)[0]
    results = [tf.reshape(x, [-1, 6]), tf.reshape(x, [n, 6]), tf.reshape(x, [-1]), tf.reshape(x, [n * 2, 3]),
               tf.reshape(x, tf.stack([6, n]))]  # fmt: skip
    show(*results)
    return results


@sizes([None, None, 4], calls=[[(2, 3, 4)], [(1, 1, 4)], [(3, 2, 4)]])
def heads(tf, show, x):
    s = tf.shape(x)
    y = tf.transpose(tf.reshape(x, [s[0], s[1], 2, 2]), [0, 2, 1, 3])
    z = tf.reshape(tf.transpose(y, [0, 2, 1, 3]), [s[0], s[1], 4])
    show(y, z)
    return y, z - x


@sizes([None], calls=[[(6,)], [(2,)], [(0,)], [(3,)]])
def reshape_to_known(tf, show, x):
    y = tf.reshape(x, [2, -1])
    show(y)
    return y


@sizes([None, 3], [None, 3], calls=[[(2, 3), (3, 3)], [(1, 3), (0, 3)], [(2, 3), (2, 3)]])
def concats(tf, show, x, y):
    results = [tf.concat([x, y], 0), tf.concat([x, x], 1), tf.concat([x, tf.zeros([1, 3]), y], 0)]
    show(*results)
    return results


@sizes([None, 2], [None, 1], calls=[[(2, 2), (2, 1)], [(1, 2), (1, 1)], [(2, 2), (3, 1)]])
def concat_along_known(tf, show, x, y):
    z = tf.concat([x, y], -1)
    show(z)
    return z


@sizes([None], [None], calls=[[(2,), (2,)], [(1,), (1,)], [(0,), (0,)], [(2,), (3,)]])
def stacks(tf, show, x, y):
    results = [tf.stack([x, y]), tf.stack([x, y, x], 1)]
    show(*results)
    return results


@sizes([None, 4], calls=[[(4, 4)], [(2, 4)], [(0, 4)], [(3, 4)]])
def splits(tf, show, x):
    a, b = tf.split(x, 2)
    c, d = tf.split(x, [1, 3], 1)
    show(a, c, d)
    return a, b, c, d


@sizes([None, 3], calls=ROWS)
def unstacks(tf, show, x):
    columns = tf.unstack(x, axis=1)
    show(*columns)
    return columns


@sizes([None, None], calls=[[(4, 3)], [(2, 5)], [(1, 2)], [(0, 1)]])
def slices(tf, show, x):
    n = tf.shape(x)[0]
    results = [x[1:], x[:-1], x[-2:], x[:, -1:], x[:2], x[n // 2 :], x[..., None], x[:, tf.newaxis, 0], x[1:-1, 1:-1]]
    show(*results)
    return results


@sizes([None, None], calls=[[(4, 3)], [(5, 2)], [(1, 1)], [(2, 7)]])
def strided_slices(tf, show, x):
    results = [x[::2], x[::-1], x[1::2, ::-2], x[-1::-1], x[:, 1::3], x[-3:-1]]
    show(*results)
    return results


@sizes([None, 3], calls=[[(4, 3)], [(2, 3)], [(1, 3)]])
def single_rows(tf, show, x):
    results = [x[0], x[-1], x[0, 1], x[-1, ..., -1]]
    show(*results)
    return results


@sizes([None, 3], calls=[[(4, 3)], [(2, 3)], [(4, 3)]])
def a_row_that_may_be_missing(tf, show, x):
    show(x[2])
    return x[2]


@sizes([None, 4], calls=[[(4, 4)], [(2, 4)], [(3, 4)]])
def slice_and_strided_slice(tf, show, x):
    n = tf.shape(x)[0]
    results = [tf.slice(x, [1, 0], [-1, 2]), tf.slice(x, [0, 1], [n - 1, 3]), tf.strided_slice(x, [0, 0], [3, 4], [2, 1])]
    show(*results)
    return results


@sizes([None, 3], ([None], "int32"), calls=[[(4, 3), (2,)], [(2, 3), (1,)], [(3, 3), (0,)], [(1, 3), (3,)]])
def gathers(tf, show, x, i):
    i = tf.abs(i) % tf.shape(x)[0]
    results = [tf.gather(x, i), tf.gather(x, [2, 0], axis=1), tf.gather_nd(x, i[:, None]), tf.gather(x, 0)]
    show(*results)
    return results


@sizes([None, None], ([None, 1], "int32"), calls=[[(2, 3), (2, 1)], [(1, 1), (1, 1)], [(3, 4), (3, 1)]])
def gathers_in_batches(tf, show, x, i):
    i = tf.abs(i) % tf.shape(x)[1]
    y = tf.gather(x, i, axis=1, batch_dims=1)
    show(y)
    return y, tf.tensor_scatter_nd_update(x, [[0, 0]], [9.0])


@sizes(([None], "int32"), calls=[[(3,)], [(1,)], [(0,)]])
def one_hots(tf, show, i):
    results = [tf.one_hot(tf.abs(i), 3), tf.one_hot(tf.abs(i), 2, axis=0), tf.one_hot(tf.range(tf.shape(i)[0]), tf.size(i))]
    show(*results)
    return results


@sizes([None, 2], calls=[[(2, 2)], [(1, 2)], [(0, 2)]])
def tiles_pads_repeats(tf, show, x):
    results = [tf.tile(x, [2, 1]), tf.tile(x, [1, 2]), tf.pad(x, [[1, 0], [0, 2]]), tf.repeat(x, 2, axis=0),
               tf.repeat(x, 2, axis=1), tf.broadcast_to(x, [3, tf.shape(x)[0], 2]), tf.roll(x, 1, 0)]  # fmt: skip
    show(*results)
    return results


@sizes([None, 2, None], calls=[[(2, 2, 3)], [(1, 2, 1)], [(0, 2, 2)]])
def transposes(tf, show, x):
    results = [tf.transpose(x), tf.transpose(x, [1, 0, 2]), tf.reverse(x, [0]), tf.expand_dims(x, 1), tf.linalg.matrix_transpose(x)]
    show(*results)
    return results


@sizes([None, 1, None], calls=[[(2, 1, 3)], [(1, 1, 1)], [(3, 1, 0)]])
def squeezes(tf, show, x):
    y = tf.squeeze(x, 1)
    show(y, tf.squeeze(x, [1])[..., None])
    return y


# Choosing and ordering


@sizes([None, 3], [None, 3], calls=[*PAIRS, [(2, 3), (1, 3)], [(2, 3), (3, 3)]])
def wheres(tf, show, x, y):
    results = [tf.where(x > y, x, y), tf.where(x > 0.0, x, 0.0), tf.where(x[:, :1] > 0.0, x, tf.zeros_like(x))]
    show(*results)
    return results


@sizes([None, None], calls=[[(2, 3)], [(1, 1)], [(3, 5)]])
def masks(tf, show, x):
    n, m = tf.shape(x)[0], tf.shape(x)[1]
    lengths = tf.range(n) % m + 1
    mask = tf.sequence_mask(lengths, m, tf.float32)
    causal = tf.linalg.band_part(tf.ones([m, m]), -1, 0)
    weights = tf.nn.softmax(x + (1.0 - mask) * -1e9)
    show(mask, causal, weights)
    return mask, causal, weights, tf.reduce_sum(x * mask) / tf.reduce_sum(mask)


@sizes([None, None], calls=[[(2, 3)], [(1, 4)], [(3, 2)], [(2, 1)]])
def sorts(tf, show, x):
    top = tf.math.top_k(x, 2)
    results = [top.values, top.indices, tf.sort(x, axis=0), tf.argsort(x), tf.cumsum(x, 0), tf.cumsum(x, 1, exclusive=True, reverse=True)]
    show(*results)
    return results


@sizes([None], calls=[[(4,)], [(1,)], [(0,)]])
def order(tf, show, x):
    results = [tf.sort(x, direction="DESCENDING"), tf.argsort(x), tf.cumsum(x), tf.math.cumprod(x), tf.range(tf.size(x))]
    show(*results)
    return results


@sizes(([None], "int32"), calls=[[(4,)], [(1,)], [(5,)]])
def segments(tf, show, x):
    i = tf.range(tf.shape(x)[0]) // 2
    results = [tf.math.unsorted_segment_sum(x, i, 3), tf.math.unsorted_segment_max(x, i, 3)]
    show(*results)
    return results
