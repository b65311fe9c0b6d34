"""Transformations that join elements to batches and take batches apart."""

import itertools

import numpy as np

from tfcompat._core import dtypes, errors
from tfcompat._core.shapes import TensorShape
from tfcompat._core.specs import TensorSpec
from tfcompat.data._mapped import Map
from tfcompat.data._nodes import INFINITE, UNKNOWN, Node, open_number
from tfcompat.data._structure import DatasetSpec, array, tensor, text

_UNEQUAL = (
    "Cannot batch tensors with different shapes in component {k}. First element had shape {batch} and element {i} had shape "
    "{shape}. [Op:IteratorGetNext]"
)
_UNEQUAL_MAPPED = (  # TensorFlow makes one transformation of `map` and `batch`
    "Cannot add tensor to the batch: number of elements does not match. Shapes are: [tensor]: {shape}, [batch]: {batch} "
    "[Op:IteratorGetNext]"
)
_SMALLER = (
    "Attempted to pad to a smaller size than the input element. Element {shape}, padded shape {batch}. [Op:IteratorGetNext]"
)

_TOO_LONG = "When pad_to_bucket_boundary=True, elements must have length < max(bucket_boundaries)."


def shape_text(shape):
    return "[" + ",".join(map(str, shape)) + "]"


def stacked(parts, k, refusal):
    """Components number `k` of several elements as one array; the elements' arrays have one shape."""
    arrays = [np.asarray(array(p)) for p in parts]
    first = arrays[0].shape
    for i, a in enumerate(arrays):
        if a.shape != first:
            raise errors.InvalidArgumentError(
                None, None, refusal.format(k=k, i=i, shape=shape_text(a.shape), batch=shape_text(first))
            )
    return np.stack(arrays)


def rows_of(a, order):
    """Some rows of an array: a view where they follow each other."""
    first, count = int(order[0]), len(order)
    if int(order[-1]) - first == count - 1 and (count == 1 or bool((order[1:] - order[:-1] == 1).all())):
        return a[first : first + count]
    return a.take(order, axis=0)


def force(elements):
    """Has what is pending in elements computed, all of it together."""
    for element in elements:
        for component in element:
            array(component)


class Batch(Node):
    """`size` elements each as one."""

    name = "_BatchDataset"
    parameters = ("size",)

    def __init__(self, node, size, drop, parallel):
        if not open_number(size) and size <= 0:
            raise errors.InvalidArgumentError(None, None, "Batch size must be greater than zero. [Op:BatchDatasetV2]")
        known = size if drop and not open_number(size) else None
        super().__init__(node.structure.map(lambda spec: batched(spec, known)), node)
        self.size, self._drop = size, drop
        self._refusal = _UNEQUAL_MAPPED if isinstance(node, Map) and not parallel else _UNEQUAL
        if parallel:
            self.name = "_ParallelBatchDataset"

    def iterate(self):
        node = self.inputs[0]
        rows = node.rows()
        return self._joined(node.iterate()) if rows is None else self._gathered(*rows)

    def _joined(self, elements):
        nested = any([isinstance(s, DatasetSpec) for s in self.inputs[0].structure.flat])
        while chunk := list(itertools.islice(elements, self.size)):
            if len(chunk) < self.size and self._drop:
                return
            if nested:
                raise NotImplementedError("Batching data sets of data sets is not supported: use flat_map first.")
            force(chunk)
            yield [
                None if parts[0] is None else stacked(parts, k, self._refusal) for k, parts in enumerate(zip(*chunk, strict=True))
            ]

    def _gathered(self, arrays, order):
        size = self.size
        while True:
            chosen = np.fromiter(itertools.islice(order, size), np.int64)
            if not len(chosen) or (self._drop and len(chosen) < size):
                return
            yield [rows_of(a, chosen) for a in arrays]

    def cardinality(self):
        n = self.inputs[0].cardinality()
        if n < 0 or open_number(self.size):
            return n if n < 0 else UNKNOWN
        return n // self.size if self._drop else -(-n // self.size)


def batched(spec, size):
    return spec._batch(size) if hasattr(spec, "_batch") else spec


class PaddedBatch(Node):
    """`size` elements each as one, padded to equal shapes.

    Args:
      shapes, values: for each component.
      length: of dimensions that `shapes` leaves open, if not the largest in the batch; -1 if there is no such batch.
    """

    name = "_PaddedBatchDataset"
    parameters = ("size", "length")

    def __init__(self, node, size, shapes, values, drop, length=None):
        if not open_number(size) and size <= 0:
            raise errors.InvalidArgumentError(None, None, "Batch size must be greater than zero. [Op:PaddedBatchDatasetV2]")
        known = size if drop and not open_number(size) else None
        given = iter(shapes)
        super().__init__(
            node.structure.map(lambda spec: TensorSpec(TensorShape([known]).concatenate(next(given)), spec.dtype)), node
        )
        self.size, self.length, self._shapes, self._values, self._drop = size, length, shapes, values, drop

    def iterate(self):
        return self._joined(self.inputs[0].iterate())

    def _joined(self, elements):
        if self.length == -1:
            raise errors.InternalError(None, None, _TOO_LONG)
        shapes = [[self.length if d is None else d for d in shape.as_list()] for shape in self._shapes]
        while chunk := list(itertools.islice(elements, self.size)):
            if len(chunk) < self.size and self._drop:
                return
            force(chunk)
            columns = zip(*chunk, strict=True)
            yield [padded(*column) for column in zip(columns, shapes, self._values, strict=True)]

    def cardinality(self):
        return Batch.cardinality(self)


