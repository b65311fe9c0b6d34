"""tf.autodiff: gradients, forward and backward."""

from tfcompat._core.forward import ForwardAccumulator as ForwardAccumulator
from tfcompat._core.tape import GradientTape as GradientTape

__all__ = ["ForwardAccumulator", "GradientTape"]
