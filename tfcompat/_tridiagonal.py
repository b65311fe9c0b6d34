"""Matrices with few diagonals: products, solutions, eigenvalues."""

import jax
import jax.numpy as jnp
from jax.lax import linalg

from tfcompat._array import expand_dims, pad, squeeze, stack
from tfcompat._cast import conj, real
from tfcompat._core.convert import convert
from tfcompat._core.op import Any, Bool, Check, T, op
from tfcompat._core.sizes import each
from tfcompat._core.tensor_base import host_value
from tfcompat._declare import COMPLEX, WIDE_FLOATS, conj as conj_array, invalid, refused
from tfcompat._decompositions import eigh
from tfcompat._diagonals import diag, diag_part, matrix_transpose

_SOLVABLE = (*WIDE_FLOATS, *COMPLEX)


def _shifted(x, by):
    """`x` moved along its last axis, zeros coming in."""
    before, after = max(by, 0), max(-by, 0)
    padded = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(before, after)])
    return padded[..., after : after + x.shape[-1]]


def _times(above, middle, below, rhs):
    up = jnp.pad(rhs[..., 1:, :], [(0, 0)] * (rhs.ndim - 2) + [(0, 1), (0, 0)])
    down = jnp.pad(rhs[..., :-1, :], [(0, 0)] * (rhs.ndim - 2) + [(1, 0), (0, 0)])
    return above[..., None] * up + middle[..., None] * rhs + below[..., None] * down


@op("TridiagonalMatMul", T=_SOLVABLE)
def _tridiagonal_matmul(superdiag: T, maindiag: T, subdiag: T, rhs: T):
    if any(x.ndim != rhs.ndim - 1 for x in (superdiag, maindiag, subdiag)):
        raise invalid("All input tensors must have the same rank.", "TridiagonalMatMul")
    for name, diagonal in (("superdiagonal", superdiag), ("maindiagonal", maindiag), ("subdiagonal", subdiag)):
        if diagonal.shape[-1] != rhs.shape[-2]:
            raise invalid(f"Invalid {name} shape.", "TridiagonalMatMul")
    return _times(superdiag, maindiag, subdiag, rhs)


def _bands_grad(g, out, diagonals, rhs, partial_pivoting, perturb_singular):
    above, middle, below = (diagonals[..., i, :] for i in range(3))
    # The transpose's superdiagonal is the subdiagonal, moved to where it is written in the compact form.
    flipped = [conj_array(v) for v in (_shifted(below, -1), middle, _shifted(above, 1))]
    grad_rhs = linalg.tridiagonal_solve(flipped[2], flipped[1], flipped[0], g)
    # The conjugate of what the complex convention asks for, as TensorFlow's kernel has it.
    outer = [jnp.sum(conj_array(grad_rhs) * x, -1) for x in (_next(out, 1), out, _next(out, -1))]
    return -jnp.stack(outer, -2), grad_rhs


def _next(x, step):
    """Rows of `x` moved up (1) or down (-1) by one, zeros coming in."""
    return jnp.swapaxes(_shifted(jnp.swapaxes(x, -1, -2), -step), -1, -2)


@op("TridiagonalSolve", T=_SOLVABLE, grad=_bands_grad)
def _tridiagonal_solve(diagonals: T, rhs: T, partial_pivoting: Bool, perturb_singular: Bool):
    above, middle, below = (diagonals[..., i, :] for i in range(3))
    above, below = above.at[..., -1].set(0), below.at[..., 0].set(0)
    if middle.shape[-1] == 1:
        return rhs / middle[..., None]
    return linalg.tridiagonal_solve(below, middle, above, rhs, perturb_singular=perturb_singular)


def _from_matrix(diagonals):
    rows, columns = diagonals.shape[-2:]
    if rows != columns:
        raise ValueError(f"Expected last two dimensions of diagonals to be same, got {columns} and {rows}")
    return diag_part(diagonals, k=(-1, 1), align="LEFT_RIGHT")


def _from_sequence(diagonals):
    if not isinstance(diagonals, (tuple, list)) or len(diagonals) != 3:
        raise ValueError("Expected diagonals to be a sequence of length 3.")
    above, middle, below = diagonals
    if below.shape[:-1] != middle.shape[:-1] or above.shape[:-1] != middle.shape[:-1]:
        raise ValueError("Tensors representing the three diagonals must have the same shape,except for the last dimension, "
                         f"got {below.shape}, {middle.shape}, {above.shape}")  # fmt: skip
    size = middle.shape[-1]

    def full(x, name, padding):
        if x.shape[-1] == size - 1:
            return pad(x, [[0, 0]] * (len(x.shape) - 1) + [padding])
        if x.shape[-1] != size:
            raise ValueError(f"Expected {name} to be have length {size} or {size - 1}, got {x.shape[-1]}.")
        return x

    return stack([full(above, "superdiagonal", [0, 1]), middle, full(below, "subdiagonal", [1, 0])], -2)


