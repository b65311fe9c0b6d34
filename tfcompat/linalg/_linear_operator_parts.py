"""The arguments of linear operators as parts of them: slices of stacks, and specs."""

import numpy as np

from tfcompat._array import reshape
from tfcompat._core.convert import convert
from tfcompat._core.core_types import CompositeTensor
from tfcompat._core.specs import BatchableTypeSpec, type_spec_from_value
from tfcompat._core.variable import Variable
from tfcompat.linalg._linear_operator_hints import HINTS


def is_operator(value):
    """Whether a value is a linear operator (whose module imports this one)."""
    return hasattr(value, "_experimental_parameter_ndims_to_matrix_ndims")


def as_tensor(x):
    return x._convert_variables_to_tensors() if is_operator(x) else convert(x)


def map_up_to(shallow, value, function):
    """`function(value, shallow)` at the leaves of nested lists `shallow`."""
    if isinstance(shallow, (list, tuple)):
        return [map_up_to(s, v, function) for s, v in zip(shallow, value, strict=True)]
    return function(value, shallow)


def _with_batch_rank(value, ndims, rank):
    """An argument (or an operator that is one) with `rank` leading dimensions, those that it lacked of size 1."""
    if is_operator(value):
        inner = value._experimental_parameter_ndims_to_matrix_ndims
        changes = {name: map_up_to(n, getattr(value, name), lambda v, m: _with_batch_rank(v, m, rank))
                   for name, n in inner.items() if getattr(value, name) is not None}  # fmt: skip
        return type(value)(**{**value.parameters, **changes})
    value = convert(value)
    missing = rank - (len(value.shape) - ndims)
    return reshape(value, [1] * missing + value.shape.as_list()) if missing > 0 else value


def _of_one(part):
    """What an index or slice of a dimension is where the dimension has size 1 and broadcasts."""
    if not isinstance(part, slice):
        return 0
    given = zip((part.start, part.stop, part.step), (0, 1, 1), strict=True)
    start, stop, step = (None if v is None else one for v, one in given)
    return slice(start, stop, step)


def sliced(value, ndims, slices, batch):
    """The part of an argument that belongs to a part of the stack; dimensions of size 1 that broadcast stay."""
    value = _with_batch_rank(value, ndims, len(batch))
    by_batch = is_operator(value)
    sizes = value.batch_shape.as_list() if by_batch else value.shape.as_list()[: len(value.shape) - ndims]
    if batch and not sizes:
        return value
    found, at = [], 0
    for index, part in enumerate(slices):
        if part is Ellipsis:
            at = -sum(s is not None for s in slices[index + 1 :])
        elif part is not None:
            part = _of_one(part) if batch[at] > sizes[at] else part
            at += 1
        found.append(part)
    if ndims and not any(s is Ellipsis for s in slices):
        found.append(Ellipsis)
    return value[tuple(found + [slice(None)] * ndims)]


class LinearOperatorSpec(BatchableTypeSpec):
    """The TypeSpec of an operator: specs of its tensors, and its other arguments."""

    __slots__ = ("_non_tensor_params", "_param_specs", "_prefer_static_fields")

    def __init__(self, param_specs, non_tensor_params, prefer_static_fields):
        self._param_specs = param_specs
        self._non_tensor_params = non_tensor_params
        self._prefer_static_fields = prefer_static_fields

    @classmethod
    def from_operator(cls, operator):
        specs, others = {}, {}
        for name in (*operator._composite_tensor_fields, *HINTS):
            value = operator.parameters.get(name)
            if name in operator._composite_tensor_prefer_static_fields:
                value = None if value is None else np.asarray(value).tolist()
            elif not name.startswith(("num_", "batch_", "dtype")):
                value = getattr(operator, name, value)  # what it has made of the argument
            spec = _spec_of(value)
            if spec is None:
                others[name] = value
            else:
                specs[name] = spec
        return cls(specs, others, operator._composite_tensor_prefer_static_fields)

    def _serialize(self):
        return self._param_specs, self._non_tensor_params, self._prefer_static_fields

    @property
    def _component_specs(self):
        return self._param_specs

    def _to_components(self, value):
        return {name: getattr(value, name) for name in self._param_specs}

    def _from_components(self, components):
        return self.value_type(**self._non_tensor_params, **components)

    def _changed(self, method, *args):
        specs = {k: map_up_to(v, v, lambda s, _: getattr(s, method)(*args)) for k, v in self._param_specs.items()}
        return type(self)(specs, self._non_tensor_params, self._prefer_static_fields)

    def _batch(self, batch_size):
        return self._changed("_batch", batch_size)

    def _unbatch(self):
        return self._changed("_unbatch")


def _spec_of(value):
    """The spec of a tensor, an operator, or a nested list of them; None of anything else."""
    if isinstance(value, (list, tuple)) and value:
        specs = [_spec_of(v) for v in value]
        return None if None in specs else specs
    if isinstance(value, (CompositeTensor, Variable)) or hasattr(value, "_aval"):
        return type_spec_from_value(value)
    if hasattr(value, "_gradient_parts"):
        return value._type_spec
    return None

