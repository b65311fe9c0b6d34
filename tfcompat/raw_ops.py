"""`tf.raw_ops`: ops by TensorFlow's names of their kernels, with keyword arguments alone. What layers of Keras use."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import dtypes
from tfcompat._core.op import Any, T, op
from tfcompat._declare import refused


@op("Bucketize", T=(dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64), grad=None)
def _bucketize(input: T, boundaries: Any):
    # NaN is in the last bucket: no boundary is greater.
    found = jnp.full(input.shape, len(boundaries), np.int32)
    for i, boundary in reversed(list(enumerate(boundaries))):
        found = lax.select(input < np.float32(boundary), jnp.full_like(found, i), found)
    return found


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
