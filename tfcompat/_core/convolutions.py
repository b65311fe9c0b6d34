"""Convolutions as XLA compiles them well on a CPU.

A program is rewritten before it is compiled: a convolution that sums few products for each element of its result, and a
depthwise one, becomes a sum of shifted products, one for each position (tap) inside the window, which XLA fuses into a
loop. Its own kernels take 3 to 200 times as long there (8 x 56 x 56 x 64, depthwise 3 x 3: 70 ms instead of 1.9, the
gradient with stride 2 206 instead of 0.9). The other convolutions are left as they are, and run by Eigen on all cores:
without the fusions of XLA's newer library, which run on one (32 x 26 x 26 x 32 to 64 channels, 3 x 3: forward 9.0 ms
instead of 4.5, gradient of the filters 29.5 instead of 8.3).
"""

import functools
import itertools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core as jex

from tfcompat._core import rewriting

MAX_PRODUCTS = 32  # for an element of the result, or made of one of the input, up to which the sum is fused
MAX_TAPS = 64  # of a depthwise convolution: each makes the program larger
# What XLA computes once, whatever is made of it; other results it may compute again for each tap that takes them.
_KERNELS = frozenset(("conv_general_dilated", "dot_general", "scan", "while", "cond", "sort", "reduce_window", "cumsum"))

# All of XLA's fusions into library calls but that of convolutions
OPTIONS = {
    "xla_cpu_experimental_ynn_fusion_type": ",".join(
        f"LIBRARY_FUSION_TYPE_{kind}" for kind in ("DOT", "INDIVIDUAL_DOT", "REDUCE")
    )
}


def present(jaxpr):
    """Whether there are convolutions in a jaxpr, inner ones included."""
    return rewriting.holds(jaxpr, _is_convolution)


def rewritten(jaxpr):
    """The jaxpr, with convolutions as shifted products where that is faster."""
    return rewriting.rewritten(jaxpr, _is_convolution, _Forms)


class _Forms:
    """The forms of the convolutions of one jaxpr, asked for in order."""

    def __init__(self):
        self.fused = set()  # results that shifted products are fused into

    def __call__(self, eqn):
        again = any([not isinstance(v, jex.Literal) and v in self.fused for v in eqn.invars])
        form = _form(eqn, again) if _is_convolution(eqn) else None
        if form is None and _is_convolution(eqn) and min(map(min, eqn.params["padding"]), default=0) < 0:
            form = functools.partial(_cropped, eqn.params)
        if form is not None or again and eqn.primitive.name not in _KERNELS:
            self.fused.update(eqn.outvars)
        return form


def _is_convolution(eqn):
    return eqn.primitive.name == "conv_general_dilated"


