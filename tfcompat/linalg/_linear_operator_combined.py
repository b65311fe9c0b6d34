"""Operators made of other operators: products, sums of blocks, adjoints, inverses."""

import functools
import operator as python_operator

from tfcompat._array import concat, expand_dims, pad, reshape, split, squeeze
from tfcompat._cast import cast, conj
from tfcompat._control import group
from tfcompat._core import errors
from tfcompat._core.convert import convert
from tfcompat._core.shapes import TensorShape
from tfcompat._creation import ones
from tfcompat._diagonals import adjoint as adjoint_of, matrix_transpose
from tfcompat._elementwise import exp, sign
from tfcompat.linalg._linear_operator import (
    LinearOperator,
    agreed,
    both_non_singular,
    broadcast_batch_shape,
    broadcast_batches,
    check_chain,
    hints_of,
    implied,
    is_adjoint_product,
    kind,
    kinds,
)


def _product(values):
    return functools.reduce(python_operator.mul, values)


def _total(values):
    return functools.reduce(python_operator.add, values)


class _Combined(LinearOperator):
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
        return _product([o.determinant() for o in self.operators])

    def _log_abs_determinant(self):
        return _total([o.log_abs_determinant() for o in self.operators])

    def _all_square(self):
        return all(o.is_square for o in self.operators)


@kind
class LinearOperatorComposition(_Combined):
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
class LinearOperatorKronecker(_Combined):
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
        sizes = [_product([o.range_dimension for o in self.operators]),
                 _product([o.domain_dimension for o in self.operators])]  # fmt: skip
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
        return _product([o.determinant() ** count for o, count in self._copies()])

    def _log_abs_determinant(self):
        return _total([o.log_abs_determinant() * count for o, count in self._copies()])

    def _trace(self):
        return _product([o.trace() for o in self.operators])

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


class _Blocks(_Combined):
    """What matrices of blocks have in common; `_diagonal` lists the blocks on the diagonal.

    Arguments and results of products and solutions are tensors, or lists with a part for each block.
    """

    def _sizes(self, of_rows):
        return [(o.range_dimension if of_rows else o.domain_dimension).value for o in self._diagonal]

    def _parts(self, x, of_rows, axis):
        """The parts of an argument, and whether it came in parts."""
        sizes = self._sizes(of_rows)
        if isinstance(x, (list, tuple)) and len(x) == len(sizes) and not any(isinstance(p, (list, tuple)) for p in x):
            return [p if isinstance(p, LinearOperator) else self._part(p, n, axis) for p, n in zip(x, sizes, strict=True)], True
        x = self._argument(x, -2 if of_rows else -1, axis)
        return split(x, sizes, axis), False

    def _part(self, x, size, axis):
        x = convert(x)
        if x.dtype != self.dtype:
            raise TypeError(f"Expected argument to have dtype {self.dtype}.  Found: {x.dtype} in tensor {x}")
        if x.shape[axis] != size:
            raise ValueError(f"Dimensions {size} and {x.shape[axis]} are not compatible")
        return x

    def _joined(self, parts, in_parts):
        return parts if in_parts else concat(broadcast_batches(parts), -2)

    def _check_parts(self, left, right):
        """Raises where two operators cannot be multiplied block by block."""

    def matmul(self, x, adjoint=False, adjoint_arg=False, name="matmul"):
        """A @ x; see `LinearOperator.matmul`. A list with a part for each block gives such a list."""
        if isinstance(x, LinearOperator):
            left, right = self.adjoint() if adjoint else self, x.adjoint() if adjoint_arg else x
            check_chain(left, right, "x")
            self._check_parts(left, right)
            return self._linop_matmul(left, right)
        parts, in_parts = self._parts(x, adjoint, -1 if adjoint_arg else -2)
        return self._joined(self._multiplied(parts, adjoint, adjoint_arg), in_parts)

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        return self.matmul(x, adjoint, adjoint_arg)

    def solve(self, rhs, adjoint=False, adjoint_arg=False, name="solve"):
        """The x with A @ x = rhs; see `LinearOperator.solve`. A list with a part for each block gives such a list."""
        self._check_solvable()
        if isinstance(rhs, LinearOperator):
            left, right = self.adjoint() if adjoint else self, rhs.adjoint() if adjoint_arg else rhs
            check_chain(left, right, "x" if type(self) is LinearOperatorBlockDiag else "rhs")
            self._check_parts(left, right)
            return self._linop_solve(left, right)
        parts, in_parts = self._parts(rhs, not adjoint, -1 if adjoint_arg else -2)
        return self._joined(self._solved(parts, adjoint, adjoint_arg), in_parts)

    def _of_vectors(self, method, x, of_rows, adjoint):
        parts, in_parts = self._parts(x, of_rows, -1)
        columns = [p[..., None] for p in parts]
        found = method(columns if in_parts else concat(columns, -2), adjoint=adjoint)
        return [squeeze(y, axis=-1) for y in found] if in_parts else squeeze(found, axis=-1)

    def matvec(self, x, adjoint=False, name="matvec"):
        """A @ x of vectors, or of a list of vectors with a part for each block."""
        return self._of_vectors(self.matmul, x, adjoint, adjoint)

    def solvevec(self, rhs, adjoint=False, name="solve"):
        """The x with A @ x = rhs of vectors, or of a list of vectors with a part for each block."""
        return self._of_vectors(self.solve, rhs, not adjoint, adjoint)

    def _end_to_end(self, method):
        vectors = broadcast_batches([getattr(o, method)()[..., None] for o in self._diagonal])
        return squeeze(concat(vectors, -2), axis=-1)

    def _diag_part(self):
        return self._end_to_end("diag_part")

    def _eigvals(self):
        return self._end_to_end("eigvals")

    def _trace(self):
        return _total([o.trace() for o in self._diagonal])

    def _determinant(self):
        return _product([o.determinant() for o in self._diagonal])

    def _log_abs_determinant(self):
        return _total([o.log_abs_determinant() for o in self._diagonal])

    def _assert_non_singular(self):
        return group(*[o.assert_non_singular() for o in self._diagonal])


