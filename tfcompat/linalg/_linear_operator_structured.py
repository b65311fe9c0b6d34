"""Operators whose structure makes products and solutions cheap: low rank, reflections, permutations."""


import numpy as np

from tfcompat._array import broadcast_to, concat
from tfcompat._cast import cast, conj
from tfcompat._control import no_op
from tfcompat._core import dtypes as d, errors
from tfcompat._core.convert import convert
from tfcompat._core.shapes import Dimension, broadcast_static_shape, dimension_at_index
from tfcompat._creation import get_static_value, ones, zeros
from tfcompat._decompositions import cholesky, cholesky_solve, det
from tfcompat._diagonals import adjoint as adjoint_of, diag_part, set_diag
from tfcompat._elementwise import abs as absolute, equal, exp, log
from tfcompat._gather import gather
from tfcompat._math import l2_normalize
from tfcompat._products import matmul
from tfcompat._reductions import reduce_sum
from tfcompat._select import argsort
from tfcompat.linalg._linear_operator import LinearOperator, kind, kinds, parameter, solve_broadcast
from tfcompat.linalg._linear_operator_dense import always, at_least
from tfcompat.linalg._linear_operator_hints import implied


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

    def _capacitance(self):
        inner = matmul(self.v, self.base_operator.solve(self.u), adjoint_a=True)
        return self._diag_operator.inverse().add_to_tensor(inner)

    def _determinant(self):
        if self.is_positive_definite:
            return exp(self.log_abs_determinant())
        return det(self._capacitance()) * self.diag_operator.determinant() * self.base_operator.determinant()

    def _log_abs_determinant(self):
        capacitance = self._capacitance()
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
        inner, capacitance = matmul(v, first, adjoint_a=True), self._capacitance()
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
        known = get_static_value(perm)
        if known is not None and np.any(np.sort(known, -1) != np.arange(perm.shape[-1])):
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
