"""`tfcompat.debug`, and what switches the engine's ways on and off."""

import threading

import numpy as np
import pytest
from processes import run_code

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import plans

pytestmark = pytest.mark.own_mode


def two_ops():
    x = tf.constant(np.ones(40, np.float32))
    return tf.tanh(x * 2.0)


def test_stats_count():
    two_ops().numpy()
    before = debug.stats()
    two_ops().numpy()
    after = debug.stats()
    assert {name: after[name] - before[name] for name in ("ops", "segments", "traces", "structures")} == {
        "ops": 2, "segments": 1, "traces": 0, "structures": 0,
    }  # fmt: skip
    assert all(type(value) is int for value in after.values())


def test_explain_says_why_where_and_how():
    debug.clear()
    with debug.mode("compiled"):
        two_ops().numpy()
    with debug.mode("interpreted"):
        y = tf.sin(two_ops())
        y.numpy()
    lines = debug.explain(2).splitlines()
    assert lines[0].split() == ["why", "ops", "outputs", "tier", "compile", "ms", "where;", "reason"]
    compiled, interpreted = lines[1].split(None, 5), lines[2]
    assert compiled[:4] == ["read", "2", "1", "compiled"]
    assert float(compiled[4]) > 0
    assert __file__ in compiled[5]
    assert "interpreted" in interpreted
    assert "first difference to a known segment: op 2: Sin" in interpreted
    assert "instead of the end" in interpreted


def test_last_program_in_every_form():
    with debug.mode("interpreted"):
        two_ops().numpy()
    ops = debug.last_program()
    assert ops.splitlines()[0].startswith("Mul(~0, ~1): ") and "Tanh(0): " in ops
    assert "tanh" in debug.last_program(form="jaxpr") and "lambda" in debug.last_program(form="jaxpr")
    assert "stablehlo.tanh" in debug.last_program(form="stablehlo")
    assert "HloModule" in debug.last_program(form="hlo")
    with pytest.raises(ValueError, match="Unknown form 'ptx'"):
        debug.last_program(form="ptx")
    debug.clear()


def test_no_reads():
    v = tf.Variable(1.0)
    with debug.no_reads():
        v.assign_add(1.0)
        with pytest.raises(RuntimeError, match="read inside tfcompat.debug.no_reads"):
            print(v)
        seen = []
        thread = threading.Thread(target=lambda: seen.append(float(tf.constant(1.0) + 1.0)))
        thread.start()
        thread.join()
        assert seen == [2.0]  # other threads may read
    assert float(v) == 2.0


def test_modes_are_left_as_they_were():
    from tfcompat._core.context import settings

    def settings_now():
        return {name: getattr(settings, name) for name in settings.__slots__ if name != "watchful"}

    before = settings_now()
    with pytest.raises(ValueError, match="Unknown mode 'fast'"), debug.mode("fast"):
        pass
    for name in debug.MODES:
        with pytest.raises(KeyError), debug.mode(name):
            assert settings_now() != before or name == "deferred"
            raise KeyError
        assert settings_now() == before


def test_synchronous_execution():
    assert not tf.config.experimental.get_synchronous_execution()
    tf.config.experimental.set_synchronous_execution(True)
    try:
        assert (tf.ones(3) * 2.0)._value is not None
    finally:
        tf.config.experimental.set_synchronous_execution(False)
    assert (tf.ones(3) * 2.0)._value is None
    code = """
    import tfcompat as tf
    print((tf.ones(3) * 2.0)._value is not None, tf.config.experimental.get_synchronous_execution())
    """
    assert run_code(code, TFCOMPAT_SYNCHRONOUS="1") == "True True\n"
    assert run_code(code, TFCOMPAT_SYNCHRONOUS="0") == "False False\n"


@pytest.mark.parametrize("filtering", [True, False])
def test_tracebacks_end_where_the_user_called(filtering):
    if not filtering:
        tf.debugging.disable_traceback_filtering()
    try:
        for columns in (4, 5):  # the op's code is made at its first call
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                tf.matmul(tf.ones((2, 3)), tf.ones((5 + filtering, columns)))
    finally:
        tf.debugging.enable_traceback_filtering()
    assert tf.debugging.is_traceback_filtering_enabled()
    files = [str(entry.path) for entry in caught.traceback]
    assert any("_products.py" in name for name in files) == (not filtering)
    assert (len(files) <= 4) == filtering  # the call itself, the op, and what records it: one function in C, two in Python
    assert bool(getattr(caught.value, "__notes__", ())) == (not filtering)


def test_results_that_are_kept_count(monkeypatch):
    """Each array that a program gives back costs as much as a few equations that NumPy interprets, where C has no plan of them."""
    monkeypatch.setattr(plans, "_hot", None)
    x, other = tf.ones([1, 2, 1, 3, 1]), tf.fill([1, 2, 1, 3, 1], 0.5)  # a shape that no other test has

    def compiles(kept):
        debug.clear()
        before = debug.stats()["compiles"]
        for _ in range(2_500):
            y, results = x, []
            for _ in range(60):
                y = y * other
                results.append(y)
            if not kept:
                results.clear()
            y.numpy()
            if debug.stats()["compiles"] > before:
                return True
        return False

    assert compiles(kept=False)
    assert not compiles(kept=True)
