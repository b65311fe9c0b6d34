"""Nodes that are interpreted as one step: same values, the same node to blame, writes in place as before."""

import numpy as np
import pytest

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import joined, native, program

pytestmark = pytest.mark.own_mode


def test_joined_nodes_compute_the_same(monkeypatch):
    def run(runs):
        x, table = tf.constant([1.5, -2.0, 3.0]), tf.Variable(np.arange(12.0, dtype="float32").reshape(4, 3))
        found = []
        for i in range(runs):
            with tf.GradientTape() as tape:
                y = tf.concat([x * 2.0, tf.tanh(table[i % 4])], 0)
                loss = tf.reduce_sum(tf.square(y - tf.reduce_mean(y))) / (1.0 + tf.reduce_max(y))
            table[i % 4].assign(table[i % 4] - 0.1 * tape.gradient(loss, table)[i % 4])
            order = tf.argsort(y)
            found.append([v.numpy() for v in (loss, y, order, tf.gather(y, order), table)])
        return found

    with debug.mode("interpreted"):
        apart = run(40)
        monkeypatch.setattr(joined, "AFTER", 2)
        program.clear()
        together = run(40)
        known = [steps for s in program._structures.values() for _, steps in s.interpreted.values()]
        assert any(hasattr(step[0], "apart") for steps in known for step in steps)
    for ours, wanted in zip(together, apart, strict=True):
        for value, expected in zip(ours, wanted, strict=True):
            np.testing.assert_array_equal(value, expected)


def test_the_failing_one_of_joined_nodes_is_found(monkeypatch):
    monkeypatch.setattr(joined, "AFTER", 2)
    program.clear()  # the structure is found by its number of runs

    def run():
        y = x + 1.0
        z = tf.tanh(y) * 2.0
        return y, z, z.numpy()

    x = tf.constant(1.0)  # what was traced for any sizes is not joined
    with debug.mode("interpreted"):
        for _ in range(3):
            run()
        (structure,) = [s for s in program._structures.values() if s.runs == 3]
        ((_, steps),) = structure.interpreted.values()
        host = steps[0][0]
        apart = list(host.apart)

        def fails(*arrays):
            raise MemoryError("no memory left")

        def together(*arrays):
            raise MemoryError("no memory left")

        together.apart = [apart[0], (fails, *apart[1][1:]), *apart[2:]]
        structure.interpreted = {key: [n, [(together, *steps[0][1:])]] for key, (n, _) in structure.interpreted.items()}
        y = x + 1.0
        z = tf.tanh(y) * 2.0
        with pytest.raises(tf.errors.ResourceExhaustedError):
            z.numpy()
        np.testing.assert_array_equal(y, 2.0)
        with pytest.raises(tf.errors.ResourceExhaustedError):
            z.numpy()


def test_the_failing_check_of_joined_nodes_is_found(monkeypatch):
    monkeypatch.setattr(joined, "AFTER", 2)
    program.clear()
    table = tf.constant(np.arange(12.0, dtype="float32").reshape(4, 3))
    v, w, number = tf.Variable(0.0), tf.Variable(0.0), tf.Variable(0)

    def run(k):
        i = (number + [k, 0])[:, None]  # pending: the checks become part of what is run
        first = tf.gather_nd(table, i)
        v.assign_add(1.0)
        second = tf.gather_nd(first, i)
        w.assign_add(1.0)
        return second * 2.0, tf.reduce_sum(first)

    with debug.mode("interpreted"):
        for _ in range(6):
            results = [t.numpy() for t in run(1)]
        np.testing.assert_array_equal(results[0], [[0, 2, 4], [6, 8, 10]])
        known = [steps for s in program._structures.values() for _, steps in s.interpreted.values()]
        assert any(isinstance(step[0], joined.Judged) for steps in known for step in steps)
        second, first = run(3)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[0\] = \[3\] does not index into param shape \[2,3\]"):
            second.numpy()
        np.testing.assert_array_equal([v, w], [7, 6])
        np.testing.assert_array_equal(run(0)[0], [[0, 2, 4], [0, 2, 4]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_was_traced_for_any_sizes_is_traced_for_these_where_it_runs_often(dtype):
    """It then is a plan as what was traced exactly, which costs less, and is joined with others."""

    def run(n):
        x = tf.constant(np.linspace(-1, 1, 3 * n, dtype=dtype).reshape(3, n))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.nn.softmax(tf.tanh(x) * 2.0) + tf.reduce_logsumexp(x, axis=1, keepdims=True)
            loss = tf.reduce_sum(tf.square(y))
        return [v.numpy() for v in (tape.gradient(loss, x), loss, y)]

    with debug.mode("interpreted"):
        for n in (4, 5):
            run(n)
        program.clear()
        for _ in range(20):
            wanted = run(6)
        structure = max(program._structures.values(), key=lambda s: s.runs)  # walks back that are known are one node
        gain, traces = structure.gain, debug.stats()["traces"]
        ((_, (known, steps)),) = structure.interpreted.items()
        for _ in range(joined.EXACT_AFTER - known - 1):
            run(6)
        assert structure.gain == gain
        found = run(6)
        if native.extension is not None:
            assert structure.gain < gain and structure.small
        assert debug.stats()["traces"] == traces
        ((_, (known, steps)),) = structure.interpreted.items()
        assert known == joined.EXACT_AFTER and len(steps) == 1
        if native.extension is not None:
            assert steps[0][0].planned
    for value, expected in zip(found, wanted, strict=True):
        np.testing.assert_allclose(value, expected, rtol=2e-6, atol=1e-6)
