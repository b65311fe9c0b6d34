"""Host functions as a whole: calls and loops, what they do with memory, symbolic dimensions, completeness."""

import functools
import gc
import itertools
import platform
import tracemalloc

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend.core import primitives
from scipy import special
from xla_reference import check, compiled, numbers, run, same

import tfcompat as tf
from tfcompat import _cast, _diagonals, _elementwise, _math, _reductions, _special, nn
from tfcompat._core import random_state
from tfcompat._core.interpret import UNHOSTED, NoHostForm, host_function
from tfcompat._core.lax_numpy import RULES
from tfcompat._core.lax_shapes import stable_order
from tfcompat._core.twins import CALLS, has_twin, twin

# --- calls and loops


def test_calls_are_inlined():
    @jax.custom_jvp
    def double(x):
        return 2 * x

    double.defjvp(lambda x, t: (double(*x), 2 * t[0]))

    @jax.custom_vjp
    def triple(x):
        return 3 * x

    triple.defvjp(lambda x: (3 * x, None), lambda _, g: (3 * g,))
    x = numbers((3,))
    check(lambda x: (double(x), triple(x), jax.jit(jnp.sin)(x), jax.checkpoint(jnp.cos)(x), jax.nn.relu(x)), x)
    check(lambda x: jax.grad(lambda x: (double(x) * triple(x)).sum())(x), x)


def test_loops():
    x = numbers((3, 4))
    for i in range(-1, 4):
        check(
            lambda x, i: lax.switch(i, [lambda x: (x, -x), lambda x: (x * 2, x), lambda x: (x, x)], x), x, np.int32(i)
        )
    check(lambda x: lax.cond(x[0, 0] > 0, lambda x: x.T.reshape(x.shape), lambda x: -x, x), x)
    check(lambda x: lax.while_loop(lambda c: c[0] < 5, lambda c: (c[0] + 1, c[1] * 2), (0, x)), x)
    check(lambda x, n: lax.fori_loop(0, n, lambda i, c: c + x * i, x), x, np.int32(4))
    check(lambda x: lax.scan(lambda c, y: (c + y, c * y), jnp.zeros(4, x.dtype), x, reverse=True), x)
    check(
        lambda x: jax.grad(lambda x: lax.scan(lambda c, y: (jnp.sin(c + y), None), x[0], x)[0].sum())(x), x, near=1e-5
    )
    with pytest.raises(NoHostForm, match="scan"):
        host_function(jax.make_jaxpr(lambda x: lax.scan(lambda c, _: (jnp.sin(c), None), x, length=100_000))(x))


def test_equations_with_effects_have_no_host_form():
    with pytest.raises(NoHostForm, match="debug"):
        host_function(jax.make_jaxpr(lambda x: (jax.debug.print("{}", x), x)[1])(1.0))


# --- what the generated functions do with memory


def test_whole_functions():
    x, w = numbers((8, 5)) / 9, numbers((5, 3), seed=1) / 9

    def loss(w, x):
        h = jax.nn.gelu(jax.nn.softmax(x @ w) - jnp.eye(8, 3))
        return jnp.mean(jax.nn.logsumexp(h, 1) ** 2) + jnp.var(h) + jnp.linalg.norm(w)

    check(jax.value_and_grad(loss), w, x, ulps=256, near=1e-5)
    check(jax.hessian(lambda w: loss(w, x)), w[:, 0][:, None], ulps=256, near=1e-5)


def overwriting(f, *args, overwrite=(0,)):
    args = [np.array(x) for x in args]
    before = [x.copy() for x in args]
    results = run(host_function(jax.make_jaxpr(f)(*args), overwrite), *args)
    for got, want in zip(results, compiled(f, *before), strict=True):
        same(got, want, 8)
    for k, (x, old) in enumerate(zip(args, before, strict=True)):
        if k not in overwrite:
            np.testing.assert_array_equal(x, old)
    return args, results


