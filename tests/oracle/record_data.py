"""Records what TensorFlow gives for the cases of `data_programs` and the modules beside it: run it where tensorflow is installed.

    python tests/oracle/record_data.py            writes tests/oracle/data/data.json
    python tests/oracle/record_data.py --check    writes nothing, lists the cases with other results
"""

import json
import logging
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ["KERAS_BACKEND"] = "tensorflow"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from oracle import data_functions, data_training  # noqa: E402, F401 - they add cases
from oracle.compare import plain_differences  # noqa: E402
from oracle.data_programs import CASES, outcome  # noqa: E402

DATA = pathlib.Path(__file__).parent / "data" / "data.json"


def main():
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    fresh = {name: json.loads(json.dumps(outcome(tf, case))) for name, case in CASES.items()}
    if "--check" in sys.argv[1:]:
        known = json.loads(DATA.read_text(encoding="utf-8"))
        other = [name for name in fresh if plain_differences(known.get(name), fresh[name])]
        print(*other, sep="\n")
        return 1 if other else 0
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(result)}" for name, result in fresh.items())
    DATA.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
