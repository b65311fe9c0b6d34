"""What the engine did, and switches to change it: `tfcompat.debug`.

    tfcompat.debug.stats()      counters: ops recorded, traces, structures, runs interpreted and compiled, compiles
    tfcompat.debug.explain()    the last runs: why, where, how many ops, which tier and why
    tfcompat.debug.last_program()   the ops, jaxpr or HLO of a run
    with tfcompat.debug.trace(): ...          tapes note lines, loops and values, for:
    tfcompat.debug.draw(y, xs)  how the gradients of y are computed, as a picture; save(path) writes a page
    tfcompat.debug.graph(y, xs) the same as plain data
    with tfcompat.debug.no_reads(): ...       raises where something reads a value
    with tfcompat.debug.mode("sync"): ...     every op at once (also "deferred", "random", "compiled")
"""

import contextlib
import random as _random

import jax as _jax

from tfcompat._core import program as _program
from tfcompat._core.callsite import describe as _describe
from tfcompat._core.context import settings as _settings, state as _state
from tfcompat._core.segment import current as _current
from tfcompat._core.stats import runs as _runs, stats as _stats
from tfcompat._view.trace import trace as _trace

trace = _trace
MODES = ("deferred", "sync", "random", "compiled", "interpreted")


def stats():
    """Counters since the process started, as a dict of ints."""
    return _stats.as_dict()


@contextlib.contextmanager
def mode(name, seed=0):
    """A context in which this process runs in one of the engine's modes.

    Args:
      name: "deferred" (the default), "sync" (each op when it is called), "random" (segments are run after randomly
        chosen ops), "compiled" (every segment is compiled at once), "interpreted" (nothing is compiled).
      seed: of the choice in "random".

    Raises:
      ValueError: an unknown mode.
    """
    if name not in MODES:
        raise ValueError(f"Unknown mode {name!r}; known are {', '.join(MODES)}.")
    flush()
    saved = {slot: getattr(_settings, slot) for slot in _settings.__slots__}
    _settings.synchronous = name == "sync"
    _settings.random_cuts = _random.Random(seed) if name == "random" else None
    _settings.tier = name if name in ("compiled", "interpreted") else "auto"
    _settings.watchful = _settings.watchful or name in ("sync", "random")
    try:
        yield
        flush()
    finally:
        for slot, value in saved.items():
            setattr(_settings, slot, value)


def flush():
    """Runs what this thread has pending and looks at error flags; raises what failed."""
    segment = _current()
    segment.close("flush")
    segment.check_flags()


@contextlib.contextmanager
def no_reads():
    """A context in which reading a pending value raises RuntimeError: shows where a loop waits for results."""
    _state.no_reads += 1
    try:
        yield
    finally:
        _state.no_reads -= 1


def explain(last=20):
    """The last runs of segments as a table: why each was run, from which line, how, and what was new about it.

    Args:
      last: how many.
    """
    lines = [f"{'why':<14}{'ops':>6}{'outputs':>9}  {'tier':<12}{'compile ms':>11}  where; reason"]
    recent = list(_runs)[-last:]
    for run in recent:
        text = f"{_describe(run.site)}; {run.reason}"
        difference = _difference(run, recent) if run.tier == "interpreted" else ""
        lines.append(
            f"{run.why:<14}{run.nodes:>6}{run.outputs:>9}  {run.tier:<12}{run.compile_ms:>11.1f}  {text}{difference}"
        )
    return "\n".join(lines)


def _difference(run, recent):
    """How a cold run differs from the most similar structure of another run."""
    best, where = None, -1
    for other in recent:
        s = other.structure
        if s is None or run.structure is None or s is run.structure:
            continue
        same = 0
        for a, b, u, v in zip(run.structure.specs, s.specs, run.structure.wires, s.wires, strict=False):
            if a is not b or u != v:
                break
            same += 1
        if same > where:
            best, where = s, same
    if best is None or where <= 0:
        return ""
    mine = run.structure.specs[where] if where < len(run.structure.specs) else None
    theirs = best.specs[where] if where < len(best.specs) else None
    return f"; first difference to a known segment: op {where}: {_spec_text(mine)} instead of {_spec_text(theirs)}"


def _spec_text(spec):
    return "the end" if spec is None else f"{spec.name} -> {', '.join(map(repr, spec.avals))}"


def last_program(index=-1, form="ops"):
    """What a recent run computed, as text.

    Args:
      index: which run, as `explain()` lists them; only runs that computed something count.
      form: "ops" (the recorded ops, each with its inputs and jaxpr), "jaxpr" (all of them as one jaxpr), "stablehlo"
        (what XLA is given), "hlo" (what XLA made of it for this machine).

    Returns:
      The text; in "ops" the inputs `~k` are leaves, the others numbers of results.

    Raises:
      ValueError: an unknown form.
      IndexError: there is no such run.
    """
    structure = [run.structure for run in _runs if run.structure is not None][index]
    if form == "ops":
        ops = zip(structure.specs, structure.wires, strict=True)
        return "\n".join(f"{s.name}({', '.join(f'~{~w}' if w < 0 else str(w) for w in wire)}): {s.jaxpr}" for s, wire in ops)
    if form not in ("jaxpr", "stablehlo", "hlo"):
        raise ValueError(f"Unknown form {form!r}; known are ops, jaxpr, stablehlo, hlo.")
    structs = structure.leaf_structs()
    with _jax.enable_x64(True):
        if form == "jaxpr":
            return str(_jax.make_jaxpr(structure.evaluate)(structs))
        lowered = _jax.jit(structure.evaluate).lower(structs)
        return lowered.as_text() if form == "stablehlo" else lowered.compile().as_text()


def clear():
    """Forgets all recorded structures and compiled programs of this process."""
    flush()
    _program.clear()


def draw(target, sources, tape=None):
    """Draws how the gradients of `target` with regard to `sources` are computed; needs `pip install tfcompat[view]`.

    Args:
      target, sources: as for `tape.gradient`.
      tape: a GradientTape that holds the record; default: the one that has computed `target` inside
        `tfcompat.debug.trace()`, which also knows the user's lines, loops and all values.

    Returns:
      A drawing: shown by Jupyter and by `rich.print`, text in `str`, `save(path)` writes a page that needs nothing else.

    Raises:
      ValueError: there is no record.
    """
    from tfcompat._view.drawing import draw

    return draw(target, sources, tape)


def graph(target, sources, tape=None):
    """What `draw` shows, as plain data: a dict of nodes, steps of the reverse walk, and rules (jaxprs of pullbacks).

    See `draw` for the arguments.
    """
    return draw(target, sources, tape).graph
