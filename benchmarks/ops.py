#!/usr/bin/env python3
"""The hundred most used ops, one by one: tfcompat, jax.jit of the same and, if given, TensorFlow side by side.

  python benchmarks/ops.py                                          without TensorFlow
  python benchmarks/ops.py --tensorflow ~/tf/bin/python             with the TensorFlow of another environment
  python benchmarks/ops.py tf.sort "tf.reduce" --kinds large        ops whose name contains one of these, large inputs only
  python benchmarks/ops.py --idioms --kinds large,largest           lines of programs instead: formulas, slices, losses, gradients

small   µs of one op on small inputs: a hundred calls, a chain where the result fits the first input, else all results
        kept, and a read of the last one, divided by a hundred
alone   µs of one call on small inputs with the read of its result
large   ms of one call on 2e6 elements (matrices for linear algebra 1000x1000), hot; tfcompat and JAX in one process, on
        the same arrays, by short turns
largest the same on 8e6 elements (matrices 2000x2000)
first   ms of the first call in a process, with its read, and of the first calls on two more sets of shapes

Each engine is one process (for `first` another one) that is asked op by op, three times in turn, so that noise hits all of them
alike; a figure is the median of the three. On large inputs two processes differ for as long as they live, by up to a half with
the same program on the same numbers, so there JAX has its turns beside tfcompat: three calls that count after two that do not,
each result let go before the next call, the inputs the same memory, and both wait for the result. Where an array lies decides
for a process, too, which of the two is faster: there are three of them, and the one with the middle ratio counts.
"""

import argparse
import contextlib
import functools
import importlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import idiom_table
import numpy as np
import op_table
import report
from engines import ENGINES, environment
from measure import load, versions

KINDS = ("small", "alone", "large", "largest", "first")
LARGE = ("large", "largest")  # where JAX is measured beside tfcompat, in its processes
CALLS = 100
ROUNDS = 3
PROCESSES = {kind: {"tfcompat": ROUNDS, "jax": 0} if kind in LARGE else {} for kind in KINDS}  # of an engine, where it is not one
NAMES = ("tfcompat", "tensorflow", "jax")


