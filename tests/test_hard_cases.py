"""Programs on which a deferred engine goes wrong; the number is that of the trap.

Those about values run in all modes; those that count what the engine did choose their mode themselves.
"""

import gc
import os
import subprocess
import sys
import threading

import jax.numpy as jnp
import numpy as np
import pytest

import tfcompat as tf
from tfcompat import debug
from tfcompat._core.context import settings

all_modes = pytest.mark.all_modes
own_mode = pytest.mark.own_mode

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


@all_modes
def test_1_a_running_program_never_sees_a_later_sliced_assign():
    Y = tf.Variable(np.ones((640, 512), np.float32))  # more than 1 MB
    for _ in range(20):
        with debug.mode("compiled"):
            s = Y.value() * 2.0
            s2 = tf.reduce_sum(s) + tf.reduce_max(s)
            tf.reduce_sum(s)
        Y[0, 0].assign(9.0)
        assert s.numpy().max() == 2.0
        assert float(s2) == 2.0 * 640 * 512 + 2.0
        Y.assign(np.ones((640, 512), np.float32))


@all_modes
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


@all_modes
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


@own_mode
@pytest.mark.parametrize("mode", ["deferred", "compiled", "sync", "random"])
def test_4_5_a_failure_keeps_writes_before_it_and_undoes_later_ones(mode):
    with debug.mode(mode):
        v, w, _, error = good_then_bad([0, 1, 2, 0, 1, 2, 7], 7)
        assert error is not None and "7" in str(error)
        assert float(v) == 7.0
        assert float(w) == 2.0 * (1 + 2 + 3 + 1 + 2 + 3)
        v.assign_add(1.0)
        assert float(v) == 8.0


@own_mode
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


@all_modes
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


@own_mode
@pytest.mark.usefixtures("small_heap")
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


@own_mode
@pytest.mark.parametrize("mode", ["deferred", "compiled"])
def test_9_kept_tensors_cost_nothing_once_seen(mode):
    weights, x, y = mlp()
    losses, frames, out = [], [], {}

    def failing(h):
        raise KeyError("keeps its frame, and with it h")

    def step():
        count = len(losses)
        losses.append(mlp_step(weights, x, y))
        h = tf.matmul(x, weights[0])
        if count % 3 == 0:
            try:
                failing(h)
            except KeyError as error:
                frames.append(error)
        if count % 4 == 0:
            out[count] = h  # a notebook's Out
        if count % 5 == 0:
            float(losses[-1])

    with debug.mode(mode):
        since = steady(step, warm=120, times=120)
    assert since["traces"] == 0
    assert since["structures"] == 0
    assert since["compiles"] == 0
    assert losses[0].numpy() > losses[-1].numpy()


@own_mode
@pytest.mark.parametrize("persistent", [False, True])
def test_10_the_tape_of_the_step_before(persistent):
    """It lives until the next one has been entered, and with it all intermediates: they are no outputs all the same."""
    weights, x, y = mlp()

    def step():
        with tf.GradientTape(persistent=persistent) as tape:
            loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(x, weights[0])) - y))
        (g,) = tape.gradient(loss, weights[:1])
        weights[0].assign_sub(0.1 * g)
        step.tape = tape

    with debug.mode("compiled"):
        since = steady(step)
        outputs = [run.outputs for run in list(debug._runs)[-4:] if run.nodes > 3]
    assert since["structures"] == since["traces"] == since["compiles"] == 0
    assert since["donated"] >= 12  # the weight's buffer in each step
    assert outputs and max(outputs) <= 3  # the weight, the loss and the gradient of the frame


@own_mode
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


@own_mode
def test_12_a_read_between_tape_and_gradient():
    weights, x, y = mlp()

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(x, weights[0])) - y))
        float(loss)
        (g,) = tape.gradient(loss, weights[:1])
        weights[0].assign_sub(0.1 * g)

    for mode in ("deferred", "compiled"):
        with debug.mode(mode):
            since = steady(step)
        assert since["structures"] == since["traces"] == since["compiles"] == 0
        assert since["segments"] <= 25
        forward, backward = [{s.name for s in run.structure.specs} for run in list(debug._runs)[-2:]]
        assert {"MatMul", "Tanh", "Mean"} <= forward
        assert not forward & backward  # it starts from what the first half left: nothing is computed twice


