"""Programs over functions in which a TensorArray grows, by how much being known at a call (see `function_values`)."""

from oracle.function_values import COUNTS, NUMBERS, ROWS, values

# Written in loops of unknown length


@values(*COUNTS)
def arrays_in_while_loops(tf, show, n):
    found, i = tf.TensorArray(tf.float32, size=0, dynamic_size=True), 0
    while i < n:
        found = found.write(i, tf.cast(i, tf.float32) * 2.0)
        i += 1
    show(found.stack(), found.size())
    return found.stack(), found.size(), i


@values(*COUNTS)
def arrays_in_ranges(tf, show, n):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in tf.range(n):
        found = found.write(i, [tf.cast(i, tf.float32), 1.0])
    show(found.stack(), found.concat())
    return found.stack(), tf.reduce_sum(found.stack(), 0), found.size()


@values(*NUMBERS)
def arrays_until_a_break(tf, show, x):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in tf.range(4):
        if x[i] > 2.0:
            break
        found = found.write(i, x[i] * 10.0)
    y = found.stack()
    show(y)
    return y, tf.size(y), tf.reduce_sum(y)


@values(*NUMBERS)
def arrays_that_select(tf, show, x):
    found, n = tf.TensorArray(tf.float32, size=0, dynamic_size=True), 0
    for i in tf.range(4):
        if x[i] > 0.0:
            found = found.write(n, x[i])
            n += 1
    return found.stack(), n


@values(*NUMBERS)
def arrays_written_at_their_end(tf, show, x):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for y in x:
        if y > 0.0:
            found = found.write(found.size(), y)
            found = found.write(found.size(), -y)
    return found.stack(), found.size()


@values(*COUNTS)
def arrays_of_while_loop(tf, show, n):
    array = tf.TensorArray(tf.int32, size=0, dynamic_size=True, element_shape=[])
    i, array = tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a.write(i, i * i)), [0, array])
    show(array.stack())
    return i, array.stack()


@values(*COUNTS)
def arrays_read_in_loops(tf, show, n):
    found = tf.TensorArray(tf.int32, size=2, dynamic_size=True, clear_after_read=False)
    found = found.write(0, 1)
    found = found.write(1, 1)
    i = 2
    while i < n + 2:
        found = found.write(i, found.read(i - 1) + found.read(i - 2))
        i += 1
    return found.stack(), found.read(0), found.gather([0, i - 1])


@values(*COUNTS)
def arrays_with_gaps(tf, show, n):
    found = tf.TensorArray(tf.float32, size=1, dynamic_size=True, element_shape=[2])
    for i in tf.range(n):
        found = found.write(2 * i + 1, tf.ones([2]) * tf.cast(i, tf.float32))
    return found.stack(), found.size(), found.concat()


@values(*COUNTS)
def arrays_written_at_unknown_places(tf, show, n):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    found = found.write(n, 5.0)
    show(found.stack())
    found = found.write(n + 2, 6.0)
    found = found.write(1, 7.0)
    return found.stack(), found.size(), found.read(n)


@values(*COUNTS)
def arrays_of_rows_of_unknown_size(tf, show, n):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    rows = tf.ones([n, 2])
    i = tf.constant(0)
    while i < n:
        found = found.write(i, rows * tf.cast(i, tf.float32))
        i += 1
    return tf.shape(found.size()), tf.reduce_sum(rows)


@values(*NUMBERS)
def arrays_of_several_loops(tf, show, x):
    found, n = tf.TensorArray(tf.float32, size=0, dynamic_size=True), 0
    for y in x:
        if y < 0.0:
            continue
        found = found.write(n, y)
        n += 1
    while n < 6:
        found = found.write(n, tf.cast(n, tf.float32))
        n += 1
    found = found.write(n, 100.0)
    return found.stack(), n


@values(*COUNTS)
def arrays_in_nested_loops(tf, show, n):
    found, k = tf.TensorArray(tf.int32, size=0, dynamic_size=True), 0
    for i in tf.range(n):
        for j in tf.range(i):
            found = found.write(k, i * 10 + j)
            k += 1
    return found.stack(), k


