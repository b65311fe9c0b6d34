"""Imports of much code without garbage collections: these take a sixth of the time, and find next to nothing."""

import contextlib
import gc


@contextlib.contextmanager
def no_collections():
    """Pauses the garbage collector. What is there at the end counts as old: it is not gone through at once."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        gc.enable()


with no_collections():
    from tfcompat import _install as _install
