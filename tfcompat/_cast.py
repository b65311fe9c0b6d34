"""`tf.cast` and its kin, and the parts of complex numbers."""

import logging
import math
import platform

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import convert as conversion, dtypes as d, errors
from tfcompat._core.convert import convert
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Data, Dtype, T, op
from tfcompat._core.tensor import Tensor
from tfcompat._core.twins import twin
from tfcompat._declare import COMPLEX, FLOATS, WIDE_FLOATS, aligned, is_complex, is_float, unary, where
from tfcompat._elementwise import maximum, minimum

# Casts


def _truncated(wide):
    def truncated(x):
        # XLA's own cast gives the nearest integer that there is, and 0 for NaN.
        return where(x < 2.0 ** (8 * wide.itemsize - 1), x.astype(wide), np.iinfo(wide).min)

    truncated.__name__ += str(8 * wide.itemsize)
    if platform.machine() not in ("x86_64", "AMD64"):
        return truncated
    return twin(truncated, 1, "elementwise")(lambda b, e: f"{{0}}.astype({b.bind(wide)})")


_TO_INTEGER = {wide: _truncated(wide) for wide in (np.dtype(np.int32), np.dtype(np.int64))}


def _float_to_int(x, to):
    """As a CPU casts: towards zero; what does not fit becomes the smallest number of 32 or 64 bits, and then wraps."""
    if x.dtype.itemsize < 4:
        x = x.astype(jnp.float32)
    wide = np.dtype(np.int32 if to.itemsize < 4 or to == jnp.int32 else np.int64)
    limit = 2.0 ** (8 * wide.itemsize - 1)
    result = _TO_INTEGER[wide](x)
    if to == jnp.uint64:
        upper = (x >= limit) & (x < 2 * limit)
        return jnp.where(upper, jnp.where(upper, x, jnp.zeros_like(x)).astype(to), result.astype(to))
    return result.astype(to)


def cast_array(x, to):
    """A JAX array in another dtype (an `np.dtype`), by TensorFlow's rules."""
    if is_complex(x) and not jnp.issubdtype(to, jnp.complexfloating):
        x = lax.real(x)
    if to == jnp.bool_:
        return x if x.dtype == bool else x != 0
    if is_float(x) and to.kind in "iu":
        return _float_to_int(x, to)
    return lax.convert_element_type(x, to)


@op("Cast")
@inlined
def _cast(x: Data("SrcT"), dtype: Dtype):
    return cast_array(x, dtype.np)


def cast(x, dtype, name=None):
    """`x` in another dtype; `x` itself where it has that dtype.

    Floats are cut towards zero when they become integers (NaN and what is out of range give the smallest integer, as on
    a CPU), complex numbers lose their imaginary part.

    Args:
      x: tensor, IndexedSlices or what converts to a tensor.
      dtype: a DType or its name.

    Raises:
      UnimplementedError: from or to strings.
    """
    dtype = dtype if type(dtype) is d.DType else d.as_dtype(dtype)
    if type(x) is not Tensor:
        if getattr(x, "dtype", None) is dtype and hasattr(type(x), "_read"):
            return x
        if isinstance(x, IndexedSlices):
            return IndexedSlices(cast(x.values, dtype), x.indices, x.dense_shape)
        x = convert(x)
    have = x._aval.dtype
    if have is dtype:
        return x
    if have.np is None or dtype.np is None or have is d.string or dtype is d.string:
        raise errors.UnimplementedError(
            None, None, f"Cast {d.c_name(have)} to {d.c_name(dtype)} is not supported [Op:Cast] name: "
        )
    if have.is_complex and dtype.is_floating:
        logging.getLogger("tensorflow").warning(_DISCARDED, have.name, dtype.name)
    return _cast(x, dtype)


_DISCARDED = (
    "You are casting an input of type %s to an incompatible dtype %s.  "
    "This will discard the imaginary part and may not be what you intended."
)
conversion.set_cast(cast)


