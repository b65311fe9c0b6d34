"""``tf.compat.v1``: the few functions of TensorFlow 1 that Keras calls in TensorFlow 2 code."""

from tfcompat._core import dtypes as _dtypes
from tfcompat._core.avals import aval
from tfcompat._core.context import state
from tfcompat._core.shapes import Dimension as Dimension

_EAGER = "tf.placeholder() is not compatible with eager execution."
_UNKNOWN_RANK = "tf.compat.v1.placeholder: tfcompat needs to know the rank; give a shape, with None for unknown sizes."
_SPARSE = "tf.compat.v1.sparse_placeholder is not offered by tfcompat. Use dense inputs."


def placeholder(dtype, shape=None, name=None):
    """A tensor of which only dtype and shape are of interest.

    Args:
      dtype: its dtype.
      shape: its shape; None for sizes that are unknown.
      name: its name.

    Raises:
      RuntimeError: outside of a scratch graph, as in eager TensorFlow.
      NotImplementedError: if not even the rank is known.
    """
    trace = state.trace
    if trace is None or trace.sizes is None:
        raise RuntimeError(_EAGER)
    if shape is None:
        raise NotImplementedError(_UNKNOWN_RANK)
    sizes = tuple([trace.sizes.one() if d is None else int(d) for d in shape])
    return trace.placeholder(aval(sizes, _dtypes.as_dtype(dtype).np), name)


def sparse_placeholder(dtype, shape=None, name=None):
    """Not offered.

    Raises:
      NotImplementedError: always.
    """
    raise NotImplementedError(_SPARSE)


def reset_default_graph():
    """Does nothing: there is no default graph. Keras calls it in ``clear_session``."""
