"""Programs over functions in which shapes depend on values: ops (see `function_programs`).

Each is the body of a function and the arguments of some calls. Recorded are the shapes that the body shows when it first
runs, those of the symbolic results, what each call gives (or the type of its error), how often the Python code ran, and
the tracing count.
"""

import numpy as np

from oracle.function_programs import PROGRAMS, plain
from oracle.function_sizes import said


def seen_of(call, *args):
    """A result with shapes and dtypes, or the type of the error."""
    try:
        return said(call(*args))
    except Exception as error:  # noqa: BLE001 - the type is what is compared
        return type(error).__name__


def observed(tf, body, calls, specs=None, **options):
    """What is recorded of a body `f(tf, show, *arguments)`."""
    shown, runs = [], []

    def function(*args):
        runs.append(None)
        return body(tf, lambda *tensors: shown.extend(str(t.shape) for t in tensors if len(runs) == 1), *args)

    if specs is not None:
        options["input_signature"] = [tf.TensorSpec(*s) for s in specs]
    function = tf.function(function, **options)
    calls = [[tf.constant(a) for a in args] for args in calls]
    found = {"values": [seen_of(function, *args) for args in calls], "inside": shown, "runs": len(runs)}
    try:
        concrete = function.get_concrete_function(*([] if specs is not None else calls[0]))
        shapes = tf.nest.map_structure(lambda t: None if t is None else str(t.shape), concrete.structured_outputs)
        found["outputs"] = plain(shapes)
    except Exception as error:  # noqa: BLE001
        found["outputs"] = type(error).__name__
    return found | {"traces": function.experimental_get_tracing_count()}


def values(*calls, specs=None, **options):
    """Adds a program: a function that is called with such arguments."""

    def add(body):
        PROGRAMS[f"values_{body.__name__}"] = lambda tf: observed(tf, body, calls, specs, **options)
        return body

    return add


NUMBERS = [([1.0, -2.0, 3.0, -4.0],), ([-1.0, 2.0, 5.0, 0.5],), ([-1.0, -2.0, -3.0, -4.0],), ([1.0, -2.0, 3.0, -4.0],)]
ROWS = [([[1.0, -2.0], [3.0, 4.0], [-5.0, 6.0]],), ([[-1.0, 2.0], [3.0, -4.0], [0.0, -6.0]],), ([[-1.0, 2.0]] * 3,)]
COUNTS = [(3,), (1,), (0,), (4,), (3,)]


# Masks


@values(*NUMBERS)
def masks(tf, show, x):
    y = tf.boolean_mask(x, x > 0.0)
    show(x, y, y * 2.0, tf.reduce_sum(y))
    return y, y * y + 1.0, tf.reduce_sum(y)


@values(*NUMBERS)
def masks_by_index(tf, show, x):
    y = x[x > 0.0]
    show(y)
    return y, -y


@values(*ROWS)
def masks_of_rows(tf, show, x):
    results = [tf.boolean_mask(x, x[:, 0] > 0.0), x[x[:, 1] > 0.0], tf.boolean_mask(x, x > 0.0),
               tf.boolean_mask(x, x[0] < 0.0, axis=1)]  # fmt: skip
    show(*results)
    return results


@values(*NUMBERS)
def masks_that_are_known(tf, show, x):
    y = tf.boolean_mask(x, [True, False, True, True])
    return tf.reduce_sum(y), tf.reduce_sum(tf.where([True, False, True])), tf.size(tf.unique([1, 2, 1]).y)


@values(*NUMBERS)
def masks_of_masks(tf, show, x):
    y = tf.boolean_mask(x, x > 0.0)
    z = tf.boolean_mask(y, y > 2.0)
    show(y, z)
    return z, tf.size(z), tf.boolean_mask(y, tf.logical_not(y > 2.0))


@values(*NUMBERS)
def two_masks(tf, show, x):
    positive = x > 0.0
    y, z = tf.boolean_mask(x, positive), tf.boolean_mask(x + 1.0, positive)
    show(y + z)
    return y + z, tf.concat([y, z], 0), tf.stack([y, z], 1)


@values(*NUMBERS)
def masks_of_other_sizes(tf, show, x):
    y, z = tf.boolean_mask(x, x > 0.0), tf.boolean_mask(x, x < 0.0)
    return tf.concat([y, z], 0), tf.tensordot(y, tf.ones_like(y), 1)


