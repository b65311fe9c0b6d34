"""Blocks of space as batches or channels, and back."""

import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._array import transpose
from tfcompat._core import dtypes
from tfcompat._core.avals import aval, shape_text
from tfcompat._core.convert import convert
from tfcompat._core.op import Int, Shape, T, op
from tfcompat._core.sizes import needed
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import PLAIN, host_value
from tfcompat._declare import invalid, too_small
from tfcompat._slicing import moves


def _matrix(array):
    array = array.astype(np.int32)
    return Tensor(aval(array.shape, array.dtype), array, None, PLAIN)


# Batches

@moves
@op("SpaceToBatchND")
def _to_batch(input: T, block_shape: Shape, paddings: Shape):
    n = len(block_shape)
    pads = [(paddings[2 * k], paddings[2 * k + 1], 0) for k in range(n)]
    x = lax.pad(input, jnp.zeros((), input.dtype), [(0, 0, 0), *pads, *[(0, 0, 0)] * (input.ndim - n - 1)])
    for d, b in enumerate(block_shape, 1):
        if x.shape[d] % b:
            raise invalid(f"padded_shape[{d - 1}]={x.shape[d]} is not divisible by block_shape[{d - 1}]={b}",
                          "SpaceToBatchND")  # fmt: skip
    split = [m for d, b in enumerate(block_shape, 1) for m in (x.shape[d] // b, b)]
    rest = x.shape[n + 1 :]
    x = lax.reshape(x, (x.shape[0], *split, *rest))
    blocks, places = [2 + 2 * k for k in range(n)], [1 + 2 * k for k in range(n)]
    x = lax.transpose(x, [*blocks, 0, *places, *range(2 * n + 1, x.ndim)])
    return lax.reshape(x, (int(np.prod(x.shape[: n + 1])), *x.shape[n + 1 :]))


def space_to_batch(input, block_shape, paddings, name=None):
    """Moves blocks of the padded spatial dimensions into the batch dimension.

    Args:
      input: a tensor of shape [batch, spatial..., rest...].
      block_shape: the block's size in each spatial dimension.
      paddings: an int matrix of shape [spatial dimensions, 2].

    Raises:
      InvalidArgumentError: a padded size is no multiple of its block's.
    """
    paddings = host_value(convert(paddings)).reshape(-1).tolist()
    return _to_batch(input, host_value(convert(block_shape)).tolist(), paddings)


space_to_batch_nd = space_to_batch


@moves
@op("BatchToSpaceND")
def _to_space(input: T, block_shape: Shape, crops: Shape):
    n, size = len(block_shape), int(np.prod(block_shape))
    if input.shape[0] % size:
        raise invalid(f"Input batch dimension ({input.shape[0]}) is not divisible by product of block sizes ({size})",
                      "BatchToSpaceND")  # fmt: skip
    x = lax.reshape(input, (*block_shape, input.shape[0] // size, *input.shape[1:]))
    pairs = [d for k in range(n) for d in (n + 1 + k, k)]
    x = lax.transpose(x, [n, *pairs, *range(2 * n + 1, x.ndim)])
    sizes = [input.shape[1 + k] * block_shape[k] for k in range(n)]
    x = lax.reshape(x, (x.shape[0], *sizes, *input.shape[n + 1 :]))
    ends = [m - crops[2 * k + 1] for k, m in enumerate(sizes)]
    starts = [crops[2 * k] for k in range(n)]
    return lax.slice(x, [0, *starts, *[0] * (x.ndim - n - 1)], [x.shape[0], *ends, *x.shape[n + 1 :]])


def batch_to_space(input, block_shape, crops, name=None):
    """The inverse of `space_to_batch`: blocks come back from the batch dimension, `crops` are cut off.

    Args:
      input: a tensor [batch, spatial dimensions, rest].
      block_shape: an int, or a vector with one for each spatial dimension.
      crops: an int matrix [spatial dimensions, 2]: what is cut off in front and behind.

    Raises:
      InvalidArgumentError: the batch is no multiple of the block's number of elements.
    """
    block, crops = host_value(convert(block_shape)), host_value(convert(crops))
    if block.ndim and crops.shape != (block.size, 2):
        raise invalid(f"crops should have shape [{block.size}, 2] instead of {shape_text(crops.shape)}", "BatchToSpaceND")
    return _to_space(input, block.tolist(), crops.reshape(-1).tolist())


def required_space_to_batch_paddings(input_shape, block_shape, base_paddings=None, name=None):
    """Paddings and crops that make `space_to_batch` fit: a pair of int matrices of shape [spatial dimensions, 2].

    Args:
      input_shape: sizes of the spatial dimensions, a vector.
      block_shape: sizes of the block, a vector of the same length.
      base_paddings: the least paddings, a matrix [spatial dimensions, 2]; default 0.

    Raises:
      ValueError: shapes that do not fit, or negative paddings.
    """
    size = host_value(convert(input_shape, None, dtypes.int32))
    block = host_value(convert(block_shape, None, dtypes.int32))
    base = np.zeros((len(block), 2), np.int32) if base_paddings is None else host_value(convert(base_paddings))
    needed(size.tolist())
    if size.shape != block.shape:
        raise ValueError(f"Shapes {size.shape} and {list(block.shape)} are incompatible")
    full = size + base[:, 0] + base[:, 1]
    extra = (block - full % block) % block
    paddings = np.stack([base[:, 0], base[:, 1] + extra], 1)
    return _matrix(paddings), _matrix(np.stack([np.zeros_like(extra), extra], 1))


# Channels


@moves
@op("SpaceToDepth")
def _space_to_depth(input: T, block: Int):
    n, h, w, c = input.shape
    if h % block or w % block:
        raise invalid(f"Image width {w} and height {h} should be divisible by block_size: {block}", "SpaceToDepth")
    x = input.reshape(n, h // block, block, w // block, block, c).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(n, h // block, w // block, block * block * c)


@moves
@op("DepthToSpace")
def _depth_to_space(input: T, area: Int):
    n, h, w, c = input.shape
    if c % area:
        raise invalid(f"Input depth dimension {c} should be divisible by: {area}", "DepthToSpace")
    block = math.isqrt(area)
    x = input.reshape(n, h, w, block, block, c // area).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(n, h * block, w * block, c // area)


def _depth(input, block, data_format, kernel):
    if data_format not in ("NHWC", "NCHW"):
        raise invalid(f"Value for attr 'data_format' of \"{data_format}\" is not in the list of allowed values: \"NHWC\", "
                      "\"NCHW\"", kernel)  # fmt: skip
    block = Int.canonical(block, "block_size")
    if block < 2:
        raise too_small("block_size", block, 2, kernel)
    x = convert(input)
    if len(x._aval.shape) != 4:
        raise invalid(f"Input rank should be: 4 instead of: {len(x._aval.shape)}", kernel)
    x = transpose(x, [0, 2, 3, 1]) if data_format == "NCHW" else x
    x = _space_to_depth(x, block) if kernel == "SpaceToDepth" else _depth_to_space(x, block**2)
    return transpose(x, [0, 3, 1, 2]) if data_format == "NCHW" else x


def space_to_depth(input, block_size, data_format="NHWC", name=None):
    """Moves blocks of `block_size` by `block_size` pixels into the channels.

    Args:
      input: a tensor of rank 4.
      block_size: an int above 1.
      data_format: "NHWC" or "NCHW".

    Raises:
      InvalidArgumentError: height or width is no multiple of `block_size`.
    """
    return _depth(input, block_size, data_format, "SpaceToDepth")


def depth_to_space(input, block_size, data_format="NHWC", name=None):
    """Moves channels into blocks of `block_size` by `block_size` pixels.

    Args:
      input: a tensor of rank 4.
      block_size: an int above 1.
      data_format: "NHWC" or "NCHW".

    Raises:
      InvalidArgumentError: the channels are no multiple of the block's number of pixels.
    """
    return _depth(input, block_size, data_format, "DepthToSpace")


def with_space_to_batch(input, dilation_rate, padding, op, filter_shape=None, spatial_dims=None, data_format=None):
    """Calls `op`, which has no dilation, as if it had: pixels that lie `dilation_rate` apart are made images of their own.

    Args:
      input: a tensor [batch, spatial dimensions, channels], or as `data_format` says.
      dilation_rate: a vector of ints, one for each spatial dimension.
      padding: "SAME" (zeros around the input) or "VALID"; given to `op` as it is where no rate is above 1.
      op: function of (tensor, num_spatial_dims=, padding=).
      filter_shape: the size of op's windows; needed for "SAME".
      spatial_dims: positions of the spatial dimensions, ascending; default: those behind the batch.
      data_format: such as "NCHW".

    Raises:
      ValueError: a rate, padding or `spatial_dims` that does not fit.
    """
    rates = np.asarray(host_value(convert(dilation_rate, None, dtypes.int32)))
    if rates.ndim != 1:
        raise ValueError(f"`dilation_rate.shape.rank` must be 1. Received: dilation_rate={dilation_rate} of rank {rates.ndim}")
    if rates.size and rates.min() < 1:
        raise ValueError(f"all values of `dilation_rate` must be positive. Received: dilation_rate={rates}")
    count = len(rates)
    first = data_format is not None and data_format.startswith("NC")
    dims = list(range(2 if first else 1, count + (2 if first else 1))) if spatial_dims is None else list(spatial_dims)
    if dims != sorted(dims) or (dims and dims[0] < 1):
        raise ValueError(f"`spatial_dims` must be a monotonically increasing sequence of positive integers. Received: {dims}")
    if not (rates > 1).any():
        return op(input, num_spatial_dims=count, padding=padding)
    base = np.zeros((count, 2), np.int32)
    if padding == "SAME":
        if filter_shape is None:
            raise ValueError("`filter_shape` must be specified for `padding='SAME'`.")
        reach = (np.asarray(host_value(convert(filter_shape)))[:count] - 1) * rates
        base = np.stack([reach // 2, reach - reach // 2], 1)
    elif padding != "VALID":
        raise ValueError(f"`padding` must be one of 'SAME' or 'VALID'. Received: padding={padding}")
    input = convert(input)
    sizes = needed([input._aval.shape[d] for d in dims])
    paddings, crops = (host_value(v) for v in required_space_to_batch_paddings(sizes, rates, base))
    block, full = np.ones(max(dims), np.int32), np.zeros((2, max(dims), 2), np.int32)
    block[[d - 1 for d in dims]] = rates
    full[0, [d - 1 for d in dims]], full[1, [d - 1 for d in dims]] = paddings, crops
    result = op(space_to_batch(input, block, full[0]), num_spatial_dims=count, padding="VALID")
    return batch_to_space(result, block, full[1])
