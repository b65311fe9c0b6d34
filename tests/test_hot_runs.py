"""Runs in C: which of them go that way, and what they need for it, a lock and packed numbers."""

import contextlib
import gc
import sys
import threading
import time
import weakref

import numpy as np
import pytest
from marks import IN_C
from processes import run_code

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import native, segment

pytestmark = [pytest.mark.own_mode, IN_C]


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
    """The structure that a node began the last time is not that of the same op with its operands wired otherwise."""
    y = tf.constant(np.full(40_000, 4, np.float32))
    x, results, long = hot(lambda x, k: x - y if k % 2 else x - x, python_runs)
    for k in range(64):
        np.testing.assert_array_equal(results[k], x - 4 if k % 2 else 0 * x)


def test_segments_that_begin_alike(python_runs):
    """The structure that a node began the last time is not that of other nodes after it, or of as many that are wired otherwise."""

    def function(x, k):
        y = tf.sqrt(x)
        z = tf.square(y) if k % 3 else tf.exp(-y)
        return z - y if k % 2 else y - z if k % 5 else z - y - 1.0

    x, results, long = hot(function, python_runs)
    for k, result in enumerate(results):
        y = np.sqrt(x)
        z = y * y if k % 3 else np.exp(-y)
        np.testing.assert_allclose(result, z - y if k % 2 else y - z if k % 5 else z - y - 1, rtol=1e-5, atol=1e-5)


def test_forgotten_structures(python_runs):
    """What the engine has forgotten is not run: a node no longer knows the structure that it began."""
    from tfcompat._core import program

    hot(lambda x, k: tf.sqrt(x), python_runs)
    (structure,) = [s for s in program._structures.values() if [spec.name for spec in s.specs] == ["Sqrt"]]
    assert structure.specs[0].latest is structure
    program.clear()
    assert structure.specs[0].latest is None
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


@pytest.fixture(params=["assign_sub", "assign"])
def training(request):
    """A function that makes a step, and the variable that it updates; with `assign` it holds another handle of the result."""
    x = tf.constant(np.linspace(-1, 1, 40_000, dtype=np.float32).reshape(200, 200))
    v = tf.Variable(np.eye(200, dtype=np.float32))

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ v))
        if request.param == "assign":
            v.assign(v - 0.5 * tape.gradient(loss, v))
        else:
            v.assign_sub(0.5 * tape.gradient(loss, v))
        return float(loss)

    with debug.mode("compiled"):
        for _ in range(5):  # the walk back is one node once it is known
            step()
    for _ in range(20):
        step()
    return step, v


def programs_of(v):
    """The programs that donate an array of the shape of `v`."""
    from tfcompat._core import program

    every = [p for s in program._structures.values() for p in s.programs]
    return [p for p in every if any(p.arguments.avals[k].shape == v.shape for k in p.arguments.donated)]


def test_updates_take_over_the_arrays_of_variables(python_runs, training):
    step, v = training
    python_runs.clear()
    before, losses = debug.stats()["donated"], []
    for _ in range(32):
        losses.append(step())
    assert debug.stats()["donated"] == before + 32 and len(python_runs) <= 2
    assert all(a > b for a, b in zip(losses, losses[1:], strict=False))


def test_what_somebody_holds_is_copied(python_runs, training):
    step, v = training
    held, wanted = [], []
    for k in range(12):
        held.append(v.value() if k % 2 else v.numpy())
        wanted.append(np.array(v))
        step()
    for value, expected in zip(held, wanted, strict=True):
        np.testing.assert_array_equal(value, expected)
    assert len({value.tobytes() for value in wanted}) == 12


@pytest.mark.parametrize("consumed", [False, True])
def test_a_program_that_fails_gives_back_what_it_took_over(training, consumed):
    step, v = training
    before, failed = v.numpy().copy(), []
    for program in programs_of(v):

        def call(*arguments, inner=program.call):
            if len(failed) < 4:
                failed.append(1)
                if consumed:
                    inner(*arguments)
                raise ValueError("broken")
            return inner(*arguments)

        program.call = call
    with pytest.raises(ValueError, match="broken"):
        step()
    if consumed:
        with pytest.raises((ValueError, RuntimeError)):
            v.numpy()
        v.assign(before)
    else:
        np.testing.assert_array_equal(v, before)
    failed[:] = [1] * 4
    step()
    assert np.abs(v.numpy() - before).max() > 0


