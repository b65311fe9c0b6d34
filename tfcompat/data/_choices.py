"""Transformations that choose, repeat and reorder elements."""

import itertools
import math

from tfcompat._core import errors
from tfcompat._core.shapes import TensorShape
from tfcompat._core.specs import TensorSpec
from tfcompat.data._nodes import INFINITE, UNKNOWN, Node, least, open_number
from tfcompat.data._sources import Kept, Words
from tfcompat.data._structure import Structure, array


class Same(Node):
    """A transformation that leaves the form of elements alone."""

    def __init__(self, node):
        super().__init__(node.structure, node)

    def rows(self):
        """The rows of the input, where they are in order; `_chosen` says which."""
        rows = self.inputs[0].rows()
        return None if rows is None else (rows[0], self._chosen(rows[1]))

    def iterate(self):
        return self._chosen(self.inputs[0].iterate())

    def _chosen(self, items):
        """Those of the items (elements, or numbers of rows) that it gives."""
        return items


class Prefetch(Same):
    """The same; elements are made when they are asked for."""

    name = "_PrefetchDataset"


class WithOptions(Same):
    """The same, with options."""

    name = "_OptionsDataset"

    def __init__(self, node, options):
        super().__init__(node)
        self.options = options


class Take(Same):
    """The first elements; all where `count` is negative."""

    name = "_TakeDataset"
    parameters = ("count",)

    def __init__(self, node, count):
        super().__init__(node)
        self.count = count

    def _chosen(self, items):
        return items if self.count < 0 else itertools.islice(items, self.count)

    def cardinality(self):
        n = self.inputs[0].cardinality()
        if open_number(self.count):
            return UNKNOWN
        if n == UNKNOWN or self.count < 0:
            return n
        return self.count if n == INFINITE else min(n, self.count)


class Skip(Same):
    """All but the first elements; none where `count` is negative."""

    name = "_SkipDataset"
    parameters = ("count",)

    def __init__(self, node, count):
        super().__init__(node)
        self.count = count

    def _chosen(self, items):
        return iter(()) if self.count < 0 else itertools.islice(items, self.count, None)

    def cardinality(self):
        n = self.inputs[0].cardinality()
        if open_number(self.count):
            return UNKNOWN
        if self.count < 0:
            return 0
        return n if n < 0 else max(0, n - self.count)


