"""Arguments of a `tf.function` as its input signature wants them."""

from tfcompat._core import nest
from tfcompat._core.convert import convert
from tfcompat._core.function_types import SpecLeaf, type_text
from tfcompat._core.specs import TensorSpec, TypeSpec
from tfcompat._core.tensor_base import TensorHandle


def as_leaf(value):
    """A TensorSpec as what it stands for among arguments; all else as it is."""
    return SpecLeaf(value) if isinstance(value, TensorSpec) else value


def as_leaves(value):
    """The same of each of a structure."""
    return nest.map_structure(as_leaf, value)


def tensor_of(value, dtype=None):
    """A tensor as it is, what a variable holds, or the tensor that other data become, of that dtype."""
    if isinstance(value, TensorHandle):
        return value
    return value._read() if hasattr(type(value), "_read") else convert(value, dtype)


class CannotCast(Exception):
    """Why an argument does not fit the signature."""


def cast(spec, value):
    """The argument as an input signature wants it."""
    if not isinstance(spec, TypeSpec):
        if nest.is_nested(spec):
            if isinstance(spec, dict) and not nest.is_mapping(value):
                raise CannotCast(f"Can not cast {value!r} to a Dict type.")
            if isinstance(spec, dict) and set(spec) != set(value):
                raise CannotCast(f"{value!r} has different keys with the TraceType {type_text(as_leaves(spec))}.")
            try:
                nest.assert_same_structure(spec, value, check_types=False)
                flat = [cast(s, v) for s, v in zip(nest.flatten(spec), nest.flatten_up_to(spec, value), strict=True)]
            except (ValueError, TypeError):
                raise CannotCast(f"Can not cast {value!r} to {type_text(as_leaves(spec))}") from None
            return nest.pack_sequence_as(spec, flat)
        return value
    if not isinstance(spec, TensorSpec):
        return value
    if isinstance(value, SpecLeaf):
        given = value.spec
        if given.dtype is spec.dtype and spec.shape.is_compatible_with(given.shape):
            return SpecLeaf(TensorSpec(spec.shape, spec.dtype, spec.name or given.name)) if given.shape.rank is None else value
        raise CannotCast(f"Can not cast {TensorSpec(given.shape, given.dtype)!r} to {spec!r}")
    try:
        tensor = tensor_of(value, spec.dtype)
    except (ValueError, TypeError) as error:
        raise CannotCast(str(error)) from None
    if tensor._aval.dtype is not spec.dtype or not spec.shape.is_compatible_with(tensor.shape):
        raise CannotCast(
            f"Can not cast {TensorSpec(tensor.shape, tensor.dtype)!r} to {TensorSpec(spec.shape, spec.dtype)!r}"
        )
    return tensor
