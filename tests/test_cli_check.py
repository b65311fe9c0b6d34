"""`python -m tfcompat check` and `coverage`: what a program uses, read without running it, and what there is."""

import json

import pytest
from processes import run_python

from tfcompat.cli import check, coverage, sources, symbols

pytestmark = pytest.mark.own_mode


def used(tmp_path, source):
    """(symbol, line) of every use in a script, imports of namespaces left out."""
    path = tmp_path / "script.py"
    path.write_text(source)
    return [(use.symbol, use.line) for use in sources.uses(str(path), pytest.fail) if not use.imported]


@pytest.mark.parametrize(
    ("source", "symbol"),
    [
        ("import tensorflow as tf\ntf.reduce_sum", "reduce_sum"),
        ("import tensorflow\ntensorflow.math.exp(1)", "math.exp"),
        ("import tensorflow.math\ntensorflow.nn.relu", "nn.relu"),
        ("import tensorflow.math as m\nm.exp", "math.exp"),
        ("import tensorflow.compat.v1 as tf\ntf.Session", "compat.v1.Session"),
        ("import tfcompat as tf\ntf.exp", "exp"),
        ("from tensorflow import keras\nkeras.layers.Dense", "keras.layers.Dense"),
        ("from tensorflow.keras import layers as L\nL.Dense(3)", "keras.layers.Dense"),
        ("from tensorflow.math import exp as e\ne(1)", "math.exp"),
        ("from tensorflow.bitwise import *\ninvert(1)", "bitwise.invert"),
        ("import tensorflow as tf\nnn = tf.nn\nnn.relu", "nn.relu"),
        ("import tensorflow as tf\ngetattr(tf, 'exp')", "exp"),
        ("import tensorflow as tf\ngetattr(tf.math, 'exp')(1)", "math.exp"),
        ("import importlib\ntf = importlib.import_module('tensorflow')\ntf.exp", "exp"),
        ("try:\n  import tensorflow as tf\nexcept ImportError:\n  tf = None\ntf.exp", "exp"),
        ("import tensorflow as tf\nclass A(tf.Module): pass", "Module"),
        ("import tensorflow as tf\n@tf.function\ndef f(): pass", "function"),
        ("import tensorflow as tf\ndef f(x: tf.Tensor): pass", "Tensor"),
        ("import tensorflow as tf\nf = lambda x=tf.exp: x", "exp"),
        ("import tensorflow as tf\nf'{tf.exp}'", "exp"),
        ("def f():\n  import tensorflow as t\n  return t.exp", "exp"),
        ("import tensorflow as tf\nx[tf.newaxis].y(tf)", "newaxis"),
        ("import tensorflow as tf\nn, m = tf.nn, tf.math\nm.exp", "math.exp"),
        ("import tensorflow as tf\n[n, (m, k)] = tf.nn, (tf.math, 3)\nm.exp", "math.exp"),
        ("import tensorflow as tf\nm: object = tf.math\nm.exp", "math.exp"),
        ("import tensorflow as tf\n(m := tf.math).exp", "math.exp"),
        ("import tensorflow as tf\nif (m := tf.math): m.exp", "math.exp"),
        ("import tensorflow as tf\ndef f(tf=tf, *, m=tf.math): return m.exp", "math.exp"),
    ],
)
def test_names_are_followed(tmp_path, source, symbol):
    assert symbol in [name for name, _ in used(tmp_path, source)]


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as tf\ntf.exp",
        "tf.exp",
        "import tensorflow as tf\ndef f(tf): return tf.exp",
        "import tensorflow as tf\ndef f():\n  tf = 3\n  return tf.exp",
        "def f():\n  import tensorflow as t\nt.exp",
        "import tensorflow as tf\nn = tf.nn\nn = 3\nn.relu",
        "import tensorflow as tf\nn = tf.nn\nn, m = 3, 4\nn.relu",
        "import tensorflow as tf\nn = tf.nn\nn: int = 3\nn.relu",
        "from . import tensorflow as tf\ntf.exp",
        "import tensorflow_datasets as tf\ntf.exp",
    ],
)
def test_other_things_of_the_same_name_are_left_alone(tmp_path, source):
    assert [name for name, _ in used(tmp_path, source) if name != "nn"] == []


def test_lines_and_columns(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("import tensorflow as tf\n\nx = [tf.exp(1.),\n     tf.raw_ops.MatMul]\n")
    exp, matmul = [use for use in sources.uses(str(path), pytest.fail) if use.symbol]
    assert (exp.line, exp.column, matmul.line, matmul.column) == (3, 6, 4, 6)


def test_notebooks_with_magics(tmp_path):
    cells = [
        ("markdown", "tf.foo"),
        ("code", ["%matplotlib inline\n", "import tensorflow as tf\n", "files = !ls\n", "!pip install x"]),
        ("code", "%%bash\ntf.exp is no Python"),
        ("code", "for i in x:\n    %time tf.exp(1)\n    tf.raw_ops.MatMul(i)\ntf.exp?"),
    ]
    notebook = {"cells": [{"cell_type": kind, "source": source} for kind, source in cells], "nbformat": 4}
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps(notebook))
    timed, use = [use for use in sources.uses(str(path), pytest.fail) if use.symbol]
    assert (timed.symbol, timed.cell, timed.line) == ("exp", 3, 2)
    assert (use.symbol, use.cell, use.line) == ("raw_ops.MatMul", 3, 3)


