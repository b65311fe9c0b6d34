"""Runs a notebook in this process: its code cells in order, in one IPython shell that shows and records what they give.

IPython is what a Jupyter kernel runs cells with, too, so magics, ``!commands``, rich display, top-level ``await`` and
matplotlib's inline figures mean here what they mean there; no kernel process is started.
"""

import json
import os
import re
import sys
import tempfile
import warnings

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from tfcompat.cli.outputs import Outputs, Screen, Tee

_INTERRUPTED = 130
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_INLINE_FIGURES = "module://matplotlib_inline.backend_inline"


class NotebookError(Exception):
    """The notebook cannot be read, or its result cannot be written where asked."""


def run_file(path, arguments=(), output=None):
    """Runs the notebook at `path` in its own folder; prints what its cells give as they go.

    Args:
      path: a notebook file of format 4.
      arguments: what ``sys.argv`` has behind the file name.
      output: where to save the executed notebook; written even if a cell fails, with what was reached.

    Returns:
      The exit status: 0, 1 if a cell failed, or what the notebook gave to ``sys.exit``.

    Raises:
      NotebookError: `path` is not such a notebook, or the folder of `output` is not there.
    """
    notebook = _read(path)
    output = None if output is None else os.path.abspath(output)
    if output is not None and not os.path.isdir(os.path.dirname(output)):
        raise NotebookError(f"--output: no such folder: {os.path.dirname(output)}")
    sys.argv = [path, *arguments]
    folder = os.path.dirname(os.path.abspath(path))
    started_in = os.getcwd()
    os.chdir(folder)
    if not sys.flags.safe_path:
        sys.path[0] = folder
    try:
        return _run_cells(notebook, os.path.basename(path))
    finally:
        os.chdir(started_in)
        if output is not None:
            _write(notebook, output)


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            notebook = json.load(file)
    except (OSError, ValueError) as error:
        raise NotebookError(f"cannot read {path}: {error}") from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or "cells" not in notebook:
        raise NotebookError(
            f"{path} is not a notebook of format 4 (jupyter nbconvert --to notebook converts older ones)"
        )
    language = notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise NotebookError(f"{path} is a notebook for {language}, not for Python")
    return notebook


def _write(notebook, path):
    text = json.dumps(notebook, ensure_ascii=False, indent=1, default=repr) + "\n"
    partial = f"{path}.part"
    try:
        with open(partial, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(partial, path)
    except OSError as error:
        raise NotebookError(f"cannot write {path}: {error}") from None


def _run_cells(notebook, name):
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell in cells:
        cell["outputs"], cell["execution_count"] = [], None
    cells = [cell for cell in cells if _source(cell).strip() and "skip-execution" not in _tags(cell)]
    outputs = Outputs()
    screen = Screen(sys.stdout, sys.stderr, len(cells))
    with tempfile.TemporaryDirectory(prefix="tfcompat-") as settings:
        shell = _new_shell(outputs, screen, settings)
        sys.stdout, sys.stderr = Tee("stdout", screen, outputs), Tee("stderr", screen, outputs)
        try:
            for number, cell in enumerate(cells, 1):
                screen.progress(number)
                failure = _run_cell(shell, cell, outputs)
                if failure is not None:
                    where, status = failure
                    if where is not None:
                        screen.show_line("stderr", f"{name}: error in cell {number} of {len(cells)}{where}")
                    return status
        finally:
            screen.clear_progress()
            sys.stdout, sys.stderr = screen.streams.values()
            _Shell.clear_instance()
    return 0


def _run_cell(shell, cell, outputs):
    """Runs one cell. None to go on, or (where it failed: None for an exit, exit status)."""
    source = _source(cell)
    outputs.start(cell)
    result = shell.run_cell(source, store_history=True)
    cell["execution_count"] = result.execution_count
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return None
    if isinstance(error, SystemExit):
        return None, _exit_status(error)
    if not any(output["output_type"] == "error" for output in cell["outputs"]):
        outputs.error(type(error).__name__, str(error), [f"{type(error).__name__}: {error}"])
    if "raises-exception" in _tags(cell):
        return None
    return _line(error, shell), _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _exit_status(error):
    if error.code is None or isinstance(error.code, int):
        return error.code or 0
    print(error.code, file=sys.stderr)
    return 1


def _line(error, shell):
    """`` (line n)``: the line of the cell that was running, or that is no Python."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_globals is not shell.user_ns:
        traceback = traceback.tb_next
    if isinstance(error, SyntaxError) and traceback is None:
        return "" if error.lineno is None else f" (line {error.lineno})"
    return "" if traceback is None else f" (line {traceback.tb_lineno})"


def _source(cell):
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _tags(cell):
    return cell.get("metadata", {}).get("tags", ())


class _ResultHook(DisplayHook):
    """Shows and records the value of a cell's last expression."""

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.shell.outputs.result(format_dict, md_dict, self.prompt_count)
        self.shell.show_plain(format_dict)

    def finish_displayhook(self):
        sys.stdout.flush()
        self._is_active = False


class _Publisher(DisplayPublisher):
    """Shows and records what ``display`` is given, figures included."""

    def publish(self, data, metadata=None, *args, transient=None, update=False, **kwargs):
        self.shell.outputs.display(data, metadata, (transient or {}).get("display_id"), update)
        self.shell.show_plain(data)

    def clear_output(self, wait=False):
        self.shell.outputs.clear(wait)


class _Shell(InteractiveShell):
    """IPython without a terminal: what cells give goes to `outputs` and onto `screen`."""

    displayhook_class = Type(_ResultHook)
    display_pub_class = Type(_Publisher)
    outputs = None
    screen = None

    def init_virtualenv(self):
        """The interpreter that runs us decides what can be imported, not the shell's environment."""

    def enable_gui(self, gui=None):
        if gui not in (None, "inline"):
            raise NotImplementedError(f"python -m tfcompat has no {gui} event loop; use %matplotlib inline")

    def ask_exit(self):
        raise SystemExit(0)

    def show_plain(self, data):
        """Prints the plain form of a bundle of representations."""
        if "text/plain" in data:
            self.screen.show_line("stdout", data["text/plain"])

    def _showtraceback(self, etype, evalue, stb):
        if issubclass(etype, SystemExit):
            return
        self.outputs.error(etype.__name__, str(evalue), stb)
        text = self.InteractiveTB.stb2text(stb)
        colours = self.screen.streams["stderr"].isatty()
        self.screen.show_line("stderr", text if colours else _ANSI.sub("", text))


def _new_shell(outputs, screen, settings):
    # Figures are drawn by matplotlib's backend for notebooks unless the user has chosen another; only the name is set
    # here, matplotlib itself is loaded by the notebook or not at all.
    os.environ.setdefault("MPLBACKEND", _INLINE_FIGURES)
    warnings.filterwarnings("ignore", message="To exit: use 'exit'")
    config = Config()
    config.HistoryManager.enabled = False
    shell = _Shell.instance(ipython_dir=settings, config=config)
    shell.outputs, shell.screen = outputs, screen
    return shell
