"""Tapes, jacobians, forward accumulators and custom gradients give what they give in TensorFlow (recorded)."""

import gc
import json
import math
import pathlib
import weakref

import pytest
from oracle.programs import PROGRAMS
from oracle.programs.shared import logged, show

import tfcompat as tf
from tfcompat._core import tape as tapes

RECORDED = json.loads((pathlib.Path(__file__).parent / "oracle/data/gradients.json").read_text(encoding="utf-8"))


def assert_same(got, expected, where):
    if isinstance(expected, dict):
        assert isinstance(got, dict) and list(got) == list(expected), (where, got)
        for key, value in expected.items():
            assert_same(got[key], value, f"{where}[{key!r}]")
    elif isinstance(expected, list):
        assert isinstance(got, list) and len(got) == len(expected), (where, got)
        for index, value in enumerate(expected):
            assert_same(got[index], value, f"{where}[{index}]")
    elif isinstance(expected, float):
        # Third derivatives in single precision, by formulas that differ in the order of operations.
        assert math.isnan(expected) and math.isnan(got) or got == pytest.approx(expected, rel=2e-5, abs=2e-6), where
    else:
        assert got == expected, where


@pytest.mark.all_modes
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, mode):
    tapes._logged.clear()  # the first few warnings of a kind are logged
    assert_same(json.loads(json.dumps(show(tf, PROGRAMS[name](tf)))), RECORDED[name], name)


def test_every_record_belongs_to_a_program():
    assert set(RECORDED) == set(PROGRAMS)


@pytest.mark.own_mode
def test_warning_of_a_persistent_tape_in_its_own_block_comes_once():
    tapes._logged.clear()
    x = tf.Variable(2.0)
    with logged(tf) as texts, tf.GradientTape(persistent=True) as tape:
        y = x * x
        tape.gradient(y, x)
        tape.gradient(y, x)
    assert len(texts) == 1 and texts[0].startswith("WARNING: Calling GradientTape.gradient on a persistent tape inside")


def chain(steps):
    x = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = x
        for _ in range(steps):
            y = tf.sin(y)
    tf.debug.flush()
    before = tf.debug.stats()["ops"]
    gradient = tape.gradient(y, x)
    tf.debug.flush()
    return tf.debug.stats()["ops"] - before, gradient


@pytest.mark.own_mode
def test_a_chain_is_differentiated_in_linear_time():
    """Counts nodes: one for each op, and 10,000 of them overflow no stack."""
    for steps in (100, 1_000, 10_000):
        with tf.debug.mode("interpreted"):
            count, gradient = chain(steps)
            assert 0 < float(gradient) < 1
        assert count == steps + 1


@pytest.mark.own_mode
@pytest.mark.usefixtures("small_heap")
@pytest.mark.parametrize("size", range(2, 8))  # from the third size on an op is traced for any size
def test_memory_of_a_tape(size):
    """What a tape holds goes with `gradient`, and with the tape itself where that is persistent."""

    def record(persistent):
        x = tf.Variable(tf.ones([size]))
        with tf.GradientTape(persistent=persistent) as tape:
            hidden = tf.exp(x) * 2.0
            y = tf.reduce_sum(hidden * hidden)
        assert tape._entries  # before somebody asks, a tape holds no tensors, only where its ops are
        return x, tape, y, weakref.ref(hidden)

    def alive(reference):
        gc.collect()
        return reference() is not None

    x, tape, y, hidden = record(persistent=False)
    assert alive(hidden)
    tape.gradient(y, x)
    assert not alive(hidden)
    x, tape, y, hidden = record(persistent=True)
    tape.gradient(y, x)
    assert alive(hidden)
    del tape
    assert not alive(hidden)
    with tf.autodiff.ForwardAccumulator(x, tf.ones([size])) as accumulator:
        hidden = tf.exp(x)
        tangent = weakref.ref(accumulator.jvp(hidden))
        del hidden
    assert not alive(tangent)


@pytest.mark.own_mode
def test_jacobians_are_vectorised():
    """The number of recorded nodes does not grow with the number of elements."""

    def nodes(size):
        x = tf.Variable(tf.ones([size]))
        with tf.GradientTape() as tape:
            y = tf.tanh(x) * tf.reduce_sum(x)
        tf.debug.flush()
        before = tf.debug.stats()["ops"]
        tape.jacobian(y, x).numpy()
        return tf.debug.stats()["ops"] - before

    assert nodes(3) == nodes(30)


@pytest.mark.parametrize("symbol", ["RegisterGradient", "no_gradient"])
def test_gradients_of_graphs_are_refused(symbol):
    with pytest.raises(NotImplementedError, match=f"tf.{symbol} is not supported by tfcompat: use tf"):
        getattr(tf, symbol)


def test_overridden_gradients_are_refused():
    with pytest.raises(NotImplementedError, match="wrap the function in tf.custom_gradient"):
        tf.Graph().gradient_override_map({"Identity": "Mine"})


def test_eigenvalues_of_a_tridiagonal_matrix():
    """TensorFlow's gradient is that of its bisection, so this compares with the matrix itself."""
    for dtype, select in ((tf.float64, {}), (tf.float64, {"select": "i", "select_range": (1, 2)}), (tf.complex128, {})):
        diagonal, above = tf.constant([1.0, 2.0, 2.0, -1.0], dtype), tf.constant([0.5, 0.25, 1.0], dtype)
        above = above * tf.constant(0.6 + 0.8j, dtype) if dtype.is_complex else above
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([diagonal, above])
            found = tf.linalg.eigh_tridiagonal(diagonal, above, **select)
            matrix = tf.linalg.diag(diagonal) + tf.linalg.diag(above, k=1) + tf.linalg.diag(tf.math.conj(above), k=-1)
            values = tf.math.real(tf.linalg.eigvalsh(matrix))[1:3] if select else tf.math.real(tf.linalg.eigvalsh(matrix))
            found, values = [tf.reduce_sum(v**3) for v in (found, values)]
        for got, want in zip(tape.gradient(found, [diagonal, above]), tape.gradient(values, [diagonal, above]), strict=True):
            assert got.numpy() == pytest.approx(want.numpy(), abs=1e-12)