def _padded(block, before, after):
    return pad(block, [[0, 0]] * (len(block.shape) - 1) + [[before, after]])


@kind
class LinearOperatorBlockDiag(_Blocks):
    """The matrix with the given operators as blocks on its diagonal.

    Args:
      operators: list of operators of one dtype.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      TypeError: different dtypes. ValueError: an empty list, or wrong hints.
    """

    def __init__(self, operators, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=True,
                 name=None):  # fmt: skip
        self._set_operators(operators, "Expected a non-empty list of operators. Found: {}")
        self._diagonal = self._operators
        given = {"is_non_singular": is_non_singular, "is_self_adjoint": is_self_adjoint,
                 "is_positive_definite": is_positive_definite}  # fmt: skip
        hints = self._implied_hints("The direct sum of {0} operators is always {0}.", given)
        name = name or "_ds_".join(o.name for o in self._operators)
        super().__init__(self._operators[0].dtype, is_square=is_square, name=name, **hints)

    def _shape(self):
        sizes = [sum(self._sizes(True)), sum(self._sizes(False))]
        return broadcast_batch_shape(self.operators).concatenate(TensorShape(sizes))

    def _linop_adjoint(self):
        return LinearOperatorBlockDiag([o.adjoint() for o in self.operators], **self._known())

    def _linop_inverse(self):
        return LinearOperatorBlockDiag([o.inverse() for o in self.operators], **self._known())

    def _linop_cholesky(self):
        return self._of_parts("cholesky", is_non_singular=True)

    def _check_parts(self, left, right):
        if not isinstance(right, LinearOperatorBlockDiag):
            return
        if len(left.operators) != len(right.operators):
            raise ValueError("Can not efficiently multiply two `LinearOperatorBlockDiag`s together when number of blocks "
                             "differ.")  # fmt: skip
        for a, b in zip(left.operators, right.operators, strict=True):
            if a.domain_dimension != b.range_dimension:
                raise ValueError(f"Blocks are incompatible. Expected `x` to have dimension {a.domain_dimension} but got "
                                 f"{b.range_dimension}.")  # fmt: skip

    def _blockwise(self, method, left, right):
        pairs = zip(left.operators, right.operators, strict=True)
        hints = {"is_non_singular": both_non_singular(left, right), "is_square": True}
        return LinearOperatorBlockDiag([getattr(a, method)(b) for a, b in pairs], **hints)

    def _linop_matmul(self, left_operator, right_operator):
        if isinstance(right_operator, LinearOperatorBlockDiag):
            return self._blockwise("matmul", left_operator, right_operator)
        return super()._linop_matmul(left_operator, right_operator)

    def _linop_solve(self, left_operator, right_operator):
        if isinstance(right_operator, LinearOperatorBlockDiag):
            return self._blockwise("solve", left_operator, right_operator)
        return super()._linop_solve(left_operator, right_operator)

    def _multiplied(self, parts, adjoint, adjoint_arg):
        return [o.matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg) for o, x in zip(self.operators, parts, strict=True)]

    def _solved(self, parts, adjoint, adjoint_arg):
        return [o.solve(x, adjoint=adjoint, adjoint_arg=adjoint_arg) for o, x in zip(self.operators, parts, strict=True)]

    def _needs_square(self, what):
        if not self._all_square():
            raise NotImplementedError(f"`{what}` not implemented for an operator whose blocks are not square.")

    def _diag_part(self):
        self._needs_square("diag_part")
        return super()._diag_part()

    def _trace(self):
        self._needs_square("trace")
        return super()._trace()

    def _eigvals(self):
        self._needs_square("eigvals")
        return super()._eigvals()

    def _to_dense(self):
        blocks = broadcast_batches([o.to_dense() for o in self.operators])
        before, rows = 0, []
        for block in blocks:
            width = block.shape[-1]
            rows.append(_padded(block, before, self.shape[-1] - before - width))
            before += width
        return concat(rows, -2)

    def _assert_self_adjoint(self):
        return group(*[o.assert_self_adjoint() for o in self.operators])

    def _assert_positive_definite(self):
        return group(*[o.assert_positive_definite() for o in self.operators])


