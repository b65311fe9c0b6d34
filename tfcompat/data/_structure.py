"""The form of a data set's elements: a structure of specs, and how elements are made of flat lists of components.

Tuples, named tuples, mappings and attrs classes are structures; a list is one tensor. A component is a NumPy array or a
Tensor, the node of a data set, an Optional, or None.
"""

import numpy as np

from tfcompat._core import dtypes, nest
from tfcompat._core.avals import aval_of
from tfcompat._core.convert import convert
from tfcompat._core.core_types import Resource
from tfcompat._core.shapes import TensorShape
from tfcompat._core.specs import TensorSpec, TypeSpec
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import PLAIN, TensorHandle, host_value
from tfcompat._elements import (
    NoneTensorSpec as NoneTensorSpec,
    ResourceSpec,
    normalized as normalized,
    spec_of as spec_of,
)

_dataset = None  # (class of data sets, function from a node to one); set by the module dataset


def set_dataset_class(cls, wrap):
    """Says what stands for the node of a data set in elements."""
    global _dataset
    _dataset = cls, wrap


class DatasetSpec(ResourceSpec):
    """What is known of a `tf.data.Dataset`.

    Args:
      element_spec: structure of the TypeSpecs of its elements.
      dataset_shape: the shape of a tensor of such data sets.
    """

    def __init__(self, element_spec, dataset_shape=()):
        super().__init__(element_spec)
        self._dataset_shape = TensorShape(dataset_shape)

    @property
    def element_spec(self):
        """The structure of the TypeSpecs of the elements."""
        return self._element_spec

    @property
    def value_type(self):
        """`tf.data.Dataset`."""
        return _dataset[0]

    def is_subtype_of(self, other):
        """Whether every data set that fits this spec fits `other`. See `tf.TypeSpec.is_subtype_of`."""
        if type(self) is not type(other):
            return False
        try:
            nest.assert_same_structure(self._element_spec, other._element_spec)
        except (TypeError, ValueError):
            return False
        pairs = zip(nest.flatten(self._element_spec), nest.flatten(other._element_spec), strict=True)
        return all([a.is_subtype_of(b) for a, b in pairs])

    def most_specific_common_supertype(self, others):
        """The narrowest spec that covers this one and `others`, or None."""
        if any([type(self) is not type(other) for other in others]):
            return None
        try:
            spec = nest.map_structure(
                lambda a, *rest: a.most_specific_common_supertype(rest), self._element_spec, *[o._element_spec for o in others]
            )
        except (TypeError, ValueError):
            return None
        return None if any([s is None for s in nest.flatten(spec)]) else DatasetSpec(spec)

    def _serialize(self):
        return self._element_spec, self._dataset_shape


class Structure:
    """The spec of elements, and its leaves.

    Attributes:
      pack: function from a list of components to the element that users see.
    """

    __slots__ = ("flat", "pack", "spec")

    def __init__(self, spec):
        self.spec = spec
        self.flat = nest.flatten(spec)
        self.pack = self._packer()

    def _packer(self):
        spec, shown = self.spec, [_shown(s) for s in self.flat]
        if len(shown) == 1 and isinstance(spec, TypeSpec):
            (only,) = shown
            return lambda components: only(components[0])
        if type(spec) is tuple and len(spec) == len(shown) and all([isinstance(s, TypeSpec) for s in spec]):
            return lambda components: tuple([show(c) for show, c in zip(shown, components, strict=True)])
        return lambda components: nest.pack_sequence_as(spec, [show(c) for show, c in zip(shown, components, strict=True)])

    def pack_arrays(self, components):
        """The element with arrays in place of tensors."""
        return nest.pack_sequence_as(self.spec, [_as_array(c) for c in components])

    def map(self, function):
        """The structure whose leaves are `function` of these."""
        return Structure(nest.pack_sequence_as(self.spec, [function(s) for s in self.flat]))


def _shown(spec):
    """How a component of this spec is shown to the user."""
    if isinstance(spec, TensorSpec):
        return tensor
    return _dataset[1] if isinstance(spec, DatasetSpec) else lambda component: component


def _as_array(component):
    """What users see of a component in place of a tensor: a NumPy scalar, bytes, or an array that is read only."""
    if isinstance(component, (TensorHandle, np.ndarray, np.generic)):
        value = array(component)
        if not value.ndim:
            return value.item() if value.dtype == object else value[()]
        value = value.view()
        value.flags.writeable = False
        return value
    return component if component is None or isinstance(component, Resource) else _dataset[1](component).as_numpy_iterator()


def tensor(component):
    """The component as a Tensor."""
    if isinstance(component, TensorHandle):
        return component
    return Tensor(aval_of(component), component, None, PLAIN)


def array(component):
    """The component as a NumPy array or scalar."""
    return host_value(component) if isinstance(component, TensorHandle) else component


def text(value):
    """A string as a component."""
    made = np.empty((), object)
    made[()] = value
    return made


def is_symbolic(value):
    """Whether it is a tensor of a function that is being recorded."""
    return isinstance(value, TensorHandle) and value._seg is not None and value._seg.symbolic


def components_of(value):
    """The components of a normalized value: a data set's is its node."""
    return [leaf._node if isinstance(leaf, _dataset[0]) else leaf for leaf in nest.flatten(value)]


def is_dataset(value):
    """Whether it is a data set."""
    return isinstance(value, _dataset[0])


def number(value, dtype=dtypes.int64):
    """A size or a count: a Python int, or the tensor where a function is being recorded that only knows it in a call."""
    if type(value) is int:
        return value
    found = convert(value, dtype)
    if is_symbolic(found):
        return found
    return array(found).item()


def merged(first, second, shapes):
    """The spec of elements of both specs: TypeError where kinds or dtypes differ; `shapes` joins two shapes."""
    if not isinstance(first, TensorSpec) or not isinstance(second, TensorSpec):
        return first
    return TensorSpec(shapes(first.shape, second.shape), first.dtype)


def dataset_of(node):
    """The data set of a node."""
    return _dataset[1](node)
