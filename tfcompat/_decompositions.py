"""Inverses, determinants, decompositions and solvers of `tf.linalg`."""

import collections

import jax
import jax.numpy as jnp
from jax import lax
from jax.lax import linalg

from tfcompat import _elementwise as e
from tfcompat._cast import real
from tfcompat._core import dtypes as d, errors
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.inlined import inlined
from tfcompat._core.lax_linalg import solution
from tfcompat._core.op import Bool, Check, Data, Dtype, T, op
from tfcompat._core.refusals import unfit
from tfcompat._core.twins import twin
from tfcompat._declare import COMPLEX, REAL, WIDE_FLOATS, conj, for_shapes, invalid, is_complex
from tfcompat._diagonals import diag_part, diagonal, triangle
from tfcompat._products import broadcast_batch, multiply_matrices
from tfcompat._reductions import reduce_sum

_SOLVABLE = (*WIDE_FLOATS, *COMPLEX)
_H = (d.float16, *_SOLVABLE)


def _square(x, kernel):
    if x.ndim < 2:
        raise _flat(x, kernel)
    if x.shape[-1] != x.shape[-2]:
        text = f"Dimensions must be equal, but are {x.shape[-2]} and {x.shape[-1]}"
        raise invalid("Input matrix must be square.", kernel, while_recording=for_shapes(text, kernel, x))


def _flat(x, kernel):
    text = for_shapes(f"Shape must be at least rank 2 but is rank {x.ndim}", kernel, x)
    return invalid(f"Input tensor 0 must have rank >= 2, got {x.ndim}", kernel, while_recording=text)


def _flip(x):
    return conj(jnp.swapaxes(x, -1, -2))


def _lower(x):
    return triangle(x, lower=True, upper=False)


def _wide(x):
    return x.astype(jnp.float32) if x.dtype == jnp.float16 else x


def _has_bad_pivot(factors):
    """Whether a pivot of one of the matrices is 0 or no number."""
    return jnp.any(~(jnp.abs(diagonal(factors)) > 0))


def _solution(matrix, rhs):
    """The solution of matrix @ x = rhs, and whether one of the matrices is singular."""
    factors, _, order = linalg.lu(matrix)
    if order.ndim == 1:
        rhs = jnp.take(rhs, order, 0, mode="clip")
    else:
        rhs = jnp.take_along_axis(rhs, order[..., None], -2, mode="promise_in_bounds")
    below = linalg.triangular_solve(factors, rhs, left_side=True, lower=True, unit_diagonal=True)
    return linalg.triangular_solve(factors, below, left_side=True), _has_bad_pivot(factors)


_solution = twin(_solution, 4, as_fast=lambda eqn: len(eqn.invars[0].aval.shape) == 2)(solution)

_INVERTIBLE = Check(None, lambda *_: "Input is not invertible.", immediate=True)


# Inverses and determinants


def _inv_grad(g, out, input, adjoint):
    inverse = _flip(out[0])
    cotangent = -inverse @ g[0] @ inverse
    return _flip(cotangent) if adjoint else cotangent


@op("MatrixInverse", T=_H, single=False, grad=_inv_grad, check=_INVERTIBLE)
@inlined
def inv(input: T, adjoint: Bool = False):
    """The inverses of matrices.

    Args:
      input: square matrices in the last two dimensions, floating or complex.
      adjoint: whether to invert the conjugate transposes.

    Raises:
      InvalidArgumentError: a matrix that is singular or not square.
    """
    _square(input, "MatrixInverse")
    x = _wide(_flip(input) if adjoint else input)
    inverse, singular = _solution(x, jnp.broadcast_to(jnp.eye(x.shape[-1], dtype=x.dtype), x.shape))
    return [inverse.astype(input.dtype), singular]


def _det_grad(g, out, input):
    if not is_complex(input) or not input.shape[-1]:
        return jax.vjp(_det, input)[1](g)[0]
    # TensorFlow's gradient of complex numbers multiplies by the determinant itself, not by its conjugate.
    return (g * out)[..., None, None] * _flip(jnp.linalg.inv(input))


