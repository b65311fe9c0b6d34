"""Reductions, scans and counts of `tf.math`."""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat import debugging
from tfcompat._array import reshape
from tfcompat._cast import cast_array
from tfcompat._core import dtypes as d
from tfcompat._core.avals import shape_text
from tfcompat._core.by_value import by_value
from tfcompat._core.convert import convert
from tfcompat._core.costs import long_runs
from tfcompat._core.forms import by_form
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Axes, Bool, Data, Dtype, Int, T, op
from tfcompat._core.tensor_base import host_value, size_value
from tfcompat._core.twins import twin
from tfcompat._declare import (
    FLOATS,
    INDEX,
    INEXACT,
    INTEGERS,
    NUMBERS,
    REAL,
    WIDE_FLOATS,
    Bools,
    axes_of,
    conj,
    invalid,
    is_complex,
    is_float,
    kept,
    not_allowed,
    refused,
    where,
)  # fmt: skip
from tfcompat._vectors import One

# Reductions


def _reduce(kernel, function, x, axis, keepdims):
    axes = axes_of(kernel, x, axis)
    result = function(x, axes)
    return kept(result, axes) if keepdims else result


def _over(function):
    """A reduction that leaves the array alone where no axes are given."""
    return lambda x, axes: function(x, axes) if axes else x


@_over
def _sum(x, axes):
    return jnp.sum(x, axes, dtype=x.dtype)


def _mean(x, axes):
    count = 1
    for a in axes:
        count *= x.shape[a]
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        wide = jnp.uint64 if x.dtype == jnp.uint64 else jnp.int64
        total = jnp.sum(x, axes, dtype=wide)
        return lax.div(total, jnp.full_like(total, max(count, 1))).astype(x.dtype)
    plain = isinstance(count, int) and 0 < count < 1 << 31
    return _sum(x, axes) / (count if plain else jnp.asarray(count, x.dtype))


@op("Sum", T=NUMBERS)
@inlined
def reduce_sum(input_tensor: T, axis: Axes = None, keepdims: Bool = False):
    """The sum over `axis` (default: over all dimensions), of the input's dtype.

    Args:
      input_tensor: numeric tensor.
      axis: an int, a list of ints, or None. An empty list reduces nothing.
      keepdims: whether reduced dimensions stay, with size 1.

    Raises:
      InvalidArgumentError: an axis that the tensor does not have, or the same axis twice.
    """
    return _reduce("Sum", _sum, input_tensor, axis, keepdims)


def _mean_grad(g, out, x, axis, keepdims):
    axes = axes_of("Mean", x, axis)
    count = math.prod([x.shape[a] for a in axes])
    return jnp.broadcast_to((g if keepdims else kept(g, axes)) / jnp.asarray(count, g.dtype), x.shape)


@op("Mean", T=NUMBERS, grad=_mean_grad)
@inlined
def reduce_mean(input_tensor: T, axis: Axes = None, keepdims: Bool = False):
    """The mean over `axis`, of the input's dtype (integer means are cut towards zero). See `reduce_sum`."""
    return _reduce("Mean", _mean, input_tensor, axis, keepdims)


def _shared(kernel):
    """Gradient of max and min: shared equally by the elements that attain it."""

    def grad(g, out, x, axis, keepdims):
        axes = axes_of(kernel, x, axis)
        if axes and not keepdims:
            g, out = kept(g, axes), kept(out, axes)
        attained = jnp.equal(x, out)
        share = 1 / jnp.sum(attained, axes, dtype=x.dtype, keepdims=True) * g  # without bound where a NaN leaves none
        return jnp.where(attained, share, 0 * share)  # XLA takes a product with `attained` for 0 even then

    return grad


@op("Max", T=REAL, grad=_shared("Max"))
@inlined
def reduce_max(input_tensor: T, axis: Axes = None, keepdims: Bool = False):
    """The maximum over `axis`: NaN where one is NaN, the smallest number where there is none. See `reduce_sum`."""
    return _reduce("Max", _over(lax.reduce_max), input_tensor, axis, keepdims)


