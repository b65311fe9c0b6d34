"""`tf.random`: TensorFlow's random numbers, the same ones for the same seeds."""

import builtins
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat import _gather, _lazy
from tfcompat._array import identity as _identity
from tfcompat._cast import cast as _cast
from tfcompat._core import dtypes, random_state
from tfcompat._core.attributes import python_value
from tfcompat._core.avals import shape_text
from tfcompat._core.context import paused as _paused, state as _thread
from tfcompat._core.convert import convert
from tfcompat._core.forms import called_by_form as _called_by_form
from tfcompat._core.op import Check, Data, Dtype, Int, Shape, T, op
from tfcompat._core.trackable import Trackable as _Trackable
from tfcompat._core.variable import Variable
from tfcompat._declare import FLOATS, invalid
from tfcompat._random_keys import (
    SEED_DTYPES as _SEED_DTYPES,
    Algorithm as Algorithm,
    Counter as _Counter,
    Key as _Key,
    algorithm as _algorithm,
    dims_of as _dims,
    drawn as _drawn,
    fresh as _fresh,
    leaves as _leaves,
    op_seed as _op_seed,
    order as _order,
    reserve as _reserve,
    seed_pair as _seed_pair,
    stateless as _stateless,
)

_Logits = Data("L")
_ACCEPTED = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64)


@op("RandomUniform", grad=None, static=False)
def _uniform(philox_key: _Key, counter: _Counter, shape: Shape, dtype: Dtype):
    return random_state.shaped(random_state.uniform, philox_key, counter, shape, dtype.np)


@op("RandomStandardNormal", grad=None, static=False)
def _normal(philox_key: _Key, counter: _Counter, shape: Shape, dtype: Dtype):
    return random_state.shaped(random_state.normal, philox_key, counter, shape, dtype.np)


@op("TruncatedNormal", grad=None, static=False)
def _truncated_normal(philox_key: _Key, counter: _Counter, shape: Shape, dtype: Dtype):
    return random_state.shaped(random_state.truncated_normal, philox_key, counter, shape, dtype.np)


@op("RandomUniformFullInt", grad=None, static=False)
def _full_integers(philox_key: _Key, counter: _Counter, shape: Shape, dtype: Dtype):
    return random_state.shaped(random_state.integers, philox_key, counter, shape, dtype.np)


def _integer_kernel(kernel):
    check = Check(
        bad=lambda key, counter, minval, maxval, shape: minval >= maxval,
        message=lambda key, counter, minval, maxval, shape: f"Need minval < maxval, got {minval} >= {maxval}",
    )

    @op(kernel, grad=None, static=False, check=check, T=_SEED_DTYPES)
    def integers(philox_key: _Key, counter: _Counter, minval: T, maxval: T, shape: Shape):
        for name, bound in (("minval", minval), ("maxval", maxval)):
            if bound.ndim:
                raise invalid(f"{name} must be 0-D, got shape {shape_text(bound.shape)}", kernel)
        return random_state.shaped(random_state.integers_between, philox_key, counter, shape, minval, maxval)

    return integers


_integers = _integer_kernel("RandomUniformInt")
_stateless_integers = _integer_kernel("StatelessRandomUniformIntV2")


@op("RandomScale", static=False, T=FLOATS)
def _scaled(x: T, factor: T):
    """x * factor, rounded before anything is added to it: compilers would join the two into one rounding."""
    product = x * factor
    return jnp.where(jnp.isnan(product), x + (factor - factor), product)  # NaN either way, which compilers do not see


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
    key, counter = _fresh(seed)
    draw = _draw_uniform if key is None else _uniform_by_form
    return draw(key, counter, shape, minval, maxval, dtype, seed)


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
    if dtype.is_integer:
        minval, maxval = convert(minval, dtype), convert(maxval, dtype)
    if key is None:
        key, counter = _reserve(kernel, dims, seed, dtype, wide)
    if dtype.is_integer:
        return _integers(key, counter, minval, maxval, dims)
    drawn = _uniform(key, counter, dims, dtype)
    from_zero = type(minval) is int and minval == 0
    if from_zero and type(maxval) is int and maxval == 1:
        return drawn
    maxval = convert(maxval, dtype)
    return _scaled(drawn, maxval) if from_zero else _between(drawn, convert(minval, dtype), maxval)


