"""When a trace with symbolic dimensions may stand for exact ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import generic
from tfcompat._core.op import T, op

pytestmark = pytest.mark.own_mode


def traced(function, dtype):
    with jax.enable_x64(True):
        return jax.make_jaxpr(function)(jax.ShapeDtypeStruct((3,), dtype))


def test_the_same_primitives_on_the_same_dtypes_are_the_same_program():
    assert generic.same_program(traced(jnp.sin, "float32"), traced(jnp.sin, "float32"))
    assert not generic.same_program(traced(jnp.sin, "float32"), traced(jnp.cos, "float32"))


def test_residuals_of_other_dtypes_are_another_program():
    def kept(dtype):
        return lambda x: (x, jax.lax.iota(dtype, 3))

    assert not generic.same_program(traced(kept("int64"), "float32"), traced(kept("int32"), "float32"))
    assert not generic.same_program(traced(jnp.sin, "float64"), traced(jnp.sin, "float32"))


def counted(body):
    """An op of this body, and the shapes that it was traced with."""
    shapes = []

    @op("Counted")
    def traced_op(x: T):
        shapes.append(x.shape)
        return body(x)

    return traced_op, shapes


def test_the_third_set_of_shapes_is_traced_once_and_for_all():
    doubled, shapes = counted(lambda x: x * 2)
    for n in (3, 4, 5, 6):
        assert doubled(tf.ones([n, 2])).numpy().shape == (n, 2)
    assert len(shapes) == 3 and shapes[:2] == [(3, 2), (4, 2)] and not isinstance(shapes[2][0], int)


@pytest.mark.parametrize("limit", [4, 5])
def test_a_body_that_decides_by_size_is_always_traced_exactly(limit):
    decided, shapes = counted(lambda x: x * 2 if x.shape[0] < limit else -x)
    for n in (3, 4, 5, 6):
        assert decided(tf.ones([n, 2])).numpy()[0, 0] == (2 if n < limit else -1)
    assert [s for s in shapes if isinstance(s[0], int)] == [(3, 2), (4, 2), (5, 2), (6, 2)]


def test_slices_at_an_end_are_structure_of_any_size():
    """Their position follows from their size: it is no operand, and one trace serves all sizes."""
    from tfcompat._core.context import state

    before = None
    for n in range(40, 50):
        x = tf.constant(np.arange(3.0 * n).reshape(n, 3))
        for index in (slice(None, n - 7), slice(7, None), slice(-7, None), (slice(3, -9), slice(1, None)), slice(7, n - 7)):
            part = x[index]
            assert len(state.segment.leaves) == 1 + (index == slice(7, n - 7))
            np.testing.assert_array_equal(part.numpy(), x.numpy()[index])
        if n == 43:
            before = debug.stats()["traces"]
    assert debug.stats()["traces"] == before


def test_two_exact_traces_that_differ_are_not_summed_up():
    of_parity, shapes = counted(lambda x: x * 2 if getattr(x.shape[0], "real", 2) % 2 else -x)
    for n in (3, 4, 5, 6):
        assert of_parity(tf.ones([n, 2])).numpy()[0, 0] == (2 if n % 2 else -1)


def test_a_wrong_call_changes_nothing_for_the_next():
    def body(x):
        if 4 < x.shape[0] < 6:
            raise ValueError("five")
        return x * 2

    picky, shapes = counted(body)
    for n in (3, 4):
        picky(tf.ones([n, 2]))
    with pytest.raises(tf.errors.InvalidArgumentError):
        picky(tf.ones([5, 2]))
    assert picky(tf.ones([6, 2])).numpy()[0, 0] == 2


def test_output_gradients_where_derivatives_are_of_any_size():
    """What made the target decides about their shapes, however its derivative was made."""
    for n in range(20, 30):
        x = tf.ones([n])
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            total, split = tf.reduce_sum(x), tf.split(x, [1, n - 1])[1]
        np.testing.assert_array_equal(tape.gradient(total, x, output_gradients=tf.constant([2.0])), np.full(n, 2.0))
        with pytest.raises(tf.errors.InvalidArgumentError):
            tape.gradient(split, x, output_gradients=tf.constant([2.0]))