@own_mode
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


@own_mode
def test_14_growing_shapes_are_not_traced_each_time():
    w = tf.Variable(np.eye(5, dtype=np.float32))
    rows = tf.ones((1, 5))
    counts = []
    for _ in range(24):
        since = counted()
        rows = tf.concat([rows, tf.ones((1, 5))], 0)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.nn.softmax(tf.matmul(rows, w)) * tf.matmul(rows, w))
        g = tape.gradient(loss, w)
        assert np.isfinite(g.numpy()).all()
        counts.append((since()["traces"], since()["compiles"]))
    # Two sets of sizes are traced exactly, the third with symbols; 5 rows, as many as columns, are a pattern of their own.
    assert sum(traces for traces, _ in counts[6:]) == 0
    assert all(compiles == 0 for _, compiles in counts)


@own_mode
def test_15_limits_do_not_divide_what_one_call_records(monkeypatch):
    """All nodes of a gradient, or of an update, have one call site: it cuts before them, once the limit has fired in them."""
    monkeypatch.setattr(settings, "max_nodes", 100)
    x = tf.Variable(np.ones(3, np.float32))
    counts = []
    with debug.mode("deferred"):
        try:
            for _ in range(5):
                with tf.GradientTape() as tape:
                    y = x * 1.0
                    for _ in range(30):
                        y = tf.sin(y) + 0.1
                before = debug.stats()
                (g,) = tape.gradient(y, [x])
                g.numpy()
                after = debug.stats()
                counts.append([after[key] - before[key] for key in ("segments", "structures", "limits")])
        finally:
            debug._current().cut_sites.clear()
    assert counts[0][2] == 0 and sum(count[2] for count in counts[2:]) == 0
    assert all(segments <= 2 for segments, _, _ in counts[2:])
    assert all(structures == 0 for _, structures, _ in counts[3:])


@own_mode
def test_15_a_loop_that_never_reads_runs_in_bounded_memory():
    v = tf.Variable(np.zeros(16, np.float32))
    y = v.value()
    pending, structures = 0, []
    before = debug.stats()
    with debug.mode("deferred"):
        for k in range(12_000):
            batch = tf.ones((2 + k % 3, 16))  # the batch size varies
            y = y * 0.5 + tf.reduce_mean(batch, 0)
            pending = max(pending, len(debug._current().specs))
            if k % 3000 == 2999:
                structures.append(debug.stats()["structures"])
    assert pending < 4_100
    assert debug.stats()["limits"] - before["limits"] in (1, 2, 3)
    assert structures[-1] == structures[-2]  # each segment ends at the same call site: all of them are known
    assert not settings.watchful  # what is recorded elsewhere takes no longer
    np.testing.assert_allclose(y.numpy(), 2 * np.ones(16), rtol=1e-6)


@own_mode
@pytest.mark.slow
def test_16_a_hundred_thousand_nodes_inside_a_tape():
    x = tf.Variable(1.0)
    n = 100_000
    before = debug.stats()
    with tf.GradientTape() as tape:
        y = x * 1.0
        for _ in range(n):
            y = y + 0.0001
    assert float(tape.gradient(y, x)) == 1.0
    np.testing.assert_allclose(float(y), 1.0 + n * 0.0001, rtol=1e-2)
    assert debug.stats()["compiles"] == before["compiles"]


@all_modes
def test_16_a_chain_of_thousands(mode):
    n = {"compiled": 300, "sync": 5_000}.get(mode, 10_000)
    y = tf.constant(np.zeros(3, np.float32))
    with tf.GradientTape() as tape:
        tape.watch(y)
        z = y
        for _ in range(n):
            z = z + 1.0
        z = z * 2.0
    assert z.numpy().tolist() == [2.0 * n] * 3
    assert tape.gradient(z, y).numpy().tolist() == [2.0] * 3


@own_mode
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


