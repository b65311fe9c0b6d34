"""Conditions on the values of an op's operands: looked at when it is called, or when a program with their flags has run."""

import functools
import weakref

import jax
import numpy as np

from tfcompat._core import caches, costs, errors, program, segment as segments, sizes
from tfcompat._core.callsite import call_site, describe
from tfcompat._core.context import state
from tfcompat._core.inlined import inlined
from tfcompat._core.interpreter import is_true, quietly
from tfcompat._core.parameters import arrange
from tfcompat._core.tensor_base import HOST_TYPES, host_value


class Check:
    """A condition on values that the op raises about.

    Args:
      bad: JAX function of the op's data and attributes (same signature as the op) to a boolean, true where it fails. None
        where computing the op tells it: of its first operand, in a last result of the body that callers do not get.
      message: function of the NumPy values and attributes to the error's text.
      error: exception class (node_def, op, message).
      immediate: True for asserts and solvers: in eager code they, and the pending work, are always run when called.
      dtypes: where given, the op is checked only if its first operand has one of these dtypes.
      stateful: True where a function checks even if it needs no result of the op.
    """

    def __init__(self, bad, message, error=errors.InvalidArgumentError, immediate=False, dtypes=None, stateful=False):
        self.bad = None if bad is None else inlined(bad)
        self.dtypes = dtypes
        self.message = message
        self.error = error
        self.immediate = immediate or bad is None  # its verdict is among the results, which only `call_judged` takes apart
        self.stateful = stateful
        self.proven = caches.Bounded(1_000)  # key of a call -> [(place, tensor, array)] of operands found good


class Flag:
    """An error flag of a recorded check: the tensor that is true when it failed, and how to say so.

    Args:
      index: which result of the node it is.
    """

    __slots__ = ("ahead", "attrs", "check", "count", "index", "op", "position", "site", "stateful", "tensor")

    def __init__(self, op, attrs, count, tensor, position, site, index=0):
        self.stateful = op.check.stateful
        self.ahead = int(op.check.bad is not None)  # how many nodes further the op is
        self.op, self.check, self.attrs, self.count = op, op.check, attrs, count
        self.tensor, self.position, self.site, self.index = tensor, position, site, index

    def moved(self, by):
        return Flag(self.op, self.attrs, self.count, self.tensor, self.position + by, self.site, self.index)

    def resized(self, resizing, avals):
        """The flag of the same check where sizes are others."""
        attrs = resizing.attribute(self.attrs)
        return Flag(self.op, attrs, self.count, self.tensor, self.position, self.site, self.index)

    def error(self, *values):
        text = values_message(self.op, values, self.attrs, self.count) if values else f"{self.op.kernel}: bad value"
        if self.site is not None:
            self.op.hot_sites[self.site] = "failed"
            text += f" (called at {describe(self.site)})"
        return self.check.error(None, None, f"{text} [Op:{self.op.kernel}] name: ")


def values_message(op, values, attrs, count):
    return op.check.message(*arrange(op.parameters, [np.asarray(v) for v in values], attrs, count))


def check_values(op, key, ins, attrs, count):
    """Raises at once where the operands are at hand; at a call site that has proven good, records a flag instead.

    While a function is recorded nothing is raised: the error is that of a call, if the op runs in it. Of a check that is
    immediate a flag is recorded, too: `op.call` runs it, with the op.

    Returns:
      Whether it is known that the check fails.
    """
    symbolic = state.trace is not None
    contents = ins if symbolic else contents_of(ins)
    if not symbolic and found_good(op.check.proven.get(key), contents):
        return False
    checker = op.checker
    spec = checker.specs.get(key) or checker.infer(key, ins, attrs, count)
    looked_at, site = spec.looked_at, None
    if symbolic or not HOST_TYPES.issuperset([type(contents[i]._value) for i in looked_at]):
        seen = not (symbolic and sizes.among(ins, attrs))  # sizes are operands of a check, too
        seen = seen and all([type(v := contents[i]._value) in HOST_TYPES or at_hand(v) for i in looked_at])
        if not seen:
            at_once = op.check.immediate and not symbolic
            site = None if at_once else call_site()
            if (symbolic or at_once or op.hot_sites.get(site) == "good") and not record_check(op, spec, ins, attrs, count, site):
                return False
    # A large operand of which only the shape matters is not read: an array with a NumPy view cannot be donated.
    values = [
        host_value(contents[i]).reshape(t._aval.shape) if i in looked_at else stand_in(t._aval) for i, t in enumerate(ins)
    ]
    failed = quietly(spec.host, *values)[0]
    failed = bool(failed) if failed.ndim == 0 else bool(failed.any())
    if failed and symbolic:
        record_check(op, spec, ins, attrs, count, call_site())
    elif failed:
        if site is not None:
            op.hot_sites[site] = "failed"
        raise failure(op, values, attrs, count)
    elif not symbolic:
        note_good(op, key, contents, looked_at)
    if site is not None and op.hot_sites.get(site) is None:
        op.hot_sites[site] = "good"
    return failed


