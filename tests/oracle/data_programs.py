"""Data sets, each described alike with TensorFlow and with tfcompat: class, spec, number of elements, elements.

A case is a function of the namespace that gives a data set, or other plain data. `outcome` makes of it what is recorded.
"""

import collections

import numpy as np

from oracle.function_programs import plain

CASES = {}
MOST = 40  # elements of a data set that are looked at
Pair = collections.namedtuple("Pair", "a b")


def cases(**functions):
    """Adds cases; each function takes `tf` and its Dataset class."""
    for name, function in functions.items():
        assert name not in CASES, name
        CASES[name] = function


def outcome(tf, case):
    """What a case gives: a data set's description, other data, or the type of an error."""
    tf.random.set_seed(1234)
    try:
        found = case(tf, tf.data.Dataset)
    except Exception as error:  # noqa: BLE001 - the type is what is compared
        return f"{type(error).__name__}"
    return [_one(tf, f) for f in found] if isinstance(found, list) else _one(tf, found)


def _one(tf, found):
    if not isinstance(found, tf.data.Dataset):
        return plain(found)
    described = {"repr": repr(found), "cardinality": int(found.cardinality())}
    try:
        described["elements"] = [_element(tf, e) for e in found.take(MOST)]
    except Exception as error:  # noqa: BLE001 - the type is what is compared
        described["elements"] = type(error).__name__
    return described


def _element(tf, element):
    if isinstance(element, tf.data.Dataset):
        return [_element(tf, e) for e in element]
    if isinstance(element, dict):
        return {key: _element(tf, value) for key, value in element.items()}
    if isinstance(element, tuple):
        return [_element(tf, value) for value in element]
    return plain(element)


def twice(d):
    """A data set that is iterated over two times more than is seen at the end."""
    list(d.as_numpy_iterator())
    next(iter(d))
    return d


def rows(n=7):
    return np.arange(n * 3, dtype=np.float32).reshape(n, 3), np.arange(n) % 3


def structured(D, n=5):
    x, y = rows(n)
    return D.from_tensor_slices({"x": x, "more": (y, [f"row {i}" for i in range(n)])})


# Sources
cases(
    tensors_scalar=lambda tf, D: D.from_tensors(3),
    tensors_structure=lambda tf, D: D.from_tensors({"b": [1, 2], "a": (3.5, "text")}),
    tensors_namedtuple=lambda tf, D: D.from_tensors(Pair([1, 2], np.float64(2))),
    tensors_list=lambda tf, D: D.from_tensors([[1, 2], [3, 4]]),
    tensors_variable=lambda tf, D: D.from_tensors(tf.Variable([1.0, 2.0])),
    tensors_none=lambda tf, D: D.from_tensors((1, None)),
    tensors_bool=lambda tf, D: D.from_tensors((True, np.bool_(False))),
    tensors_object=lambda tf, D: D.from_tensors(object()),
    slices_list=lambda tf, D: D.from_tensor_slices([1, 2, 3]),
    slices_array=lambda tf, D: D.from_tensor_slices(rows()),
    slices_structure=lambda tf, D: structured(D),
    slices_strings=lambda tf, D: D.from_tensor_slices([["a", "b"], ["c", "d"]]),
    slices_namedtuple=lambda tf, D: D.from_tensor_slices(Pair([1, 2], [3.0, 4.0])),
    slices_python_range=lambda tf, D: [D.from_tensor_slices(range(3)), D.from_tensor_slices((range(2), {"a": range(2, 4)}))],
    slices_python_range_empty=lambda tf, D: D.from_tensor_slices(range(0)),
    tensors_python_range=lambda tf, D: D.from_tensors(range(2)),
    slices_views=lambda tf, D: [D.from_tensor_slices({"a": 1, "b": 2}.keys()), D.from_tensor_slices({"a": 1, "b": 2}.values())],
    slices_deque=lambda tf, D: D.from_tensor_slices(collections.deque([1, 2])),
    slices_empty=lambda tf, D: D.from_tensor_slices(np.zeros((0, 2))),
    slices_scalar=lambda tf, D: D.from_tensor_slices(3),
    slices_unequal=lambda tf, D: D.from_tensor_slices(([1, 2], [1, 2, 3])),
    slices_ragged=lambda tf, D: D.from_tensor_slices([[1], [2, 3]]),
    slices_half=lambda tf, D: D.from_tensor_slices(tf.constant([1.5, 2.5], tf.bfloat16)),
    range_1=lambda tf, D: D.range(5),
    range_2=lambda tf, D: D.range(2, 5),
    range_3=lambda tf, D: D.range(9, 1, -3),
    range_empty=lambda tf, D: D.range(5, 1),
    range_type=lambda tf, D: D.range(3, output_type=tf.float32),
    range_int32=lambda tf, D: D.range(1, 9, 3, output_type=tf.int32),
    range_tensor=lambda tf, D: D.range(tf.constant(4, tf.int64)),
    range_nothing=lambda tf, D: D.range(),
    range_four=lambda tf, D: D.range(1, 2, 3, 4),
    range_step_0=lambda tf, D: D.range(1, 5, 0),
    counter=lambda tf, D: D.counter(3, 2),
    counter_type=lambda tf, D: D.counter(dtype=tf.int32).take(3),
    random=lambda tf, D: D.random(seed=4).take(5),
    random_twice=lambda tf, D: twice(D.random(seed=4).take(5)),
    random_again=lambda tf, D: twice(D.random(seed=4, rerandomize_each_iteration=True).take(5)),
    random_global=lambda tf, D: [D.random().take(3), D.random().take(3)],
    list_=lambda tf, D: tf.data.experimental.from_list([(1, "a"), (2, "b")]),
    list_sizes=lambda tf, D: tf.data.experimental.from_list([[1], [2, 3]]),
    list_empty=lambda tf, D: tf.data.experimental.from_list([]),
    cls=lambda tf, D: D(3),
)

