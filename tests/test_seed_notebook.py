"""The notebook that the project began with gives what TensorFlow 2.21 gives for it, whichever way it is run.

`seed/expected_tensorflow_2_21.txt` holds, for each cell, what TensorFlow printed and the repr of the last expression.
"""

import ast
import pathlib
import re

import nbclient
import nbformat
import pytest
from IPython.lib.pretty import pretty
from processes import run_python

SEED = pathlib.Path(__file__).parent / "seed"
NOTEBOOK = SEED / "seed_notebook.ipynb"
EXPECTED = (SEED / "expected_tensorflow_2_21.txt").read_text()


def rendered(cells):
    """The outputs of executed cells in the form of the expected file."""
    parts = []
    for number, cell in enumerate(cells):
        parts.append(f"## cell {number}\n")
        for output in cell.outputs:
            assert output.output_type in ("stream", "execute_result"), output
            if output.output_type == "stream":
                assert output.name == "stdout", output
                parts.append(output.text)
            else:
                parts.append(output.data["text/plain"] + "\n")
    return "".join(parts)


class Shown:
    """Something with this repr."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def as_ipython_shows(expected):
    """The expected file with lists broken over lines as IPython breaks them; within the elements nothing is changed."""
    parts = re.split(r"^(\[<tf\.Tensor.*?>\])$", expected, flags=re.DOTALL | re.MULTILINE)
    for index in range(1, len(parts), 2):
        parts[index] = pretty([Shown(item) for item in re.split("(?<=>), (?=<tf)", parts[index][1:-1])])
    return "".join(parts)


EXPECTED_IN_IPYTHON = as_ipython_shows(EXPECTED)


def as_script(notebook, imported):
    """The notebook as a plain script that prints what the cells would show; `imported` replaces the import line."""
    parts = []
    for number, cell in enumerate(notebook.cells):
        source = cell.source.replace("import tensorflow as tf", imported)
        parts.append(f"print('## cell {number}')")
        body = ast.parse(source).body
        if body and isinstance(body[-1], ast.Expr):
            last = body[-1]
            before = source.splitlines()[: last.lineno - 1]
            value = f"value = {ast.get_source_segment(source, last)}"
            source = "\n".join([*before, value, "if value is not None: print(repr(value))"])
        parts.append(source)
    return "\n".join(parts) + "\n"


def test_on_the_command_line(tmp_path):
    out = tmp_path / "out.ipynb"
    done = run_python("-m", "tfcompat", NOTEBOOK, "--output", out)
    assert (done.returncode, done.stderr) == (0, "")
    executed = nbformat.read(out, as_version=4)
    nbformat.validate(executed)
    assert rendered(executed.cells) == EXPECTED_IN_IPYTHON
    assert done.stdout == re.sub(r"^## cell \d+\n", "", EXPECTED_IN_IPYTHON, flags=re.MULTILINE)


def test_in_jupyter():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("import tensorflow as tf", "import tfcompat as tf")
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    assert rendered(notebook.cells) == EXPECTED_IN_IPYTHON


@pytest.mark.parametrize(
    ("imported", "runner"), [("import tfcompat as tf", []), ("import tensorflow as tf", ["-m", "tfcompat"])]
)
def test_as_a_script(tmp_path, imported, runner):
    script = tmp_path / "seed.py"
    script.write_text(as_script(nbformat.read(NOTEBOOK, as_version=4), imported))
    done = run_python(*runner, script)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", EXPECTED)
