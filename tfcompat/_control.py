"""Control flow of eager code: the branch is chosen by the value, which is read."""

import contextlib as _contextlib

from tfcompat._core.context import paused, state
from tfcompat._core.convert import convert


def executing_eagerly():
    """True: nothing runs as a graph here."""
    return True


def inside_function():
    """False: there is no function being recorded."""
    return False


@_contextlib.contextmanager
def init_scope():
    """A context outside all functions and tapes: what is computed in it is not differentiated."""
    with paused():
        yield


class _ControlDependencies:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def control_dependencies(control_inputs):
    """A context; eager code runs in program order anyway."""
    if callable(control_inputs):
        control_inputs()
    return _ControlDependencies()


def no_op(name=None):
    """Does nothing."""


def group(*inputs, **kwargs):
    """Does nothing: the operations given have been recorded already."""


def tuple(tensors, control_inputs=None, name=None):
    """The tensors, converted, as a list."""
    return [None if t is None else convert(t) for t in tensors]


def cond(pred, true_fn=None, false_fn=None, name=None):
    """`true_fn()` if the scalar `pred` is true, else `false_fn()`.

    Raises:
      TypeError: a branch is no function.
    """
    if not callable(true_fn):
        raise TypeError("'true_fn' must be callable.")
    if not callable(false_fn):
        raise TypeError("'false_fn' must be callable.")
    return true_fn() if bool(pred) else false_fn()


class _Device:
    def __init__(self, name):
        self._name = name

    def __enter__(self):
        state.devices.append(self._name)

    def __exit__(self, *_):
        state.devices.pop()


def device(device_name):
    """A context for placing operations.

    Placement is soft: what is computed inside runs on JAX's default device, whatever `device_name` says.

    Raises:
      RuntimeError: `device_name` is a function.
    """
    if callable(device_name):
        raise RuntimeError("tf.device does not support functions when eager execution is enabled.")
    return _Device(device_name)


def get_current_name_scope():
    """The current name scopes, joined by slashes."""
    return state.name_scopes[-1].rstrip("/") if state.name_scopes else ""
