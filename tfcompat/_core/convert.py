"""`tf.convert_to_tensor`: from Python data, NumPy arrays, JAX arrays, variables and registered types to tensors."""

import collections.abc
import itertools

import jax
import ml_dtypes
import numpy as np

from tfcompat._core import dtypes, failures, recorded_data
from tfcompat._core.avals import SCALARS, aval, aval_of, known_aval, shape_text
from tfcompat._core.context import state
from tfcompat._core.memory import copy_into, empty_aligned
from tfcompat._core.python_data import (
    FLOAT32_MAX,
    INT32,
    MIXED,
    TOO_LARGE,
    UNSUPPORTED,
    check_range,
    first_leaf,
    fits,
    has_large_ints,
    infer_dtype,
    is_ragged,
    leaves,
    uneven,
)
from tfcompat._core.refusals import mistyped, unconvertible, unfit
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import PLAIN, STATIC, TensorHandle, host_value

# What Python data become directly. They become other dtypes by way of their own dtype, if that loses nothing but range.
_DIRECT = frozenset(
    (dtypes.float16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64, dtypes.uint64, dtypes.complex128,
     dtypes.bool, dtypes.string)
)  # fmt: skip

# Why there is no tensor of some of NumPy's dtypes
_NO_DTYPE = {
    char: f"Unsupported numpy type: NPY_{name}"
    for char, name in {"M": "DATETIME", "m": "TIMEDELTA", "g": "LONGDOUBLE", "G": "CLONGDOUBLE"}.items()
}
_UNEXPECTED = "Unexpected numpy data type"

_LISTS, _INTS, _FLOATS, _TENSORS = {list, tuple}, {int}, {float}, {Tensor}
_EXACT = 2**24  # float32 holds all ints up to it

_new = object.__new__
_registry = []  # (priority, order, types, function)
# tf.stack and tf.cast, for lists that hold tensors, and tf.range; set by the modules that define them.
_pack = _cast = _count = None

variable_types = set()  # tf.Variable and its kin, whose `_read()` is the fast way to their tensor

def _scalars_of(dtype):
    """Python types whose numbers become `dtype` as NumPy makes them: {type: (aval, NumPy type, the least, the greatest)}."""
    scalar, make = aval((), dtype.np), dtype.np.type
    if dtype.is_bool:
        return {bool: (scalar, make, False, True)}
    if dtype.is_integer:
        limits = np.iinfo(make)
        return {int: (scalar, make, int(limits.min), int(limits.max))}
    most = float(ml_dtypes.finfo(make).max)
    whole = int(most) if dtype.np.kind == "f" and dtype.size > 2 else min(int(most), _EXACT)
    return {float: (scalar, make, -most, most), int: (scalar, make, -whole, whole)}


for _name in ("bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128").split():
    SCALARS.setdefault(_name, {}).update(_scalars_of(getattr(dtypes, _name)))
_SCALAR_AVALS = {
    float: aval((), np.dtype(np.float32)),
    bool: aval((), np.dtype(np.bool_)),
    int: aval((), np.dtype(np.int32)),
    complex: aval((), np.dtype(np.complex128)),
}


def set_pack(function):
    global _pack
    _pack = function


def set_cast(function):
    global _cast
    _cast = function


def set_count(function):
    global _count
    _count = function


def aligned_copy(array, dtype=None):
    """A C-contiguous copy that owns its memory; large ones are aligned for JAX."""
    dtype = array.dtype if dtype is None else dtype
    if array.size * dtype.itemsize < 4096 or dtype.kind == "O":
        return np.array(array, dtype, order="C")
    try:
        out = empty_aligned(array.shape, dtype)
    except MemoryError:
        raise failures.exhausted("Fill", aval(array.shape, dtype)) from None
    copy_into(out, array)
    return out


