"""Type specs: what is known of a value before there is one (`tf.TypeSpec`, `tf.TensorSpec`, ...)."""

import abc

import numpy as np

from tfcompat._core import dtypes, nest
from tfcompat._core.core_types import CompositeTensor, TensorType
from tfcompat._core.dtypes import DType
from tfcompat._core.shapes import TensorShape, as_shape

# The classes that specs describe. The engine defines them after this module and puts them here.
_value_types = {"tensor": TensorType, "variable": None, "indexed_slices": None}


def set_value_types(tensor=None, variable=None, indexed_slices=None):
    """Says which classes the specs of this module describe; `type_spec_from_value` knows them from then on."""
    if tensor is not None:
        _value_types["tensor"] = tensor
        register_type_spec_from_value_converter(tensor, TensorSpec.from_tensor, allow_subclass=True)
    if variable is not None:
        _value_types["variable"] = variable
        register_type_spec_from_value_converter(variable, VariableSpec.from_value, allow_subclass=True)
    if indexed_slices is not None:
        _value_types["indexed_slices"] = indexed_slices


def _value_type(name):
    found = _value_types[name]
    if found is None:
        raise RuntimeError(f"the class for {name!r} has not been set by specs.set_value_types")
    return found


class TypeSpec(nest.CompositeSpec, metaclass=abc.ABCMeta):
    """Describes values that functions take and return: their class, and what is fixed about their parts.

    A subclass says which class it describes (`value_type`), what its values are made of (`_component_specs`,
    `_to_components`, `_from_components`), and what it consists of itself (`_serialize`): equality, hash, repr, pickling
    and the comparisons below follow from that.
    """

    @property
    @abc.abstractmethod
    def value_type(self):
        """Class of the values that fit."""

    @abc.abstractmethod
    def _to_components(self, value):
        """Structure of the tensors that `value` is made of."""

    @abc.abstractmethod
    def _from_components(self, components):
        """The value made of these components."""

    @property
    @abc.abstractmethod
    def _component_specs(self):
        """Structure of the specs of the components."""

    @abc.abstractmethod
    def _serialize(self):
        """Tuple of what the spec consists of, such that `_deserialize` makes an equal spec of it."""

    @classmethod
    def _deserialize(cls, serialization):
        return cls(*serialization)

    def is_compatible_with(self, spec_or_value):
        """Whether a value, or the values another spec describes, could fit this spec.

        Raises:
          TypeError: `spec_or_value` is neither a spec nor something that has one.
        """
        if not isinstance(spec_or_value, TypeSpec):
            spec_or_value = type_spec_from_value(spec_or_value)
        if type(self) is not type(spec_or_value):
            return False
        return _compatible(self._serialize(), spec_or_value._serialize())

    def is_subtype_of(self, other):
        """Whether every value that fits this spec fits `other`: same class, parts that are subtypes or equal."""
        if type(self) is not type(other):
            return False

        def part_is_subtype(mine, others):
            return mine.is_subtype_of(others) if hasattr(mine, "is_subtype_of") else mine == others

        try:
            parts = nest.map_structure(part_is_subtype, self._serialize(), other._serialize())
        except (ValueError, TypeError):
            return False
        return all(nest.flatten(parts))

    def most_specific_common_supertype(self, others):
        """The narrowest spec that this one and all of `others` are subtypes of, or None if there is none."""
        if any(type(self) is not type(other) for other in others):
            return None
        exists = True

        def common(mine, *theirs):
            nonlocal exists
            if hasattr(mine, "most_specific_common_supertype"):
                found = mine.most_specific_common_supertype(theirs)
                exists = exists and found is not None
                return found
            exists = exists and all(mine == their for their in theirs)
            return mine

        try:
            parts = nest.map_structure(common, self._serialize(), *[other._serialize() for other in others])
        except (ValueError, TypeError):
            return None
        return self._deserialize(parts) if exists else None

    def most_specific_compatible_type(self, other):
        """The common supertype with `other` (the name is TensorFlow's older one); ValueError if there is none."""
        result = self.most_specific_common_supertype([other])
        if result is None:
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}")
        return result

    def _with_tensor_ranks_only(self):
        """This spec with only the ranks of its shapes."""

        def relaxed(part):
            if isinstance(part, TypeSpec):
                return part._with_tensor_ranks_only()
            if isinstance(part, TensorShape) and part.rank is not None:
                return TensorShape([None] * part.rank)
            return part

        return self._deserialize(nest.map_structure(relaxed, self._serialize()))

    def _without_tensor_names(self):
        """This spec without the names of tensors."""

        def unnamed(part):
            return part._without_tensor_names() if isinstance(part, TypeSpec) else part

        return self._deserialize(nest.map_structure(unnamed, self._serialize()))

    @property
    def _flat_tensor_specs(self):
        """List of the specs of all tensors in a value."""
        return nest.flatten(self._component_specs, expand_composites=True)

    def _to_tensor_list(self, value):
        """List of all tensors in `value`."""
        return nest.flatten(self._to_components(value), expand_composites=True)

    def _from_tensor_list(self, tensor_list):
        """The value made of a list of tensors; ValueError if they do not fit the specs."""
        expected = self._flat_tensor_specs
        name = self.value_type.__name__
        if len(tensor_list) != len(expected):
            raise ValueError(
                f"Cannot create a {name} from the tensor list because the TypeSpec expects {len(expected)} items, "
                f"but the provided tensor list has {len(tensor_list)} items."
            )
        for i, (tensor, spec) in enumerate(zip(tensor_list, expected, strict=True)):
            if not type_spec_from_value(tensor).is_compatible_with(spec):
                raise ValueError(
                    f"Cannot create a {name} from the tensor list because item {i} ({tensor!r}) is incompatible with "
                    f"the expected TypeSpec {spec}."
                )
        return self._from_compatible_tensor_list(tensor_list)

    def _from_compatible_tensor_list(self, tensor_list):
        """The value made of a list of tensors that are known to fit."""
        return self._from_components(nest.pack_sequence_as(self._component_specs, tensor_list, expand_composites=True))

    def flatten(self):
        """List of the specs of all tensors in a value, as tracing counts them."""
        return [flat for spec in nest.flatten(self._component_specs) for flat in spec.flatten()]

    def to_tensors(self, value):
        """List of all tensors in `value`, one for each of `flatten()`."""
        pairs = nest.map_structure(lambda spec, v: (spec, v), self._component_specs, self._to_components(value))
        flat = nest.flatten_up_to(self._component_specs, pairs)
        return [tensor for spec, v in flat for tensor in spec.to_tensors(v)]

    def from_tensors(self, tensors):
        """The value made of tensors that are taken from an iterator."""
        return self._from_components(nest.map_structure(lambda spec: spec.from_tensors(tensors), self._component_specs))

    def _to_legacy_output_classes(self):
        return self.value_type

    def __tf_tracing_type__(self, context):
        return self

    def experimental_as_proto(self):
        """Not available: there are no protocol buffers. Raises NotImplementedError."""
        raise NotImplementedError(
            f"{type(self).__name__}.experimental_as_proto: there are no protocol buffers; pickle it"
        )

    def _key(self):
        try:
            return self.__dict__["_cached_key"]
        except KeyError:
            key = self.__dict__["_cached_key"] = (type(self), _hashable(self._serialize(), self))
            return key

    def __eq__(self, other):
        return type(other) is type(self) and self._key() == other._key()

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self._key())

    def __reduce__(self):
        return type(self), self._serialize()

    def __repr__(self):
        return f"{type(self).__name__}{self._serialize()!r}"


