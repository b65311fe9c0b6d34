"""Connectionist temporal classification (Graves et al., 2006): its loss, and decoders."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._array import concat, transpose
from tfcompat._cast import cast
from tfcompat._core import dtypes as d, errors
from tfcompat._core.convert import convert
from tfcompat._core.op import Data, T, op
from tfcompat._core.tensor_base import host_value
from tfcompat._declare import INDEX, invalid
from tfcompat._select import where

_NEVER = -1e30  # a log-probability that no sum can bring back, yet differentiable
_ALMOST_NEVER = np.log(1e-307)  # what TensorFlow ends impossible paths with: losses stay finite


def _joined(*terms):
    return jax.nn.logsumexp(jnp.stack(terms), 0)


@op("CTCLossV2", T=(d.float32,), L=INDEX, M=INDEX, N=INDEX)
def _ctc(logits: T, labels: Data("L"), label_length: Data("M"), logit_length: Data("N")):
    """Negative log-likelihoods; time is first in the logits, the blank is class 0."""
    frames, batch, classes = logits.shape
    states = labels.shape[1] + 1
    log_p = jax.nn.log_softmax(logits)
    # A label that is no class has probability 1, as a row of zeros in place of a one-hot row gives it.
    known = (labels >= 0) & (labels < classes)
    places = jnp.broadcast_to(jnp.clip(labels, 0, classes - 1)[None], (frames, *labels.shape))
    seen = jnp.where(known[None], jnp.take_along_axis(log_p, places, 2), 0.0)
    seen = jnp.pad(seen, [(0, 0), (0, 0), (1, 0)], constant_values=_NEVER)
    skip = jnp.where(labels[:, 1:] == labels[:, :-1], _NEVER, 0.0)
    skip = jnp.pad(skip, [(0, 0), (2, 0)], constant_values=_NEVER) if states > 1 else jnp.full((batch, 1), _NEVER)
    skip = skip.at[:, 1:2].set(0.0)  # the first label may come at once

    def earlier(x):
        return jnp.pad(x[:, :-1], [(0, 0), (1, 0)], constant_values=_NEVER)

    def step(state, frame):
        label, blank = state
        here, silent, within = frame
        new_label = _joined(label, earlier(label) + skip, earlier(blank)) + here
        new_blank = _joined(blank, label) + silent[:, None]
        keep = within[:, None]
        return (jnp.where(keep, new_label, label), jnp.where(keep, new_blank, blank)), None

    within = jnp.arange(frames)[:, None] < logit_length[None]
    start = jnp.full((batch, states), _NEVER, logits.dtype)
    (label, blank), _ = lax.scan(step, (start.at[:, 0].set(0.0), start), (seen, log_p[:, :, 0], within))
    end = jnp.where(jnp.arange(states)[None] == label_length[:, None], 0.0, _ALMOST_NEVER).astype(logits.dtype)
    return -jax.nn.logsumexp(jnp.concatenate([label + end, blank + end], 1), 1)


def _sparse():
    """`tfcompat.sparse`, which is built on these ops: imported when it is needed."""
    return importlib.import_module("tfcompat.sparse")


def _from_sparse(labels):
    """Labels of a SparseTensor as a dense matrix and the rows' lengths."""
    indices, values, shape = (np.asarray(host_value(convert(v))) for v in (labels.indices, labels.values, labels.dense_shape))
    dense, lengths = np.zeros(shape, np.int32), np.bincount(indices[:, 0], minlength=shape[0])
    dense[tuple(indices.T)] = values
    return dense, lengths


def _check_time(labels, lengths, frames):
    for row, length, available in zip(labels, lengths, frames, strict=True):
        row = row[:length]
        needed = length + int((row[1:] == row[:-1]).sum())
        if needed > available:
            raise invalid(f"Not enough time for target transition sequence (required: {needed}, available: {available})0You "
                          "can turn this error into a warning by using the flag ignore_longer_outputs_than_inputs",
                          "CTCLoss")  # fmt: skip


