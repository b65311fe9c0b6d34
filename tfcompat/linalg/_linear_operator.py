"""`tf.linalg.LinearOperator`: a matrix, or a stack of matrices, that is known by what it does to vectors."""

import abc
import functools
import inspect
import types

import numpy as np

from tfcompat import debugging as check
from tfcompat._array import broadcast_to, expand_dims, squeeze
from tfcompat._cast import imag
from tfcompat._control import no_op
from tfcompat._core import dtypes as d, nest
from tfcompat._core.convert import convert
from tfcompat._core.module import Module
from tfcompat._core.shapes import Dimension, TensorShape, broadcast_static_shape, dimension_at_index
from tfcompat._core.specs import register_type_spec_from_value_converter
from tfcompat._core.tensor_base import host_value
from tfcompat._core.variable import Variable
from tfcompat._decompositions import cholesky, cholesky_solve, det, eigvalsh, slogdet, solve, svd
from tfcompat._diagonals import adjoint as adjoint_of, diag_part, eye
from tfcompat._elementwise import abs as absolute, exp, log
from tfcompat._reductions import reduce_max, reduce_min, reduce_sum
from tfcompat.linalg._linear_operator_hints import check_chain, hints_of, product_hints
from tfcompat.linalg._linear_operator_parts import LinearOperatorSpec, as_tensor, map_up_to, sliced

kinds = types.SimpleNamespace()  # the kinds of operators, for rules that make one out of others


def kind(cls):
    """Makes a class known as `kinds.Diag` where it is called LinearOperatorDiag, and gives it a TypeSpec of its own."""
    setattr(kinds, cls.__name__.removeprefix("LinearOperator"), cls)
    spec = type(f"{cls.__name__}Spec", (LinearOperatorSpec,), {"value_type": cls})
    cls._type_spec = property(spec.from_operator)
    return cls


# Arguments


def parameter(value):
    """An argument as a tensor; variables stay what they are, so that the operator follows their values."""
    is_reference = isinstance(value, Variable) or (
        isinstance(value, Module) and hasattr(value, "dtype") and hasattr(value, "shape")
    )
    return value if value is None or is_reference else convert(value)


def static(value, name):
    """An argument that is a size or a shape, as a tensor and as a NumPy array."""
    if isinstance(value, Variable):
        raise TypeError(f"Argument {name} cannot be reference type. Found: {type(value)}.")
    if isinstance(value, TensorShape):
        value = value.as_list()
    tensor = convert(value, d.int32 if isinstance(value, (list, tuple)) and not value else None)
    return tensor, np.asarray(host_value(tensor))


def broadcast_batches(matrices):
    """Matrices with the same leading dimensions."""
    matrices = [convert(m) for m in matrices]
    batch = functools.reduce(broadcast_static_shape, [m.shape[:-2] for m in matrices])
    return [m if m.shape[:-2] == batch else broadcast_to(m, [*batch, *m.shape[-2:]]) for m in matrices]


def broadcast_batch_shape(operators):
    return functools.reduce(broadcast_static_shape, [o.batch_shape for o in operators])


def solve_broadcast(matrix, rhs, adjoint=False):
    """`solve` of stacks whose leading dimensions broadcast."""
    return solve(*broadcast_batches([matrix, rhs]), adjoint=adjoint)


def assert_no_zeros(x, message):
    return check.assert_less(convert(0, x.dtype.real_dtype), absolute(x), message=message)


def assert_real(x, message):
    if x.dtype.is_floating:
        return no_op()
    return check.assert_equal(convert(0, x.dtype.real_dtype), imag(x), message=message)


@functools.lru_cache
def _signature(cls):
    return inspect.signature(cls.__init__)


