"""`tf.TensorShape`, and `Dimension` as TensorFlow 1 had it (what `TensorShape.dims` lists)."""

import math
import operator


class Dimension:
    """Size of one axis, or unknown (None). Arithmetic and comparison with an unknown one give unknown (None)."""

    __slots__ = ("_value",)
    __hash__ = None

    def __init__(self, value):
        self._value = _size(value)

    @property
    def value(self):
        """The size, or None."""
        return self._value

    def is_compatible_with(self, other):
        """Whether both can be the same size."""
        other = as_dimension(other)
        return self._value is None or other._value is None or self._value == other._value

    def assert_is_compatible_with(self, other):
        """Raises ValueError unless both can be the same size."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other):
        """The Dimension with what is known of either; ValueError if they differ."""
        other = as_dimension(other)
        self.assert_is_compatible_with(other)
        return Dimension(other._value if self._value is None else self._value)

    def __repr__(self):
        return f"Dimension({self._value!r})"

    def __str__(self):
        return "?" if self._value is None else str(self._value)

    def __bool__(self):
        return bool(self._value)

    def __int__(self):
        return self._value

    def __index__(self):
        return self._value

    def __reduce__(self):
        return Dimension, (self._value,)

    def __rdiv__(self, other):
        return self.__rtruediv__(other)

    def __truediv__(self, other):
        name = type(other).__name__
        raise TypeError(f"unsupported operand type(s) for /: 'Dimension' and '{name}', please use // instead")

    def __rtruediv__(self, other):
        name = type(other).__name__
        raise TypeError(f"unsupported operand type(s) for /: '{name}' and 'Dimension', please use // instead")


def _on_dimensions(function, strict, reflected=False, wrap=True):
    """A binary method of Dimension. `strict`: an operand that is no dimension raises, instead of NotImplemented."""

    def method(self, other):
        try:
            other = as_dimension(other)
        except (TypeError, ValueError):
            if strict:
                raise
            return NotImplemented
        if self._value is None or other._value is None:
            return Dimension(None) if wrap else None
        result = function(other._value, self._value) if reflected else function(self._value, other._value)
        return Dimension(result) if wrap else result

    return method


for _name, _function, _strict, _reflected_strict in (
    ("add", operator.add, False, False),
    ("sub", operator.sub, False, True),
    ("mul", operator.mul, False, False),
    ("floordiv", operator.floordiv, False, True),
    ("mod", operator.mod, True, True),
):
    setattr(Dimension, f"__{_name}__", _on_dimensions(_function, _strict))
    setattr(Dimension, f"__r{_name}__", _on_dimensions(_function, _reflected_strict, reflected=True))
Dimension.__div__ = Dimension.__floordiv__
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _strict = _name not in ("eq", "ne")
    setattr(Dimension, f"__{_name}__", _on_dimensions(getattr(operator, _name), _strict, wrap=False))


def _size(value):
    """An int or None from what stands for a dimension: int, None, Dimension, or anything with `__index__`."""
    if isinstance(value, int):
        size = value
    elif value is None:
        return None
    elif isinstance(value, Dimension):
        return value._value
    else:
        try:
            size = int(value.__index__())
        except AttributeError:
            raise TypeError(
                "Dimension value must be integer or None or have an __index__ method, "
                f"got value '{value!r}' with type '{type(value)!r}'"
            ) from None
    if size < 0:
        raise ValueError(f"Dimension {size} must be >= 0")
    return size


class TensorShape:
    """Static shape of a tensor: sizes of the axes, None for an unknown size, or unknown altogether.

    Args:
      dims: iterable of sizes (int, None, `Dimension`), one size, another TensorShape, or None for unknown rank.

    Raises:
      TypeError: something in `dims` is no size.
      ValueError: a size is negative.
    """

    __slots__ = ("_dims",)

    def __init__(self, dims):
        if isinstance(dims, (tuple, list)):
            self._dims = tuple([d if type(d) is int and d >= 0 else _size(d) for d in dims])
        elif dims is None:
            self._dims = None
        elif isinstance(dims, TensorShape):
            self._dims = dims._dims
        else:
            try:
                sizes = iter(dims)
            except TypeError:
                self._dims = (_size(dims),)
            else:
                self._dims = tuple([_size_within(dims, d) for d in sizes])

    @staticmethod
    def _fast(dims):
        """A TensorShape of a tuple of ints and Nones that is known to be right."""
        self = _new(TensorShape)
        self._dims = dims
        return self

    @property
    def rank(self):
        """Number of axes, or None."""
        return None if self._dims is None else len(self._dims)

    ndims = rank

    @property
    def dims(self):
        """List of `Dimension`s, or None if the rank is unknown."""
        return None if self._dims is None else [Dimension(d) for d in self._dims]

    @property
    def _v2_behavior(self):
        return True

    def as_list(self):
        """List of ints and Nones; ValueError if the rank is unknown."""
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def as_proto(self):
        """Not available: there are no protocol buffers. Raises NotImplementedError."""
        raise NotImplementedError("tf.TensorShape.as_proto: there are no protocol buffers; use `as_list()`")

    experimental_as_proto = as_proto

    def num_elements(self):
        """Product of the sizes, or None unless all are known."""
        return math.prod(self._dims) if self.is_fully_defined() else None

    def is_fully_defined(self):
        """Whether rank and all sizes are known."""
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self):
        """Raises ValueError unless rank and all sizes are known."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other):
        """Whether some fully known shape fits both."""
        mine, others = self._dims, as_shape(other)._dims
        if mine is None or others is None:
            return True
        if len(mine) != len(others):
            return False
        return all(a is None or b is None or a == b for a, b in zip(mine, others, strict=True))

    def assert_is_compatible_with(self, other):
        """Raises ValueError unless some fully known shape fits both."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def assert_same_rank(self, other):
        """Raises ValueError if both ranks are known and differ."""
        other = as_shape(other)
        if self._dims is not None and other._dims is not None and len(self._dims) != len(other._dims):
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank):
        """Raises ValueError unless the rank is `rank` or unknown."""
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def with_rank(self, rank):
        """This shape, known to have `rank` axes; ValueError if it has another number of them."""
        try:
            return self.merge_with(unknown_shape(rank=rank))
        except ValueError:
            raise ValueError(f"Shape {self} must have rank {rank}") from None

    def with_rank_at_least(self, rank):
        """This shape; ValueError if it has fewer than `rank` axes."""
        if self._dims is not None and len(self._dims) < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank):
        """This shape; ValueError if it has more than `rank` axes."""
        if self._dims is not None and len(self._dims) > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def merge_with(self, other):
        """The shape with what is known of either; ValueError if they contradict each other."""
        other = as_shape(other)
        if self._dims is None:
            return other
        if other._dims is None:
            return self
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are not compatible")
        return _fast(tuple([b if a is None else a for a, b in zip(self._dims, other._dims, strict=True)]))

    def concatenate(self, other):
        """The axes of this shape followed by those of `other`; unknown if either is unknown."""
        other = as_shape(other)
        return _fast(None if self._dims is None or other._dims is None else self._dims + other._dims)

    __concat__ = concatenate

    def most_specific_compatible_shape(self, other):
        """What both have in common: equal sizes are kept, others unknown; unknown rank if the ranks differ."""
        other = as_shape(other)
        if self._dims is None or other._dims is None or len(self._dims) != len(other._dims):
            return _fast(None)
        return _fast(tuple([a if a == b else None for a, b in zip(self._dims, other._dims, strict=True)]))

    def is_subtype_of(self, other):
        """Whether every shape that fits this one fits `other`, a TensorShape."""
        if not isinstance(other, TensorShape):
            return False
        if other._dims is None:
            return True
        if self._dims is None or len(self._dims) != len(other._dims):
            return False
        return all(o is None or s == o for s, o in zip(self._dims, other._dims, strict=True))

    def most_specific_common_supertype(self, others):
        """What this shape and all of `others` have in common; None if one of them is no TensorShape."""
        if any(not isinstance(other, TensorShape) for other in others):
            return None
        if self._dims is None or any(o._dims is None or len(o._dims) != len(self._dims) for o in others):
            return _fast(None)
        return _fast(tuple([d if all(o._dims[i] == d for o in others) else None for i, d in enumerate(self._dims)]))

    def __len__(self):
        if self._dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    def __bool__(self):
        return self._dims is not None

    __nonzero__ = __bool__

    def __iter__(self):
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self._dims)

    def __getitem__(self, key):
        if self._dims is not None:
            return _fast(self._dims[key]) if isinstance(key, slice) else self._dims[key]
        if not isinstance(key, slice):
            return None
        if key.step is not None:
            raise ValueError("Steps are not yet handled")
        start = 0 if key.start is None else key.start
        if key.stop is None or start < 0 or key.stop < 0:
            return _fast(None)
        return unknown_shape(rank=key.stop - start)

    def __add__(self, other):
        return self.concatenate(other)

    def __radd__(self, other):
        return as_shape(other).concatenate(self)

    def __eq__(self, other):
        if type(other) is not TensorShape:
            try:
                other = as_shape(other)
            except TypeError:
                return NotImplemented
        return self._dims == other._dims

    def __hash__(self):
        return hash(self._dims)

    def __repr__(self):
        return f"TensorShape({None if self._dims is None else list(self._dims)})"

    def __str__(self):
        if self._dims is None:
            return "<unknown>"
        comma = "," if len(self._dims) == 1 else ""
        return f"({', '.join(map(str, self._dims))}{comma})"

    def __reduce__(self):
        return TensorShape, (self._dims,)


_new = object.__new__
_fast = TensorShape._fast


def _size_within(dims, value):
    try:
        return _size(value)
    except TypeError as error:
        raise TypeError(
            f"Failed to convert '{dims!r}' to a shape: '{value!r}'could not be converted to a dimension. A shape "
            "should either be single dimension (e.g. 10), or an iterable of dimensions (e.g. [1, 10, None])."
        ) from error


def as_dimension(value):
    """`value` itself if it is a Dimension, else the Dimension of that size."""
    return value if isinstance(value, Dimension) else Dimension(value)


def as_shape(shape):
    """`shape` itself if it is a TensorShape, else the TensorShape made from it."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(rank=None, **kwargs):
    """A shape of which at most the rank is known. `ndims` is an older name of `rank`."""
    if rank is None and "ndims" in kwargs:
        rank = kwargs.pop("ndims")
    if kwargs:
        raise TypeError(f"Unknown argument: {kwargs}")
    return _fast(None if rank is None else (None,) * rank)


