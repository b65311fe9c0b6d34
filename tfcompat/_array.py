"""Ops that reshape, join, repeat and pad tensors: elements move, values stay."""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import convert as conversion, dtypes, nest, shapes
from tfcompat._core.attributes import size_list
from tfcompat._core.by_value import by_value
from tfcompat._core.convert import convert
from tfcompat._core.core_types import CompositeTensor
from tfcompat._core.custom_gradient import custom_gradient
from tfcompat._core.forms import by_form
from tfcompat._core.op import Any, Bool, Data, Int, Many, Op, Size, T, invoke, op
from tfcompat._core.recorded_data import recording
from tfcompat._core.refusals import plain
from tfcompat._core.sizes import unranked
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle, host_value, size_value
from tfcompat._declare import check_new_axis, for_shapes, invalid, refused, unequal_shapes
from tfcompat._gather import take
from tfcompat._slicing import WIDE, check_allowed, moves
from tfcompat._vectors import One, Vector


def text_of(shape):
    """`[2,3]`, as TensorFlow's kernels write shapes."""
    return f"[{','.join(map(str, shape))}]"


def positive(axis, rank, message, kernel):
    """`axis` counted from the front, or the kernel's error."""
    if not -rank <= axis < rank:
        raise invalid(message, kernel)
    return axis % rank


# Shape


def _reshaped(text, tensor, shape):
    unknown = [None if n == -1 else n for n in shape]
    return for_shapes(text, "Reshape", tensor, [len(shape)], partial={1: unknown})


@moves
@op("Reshape")
def reshape(tensor: T, shape: Vector("Reshape", "Tshape", "sizes input must be 1-D, not {}", sizes=True)):
    """The same elements in another shape.

    Args:
      tensor: a tensor.
      shape: the new shape; one entry may be -1: what the others leave over.

    Raises:
      InvalidArgumentError: the number of elements differs, or `shape` has a negative entry or several -1.
    """
    size, unknown, given = tensor.size, [d for d, n in enumerate(shape) if n == -1], shape
    if len(unknown) > 1:
        raise refused(f"Only one input size may be -1, not both {unknown[0]} and {unknown[1]}", "Reshape")
    for d, n in enumerate(shape):
        if n < -1:
            raise invalid(f"Size {d} must be non-negative, not {n}", "Reshape")
    known = math.prod(n for n in shape if n != -1)
    if unknown and known and size % known:
        raise invalid(f"Input to reshape is a tensor with {size} values, but the requested shape requires a multiple "
                      f"of {known}", "Reshape", while_recording=_reshaped(
                          f"Dimension size must be evenly divisible by {known} but is {size}", tensor, given))  # fmt: skip
    if unknown:
        # Where `shape` asks for an empty dimension, what the others leave over is counted without the empty ones.
        rest = [n for n in shape if n > 0]
        missing = math.prod(n for n in tensor.shape if n or known) // math.prod(rest)
        shape = tuple(missing if n == -1 else n for n in shape)
    if math.prod(shape) != size:
        raise invalid(f"Input to reshape is a tensor with {size} values, but the requested shape has "
                      f"{math.prod(shape)}", "Reshape", while_recording=_reshaped(
                          f"Cannot reshape a tensor with {size} elements to shape {text_of(shape)} ({math.prod(shape)} elements)",
                          tensor, given))  # fmt: skip
    return lax.reshape(tensor, shape)


class Permutation:
    """None or a vector."""

    fast = "{x} is None"
    canonical = Vector("Transpose", "Tperm", "perm must be rank 1, got shape {}", scalar=False).canonical


