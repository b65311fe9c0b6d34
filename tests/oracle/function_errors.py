"""What the refused cases of the tables raise inside of a tf.function: the exception's type, and when it comes."""

from __future__ import annotations

import pathlib

from . import cases, compare, harness, store

DATA = pathlib.Path(__file__).parent / "data" / "function_errors.tsv"
ACCEPTED = "nothing"


def refused(area):
    """The cases of an area that eager TensorFlow refuses, save those that merely lack a kernel."""
    recorded = store.load(area)
    return [case for case in cases.AREAS[area] if (want := recorded[case.id]).error and not compare.is_gap(want)]


def outcome(tf, case) -> str:
    """"recording ValueError", "running InvalidArgumentError" (an error of a call), or `ACCEPTED`.

    The tensors are arguments, all else is closed over.
    """
    args, kwargs, made = harness.inputs(tf, case)
    tensors = [t for spec, t in made if spec.kind == "tensor"]

    def body(*symbolic):
        result = harness.in_place(tf, case, args, kwargs, tensors, symbolic)
        return None if type(result).__name__ == "Operation" else result

    function, when = tf.function(body, autograph=False), "recording"
    try:
        function.get_concrete_function(*tensors)
        when = "running"
        function(*tensors)
    except Exception as error:
        return f"{when} {harness.failure(error)[0]}"
    return ACCEPTED


def record(tf) -> dict[str, str]:
    return {case.id: outcome(tf, case) for area in cases.AREAS for case in refused(area)}


def check(fresh) -> list[str]:
    """Lines that say how the recorded outcomes differ from `fresh`."""
    known = load()
    ids = dict.fromkeys([*fresh, *known])
    return [f"{i}: {fresh.get(i)} in a function, recorded is {known.get(i)}" for i in ids if fresh.get(i) != known.get(i)]


def dump(fresh) -> list[str]:
    DATA.write_text("".join([f"{name}\t{text}\n" for name, text in fresh.items()]), encoding="utf-8")
    return []


def load() -> dict[str, str]:
    """The recorded outcomes by case id."""
    return dict(line.split("\t") for line in DATA.read_text(encoding="utf-8").splitlines())
