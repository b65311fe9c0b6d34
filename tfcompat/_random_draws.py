"""The ops that draw: a key and a counter of a Philox stream become numbers."""

import jax.numpy as jnp

from tfcompat._core import random_state
from tfcompat._core.avals import shape_text
from tfcompat._core.op import Check, Dtype, Shape, T, op
from tfcompat._declare import FLOATS, fitting, invalid
from tfcompat._random_keys import SEED_DTYPES, Counter, Key


def _kernel(kernel, sample):
    @op(kernel, grad=None, static=False)
    def drawn(philox_key: Key, counter: Counter, shape: Shape, dtype: Dtype):
        return random_state.shaped(sample, philox_key, counter, shape, dtype.np)

    return drawn


uniform = _kernel("RandomUniform", random_state.uniform)
normal = _kernel("RandomStandardNormal", random_state.normal)
truncated_normal = _kernel("TruncatedNormal", random_state.truncated_normal)
full_integers = _kernel("RandomUniformFullInt", random_state.integers)


def _integer_kernel(kernel):
    check = Check(
        bad=lambda key, counter, minval, maxval, shape: minval >= maxval,
        message=lambda key, counter, minval, maxval, shape: f"Need minval < maxval, got {minval} >= {maxval}",
    )

    @op(kernel, grad=None, static=False, check=check, T=SEED_DTYPES)
    def drawn(philox_key: Key, counter: Counter, minval: T, maxval: T, shape: Shape):
        for name, bound in (("minval", minval), ("maxval", maxval)):
            if bound.ndim:
                raise invalid(f"{name} must be 0-D, got shape {shape_text(bound.shape)}", kernel)
        return random_state.shaped(random_state.integers_between, philox_key, counter, shape, minval, maxval)

    return drawn


integers = _integer_kernel("RandomUniformInt")
stateless_integers = _integer_kernel("StatelessRandomUniformIntV2")


@op("RandomScale", static=False, T=FLOATS)
def scaled(x: T, factor: T):
    """x * factor, rounded before anything is added to it: compilers would join the two into one rounding."""
    fitting("Mul", x, factor)
    product = x * factor
    return jnp.where(jnp.isnan(product), x + (factor - factor), product)  # NaN either way, which compilers do not see


def between(drawn, minval, maxval):
    return scaled(drawn, maxval - minval) + minval
