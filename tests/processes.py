"""Runs Python in a process of its own, as a user does: for what concerns a whole process (imports, exits, hooks)."""

import os
import pathlib
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run_python(*arguments, cwd=None, stdin=None, **environment):
    """`python *arguments` with this working tree importable; returns the finished process, its output as text."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path, **environment},
        cwd=cwd,
        input=stdin,
        text=True,
        encoding="utf-8",
        capture_output=True,
        timeout=300,
    )


def run_code(code, *arguments, **options):
    """Like `run_python` for a piece of code, which must succeed; returns what it printed."""
    done = run_python("-c", textwrap.dedent(code), *arguments, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout
