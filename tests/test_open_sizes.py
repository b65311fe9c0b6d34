"""Concrete functions whose signature leaves sizes open give for every size what the Python function gives."""

import numpy as np
import pytest
from processes import run_code

import tfcompat as tf


def sizes(x, scale=1):
    return tf.shape(x) * scale, tf.reduce_sum(tf.ones_like(x)), tf.concat([tf.reshape(x, [-1]), [0.0]], 0)


@pytest.mark.all_modes
@pytest.mark.parametrize("spec", [[None, 2], [None, None], None])
def test_every_size_gives_its_own_result(mode, spec):
    function = tf.function(sizes)
    concrete = function.get_concrete_function(tf.TensorSpec(spec))
    for rows in (3, 1, 4, 3):
        x = tf.reshape(tf.range(2.0 * rows), [rows, 2])
        for one, other in zip(concrete(x), sizes(x), strict=True):
            assert one.numpy().tolist() == other.numpy().tolist()
    assert function.experimental_get_tracing_count() == 1


def jacobians(x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.concat([tf.tanh(x), x**2], 1)
    return tape.jacobian(y, x), tape.batch_jacobian(y, x)


ONCE = {
    "matmul": lambda x: tf.matmul(x, tf.ones([3, 2])) + 1.0,
    "shape": lambda x: tf.zeros([tf.shape(x)[0], 4]) + tf.cast(tf.shape(x)[0] * 2, tf.float32),
    "reshape": lambda x: tf.reshape(x, [-1]) + tf.reshape(x, [tf.shape(x)[0] * tf.shape(x)[1]]),
    "slices": lambda x: (x[1:], x[:2], x[-1], x[::-1], x[: tf.shape(x)[0] // 2], tf.slice(x, [1, 0], [-1, 2])),
    "concat": lambda x: tf.concat([x, x[:1]], 0),
    "range": lambda x: tf.range(tf.shape(x)[0]),
    "gradient": lambda x: tf.gradients(tf.reduce_mean(tf.tanh(x) * x[0]), x)[0],
    "jacobians": jacobians,
    "split": lambda x: tf.split(tf.tile(x, [2, 1]), 2),
    "stack": lambda x: tf.stack([x, x + 1.0]),
}


@pytest.mark.all_modes
@pytest.mark.parametrize("name", ONCE)
def test_recorded_once(mode, name):
    shown = []

    def body(x):
        shown.append(x.shape.as_list())
        return ONCE[name](x)

    function = tf.function(body, input_signature=[tf.TensorSpec([None, 3])])
    for rows in (3, 2, 4, 3):
        x = tf.reshape(tf.range(3.0 * rows), [rows, 3])
        expected = tf.function(ONCE[name])(x)
        for one, other in zip(tf.nest.flatten(function(x)), tf.nest.flatten(expected), strict=True):
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5)
    assert shown == [[None, 3]]
    assert function.experimental_get_tracing_count() == 1


def test_sizes_that_have_to_agree():
    function = tf.function(lambda x, y: x + y, input_signature=[tf.TensorSpec([None]), tf.TensorSpec([None])])
    assert function(tf.ones([3]), tf.ones([3])).shape == [3]
    assert function(tf.ones([1]), tf.ones([4])).shape == [4]
    with pytest.raises(tf.errors.InvalidArgumentError):
        function(tf.ones([2]), tf.ones([3]))


def test_python_values_and_methods():
    class Layer(tf.Module):
        @tf.function
        def __call__(self, x, scale):
            return sizes(x, scale)[0]

    layer = Layer()  # a concrete function does not keep its object alive
    concrete = layer.__call__.get_concrete_function(tf.TensorSpec([None]), 3)
    assert concrete(tf.ones([7])).numpy().tolist() == [21]
    concrete = tf.function(sizes).get_concrete_function(tf.TensorSpec([None, 2]))
    assert concrete([[1.0, 2.0], [3.0, 4.0]])[0].numpy().tolist() == [2, 2]
    assert concrete(tf.ones([3, 3]))[0].numpy().tolist() == [3, 3]  # TensorFlow takes tensors of any shape there
    with pytest.raises(TypeError, match="Can not cast"):
        concrete([[1.0, 2.0, 3.0]])


@pytest.mark.parametrize("signature", [None, [tf.TensorSpec([None])]], ids=["known", "unknown"])
def test_a_variable_without_a_fixed_shape_grows(signature):
    rows = tf.Variable(tf.ones([2]), shape=[None])

    @tf.function(input_signature=signature)
    def append(x):
        rows.assign(tf.concat([rows, x], 0))
        return tf.shape(rows)[0]

    assert [int(append(tf.zeros([2]))) for _ in range(3)] == [4, 6, 8]
    rows.assign([5.0])
    assert int(append(tf.zeros([2]))) == 3
    assert rows.numpy().tolist() == [5.0, 0.0, 0.0]
    assert append.experimental_get_tracing_count() == 1


def test_a_loop_without_iterations():
    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def total(x):
        found = tf.zeros([2])
        for i in tf.range(tf.shape(x)[0]):
            found += x[i]
        return found

    assert [total(tf.ones([n, 2])).numpy().tolist() for n in (3, 0, 1)] == [[3.0, 3.0], [0.0, 0.0], [1.0, 1.0]]


def test_positions_are_checked_against_the_size_of_a_call():
    function = tf.function(lambda x: tf.gather(x, [0, 5]), input_signature=[tf.TensorSpec([None])])
    assert function(tf.range(8.0)).numpy().tolist() == [0.0, 5.0]
    with pytest.raises(tf.errors.InvalidArgumentError):
        function(tf.range(3.0))


AT_ONCE = {
    "average pool": (lambda x: tf.nn.avg_pool2d(x, 2, 2, "SAME"), [None, None, None, 2], ([1, 3, 4, 2], [2, 5, 5, 2])),
    "blocks": (lambda x: tf.nn.space_to_depth(x, 2), [None] * 4, ([1, 2, 4, 3], [2, 4, 2, 1])),
    "flat": (lambda x: tf.reshape(x, [tf.shape(x)[0], -1]), [None] * 4, ([1, 2, 4, 3], [2, 4, 2, 1])),
    "moments": (lambda x: tf.nn.moments(x, [0, 1, 2]), [None] * 4, ([1, 2, 4, 3], [2, 4, 2, 1])),
    "product": (lambda x: tf.matmul(x, x, transpose_b=True), [None] * 3, ([1, 2, 4], [2, 4, 3])),
    "contraction": (lambda x: tf.einsum("bij,bkj->bik", x, x), [None] * 3, ([1, 2, 4], [2, 4, 3])),
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_all_sizes_unknown(name):
    op, shape, calls = AT_ONCE[name]
    runs = []

    def body(x):
        runs.append(1)
        return op(x)

    function = tf.function(body, input_signature=[tf.TensorSpec(shape)])
    for sizes in calls:
        x = tf.reshape(tf.range(float(np.prod(sizes))), sizes)
        for one, other in zip(tf.nest.flatten(function(x)), tf.nest.flatten(op(x)), strict=True):
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5)
    assert len(runs) == 1


def test_assumed_sizes_that_are_what_they_are_assumed_to_be():
    """What stands for a size that is assumed is never computed with, however often such sizes were met."""
    code = """
        import tfcompat as tf

        def opened(function, *dtypes):
            return tf.function(function, input_signature=[tf.TensorSpec([None], dtype) for dtype in dtypes])

        def scattered(updates):
            return tf.scatter_nd([[1], [3]], updates, [5])

        def smaller(x, updates):
            return tf.tensor_scatter_nd_min(x, [[1], [3]], updates)

        for dtype in (tf.int32, tf.int64):
            print(opened(scattered, dtype)(tf.constant([5, -8], dtype)).numpy().tolist())
            print(opened(smaller, dtype, dtype)(tf.constant([0, -2, 3, -2, -7], dtype), tf.constant([5, -8], dtype)).numpy().tolist())
    """
    assert run_code(code).split("\n")[:4] == ["[0, 5, 0, -8, 0]", "[0, -2, 3, -8, -7]"] * 2
