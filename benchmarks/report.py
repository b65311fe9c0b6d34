"""Tables of what was measured: plain and aligned, or Markdown."""

import json
import math
import os
import platform
import statistics

from engines import ENGINES

HEADINGS = ("benchmark", "tfcompat", "TensorFlow", "JAX by hand", "others", "goal", "reached", "met")


def rows(case, results):
    """The table rows of a case: one per time or count and goal. `results`: {engine: [what a child printed, ...]}."""
    if case.KIND == "counts":
        return count_rows(case, results)
    labels = {}  # in order of appearance; tfcompat's may be missing where it failed
    for kind in ("times", "counts"):
        for runs in results.values():
            for run in runs:
                labels.update(dict.fromkeys((kind, label) for label in run.get(kind, ())))
    table = []
    for kind, label in labels:
        goals = case.GOALS.get(label, case.GOALS.get("*", ()) if kind == "times" else ())
        if kind == "counts" and not goals:
            continue  # in the JSON file, for developers
        samples = {
            engine: [run[kind][label] for run in runs if label in run.get(kind, ())] for engine, runs in results.items()
        }
        samples = {engine: values for engine, values in samples.items() if values}
        show = spread if kind == "times" else count
        cells = {engine: show(values) for engine, values in samples.items()}
        cells |= {engine: "failed" for engine, runs in results.items() if runs and all("error" in run for run in runs)}
        others = [f"{ENGINES[e].label} {cells[e]}" for e in cells if e not in ("tfcompat", "tensorflow", "jax")]
        figures = [cells.get(engine, "-") for engine in ("tfcompat", "tensorflow", "jax")]
        figures += ["; ".join(others) or "-"]
        title = f"{case.TITLE}: {label}" if label else case.TITLE
        verdicts = [judge(goal, samples) for goal in goals] or [("-", "-", "-")]
        table.append((title, *figures, *verdicts[0]))
        table += [("", "", "", "", "", *verdict) for verdict in verdicts[1:]]
    if not table:  # nothing came back
        figures = ["failed" if results.get(engine) else "-" for engine in ("tfcompat", "tensorflow", "jax")]
        table.append((case.TITLE, *figures, "-", "-", "-", "-"))
    return table


def count_rows(case, results):
    """The table rows of a case of counts: one per loop, all of its counts in it."""
    counted = {}
    for run in results.get("tfcompat", ()):
        counted.update(run.get("counts", {}))
    table = []
    for loop, goals in case.GOALS.items():
        counts = counted.get(loop)
        if counts is None:
            table.append((f"{case.TITLE}: {loop}", "failed" if results.get("tfcompat") else "-", *"------"))
            continue
        missed = [name for name, goal in goals.items() if not goal.judge({"tfcompat": counts[name]})[1]]
        memory = [name for name in counts if name.startswith("more ")]
        shown = [name for name in counts if name not in memory or name in missed]
        figures = ", ".join(f"{counts[name]:,} {name}" for name in shown)
        figures += "" if any(name in missed for name in memory) else ", memory flat"
        goal = f"compiles {goals['compiles'].text}, others about 0"
        verdict = (goal, f"too many: {', '.join(missed)}", "NO") if missed else (goal, "-", "yes")
        table.append((f"{case.TITLE}: {loop}", figures, "-", "-", "-", *verdict))
    return table


def differences(results):
    """Lines about cases whose first step gave other values with another engine; `results`: {case: {engine: [...]}}."""
    for case, engines in results.items():
        reference = {}
        for engine, runs in engines.items():
            for run in runs:
                for part, numbers in run.get("values", {}).items():
                    other, expected = reference.setdefault(part, (engine, numbers))
                    close = len(numbers) == len(expected) and all(
                        math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-3) for a, b in zip(numbers, expected, strict=True)
                    )
                    if not close:
                        yield f"{case} {part}: {engine} and {other} give different values: {numbers}, {expected}"


def judge(goal, samples):
    medians = {engine: statistics.median(values) for engine, values in samples.items()}
    try:
        reached, met = goal.judge(medians)
    except KeyError:
        return goal.text, "-", "not measured"
    return goal.text, reached, "yes" if met else "NO"


def spread(values):
    """Median and range, in a unit that suits the median."""
    median = statistics.median(values)
    scale, unit = next((s, u) for s, u in ((1, "s"), (1e3, "ms"), (1e6, "µs")) if median * s >= 1 or u == "µs")
    text = f"{figure(median * scale)} {unit}"
    if len(values) > 1:
        text += f" ({figure(min(values) * scale)}-{figure(max(values) * scale)})"
    return text


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def count(values):
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{statistics.median(values):,g} ({low:,}-{high:,})"


def plain(table):
    widths = [max(len(row[i]) for row in (HEADINGS, *table)) for i in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    heading = "  ".join(cell.ljust(width) for cell, width in zip(HEADINGS, widths, strict=True)).rstrip()
    return "\n".join([heading, "-" * sum(widths, 2 * len(widths) - 2), *lines])


def markdown(table):
    """The table for a README: a row for each measurement; its goals, and further engines, are lines of a cell."""
    rows = []
    for title, ours, tensorflow, jax, others, goal, reached, met in table:
        verdict = f"{reached}, missed" if met == "NO" else met if reached == "-" else reached
        if not title:
            rows[-1][4:] = [f"{rows[-1][4]}<br>{goal}", f"{rows[-1][5]}<br>{verdict}"]
            continue
        given = [figure for figure in (tensorflow, *others.split("; ")) if figure != "-"]
        own = [figure for figure in given if figure.startswith(ENGINES["tfcompat"].label)]
        given = [figure for figure in given if figure not in own]
        rows.append([title, "<br>".join([ours, *own]), "<br>".join(given) or "-", jax, goal, verdict])
    headings = [heading for heading in HEADINGS if heading not in ("others", "met")]
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def machine(results):
    """One line: the machine and the versions of what was run on it. `results`: {case: {engine: [...]}}."""
    versions = {}
    for engines in results.values():
        for engine, runs in engines.items():
            for run in runs:
                shared = ("python", "keras", "numpy") if ENGINES[engine].is_tensorflow else ()
                for name, version in run.get("versions", {}).items():
                    versions[f"{name} (TensorFlow's)" if name in shared else name] = version
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    named = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    return f"{cpu()}, {cores} cores, {platform.system()}; {named}"


def cpu():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def save(path, results):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"machine": machine(results), "results": results}, file, indent=1)
