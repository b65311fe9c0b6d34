"""The same script takes the same path every time: bits depend on no clock, no cache and no earlier run."""

import os

import pytest
from processes import run_code

pytestmark = pytest.mark.own_mode

_TRAIN = """
    import hashlib
    import numpy as np
    import tfcompat as tf
    from tfcompat import debug

    def train(steps, seed=0):
        tf.random.set_seed(seed)
        layers = [tf.Variable(tf.random.normal((96, 96)) * 0.1) for _ in range(6)]
        data = np.random.default_rng(seed)
        switches = []
        for step in range(steps):
            x = data.normal(size=(96, 96)).astype(np.float32)
            before = debug.stats()
            with tf.GradientTape() as tape:
                h = tf.constant(x)
                for w in layers:
                    h = tf.tanh(tf.matmul(h, w)) + 0.1 * h
                loss = tf.reduce_mean(tf.square(h - 0.5))
            for w, g in zip(layers, tape.gradient(loss, layers), strict=True):
                w.assign_sub(0.3 * g)
            if step % 3 == 0:
                float(loss)
            after = debug.stats()
            if after["compiles"] > before["compiles"] or after["compiled_runs"] > before["compiled_runs"] == 0:
                switches.append(step)
        return hashlib.sha256(b"".join(w.numpy().tobytes() for w in layers)).hexdigest(), switches
"""
_OWN_CACHE = {"JAX_COMPILATION_CACHE_DIR": "", "JAX_ENABLE_COMPILATION_CACHE": "false"}


@pytest.mark.slow
def test_same_bits_and_the_same_switch_in_every_process(tmp_path):
    code = _TRAIN + """
    bits, switches = train(400)
    print(bits, switches)
    print(debug.stats()["cache_hits"], debug.stats()["compiles"])
    """
    cold = run_code(code, TFCOMPAT_CACHE_DIR=str(tmp_path), **_OWN_CACHE).splitlines()
    assert any(name.endswith(".xla") for name in os.listdir(tmp_path))
    warm = run_code(code, TFCOMPAT_CACHE_DIR=str(tmp_path), **_OWN_CACHE).splitlines()
    without = run_code(code, TFCOMPAT_CACHE_DIR="off", **_OWN_CACHE).splitlines()
    assert cold[0] == warm[0] == without[0]
    assert cold[0].count(",") <= 6 and "[]" not in cold[0]  # it did switch, and not at each step
    assert cold[1].startswith("0 ") and not warm[1].startswith("0 ")


@pytest.mark.slow
def test_op_determinism_gives_equal_bits_in_one_process():
    out = run_code(_TRAIN + """
    assert train(400)[1]  # compiled by now
    tf.config.experimental.enable_op_determinism()
    a, b = train(25), train(25)
    print(a[0] == b[0], a[1], b[1])
    """)
    assert out == "True [] []\n"


def test_without_it_results_are_close():
    out = run_code(_TRAIN + """
    values = []
    for _ in range(2):
        tf.random.set_seed(1)
        w = tf.Variable(tf.random.normal((32, 32)) * 0.1)
        x = tf.random.normal((8, 32))
        for _ in range(150):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(tf.tanh(tf.matmul(x, w)), w)) - 0.5))
            w.assign_sub(0.1 * tape.gradient(loss, w))
            float(loss)
        values.append(w.numpy())
    print(np.abs(values[0] - values[1]).max() < 1e-4)
    """)
    assert out == "True\n"


def test_seeded_draws_do_not_depend_on_the_tier():
    out = run_code("""
    import tfcompat as tf
    from tfcompat import debug
    found = []
    for mode in ("interpreted", "compiled", "sync"):
        with debug.mode(mode):
            tf.random.set_seed(7)
            found.append([tf.random.uniform((5,)).numpy().tolist() for _ in range(3)])
    print(found[0] == found[1] == found[2])
    """)
    assert out == "True\n"
