"""The operators of tensors and variables."""

from tfcompat import bitwise, math
from tfcompat._core import errors
from tfcompat._core.convert import convert
from tfcompat._core.core_types import TensorType
from tfcompat._core.tensor import Tensor

_LOGICAL = {"and": math.logical_and, "or": math.logical_or, "xor": math.logical_xor}
_BITWISE = {"and": bitwise.bitwise_and, "or": bitwise.bitwise_or, "xor": bitwise.bitwise_xor}


def _reflected(function):
    """`y op x` for a Python value y: it must take the tensor's dtype."""

    def operator(x, y):
        x = x if type(x) is Tensor else convert(x)
        return function(convert(y, x._aval.dtype), x)

    return operator


def _bits(name):
    logical, bitwise_op = _LOGICAL[name], _BITWISE[name]

    def operator(x, y):
        return (logical if x.dtype.is_bool else bitwise_op)(x, y)

    return operator


def _matmul(x, y):
    from tfcompat.linalg import matmul

    return matmul(x, y)


def _invert(x):
    return math.logical_not(x) if x.dtype.is_bool else bitwise.invert(x)


def _equal(x, y):
    """Elementwise `==`; False where the shapes or dtypes cannot be compared."""
    if y is None:
        return False
    try:
        return math.equal(x, y)
    except (errors.InvalidArgumentError, ValueError, TypeError):
        if isinstance(y, TensorType) and y.dtype is not x.dtype:
            raise
        return False


def _not_equal(x, y):
    """Elementwise `!=`; True where the shapes or dtypes cannot be compared."""
    if y is None:
        return True
    try:
        return math.not_equal(x, y)
    except (errors.InvalidArgumentError, ValueError, TypeError):
        if isinstance(y, TensorType) and y.dtype is not x.dtype:
            raise
        return True


_BINARY = {
    "add": math.add,
    "sub": math.subtract,
    "mul": math.multiply,
    "truediv": math.truediv,
    "floordiv": math.floordiv,
    "mod": math.floormod,
    "pow": math.pow,
    "matmul": _matmul,
    "and": _bits("and"),
    "or": _bits("or"),
    "xor": _bits("xor"),
}
_COMPARISONS = {"lt": math.less, "le": math.less_equal, "gt": math.greater, "ge": math.greater_equal}


def install(cls):
    """Sets the operators on a class of tensors or variables."""
    for name, function in _BINARY.items():
        setattr(cls, f"__{name}__", function)
        setattr(cls, f"__r{name}__", _reflected(function))
    for name, function in _COMPARISONS.items():
        setattr(cls, f"__{name}__", function)
    cls.__eq__, cls.__ne__ = _equal, _not_equal
    cls.__neg__, cls.__abs__, cls.__invert__ = math.negative, math.abs, _invert
