"""`tf.custom_gradient` and what is built on it: the user's Python function is the pullback."""

import functools
import inspect

from tfcompat._core import nest
from tfcompat._core.cells import cell_of
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.core_types import TensorType
from tfcompat._core.tape import GradientTape, dense, gid_of, paused, record_python
from tfcompat._core.tensor_base import TensorHandle


def custom_gradient(f=None):
    """Decorator: `f(*args)` returns its result and a function `grad(*upstream)` for its derivative.

    `grad` gets one cotangent for each flat result and returns one for each tensor argument (a list of them where there
    are several). Where `f` reads variables, `grad` must take `variables=None` and returns a pair: the cotangents of the
    arguments and those of the variables.

    Raises:
      TypeError: `f` uses variables and `grad` does not take `variables`.
      ValueError: `grad` returns another number of cotangents than `f` has arguments.
    """
    if f is None:
        return custom_gradient

    @functools.wraps(f)
    def decorated(*args, **kwargs):
        if not state.tapes:
            result, _ = f(*args, **kwargs)
            return _converted(result)
        return _with_tape(f, args, kwargs)

    return decorated


def _converted(result):
    return nest.map_structure(lambda t: t if isinstance(t, TensorHandle) or t is None else convert(t), result)


def _with_tape(f, args, kwargs):
    flat = nest.flatten(args)
    ins = []
    for a in flat:
        cell = cell_of(a)
        ins.append(a._read() if cell is not None and hasattr(type(a), "_read") else convert(a))
    given = nest.pack_sequence_as(args, ins)
    own_cells = {id(cell_of(a)) for a in flat if cell_of(a) is not None}
    with paused(), GradientTape(watch_accessed_variables=True) as tape:
        result, grad = f(*given, **kwargs)
    variables = [v for v in tape.watched_variables() if id(v._cell) not in own_cells]
    parameters = inspect.signature(grad).parameters if callable(grad) else {}
    takes = "variables" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if variables and not takes:
        raise TypeError(
            "If using @custom_gradient with a function that uses variables, then grad_fn must accept a 'variables' "
            "keyword argument."
        )
    for v in variables:
        v._read()
    outs = [_fresh(convert(t)) for t in nest.flatten(result)]
    sources = [*ins, *[v._cell._tensor for v in variables]]

    def pull(cotangents):
        upstream = [_zeros(o) if c is None else dense(c) for o, c in zip(shapes, cotangents, strict=True)]
        if variables:
            pulled, of_variables = grad(*upstream, variables=variables)
            of_variables = list(of_variables)
            if len(of_variables) != len(variables):
                raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
        else:
            pulled, of_variables = grad(*upstream), []
        pulled = nest.flatten(pulled)
        if len(pulled) != len(ins):
            raise ValueError(
                f"custom_gradient function expected to return {len(ins)} gradients, but returned {len(pulled)} instead."
            )
        return [*pulled, *of_variables]

    shapes = [o._aval for o in outs]
    record_python(sources, outs, pull)
    return nest.pack_sequence_as(result, outs)


def _fresh(tensor):
    """A handle of its own for a result, which may be one of the arguments."""
    from tfcompat._core.variable import _copy_of

    with paused():
        return _copy_of(tensor)


def _zeros(aval):
    import numpy as np

    return convert(np.zeros(aval.shape, aval.np_dtype))


def recompute_grad(f):
    """Makes `f` run again in the backward pass instead of keeping its intermediate results.

    Returns:
      A function with the signature of `f`.
    """

    @functools.wraps(f)
    def decorated(*args, **kwargs):
        @custom_gradient
        def inner(*tensors):
            result = f(*tensors, **kwargs)  # the tape that custom_gradient has open sees which variables it reads

            def grad(*upstream, variables=None):
                with GradientTape() as tape:
                    tape.watch(tensors)
                    again = f(*tensors, **kwargs)
                grads = tape.gradient(again, [*tensors, *(variables or [])], output_gradients=list(upstream))
                of_tensors, of_variables = grads[: len(tensors)], grads[len(tensors) :]
                return (of_tensors, of_variables) if variables else of_tensors

            return result, grad

        return inner(*args)

    return decorated


def grad_pass_through(f):
    """Makes the gradient of `f` the identity: cotangents go through unchanged."""

    @custom_gradient
    def decorated(*args, **kwargs):
        def grad(*upstream, variables=None):
            if variables is not None:
                return upstream, [None] * len(variables)
            return upstream

        return f(*args, **kwargs), grad

    return decorated


def stop_gradient(input, name=None):
    """The same value; tapes see no connection to it.

    Args:
      input: a Tensor or what converts to one.
    """
    with paused():
        if isinstance(input, TensorType) and cell_of(input) is not None:
            return _fresh(input._cell._tensor)
        return _fresh(convert(input))


__all__ = ["custom_gradient", "gid_of", "grad_pass_through", "recompute_grad", "stop_gradient"]