@op("Min", T=REAL, grad=_shared("Min"))
@inlined
def reduce_min(input_tensor: T, axis: Axes = None, keepdims: Bool = False):
    """The minimum over `axis`: NaN where one is NaN, the largest number where there is none. See `reduce_sum`."""
    return _reduce("Min", _over(lax.reduce_min), input_tensor, axis, keepdims)


@op("Prod", T=NUMBERS)
@inlined
def reduce_prod(input_tensor: T, axis: Axes = None, keepdims: Bool = False):
    """The product over `axis`. See `reduce_sum`."""
    return _reduce("Prod", _over(lax.reduce_prod), input_tensor, axis, keepdims)


for _function in (reduce_sum, reduce_mean, reduce_max, reduce_min, reduce_prod):
    _function.op.seeds = reshape  # output gradients of as many elements will do


@op("Any", grad=None)
@inlined
def reduce_any(input_tensor: Bools, axis: Axes = None, keepdims: Bool = False):
    """Whether any element along `axis` is true. See `reduce_sum`."""
    return _reduce("Any", _over(lax.reduce_or), input_tensor, axis, keepdims)


@op("All", grad=None)
@inlined
def reduce_all(input_tensor: Bools, axis: Axes = None, keepdims: Bool = False):
    """Whether all elements along `axis` are true. See `reduce_sum`."""
    return _reduce("All", _over(lax.reduce_and), input_tensor, axis, keepdims)


def _logsumexp(x, axes):
    peak = lax.stop_gradient(kept(_over(lax.reduce_max)(x, axes), axes))
    peak = where(lax.is_finite(peak), peak, 0)
    rest = [n for i, n in enumerate(x.shape) if i not in axes]
    return lax.log(_sum(lax.exp(x - peak), axes)) + lax.reshape(peak, rest)


@op("LogSumExp", T=FLOATS)
@inlined
def reduce_logsumexp(input_tensor: T, axis: Axes = None, keepdims: Bool = False):
    """log(sum(exp(x))) over `axis`, without overflow. See `reduce_sum`."""
    return _reduce("Sum", _logsumexp, input_tensor, axis, keepdims)


def _variance(x, axes):
    x = x - kept(_mean(x, axes), axes)
    return _mean(lax.real(x * conj(x)) if is_complex(x) else x * x, axes)


@op("Variance", T=INEXACT)
@inlined
def _reduce_variance(input_tensor: T, axis: Axes = None, keepdims: Bool = False):
    return _reduce("Mean", _variance, input_tensor, axis, keepdims)


@op("StandardDeviation", T=INEXACT)
@inlined
def _reduce_std(input_tensor: T, axis: Axes = None, keepdims: Bool = False):
    return _reduce("Mean", lambda x, axes: lax.sqrt(_variance(x, axes)), input_tensor, axis, keepdims)


def _inexact(value, axis):
    t = convert(value)
    if t.dtype.is_integer:
        if axis is not None:
            axes_of("Mean", t._aval.struct, Axes.canonical(axis, "axis"))
        raise TypeError(f"Input must be either real or complex. Received integer type {t.dtype}.")
    return t


@by_form
def reduce_variance(input_tensor, axis=None, keepdims=False, name=None):
    """The variance over `axis` (mean of |x - mean| ** 2, real also for complex numbers). See `reduce_sum`.

    Raises:
      TypeError: `input_tensor` holds integers.
    """
    return _reduce_variance(_inexact(input_tensor, axis), axis, keepdims)


@by_form
def reduce_std(input_tensor, axis=None, keepdims=False, name=None):
    """The square root of `reduce_variance`.

    Args:
      input_tensor: floating or complex.
      axis: an int or list of ints; default: all.
      keepdims: whether to keep the axes, with size 1.

    Raises:
      TypeError: `input_tensor` holds integers.
    """
    return _reduce_std(_inexact(input_tensor, axis), axis, keepdims)


def _norm(x, axes):
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        return cast_array(lax.sqrt(_sum(x * x, axes).astype(jnp.float64)), x.dtype)
    return lax.sqrt(_sum(x * conj(x), axes))


