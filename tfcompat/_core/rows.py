"""Gradients of recorded functions and branches that are `tf.IndexedSlices`.

JAX differentiates a function's body as a whole, and knows dense cotangents alone. So where the gradient of an input is
slices (all that the input goes into is gathers of rows, perhaps behind a cast, inside another function or a branch), the
body is differentiated with regard to *taps* in place of the input: rows of zeros that are added, in thought, to the rows
that the gathers take. Cotangents of taps are the values of the slices; their indices are one more result of the forward
pass. Nothing of the size of the input is made.

As in TensorFlow, it is the gradient of all results together that decides, and branches of which one gives slices all
give slices. Those of branches have as many rows as the largest of them: what is missing are rows of zeros.
"""

import collections
import functools
import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core as jex

from tfcompat._core import generic
from tfcompat._core.avals import aval_of
from tfcompat._core.body import gradient_only
from tfcompat._core.op import Op
from tfcompat._core.ruled import ruled_evaluate
from tfcompat._core.sizes import Operand
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import STATIC
from tfcompat._core.vjp import Derivative


class Slices(NamedTuple):
    """The kind of a cotangent that is slices."""

    count: int
    dtype: type  # of the indices


class Passing(NamedTuple):
    """How an op passes slices on to its inputs.

    Args:
      eagerly: function of (number of an input, avals of the inputs, those that have gradients) to whether it does.
      recorded: the same in functions, where TensorFlow knows shapes at once.
      of_values: function of (values of the slices of its result, number and aval of an input) to those of the input's.
      of_rows: the op, by JAX, as a function of (rows of an input, its number, dtype of the result).
    """

    eagerly: object = lambda i, avals, wanted: True
    recorded: object = lambda i, avals, wanted: True
    of_values: object = lambda values, i, aval: values
    of_rows: object = lambda rows, i, dtype: rows


DENSE = "dense"


def added(kinds):
    """The kind of the sum of cotangents of these kinds, None where there is none."""
    kinds = [k for k in kinds if k is not None]
    if not kinds or DENSE in kinds:
        return DENSE if kinds else None
    return Slices(sum([k.count for k in kinds]), _common([k.dtype for k in kinds]))


def _common(dtypes):
    first, *others = dtypes
    return first if all([d == first for d in others]) else np.dtype(np.int64)


