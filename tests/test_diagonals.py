"""Products with diagonal matrices, compiled: scalings that give what the dense products give, NaN and infinities included."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from jax import lax
from jax.extend import core as jex

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import diagonals

few = settings(max_examples=25, deadline=None, derandomize=True)
N, BATCH = diagonals.MIN_SIZE, 3
DTYPES = ("float32", "float64", "complex64", "complex128", "float16", "bfloat16", "int32")
ODD = (np.nan, np.inf, -np.inf)


def numbers(seed, shape, dtype, odd=0):
    """Random numbers of some size; `odd` of them are not finite."""
    rng = np.random.default_rng([seed, *shape])
    x = rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)
    if dtype.startswith("complex"):
        x = x + 1j * rng.uniform(-2, 2, shape)
    elif dtype == "int32":
        return rng.integers(-9, 9, shape).astype(dtype)
    for place in rng.integers(0, x.size, odd):
        x.flat[place] = ODD[rng.integers(3)]
    return jnp.asarray(x).astype(dtype)


# How a diagonal value is made of an array, and what is done with it then. Dimensions 0 and `kept` are those of the diagonal.


def identity(c, dtype):
    return jnp.eye(N, dtype=dtype), 1


def stack(c, dtype):
    return jnp.eye(N, dtype=dtype).reshape(N, 1, N), 2


def batched_stack(c, dtype):
    return jnp.broadcast_to(jnp.eye(N, dtype=dtype).reshape(N, 1, N), (N, BATCH, N)), 2


def spread(c, dtype):
    return jnp.where(jnp.eye(N, dtype=bool), c.reshape(-1)[:N, None], jnp.zeros((), dtype)), 1


def subtracted(c, dtype):
    i = lax.broadcasted_iota(np.int32, (N, N), 0)
    return (lax.broadcasted_iota(np.int32, (N, N), 1) - i == 0).astype(dtype), 1


MAKERS = identity, stack, batched_stack, spread, subtracted


def along_stack(d, c):
    """What is the same for all of the stack, of the rank of `d`."""
    return c[: int(np.prod(d.shape[1:]))].reshape(1, *d.shape[1:])


STEPS = {
    "times": lambda d, c: d * along_stack(d, c),
    "times a number": lambda d, c: c[3] * d,
    "broadcast first": lambda d, c: jnp.broadcast_to(along_stack(d, c), d.shape) * d,
    "by": lambda d, c: d / along_stack(d, c),
    "negative": lambda d, c: -d,
    "twice": lambda d, c: d + d,
    "square": lambda d, c: d * (d * c[0]),
    "nothing": lambda d, c: d - d,
    "chosen": lambda d, c: jnp.where(
        jnp.broadcast_to(jnp.real(along_stack(d, c)) > 0, d.shape), d, jnp.broadcast_to(jnp.zeros(d.shape[1:], d.dtype), d.shape)
    ),
    "chosen zeros": lambda d, c: jnp.where(jnp.broadcast_to(jnp.real(along_stack(d, c)) > 0, d.shape), jnp.zeros_like(d), 2 * d),
    "wider and back": lambda d, c: jnp.squeeze(d[..., None].reshape(*d.shape, 1, 1), -1).reshape(d.shape),
}


def product(d, kept, x, summed, left):
    """A product with `x`, which has the size of the diagonal first."""
    other = 0 if summed == kept else kept
    taken = [k for k in range(d.ndim) if d.shape[k] == 1]
    x = x.reshape(x.shape[0], *[1] * len(taken), -1)
    dims = [summed, *taken], list(range(1 + len(taken)))
    assert other not in dims[0]
    if left:
        return lax.dot_general(x, d, (dims[::-1], ((), ())))
    return lax.dot_general(d, x, (dims, ((), ())))


def products_in(jaxpr):
    """The equations of a jaxpr that are products; what a scaling calls is none of them."""
    return [eqn for eqn in jaxpr.eqns if eqn.primitive.name == "dot_general"]


def check(function, *arrays, exact=False):
    """That the function, rewritten, gives what it gives."""
    with jax.disable_jit():  # as ops are traced
        closed = jax.make_jaxpr(function)(*arrays)
    assert diagonals.present(closed.jaxpr)
    jaxpr = diagonals.rewritten(closed.jaxpr)
    assert products_in(closed.jaxpr) and not products_in(jaxpr)
    (got,) = jax.jit(jex.jaxpr_as_fun(jex.ClosedJaxpr(jaxpr, closed.consts)))(*arrays)
    want = jax.jit(function)(*arrays)
    assert got.shape == want.shape and got.dtype == want.dtype
    wide = np.complex128 if want.dtype.kind == "c" else np.float64
    got, want = np.asarray(got).astype(wide), np.asarray(want).astype(wide)
    assert np.isnan(got)[np.isnan(want)].all()
    fine = ~np.isnan(got)
    if exact:
        np.testing.assert_array_equal(fine, ~np.isnan(want))
    else:  # where an operand is infinite, NaN may stand for the infinity that it makes
        assert not np.isfinite(want[~fine]).any()
    if want.dtype.kind == "c":
        fine &= np.isfinite(want)  # an infinite product may have any NaN beside it
    tolerance = {"float16": 2e-3, "bfloat16": 2e-2}.get(str(jnp.result_type(function(*arrays))), 1e-5)
    np.testing.assert_allclose(got[fine], want[fine], tolerance)


@few
@given(
    st.sampled_from(MAKERS), st.sampled_from(DTYPES), st.lists(st.sampled_from(sorted(STEPS)), max_size=4), st.booleans(), st.booleans(),
    st.integers(0, 2), st.integers(0, 2), st.integers(0, 9999),
)  # fmt: skip
def test_products(maker, dtype, steps, first, left, odd, odd_of_other, seed):
    if dtype == "int32":
        steps = [s for s in steps if s in ("negative", "twice", "nothing")]
    with jax.enable_x64(True):
        c = numbers(seed, (BATCH * N,), dtype, odd)
        x = numbers(seed + 1, (N, 5), dtype, odd_of_other)

        def function(c, x):
            d, kept = maker(c, dtype)
            for step in steps:
                d = STEPS[step](d, c)
            return product(d, kept, x, 0 if first else kept, left)

        check(function, c, x, exact=not odd_of_other or dtype == "int32")


def test_moved_and_with_a_batch():
    c, m, x = numbers(0, (BATCH, N), "float32", 2), numbers(1, (BATCH, N, 4), "float32"), numbers(2, (N, 7), "float32")

    def turned(c, m, x):
        d = jnp.eye(N).reshape(N, 1, N) * c[None]
        return jnp.transpose(d, (1, 2, 0)) @ m  # the batch is one of the product, too

    def behind(c, m, x):
        return lax.dot_general(x.T, jnp.transpose(jnp.eye(N)[None] * c[:1, None], (2, 0, 1)), (([1], [2]), ([], [])))

    check(turned, c, m, x, exact=True)
    check(behind, c, m, x, exact=True)


def test_in_a_loop():
    def function(c, x):
        return lax.fori_loop(0, 3, lambda _, y: (jnp.eye(N) * c) @ y, x)

    c, x = numbers(0, (N,), "float32"), numbers(1, (N, 4), "float32")
    closed = jax.make_jaxpr(function)(c, x)
    jaxpr = diagonals.rewritten(closed.jaxpr)
    assert "dot_general" in str(closed.jaxpr) and f"f32[{N},4] = dot_general" not in str(jaxpr)
    (got,) = jex.jaxpr_as_fun(jex.ClosedJaxpr(jaxpr, closed.consts))(c, x)
    np.testing.assert_allclose(got, c[:, None] ** 3 * x, 1e-5)


def test_what_stays():
    c, x = numbers(0, (N,), "float32"), numbers(1, (N, 4), "float32")

    def stays(function, maybe=True):
        with jax.disable_jit():
            closed = jax.make_jaxpr(function)(c, x)
        assert diagonals.present(closed.jaxpr) == maybe
        assert diagonals.rewritten(closed.jaxpr) is closed.jaxpr

    stays(lambda c, x: jnp.diag(c)[: N - 1] @ x)  # no longer square
    stays(lambda c, x: (jnp.eye(N) + c) @ x)  # no longer zero beside the diagonal
    stays(lambda c, x: jnp.exp(jnp.eye(N)) @ x)
    stays(lambda c, x: jnp.eye(N, k=1) @ x)
    stays(lambda c, x: jnp.where(jnp.eye(N, dtype=bool), 0, c) @ x)
    stays(lambda c, x: (c[:, None] == c) @ x, maybe=False)
    stays(lambda c, x: jnp.eye(N)[:8, :8] @ x[:8] + jnp.eye(8) @ x[:8])
    stays(lambda c, x: x.T @ x, maybe=False)
    stays(lambda c, x: jnp.eye(N) * c, maybe=False)


def test_diagonal_matrices_of_ops(monkeypatch):
    made = []
    monkeypatch.setattr(diagonals, "rewritten", lambda jaxpr, rewritten=diagonals.rewritten: made.append(rewritten(jaxpr)) or made[-1])
    c, x = tf.constant(numbers(0, (N,), "float32")), tf.constant(numbers(1, (N, 4), "float32"))
    for matrix in tf.linalg.diag, tf.linalg.tensor_diag, lambda c: tf.eye(N) * c, lambda c: tf.eye(N) * c[:, None]:
        with debug.mode("compiled"):
            got = (matrix(c) @ x).numpy()
        np.testing.assert_allclose(got, c.numpy()[:, None] * x.numpy(), 1e-6)
    assert len(made) == 4 and not any(map(products_in, made))


@pytest.mark.parametrize("wrapped", [lambda f: f, tf.function], ids=["eager", "function"])
def test_jacobians(wrapped):
    rng = np.random.default_rng(0)
    weights = [tf.Variable(rng.normal(size=(N, N)).astype("float32") / 8) for _ in range(2)]
    x = tf.constant(rng.normal(size=(1, N)).astype("float32"))
    rows = tf.constant(rng.normal(size=(4, N)).astype("float32"))

    def model(x):
        for w in weights:
            x = tf.tanh(x @ w)
        return x

    @wrapped
    def jacobian():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x)
        return tape.jacobian(y, [x, *weights])

    @wrapped
    def batch_jacobian():
        with tf.GradientTape() as tape:
            tape.watch(rows)
            y = model(rows)
        return [tape.batch_jacobian(y, rows)]

    for function in jacobian, batch_jacobian:
        with debug.mode("interpreted"):
            want = [g.numpy() for g in function()]
        with debug.mode("compiled"):
            got = [g.numpy() for g in function()]
        for g, w in zip(got, want, strict=True):
            np.testing.assert_allclose(g, w, 1e-4, 1e-5)
