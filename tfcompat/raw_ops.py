"""`tf.raw_ops`: ops by TensorFlow's names of their kernels, with keyword arguments alone. What layers of Keras use."""

import jax.numpy as jnp
import numpy as np

from tfcompat._core import dtypes
from tfcompat._core.op import Any, T, op
from tfcompat._declare import refused


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
