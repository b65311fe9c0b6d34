"""Concrete functions whose signature leaves sizes open give for every size what the Python function gives."""

import numpy as np
import pytest

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
    with pytest.raises(tf.errors.InvalidArgumentError):
        concrete(tf.ones([3, 3]))
