"""The exceptions that say that arguments do not fit: which class it is depends on when TensorFlow finds it.

Eager code finds it where a kernel runs: InvalidArgumentError. While a function is recorded, shapes are looked at by shape
inference (ValueError) and dtypes as an op is made (TypeError); what only a kernel looks at is InvalidArgumentError there,
too, which is `errors.invalid_argument`.
"""

from tfcompat._core import errors
from tfcompat._core.context import state


def unfit(message, eager=errors.InvalidArgumentError, while_recording=None):
    """The error of shapes, or of attributes, that an op does not take; functions may have another text."""
    return _refusal(ValueError, message, while_recording, eager)


def mistyped(message, while_recording=None):
    """The error of a dtype that an op does not take; functions may have another text."""
    return _refusal(TypeError, message, while_recording)


def unconvertible(message):
    """The error of Python data that no tensor can hold: functions read it by NumPy, which raises TypeError."""
    return ValueError(message) if state.trace is None else TypeError(message)


def plain(error):
    """Marks an error of an op's body as the user's own: it is raised as it is."""
    error.from_tfcompat = True
    return error


def _refusal(while_recording, message, text=None, eager=errors.InvalidArgumentError):
    if state.trace is None or state.trace.at_call:
        return eager(None, None, message)
    return plain(while_recording(text or message))
