"""What a source or target of a gradient is: the cell of a variable, or a tensor."""

from tfcompat._core import caches
from tfcompat._core.tensor_base import TensorHandle

_holders = caches.Bounded(1_000)  # type -> whether its objects may hold a cell; instance checks of tensors are slow


def cell_of(value):
    """The cell of a variable, also where an object (a Keras variable) wraps one; None for anything else."""
    kind = type(value)
    holds = _holders.get(kind)
    if holds is None:
        holds = _holders[kind] = not issubclass(kind, TensorHandle) and hasattr(value, "__dict__")
    if not holds:
        return None
    cell = value.__dict__.get("_cell")
    if cell is None:
        inner = getattr(value, "_value", None)
        cell = inner.__dict__.get("_cell") if inner is not None and hasattr(inner, "__dict__") else None
    return cell


def dtype_of(value):
    """The DType of a tensor or variable, also of an object that wraps one; None for anything else."""
    cell = cell_of(value)
    return cell._tensor._aval.dtype if cell is not None else getattr(value, "dtype", None)