def padded(parts, wanted, value):
    """Components of several elements as one array, each filled up with `value` to the sizes that are wanted."""
    arrays = [np.asarray(array(p)) for p in parts]
    for a in arrays:
        if a.ndim != len(wanted):
            raise errors.InvalidArgumentError(
                None, None, "All elements in a batch must have the same rank as the padded shape for component0: expected "
                f"rank {len(wanted)} but got element with rank {a.ndim} [Op:IteratorGetNext]",
            )  # fmt: skip
    size = [max([a.shape[i] for a in arrays]) if d is None else d for i, d in enumerate(wanted)]
    made = np.empty((len(arrays), *size), arrays[0].dtype)
    made[...] = value
    for row, a in zip(made, arrays, strict=True) if size else ():
        if any([n > m for n, m in zip(a.shape, size, strict=True)]):
            raise errors.DataLossError(None, None, _SMALLER.format(shape=shape_text(a.shape), batch=shape_text(size)))
        row[tuple([slice(n) for n in a.shape])] = a
    return made if size else np.stack(arrays)


class Unbatch(Node):
    """The rows of the elements."""

    name = "_UnbatchDataset"

    def __init__(self, node):
        for spec in node.structure.flat:
            if isinstance(spec, TensorSpec) and spec.shape.rank == 0:
                raise ValueError("Cannot unbatch an input with scalar components.")
        known = TensorShape([None])
        for spec in node.structure.flat:
            if isinstance(spec, TensorSpec) and spec.shape.rank is not None:
                try:
                    known = known.merge_with(spec.shape[:1])
                except ValueError:
                    raise ValueError(f"Cannot unbatch an input whose components have different batch sizes: {node}.") from None
        super().__init__(node.structure.map(_unbatched), node)
        self._length = known.as_list()[0]

    def iterate(self):
        return self._rows(self.inputs[0].iterate())

    def _rows(self, elements):
        for element in elements:
            arrays = [np.asarray(array(c)) for c in element]
            lengths = {len(a) for a in arrays}
            if len(lengths) > 1:
                shapes = [len(a) for a in arrays]
                raise errors.InvalidArgumentError(
                    None, None, f"Input element must have the same batch size in each component. Component 0 had size "
                    f"{shapes[0]} but component {next(i for i, n in enumerate(shapes) if n != shapes[0])} had size "
                    f"{next(n for n in shapes if n != shapes[0])}. [Op:IteratorGetNext]",
                )  # fmt: skip
            for row in zip(*arrays, strict=True):
                yield [text(r) if isinstance(r, bytes) else r for r in row]

    def cardinality(self):
        n = self.inputs[0].cardinality()
        if n == INFINITE:
            return INFINITE
        return UNKNOWN if n < 0 or self._length is None else n * self._length


def _unbatched(spec):
    return TensorSpec(None, spec.dtype) if spec.shape.rank is None else spec._unbatch()


class Rebatch(Node):
    """Batches of other sizes, in turn."""

    name = "_RebatchDataset"

    def __init__(self, node, sizes, drop):
        known = sizes[0] if drop and len(set(sizes)) == 1 else None
        super().__init__(node.structure.map(lambda spec: spec._unbatch()._batch(known)), node)
        self._sizes, self._drop = sizes, drop

    def iterate(self):
        return self._joined(self.inputs[0].iterate())

    def _joined(self, elements):
        sizes, held = itertools.cycle(self._sizes), None
        size = next(sizes)
        for element in elements:
            arrays = [np.asarray(array(c)) for c in element]
            held = arrays if held is None else [np.concatenate(pair) for pair in zip(held, arrays, strict=True)]
            while len(held[0]) >= size > 0:
                yield [a[:size] for a in held]
                held, size = [a[size:] for a in held], next(sizes)
        if held is not None and len(held[0]) and not self._drop:
            yield held

    def cardinality(self):
        return INFINITE if self.inputs[0].cardinality() == INFINITE else UNKNOWN


def fill_of(spec, value):
    """The filling for a component: an array of no dimensions."""
    if value is None:
        return b"" if spec.dtype is dtypes.string else np.zeros((), spec.dtype.np)
    found = array(tensor(value))
    return found.item() if spec.dtype is dtypes.string else found