@own_mode
def test_18_another_thread_reads_what_this_one_records():
    x = tf.constant(np.ones(8, np.float32))
    y = x + 1.0
    z = y * 2.0
    count = len(debug._current().specs)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(y.numpy()))
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    np.testing.assert_array_equal(seen[0], np.full(8, 2, np.float32))
    assert len(debug._current().specs) == count >= 2  # nothing was closed here
    np.testing.assert_array_equal(z.numpy(), np.full(8, 4, np.float32))


@all_modes
def test_18_threads_record_at_once(mode):
    def work(out, k):
        v = tf.Variable(np.full(40, float(k), np.float32))
        for _ in range(60):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.square(v - 2.0))
            v.assign_sub(0.25 * tape.gradient(loss, v))
        out[k] = v.numpy()

    out = {}
    threads = [threading.Thread(target=work, args=(out, k)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    assert sorted(out) == [0, 1, 2, 3]
    for k in range(4):
        np.testing.assert_allclose(out[k], np.full(40, 2.0), rtol=1e-6)


@all_modes
def test_18_one_thread_reads_while_another_writes(mode):
    v = tf.Variable(np.zeros(40, np.float32))
    stop, seen, errors = threading.Event(), [], []

    def watch():
        while not stop.is_set():
            try:
                value = v.numpy()
                seen.append(value[0])
                if not (value == value[0]).all():
                    errors.append(value)
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        for _ in range(300):
            v.assign_add(tf.ones(40))
        debug.flush()
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive() and not errors, errors[:1]
    assert seen == sorted(seen)
    assert v.numpy()[0] == 300.0


@own_mode
@pytest.mark.parametrize("mode", ["deferred", "compiled"])
def test_20_pending_work_does_not_disturb_the_exit(mode):
    result = run_script(f"""
import tfcompat as tf, threading
from tfcompat import debug
context = debug.mode({mode!r})
context.__enter__()
def work():
    y = tf.ones((4, 4)) @ tf.ones((4, 4))  # this thread ends with it pending
x = tf.ones((4, 4)) @ tf.ones((4, 4))
thread = threading.Thread(target=work)
thread.start()
thread.join()
for i in range(4):  # flags that nobody has looked at
    y = tf.gather(x * 1.0, tf.cast(tf.constant(1.0) * 1.0, tf.int32))
print('done')
""")
    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")


@own_mode
def test_21_what_is_never_read_is_never_computed():
    since = counted()
    a = tf.ones((8, 8)) * 1.0
    debug.flush()
    for _ in range(10):
        tf.matmul(a, a)
    tf.test.experimental.sync_devices()
    assert since()["segments"] >= 2
    runs = [run for run in debug._runs if run.nodes == 10]
    assert runs and runs[-1].tier == "dropped"
    kept = [tf.matmul(a, a) for _ in range(2)]
    tf.test.experimental.sync_devices()
    assert all(t._value is not None for t in kept)
    x = tf.ones((800, 800))
    with debug.mode("compiled"):
        kept = x @ x @ x @ x
        debug.flush()  # dispatched, not waited for
        later = tf.math.sin(x)
        gone = jnp.ones(3)
        gone.delete()  # as a donated one is that somebody still holds
        tf.test.experimental.sync_devices()
    assert kept._value.is_ready() and type(later._value) is type(kept._value) and later._value.is_ready()


@own_mode
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


@all_modes
def test_23_second_order_after_a_read_inside():
    x = tf.Variable(2.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = x * x * x
            assert float(y) == 8.0
        g = inner.gradient(y, x)
        assert float(g) == 12.0
    assert float(outer.gradient(g, x)) == 12.0


@own_mode
def test_22_scalars_travel_packed():
    debug.clear()  # a program of another test may serve the same structure with other arguments
    scalars = [tf.constant(np.float32(i)) * 1.0 for i in range(100)]
    debug.flush()
    for t in scalars:
        t.numpy()
    with debug.mode("compiled"):
        total = tf.add_n(scalars)
        assert float(total) == 4950.0
    structure = [run.structure for run in debug._runs if run.structure is not None][-1]
    arguments = structure.programs[-1].arguments
    assert arguments.donated == arguments.kept == []
    assert {p.dtype: p.size for p in arguments.packed} == {np.dtype(np.float32): 100}


@own_mode
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
