"""`tf.random.Generator`: streams of random numbers with a state of their own."""

import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat import _random_draws as draws
from tfcompat._core import dtypes, random_state
from tfcompat._core.attributes import python_value
from tfcompat._core.context import state as thread
from tfcompat._core.convert import convert
from tfcompat._core.op import Int, T, op
from tfcompat._core.trackable import Trackable
from tfcompat._core.variable import Variable
from tfcompat._random_keys import Algorithm, algorithm, dims_of, leaves as leaves_of


@op("MakeSeeds", grad=None, static=False)
def _with_zeros(keys: T):
    return jnp.stack([keys, jnp.zeros_like(keys)])


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
    size = 3 if algorithm(alg) is Algorithm.PHILOX else 2
    seed = python_value(seed)
    if np.ndim(seed) == 0:
        parts = [int(seed) >> (64 * i) for i in range(size)]
    else:
        parts = [int(v) for v in list(seed)[:size]]
        parts = [0] * (size - len(parts)) + parts
    return convert(np.array([v & random_state.M64 for v in parts], np.uint64).view(np.int64))


def _check_state(shape):
    if shape != (3,):
        raise ValueError(f"Shapes {shape} and [3] are incompatible")


class Generator(Trackable):
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
        if alg is not None and algorithm(alg) is not Algorithm.PHILOX:
            raise NotImplementedError("tf.random.Generator: 'threefry' is not supported by tfcompat: use 'philox'.")
        if copy_from is None and isinstance(state, Variable):
            self._state = state
            return
        value = copy_from.state if copy_from is not None else state
        value = np.asarray(python_value(value))
        value = value.view(np.int64) if value.dtype == np.uint64 else value.astype(np.int64)
        _check_state(value.shape)
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
        state = convert(state, dtypes.int64)
        _check_state(tuple(state.shape))
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
        if thread.trace is not None:
            leaves = _parts_of_state(self._state)
            self._state.assign(_state_after(self._state, 256 * count))
            return leaves
        key, counter = self._position()
        after = (counter + 256 * count) & random_state.M128
        self._state._set(_state_of(key, [after & random_state.M64, after >> 64]))
        return leaves_of(key, counter)

    def skip(self, delta):
        """Moves the counter on by `delta` draws of one number; returns the state before."""
        before = self._state.read_value()
        self._advance(int(python_value(delta)))
        return before

    def _take(self, dims):
        return self._advance(math.prod(dims))

    def _normal(self, draw, kernel, shape, mean, stddev, dtype):
        dtype = dtypes.as_dtype(dtype)
        dims, _ = dims_of(shape, kernel)
        mean, stddev = convert(mean, dtype), convert(stddev, dtype)
        return draws.scaled(draw(*self._take(dims), dims, dtype), stddev) + mean

    def normal(self, shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, name=None):
        """Normally distributed numbers; see `tf.random.normal`."""
        return self._normal(draws.normal, "StatelessRandomNormalV2", shape, mean, stddev, dtype)

    def truncated_normal(self, shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, name=None):
        """See `tf.random.truncated_normal`."""
        return self._normal(draws.truncated_normal, "StatelessTruncatedNormalV2", shape, mean, stddev, dtype)

    def uniform(self, shape, minval=0, maxval=None, dtype=dtypes.float32, name=None):
        """Numbers of [minval, maxval); see `tf.random.uniform`."""
        dtype = dtypes.as_dtype(dtype)
        if maxval is None and dtype.is_integer:
            raise ValueError(f"For integer dtype {dtype}, minval and maxval must be both `None` or both non-`None`; got "
                             f"minval={minval!r} and maxval=None")  # fmt: skip
        dims, _ = dims_of(shape, "StatelessRandomUniformV2")
        minval, maxval = convert(minval, dtype), convert(1 if maxval is None else maxval, dtype)
        if dtype.is_integer:
            return draws.stateless_integers(*self._take(dims), minval, maxval, dims)
        return draws.between(draws.uniform(*self._take(dims), dims, dtype), minval, maxval)

    def uniform_full_int(self, shape, dtype=dtypes.uint64, name=None):
        """Integers of all values, dtype int32, int64, uint32 or uint64."""
        dims, _ = dims_of(shape, "StatelessRandomUniformFullIntV2")
        return draws.full_integers(*self._take(dims), dims, dtypes.as_dtype(dtype))

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
