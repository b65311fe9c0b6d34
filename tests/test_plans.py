"""Plans, which the C extension goes through, compute what the text of Python does; see plans.py."""

import functools
import gc
import itertools
import threading
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from jax import lax
from marks import IN_C

import tfcompat as tf
from tfcompat import _diagonals
from tfcompat._core import context, native, plans
from tfcompat._core.equations import Value
from tfcompat._core.interpret import Builder, host_function

pytestmark = [pytest.mark.own_mode, IN_C]


def made(function, *arrays):
    """The plan of a JAX function."""
    with jax.enable_x64(True):
        host = host_function(jax.make_jaxpr(function)(*arrays))
    assert host.planned
    return host


def run(host, *arrays):
    with np.errstate(all="ignore"):
        return host(*arrays)


def agree(host, *arrays):
    """Runs both forms; they give the same shapes, dtypes and values."""
    before = [np.array(a) for a in arrays]
    for got, want in zip(run(host, *arrays), run(host.in_python, *before), strict=True):
        assert (np.shape(got), got.dtype) == (np.shape(want), want.dtype)
        single = got.dtype == np.float32
        np.testing.assert_allclose(got, want, rtol=1e-5 if single else 1e-12, atol=1e-6 if single else 1e-13)  # sums in another order cancel
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


# Random programs: each step takes what there is and adds to it.

UNARY = {
    "exp": jnp.exp, "tanh": jnp.tanh, "square": jnp.square, "negative": jnp.negative, "logistic": jax.nn.sigmoid, "abs": jnp.abs,
    "rsqrt": lambda x: lax.rsqrt(jnp.abs(x) + 1), "cube": lambda x: lax.integer_pow(x, 3), "inverse": lambda x: lax.integer_pow(1 + x * x, -2),
    "sums": lambda x: jnp.cumsum(x, -1), "sums_back": lambda x: lax.cumsum(x, 0, reverse=True), "products": lambda x: jnp.cumprod(x, 0),
    "transpose": jnp.transpose, "reverse": lambda x: jnp.flip(x, 0), "reverse_all": jnp.flip, "row": lambda x: x[1:2],
    "every_other": lambda x: x[::2, ::-1], "flat": lambda x: x.reshape(-1, 1), "flat_turned": lambda x: x.T.reshape(1, -1),
    "sum": lambda x: x.sum(0, keepdims=True), "sum_of_rows": lambda x: x.sum(1, keepdims=True), "total": lambda x: x.sum(keepdims=True),
    "max": lambda x: x.max(1, keepdims=True), "min": lambda x: x.min(0, keepdims=True), "product": lambda x: jnp.prod(x, 1, keepdims=True),
    "softmax": lambda x: jax.nn.softmax(x, 1), "pad": lambda x: lax.pad(x, np.float32(0.5), ((1, 0, 1), (0, 2, 0))),
    "whole": lambda x: jnp.clip(x, -9, 9).astype(jnp.int32).astype(jnp.float32), "tile": lambda x: jnp.tile(x[:2, :2], (2, 3)),
    "choice": lambda x: jnp.where(x > 0, x, 0.25), "diagonal": lambda x: x * jnp.eye(*x.shape, dtype=x.dtype), "any": lambda x: (x > 1).any(1, keepdims=True) * x,
    "rows": lambda x: x[jnp.array([0, 0, -1])], "taken": lambda x: jnp.take(x, jnp.array([[0], [5]]), 1, mode="fill")[..., 0],
    "put": lambda x: x.at[jnp.array([0, 9])].add(1.5), "set": lambda x: x.at[0].set(2.0), "window": lambda x: lax.dynamic_slice(x, (7, 0), (1, 1)),
}  # fmt: skip
BINARY = {
    "add": jnp.add, "subtract": jnp.subtract, "multiply": jnp.multiply, "maximum": jnp.maximum, "divide": lambda x, y: x / (1 + y * y),
    "softplus": jnp.logaddexp, "product": lambda x, y: x @ y.T, "inner": lambda x, y: x.T @ x, "rows": lambda x, y: jnp.concatenate([x, y], 0),
    "columns": lambda x, y: jnp.concatenate([x, y, x], 1), "stack": lambda x, y: jnp.stack([x, y], 1).reshape(-1, x.shape[-1]),
    "put": lambda x, y: lax.dynamic_update_slice(x, y[:1, :1], (1, 9)), "choice": lambda x, y: jnp.where(x < y, x, y),
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_programs(data):
    rows, columns = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    inputs = [np.random.default_rng(k).normal(size=(rows, columns)).astype(np.float32) for k in range(2)]
    names = data.draw(st.lists(st.sampled_from([*UNARY, *BINARY]), min_size=1, max_size=9))
    places = data.draw(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=len(names), max_size=len(names)))
    wanted = data.draw(st.lists(st.integers(0, 99), min_size=1, max_size=4))

    def program(*arrays):
        values = list(arrays)
        for name, (i, j) in zip(names, places, strict=True):
            x, y = values[i % len(values)], values[j % len(values)]
            try:
                made = UNARY[name](x) if name in UNARY and (name not in BINARY or i % 2) else BINARY[name](x, y)
            except (TypeError, ValueError):  # shapes that do not fit
                continue
            if 0 < made.size <= 256:
                values.append(jnp.sin(made) if made.dtype == jnp.float32 else made)
        return [values[k % len(values)] for k in wanted] + [values[0] * 2 + values[-1].sum()]

    agree(made(program, *inputs), *inputs)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32", "uint32", "int64", "uint64", "float32", "float64"])
