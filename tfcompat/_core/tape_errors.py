"""Texts of GradientTape's errors and warnings; people match on their wording."""

NON_PERSISTENT = "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
PERSISTENT_INSIDE = (
    "Calling GradientTape.gradient on a persistent tape inside its context is significantly less efficient than calling "
    "it outside the context (it causes the gradient ops to be recorded on the tape, leading to increased CPU and memory "
    "usage). Only call GradientTape.gradient inside the context if you actually want to trace the gradient in order to "
    "compute higher order derivatives."
)
TARGET_DTYPE = "The dtype of the target tensor must be floating (e.g. tf.float32) when calling GradientTape.gradient, got {dtype!r}"
WATCH_DTYPE = "The dtype of the watched tensor must be floating (e.g. tf.float32), got {dtype!r}"
STRING_SOURCE = "The dtype of the source tensor must be floating, got {dtype!r}"
NOT_TENSOR = "Passed in object {value!r} of type {kind.__name__!r}, not tf.Tensor or tf.Variable or ExtensionType."
SEED_DTYPE = (  # as if the op in front of the target was a product
    "cannot compute Mul as input #1(zero-based) was expected to be a {} tensor but is a {} tensor [Op:Mul] name: "
)
SEED_SHAPE = "Incompatible shapes: {} vs. {} [Op:Mul] name: "
UNCONNECTED = "Unknown value for unconnected_gradients: '{value}'"
