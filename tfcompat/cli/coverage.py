"""``python -m tfcompat coverage``: how much of TensorFlow's public names there is, counted from the code and the tests."""

import argparse
import importlib
import json
import pathlib
import re
import sys
from types import ModuleType

import tfcompat
from tfcompat import _unsupported

_DESCRIPTION = """\
Counts the public names of TensorFlow 2.21 by namespace: those that tfcompat has, those of them that tests compare with
results recorded from TensorFlow, and those that are missing. Aliases count in each namespace that has them.
"""
_EPILOG = """\
"tested" is counted from the case tables and programs in the repository's tests/oracle; in an installation without the
tests it is not known. tf.keras, tf.losses, tf.metrics, tf.optimizers and tf.initializers are Keras itself and not
counted, nor are members of classes.
"""
_TESTS = pathlib.Path(tfcompat.__file__).resolve().parent.parent / "tests"
_LEFT_OUT = ("compat.v1", "raw_ops")  # thousands of names that no TensorFlow 2 code uses; counted with --all
_NAME = re.compile(r"\btf((?:\.[A-Za-z_]\w*)+)")


def main(arguments):
    """Does what ``python -m tfcompat coverage *arguments`` asks for; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tfcompat coverage",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("namespaces", nargs="*", metavar="NAMESPACE", help='such as "math": lists its missing names, too')
    parser.add_argument("--json", action="store_true", help="print one JSON object, with all names")
    parser.add_argument("--all", action="store_true", help="count tf.compat.v1 and tf.raw_ops, too")
    options = parser.parse_args(arguments)
    wanted = {name.removeprefix("tf").removeprefix(".") for name in options.namespaces}
    unknown = wanted - set(_unsupported.names())
    if unknown:
        print(f"python -m tfcompat coverage: no such namespace: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    report = coverage(options.all or any(name.startswith(_LEFT_OUT) for name in wanted))
    if wanted:
        report = {name: counted for name, counted in report.items() if name.removeprefix("tf").lstrip(".") in wanted}
    print(json.dumps(report, indent=1) if options.json else _text(report, bool(wanted)))
    return 0


def coverage(everything=False):
    """Where each public name of TensorFlow stands.

    Args:
      everything: include tf.compat.v1 and tf.raw_ops.

    Returns:
      namespace ("tf.math") -> {"present": names, "tested": names or None, "missing": names}.
    """
    tested = tested_objects()
    report = {}
    for path, names in sorted(_unsupported.names().items()):
        if path.endswith("()") or not everything and path.startswith(_LEFT_OUT):
            continue
        present, known = [], []
        names = sorted(name for name in names if f"{path}.{name}".lstrip(".") not in _unsupported.names())
        for name in names:
            try:
                found = find(f"{path}.{name}".lstrip("."))
            except AttributeError:
                continue
            present.append(name)
            if tested is not None and id(found) in tested:
                known.append(name)
        if not names:
            continue
        report[f"tf.{path}".rstrip(".")] = {
            "present": present,
            "tested": None if tested is None else known,
            "missing": [name for name in names if name not in present],
        }
    return report


def find(symbol):
    """The object of a dotted name. Raises AttributeError where tfcompat has none."""
    found = tfcompat
    for name in symbol.split("."):
        found = getattr(found, name)
    return found


def tested_objects():
    """id -> object of everything that tests/oracle records and compares; None where the tests are not at hand."""
    if not (_TESTS / "oracle").is_dir():
        return None
    sys.path.insert(0, str(_TESTS))
    try:
        cases = importlib.import_module("oracle.cases")
    finally:
        sys.path.remove(str(_TESTS))
    symbols = set()
    for area in cases.AREAS.values():
        for case in area:
            symbols.update(match.lstrip(".") for match in _NAME.findall(case.op))
    for path in (_TESTS / "oracle").rglob("*.py"):
        symbols.update(match.lstrip(".") for match in _NAME.findall(path.read_text(encoding="utf-8")))
    found = {}
    for symbol in symbols:
        value, path = tfcompat, ""
        for name in symbol.split("."):
            path = f"{path}.{name}".lstrip(".")
            if not isinstance(value, ModuleType) or not _unsupported.is_listed(path):
                break  # a member of a class or a value, or Keras's
            value = getattr(value, name, None)
        found[id(value)] = value
    return found


def _text(report, with_names):
    rows = [("namespace", "names", "present", "tested", "missing")]
    totals = [0, 0, 0, 0]
    for namespace, counted in report.items():
        present, tested, missing = counted["present"], counted["tested"], counted["missing"]
        numbers = [len(present) + len(missing), len(present), len(tested or ()), len(missing)]
        totals = [a + b for a, b in zip(totals, numbers, strict=True)]
        rows.append((namespace, *map(str, numbers[:2]), "-" if tested is None else str(numbers[2]), str(numbers[3])))
    rows.append(("total", *map(str, totals)))
    width = max(len(row[0]) for row in rows)
    lines = [f"{row[0]:{width}}" + "".join(f"{cell:>9}" for cell in row[1:]) for row in rows]
    if with_names:
        for namespace, counted in report.items():
            untested = sorted(set(counted["present"]) - set(counted["tested"] or counted["present"]))
            for kind, names in (("missing", counted["missing"]), ("untested", untested)):
                lines += ["", f"{namespace}, {kind}: {' '.join(names)}"] if names else []
    return "\n".join(lines)
