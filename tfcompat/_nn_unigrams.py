"""Candidate samplers of `tf.random` whose classes have weights of their own: given, or learned from the true classes."""

import numbers
import pathlib

import numpy as np

from tfcompat._core import dtypes as d, errors, random_state
from tfcompat._core.convert import convert
from tfcompat._core.tensor_base import host_value
from tfcompat._declare import refused
from tfcompat._nn_sampled import at_least, sampler
from tfcompat._random_keys import op_seed, settles

_FIXED, _LEARNED = "FixedUnigramCandidateSampler", "LearnedUnigramCandidateSampler"


class _Weighted:
    """Classes with probabilities proportional to `weights`, which do not change: Walker's aliases, as Vose finds them."""

    def __init__(self, weights):
        self.weights, self.range_max = weights, len(weights)
        with np.errstate(invalid="ignore"):  # all weights 0
            share = [float(s) for s in weights.astype(np.float64) * self.range_max / weights.sum(dtype=np.float64)]
        self.alias = list(range(self.range_max))
        low = [k for k, s in enumerate(share) if s < 1]
        high = [k for k, s in enumerate(share) if not s < 1]
        while low and high:
            small, large = low.pop(), high.pop()
            self.alias[small] = large
            share[large] -= 1 - share[small]
            (low if share[large] < 1 else high).append(large)
        for k in low + high:
            share[k] = 1.0
        self.share = np.array(share, np.float32).tolist()

    def sample(self, words):
        fraction = words.single()
        place = words.below(self.range_max)
        return place if fraction < self.share[place] else self.alias[place]

    def probability(self, classes):
        with np.errstate(invalid="ignore"):
            return self.weights[classes] / self.weights.sum()


class _Learned:
    """Classes with probabilities proportional to 1 + how often they were among the true ones."""

    def __init__(self, weights):
        self.weights, self.range_max = weights, len(weights)
        self.ends = np.cumsum(weights)

    def sample(self, words):
        return int(np.searchsorted(self.ends, words.below(int(self.ends[-1])), "right"))

    def probability(self, classes):
        return self.weights[classes] / self.ends[-1]


_fixed, _learned = sampler(_FIXED), sampler(_LEARNED)


def _float(name, value):
    if not isinstance(value, numbers.Real):
        raise TypeError(f"Expected float for argument '{name}' not {value!r}.")
    return float(value)


def _weights_of_file(path, own):
    """The last columns of the lines that `own(k)` takes."""
    try:
        lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise errors.NotFoundError(None, None, f"{path}; No such file or directory [Op:{_FIXED}] name: ") from None
    found = []
    for k, line in enumerate(filter(None, lines)):
        if own(k):
            try:
                found.append(float(line.rpartition(",")[2]))
            except ValueError:
                raise refused(f"Wrong vocabulary format at line: {line}", _FIXED) from None
    return found


@settles()
def fixed_unigram_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max, vocab_file="", distortion=1.0,
                                    num_reserved_ids=0, num_shards=1, shard=0, unigrams=(), seed=None, name=None):  # fmt: skip
    """A sample of classes with given weights.

    Args:
      true_classes, num_true, num_sampled, unique, range_max, seed: see `uniform_candidate_sampler`.
      vocab_file: a file with a line for each class, its weight being what comes after the last comma.
      distortion: the power to which weights are raised.
      num_reserved_ids: how many classes come before these, with weight 0.
      num_shards, shard: only every `num_shards`-th class is taken, the first one being number `shard`.
      unigrams: the weights, in place of a file.

    Raises:
      InvalidArgumentError: see `uniform_candidate_sampler`; no weights or weights from both, another number of them than
        `range_max`, a line that does not end in a number. TypeError: weights that are no floats. NotFoundError: no such file.
    """
    if not isinstance(unigrams, (list, tuple)):
        raise TypeError(f"Expected list for 'unigrams' argument to 'fixed_unigram_candidate_sampler' Op, not {unigrams}.")
    weights = [_float("unigrams", w) for w in unigrams]
    distortion = _float("distortion", distortion)
    at_least(_FIXED, 1, num_shards=num_shards)
    at_least(_FIXED, 0, num_reserved_ids=num_reserved_ids, shard=shard)
    if bool(vocab_file) == bool(weights):
        text = "Must only provide one of vocab_file and unigrams." if weights else "Must provide either vocab_file or unigrams."
        raise refused(text, _FIXED)

    reserved = len(range(shard, num_reserved_ids, num_shards))

    def own(k):
        return (k + reserved) % num_shards == shard

    weights = _weights_of_file(vocab_file, own) if vocab_file else [w for k, w in enumerate(weights) if own(k)]
    given = np.array([0.0] * reserved + [w**distortion for w in weights], np.float32)
    if len(given) != range_max:
        at_least(_FIXED, 1, range_max=range_max)
        raise refused(f"range is {range_max} must be equal to weights size  {len(given)}", _FIXED)
    attributes = vocab_file, distortion, num_reserved_ids, num_shards, shard, tuple(unigrams)
    return _fixed(_Weighted(given), true_classes, num_true, num_sampled, unique, seed, attributes)


@settles()
def learned_unigram_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None):
    """A sample of classes; those that were true ones in earlier calls with the same arguments and `seed` are likelier.

    Args:
      true_classes, num_true, num_sampled, unique, range_max, seed: see `uniform_candidate_sampler`.

    Raises:
      InvalidArgumentError: see `uniform_candidate_sampler`.

    Differs from TensorFlow: with a global seed, calls inside of a function learn only where they have a `seed`, too.
    """
    at_least(_LEARNED, 1, range_max=range_max)
    kernel = _LEARNED, num_true, num_sampled, bool(unique), range_max
    weights = random_state.seeds.memory(kernel, op_seed(seed)).setdefault("weights", np.ones(range_max, np.int64))
    drawn = _learned(_Learned(weights), true_classes, num_true, num_sampled, unique, seed)
    np.add.at(weights, np.asarray(host_value(convert(true_classes, d.int64))), 1)
    return drawn