@moves
@op("Transpose")
def transpose(a: T, perm: Permutation = None, conjugate: Bool = False, name="transpose"):
    """Permutes the dimensions: dimension i of the result is dimension `perm[i]` of `a` (default: reversed).

    Args:
      a: a tensor.
      perm: a permutation of the dimensions.
      conjugate: also take the complex conjugate.

    Raises:
      InvalidArgumentError: `perm` is no permutation of the dimensions.
    """
    rank = a.ndim
    perm = tuple(reversed(range(rank))) if perm is None else perm
    if len(perm) != rank:
        raise invalid(f"transpose expects a vector of size {rank}. But input(1) is a vector of size {len(perm)}", "Transpose",
                      while_recording=for_shapes(f"Dimension must be {rank} but is {len(perm)}", "Transpose", a, [len(perm)]))  # fmt: skip
    for p in perm:
        if not -rank <= p < rank:
            raise invalid(f"{p} is out of range [0 .. {rank})", "Transpose")
    perm = tuple(p % rank for p in perm)
    for d in range(rank):
        if d not in perm:
            raise refused(f"{d} is missing from {{{','.join(map(str, perm))}}}.", "Transpose")
    a = lax.conj(a) if conjugate and jnp.iscomplexobj(a) else a
    return lax.transpose(a, perm)


@moves
@op("ExpandDims")
def expand_dims(input: T, axis: One("ExpandDims", "'dim' must be a tensor with a single value", "Tdim", None)):
    """Inserts a dimension of size 1 at `axis`.

    Args:
      input: a tensor of any dtype.
      axis: where the new dimension comes to stand, a scalar; negative ones count from the end of the result.

    Raises:
      InvalidArgumentError: `axis` is not in -(rank + 1)..rank.
    """
    check_new_axis(input, axis)
    return lax.expand_dims(input, [axis])


class SqueezeDims:
    """A list of ints, None or an int: no tensors to TensorFlow."""

    fast = "{x} is None or type({x}) is int"

    @staticmethod
    def canonical(value, name):
        if np.isscalar(value):
            value = [value]
        if not isinstance(value, (list, tuple, range, shapes.TensorShape)):
            raise TypeError(f"Expected list for 'axis' argument to 'squeeze' Op, not {value!r}.")
        return tuple([Int.canonical(v, name) for v in value])


@moves
@op("Squeeze")
def _squeeze(input: T, axis: SqueezeDims = None):
    rank = input.ndim
    axes = [d for d in range(rank) if input.shape[d] == 1] if axis is None or axis == () else axis
    axes = [axes] if isinstance(axes, int) else list(axes)
    for k, d in enumerate(axes):
        axes[k] = positive(d, rank, f"Tried to squeeze dim index {d} for tensor with {rank} dimensions.", "Squeeze")
        if input.shape[axes[k]] != 1:
            text = f"Can not squeeze dim[{axes[k]}], expected a dimension of 1, got {input.shape[axes[k]]}"
            raise invalid(text, "Squeeze", while_recording=for_shapes(text, "Squeeze", input))
    return lax.squeeze(input, sorted(set(axes)))


# Their gradients reshape: it is the number of elements that counts.
reshape.op.seeds = expand_dims.op.seeds = _squeeze.op.seeds = reshape


@by_form
def squeeze(input, axis=None, name=None):
    """Removes dimensions of size 1: those in `axis`, by default all.

    Args:
      input: a tensor of any dtype.
      axis: an int or a list of ints; negative ones count from the end.

    Raises:
      InvalidArgumentError: a dimension in `axis` has another size or does not exist.
    """
    result = _squeeze(input, axis)
    return unranked(result) if axis is None or type(axis) is list and not axis else result


_VECTOR = "shape must be a vector of {{int32,int64}}, got shape {}"


@moves
@op("BroadcastTo")
def broadcast_to(input: T, shape: Vector("BroadcastTo", "Tidx", _VECTOR, False, True)):
    """`input` repeated to `shape` by the rules of broadcasting.

    Args:
      input: a tensor of any dtype.
      shape: a vector of int32 or int64; no dimension of `input` of a size other than 1 may change.

    Raises:
      InvalidArgumentError: the shapes are not compatible.
    """
    if any(n < 0 for n in shape):
        raise invalid(f"Dimension {min(shape)} must be >= 0", "BroadcastTo")
    if input.ndim > len(shape):
        raise invalid(f"Rank of input ({input.ndim}) must be no greater than rank of output shape ({len(shape)}).",
                      "BroadcastTo")  # fmt: skip
    if any(n not in (1, m) for n, m in zip(reversed(input.shape), reversed(shape), strict=False)):
        n, m = next((n, m) for n, m in zip(reversed(input.shape), reversed(shape), strict=False) if n not in (1, m))
        text = f"Dimensions must be equal, but are {n} and {m}"
        raise invalid(f"Incompatible shapes: {text_of(input.shape)} vs. {text_of(shape)}", "BroadcastTo",
                      while_recording=for_shapes(text, "BroadcastTo", input, [len(shape)], partial={1: shape}))  # fmt: skip
    return lax.broadcast_in_dim(input, shape, range(len(shape) - input.ndim, len(shape)))


