"""`tf.custom_gradient` and what is built on it: the user's Python function is the pullback."""

import functools
import inspect

import numpy as np

from tfcompat._core import nest
from tfcompat._core.cells import cell_of
from tfcompat._core.context import paused, state
from tfcompat._core.convert import convert
from tfcompat._core.core_types import CompositeTensor, TensorType
from tfcompat._core.custom_region import record_region
from tfcompat._core.entries import gid_of, record_python
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.op import T, op
from tfcompat._core.tape import GradientTape, UnconnectedGradients, levels
from tfcompat._core.tensor_base import TensorHandle

NO_VARIABLES = (
    "@tf.custom_gradient grad_fn must accept keyword argument 'variables', since function uses variables: {variables}"
)
FEW_VARIABLES = "Must return gradient for each variable from @custom_gradient grad_fn."
WRONG_COUNT = "custom_gradient function expected to return {expected} gradients, but returned {returned} instead."


def custom_gradient(f=None):
    """Decorator: `f(*args)` returns its result and a function `grad(*upstream)` for its derivative.

    `grad` gets one cotangent for each flat result and returns one for each flat positional argument (a list of them
    where there are several). Where `f` reads variables that are no arguments, `grad` must take `variables=None` and
    returns a pair: the cotangents of the arguments and a list of those of the variables. Keyword arguments go to `f` as
    they are and get no gradient. What `f` and `grad` compute is recorded like everything else, so that a second
    derivative is the derivative of what `grad` does; `ForwardAccumulator` transposes `grad`.

    Args:
      f: the function to decorate; its positional arguments are differentiated, its keywords are not.

    Raises:
      TypeError: `f` uses variables and `grad` does not take `variables`.
      ValueError: `grad` returns another number of cotangents than `f` has arguments.
    """
    if f is None:
        return custom_gradient
    return _WithGradient(f)


class _WithGradient:
    """A function with a gradient of its own; in a class it is a method, whose `self` is no argument that gets one."""

    def __init__(self, f):
        self._f = f
        functools.update_wrapper(self, f)

    @property
    def __signature__(self):
        return inspect.signature(self.__wrapped__)

    def __get__(self, instance, owner=None):
        return self if instance is None else _WithGradient(self._f.__get__(instance, owner))

    def __call__(self, *args, **kwargs):
        if state.trace is not None:
            return _recorded(self._f, args, kwargs)
        return _call(self._f, args, kwargs)


def _recorded(f, args, kwargs):
    flat = nest.flatten(args)
    own = {id(cell_of(a)) for a in flat if cell_of(a) is not None}
    tensors = [a._read() if cell_of(a) is not None and hasattr(type(a), "_read") else convert(a) for a in flat]

    def variables_of(trace, grad):
        read = [c.variable() for c in trace.cell_leaves if c.trainable and c.variable is not None and id(c) not in own]
        return _accepted(grad, [v for v in read if v is not None])

    return record_region(f, args, kwargs, tensors, variables_of)


def _accepted(grad, variables):
    """The variables, if the function for the derivative takes them."""
    parameters = inspect.signature(grad).parameters
    if variables and "variables" not in parameters and all(p.kind is not p.VAR_KEYWORD for p in parameters.values()):
        raise TypeError(NO_VARIABLES.format(variables=variables))
    return variables


class _VariableWatcher:
    """Stands among the active tapes and records nothing, but sees which trainable variables are read."""

    _watched = _followed = frozenset()
    _fresh = _outermost = False
    _variables = _entries = _made = _watches = ()
    _noted = None

    def __enter__(self):
        self.cells = {}
        self._level = next(levels)
        state.tapes = [*state.tapes, self]
        return self

    def __exit__(self, *_):
        state.tapes = [tape for tape in state.tapes if tape is not self]

    def _variable_read(self, cell, tensor):
        if cell.trainable:
            self.cells[cell.gid] = cell

    def variables(self):
        found = [cell.variable() for cell in self.cells.values()]
        return [v for v in found if v is not None]


