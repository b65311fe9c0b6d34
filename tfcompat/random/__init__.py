"""`tf.random`: TensorFlow's random numbers, the same ones for the same seeds."""

import builtins

import jax.numpy as jnp

from tfcompat import _gather, _lazy
from tfcompat._array import identity as _identity
from tfcompat._cast import cast as _cast
from tfcompat._core import dtypes, random_state
from tfcompat._core.attributes import python_value
from tfcompat._core.context import paused as _paused, state as _thread
from tfcompat._core.convert import convert
from tfcompat._core.errors import OpError as _OpError
from tfcompat._core.forms import by_form as _by_form
from tfcompat._core.op import Dtype, Int, T, op
from tfcompat._declare import FLOATS, invalid, refused
from tfcompat._random_draws import (
    between as _between,
    full_integers as _full_integers,
    integers as _integers,
    normal as _normal,
    scaled as _scaled,
    stateless_integers as _stateless_integers,
    truncated_normal as _truncated_normal,
    uniform as _uniform,
)
from tfcompat._random_generator import (
    Generator as Generator,
    create_rng_state as create_rng_state,
    get_global_generator as get_global_generator,
    set_global_generator as set_global_generator,
)
from tfcompat._random_keys import (
    SEED_DTYPES as _SEED_DTYPES,
    Algorithm as Algorithm,
    Counter as _Counter,
    Key as _Key,
    dims_of as _dims,
    drawn as _drawn,
    fresh as _fresh,
    op_seed as _op_seed,
    order as _order,
    reserve as _reserve,
    seed_pair as _seed_pair,
    settles as _settles,
    stateless as _stateless,
)
from tfcompat._vectors import One as _One

_ACCEPTED = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64)


def set_seed(seed):
    """Sets the global seed: the same program draws the same numbers after it.

    The generators of Python's `random` and of NumPy are left alone.

    Args:
      seed: an integer.

    Raises:
      ValueError: `seed` is no integer.
    """
    random_state.seeds.set_seed(None if seed is None else int(python_value(seed)))


def uniform(shape, minval=0, maxval=None, dtype=dtypes.float32, seed=None, name=None):
    """Numbers of [minval, maxval), all equally likely.

    Args:
      shape: shape of the result.
      minval, maxval: bounds that broadcast to `shape`, of `dtype`; for integers scalars, and `maxval` is needed.
      dtype: float16, bfloat16, float32, float64, int32 or int64.
      seed: the op's own seed: calls with the same one continue one stream, which `set_seed` starts anew.

    Raises:
      ValueError: another `dtype`; no `maxval` for integers.
      InvalidArgumentError: a negative dimension, or integers with minval >= maxval.
    """
    return _freshly(_draw_uniform, _uniform_by_form, shape, minval, maxval, dtype, seed)


def _freshly(draw, by_form, *arguments):
    """Draws by form with a fresh key where there is one. A call that Python, and no kernel, refuses gives its seed back."""
    key, counter = _fresh(arguments[-1])
    if key is None:
        return draw(None, None, *arguments)
    try:
        return by_form(key, counter, *arguments)
    except Exception as error:
        if not isinstance(error, _OpError):
            random_state.seeds.settle(random_state.seeds.taken - 1, False)
        raise


def _draw_uniform(key, counter, shape, minval, maxval, dtype, seed):
    """`uniform`; `key` and `counter` are reserved where they are None."""
    dtype = dtypes.as_dtype(dtype)
    _accept(dtype, _ACCEPTED)
    if maxval is None:
        if dtype.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
        maxval = 1
    kernel = "RandomUniformInt" if dtype.is_integer else "RandomUniform"
    dims, wide = _dims(shape, kernel)
    from_zero = not dtype.is_integer and type(minval) is int and minval == 0
    to_one = from_zero and type(maxval) is int and maxval == 1
    minval, maxval = minval if from_zero else convert(minval, dtype), maxval if to_one else convert(maxval, dtype)
    if key is None:
        key, counter = _reserve(kernel, dims, seed, dtype, wide)
    if dtype.is_integer:
        return _integers(key, counter, minval, maxval, dims)
    drawn = _uniform(key, counter, dims, dtype)
    if to_one:
        return drawn
    return _scaled(drawn, maxval) if from_zero else _between(drawn, minval, maxval)


_uniform_by_form = _by_form(_draw_uniform)


def _accept(dtype, accepted):
    if dtype not in accepted:
        names = ", ".join(repr(d) for d in accepted)
        raise ValueError(f"Argument `dtype` got invalid value {dtype!s}. Accepted dtypes are ({names}).")


def normal(shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, seed=None, name=None):
    """Normally distributed numbers.

    Args:
      shape: shape of the result.
      mean, stddev: of the distribution; they broadcast with `shape`.
      dtype: a floating dtype.
      seed: see `uniform`.

    Raises:
      ValueError: a dtype that is not floating.
      InvalidArgumentError: a negative dimension.
    """
    return _freshly(_draw_normal, _normal_by_form, "RandomStandardNormal", shape, mean, stddev, dtype, seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, seed=None, name=None):
    """Normally distributed numbers; those two or more standard deviations from the mean are drawn again.

    See `normal`.
    """
    return _freshly(_draw_normal, _normal_by_form, "TruncatedNormal", shape, mean, stddev, dtype, seed)


