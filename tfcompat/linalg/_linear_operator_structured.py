"""Operators whose structure makes products and solutions cheap: low rank, reflections, permutations, convolutions."""

import math

import numpy as np

from tfcompat import debugging as check
from tfcompat._array import broadcast_to, concat, reshape, reverse, roll, stack, transpose, unstack
from tfcompat._cast import cast, complex as complex_of, conj, imag, real
from tfcompat._control import group, no_op
from tfcompat._core import dtypes as d, errors
from tfcompat._core.convert import convert
from tfcompat._core.shapes import Dimension, broadcast_static_shape, dimension_at_index
from tfcompat._creation import ones, zeros, zeros_like
from tfcompat._decompositions import cholesky, cholesky_solve, det
from tfcompat._diagonals import adjoint as adjoint_of, diag, diag_part, set_diag
from tfcompat._elementwise import abs as absolute, equal, exp, log
from tfcompat._fft import fft_last
from tfcompat._gather import gather
from tfcompat._math import l2_normalize
from tfcompat._products import matmul
from tfcompat._reductions import reduce_max, reduce_min, reduce_prod, reduce_sum
from tfcompat._select import argsort
from tfcompat._tridiagonal import tridiagonal_matmul, tridiagonal_solve
from tfcompat.linalg._linear_operator import (
    LinearOperator,
    assert_no_zeros,
    assert_real,
    broadcast_batches,
    commuting_hints,
    hints_of,
    implied,
    kind,
    kinds,
    parameter,
    solve_broadcast,
)
from tfcompat.linalg._linear_operator_dense import always, at_least, log_size


