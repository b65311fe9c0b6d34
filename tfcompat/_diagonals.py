"""Diagonals, bands and transposes of matrices."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import caches, dtypes as d
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Any, Bool, Check, Data, Dtype, Int, Shape, Str, T, op
from tfcompat._core.refusals import plain
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle, host_value, size_value
from tfcompat._core.twins import twin
from tfcompat._declare import INDEX, NUMBERS, conj, for_shapes, invalid, refused
from tfcompat._slicing import moves

_NO_DIAGONAL = "diagonal must be at least 1-dim, received shape: {}"
_KEPT = 1 << 14  # elements of a matrix whose bands the interpreter keeps
_ALIGNMENTS = ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT")


def _rank_two(x, kernel, error=invalid):
    if x.ndim < 2:
        text = f"Shape must be at least rank 2 but is rank {x.ndim}"
        recorded = {"while_recording": for_shapes(text, kernel, x, (), ())} if error is invalid else {}
        raise error(f"input must be at least 2-dim, received shape: {shape_text(x.shape)}", kernel, **recorded)


def _on_diagonal(rows, columns, k=0):
    """Boolean matrix: true on diagonal k."""
    row, column = _indices(rows, columns)
    return column == row if k == 0 else column - row == k


def _indices(rows, columns):
    """The row and the column of each element of a matrix."""
    return [lax.broadcasted_iota(np.int32, (rows, columns), dimension) for dimension in (0, 1)]


def triangle(matrix, lower, upper):
    """The main diagonals of matrices with what is below (lower) or above it (upper), zeros elsewhere.

    Alone it takes as long as `jnp.tril`, whose indices have 64 bits; fused with a transposition, as around a Cholesky
    decomposition, up to 0.4 ms less of 1000 x 1000 numbers.
    """
    row, column = _indices(*matrix.shape[-2:])
    inside = row >= column if lower else row <= column if upper else row == column
    return matrix if lower and upper else jnp.where(inside, matrix, jnp.zeros_like(matrix))


def _span(k):
    k = (k, k) if isinstance(k, int) else tuple(k)
    return k if len(k) == 2 else (k[0], k[0])


def _places(rows, columns, k, align, longest):
    """For each diagonal of k, from the top: its number, length, and where its entries start in the packed rows."""
    low, high = k
    above, below = align.split("_")
    for number in range(high, low - 1, -1):
        length = max(0, min(rows + min(0, number), columns - max(0, number)))
        left = (number >= 0 and above == "LEFT") or (number <= 0 and below == "LEFT")
        yield number, length, 0 if left else longest - length


def _checked_span(k, rows, columns, kernel):
    low, high = _span(k)
    for word, number in (("lower", low), ("upper", high)):
        if not (-rows < number < columns or number == 0):
            text = f"{word}_diag_index is out of bound: {number}. It must be between {-rows} and {columns}"
            raise invalid(text, kernel)
    if low > high:
        raise invalid(f"lower_diag_index must not be larger than upper_diag_index: {low} > {high}", kernel)
    return low, high


def diagonal(x, k=0):
    """A diagonal of matrices: a slice with a stride of the matrices as vectors, which needs no indices."""
    rows, columns = x.shape[-2:]
    count = max(0, min(rows + min(k, 0), columns - max(k, 0)))
    start = k if k >= 0 else -k * columns
    flat = x.reshape(*x.shape[:-2], rows * columns)
    return flat[..., start : start + (count - 1) * (columns + 1) + 1 : columns + 1] if count else flat[..., :0]


@op("MatrixDiagPartV3", static=False)
@inlined
def _diag_part(input: T, padding_value: T, k: Any, align: Str):
    _rank_two(input, "MatrixDiagPartV3")
    rows, columns = input.shape[-2:]
    if k == 0:
        return diagonal(input)
    low, high = _checked_span(k, rows, columns, "MatrixDiagPartV3")
    if low == high:
        return diagonal(input, low)
    longest = min(rows + min(high, 0), columns - max(low, 0))
    parts = []
    for number, length, start in _places(rows, columns, (low, high), align, longest):
        part = diagonal(input, number)
        pads = [(0, 0, 0)] * (part.ndim - 1) + [(start, longest - length - start, 0)]
        parts.append(lax.pad(part, padding_value, pads))
    return jnp.stack(parts, -2)


@op("MatrixDiagPartV3", static=False)
@inlined
def _one_diagonal(input: T, k: Int):
    """The usual case: one diagonal, which needs no padding."""
    _rank_two(input, "MatrixDiagPartV3")
    return diagonal(input, _checked_span(k, *input.shape[-2:], "MatrixDiagPartV3")[0] if k else 0)


@op("MatrixDiagV3")
@inlined
def _plain_diag(diagonal: T):
    """The usual case: square matrices, with zeros beside the main diagonal."""
    if diagonal.ndim < 1:
        raise invalid(_NO_DIAGONAL.format(shape_text(diagonal.shape)), "MatrixDiagV3")
    size = diagonal.shape[-1]
    spread = jnp.broadcast_to(diagonal[..., None, :], (*diagonal.shape, size))
    return jnp.where(_on_diagonal(size, size), spread, jnp.zeros((), diagonal.dtype))


@op("MatrixDiagV3")
@inlined
def _diag(diagonal: T, padding_value: T, k: Any, num_rows: Int, num_cols: Int, align: Str):
    kernel = "MatrixDiagV3"
    if diagonal.ndim < 1:
        raise invalid(_NO_DIAGONAL.format(shape_text(diagonal.shape)), kernel)
    longest = diagonal.shape[-1]
    low, high = _span(k)
    rows_needed, columns_needed = longest - min(high, 0), longest + max(low, 0)
    if num_rows == num_cols == -1:
        rows = columns = max(rows_needed, columns_needed)
    else:
        rows = rows_needed if num_rows == -1 else num_rows
        columns = columns_needed if num_cols == -1 else num_cols
    if rows < rows_needed:
        raise invalid("The number of rows is too small.", kernel)
    if columns < columns_needed:
        raise invalid("The number of columns is too small.", kernel)
    if rows != rows_needed and columns != columns_needed and not num_rows == num_cols == -1:
        raise invalid("The number of rows or columns is not consistent with the specified d_lower, d_upper, and "
                      "diagonal.", kernel)  # fmt: skip
    packed = diagonal if low != high else diagonal[..., None, :]
    if packed.ndim < 2 or packed.shape[-2] != high - low + 1:
        raise invalid("The number of diagonals provided in the input does not match the lower_diag_index and "
                      "upper_diag_index range.", kernel)  # fmt: skip
    batch = packed.shape[:-2]
    return _written(jnp.full((*batch, rows, columns), padding_value), packed, (low, high), align)


def _written(matrix, packed, k, align):
    """The matrices with the diagonals k replaced: each is spread over the columns and chosen where it lies."""
    rows, columns = matrix.shape[-2:]
    for i, (number, length, start) in enumerate(_places(rows, columns, k, align, packed.shape[-1])):
        first = max(number, 0)
        part = packed if packed.ndim < matrix.ndim else packed[..., i, :]
        part = part[..., start : start + length]
        if length < columns:
            outside = [(0, 0, 0)] * (part.ndim - 1) + [(first, columns - first - length, 0)]
            part = lax.pad(part, jnp.zeros((), part.dtype), outside)
        matrix = jnp.where(_on_diagonal(rows, columns, number), part[..., None, :], matrix)
    return matrix


@op("MatrixSetDiagV3")
@inlined
def _set_diag(input: T, diagonal: T, k: Any, align: Str):
    kernel = "MatrixSetDiagV3"
    _rank_two(input, kernel)
    rows, columns = input.shape[-2:]
    low, high = (0, 0) if k == 0 else _checked_span(k, rows, columns, kernel)
    longest = min(rows + min(high, 0), columns - max(low, 0))
    wanted = (*input.shape[:-2], *((high - low + 1,) if low != high else ()), longest)
    if diagonal.shape != wanted:
        raise (refused if diagonal.ndim == len(wanted) else invalid)(
            "Either first dimensions of diagonal don't match input.shape[:-2], or diagonal.shape[:-1] is not equal to "
            "the longests diagonal in range [lower_diag_index:upper_diag_index].\nInput shape: "
            f"{shape_text(input.shape)}\nDiagonal shape: {shape_text(diagonal.shape)}\nExpected diagonal shape: "
            f"{shape_text(wanted)}", kernel,
        )  # fmt: skip
    return _written(input, diagonal, (low, high), align)


def _k(k):
    if type(k) is int:
        return k
    k = np.asarray(host_value(convert(k))).reshape(-1).tolist()
    return k[0] if len(k) == 1 or k[0] == k[1] else tuple(k)


def _padding(value, dtype):
    return convert(bool(value) if dtype is d.bool else value, dtype)


def _aligned(align):
    if align not in _ALIGNMENTS:
        raise invalid(f"Value for attr 'align' of \"{align}\" is not in the list of allowed values: "
                      '"LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"', "MatrixDiag")  # fmt: skip
    return align


@by_form
def diag(diagonal, name="diag", k=0, num_rows=-1, num_cols=-1, padding_value=0, align="RIGHT_LEFT"):
    """Matrices with given diagonals.

    Args:
      diagonal: tensor of rank 1 or more; several diagonals are the rows of a matrix, from the top one down.
      k: number of the diagonal (0: the main one, above it positive), or the lowest and highest number.
      num_rows, num_cols: size of the matrices; default: as small as possible, and square if neither is given.
      padding_value: what fills the rest.
      align: where shorter diagonals lie in their rows, "RIGHT_LEFT" and so on: above, below the main diagonal.

    Raises:
      InvalidArgumentError: sizes that do not fit.
    """
    diagonal = convert(diagonal)
    rows, columns = (int(host_value(convert(n))) for n in (num_rows, num_cols))
    k, align = _k(k), _aligned(align)
    of_zeros = type(padding_value) is int and padding_value == 0 and diagonal.dtype is not d.string
    if k == 0 and rows == columns == -1 and of_zeros:
        return _plain_diag(diagonal)
    return _diag(diagonal, _padding(padding_value, diagonal.dtype), k, rows, columns, align)


@by_form
def diag_part(input, name="diag_part", k=0, padding_value=0, align="RIGHT_LEFT"):
    """The diagonals of matrices; several of them as rows, shorter ones padded. See `diag`."""
    if type(input) is Tensor and type(k) is type(padding_value) is int and not padding_value and input._aval.dtype.is_numeric:
        _aligned(align)
        return _one_diagonal(input, k)
    if not isinstance(getattr(input, "dtype", None), d.DType):  # what has a dtype may be a linear operator
        input = convert(input)
    return _diag_part(input, _padding(padding_value, input.dtype), _k(k), _aligned(align))


@by_form
def set_diag(input, diagonal, name="set_diag", k=0, align="RIGHT_LEFT"):
    """Matrices with some diagonals replaced. See `diag`."""
    return _set_diag(input, diagonal, _k(k), _aligned(align))


@op("Diag")
@inlined
def tensor_diag(diagonal: T):
    """A tensor of twice the rank with `diagonal` on its diagonal and 0 elsewhere.

    Args:
      diagonal: a tensor of numbers.

    Raises:
      InvalidArgumentError: a scalar.
    """
    flat = diagonal.reshape(-1)
    matrix = jnp.where(_on_diagonal(flat.shape[0], flat.shape[0]), flat[:, None], jnp.zeros((), flat.dtype))
    return matrix.reshape(diagonal.shape * 2)


@op("DiagPart")
def tensor_diag_part(input: T):
    """The diagonal of a tensor of even rank, whose first half of dimensions equals the second.

    Args:
      input: a tensor of numbers of shape [d1, ..., dk, d1, ..., dk].

    Raises:
      InvalidArgumentError: an odd rank, or halves that differ.
    """
    half = input.ndim // 2
    if input.ndim % 2 or not input.ndim:
        shape = shape_text(input.shape)
        raise invalid(f"The rank of the tensor should be even and positive, got shape {shape}", "DiagPart")
    if input.shape[:half] != input.shape[half:]:
        raise invalid(f"Invalid shape {shape_text(input.shape)}: dimensions 0 and {half} do not match.", "DiagPart")
    size = int(np.prod(input.shape[:half]))
    return diagonal(input.reshape(size, size)).reshape(input.shape[:half])


def _not_strings(dtype):
    if dtype is d.string:
        raise TypeError("Cannot convert 0 to EagerTensor of dtype string")


@op("Trace", T=NUMBERS, complain=_not_strings)
def trace(x: T):
    """The sum of the main diagonal of (each of a stack of) matrices.

    Args:
      x: [..., m, n].

    Raises:
      InvalidArgumentError: a rank below 2.
    """
    _rank_two(x, "MatrixDiagPartV3")
    return jnp.sum(diagonal(x), -1, dtype=x.dtype)


def _band_bad(input, num_lower, num_upper):
    return (num_lower > input.shape[-2]) | (num_upper > input.shape[-1])


def _band_message(input, num_lower, num_upper):
    if num_lower > input.shape[-2]:
        return f"num_lower must be negative or less or equal to number of rows ({input.shape[-2]}) got: {num_lower}"
    return f"num_upper must be negative or less or equal to number of columns ({input.shape[-1]}) got: {num_upper}"


Bound = Data("Tindex", d.int32)


def _banded(input, num_lower, num_upper):
    rows, columns = input.shape[-2:]
    above = lax.broadcasted_iota(num_lower.dtype, (rows, columns), 1) - lax.broadcasted_iota(
        num_lower.dtype, (rows, columns), 0
    )
    num_lower, num_upper = jnp.where(num_lower < 0, rows, num_lower), jnp.where(num_upper < 0, columns, num_upper)
    return jnp.where((-above <= num_lower) & (above <= num_upper), input, jnp.zeros_like(input))


@twin(_banded, 1)
def _banded(e):
    rows, columns = e.ins[0].shape[-2:]
    zero, bands = np.zeros((), e.ins[0].dtype), caches.Bounded(16)

    def band(lower, upper):
        inside = np.tri(rows, columns, columns if upper < 0 else upper, bool)
        if lower >= 0:
            inside &= ~np.tri(rows, columns, -lower - 1, bool)
        if inside.size <= _KEPT:
            bands[lower, upper] = inside
        return inside

    def run(x, lower, upper):
        bounds = int(lower), int(upper)
        inside = bands.get(bounds)
        return np.where(band(*bounds) if inside is None else inside, x, zero)

    return run


@op("MatrixBandPart", Tindex=INDEX, grad=lambda g, out, input, num_lower, num_upper: _banded(g, num_lower, num_upper), check=Check(_band_bad, _band_message))
@inlined
def _band_part(input: T, num_lower: Bound, num_upper: Bound):
    _rank_two(input, "MatrixBandPart", refused)
    for name, bound in (("num_lower", num_lower), ("num_upper", num_upper)):
        if bound.ndim:
            raise refused(f"{name} must be scalar, got shape {shape_text(bound.shape)}", "MatrixBandPart")
    return _banded(input, num_lower, num_upper)


def _triangle_grad(g, out, input, lower, upper):
    return triangle(g, lower, upper)


@op("MatrixBandPart", grad=_triangle_grad)
@inlined
def _triangle(input: T, lower: Bool, upper: Bool):
    """The usual case: of either side all or nothing, which is always in range."""
    _rank_two(input, "MatrixBandPart", refused)
    return triangle(input, lower, upper)


@by_form
def band_part(input, num_lower, num_upper, name=None):
    """Matrices with everything outside a band around the main diagonal set to 0.

    Args:
      input: tensor of rank 2 or more.
      num_lower, num_upper: how many diagonals below and above the main one to keep; negative: all.

    Raises:
      InvalidArgumentError: more diagonals than there are, or a rank below 2.
    """
    if type(num_lower) is type(num_upper) is int and num_lower in (-1, 0) and num_upper in (-1, 0):
        return _triangle(input, num_lower < 0, num_upper < 0)
    return _band_part(input, num_lower, num_upper)


@op("Eye")
@inlined
def _eye(num_rows: Int, num_columns: Int, batch_shape: Shape, dtype: Dtype):
    for n in (num_rows, num_columns, *batch_shape):
        if n < 0:
            raise invalid(f"Dimension {n} must be >= 0", "Fill")
    matrix = _on_diagonal(num_rows, num_columns).astype(dtype.np)
    return jnp.broadcast_to(matrix, (*batch_shape, num_rows, num_columns))


@by_form
def _sizes(*values):
    return all(isinstance(n, (int, np.integer, TensorHandle)) for n in values)


def eye(num_rows, num_columns=None, batch_shape=None, dtype=d.float32, name=None):
    """Identity matrices.

    Args:
      num_rows, num_columns: their size; square by default.
      batch_shape: leading dimensions.
      dtype: of the elements.

    Raises:
      TypeError: sizes that are no integers.
    """
    num_columns = num_rows if num_columns is None else num_columns
    if not _sizes(num_rows, num_columns):
        raise TypeError("Arguments `num_rows` and `num_columns` must be positive integer values. Received: "
                        f"num_rows={num_rows}, num_columns={num_columns}")  # fmt: skip
    if isinstance(batch_shape, int):
        raise TypeError("'int' object is not iterable")
    if d.as_dtype(dtype) is d.string:
        raise TypeError("Cannot convert 1 to EagerTensor of dtype string")
    sizes = num_rows, num_columns
    if not type(num_rows) is type(num_columns) is int:
        sizes = [size_value(convert(n)) for n in sizes]
        sizes = [int(n) for n in sizes]
    return _eye(*sizes, () if batch_shape is None else batch_shape, d.as_dtype(dtype))


@moves
@op("MatrixTranspose")
def _matrix_transpose(a: T, conjugate: Bool):
    if a.ndim < 2:
        shape = f"({a.shape[0]},)" if a.ndim else "()"
        text = "Argument `a` should be a (batch) matrix with rank >= 2.  Received `a`"
        raise plain(ValueError(f"{text} with shape: {shape}"))
    return jnp.swapaxes(conj(a) if conjugate else a, -1, -2)


@by_form
def matrix_transpose(a, name="matrix_transpose", conjugate=False):
    """The last two dimensions exchanged, and conjugated if asked for.

    Args:
      a: [..., m, n].
      conjugate: whether to take the complex conjugate, too.

    Raises:
      ValueError: a rank below 2.
    """
    return _matrix_transpose(a, conjugate)


@by_form
def adjoint(matrix, name=None):
    """The conjugate transpose of the last two dimensions.

    Args:
      matrix: [..., m, n].

    Raises:
      ValueError: a rank below 2.
    """
    return _matrix_transpose(matrix, True)
