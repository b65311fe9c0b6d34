"""Products that are interpreted: in pieces that BLAS leaves to the thread that calls."""

import numpy as np
import pytest

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import lax_products
from tfcompat._core.lax_products import LARGEST, PIECE, multiply, product

pytestmark = pytest.mark.own_mode

SHAPES = [
    ((500, 32), (32, 64)), ((700, 1), (1, 900)), ((3, 2, 300, 64), (3, 2, 64, 40)), ((1, 1000), (1000, 1000)), ((1000,), (1000, 1000)),
    ((1000, 1000), (1000,)), ((2, 300_000), (300_000, 2)), ((4, 200_000), (200_000,)), ((4,), (4, 200_000)), ((1, 500_000), (500_000, 1)),
    ((90, 90), (90,)), ((60, 60), (60, 60)), ((5, 3), (3, 4)), ((0, 5), (5, 3)), ((4, 0, 3), (4, 3, 2)), ((4, 3, 0), (4, 0, 2)),
]  # fmt: skip


def integers(shape, dtype, seed=0):
    """Small ones, whose products floats hold exactly."""
    values = np.random.default_rng(seed).integers(-3, 4, shape)
    return (values * (1 - 2j) if np.dtype(dtype).kind == "c" else values).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128", "int32"])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_product(shapes, dtype):
    if dtype == "int32" and np.prod(shapes[0]) > 10_000:
        return
    x, y = [integers(shape, dtype, k) for k, shape in enumerate(shapes)]
    got, want = product(x, y), x @ y
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("shapes", [s for s in SHAPES if len(s[0]) == len(s[1]) == 2], ids=str)
def test_no_piece_is_larger_than_it_may_be(shapes, monkeypatch):
    sizes = []

    class Noted(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
            plain = [np.asarray(v) for v in inputs]
            if ufunc is np.matmul:
                sizes.append(plain[0].shape[0] * plain[0].shape[1] * plain[1].shape[1])
            return ufunc(*plain, out=tuple(map(np.asarray, out)) or None, **kwargs)

    x, y = [integers(shape, "float32", k) for k, shape in enumerate(shapes)]
    out = np.empty((shapes[0][0], shapes[1][1]), np.float32)
    multiply(x.view(Noted), y.view(Noted), out)
    np.testing.assert_array_equal(out, x @ y)
    assert max(sizes, default=0) <= PIECE
    assert sum(sizes) == np.prod(shapes[0]) * shapes[1][1]


@pytest.mark.parametrize(
    ("op", "shapes"),
    [
        (tf.matmul, ((500, 32), (32, 64))), (tf.matmul, ((400, 8, 100), (400, 100, 9))), (tf.matmul, ((6, 200, 64), (6, 64, 70))),
        (tf.linalg.matvec, ((1000, 800), (800,))), (lambda x, y: tf.tensordot(x, y, 2), ((300, 20, 30), (20, 30, 40))),
    ],
    ids=["matrices", "small ones", "stacks", "a vector", "tensordot"],
)  # fmt: skip
def test_ops_in_pieces(op, shapes, monkeypatch):
    """Known sizes, and as a third set of shapes, whose op is traced for any."""
    pieces = []
    monkeypatch.setattr(lax_products, "multiply", lambda *given: pieces.append(1) or multiply(*given))
    x, y = [integers(shape, "float32", k) for k, shape in enumerate(shapes)]
    with debug.mode("interpreted"):
        first = op(x, y).numpy()
        for k in (1, 2, 3):
            fewer = y[:-k] if op is tf.matmul and y.ndim == 3 else y
            np.testing.assert_array_equal(op(x[:-k], fewer).numpy(), first[:-k])
    assert (len(pieces) >= 4) == (x.shape[0] != 400)


def test_what_is_very_large_is_left_to_blas(monkeypatch):
    monkeypatch.setattr(lax_products, "multiply", None)
    x, y = integers((2, 5000), "float32"), integers((5000, 7000), "float32", 1)
    assert x.size * y.shape[1] > LARGEST
    np.testing.assert_array_equal(product(x, y), x @ y)
