"""Plans: what a jaxpr of small arrays computes, for the C extension (_hot_plan.c) to go through in one call.

NumPy takes half a microsecond to a few for each call of small arrays, most of it before and after its loops. A plan holds the
loops: each equation is a step over strided memory, or only another view of it.
"""

import functools
import math

import numpy as np

from tfcompat._core.halves import BFLOAT, HALVES, IN_TURN, rounds_once
from tfcompat._core.lax_numpy import RULES, NoHostForm, is_static
from tfcompat._core.native import extension as _hot
from tfcompat._core.twins import has_twin

LARGEST = 1 << 14  # bytes of an array: of larger ones the calls take little beside the work
MOST_SCRATCH = 1 << 18  # bytes of what lies between the arguments and the results
MOST_COPIED = 1 << 10  # bytes of a result that is only arranged: a view takes NumPy as long as to copy so many
LONGEST = 1000  # arguments, results
RANK = 6

LOOP, COPY, SELECT, CAST, PRODUCT, PLACED, PHILOX, BOX_MULLER, ORDER, CHOLESKY, TRIANGULAR, SOLUTION, FACTORS, LAW = range(14)
RISING, FALLING, GREATEST, LEAST = range(4)  # orders of the elements of a row
BFLOAT16 = -1  # in casts, for the number that it is given when it is registered with NumPy; as a loop, for the one in C
_ALIGNED = 64
MOST_ORDERED = 128  # elements of a row whose order is found by insertion; where only the elements are wanted in order, NumPy is faster
MOST_SORTED = 32  # from here on
LARGEST_MATRIX, MOST_COLUMNS = 16, 64  # what _hot_matrices.c has room for: LAPACK is at home with more
PRODUCT_MOST = 1 << 14  # multiply-adds: BLAS is at home with more, and may use threads
_STANDARD = frozenset(np.dtype(t) for t in "? b h i l B H I L f d F D".split()) | HALVES


_OF_BFLOATS = frozenset([np.add, np.subtract, np.multiply, np.maximum, np.minimum])  # _hot_steps.c has loops of them


class Unplanned(Exception):
    """There is no step for an equation, or no reason for a plan."""


class View:
    """Where the elements of a value lie: a base (an argument, a result, the constants, the scratch memory), bytes from there."""

    __slots__ = ("base", "block", "dtype", "offset", "shape", "strides")

    def __init__(self, base, offset, shape, strides, dtype, block=None):
        self.base, self.offset, self.dtype = base, int(offset), dtype  # parameters of jaxprs may hold NumPy's ints
        self.shape, self.strides = tuple(map(int, shape)), tuple(map(int, strides))
        self.block = block  # of the scratch memory: (place, size)

    @property
    def dense(self):
        return all([n == 1 or s == t for n, s, t in zip(self.shape, self.strides, dense_strides(self.shape, self.dtype), strict=True)])

    def with_strides(self, shape, strides, offset=0):
        return View(self.base, self.offset + offset, shape, strides, self.dtype, self.block)

    def spread(self, shape):
        """The same elements, repeated, as `shape`: NumPy's broadcast."""
        missing = len(shape) - len(self.shape)
        strides = [0] * missing + [0 if n == 1 and m != 1 else s for n, m, s in zip(self.shape, shape[missing:], self.strides, strict=True)]
        return self.with_strides(shape, strides)


def dense_strides(shape, dtype):
    strides, step = [], dtype.itemsize
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return strides[::-1]


@functools.cache
def loop_of(ufunc, types):
    """The number of a ufunc's loop for the characters of its operands' and result's dtypes."""
    if types == 3 * BFLOAT.char and ufunc in _OF_BFLOATS:
        return BFLOAT16
    text = f"{types[:-1]}->{types[-1]}"
    if text not in ufunc.types:
        raise Unplanned(ufunc, text)
    return ufunc.types.index(text)


