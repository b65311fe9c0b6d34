"""When a trace with symbolic dimensions may stand for exact ones."""

import jax
import jax.numpy as jnp
import pytest

from tfcompat._core import generic

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
