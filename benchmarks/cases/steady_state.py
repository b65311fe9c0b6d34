"""The loops of the other cases, once each of their paths was seen twice: what is traced, compiled and kept then.

Counts, not times, and tfcompat's alone: no tracing, no new structure, at most one compile a path (a loop becomes hot at
some later step), and over the last steps no more live arrays, Python objects or traced bytes than before.
"""

import gc
import importlib
import tracemalloc

from goals import at_most
from measure import counters

TITLE = "every loop, once each of its paths was seen twice"
KIND = "counts"
ENGINES = ("tfcompat",)
# name: (case, part, paths, steps until each path was seen twice, steps after that)
LOOPS = {
    "linear regression": ("linear_regression", "", 1, 3, 3000),
    "MLP gradient": ("mlp_gradient", "", 1, 3, 3000),
    "MLP, SGD": ("mlp_optimizer", "SGD", 1, 3, 3000),
    "MLP, Adam": ("mlp_optimizer", "Adam", 1, 3, 3000),
    "corr2d": ("corr2d", "", 1, 3, 20),
    "tanh network": ("deep_network", "", 1, 3, 1000),
    "conv net": ("conv_net", "", 1, 3, 60),
    "DQN": ("dqn", "", 3, 210, 2000),
}
PARTS = tuple(LOOPS)
MEMORY_STEPS = 1000
GOALS = {}
for _name, (_case, _part, _paths, _seen, _steps) in LOOPS.items():
    GOALS[f"{_name}: traces"] = GOALS[f"{_name}: new structures"] = (at_most(0),)
    GOALS[f"{_name}: compiles"] = (at_most(_paths),)
    GOALS[f"{_name}: more live arrays"] = (at_most(0),)
    # A few objects and bytes come and go with the collector and the interpreter's own caches.
    GOALS[f"{_name}: more Python objects"] = (at_most(100),)
    GOALS[f"{_name}: more bytes"] = (at_most(20_000),)


def count(tf, name, quick, counts):
    case, part, _, seen, steps = LOOPS[name]
    step = importlib.import_module(f"cases.{case}").build(tf, part)
    for _ in range(seen):
        step()
    before = counters(tf)
    for _ in range(steps // 5 if quick else steps):
        step()
    after = counters(tf)
    counts[f"{name}: traces"] = after["traces"] - before["traces"]
    counts[f"{name}: new structures"] = after["structures"] - before["structures"]
    counts[f"{name}: compiles"] = sum(after[key] - before[key] for key in ("compiles", "cache_hits"))
    counts.update(grown(step, name, min(MEMORY_STEPS // 5 if quick else MEMORY_STEPS, steps)))


def grown(step, name, steps):
    """How much more there is after `steps` steps than before: arrays on JAX's devices, Python objects, traced bytes."""
    tracemalloc.start()
    for _ in range(max(2, steps // 10)):
        step()
    before = _census()
    for _ in range(steps):
        step()
    more = [b - a for a, b in zip(before, _census(), strict=True)]
    tracemalloc.stop()
    return dict(
        zip((f"{name}: more live arrays", f"{name}: more Python objects", f"{name}: more bytes"), more, strict=True)
    )


def _census():
    import jax

    gc.collect()
    return len(jax.live_arrays()), len(gc.get_objects()), tracemalloc.get_traced_memory()[0]
