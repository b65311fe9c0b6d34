"""Random programs of writes, gradients, failures and reads leave the same state in every mode."""

import gc
import itertools
import random

import numpy as np
import pytest

import tfcompat as tf
from tfcompat import debug

pytestmark = [pytest.mark.own_mode, pytest.mark.usefixtures("small_heap")]
_fresh = itertools.count()

_STEP = """
def step(kind, bad, which):
    tag = {tag}  # call sites of its own
    if kind == 0:
        vectors[0].assign(vectors[1] * 0.5 + vectors[0] * 0.25)
    elif kind == 1:
        with tf.GradientTape() as tape:
            rows = tf.cast(tf.constant([1.0, float(which), 99.0 if bad else 2.0]) * 1.0, tf.int32)
            loss = tf.reduce_sum(tf.square(tf.gather(table, rows)))
        slices = tape.gradient(loss, table)
        table.scatter_sub(tf.IndexedSlices(0.01 * slices.values, slices.indices))
        vectors[2].assign_add(tf.ones(40))
    elif kind == 2:
        vectors[1].assign_sub(0.1 * vectors[2])
        kept.append(vectors[1].value())
        del kept[:-3]
    elif kind == 3:
        y = tf.gather(vectors[0], tf.cast(tf.constant(40.0 if bad else 7.0) * 1.0, tf.int32))
        vectors[2].assign(vectors[2] * 0.9 + y * 0.001)
    elif kind == 4:
        vectors[0][which].assign(float(which))
    else:
        results.append(float(tf.reduce_sum(vectors[which % 3])))
    float(vectors[0][0])
"""


def outcome(seed, mode, steps=100):
    vectors = [tf.Variable(np.arange(40, dtype=np.float32) + k) for k in range(3)]
    table = tf.Variable(np.arange(200, dtype=np.float32).reshape(50, 4) * 0.01)
    space = {"tf": tf, "vectors": vectors, "table": table, "kept": [], "results": []}
    exec(_STEP.replace("{tag}", str(next(_fresh))), space)
    rng = random.Random(seed)
    with debug.mode(mode, seed=seed):
        for _ in range(steps):
            try:
                space["step"](rng.randrange(6), rng.random() < 0.06, rng.randrange(40))
            except tf.errors.InvalidArgumentError:
                space["results"].append("failed")
            if rng.random() < 0.05:
                gc.collect()
    return [v.numpy() for v in (*vectors, table)], space["results"]


@pytest.mark.parametrize("mode", ["deferred", "interpreted", "compiled", "random"])
@pytest.mark.parametrize("seed", range(3))
def test_same_as_op_by_op(seed, mode):
    state, results = outcome(seed, mode)
    expected_state, expected = outcome(seed, "sync")
    assert "failed" in expected
    assert [r == "failed" for r in results] == [r == "failed" for r in expected]
    numbers, expected_numbers = ([r for r in rs if r != "failed"] for rs in (results, expected))
    np.testing.assert_allclose(numbers, expected_numbers, rtol=1e-4)
    for value, wanted in zip(state, expected_state, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-4)
