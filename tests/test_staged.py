"""Functions in which shapes depend on values: what a call costs, and when one runs eagerly.

What they give is compared with TensorFlow in oracle/function_values.py.
"""

import gc

import jax
import numpy as np
import pytest

import tfcompat as tf
from tfcompat import interop


def counted(body, **options):
    """(function, list that grows each time its Python code runs)."""
    runs = []

    def function(*args):
        runs.append(1)
        return body(*args)

    return tf.function(function, **options), runs


def vectors(count, size=12):
    random = np.random.default_rng(0)
    return [tf.constant(random.normal(size=size).astype(np.float32)) for _ in range(count)]


def filtered(x):
    y = tf.boolean_mask(x, x > 0.0)
    z = tf.tanh(y) * 2.0 + tf.cast(tf.size(y), tf.float32)
    return tf.reduce_sum(z), tf.unique(tf.cast(z, tf.int32)).y


@pytest.mark.all_modes
def test_every_size_gives_its_own_result(mode):
    function, runs = counted(filtered)
    for x in vectors(8):
        for one, other in zip(function(x), filtered(x), strict=True):
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5)
    assert runs == [1]


@pytest.mark.own_mode
def test_sizes_that_were_seen_make_nothing_new():
    function, _ = counted(filtered)
    data = vectors(10)

    def called():
        for x in data:
            with tf.GradientTape() as tape:
                tape.watch(x)
                total = function(x)[0]
            tape.gradient(total, x).numpy()

    called()
    called()
    before = tf.debug.stats()
    called()
    after = tf.debug.stats()
    assert after["traces"] == before["traces"]
    assert after["structures"] == before["structures"]


def test_nothing_is_kept_by_calls():
    function, _ = counted(filtered)

    def tensors():
        gc.collect()
        return sum(isinstance(o, tf.Tensor) for o in gc.get_objects())

    x = vectors(1)[0]
    function(x)[0].numpy()
    before = tensors()
    for _ in range(200):
        function(x)[0].numpy()
    assert tensors() <= before + 5


def test_sizes_that_depend_on_values_broadcast():
    function, runs = counted(lambda x: tf.boolean_mask(x, x > 0.0) + tf.boolean_mask(x, x < 0.0))
    assert function(tf.constant([1.0, -1.0, 2.0, 0.0, -2.0])).numpy().tolist() == [0.0, 0.0]
    assert function(tf.constant([1.0, -1.0, -2.0, -3.0, 0.0])).numpy().tolist() == [0.0, -1.0, -2.0]  # one is broadcast
    assert function(tf.constant([-1.0, 1.0, -2.0, 5.0, 0.0])).numpy().tolist() == [0.0, 3.0]
    with pytest.raises(tf.errors.InvalidArgumentError):
        function(tf.constant([1.0, 1.0, -2.0, -3.0, -4.0]))
    assert runs == [1]


def test_variables_are_written_when_all_went_well():
    v = tf.Variable(0.0)

    @tf.function
    def f(x):
        v.assign_add(1.0)
        y = tf.boolean_mask(x, x > 0.0)
        tf.debugging.assert_greater(tf.size(y), 1)
        v.assign_add(tf.reduce_sum(y))
        return y

    for _ in range(3):
        with pytest.raises(tf.errors.InvalidArgumentError):
            f(tf.constant([1.0, -1.0]))
    assert float(v) == 0.0
    f(tf.constant([1.0, 3.0]))
    assert float(v) == 5.0


def test_a_slice_of_known_size_up_to_an_unknown_one():
    function = tf.function(lambda x: tf.range(4)[: tf.shape(x)[0]], input_signature=[tf.TensorSpec([None])])
    assert [function(tf.zeros([n])).numpy().tolist() for n in (2, 5, 0)] == [[0, 1], [0, 1, 2, 3], []]


def test_a_known_function_with_branches_in_one_of_unknown_sizes():
    @tf.function
    def known(x):
        return tf.cond(x[0] > 0.0, lambda: x * 2.0, lambda: x)

    known(tf.ones([3]))
    function = tf.function(lambda x: known(tf.ones([3])) + tf.reduce_sum(x), input_signature=[tf.TensorSpec([None])])
    assert function(tf.ones([4])).numpy().tolist() == [6.0, 6.0, 6.0]