class LinearOperator(Module, metaclass=abc.ABCMeta):
    """A matrix or a stack of matrices A of shape [..., M, N], by its products, solutions and determinants.

    A subclass defines `_shape` and `_matmul`, and whatever else it can do better than by a dense matrix: `_solve`,
    `_determinant`, `_log_abs_determinant`, `_to_dense`, `_diag_part`, ...

    Args:
      dtype: dtype of the entries, and of the tensors that the methods take.
      graph_parents: not used.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: what is known about A: True, False, or None.
        Nothing checks that it is true; methods choose faster algorithms by it.
      name: name of the operator.
      parameters: the arguments it was made of, by name; found out if not given.

    Raises:
      ValueError: hints that contradict each other.
    """

    _experimental_parameter_ndims_to_matrix_ndims = types.MappingProxyType({})
    _composite_tensor_fields = ()
    _composite_tensor_prefer_static_fields = ()

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        try:
            bound = _signature(cls).bind(self, *args, **kwargs)
        except TypeError:
            return self  # __init__ says what is wrong
        bound.apply_defaults()
        object.__setattr__(self, "_parameters", dict(list(bound.arguments.items())[1:]))
        return self

    def __init__(self, dtype, graph_parents=None, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None,
                 is_square=None, name=None, parameters=None):  # fmt: skip
        if is_positive_definite:
            if is_non_singular is False:
                raise ValueError("A positive definite matrix is always non-singular.")
            is_non_singular = True
        for hint, adjective in ((is_non_singular, "non-singular"), (is_self_adjoint, "self-adjoint")):
            if hint and is_square is False:
                raise ValueError(f"A {adjective} matrix is always square.")
            is_square = True if hint else is_square
        self._is_square_set_or_implied_by_hints = is_square
        self._graph_parents = [] if graph_parents is None else graph_parents
        self._dtype = d.as_dtype(dtype) if dtype else dtype
        self._is_non_singular = is_non_singular
        self._is_self_adjoint = is_self_adjoint
        self._is_positive_definite = is_positive_definite
        if parameters is not None:
            self._parameters = self._no_dependency(parameters)
        self._name = name or type(self).__name__

    # What is known

    def _gradient_parts(self):
        """The tensors with regard to which a tape differentiates."""
        return nest.flatten(self, expand_composites=True)

    @property
    def parameters(self):
        """The arguments that the operator was made of, by name."""
        return dict(self._parameters)

    @property
    def dtype(self):
        """The dtype of the entries."""
        return self._dtype

    @property
    def name(self):
        """The operator's name."""
        return self._name

    @property
    def graph_parents(self):
        """List of the tensors that were given as such."""
        return self._graph_parents

    @property
    def is_non_singular(self):
        """Whether A is known to have (True) or not to have (False) an inverse."""
        return self._is_non_singular

    @property
    def is_self_adjoint(self):
        """Whether A is known to equal its adjoint."""
        return self._is_self_adjoint

    @property
    def is_positive_definite(self):
        """Whether x^H A x is known to have a positive real part for all x that are not 0."""
        return self._is_positive_definite

    @property
    def is_square(self):
        """Whether A has as many rows as columns."""
        found = self.domain_dimension == self.range_dimension
        hint = self._is_square_set_or_implied_by_hints
        if hint is False and found:
            raise ValueError("User set is_square hint to False, but the operator was square.")
        return found if hint is None else hint

    # Shape

    @abc.abstractmethod
    def _shape(self):
        raise NotImplementedError("_shape is not implemented.")

    @property
    def shape(self):
        """TensorShape [..., M, N]."""
        return self._shape()

    def shape_tensor(self, name="shape_tensor"):
        """The shape as an int32 tensor."""
        return convert(self.shape.as_list(), d.int32)

    @property
    def batch_shape(self):
        """TensorShape of the leading dimensions."""
        return self.shape[:-2]

    def batch_shape_tensor(self, name="batch_shape_tensor"):
        """The leading dimensions as an int32 tensor."""
        return convert(self.batch_shape.as_list(), d.int32)

    @property
    def tensor_rank(self):
        """How many dimensions the shape has."""
        return self.shape.rank

    def tensor_rank_tensor(self, name="tensor_rank_tensor"):
        """`tensor_rank` as a tensor."""
        return convert(self.tensor_rank)

    @property
    def domain_dimension(self):
        """N, a Dimension: the length of vectors that A is applied to."""
        return self.shape.dims[-1] if self.shape.rank else Dimension(None)

    def domain_dimension_tensor(self, name="domain_dimension_tensor"):
        """N as a tensor."""
        return convert(self.domain_dimension.value)

    @property
    def range_dimension(self):
        """M, a Dimension: the length of the vectors that A gives."""
        return self.shape.dims[-2] if self.shape.rank else Dimension(None)

    def range_dimension_tensor(self, name="range_dimension_tensor"):
        """M as a tensor."""
        return convert(self.range_dimension.value)

    # Asserts

    def _assert_non_singular(self):
        if self._can_use_cholesky():
            return self.assert_positive_definite()
        sizes = svd(self.to_dense(), compute_uv=False)
        size = max(100, self.range_dimension.value, self.domain_dimension.value)
        largest = 1.0 / (size * np.finfo(self.dtype.as_numpy_dtype).eps)
        return check.assert_less(reduce_max(sizes, -1) / reduce_min(sizes, -1), convert(largest, sizes.dtype),
                                 message="Singular matrix up to precision epsilon.")  # fmt: skip

    def assert_non_singular(self, name="assert_non_singular"):
        """Raises InvalidArgumentError unless A has an inverse."""
        return self._assert_non_singular()

    def _assert_positive_definite(self):
        if self.is_self_adjoint:
            return check.assert_positive(diag_part(cholesky(self.to_dense())), message="Matrix was not positive definite.")
        raise NotImplementedError("assert_positive_definite is not implemented.")

    def assert_positive_definite(self, name="assert_positive_definite"):
        """Raises InvalidArgumentError unless A is positive definite."""
        return self._assert_positive_definite()

    def _assert_self_adjoint(self):
        dense = self.to_dense()
        return check.assert_equal(dense, adjoint_of(dense), message="Matrix was not equal to its adjoint.")

    def assert_self_adjoint(self, name="assert_self_adjoint"):
        """Raises InvalidArgumentError unless A equals its adjoint."""
        return self._assert_self_adjoint()

    # Products

    def _argument(self, x, mine, theirs):
        """An argument as a tensor, whose dimension `theirs` has to be what the dimension `mine` of A is."""
        x = convert(x)
        if x.dtype != self.dtype:
            raise TypeError(f"Expected argument to have dtype {self.dtype}.  Found: {x.dtype} in tensor {x}")
        dimension_at_index(self.shape, mine).assert_is_compatible_with(x.shape[theirs])
        return x

    @abc.abstractmethod
    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        raise NotImplementedError("_matmul is not implemented.")

    def matmul(self, x, adjoint=False, adjoint_arg=False, name="matmul"):
        """A @ x.

        Args:
          x: tensor [..., N, R] of A's dtype; leading dimensions broadcast. Or a LinearOperator.
          adjoint: whether A is conjugated and transposed first.
          adjoint_arg: whether x is.

        Returns:
          A tensor [..., M, R]; or a LinearOperator, if x is one.

        Raises:
          TypeError: another dtype. ValueError: sizes that do not fit.
        """
        if isinstance(x, LinearOperator):
            left, right = self.adjoint() if adjoint else self, x.adjoint() if adjoint_arg else x
            check_chain(left, right, "x")
            return self._linop_matmul(left, right)
        x = self._argument(x, -2 if adjoint else -1, -1 if adjoint_arg else -2)
        return self._matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _linop_matmul(self, left_operator, right_operator):
        if isinstance(right_operator, kinds.Identity):
            return left_operator
        if isinstance(right_operator, kinds.Zeros):
            kinds.Zeros.check_square(left_operator, right_operator)
            return right_operator
        hints = product_hints(left_operator, right_operator)
        return kinds.Composition([left_operator, right_operator], **hints)

    def __matmul__(self, other):
        return self.matmul(other)

    def _matvec(self, x, adjoint=False):
        return squeeze(self.matmul(expand_dims(x, -1), adjoint=adjoint), axis=-1)

    def matvec(self, x, adjoint=False, name="matvec"):
        """A @ x of vectors x [..., N]. See `matmul`."""
        return self._matvec(self._argument(x, -2 if adjoint else -1, -1), adjoint=adjoint)

    # Solutions and determinants

    def _check_square(self, what):
        if self.is_square is False:
            raise NotImplementedError(f"{what} not implemented for an operator that is expected to not be square.")

    def _check_solvable(self):
        if self.is_non_singular is False:
            raise NotImplementedError("Exact solve not implemented for an operator that is expected to be singular.")
        self._check_square("Exact solve")

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return self._dense_solve(rhs, adjoint, adjoint_arg)

    def _dense_solve(self, rhs, adjoint=False, adjoint_arg=False):
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        if self._can_use_cholesky():
            return cholesky_solve(cholesky(self.to_dense()), rhs)
        return solve_broadcast(self.to_dense(), rhs, adjoint)

    def solve(self, rhs, adjoint=False, adjoint_arg=False, name="solve"):
        """The x with A @ x = rhs.

        Args:
          rhs: tensor [..., M, R] of A's dtype; leading dimensions broadcast. Or a LinearOperator.
          adjoint: whether A is conjugated and transposed first.
          adjoint_arg: whether rhs is.

        Returns:
          A tensor [..., N, R]; or a LinearOperator, if rhs is one.

        Raises:
          NotImplementedError: A is known to be singular, or not square.
        """
        self._check_solvable()
        if isinstance(rhs, LinearOperator):
            left, right = self.adjoint() if adjoint else self, rhs.adjoint() if adjoint_arg else rhs
            check_chain(left, right, "rhs")
            return self._linop_solve(left, right)
        rhs = self._argument(rhs, -1 if adjoint else -2, -1 if adjoint_arg else -2)
        return self._solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _linop_solve(self, left_operator, right_operator):
        if isinstance(right_operator, kinds.Identity):
            return left_operator.inverse()
        hints = product_hints(left_operator, right_operator)
        return kinds.Composition([kinds.Inversion(left_operator), right_operator], **hints)

    def _solvevec(self, rhs, adjoint=False):
        return squeeze(self.solve(expand_dims(rhs, -1), adjoint=adjoint), axis=-1)

    def solvevec(self, rhs, adjoint=False, name="solve"):
        """The x with A @ x = rhs, of vectors rhs [..., M]. See `solve`."""
        return self._solvevec(self._argument(rhs, -1 if adjoint else -2, -1), adjoint=adjoint)

    def _determinant(self):
        if self._can_use_cholesky():
            return exp(self.log_abs_determinant())
        return det(self.to_dense())

    def determinant(self, name="det"):
        """The determinants, of shape `batch_shape`."""
        self._check_square("Determinant")
        return self._determinant()

    def _log_abs_determinant(self):
        if self._can_use_cholesky():
            return 2 * reduce_sum(log(diag_part(cholesky(self.to_dense()))), [-1])
        return slogdet(self.to_dense()).log_abs_determinant

    def log_abs_determinant(self, name="log_abs_det"):
        """Logarithms of the absolute values of the determinants."""
        self._check_square("Determinant")
        return self._log_abs_determinant()

    # Operators made of this one

    def adjoint(self, name="adjoint"):
        """The conjugate transpose, as an operator; the operator itself where it is known to be self-adjoint."""
        return self if self.is_self_adjoint is True else self._linop_adjoint()

    H = property(adjoint)

    def _linop_adjoint(self):
        return kinds.Adjoint(self, **hints_of(self))

    def inverse(self, name="inverse"):
        """The inverse, as an operator.

        Raises:
          ValueError: A is known to be singular, or not square.
        """
        for known, text in ((self.is_square, "non square"), (self.is_non_singular, "singular")):
            if known is False:
                raise ValueError(f"Cannot take the Inverse: This operator represents a {text} matrix.")
        return self._linop_inverse()

    def _linop_inverse(self):
        return kinds.Inversion(self, **hints_of(self))

    def _can_use_cholesky(self):
        return self.is_self_adjoint and self.is_positive_definite

    def cholesky(self, name="cholesky"):
        """The lower triangular L with L @ L^H = A, as an operator.

        Raises:
          ValueError: A is not known to be self-adjoint and positive definite.
        """
        if not self._can_use_cholesky():
            raise ValueError("Cannot take the Cholesky decomposition: Not a positive definite self adjoint matrix.")
        return self._linop_cholesky()

    def _linop_cholesky(self):
        dense = cholesky(self.to_dense())
        return kinds.LowerTriangular(dense, is_non_singular=True, is_self_adjoint=False, is_square=True)

    # Entries

    def _to_dense(self):
        return self.matmul(eye(self.domain_dimension.value, batch_shape=self.batch_shape.as_list(), dtype=self.dtype))

    def to_dense(self, name="to_dense"):
        """The matrices as one tensor."""
        return self._to_dense()

    def _diag_part(self):
        return diag_part(self.to_dense())

    def diag_part(self, name="diag_part"):
        """The diagonals, [..., min(M, N)]."""
        return self._diag_part()

    def _trace(self):
        return reduce_sum(self.diag_part(), -1)

    def trace(self, name="trace"):
        """The sums of the diagonals."""
        return self._trace()

    def _add_to_tensor(self, x):
        return self.to_dense() + x

    def add_to_tensor(self, x, name="add_to_tensor"):
        """A + x, a tensor."""
        x = convert(x)
        if x.dtype != self.dtype:
            raise TypeError(f"Expected argument to have dtype {self.dtype}.  Found: {x.dtype} in tensor {x}")
        return self._add_to_tensor(x)

    def _eigvals(self):
        return eigvalsh(self.to_dense())

    def eigvals(self, name="eigvals"):
        """The eigenvalues, [..., N].

        Raises:
          NotImplementedError: A is not known to be self-adjoint.
        """
        if not self.is_self_adjoint:
            raise NotImplementedError("Only self-adjoint matrices are supported.")
        return self._eigvals()

    def _cond(self):
        values = absolute(self._eigvals()) if self.is_self_adjoint else svd(self.to_dense(), compute_uv=False)
        return reduce_max(values, -1) / reduce_min(values, -1)

    def cond(self, name="cond"):
        """The condition numbers: the largest singular value by the smallest."""
        return self._cond()

    # Structure

    @classmethod
    def __tf_dispatch__(cls, kernel, arguments):
        method = _FUNCTIONS.get(kernel)
        return NotImplemented if method is None else method(**arguments)

    def __getitem__(self, slices):
        slices = tuple(slices) if isinstance(slices, (tuple, list)) else (slices,)
        changes = {}
        if slices != (Ellipsis,):
            for name, ndims in self._experimental_parameter_ndims_to_matrix_ndims.items():
                value = getattr(self, name)
                if value is not None:
                    changes[name] = map_up_to(ndims, value, functools.partial(
                        sliced, slices=slices, batch=self.batch_shape.as_list()))  # fmt: skip
        return type(self)(**{**self.parameters, **changes})

    def _convert_variables_to_tensors(self):
        spec = self._type_spec
        parts = spec._to_components(self)
        return spec._from_components({k: map_up_to(v, v, lambda x, _: as_tensor(x)) for k, v in parts.items()})