@values(*NUMBERS)
def nothing_that_is_selected(tf, show, x):
    y = tf.boolean_mask(x, x > 100.0)
    results = [tf.reduce_sum(y), tf.reduce_mean(y), tf.reduce_max(y), tf.reduce_prod(y), tf.reduce_all(y > 0.0),
               tf.math.reduce_std(y), tf.reduce_logsumexp(y)]  # fmt: skip
    show(*results)
    return results


@values(([1.0, 2.0, 3.0],))
def a_mask_of_another_size(tf, show, x):
    return tf.boolean_mask(x, x[:2] > 0.0)


@values(([1.0, 2.0, 3.0],))
def a_mask_that_is_a_scalar(tf, show, x):
    return tf.boolean_mask(x, x[0] > 0.0)


@values(*NUMBERS)
def a_mask_of_another_size_behind_one(tf, show, x):
    y = tf.boolean_mask(x, x > 0.0)
    return tf.boolean_mask(y, x > 0.0)


# Positions


@values(*NUMBERS)
def positions(tf, show, x):
    i = tf.where(x > 0.0)
    y = tf.gather_nd(x, i)
    show(i, y, i[:, 0])
    return i, y, tf.gather(x, i[:, 0]), tf.tensor_scatter_nd_update(x, i, tf.zeros_like(y))


@values(*ROWS)
def positions_in_a_matrix(tf, show, x):
    i = tf.where(x > 0.0)
    show(i, tf.gather_nd(x, i), tf.squeeze(tf.where(x[:, 0] > 0.0), 1))
    return i, tf.gather_nd(x, i), tf.scatter_nd(i, tf.ones([tf.shape(i)[0]]), [3, 2]), tf.squeeze(tf.where(x[:, 0] > 0.0), 1)


@values(*NUMBERS)
def positions_of_numbers(tf, show, x):
    return tf.where(x), tf.where(tf.cast(x, tf.int32)), tf.cast(tf.where(x > 0.0), tf.int32)


@values((1.0,))
def positions_in_a_scalar(tf, show, x):
    return tf.where(x > 0.0)


# Different elements, parts


@values(([1, 2, 1, 3],), ([5, 5, 5, 5],), ([4, 3, 2, 1],))
def different_elements(tf, show, x):
    y, i = tf.unique(x)
    counted = tf.unique_with_counts(x)
    show(y, i, *counted)
    return y, i, counted, tf.gather(y, i), tf.unique(x, tf.int64).idx, tf.reduce_max(counted.count)


@values(([[1, 2], [3, 4]],))
def different_elements_of_a_matrix(tf, show, x):
    return tf.unique(x)


@values(*[(x, [0, 1, 0, 1]) for (x,) in NUMBERS], ([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1]), ([1.0, 2.0, 3.0, 4.0], [2, 1, 1, 1]))
def partitions(tf, show, x, p):
    parts = tf.dynamic_partition(x, p, 2)
    show(*parts)
    places = tf.dynamic_partition(tf.range(4), p, 2)
    return parts, tf.dynamic_stitch(places, [q * 2.0 for q in parts]), tf.reduce_sum(parts[1])


@values(([1, 2, 3],), ([0, 0, 0],), ([4, 0, 1],), ([-1, 1, 1],))
def as_long_as_the_longest(tf, show, x):
    y = tf.sequence_mask(x)
    show(y)
    return y, tf.sequence_mask(x, 2)


@values(([1, 2, 0],), ([0, 0, 0],), ([4, 0, 1],))
def repeated(tf, show, x):
    results = [tf.repeat(x, x), tf.repeat([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], x, axis=0), tf.repeat(x, x[0] + 1)]
    show(*results)
    return results


@values(([1, 2, 0],), ([0, 0, 0],), ([4, 0, 1],), ([-1, 0, 1],))
def counted(tf, show, x):
    results = [tf.math.bincount(x), tf.math.bincount(x, minlength=3), tf.math.bincount(x, maxlength=2)]
    show(*results)
    return results


@values(([0, 0, 1, 3],), ([0, 1, 2, 2],), ([1, 0, 0, 0],))
def segments(tf, show, ids):
    data = tf.constant([1.0, 2.0, 3.0, 4.0])
    results = [tf.math.segment_sum(data, ids), tf.math.segment_mean(data, ids),
               tf.math.unsorted_segment_sum(data, ids, tf.reduce_max(ids) + 1)]  # fmt: skip
    show(*results)
    return results


# Ranges and sizes


@values(*COUNTS, (-1,))
def ranges(tf, show, n):
    y = tf.range(n)
    results = [y, tf.reshape(y, [n, 1]), tf.range(1, n + 2), tf.cast(y, tf.float32) / 2.0]
    show(*results)
    return results


