"""Records what TensorFlow gives for `keras_programs`: run it in an environment that has tensorflow.

    python tests/oracle/record_keras.py            writes tests/oracle/data/keras.json
    python tests/oracle/record_keras.py --check    writes nothing, lists the programs with other results
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ["KERAS_BACKEND"] = "tensorflow"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from oracle import keras_functional, keras_training  # noqa: E402, F401 - they add programs
from oracle.compare import plain_differences  # noqa: E402
from oracle.keras_programs import PROGRAMS  # noqa: E402

DATA = pathlib.Path(__file__).parent / "data" / "keras.json"


def main():
    import tensorflow as tf

    fresh = {}
    for name, program in PROGRAMS.items():
        tf.keras.backend.clear_session()  # names of layers and variables count from one
        fresh[name] = program(tf)
    if "--check" in sys.argv[1:]:
        known = json.loads(DATA.read_text(encoding="utf-8"))
        other = [name for name in fresh if plain_differences(known.get(name), json.loads(json.dumps(fresh[name])))]
        print(*other, sep="\n")
        return 1 if other else 0
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(result)}" for name, result in fresh.items())
    DATA.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
