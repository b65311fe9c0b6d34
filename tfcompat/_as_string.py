"""`tf.as_string`: numbers as text, as C's printf writes them."""

import numpy as np

from tfcompat._core import dtypes as d, errors
from tfcompat._core.avals import aval_of
from tfcompat._core.convert import convert
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import PLAIN, host_value

_FLAGS = ("", " ", "-", "+", "0", "#")


def _refuse(text):
    raise errors.InvalidArgumentError(None, None, f"{text} [Op:AsString]")


def as_string(input, precision=-1, scientific=False, shortest=False, width=-1, fill="", name=None):
    """Each entry as a string.

    Args:
      input: tensor of numbers, booleans or strings.
      precision: digits after the point; 6 if negative.
      scientific: whether floats are written like 1.5e+00.
      shortest: whether floats are written in the shorter of the two forms.
      width: strings of numbers have at least this many characters.
      fill: how they are filled up: "" or " " for spaces, "0" for zeros, "-" for spaces after them, "+" for a sign.

    Returns:
      A tensor of strings.

    Raises:
      InvalidArgumentError: arguments that exclude each other, or that do not suit the dtype.
    """
    tensor = convert(input)
    dtype = tensor.dtype
    if len(fill) > 1:
        _refuse("Fill string must be one or fewer characters")
    if fill not in _FLAGS:
        _refuse(f'Fill argument not supported: "{fill}"')
    if scientific and shortest:
        _refuse("Cannot select both scientific and shortest notation")
    if dtype.is_integer or dtype.is_bool:
        if scientific or shortest:
            _refuse(f"scientific and shortest format not supported for datatype {d.c_name(dtype)}")
        if precision >= 0:
            _refuse(f"precision not supported for datatype {d.c_name(dtype)}")
    values = np.asarray(host_value(tensor))
    digits = f".{precision}" if precision >= 0 else ""
    flags = (fill + str(width)) if width >= 0 else ""
    letter = "e" if scientific else "g" if shortest else "f"
    if dtype is d.string:
        form = f"%{flags}{digits}s" if width >= 0 else "%s"
        texts = [form.encode() % v for v in values.reshape(-1)]
    elif dtype.is_bool:
        texts = [b"true" if v else b"false" for v in values.reshape(-1)]
    elif dtype.is_complex:
        form = f"(%{flags}{digits}{letter},%{flags}{digits}{letter})"
        texts = [(form % (v.real, v.imag)).encode() for v in values.reshape(-1)]
    elif dtype.is_floating:
        forms = f"%{flags}{digits}{letter}", f"%{flags.lstrip('0')}{letter}"  # zeros never stand before nan and inf
        texts = [(forms[not np.isfinite(v)] % float(v)).encode() for v in values.reshape(-1)]
    else:
        texts = [(f"%{flags}d" % int(v)).encode() for v in values.reshape(-1)]
    result = np.empty(values.size, object)
    result[:] = texts
    result = result.reshape(values.shape)
    return Tensor(aval_of(result), result, None, PLAIN)
