"""Sizes that are not known while a function is recorded: stand-ins for them, and what they become at a call.

A function with unknown dimensions is recorded once. In the avals of its tensors a large prime stands for each unknown
size, a prime of its own, so that what Python code of this package computes from sizes still says which they are. A call
with actual sizes goes through the recorded nodes, without Python, and infers each again (`Resizing`): attributes that
hold stand-ins get what these are now. Whatever a stand-in is no product of is not understood: `Unresized` is raised and
the function recorded again for the sizes of that call.

Where an op needs to know more of sizes, the recording assumes it for that op: a node `Resize` turns stand-ins into others.
For actual sizes it is the identity, and the op itself refuses those that do not fit. Where the op broadcasts (`x + y`), the
node is a `Broadcast`: its stand-in is that of the common size, which a call computes from the two. Values computed from
sizes that are other functions of them than products (the larger of two) get stand-ins of their own, too (`Sizes.followed`).
"""

import copy
import functools
import itertools
import math

import jax.numpy as jnp
import numpy as np

from tfcompat._core import dtypes
from tfcompat._core.avals import aval
from tfcompat._core.context import state

FROM = 1 << 17  # sizes from here on are unknown ones, unless they are those of an array
# Stand-ins are far apart: a sum of one and a small number is no other. They are small enough that one axis fits in memory.
_FIRST, _STEP = 1 << 22, 2 * FROM + 1_021
WORLDS = ONES, REVERSED = "ones", "reversed"  # other values of stand-ins, by which functions of sizes are told apart
MAX_TRIES = 100  # of assumptions about sizes, for one op


class Unresized(Exception):
    """The recorded nodes do not say what the function does for some actual sizes."""


class Misjudged(Unresized):
    """What was guessed of results while the function was recorded is wrong; it will be again."""


# What is raised where a stand-in does not do: by NumPy where it is the size of an array, or no int32.
NOT_ENOUGH = Unresized, MemoryError, OverflowError


@functools.lru_cache(100_000)
def _prime(at_least):
    n = at_least | 1
    while any(n % d == 0 for d in range(3, math.isqrt(n) + 1, 2)):
        n += 2
    return n


class Sizes:
    """The stand-ins of a function that is being recorded, and of what is recorded inside."""

    def __init__(self):
        self.count = 0
        self.given = set()  # the stand-ins, and primes of which they are multiples
        self._primes = {}  # prime -> its number
        self.parts = {}  # stand-in -> (prime, of which it is this multiple)
        self.joins = {}  # stand-in of a common size -> the stand-ins that broadcast to it
        self._joined = {}  # the other way round
        self.known = set()  # sizes of arrays, which are large but known
        self.unranked = set()  # stand-ins in shapes of which TensorFlow does not know even the rank

    def fresh(self, multiple=1):
        """A new stand-in, divisible by `multiple`."""
        self.count += 1
        prime = _prime(_FIRST + self.count * _STEP)
        size = prime * multiple
        self.given |= {prime, size}
        self._primes[prime] = self.count
        self.parts[size] = prime, multiple
        return size

    def broadcast(self, found):
        """The size to which sizes broadcast."""
        known = [d for d in found if d != 1 and not self.unknown(d)]
        if known:
            return known[0]
        parts = frozenset().union(*[self.joins.get(d, (d,)) for d in found if d != 1])
        if len(parts) < 2:
            return next(iter(parts), 1)
        size = self._joined.get(parts)
        if size is None:
            size = self._joined[parts] = self.fresh()
            self.joins[size] = parts
            if parts & self.unranked:
                self.unranked.add(size)
        return size

    def one(self):
        """The stand-in for all unknown sizes of a graph that never gets actual ones."""
        return min(self.given, default=None) or self.fresh()

    def unknown(self, size):
        return size >= FROM and size not in self.known

    def other(self, size, world):
        """What a number is where each stand-in is another one: 1, or a number that small ones divide, in another order.

        None for a number that is no product of stand-ins.
        """
        if -FROM < size < FROM or size in self.known:
            return size
        found, rest = 1, abs(size)
        for prime in self._primes:
            while rest % prime == 0:
                rest //= prime
                found *= 1 if world == ONES else 5_040 * max(4_000 - self._primes[prime], 27)
        return None if rest >= FROM else found * rest if size > 0 else -found * rest

    def others(self, a, world):
        """The aval with other sizes, see `other`."""
        return aval(tuple([d if (n := self.other(d, world)) is None else n for d in a.shape]), a.np_dtype)

    def followed(self, value, others):
        """Values that follow from sizes, with new stand-ins for those that are other functions of them than products.

        Args:
          value: an array.
          others: world -> the array in it.
        """
        if value.dtype.kind == "b" or any([other.shape != value.shape for other in others.values()]):
            return value
        flat = value.reshape(-1).tolist()
        for world, other in others.items():
            for i, (a, b) in enumerate(zip(flat, other.reshape(-1).tolist(), strict=True)):
                known = self.other(a, world)
                if known != b and (known is not None or world == REVERSED and abs(b) < FROM):
                    flat[i] = self.fresh()
                    for array in others.values():
                        array.reshape(-1)[i] = self.other(flat[i], world)
        return np.array(flat, np.int64).reshape(value.shape)

    def shape(self, spec, rank=None):
        """Sizes for the shape (a TensorShape, or of that rank) of an argument: a stand-in for each unknown one."""
        if spec.rank is not None:
            return tuple([self.fresh() if d is None else d for d in spec.as_list()])
        sizes = tuple([self.fresh() for _ in range(rank)])
        self.unranked.update(sizes)
        return sizes


