"""Candidate samplers of `tf.random`, and losses of `tf.nn` over a sample of the classes (Jean et al., 2015)."""

import collections
import functools
import math

import numpy as np

from tfcompat._array import concat, reshape
from tfcompat._cast import cast
from tfcompat._core import dtypes as d, random_state
from tfcompat._core.by_value import by_value
from tfcompat._core.convert import convert
from tfcompat._core.custom_gradient import stop_gradient
from tfcompat._core.tensor_base import host_value
from tfcompat._core.trace import is_symbolic
from tfcompat._creation import ones_like, zeros_like
from tfcompat._declare import invalid, refused, too_small
from tfcompat._elementwise import log
from tfcompat._gather import gather
from tfcompat._products import matmul
from tfcompat._random_keys import drawn, settles
from tfcompat._reductions import reduce_sum

_WORDS_AT_ONCE = 2048  # words that TensorFlow reserves for each candidate


class Words:
    """Numbers out of one stream of 32-bit words, one after another."""

    def __init__(self, key, counter):
        self.key, self.counter, self.left = key, counter, []

    def word(self):
        if not self.left:
            self.left = random_state.host_words(self.key, self.counter, _WORDS_AT_ONCE).tolist()[::-1]
            self.counter += _WORDS_AT_ONCE // 4
        return self.left.pop()

    def wide(self):
        low = self.word()
        return low | self.word() << 32

    def double(self):
        bits = (self.word() & 0xFFFFF) << 32 | self.word() | 1023 << 52
        return np.array(bits, np.uint64).view(np.float64).item() - 1.0

    def single(self):
        return (self.word() & 0x7FFFFF) / 2**23

    def below(self, n, wide=False):
        """An integer of [0, n), without bias, from words of 32 or 64 bits."""
        draw, most = (self.wide, 2**64 - 1) if wide else (self.word, 2**32 - 1)
        if n & (n - 1) == 0:
            return draw() & (n - 1)
        skewed = most % n + 1
        while True:
            word = draw()
            if word >= skewed:
                return word % n


def at_least(kernel, minimum, **attributes):
    """Raises InvalidArgumentError for an attribute that is less than `minimum`."""
    for name, value in attributes.items():
        if value < minimum:
            raise too_small(name, value, minimum, kernel)


def _true(true_classes, num_true, num_sampled, unique, range_max, kernel):
    classes = convert(true_classes, d.int64)
    shape = classes._aval.shape
    if len(shape) != 2:
        raise invalid("true_classes must be a matrix", kernel)
    if shape[1] != num_true:
        error = invalid if kernel == "ComputeAccidentalHits" else refused
        raise error(f"true_classes must have num_true columns, expected: {shape[1]} was: {num_true}", kernel)
    if unique and num_sampled > range_max:
        raise refused("Sampler's range is too small.", kernel)
    return classes


def _expected(probability, count, tries):
    """How often a class is expected in a sample that took `tries` draws."""
    if tries == count:
        return (probability * count).astype(np.float32)
    with np.errstate(divide="ignore"):  # a class of probability 1
        return (-np.expm1(tries * np.log1p(-probability))).astype(np.float32)


def _check_range(classes, law, kernel):
    for value in np.asarray(host_value(classes)).reshape(-1).tolist():
        if not 0 <= value < law.range_max:
            raise refused(f"`true_candidate` out of range [0, {law.range_max}), received {value}", kernel)


def _sampled(law, num_sampled, unique, kernel, classes, *position):
    _check_range(classes, law, kernel)
    words = Words(*[random_state.number_of(np.asarray(host_value(part))) for part in position])
    found, tries = [], 0
    while len(found) < num_sampled:
        value, tries = law.sample(words), tries + 1
        if not unique or value not in found:
            found.append(value)
    found = np.array(found, np.int64)
    counts = [_expected(law.probability(v), num_sampled, tries) for v in (np.asarray(host_value(classes)), found)]
    return [convert(found), *map(convert, counts)]


