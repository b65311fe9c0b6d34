"""Discrete Fourier transforms along any axes: `tf.fftnd` and its kin."""

import jax.numpy as jnp

from tfcompat._core import dtypes as d
from tfcompat._core.op import Bool, Dtype, Int, Shape, T, op
from tfcompat._declare import COMPLEX, WIDE_FLOATS, invalid


def _checked(x, fft_length, axes, kernel):
    """The lengths and axes as lists, with TensorFlow's exception type where they do not fit."""
    if len(fft_length) != len(axes):
        raise invalid(f"axes must have the same length as fft_length. Got: {len(axes)} and {len(fft_length)}", kernel)
    positive = [a % x.ndim if -x.ndim <= a < x.ndim else None for a in axes]
    if None in positive or len(set(positive)) != len(positive):
        raise invalid(f"axes must be distinct and in the range [-{x.ndim}, {x.ndim}). Got: {list(axes)}", kernel)
    return fft_length, positive


@op("FFTND", T=COMPLEX)
def fftnd(input: T, fft_length: Shape, axes: Shape):
    """The discrete Fourier transform along `axes`, the input being cut or padded with zeros to `fft_length` there.

    Args:
      input: a complex tensor.
      fft_length: integers, one for each axis.
      axes: integers.

    Raises:
      InvalidArgumentError: axes that do not exist, or another number of lengths.
    """
    return jnp.fft.fftn(input, *_checked(input, fft_length, axes, "FFTND")).astype(input.dtype)


@op("IFFTND", T=COMPLEX)
def ifftnd(input: T, fft_length: Shape, axes: Shape):
    """The inverse of `fftnd`.

    Args:
      input: a complex tensor.
      fft_length: sizes to cut or pad the axes to, a vector.
      axes: which axes, a vector.

    Raises:
      InvalidArgumentError: axes that do not exist or come twice.
    """
    return jnp.fft.ifftn(input, *_checked(input, fft_length, axes, "IFFTND")).astype(input.dtype)


@op("RFFTND", T=WIDE_FLOATS)
def rfftnd(input: T, fft_length: Shape, axes: Shape, Tcomplex: Dtype = d.complex64):
    """`fftnd` of a real tensor: of the last of `axes` only the first half and one more is given.

    Args:
      input: a real tensor.
      fft_length: sizes to cut or pad the axes to, a vector.
      axes: which axes, a vector.
      Tcomplex: the DType of the result.

    Raises:
      InvalidArgumentError: axes that do not exist or come twice.
    """
    return jnp.fft.rfftn(input, *_checked(input, fft_length, axes, "RFFTND")).astype(Tcomplex.np)


@op("IRFFTND", T=COMPLEX)
def irfftnd(input: T, fft_length: Shape, axes: Shape, Treal: Dtype = d.float32):
    """The inverse of `rfftnd`.

    Args:
      input: a complex tensor.
      fft_length: sizes of the result along the axes, a vector.
      axes: which axes, a vector.
      Treal: the DType of the result.

    Raises:
      InvalidArgumentError: axes that do not exist or come twice.
    """
    return jnp.fft.irfftn(input, *_checked(input, fft_length, axes, "IRFFTND")).astype(Treal.np)


@op("FFTOfLastAxes", T=COMPLEX)
def fft_last(x: T, depth: Int, inverse: Bool):
    """The discrete Fourier transform along the last `depth` axes, or its inverse."""
    axes = tuple(range(-depth, 0))
    return (jnp.fft.ifftn if inverse else jnp.fft.fftn)(x, axes=axes).astype(x.dtype)