def interpreted(function, runs, count=300, clear=32):
    """The results of that many calls, and how many of those after the first ones Python has run."""
    results = []
    for k in range(count):
        if k == clear:
            runs.clear()
        results.append(function(k))
    return results, len(runs)


def test_what_costs_more_than_a_dispatch_is_interpreted_in_c(python_runs):
    """Also if it is to be compiled some day, and if many results are kept."""
    x = tf.constant(np.arange(64, dtype=np.float32).reshape(8, 8))

    def function(k):
        rows = [row for _ in range(50) for row in tf.unstack(x * float(k))]
        return float(tf.add_n(rows)[1])

    results, long = interpreted(function, python_runs)
    assert results == [50 * k * x.numpy()[:, 1].sum() for k in range(300)]
    assert long <= 300 // 16 + 2  # and when the steps are joined


def test_checks_are_looked_at_in_c(python_runs):
    """Of nodes one by one, and of those that are joined; the error is that of the line that is to blame."""
    x, number = tf.constant(np.arange(12.0, dtype=np.float32).reshape(4, 3)), tf.Variable(1)

    def function(k):
        i = tf.expand_dims(number + [k % 2, 0], 1)
        y = tf.gather_nd(x, i)
        z = tf.gather_nd(y, i - 1)
        return y, z, (z * 2.0).numpy()

    results, long = interpreted(function, python_runs)
    for k, (_, _, result) in enumerate(results):
        np.testing.assert_array_equal(result, 2 * x.numpy()[[1 + k % 2, 1]][[k % 2, 0]])
    assert long <= 300 // 16 + 2
    for where in (r"\(called at .*test_hot_runs.py:\d+\)", ""):  # then it is run at once where it is called
        number.assign(2)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[0\] = \[2\] does not index into param shape \[2,3\].*" + where):
            function(1)
        number.assign(1)
        np.testing.assert_array_equal(function(0)[2], results[0][2])


def test_a_check_that_fails_leaks_nothing(python_runs):
    x, number = tf.constant(np.arange(12.0, dtype=np.float32).reshape(4, 3)), tf.Variable(0)
    place = compile("tf.gather_nd(x, tf.expand_dims(number + k, 0))", "place", "eval")
    made, counts = [], []
    for _ in range(30):
        fresh = place.replace(co_name=f"place{len(made)}")  # a line that has failed is run at once from then on
        for k in (0, 1, 4):
            y = eval(fresh, {"tf": tf, "x": x, "number": number, "k": k})
            made.append(weakref.ref(y))
            with pytest.raises(tf.errors.InvalidArgumentError, match=r"\(called at place") if k == 4 else contextlib.nullcontext():
                y.numpy()
        del y
        gc.collect()
        counts.append(sys.getrefcount(x))
    assert not [r for r in made if r() is not None]
    assert len(set(counts[10:])) == 1


def test_another_thread_reads_what_is_taken_over(training):
    step, v = training
    seen, done = [], threading.Event()

    def read():
        while not done.is_set():
            seen.append(v.numpy()[0, :2].copy())

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(100):
        step()
    done.set()
    thread.join()
    assert seen and np.isfinite(seen).all()


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


def test_what_is_written_in_place_is_written_once(python_runs):
    """A step that fails after another one has written into a variable's array: the run is not begun anew."""
    from tfcompat._core import program

    w, x = tf.Variable(np.zeros(9000, np.float32)), tf.constant(np.ones(3, np.float32))

    def step():
        w.scatter_nd_add([[1]], [1.0])
        return tf.sqrt(x).numpy()

    for _ in range(20):
        step()
    (structure,) = [s for s in program._structures.values() if s.specs[-1].name == "Sqrt" and len(s.specs) == 2]
    failed = []
    for runs_and_steps in structure.interpreted.values():
        host, *rest = runs_and_steps[1][-1]

        def broken(*arguments, host=host):
            if not failed:
                failed.append(1)
                raise MemoryError("broken")
            return host(*arguments)

        runs_and_steps[1][-1] = (broken, *rest)
    with pytest.raises((MemoryError, tf.errors.OpError)):
        step()
    assert failed and w.numpy()[1] == 21


