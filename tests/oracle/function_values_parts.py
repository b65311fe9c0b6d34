"""Programs over functions in which branches and loops have shapes that depend on values (see `function_values`)."""

import numpy as np

from oracle.function_programs import program
from oracle.function_sizes import said
from oracle.function_values import NUMBERS, ROWS, seen_of, values


@values(*NUMBERS)
def masks_in_branches(tf, show, x):
    if tf.reduce_sum(x) > 0.0:
        y = tf.reduce_sum(tf.boolean_mask(x, x > 0.0))
        z = tf.boolean_mask(x, x > 0.0)
    else:
        y = tf.reduce_max(x)
        z = x * 2.0
    show(y, z)
    return y, z, tf.shape(z), z * 2.0 + y


@values(*NUMBERS)
def masks_in_conditions(tf, show, x):
    y = tf.cond(x[0] > 0.0, lambda: tf.boolean_mask(x, x > 0.0), lambda: tf.unique(x).y)
    z = tf.cond(tf.size(y) > 2, lambda: y, lambda: tf.concat([y, y], 0))
    show(y, z)
    return y, z, tf.reduce_sum(z)


@values(*NUMBERS)
def branches_of_different_shapes(tf, show, x):
    y = tf.cond(x[0] > 0.0, lambda: x[:2], lambda: x[1:])
    show(y)
    z = tf.switch_case(tf.cast(x[1] > 0.0, tf.int32) + 1, [lambda: x, lambda: x[:1], lambda: tf.zeros([2])])
    show(z)
    return y * 2.0, tf.size(y), z


@values(*NUMBERS)
def masks_in_loops(tf, show, x):
    total, i = 0.0, 0
    while i < 3:
        y = tf.boolean_mask(x, x > tf.cast(i, tf.float32))
        total += tf.reduce_sum(y)
        i += 1
    for row in tf.stack([x, -x, x * 2.0]):
        total += tf.cast(tf.size(tf.where(row > 0.0)), tf.float32)
    show(total)
    return total


@values(*NUMBERS)
def loops_until_nothing_is_left(tf, show, x):
    n, y = 0, tf.boolean_mask(x, x > -10.0)
    n, y = tf.while_loop(lambda n, y: tf.size(y) > 0, lambda n, y: (n + 1, tf.boolean_mask(y, y > tf.reduce_min(y))), (n, y),
                         shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])))  # fmt: skip
    show(y)
    return n, y


@values(*NUMBERS)
def variables_of_changing_shape(tf, show, x):
    y = x
    for i in tf.range(3):
        tf.autograph.experimental.set_loop_options(shape_invariants=[(y, tf.TensorShape([None]))])
        y = tf.concat([y, [tf.cast(i, tf.float32)]], 0)
    show(y)
    return y, tf.reduce_sum(y)


@values(*NUMBERS)
def variables_that_grow(tf, show, x):
    y, z = tf.while_loop(lambda y, z: tf.size(y) < 7, lambda y, z: (tf.concat([y, [1.0]], 0), z + 1.0), (x, x),
                         shape_invariants=(tf.TensorShape([None]), tf.TensorShape([4])))  # fmt: skip
    show(y, z)
    m = tf.zeros([0, 2])
    m = tf.while_loop(lambda m: tf.shape(m)[0] < 3, lambda m: [tf.concat([m, m[:1] + 1.0, tf.ones([1, 2])], 0)], [m],
                      shape_invariants=[tf.TensorShape([None, 2])])[0]  # fmt: skip
    show(m)
    return y * 2.0, z, m, tf.reduce_sum(m, 0)


@values(*NUMBERS)
def variables_of_unknown_size(tf, show, x):
    y, z = tf.boolean_mask(x, x > 0.0), tf.boolean_mask(x, x < 0.0)
    for _ in tf.range(2):
        y, z = z, tf.concat([y, z], 0)
    show(y, z)
    for _ in tf.range(3):
        y = y * 2.0
    return y, z


@values(*NUMBERS)
def variables_that_must_not_change(tf, show, x):
    y = tf.constant([1.0, 2.0])
    for _ in tf.range(2):
        y = tf.boolean_mask(x, x > 0.0)
    return y