def _form(eqn, again):
    """A function of image and filters that does what the convolution does as shifted products, or None.

    Args:
      again: whether other shifted products may be fused into these, and computed again for each product.
    """
    p = eqn.params
    numbers = p["dimension_numbers"]
    image, kernel = (
        [v.aval.shape[d] for d in spec] for v, spec in zip(eqn.invars, (numbers.lhs_spec, numbers.rhs_spec), strict=True)
    )
    dtype = eqn.outvars[0].aval.dtype
    if any([0 in v.aval.shape for v in (*eqn.invars, *eqn.outvars)]) or dtype not in (np.float32, np.float64):
        return None
    features, depth, *window = kernel
    if p["batch_group_count"] > 1:
        positions = [eqn.outvars[0].aval.shape[d] for d in numbers.out_spec[2:]]
        if p["batch_group_count"] != image[0] or math.prod(positions) > MAX_TAPS:
            return None
        return functools.partial(_reduced_products, p, positions)
    taps, groups = math.prod(window), p["feature_group_count"]
    scattered = any(n > 1 for n in p["lhs_dilation"])
    if groups > 1:
        if 1 not in (depth, features // groups) or taps * depth > MAX_TAPS:
            return None
        return _Products(p, numbers, window, groups, scatter=scattered and max(p["window_strides"]) == 1)
    if taps == 1:
        return None  # a product of matrices
    if taps * depth <= MAX_PRODUCTS and not scattered and not again:
        return _Products(p, numbers, window, groups, scatter=False)
    if taps * features <= MAX_PRODUCTS and max(p["window_strides"]) == 1:
        return _Products(p, numbers, window, groups, scatter=True)
    return None


def _cropped(params, image, kernel):
    """A convolution whose negative padding is a slice: XLA's reads what is behind the image where the other side is padded."""
    (batch, channels, *space) = params["dimension_numbers"].lhs_spec
    config = [(0, 0, 0)] * image.ndim
    for d, (low, high), dilation in zip(space, params["padding"], params["lhs_dilation"], strict=True):
        config[d] = low, high, dilation - 1
    image = lax.pad(image, np.zeros((), image.dtype), config)
    none = {"padding": ((0, 0),) * len(space), "lhs_dilation": (1,) * len(space)}
    return lax.conv_general_dilated_p.bind(image, kernel, **(params | none))


class _Products:
    """A convolution as shifted products.

    Args:
      scatter: whether each element of the image is multiplied first and the products are put in place, else parts of the
        image that are in place already are multiplied.
    """

    def __init__(self, params, numbers, window, groups, scatter):
        self.params, self.numbers, self.groups, self.scatter = params, numbers, groups, scatter
        self.taps = list(itertools.product(*map(range, window)))
        self.__name__ = "shifted_products"

    def __call__(self, image, kernel):
        numbers = self.numbers
        (batch, channels, *space), (features, depth, *window) = numbers.lhs_spec, numbers.rhs_spec
        image = image.transpose(batch, *space, channels)
        kernel = kernel.transpose(*window, depth, features)
        result = (self._scattered if self.scatter else self._gathered)(image, kernel)
        return _laid_out(result, numbers.out_spec)

    def _gathered(self, image, kernel):
        p = self.params
        image = _padded(image, p["padding"], p["lhs_dilation"])
        reach = [(n - 1) * d + 1 for n, d in zip(kernel.shape, p["rhs_dilation"], strict=False)]
        sizes = [(n - r) // s + 1 for n, r, s in zip(image.shape[1:], reach, p["window_strides"], strict=False)]
        total = None
        for tap in self.taps:
            part = _part(image, tap, p["rhs_dilation"], sizes, p["window_strides"])
            total = self._sum(total, self._product(part, kernel[tap]))
        return total

    def _scattered(self, image, kernel):
        p = self.params
        space = image.shape[1:-1]
        sizes = [(n - 1) * d + 1 + low + high for n, d, (low, high) in zip(space, p["lhs_dilation"], p["padding"], strict=True)]
        sizes = [n - (k - 1) * r for n, k, r in zip(sizes, kernel.shape, p["rhs_dilation"], strict=False)]
        if self.groups == 1:
            flat = kernel.reshape(-1, *kernel.shape[-2:])
            products = jnp.einsum("...c,kcf->k...f", image, flat)
        else:
            products = None
        total, zero = None, np.zeros((), image.dtype)
        for number, tap in enumerate(self.taps):
            config = [(0, 0, 0)]
            for t, r, (low, _), n, d, size in zip(tap, p["rhs_dilation"], p["padding"], space, p["lhs_dilation"], sizes, strict=True):
                before = low - t * r
                config.append((before, size - before - (n - 1) * d - 1, d - 1))
            product = self._product(image, kernel[tap]) if products is None else products[number]
            total = self._sum(total, lax.pad(product, zero, [*config, (0, 0, 0)]))
        return total

    def _product(self, part, weights):
        """The sum over channels of one tap's products; `weights` is [depth, features]."""
        depth, features = weights.shape
        if self.groups > 1 and depth == 1:
            return _repeated(part, features) * weights[0]
        parts = part.reshape(*part.shape[:-1], self.groups, depth)
        total = None
        for c in range(depth):
            total = self._sum(total, parts[..., c] * weights[c])
        return total

    @staticmethod
    def _sum(total, more):
        return more if total is None else total + more


def _reduced_products(params, positions, image, kernel):
    """The gradient of a depthwise convolution's filters: for each tap the sum of products of two images.

    Args:
      positions: the size of the result in space.
      image: has the channels as its batch, and the batch as channels.
      kernel: the cotangent of the convolution's result.
    """
    numbers = params["dimension_numbers"]
    (channels, batch, *space), (features, depth, *window) = numbers.lhs_spec, numbers.rhs_spec
    image = _padded(image.transpose(batch, *space, channels), params["padding"], params["lhs_dilation"])
    kernel = kernel.transpose(depth, *window, features)
    sizes = kernel.shape[1:-1]
    products = []
    for position in itertools.product(*map(range, positions)):
        part = _part(image, position, params["window_strides"], sizes, params["rhs_dilation"])
        products.append(_repeated(part, kernel.shape[-1]) * kernel)
    zeros = tuple([np.zeros((), image.dtype)] * len(products))
    sums = lax.reduce(tuple(products), zeros, lambda a, b: tuple(map(lax.add, a, b)), range(kernel.ndim - 1))
    return _laid_out(jnp.stack(sums).reshape(1, *positions, -1), numbers.out_spec)


def _part(image, position, offsets, sizes, steps):
    """The elements of an image [batch, space..., channels] that meet one tap."""
    for axis, (t, d, n, s) in enumerate(zip(position, offsets, sizes, steps, strict=True), 1):
        image = lax.slice_in_dim(image, t * d, t * d + (n - 1) * s + 1, s, axis)
    return image


def _repeated(part, features):
    """Each channel as often as there are features of it."""
    several = features // part.shape[-1]
    return jnp.repeat(part, several, -1) if several > 1 else part


def _laid_out(result, spec):
    """A result [batch, space..., features] with its dimensions where `spec` has (batch, features, space...)."""
    last = result.ndim - 1
    places = {d: k for k, d in zip((0, last, *range(1, last)), spec, strict=True)}
    return result.transpose([places[d] for d in range(last + 1)])


def _padded(image, padding, dilation):
    config = [(0, 0, 0), *[(low, high, d - 1) for (low, high), d in zip(padding, dilation, strict=True)], (0, 0, 0)]
    return image if not any(map(any, config)) else lax.pad(image, np.zeros((), image.dtype), config)
