"""Recording a Python function on placeholders and evaluating what it recorded as a JAX function."""

import jax
import jax.numpy as jnp

from tfcompat._core.context import state
from tfcompat._core.failures import cells
from tfcompat._core.segment import Segment
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import PLAIN

_FIRST = -PLAIN + 1  # leaf k stands in slot ~k, and -1 and -2 (PLAIN, STATIC) mean something else there


class Recording(Segment):
    """A segment that never runs: its tensors have no values, only avals.

    As a context it takes the place of the thread's segment and hides its tapes; when it is left, every variable is
    bound again to what it was bound to before.

    Args:
      refuse: called with a tensor whose value is needed; raises.

    Attributes:
      written: after the context, cell -> last tensor, for the variables that were assigned to.
    """

    symbolic = True

    def __init__(self, refuse):
        super().__init__()
        self.refuse = refuse
        self.leaves += [None] * _FIRST
        self.written = {}

    def placeholder(self, aval):
        """A tensor that stands for any value of this dtype and shape."""
        tensor = Tensor(aval, None, self, ~len(self.leaves))
        self.leaves.append(tensor)
        return tensor

    def _before_record(self):
        pass

    _after_record = _before_record

    def close(self, why, regular=True):
        """Nothing: a recording is not run."""

    def settle(self, tensor):
        self.refuse(tensor)

    def __enter__(self):
        self._at_once = jax.ensure_compile_time_eval()  # JAX may be tracing; what has a value is computed all the same
        self._at_once.__enter__()
        if state.segment is not None and not state.segment.symbolic:
            state.segment.close("read")
        self._outside = state.segment, state.tapes, state.accumulators
        self._bound = {cell: cell._tensor for cell in cells}
        state.segment, state.tapes, state.accumulators = self, [], []
        return self

    def __exit__(self, *exception):
        state.segment, state.tapes, state.accumulators = self._outside
        self._at_once.__exit__(*exception)
        for cell, tensor in self._bound.items():
            if cell._tensor is not tensor:
                self.written[cell] = cell._tensor
                cell._tensor = tensor
        self._bound = None

    def evaluate(self, tensors, given):
        """The values of `tensors` as JAX arrays; works on tracers.

        A JAX without 64-bit types has none of them at the boundary: what comes in and goes out is of 32 bits. In between
        they are what TensorFlow has.

        Args:
          tensors: of this recording, or of outside of it.
          given: pairs of a placeholder and its array.
        """
        wires = [t._slot if t._seg is self else self.leaf_index.get(id(t)) or self._leaf(t) for t in tensors]
        owner = [i for i, spec in enumerate(self.specs) for _ in spec.avals]
        first = {i: slot for slot, i in reversed(list(enumerate(owner)))}
        needed, pending = set(), [owner[s] for s in wires if s >= 0]
        while pending:
            i = pending.pop()
            if i not in needed:
                needed.add(i)
                pending.extend(owner[s] for s in self.wires[i] if s >= 0)
        arrays = {id(t): array for t, array in given}
        used = {s for i in needed for s in self.wires[i] if s < 0} | {s for s in wires if s < 0}
        leaves = {s: self.leaves[~s] for s in used}
        values = {s: arrays[id(t)] if id(t) in arrays else narrowed(t.__jax_array__()) for s, t in leaves.items()}
        with jax.enable_x64(True):
            for s, t in leaves.items():  # a placeholder may be wider than what came in for it
                if values[s].dtype != t._aval.np_dtype:
                    values[s] = jax.lax.convert_element_type(values[s], t._aval.np_dtype)
            for i in sorted(needed):
                results = self.specs[i].evaluate(*[values[s] for s in self.wires[i]])
                values.update({first[i] + k: result for k, result in enumerate(results)})
            outs = [jnp.asarray(values[s]) for s in wires]
        return [narrowed(out) for out in outs]


def narrowed(array):
    """The array in the dtype that it has in the user's JAX: without its 64-bit types a 32-bit one; never weakly typed."""
    dtype = jax.dtypes.canonicalize_dtype(array.dtype)
    return jax.lax.convert_element_type(array, dtype)
