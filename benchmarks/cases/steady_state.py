"""The loops of the other cases, once each of their paths was seen twice: what is traced, compiled and kept then.

Counts, not times, and tfcompat's alone: no tracing, no new structure, at most one compile a path (a loop becomes hot at
some later step), and over the last steps no more live arrays, Python objects or traced bytes than before.
"""

import gc
import importlib
import sys
import tracemalloc

from goals import at_most
from measure import counters

TITLE = "once each path was seen twice"
KIND = "counts"
ENGINES = ("tfcompat",)
# loop: (case, part, paths, steps until each path was seen twice, steps after that, steps over which memory is flat)
LOOPS = {
    "linear regression": ("linear_regression", "", 1, 3, 3000, 1000),
    "MLP gradient": ("mlp_gradient", "", 1, 3, 2000, 1000),
    "MLP with SGD": ("mlp_optimizer", "SGD", 1, 3, 2000, 1000),
    "MLP with Adam": ("mlp_optimizer", "Adam", 1, 3, 1000, 1000),
    "corr2d": ("corr2d", "", 1, 3, 20, 20),
    "tanh network": ("deep_network", "", 1, 3, 3000, 1000),
    "conv net": ("conv_net", "", 1, 3, 50, 100),
    "DQN": ("dqn", "", 3, 210, 2000, 1000),
    "DQN with Adam": ("dqn", "Adam of Keras", 3, 210, 1000, 1000),
}
PARTS = tuple(LOOPS)
# A few objects and bytes come and go with the collector and with Python's own caches.
GOALS = {
    loop: {
        "traces": at_most(0),
        "new structures": at_most(0),
        "compiles": at_most(paths),
        "more live arrays": at_most(0),
        "more objects": at_most(100),
        "more bytes": at_most(20_000),
    }
    for loop, (_, _, paths, *_) in LOOPS.items()
}


def count(tf, loop, quick, counts):
    case, part, _, seen, steps, flat = LOOPS[loop]
    step = importlib.import_module(f"cases.{case}").build(tf, part)
    repeat(step, seen)
    before = counters(tf)
    repeat(step, steps // 2 if quick else steps)
    more = grown(tf, step, flat // 4 if quick else flat)
    after = counters(tf)
    counts[loop] = {
        "traces": after["traces"] - before["traces"],
        "new structures": after["structures"] - before["structures"],
        "compiles": after["compiles"] - before["compiles"],
        **more,
    }


def repeat(step, times):
    for _ in range(times):
        step()


def grown(tf, step, steps):
    """How much more there is after `steps` steps than before: arrays on JAX's devices, Python objects, traced bytes.

    What grows, grows in every stretch of so many steps; what is filled once (a log of the last runs, what JAX has yet to
    release) is in one of them. So of two stretches the smaller growth counts, of each kind by itself. A stretch in which
    the loop becomes hot does not count: its program is what is more.
    """
    names = ("more live arrays", "more objects", "more bytes")
    stretches, quiet = [], []
    tracemalloc.start()
    repeat(step, min(steps, 300))
    while len(quiet) < 2 and len(stretches) < 6:
        compiles, before = counters(tf)["compiles"], _census()
        repeat(step, steps)
        stretches.append([b - a for a, b in zip(before, _census(), strict=True)])
        if counters(tf)["compiles"] == compiles:
            quiet.append(stretches[-1])
    tracemalloc.stop()
    return {name: min(more) for name, *more in zip(names, *(quiet or stretches), strict=True)}


def _census():
    import jax

    sys.stdout.flush()  # lines that wait to be written are objects, too: 15 kB for 100 of them
    gc.collect()
    return len(jax.live_arrays()), len(gc.get_objects()), tracemalloc.get_traced_memory()[0]