def _norm_grad(g, out, x, axis, keepdims):
    axes = axes_of("EuclideanNorm", x, axis)
    if axes and not keepdims:
        g, out = kept(g, axes), kept(out, axes)
    return x * (g / conj(out))


@op("EuclideanNorm", T=NUMBERS, grad=_norm_grad)
@inlined
def reduce_euclidean_norm(input_tensor: T, axis: Axes = None, keepdims: Bool = False):
    """The square root of the sum of |x| ** 2 over `axis`. See `reduce_sum`."""
    return _reduce("EuclideanNorm", _norm, input_tensor, axis, keepdims)


# Positions of extremes


class _Extreme(One):
    """The axis of the smallest or largest element: None is 0."""

    def __init__(self, kernel, dtypes=INDEX):
        super().__init__(kernel, "dim must be a scalar, but received tensor of shape: {}", dtypes=dtypes)

    def canonical(self, value, name):
        return 0 if value is None else super().canonical(value, name)


class _Largest(_Extreme):
    """That of argmax, which TensorFlow looks at in Python first."""

    def canonical(self, value, name):
        if value is not None and not isinstance(value, int):
            if not hasattr(value, "dtype"):
                raise TypeError("axis must be int or Tensor with integer datatype")
            if isinstance(value, (np.ndarray, np.generic)) or value.dtype not in self.dtypes:
                raise TypeError(f"axis tensor dtypes {value.dtype} is not supported")
        return super().canonical(value, name)


def _scan_axis(kernel):
    return One(kernel, "ScanOp: axis must be a scalar, not {}", error=refused)


def _extreme(kernel, x, axis, output_type, function):
    axis = 0 if axis is None else axis
    rank = x.ndim
    types = (d.int16, d.uint16, d.int32, d.int64) if kernel == "ArgMax" else INDEX
    if output_type not in types:
        raise not_allowed("output_type", output_type.np, types, kernel)
    if not -rank <= axis < rank:
        error = invalid if rank else refused
        raise error(f"Expected dimension in the range [{-rank}, {rank}), but got {axis}", kernel)
    axis %= rank
    if x.shape[axis] == 0:
        if 0 not in [n for i, n in enumerate(x.shape) if i != axis]:
            raise refused(f"Reduction axis {axis} is empty in shape [{','.join(map(str, x.shape))}]", kernel)
        return jnp.zeros([n for i, n in enumerate(x.shape) if i != axis], output_type.np)
    if x.dtype == bool:
        x = x.astype(jnp.uint8)
    return _place(function, axis, output_type.np)(x)


@functools.cache
def _place(function, axis, dtype):
    """`lax.argmax` or `lax.argmin` along an axis, in which NaN is the worst."""
    largest = function is lax.argmax
    worst, best = (-np.inf, jnp.max) if largest else (np.inf, jnp.min)

    def place(x):
        if is_float(x):
            x = where(x != x, worst, x)
        if isinstance(x.size, int) and x.size >= LARGE:
            # XLA reduces pairs of value and index one by one on a CPU: 40 ms for 2e6 elements, this takes 2.
            places = lax.broadcasted_iota(np.int32, x.shape, axis)
            found = jnp.where(x == best(x, axis, keepdims=True), places, np.int32(x.shape[axis]))
            return jnp.min(found, axis).astype(dtype)
        # An axis of 2**31 elements fits no memory; and argmax of 64 bits cannot be lowered inside a 32-bit jax.jit.
        return function(x, axis, np.dtype(np.int32)).astype(dtype)

    def host(e):
        find, real, bad = (np.argmax if largest else np.argmin), e.ins[0].dtype.kind == "f", np.float32(worst)
        many = math.prod(e.ins[0].shape) >= LARGE
        reduce, count = (np.maximum if largest else np.minimum).reduce, e.ins[0].shape[axis]

        def run(x):
            if real and np.count_nonzero(nans := x != x):
                x = np.where(nans, bad, x)
            return find(x, axis).astype(dtype, copy=False)

        def run_long(x):
            found = find(x, axis)  # a NaN where there is one
            if real and np.isnan(np.take_along_axis(x, found[..., None], axis)).any():
                return run(x)
            return found.astype(dtype, copy=False)

        def run_short(x):
            if real:
                x = np.where(x != x, bad, x)
            places = np.arange(count, dtype=np.int32).reshape([-1 if d == axis else 1 for d in range(x.ndim)])
            found = np.where(x == reduce(x, axis, None, None, True), places, np.int32(count))
            return np.minimum.reduce(found, axis).astype(dtype)

        return run if not many else run_long if is_fast(e.ins[0]) else run_short

    def is_fast(operand):
        return axis == len(operand.shape) - 1 and long_runs(operand, (axis,))

    place.__name__ = f"{'argmax' if largest else 'argmin'}_{axis}_{dtype}"
    return twin(place, 4, as_fast=lambda eqn: is_fast(eqn.invars[0].aval))(host)


