"""`tf.debugging`: asserts. In eager code they read their operands at once, so that what fails is raised where it is written;
in a function they are checked when it runs."""

import jax.numpy as _jnp
import numpy as _np

from tfcompat import _elementwise as _e
from tfcompat._check_numerics import (
    disable_check_numerics as disable_check_numerics,
    enable_check_numerics as enable_check_numerics,
)
from tfcompat._core import dtypes as _d, errors as _errors
from tfcompat._core.body import record_assert as _record_assert
from tfcompat._core.context import settings as _context_settings, state as _state
from tfcompat._core.convert import convert as _convert
from tfcompat._core.core_types import TensorType as _TensorType
from tfcompat._core.op import Check as _Check, Str as _Str, T as _T, op as _op
from tfcompat._core.recorded_data import recording as _recording
from tfcompat._core.tensor import Tensor as _Tensor
from tfcompat._core.tensor_base import TensorHandle as _TensorHandle, host_value as _host_value
from tfcompat._core.trace import Eager as _Eager
from tfcompat._declare import FLOATS as _FLOATS, REAL as _REAL, not_allowed as _not_allowed
from tfcompat._print import format_element as _format_element

_SUMMARIZE = 3
_settings = {"log_device_placement": False}


def _fail(text):
    raise _errors.InvalidArgumentError(None, None, text)


def _array(tensor):
    return _np.asarray(_host_value(tensor))


def _limit(summarize):
    return _SUMMARIZE if summarize is None else (1 << 30 if summarize < 0 else summarize)


def _listed(value, summarize):
    """Elements as `tf.Assert` prints them: `1, 2, 3, ...`."""
    flat = _np.asarray(value).reshape(-1)
    texts = [str(v) for v in flat[: _limit(summarize)]]
    return ", ".join([*texts, "..."] if len(texts) < flat.size else texts)


def Assert(condition, data, summarize=None, name=None):
    """Raises unless `condition` is true.

    Args:
      condition: a scalar.
      data: list of what the message shows.
      summarize: how many elements of each (default 3; negative: all).

    Raises:
      InvalidArgumentError: `condition` is false.
    """
    if _recording() and not hasattr(condition, "dtype"):
        condition = _read_as_bool(condition)
    if _symbolic(condition):
        return _recorded_assert(condition, data, summarize)
    value = condition if not hasattr(condition, "dtype") else _array(_convert(condition))
    if not (value.size and value if isinstance(value, _np.ndarray) else value):
        if not isinstance(data, (list, tuple, str)):
            raise TypeError("values must be a sequence.")
        shown = [_listed(_array(_convert(v)), summarize) for v in data]
        _fail(f"Expected '{condition!s}' to be true. Summarized data: " + "\n".join(shown))


def _read_as_bool(condition):
    if not isinstance(condition, bool) and isinstance(condition, (int, float)):
        kind = "int32" if isinstance(condition, int) else "float32"
        raise TypeError(f"Input 'condition' of 'Assert' Op has type {kind} that does not match expected type of bool.")
    return condition


def _symbolic(*values):
    """Whether the values are known only when the function that is being recorded runs."""
    return _state.trace is not None and any(
        isinstance(t, _TensorHandle) and t._value is None or hasattr(type(t), "_read") for t in values
    )


def _recorded_assert(condition, data, summarize):
    if not isinstance(data, (list, tuple, str)):
        raise TypeError("values must be a sequence.")
    data = [v if isinstance(v, str) else _convert(v) for v in ([data] if isinstance(data, str) else data)]
    tensors = [t for t in data if isinstance(t, _TensorHandle) and t.dtype is not _d.string]

    def text(*values):
        values = iter(values)
        parts = []
        for v in data:
            if isinstance(v, str):
                parts.append(v)
            elif v.dtype is _d.string:
                parts.append(_array(v).item().decode() if not v._aval.shape else str(_array(v)))
            else:
                flat = next(values).reshape(-1)
                shown = " ".join([_format_element(x) for x in flat[: _limit(summarize)]])
                parts.append(shown + ("..." if flat.size > _limit(summarize) else ""))
        return "assertion failed: " + " ".join(f"[{p}]" for p in parts)

    return _record_assert(_convert(condition), tensors, text)


