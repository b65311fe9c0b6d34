"""Static costs: by them, and by no clock, the engine decides when a structure has been interpreted long enough.

The constants are what `benchmarks/calibrate.py` measures on a quiet machine, rounded. Small products take about as long in
either tier: what they compute does not count. Larger ones are interpreted in pieces, on one thread, and take up to as many times as
long as there are processors; the largest BLAS distributes over threads, which a busy machine makes wait for each other.
"""

import math

import jax.numpy as jnp
import numpy as np
from jax.extend import core as jex

from tfcompat._core.lax_indexing import LONG
from tfcompat._core.lax_numpy import RULES
from tfcompat._core.lax_products import LARGEST, PIECE
from tfcompat._core.twins import AS_FAST, CALLS, has_twin

DISPATCH = 20e-6  # seconds that a compiled call takes before it computes anything
OUTPUT = 2e-6  # more for each array it gives back but the first: a kernel, memory, an array of JAX
EQUATION = 1e-6  # seconds lost by interpreting one equation
PLANNED = 0.1e-6  # the same, where C goes through a plan (plans.py)
CACHED = 20e9  # bytes a second of what a plan moves: it is small
BANDWIDTH = 4e9  # bytes a second that go through memory when interpreted
COMPILE_BASE = 20e-3  # seconds to compile a program of nothing,
COMPILE_FUSED = 0.4e-3  # more for each equation that XLA fuses with others,
COMPILE_KERNEL = 3.5e-3  # and for each that it makes a kernel of;
COMPILE_MIXED = 1e-3  # for each of those of a function's or a loop's body, which are of both kinds

_KERNELS = (
    "approx_top_k", "arg", "cholesky", "cond", "conv_general", "cum", "dot_general", "dynamic_update", "eig", "fft",
    "gather", "lu", "qr", "reduce", "scan", "scatter", "select_and", "sort", "svd", "top_k", "triangular", "while",
)  # fmt: skip
_SLOW = {"conv_general_dilated": 20, "select_and_scatter_add": 150}  # kernels that compile as slowly as so many others
# NumPy gives a view, or only notes the broadcast.
_VIEWS = frozenset(
    "reshape squeeze expand_dims transpose slice dynamic_slice split unstack rev broadcast_in_dim stop_gradient copy copy_p name "
    "optimization_barrier".split()
)
_REORDERED = frozenset(["transpose", "rev"])  # who reads a result that is such a view goes through memory in leaps
# What these read is more than they write; the number is how often they go over it.
_READERS = {"top_k": 16, "argmax": 1, "argmin": 1, "cumprod": 4, "cummax": 1, "cummin": 1, "reduce_prod": 4,
            "reduce_window": 8, "select_and_scatter_add": 16}  # fmt: skip
# How many of NumPy's calls their one equation is.
_SLOW_CALLS = {"top_k": 5, "sort": 3, "scatter": 4, "cholesky": 3, "lu": 4, "qr": 8, "triangular_solve": 2, "reduce_window": 3,
               "conv_general_dilated": 8}  # fmt: skip
# Their inner jaxpr only says how two elements become one.
_COMBINING = ("scatter", "reduce", "select_and_scatter")
# XLA's are not faster on a CPU. Its sort of floats takes 0.3-0.7 µs an element longer than NumPy's (1.1 s against 0.05 for
# 1000 rows of 2000), which has to be made up by what a program gains elsewhere.
_AS_FAST = frozenset(["sort", "cumsum"])
_MULTIPLIED = 20  # multiply-adds of a product in pieces (lax_products.py) for which it counts as a byte
_WAITING = 8  # how often a larger one counts as if its operands went through memory: on a busy machine more, on a quiet one less
_OF_BOOLS = frozenset(["reduce_or", "reduce_and"])  # in a sixth of XLA's time where there are long runs
_RUN = 256
_SORTED_FLOAT = -0.3e-6 * BANDWIDTH
_POSITION = 24  # bytes that could be moved in the 6 ns by which NumPy takes longer to combine an element with another