_uniform_by_form = _called_by_form(_draw_uniform)


def _accept(dtype, accepted):
    if dtype not in accepted:
        names = ", ".join(repr(d) for d in accepted)
        raise ValueError(f"Argument `dtype` got invalid value {dtype!s}. Accepted dtypes are ({names}).")


def _between(drawn, minval, maxval):
    return _scaled(drawn, maxval - minval) + minval


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
    key, counter = _fresh(seed)
    draw = _draw_normal if key is None else _normal_by_form
    return draw(key, counter, "RandomStandardNormal", shape, mean, stddev, dtype, seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, seed=None, name=None):
    """Normally distributed numbers; those two or more standard deviations from the mean are drawn again.

    See `normal`.
    """
    key, counter = _fresh(seed)
    draw = _draw_normal if key is None else _normal_by_form
    return draw(key, counter, "TruncatedNormal", shape, mean, stddev, dtype, seed)


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
    if key is None:
        key, counter = _reserve(kernel, dims, seed, dtype, wide)
    return _scaled_to(_NORMALS[kernel](key, counter, dims, dtype), mean, stddev, dtype)


_normal_by_form = _called_by_form(_draw_normal)


def _scaled_to(drawn, mean, stddev, dtype):
    """Standard normal numbers with another mean and deviation."""
    if dtype is dtypes.float32 and type(mean) is type(stddev) is float and mean == 0 and stddev == 1:
        return drawn  # no number of theirs is -0.0, which adding 0 would change
    mean = convert(mean, dtype)
    return _scaled(drawn, convert(stddev, dtype)) + mean


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
        with _paused():
            return _identity(value)
    size = value._aval.shape[0]
    blocks = (builtins.max(size - 1, 0) + 3) // 4
    with _paused():  # TensorFlow has no gradient for it
        if _thread.trace is not None or _thread.sites is not None:
            return _gather.gather(value, _order(*_drawn("RandomShuffle", blocks, seed), size))
        position = random_state.seeds.reserve(("RandomShuffle", value._aval.dtype), blocks, _op_seed(seed))
        return _gather.gather(value, convert(random_state.permutation(*position, size)))


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


@_called_by_form
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


@_called_by_form
def _stateless_normal(kernel, shape, seed, mean, stddev, dtype, alg):
    dtype = dtypes.as_dtype(dtype)
    dims, _ = _dims(shape, kernel)
    return _scaled_to(_NORMALS[kernel](*_stateless(seed, alg), dims, dtype), mean, stddev, dtype)


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


@op("Multinomial", grad=None, static=False, L=FLOATS)
def _categorical(philox_key: _Key, counter: _Counter, logits: _Logits, num_samples: Int, dtype: Dtype):
    if logits.ndim != 2:
        raise invalid(f"logits should be a matrix, got shape [{','.join(map(str, logits.shape))}]", "Multinomial")
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
    logits, count = convert(logits), int(python_value(num_samples))
    dtype = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
    _accept(dtype, _SEED_DTYPES)
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


def _state_words(state):
    parts = lax.bitcast_convert_type(state, jnp.uint64)
    both = jnp.stack([parts, parts >> jnp.uint64(32)], -1).astype(jnp.uint32)
    return both[2], both[:2].reshape(4)


@op("StatefulKeyCounter", grad=None, static=False, single=False)
def _parts_of_state(resource: T):
    return list(_state_words(resource))


@op("RngSkip", grad=None, static=False)
def _state_after(resource: T, blocks: Int):
    counter = random_state.counter_after(_state_words(resource)[1], blocks).reshape(2, 2).astype(jnp.uint64)
    low_and_high = counter[:, 0] | (counter[:, 1] << jnp.uint64(32))
    return jnp.concatenate([lax.bitcast_convert_type(low_and_high, resource.dtype), resource[2:]])