def test_types(dtype):
    x, y = [np.random.default_rng(k).integers(0, 5, (3, 4)).astype(dtype) for k in range(2)]
    functions = [lambda x, y: (x == y) & (x < y), lambda x, y: jnp.where(x > y, x, y), lambda x, y: lax.concatenate([x, y], 0)]
    functions += [lambda x, y: x.max(0) if x.dtype != bool else x.any(0), lambda x, y: (x > y).all()]
    if dtype != "bool":
        functions += [lambda x, y: x * y + x - y, lambda x, y: x.sum(1, dtype=x.dtype), lambda x, y: jnp.cumsum(x, 0, dtype=x.dtype)]
    for function in functions:
        agree(made(function, x, y), x, y)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", "int64", "uint64"])
def test_divisions(dtype):
    """By zero, and of the least number by -1, too."""
    limits = np.iinfo(dtype)
    numbers = np.array([limits.min, limits.min + 1, limits.max, 0, 1, 2, 7, -1 if limits.min else 5, -7 if limits.min else 9], dtype)
    x, y = np.meshgrid(numbers, numbers)
    for function in (lax.rem, lax.div, lambda x, y: lax.rem(y, x) + lax.div(y, x), lambda x, y: lax.rem(x, y[:1] * 0 + y)):
        agree(made(function, x, y), x, y)
    for divisor in np.array([3, -4 if limits.min else 4], dtype):
        agree(made(lambda x, d=divisor: lax.rem(x, d) + lax.div(x, jnp.broadcast_to(d, x.shape)), x), x)


@pytest.mark.parametrize("source, target", [("float32", "int32"), ("float32", "int64"), ("float64", "int32"), ("float64", "int64")])
def test_casts_saturate(source, target):
    numbers = [0, -0.0, 1.9, -1.9, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63, -(2**63), 1e30, -1e30, np.inf, -np.inf, np.nan, 2.0**62]
    x = np.array(numbers, source)
    agree(made(lambda x: lax.convert_element_type(x, target), x), x)