def tridiagonal_solve(diagonals, rhs, diagonals_format="compact", transpose_rhs=False, conjugate_rhs=False, name=None,
                      partial_pivoting=True, perturb_singular=False):  # fmt: skip
    """Solves tridiagonal systems.

    Args:
      diagonals: by `diagonals_format`.
      rhs: [..., N] or [..., N, K]. It and the diagonals are tensors of one floating or complex dtype.
      diagonals_format: "compact": [..., 3, N] with the superdiagonal (its last entry is not read), the diagonal and the
        subdiagonal (its first entry is not read); "sequence": a list of the three; "matrix": [..., N, N].
      transpose_rhs, conjugate_rhs: whether to do that to `rhs` first.
      partial_pivoting: accepted; rows are always exchanged where that is needed.
      perturb_singular: whether tiny pivots are replaced by small ones, so that results stay finite.

    Returns:
      A tensor like `rhs`; NaN where a matrix is singular.

    Raises:
      ValueError: shapes that do not fit, or an unknown format.
    """
    if perturb_singular and not partial_pivoting:
        raise ValueError("partial_pivoting must be True if perturb_singular is.")
    if diagonals_format == "sequence":
        diagonals = _from_sequence(diagonals)
    elif diagonals_format == "matrix":
        diagonals = _from_matrix(diagonals)
    elif diagonals_format != "compact":
        raise ValueError(f"Unrecognized diagonals_format: {diagonals_format}")
    rank, rhs_rank = diagonals.shape.rank, rhs.shape.rank
    if rank and rank < 2:
        raise ValueError(f"Expected diagonals to have rank at least 2, got {rank}")
    if rhs_rank and rhs_rank not in (rank, rank - 1):
        raise ValueError(f"Expected the rank of rhs to be {rank - 1} or {rank}, got {rhs_rank}")
    if rhs_rank and diagonals.shape[:-2] != rhs.shape[: rank - 2]:
        raise ValueError(f"Batch shapes {diagonals.shape[:-2]} and {rhs.shape[: rank - 2]} are incompatible")
    if diagonals.shape[-2] != 3:
        raise ValueError(f"Expected 3 diagonals got {diagonals.shape[-2]}")
    is_vector = rhs_rank == rank - 1
    if transpose_rhs and not is_vector:
        rhs = matrix_transpose(rhs)
    rhs = conj(rhs) if conjugate_rhs else rhs
    rhs = expand_dims(rhs, -1) if is_vector else rhs
    if diagonals.shape[-1] != rhs.shape[-2]:
        raise ValueError("Expected number of left-hand sided and right-hand sides to be equal, got "
                         f"{diagonals.shape[-1]} and {rhs.shape[-2]}")  # fmt: skip
    result = _tridiagonal_solve(diagonals, rhs, partial_pivoting, perturb_singular)
    return squeeze(result, axis=-1) if is_vector else result


def tridiagonal_matmul(diagonals, rhs, diagonals_format="compact", name=None):
    """The product of tridiagonal matrices and [..., N, K]. See `tridiagonal_solve` for the diagonals.

    Raises:
      ValueError: an unknown format. InvalidArgumentError: shapes that do not fit.
    """
    if diagonals_format == "sequence":
        three = diagonals
    elif diagonals_format in ("compact", "matrix"):
        diagonals = _from_matrix(diagonals) if diagonals_format == "matrix" else diagonals
        three = [diagonals[..., i, :] for i in range(3)]
    else:
        raise ValueError(f"Unrecognized diagonals_format: {diagonals_format}")
    return _tridiagonal_matmul(*three, rhs)


def _dense(bands, lower):
    """The matrices of triangular bands [..., K, M]: the diagonal first where they are lower, else last."""
    count, size = bands.shape[-2:]
    total = jnp.zeros((*bands.shape[:-2], size, size), bands.dtype)
    for i in each(min(count, size)):
        offset = i if lower else count - 1 - i
        if offset >= size:
            continue
        band = bands[..., i, offset:] if lower else bands[..., i, : size - offset]
        total = total + jnp.vectorize(lambda v, k=offset: jnp.diag(v, -k if lower else k), signature="(n)->(m,m)")(band)
    return total


_invertible = Check(
    lambda bands, rhs, lower, adjoint: jnp.any(bands[..., 0 if lower else -1, :] == 0),
    lambda bands, rhs, lower, adjoint: "Input matrix is not invertible.",
    immediate=True,
)