def in_parts(x):
    total = 0.0
    for i in tf.range(3):
        y = tf.boolean_mask(x, x > 0.25 * tf.cast(i, tf.float32))
        if tf.size(y) > 5:
            total += tf.reduce_sum(tf.tanh(y))
        else:
            total -= tf.reduce_max(tf.concat([y, [0.0]], 0))
    return total


@pytest.mark.own_mode
def test_branches_and_loops_make_nothing_new():
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.autograph.to_graph(in_parts)(x)
        return tape.gradient(total, x)

    function, runs = counted(slope)
    data = vectors(6)

    def called():
        return [function(x).numpy() for x in data]

    first = called()
    called()
    before = tf.debug.stats()
    second = called()
    after = tf.debug.stats()
    assert after["traces"] == before["traces"]
    assert after["structures"] == before["structures"]
    assert runs == [1]
    for x, one, other in zip(data, first, second, strict=True):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = in_parts(x)
        np.testing.assert_allclose(one, tape.gradient(total, x).numpy(), rtol=1e-5)
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.own_mode
def test_what_comes_again_is_one_node_for_each_stretch():
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = 0.0
            for i in tf.range(3):
                y = tf.boolean_mask(x, x > 0.25 * tf.cast(i, tf.float32))
                total += tf.reduce_sum(tf.tanh(y) * y + tf.sin(y))
        return tape.gradient(total, x)

    function, _ = counted(tf.autograph.to_graph(slope))
    x = vectors(1)[0]
    for _ in range(2):
        function(x).numpy()
    before = tf.debug.stats()["ops"]
    function(x).numpy()
    assert tf.debug.stats()["ops"] - before <= 14  # of each iteration: before the mask, behind it, its gradient and a sum


def grown(x, n):
    found, i = tf.TensorArray(tf.float32, size=0, dynamic_size=True), 0
    while i < n:
        x = tf.sin(x) + 1.0
        found = found.write(2 * i, x)
        i += 1
    return found.stack()


@pytest.mark.own_mode
def test_a_loop_that_fills_an_array_is_one_node():
    function, runs = counted(grown)
    x = tf.constant([0.1, 0.2])
    for n in (100, 3, 100):  # the first call makes room
        assert function(x, tf.constant(n)).shape == [2 * n - 1, 2]
    before = tf.debug.stats()["ops"]
    rows = function(x, tf.constant(100))
    assert tf.debug.stats()["ops"] - before <= 5
    np.testing.assert_allclose(rows.numpy(), tf.autograph.to_graph(grown)(x, tf.constant(100)).numpy(), rtol=1e-5)
    assert runs == [1]


@pytest.mark.own_mode
def test_small_parts_that_come_again_are_not_recorded():
    def sieve(n):
        numbers, total = tf.range(2, n), 0
        while tf.size(numbers) > 0:
            total += numbers[0]
            numbers = tf.boolean_mask(numbers, numbers % numbers[0] != 0)
        return total

    function, _ = counted(tf.autograph.to_graph(sieve))
    expected = sieve(tf.constant(50)).numpy()
    for _ in range(3):
        assert function(tf.constant(50)).numpy() == expected
    before = tf.debug.stats()
    assert function(tf.constant(50)).numpy() == expected
    after = tf.debug.stats()
    assert after["ops"] - before["ops"] <= 3
    assert after["segments"] - before["segments"] <= 2


@pytest.mark.own_mode
def test_gradients_of_loops_of_unknown_length_become_hot():
    def slope(x, n):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y, i = x, 0
            while i < n:
                y = tf.sin(y) + 1.0
                i += 1
        return tape.gradient(y, x)

    function, _ = counted(tf.autograph.to_graph(slope))
    x, n = tf.constant([0.1, 0.2]), tf.constant(10)
    before = tf.debug.stats()["compiles"]
    for _ in range(60):
        function(x, n).numpy()
    assert tf.debug.stats()["compiles"] > before


def test_it_is_no_single_program():
    function, _ = counted(filtered)
    with pytest.raises(NotImplementedError, match="several programs"):
        function.experimental_get_compiler_ir(vectors(1)[0])("hlo")
    with pytest.raises(TypeError):
        jax.jit(interop.jax_function(function))(np.ones(3, np.float32))