def convert(value, dtype=None, hint=None, name=None):
    """A Tensor of `value`.

    Args:
      value: tensor, variable, array, Python scalar, nested list, or an object of a registered type.
      dtype: DType the result must have, or None.
      hint: DType the result has if the value fits it.

    Raises:
      ValueError: for ragged lists, None, unsupported types, or a tensor of another dtype.
      TypeError: for a Python value that `dtype` cannot hold.
    """
    if isinstance(value, Tensor):
        if dtype is not None and dtype is not value._aval.dtype:
            raise ValueError(
                f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype {value._aval.dtype.name}: {value!r}"
            )
        return value
    kind = type(value)
    if kind in _SCALAR_AVALS:
        wanted = hint if dtype is None else dtype
        if wanted is None:
            return default_scalar(value, kind)
        fast = SCALARS[wanted.name].get(kind) if wanted.name in SCALARS else None
        return convert_python(value, dtype, hint) if fast is None else fast_scalar(fast, value, dtype, hint)
    read = getattr(kind, "_read", None)
    if read is not None:
        tensor = read(value)
        if dtype is not None and dtype is not tensor._aval.dtype:
            raise ValueError(
                f"Incompatible type conversion requested to type {dtype.name} for `tf.Variable of type "
                f"{tensor._aval.dtype.name}. (Variable: {value!r})"
            )
        return tensor
    for _, _, types, function in _registry:
        if isinstance(value, types):
            result = function(value, dtype=dtype if dtype is not None else None, name=name, as_ref=False)
            if result is not NotImplemented:
                return convert(result, dtype)
    if isinstance(value, (np.ndarray, np.generic)):
        if dtype is None and hint is not None:
            try:
                return convert_array(np.asarray(value), hint)
            except (TypeError, ValueError):
                pass
        return convert_array(np.asarray(value), dtype)
    if isinstance(value, jax.Array):
        wanted = None if dtype is None or dtype.np == value.dtype else dtype
        return convert_array(np.asarray(value), wanted) if wanted else Tensor(aval_of(value), value, None, PLAIN)
    if isinstance(value, (list, tuple)):
        return convert_sequence(value, dtype, hint)
    if kind is range:
        return convert_range(value, dtype, hint)
    method = getattr(kind, "__tf_tensor__", None)
    if method is not None:
        return convert(method(value, dtype, name), dtype, hint)
    if isinstance(value, (str, bytes, int, float, complex)):
        return convert_python(value, dtype, hint)
    as_array = getattr(value, "__array__", None)
    if as_array is not None and not isinstance(value, type):
        return convert_array(np.asarray(value), dtype)
    dims = getattr(value, "as_list", None)
    if dims is not None and hasattr(value, "rank"):  # a TensorShape
        if dtype is not None and dtype not in (dtypes.int32, dtypes.int64):
            raise TypeError(f"Cannot convert TensorShape {value} to dtype {dtype}. Allowed dtypes are tf.int32 and tf.int64")
        dims = [None] if value.rank is None else dims()
        if any(d is None for d in dims):
            raise ValueError(f"Cannot convert a partially known TensorShape {value} to a Tensor.")
        return convert_python(dims, dtype or dtypes.int32, None) if dims else convert([], dtypes.int32)
    if recorded_data.recording():
        return convert_python(value, dtype, hint)
    if hasattr(kind, "__getitem__") and hasattr(kind, "__len__") and not isinstance(value, collections.abc.Mapping):
        return convert_sequence(list(value), dtype, hint)
    error = ValueError if value is None else unconvertible
    raise error(UNSUPPORTED.format(value=value, kind=kind))


def fast_scalar(kind, value, dtype=None, hint=None):
    """A Tensor of a Python number; `kind` is from `Aval.scalars`."""
    a, make, low, high = kind
    if not low <= value <= high:
        return convert_python(value, a.dtype if hint is None else dtype, hint)
    tensor = _new(Tensor)
    tensor._aval = a
    tensor._value = make(value)
    tensor._seg = None
    tensor._slot = STATIC
    tensor._gid = 0
    return tensor


def default_scalar(value, kind):
    if kind is float:
        if not -FLOAT32_MAX <= value <= FLOAT32_MAX:
            return convert_python(value, None, None)
        return Tensor(_SCALAR_AVALS[float], np.float32(value), None, STATIC)
    if kind is bool or kind is complex:
        a = _SCALAR_AVALS[kind]
        return Tensor(a, a.np_dtype.type(value), None, STATIC)
    if INT32[0] <= value <= INT32[1]:
        return Tensor(_SCALAR_AVALS[int], np.int32(value), None, STATIC)
    return convert_python(value, None, None)