def test_a_cell_that_cannot_be_parsed_hides_no_other(tmp_path):
    sources_of_cells = ["import tensorflow as tf", "def broken(:\n  tf.exp", "    tf.sets.size"]
    cells = [{"cell_type": "code", "source": source} for source in sources_of_cells]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    problems = []
    (use,) = [use for use in sources.uses(str(path), problems.append) if use.symbol]
    assert (use.symbol, use.cell) == ("sets.size", 3)
    assert [(p.cell, p.line) for p in problems] == [(2, 1)]


@pytest.mark.parametrize(
    ("symbol", "status", "decided"),
    [
        ("reduce_sum", "supported", "reduce_sum"),
        ("raw_ops.MatMul", "missing", "raw_ops.MatMul"),
        ("compat.v1.Session.run", "missing", "compat.v1.Session"),
        ("distribute.TPUStrategy", "missing", "distribute.TPUStrategy"),
        ("distribute.TPUStrategy.run", "missing", "distribute.TPUStrategy"),
        ("contrib.layers", "unknown", "contrib"),
        ("Variable.assign_add", "supported", "Variable.assign_add"),
        ("Variable.from_proto", "missing", "Variable.from_proto"),
        ("Variable.nonsense", "unknown", "Variable.nonsense"),
        ("constant.anything", "supported", "constant.anything"),
        ("keras.layers.Dense", "supported", "keras.layers.Dense"),
        ("keras.layers.Nonsense", "unknown", "keras.layers.Nonsense"),
        ("python.framework.ops", "private", "python.framework.ops"),
        ("python.eager.context", "supported", "python.eager.context"),
    ],
)
def test_where_a_name_stands(symbol, status, decided):
    assert symbols.standing(symbol)[:2] == (status, decided)


def test_deviations_come_from_the_docstring():
    def documented():
        """Does it.

        Differs from TensorFlow: the order
        is another.

        Args:
          x: something.
        """

    documented.__module__ = "tfcompat.somewhere"
    assert symbols.deviations(documented) == "the order is another."
    documented.__module__ = "keras.somewhere"
    assert symbols.deviations(documented) == ""


def test_the_report(tmp_path):
    good, bad, broken = tmp_path / "good.py", tmp_path / "pkg" / "bad.py", tmp_path / "pkg" / "broken.py"
    (tmp_path / "pkg" / ".hidden").mkdir(parents=True)
    (tmp_path / "venv").mkdir()
    for folder in (tmp_path / "pkg" / ".hidden", tmp_path / "venv"):
        (folder / "x.py").write_text("import tensorflow as tf\ntf.lite.TFLiteConverter\n")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    good.write_text("import tensorflow as tf\nprint(tf.exp(1.0), tf.exp)\n")
    bad.write_text("from tensorflow import lite\nlite.TFLiteConverter\nlite.TFLiteConverter\n")
    broken.write_text("def\n")
    files = list(sources.find([str(tmp_path)]))
    assert files == [str(good), str(bad), str(broken)]
    report = check.check(files)
    assert report["symbols"]["tf.exp"] == {"status": "supported", "uses": 2, "note": ""}
    assert [(p["line"], p["symbol"], p["status"]) for p in report["problems"][1:]] == [
        (2, "tf.lite.TFLiteConverter", "missing"),
        (3, "tf.lite.TFLiteConverter", "missing"),
        (1, "", "unreadable"),
    ]
    assert report["summary"]["files"] == 3 and report["summary"]["unreadable"] == 1
    assert report["summary"]["failing"] == len(report["problems"])


def test_the_command(tmp_path):
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("import tensorflow as tf\nprint(tf.exp(1.0))\n")
    bad.write_text("import tensorflow as tf\ntf.raw_ops.MatMul\n")
    done = run_python("-m", "tfcompat", "check", good)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("1 files, 1 with TensorFlow, 1 of its names: 1 supported")
    done = run_python("-m", "tfcompat", "check", "bad.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("bad.py:2:1: tf.raw_ops.MatMul is not supported by tfcompat: ")
    assert "missing (1): tf.raw_ops.MatMul (1)" in done.stdout
    done = run_python("-m", "tfcompat", "check", good, bad, "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["summary"]["missing"] == 1
    done = run_python("-m", "tfcompat", "check", tmp_path / "nowhere")
    assert done.returncode == 2 and "no such file or folder" in done.stderr
    assert "Exit status: 0" in run_python("-m", "tfcompat", "check", "--help").stdout


def test_coverage_counts():
    report = coverage.coverage()
    assert not any(name.startswith(("tf.compat.v1", "tf.raw_ops")) for name in report)
    math = report["tf.math"]
    assert "exp" in math["present"] and "exp" in math["tested"]
    assert set(math["tested"]) <= set(math["present"]) and not set(math["present"]) & set(math["missing"])
    assert "reduce_sum" in report["tf"]["tested"]  # recorded under another name or this one
    assert len(report["tf"]["present"]) > 150
    everything = coverage.coverage(everything=True)
    assert "MatMul" in everything["tf.raw_ops"]["missing"]


def test_the_coverage_command():
    done = run_python("-m", "tfcompat", "coverage", "bitwise")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].split() == ["tf.bitwise", "6", "6", "6", "0"]
    assert "tf.math" in json.loads(run_python("-m", "tfcompat", "coverage", "--json").stdout)
    done = run_python("-m", "tfcompat", "coverage", "nonsense")
    assert done.returncode == 2 and "no such namespace: nonsense" in done.stderr
