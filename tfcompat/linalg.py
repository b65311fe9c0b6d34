"""`tf.linalg`."""

# ruff: noqa: F401 - this file is the namespace; the ops are declared by family in the files it names

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
