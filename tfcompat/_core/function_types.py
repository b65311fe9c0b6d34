"""What decides whether a `tf.function` is recorded again: the types of its arguments.

`encode` makes a hashable key of a value and collects the tensors in it; equal keys share a trace. Tensors (and what NumPy
and JAX hold) count by dtype and shape, Python values by value, variables by dtype, shape and which of them are the same,
other objects by themselves, weakly.
"""

import functools
import inspect
import weakref

import jax
import numpy as np

from tfcompat._core import nest, shapes
from tfcompat._core.avals import aval
from tfcompat._core.convert import convert
from tfcompat._core.core_types import CompositeTensor, Resource, TensorType
from tfcompat._core.specs import TensorSpec, TypeSpec, type_spec_from_value
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle

_LITERALS = frozenset((int, float, bool, complex, str, bytes, type(None)))
_NOT_HASHABLE = (
    "Could not generate a generic TraceType for {value!r}.Please verify that it is immutable/hashable. Otherwise, consider "
    "implementing the Tracing Protocol for it."
)


class SpecLeaf:
    """Stands for a tensor of which only the spec is known (`get_concrete_function`)."""

    __slots__ = ("_aval", "name", "spec")

    def __init__(self, spec):
        self.spec = spec
        self.name = spec.name
        self._aval = _key_aval(spec.shape, spec.dtype)

    def __repr__(self):
        return repr(self.spec)


def _key_aval(shape, dtype):
    """What stands in keys for a shape of which something is unknown, beside the shape."""
    return aval(tuple([1 if d is None else d for d in shape.as_list()]) if shape.rank is not None else (), dtype.np)


class Encoder:
    """Collects the tensors and variables of the arguments of one call."""

    __slots__ = ("aliases", "cells", "leaves")

    def __init__(self):
        self.leaves = []
        self.cells = []
        self.aliases = None

    def encode(self, value):
        """The key of a value."""
        kind = type(value)
        if kind is Tensor:
            self.leaves.append(value)
            return value._aval
        if kind in _LITERALS:
            return ("nan",) if value != value else (value,)
        if isinstance(value, TensorHandle):
            self.leaves.append(value)
            shape = value.shape
            return value._aval if shape is value._aval.tensor_shape else (_key_aval(shape, value.dtype), shape)
        if kind is list or kind is tuple:
            return (kind, *[self.encode(v) for v in value])
        if kind is dict:
            return self.mapping(kind, value)
        if isinstance(value, (np.ndarray, np.generic, jax.Array)) and kind is not np.str_:
            t = convert(value)
            self.leaves.append(t)
            return t._aval
        cell = value.__dict__.get("_cell") if isinstance(value, TensorType) and hasattr(value, "__dict__") else None
        if cell is not None:
            return self.variable(value, cell)
        if isinstance(value, Resource):
            self.cells.append(value)
            return "resource", type_spec_from_value(value)
        if isinstance(value, SpecLeaf):
            self.leaves.append(value)
            return (value._aval, value.spec.shape) if not value.spec.shape.is_fully_defined() else value._aval
        if isinstance(value, dict) or nest.is_mapping(value):
            return self.mapping(kind, value)
        if isinstance(value, (list, tuple)):
            return (kind, *[self.encode(v) for v in value])
        if nest.is_attrs(value):
            return (kind, *[self.encode(getattr(value, a.name)) for a in kind.__attrs_attrs__])
        if isinstance(value, CompositeTensor) and not isinstance(value, TypeSpec):
            spec = type_spec_from_value(value)
            return (spec, *[self.encode(t) for t in nest.flatten(value, expand_composites=True)])
        protocol = getattr(kind, "__tf_tracing_type__", None)
        if protocol is not None and not isinstance(value, type):
            return ("protocol", protocol(value, None))
        try:
            key = weakref.ref(value)
        except TypeError:
            key = value
        try:
            hash(key)
        except TypeError:
            raise TypeError(_NOT_HASHABLE.format(value=value)) from None
        return ("object", key)

    def mapping(self, kind, value):
        keys = nest._sorted_keys(value)
        return (kind, tuple(keys), *[self.encode(value[k]) for k in keys])

    def variable(self, value, cell):
        if self.aliases is None:
            self.aliases = {}
        index = self.aliases.setdefault(id(cell), len(self.aliases))
        self.cells.append(cell)
        return "variable", value.dtype, value.shape, index


def rebuild(value, leaves, cells=None):
    """The value with its tensors replaced by those of the iterator `leaves` (the order of `Encoder`).

    Args:
      cells: iterator over the cells of variables that take the place of those in the value.
    """
    kind = type(value)
    if isinstance(value, (TensorHandle, SpecLeaf)):
        return next(leaves)
    if isinstance(value, (np.ndarray, np.generic, jax.Array)) and kind is not np.str_:
        return next(leaves)
    if isinstance(value, TensorType):
        return value if cells is None or "_cell" not in vars(value) else next(cells).variable()
    if isinstance(value, Resource):
        return value if cells is None else next(cells)
    if isinstance(value, dict) or nest.is_mapping(value):
        found = {k: rebuild(value[k], leaves, cells) for k in nest._sorted_keys(value)}
        return nest.sequence_like(value, [found[k] for k in nest._sorted_keys(value)])
    if isinstance(value, (list, tuple)):
        return nest.sequence_like(value, [rebuild(v, leaves, cells) for v in value])
    if nest.is_attrs(value):
        return kind(*[rebuild(getattr(value, a.name), leaves, cells) for a in kind.__attrs_attrs__])
    if isinstance(value, CompositeTensor) and not isinstance(value, TypeSpec):
        parts = [next(leaves) for _ in nest.flatten(value, expand_composites=True)]
        return nest.pack_sequence_as(value, parts, expand_composites=True)
    return value


