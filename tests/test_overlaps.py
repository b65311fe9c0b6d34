"""Parts of an array set to other parts of it, compiled: XLA alone makes some of these wrong on a CPU."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import compile_cache, overlaps

pytestmark = pytest.mark.own_mode

# name: two rows, of an array with `np` of NumPy or JAX
ROWS = {
    "first": lambda x, np: x[:2], "last": lambda x, np: x[-2:], "computed": lambda x, np: x[:2] * 2 + 1, "turned": lambda x, np: np.flip(x[:3], 0)[:2],
    "all turned": lambda x, np: np.flip(x, 0)[1:3], "columns": lambda x, np: x[1:3, :2], "transposed": lambda x, np: x[:3, :3].T[:2],
    "every second": lambda x, np: x[::2][:2], "joined": lambda x, np: np.concatenate([x[2:3], x[:1]]), "gathered": lambda x, np: x[np.array([2, 0])],
    "at constants": lambda x, np: x[:2] if np is not jnp else lax.dynamic_slice(x, (0, 0), (2, x.shape[1])),
    "chosen": lambda x, np: np.where(x[:2] > 3, x[:2], x[1:3]), "rolled": lambda x, np: np.roll(x, 1, 0)[:2], "padded": lambda x, np: np.pad(x[:1], ((1, 0), (0, 0))),
    "split": lambda x, np: np.split(x, 2)[0][:2], "stacked": lambda x, np: np.stack(list(x[:2])), "sums": lambda x, np: x[:2] + x[:2].sum(0),
}  # fmt: skip
SHAPES = {"a vector": ((1600,), (4, 400)), "one more dimension": ((1, 4, 4), (4, 4)), "itself": ((4, 4), (4, 4))}


def updated(array, rows, np_):
    if np_ is np:
        array = array.copy()
        array[1:3, : rows.shape[1]] = rows
        return array
    return lax.dynamic_update_slice(array, rows, (np.int32(1), np.int32(0)))


def scattered(array, rows, np_):
    return updated(array, rows, np_) if np_ is np else array.at[1:3, : rows.shape[1]].set(rows)


@pytest.mark.parametrize("donated", [(), (0,)])
@pytest.mark.parametrize("update", [updated, scattered])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ROWS)
def test_rows_set_to_others(name, shape, update, donated):
    given, shape = SHAPES[shape]
    x = np.arange(np.prod(given), dtype=np.float32).reshape(given)

    def function(np_, array):
        array = array.reshape(shape)
        return update(array, ROWS[name](array, np_), np_)

    run = compile_cache.compile(lambda x: [function(jnp, x)], [jax.ShapeDtypeStruct(given, np.float32)], True, donated)
    np.testing.assert_array_equal(run(jnp.array(x) + 0), function(np, x))


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int8", "uint64", "bool", "complex64", "complex128"])
@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_a_register_that_is_shifted(mode, dtype):
    x = np.arange(4000).reshape(40, 100) % 127
    want = np.concatenate([x[:1], x[:-1]])
    with debug.mode(mode):
        for take in (lambda v: v[:-1], lambda v: tf.concat(tf.split(v, 40)[:-1], 0), lambda v: tf.stack(tf.unstack(v)[:-1])):
            v = tf.Variable(tf.cast(tf.reshape(tf.constant(x.reshape(-1)), [40, 100]), dtype))
            v[1:].assign(take(v))
            np.testing.assert_array_equal(v.numpy(), tf.cast(want, dtype).numpy())


OTHERS = {
    "of another array": lambda x, y, i: updated(x, y[:2], jnp), "at a position that a run knows": lambda x, y, i: updated(x, lax.dynamic_slice(x, (i, i), (2, 4)), jnp),
    "one after the other": lambda x, y, i: updated(updated(x, y[:2], jnp), y[2:] * 2, jnp), "of none": lambda x, y, i: x[:2] + y[2:],
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_updates_stay_as_they_are(name):
    jaxpr = jax.make_jaxpr(OTHERS[name])(jnp.zeros((4, 4)), jnp.zeros((4, 4)), np.int32(1)).jaxpr
    assert overlaps.rewritten(jaxpr) is jaxpr
    assert overlaps.present(jaxpr) == (name != "of none")


def test_updates_by_parts_of_itself_are_made_apart():
    jaxpr = jax.make_jaxpr(lambda x: updated(x.reshape(4, 4), x.reshape(4, 4)[:2], jnp))(jnp.zeros(16)).jaxpr
    assert "cond" in str(overlaps.rewritten(jaxpr))