EXTREMES = (*REAL, d.bool)
LARGE = 1 << 13  # elements


@op("ArgMax", grad=None, T=EXTREMES)
@inlined
def argmax(input: T, axis: _Largest("ArgMax", (d.int8, d.uint8, d.int16, d.uint16, *INDEX)) = None, output_type: Dtype = d.int64):
    """Where the largest element along `axis` (default 0) is; of equal ones the first. NaN is never the largest.

    Args:
      input: a tensor of real numbers or bools.
      axis: an int scalar.
      output_type: the DType of the result.

    Raises:
      InvalidArgumentError: no such axis, an axis of size 0, or an `output_type` other than int16, uint16, int32, int64.
    """
    return _extreme("ArgMax", input, axis, output_type, lax.argmax)


@op("ArgMin", grad=None, T=EXTREMES)
@inlined
def argmin(input: T, axis: _Extreme("ArgMin") = None, output_type: Dtype = d.int64):
    """Where the smallest element along `axis` is, as int32 or int64. See `argmax`."""
    return _extreme("ArgMin", input, axis, output_type, lax.argmin)


# Scans


def _scan(kernel, x, axis, exclusive, reverse, function, neutral):
    rank = x.ndim
    if not -rank <= axis < rank:
        axis += rank if axis < 0 else 0
        raise refused(f"ScanOp: Expected scan axis in the range [{-rank}, {rank}), but got {axis}", kernel)
    axis %= rank
    if exclusive and x.shape[axis] != 0:
        size = x.shape[axis]
        edge = jnp.full([1 if i == axis else n for i, n in enumerate(x.shape)], neutral, x.dtype)
        rest = lax.slice_in_dim(x, 1, size, axis=axis) if reverse else lax.slice_in_dim(x, 0, size - 1, axis=axis)
        x = lax.concatenate([rest, edge] if reverse else [edge, rest], axis)
    return function(x, axis, reverse)


@op("Cumsum", T=NUMBERS)
@inlined
def cumsum(x: T, axis: _scan_axis("Cumsum") = 0, exclusive: Bool = False, reverse: Bool = False):
    """Running sums along `axis`.

    Args:
      exclusive: sums of what comes before each element, without it.
      reverse: from the end.

    Raises:
      InvalidArgumentError: there is no such axis, or another dtype.
    """
    return _scan("Cumsum", x, axis, exclusive, reverse, lax.cumsum, 0)


def _cumprod_grad(g, out, x, axis, exclusive, reverse):
    products = _scan("Cumprod", x, axis, exclusive, reverse, lax.cumprod, 1)
    sums = _scan("Cumprod", products * g, axis, exclusive, not reverse, lax.cumsum, 0)
    return where(x == 0, 0, sums / where(x == 0, 1, x))


@op("Cumprod", T=NUMBERS, grad=_cumprod_grad)
@inlined
def cumprod(x: T, axis: _scan_axis("Cumprod") = 0, exclusive: Bool = False, reverse: Bool = False):
    """Running products along `axis`. See `cumsum`."""
    return _scan("Cumprod", x, axis, exclusive, reverse, lax.cumprod, 1)


