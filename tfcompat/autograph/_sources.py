"""Faster ways from malt's code to a module, and from lines of that to lines of the user's.

malt writes a file for each function, parses and tokenizes it again and annotates every node of it, to know the line.
"""

import ast
import inspect
import itertools
import linecache
import types

from malt.pyct import anno, loader, origin_info, parser

from tfcompat.autograph._visits import LEAVES

_numbers = itertools.count(1)


def annotate(node, source, entity):
    """Notes for the nodes of a function's code where in the user's file they are."""
    lines, start = inspect.getsourcelines(entity)
    path, texts = inspect.getsourcefile(entity), source.split("\n")
    first = node.decorator_list[0] if getattr(node, "decorator_list", None) else node
    down, right = start - first.lineno, len(lines[0]) - len(lines[0].lstrip()) - node.col_offset
    pending = [(node, None)]
    while pending:
        n, function = pending.pop()
        if isinstance(n, ast.FunctionDef):
            function = n.name
        line = getattr(n, "lineno", None)
        if line is not None:
            place = origin_info.Location(path, line + down, n.col_offset + right)
            anno.setanno(n, "lineno", line)
            anno.setanno(n, anno.Basic.ORIGIN, origin_info.OriginInfo(place, function, texts[line - 1], None))
        pending += [(child, function) for child in ast.iter_child_nodes(n)]


def source_map(nodes, parsed, filename):
    """{place in the generated code: origin}; `parsed` is what `nodes` are as text, parsed."""
    found, pending = {}, list(zip(nodes, parsed, strict=True))
    while pending:
        before, after = pending.pop()
        origin, line = anno.getanno(before, anno.Basic.ORIGIN, None), getattr(after, "lineno", None)
        if origin is not None and line is not None:
            place = origin_info.LineLocation(filename, line)
            known = found.get(place)
            # Of the nodes in one line that come from several, the leftmost one counts.
            if known is None or known.loc.line_loc != origin.loc.line_loc and known.loc.col_offset > origin.loc.col_offset:
                found[place] = origin
        for field in type(before)._fields:
            one, other = getattr(before, field, None), getattr(after, field, None)
            if isinstance(one, LEAVES):
                continue
            if isinstance(one, ast.AST) and isinstance(other, ast.AST):
                pending.append((one, other))
            elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
                pairs = zip(one, other, strict=False)
                pending += [(a, b) for a, b in pairs if isinstance(a, ast.AST) and isinstance(b, ast.AST)]
    return found


def load(nodes, indentation=None, include_source_map=False, delete_on_exit=True):
    """(module, source, source map) of code; its text is where tracebacks and `inspect` look for sources."""
    nodes = nodes if isinstance(nodes, list | tuple) else (nodes,)
    source = parser.unparse(nodes, include_encoding_marker=False)
    filename = f"<autograph {next(_numbers)}>"
    parsed = ast.parse(source, filename)
    module = types.ModuleType(filename)
    module.__file__ = filename
    linecache.cache[filename] = len(source), None, source.splitlines(True), filename
    exec(compile(parsed, filename, "exec"), module.__dict__)
    return module, source, source_map(nodes, parsed.body, filename) if include_source_map else None


def install():
    """Replaces malt's."""
    loader.load_ast = load
    origin_info.resolve_entity = annotate