_NORMALS = {
    "RandomStandardNormal": _normal,
    "TruncatedNormal": _truncated_normal,
    "StatelessRandomNormalV2": _normal,
    "StatelessTruncatedNormalV2": _truncated_normal,
}


def _draw_normal(key, counter, kernel, shape, mean, stddev, dtype, seed):
    """`normal` or `truncated_normal`; `key` and `counter` are reserved where they are None."""
    dtype = dtypes.as_dtype(dtype)
    dims, wide = _dims(shape, kernel)
    law = _law(mean, stddev, dtype)
    if key is None:
        key, counter = _reserve(kernel, dims, seed, dtype, wide)
    return _scaled_to(_NORMALS[kernel](key, counter, dims, dtype), law)


_normal_by_form = _by_form(_draw_normal)


def _law(mean, stddev, dtype):
    """(mean, standard deviation), or None where they are those of standard normal numbers."""
    if dtype is dtypes.float32 and type(mean) is type(stddev) is float and mean == 0 and stddev == 1:
        return None  # no number of theirs is -0.0, which adding 0 would change
    return convert(mean, dtype), convert(stddev, dtype)


def _scaled_to(drawn, law):
    """Standard normal numbers with another mean and deviation."""
    return drawn if law is None else _scaled(drawn, law[1]) + law[0]


@_settles(always=True)
def shuffle(value, seed=None, name=None):
    """The rows of `value` (its slices along the first axis) in a random order; a scalar unchanged. It has no gradient.

    Args:
      value: tensor of any dtype.
      seed: see `uniform`.

    Raises:
      ValueError: `value` cannot become a tensor.
    """
    value = convert(value)
    if not value._aval.shape:
        _drawn("RandomShuffle", 0, seed)  # it counts as a draw all the same
        with _paused():
            return _identity(value)
    size = value._aval.shape[0]
    blocks = (builtins.max(size - 1, 0) + 3) // 4
    with _paused():  # TensorFlow has no gradient for it
        if _thread.trace is not None or _thread.sites is not None:
            return _gather.gather(value, _order(*_drawn("RandomShuffle", blocks, seed), size))
        position = random_state.seeds.reserve(("RandomShuffle", value._aval.dtype), blocks, _op_seed(seed))
        return _gather.take(value, convert(random_state.permutation(*position, size)), 0)


def stateless_uniform(shape, seed, minval=0, maxval=None, dtype=dtypes.float32, name=None, alg="auto_select"):
    """Numbers of [minval, maxval) that depend on the arguments alone.

    Args:
      shape: shape of the result.
      seed: two integers, int32 or int64.
      minval, maxval: see `uniform`; both None gives integers of all values.
      dtype: a floating dtype, int32, int64, and without bounds uint32 or uint64.
      alg: "auto_select" or "philox".

    Raises:
      ValueError: another `dtype`; one bound missing for integers.
      InvalidArgumentError: a `seed` of another shape, or integers with minval >= maxval.
    """
    return _stateless_uniform(shape, _seed_pair(seed), minval, maxval, dtype, alg)


@_by_form
def _stateless_uniform(shape, seed, minval, maxval, dtype, alg):
    dtype = dtypes.as_dtype(dtype)
    _accept(dtype, (*_ACCEPTED, dtypes.uint32, dtypes.uint64))
    kernel = "StatelessRandomUniformIntV2" if dtype.is_integer else "StatelessRandomUniformV2"
    if dtype.is_integer:
        if (minval is None) != (maxval is None):
            raise ValueError(
                f"For integer `dtype` argument {dtype!s}, argument `minval` and `maxval` must be both None or not "
                f"None. Got `minval`={minval} and `maxval`={maxval}."
            )
        dims, _ = _dims(shape, kernel)
        if minval is None:
            return _full_integers(*_stateless(seed, alg), dims, dtype)
        minval, maxval = convert(minval, dtype), convert(maxval, dtype)
        return _stateless_integers(*_stateless(seed, alg), minval, maxval, dims)
    dims, _ = _dims(shape, kernel)
    minval, maxval = convert(minval, dtype), convert(1 if maxval is None else maxval, dtype)
    return _between(_uniform(*_stateless(seed, alg), dims, dtype), minval, maxval)


def stateless_normal(shape, seed, mean=0.0, stddev=1.0, dtype=dtypes.float32, name=None, alg="auto_select"):
    """Normally distributed numbers that depend on the arguments alone; see `normal` and `stateless_uniform`.

    Args:
      shape, seed, mean, stddev, dtype, alg: see `normal` and `stateless_uniform`.

    Raises:
      InvalidArgumentError: a `seed` of another shape.
    """
    return _stateless_normal("StatelessRandomNormalV2", shape, _seed_pair(seed), mean, stddev, dtype, alg)


