"""Abstract values: shape and dtype of a tensor, interned so that they compare and hash by identity."""

import itertools
import math

import jax
import numpy as np

from tfcompat._core import dtypes, shapes

_serial = itertools.count(1)
_interned = {}
SCALARS = {}  # dtype name -> Python types whose numbers become it beside a tensor: {type: (aval, NumPy type)}; `convert` fills it
_INTERNED_LIMIT = 50_000  # shapes that grow every step must not fill memory; a cleared table only costs cache misses


class Aval:
    """Shape (a tuple of ints) and dtype of a tensor. Use `aval()`: equal avals are the same object."""

    __slots__ = ("_tensor_shape", "differentiable", "dtype", "id", "nbytes", "np_dtype", "scalars", "shape", "size")

    def __init__(self, shape, np_dtype):
        self.shape = shape
        self.np_dtype = np_dtype
        self.dtype = dtypes.from_numpy(np_dtype)
        self.size = math.prod(shape)
        self.nbytes = self.size * np_dtype.itemsize
        self.id = next(_serial)
        self.differentiable = self.dtype.is_floating or self.dtype.is_complex
        self._tensor_shape = None
        self.scalars = SCALARS.setdefault(self.dtype.name, {})

    @property
    def struct(self):
        """What JAX traces with."""
        return jax.ShapeDtypeStruct(self.shape, self.np_dtype)

    @property
    def tensor_shape(self):
        if self._tensor_shape is None:
            self._tensor_shape = shapes.TensorShape(self.shape)
        return self._tensor_shape

    def __repr__(self):
        return f"{self.dtype.name}{list(self.shape)}"


def aval(shape, np_dtype):
    """The interned Aval of a shape (tuple of ints) and a `np.dtype`."""
    found = _interned.get((shape, np_dtype))
    if found is None:
        if len(_interned) > _INTERNED_LIMIT:
            _interned.clear()
        found = _interned[shape, np_dtype] = Aval(shape, np_dtype)
    return found


def known_aval(array):
    """The Aval of a NumPy array where one of its shape and dtype has been made; else None."""
    return _interned.get((array.shape, array.dtype))


def aval_of(array):
    """Aval of a NumPy array, NumPy scalar or `jax.Array`."""
    return _interned.get((array.shape, array.dtype)) or aval(tuple(array.shape), np.dtype(array.dtype))


def shape_text(shape):
    """A shape as TensorFlow's kernels print it: `[2,3]`."""
    return "[" + ",".join("?" if d is None else str(d) for d in shape) + "]"
