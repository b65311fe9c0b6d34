"""Products with matrices that are known to be diagonal.

A Jacobian is pulled back from an identity matrix, so the first matrices that it is multiplied with are scaled instead: of a
perceptron's three products of 100 x 100 matrices two are left. Here it is followed which values of a jaxpr are diagonal in
two of their dimensions, from where two iotas are compared, through elementwise functions that keep zeros, and through
changes of shape. A product that sums over one of the two becomes a scaling of the other operand; the elementwise functions
are then computed of the diagonal alone, and what nobody takes of the matrices XLA drops.

The elements beside the diagonal are followed, too: they are 0, or NaN as 0 * inf is. Where the dense product has NaN because
of them, so has the scaled one. It has another one where the dense product has an infinity because the other operand does.
"""

import functools
import itertools

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core as jex

from tfcompat._core import rewriting

MIN_SIZE = 32  # of 16 x 16 numbers the product takes no longer


def present(jaxpr):
    """Whether a jaxpr may have products with diagonal matrices: it has products, and square matrices of integers are compared."""
    return rewriting.holds(jaxpr, _is_mask) and rewriting.holds(jaxpr, _is_product)


def rewritten(jaxpr):
    """The jaxpr with scalings in their stead."""
    return rewriting.rewritten(jaxpr, _is_product, _Followed)


def _is_mask(eqn):
    if eqn.primitive.name != "eq":
        return False
    aval = eqn.invars[0].aval
    return len(aval.shape) == 2 and aval.shape[0] == aval.shape[1] >= MIN_SIZE and aval.dtype.kind in "iu"


def _is_product(eqn):
    return eqn.primitive.name == "dot_general"


class _Diagonal:
    """A value that is diagonal in two dimensions of the same size.

    Attributes:
      dropped, kept: the two dimensions. What is on the diagonal, and what is beside it, are arrays without the first: the
        element at i and j of these dimensions is the former's at j where i is j, else the latter's at j.
      compute: function from the two arrays of each of `parents`, and the values of `operands`, variables, to these arrays.
      zero: whether it is known that beside the diagonal all is 0.
    """

    def __init__(self, aval, dropped, kept, compute, parents=(), operands=(), zero=False):
        self.aval, self.dropped, self.kept = aval, dropped, kept
        self.compute, self.parents, self.operands, self.zero = compute, parents, operands, zero

    @property
    def pair(self):
        return self.dropped, self.kept

    @property
    def shape(self):
        """The shape of the two arrays."""
        return tuple([n for d, n in enumerate(self.aval.shape) if d != self.dropped])

    @property
    def axis(self):
        """Where `kept` is in the two arrays."""
        return self.kept - (self.kept > self.dropped)

    def lineage(self):
        """What it is computed from, itself included, parents first."""
        found, left = {}, [(self, iter(self.parents))]
        while left:
            value, parents = left[-1]
            following = next((p for p in parents if p not in found), None)
            if following is None:
                found[value] = None
                left.pop()
            else:
                left.append((following, iter(following.parents)))
        return list(found)


