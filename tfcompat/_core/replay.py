"""Functions that record the same ops at each call: after two calls the ops are recorded without calling them.

A training loop runs the same Python, an optimizer's update, at every step, and that Python may take ten times as long
as recording what it does. A `Replay` watches two calls of such a function. If both recorded the same nodes, wired to the
same variables and arguments, with the same constants, the third call records these nodes by itself: those that follow one another
as one node, a `stretch.Block`, but for those that update an operand in place. Liveness, donation and where the segment closes are what
they would have been.

Who uses one promises that the function depends on nothing but its arguments, its variables and the key.
"""

import itertools

from tfcompat._core.context import settings, state
from tfcompat._core.stretch import Scratch
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import STATIC
from tfcompat._core.variable import own_handle

_ATTEMPTS = 4  # calls that are watched before the function counts as one that differs from call to call


class Recipe:
    """What one call recorded, as a list of steps over numbered values.

    The values are the arguments, what the variables in `reads` held, the `constants`, and the results in order. While
    the call is watched a number is a pair, such as ("read", 0); `finish` makes ints of them.
    """

    def __init__(self, arguments, variables):
        self.count = len(arguments)
        self.steps = []  # (spec, numbers of its inputs) or (variable, number of its new value)
        self.reads, self.constants = [], []
        self.results = 0
        self.repeatable = True
        self._numbers = {id(t): ("argument", i) for i, t in enumerate(arguments)}
        self._avals = [t._aval for t in arguments], []  # of the arguments, and of what was read
        self._holders = {id(v._cell._tensor): v for v in variables}
        self._seen = []  # tensors: no id is used again while the call is watched

    def recorded(self, spec, ins, out):
        self.steps.append((spec, tuple([self._number(t) for t in ins])))
        for t in [out] if spec.single else out:
            self._seen.append(t)
            self._numbers[id(t)] = ("result", self.results)
            self.results += 1

    def wrote(self, variable, tensor):
        number = self._numbers.get(id(tensor))
        if number is None:  # a handle of its own for something that was recorded
            twins = [t for t in self._seen if t._slot == tensor._slot and t._seg is tensor._seg is not None]
            number = self._numbers[id(twins[-1])] if twins else None
        self.repeatable = self.repeatable and number is not None and number[0] == "result"
        self.steps.append((variable, number))
        self._seen.append(tensor)
        self._numbers[id(tensor)] = number

    def _number(self, tensor):
        number = self._numbers.get(id(tensor))
        if number is None:
            variable = self._holders.get(id(tensor))
            if variable is not None:
                number = "read", len(self.reads)
                self.reads.append(variable)
                self._avals[1].append(tensor._aval)
            elif tensor._slot == STATIC:
                number = "constant", len(self.constants)
                self.constants.append(tensor)
            else:
                self.repeatable = False
                return None
            self._seen.append(tensor)
            self._numbers[id(tensor)] = number
        return number

    def same(self, other):
        """Whether two calls that were watched did the same."""
        return (
            self.repeatable
            and other.repeatable
            and len(self.steps) == len(other.steps)
            and all([a is b and m == n for (a, m), (b, n) in zip(self.steps, other.steps, strict=True)])
            and len(self.reads) == len(other.reads)
            and all([a is b for a, b in zip(self.reads, other.reads, strict=True)])
            and len(self.constants) == len(other.constants)
            and all(map(_same_constant, self.constants, other.constants))
        )

    def finish(self):
        """Makes ints of the numbers, folds nodes, and drops what only watching needs."""
        start = {"argument": 0, "read": self.count, "constant": self.count + len(self.reads)}
        start["result"] = start["constant"] + len(self.constants)
        nodes, written = [], {}
        for step, numbers in self.steps:
            if isinstance(numbers[0] if numbers else (), str):
                written[id(step)] = step, start[numbers[0]] + numbers[1]
            else:
                nodes.append((step, [start[kind] + i for kind, i in numbers]))
        avals = [*self._avals[0], *self._avals[1], *[t._aval for t in self.constants]]
        self.steps, places = _folded(nodes, avals, {number for _, number in written.values()})
        self.writes = [(variable, places[number]) for variable, number in written.values()]
        self._numbers = self._holders = self._seen = self._avals = None

    def record(self, arguments):
        """Records it all again, with these arguments."""
        segment = state.context.segment
        uncut = segment.begin_call()
        try:
            self._record(state.context, arguments)
        finally:
            segment.uncut = uncut

    def _record(self, context, arguments):
        for variable, _ in self.writes:
            variable._before_write()
        values = [*arguments, *[v._cell._tensor for v in self.reads], *self.constants]
        for spec, operands in self.steps:
            results = context.segment.record(spec, [values[i] for i in operands])
            values += [results] if spec.single else results
        bound = set()
        for variable, source in self.writes:
            # A result belongs to the first variable that is bound to it; a second one gets a handle of its own.
            variable._bind(own_handle(values[source], values[source] if source in bound else None))
            bound.add(source)