@kind
class LinearOperatorBlockLowerTriangular(_Blocks):
    """A matrix of blocks, of which those above the diagonal are 0.

    Args:
      operators: list of rows, each a list of operators: one in the first row, two in the second, ...
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: see `LinearOperator`.
      name: name of the operator.

    Raises:
      TypeError: different dtypes. ValueError: rows or sizes that do not fit, or wrong hints.
    """

    def __init__(self, operators, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None, is_square=None,
                 name="LinearOperatorBlockLowerTriangular"):  # fmt: skip
        rows = [list(row) for row in operators]
        if not rows:
            raise ValueError(f"Argument `operators` must be a list of >=1 operators. Received: {rows}.")
        dtype = rows[0][0].dtype
        for i, row in enumerate(rows):
            if any(o.dtype != dtype for o in row):
                found = [str((o.name, o.dtype)) for o in row]
                raise TypeError(f"Expected all operators to have the same dtype.  Found {found} in row {i} and {dtype} in "
                                "row 0.")  # fmt: skip
        self._operators = rows
        self._diagonal = [row[-1] for row in rows]
        is_non_singular = self._non_singular_hint(is_non_singular)
        self._check_sizes(is_square)
        super().__init__(dtype, None, is_non_singular, is_self_adjoint, is_positive_definite, True, name)

    def _non_singular_hint(self, given):
        hint = implied(
            all(o.is_non_singular for o in self._diagonal), given, "A blockwise lower-triangular operator with non-singular "
            "operators on the main diagonal is always non-singular. Expected argument `is_non_singular` to be True. "
            f"Received: {given}.",
        )  # fmt: skip
        if not any(o.is_non_singular is False for o in self._diagonal):
            return True if all(o.is_non_singular for o in self._diagonal) else None
        if hint is True:
            raise ValueError("A blockwise lower-triangular operator with a singular operator on the main diagonal is always "
                             f"singular. Expected argument `is_non_singular` to be True. Received: {given}.")  # fmt: skip
        return False

    def _check_sizes(self, is_square):
        rows = self._operators
        for i, row in enumerate(rows):
            if len(row) != i + 1:
                raise ValueError(f"Argument `operators[{i}]` must contain `{i + 1}` blocks. Received: {len(row)} blocks.")
        for i in range(1, len(rows)):
            for j in range(i):
                for o, other, there, name in ((rows[i][j], rows[i - 1][j], f"{i - 1}][{j}", "domain_dimension"),
                                              (rows[i][j], rows[i][j + 1], f"{i}][{j + 1}", "range_dimension")):  # fmt: skip
                    if getattr(o, name) != getattr(other, name):
                        raise ValueError(f"Argument `operators[{i}][{j}].{name}` ({getattr(o, name)}) must be the same as "
                                         f"`operators[{there}].{name}` ({getattr(other, name)}).")  # fmt: skip
        if is_square is False:
            raise ValueError("`LinearOperatorBlockLowerTriangular` must be square. Expected argument `is_square` to be True. "
                             f"Received: {is_square}.")  # fmt: skip
        for i, o in enumerate(self._diagonal):
            if o.is_square is False:
                raise ValueError("Matrices on the diagonal (the final elements of each row-partition in the `operators` "
                                 f"list) must be square. Expected argument `operators[{i}][-1].is_square` to be True. "
                                 f"Received: {o.is_square}.")  # fmt: skip

    @property
    def _experimental_parameter_ndims_to_matrix_ndims(self):
        return {"operators": [[0] * len(row) for row in self.operators]}

    def _shape(self):
        sizes = [sum(self._sizes(False)), sum(self._sizes(True))]
        return broadcast_batch_shape([o for row in self.operators for o in row]).concatenate(TensorShape(sizes))

    def _multiplied(self, parts, adjoint, adjoint_arg):
        blocks, count = self.operators, len(self.operators)

        def product(i, j):
            o, x = (blocks[j][i], parts[j]) if adjoint else (blocks[i][j], parts[j])
            return o.matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

        return [_total([product(i, j) for j in (range(i, count) if adjoint else range(i + 1))]) for i in range(count)]

    def _solved(self, parts, adjoint, adjoint_arg):
        parts = [adjoint_of(y) for y in parts] if adjoint_arg else parts
        blocks, count, found = self.operators, len(self.operators), {}
        for i in reversed(range(count)) if adjoint else range(count):
            y = parts[i]
            for j in reversed(range(i + 1, count)) if adjoint else range(i):
                y = y - (blocks[j][i] if adjoint else blocks[i][j]).matmul(found[j], adjoint=adjoint)
            found[i] = self._diagonal[i].solve(y, adjoint=adjoint)
        return [found[i] for i in range(count)]

    def _linop_inverse(self):
        known = self._known()
        *upper, bottom = self.operators
        if not upper:
            return LinearOperatorBlockLowerTriangular([[bottom[0].inverse()]], **known)
        above = LinearOperatorBlockLowerTriangular(upper).inverse()
        corner = bottom[-1].inverse()
        minus = kinds.ScaledIdentity(corner.domain_dimension_tensor(), cast(convert(-1), self.dtype))
        row = [minus.matmul(corner.matmul(_added([b.matmul(above.operators[i + k][i]) for k, b in enumerate(bottom[i:-1])])))
               for i in range(len(upper))]  # fmt: skip
        return LinearOperatorBlockLowerTriangular([*above.operators, [*row, corner]], **known)

    def _determinant(self):
        if all(o.is_positive_definite for o in self._diagonal):
            return exp(self._log_abs_determinant())
        return super()._determinant()

    def _to_dense(self):
        blocks = iter(broadcast_batches([o.to_dense() for row in self.operators for o in row]))
        rows = [concat([next(blocks) for _ in row], -1) for row in self.operators]
        return concat([_padded(row, 0, self.shape[-1] - row.shape[-1]) for row in rows], -2)