def failure(op, values, attrs, count):
    """The error of a check that fails for these values."""
    return op.check.error(None, None, f"{values_message(op, values, attrs, count)} [Op:{op.kernel}] name: ")


def call_judged(op, key, spec, ins, attrs, count, record):
    """Calls an op that tells in its last result whether its check fails. Raises in eager code what it tells.

    Args:
      record: function that records the op, with all its results.

    Returns:
      The list of the other results.
    """
    context = state.context
    segment = context.segment
    if context.trace is None and found_good(op.check.proven.get(key), ins):
        return record(context, op, spec, ins, attrs, count)[:-1]
    values = [t._value for t in ins]
    idle = not (segment.specs or segment.unchecked or segment.watcher) and program.may_skip_recording(context)
    if idle and spec.cost <= costs.DISPATCH and HOST_TYPES.issuperset(map(type, values)):
        # To record and to run it would do the same, and takes longer.
        *values, failed = quietly(spec.host, *values)
        results = [segments._tensor_class(a, value) for a, value in zip(spec.avals, values, strict=False)]
    else:
        *results, verdict = record(context, op, spec, ins, attrs, count)
        failed = verdict._value
        if failed is None:
            position = segment.node_of(verdict._slot)
            site = None if context.trace is None else call_site()
            segment.flags.append(Flag(op, attrs, count, verdict, position, site, len(spec.avals) - 1))
            if context.trace is None:
                segment.close("check")
    if failed is not None and is_true(np.asarray(failed)):
        raise failure(op, [host_value(t) for t in ins], attrs, count)
    if context.trace is None:
        note_good(op, key, ins, (0,))
    return results


def contents_of(ins):
    """For each operand the tensor whose value tells its elements, though not their shape; see `Segment.content_of`."""
    segment = state.context.segment
    return [segment.content_of(t) for t in ins]


def note_good(op, key, contents, looked_at):
    """Notes that the operands at these positions have been found good."""
    proven, scalars = [], True
    for i in looked_at:
        tensor, value = contents[i], contents[i]._value
        if not isinstance(value, (np.ndarray, jax.Array)):
            return
        proven.append((i, weakref.ref(tensor), weakref.ref(value)))
        scalars = scalars and not tensor._aval.shape
    if not scalars:  # these are soon looked at, and often new
        op.check.proven[key] = proven


def found_good(proven, contents):
    """Whether the operands are those that were found good, in the shapes that the call's key tells.

    The tensor and its array have to be the same: a program gives a variable's tensor a new array, and a sliced assignment
    writes into the array of a tensor that is gone.
    """
    if proven is None:
        return False
    for i, tensor, array in proven:
        value = array()
        if value is None or value is not contents[i]._value or tensor() is not contents[i]:
            return False
    return True


def judging(op, key, ins, attrs, count):
    """What _hot_checks.c needs of the check of calls like this, for a Spec of the op.

    Returns:
      (places looked at, what was found good, call sites, the check, whether it is stateful, its Spec or None, for each operand what
      stands for it where it is not looked at); nothing where Python runs what is pending.
    """
    check, checker = op.check, op.checker
    if check.immediate and checker is not None:
        return ()
    spec = None if checker is None else checker.specs.get(key) or checker.infer(key, ins, attrs, count)
    looked_at = (0,) if spec is None else tuple(spec.looked_at)
    stand_ins = tuple([None if i in looked_at else stand_in(t._aval) for i, t in enumerate(ins)])
    return looked_at, check.proven, op.hot_sites, check, check.stateful, spec, stand_ins


def record_check(op, spec, ins, attrs, count, site):
    """Makes a check a flag of the program, unless the segment runs it at once; whether it is known to fail."""
    segment = segments.current()
    flag = segment.record(spec, ins)
    if flag._value is None:
        segment.flags.append(Flag(op, attrs, count, flag, len(segment.specs) - 1, site))
    return flag._value is not None and bool(np.any(flag._value))


def at_hand(value):
    """Whether a payload can be looked at for nothing: it is there, and in the memory of this machine."""
    return value is not None and (not isinstance(value, jax.Array) or not program.has_accelerator())


@functools.lru_cache(1024)
def stand_in(a):
    """An array of an aval's shape and dtype that takes no memory."""
    return np.broadcast_to(np.zeros((), a.np_dtype), a.shape)
