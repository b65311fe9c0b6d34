"""``tensorflow.python.framework.config``."""

from tfcompat._core.context import settings, state
from tfcompat.config.experimental import enable_op_determinism as enable_op_determinism


def is_op_determinism_enabled():
    """Whether ``tf.config.experimental.enable_op_determinism`` was called."""
    return bool(settings.determinism)


def disable_op_determinism():
    """Takes back ``enable_op_determinism``."""
    state.context.segment.close("determinism")
    settings.determinism = False
    settings.tier = "auto"