@kind
class LinearOperatorLowRankUpdate(LinearOperator):
    """L + U D V^H: an operator with a change of low rank.

    Products cost what L's cost and R * (M + N) more; solutions go by the Woodbury identity, determinants by the matrix
    determinant lemma.

    Args:
      base_operator: L, of shape [..., M, N].
      u: U, a tensor [..., M, R].
      diag_update: the diagonal of D, [..., R]; ones if not given.
      v: V, a tensor [..., N, R]; U if not given.
      is_diag_update_positive: whether D is known to be positive.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      ValueError: sizes that do not fit, or wrong hints.
    """

    _experimental_parameter_ndims_to_matrix_ndims = {"base_operator": 0, "u": 2, "diag_update": 1, "v": 2}
    _composite_tensor_fields = ("base_operator", "u", "diag_update", "v", "is_diag_update_positive")

    def __init__(self, base_operator, u, diag_update=None, v=None, is_diag_update_positive=None, is_non_singular=None,
                 is_self_adjoint=None, is_positive_definite=None, is_square=None,
                 name="LinearOperatorLowRankUpdate"):  # fmt: skip
        if diag_update is None:
            is_diag_update_positive = always(
                is_diag_update_positive, "Default diagonal is the identity, which is positive.  However, user set "
                "'is_diag_update_positive' to False.",
            )  # fmt: skip
        symmetric = base_operator.is_self_adjoint and v is None
        self._use_cholesky = symmetric and base_operator.is_positive_definite and is_diag_update_positive
        is_self_adjoint = implied(
            symmetric and not base_operator.dtype.is_complex, is_self_adjoint, "A = L + UDU^H, with L self-adjoint and D "
            "real diagonal.  Since UDU^H is self-adjoint, this must be a self-adjoint operator.",
        )  # fmt: skip
        if self._use_cholesky:
            if False in (is_positive_definite, is_self_adjoint, is_non_singular):
                raise ValueError("Arguments imply this is self-adjoint positive-definite operator.")
            is_positive_definite = is_self_adjoint = True
        self._u = parameter(u)
        self._v = self._u if v is None else parameter(v)
        self._diag_update = parameter(diag_update)
        self._base_operator = base_operator
        super().__init__(
            base_operator.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )
        self._is_diag_update_positive = is_diag_update_positive
        if diag_update is None:
            self._diag_operator = kinds.Identity(self._u.shape[-1], dtype=self.dtype)
        else:
            self._diag_operator = kinds.Diag(self._diag_update, is_positive_definite=is_diag_update_positive)
        self._check_shapes()

    def _check_shapes(self):
        wanted = broadcast_static_shape(self.u.shape, self.v.shape)
        batch = broadcast_static_shape(self.base_operator.batch_shape, wanted[:-2])
        Dimension(self.base_operator.domain_dimension).assert_is_compatible_with(wanted[-2])
        if self._diag_update is not None:
            dimension_at_index(wanted, -1).assert_is_compatible_with(self._diag_update.shape[-1])
            broadcast_static_shape(batch, self._diag_update.shape[:-1])

    u = property(lambda self: self._u, doc="U.")
    v = property(lambda self: self._v, doc="V.")
    diag_update = property(lambda self: self._diag_update, doc="The diagonal of D, or None.")
    diag_operator = property(lambda self: self._diag_operator, doc="D, as an operator.")
    base_operator = property(lambda self: self._base_operator, doc="L.")
    is_diag_update_positive = property(lambda self: self._is_diag_update_positive, doc="Whether D is known to be positive.")

    def _shape(self):
        batch = self.base_operator.batch_shape
        for other in (self.diag_operator.batch_shape, self.u.shape[:-2], self.v.shape[:-2]):
            batch = broadcast_static_shape(batch, other)
        return batch.concatenate(self.base_operator.shape[-2:])

    def _assert_self_adjoint(self):
        if self.u is self.v and self.diag_update is None:
            return self.base_operator.assert_self_adjoint()
        return super()._assert_self_adjoint()

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        u, v = (self.v, self.u) if adjoint else (self.u, self.v)
        inner = self.diag_operator.matmul(matmul(v, x, adjoint_a=True, adjoint_b=adjoint_arg), adjoint=adjoint)
        return self.base_operator.matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg) + matmul(u, inner)

    def _capacitance(self, u, v):
        return self._diag_operator.inverse().add_to_tensor(matmul(v, self.base_operator.solve(u), adjoint_a=True))

    def _determinant(self):
        if self.is_positive_definite:
            return exp(self.log_abs_determinant())
        return det(self._capacitance(self.u, self.v)) * self.diag_operator.determinant() * self.base_operator.determinant()

    def _log_abs_determinant(self):
        capacitance = self._capacitance(self.u, self.v)
        if self._use_cholesky:
            middle = 2 * reduce_sum(log(diag_part(cholesky(capacitance))), [-1])
        else:
            middle = log(absolute(det(capacitance)))
            middle = cast(middle, self.dtype) if self.dtype.is_complex else middle
        return middle + self.diag_operator.log_abs_determinant() + self.base_operator.log_abs_determinant()

    def _diag_part(self):
        product = self.u * conj(self.v)
        if self.diag_update is not None:
            product = product * self.diag_update[..., None, :]
        return reduce_sum(product, -1) + self.base_operator.diag_part()

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        base = self.base_operator
        if base.is_non_singular is False:
            raise ValueError("Solve not implemented unless this is a perturbation of a non-singular LinearOperator.")
        u, v = (self.v, self.u) if adjoint else (self.u, self.v)
        first = base.solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)
        inner, capacitance = matmul(v, first, adjoint_a=True), self._capacitance(u, v)
        if self._use_cholesky:
            middle = cholesky_solve(cholesky(capacitance), inner)
        else:
            middle = solve_broadcast(capacitance, inner, adjoint)
        return first - base.solve(matmul(u, middle), adjoint=adjoint)