def _folded(nodes, avals, wanted):
    """Nodes, each run of them that can be one made a Block.

    Args:
      nodes: (spec, numbers of its inputs).
      avals: of the values that come before results.
      wanted: numbers that are asked for in the end.

    Returns:
      The new nodes, and a dict from old numbers to new ones.
    """
    count = first = len(avals)
    avals, runs = [*avals, *[a for spec, _ in nodes for a in spec.avals]], []
    for folds, run in itertools.groupby(nodes, lambda node: node[0].inplace is None and not node[0].effect):
        run = [(spec, operands, range(first, first := first + len(spec.avals))) for spec, operands in run]
        runs += [run] if folds and len(run) > 1 else [[node] for node in run]
    steps, places = [], {number: number for number in range(count)}
    for k, run in enumerate(runs):
        spec, operands, results = run[0]
        if len(run) > 1:
            asked = wanted.union(*[operands for later in runs[k + 1 :] for _, operands, _ in later])
            spec, operands, results = _block(run, avals, asked)
        steps.append((spec, [places[number] for number in operands]))
        for number in results:
            places[number] = count
            count += 1
    return steps, places


def _block(run, avals, asked):
    """A Block of nodes, the numbers of its inputs, and of its results: those that are asked for."""
    scratch, tensors, inputs = Scratch(), {}, {}
    for spec, operands, results in run:
        for number in operands:
            if number not in tensors:
                tensors[number] = inputs[number] = Tensor(avals[number], None)
        outs = scratch.record(spec, [tensors[number] for number in operands])
        tensors.update(zip(results, [outs] if spec.single else outs, strict=True))
    found = [number for _, _, results in run for number in results if number in asked]
    return scratch.fold("Update", [tensors[number] for number in found], list(inputs.values())), list(inputs), found


def _same_constant(a, b):
    return a is b or (a._aval is b._aval and a._value.tobytes() == b._value.tobytes())


def watch(function, arguments, variables):
    """Calls `function`. Returns the Recipe of what it recorded."""
    segment = state.context.segment
    recipe = Recipe(arguments, variables)
    before = list(segment.flags)
    segment.watcher = recipe
    try:
        function()
    finally:
        segment.watcher = None
    checks = [flag for flag in segment.flags if not any(flag is old for old in before)]
    recipe.repeatable = recipe.repeatable and not checks and state.context.segment is segment
    return recipe


class Replay:
    """Calls a function, or records again what it recorded. Use one per function and key."""

    def __init__(self):
        self.recipe = None
        self.attempts = 0
        self.ready = False

    def call(self, function, arguments, variables):
        """``function()``, whose result does not matter.

        Args:
          function: takes nothing; all its operands come from `arguments`, `variables` and constants, and all it does is
            to write variables.
          arguments: list of what it has been given since the last call; replayed only if all are Tensors, of the same dtypes
            and shapes as before.
          variables: function that lists the variables it may use.
        """
        context = state.context
        watched = context.trace is not None or context.tapes or context.accumulators
        if watched or settings.synchronous or settings.random_cuts is not None or self.attempts > _ATTEMPTS:
            function()
        elif self.ready:
            self.recipe.record(arguments)
        elif not all([type(t) is Tensor for t in arguments]):
            function()
        else:
            self.attempts += 1
            before, self.recipe = self.recipe, watch(function, arguments, variables())
            if before is not None and before.same(self.recipe):
                self.recipe.finish()
                self.ready = True