def argument_names(parameters, args, kwargs):
    """A name for each tensor in the arguments, from the parameters' names."""
    names = []
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    star = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "args")
    for i, value in enumerate(args):
        name = positional[i] if i < len(positional) else f"{star}_{i - len(positional)}"
        names += leaf_names(name, value)
    for name in sorted(kwargs):
        names += leaf_names(name, kwargs[name])
    taken = {}
    unique = []
    for name in names:
        n = taken.get(name, 0)
        taken[name] = n + 1
        unique.append(f"{name}_{n}" if n else name)
    return unique


def leaf_names(name, value):
    encoder = Encoder()
    encoder.encode(value)
    return [leaf.name or name if isinstance(leaf, SpecLeaf) else name for leaf in encoder.leaves]


def spec_of(value):
    """The value as signatures show it: tensors as TensorSpecs, the rest as it is."""
    if isinstance(value, SpecLeaf):
        return TensorSpec(value.spec.shape, value.spec.dtype, value.name)
    if isinstance(value, TensorHandle):
        return TensorSpec(value.shape, value.dtype)
    if isinstance(value, (np.ndarray, np.generic, jax.Array)) and type(value) is not np.str_:
        return spec_of(convert(value))
    if isinstance(value, CompositeTensor) and not isinstance(value, TypeSpec):
        return type_spec_from_value(value)
    if isinstance(value, Resource) or isinstance(value, TensorType) and hasattr(value, "_cell"):
        return type_spec_from_value(value)
    if isinstance(value, dict):
        return {k: spec_of(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return nest.sequence_like(value, [spec_of(v) for v in value])
    return value


def type_text(value):
    """A value's type as TensorFlow's signatures print it."""
    value = spec_of(value)
    if isinstance(value, TypeSpec):
        return repr(value)
    if isinstance(value, dict):
        return "Dict[" + ", ".join(f"[{k!r}, {type_text(v)}]" for k, v in value.items()) + "]"
    if isinstance(value, (list, tuple)):
        if nest.is_namedtuple(value):
            inner = ", ".join(f"['{f}', {type_text(v)}]" for f, v in zip(value._fields, value, strict=True))
            return f"NamedTuple[{type(value).__name__}, [{inner}]]"
        return f"{type(value).__name__.capitalize()}[" + ", ".join(type_text(v) for v in value) + "]"
    if type(value) in _LITERALS:
        return f"Literal[{value!r}]"
    try:
        return f"Weakref[{weakref.ref(value)!r}]"
    except TypeError:
        return f"Literal[{value!r}]"


class _Default:
    def __repr__(self):
        return "<captured_default_value>"


_DEFAULT = _Default()


class Signature:
    """The parameters of a Python function: how the arguments of a call are brought into one form."""

    def __init__(self, function, skip_first=False, fixed=None):
        try:
            signature = inspect.signature(function)
        except (ValueError, TypeError):
            signature = inspect.Signature([
                inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
                inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
            ])  # fmt: skip
        parameters = list(signature.parameters.values())
        if skip_first and parameters and parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
            parameters = parameters[1:]
        self.parameters = parameters
        self.signature = inspect.Signature(parameters)
        plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self.count = len(plain) if len(plain) == len(parameters) else -1  # arguments of a call that needs no binding
        self.plain = [(p.name, p.default) for p in plain]
        self.by_name = all([p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters])

    @functools.cached_property
    def text(self):
        bare = [p.replace(annotation=p.empty, default=p.empty if p.default is p.empty else _DEFAULT) for p in self.parameters]
        return str(inspect.Signature(bare))

    def bind(self, args, kwargs, text=None):
        """(args, kwargs) with defaults filled in and keywords made positional where they can be.

        Args:
          text: function that gives the signature as errors show it.
        """
        if self.by_name and len(args) <= self.count:
            # The usual case: `inspect` takes 10 µs.
            rest = [kwargs.get(name, default) for name, default in self.plain[len(args) :]]
            named = sum([name in kwargs for name, _ in self.plain[len(args) :]])
            if named == len(kwargs) and not any([value is inspect.Parameter.empty for value in rest]):
                return (*args, *rest), {}
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(
                f"Binding inputs to tf.function failed due to `{error}`. Received args: {args} and kwargs: {kwargs} for "
                f"signature: {self.text if text is None else text()}."
            ) from None
        bound.apply_defaults()
        return bound.args, bound.kwargs


def compatible(spec, shape):
    return shapes.as_shape(spec.shape).is_compatible_with(shape)