def test_updates_are_done_in_place_where_allowed():
    x, u, i = numbers((6, 4)), numbers((2, 4), seed=1), np.int32(3)
    index = np.array([[1], [2]], np.int32)[:, 0]
    for f in (
        lambda x, u, i: lax.dynamic_update_slice(x, u, (i, 0)),
        lambda x, u, i: x.at[jnp.array([0, 1]) + i].set(u),
        lambda x, u, i: x.at[i].add(u[0]),
        lambda x, u, i: x.at[index].add(u).at[i, 2].multiply(3.0),
    ):
        (got, *_), (result,) = overwriting(f, x, u, i)
        assert result is got
    (got, *_), (result,) = overwriting(lambda x, u, i: x.reshape(3, 8).at[i - 2].set(u.reshape(8)), x, u, i)
    assert np.shares_memory(got, result)


def test_updates_copy_what_is_still_read():
    x, u = numbers((6, 4)), numbers((2, 4), seed=1)
    for f in (
        lambda x, u: (lax.dynamic_update_slice(x, u, (1, 0)), x),
        lambda x, u: (lax.dynamic_update_slice(x, u, (1, 0)), x.T),
        lambda x, u: (lax.dynamic_update_slice(x, u, (1, 0)), x.reshape(-1)[:3]),
        lambda x, u: lax.dynamic_update_slice(x, u, (1, 0)) + x,
        lambda x, u: (lax.dynamic_update_slice(x, u, (1, 0)), lax.dynamic_update_slice(x, u, (2, 0))),
        lambda x, u: lax.dynamic_update_slice(x, x[:2], (1, 0)),
        lambda x, u: x.at[np.array([2, 3, 4])].add(x[:3]),
        lambda x, u: x.at[np.array([2, 3, 4])].set(x[1:4]),
        lambda x, u: (x.at[2].set(u[0]), jnp.where(True, x, x)),
    ):
        overwriting(f, x, u)
    # Not writable: copied.
    x.flags.writeable = False
    f = jax.make_jaxpr(lambda x, u: lax.dynamic_update_slice(x, u, (1, 0)))(x, u)
    (result,) = run(host_function(f, (0,)), x, u)
    assert not np.shares_memory(result, x)


def test_updates_of_temporaries_do_not_copy_them():
    host = host_function(jax.make_jaxpr(lambda x: jnp.sin(x).at[0].set(1.0).at[1].set(2.0))(np.ones(4, np.float32)))
    assert "array(" not in host.source


