"""The cold tier: runs the nodes of a segment one by one with NumPy."""

import sys

import numpy as np

from tfcompat._core import failures, interrupts
from tfcompat._core.stats import stats
from tfcompat._core.tensor_base import HOST_TYPES


class Interrupted(Exception):
    """Ctrl-C came twice: the run stopped before node `position`, with these values."""

    def __init__(self, values, position):
        super().__init__(position)
        self.values = values
        self.position = position


def interpret(work, uses, live):
    """Runs the nodes in order.

    Args:
      work: the closed segment.
      uses: for each node the slots to drop after it (None: keep all and write nothing in place).
      live: slots whose values are wanted.

    Returns:
      (values by slot, None), or (values so far, (node, error)) where a check failed.
    """
    specs, wires, leaves = work.specs, work.wires, work.leaves
    flags = {flag.position: flag for flag in work.flags}
    inputs = [v if type(v := t._value) in HOST_TYPES else failures.to_host(v) for t in leaves]
    values = []
    held = interrupts.of_this_thread()
    with np.errstate(all="ignore"):
        culprit = _run(specs, wires, leaves, inputs, values, uses, live, flags, held)
    return values, culprit


def _run(specs, wires, leaves, inputs, values, uses, live, flags, held):
    for i in range(len(specs)):
        if held.count > 1:
            raise Interrupted(values, i)
        spec, wire = specs[i], wires[i]
        host = spec.host
        if spec.inplace is not None and uses is not None and _free(spec, wire, i, leaves, inputs, values, uses, live):
            host = spec.host_in_place
            stats.in_place += 1
        args = [values[s] if s >= 0 else inputs[~s] for s in wire]
        try:
            results = host(*args)
        except Exception as error:  # noqa: BLE001 - whatever it is, the nodes before it count
            return i, failures.translated(error, spec.name)
        if flags and i in flags and bool(np.any(results[flags[i].index])):
            return i, flags[i].error(*args)
        values.extend(results)
        if uses is not None:
            args = results = None
            for s in uses[i]:
                if s >= 0 and s not in live:
                    values[s] = None
    return None


def _free(spec, wire, i, leaves, inputs, values, uses, live):
    """Whether the operand that the op updates may be overwritten: owned, writable, and held by nobody else."""
    s = wire[spec.inplace]
    if wire.count(s) > 1 or s not in uses[i] or s in live:
        return False
    if s >= 0:
        array = values[s]
        others = 3  # `values`, `array`, the argument
    else:
        leaf = leaves[~s]
        if sys.getrefcount(leaf) > 3 or type(leaf._value) is not np.ndarray:  # `leaves`, `leaf`, the argument
            return False
        array = inputs[~s]
        others = 4  # and the handle's `_value`
    if type(array) is not np.ndarray or sys.getrefcount(array) > others:
        return False
    flags = array.flags
    return flags.owndata and flags.writeable
