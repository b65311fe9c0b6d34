"""Programs on which a deferred engine goes wrong; the number is that of the trap."""

import gc
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import tfcompat as tf
from tfcompat import debug


def counted():
    """Counters of the engine before a block; call the result for what changed since."""
    before = debug.stats()
    return lambda: {name: value - before[name] for name, value in debug.stats().items()}


def run_script(text, **variables):
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=300,
                          env={**os.environ, **variables})  # fmt: skip


def mlp_step(weights, x, y):
    with tf.GradientTape() as tape:
        h = x
        for w in weights:
            h = tf.tanh(tf.matmul(h, w))
        loss = tf.reduce_mean(tf.square(h - y))
    grads = tape.gradient(loss, weights)
    for w, g in zip(weights, grads, strict=True):
        w.assign_sub(0.1 * g)
    return loss


def mlp(layers=3, width=8):
    rng = np.random.default_rng(0)
    weights = [tf.Variable(rng.normal(size=(width, width)).astype("float32") * 0.3) for _ in range(layers)]
    x, y = (tf.constant(rng.normal(size=(4, width)).astype("float32")) for _ in range(2))
    return weights, x, y


def test_1_a_running_program_never_sees_a_later_sliced_assign():
    Y = tf.Variable(np.ones((512, 512), np.float32))
    for _ in range(20):
        with debug.mode("compiled"):
            s = Y.value() * 2.0
            s2 = tf.reduce_sum(s) + tf.reduce_max(s)
            tf.reduce_sum(s)
        Y[0, 0].assign(9.0)
        assert s.numpy().max() == 2.0
        assert float(s2) == 2.0 * 512 * 512 + 2.0
        Y.assign(np.ones((512, 512), np.float32))


@pytest.mark.parametrize("view", [lambda y: tf.reshape(y, [-1]), tf.transpose, lambda y: y[0:2], lambda y: y[:, ::-1]])
def test_2_views_keep_the_old_value(view):
    Y = tf.Variable(tf.zeros((3, 3)) + 1.0)
    Y[1, 1].assign(2.0)
    a = view(Y)
    before = a.numpy().copy()
    kept = a.numpy()
    b = view(Y)
    tf.reduce_sum(b).numpy()
    Y[0, 0].assign(5.0)
    assert Y.numpy()[0, 0] == 5.0
    np.testing.assert_array_equal(a.numpy(), before)
    np.testing.assert_array_equal(b.numpy(), before)
    np.testing.assert_array_equal(kept, before)


def test_3_numpy_arrays_are_copied_in_and_out():
    x = np.ones(4, np.float32)
    y = tf.constant(x) + 1.0
    x[:] = 7
    out = y.numpy()
    np.testing.assert_array_equal(out, np.full(4, 2, np.float32))
    out[:] = 3
    np.testing.assert_array_equal(y.numpy(), np.full(4, 2, np.float32))


def good_then_bad(indices, times):
    """A loop whose gather goes wrong in its last iteration; its operands are pending when it is called."""
    x, v, w = tf.constant([1.0, 2.0, 3.0]), tf.Variable(0.0), tf.Variable(0.0)
    error = None
    done = 0
    try:
        for i in range(times):
            v.assign_add(1.0)
            index = tf.cast(tf.constant(float(indices[i])) * tf.constant(1.0), tf.int32)
            y = tf.gather(x * 2.0, index)
            w.assign_add(y)
            done += 1
            if i % 3 == 2:
                float(w)
        float(w)
    except tf.errors.InvalidArgumentError as e:
        error = e
    return v, w, done, error


@pytest.mark.parametrize("mode", ["deferred", "compiled", "sync", "random"])
def test_4_5_a_failure_keeps_writes_before_it_and_undoes_later_ones(mode):
    with debug.mode(mode):
        v, w, _, error = good_then_bad([0, 1, 2, 0, 1, 2, 7], 7)
        assert error is not None and "7" in str(error)
        assert float(v) == 7.0
        assert float(w) == 2.0 * (1 + 2 + 3 + 1 + 2 + 3)
        v.assign_add(1.0)
        assert float(v) == 8.0


def test_6_an_unused_failing_op_raises():
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.gather(tf.constant([1.0, 2.0]), 10)
    script = """
import tfcompat as tf
x = tf.constant([1., 2.])
def f(i):
    return tf.gather(x * 1.0, tf.cast(i * 1.0, tf.int32))
for _ in range(3):
    f(tf.constant(1.0)).numpy()
for i in (0.0, 9.0):
    f(tf.constant(i))
"""
    result = run_script(script)
    assert result.returncode == 1
    assert "InvalidArgumentError" in result.stderr


