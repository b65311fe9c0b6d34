"""The command line of ``python -m tfcompat``: what is asked for, and who does it."""

import argparse
import importlib
import os
import sys

from tfcompat.cli import script
from tfcompat.compat import hook

_DESCRIPTION = """\
Runs a program that was written for TensorFlow 2 on tfcompat: while it runs, "import tensorflow" means tfcompat.

  python -m tfcompat train.py --epochs 3            a script, with its arguments
  python -m tfcompat study.ipynb                    a notebook: its cells in order, outputs printed as they come
  python -m tfcompat study.ipynb --output out.ipynb the same, and the executed notebook is saved
  python -m tfcompat -m package.module              a module, like python -m
  python -m tfcompat -c "import tensorflow as tf; print(tf.ones(3))"

Commands (each has a --help of its own) say how much of TensorFlow there is and how it computes:

  python -m tfcompat check PATH ...                 what a program uses and tfcompat does not have, with file and line
  python -m tfcompat coverage                       per namespace: present, tested, missing
  python -m tfcompat trace SCRIPT                   runs a script and writes a page: how its gradients are computed
"""

_EPILOG = """\
FILE "-" reads a script from standard input, and a script called "check" is run as ./check. A notebook runs in its own
folder, as in Jupyter, and needs IPython (pip install "tfcompat[notebook]"). The exit status is the program's own: 1
after an uncaught exception or an error in a cell, what sys.exit() says otherwise.
"""
_COMMANDS = {"check", "coverage", "trace"}


def main(arguments):
    """Does what the command line `arguments` ask for; returns the exit status."""
    if arguments and arguments[0] in _COMMANDS:
        return _until_closed(importlib.import_module(f"tfcompat.cli.{arguments[0]}").main, arguments[1:])
    options, rest = _parse(arguments)
    if options.code is not None:
        return _guarded(script.run_code, options.code, rest)
    if options.module is not None:
        return _guarded(script.run_module, options.module, rest)
    if options.file == "-":
        return _guarded(script.run_stdin, rest)
    if not os.path.exists(options.file):
        return _complain(f"no such file: {options.file}")
    if os.path.isdir(options.file):
        return _complain(f"a folder, not a script or notebook: {options.file}")
    if options.file.endswith(".ipynb"):
        return _guarded(_run_notebook, options.file, rest, options.output)
    if options.output is not None:
        return _complain("--output is for notebooks (.ipynb)")
    return _guarded(script.run_file, options.file, rest)


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m tfcompat",
        usage="python -m tfcompat [-h] [--version] [-o OUT.ipynb] (FILE | -c CODE | -m MODULE) [ARG ...]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="show tfcompat's version and exit")
    parser.add_argument("-o", "--output", metavar="OUT.ipynb", help="save the executed notebook here")
    parser.add_argument("-c", dest="code", metavar="CODE", help="run this code")
    parser.add_argument("-m", dest="module", metavar="MODULE", help="run this module as a script")
    parser.add_argument("file", nargs="?", metavar="FILE", help="script or notebook")
    # What follows the program belongs to the program, options included, so only what stands before it is parsed here.
    own, rest = _split(arguments)
    options = parser.parse_args(own)
    if options.version:
        print(_versions())
        parser.exit(0)
    if options.file is None and options.code is None and options.module is None:
        parser.print_help(sys.stderr)
        parser.exit(2)
    if options.file is not None and options.file.endswith(".ipynb"):
        # A notebook's own arguments are rare; its --output is as natural behind the name as before it.
        tail = argparse.ArgumentParser(prog=parser.prog, usage=parser.usage, add_help=False, allow_abbrev=False)
        tail.add_argument("-o", "--output", default=options.output)
        after, rest = tail.parse_known_args(rest)
        options.output = after.output
    return options, rest


def _split(arguments):
    """Cuts the command line behind the program: FILE, ``-c CODE`` or ``-m MODULE``."""
    takes_value = {"-o", "--output"}
    index = 0
    while index < len(arguments):
        argument = arguments[index]
        if argument in ("-c", "-m"):
            return arguments[: index + 2], arguments[index + 2 :]
        if argument == "-" or not argument.startswith("-"):
            return arguments[: index + 1], arguments[index + 1 :]
        index += 2 if argument in takes_value else 1
    return arguments, []


def _until_closed(command, arguments):
    """Runs a command that prints a report; its reader may have had enough (`| head`)."""
    try:
        status = command(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at exit
        return 1


def _guarded(run, *args):
    try:
        hook.install()
    except RuntimeError as error:
        return _complain(str(error))
    return run(*args)


def _run_notebook(path, arguments, output):
    try:
        from tfcompat.cli import notebook
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] != "IPython":
            raise
        return _complain('running a notebook needs IPython: pip install "tfcompat[notebook]"')
    try:
        return notebook.run_file(path, arguments, output)
    except notebook.NotebookError as error:
        return _complain(str(error))


def _versions():
    import jax

    import tfcompat
    from tfcompat.version import TFCOMPAT_VERSION

    return f"tfcompat {TFCOMPAT_VERSION} (the API of TensorFlow {tfcompat.__version__}, on JAX {jax.__version__})"


def _complain(message):
    print(f"python -m tfcompat: {message}", file=sys.stderr)
    return 2
