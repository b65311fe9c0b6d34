"""`tape.gradient` alone, nothing computed: a chain of 200 recorded ops, whose walk back records 300 gradient nodes.

Known: the tape has been walked before, and what that recorded is recorded as one node. New: what is known of walks is
forgotten before each of them.
"""

import statistics
import time

from goals import at_most_microseconds

TITLE = "the walk back over 200 recorded ops, 300 gradient nodes"
KIND = "process"
ENGINES = ("tfcompat",)
PARTS = ("known", "new")
OPS, GRADIENT_NODES = 200, 300  # a derivative for each op, a sum for each further use of the variable, the start
GOALS = {"*": (at_most_microseconds(3 * OPS + 2 * GRADIENT_NODES),)}


def measure(engine, part, result):
    import tfcompat as tf
    from tfcompat._core import folding

    w, x = tf.Variable([0.5, 1.5]), tf.constant([1.0, 2.0])
    samples = []
    for _ in range(300):
        if part == "new":
            folding.forget()
        with tf.GradientTape() as tape:
            y = x
            for _ in range(OPS // 2):
                y = tf.tanh(y * w)
        start = time.perf_counter()
        gradient = tape.gradient(y, w)
        samples.append(time.perf_counter() - start)
        gradient.numpy()
    result["times"][part] = statistics.median(samples[100:])
