"""Memory for large arrays of the host."""

import math

import numpy as np

_ALIGNMENT = 64  # JAX takes over host memory aligned like this without another copy


def empty_aligned(shape, dtype):
    """An uninitialised array on a 64-byte boundary."""
    for _ in range(4):  # large blocks come page-aligned plus a header of 16 or 32 bytes, or aligned: ask for both
        out = np.empty(shape, dtype)
        if out.ctypes.data % _ALIGNMENT == 0:
            return out
    raw = np.empty(math.prod(shape) * dtype.itemsize + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + raw.size - _ALIGNMENT].view(dtype).reshape(shape)
