"""`Dataset.from_generator`: elements of a Python generator."""

import numpy as np

from tfcompat._core import dtypes, errors, nest
from tfcompat._core.convert import convert
from tfcompat._core.shapes import as_shape
from tfcompat._core.specs import TensorSpec, TypeSpec
from tfcompat._elements import normalized, spec_of
from tfcompat._optional import OptionalSpec
from tfcompat._py_function import _raised
from tfcompat.data._sources import Generated
from tfcompat.data._structure import array

_STRUCTURE = (
    "`generator` yielded an element that did not match the expected structure. The expected structure was {wanted}, but the "
    "yielded element was {value}."
)
_TYPE = (
    "`generator` yielded an element that could not be converted to the expected type. The expected type was {dtype}, but "
    "the yielded element was {value}."
)
_SPEC = "`generator` yielded an element of {found} where an element of {wanted} was expected."
_SHAPE = "`generator` yielded an element of shape {shape} where an element of shape {wanted} was expected."


def from_generator(generator, output_types, output_shapes, args, output_signature):
    """The node; errors as `Dataset.from_generator` documents them."""
    if not callable(generator):
        raise TypeError("`generator` must be a Python callable.")
    if output_signature is not None:
        if output_types is not None:
            raise TypeError("The `output_types` argument can not be used together with the `output_signature` argument.")
        if output_shapes is not None:
            raise TypeError("The `output_shapes` argument can not be used together with the `output_signature` argument.")
        for spec in nest.flatten(output_signature):
            if not isinstance(spec, TypeSpec):
                raise TypeError(
                    "`output_signature` must contain objects that are subclass of `tf.TypeSpec` but found "
                    f"{type(spec)} which is not."
                )
            if not isinstance(spec, (TensorSpec, OptionalSpec)):
                raise NotImplementedError(f"Dataset.from_generator: {type(spec).__name__} in output_signature; use dense tensors")
        signature = nest.map_structure(_without_name, output_signature)
    else:
        if output_types is None:
            raise TypeError("To specify the output signature you need to provide either the `output_signature` argument or the `output_types` argument.")  # fmt: skip
        if output_shapes is None:
            output_shapes = nest.map_structure(lambda _: as_shape(None), output_types)
        shapes = iter(_shapes_like(output_types, output_shapes))
        signature = nest.map_structure(lambda t: TensorSpec(next(shapes), dtypes.as_dtype(t)), output_types)
    given = [np.array(array(convert(a))) for a in args or ()]
    if args is not None and not isinstance(args, (tuple, list)):
        raise TypeError("`args` must be a tuple or list")
    flat = nest.flatten(signature)

    def start():
        try:
            values = generator(*given)
            return _checked_iterator(iter(values))
        except Exception as error:  # noqa: BLE001 - as TensorFlow does with any error of the user's function
            raise _raised(error) from error

    def components(value):
        try:
            return _components(value, signature, flat)
        except (TypeError, ValueError) as error:
            raise _raised(error) from error

    return Generated(signature, start, components)


def _without_name(spec):
    return TensorSpec(spec.shape, spec.dtype) if isinstance(spec, TensorSpec) else spec


class _checked_iterator:  # noqa: N801 - a function in all but its form
    """An iterator whose errors are TensorFlow's."""

    def __init__(self, iterator):
        self._iterator = iterator

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return next(self._iterator)
        except StopIteration:
            raise
        except errors.OpError:
            raise
        except Exception as error:  # noqa: BLE001 - as TensorFlow does with any error of the user's generator
            raise _raised(error) from error


def _shapes_like(types, shapes):
    return [as_shape(s) for s in nest.flatten_up_to(types, shapes)]


def _components(value, signature, flat):
    if len(flat) == 1 and isinstance(signature, TypeSpec):
        parts = [value]
    else:
        try:
            parts = nest.flatten_up_to(signature, value)
        except (TypeError, ValueError):
            wanted = nest.map_structure(lambda spec: spec.dtype, signature)
            raise TypeError(_STRUCTURE.format(wanted=wanted, value=value)) from None
    if any([isinstance(spec, OptionalSpec) for spec in flat]):
        return _mixed(parts, signature, flat)
    return [_component(part, spec) for part, spec in zip(parts, flat, strict=True)]


def _mixed(parts, signature, flat):
    """The components of an element with Optionals among them."""
    found = [convert(part, spec.dtype) if isinstance(spec, TensorSpec) else normalized(part) for part, spec in zip(parts, flat, strict=True)]
    specs = [spec_of(part) for part in found]
    if not all([wanted.is_compatible_with(spec) for wanted, spec in zip(flat, specs, strict=True)]):
        raise TypeError(_SPEC.format(found=nest.pack_sequence_as(signature, specs), wanted=signature))
    return [array(part) for part in found]


def _component(value, spec):
    try:
        found = array(convert(value, spec.dtype))
    except (TypeError, ValueError):
        raise TypeError(_TYPE.format(dtype=spec.dtype.name, value=value)) from None
    if not spec.shape.is_compatible_with(found.shape):
        raise TypeError(_SHAPE.format(shape=found.shape, wanted=spec.shape))
    return found
