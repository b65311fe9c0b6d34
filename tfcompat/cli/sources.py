"""Reads scripts and notebooks without running them: which names of TensorFlow they use, and where."""

import ast
import dataclasses
import json
import os
import re
import textwrap
import warnings

_ROOTS = {"tensorflow", "tfcompat"}
_SKIPPED_FOLDERS = {"__pycache__", "node_modules", "site-packages", "build", "dist"}
_MAGIC = re.compile(r"^(\s*)([%!?].*|.*\?\s*)$")
_TIMED = re.compile(r"^(\s*)%time(?:it)?\s+([^-\s].*)$")
_MAGIC_ASSIGNMENT = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$")


class Unreadable(Exception):
    """A file that cannot be read or parsed; `line` says where, 0 if that is not known, `cell` which cell."""

    def __init__(self, text, line=0, cell=None):
        super().__init__(text)
        self.line = line
        self.cell = cell


@dataclasses.dataclass(frozen=True)
class Use:
    """One use of a name. `symbol` is dotted and without "tf."; the empty one is TensorFlow itself."""

    symbol: str
    line: int
    column: int
    cell: int | None = None  # of a notebook: which code cell, counted from 1
    imported: bool = False  # by an import statement


def find(paths):
    """The scripts and notebooks among `paths`, and those in the folders among them, sorted.

    Hidden folders, installed packages and virtual environments are left out.

    Raises:
      FileNotFoundError: a path is not there.
    """
    for path in paths:
        if not os.path.isdir(path):
            if not os.path.exists(path):
                raise FileNotFoundError(path)
            yield path
            continue
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(
                name for name in folders
                if not name.startswith(".") and name not in _SKIPPED_FOLDERS
                and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
            )  # fmt: skip
            yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith((".py", ".ipynb")))


def uses(path, problem):
    """Every use of a name of TensorFlow in the script or notebook at `path`, in order.

    Args:
      problem: called with an Unreadable where the file cannot be read, and for each script or cell that cannot be parsed.
    """
    found = _Visitor()
    try:
        cells = list(_cells(path))
    except Unreadable as error:
        problem(error)
        return []
    for cell, source in cells:
        found.cell = cell
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(source)
        except (SyntaxError, ValueError) as error:
            problem(Unreadable(f"cannot be parsed: {error.args[0]}", getattr(error, "lineno", 0) or 0, cell))
        except RecursionError:
            problem(Unreadable("cannot be parsed: it is nested too deeply", 0, cell))
        else:
            found.visit(tree)
    return found.uses


