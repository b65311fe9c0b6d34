"""Records what TensorFlow gives for the programs of `function_areas`: run it where tensorflow is installed.

    python tests/oracle/record_functions.py            writes tests/oracle/data/functions.json
    python tests/oracle/record_functions.py --new      records programs that are not recorded yet, keeps the others
    python tests/oracle/record_functions.py --check    writes nothing, lists the programs with other results
    python tests/oracle/record_functions.py NAME ...   records these programs only
"""

import json
import logging
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from oracle import function_areas  # noqa: E402
from oracle.compare import plain_differences  # noqa: E402

DATA = pathlib.Path(__file__).parent / "data" / "functions.json"


def main():
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    arguments, programs = sys.argv[1:], function_areas.PROGRAMS
    known = json.loads(DATA.read_text(encoding="utf-8"))
    wanted = programs
    if arguments and arguments != ["--check"]:
        wanted = [name for name in programs if name not in known] if arguments == ["--new"] else arguments
    fresh = {name: json.loads(json.dumps(programs[name](tf))) for name in wanted}
    if arguments == ["--check"]:
        other = [name for name in fresh if plain_differences(known.get(name), fresh[name])]
        print(*other, sep="\n")
        return 1 if other else 0
    results = {name: fresh.get(name, known.get(name)) for name in programs}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(result)}" for name, result in results.items())
    DATA.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
