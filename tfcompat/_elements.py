"""Structures of tensors as data sets and optional values have them: a list is one tensor.

Tuples, named tuples, mappings and attrs classes are structures.
"""

from tfcompat._core import nest
from tfcompat._core.convert import convert
from tfcompat._core.core_types import Resource
from tfcompat._core.specs import TensorSpec, TypeSpec, type_spec_from_value
from tfcompat._core.tensor_base import TensorHandle


class NoneTensorSpec(TypeSpec):
    """The spec of None among the parts of an element."""

    def __init__(self):
        super().__init__()

    value_type = type(None)
    _component_specs = property(lambda self: [])

    def _serialize(self):
        return ()

    def _to_components(self, value):
        return []

    def _from_components(self, components):
        return None

    def __repr__(self):
        return "NoneTensorSpec()"


class ResourceSpec(TypeSpec):
    """What is known of a Resource with elements. It is one component, whatever its elements are.

    Args:
      element_spec: structure of the TypeSpecs of its elements.
    """

    def __init__(self, element_spec):
        super().__init__()
        self._element_spec = element_spec

    @classmethod
    def from_value(cls, value):
        """The spec of such an object."""
        return cls(value.element_spec)

    _component_specs = property(lambda self: [self])

    def _serialize(self):
        return (self._element_spec,)

    def _to_components(self, value):
        return [value]

    def _from_components(self, components):
        return components[0]


def normalized(value):
    """A value with tensors for leaves, as an element: what is no structure and no data set is converted."""
    if value is None or isinstance(value, (TensorHandle, Resource)):
        return value
    if isinstance(value, list):
        return convert(value)
    if isinstance(value, TypeSpec):
        raise TypeError(f"Could not build a TypeSpec for {value} of unsupported type {type(value)}.")
    if nest.is_nested(value) and not isinstance(value, (str, bytes)):
        if isinstance(value, dict) or nest.is_mapping(value):
            keys = nest._sorted_keys(value)
            return nest.sequence_like(value, [normalized(value[k]) for k in keys])
        if nest.is_attrs(value):
            return type(value)(*[normalized(getattr(value, a.name)) for a in type(value).__attrs_attrs__])
        made = nest.sequence_like(value, [normalized(v) for v in value])
        if isinstance(made, list):  # of a range, or of a view of a mapping
            return convert(made)
        if not isinstance(made, tuple):
            raise TypeError(f"Could not build a `TypeSpec` for {made} with type {type(made).__name__}")
        return made
    if hasattr(type(value), "_read"):
        return value._read()
    return convert(value)


def spec_of(value):
    """The spec of a normalized value."""
    return nest.map_structure(_leaf_spec, value)


def _leaf_spec(leaf):
    if leaf is None:
        return NoneTensorSpec()
    if isinstance(leaf, TensorHandle):
        return TensorSpec(leaf.shape, leaf.dtype)
    return type_spec_from_value(leaf)