@op("BandedTriangularSolve", T=_SOLVABLE, check=_invertible)
def banded_triangular_solve(bands: T, rhs: T, lower: Bool = True, adjoint: Bool = False):
    """Solves triangular systems whose matrices have few diagonals.

    Args:
      bands: [..., K, M], the diagonals from the main one down (`lower`), or from the outermost down to the main one; an
        entry stands in its column's... row's place: what would lie outside of the matrix is not read.
      rhs: [..., M, N].
      lower: whether the matrices are lower triangular.
      adjoint: whether to solve with their conjugate transposes.

    Raises:
      InvalidArgumentError: shapes that do not fit, or a 0 on a main diagonal.
    """
    kernel = "BandedTriangularSolve"
    for i, x in enumerate((bands, rhs)):
        if x.ndim < 2:
            raise invalid(f"In[{i}] ndims must be >= 2: {x.ndim}", kernel)
    if bands.shape[-1] != rhs.shape[-2]:
        shapes = [f"[{','.join(map(str, x.shape))}]" for x in (bands, rhs)]
        raise invalid(f"In[0] mismatch In[1] shape: {bands.shape[-1]} vs. {rhs.shape[-2]}: {shapes[0]} {shapes[1]} "
                      f"{int(lower)} {int(adjoint)}", kernel)  # fmt: skip
    batch = jnp.broadcast_shapes(bands.shape[:-2], rhs.shape[:-2])
    matrix = _dense(bands, lower)
    matrix, rhs = (jnp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (matrix, rhs))
    return linalg.triangular_solve(matrix, rhs, left_side=True, lower=lower, transpose_a=adjoint, conjugate_a=adjoint)


def _eigvals_grad(g, out, alpha, beta, select, select_range, tol):
    lower = jnp.diag(conj_array(beta), -1)
    vectors, _ = linalg.eigh(jnp.diag(alpha) + lower, lower=True, symmetrize_input=False)
    if select == "i":
        vectors = vectors[:, select_range[0] : select_range[1] + 1]
    matrix = (vectors * g) @ conj_array(vectors).T
    return jnp.real(jnp.diag(matrix)).astype(alpha.dtype), 2 * jnp.diag(matrix, 1)


@op("EighTridiagonal", T=_SOLVABLE, grad=_eigvals_grad)
def _eigvals(alpha: T, beta: T, select: Any, select_range: Any, tol: Any):
    diagonal, square = jnp.real(alpha), jnp.abs(beta)
    return jax.scipy.linalg.eigh_tridiagonal(
        diagonal, square, eigvals_only=True, select=select, select_range=select_range, tol=tol
    )


def eigh_tridiagonal(alpha, beta, eigvals_only=True, select="a", select_range=None, tol=None, name=None):
    """Eigenvalues of one Hermitian tridiagonal matrix, ascending, and its eigenvectors.

    Args:
      alpha: [N], the diagonal, of which the real part counts.
      beta: [N - 1], the superdiagonal; the subdiagonal is its conjugate.
      eigvals_only: whether to return the eigenvalues alone.
      select: "a" for all; "i" for those numbered from the first to the second of `select_range`; "v" for those of values
        above the first and up to the second.
      select_range: a pair.
      tol: absolute tolerance of the eigenvalues.

    Returns:
      Eigenvalues [K], or (eigenvalues, eigenvectors [N, K]). Signs (phases) of eigenvectors are arbitrary.

    Raises:
      ValueError: different dtypes, or an unknown `select`. InvalidArgumentError: an empty range.

    Differs from TensorFlow:
      Gradients are those of the eigenvalues and eigenvectors. TensorFlow differentiates how it searches for eigenvalues,
      which gives the gradients of the bounds between which it does.
    """
    alpha = convert(alpha)
    if alpha.shape[0] <= 1:
        return real(alpha)
    beta = convert(beta)
    if alpha.dtype != beta.dtype:
        raise ValueError("'alpha' and 'beta' must have the same type.")
    if select not in ("a", "i", "v"):
        raise ValueError("'select must have a value in {'a', 'i', 'v'}.")
    chosen = None
    if select != "a":
        from tfcompat._core.attributes import python_value

        low, high = (python_value(v).item() if hasattr(v, "dtype") else v for v in select_range)
        if low > high or (select == "v" and low == high):
            words = "index range" if select == "i" else "interval"
            raise refused(f"Got empty {words} in select_range.", "EighTridiagonal")
        chosen = (low, high)
    if eigvals_only and select != "v":
        return _eigvals(alpha, beta, select, chosen, tol)
    middle = diag(alpha)
    values, vectors = eigh(middle + diag(beta, k=1) + diag(conj(beta), k=-1))
    values = real(values)
    if select == "i":
        values, vectors = values[chosen[0] : chosen[1] + 1], vectors[:, chosen[0] : chosen[1] + 1]
    elif select == "v":
        host = host_value(values)
        start, end = (int((host <= v).sum()) for v in chosen)
        values, vectors = values[start:end], vectors[:, start:end]
    return values if eigvals_only else (values, vectors)
