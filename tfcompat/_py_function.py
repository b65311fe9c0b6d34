"""`tf.py_function` and `tf.numpy_function`: Python functions inside recorded ones."""

import functools
import traceback

import numpy as np

from tfcompat._cast import zeros_like
from tfcompat._core import dtypes, errors, nest
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.effects import record_effect, repeated
from tfcompat._core.specs import TensorSpec
from tfcompat._core.tape import GradientTape, UnconnectedGradients
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle, host_value, wrap
from tfcompat._core.trace import ValueDependent

_ERRORS = {
    ValueError: errors.InvalidArgumentError, TypeError: errors.InvalidArgumentError, StopIteration: errors.OutOfRangeError,
    MemoryError: errors.ResourceExhaustedError, NotImplementedError: errors.UnimplementedError,
}  # fmt: skip


def _raised(error):
    """What TensorFlow raises for an error in the Python function."""
    if isinstance(error, errors.OpError):
        return error
    kind = next((k for base, k in _ERRORS.items() if isinstance(error, base)), errors.UnknownError)
    text = "".join(traceback.format_exception(error))
    return kind(None, None, f"{type(error).__name__}: {error}\n{text}")


def _checked(call, *args):
    try:
        return call(*args)
    except Exception as error:  # noqa: BLE001 - any error of the user's function is turned into TensorFlow's
        raise _raised(error) from error


def _results(result, dtypes_wanted):
    """What the function returned, as tensors of the dtypes that were announced."""
    if not dtypes_wanted:
        return []
    result = list(result) if isinstance(result, (list, tuple)) else [result]
    if len(result) < len(dtypes_wanted):
        raise ValueError(f"The function returned {len(result)} values, but Tout announces {len(dtypes_wanted)}.")
    return [_cast(v, d) for v, d in zip(result, dtypes_wanted, strict=False)]


def _cast(value, dtype):
    if isinstance(value, TensorHandle):
        return convert(value, dtype)
    if value is None:
        return convert(np.zeros((), dtype.np))
    if isinstance(value, (np.ndarray, np.generic)):
        return convert(value, dtype)
    return convert(value, dtype)


def py_function(func=None, inp=None, Tout=None, name=None):
    """Calls a Python function with eager tensors, in recorded functions too, each time they run.

    Args:
      func: function of tensors; without it, the result is a decorator for one.
      inp: list of its arguments.
      Tout: dtype (or TensorSpec) of its result, or list of those of its results; an empty list if it returns nothing.

    Returns:
      A tensor, or a list of them as `Tout` says.

    A recorded function has to know the ranks of results that are no scalars: `set_shape` or `tf.ensure_shape` says them, or a
    TensorSpec in `Tout`. Sizes may stay unknown.

    Differs from TensorFlow: a recorded function that computes with another result of unknown rank runs eagerly. For its
    gradient, `func` is called again.
    """
    if func is None:
        return _decorator("py_function", inp, Tout, True)
    _check_given(inp, "py_function")
    return _call(func, inp, Tout, True)


def numpy_function(func=None, inp=None, Tout=None, stateful=True, name=None):
    """Like `py_function`, for a function of NumPy arrays; it has no gradient.

    Args:
      func: function of arrays; without it, the result is a decorator for one.
      inp: list of tensors.
      Tout: DType of the result, or a list of them.
      stateful: False where a recorded function need not call it for results that nothing needs.

    Raises:
      TypeError, ValueError, InvalidArgumentError and the like: what `func` raises.
    """
    if func is None:
        return _decorator("numpy_function", inp, Tout, False, stateful)
    _check_given(inp, "numpy_function")
    return _call_on_arrays(func, inp, Tout, stateful)


def _check_given(inp, name):
    if inp is None:
        raise TypeError(
            "Missing argument `inp`:\n  You must set the `inp` argument (the list of arguments to the\n  function), unless you "
            f"use `tf.{name}` as a decorator(`func=None`)."
        )


def _call_on_arrays(func, inp, Tout, stateful):
    if state.trace is not None or state.sites is not None:
        return _call(func, inp, Tout, False, stateful)
    # Eager TensorFlow just calls it: `Tout` is not looked at, errors are what they are.
    results = nest.flatten(func(*[np.array(v) for v in inp]))
    tensors = [None if r is None else convert(r) for r in results]
    return tensors[0] if len(tensors) == 1 else tensors


def _decorator(name, inp, Tout, tensors, stateful=True):
    if Tout is None:
        raise TypeError(
            f"Missing required argument: 'Tout'\n  If using tf.{name} as a decorator, set `Tout`\n  **by name** above the "
            f"function:\n  `@tf.{name}(Tout=tout)`"
        )
    if inp is not None:
        raise TypeError(f"Don't set the `inp` argument when using tf.{name} as a decorator (`func=None`).")

    def decorate(func):
        @functools.wraps(func)
        def decorated(*args):
            return _call(func, args, Tout, True) if tensors else _call_on_arrays(func, args, Tout, stateful)

        return decorated

    return decorate


def _call(func, inp, Tout, tensors, stateful=True):
    if not callable(func):
        raise ValueError(f"Expected func to be callable. Received func={func} of type {type(func)}.")
    single = not isinstance(Tout, (list, tuple))
    wanted = [t.dtype if isinstance(t, TensorSpec) else dtypes.as_dtype(t) for t in ([Tout] if single else Tout)]
    inputs = [v._read() if hasattr(type(v), "_read") else convert(v) for v in inp]

    kernel = "EagerPyFunc" if tensors else "PyFunc" if stateful else "PyFuncStateless"

    if state.trace is None:
        given = inputs if tensors else [v.numpy() for v in inputs]
        results = repeated(kernel)
        if results is None:
            results = _checked(lambda: _results(func(*given), wanted))
        return results[0] if single else results
    if any(t.dtype is dtypes.string for t in inputs) or dtypes.string in wanted:
        raise ValueDependent("Strings are host values.")

    def with_tensors(*arrays):
        return [host_value(t) for t in _results(func(*[wrap(a, Tensor) for a in arrays]), wanted)]

    def with_arrays(*arrays):
        result = func(*[np.array(a) for a in arrays])
        return (list(result) if isinstance(result, (list, tuple)) else [result])[: len(wanted)]

    def pull(arrays, cotangents):
        given = [wrap(a, Tensor) for a in arrays]
        sources = [t for t in given if t._aval.differentiable]
        with GradientTape() as tape:
            tape.watch(sources)
            results = _results(func(*given), wanted)
        kept = [i for i, t in enumerate(results) if t._aval.differentiable]
        upstream = [zeros_like(results[i]) if cotangents[i] is None else wrap(cotangents[i], Tensor) for i in kept]
        grads = tape.gradient([results[i] for i in kept], sources, upstream, UnconnectedGradients.ZERO)
        return [host_value(convert(g)) for g in grads]

    call, more = with_arrays, {"stateful": stateful}
    if tensors:
        call, more = with_tensors, {"pull": pull, "eager": lambda *given: _checked(lambda: _results(func(*given), wanted))}
    results = record_effect(kernel, lambda *arrays: _checked(call, *arrays), inputs, wanted, **more)
    for result, spec in zip(results, [Tout] if single else Tout, strict=True):
        if isinstance(spec, TensorSpec):
            result.set_shape(spec.shape)
    return results[0] if single else results