# Functions of `tf.linalg` that take operators, by kernel


def _matmul(a, b, transpose_a, transpose_b, adjoint_a, adjoint_b, a_is_sparse, b_is_sparse, **_):
    if transpose_a or transpose_b:
        raise ValueError("Transposing not supported at this time.")
    if a_is_sparse or b_is_sparse:
        raise ValueError("Sparse methods not supported at this time.")
    if not isinstance(a, LinearOperator):
        return adjoint_of(b.matmul(a, adjoint=not adjoint_b, adjoint_arg=not adjoint_a))
    return a.matmul(b, adjoint=adjoint_a, adjoint_arg=adjoint_b)


def _matvec(a, b, transpose_a, adjoint_a, a_is_sparse, b_is_sparse, **_):
    if transpose_a:
        raise ValueError("Transposing not supported at this time.")
    if a_is_sparse or b_is_sparse:
        raise ValueError("Sparse methods not supported at this time.")
    return a.matvec(b, adjoint=adjoint_a)


def _solve(matrix, rhs, adjoint, **_):
    if not isinstance(matrix, LinearOperator):
        raise ValueError("Passing in `matrix` as a Tensor and `rhs` as a LinearOperator is not supported.")
    return matrix.solve(rhs, adjoint=adjoint)


def _inverse(input, adjoint, **_):
    return input.inverse().adjoint() if adjoint else input.inverse()


_FUNCTIONS = {
    "MatMul": _matmul,
    "MatVec": _matvec,
    "MatrixSolve": _solve,
    "MatrixInverse": _inverse,
    "MatrixDeterminant": lambda input, **_: input.determinant(),
    "Cholesky": lambda input, **_: input.cholesky(),
    "MatrixDiagPartV3": lambda input, **_: input.diag_part(),
    "Trace": lambda x, **_: x.trace(),
    "MatrixTranspose": lambda a, conjugate, **_: a.adjoint() if conjugate else NotImplemented,
}
register_type_spec_from_value_converter(LinearOperator, lambda operator: operator._type_spec, True)