def has_unknown(tensor):
    """Whether sizes of the tensor stand for unknown ones."""
    segment = tensor._seg
    return segment is not None and segment.symbolic and segment.sizes is not None and any(
        [segment.sizes.unknown(d) for d in tensor._aval.shape]
    )  # fmt: skip


def among(tensors, attrs):
    """Whether unknown sizes of what is being recorded are among those of tensors and the numbers in attributes."""
    return any([has_unknown(t) for t in tensors]) or holds_unknown(_numbers(attrs))


def holds_unknown(numbers):
    """Whether one of the numbers stands for an unknown size of what is being recorded."""
    trace = state.trace
    return trace is not None and trace.sizes is not None and any([trace.sizes.unknown(n) for n in numbers])


def needed(sizes):
    """The sizes, which have to be known; else the function is recorded for those of each call."""
    if holds_unknown(sizes):
        raise Unresized("What is computed depends on sizes that are not known.")
    return sizes


def each(size):
    """The numbers below `size`, for a loop in Python."""
    needed((size,))
    return range(size)


def undetermined(text):
    """A ValueError about a size that is not known, for which the function is not recorded again either."""
    error = ValueError(text)
    error.final = True
    return error


# Shape arithmetic. Values of tensors computed from sizes alone are known in terms of stand-ins: int64, whatever the
# tensor's dtype, because a product of stand-ins is no int32.

_WIDE = np.dtype(np.int64)
_NARROW = np.dtype(np.int32)


def _widened(a):
    return aval(a.shape, _WIDE) if a.np_dtype == _NARROW else a


def arithmetic(spec, avals, values):
    """The values of a node's results, where they follow from sizes; else None.

    Args:
      avals: of its inputs.
      values: of its inputs; None where one is not known.
    """
    if not all([a.size <= 64 and a.np_dtype.kind in "iub" for a in spec.avals]):
        return None
    op, attrs, count = spec.origin
    if not op.static:
        return None
    wide = [_widened(a) for a in avals]
    attrs = tuple([dtypes.int64 if a is dtypes.int32 else a for a in attrs])
    found = op.spec([Operand(a) for a in wide], attrs, count)
    looked_at = found.looked_at
    if any(values[i] is None for i in looked_at):
        return None
    # What is not looked at may be larger than any array.
    arrays = [None if v is None else np.asarray(v).astype(a.np_dtype) for v, a in zip(values, wide, strict=True)]
    with np.errstate(all="ignore"):
        return [np.asarray(r) for r in found.host(*arrays)]


class Operand:
    """Stands for a tensor where only its aval is asked for."""

    __slots__ = ("_aval",)

    def __init__(self, a):
        self._aval = a


# What stand-ins become


