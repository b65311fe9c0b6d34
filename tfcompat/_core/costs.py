"""What interpreting a jaxpr takes, by a static estimate: the switch to compiled code must come at the same run each time."""

import math

import numpy as np
from jax.extend import core as jex

EQUATION = 1.2e-6  # seconds of one equation on small arrays
BANDWIDTH, FLOPS = 4e9, 1e10  # bytes and flops a second

# NumPy gives a view, or only notes the broadcast.
_VIEWS = frozenset(
    "reshape squeeze expand_dims transpose slice rev broadcast_in_dim stop_gradient copy copy_p name "
    "optimization_barrier".split()
)
# What these read is more than they write; the number is how often they go over it.
_READERS = {"sort": 16, "top_k": 16, "argmax": 1, "argmin": 1, "cumsum": 1, "cumprod": 4, "cummax": 1, "cummin": 1,
            "reduce_prod": 4, "reduce_window": 8, "select_and_scatter_add": 16}  # fmt: skip


def work(jaxpr):
    """(bytes moved, flops, equations) of a jaxpr; ints, or expressions of its symbolic dimensions."""
    moved = flops = equations = 0
    for eqn in jaxpr.eqns:
        name, params = eqn.primitive.name, eqn.params
        inner = [p.jaxpr for p in params.values() if isinstance(p, jex.ClosedJaxpr)]
        inner += [p for p in params.values() if isinstance(p, jex.Jaxpr)]
        if inner:
            for body in inner:
                more = work(body)
                times = params["length"] if name == "scan" else 1
                moved, flops, equations = moved + times * more[0], flops + times * more[1], equations + more[2]
            continue
        equations += 1
        if name in _READERS or name.startswith("reduce_"):
            moved += _READERS.get(name, 1) * _nbytes(eqn.invars[0].aval)
        elif name == "dot_general":
            (contracted, _), _ = params["dimension_numbers"]
            left = eqn.invars[0].aval.shape
            flops += 2 * math.prod(eqn.outvars[0].aval.shape) * math.prod([left[d] for d in contracted])
        elif name == "conv_general_dilated":
            kernel = eqn.invars[1].aval.shape
            outputs = kernel[params["dimension_numbers"].rhs_spec[0]]
            flops += 2 * math.prod(eqn.outvars[0].aval.shape) * (math.prod(kernel) // outputs if outputs else 0)
        elif name not in _VIEWS:
            moved += sum(_nbytes(v.aval) for v in eqn.outvars)
    return moved, flops, max(1, equations)


def _nbytes(aval):
    return math.prod(aval.shape) * (aval.dtype.itemsize if isinstance(aval.dtype, np.dtype) else 8)


def seconds(moved, flops, equations):
    return equations * EQUATION + moved / BANDWIDTH + flops / FLOPS