@pytest.mark.parametrize("small", ["float16", "bfloat16"])
def test_conversions_of_small_floats(small):
    """To the nearest, to the even one of two: all of them, and the numbers in the middle of two and beside it."""
    small = jnp.dtype(small)
    every = np.arange(1 << 16, dtype=np.uint16).view(small)
    wide = np.sort(every.astype(np.float32))
    wide = wide[np.isfinite(wide)]
    with np.errstate(over="ignore"):
        middle = wide[:-1] + (wide[1:] - wide[:-1]) / 2
    largest = [65519, 65520, -65520, 3.3895e38, 3.4e38, np.inf, -np.inf, np.nan, 1e-45, -1e-30]
    floats = np.concatenate([middle, np.nextafter(middle, np.inf), np.nextafter(middle, -np.inf), np.array(largest, np.float32)])
    for source, target in ((every, np.dtype(np.float32)), (floats.astype(np.float32), small)):
        for part in np.array_split(source, len(source) // 1000):
            host = made(lambda x: jnp.stack([x, x[::-1]]).astype(target), part)  # noqa: B023
            with np.errstate(all="ignore"):
                got, want = np.asarray(host(part)[0])[0], part.astype(target)
            nan = np.isnan(want.astype(np.float32))
            assert got.dtype == want.dtype and np.isnan(got[nan].astype(np.float32)).all()
            assert got[~nan].tobytes() == want[~nan].tobytes()


@pytest.mark.parametrize("small", ["float16", "bfloat16"])
def test_small_floats_are_computed_in_float32(small):
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(jnp.dtype(small))
    for function, arrays in ((lambda x, y: (jnp.where(x > y, x * y, abs(y)).T, jnp.pad(x - y, 1)), (x, x[::-1])), (lambda x: [-x], (x[0, 0],))):
        host = made(function, *arrays)
        for got, want in zip(run(host, *arrays), run(host.in_python, *arrays), strict=True):
            assert (got.shape, got.dtype, got.tobytes()) == (want.shape, want.dtype, want.tobytes())


@pytest.mark.parametrize("source, target", [("int8", "float32"), ("float32", "uint8"), ("uint64", "int8")])
def test_casts_that_have_no_step(source, target):
    host = host_function(jax.make_jaxpr(lambda x: lax.convert_element_type(x, target) + 1)(np.ones((3, 3), source)))
    assert not getattr(host, "planned", False)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 13, 15, 16, 17, 40])
def test_short_rows(dtype, size):
    """The extension has loops of its own for them: NumPy's bits."""
    rng = np.random.default_rng(size)
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0], dtype)
    x, y = [np.where(rng.random((5, size)) < 0.3, rng.choice(odd, (5, size)), rng.normal(size=(5, size)) * 99).astype(dtype) for _ in range(2)]
    for function, ufunc in ((jnp.add, np.add), (jnp.subtract, np.subtract), (jnp.multiply, np.multiply), (jnp.divide, np.divide),
                            (jnp.maximum, np.maximum), (jnp.minimum, np.minimum)):  # fmt: skip
        host = made(lambda x, y, f=function: (f(x, y), f(x, y[:1]), f(x[:, :1], y), f(x.T, y.T), f(x[:, ::-1], y)), x, y)
        pairs = (x, y), (x, y[:1]), (x[:, :1], y), (x.T, y.T), (x[:, ::-1], y)
        want = [run(ufunc, *pair) for pair in pairs]
        for a, b in zip(run(host, x, y), want, strict=True):
            np.testing.assert_array_equal(a, b)
    z = np.nan_to_num(x, posinf=5, neginf=7)
    for function, ufunc in ((lambda x, d: x.sum(d), np.add), (lambda x, d: jnp.prod(x, d), np.multiply), (lambda x, d: x.max(d), np.maximum),
                            (lambda x, d: x.min(d), np.minimum)):  # fmt: skip
        for axis in (0, 1):
            host = made(lambda x, f=function, d=axis: f(x, d), z)
            np.testing.assert_array_equal(run(host, z)[0], ufunc.reduce(z, axis))
            agree(host, x)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("size", [1, 2, 7, 40, 128])
