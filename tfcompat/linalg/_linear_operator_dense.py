"""Operators that hold a matrix, a diagonal, or only a size."""

import numpy as np

from tfcompat import debugging as check
from tfcompat._array import broadcast_to
from tfcompat._cast import cast, conj, imag, real
from tfcompat._control import no_op
from tfcompat._core import dtypes as d, errors
from tfcompat._core.convert import convert
from tfcompat._core.shapes import TensorShape, broadcast_static_shape
from tfcompat._creation import ones, zeros
from tfcompat._decompositions import triangular_solve
from tfcompat._diagonals import adjoint as adjoint_of, band_part, diag, diag_part, set_diag
from tfcompat._elementwise import abs as absolute, equal, log, sqrt
from tfcompat._products import matmul
from tfcompat._reductions import reduce_max, reduce_min, reduce_prod, reduce_sum
from tfcompat._select import where
from tfcompat.linalg._linear_operator import LinearOperator, assert_no_zeros, assert_real, kind, parameter, static
from tfcompat.linalg._linear_operator_hints import commuting_hints, hints_of

REAL_DIAGONAL = "A real diagonal operator is always self adjoint."


def always(hint, message):
    if hint is False:
        raise ValueError(message)
    return True


def at_least(rank, tensor, name):
    if len(tensor.shape) < rank:
        plural = "dimension" if rank == 1 else "dimensions"
        raise ValueError(f"Argument {name} must have at least {rank} {plural}.  Found: {tensor}")


def log_size(values):
    """The sum of log|values| along the last axis."""
    return reduce_sum(log(absolute(values)), [-1])


