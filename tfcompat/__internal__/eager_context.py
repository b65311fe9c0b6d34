"""Keras's legacy backend leaves graphs by this."""

import contextlib


def eager_mode():
    """A context in which ops run eagerly, as they do anyway outside of functions."""
    return contextlib.nullcontext()
