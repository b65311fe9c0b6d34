"""The notebook that the project began with gives what TensorFlow 2.21 gives for it, whichever way it is run.

`seed/expected_tensorflow_2_21.txt` holds, for each cell, what TensorFlow printed and the repr of the last expression.
"""

import ast
import pathlib

import nbclient
import nbformat
import pytest
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
                # IPython breaks a long list after its commas, repr does not.
                parts.append(output.data["text/plain"].replace(",\n <", ", <") + "\n")
    return "".join(parts)


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
    assert rendered(executed.cells) == EXPECTED
    shown = "".join(line + "\n" for line in EXPECTED.splitlines() if not line.startswith("## cell "))
    assert done.stdout.replace(",\n <", ", <") == shown


def test_in_jupyter():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("import tensorflow as tf", "import tfcompat as tf")
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    assert rendered(notebook.cells) == EXPECTED


@pytest.mark.parametrize(
    ("imported", "runner"), [("import tfcompat as tf", []), ("import tensorflow as tf", ["-m", "tfcompat"])]
)
def test_as_a_script(tmp_path, imported, runner):
    script = tmp_path / "seed.py"
    script.write_text(as_script(nbformat.read(NOTEBOOK, as_version=4), imported))
    done = run_python(*runner, script)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", EXPECTED)
