"""The benchmarks' loops, once each of their paths was seen twice: no tracing, no new structure, one compile a path,
memory flat. Counts, not times."""

import contextlib
import io
import pathlib
import sys

import numpy as np
import pytest

import tfcompat as tf

pytestmark = [pytest.mark.own_mode, pytest.mark.usefixtures("small_heap")]

_BENCHMARKS = str(pathlib.Path(__file__).resolve().parent.parent / "benchmarks")
LONG = {"MLP with Adam", "DQN", "DQN with Adam", "tanh network", "conv net"}
NAMES = ("linear regression", "MLP gradient", "MLP with SGD", "MLP with Adam", "corr2d", "tanh network", "conv net",
         "DQN", "DQN with Adam")  # fmt: skip


@pytest.fixture
def steady_state(monkeypatch):
    monkeypatch.syspath_prepend(_BENCHMARKS)
    from cases import steady_state

    yield steady_state
    for name in [name for name in sys.modules if name.partition(".")[0] in ("cases", "goals", "measure", "engines")]:
        del sys.modules[name]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("loop", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in NAMES])
def test_loop(loop, steady_state):
    counts = {}
    with contextlib.redirect_stdout(io.StringIO()):
        steady_state.count(tf, loop, True, counts)
    found = counts[loop]
    # What was inferred from a symbolic trace is traced exactly when it is compiled.
    assert found["traces"] <= 5 * found["compiles"]
    assert found["new structures"] == 0
    assert found["compiles"] <= steady_state.LOOPS[loop][2]
    assert found["more live arrays"] <= 0
    assert found["more objects"] <= 100
    assert found["more bytes"] <= 100_000  # of a step's some million; 25,000 come and go


def test_a_step_whose_beginning_is_known():
    """The forward pass is run alone, then in a step with its gradient: in parts first, but not for ever."""
    x = tf.constant(np.linspace(-1, 1, 400_000, dtype=np.float32).reshape(400, 1000))

    def forward():
        return tf.nn.softmax(x)

    def step():
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(forward() ** 2)
        return float(tape.gradient(loss, x)[1, 2])

    for _ in range(100):
        forward().numpy()
    before = tf.debug.stats()
    values = {round(step(), 12) for _ in range(300)}
    early = tf.debug.stats()
    for _ in range(100):
        step()
    late = tf.debug.stats()
    assert len(values) == 1
    assert 0 < early["prefix_runs"] - before["prefix_runs"] < 250
    assert late["prefix_runs"] == early["prefix_runs"] and late["compiles"] == early["compiles"]
    assert late["compiled_runs"] - early["compiled_runs"] == 100


def test_growth_is_found(steady_state):
    x, kept, ever = tf.constant([1.0, 2.0]), [], iter(range(10**9))

    def leaks():
        kept.append((x + float(next(ever))).numpy())

    def fills_once():
        if len(kept) < 300:
            kept.append([0] * 50)

    assert steady_state.grown(tf, leaks, 200)["more bytes"] > 200 * 50
    kept.clear()
    found = steady_state.grown(tf, fills_once, 200)
    assert found["more bytes"] < 10_000 and found["more objects"] < 100


def test_all_loops_are_here(steady_state):
    assert set(NAMES) == set(steady_state.LOOPS)


@pytest.mark.parametrize("mode", ["deferred", "compiled", "interpreted"])
def test_live_arrays_over_a_thousand_steps(mode):
    import gc

    import jax

    weights = [tf.Variable(np.eye(16, dtype=np.float32)) for _ in range(3)]
    x = tf.constant(np.ones((4, 16), np.float32))
    losses = []

    def step():
        with tf.GradientTape() as tape:
            h = x
            for w in weights:
                h = tf.tanh(h @ w)
            loss = tf.reduce_mean(tf.square(h - 0.5))
        for w, g in zip(weights, tape.gradient(loss, weights), strict=True):
            w.assign_sub(0.1 * g)
        losses[:] = [*losses[-9:], loss]
        if len(losses) == 10:
            float(losses[0])

    def census():
        tf.debug.flush()
        gc.collect()
        alive = [o for o in gc.get_objects() if isinstance(o, tf.Tensor)]
        return len(jax.live_arrays()), len(alive)

    with tf.debug.mode(mode):
        for _ in range(200):
            step()
        before = census()
        for _ in range(1000):
            step()
        assert census() == before