class _Followed:
    """Which values of one jaxpr are diagonal; called with its equations in order it gives the scalings."""

    def __init__(self):
        self.diagonals = {}  # variable -> _Diagonal
        self.places = {}  # variable -> (dimensions and signs of iotas, whose sum it is, and a number that is added)
        self.spread = {}  # variable -> the equation that broadcasts something to its shape
        self.numbers = {}  # variable -> the number that this is, or None

    def __call__(self, eqn):
        name = eqn.primitive.name
        if name == "dot_general":
            return self._scaling(eqn)
        if name == "broadcast_in_dim" and len(eqn.invars) == 1:
            self.spread[eqn.outvars[0]] = eqn
            self.numbers[eqn.outvars[0]] = self._number(eqn.invars[0])
        rule = _RULES.get(name)
        if rule is not None:
            made = rule(self, eqn)
            if made is not None:
                self.diagonals[eqn.outvars[0]] = made
        return None

    def _diagonal(self, atom):
        return None if isinstance(atom, jex.Literal) else self.diagonals.get(atom)

    def _number(self, atom):
        """The number that all elements are, or None."""
        if isinstance(atom, jex.Literal):
            return atom.val if np.ndim(atom.val) == 0 else None
        return self.numbers.get(atom)

    # Where the diagonal is.

    def iota(self, eqn):
        self.places[eqn.outvars[0]] = {eqn.params["dimension"]: 1}, 0

    def shifted(self, eqn, sign=1):
        places = [self._place(v) for v in eqn.invars]
        if None not in places:
            (a, m), (b, n) = places
            summed = {d: a.get(d, 0) + sign * b.get(d, 0) for d in {*a, *b}}
            self.places[eqn.outvars[0]] = summed, m + sign * n
        return self.of_both(eqn)

    def _place(self, atom):
        number = self._number(atom)
        if number is not None:
            return ({}, int(number)) if np.asarray(number).dtype.kind in "iu" else None
        return None if isinstance(atom, jex.Literal) else self.places.get(atom)

    def compared(self, eqn):
        aval, places = eqn.outvars[0].aval, [self._place(v) for v in eqn.invars]
        if None in places or not _is_mask(eqn):
            return None
        (a, m), (b, n) = places
        if m != n or {a.get(d, 0) - b.get(d, 0) for d in (0, 1)} != {1, -1}:
            return None
        size = aval.shape[:1]
        return _Diagonal(aval, 0, 1, lambda parents, operands: (jnp.ones(size, bool), jnp.zeros(size, bool)), zero=True)

    # Elementwise functions.

    def _aligned(self, atom, diagonal):
        """(Variable, function from its value to its part on the diagonal) of what is the same along `dropped`, or None."""
        shape, dropped = atom.aval.shape, diagonal.dropped
        if not shape:
            return atom, lambda x: x
        if shape[dropped] == 1:
            return atom, lambda x: lax.squeeze(x, (dropped,))
        eqn = self.spread.get(atom)
        if eqn is None:
            return None
        source, dimensions = eqn.invars[0], [int(d) for d in eqn.params["broadcast_dimensions"]]
        if dropped in dimensions:
            at = dimensions.index(dropped)
            if source.aval.shape[at] != 1:
                return None
            del dimensions[at]
        places = [d - (d > dropped) for d in dimensions]
        kept = tuple([n for d, n in enumerate(shape) if d != dropped])

        def part(x):
            if x.ndim > len(places):
                x = lax.squeeze(x, (at,))
            return lax.broadcast_in_dim(x, kept, places)

        return source, part

    def _fitting(self, atom, diagonal):
        """(The diagonal value, turned if need be, what `_aligned` gives with it)."""
        aligned = self._aligned(atom, diagonal)
        if aligned is None and diagonal.zero:
            diagonal = _turned(diagonal)
            aligned = self._aligned(atom, diagonal)
        return diagonal, aligned

    def of_one(self, eqn):
        diagonal, dtype = self._diagonal(eqn.invars[0]), eqn.outvars[0].aval.dtype
        if diagonal is None or _is_inexact(diagonal.aval.dtype) and not _is_inexact(dtype):
            return None
        params = eqn.params

        def compute(parents, operands):
            return [eqn.primitive.bind(x, **params) for x in parents[0]]

        return _Diagonal(eqn.outvars[0].aval, *diagonal.pair, compute, (diagonal,), zero=diagonal.zero)

    def of_both(self, eqn):
        """Of operands that are all diagonal."""
        parents = [self._diagonal(v) for v in eqn.invars]
        if None in parents or len({p.pair for p in parents}) > 1:
            return None
        return self._apart(eqn, parents[0], parents)

    def _apart(self, eqn, diagonal, parents, operands=(), parts=()):
        """The function of an equation, of what is on the diagonal and of what is beside it.

        Args:
          parents: for each operand its _Diagonal, or None.
          operands, parts: what `_aligned` gives for the others.
        """
        aval, params = eqn.outvars[0].aval, eqn.params
        if len(aval.shape) != len(diagonal.aval.shape):
            return None

        def compute(arrays, values):
            arrays, others = iter(arrays), iter([part(x) for part, x in zip(parts, values, strict=True)])
            arguments = [[next(others)] * 2 if p is None else next(arrays) for p in parents]
            return [eqn.primitive.bind(*arguments_of, **params) for arguments_of in zip(*arguments, strict=True)]

        known = tuple([p for p in parents if p is not None])
        zero = not operands and all([p.zero for p in known])
        return _Diagonal(aval, *diagonal.pair, compute, known, tuple(operands), zero)

    def times(self, eqn):
        return self.of_both(eqn) or self._scaled(eqn, 0) or self._scaled(eqn, 1)

    def divided(self, eqn):
        return self._scaled(eqn, 0)

    def _scaled(self, eqn, position):
        """A diagonal operand, at `position`, times another one, or divided by it."""
        diagonal, other = self._diagonal(eqn.invars[position]), eqn.invars[1 - position]
        if diagonal is None or not _is_inexact(diagonal.aval.dtype):
            return None
        diagonal, aligned = self._fitting(other, diagonal)
        if aligned is None:
            return None
        parents = [None, None]
        parents[position] = diagonal
        return self._apart(eqn, diagonal, parents, *[[x] for x in aligned])

    def chosen(self, eqn):
        """`where`: by the diagonal itself, or by something else between diagonal values and zeros."""
        which, *cases = eqn.invars
        if len(cases) != 2:
            return None
        mask, parents = self._diagonal(which), [self._diagonal(v) for v in cases]
        zeros = [p is None and self._number(v) == 0 for p, v in zip(parents, cases, strict=True)]
        known = [p for p in parents if p is not None]
        if mask is not None:
            if not zeros[0]:
                return None
            diagonal, aligned = self._fitting(cases[1], mask)
        elif not known or not all([p or z for p, z in zip(parents, zeros, strict=True)]):
            return None
        elif len(known) == 1:
            diagonal, aligned = self._fitting(which, known[0])
        elif known[0].pair == known[1].pair:
            diagonal, aligned = known[0], self._aligned(which, known[0])
        else:
            return None
        if aligned is None:
            return None
        aval, (source, part) = eqn.outvars[0].aval, aligned
        if mask is not None:

            def compute(arrays, operands):
                full = jnp.broadcast_to(part(operands[0]), diagonal.shape)
                return full, jnp.zeros_like(full)

            made = _Diagonal(aval, *diagonal.pair, compute, operands=(source,), zero=True)
            return made if diagonal is mask else _turned(made)

        def compute(arrays, operands):
            arrays, which = iter(arrays), part(operands[0])
            nothing = jnp.zeros(diagonal.shape, aval.dtype)
            both = [(nothing, nothing) if p is None else next(arrays) for p in parents]
            return [lax.select_n(which, no, yes) for no, yes in zip(*both, strict=True)]

        known = (diagonal,) if len(known) == 1 else tuple(known)
        return _Diagonal(aval, *diagonal.pair, compute, known, (source,), all([p.zero for p in known]))

    # Changes of shape.

    def _moved(self, eqn, place_of, function):
        """A diagonal operand of another shape.

        Args:
          place_of: function from a dimension of size > 1 of the operand to that of the result.
          function: from the diagonal value and the place of `dropped` in the result to a function of the two arrays.
        """
        diagonal = self._diagonal(eqn.invars[0])
        if diagonal is None or len(eqn.invars) > 1:
            return None
        dropped, kept = place_of(diagonal.dropped), place_of(diagonal.kept)
        if dropped is None or kept is None:
            return None
        move = function(diagonal, dropped)

        def compute(parents, operands):
            return [move(x) for x in parents[0]]

        return _Diagonal(eqn.outvars[0].aval, dropped, kept, compute, (diagonal,), zero=diagonal.zero)

    def reshaped(self, eqn):
        before, after = eqn.invars[0].aval.shape, eqn.outvars[0].aval.shape
        large, larger = ([d for d, n in enumerate(shape) if n != 1] for shape in (before, after))
        permuted = eqn.primitive.name == "reshape" and eqn.params["dimensions"] is not None
        if permuted or [before[d] for d in large] != [after[d] for d in larger]:
            return None  # more than dimensions of size 1 come and go

        def function(diagonal, dropped):
            return lambda x: lax.reshape(x, [n for d, n in enumerate(after) if d != dropped])

        return self._moved(eqn, lambda d: larger[large.index(d)], function)

    def transposed(self, eqn):
        order = [int(d) for d in eqn.params["permutation"]]

        def function(diagonal, dropped):
            kept = [d - (d > diagonal.dropped) for d in order if d != diagonal.dropped]
            return lambda x: lax.transpose(x, kept)

        return self._moved(eqn, order.index, function)

    def broadcast(self, eqn):
        places = [int(d) for d in eqn.params["broadcast_dimensions"]]
        after = eqn.outvars[0].aval.shape

        def function(diagonal, dropped):
            kept = [p - (p > dropped) for d, p in enumerate(places) if d != diagonal.dropped]
            return lambda x: lax.broadcast_in_dim(x, [n for d, n in enumerate(after) if d != dropped], kept)

        return self._moved(eqn, places.__getitem__, function)

    # Products.

    def _scaling(self, eqn):
        (contracted, batch), diagonals = eqn.params["dimension_numbers"], [self._diagonal(v) for v in eqn.invars]
        for side, diagonal in enumerate(diagonals):
            if diagonal is not None:
                pair = set(diagonal.pair)
                summed = pair.intersection(contracted[side])
                others = [diagonal.aval.shape[d] for d in contracted[side] if d not in pair]
                if len(summed) == 1 and not pair.intersection(batch[side]) and all([n == 1 for n in others]):
                    return _Scaling(eqn, side, diagonal, *summed)
        return None


