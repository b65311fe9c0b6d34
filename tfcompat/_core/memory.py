"""Memory for large arrays of the host."""

import _thread
import functools
import math
import os

import numpy as np

from tfcompat._core.native import extension

_ALIGNMENT = 64  # JAX takes over host memory aligned like this without another copy
_PAGED = 1 << 20  # bytes from which on it shows whether memory is fresh
_PART = 2 << 20  # bytes of which one thread more makes a difference
LARGE = 2 * _PART  # bytes from which on arrays are copied in parts
_MOST_PARTS = 4  # some threads take all that memory gives


def empty_aligned(shape, dtype):
    """An uninitialised array on a 64-byte boundary.

    A block that happens to be aligned is an array that owns its memory, so it can be overwritten in place. But to ask for that
    holds two blocks at a time. Of large ones the C library then gives the memory back to the system, and every page is a fault
    anew (1.6 ms for a copy of 8 MB instead of 0.36): they are a part of one block that is a little larger.
    """
    size = math.prod(shape) * dtype.itemsize
    for _ in range(4 if size < _PAGED else 0):
        out = np.empty(shape, dtype)
        if out.ctypes.data % _ALIGNMENT == 0:
            return out
    raw = np.empty(size + _ALIGNMENT, np.uint8)
    return np.ndarray(shape, dtype, raw, -raw.ctypes.data % _ALIGNMENT)


def copy_into(out, array):
    """Copies an array into a C-contiguous one of its shape. Large ones by some threads: one does not get all that memory gives.

    Without the extension the threads are of this call. With it they stay, but for the child of a fork, which starts its own.
    """
    parts = min(_most_parts(), array.nbytes // _PART)
    if parts < 2 or array.dtype != out.dtype or array.dtype.hasobject or not array.flags.c_contiguous:
        with np.errstate(all="ignore"):  # it may be a cast
            out[...] = array
        return
    copy_in_parts(out.reshape(-1).view(np.uint8), array.reshape(-1).view(np.uint8), parts)


def _copy_in_parts(out, array, parts):
    """Copies bytes; in C where there is the extension, whose threads begin without Python's lock."""
    ends = [array.size * k // parts for k in range(parts + 1)]
    others = []
    for start, end in zip(ends[1:-1], ends[2:], strict=True):
        done = _thread.allocate_lock()
        done.acquire()
        part = out[start:end], array[start:end], done
        try:
            _thread.start_new_thread(_copy_part, part)
        except RuntimeError:  # there cannot be more threads
            _copy_part(*part)
        others.append(done)
    np.copyto(out[: ends[1]], array[: ends[1]])
    for done in others:
        done.acquire()


def _copy_part(out, array, done):
    try:
        np.copyto(out, array)
    finally:
        done.release()


copy_in_parts = _copy_in_parts if extension is None else extension.copy_in_parts


def forget_threads():
    """In the child of a fork: those that copy are not there."""
    if extension is not None:
        extension.forget_threads()


@functools.cache
def _most_parts():
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_PARTS)
