"""`tf.debugging.enable_check_numerics`: every op runs at once and is looked at."""

import numpy as np

from tfcompat._core.context import settings, state
from tfcompat._core.errors import InvalidArgumentError
from tfcompat._core.op import REGISTRY
from tfcompat._core.tensor_base import host_value

# What only moves numbers that others made; TensorFlow does not look at these either.
PASSING_ON = frozenset(
    "Concat ConcatV2 ExpandDims Fill Gather Identity Maximum Minimum Reshape Slice Squeeze Stack StridedSlice "
    "StridedSliceGrad Transpose Unpack ReadVariableOp".split()
)


def enable_check_numerics(stack_height_limit=30, path_length_limit=50):
    """Makes every op of this thread raise as soon as a floating result has an element that is NaN or infinite.

    Each op runs when it is called, so this is slow: it is for finding where a NaN comes from.

    Args:
      stack_height_limit, path_length_limit: accepted; the error is raised at the user's line.
    """
    settings.watchful = True  # stays so: other threads may need it
    state.observer = _look


def disable_check_numerics():
    """Ends what `enable_check_numerics` began in this thread."""
    state.observer = None


def _look(spec, ins, outs):
    """Raises InvalidArgumentError if a result of the op just run is not finite."""
    op = REGISTRY.get(spec.name)
    if spec.name in PASSING_ON or spec.name == "CheckNumerics":
        return
    if op is not None and op.single and not spec.single:
        outs = outs[:1]  # the rest is kept for a gradient
    for slot, out in enumerate(outs if isinstance(outs, list) else [outs]):
        if out._aval.dtype.is_floating:
            value = np.asarray(host_value(out))
            if not np.isfinite(value).all():
                raise InvalidArgumentError(None, None, _message(spec.name, slot, out, value, ins))


def _message(kernel, slot, out, value, ins):
    value = value.astype(np.float64)
    lines = [
        f'\n!!! Detected Infinity or NaN in output {slot} of eagerly-executing op "{kernel}" (# of outputs: 1) !!!',
        f"  dtype: {out.dtype}",
        f"  shape: {out.shape}",
    ]
    counts = {"-Inf": np.isneginf(value), "+Inf": np.isposinf(value), "+NaN": np.isnan(value)}
    lines += [f"  # of {name} elements: {found.sum()}" for name, found in counts.items() if found.any()]
    inputs = [str(t) for t in ins]
    if len(inputs) == 1:
        lines += ["", f"  Input tensor: {inputs[0]}"]
    elif inputs:
        lines += ["", f"  Input tensors ({len(inputs)}):", *[f"         {k}: {t}" for k, t in enumerate(inputs)]]
    return "\n".join(lines) + "\n"