def test_orders(dtype, size):
    rng = np.random.default_rng(size)
    x = rng.integers(-3, 3, (3, size, 2)).astype(dtype)
    if dtype.startswith("f"):
        x[rng.random(x.shape) < 0.2] = np.nan
        x[rng.random(x.shape) < 0.1] = -np.inf
        x[rng.random(x.shape) < 0.1] = -0.0
    few, turned = min(3, size), np.ascontiguousarray(x.transpose(0, 2, 1))
    for read, array in ((lambda t: tf.argsort(t, 1, stable=True), x), (lambda t: tf.argmax(t, 1), x), (lambda t: tf.argmax(t, 2, tf.int32), x),
                        (lambda t: tf.argmax(t, 0), x), (lambda t: tf.math.top_k(t, few), turned), (lambda t: tf.math.top_k(t, size), turned)):
        results = read(tf.constant(array))
        [spec] = [spec for spec in context.state.segment.specs if spec.name in ("ArgSort", "ArgMax", "TopKV2")]
        host = host_function(spec.jaxpr)
        assert host.planned
        agree(host, array)
        with tf.debug.mode("compiled"):
            compiled = [np.array(t) for t in (results if isinstance(results, tuple) else (results,))]
        for got, want in zip(run(host, array), compiled, strict=False):  # argsort has a second result, for tapes
            np.testing.assert_array_equal(got, want)


        for axis, kind in itertools.product(range(3), (np.int32, np.int64)):  # of NaN the first
            agree(made(lambda x: (lax.argmax(x, axis, kind), lax.argmin(x, axis, kind)), x), x)  # noqa: B023


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("size", [1, 2, 7, 32])
def test_sorts(dtype, size):
    rng = np.random.default_rng(size)
    x = rng.integers(-9, 9, (3, size, 2)).astype(dtype)
    if dtype.startswith("f"):
        x[rng.random(x.shape) < 0.2] = np.nan
        x[rng.random(x.shape) < 0.1] = np.inf
    for axis in range(3):
        agree(made(lambda x: (jnp.sort(x, axis) * 1, jnp.flip(jnp.sort(x, axis), axis)), x), x)  # noqa: B023
        agree(made(lambda x: lax.sort((x, lax.broadcasted_iota(np.int32, x.shape, axis)), dimension=axis, num_keys=1), x), x)  # noqa: B023


def test_arguments_of_every_kind():
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    host = made(lambda x, s: (jnp.exp(x) * s, s + 1), x, np.float32(2))
    turned, apart, swapped = np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2], x.astype(">f4")
    frozen = x.copy()
    frozen.flags.writeable = False
    for array in (x, turned, apart, swapped, frozen, x[::-1][::-1]):
        for scalar in (np.float32(2), np.array(2, np.float32)):
            agree(host, array, scalar)
    results = run(host, x, np.float32(2))
    assert type(results[1]) is np.float32 and results[0].flags.owndata and results[0].flags.writeable


def test_what_is_no_array_goes_to_python():
    x = np.ones(3, np.float32)
    host = made(lambda x, s: x * s + 1, x, np.float32(2))
    np.testing.assert_array_equal(run(host, x, 2.0)[0], run(host.in_python, x, 2.0)[0])
    np.testing.assert_array_equal(run(host, x.astype(np.float64), np.float32(2))[0], [3, 3, 3])
    with pytest.raises(TypeError):
        host(x)


def test_results_are_nobody_elses():
    x = np.ones((2, 3), np.float32)
    host = made(lambda x: (x.T, x + 1, x, x[0]), x)
    first, second = run(host, x), run(host, x)
    for a, b in zip(first, second, strict=True):
        assert not np.shares_memory(a, b) and not np.shares_memory(a, x)
    first[0][...] = 7
    assert x.max() == 1 and second[0].max() == 1


def test_results_that_nobody_wants():
    builder, x = Builder((), None), np.arange(6, dtype=np.float32).reshape(2, 3)
    closed = jax.make_jaxpr(lambda x: (x + 1, jnp.exp(x + 1), x.sum()))(x)
    value = Value(closed.jaxpr.invars[0].aval)
    first, _, last = builder.flatten(closed.jaxpr, closed.consts, [value])
    host = builder.finish([value], [first, None, last], lambda: None)
    assert host.planned
    results = run(host, x)
    assert results[1] is None and results[2] == 15
    np.testing.assert_array_equal(results[0], x + 1)


