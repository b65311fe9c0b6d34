"""Runs of hot programs in C: which of them go that way, and what they need for it, a lock and packed numbers."""

import threading
import time

import numpy as np
import pytest
from processes import run_code

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import native, segment

pytestmark = [pytest.mark.own_mode, pytest.mark.skipif(native.extension is None, reason="the package was built without a C compiler")]


@pytest.fixture
def python_runs(monkeypatch):
    """The names of the ops of each run that Python has made."""
    runs = []

    def run(pending, work, runner=segment._runner):
        runs.append([spec.name for spec in work.specs])
        runner(pending, work)

    run.evaluate_aside = segment._runner.evaluate_aside
    monkeypatch.setattr(segment, "_runner", run)
    return runs


def hot(function, runs):
    """The results of 64 calls, and how many of those after the first 32 Python has run."""
    x = tf.constant(np.linspace(0, 9, 40_000, dtype=np.float32))
    with debug.mode("compiled"):
        function(x, 0).numpy()
    results = []
    for k in range(64):
        if k == 32:
            runs.clear()
        results.append(function(x, k).numpy())
    return x.numpy(), results, len(runs)


# Every 16th run keeps the order of last uses, and goes the long way.


def test_one_node(python_runs):
    x, results, long = hot(lambda x, k: tf.sqrt(x), python_runs)
    assert long <= 2
    for result in results:
        np.testing.assert_allclose(result, np.sqrt(x), rtol=1e-6)


def test_one_node_with_other_wires(python_runs):
    """The structure that a node alone had the last time is not that of the same op with its operands wired otherwise."""
    y = tf.constant(np.full(40_000, 4, np.float32))
    x, results, long = hot(lambda x, k: x - y if k % 2 else x - x, python_runs)
    for k in range(64):
        np.testing.assert_array_equal(results[k], x - 4 if k % 2 else 0 * x)


def test_forgotten_structures(python_runs):
    """What the engine has forgotten is not run: an op knows the structure of itself alone no longer."""
    from tfcompat._core import program

    hot(lambda x, k: tf.sqrt(x), python_runs)
    program.clear()
    python_runs.clear()
    x = tf.constant(np.linspace(0, 9, 40_000, dtype=np.float32))
    tf.sqrt(x).numpy()
    assert python_runs == [["Sqrt"]]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "float16", "uint8"])
@pytest.mark.parametrize("each", [1, 5])
def test_packed_numbers(python_runs, dtype, each):
    """Numbers that are operands travel in one vector: the same ones, other ones, and the same again."""

    def function(x, k):
        return tf.clip_by_value(tf.cast(x, dtype), k // each % 7, 1 + k // each % 7)

    x, results, long = hot(function, python_runs)
    for k in range(64):
        low = np.dtype(dtype).type(k // each % 7)
        np.testing.assert_array_equal(results[k], np.clip(x.astype(dtype), low, low + np.dtype(dtype).type(1)))
    if dtype in ("float32", "int32"):
        assert long <= 2


def test_packed_arrays(python_runs):
    """Small arrays are packed, too, also if they are views, and written by somebody in between."""
    numbers = np.arange(6.0, dtype=np.float32).reshape(3, 2)

    def function(x, k):
        return tf.reshape(x, (-1, 2)) * tf.constant(numbers.T[:, k % 3]) + float(k)

    x, results, long = hot(function, python_runs)
    for k in range(64):
        np.testing.assert_allclose(results[k], x.reshape(-1, 2) * numbers[k % 3] + k, rtol=1e-6)


def test_lock():
    lock, log = native.extension.Lock(), []
    with lock, lock:
        pass
    with pytest.raises(RuntimeError, match="un-acquired"):
        lock.__exit__(None, None, None)

    def other():
        with pytest.raises(RuntimeError, match="un-acquired"):
            lock.__exit__(None, None, None)
        with lock:
            log.append("other")

    with lock:
        thread = threading.Thread(target=other)
        thread.start()
        with lock:
            time.sleep(0.05)
        time.sleep(0.05)
        log.append("first")
    thread.join()
    assert log == ["first", "other"]

    def count():
        for _ in range(2000):
            with lock, lock:
                n = total[0]
                len(repr(n))
                total[0] = n + 1

    total = [0]
    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total == [8000]


def test_ctrl_c_while_another_thread_has_the_lock():
    out = run_code("""
    import signal, threading
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from tfcompat._core import native
    lock, done = native.extension.Lock(), threading.Event()

    def other():
        with lock:
            taken.set()
            done.wait()

    taken = threading.Event()
    thread = threading.Thread(target=other)
    thread.start()
    taken.wait()
    threading.Timer(0.5, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)).start()
    try:
        with lock:
            print("taken")
    except KeyboardInterrupt:
        print("interrupted")
    done.set()
    thread.join()
    with lock:
        print("free")
    """)
    assert out.split() == ["interrupted", "free"]