def convert_python(value, dtype, hint):
    """Python scalars and nested lists of them."""
    if dtype is None and hint is not None:
        try:
            return convert_python(value, hint, None)
        except (TypeError, ValueError):
            dtype = None
    if recorded_data.recording():
        array = recorded_data.read(value, dtype)
        return Tensor(aval(array.shape, array.dtype), array, None, PLAIN if array.dtype == object else STATIC)
    first = first_leaf(value)
    if dtype is None:
        dtype = infer_dtype(value, first)
        if dtype is dtypes.float32:
            for v in leaves(value):
                check_range(v)
    elif not fits(value, dtype) or type(first) is bool and dtype not in _DIRECT:
        # TensorFlow makes a tensor of the dtype that the data have, if it can, and finds that there is no cast.
        if is_ragged(value):
            raise (unconvertible if dtype in (dtypes.bool, dtypes.string) else ValueError)(uneven(value))
        infer_dtype(value, first)
        raise cannot_convert(value, dtype)
    elif dtype not in _DIRECT:
        infer_dtype(value, first)
    if dtype.name == "string":
        array = np.array(value, dtype=object)
        flat = [encode(v) for v in array.reshape(-1).tolist()]
        out = np.empty(array.shape, object)
        out.reshape(-1)[:] = flat
        return Tensor(aval(out.shape, out.dtype), out, None, PLAIN)
    wanted = dtype.np
    try:
        with np.errstate(all="ignore"):
            array = np.array(value)
            if (array.dtype.kind in "uO" or array.dtype.kind == "f" and wanted.kind in "iu") and has_large_ints(value):
                if wanted.kind in "iu" and (wanted != np.uint64 or array.dtype == object):
                    raise OverflowError
            if array.dtype == object and wanted.kind in "fc":  # integers of any size
                array = np.array(value, np.complex128 if wanted.kind == "c" else np.float64)
            if wanted.kind in "iu" and array.dtype.kind in "iub":
                array = array.astype(wanted)
            elif array.dtype == object:
                raise unconvertible(MIXED)
            else:
                array = array.astype(wanted)
    except OverflowError:
        raise unconvertible(TOO_LARGE) from None
    except ValueError as error:
        if "inhomogeneous" in str(error):
            raise ValueError(uneven(value)) from None
        raise
    return Tensor(aval(array.shape, wanted), array, None, STATIC)


def cannot_convert(value, dtype):
    return TypeError(f"Cannot convert {value!r} to EagerTensor of dtype {dtypes.c_name(dtype)}")


def encode(value):
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise unconvertible(MIXED)


def convert_array(array, dtype):
    """A NumPy array, copied: what the caller writes into it later never reaches the tensor."""
    known = known_aval(array) if dtype is None else None
    if known is not None and known.dtype is not dtypes.string:
        return Tensor(known, aligned_copy(array), None, PLAIN)
    if dtype is dtypes.string or dtype is None and array.dtype.kind in "OUS":  # TensorFlow takes objects for strings
        flat = array.reshape(-1).tolist()
        for v in flat:
            if not isinstance(v, (str, bytes)):
                kind = type(v)
                if recorded_data.recording():
                    raise TypeError(f"Expected binary or unicode string, got {v}")
                where = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
                raise unconvertible(
                    f"Failed to convert a NumPy array to a Tensor (Unsupported object type {where}{kind.__name__})."
                )
        out = np.empty(array.shape, object)
        out.reshape(-1)[:] = [encode(v) for v in flat]
        return Tensor(aval(out.shape, out.dtype), out, None, PLAIN)
    wanted = array.dtype.newbyteorder("=") if dtype is None else dtype.np
    try:
        dtypes.from_numpy(wanted)
    except (KeyError, TypeError):
        if recorded_data.recording():
            raise TypeError(f"Cannot convert the argument `type_value`: {wanted!r} to a TensorFlow DType.") from None
        raise ValueError(f"Failed to convert a NumPy array to a Tensor ({_NO_DTYPE.get(wanted.char, _UNEXPECTED)}).") from None
    return Tensor(aval(array.shape, wanted), aligned_copy(array, wanted), None, PLAIN)