def _hashable(value, spec):
    """What stands for a part of a serialized spec in comparisons."""
    if value is None or isinstance(value, (bool, int, float, str, bytes, np.generic, DType, TypeSpec, TensorShape)):
        return value
    if isinstance(value, dict):
        return tuple([(_hashable(key, spec), _hashable(value[key], spec)) for key in sorted(value)])
    if isinstance(value, tuple):
        return tuple([_hashable(part, spec) for part in value])
    if isinstance(value, list):
        return list, tuple([_hashable(part, spec) for part in value])
    if isinstance(value, np.ndarray):
        return np.ndarray, value.shape, tuple(value.ravel().tolist())
    raise ValueError(
        f"Cannot generate a hashable key for {spec} because the _serialize() method returned an unsupported value of "
        f"type {type(value)}"
    )


def _compatible(a, b):
    """Whether parts of two serialized specs are compatible."""
    if isinstance(a, TypeSpec):
        return a.is_compatible_with(b)
    if nest.is_namedtuple(a) and nest.is_namedtuple(b):
        same = nest.same_namedtuples(a, b)
    else:
        same = type(a) is type(b)
    if not same:
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(_compatible(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_compatible(a[key], b[key]) for key in a)
    if isinstance(a, (TensorShape, DType)):
        return a.is_compatible_with(b)
    return a == b


class BatchableTypeSpec(TypeSpec):
    """A spec whose values can be stacked and unstacked."""

    @abc.abstractmethod
    def _batch(self, batch_size):
        """Spec of `batch_size` (or None) stacked values."""

    @abc.abstractmethod
    def _unbatch(self):
        """Spec of one of the values that were stacked."""


class DenseSpec(TypeSpec):
    """Shape, dtype and name of one dense value.

    Args:
      shape: TensorShape or what can be made one.
      dtype: DType or what can be made one.
      name: optional name.

    Raises:
      TypeError: `shape` is no shape or `dtype` no dtype.
    """

    _is_leaf_of_nest = True
    _component_specs = property(lambda self: self)

    def __init__(self, shape, dtype=dtypes.float32, name=None):
        self._shape = TensorShape(shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._name = name

    @property
    def shape(self):
        """TensorShape of the value."""
        return self._shape

    @property
    def dtype(self):
        """DType of the elements."""
        return self._dtype

    @property
    def name(self):
        """Name of the value, or None."""
        return self._name

    def is_compatible_with(self, spec_or_value):
        """Whether dtypes are the same and shapes compatible; False for what is neither dense spec nor value."""
        return (
            isinstance(spec_or_value, (DenseSpec, self.value_type))
            and self._dtype.is_compatible_with(spec_or_value.dtype)
            and self._shape.is_compatible_with(spec_or_value.shape)
        )

    def _serialize(self):
        return self._shape, self._dtype, self._name

    def _to_legacy_output_types(self):
        return self._dtype

    def _to_legacy_output_shapes(self):
        return self._shape

    def __eq__(self, other):
        return (
            type(self) is type(other)
            and self._shape == other._shape
            and self._dtype == other._dtype
            and self._name == other._name
        )

    def __hash__(self):
        return hash((self._shape, self._dtype))

    def __repr__(self):
        return f"{type(self).__name__}(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"


class TensorSpec(DenseSpec, BatchableTypeSpec):
    """`tf.TensorSpec`: shape, dtype and name of a tensor, such as an argument of a `tf.function`.

    Args:
      shape: a TensorShape or what converts to one; None for an unknown rank.
      dtype: the DType.
      name: of the argument that it describes.
    """

    @classmethod
    def from_spec(cls, spec, name=None):
        """The TensorSpec of the shape and dtype of another spec, with `name` or else its name."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor, name=None):
        """The TensorSpec of a tensor; ValueError for anything else."""
        if not isinstance(tensor, _value_types["tensor"]):
            raise ValueError(f"`tensor` should be a tf.Tensor, but got type {type(tensor)}.")
        return TensorSpec(tensor.shape, tensor.dtype, name)

    @property
    def value_type(self):
        """`tf.Tensor`."""
        return _value_types["tensor"]

    def is_subtype_of(self, other):
        """Whether `other` is a TensorSpec of the same dtype, a wider shape, and the same name if this one has one."""
        return (
            isinstance(other, TensorSpec)
            and (not self._name or self._name == other._name)
            and self._shape.is_subtype_of(other._shape)
            and self._dtype == other._dtype
        )

    def _to_components(self, value):
        return value

    def _from_components(self, components):
        return components

    def _from_compatible_tensor_list(self, tensor_list):
        (tensor,) = tensor_list
        tensor.set_shape(self._shape)
        return tensor

    @property
    def _flat_tensor_specs(self):
        return [self]

    def _to_tensor_list(self, value):
        return [value]

    _to_batched_tensor_list = _to_tensor_list

    def flatten(self):
        """The spec alone, in a list."""
        return [self]

    def to_tensors(self, value):
        """The list of tensors that `value` is made of: itself, converted."""
        if not value.shape.is_subtype_of(self._shape):
            raise TypeError(f"Received tensor of shape {value.shape} instead of {self._shape}")
        return [value]

    def from_tensors(self, tensors):
        """The first of an iterator of tensors."""
        return next(tensors)

    def _batch(self, batch_size):
        return TensorSpec(TensorShape([batch_size]).concatenate(self._shape), self._dtype)

    def _unbatch(self):
        if self._shape.rank == 0:
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        return TensorSpec(self._shape[1:], self._dtype)

    def _without_tensor_names(self):
        return self if self._name is None else TensorSpec(self._shape, self._dtype)


class IndexedSlicesSpec(TypeSpec):
    """`tf.IndexedSlicesSpec`: what is known of a `tf.IndexedSlices`.

    Args:
      shape: dense shape, or None if unknown.
      dtype: DType of the values.
      indices_dtype: DType of the indices.
      dense_shape_dtype: DType of the tensor `dense_shape`, or None if there is none.
      indices_shape: shape of the indices, of rank 1, or None if unknown.
    """

    def __init__(
        self,
        shape=None,
        dtype=dtypes.float32,
        indices_dtype=dtypes.int64,
        dense_shape_dtype=None,
        indices_shape=None,
    ):
        self._shape = as_shape(shape)
        self._values_dtype = dtypes.as_dtype(dtype)
        self._indices_dtype = dtypes.as_dtype(indices_dtype)
        self._dense_shape_dtype = None if dense_shape_dtype is None else dtypes.as_dtype(dense_shape_dtype)
        self._indices_shape = as_shape(indices_shape).with_rank(1)

    @property
    def value_type(self):
        """`tf.IndexedSlices`."""
        return _value_type("indexed_slices")

    def _serialize(self):
        return self._shape, self._values_dtype, self._indices_dtype, self._dense_shape_dtype, self._indices_shape

    @property
    def _component_specs(self):
        values = TensorSpec(self._indices_shape.concatenate(self._shape[1:]), self._values_dtype)
        specs = values, TensorSpec(self._indices_shape, self._indices_dtype)
        if self._dense_shape_dtype is None:
            return specs
        return *specs, TensorSpec([self._shape.rank], self._dense_shape_dtype)

    def _to_components(self, value):
        parts = value.values, value.indices
        return parts if value.dense_shape is None else (*parts, value.dense_shape)

    def _from_components(self, components):
        return self.value_type(*components)


class VariableSpec(DenseSpec):
    """What is known of a `tf.Variable`.

    Args:
      shape: TensorShape or what can be made one.
      dtype: DType or what can be made one.
      trainable: whether optimizers train it.
      alias_id: number that only specs of the same variable share, or None.
    """

    def __init__(self, shape, dtype=dtypes.float32, trainable=True, alias_id=None):
        super().__init__(shape, dtype=dtype)
        self.trainable = trainable
        self.alias_id = alias_id

    @property
    def value_type(self):
        """`tf.Variable`."""
        return _value_type("variable")

    @classmethod
    def from_value(cls, value):
        """The VariableSpec of a variable."""
        return cls(value.shape, dtype=value.dtype, trainable=value.trainable)

    def is_compatible_with(self, spec_or_value):
        """Whether it is a variable, or the spec of one, of compatible shape and the same dtype and trainability."""
        is_spec = isinstance(spec_or_value, type(self))
        if not is_spec and not (_value_types["variable"] and isinstance(spec_or_value, _value_types["variable"])):
            return False
        return (
            self._shape.is_compatible_with(spec_or_value.shape)
            and self._dtype == spec_or_value.dtype
            and self.trainable == spec_or_value.trainable
            and (not is_spec or self.alias_id == spec_or_value.alias_id)
        )

    def is_subtype_of(self, other):
        if type(self) is not type(other):
            return False
        self._check_aliases("is_subtype_of", [other], other)
        return super().is_subtype_of(other)

    def most_specific_common_supertype(self, others):
        if any(type(self) is not type(other) for other in others):
            return None
        self._check_aliases("most_specific_common_supertype", others, others)
        return super().most_specific_common_supertype(others)

    def _check_aliases(self, method, others, shown):
        known = [spec.alias_id is not None for spec in (self, *others)]
        if any(known) and not all(known):
            word = "others" if shown is others else "other"
            raise NotImplementedError(
                f"VariableSpec.{method} doesn't support alias_id=None, got self: {self} and {word}: {shown}."
            )

    def _serialize(self):
        return self._shape, self._dtype, self.trainable, self.alias_id

    # A variable is one object here, without a resource handle that it could be taken apart into.
    @property
    def _component_specs(self):
        return [self]

    def _to_components(self, value):
        return [value]

    def _from_components(self, components):
        (variable,) = components
        return variable

    def flatten(self):
        return [self]

    def to_tensors(self, value):
        return [value]

    def from_tensors(self, tensors):
        return next(tensors)

    def __eq__(self, other):
        return type(self) is type(other) and self._serialize() == other._serialize()

    def __hash__(self):
        return hash(self._serialize())

    def __repr__(self):
        return (
            f"{type(self).__name__}(shape={self._shape}, dtype={self._dtype!r}, trainable={self.trainable!r}, "
            f"alias_id={self.alias_id!r})"
        )


_converters = []  # (class, function from a value to its spec, whether subclasses count); the latest goes first
_to_tensor = None


def register_type_spec_from_value_converter(type_object, converter_fn, allow_subclass=False):
    """Makes `type_spec_from_value` call `converter_fn` for values of a class (and its subclasses if so wanted)."""
    _converters.insert(0, (type_object, converter_fn, allow_subclass))


def set_tensor_converter(function):
    """Says how `type_spec_from_value` makes a tensor of a value that has no spec of its own (a list, a number)."""
    global _to_tensor
    _to_tensor = function


def type_spec_from_value(value):
    """`tf.type_spec_from_value`: the spec of a tensor, a composite tensor, or what can be converted to a tensor.

    Args:
      value: a tensor, a composite tensor, a NumPy array or Python data.

    Raises:
      TypeError: the value is none of these.
    """
    spec = _known_spec(value)
    if spec is None and _to_tensor is not None:
        try:
            spec = _known_spec(_to_tensor(value))
        except (TypeError, ValueError):
            spec = None
    if spec is None:
        raise TypeError(f"Could not build a TypeSpec for {value} of unsupported type {type(value)}.")
    return spec


def _known_spec(value):
    if isinstance(value, CompositeTensor):
        return value._type_spec
    if isinstance(value, list) and value:
        specs = [_known_spec(item) for item in value]
        if isinstance(specs[0], BatchableTypeSpec):
            merged = specs[0].most_specific_common_supertype(specs[1:])
            if merged is not None:
                return merged._batch(len(specs))
    for type_object, function, allow_subclass in _converters:
        if type(value) is type_object or (allow_subclass and isinstance(value, type_object)):
            return function(value)
    return None


register_type_spec_from_value_converter(np.ndarray, lambda array: TensorSpec(array.shape, array.dtype), True)
