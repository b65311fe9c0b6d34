"""Imports of much code without garbage collections.

JAX, tfcompat and Keras make 200,000 objects, next to none of which are ever garbage. Going through them takes a sixth of
the time of the import, and half a second when the process ends; so they are kept out of the collector's sight until it
makes a full collection (`gc.collect()`, or when a program has made many objects of its own). At the end of the process
they come back where an object with a finalizer is left: it has to go before the modules that it uses.
"""

import atexit
import contextlib
import gc
import types

_SUSPENDED = {types.GeneratorType: "gi_running", types.CoroutineType: "cr_running", types.AsyncGeneratorType: "ag_running"}

_OWN = 1_000  # objects; Python 3.12 starts with some hundred out of sight
_frozen = False  # whether objects are out of sight
_finalizers = False  # whether one of these has a finalizer, and is not from an import


def _find_finalizer():
    """Whether an object in the collector's sight runs Python code when it goes: it has `__del__`, or is suspended."""
    kinds = {}  # id of a class -> whether it has `__del__`
    for thing in gc.get_objects():
        kind = type(thing)
        found = kinds.get(id(kind))
        if found is None:
            found = kinds[id(kind)] = any([type(c.__dict__.get("__del__")) is types.FunctionType for c in kind.__mro__])
        if found or kind in _SUSPENDED and not getattr(thing, _SUSPENDED[kind]):
            return True
    return False


@contextlib.contextmanager
def no_collections():
    """Pauses the garbage collector. What is there at the end is looked at by full collections only."""
    if not gc.isenabled():
        yield
        return
    global _finalizers
    gc.disable()
    _finalizers = _finalizers or _find_finalizer()
    try:
        yield
    finally:
        _freeze()
        gc.enable()


def _freeze():
    global _frozen
    if _frozen or gc.get_freeze_count() <= _OWN:  # else somebody else has frozen objects
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
    """Lets the collections at the end of the process be short, where nothing with a finalizer is left."""
    global _frozen
    if _frozen and (_finalizers or _find_finalizer()):
        gc.unfreeze()
    _frozen = False
