"""The register of programs, and how their results are written down."""

import contextlib
import logging

import numpy as np

PROGRAMS = {}


def program(function):
    PROGRAMS[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = function
    return function


def numbers(array):
    """Nested lists of floats; of (real, imaginary) pairs for complex numbers."""
    array = np.asarray(array)
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], -1)
    return array.astype(np.float64).tolist()


def show(tf, value):
    """A result as JSON data."""
    if isinstance(value, (list, tuple)):
        return [show(tf, v) for v in value]
    if isinstance(value, dict):
        return {str(k): show(tf, v) for k, v in value.items()}
    if isinstance(value, tf.IndexedSlices):
        return {"slices": [show(tf, v) for v in (value.values, value.indices, value.dense_shape)]}
    if isinstance(value, tf.RaggedTensor):
        return {"ragged": value.to_list()}
    if isinstance(value, (tf.Tensor, tf.Variable)):
        return {"dtype": value.dtype.name, "shape": value.shape.as_list(), "value": numbers(value.numpy())}
    if isinstance(value, np.ndarray):
        return {"array": value.dtype.name, "shape": list(value.shape), "value": numbers(value)}
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)


def attempt(action):
    """What `action` returns, or the type of what it raises and the first line of the text."""
    try:
        return action()
    except Exception as error:
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"


def kind_of_error(action):
    """The type of what `action` raises alone, where the text is about TensorFlow's inside."""
    try:
        action()
    except Exception as error:
        return type(error).__name__
    return "nothing raised"


@contextlib.contextmanager
def logged(tf):
    """Collects what is logged inside as a list of texts."""
    texts = []

    class Handler(logging.Handler):
        def emit(self, record):
            texts.append(f"{record.levelname}: {record.getMessage()}")

    logger, handler = tf.get_logger(), Handler()
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, False
    try:
        yield texts
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
