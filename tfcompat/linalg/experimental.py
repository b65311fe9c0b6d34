"""`tf.linalg.experimental`."""

from tfcompat._matrix_functions import conjugate_gradient

__all__ = ["conjugate_gradient"]
