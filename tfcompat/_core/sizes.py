"""Sizes that are not known while a function is recorded: stand-ins for them, and what they become at a call.

A function with unknown dimensions is recorded once. In the avals of its tensors a large prime stands for each unknown
size, a prime of its own, so that what Python code of this package computes from sizes still says which they are. A call
with actual sizes goes through the recorded nodes, without Python, and infers each again (`Resizing`): attributes that
hold stand-ins get what these are now. Whatever a stand-in is no product of is not understood: `Unresized` is raised and
the function recorded again for the sizes of that call.

Where inference needs to know that two sizes agree (`x + y`), the recording assumes it: a node `Resize` turns one stand-in
into the other. It is the identity for actual sizes, which have to agree then.
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
MAX_TRIES = 100  # of assumptions about sizes, for one op


class Unresized(Exception):
    """The recorded nodes do not say what the function does for some actual sizes."""


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
        self.parts = {}  # stand-in -> (prime, of which it is this multiple)
        self.known = set()  # sizes of arrays, which are large but known

    def fresh(self, multiple=1):
        """A new stand-in, divisible by `multiple`."""
        self.count += 1
        prime = _prime(_FIRST + self.count * _STEP)
        size = prime * multiple
        self.given |= {prime, size}
        self.parts[size] = prime, multiple
        return size

    def one(self):
        """The stand-in for all unknown sizes of a graph that never gets actual ones."""
        return min(self.given, default=None) or self.fresh()

    def unknown(self, size):
        return size >= FROM and size not in self.known

    def ones(self, a):
        """The aval with 1 for unknown sizes."""
        return aval(tuple([1 if self.unknown(d) else d for d in a.shape]), a.np_dtype)

    def shape(self, spec):
        """Sizes for the shape (a TensorShape of known rank) of an argument: a stand-in for each unknown one."""
        return tuple([self.fresh() if d is None else d for d in spec.as_list()])


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
      is_open: whether the new sizes are stand-ins, too (a recorded function called while another one is recorded).
    """

    def __init__(self, sizes, is_open):
        self.given, self.parts = sizes.given, sizes.parts
        self.open = is_open
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
            known = self.sizes.get(a) if a >= FROM else None if loose else a
            if known is None:
                if a >= FROM:
                    self.sizes[a] = b
                    prime, multiple = self.parts.get(a, (a, 1))
                    if b % multiple:
                        raise Unresized(f"a size that was assumed to be a multiple of {multiple} is {b}")
                    self.sizes.setdefault(prime, b // multiple)
            elif known != b and not loose:
                raise Unresized(f"sizes that were assumed to agree are {known} and {b}")

    def size(self, number):
        """What a number (of a shape or an attribute) of the recording is now."""
        if -FROM < number < FROM:
            return number
        if number < 0:
            return -self.size(-number)
        found = self.sizes.get(number)
        if found is None:
            found, rest = 1, number
            for prime in self.given:
                while rest % prime == 0 and prime in self.sizes:
                    rest //= prime
                    found *= self.sizes[prime]
            if rest >= FROM:
                raise Unresized(f"{number} is computed from sizes in a way that is not known")
            found = self.sizes[number] = found * rest
        return found

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
            elif a > 0 and read:
                self.learn((a,), (b,))

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
        pullback, residuals = self.derivative(derivative).pullback(*arguments)
        if residuals != derivative.pullback(*arguments)[1]:
            raise Unresized("a gradient needs other values for these sizes")
        return pullback

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
                found = make_derivative(self.op(op), plain, [Operand(a) for a in avals], attrs, count, mask)
                plain.derivatives[mask] = found
            if found is False or found.kept != derivative.kept or len(found.forward.avals) != len(derivative.forward.avals):
                raise Unresized("a derivative needs other values for these sizes")
            self._memo[id(derivative)] = found
        return found


make_derivative = None  # entries.make_derivative, which imports this module
RESIZE = None  # the op that changes a stand-in; set by `op`
_invoke = None


def set_op(resize, invoke):
    global RESIZE, _invoke
    RESIZE, _invoke = resize, invoke


def set_derivatives(function):
    global make_derivative
    make_derivative = function


def resize_body(x, shape):
    if x.shape == shape:
        return x
    # What it computes does not matter, as long as JAX's derivative of it needs no values.
    return jnp.broadcast_to(jnp.sum(x, dtype=x.dtype) if x.dtype != np.bool_ else jnp.any(x), shape)


def resized(tensor, shape):
    """The tensor with other stand-ins for sizes, which are assumed to mean the same."""
    if tensor._aval.dtype is dtypes.string:
        raise Unresized("Strings are host values.")
    return tensor if tensor._aval.shape == shape else _invoke(RESIZE, (tensor,), (shape,))


def divisible(tensor, axes, by):
    """The tensor with unknown sizes of `axes` that are assumed to be multiples of `by`."""
    trace, shape = state.trace, tensor._aval.shape
    if trace is None or trace.sizes is None:
        return tensor
    unknown = trace.sizes.unknown
    return resized(tensor, tuple([trace.sizes.fresh(by) if i in axes and unknown(n) else n for i, n in enumerate(shape)]))


def opened(tensor, axes):
    """The tensor with new stand-ins for sizes that depend on others in a way that TensorFlow does not follow.

    Args:
      axes: axis -> whether its size gets a new one even where it is a stand-in already.
    """
    trace = state.trace
    trace.loose.add(len(trace.specs) - 1)
    sizes = trace.sizes
    shape = tuple([sizes.fresh() if d in axes and (axes[d] or n < FROM) else n for d, n in enumerate(tensor._aval.shape)])
    return resized(tensor, shape)


# Assumptions that make inference work


def assumptions(op, avals, attrs, sizes):
    """Lists of shapes to try for inputs that do not fit, those first that assume little."""
    shapes = [a.shape for a in avals]
    unknown = list(dict.fromkeys(d for s in shapes for d in s if sizes.unknown(d)))
    numbers = _numbers(attrs)
    unknown_there = [n for n in dict.fromkeys(numbers) if sizes.unknown(n) and n not in unknown]
    if op.agree is not None:
        yield agreeing(shapes, op.agree(shapes, *attrs), sizes) or shapes
    for align in (-1, 1):
        found = _aligned(shapes, sizes, align)
        if found is not None:
            yield found
    for d in unknown if unknown_there else ():
        yield _replaced(shapes, {d: sizes.fresh()})  # a part of it is asked for
    known = [d for d in dict.fromkeys(d for s in shapes for d in s) if d > 1 and not sizes.unknown(d)]
    factor = math.lcm(1, *[n for n in numbers if 1 < n < 1 << 16][:8])
    if 1 < factor < 1 << 24:
        for d in unknown:
            yield _replaced(shapes, {d: sizes.fresh(factor)})
        yield _replaced(shapes, {d: sizes.fresh(factor) for d in unknown})
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


def _aligned(shapes, sizes, align):
    """All sizes made equal that are at one place, counted from the last (-1) or the first (1) dimension."""
    return agreeing(shapes, [[len(s) - i if align < 0 else i for i in range(len(s))] for s in shapes], sizes)


def agreeing(shapes, labels, sizes):
    """Shapes in which sizes with one label are equal as far as they are unknown; None where that changes nothing.

    Args:
      labels: for each shape a label for each of its axes.
    """
    alike = {}
    for shape, names in zip(shapes, labels, strict=True):
        for d, label in zip(shape, names, strict=True):
            if d != 1:
                alike.setdefault(label, {})[d] = None
    chosen = {}
    for label, found in alike.items():
        known = [d for d in found if not sizes.unknown(d)]
        if len(known) < 2:
            chosen[label] = (known or list(found))[0]
    new = [
        tuple([chosen.get(label, d) if sizes.unknown(d) else d for d, label in zip(shape, names, strict=True)])
        for shape, names in zip(shapes, labels, strict=True)
    ]
    return new if new != list(shapes) else None


def agreed(tensors, align=-1):
    """Tensors whose unknown sizes are assumed to agree, place by place."""
    trace = state.trace
    if trace is None or trace.sizes is None:
        return tensors
    return _resized_to(_aligned([t._aval.shape for t in tensors], trace.sizes, align), tensors)


def agreed_by(tensors, labels):
    """Tensors whose unknown sizes are assumed to agree where they have one label; see `agreeing`."""
    trace = state.trace
    if trace is None or trace.sizes is None:
        return tensors
    return _resized_to(agreeing([t._aval.shape for t in tensors], labels(), trace.sizes), tensors)


def _resized_to(shapes, tensors):
    return tensors if shapes is None else [resized(t, s) for t, s in zip(tensors, shapes, strict=True)]
