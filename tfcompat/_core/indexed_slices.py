"""`tf.IndexedSlices`: rows of a tensor and where they belong; what the gradient of a gather is."""

import warnings

import numpy as np

from tfcompat._core import dtypes
from tfcompat._core.convert import convert, register_tensor_conversion_function
from tfcompat._core.core_types import CompositeTensor
from tfcompat._core.op import Data, Many, Shape, T, op
from tfcompat._core.sizes import holds_unknown
from tfcompat._core.tensor_base import host_value


@op("ConcatV2", static=False)
def _concat_rows(values: Many("T")):
    import jax.numpy as jnp

    return jnp.concatenate(values, axis=0)


@op("Cast", static=False)
def _wide(indices: T):
    return indices.astype("int64")


@op("UnsortedSegmentSum", static=False)
def _scatter_rows(values: T, indices: Data("Tidx"), shape: Shape):
    import jax.numpy as jnp

    return jnp.zeros(shape, values.dtype).at[indices].add(values, mode="drop")


class IndexedSlices(CompositeTensor):
    """A sparse tensor made of slices along the first axis.

    Args:
      values: Tensor of shape [n, d1, ..., dk].
      indices: integer Tensor of shape [n]: the row that each slice belongs to; may repeat (then slices add up).
      dense_shape: integer Tensor of shape [k + 1], or None where it is not known.

    Differs from TensorFlow: where branches of a function gather different numbers of rows, gradients through them always have
    as many as the most of these; those that are missing are zeros.
    """

    def __init__(self, values, indices, dense_shape=None):
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape

    values = property(lambda self: self._values, doc="Tensor of the slices.")
    indices = property(lambda self: self._indices, doc="1-D integer Tensor: which row each slice belongs to.")
    dense_shape = property(lambda self: self._dense_shape, doc="1-D Tensor: the shape of the dense tensor, or None.")
    dtype = property(lambda self: self._values.dtype, doc="The DType of the elements.")
    device = property(lambda self: self._values.device, doc="Name of the device that holds the values.")

    def _with_wide_indices(self):
        """The same slices with indices of dtype int64."""
        return IndexedSlices(self._values, _wide(self._indices), self._dense_shape)

    @property
    def name(self):
        """The name of `values`; AttributeError in eager code, as for any tensor."""
        return self.values.name

    @property
    def op(self):
        """The operation of `values`; AttributeError in eager code."""
        return self.values.op

    @property
    def graph(self):
        """The graph of `values`; AttributeError in eager code."""
        return self.values.graph

    @property
    def shape(self):
        """The static shape of the dense tensor; unknown without `dense_shape`."""
        from tfcompat._core.shapes import TensorShape

        if self._dense_shape is None:
            return TensorShape(None)
        sizes = host_value(convert(self._dense_shape)).tolist()
        return TensorShape([None if holds_unknown((d,)) else d for d in sizes])

    def get_shape(self):
        """The static shape of the dense tensor, a TensorShape."""
        return self.shape

    def consumers(self):
        """Not available: there is no graph in eager code. Raises NotImplementedError."""
        raise NotImplementedError("tf.IndexedSlices.consumers: there is no graph in eager code.")

    def __str__(self):
        shape = f", dense_shape={self._dense_shape!s}" if self._dense_shape is not None else ""
        return f"IndexedSlices(indices={self._indices!s}, values={self._values!s}{shape})"

    def __neg__(self):
        return IndexedSlices(-self._values, self._indices, self._dense_shape)

    @property
    def _type_spec(self):
        from tfcompat._core import specs

        dense = None if self._dense_shape is None else self._dense_shape.dtype
        return specs.IndexedSlicesSpec(self.shape, self.dtype, self._indices.dtype, dense, self._indices.shape)

    def concatenated(self, *others):
        """Slices of all: what adding them gives."""
        indices = [convert(s._indices) for s in (self, *others)]
        if len({i.dtype for i in indices}) > 1:
            indices = [i if i.dtype is dtypes.int64 else _wide(i) for i in indices]
        values = [s._values for s in (self, *others)]
        return IndexedSlices(_concat_rows(values), _concat_rows(indices), self._dense_shape)

    def to_dense(self):
        """The dense Tensor, repeated rows added up. Raises ValueError without a `dense_shape`."""
        if self._dense_shape is None:
            raise ValueError(
                f"Tensor conversion requested for IndexedSlices for which dense_shape is not available: {self}"
            )
        shape = tuple(int(d) for d in host_value(convert(self._dense_shape)))
        return _scatter_rows(self._values, self._indices, shape)


def _convert(value, dtype=None, name=None, as_ref=False):
    if value.dense_shape is None:
        raise ValueError(
            f"Tensor conversion requested for IndexedSlices for argument `value` without dense_shape: {value!s}"
        )
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(f"Incompatible tensor conversion requested to `dtype` {dtype.name} for IndexedSlices ({value}) "
                         f"with dtype {value.dtype.name}")  # fmt: skip
    size = int(np.prod([d or 1 for d in value.shape.as_list()]))
    if size > 100_000_000:
        warnings.warn(f"Converting sparse IndexedSlices to a dense Tensor with {size} elements. This may consume a "
                      "large amount of memory.", stacklevel=2)  # fmt: skip
    return value.to_dense()


register_tensor_conversion_function(IndexedSlices, _convert)