@values(*COUNTS)
def arrays_two_in_a_loop(tf, show, n):
    one = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
    other = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    i = 0
    while i < n:
        one = one.write(i, i)
        if i % 2 == 0:
            other = other.write(i // 2, tf.cast(i, tf.float32))
        i += 1
    return one.stack(), other.stack()


@values(*COUNTS)
def arrays_whose_size_is_asked_in_loops(tf, show, n):
    found, total = tf.TensorArray(tf.int32, size=0, dynamic_size=True), 0
    i = 0
    while i < n:
        total += found.size()
        found = found.write(i, total)
        i += 1
    while found.size() < 6:
        found = found.write(found.size(), -1)
    return found.stack(), total


@values(*COUNTS)
def arrays_gathered(tf, show, n):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    i = 0
    while i < n + 2:
        found = found.write(i, tf.cast(i, tf.float32))
        i += 1
    return found.gather([1, 0]), found.gather(tf.range(n)), found.read(n)


@values(*COUNTS)
def arrays_scattered_and_unstacked(tf, show, n):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    found = found.unstack(tf.range(tf.cast(n, tf.float32)))
    i = n
    while i < 5:
        found = found.write(i, -1.0)
        i += 1
    other = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    other = other.scatter(tf.range(n, -1, -1), tf.expand_dims(tf.range(tf.cast(n + 1, tf.float32)), 1))
    third = tf.TensorArray(tf.float32, size=0, dynamic_size=True).scatter([1, 0], [[1.0], [2.0]])
    return found.stack(), other.stack(), other.size(), third.read(1)


@values(*COUNTS)
def arrays_read_beyond_their_end(tf, show, n):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in tf.range(n):
        found = found.write(i, 1.0)
    return found.read(2)


@values(*COUNTS)
def arrays_in_branches(tf, show, n):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    found = found.write(0, 1.0)
    if n > 2:
        found = found.write(n, 5.0)
        found = found.write(3, 5.0)
    elif n > 0:
        found = found.write(1, 2.0)
    return found.stack(), found.size()


@values(*COUNTS)
def arrays_gone_through(tf, show, n):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    i = 0
    while i < n:
        found = found.write(i, tf.cast(i, tf.float32))
        i += 1
    rows = found.stack()
    total = 0.0
    for row in rows:
        total += row
    return total, tf.map_fn(lambda r: r * 2.0, rows)


FAR = [(3,), (40,), (0,), (17,), (100,), (40,)]


@values(*FAR)
def arrays_that_grow_far(tf, show, n):
    found = tf.TensorArray(tf.int32, size=0, dynamic_size=True, clear_after_read=False)
    found = found.write(0, 1)
    i = 0
    while i < n:
        found = found.write(3 * i + 2, found.read(found.size() - 1) + i)
        i += 1
    y = found.stack()
    return tf.shape(y), tf.reduce_sum(y), y[-1]


@values(*FAR)
def arrays_that_grow_far_beside_masks(tf, show, n):
    found = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
    numbers = tf.range(n)
    for i in tf.range(n // 2):
        numbers = tf.boolean_mask(numbers, numbers != i)
        found = found.write(3 * i + 2, tf.reduce_sum(numbers))
    y = found.stack()
    return tf.shape(y), tf.reduce_sum(y), numbers


@values(*FAR)
def arrays_that_grow_far_in_nested_loops(tf, show, n):
    found = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
    i = 0
    while i < n // 4:
        found = found.write(20 * i + 7, -1)
        j = 0
        while j < i:
            found = found.write(20 * i + j + 20, i * j)
            j += 1
        found = found.write(found.size(), -2)
        i += 1
    y = found.stack()
    return tf.shape(y), tf.reduce_sum(y), y[-20:]


@values(*FAR)
def arrays_that_leap_before_nested_loops(tf, show, n):
    found = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
    i = 0
    while i < n // 10:
        found = found.write(200 * i + 100, i + 1)
        j = 0
        while j < 3:
            found = found.write(200 * i + 50 + j, j)
            j += 1
        i += 1
    y = found.stack()
    return tf.shape(y), tf.reduce_sum(y), y[-1:]


@values(*FAR)
def arrays_made_in_loops(tf, show, n):
    total, lengths = 0.0, tf.TensorArray(tf.int32, size=0, dynamic_size=True)
    for i in tf.range(n // 8):
        found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        k = i
        while k > 0:
            found = found.write(i - k, tf.cast(k, tf.float32))
            k -= 2
        y = found.stack()
        total += tf.reduce_sum(y)
        lengths = lengths.write(i, tf.size(y))
    return total, lengths.stack()


@values(*NUMBERS)
def arrays_written_at_some_turns(tf, show, x):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in tf.range(4):
        if x[i] > 0.0:
            found = found.write(i, x[i])
    other = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in tf.range(1, 4):
        other = other.write(i, x[i])
    return found.stack(), found.size(), other.stack()


@values(*NUMBERS)
def arrays_whose_size_is_asked_late(tf, show, x):
    found, sizes = tf.TensorArray(tf.float32, size=0, dynamic_size=True), 0
    for i in tf.range(4):
        found = found.write(i, x[i])
        sizes = sizes * 10 + found.size()
    return found.stack(), sizes


@values(*COUNTS)
def arrays_replaced_in_loops(tf, show, n):
    found = tf.TensorArray(tf.float32, size=2, dynamic_size=True).unstack([1.0, 2.0])
    i = 0
    while i < n:
        found = found.unstack(tf.concat([found.stack(), [tf.cast(i, tf.float32)]], 0))
        i += 1
    return found.stack(), found.size()


@values(*FAR)
def arrays_of_bounded_loops(tf, show, n):
    array = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
    i, array = tf.while_loop(
        lambda i, a: i < n, lambda i, a: (i + 2, a.write(i, i)), [0, array], maximum_iterations=12
    )
    j, other = tf.while_loop(
        lambda i, a: i < n, lambda i, a: (i + 2, a.write(i, i)), [0, tf.TensorArray(tf.int32, size=0, dynamic_size=True)],
        maximum_iterations=n // 3,
    )  # fmt: skip
    y = array.stack()
    return i, tf.shape(y), tf.reduce_sum(y), j, other.size()


@values(*COUNTS)
def arrays_read_only(tf, show, n):
    found = tf.TensorArray(tf.int32, size=0, dynamic_size=True, clear_after_read=False)
    for i in tf.range(n + 1):
        found = found.write(i, i * i)
    total, i = 0, 0
    while i < found.size():
        total += found.read(i)
        i += 1
    k, _ = tf.while_loop(lambda i, a: a.read(i) < n, lambda i, a: (i + 1, a), [0, found])
    return total, k


@values(*NUMBERS)
def arrays_in_switches(tf, show, x):
    def chosen(array, k, y):
        branches = [lambda: array.write(array.size(), 1.0), lambda: array, lambda: array.write(array.size() + 1, y)]
        return tf.switch_case(k, dict(enumerate(branches)), default=lambda: array.write(0, y))

    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True).write(0, 0.0)
    i = 0
    while i < 4:
        found = chosen(found, tf.cast(x[i], tf.int32), x[i])
        i += 1
    return found.stack()


# Generation


@values(*COUNTS)
def sequences_that_are_generated(tf, show, n):
    table = tf.constant([[0.1, 0.5, 0.4], [0.7, 0.1, 0.2], [0.2, 0.2, 0.6]])
    tokens = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
    token = tf.constant(0)
    tokens = tokens.write(0, token)
    for i in tf.range(1, 10):
        token = tf.argmax(table[token], output_type=tf.int32)
        tokens = tokens.write(i, token)
        if i >= n and token == 0:
            break
    return tokens.stack()


@values(*ROWS)
def generation_with_a_context(tf, show, x):
    output = tf.TensorArray(dtype=tf.int32, size=0, dynamic_size=True)
    output = output.write(0, [1, 2])
    for i in tf.range(5):
        context = tf.transpose(output.stack())
        last = context[:, -1]
        following = (last * 3 + tf.shape(context)[1]) % 7
        output = output.write(i + 1, following)
        if following[0] == 4:
            break
    result = tf.transpose(output.stack())
    show(result)
    return result, x[0]


@values(*NUMBERS)
def episodes(tf, show, x):
    rewards = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    states = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    state, done = x, tf.constant(False)
    t = tf.constant(0)
    while not done:
        states = states.write(t, state)
        state = state * 0.5 + tf.roll(state, 1, 0)
        rewards = rewards.write(t, tf.reduce_sum(state))
        done = tf.reduce_max(tf.abs(state)) > 20.0
        t += 1
        if t >= 9:
            done = True
    rewards = rewards.stack()
    returns = tf.TensorArray(tf.float32, size=tf.shape(rewards)[0])
    total = tf.constant(0.0)
    for i in tf.range(tf.shape(rewards)[0]):
        k = tf.shape(rewards)[0] - 1 - i
        total = rewards[k] + 0.9 * total
        returns = returns.write(k, total)
    return rewards, states.stack(), returns.stack()


@values(*COUNTS)
def arrays_of_a_computed_size(tf, show, n):
    found = tf.TensorArray(tf.float32, size=n)
    for i in tf.range(n):
        found = found.write(i, tf.cast(i, tf.float32))
    show(found.stack())
    return found.stack(), found.size()


@values(*NUMBERS, specs=[([None],)])
def arrays_as_long_as_an_argument(tf, show, x):
    found = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    total = 0.0
    for i in tf.range(tf.shape(x)[0]):
        total += x[i]
        found = found.write(i, total)
    show(found.stack())
    return found.stack()