def _call(f, args, kwargs):
    with _VariableWatcher() as watcher:
        result, grad = f(*args, **kwargs)
    flat = nest.flatten(args)
    given = {id(cell) for a in (*flat, *nest.flatten(kwargs)) if (cell := cell_of(a)) is not None}
    variables = _accepted(grad, [v for v in watcher.variables() if id(v._cell) not in given])
    outs = [_result(t) for t in nest.flatten(result)]
    ins = [convert(a) for a in (*flat, *variables)]

    def pull(cotangents):
        upstream = [
            convert(np.zeros(a.shape, a.np_dtype)) if c is None else c for a, c in zip(avals, cotangents, strict=True)
        ]
        if variables:
            pulled, of_variables = grad(*upstream, variables=variables)
            if len(of_variables) != len(variables):
                raise ValueError(FEW_VARIABLES)
        else:
            pulled, of_variables = grad(*upstream), []
        pulled = nest.flatten(pulled)
        if len(pulled) != len(flat):
            raise ValueError(WRONG_COUNT.format(expected=len(flat), returned=len(pulled)))
        return [_cotangent(p, dtype) for p, dtype in zip((*pulled, *of_variables), dtypes, strict=True)]

    avals, dtypes = [t._aval for t in outs], [t._aval.dtype for t in ins]
    if not any([t._aval.differentiable for t in ins]):
        return nest.pack_sequence_as(result, outs)  # nothing that tapes follow
    record_python(getattr(f, "__name__", type(f).__name__), ins, outs, pull)
    return nest.pack_sequence_as(result, outs)


def _cotangent(value, dtype):
    if value is None or isinstance(value, (TensorHandle, IndexedSlices)):
        return value
    return convert(value) if isinstance(value, TensorType) else convert(value, dtype)


def _identity(value):
    from tfcompat._core.variable import _copy_of

    return _copy_of(convert(value))


def _result(value):
    """A handle of its own for a result, which may be one of the arguments: on no tape, but accumulators see it."""
    tapes, state.tapes = state.tapes, []
    try:
        return _identity(value)
    finally:
        state.tapes = tapes


def recompute_grad(f):
    """Makes `f` run again in the backward pass instead of keeping its intermediate results.

    Args:
      f: a function of tensors; it may read variables.

    Differs from TensorFlow: second derivatives and forward mode work.

    Returns:
      A function with the signature of `f`; `f` itself is its `__wrapped__`.
    """

    @custom_gradient
    def inner(*args, **kwargs):
        with paused(), _VariableWatcher() as watcher:
            result = f(*args, **kwargs)
        for v in watcher.variables():
            v._read()  # outside of the pause, where `custom_gradient` looks for variables

        def grad(*upstream, variables=None):
            with GradientTape() as tape:
                own = nest.map_structure(_identity, args)  # an argument may be given twice
                flat = nest.flatten(own)
                tape.watch(flat)
                again = f(*own, **kwargs)
            sources = [*flat, *(variables or [])]
            grads = tape.gradient(again, sources, list(upstream), UnconnectedGradients.ZERO)
            return grads if variables is None else (grads[: len(flat)], grads[len(flat) :])

        return result, grad

    return functools.wraps(f)(inner)


def grad_pass_through(f):
    """Makes the gradient of `f` the identity: cotangents go through unchanged, variables in `f` get none.

    Args:
      f: a function of tensors whose result has the shape of its argument.
    """

    @custom_gradient
    def inner(*args, **kwargs):
        def grad(*upstream, variables=None):
            return upstream if variables is None else (upstream, [None] * len(variables))

        return f(*args, **kwargs), grad

    return functools.wraps(f)(inner)


def stop_gradient(input, name=None):
    """The same value; tapes and accumulators see no connection to it.

    Args:
      input: a Tensor, a composite of tensors, or what converts to a Tensor.

    Raises:
      ValueError: `input` cannot become a tensor.
    """
    if isinstance(input, CompositeTensor):
        return nest.map_structure(stop_gradient, input, expand_composites=True)
    cell = cell_of(input)
    return _stopped(input if cell is None else cell._tensor)


@op("StopGradient", grad=None, static=False)
def _stopped(input: T):
    return input


__all__ = ["custom_gradient", "gid_of", "grad_pass_through", "recompute_grad", "stop_gradient"]
