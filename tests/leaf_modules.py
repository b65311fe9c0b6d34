"""Evaluates the expressions of tests/oracle/leaves_table.py with the leaf modules alone, without the rest of tf."""

import ast
import re
import types

from oracle import leaves, leaves_table

import tfcompat.dtypes
import tfcompat.errors
import tfcompat.nest
from tfcompat._core import core_types, errors, nest, shapes, specs
from tfcompat._core.indexed_slices import IndexedSlices

specs.set_value_types(indexed_slices=IndexedSlices)


def names():
    """What the expressions see: a `tf` of just these modules."""
    tf = types.SimpleNamespace(
        **{name: getattr(tfcompat.dtypes, name) for name in leaves_table.DTYPES},
        DType=tfcompat.dtypes.DType,
        TensorShape=shapes.TensorShape,
        TensorSpec=specs.TensorSpec,
        TypeSpec=specs.TypeSpec,
        as_dtype=tfcompat.dtypes.as_dtype,
        broadcast_static_shape=shapes.broadcast_static_shape,
        compat=types.SimpleNamespace(
            dimension_value=shapes.dimension_value,
            dimension_at_index=shapes.dimension_at_index,
            v1=types.SimpleNamespace(errors=errors),
        ),
        dtypes=tfcompat.dtypes,
        errors=tfcompat.errors,
        nest=tfcompat.nest,
        type_spec_from_value=specs.type_spec_from_value,
    )
    inner = types.SimpleNamespace(
        nest=nest,
        VariableSpec=specs.VariableSpec,
        IndexedSlicesSpec=specs.IndexedSlicesSpec,
        unknown_shape=shapes.unknown_shape,
        Dimension=shapes.Dimension,
    )
    return leaves.namespace(tf, inner, core_types.CompositeTensor)


def differences(area):
    """Lines that say where tfcompat and TensorFlow differ in an area."""
    known, seen = leaves.load()[area], names()
    lines = []
    for expression in dict.fromkeys(leaves_table.AREAS[area]):
        assert expression in known, f"{expression} is not recorded: run tests/oracle/record_leaves.py"
        result = _as_recorded(leaves.evaluate(expression, seen))
        if result != known[expression]:
            lines.append(f"{expression}\n    TensorFlow: {known[expression]}\n    tfcompat:   {result}")
    return lines


def _as_recorded(result):
    """Texts as Python 3.11, with which they were recorded, has them: later ones write an OrderedDict like a dict."""
    if isinstance(result, list):
        return [_as_recorded(part) for part in result]
    if not isinstance(result, str):
        return result
    return re.sub(r"OrderedDict\((\{.*?\})\)", _items, result)


def _items(match):
    try:
        return f"OrderedDict({[*ast.literal_eval(match[1]).items()]})"
    except (SyntaxError, ValueError):  # leaves that stand for others: {'a': .}
        pairs = re.findall(r"('\w+'): ([^,}]+)", match[1])
        return "OrderedDict([" + ", ".join(f"({key}, {value})" for key, value in pairs) + "])"
