#!/usr/bin/env python3
"""What recording costs, op by op, for developers of the engine: µs to record one op, and to run it afterwards.

  python benchmarks/profile_record.py                     all ops, outside and inside a tape
  python benchmarks/profile_record.py add getitem         some of them
  python benchmarks/profile_record.py --profile add       cProfile of the recording

Each sample records 100 calls of the op on tensors made before, then reads the last result; the two are timed apart.
Calls that end a segment by themselves (a second write of a variable) show up in the first column.
"""

import argparse
import cProfile
import pathlib
import pstats
import statistics
import sys
import time

import numpy as np

CALLS = 100


def ops(tf):
    """{name: a function that records CALLS ops and returns their last result}."""
    x = tf.constant(np.full((8, 8), 0.5, "float32"))
    small = tf.constant(np.full((8, 8), 0.01, "float32"))
    weight = tf.Variable(np.eye(8, dtype="float32"))
    variables = [tf.Variable(np.zeros((8, 8), "float32")) for _ in range(CALLS)]
    index = tf.constant(3)

    def chain(op, first=x):
        def record():
            y = first
            for _ in range(CALLS):
                y = op(y)
            return y

        return record

    def writes(op):
        def record():
            for variable in variables:
                op(variable)
            return variables[-1]

        return record

    def rows():
        return [x[i % 8] for i in range(CALLS)][-1]

    return {
        "add python scalar": chain(lambda y: y + 0.01),
        "add tensor": chain(lambda y: y + small),
        "add variable": chain(lambda y: y + weight),
        "tf.add": chain(lambda y: tf.add(y, small)),
        "mul": chain(lambda y: y * small),
        "pow": chain(lambda y: y**2),
        "neg": chain(lambda y: -y),
        "tanh": chain(tf.tanh),
        "cast, same dtype": chain(lambda y: tf.cast(y, tf.float32)),
        "matmul": chain(lambda y: tf.matmul(y, weight)),
        "reduce_sum": chain(lambda y: tf.reduce_sum(y, axis=1, keepdims=True)),
        "reshape": chain(lambda y: tf.reshape(y, (8, 8))),
        "transpose": chain(tf.transpose),
        "getitem, int": rows,
        "getitem, slices": chain(lambda y: y[0:8, ::1]),
        "getitem, tensor": chain(lambda y: x[index]),
        "constant": chain(lambda y: tf.constant(0.5)),
        "assign": writes(lambda variable: variable.assign(small)),
        "assign_sub": writes(lambda variable: variable.assign_sub(small)),
        "assign, sliced": writes(lambda variable: variable[1, 2].assign(3.0)),
        "read_value": writes(lambda variable: variable.read_value()),
    }


def measure(record, samples):
    """Median µs of recording and of running one op; the first samples, which trace and compile, do not count."""
    recording, running = [], []
    for _ in range(samples):
        start = time.perf_counter()
        result = record()
        recorded = time.perf_counter()
        result.numpy()
        recording.append(recorded - start)
        running.append(time.perf_counter() - recorded)
    half = samples // 2
    return tuple(statistics.median(times[half:]) / CALLS * 1e6 for times in (recording, running))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="ops whose name contains one of these")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--module", default="tfcompat", help="another module with this API, to compare with")
    parser.add_argument("--profile", action="store_true", help="show where the time goes, by cProfile")
    options = parser.parse_args()
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
    tf = __import__(options.module)
    chosen = {n: f for n, f in ops(tf).items() if not options.names or any(part in n for part in options.names)}
    print(f"{'µs per op':20}  record     run   record in a tape     run")
    for name, record in chosen.items():

        def taped(record=record):
            with tf.GradientTape() as tape:
                tape.watch(tf.constant(1.0))
                return record()

        try:
            figures = (*measure(record, options.samples), *measure(taped, options.samples))
        except (NotImplementedError, AttributeError) as error:
            print(f"{name:20}  {error}")
            continue
        print("{:20} {:7.2f} {:7.2f}            {:7.2f} {:7.2f}".format(name, *figures), flush=True)
        if options.profile:
            profile = cProfile.Profile()
            for _ in range(options.samples):
                result = profile.runcall(record)
                result.numpy()
            pstats.Stats(profile).sort_stats("tottime").print_stats(15)


if __name__ == "__main__":
    main()
