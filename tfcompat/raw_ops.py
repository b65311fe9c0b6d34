"""`tf.raw_ops`: ops by TensorFlow's names of their kernels, with keyword arguments alone. What layers of Keras use."""

import collections

import jax.numpy as jnp
import numpy as np

from tfcompat._core import dtypes
from tfcompat._core.op import Any, T, op
from tfcompat._declare import refused
from tfcompat._select import unique_along


@op("Bucketize", T=(dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64), grad=None)
def _bucketize(input: T, boundaries: Any):
    below = input[..., None] < np.array(boundaries, np.float32)
    return jnp.sum(~below, -1, dtype=np.int32)  # NaN is in the last bucket: no boundary is greater


def Bucketize(*, input, boundaries, name=None):
    """For each number how many of `boundaries` are not greater.

    Args:
      input: a tensor of int32, int64, float32 or float64.
      boundaries: a sorted list of floats.

    Raises:
      InvalidArgumentError: boundaries that are not sorted, or another dtype.
    """
    numbers = tuple(map(float, boundaries))
    if list(numbers) != sorted(numbers):
        raise refused("Expected sorted boundaries", "Bucketize")
    return _bucketize(input, numbers)


_UniqueV2 = collections.namedtuple("UniqueV2", "y idx")
_UniqueWithCountsV2 = collections.namedtuple("UniqueWithCountsV2", "y idx count")


def UniqueV2(*, x, axis, out_idx=dtypes.int32, name=None):
    """The different slices along an axis in order of first appearance, and for each slice which one it is.

    Args:
      x: a tensor.
      axis: a list of one int, the axis; of none where `x` is a vector.
      out_idx: int32 or int64.

    Returns:
      A named tuple (y, idx).

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    return _UniqueV2(*unique_along(x, axis, out_idx, "UniqueV2"))


def UniqueWithCountsV2(*, x, axis, out_idx=dtypes.int32, name=None):
    """`UniqueV2`, and how often each slice occurs: a named tuple (y, idx, count).

    Args:
      x, axis: see `UniqueV2`.
      out_idx: the DType of idx and count, int32 or int64.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    return _UniqueWithCountsV2(*unique_along(x, axis, out_idx, "UniqueWithCountsV2"))
