"""`tf.linalg`."""

# ruff: noqa: F401 - this file is the namespace; the ops are declared by family in the files it names

from tfcompat import _lazy
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
from tfcompat._products import einsum, global_norm, matmul, matvec, norm, normalize, tensordot

__getattr__, __dir__ = _lazy.names(
    __name__,
    {
        "_matrix_functions": "logm lu_matrix_inverse lu_reconstruct lu_solve sqrtm=matrix_square_root",
        "_tridiagonal": "banded_triangular_solve eigh_tridiagonal tridiagonal_matmul tridiagonal_solve",
        "linalg._linear_operators": (
            "LinearOperator LinearOperatorAdjoint LinearOperatorBlockDiag LinearOperatorBlockLowerTriangular "
            "LinearOperatorCirculant LinearOperatorCirculant2D LinearOperatorCirculant3D "
            "LinearOperatorComposition LinearOperatorDiag LinearOperatorFullMatrix LinearOperatorHouseholder "
            "LinearOperatorIdentity LinearOperatorInversion LinearOperatorKronecker "
            "LinearOperatorLowRankUpdate LinearOperatorLowerTriangular LinearOperatorPermutation "
            "LinearOperatorScaledIdentity LinearOperatorToeplitz LinearOperatorTridiag LinearOperatorZeros"
        ),
    },
)
