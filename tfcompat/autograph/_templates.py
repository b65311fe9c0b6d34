"""A faster `templates.replace` for malt.

malt parses a template each time it is filled in, copies everything that goes into it (code in nested statements once for
each level) and looks up the qualified names in the result, which the passes do again that need them. Here templates are
parsed once, and statements are moved.
"""

import ast
import textwrap

from malt.pyct import anno, templates

from tfcompat.autograph._visits import ANNOTATIONS, LEAVES

_KEPT = (
    anno.Basic.DIRECTIVES, anno.Basic.EXTRA_LOOP_TEST, anno.Basic.ORIGIN, anno.Basic.SKIP_PROCESSING,
    anno.Static.ORIG_DEFINITIONS, "function_context_name",
)  # fmt: skip
_parsed = {}  # template -> its statements


class _Copy:
    """Copies code with the annotations that outlive a pass; names in it may stand for other names or code."""

    def __init__(self, replacements):
        self._replacements = replacements
        self._moved = set()

    def __call__(self, node):
        """A copy; a list for a name that stands for several statements or expressions."""
        if isinstance(node, list | tuple):
            return self._all(node)
        if not isinstance(node, ast.AST) or isinstance(node, LEAVES):
            return node
        kind, own, given = type(node), node.__dict__, self._replacements
        if given:
            if kind is ast.Name and node.id in given:
                return self._named(node)
            if kind is ast.Expr and type(node.value) is ast.Name and node.value.id in given:
                return self._named(node.value)
            if kind is ast.keyword and node.arg in given or kind is ast.arg and node.arg in given:
                return self._argument(node)
        new = kind.__new__(kind)  # `kind()` would warn of fields that are not there yet
        for field in kind._fields:
            if field in own:
                value = own[field]
                setattr(new, field, self._identifier(value, field) if type(value) is str else self(value))
        annotations = own.get(ANNOTATIONS)
        if annotations:
            for key in _KEPT:
                if key in annotations:
                    anno.setanno(new, key, annotations[key])
        return new

    def _all(self, nodes):
        found = []
        for n in nodes:
            new = self(n)
            if isinstance(new, list | tuple):
                found.extend(new)
            else:
                found.append(new)
        return tuple(found) if isinstance(nodes, tuple) else found

    def _identifier(self, text, field):
        """The name of a function or an attribute."""
        given = self._replacements.get(text) if field in ("name", "attr") and self._replacements else None
        return text if given is None else given.id

    def _argument(self, node):
        given = self._replacements[node.arg]
        if isinstance(node, ast.keyword):
            return _copied(given)
        names = given if isinstance(given, list) else [given]
        found = [ast.arg(arg=n.id, annotation=None) if isinstance(n, ast.Name) else n for n in names]
        return found if isinstance(given, list) else found[0]

    def _named(self, node):
        key, given = node.id, self._replacements[node.id]
        if isinstance(given, list | tuple) and all([isinstance(n, ast.stmt) for n in given]):
            if key not in self._moved:
                self._moved.add(key)
                return list(given)
            return _copied(given)
        new = _copied(given)
        new = [new] if isinstance(new, ast.AST) else list(new)
        adjuster = templates.ContextAdjuster(type(node.ctx))
        for n in new:
            if hasattr(n, "ctx"):
                adjuster.visit(n)
        return new[0] if len(new) == 1 else new


_copied = _Copy({})


def replace(template, **replacements):
    """The code of a template, in which names stand for other names or code."""
    nodes = _parsed.get(template)
    if nodes is None:
        nodes = _parsed[template] = ast.parse(textwrap.dedent(template)).body
    return _Copy({name: templates._convert_to_ast(code) for name, code in replacements.items()})(nodes)


def install():
    """Replaces malt's."""
    templates.replace = replace
