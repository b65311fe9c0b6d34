"""`tf.print`, in TensorFlow's format: three elements at each end of each dimension, shortest exact floats."""

import logging
import pprint
import sys

import numpy as np

from tfcompat._core import nest
from tfcompat._core.context import state
from tfcompat._core.core_types import TensorType
from tfcompat._core.effects import record_effect, repeated
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle, host_value, wrap

_STREAMS = {"stdout": "stdout", "stderr": "stderr"}
_LOGGERS = ("log(info)", "log(warning)", "log(error)")


def print_(*inputs, output_stream=sys.stderr, summarize=3, sep=" ", end="\n", name=None):
    """Prints tensors and Python values at once.

    Args:
      *inputs: what to print; tensors may stand inside lists, tuples and dicts.
      output_stream: `sys.stderr` (default), `sys.stdout`, another text stream, `tf.compat.v1.logging.info` and the
        like, or "file://PATH".
      summarize: elements to show at each end of a dimension; -1: all.
      sep: printed between inputs.
      end: printed after them.

    Raises:
      ValueError: an unknown stream.
    """
    if state.trace is not None:
        _record(inputs, output_stream, summarize, sep, end)
        return
    if repeated("PrintV2") is None:
        _write(_text(inputs, summarize, sep) + end, output_stream)


def _text(inputs, summarize, sep):
    """What is printed but for the end. A scalar of text by itself is printed as it is."""
    if len(inputs) == 1 and (isinstance(inputs[0], TensorHandle) or hasattr(type(inputs[0]), "_read")):
        array = _array(inputs[0])
        if array.ndim == 0 and isinstance(array.item(), bytes):
            return array.item().decode(errors="replace")
    return sep.join([format_value(value, summarize, top=True) for value in inputs])


def _record(inputs, output_stream, summarize, sep, end):
    """Prints each time the function that is being recorded runs."""
    if not hasattr(output_stream, "write") and not callable(output_stream) and output_stream not in _LOGGERS:
        if not (isinstance(output_stream, str) and output_stream.startswith("file://")):
            raise ValueError(f"Unknown output stream, output_stream, argument: {output_stream}")
    inputs = nest.map_structure(lambda v: v._read() if hasattr(type(v), "_read") else v, list(inputs))
    flat = nest.flatten(inputs)
    symbolic = [isinstance(v, TensorHandle) and v._value is None for v in flat]

    def write(*arrays):
        arrays = iter(arrays)
        values = [wrap(next(arrays), Tensor) if s else v for s, v in zip(symbolic, flat, strict=True)]
        values = nest.pack_sequence_as(inputs, values)
        _write(_text(values, summarize, sep) + end, output_stream)

    record_effect("PrintV2", write, [v for s, v in zip(symbolic, flat, strict=True) if s])


def _write(text, output_stream):
    if isinstance(output_stream, str) and output_stream.startswith("file://"):
        with open(output_stream.removeprefix("file://"), "a", encoding="utf-8") as f:
            f.write(text)
    elif hasattr(output_stream, "write"):
        # The default is whatever sys.stderr was at import; follow it where it has been replaced since.
        stream = sys.stderr if output_stream is _IMPORTED_STDERR else output_stream
        stream.write(text)
        stream.flush()
    elif callable(output_stream) and getattr(output_stream, "__module__", "").startswith(("logging", "tfcompat")):
        output_stream(text)
    elif output_stream in _LOGGERS:
        getattr(logging.getLogger("tensorflow"), output_stream[4:-1])(text)
    else:
        raise ValueError(f"Unknown output stream, output_stream, argument: {output_stream}")


_IMPORTED_STDERR = sys.stderr
print_.__name__ = "print"


def _array(value):
    return np.asarray(host_value(value._read() if hasattr(type(value), "_read") else value))


def format_value(value, summarize, top=False):
    if isinstance(value, TensorHandle) or hasattr(type(value), "_read"):
        return format_array(_array(value), summarize)
    if not any(isinstance(v, TensorType) or hasattr(type(v), "_read") for v in nest.flatten(value)):
        return value if top and isinstance(value, str) else pprint.pformat(value)
    if isinstance(value, dict):
        keys = sorted(value) if all(isinstance(k, str) for k in value) else value
        return "{" + ", ".join(f"{k!r}: {format_value(value[k], summarize)}" for k in keys) + "}"
    if isinstance(value, (list, tuple)):
        parts = ", ".join(format_value(v, summarize) for v in value)
        if isinstance(value, list):
            return f"[{parts}]"
        return f"({parts},)" if len(value) == 1 else f"({parts})"
    return repr(value)


def format_array(array, summarize):
    """A tensor's elements as TensorFlow's StringFormat prints them."""
    if array.ndim == 0:
        return format_element(array[()] if array.dtype != object else array.item())
    limit = array.size if summarize < 0 else summarize

    def walk(part, depth):
        n = part.shape[0]
        rows = range(n) if n <= 2 * limit else [*range(limit), None, *range(n - limit, n)]
        if part.ndim == 1:
            return "[" + " ".join("..." if i is None else format_element(part[i]) for i in rows) + "]"
        gap = "\n" * (part.ndim - 1) + " " * depth
        return "[" + gap.join("..." if i is None else walk(part[i], depth + 1) for i in rows) + "]"

    return walk(array, 1)


def format_element(value):
    if isinstance(value, bytes):
        return f'"{value.decode(errors="replace")}"'
    kind = value.dtype.kind
    if kind == "b":
        return "1" if value else "0"
    if kind in "iu":
        return str(int(value))
    if kind == "c":
        return "?"
    if value.dtype == np.float64:
        short = f"{float(value):.15g}"
        return short if float(short) == value or value != value else f"{float(value):.17g}"
    single = np.float32(value)
    short = f"{float(single):.6g}"
    return short if np.float32(short) == single or single != single else f"{float(single):.9g}"