def saturate_cast(value, dtype, name=None):
    """`value` in another dtype, with what is out of range clipped to its smallest and largest number first.

    Args:
      value: a tensor of numbers.
      dtype: the DType of the result.

    Raises:
      TypeError: `value` is boolean.
    """
    value, dtype = convert(value), d.as_dtype(dtype)
    have = value.dtype
    if have is dtype:
        return value
    if have.is_complex:
        if dtype.is_complex:
            have_real, wanted = have.real_dtype, dtype.real_dtype
            parts = [saturate_cast(part, wanted) for part in (real(value), imag(value))]
            return complex(*parts) if have_real is not wanted else value
        value = real(value)
        have = value.dtype
    wanted = dtype.real_dtype
    if float(have.min) < float(wanted.min) or float(have.max) > float(wanted.max):
        kind = have.np.type
        low, high = kind(max(have.min, wanted.min)), kind(min(have.max, wanted.max))
        if have.is_floating:
            low = np.nextafter(low, kind(0)) if float(low) < float(wanted.min) else low
            high = np.nextafter(high, kind(0)) if float(high) > float(wanted.max) else high
        value = maximum(minimum(value, convert(np.asarray(high))), convert(np.asarray(low)))
    return cast(value, dtype)


# Complex numbers


def _complex_dtypes(re, im):
    if re is not im or re not in WIDE_FLOATS:
        raise TypeError(
            f"The `real` and `imag` components have incorrect types: {re.name} {im.name}. They must be consistent, and "
            f"one of {[d.float32, d.float64]}"
        )


@op("Complex", complain=_complex_dtypes)
def complex(real: Data("T"), imag: Data("U")):
    """The complex numbers with these parts: complex64 of float32, complex128 of float64.

    Args:
      real, imag: tensors of float32 or float64, of one dtype, whose shapes broadcast.

    Raises:
      TypeError: the parts have different dtypes or others.
    """
    return lax.complex(*jnp.broadcast_arrays(*aligned("Complex", real, imag)))


_real = unary("_real", "Real", COMPLEX, lax.real, True, "The real part.")
_imag = unary("_imag", "Imag", COMPLEX, lax.imag, True, "The imaginary part.")
_conj = unary("_conj", "Conj", COMPLEX, lax.conj, True, "The complex conjugate.")


@op("Angle", T=COMPLEX)
def _angle(x: T):
    return lax.atan2(lax.imag(x), lax.real(x))


@op("SelectV2", T=FLOATS, grad=None)
def _angle_of_real(x: T):
    return where(x < 0, np.pi, jnp.zeros_like(x))


@op("ZerosLike", grad=None)
def zeros_like(x: T):
    return jnp.zeros_like(x)


def real(input, name=None):
    """The real part; real tensors are returned as they are.

    Args:
      input: a tensor of numbers.

    Raises:
      TypeError: another dtype.
    """
    x = convert(input)
    if x.dtype.is_complex:
        return _real(x)
    if not (x.dtype.is_floating or x.dtype.is_integer):
        raise TypeError(f"input must be a numeric tensor, but got tensor with dtype {x.dtype}")
    return x


def imag(input, name=None):
    """The imaginary part; zeros for real tensors.

    Args:
      input: a tensor of numbers.

    Raises:
      ValueError: `input` cannot become a tensor.
    """
    x = convert(input)
    if x.dtype is d.string:
        return convert(np.full(x.shape.as_list(), b"", object))
    return _imag(x) if x.dtype.is_complex else zeros_like(x)


def conj(x, name=None):
    """The complex conjugate; real tensors are returned as they are.

    Args:
      x: a tensor of numbers.

    Raises:
      TypeError: `x` is not numeric.
    """
    x = convert(x)
    if x.dtype.is_complex:
        return _conj(x)
    if not (x.dtype.is_floating or x.dtype.is_integer):
        raise TypeError(f"Expected numeric or variant tensor, got dtype {x.dtype!r}.")
    return x


def angle(input, name=None):
    """The argument of complex numbers; 0 or pi for real ones.

    Args:
      input: a tensor of complex64, complex128 or a floating dtype.

    Raises:
      TypeError: another dtype.
    """
    x = convert(input)
    if x.dtype.is_complex:
        return _angle(x)
    if not x.dtype.is_floating:
        raise TypeError(f"Cannot convert {math.pi} to EagerTensor of dtype {x.dtype.name}")
    return _angle_of_real(x)


