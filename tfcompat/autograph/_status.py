"""Whether functions that are called are converted, at present and on this thread."""

import contextlib
import threading

_state = threading.local()


def is_off():
    """Whether conversion is switched off."""
    return getattr(_state, "depth", 0) > 0


@contextlib.contextmanager
def off():
    """A context in which called functions are not converted."""
    _state.depth = getattr(_state, "depth", 0) + 1
    try:
        yield
    finally:
        _state.depth -= 1
