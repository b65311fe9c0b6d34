"""Walks back that are new: their nodes are recorded together, without handles for what is between them."""

import numpy as np
import pytest

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import folding, walk
from tfcompat._core.context import settings, state


def chain(table, w, x):
    for _ in range(4):
        x = tf.tanh(x * w)
    return x, [w, x]


def several_uses(table, w, x):
    y = x * w
    z = y * y + tf.exp(y) / w
    return tf.reduce_sum(z * y) + w, [y, w, z, x]


def several_results(table, w, x):
    a, b = tf.split(tf.tanh(x * w), 2)
    c = tf.unstack(tf.sin(w) * x)
    return [tf.cos(a * b), c[1] * a], [w, a, x]


def slices(table, w, x):
    rows = tf.gather(table, [0, 2, 0])
    return tf.reduce_sum(tf.tanh(rows) * w) + tf.reduce_sum(tf.sin(table)) + tf.reduce_sum(tf.gather(table, [1])), [table, w, rows]


def custom(table, w, x):
    @tf.custom_gradient
    def twice(v):
        return v * 2, lambda g: tf.tanh(g) * float(np.asarray(g).size) + float(tf.reduce_sum(g))

    return tf.sin(twice(tf.tanh(x * w)) * w), [x, w]


def unconnected(table, w, x):
    other = tf.sin(w * 3)
    return tf.cos(x) * 2, [other, x, w]


PROGRAMS = chain, several_uses, several_results, slices, custom, unconnected


def gradients(program, persistent=False):
    table, w = tf.Variable(np.linspace(-1, 1, 8, dtype="float32").reshape(4, 2)), tf.Variable([0.5, 1.5])
    x = tf.constant([1.0, 2.0])
    folding.forget()
    with tf.GradientTape(persistent) as tape:
        tape.watch(x)
        target, sources = program(table, w, x)
    found = []
    for _ in range(1 + persistent):
        folding.forget()
        found += tape.gradient(target, sources)
    return [None if g is None else tf.convert_to_tensor(g).numpy() for g in found]


def op_by_op(program):
    with debug.mode("sync"):
        return gradients(program)


@pytest.fixture(autouse=True)
def no_limit_has_fired(monkeypatch):
    """After a limit, of another test say, the segment is closed where it fired."""
    monkeypatch.setattr(state.context.segment, "cut_sites", {})


def assert_same(got, want):
    assert [g is None for g in got] == [w is None for w in want]
    for g, w in zip(got, want, strict=True):
        if g is not None:
            np.testing.assert_allclose(g, w, 1e-6)


@pytest.mark.own_mode
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_what_it_gives(program, monkeypatch):
    steps = []
    monkeypatch.setattr(walk, "_record_usual", lambda *a, record=walk._record_usual: steps.append(a) or record(*a))
    want = op_by_op(program)
    assert not steps
    with debug.mode("deferred"):
        assert_same(gradients(program), want)
        assert steps
        assert_same(gradients(program, persistent=True), want * 2)


@pytest.mark.own_mode
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_limits(program, monkeypatch):
    """Wherever a limit cuts the walk."""
    want = op_by_op(program)
    for count in range(1, 30, 2):
        for limit in "max_nodes_of_call", "max_bytes":
            with monkeypatch.context() as patched, debug.mode("deferred"):
                patched.setattr(settings, limit, 8 * count if limit == "max_bytes" else count)
                try:
                    assert_same(gradients(program), want)
                finally:
                    state.context.segment.cut_sites.clear()


@pytest.mark.own_mode
def test_what_is_between_has_no_handles():
    w, x = tf.Variable([0.5, 1.5]), tf.constant([1.0, 2.0])
    folding.forget()
    with debug.mode("deferred"):
        with debug.no_reads():
            with tf.GradientTape() as tape:
                y = x
                for _ in range(50):
                    y = tf.tanh(y * w)
            gradient = tape.gradient(y, w)
            segment = state.context.segment
            assert len(segment.specs) == 100 + 1 + 100 + 49
            alive = [r() for r in segment.refs if r() is not None]
            assert {id(t) for t in alive} == {id(y), id(gradient)}
        assert np.isfinite(gradient.numpy()).all()
