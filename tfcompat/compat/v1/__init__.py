"""``tf.compat.v1``: the few functions of TensorFlow 1 that Keras calls in TensorFlow 2 code."""

from tfcompat._core.context import state

_EAGER = "tf.placeholder() is not compatible with eager execution."
_UNKNOWN_SIZES = (
    "tf.compat.v1.placeholder: tfcompat cannot stand for a tensor of shape {shape}, which has unknown sizes. Give the "
    "layer a compute_output_shape method, or call the model on data instead of a symbolic Input."
)
_SPARSE = "tf.compat.v1.sparse_placeholder is not offered by tfcompat. Use dense inputs."


def placeholder(dtype, shape=None, name=None):
    """A tensor of which only dtype and shape are of interest.

    Args:
      dtype: its dtype.
      shape: its shape, all sizes known.
      name: ignored.

    Raises:
      RuntimeError: outside of a scratch graph, as in eager TensorFlow.
      NotImplementedError: if a size is unknown.
    """
    if getattr(state, "scratch_graph", None) is None:
        raise RuntimeError(_EAGER)
    if shape is None or None in tuple(shape):
        raise NotImplementedError(_UNKNOWN_SIZES.format(shape=shape))
    from tfcompat import _array

    # It is recorded, never computed: nobody reads what is made of it.
    return _array.zeros(tuple(shape), dtype)


def sparse_placeholder(dtype, shape=None, name=None):
    """Not offered.

    Raises:
      NotImplementedError: always.
    """
    raise NotImplementedError(_SPARSE)


def reset_default_graph():
    """Does nothing: there is no default graph. Keras calls it in ``clear_session``."""
