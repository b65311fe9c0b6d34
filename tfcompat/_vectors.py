"""Attributes that TensorFlow takes as integer tensors: shapes, axes, multiples; what does not fit raises its errors."""

from tfcompat._core import attributes, dtypes
from tfcompat._core.attributes import size_list
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.op import mismatch
from tfcompat._core.shapes import TensorShape
from tfcompat._core.tensor_base import host_value, size_value
from tfcompat._declare import invalid
from tfcompat._slicing import WIDE, check_allowed


class Vector:
    """A tuple of ints.

    Args:
      kernel, attribute: what a message about a wrong dtype names.
      rank_message: what a value of another rank raises, with `{}` for its shape; None: it is flattened.
      scalar: whether one int counts as a vector.
      sizes: whether the ints are sizes, which may differ from call to call.
      dtype: where given, Python data has to fit this dtype (TypeError) instead of being looked at; a single float has to anyway.
    """

    fast = "False"

    def __init__(self, kernel, attribute, rank_message=None, scalar=True, sizes=False, dtype=None):
        self.kernel, self.attribute, self.rank_message, self.scalar = kernel, attribute, rank_message, scalar
        self.sizes, self.dtype = sizes, dtype

    def canonical(self, value, name):
        kind = type(value)
        if kind is list or kind is tuple:
            numbers = attributes.plain_ints(value)
            if numbers is not None and (not value or (min(value) >= -(2**63) and max(value) < 2**63)):
                return numbers
        elif kind is int and self.scalar:
            return (value,)
        elif kind is TensorShape and value.is_fully_defined():
            return tuple(value.as_list())
        if self.sizes and (kind is list or kind is tuple) and (found := size_list(value)) is not None:
            return found
        fitting = dtypes.int32 if kind is float else self.dtype if not hasattr(value, "dtype") else None
        tensor = convert(value, fitting, dtypes.int32)
        a = tensor._aval
        if a.dtype not in (dtypes.int32, dtypes.int64):
            check_allowed(self.kernel, self.attribute, a.dtype, (dtypes.int32, dtypes.int64))
        if self.rank_message is not None and (len(a.shape) > 1 or (not a.shape and not self.scalar)):
            raise invalid(self.rank_message.format(shape_text(a.shape)), self.kernel)
        return tuple((size_value if self.sizes else host_value)(tensor).reshape(-1).tolist())


class One:
    """One int, given as a number or a tensor with a single element.

    Args:
      kernel: what messages name.
      message: what a tensor of another shape raises, with `{}` for its shape.
      attribute: what a message about a wrong dtype names.
      rank: the greatest rank of a tensor with a single element; None: any.
      error: what makes the error of another shape: `refused` where only the kernel looks at it.
      hint: what Python data become where they can; None: what they are.
      position: where the input takes int32 alone: its number.
      dtypes: those that it takes.
      known: what reads it; `size_value` where it is a size.
    """

    fast = "type({x}) is int"

    def __init__(self, kernel, message, attribute="Tidx", rank=0, error=invalid, hint=dtypes.int32, position=None,
                 dtypes=WIDE, known=host_value):  # fmt: skip
        self.kernel, self.message, self.attribute, self.rank, self.error = kernel, message, attribute, rank, error
        self.hint, self.position, self.dtypes, self.known = hint, position, dtypes, known

    def canonical(self, value, name):
        number = type(value) is float and self.hint is not None
        tensor = convert(value, self.hint if number or self.position is not None and not hasattr(value, "dtype") else None, self.hint)
        a = tensor._aval
        if self.position is not None and a.dtype is not dtypes.int32:
            raise mismatch(self.kernel, self.position, dtypes.int32, a.dtype)
        if a.dtype not in self.dtypes:
            check_allowed(self.kernel, self.attribute, a.dtype, self.dtypes)
        if a.size != 1 or self.rank is not None and len(a.shape) > self.rank:
            raise self.error(self.message.format(shape_text(a.shape), len(a.shape)), self.kernel)
        return int(self.known(tensor).reshape(()))
