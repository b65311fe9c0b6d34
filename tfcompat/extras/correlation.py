"""Cross-correlation of matrices."""

from jax import lax

from tfcompat._core import errors
from tfcompat._core.op import T, op
from tfcompat._declare import NUMBERS

_NOT_MATRICES = "corr2d: X and K must be matrices, but have shapes {x} and {k}; a K of one row is [[...]] [Op:Corr2D]"
_DOES_NOT_FIT = "corr2d: K must fit into X and have at least one element, but X is {x} and K is {k} [Op:Corr2D]"


@op("Corr2D", T=NUMBERS)
def corr2d(X: T, K: T):
    """Two-dimensional cross-correlation: ``Y[i, j] = sum(X[i : i + h, j : j + w] * K)`` for a `K` of shape ``[h, w]``.

    One op in place of the double loop over the pixels; differentiable in both arguments.

    Args:
      X: a matrix of numbers; a tensor, a variable, an array or nested lists.
      K: a matrix of the same dtype, in no direction larger than `X`.

    Returns:
      A tensor of shape ``[X.shape[0] - h + 1, X.shape[1] - w + 1]`` and the dtype of the arguments: integers stay
      integers, and exact.

    Raises:
      InvalidArgumentError: an argument is not a matrix, the dtypes differ, or `K` is empty or larger than `X`.
    """
    shapes = {"x": list(X.shape), "k": list(K.shape)}
    if X.ndim != 2 or K.ndim != 2:
        raise errors.InvalidArgumentError(None, None, _NOT_MATRICES.format(**shapes))
    if any(not 1 <= k <= x for x, k in zip(X.shape, K.shape, strict=True)):
        raise errors.InvalidArgumentError(None, None, _DOES_NOT_FIT.format(**shapes))
    # Without HIGHEST, accelerators round the factors to fewer bits than the dtype has.
    result = lax.conv_general_dilated(X[None, None], K[None, None], (1, 1), "VALID", precision=lax.Precision.HIGHEST)
    return result[0, 0]