@kind
class LinearOperatorHouseholder(LinearOperator):
    """Reflections across the hyperplanes normal to `reflection_axis`: I - 2 v v^H of the unit vector v along it.

    Args:
      reflection_axis: tensor [..., N].
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      ValueError: a scalar, or hints that are wrong of every reflection.
    """

    _experimental_parameter_ndims_to_matrix_ndims = {"reflection_axis": 1}
    _composite_tensor_fields = ("reflection_axis",)

    def __init__(self, reflection_axis, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None,
                 is_square=None, name="LinearOperatorHouseholder"):  # fmt: skip
        self._reflection_axis = parameter(reflection_axis)
        at_least(1, self._reflection_axis, "reflection_axis")
        always(is_self_adjoint, "A Householder operator is always self adjoint.")
        always(is_positive_definite is not True, "A Householder operator is always non-positive definite.")
        always(is_square, "A Householder operator is always square.")
        super().__init__(self._reflection_axis.dtype, None, is_non_singular, True, False, True, name)

    @property
    def reflection_axis(self):
        """The vectors that are turned round."""
        return self._reflection_axis

    def _unit(self):
        return l2_normalize(self.reflection_axis, -1)

    def _shape(self):
        shape = self._reflection_axis.shape
        return shape.concatenate(shape[-1:])

    def _assert_non_singular(self):
        return no_op()

    _assert_self_adjoint = _assert_non_singular

    def _assert_positive_definite(self):
        raise errors.InvalidArgumentError(None, None, "Householder operators are always non-positive definite.")

    def _linop_adjoint(self):
        return self

    def _linop_inverse(self):
        return self

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        x = adjoint_of(x) if adjoint_arg else x
        column = self._unit()[..., None]
        return x - 2 * column * matmul(column, x, adjoint_a=True)

    _solve = _matmul

    def _ones(self):
        return ones(self.batch_shape.as_list(), self.dtype)

    def _trace(self):
        return (self.shape[-1] - 2) * self._ones()

    def _determinant(self):
        return -self._ones()

    def _log_abs_determinant(self):
        return zeros(self.batch_shape.as_list(), self.dtype)

    def _to_dense(self):
        column = self._unit()[..., None]
        matrix = -2 * matmul(column, column, adjoint_b=True)
        return set_diag(matrix, 1.0 + diag_part(matrix))

    def _diag_part(self):
        unit = self._unit()
        return 1.0 - 2 * unit * conj(unit)

    def _eigvals(self):
        *batch, size = self.reflection_axis.shape
        return concat([-ones([*batch, 1], self.dtype), ones([*batch, size - 1], self.dtype)], -1)

    def _cond(self):
        return self._ones()


