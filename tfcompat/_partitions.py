"""Ops that sort rows into partitions and merge them again, count values, and turn positions into coordinates."""

import functools

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._array import concat, reshape, text_of
from tfcompat._cast import cast
from tfcompat._clip import clip_by_value
from tfcompat._core import dtypes
from tfcompat._core.by_value import by_value
from tfcompat._core.convert import convert
from tfcompat._core.op import Axis, Check, Data, Dtype, Int, Shape, T, mismatch, op
from tfcompat._core.recorded_data import recording
from tfcompat._core.tensor_base import host_value
from tfcompat._declare import INDEX, for_shapes, invalid, is_float, not_allowed, refused, too_small, unequal_start
from tfcompat._elementwise import floor, greater, multiply, subtract, truediv
from tfcompat._gather import take
from tfcompat._select import _host
from tfcompat._slicing import moves
from tfcompat.debugging import Assert

# Partitions


def _int32(value, kernel, position):
    value = convert(value, None, dtypes.int32)
    if value.dtype is not dtypes.int32:
        raise mismatch(kernel, position, dtypes.int32, value.dtype)
    return value


def dynamic_partition(data, partitions, num_partitions, name=None):
    """Splits `data` into `num_partitions` tensors: slice i goes into number `partitions[i]`.

    Args:
      data: a tensor whose first dimensions are those of `partitions`.
      partitions: an int32 tensor.
      num_partitions: an int.

    Raises:
      InvalidArgumentError: a number out of range, or shapes that do not fit.
    """
    data, partitions = convert(data), _int32(partitions, "DynamicPartition", 1)
    given, num_partitions = partitions._aval.shape, Int.canonical(num_partitions, "num_partitions")
    if num_partitions < 1 and recording():
        raise ValueError(f"Attr 'num_partitions' of 'DynamicPartition' Op passed {num_partitions} less than minimum 1.")
    if num_partitions < 1:
        raise too_small("num_partitions", num_partitions, 1, "DynamicPartition")
    if data._aval.shape[: len(given)] != given and not data.shape[: len(given)].is_compatible_with(partitions.shape):
        raise invalid(f"data.shape must start with partitions.shape, got data.shape = {text_of(data._aval.shape)}, "
                      f"partitions.shape = {text_of(given)}", "DynamicPartition",
                      while_recording=for_shapes(
                          unequal_start(data._aval.shape, given), "DynamicPartition", data._aval, given))  # fmt: skip
    parts = [(np.int64, (None,))] * num_partitions
    places = by_value("DynamicPartition", functools.partial(_places, num_partitions), [partitions], *parts)
    rows = _in_rows(data, partitions._aval)
    return [take(rows, p, 0) for p in places]


def _places(count, partitions):
    """For each of `count` numbers where it stands among `partitions`."""
    numbers = host_value(partitions)
    flat = numbers.reshape(-1)
    if np.count_nonzero(flat.view(np.uint32) >= count):  # negative ones, too
        bad = np.argwhere((numbers < 0) | (numbers >= count))[0]
        where_ = f"[{','.join(map(str, bad))}]" if numbers.ndim else ""
        raise invalid(f"partitions{where_} = {numbers[tuple(bad)]} is not in [0, {count})", "DynamicPartition")
    return [_host((flat == k).nonzero()[0]) for k in range(count)]


_Rows = Data("P", only=dtypes.int32)


@moves
@op("DynamicStitch", grad=lambda g, out, rows, source, places: g[places], static=False)
def _stitch(rows: T, source: _Rows, places: _Rows):
    """Row `source[k]` at position k, zeros where there is no such row; `places` are where each row was to go."""
    return jnp.take(jnp.concatenate([rows, jnp.zeros_like(rows, shape=(1, *rows.shape[1:]))]), source, axis=0, mode="clip")


def dynamic_stitch(indices, data, name=None):
    """Merges tensors: slice `data[m][i]` goes to position `indices[m][i]`; later ones win.

    Args:
      indices: a list of int32 tensors.
      data: a list of tensors; the shape of each starts with that of its indices.

    Raises:
      InvalidArgumentError: none, numbers or shapes that do not fit, a negative position.
    """
    kernel = "DynamicStitch"
    if not data or len(indices) != len(data):
        raise invalid(f"needs as many data as indices, and at least one: {len(indices)} and {len(data)}", kernel)
    places = [_int32(i, kernel, k) for k, i in enumerate(indices)]
    values = [convert(d) for d in data]
    first = len(places[0]._aval.shape)
    rest = values[0]._aval.shape[first:]
    for k, (i, d) in enumerate(zip(places, values, strict=True)):
        given, shape = i._aval.shape, d._aval.shape
        rank = len(given)
        if shape[:rank] != given and not d.shape[:rank].is_compatible_with(i.shape):
            shapes = [t._aval for t in (*places, *values)]
            raise invalid(f"data[{k}].shape = {text_of(shape)} does not start with indices[{k}].shape = {text_of(given)}", kernel,
                          while_recording=for_shapes(unequal_start(shape, given), kernel, *shapes))  # fmt: skip
        if shape[rank:] != rest and not d.shape[rank:].is_compatible_with(values[0].shape[first:]):
            raise invalid(f"Need data[0].shape[{first}:] = data[{k}].shape[{rank}:], got data[0].shape = "
                          f"{text_of(values[0]._aval.shape)}, data[{k}].shape = {text_of(shape)}, indices[0].shape = "
                          f"{text_of(places[0]._aval.shape)}, indices[{k}].shape = {text_of(given)}", kernel)  # fmt: skip
    rows = concat([_in_rows(d, i._aval) for i, d in zip(places, values, strict=True)], 0)
    count = sum([i._aval.size for i in places])
    source, flat = by_value(kernel, _sources, places, (np.int32, (None,)), (np.int32, (count,)))
    return _stitch(rows, source, flat)


