"""Where the largest entries are."""

import functools

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import native
from tfcompat._core.lax_shapes import stable_order
from tfcompat._core.plans import FALLING, MOST_ORDERED
from tfcompat._core.twins import twin

_SEARCHED = frozenset(map(np.dtype, (np.float32, np.float64, np.int32, np.int64)))
_LARGE = 1 << 16  # elements from which on it shows that an array is written anew


@functools.cache
def places(k):
    """A function of x: where the k largest entries are along the last dimension; of equal ones the first, NaN is the smallest.

    XLA takes NaN for the largest and -0.0 for smaller than 0.0. Large arrays are searched as they are first, and written anew
    only where what was found depends on that (5 of 2000 in a thousand rows: 4.1 ms instead of 4.8).
    """

    def found(x):
        return lax.top_k(x, k)[1]

    def ordered(x):
        return lax.select(x != x, lax.full_like(x, -np.inf), lax.select(x == 0, lax.full_like(x, 0), x))

    def places(x):
        if not jnp.issubdtype(x.dtype, jnp.floating):
            return found(x)
        if not all(isinstance(n, int) for n in (k, *x.shape)) or x.size < _LARGE:
            return found(ordered(x))
        largest, indices = lax.top_k(x, k)
        by_sign = lax.cond((largest == 0).any(), lambda: ((x == 0) & jnp.signbit(x)).any(), lambda: False)
        return lax.cond(by_sign | ~(largest > -np.inf).all(), lambda: found(ordered(x)), lambda: indices)

    def is_searched(a):
        """Whether C goes over the rows once."""
        return native.extension is not None and a.dtype in _SEARCHED and 0 < k <= MOST_ORDERED and 0 not in a.shape

    def host(e):
        if is_searched(e.ins[0]):
            return search
        opposite, real = (np.negative, True) if e.ins[0].dtype.kind == "f" else (np.invert, False)

        def run(x):
            if real and np.count_nonzero(nans := x != x):
                x = np.where(nans, np.float32(-np.inf), x)
            return stable_order(opposite(x), x.ndim - 1)[..., :k].astype(np.int32)

        return run

    def search(x):
        out = np.empty((*x.shape[:-1], k), np.int32)
        native.extension.first_places(np.ascontiguousarray(x), out, FALLING)
        return out

    places.__name__ = f"top_{k}"
    return twin(places, 4, as_fast=lambda eqn: is_searched(eqn.invars[0].aval), loops=True)(host) if isinstance(k, int) else places