@kind
class LinearOperatorPermutation(LinearOperator):
    """Permutations of the entries of vectors: y[i] = x[perm[i]].

    Args:
      perm: integers [..., N], each a permutation of 0 to N - 1.
      dtype: dtype of the entries.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      TypeError: `perm` is no integer tensor. ValueError: it is no permutation, or hints are wrong of every one.
    """

    _experimental_parameter_ndims_to_matrix_ndims = {"perm": 1}
    _composite_tensor_fields = ("perm", "dtype")

    def __init__(self, perm, dtype=d.float32, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None,
                 is_square=None, name="LinearOperatorPermutation"):  # fmt: skip
        self._perm = parameter(perm)
        self._check_perm(self._perm)
        for hint, given, adjective in (("is_non_singular", is_non_singular, "non-singular"),
                                       ("is_square", is_square, "square")):  # fmt: skip
            always(given, f"A Permutation operator is always {adjective}. Expected argument `{hint}` to be True. Received: "
                          f"{given}.")  # fmt: skip
        super().__init__(dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name)

    def _check_perm(self, perm):
        if len(perm.shape) < 1:
            raise ValueError(f"Argument `perm` must have at least 1 dimension. Received: {perm}.")
        if not perm.dtype.is_integer:
            raise TypeError(f"Argument `perm` must be integer dtype. Received: {perm}.")
        if np.any(np.sort(np.asarray(perm), -1) != np.arange(perm.shape[-1])):
            raise ValueError(f"Argument `perm` must be a vector of unique integers from 0 to {perm.shape[-1] - 1}.")

    @property
    def perm(self):
        """Where each entry of a result comes from."""
        return self._perm

    def _shape(self):
        return self._perm.shape.concatenate(self._perm.shape[-1:])

    def _assert_non_singular(self):
        return no_op()

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        perm = argsort(self.perm, axis=-1) if adjoint and not self.is_self_adjoint else convert(self.perm)
        x = adjoint_of(x) if adjoint_arg else x
        batch = broadcast_static_shape(x.shape[:-2], perm.shape[:-1]).as_list()
        x, perm = broadcast_to(x, [*batch, *x.shape[-2:]]), broadcast_to(perm, [*batch, perm.shape[-1]])
        return gather(x, perm, axis=-2, batch_dims=len(batch))

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return self._matmul(rhs, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _log_abs_determinant(self):
        return zeros(self.batch_shape.as_list(), self.dtype)

    def _to_dense(self):
        perm = convert(self.perm)
        return cast(equal(convert(np.arange(perm.shape[-1]), perm.dtype), perm[..., None]), self.dtype)

    def _diag_part(self):
        perm = convert(self.perm)
        return cast(equal(convert(np.arange(perm.shape[-1]), perm.dtype), perm), self.dtype)

    def _cond(self):
        return ones(self.batch_shape.as_list(), self.dtype)


# Convolutions


def _to_complex(x):
    if x.dtype.is_complex:
        return convert(x)
    return cast(x, d.complex128 if x.dtype == d.float64 else d.complex64)


class _Circulant(LinearOperator):
    """Convolutions that wrap around, over 1 to 3 dimensions: Fourier transforms make them diagonal."""

    _composite_tensor_fields = ("spectrum", "input_output_dtype")
    _depth = 1

    def __init__(self, spectrum, input_output_dtype=d.complex64, is_non_singular=None, is_self_adjoint=None,
                 is_positive_definite=None, is_square=True, name=None):  # fmt: skip
        self._spectrum = parameter(spectrum)
        if len(self._spectrum.shape) < self._depth:
            raise ValueError(f"Argument `spectrum` must have at least {self._depth} dimensions. Received: {self._spectrum}.")
        if not self._spectrum.dtype.is_complex:
            is_self_adjoint = always(
                is_self_adjoint, "A real spectrum always corresponds to a self-adjoint operator. Expected argument "
                "`is_self_adjoint` to be True when `spectrum.dtype.is_complex` = True. Received: False.",
            )  # fmt: skip
        is_square = always(is_square, "A [[nested] block] circulant operator is always square. Expected argument "
                                      "`is_square` to be True. Received: False.")  # fmt: skip
        super().__init__(input_output_dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    @property
    def _experimental_parameter_ndims_to_matrix_ndims(self):
        return {"spectrum": self._depth}

    @property
    def spectrum(self):
        """The Fourier transform of the kernel: the eigenvalues."""
        return self._spectrum

    @property
    def block_depth(self):
        """How many dimensions the convolution has."""
        return self._depth

    @property
    def block_shape(self):
        """TensorShape of the convolution's dimensions."""
        return self.spectrum.shape[-self._depth :]

    def block_shape_tensor(self):
        """`block_shape` as an int32 tensor."""
        return convert(self.block_shape.as_list(), d.int32)

    def _shape(self):
        size = math.prod(self.block_shape)
        return self.spectrum.shape[: -self._depth].concatenate([size, size])

    def convolution_kernel(self, name="convolution_kernel"):
        """The kernel of the convolution: the inverse transform of the spectrum."""
        return cast(fft_last(_to_complex(self.spectrum), self._depth, True), self.dtype)

    def assert_hermitian_spectrum(self, name="assert_hermitian_spectrum"):
        """Raises InvalidArgumentError unless the kernel is real."""
        bound = np.finfo(self.dtype.real_dtype.as_numpy_dtype).eps * self.shape[-1]
        part = absolute(imag(self.convolution_kernel()))
        return check.assert_less(part, convert(bound, part.dtype), message="Spectrum was not Hermitian")

    def _assert_non_singular(self):
        return assert_no_zeros(self.spectrum, "Singular operator:  Spectrum contained zero values.")

    def _assert_positive_definite(self):
        message = "Not positive definite:  Real part of spectrum was not all positive."
        return check.assert_positive(real(self.spectrum), message=message)

    def _assert_self_adjoint(self):
        return assert_real(self.spectrum, "Not self-adjoint:  The spectrum contained non-zero imaginary part.")

    def _made(self, spectrum, hints, **dtype):
        return type(self)(spectrum, **hints, **dtype)

    def _linop_adjoint(self):
        return self._made(conj(self.spectrum), hints_of(self, is_square=True))

    def _linop_inverse(self):
        return self._made(1.0 / self.spectrum, hints_of(self, is_square=True), input_output_dtype=self.dtype)

    def _linop_matmul(self, left_operator, right_operator):
        if type(left_operator) is not type(right_operator):
            return super()._linop_matmul(left_operator, right_operator)
        spectrum = left_operator.spectrum * right_operator.spectrum
        return self._made(spectrum, commuting_hints(left_operator, right_operator))

    def _linop_solve(self, left_operator, right_operator):
        if type(left_operator) is not type(right_operator):
            return super()._linop_solve(left_operator, right_operator)
        spectrum = right_operator.spectrum / left_operator.spectrum
        return self._made(spectrum, commuting_hints(left_operator, right_operator))

    def _flat(self):
        return reshape(self.spectrum, [*self.batch_shape.as_list(), -1])

    def _filtered(self, x, adjoint, adjoint_arg, combine):
        x = adjoint_of(x) if adjoint_arg else x
        spectrum = _to_complex(self.spectrum)
        spectrum = conj(spectrum) if adjoint else spectrum
        columns = reshape(spectrum, [*self.batch_shape.as_list(), -1, 1])
        x, columns = broadcast_batches([cast(x, spectrum.dtype), columns])
        *batch, size, count = x.shape
        last_two = [*range(len(batch)), len(batch) + 1, len(batch)]
        block = self.block_shape.as_list()
        blocks = reshape(transpose(x, last_two), [*batch, count, *block])
        spectrum = reshape(columns, [*batch, 1, *block])
        result = fft_last(combine(fft_last(blocks, self._depth, False), spectrum), self._depth, True)
        return cast(transpose(reshape(result, [*batch, count, size]), last_two), self.dtype)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return self._filtered(x, adjoint, adjoint_arg, lambda a, b: a * b)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return self._filtered(rhs, adjoint, adjoint_arg, lambda a, b: a / b)

    def _determinant(self):
        return cast(reduce_prod(self._flat(), -1), self.dtype)

    def _log_abs_determinant(self):
        return cast(log_size(self._flat()), self.dtype)

    def _trace(self):
        flat = self._flat()
        total = reduce_sum(real(flat), -1)
        if not self.dtype.is_complex:
            return cast(total, self.dtype)
        other = zeros_like(total) if self.is_self_adjoint else reduce_sum(imag(flat), -1)
        return cast(complex_of(total, other), self.dtype)

    def _diag_part(self):
        entry = self.trace() / cast(self.domain_dimension_tensor(), self.dtype)
        return entry[..., None] * ones(self.shape[:-1].as_list(), self.dtype)

    def _eigvals(self):
        return self._flat()

    def _cond(self):
        sizes = absolute(self._flat())
        return reduce_max(sizes, -1) / reduce_min(sizes, -1)


def _circulant(depth, doc):
    """The class of convolutions over `depth` dimensions."""
    name = "LinearOperatorCirculant" + (f"{depth}D" if depth > 1 else "")

    def __init__(self, spectrum, input_output_dtype=d.complex64, is_non_singular=None, is_self_adjoint=None,
                 is_positive_definite=None, is_square=True, name=name):  # fmt: skip
        _Circulant.__init__(self, spectrum, input_output_dtype, is_non_singular, is_self_adjoint, is_positive_definite,
                            is_square, name)  # fmt: skip

    doc = f"""{doc}

    Args:
      spectrum: the Fourier transform of the convolution's kernel, [..., {", ".join(f"N{i}" for i in range(depth))}].
      input_output_dtype: dtype of the vectors, complex64 if not given.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      ValueError: a spectrum of fewer dimensions, or wrong hints.
    """
    members = {"__init__": __init__, "__doc__": doc, "_depth": depth, "__module__": __name__, "__qualname__": name}
    return kind(type(_Circulant)(name, (_Circulant,), members))


LinearOperatorCirculant = _circulant(1, "Circulant matrices: convolutions of vectors that wrap around.")
LinearOperatorCirculant2D = _circulant(2, "Block circulant matrices: 2-D convolutions that wrap around.")
LinearOperatorCirculant3D = _circulant(3, "Nested block circulant matrices: 3-D convolutions that wrap around.")


@kind
class LinearOperatorToeplitz(LinearOperator):
    """Toeplitz matrices: constant along diagonals. Products go by a circulant matrix of twice the size.

    Args:
      col: the first column, [..., N].
      row: the first row, [..., N]; its first entry is not read.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      ValueError: a scalar, different sizes, or `is_square` is False.
    """

    _experimental_parameter_ndims_to_matrix_ndims = {"col": 1, "row": 1}
    _composite_tensor_fields = ("col", "row")

    def __init__(self, col, row, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None,
                 name="LinearOperatorToeplitz"):  # fmt: skip
        self._row, self._col = parameter(row), parameter(col)
        at_least(1, self._row, "row")
        at_least(1, self._col, "col")
        if self._row.shape[-1] != self._col.shape[-1]:
            raise ValueError("Expected square matrix, got row and col with mismatched dimensions.")
        is_square = always(is_square, "Only square Toeplitz operators currently supported.")
        super().__init__(self._row.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    col = property(lambda self: self._col, doc="The first column.")
    row = property(lambda self: self._row, doc="The first row.")

    def _shape(self):
        shape = broadcast_static_shape(self.row.shape, self.col.shape)
        return shape.concatenate(shape[-1:])

    def _assert_self_adjoint(self):
        message = "row and col are not the same, and so this operator is not self-adjoint."
        return check.assert_equal(self.row, self.col, message=message)

    def _broadcast(self):
        shape = self.shape[:-1].as_list()
        return broadcast_to(self.row, shape), broadcast_to(self.col, shape)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        x = adjoint_of(x) if adjoint_arg else x
        row, col = self._broadcast()
        column = concat([col, zeros_like(col[..., :1]), reverse(row[..., 1:], [-1])], -1)
        circulant = LinearOperatorCirculant(fft_last(_to_complex(column), 1, False), row.dtype)
        result = circulant.matmul(concat([x, zeros_like(x)], -2), adjoint=adjoint)
        return cast(result[..., : self.shape[-1], :], self.dtype)

    def _trace(self):
        return cast(self.domain_dimension_tensor(), self.dtype) * self.col[..., 0]

    def _diag_part(self):
        return self.col[..., :1] * ones([self.shape[-1]], self.dtype)

    def _to_dense(self):
        row, col = self._broadcast()
        entries = concat([reverse(col, [-1]), row[..., 1:]], -1)
        size = self.shape[-1]
        return gather(entries, np.arange(size) + np.arange(size - 1, -1, -1)[:, None], axis=-1)


@kind
class LinearOperatorTridiag(LinearOperator):
    """Tridiagonal matrices.

    Args:
      diagonals: by `diagonals_format`.
      diagonals_format: "compact": a tensor [..., 3, N] of the superdiagonal (its last entry is not read), the diagonal
        and the subdiagonal (its first entry is not read); "sequence": a list of these three; "matrix": [..., N, N].
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      ValueError: another format.
    """

    _composite_tensor_fields = ("diagonals", "diagonals_format")

    def __init__(self, diagonals, diagonals_format="compact", is_non_singular=None, is_self_adjoint=None,
                 is_positive_definite=None, is_square=None, name="LinearOperatorTridiag"):  # fmt: skip
        if diagonals_format not in ("compact", "matrix", "sequence"):
            raise ValueError("Argument `diagonals_format` must be one of compact, matrix, or sequence. Received : "
                             f"{diagonals_format}.")  # fmt: skip
        in_parts = diagonals_format == "sequence"
        self._diagonals = [parameter(v) for v in diagonals] if in_parts else parameter(diagonals)
        self._diagonals_format = diagonals_format
        dtype = self._diagonals[0].dtype if in_parts else self._diagonals.dtype
        super().__init__(dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    diagonals = property(lambda self: self._diagonals, doc="The diagonals as given.")
    diagonals_format = property(lambda self: self._diagonals_format, doc="How they are given.")

    @property
    def _experimental_parameter_ndims_to_matrix_ndims(self):
        return {"diagonals": [1, 1, 1] if self.diagonals_format == "sequence" else 2}

    def _three(self):
        """Superdiagonal, diagonal and subdiagonal, [..., N] each."""
        if self.diagonals_format == "sequence":
            return [convert(v) for v in self.diagonals]
        compact = self.diagonals
        if self.diagonals_format == "matrix":
            compact = diag_part(compact, k=(-1, 1), align="LEFT_RIGHT")
        return unstack(compact, 3, -2)

    def _shape(self):
        if self.diagonals_format == "matrix":
            return self.diagonals.shape
        if self.diagonals_format == "compact":
            shape = self.diagonals.shape[:-2].concatenate(self.diagonals.shape[-1])
        else:
            first, middle, last = (v.shape[:-1] for v in self.diagonals)
            batch = broadcast_static_shape(broadcast_static_shape(first, middle), last)
            shape = batch.concatenate(self.diagonals[1].shape[-1])
        return shape.concatenate(shape[-1])

    def _compact(self, adjoint=False):
        above, middle, below = self._three()
        if adjoint:
            above, middle, below = roll(conj(below), -1, -1), conj(middle), roll(conj(above), 1, -1)
        batch = self.batch_shape.as_list()
        parts = [broadcast_to(v, [*batch, v.shape[-1]]) for v in (above, middle, below)]
        return stack(parts, -2)

    def _assert_self_adjoint(self):
        if self.diagonals_format == "matrix":
            message = "Matrix was not equal to its adjoint."
            return check.assert_equal(self.diagonals, adjoint_of(self.diagonals), message=message)
        above, middle, below = self._three()
        assert_real(middle, "This tridiagonal operator contained non-zero imaginary values on the diagonal.")
        message = "This tridiagonal operator has non-conjugate subdiagonal and superdiagonal."
        return group(check.assert_equal(conj(roll(below, -1, -1))[..., :-1], above[..., :-1], message=message))

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return tridiagonal_matmul(self._compact(adjoint), adjoint_of(x) if adjoint_arg else x)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        diagonals = self._compact(adjoint)
        batch = broadcast_static_shape(self.batch_shape, rhs.shape[:-2]).as_list()
        rhs, diagonals = (broadcast_to(v, [*batch, *v.shape[-2:]]) for v in (rhs, diagonals))
        return tridiagonal_solve(diagonals, rhs, transpose_rhs=adjoint_arg, conjugate_rhs=adjoint_arg)

    def _diag_part(self):
        return broadcast_to(self._three()[1], self.shape[:-1].as_list())

    def _to_dense(self):
        if self.diagonals_format == "matrix":
            return self.diagonals
        return diag(self._compact(), k=(-1, 1), align="LEFT_RIGHT")


