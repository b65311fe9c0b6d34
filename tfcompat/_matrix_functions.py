"""Square roots and logarithms of matrices, LU decompositions put to use, conjugate gradients."""

import collections

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat import _elementwise as e
from tfcompat._array import broadcast_to
from tfcompat._cast import conj as conj_tensor
from tfcompat._core import dtypes as d, native
from tfcompat._core.convert import convert
from tfcompat._core.lax_numpy import NoHostForm, is_static
from tfcompat._core.op import T, op
from tfcompat._core.twins import twin
from tfcompat._creation import ones, zeros
from tfcompat._declare import COMPLEX, WIDE_FLOATS, conj, invalid
from tfcompat._decompositions import triangular_solve
from tfcompat._diagonals import band_part, eye, set_diag
from tfcompat._gather import gather
from tfcompat._products import matmul, norm
from tfcompat._reductions import reduce_any, reduce_sum
from tfcompat._select import argsort, broadcast_dynamic_shape
from tfcompat._while_loop import while_loop


def _square(x, kernel):
    if x.ndim < 2:
        raise invalid(f"Input tensor 0 must have rank >= 2, got {x.ndim}", kernel)
    if x.shape[-1] != x.shape[-2]:
        raise invalid("Input matrix must be square.", kernel)


def _each(function):
    """A function of one matrix as one of stacks of them."""
    return jnp.vectorize(function, signature="(n,n)->(n,n)")


# Inverse scaling and squaring (Higham, Functions of Matrices, 2008, chapter 11): square roots until the matrix is near
# the identity, then a partial fraction form of the Padé approximant of log(1 + x), by Gauss-Legendre quadrature. All of it
# on the triangular factor of one Schur decomposition: a third of the time, and a tenth of the error.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_NEAR, _MOST_ROOTS = 0.25, 60
_LARGEST = 100  # matrices that C takes less time for than XLA
_REAL = 1e-6  # what imaginary parts are at most where a root is real, as a part of its largest number


def _by_schur(*rule):
    """Gives a function of matrices a twin in C where there is a compiler: of small ones XLA's loops take several times as long.

    Args:
      *rule: nodes and weights where it is the logarithm.
    """
    rule = np.concatenate([np.empty(0), *rule])

    def host(e):
        from scipy.linalg.lapack import zgees

        size, dtype = e.ins[0].shape[-1], e.outs[0].dtype
        if is_static(size) and size > _LARGEST:
            raise NoHostForm(e.name, "large matrices")

        def run(x):
            found = np.empty(x.shape, np.complex128)
            for index in np.ndindex(x.shape[:-2]):
                triangle, _, _, basis, _, failed = zgees(_in_any_order, x[index])
                imaginary, largest = native.extension.schur_function(triangle.T, basis.T, found[index], rule, _NEAR)
                if failed or (dtype.kind == "f" and not imaginary <= _REAL * largest):
                    found[index] = np.nan
            return (found.real if dtype.kind == "f" else found).astype(dtype)

        return run

    def enter(function):
        return function if native.extension is None else twin(function, 10, as_fast=lambda eqn: True, loops=True)(host)

    return enter


def _in_any_order(value):
    """Which eigenvalues come first; LAPACK does not ask."""


@_by_schur()
def _roots(input):
    root = _each(lambda x: jax.scipy.linalg.sqrtm(x.astype(jnp.complex128)))(input)
    if jnp.issubdtype(input.dtype, jnp.complexfloating):
        return root.astype(input.dtype)
    bound = _REAL * jnp.max(jnp.abs(root), (-2, -1), keepdims=True, initial=0)
    has_real = jnp.all(jnp.abs(jnp.imag(root)) <= bound, (-2, -1), keepdims=True)
    return jnp.where(has_real, jnp.real(root), jnp.nan).astype(input.dtype)


def _flip(x):
    return conj(jnp.swapaxes(x, -1, -2))


