"""Records what TensorFlow does with the tables: run it in an environment that has tensorflow and ml_dtypes.

    python tests/oracle/record.py            writes tests/oracle/data
    python tests/oracle/record.py --check    records in memory, lists what differs from the data, exit status 1 if any
    python tests/oracle/record.py --only math    one area (or "snippets", "function_errors", "printed")
"""

from __future__ import annotations

import argparse
import logging
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # other kernels, other last bits
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from oracle import cases, compare, function_errors, harness, printed, snippets, store  # noqa: E402


def record_area(tf, area):
    return {case.id: harness.run(tf, case) for case in cases.AREAS[area]}


def check_area(area, fresh):
    """Lines that say how the recorded data of an area differ from `fresh`."""
    known, lines = store.load(area), []
    for case in cases.AREAS[area]:
        if case.id not in known:
            lines.append(f"{case.id}: not recorded")
            continue
        lines += [f"{case.id}: {text}" for text in compare.differences(case, known[case.id], fresh[case.id])]
        if (known[case.id].error or ("", ""))[1] != (fresh[case.id].error or ("", ""))[1]:
            lines.append(f"{case.id}: another message: {fresh[case.id].error}")
    return lines + [f"{name}: recorded, but not in the table" for name in known if name not in fresh]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the recorded data, write nothing")
    parser.add_argument("--only", help="one area")
    options = parser.parse_args()
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    others = {"snippets": snippets, "function_errors": function_errors, "printed": printed}
    areas = [*cases.AREAS, *others]
    drift = []
    for area in [options.only] if options.only else areas:
        if area in others:
            fresh = others[area].record(tf)
            drift += others[area].check(fresh) if options.check else others[area].dump(fresh)
        else:
            fresh = record_area(tf, area)
            drift += check_area(area, fresh) if options.check else store.dump(area, fresh)
        print(f"{area}: {len(fresh)}", flush=True)
    print(*drift, sep="\n", end="\n" * bool(drift))
    return 1 if drift else 0


if __name__ == "__main__":
    sys.exit(main())
