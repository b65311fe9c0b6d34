"""Programs of the kind that notebooks are made of, and what they print: values, reprs, texts of errors.

They are in `printed/*.txt`: a line `### name`, and the source up to the next one. What is compared is all that goes to
stdout, texts to the letter but for what changes from run to run, numbers to four digits.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import random
import re
import sys
import tempfile
import traceback
import warnings

import numpy as np

from .compare import plain_differences

FOLDER = pathlib.Path(__file__).parent / "printed"
DATA = pathlib.Path(__file__).parent / "data" / "printed.json"


def programs() -> dict[str, str]:
    """The sources by "file: name"."""
    found = {}
    for path in sorted(FOLDER.glob("*.txt")):
        for part in re.split(r"^### ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            name, _, source = part.partition("\n")
            found[f"{path.stem}: {name}"] = source
    return found


@contextlib.contextmanager
def _captured(file):
    """What is written to stdout goes to `file`, by Python or not, in one order."""
    before, kept = sys.stdout, os.dup(1)
    before.flush()
    os.dup2(file.fileno(), 1)
    sys.stdout = open(1, "w", closefd=False, buffering=1, encoding="utf-8")
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout = before
        os.dup2(kept, 1)
        os.close(kept)


def run(tf, source) -> list[str]:
    """The lines that a program prints; the last one says how it ended where it failed."""
    source = source.replace("import tensorflow as tf", f"import {tf.__name__} as tf")
    if "keras" in source:
        tf.keras.backend.clear_session()  # numbers in names of layers
        tf.keras.utils.set_random_seed(7)
    for seed in (tf.random.set_seed, np.random.seed, random.seed):
        seed(7)
    ending = ""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        path = os.path.join(folder, "program.py")  # a file: AutoGraph reads sources
        pathlib.Path(path).write_text(source, encoding="utf-8")
        with _captured(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(compile(source, path, "exec"), {"__name__": "program"})
            except Exception as error:
                lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
                ending = f"ended with {type(error).__name__} at line {lines[0]}: {error}"
        printed.seek(0)
        return [line for line in _plain(printed.read() + ending).split("\n") if line]


_REPLACED = [
    (r"\{\{function_node [^}]*\}\} ?", ""),
    (r"0x[0-9a-f]+", "0x"),
    (r'File "[^"]*program.py"', 'File "program.py"'),
    (r"\b(tensorflow|tfcompat)(\.\w+)*\.(?=[A-Z_]\w*)", ""),
    (r"\bEagerTensor\b", "Tensor"),
    (r"\bResourceVariable\b", "Variable"),
    (r"(\[Op:\w+\])( name: ?[\w/]*)?", r"\1"),
    (r"; NodeDef: .*", ""),
    (r"'\{\{node [^}]*\}\} = (\w+)\[[^\n]*?'", r"'\1'"),
    (r"-?\d+\.\d*(e[-+]?\d+)?", lambda m: f"{0.0 if abs(float(m[0])) < 1e-6 else float(m[0]):.4g}"),
    (r"(?<=[\[(])[ \t]+|[ \t]+(?=[\])+]|$)", ""),
    (r"[ \t]+", " "),
]


def _plain(text):
    for pattern, by in _REPLACED:
        text = re.sub(pattern, by, text, flags=re.MULTILINE)
    return text


def differences(want, got):
    """The lines that differ, in words."""
    if len(want) != len(got):
        ours = next((i for i, (w, g) in enumerate(zip(want, got, strict=False)) if not _same(w, g)), min(len(want), len(got)))
        return [f"{len(got)} lines, expected {len(want)}; the first other one is {got[ours : ours + 1]}, expected {want[ours : ours + 1]}"]
    return [f"{g!r}, expected {w!r}" for w, g in zip(want, got, strict=True) if not _same(w, g)]


_NUMBER = re.compile(r"-?\b\d+(?:\.\d*)?(?:e[-+]?\d+)?")


def _same(want, got):
    """Whether two lines agree; numbers may differ in the fourth digit."""
    if want == got:
        return True
    if _NUMBER.sub("#", want) != _NUMBER.sub("#", got):
        return False
    pairs = zip(_NUMBER.findall(want), _NUMBER.findall(got), strict=True)
    return not any(plain_differences(float(w), float(g)) and abs(float(w) - float(g)) > 2e-3 * abs(float(w)) for w, g in pairs)


def record(tf):
    return {name: run(tf, source) for name, source in programs().items()}


def check(fresh):
    """Lines that say how the recorded data differ from `fresh`."""
    known = load()
    lines = [f"{name}: recorded, but there is no such program" for name in known if name not in fresh]
    for name, printed in fresh.items():
        lines += [f"{name}: {text}" for text in differences(known[name], printed)] if name in known else [f"{name}: not recorded"]
    return lines


def dump(fresh):
    """Writes the data; nothing differs afterwards: an empty list."""
    lines = [f"{json.dumps(name)}: {json.dumps(printed, ensure_ascii=False)}" for name, printed in fresh.items()]
    DATA.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return []


def load():
    return json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