# Iterations of a loop whose body branches or loops, as `checkpointed` makes them: it is a loop of the user's.
_ITERATIONS = 50


def work(jaxpr, called=False, looped=False):
    """(bytes moved, equations, kernels that XLA makes of them) of a jaxpr, those that it calls included.

    Ints; the bytes may be an expression of the jaxpr's symbolic dimensions. A kernel that compiles slowly counts as many.
    """
    moved = equations = kernels = 0
    results = set() if called else _variables(jaxpr.outvars)
    whole = results | _read_whole(jaxpr)
    for eqn in jaxpr.eqns:
        name, params = eqn.primitive.name, eqn.params
        kernels += _SLOW.get(name) or name.startswith(_KERNELS)
        inner = []
        if not name.startswith(_COMBINING):
            inner = [p.jaxpr for p in params.values() if isinstance(p, jex.ClosedJaxpr)]
            inner += [p for p in params.values() if isinstance(p, jex.Jaxpr)]
        long = name == "while" and not looped and any([_has_parts(body) for body in inner])
        for body in inner:
            more = work(body, True, looped or long)
            if AS_FAST.get(params.get("name")) and has_twin(eqn) and AS_FAST[params["name"]](eqn):
                more = 0, *more[1:]
            if long:
                moved += int((_ITERATIONS - 1) * (more[0] + more[1] * EQUATION * BANDWIDTH))
            moved += more[0] * (params["length"] if name == "scan" else 1)
            equations, kernels = equations + more[1], kernels + more[2]
        if inner:
            if has_twin(eqn):
                saved = sum([work(body, True)[1] for body in inner]) - CALLS[params["name"]]
                moved -= int(saved * EQUATION * BANDWIDTH)
            continue
        equations += 1
        moved += int((_SLOW_CALLS.get(name, 1) - 1) * EQUATION * BANDWIDTH)
        if name in _AS_FAST:
            key = eqn.invars[0].aval
            if name == "sort" and jnp.issubdtype(key.dtype, jnp.floating):
                moved += int(_SORTED_FLOAT) * math.prod(key.shape)
        elif name == "dot_general":
            moved += sum(_nbytes(v.aval) for v in eqn.outvars) + _multiplied(eqn)
        elif name.startswith("scatter"):
            moved += _scattered(eqn) + _nbytes(eqn.outvars[0].aval)
        elif name == "conv_general_dilated":
            moved += _windows(eqn) + _nbytes(eqn.outvars[0].aval)
        elif name in _OF_BOOLS and long_runs(eqn.invars[0].aval, params["axes"]) and eqn.invars[0].aval.dtype == bool:
            pass
        elif name in _READERS or name.startswith("reduce_"):
            moved += _READERS.get(name, 1) * _nbytes(eqn.invars[0].aval)
        elif name not in _VIEWS or _laid_out(eqn, results, whole):
            moved += sum(_nbytes(v.aval) for v in eqn.outvars)
    return moved, max(1, equations), kernels


def long_runs(aval, axes):
    """Whether what NumPy reduces, or keeps, at a time lies in memory in long runs: else it takes a call for each few numbers."""
    run, last = 1, len(aval.shape) - 1
    for d in range(last, -1, -1):
        if (d in axes) != (last in axes):
            break
        run *= aval.shape[d]
    return isinstance(run, int) and run >= _RUN


def _has_parts(jaxpr):
    """Whether there are branches or loops in it."""
    for eqn in jaxpr.eqns:
        inner = [getattr(p, "jaxpr", p) for p in eqn.params.values() if isinstance(p, (jex.ClosedJaxpr, jex.Jaxpr))]
        if eqn.primitive.name in ("cond", "while", "scan") or any(map(_has_parts, inner)):
            return True
    return False


