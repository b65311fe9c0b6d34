"""Where elements come from: tensors, ranges, random numbers, generators."""

import itertools

import numpy as np

from tfcompat._core import dtypes, errors
from tfcompat._core.context import state
from tfcompat._core.random_state import host_words, seeds
from tfcompat._core.shapes import Dimension
from tfcompat._core.specs import TensorSpec
from tfcompat.data._nodes import INFINITE, UNKNOWN, Node, open_number
from tfcompat.data._structure import Structure, array, is_symbolic, number, tensor

_LARGEST = 10_000_000  # numbers of a range that are kept as an array
_WORDS = 1024  # random words that are drawn at a time


class TensorSource(Node):
    """One element."""

    name = "_TensorDataset"
    parameters = ("tensors",)

    def __init__(self, structure, tensors):
        super().__init__(structure)
        self.tensors = tensors

    def iterate(self):
        return iter([list(self.tensors)])

    def cardinality(self):
        return 1


class TensorSlices(Node):
    """The rows of tensors."""

    name = "_TensorSliceDataset"
    parameters = ("tensors",)

    def __init__(self, structure, tensors):
        super().__init__(structure.map(lambda spec: spec._unbatch()))
        if not tensors:
            raise ValueError("Invalid `tensors`. `tensors` should not be empty.")
        length = Dimension(None)
        for spec in structure.flat:
            length.assert_is_compatible_with(Dimension(spec.shape[0]))
            length = length.merge_with(Dimension(spec.shape[0]))
        self.tensors = tensors

    def rows(self):
        arrays = self.arrays()
        return arrays, iter(range(len(arrays[0])))

    def arrays(self):
        """The arrays whose rows, from the first to the last, are the elements; None if there are none."""
        return [array(t) for t in self.tensors]

    def cardinality(self):
        first = self.tensors[0]
        length = first.shape[0] if is_symbolic(first) else tensor(first)._aval.shape[0]
        return UNKNOWN if length is None else length


class Range(Node):
    """Numbers from `start` to `stop`; endless where that is None."""

    name = "_RangeDataset"
    parameters = ("start", "stop", "step")

    def __init__(self, start, stop, step, dtype):
        super().__init__(TensorSpec([], dtype))
        self.start, self.stop, self.step, self.dtype = start, stop, step, dtype
        if not open_number(step) and step == 0:
            raise errors.InvalidArgumentError(None, None, "step must be a non-zero integer. [Op:RangeDataset]")

    def _range(self):
        return range(self.start, self.stop, self.step)

    def iterate(self):
        kind = self.dtype.np.type
        numbers = itertools.count(self.start, self.step) if self.stop is None else self._range()
        return ([kind(i)] for i in numbers)

    def rows(self):
        arrays = self.arrays()
        return None if arrays is None else (arrays, iter(range(len(arrays[0]))))

    def arrays(self):
        if self.stop is None or len(self._range()) > _LARGEST:
            return None
        numbers = self._range()
        return [np.arange(numbers.start, numbers.stop, numbers.step, np.int64).astype(self.dtype.np)]

    def cardinality(self):
        if open_number(self.start, self.step, 0 if self.stop is None else self.stop):
            return UNKNOWN
        return INFINITE if self.stop is None else len(self._range())


class Words:
    """Random words of a pair of seeds, and where the iterators of one data set take their seeds from.

    Args:
      seed: the op's own seed, or None.
      again: whether each iterator has seeds of its own.
    """

    def __init__(self, seed, again):
        self.pair, self._again = pair_of(seed), again
        self._seeds, self._given = None, 0

    def anew(self):
        """The same from the start."""
        made = object.__new__(Words)
        made.pair, made._again, made._seeds, made._given = self.pair, self._again, None, 0
        return made

    def iterator(self):
        """An iterator over the words for one iterator over the data set."""
        if not self._again:
            return stream(*self.pair)
        if self._seeds is None:
            self._seeds = stream(*self.pair)
        self._given += 1
        return stream(next(self._seeds), next(self._seeds))

    def position(self):
        """What decides the words of the next iterators, for `go_to`."""
        return [*self.pair, self._given]

    def go_to(self, seed, seed2, given):
        self.pair, self._given = (seed, seed2), given
        self._seeds = itertools.islice(stream(seed, seed2), 2 * given, None)


def pair_of(seed):
    """The two seeds of an op with this seed (an int, or None)."""
    if seed is not None:
        seed = number(seed)
    if state.trace is not None and seed is None and seeds.seed is not None:
        seed = state.trace.seed_count
        state.trace.seed_count += 1
    with seeds.lock:
        pair = seeds.pair(seed)
    return (seeds.system.getrandbits(63), seeds.system.getrandbits(63)) if pair == (None, None) else pair


def stream(seed, seed2):
    """The random words of a pair of seeds, as Python ints."""
    counter = seed2 << 64
    while True:
        yield from host_words(seed, counter, _WORDS).tolist()
        counter += _WORDS // 4


class Random(Node):
    """Random numbers of 32 bits."""

    name = "_RandomDataset"

    def __init__(self, seed, again):
        super().__init__(TensorSpec([], dtypes.int64))
        self.words = Words(seed, bool(again))

    def iterate(self):
        return ([np.int64(word)] for word in self.words.iterator())

    def cardinality(self):
        return INFINITE

    def start_anew(self):
        self.words = self.words.anew()


class Generated(Node):
    """What a Python generator yields.

    Args:
      make: function that gives the generator.
      convert: function from what it yields to components.
    """

    name = "_FlatMapDataset"

    def __init__(self, spec, make, convert):
        super().__init__(spec)
        self._make, self._convert = make, convert

    def iterate(self):
        return map(self._convert, self._make())

    def cardinality(self):
        return UNKNOWN


class Kept(Node):
    """Elements that are there already: a window, or a group."""

    name = "_VariantDataset"

    def __init__(self, structure, elements):
        super().__init__(structure)
        self._elements = elements

    def iterate(self):
        return iter(self._elements)

    def cardinality(self):
        return len(self._elements)


def sliced(value, spec):
    """The source of the rows of a normalized value."""
    return TensorSlices(Structure(spec), value)
