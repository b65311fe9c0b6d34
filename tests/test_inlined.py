"""Op bodies that are traced without the jitted functions of jax.numpy."""

import pathlib
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tfcompat as tf
from tfcompat import _declare, nn
from tfcompat._core.generic import primitives
from tfcompat._core.inlined import inlined

X = np.ones((3, 4), np.float32)


def traced(body, *arguments):
    with jax.enable_x64(True):
        return jax.make_jaxpr(body)(*arguments).jaxpr


def test_a_body_without_calls():
    def body(x):
        return jnp.where(x == 0, jnp.sum(x, 1, keepdims=True), x * 2)

    plain, short = traced(body, X), traced(inlined(body), X)
    assert any(eqn.primitive.name == "jit" for eqn in plain.eqns)
    assert not any(eqn.primitive.name == "jit" for eqn in short.eqns)
    assert list(primitives(plain)) == list(primitives(short))


def test_a_function_with_a_twin_is_one_equation():
    (eqn,) = traced(nn.softplus.op.body, X).eqns
    assert eqn.params["name"] == "tfcompat.softplus"


@pytest.mark.parametrize("op", [tf.math.multiply, tf.math.sign, nn._softmax, tf.reduce_max], ids=lambda op: op.__name__)
def test_declared_ops_are_inlined(op):
    assert op.op.body.inlined


def test_modules_with_inlined_bodies_have_no_loops():
    """They would be unrolled, silently."""
    package = pathlib.Path(tf.__file__).parent
    for path in [p for p in package.rglob("*.py") if "_core" not in p.parts]:
        text = path.read_text()
        if re.search(r"\binlined\b|import .*\b(unary|binary|declare)\b", text):
            assert not re.search(r"\blax\.(scan|while_loop|fori_loop|map|cond|switch)\(", text), path


@pytest.mark.parametrize("shapes", [((3, 4), (3, 4), ()), ((4,), (3, 1), (3, 4)), ((), (), (2,))], ids=str)
def test_choice_by_a_condition(shapes):
    rng = np.random.default_rng(0)
    condition = rng.integers(0, 2, shapes[0], endpoint=True) > 0
    x, y = [np.asarray(rng.normal(size=shape)) for shape in shapes[1:]]
    for choices in ((x, y), (x, 2), (-np.inf, y)):
        with jax.enable_x64(True):
            arrays = [jnp.asarray(v) if isinstance(v, np.ndarray) else v for v in choices]
            found = _declare.where(jnp.asarray(condition), *arrays)
        np.testing.assert_array_equal(found, np.where(condition, *choices))
