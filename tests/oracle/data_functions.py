"""More cases over data sets: iterators, options, specs, data sets in functions."""

import numpy as np

from oracle.data_programs import cases, rows
from oracle.function_programs import plain, seen


def iterators(tf, D):
    d = D.from_tensor_slices(([1, 2], ["a", "b"]))
    iterator = iter(d)
    first = iterator.get_next()
    second = next(iterator)
    return {
        "first": plain(list(first)), "second": plain(list(second)),
        "ended": [seen(iterator.get_next), seen(next, iterator)],
        "kinds": [isinstance(iterator, tf.data.Iterator), iter(iterator) is iterator, type(iterator).__name__],
        "spec": str(iterator.element_spec), "structure": str(tf.data.experimental.get_structure(iterator)),
        "from_spec": str(tf.data.IteratorSpec.from_value(iterator)), "type_spec": str(tf.type_spec_from_value(iterator)),
        "no data": seen(tf.data.experimental.get_structure, 3),
    }  # fmt: skip


def optionals(tf, D):
    iterator = iter(D.range(1))
    some, none = iterator.get_next_as_optional(), iterator.get_next_as_optional()
    made = tf.experimental.Optional.from_value({"a": 1, "b": [2.0, 3.0]})
    return {
        "has": plain([some.has_value(), none.has_value(), made.has_value()]),
        "values": plain([some.get_value(), made.get_value()["a"]]), "none": seen(none.get_value),
        "specs": [str(some.element_spec), str(made.element_spec), str(tf.OptionalSpec.from_value(some))],
        "kinds": [isinstance(some, tf.experimental.Optional), tf.experimental.Optional is tf.data.experimental.Optional],
        "empty": plain(tf.experimental.Optional.empty(tf.TensorSpec([], tf.int32)).has_value()),
    }  # fmt: skip


def generated_optionals(tf, D):
    Optional, vector = tf.experimental.Optional, tf.TensorSpec([2])

    def pairs():
        yield np.ones(2), Optional.empty(None)
        yield [0.0, 1.0], Optional.empty(None)

    def values():
        yield Optional.from_value(tf.constant([1.0, 2.0]))
        yield Optional.empty(vector)

    def ones():
        yield 1.0

    d = D.from_generator(pairs, output_signature=(vector, tf.OptionalSpec(None)))
    some = D.from_generator(values, output_signature=tf.OptionalSpec(vector))
    number = tf.OptionalSpec(tf.TensorSpec([]))

    @tf.function
    def taken(iterator):
        x, y = next(iterator)
        return x, y.has_value()

    signatures = [(values, tf.OptionalSpec(tf.TensorSpec([3]))), (pairs, (vector, number)), (ones, number), (pairs, (number, number)),
                  (pairs, number)]  # fmt: skip
    return {
        "specs": [str(d.element_spec), str(some.element_spec)], "in a function": plain(list(taken(iter(d)))),
        "elements": plain([[x, y.has_value()] for x, y in d]), "values": plain([y.get_value() for y in some.take(1)]),
        "steps": plain([[x, y.has_value()] for x, y in d.map(lambda x, y: (x + 1.0, y)).repeat(2).skip(1).prefetch(1).cache()]),
        "called": plain([tf.function(lambda y: y.has_value())(y) for y in some]),
        "refused": [seen(list, D.from_generator(made, output_signature=s)) for made, s in signatures],
    }  # fmt: skip


def numpy_iterators(tf, D):
    iterator = D.from_tensor_slices({"a": [1, 2], "b": ["x", "y"], "c": [[1.0], [2.0]]}).as_numpy_iterator()
    first = next(iterator)
    return {
        "kinds": [f"{type(v).__name__} {getattr(v, 'dtype', '')}" for v in first.values()], "b": first["b"].decode(),
        "next": float(iterator.next()["c"][0]), "end": seen(iterator.next),
        "kind": isinstance(iterator, tf.data.NumpyIterator), "repr": repr(iterator).startswith("NumpyIterator(iterator="),
        "owned": bool(first["c"].flags.writeable),
    }  # fmt: skip