def create_rng_state(seed, alg):
    """The first state of a Generator: int64[3] for "philox" (counter's low and high half, key), [2] for "threefry".

    Args:
      seed: an integer, which is cut into 64-bit parts, or a vector, padded with zeros in front.
      alg: a name, an `Algorithm` or its number.

    Raises:
      ValueError: an unknown `alg`.
    """
    size = 3 if _algorithm(alg) is Algorithm.PHILOX else 2
    seed = python_value(seed)
    if np.ndim(seed) == 0:
        parts = [int(seed) >> (64 * i) for i in range(size)]
    else:
        parts = [int(v) for v in list(seed)[:size]]
        parts = [0] * (size - len(parts)) + parts
    return convert(np.array([v & random_state.M64 for v in parts], np.uint64).view(np.int64))


class Generator(_Trackable):
    """A source of random numbers with its own state: key and counter of a Philox stream.

    Make one with `from_seed` or `from_non_deterministic_state`. Each draw moves the counter on.

    Args:
      copy_from: a Generator that this one starts like.
      state: int64[3], see `state`; a Variable is shared.
      alg: "philox" or "auto_select".

    Raises:
      NotImplementedError: for "threefry".
    """

    def __init__(self, copy_from=None, state=None, alg=None):
        if alg is not None and _algorithm(alg) is not Algorithm.PHILOX:
            raise NotImplementedError("tf.random.Generator: 'threefry' is not supported by tfcompat: use 'philox'.")
        if copy_from is None and isinstance(state, Variable):
            self._state = state
            return
        value = copy_from.state if copy_from is not None else state
        value = np.asarray(python_value(value))
        value = value.view(np.int64) if value.dtype == np.uint64 else value.astype(np.int64)
        self._state = Variable(value, dtype=dtypes.int64, name="StateVar", trainable=False)

    def _trackable_children(self, save_type="checkpoint", **kwargs):
        return {"_state_var": self._state}

    @classmethod
    def from_seed(cls, seed, alg=None):
        """A generator that depends on `seed` alone: an integer, or up to three of them.

        Args:
          seed: see `create_rng_state`.
          alg: "philox" or "auto_select".
        """
        alg = "philox" if alg is None else alg
        return cls(state=create_rng_state(seed, alg), alg=alg)

    @classmethod
    def from_state(cls, state, alg=None):
        """A generator that goes on from the `state` of another.

        Args:
          state: int64[3], see `state`.
          alg: "philox" or "auto_select".
        """
        return cls(state=state, alg=alg)

    @classmethod
    def from_key_counter(cls, key, counter, alg=None):
        """A generator that starts with this key and counter.

        Args:
          key: an integer of 64 bits.
          counter: two integers, its low and high half.
          alg: "philox" or "auto_select".
        """
        return cls(state=_state_of(key, counter), alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg=None):
        """A generator seeded by the operating system.

        Args:
          alg: "philox" or "auto_select".
        """
        bits = random_state.seeds.system.getrandbits
        return cls(state=np.array([bits(64) for _ in range(3)], np.uint64), alg=alg)

    @property
    def state(self):
        """The state, a Variable of int64[3]: the counter's low and high half, the key."""
        return self._state

    @property
    def key(self):
        """The key, an int64 scalar."""
        return self._state[2]

    @property
    def algorithm(self):
        """1, which stands for Philox."""
        return 1

    def reset(self, state):
        """Goes on from another `state`, int64[3]."""
        self._state.assign(state)

    def reset_from_seed(self, seed):
        """Starts anew as `from_seed` would."""
        self._state.assign(create_rng_state(seed, "philox"))

    def reset_from_key_counter(self, key, counter):
        """Starts anew as `from_key_counter` would."""
        self._state.assign(_state_of(key, counter))

    def _position(self):
        low, high, key = (int(v) & random_state.M64 for v in self._state.numpy().tolist())
        return key, low | high << 64

    def _advance(self, count):
        """Moves the counter on by `count` draws of one number; returns key and counter before, for ops."""
        if _thread.trace is not None:
            leaves = _parts_of_state(self._state)
            self._state.assign(_state_after(self._state, 256 * count))
            return leaves
        key, counter = self._position()
        after = (counter + 256 * count) & random_state.M128
        self._state._set(_state_of(key, [after & random_state.M64, after >> 64]))
        return _leaves(key, counter)

    def skip(self, delta):
        """Moves the counter on by `delta` draws of one number; returns the state before."""
        before = self._state.read_value()
        self._advance(int(python_value(delta)))
        return before

    def _take(self, dims):
        return self._advance(math.prod(dims))

    def _normal(self, draw, shape, mean, stddev, dtype):
        dtype = dtypes.as_dtype(dtype)
        dims, _ = _dims(shape, draw.op.kernel)
        mean, stddev = convert(mean, dtype), convert(stddev, dtype)
        return _scaled(draw(*self._take(dims), dims, dtype), stddev) + mean

    def normal(self, shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, name=None):
        """Normally distributed numbers; see `tf.random.normal`."""
        return self._normal(_normal, shape, mean, stddev, dtype)

    def truncated_normal(self, shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, name=None):
        """See `tf.random.truncated_normal`."""
        return self._normal(_truncated_normal, shape, mean, stddev, dtype)

    def uniform(self, shape, minval=0, maxval=None, dtype=dtypes.float32, name=None):
        """Numbers of [minval, maxval); see `tf.random.uniform`."""
        dtype = dtypes.as_dtype(dtype)
        if maxval is None and dtype.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
        dims, _ = _dims(shape, "StatelessRandomUniformV2")
        minval, maxval = convert(minval, dtype), convert(1 if maxval is None else maxval, dtype)
        if dtype.is_integer:
            return _stateless_integers(*self._take(dims), minval, maxval, dims)
        return _between(_uniform(*self._take(dims), dims, dtype), minval, maxval)

    def uniform_full_int(self, shape, dtype=dtypes.uint64, name=None):
        """Integers of all values, dtype int32, int64, uint32 or uint64."""
        dims, _ = _dims(shape, "StatelessRandomUniformFullIntV2")
        return _full_integers(*self._take(dims), dims, dtypes.as_dtype(dtype))

    def binomial(self, shape, counts, probs, dtype=dtypes.int32, name=None):
        """Numbers of binomial distributions; see `tf.random.stateless_binomial`."""
        from tfcompat._random_laws import binomial_parts, draw_binomial

        parts, samples, dtype = binomial_parts(shape, counts, probs, dtype, "StatefulRandomBinomial")
        # What the kernel reserves, in draws of one number.
        leaves = self._advance(50 * parts[0]._aval.size * (math.prod(samples) + 3))
        return draw_binomial(*leaves, *parts, samples, dtype)

    def _keys(self, count):
        return self.uniform_full_int([count], dtypes.int64)

    def make_seeds(self, count=1):
        """Seeds for stateless functions, int64 [2, count]."""
        return _with_zeros(self._keys(int(python_value(count))))

    def split(self, count=1):
        """`count` new generators with streams of their own."""
        keys = np.asarray(python_value(self._keys(int(python_value(count))))).tolist()
        return [Generator(state=np.array([0, 0, k], np.int64)) for k in keys]


def _state_of(key, counter):
    parts = [int(v) & random_state.M64 for v in (*python_value(counter), python_value(key))]
    return np.array(parts, np.uint64).view(np.int64)


_global = []


def get_global_generator():
    """The generator shared by the whole program; made when first asked for, seeded by the operating system."""
    if not _global:
        _global.append(Generator.from_non_deterministic_state())
    return _global[0]


def set_global_generator(generator):
    """Makes `generator` the one that `get_global_generator` gives.

    Args:
      generator: a Generator.
    """
    _global[:] = [generator]


@op("MakeSeeds", grad=None, static=False)
def _with_zeros(keys: T):
    return jnp.stack([keys, jnp.zeros_like(keys)])


__getattr__, __dir__ = _lazy.names(
    __name__,
    {
        "_random_laws": "gamma poisson stateless_binomial stateless_gamma stateless_poisson",
        "_random_truncated": "stateless_parameterized_truncated_normal",
        "_nn_unigrams": "fixed_unigram_candidate_sampler learned_unigram_candidate_sampler",
        "_nn_sampled": "all_candidate_sampler log_uniform_candidate_sampler uniform_candidate_sampler",
    },
)
