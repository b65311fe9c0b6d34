"""`tf.while_loop`."""

import builtins as _builtins

import numpy as np

from tfcompat._core import errors, nest
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.core_types import TensorType
from tfcompat._core.custom_gradient import stop_gradient
from tfcompat._core.shapes import TensorShape
from tfcompat._core.specs import TypeSpec, type_spec_from_value
from tfcompat._core.tensor_base import TensorHandle, host_value
from tfcompat._loop_variables import Slot, staged_loop

_NUMBERS = (int, float, bool, complex, np.ndarray, np.generic)


class LoopVariable(Slot):
    """A loop variable, with the texts of `tf.while_loop`, `tf.scan` and the like."""

    def wrong_dtype(self, before, after):
        raise TypeError(
            f"Loop var {_name(before)} enters the loop with type <dtype: '{before.dtype.name}'> but has type <dtype: '{after.dtype.name}'> after 1 "
            f"iteration. {_name(before)} type should remain constant."
        )

    def wrong_shape(self, before, after):
        raise ValueError(
            f"Input tensor `{_name(before)}` enters the loop with shape {before.shape}, but has shape {after.shape} after one "
            "iteration. To allow the shape to vary across iterations, use the `shape_invariants` argument of tf.while_loop "
            "to specify a less-specific shape."
        )


def _name(tensor):
    return tensor.name if tensor._value is None and tensor._seg.symbolic else "Const:0"


def while_loop(cond, body, loop_vars, shape_invariants=None, parallel_iterations=10, back_prop=True, swap_memory=False,
               maximum_iterations=None, name=None):  # fmt: skip
    """Repeats `body` while `cond` is true.

    Args:
      cond: function of the loop variables that returns a boolean scalar.
      body: function of the loop variables that returns their next values, in the same structure.
      loop_vars: list or tuple of the loop variables' initial values: tensors or nested structures of them.
      shape_invariants: structure like `loop_vars` of shapes; a variable whose shape changes needs an unknown dimension there.
      parallel_iterations, swap_memory: accepted.
      back_prop: False stops gradients, in functions.
      maximum_iterations: the loop ends after so many iterations.

    Returns:
      The loop variables after the loop, in the structure of `loop_vars`.

    Raises:
      TypeError: `cond` or `body` is no function; the dtype of a variable changes.
      ValueError: no loop variables; `body` returns another structure, or a shape changes.
    """
    if not callable(cond):
        raise TypeError("'cond' must be callable.")
    if not callable(body):
        raise TypeError("'body' must be callable.")
    if not loop_vars and state.trace is None:
        raise ValueError("'loop_vars' must be provided.")
    limit = None if maximum_iterations is None else convert(maximum_iterations)
    if state.trace is None:
        result = _eagerly(cond, body, loop_vars, limit)
    else:
        result = _recorded(cond, body, loop_vars, shape_invariants, limit)
    return result if back_prop else without_gradient(result)


def without_gradient(result):
    """What a loop with `back_prop=False` gives: eager code takes no notice of it."""
    return result if state.trace is None else nest.map_structure(stop_gradient, result, expand_composites=True)


def _eagerly(cond, body, loop_vars, limit):
    count = 0
    limit = None if limit is None else int(host_value(limit))
    structure = list(loop_vars) if limit is None else [0, loop_vars]
    while cond(*loop_vars):
        if limit is not None and count >= limit:
            break
        loop_vars = body(*loop_vars)
        count += 1
        given = list(loop_vars) if limit is None else [count, loop_vars]
        try:
            nest.assert_same_structure(structure, given)
        except (TypeError, ValueError):
            nest.assert_same_structure(nest.map_structure(type_spec_from_value, structure), given)  # the text names specs
            raise
    return nest.map_structure(lambda v: convert(v) if isinstance(v, _NUMBERS) else v, loop_vars)


def _recorded(cond, body, loop_vars, invariants, limit):
    values = list(loop_vars)
    structure = loop_vars
    if invariants is not None:
        invariants = _checked_invariants(values, invariants)

    def step(index, slices, inside):
        result = body(*inside)
        if not isinstance(result, (list, _builtins.tuple)) or len(values) == 1 and not _is_pack(result, values):
            result = [result]
        nest.assert_same_structure(list(result), list(values), check_types=False)
        return list(result)

    if limit is not None and limit._value is None:
        # The bound is known at run time only: it is part of the test.
        def test(inside):
            *own, n, bound = inside
            return (n < bound) & convert(cond(*own))

        def bounded(index, slices, inside):
            *own, n, bound = inside
            return [*step(index, slices, own), n + 1, bound]

        after, _ = staged_loop([*values, convert(0, limit.dtype), limit], bounded, test, slot=LoopVariable)
        return nest.sequence_like(structure, after[:-2])
    after, _ = staged_loop(
        values, step, lambda inside: _condition(cond(*inside), limit is not None),
        limit=None if limit is None else int(host_value(limit)),
        slot=LoopVariable, invariants=invariants,
    )  # fmt: skip
    return nest.sequence_like(structure, after)


def _checked_invariants(values, invariants):
    nest.assert_same_structure(values, list(invariants), check_types=False)
    for shape in nest.flatten(list(invariants)):
        if not isinstance(shape, (TensorShape, TypeSpec)):
            raise TypeError("'shape_invariants' must be one of TensorShape, list, or None. Received: "
                            f"{type(shape)}.")  # fmt: skip
    return list(invariants)


def _is_pack(result, values):
    """Whether a body of one variable returned a list of it (and not a structure that is the variable)."""
    try:
        nest.assert_same_structure(list(result), values, check_types=False)
    except (ValueError, TypeError):
        return False
    return True


def _condition(value, bounded):
    value = convert(value) if not isinstance(value, TensorType) else value
    tensor = value if isinstance(value, TensorHandle) else value._read()
    if not tensor._aval.dtype.is_bool:
        if bounded:
            raise TypeError(
                f"Input 'y' of 'LogicalAnd' Op has type {tensor.dtype.name} that does not match expected type of bool."
            )
        raise errors.InvalidArgumentError(
            None, None, f"Input 'input' passed {tensor.dtype.name} expected bool while building NodeDef"
        )
    if tensor._aval.size != 1:
        raise errors.InvalidArgumentError(
            None, None, f"The second input must be a scalar, but it has shape {list(tensor._aval.shape)}"
        )
    return tensor