def _cells(path):
    """(number of the cell, or None, source) of each piece of code."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        if not path.endswith(".ipynb"):
            yield None, data
            return
        notebook = json.loads(data)
        cells = [cell for cell in notebook["cells"] if cell.get("cell_type") == "code"]
        sources = ["".join(cell.get("source", "")) for cell in cells]
    except OSError as error:
        raise Unreadable(error.strerror) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("is no notebook of format 4") from None
    for number, source in enumerate(sources, 1):
        if not source.lstrip().startswith("%%") or source.lstrip().startswith(("%%time", "%%capture")):
            yield number, textwrap.dedent("\n".join(_plain(line) for line in source.split("\n")))


def _plain(line):
    """A line of a cell as Python: magics (but for what is timed) and shell commands become `pass`."""
    timed = _TIMED.match(line)
    if timed:
        return timed.group(1) + timed.group(2)
    match = _MAGIC.match(line)
    if match and not match.group(2).lstrip().startswith("#"):
        return match.group(1) + "pass"
    return _MAGIC_ASSIGNMENT.sub(r"\1None", line)


class _Visitor(ast.NodeVisitor):
    """Collects uses. A scope maps names to symbols; None hides a name of an outer scope."""

    def __init__(self):
        self.uses = []
        self.scopes = [{}]
        self.imported = set()  # (scope's depth, name): the other branch of a `try` does not take these away
        self.cell = None

    def _use(self, symbol, node, imported=False):
        self.uses.append(Use(symbol, node.lineno, node.col_offset + 1, self.cell, imported))

    def _bind(self, name, symbol, imported=False):
        key = len(self.scopes), name
        if imported:
            self.imported.add(key)
        if symbol is not None or key not in self.imported:
            self.scopes[-1][name] = symbol

    def _lookup(self, name):
        return next((scope[name] for scope in reversed(self.scopes) if name in scope), None)

    def symbol_of(self, node):
        """The symbol that an expression stands for, or None."""
        if isinstance(node, ast.NamedExpr):
            node = node.value
        if isinstance(node, ast.Name):
            return self._lookup(node.id)
        if isinstance(node, ast.Attribute):
            parent = self.symbol_of(node.value)
            return None if parent is None else f"{parent}.{node.attr}".lstrip(".")
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called, text = ast.unparse(node.func), node.args[0].value
            if called in ("importlib.import_module", "import_module", "__import__", "pytest.importorskip"):
                return _module(text) if isinstance(text, str) else None
        if isinstance(node, ast.Call) and len(node.args) == 2 and isinstance(node.func, ast.Name):
            parent, name = self.symbol_of(node.args[0]), node.args[1]
            if node.func.id == "getattr" and parent is not None and isinstance(getattr(name, "value", None), str):
                return f"{parent}.{name.value}".lstrip(".")
        return None

    # imports

    def visit_Import(self, node):
        for alias in node.names:
            symbol = _module(alias.name)
            if symbol is None:
                self._bind((alias.asname or alias.name).partition(".")[0], None)
            else:
                if symbol:
                    self._use(symbol, node, imported=True)
                self._bind(alias.asname or alias.name.partition(".")[0], symbol if alias.asname else "", imported=True)

    def visit_ImportFrom(self, node):
        module = None if node.level or node.module is None else _module(node.module)
        for alias in node.names:
            if module is None:
                self._bind(alias.asname or alias.name, None)
            elif alias.name == "*":
                self._use(module, node, imported=True)
                for name in _public(module):
                    self._bind(name, f"{module}.{name}".lstrip("."))
            else:
                symbol = f"{module}.{alias.name}".lstrip(".")
                self._use(symbol, node, imported=True)
                self._bind(alias.asname or alias.name, symbol, imported=True)

    # names

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load):
            symbol = self._lookup(node.id)
            if symbol:
                self._use(symbol, node)
        else:
            self._bind(node.id, None)

    def visit_Attribute(self, node):
        symbol = self.symbol_of(node)
        if symbol:
            self._use(symbol, node)
            if isinstance(node.value, ast.NamedExpr):
                self.visit(node.value)
        elif symbol is None:
            self.generic_visit(node)

    def visit_Call(self, node):
        symbol = self.symbol_of(node)
        if symbol:
            self._use(symbol, node)
        else:
            self.generic_visit(node)

    def visit_Assign(self, node):
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node):
        self.visit(node.annotation)
        if node.value is None:
            self.visit(node.target)
        else:
            self.visit(node.value)
            self._assign(node.target, node.value)

    def visit_NamedExpr(self, node):
        self.visit(node.value)
        self._assign(node.target, node.value)

    def _assign(self, target, value):
        pairs = isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List))
        if isinstance(target, ast.Name):
            self._bind(target.id, self.symbol_of(value))
        elif pairs and len(target.elts) == len(value.elts):
            for part, of in zip(target.elts, value.elts, strict=True):
                self._assign(part, of)
        else:
            self.visit(target)

    # scopes

    def _function(self, node):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        outside = [*getattr(node, "decorator_list", ()), getattr(node, "returns", None), *arguments.defaults,
                   *arguments.kw_defaults, *(a.annotation for a in every if a is not None)]  # fmt: skip
        for part in outside:
            if part is not None:
                self.visit(part)
        if hasattr(node, "name"):
            self._bind(node.name, None)
        names = {a.arg: None for a in every if a is not None}
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults = [*zip(positional[::-1], arguments.defaults[::-1], strict=False),
                    *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]  # fmt: skip
        names.update({a.arg: self.symbol_of(default) for a, default in defaults})
        self._scope(names, node.body)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function

    def visit_ClassDef(self, node):
        self._bind(node.name, None)
        for part in [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]:
            self.visit(part)
        self._scope({}, node.body)

    def _scope(self, names, body):
        self.scopes.append(names)
        for part in body if isinstance(body, list) else [body]:
            self.visit(part)
        self.imported -= {key for key in self.imported if key[0] == len(self.scopes)}
        self.scopes.pop()


def _module(name):
    """The symbol of a module of TensorFlow by its import name, or None."""
    root, _, rest = name.partition(".")
    return rest if root in _ROOTS else None


def _public(module):
    """The names that `from tensorflow.MODULE import *` brings."""
    from tfcompat.cli.symbols import public_names  # imports tfcompat, which only a starred import needs here

    return public_names(module)