@pytest.mark.parametrize("count", [1, 16, 17, 29, 30, 31, 100])
def test_scalar_results(count):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    host = made(lambda x: [f for k in range(count) for f in ((x + k).sum(), x.max() > k, (x.astype(np.float64) * k).sum())][:count], x)
    for _ in range(3):
        agree(host, x)
    assert [type(value) for value in run(host, x)] == [np.float32, np.bool_, np.float64] * (count // 3) + [np.float32, np.bool_][: count % 3]


def test_a_constant_is_read_where_it_lies():
    table = np.arange(8, dtype=np.float32)
    x = np.ones((2, 8), np.float32)
    host = made(lambda x: (x + table, x * table, table[::-1] - x), x)
    for _ in range(3):
        agree(host, x)


def test_what_depends_on_no_argument_is_computed_once():
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    host = made(lambda x: (jnp.tril(x), x + jnp.eye(3, 4), jnp.exp(jnp.eye(3)), jnp.argsort(-x, 1), x * lax.iota(jnp.float32, 4)), x)
    for _ in range(3):
        agree(host, x)
    eye = functools.partial(jnp.eye, 3, 4, dtype=np.float32)
    few, many = made(lambda x: x + eye(), x), made(lambda x: x + jnp.exp(jnp.sin(eye())) * 2, x)
    assert few.count == many.count == 1
    big, numbers = np.ones(3600, np.float32), functools.partial(lax.iota, jnp.float32, 3600)  # not so where it is large
    host = made(lambda x: x + jnp.cos(numbers()) + jnp.sin(numbers()), big)
    assert host.count == 4
    agree(host, big)


def test_empty_arrays():
    x = np.ones((0, 3), np.float32)
    agree(made(lambda x: (x + 1, x.sum(0), x.sum(), x.max(1), jnp.concatenate([x, jnp.ones((1, 3), x.dtype)])), x), x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [(), (2,), (3, 2)])
def test_matrices(dtype, batch):
    rng = np.random.default_rng(0)
    for n, columns in ((1, 1), (2, 5), (8, 8), (16, 3), (3, 64)):
        x, b = rng.normal(size=(*batch, n, n)).astype(dtype), rng.normal(size=(*batch, n, columns)).astype(dtype)
        square = x @ np.swapaxes(x, -1, -2) + 3 * np.eye(n, dtype=dtype)
        agree(made(lambda a: jnp.linalg.cholesky(a, symmetrize_input=False), square), square)
        dominant = x / 5 + np.eye(n, dtype=dtype)
        agree(made(lambda a, b: tf.linalg.solve.op.body(a, b, False), dominant, b), dominant, b)
        agree(made(lambda a: lax.linalg.lu(a), x), x)
        for left, lower, transposed, unit in itertools.product((True, False), repeat=4):
            rhs = b if left else np.ascontiguousarray(np.swapaxes(b, -1, -2))
            agree(made(lambda a, b: lax.linalg.triangular_solve(a, b, left_side=left, lower=lower, transpose_a=transposed, unit_diagonal=unit),  # noqa: B023
                       dominant, rhs), dominant, rhs)  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_matrices_that_fail(dtype):
    """What is no number, and what is told, is the same."""
    good, zeros, ones, negative = np.eye(3, dtype=dtype), np.zeros((3, 3), dtype), np.ones((3, 3), dtype), -np.eye(3, dtype=dtype)
    unknown, last = np.where(good > 0, good, np.nan).astype(dtype), np.diag([1, 1, 0]).astype(dtype)
    x = np.stack([good, zeros, ones, negative, unknown, last])
    agree(made(lambda a: jnp.linalg.cholesky(a, symmetrize_input=False), x), x)
    agree(made(lambda a: lax.linalg.lu(a), x), x)
    for a in (*x, x[:1], x[3:], x):
        agree(made(lambda a, b: tf.linalg.solve.op.body(a, b, False), a, a), a, np.ones_like(a))


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_numbers(dtype):
    rng = np.random.default_rng(0)
    x, y = [(rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))).astype(dtype) for _ in range(2)]
    other = jnp.dtype({"complex64": "complex128", "complex128": "complex64"}[dtype])
    rows = jnp.array([2, 0, 5])
    functions = [
        lambda x, y: x * y + x / y - x, lambda x, y: (x.real, x.T.imag, lax.complex(y.imag, x.real)), lambda x, y: (jnp.conj(x), -y, abs(x)),
        lambda x, y: (x.sum(0), x.prod(1), jnp.cumsum(x, 1)), lambda x, y: x @ y.T, lambda x, y: jnp.where(x == y, x, 2 * y), lambda x, y: x[0, 1] + 1,
        lambda x, y: (jnp.exp(x), jnp.sqrt(x), jnp.sin(y)), lambda x, y: (x.astype(other), x.real.astype(dtype), x.real.astype(other)),
        lambda x, y: (jnp.take(x, rows, 0, mode="fill"), x.at[rows[:2]].add(y[:2])), lambda x, y: lax.real(x[:, :1] * 2),
    ]  # fmt: skip
    special = x.copy()
    special.flat[:4] = [0, complex(np.inf, 1), complex(1, np.nan), complex(-0.0, -np.inf)]
    for function in functions:
        agree(made(function, x, y), x, y)
        agree(made(function, x, y), special, y)


