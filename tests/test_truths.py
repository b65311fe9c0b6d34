"""Large arrays of bools as results of compiled programs: another form than XLA's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import truths


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int8", "int64", "uint32"])
def test_comparisons(dtype):
    rng = np.random.default_rng(0)
    x, y = [(rng.normal(size=(300, 200)) * 3).astype(tf.as_dtype(dtype).as_numpy_dtype) for _ in range(2)]
    y[0] = x[0]
    if tf.as_dtype(dtype).is_floating:
        x[1, :4], y[1, :2] = [np.nan, np.inf, -np.inf, -0.0], [np.nan, np.inf]
    with debug.mode("compiled"), np.errstate(invalid="ignore"):
        for ours, numpys in ((tf.less, np.less), (tf.less_equal, np.less_equal), (tf.equal, np.equal), (tf.not_equal, np.not_equal),
                             (tf.greater, np.greater), (tf.greater_equal, np.greater_equal)):  # fmt: skip
            np.testing.assert_array_equal(ours(x, y).numpy(), numpys(x, y))
            np.testing.assert_array_equal(ours(x, x[7, 7]).numpy(), numpys(x, x[7, 7]))
        if tf.as_dtype(dtype).is_floating:
            wide = x.astype(np.float64)
            for ours, numpys in ((tf.math.is_nan, np.isnan), (tf.math.is_inf, np.isinf), (tf.math.is_finite, np.isfinite)):
                np.testing.assert_array_equal(ours(x).numpy(), numpys(wide))


def test_logic():
    rng = np.random.default_rng(0)
    x, y = [rng.integers(0, 2, (300, 200)).astype(bool) for _ in range(2)]
    with debug.mode("compiled"):
        for ours, numpys in ((tf.logical_and, np.logical_and), (tf.logical_or, np.logical_or), (tf.math.logical_xor, np.logical_xor)):
            np.testing.assert_array_equal(ours(x, y).numpy(), numpys(x, y))
        np.testing.assert_array_equal(tf.logical_not(x).numpy(), ~x)


def test_which_results_have_another_form():
    large, small = jax.ShapeDtypeStruct((300, 200), jnp.float32), jax.ShapeDtypeStruct((10, 10), jnp.float32)

    def present(function, *structs):
        return truths.present(jax.make_jaxpr(function)(*structs).jaxpr)

    assert present(lambda x: x > 0, large) and present(lambda x: (x + 1, lax.is_finite(x)), large)
    assert present(lambda x: (x > 0, 2.0), large) and not present(lambda x: (x, True), large)  # numbers among the results
    assert not present(lambda x: x > 0, small)
    assert not present(lambda x: jnp.where(x > 0, x, 1), large)
    assert not present(lambda x: x.astype(jnp.int32) & 1, large)