def _turned(diagonal):
    """The same value, zero beside the diagonal, with the other dimension dropped."""
    made = _Diagonal(diagonal.aval, diagonal.kept, diagonal.dropped, None, (diagonal,), zero=True)

    def compute(parents, operands):
        return [jnp.moveaxis(x, diagonal.axis, made.axis) for x in parents[0]]

    made.compute = compute
    return made


def _is_inexact(dtype):
    return jnp.issubdtype(dtype, jnp.inexact)


_RULES = {
    "iota": _Followed.iota,
    "add": _Followed.shifted,
    "sub": functools.partial(_Followed.shifted, sign=-1),
    "add_any": _Followed.of_both,
    "eq": _Followed.compared,
    "mul": _Followed.times,
    "div": _Followed.divided,
    "select_n": _Followed.chosen,
    "reshape": _Followed.reshaped,
    "squeeze": _Followed.reshaped,
    "transpose": _Followed.transposed,
    "broadcast_in_dim": _Followed.broadcast,
    **dict.fromkeys(("neg", "copy", "convert_element_type", "real", "imag", "conj", "reduce_precision"), _Followed.of_one),
}


class _Scaling:
    """What a product with a diagonal value is.

    Args:
      side: which operand of the product it is.
      summed: the one of its two dimensions that is summed over.

    Attributes:
      operands: the variables that it is called with.
    """

    def __init__(self, eqn, side, diagonal, summed):
        self.eqn, self.diagonal, self.summed = eqn, diagonal, summed
        self.lineage = diagonal.lineage()
        other = eqn.invars[1 - side]
        self.operands = list(dict.fromkeys([v for d in self.lineage for v in d.operands if not isinstance(v, jex.Literal)]))
        self.operands.append(other)
        # Which dimension of the result each dimension of the operands is.
        contracted, batch = eqn.params["dimension_numbers"]
        places, count = [{}, {}], itertools.count()
        for pair in zip(*batch, strict=True):
            places[0][pair[0]] = places[1][pair[1]] = next(count)
        for v, own, taken in zip(eqn.invars, places, contracted, strict=True):
            own.update({d: next(count) for d in range(v.aval.ndim) if d not in taken and d not in own})
        own, self.places = places[side], dict(places[1 - side])
        free = diagonal.kept if summed == diagonal.dropped else diagonal.dropped
        self.place = own[free]  # of the diagonal in the result
        at = list(contracted[side]).index(summed)
        self.axis = contracted[1 - side][at]  # the dimension of the other operand that is scaled
        self.places[self.axis] = self.place
        # Those of the arrays without `dropped`: `kept` stands for the diagonal.
        own = own | {diagonal.kept: self.place}
        self.own = {d - (d > diagonal.dropped): p for d, p in own.items() if d != diagonal.dropped}

    def __call__(self, *operands):
        values, other = dict(zip(self.operands, operands, strict=True)), operands[-1]
        arrays = {}
        for diagonal in self.lineage:
            given = [jnp.asarray(v.val, v.aval.dtype) if isinstance(v, jex.Literal) else values[v] for v in diagonal.operands]
            arrays[diagonal] = diagonal.compute([arrays[p] for p in diagonal.parents], given)
        on, beside = arrays[self.diagonal]
        aval = self.eqn.outvars[0].aval
        shape, dtype = aval.shape, aval.dtype

        def placed(x, places):
            """An array of the result's rank."""
            x = lax.squeeze(x, [d for d in range(x.ndim) if d not in places])
            order = sorted(places)
            x = lax.transpose(x, sorted(range(x.ndim), key=lambda k: places[order[k]]))
            return lax.expand_dims(x, [d for d in range(len(shape)) if d not in places.values()])

        scaled = placed(on, self.own).astype(dtype) * placed(other, self.places).astype(dtype)
        if not _is_inexact(dtype):
            return scaled
        # NaN beside the diagonal, or 0 * inf there: in the row of each other one that is summed over.
        nan = np.asarray(np.nan, dtype)
        if not self.diagonal.zero:
            lost = lax.ne(beside, beside)
            if self.summed == self.diagonal.kept:
                lost = jnp.sum(lost, self.diagonal.axis, keepdims=True, dtype=np.int32) > lost
            scaled = scaled + placed(jnp.where(lost, nan, 0), self.own)
        axis = self.axis
        none = jnp.zeros(other.shape[axis], other.dtype)
        sums = lax.dot_general(none, other, (((0,), (axis,)), ((), ())), preferred_element_type=dtype)
        places = {d - (d > axis): p for d, p in self.places.items() if d != axis}
        return jnp.broadcast_to(scaled + placed(sums, places), shape)
