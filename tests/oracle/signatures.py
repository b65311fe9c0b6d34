"""Signatures as text, the same for TensorFlow's functions and for tfcompat's, and the names under which each is found."""

from __future__ import annotations

import inspect
import re


def text_of(function) -> str | None:
    """``(x, axis=None, *, name=None)``; None where Python knows no signature."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    parts, keyword_only = [], False
    for parameter in signature.parameters.values():
        name = parameter.name
        if parameter.kind is parameter.VAR_POSITIONAL:
            name, keyword_only = f"*{name}", True
        elif parameter.kind is parameter.VAR_KEYWORD:
            name = f"**{name}"
        elif parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        parts.append(name if parameter.default is parameter.empty else f"{name}={_value(parameter.default)}")
    return f"({', '.join(parts)})"


def _value(default) -> str:
    """A default's text, without what differs between packages: addresses, modules of classes, tuples for lists."""
    text = repr(list(default) if type(default) is tuple else default)
    text = re.sub(r"<(?:class|function|built-in function) '?(?:[\w.]*\.)?(\w+)'?[^>]*>", r"<\1>", text)
    text = re.sub(r"<(?:[\w.]*\.)?(\w+) object at 0x[0-9a-f]+>", r"<\1>", text)
    return re.sub(r"0x[0-9a-f]{6,}", "0x...", text)


def lines(namespaces) -> list[str]:
    """One line for each function and class: its names, a tab, its signature.

    Args:
      namespaces: pairs (dotted path, module) in which to look.
    """
    names, found = {}, {}
    for path, module in namespaces:
        for name in dir(module):
            value = getattr(module, name, None)
            if name.startswith("_") or inspect.ismodule(value) or not callable(value):
                continue
            names.setdefault(id(value), []).append(f"{path}.{name}" if path else name)
            found[id(value)] = value
    result = []
    for key, value in found.items():
        signature = text_of(value)
        if signature is not None:
            result.append(f"{' '.join(sorted(names[key], key=lambda n: (n.count('.'), n)))}\t{signature}")
    return sorted(result)
