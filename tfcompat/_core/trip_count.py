"""How often a recorded loop runs, where its test looks at counters alone: these are counted while it is recorded.

`while i < 40: ...; i += 1` with constants is as good as `for i in range(40)`: a loop of known length is differentiated
without checkpoints, and its values are kept once an iteration. No op is known by name: the nodes that the test depends
on, in the test and in the body, are evaluated.
"""

import numpy as np

from tfcompat._core.sizes import holds_unknown
from tfcompat._core.tensor_base import STATIC

LIMIT = 10_000  # iterations that are counted
MAX_BYTES = 2 << 30  # results of all iterations, which a gradient may want; beyond that checkpoints are better


def trip_count(test_trace, test_out, test_own, body_trace, body_outs, own, initial):
    """The number of iterations of a loop, or None where it depends on more than counters.

    Args:
      test_trace, test_out, test_own: trace of the test, its boolean, and the trace's own arguments: iteration, loop variables.
      body_trace, body_outs, own: the same of the body, with the next values of the loop variables.
      initial: tensors of the loop variables before the loop.
    """
    if test_trace.written or test_trace.effects:
        return None
    test = _Part(test_trace, [test_out], test_own)
    if not test.known:
        return None
    counters, missing = set(), test.variables
    steps = {}
    while missing:
        counters |= missing
        for k in missing:
            start = initial[k - 1]
            if start._slot != STATIC or holds_unknown(np.ravel(start._value).tolist()):
                return None
            steps[k] = _Part(body_trace, [body_outs[k - 1]], own)
        if not all([step.known for step in steps.values()]):
            return None
        missing = set().union(*[step.variables for step in steps.values()]) - counters
    values = {k: initial[k - 1]._value for k in counters}
    with np.errstate(all="ignore"):
        for n in range(LIMIT + 1):
            values[0] = np.int32(n)
            if not np.all(test.run(values)):
                return n if n * sum([spec.nbytes for spec in body_trace.specs]) <= MAX_BYTES else None
            values = {k: step.run(values) for k, step in steps.items()}
    return None


class _Part:
    """The nodes of a trace that some of its tensors depend on.

    Attributes:
      known: whether they look at nothing but constants and the trace's own arguments, and do nothing but compute.
      variables: which loop variables they look at, numbered from 1.
    """

    def __init__(self, trace, outs, own):
        numbers = {id(t): k for k, t in enumerate(own)}
        owners, first = [], []
        for i, spec in enumerate(trace.specs):
            first.append(len(owners))
            owners += [i] * len(spec.avals)
        self.out = trace.wire(outs[0])
        self.variables, self.known, self.constants, self.arguments = set(), True, {}, {}
        needed, pending = set(), [self.out]
        while pending:
            wire = pending.pop()
            if wire >= 0:
                if owners[wire] not in needed:
                    needed.add(owners[wire])
                    pending += trace.wires[owners[wire]]
                continue
            leaf = trace.leaves[~wire]
            self.known = self.known and not holds_unknown(leaf._aval.shape)
            number = numbers.get(id(leaf))
            if number is not None:
                self.arguments[wire] = number
                self.variables |= {number} - {0}
            elif leaf._slot == STATIC and not holds_unknown(np.ravel(leaf._value).tolist()):
                self.constants[wire] = leaf._value
            else:
                self.known = False
        self.nodes = [(trace.specs[i], trace.wires[i], first[i]) for i in sorted(needed)]
        self.known = self.known and not any([s.effect or s.coded or s.function for s, _, _ in self.nodes])

    def run(self, arguments):
        values = dict(self.constants)
        values.update({wire: arguments[k] for wire, k in self.arguments.items()})
        for spec, wires, slot in self.nodes:
            values.update(enumerate(spec.host(*[values[w] for w in wires]), slot))
        return values[self.out]
