"""The cold tier: runs the nodes of a segment one by one with NumPy."""

import contextvars
import operator
import sys

import numpy as np

from tfcompat._core import failures, interrupts, waits
from tfcompat._core.stats import stats
from tfcompat._core.tensor_base import HOST_TYPES, settled


class Interrupted(Exception):
    """Ctrl-C came twice: the run stopped before node `position`, with these values."""

    def __init__(self, values, position):
        super().__init__(position)
        self.values = values
        self.position = position


def steps_of(specs, wires, live=None):
    """The nodes as `interpret` wants them.

    Args:
      live: slots whose values are wanted; the others are dropped after their last use, and what nobody reads any more
        may be overwritten. None: all are kept.

    Returns:
      For each node (host, get, alone, base, count, drops, update, i, wire): its host function; how to get the arguments from
      the list of values, or the place of the one argument where `alone`; its first slot and the number of its results;
      the slots to drop after it; the place of the operand that it may update (a plan copies what is small); its number; and
      the places of its arguments.
    """
    uses = [()] * len(specs) if live is None else last_uses(specs, wires)
    steps, base = [], 0
    for i, (spec, wire, used) in enumerate(zip(specs, wires, uses, strict=True)):
        place = None
        if spec.inplace is not None and live is not None and not getattr(spec.host, "planned", False):
            s = wire[spec.inplace]
            place = s if wire.count(s) == 1 and s in used and s not in live else None
        drops = [s for s in used if s >= 0 and s not in live]
        get, alone = getter(wire)
        steps.append((spec.host, get, alone, base, len(spec.avals), drops, place, i, wire))
        base += len(spec.avals)
    return steps


def getter(wire):
    """How to get arguments from the list of values, and whether that is the place of the only one."""
    if len(wire) == 1:
        return wire[0], True
    return operator.itemgetter(*wire) if wire else lambda values: (), False


def last_uses(specs, wires):
    """For each node, the slots and leaves that nobody reads after it."""
    last = {}
    slot = 0
    for i, (spec, wire) in enumerate(zip(specs, wires, strict=True)):
        for s in wire:
            last[s] = i
        for _ in spec.avals:
            last[slot] = i
            slot += 1
    dead = [()] * len(specs)
    for s, i in last.items():
        dead[i] = (*dead[i], s)
    return dead


def interpret(work, steps, acts=True):
    """Runs the nodes in order.

    Args:
      work: the closed segment.
      steps: of its nodes, from `steps_of`.
      acts: whether one of them may run user code.

    Returns:
      (values by slot, None), or (values so far, (node, error)) where a check failed.
    """
    # Results first, then the leaves in reverse: wires, of which leaf k is ~k, are places in this list.
    values = [None] * len(work.refs)
    for t in reversed(work.leaves):
        v = t._value
        values.append(v if type(v) in HOST_TYPES else waits.to_host(settled(t) if v is None else v))
    flags = {flag.position: flag for flag in work.flags} if work.flags else None
    held = interrupts.of_this_thread()
    if acts:
        with np.errstate(all="ignore"):
            return values, _run(work.specs, steps, work.leaves, values, flags, held)
    return values, quietly(_run, work.specs, steps, work.leaves, values, flags, held)


_idle = []  # contexts in which NumPy ignores floating-point errors: entering one takes 0.05 µs, `np.errstate` 1.3


def quietly(function, *arguments):
    """Calls a function that runs no user code (it would miss its context variables), NumPy's warnings switched off."""
    try:
        context = _idle.pop()
    except IndexError:
        context = quiet_context()
    try:
        return context.run(function, *arguments)
    finally:
        _idle.append(context)


def quiet_context():
    """A new context in which NumPy ignores floating-point errors."""
    context = contextvars.Context()
    context.run(np.seterr, all="ignore")
    return context


def _run(specs, steps, leaves, values, flags, held):
    results = None
    for host, get, alone, base, count, drops, place, i, _ in steps:
        if held.count > 1:
            raise Interrupted(values[:base], i)
        if place is not None and _free(leaves, values, place):
            host = specs[i].host_in_place
            stats.in_place += 1
        try:
            results = host(values[get]) if alone else host(*get(values))
        except Exception as error:  # noqa: BLE001 - whatever it is, the nodes before it count
            apart = getattr(host, "apart", None)
            if apart is not None:  # several nodes as one step: one of them has failed
                culprit = _run(specs, apart, leaves, values, flags, held)
                if culprit is not None:
                    return culprit
                continue
            del values[base:]
            return i, failures.translated(error, specs[i].name)
        if flags and i in flags and not hasattr(host, "apart") and is_true(results[flags[i].index]):  # joined ones look at their own
            error = flags[i].error(*((values[get],) if alone else get(values)))
            del values[base:]
            return i, error
        if count == 1:
            values[base] = results[0]
        else:
            values[base : base + count] = results
        results = None
        for s in drops:
            values[s] = None
    return None


def is_true(verdict):
    """Whether one of the elements of an array of bools is; of a scalar `any` takes 1.6 µs."""
    return verdict.any() if verdict.ndim else verdict


def _free(leaves, values, place):
    """Whether the operand that the op updates may be overwritten: owned, writable, and held by nobody else."""
    array = values[place]
    if place >= 0:
        others = 3  # `values`, `array`, the argument
    else:
        leaf = leaves[~place]
        if sys.getrefcount(leaf) > 3 or type(leaf._value) is not np.ndarray:  # `leaves`, `leaf`, the argument
            return False
        others = 4  # and the handle's `_value`
    if type(array) is not np.ndarray or sys.getrefcount(array) > others:
        return False
    flags = array.flags
    return flags.owndata and flags.writeable
