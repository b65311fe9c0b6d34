"""The base classes by which TensorFlow code tells tensors from other objects.

They hold nothing and do nothing; ``isinstance`` checks of `tf.is_tensor`, of Keras and of users go through them.
"""


class TensorType:
    """``tf.__internal__.types.Tensor``: what stands for one tensor (`tf.Tensor`, `tf.Variable`, Keras's Variable)."""

    __slots__ = ()


class CompositeTensor:
    """``tf.__internal__.CompositeTensor``: several tensors in one object, such as `tf.IndexedSlices`."""

    __slots__ = ()