def _det(input):
    return jnp.linalg.det(input) if input.shape[-1] else jnp.ones(input.shape[:-2], input.dtype)


@op("MatrixDeterminant", T=_SOLVABLE, grad=_det_grad)
def det(input: T):
    """The determinants of matrices.

    Args:
      input: [..., n, n].

    Raises:
      InvalidArgumentError: matrices that are not square, or another dtype.
    """
    _square(input, "MatrixDeterminant")
    return _det(input)


LogMatrixDeterminant = collections.namedtuple("LogMatrixDeterminant", ["sign", "log_abs_determinant"])


def _slogdet_grad(g, out, input):
    # What reaches the sign goes no further, also where numbers are complex.
    return g[1][..., None, None] * _flip(jnp.linalg.inv(input))


@op("LogMatrixDeterminant", T=_SOLVABLE, single=False, grad=_slogdet_grad)
def _slogdet(input: T):
    _square(input, "LogMatrixDeterminant")
    factors, exchanges, _ = linalg.lu(input)
    pivots = diagonal(factors)
    exchanged = jnp.sum(exchanges != jnp.arange(input.shape[-1], dtype=exchanges.dtype), -1, dtype=exchanges.dtype)
    sign = jnp.prod(lax.sign(pivots), -1) * (1 - 2 * (exchanged & 1)).astype(input.dtype)
    return [sign, jnp.sum(jnp.log(jnp.abs(pivots)), -1).astype(input.dtype)]


def slogdet(input, name=None):
    """Sign and logarithm of the absolute value of determinants, as a named tuple (sign, log_abs_determinant).

    Args:
      input: [..., n, n], floating or complex.

    Raises:
      InvalidArgumentError: matrices that are not square.
    """
    return LogMatrixDeterminant(*_slogdet(input))


def logdet(matrix, name=None):
    """log(det(matrix)) of Hermitian positive definite matrices, by a Cholesky decomposition.

    Args:
      matrix: [..., n, n].

    Raises:
      InvalidArgumentError: matrices that are not square.
    """
    return e.multiply(2.0, reduce_sum(e.log(real(diag_part(cholesky(matrix)))), -1))


# Decompositions


def _cholesky_grad(g, out, input):
    identity = jnp.broadcast_to(jnp.eye(out.shape[-1], dtype=out.dtype), out.shape)
    inverse = linalg.triangular_solve(out, identity, left_side=True, lower=True)
    middle = _lower(_flip(out) @ g)
    middle = middle - 0.5 * middle * jnp.eye(out.shape[-1], dtype=out.dtype)
    grad = _flip(inverse) @ middle @ inverse
    return (grad + _flip(grad)) * 0.5


@op("Cholesky", T=_SOLVABLE, grad=_cholesky_grad)
def cholesky(input: T):
    """Lower triangular L with L L^H = input, of Hermitian positive definite matrices; NaN where they are not.

    Only the lower triangle of the input is read.

    Args:
      input: [..., n, n].

    Raises:
      InvalidArgumentError: matrices that are not square, or another dtype.
    """
    _square(input, "Cholesky")
    # XLA transposes what is masked faster than what is copied: 1000 x 1000 numbers in 0.6 to 1 ms less.
    return _lower(linalg.cholesky_p.bind(_lower(input)))


def _reciprocal_gaps(values):
    gaps = values[..., None, :] - values[..., :, None]
    return jnp.where(gaps == 0, jnp.zeros_like(gaps), 1 / jnp.where(gaps == 0, jnp.ones_like(gaps), gaps))


def _lower_half(grad):
    """The cotangent of a Hermitian matrix of which only the lower triangle is read."""
    both = _lower(grad + _flip(grad))
    return both - 0.5 * both * jnp.eye(grad.shape[-1], dtype=grad.dtype)


def _eigh_grad(g, out, input):
    values, vectors = out
    inner = jnp.real(values)[..., None] * 0 + jnp.eye(values.shape[-1], dtype=vectors.dtype) * g[0][..., None]
    inner = inner + _reciprocal_gaps(values).astype(vectors.dtype) * (_flip(vectors) @ g[1])
    return _lower_half(vectors @ inner @ _flip(vectors))