def _variables(atoms):
    return {v for v in atoms if isinstance(v, jex.Var)}


def _read_whole(jaxpr):
    """The variables that equations read of which NumPy wants every element in memory."""
    rules = [RULES.get(eqn.primitive.name) for eqn in jaxpr.eqns]
    whole = [r is not None and r.kind != "elementwise" for r in rules]
    return _variables([v for eqn, all_of_it in zip(jaxpr.eqns, whole, strict=True) if all_of_it for v in eqn.invars])


def _laid_out(eqn, results, whole):
    """Whether NumPy, or who reads the result, copies what the equation only arranges."""
    name = eqn.primitive.name
    if name == "broadcast_in_dim":
        out = eqn.outvars[0]
        return out in whole and math.prod(out.aval.shape) != math.prod(eqn.invars[0].aval.shape)
    return name in _REORDERED and eqn.outvars[0] in results


def _scattered(eqn):
    """The bytes that scattering is as good as moving: each long row is a call, and elements between short ones have positions."""
    numbers, (operand, indices, updates) = eqn.params["dimension_numbers"], [v.aval for v in eqn.invars]
    if eqn.primitive.name == "scatter":
        return _nbytes(updates)
    inserted = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
    kept = [d for d in range(len(operand.shape)) if d not in inserted]
    row = [updates.shape[axis] for axis, d in zip(numbers.update_window_dims, kept, strict=True)
           if d not in numbers.scatter_dims_to_operand_dims]  # fmt: skip
    if all(isinstance(n, int) for n in row) and math.prod(row) >= LONG:
        return math.prod(indices.shape[:-1]) * int(EQUATION * BANDWIDTH) + _nbytes(updates)
    return math.prod(updates.shape) * _POSITION


def _windows(eqn):
    """The bytes of a convolution's windows, which NumPy lays out for a matrix product."""
    numbers = eqn.params["dimension_numbers"]
    kernel, out = eqn.invars[1].aval, eqn.outvars[0].aval
    products = math.prod([kernel.shape[d] for d in numbers.rhs_spec[1:]]) * eqn.params["feature_group_count"]
    return products * math.prod([out.shape[d] for d in numbers.out_spec if d != numbers.out_spec[1]]) * out.dtype.itemsize


def _multiplied(eqn):
    """The bytes that a product counts as besides its result: in pieces it takes longer, and the threads of a larger one may wait."""
    (contracted, _), (batch, _) = eqn.params["dimension_numbers"]
    one, other = [v.aval for v in eqn.invars]
    shape = *eqn.outvars[0].aval.shape, *[one.shape[d] for d in contracted]
    if not all(isinstance(n, int) for n in shape) or math.prod(shape[len(batch) :]) <= PIECE:
        return 0
    read = _nbytes(one) + _nbytes(other)
    return read + int(math.prod(shape) / _MULTIPLIED) if math.prod(shape[len(batch) :]) <= LARGEST else _WAITING * read


def _nbytes(aval):
    return math.prod(aval.shape) * (aval.dtype.itemsize if isinstance(aval.dtype, np.dtype) else 8)


def interpreting(moved, equations, planned=False):
    """Seconds lost by interpreting; `planned` where C goes through a plan of it."""
    if planned:
        return equations * PLANNED + moved / CACHED
    return equations * EQUATION + moved / BANDWIDTH


def parting(results, shared, rest):
    """Seconds lost by two programs in the place of one.

    Args:
      results: how many arrays the first one has to give back for the second.
      shared: the bytes of these and of the leaves that both read, which go through memory once more.
      rest: the seconds that it takes to interpret what the second one computes: it saves no more than that.
    """
    return DISPATCH + results * OUTPUT + min(shared / BANDWIDTH, rest)


def compiling(equations, kernels):
    """Seconds to compile it as part of a program."""
    return max(0, equations - kernels) * COMPILE_FUSED + kernels * COMPILE_KERNEL
