"""``tensorflow.python.ops.math_ops``."""

from tfcompat.math import is_nan

__all__ = ["is_nan"]
