"""``tf.sparse`` and `tf.SparseTensor`: not offered by this version; the names are there for ``isinstance``.

Libraries that take any kind of tensor (Keras does in each of its functions) ask whether they were given a sparse one.
"""

from tfcompat._core.core_types import CompositeTensor

_NOT_OFFERED = "{name} is not offered by this version of tfcompat. Use dense tensors, or tf.IndexedSlices for rows."


class SparseTensor(CompositeTensor):
    """Not offered: making one raises NotImplementedError.

    Differs from TensorFlow: the name is there for `isinstance` alone. Use dense tensors, or tf.IndexedSlices for rows.
    """

    def __init__(self, indices, values, dense_shape):
        raise NotImplementedError(_NOT_OFFERED.format(name="tf.SparseTensor"))


def _not_offered(name):
    def function(*args, **kwargs):
        raise NotImplementedError(_NOT_OFFERED.format(name=f"tf.sparse.{name}"))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Not offered: calling it raises NotImplementedError."
    return function


add = _not_offered("add")
maximum = _not_offered("maximum")
minimum = _not_offered("minimum")
