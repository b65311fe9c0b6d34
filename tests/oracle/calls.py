"""Calls that do not fit a function's parameters, made from its signature, and what is said of them."""

from __future__ import annotations

import functools
import inspect

SPACES = (
    "", "bitwise", "debugging", "dtypes", "linalg", "linalg.experimental", "math", "math.special", "nn", "nn.experimental", "random",
    "random.experimental", "signal", "strings",
)  # fmt: skip
UNKNOWN = "no_such_parameter"


def functions(tf) -> dict:
    """The functions of the namespaces by their shortest name, each once."""
    names = {}
    for path in SPACES:
        space = found(tf, path) if path else tf
        for name in dir(space):
            value = getattr(space, name, None)
            if not name.startswith("_") and inspect.isroutine(value) and inspect.isfunction(inspect.unwrap(value)):
                names.setdefault(id(value), ([], value))[0].append(f"{path}.{name}".lstrip("."))
    chosen = {min(aliases, key=lambda n: (n.count("."), n)): value for aliases, value in names.values()}
    return {name: chosen[name] for name in sorted(chosen)}


def found(tf, name):
    """The function of that name, or None."""
    try:
        return functools.reduce(getattr, name.split("."), tf)
    except AttributeError:
        return None


def wrong(function):
    """Triples (what is wrong, arguments, keywords)."""
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or any([p.kind is p.VAR_KEYWORD for p in parameters]):
        return
    positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    required = [p for p in positional if p.default is p.empty]
    fitting = (1,) * len(required)
    yield "unknown keyword", fitting, {UNKNOWN: 1}
    yield "only unknown keywords", (), {UNKNOWN: 1, "another": 1}
    if required:
        yield "nothing", (), {}
    if len(required) > 1:
        yield "one argument", (1,), {}
        yield "the last by keyword", (), {required[-1].name: 1}
    if not any([p.kind is p.VAR_POSITIONAL for p in parameters]):
        yield "too many", (1,) * (len(positional) + 1), {}
        yield "too many and an unknown keyword", (1,) * (len(positional) + 2), {UNKNOWN: 1}
        if positional:
            yield "one twice", fitting or (1,), {positional[0].name: 1}


def said(function, args, kwargs) -> str:
    """The exception's type and text."""
    try:
        function(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"
