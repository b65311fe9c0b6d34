"""Gradients that are `tf.IndexedSlices`: of gathers of rows."""

from tfcompat._array import reshape
from tfcompat._core.entries import dense
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._creation import shape as shape_of


def of_gather(ins, attrs, mask):
    """The pullback of a gather where rows of the first axis were taken: the rows' cotangents and their indices."""
    axis, batch_dims = attrs
    return None if axis != 0 or batch_dims != 0 or not mask[0] else pull_rows_of(ins)


def of_gather_nd(ins, attrs, mask):
    """The same for `gather_nd` with one index a row."""
    (batch_dims,), shape = attrs, ins[1]._aval.shape
    return None if batch_dims != 0 or len(shape) != 2 or shape[1] != 1 or not mask[0] else pull_rows_of(ins)


def pull_rows_of(ins):
    indices, shape = ins[1], ins[0]._aval.shape

    def pull_rows(cotangents):
        values = reshape(dense(cotangents[0]), (-1, *shape[1:]) if indices._aval.size else (0, *shape[1:]))
        return [IndexedSlices(values, reshape(indices, (-1,)), shape_of(ins[0])), *[None] * (len(ins) - 1)]

    return pull_rows
