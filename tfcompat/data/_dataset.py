"""`tf.data.Dataset`."""

import os

from tfcompat._core import dtypes, errors
from tfcompat._core.context import state as context
from tfcompat._core.convert import convert
from tfcompat._core.core_types import Resource
from tfcompat._core.specs import TensorSpec, register_type_spec_from_value_converter
from tfcompat.data import _choices as choices, _mapped as mapped
from tfcompat.data._batching import Batching
from tfcompat.data._creation import Creation, common, enumerated
from tfcompat.data._functions import converted
from tfcompat.data._iterators import NumpyIterator, OwnedIterator
from tfcompat.data._loops import Source, recorded_reduce
from tfcompat.data._nodes import INFINITE, UNKNOWN, Argument, Node
from tfcompat.data._options import merged_options
from tfcompat.data._structure import (
    DatasetSpec,
    Structure,
    components_of,
    normalized,
    number,
    set_dataset_class,
    spec_of,
)

_WHAT = "A data set"


class DatasetV2:
    """The base class by whose name and module Keras tells a data set, without importing TensorFlow."""

    __module__ = "tensorflow.python.data.ops.dataset_ops"


class Dataset(Creation, Batching, DatasetV2, Resource):
    """A sequence of elements, described by where they come from and what is done with them.

    A data set is iterated over in Python, by `for`, `iter` and `as_numpy_iterator`; each pass makes the elements anew.
    Functions given to its methods are recorded, as a `tf.function` is.

    Args:
      variant_tensor: not for users: they call `from_tensor_slices` and its kin.

    Differs from TensorFlow: elements are made when they are asked for, in the caller's thread. A function for a
    transformation that cannot be recorded is called with each element, and its results count as of any size.
    """

    def __init__(self, variant_tensor):
        if not isinstance(variant_tensor, Node):
            raise TypeError("A data set is made by Dataset.from_tensor_slices and the like, not by its class.")
        self._node = variant_tensor

    @property
    def element_spec(self):
        """The structure of the TypeSpecs of the elements."""
        return self._node.structure.spec

    def __iter__(self):
        return OwnedIterator(self)

    def __bool__(self):
        return True

    __nonzero__ = __bool__

    def __len__(self):
        n = self._node.cardinality()
        if n == INFINITE:
            raise TypeError("The dataset is infinite.")
        if n == UNKNOWN:
            raise TypeError("The dataset length is unknown.")
        return n

    def __repr__(self):
        return f"<{self._node.name} element_spec={self.element_spec}>"

    def __tf_tracing_type__(self, context):
        return DatasetSpec.from_value(self)

    def __debug_string__(self):
        return repr(self)

    def _recorded_source(self):
        """(It as the source of a loop in the function that is being recorded, function from parts to an element)."""
        return Source(self._node).recorded(), self._node.structure.pack

    def _stand_in(self, handle):
        """What stands for it among the arguments of a function that is being recorded."""
        return Dataset(Argument(self._node.structure, handle))

    def _handle(self):
        """It as an argument of a node."""
        return Source(self._node).handle(Dataset)

    def _made(self, kind, *args):
        return Dataset(kind(self._node, *args))

    # What it is

    def as_numpy_iterator(self):
        """A `NumpyIterator` over it: the elements with NumPy arrays in place of tensors.

        Raises:
          TypeError: elements of which some parts are no tensors.
        """
        for spec in self._node.structure.flat:
            if not isinstance(spec, (TensorSpec, DatasetSpec)) and spec.value_type is not type(None):
                raise TypeError(f"`tf.data.Dataset.as_numpy_iterator()` is not supported for datasets that produce values of type {spec.value_type}.")  # fmt: skip
        return NumpyIterator(self)

    def cardinality(self):
        """The number of elements as an int64 scalar; `INFINITE_CARDINALITY` or `UNKNOWN_CARDINALITY` where there is none."""
        return convert(self._node.cardinality(), dtypes.int64)

    def options(self):
        """The `tf.data.Options` that it has been given."""
        found, nodes = self._node, []

        def walk(node):
            for before in node.inputs:
                walk(before)
            nodes.append(node)

        walk(found)
        return merged_options(nodes)

    def with_options(self, options, name=None):
        """The same data set with options.

        Args:
          options: `tf.data.Options`.

        Raises:
          AttributeError: `options` is of another class.
        """
        self.options().merge(options)
        return self._made(choices.WithOptions, options)

    def get_single_element(self, name=None):
        """Its only element.

        Raises:
          InvalidArgumentError: there is none, or more than one.
        """
        iterator = iter(self)
        found = next(iterator, self)
        if found is self:
            raise errors.InvalidArgumentError(None, None, "Dataset was empty. [Op:DatasetToSingleElement]")
        if next(iterator, self) is not self:
            raise errors.InvalidArgumentError(None, None, "Dataset had more than one element. [Op:DatasetToSingleElement]")
        return found

    def apply(self, transformation_func):
        """What a function makes of this data set.

        Args:
          transformation_func: function from a data set to another.

        Raises:
          TypeError: it gives something else.
        """
        found = transformation_func(self)
        if not isinstance(found, Dataset):
            raise TypeError(
                "Invalid `transformation_func`. `transformation_func` should return a `Dataset` but got an object of type "
                f"{type(found)}."
            )
        return found

    # Elements chosen, repeated, reordered

    def take(self, count, name=None):
        """The first elements.

        Args:
          count: how many; all if negative.
        """
        return self._made(choices.Take, number(count))

    def skip(self, count, name=None):
        """All but the first elements.

        Args:
          count: how many; all if negative.
        """
        return self._made(choices.Skip, number(count))

    def shard(self, num_shards, index, name=None):
        """Every `num_shards`-th element.

        Args:
          num_shards: in how many parts the data set is divided.
          index: which of them it is.

        Raises:
          InvalidArgumentError: there is no such part.
        """
        count, at = number(num_shards), number(index)
        if type(count) is int and count < 1:
            raise errors.InvalidArgumentError(None, None, f"Number of shards must be greater than zero (currently num_shards = {count}). [Op:ShardDataset]")  # fmt: skip
        if type(at) is int and not (0 <= at and (type(count) is not int or at < count)):
            raise errors.InvalidArgumentError(None, None, f"Index must be between 0 and {count - 1} (currently index = {at}). [Op:ShardDataset]")  # fmt: skip
        return self._made(choices.Shard, count, at)

    def repeat(self, count=None, name=None):
        """The elements again and again.

        Args:
          count: how often; without end if None or negative.
        """
        return self._made(choices.Repeat, -1 if count is None else number(count))

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True, name=None):
        """The elements in a random order: that of TensorFlow for a seed.

        Args:
          buffer_size: of how many elements at a time one is chosen.
          seed: an int; the seed of `tf.random.set_seed` counts too.
          reshuffle_each_iteration: whether each pass has another order.

        Raises:
          InvalidArgumentError: `buffer_size` is not positive.
        """
        again = True if reshuffle_each_iteration is None else reshuffle_each_iteration
        return self._made(choices.Shuffle, number(buffer_size), seed, again)

    def cache(self, filename="", name=None):
        """The same elements, kept in memory from the first whole pass on.

        Args:
          filename: empty; files are not offered.

        Raises:
          NotImplementedError: a file name.
        """
        if filename:
            raise NotImplementedError("Dataset.cache(filename) is not supported: leave out the file name to keep elements in memory")
        return self._made(choices.Cache)

    def prefetch(self, buffer_size, name=None):
        """The same elements.

        Args:
          buffer_size: accepted; elements are made when they are asked for.
        """
        size = number(buffer_size)
        if type(size) is int and size < -1:
            raise errors.InvalidArgumentError(None, None, "buffer_size must be greater than or equal to 0 or AUTOTUNE. [Op:PrefetchDataset]")
        return self._made(choices.Prefetch)

    def concatenate(self, dataset, name=None):
        """These elements, then those of another data set.

        Args:
          dataset: a data set with elements of the same structure and dtypes.

        Raises:
          TypeError: its elements differ.
        """
        complaint = f"Incompatible dataset elements:\n  {self.element_spec} vs.   {dataset.element_spec}"
        spec = common(self._node.structure, dataset.element_spec, complaint)
        return Dataset(choices.Concatenate(spec, self._node, dataset._node))

    def enumerate(self, start=0, name=None):
        """The elements with their numbers: (number, element).

        Args:
          start: the first number.
        """
        return Dataset(enumerated(self._node, start))

    def unique(self, name=None):
        """Each value once.

        Raises:
          TypeError: elements that are no int32, int64 or string tensor. InvalidArgumentError: several components.
        """
        spec = self.element_spec
        if not isinstance(spec, TensorSpec):
            raise errors.InvalidArgumentError(None, None, "UniqueDataset only supports inputs with a single component. [Op:UniqueDataset]")  # fmt: skip
        if spec.dtype not in (dtypes.int32, dtypes.int64, dtypes.string):
            raise TypeError(
                "`tf.data.Dataset.unique()` only supports a single `tf.Tensor` component of type tf.int32, tf.int64 or "
                f"tf.string but the type of the component of the input dataset is {spec.dtype}."
            )
        return self._made(choices.Unique)

    def ignore_errors(self, log_warning=False, name=None):
        """The elements that can be computed; those whose computation fails are left out.

        Args:
          log_warning: accepted.
        """
        return self._made(choices.IgnoreErrors)

    # Functions of elements

    def map(self, map_func, num_parallel_calls=None, deterministic=None, synchronous=None,
            use_unbounded_threadpool=False, name=None):  # fmt: skip
        """What a function makes of each element.

        Args:
          map_func: the function; the parts of a tuple are its arguments.
          num_parallel_calls, deterministic, synchronous, use_unbounded_threadpool: accepted; calls are made in order.

        Raises:
          TypeError: it returns what cannot be an element.
          ValueError: it is no function.
        """
        return self._made(mapped.Map, map_func, num_parallel_calls is not None and not synchronous)

    def filter(self, predicate, name=None):
        """The elements of which a function says True.

        Args:
          predicate: function that gives a scalar boolean.

        Raises:
          ValueError: it gives something else.
        """
        return self._made(mapped.Filter, predicate)

    def take_while(self, predicate, name=None):
        """The elements before the first of which a function says False.

        Args:
          predicate: function that gives a scalar boolean.

        Raises:
          ValueError: it gives something else.
        """
        return self._made(mapped.TakeWhile, predicate)

    def flat_map(self, map_func, name=None):
        """The elements of the data sets that a function makes of elements, one after the other.

        Args:
          map_func: function from an element to a data set.

        Raises:
          TypeError: it gives something else.
        """
        return self._made(mapped.FlatMap, map_func)

    def interleave(self, map_func, cycle_length=None, block_length=None, num_parallel_calls=None, deterministic=None,
                   name=None):  # fmt: skip
        """The elements of the data sets that a function makes of elements, of several in turn.

        Args:
          map_func: function from an element to a data set.
          cycle_length: of how many at a time; the number of cores if not given.
          block_length: how many elements of each; 1 if not given.
          num_parallel_calls, deterministic: accepted; the order is fixed.

        Raises:
          TypeError: `map_func` gives something else.
        """
        cycle = -1 if cycle_length is None else number(cycle_length)
        cycle = (os.cpu_count() or 1) if cycle == -1 else cycle
        block = 1 if block_length is None else number(block_length)
        for name_, value in (("cycle_length", cycle), ("block_length", block)):
            if value <= 0:
                raise errors.InvalidArgumentError(None, None, f"{name_} must be greater than zero. [Op:InterleaveDataset]")
        return self._made(mapped.Interleave, map_func, cycle, block, num_parallel_calls is not None)

    def scan(self, initial_state, scan_func, name=None):
        """What a function gives for each element and a state that it hands on.

        Args:
          initial_state: structure of tensors.
          scan_func: function from (state, element) to (next state, result).

        Raises:
          TypeError: it gives no pair, or a state of other dtypes.
        """
        state = normalized(initial_state)
        return Dataset(mapped.Scan(self._node, Structure(spec_of(state)), components_of(state), scan_func))

    def reduce(self, initial_state, reduce_func, name=None):
        """The state after all elements, each of which a function has joined to it.

        Args:
          initial_state: structure of tensors.
          reduce_func: function from (state, element) to the next state.

        Raises:
          TypeError: it gives a state of other dtypes.
        """
        state = normalized(initial_state)
        if context.trace is not None:
            return recorded_reduce(self, state, converted(reduce_func))
        structure, found = mapped.reduced(self._node, Structure(spec_of(state)), components_of(state), reduce_func)
        return structure.pack(found)

    def group_by_window(self, key_func, reduce_func, window_size=None, window_size_func=None, name=None):
        """Elements with the same key, up to a number of them, made into data sets by a function.

        Args:
          key_func: function from an element to an int64 scalar.
          reduce_func: function from a key and a data set of elements to a data set.
          window_size: how many elements at most.
          window_size_func: instead, a function from a key to that number.

        Raises:
          ValueError: both or none of `window_size` and `window_size_func`, or keys of another dtype.
          TypeError: keys that are no integers; `reduce_func` gives no data set.
        """
        if (window_size is None) == (window_size_func is None):
            raise ValueError("Either the `window_size` argument or the `window_size_func` argument must be specified.")
        key, size = converted(key_func), window_size_func and converted(window_size_func)
        return self._made(
            mapped.GroupByWindow, lambda *element: convert(key(*element), dtypes.int64), reduce_func,
            lambda key: convert(window_size if size is None else size(key), dtypes.int64),
        )  # fmt: skip

    def fingerprint(self):
        """Not offered: raises NotImplementedError."""
        raise NotImplementedError("Dataset.fingerprint is not supported: compare what makes the data sets")

    def save(self, path, compression=None, shard_func=None, checkpoint_args=None):
        """Not offered: raises NotImplementedError."""
        raise NotImplementedError("Dataset.save is not supported: save arrays with numpy.savez")

    def snapshot(self, path, compression="AUTO", reader_func=None, shard_func=None, name=None):
        """Not offered: raises NotImplementedError."""
        raise NotImplementedError("Dataset.snapshot is not supported: use Dataset.cache, or save arrays with numpy.savez")

    def rejection_resample(self, class_func, target_dist, initial_dist=None, seed=None, name=None):
        """Not offered: raises NotImplementedError."""
        raise NotImplementedError("Dataset.rejection_resample is not supported: use Dataset.sample_from_datasets on a filter for each class")  # fmt: skip


set_dataset_class(Dataset, Dataset)
register_type_spec_from_value_converter(Dataset, DatasetSpec.from_value, True)