def test_slices_are_written_in_place(python_runs):
    v, held = tf.Variable(np.zeros((2000, 4), np.float32)), []
    for k in range(40):
        if k == 20:
            python_runs.clear()
            before = debug.stats()["in_place"]
        v[k % 40, 1:3].assign([k, k + 0.5])
        if k % 10 == 9:
            held.append((v.value(), v.numpy().copy()))
    assert debug.stats()["in_place"] - before >= 15 and len(python_runs) <= 3
    for value, expected in held:
        np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(v[:40, 1], np.arange(40))


# Numbers that have always been the same are constants of a program


def programs_with_constants():
    """[(number of constants, of packed numbers) of each program]"""
    from tfcompat._core import program

    every = [p for s in program._structures.values() for p in s.programs]
    return sorted((sum(len(c.entries) for c in p.arguments.constants), sum(len(c.entries) for c in p.arguments.packed)) for p in every)


def formula(x, a=2.0, b=0.5):
    return tf.reduce_sum((x * a - b) ** 2) + x[3]


def in_numpy(x, a=2.0, b=0.5):
    x = x.numpy().astype(np.float64)
    return ((x * a - b) ** 2).sum() + x[3]


def test_numbers_that_stay_are_constants(python_runs):
    x = tf.constant(np.linspace(0, 1, 400_000, dtype=np.float32))
    formula(x).numpy()  # traces: what is caught meanwhile may keep frames, and results in them, alive
    debug.clear()
    want = in_numpy(x)
    compiles = []
    for k in range(64):
        if k == 32:
            python_runs.clear()
        np.testing.assert_allclose(formula(x).numpy(), want, rtol=1e-5)
        compiles.append(debug.stats()["compiles"])
    assert len(python_runs) <= 2 and compiles[-1] == compiles[32]
    assert programs_with_constants() == [(3, 0)]
    for a in (3.0, 4.0, 2.0, 3.0, float("nan")):  # one more program, for all other numbers
        np.testing.assert_allclose(formula(x, a).numpy(), in_numpy(x, a), rtol=1e-5)
    assert debug.stats()["compiles"] == compiles[-1] + 1
    assert programs_with_constants() == [(0, 3)]


def test_numbers_that_change_are_no_constants(python_runs):
    debug.clear()
    x = tf.constant(np.linspace(0, 1, 400_000, dtype=np.float32))
    compiles = debug.stats()["compiles"]
    for k in range(64):
        np.testing.assert_allclose(formula(x, 1.0 + k).numpy(), in_numpy(x, 1.0 + k), rtol=1e-5)
    assert debug.stats()["compiles"] == compiles + 1
    assert programs_with_constants() == [(2, 1)]


def test_a_zero_of_the_other_sign_is_another_number():
    debug.clear()
    x = tf.constant(np.linspace(-1, 1, 400_000, dtype=np.float32))
    for zero in [0.0] * 8 + [-0.0] * 8:
        assert np.signbit(tf.reduce_max(tf.exp(x) * zero).numpy()) == np.signbit(zero)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int8", "int64", "uint64", "complex64"])
def test_constants_of_any_dtype(dtype):
    debug.clear()
    x = tf.cast(tf.constant(np.arange(1, 400_001) % 7 + 1), dtype)
    results = [(x * 3 + 2).numpy() for _ in range(40)] + [(x * 3 + number).numpy() for number in (2, 5)]
    for result, number in zip(results, [2] * 41 + [5], strict=True):
        np.testing.assert_array_equal(result, (x.numpy() * x.dtype.as_numpy_dtype(3) + x.dtype.as_numpy_dtype(number)).astype(result.dtype))


def test_what_numbers_alone_make_is_computed_in_each_run():
    """XLA would compute it while it compiles."""
    debug.clear()
    for _ in range(64):
        tf.reduce_sum(tf.linspace(0.0, 1.0, 400_000) * 2.0).numpy()
    assert [constants for constants, _ in programs_with_constants()] == [1]


def test_runs_in_python_know_constants_too(monkeypatch):
    debug.clear()
    x = tf.constant(np.linspace(0, 1, 400_000, dtype=np.float32))
    monkeypatch.setattr(native, "extension", None)
    with debug.trace():  # a tracer looks at each run, so Python makes it
        for a in [2.0] * 40 + [3.0, 2.0]:
            np.testing.assert_allclose(formula(x, a).numpy(), in_numpy(x, a), rtol=1e-5)
