"""Where data sets come from: the methods of `tf.data.Dataset` that make one of something else."""

from tfcompat._core import dtypes, nest
from tfcompat._core.convert import convert
from tfcompat._core.specs import TensorSpec
from tfcompat.data import _choices as choices, _generators as generators, _mapped as mapped, _sources as sources
from tfcompat.data._batches import Batch
from tfcompat.data._structure import (
    Structure,
    components_of,
    dataset_of,
    is_dataset,
    normalized,
    number,
    spec_of,
)


class Creation:
    """What makes data sets of tensors, numbers, generators and other data sets."""

    @staticmethod
    def from_tensors(tensors, name=None):
        """A data set of one element.

        Args:
          tensors: a structure of tensors.
        """
        value = normalized(tensors)
        return dataset_of(sources.TensorSource(spec_of(value), components_of(value)))

    @staticmethod
    def from_tensor_slices(tensors, name=None):
        """A data set of the rows of tensors.

        Args:
          tensors: a structure of tensors whose first dimensions are equal.

        Raises:
          ValueError: a scalar, or first dimensions that differ.
        """
        value = normalized(tensors)
        return dataset_of(sources.sliced(components_of(value), spec_of(value)))

    @staticmethod
    def from_generator(generator, output_types=None, output_shapes=None, args=None, output_signature=None, name=None):
        """A data set of what a Python generator yields; it is called for each pass.

        Args:
          generator: function that gives an iterable.
          output_types, output_shapes: structures of dtypes and shapes, the older way to say what `output_signature` says.
          args: tensors that `generator` is called with, as arrays.
          output_signature: structure of TensorSpecs.

        Raises:
          TypeError: arguments of a wrong kind. While iterating, InvalidArgumentError for elements that do not fit.
        """
        return dataset_of(generators.from_generator(generator, output_types, output_shapes, args, output_signature))

    @staticmethod
    def range(*args, **kwargs):
        """A data set of numbers, as Python's `range` takes its arguments.

        Args:
          *args: `stop`, or `start` and `stop`, or these and `step`.
          **kwargs: `output_type`, int64 if not given, and `name`.

        Raises:
          ValueError: no argument, or more than three.
        """
        if not 1 <= len(args) <= 3:
            raise ValueError(f"Invalid `args`. The length of `args` should be between 1 and 3 but was {len(args)}.")
        start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
        dtype = dtypes.as_dtype(kwargs.get("output_type", dtypes.int64))
        return dataset_of(sources.Range(number(start), number(stop), number(step), dtype))

    @staticmethod
    def counter(start=0, step=1, dtype=dtypes.int64, name=None):
        """An endless data set of numbers.

        Args:
          start: the first.
          step: from one to the next.
          dtype: of the elements.
        """
        node = sources.Range(number(start), None, number(step), dtypes.as_dtype(dtype))
        node.name = "_ScanDataset"
        return dataset_of(node)

    @staticmethod
    def random(seed=None, rerandomize_each_iteration=None, name=None):
        """An endless data set of random int64 numbers of 32 bits: TensorFlow's for a seed.

        Args:
          seed: an int.
          rerandomize_each_iteration: whether each pass has other numbers.
        """
        return dataset_of(sources.Random(seed, rerandomize_each_iteration))

    @staticmethod
    def zip(*args, datasets=None, name=None):
        """A data set of elements of several ones side by side; it ends with the first that does.

        Args:
          *args: data sets, or one structure of them.
          datasets: the structure, by its older name.

        Raises:
          TypeError: something that is no data set.
        """
        if not args and datasets is None:
            raise TypeError("Must pass at least one dataset to `zip`.")
        if args and datasets is not None:
            raise TypeError("Both `*args` and `datasets` cannot be set.")
        if len(args) == 1:
            datasets = args[0]
        elif len(args) > 1:
            datasets = args
        kind = "Invalid input to `zip`. Inputs are expected to be (nested) structures of `tf.data.Dataset` objects"
        if isinstance(datasets, list):
            raise TypeError(f"{kind}. Python `list` is not supported and you should use `tuple` instead.")
        for found in nest.flatten(datasets):
            if not is_dataset(found):
                raise TypeError(f"{kind} but encountered object of type {type(found)}.")
        spec = nest.map_structure(lambda d: d.element_spec, datasets)
        return dataset_of(choices.Zip(spec, *[d._node for d in nest.flatten(datasets)]))

    @staticmethod
    def choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset=True):
        """A data set that takes each element from the one of `datasets` that `choice_dataset` names.

        Args:
          datasets: list of data sets with elements of one form.
          choice_dataset: data set of int64 scalars.
          stop_on_empty_dataset: whether it ends with the first of them; else they are left out from then on.

        Raises:
          TypeError: elements that differ, or choices that are no int64 scalars.
          ValueError: no data sets.
        """
        if not datasets:
            raise ValueError("Invalid `datasets`. `datasets` should not be empty.")
        spec = choice_dataset.element_spec
        if not (isinstance(spec, TensorSpec) and spec.dtype is dtypes.int64 and spec.shape.is_compatible_with([])):
            raise TypeError(
                "Invalid `choice_dataset`. Elements of `choice_dataset` must be scalar `tf.int64` tensors but are "
                f"{spec}."
            )
        return directed(choice_dataset._node, datasets, stop_on_empty_dataset)

    @staticmethod
    def sample_from_datasets(datasets, weights=None, seed=None, stop_on_empty_dataset=False,
                             rerandomize_each_iteration=None):  # fmt: skip
        """A data set that takes each element from a random one of `datasets`.

        Args:
          datasets: list of data sets with elements of one form.
          weights: probabilities, as many; or a data set of such lists. Equal ones if not given.
          seed: an int.
          stop_on_empty_dataset: whether it ends with the first of them; else they are left out from then on.
          rerandomize_each_iteration: whether each pass chooses anew.

        Raises:
          TypeError: elements that differ, or weights that are no floats.
          ValueError: no data sets, or not as many weights.
        """
        if not datasets:
            raise ValueError("Invalid `datasets`. `datasets` should not be empty.")
        return directed_at_random(list(datasets), weights, seed, stop_on_empty_dataset, rerandomize_each_iteration)

    @staticmethod
    def list_files(file_pattern, shuffle=None, seed=None, name=None):
        """Not offered: raises NotImplementedError."""
        raise NotImplementedError(
            "Dataset.list_files is not supported: use sorted(glob.glob(pattern)) and Dataset.from_tensor_slices"
        )

    @staticmethod
    def load(path, element_spec=None, compression=None, reader_func=None, wait=False):
        """Not offered: raises NotImplementedError."""
        raise NotImplementedError("Dataset.load is not supported: use numpy.load and Dataset.from_tensor_slices")


