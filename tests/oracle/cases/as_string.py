"""tf.as_string: numbers as text."""

from ..table import case, lit

WAYS = (
    {}, {"precision": 0}, {"precision": 3}, {"scientific": True}, {"shortest": True}, {"scientific": True, "precision": 2},
    {"shortest": True, "precision": 2}, {"width": 12}, {"width": 12, "fill": "0"}, {"width": 12, "fill": " "},
    {"width": 12, "fill": "-"}, {"width": 12, "fill": "+"}, {"width": 0, "fill": "0"}, {"fill": "0"},
    {"width": 12, "precision": 1, "fill": "0"}, {"width": 12, "fill": "x"}, {"width": 5, "fill": "ab"},
    {"scientific": True, "shortest": True}, {"width": 12, "fill": "#"},
)  # fmt: skip


def cases():
    op = "tf.as_string"
    floats = [1.5, -2.25, 3e20, 1e-9, 123456789.0, 0.1, -0.0, 1e6]
    for more in WAYS:
        yield case(op, lit(floats, "float32"), **more)
        yield case(op, lit([1, -22, 0], "int32"), **more)
        yield case(op, lit([1 + 2j, -0.5], "complex64"), **more)
        yield case(op, lit([True, False], "bool"), **more)
        yield case(op, lit([b"a", b"bcd"], "string"), **more)
    for dtype in ("float64", "float16", "bfloat16"):
        for more in ({}, {"shortest": True}):
            yield case(op, lit([1.1, 2.75, 100000.0 if dtype == "float64" else 100.0], dtype), **more)
    for dtype in ("uint8", "int8", "int16", "uint16", "int64", "uint32", "uint64"):
        yield case(op, f"{dtype}[4]:extreme")
    for more in ({}, {"width": 6, "fill": "0"}, {"shortest": True}):
        yield case(op, lit([float("nan"), float("inf"), float("-inf")], "float32"), **more)
    for x in ("float32[0,2]", "float32[2,3]", 3, 2.5, [1, 2], None, "int32[]", "v:float32[2]"):
        yield case(op, x)
