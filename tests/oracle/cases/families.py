"""Families of ops that are tried in the same ways: every dtype, every rank, edge values, Python operands, errors."""

from ..table import ALL, COMMON, FLOATS, INTS, case, lit

SHAPES = ("", "3", "2,1,3", "1,2,2,2", "0", "0,3")


def unary(op, gen="normal", main="float32", dtypes=ALL, edges=True, **more):
    """An op of one tensor. `main` is the dtype the ranks are tried with."""
    for dtype in dtypes:
        yield case(op, f"{dtype}[2,3]:{gen}" if dtype != "string" else "string[2,3]", **more)
    for shape in SHAPES:
        yield case(op, f"{main}[{shape}]:{gen}", **more)
    yield case(op, f"v:{main}[2]:{gen}", **more)
    yield case(op, f"n:{'float64' if main == 'float32' else main}[2,2]:{gen}", **more)
    yield case(op, f"p:{main}[2]:{gen}", **more)
    if main == "float32":
        yield case(op, 0.5, **more)
        yield case(op, 2, **more)
        if edges:
            yield case(op, "float32[13]:edges", **more)
        yield case(op, "float32[12]:special", grad=False, **more)
        yield case(op, "float16[12]:special", grad=False, **more)
        yield case(op, "float64[12]:special", grad=False, **more)
    if set(dtypes) & {"int32"}:
        yield case(op, "int32[11]:extreme", **more)
        yield case(op, "int8[11]:extreme", **more)
    yield case(op, [[1.0, 2.0], [3.0]])
    yield case(op, None)


def binary(op, gen="normal", gen2=None, main="float32", dtypes=ALL, edges=True, extremes=True, python=True):
    """An op of two tensors that broadcast; `gen2` is the second one's generator."""
    gen2 = gen2 or gen
    for dtype in dtypes:
        tail = ("", "") if dtype == "string" else (f":{gen}", f":{gen2}")
        yield case(op, f"{dtype}[2,3]{tail[0]}", f"{dtype}[2,3]{tail[1]}")
    for one, two in (
        ("2,3", "3"), ("", "2,3"), ("2,1", "1,3"), ("0,3", "1,3"), ("2,1,3", "4,1"), ("", ""), ("1,2,1,2", "2,2,1"),
    ):  # fmt: skip
        yield case(op, f"{main}[{one}]:{gen}", f"{main}[{two}]:{gen2}")
    yield case(op, f"v:{main}[2]:{gen}", f"{main}[2]:{gen2}")
    yield case(op, f"{main}[2,2]:{gen}", f"n:{main}[2]:{gen2}")
    yield case(op, f"p:{main}[2]:{gen}", f"{main}[2]:{gen2}")
    if main == "float32":
        if python:
            for dtype in ("float32", "float16", "int32", "int64", "uint8", "complex64"):
                if dtype in dtypes:
                    yield case(op, f"{dtype}[3]:{gen}", 2)
                    yield case(op, 3, f"{dtype}[3]:{gen2}")
                    yield case(op, f"{dtype}[3]:{gen}", 1.5)
                    yield case(op, 0.5, f"{dtype}[3]:{gen2}")
            yield case(op, 2.0, 3)
            yield case(op, 2, 3)
            yield case(op, "float32[3]", "n:float64[3]:pos")
            yield case(op, "n:float64[3]:pos", "float32[3]")
        if edges:
            yield case(op, "float32[13,1]:edges", "float32[13]:edges")
        yield case(op, "float32[12,1]:special", "float32[12]:special", grad=False)
    if extremes:
        second = "extremenz" if gen2 == "nonzero" else "extreme"
        for dtype in INTS:
            if dtype in dtypes:
                yield case(op, f"{dtype}[12,1]:extreme", f"{dtype}[11]:{second}")
    yield case(op, f"{main}[2,3]:{gen}", f"{main}[4]:{gen2}")
    yield case(op, f"{main}[2]:{gen}", f"{main}[3,1,4]:{gen2}" if main != "float32" else f"{main}[3,3]:{gen2}")
    for one, two in (("float32", "float64"), ("float32", "int32"), ("int32", "float32"), ("int32", "int64"),
                     ("float32", "bool"), ("complex64", "float32"), ("bfloat16", "float16")):  # fmt: skip
        yield case(op, f"{one}[2]:pos", f"{two}[2]:pos" if two != "bool" else "bool[2]")
    yield case(op, f"{main}[2]:{gen}", [[1, 2], [3]])
    yield case(op, f"{main}[2]:{gen}", None)


def compared(op):
    """A comparison: like a binary op, without a gradient."""
    yield from binary(op, gen="ties", edges=False, extremes=False, dtypes=ALL)
    for dtype in ("int32", "uint64", "int8"):
        yield case(op, f"{dtype}[12,1]:extreme", f"{dtype}[11]:extreme")


def reduction(op, gen="normal", main="float32", dtypes=ALL, special=True):
    """A reduction with `axis` and `keepdims`."""
    for dtype in dtypes:
        yield case(op, f"{dtype}[2,3]:{gen}" if dtype != "string" else "string[2,3]")
    if "int32" in dtypes:
        yield case(op, "int32[11]:extreme")
        yield case(op, "uint8[11]:extreme")
        yield case(op, "int64[2,4]:normal", axis=1)
    for axis in (0, 1, -1, [0, 2], [], [0, 1, 2], (1, -1)):
        yield case(op, f"{main}[2,3,4]:{gen}", axis=axis)
        yield case(op, f"{main}[2,3,4]:{gen}", axis=axis, keepdims=True)
    yield case(op, f"{main}[2,3,4]:{gen}", keepdims=True)
    yield case(op, f"{main}[2,3,4]:{gen}", axis=lit([0, -1], "int32"))
    yield case(op, f"{main}[2,3,4]:{gen}", axis=lit(1, "int64"))
    yield case(op, f"{main}[2,2,2,2]:{gen}", axis=[1, 3])
    for shape, axis in (("", None), ("", []), ("0", None), ("0,3", 0), ("0,3", 1), ("3,0", 1), ("1", 0)):
        yield case(op, f"{main}[{shape}]:{gen}", axis=axis)
    yield case(op, f"v:{main}[2,2]:{gen}", axis=0)
    yield case(op, f"p:{main}[2,2]:{gen}", axis=0)
    yield case(op, f"n:{main}[2,2]:{gen}", 1)
    if main == "float32":
        yield case(op, "float32[3,3]:ties", axis=1)
        if special:
            yield case(op, "float32[12]:special", grad=False)
            yield case(op, "float32[3,4]:special", axis=0, grad=False)
    for axis in (2, -3, [0, 5], 1.5, "0", [0, 0], [1, -1]):
        yield case(op, f"{main}[2,3]:{gen}", axis=axis)
    yield case(op, [[1, 2], [3]])


__all__ = ["ALL", "COMMON", "FLOATS", "INTS", "binary", "case", "compared", "lit", "reduction", "unary"]