def convert_numbers(value, dtype):
    """A list or nested lists of nothing but ints or nothing but floats; None: those need a closer look."""
    flat, kinds = value, set(map(type, value))
    while kinds <= _LISTS and flat:
        flat = [*itertools.chain.from_iterable(flat)]
        kinds = set(map(type, flat))
    if kinds == _INTS:
        kind, wanted, most = int, dtypes.int32 if dtype is None else dtype, _EXACT
    elif kinds == _FLOATS:
        kind, wanted, most = float, dtypes.float32 if dtype is None else dtype, FLOAT32_MAX
    else:
        return None
    known = SCALARS.get(wanted.name, {}).get(kind)
    if known is None:
        return None
    _, _, low, high = known
    if not wanted.is_integer:
        low, high = max(low, -most), min(high, most)
    # Other dtypes take some numbers only, by rules of their own.
    if not (low <= min(flat) and max(flat) <= high):
        return None
    try:
        array = np.array(value, wanted.np)
    except ValueError:  # a ragged list
        return None
    return Tensor(aval(array.shape, array.dtype), array, None, STATIC)


def convert_range(value, dtype, hint):
    """A Python range: the result of `tf.range`, which refuses some dtypes, and a limit on the other side of the start."""
    if dtype is None and hint is not None:
        try:
            return _count(value.start, value.stop, value.step, hint)
        except (TypeError, ValueError):
            pass
    return _count(value.start, value.stop, value.step, dtype)


def convert_sequence(value, dtype, hint):
    """A list or tuple; where it holds tensors or arrays, they are stacked."""
    numbers = convert_numbers(value, hint if dtype is None else dtype) if type(value) in _LISTS else None
    if numbers is not None:
        return numbers
    if holds_tensors(value):
        decided = dtype
        if dtype is None:
            for v in leaves(value):
                if isinstance(v, TensorHandle) or hasattr(type(v), "_read"):
                    decided = v.dtype
                    break
        # Where no dtype is wanted, the first tensor decides for Python data alone: other tensors keep theirs.
        wanted = hint if dtype is None else dtype
        decided = decided if hint is None else dtype
        items = [_fitting(v, wanted) if _is_tensor(v) else convert(v, decided, hint) for v in value]
        _check_items(items, decided)
        shapes = {t._aval.shape for t in items}
        if len(shapes) > 1:
            first = items[0]._aval.shape
            k, other = next((k, t._aval.shape) for k, t in enumerate(items) if t._aval.shape != first)
            raise unfit(
                f"Shapes of all inputs must match: values[0].shape = {shape_text(first)} != values[{k}].shape = {shape_text(other)} "
                "[Op:Pack] name: packed"
            )
        kinds = {t._aval.dtype for t in items}
        if len(kinds) > 1:
            names = [dtypes.c_name(t._aval.dtype) for t in items]
            raise mistyped(
                f"cannot compute Pack as input #1(zero-based) was expected to be a {names[0]} tensor but is "
                f"a {next(n for n in names if n != names[0])} tensor [Op:Pack] name: packed"
            )
        return _pack(items)
    if not recorded_data.recording() and any(isinstance(v, np.ndarray) for v in leaves(value)):
        plain = to_lists(value)
        if dtype is None:
            first = next(v for v in leaves(value))
            if isinstance(first, np.ndarray) and first.dtype not in (np.dtype(np.int64),):
                dtype = dtypes.from_numpy(first.dtype)
        return convert_python(plain, dtype, hint)
    if getattr(type(value), "__array__", None) is not None:
        return convert_array(np.asarray(value), dtype)
    return convert_python(value, dtype, hint)


def _check_items(items, dtype):
    """Functions look at the dtypes of a list before they stack it."""
    if dtype is not None and recorded_data.recording():
        for t in items:
            if t._aval.dtype is not dtype:
                raise TypeError(
                    f"Cannot convert a list containing a tensor of dtype {t._aval.dtype} to {dtype} (Tensor is: {t!r})"
                )


