"""Records TensorFlow's checkpoints of `checkpoint_programs`: run it where tensorflow is installed.

    python tests/oracle/record_checkpoints.py            writes tests/oracle/data/checkpoints.json and the folder beside it
    python tests/oracle/record_checkpoints.py --check    writes nothing, lists what differs
"""

import json
import logging
import os
import pathlib
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ["KERAS_BACKEND"] = "tensorflow"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from oracle.checkpoint_programs import FILES, PROGRAMS, kept, outcome  # noqa: E402
from oracle.compare import plain_differences  # noqa: E402

DATA = pathlib.Path(__file__).parent / "data"


def main():
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.CRITICAL)
    fresh, files = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name, function in PROGRAMS.items():
            os.mkdir(os.path.join(folder, name))
            fresh[name] = json.loads(json.dumps(outcome(tf, function, os.path.join(folder, name))))
        for name, function in FILES.items():
            path = pathlib.Path(function(tf).write(os.path.join(folder, name, name)))
            files |= {part.name: kept(part.read_bytes()) for part in path.parent.iterdir()}
    if "--check" in sys.argv[1:]:
        known = json.loads((DATA / "checkpoints.json").read_text(encoding="utf-8"))
        other = [name for name in fresh if plain_differences(known.get(name), fresh[name])]
        other += [name for name, octets in files.items() if (DATA / "checkpoints" / name).read_bytes() != octets]
        print(*other, sep="\n")
        return 1 if other else 0
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(result)}" for name, result in fresh.items())
    (DATA / "checkpoints.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    (DATA / "checkpoints").mkdir(exist_ok=True)
    for name, octets in files.items():
        (DATA / "checkpoints" / name).write_bytes(octets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
