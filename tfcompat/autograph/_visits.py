"""A leaner visit of nodes for malt's passes: the same, without looking into contexts, operators and annotations."""

import ast

from malt.core import converter
from malt.pyct import anno, transformer

ANNOTATIONS = "___pyct_anno"
LEAVES = ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop


def _visit(self, node):
    if isinstance(node, LEAVES):
        return node
    kind, annotations = type(node), getattr(node, ANNOTATIONS, ())
    if anno.Basic.SKIP_PROCESSING in annotations:
        return node
    before = self.ctx.current_origin
    origin = annotations[anno.Basic.ORIGIN] if anno.Basic.ORIGIN in annotations else None
    if origin is not None:
        self.ctx.current_origin = origin
    try:
        value = node.value if kind is ast.Expr else None
        result = getattr(self, "visit_" + kind.__name__, self.generic_visit)(node)
        if value is not None and isinstance(result, ast.Expr) and result.value is not value:
            if isinstance(result.value, list | tuple | ast.Assign | ast.AugAssign):
                result = result.value  # statements in place of an expression
        origin = origin or before
        if result is not node and result is not None and origin is not None:
            for n in result if isinstance(result, list | tuple) else (result,):
                if not anno.hasanno(n, anno.Basic.ORIGIN):
                    anno.setanno(n, anno.Basic.ORIGIN, origin)
        return result
    finally:
        self.ctx.current_origin = before


def _generic_visit(self, node):
    for field in type(node)._fields:
        old = getattr(node, field, None)
        if isinstance(old, list):
            new = []
            for n in old:
                n = self.visit(n) if isinstance(n, ast.AST) else n
                if isinstance(n, list | tuple):
                    new.extend(n)
                elif n is not None:
                    new.append(n)
            old[:] = new
        elif isinstance(old, ast.AST) and not isinstance(old, LEAVES):
            new = self.visit(old)
            if new is None:
                delattr(node, field)
            elif new is not old:
                setattr(node, field, new)
    return node


def install():
    """Replaces malt's."""
    transformer.Base.visit = _visit
    transformer.Base.generic_visit = _generic_visit
    del converter.Base.visit  # looks whether an object is used twice
    anno.NoValue.__hash__ = object.__hash__