@moves
@op("Identity")
def _identity(input: T):
    return input


def identity(input, name=None):
    """A tensor with the values of `input`.

    Args:
      input: a tensor of any dtype, or a composite of tensors, of which each one is copied.

    Raises:
      ValueError: `input` cannot become a tensor.
    """
    if type(input) is not Tensor and isinstance(input, CompositeTensor):
        return nest.map_structure(identity, input, expand_composites=True)
    return _identity(input)


identity.op = _identity.op
identity.op.seeds = "broadcast"


def identity_n(input, name=None):
    """A list of tensors with the values of the tensors in the list `input`.

    Args:
      input: a list of tensors, dtypes and shapes may differ.

    Raises:
      ValueError: an entry cannot become a tensor. InvalidArgumentError: an empty list.
    """
    if not input:
        raise invalid("Length for attr 'T' of 0 must be at least minimum 1\n\t; NodeDef: {{node IdentityN}}", "IdentityN")
    tensors = [convert(t) for t in input]
    differentiable = [t._aval.differentiable for t in tensors]
    if any(differentiable) and not all(differentiable):
        return _identities_of_any(*tensors)
    return list(invoke(_identities(len(input)), tensors))


@custom_gradient
def _identities_of_any(*tensors):
    """`identity_n` of numbers and what is none: beside numbers integers get gradients, too."""
    return [identity(t) for t in tensors], lambda *gradients: list(gradients)


@functools.cache
def _identities(count):
    """One op of `count` tensors: where one of its results is used, the gradients of the others are zeros, not None."""
    parameters = [(f"input_{i}", Data(f"T{i}")) for i in range(count)]
    return Op("IdentityN", lambda *inputs: list(inputs), parameters, single=False)


@moves
@op("EnsureShape")
def _ensured(x: T, shape: Any):
    wanted = shapes.TensorShape(shape)
    if not wanted.is_compatible_with(x.shape):
        given = "?" if wanted.rank is None else text_of("?" if n is None else n for n in shape)
        same_rank = wanted.rank == x.ndim
        text = unequal_shapes(shape, x.shape) if same_rank else f"Shape must be rank {wanted.rank} but is rank {x.ndim}"
        raise invalid(f"Shape of tensor input {text_of(x.shape)} is not compatible with expected shape {given}.", "EnsureShape",
                      while_recording=for_shapes(text, "EnsureShape", x))  # fmt: skip
    return x


def ensure_shape(x, shape, name=None):
    """`x`, if its shape is compatible with `shape` (which may have unknown dimensions).

    Args:
      x: a tensor.
      shape: a TensorShape, or a list of sizes and None.

    Raises:
      InvalidArgumentError: it is not.
    """
    x, wanted = convert(x), shapes.TensorShape(shape)
    if x.shape.rank is None:
        x.set_shape(wanted)
    return _ensured(x, None if wanted.rank is None else tuple(wanted.as_list()))


# Joining


def _concat_axis(values, axis):
    rank, first = values[0].ndim, values[0].shape

    def fault(text, recorded, looked=None):
        recorded = for_shapes(recorded, "ConcatV2", *values, (), computed=looked)
        return invalid(f"ConcatOp : {text}", "ConcatV2", "concat", recorded)

    looked = {len(values): [axis]}
    if axis not in (0, -1) and not -rank <= axis < rank:
        wanted = axis + 1 if axis >= 0 else -axis
        raise fault(f"Expected concatenating dimensions in the range [{-rank}, {rank}), but got {axis}",
                    f"Shape must be at least rank {wanted} but is rank {rank}", looked)  # fmt: skip
    if any(v.ndim == 0 for v in values):
        odd = next(v.ndim for v in values if v.ndim != rank) if rank else 0
        raise fault("Can't concatenate scalars (use tf.stack instead)",
                    f"Shape must be rank {rank} but is rank {odd}" if rank else "Can't concatenate scalars (use tf.stack instead)")  # fmt: skip
    axis %= rank
    for k, v in enumerate(values):
        pair = f"shape[0] = {text_of(first)} vs. shape[{k}] = {text_of(v.shape)}"
        if v.ndim != rank:
            raise fault(f"Ranks of all input tensors should match: {pair}", f"Shape must be rank {rank} but is rank {v.ndim}")
        for d in range(rank):
            if d != axis and v.shape[d] != first[d]:
                rest = [[n for i, n in enumerate(s) if i != axis] for s in (first, v.shape)]
                raise fault(f"Dimension {d} in both shapes must be equal: {pair}", unequal_shapes(*rest), looked)
    return axis


