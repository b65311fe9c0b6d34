"""`tf.linalg`."""

# ruff: noqa: F401 - this file is the namespace; the ops are declared by family in the files it names

import importlib as _importlib

from tfcompat._decompositions import (
    cholesky,
    cholesky_solve,
    cross,
    det,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    expm,
    inv,
    logdet,
    lstsq,
    lu,
    matrix_rank,
    pinv,
    qr,
    slogdet,
    solve,
    svd,
    triangular_solve,
)
from tfcompat._diagonals import (
    adjoint,
    band_part,
    diag,
    diag_part,
    eye,
    matrix_transpose,
    set_diag,
    tensor_diag,
    tensor_diag_part,
    trace,
)
from tfcompat._math import l2_normalize
from tfcompat._matrix_functions import logm, lu_matrix_inverse, lu_reconstruct, lu_solve, sqrtm
from tfcompat._products import einsum, global_norm, matmul, matvec, norm, normalize, tensordot
from tfcompat._tridiagonal import banded_triangular_solve, eigh_tridiagonal, tridiagonal_matmul, tridiagonal_solve
from tfcompat._unsupported import missing_from as _missing_from
from tfcompat.linalg import experimental

_OPERATORS = (
    "Adjoint BlockDiag BlockLowerTriangular Circulant Circulant2D Circulant3D Composition Diag FullMatrix Householder "
    "Identity Inversion Kronecker LowRankUpdate LowerTriangular Permutation ScaledIdentity Toeplitz Tridiag Zeros"
)


def __getattr__(name):
    """The linear operators, which are imported on first use."""
    if name == "LinearOperator" or name.removeprefix("LinearOperator") in _OPERATORS.split():
        return getattr(_importlib.import_module("tfcompat.linalg._linear_operators"), name)
    return _missing_from("linalg", name)


def __dir__():
    return sorted([*globals(), "LinearOperator", *[f"LinearOperator{name}" for name in _OPERATORS.split()]])