# Comparisons


def _compare(sign, compare, x, y, message, summarize):
    x, y = _operands(x, y)
    if _symbolic(x, y):
        parts = [message] if message else []
        parts += [f"Condition x {sign} y did not hold element-wise:", f"x ({_name_of(x)}) = ", x, f"y ({_name_of(y)}) = ", y]
        return _recorded_assert(compare(x, y), parts, summarize)
    holds = compare(x, y)
    if _state.trace is not None:  # recording it raises what it raises
        with _Eager():  # what is known is looked at now
            holds = compare(x, y)
    holds = _array(holds)
    if holds.all():
        return
    limit = _limit(summarize)
    a, b = _array(x), _array(y)
    lines = [message] if message else []
    lines.append(f"Condition x {sign} y did not hold.")
    if a.shape == b.shape and a.ndim:
        wrong = _np.argwhere(~holds)
        picked = tuple(wrong[:limit].T)
        lines += [f"Indices of first {len(wrong[:limit])} different values:", str(wrong[:limit]),
                  "Corresponding x values:", str(a[picked]), "Corresponding y values:", str(b[picked])]  # fmt: skip
    for letter, value in (("x", a), ("y", b)):
        first = value.reshape(-1)[:limit]
        lines += [f"First {len(first)} elements of {letter}:", str(first)]
    _fail("\n".join(lines))


def _name_of(tensor):
    return tensor.name if _symbolic(tensor) else "Const:0"


def _operands(x, y):
    return _convert(x), _convert(y)


def _declare_comparison(name, sign, compare):
    def check(x, y, message=None, summarize=None, name=None):
        _compare(sign, compare, x, y, message, summarize)

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"""Raises unless x {sign} y for all pairs of elements (the shapes broadcast).

    Args:
      x, y: numeric tensors of one dtype.
      message: what the error begins with.
      summarize: how many elements the error shows (default 3; negative: all).

    Raises:
      InvalidArgumentError: it does not hold.
    """
    return check


assert_equal = _declare_comparison("assert_equal", "==", _e.equal)
assert_less = _declare_comparison("assert_less", "<", _e.less)
assert_less_equal = _declare_comparison("assert_less_equal", "<=", _e.less_equal)
assert_greater = _declare_comparison("assert_greater", ">", _e.greater)
assert_greater_equal = _declare_comparison("assert_greater_equal", ">=", _e.greater_equal)


def assert_none_equal(x, y, summarize=None, message=None, name=None):
    """Raises InvalidArgumentError unless x != y for all pairs of elements. See `assert_equal`."""
    _compare("!=", _e.not_equal, x, y, message, summarize)


def assert_near(x, y, rtol=None, atol=None, message=None, summarize=None, name=None):
    """Raises unless |x - y| < atol + rtol * |y| for all pairs of elements.

    Args:
      x, y: floating or complex tensors of one dtype.
      rtol, atol: relative and absolute tolerance; default 10 times the machine epsilon.

    Raises:
      InvalidArgumentError: it does not hold.
      ValueError: x holds integers, or y has another dtype.
    """
    x = _convert(x)
    y = _convert(y, x.dtype)
    if not (x.dtype.is_floating or x.dtype.is_complex):
        raise ValueError(f"data type <class 'numpy.{x.dtype.name}'> not inexact")
    real = x.dtype.real_dtype
    default = 10 * float(_np.finfo(real.np).eps) if real.np.kind == "f" else 10 * 2.0**-7
    rtol, atol = (_convert(default if v is None else v, real) for v in (rtol, atol))
    close = _e.less(_e.abs(x - y), atol + rtol * _e.abs(y))
    if _symbolic(close):
        return _recorded_assert(close, [*([message] if message else []), "x and y not equal to tolerance", x, y], summarize)
    condition = _convert(bool(_array(close).all()))
    Assert(condition, [
        f"{message}.  " if message else "", f"x and y not equal to tolerance rtol = {rtol!s}, atol = {atol!s}",
        f"x (shape={x.shape} dtype={x.dtype.name}) = ", x, f"y (shape={y.shape} dtype={y.dtype.name}) = ", y,
    ], summarize)  # fmt: skip


