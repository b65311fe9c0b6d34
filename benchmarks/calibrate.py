#!/usr/bin/env python3
"""Measures the static costs by which the engine decides when to compile, and prints them as constants.

  python benchmarks/calibrate.py

What a segment costs is counted, not timed, so that the same script compiles at the same run in every process. The
constants are in `tfcompat/_core/costs.py`; they need to be right to a factor of two. Run it while the machine does
nothing else.
"""

import os
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ["TFCOMPAT_CACHE_DIR"] = "off"

import tfcompat as tf
from tfcompat import debug


def chain(op, length, first):
    """A function that runs `length` ops one after the other and reads the last result."""

    def step():
        y = first
        for _ in range(length):
            y = op(y)
        return y.numpy()

    return step


def seconds(step, mode, repeats=2000):
    """Least seconds of a call in a mode of the engine: what else goes on can only add to it."""
    with debug.mode(mode):
        for _ in range(min(50, repeats)):
            step()
        samples = []
        for _ in range(repeats):
            start = time.perf_counter()
            step()
            samples.append(time.perf_counter() - start)
    return min(samples)


def slope(points):
    """(value at 0, increase) of the line through the first and last of (x, y) points."""
    (x0, y0), *_, (x1, y1) = points
    rise = (y1 - y0) / (x1 - x0)
    return y0 - rise * x0, rise


def running_costs():
    """Seconds of a compiled call without its ops, and of one interpreted equation on small arrays."""
    small = tf.constant(np.full((8, 8), 0.5, "float32"))
    other = tf.constant(np.full((8, 8), 0.01, "float32"))
    interpreted, compiled = [], []
    for length in (40, 120):  # long enough that XLA hands the program to its own threads
        step = chain(lambda y: y + other, length, small)
        interpreted.append((length, seconds(step, "interpreted")))
        compiled.append((length, seconds(step, "compiled")))
    (base, equation), (call, each) = slope(interpreted), slope(compiled)
    return call - base, equation - each


def output_cost():
    """Seconds more that a compiled call takes for each result that is kept, as far as interpreting takes none."""
    small = tf.constant(np.full((8, 8), 0.5, "float32"))
    other = tf.constant(np.full((8, 8), 0.01, "float32"))
    more = {}
    for mode in ("interpreted", "compiled"):
        kept = []

        def keep(y, kept=kept):
            kept.append(y + other)
            return kept[-1]

        def step(kept=kept, keep=keep):
            value = chain(keep, 100, small)()
            kept.clear()
            return value

        alone = seconds(chain(lambda y: y + other, 100, small), mode)
        more[mode] = (seconds(step, mode) - alone) / 99
        debug.clear()
    return more["compiled"] - more["interpreted"]


def bandwidth():
    """Bytes of results a second that interpreting loses: each equation passes through memory."""
    length = 10
    large = tf.constant(np.full((1024, 1024), 0.5, "float32"))
    step = chain(lambda y: y * large, length, large)
    lost = seconds(step, "interpreted", 20) - seconds(step, "compiled", 20)
    return length * large.numpy().nbytes / lost


def compile_seconds(op, length, first):
    """Seconds of the first compiled call of a chain, without what tracing its ops takes."""
    samples = []
    for _ in range(4):
        debug.clear()
        with debug.mode("compiled"):
            start = time.perf_counter()
            chain(op, length, first)()
            samples.append(time.perf_counter() - start)
    return min(samples)


def compile_costs():
    """Seconds to compile an empty program, more for each equation that fuses with others, and for each that does not."""
    small = tf.constant(np.full((8, 8), 0.5, "float32"))
    base, fused = slope([(n, compile_seconds(lambda y: tf.tanh(y) + 0.5, n, small)) for n in (5, 50)])
    _, product = slope([(n, compile_seconds(lambda y: tf.tanh(y @ small) + 0.5, n, small)) for n in (5, 50)])
    _, reduced = slope(
        [(n, compile_seconds(lambda y: y * tf.reduce_sum(y, 1, keepdims=True) + 0.5, n, small)) for n in (5, 50)]
    )
    return base, fused / 2, (product + reduced - 2 * fused) / 2


def main():
    dispatch, equation = running_costs()
    base, fused, kernel = compile_costs()
    print(f"DISPATCH = {dispatch * 1e6:.3g}e-6")
    print(f"OUTPUT = {output_cost() * 1e6:.3g}e-6")
    print(f"EQUATION = {equation * 1e6:.3g}e-6")
    print(f"BANDWIDTH = {bandwidth() / 1e9:.3g}e9")
    print(f"COMPILE_BASE = {base * 1e3:.3g}e-3")
    print(f"COMPILE_FUSED = {fused * 1e3:.3g}e-3")
    print(f"COMPILE_KERNEL = {kernel * 1e3:.3g}e-3")


if __name__ == "__main__":
    main()
