"""``tf.types.experimental``."""

import numpy as np

from tfcompat._core.core_types import TensorType

# What every function that takes a tensor accepts.
TensorLike = TensorType | int | float | bool | str | bytes | complex | tuple | list | np.ndarray | np.generic