# Signs


def _declare_sign(name, sign, holds, gap="\n"):
    def check(x, message=None, summarize=None, name=None):
        x = _convert(x)
        _convert(0, x.dtype)  # raises where there is no 0
        if x.dtype.is_complex:
            raise _not_allowed("T", x.dtype.np, _REAL, "Less")
        if _symbolic(x):
            parts = [f"Condition x {sign} 0 did not hold element-wise:", f"x ({_name_of(x)}) = ", x]
            return _recorded_assert(holds(x), [*([message] if message else []), *parts], summarize)
        value = _array(x)
        if not holds(value).all():
            start = f"{message}.  " if message else ""
            _fail(f"{start}\nCondition x {sign} 0 did not hold element-wise:{gap}x (shape={x.shape} "
                  f"dtype={x.dtype.name}) = \n{_quoted(value, summarize)}")  # fmt: skip

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"Raises InvalidArgumentError unless x {sign} 0 for all elements. See `assert_equal`."
    return check


def _quoted(value, summarize):
    if not value.ndim:
        return str(value)
    texts = [str(v) for v in value.reshape(-1)[: _limit(summarize)]]
    return str([*texts, "..."] if len(texts) < value.size else texts)


assert_positive = _declare_sign("assert_positive", ">", lambda x: x > 0)
assert_negative = _declare_sign("assert_negative", "<", lambda x: x < 0)
assert_non_negative = _declare_sign("assert_non_negative", ">=", lambda x: x >= 0)
assert_non_positive = _declare_sign("assert_non_positive", "<=", lambda x: x <= 0, gap="")


# Shapes


def _start(message):
    return f"{message}.  " if message else ""


def _rank_number(rank):
    rank = _convert(rank)
    if rank.dtype is not _d.int32:
        raise TypeError(f"tensor must be of type tf.int32; got {rank.dtype!r}")
    if rank._aval.shape:
        raise ValueError("Rank must be a scalar.")
    return int(_array(rank))


def _dims(x):
    shape = tuple(_convert(x).shape.as_list())
    return len(shape), shape


def assert_rank(x, rank, message=None, name=None):
    """Args:
      x: a tensor.
      rank: a scalar int.
      message: put in front of the error's text.

    Raises ValueError unless the tensor has rank `rank`.

    Raises:
      ValueError: another rank.
    """
    rank, (have, shape) = _rank_number(rank), _dims(x)
    if have != rank:
        raise ValueError(f"{_start(message)}Tensor  must have rank {rank}.  Received rank {have}, shape {shape}")


def assert_rank_at_least(x, rank, message=None, name=None):
    """Args:
      x: a tensor.
      rank: a scalar int.
      message: put in front of the error's text.

    Raises ValueError unless the tensor has rank `rank` or more.

    Raises:
      ValueError: a smaller rank.
    """
    rank, (have, shape) = _rank_number(rank), _dims(x)
    if have < rank:
        raise ValueError(
            f"{_start(message)}Tensor  must have rank at least {rank}.  Received rank {have}, shape {shape}"
        )


def assert_rank_in(x, ranks, message=None, name=None):
    """Args:
      x: a tensor.
      ranks: scalar ints.
      message: put in front of the error's text.

    Raises ValueError unless the tensor's rank is one of `ranks`.

    Raises:
      ValueError: another rank.
    """
    ranks, (have, shape) = tuple(_rank_number(r) for r in ranks), _dims(x)
    if have not in ranks:
        raise ValueError(f"{_start(message)}Tensor  must have rank in {ranks}.  Received rank {have}, shape {shape}")


