"""Records what TensorFlow says of calls that do not fit: run it in an environment that has TensorFlow.

    python tests/oracle/record_calls.py            writes tests/oracle/data/calls.tsv and tfcompat/_calls.txt
    python tests/oracle/record_calls.py --check    exit status 1 if the files do not hold what TensorFlow says

The first file has a line for each function: its shortest name, and what is said of each of the calls that `calls.wrong` makes. The second one has what these texts
are made of: the functions that TensorFlow's own dispatch speaks for (`-: abs add ...`), and, where Python speaks, the name
of a function that is not its public one (`neg: math.negative`).
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import calls  # noqa: E402

TEXTS = pathlib.Path(__file__).parent / "data" / "calls.tsv"
WORDS = pathlib.Path(__file__).resolve().parent.parent.parent / "tfcompat" / "_calls.txt"


def texts():
    import tensorflow as tf

    lines, words = [], {}
    for name, function in calls.functions(tf).items():
        said = {what: calls.said(function, args, kwargs) for what, args, kwargs in calls.wrong(function)}
        if said:
            lines.append("\t".join([name, *said.values()]) + "\n")
            word, _, rest = said["only unknown keywords"].removeprefix("TypeError: ").partition("() got an unexpected keyword")
            word = word if rest else "-"
            if word != name.rpartition(".")[2]:
                words.setdefault(word, []).append(name)
    first = f"# Who speaks of wrong calls in TensorFlow {tf.__version__}: tests/oracle/record_calls.py\n"
    return "".join(lines), first + "".join([f"{word}: {' '.join(names)}\n" for word, names in sorted(words.items())])


if __name__ == "__main__":
    fresh = texts()
    if "--check" in sys.argv[1:]:
        kept = tuple([file.read_text(encoding="utf-8") for file in (TEXTS, WORDS)])
        sys.exit("the files differ" if kept != fresh else 0)
    for file, text in zip((TEXTS, WORDS), fresh, strict=True):
        file.write_text(text, encoding="utf-8")
