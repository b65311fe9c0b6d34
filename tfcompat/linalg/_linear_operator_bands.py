"""Operators that are constant or zero along diagonals: convolutions, Toeplitz and tridiagonal matrices."""

import math

import numpy as np

from tfcompat import debugging as check
from tfcompat._array import broadcast_to, concat, reshape, stack, transpose
from tfcompat._cast import cast, complex as complex_of, conj, imag, real
from tfcompat._control import group
from tfcompat._core import dtypes as d
from tfcompat._core.convert import convert
from tfcompat._core.shapes import broadcast_static_shape
from tfcompat._creation import ones, zeros_like
from tfcompat._diagonals import adjoint as adjoint_of, diag, diag_part
from tfcompat._elementwise import abs as absolute
from tfcompat._fft import fft_last
from tfcompat._gather import gather
from tfcompat._reductions import reduce_max, reduce_min, reduce_prod, reduce_sum
from tfcompat._reverse import reverse, roll
from tfcompat._split import unstack
from tfcompat._tridiagonal import tridiagonal_matmul, tridiagonal_solve
from tfcompat.linalg._linear_operator import (
    LinearOperator,
    assert_no_zeros,
    assert_real,
    broadcast_batches,
    kind,
    parameter,
)
from tfcompat.linalg._linear_operator_dense import always, at_least, log_size
from tfcompat.linalg._linear_operator_hints import commuting_hints, hints_of

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


