"""Operators made of other operators: products, adjoints, inverses."""

import functools
import operator as python_operator

from tfcompat._array import expand_dims, reshape
from tfcompat._cast import cast, conj
from tfcompat._control import group
from tfcompat._core import errors
from tfcompat._core.convert import convert
from tfcompat._core.shapes import TensorShape
from tfcompat._diagonals import adjoint as adjoint_of, matrix_transpose
from tfcompat._elementwise import sign
from tfcompat.linalg._linear_operator import LinearOperator, broadcast_batch_shape, kind, kinds
from tfcompat.linalg._linear_operator_hints import agreed, hints_of, implied, is_adjoint_product


def product(values):
    return functools.reduce(python_operator.mul, values)


def total(values):
    return functools.reduce(python_operator.add, values)


class Combined(LinearOperator):
    """What operators made of a list of operators have in common."""

    _composite_tensor_fields = ("operators",)

    @property
    def operators(self):
        """The list of operators this one is made of."""
        return self._operators

    @property
    def _experimental_parameter_ndims_to_matrix_ndims(self):
        return {"operators": [0] * len(self.operators)}

    def _set_operators(self, operators, message):
        if not hasattr(operators, "__iter__") or isinstance(operators, (str, bytes)):
            raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(operators)}')
        operators = list(operators)
        if not operators:
            raise ValueError(message.format(operators))
        dtype = operators[0].dtype
        if any(o.dtype != dtype for o in operators):
            pairs = "   ".join(str((o.name, o.dtype)) for o in operators)
            raise TypeError(f"Expected all operators to have the same dtype.  Found {pairs}")
        self._operators = operators

    def _implied_hints(self, sentence, given):
        """Hints that hold of the whole where they hold of all parts."""
        return {
            name: implied(all(getattr(o, name) for o in self._operators), given[name], sentence.format(adjective))
            for name, adjective in (("is_non_singular", "non-singular"), ("is_self_adjoint", "self-adjoint"),
                                    ("is_positive_definite", "positive-definite"))
        }  # fmt: skip

    def _of_parts(self, method, **hints):
        """The operator of the same kind, of the results of a method of the parts."""
        return type(self)([getattr(o, method)() for o in self.operators], is_square=True, **hints)

    def _known(self):
        return hints_of(self) | {"is_square": True}

    def _determinant(self):
        return product([o.determinant() for o in self.operators])

    def _log_abs_determinant(self):
        return total([o.log_abs_determinant() for o in self.operators])

    def _all_square(self):
        return all(o.is_square for o in self.operators)


@kind
class LinearOperatorComposition(Combined):
    """The product of operators: A @ B @ C, applied from the right.

    Args:
      operators: list of operators of one dtype, whose sizes fit.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      TypeError: different dtypes. ValueError: an empty list, sizes that do not fit, or wrong hints.
    """

    def __init__(self, operators, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None,
                 name=None):  # fmt: skip
        self._set_operators(operators, "Expected a non-empty list of operators. Found: {}")
        parts = self._operators
        symmetric = is_adjoint_product(parts)
        is_non_singular = implied(all(o.is_non_singular for o in parts), is_non_singular,
                                  "The composition of non-singular operators is always non-singular.")  # fmt: skip
        is_self_adjoint = implied(
            symmetric or (len(parts) == 1 and parts[0].is_self_adjoint), is_self_adjoint,
            "The composition was determined to be self-adjoint but user provided incorrect `False` hint.",
        )  # fmt: skip
        is_square = implied(
            symmetric, is_square, "The composition was determined have the form A @ A.H, hence it must be square. The user "
            "provided an incorrect `False` hint.",
        )  # fmt: skip
        is_positive_definite = implied(
            symmetric and is_non_singular, is_positive_definite, "The composition was determined to be non-singular and "
            "have the form A @ A.H, hence it must be positive-definite. The user provided an incorrect `False` hint.",
        )  # fmt: skip
        name = name or "_o_".join(o.name for o in parts)
        super().__init__(parts[0].dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    def _shape(self):
        for left, right in zip(self.operators, self.operators[1:], strict=False):
            left.domain_dimension.assert_is_compatible_with(right.range_dimension)
        sizes = [self.operators[0].range_dimension, self.operators[-1].domain_dimension]
        return broadcast_batch_shape(self.operators).concatenate(TensorShape(sizes))

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        first, *others = self.operators if adjoint else reversed(self.operators)
        result = first.matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)
        for o in others:
            result = o.matmul(result, adjoint=adjoint)
        return result

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        first, *others = reversed(self.operators) if adjoint else self.operators
        result = first.solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)
        for o in others:
            result = o.solve(result, adjoint=adjoint)
        return result

    def _linop_cholesky(self):
        left = self.operators[0]
        if len(self.operators) != 2 or not is_adjoint_product(self.operators) or not isinstance(left, kinds.LowerTriangular):
            return super()._linop_cholesky()
        if left.is_positive_definite:
            return left
        signs = expand_dims(sign(left.diag_part()), -2)
        return kinds.LowerTriangular(left.tril / signs, **hints_of(left, is_positive_definite=None, is_square=True))

    def _assert_non_singular(self):
        if self._all_square():
            return group(*[o.assert_non_singular() for o in self.operators])
        return super()._assert_non_singular()


