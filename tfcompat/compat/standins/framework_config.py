"""``tensorflow.python.framework.config``."""

from tfcompat._core.context import settings


def is_op_determinism_enabled():
    """Whether ``tf.config.experimental.enable_op_determinism`` was called."""
    return bool(settings.determinism)