def _added(operators):
    """The sum of operators, of the most special kind that they all are."""
    order = (kinds.Identity, kinds.ScaledIdentity, kinds.Diag, kinds.LowerTriangular, kinds.FullMatrix)
    operators = [o if isinstance(o, order) else kinds.FullMatrix(o.to_dense()) for o in operators]
    if len(operators) == 1:
        return operators[0]
    rank = max(next(i for i, cls in enumerate(order) if isinstance(o, cls)) for o in operators)
    name = functools.reduce(lambda a, b: f"Add/{a}__{b}/", [o.name for o in operators])
    hints = {"is_self_adjoint": all(o.is_self_adjoint for o in operators) or None, "name": name,
             "is_positive_definite": all(o.is_positive_definite for o in operators) or None}  # fmt: skip
    if rank <= 1:
        first = operators[0]
        factors = [o.multiplier if isinstance(o, kinds.ScaledIdentity) else ones(o.batch_shape, o.dtype) for o in operators]
        return kinds.ScaledIdentity(first.range_dimension_tensor(), _total(factors), **hints)
    if rank == 2:
        return kinds.Diag(_total([o.diag_part() for o in operators]), **hints)
    return order[rank](functools.reduce(lambda x, o: o.add_to_tensor(x), operators[1:], operators[0].to_dense()), **hints)


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
