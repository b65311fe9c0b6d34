"""What fails while recorded work runs: values out of range in hot loops, memory, forks. Variables stay usable."""

import gc
import itertools
import sys
import threading

import numpy as np
import pytest
from processes import run_code, run_python

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import checks

pytestmark = pytest.mark.own_mode
MODES = ("deferred", "sync", "random", "compiled", "interpreted")
_fresh = itertools.count()


def fresh_step(body, **names):
    """A function from source, with call sites that no other test has used."""
    space = {"tf": tf, "np": np, **names}
    exec(compile(f"def step(k):\n    tag = {next(_fresh)}\n" + body, "<step>", "exec"), space)
    return space["step"]


EMBEDDING = """
    early.assign_add(tf.ones((40,)))
    with tf.GradientTape() as tape:
        i = tf.cast(tf.constant([1.0, 2.0, last(k)]) * 1.0, tf.int32)
        loss = tf.reduce_mean(tf.square(tf.gather(table, i) @ w))
    g, gw = tape.gradient(loss, [table, w])
    table.scatter_sub(tf.IndexedSlices(0.001 * g.values, g.indices))
    w.assign_sub(0.001 * gw)
    late.assign_add(tf.ones((40,)))
    return loss
"""


def embedding(bad_at=()):
    """A training step whose gather has pending indices; in steps `bad_at` the last one is out of range."""
    state = {
        "table": tf.Variable(np.arange(400, dtype=np.float32).reshape(100, 4)),
        "w": tf.Variable(np.ones((4, 16), np.float32)),
        "early": tf.Variable(np.zeros(40, np.float32)),
        "late": tf.Variable(np.zeros(40, np.float32)),
    }
    return fresh_step(EMBEDDING, last=lambda k: 100.0 if k in bad_at else 3.0, **state), state


def values(state):
    return {name: v.numpy().copy() for name, v in state.items()}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bad", [0, 5, 11])
