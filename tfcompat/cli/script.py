"""Runs a script, a module or a piece of code as ``__main__``, the way Python itself would."""

import builtins
import importlib.util
import io
import os
import sys
from types import ModuleType

_INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl-C


class _NoSuchModule(Exception):
    """``-m`` names a module that is not there or cannot be run."""


def run_file(path, arguments):
    """Runs the script at `path` with `arguments` in ``sys.argv``; returns the exit status."""

    def load():
        absolute = os.path.abspath(path)
        with io.open_code(absolute) as file:
            return compile(file.read(), absolute, "exec", dont_inherit=True), {"__file__": absolute}

    return _execute(load, [path, *arguments], os.path.dirname(os.path.realpath(path)))


def run_code(source, arguments):
    """Runs `source`, as ``python -c`` does; returns the exit status."""
    return _execute(lambda: (compile(source, "<string>", "exec", dont_inherit=True), {}), ["-c", *arguments], "")


def run_stdin(arguments):
    """Runs what standard input has, as ``python -`` does; returns the exit status."""

    def load():
        return compile(sys.stdin.read(), "<stdin>", "exec", dont_inherit=True), {}

    return _execute(load, ["-", *arguments], "")


def run_module(name, arguments):
    """Runs the module called `name`, as ``python -m`` does; returns the exit status."""

    def load():
        spec, code = _find_module(name)
        sys.argv[0] = spec.origin
        return code, {
            "__file__": spec.origin,
            "__spec__": spec,
            "__package__": spec.parent,
            "__loader__": spec.loader,
        }

    return _execute(load, ["-m", *arguments], os.getcwd())


def _find_module(name):
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if not name.startswith(f"{error.name}."):
            raise
        raise _NoSuchModule(f"No module named {error.name}") from None
    if spec is not None and spec.submodule_search_locations is not None:
        return _find_module(f"{name}.__main__")
    code = getattr(spec.loader, "get_code", lambda name: None)(name) if spec is not None else None
    if code is None:
        raise _NoSuchModule(f"No module named {name}")
    return spec, code


def _execute(load, argv, folder):
    """Runs the code that `load` gives in a fresh ``__main__``, which stays there until the interpreter ends."""
    sys.argv = argv
    if not sys.flags.safe_path:
        sys.path[0] = folder
    module = ModuleType("__main__")
    module.__dict__.update(__spec__=None, __package__=None, __builtins__=builtins)
    sys.modules["__main__"] = module
    try:
        code, attributes = load()
        module.__dict__.update(attributes)
        exec(code, module.__dict__)
    except SystemExit:
        raise
    except _NoSuchModule as error:
        print(f"python -m tfcompat: {error}", file=sys.stderr)
        return 1
    except BaseException as error:
        error.__traceback__ = _users_part(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _users_part(traceback):
    """The traceback from the user's first frame on: ours are of no use to who reads it."""
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    return traceback