def assert_scalar(tensor, message=None, name=None):
    """Args:
      tensor: a tensor.
      message: put in front of the error's text.

    Raises ValueError unless the tensor is a scalar.

    Raises:
      ValueError: another rank.
    """
    tensor = _convert(tensor)
    if tensor._aval.shape:
        raise ValueError(f"{_start(message)}Expected scalar shape, saw shape: {tensor.shape}.")


_ANY = (None, ".")
_REST = ("...", "*")


def assert_shapes(shapes, data=None, summarize=None, message=None, name=None):
    """Raises unless tensors have shapes that fit each other.

    Args:
      shapes: list of (tensor, shape), or a dictionary. A shape is a sequence of sizes, symbols (the same symbol stands
        for the same size everywhere), None or "." for any size; its first entry may be "..." or "*", for any number of
        leading dimensions. A string is a sequence of one-letter symbols.
      data, summarize: accepted.
      message: what the error begins with.

    Raises:
      ValueError: a rank or size that does not fit.
    """
    pairs = list(shapes.items()) if isinstance(shapes, dict) else [(x, s) for x, s in shapes]
    pairs = [(_convert(x.deref() if hasattr(x, "deref") else x), s) for x, s in pairs]
    for x, shape in pairs:
        if shape is not None and not hasattr(shape, "__iter__") and not hasattr(shape, "__getitem__"):
            raise ValueError(
                f"Tensor shape={x.shape} dtype={x.dtype.name}.  Specified shape must be an iterable.  An iterable has the "
                f"attribute `__iter__` or `__getitem__`.  Received specified shape: {shape}"
            )
    pairs = [(x, _symbols(s)) for x, s in pairs]
    known = {}
    for x, symbols in pairs:
        about = f"Tensor shape={x.shape} dtype={x.dtype.name}"
        for i, symbol in enumerate(symbols):
            if symbol == "*" and i:
                raise ValueError(
                    f"{about} specified shape index {i}.  Symbol `...` or `*` for a variable number of unspecified "
                    "dimensions is only allowed as the first entry"
                )
        rest = bool(symbols) and symbols[0] in _REST
        if rest:
            symbols = symbols[1:]
            assert_rank_at_least(x, len(symbols), message)
        elif len(symbols) <= 1:
            assert_rank_in(x, (0, 1), message)
            if not x.shape.rank and symbols and isinstance(symbols[0], int) and symbols[0] != 1:
                assert_rank(x, 1, message)
        else:
            assert_rank(x, len(symbols), message)
        dims = x.shape.as_list() or [1]
        offset = len(dims) - len(symbols)
        for i, symbol in enumerate(symbols):
            if symbol in _ANY or offset + i < 0:
                continue
            size = dims[offset + i]
            if isinstance(symbol, int):
                wanted, origin = symbol, "Specified explicitly."
            elif symbol in known:
                wanted, source, axis = known[symbol]
                origin = f"Specified by tensor shape={source.shape} dtype={source.dtype.name} dimension {axis}."
            else:
                known[symbol] = (size, x, offset + i)
                continue
            if size != wanted:
                raise ValueError(
                    f"{_start(message)}{origin}  {about} dimension {offset + i} must have size {wanted}.  Received "
                    f"size {size}, shape {tuple(dims)}"
                )


def _symbols(shape):
    if isinstance(shape, str):
        return list(shape)
    if isinstance(shape, (list, tuple)) or hasattr(shape, "__iter__"):
        return [int(_array(s)) if isinstance(s, _TensorHandle) else s for s in shape]
    return [shape]


# Dtypes


def _dtype_of(x):
    return x.dtype if hasattr(x, "dtype") and isinstance(x.dtype, _d.DType) else _convert(x).dtype


def assert_type(tensor, tf_type, message=None, name=None):
    """Args:
      tensor: a tensor.
      tf_type: a DType.
      message: put in front of the error's text.

    Raises TypeError unless the tensor's dtype is `tf_type`.

    Raises:
      TypeError: another dtype.
    """
    wanted, have = _d.as_dtype(tf_type), _dtype_of(tensor)
    if have is not wanted:
        raise TypeError(f"{_start(message)}tensor must be of type {wanted!r}; got {have!r}")


