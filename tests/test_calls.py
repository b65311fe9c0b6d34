"""Calls that do not fit a function's parameters raise what TensorFlow raises."""

import pathlib
import types

from marks import IN_C
from oracle import calls

import tfcompat as tf
from tfcompat._core import misfits

DATA = pathlib.Path(__file__).parent / "oracle/data/calls.tsv"
RECORDED = {name: said for name, *said in [line.split("\t") for line in DATA.read_text(encoding="utf-8").splitlines()]}
FUNCTIONS = {name: function for name in RECORDED if (function := calls.found(tf, name)) is not None}
OTHERS = {"add_n"}  # TensorFlow goes through the list before it looks at the rest of the call


def _differences(names, same):
    for name in names:
        for want, (what, args, kwargs) in zip(RECORDED[name], calls.wrong(FUNCTIONS[name]), strict=True):
            got = calls.said(FUNCTIONS[name], args, kwargs)
            if not same(got, want):
                yield f"{name}, {what}: {got}, TensorFlow says {want}"


def test_types():
    def same(got, want):
        return got.partition(":")[0] == want.partition(":")[0]

    assert len(FUNCTIONS) > 400
    different = [*_differences(FUNCTIONS, same)]
    assert not different, "\n".join(different)


@IN_C
def test_texts():
    """Of the functions that are called through C; Python says what it says of the others."""
    names = [name for name, function in FUNCTIONS.items() if type(function) is not types.FunctionType and name not in OTHERS]
    assert len(names) > 200
    different = [*_differences(names, str.__eq__)]
    assert not different, "\n".join(different)


def _said(function, *args, **kwargs):
    return calls.said(function, args, kwargs)


@IN_C
def test_after_good_calls():
    """Whether there is a form or not, and in a function, too."""
    x = tf.constant([1.0, 2.0])
    wrong = "TypeError: Got an unexpected keyword argument 'q'"
    for _ in range(4):
        tf.add(x, x)
        assert _said(tf.add, x, x, q=1) == wrong
        assert _said(tf.add, x) == _said(tf.add, x=x) == "TypeError: Missing required positional argument"
        assert _said(tf.function(lambda: tf.add(x, x, q=1), autograph=False)) == wrong
        assert _said(tf.negative, x, q=1) == "TypeError: neg() got an unexpected keyword argument 'q'"


@IN_C
def test_only_misfits_are_reworded(monkeypatch):
    """What a function's own lines raise is not even looked at."""
    x = tf.constant([1.0, 2.0])
    before = _said(tf.add, x, "text"), _said(tf.stack, [x, 1j]), _said(tf.concat, 3, 0)
    looked = []
    monkeypatch.setattr(misfits, "speaker", looked.append)
    assert (_said(tf.add, x, "text"), _said(tf.stack, [x, 1j]), _said(tf.concat, 3, 0)) == before
    assert not looked
    assert _said(tf.add, x) == "TypeError: add() missing 1 required positional argument: 'y'"
    assert looked == [tf.add]
