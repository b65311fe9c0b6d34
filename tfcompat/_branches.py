"""Branches while recording, whose results are Python structures: how they are compared and become one."""

import numpy as np

from tfcompat._core import errors, nest
from tfcompat._core.context import state
from tfcompat._core.control_flow import record_cond, record_part
from tfcompat._core.convert import convert
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.symbolic import shape_of_any
from tfcompat._core.tensor_base import STATIC
from tfcompat._core.trace import ValueDependent
from tfcompat._tensor_array import TensorArray

_MISMATCH = (
    "true_fn and false_fn arguments to tf.cond must have the same number, type, and overall structure of return values.\n\n"
    "true_fn output: {first}\nfalse_fn output: {second}\n\nError details:\n{why}"
)


class Branches:
    """Branches that have been recorded, and the tensors that they give.

    Args:
      functions: functions without arguments; each is called once.
      names: of their traces.
      taken: number of the branch that is taken, where that is known. Another one may then be wrong for the sizes there
        are: TensorFlow does not know all of those while it records. It is left out.

    Attributes:
      results: what the functions returned.
    """

    def __init__(self, functions, names, taken=None):
        parts, self._alone = [], False
        unfit = (ValueError, ValueDependent, errors.OpError) if state.trace.at_call else (ValueError, ValueDependent)
        for i, (function, name) in enumerate(zip(functions, names, strict=True)):
            try:
                parts.append(record_part(function, name, "branch"))
            except unfit:
                if taken in (None, i):
                    raise
                parts.append(None)
        self._parts, self._taken = parts, taken
        self._use(parts)
        if None in parts:
            self.keep_taken()

    def _use(self, parts):
        self.traces = [part[0] for part in parts if part is not None]
        self.results = [part[1] for part in parts if part is not None]
        self._rows = [[] for _ in self.traces]

    def keep_taken(self):
        """Leaves out all branches but the one that is taken. Returns whether it is known."""
        if self._taken is None or self._alone:
            return False
        self._use([self._parts[self._taken]])
        self._alone = True
        return True

    def match_indices(self):
        """Makes indices of slices int64 in all branches where they are in one, as TensorFlow does."""
        flat = [nest.flatten(result) for result in self.results]
        for k, values in enumerate(zip(*flat, strict=False)):
            if all([isinstance(v, IndexedSlices) for v in values]) and len({v.indices.dtype for v in values}) > 1:
                for trace, leaves, slices in zip(self.traces, flat, values, strict=True):
                    with trace:
                        leaves[k] = slices._with_wide_indices()
                self.results = [nest.pack_sequence_as(r, leaves) for r, leaves in zip(self.results, flat, strict=True)]

    def add(self, values, complain):
        """Adds one value of each branch to the node's results.

        Args:
          complain: called with tensors of different dtypes; raises.

        Returns:
          A function from the iterator of results to the value after the branches.
        """
        first = values[0]
        if all(isinstance(v, TensorArray) for v in values):
            return self._add_arrays(values)
        if isinstance(first, (str, bytes)) and all(type(v) is type(first) and v == first for v in values):
            text = convert(first)
            return lambda outs: text
        tensors = [self._converted(trace, v) for trace, v in zip(self.traces, values, strict=True)]
        for other in tensors[1:]:
            if other.dtype is not tensors[0].dtype:
                complain(tensors[0], other)
            if shape_of_any(other) != shape_of_any(tensors[0]) and not self._may_differ():
                raise ValueDependent("The branches of a conditional give different shapes.")
        for row, tensor in zip(self._rows, tensors, strict=True):
            row.append(tensor)
        return next

    def _may_differ(self):
        return self._taken is None and state.trace.stageable

    def _converted(self, trace, value):
        with trace:  # slices of variables are taken here
            return value._read() if hasattr(type(value), "_read") else convert(value)

    def _add_arrays(self, arrays):
        element = next((a for a in map(TensorArray._element_aval, arrays) if a is not None), None)
        if all([a._buffer is None for a in arrays]):
            return lambda outs: arrays[0]
        for trace, row, array in zip(self.traces, self._rows, arrays, strict=True):
            with trace:
                row.append(array._ensure(element))
        known = arrays[0]
        if all([a._count is None for a in arrays]) and len({row[-1]._aval.shape for row in self._rows}) == 1:
            return lambda outs: known._with(next(outs))
        if not state.trace.stageable:
            raise ValueDependent("The branches of a conditional make arrays of different sizes.")
        for trace, row, array in zip(self.traces, self._rows, arrays, strict=True):
            with trace:
                row.append(array._elements())
        return lambda outs: known._with(next(outs), next(outs))

    def join(self, index, make_plans):
        """Records the node.

        Args:
          index: function that gives the number of the branch, or a boolean.
          make_plans: function of this object that adds the values and returns what `add` returned.

        Returns:
          The values after the branches.
        """
        try:
            plans = make_plans(self)
        except ValueDependent:  # results of different shapes
            if not self.keep_taken():
                raise
            plans = make_plans(self)
        index = convert(0) if self._alone else index()
        outs = iter(record_cond(index, self.traces, self._rows, index._aval.dtype.is_bool))
        return [plan(outs) for plan in plans]


def staged_branches(index, functions, is_bool, checked):
    """`tf.cond` and `tf.switch_case` while recording: all branches are recorded.

    Args:
      index: the number of the branch, or a boolean for two.
      checked: function that gives `index` as a scalar of the right dtype; called after the branches.

    Raises:
      TypeError: the branches return different structures or dtypes.
    """
    names = ["cond_true", "cond_false"] if is_bool else [f"switch_case_branch{i}" for i in range(len(functions))]
    branches = Branches(functions, names, taken(index, len(functions), is_bool))
    values = branches.join(lambda: checked(index), _plans)
    return nest.pack_sequence_as(branches.results[0], values, expand_composites=True)


def taken(index, count, is_bool):
    """The number of the branch that is taken, where that is known; else None."""
    if index._slot != STATIC or index._aval.size != 1 or index._aval.dtype.is_bool is not is_bool:
        return None
    value = np.asarray(index._value).item()
    if is_bool:
        return 0 if value else 1
    return value if 0 <= value < count else count - 1


def _plans(branches):
    branches.match_indices()
    first, second = branches.results[0], branches.results[-1]
    for result in branches.results:
        try:
            nest.assert_same_structure(first, result, expand_composites=True)
        except (ValueError, TypeError) as error:
            raise TypeError(_MISMATCH.format(first=first, second=result, why=error)) from None

    def complain(a, b):
        raise TypeError(_MISMATCH.format(first=first, second=second, why=f"{a} and {b} have different types"))

    plans = []
    for values in zip(*[nest.flatten(r, expand_composites=True) for r in branches.results], strict=True):
        nothing = [v is None or type(v).__name__ == "Operation" for v in values]
        if any(nothing) and not all(nothing):
            raise ValueError(_MISMATCH.format(first=first, second=second, why="one of the branches returns nothing"))
        plans.append((lambda outs: None) if all(nothing) else branches.add(values, complain))
    return plans
