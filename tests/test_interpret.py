"""The NumPy form of each lax primitive against XLA's results: integers exactly, floats to a few ulp."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from jax import lax
from xla_reference import FLOAT32, check, check_all, compiled, dtypes, few, numbers, run, same, values

from tfcompat import _elementwise, nn
from tfcompat._core import costs, halves, lax_indexing
from tfcompat._core.interpret import NoHostForm, host_function

# --- elementwise

UNARY = {
    "neg": "iufc",
    "sign": "iufc",
    "abs": "ifc",
    "square": "iufc",
    "floor": "f",
    "ceil": "f",
    "is_finite": "f",
    "exp": "fc",
    "exp2": "fc",
    "log": "fc",
    "log1p": "f",
    "expm1": "f",
    "sqrt": "fc",
    "rsqrt": "fc",
    "cbrt": "f",
    "sin": "fc",
    "cos": "fc",
    "tan": "fc",
    "asin": "f",
    "acos": "f",
    "atan": "f",
    "sinh": "fc",
    "cosh": "fc",
    "tanh": "fc",
    "asinh": "f",
    "acosh": "f",
    "atanh": "f",
    "logistic": "f",
    "erf": "f",
    "erfc": "f",
    "erf_inv": "f",
    "lgamma": "f",
    "digamma": "f",
    "bessel_i0e": "f",
    "bessel_i1e": "f",
    "bitwise_not": "biu",
    "population_count": "iu",
    "clz": "iu",
    "real": "c",
    "imag": "c",
    "conj": "fc",
    "stop_gradient": "biufc",
}
# Where XLA's approximation, not NumPy's, is off by more than a few ulp: where to look, and how closely.
RANGE = {"sin": 1e3, "cos": 1e3, "tan": 1e1, "exp2": 20, "sinh": 20, "cosh": 20, "digamma": 50, "lgamma": 50}
ULPS = {
    "tan": 64,
    "digamma": 2**13,
    "lgamma": 2**8,
    "erf_inv": 2**8,
    "erfc": 2**8,
    "tanh": 16,
    "igamma": 2**10,
    "igammac": 2**12,
    "bessel_i0e": 64,
    "bessel_i1e": 64,
    "atanh": 32,
    "asinh": 32,
    "acosh": 32,
    "log1p": 32,
    "exp2": 32,
    "pow": 64,
    "sinh": 32,
    "cosh": 32,
    "regularized_incomplete_beta": 2**12,
    "zeta": 64,
    "polygamma": 2**9,
}


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    f, cases = getattr(lax, name), []
    for dtype in dtypes(UNARY[name]):
        reach = RANGE.get(name, 1e3)
        x = values(dtype, low=-reach, high=reach)
        if name in ("lgamma", "digamma"):
            x = x[(np.abs(x - 1) > 0.1) & (np.abs(x - 2) > 0.1) & ~(x < 0)]  # they have zeros there, or many poles
        cases.append((f, [x], ULPS.get(name, 8) * (8 if dtype.kind == "c" else 1)))
    check_all(*cases, elementwise=True)


BINARY = {
    "add": "iufc",
    "sub": "iufc",
    "mul": "iufc",
    "max": "biuf",
    "min": "biuf",
    "div": "iufc",
    "rem": "iuf",
    "eq": "biufc",
    "ne": "biufc",
    "lt": "biuf",
    "le": "biuf",
    "gt": "biuf",
    "ge": "biuf",
    "bitwise_and": "biu",
    "bitwise_or": "biu",
    "bitwise_xor": "biu",
    "shift_left": "iu",
    "shift_right_logical": "iu",
    "shift_right_arithmetic": "iu",
    "atan2": "f",
    "nextafter": "f",
    "pow": "fc",
    "complex": "f",
}


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    f, cases = getattr(lax, name), []
    for dtype in dtypes(BINARY[name]):
        x, y = np.array(list(itertools.product(values(dtype, 8), values(dtype, 6, seed=1))), dtype).T
        if name.startswith("shift"):
            y = np.concatenate([y[:-40], np.arange(40).astype(dtype)])
        ulps = ULPS.get(name, 8) * (16 if dtype.kind == "c" else 1)
        cases.append((f, [x, y], ulps))
        if name in ("div", "rem") and dtype.kind in "iu":
            # Division by a constant takes a shorter way.
            cases.append((lambda x: f(x, lax.full_like(x, 3)), [x], 0))
    check_all(*cases, elementwise=True)


@pytest.mark.parametrize("power", [-3, -2, -1, 0, 1, 2, 3, 4, 7, 12])
def test_integer_pow(power):
    kinds = dtypes("iufc" if power >= 0 else "fc")
    check_all(*((lambda x: lax.integer_pow(x, power), [values(t)], 256 if t.kind == "c" else 32) for t in kinds))


def test_pow_with_integer_exponent():
    for dtype in dtypes("f"):
        check(lax.pow, np.array([2, -2, 0, 1.5], dtype), np.array([3, -3, 0, 2], np.int32))


@pytest.mark.parametrize("method", list(lax.RoundingMethod))
def test_round(method):
    check_all(*((lambda x: lax.round(x, method), [values(dtype)], 0) for dtype in dtypes("f")))


def test_clamp():
    cases = []
    for dtype in dtypes("iuf"):
        cases.append((lax.clamp, [np.array(1, dtype), values(dtype), np.array(3, dtype)], 0))
        cases.append((lax.clamp, [np.full(5, 2, dtype), values(dtype)[:5], np.full(5, 1, dtype)], 0))
    check_all(*cases)


@pytest.mark.parametrize("source", dtypes("biufc"))
def test_convert_element_type(source):
    x = values(source)
    if source.kind == "f":
        x = np.concatenate([x, np.array([2.0**k * s for k in (7, 8, 15, 16, 31, 32, 63, 64) for s in (1, -1)], source)])
    targets = []
    for target in dtypes("biufc"):
        if source.kind != "c" or target.kind == "c":
            targets.append(target)
    check(lambda x: [lax.convert_element_type(x, t) for t in targets], x, ulps=1)
    with jax.enable_x64(True):
        hosts = [
            host_function(jax.make_jaxpr(lambda x: [lax.convert_element_type(x, t) for t in targets])(y))
            for y in (x, x[0], x[:0])
        ]
    whole = run(hosts[0], x)
    for k in range(0, len(x), 3):
        for got, want in zip(run(hosts[1], x[k]), whole, strict=True):
            same(got, want[k], 0)
    assert [y.shape for y in run(hosts[2], x[:0])] == [(0,)] * len(targets)


@pytest.mark.parametrize("small", ["float16", "bfloat16"])
def test_small_floats_are_moved_and_converted(small):
    x = values(np.dtype("float32")).reshape(-1, 2)
    small = jnp.dtype(small)
    check(lambda x: lax.convert_element_type(lax.convert_element_type(x, small).T[::-1], np.float32), x)
    check(lambda x: lax.convert_element_type(lax.convert_element_type(x, small), np.int32), x)
    check(lambda x: lax.convert_element_type(jnp.where(x > 0, x.astype(small), 1), np.float64), x)
    check(lambda x: lax.convert_element_type(lax.convert_element_type(x, small), bool), x)
    check(lambda x: lax.convert_element_type(lax.convert_element_type(x.astype(small), jnp.float16), np.float32), x)
    long = np.ones(halves.MOST_IN_TURN + 1, np.float32)
    with pytest.raises(NoHostForm) as error:
        host_function(jax.make_jaxpr(lambda x: lax.cumsum(x.astype(small)))(long))
    assert error.value.primitive == "cumsum"


@pytest.mark.parametrize("small", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin"])
def test_each_of_a_short_row_of_small_floats_is_rounded_before_the_next(name, small):
    small, ufunc = jnp.dtype(small), {"cumsum": np.add, "cumprod": np.multiply, "cummax": np.maximum, "cummin": np.minimum}[name]
    x = np.float32([0.1, -1.7, 3.3, 256, 0.7, np.nan, 2]).astype(small).reshape(7, 1) * np.ones(3, small)
    host = host_function(jax.make_jaxpr(lambda x: getattr(lax, name)(x))(x))
    want, sofar = [], None
    for row in x:
        sofar = row if sofar is None else ufunc(sofar.astype(np.float32), row.astype(np.float32)).astype(small)
        want.append(sofar)
    for form in (host, getattr(host, "in_python", host)):
        np.testing.assert_array_equal(run(form, x)[0].astype(np.float32), np.array(want).astype(np.float32))


# Each rounds once, so a float32 result that is rounded is XLA's; of functions with errors of their own the last bit may differ.
OF_HALVES = {
    "add": lambda x, y: x + y, "sub": lambda x, y: x - 1, "mul": lambda x, y: x * y, "div": lambda x, y: x / y, "rem": lax.rem, "max": jnp.maximum,
    "min": jnp.minimum, "clamp": lambda x, y: lax.clamp(y[0, 0], x, y[1, 1]), "lt": lambda x, y: x < y, "eq": lambda x, y: x == y, "neg": lambda x, y: -x,
    "abs": lambda x, y: abs(x), "sign": lambda x, y: lax.sign(x), "floor": lambda x, y: lax.floor(x), "round": lambda x, y: jnp.round(x),
    "is_finite": lambda x, y: lax.is_finite(x), "sqrt": lambda x, y: lax.sqrt(x), "square": lambda x, y: lax.square(x),
    "integer_pow": lambda x, y: lax.integer_pow(x, 2), "reduce_max": lambda x, y: x.max(0), "reduce_min": lambda x, y: x.min(1),
    "argmax": lambda x, y: jnp.argmax(x, 0), "argmin": lambda x, y: jnp.argmin(x, 1),
    **{f"scatter_{how}": lambda x, y, how=how: getattr(x.at[np.array([0, 2, 0, 9, 2])], how)(y[:5]) for how in ("add", "multiply", "min", "max")},
    "chain": lambda x, y: (abs(x * y), jnp.where(x > y, x, y - 1)),
}  # fmt: skip
NEARLY = "exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh rsqrt cbrt logistic erf erfc erf_inv lgamma digamma".split()
TWINS = {
    "twin of sign": lambda x, y: _elementwise.sign.op.body(x), "twin of softplus": lambda x, y: nn.softplus.op.body(x),
    "twin of xlogy": lambda x, y: _elementwise.xlogy.op.body(x, abs(y)), "twin of lgamma": lambda x, y: _elementwise._lgamma(abs(x) + 3),
    "twin of digamma": lambda x, y: _elementwise._digamma(abs(x) + 3),
}  # fmt: skip


@pytest.mark.parametrize("small", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", [*OF_HALVES, *NEARLY, *TWINS])
def test_small_floats(name, small):
    function = OF_HALVES.get(name) or TWINS.get(name) or (lambda x, y: getattr(lax, name)(x))
    small = jnp.dtype(small)
    x, y = [values(FLOAT32, seed=k, low=-30, high=30).reshape(-1, 2).astype(small) for k in range(2)]
    rtol, atol = (0, 0) if name in OF_HALVES else (4 * float(jnp.finfo(small).eps), 1e-5)
    with np.errstate(all="ignore"):
        for got, want in zip(run(host_function(jax.make_jaxpr(function)(x, y)), x, y), compiled(function, x, y), strict=True):
            assert got.dtype == want.dtype and got.shape == want.shape
            wide = np.asarray(want).astype(np.float32)
            np.testing.assert_allclose(np.asarray(got).astype(np.float32), wide, rtol, atol)


def test_bitcast_convert_type():
    for source, target in [("float32", "int32"), ("int64", "float64"), ("uint32", "uint8"), ("int8", "int16")]:
        x = values(np.dtype(source), 38)[:24].reshape(2, 6, 2)
        check(lambda x, t=target: lax.bitcast_convert_type(x, t), x)
        if np.dtype(source).itemsize >= np.dtype(target).itemsize:
            check(lambda x, t=target: lax.bitcast_convert_type(x.T, t), x)


@pytest.mark.parametrize("bits", [(8, 7), (5, 10), (8, 23), (4, 3), (11, 52), (8, 10)])
def test_reduce_precision(bits):
    for dtype in dtypes("f"):
        x = np.concatenate([values(dtype), values(dtype) * dtype.type(100), values(dtype) * dtype.type(1e-6)])
        check(lambda x: lax.reduce_precision(x, *bits), x, ulps=0)


@pytest.mark.parametrize("dtype", "bool int8 int16 uint32 int64 float32 float64 complex64 complex128".split())
def test_select_of_many(dtype):
    rng = np.random.default_rng(0)
    mask = rng.random((60, 50)) < 0.5
    x, y = (rng.normal(size=mask.shape) * 50 for _ in range(2))
    x, y = (v > 0 if dtype == "bool" else v.astype(dtype) for v in (x, y))
    zero = np.zeros((), dtype)
    if np.dtype(dtype).kind in "fc":
        x.flat[:4] = y.flat[3:7] = np.nan, np.inf, -0.0, -np.inf
        check(lambda m, y: jnp.where(m, -zero, y), mask, y)
    check(lambda m, x, y: jnp.where(m, x, y), mask, x, y)
    check(lambda m, x, y: jnp.where(m[:, :1], x, y[:1]), mask, x, y)
    check(lambda m, x, y: jnp.where(m.T, x[0, 0], y.T), mask, x, y)
    check(lambda m, x: jnp.where(m, x, zero), mask, x)
    check(lambda m, y: jnp.where(m[:1], zero, y[:, :1]), mask, y)


def test_select_n():
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    check(lambda c, x: lax.select_n(c, x, -x), x > 2, x)
    check(lambda c, x: lax.select_n(c, x, -x), np.array(True), x)
    check(lambda c, x: lax.select_n(c, x, -x, x * 2), np.array([[0, 1, 2], [2, 1, 0]], np.int32), x)
    check(lambda c, x: lax.select_n(c, x), np.zeros((2, 3), np.int32), x)
    for dtype in dtypes("biufc"):
        check(lambda c, x: lax.select_n(c, x, x[::-1]), np.array([True, False]), np.array([0, 1]).astype(dtype))


@pytest.mark.parametrize("name", ["igamma", "igammac", "zeta", "polygamma", "regularized_incomplete_beta"])
def test_special_functions_of_several_arguments(name):
    f, rng = getattr(lax, name if name != "regularized_incomplete_beta" else "betainc"), np.random.default_rng(0)
    for dtype in dtypes("f"):
        a, b, x = rng.uniform(1.1, 5, (3, 20)).astype(dtype)
        args = (a, b, x / 6) if "beta" in name else (np.floor(a), b) if name == "polygamma" else (a, b)
        check(f, *args, ulps=ULPS[name])


def test_igamma_has_a_host_form_but_not_its_derivative():
    with pytest.raises(NoHostForm, match="igamma_grad_a"):
        host_function(jax.make_jaxpr(jax.grad(lambda a: lax.igamma(a, 2.0)))(1.0))


# --- movement

shapes = st.lists(st.integers(0, 4), min_size=0, max_size=4).map(tuple)
some_dtype = st.sampled_from(dtypes("biufc"))


@few
@given(shapes, some_dtype, st.data())
def test_shape_primitives(shape, dtype, data):
    x = numbers(shape, dtype)
    order = data.draw(st.permutations(range(len(shape))))
    axes = tuple(data.draw(st.sets(st.sampled_from(range(len(shape))))) if shape else ())
    wide = tuple(data.draw(st.lists(st.integers(0, 2), min_size=len(shape) + 1, max_size=len(shape) + 1)))
    strides = data.draw(st.lists(st.integers(1, 3), min_size=len(shape), max_size=len(shape)))
    starts = [data.draw(st.integers(0, n)) for n in shape]
    limits = [data.draw(st.integers(s, n)) for s, n in zip(starts, shape, strict=True)]

    def f(x):
        target, where = [], []
        for n, extra in zip((*shape, 1), wide, strict=True):
            target += [extra] * (extra != 1)
            where.append(len(target))
            target.append(n)
        yield lax.broadcast_in_dim(x, target, where[:-1])
        yield lax.transpose(x, order)
        yield lax.reshape(x, (x.size,))
        yield lax.reshape(lax.transpose(x, order), (1, x.size), tuple(range(x.ndim)))
        yield lax.reshape(x, [x.shape[i] for i in order], order)
        yield lax.rev(x, axes)
        yield lax.slice(x, starts, limits, strides)
        yield lax.expand_dims(x, (0, len(shape) + 1))
        yield lax.squeeze(lax.expand_dims(x, (0,)), (0,))
        yield jnp.broadcast_to(x, (3, *shape))

    check(lambda x: list(f(x)), x)


@few
@given(shapes.filter(len), some_dtype, st.data())
def test_joining_splitting_padding(shape, dtype, data):
    axis = data.draw(st.integers(0, len(shape) - 1))
    x, y = numbers(shape, dtype), numbers(shape, dtype, 1)
    config = [
        (data.draw(st.integers(-min(2, n), 2)), data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2)))
        for n in shape  # noqa: B008
    ]
    cut = data.draw(st.integers(0, shape[axis]))

    def f(x, y):
        yield lax.concatenate([x, y, x], axis)
        yield lax.split(x, (cut, shape[axis] - cut), axis)
        yield lax.pad(x, x.dtype.type(1), config)
        yield lax.pad(x, x.dtype.type(1), [(hi, lo, mid) for lo, hi, mid in config])
        yield lax.broadcasted_iota(np.int32, shape, axis) + jnp.zeros(shape, np.int32)
        yield jnp.stack([x, x], axis)
        yield jnp.tile(x, 2)

    check(lambda x, y: list(f(x, y)), x, y)


@few
@given(shapes, some_dtype, st.data())
def test_dynamic_slices(shape, dtype, data):
    x = numbers(shape, dtype)
    sizes = [data.draw(st.integers(0, n)) for n in shape]
    index = st.integers(-6, 6).map(np.int32)
    starts = [data.draw(index) for _ in shape]
    check(
        lambda x, u, *i: (
            lax.dynamic_slice(x, i, sizes),
            lax.dynamic_slice(x, starts, sizes),
            lax.dynamic_update_slice(x, u, i),
            lax.dynamic_update_slice(x, u, starts),
        ),
        x,
        numbers(sizes, dtype, 1),
        *starts,
    )


# --- gather and scatter

MODES = ["clip", "fill", "promise_in_bounds"]
COMBINE = ["set", "add", "mul", "min", "max", "subtract"]


@pytest.mark.parametrize("mode", MODES)
def test_gather_indexing(mode):
    i, j = np.array([[0, 3], [-1, 2], [1, 1]], np.int32), np.array([4, 0], np.int64)
    if mode != "promise_in_bounds":
        i, j = np.where(i == 1, 9, i), np.where(j == 0, -7, j)

    def f(x, i, j):
        yield x.at[i].get(mode=mode)
        yield x.at[:, i].get(mode=mode)
        yield x.at[i, j].get(mode=mode)
        yield x.at[i, :, j % 3].get(mode=mode)
        yield x.at[i[0, 0], i[1, 1]].get(mode=mode)
        yield x.at[i, 1:3].get(mode=mode)
        yield x.at[i[:0]].get(mode=mode)

    cases = [(lambda x, i, j: list(f(x, i, j)), [numbers((4, 5, 3)), i, j], 0)]
    # What is out of bounds depends on the dtype, where to find the others does not.
    cases += [(lambda x, i: x.at[i].get(mode=mode), [numbers((4, 3), dtype), i], 0) for dtype in dtypes("biufc")]
    check_all(*cases)


def gather_numbers(draw, rank, sizes, batch_rank):
    """Dimension numbers of a gather or scatter with one batching dimension or none."""
    batching = draw(st.booleans()) and batch_rank > 0 and rank > 1
    dims = draw(st.permutations(range(rank)))
    batch_dims = sorted(dims[:1]) if batching else []
    free = [d for d in range(rank) if d not in batch_dims]
    index_map = draw(st.permutations(free))[: draw(st.integers(1, len(free)))]
    collapsed = sorted(draw(st.sets(st.sampled_from(index_map))))
    window = [d for d in free if d not in collapsed]
    out_rank = batch_rank + len(window)
    offsets = sorted(draw(st.permutations(range(out_rank)))[: len(window)])
    return batch_dims, tuple(index_map), collapsed, tuple(offsets), [0] if batching else []


@settings(few, max_examples=25)
@given(st.data(), st.sampled_from(MODES), st.sampled_from(COMBINE))
def test_gather_and_scatter(data, mode, combine):
    draw = data.draw
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    batch = draw(st.lists(st.integers(0, 3), min_size=0, max_size=2))
    batch_dims, index_map, collapsed, offsets, index_batch = gather_numbers(draw, len(shape), shape, len(batch))
    if batch_dims:
        batch[0] = shape[batch_dims[0]]
    sizes = [1 if d in collapsed or d in batch_dims else draw(st.integers(1, n)) for d, n in enumerate(shape)]
    seed = draw(st.integers(0, 99))
    rng = np.random.default_rng(seed)
    high = 5 if mode != "promise_in_bounds" else 1
    indices = rng.integers(-3 if high > 1 else 0, high, (*batch, len(index_map))).astype(np.int32)
    x = numbers(shape, np.dtype("float32"), seed)
    gather = lax.GatherDimensionNumbers(offsets, tuple(collapsed), index_map, tuple(batch_dims), tuple(index_batch))
    f = lambda x, i: lax.gather(x, i, gather, sizes, mode=mode)  # noqa: E731
    check(f, x, indices)

    updates = numbers(jax.eval_shape(f, x, indices).shape, np.dtype("float32"), seed + 1)
    scatter = lax.ScatterDimensionNumbers(offsets, tuple(collapsed), index_map, tuple(batch_dims), tuple(index_batch))
    name = {"set": "scatter", "subtract": "scatter_sub"}.get(combine, f"scatter_{combine}")
    if name == "scatter":
        # Which of several updates wins is not said: let them agree.
        updates[...] = 7
    check(lambda x, i, u: getattr(lax, name)(x, i, u, scatter, mode=mode), x, indices, updates, ulps=64)


@pytest.mark.parametrize("combine", COMBINE)
def test_scatter_indexing(combine):
    i = np.array([0, 3, -1, 9, 0] if combine != "set" else [2, 9, -1, 0, 1], np.int32)
    update = lambda ref, u: getattr(ref, combine)(u)  # noqa: E731

    def f(x, u, v, i):
        yield update(x.at[i], u)
        yield update(x.at[:, i], u[:4])
        yield update(x.at[i, i], u[0])
        yield update(x.at[i[1], i[2]], v)
        yield update(x.T.at[i], u[:, :4])
        yield update(x.at[i[:3], 1:3], u[:3, :2])

    args = numbers((4, 5)), numbers((5, 5), seed=1), numbers((), seed=1), i
    cases = [(lambda *args: list(f(*args)), args, 64)]
    for dtype in dtypes("iuf" if combine in ("min", "max") else "iufc"):
        args = numbers((4, 5), dtype), numbers((5, 5), dtype, 1), i
        cases.append((lambda x, u, i: update(x.at[i], u), args, 64))
    check_all(*cases)


@pytest.mark.parametrize("combine", COMBINE)
def test_long_rows_are_scattered_one_by_one(combine):
    i = np.array([0, 3, -1, 9, 0] if combine != "set" else [2, 9, -1, 0, 1], np.int32)
    update = lambda ref, u: getattr(ref, combine)(u)  # noqa: E731

    def f(x, u, i):
        yield update(x.at[i], u)
        yield update(x.at[:, i], jnp.swapaxes(u, 0, 1))
        yield update(x.at[i, i], u[:, 0])
        yield update(x.at[i[1], i[2]], u[0, 0])

    rows = numbers((5, 4, 2 * lax_indexing.LONG), seed=1)
    check(lambda *args: list(f(*args)), numbers((4, 4, 2 * lax_indexing.LONG)), rows, i, ulps=64)


def test_scattering_costs_by_what_is_scattered():
    def cost(shape):
        rows, ids = np.ones(shape, np.float32), np.zeros(shape[0], np.int32)
        (moved, _, _) = costs.work(jax.make_jaxpr(lambda x, i: jnp.zeros((3, *shape[1:]), np.float32).at[i].add(x, mode="drop"))(rows, ids).jaxpr)
        return moved

    assert cost((50_000, 4)) > 9 * cost((5_000, 4)) > 1e5  # short rows: element by element
    assert 9 * cost((100, 1_000)) < cost((1_000, 1_000)) < cost((250_000, 4))  # long ones: row by row


def test_scatter_of_a_function_has_no_host_form():
    with pytest.raises(NoHostForm, match="scatter"):
        host_function(jax.make_jaxpr(lambda x: x.at[jnp.array([0, 1])].apply(jnp.sin))(np.ones(3, np.float32)))


# --- reductions, products, order

REDUCE = {"sum": "iufc", "prod": "iufc", "max": "biuf", "min": "biuf", "and": "biu", "or": "biu", "xor": "biu"}


@pytest.mark.parametrize("name", REDUCE)
def test_reduce(name):
    f = {"and": lax.reduce_and, "or": lax.reduce_or, "xor": lax.reduce_xor}.get(name) or getattr(lax, f"reduce_{name}")
    cases = []
    for k, dtype in enumerate(dtypes(REDUCE[name])):
        x = values(dtype, 64, low=-3, high=3)[:48].reshape(2, 4, 6)
        some = [(0,), (1, 2)] if k % 2 else [(0, 1, 2), (), (2,)]
        cases.append(
            (
                lambda x, y, some=some: ([f(x, axes) for axes in some], f(y, (0,)), f(y, (1,))),
                [x, np.ones((0, 2), dtype)],
                256 if dtype.kind == "c" else 32,
            )
        )
    check_all(*cases)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_argmax(name):
    f = lambda x: (getattr(lax, name)(x, 0, np.int32), getattr(lax, name)(x, 1, np.int64))  # noqa: E731
    check_all(*((f, [values(dtype, 64)[:48].reshape(6, 8)], 0) for dtype in dtypes("biuf")))


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"])
def test_cumulative(name):
    f, cases = getattr(lax, name), []
    for dtype in dtypes({"cumsum": "iufc", "cumprod": "iufc", "cumlogsumexp": "f"}.get(name, "iuf")):
        x = values(dtype, 64, low=-2, high=2)[-24:].reshape(2, 3, 4)
        cases.append((lambda x: (f(x, axis=0), f(x, axis=1, reverse=True), f(x[:0], axis=1)), [x], 512))
    check_all(*cases)


@few
@given(st.data(), st.sampled_from(dtypes("iufc")))
def test_dot_general(data, dtype):
    draw = data.draw
    nb, nc = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    left_free, right_free = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    size = {f"b{k}": draw(st.integers(1, 3)) for k in range(nb)} | {f"c{k}": draw(st.integers(0, 3)) for k in range(nc)}
    left = draw(st.permutations([*size, *(f"l{k}" for k in range(left_free))]))
    right = draw(st.permutations([*size, *(f"r{k}" for k in range(right_free))]))
    x = numbers([size.get(n, 2) for n in left], dtype)
    y = numbers([size.get(n, 3) for n in right], dtype, 1)
    contract, batch = [n for n in size if n[0] == "c"], [n for n in size if n[0] == "b"]
    numbers_ = tuple((tuple(map(left.index, names)), tuple(map(right.index, names))) for names in (contract, batch))
    check(lambda x, y: lax.dot_general(x, y, numbers_), x, y, ulps=64)


def test_dot_general_of_matrices():
    f = lambda x, y: (x @ y, y.T @ x.T, x @ y[:, 0], y[:, 1] @ x.T, y[:, 0] @ y[:, 1])  # noqa: E731
    check_all(*((f, [numbers((3, 4), dtype), numbers((4, 2), dtype)], 8) for dtype in dtypes("iufc")))
    x = numbers((3, 4), np.dtype("int8")) * 10
    check(lambda x: lax.dot_general(x, x, (((1,), (1,)), ((), ())), preferred_element_type=np.int32), x)


def test_fft():
    def f(x):
        z = x + 1j * x[::-1]
        yield (
            jnp.fft.fft(z),
            jnp.fft.ifft(z, axis=0),
            jnp.fft.fft2(z),
            jnp.fft.rfft(x),
            jnp.fft.irfft(z),
            jnp.fft.irfft(z, 5),
        )
        yield jnp.fft.rfft2(x), jnp.fft.irfft2(z, (2, 3)), jnp.fft.rfftn(x[None]), jnp.fft.fft(z[:0])

    for dtype in dtypes("f"):
        check(lambda x: list(f(x)), numbers((4, 6), dtype), near=1e-6)


def test_sort():
    y = np.arange(48, dtype=np.int32).reshape(6, 8)

    def f(x, y):
        yield lax.sort(x, dimension=0), lax.sort(x[:0], dimension=1)
        yield lax.sort((x, y), dimension=0, num_keys=1)
        yield lax.sort((y % 3, x, y), dimension=1, num_keys=2)
        yield lax.sort((x[0], y[0]), num_keys=1)

    xs = [values(dtype, 64)[:48].reshape(6, 8) for dtype in dtypes("biufc")]
    check_all(*((lambda x, y: list(f(x, y)), [x, y], 0) for x in xs))


def test_top_k():
    f = lambda x: (lax.top_k(x, 3), lax.top_k(x[0], 8), lax.top_k(jnp.zeros_like(x), 2))  # noqa: E731
    check_all(*((f, [values(dtype, 64)[:48].reshape(6, 8)], 0) for dtype in dtypes("iuf")))


# --- windows and convolutions


@few
@given(st.data(), st.sampled_from(dtypes("iuf")))
def test_windows(data, dtype):
    draw = data.draw
    shape = (draw(st.integers(1, 2)), draw(st.integers(4, 7)), draw(st.integers(5, 6)))
    window = (1, draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    strides = (1, draw(st.integers(1, 3)), draw(st.integers(1, 2)))
    padding = draw(st.sampled_from(["SAME", "VALID", ((0, 0), (1, 2), (0, 1))]))
    spread = (1, draw(st.integers(1, 2)), 1)
    hole = (1, 1, draw(st.integers(1, 2)))
    x = numbers(shape, dtype)
    explicit = padding if not isinstance(padding, str) else ((0, 0), (1, 0), (0, 1))

    def f(x):
        for init, combine in ((0, lax.add), (-np.inf, lax.max), (np.inf, lax.min)):
            if dtype.kind != "f" and init:
                init = np.iinfo(dtype).min if init < 0 else np.iinfo(dtype).max
            init = dtype.type(init)
            yield lax.reduce_window(x, init, combine, window, strides, padding)
            yield lax.reduce_window(x, init, combine, window, strides, explicit, spread, hole)

    check(lambda x: list(f(x)), x)


@few
@given(st.sampled_from(["SAME", "VALID"]), st.integers(1, 3), st.integers(1, 3), st.sampled_from(["max", "min"]))
def test_derivatives_of_pooling(padding, size, stride, kind):
    def pool(x):
        init, f = (-np.inf, lax.max) if kind == "max" else (np.inf, lax.min)
        return lax.reduce_window(x, np.float32(init), f, (1, size, size), (1, stride, stride), padding)

    x = numbers((2, 5, 6))
    y = np.arange(60, dtype=np.float32).reshape(2, 5, 6) % 17
    check(lambda x, y: (jax.grad(lambda x: (pool(x) ** 2).sum())(x), jax.jvp(pool, (y,), (x,))), x, y)


@few
@given(st.data())
def test_convolutions(data):
    draw = data.draw
    groups, layout = draw(st.sampled_from([1, 2, 4])), draw(st.sampled_from(["NHWC", "NCHW"]))
    strides, rhs_dilation = (draw(st.integers(1, 2)), 1), (1, draw(st.integers(1, 2)))
    padding = draw(st.sampled_from(["SAME", "VALID", ((1, 2), (0, -1))]))
    x = numbers((2, 6, 7, 4) if layout == "NHWC" else (2, 4, 6, 7))
    w = numbers((3, 2, 4 // groups, draw(st.sampled_from([groups, 3 * groups, 12 * groups]))), seed=1)

    def f(x, w):
        return lax.conv_general_dilated(
            x, w, strides, padding, None, rhs_dilation, (layout, "HWIO", layout), feature_group_count=groups
        )

    check(lambda x, w: (f(x, w), jax.grad(lambda x, w: (f(x, w) ** 2).sum(), (0, 1))(x, w)), x, w, ulps=64)


def test_large_convolutions_have_no_host_form():
    args = np.zeros((32, 64, 64, 64), np.float32), np.zeros((3, 3, 64, 64), np.float32)
    with pytest.raises(NoHostForm, match="conv_general_dilated"):
        host_function(
            jax.make_jaxpr(lambda x, w: lax.conv(x, w, (1, 1), "SAME"))(args[0], args[1].transpose(2, 3, 0, 1))
        )


# --- random bits


def test_random():
    def draws(seed):
        key = jax.random.fold_in(jax.random.key(seed), 7)
        keys = jax.random.split(key, 3)
        for bits in ("uint8", "uint16", "uint32", "uint64"):
            yield jax.random.bits(keys[0], (3, 5), bits)
        yield jax.random.uniform(keys[1], (4,))
        yield jax.random.normal(keys[2], (4, 2), np.float32)
        yield jax.random.randint(keys[0], (6,), 0, 10)
        yield jax.vmap(lambda k: jax.random.bits(k, (2,)))(keys)
        yield jax.random.key_data(keys)
        yield jax.random.split(jax.random.PRNGKey(seed))
        yield jax.random.bits(key, (0, 2))

    for seed in (np.int32(-3), np.uint32(2**31 + 5), np.int64(-(2**40))):
        check(lambda seed: list(draws(seed)), seed, ulps=64)


def test_arrays_of_keys_as_arguments_have_no_host_form():
    with pytest.raises(NoHostForm, match="key<fry>"):
        host_function(jax.make_jaxpr(lambda key: jax.random.bits(key))(jax.random.key(0)))
