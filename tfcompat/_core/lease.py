"""Variables whose arrays stay with the function that updates them.

A training step takes over the arrays of its variables and gives back new ones, which the next step takes over again.
Between two steps nobody looks at most of them. So the arrays stay with the function's plan, and the variables' cells refer
to the `Lease`. Who reads or writes one of them ends it, and all get their values; a step that finds it still there passes the
arrays on without a look at the variables, which would take longer than all the rest of the call.
"""

from tfcompat._core.stats import stats
from tfcompat._core.tensor_base import Handover, handover


class Lease(Handover):
    """Arrays that a function's calls hand on.

    Args:
      cells: all cells that the function reads.
      leaves: how many arguments of the function come before them.
      places: which leaves of a call are leased, in the order of the program's arguments.
      arrays: their values.
    """

    symbolic = False

    def __init__(self, cells, leaves, places, arrays):
        self.lock = handover.lock
        self.cells, self.arrays = cells, arrays
        self.leased = [cells[k - leaves] for k in places]
        self.others = [(k, cell) for k, cell in enumerate(cells, leaves) if k not in places]
        self.served = False  # whether a call has used it
        for cell in self.leased:
            tensor = cell.held
            tensor._seg, tensor._gid = self, 0  # another thread may just have got it
            cell.lease = self

    def handles(self, leaves, captures):
        """The leaves of a call; None for what is leased."""
        handles = [*leaves, *[None] * len(self.cells), *captures]
        for k, cell in self.others:
            handles[k] = cell.eager
        return handles

    def handed(self):
        """The arrays, for a call that takes them over."""
        arrays, self.arrays = self.arrays, None
        self.served = True
        stats.donated += len(arrays)
        return arrays

    def abandoned(self):
        """The tensors of what is leased, after a call that failed."""
        for cell in self.leased:
            cell.lease = None
        return [cell.held for cell in self.leased]

    def settle(self, tensor):
        """Ends the lease for another thread that reads `tensor`."""
        self.end()

    def end(self):
        """Gives the variables their values."""
        with self.lock:
            if self.arrays is None:
                return
            for cell, array in zip(self.leased, self.arrays, strict=True):
                tensor = cell.held
                tensor._value, tensor._seg, cell.lease = array, None, None
            self.arrays = None
