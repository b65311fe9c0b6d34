"""The methods of `tf.data.Dataset` that join elements to batches and windows, and take them apart."""

from tfcompat._core import dtypes, nest
from tfcompat._core.convert import convert
from tfcompat._core.shapes import as_shape
from tfcompat._core.specs import TensorSpec
from tfcompat.data import _batches as batches, _choices as choices
from tfcompat.data._structure import DatasetSpec, array, dataset_of, number

_RAGGED = "{name} is not supported: there are no ragged tensors. Use Dataset.padded_batch."


class Batching:
    """What makes batches."""

    def batch(self, batch_size, drop_remainder=False, num_parallel_calls=None, deterministic=None, name=None):
        """Several elements each as one.

        Args:
          batch_size: how many.
          drop_remainder: whether a last batch that is smaller is left out.
          num_parallel_calls, deterministic: accepted.

        Raises:
          InvalidArgumentError: `batch_size` is not positive; while iterating, elements of different shapes.
        """
        drop = bool(array(convert(drop_remainder)))
        return dataset_of(batches.Batch(self._node, number(batch_size), drop, num_parallel_calls is not None))

    def padded_batch(self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None):
        """Several elements each as one, filled up to equal shapes.

        Args:
          batch_size: how many.
          padded_shapes: structure of shapes to fill up to; None is the largest size in the batch. Those of `element_spec`
            if not given.
          padding_values: what to fill with; 0 and the empty string if not given.
          drop_remainder: whether a last batch that is smaller is left out.

        Raises:
          ValueError: shapes or values that do not fit; a rank that is not known.
          InvalidArgumentError: `batch_size` is not positive.
          DataLossError: while iterating, an element that is larger than its padded shape.
        """
        return self._padded(batch_size, padded_shapes, padding_values, drop_remainder, None)

    def _padded(self, batch_size, padded_shapes, padding_values, drop_remainder, length):
        flat = self._node.structure.flat
        if padded_shapes is None:
            for k, spec in enumerate(flat):
                if spec.shape.rank is None:
                    raise ValueError(f"You must provide `padded_shapes` argument because component {k} has unknown rank.")
            shapes = [spec.shape for spec in flat]
        else:
            shapes = [_padded_shape(s, spec) for s, spec in zip(_like(self, padded_shapes), flat, strict=True)]
        if padding_values is None:
            values = [None] * len(flat)
        elif not nest.is_nested(padding_values):
            values = [padding_values] * len(flat)
        else:
            values = nest.flatten_up_to(self.element_spec, padding_values)
        values = [_filling(v, spec) for v, spec in zip(values, flat, strict=True)]
        drop = bool(array(convert(drop_remainder)))
        return dataset_of(batches.PaddedBatch(self._node, number(batch_size), shapes, values, drop, length))

    def unbatch(self, name=None):
        """The rows of the elements.

        Raises:
          ValueError: elements with scalars.
        """
        return dataset_of(batches.Unbatch(self._node))

    def rebatch(self, batch_size, drop_remainder=False, name=None):
        """The rows of the elements in batches of other sizes.

        Args:
          batch_size: the size, or a vector of sizes that take turns.
          drop_remainder: whether a last batch that is smaller is left out.

        Raises:
          ValueError: elements with scalars.
        """
        sizes = array(convert(batch_size, dtypes.int64)).reshape(-1).tolist()
        return dataset_of(batches.Rebatch(self._node, sizes, bool(drop_remainder)))

    def window(self, size, shift=None, stride=1, drop_remainder=False, name=None):
        """Data sets of several elements each.

        Args:
          size: how many elements.
          shift: how many elements further on the next one begins; `size` if not given.
          stride: from one of its elements to the next.
          drop_remainder: whether last ones that are smaller are left out.

        Raises:
          InvalidArgumentError: one of the numbers is not positive.
        """
        spec = nest.map_structure(DatasetSpec, self.element_spec)
        shift = size if shift is None else shift
        numbers = number(size), number(shift), number(stride)
        return dataset_of(choices.Window(self._node, spec, *numbers, bool(drop_remainder)))

    def bucket_by_sequence_length(self, element_length_func, bucket_boundaries, bucket_batch_sizes, padded_shapes=None,
                                  padding_values=None, pad_to_bucket_boundary=False, no_padding=False, drop_remainder=False,
                                  name=None):  # fmt: skip
        """Padded batches of elements of about the same length.

        Args:
          element_length_func: function from an element to its length, an int32 scalar.
          bucket_boundaries: the lengths at which buckets begin.
          bucket_batch_sizes: the batch size of each bucket, one more than the boundaries.
          padded_shapes, padding_values: see `padded_batch`.
          pad_to_bucket_boundary: whether batches are as long as their bucket allows.
          no_padding: whether elements have equal shapes already.
          drop_remainder: whether a last batch that is smaller is left out.

        Raises:
          ValueError: not one batch size more than boundaries.
          InternalError: while iterating, an element beyond the last boundary where batches are as long as allowed.
        """
        if len(bucket_batch_sizes) != len(bucket_boundaries) + 1:
            raise ValueError(
                "`len(bucket_batch_sizes)` must equal `len(bucket_boundaries) + 1` but "
                f"`len(bucket_batch_sizes)={len(bucket_batch_sizes)}` and `len(bucket_boundaries)={len(bucket_boundaries)}`."
            )
        from tfcompat import _cast, _elementwise, _gather, _reductions

        bounds, sizes = convert(list(bucket_boundaries), dtypes.int32), convert(list(bucket_batch_sizes), dtypes.int64)

        lengths = convert([*[b - 1 for b in bucket_boundaries], -1], dtypes.int64)

        def key(*element):
            length = element_length_func(*element)
            return _cast.cast(_reductions.reduce_sum(_cast.cast(_elementwise.less_equal(bounds, length), dtypes.int32)), dtypes.int64)

        def size(bucket):
            return _gather.gather(sizes, bucket)

        def batch(bucket, group):
            if no_padding:
                return group.batch(size(bucket), drop_remainder=drop_remainder)
            length = _gather.gather(lengths, bucket) if pad_to_bucket_boundary else None
            return group._padded(size(bucket), padded_shapes, padding_values, drop_remainder, length)

        return self.group_by_window(key, batch, window_size_func=size)

    def ragged_batch(self, batch_size, drop_remainder=False, row_splits_dtype=dtypes.int64, name=None):
        """Not offered: raises NotImplementedError."""
        raise NotImplementedError(_RAGGED.format(name="Dataset.ragged_batch"))

    def sparse_batch(self, batch_size, row_shape, name=None):
        """Not offered: raises NotImplementedError."""
        raise NotImplementedError("Dataset.sparse_batch is not supported: there are no sparse tensors. Use Dataset.padded_batch.")


