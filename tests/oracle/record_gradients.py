"""Records what TensorFlow gives for `programs`: run it in an environment that has tensorflow.

    python tests/oracle/record_gradients.py            writes tests/oracle/data/gradients.json
    python tests/oracle/record_gradients.py --check    writes nothing, lists the programs with other results
    python tests/oracle/record_gradients.py NAME ...   records these programs again
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

from oracle.compare import plain_differences  # noqa: E402
from oracle.programs import PROGRAMS  # noqa: E402
from oracle.programs.shared import show  # noqa: E402

DATA = pathlib.Path(__file__).parent / "data" / "gradients.json"


def main():
    import tensorflow as tf

    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    known = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    fresh = {}
    for name, program in PROGRAMS.items():
        if names and name not in names:
            fresh[name] = known[name]
            continue
        fresh[name] = json.loads(json.dumps(show(tf, program(tf))))
    if "--check" in sys.argv[1:]:
        other = [name for name in fresh if plain_differences(known.get(name), fresh[name])]
        print(*other, sep="\n")
        return 1 if other else 0
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(result)}" for name, result in fresh.items())
    DATA.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
