"""Calls that do not fit a function's parameters raise what TensorFlow raises: its dispatch speaks for most functions.

Python refuses such a call before a line of the function runs. What it says is looked at then, and only then: by the functions that
are called through C (_hot_calls.c). Those that Python calls by itself raise what Python says.
"""

import inspect

DISPATCH = "-"  # who speaks, where that is TensorFlow's dispatch


def _unknown(function):
    """Who speaks of wrong calls of a function: DISPATCH, the name that Python has for it in TensorFlow, or None: its own."""
    return None


speaker = _unknown  # set by `_calls`, which knows the names of functions


def set_speaker(function):
    global speaker
    speaker = function


def misfit(parameters, count, keywords):
    """What is wrong with a call, as TensorFlow's dispatch says it, or None.

    Args:
      parameters: the `inspect.Parameter`s of the function.
      count: how many arguments are given by position.
      keywords: the names of the others.
    """
    names = [p.name for p in parameters]
    if count > len(names):
        return f"Too many arguments were given. Expected {len(names)} but got {count}."
    for keyword in keywords:
        if keyword not in names:
            return f"Got an unexpected keyword argument '{keyword}'"
        if keyword in names[:count]:
            return f"Got multiple values for argument '{keyword}'"
    missing = [p for p in parameters[count:] if p.default is p.empty and p.name not in keywords]
    return "Missing required positional argument" if missing else None


def reword(function, error, count, keywords):
    """Gives a TypeError that no line of a function's code has raised TensorFlow's text, where the call does not fit.

    Args:
      keywords: None, or a tuple of names.
    """
    who = speaker(function)
    parameters = [*inspect.signature(function).parameters.values()]
    if who is None or any([p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters]):
        return
    text = misfit(parameters, count, keywords or ())
    if text is not None and who != DISPATCH:
        text = who + error.args[0][error.args[0].index("()") :]  # Python's begins with another name
    if text is not None:
        error.args = (text,)
