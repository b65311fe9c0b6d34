"""Records the dtypes that TensorFlow's ops list where they refuse one: run it in an environment that has TensorFlow.

    python tests/oracle/record_dtypes.py            writes tfcompat/_dtypes.txt anew, for the kernels that it has
    python tests/oracle/record_dtypes.py --check    exit status 1 if the file does not hold what TensorFlow has

A line for each list: the dtypes, and the kernels that have it, each as `kernel.attribute(input)`: the first input of that
dtype. A kernel whose texts shall be TensorFlow's is added to any line, as `kernel.attribute()`.
"""

import os
import pathlib
import re
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

FILE = pathlib.Path(__file__).resolve().parent.parent.parent / "tfcompat" / "_dtypes.txt"


def text():
    import tensorflow as tf
    from tensorflow.python.framework import op_def_registry

    lists = {}
    for kernel, attribute in sorted(set(re.findall(r"(\w+)\.(\w+)\(", FILE.read_text(encoding="utf-8")))):
        found = op_def_registry.get(kernel)
        (allowed,) = [a.allowed_values.list.type for a in found.attr if a.name == attribute]
        name = next(i.name for i in found.input_arg if i.type_attr == attribute)
        lists.setdefault(" ".join([tf.as_dtype(t).name for t in allowed]), []).append(f"{kernel}.{attribute}({name})")
    lines = [f"{names}: {' '.join(kernels)}\n" for names, kernels in sorted(lists.items())]
    return f"# What ops of TensorFlow {tf.__version__} list where they refuse a dtype: record it with tests/oracle\n" + "".join(lines)


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit("the file differs" if FILE.read_text(encoding="utf-8") != text() else 0)
    FILE.write_text(text(), encoding="utf-8")