@pytest.mark.parametrize("small", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["add", "multiply", "max", "min"])
def test_scatters_of_small_floats_round_each_time(small, name):
    x = np.float32([[0.1, 300], [np.nan, 2], [-5, 0.3], [7, 0.7]]).astype(jnp.dtype(small))
    target = np.float32([[1, 256], [0, 3], [9, 9]]).astype(jnp.dtype(small))
    host = made(lambda t, x: getattr(t.at[np.array([0, 0, 2, 0])], name)(x), target, x)
    (got,), (want,) = run(host, target, x), run(host.in_python, target, x)
    np.testing.assert_array_equal(got.astype(np.float32), want.astype(np.float32))


@pytest.mark.parametrize("size", [(4, 4), (2, 5), (5, 2), (1, 1), (2, 3, 4)])
def test_bands(size):
    x = np.arange(1, 1 + np.prod(size), dtype=np.float32).reshape(size)
    for low, high in itertools.product((-1, 0, 1), (-1, 0, 1)):
        for kind in (np.int32, np.int64):
            agree(made(lambda x, a, b: _diagonals._banded(x, a, b), x, kind(low), kind(high)), x, kind(low), kind(high))
            agree(made(lambda x: _diagonals._banded(x, kind(low), kind(high)), x), x)  # noqa: B023


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_sliding_windows(data):
    """Convolutions and pools of any layout, padding, stride and dilation."""
    rank = data.draw(st.integers(1, 2))
    sizes = data.draw(st.lists(st.integers(1, 6), min_size=rank, max_size=rank))
    window = [data.draw(st.integers(1, 3)) for _ in sizes]
    strides, dilations, apart = [[data.draw(st.integers(1, 3)) for _ in sizes] for _ in range(3)]
    padding = [(data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))) for _ in sizes]
    around = [(data.draw(st.integers(-2, 3)), data.draw(st.integers(-2, 3))) for _ in sizes]
    if any(n + low + high < (k - 1) * d + 1 for n, (low, high), k, d in zip(sizes, padding, window, dilations, strict=True)):
        return
    batch, depth, features = [data.draw(st.integers(1, 3)) for _ in range(3)]
    layout = data.draw(st.sampled_from([("NHWC", "HWIO", "NHWC"), ("NCHW", "OIHW", "NCHW"), ("NHWC", "OHWI", "NCHW")]))
    if rank == 1:
        layout = tuple(spec.replace("H", "") for spec in layout)

    def array(spec, **named):
        places = iter(named["places"])
        rng = np.random.default_rng(0)
        return rng.normal(size=[next(places) if c in "HW" else named[c] for c in spec]).astype(np.float32)

    x = array(layout[0], N=batch, C=depth, places=sizes)
    kernel = array(layout[1], I=depth, O=features, places=window)
    agree(made(lambda x, k: lax.conv_general_dilated(x, k, strides, padding, None, dilations, layout) + 1, x, kernel), x, kernel)
    if all((n - 1) * s + 1 + low + high >= (k - 1) * d + 1 for n, s, (low, high), k, d in zip(sizes, apart, around, window, dilations, strict=True)):
        agree(made(lambda x, k: lax.conv_general_dilated(x, k, strides, around, apart, dilations, layout), x, kernel), x, kernel)
    pooled = [[1 if c in "NC" else next(part) for c in layout[0]] for part in map(iter, (window, strides, dilations))]
    outside = iter(padding)
    outside = [(0, 0) if c in "NC" else next(outside) for c in layout[0]]
    for start, function in ((-np.inf, lax.max), (np.inf, lax.min), (0.0, lax.add)):
        agree(made(lambda x, s=start, f=function: lax.reduce_window(x, np.float32(s), f, *pooled[:2], outside, None, pooled[2]) * 2, x), x)


