"""`python -m tfcompat`: scripts as Python runs them, notebooks as Jupyter does."""

import json
import os
import subprocess
import sys

import nbclient
import nbformat
import pytest
from processes import ROOT, run_python


def tfcompat(*arguments, **options):
    return run_python("-m", "tfcompat", *arguments, **options)


def write_notebook(path, *cells, **metadata):
    """A notebook of code cells; a cell is its source, or (source, tags)."""
    made = []
    for cell in cells:
        source, tags = cell if isinstance(cell, tuple) else (cell, [])
        made.append(
            {
                "cell_type": "code",
                "execution_count": 99,
                "metadata": {"tags": tags} if tags else {},
                "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}],
                "source": source,
            }
        )
    path.write_text(json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}))
    return path


def plain(cell):
    """The text of a cell's outputs."""
    texts = []
    for output in cell["outputs"]:
        data = output.get("data", {}).get("text/plain")
        texts.append("".join(output["text"] if data is None else [*data, "\n"]))
    return "".join(texts)


# scripts


def test_a_script_runs_as_main_with_its_arguments(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import sys, neighbour\n"
        "import tensorflow as tf\n"
        "print(__name__, __file__ == sys.argv[0], sys.argv[1:], sys.path[0] == neighbour.folder, __spec__)\n"
        "print(sys.modules['__main__'].tf is tf, tf.reduce_sum(tf.constant([1, 2, 3])).numpy())\n"
    )
    (tmp_path / "neighbour.py").write_text("import os\nfolder = os.path.dirname(__file__)\n")
    done = tfcompat(script, "--epochs", "3", "-o", "x")
    assert done.stdout == "__main__ True ['--epochs', '3', '-o', 'x'] True None\nTrue 6\n"
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("ending", "status", "stderr"),
    [("sys.exit(7)", 7, ""), ("sys.exit()", 0, ""), ("sys.exit('no data')", 1, "no data\n"), ("pass", 0, "")],
)
def test_exit_statuses_are_the_scripts_own(ending, status, stderr):
    done = tfcompat("-c", f"import sys\n{ending}")
    assert (done.returncode, done.stdout, done.stderr) == (status, "", stderr)


def test_a_traceback_is_what_python_itself_prints(tmp_path):
    script = tmp_path / "fails.py"
    script.write_text("def f(x):\n    return 1 / x\n\n\nprint('before', flush=True)\nf(0)\n")
    ours, pythons = tfcompat(script), run_python(script)
    assert (ours.returncode, ours.stdout, ours.stderr) == (1, pythons.stdout, pythons.stderr)
    script.write_text("print('never')\nx = = 1\n")
    ours, pythons = tfcompat(script), run_python(script)
    assert (ours.returncode, ours.stdout, ours.stderr) == (1, "", pythons.stderr)


def test_an_error_of_an_op_begins_at_the_users_line(tmp_path):
    script = tmp_path / "fails.py"
    script.write_text("import tensorflow as tf\n\ntf.matmul(tf.ones([2, 3]), tf.ones([2, 3]))\n")
    done = tfcompat(script)
    assert done.returncode == 1
    first, second, third, *_ = done.stderr.splitlines()
    assert first == "Traceback (most recent call last):"
    assert second == f'  File "{script}", line 3, in <module>' and third.strip().startswith("tf.matmul")
    assert "InvalidArgumentError" in done.stderr and "tfcompat/cli" not in done.stderr


def test_interrupt_gives_the_shells_status():
    done = tfcompat("-c", "raise KeyboardInterrupt")
    assert done.returncode == 130 and done.stderr.endswith("KeyboardInterrupt\n")


def test_code_module_and_standard_input(tmp_path):
    done = tfcompat("-c", "import sys, tensorflow as tf; print(tf.ones(2).numpy(), sys.argv)", "a", "-b")
    assert done.stdout == "[1. 1.] ['-c', 'a', '-b']\n"
    assert tfcompat("-", "x", stdin="import sys, tensorflow; print(sys.argv)").stdout == "['-', 'x']\n"
    package = tmp_path / "study"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("import sys, tensorflow\nfrom . import other\nprint(__name__, sys.argv[1:])\n")
    (package / "other.py").write_text("")
    (package / "__main__.py").write_text("print('the package', __package__)\n")
    assert tfcompat("-m", "study.part", "a", cwd=tmp_path).stdout == "__main__ ['a']\n"
    assert tfcompat("-m", "study", cwd=tmp_path).stdout == "the package study\n"
    done = tfcompat("-m", "study.nosuch", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "python -m tfcompat: No module named study.nosuch\n")


