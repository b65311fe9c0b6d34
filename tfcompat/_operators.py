"""Python's operators for tensors and variables.

An operator converts its other operand as the function of that name does, and records a call of its op.
"""

import inspect

import jax.numpy as jnp

from tfcompat import _elementwise as e, bitwise, linalg
from tfcompat._core import dtypes, hot
from tfcompat._core.convert import convert, fast_scalar, variable_types
from tfcompat._core.hot import recorded
from tfcompat._core.op import Bool, T, op
from tfcompat._core.sizes import holds_unknown, loose
from tfcompat._core.tensor import Tensor

_BUILTIN = (int, float, complex, str, bytes, list, tuple, type(None))


def tensor_of(value):
    """An operand that is a Tensor or a variable, as a Tensor."""
    if type(value) is Tensor:
        return value
    return value._read() if type(value) in variable_types else convert(value)


def _other(x, value, hint, method):
    """The second operand as a Tensor; NotImplemented where its own type has `method`, and may know better."""
    if type(value) in variable_types:
        return value._read()
    fast = x._aval.scalars.get(type(value))
    if fast is not None:
        return fast_scalar(fast, value)
    try:
        return convert(value, None, x._aval.dtype) if hint else convert(value, _wanted(value, x._aval.dtype))
    except (TypeError, ValueError):
        if method is not None and not isinstance(value, _BUILTIN) and hasattr(type(value), method):
            return NotImplemented
        raise


def _wanted(value, dtype):
    """The dtype to convert an operand to: a tensor or variable keeps its own (the op then says what does not fit)."""
    own = isinstance(value, Tensor) or hasattr(type(value), "_read") or hasattr(type(value), "__tf_tensor__")
    return None if own else dtype


def _forward(name, public, hint=False, bools=None):
    op, attrs = public.op, _defaults(public)
    method = f"__r{name[2:]}"

    def operator(x, y):
        if type(x) is not Tensor:
            x = x._read() if type(x) in variable_types else convert(x)
        if type(y) is not Tensor:
            y = y._read() if type(y) in variable_types else _other(x, y, hint, method)
            if y is NotImplemented:
                return y
        if bools is not None and x._aval.dtype is dtypes.bool:
            return bools(x, y)
        return recorded(op, (x._aval, y._aval), (x, y), attrs, 0)

    return hot.operator(op, attrs, _named(operator, name), False)


def _reflected(name, public, bools=None):
    op, attrs = public.op, _defaults(public)
    method = f"__{name[3:]}"

    def operator(y, x):
        if type(y) is not Tensor:
            y = tensor_of(y)
        if type(x) is not Tensor:
            x = _other(y, x, False, method)
            if x is NotImplemented:
                return x
        if bools is not None and x._aval.dtype is dtypes.bool:
            return bools(x, y)
        return recorded(op, (x._aval, y._aval), (x, y), attrs, 0)

    return hot.operator(op, attrs, _named(operator, name), True)


def _defaults(public):
    """The values of an op's attributes, all of which have defaults that make its key the avals alone."""
    return tuple([p.default for p in inspect.signature(public).parameters.values()][2:-1])


def _named(function, name):
    function.__name__ = function.__qualname__ = name
    return function


def _power(recorded):
    """`**`: a square where the exponent is a Python number, which XLA computes 60 times as fast as a power of a tensor."""

    def operator(x, y):
        if type(y) in (int, float) and y == 2:
            x = tensor_of(x)
            if type(y) in x._aval.scalars and x._aval.dtype in e.squared.op.dtypes["T"]:
                return e.squared(x)
        return recorded(x, y)

    return _named(operator, "__pow__")


def _unary(name, public):
    return _named(lambda x: public(x), name)