@op("SelfAdjointEigV2", T=_SOLVABLE, single=False, grad=_eigh_grad)
def _eigh(tensor: T):
    _square(tensor, "SelfAdjointEigV2")
    vectors, values = linalg.eigh(tensor, lower=True, symmetrize_input=False)
    return [values.astype(tensor.dtype), vectors]


def eigh(tensor, name=None):
    """Eigenvalues (ascending) and eigenvectors (columns) of Hermitian matrices, of which the lower triangle is read.

    Args:
      tensor: [..., n, n], floating or complex.

    Raises:
      InvalidArgumentError: matrices that are not square.
    """
    return tuple(_eigh(tensor))


def _eigvalsh_grad(g, out, input):
    vectors, _ = linalg.eigh(input, lower=True, symmetrize_input=False)
    return _lower_half(vectors @ (g[..., None] * _flip(vectors)))


@op("SelfAdjointEigV2Values", T=_SOLVABLE, grad=_eigvalsh_grad)
def eigvalsh(tensor: T):
    """Eigenvalues, ascending, of Hermitian matrices. See `eigh`."""
    _square(tensor, "SelfAdjointEigV2")
    return linalg.eigh(tensor, lower=True, symmetrize_input=False)[1].astype(tensor.dtype)


@op("Svd", T=_SOLVABLE, single=False)
def _svd(tensor: T, full_matrices: Bool):
    _at_least_matrix(tensor, "Svd")
    u, s, vh = jnp.linalg.svd(tensor, full_matrices=full_matrices)
    return [s, u, _flip(vh)]


@op("SvdValues", T=_SOLVABLE)
def _svd_values(tensor: T):
    _at_least_matrix(tensor, "Svd")
    return jnp.linalg.svd(tensor, compute_uv=False)


def _at_least_matrix(x, kernel):
    if x.ndim < 2:
        raise _flat(x, kernel)


def svd(tensor, full_matrices=False, compute_uv=True, name=None):
    """Singular value decompositions: tensor = u @ diag(s) @ adjoint(v).

    Args:
      tensor: matrices in the last two dimensions.
      full_matrices: whether u and v are square.
      compute_uv: whether to return (s, u, v) or s alone; s is descending.

    Raises:
      InvalidArgumentError: a rank below 2, or another dtype.
    """
    return tuple(_svd(tensor, full_matrices)) if compute_uv else _svd_values(tensor)


Qr = collections.namedtuple("Qr", ["q", "r"])


@op("Qr", T=_H, single=False)
def _qr(input: T, full_matrices: Bool):
    _at_least_matrix(input, "Qr")
    q, r = jnp.linalg.qr(_wide(input), mode="complete" if full_matrices else "reduced")
    return [q.astype(input.dtype), r.astype(input.dtype)]


def qr(input, full_matrices=False, name=None):
    """q (orthonormal columns) and r (upper triangular) with q @ r = input, as a named tuple.

    Args:
      input: [..., m, n], floating or complex.
      full_matrices: whether q is square.

    Raises:
      InvalidArgumentError: a rank below 2, or another dtype.
    """
    return Qr(*_qr(input, full_matrices))


Lu = collections.namedtuple("Lu", ["lu", "p"])


@op("Lu", T=_SOLVABLE, single=False, grad=False, check=_INVERTIBLE)
@inlined
def _lu(input: T, output_idx_type: Dtype):
    if input.ndim < 2:
        raise invalid(f"Input tensor must have rank >= 2, got {input.ndim}", "Lu",
                      while_recording=for_shapes(f"Shape must be at least rank 2 but is rank {input.ndim}", "Lu", input))  # fmt: skip
    _square(input, "Lu")
    lower_upper, _, permutation = linalg.lu(input)
    return [lower_upper, permutation.astype(output_idx_type.np), _has_bad_pivot(lower_upper)]