def test_help_version_and_wrong_usage(tmp_path):
    done = tfcompat("--help")
    assert done.returncode == 0 and "--output" in done.stdout and done.stderr == ""
    done = tfcompat("--version")
    assert done.returncode == 0 and done.stdout.startswith("tfcompat ") and "TensorFlow 2.21.0" in done.stdout
    done = tfcompat()
    assert done.returncode == 2 and "usage: python -m tfcompat" in done.stderr
    done = tfcompat(tmp_path / "none.py")
    assert (done.returncode, done.stderr) == (2, f"python -m tfcompat: no such file: {tmp_path / 'none.py'}\n")
    done = tfcompat("--output", "x.ipynb", ROOT / "tests" / "processes.py")
    assert done.returncode == 2 and "--output is for notebooks" in done.stderr
    done = tfcompat(tmp_path)
    assert (done.returncode, done.stderr) == (2, f"python -m tfcompat: a folder, not a script or notebook: {tmp_path}\n")


# notebooks


def test_a_notebook_shows_and_saves_what_its_cells_give(tmp_path):
    notebook = write_notebook(
        tmp_path / "study.ipynb",
        "import sys\nimport tensorflow as tf\ntf.constant([1, 2])",
        "print('a')\nprint('warned', file=sys.stderr)\nx = tf.reduce_sum(tf.ones([3]))",
        "",
        "# nothing to show",
        "x.numpy();",
        "from IPython.display import HTML, clear_output, display\nHTML('<b>bold</b>')",
        "shown = display('one', display_id=True)\nshown.update('two')",
        "for i in range(3):\n    clear_output(wait=True)\n    print(i)",
        "%alias_magic t time\nvalue = !echo from the shell\nvalue[0]",
        "import asyncio\nawait asyncio.sleep(0)\n_1.shape, sys.argv[1:], __name__",
        ("print('skipped')", ["skip-execution"]),
    )
    out = tmp_path / "out.ipynb"
    done = tfcompat(notebook, "one", "--output", out)
    assert (done.returncode, done.stderr) == (0, "warned\n")
    cells = json.loads(out.read_text())["cells"]
    assert [cell["execution_count"] for cell in cells] == [1, 2, None, 3, 4, 5, 6, 7, 8, 9, None]
    constant = "<tf.Tensor: shape=(2,), dtype=int32, numpy=array([1, 2], dtype=int32)>\n"
    texts = [plain(cell) for cell in cells]
    assert texts[:5] == [constant, "a\nwarned\n", "", "", ""]
    assert cells[5]["outputs"][0]["data"]["text/html"] == ["<b>bold</b>"]
    assert texts[6:8] == ["'two'\n", "2\n"]
    assert texts[8].endswith("'from the shell'\n")
    assert texts[9] == "(TensorShape([2]), ['one'], '__main__')\n"
    assert done.stdout.startswith(constant + "a\n") and done.stdout.endswith(texts[9])


def test_figures_are_saved_as_pictures(tmp_path):
    notebook = write_notebook(
        tmp_path / "figures.ipynb",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]);",
        "%matplotlib inline\nfigure, axes = plt.subplots()\nplt.show()\nprint('after')",
    )
    done = tfcompat("-o", tmp_path / "out.ipynb", notebook)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("<Figure size") == 2
    for cell in json.loads((tmp_path / "out.ipynb").read_text())["cells"]:
        assert cell["outputs"][0]["data"]["image/png"].startswith("iVBORw0KGgo")