def sampler(kernel):
    """`draw(law, true_classes, ...)` of a kernel: candidates, and how often classes are expected among them.

    A law has `range_max`, `sample(words)`, and `probability(classes)`.
    """
    result = collections.namedtuple(kernel, ["sampled_candidates", "true_expected_count", "sampled_expected_count"])

    def draw(law, true_classes, num_true, num_sampled, unique, seed, attributes=()):
        at_least(kernel, 1, num_true=num_true, num_sampled=num_sampled, range_max=law.range_max)
        classes = _true(true_classes, num_true, num_sampled, unique, law.range_max, kernel)
        if not is_symbolic(classes):
            _check_range(classes, law, kernel)  # before numbers are drawn
        blocks = _WORDS_AT_ONCE // 4 * num_sampled
        position = drawn((kernel, num_true, num_sampled, bool(unique), law.range_max, *attributes), blocks, seed)
        sampled = functools.partial(_sampled, law, num_sampled, unique, kernel)
        shapes = (np.int64, (num_sampled,)), (np.float32, classes._aval.shape), (np.float32, (num_sampled,))
        return result(*by_value(kernel, sampled, [classes, *position], *shapes))

    return draw


class _Uniform:
    def __init__(self, range_max):
        self.range_max = range_max

    def sample(self, words):
        return words.below(self.range_max, wide=True)

    def probability(self, classes):
        return np.full(classes.shape, 1 / self.range_max)


class _LogUniform(_Uniform):
    def sample(self, words):
        return (int(math.exp(words.double() * math.log1p(self.range_max))) - 1) % self.range_max

    def probability(self, classes):
        return np.log((classes + 2.0) / (classes + 1.0)) / math.log1p(self.range_max)


_uniform, _log_uniform = sampler("UniformCandidateSampler"), sampler("LogUniformCandidateSampler")


@settles()
def uniform_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None):
    """A sample of the classes 0 to `range_max` - 1, all equally likely.

    Args:
      true_classes: int64 [batch, num_true], of which the expected counts are wanted.
      num_true: the number of columns.
      num_sampled: how many to draw.
      unique: whether to draw each class once at most.
      range_max: the number of classes.
      seed: see `tf.random.uniform`.

    Returns:
      A named tuple (sampled_candidates, true_expected_count, sampled_expected_count).

    Raises:
      InvalidArgumentError: shapes that do not fit, classes out of range, or fewer than are to be drawn.
    """
    return _uniform(_Uniform(range_max), true_classes, num_true, num_sampled, unique, seed)


@settles()
def log_uniform_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None):
    """A sample of classes, class k with probability log((k + 2) / (k + 1)) / log(range_max + 1): Zipf's law, nearly.

    Args:
      true_classes, num_true, num_sampled, unique, range_max, seed: see `uniform_candidate_sampler`.

    Raises:
      InvalidArgumentError: see `uniform_candidate_sampler`.
    """
    return _log_uniform(_LogUniform(range_max), true_classes, num_true, num_sampled, unique, seed)


AllCandidateSampler = collections.namedtuple(
    "AllCandidateSampler", ["sampled_candidates", "true_expected_count", "sampled_expected_count"]
)


@settles()
def all_candidate_sampler(true_classes, num_true, num_sampled, unique, seed=None, name=None):
    """All classes, 0 to `num_sampled` - 1: for tests of sampled losses.

    Args:
      true_classes, num_true, num_sampled, unique, seed: see `uniform_candidate_sampler`.

    Raises:
      InvalidArgumentError: shapes that do not fit.
    """
    classes = np.asarray(host_value(_true(true_classes, num_true, num_sampled, unique, num_sampled, "AllCandidateSampler")))
    drawn("AllCandidateSampler", 0, seed)
    return AllCandidateSampler(convert(np.arange(num_sampled)), convert(np.ones(classes.shape, np.float32)),
                               convert(np.ones(num_sampled, np.float32)))  # fmt: skip


