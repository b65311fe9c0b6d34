#!/usr/bin/env python3
"""Runs the benchmarks: tfcompat, hand-written JAX and, if given, TensorFlow side by side, and prints a table.

python benchmarks/run.py                                      everything, without TensorFlow
python benchmarks/run.py --tensorflow ~/tf/bin/python         with the TensorFlow of another environment
python benchmarks/run.py mlp_gradient dqn --quick             two of them, shorter
"""

import argparse
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import cases
import report
from engines import ENGINES, environment

HERE = pathlib.Path(__file__).resolve().parent


def main():
    options = _parse()
    modules = {name: importlib.import_module(f"cases.{name}") for name in options.names or cases.NAMES}
    results = {name: {} for name in modules}
    for name, case in modules.items():
        engines = [engine for engine in case.ENGINES if _wanted(engine, options)]
        results[name] = {engine: [] for engine in engines}
        for repeat in range(_repeats(case, options)):
            for engine in engines:  # one after the other, not engine by engine: noise hits all of them alike
                _progress(f"{name}: {engine}, run {repeat + 1}")
                results[name][engine] += _measure(name, case, engine, options)
    _progress("")
    table = [row for name, case in modules.items() for row in report.rows(case, results[name])]
    print(report.markdown(table) if options.markdown else report.plain(table))
    print(f"\n{report.machine(results)}")
    print("Medians of the repeated runs, with their range. Lower is better.")
    if options.json:
        report.save(options.json, results)
    errors = list(report.differences(results))
    errors += [
        run["error"] for engines in results.values() for runs in engines.values() for run in runs if "error" in run
    ]
    for error in dict.fromkeys(errors):
        print(f"\n{error}", file=sys.stderr)
    return 1 if errors or (options.check and any(row[-1] == "NO" for row in table)) else 0


def _parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which benchmarks: {', '.join(cases.NAMES)}")
    parser.add_argument("--tensorflow", metavar="PYTHON", help="the python of an environment that has TensorFlow")
    parser.add_argument("--engines", help=f"only these, separated by commas: {', '.join(ENGINES)}")
    parser.add_argument("--repeat", type=int, metavar="N", help="runs of each engine (3; those in a cold process 5)")
    parser.add_argument("--quick", action="store_true", help="one run of each, and shorter")
    parser.add_argument("--json", metavar="FILE", help="save every figure here")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--check", action="store_true", help="exit status 1 if a goal was missed")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in cases.NAMES]
    unknown += [name for name in (options.engines or "").split(",") if name and name not in ENGINES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    return options


def _wanted(engine, options):
    if options.engines and engine not in options.engines.split(","):
        return False
    return options.tensorflow is not None or not ENGINES[engine].is_tensorflow


def _repeats(case, options):
    if options.repeat:
        return options.repeat
    if options.quick or case.KIND == "counts":
        return 1
    return 5 if case.KIND in ("cold", "process") else 3


def _measure(name, case, engine, options):
    """The results of one run; a case that is cold, or counts, has a process for each of its parts."""
    if case.KIND not in ("cold", "counts"):
        return [_child(name, engine, None, options)]
    return [_child(name, engine, part, options) for part in case.PARTS]


def _child(name, engine, part, options):
    python = options.tensorflow if ENGINES[engine].is_tensorflow else sys.executable
    command = [python, str(HERE / "measure.py"), name, engine]
    command += [] if part is None else [f"--part={part}"]
    command += ["--quick"] if options.quick else []
    with tempfile.TemporaryDirectory(prefix="benchmark-") as cache:
        try:
            done = subprocess.run(
                command,
                env=environment(engine, cache),
                cwd=cache,
                text=True,
                encoding="utf-8",
                capture_output=True,
                timeout=900,
            )
        except subprocess.TimeoutExpired:
            return {"error": f"{name}, {engine}: no result after 15 minutes"}
    if done.returncode:
        return {
            "error": f"{name}, {engine}, part {part!r}: exit status {done.returncode}\n{done.stderr.strip()[-3000:]}"
        }
    return json.loads(done.stdout.splitlines()[-1])


def _progress(text):
    if sys.stderr.isatty() or os.environ.get("BENCHMARK_PROGRESS"):
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