def directed(selector, datasets, stop):
    """The data set that takes elements from `datasets` as the node `selector` says."""
    specs = Structure(datasets[0].element_spec)
    for other in datasets[1:]:
        specs = common(specs, other.element_spec, "Invalid `datasets`. `datasets` must have compatible element specs.")
    return dataset_of(choices.Directed(specs, selector, [d._node for d in datasets], stop))


def common(structure, spec, complaint):
    """The Structure that covers a second spec of elements, too; TypeError with `complaint` if there is none."""
    try:
        nest.assert_same_structure(structure.spec, spec)
        pairs = zip(structure.flat, nest.flatten(spec), strict=True)
        found = iter([choices.widened(a, b) for a, b in pairs])
        return structure.map(lambda _: next(found))
    except (TypeError, ValueError):
        raise TypeError(complaint) from None


def directed_at_random(datasets, weights, seed, stop, again):
    from tfcompat import math, random

    constant = not is_dataset(weights)
    if constant and weights is not None:
        if hasattr(weights, "shape"):
            if not convert(weights).shape.is_compatible_with([len(datasets)]):
                raise ValueError(f"Invalid `weights`. The shape of `weights` should be compatible with `[len(datasets)]` but is {weights.shape}.")  # fmt: skip
        else:
            if len(weights) != len(datasets):
                raise ValueError(
                    "Invalid `weights`. `weights` should have the same length as `datasets` but got "
                    f"`len(weights)={len(weights)}` vs. `len(datasets)={len(datasets)}`."
                )
            kept = [(d, w) for d, w in zip(datasets, weights, strict=True) if w != 0]
            datasets, weights = zip(*kept, strict=True) if kept else ([datasets[0].take(0)], [1.0])
        weights = convert(weights)
        if weights.dtype not in (dtypes.float32, dtypes.float64):
            raise TypeError(f"Invalid `weights`. `weights` type must be either `tf.float32` or `tf.float64` but is {weights.dtype}.")  # fmt: skip
    if constant and len(datasets) == 1:
        return datasets[0]
    seeds = Batch(sources.Random(seed, again), 2, True, False)
    if constant:
        logits = convert([[1.0] * len(datasets)]) if weights is None else math.log(weights)[None]

        def choose(pair):
            return random.stateless_categorical(logits, 1, pair)[0, 0]

        selector = mapped.Map(seeds, choose)
    else:
        both = choices.Zip((weights.element_spec, seeds.structure.spec), weights._node, seeds)
        selector = mapped.Map(both, lambda w, pair: random.stateless_categorical(math.log(w)[None], 1, pair)[0, 0])
    return directed(selector, list(datasets), stop)


def enumerated(node, start):
    """The elements with their numbers."""
    numbers = sources.Range(number(start), None, 1, dtypes.int64)
    return choices.Zip((numbers.structure.spec, node.structure.spec), numbers, node)