def test_7_solvers_raise_inside_the_try_each_time():
    K = tf.zeros((3, 3))
    for _ in range(30):
        jitter, tries = 0.0, 0
        while True:
            try:
                tries += 1
                inverse = tf.linalg.inv(K + jitter * tf.eye(3))
                break
            except tf.errors.InvalidArgumentError:
                jitter += 0.5
        assert tries == 2
        np.testing.assert_allclose(inverse.numpy(), 2 * np.eye(3), rtol=1e-6)


def steady(step, warm=6, times=12):
    """Counters over `times` steps once `warm` were done, everything compiled that can be."""
    for _ in range(warm):
        step()
    since = counted()
    for _ in range(times):
        step()
    debug.flush()
    return since()


@pytest.mark.parametrize("mode", ["deferred", "compiled"])
def test_8_the_collector_causes_no_compiles(mode):
    weights, x, y = mlp()
    rng = np.random.default_rng(1)

    class Context:
        def __init__(self, t):
            self.tensor, self.me = t, self

    def step():
        with tf.GradientTape() as tape:
            h = x
            for w in weights:
                h = tf.tanh(tf.matmul(h, w))
                Context(h)
            loss = tf.reduce_sum(h * h)
        grads = tape.gradient(loss, weights)
        for w, g in zip(weights, grads, strict=True):
            w.assign_sub(0.01 * g)
        if rng.random() < 0.3:
            gc.collect()
        float(loss)

    with debug.mode(mode):
        gc.disable()
        try:
            for _ in range(40):
                step()
            since = counted()
            for _ in range(40):
                step()
        finally:
            gc.enable()
    assert since()["traces"] == 0
    assert since()["structures"] == 0
    assert since()["compiles"] <= 2  # a union of live sets may still grow, never one compile a step


def test_9_kept_losses_cost_nothing_once_seen():
    weights, x, y = mlp()
    losses = []

    def step():
        losses.append(mlp_step(weights, x, y))
        if len(losses) % 5 == 0:
            float(losses[-1])

    since = steady(step, warm=20, times=40)
    assert since["traces"] == 0
    assert since["structures"] == 0


def test_10_a_persistent_tape_of_the_step_before():
    weights, x, y = mlp()

    def step():
        with tf.GradientTape(persistent=True) as tape:
            loss = tf.reduce_mean(tf.square(tf.matmul(x, weights[0]) - y))
        for w, g in zip(weights[:1], tape.gradient(loss, weights[:1]), strict=True):
            w.assign_sub(0.1 * g)
        step.tape = tape  # lives until the next one has been entered

    since = steady(step)
    assert since["structures"] == 0
    assert since["traces"] == 0


def test_11_a_rare_branch_does_not_recompile_the_step():
    weights, x, y = mlp()
    target = [tf.Variable(w) for w in weights]
    count = [0]

    def step():
        mlp_step(weights, x, y)
        count[0] += 1
        if count[0] % 7 == 0:
            for t, w in zip(target, weights, strict=True):
                t.assign(w)
        if count[0] % 5 == 0:
            tf.matmul(x, weights[0]).numpy()

    with debug.mode("compiled"):
        steady(step, warm=75, times=1)
        since = steady(step, warm=0, times=70)
    assert since["compiles"] == 0
    assert since["traces"] == 0


def test_12_a_read_between_tape_and_gradient():
    weights, x, y = mlp()

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.matmul(x, weights[0]) - y))
        float(loss)
        (g,) = tape.gradient(loss, weights[:1])
        weights[0].assign_sub(0.1 * g)

    since = steady(step)
    assert since["structures"] == 0
    assert since["ops"] / 12 < 20  # the forward nodes are recorded once, not again for the gradient


def test_13_computed_integers_are_the_same_before_and_after_the_switch():
    x = tf.constant(np.arange(20, dtype=np.float32))

    def step():
        n = tf.argmax(x * 1.0)
        return float(x[int(n)] + tf.cast(n, tf.float32))

    with debug.mode("interpreted"):
        cold = step()
        since = counted()
        assert step() == cold
    with debug.mode("compiled"):
        assert step() == cold
        assert step() == cold
    assert since()["structures"] == 0