@op("CumulativeLogsumexp", T=FLOATS)
@inlined
def cumulative_logsumexp(x: T, axis: _scan_axis("CumulativeLogsumexp") = 0, exclusive: Bool = False, reverse: Bool = False):
    """Running log(sum(exp(x))) along `axis`. See `cumsum`."""
    return _scan("CumulativeLogsumexp", x, axis, exclusive, reverse, lax.cumlogsumexp, -np.inf)


# Counts


@op("CountNonzero", grad=None)
@inlined
def _count_nonzero(input: T, axis: Axes, keepdims: Bool, dtype: Dtype):
    nonzero = input if input.dtype == bool else input != 0
    if axis == ():
        return nonzero.astype(dtype.np)
    return _reduce("Sum", lambda x, axes: jnp.sum(x, axes, dtype=dtype.np), nonzero, axis, keepdims)


@by_form
def count_nonzero(input, axis=None, keepdims=None, dtype=d.int64, name=None):
    """How many elements along `axis` are not zero (of strings: not empty).

    Args:
      input: a tensor of numbers, bools or strings.
      axis: an int or list of ints; default: all.
      keepdims: whether to keep the axes, with size 1.
      dtype: the DType of the result.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    x = convert(input)
    if x.dtype is d.string:
        x = convert(host_value(x) != b"")
    return _count_nonzero(x, axis, bool(keepdims), dtype)


@op("ZeroFraction", grad=None)
@inlined
def _zero_fraction(value: T):
    return jnp.sum(value == jnp.zeros((), value.dtype), dtype=jnp.float32) / jnp.float32(value.size)


@by_form
def zero_fraction(value, name=None):
    """The fraction of elements that are zero, float32.

    Args:
      value: a tensor of numbers.

    Raises:
      ValueError: `value` cannot become a tensor.
    """
    return _zero_fraction(value)


@op("DenseBincount", grad=False, Tidx=INDEX)
@inlined
def _bincount(input: Data("Tidx"), weights: Data("W"), size: Int, dtype: Dtype, weighted: Bool, binary_output: Bool):
    shape = (*input.shape[:-1], size)
    place = (lax.broadcasted_iota(input.dtype, input.shape, 0), input) if input.ndim == 2 else input
    counts = jnp.zeros(shape, dtype.np).at[place]
    how = {"mode": "drop", "wrap_negative_indices": False}
    if binary_output:
        return counts.set(jnp.ones((), dtype.np), **how)
    return counts.add(weights.reshape(input.shape).astype(dtype.np) if weighted else jnp.ones((), dtype.np), **how)


_COUNTED = (*INDEX, *WIDE_FLOATS)


def bincount(arr, weights=None, minlength=None, maxlength=None, dtype=d.int32, name=None, axis=None,
             binary_output=False):  # fmt: skip
    """How often each number occurs (or the sum of its weights).

    Args:
      arr: non-negative integers; flattened unless `axis` is -1, which counts in each row of a matrix.
      weights: tensor of arr's shape.
      minlength, maxlength: smallest and largest size of the result. Numbers beyond it are not counted.
      dtype: of the result; with weights it is theirs.
      binary_output: 1 for each number that occurs, instead of counts.

    Raises:
      InvalidArgumentError: a negative number, or another dtype. ValueError: weights with `binary_output`.
    """
    if binary_output and weights is not None:
        raise ValueError("Arguments `binary_output` and `weights` are mutually exclusive. Please specify only one.")
    x = convert(arr)
    if x.dtype.is_integer and x.dtype not in INDEX:
        raise not_allowed("Tidx", x.dtype.np, INDEX, "DenseBincount")
    if x.dtype not in INDEX:
        x = convert(np.asarray(host_value(x)).astype(np.int32))
    if axis not in (None, 0, -1):
        raise ValueError(f"Unsupported value for argument axis={axis}. Only 0 and -1 are currently supported.")
    if axis == -1 and len(x.shape) > 2:
        raise invalid(f"Shape must be at most rank 2 but is rank {len(x.shape)}", "DenseBincount")
    weighted = weights is not None
    w = convert(weights) if weighted else convert(1)
    if weighted and w.dtype not in _COUNTED:
        raise not_allowed("T", w.dtype.np, _COUNTED, "DenseBincount")
    limits = [convert(n) for n in (minlength, maxlength) if n is not None]
    size = functools.partial(_bins, minlength is not None, maxlength is not None)
    (size,) = by_value("DenseBincount", size, [x, *limits], (np.int64, ()))
    size = int(size_value(size))
    if len(x.shape) != 1 and (axis != -1 or len(x.shape) != 2):
        x = reshape(x, (-1,))
    dtype = w.dtype if weights is not None else d.as_dtype(dtype)
    return _bincount(x, w, size, dtype, weighted, bool(binary_output))


def _bins(bounded_below, bounded_above, numbers, *limits):
    """How many numbers are counted."""
    values, limits = np.asarray(host_value(numbers)), [int(host_value(t)) for t in limits]
    last = int(values.view(f"u{values.itemsize}").max()) if values.size else -1  # as unsigned numbers, those below 0 are the largest
    if last > np.iinfo(values.dtype).max:
        raise invalid("Input arr must be non-negative!", "DenseBincount")
    size = last + 1
    size = max(size, limits[0]) if bounded_below else size
    size = min(size, limits[-1]) if bounded_above else size
    return [convert(np.array(size, np.int64))]


@op("ConfusionMatrix", grad=None, L=INTEGERS)
@inlined
def _confusion_matrix(labels: Data("L"), predictions: Data("L"), weights: Data("W"), size: Int, dtype: Dtype):
    counts = jnp.zeros(size * size, dtype.np).at[labels * size + predictions]
    counts = counts.add(jnp.broadcast_to(weights, labels.shape).astype(dtype.np), mode="drop", wrap_negative_indices=False)
    return counts.reshape(size, size)


def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype=d.int32, name=None):
    """How often each class (row) was predicted to be each class (column).

    Args:
      labels, predictions: vectors of class numbers.
      num_classes: number of classes; default: one more than the largest number there is.
      weights: weight of each example.
      dtype: of the result.

    Raises:
      InvalidArgumentError: a number that is negative or not below `num_classes`, or shapes that differ.
      ValueError: scalars.
    """
    labels, predictions = (convert(np.asarray(host_value(convert(t))).astype(np.int64)) for t in (labels, predictions))
    labels, predictions = (convert(np.squeeze(host_value(t), -1)) if len(t.shape) == 2 else t
                           for t in (labels, predictions))  # fmt: skip
    if not labels._aval.shape or not predictions._aval.shape:
        raise ValueError("Argument `axis` = 1 not in range [-1, 1)")
    if labels._aval.shape != predictions._aval.shape:
        raise invalid(f"Shapes of all inputs must match: values[0].shape = {shape_text(labels._aval.shape)} != "
                      f"values[1].shape = {shape_text(predictions._aval.shape)}", "Pack")  # fmt: skip
    debugging.assert_non_negative(labels, message="`labels` contains negative values.  ")
    debugging.assert_non_negative(predictions, message="`predictions` contains negative values.  ")
    if num_classes is None:
        both = np.concatenate([host_value(labels).reshape(-1), host_value(predictions).reshape(-1)])
        num_classes = int(both.max()) + 1 if both.size else 0
    else:
        num_classes = int(host_value(convert(num_classes)))
        bound = convert(np.int64(num_classes))
        debugging.assert_less(labels, bound, message="`labels` out of bound")
        debugging.assert_less(predictions, bound, message="`predictions` out of bound")
    w = convert(1 if weights is None else weights)
    if weights is not None and w.shape.rank and w.shape.as_list() != predictions.shape.as_list():
        raise ValueError(f"Shapes {predictions.shape} and {w.shape} are incompatible")
    return _confusion_matrix(labels, predictions, w, num_classes, d.as_dtype(dtype))
