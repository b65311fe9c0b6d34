"""``tensorflow.compiler.tf2xla.python.xla``: XLA's ops as TensorFlow functions."""

from jax import lax

from tfcompat._core.op import Data, T, op

_INDEX = Data("Tindices")


@op("XlaDynamicUpdateSlice")
def dynamic_update_slice(x: T, updates: T, starts: _INDEX):
    """A copy of `x` in which `updates` stands at the index `starts`, moved inwards where it would reach beyond the end.

    Args:
      x: a tensor.
      updates: a tensor of the same dtype and rank, in no dimension larger.
      starts: an integer vector, one entry a dimension.
    """
    return lax.dynamic_update_slice(x, updates, [starts[i] for i in range(x.ndim)])
