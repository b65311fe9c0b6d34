"""A condition that is decided in Python if its predicate is known."""

from tfcompat._control import cond
from tfcompat._core.core_types import TensorType

_BAD_PREDICATE = "Argument `pred` must be a Tensor, or a Python bool, or 1 or 0. Received: pred={pred} of type {kind}"


def smart_cond(pred, true_fn=None, false_fn=None, name=None):
    """Calls `true_fn` or `false_fn`, as `pred` says.

    Args:
      pred: a bool, 0, 1 or a scalar tensor.
      true_fn: what to call, without arguments, if `pred` is true.
      false_fn: what to call if it is not.
      name: ignored.

    Returns:
      The result of the call.

    Raises:
      TypeError: if `pred` is something else, or a function cannot be called.
    """
    if not callable(true_fn):
        raise TypeError(f"Argument `true_fn` must be callable. Received {true_fn}")
    if not callable(false_fn):
        raise TypeError(f"Argument `false_fn` must be callable. Received {false_fn}")
    if isinstance(pred, TensorType):
        return cond(pred, true_fn, false_fn)
    if isinstance(pred, bool) or (not isinstance(pred, (str, bytes)) and pred in (0, 1)):
        return true_fn() if pred else false_fn()
    raise TypeError(_BAD_PREDICATE.format(pred=pred, kind=type(pred).__name__))
