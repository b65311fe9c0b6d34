"""Decompositions of matrices in scipy's LAPACK and BLAS, which are what XLA calls on a CPU too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfcompat._core.lax_numpy import NoHostForm, rule


def _of_stacks(e: Any, function: Callable) -> Callable:
    """`function` of matrices, which gives a tuple, as one of stacks of matrices."""
    results = [(value.shape, value.dtype) for value in e.outs]
    if any(0 in value.shape for value in e.ins):
        if not all(0 in shape for shape, _ in results):
            raise NoHostForm(e.name, "no elements")
        made = tuple([np.empty(*result) for result in results])
        return lambda *_: made if len(made) > 1 else made[0]
    if len(e.ins[0].shape) == 2:
        return function if len(results) > 1 else lambda *matrices: function(*matrices)[0]

    def run(*stacks: np.ndarray) -> Any:
        made = [np.empty(*result) for result in results]
        for index in np.ndindex(stacks[0].shape[:-2]):
            for stack, value in zip(made, function(*[x[index] for x in stacks]), strict=True):
                stack[index] = value
        return tuple(made) if len(made) > 1 else made[0]

    return run


def _routine(e: Any, module: str, name: str) -> Callable:
    import scipy.linalg

    dtype = e.ins[0].dtype
    if dtype.char not in "fdFD":
        raise NoHostForm(e.name, f"{dtype}")
    return getattr(getattr(scipy.linalg, module), {"f": "s", "d": "d", "F": "c", "D": "z"}[dtype.char] + name)


@rule("cholesky", kind="closure")
def _cholesky(e: Any) -> Callable:
    potrf = _routine(e, "lapack", "potrf")

    def function(x: np.ndarray) -> tuple:
        lower, info = potrf(x, lower=1, clean=0)
        if info:
            lower[...] = np.nan
        return (lower,)

    return _of_stacks(e, function)


@rule("lu", kind="closure")
def _lu(e: Any) -> Callable:
    getrf = _routine(e, "lapack", "getrf")

    def function(x: np.ndarray) -> tuple:
        both, pivots, _ = getrf(x)
        order = list(range(x.shape[0]))
        for i, j in enumerate(pivots.tolist()):
            order[i], order[j] = order[j], order[i]
        return both, pivots, np.array(order, np.int32)

    return _of_stacks(e, function)


@rule("qr", kind="closure")
def _qr(e: Any) -> Callable:
    if e.params["pivoting"]:
        raise NoHostForm("qr", "with exchanges of columns")
    geqrf, orgqr = _routine(e, "lapack", "geqrf"), _routine(e, "lapack", "orgqr" if e.ins[0].dtype.kind == "f" else "ungqr")
    rows, columns = e.ins[0].shape[-2:]
    wide = e.outs[0].shape[-1]

    def function(x: np.ndarray) -> tuple:
        both, factors, *_ = geqrf(x)
        reflectors = both[:, :wide]
        if wide > columns:
            reflectors = np.zeros((rows, wide), x.dtype)
            reflectors[:, :columns] = both
        return orgqr(reflectors, factors)[0], np.triu(both[:wide])

    return _of_stacks(e, function)


@rule("triangular_solve", kind="closure")
def _triangular_solve(e: Any) -> Callable:
    trsm = _routine(e, "blas", "trsm")
    p = e.params
    conjugate = p["conjugate_a"] and e.ins[0].dtype.kind == "c"
    how = {"side": int(not p["left_side"]), "lower": int(p["lower"]), "diag": int(p["unit_diagonal"]),
           "trans_a": (2 if conjugate else 1) if p["transpose_a"] else 0}  # fmt: skip
    alone = conjugate and not p["transpose_a"]

    def function(a: np.ndarray, b: np.ndarray) -> tuple:
        return (trsm(1.0, np.conj(a) if alone else a, b, **how),)

    return _of_stacks(e, function)


def solution(e: Any) -> Callable:
    """A twin: the solution of linear equations, and whether one of the matrices is singular."""
    gesv = _routine(e, "lapack", "gesv")

    def of_one(matrix: np.ndarray, rhs: np.ndarray) -> tuple:
        factors, _, x, zero_pivot = gesv(matrix, rhs)
        if zero_pivot:
            x[...] = np.nan
            return x, np.True_
        # A pivot that is no number makes the first row so, as may what is in `rhs`.
        return x, np.isnan(factors.diagonal()).any() if x[0, 0] != x[0, 0] else np.False_

    def run(matrix: np.ndarray, rhs: np.ndarray) -> tuple:
        if matrix.ndim == 2 and rhs.size:
            return of_one(matrix, rhs)
        x, singular = np.empty_like(rhs), np.False_
        for index in np.ndindex(matrix.shape[:-2] if rhs.size else (0,)):
            x[index], bad = of_one(matrix[index], rhs[index])
            singular = singular | bad
        return x, singular

    return run
