"""`tf.compat`'s helpers: text and bytes, kinds of numbers, sizes, and dates of compatibility."""

import contextlib
import datetime
import logging
import numbers
import os

import numpy as np

from tfcompat._core.shapes import Dimension

bytes_or_text_types = (bytes, str)
integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)
complex_types = (numbers.Complex, np.number)

_RELEASED = datetime.date(2026, 1, 16)
_horizon = [_RELEASED]


def as_bytes(bytes_or_text, encoding="utf-8"):
    """Text encoded as bytes; bytes and bytearrays as bytes.

    Args:
      bytes_or_text: str, bytes or bytearray.
      encoding: of the text.

    Raises:
      TypeError: it is none of these. LookupError: an unknown encoding.
    """
    "".encode(encoding)
    if isinstance(bytes_or_text, (bytes, bytearray)):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text, encoding="utf-8"):
    """Bytes decoded as text; text as it is.

    Args:
      bytes_or_text: str or bytes.
      encoding: of the bytes.

    Raises:
      TypeError: it is neither. LookupError: an unknown encoding.
    """
    "".encode(encoding)
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


def as_str_any(value, encoding="utf-8"):
    """Text of anything: bytes decoded, all else by `str`.

    Args:
      value: anything.
      encoding: of bytes.
    """
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path):
    """The text of an object with `__fspath__`; anything else as it is.

    Args:
      path: a path, text or anything else.
    """
    return os.fspath(path) if hasattr(path, "__fspath__") else path


def dimension_value(dimension):
    """The size as an int, or None where it is unknown.

    Args:
      dimension: an element of a TensorShape.
    """
    return getattr(dimension, "value", dimension)


def dimension_at_index(shape, index):
    """The size at `index` as a Dimension; an unknown one where the rank is unknown.

    Args:
      shape: a TensorShape.
      index: an int.

    Raises:
      IndexError: there is no such dimension.
    """
    return Dimension(None if shape.rank is None else dimension_value(shape[index]))


def forward_compatible(year, month, day):
    """Whether the reference TensorFlow is newer than this date.

    Args:
      year, month, day: a date.
    """
    return _horizon[-1] > datetime.date(year, month, day)


@contextlib.contextmanager
def forward_compatibility_horizon(year, month, day):
    """A context in which `forward_compatible` reckons with this date; one in the past is ignored, with a warning.

    Args:
      year, month, day: a date.
    """
    date = datetime.date(year, month, day)
    if date < _RELEASED:
        logging.getLogger("tensorflow").warning(
            "Trying to set the forward compatibility date to the past date %s. This will be ignored.", date
        )
        date = _horizon[-1]
    _horizon.append(date)
    try:
        yield
    finally:
        _horizon.pop()