def ctc_loss(labels, logits, label_length, logit_length, logits_time_major=True, unique=None, blank_index=None, name=None):
    """Negative log-likelihoods of label sequences, summed over their alignments with the frames.

    Args:
      labels: integers [batch, longest], or a SparseTensor.
      logits: [frames, batch, classes], unnormalised.
      label_length: integers [batch]; not read where `labels` is sparse.
      logit_length: integers [batch], the numbers of frames.
      logits_time_major: False where `logits` is [batch, frames, classes].
      unique: what `ctc_unique_labels(labels)` gives; accepted, nothing depends on it.
      blank_index: the class that stands for no label; default 0, negative ones count from the end.

    Returns:
      A tensor [batch].

    Raises:
      ValueError: sparse labels and no `blank_index`. InvalidArgumentError: a dtype other than float32 and half
      precisions, or, where labels are sparse, fewer frames than they need.
    """
    logits = convert(logits)
    is_sparse = hasattr(labels, "dense_shape")
    if is_sparse:
        if blank_index is None:
            raise ValueError("Argument `blank_index` must be provided when `labels` is a `SparseTensor`.")
        labels, label_length = _from_sparse(labels)
        _check_time(labels, label_length, np.asarray(host_value(convert(logit_length))).tolist())
    labels = convert(labels)
    given = logits.dtype
    logits = cast(logits, d.float32) if given in (d.float16, d.bfloat16) else logits
    logits = logits if logits_time_major else transpose(logits, [1, 0, 2])
    blank = (blank_index or 0) % logits.shape[2]
    if blank:
        logits = concat([logits[:, :, blank : blank + 1], logits[:, :, :blank], logits[:, :, blank + 1 :]], 2)
        labels = where(labels < blank, labels + 1, labels)
    loss = _ctc(logits, labels, label_length, logit_length)
    return cast(loss, given) if given != loss.dtype else loss


def ctc_unique_labels(labels, name=None):
    """Of each row of labels: its distinct ones in order of appearance, padded with 0, and which of them each label is.

    Args:
      labels: integers [batch, longest].

    Raises:
      ValueError: another rank.
    """
    rows = np.asarray(host_value(convert(labels)))
    distinct, places = np.zeros(rows.shape, np.int64), np.zeros(rows.shape, np.int32)
    for i, row in enumerate(rows.tolist()):
        order = list(dict.fromkeys(row))
        distinct[i, : len(order)] = order
        places[i] = [order.index(v) for v in row]
    return [convert(distinct), convert(places)]


def collapse_repeated(labels, seq_length, name=None):
    """Label sequences without repetitions: the labels, padded with 0, and the new lengths.

    Args:
      labels: [batch, longest].
      seq_length: integers [batch].

    Raises:
      ValueError: shapes that do not fit.
    """
    labels, seq_length = convert(labels), convert(seq_length)
    rows, lengths = np.asarray(host_value(labels)), np.asarray(host_value(seq_length))
    kept = [[v for i, v in enumerate(row[:n]) if i == 0 or v != row[i - 1]] for row, n in zip(rows, lengths, strict=True)]
    found = np.zeros((len(kept), max(map(len, kept), default=0)), rows.dtype)
    for row, values in zip(found, kept, strict=True):
        row[: len(values)] = values
    return convert(found), convert(np.array([len(v) for v in kept], lengths.dtype))


# Decoders


def _decoder_inputs(inputs, sequence_length, kernel):
    inputs, lengths = np.asarray(host_value(convert(inputs))), np.asarray(host_value(convert(sequence_length)))
    if inputs.ndim != 3:
        raise invalid("inputs is not a 3-Tensor", kernel)
    frames, batch, _ = inputs.shape
    if len(lengths) != batch:
        raise errors.FailedPreconditionError(
            None, None, f"len(sequence_length) != batch_size.  len(sequence_length):  {len(lengths)} batch_size: {batch} "
            f"[Op:{kernel}]",
        )  # fmt: skip
    for i, n in enumerate(lengths.tolist()):
        if n > frames:
            raise errors.FailedPreconditionError(None, None, f"sequence_length({i}) <= {frames} [Op:{kernel}]")
    return inputs, lengths.tolist()


def _as_sparse(rows):
    """Lists of labels as a SparseTensor."""
    indices = [[i, j] for i, row in enumerate(rows) for j in range(len(row))]
    values = np.array([v for row in rows for v in row], np.int64)
    shape = [len(rows), max(map(len, rows), default=0)]
    return _sparse().SparseTensor(np.array(indices, np.int64).reshape(-1, 2), values, shape)


