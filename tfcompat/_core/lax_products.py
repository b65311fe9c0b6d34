"""Products of matrices in NumPy, which BLAS computes.

BLAS distributes a large product over threads that look in loops for each other's results. On a quiet machine that is up to as many times
as fast as there are processors; where other processes want these, a product of 20 microseconds takes 10 to 50 milliseconds. So products
are computed in pieces that BLAS leaves to the thread that calls, unless they are very large: what is computed often is compiled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfcompat._core.lax_numpy import is_static, rule

PIECE = 400_000  # multiply-adds of one matrix product, or of a matrix by a vector, that stay on this thread
LARGEST = 64_000_000  # up to which a product is computed in such pieces
_COMPLEX, _COMPLEX_VECTOR = 8, 128  # how often one of complex numbers counts, and one by a vector of them


def multiply(x: Any, w: Any, out: Any, piece: int = PIECE) -> None:
    """`out[:] = x @ w` of two matrices, in pieces of that many multiply-adds."""
    depth, size = w.shape
    rows = max(1, min(len(x), max(piece // max(1, depth * size), 16)))
    inner = max(1, piece // (rows * max(1, size)))
    for i in range(0, len(x), rows):
        target = out[i : i + rows]
        np.matmul(x[i : i + rows, :inner], w[:inner], out=target)
        for k in range(inner, depth, inner):
            target += x[i : i + rows, k : k + inner] @ w[k : k + inner]


def product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """`x @ y`: of two matrices, of one and a vector, or of two stacks of the same shape of matrices."""
    rows, columns = x.shape[-2] if x.ndim > 1 else 1, y.shape[-1] if y.ndim > 1 else 1
    piece = _piece(x.dtype, rows, columns)
    if not piece < rows * x.shape[-1] * columns <= LARGEST or x.dtype.kind not in "fc":
        return x.dot(y) if x.ndim < 3 else np.matmul(x, y)
    out = np.empty(x.shape[:-1] + y.shape[max(1, y.ndim - 1) :], x.dtype)
    if x.ndim == 1:
        multiply(x[None], y, out[None], piece)
    elif y.ndim == 1:
        multiply(x, y[:, None], out[:, None], piece)
    else:
        for i in np.ndindex(x.shape[:-2]):
            multiply(x[i], y[i], out[i], piece)
    return out


def _piece(dtype: np.dtype, rows: Any, columns: Any) -> int:
    """Multiply-adds that stay on this thread."""
    return PIECE // (1 if dtype.kind != "c" else _COMPLEX_VECTOR if 1 in (rows, columns) else _COMPLEX)


def _may_wait(rows: Any, terms: Any, columns: Any, dtype: np.dtype) -> bool:
    """Whether a product of these sizes may be one that BLAS would distribute."""
    known = all(map(is_static, (rows, terms, columns)))
    return dtype.kind in "fc" and (not known or _piece(dtype, rows, columns) < rows * terms * columns <= LARGEST)


@rule("dot_general", kind="text")
def _dot_general(b: Any, e: Any) -> str:
    (lc, rc), (lb, rb) = e.params["dimension_numbers"]
    left, right = e.ins
    out = e.outs[0]
    lc, rc, lb, rb = (tuple(int(d) for d in dims) for dims in (lc, rc, lb, rb))
    x, y = b.full(left), b.full(right)
    if left.dtype != out.dtype:
        x = f"{x}.astype({b.bind(out.dtype)})"
    if right.dtype != out.dtype:
        y = f"{y}.astype({b.bind(out.dtype)})"
    lf = tuple(d for d in range(len(left.shape)) if d not in lc + lb)
    rf = tuple(d for d in range(len(right.shape)) if d not in rc + rb)
    if not lc:
        # An outer product.
        lead = [left.shape[d] for d in lb]
        x = _reordered(b, x, lb + lf, [*lead, *(left.shape[d] for d in lf), *(1 for _ in rf)], left.shape)
        y = _reordered(b, y, rb + rf, [*lead, *(1 for _ in lf), *(right.shape[d] for d in rf)], right.shape)
        return f"{x} {'&' if out.dtype.kind == 'b' else '*'} {y}"
    rows, terms, columns = [left.shape[d] for d in lf], [left.shape[d] for d in lc], [right.shape[d] for d in rf]
    waits = (lf or rf) and _may_wait(*map(math.prod, (rows, terms, columns)), out.dtype)
    if not lb and len(lc) == 1 and len(lf) <= 1 and len(rf) <= 1:
        x = f"{x}.T" if len(lf) == 1 and lc == (0,) else x
        y = f"{y}.T" if len(rf) == 1 and rc == (1,) else y
        return f"{b.bind(product)}({x}, {y})" if waits else f"{x}.dot({y})"
    lead = [left.shape[d] for d in lb]
    single = len(lc) == 1 and len(lf) == 1 and len(rf) == 1
    x = _reordered(b, x, lb + lf + lc, None if single else [*lead, ["*", rows], ["*", terms]], left.shape)
    y = _reordered(b, y, rb + rc + rf, None if single else [*lead, ["*", terms], ["*", columns]], right.shape)
    text = f"{b.bind(product) if waits else 'matmul'}({x}, {y})"
    return text if single else f"{text}.reshape({b.shape(out.shape)})"


def _reordered(b: Any, text: str, order: tuple[int, ...], shape: list | None, old: Sequence[Any]) -> str:
    """Text that transposes by `order`, then reshapes to `shape`, where ["*", dims] stands for a product."""
    if order != tuple(range(len(order))):
        text = f"{text}.transpose({order})"
    if shape is None or shape == [old[d] for d in order]:
        return text
    sizes = "".join((b.product(d[1]) if isinstance(d, list) else b.size(d)) + ", " for d in shape)
    return f"{text}.reshape(({sizes}))"
