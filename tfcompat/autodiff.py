"""tf.autodiff: gradients."""

from tfcompat._core.tape import GradientTape as GradientTape

__all__ = ["GradientTape"]
