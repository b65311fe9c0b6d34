"""Keras's legacy backend leaves graphs by this."""

from tfcompat._core.trace import Eager


def eager_mode():
    """A context in which ops run eagerly, also while a function is being recorded."""
    return Eager()
