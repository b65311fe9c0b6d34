"""Elementwise ops: arithmetic, transcendental functions, comparisons, logic, bits, complex numbers, casts."""

from ..table import ALL, FLOATS, INTS, case, expr, lit, ref
from .families import binary, compared, unary


def cases():
    yield from _unary()
    yield from _binary()
    yield from _logic()
    yield from _complex()
    yield from _clip()
    yield from _cast()
    yield from _several()


def _unary():
    for name in ("abs", "negative", "sign", "square", "exp", "tanh", "sigmoid", "sin", "cos", "tan", "atan", "sinh",
                 "cosh", "asinh", "erf", "erfc", "expm1", "floor", "ceil", "round", "rint", "softplus"):  # fmt: skip
        yield from unary(f"tf.math.{name}")
    for name in ("log", "sqrt", "rsqrt", "lgamma", "digamma", "log1p"):
        yield from unary(f"tf.math.{name}", gen="pos")
    for name in ("asin", "acos", "atanh", "erfinv"):
        yield from unary(f"tf.math.{name}", gen="unit")
    yield from unary("tf.math.acosh", gen="gt1")
    for name in ("reciprocal", "log_sigmoid"):
        yield from unary(f"tf.math.{name}", gen="nonzero")
    for name in ("is_nan", "is_inf", "is_finite"):
        yield from unary(f"tf.math.{name}", edges=False)
    for name in ("abs", "negative", "exp", "sqrt", "square", "sign", "tanh", "sigmoid", "sin", "cos", "floor", "round",
                 "identity", "stop_gradient", "acos", "asin", "atan", "tan", "sinh", "cosh"):  # fmt: skip
        yield case(f"tf.{name}", "float32[2,3]:unit")
    for name in ("identity", "stop_gradient"):
        yield from unary(f"tf.{name}")
    for op in ("neg", "pos", "abs", "invert", "inv"):
        for dtype in ("float32", "int32", "int64", "uint8", "bool", "complex64", "string"):
            yield case(f"operator.{op}", f"{dtype}[2,3]")
    yield case("tf.round", lit([0.5, 1.5, 2.5, -0.5, -1.5], "float32"))


def _binary():
    for name in ("add", "subtract", "multiply", "maximum", "minimum", "squared_difference"):
        yield from binary(f"tf.math.{name}", gen="normal" if "imum" not in name else "wide")
    yield from binary("tf.math.divide", gen2="nonzero")
    yield from binary("tf.math.truediv", gen2="nonzero")
    yield from binary("tf.math.floordiv", gen2="nonzero")
    yield from binary("tf.math.floormod", gen2="nonzero")
    yield from binary("tf.math.mod", gen2="nonzero")
    yield from binary("tf.truncatediv", gen2="nonzero")
    yield from binary("tf.truncatemod", gen2="nonzero")
    yield from binary("tf.math.divide_no_nan")
    yield from binary("tf.math.multiply_no_nan")
    yield from binary("tf.math.xlogy", gen="pos")
    yield from binary("tf.math.xdivy", gen="nonzero")
    yield from binary("tf.math.atan2", gen="nonzero")
    yield from binary("tf.math.pow", gen="pos", extremes=False)
    for op in ("tf.math.floordiv", "tf.math.floormod", "tf.truncatediv", "tf.truncatemod"):
        for dtype in ("int32", "int64", "uint8", "int8"):
            yield case(op, lit([7, -7, 5][: 1 if dtype == "uint8" else 3], dtype), lit(0, dtype))
            yield case(op, lit(7, dtype), 0)
        yield case(op, lit([7.0, -7.0, 0.0], "float32"), 0.0)
        yield case(op, lit([7, -7, 7, -7], "int32"), lit([3, 3, -3, -3], "int32"))
        yield case(op, lit([7.5, -7.5, 7.5, -7.5], "float32"), lit([2, 2, -2, -2], "float32"))
    yield case("tf.math.truediv", lit([1, 2], "int32"), lit([0, 4], "int32"))
    yield case("tf.pow", lit([2, -3], "int32"), lit([3, 3], "int32"))
    yield case("tf.pow", lit([2, 3], "int32"), lit([-1, 2], "int32"))
    yield case("tf.pow", lit([0.0, 0.0, -8.0], "float32"), lit([0.0, 2.0, 3.0], "float32"))
    yield case("tf.pow", "float32[3]", 2)
    yield case("tf.pow", "float32[3]", 0)
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
        second = "nonzero" if name in ("truediv", "floordiv", "mod") else "pos"
        for dtype in ("float32", "int32", "int64", "uint8", "bool", "string", "complex64", "bfloat16"):
            pair = (f"{dtype}[2,3]", f"{dtype}[3]:{second}") if dtype not in ("bool", "string") else (f"{dtype}[2]",
            ) * 2
            yield case(f"operator.{name}", *pair)
        for other in (2, 2.0, True, "n:float32[3]:pos", "n:int64[3]:pos", "p:float32[3]:pos", "v:float32[3]:pos",
            None, "a"):
            yield case(f"operator.{name}", "float32[2,3]:pos", other)
            yield case(f"operator.{name}", other, "float32[2,3]:pos")
        for other in (2, 2.5, True, 2**40):
            yield case(f"operator.{name}", "int32[3]:pos", other)
            yield case(f"operator.{name}", other, "int32[3]:pos")
        yield case(f"operator.{name}", "v:int32[3]:pos", "int32[3]:pos")
        yield case(f"operator.{name}", "v:float32[3]:pos", "v:float32[3]:pos")
    for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "pow", "truediv", "floordiv", "mod"):
        yield case(f"tf.{name}" if name not in ("mod", "floordiv") else f"tf.math.{name}", "float32[2]:pos",
            "float32[2]:pos")
    yield case("tf.math.add", "float32[2]", "float32[2]", name="total")


