"""Records what TensorFlow makes of the expressions in leaves_table.py: run it where tensorflow is installed.

python tests/oracle/record_leaves.py            writes leaves.json
python tests/oracle/record_leaves.py --check    lists what differs from it, exit status 1 if anything does
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import sys
import types

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from oracle import leaves, leaves_table  # noqa: E402


def kernel_names(tf):
    """How kernels call each dtype: {"float16": "half", ...}, taken from what they say of inputs that differ."""
    found = {}
    for name in [*leaves_table.DTYPES, *leaves_table.RARE]:
        dtype = getattr(tf, name, None) or getattr(tf.dtypes.experimental, name)
        try:
            with tf.device("cpu"):
                one = tf.constant(np.zeros(1, dtype.as_numpy_dtype), dtype=dtype)
                tf.raw_ops.Pack(values=[one, tf.constant(["a"]) if dtype != tf.string else tf.constant([1])], axis=0)
        except Exception as error:
            match = re.search(r"expected to be a (\w+) tensor", str(error))
            if match:
                found[dtype.name] = match[1]
    return found


def main() -> int:
    import tensorflow as tf
    from tensorflow.python.framework import tensor_shape
    from tensorflow.python.ops.resource_variable_ops import VariableSpec
    from tensorflow.python.util import nest

    inner = types.SimpleNamespace(
        nest=nest,
        VariableSpec=VariableSpec,
        IndexedSlicesSpec=tf.IndexedSlicesSpec,
        unknown_shape=tensor_shape.unknown_shape,
        Dimension=tf.compat.v1.Dimension,
    )
    names = leaves.namespace(tf, inner, tf.__internal__.CompositeTensor)
    fresh = {
        area: {expression: leaves.evaluate(expression, names) for expression in dict.fromkeys(expressions)}
        for area, expressions in leaves_table.AREAS.items()
    }
    fresh["kernel names"] = kernel_names(tf)
    if "--check" in sys.argv:
        known = leaves.load()
        drift = [
            f"{area}: {expression}: recorded {known.get(area, {}).get(expression)}, now {result}"
            for area, results in fresh.items()
            for expression, result in results.items()
            if known.get(area, {}).get(expression) != result
        ]
        print(*drift, sep="\n", end="\n" * bool(drift))
        return 1 if drift else 0
    lines = [
        f" {json.dumps(area)}: {{\n"
        + ",\n".join(f"  {json.dumps(expression)}: {json.dumps(result)}" for expression, result in results.items())
        + "\n }"
        for area, results in fresh.items()
    ]
    leaves.DATA.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print({area: len(results) for area, results in fresh.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
