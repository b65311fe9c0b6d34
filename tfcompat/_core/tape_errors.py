"""Texts of GradientTape's errors and warnings; people match on their wording."""

NON_PERSISTENT = "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
PERSISTENT_INSIDE = (
    "Calling GradientTape.gradient on a persistent tape inside its context is significantly less efficient than calling "
    "it outside the context (it causes the gradient ops to be recorded on the tape, leading to increased CPU and memory "
    "usage). Only call GradientTape.gradient inside the context if you actually want to trace the gradient in order to "
    "compute higher order derivatives."
)
STILL_RECORDING = "Tape is still recording, This can happen if you try to re-enter an already-active tape."
NOT_RECORDING = "Tape is not recording."
NEVER_STARTED = "Trying to stop recording a tape which is not recording."
NEVER_ENTERED = "'NoneType' object has no attribute '_tape': the GradientTape has not been entered, or was used up."
NO_TARGET = (
    "Argument `target` should be a list or nested structure of Tensors, Variables or CompositeTensors to be "
    "differentiated, but received None."
)
WATCH_DTYPE = "The dtype of the watched tensor must be floating (e.g. tf.float32), got {dtype!r}"
NOT_TENSOR = "Passed in object {value} of type {kind.__name__!r}, not tf.Tensor or tf.Variable or ExtensionType."
UNCONNECTED = "Unknown value for unconnected_gradients: {value!r}"
SEED_DTYPE = (  # as if the op in front of the target was a product
    "cannot compute Mul as input #1(zero-based) was expected to be a {} tensor but is a {} tensor [Op:Mul] name: "
)
SEED_ELEMENTS = "Input to reshape is a tensor with {} values, but the requested shape has {} [Op:Reshape] name: "
SEED_SHAPE = "Incompatible shapes: {} vs. {} [Op:Mul] name: "
ONE_BY_ONE = (
    "GradientTape must be created with persistent=True to compute the {what} with eager execution enabled and with "
    "experimental_use_pfor set to False."
)
NO_BATCH = "Need first dimension of target shape ({target}) and source shape ({source}) to match."
