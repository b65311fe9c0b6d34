"""Programs that draw random numbers: each takes the `tf` module and gives tensors, the same ones in both packages."""

import tempfile

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def consecutive(seed):
    def run(tf):
        tf.random.set_seed(seed)
        yield tf.random.uniform([7])
        yield tf.random.normal([3, 5])
        yield tf.random.truncated_normal([37])
        yield tf.random.uniform([11], 0, 10, tf.int32)
        yield tf.random.uniform([11], -5, 2**40, tf.int64)
        yield tf.random.shuffle(tf.range(20))
        yield tf.random.shuffle(tf.reshape(tf.range(30), [10, 3]))
        yield tf.random.normal([7], dtype=tf.float64)
        yield tf.random.uniform([7], dtype=tf.float64)
        yield tf.random.uniform([7], dtype=tf.float16)
        yield tf.random.normal([7], dtype=tf.float16)
        yield tf.random.uniform([7], dtype=tf.bfloat16)
        yield tf.random.normal([101], mean=3.0, stddev=0.1)
        yield tf.random.uniform([101], minval=-0.3, maxval=0.7)
        yield tf.random.uniform([5], maxval=2)
        yield tf.random.normal([2, 3], mean=[1.0, 2.0, 3.0], stddev=tf.constant([[0.5], [4.0]]))
        yield tf.random.uniform([0, 3])
        yield tf.random.normal([])
        yield tf.random.categorical(tf.math.log([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]]), 13)
        yield tf.random.shuffle(3)

    return run


for _seed in (42, 0, -5, 2**40 + 3):
    PROGRAMS[f"consecutive{_seed}"] = consecutive(_seed)


@program
def op_seeds(tf):
    tf.random.set_seed(42)
    for i in range(4):
        yield tf.random.uniform([3 + i], seed=7)
    for _ in range(3):
        yield tf.random.normal([3], seed=7)
        yield tf.random.truncated_normal([3], seed=7)
        yield tf.random.shuffle(tf.range(9), seed=3)
        yield tf.random.uniform([3], maxval=9, dtype=tf.int32, seed=7)
        yield tf.random.categorical([[0.0, 1.0, 2.0]], 5, seed=7)
    yield tf.random.uniform([3], seed=7)
    yield tf.random.uniform(tf.constant([3], tf.int64), seed=7)
    yield tf.random.uniform([3])
    tf.random.set_seed(42)
    yield tf.random.uniform([3], seed=7)
    tf.random.set_seed(0)
    yield tf.random.uniform([3], seed=0)


def stateless(seed):
    def run(tf):
        yield tf.random.stateless_uniform([101], seed)
        yield tf.random.stateless_uniform([101], seed, -0.3, 0.7)
        yield tf.random.stateless_uniform(
            shape=(4, 5), minval=tf.constant(-0.5), maxval=tf.constant(0.5), dtype="float32", seed=tf.constant(seed)
        )
        yield tf.random.stateless_normal([101], seed, 3.0, 0.1)
        yield tf.random.stateless_truncated_normal([101], seed)
        yield tf.random.stateless_uniform([101], seed, 0, 10, tf.int32)
        yield tf.random.stateless_uniform([101], seed, -3, 10, tf.int64)
        yield tf.random.stateless_uniform([101], seed, None, None, tf.int32)
        yield tf.random.stateless_uniform([11], seed, None, None, tf.uint64)
        yield tf.random.stateless_normal([11], seed, dtype=tf.float64)
        yield tf.random.split(seed, 3)
        yield tf.random.fold_in(seed, 3)
        yield tf.random.stateless_categorical(tf.math.log([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]]), 13, seed)

    return run


for _seed in ((1, 2), (42, 0), (-7, 2**31 - 1)):
    PROGRAMS[f"stateless{_seed[0]}_{_seed[1]}"] = stateless(_seed)


@program
def generators(tf):
    for seed in (1234, [1, 2, 3], 2**70 + 5):
        g = tf.random.Generator.from_seed(seed)
        yield g.normal([2, 3])
        yield g.uniform([5])
        yield g.uniform([5], -0.5, 2.0)
        yield g.uniform([5], 0, 10, tf.int32)
        yield g.truncated_normal([9])
        yield g.uniform_full_int([4])
        for child in g.split(2):
            yield child.normal([3])
        yield g.make_seeds(2)


@program
def generator_states(tf):
    for seed in (1234, [1, 2, 3], 2**70 + 5, -1):
        for alg in ("philox", "threefry"):
            yield tf.random.create_rng_state(seed, alg)
    yield tf.random.create_rng_state(7, tf.random.Algorithm.AUTO_SELECT)
    g = tf.random.Generator.from_key_counter(5, [6, 7], "philox")
    yield g.state.read_value()
    yield g.key
    g.normal([2])
    yield g.state.read_value()
    yield g.skip(3)
    yield g.uniform([3])
    g.reset([1, 2, 3])
    yield g.state.read_value()
    copy = tf.random.Generator.from_state(g.state, 1)
    yield g.normal([3])
    yield copy.normal([3])
    g.reset_from_seed(11)
    yield g.state.read_value()
    g.reset_from_key_counter(5, [-6, 7])
    yield g.normal([3])
    tf.random.set_global_generator(tf.random.Generator.from_seed(7))
    yield tf.random.get_global_generator().normal([2])


@program
def weights_of_files(tf):
    def draw(text, count, **more):
        with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as file:
            file.write(text)
            file.flush()
            return tf.random.fixed_unigram_candidate_sampler([[0], [1]], 1, 6, False, count, file.name, **more)

    tf.random.set_seed(9)
    yield from draw("a,1\nb,2\nc d,4.5\n\ne, 3\n", 4)
    yield from draw("1\r\nx,4,2\r\n\r\n3", 3)
    yield from draw("a,1\nb,?\nc,7\n", 2, num_shards=2)
    try:
        draw("a,1\nb 2\n", 2)
    except tf.errors.InvalidArgumentError as error:
        yield tf.constant("Wrong vocabulary format at line: b 2" in str(error))


@program
def functions_that_run_eagerly(tf):
    """Draws have the seeds and counters of the recorded function, and eager draws behind a call are not moved by it."""

    @tf.function
    def gathered(n):
        found = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[])
        first = tf.random.uniform([])
        for _ in tf.range(n):
            drawn = tf.random.uniform([], seed=5) + tf.random.normal([]) * first
            for _ in tf.range(2):
                drawn += tf.random.uniform([])
            if drawn > -100.0:
                found = found.write(found.size(), drawn)
        return found.stack(), tf.random.shuffle(tf.range(4)), tf.random.uniform([])

    @tf.function
    def joined(text):
        return text + tf.as_string(tf.random.uniform([], 0, 1000, tf.int32))

    for seed in (3, 3, 4):
        tf.random.set_seed(seed)
        for n in (3, 2):
            yield from gathered(tf.constant(n))
        yield tf.constant([int(joined(tf.constant("1")).numpy()) for _ in range(3)])
        yield tf.random.uniform([2])
