"""Where draws of `tf.random` stand in their streams: keys and counters, shapes and seeds."""

import enum
import functools
import inspect
import math

import numpy as np

from tfcompat._core import attributes, draws, dtypes, errors, native, random_state
from tfcompat._core.attributes import Sizes, python_value, size_list
from tfcompat._core.avals import aval, shape_text
from tfcompat._core.context import state as thread
from tfcompat._core.convert import convert
from tfcompat._core.op import Data, Int, op
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import PLAIN, TensorHandle, size_value
from tfcompat._declare import for_shapes, invalid, not_allowed, refused

Key, Counter = Data("K", only=dtypes.uint32), Data("C", only=dtypes.uint32)
SEED_DTYPES = (dtypes.int32, dtypes.int64)


@op("StatelessRandomGetKeyCounter", grad=None, static=False, single=False, Tseed=SEED_DTYPES)
def key_counter(seed: Data("Tseed")):
    if seed.shape != (2,):
        kernel, rank = "StatelessRandomGetKeyCounter", seed.ndim
        text = f"Shape must be rank 1 but is rank {rank}" if rank != 1 else f"Dimension must be 2 but is {seed.shape[0]}"
        raise invalid(f"seed must have shape [2], not [{','.join(map(str, seed.shape))}]", kernel,
                      while_recording=for_shapes(text, kernel, seed))  # fmt: skip
    return list(random_state.scramble(seed))


def dims_of(shape, kernel):
    """The shape as a tuple, and whether TensorFlow keeps it in 64 bits: kernels with their own streams."""
    wide = isinstance(shape, (TensorHandle, np.ndarray)) and shape.dtype in (dtypes.int64, np.dtype(np.int64))
    if (numbers := attributes.plain_ints(shape)) is not None:
        dims = numbers
    elif isinstance(shape, (list, tuple)) and (found := size_list(shape)) is not None:
        dims = found
    else:
        given = convert(shape)
        if given._aval.dtype not in SEED_DTYPES:
            raise not_allowed("Tshape" if kernel.startswith("Stateless") else "T", given._aval.np_dtype, SEED_DTYPES, kernel)
        if len(given._aval.shape) != 1:
            raise invalid(f"shape must be a vector of {{int32,int64}}, got shape {shape_text(given._aval.shape)}", kernel)
        dims = tuple(python_value(given, size_value).tolist())
    for d in dims:
        if d < 0:
            raise refused(f"Dimension {d} must be >= 0", kernel)
    return dims, wide


_KEY, _COUNTER, _PAIR = aval((2,), np.dtype(np.uint32)), aval((4,), np.dtype(np.uint32)), aval((2,), np.dtype(np.int64))


def key_tensor(key):
    return Tensor(_KEY, random_state.words_of(key, 2), None, PLAIN)


def leaves(key, counter):
    """Tensors of a key and a counter, Python ints."""
    return leaves_of(key, counter & random_state.M64, counter >> 64)


def leaves_of(key, low, high):
    """Tensors of a key and the halves of a counter, Python ints."""
    if native.extension is not None:
        return native.extension.key_and_counter(key, low, high)
    words = random_state.words_of(key | low << 64 | high << 128, 6)
    return Tensor(_KEY, words[:2], None, PLAIN), Tensor(_COUNTER, words[2:], None, PLAIN)


def reserve(kernel, dims, seed, *values):
    return drawn((kernel, *values), 256, seed, dims)


def op_seed(seed):
    """An op's own seed as an int."""
    if isinstance(seed, str):
        raise TypeError(f"seed must be an integer. Received: {seed!r}")
    return None if seed is None else int(python_value(seed))


@op("CounterAfter", grad=None, static=False)
def counter_after(counter: Counter, blocks: Int, dims: Sizes):
    return random_state.counter_after(counter, blocks * math.prod(dims))


@op("RandomShuffle", grad=None, static=False)
def order(philox_key: Key, counter: Counter, size: Int):
    return random_state.drawn_permutation(philox_key, counter, size)


def drawn(kernel, blocks, seed, dims=()):
    """Key and counter tensors of the next draw of a kernel, which takes `blocks` for each element of the shape `dims`.

    In a function they are those of each call's next draw.
    """
    seed = op_seed(seed)
    if thread.trace is not None:
        key, cell = draws.place(thread.trace, seed)
    elif thread.sites is not None:
        key, cell = thread.sites.reserve(seed)
    else:
        return leaves(*random_state.seeds.reserve(kernel, blocks * math.prod(dims), seed))
    counter = cell.read()
    cell.bind(counter_after(counter, blocks, tuple(dims)))
    return key_tensor(key), counter


def fresh(seed):
    """Key and counter tensors for a draw by an op without a seed, for which nothing else about the draw matters.

    (None, None) where it has one, and in functions: see `drawn`.
    """
    context = thread.context
    if seed is not None or context.trace is not None or context.sites is not None:
        return None, None
    key, high = random_state.seeds.new_pair()
    return leaves_of(key, 0, high)


def settles(always=False):
    """Makes a function that draws take a seed where it is refused as often as in TensorFlow.

    There a seed is taken between what Python looks at and what a kernel looks at.

    Args:
      always: whether it is taken before the arguments are looked at.
    """

    def decorate(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def public(*args, **kwargs):
            before = random_state.seeds.taken
            try:
                return function(*args, **kwargs)
            except Exception as error:
                settle(signature, args, kwargs, before, always or isinstance(error, errors.OpError))
                raise

        return public

    return decorate


def settle(signature, args, kwargs, before, takes):
    try:
        seed = signature.bind(*args, **kwargs).arguments.get("seed")
    except TypeError:  # no call of it at all
        return
    if seed is None and thread.trace is None and thread.sites is None:
        random_state.seeds.settle(before, takes)


def seed_pair(seed):
    """A stateless seed as a tensor, where it is a list or tuple: other numbers are no other form of a call."""
    return convert(seed) if type(seed) in (list, tuple) else seed


if native.extension is not None:
    native.extension.setup_draws(random_state.seeds, random_state.seeds.system.getrandbits, _KEY, _COUNTER, _PAIR)
    fresh, seed_pair = native.extension.fresh_draw, native.extension.seed_pair


class Algorithm(enum.Enum):
    """Algorithms of random number generators. AUTO_SELECT means PHILOX here."""

    PHILOX = 1
    THREEFRY = 2
    AUTO_SELECT = 3


def algorithm(alg):
    """PHILOX or THREEFRY, from what TensorFlow accepts for `alg`."""
    if type(alg) is str and alg in ("auto_select", "philox"):
        return Algorithm.PHILOX
    if isinstance(alg, str):
        alg = Algorithm.__members__.get(alg.upper(), alg)
    else:
        alg = next((a for a in Algorithm if alg in (a, a.value)), alg)
    if not isinstance(alg, Algorithm):
        raise ValueError(f"Argument `alg` got unsupported value {alg}. Supported values are philox for the Philox "
                         "algorithm, threefry for the ThreeFry algorithm, and auto_select for auto-selection.")
    return Algorithm.PHILOX if alg is Algorithm.AUTO_SELECT else alg


def stateless(seed, alg):
    """Key and counter tensors of a stateless seed."""
    if algorithm(alg) is Algorithm.THREEFRY:
        raise NotImplementedError("tf.random.stateless_* with alg='threefry': use 'philox'.")
    return key_counter(seed)
