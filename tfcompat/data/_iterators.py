"""`tf.data.Iterator` and `tf.data.NumpyIterator`: iterators over data sets."""

import itertools
import json
import threading

from tfcompat._core import dtypes, errors, nest
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.core_types import Resource
from tfcompat._core.specs import TensorSpec, register_type_spec_from_value_converter
from tfcompat._core.trace import Eager
from tfcompat._core.trackable import Trackable
from tfcompat._elements import ResourceSpec
from tfcompat._optional import Optional, on_host
from tfcompat.data._functions import Run
from tfcompat.data._structure import tensor

_WHAT = "An iterator over a data set"


class Iterator(Resource):
    """An iterator over a data set, as `iter(dataset)` makes one. It is an iterator of Python, too.

    Differs from TensorFlow: a function that takes one as an argument, or uses one, runs eagerly.
    """

    @property
    def element_spec(self):
        """The structure of the TypeSpecs of the elements."""
        raise NotImplementedError("Iterator.element_spec")

    def get_next(self):
        """The next element.

        Raises:
          OutOfRangeError: there is none.
        """
        raise NotImplementedError("Iterator.get_next()")

    def get_next_as_optional(self):
        """The next element as a `tf.experimental.Optional`, which has no value at the end."""
        raise NotImplementedError("Iterator.get_next_as_optional()")


class OwnedIterator(Iterator, Trackable):
    """An iterator over a data set. See `tf.data.Iterator`.

    Differs from TensorFlow: a checkpoint holds how many elements were taken, which TensorFlow cannot read; restoring makes
    them again and drops them.

    Args:
      dataset: the data set.
      components, element_spec: not offered.
    """

    def __init__(self, dataset=None, components=None, element_spec=None):
        on_host(_WHAT)
        if dataset is None:
            raise ValueError(
                "When `dataset` is not provided, both `components` and `element_spec` must be specified."
                if components is None or element_spec is None
                else "An iterator is made of a data set; `components` are not offered by tfcompat."
            )
        self._structure = dataset._node.structure
        self._run = Run()
        self._node, self._taken = dataset._node, 0
        self._begun = self._node.positions()
        with self._run:
            self._elements = self._node.iterate()
        self._pack = self._structure.pack
        self._lock = threading.Lock()
        shapes = [s.shape if isinstance(s, TensorSpec) else None for s in self._structure.flat]
        self._open = [(i, s) for i, s in enumerate(shapes) if s is not None and not s.is_fully_defined()]

    def __iter__(self):
        return self

    def __next__(self):
        return self._pack(self._advance())

    def _advance(self):
        """The components of the next element."""
        context = state.context
        with self._lock, self._run:
            if context.trace is not None:
                on_host(_WHAT)
            self._taken += 1
            if context.sites is not None:
                return self._within_function()
            if context.tapes or context.accumulators:
                with Eager():
                    return next(self._elements)
            return next(self._elements)

    def _within_function(self):
        """The components for a function: other functions that it calls with them see the shapes of the spec."""
        with Eager():
            specs = self._structure.flat
            components = [tensor(c) if isinstance(s, TensorSpec) else c for c, s in zip(next(self._elements), specs, strict=True)]
        for i, shape in self._open:
            components[i].__dict__["_static_shape"] = shape
        return components

    next = __next__

    def _serialize_to_tensors(self):
        return {"ITERATOR": convert(json.dumps([self._taken, self._begun]), dtypes.string)}

    def _restore_from_tensors(self, restored_tensors):
        self._taken, self._begun = json.loads(restored_tensors["ITERATOR"].numpy())
        self._node.go_to(self._begun)
        with self._lock, self._run:
            self._elements = self._node.iterate()
            for _ in itertools.islice(self._elements, self._taken):
                pass

    def get_next(self):
        try:
            return self.__next__()
        except StopIteration:
            raise errors.OutOfRangeError(None, None, "End of sequence [Op:IteratorGetNext]") from None

    def get_next_as_optional(self):
        try:
            return Optional.from_value(self.__next__())
        except StopIteration:
            return Optional.empty(self.element_spec)

    @property
    def element_spec(self):
        return self._structure.spec

    def _legacy(self, name):
        return nest.map_structure(lambda spec: getattr(spec, f"_to_legacy_output_{name}")(), self.element_spec)

    output_classes = property(lambda self: self._legacy("classes"))
    output_shapes = property(lambda self: self._legacy("shapes"))
    output_types = property(lambda self: self._legacy("types"))


class IteratorSpec(ResourceSpec):
    """What is known of a `tf.data.Iterator`.

    Args:
      element_spec: structure of the TypeSpecs of its elements.
    """

    @property
    def value_type(self):
        """The class of iterators."""
        return OwnedIterator


class NumpyIterator:
    """An iterator whose elements hold NumPy arrays, as `as_numpy_iterator` makes one.

    Args:
      dataset: the data set.
    """

    def __init__(self, dataset):
        self._iterator = iter(dataset)

    def __iter__(self):
        return self

    def __next__(self):
        return self._iterator._structure.pack_arrays(self._iterator._advance())

    def next(self):
        """The next element; StopIteration at the end."""
        return self.__next__()

    def save(self):
        """Not offered: raises NotImplementedError."""
        raise NotImplementedError("NumpyIterator.save: make a new iterator, and skip what was seen")

    def restore(self, state):
        """Not offered: raises NotImplementedError."""
        raise NotImplementedError("NumpyIterator.restore: make a new iterator, and skip what was seen")

    def __repr__(self):
        return f"NumpyIterator(iterator={self._iterator!r})"


register_type_spec_from_value_converter(OwnedIterator, IteratorSpec.from_value, True)
