"""Operators that are matrices of blocks."""

import functools

from tfcompat._array import concat, pad, squeeze
from tfcompat._cast import cast
from tfcompat._control import group
from tfcompat._core.convert import convert
from tfcompat._core.shapes import TensorShape
from tfcompat._creation import ones
from tfcompat._diagonals import adjoint as adjoint_of
from tfcompat._elementwise import exp
from tfcompat._split import split
from tfcompat.linalg._linear_operator import LinearOperator, broadcast_batch_shape, broadcast_batches, kind, kinds
from tfcompat.linalg._linear_operator_combined import Combined, product, total
from tfcompat.linalg._linear_operator_hints import both_non_singular, check_chain, implied


class _Blocks(Combined):
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
        return total([o.trace() for o in self._diagonal])

    def _determinant(self):
        return product([o.determinant() for o in self._diagonal])

    def _log_abs_determinant(self):
        return total([o.log_abs_determinant() for o in self._diagonal])

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

        return [total([product(i, j) for j in (range(i, count) if adjoint else range(i + 1))]) for i in range(count)]

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
        return kinds.ScaledIdentity(first.range_dimension_tensor(), total(factors), **hints)
    if rank == 2:
        return kinds.Diag(total([o.diag_part() for o in operators]), **hints)
    return order[rank](functools.reduce(lambda x, o: o.add_to_tensor(x), operators[1:], operators[0].to_dense()), **hints)