def test_a_failing_cell_says_where_and_keeps_what_was_reached(tmp_path):
    notebook = write_notebook(
        tmp_path / "fails.ipynb",
        "print('fine')",
        "",
        ("1 / 0", ["raises-exception"]),
        "def f(x):\n    return x.nosuch\n\nf(1)\n",
        "print('never')",
    )
    out = tmp_path / "out.ipynb"
    done = tfcompat(notebook, "--output", out)
    assert done.returncode == 1 and done.stdout == "fine\n"
    assert done.stderr.endswith("fails.ipynb: error in cell 3 of 4 (line 4)\n")
    assert "AttributeError: 'int' object has no attribute 'nosuch'" in done.stderr
    assert "\x1b" not in done.stderr and "tfcompat/cli" not in done.stderr
    cells = json.loads(out.read_text())["cells"]
    assert plain(cells[0]) == "fine\n"
    assert [cell["outputs"][0]["ename"] for cell in (cells[2], cells[3])] == ["ZeroDivisionError", "AttributeError"]
    assert cells[4]["outputs"] == [] and cells[4]["execution_count"] is None


@pytest.mark.parametrize(
    ("source", "status", "stderr"),
    [
        ("import sys\nsys.exit(5)", 5, ""),
        ("exit()", 0, ""),
        ("raise SystemExit('stop')", 1, "stop\n"),
        ("raise KeyboardInterrupt", 130, "bad.ipynb: error in cell 1 of 2 (line 1)\n"),
        ("x = 1\ny = = 2", 1, "bad.ipynb: error in cell 1 of 2 (line 2)\n"),
        ("%nosuchmagic", 1, "bad.ipynb: error in cell 1 of 2 (line 1)\n"),
    ],
)
def test_how_a_notebook_ends(tmp_path, source, status, stderr):
    notebook = write_notebook(tmp_path / "bad.ipynb", source, "print('never')")
    done = tfcompat(notebook)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.endswith(stderr)


def test_a_notebook_runs_in_its_own_folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "data.txt").write_text("found")
    (tmp_path / "sub" / "helper.py").write_text("value = 3\n")
    write_notebook(tmp_path / "sub" / "n.ipynb", "import helper\nprint(open('data.txt').read(), helper.value)")
    done = tfcompat("sub/n.ipynb", "--output", "out.ipynb", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "found 3\n", "")
    assert (tmp_path / "out.ipynb").exists()


def test_bad_notebooks_are_refused(tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    assert tfcompat(broken).stderr.startswith(f"python -m tfcompat: cannot read {broken}:")
    broken.write_text('{"nbformat": 3, "worksheets": []}')
    assert "not a notebook of format 4" in tfcompat(broken).stderr
    write_notebook(broken, "1", kernelspec={"language": "R", "name": "ir", "display_name": "R"})
    assert "for R, not for Python" in tfcompat(broken).stderr
    write_notebook(broken, "print('never')")
    done = tfcompat(broken, "--output", tmp_path / "none" / "out.ipynb")
    assert done.returncode == 2 and "no such folder" in done.stderr and done.stdout == ""


def test_without_ipython_scripts_run_and_notebooks_say_what_is_missing(tmp_path):
    blocked = (
        "import sys; sys.modules['IPython'] = None; from tfcompat.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    script = tmp_path / "s.py"
    script.write_text("print('runs')\n")
    assert run_python("-c", blocked, script).stdout == "runs\n"
    done = run_python("-c", blocked, write_notebook(tmp_path / "n.ipynb", "1"))
    assert done.returncode == 2 and 'pip install "tfcompat[notebook]"' in done.stderr


def test_load_ext_redirects_tensorflow(tmp_path):
    notebook = write_notebook(
        tmp_path / "n.ipynb",
        "import sys\n'tensorflow' in sys.modules",
        "%load_ext tfcompat",
        "import tensorflow as tf\nimport tfcompat\ntf is tfcompat",
    )
    executed = nbformat.read(notebook, as_version=4)
    nbclient.NotebookClient(executed, timeout=300, kernel_name="python3").execute()
    assert [plain(cell) for cell in executed.cells] == ["False\n", "", "True\n"]


def test_progress_is_shown_on_a_terminal_only(tmp_path):
    pty = pytest.importorskip("pty", reason="pseudo-terminals exist on POSIX systems only")
    notebook = write_notebook(tmp_path / "n.ipynb", "x = 1", "print('shown')")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tfcompat", notebook],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    with process, open(ours, "rb", buffering=0) as terminal:
        written = []
        try:
            while chunk := terminal.read(1024):
                written.append(chunk)
        except OSError:  # how Linux says that the other side is closed
            pass
    text = b"".join(written).decode()
    assert process.returncode == 0, text
    assert "cell 1 of 2 " in text and "cell 2 of 2 \r\x1b[Kshown" in text