@kind
class LinearOperatorKronecker(Combined):
    """The Kronecker product of operators: the matrix of blocks A[i, j] * B.

    Args:
      operators: list of operators of one dtype.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      TypeError: different dtypes. ValueError: an empty list, or wrong hints.
    """

    def __init__(self, operators, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None,
                 name=None):  # fmt: skip
        self._set_operators(operators, "Argument `operators` must be a list of >=1 operators. Received: {}.")
        given = {"is_non_singular": is_non_singular, "is_self_adjoint": is_self_adjoint,
                 "is_positive_definite": is_positive_definite}  # fmt: skip
        hints = self._implied_hints("The Kronecker product of {0} operators is always {0}.", given)
        name = name or "_x_".join(o.name for o in self._operators)
        super().__init__(self._operators[0].dtype, is_square=is_square, name=name, **hints)

    def _shape(self):
        sizes = [product([o.range_dimension for o in self.operators]),
                 product([o.domain_dimension for o in self.operators])]  # fmt: skip
        return broadcast_batch_shape(self.operators).concatenate(TensorShape(sizes))

    def _linop_adjoint(self):
        return LinearOperatorKronecker([o.adjoint() for o in self.operators], **self._known())

    def _linop_inverse(self):
        return LinearOperatorKronecker([o.inverse() for o in self.operators], **self._known())

    def _linop_cholesky(self):
        return self._of_parts("cholesky", is_non_singular=True)

    def _apply(self, method, x, adjoint, adjoint_arg):
        # vec(A X B^T) = (A kron B) vec(X): each factor in turn, from the last, acts on its own part of the rows, which
        # the reshape brings to the end and the adjoint of the argument brings to the front.
        columns = x.shape[-2 if adjoint_arg else -1]
        result = conj(x) if adjoint_arg else matrix_transpose(x)
        for o in reversed(self.operators):
            size = (o.range_dimension if adjoint else o.domain_dimension).value
            result = reshape(result, [*result.shape[:-2], result.shape[-2] * result.shape[-1] // size, size])
            result = getattr(o, method)(conj(result), adjoint=adjoint, adjoint_arg=True)
        rows = (self.domain_dimension if adjoint else self.range_dimension).value
        return reshape(result, [*result.shape[:-2], rows, columns])

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return self._apply("matmul", x, adjoint, adjoint_arg)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return self._apply("solve", rhs, adjoint, adjoint_arg)

    def _copies(self):
        """How often each factor stands on the diagonal."""
        total = self.domain_dimension.value
        return [(o, cast(convert(total / o.domain_dimension.value), o.dtype)) for o in self.operators]

    def _determinant(self):
        return product([o.determinant() ** count for o, count in self._copies()])

    def _log_abs_determinant(self):
        return total([o.log_abs_determinant() * count for o, count in self._copies()])

    def _trace(self):
        return product([o.trace() for o in self.operators])

    def _outer(self, vectors):
        def join(a, b):
            product = a[..., :, None] * b[..., None, :]
            return reshape(product, [*product.shape[:-2], -1])

        return functools.reduce(join, vectors)

    def _diag_part(self):
        return self._outer([o.diag_part() for o in self.operators])

    def _eigvals(self):
        return self._outer([o.eigvals() for o in self.operators])

    def _to_dense(self):
        def join(a, b):
            product = a[..., :, None, :, None] * b[..., None, :, None, :]
            *batch, m, p, n, q = product.shape
            return reshape(product, [*batch, m * p, n * q])

        return functools.reduce(join, [o.to_dense() for o in self.operators])

    def _assert_parts(self, method):
        if not self._all_square():
            raise errors.InvalidArgumentError(
                None, None, "All Kronecker factors must be square for the product to be invertible. Expected hint "
                "`is_square` to be True for every operator in argument `operators`.",
            )  # fmt: skip
        return group(*[getattr(o, method)() for o in self.operators])

    def _assert_non_singular(self):
        return self._assert_parts("assert_non_singular")

    def _assert_self_adjoint(self):
        return self._assert_parts("assert_self_adjoint")


class _Wrapped(LinearOperator):
    """What is made of one operator, of the same size."""

    _experimental_parameter_ndims_to_matrix_ndims = {"operator": 0}
    _composite_tensor_fields = ("operator",)
    _what = ""

    def _wrap(self, operator, suffix, name, **given):
        self._operator = operator
        hints = {hint: agreed(operator, hint, value, self._what) for hint, value in given.items()}
        LinearOperator.__init__(self, operator.dtype, name=name or operator.name + suffix, **hints)

    @property
    def operator(self):
        """The operator this one is made of."""
        return self._operator

    def _assert_non_singular(self):
        return self.operator.assert_non_singular()

    def _assert_positive_definite(self):
        return self.operator.assert_positive_definite()

    def _assert_self_adjoint(self):
        return self.operator.assert_self_adjoint()

    def _cond(self):
        return self.operator.cond()


@kind
class LinearOperatorAdjoint(_Wrapped):
    """The conjugate transpose of an operator.

    Args:
      operator: a LinearOperator.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      ValueError: hints that contradict the operator's.
    """

    _what = "adjoint"

    def __init__(self, operator, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None,
                 name=None):  # fmt: skip
        self._wrap(operator, "_adjoint", name, is_square=is_square, is_non_singular=is_non_singular,
                   is_self_adjoint=is_self_adjoint, is_positive_definite=is_positive_definite)  # fmt: skip

    def _linop_adjoint(self):
        return self.operator

    def _shape(self):
        *batch, rows, columns = self.operator.shape
        return TensorShape([*batch, columns, rows])

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return self.operator.matmul(x, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _matvec(self, x, adjoint=False):
        return self.operator.matvec(x, adjoint=not adjoint)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return self.operator.solve(rhs, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _solvevec(self, rhs, adjoint=False):
        return self.operator.solvevec(rhs, adjoint=not adjoint)

    def _conjugated(self, x):
        return x if self.is_self_adjoint else conj(x)

    def _determinant(self):
        return self._conjugated(self.operator.determinant())

    def _log_abs_determinant(self):
        return self.operator.log_abs_determinant()

    def _trace(self):
        return self._conjugated(self.operator.trace())

    def _to_dense(self):
        return self.operator.to_dense() if self.is_self_adjoint else adjoint_of(self.operator.to_dense())

    def _add_to_tensor(self, x):
        return self.to_dense() + x

    def _eigvals(self):
        return self._conjugated(self.operator.eigvals())


@kind
class LinearOperatorInversion(_Wrapped):
    """The inverse of an operator.

    Args:
      operator: a LinearOperator.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      ValueError: an operator that is known to be singular or not square, or hints that contradict the operator's.
    """

    _what = "inverse"

    def __init__(self, operator, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None,
                 name=None):  # fmt: skip
        for hint, given in (("is_non_singular", is_non_singular), ("is_square", is_square)):
            own = getattr(operator, hint)
            if own is False or given is False:
                raise ValueError(f"Argument `{hint}` or argument `operator` must have supplied hint `{hint}` equal to `True` "
                                 f"or `None`. Found `operator.{hint}`: {own}, `{hint}`: {given}.")  # fmt: skip
        self._wrap(operator, "_inv", name, is_square=is_square, is_non_singular=is_non_singular,
                   is_self_adjoint=is_self_adjoint, is_positive_definite=is_positive_definite)  # fmt: skip

    def _linop_inverse(self):
        return self.operator

    def _linop_solve(self, left_operator, right_operator):
        return left_operator.operator.matmul(right_operator)

    def _shape(self):
        return self.operator.shape

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return self.operator.solve(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        return self.operator.matmul(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _determinant(self):
        return 1.0 / self.operator.determinant()

    def _log_abs_determinant(self):
        return -1.0 * self.operator.log_abs_determinant()

    def _eigvals(self):
        return 1.0 / self.operator.eigvals()