def assert_integer(x, message=None, name=None):
    """Args:
      x: a tensor.
      message: put in front of the error's text.

    Raises TypeError unless the tensor holds integers.

    Raises:
      TypeError: another dtype.
    """
    have = _dtype_of(x)
    if not have.is_integer:
        raise TypeError(f'{_start(message)}Expected "x" to be integer type.  Found: tensor of dtype {have}')


def assert_same_float_dtype(tensors=None, dtype=None):
    """The dtype of all `tensors`, which must be floating and equal (to `dtype` where it is given; default float32).

    Args:
      tensors: a list of tensors and None.
      dtype: a floating DType.

    Raises:
      ValueError: dtypes that differ or are not floating.
    """
    first = None
    dtype = None if dtype is None else _d.as_dtype(dtype)
    for t in tensors or ():
        if t is None:
            continue
        if dtype is None:
            dtype, first = t.dtype.base_dtype, t
        elif t.dtype.base_dtype is not dtype:
            ending = f" as {first!s}" if first is not None else ""
            raise ValueError(f"{t!s}, type={t.dtype}, must be of the same type ({dtype}){ending}.")
    dtype = dtype or _d.float32
    if not dtype.is_floating:
        raise ValueError(f"Expected floating point type, got {dtype}.")
    return dtype


def is_numeric_tensor(tensor):
    """Whether `tensor` is a tensor of numbers.

    Args:
      tensor: anything.
    """
    return isinstance(tensor, (_Tensor, _TensorType)) and (
        tensor.dtype.is_floating or tensor.dtype.is_complex or tensor.dtype.is_integer or tensor.dtype.is_quantized
    )


def assert_proper_iterable(values):
    """Args:
      values: anything.

    Raises TypeError unless `values` is iterable, and neither a tensor nor a string.

    Raises:
      TypeError: see above.
    """
    improper = (_TensorHandle, _TensorType, _np.ndarray, str, bytes)
    if isinstance(values, improper):
        raise TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}')
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


# Values


def _not_finite(tensor, message):
    return ~_jnp.all(_jnp.isfinite(tensor))


def _what_is_wrong(tensor, message):
    value = tensor.astype(_np.float64)
    found = [word for word, bad in (("Inf", _np.isinf(value)), ("NaN", _np.isnan(value))) if bad.any()]
    return f"{message} : Tensor had {' and '.join(found)} values"


@_op("CheckNumerics", T=_FLOATS, grad=lambda g, out, tensor, message: g,
     check=_Check(_not_finite, _what_is_wrong, immediate=True, stateful=True))  # fmt: skip
def check_numerics(tensor: _T, message: _Str):
    """The tensor; raises InvalidArgumentError with `message` if it has an element that is NaN or infinite.

    Args:
      tensor: a floating tensor.
      message: put in front of the error's text.

    Raises:
      InvalidArgumentError: see above.
      TypeError: another dtype.
    """
    return tensor


def assert_all_finite(x, message, name=None):
    """The tensor; raises InvalidArgumentError with `message` if it has an element that is NaN or infinite.

    Args:
      x: a floating tensor.
      message: put in front of the error's text.

    Raises:
      InvalidArgumentError: see above.
      TypeError: another dtype.
    """
    return check_numerics(x, message)


# Settings


def enable_traceback_filtering():
    """Asks for short tracebacks (the default)."""
    _context_settings.traceback_filtering = True


def disable_traceback_filtering():
    """Asks for full tracebacks."""
    _context_settings.traceback_filtering = False


def is_traceback_filtering_enabled():
    """Whether short tracebacks were asked for."""
    return _context_settings.traceback_filtering


def set_log_device_placement(enabled):
    """Remembers the flag; placements are not logged.

    Args:
      enabled: a bool.
    """
    _settings["log_device_placement"] = bool(enabled)


def get_log_device_placement():
    """The flag of `set_log_device_placement`."""
    return _settings["log_device_placement"]