def lu(input, output_idx_type=d.int32, name=None):
    """LU decompositions with row exchanges, as a named tuple (lu, p): input[p] = L @ U.

    Args:
      input: [..., n, n].
      output_idx_type: int32 or int64.

    Raises:
      InvalidArgumentError: matrices that are not square, or singular ones.
    """
    return Lu(*_lu(input, output_idx_type))


def _eig_grad(g, out, tensor):
    values, vectors = out
    gaps = values[..., None, :] - values[..., :, None]
    factors = jnp.where(gaps == 0, 0, 1 / jnp.where(gaps == 0, 1, gaps))
    adjoint = _flip(vectors)
    turned = adjoint @ g[1]
    parallel = jnp.real(jnp.diagonal(turned, axis1=-2, axis2=-1)).astype(turned.dtype)
    middle = conj(factors) * (turned - (adjoint @ vectors) * parallel[..., None, :])
    middle = middle + g[0][..., None] * jnp.eye(values.shape[-1], dtype=g[0].dtype)
    result = jnp.linalg.solve(adjoint, middle @ adjoint) if values.shape[-1] else middle
    return (result if is_complex(tensor) else jnp.real(result)).astype(tensor.dtype)


@op("Eig", T=_SOLVABLE, single=False, grad=_eig_grad)
def _eig(tensor: T):
    _square(tensor, "Eig")
    values, vectors = jnp.linalg.eig(tensor)
    return [values, vectors]


def eig(tensor, name=None):
    """Eigenvalues and eigenvectors (columns) of square matrices, complex.

    Args:
      tensor: [..., n, n], floating or complex.

    Raises:
      InvalidArgumentError: matrices that are not square, or have an entry that is not finite.
    """
    return tuple(_eig(tensor))


def eigvals(tensor, name=None):
    """Eigenvalues of square matrices, complex.

    Args:
      tensor: [..., n, n], floating or complex.

    Raises:
      InvalidArgumentError: matrices that are not square, or have an entry that is not finite.
    """
    return _eig(tensor)[0]


# Systems of equations


def _solve_grad(g, out, matrix, rhs, adjoint):
    solution = out[0]
    back, _ = _solution(matrix if adjoint else _flip(matrix), g[0])
    return -solution @ _flip(back) if adjoint else -back @ _flip(solution), back


@op("MatrixSolve", T=_SOLVABLE, single=False, grad=_solve_grad,
    check=Check(None, lambda *_: "Input matrix is not invertible.", immediate=True))  # fmt: skip
@inlined
def solve(matrix: T, rhs: T, adjoint: Bool = False):
    """Solves matrix @ x = rhs.

    Args:
      matrix: square matrices [..., n, n].
      rhs: [..., n, k].
      adjoint: whether to solve with the conjugate transposes.

    Raises:
      InvalidArgumentError: a matrix that is singular, or shapes that do not fit.
    """
    if matrix.ndim != rhs.ndim:
        raise invalid("All input tensors must have the same rank.", "MatrixSolve")
    if matrix.ndim < 2:
        raise invalid(f"Input tensor 0 must have rank >= 2, got {matrix.ndim}", "MatrixSolve")
    if matrix.shape[-1] != matrix.shape[-2]:
        raise invalid("First input (lhs) must be a square matrix.", "MatrixSolve")
    if matrix.shape[:-1] != rhs.shape[:-1]:
        text = f"Dimensions must be equal, but are {matrix.shape[-2]} and {rhs.shape[-2]}"
        recorded = for_shapes(text, "MatrixSolve", matrix, rhs) if matrix.shape[:-2] == rhs.shape[:-2] else None
        raise invalid("Input matrix and rhs are incompatible.", "MatrixSolve", while_recording=recorded)
    solution, singular = _solution(_flip(matrix) if adjoint else matrix, rhs)
    return [solution, singular & bool(rhs.size)]


def _triangular(matrix, rhs, lower, adjoint):
    matrix, rhs = broadcast_batch(matrix, rhs, "MatrixTriangularSolve")
    return linalg.triangular_solve(
        matrix, rhs, left_side=True, lower=lower, transpose_a=adjoint, conjugate_a=adjoint
    )