def stateless_truncated_normal(shape, seed, mean=0.0, stddev=1.0, dtype=dtypes.float32, name=None, alg="auto_select"):
    """Like `stateless_normal`, without numbers two or more standard deviations from the mean.

    Args:
      shape, seed, mean, stddev, dtype, alg: see `normal` and `stateless_uniform`.

    Raises:
      InvalidArgumentError: a `seed` of another shape.
    """
    return _stateless_normal("StatelessTruncatedNormalV2", shape, _seed_pair(seed), mean, stddev, dtype, alg)


@_by_form
def _stateless_normal(kernel, shape, seed, mean, stddev, dtype, alg):
    dtype = dtypes.as_dtype(dtype)
    dims, _ = _dims(shape, kernel)
    return _scaled_to(_NORMALS[kernel](*_stateless(seed, alg), dims, dtype), _law(mean, stddev, dtype))


def split(seed, num=2, alg="auto_select"):
    """`num` new seeds, of shape [num, 2], from one; their dtype is the seed's.

    Args:
      seed: two integers.
      num: an integer.
      alg: "auto_select" or "philox".

    Raises:
      InvalidArgumentError: a `seed` of another shape.
    """
    seed = convert(seed)
    return _full_integers(*_stateless(seed, alg), (int(python_value(num)), 2), seed._aval.dtype)


def fold_in(seed, data, alg="auto_select"):
    """A new seed out of a seed and an integer `data`, of the seed's dtype and shape [2].

    Args:
      seed: two integers.
      data: an integer scalar.
      alg: "auto_select" or "philox".

    Raises:
      InvalidArgumentError: a `seed` of another shape.
    """
    seed = convert(seed)
    drawn = _full_integers(*_stateless(seed, alg), (1,), seed._aval.dtype)
    data = convert(python_value(data), None, seed._aval.dtype)
    return _pair(drawn, _cast(data, seed._aval.dtype))


@op("Pack", grad=None, static=False)
def _pair(first: T, second: T):
    return jnp.concatenate([first, second.reshape(1)])


@op("Multinomial", grad=None, static=False, T=FLOATS)
def _categorical(philox_key: _Key, counter: _Counter, logits: T, num_samples: Int, dtype: Dtype):
    if logits.ndim != 2:
        raise invalid(f"logits should be a matrix, got shape [{','.join(map(str, logits.shape))}]", "Multinomial")
    if logits.shape[1] == 0:
        raise refused("num_classes should be positive, got 0", "Multinomial")
    return random_state.categorical(philox_key, counter, logits, num_samples).astype(dtype.np)


def categorical(logits, num_samples, dtype=None, seed=None, name=None):
    """Column numbers drawn for each row of `logits`, with probabilities softmax(logits).

    Args:
      logits: floating tensor [rows, columns], unnormalised log-probabilities.
      num_samples: how many to draw for each row.
      dtype: int32 or int64 (the default).
      seed: see `uniform`.

    Returns:
      A tensor [rows, num_samples].

    Raises:
      InvalidArgumentError: `logits` is not a matrix.
    """
    dtype = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
    _accept(dtype, _SEED_DTYPES)
    return _draw_categorical(logits, num_samples, dtype, seed)


_Samples = _One("Multinomial", "num_samples should be a scalar, got shape {}", position=1)


@_settles(always=True)
def _draw_categorical(logits, num_samples, dtype, seed):
    logits, count = convert(logits), _Samples.canonical(num_samples, "num_samples")
    if count < 0:
        raise invalid(f"num_samples should be non-negative, got {count}", "Multinomial")
    shape = logits._aval.shape
    blocks = 512 * (shape[0] if shape else 1) * ((count + 3) // 4 * 4)
    return _categorical(*_drawn(("Multinomial", logits._aval.dtype, dtype), blocks, seed), logits, count, dtype)


def stateless_categorical(logits, num_samples, seed, dtype=dtypes.int64, name=None):
    """Like `categorical`, dependent on the arguments alone.

    Args:
      logits: a floating matrix.
      num_samples: an integer.
      seed: two integers.
      dtype: int32 or int64.

    Raises:
      InvalidArgumentError: shapes that do not fit.
    """
    count = int(python_value(num_samples))
    return _categorical(*_stateless(seed, "auto_select"), convert(logits), count, dtypes.as_dtype(dtype))


__getattr__, __dir__ = _lazy.names(
    __name__,
    {
        "_random_laws": "gamma poisson stateless_binomial stateless_gamma stateless_poisson",
        "_random_truncated": "stateless_parameterized_truncated_normal",
        "_nn_unigrams": "fixed_unigram_candidate_sampler learned_unigram_candidate_sampler",
        "_nn_sampled": "all_candidate_sampler log_uniform_candidate_sampler uniform_candidate_sampler",
    },
)