def _in_rows(data, places):
    """A row for each of `places`."""
    rank = len(places.shape)
    return data if rank == 1 else reshape(data, (places.size, *data._aval.shape[rank:]))


def _sources(*places):
    """For each position which row goes there, the one behind the last where none does; and where each row goes."""
    flat = np.concatenate([host_value(i).reshape(-1) for i in places])
    if flat.size and flat.min() < 0:
        raise invalid(f"indices[{int(flat.argmin())}] is out of range", "DynamicStitch")
    source = np.full(int(flat.max()) + 1 if flat.size else 0, flat.size, np.int32)
    source[flat] = np.arange(flat.size, dtype=np.int32)
    return [_host(source), _host(flat)]


# Positions


@op("UnravelIndex", T=INDEX, grad=None)
def _unravel(indices: T, dims: Shape):
    parts, left = [], indices
    for n in reversed(dims):
        parts.append(lax.rem(left, jnp.full_like(left, n)))
        left = lax.div(left, jnp.full_like(left, n))
    return jnp.stack(parts[::-1])


def unravel_index(indices, dims, name=None):
    """Positions in a flattened tensor of shape `dims` as coordinates, one row for each dimension.

    Args:
      indices: an int, or a vector of at least one.
      dims: a vector of the same dtype.

    Raises:
      InvalidArgumentError: a position out of range, another rank or dtype.
    """
    kernel, indices, dims = "UnravelIndex", convert(indices), convert(dims)
    if indices.dtype not in INDEX:
        raise not_allowed("Tidx", indices._aval.np_dtype, INDEX, kernel)
    sizes, places = np.asarray(host_value(dims)), np.asarray(host_value(indices))
    if sizes.ndim != 1:
        if recording():
            raise ValueError(f"Shape must be rank 1 but is rank {sizes.ndim}")
        raise invalid(f'The indices can only be 1-D, got "{text_of(sizes.shape)}"', kernel)
    if places.ndim > 1:
        raise invalid(f'The indices can only be scalar or vector, got "{text_of(places.shape)}"', kernel)
    if not places.size:
        raise invalid(f"received empty tensor indices: Tensor<type: {indices.dtype.name} shape: [0] values: >", kernel)
    if (places >= np.prod(sizes, dtype=np.int64)).any():
        raise invalid("index is out of bound as with dims", kernel)
    return _unravel(indices, tuple(sizes.tolist()))


# Histograms


_COUNTED = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64)


def histogram_fixed_width_bins(values, value_range, nbins=100, dtype=dtypes.int32, name=None):
    """For each value, which of `nbins` equal parts of `value_range` it is in; those outside count to the ends.

    Args:
      values: a tensor of floats.
      value_range: [low, high], of the dtype of `values`.
      nbins: an int scalar.
      dtype: the DType of the result, int32 or int64.

    Raises:
      InvalidArgumentError: another dtype, or fewer than one bin.
    """
    values = convert(values)
    span = convert(value_range, None, values.dtype)
    nbins = convert(nbins, dtypes.int32)
    Assert(greater(nbins, 0), [f"nbins {nbins} must > 0"])
    most = cast(nbins, values.dtype)
    scaled = truediv(subtract(values, span[0]), subtract(span[1], span[0]))
    return cast(clip_by_value(floor(multiply(most, scaled)), 0, subtract(most, 1)), dtype)


def _has_nan(values, value_range, nbins, dtype):
    return jnp.any(jnp.isnan(values)) if is_float(values) else np.zeros((), bool)


_no_nan = Check(_has_nan, lambda values, value_range, nbins, dtype: "Histogram values must not contain NaN")


@op("HistogramFixedWidth", T=_COUNTED, grad=False, static=False, check=_no_nan)
def _count(values: T, value_range: T, nbins: Axis, dtype: Dtype):
    low, high = value_range.astype(np.float64)
    place = jnp.floor((values.astype(np.float64).reshape(-1) - low) / ((high - low) / nbins))
    return jnp.zeros(nbins, dtype.np).at[jnp.clip(place, 0, nbins - 1).astype(np.int32)].add(np.ones((), dtype.np))


def histogram_fixed_width(values, value_range, nbins=100, dtype=dtypes.int32, name=None):
    """How many values are in each of `nbins` equal parts of `value_range`; those outside count to the ends.

    Args:
      values: a tensor of int32, int64, float32 or float64.
      value_range: [low, high], of the dtype of `values`.
      nbins: an int scalar.
      dtype: the DType of the result, int32 or int64.

    Raises:
      InvalidArgumentError: another dtype, a range that is empty, fewer than one bin, or a value that is NaN.
    """
    kernel, dtype = "HistogramFixedWidth", dtypes.as_dtype(dtype)
    values = convert(values)
    span = convert(value_range, None, values.dtype)
    if values.dtype not in _COUNTED:
        raise not_allowed("T", values._aval.np_dtype, _COUNTED, kernel)
    if span.dtype is not values.dtype:
        raise mismatch(kernel, 1, values.dtype, span.dtype)
    if dtype not in INDEX:
        raise not_allowed("dtype", dtype.np, INDEX, kernel)
    if nbins < 1:
        raise invalid(f"nbins should be a positive number, but got '{nbins}'", kernel)
    bounds = np.asarray(host_value(span))
    if bounds.shape != (2,):
        raise invalid("value_range should be a vector of 2 elements.", kernel)
    if not bounds[0] < bounds[1]:
        raise refused(f"value_range should satisfy value_range[0] < value_range[1], but got '{bounds.tolist()}'", kernel)
    return _count(values, span, nbins, dtype)
