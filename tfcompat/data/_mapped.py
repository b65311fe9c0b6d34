"""Transformations that call a function."""

import itertools

from tfcompat._core import errors
from tfcompat._core.shapes import TensorShape
from tfcompat.data._functions import DataFunction
from tfcompat.data._nodes import UNKNOWN, Node, Placeholder
from tfcompat.data._sources import Kept
from tfcompat.data._structure import DatasetSpec, NoneTensorSpec, Structure, array, merged


def first_of(node):
    """A function that gives the first element of a node, or None."""
    return lambda: None if type(node) is Placeholder else next(node.iterate(), None)


class Map(Node):
    """What a function makes of each element."""

    name = "_MapDataset"
    parameters = ("function",)

    def __init__(self, node, function, parallel=False):
        self.function = DataFunction(function, node.structure, "Dataset.map()", first_of(node))
        if all([isinstance(s, NoneTensorSpec) for s in self.function.result.flat]):
            raise errors.InvalidArgumentError(None, None, "The results of a function hold no tensors. [Op:MapDataset]")
        super().__init__(self.function.result, node)
        if parallel:
            self.name = "_ParallelMapDataset"

    def iterate(self):
        return map(self.function.instance(), self.inputs[0].iterate())


class Filter(Node):
    """The elements of which a function says True."""

    name = "_FilterDataset"
    parameters = ("function",)

    def __init__(self, node, predicate):
        super().__init__(node.structure, node)
        self.function = boolean(predicate, node, "predicate", "Dataset.filter()")

    def iterate(self):
        test = self.function.instance()
        return filter(lambda element: bool(array(test(element)[0])), self.inputs[0].iterate())

    def cardinality(self):
        return UNKNOWN


def boolean(predicate, node, name, transformation):
    """The DataFunction of a predicate; ValueError if it gives no boolean scalar."""
    function = DataFunction(predicate, node.structure, transformation, first_of(node))
    spec = function.result.spec
    if not (hasattr(spec, "dtype") and spec.dtype.is_bool and spec.shape.is_compatible_with([])):
        raise ValueError(
            f"Invalid `{name}`. `{name}` must return a `tf.bool` scalar tensor, but its return type is {spec}."
        )
    return function


class TakeWhile(Node):
    """The elements before the first of which a function says False."""

    name = "_TakeWhileDataset"
    parameters = ("function",)

    def __init__(self, node, predicate):
        super().__init__(node.structure, node)
        self.function = boolean(predicate, node, "predicate", "Dataset.take_while()")

    def iterate(self):
        test = self.function.instance()
        return itertools.takewhile(lambda element: bool(array(test(element)[0])), self.inputs[0].iterate())

    def cardinality(self):
        return UNKNOWN


class FlatMap(Node):
    """The elements of the data sets that a function makes of elements."""

    name = "_FlatMapDataset"
    parameters = ("function",)

    def __init__(self, node, function, transformation="Dataset.flat_map()"):
        self.function = DataFunction(function, node.structure, transformation, first_of(node))
        spec = self.function.result.spec
        if not isinstance(spec, DatasetSpec):
            raise TypeError(f"`map_func` must return a `Dataset` object. Got {type(spec)}.")
        super().__init__(spec._element_spec, node)

    def iterate(self):
        return self._flat(self.inputs[0].iterate(), self.function.instance())

    def _flat(self, elements, function):
        for element in elements:
            yield from function(element)[0].iterate()

    def cardinality(self):
        return UNKNOWN


class Interleave(FlatMap):
    """Elements of several such data sets, `block` of each in turn."""

    name = "_InterleaveDataset"

    def __init__(self, node, function, cycle, block, parallel):
        super().__init__(node, function, "Dataset.interleave()")
        self._cycle, self._block = cycle, block
        if parallel:
            self.name = "_ParallelInterleaveDataset"

    def _flat(self, inputs, function):
        going, at = [None] * self._cycle, 0
        ended = False
        while True:
            if going[at] is None and not ended:
                element = next(inputs, None)
                if element is None:
                    ended = True
                else:
                    going[at] = function(element)[0].iterate()
            if going[at] is not None:
                for _ in range(self._block):
                    item = next(going[at], None)
                    if item is None:
                        going[at] = None
                        break
                    yield item
            elif ended and all([g is None for g in going]):
                return
            at = (at + 1) % self._cycle