def lengths(tf, D):
    d = D.range(10)
    return {
        "len": [len(d), len(d.batch(3)), len(d.batch(3, True)), len(d.repeat(2)), len(d.enumerate())],
        "infinite": seen(len, d.repeat()), "unknown": seen(len, d.filter(lambda x: x > 1)), "bool": bool(D.range(0)),
        "cardinality": plain([d.cardinality(), tf.data.experimental.cardinality(d.repeat())]),
        "numbers": [tf.data.AUTOTUNE, tf.data.INFINITE_CARDINALITY, tf.data.UNKNOWN_CARDINALITY,
                    tf.data.experimental.AUTOTUNE, tf.data.experimental.INFINITE_CARDINALITY,
                    tf.data.experimental.UNKNOWN_CARDINALITY],
    }  # fmt: skip


def options(tf, D):
    o = tf.data.Options()
    o.deterministic = False
    o.threading.private_threadpool_size = 3
    o.experimental_optimization.map_fusion = True
    o.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    other = tf.data.Options()
    other.threading.max_intra_op_parallelism = 2
    other.deterministic = True
    merged = o.merge(other)
    d = D.range(3).with_options(o).map(lambda x: x).with_options(other)
    found = d.options()
    return {
        "merged": [merged.deterministic, merged.threading.private_threadpool_size, merged.threading.max_intra_op_parallelism,
                   merged.experimental_optimization.map_fusion, str(merged.experimental_distribute.auto_shard_policy)],
        "found": [found.deterministic, found.threading.private_threadpool_size, found.threading.max_intra_op_parallelism],
        "defaults": [str(getattr(tf.data.Options(), name)) for name in (
            "deterministic", "experimental_slack", "experimental_external_state_policy", "dataset_name",
            "experimental_symbolic_checkpoint", "experimental_warm_start", "framework_type", "experimental_deterministic")],
        "policy": str(tf.data.Options().experimental_distribute.auto_shard_policy),
        "errors": [seen(setattr, o, "deterministic", 3), seen(setattr, o, "foo", 3), seen(getattr, o, "foo"),
                   seen(setattr, found, "deterministic", True), seen(D.range(3).with_options, 3),
                   seen(setattr, o, "threading", 3), seen(setattr, o.autotune, "cpu_budget", "x")],
        "equal": [o == o, o == other, tf.data.Options() == tf.data.Options(), o != other],
        "policies": [[p.name, int(p.value)] for p in tf.data.experimental.AutoShardPolicy],
        "states": [[p.name, int(p.value)] for p in tf.data.experimental.ExternalStatePolicy],
        "algorithms": [[p.name, int(p.value)] for p in tf.data.experimental.AutotuneAlgorithm],
    }  # fmt: skip


def specs(tf, D):
    a = tf.data.DatasetSpec(tf.TensorSpec([], tf.int64))
    b = tf.data.DatasetSpec.from_value(D.range(3).batch(2))
    wide = tf.data.DatasetSpec(tf.TensorSpec([None], tf.int64))
    fixed = tf.data.DatasetSpec.from_value(D.range(3).batch(2, True))
    return {
        "texts": [str(s) for s in (a, b, wide, fixed, tf.type_spec_from_value(D.range(3)))], "equal": [a == b, b == wide],
        "subtype": [a.is_subtype_of(b), fixed.is_subtype_of(wide), wide.is_subtype_of(fixed)],
        "super": [str(fixed.most_specific_common_supertype([wide])), str(a.most_specific_common_supertype([b]))],
        "element": str(b.element_spec), "hash": hash(b) == hash(wide),
        "kind": issubclass(a.value_type, tf.data.Dataset), "compatible": b.is_compatible_with(D.range(3).batch(2)),
        "iterator": str(tf.data.IteratorSpec(tf.TensorSpec([], tf.int64))), "optional": str(tf.OptionalSpec(None)),
    }  # fmt: skip


def single_elements(tf, D):
    return [seen(D.from_tensors((1, 2)).get_single_element), seen(D.range(0).get_single_element),
            seen(D.range(3).get_single_element), seen(tf.data.experimental.get_single_element, D.range(1))]  # fmt: skip