@values(*NUMBERS)
def gradients_of_growing_variables(tf, show, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.while_loop(lambda y: tf.size(y) < 12, lambda y: [tf.concat([y, y * y], 0)], [x],
                          shape_invariants=[tf.TensorShape([None])])[0]  # fmt: skip
        z = tf.reduce_sum(y)
    return tf.ensure_shape(tape.gradient(z, x), [4]), y


@values(*NUMBERS)
def loops_of_unknown_size(tf, show, x):
    y = tf.boolean_mask(x, x > 0.0)
    total, count = 0.0, 0
    for v in y:
        if v > 1.0:
            total += tf.reduce_sum(tf.boolean_mask(y, y >= v))
        else:
            count += tf.size(tf.unique(tf.cast(y, tf.int32)).y)
    show(total, count)
    return total, count


@values(*NUMBERS)
def ranges_in_loops(tf, show, x):
    n = tf.cast(tf.reduce_max(x), tf.int32)
    total = 0
    for i in tf.range(n):
        total += tf.reduce_sum(tf.range(i)) + tf.reduce_sum(tf.ones([i + 1], tf.int32))
    show(total)
    return total


@values(*NUMBERS)
def breaks_and_returns(tf, show, x):
    found = tf.constant(-1)
    for i in tf.range(4):
        y = tf.boolean_mask(x, x > 0.0)
        if tf.size(y) > i:
            found = i
        else:
            break
    if found > 1:
        return tf.boolean_mask(x, x > 0.0)
    return x


@values(*ROWS)
def gradients_of_branches(tf, show, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        if x[0, 0] > 0.0:
            y = tf.boolean_mask(x, x[:, 0] > 0.0) ** 2
        else:
            y = x * 3.0
        z = tf.reduce_sum(y)
    return tape.gradient(z, x), tape.gradient(y, x), tape.gradient(z, y)


@values(*NUMBERS)
def gradients_of_loops(tf, show, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, total = x, 0.0
        for i in tf.range(3):
            total += tf.reduce_sum(tf.boolean_mask(y, y > 0.0)) * tf.cast(i + 1, tf.float32)
            y = y * 1.5
    return total, y, tape.gradient(total, x), tape.gradient(y, x)


@program
def values_gradients_outside_of_parts(tf):
    v = tf.Variable([2.0, -1.0, 0.5, 3.0])

    @tf.function
    def f(x):
        total = 0.0
        if x[0] > 0.0:
            z = tf.boolean_mask(x * v, x > 0.0)
        else:
            z = x + v
        for i in tf.range(2):
            total += tf.reduce_sum(tf.boolean_mask(v * x, v > tf.cast(i, tf.float32)))
        return z, total

    found = []
    for (numbers,) in NUMBERS:
        x = tf.constant(numbers)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            z, total = f(x)
            more = tf.reduce_sum(z * z) + total
        found.append([said(tape.gradient(t, [x, v])) for t in (z, total, more)])
    return found


@program
def values_variables_in_parts(tf):
    v, n = tf.Variable([0.0, 0.0, 0.0, 0.0]), tf.Variable(0)

    @tf.function
    def f(x):
        if x[0] > 0.0:
            n.assign_add(tf.size(tf.boolean_mask(x, x > 0.0)))
        else:
            v.assign_add(x)
        for i in tf.range(3):
            if tf.size(tf.where(v < tf.cast(i, tf.float32))) > 2:
                n.assign_add(1)
            v.assign(v + 1.0)
        return v * 1.0, n + 0

    found = []
    for (numbers,) in NUMBERS:
        found.append([said(f(tf.constant(numbers))), said(v), said(n)])
    return found


@program
def values_in_parts_of_called_functions(tf):
    runs = []

    @tf.function
    def inner(x, k):
        runs.append("inner")
        y = tf.boolean_mask(x, x > 0.0)
        if tf.size(y) > 1:
            z = tf.concat([y, tf.zeros([k])], 0)
        else:
            z = y
        total = 0.0
        for i in tf.range(k):
            total += tf.reduce_sum(tf.boolean_mask(z, z > tf.cast(i, tf.float32)))
        return z, total

    @tf.function
    def outer(x):
        runs.append("outer")
        y = tf.boolean_mask(x, x > -3.0)
        z, total = inner(y, tf.constant(2))
        w, more = inner(x * 2.0, tf.size(z))
        return z, total, w, more

    @tf.function
    def taped(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            z, total, w, more = outer(x)
            loss = tf.reduce_sum(z) * total + more + tf.reduce_sum(w)
        return tape.gradient(loss, x)

    found = []
    for (numbers,) in NUMBERS:
        found.append([seen_of(outer, tf.constant(numbers)), seen_of(taped, tf.constant(numbers))])
    return [*found, runs]


@program
def values_and_effects_in_parts(tf):
    seen_so_far = []

    def note(x):
        seen_so_far.append(np.asarray(x).tolist())
        return x

    @tf.function
    def f(x):
        if x[0] > 0.0:
            y = tf.boolean_mask(x, x > 0.0)
            tf.py_function(note, [y], tf.float32)
        else:
            y = x
        tf.py_function(note, [y * 2.0], tf.float32)
        for i in tf.range(2):
            z = tf.boolean_mask(y, y > tf.cast(i, tf.float32))
            tf.py_function(note, [z], tf.float32)
            tf.debugging.assert_less(z, 5.0)
        return y

    found = [seen_of(f, tf.constant(numbers)) for (numbers,) in NUMBERS]
    return [*found, seen_so_far]


@program
def values_training_with_parts(tf):
    w = tf.Variable([[0.5], [-0.25]])

    @tf.function
    def step(x, target):
        with tf.GradientTape() as tape:
            loss = 0.0
            for i in tf.range(3):
                keep = target > tf.cast(i, tf.float32)
                if tf.reduce_any(keep):
                    rows = tf.boolean_mask(x, keep)
                    loss += tf.reduce_mean((tf.matmul(rows, w)[:, 0] - tf.boolean_mask(target, keep)) ** 2)
        w.assign_sub(0.01 * tape.gradient(loss, w))
        return loss

    x = tf.constant([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
    return [[said(step(x, tf.constant(t))), said(w)] for t in ([0.5, 1.5, 2.5], [0.0, 0.0, 0.0], [3.0, 3.0, 1.0])]


# Loops in loops, maps, draws


@values(*NUMBERS)
def masks_in_maps(tf, show, x):
    y = tf.map_fn(lambda v: tf.reduce_sum(tf.boolean_mask(x, x > v)), x)
    z = tf.scan(lambda a, v: a + tf.reduce_sum(tf.boolean_mask(x, x > v)), x, 0.0)
    w = tf.foldl(lambda a, v: a * 0.5 + tf.cast(tf.size(tf.unique(tf.cast(x * v, tf.int32)).y), tf.float32), x, 0.0)
    show(y, z, w)
    return y, z, w


@values(*NUMBERS)
def arrays_in_loops_with_masks(tf, show, x):
    array = tf.TensorArray(tf.float32, 3, element_shape=[])
    for i in tf.range(3):
        array = array.write(i, tf.reduce_sum(tf.boolean_mask(x, x > tf.cast(i, tf.float32))))
    y = array.stack()
    show(y)
    return y


@values(*NUMBERS)
def nested_parts(tf, show, x):
    total, count = 0.0, 0
    for i in tf.range(3):
        y = tf.boolean_mask(x, x > tf.cast(i, tf.float32) - 1.0)
        for v in y:
            if tf.reduce_any(y > v):
                z = tf.boolean_mask(y, y > v)
                while tf.size(z) > 0:
                    total += z[0]
                    z = z[1:]
                    count += 1
            elif v > 2.0:
                total -= 1.0
            else:
                continue
            if count > 6:
                break
    show(total, count)
    return total, count


@values(*NUMBERS, specs=[([None],)])
def parts_of_unknown_sizes(tf, show, x):
    y = tf.cond(tf.size(x) > 3, lambda: x[:2], lambda: tf.boolean_mask(x, x > 0.0))
    z = x
    for i in tf.range(2):
        z = tf.concat([z, tf.boolean_mask(x, x > tf.cast(i, tf.float32))], 0)
    show(y, z)
    return y, z, tf.reduce_sum(z) + tf.reduce_sum(y)


@values(*NUMBERS)
def results_of_python_functions_in_parts(tf, show, x):
    total = 0.0
    for i in tf.range(2):
        y = tf.numpy_function(lambda a, n: a[a > n], [x, tf.cast(i, tf.float32)], tf.float32)
        y.set_shape([None])
        total += tf.reduce_sum(y) + tf.cast(tf.size(y), tf.float32)
    show(total)
    return total


@values(*NUMBERS)
def partitions_in_parts(tf, show, x):
    if x[1] < 0.0:
        a, b = tf.dynamic_partition(x, tf.cast(x > 0.0, tf.int32), 2)
    else:
        a, b = x[:1], x
    show(a, b)
    return a, b, tf.concat([a, b], 0)


@values(*NUMBERS, specs=[([None],)])
def loops_that_stop(tf, show, x):
    total, count = 0.0, 0
    for v in x:
        if v > 2.0 or count > 2:
            break
        total += v
        count += 1
    for v in x:
        tf.autograph.experimental.set_loop_options(maximum_iterations=3)
        total += v
    show(total)
    return total, count


@values(*NUMBERS)
def logic_with_masks(tf, show, x):
    if tf.size(tf.where(x > 0.0)) > 1 and tf.reduce_max(tf.boolean_mask(x, x > 0.0)) > 4.0:
        y = x
    else:
        y = -x
    z = tf.boolean_mask(x, x > 0.0) if x[0] > 0.0 else x
    show(y, z)
    return y, z


@values(*NUMBERS)
def early_returns_with_masks(tf, show, x):
    y = tf.boolean_mask(x, x > 0.0)
    if tf.size(y) == 0:
        return x[:1], tf.constant(0)
    for v in y:
        if v > 1.5:
            return tf.boolean_mask(y, y >= v), tf.size(y)
    return y, tf.constant(-1)


@program
def values_drawn_in_parts(tf):
    tf.random.set_seed(3)

    @tf.function
    def f(x):
        total = tf.random.uniform([])
        if x[0] > 0.0:
            y = tf.boolean_mask(x, x > 0.0) + tf.random.uniform([])
        else:
            y = x + tf.random.normal([])
        for _ in tf.range(2):
            total += tf.reduce_sum(tf.boolean_mask(y, y > tf.random.uniform([])))
        return y, total, tf.random.uniform([])

    return [seen_of(f, tf.constant(numbers)) for (numbers,) in NUMBERS]


@program
def values_forward_derivatives_of_parts(tf):
    def body(x):
        total = 0.0
        for i in tf.range(2):
            total += tf.reduce_sum(tf.boolean_mask(x, x > tf.cast(i, tf.float32)) ** 2)
        return total

    f, found = tf.function(body), []
    for (numbers,) in NUMBERS:
        x = tf.constant(numbers)
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
            y = f(x)
        found.append(seen_of(lambda: accumulator.jvp(y)))  # noqa: B023
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = f(x)
            first = tape.gradient(y, x)
        found.append(said(outer.gradient(first, x)))
    return found


@program
def values_variables_made_in_parts(tf):
    v = tf.Variable([1.0, 2.0], shape=[None])

    @tf.function
    def f(x):
        if x[0] > 0.0:
            v.assign(tf.boolean_mask(x, x > 0.0))
        return tf.reduce_sum(v)

    return [[seen_of(f, tf.constant(numbers)), said(v)] for (numbers,) in NUMBERS]


@program
def values_drawn_where_a_call_runs_eagerly(tf):
    tf.random.set_seed(5)

    @tf.function
    def f(x):
        a = tf.random.uniform([2])
        y = tf.boolean_mask(x, x > 0.0)
        if tf.size(y) > 2:
            z = y[0] + y[1]
        elif tf.equal(tf.size(y), 0):
            z = tf.constant(0.0)
        else:
            z = tf.reduce_max(y)
        return a, z, tf.random.normal([2]), tf.random.uniform([], seed=4)

    return [seen_of(f, tf.constant(numbers)) for (numbers,) in [*NUMBERS, *NUMBERS]]
