"""Concrete functions whose signature leaves sizes open give for every size what the Python function gives."""

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