ComputeAccidentalHits = collections.namedtuple("ComputeAccidentalHits", ["indices", "ids", "weights"])


@settles()
def compute_accidental_hits(true_classes, sampled_candidates, num_true, seed=None, name=None):
    """Where sampled classes are among the true ones.

    Args:
      true_classes: int64 [batch, num_true].
      sampled_candidates: int64 [num_sampled].
      num_true: the number of columns.
      seed: nothing depends on it, but an op without one takes the next of the seeds, as in TensorFlow.

    Returns:
      A named tuple (indices, ids, weights): rows of the batch, places in the sample, and the lowest float32 for each.

    Raises:
      InvalidArgumentError: shapes that do not fit.
    """
    kernel = "ComputeAccidentalHits"
    ins = [_true(true_classes, num_true, 0, False, 0, kernel), convert(sampled_candidates, d.int64)]
    drawn((kernel, num_true), 0, seed)
    shapes = (np.int32, (None,)), (np.int64, (None,)), (np.float32, (None,))
    return ComputeAccidentalHits(*by_value(kernel, _hits, ins, *shapes))


def _hits(classes, sampled):
    # Of equal candidates, TensorFlow finds the last.
    last = {value: place for place, value in enumerate(np.asarray(host_value(sampled)).tolist())}
    rows = enumerate(np.asarray(host_value(classes)).tolist())
    hits = [(row, last[v]) for row, values in rows for v in values if v in last]
    rows, places = np.array(hits, np.int64).reshape(-1, 2).T
    weights = np.full(len(rows), np.finfo(np.float32).min, np.float32)
    return [convert(rows.astype(np.int32)), convert(places.astype(np.int64)), convert(weights)]


def _mask(count, dtype, classes, rows, places):
    """[batch, count]: the lowest float32 where a candidate is among the true classes, else 0."""
    mask = np.zeros((classes.shape[0], count), dtype)
    mask[np.asarray(host_value(rows)), np.asarray(host_value(places))] = np.finfo(np.float32).min
    return [convert(mask)]


# Losses


def sampled_logits(weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
                    remove_accidental_hits, seed):  # fmt: skip
    """Logits of true and sampled classes, less the logarithms of how often they are expected; and their labels."""
    if isinstance(weights, (list, tuple)):
        weights = concat(weights, 0) if len(weights) > 1 else weights[0]
    labels, inputs = cast(labels, d.int64), convert(inputs)
    flat = reshape(labels, [-1])
    if sampled_values is None:
        sampled_values = log_uniform_candidate_sampler(labels, num_true, num_sampled, True, num_classes, seed)
    sampled, true_expected, sampled_expected = (stop_gradient(convert(v)) for v in sampled_values)
    sampled = cast(sampled, d.int64)
    ids = concat([flat, sampled], 0)
    rows, offsets = (cast(gather(v, ids), inputs.dtype) for v in (weights, biases))
    count = flat.shape[0]
    true_rows = reshape(rows[:count], [-1, num_true, rows.shape[1]])
    true_logits = reduce_sum(inputs[:, None, :] * true_rows, -1) + reshape(offsets[:count], [-1, num_true])
    logits = matmul(inputs, rows[count:], transpose_b=True) + offsets[count:]
    if remove_accidental_hits:
        hits = compute_accidental_hits(labels, sampled, num_true)
        dtype = inputs.dtype.as_numpy_dtype
        mask = functools.partial(_mask, num_sampled, dtype)
        shape = labels._aval.shape[0], num_sampled
        logits += by_value("SparseToDense", mask, [labels, hits.indices, hits.ids], (dtype, shape))[0]
    true_logits = true_logits - log(cast(true_expected, inputs.dtype))
    logits = logits - log(cast(sampled_expected, inputs.dtype))
    targets = concat([ones_like(true_logits) / num_true, zeros_like(logits)], 1)
    return concat([true_logits, logits], 1), targets