class BodyRows:
    """What the cotangents of a Body's inputs are.

    Attributes:
      kinds: for each input DENSE, Slices, or None.
    """

    def __init__(self, body):
        self.body = body
        count = len(body.inputs)
        self._starts = list(itertools.accumulate([len(s.avals) for s in body.specs], initial=count + len(body.consts)))
        self._avals = [*body.input_avals, *[aval_of(c) for c in body.consts], *[a for s in body.specs for a in s.avals]]
        self._parts = self._walk()  # place -> [(node, position, kind)] of which its cotangent is the sum
        self.kinds = [self._kind(s) for s in range(count)]

    def _edges(self):
        """For each node the positions of the inputs that it has a gradient for."""
        body = self.body
        connected = [a.differentiable for a in body.input_avals] + [False] * len(body.consts)
        edges = []
        for spec, wire in zip(body.specs, body.wires, strict=True):
            if spec.depends is not None:
                all_bits = functools.reduce(int.__or__, spec.depends, 0)
                own = [p for p, s in enumerate(wire) if connected[s] and all_bits >> p & 1]
                bits = sum([1 << p for p in own])
                connected += [a.differentiable and bool(bits & d) for a, d in zip(spec.avals, spec.depends, strict=True)]
            else:
                gradient = spec.origin is None or spec.origin[0].grad is not None
                own = [p for p in gradient_only(spec) or range(len(wire)) if connected[wire[p]]] if gradient else []
                connected += [a.differentiable and bool(own) for a in spec.avals]
            edges.append(own)
        return edges, connected

    def _walk(self):
        """Walks back as `tf.gradients` does: from the results, breadth first, which gives rows their order."""
        body, parts = self.body, collections.defaultdict(list)
        edges, connected = self._edges()
        owner = [None] * self._starts[0] + [i for i, s in enumerate(body.specs) for _ in s.avals]
        targets = [s for s in body.outputs[: body.results] if connected[s]]
        for s in targets:
            parts[s].append((None, None, DENSE))
        pending, found = collections.Counter(), [owner[s] for s in targets]
        seen = set(found)
        while found:
            i = found.pop()
            for above in [owner[body.wires[i][p]] for p in edges[i]] if i is not None else ():
                pending[above] += 1
                if above not in seen:
                    seen.add(above)
                    found.append(above)
        ready = collections.deque(dict.fromkeys([owner[s] for s in targets if owner[s] is not None and not pending[owner[s]]]))
        late = set()
        while ready:
            i = ready.popleft()
            spec, wire = body.specs[i], body.wires[i]
            if hasattr(spec, "bodies") and i not in late:  # in a graph the results of branches are copies
                late.add(i)
                ready.append(i)
                continue
            results = [added([kind for _, _, kind in parts[self._starts[i] + k]]) for k in range(len(spec.avals))]
            for p, kind in zip(edges[i], self._pulled(spec, wire, edges[i], results), strict=True):
                if kind is not None:
                    parts[wire[p]].append((i, p, kind))
                above = owner[wire[p]]
                pending[above] -= 1
                if above is not None and not pending[above]:
                    ready.append(above)
        return parts

    def _pulled(self, spec, wire, edges, results):
        """The kinds of the cotangents of those inputs of a node, from those of its results."""
        if not any(results):
            return [None] * len(edges)
        inner, origin, first = rows_of(spec), _origin(spec), results[0]
        if inner is not None:
            return [inner.kinds[p] for p in edges]
        if origin is None or any(results[1:]):
            return [DENSE] * len(edges)
        (op, attrs, _), avals = origin, [self._avals[s] for s in wire]
        if op.sparse_grad is not None:
            mask = tuple([p in edges for p in range(len(wire))])
            if op.sparse_grad([Operand(a) for a in avals], attrs, mask) is not None:
                return [Slices(avals[1].size, avals[1].np_dtype) if p == 0 else DENSE for p in edges]
        if op.slices_grad is None or first == DENSE:
            return [DENSE] * len(edges)
        return [first if op.slices_grad.recorded(p, avals, edges) else DENSE for p in edges]

    def _kind(self, place):
        return added([kind for _, _, kind in self._parts.get(place, ())])

    def run(self, arrays, taps):
        """`body.run` with TensorFlow's gradients.

        Args:
          taps: rows of inputs, by number.

        Returns:
          (the results, the code where there is one; by number the indices of the rows of taps).
        """
        body = self.body
        values, rows, pieces, indices = [*arrays, *body.consts], dict(taps), {}, {}
        self._spread(pieces, rows, rows)
        code = np.int32(0)
        for i, (spec, wire) in enumerate(zip(body.specs, body.wires, strict=True)):
            given, ins, first = pieces.pop(i, None), [values[s] for s in wire], len(values)
            if given is None:
                results = ruled_evaluate(spec)(*ins)
            elif (inner := rows_of(spec)) is not None:
                results, found = inner.run(ins, given)
                indices.update({(i, p): of_tap for p, of_tap in found.items()})
            elif (op := _origin(spec)[0]).sparse_grad is not None:
                result, *more = ruled_evaluate(spec)(*ins)
                results = [tap(result, given[0].reshape(result.shape)), *more]
                indices[i, 0] = ins[1] if ins[1].ndim == 1 else ins[1].reshape(-1)
            else:
                results = ruled_evaluate(spec)(*ins)
                passed = [op.slices_grad.of_rows(r, p, results[0].dtype) for p, r in given.items()]
                rows[first] = functools.reduce(jnp.add, passed)
                self._spread(pieces, rows, [first])
            values.extend(results)
            if i in body.flags:
                failed = jnp.any(results[body.flags[i].index]).astype(np.int32)
                code = failed if type(code) is np.int32 else code | failed
        outs = [values[s] for s in body.outputs]
        outs = [*outs, jnp.asarray(code, np.int32)] if body.coded else outs
        for place in sorted(rows, reverse=True):  # those of an op's result are known before those of its inputs
            found = [indices[i, p] if (i, p) in indices else indices[self._starts[i]] for i, p, _ in self._parts[place]]
            indices[place] = found[0] if len(found) == 1 else _joined(found)
        return outs, {k: indices[k] for k in taps}

    def _spread(self, pieces, rows, places):
        """Cuts the rows of some places into `pieces`: node -> position -> rows."""
        for place in places:
            start = 0
            for i, p, kind in self._parts[place]:
                end = start + kind.count
                piece = rows[place] if len(self._parts[place]) == 1 else rows[place][start:end]
                pieces.setdefault(i, {})[p] = piece
                start = end