def dimension_value(dimension):
    """`tf.compat.dimension_value`: the int or None in a Dimension; anything else as it is."""
    return dimension._value if isinstance(dimension, Dimension) else dimension


def dimension_at_index(shape, index):
    """`tf.compat.dimension_at_index`: the Dimension of one axis; unknown if the rank is."""
    return Dimension(None) if shape.rank is None else shape.dims[index]


def broadcast_static_shape(shape_x, shape_y):
    """`tf.broadcast_static_shape`: the shape of the result of a broadcasting op.

    Where one size is unknown the other counts if it is greater than 1. The rank is unknown if either rank is.

    Args:
      shape_x, shape_y: TensorShapes.

    Raises:
      ValueError: two known sizes differ and neither is 1.
    """
    if shape_x.ndims is None or shape_y.ndims is None:
        return _fast(None)
    x, y = shape_x._dims, shape_y._dims
    rank = max(len(x), len(y))
    x, y = (1,) * (rank - len(x)) + x, (1,) * (rank - len(y)) + y
    dims = []
    for a, b in zip(x, y, strict=True):
        if a is None or b is None:
            known = b if a is None else a
            dims.append(known if known is not None and known > 1 else None)
        elif a == b or b == 1:
            dims.append(a)
        elif a == 1:
            dims.append(b)
        else:
            raise ValueError(
                "Incompatible shapes for broadcasting. Two shapes are compatible if for each dimension pair they "
                f"are either equal or one of them is 1. Received: {shape_x} and {shape_y}."
            )
    return _fast(tuple(dims))


def broadcast_dims(x, y):
    """Broadcast of two tuples of ints; None if they do not fit. For the callers that word the error themselves."""
    if x == y:
        return x
    rank = max(len(x), len(y))
    x, y = (1,) * (rank - len(x)) + x, (1,) * (rank - len(y)) + y
    dims = []
    for a, b in zip(x, y, strict=True):
        if a != b and a != 1 and b != 1:
            return None
        dims.append(b if a == 1 else a)
    return tuple(dims)
