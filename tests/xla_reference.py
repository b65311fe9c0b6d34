"""Comparing the NumPy form of a function with XLA's results; arrays to try it on."""

import jax
import numpy as np
from hypothesis import HealthCheck, settings

from tfcompat._core.interpret import host_function

few = settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

FLOAT32 = np.dtype("float32")
BOOLS, FLOATS, COMPLEXES = ["bool"], ["float32", "float64"], ["complex64", "complex128"]
SIGNED, UNSIGNED = ["int8", "int16", "int32", "int64"], ["uint8", "uint16", "uint32", "uint64"]
KINDS = {"b": BOOLS, "i": SIGNED, "u": UNSIGNED, "f": FLOATS, "c": COMPLEXES}


def dtypes(kinds):
    return [np.dtype(name) for kind in kinds for name in KINDS[kind]]


def values(dtype, n=40, seed=0, low=-1e3, high=1e3):
    """Extremes, zeros, NaN and infinities where they exist, then random numbers."""
    rng = np.random.default_rng([seed, n])
    if dtype.kind == "b":
        return rng.random(n) < 0.5
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        special = [0, 1, 2, 3, 7, info.max, info.max - 1, info.min, info.min + 1, info.max // 2]
        special += [-1, -2, -3, -7] if dtype.kind == "i" else []
        random = rng.integers(info.min, info.max, n, dtype=dtype, endpoint=True)
        return np.concatenate([np.array(special, dtype), random])
    if dtype.kind == "c":
        part = np.dtype(f"f{dtype.itemsize // 2}")
        real, imag = rng.uniform(-3, 3, (2, n)).astype(part)
        return (real + 1j * imag).astype(dtype)
    special = np.array([0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 2, 3, np.inf, -np.inf, np.nan, 1e-3, 0.49999997])
    special = special[~((special < low) | (special > high))]
    magnitude = rng.uniform(low, high, n // 2), np.clip(rng.normal(size=n - n // 2), low, high)
    return np.concatenate([special, *magnitude]).astype(dtype)


def same(got, want, ulps, source="", near=0.0):
    """`near`: errors up to this part of the largest element pass as well, where results are sums that cancel."""
    assert isinstance(got, (np.ndarray, np.generic))
    want = np.asarray(want)
    assert got.dtype == want.dtype, source
    assert got.shape == want.shape, source
    if want.dtype.kind in "fc":
        info = np.finfo(want.dtype)
        # XLA flushes subnormal results to zero.
        atol = ulps * info.tiny + (near * np.abs(want[np.isfinite(want)]).max(initial=0) if near else 0.0)
        np.testing.assert_allclose(got, want, rtol=ulps * info.eps, atol=atol, err_msg=source)
    else:
        np.testing.assert_array_equal(got, want, err_msg=source)


def run(host, *args):
    with np.errstate(all="ignore"):
        return host(*args)


# XLA's results do not depend on how hard LLVM tries, and the tests take half the time.
QUICK = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_parallel_codegen_split_count": 1,
}


def compiled(f, *args):
    return jax.tree.leaves(jax.jit(f).lower(*args).compile(QUICK)(*args))


def frozen(x):
    x = np.array(x)
    x.flags.writeable = False
    return x


def check(f, *args, ulps=8, near=0.0):
    """Compare with XLA, arguments read-only so that writing into one raises."""
    check_all((f, args, ulps), near=near)


def check_all(*cases, near=0.0, elementwise=False):
    """Compare each (function, arguments, ulps) with XLA. One program for all of them: most of the time is compiling.

    elementwise: then one element at a time (rank 0, as arrays and as scalars), and none.
    """
    cases = [(f, [np.asarray(x) for x in args], ulps) for f, args, ulps in cases]
    with jax.enable_x64(True):
        functions = [f for f, _, _ in cases]
        inputs = [args for _, args, _ in cases]
        program = jax.jit(lambda inputs: [f(*args) for f, args in zip(functions, inputs, strict=True)])
        wanted = program.lower(inputs).compile(QUICK)(inputs)
    for (f, args, ulps), want in zip(cases, wanted, strict=True):
        want = [np.asarray(x) for x in jax.tree.leaves(want)]
        compare(f, [frozen(x) for x in args], want, ulps, near)
        if elementwise:
            host = prepare(f, [x[0] for x in args])
            for k in range(0, len(args[0]), 5):
                for one in ([x[k] for x in args], [frozen(x[k]) for x in args]):
                    for form in forms(host):
                        for got, whole in zip(run(form, *one), want, strict=True):
                            same(got, whole[k], ulps, host.source)
            compare(f, [x[:0].reshape(0, 2) for x in args], [x[:0].reshape(0, 2) for x in want], ulps, 0)


def prepare(f, args):
    with jax.enable_x64(True):
        return host_function(jax.make_jaxpr(f)(*args))


def compare(f, args, wanted, ulps, near):
    host = prepare(f, args)
    for form in forms(host):
        results = run(form, *args)
        assert isinstance(results, tuple)
        for got, want in zip(results, wanted, strict=True):
            same(got, want, ulps, host.source, near)


def forms(host):
    """A host function: where it is a plan for C, also what is Python's."""
    return (host, host.in_python) if getattr(host, "planned", False) else (host,)


def numbers(shape, dtype=FLOAT32, seed=0):
    """Small integers of any dtype."""
    rng = np.random.default_rng(seed)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    return np.asarray(rng.integers(0 if dtype.kind == "u" else -9, 9, shape)).astype(dtype)
