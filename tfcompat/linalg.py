"""`tf.linalg`: inverses, decompositions, solvers; products and diagonals come from the files named below."""

import collections as _collections

import jax as _jax
import jax.numpy as _jnp
from jax.lax import linalg as _linalg

from tfcompat import _elementwise as _e
from tfcompat._core import dtypes as _d
from tfcompat._core import errors as _errors
from tfcompat._core.avals import shape_text as _shape_text
from tfcompat._core.convert import convert as _convert
from tfcompat._core.op import Bool as _Bool
from tfcompat._core.op import Check as _Check
from tfcompat._core.op import Data as _Data
from tfcompat._core.op import Dtype as _Dtype
from tfcompat._core.op import T as _T
from tfcompat._core.op import op as _op
from tfcompat._declare import (
    COMPLEX as _COMPLEX,
)
from tfcompat._declare import (
    FLOATS as _FLOATS,
)
from tfcompat._declare import (
    INTEGERS as _INTEGERS,
)
from tfcompat._declare import (
    WIDE_FLOATS as _WIDE_FLOATS,
)
from tfcompat._declare import (
    conj as _conj,
)
from tfcompat._declare import (
    invalid as _invalid,
)
from tfcompat._diagonals import (  # noqa: F401
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
from tfcompat._math import l2_normalize  # noqa: F401
from tfcompat._products import _broadcast_batch as _same_batch
from tfcompat._products import (  # noqa: F401
    einsum,
    global_norm,
    matmul,
    matvec,
    norm,
    normalize,
    tensordot,
)

_SOLVABLE = (*_WIDE_FLOATS, *_COMPLEX)
_H = (_d.float16, *_SOLVABLE)


def _square(x, kernel):
    if x.ndim < 2:
        raise _invalid(f"Input tensor 0 must have rank >= 2, got {x.ndim}", kernel)
    if x.shape[-1] != x.shape[-2]:
        raise _invalid("Input matrix must be square.", kernel)


def _flip(x):
    return _conj(_jnp.swapaxes(x, -1, -2))


def _wide(x):
    return x.astype(_jnp.float32) if x.dtype == _jnp.float16 else x


def _singular(x):
    """Whether one of the matrices has a pivot that is 0 or not finite."""
    if x.size == 0:
        return _jnp.zeros((), bool)
    pivots = _jnp.abs(_jnp.diagonal(_linalg.lu(_wide(x))[0], axis1=-2, axis2=-1))
    return ~_jnp.all(pivots > 0)


# Inverses and determinants


def _inv_grad(g, out, input, adjoint):
    cotangent = -_flip(out) @ g @ _flip(out)
    return _flip(cotangent) if adjoint else cotangent


@_op("MatrixInverse", T=_H, grad=_inv_grad,
     check=_Check(lambda input, adjoint: _singular(input), lambda input, adjoint: "Input is not invertible.",
                  immediate=True))  # fmt: skip
def inv(input: _T, adjoint: _Bool = False):
    """The inverses of matrices.

    Args:
      input: square matrices in the last two dimensions, floating or complex.
      adjoint: whether to invert the conjugate transposes.

    Raises:
      InvalidArgumentError: a matrix that is singular or not square.
    """
    _square(input, "MatrixInverse")
    x = _flip(input) if adjoint else input
    return _jnp.linalg.inv(_wide(x)).astype(input.dtype)


@_op("MatrixDeterminant", T=_SOLVABLE)
def det(input: _T):
    """The determinants of matrices."""
    _square(input, "MatrixDeterminant")
    return _jnp.linalg.det(input)


LogMatrixDeterminant = _collections.namedtuple("LogMatrixDeterminant", ["sign", "log_abs_determinant"])


@_op("LogMatrixDeterminant", T=_SOLVABLE, single=False)
def _slogdet(input: _T):
    _square(input, "LogMatrixDeterminant")
    sign, size = _jnp.linalg.slogdet(input)
    return [sign, size.astype(input.dtype)]


def slogdet(input, name=None):
    """Sign and logarithm of the absolute value of determinants, as a named tuple (sign, log_abs_determinant)."""
    return LogMatrixDeterminant(*_slogdet(input))


def logdet(matrix, name=None):
    """log(det(matrix)) of Hermitian positive definite matrices, by a Cholesky decomposition."""
    from tfcompat._cast import real

    logs = _e.log(real(diag_part(cholesky(matrix))))
    from tfcompat._reductions import reduce_sum

    return _e.multiply(2.0, reduce_sum(logs, -1))


# Decompositions


def _cholesky_grad(g, out, input):
    identity = _jnp.broadcast_to(_jnp.eye(out.shape[-1], dtype=out.dtype), out.shape)
    inverse = _linalg.triangular_solve(out, identity, left_side=True, lower=True)
    middle = _jnp.tril(_flip(out) @ g)
    middle = middle - 0.5 * middle * _jnp.eye(out.shape[-1], dtype=out.dtype)
    grad = _flip(inverse) @ middle @ inverse
    return (grad + _flip(grad)) * 0.5


@_op("Cholesky", T=_SOLVABLE, grad=_cholesky_grad)
def cholesky(input: _T):
    """Lower triangular L with L L^H = input, of Hermitian positive definite matrices; NaN where they are not.

    Only the lower triangle of the input is read.
    """
    _square(input, "Cholesky")
    return _jnp.tril(_linalg.cholesky(input, symmetrize_input=False))


def _reciprocal_gaps(values):
    gaps = values[..., None, :] - values[..., :, None]
    return _jnp.where(gaps == 0, _jnp.zeros_like(gaps), 1 / _jnp.where(gaps == 0, _jnp.ones_like(gaps), gaps))


def _lower_half(grad):
    """The cotangent of a Hermitian matrix of which only the lower triangle is read."""
    both = _jnp.tril(grad + _flip(grad))
    return both - 0.5 * both * _jnp.eye(grad.shape[-1], dtype=grad.dtype)


def _eigh_grad(g, out, input):
    values, vectors = out
    inner = _jnp.real(values)[..., None] * 0 + _jnp.eye(values.shape[-1], dtype=vectors.dtype) * g[0][..., None]
    inner = inner + _reciprocal_gaps(values).astype(vectors.dtype) * (_flip(vectors) @ g[1])
    return _lower_half(vectors @ inner @ _flip(vectors))


@_op("SelfAdjointEigV2", T=_SOLVABLE, single=False, grad=_eigh_grad)
def _eigh(tensor: _T):
    _square(tensor, "SelfAdjointEigV2")
    vectors, values = _linalg.eigh(tensor, lower=True, symmetrize_input=False)
    return [values.astype(tensor.dtype), vectors]


def eigh(tensor, name=None):
    """Eigenvalues (ascending) and eigenvectors (columns) of Hermitian matrices, of which the lower triangle is read."""
    return tuple(_eigh(tensor))


def _eigvalsh_grad(g, out, input):
    vectors, _ = _linalg.eigh(input, lower=True, symmetrize_input=False)
    return _lower_half(vectors @ (g[..., None] * _flip(vectors)))


@_op("SelfAdjointEigV2Values", T=_SOLVABLE, grad=_eigvalsh_grad)
def eigvalsh(tensor: _T):
    """Eigenvalues, ascending, of Hermitian matrices. See `eigh`."""
    _square(tensor, "SelfAdjointEigV2")
    return _linalg.eigh(tensor, lower=True, symmetrize_input=False)[1].astype(tensor.dtype)


@_op("Svd", T=_SOLVABLE, single=False)
def _svd(tensor: _T, full_matrices: _Bool):
    _at_least_matrix(tensor, "Svd")
    u, s, vh = _jnp.linalg.svd(tensor, full_matrices=full_matrices)
    return [s, u, _flip(vh)]


@_op("SvdValues", T=_SOLVABLE)
def _svd_values(tensor: _T):
    _at_least_matrix(tensor, "Svd")
    return _jnp.linalg.svd(tensor, compute_uv=False)


def _at_least_matrix(x, kernel):
    if x.ndim < 2:
        raise _invalid(f"Shape must be at least rank 2 but is rank {x.ndim}", kernel)


def svd(tensor, full_matrices=False, compute_uv=True, name=None):
    """Singular value decompositions: tensor = u @ diag(s) @ adjoint(v).

    Args:
      tensor: matrices in the last two dimensions.
      full_matrices: whether u and v are square.
      compute_uv: whether to return (s, u, v) or s alone; s is descending.
    """
    return tuple(_svd(tensor, full_matrices)) if compute_uv else _svd_values(tensor)


Qr = _collections.namedtuple("Qr", ["q", "r"])


@_op("Qr", T=_H, single=False)
def _qr(input: _T, full_matrices: _Bool):
    _at_least_matrix(input, "Qr")
    q, r = _jnp.linalg.qr(_wide(input), mode="complete" if full_matrices else "reduced")
    return [q.astype(input.dtype), r.astype(input.dtype)]


def qr(input, full_matrices=False, name=None):
    """q (orthonormal columns) and r (upper triangular) with q @ r = input, as a named tuple."""
    return Qr(*_qr(input, full_matrices))


Lu = _collections.namedtuple("Lu", ["lu", "p"])


@_op("Lu", T=_SOLVABLE, single=False,
     check=_Check(lambda input, output_idx_type: _singular(input), lambda input, output_idx_type: "Input is not invertible.",
                  immediate=True))  # fmt: skip
def _lu(input: _T, output_idx_type: _Dtype):
    _square(input, "Lu")
    lower_upper, _, permutation = _linalg.lu(input)
    return [lower_upper, permutation.astype(output_idx_type.np)]


def lu(input, output_idx_type=_d.int32, name=None):
    """LU decompositions with row exchanges, as a named tuple (lu, p): input[p] = L @ U."""
    return Lu(*_lu(input, output_idx_type))


@_op("Eig", T=_SOLVABLE, single=False, grad=None)
def _eig(tensor: _T):
    _square(tensor, "Eig")
    values, vectors = _jnp.linalg.eig(tensor)
    return [values, vectors]


def eig(tensor, name=None):
    """Eigenvalues and eigenvectors (columns) of square matrices, complex."""
    return tuple(_eig(tensor))


def eigvals(tensor, name=None):
    """Eigenvalues of square matrices, complex."""
    return _eig(tensor)[0]


# Systems of equations


def _solve_bad(matrix, rhs, adjoint):
    return _singular(matrix)


@_op("MatrixSolve", T=_SOLVABLE,
     check=_Check(_solve_bad, lambda matrix, rhs, adjoint: "Input matrix is not invertible.", immediate=True))  # fmt: skip
def solve(matrix: _T, rhs: _T, adjoint: _Bool = False):
    """Solves matrix @ x = rhs.

    Args:
      matrix: square matrices [..., n, n].
      rhs: [..., n, k].
      adjoint: whether to solve with the conjugate transposes.

    Raises:
      InvalidArgumentError: a matrix that is singular, or shapes that do not fit.
    """
    if matrix.ndim != rhs.ndim:
        raise _invalid("All input tensors must have the same rank.", "MatrixSolve")
    if matrix.ndim < 2:
        raise _invalid(f"Input tensor 0 must have rank >= 2, got {matrix.ndim}", "MatrixSolve")
    if matrix.shape[-1] != matrix.shape[-2]:
        raise _invalid("First input (lhs) must be a square matrix.", "MatrixSolve")
    if matrix.shape[:-1] != rhs.shape[:-1]:
        raise _invalid("Input matrix and rhs are incompatible.", "MatrixSolve")
    return _jnp.linalg.solve(_flip(matrix) if adjoint else matrix, rhs)


def _triangular(matrix, rhs, lower, adjoint):
    matrix, rhs = _same_batch(matrix, rhs, "MatrixTriangularSolve")
    return _linalg.triangular_solve(
        matrix, rhs, left_side=True, lower=lower, transpose_a=adjoint, conjugate_a=adjoint
    )


def _fits(matrix, rhs, kernel):
    _square(matrix, kernel)
    if rhs.ndim < 2 or matrix.shape[-1] != rhs.shape[-2]:
        raise _invalid(f"In[0] mismatch In[1] shape: {matrix.shape[-1]} vs. {rhs.shape[-2] if rhs.ndim > 1 else 0}: "
                       f"{_shape_text(matrix.shape)} {_shape_text(rhs.shape)} 0 0", kernel)  # fmt: skip


@_op("MatrixTriangularSolve", T=_SOLVABLE)
def triangular_solve(matrix: _T, rhs: _T, lower: _Bool = True, adjoint: _Bool = False):
    """Solves matrix @ x = rhs where `matrix` is lower (or upper) triangular; the other half is not read."""
    _fits(matrix, rhs, "MatrixTriangularSolve")
    return _triangular(matrix, rhs, lower, adjoint)


@_op("CholeskySolve", T=_SOLVABLE)
def cholesky_solve(chol: _T, rhs: _T):
    """Solves A @ x = rhs, given the Cholesky decomposition of A."""
    _fits(chol, rhs, "MatrixTriangularSolve")
    return _triangular(chol, _triangular(chol, rhs, True, False), True, True)


@_op("MatrixSolveLs", T=_SOLVABLE)
def _lstsq(matrix: _T, rhs: _T, l2_regularizer: _Data("L"), fast: _Bool):
    m, n = matrix.shape[-2:]
    if rhs.ndim < 2 or rhs.shape[-2] != m:
        raise _invalid("Dimensions must be equal: matrix and rhs must have the same number of rows, got "
                       f"{_shape_text(matrix.shape)} and {_shape_text(rhs.shape)}", "MatrixSolveLs")  # fmt: skip
    if not fast:
        return _jnp.linalg.pinv(matrix) @ rhs
    small = _jnp.eye(min(m, n), dtype=matrix.dtype) * l2_regularizer.astype(matrix.dtype)
    if m >= n:
        chol = _linalg.cholesky(_flip(matrix) @ matrix + small)
        return _triangular(chol, _triangular(chol, _flip(matrix) @ rhs, True, False), True, True)
    chol = _linalg.cholesky(matrix @ _flip(matrix) + small)
    return _flip(matrix) @ _triangular(chol, _triangular(chol, rhs, True, False), True, True)


def lstsq(matrix, rhs, l2_regularizer=0.0, fast=True, name=None):
    """The x that minimises norm(matrix @ x - rhs) ** 2 + l2_regularizer * norm(x) ** 2.

    Args:
      matrix: [..., m, n]; of several solutions (m < n) the smallest is returned.
      rhs: [..., m, k].
      l2_regularizer: a number; used where `fast`.
      fast: by the normal equations, which need full rank and a moderate condition; else by the pseudo-inverse.
    """
    matrix = _convert(matrix)
    return _lstsq(matrix, rhs, _convert(l2_regularizer, matrix.dtype.real_dtype), fast)


@_op("Pinv", T=_WIDE_FLOATS)
def _pinv(a: _T, rcond: _T):
    u, s, vh = _jnp.linalg.svd(a, full_matrices=False)
    cutoff = rcond[..., None] * _jnp.max(s, -1, keepdims=True, initial=0)
    kept = s > cutoff
    inverse = _jnp.where(kept, 1 / _jnp.where(kept, s, _jnp.ones_like(s)), _jnp.zeros_like(s))
    return _jnp.swapaxes(vh, -1, -2) @ (inverse[..., None] * _jnp.swapaxes(u, -1, -2))


def pinv(a, rcond=None, validate_args=False, name=None):
    """Moore-Penrose pseudo-inverses.

    Args:
      a: matrices [..., m, n] of floats.
      rcond: singular values below `rcond` times the largest count as 0; default 10 * max(m, n) * machine epsilon.

    Raises:
      TypeError: `a` is not floating.
    """
    a = _convert(a)
    if not a.dtype.is_floating:
        raise TypeError("Input must have float `dtype`.")
    if len(a.shape) < 2:
        raise ValueError(f"Input must have at least 2 dimensions. Found: {len(a.shape)}.")
    if rcond is None:
        rcond = 10.0 * max(a.shape[-2], a.shape[-1]) * float(_jnp.finfo(a.dtype.np).eps)
    return _pinv(a, _convert(rcond, a.dtype))


@_op("MatrixRank", T=_WIDE_FLOATS, grad=None)
def _matrix_rank(a: _T, tol: _T):
    return _jnp.sum(_jnp.linalg.svd(a, compute_uv=False) > tol[..., None], -1, dtype=_jnp.int32)


@_op("MatrixRankDefault", T=_WIDE_FLOATS, grad=None)
def _matrix_rank_default(a: _T):
    s = _jnp.linalg.svd(a, compute_uv=False)
    tol = _jnp.finfo(a.dtype).eps * max(a.shape[-2:]) * _jnp.max(s, -1, keepdims=True, initial=0)
    return _jnp.sum(s > tol, -1, dtype=_jnp.int32)


def matrix_rank(a, tol=None, validate_args=False, name=None):
    """How many singular values are above `tol` (default: epsilon * max(m, n) * the largest one)."""
    a = _convert(a)
    if not a.dtype.is_floating:
        raise TypeError("Input must have float `dtype`.")
    return _matrix_rank_default(a) if tol is None else _matrix_rank(a, _convert(tol, a.dtype))


# Functions of matrices and of 3-vectors


@_op("MatrixExponential", T=_SOLVABLE)
def expm(input: _T):
    """Matrix exponentials."""
    _square(input, "MatrixExponential")
    return _jnp.vectorize(_jax.scipy.linalg.expm, signature="(n,n)->(n,n)")(input)


def _cross_dtypes():
    return (*_FLOATS, *_INTEGERS)


@_op("Cross", T=_cross_dtypes())
def cross(a: _T, b: _T):
    """Cross products of 3-vectors in the last dimension; both inputs have the same shape."""
    if a.shape != b.shape:
        raise _invalid(f"Both inputs must be of same shape: {_shape_text(a.shape)} vs. {_shape_text(b.shape)}", "Cross")
    if not a.ndim or a.shape[-1] != 3:
        raise _errors.FailedPreconditionError(
            None, None, "Cross-products are only defined for 3-element vectors. [Op:Cross] name: "
        )
    a1, a2, a3 = a[..., 0], a[..., 1], a[..., 2]
    b1, b2, b3 = b[..., 0], b[..., 1], b[..., 2]
    return _jnp.stack([a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1], -1)