@values((0.0, 1.0, 0.3), (1.0, 0.0, -0.5), (0.0, 1.0, 0.0), (1.0, 0.0, 1.0))
def ranges_of_numbers(tf, show, start, limit, delta):
    y = tf.range(start, limit, delta)
    show(y)
    return y, tf.reduce_sum(y)


@values(*COUNTS, (-1,))
def made_of_a_size(tf, show, n):
    results = [tf.zeros([n, 2]), tf.ones([n]), tf.fill([2, n], 3.0), tf.one_hot([0, 1], n), tf.eye(n),
               tf.broadcast_to([[1.0, 2.0]], [n, 2]), tf.shape(tf.zeros([n, 3])), tf.size(tf.ones([n, 3])) // 2]  # fmt: skip
    show(*results)
    return results


@values(*[(n,) for n in (2, 3, 1, 6, 4, -1)])
def reshaped_by_a_size(tf, show, n):
    x = tf.range(6.0)
    results = [tf.reshape(x, [n, -1]), tf.reshape(tf.reshape(x, [2, 3]), [-1, n])]
    show(*results)
    return results


@values(*COUNTS, (7,), (-2,))
def slices(tf, show, n):
    x, m = tf.range(6.0), tf.reshape(tf.range(6.0), [2, 3])
    results = [x[:n], x[n:], x[-n:], x[n : n + 2], m[..., :n], m[1, :n] * 2.0, m[n % 2, :n], m[:, tf.newaxis, :n]]
    show(*results)
    return results


@values((1,), (3,), (2,), (-2,))
def slices_with_a_step(tf, show, n):
    return tf.ensure_shape(tf.range(6)[::n], [None]), tf.ensure_shape(tf.range(6)[1:5:n], [None])


@values((1,), (3,), (0,), (-1,), (7,))
def parts_of_a_size(tf, show, n):
    x = tf.range(6.0)
    return tf.slice(x, [1], [n]), tf.split(x, [n, 6 - n]), tf.pad(x, [[n, 1]]), tf.tile(x, [n])


@values((1,), (3,), (0,), (-1,), (7,))
def largest(tf, show, n):
    found = tf.math.top_k([3.0, 1.0, 4.0, 1.0, 5.0], n)
    show(*found)
    return found


@values(*COUNTS)
def drawn(tf, show, n):
    x = tf.random.uniform([n, 2])
    show(x)
    return tf.shape(x), tf.reduce_all(x < 1.0)


# Sizes as numbers


@values(*NUMBERS)
def sizes_as_tensors(tf, show, x):
    y = tf.boolean_mask(x, x > 0.0)
    n = tf.shape(y)[0]
    results = [n * 2 + 1, tf.size(y, tf.int64), y / tf.cast(n, tf.float32), tf.zeros([n, 2]), tf.reshape(y, [1, n]),
               tf.range(n), tf.reshape(y, [-1, 1]), y[: n // 2], y[1:], tf.tile(y, [2]), tf.expand_dims(y, 0)]  # fmt: skip
    show(*results)
    return results


@values(*NUMBERS)
def filled_up(tf, show, x):
    """To a fixed size, as where detections are padded."""
    y = tf.boolean_mask(x, x > 0.0)
    n = tf.shape(y)[0]
    results = [tf.pad(y, [[0, 5 - n]]), tf.concat([y, tf.zeros([tf.maximum(5 - n, 0)])], 0), tf.ensure_shape(y, [None])[:2],
               tf.math.top_k(y, tf.minimum(2, n)).values, tf.tensor_scatter_nd_update(tf.zeros([4]), tf.where(x > 0.0), y)]  # fmt: skip
    results += [tf.ensure_shape(results[0], [5]), tf.reshape(tf.tile(y, [2]), tf.stack([2, n]))]
    show(*results)
    return results


@values(*NUMBERS)
def a_size_as_python_number(tf, show, x):
    return tf.zeros([tf.boolean_mask(x, x > 0.0).shape[0]])


@values(*NUMBERS)
def a_size_for_python(tf, show, x):
    return [tf.constant(0)] * tf.boolean_mask(x, x > 0.0).shape[0]


@values(*NUMBERS)
def unstacked(tf, show, x):
    return tf.unstack(tf.boolean_mask(x, x > 0.0))


@values(*NUMBERS, autograph=False)
def iterated(tf, show, x):
    return list(tf.boolean_mask(x, x > 0.0))


@values(*NUMBERS)
def ops_of_all_kinds(tf, show, x):
    y = tf.boolean_mask(x, x > 0.0)
    results = [tf.sort(y), tf.argsort(y), tf.cumsum(y), tf.reverse(y, [0]), tf.concat([y, x], 0), tf.pad(y, [[1, 1]]),
               tf.nn.softmax(y), tf.one_hot(tf.cast(y, tf.int32), 3), tf.linalg.diag(y), tf.cast(y, tf.int32), tf.roll(y, 1, 0),
               tf.matmul(y[:, None], y[None, :]), tf.einsum("i,i->", y, y), tf.where(y > 1.0, y, 0.0)]  # fmt: skip
    show(*results)
    return results


@values(([[1.0, 2.0], [3.0, 4.0]], [True, False]), ([[1.0, 2.0]], [True]), ([[1.0, 2.0]] * 3, [False] * 3),
        specs=[([None, 2], "float32"), ([None], "bool")])  # fmt: skip
def unknown_and_by_value(tf, show, x, m):
    y = tf.boolean_mask(x, m)
    results = [y, tf.reduce_sum(y, 0), tf.concat([x, y], 0), tf.where(m)]
    show(x, m, *results)
    return results


@values(*NUMBERS, jit_compile=True)
def compiled(tf, show, x):
    y = tf.boolean_mask(x, x > 0.0)
    show(y)
    return y, tf.reduce_sum(y * 2.0), tf.where(x > 0.0)


# Python functions


@values(*NUMBERS)
def python_functions_of_a_known_rank(tf, show, x):
    y = tf.py_function(lambda t: t[t > 0.0] * 2.0, [x], tf.float32)
    show(y)
    y.set_shape([None])
    z = tf.ensure_shape(tf.numpy_function(lambda a: a[a < 0.0], [x], tf.float32), [None])
    w = tf.py_function(lambda t: tf.stack([t, t]), [x], tf.float32)
    w.set_shape([None, 4])
    show(y, z, w, y + 1.0)
    return y + 1.0, tf.reduce_sum(z), tf.concat([y, z], 0), tf.transpose(w)


@values(*NUMBERS)
def python_functions_whose_results_are_returned(tf, show, x):
    y = tf.py_function(lambda t: t[t > 0.0], [x], tf.float32)
    z = tf.numpy_function(lambda a: np.stack([a, a]), [y], tf.float32)
    show(y, z)
    return {"y": y, "z": [z, tf.reduce_sum(x)]}


@values(*NUMBERS)
def python_functions_of_a_wrong_dtype(tf, show, x):
    y = tf.numpy_function(lambda a: (a > 0.0).nonzero()[0], [x], tf.float32)
    y.set_shape([None])
    return y * 2.0


# Candidate samplers: on the host here, with numbers of the function's own


def seeded(body):
    """The program of `body`, behind a seed for all: other programs set others."""
    run = PROGRAMS[f"values_{body.__name__}"]

    def program(tf):
        tf.random.set_seed(7)
        return run(tf)

    PROGRAMS[f"values_{body.__name__}"] = program
    return body


@seeded
@values(([[1], [4], [7]],), ([[0], [4], [4]],), ([[9], [1], [20]],))
def samples_of_classes(tf, show, labels):
    labels = tf.cast(labels, tf.int64)
    some = tf.random.log_uniform_candidate_sampler(labels, 1, 4, True, 20, seed=2)
    hits = tf.nn.compute_accidental_hits(labels, some.sampled_candidates, 1, seed=3)
    more = tf.random.uniform_candidate_sampler(labels, 1, 3, False, 20, seed=4)
    show(*some, *hits, *more)
    return [*some, *hits, *more]


@seeded
@values(([[1], [4], [7]],), ([[0], [4], [4]],))
def losses_over_samples(tf, show, labels):
    labels = tf.cast(labels, tf.int64)
    weights, biases = tf.reshape(tf.range(40.0), [20, 2]) / 40.0, tf.range(20.0) / 20.0
    inputs = tf.constant([[1.0, -0.5], [0.5, 0.25], [-1.0, 1.0]])
    samples = tf.random.log_uniform_candidate_sampler(labels, 1, 5, True, 20, seed=2)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        nce = tf.nn.nce_loss(weights, biases, labels, inputs, 5, 20, sampled_values=samples)
        softmax = tf.nn.sampled_softmax_loss(weights, biases, labels, inputs, 5, 20, sampled_values=samples)
        total = tf.reduce_sum(nce) + tf.reduce_sum(softmax)
    show(nce, softmax)
    return nce, softmax, tape.gradient(total, inputs)
