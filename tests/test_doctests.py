"""The program that runs TensorFlow's docstring examples (`ci/doctests`): its rule for outputs, and its bookkeeping.

The examples themselves are not in this repository; those here are our own.
"""

import pytest
from oracle import doctests

import tfcompat as tf

pytestmark = [pytest.mark.own_mode, pytest.mark.filterwarnings("ignore:.*fork:")]


def doc(symbol, *examples):
    return {"symbol": symbol, "names": {}, "examples": [[source, want, {}] for source, want in examples]}


@pytest.mark.parametrize(
    ("want", "got", "equal"),
    [
        ("3\n", "3\n", True),
        ("3\n", "4\n", False),
        ("", "whatever", True),
        ("0.3333\n", "0.33333334\n", True),
        ("0.3333\n", "0.34\n", False),
        ("<tf.Tensor: shape=(), dtype=float32, numpy=1.0>\n", "<tf.Tensor: shape=(1,), dtype=int32, numpy=1.0>\n", True),
        ("<tf.Tensor: shape=(), dtype=float32, numpy=1.0>\n", "<tf.Tensor: shape=(), dtype=float32, numpy=2.0>\n", False),
        ("array([1.,\n       2.])\n", "array([1., 2.])\n", True),
        ("<x at 0x7fff>\n", "<x at 0x1234>\n", True),
        ("[0.5, ...]\n", "[0.5, 0.25, 0.125]\n", True),
        ("tf.Tensor(\n[[1. 2.]], shape=(1, 2))\n", "tf.Tensor([[1. 2.]], shape=(1, 2))\n", False),
    ],
)
def test_outputs_are_compared_as_tensorflow_does(want, got, equal):
    assert doctests.Checker().check_output(want, got, doctests.FLAGS) is equal


def test_examples_run_one_after_the_other():
    made = doc(
        "f",
        ("x = tf.constant([1.5, 2.])\n", ""),
        ("x + 1\n", "<tf.Tensor: shape=(2,), dtype=float32, numpy=array([2.5, 3. ], dtype=float32)>\n"),
        ("x - 1\n", "nonsense\n"),
        ("y\n", "1\n"),
        ("tf.reshape(x, [3])\n", "Traceback (most recent call last):\n  ...\nInvalidArgumentError: ...\n"),
        ("print(tf.raw_ops.MatMul)\n", "1\n"),
    )
    found = doctests.outcomes(tf, made)
    assert [status for status, _ in found] == ["pass", "pass", "fail", "error", "pass", "error"]
    assert "0.5, 1." in found[2][1] and found[3][1] == "NameError: name 'y' is not defined"
    assert doctests.reason_for(tf, made, found) == "needs tf.raw_ops.MatMul"


def test_what_hangs_or_dies_costs_only_its_docstring():
    hangs = doc("f", ("1\n", "1\n"), ("import time; time.sleep(600)\n", ""), ("2\n", "2\n"))
    dies = doc("f", ("1\n", "1\n"), ("os._exit(3)\n", ""), ("2\n", "2\n"))
    assert [s for s, _ in doctests.outcomes(tf, hangs, timeout=15)] == ["pass", "timeout", "not run"]
    assert [s for s, _ in doctests.outcomes(tf, dies)] == ["pass", "crash", "not run"]


def test_what_fails_is_held_against_the_list(tmp_path, monkeypatch):
    monkeypatch.setattr(doctests, "LIST", tmp_path / "list.tsv")
    lines = []

    def run(*docs, **options):
        lines.clear()
        return doctests.run(docs, tf, out=lambda *text, **_: lines.extend(text), **options)

    good, bad = doc("good", ("1 + 1\n", "2\n")), doc("bad", ("1 + 1\n", "3\n"))
    missing = doc("missing", ("tf.raw_ops.MatMul\n", ""), ("4\n", "5\n"))
    assert run(good) == 0
    assert run(good, bad) == 1 and lines[0] == "tf.bad [0] fail: 2"
    assert run(bad, missing, record=True) == 1  # nobody has said why the first fails
    assert doctests.LIST.read_text() == "bad\t0\t?\nmissing\t0 1\tneeds tf.raw_ops.MatMul\n"
    doctests.LIST.write_text(doctests.LIST.read_text().replace("?", "a sum that is wrong"))
    assert run(good, bad, missing) == 0
    assert lines[-1] == "1 of 3 examples with an output pass; 1 need what is missing; of the others 50.0 % pass"
    assert run(good, bad, missing, record=True) == 0
    assert "bad\t0\ta sum that is wrong" in doctests.LIST.read_text()
    bad["examples"][0][1] = "2\n"
    assert run(good, bad, missing) == 1 and lines[0] == "tf.bad [0] passes now"


def test_the_list_gives_reasons():
    listed = doctests.read_list()
    assert listed
    for symbol, parts in listed.items():
        for numbers, reason in parts:
            assert numbers and reason and reason != doctests.NO_REASON, symbol