def _fits(matrix, rhs, lower=True, adjoint=False):
    kernel = "MatrixTriangularSolve"

    def fault(text, recorded):
        return invalid(text, kernel, while_recording=for_shapes(recorded, kernel, matrix, rhs))

    for i, x in enumerate((matrix, rhs)):
        if x.ndim < 2:
            raise fault(f"In[{i}] ndims must be >= 2: {x.ndim}", f"Shape must be at least rank 2 but is rank {x.ndim}")
    (m, n), k = matrix.shape[-2:], rhs.shape[-2]
    if m != n:
        raise fault(f"In[0] matrices in the last dimensions must be square ({n} =/= {m})",
                    f"Dimensions must be equal, but are {m} and {n}")  # fmt: skip
    if n != k:
        raise fault(f"In[0] mismatch In[1] shape: {n} vs. {k}: {shape_text(matrix.shape)} {shape_text(rhs.shape)} {int(lower)} "
                    f"{int(adjoint)}", f"Dimensions must be equal, but are {n} and {k}")  # fmt: skip


@op("MatrixTriangularSolve", T=_SOLVABLE)
def triangular_solve(matrix: T, rhs: T, lower: Bool = True, adjoint: Bool = False):
    """Solves matrix @ x = rhs where `matrix` is lower (or upper) triangular; the other half is not read.

    Args:
      matrix: [..., n, n].
      rhs: [..., n, k].
      lower: which half counts.
      adjoint: whether to solve with the conjugate transpose.

    Raises:
      InvalidArgumentError: shapes that do not fit; a 0 on the diagonal.
    """
    _fits(matrix, rhs, lower, adjoint)
    return _triangular(matrix, rhs, lower, adjoint)


@op("CholeskySolve", T=_SOLVABLE)
def cholesky_solve(chol: T, rhs: T):
    """Solves A @ x = rhs, given the Cholesky decomposition of A.

    Args:
      chol: [..., n, n], what `tf.linalg.cholesky` gives.
      rhs: [..., n, k].

    Raises:
      InvalidArgumentError: shapes or dtypes that do not fit.
    """
    _fits(chol, rhs)
    return _triangular(chol, _triangular(chol, rhs, True, False), True, True)


@op("MatrixSolveLs", T=_SOLVABLE)
def _lstsq(matrix: T, rhs: T, l2_regularizer: Data("L"), fast: Bool):
    m, n = matrix.shape[-2:]
    if fast and m >= n:
        multiply_matrices(matrix, rhs, True)  # which is what finds that they do not fit
    elif fast:
        _fits(matrix @ _flip(matrix), rhs)
    elif rhs.ndim < 2 or rhs.shape[-2] != m:
        raise invalid("Input matrix and rhs are incompatible.", "MatrixSolveLs")
    if not fast:
        return jnp.linalg.pinv(matrix) @ rhs
    small = jnp.eye(min(m, n), dtype=matrix.dtype) * l2_regularizer.astype(matrix.dtype)
    if m >= n:
        chol = linalg.cholesky(_flip(matrix) @ matrix + small)
        return _triangular(chol, _triangular(chol, _flip(matrix) @ rhs, True, False), True, True)
    chol = linalg.cholesky(matrix @ _flip(matrix) + small)
    return _flip(matrix) @ _triangular(chol, _triangular(chol, rhs, True, False), True, True)


def lstsq(matrix, rhs, l2_regularizer=0.0, fast=True, name=None):
    """The x that minimises norm(matrix @ x - rhs) ** 2 + l2_regularizer * norm(x) ** 2.

    Args:
      matrix: [..., m, n]; of several solutions (m < n) the smallest is returned.
      rhs: [..., m, k].
      l2_regularizer: a number; used where `fast`.
      fast: by the normal equations, which need full rank and a moderate condition; else by the pseudo-inverse.

    Raises:
      InvalidArgumentError: shapes that do not fit, or normal equations without a solution.
      ValueError: `l2_regularizer` is no number.
    """
    matrix = convert(matrix)
    return _lstsq(matrix, rhs, convert(l2_regularizer, matrix.dtype.real_dtype), fast)