def greedy_rows(inputs, sequence_length, merge_repeated, blank_index):
    """The labels of each sequence, and minus the sum of the logits they come from."""
    inputs, lengths = _decoder_inputs(inputs, sequence_length, "CTCGreedyDecoder")
    classes = inputs.shape[2]
    blank = -1 if blank_index is None else blank_index
    if not -classes <= blank < classes:
        raise invalid(f"blank_index expected to be between {-classes} and {classes - 1} but was {blank}", "CTCGreedyDecoder")
    blank %= classes
    rows, scores = [], np.zeros((len(lengths), 1), inputs.dtype)
    for i, n in enumerate(lengths):
        best = inputs[:n, i].argmax(-1)
        scores[i] = -inputs[:n, i].max(-1).sum() if n else 0
        rows.append([int(v) for t, v in enumerate(best)
                     if v != blank and not (merge_repeated and t and v == best[t - 1])])  # fmt: skip
    return rows, scores


def ctc_greedy_decoder(inputs, sequence_length, merge_repeated=True, blank_index=None):
    """The likeliest class of each frame, without blanks.

    Args:
      inputs: logits [frames, batch, classes].
      sequence_length: integers [batch].
      merge_repeated: whether to merge a class that follows itself without a blank between.
      blank_index: the class that stands for no label; default: the last.

    Returns:
      ([a SparseTensor of labels], minus the sums of the logits [batch, 1]).

    Raises:
      InvalidArgumentError: `inputs` of another rank, no such class. FailedPreconditionError: lengths that do not fit.
    """
    rows, scores = greedy_rows(inputs, sequence_length, merge_repeated, blank_index)
    return [_as_sparse(rows)], convert(scores)


def _beams(log_p, width):
    """The `width` likeliest label sequences of one input, (labels, log-probability), best first."""
    blank = log_p.shape[1] - 1
    beams = {(): (0.0, -np.inf)}  # sequence -> log-probabilities of ending in a blank, and in its last label
    for frame in log_p.tolist():
        found = {}

        def add(labels, ends_blank, value, found=found):
            both = found.setdefault(labels, [-np.inf, -np.inf])
            both[not ends_blank] = np.logaddexp(both[not ends_blank], value)

        for labels, (in_blank, in_label) in beams.items():
            total = np.logaddexp(in_blank, in_label)
            add(labels, True, total + frame[blank])
            if labels:
                add(labels, False, in_label + frame[labels[-1]])
            for label in range(blank):
                again = bool(labels) and labels[-1] == label
                add((*labels, label), False, (in_blank if again else total) + frame[label])
        best = sorted(found.items(), key=lambda item: -np.logaddexp(*item[1]))[:width]
        beams = {labels: tuple(both) for labels, both in best}
    return [(labels, float(np.logaddexp(*both))) for labels, both in beams.items()]


def beam_rows(inputs, sequence_length, beam_width, top_paths):
    """Of each of the best paths the labels of each sequence; and the log-probabilities."""
    if top_paths > beam_width:
        raise invalid("requested more paths than the beam width.", "CTCBeamSearchDecoder")
    inputs, lengths = _decoder_inputs(inputs, sequence_length, "CTCBeamSearchDecoder")
    wide = inputs.astype(np.float64)
    log_p = wide - np.log(np.sum(np.exp(wide - wide.max(-1, keepdims=True)), -1, keepdims=True)) - wide.max(-1, keepdims=True)
    paths = [[] for _ in range(top_paths)]
    scores = np.zeros((len(lengths), top_paths), inputs.dtype)
    for i, n in enumerate(lengths):
        best = _beams(log_p[:n, i], beam_width)
        if len(best) < top_paths:
            raise invalid(f"Less leaves in the beam search than requested. ({len(best)} vs. {top_paths})",
                          "CTCBeamSearchDecoder")  # fmt: skip
        for path, (labels, score) in enumerate(best[:top_paths]):
            paths[path].append(list(labels))
            scores[i, path] = score
    return paths, scores


def ctc_beam_search_decoder(inputs, sequence_length, beam_width=100, top_paths=1):
    """The likeliest label sequences, by a beam search over prefixes; the blank is the last class.

    Args:
      inputs: logits [frames, batch, classes].
      sequence_length: integers [batch].
      beam_width: how many prefixes are kept from frame to frame.
      top_paths: how many sequences are returned.

    Returns:
      (a list of `top_paths` SparseTensors of labels, their log-probabilities [batch, top_paths]).

    Raises:
      InvalidArgumentError: more paths than the beam is wide. FailedPreconditionError: lengths that do not fit.

    Differs from TensorFlow: of a narrow beam the log-probabilities may differ in the third digit, as sequences that have
    fallen out of the beam and come back are counted otherwise.
    """
    paths, scores = beam_rows(inputs, sequence_length, beam_width, top_paths)
    return [_as_sparse(rows) for rows in paths], convert(scores)