def _logic():
    for name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
        yield from compared(f"tf.math.{name}")
        yield case(f"tf.{name}", "float32[2]", "float32[2]")
    for name in ("logical_and", "logical_or", "logical_xor"):
        yield from binary(f"tf.math.{name}", main="bool", extremes=False, dtypes=("bool", "int32", "float32"))
        yield case(f"tf.math.{name}", "bool[2]", True)
    yield from unary("tf.math.logical_not", main="bool", dtypes=("bool", "int32", "float32", "string"))
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        for other in ("float32[2,3]:ties", 1, 1.0, "n:float32[3]:ties", None, "float32[4]", "int32[3]", "a",
            [1.0, 2, 0]):
            yield case(f"operator.{name}", "float32[2,3]:ties", other)
        yield case(f"operator.{name}", "bool[3]", "bool[3]")
        yield case(f"operator.{name}", "string[3]", "string[3]")
        yield case(f"operator.{name}", "v:float32[3]:ties", "v:float32[3]:ties")
    for name in ("and_", "or_", "xor"):
        for dtype in ("bool", "int32", "uint8", "float32"):
            yield case(f"operator.{name}", f"{dtype}[2,3]", f"{dtype}[3]")
        yield case(f"operator.{name}", "bool[3]", True)
        yield case(f"operator.{name}", False, "bool[3]")
    yield case("operator.lshift", "int32[3]", 1)
    integers = (*INTS, "float32", "bool")
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        yield from binary(f"tf.bitwise.{name}", main="int32", dtypes=integers)
    for name in ("left_shift", "right_shift"):
        yield from binary(f"tf.bitwise.{name}", main="int32", gen2="below7", dtypes=integers, extremes=False)
    yield from unary("tf.bitwise.invert", main="int32", dtypes=integers)


def _complex():
    for name in ("real", "imag", "conj", "angle"):
        yield from unary(f"tf.math.{name}", main="complex64", dtypes=ALL)
        yield from unary(f"tf.math.{name}", main="float32", dtypes=("float32",), edges=name != "angle")
    for dtype in ("float32", "float64", "float16", "int32"):
        yield case("tf.complex", f"{dtype}[2,3]", f"{dtype}[2,3]")
    yield case("tf.complex", "float32[2,1]", "float32[3]")
    yield case("tf.complex", "float32[0]", "float32[0]")
    yield case("tf.complex", 1.0, 2.0)
    yield case("tf.complex", "float32[2]", "float64[2]")
    yield case("tf.complex", "float32[2]", "float32[3]")
    for name in ("abs", "square", "exp", "log", "sqrt", "tanh", "sin", "reciprocal", "sigmoid"):
        yield case(f"tf.math.{name}", "complex64[3]:nonzero")
    for text in ("a * b", "a / b", "a - b", "a ** 2", "tf.math.conj(a) * b", "tf.abs(a * b)", "tf.math.real(a * a)"):
        yield expr(text, a="complex64[3]:nonzero", b="complex64[3]:nonzero")


