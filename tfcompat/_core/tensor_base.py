"""The Tensor handle: an aval and either a value or a place in a segment that will compute it."""

import itertools
import threading

import numpy as np

from tfcompat._core import dtypes
from tfcompat._core.avals import aval_of
from tfcompat._core.context import state
from tfcompat._core.core_types import TensorType
from tfcompat._core.waits import to_host

HOST_TYPES = frozenset([np.ndarray, *[d.np.type for d in dtypes.ALL if d.np is not None], *np.sctypeDict.values()])
gids = itertools.count(1)  # identities on tapes; variables get theirs when they are made
PLAIN, STATIC = -1, -2  # `_slot` of a tensor with a value; STATIC: it stems from Python data or static shapes


class Failure:
    """Payload of a tensor that could not be computed; reading it raises `error`."""

    __slots__ = ("error",)

    def __init__(self, error):
        self.error = error


class Handover:
    """Stands for the segment of a variable's tensor while a program takes over its array: who reads it waits."""

    symbolic = False

    def __init__(self):
        self.lock = threading.RLock()

    def settle(self, tensor):
        with self.lock:
            return


handover = Handover()


class TensorHandle(TensorType):
    """Engine's side of `tf.Tensor`; `tensor.py` adds everything the user sees.

    `_value` is a NumPy array (or scalar), a `jax.Array`, a Failure, or None while pending; then `_seg` is the segment
    that holds the node and `_slot` the number of the result in it. `_gid` identifies the tensor on tapes (0: on none).
    """

    __slots__ = ("__dict__", "__weakref__", "_aval", "_gid", "_seg", "_slot", "_value")

    def __init__(self, aval, value, seg=None, slot=PLAIN):
        self._aval = aval
        self._value = value
        self._seg = seg
        self._slot = slot
        self._gid = 0


def settled(tensor):
    """The array or Failure of a tensor that had no value a moment ago."""
    for _ in range(1000):  # other threads may take it over again and again
        segment, value = tensor._seg, tensor._value
        if value is not None:
            return value
        if segment is not None:
            value = segment.settle(tensor)
            if value is not None:
                return value  # of a size that is not known while a function is recorded
    raise RuntimeError("This tensor's array was taken over by a compiled program.")


def payload(tensor):
    """The tensor's array (NumPy or JAX), computed now if it was pending. Raises what its computation raised."""
    value = tensor._value
    if value is None:
        value = settled(tensor)
    segment = state.context.segment
    if segment is not None and segment.unchecked:
        segment.check_flags()
        value = tensor._value
    if type(value) is Failure:
        raise value.error.with_traceback(None)
    return value


def host_value(tensor):
    """The tensor's value as a NumPy array or scalar; shared memory, to be treated as read-only."""
    value = payload(tensor)
    return value if type(value) in HOST_TYPES else to_host(value)


def size_value(tensor):
    """`host_value` of numbers that are used as sizes: while a function is recorded they need not be known."""
    segment = tensor._seg
    return host_value(tensor) if segment is None or not segment.symbolic else segment.size_value(tensor)


def wrap(array, tensor_class, slot=PLAIN):
    return tensor_class(aval_of(array), array, None, slot)
