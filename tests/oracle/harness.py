"""Runs a case with a namespace (TensorFlow's or tfcompat's) and says what came out, as plain NumPy data."""

from __future__ import annotations

import dataclasses
import operator
import re

import numpy as np

from .table import Arg, Case, Lit, Ref, np_dtype

INEXACT = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")


def failure(error: BaseException) -> tuple[str, str]:
    """An exception's type and message, without what changes from run to run (addresses, paths, tracebacks)."""
    message = str(error).split("\nTraceback (most recent call last)")[0].split("\nAll kernels registered")[0]
    message = re.sub(r"; NodeDef: .*", "", message, flags=re.DOTALL)
    message = re.sub(r"(has constraint on attr '\w+' not in NodeDef).*", r"\1", message, flags=re.DOTALL)
    message = re.sub(r"0x[0-9a-f]{6,}", "0x...", message)
    return type(error).__name__, message[:600]


@dataclasses.dataclass
class Result:
    """A tensor's dtype, shape and value (`text`: the static shape if it knows less), or the repr of a Python value."""

    kind: str  # tensor | slices | none | python
    dtype: str = ""
    shape: tuple = ()
    value: np.ndarray | None = None
    text: str = ""


@dataclasses.dataclass
class Outcome:
    out: list = dataclasses.field(default_factory=list)
    grad: list = dataclasses.field(default_factory=list)
    error: tuple | None = None  # (type name, message)
    grad_error: tuple | None = None


def resolve(tf, path: str):
    """The callable that an op path names: ``tf.math.exp``, ``operator.add``, or ``.method`` of the first argument."""
    if path.startswith("."):
        return lambda self, *args, **kwargs: getattr(self, path[1:])(*args, **kwargs)
    root, *names = path.split(".")
    found = {"tf": tf, "operator": operator, "np": np}[root]
    for name in names:
        found = getattr(found, name)
    return found


def _build(tf, value, made):
    if isinstance(value, (Arg, Lit)):
        array = value.array(len(made))
        made.append((value, thing := _wrap(tf, value, array)))
        return thing
    if isinstance(value, Ref):
        return resolve(tf, value.path)
    if isinstance(value, (list, tuple)):
        return type(value)(_build(tf, v, made) for v in value)
    if isinstance(value, dict):
        return {k: _build(tf, v, made) for k, v in value.items()}
    return value


def _wrap(tf, spec, array):
    if spec.kind == "numpy":
        return array
    if spec.kind == "python":
        return array.tolist()
    dtype = getattr(tf, spec.dtype)
    if spec.kind == "variable":
        return tf.Variable(array, dtype=dtype)
    return tf.constant(array, dtype=dtype, shape=array.shape)


def inputs(tf, case: Case):
    """The case's arguments and keywords, and the list of (spec, tensor) made for them in order."""
    made = []
    args = _build(tf, case.args, made)
    kwargs = _build(tf, case.kwargs, made)
    return args, kwargs, made


def weights(shape, dtype) -> np.ndarray:
    """Fixed, uneven upstream gradients: a wrong transpose or a lost factor does not cancel out."""
    count = int(np.prod(shape, dtype=np.int64))
    values = ((np.arange(count) * 5 + 3) % 11 - 4) / 4 + 0.125
    return values.reshape(shape).astype(np_dtype(dtype))


def run(tf, case: Case, call=None) -> Outcome:
    """Builds the inputs, calls the op under a tape, differentiates. Exceptions are results, too.

    `call(case, args, kwargs, tensors)` calls the op; `in_function` is one that wraps it into a tf.function.
    """
    outcome = Outcome()
    args, kwargs, made = inputs(tf, case)
    sources = [t for spec, t in made if spec.kind in ("tensor", "variable") and spec.dtype in INEXACT]
    sources = sources if case.grad else []
    try:
        with tf.GradientTape() as tape:
            for source in sources:
                if not isinstance(source, tf.Variable):
                    tape.watch(source)
            if call is None:
                y = _call(tf, case, args, kwargs)
            else:
                y = call(tf, case, args, kwargs, [t for spec, t in made if spec.kind == "tensor"])
        flat = list(_flatten(y))
        outcome.out = [_result(tf, t, case.check) for t in flat]
    except Exception as error:
        outcome.error = failure(error)
        return outcome
    targets = [t for t in flat if _is_tensor(tf, t) and t.dtype.name in INEXACT]
    if sources and targets:
        upstream = [tf.constant(weights(tuple(t.shape), t.dtype.name), dtype=t.dtype) for t in targets]
        try:
            grads = tape.gradient(targets, sources, output_gradients=upstream)
            outcome.grad = [_result(tf, g, case.check) for g in grads]
        except Exception as error:
            outcome.grad_error = failure(error)
    return outcome


def _call(tf, case, args, kwargs):
    if case.names is not None:
        return eval(case.op, {"tf": tf, "np": np, **dict(zip(case.names, args, strict=True))})
    return resolve(tf, case.op)(*args, **kwargs)


def called_again(tf, case, args, kwargs, tensors):
    """What the third call gives, the first that may be by form."""
    for _ in range(2):
        _call(tf, case, args, kwargs)
    return _call(tf, case, args, kwargs)


def in_open_function(tf, case, args, kwargs, tensors):
    """Calls the op inside of a tf.function whose signature leaves all sizes of the tensors open."""
    return in_function(tf, case, args, kwargs, tensors, [tf.TensorSpec([None] * t.shape.rank, t.dtype) for t in tensors])


def in_function(tf, case, args, kwargs, tensors, signature=None):
    """Calls the op inside of a tf.function that is given the tensors."""

    @tf.function(autograph=False, input_signature=signature)
    def function(*symbolic):
        return in_place(tf, case, args, kwargs, tensors, symbolic)

    return function(*tensors)


def in_place(tf, case, args, kwargs, tensors, others):
    """Calls the op with other tensors in the place of `tensors`."""
    table = {id(t): other for t, other in zip(tensors, others, strict=True)}

    def replaced(value):
        if isinstance(value, (list, tuple)):
            return type(value)(replaced(v) for v in value)
        if isinstance(value, dict):
            return {k: replaced(v) for k, v in value.items()}
        return table.get(id(value), value)

    return _call(tf, case, replaced(args), replaced(kwargs))


def _flatten(y):
    if isinstance(y, (list, tuple)) and not type(y).__name__ == "TensorShape":
        for item in y:
            yield from _flatten(item)
    elif isinstance(y, dict):
        for key in sorted(y):
            yield from _flatten(y[key])
    else:
        yield y


def _is_tensor(tf, t) -> bool:
    return isinstance(t, (tf.Tensor, tf.Variable))


def _result(tf, t, check) -> Result:
    if t is None:
        return Result("none")
    kind = "tensor"
    if isinstance(t, tf.IndexedSlices):
        kind, t = "slices", tf.convert_to_tensor(t)
    if not _is_tensor(tf, t):
        if isinstance(t, np.ndarray) and t.dtype.kind not in "OUS":
            return Result("numpy", t.dtype.name, t.shape, t)
        return Result("python", text=re.sub(r"0x[0-9a-f]{6,}", "0x...", repr(t)))
    value = np.asarray(t.numpy())
    static = "" if t.shape.is_fully_defined() else str(t.shape)
    if not static and tuple(t.shape) != value.shape:
        raise AssertionError(f"static shape {t.shape}, value of shape {value.shape}")
    return Result(kind, t.dtype.name, value.shape, None if check == "shape" else value, static)