def main():
    options = parse()
    if options.child:
        return serve(options.child)
    engines = [name for name in NAMES if options.tensorflow or not ENGINES[name].is_tensorflow]
    table_of = idiom_table.IDIOMS if options.idioms else op_table.OPS
    symbols = [s for s in table_of if not options.names or any(part in s for part in options.names)]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as cache, contextlib.ExitStack() as stack:
        table = {kind: {} for kind in options.kinds}
        children = {}
        for kind in options.kinds:
            for engine in engines:
                if kind == "first":
                    children[engine] = []
                while len(children.setdefault(engine, [])) < PROCESSES[kind].get(engine, 1):
                    children[engine].append(stack.enter_context(Child(engine, options, cache)))
            for symbol in symbols:
                table[kind][symbol] = compare(kind, symbol, engines, children, options.quick)
                show(kind, symbol, table[kind][symbol])
        found = {"ops": {engine: [{"versions": made[0].versions}] for engine, made in children.items() if made}}
    missed = [line for kind in options.kinds for line in summary(kind, table[kind])]
    print(*missed, sep="\n")
    print(f"\n{report.machine(found)}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(table, indent=1), encoding="utf-8")
    return 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="ops whose name contains one of these")
    parser.add_argument("--tensorflow", metavar="PYTHON", help="the python of an environment that has TensorFlow")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=KINDS, help=", ".join(KINDS))
    parser.add_argument("--idioms", action="store_true", help="lines of programs instead of single ops")
    parser.add_argument("--quick", action="store_true", help="shorter measurements")
    parser.add_argument("--json", metavar="FILE", help="save every figure here")
    parser.add_argument("--child", choices=NAMES, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(kind, symbol, engines, children, quick):
    """{engine: what it measured of one op}, or what went wrong."""
    rounds = []
    for k in range(1 if kind == "first" else ROUNDS):
        rounds.append({})
        for engine in engines:
            if engine == "jax" and kind == "first":
                continue  # to compile each is not what anybody would compare a first call with
            count = PROCESSES[kind].get(engine, 1)
            if count:
                rounds[-1] |= children[engine][k % count].ask(kind, symbol, quick)
    found = {engine: [results[engine] for results in rounds] for engine in rounds[0]}
    if kind in LARGE and "jax" in found and all(isinstance(r[e], float) for r in rounds for e in ("tfcompat", "jax")):
        middle = sorted(rounds, key=lambda results: results["tfcompat"] / results["jax"])[len(rounds) // 2]
        found |= {engine: [middle[engine]] for engine in ("tfcompat", "jax")}
    return {
        engine: statistics.median(results) if all(isinstance(r, float) for r in results) else results[0]
        for engine, results in found.items()
    }


class Child:
    """A process with one engine that measures what it is asked."""

    def __init__(self, engine, options, cache):
        python = options.tensorflow if ENGINES[engine].is_tensorflow else sys.executable
        self.process = subprocess.Popen(
            [python, __file__, "--child", engine],
            env=environment(engine, cache),
            cwd=cache,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.versions = json.loads(self.process.stdout.readline())

    def ask(self, *question):
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def serve(engine):
    tf = load(engine)
    answers, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps(versions(tf)), file=answers, flush=True)
    for line in sys.stdin:
        kind, symbol, quick = json.loads(line)
        try:
            if kind == "first":
                answer = {engine: first(Subject(tf, symbol))}
            else:
                steps = ready(engine, tf, kind, symbol, quick)
                answer = {name: seconds * STEPS[kind][2] for name, seconds in timed(steps, quick).items()}
        except NotOffered:
            answer = {}
        except Exception as error:  # noqa: BLE001 - a line of the table says what went wrong
            answer = {engine: f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), file=answers, flush=True)
    answers.flush()
    os._exit(0)  # an engine's threads may take a second to stop


class NotOffered(Exception):
    """There is nothing of the kind to compare with in JAX."""


class Subject:
    """One op with one engine."""

    def __init__(self, tf, symbol):
        self.tf, self.symbol = tf, symbol
        self.expression = (op_table.OPS | idiom_table.IDIOMS)[symbol][tf is None]
        if self.expression is None:
            raise NotOffered

    def inputs(self, size):
        """({name: tensor}, {name: number or NumPy array}) of the expression."""
        names = set(re.findall(r"[a-z_0-9]+", self.expression))
        values = {name: value for name, value in op_table.inputs(size).items() if name in names}
        fixed = {name: value for name, value in values.items() if isinstance(value, int) or name == "host"}
        if self.tf is None:
            import jax.numpy as jnp

            convert = jnp.asarray
        else:
            convert = self.tf.constant
        return {name: convert(value) for name, value in values.items() if name not in fixed}, fixed

    def function(self, fixed, arguments, repeat=1):
        """The expression as a function of its tensors: called once, or `repeat` times, as a chain where it fits."""
        names = ", ".join(arguments)
        scope = dict(fixed, tf=self.tf, gradient=self.gradient)
        if self.tf is None:
            import jax
            import jax.numpy as jnp

            scope |= {"jax": jax, "jnp": jnp}
        once = eval(f"lambda {names}: {self.expression}", scope)
        if repeat == 1:
            return self.compiled(once)
        result = once(*arguments.values())
        first = next(iter(arguments.values()), None)
        chain = not isinstance(result, list | tuple) and all(
            getattr(result, name) == getattr(first, name, None) for name in ("shape", "dtype")
        )

        def many(first=None, *rest):
            if chain:
                for _ in range(repeat):
                    first = once(first, *rest)
                return first
            arguments = () if first is None else (first, *rest)
            return [once(*arguments) for _ in range(repeat)]

        return self.compiled(many)

    def gradient(self, function, at):
        with self.tf.GradientTape() as tape:
            tape.watch(at)
            result = function(at)
        return self.tf.convert_to_tensor(tape.gradient(result, at))

    def compiled(self, function):
        if self.tf is not None:
            return function
        import jax

        return jax.jit(function)

    def read(self, result):
        """Reads one array of a result: of a list the last one."""
        while isinstance(result, list | tuple):
            result = result[-1]
        return np.asarray(result) if self.tf is None else result.numpy()

    def wait(self):
        """A function that waits for all of a result, without a copy of it."""
        if self.tf is None:
            return importlib.import_module("jax").block_until_ready
        if self.tf.__name__ == "tfcompat":
            return importlib.import_module("tfcompat.interop").block_until_ready
        return lambda result: None  # TensorFlow's eager kernels have run when the call returns


def warm_up(step, quick):
    """Calls it at least 20 times, and for a while."""
    deadline = time.perf_counter() + (0.4 / 3 if quick else 0.4)
    done = 0
    while done < 20 or time.perf_counter() < deadline:
        step()
        done += 1
        if done >= 5 and time.perf_counter() > deadline + 3:
            break


def timed(steps, quick):
    """{name: median seconds of a call of a step}, by turns of a few calls where there are two."""
    samples = {name: [] for name in steps}
    turn = 3 if len(steps) > 1 else 1000
    deadline = time.perf_counter() + (0.1 if quick else 0.3) * len(steps)
    while True:
        for name, step in steps.items():
            for _ in range(2):
                step()  # it was the other's turn
            for _ in range(turn):
                start = time.perf_counter()
                step()
                samples[name].append(time.perf_counter() - start)
                if time.perf_counter() > deadline and len(samples[name]) >= 5:
                    break
        fewest = min(map(len, samples.values()))
        if fewest >= 1000 or (time.perf_counter() > deadline and fewest >= 5):
            return {name: statistics.median(found) for name, found in samples.items()}


@functools.lru_cache(1)
def ready(engine, tf, kind, symbol, quick):
    """{name: step} of one op, warm: of this engine, and on large inputs of JAX on the same arrays beside tfcompat."""
    size, repeat, _ = STEPS[kind]
    subject = Subject(tf, symbol)
    tensors, fixed = subject.inputs(size)
    steps = {engine: warm(subject, size, repeat, tensors, fixed, quick)}
    if kind in LARGE and engine == "tfcompat":
        with contextlib.suppress(NotOffered):
            arrays = importlib.import_module("tfcompat.interop").to_jax(tensors)
            steps["jax"] = warm(Subject(None, symbol), size, repeat, arrays, fixed, quick)
    return steps


def warm(subject, size, repeat, tensors, fixed, quick):
    function, arguments = subject.function(fixed, tensors, repeat), list(tensors.values())
    done = subject.wait() if size in LARGE else subject.read

    def step():
        results = function(*arguments)
        done(results)  # all of them are held until then, and let go before the next call

    warm_up(step, quick)
    return step


# kind: inputs, calls of a step, factor from seconds
STEPS = {
    "small": ("small", CALLS, 1e6 / CALLS),
    "alone": ("small", 1, 1e6),
    "large": ("large", 1, 1e3),
    "largest": ("largest", 1, 1e3),
}


def first(subject):
    """[ms of the very first call, of the first with other shapes, of the first with yet others]."""
    laps = []
    for size in ("small", "second", "third"):
        tensors, fixed = subject.inputs(size)
        function = subject.function(fixed, tensors)
        start = time.perf_counter()
        subject.read(function(*tensors.values()))
        laps.append((time.perf_counter() - start) * 1e3)
    return laps


UNITS = {"small": "µs", "alone": "µs", "large": "ms", "largest": "ms", "first": "ms"}


def show(kind, symbol, results):
    """Prints the line of one op."""
    cells = []
    for engine, result in results.items():
        text = result if isinstance(result, str) else figures(result) + f" {UNITS[kind]}"
        cells.append(f"{ENGINES[engine].label} {text}")
    print(f"{kind:6} {symbol:32} " + "   ".join(cells), flush=True)


def figures(result):
    return " / ".join(report.figure(number) for number in (result if isinstance(result, list) else [result]))


def summary(kind, table):
    """Lines that say how many ops reach the goals of a kind, and which do not."""
    failed = [f"{kind} {symbol}: {r['tfcompat']}" for symbol, r in table.items() if isinstance(r["tfcompat"], str)]
    table = {
        symbol: {e: r for e, r in results.items() if not isinstance(r, str)}
        for symbol, results in table.items()
        if not isinstance(results["tfcompat"], str)
    }
    yield ""
    yield from failed
    for text, ratio, limit in GOALS[kind]:
        ratios = {}
        for symbol, results in table.items():
            with contextlib.suppress(KeyError):
                ratios[symbol] = ratio(results)
        if not ratios:
            continue
        missed = {symbol: value for symbol, value in ratios.items() if value > limit}
        yield (
            f"{kind}: {text}: {len(ratios) - len(missed)} of {len(ratios)} ops; median "
            f"{report.figure(statistics.median(ratios.values()))}"
        )
        for symbol, value in sorted(missed.items(), key=lambda item: -item[1]):
            yield f"    {symbol}: {report.figure(value)}"


GOALS = {
    "small": (
        ("at most 5 µs an op", lambda r: r["tfcompat"], 5),
        ("not slower than TensorFlow, as a ratio", lambda r: r["tfcompat"] / r["tensorflow"], 1),
    ),
    "alone": (("not slower than TensorFlow, as a ratio", lambda r: r["tfcompat"] / r["tensorflow"], 1),),
    "large": (
        ("within 1.05 of jax.jit", lambda r: r["tfcompat"] / r["jax"], 1.05),
        ("within 1.3 of TensorFlow", lambda r: r["tfcompat"] / r["tensorflow"], 1.3),
    ),
    "largest": (("within 1.05 of jax.jit", lambda r: r["tfcompat"] / r["jax"], 1.05),),
    "first": (
        ("first call in a process, ms", lambda r: r["tfcompat"][0], 3),
        ("first call on the third set of shapes, ms", lambda r: r["tfcompat"][2], 3),
    ),
}


if __name__ == "__main__":
    sys.exit(main())
