"""Measures one case with one engine in this process, and prints the result as one line of JSON. `run.py` starts it.

What a case module has is described in README.md; `cases/mlp_gradient.py` is a plain example.
"""

import argparse
import contextlib
import gc
import importlib
import json
import os
import pathlib
import platform
import statistics
import sys
import time

import numpy as np
from engines import ENGINES

COUNTERS = ("traces", "structures", "interpreted", "compiled_runs", "compiles", "cache_hits", "donated")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--part", help="measure this part only")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    case = importlib.import_module(f"cases.{options.case}")
    parts = [options.part] if options.part is not None else list(case.PARTS)
    # What a case prints is part of what it does, but not of what is reported; kept, it would count as memory.
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        engine_mode(options.engine),
    ):
        result = KINDS[case.KIND](case, options.engine, parts, options.quick)
    print(json.dumps(result))
    sys.stdout.flush()
    # An engine's threads may take a second to stop; nothing that is measured here depends on a regular exit.
    os._exit(0)


def load(engine):
    """The module that a case of `engine` gets as `tf`, with its start-up (not its import) behind it; None for JAX.

    tfcompat's start-up is JAX's, which it leaves until something is compiled.
    """
    kind = ENGINES[engine]
    tf = None if kind.module is None else importlib.import_module(kind.module)
    if tf is not None:
        tf.zeros([]).numpy()
    if not kind.is_tensorflow:
        import jax

        jax.block_until_ready(jax.numpy.zeros(()))
    return tf


def engine_mode(engine):
    """The context in which `engine` is measured."""
    if ENGINES[engine].mode != "compiled":
        return contextlib.nullcontext()
    from tfcompat import debug

    return debug.mode("compiled")


def build(case, tf, engine, part):
    """The step function of a part of a case."""
    if tf is None:
        return case.build_jax(part)
    mode = ENGINES[engine].mode
    if mode in ("function", "xla"):
        return case.build(tf, part, lambda python: tf.function(python, jit_compile=mode == "xla"))
    return case.build(tf, part)


def measure_steady(case, engine, parts, quick):
    """Each part is called until it is hot, then timed call by call: the median is reported."""
    tf = load(engine)
    times, values = {}, {}
    for part in parts:
        step = build(case, tf, engine, part)
        values[part] = digest(step())
        gc.collect()
        times[part] = steady(step, quick) / getattr(case, "PER_CALL", 1)
    return {"times": times, "counts": {}, "values": values, "versions": versions(tf)}


def steady(step, quick):
    """Median seconds a call, once warm: 10,000 calls or 2 s are enough for every tier and cache."""
    deadline = time.perf_counter() + (0.7 if quick else 2.0)
    for done in range(10_000):
        if done >= 3 and time.perf_counter() > deadline:
            break
        step()
    samples = []
    deadline = time.perf_counter() + (0.3 if quick else 1.0)
    while len(samples) < 1000 and (len(samples) < 3 or time.perf_counter() < deadline):
        start = time.perf_counter()
        step()
        samples.append(time.perf_counter() - start)
    return statistics.median(samples)


def measure_cold(case, engine, parts, quick):
    """The first call of a part, and `STEPS` of them in one go, the first included; data and variables exist already."""
    tf = load(engine)
    times, counts, values = {}, {}, {}
    steps = case.QUICK_STEPS if quick else case.STEPS
    for part in parts:
        step = build(case, tf, engine, part)
        gc.collect()  # what start-up left behind takes 0.1 s, in the lap of whoever is next
        before = counters(tf)
        laps = [time.perf_counter()]
        for _ in range(steps):
            value = step()
            laps.append(time.perf_counter())
            if len(laps) == 2:
                first = value
        values[part] = digest(first)
        prefix = f"{part}, " if part else ""
        if case.SHOW_FIRST:
            times[f"{prefix}first call"] = laps[1] - laps[0]
        times[f"{prefix}{steps:,} {case.STEP_NAME}s"] = laps[-1] - laps[0]
        if before:
            counts.update({f"{prefix}{name}": value - before[name] for name, value in counters(tf).items()})
    laps = [round((b - a) * 1e3, 3) for a, b in zip(laps, laps[1:], strict=False)]
    return {"times": times, "counts": counts, "values": values, "versions": versions(tf), "laps_ms": laps[:200]}


def measure_process(case, engine, parts, quick):
    """The case starts processes of its own; this one imports no engine."""
    result = {"times": {}, "counts": {}, "versions": {}}
    for part in parts:
        case.measure(engine, part, result)
    return result


def measure_counts(case, engine, parts, quick):
    """The case counts what the engine does, instead of timing it."""
    tf = load(engine)
    result = {"times": {}, "counts": {}, "versions": versions(tf)}
    for part in parts:
        gc.collect()
        case.count(tf, part, quick, result["counts"])
    return result


KINDS = {"steady": measure_steady, "cold": measure_cold, "process": measure_process, "counts": measure_counts}


def counters(tf):
    """What tfcompat has counted so far; empty for other engines."""
    if tf is None or tf.__name__ != "tfcompat":
        return {}
    from tfcompat import debug

    stats = debug.stats()
    return {name: stats[name] for name in COUNTERS}


def digest(value):
    """A few numbers by which two engines' results of a first step can be compared; empty if it returned none."""
    if value is None:
        return []
    arrays = [np.asarray(array, "float64") for array in (value if isinstance(value, list | tuple) else [value])]
    return [number for array in arrays for number in (float(array.sum()), float(np.abs(array).sum()))]


def versions(tf):
    names = {"python": platform.python_version()}
    for module in ("jax", "keras", "numpy"):
        if module in sys.modules:
            names[module] = sys.modules[module].__version__
    if tf is not None and tf.__name__ == "tensorflow":
        names["tensorflow"] = tf.__version__
    return names


if __name__ == "__main__":
    # The cases print floats and repr strings in any script: the console's encoding must not matter.
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    main()
