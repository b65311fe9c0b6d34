"""Losses on logits, of `tf.nn`."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._cast import cast
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Check, Data, T, mismatch, op
from tfcompat._declare import FLOATS, INDEX, for_shapes, invalid, unequal
from tfcompat._nn_sampled import sampled_logits
from tfcompat._reductions import reduce_sum


def _xent_forward(labels, logits):
    log_p = jax.nn.log_softmax(logits, -1)
    # 0 * -inf counts as 0: a class without weight does not matter.
    return -jnp.sum(jnp.where(labels == 0, jnp.zeros((), logits.dtype), labels * log_p), -1, dtype=logits.dtype)


def _xent_grad(g, out, labels, logits):
    g = g[..., None]
    log_p = jax.nn.log_softmax(logits, -1)
    return -g * log_p, g * (jnp.exp(log_p) - labels)


@op("SoftmaxCrossEntropyWithLogits", T=FLOATS, grad=_xent_grad)
@inlined
def _xent(labels: T, logits: T):
    if any(m != n and 1 not in (m, n) for m, n in zip(labels.shape, logits.shape, strict=True)):
        raise _unlike(labels, logits)
    return _xent_forward(labels, logits)


def _unlike(labels, logits):
    sizes = [shape_text(x.shape) for x in (logits, labels)]
    return invalid(f"logits and labels must be broadcastable: logits_size={sizes[0]} labels_size={sizes[1]}",
                   "SoftmaxCrossEntropyWithLogits", while_recording=for_shapes(
                       unequal(logits.shape, labels.shape), "SoftmaxCrossEntropyWithLogits", logits, labels))  # fmt: skip


@op("SoftmaxCrossEntropyWithLogits", T=FLOATS)
@inlined
def _broadcast_xent(labels: T, logits: T):
    if logits.ndim == 0 or labels.ndim == 0:
        raise invalid("Expected begin[0] == 0 (got -1) and size[0] == 0 (got 1) when input.dim_size(0) == 0", "Slice")
    rows = [x.reshape(-1, x.shape[-1]) for x in (labels, logits)]
    if any(m != n and 1 not in (m, n) for m, n in zip(rows[0].shape, rows[1].shape, strict=True)):
        raise _unlike(*rows)
    loss = _xent_forward(*jnp.broadcast_arrays(*rows))
    if loss.size != math.prod(logits.shape[:-1]):
        raise invalid(f"Input to reshape is a tensor with {loss.size} values, but the requested shape has "
                      f"{math.prod(logits.shape[:-1])}", "Reshape")  # fmt: skip
    return loss.reshape(logits.shape[:-1])


@by_form
def softmax_cross_entropy_with_logits(labels, logits, axis=-1, name=None):
    """Cross entropy of distributions `labels` and softmax(logits) along `axis`: a tensor without that axis.

    16-bit floats are computed in float32.

    Args:
      labels: converted to the dtype of `logits`; of its shape, or one that broadcasts to it.
      logits: floating tensor.
      axis: -1 (the last), or the number of an axis.

    Raises:
      InvalidArgumentError: shapes that do not fit, or another `axis`.
    """
    from tfcompat._array import transpose

    logits = convert(logits)
    dtype = logits.dtype
    half = dtype.size == 2 and dtype.is_floating
    logits = cast(logits, "float32") if half else logits
    labels = cast(labels, logits.dtype)
    rank = len(logits._aval.shape)
    if axis not in (None, -1, rank - 1):
        if not 0 <= axis < rank:
            limits = (axis + 1, rank) if axis >= 0 else (0, axis)
            raise invalid(f"Requires start <= limit when delta > 0: {limits[0]}/{limits[1]}", "Range")
        order = [d for d in range(rank) if d != axis] + [axis]
        labels, logits = transpose(labels, order), transpose(logits, order)
    same = rank and labels.shape.is_compatible_with(logits.shape)
    loss = (_xent if same else _broadcast_xent)(labels, logits)
    return cast(loss, dtype) if half else loss


def _label_bad(labels, logits):
    return (labels < 0) | (labels >= logits.shape[-1])


def _label_message(labels, logits):
    bad = labels[(labels < 0) | (labels >= logits.shape[-1])]
    values = " ".join(str(v) for v in np.ravel(labels)[:10])
    return (f"Received a label value of {np.ravel(bad)[0]} which is outside the valid range of [0, {logits.shape[-1]})."
            f"  Label values: {values}")  # fmt: skip


def _sparse_grad(g, out, labels, logits):
    one_hot = jax.nn.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    return g[..., None] * (jax.nn.softmax(logits, -1) - one_hot)


@op("SparseSoftmaxCrossEntropyWithLogits", T=FLOATS, Tlabels=INDEX, grad=_sparse_grad,
    check=Check(lambda labels, logits: jnp.any(_label_bad(labels, logits)), _label_message))
@inlined
def _sparse_xent(labels: Data("Tlabels"), logits: T):
    if labels.shape != logits.shape[:-1]:
        raise invalid(f"logits and labels must have the same first dimension, got logits shape {shape_text(logits.shape)} and "
                      f"labels shape {shape_text(labels.shape)}", "SparseSoftmaxCrossEntropyWithLogits")  # fmt: skip
    log_p = jax.nn.log_softmax(logits, -1)
    return -jnp.take_along_axis(log_p, labels[..., None], -1, mode="clip")[..., 0]


@by_form
def sparse_softmax_cross_entropy_with_logits(labels, logits, name=None):
    """Cross entropy of class numbers `labels` and softmax(logits) along the last axis.

    Args:
      labels: int32 or int64 of shape `logits.shape[:-1]`.
      logits: floating tensor.

    Raises:
      ValueError: shapes that do not fit. InvalidArgumentError: a label that is no class.
    """
    labels, logits = convert(labels), convert(logits)
    if logits._aval.shape == () or not labels.shape.is_compatible_with(logits.shape[:-1]):
        raise ValueError("`labels.shape` must equal `logits.shape` except for the last dimension. Received: "
                         f"labels.shape={labels.shape} and logits.shape={logits.shape}")  # fmt: skip
    return _sparse_xent(labels, logits)


@op("SigmoidCrossEntropyWithLogits", T=FLOATS,
    grad=lambda g, out, labels, logits: (-g * logits, g * (lax.logistic(logits) - labels)))
@inlined
def _sigmoid_xent(labels: T, logits: T):
    return jnp.maximum(logits, 0) - logits * labels + jnp.log1p(jnp.exp(-jnp.abs(logits)))


@by_form
def sigmoid_cross_entropy_with_logits(labels=None, logits=None, name=None):
    """Cross entropy of probabilities `labels` and sigmoid(logits), elementwise.

    Args:
      labels, logits: floating tensors of one shape and dtype.

    Raises:
      ValueError: shapes that differ.
    """
    if labels is None or logits is None:
        raise ValueError("Both `labels` and `logits` must be provided for sigmoid_cross_entropy_with_logits"
                         f"Received: labels={labels} and logits={logits}")  # fmt: skip
    logits, labels = convert(logits), convert(labels)
    if not labels.shape.is_compatible_with(logits.shape):
        raise ValueError(f"`logits` and `labels` must have the same shape, received ({logits.shape} vs {labels.shape}).")
    if labels.dtype is not logits.dtype:
        raise mismatch("Mul", 1, logits.dtype, labels.dtype)
    return _sigmoid_xent(labels, logits)


@op("WeightedCrossEntropyWithLogits", T=FLOATS)
@inlined
def weighted_cross_entropy_with_logits(labels: T, logits: T, pos_weight: T):
    """`sigmoid_cross_entropy_with_logits` with the positive part weighted by `pos_weight`.

    Args:
      labels, logits: floating tensors of one shape and dtype.
      pos_weight: a tensor that broadcasts with them.

    Raises:
      ValueError: shapes that differ.
    """
    weight = 1 + (pos_weight - 1) * labels
    # At 0 the parts have derivatives 0, as TensorFlow's abs and relu.
    size = logits * lax.stop_gradient(jnp.sign(logits))
    softplus_ = jnp.log1p(jnp.exp(-size)) + jnp.where(logits < 0, -logits, jnp.zeros_like(logits))
    return (1 - labels) * logits + weight * softplus_


@op("L2Loss", T=FLOATS, grad=lambda g, out, t: g * t)
@inlined
def l2_loss(t: T):
    """Half the sum of the squares of all elements.

    Args:
      t: a floating tensor.

    Raises:
      InvalidArgumentError: another dtype.
    """
    return jnp.sum(t * t) / 2


def nce_loss(weights, biases, labels, inputs, num_sampled, num_classes, num_true=1, sampled_values=None,
             remove_accidental_hits=False, name="nce_loss"):  # fmt: skip
    """The noise-contrastive loss (Gutmann and Hyvärinen, 2010) of true classes and a sample of the others.

    Args:
      weights: [num_classes, dim], or a list of its parts.
      biases: [num_classes].
      labels: int64 [batch, num_true].
      inputs: [batch, dim].
      num_sampled: how many classes to draw for the batch.
      num_classes: the number of classes.
      num_true: true classes of each example.
      sampled_values: what a candidate sampler gave; default: of `tf.random.log_uniform_candidate_sampler`.
      remove_accidental_hits: whether sampled classes that are true ones count.

    Returns:
      A tensor [batch].

    Raises:
      InvalidArgumentError: shapes that do not fit.
    """
    logits, targets = sampled_logits(weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
                                     remove_accidental_hits, None)  # fmt: skip
    return reduce_sum(sigmoid_cross_entropy_with_logits(targets, logits), 1)


def sampled_softmax_loss(weights, biases, labels, inputs, num_sampled, num_classes, num_true=1, sampled_values=None,
                         remove_accidental_hits=True, seed=None, name="sampled_softmax_loss"):  # fmt: skip
    """The softmax cross entropy of true classes against a sample of the others (Jean et al., 2015).

    Args:
      weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values: see `nce_loss`.
      remove_accidental_hits: whether sampled classes that are true ones are left out.
      seed: see `tf.random.uniform`.

    Returns:
      A tensor [batch].

    Raises:
      InvalidArgumentError: shapes that do not fit.
    """
    logits, targets = sampled_logits(weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
                                     remove_accidental_hits, seed)  # fmt: skip
    return softmax_cross_entropy_with_logits(targets, logits)
