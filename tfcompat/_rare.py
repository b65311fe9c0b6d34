"""Ops of `tf.math` and of the top level that few programs use: Sobol's sequences, approximate top k, the clock."""

import collections
import functools
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import dtypes as d
from tfcompat._core.attributes import python_value
from tfcompat._core.convert import convert
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Bool, Float, Int, T, op
from tfcompat._core.ranking import places
from tfcompat._declare import COMPLEX, FLOATS, binary, invalid, not_allowed, refused

_MOST_DIMENSIONS = 21_200
_MOST_KEPT = 1 << 14  # numbers at the beginning of a sequence
ApproxTopK = collections.namedtuple("ApproxTopK", ["values", "indices"])


def sobol_sample(dim, num_results, skip=0, dtype=d.float32, name=None):
    """Points of Sobol's quasi-random sequence in the unit cube, without the first one (0).

    Args:
      dim: how many dimensions, 1 to 21,200.
      num_results: how many points.
      skip: how many points to leave out first.
      dtype: float32 or float64.

    Returns:
      A tensor [num_results, dim].

    Raises:
      InvalidArgumentError: a number out of range, or another dtype.

    References:
      Joe and Kuo, Constructing Sobol sequences with better two-dimensional projections, 2008: the direction numbers.
    """
    dim, count, skip = (int(python_value(v)) for v in (dim, num_results, skip))
    dtype = d.as_dtype(dtype)
    if dtype not in (d.float32, d.float64):
        raise not_allowed("dtype", dtype.np, (d.float32, d.float64), "SobolSample")
    for bad, text in ((dim < 1, "dim must be at least one"), (count < 1, "num_results must be at least one"),
                      (skip < 0, "skip must be non-negative"),
                      (dim > _MOST_DIMENSIONS, f"dim must be at most {_MOST_DIMENSIONS}")):  # fmt: skip
        if bad:
            raise refused(text, "SobolSample")
    end = skip + 1 + count
    size = 1 << (end - 1).bit_length()
    points = _beginning(dim, size)[skip + 1 : end] if dim * size <= _MOST_KEPT else _sequence(dim).fast_forward(skip + 1).random(count)
    return convert(points.astype(dtype.np))


def _sequence(dim):
    from scipy.stats import qmc

    return qmc.Sobol(dim, scramble=False)


@functools.lru_cache(16)
def _beginning(dim, count):
    """The first points, kept because it takes 0.1 ms to begin a sequence."""
    return _sequence(dim).random(count)


@op("ApproxTopK", T=FLOATS[:3], single=False)
@inlined
def _approx_top_k(input: T, k: Int, reduction_dimension: Int, recall_target: Float, is_max_k: Bool, size: Int):
    if not input.ndim or not -input.ndim <= reduction_dimension < input.ndim:
        raise invalid(f"reduction_dimension {reduction_dimension} is no dimension of {list(input.shape)}", "ApproxTopK")
    if input.shape[reduction_dimension] < k:
        had = input.shape[reduction_dimension]
        raise invalid(f"input must have at least k columns. Had {had}, needed {k}", "ApproxTopK")
    if k == 0:
        nothing = lax.slice_in_dim(input, 0, 0, axis=reduction_dimension)
        return [nothing, nothing.astype(np.int32)]
    if jax.default_backend() == "tpu":
        function = lax.approx_max_k if is_max_k else lax.approx_min_k
        return [*function(input, k, reduction_dimension, min(recall_target, 1.0), size)]
    rows = jnp.moveaxis(input, reduction_dimension, -1)
    indices = places(k)(lax.stop_gradient(rows if is_max_k else -rows))
    values = jnp.take_along_axis(rows, indices, -1, mode="promise_in_bounds")
    return [jnp.moveaxis(x, -1, reduction_dimension) for x in (values, indices)]


def approx_top_k(input, k, reduction_dimension=-1, recall_target=0.95, is_max_k=True, reduction_input_size_override=-1,
                 aggregate_to_topk=True, name=None):  # fmt: skip
    """The k largest (or smallest) entries along a dimension, and where they are: exact on CPUs and GPUs.

    Args:
      input: a float16, bfloat16 or float32 tensor.
      k: how many.
      reduction_dimension: along which dimension.
      recall_target: on TPUs, the share of the true top k that should be found.
      is_max_k: whether to find the largest.
      reduction_input_size_override: on TPUs, the size by which the recall is computed.
      aggregate_to_topk: accepted; what was found is sorted, and k are kept.

    Returns:
      A named tuple (values, indices).

    Raises:
      InvalidArgumentError: another dtype, or fewer than k entries.
    """
    return ApproxTopK(*_approx_top_k(input, k, reduction_dimension, recall_target, is_max_k, reduction_input_size_override))


def approx_max_k(operand, k, reduction_dimension=-1, recall_target=0.95, reduction_input_size_override=-1,
                 aggregate_to_topk=True, name=None):  # fmt: skip
    """The k largest entries along a dimension, and where they are. See `tf.approx_top_k`."""
    return approx_top_k(operand, k, reduction_dimension, recall_target, True, reduction_input_size_override,
                        aggregate_to_topk)  # fmt: skip


def approx_min_k(operand, k, reduction_dimension=-1, recall_target=0.95, reduction_input_size_override=-1,
                 aggregate_to_topk=True, name=None):  # fmt: skip
    """The k smallest entries along a dimension, and where they are. See `tf.approx_top_k`."""
    return approx_top_k(operand, k, reduction_dimension, recall_target, False, reduction_input_size_override,
                        aggregate_to_topk)  # fmt: skip


realdiv = binary("realdiv", "RealDiv", (*FLOATS, *COMPLEX), lax.div, True, "x / y, elementwise, of floats.")


class AggregationMethod:
    """How TensorFlow adds gradients up in graphs; here they are added one after another, whatever is asked for."""

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


def timestamp(name=None):
    """Seconds since the epoch, a float64 scalar."""
    return convert(np.float64(time.time()))


def is_symbolic_tensor(tensor):
    """False: there are no tensors without values here.

    Args:
      tensor: a tensor.
    """
    return False


@op("GuaranteeConst", grad=False, strings=lambda input: input)
def guarantee_const(input: T):
    """A copy of the tensor; TensorFlow's hint to its graph optimizer.

    Args:
      input: a tensor.

    Raises:
      ValueError: `input` cannot become a tensor. LookupError: a gradient with regard to it is asked for.
    """
    return input
