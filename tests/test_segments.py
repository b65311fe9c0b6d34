"""Segment reductions over many ids: what is known of ids that have been looked at."""

import numpy as np
import pytest

import tfcompat as tf

IDS = np.sort(np.random.default_rng(0).integers(0, 40, 1_000)).astype(np.int32)
ROWS = np.random.default_rng(1).integers(0, 9, (1_000, 3))


def sums(ids):
    return np.array([ROWS[ids == k].sum(0) for k in range(ids[-1] + 1)])


def test_ids_that_come_again():
    ids, rows = tf.constant(IDS), tf.constant(ROWS)
    for _ in range(3):
        np.testing.assert_array_equal(tf.math.segment_sum(rows, ids).numpy(), sums(IDS))
        np.testing.assert_array_equal(tf.math.segment_max(rows, ids).numpy()[IDS[0]], ROWS[IDS == IDS[0]].max(0))


def test_ids_of_a_variable():
    ids, rows = tf.Variable(IDS), tf.constant(ROWS)
    for k in range(3):
        np.testing.assert_array_equal(tf.math.segment_sum(rows, ids).numpy(), sums(IDS + k))
        ids.assign_add(tf.ones_like(ids))
    ids[990:].assign(np.arange(50, 60, dtype=np.int32))
    assert tf.math.segment_sum(rows, ids).shape == (60, 3)
    ids[0].assign(41)
    for _ in range(2):
        with pytest.raises(tf.errors.InvalidArgumentError, match="not increasing"):
            tf.math.segment_sum(rows, ids)


def test_other_ids_where_others_were():
    rows = tf.constant(ROWS)
    for k in range(200):
        assert tf.math.segment_sum(rows, tf.constant(IDS + k)).shape == (IDS[-1] + k + 1, 3)