def functions(tf, D):
    """Data sets that functions iterate over, capture, take and make."""
    d = D.range(6)
    total = tf.Variable(0, dtype=tf.int64)

    @tf.function
    def captured():
        s = tf.constant(0, tf.int64)
        for x in d:
            s += x
        return s

    @tf.function
    def taken(data, weight):
        s = tf.constant(0.0)
        for x, y in data:
            if y > 0:
                s += tf.reduce_sum(x) * weight
        return s

    @tf.function
    def broken_off(data):
        n = tf.constant(0)
        for x in data:
            if x > 2:
                break
            if x == 1:
                continue
            total.assign_add(x)
            n += 1
        return n

    @tf.function
    def made(n):
        s = tf.constant(0, tf.int64)
        for x in D.range(n).map(lambda v: v * v).batch(2):
            s += tf.reduce_max(x)
        return s

    @tf.function
    def next_of(iterator):
        return iterator.get_next() * 10

    @tf.function
    def reduced(data):
        return data.reduce(np.int64(1), lambda s, x: s + x)

    @tf.function
    def enumerated(data):
        s = tf.constant(0, tf.int64)
        for i, x in data.enumerate():
            s += i * x
        return s

    pairs = D.from_tensor_slices(rows()).batch(1)
    iterator = iter(D.range(2))
    return {
        "captured": plain([captured(), captured()]),
        "taken": plain([taken(pairs.map(lambda x, y: (x, y[0])), 2.0), taken(pairs.take(2).map(lambda x, y: (x, y[0])), 1.0)]),
        "broken off": plain([broken_off(d), broken_off(D.range(3, 9)), total]),
        "made": plain([made(tf.constant(5, tf.int64)), made(tf.constant(3, tf.int64))]),
        "next": [seen(next_of, iterator), seen(next_of, iterator), seen(next_of, iterator)],
        "reduced": plain([reduced(d), reduced(D.range(3))]),
        "enumerated": plain(enumerated(d)),
        "traces": taken.experimental_get_tracing_count(),
    }


def loops(tf, D):
    """Training loops over data sets, eager and in functions."""
    x, y = rows(8)
    data = D.from_tensor_slices((x / 10, y.astype("float32"))).shuffle(8, seed=3).batch(3)

    def train(step):
        w = tf.Variable([0.1, 0.2, 0.3])
        losses = []
        for _ in range(2):
            for a, b in data:
                losses.append(step(w, a, b))
        return plain([losses, w])

    def step(w, a, b):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.linalg.matvec(a, w) - b) ** 2)
        w.assign_sub(0.1 * tape.gradient(loss, w))
        return loss

    return {"eager": train(step), "function": train(tf.function(step))}


def with_tapes(tf, D):
    """What a pipeline does is on no tape."""
    w = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        x = next(iter(D.from_tensors(3.0).map(lambda v: v * w)))
        z = x * w
    return plain([x, tape.gradient(z, w)])


def state_of_variables(tf, D):
    """A variable is read when the element is made."""
    v = tf.Variable(1)
    d = D.range(2).map(lambda x: tf.cast(x, tf.int32) + v)
    before = plain(list(d))
    v.assign(10)
    return [before, plain(list(d))]


def side_effects(tf, D):
    """Python's happen once, while the function is recorded."""
    seen_by_python = []

    def f(x):
        seen_by_python.append(type(x).__name__ != "EagerTensor" and x.shape.as_list())
        return x + 1

    d = D.range(3).map(f)
    return [plain(list(d)), plain(list(d)), seen_by_python]


def control_flow(tf, D):
    def f(x):
        if x % 2 == 0:
            y = x * 10
        else:
            y = -x
        while y > 20:
            y -= 7
        for i in tf.range(3):
            y += tf.cast(i, tf.int64)
        return y

    return plain(list(D.range(6).map(f)))


cases(
    iterators=iterators, optionals=optionals, generated_optionals=generated_optionals,
    numpy_iterators=numpy_iterators, lengths=lengths, options=options, specs=specs,
    single_elements=single_elements, functions=functions, loops=loops, with_tapes=with_tapes,
    state_of_variables=state_of_variables, side_effects=side_effects, control_flow=control_flow,
)  # fmt: skip