class BranchRows:
    """What the cotangents of a conditional's inputs are; see `BodyRows`."""

    def __init__(self, spec):
        self.spec = spec
        count = len(spec.input_avals) - 1
        self._inner = [BodyRows(body) for body in spec.bodies]
        by_branch = []
        for inner, places in zip(self._inner, spec.indices, strict=True):
            kinds = [None] * count
            for kind, j in zip(inner.kinds, places, strict=True):
                kinds[j] = kind
            by_branch.append(kinds)
        open_sizes = any([body.sizes is not None for body in spec.bodies])
        self.kinds = [None, *[
            _of_branches(column, a, open_sizes) for column, a in zip(zip(*by_branch, strict=True), spec.input_avals[1:], strict=True)
        ]]  # fmt: skip

    def run(self, arrays, taps):
        spec, numbers = self.spec, list(taps)

        def branch(inner, places):
            def call(arrays, given):
                own = [arrays[i] for i in places]
                cut, found = {}, dict.fromkeys(numbers)
                for k, place in enumerate(places):
                    if place + 1 in given:
                        kind = inner.kinds[k]
                        if kind == DENSE:
                            count = own[k].shape[0]
                            own[k] = tap(own[k], given[place + 1][:count])
                            found[place + 1] = jnp.arange(count)
                        elif kind is not None:
                            cut[k] = given[place + 1][: kind.count]
                outs, indices = inner.run(own, cut)
                found.update({places[k] + 1: of_tap for k, of_tap in indices.items()})
                padded = [_padded(found[n], self.kinds[n]) for n in numbers]
                return [*outs, jnp.int32(0)] if spec.coded and not inner.body.coded else outs, padded

            return call

        calls = [branch(inner, places) for inner, places in zip(self._inner, spec.indices, strict=True)]
        outs, found = spec.switch(arrays[0], calls, arrays[1:], taps)
        return outs, dict(zip(numbers, found, strict=True))


def _of_branches(kinds, a, open_sizes):
    slices = [k for k in kinds if type(k) is Slices]
    if not slices:
        return added(kinds)
    counts = {k.count if type(k) is Slices else a.shape[0] for k in kinds if k is not None}
    if open_sizes and len(counts) > 1:
        return DENSE  # which of them is the largest is not known
    return Slices(max(counts), _common([k.dtype for k in slices]))


def _joined(found):
    dtype = _common([f.dtype for f in found])
    return jnp.concatenate([f.astype(dtype) for f in found])


def _padded(indices, kind):
    """Indices for as many rows as `kind` has: those that are missing are rows of zeros, of a row that is there."""
    if indices is None:
        return jnp.zeros(kind.count, kind.dtype)
    missing = kind.count - len(indices)
    indices = indices.astype(kind.dtype)
    return jnp.pad(indices, (0, missing), mode="edge" if len(indices) else "constant") if missing else indices


@jax.custom_vjp
def tap(x, rows):
    """`x`, whose cotangent goes to `rows`, too."""
    return x


tap.defvjp(lambda x, rows: (tap(x, rows), None), lambda _, cotangent: (cotangent, cotangent))


def rows_of(spec):
    """The rows of a node that calls a function or chooses a branch, or pulls back through one.

    None where no gradient of it is slices.
    """
    find = getattr(spec, "find_rows", None)
    if find is None:
        return None if spec.origin is None else spec.origin[0].rows
    if spec.rows is None:
        found = find() if _gathers(spec) else None
        spec.rows = found is not None and any([type(k) is Slices for k in found.kinds]) and found
    return spec.rows or None


