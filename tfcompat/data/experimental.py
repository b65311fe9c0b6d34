"""``tf.data.experimental``: older names for methods of data sets, and settings."""

from tfcompat._core import dtypes
from tfcompat._optional import Optional as Optional
from tfcompat.data import _choices as choices
from tfcompat.data._creation import common
from tfcompat.data._dataset import Dataset
from tfcompat.data._options import (
    AutoShardPolicy as AutoShardPolicy,
    AutotuneAlgorithm as AutotuneAlgorithm,
    AutotuneOptions as AutotuneOptions,
    DistributeOptions as DistributeOptions,
    ExternalStatePolicy as ExternalStatePolicy,
    OptimizationOptions as OptimizationOptions,
    ServiceOptions as ServiceOptions,
    ThreadingOptions as ThreadingOptions,
)
from tfcompat.data._sources import Kept
from tfcompat.data._structure import Structure, components_of, normalized, spec_of

AUTOTUNE = -1
INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2


def cardinality(dataset):
    """The number of elements of a data set. See `tf.data.Dataset.cardinality`.

    Args:
      dataset: a data set.
    """
    return dataset.cardinality()


def assert_cardinality(expected_cardinality):
    """A function for `Dataset.apply` that says how many elements there are; iterating checks it.

    Args:
      expected_cardinality: the number of elements, or INFINITE_CARDINALITY.

    Raises:
      FailedPreconditionError: while iterating, there are fewer or more.
    """
    return lambda dataset: Dataset(choices.Assert(dataset._node, int(expected_cardinality)))


def get_single_element(dataset):
    """The only element of a data set. See `tf.data.Dataset.get_single_element`.

    Args:
      dataset: a data set.
    """
    return dataset.get_single_element()


def get_structure(dataset_or_iterator):
    """The structure of TypeSpecs of its elements.

    Args:
      dataset_or_iterator: a data set or an iterator over one.

    Raises:
      TypeError: it is neither.
    """
    try:
        return dataset_or_iterator.element_spec
    except AttributeError:
        raise TypeError(
            f"Invalid `dataset_or_iterator`. `dataset_or_iterator` must be a Dataset or Iterator, but got {type(dataset_or_iterator)}."
        ) from None


def get_next_as_optional(iterator):
    """The next element of an iterator. See `tf.data.Iterator.get_next_as_optional`.

    Args:
      iterator: a `tf.data.Iterator`.
    """
    return iterator.get_next_as_optional()


def from_list(elements, name=None):
    """A data set of the elements of a list.

    Args:
      elements: a list of structures of tensors, all of one form.

    Raises:
      ValueError: an empty list.
    """
    if not isinstance(elements, (list, tuple)):
        raise ValueError("Invalid `elements`. `elements` must be a list.")
    if not elements:
        raise ValueError("Invalid `elements`. `elements` should not be empty.")
    values = [normalized(element) for element in elements]
    structure = Structure(spec_of(values[0]))
    for value in values[1:]:
        structure = common(structure, spec_of(value), "Invalid `elements`. The elements have different types.")
    return _named(Dataset(Kept(structure, [components_of(value) for value in values])), "_ListDataset")


def enumerate_dataset(start=0):
    """A function for `Dataset.apply`. See `tf.data.Dataset.enumerate`.

    Args:
      start: the first number.
    """
    return lambda dataset: dataset.enumerate(start)


def ignore_errors(log_warning=False):
    """A function for `Dataset.apply`. See `tf.data.Dataset.ignore_errors`.

    Args:
      log_warning: accepted.
    """
    return lambda dataset: dataset.ignore_errors(log_warning)


def scan(initial_state, scan_func):
    """A function for `Dataset.apply`. See `tf.data.Dataset.scan`.

    Args:
      initial_state, scan_func: as there.
    """
    return lambda dataset: dataset.scan(initial_state, scan_func)


def take_while(predicate):
    """A function for `Dataset.apply`. See `tf.data.Dataset.take_while`.

    Args:
      predicate: as there.
    """
    return lambda dataset: dataset.take_while(predicate)


def unbatch():
    """A function for `Dataset.apply`. See `tf.data.Dataset.unbatch`."""
    return lambda dataset: dataset.unbatch()


def unique():
    """A function for `Dataset.apply`. See `tf.data.Dataset.unique`."""
    return lambda dataset: dataset.unique()


