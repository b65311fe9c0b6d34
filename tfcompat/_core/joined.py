"""Nodes that are interpreted often, joined: one host function, and one step of the interpreter, for a stretch of them.

A step costs about as much as the sum of a small array. A joined one has the NumPy lines of all its nodes, and broadcasts
between them are not materialised. It takes as long to make as some hundred runs gain by it.

Of checks among them it has one verdict, whether any has failed. Then they are interpreted one by one, to find which.
"""

import numpy as np

from tfcompat._core.equations import Equation, Value
from tfcompat._core.interpret import Builder
from tfcompat._core.interpreter import getter

AFTER = 100  # runs
EXACT_AFTER = 200  # what was traced for any sizes is traced for these, 1 to 2 ms an op, and joined as others are


def join(specs, wires, live, steps, checks):
    """The `steps` that interpret these nodes, with stretches of them joined.

    Not joined is what may write into an operand, has a host function of another kind, or was traced for any sizes and not
    yet for these.

    Args:
      live: the slots that are wanted.
      checks: numbers of the nodes that are looked at: their last result is true where something is wrong.
    """
    last_read = {s: i for i, wire in enumerate(wires) for s in wire}
    last_read.update(dict.fromkeys(live, len(specs)))
    stretches = [[]]
    for step, spec in zip(steps, specs, strict=True):
        if step[6] is None and joinable(spec):
            stretches[-1].append(step)
        else:
            stretches += [[step], []]
    return [step for stretch in stretches for step in one_step(specs, wires, last_read, stretch, checks)]


def joinable(spec):
    """Whether the lines of a node's host function come from a jaxpr."""
    inner = getattr(spec, "specs", None)
    return all(map(joinable, inner)) if inner is not None else getattr(spec.host, "source", None) is not None


class Judged:
    """A host function whose last result is the verdict of checks; it raises where that is true."""

    __slots__ = ("apart", "host")

    def __init__(self, host):
        self.host = host

    def __call__(self, *arrays):
        *results, failed = self.host(*arrays)
        if failed:
            raise ValueError("a check has failed")
        return results


def one_step(specs, wires, last_read, stretch, checks):
    """A list of the step that does what those of a stretch do; one or none stay what they are."""
    if len(stretch) < 2:
        return stretch
    (_, _, _, first_slot, _, _, _, first, _), (_, _, _, last_slot, count, _, _, last, _) = stretch[0], stretch[-1]
    slots = range(first_slot, last_slot + count)
    judged = {i for i in checks if first <= i <= last}

    def write(planned):
        builder, taken, made, verdicts = Builder((), None), {}, [], []
        for i, spec, wire in zip(range(first, last + 1), specs[first : last + 1], wires[first : last + 1], strict=True):
            ins = []
            for s, a in zip(wire, input_avals(spec), strict=True):
                ins.append(made[s - first_slot] if s >= first_slot else taken.setdefault(s, Value(a)))
            made += results_of(builder, spec, ins)
            if i in judged:
                verdicts.append(made[-1])
        wanted = [value if last_read.get(s, 0) > last else None for s, value in zip(slots, made, strict=True)]
        if verdicts:
            wanted.append(any_of(builder, verdicts))
        return builder.finish([*taken.values()], wanted, (lambda: write(False)[0]) if planned else None), taken

    host, taken = write(True)
    if judged:
        host = Judged(host)
    host.apart = stretch  # what to do where it raises: one of its nodes is to blame
    get, alone = getter(list(taken))
    drops = [s for step in stretch for s in step[5] if s < first_slot]
    return [(host, get, alone, first_slot, len(slots), drops, None, first, tuple(taken))]


def any_of(builder, verdicts):
    """Adds to `builder` what tells whether one element of some arrays of bools is true."""
    found = None
    for value in verdicts:
        if value.shape:
            value = of(builder, "reduce_or", {"axes": tuple(range(len(value.shape)))}, [value])
        found = value if found is None else of(builder, "or", {}, [found, value])
    return found


def of(builder, name, params, ins):
    """The bool that an equation gives."""
    out = Value(np.empty((), bool))
    builder.equations.append(Equation(name, params, ins, [out]))
    return out


def input_avals(spec):
    inputs = getattr(spec, "inputs", None)
    return spec.jaxpr.in_avals if inputs is None else [a.struct for a in inputs]


def results_of(builder, spec, ins):
    """Adds the equations of a node to those of `builder`, on the values `ins`. Returns the values of its results."""
    inner = getattr(spec, "specs", None)
    if inner is None:
        return builder.flatten(spec.jaxpr.jaxpr, spec.jaxpr.consts, ins)
    made = []
    for part, wire in zip(inner, spec.wires, strict=True):
        made += results_of(builder, part, [made[s] if s >= 0 else ins[~s] for s in wire])
    return [made[s] for s in spec.outputs]
