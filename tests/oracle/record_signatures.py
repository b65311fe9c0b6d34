"""Records the signatures and aliases of TensorFlow's functions and classes: run it in an environment that has TensorFlow.

    python tests/oracle/record_signatures.py            writes tests/oracle/data/signatures.tsv
    python tests/oracle/record_signatures.py --check    exit status 1 if the file does not hold what TensorFlow has

One line each: the names, shortest first, a tab, the signature. What is under `tf.compat`, `tf.raw_ops` and `tf.keras`
is left out.
"""

import pathlib
import sys

from record_names import namespaces
from signatures import lines

FILE = pathlib.Path(__file__).parent / "data" / "signatures.tsv"
LEFT_OUT = ("compat", "raw_ops", "lite", "mlir", "tpu")


def text():
    import tensorflow as tf

    spaces = [(path, module) for path, module in namespaces(tf) if path.split(".")[0] not in LEFT_OUT]
    return "\n".join(lines(spaces)) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit("the file differs" if FILE.read_text(encoding="utf-8") != text() else 0)
    FILE.write_text(text(), encoding="utf-8")
