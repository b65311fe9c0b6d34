"""Gradients that are `tf.IndexedSlices`: of gathers of rows, and of ops that pass them on."""

from tfcompat._array import _ensured, identity, reshape
from tfcompat._cast import _cast, cast
from tfcompat._core.entries import dense
from tfcompat._core.indexed_slices import IndexedSlices
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


def _same(slices, avals, wanted):
    return [slices] * len(wanted)


def _cast_back(slices, avals, wanted):
    return [IndexedSlices(cast(slices.values, avals[0].dtype), slices.indices, slices.dense_shape)]


def _to_first(slices, avals, wanted):
    """Of a sum with a number that is not watched."""
    return [slices] if wanted == [0] and avals[0].shape and not avals[1].shape else None


def _to_value(slices, avals, wanted):
    """Of a sum with a bias that is not watched."""
    return [slices] if wanted == [0] else None


PASSED_ON = {
    _copy_of.op: _same,
    identity.op: _same,
    _ensured.op: _same,
    _add_n.op: _same,
    _cast.op: _cast_back,
    negative.op: lambda slices, avals, wanted: [-slices],
    add.op: _to_first,
    subtract.op: _to_first,
    _bias_add.op: _to_value,
}