def _root_grad(g, out, input):
    # From input = S @ S: the adjoint of dS -> S dS + dS S is inverted as one system of n * n unknowns.
    def one(s, c):
        n = s.shape[0]
        identity = jnp.eye(n, dtype=s.dtype)
        matrix = jnp.kron(_flip(s), identity) + jnp.kron(identity, conj(s))
        return jnp.linalg.solve(matrix, c.reshape(-1)).reshape(n, n)

    return jnp.vectorize(one, signature="(n,n),(n,n)->(n,n)")(out, g)


@op("MatrixSquareRoot", T=(*WIDE_FLOATS, *COMPLEX), grad=_root_grad)
def matrix_square_root(input: T):
    """The principal square roots of matrices; NaN where a real matrix has no real one.

    Args:
      input: [..., n, n].

    Raises:
      InvalidArgumentError: matrices that are not square.
    """
    _square(input, "MatrixSquareRoot")
    return _roots(input) if input.shape[-1] else input


def _triangular_root(x):
    """The square root of an upper triangular matrix; of its columns each is a triangular system of those before."""
    diagonal, places = jnp.sqrt(jnp.diag(x)), jnp.arange(x.shape[0])

    def column(j, root):
        above = places < j
        matrix = jnp.where(above[:, None] & above, root, 0) + jnp.diag(jnp.where(above, diagonal[j], 1))
        found = lax.linalg.triangular_solve(matrix, jnp.where(above, x[:, j], 0)[:, None], left_side=True)
        return root.at[:, j].set(jnp.where(above, found[:, 0], root[:, j]))

    return lax.fori_loop(1, x.shape[0], column, jnp.diag(diagonal))


def _log(x):
    triangle, basis = jax.scipy.linalg.schur(x, output="complex")
    identity = jnp.eye(x.shape[0], dtype=x.dtype)

    def far(state):
        count, y = state
        return (count < _MOST_ROOTS) & (jnp.max(jnp.sum(jnp.abs(y - identity), 0)) > _NEAR)

    count, y = lax.while_loop(far, lambda state: (state[0] + 1, _triangular_root(state[1])), (0, triangle))
    change = y - identity
    matrices = identity + ((_NODES + 1) / 2)[:, None, None] * change
    parts = lax.linalg.triangular_solve(matrices, jnp.broadcast_to(change, matrices.shape), left_side=True)
    total = jnp.sum((_WEIGHTS / 2)[:, None, None] * parts, 0) * 2.0**count
    return basis @ total @ conj(basis.T)


@_by_schur(_NODES, _WEIGHTS)
def _logarithms(input):
    return _each(_log)(input.astype(jnp.complex128)).astype(input.dtype)


@op("MatrixLogarithm", T=COMPLEX, grad=False)
def logm(input: T):
    """The principal logarithms of complex matrices.

    Args:
      input: [..., n, n].

    Raises:
      InvalidArgumentError: matrices that are not square.
    """
    _square(input, "MatrixLogarithm")
    return _logarithms(input) if input.shape[-1] else input


# LU decompositions


def _lu_arguments(lower_upper, perm):
    lower_upper, perm = convert(lower_upper, None, d.float32), convert(perm, None, d.int32)
    if lower_upper.shape.rank < 2:
        raise ValueError("Input `lower_upper` must have at least 2 dimensions.")
    if lower_upper.shape.rank != perm.shape.rank + 1:
        raise ValueError("`rank(lower_upper)` must equal `rank(perm) + 1`")
    if lower_upper.shape[-2] != lower_upper.shape[-1]:
        raise ValueError("`lower_upper` must be square.")
    return lower_upper, perm


def _lower(lower_upper):
    return set_diag(band_part(lower_upper, -1, 0), ones(lower_upper.shape[:-1], lower_upper.dtype))