@kind
class LinearOperatorFullMatrix(LinearOperator):
    """The operator of a dense matrix.

    Args:
      matrix: tensor [..., M, N], floating or complex.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      TypeError: another dtype. ValueError: fewer than 2 dimensions.
    """

    _experimental_parameter_ndims_to_matrix_ndims = {"matrix": 2}
    _composite_tensor_fields = ("matrix",)

    def __init__(self, matrix, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None,
                 name="LinearOperatorFullMatrix"):  # fmt: skip
        self._matrix = parameter(matrix)
        allowed = [d.float16, d.float32, d.float64, d.complex64, d.complex128]
        if self._matrix.dtype not in allowed:
            raise TypeError(f"Argument `matrix` must have dtype in {allowed}. Received: {self._matrix.dtype}.")
        at_least(2, self._matrix, "`matrix`")
        super().__init__(self._matrix.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    @property
    def matrix(self):
        """The matrix."""
        return self._matrix

    def _shape(self):
        return self._matrix.shape

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return matmul(self._matrix, x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _to_dense(self):
        return convert(self._matrix)


@kind
class LinearOperatorLowerTriangular(LinearOperator):
    """The operator of a lower triangular matrix.

    Args:
      tril: tensor [..., N, N]; what is above the diagonal is not read.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      ValueError: fewer than 2 dimensions, or `is_square` is False.
    """

    _experimental_parameter_ndims_to_matrix_ndims = {"tril": 2}
    _composite_tensor_fields = ("tril",)

    def __init__(self, tril, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None,
                 name="LinearOperatorLowerTriangular"):  # fmt: skip
        always(is_square, "Only square lower triangular operators supported at this time.")
        self._tril = parameter(tril)
        at_least(2, self._tril, "tril")
        super().__init__(self._tril.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name)

    @property
    def tril(self):
        """The matrix as given."""
        return self._tril

    def _shape(self):
        return self._tril.shape

    def _to_dense(self):
        return band_part(self._tril, -1, 0)

    def _eigvals(self):
        return diag_part(self._tril)

    def _assert_non_singular(self):
        return assert_no_zeros(self._eigvals(), "Singular operator:  Diagonal contained zero values.")

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return matmul(self._to_dense(), x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _linop_matmul(self, left_operator, right_operator):
        if not isinstance(right_operator, LinearOperatorDiag):
            return super()._linop_matmul(left_operator, right_operator)
        hints = {**commuting_hints(right_operator, left_operator), "is_positive_definite": None}
        return LinearOperatorLowerTriangular(left_operator.to_dense() * right_operator.diag, **hints)

    def _determinant(self):
        return reduce_prod(self._eigvals(), [-1])

    def _log_abs_determinant(self):
        return log_size(self._eigvals())

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        return triangular_solve(self._to_dense(), rhs, lower=True, adjoint=adjoint)


class _Scaling(LinearOperator):
    """What diagonal matrices have in common: they commute, and their entries are known."""

    def _entries(self, conjugate=False):
        """The diagonal, as a column or a scalar matrix that broadcasts with the argument of a product."""
        raise NotImplementedError

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return self._entries(adjoint) * (adjoint_of(x) if adjoint_arg else x)

    def _add_to_tensor(self, x):
        return set_diag(x, self._added() + diag_part(x))

    def _added(self):
        """What is added to a diagonal."""
        return self.diag_part()

    def _combined(self, right_operator, combine):
        """The operator of `combine(entries of this, entries of the other)`; None where the rules know none."""
        raise NotImplementedError

    def _linop_matmul(self, left_operator, right_operator):
        found = left_operator._combined(right_operator, lambda a, b: a * b)
        return super()._linop_matmul(left_operator, right_operator) if found is None else found

    def _linop_solve(self, left_operator, right_operator):
        found = left_operator._combined(right_operator, lambda a, b: b / a)
        return super()._linop_solve(left_operator, right_operator) if found is None else found


@kind
class LinearOperatorDiag(_Scaling):
    """The operator of a diagonal matrix.

    Args:
      diag: tensor [..., N], the diagonal.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      ValueError: a scalar `diag`, or hints that are wrong of every diagonal matrix.
    """

    _experimental_parameter_ndims_to_matrix_ndims = {"diag": 1}
    _composite_tensor_fields = ("diag",)

    def __init__(self, diag, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None,
                 name="LinearOperatorDiag"):  # fmt: skip
        self._diag = parameter(diag)
        at_least(1, self._diag, "diag")
        if not self._diag.dtype.is_complex:
            is_self_adjoint = always(is_self_adjoint, REAL_DIAGONAL)
        is_square = always(is_square, "Only square diagonal operators currently supported.")
        super().__init__(self._diag.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    @property
    def diag(self):
        """The diagonal as given."""
        return self._diag

    def _shape(self):
        return self._diag.shape.concatenate(self._diag.shape[-1:])

    def _entries(self, conjugate=False):
        return (conj(self._diag) if conjugate else self._diag)[..., None]

    def _matvec(self, x, adjoint=False):
        return (conj(self._diag) if adjoint else self._diag) * x

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return (adjoint_of(rhs) if adjoint_arg else rhs) * (1.0 / self._entries(adjoint))

    def _combined(self, right_operator, combine):
        hints = commuting_hints(self, right_operator)
        if isinstance(right_operator, LinearOperatorDiag):
            return LinearOperatorDiag(combine(self.diag, right_operator.diag), **hints)
        if isinstance(right_operator, LinearOperatorScaledIdentity):
            return LinearOperatorDiag(combine(self.diag, right_operator.multiplier), **hints)
        if isinstance(right_operator, LinearOperatorLowerTriangular):
            rows = combine(self.diag[..., None], right_operator.to_dense())
            return LinearOperatorLowerTriangular(rows, **{**hints, "is_positive_definite": None})
        return None

    def _linop_adjoint(self):
        return LinearOperatorDiag(conj(self.diag), **hints_of(self, is_square=True))

    def _linop_inverse(self):
        return LinearOperatorDiag(1.0 / self.diag, **hints_of(self, is_square=True))

    def _linop_cholesky(self):
        return LinearOperatorDiag(sqrt(self.diag), True, True, True, True)

    def _assert_non_singular(self):
        return assert_no_zeros(self._diag, "Singular operator:  Diagonal contained zero values.")

    def _assert_positive_definite(self):
        message = (
            "Diagonal operator had diagonal entries with non-positive real part, thus was not positive definite."
            if self.dtype.is_complex
            else "Real diagonal operator had non-positive diagonal entries, thus was not positive definite."
        )
        return check.assert_positive(real(self._diag), message=message)

    def _assert_self_adjoint(self):
        message = "This diagonal operator contained non-zero imaginary values.   Thus it was not self-adjoint."
        return assert_real(self._diag, message)

    def _determinant(self):
        return reduce_prod(self._diag, [-1])

    def _log_abs_determinant(self):
        size = log_size(self._diag)
        return cast(size, self.dtype) if self.dtype.is_complex else size

    def _to_dense(self):
        return diag(self._diag)

    def _diag_part(self):
        return self.diag

    def _eigvals(self):
        return convert(self.diag)

    def _cond(self):
        sizes = absolute(self.diag)
        return reduce_max(sizes, -1) / reduce_min(sizes, -1)


class _Sized(LinearOperator):
    """What operators that are made of sizes have in common."""

    def _set_sizes(self, assert_proper_shapes, num_rows, num_columns=None, batch_shape=None):
        self._assert_proper_shapes = assert_proper_shapes
        self._num_rows, rows = self._size(num_rows, "num_rows")
        if num_columns is not None:
            self._num_columns, columns = self._size(num_columns, "num_columns")
        batch = ()
        self._batch_shape_arg = None
        if batch_shape is not None:
            self._batch_shape_arg, sizes = static(batch_shape, "batch_shape")
            self._check_sizes(sizes, 1, "batch_shape", self._batch_shape_arg)
            batch = sizes.tolist()
        self._static_shape = TensorShape([*batch, int(rows), int(rows if num_columns is None else columns)])

    def _size(self, value, name):
        tensor, array = static(value, name)
        self._check_sizes(array, 0, name, tensor)
        return tensor, array

    def _check_sizes(self, array, rank, name, tensor):
        if not tensor.dtype.is_integer:
            raise TypeError(f"Argument {name} must be integer type.  Found: {tensor}")
        if array.ndim != rank:
            raise ValueError(f"Argument {name} must be a {rank}-D Tensor.  Found: {array}")
        if np.any(array < 0):
            raise ValueError(f"Argument {name} must be non-negative.  Found: {array}")

    def _shape(self):
        return self._static_shape

    def _smallest(self):
        return min(self.shape[-2:])

    def _with_batch(self, x):
        """`x` broadcast with the operator's leading dimensions."""
        wanted = broadcast_static_shape(x.shape, self.batch_shape.concatenate([1, 1]))
        return x if wanted == x.shape else broadcast_to(x, wanted.as_list())

    def _filled(self, fill):
        return fill([*self.batch_shape.as_list(), self._smallest()], self.dtype)

    def __getitem__(self, slices):
        parts = np.ones(self.batch_shape.as_list())[slices].shape
        return type(self)(**{**self.parameters, "batch_shape": convert(list(parts), d.int32)})


@kind
class LinearOperatorIdentity(_Sized, _Scaling):
    """The identity matrix, or a stack of them.

    Args:
      num_rows: N, an integer.
      batch_shape: the leading dimensions; none if not given.
      dtype: dtype of the entries, default float32.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: True.
      assert_proper_shapes: accepted; shapes are always checked.
      name: name of the operator.

    Raises:
      ValueError: a hint is False, or a size is negative or of another rank. TypeError: a size that is no integer.
    """

    _composite_tensor_fields = ("num_rows", "batch_shape", "dtype", "assert_proper_shapes")
    _composite_tensor_prefer_static_fields = ("num_rows", "batch_shape")

    def __init__(self, num_rows, batch_shape=None, dtype=None, is_non_singular=True, is_self_adjoint=True,
                 is_positive_definite=True, is_square=True, assert_proper_shapes=False, name="LinearOperatorIdentity"):  # fmt: skip
        for hint, adjective in ((is_self_adjoint, "self adjoint"), (is_non_singular, "non-singular"),
                                (is_positive_definite, "positive-definite"), (is_square, "square")):  # fmt: skip
            always(bool(hint), f"An identity operator is always {adjective}.")
        super().__init__(dtype or d.float32, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)
        self._set_sizes(assert_proper_shapes, num_rows, batch_shape=batch_shape)

    def _linop_adjoint(self):
        return self

    def _linop_cholesky(self):
        return LinearOperatorIdentity(self._num_rows, self.batch_shape, self.dtype)

    def _linop_inverse(self):
        return self

    def _linop_matmul(self, left_operator, right_operator):
        return right_operator

    def _linop_solve(self, left_operator, right_operator):
        return right_operator

    def _assert_non_singular(self):
        return no_op()

    _assert_positive_definite = _assert_self_adjoint = _assert_non_singular

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return self._with_batch(adjoint_of(x) if adjoint_arg else x)

    _solve = _matmul

    def _determinant(self):
        return ones(self.batch_shape.as_list(), self.dtype)

    def _log_abs_determinant(self):
        return zeros(self.batch_shape.as_list(), self.dtype)

    def _trace(self):
        return self._smallest() * self._determinant()

    def _diag_part(self):
        return self._filled(ones)

    _eigvals = _diag_part

    def _added(self):
        return 1

    def _cond(self):
        return self._determinant()


@kind
class LinearOperatorScaledIdentity(_Sized, _Scaling):
    """A multiple of the identity matrix, or a stack of them.

    Args:
      num_rows: N, an integer.
      multiplier: tensor of the shape of the stack.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      assert_proper_shapes: accepted; shapes are always checked.
      name: name of the operator.

    Raises:
      ValueError: hints that are wrong of every such matrix, or a size that is negative. TypeError: no integer.
    """

    _experimental_parameter_ndims_to_matrix_ndims = {"multiplier": 0}
    _composite_tensor_fields = ("num_rows", "multiplier", "assert_proper_shapes")
    _composite_tensor_prefer_static_fields = ("num_rows",)

    def __init__(self, num_rows, multiplier, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None,
                 is_square=True, assert_proper_shapes=False, name="LinearOperatorScaledIdentity"):  # fmt: skip
        self._multiplier = parameter(multiplier)
        if not self._multiplier.dtype.is_complex:
            is_self_adjoint = always(is_self_adjoint, REAL_DIAGONAL)
        always(bool(is_square), "A ScaledIdentity operator is always square.")
        super().__init__(
            self._multiplier.dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )
        self._set_sizes(assert_proper_shapes, num_rows)

    @property
    def multiplier(self):
        """The factor."""
        return self._multiplier

    def _shape(self):
        return self._multiplier.shape.concatenate(self._static_shape)

    def __getitem__(self, slices):
        return LinearOperator.__getitem__(self, slices)

    def _entries(self, conjugate=False):
        return (conj(self.multiplier) if conjugate else self.multiplier)[..., None, None]

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return (adjoint_of(rhs) if adjoint_arg else rhs) / self._entries(adjoint)

    def _combined(self, right_operator, combine):
        hints = commuting_hints(self, right_operator)
        if isinstance(right_operator, LinearOperatorScaledIdentity):
            factor = combine(self.multiplier, right_operator.multiplier)
            return LinearOperatorScaledIdentity(self.domain_dimension_tensor(), factor, **hints)
        if isinstance(right_operator, LinearOperatorDiag):
            return LinearOperatorDiag(combine(self.multiplier, right_operator.diag), **hints)
        return None

    def _scaled(self, multiplier, **hints):
        return LinearOperatorScaledIdentity(self._num_rows, multiplier, **hints_of(self, is_square=True, **hints))

    def _linop_adjoint(self):
        return self._scaled(conj(self.multiplier))

    def _linop_cholesky(self):
        return self._scaled(sqrt(self.multiplier), is_non_singular=True, is_self_adjoint=True, is_positive_definite=True)

    def _linop_inverse(self):
        return self._scaled(1.0 / self.multiplier, is_self_adjoint=True)

    def _assert_non_singular(self):
        return check.assert_positive(absolute(self.multiplier), message="LinearOperator was singular")

    def _assert_positive_definite(self):
        return check.assert_positive(real(self.multiplier), message="LinearOperator was not positive definite.")

    def _assert_self_adjoint(self):
        part = imag(self.multiplier)
        return check.assert_equal(zeros(part.shape, part.dtype), part, message="LinearOperator was not self-adjoint")

    def _determinant(self):
        return self.multiplier ** cast(self._num_rows, self.dtype)

    def _log_abs_determinant(self):
        return cast(self._num_rows, self.dtype.real_dtype) * log(absolute(self.multiplier))

    def _trace(self):
        return self.multiplier * self._smallest()

    def _diag_part(self):
        return self._filled(ones) * self.multiplier[..., None]

    _eigvals = _diag_part

    def _added(self):
        return self.multiplier[..., None]

    def _cond(self):
        nan, one = (cast(convert(v), self.dtype) for v in (np.nan, 1.0))
        return where(equal(self._multiplier, convert(0, self.dtype)), nan, one)


@kind
class LinearOperatorZeros(_Sized):
    """The matrix of zeros, or a stack of them.

    Args:
      num_rows, num_columns: M and N, integers; N is M if not given.
      batch_shape: the leading dimensions; none if not given.
      dtype: dtype of the entries, default float32.
      is_non_singular, is_positive_definite: False.
      is_self_adjoint: whether the matrix is square.
      is_square: whether M and N are equal.
      assert_proper_shapes: accepted; shapes are always checked.
      name: name of the operator.

    Raises:
      ValueError: wrong hints, or a size that is negative or of another rank. TypeError: a size that is no integer.
    """

    _composite_tensor_fields = ("num_rows", "num_columns", "batch_shape", "dtype", "assert_proper_shapes")
    _composite_tensor_prefer_static_fields = ("num_rows", "num_columns", "batch_shape")

    def __init__(self, num_rows, num_columns=None, batch_shape=None, dtype=None, is_non_singular=False,
                 is_self_adjoint=True, is_positive_definite=False, is_square=True, assert_proper_shapes=False,
                 name="LinearOperatorZeros"):  # fmt: skip
        always(bool(is_self_adjoint or not is_square), "A zero operator is always self adjoint.")
        always(not is_non_singular, "A zero operator is always singular.")
        always(not is_positive_definite, "A zero operator is always not positive-definite.")
        super().__init__(dtype or d.float32, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)
        num_columns = num_rows if num_columns is None else num_columns
        self._set_sizes(assert_proper_shapes, num_rows, num_columns, batch_shape)
        rows, columns = self._static_shape[-2:]
        if is_square and rows != columns:
            raise ValueError(f"LinearOperatorZeros initialized as is_square=True, but got num_rows({rows}) != "
                             f"num_columns({columns})")  # fmt: skip

    @staticmethod
    def check_square(left_operator, right_operator):
        """Raises ValueError unless both operators are square."""
        if not left_operator.is_square or not right_operator.is_square:
            raise ValueError("Matmul with non-square `LinearOperator`s or non-square `LinearOperatorZeros` not supported at "
                             "this time.")  # fmt: skip

    def _assert_non_singular(self):
        raise errors.InvalidArgumentError(None, None, "Zero operators are always non-invertible.")

    def _assert_positive_definite(self):
        raise errors.InvalidArgumentError(None, None, "Zero operators are always non-positive definite.")

    def _assert_self_adjoint(self):
        return no_op()

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        rows = self.shape[-1] if adjoint else self.shape[-2]
        columns = x.shape[-2] if adjoint_arg else x.shape[-1]
        return self._with_batch(zeros([*x.shape[:-2], rows, columns], x.dtype))

    def _linop_matmul(self, left_operator, right_operator):
        self.check_square(left_operator, right_operator)
        return left_operator

    def _determinant(self):
        return zeros(self.batch_shape.as_list(), self.dtype)

    _trace = _determinant

    def _diag_part(self):
        return self._filled(zeros)

    _eigvals = _diag_part

    def add_to_tensor(self, x, name="add_to_tensor"):
        """x, broadcast to the operator's shape."""
        return self._with_batch(convert(x))