def test_a_hot_loop_with_reads_keeps_what_came_before(mode, bad):
    step, state = embedding({bad})
    reference, expected = embedding()
    with debug.mode(mode):
        for k in range(bad):
            float(step(k))
            float(reference(k))
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[2\] = 100 is not in \[0, 100\)"):
            float(step(bad))
        got, want = values(state), values(expected)
        assert got["early"][0] == bad + 1  # written before the culprit
        for name in ("table", "w", "late"):
            np.testing.assert_allclose(got[name], want[name], rtol=1e-6, err_msg=name)
        for k in range(20, 24):  # the next steps are fine
            float(step(k))
            float(reference(k))
        got, want = values(state), values(expected)
        for name in ("table", "w", "late"):
            np.testing.assert_allclose(got[name], want[name], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("mode", MODES)
def test_a_hot_loop_without_reads_ends_in_a_state_that_it_was_in(mode):
    step, state = embedding({9})
    reference, expected = embedding()
    with debug.mode(mode):
        done, error = 0, None
        try:
            for k in range(12):
                step(k)
            debug.flush()
        except tf.errors.InvalidArgumentError as e:
            error = e
        assert "called at <step>" in str(error) or "[Op:ResourceGather]" in str(error)
        got = values(state)
        for _ in range(9):
            reference(done)
        want = values(expected)
    assert got["early"][0] == 10 and got["late"][0] == 9
    for name in ("table", "w"):
        np.testing.assert_allclose(got[name], want[name], rtol=1e-6, err_msg=name)


def test_flagged_programs_are_replayed_and_donate():
    step, state = embedding({30})
    with debug.mode("compiled"):
        for k in range(6):
            step(k)
        debug.flush()
        before = debug.stats()
        for k in range(6, 16):
            step(k)
        debug.flush()
        after = debug.stats()
        # table and w in each step
        assert after["donated"] - before["donated"] >= 20
        assert after["replays"] == before["replays"] and after["traces"] == before["traces"]
        step(30)
        with pytest.raises(tf.errors.InvalidArgumentError):
            debug.flush()
        assert debug.stats()["replays"] == after["replays"] + 1
    assert state["late"].numpy()[0] == 16


def test_a_flagged_update_of_a_table_copies_no_table():
    """The compiled step needs no temporary of the table's size: the update is in place behind its guard."""
    from tfcompat._core import program

    state = {"table": tf.Variable(np.zeros((4096, 64), np.float32))}
    step = fresh_step("""
    with tf.GradientTape() as tape:
        i = tf.cast(tf.constant([1.0, 2.0, 3.0]) * 1.0, tf.int32)
        loss = tf.reduce_sum(tf.gather(table, i) + 1.0)
    g = tape.gradient(loss, table)
    table.scatter_sub(tf.IndexedSlices(0.5 * g.values, g.indices))
    """, **state)
    memory = []
    real = program.compile_cache.compile

    def spy(*args, **kwargs):
        compiled = real(*args, **kwargs)
        analysis = compiled.memory_analysis()
        memory.append((analysis.alias_size_in_bytes, analysis.temp_size_in_bytes))
        return compiled

    program.compile_cache.compile = spy
    try:
        with debug.mode("compiled"):
            for k in range(4):
                step(k)
                gc.collect()  # errors that JAX caught while an op was traced keep the step's frame, and its results alive
                debug.flush()
    finally:
        program.compile_cache.compile = real
    size = 4096 * 64 * 4
    aliased, temporary = max(memory)
    assert aliased >= size
    assert temporary < size // 4
    assert state["table"].numpy()[1:4].tolist() == [[-2.0] * 64] * 3


@pytest.mark.parametrize("mode", MODES)
def test_an_index_that_is_a_leaf_in_another_shape_is_looked_at_when_it_is_used(mode):
    """No flag is needed, so nothing has to be waited for twice; and the error is that of the line."""
    from tfcompat._core.context import state

    x, v = tf.constant(np.arange(12.0, dtype=np.float32).reshape(4, 3)), tf.Variable([3, 0])
    step = fresh_step("""
    v.assign([3, k])
    y = tf.gather_nd(x, v[:, None]) + tf.gather(x, tf.reshape(v, [2, 1]))[:, 0]
    return y, len(segment().flags)
    """, x=x, v=v, segment=lambda: state.segment)
    with debug.mode(mode):
        for k in (0, 2, 1, 3, 0, 2, 1, 3):
            y, flags = step(k)
            assert flags == 0
            np.testing.assert_array_equal(y.numpy(), 2 * x.numpy()[[3, k]])
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = \[4\] does not index into param shape \[4,3\]") as raised:
            step(4)
        assert "called at" not in str(raised.value)
        np.testing.assert_array_equal(v.numpy(), [3, 4])


def test_zeros_in_the_shape_of_an_index_are_no_view_of_it():
    x, index = tf.constant([1.0, 2.0]), tf.constant([7, 8])
    np.testing.assert_array_equal(tf.gather(x, tf.zeros_like(index)).numpy(), [1, 1])
    np.testing.assert_array_equal(tf.gather(x, tf.broadcast_to(index[:1] - 6, [3])).numpy(), [2, 2, 2])


def test_checks_do_not_read_what_they_need_not():
    """The table's shape is all that a check of indices looks at: no view of it that would prevent donation."""
    debug.clear()  # a program of another test may serve the same structure without donations
    state = {"table": tf.Variable(np.zeros((512, 8), np.float32))}
    step = fresh_step("""
    y = tf.gather(table, np.array([1, 2]))
    table.assign(table + 1.0)
    return tf.reduce_sum(y)
    """, **state)
    with debug.mode("compiled"):
        for k in range(4):
            float(step(k))
        before = debug.stats()["donated"]
        for k in range(4):
            float(step(k))
        assert debug.stats()["donated"] == before + 4


@pytest.mark.parametrize("compiled", [True, False])
def test_what_was_found_good_of_a_variable_is_looked_at_again(compiled):
    """Programs give the variable's tensor other arrays, sliced assignments other elements."""
    x, index = tf.range(6.0), tf.Variable(np.arange(64) % 2)
    step = tf.function(lambda: index.assign_add(tf.ones_like(index)), jit_compile=compiled)
    for k in range(5):
        assert tf.gather(x, index).numpy().max() == k + 1
        step()
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.gather(x, index).numpy()
    index.assign(np.zeros(64, "int64"))
    for k in range(3):
        assert tf.gather(x, index).numpy().max() == k
        index[k].assign(k + 1)
    index[5].assign(6)
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.gather(x, index).numpy()


def test_operands_found_good_are_looked_at_once(monkeypatch):
    looks = []
    plain = checks.quietly
    monkeypatch.setattr(checks, "quietly", lambda *arguments: looks.append(arguments) or plain(*arguments))
    x, few, rows = tf.zeros((5, 2)), tf.zeros((2, 2)), tf.constant([4, 0, 3])
    for _ in range(3):
        tf.gather(x, rows)
    assert len(looks) == 1
    for bad in (lambda: tf.gather(few, rows), lambda: tf.gather(x, tf.constant([4, 0, 5])), lambda: tf.gather(x, rows, axis=1)):
        for _ in range(2):
            with pytest.raises(tf.errors.InvalidArgumentError, match="is not in"):
                bad()
    for values in ([5, 0, 1], [1, 0, 4]):  # what was found good may be gone, and something else be in its place
        rows = tf.constant(values)
        if max(values) < 5:
            tf.gather(x, rows)
        else:
            pytest.raises(tf.errors.InvalidArgumentError, tf.gather, x, rows)


SOLVERS = {
    "solve": lambda x: tf.linalg.solve(x, tf.ones((3, 2))),
    "inv": tf.linalg.inv,
    "lu": lambda x: tf.linalg.lu(x).lu,
    "banded_triangular_solve": lambda x: tf.linalg.banded_triangular_solve(x[:1], tf.ones((3, 1))),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", SOLVERS)
def test_solvers_raise_where_they_are_called_however_often_they_did_not(mode, name):
    solver, good = SOLVERS[name], tf.eye(3) + 1.0
    with debug.mode(mode):
        for k in range(30):
            matrix = good * (0.0 if k == 25 else 1.0 + k)
            try:
                result = solver(matrix)
            except tf.errors.InvalidArgumentError as error:
                assert k == 25 and "not invertible" in str(error)
            else:
                assert k != 25 and np.isfinite(result.numpy()).all()


@pytest.mark.parametrize("name", ["solve", "inv", "lu"])
def test_a_solver_is_one_op_and_looks_once_at_a_matrix(name):
    solver, matrix = SOLVERS[name], tf.eye(3) * 2.0
    pending = matrix + 1.0
    assert solver(pending)._value is not None and pending._value is not None  # what it took is computed with it
    for known in (pending, matrix, tf.constant(matrix.numpy())):
        solver(known).numpy()
        before = debug.stats()["ops"]
        results = [solver(known) for _ in range(10)]
        assert all([r._value is None for r in results])
        assert np.isfinite(results[-1].numpy()).all()
        assert debug.stats()["ops"] == before + 10
    x = tf.Variable(matrix)
    solver(x)
    x.assign(tf.zeros((3, 3)))
    pytest.raises(tf.errors.InvalidArgumentError, solver, x)


def test_checks_in_functions_under_accumulators_and_before_others():
    @tf.function
    def taken(x, i):
        return tf.gather(x, i)

    x = tf.constant([1.0, 2.0, 3.0])
    for last in (1, 2, 1, 2, 3, 1):
        rows = tf.constant([0, 1]) + last - 1
        with tf.autodiff.ForwardAccumulator(x, x * 2.0) as accumulator:
            if last == 3:
                with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = 3 is not in"):
                    taken(x, rows).numpy()
                continue
            y = taken(x, rows)
            z = tf.debugging.check_numerics(y, "it is checked after a call whose flag is pending")
        np.testing.assert_array_equal(accumulator.jvp(z), 2 * y.numpy())


@pytest.mark.parametrize("dtype", ["int16", "int32", "int64"])
def test_positions_below_zero_and_beyond(dtype):
    table = tf.zeros((40_000, 1))
    last = min(39_999, np.iinfo(dtype).max)
    assert tf.gather(table, tf.constant([0, last], dtype)).shape == (2, 1)
    for bad in (-1, np.iinfo(dtype).min, *([] if dtype == "int16" else [40_000, np.iinfo(dtype).max])):
        for call in (tf.gather, tf.gather_nd, lambda t, i: tf.tensor_scatter_nd_add(t, i, tf.ones((2, 1)))):
            positions = tf.constant([0, bad], dtype)
            with pytest.raises(tf.errors.InvalidArgumentError, match=rf"indices\[1\] = \[?{bad}\]? "):
                call(table, positions if call is tf.gather else positions[:, None])


@pytest.mark.parametrize("mode", MODES)
def test_two_writes_and_two_flags_in_one_segment(mode):
    v, w = tf.Variable(np.zeros(40, np.float32)), tf.Variable(np.zeros(40, np.float32))
    step = fresh_step("""
    with tf.GradientTape() as tape:
        i = tf.cast(tf.constant(float(k)) * 1.0, tf.int32)
        v.assign(v + 1.0)
        a = tf.gather(x, i)
        w.assign_add(v)
        v.assign(v + a)
        b = tf.gather(x, i + 1)
        w.assign_add(v * b)
    return b
    """, v=v, w=w, x=tf.constant([1.0, 2.0, 3.0, 4.0]))
    with debug.mode(mode):
        for _ in range(5):
            float(step(0.0))
        a, b = v.numpy()[0], w.numpy()[0]
        with pytest.raises(tf.errors.InvalidArgumentError, match="= 4 is not in"):
            float(step(3))  # the second gather fails
        assert v.numpy()[0] == a + 1 + 4
        assert w.numpy()[0] == b + a + 1
        a, b = v.numpy()[0], w.numpy()[0]
        with pytest.raises(tf.errors.InvalidArgumentError, match="= 7 is not in"):
            float(step(7))  # the first does
        assert (v.numpy()[0], w.numpy()[0]) == (a + 1, b)


@pytest.mark.parametrize("mode", MODES)
def test_what_depends_on_a_failure_raises_when_read_and_nothing_else(mode):
    step = fresh_step("""
    good = x * 3.0
    bad = tf.gather(x, tf.cast(tf.constant(float(k)) * 1.0, tf.int32))
    return good, bad + 1.0
    """, x=tf.constant([1.0, 2.0]))
    with debug.mode(mode):
        for k in (0, 1, 0):
            [t.numpy() for t in step(k)]
        good = dependent = None
        with pytest.raises(tf.errors.InvalidArgumentError):
            good, dependent = step(9)
            good.numpy()
        if mode in ("sync", "random"):  # the call itself may have raised
            return
        depths = []
        for _ in range(3):
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                dependent.numpy()
            depths.append(len(caught.traceback))
        assert depths[0] == depths[2]  # the traceback does not grow with each read
        assert good.numpy().tolist() == [3.0, 6.0]


def test_a_call_refused_for_its_second_operand_is_no_part_of_what_comes_after():
    """Its first operand, of another shape each time, is all that it left; programs must not be made for that."""
    step = fresh_step("    return tf.gather(x, tf.cast(tf.constant(float(k)) * 1.0, tf.int32)) + 1.0\n", x=tf.constant([1.0, 2.0]))
    for k in (0, 1, 0):
        float(step(k))
    failed = step(9)
    with pytest.raises(tf.errors.InvalidArgumentError):
        float(failed)
    a, b = tf.constant([[1.0], [2.0], [3.0]] * 20), tf.constant([[3.0], [2.0], [1.0]] * 20)
    rows = fresh_step("    return tf.reduce_sum(a - b * 0.5, axis=1)\n", a=a, b=b)
    expected = rows(0).numpy()
    with debug.mode("compiled"):
        for size in (40, 1, 3, 40):
            with pytest.raises(tf.errors.InvalidArgumentError):
                tf.add(tf.constant(np.ones(size, np.float32)), failed)
            np.testing.assert_array_equal(rows(0).numpy(), expected)
        np.testing.assert_array_equal(rows(0).numpy(), expected)


def test_a_failure_that_another_thread_reads():
    step = fresh_step("""
    return tf.gather(x * 1.0, tf.cast(tf.constant(float(k)) * 1.0, tf.int32)) + 1.0
    """, x=tf.constant([1.0, 2.0]))
    for _ in range(3):
        float(step(1))
    pending = step(5)
    assert pending._value is None
    found = []

    def read():
        try:
            found.append(float(pending))
        except tf.errors.InvalidArgumentError as error:
            found.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join(60)
    assert "indices = 5 is not in [0, 2)" in str(found[0])
    with pytest.raises(tf.errors.InvalidArgumentError):
        float(pending)


def test_an_unread_failure_at_the_end_of_a_script():
    done = run_python("-c", """
import tfcompat as tf
x = tf.constant([1., 2.])
def f(i):
    return tf.gather(x * 1.0, tf.cast(i * 1.0, tf.int32))
with tf.debug.mode("compiled"):
    for _ in range(3):
        f(tf.constant(1.0)).numpy()
    print("so far", flush=True)
    for i in (0.0, 9.0):
        f(tf.constant(i))
    tf.debug._current().close("test")
    import sys
    sys.exit(0)
""")  # fmt: skip
    assert done.stdout == "so far\n"
    assert done.returncode == 1
    assert "InvalidArgumentError: indices = 9 is not in [0, 2)" in done.stderr


# Memory


def exhausted(*_):
    import jax

    raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8589934592 bytes.")


@pytest.mark.parametrize("times", [1, 2])
def test_out_of_memory_is_tried_once_more(times):
    from tfcompat._core import program

    v = tf.Variable(np.ones(64, np.float32))
    with debug.mode("compiled"):
        for _ in range(3):
            v.assign(v * 2.0)
            debug.flush()
        structure = next(r.structure for r in reversed(debug._runs) if r.structure is not None and r.tier == "compiled")
        compiled = structure.programs[-1]
        real, calls = compiled.call, []

        def failing(*groups):
            calls.append(1)
            return exhausted() if len(calls) <= times else real(*groups)

        compiled.call = failing
        try:
            v.assign(v * 2.0)
            if times == 1:
                debug.flush()
            else:
                with pytest.raises(tf.errors.ResourceExhaustedError, match="Out of memory allocating"):
                    debug.flush()
        finally:
            compiled.call = real
        assert len(calls) == 2
        assert v.numpy()[0] == (16.0 if times == 1 else 8.0)
        v.assign(v * 2.0)
        assert v.numpy()[0] == (32.0 if times == 1 else 16.0)
    assert program.failures.translated(ValueError("x"), "y").args == ("x",)


def test_out_of_memory_in_the_interpreter_keeps_what_came_before():
    v, w = tf.Variable(np.ones(64, np.float32)), tf.Variable(np.ones(64, np.float32))
    with debug.mode("interpreted"):
        v.assign(v * 2.0)
        y = tf.cumsum(v + 1.0)
        w.assign(w + y)
        spec = next(s for s in debug._current().specs if s.name == "Cumsum")
        real = spec.host

        def no_memory(*_):
            raise MemoryError("Unable to allocate 4.00 TiB")

        spec._host = no_memory
        try:
            with pytest.raises(tf.errors.ResourceExhaustedError, match="Cumsum.*4.00 TiB"):
                debug.flush()
        finally:
            spec._host = real
        assert v.numpy()[0] == 2.0 and w.numpy()[0] == 1.0
        with pytest.raises(tf.errors.ResourceExhaustedError):
            y.numpy()
        w.assign(w + tf.cumsum(v))
        assert w.numpy()[1] == 5.0


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS and /proc; the test above raises MemoryError everywhere")
def test_out_of_memory_for_real():
    out = run_code("""
    import resource
    import numpy as np
    import tfcompat as tf
    v = tf.Variable([1.0, 2.0])
    float(tf.reduce_max(tf.cumsum(tf.broadcast_to(v[0], (4,)) * 1.5)))
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), -1))  # room for stacks and arenas of threads
    v.assign_add([1.0, 1.0])
    try:
        float(tf.reduce_max(tf.cumsum(tf.broadcast_to(v[0], (1 << 29,)) * 1.5)))
    except tf.errors.ResourceExhaustedError as error:
        print(str(error)[:18])
    print(v.numpy(), (v + 1.0).numpy())
    """)
    assert out.splitlines() == ["OOM when computing", "[2. 3.] [3. 4.]"]


# Forks


def test_a_forked_child_interprets_and_says_what_it_cannot_do():
    out = run_code("""
    import os, warnings
    warnings.simplefilter("ignore")  # JAX's, about forks
    import numpy as np
    import tfcompat as tf
    from tfcompat import debug

    with debug.mode("compiled"):
        device = tf.constant(np.ones((64, 64), np.float32)) @ tf.ones((64, 64))
        debug.flush()
        hot = tf.constant(np.ones(16, np.float32))  # small: it stays in host memory
        for _ in range(3):
            (hot * 2.0).numpy()
    host = tf.constant([1.0, 2.0])
    pending = host * 3.0
    assert pending._value is None
    child = os.fork()
    if not child:
        print("pending", pending.numpy(), pending._seg is None)
        print("host", tf.reduce_sum(host + 1.0).numpy(), (hot * 2.0).numpy()[0])
        for read in (lambda: device.numpy(), lambda: float(tf.reduce_sum(device)), lambda: np.asarray(device + 1.0)):
            try:
                read()
                print("no error")
            except RuntimeError as error:
                print(str(error)[:23], "spawn" in str(error))
        try:
            with debug.mode("compiled"):
                tf.tanh(tf.ones(64)).numpy()
        except RuntimeError as error:
            print(str(error)[:23])
        os.sys.stdout.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print("parent", pending.numpy(), device.numpy()[0, 0], (hot * 2.0).numpy()[0])
    """)
    assert out.splitlines() == [
        "pending [3. 6.] True",
        "host 5.0 2.0",
        *["This process was forked True"] * 3,
        "This process was forked",
        "parent [3. 6.] 64.0 2.0",
    ]


def test_forked_children_draw_other_numbers_where_nothing_is_seeded():
    out = run_code("""
    import os, warnings
    warnings.simplefilter("ignore")
    import tfcompat as tf
    tf.random.uniform([2]).numpy()
    for _ in range(2):
        if not os.fork():
            print(tf.random.uniform([4]).numpy().tolist(), flush=True)
            os._exit(0)
        os.wait()
    print(tf.random.uniform([4]).numpy().tolist())
    """)
    assert len(set(out.splitlines())) == 3


def test_an_error_that_a_fork_brings_up_is_not_lost():
    out = run_code("""
    import os, warnings
    warnings.simplefilter("ignore")
    import tfcompat as tf
    x = tf.constant([1.0, 2.0])
    def f(i):
        return tf.gather(x * 1.0, tf.cast(tf.constant(i) * 1.0, tf.int32))
    for _ in range(3):
        f(1.0).numpy()
    f(9.0)
    if not os.fork():
        print("child", (x + 1.0).numpy(), flush=True)
        os._exit(0)
    os.wait()
    try:
        (x + 1.0).numpy()
    except tf.errors.InvalidArgumentError as error:
        print("parent", str(error)[:11])
    print((x + 1.0).numpy())
    """)
    assert out.splitlines() == ["child [2. 3.]", "parent indices = 9", "[2. 3.]"]


def test_a_pool_of_forked_processes():
    done = run_python("-W", "ignore", "-c", """
import multiprocessing
import tfcompat as tf
x = tf.constant([1.0, 2.0])
float(tf.reduce_sum(x))
def f(k):
    return float(tf.reduce_sum(x * k))
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(f, [1.0, 2.0, 3.0]))
""")  # fmt: skip
    assert done.stdout == "[3.0, 6.0, 9.0]\n", done.stderr


@pytest.mark.parametrize("mode", MODES)
def test_inside_a_function(mode):
    v, w = tf.Variable(np.ones(40, np.float32)), tf.Variable(np.ones((50, 8), np.float32))

    @tf.function
    def step(rows):
        v.assign_add(tf.ones(40))
        y = tf.gather(w, rows)
        w.assign(w * 0.5)
        return tf.reduce_sum(y)

    with debug.mode("compiled" if mode == "sync" else mode):
        for k in (1, 2, 3):
            float(step(tf.constant([k, 1])))
    with debug.mode(mode):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[0\] = 60 is not in \[0, 50\)"):
            float(step(tf.constant([60, 1])))
        # Other than in TensorFlow a call is one op: none of its writes has happened.
        assert (v.numpy()[0], w.numpy()[0, 0]) == (4.0, 0.125)
        assert float(step(tf.constant([4, 1]))) == 2.0
        assert (v.numpy()[0], w.numpy()[0, 0]) == (5.0, 0.0625)