def test_14_growing_shapes_are_not_traced_each_time():
    w = tf.Variable(np.eye(4, dtype=np.float32))
    rows = tf.ones((1, 4))
    counts = []
    for _ in range(24):
        since = counted()
        rows = tf.concat([rows, tf.ones((1, 4))], 0)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.nn.softmax(tf.matmul(rows, w)) * tf.matmul(rows, w))
        g = tape.gradient(loss, w)
        assert np.isfinite(g.numpy()).all()
        counts.append((since()["traces"], since()["compiles"]))
    # Sizes that coincide with another one (4) make a pattern of their own, nothing else traces.
    assert sum(traces for traces, _ in counts[6:]) <= 12
    assert all(compiles == 0 for _, compiles in counts)


def test_15_a_loop_that_never_reads_runs_in_bounded_memory():
    v = tf.constant(np.ones(16, np.float32))
    y = v
    for _ in range(20_000):
        y = y * 0.5 + v
    assert len(tf.debug._current().specs) < 5_000
    np.testing.assert_allclose(y.numpy(), 2 * np.ones(16), rtol=1e-6)


def test_16_a_long_chain_inside_a_tape():
    x = tf.Variable(1.0)
    n = 20_000
    with tf.GradientTape() as tape:
        y = x * 1.0
        for _ in range(n):
            y = y + 0.0001
    assert float(tape.gradient(y, x)) == 1.0
    np.testing.assert_allclose(float(y), 1.0 + n * 0.0001, rtol=1e-2)


def test_17_a_cold_chain_holds_few_arrays():
    import tracemalloc

    x = tf.constant(np.ones(1 << 20, np.float32))
    with debug.mode("interpreted"):
        y = x
        for _ in range(100):
            y = tf.abs(y) + 1.0
        tracemalloc.start()
        y.numpy()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 10 * (4 << 20)


def test_18_another_thread_reads_what_this_one_records():
    x = tf.constant(np.ones(8, np.float32))
    y = x + 1.0
    z = y * 2.0
    seen = []
    thread = threading.Thread(target=lambda: seen.append(y.numpy()))
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    np.testing.assert_array_equal(seen[0], np.full(8, 2, np.float32))
    assert len(debug._current().specs) >= 2  # nothing was closed here
    np.testing.assert_array_equal(z.numpy(), np.full(8, 4, np.float32))


def test_18_two_threads_record_at_once():
    def work(out, k):
        v = tf.Variable(np.full(4, float(k), np.float32))
        for _ in range(200):
            v.assign(v * 0.5 + 1.0)
        out[k] = v.numpy()

    out = {}
    threads = [threading.Thread(target=work, args=(out, k)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    for k in range(4):
        np.testing.assert_allclose(out[k], np.full(4, 2.0), rtol=1e-6)


def test_19_determinism_gives_equal_bits():
    script = """
import numpy as np, tfcompat as tf
tf.config.experimental.enable_op_determinism()
def train():
    tf.random.set_seed(0)
    w = tf.Variable(tf.random.normal((16, 16)))
    x = tf.random.normal((8, 16))
    for _ in range(300):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.tanh(x @ w) - 0.5))
        w.assign_sub(0.1 * tape.gradient(loss, w))
    return w.numpy()
assert train().tobytes() == train().tobytes()
"""
    result = run_script(script)
    assert result.returncode == 0, result.stderr


def test_20_pending_work_does_not_disturb_the_exit():
    result = run_script("import tfcompat as tf\nx = tf.ones((4, 4)) @ tf.ones((4, 4))\nprint('done')")
    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")


def test_22_many_parameters_stay_separate_arguments():
    weights = [tf.Variable(np.full((8, 8), float(i), np.float32)) for i in range(60)]

    def step():
        for w in weights:
            w.assign(w * 0.5)
        debug.flush()

    with debug.mode("compiled"):
        step()
        since = counted()
        step()
    assert since()["donated"] >= 50
    assert since()["compiles"] == 0


def test_23_second_order_after_a_read_inside():
    x = tf.Variable(2.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = x * x * x
            assert float(y) == 8.0
        g = inner.gradient(y, x)
        assert float(g) == 12.0
    assert float(outer.gradient(g, x)) == 12.0


def test_24_an_export_keeps_its_value():
    v = tf.Variable(np.ones((64, 64), np.float32))
    with debug.mode("compiled"):
        v.assign(v * 2.0)
        debug.flush()
        view = np.from_dlpack(v.value())
        v.assign(v * 2.0)
        debug.flush()
    assert view.max() == 2.0
    assert v.numpy().max() == 4.0
