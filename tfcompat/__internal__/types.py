"""``Tensor``: a base class of Keras's Variable, by which `tf.is_tensor` knows it."""

from tfcompat._core.core_types import TensorType as Tensor

__all__ = ["Tensor"]
