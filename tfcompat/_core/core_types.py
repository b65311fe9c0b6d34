"""The base classes by which TensorFlow code tells tensors from other objects.

They hold nothing and do nothing; ``isinstance`` checks of `tf.is_tensor`, of Keras and of users go through them.
"""


class TensorType:
    """``tf.__internal__.types.Tensor``: what stands for one tensor (`tf.Tensor`, `tf.Variable`, Keras's Variable)."""

    __slots__ = ()


# Keras tells tensors from arrays by the name and module of a base class, without importing TensorFlow.
TensorType.__name__, TensorType.__module__ = "Tensor", "tensorflow.python.types.core"


class Resource:
    """What has state on the host: a data set, an iterator over one, an optional value."""

    __slots__ = ()

    def variable(self):
        """The object itself: among the arguments of a function it has the part that a variable's cell has."""
        return self


class CompositeTensor:
    """``tf.__internal__.CompositeTensor``: several tensors in one object, such as `tf.IndexedSlices`."""

    __slots__ = ()
