"""Random programs of writes, gradients, functions, threads, failures and reads leave the same state in every mode."""

import gc
import itertools
import random
import threading

import numpy as np
import pytest

import tfcompat as tf
from tfcompat import debug

pytestmark = [pytest.mark.own_mode, pytest.mark.usefixtures("small_heap")]
_fresh = itertools.count()

_STEP = """
def step(kind, bad, which):
    global dependent
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
    elif kind == 5:
        results.append(float(tf.reduce_sum(function(vectors[1], tf.constant(which % 5)))))
    elif kind == 6:
        thread = threading.Thread(target=lambda: vectors[2].assign(vectors[2] * 0.5 + vectors[0][which] * 0.1))
        thread.start()
        thread.join()
    elif kind == 7:
        buffer[:] = which
        vectors[1].assign(vectors[1] * 0.5 + tf.constant(buffer))
        buffer[:] = -1e9
    elif kind == 8:
        try:
            with tf.GradientTape() as tape:
                y = tf.tanh(vectors[0])
                vectors[1].assign(vectors[1] * 0.9 + y)
                if which % 2:
                    raise KeyboardInterrupt
                y *= vectors[2]
        except KeyboardInterrupt:
            del tape
        else:
            vectors[0].assign_sub(0.01 * tape.gradient(y, vectors[0]))
    elif kind == 9:
        value = vectors[which % 3].numpy()
        views.append((value, value.copy()))
        value = np.asarray(table[which])
        views.append((value, value.copy()))
    elif kind == 10:
        try:
            tf.add(tf.ones(which + 2), dependent if which % 2 else vectors[1][1:])
        except tf.errors.InvalidArgumentError:
            pass
        dependent = tf.gather(vectors[0], tf.cast(tf.constant(99.0 if bad else 1.0) * 1.0, tf.int32))
    else:
        results.append(float(tf.reduce_sum(vectors[which % 3])))
    float(vectors[0][0])
"""


def looping(v):
    """A function that writes slices of a variable in a loop."""

    @tf.function
    def function(x, count):
        for i in tf.range(count):
            v[i].assign(x[0] * 0.1)
            x = tf.tanh(x + 0.1 * v)
        return x

    return function


def outcome(seed, mode, steps=200):
    vectors = [tf.Variable(np.arange(40, dtype=np.float32) + k) for k in range(3)]
    table = tf.Variable(np.arange(200, dtype=np.float32).reshape(50, 4) * 0.01)
    space = {"tf": tf, "np": np, "threading": threading, "vectors": vectors, "table": table, "kept": [], "results": []}
    space |= {"function": looping(vectors[0]), "buffer": np.zeros(40, np.float32), "views": [], "dependent": tf.ones(1)[:0]}
    exec(_STEP.replace("{tag}", str(next(_fresh))), space)
    rng = random.Random(seed)
    with debug.mode(mode, seed=seed):
        for _ in range(steps):
            try:
                space["step"](rng.randrange(12), rng.random() < 0.1, rng.randrange(40))
            except tf.errors.InvalidArgumentError:
                space["results"].append("failed")
            if rng.random() < 0.05:
                gc.collect()
        for value, before in space["views"]:
            np.testing.assert_array_equal(value, before)
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
