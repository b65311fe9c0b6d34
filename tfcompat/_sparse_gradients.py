"""Gradients that are `tf.IndexedSlices`: of gathers of rows, and of ops that pass them on."""

import numpy as np

from tfcompat._array import _ensured, identity, reshape
from tfcompat._cast import _cast, cast
from tfcompat._core.entries import dense
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.rows import Passing
from tfcompat._core.variable import _copy_of
from tfcompat._creation import shape as shape_of
from tfcompat._elementwise import add, negative, subtract
from tfcompat._math import _add_n
from tfcompat.nn import _bias_add


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


def _beside_number(i, avals, wanted):
    """Of a sum with a number that is not watched."""
    return wanted == [0] and bool(avals[0].shape) and not avals[1].shape


def _of_whole_size(i, avals, wanted):
    """Of a sum in which the input is not broadcast."""
    return np.broadcast_shapes(*[a.shape for a in avals]) == avals[i].shape


def _to_value(i, avals, wanted):
    """Of a sum with a bias."""
    return i == 0


def _to_value_alone(i, avals, wanted):
    return wanted == [0]


PASSED_ON = {
    _copy_of.op: Passing(),
    identity.op: Passing(),
    _ensured.op: Passing(),
    _add_n.op: Passing(),
    _cast.op: Passing(
        of_values=lambda values, i, aval: cast(values, aval.dtype), of_rows=lambda rows, i, dtype: rows.astype(dtype)
    ),
    negative.op: Passing(of_values=lambda values, i, aval: -values, of_rows=lambda rows, i, dtype: -rows),
    add.op: Passing(_beside_number, _of_whole_size),
    subtract.op: Passing(
        _beside_number, _of_whole_size, lambda values, i, aval: -values if i else values, lambda rows, i, dtype: -rows if i else rows
    ),
    _bias_add.op: Passing(_to_value_alone, _to_value),
}
