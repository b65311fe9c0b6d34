"""`tf.experimental.numpy`: the functions of it that layers and ops of Keras call."""

import numpy as _np

from tfcompat._cast import cast as _cast
from tfcompat._core import dtypes as _dtypes
from tfcompat._select import where as _where

_LENGTHS = "condlist must have length equal to choicelist ({} vs {})"


def finfo(dtype):
    """`numpy.finfo` of a dtype.

    Args:
      dtype: a DType, or what NumPy takes.

    Raises:
      ValueError: the dtype has no floating point.
    """
    return _np.finfo(dtype.np if isinstance(dtype, _dtypes.DType) else dtype)


def select(condlist, choicelist, default=0):
    """For each element what the first of the conditions that holds there chooses, or the default.

    Args:
      condlist: list of tensors of bool, or of numbers that are not zero where they hold.
      choicelist: list of as many tensors.
      default: what there is where no condition holds.

    Returns:
      A tensor of the common shape, with the dtype that NumPy has for all choices and the default together.

    Raises:
      ValueError: there are no conditions, or another number of choices.
    """
    if len(condlist) != len(choicelist):
        raise ValueError(_LENGTHS.format(len(condlist), len(choicelist)))
    if not condlist:
        raise ValueError("condlist must be non-empty")
    dtype = _np.result_type(*map(_operand, [*choicelist, default]))
    result = _cast(default, dtype)
    for condition, choice in reversed([*zip(condlist, choicelist, strict=True)]):
        result = _where(_cast(condition, _dtypes.bool), _cast(choice, dtype), result)
    return result


def _operand(value):
    """What decides over the common dtype: of Python numbers, in lists too, only their kind does."""
    if hasattr(value, "dtype"):
        return _dtypes.as_dtype(value.dtype).np
    array = _np.asarray(value)
    return array.dtype if _first_of(value) is None else array.dtype.type(0).item()


def _first_of(value):
    """The first number in nested lists; None where there is none of Python's."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value if isinstance(value, (bool, int, float, complex)) else None
