"""`tf.random.stateless_parameterized_truncated_normal`: normal numbers between bounds, by rejection (Robert, 1995)."""

import math

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr

from tfcompat._core import dtypes as d, errors, random_state
from tfcompat._core.convert import convert
from tfcompat._core.op import T, op
from tfcompat._core.tensor_base import host_value
from tfcompat._declare import fitting, invalid, not_allowed, refused, sum_to
from tfcompat._random_draws import normal as _normal, uniform as _uniform
from tfcompat._random_keys import dims_of, leaves, stateless

_DTYPES = (d.float16, d.float32, d.float64)
_KERNEL = "StatelessParameterizedTruncatedNormal"
_MOST_TRIES = 1000  # rounds without an accepted number
_FAR_ENOUGH = 1.3  # standard deviations between the mean and a bound, from which on normal numbers are tried


class _Stream:
    """Draws from one stream, block after block; a number of float64 takes half a block, others a quarter."""

    def __init__(self, key, counter, dtype):
        self.key, self.counter, self.dtype = key, counter, dtype
        self.each = 2 if dtype is d.float64 else 4

    def ahead(self, draw, blocks):
        """The numbers of the next blocks, [blocks, numbers]; the position stays."""
        found = draw(*leaves(self.key, self.counter), (blocks * self.each,), self.dtype)
        return np.asarray(host_value(found)).reshape(blocks, self.each)


def _rounds(stream, low, high):
    """(blocks that a round takes, function from a number of rounds to their candidates and which are accepted)."""
    one = low.dtype.type
    root = np.sqrt(low * low + one(4))
    if (low < one(-_FAR_ENOUGH) and high >= 0) or (high > one(_FAR_ENOUGH) and low <= 0):

        def normal(rounds):
            z = stream.ahead(_normal, rounds)
            return z, (z >= low) & (z <= high)

        return 1, normal
    if high - low < one(2) * np.exp(one(0.5) + low * (low - root) / one(4)) / (low + root):
        most = one(0) if low < 0 else low * low

        def uniform(rounds):
            u = stream.ahead(_uniform, 2 * rounds)
            z = u[::2] * (high - low) + low
            return z, u[1::2] <= np.exp((most - z * z) / one(2))

        return 2, uniform
    rate = (low + root) / one(2)

    def exponential(rounds):
        u = stream.ahead(_uniform, rounds)
        z = -np.log(u[:, ::2]) / rate + low
        x = rate - z if low < rate else low - rate
        return z, (u[:, 1::2] <= np.exp(-x * x / one(2))) & (z < high)

    return 1, exponential


def _draw(stream, mean, deviation, low, high, count):
    """`count` numbers of one law; what is left of the last block is lost."""
    if (np.isinf(low) and low < 0) or high < mean:  # the mirror image has a lower bound, or positive ones
        low, high, deviation = high, low, -deviation
    blocks, candidates = _rounds(stream, (low - mean) / deviation, (high - mean) / deviation)
    found = []
    while count:
        rounds = max(4, count // 2)
        z, accepted = candidates(rounds)
        if rounds >= _MOST_TRIES or not accepted.any():
            z, accepted = candidates(rounds := max(rounds, _MOST_TRIES))
            if not accepted.any():
                raise errors.InternalError(None, None, f"TruncatedNormal rejection sampler failed to accept a sample. [Op:{_KERNEL}]")
        totals = accepted.sum(1).cumsum()
        used = min(int(np.searchsorted(totals, count)) + 1, rounds)
        taken = z[:used][accepted[:used]][:count]
        found.append(taken)
        count -= len(taken)
        stream.counter = (stream.counter + used * blocks) & random_state.M128
    return np.concatenate([np.zeros(0, low.dtype), *found]) * deviation + mean


def _of_parameters(g, out, means, stddevs, minvals, maxvals, samples):
    x, low, high = [(v - means) / stddevs for v in (out, minvals, maxvals)]
    if x.dtype == np.float16:
        g, x, low, high = [v.astype(np.float32) for v in (g, x, low, high)]
    side = jnp.where(low > 0, -1, 1).astype(x.dtype)  # in the upper tail probabilities are counted from above
    at, start, end = [ndtr(side * v) for v in (x, low, high)]
    share = (at - start) / (end - start)
    parts = (g, g * x, g * (1 - share) * jnp.exp((x - low) * (x + low) / 2), g * share * jnp.exp((x - high) * (x + high) / 2))
    return *[sum_to(p, v).astype(v.dtype) for p, v in zip(parts, (means, stddevs, minvals, maxvals), strict=True)], None


@op(_KERNEL, grad=_of_parameters, static=False, T=_DTYPES)
def _drawn(means: T, stddevs: T, minvals: T, maxvals: T, samples: T):
    return samples


_drawn.op.gradient_only = (0, 1, 2, 3)


def stateless_parameterized_truncated_normal(shape, seed, means=0.0, stddevs=1.0, minvals=-2.0, maxvals=2.0, name=None):
    """Normal numbers between bounds.

    Args:
      shape: shape of the result; it ends with the shape that the parameters are broadcast to.
      seed: two integers.
      means, stddevs: tensors of float16, float32 or float64.
      minvals, maxvals: bounds of the same dtype, in absolute numbers; one of them may be infinite.

    Returns:
      A tensor. Its gradients with regard to the bounds are those of the law's quantiles.

    Raises:
      InvalidArgumentError: a shape that does not fit, deviations that are not positive, or bounds that are in the wrong order
        or both infinite.

    Differs from TensorFlow: results that it computes in several threads, of some ten thousand numbers, go on from others
    there.
    """
    parameters = [convert(v) for v in (means, stddevs, minvals, maxvals)]
    dtype = parameters[0]._aval.dtype
    if dtype not in _DTYPES:
        raise not_allowed("dtype", dtype.np or np.dtype(object), _DTYPES, _KERNEL)
    dims, _ = dims_of(shape, _KERNEL)
    fitting(_KERNEL, *[p._aval for p in parameters])
    inner = np.broadcast_shapes(*[p._aval.shape for p in parameters])
    if dims[len(dims) - len(inner) :] != inner or len(inner) > len(dims):
        raise refused("Shape passed in must end with broadcasted shape.", _KERNEL)
    stream = _Stream(*[random_state.number_of(np.asarray(host_value(part))) for part in stateless(seed, "philox")], dtype)
    samples = math.prod(dims[: len(dims) - len(inner)])
    laws = np.stack([np.broadcast_to(host_value(p), inner).reshape(-1) for p in parameters], -1)
    made = np.zeros((len(laws), samples), laws.dtype)
    if made.size and not np.all((laws[:, 1] > 0) & (laws[:, 2] < laws[:, 3]) & ~np.isinf(laws[:, 2:]).all(1)):
        raise invalid("Invalid parameters", _KERNEL)
    with np.errstate(all="ignore"):
        for k, law in enumerate(laws if made.size else ()):
            made[k] = _draw(stream, *law, samples)
    return _drawn(*parameters, convert(np.ascontiguousarray(made.T).reshape(dims)))
