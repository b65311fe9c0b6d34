"""Ops that cut a tensor into parts."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._array import positive, text_of
from tfcompat._core.attributes import size_list
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.op import Int, Ints, T, op
from tfcompat._core.sizes import holds_unknown, undetermined
from tfcompat._declare import for_shapes, invalid, too_small
from tfcompat._slicing import moves
from tfcompat._vectors import One


@moves
@op("Unpack", single=False)
def unpack(value: T, num: Int, axis: Int):
    """`unstack` with its number written out."""
    if num < 0:
        raise too_small("num", num, 0, "Unpack")
    if value.shape[axis] != num:
        raise invalid(f"Input shape axis {axis % value.ndim} must equal {num}, got shape {text_of(value.shape)}", "Unpack",
                      while_recording=for_shapes(f"Dimension must be {num} but is {value.shape[axis]}", "Unpack", value))  # fmt: skip
    return list(jnp.unstack(value, axis=axis))


@by_form
def unstack(value, num=None, axis=0, name="unstack"):
    """The list of the slices of `value` along `axis`, which they lose.

    Args:
      value: a tensor of rank at least 1.
      num: the size of that dimension, or None.
      axis: an int.

    Raises:
      ValueError: `axis` is out of range, or its size is not known while a function is recorded.
      InvalidArgumentError: the first with a `num`, or `num` is not the size.
    """
    value = convert(value)
    rank = len(value._aval.shape)
    if axis < -rank or axis >= rank:
        if num is not None:
            raise invalid(f"axis = {axis} not in [{-rank}, {rank})", "Unpack", name)
        raise ValueError(f"Argument `axis` = {axis} not in range [{-rank}, {rank})")
    if num is None:
        num = list(value._aval.shape)[axis]
        if holds_unknown((num,)):
            raise undetermined(f"Cannot infer argument `num` from shape {value.shape}")
    return unpack(value, num, axis)


def _split_axis(value, axis, kernel):
    rank = value.ndim
    return positive(axis, rank, f"-input rank(-{rank}) <= split_dim < input rank ({rank}), but got {axis}", kernel)


@moves
@op("Split", single=False)
def split_evenly(value: T, num: Int, axis: One("Split", "split_dim must be a scalar but has rank {1}", position=0)):
    """`split` into `num` equal parts."""
    axis = _split_axis(value, axis, "Split")
    if num < 1:
        raise too_small("num_split", num, 1, "Split")
    if value.shape[axis] % num:
        raise invalid(f"Number of ways to split should evenly divide the split dimension, but got split_dim {axis} "
                      f"(size = {value.shape[axis]}) and num_split {num}", "Split", while_recording=for_shapes(
                          f"Dimension size must be evenly divisible by {num} but is {value.shape[axis]}\n\t"
                          "Number of ways to split should evenly divide the split dimension",
                          "Split", (), value, computed={0: [axis]}))  # fmt: skip
    return lax.split(value, [value.shape[axis] // num] * num, axis)


@moves
@op("SplitV", single=False)
def split_v(value: T, sizes: Ints, axis: One("SplitV", "split_dim_tensor must have exactly one element.", rank=None, position=2)):
    """`split` into parts of given sizes."""
    axis = _split_axis(value, axis, "SplitV")
    if sum(n == -1 for n in sizes) > 1:
        raise invalid("There can only be one -1 in the input.", "SplitV")
    given, size = sum(n for n in sizes if n != -1), value.shape[axis]
    if len(sizes) == 1 and sizes[0] != size:
        raise invalid("If there is only one output, it must have the same size as the input. Input size: "
                      f"{size} output size: {sizes[0]}", "SplitV")  # fmt: skip
    if given > size or (given != size and -1 not in sizes):
        raise invalid("Determined shape must either match input shape along split_dim exactly if fully specified, or be "
                      "less than the size of the input along split_dim if not fully specified.  "
                      f"Got: {given}", "SplitV", while_recording=for_shapes(
                          f"can't split axis of size {size} into pieces of size {text_of(sizes)}", "SplitV", value, [len(sizes)],
                          (), computed={1: sizes, 2: [axis]}))  # fmt: skip
    return lax.split(value, [size - given if n == -1 else n for n in sizes], axis)


@by_form
def split(value, num_or_size_splits, axis=0, num=None, name="split"):
    """Cuts a tensor into parts along `axis`.

    Args:
      value: a tensor.
      num_or_size_splits: the number of equal parts (a Python int), or a vector of their sizes, of which one may be -1.
      axis: an int.
      num: the number of parts, if it cannot be told from the sizes.

    Returns:
      A list of tensors.

    Raises:
      InvalidArgumentError: the size is no multiple of the number, or the sizes do not add up.
      ValueError: the number of parts is a tensor, or not known while a function is recorded.
    """
    if isinstance(num_or_size_splits, (int, np.integer)):
        return split_evenly(value, num_or_size_splits, axis)
    if num is None and isinstance(num_or_size_splits, (list, tuple)) and (found := size_list(num_or_size_splits)):
        return split_v(value, found, axis)
    sizes = convert(num_or_size_splits)
    if not sizes._aval.shape:
        raise ValueError("Rank-0 tensors are not supported as the num_or_size_splits argument to split. Argument "
                         f"provided: {num_or_size_splits}")  # fmt: skip
    if num is None and holds_unknown(sizes._aval.shape):
        raise undetermined(f"Cannot infer argument `num` from shape {sizes}")
    if num is not None and num != sizes._aval.size:
        raise invalid("size of the split_tensor must be 1-D and have the same elements as outputs got "
                      f"{len(sizes._aval.shape)} -D and {sizes._aval.size} elements", "SplitV")  # fmt: skip
    return split_v(value, sizes, axis)