@moves
@op("ConcatV2")
def concat_v2(values: Many("T"), axis: One("ConcatV2", "axis tensor should be a scalar integer, but got shape {}", rank=1)):
    """`concat` of at least two tensors."""
    return lax.concatenate(values, _concat_axis(values, axis))


def _joined_labels(shapes, axis):
    return [[i if i != axis % len(s) else (i, k) for i in range(len(s))] for k, s in enumerate(shapes)]


concat_v2.op.agree = _joined_labels


@by_form
def concat(values, axis, name="concat"):
    """Joins tensors along `axis`; their other dimensions agree.

    Args:
      values: a list of tensors of one dtype and rank, or one tensor.
      axis: an int.

    Raises:
      InvalidArgumentError: ranks, shapes or dtypes do not fit, `axis` is out of range, or the list is empty.
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    if len(values) == 1:
        try:
            convert(axis, dtypes.int32).shape.assert_has_rank(0)
        except ValueError as error:
            raise ValueError(f"concat_dim: {error}" if str(error).startswith("Tensor conversion") else str(error)) from None
        return identity(values[0])
    if not values:
        raise invalid("ConcatOp : Expected at least one tensor to concatenate, got an empty list", "ConcatV2", name)
    return concat_v2(values, axis)


def _same_shapes(values):
    for k, v in enumerate(values):
        if v.shape != values[0].shape:
            if recording():  # looked at from the last one on
                last = values[-1].shape
                other = next(v.shape for v in reversed(values) if v.shape != last)
                text = f"{unequal_shapes(other, last)}\n\tFrom merging shape 0 with other shapes."
                raise plain(ValueError(for_shapes(text, "Pack", *values)))
            raise invalid(f"Shapes of all inputs must match: values[0].shape = {text_of(values[0].shape)} != "
                          f"values[{k}].shape = {text_of(v.shape)}", "Pack", "stack")  # fmt: skip


@moves
@op("Pack")
def pack(values: Many("T"), axis: Int = 0):
    """`stack` of tensors."""
    _same_shapes(values)
    return jnp.stack(values, axis)


@by_form
def stack(values, axis=0, name="stack"):
    """Puts tensors of one shape side by side in a new dimension at `axis`.

    Args:
      values: a list of tensors of one dtype and shape.
      axis: an int in -(rank + 1)..rank.

    Raises:
      ValueError: `axis` is out of range. InvalidArgumentError: shapes or dtypes differ.
    """
    if type(values) in (list, tuple) and set(map(type, values)) == {Tensor}:
        return pack(values, _checked_axis(values, axis))
    listed = isinstance(values, (list, tuple))
    if axis == 0 and not (listed and conversion.holds_tensors(values)):
        try:
            return identity(values)
        except (TypeError, ValueError):
            pass  # lists of different lengths: an error of shapes
    if not listed or values:
        conversion.convert(values[0])  # raises what is no sequence, and no tensor
    if isinstance(values, (TensorHandle, np.ndarray)):
        values = [*values]
    values = _convert_all(values)
    return pack(values, _checked_axis(values, axis))


def _checked_axis(values, axis):
    rank = len(values[0]._aval.shape) + 1
    if axis < -rank or axis >= rank:
        raise ValueError(f"Argument `axis` = {axis} not in range [{-rank}, {rank})")
    return axis


def _convert_all(values):
    return conversion.convert_many(pack.op, [Many("T")], [values], ["values"])[0]


conversion.set_pack(pack)


def parallel_stack(values, name="parallel_stack"):
    """Not available in eager execution; `tf.stack` does the same.

    Args:
      values: a list of tensors.

    Raises:
      RuntimeError: always.
    """
    raise RuntimeError("tf.parallel_stack() is not compatible with eager execution.")


# Repeating and padding


@moves
@op("Tile")
def tile(input: T, multiples: Vector("Tile", "Tmultiples", "Expected multiples to be 1-D, but got shape {}", False, True)):
    """`input` repeated `multiples[i]` times along each dimension i.

    Args:
      input: a tensor of any dtype.
      multiples: a vector of int32 or int64, one entry for each dimension.

    Raises:
      InvalidArgumentError: `multiples` is no vector with one non-negative int for each dimension.
    """
    if len(multiples) != input.ndim:
        text = f"Shape must be rank {input.ndim} but is rank {len(multiples)}"
        raise invalid(f"Expected multiples argument to be a vector of length {input.ndim} but got length {len(multiples)}",
                      "Tile", while_recording=for_shapes(text, "Tile", input, [len(multiples)]))  # fmt: skip
    for d, n in enumerate(multiples):
        if n < 0:
            raise refused(f"Expected multiples[{d}] >= 0, but got {n}", "Tile")
    return jnp.tile(input, multiples)


@moves
@op("Repeat")
def repeat_each(input: T, count: Size, axis: Int):
    """Each slice along `axis` `count` times in a row."""
    if count < 0:
        raise refused(f"Expected multiples[1] >= 0, but got {count}", "Tile")
    return jnp.repeat(input, count, axis)


@by_form
def repeat(input, repeats, axis=None, name=None):
    """Repeats each slice along `axis` (default: each element of the flattened tensor).

    Args:
      input: a tensor.
      repeats: an int, or a vector with one for each slice.
      axis: an int, or None.

    Raises:
      ValueError: `repeats` has another length than `axis`.
    """
    input, number = convert(input), repeats if type(repeats) is int and abs(repeats) < 2**31 else None
    if number is None:
        repeats = convert(repeats, None, dtypes.int32 if type(repeats) is not float else None)
    if number is None and not repeats._aval.dtype.is_integer:
        raise TypeError(f"Argument `tensor` (name: repeats) must be of type integer. Received `tensor` = {repeats.numpy()} "
                        f"of dtype: {repeats._aval.dtype}")  # fmt: skip
    if axis is None:
        input, axis = reshape(input, (-1,)), 0
    elif not input._aval.shape:
        input = reshape(input, (-1,))
    rank = len(input._aval.shape)
    if not isinstance(axis, int):
        raise TypeError(f"Argument `axis` must be an int. Received `axis` = {axis} of type {type(axis).__name__}")
    if not -rank <= axis < rank:
        raise ValueError(f"axis={axis} out of bounds: expected {-rank}<=axis<{rank}")
    if number is None and len(repeats._aval.shape) > 1:
        raise ValueError(f"Shape {repeats.shape} must have rank at most 1")
    if number is None and repeats._aval.size == 1:
        number = int(size_value(repeats).reshape(()))
    if number is not None:
        return repeat_each(input, number, axis)
    shape, given = input.shape[axis : axis + 1 or None], repeats.shape
    if not shape.is_compatible_with(given):
        raise ValueError(f"Dimensions {shape[0]} and {given[0]} are not compatible")
    # The positions are data: what is structure is only how many there are.
    return take(input, *by_value("Repeat", _repeated, [repeats], (np.int32, (None,))), axis)


def _repeated(counts):
    counts = host_value(counts)
    return [convert(np.repeat(np.arange(counts.size, dtype=np.int32), counts))]


def _paddings(paddings, shape, kernel):
    pads = np.asarray(paddings)
    if pads.ndim != 2 or pads.shape[1] != 2:
        raise invalid(f"paddings must be a matrix with 2 columns: {text_of(pads.shape)}", kernel)
    if len(pads) != len(shape):
        raise invalid(f"The first dimension of paddings must be the rank of inputs{text_of(pads.shape)} "
                      f"{text_of(shape)}", kernel, while_recording=for_shapes(
                          f"Shape must be rank {len(pads)} but is rank {len(shape)}", kernel, shape, pads))  # fmt: skip
    for low, high in paddings:
        if low < 0 or high < 0:
            raise invalid(f"Paddings must be non-negative: {low} {high}", kernel)
    return paddings


@moves
@op("Pad")
def pad_zeros(tensor: T, paddings: Any):
    """`pad` with zeros."""
    pads = _paddings(paddings, tensor.shape, "Pad")
    return lax.pad(tensor, jnp.zeros((), tensor.dtype), [(low, high, 0) for low, high in pads])


@moves
@op("PadV2")
def pad_constant(tensor: T, constant_values: T, paddings: Any):
    """`pad` with a constant."""
    pads = _paddings(paddings, tensor.shape, "Pad")
    return lax.pad(tensor, constant_values.reshape(()), [(low, high, 0) for low, high in pads])


@moves
@op("MirrorPad")
def pad_mirror(tensor: T, paddings: Any, mode: Any):
    """`pad` with what is inside, mirrored."""
    pads = _paddings(paddings, tensor.shape, "MirrorPad")
    for (low, high), n in zip(pads, tensor.shape, strict=True):
        if mode == "reflect" and max(low, high) >= max(n, 1):
            raise refused(f"paddings must be less than the dimension size: {low}, {high} not less than {n}",
                          "MirrorPad")  # fmt: skip
        if mode == "symmetric" and max(low, high) > n:
            raise refused(f"paddings must be no greater than the dimension size: {low}, {high} greater than {n}",
                          "MirrorPad")  # fmt: skip
    skipped = 1 if mode == "reflect" else 0
    for d, (low, high) in enumerate(pads):
        n = tensor.shape[d]
        before = lax.rev(lax.slice_in_dim(tensor, skipped, skipped + low, axis=d), [d])
        after = lax.rev(lax.slice_in_dim(tensor, n - skipped - high, n - skipped, axis=d), [d])
        parts = [p for p in (before, tensor, after) if p.shape[d]]
        tensor = lax.concatenate(parts, d) if len(parts) > 1 else tensor
    return tensor


@by_form
def pad(tensor, paddings, mode="CONSTANT", constant_values=0, name=None):
    """Adds `paddings[i][0]` slices before and `paddings[i][1]` after dimension i.

    Args:
      tensor: a tensor of rank n.
      paddings: an int matrix of shape [n, 2].
      mode: "CONSTANT", "REFLECT" (without the border) or "SYMMETRIC" (with it).
      constant_values: the scalar to pad with.

    Raises:
      ValueError: another mode. InvalidArgumentError: paddings of another shape, negative, or too large to mirror.
    """
    mode = mode.upper()
    if mode not in ("CONSTANT", "REFLECT", "SYMMETRIC"):
        raise ValueError('Value of argument `mode` expected to be one of "CONSTANT", "REFLECT", or "SYMMETRIC". '
                         f"Received `mode` = {mode}")  # fmt: skip
    nested = type(paddings) in (list, tuple) and all([type(row) in (list, tuple) for row in paddings])
    rows = tuple([tuple(row) if are_ints(row) else size_list(row) for row in paddings]) if nested else (None,)
    if None not in rows:
        paddings = rows
    else:
        paddings = convert(paddings, None, dtypes.int32)
        check_allowed("MirrorPad" if mode != "CONSTANT" else "Pad", "Tpaddings", paddings._aval.dtype, WIDE)
        paddings = _nested_ints(size_value(paddings).tolist())
    if mode != "CONSTANT":
        return pad_mirror(tensor, paddings, mode.lower())
    tensor = convert(tensor)
    if type(constant_values) in (int, float) and constant_values == 0:
        if not tensor._aval.np_dtype.hasobject:
            return pad_zeros(tensor, paddings)
        constant_values = b""
    elif type(constant_values) is bool or isinstance(constant_values, (np.ndarray, np.generic)):
        if np.ndim(constant_values) == 0 and constant_values == 0:
            return pad_zeros(tensor, paddings)
    return pad_constant(tensor, constant_values, paddings)


def _nested_ints(value):
    return tuple(_nested_ints(v) for v in value) if isinstance(value, list) else value


def are_ints(values):
    """Whether a sequence holds nothing but Python ints, of 32 bits."""
    return set(map(type, values)) == {int} and min(values) >= -(2**31) and max(values) < 2**31
