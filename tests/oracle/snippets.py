"""Short programs around bad input: what TensorFlow raises, at which line, with what text, and what is left afterwards.

Each runs after `PRELUDE`. A program may fail; the code behind `---` runs all the same, and so does `AFTER`: variables
and later code must be usable. What is compared: the exception's type, its line, what its message names (op, shapes,
dtypes), and the values of all public names at the end.
"""

from __future__ import annotations

import json
import pathlib
import re
import traceback

import numpy as np

from . import tolerances
from .compare import array_differences, fragments
from .harness import failure
from .snippets_table import AFTER, PRELUDE, SNIPPETS
from .table import np_dtype

DATA = pathlib.Path(__file__).parent / "data" / "snippets.json"


def run(tf, source):
    """Runs one program; returns its errors ([type, message, line]) and the state it leaves, as JSON data."""
    space = {"tf": tf, "np": np}
    exec(compile(PRELUDE, "<prelude>", "exec"), space)
    first, _, rest = source.strip().partition("\n---\n")
    errors = []
    for part in (first, rest):
        error = _run_part(part, space)
        errors.append(error)
    error = _run_part(AFTER, space)
    assert error is None, f"the program cannot go on: {error}"
    state = {name: _described(tf, value) for name, value in space.items() if name not in _OWN and name[0] != "_"}
    return {"errors": errors, "state": {name: value for name, value in state.items() if value is not None}}


_OWN = ("tf", "np")


def _run_part(part, space):
    try:
        exec(compile(part, "<snippet>", "exec"), space)
    except Exception as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == "<snippet>"]
        return [*failure(error), lines[0] if lines else 0]
    return None


def _described(tf, value):
    if isinstance(value, (tf.Tensor, tf.Variable)):
        try:
            array = np.asarray(value.numpy())
        except Exception as error:
            return ["unreadable", type(error).__name__]
        listed = [v.decode() if isinstance(v, bytes) else v for v in array.reshape(-1).tolist()]
        if array.dtype.kind == "c":
            listed = [[c.real, c.imag] for c in listed]
        return [type(value).__name__.replace("EagerTensor", "Tensor").replace("ResourceVariable", "Variable"),
                value.dtype.name, list(array.shape), listed]  # fmt: skip
    if isinstance(value, (bool, int, float, str)):
        return ["python", repr(value)]
    if isinstance(value, (np.ndarray, np.generic)):
        return ["numpy", str(value.dtype), list(value.shape), value.tolist()]
    return None


def differences(want, got, exact=False):
    """What differs between two outcomes, in words."""
    found = []
    for part, (w, g) in enumerate(zip(want["errors"], got["errors"], strict=True)):
        found += [f"part {part}: {text}" for text in _error_differences(w, g, exact)]
    for name in {**want["state"], **got["state"]}:
        w, g = want["state"].get(name), got["state"].get(name)
        if w != g and not _close(w, g):
            found.append(f"{name} is {g}, expected {w}")
    return found


def _error_differences(want, got, exact):
    if want is None or got is None:
        return [] if want == got else [f"raised {got}, expected {want}"]
    if want[0] != got[0]:
        return [f"raised {got[0]} ({got[1][:200]}), expected {want[0]} ({want[1][:200]})"]
    if want[2] != got[2]:
        return [f"raised at line {got[2]}, expected {want[2]}"]
    if exact:
        return [] if want[1] == got[1] else [f"the message is {got[1]!r}, expected {want[1]!r}"]
    missing = [f for f in named(want[1]) if f not in re.sub(r"\s", "", got[1])]
    return [f"the message lacks {missing}: {got[1][:300]!r}, expected {want[1][:300]!r}"] if missing else []


def named(message):
    """What a message has to name whatever its wording: shapes, dtypes, the op."""
    ops = re.findall(r"\[Op:\w+\]", message)
    return [f.strip("()") if f.startswith("(") else f for f in fragments(message)] + ops


def _close(want, got):
    if not want or not got or want[:3] != got[:3] or want[0] not in ("Tensor", "Variable", "numpy") or len(want) < 4:
        return False
    try:
        arrays = [np.asarray(v[3], np_dtype(v[1]) if "complex" not in v[1] else np.float64) for v in (want, got)]
    except (TypeError, ValueError):
        return False
    dtype = want[1] if "complex" not in want[1] else "float64"
    return not array_differences(*arrays, dtype, tolerances.TOLERANCE.get(dtype, 0.0))


def record(tf):
    return {name: run(tf, source) for name, source in SNIPPETS.items()}


def check(fresh):
    """Lines that say how the recorded data differ from `fresh`, to the letter."""
    known = load()
    lines = [f"{name}: recorded, but not in the table" for name in known if name not in fresh]
    for name, outcome in fresh.items():
        outcome = json.loads(json.dumps(outcome))
        if name not in known:
            lines.append(f"{name}: not recorded")
        else:
            lines += [f"{name}: {text}" for text in differences(known[name], outcome, exact=True)]
    return lines


def dump(fresh):
    """Writes the data; nothing differs afterwards: an empty list."""
    lines = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in fresh.items()]
    DATA.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return []


def load():
    return json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