class Shard(Same):
    """Every `count`-th element."""

    name = "_ShardDataset"
    parameters = ("count", "index")

    def __init__(self, node, count, index):
        super().__init__(node)
        self.count, self.index = count, index

    def _chosen(self, items):
        return itertools.islice(items, self.index, None, self.count)

    def cardinality(self):
        n = self.inputs[0].cardinality()
        if open_number(self.count, self.index):
            return UNKNOWN
        return n if n < 0 else max(0, -(-(n - self.index) // self.count))


class Repeat(Same):
    """The elements again and again."""

    name = "_RepeatDataset"
    parameters = ("count",)

    def __init__(self, node, count):
        super().__init__(node)
        self.count = count

    def rows(self):
        first = self.inputs[0].rows() if self.count else None
        if first is None:
            return None
        return first[0], self._passes(itertools.chain([first[1]], iter(lambda: self.inputs[0].rows()[1], None)))

    def iterate(self):
        node = self.inputs[0]
        return self._passes(itertools.chain([node.iterate()], iter(node.iterate, None)))

    def _passes(self, passes):
        if self.count < 0:
            for once in passes:
                first = next(once, self)
                if first is self:
                    return  # of nothing there is no end
                yield first
                yield from once
        for once in itertools.islice(passes, max(self.count, 0)):
            yield from once

    def cardinality(self):
        n = self.inputs[0].cardinality()
        if open_number(self.count):
            return UNKNOWN
        if self.count == 0 or n == 0:
            return 0
        if self.count < 0:
            return INFINITE
        return n if n < 0 else n * self.count


class Shuffle(Same):
    """A random one of the next `size` elements, each time."""

    name = "_ShuffleDataset"
    parameters = ("size",)

    def __init__(self, node, size, seed, again):
        super().__init__(node)
        if not open_number(size) and size <= 0 and size != UNKNOWN:
            raise errors.InvalidArgumentError(
                None, None, "buffer_size must be greater than zero or UNKNOWN_CARDINALITY [Op:ShuffleDatasetV3]"
            )
        self.size, self.words = size, Words(seed, again)

    def start_anew(self):
        self.words = self.words.anew()

    def rows(self):
        found = self.inputs[0].rows()
        return None if found is None else (found[0], self._shuffled(lambda: found[1], self.words.iterator()))

    def iterate(self):
        return self._shuffled(self.inputs[0].iterate, self.words.iterator())

    def _shuffled(self, start, words):
        """The items of the iterator that `start` gives; it is made when the first is asked for, as in TensorFlow."""
        size, items = self.size, start()
        held = list(items) if size == UNKNOWN else list(itertools.islice(items, size))
        oldest = 0  # where the ring begins; what is before it has been given
        for new in items:
            at = oldest + next(words) % (len(held) - oldest)
            yield held[at]
            held[at] = held[oldest]
            held[oldest] = None
            oldest += 1
            held.append(new)
            if oldest > 1000 and oldest * 2 > len(held):
                del held[:oldest]
                oldest = 0
        while oldest < len(held):
            at = oldest + next(words) % (len(held) - oldest)
            yield held[at]
            held[at] = held[oldest]
            oldest += 1


class Cache(Same):
    """The same, kept from the first pass."""

    name = "CacheDataset"

    def __init__(self, node):
        super().__init__(node)
        self._kept = None

    def start_anew(self):
        self._kept = None

    def rows(self):
        return None

    def iterate(self):
        return self._keeping(self.inputs[0].iterate()) if self._kept is None else iter(self._kept)

    def _keeping(self, elements):
        kept = []
        for element in elements:
            kept.append([c if c is None or hasattr(c, "iterate") else array(c) for c in element])
            yield kept[-1]
        self._kept = kept


class Assert(Same):
    """The same; there have to be `count` elements."""

    name = "_AssertCardinalityDataset"

    def __init__(self, node, count):
        super().__init__(node)
        self._count = count

    def rows(self):
        return None

    def iterate(self):
        return self._counted(self.inputs[0].iterate())

    def _counted(self, elements):
        seen, wanted = 0, self._count
        for element in elements:
            seen += 1
            if seen > wanted >= 0:
                raise self._error("at least " + _elements(seen))
            yield element
        if seen != wanted:
            raise self._error(_elements(seen))

    def _error(self, found):
        wanted = "an infinite number of elements" if self._count == INFINITE else _elements(self._count)
        return errors.FailedPreconditionError(
            None, None, f"Input dataset was expected to contain {wanted} but contained {'only ' * ('least' not in found)}"
            f"{found}. [Op:IteratorGetNext]",
        )  # fmt: skip

    def cardinality(self):
        return self._count


def _elements(n):
    return "1 element" if n == 1 else f"{n} elements"


class IgnoreErrors(Same):
    """The elements that can be computed."""

    name = "_IgnoreErrorsDataset"

    def rows(self):
        return None

    def cardinality(self):
        return UNKNOWN

    def iterate(self):
        return self._good(self.inputs[0].iterate())

    def _good(self, elements):
        while True:
            try:
                element = next(elements)
                for component in element:
                    if component is not None and not hasattr(component, "iterate"):
                        array(component)
            except StopIteration:
                return
            except errors.OpError:
                continue
            yield element


class Unique(Same):
    """Each value once, where it comes first."""

    name = "_UniqueDataset"

    def rows(self):
        return None

    def iterate(self):
        return self._new(self.inputs[0].iterate())

    def _new(self, elements):
        seen = set()
        for element in elements:
            value = array(element[0])
            key = value.tobytes() if value.dtype != object else tuple(value.reshape(-1).tolist())
            if key not in seen:
                seen.add(key)
                yield element

    def cardinality(self):
        return UNKNOWN


class Concatenate(Node):
    """One data set after the other."""

    name = "_ConcatenateDataset"

    def __init__(self, spec, first, second):
        super().__init__(spec, first, second)

    def iterate(self):
        first, second = self.inputs
        return itertools.chain(first.iterate(), self._later(second))

    def _later(self, node):
        yield from node.iterate()

    def cardinality(self):
        counts = [node.cardinality() for node in self.inputs]
        if INFINITE in counts:
            return INFINITE
        return UNKNOWN if UNKNOWN in counts else sum(counts)


class Zip(Node):
    """Elements of several data sets side by side.

    Args:
      spec: structure of the specs of elements.
      order: which input each of its data sets is, in the order in which structures are flat.
    """

    name = "_ZipDataset"

    def rows(self):
        parts = [getattr(node, "arrays", lambda: None)() for node in self.inputs]
        if any([p is None for p in parts]):
            return None
        return [a for p in parts for a in p], iter(range(min([len(p[0]) for p in parts])))

    def iterate(self):
        iterators = [node.iterate() for node in self.inputs]
        return ([c for part in parts for c in part] for parts in zip(*iterators, strict=False))

    def cardinality(self):
        return least([node.cardinality() for node in self.inputs])


class Directed(Node):
    """The next element of the data set that another one names."""

    name = "_DirectedInterleaveDataset"

    def __init__(self, spec, selector, inputs, stop):
        super().__init__(spec, selector, *inputs)
        self._stop = stop

    def iterate(self):
        selector, *nodes = [node.iterate() for node in self.inputs]
        return self._directed(selector, nodes)

    def _directed(self, selector, iterators):
        left = len(iterators)
        for (choice,) in selector:
            k = int(array(choice))
            if not 0 <= k < len(iterators):
                raise errors.InvalidArgumentError(
                    None, None, f"Selector index out of range: {k} >= {len(iterators)} [Op:IteratorGetNext]"
                )
            if iterators[k] is None:
                continue
            element = next(iterators[k], None)
            if element is not None:
                yield element
                continue
            iterators[k], left = None, left - 1
            if self._stop or not left:
                return

    def cardinality(self):
        counts = [node.cardinality() for node in self.inputs]
        return INFINITE if counts[0] == INFINITE and INFINITE in counts[1:] and not self._stop else UNKNOWN


class Window(Node):
    """Data sets of `size` elements each, the next beginning `shift` elements further on."""

    name = "_WindowDataset"

    def __init__(self, node, spec, size, shift, stride, drop):
        super().__init__(spec, node)
        for name, value in (("size", size), ("shift", shift), ("stride", stride)):
            if value <= 0:
                raise errors.InvalidArgumentError(
                    None, None, f"Window {name} must be greater than zero. [Op:WindowDataset]"
                )
        self._size, self._shift, self._stride, self._drop = size, shift, stride, drop

    def iterate(self):
        return self._windows(self.inputs[0].iterate())

    def _windows(self, elements):
        held, span = [], (self._size - 1) * self._stride + 1
        pieces = [Structure(spec) for spec in self.inputs[0].structure.flat]
        while True:
            held += itertools.islice(elements, max(0, span - len(held)))
            if not held or (self._drop and len(held) < span):
                return
            chosen = held[:span : self._stride]
            yield [Kept(piece, [[e[i]] for e in chosen]) for i, piece in enumerate(pieces)]
            if self._shift > len(held):
                skipped = self._shift - len(held)
                held = []
                if sum([1 for _ in itertools.islice(elements, skipped)]) < skipped:
                    return
            else:
                del held[: self._shift]

    def cardinality(self):
        n = self.inputs[0].cardinality()
        if n < 0:
            return n
        if not self._drop:
            return math.ceil(n / self._shift)
        return max(0, (n - (self._size - 1) * self._stride - 1) // self._shift + 1)


def widened(first, second):
    """The spec of elements of two data sets, one after the other; ValueError or TypeError where there is none."""
    if not isinstance(first, TensorSpec) or not isinstance(second, TensorSpec):
        found = first.most_specific_common_supertype([second])
        if found is None:
            raise TypeError
        return found
    if first.dtype is not second.dtype:
        raise TypeError
    return TensorSpec(_common(first.shape, second.shape), first.dtype)


def _common(a, b):
    if a.rank is None or b.rank is None or a.rank != b.rank:
        return TensorShape(None)
    return TensorShape([m if m == n else None for m, n in zip(a.as_list(), b.as_list(), strict=True)])
