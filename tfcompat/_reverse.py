"""Ops that turn a tensor's order around or move its elements along a dimension."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._array import are_ints
from tfcompat._core import dtypes
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.op import Any, Check, Data, Int, T, op
from tfcompat._core.refusals import plain
from tfcompat._core.tensor_base import host_value
from tfcompat._declare import for_shapes, invalid, refused
from tfcompat._slicing import WIDE, check_allowed, moves

Tlen = Data("Tlen", dtypes.int32)
Tshift = Data("Tshift")


class _Axes:
    """An int, or a tuple of ints: which of them, tells how many shifts there are."""

    fast = "type({x}) is int"

    @staticmethod
    def canonical(value, name):
        axes = convert(value)
        check_allowed("Roll", "Taxis", axes._aval.dtype, WIDE)
        if len(axes._aval.shape) > 1:
            raise invalid(f"axis must be a scalar or a 1-D vector. Found: {shape_text(axes._aval.shape)}", "Roll")
        axes = host_value(axes).tolist()
        return axes if type(axes) is int else tuple(axes)


@moves
@op("ReverseV2")
def reverse_axes(tensor: T, axis: Any):
    """`reverse` along a tuple of dimensions."""
    if tensor.ndim == 0 or tensor.size == 0:  # then the kernel does not look at the axes
        return tensor
    for k, d in enumerate(axis):
        if not -tensor.ndim <= d < tensor.ndim:
            text = f"'axis'[{k}] = {d} is out of valid range [0, {tensor.ndim - 1}"
            recorded = for_shapes(text, "ReverseV2", tensor, [len(axis)], computed={1: axis})
            raise invalid(text, "ReverseV2", while_recording=recorded)
        if d % tensor.ndim in [e % tensor.ndim for e in axis[:k]]:
            raise invalid(f"axis {d % tensor.ndim} specified more than once.", "ReverseV2")
    return lax.rev(tensor, [d % tensor.ndim for d in axis])


@by_form
def reverse(tensor, axis, name=None):
    """`tensor` in reverse order along the dimensions in the vector `axis`.

    Args:
      tensor: a tensor of any dtype.
      axis: a vector of ints; negative ones count from the end. A scalar or empty `tensor` is given back whatever it says.

    Raises:
      InvalidArgumentError: `axis` is no vector, names a dimension twice or one that does not exist.
    """
    if type(axis) in (list, tuple) and are_ints(axis):
        return reverse_axes(tensor, tuple(axis))
    axis = convert(axis, None, dtypes.int32)
    check_allowed("ReverseV2", "Tidx", axis._aval.dtype, WIDE)
    axis, tensor = host_value(axis), convert(tensor)
    if axis.ndim != 1 and tensor._aval.shape and tensor._aval.size:
        raise invalid(f"'dims' must be 1-dimension, not {axis.ndim}", "ReverseV2")
    return reverse_axes(tensor, tuple(int(d) for d in axis.reshape(-1)))


def _lengths_bad(input, seq_lengths, seq_axis, batch_axis):
    return jnp.any((seq_lengths < 0) | (seq_lengths > input.shape[seq_axis]))


def _lengths_message(input, seq_lengths, seq_axis, batch_axis):
    k = int(np.argmax((seq_lengths < 0) | (seq_lengths > input.shape[seq_axis])))
    return f"seq_lens({k}) > input.dims({seq_axis})" if seq_lengths[k] > 0 else f"seq_lens({k}) < 0"


class _Dimension(Int):
    """An axis, which has another name in messages."""

    @staticmethod
    def canonical(value, name):
        return Int.canonical(value, name.replace("axis", "dim"))


@moves
@op("ReverseSequence", check=Check(_lengths_bad, _lengths_message), Tlen=WIDE)
def reverse_sequence(input: T, seq_lengths: Tlen, seq_axis: _Dimension = None, batch_axis: _Dimension = None):
    """Reverses the first `seq_lengths[i]` slices along `seq_axis` of each slice i along `batch_axis`.

    Args:
      input: a tensor.
      seq_lengths: int32 or int64 vector, one length for each slice along `batch_axis`.
      seq_axis: an int.
      batch_axis: an int; default 0.

    Raises:
      InvalidArgumentError: wrong number of lengths, a length out of range, or equal axes.
    """
    if seq_axis is None:
        raise plain(TypeError("Expected int for argument 'seq_dim' not None."))
    batch, along = batch_axis or 0, seq_axis
    for text, axis in (("batch_dim", batch), ("seq_dim", along)):
        if axis < 0:
            raise refused(f"Invalid {text} {axis}", "ReverseSequence")
        if axis >= input.ndim:
            raise invalid(f"{text} must be < input rank ( {axis} vs. {input.ndim})", "ReverseSequence")
    if batch == along:
        raise refused(f"batch_dim == seq_dim == {along}", "ReverseSequence")
    if seq_lengths.shape != (input.shape[batch],):
        raise invalid(f"Length of seq_lengths != input.dims({batch}), ({seq_lengths.size} vs. {input.shape[batch]})",
                      "ReverseSequence")  # fmt: skip
    place = lax.broadcasted_iota(seq_lengths.dtype, input.shape, along)
    lengths = lax.broadcast_in_dim(seq_lengths, input.shape, [batch])
    return jnp.take_along_axis(input, jnp.where(place < lengths, lengths - 1 - place, place), along, mode="clip")


def _roll_grad(g, out, input, shift, axis):
    return roll.op.body(g, -shift, axis)


@moves
@op("Roll", grad=_roll_grad, Tshift=WIDE)
def roll(input: T, shift: Tshift, axis: _Axes):
    """Moves elements by `shift` places along `axis`; what falls off one end comes in at the other.

    Args:
      input: a tensor of rank at least 1.
      shift: an int or a vector, one for each entry of `axis`; negative: towards the front.
      axis: an int or a vector; shifts along the same dimension add up.

    Raises:
      InvalidArgumentError: lengths differ, or a dimension does not exist.
    """
    axes = [axis] if isinstance(axis, int) else list(axis)
    if input.ndim == 0:
        raise invalid("input must be 1-D or higher", "Roll")
    if shift.ndim > 1:
        raise invalid(f"shift must be a scalar or a 1-D vector. Found: {shape_text(shift.shape)}", "Roll")
    shifts = [shift] if shift.ndim == 0 else [shift[k] for k in range(shift.size)]
    if len(shifts) != len(axes) or (shift.ndim == 0) != isinstance(axis, int):
        raise invalid("shift and axis must have the same size", "Roll")
    for amount, d in zip(shifts, axes, strict=True):
        if not -input.ndim <= d < input.ndim:
            raise refused(f"axis {d if d >= 0 else d + input.ndim} is out of range", "Roll")
        n = input.shape[d]
        if n:
            start = lax.rem(lax.rem(-amount, amount.dtype.type(n)) + amount.dtype.type(n), amount.dtype.type(n))
            twice = lax.concatenate([input, input], d % input.ndim)
            input = lax.dynamic_slice_in_dim(twice, start, n, d)
    return input
