"""Python data that a dtype takes or refuses: what `tf.constant` and `tf.convert_to_tensor` say of it."""

from ..table import expr

VALUES = (
    "[None]", "[1, None]", "[object]", "[1, object]", "[[1], [2, 3]]", "[1, [2]]", "[[1], 2]", "[[1, 2], [3, [4]]]", "[1, 'a']", "['a', 1]",
    "[1.0, 'a']", "[1, 1j]", "[1j, 1]", "[True, 1]", "[1, True]", "[1.0, True]", "[1, 2.5]", "2**70", "[2**70]", "2**63", "[1, 2**31]", "-1",
    "1.5", "[True]", "1j", "'a'", "['a', b'b']", "range(3)", "[range(2)]", "bytearray(b'ab')", "memoryview(b'ab')", "tf.TensorShape([1, 2])",
    "[]", "[[], []]", "{1}", "{'a': 1}", "np.array([1, 2], object)", "np.array(['a', 1], object)", "np.array([None])", "np.array([], object)",
    "np.array(['a', 'b'])", "np.array([b'a'], object)", "np.array(1, object)", "np.array([1, 2])", "np.float64(1.5)", "np.array([True])",
    "np.array([1j])", "[np.array([1]), np.array([3, 4])]", "[np.float32(1), 2.5]",
)  # fmt: skip
DTYPES = ("float32", "float16", "bfloat16", "int32", "uint8", "bool", "string", "complex64")


def cases():
    for value in VALUES:
        yield expr(f"tf.constant({value})", grad=False)
        for dtype in DTYPES:
            yield expr(f"tf.constant({value}, tf.{dtype})", grad=False)
        yield expr(f"tf.cast({value}, tf.float64)", grad=False)
        yield expr(f"tf.convert_to_tensor({value}, tf.bool)", grad=False)
    for numbers in ( "range(3, 0)", "range(3, 0, -1)", "range(0)", "range(2**31, 2**31 + 2)", "[range(2**31, 2**31 + 2)]"):
        yield expr(f"tf.constant({numbers})", grad=False)
        yield expr(f"tf.convert_to_tensor({numbers})", grad=False)
    for dtype in (*DTYPES, "int64", "float64", "uint16", "complex128"):
        yield expr(f"tf.convert_to_tensor(range(-1, 3), tf.{dtype})", grad=False)
        yield expr(f"tf.convert_to_tensor(range(3), dtype_hint=tf.{dtype})", grad=False)
        yield expr(f"tf.range(3, dtype=tf.{dtype})", grad=False)
    yield expr("tf.reshape(x, range(2, 4))", x="float32[6]")
    yield expr("x + range(3)", x="float32[3]")
    yield expr("x + range(3)", x="uint8[3]")
    yield expr("[tf.reduce_sum(x, range(1, 3)), tf.transpose(x, range(2, -1, -1)), tf.gather(x, range(1))]", x="float32[2,3,4]")
