"""Puts the C form of the hot path in its place, where the package was built with it (_hot*.c).

An op call goes through four functions of Python: the operator, `op.recorded`, `entries.record_taped` under tapes, and
`Segment.record`; the run of a program goes through some ten, from `Segment.settle` to `program.give`. Their C forms do the usual case
in a fifth of the time and call these for all others, so that nothing depends on which of them runs.
"""

from tfcompat._core import (
    attributes,
    callsite,
    checks,
    convert,
    costs,
    donation,
    dtypes,
    failures,
    folding,
    forms,
    forward,
    interpreter,
    interrupts,
    joined,
    misfits,
    op,
    program,
    segment,
    tape,
    tensor,
    tensor_base,
    waits,
)
from tfcompat._core.avals import Aval
from tfcompat._core.context import Context, Settings, settings, state
from tfcompat._core.entries import record_taped
from tfcompat._core.native import extension as _hot
from tfcompat._core.spec import Spec
from tfcompat._core.stats import Stats, stats
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import HOST_TYPES, PLAIN, STATIC, Failure, gids, handover
from tfcompat._core.variable import Cell, UnreadVariable, Variable, _assign_add, _assign_sub

if _hot is not None:
    types = (
        Aval, Cell, Context, Settings, Spec, Tensor, Variable, UnreadVariable, segment.Segment, tape.GradientTape, forward.ForwardAccumulator,
        folding.Plan, program.Structure,
        dtypes.DType, checks.Flag, joined.Judged, program.Program, donation.Arguments, donation.Packed, interrupts.Held, Stats,
    )  # fmt: skip
    parts = {
        "state": state, "settings": settings, "failure": Failure, "record_taped": record_taped,
        "plain": PLAIN, "static": STATIC, "noted_key": folding.noted_key, "structures": program._structures,
        "serials": segment._serials, "forks": failures._forks, "host_types": HOST_TYPES, "handover": handover, "hold": interrupts.hold,
        "release": interrupts.release, "gids": gids, "keyed": forward.Keyed, "held": interrupts.held, "stats": stats, "logged_runs": program.LOGGED_RUNS,
        "main_thread": interrupts._MAIN, "looked_after": interrupts.LOOKED_AFTER,
        "judging": checks.judging, "is_internal": callsite.is_internal, "site_of": callsite.site_of, "learn": forms.learn, "reword": misfits.reword, "idle": interpreter._idle,
        "quiet_context": interpreter.quiet_context, "join_after": joined.AFTER, "exact_after": joined.EXACT_AFTER,
        "hot": program._hot, "output": costs.OUTPUT, "host_value": tensor.host_value, "payload": tensor_base.payload,
        "longest_polls": waits.LONGEST, "most_unpolled": waits.MOST,
    }  # fmt: skip
    _hot.setup({kind.__name__.lstrip("_"): kind for kind in types}, parts)
    op.recorded = _hot.recorded
    tensor.host_value = _hot.host_value
    tensor.payload = tensor_base.payload = _hot.payload
    program.living, program.give = _hot.living, _hot.give
    waits.poll = _hot.poll
    folding.noted_key = _hot.noted_key
    convert.beside = _hot.beside
    attributes.plain_ints = _hot.plain_ints
    Variable.assign = _hot.assigning(Variable.assign)
    Variable._update = _hot.changing(Variable._update)
    Variable.assign_add = _hot.updating(_assign_add.op, Variable.assign_add)
    Variable.assign_sub = _hot.updating(_assign_sub.op, Variable.assign_sub)

recorded = op.recorded


def operator(op, attrs, python, reflected):
    """The method of a binary operator: `python`, or its C form.

    Args:
      op: the Op that it records.
      attrs: its attributes.
      python: function of the two operands as Python passes them.
      reflected: whether the op's first operand is the second one.
    """
    return python if _hot is None else _hot.operator(op, attrs, python, reflected)


def waiting(python):
    """`interop.block_until_ready`: `python`, or its C form."""
    return python if _hot is None else forms.named(_hot.waiting(python), python)


def parser(python):
    """`_index_patterns.parse`: `python`, or its C form."""
    return python if _hot is None else _hot.parser(python)


def subscript(op, position, python):
    """The method `tensor[index]`: `python`, or its C form.

    Args:
      op: the Op that it records.
      position: how a position becomes a tensor: (its Aval, NumPy scalars of 0, 1, ..., the type of others).
      python: function of tensor and index.
    """
    return python if _hot is None else _hot.subscript(op, position, python)


def putting(op, position, python):
    """`_slicing.assign`: `python`, or its C form; the other arguments are those of `subscript`."""
    return python if _hot is None else _hot.putting(op, position, python)
