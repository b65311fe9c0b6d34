"""``python -m tfcompat check``: what of TensorFlow a program uses, and what of that tfcompat does not have."""

import argparse
import collections
import json
import sys

from tfcompat.cli import sources, symbols

_DESCRIPTION = """\
Reads scripts, notebooks and folders, runs nothing, and says which names of TensorFlow they use that tfcompat does not
have, or has with deviations, with file and line.

  python -m tfcompat check train.py
  python -m tfcompat check . --json > report.json
  python -m tfcompat check src notebooks --quiet || echo "not all of it runs"
"""
_EPILOG = """\
Names are followed through imports ("import tensorflow as tf", "from tensorflow.keras import layers as L", ...) and
plain assignments. What a program does with the values it gets, methods of tensors for instance, cannot be seen.

missing: TensorFlow has it, tfcompat does not.   deviates: it is there and its docstring says what is different.
unknown: TensorFlow 2.21 does not have it.       private: tensorflow.python and the like, no public API.

Exit status: 0 if all is there, 1 if something is missing, unknown, private or cannot be read, 2 for a wrong command.
"""
_UNREADABLE = "unreadable"
_PROGRESS_EVERY = 20


def main(arguments):
    """Does what ``python -m tfcompat check *arguments`` asks for; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tfcompat check",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a script, a notebook or a folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object: problems, symbols, summary")
    parser.add_argument("--quiet", action="store_true", help="print the summary only")
    options = parser.parse_args(arguments)
    try:
        files = list(sources.find(options.paths))
    except FileNotFoundError as error:
        print(f"python -m tfcompat check: no such file or folder: {error}", file=sys.stderr)
        return 2
    report = check(files, _progress if sys.stderr.isatty() else None)
    print(json.dumps(report, indent=1) if options.json else _text(report, options.quiet))
    return 1 if report["summary"]["failing"] else 0


def check(files, progress=None):
    """Checks files without running them.

    Args:
      files: paths of scripts and notebooks.
      progress: called with (files done, files in all) now and then.

    Returns:
      A dict: "problems", one for each use of a name that is not simply there (file, cell, line, column, symbol, status,
      note); "symbols", every name used, with its status and number of uses; "summary", the numbers of files, symbols
      and problems by status, "failing" being how many problems make the exit status 1.
    """
    problems, counts, known, with_tensorflow = [], collections.Counter(), {}, 0
    for done, path in enumerate(files, 1):
        unreadable = []
        found = sources.uses(path, unreadable.append)
        problems += [_problem(path, e.cell, e.line, 0, "", _UNREADABLE, str(e)) for e in unreadable]
        with_tensorflow += bool(found)
        for use in found:
            what = symbols.standing(use.symbol)
            if what.status == symbols.SUPPORTED and use.imported and what.is_module:
                continue  # that a namespace is imported says nothing about what is used of it
            counts[what.symbol] += 1
            known[what.symbol] = what
            if what.status != symbols.SUPPORTED:
                problems.append(_problem(path, use.cell, use.line, use.column, what.symbol, what.status, what.note))
        if progress and (done % _PROGRESS_EVERY == 0 or done == len(files)):
            progress(done, len(files))
    by_status = collections.Counter(what.status for what in known.values())
    return {
        "problems": problems,
        "symbols": {
            f"tf.{symbol}": {"status": known[symbol].status, "uses": counts[symbol], "note": known[symbol].note}
            for symbol in sorted(counts, key=lambda s: (-counts[s], s))
        },
        "summary": {
            "files": len(files),
            "files_with_tensorflow": with_tensorflow,
            "symbols": len(known),
            "uses": sum(counts.values()),
            **{status: by_status[status] for status in (symbols.SUPPORTED, symbols.DEVIATES, *symbols.FAILING)},
            _UNREADABLE: sum(p["status"] == _UNREADABLE for p in problems),
            "failing": sum(p["status"] != symbols.DEVIATES for p in problems),
        },
    }


def _problem(path, cell, line, column, symbol, status, note):
    name = f"tf.{symbol}" if symbol else ""
    problem = {"file": path, "line": line, "column": column, "symbol": name, "status": status, "note": note}
    return problem if cell is None else {**problem, "cell": cell}


def _text(report, quiet):
    lines = []
    if not quiet:
        for p in report["problems"]:
            cell = f":cell {p['cell']}" if "cell" in p else ""
            note = p["note"] if p["status"] != symbols.DEVIATES else f"{p['symbol']} deviates: {p['note']}"
            lines.append(f"{p['file']}{cell}:{p['line']}:{p['column']}: {note}")
    lines += [""] if lines else []
    s = report["summary"]
    for status in (*symbols.FAILING, symbols.DEVIATES):
        named = [f"{name} ({v['uses']})" for name, v in report["symbols"].items() if v["status"] == status]
        lines += [f"{status} ({len(named)}): {', '.join(named)}"] if named else []
    lines.append(
        f"{s['files']} files, {s['files_with_tensorflow']} with TensorFlow, {s['symbols']} of its names: "
        f"{s['supported']} supported, {s['deviates']} deviate, {s['missing']} missing, {s['unknown']} unknown, "
        f"{s['private']} private" + (f"; {s[_UNREADABLE]} files or cells cannot be read" if s[_UNREADABLE] else "")
    )
    return "\n".join(lines)


def _progress(done, total):
    end = "\n" if done == total else ""
    print(f"\r{done} of {total} files", end=end, file=sys.stderr, flush=True)
