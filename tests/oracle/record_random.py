"""Records TensorFlow's random numbers into data/random.npz: run it where tensorflow is installed.

python tests/oracle/record_random.py            writes data/random.npz
python tests/oracle/record_random.py --check    lists what differs from it, exit status 1 if anything does
"""

from __future__ import annotations

import os
import pathlib
import sys

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from oracle import random_programs  # noqa: E402

DATA = pathlib.Path(__file__).parent / "data" / "random.npz"


def main():
    import tensorflow as tf

    found = {}
    for name, program in random_programs.PROGRAMS.items():
        for i, value in enumerate(program(tf)):
            array = np.asarray(tf.cast(value, tf.float32) if value.dtype == tf.bfloat16 else value)
            found[f"{name}/{i}"] = array
    if "--check" not in sys.argv:
        np.savez_compressed(DATA, **found)
        return 0
    with np.load(DATA) as kept:
        names = sorted(set(kept) | set(found))
        wrong = [n for n in names if n not in kept or n not in found or not np.array_equal(kept[n], found[n])]
    print("\n".join(wrong) or "nothing differs")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