@op("Pinv", T=WIDE_FLOATS)
def _pinv(a: T, rcond: T):
    u, s, vh = jnp.linalg.svd(a, full_matrices=False)
    cutoff = rcond[..., None] * jnp.max(s, -1, keepdims=True, initial=0)
    kept = s > cutoff
    inverse = jnp.where(kept, 1 / jnp.where(kept, s, jnp.ones_like(s)), jnp.zeros_like(s))
    return jnp.swapaxes(vh, -1, -2) @ (inverse[..., None] * jnp.swapaxes(u, -1, -2))


def pinv(a, rcond=None, validate_args=False, name=None):
    """Moore-Penrose pseudo-inverses.

    Args:
      a: matrices [..., m, n] of floats.
      rcond: singular values below `rcond` times the largest count as 0; default 10 * max(m, n) * machine epsilon.

    Raises:
      TypeError: `a` is not floating.
    """
    a = convert(a)
    if not a.dtype.is_floating:
        raise TypeError("Input must have float `dtype`.")
    if len(a.shape) < 2:
        raise ValueError(f"Input `a` must have at least 2 dimensions (saw: {len(a.shape)}).")
    if rcond is None:
        rcond = 10.0 * max(a.shape[-2], a.shape[-1]) * float(jnp.finfo(a.dtype.np).eps)
    return _pinv(a, convert(rcond, a.dtype))


@op("MatrixRank", T=WIDE_FLOATS, grad=None)
def _matrix_rank(a: T, tol: T):
    return jnp.sum(jnp.linalg.svd(a, compute_uv=False) > tol[..., None], -1, dtype=jnp.int32)


@op("MatrixRankDefault", T=WIDE_FLOATS, grad=None)
def _matrix_rank_default(a: T):
    s = jnp.linalg.svd(a, compute_uv=False)
    tol = jnp.finfo(a.dtype).eps * max(a.shape[-2:]) * jnp.max(s, -1, keepdims=True, initial=0)
    return jnp.sum(s > tol, -1, dtype=jnp.int32)


def matrix_rank(a, tol=None, validate_args=False, name=None):
    """How many singular values are above `tol` (default: epsilon * max(m, n) * the largest one).

    Args:
      a: [..., m, n], floating or complex.
      tol: a number, or one for each matrix.
      validate_args: accepted.

    Raises:
      TypeError: integers.
      ValueError: a rank below 2.
    """
    a = convert(a)
    if not a.dtype.is_floating:
        raise TypeError("Input must have float `dtype`.")
    if len(a._aval.shape) < 2:
        raise ValueError(f"Input `a` must have at least 2 dimensions (saw: {len(a._aval.shape)}).")
    return _matrix_rank_default(a) if tol is None else _matrix_rank(a, convert(tol, a.dtype))


# Functions of matrices and of 3-vectors


@op("MatrixExponential", T=_SOLVABLE)
def expm(input: T):
    """Matrix exponentials.

    Args:
      input: [..., n, n].

    Raises:
      InvalidArgumentError: matrices that are not square, or another dtype.
    """
    _square(input, "MatrixExponential")
    return jnp.vectorize(jax.scipy.linalg.expm, signature="(n,n)->(n,n)")(input)


@op("Cross", T=REAL)
def cross(a: T, b: T):
    """Cross products of 3-vectors in the last dimension; both inputs have the same shape.

    Args:
      a, b: tensors of real numbers, the last dimension of size 3.

    Raises:
      InvalidArgumentError: another last dimension, or shapes that differ.
    """
    if a.shape != b.shape:
        raise invalid(f"Both inputs must be of same shape: {shape_text(a.shape)} vs. {shape_text(b.shape)}", "Cross")
    if not a.ndim:
        raise invalid("Input must be at least 1D[]", "Cross")
    if a.shape[-1] != 3:
        text = "Cross-products are only defined for 3-element vectors. [Op:Cross] name: "
        raise unfit(text, errors.FailedPreconditionError)
    a1, a2, a3 = a[..., 0], a[..., 1], a[..., 2]
    b1, b2, b3 = b[..., 0], b[..., 1], b[..., 2]
    return jnp.stack([a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1], -1)