def _origin(spec):
    """The origin of a node, also where it is a forward with residuals."""
    return (getattr(spec, "plain", None) or spec).origin


def _gathers(spec):
    """Whether there is an op in it whose gradient may be slices."""
    for body in getattr(spec, "bodies", (spec.body,)):
        for inner in body.specs:
            origin = _origin(inner)
            if origin is not None:
                if origin[0].sparse_grad is not None:
                    return True
            elif hasattr(inner, "find_rows") and rows_of(inner) is not None:
                return True
    return False


class PulledRows:
    """What the cotangents of the inputs of a pullback are that starts from a node's inputs; see `BodyRows`."""

    def __init__(self, derivative, present):
        self._derivative, self._present = derivative, present
        count = len(derivative.avals) + len(present)
        self.kinds = [derivative.rows.kinds[i] if i in derivative.sliced else DENSE for i in range(count)]

    def run(self, arrays, taps):
        derivative = self._derivative
        given = {i: taps.get(i, derivative._tap(i)) for i in derivative.sliced}
        results = derivative._pulled_from(arrays, self._present, given)
        found = dict(zip(derivative.wanted, derivative.places, strict=True))
        return results, {i: results[found[i][1]] for i in taps}


class RowsDerivative(Derivative):
    """The Derivative of a node that has rows.

    Attributes:
      places: see `stretch.BlockDerivative`.
    """

    def __init__(self, rows, op, avals, mask, plain, open):
        self.rows = rows
        wanted = [i for i, m in enumerate(mask) if m]
        self.sliced = [i for i in wanted if type(rows.kinds[i]) is Slices]
        self.dense = [i for i in wanted if i not in self.sliced]
        # Results of the pullback: cotangents of dense inputs, values of slices, their indices.
        first, count, self.places = len(self.dense), len(self.sliced), []
        for i in wanted:
            if i in self.sliced:
                k = first + self.sliced.index(i)
                shape = np.array(avals[i].shape, np.int32)
                self.places.append((k, k + count, Tensor(aval_of(shape), shape, None, STATIC)))
            else:
                self.places.append(self.dense.index(i))
        self.aside = count
        super().__init__(op, None, avals, mask, plain, None, open=open)

    def _of_wanted(self, args, taps=None):
        def of_wanted(*values):
            full = list(args)
            for i, v in zip(self.dense, values, strict=False):
                full[i] = v
            outs, indices = self.rows.run(full, dict(zip(self.sliced, values[len(self.dense) :], strict=True)))
            return [outs[k] for k in self.differentiable], [*outs, *[indices[i] for i in self.sliced]]

        return of_wanted, [*[args[i] for i in self.dense], *[taps[i] if taps else self._tap(i) for i in self.sliced]]

    def _tap(self, i):
        a = self.avals[i]
        return jnp.zeros((self.rows.kinds[i].count, *a.shape[1:]), a.np_dtype)

    def _split(self):
        super()._split()
        # Taps are made in the trace, and nobody looks at them.
        closed = self.forward.jaxpr
        live = closed.jaxpr.replace(eqns=generic.live_equations(closed.jaxpr))
        self.forward = self.make_spec(self.op.kernel, jex.ClosedJaxpr(live, closed.consts), False)
        self.forward.plain = self.plain
        self.forward.derivative = self, "forward"

    def pullback(self, present, restart=False, stacked=False):
        found = super().pullback(present, restart, stacked)
        found[0].places = None if stacked else self.places
        if restart and not stacked:
            found[0].rows = PulledRows(self, present)
        return found

    def _stacked(self, pullback, residuals):
        """Pulls stacks back to dense cotangents."""

        def body(*args):
            results = pullback.body(*args)
            return [results[p] if type(p) is int else self._scattered(i, results[p[0]], results[p[1]])
                    for i, p in zip(self.wanted, self.places, strict=True)]  # fmt: skip

        return super()._stacked(Op(pullback.kernel, body, single=False), residuals)

    def _scattered(self, i, values, indices):
        a = self.avals[i]
        return jnp.zeros(a.shape, a.np_dtype).at[indices].add(values, mode="drop")
