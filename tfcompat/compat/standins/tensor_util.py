"""``tensorflow.python.framework.tensor_util``."""

from tfcompat._core.core_types import CompositeTensor, TensorType


def is_tf_type(x):
    """Whether `x` is a tensor, a variable or several tensors in one object."""
    return isinstance(x, (TensorType, CompositeTensor))
