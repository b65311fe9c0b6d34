"""`tf.experimental.dlpack`: tensors to and from DLPack capsules, the way arrays pass between libraries without copies."""

import numpy as np

from tfcompat._core.convert import convert
from tfcompat._core.core_types import TensorType


class _Capsule:
    """Gives a capsule to whoever asks by the protocol of today."""

    def __init__(self, capsule):
        self.capsule = capsule

    def __dlpack__(self, **kwargs):
        return self.capsule

    def __dlpack_device__(self):
        return 1, 0  # main memory


def to_dlpack(tf_tensor):
    """A capsule with the tensor's memory, which stays what it is.

    Args:
      tf_tensor: a tensor of numbers.

    Raises:
      TypeError: a tensor of strings, or what is no tensor.
    """
    if not isinstance(tf_tensor, TensorType):
        raise TypeError(f"The argument to `to_dlpack` must be a tensor, got {type(tf_tensor).__name__}.")
    return tf_tensor.__dlpack__()


def from_dlpack(dlcapsule):
    """A tensor of a capsule's data. New code gives arrays to `tf.convert_to_tensor` or `tfcompat.interop.from_jax`.

    Differs from TensorFlow: the data are copied, and must be in main memory.

    Args:
      dlcapsule: what some library's `to_dlpack` gave; it can be used once.

    Raises:
      RuntimeError: memory that NumPy cannot read.
    """
    return convert(np.from_dlpack(_Capsule(dlcapsule)))
