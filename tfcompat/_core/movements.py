"""Concatenations and pads of large arrays as XLA compiles them well on a CPU.

As kernels of their own they run in one thread, a row or an element at a time. With one more dimension, of size 1, XLA makes
the loops of them that it makes of elementwise functions. 4e6 numbers joined along the first dimension: 1.5 ms instead of
3.7; 2e6 padded: 0.6 instead of 1.3. Where they are fused with what reads them this changes nothing.
"""

import math

from jax import lax

from tfcompat._core import rewriting

MIN_BYTES = 1 << 17


def _joined(*parts):
    rank = parts[0].ndim
    return lax.squeeze(lax.concatenate([lax.expand_dims(part, (rank,)) for part in parts], 0), (rank,))


def _padder(config):
    def padded(x, value):
        return lax.squeeze(lax.pad(lax.expand_dims(x, (0,)), value, [(0, 0, 0), *config]), (0,))

    return padded


def _form(eqn):
    """What to call in an equation's stead, or None."""
    name, params = eqn.primitive.name, eqn.params
    if name == "concatenate" and params["dimension"] == 0 and _is_large(eqn):
        return _joined
    if name == "pad" and _is_large(eqn) and not any(interior for _, _, interior in params["padding_config"]):
        return _padder(params["padding_config"])
    return None


def _is_large(eqn):
    aval = eqn.outvars[0].aval
    return math.prod(aval.shape) * aval.dtype.itemsize >= MIN_BYTES


def _is_convolution(eqn):
    return eqn.primitive.name == "conv_general_dilated"


def present(jaxpr):
    """Whether a jaxpr has equations for which there are better forms. Convolutions take pads in: there are none."""
    return rewriting.holds(jaxpr, _form) and not rewriting.holds(jaxpr, _is_convolution)


def rewritten(jaxpr):
    """The jaxpr with these forms."""
    return rewriting.rewritten(jaxpr, _form, lambda: _form)