def _is_tensor(value):
    return isinstance(value, TensorHandle) or hasattr(type(value), "_read")


def _fitting(value, dtype):
    """A tensor inside a list, cast if a dtype is wanted."""
    tensor = convert(value)
    return tensor if dtype is None or tensor._aval.dtype is dtype else _cast(tensor, dtype)


def to_lists(value):
    if isinstance(value, (list, tuple)):
        return [to_lists(v) for v in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def holds_tensors(value):
    for v in value:
        if isinstance(v, (list, tuple)):
            if holds_tensors(v):
                return True
        elif isinstance(v, TensorHandle) or hasattr(type(v), "_read") or hasattr(type(v), "__tf_tensor__"):
            return True
    return False


def convert_group(op, annotations, values, names):
    """Converts an op's data: where one dtype variable is shared, a tensor decides for Python values."""
    if len(values) == 1 and type(values[0]) in _LISTS:
        return [convert(values[0], annotations[0].only, annotations[0].default)]
    if type(values[0]) is Tensor and annotations[0].only is None:
        plain = beside(values[0], annotations, values)
        if plain is not None:
            return plain
    values, decided, others = [*values], {}, []
    for i, value in enumerate(values):
        annotation, kind = annotations[i], type(value)
        if kind in variable_types:
            values[i] = value = value._read()
            kind = type(value)
        if annotation.only is not None:
            decided[annotation.letter] = annotation.only
        if kind is Tensor or isinstance(value, Tensor):
            decided.setdefault(annotation.letter, value._aval.dtype)
            continue
        others.append(i)
        if kind not in _SCALAR_AVALS and (hasattr(kind, "_read") or hasattr(kind, "__tf_tensor__") and hasattr(value, "dtype")):
            decided.setdefault(annotation.letter, dtypes.as_dtype(value.dtype))
    for i in others:
        annotation, value = annotations[i], values[i]
        dtype, hint = decided.get(annotation.letter), annotation.default
        wanted = hint if dtype is None else dtype
        fast = SCALARS[wanted.name].get(type(value)) if wanted is not None and wanted.name in SCALARS else None
        values[i] = t = convert(value, dtype, hint) if fast is None else fast_scalar(fast, value, dtype, hint)
        decided.setdefault(annotation.letter, t._aval.dtype)
    return values


def beside(first, annotations, values):
    """`convert_group` where the others are tensors, or numbers of the dtype variable of the first, a tensor; else None."""
    letter, scalars, converted = annotations[0].letter, first._aval.scalars, []
    for annotation, value in zip(annotations, values, strict=True):
        if type(value) is not Tensor:
            fast = scalars.get(type(value))
            if fast is None or annotation.letter != letter:
                return None
            value = fast_scalar(fast, value)
        converted.append(value)
    return converted


def convert_pair(op, annotations, values, names):
    """`convert_group` of two operands of one dtype: a tensor and a Python number are the common case."""
    x, y = values
    if type(x) in variable_types:
        x = x._read()
    if type(y) in variable_types:
        y = y._read()
    if type(x) is Tensor:
        fast = x._aval.scalars.get(type(y))
        if fast is not None:
            return x, fast_scalar(fast, y)
        if isinstance(y, Tensor):
            return x, y
    elif type(y) is Tensor:
        fast = y._aval.scalars.get(type(x))
        if fast is not None:
            return fast_scalar(fast, x), y
    return convert_group(op, annotations, (x, y), names)


def convert_first(op, annotations, values, names):
    """Converts two operands: the first by itself, the second to the first one's dtype if it fits."""
    x, y = [v._read() if type(v) in variable_types else v for v in values]
    if not isinstance(x, Tensor):
        x = convert(x)
    if not isinstance(y, Tensor):
        fast = x._aval.scalars.get(type(y))
        y = convert(y, None, x._aval.dtype) if fast is None else fast_scalar(fast, y)
    return x, y


def convert_operands(op, annotations, values, names):
    """Like `convert_first` where the first operand is a tensor or variable, else `convert_group`."""
    if isinstance(values[0], TensorHandle) or hasattr(type(values[0]), "_read"):
        return convert_first(op, annotations, values, names)
    return convert_group(op, annotations, values, names)


def convert_many(op, annotations, values, names):
    """Like `convert_group` where one argument is a list of tensors."""
    if all([set(map(type, v)) == _TENSORS if type(v) in _LISTS else type(v) is Tensor for v in values]):
        return values
    flat, flat_annotations, flat_names = [], [], []
    for annotation, value, name in zip(annotations, values, names, strict=True):
        items = [value]
        if annotation.many:
            if isinstance(value, (TensorHandle, np.ndarray)) or hasattr(type(value), "_read"):
                items = list(value)
            elif isinstance(value, (list, tuple)):
                items = value
            else:
                raise TypeError(
                    f"Expected list for '{name}' argument to '{op.kernel}' Op, not {value!r}."
                )
        flat.extend(items)
        flat_annotations.extend([annotation] * len(items))
        flat_names.extend([name] * len(items))
    try:
        if recorded_data.recording() and not any(map(_is_tensor, flat)):  # none decides for the others
            flat = [convert(v, a.only) for v, a in zip(flat, flat_annotations, strict=True)]
        tensors = iter(convert_group(op, flat_annotations, flat, flat_names))
    except (TypeError, ValueError):
        if not recorded_data.recording():
            raise
        raise _unlike(op, annotations, values, names) from None
    result = []
    for annotation, value in zip(annotations, values, strict=True):
        count = len(value) if annotation.many else 1
        taken = [next(tensors) for _ in range(count)]
        result.append(taken if annotation.many else taken[0])
    return result


def _unlike(op, annotations, values, names):
    """What functions say of a list with an item that cannot become a tensor like the others."""
    name, items = next((n, v) for a, v, n in zip(annotations, values, names, strict=True) if a.many)
    kinds = []
    for item in items:
        try:
            kinds.append(convert(item).dtype.name)
        except (TypeError, ValueError):
            kinds.append("<NOT CONVERTIBLE TO TENSOR>")
    return TypeError(
        f"Tensors in list passed to '{name}' of '{op.kernel}' Op have types [{', '.join(kinds)}] that don't all match."
    )


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None):
    """Converts `value` to a Tensor.

    Args:
      value: a Tensor, Variable, NumPy or JAX array, Python number, string, nested list of these, or an object of a
        type registered with `tf.register_tensor_conversion_function`.
      dtype: dtype the result must have; default: the value's own (float32 and int32 for Python numbers).
      dtype_hint: dtype to use if the value can be converted to it.

    Raises:
      ValueError: the value is a tensor of another dtype, is ragged, mixed, None or of an unsupported type.
      TypeError: a Python value that `dtype` cannot hold.
    """
    dtype = None if dtype is None else dtypes.as_dtype(dtype)
    hint = None if dtype_hint is None else dtypes.as_dtype(dtype_hint)
    if type(value) in variable_types and (dtype is None or dtype is value.dtype):
        value = value.value()  # a tensor of its own on tapes, where ops that read a variable share one
    return convert(value, dtype, hint, name)


def register_tensor_conversion_function(base_type, conversion_func, priority=100):
    """Registers `conversion_func(value, dtype, name, as_ref)` for objects of `base_type` (a type or tuple of types).

    Functions of lower priority are tried first; one may return NotImplemented.

    Args:
      base_type: a class, or a tuple of them.
      conversion_func: returns a tensor, or NotImplemented.
      priority: an int.

    Raises:
      TypeError: `base_type` is no class, or `conversion_func` no function.
    """
    types = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(t, type) for t in types):
        raise TypeError(f"Argument `base_type` must be a type or a tuple of types. Obtained: {base_type}")
    if not callable(conversion_func):
        raise TypeError(f"Argument `conversion_func` must be callable. Received {conversion_func}.")
    _registry.append((priority, len(_registry), types, conversion_func))
    _registry.sort(key=lambda entry: entry[:2])


def static_value(tensor):
    """The value as NumPy if it is known while recording, else None (`tf.get_static_value`)."""
    if not isinstance(tensor, TensorHandle) or tensor._seg is not None and tensor._seg.symbolic:
        return None
    return host_value(tensor) if not state.no_reads or tensor._value is not None else None