def test_what_is_only_arranged_is_copied_where_it_is_small():
    x, large = np.ones((3, 4), np.float32), np.ones((40, 50), np.float32)
    assert made(lambda x: x.T, x) and made(lambda x: jnp.broadcast_to(x, (2, 3, 4)), x)
    agree(made(lambda x: [*x, x[:, 1:]], x), x)  # several views
    for function, array in ((lambda x: x.T, large), (lambda x: x.reshape(4, 3), x), (lambda x: x[1:], x), (lambda x: (x[:20], x[20:]), large)):
        assert not getattr(host_function(jax.make_jaxpr(function)(array)), "planned", False)


@pytest.mark.parametrize("function", [
    lambda x: x[1:], lambda x: jnp.sort(jnp.tile(x, (20, 1)), 0), lambda x: jnp.linalg.cholesky(jnp.tile(x, (6, 6))), lambda x: jnp.ones(3),
    lambda x: jnp.power(x.astype(int), 2 + x.astype(int)), lambda x: jnp.eye(3) * 2 + 1,
])  # fmt: skip
def test_what_has_no_plan(function):
    host = host_function(jax.make_jaxpr(function)(np.ones((3, 3), np.float32)))
    assert not getattr(host, "planned", False)


@pytest.mark.parametrize("size, k", [(6, 0), (200, 200), (3000, 20), (0, 0)])
def test_orders_that_have_no_plan(size, k):
    x = np.arange(size, dtype=np.float32)
    found = tf.math.top_k(tf.constant(x), k)
    [spec] = [spec for spec in context.state.segment.specs if spec.name == "TopKV2"]
    assert not getattr(host_function(spec.jaxpr), "planned", False)
    np.testing.assert_array_equal(found.indices, np.arange(size)[::-1][:k])


def test_large_arrays_have_none():
    x = np.ones(plans.LARGEST // 4 + 1, np.float32)
    assert not getattr(host_function(jax.make_jaxpr(lambda x: x + 1)(x)), "planned", False)
    assert made(lambda x: x + 1, x[1:])


def test_threads_share_the_scratch_memory():
    inputs = [np.full((8, 8), k, np.float32) for k in range(4)]
    host, found = made(lambda x: jax.nn.softmax(jnp.exp(x / 9) @ x.T, 1) + x, inputs[0]), {}
    want = [run(host, x)[0] for x in inputs]

    def work(k):
        found[k] = all(np.array_equal(run(host, inputs[k])[0], want[k]) for _ in range(2000))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert found == dict.fromkeys(range(4), True)


def test_a_plan_is_let_go():
    x = np.ones((3, 3), np.float32)
    run(made(lambda x: x @ x + 1, x), x)
    gc.collect()
    host = made(lambda x: x @ x + 1, x)
    forms = [weakref.ref(host.in_python.make) for host in (host, host)]
    run(host, x)
    run(host.in_python, x)
    del host
    gc.collect()
    assert [r() for r in forms] == [None, None]


def test_what_is_covered_has_a_plan():
    """The costs assume plans by `covers`, which only looks."""
    x, i = np.ones((3, 3), np.float32), np.int32(1)
    functions = [lambda x, i: jax.nn.softmax(x), lambda x, i: x[i], lambda x, i: x.at[i].set(x[0]), lambda x, i: x @ x + jnp.tanh(x),
                 lambda x, i: jnp.where(x > 0, x, 0).sum(), lambda x, i: x.reshape(-1).astype(jnp.int32) + i,
                 lambda x, i: lax.digamma(x), lambda x, i: jnp.sort(x), lambda x, i: lax.optimization_barrier(x) + 1,
                 lambda x, i: jnp.linalg.cholesky(x)]  # fmt: skip
    with jax.enable_x64(True):
        for function in functions:
            closed = jax.make_jaxpr(function)(x, i)
            assert plans.covers(closed.jaxpr) and host_function(closed).planned
        assert not plans.covers(jax.make_jaxpr(lambda x, i: jnp.sort(jnp.tile(x, 20)))(x, i).jaxpr)
        assert not plans.covers(jax.make_jaxpr(lambda x, i: lax.digamma(x.astype(np.float64)))(x, i).jaxpr)
        assert not plans.covers(jax.make_jaxpr(lambda x, i: jnp.linalg.cholesky(jnp.tile(x, (6, 6))))(x, i).jaxpr)
        assert plans.covers(jax.make_jaxpr(lambda x: jnp.unstack(x) or x)(np.ones((0, 3))).jaxpr)
        assert not plans.covers(jax.make_jaxpr(lambda x, i: x + i)(np.ones(10_000, np.float32), i).jaxpr)


_NEAR = [1.0, 2.0, 1.4616321, -0.50408301, -2.4570247, -2.7476827, -0.5, -1.5, -2.0, -3.0, 10.0, 0.0]
_SINGLES = st.one_of(
    st.floats(width=32, allow_subnormal=False), st.floats(-60, 60, width=32, allow_subnormal=False),
    st.tuples(st.sampled_from(_NEAR), st.floats(-1e-3, 1e-3)).map(lambda pair: float(np.float32(sum(pair)))),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_SINGLES, min_size=1, max_size=40))