def group_by_window(key_func, reduce_func, window_size=None, window_size_func=None):
    """A function for `Dataset.apply`. See `tf.data.Dataset.group_by_window`.

    Args:
      key_func, reduce_func, window_size, window_size_func: as there.
    """
    return lambda dataset: dataset.group_by_window(key_func, reduce_func, window_size, window_size_func)


def shuffle_and_repeat(buffer_size, count=None, seed=None):
    """A function for `Dataset.apply`: `shuffle`, then `repeat`.

    Args:
      buffer_size, seed: see `tf.data.Dataset.shuffle`.
      count: see `tf.data.Dataset.repeat`.
    """
    return lambda dataset: _named(dataset.shuffle(buffer_size, seed).repeat(count), "_ShuffleAndRepeatDataset")


def map_and_batch(map_func, batch_size, num_parallel_batches=None, drop_remainder=False, num_parallel_calls=None):
    """A function for `Dataset.apply`: `map`, then `batch`.

    Args:
      map_func: see `tf.data.Dataset.map`.
      batch_size, drop_remainder: see `tf.data.Dataset.batch`.
      num_parallel_batches, num_parallel_calls: accepted.
    """
    return lambda dataset: _named(dataset.map(map_func).batch(batch_size, drop_remainder), "_MapAndBatchDataset")


def parallel_interleave(map_func, cycle_length, block_length=1, sloppy=False, buffer_output_elements=None,
                        prefetch_input_elements=None):  # fmt: skip
    """A function for `Dataset.apply`. See `tf.data.Dataset.interleave`.

    Args:
      map_func, cycle_length, block_length: as there.
      sloppy, buffer_output_elements, prefetch_input_elements: accepted; the order is fixed.
    """
    return lambda dataset: dataset.interleave(map_func, cycle_length, block_length)


def bucket_by_sequence_length(element_length_func, bucket_boundaries, bucket_batch_sizes, padded_shapes=None,
                              padding_values=None, pad_to_bucket_boundary=False, no_padding=False,
                              drop_remainder=False):  # fmt: skip
    """A function for `Dataset.apply`. See `tf.data.Dataset.bucket_by_sequence_length`.

    Args:
      element_length_func, bucket_boundaries, bucket_batch_sizes, padded_shapes, padding_values: as there.
      pad_to_bucket_boundary, no_padding, drop_remainder: as there.
    """
    return lambda dataset: dataset.bucket_by_sequence_length(
        element_length_func, bucket_boundaries, bucket_batch_sizes, padded_shapes, padding_values, pad_to_bucket_boundary,
        no_padding, drop_remainder,
    )  # fmt: skip


def prefetch_to_device(device, buffer_size=None):
    """A function for `Dataset.apply` that leaves the data set as it is: a device takes data when it computes.

    Args:
      device, buffer_size: accepted.
    """
    return lambda dataset: dataset.prefetch(buffer_size or 1)


def copy_to_device(target_device, source_device="/cpu:0"):
    """A function for `Dataset.apply` that leaves the data set as it is: a device takes data when it computes.

    Args:
      target_device, source_device: accepted.
    """
    return lambda dataset: dataset


def Counter(start=0, step=1, dtype=dtypes.int64):  # noqa: N802 - TensorFlow's name
    """An endless data set of numbers. See `tf.data.Dataset.counter`.

    Args:
      start, step, dtype: as there.
    """
    return Dataset.counter(start, step, dtype)


def choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset=False):
    """See `tf.data.Dataset.choose_from_datasets`.

    Args:
      datasets, choice_dataset, stop_on_empty_dataset: as there.
    """
    return Dataset.choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset)


def sample_from_datasets(datasets, weights=None, seed=None, stop_on_empty_dataset=False):
    """See `tf.data.Dataset.sample_from_datasets`.

    Args:
      datasets, weights, seed, stop_on_empty_dataset: as there.
    """
    return Dataset.sample_from_datasets(datasets, weights, seed, stop_on_empty_dataset)


def dense_to_ragged_batch(batch_size, drop_remainder=False, row_splits_dtype=dtypes.int64):
    """Not offered: what it gives raises NotImplementedError. See `tf.data.Dataset.ragged_batch`."""
    return lambda dataset: dataset.ragged_batch(batch_size, drop_remainder, row_splits_dtype)


def _named(dataset, name):
    """The data set, with the name in its repr that TensorFlow's class has."""
    dataset._node.name = name
    return dataset