def _logical(name, of_bools, of_integers):
    """`&`, `|` and `^`: logic of booleans, else bit by bit."""

    def operator(x, y):
        x = tensor_of(x)
        y = y if type(y) is Tensor else _other(x, y, False, f"__r{name[2:]}")
        return y if y is NotImplemented else (of_bools if x._aval.dtype is dtypes.bool else of_integers)(x, y)

    def reflected(y, x):
        y = tensor_of(y)
        x = x if type(x) is Tensor else _other(y, x, False, name)
        return x if x is NotImplemented else (of_bools if y._aval.dtype is dtypes.bool else of_integers)(x, y)

    return {name: _named(operator, name), f"__r{name[2:]}": _named(reflected, f"__r{name[2:]}")}


def _invert(x):
    x = tensor_of(x)
    return e.logical_not(x) if x._aval.dtype is dtypes.bool else bitwise.invert(x)


def _broadcast(a, b):
    return all(m == n or m == 1 or n == 1 or holds_unknown((m, n)) for m, n in zip(a[::-1], b[::-1], strict=False))


@op("Equal", grad=None)
def _equal_or_other(x: T, y: T, without: Bool):
    if not _broadcast(x.shape, y.shape):
        return jnp.asarray(without)
    return jnp.not_equal(x, y) if without else jnp.equal(x, y)


def _equality(name, public, without):
    """`==` and `!=`: elementwise; shapes that cannot be compared, and None, differ."""
    recorded = _forward(name, public)

    def operator(x, y):
        if y is None and isinstance(x, Tensor):
            return without
        x = tensor_of(x)
        if type(y) is not Tensor:
            y = _other(x, y, False, None)
        a, b = x._aval.shape, y._aval.shape
        if a != b and not _broadcast(a, b):
            return convert(without)
        return loose(_equal_or_other(x, y, without)) if a != b and holds_unknown((*a, *b)) else recorded(x, y)

    return _named(operator, name)


OPERATORS = {
    "__add__": _forward("__add__", e.add, hint=True),
    "__sub__": _forward("__sub__", e.subtract),
    "__mul__": _forward("__mul__", e.multiply, bools=e.logical_and),
    "__truediv__": _forward("__truediv__", e.truediv, hint=True),
    "__div__": _forward("__truediv__", e.truediv, hint=True),
    "__floordiv__": _forward("__floordiv__", e.floordiv),
    "__mod__": _forward("__mod__", e.floormod),
    "__pow__": _power(_forward("__pow__", e.pow)),
    "__radd__": _reflected("__radd__", e.add),
    "__rsub__": _reflected("__rsub__", e.subtract),
    "__rmul__": _reflected("__rmul__", e.multiply, bools=e.logical_and),
    "__rtruediv__": _reflected("__rtruediv__", e.truediv),
    "__rdiv__": _reflected("__rtruediv__", e.truediv),
    "__rfloordiv__": _reflected("__rfloordiv__", e.floordiv),
    "__rmod__": _reflected("__rmod__", e.floormod),
    "__rpow__": _reflected("__rpow__", e.pow),
    "__lt__": _forward("__lt__", e.less),
    "__le__": _forward("__le__", e.less_equal),
    "__gt__": _forward("__gt__", e.greater),
    "__ge__": _forward("__ge__", e.greater_equal),
    "__eq__": _equality("__eq__", e.equal, False),
    "__ne__": _equality("__ne__", e.not_equal, True),
    "__matmul__": _forward("__matmul__", linalg.matmul, hint=True),
    "__rmatmul__": _reflected("__rmatmul__", linalg.matmul),
    "__neg__": _unary("__neg__", e.negative),
    "__abs__": _unary("__abs__", e.abs),
    "__invert__": _named(_invert, "__invert__"),
    **_logical("__and__", e.logical_and, bitwise.bitwise_and),
    **_logical("__or__", e.logical_or, bitwise.bitwise_or),
    **_logical("__xor__", e.logical_xor, bitwise.bitwise_xor),
}


def install(cls):
    """Gives a class of tensors or variables the operators."""
    for name, function in OPERATORS.items():
        setattr(cls, name, function)