def test_memory_of_a_long_chain():
    def chain(x):
        for k in range(60):
            x = jnp.sin(x) * (x + k)
        return x

    x = np.ones(1 << 20, np.float32)
    host = host_function(jax.make_jaxpr(chain)(x))
    gc.collect()
    tracemalloc.start()
    try:
        run(host, x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3.5 * x.nbytes


def test_large_constants_are_not_kept():
    host = host_function(jax.make_jaxpr(lambda: (jnp.zeros((1000, 1000)), jnp.ones(5)))())
    assert all(value.nbytes < 1 << 17 for value in host.__globals__.values() if isinstance(value, np.ndarray))
    big, small = run(host)
    assert big.shape == (1000, 1000) and not big.any() and small.sum() == 5


# --- symbolic dimensions


def check_sizes(f, dims, specs, *sizes, near=1e-5):
    """One trace with symbolic dimensions against XLA at each set of sizes."""
    scope = jax.export.SymbolicScope()
    avals = [
        jax.ShapeDtypeStruct(jax.export.symbolic_shape(shape, scope=scope) if shape else (), dtype)
        for shape, dtype in specs
    ]
    host = host_function(jax.make_jaxpr(f)(*avals), dims=dims)
    for values_ in sizes:
        space = dict(zip(dims, values_, strict=True))
        args = []
        for shape, dtype in specs:
            shape = [int(space.get(part.strip(), part)) for part in shape.split(",") if part.strip()]
            args.append(numbers(shape, np.dtype(dtype)))
        results = run(host, tuple(values_), *args)
        for got, want in zip(results, compiled(f, *args), strict=True):
            same(got, want, 64, host.source, near)


def test_symbolic_dimensions():
    def mixture(x):
        rows = jnp.arange(x.shape[0])
        soft = jax.nn.softmax(x, axis=-1)
        yield jnp.mean(jnp.concatenate([soft, soft], 0).reshape(-1))
        yield x[1:, 0].sum() + rows.sum()
        yield jnp.pad(x, ((1, 1), (0, 0)))
        yield x[::2], x[-1], x[:, -1:]
        yield jnp.take(x, rows, axis=0) * x.shape[1]
        yield x.T @ x, x @ x.T, jnp.einsum("ab,cb->acb", x, x)
        yield x.at[rows].add(1.0), x.at[0].set(2.0), lax.dynamic_update_slice(x, x[:1], (x.shape[0] - 1, 0))
        yield jnp.tril(x), jnp.zeros(x.shape), jnp.sort(x, 1), jnp.cumsum(x, 0), x[:, None] + x[None]
        yield jnp.max(x, 0), jnp.argmax(x, 1), jnp.broadcast_to(x[:1], x.shape), jnp.flip(x, 0), jnp.roll(x, 1, 0)
        yield jnp.tile(x, (2, 1)), jnp.repeat(x, 2, axis=1), jnp.stack([x, x], 1), jnp.split(x, [1], 0)
        yield lax.scan(lambda c, y: (c + y, c.sum()), jnp.zeros(x.shape[1]), x)
        yield lax.fori_loop(0, 3, lambda i, c: c * x.shape[0], x)

    spec = [("a, b", "float32")]
    check_sizes(lambda x: list(mixture(x)), ("a", "b"), spec, (3, 4), (5, 2), (1, 1), (3, 4), (2, 7))
    check_sizes(jax.grad(lambda x: (jnp.tanh(x) @ x.T).sum()), ("a", "b"), spec, (3, 4), (1, 5))


def test_symbolic_attention():
    def attention(q, k, v):
        def loss(q, k, v):
            weights = jax.nn.softmax(jnp.einsum("bhqd,bhkd->bhqk", q, k) / 2.0)
            return (jnp.einsum("bhqk,bhkd->bhqd", weights, v) ** 2).sum()

        return jax.value_and_grad(loss, (0, 1, 2))(q, k, v)

    specs = [("b, 2, s, 4", "float32"), ("b, 2, t, 4", "float32"), ("b, 2, t, 4", "float32")]
    check_sizes(attention, ("b", "s", "t"), specs, (1, 2, 3), (2, 1, 5), near=1e-4)


def test_symbolic_convolution_and_pooling():
    def f(x, w):
        y = lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return lax.reduce_window(y, -np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    specs = [("b, h, 6, 2", "float32"), ("3, 3, 2, 4", "float32")]
    check_sizes(f, ("b", "h"), specs, (2, 6), (1, 8), near=1e-5)


def test_what_has_no_host_form_at_any_size_is_refused_before_the_sizes_are_known():
    (a,) = jax.export.symbolic_shape("a")
    for f, dtype in (
        (lambda x: lax.cumlogsumexp(x), np.complex64),
        (lambda x: lax.bitcast_convert_type(x, jnp.int4), np.int8),
    ):
        closed = jax.make_jaxpr(f)(jax.ShapeDtypeStruct((a,), dtype))
        with pytest.raises(NoHostForm):
            host_function(closed, dims=("a",))


def test_unknown_symbols_are_refused():
    (a,) = jax.export.symbolic_shape("a")
    closed = jax.make_jaxpr(lambda x: jnp.zeros(x.shape))(jax.ShapeDtypeStruct((a,), np.float32))
    with pytest.raises(ValueError, match="'a'"):
        host_function(closed, dims=("b",))


# --- completeness


def names_in(jaxpr, found):
    for eqn in jaxpr.eqns:
        found.add(eqn.primitive.name)
        for inner in jax.extend.core.jaxprs_in_params(eqn.params):
            names_in(getattr(inner, "jaxpr", inner), found)


INLINED = {
    "jit",
    "closed_call",
    "custom_jvp_call",
    "custom_vjp_call",
    "custom_linear_solve",
    "remat2",
    "copy",
    "copy_p",
    "stop_gradient",
    "optimization_barrier",
    "name",
    "device_put",
}


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint32", "float64"])
@pytest.mark.parametrize(("shape", "axis"), [((5000,), 0), ((40, 200), 1), ((70, 9, 11), 0)])
def test_order_of_many_is_stable(dtype, shape, axis):
    rng = np.random.default_rng(0)
    x = rng.integers(-20 if dtype != "uint32" else 0, 20, shape).astype(dtype)
    if dtype.startswith("f"):
        x.flat[::7] = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1e-40, -1e-40] * (x.size // 56) + [0.0] * (
            len(x.flat[::7]) - 8 * (x.size // 56)
        )
    else:
        x.flat[:4] = [np.iinfo(dtype).min, np.iinfo(dtype).max] * 2
    before = x.copy()
    np.testing.assert_array_equal(stable_order(x, axis), x.argsort(axis, kind="stable"))
    np.testing.assert_array_equal(x, before)


def test_every_primitive_is_hosted_or_listed():
    names = {getattr(m, n).name for m in (lax, primitives) for n in dir(m) if n.endswith("_p")}
    x, key = np.ones((4, 4), np.float32), jax.random.key(0)
    traced = [
        lambda: (
            jnp.linalg.solve(x, x),
            jnp.linalg.eigh(x),
            jnp.linalg.svd(x),
            jnp.linalg.qr(x),
            jnp.linalg.cholesky(x),
        ),
        lambda: (
            jnp.fft.fft(x),
            jnp.unique(x, size=2),
            jnp.percentile(x, 3),
            jnp.convolve(x[0], x[1]),
            jnp.interp(x, x[0], x[0]),
        ),
        lambda: (jax.random.gamma(key, 1.0), jax.random.poisson(key, 1.0), jax.random.permutation(key, 4)),
        lambda: (
            jax.nn.gelu(x),
            jax.nn.one_hot(0, 3),
            jax.nn.standardize(x),
            jax.grad(lambda x: jax.nn.selu(x).sum())(x),
        ),
        lambda: jax.scipy.special.betainc(1.0, 2.0, x),
    ]
    for f in traced:
        names_in(jax.make_jaxpr(f)().jaxpr, names)
    hosted = set(RULES) | INLINED
    assert not hosted & UNHOSTED
    assert not names - hosted - UNHOSTED


def _twin_arguments():
    words = np.random.default_rng(0).integers(0, 2**32, (2, 7, 5), np.uint32)
    offsets = np.arange(35, dtype=np.uint64).reshape(7, 5)
    for counter in ([1, 2, 3, 4], [2**32 - 1] * 4, [2**32 - 1, 2**32 - 1, 0, 0]):  # the others carry over
        yield random_state.blocks, (words[0, 0, :2], np.array(counter, np.uint32), offsets)
    yield random_state.box_muller32, tuple(words)
    numbers = np.array([np.nan, np.inf, -np.inf, 1e30, -(2.0**31), 2.0**31, -(2.0**63), 2.0**63, -1.9, 1.9, -0.0])
    for x in (numbers, numbers.astype(np.float32)):
        for to in ("int8", "uint16", "int32", "uint32", "int64", "uint64"):
            yield functools.partial(_cast.cast_array, to=np.dtype(to)), (x,)
    x, y = np.array([-(2**31), -7, -6, 0, 5, 2**31 - 1], np.int32)[:, None], np.array([-(2**31), -3, -1, 1, 4], np.int32)
    for divide in (_elementwise.floordiv, _elementwise.floormod):
        yield divide.op.body, (x, y)
    yield _elementwise.sign.op.body, (numbers,)
    matrices = np.arange(70.0).reshape(2, 5, 7)
    for lower, upper in itertools.product((-1, 0, 1, 4), (-1, 0, 2, 7)):
        yield _diagonals._band_part.op.body, (matrices, np.int32(lower), np.int32(upper))
    rng = np.random.default_rng(0)
    for shape in ((5, 6), (90, 100), (30, 300)):  # small, and large with short and long rows
        for dtype in ("float32", "float64", "int8", "uint32"):
            x = (rng.normal(size=shape) * 9).astype(dtype)
            if dtype.startswith("f"):
                x[1, :2], x[2] = np.nan, np.nan
            for extreme in (_reductions.argmax, _reductions.argmin):
                for axis in (0, 1):
                    yield functools.partial(extreme.op.body, axis=axis, output_type=tf.int64), (x,)
            yield functools.partial(_math._top_k.op.body, k=3, index_type=tf.int32), (x,)


def test_twins_of_functions_of_floats():
    """They are equal but for last bits."""
    x = np.array([[0, -0.0, np.nan, np.inf, -np.inf, 1e-30, 3, -80, 0.5]])
    for dtype, most in (("float32", 1e-6), ("float64", 1e-14)):
        x = x.astype(dtype)
        ordinary = np.abs(x[:, 5:])
        functions = (
            (nn.softplus.op.body, (x,)), (_elementwise.xlogy.op.body, (x, np.abs(x.T))), (_special._expi, (x,)), (_special._spence, (x,)),
            (_elementwise.zeta.op.body, (x, x.T)), (_elementwise.zeta.op.body, (ordinary / 9 + 1, ordinary.T)),
            (_elementwise.polygamma.op.body, (1 + np.floor(ordinary / 9), x.T)), (_elementwise.polygamma.op.body, (1 + np.floor(ordinary / 9), ordinary.T + 1)),
        )  # fmt: skip
        for function, arguments in functions:
            with jax.enable_x64(True):
                closed = jax.make_jaxpr(function)(*arguments)
                assert any(map(has_twin, closed.jaxpr.eqns))
                want = jax.jit(function)(*arguments)
            factorial = 10 if function is _elementwise.polygamma.op.body else 1  # XLA's is the exponential of a logarithm
            np.testing.assert_allclose(run(host_function(closed), *arguments)[0], want, rtol=most * factorial)


def test_gamma_functions_of_negative_numbers():
    """Reflected; NaN and infinities are where XLA has them."""
    rng = np.random.default_rng(0)
    for dtype, most in (("float32", 1e-5), ("float64", 1e-11)):
        x = np.concatenate([rng.uniform(-50, 50, 500), np.arange(-3.0, 4), [-1e9, np.nan, np.inf, -np.inf, 1e-5, -1e-5]])
        x = x.astype(dtype)
        for function, exact in ((_elementwise._digamma, special.psi), (_elementwise._lgamma, special.gammaln)):
            with jax.enable_x64(True):
                closed = jax.make_jaxpr(function)(x)
                special_values = np.asarray(jax.jit(function)(x))
            found = run(host_function(closed), x)[0]
            for odd in (np.isnan, np.isposinf, np.isneginf):
                np.testing.assert_array_equal(odd(found), odd(special_values))
            finite = np.isfinite(found)
            np.testing.assert_allclose(found[finite], exact(x[finite]), rtol=most, atol=most)
            with jax.enable_x64(True):
                assert [run(host_function(jax.make_jaxpr(function)(v)), v)[0] for v in x[:3]] == found[:3].tolist()


@pytest.mark.parametrize(("function", "arguments"), list(_twin_arguments()))
def test_twins_do_the_same(function, arguments):
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(function)(*arguments)
        assert any(map(has_twin, closed.jaxpr.eqns)) or platform.machine() not in ("x86_64", "AMD64")
        want = jax.tree.leaves(jax.jit(function)(*arguments))
    for found, wanted in zip(run(host_function(closed), *arguments), want, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_derivative_has_no_twin():
    """It goes by the name of its function, and may take as many operands."""
    with jax.enable_x64(True):
        x, t = np.float32([1, 4]), np.float32([1, 1])
        def root(x):
            return jnp.sqrt(x)

        function = twin(root, 1)(lambda e: lambda x: x)
        pushed = jax.make_jaxpr(lambda x, t: jax.jvp(function, (x,), (t,)))(x, t)
        assert not any(map(has_twin, pushed.jaxpr.eqns))
        np.testing.assert_allclose(run(host_function(pushed), x, t)[1], [0.5, 0.25])
    del CALLS[function.__name__], RULES[function.__name__]


def test_a_part_of_a_function_has_no_twin():
    """JAX takes what does not change out of a loop: what is left of a function, and what was taken, go by its name."""

    def total(x):
        def step(state, _):
            n, y = state
            return (_elementwise._floor_divide(n, jnp.int32(2)), y * jnp.sin(y)), None

        (n, y), _ = lax.scan(step, (jnp.int32(40), x), None, length=3)
        return y + n

    x = np.float32(0.5)
    closed = jax.make_jaxpr(jax.grad(total))(x)
    assert "tfcompat.floor_divide" in str(closed)
    (found,) = host_function(closed)(x)
    assert found == pytest.approx(float(jax.grad(total)(x)), rel=1e-5)