def lu_solve(lower_upper, perm, rhs, validate_args=False, name=None):
    """The x with A @ x = rhs, given (lower_upper, perm) = `tf.linalg.lu(A)`.

    Args:
      lower_upper: [..., N, N].
      perm: integers [..., N].
      rhs: [..., N, K].
      validate_args: accepted; shapes are always checked.

    Raises:
      ValueError: shapes that do not fit.
    """
    lower_upper, perm = _lu_arguments(lower_upper, perm)
    rhs = convert(rhs, None, lower_upper.dtype)
    if rhs.shape.rank < 2:
        raise ValueError("Input `rhs` must have at least 2 dimensions.")
    if lower_upper.shape[-1] != rhs.shape[-2]:
        raise ValueError("`lower_upper.shape[-1]` must equal `rhs.shape[-1]`.")
    batch = np.broadcast_shapes(tuple(rhs.shape[:-2]), tuple(perm.shape[:-1]))
    rhs, perm = broadcast_to(rhs, [*batch, *rhs.shape[-2:]]), broadcast_to(perm, [*batch, perm.shape[-1]])
    permuted = gather(rhs, perm, axis=-2, batch_dims=len(batch))
    return triangular_solve(lower_upper, triangular_solve(_lower(lower_upper), permuted), lower=False)


def lu_matrix_inverse(lower_upper, perm, validate_args=False, name=None):
    """The inverse of A, given (lower_upper, perm) = `tf.linalg.lu(A)`. See `lu_solve`."""
    lower_upper, perm = _lu_arguments(lower_upper, perm)
    *batch, _, size = lower_upper.shape
    return lu_solve(lower_upper, perm, eye(size, batch_shape=batch, dtype=lower_upper.dtype))


def lu_reconstruct(lower_upper, perm, validate_args=False, name=None):
    """A, given (lower_upper, perm) = `tf.linalg.lu(A)`. See `lu_solve`."""
    lower_upper, perm = _lu_arguments(lower_upper, perm)
    product = matmul(_lower(lower_upper), band_part(lower_upper, 0, -1))
    return gather(product, argsort(perm, axis=-1), axis=-2, batch_dims=perm.shape.rank - 1)


# Conjugate gradients

CGState = collections.namedtuple("CGState", ["i", "x", "r", "p", "gamma"])


def conjugate_gradient(operator, rhs, preconditioner=None, x=None, tol=1e-5, max_iter=20, name="conjugate_gradient"):
    """Solves operator @ x = rhs by the method of conjugate gradients (Hestenes and Stiefel, 1952).

    Args:
      operator: a LinearOperator that is known to be self-adjoint and positive definite.
      rhs: [..., N].
      preconditioner: a LinearOperator near the inverse of `operator`, or None.
      x: where to start; zeros if not given.
      tol: stops where the residual is no longer than this times the right hand side.
      max_iter: how many steps to take at most.

    Returns:
      A named tuple (i, x, r, p, gamma): steps taken, solution, residual, direction, and the product of r and the
      preconditioned r.

    Raises:
      ValueError: an operator that is not known to be self-adjoint and positive definite.
    """
    if not (operator.is_self_adjoint and operator.is_positive_definite):
        raise ValueError("Expected a self-adjoint, positive definite operator.")

    def dot(a, b):
        return reduce_sum(conj_tensor(a) * b, -1)

    rhs = convert(rhs)
    batch = broadcast_dynamic_shape(rhs.shape[:-1].as_list(), operator.batch_shape.as_list())
    if preconditioner is not None:
        batch = broadcast_dynamic_shape(batch, preconditioner.batch_shape.as_list())
    shape = [*np.asarray(batch).tolist(), rhs.shape[-1]]
    residual = broadcast_to(rhs, shape)
    bound = tol * norm(residual, axis=-1)
    if x is None:
        x = zeros(shape, rhs.dtype)
    else:
        residual = rhs - operator.matvec(x)
    direction = residual if preconditioner is None else preconditioner.matvec(residual)

    def goes_on(i, x, residual, direction, gamma):
        return e.logical_and(i < max_iter, reduce_any(e.greater(norm(residual, axis=-1), bound)))

    def step(i, x, residual, direction, gamma):
        image = operator.matvec(direction)
        alpha = (gamma / dot(direction, image))[..., None]
        x, residual = x + alpha * direction, residual - alpha * image
        improved = residual if preconditioner is None else preconditioner.matvec(residual)
        new_gamma = dot(residual, improved)
        return i + 1, x, residual, improved + (new_gamma / gamma)[..., None] * direction, new_gamma

    start = (convert(0), x, residual, direction, dot(residual, direction))
    return CGState(*while_loop(goes_on, step, start))
