"""Imports of much code without garbage collections.

JAX, tfcompat and Keras make 200,000 objects, next to none of which are ever garbage. Going through them takes a sixth of
the time of the import, and half a second when the process ends; so they are kept out of the collector's sight until it
makes a full collection (`gc.collect()`, or when a program has made many objects of its own).
"""

import atexit
import contextlib
import gc

_frozen = False  # whether objects are out of sight


@contextlib.contextmanager
def no_collections():
    """Pauses the garbage collector. What is there at the end is looked at by full collections only."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        _freeze()
        gc.enable()


def _freeze():
    global _frozen
    if _frozen or not gc.get_freeze_count():  # else somebody else has frozen objects
        gc.freeze()
        _frozen = True


def _look(phase, info):
    """Called around collections: a full one looks at everything."""
    global _frozen
    if _frozen and phase == "start" and info["generation"] == 2:
        _frozen = False
        gc.unfreeze()


gc.callbacks.append(_look)
with no_collections():
    from tfcompat import _install as _install


@atexit.register
def _leave():
    """Lets the collections at the end of the process be short."""
    if _look in gc.callbacks:
        gc.callbacks.remove(_look)
