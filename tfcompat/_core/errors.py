"""The exceptions of `tf.errors`: one class per status code, plus the two that concern symbolic tensors."""

import inspect
import traceback
import warnings

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class InaccessibleTensorError(ValueError):
    """A symbolic tensor was used outside the function that it belongs to."""


class OperatorNotAllowedInGraphError(TypeError):
    """A symbolic tensor was used where Python needs a value: `bool(t)`, iteration, unpacking."""


class OpError(Exception):
    """Base class of what an operation raises when it fails.

    Args:
      node_def: description of the failed node, or None.
      op: the failed operation, or None (always None in eager code).
      message: what went wrong.
      error_code: integer status code, such as `INVALID_ARGUMENT`.
      *args: optionally one dictionary with details, found again as `experimental_payloads`.
    """

    def __init__(self, node_def, op, message, error_code, *args):
        super().__init__()
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code
        self._experimental_payloads = args[0] if args else {}

    @property
    def message(self):
        """Text that says what went wrong."""
        return self._message

    @property
    def op(self):
        """The failed operation where it is known, else None."""
        return self._op

    @property
    def error_code(self):
        """Integer status code."""
        return self._error_code

    @property
    def node_def(self):
        """Description of the failed node where it is known, else None."""
        return self._node_def

    @property
    def experimental_payloads(self):
        """Dictionary of details; empty where there are none."""
        return self._experimental_payloads

    def __reduce__(self):
        # A subclass may take fewer arguments than OpError: each is stored under the name it has in the signature.
        names = inspect.getfullargspec(type(self).__init__).args[1:]
        return type(self), tuple(getattr(self, name) for name in names)

    def __str__(self):
        if self._op is None:
            return self.message
        text = [f"{self.message}\n\nOriginal stack trace for {self._op.name!r}:\n"]
        shown = traceback.format_list(self._op.traceback or [])
        text += shown
        origin = getattr(self._op, "_original_op", None)
        while origin is not None:
            text.append(f"\n...which was originally created as op {origin.name!r}, defined at:\n")
            lines = traceback.format_list(origin.traceback or [])
            text += _without_repeats(lines, shown)
            shown, origin = lines, getattr(origin, "_original_op", None)
        return "".join(text)


def _without_repeats(lines, previous):
    """`lines` with each run of lines equal to those of `previous` reduced to its first and last."""
    kept, run = [], []
    for line, before in zip(lines, previous, strict=False):
        if line == before:
            run.append(line)
            if len(run) == 1:
                kept.append(line)
            continue
        if len(run) > 1:
            kept += [f"[elided {len(run) - 2} identical lines from previous traceback]\n", run[-1]]
        run = []
        kept.append(line)
    return kept


class CancelledError(OpError):
    """The operation was cancelled."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, CANCELLED, *args)


class UnknownError(OpError):
    """A failure of no more specific kind; what a user's Python function raised inside an op may end up as this."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, UNKNOWN, *args)


class InvalidArgumentError(OpError):
    """An operation was given arguments that do not fit: shapes, dtypes, indices or values."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, INVALID_ARGUMENT, *args)


class DeadlineExceededError(OpError):
    """A deadline passed before the operation was done."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, DEADLINE_EXCEEDED, *args)


class NotFoundError(OpError):
    """Something that was asked for, such as a file or a checkpoint's entry, does not exist."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, NOT_FOUND, *args)


class AlreadyExistsError(OpError):
    """Something that was to be created exists already."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, ALREADY_EXISTS, *args)


class PermissionDeniedError(OpError):
    """The caller may not do this, such as read that file."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, PERMISSION_DENIED, *args)


class UnauthenticatedError(OpError):
    """The request came without valid credentials."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, UNAUTHENTICATED, *args)


class ResourceExhaustedError(OpError):
    """Memory, disk space or a quota ran out."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, RESOURCE_EXHAUSTED, *args)


class FailedPreconditionError(OpError):
    """The system is not in the state that the operation needs, such as a variable without a value."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, FAILED_PRECONDITION, *args)


class AbortedError(OpError):
    """The operation was given up, as a rule because of something that happened at the same time."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, ABORTED, *args)


class OutOfRangeError(OpError):
    """The operation went past the end, such as of a dataset."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, OUT_OF_RANGE, *args)


class UnimplementedError(OpError):
    """The operation does not support these (otherwise valid) arguments."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, UNIMPLEMENTED, *args)


class InternalError(OpError):
    """Something that must always hold does not hold: a fault of the system, not of the caller."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, INTERNAL, *args)


class UnavailableError(OpError):
    """The service that would do the work cannot be reached at the moment."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, UNAVAILABLE, *args)


class DataLossError(OpError):
    """Data was lost or is damaged, such as a truncated file."""

    def __init__(self, node_def, op, message, *args):
        super().__init__(node_def, op, message, DATA_LOSS, *args)


_CLASSES = {
    CANCELLED: CancelledError,
    UNKNOWN: UnknownError,
    INVALID_ARGUMENT: InvalidArgumentError,
    DEADLINE_EXCEEDED: DeadlineExceededError,
    NOT_FOUND: NotFoundError,
    ALREADY_EXISTS: AlreadyExistsError,
    PERMISSION_DENIED: PermissionDeniedError,
    UNAUTHENTICATED: UnauthenticatedError,
    RESOURCE_EXHAUSTED: ResourceExhaustedError,
    FAILED_PRECONDITION: FailedPreconditionError,
    ABORTED: AbortedError,
    OUT_OF_RANGE: OutOfRangeError,
    UNIMPLEMENTED: UnimplementedError,
    INTERNAL: InternalError,
    UNAVAILABLE: UnavailableError,
    DATA_LOSS: DataLossError,
}
_CODES = {cls: code for code, cls in _CLASSES.items()}


def exception_type_from_error_code(error_code):
    """`tf.compat.v1.errors.exception_type_from_error_code`: the class for a code; KeyError for an unknown one."""
    return _CLASSES[error_code]


def error_code_from_exception_type(cls):
    """`tf.compat.v1.errors.error_code_from_exception_type`: the code of a class.

    For a class that has none it warns and returns (does not raise) an `UnknownError`, as TensorFlow does.
    """
    code = _CODES.get(cls)
    if code is None:
        warnings.warn("Unknown class exception", stacklevel=2)
        return UnknownError(None, None, "Unknown class exception", None)
    return code


def from_code(error_code, message, node_def=None, op=None):
    """The exception that stands for a status code; `UnknownError`, with a warning, for a code that does not exist."""
    cls = _CLASSES.get(error_code)
    if cls is None:
        warnings.warn(f"Unknown error code: {error_code}", stacklevel=2)
        return UnknownError(node_def, op, message, error_code)
    return cls(node_def, op, message)


def invalid_argument(message):
    """An `InvalidArgumentError` as eager code raises it: without node or operation."""
    return InvalidArgumentError(None, None, message)