class Planner:
    """Writes the steps of one plan."""

    def __init__(self, arguments, results):
        self.count, self.results = len(arguments), results
        self.constants, self.places, self.scratch = bytearray(), {}, 0
        self.steps, self.views, self.ufuncs = [], {}, []
        self.held, self.free = {}, {}  # block of the scratch memory -> ids of the values in it; size -> blocks that are free
        self.counts = {}  # id of a value that counts along an axis -> that axis
        self.targets = {}  # id of a value -> number of the result that it is computed in
        for k, value in enumerate(arguments):
            self.admit(value)
            self.views[id(value)] = View(k, 0, value.shape, dense_strides(value.shape, value.dtype), value.dtype)

    def admit(self, value):
        shape = value.shape
        if value.dtype not in _STANDARD or len(shape) > RANK or not all(map(is_static, shape)) or math.prod(shape) * value.dtype.itemsize > LARGEST:
            raise Unplanned(value)

    def view(self, value):
        found = self.views.get(id(value))
        if found is None:
            if value.const is None:
                raise Unplanned(value)
            found = self.views[id(value)] = self.constant(value.const).spread(value.shape)
        return found

    def constant(self, array):
        array = np.asarray(array, order="C")
        key = array.tobytes(), array.dtype
        place = self.places.get(key)
        if place is None:
            self.constants += bytes(-len(self.constants) % 16)
            place = self.places[key] = len(self.constants)
            self.constants += key[0]
        return View(self.count + len(self.results), place, array.shape, dense_strides(array.shape, array.dtype), array.dtype)

    def room(self, shape, dtype, value=None):
        """Memory for a value: of a result, or scratch."""
        target = None if value is None else self.targets.get(id(value))
        if target is not None:
            return View(self.count + target, 0, shape, dense_strides(shape, dtype), dtype)
        size = -(-math.prod(shape) * dtype.itemsize // _ALIGNED) * _ALIGNED
        if self.free.get(size):
            block = self.free[size].pop()
        else:
            block = self.scratch, size
            self.scratch += size
            if self.scratch > MOST_SCRATCH:
                raise Unplanned("it takes too much memory")
        self.held.setdefault(block, [])
        return View(self.count + len(self.results) + 1, block[0], shape, dense_strides(shape, dtype), dtype, block)

    def put(self, value, view):
        """`view` is where the value is from now on."""
        self.views[id(value)] = view
        if view.block is not None:
            self.held[view.block].append(id(value))
        return view

    def release(self, last, i):
        """Frees the scratch memory that nobody reads after equation `i`."""
        for block, values in [*self.held.items()]:
            if all([last.get(v, -1) <= i for v in values]):
                del self.held[block]
                self.free.setdefault(block[1], []).append(block)

    def step(self, kind, views, detail):
        """A step over views of one shape, the first of which is written."""
        shape = views[0].shape
        if 0 in shape:
            return
        dims, strides = merged(shape, [v.strides for v in views])
        operands = tuple([(v.base, v.offset, tuple(s)) for v, s in zip(views, strides, strict=True)])
        self.steps.append((kind, tuple(dims), operands, detail))

    def loop(self, ufunc, out, *ins):
        detail = ufunc, loop_of(ufunc, "".join([v.dtype.char for v in (*ins, out)]))
        self.ufuncs.append(ufunc)
        self.step(LOOP, [out, *[v.spread(out.shape) for v in ins]], detail)

    def made(self, ufunc, value, *ins):
        """A ufunc computes the value."""
        self.loop(ufunc, self.result(value), *ins)

    def result(self, value):
        """Memory for the value of the present equation."""
        return self.put(value, self.room(value.shape, value.dtype, value))

    def copy(self, out, view):
        self.step(COPY, [out, view.spread(out.shape)], (out.dtype.itemsize,))

    def product(self, out, x, y):
        """The dense `out` becomes the product of two matrices."""
        (m, n), q, item = x.shape, y.shape[1], out.dtype.itemsize
        operands = (out.base, out.offset, (q * item, item)), (x.base, x.offset, x.strides), (y.base, y.offset, y.strides)
        self.ufuncs.append(np.matmul)
        self.steps.append((PRODUCT, (m, n, q), operands, (np.matmul, loop_of(np.matmul, out.dtype.char * 3))))

    def packed(self, view):
        """A dense view of the same elements."""
        if view.dense:
            return view
        out = self.room(view.shape, view.dtype)
        self.copy(out, view)
        return out

    def bind(self, value):
        """What rules call that give text."""
        raise Unplanned("text")

    def check_copied(self, views):
        """Raises where results are only arranged, and Python is not slower: it has constants, and one view takes it less than a plan."""
        constant = any([v.base >= self.count for v in views])
        large = max([math.prod(v.shape) * v.dtype.itemsize for v in views], default=0) > MOST_COPIED
        if constant or large or len(views) < 2 and all([v.dense for v in views]):
            raise Unplanned("NumPy has a view of it, or a constant")

    def folded(self, equations):
        """The equations that are left when what depends on no argument has been computed; of that, views of constants stay."""
        fixed, of_fixed = [], set()
        for e in equations:
            if all([v.const is not None or id(v) in of_fixed for v in e.ins]):
                fixed.append(e)
                of_fixed.update(map(id, e.outs))
        read = {id(v) for e in equations if not of_fixed.issuperset(map(id, e.outs)) for v in e.ins}
        read.update(map(id, self.results))
        apart = Planner((), ())
        try:
            apart.go_through(fixed, {})
        except Unplanned:  # all of it together may be too much
            return equations
        made = [v for e in fixed for v in e.outs if id(v) in read and apart.view(v).block is not None]
        if not made or sum([math.prod(v.shape) * v.dtype.itemsize for v in made]) > LARGEST:
            return equations
        for value, array in zip(made, Planner((), made).plan(fixed, (), None)(), strict=True):
            self.views[id(value)] = self.constant(array)
        needed, left = set(map(id, self.results)), []
        for e in reversed(equations):
            if any([id(v) in needed and id(v) not in self.views for v in e.outs]):
                needed.update(map(id, e.ins))
                left.append(e)
        return left[::-1]

    def go_through(self, equations, last):
        """Adds the steps of equations; `last` tells which of them is the last that reads a value."""
        for i, equation in enumerate(equations):
            values = *equation.ins, *equation.outs
            for value in values:
                self.admit(value)
            if not HALVES.isdisjoint([v.dtype for v in values]) and not (moves(equation.name) or equation.name in IN_TURN):
                raise Unplanned("arithmetic with 16-bit floats")  # what rounds once is in float32 by now
            step_of(equation.name)(self, equation)
            if last:
                self.release(last, i)

    def plan(self, equations, arguments, otherwise):
        produced = {id(v): e for e in equations for v in e.outs}
        last = {id(v): i for i, e in enumerate(equations) for v in e.ins}
        for k, value in enumerate(self.results):
            if value is None:
                continue
            self.admit(value)
            last[id(value)] = len(equations)
            while id(value) in produced:
                self.targets.setdefault(id(value), k)
                before = produced[id(value)]
                if before.name not in ("reshape", "squeeze", "expand_dims") or before.params.get("dimensions") is not None and before.name == "reshape":
                    break
                value = before.ins[0]
        self.go_through(equations, last)
        if not self.steps:
            self.check_copied([self.view(v) for v in self.results if v is not None])
        for k, value in enumerate(self.results):
            if value is None:
                continue
            view, out = self.view(value), View(self.count + k, 0, value.shape, dense_strides(value.shape, value.dtype), value.dtype)
            if view.base == out.base and view.dense:
                continue
            if view.base == out.base:
                raise Unplanned("a result in another order than it is computed")
            self.copy(out, view)
        shapes = [tuple([None if v is None else (number_of(v.dtype), v.shape) for v in values]) for values in (arguments, self.results)]
        plan = _hot.plan(*shapes, bytes(self.constants), self.scratch, tuple(self.steps), tuple(self.ufuncs), otherwise)
        plan.planned, plan.in_python = True, otherwise
        plan.source, plan.count = ", ".join([e.name for e in equations]), len(self.steps)
        return plan


def merged(shape, strides):
    """Dimensions and strides with as few dimensions as can be: those of size 1 left out, neighbours joined."""
    dims, kept = [], [[] for _ in strides]
    for d, n in enumerate(shape):
        if n == 1:
            continue
        if dims and all([k[-1] == s[d] * n for k, s in zip(kept, strides, strict=True)]):
            dims[-1] *= n
            for k, s in zip(kept, strides, strict=True):
                k[-1] = s[d]
        else:
            dims.append(n)
            for k, s in zip(kept, strides, strict=True):
                k.append(s[d])
    return dims, kept


STEPS = {}  # primitive -> function of Planner and equation, which adds its steps; filled by the plan_*.py files


def step(*names):
    """Enters the decorated function for these primitives."""

    def enter(function):
        STEPS.update(dict.fromkeys(names, function))
        return function

    return enter


def step_of(name):
    """What adds the steps of a primitive, or of a function with a twin: of several that differ by a number the name begins alike."""
    return STEPS.get(name) or STEPS.get(name.split("_")[0], elementwise)


def elementwise(p, e):
    """Steps of what the rules of lax_numpy.py say with a ufunc."""
    entry = RULES.get(e.name)
    if entry is None or entry.kind != "elementwise" or entry.moves:
        raise Unplanned(e.name)
    made = entry.make(p, e)
    if not isinstance(made, np.ufunc) or made is np.power and e.outs[0].dtype.kind != "f":  # of integers its loop may raise
        raise Unplanned(e.name)
    p.made(made, e.outs[0], *map(p.view, e.ins))


def number_of(dtype):
    """NumPy's number of a dtype; of the several that mean one type the usual one."""
    return dtype.num if dtype in HALVES else np.dtype(dtype.str).num


def moves(name):
    """Whether a primitive moves or converts data of any dtype."""
    return name in RULES and RULES[name].moves


# Primitives and twins whose rules give a ufunc, for `covers`: a rule would have to be made to tell
_UFUNCS = frozenset(
    "add add_any sub mul neg max min lt le gt ge eq ne and or xor not shift_left abs sign floor ceil is_finite nextafter exp log"
    " log1p expm1 sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh cbrt atan2 exp2 round pow erf erfc"
    " erf_inv igamma igammac regularized_incomplete_beta bessel_i0e bessel_i1e tfcompat.zeta tfcompat.polygamma"
    " tfcompat.floor_divide tfcompat.remainder tfcompat.sign_of_real stop_gradient copy name optimization_barrier".split()
)
_OF_SINGLES = frozenset("lgamma digamma tfcompat.lgamma tfcompat.digamma".split())


_MATRICES = ("cholesky", "lu", "triangular_solve", "tfcompat.solution")
_ORDERS = ("sort", "argmax", "argmin", "tfcompat.top", "tfcompat.argmax")


def covers(jaxpr):
    """Whether there is, as far as can be told without making it, a plan of a jaxpr."""
    return _hot is not None and all([small(v.aval) for v in (*jaxpr.invars, *jaxpr.outvars)]) and all(map(_covered, jaxpr.eqns))


def small(a):
    shape = a.shape
    return a.dtype in _STANDARD and all(map(is_static, shape)) and math.prod(shape) * a.dtype.itemsize <= LARGEST


def _covered(eqn):
    name, params = eqn.primitive.name, eqn.params
    if "jaxpr" in params and not has_twin(eqn):
        inner = getattr(params["jaxpr"], "jaxpr", params["jaxpr"])
        return covers(inner)
    if name in ("dot_general", "conv_general_dilated") and multiply_adds(eqn) > PRODUCT_MOST:
        return False
    if name in _MATRICES and any([max(v.aval.shape[-2:]) > most for v, most in zip(eqn.invars, (LARGEST_MATRIX, MOST_COLUMNS), strict=False)]):
        return False
    name = params["name"] if "jaxpr" in params else name
    if not HALVES.isdisjoint([v.aval.dtype for v in (*eqn.invars, *eqn.outvars)]) and not (rounds_once(name) or name in IN_TURN or moves(name)):
        return False
    if name.startswith(_ORDERS):
        most = MOST_SORTED if name == "sort" and len(eqn.invars) == 1 else MOST_ORDERED
        if name == "sort" and len(eqn.invars) > 2 or max(eqn.invars[0].aval.shape, default=1) > most:
            return False
    singles = all([v.aval.dtype == np.float32 for v in eqn.outvars])
    has_ufunc = name in _UFUNCS or name in _OF_SINGLES and singles
    return (has_ufunc or step_of(name) is not elementwise) and all([small(v.aval) for v in eqn.outvars])


def multiply_adds(eqn):
    """How many a product or a convolution takes."""
    left, right, params = eqn.invars[0].aval.shape, eqn.invars[1].aval.shape, eqn.params
    if eqn.primitive.name == "dot_general":
        each = math.prod([left[d] for d in params["dimension_numbers"][0][0]])
    else:
        each = math.prod(right) // max(1, right[params["dimension_numbers"].rhs_spec[0]])
    return math.prod(eqn.outvars[0].aval.shape) * each


def plan_of(arguments, equations, results, otherwise):
    """What computes the equations in one call, or None.

    Args:
      arguments, results: Values of the equations (interpret.py); where a result is None, so is what the plan gives.
      otherwise: what is called where the arguments are not NumPy's.
    """
    if _hot is None or max(len(arguments), len(results)) > LONGEST or not equations:
        return None
    try:
        planner = Planner(arguments, results)
        return planner.plan(planner.folded(equations), arguments, otherwise)
    except (Unplanned, NoHostForm, NotImplementedError):
        return None