@pytest.mark.parametrize("name", ["digamma", "lgamma", "erf", "erfc"])
def test_functions_of_singles(name, numbers):
    """As exact as singles can be: what SciPy computes in double."""
    from scipy import special

    x = np.array(numbers, np.float32)
    with np.errstate(all="ignore"):
        got, wide = getattr(native.extension, name)(x), x.astype(np.float64)
        want = {"digamma": special.psi, "lgamma": special.gammaln}.get(name, getattr(special, name, None))(wide)
        if name == "digamma":
            want[(wide <= 0) & (wide == np.floor(wide))] = np.nan
        elif name == "lgamma":
            want[wide == -np.inf] = np.inf
        # Of what is below 0 SciPy adds terms, too: near roots they cancel.
        np.testing.assert_allclose(got, want.astype(np.float32), rtol=1.2e-7, atol=1e-13)
    found = getattr(tf.math, name)(tf.constant(x))
    [spec] = [spec for spec in context.state.segment.specs if spec.name == name.capitalize()]
    assert host_function(spec.jaxpr).planned
    np.testing.assert_array_equal(found, got)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["zeta", "polygamma"])
def test_functions_of_two(name, dtype):
    """What SciPy computes where all is ordinary, also far from it; at limits the recorded cases hold."""
    from scipy import special

    rng = np.random.default_rng(0)
    q = np.exp(rng.uniform(-6, 9, 4000)).astype(dtype)
    x = 1 + np.exp(rng.uniform(-6, 4, 4000)).astype(dtype) if name == "zeta" else rng.integers(0, 30, 4000).astype(dtype)
    with np.errstate(all="ignore"):
        got = getattr(native.extension, name)(x, q)
        if name == "zeta":
            want = special.zeta(x.astype(np.float64), q.astype(np.float64))
        else:
            want = special.polygamma(x.astype(int), q.astype(np.float64))
    inside = (abs(want) < np.finfo(dtype).max) & (abs(want) > np.finfo(dtype).tiny)
    if name == "polygamma":  # near its root digamma cancels; of singles the sum may be none where the product is one
        inside &= (abs(want) > 0.01) & (abs(want) > np.finfo(dtype).tiny * special.gamma(np.float64(x) + 1))
    assert inside.sum() > 1000
    np.testing.assert_allclose(got[inside], want[inside], rtol=1e-6 if dtype == "float32" else 1e-11)
    negative = np.array([-0.25, -3.7, -999.5, -1000.5, -40000.25], dtype)
    want = special.zeta(3, negative.astype(np.float64))
    np.testing.assert_allclose(native.extension.zeta(np.asarray(3, dtype), negative), want, rtol=1e-6, atol=1e-9)