def _like(dataset, shapes):
    spec = dataset.element_spec
    if isinstance(spec, TensorSpec):
        return [shapes]
    return nest.flatten_up_to(spec, shapes)


def _padded_shape(shape, spec):
    if hasattr(shape, "_aval"):
        shape = [None if d == -1 else d for d in array(shape).tolist()]
    elif isinstance(shape, (list, tuple)):
        shape = [None if d == -1 else d for d in shape]
    found = as_shape(shape)
    if spec.shape.rank is not None and found.rank != spec.shape.rank:
        raise ValueError(
            f"The padded shape {tuple(found.as_list())} is not compatible with the shape "
            f"{tuple(spec.shape.as_list())} of the corresponding input component."
        )
    known = spec.shape.as_list() if spec.shape.rank is not None else found.as_list()
    if any([p is not None and k is not None and p < k for p, k in zip(found.as_list(), known, strict=True)]):
        raise ValueError(
            f"The padded shape {tuple(found.as_list())} is not compatible with the shape {tuple(known)} of the corresponding "
            "input component."
        )
    return found


def _filling(value, spec):
    if value is None:
        return batches.fill_of(spec, None)
    tensor = convert(value, None, spec.dtype)
    if tensor.shape.rank != 0:
        raise ValueError(f"Invalid `padding_values`. `padding_values` values should be scalars, but got {tensor.shape}.")
    if tensor.dtype is not spec.dtype:
        raise TypeError(
            f"Invalid `padding_values`. `padding_values` values type {tensor.dtype} does not match type {spec.dtype} of the "
            "corresponding input component."
        )
    return batches.fill_of(spec, tensor)