class Resizing:
    """Infers recorded nodes again for other sizes.

    Args:
      sizes: the Sizes of the recording.
      outer: the Sizes to which the new sizes belong, where some are stand-ins, too (a recorded function called while another
        one is recorded); else None.
    """

    def __init__(self, sizes, outer=None):
        self.given, self.parts, self.joins = sizes.given, sizes.parts, sizes.joins
        self.outer = outer
        self.sizes = {}
        self._memo = {}

    def copied(self):
        """One that goes on learning by itself."""
        new = copy.copy(self)
        new.sizes, new._memo = dict(self.sizes), {}
        return new

    def learn(self, old, new, loose=False):
        """Notes that sizes `old` of the recording are `new` now."""
        if len(old) != len(new):
            raise Unresized("a rank depends on sizes")
        for a, b in zip(old, new, strict=True):
            known = self._known(a) if a >= FROM else a
            if known is None:
                prime, multiple = self.parts.get(a, (a, 1))
                if b % multiple == 0:
                    self.sizes[a] = b
                    self.sizes.setdefault(prime, b // multiple)
                elif not loose:
                    raise Unresized(f"a size that was assumed to be a multiple of {multiple} is {b}")
            elif known != b and not loose:
                raise Unresized(f"sizes that were assumed to agree are {known} and {b}")

    def _known(self, stand_in):
        """What a stand-in is now, or None."""
        found = self.sizes.get(stand_in)
        if found is None and stand_in in self.joins:
            parts = [self.size(part) for part in self.joins[stand_in]]
            found = self.sizes[stand_in] = broadcast(parts) if self.outer is None else self.outer.broadcast(parts)
        return found

    def size(self, number):
        """What a number (of a shape or an attribute) of the recording is now."""
        if -FROM < number < FROM:
            return number
        if number < 0:
            return -self.size(-number)
        found = self._known(number)
        if found is None:
            found, rest = 1, number
            for prime in self.given:
                while rest % prime == 0 and (known := self._known(prime)) is not None:
                    rest //= prime
                    found *= known
            if rest >= FROM:
                raise Unresized(f"{number} is computed from sizes in a way that is not known")
            found = self.sizes[number] = found * rest
        return found

    def assumed(self, number, now):
        """What an assumed size is, which for actual sizes is the one that there is now."""
        if self.outer is None or not self.outer.unknown(now):
            return now
        if number >= FROM and self._known(number) is None and number in self.parts:
            self.learn((number,), (self.outer.fresh(self.parts[number][1]),))
        return self.size(number)

    def aval(self, a):
        if max(a.shape, default=0) < FROM:
            return a
        return aval(tuple([self.size(d) for d in a.shape]), a.np_dtype)

    def fresh(self, a, sizes):
        """The aval of a result whose unknown sizes come up here, with stand-ins of `sizes` for them."""

        def size(d):
            return self.size(d) if d < FROM or d in self.sizes else sizes.fresh()

        return aval(tuple([size(d) for d in a.shape]), a.np_dtype)

    def attribute(self, value):
        if type(value) is int:
            return self.size(value)
        if isinstance(value, tuple):
            parts = [self.attribute(v) for v in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        return value

    def array(self, value):
        """What a value that follows from sizes is now."""
        flat = [self.size(v) for v in np.asarray(value).reshape(-1).tolist()]
        return np.array(flat, np.int64).reshape(np.shape(value))

    def values(self, old, new, read):
        """Compares values of shape arithmetic."""
        if old.shape != new.shape and not read:
            return
        if old.shape != new.shape:
            raise Unresized("how many numbers there are depends on sizes, and they are used as sizes")
        for a, b in zip(old.reshape(-1).tolist(), new.reshape(-1).tolist(), strict=True):
            if abs(a) < FROM:
                if read and a != b:
                    raise Unresized("a number that depends on sizes is used as a size")
            elif a > 0 and (read or a in self.parts):
                self.learn((a,), (b,), loose=not read)

    def spec(self, spec, avals):
        """The Spec of a node for inputs of the avals `avals`."""
        key = (spec.id, *avals)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = spec.resized(self, avals)
        return found

    def op(self, op):
        """The op, a pullback for the new sizes."""
        if op.pulls is None:
            return op
        derivative, arguments = op.pulls
        pullback, needed = self.derivative(derivative).pullback(*arguments)
        given = derivative.pullback(*arguments)[1]
        if needed == given:
            return pullback
        if self.outer is not None or any([r not in given for r in needed]):
            raise Unresized("a gradient needs other values for these sizes")
        return pullback.taking([given.index(r) for r in needed], len(given))

    def derivative(self, derivative):
        """A Derivative for the new sizes."""
        found = self._memo.get(id(derivative))
        if found is None:
            op, plain, avals, attrs, count, mask = derivative.source
            avals = [self.aval(a) for a in avals]
            plain = self.spec(plain, avals)
            op = op if op.alone is None else op.alone(plain)
            found = plain.derivatives.get(mask)
            if found is None:
                attrs = op.attributes_at(self, attrs, avals)
                ins, sliced = [Operand(a) for a in avals], derivative.aside > 0
                found = make_derivative(self.op(op), plain, ins, attrs, count, mask, sliced)
                plain.derivatives[mask] = found
            if found is False or len(found.forward.avals) != len(derivative.forward.avals):
                raise Unresized("a derivative needs other values for these sizes")
            self._memo[id(derivative)] = found
        return found


make_derivative = None  # entries.make_derivative, which imports this module
_resize = _broadcast = None  # the ops that change stand-ins; set by `op`
_invoke = None


def set_ops(resize, broadcast, invoke):
    global _resize, _broadcast, _invoke
    _resize, _broadcast, _invoke = resize, broadcast, invoke


def set_derivatives(function):
    global make_derivative
    make_derivative = function


def broadcast(sizes):
    """The size to which actual sizes broadcast, if they do."""
    return next((n for n in sizes if n != 1), 1)


def resize_body(x, shape):
    if all([n in (1, m) for n, m in zip(x.shape, shape, strict=True)]):
        return jnp.broadcast_to(x, shape)
    # What it computes does not matter, as long as JAX's derivative of it needs no values.
    return jnp.broadcast_to(jnp.sum(x, dtype=x.dtype) if x.dtype != np.bool_ else jnp.any(x), shape)


def resized(tensor, shape, op=None):
    """The tensor with other stand-ins for sizes, which are assumed to mean the same.

    Args:
      op: `Broadcast`, where they are those to which sizes are broadcast.
    """
    if tensor._aval.dtype is dtypes.string:
        raise Unresized("Strings are host values.")
    if tensor._aval.shape == shape:
        return tensor
    return loose(_invoke(op or _resize, (tensor,), (shape,)))  # who takes it finds out whether the sizes do


def loose(result):
    """The result of the node recorded last; at a call its shape may be another than sizes say."""
    state.trace.loose.add(len(state.trace.specs) - 1)
    return result


def opened(tensor, axes):
    """The tensor with new stand-ins for sizes that depend on others in a way that TensorFlow does not follow.

    Args:
      axes: axis -> whether its size gets a new one even where it is a stand-in already.
    """
    sizes = state.trace.sizes
    loose(tensor)
    shape = tuple([sizes.fresh() if d in axes and (axes[d] or n < FROM) else n for d, n in enumerate(tensor._aval.shape)])
    return resized(tensor, shape)


def unranked(tensor):
    """The tensor, its rank unknown to who looks at its shape where it depends on sizes that are not known."""
    if not has_unknown(tensor):
        return tensor
    sizes = state.trace.sizes
    shape = tuple([sizes.fresh() if sizes.unknown(n) else n for n in tensor._aval.shape])
    sizes.unranked.update(set(shape) - set(tensor._aval.shape))
    return resized(loose(tensor), shape)


# Assumptions that make inference work


def assumed(tensors, attrs, agree, results):
    """The inputs of an op with stand-ins that fit, or None.

    Args:
      agree: `Op.agree`.
      results: function of shapes to the avals of the op's results; None where they do not fit.
    """
    sizes, shapes = state.trace.sizes, [t._aval.shape for t in tensors]
    places = [[len(s) - i for i in range(len(s))] for s in shapes], [list(range(len(s))) for s in shapes]
    for labels in places if agree is None else (agree(shapes, *attrs), *places):
        found = _agreed(tensors, labels, sizes, results)
        if found is not None:
            return found
    for new in itertools.islice(assumptions(shapes, attrs, sizes), MAX_TRIES):
        if results(new) is not None:
            return [resized(t, s) for t, s in zip(tensors, new, strict=True)]
    return None


def _agreed(tensors, labels, sizes, results):
    """The tensors with one size wherever there is one label, as far as sizes are unknown; None where that does not fit.

    That the op takes 1 for any of the sizes, and gives the same then, tells those that it broadcasts from those that have
    to be equal.
    """
    shapes, alike = [t._aval.shape for t in tensors], {}
    for shape, names in zip(shapes, labels, strict=True):
        for d, label in zip(shape, names, strict=True):
            if d != 1:
                alike.setdefault(label, {})[d] = None

    def replaced(common):
        return [
            tuple([common.get(label, d) if sizes.unknown(d) else d for d, label in zip(shape, names, strict=True)])
            for shape, names in zip(shapes, labels, strict=True)
        ]

    equal = {}
    for label, found in alike.items():
        known = [d for d in found if not sizes.unknown(d)]
        if len(known) < 2:
            equal[label] = (known or list(found))[0]
    new = replaced(equal)
    avals = None if new == shapes else results(new)
    if avals is None:
        return None

    def broadcast(label):
        for k, (shape, names) in enumerate(zip(shapes, labels, strict=True)):
            if label in [n for d, n in zip(shape, names, strict=True) if sizes.unknown(d)]:
                if results([*new[:k], replaced(equal | {label: 1})[k], *new[k + 1 :]]) != avals:
                    return False
        return True

    common = {label: sizes.broadcast(alike[label]) for label in equal if len(alike[label]) > 1 and broadcast(label)}
    pairs = zip(tensors, replaced(common), replaced(equal | common), strict=True)
    return [resized(resized(t, one, _broadcast), other) for t, one, other in pairs]


def assumptions(shapes, attrs, sizes):
    """Lists of shapes to try for inputs that do not fit, those first that assume little."""
    unknown = list(dict.fromkeys(d for s in shapes for d in s if sizes.unknown(d)))
    numbers = _numbers(attrs)
    unknown_there = [n for n in dict.fromkeys(numbers) if sizes.unknown(n) and n not in unknown]
    for d in unknown if unknown_there else ():
        yield _replaced(shapes, {d: sizes.fresh()})  # a part of it is asked for
    known = [d for d in dict.fromkeys(d for s in shapes for d in s) if d > 1 and not sizes.unknown(d)]
    factor = math.lcm(1, *[n for n in numbers if 1 < n < 1 << 16][:8])
    if 1 < factor < 1 << 24:
        for count in range(1, len(unknown) + 1):
            for some in itertools.combinations(unknown, count):
                yield _replaced(shapes, {d: sizes.fresh(factor) for d in some})
    counted = [math.prod(n for n in numbers if n > 0) // max(math.prod(d for d in s if not sizes.unknown(d)), 1) for s in shapes]
    others = dict.fromkeys((*unknown_there, *unknown, *known, *[n for n in (*numbers, *counted) if 0 < n < FROM]))
    swaps = [{d: other} for d in unknown for other in others if other != d]
    for swap in swaps:
        yield _replaced(shapes, swap)
    for one, two in itertools.combinations(swaps, 2):
        if one.keys() != two.keys():
            yield _replaced(shapes, one | two)
    if unknown_there:
        for shape in _parts(shapes[0], attrs, sizes):
            yield [shape, *shapes[1:]]


def _parts(shape, attrs, sizes):
    """Shapes for an operand of known sizes of which a part is asked for."""
    numbers = _numbers(attrs)
    totals = [sum(_numbers(a)) for a in attrs if isinstance(a, tuple)]
    for d in range(len(shape)):
        for total in (sizes.fresh(), *totals):
            yield (*shape[:d], total, *shape[d + 1 :])
    whole, rest = math.prod(n for n in numbers if n > 0), math.prod(shape[1:])
    if shape and -1 in numbers:
        yield (sizes.fresh() * whole, *shape[1:])
    elif shape and rest and whole % rest == 0:
        yield (whole // rest, *shape[1:])


def _numbers(attrs):
    found, pending = [], list(attrs)
    while pending:
        item = pending.pop()
        if type(item) is int:
            found.append(item)
        elif isinstance(item, tuple):
            pending += item
    return found


def _replaced(shapes, swap):
    return [tuple([swap.get(d, d) for d in s]) for s in shapes]