class Scan(Node):
    """What a function of a state and an element gives beside the next state."""

    name = "_ScanDataset"
    parameters = ("state", "function")

    def __init__(self, node, structure, initial, function):
        self.state = initial
        self._count = len(structure.flat)
        specs = structure
        for _ in range(10):  # until the shapes of the state fit what becomes of it
            self.function = DataFunction(
                function, Structure((specs.spec, node.structure.spec)), "Dataset.scan()", self._first_of(node)
            )
            result = self.function.result.spec
            if not (isinstance(result, tuple) and len(result) == 2):
                raise TypeError(
                    "Invalid `scan_func`. `scan_func` should return a pair consisting of new state and the output value but "
                    f"its return type is {result}."
                )
            wider = next_state(specs, Structure(result[0]), "scan_func", "Dataset.scan()")
            if wider.spec == specs.spec:
                break
            specs = wider
        super().__init__(result[1], node)

    def _first_of(self, node):
        def first():
            element = first_of(node)()
            return None if element is None else [*self.state, *element]

        return first

    def iterate(self):
        return self._states(self.inputs[0].iterate(), self.function.instance())

    def _states(self, elements, function):
        state = self.state
        for element in elements:
            found = function([*state, *element])
            state = found[: self._count]
            yield found[self._count :]


def next_state(before, after, name, where):
    """The Structure of a state that covers both; TypeError if its classes or dtypes change."""
    same = len(before.flat) == len(after.flat) and all(
        [type(a) is type(b) and a.dtype is b.dtype for a, b in zip(before.flat, after.flat, strict=True)]
    )
    if not same:
        raise TypeError(
            f"Invalid `{name}`. The element types for the new state must match the initial state. Expected "
            f"{before.spec}; got {after.spec}."
        )
    given = iter([merged(a, b, _relaxed) for a, b in zip(before.flat, after.flat, strict=True)])
    return before.map(lambda _: next(given))


def _relaxed(a, b):
    if a.rank is None or a.rank != b.rank:
        return TensorShape(None)
    return TensorShape([m if m == n else None for m, n in zip(a.as_list(), b.as_list(), strict=True)])


class GroupByWindow(Node):
    """Data sets of elements with the same key, up to so many, made into one by a function."""

    name = "_GroupByWindowDataset"
    parameters = ("key", "reduce", "size")

    def __init__(self, node, key, reduce, size):
        self.key = DataFunction(key, node.structure, "Dataset.group_by_window()", first_of(node))
        spec = self.key.result.spec
        if not (hasattr(spec, "dtype") and spec.dtype.name == "int64" and spec.shape.is_compatible_with([])):
            raise ValueError(f"Invalid `key_func`. `key_func` must return a single `tf.int64` scalar tensor but its return type is {spec}.")  # fmt: skip
        self.size = DataFunction(size, Structure(spec), "Dataset.group_by_window()")
        self._node = node.structure
        self.reduce = DataFunction(
            reduce, Structure((spec, DatasetSpec(node.structure.spec))), "Dataset.group_by_window()",
            lambda: [array(self.key(first_of(node)())[0]), Kept(node.structure, [first_of(node)()])],
        )  # fmt: skip
        found = self.reduce.result.spec
        if not isinstance(found, DatasetSpec):
            raise TypeError(f"Invalid `reduce_func`. `reduce_func` must return a single `tf.data.Dataset` object but its return type is {found}.")  # fmt: skip
        super().__init__(found._element_spec, node)

    def iterate(self):
        return self._grouped(
            self.inputs[0].iterate(), self.key.instance(), self.size.instance(), self.reduce.instance()
        )

    def _grouped(self, elements, key, size, reduce):
        groups, limits = {}, {}
        for element in elements:
            k = array(key(element)[0])
            if int(k) not in groups:
                groups[int(k)] = []
                limits[int(k)] = int(array(size([k])[0]))
                if limits[int(k)] <= 0:
                    raise errors.InvalidArgumentError(
                        None, None, f"Window size must be greater than zero, but got {limits[int(k)]}. [Op:IteratorGetNext]"
                    )
            group = groups[int(k)]
            group.append(element)
            if len(group) >= limits[int(k)]:
                yield from reduce([k, Kept(self._node, groups.pop(int(k)))])[0].iterate()
        for k, group in sorted(groups.items()):
            yield from reduce([self.key.result.flat[0].dtype.np.type(k), Kept(self._node, group)])[0].iterate()

    def cardinality(self):
        return UNKNOWN


def reduced(node, structure, initial, function):
    """(Structure, components) of the state after all elements."""
    specs, state = structure, initial
    while True:
        step = DataFunction(
            function, Structure((specs.spec, node.structure.spec)), "Dataset.reduce()", lambda: [*initial, *next(node.iterate())]
        )
        wider = next_state(specs, step.result, "reduce_func", "Dataset.reduce()")
        if wider.spec == specs.spec:
            break
        specs = wider
    for i, element in enumerate(node.iterate()):
        state = step([*state, *element])
        if i % 100 == 99:  # what is pending does not grow without bound
            for part in state:
                array(part)
    return specs, state