# Generators
cases(
    generator=lambda tf, D: D.from_generator(lambda: iter([1, 2, 3]), output_signature=tf.TensorSpec([], tf.int32)),
    generator_types=lambda tf, D: D.from_generator(lambda: ((i, [1.0] * i) for i in range(3)), (tf.int64, tf.float32)),
    generator_shapes=lambda tf, D: D.from_generator(lambda: (([i, i], "t") for i in range(3)), (tf.int64, tf.string),
                                                    ([2], [])),
    generator_args=lambda tf, D: D.from_generator(lambda n, m: iter(range(n, m)), tf.int32, args=(2, 5)),
    generator_dict=lambda tf, D: D.from_generator(
        lambda: ({"a": i, "b": [i]} for i in range(2)),
        output_signature={"a": tf.TensorSpec([], tf.float32), "b": tf.TensorSpec([None], tf.int32)}),
    generator_again=lambda tf, D: twice(D.from_generator(lambda: iter([1, 2]), tf.int32)).repeat(2),
    generator_list=lambda tf, D: D.from_generator(lambda: [[1, 2], [3, 4]], output_signature=tf.TensorSpec([2], tf.int32)),
    generator_tuples=lambda tf, D: D.from_generator(lambda: [[1, 2]], output_signature=(tf.TensorSpec([], tf.int32),) * 2),
    generator_batch=lambda tf, D: D.from_generator(lambda: iter(range(5)), output_signature=tf.TensorSpec([], tf.int32)).batch(2),
    generator_float_to_int=lambda tf, D: D.from_generator(lambda: iter([1.7]), tf.int32),
    generator_wrong_type=lambda tf, D: D.from_generator(lambda: iter(["a"]), tf.int32),
    generator_wrong_shape=lambda tf, D: D.from_generator(lambda: iter([[1, 2]]), tf.int32, []),
    generator_wrong_structure=lambda tf, D: D.from_generator(lambda: iter([1]), (tf.int32, tf.int32)),
    generator_raises=lambda tf, D: D.from_generator(lambda: (1 // (2 - i) for i in range(4)), tf.int32),
    generator_value_error=lambda tf, D: D.from_generator(lambda: (int("x") for i in range(4)), tf.int32),
    generator_no_callable=lambda tf, D: D.from_generator([1, 2], tf.int32),
    generator_no_signature=lambda tf, D: D.from_generator(lambda: iter([1])),
    generator_both=lambda tf, D: D.from_generator(lambda: iter([1]), tf.int32, output_signature=tf.TensorSpec([], tf.int32)),
    generator_bad_signature=lambda tf, D: D.from_generator(lambda: iter([1]), output_signature=tf.int32),
)  # fmt: skip

# Batches
cases(
    batch=lambda tf, D: D.range(7).batch(3),
    batch_drop=lambda tf, D: D.range(7).batch(3, drop_remainder=True),
    batch_parallel=lambda tf, D: D.range(7).batch(3, num_parallel_calls=2, deterministic=False).take(2),
    batch_autotune=lambda tf, D: D.range(7).batch(3, num_parallel_calls=tf.data.AUTOTUNE),
    batch_structure=lambda tf, D: structured(D).batch(2),
    batch_of_batch=lambda tf, D: D.range(9).batch(2, True).batch(2),
    batch_tensor=lambda tf, D: D.range(4).batch(tf.constant(2, tf.int64), True),
    batch_large=lambda tf, D: D.range(3).batch(10),
    batch_large_drop=lambda tf, D: D.range(3).batch(10, True),
    batch_0=lambda tf, D: D.range(3).batch(0),
    batch_mapped=lambda tf, D: D.range(5).map(lambda x: (x, tf.cast(x, tf.float32) / 2)).batch(2),
    batch_unequal=lambda tf, D: D.range(3).map(lambda x: tf.fill([x], x)).batch(2),
    batch_none=lambda tf, D: D.from_tensors((1, None)).batch(2),
    unbatch=lambda tf, D: D.range(7).batch(3).unbatch(),
    unbatch_static=lambda tf, D: D.range(7).batch(3, True).unbatch(),
    unbatch_structure=lambda tf, D: structured(D).batch(2).unbatch(),
    unbatch_strings=lambda tf, D: D.from_tensors(["a", "b"]).unbatch(),
    unbatch_scalar=lambda tf, D: D.range(3).unbatch(),
    unbatch_differ=lambda tf, D: D.from_tensors(([1, 2], [1, 2, 3])).unbatch(),
    unbatch_repeat=lambda tf, D: D.range(4).batch(2, True).repeat().unbatch(),
    rebatch=lambda tf, D: D.range(10).batch(4).rebatch(3),
    rebatch_drop=lambda tf, D: D.range(10).batch(4).rebatch(3, True),
    rebatch_turns=lambda tf, D: D.range(10).batch(4).rebatch([2, 1]),
    rebatch_structure=lambda tf, D: structured(D).batch(4).rebatch(3),
    rebatch_scalar=lambda tf, D: D.range(10).rebatch(2),
    padded=lambda tf, D: D.range(1, 6).map(lambda x: tf.fill([x], x)).padded_batch(2),
    padded_drop=lambda tf, D: D.range(1, 6).map(lambda x: tf.fill([x], x)).padded_batch(2, drop_remainder=True),
    padded_shape=lambda tf, D: D.range(1, 6).map(lambda x: tf.fill([x], x)).padded_batch(2, padded_shapes=[6]),
    padded_small=lambda tf, D: D.range(1, 6).map(lambda x: tf.fill([x], x)).padded_batch(2, padded_shapes=[3]),
    padded_value=lambda tf, D: D.range(1, 5).map(lambda x: tf.fill([x], x)).padded_batch(2, [None], np.int64(-1)),
    padded_structure=lambda tf, D: D.range(1, 5).map(lambda x: (tf.fill([x], x), {"y": x, "z": tf.ones([x, 2])})).padded_batch(
        3, padded_shapes=([None], {"y": [], "z": [4, None]}), padding_values=(np.int64(9), {"y": np.int64(0), "z": 0.5})),
    padded_default=lambda tf, D: D.range(1, 4).map(lambda x: (tf.fill([x], x), tf.ones([2, x]))).padded_batch(2),
    padded_strings=lambda tf, D: D.from_generator(lambda: iter([["a"], ["b", "c"]]), tf.string, [None]).padded_batch(2),
    padded_string_value=lambda tf, D: D.from_generator(lambda: iter([["a"], ["b", "c"]]), tf.string, [None]).padded_batch(
        2, padding_values="-"),
    padded_scalars=lambda tf, D: D.range(4).padded_batch(3),
    padded_rank=lambda tf, D: D.range(4).padded_batch(3, padded_shapes=[2]),
    padded_type=lambda tf, D: D.range(1, 4).map(lambda x: tf.fill([x], x)).padded_batch(2, [None], 1.5),
    padded_unknown=lambda tf, D: D.from_generator(lambda: iter([[1], [2, 3]]), tf.int32).padded_batch(2),
    padded_0=lambda tf, D: D.range(4).padded_batch(0),
    buckets=lambda tf, D: D.from_generator(lambda: iter([[0], [1, 2, 3], [4], [5, 6, 7, 8], [9, 9, 9]]), tf.int32, [None])
    .bucket_by_sequence_length(lambda e: tf.shape(e)[0], [2, 4], [2, 2, 2]),
    buckets_whole=lambda tf, D: D.from_generator(lambda: iter([[0], [1, 2, 3], [4], [5, 6], [9, 9, 9]]), tf.int32, [None])
    .bucket_by_sequence_length(lambda e: tf.shape(e)[0], [3, 6], [2, 2, 2], padding_values=-1, pad_to_bucket_boundary=True),
    buckets_too_long=lambda tf, D: D.from_generator(lambda: iter([[0], [1] * 7]), tf.int32, [None])
    .bucket_by_sequence_length(lambda e: tf.shape(e)[0], [3, 6], [2, 2, 2], pad_to_bucket_boundary=True),
    buckets_equal=lambda tf, D: D.range(6).map(lambda x: tf.fill([x % 2 + 1], x))
    .bucket_by_sequence_length(lambda e: tf.shape(e)[0], [2], [2, 2], no_padding=True),
    buckets_sizes=lambda tf, D: D.range(6).bucket_by_sequence_length(lambda e: 1, [2], [2, 2, 2]),
    window=lambda tf, D: D.range(7).window(3),
    window_drop=lambda tf, D: D.range(7).window(3, drop_remainder=True),
    window_shift=lambda tf, D: D.range(7).window(3, 1, drop_remainder=True),
    window_stride=lambda tf, D: D.range(9).window(3, 1, 2, drop_remainder=True),
    window_far=lambda tf, D: D.range(9).window(2, 4),
    window_stride_rest=lambda tf, D: D.range(5).window(2, 1, 3),
    window_tuple=lambda tf, D: D.from_tensor_slices(([1, 2, 3], [4.0, 5.0, 6.0])).window(2),
    window_dict=lambda tf, D: D.from_tensor_slices({"a": [1, 2, 3], "b": ["x", "y", "z"]}).window(2),
    window_flat=lambda tf, D: D.range(7).window(3, 1, drop_remainder=True).flat_map(lambda w: w.batch(3)),
    window_zip=lambda tf, D: D.from_tensor_slices(([1, 2, 3], [4.0, 5.0, 6.0])).window(2).flat_map(
        lambda a, b: D.zip((a.batch(2), b.batch(2)))),
    window_mapped=lambda tf, D: D.range(6).window(2).flat_map(lambda w: w.map(lambda x: x * x).batch(2)),
    window_reduced=lambda tf, D: D.range(6).window(2).map(lambda w: w.reduce(np.int64(0), lambda s, x: s + x)),
    window_0=lambda tf, D: D.range(6).window(0),
    window_shift_0=lambda tf, D: D.range(6).window(1, 0),
)  # fmt: skip

# Choice and order
cases(
    take=lambda tf, D: D.range(7).take(3),
    take_more=lambda tf, D: D.range(7).take(30),
    take_all=lambda tf, D: D.range(7).take(-1),
    take_none=lambda tf, D: D.range(7).take(0),
    skip=lambda tf, D: D.range(7).skip(3),
    skip_more=lambda tf, D: D.range(7).skip(30),
    skip_all=lambda tf, D: D.range(7).skip(-1),
    skip_endless=lambda tf, D: D.range(7).repeat().skip(3),
    shard=lambda tf, D: D.range(7).shard(3, 1),
    shard_outside=lambda tf, D: D.range(7).shard(3, 3),
    shard_0=lambda tf, D: D.range(7).shard(0, 0),
    shard_batch=lambda tf, D: D.range(7).shard(2, 1).batch(2),
    repeat=lambda tf, D: D.range(3).repeat(2),
    repeat_endless=lambda tf, D: D.range(3).repeat(),
    repeat_0=lambda tf, D: D.range(3).repeat(0),
    repeat_nothing=lambda tf, D: D.range(0).repeat(),
    repeat_batch=lambda tf, D: D.range(3).repeat(3).batch(2),
    repeat_filtered=lambda tf, D: D.range(3).filter(lambda x: x > 0).repeat(2),
    concatenate=lambda tf, D: D.range(3).concatenate(D.range(8, 10)),
    concatenate_shapes=lambda tf, D: D.range(3).batch(3, True).concatenate(D.range(2).batch(2, True)),
    concatenate_ranks=lambda tf, D: D.from_tensors([1]).concatenate(D.from_tensors(1)),
    concatenate_types=lambda tf, D: D.range(3).concatenate(D.from_tensors("a")),
    concatenate_structures=lambda tf, D: D.range(3).concatenate(D.from_tensors((1, 2))),
    concatenate_unknown=lambda tf, D: D.range(3).concatenate(D.range(3).filter(lambda x: x > 0)),
    zip_tuple=lambda tf, D: D.zip((D.range(3), D.range(10, 20))),
    zip_args=lambda tf, D: D.zip(D.range(3), D.from_tensor_slices(["a", "b"])),
    zip_dict=lambda tf, D: D.zip({"a": D.range(3), "b": (D.range(2), D.range(4).batch(2))}),
    zip_one=lambda tf, D: D.zip(D.range(2)),
    zip_datasets=lambda tf, D: D.zip(datasets=(D.range(2), D.range(3))),
    zip_list=lambda tf, D: D.zip([D.range(2), D.range(3)]),
    zip_nothing=lambda tf, D: D.zip(),
    zip_numbers=lambda tf, D: D.zip((1, 2)),
    zip_both=lambda tf, D: D.zip(D.range(2), datasets=(D.range(2), D.range(3))),
    zip_endless=lambda tf, D: D.zip((D.range(3), D.range(2).repeat())),
    zip_structured=lambda tf, D: D.zip((structured(D, 3), D.range(2))),
    enumerate=lambda tf, D: D.from_tensor_slices(["a", "b"]).enumerate(),
    enumerate_start=lambda tf, D: structured(D, 2).enumerate(start=5),
    unique=lambda tf, D: D.from_tensor_slices([3, 1, 3, 2, 1]).unique(),
    unique_strings=lambda tf, D: D.from_tensor_slices(["b", "a", "b"]).unique(),
    unique_floats=lambda tf, D: D.from_tensor_slices([1.0]).unique(),
    unique_pairs=lambda tf, D: D.from_tensor_slices(([1], [2])).unique(),
    cache=lambda tf, D: twice(D.range(4).cache()),
    cache_shuffled=lambda tf, D: twice(D.range(6).shuffle(6, seed=3).cache()),
    cache_random=lambda tf, D: twice(D.range(3).map(lambda x: tf.random.uniform([])).cache()),
    prefetch=lambda tf, D: D.range(4).prefetch(2),
    prefetch_autotune=lambda tf, D: D.range(4).batch(2).prefetch(tf.data.AUTOTUNE),
    prefetch_negative=lambda tf, D: D.range(4).prefetch(-3),
    choose=lambda tf, D: D.choose_from_datasets([D.range(3), D.range(10, 20)], D.range(2).repeat(5)),
    choose_on=lambda tf, D: D.choose_from_datasets([D.range(2), D.range(10, 14)], D.range(2).repeat(5), False),
    choose_outside=lambda tf, D: D.choose_from_datasets([D.range(2), D.range(10, 14)], D.range(5)),
    choose_types=lambda tf, D: D.choose_from_datasets([D.range(2), D.from_tensors("a")], D.range(2)),
    choose_choices=lambda tf, D: D.choose_from_datasets([D.range(2)], D.from_tensors(1)),
    choose_nothing=lambda tf, D: D.choose_from_datasets([], D.range(2)),
    sample=lambda tf, D: D.sample_from_datasets([D.range(9), D.range(100, 109)], seed=7),
    sample_weights=lambda tf, D: D.sample_from_datasets([D.range(9), D.range(100, 109), D.range(200, 209)], [0.5, 0.2, 0.3], 7),
    sample_zero=lambda tf, D: D.sample_from_datasets([D.range(9), D.range(100, 109), D.range(200, 209)], [0.5, 0.0, 0.5], 7),
    sample_stop=lambda tf, D: D.sample_from_datasets([D.range(4), D.range(100, 109)], seed=7, stop_on_empty_dataset=True),
    sample_again=lambda tf, D: twice(D.sample_from_datasets([D.range(4), D.range(9)], seed=7, rerandomize_each_iteration=True)),
    sample_global=lambda tf, D: D.sample_from_datasets([D.range(9), D.range(100, 109)]),
    sample_unequal=lambda tf, D: D.sample_from_datasets([D.range(9), D.range(100, 109)], [0.1]),
    sample_ints=lambda tf, D: D.sample_from_datasets([D.range(9), D.range(100, 109)], [1, 2]),
    sample_one=lambda tf, D: D.sample_from_datasets([D.range(3)], [1.0]),
    sample_varying=lambda tf, D: D.sample_from_datasets(
        [D.range(9), D.range(100, 109)], D.from_tensor_slices([[0.9, 0.1], [0.1, 0.9]]).repeat(), seed=7),
)  # fmt: skip

# Shuffles
cases(
    shuffle=lambda tf, D: D.range(10).shuffle(4, seed=5),
    shuffle_all=lambda tf, D: D.range(10).shuffle(100, seed=5),
    shuffle_one=lambda tf, D: D.range(5).shuffle(1, seed=5),
    shuffle_global=lambda tf, D: [D.range(10).shuffle(4), D.range(10).shuffle(10)],
    shuffle_again=lambda tf, D: twice(D.range(10).shuffle(4, seed=5)),
    shuffle_same=lambda tf, D: twice(D.range(10).shuffle(4, seed=5, reshuffle_each_iteration=False)),
    shuffle_none=lambda tf, D: twice(D.range(10).shuffle(4, 5, None)),
    shuffle_repeat=lambda tf, D: D.range(6).shuffle(4, seed=5).repeat(3),
    shuffle_repeat_same=lambda tf, D: D.range(6).shuffle(4, seed=5, reshuffle_each_iteration=False).repeat(3),
    shuffle_repeated=lambda tf, D: D.range(6).repeat(3).shuffle(4, seed=5),
    shuffle_batch=lambda tf, D: D.range(10).shuffle(10, seed=1).batch(4),
    shuffle_pairs=lambda tf, D: D.from_tensor_slices(rows()).shuffle(5, seed=1).batch(3).repeat(2),
    shuffle_zip=lambda tf, D: D.zip((D.range(10), D.range(10, 20))).shuffle(5, seed=1).batch(4),
    shuffle_mapped=lambda tf, D: D.range(10).map(lambda x: x * 2).shuffle(5, seed=1),
    shuffle_twice=lambda tf, D: twice(D.range(10).shuffle(5, seed=1).shuffle(3, seed=2)),
    shuffle_of_batches=lambda tf, D: D.range(10).batch(3).shuffle(3, seed=2),
    shuffle_skip=lambda tf, D: D.range(10).shuffle(10, seed=1, reshuffle_each_iteration=False).skip(3).take(4),
    shuffle_unbounded=lambda tf, D: D.range(10).shuffle(tf.data.UNKNOWN_CARDINALITY, seed=1),
    shuffle_0=lambda tf, D: D.range(10).shuffle(0),
    shuffle_negative=lambda tf, D: D.range(10).shuffle(-5),
    shuffle_large=lambda tf, D: D.range(5000).shuffle(700, seed=9).batch(1000).map(lambda x: (x[:4], tf.reduce_sum(x * x))),
    shuffle_seed_tensor=lambda tf, D: D.range(10).shuffle(4, seed=tf.constant(5, tf.int64)),
    shuffle_in_flat_map=lambda tf, D: D.range(3).flat_map(lambda x: D.range(5).shuffle(5, seed=1)),
    shuffle_and_repeat=lambda tf, D: D.range(5).apply(tf.data.experimental.shuffle_and_repeat(5, 2, 1)),
    shuffle_strings=lambda tf, D: D.from_tensor_slices(["a", "b", "c", "d"]).shuffle(4, seed=2),
)

# Functions
cases(
    map=lambda tf, D: D.range(4).map(lambda x: x * x),
    map_parallel=lambda tf, D: D.range(4).map(lambda x: x * x, num_parallel_calls=2),
    map_autotune=lambda tf, D: D.range(4).map(lambda x: x * x, num_parallel_calls=tf.data.AUTOTUNE, deterministic=False).take(0),
    map_tuple=lambda tf, D: D.from_tensor_slices(rows(3)).map(lambda x, y: (x * 2, y, tf.shape(x))),
    map_dict=lambda tf, D: structured(D, 3).map(lambda e: {"sum": tf.reduce_sum(e["x"]), "label": e["more"][0]}),
    map_namedtuple=lambda tf, D: D.from_tensor_slices(Pair([1, 2], [3.0, 4.0])).map(lambda a, b: Pair(b, a)),
    map_list=lambda tf, D: D.range(2).map(lambda x: [x, x * 2.0] if False else [x, x + 1]),
    map_constant=lambda tf, D: D.range(2).map(lambda x: (1, 2.5, "text")),
    map_none=lambda tf, D: D.range(2).map(lambda x: (x, None)),
    map_nothing=lambda tf, D: D.range(2).map(lambda x: None),
    map_object=lambda tf, D: D.range(2).map(lambda x: object()),
    map_number=lambda tf, D: D.range(2).map(3),
    map_arguments=lambda tf, D: D.range(2).map(lambda x, y: x),
    map_strings=lambda tf, D: D.from_tensor_slices(["a", "b"]).map(lambda s: (s, 1)),
    map_batches=lambda tf, D: D.range(7).batch(3).map(lambda x: (x[::-1], tf.reduce_sum(x), tf.shape(x)[0])),
    map_shapes=lambda tf, D: D.range(1, 4).map(lambda x: tf.ones([x, 2])),
    map_fixed=lambda tf, D: D.range(1, 4).map(lambda x: tf.ensure_shape(tf.ones([2, x])[:, :1], [2, 1])),
    map_cond=lambda tf, D: D.range(6).map(lambda x: tf.cond(x > 3, lambda: x, lambda: -x)),
    map_while=lambda tf, D: D.range(6).map(lambda x: tf.while_loop(lambda i, s: i < x, lambda i, s: (i + 1, s + i), (x * 0, x * 0))[1]),
    map_function=lambda tf, D: D.range(4).map(tf.function(lambda x: x + 10)),
    map_method=lambda tf, D: D.from_tensor_slices([[1.0, 2.0]]).map(tf.reduce_sum),
    map_py_function=lambda tf, D: D.range(3).map(lambda x: tf.py_function(lambda v: v.numpy() + 1, [x], tf.int64)),
    map_numpy_function=lambda tf, D: D.range(3).map(lambda x: tf.numpy_function(lambda v: v + 1, [x], tf.int64)),
    map_numpy_strings=lambda tf, D: D.from_tensor_slices(["a", "b"]).map(
        lambda s: tf.ensure_shape(tf.numpy_function(lambda t: t.decode().upper(), [s], tf.string), [])),
    map_py_shape=lambda tf, D: D.range(3).map(lambda x: tf.ensure_shape(tf.py_function(lambda v: v.numpy() + 1, [x], tf.int64), [])),
    map_assert=lambda tf, D: D.range(3).map(lambda x: [tf.debugging.assert_less(x, np.int64(2)), x][1]),
    map_check=lambda tf, D: D.range(3).map(lambda x: tf.gather([1, 2], x)),
    map_division=lambda tf, D: D.range(3).map(lambda x: 6 // x),
    map_random=lambda tf, D: twice(D.range(3).map(lambda x: tf.random.uniform([]))),
    map_random_seed=lambda tf, D: twice(D.range(3).map(lambda x: (tf.random.normal([2], seed=3), tf.random.uniform([])))),
    map_random_repeat=lambda tf, D: D.range(2).map(lambda x: tf.random.uniform([])).repeat(2),
    map_stateless=lambda tf, D: D.range(3).map(lambda x: tf.random.stateless_uniform([2], [x, 1])),
    map_captures=lambda tf, D: (lambda w: D.range(3).map(lambda x: w[x]))(tf.constant([1, 2, 3])),
    map_chain=lambda tf, D: D.range(5).map(lambda x: x + 1).filter(lambda x: x % 2 == 0).map(lambda x: x * x).batch(2),
    map_one_hot=lambda tf, D: D.range(3).map(lambda x: tf.one_hot(x, 3)).batch(2),
    map_unique=lambda tf, D: D.from_tensors([3, 1, 3]).map(lambda x: tf.unique(x)[0]),
    map_mask=lambda tf, D: D.range(6).batch(3).map(lambda x: tf.boolean_mask(x, x % 2 == 0)),
    map_and_batch=lambda tf, D: D.range(5).apply(tf.data.experimental.map_and_batch(lambda x: x + 1, 2)),
    filter=lambda tf, D: D.range(6).filter(lambda x: x % 2 == 0),
    filter_pairs=lambda tf, D: D.from_tensor_slices(rows()).filter(lambda x, y: tf.equal(y, 1)),
    filter_dict=lambda tf, D: structured(D).filter(lambda e: e["more"][0] > 0).map(lambda e: e["x"]),
    filter_all=lambda tf, D: D.range(6).filter(lambda x: False),
    filter_number=lambda tf, D: D.range(6).filter(lambda x: x),
    filter_vector=lambda tf, D: D.range(6).batch(2).filter(lambda x: x > 1),
    take_while=lambda tf, D: D.range(6).take_while(lambda x: x < 3),
    take_while_number=lambda tf, D: D.range(6).take_while(lambda x: x),
    flat_map=lambda tf, D: D.range(4).flat_map(lambda x: D.range(x)),
    flat_map_slices=lambda tf, D: D.from_tensor_slices([[1, 2], [3, 4]]).flat_map(D.from_tensor_slices),
    flat_map_batches=lambda tf, D: D.range(7).batch(3).flat_map(D.from_tensor_slices),
    flat_map_nested=lambda tf, D: D.range(3).flat_map(lambda x: D.range(2).map(lambda y: x * 10 + y)),
    flat_map_twice=lambda tf, D: D.range(2).flat_map(lambda x: D.range(2).flat_map(lambda y: D.from_tensors(x + y).repeat(2))),
    flat_map_take=lambda tf, D: D.range(4).flat_map(lambda x: D.range(10).skip(x).take(x)),
    flat_map_zip=lambda tf, D: D.range(3).flat_map(lambda x: D.zip((D.range(x), D.from_tensors(x).repeat()))),
    flat_map_constant=lambda tf, D: D.range(3).flat_map(lambda x: D.range(2)),
    flat_map_concatenate=lambda tf, D: D.range(3).flat_map(lambda x: D.from_tensors(x).concatenate(D.from_tensors(-x))),
    flat_map_filter=lambda tf, D: D.range(4).flat_map(lambda x: D.range(5).filter(lambda y: y > x)),
    flat_map_captured=lambda tf, D: D.from_tensor_slices([[1, 2], [3, 4]]).flat_map(lambda v: D.range(2).map(lambda i: v[i])),
    interleave=lambda tf, D: D.range(1, 6).interleave(lambda x: D.from_tensors(x).repeat(6), cycle_length=2, block_length=4),
    interleave_wide=lambda tf, D: D.range(1, 4).interleave(lambda x: D.range(x), cycle_length=10),
    interleave_ends=lambda tf, D: D.range(5).interleave(lambda x: D.range(x), cycle_length=2, block_length=2),
    interleave_parallel=lambda tf, D: D.range(4).interleave(lambda x: D.range(x), cycle_length=2, num_parallel_calls=2),
    interleave_0=lambda tf, D: D.range(4).interleave(lambda x: D.range(x), cycle_length=0),
    scan=lambda tf, D: D.range(5).scan(np.int64(0), lambda s, x: (s + x, s + x)),
    scan_structure=lambda tf, D: D.range(4).scan((np.int64(0), 1.0), lambda s, x: ((s[0] + x, s[1] * 2.0), {"s": s[1], "x": x})),
    scan_grows=lambda tf, D: D.range(3).scan(tf.zeros([0], tf.int64), lambda s, x: (tf.concat([s, [x]], 0), tf.concat([s, [x]], 0))),
    scan_type=lambda tf, D: D.range(5).scan(0, lambda s, x: (x, x)),
    scan_no_pair=lambda tf, D: D.range(5).scan(0, lambda s, x: s),
    scan_ema=lambda tf, D: D.from_tensor_slices([1.0, 2.0, 4.0]).scan(0.0, lambda s, x: (0.5 * s + 0.5 * x, s)),
    reduce=lambda tf, D: D.range(5).reduce(np.int64(0), lambda s, x: s + x),
    reduce_count=lambda tf, D: D.range(5).reduce(0, lambda s, _: s + 1),
    reduce_structure=lambda tf, D: list(D.from_tensor_slices(rows()).reduce((0, tf.zeros(3)), lambda s, e: (s[0] + 1, s[1] + e[0]))),
    reduce_dict=lambda tf, D: D.range(4).reduce({"n": 0, "max": np.int64(0)}, lambda s, x: {"n": s["n"] + 1, "max": tf.maximum(s["max"], x)}),
    reduce_empty=lambda tf, D: D.range(0).reduce(np.int64(7), lambda s, x: s + x),
    reduce_grows=lambda tf, D: D.range(3).reduce(tf.zeros([0], tf.int64), lambda s, x: tf.concat([s, [x]], 0)),
    reduce_type=lambda tf, D: D.range(5).reduce(0, lambda s, x: x),
    group=lambda tf, D: D.range(10).group_by_window(lambda x: x % 2, lambda k, w: w.batch(3), 3),
    group_key=lambda tf, D: D.range(10).group_by_window(lambda x: x % 3, lambda k, w: w.map(lambda x: (k, x)), 2),
    group_sizes=lambda tf, D: D.range(10).group_by_window(lambda x: x % 2, lambda k, w: w.batch(10), window_size_func=lambda k: k + 2),
    group_both=lambda tf, D: D.range(10).group_by_window(lambda x: x % 2, lambda k, w: w.batch(10)),
    group_no_data=lambda tf, D: D.range(10).group_by_window(lambda x: x % 2, lambda k, w: k, 2),
    group_float=lambda tf, D: D.range(10).group_by_window(lambda x: 0.5, lambda k, w: w.batch(10), 2),
    apply=lambda tf, D: D.range(4).apply(lambda d: d.skip(1).batch(2)),
    apply_other=lambda tf, D: D.range(4).apply(lambda d: 3),
    ignore=lambda tf, D: D.range(4).map(lambda x: 6 // (x - 1)).ignore_errors(),
    ignore_apply=lambda tf, D: D.range(4).apply(tf.data.experimental.ignore_errors()),
    asserted=lambda tf, D: D.range(4).filter(lambda x: x > 0).apply(tf.data.experimental.assert_cardinality(3)),
    asserted_few=lambda tf, D: D.range(4).apply(tf.data.experimental.assert_cardinality(5)),
    asserted_many=lambda tf, D: D.range(4).apply(tf.data.experimental.assert_cardinality(2)),
)  # fmt: skip
