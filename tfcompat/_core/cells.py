"""What a source or target of a gradient is: the cell of a variable, or a tensor."""

from tfcompat._core.tensor_base import TensorHandle


def cell_of(value):
    """The cell of a variable, also where an object (a Keras variable) wraps one; None for anything else."""
    if isinstance(value, TensorHandle) or not hasattr(value, "__dict__"):
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