def _clip():
    for dtype in (*FLOATS, "int32", "int64", "uint8", "complex64", "bool"):
        yield case("tf.clip_by_value", f"{dtype}[2,3]", 1, 3)
    for low, high in ((-1.0, 1.0), (1.0, -1.0), ("float32[3]:unit", 2.0), ("float32[2,1]:unit", "float32[3]:gt1"),
        (0, 1)):
        yield case("tf.clip_by_value", "float32[2,3]:wide", low, high)
    yield case("tf.clip_by_value", "float32[13]:edges", -1.0, 1.0)
    yield case("tf.clip_by_value", "float32[12]:special", -1.0, 1.0, grad=False)
    yield case("tf.clip_by_value", "float32[0]", -1.0, 1.0)
    yield case("tf.clip_by_value", "v:float32[2]", -1.0, 1.0)
    yield case("tf.clip_by_value", [1, 5, 9], 2, 6)
    for bad in ((0, "float32[2]"), ("int32[3]", 2.0), ("float64[3]", 2.0), ("float32[4,3]", 2.0), (None, 1)):
        yield case("tf.clip_by_value", "float32[2,3]", *bad)
    for dtype in (*FLOATS, "complex64", "int32"):
        yield case("tf.clip_by_norm", f"{dtype}[2,3]", 1.5)
    for axes in (0, 1, [0], [0, 1], [-1]):
        yield case("tf.clip_by_norm", "float32[2,3]:wide", 2.0, axes=axes)
    for x, norm in (("float32[3]", 100.0), ("float32[]", 0.25), ("float32[0]", 1.0), ("float32[3]", 0.0),
                    ("float32[2,2]", 1), ("float32[2]", None), ("float32[2]", "float64[]:pos"),
                    ("float32[2]", "float32[3]")):  # fmt: skip
        yield case("tf.clip_by_norm", x, norm)
    yield case("tf.clip_by_norm", lit([0.0, 0.0], "float32"), 1.0)
    yield case("tf.clip_by_norm", "float32[2]", 1.0, axes=3)
    for values in (["float32[2,3]", "float32[4]"], ["float32[2]", None], ["float64[2]"], [],
        ["float32[0]", "float32[1]"],
                   ["float32[2]", "float64[2]"], ["v:float32[2]"], ["int32[2]"]):  # fmt: skip
        yield case("tf.linalg.global_norm", values)
        yield case("tf.clip_by_global_norm", values, 1.0)
    yield case("tf.clip_by_global_norm", ["float32[2,3]", "float32[4]"], 100.0)
    yield case("tf.clip_by_global_norm", ["float32[2,3]"], 2.0, use_norm=lit(4.0, "float32"))
    yield case("tf.clip_by_global_norm", ["float32[12]:special"], 2.0, grad=False)
    yield case("tf.clip_by_global_norm", "float32[2]", 2.0)


def _cast():
    for source in ALL:
        for target in ALL:
            gen = "normal" if target.startswith("u") is False or source in ("bool", "string") else "pos"
            yield case("tf.cast", f"{source}[2,3]" if gen == "normal" else f"{source}[2,3]:{gen}", ref(f"tf.{target}"))
    for source in ("int64", "uint64", "int32"):
        for target in ("int8", "uint8", "int16", "uint32", "float16", "float32", "bool"):
            yield case("tf.cast", f"{source}[11]:extreme", ref(f"tf.{target}"))
    for value in (1.9, -1.9, True, 3, [1, 2], [1.5, 2.5]):
        for target in ("tf.int32", "tf.float32", "tf.bool", "tf.complex64"):
            yield case("tf.cast", value, ref(target))
    yield case("tf.cast", "float32[2]", "float64")
    yield case("tf.cast", "float32[2]", ref("np.int32"))
    yield case("tf.cast", "float32[2]", "nonsense")
    yield case("tf.cast", "float32[2]", None)
    yield case("tf.cast", None, ref("tf.float32"))
    yield case("tf.cast", "v:float32[2]", ref("tf.int32"))
    yield case("tf.cast", "float32[0,2]", ref("tf.int32"))
    yield case("tf.cast", "float32[2]", ref("tf.float32"), name="same")
    for source, target in (("float32", "uint8"), ("int32", "int8"), ("int64", "int32"), ("float64", "float16"),
        ("int32", "uint8"),
                           ("uint8", "int8"), ("float32", "int32")):  # fmt: skip
        wide = f"{source}[11]:extreme" if source in INTS else f"{source}[3,4]:wide"
        yield case("tf.saturate_cast", wide, ref(f"tf.{target}"))
    yield case("tf.saturate_cast", lit([300.0, -300.0, 1e20, -1e20], "float32"), ref("tf.uint8"))
    yield case("tf.saturate_cast", lit([300.0, -300.0, 1e20, -1e20], "float32"), ref("tf.int32"))
    yield case("tf.saturate_cast", 300, ref("tf.int8"))
    yield case("tf.bitcast", "float32[3]", ref("tf.int32"))
    yield case("tf.bitcast", "int32[3]", ref("tf.uint8"))


def _several():
    for op in ("tf.add_n", "tf.math.accumulate_n"):
        for dtype in ("float16", "bfloat16", "float32", "float64", "int32", "int64", "uint8", "complex64", "bool",
            "string"):
            yield case(op, [f"{dtype}[2,3]", f"{dtype}[2,3]"])
        for values in (["float32[2]"] * 3, ["float32[]"], ["float32[0]", "float32[0]"],
            ["v:float32[2]", "float32[2]"], ["n:float32[2]"] * 2,
                       [], ["float32[2]", "float32[3]"], ["float32[2]", "float32[]"], ["float32[2]", "float64[2]"],
                       ["float32[2]", "int32[2]"],
                       "float32[2,3]", [1.0, 2.0], None, "float32[]"):  # fmt: skip
            yield case(op, values)
