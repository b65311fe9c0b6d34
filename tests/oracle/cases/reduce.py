"""Reductions, arg reductions, cumulative ops, segments, sorting and searching."""

from ..table import ALL, COMMON, FLOATS, case, expr, lit, ref
from .families import reduction


def cases():
    for name in ("sum", "mean", "max", "min", "prod"):
        gen = "nonzero" if name == "prod" else "normal"
        # Half-precision sums: Eigen and XLA round in another order.
        yield from reduction(f"tf.math.reduce_{name}", gen=gen)
        yield case(f"tf.reduce_{name}", "float32[2,3]", axis=1)
    yield case("tf.math.reduce_prod", lit([2.0, 0.0, 3.0], "float32"))
    yield case("tf.math.reduce_prod", lit([0.0, 0.0, 3.0], "float32"))
    yield case("tf.math.reduce_max", lit([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0]], "float32"), axis=1)
    yield case("tf.math.reduce_mean", lit([1, 2, 4], "int32"))
    yield case("tf.math.reduce_mean", lit([-1, -2, -4], "int32"))
    for name in ("any", "all"):
        yield from reduction(f"tf.math.reduce_{name}", main="bool", dtypes=("bool", "int32", "float32"))
        yield case(f"tf.reduce_{name}", "bool[2,3]", axis=1)
    yield from reduction("tf.math.reduce_logsumexp")
    yield from reduction("tf.math.reduce_std")
    yield from reduction("tf.math.reduce_variance")
    yield from reduction("tf.math.reduce_euclidean_norm")
    yield case("tf.math.reduce_logsumexp", lit([1000.0, 1000.0], "float32"))
    yield case("tf.math.reduce_logsumexp", lit([-1000.0, -1001.0], "float32"))
    yield case("tf.reduce_logsumexp", "float32[2,3]", axis=0)
    yield from _arg()
    yield from _cumulative()
    yield from _moments()
    yield from _segments()
    yield from _sorting()


def _arg():
    for name in ("argmax", "argmin"):
        op = f"tf.math.{name}"
        for dtype in ALL:
            yield case(op, f"{dtype}[2,3]")
        for axis in (0, 1, 2, -1, -3, lit(1, "int64")):
            yield case(op, "float32[2,3,4]:distinct", axis=axis)
        for out in ("tf.int32", "tf.int64", "tf.int16", "tf.uint16", "tf.float32"):
            yield case(op, "float32[2,3]:distinct", axis=1, output_type=ref(out))
        for x in ("float32[3,3]:ties", "float32[12]:special", "float32[3]", "v:float32[2,2]", "n:float64[2,2]",
            "p:int32[2,2]", "float32[1]"):
            yield case(op, x, axis=0)
        for x, axis in (("float32[]", 0), ("float32[0]", 0), ("float32[0,3]", 0), ("float32[0,3]", 1),
            ("float32[2,3]", 2),
                        ("float32[2,3]", -3), ("float32[2,3]", [0, 1]), ("float32[2,3]", 0.5),
                        ([[1], [2, 3]], 0)):  # fmt: skip
            yield case(op, x, axis=axis)
        yield case(f"tf.{name}", "float32[2,3]:distinct", 1)


def _cumulative():
    for name in ("cumsum", "cumprod"):
        op = f"tf.math.{name}"
        gen = "nonzero" if name == "cumprod" else "normal"
        for dtype in ALL:
            yield case(op, f"{dtype}[2,3]:{gen}" if dtype != "string" else "string[2,3]")
        for axis in (0, 1, 2, -1):
            for flags in ({}, {"exclusive": True}, {"reverse": True}, {"exclusive": True, "reverse": True}):
                yield case(op, f"float32[2,3,4]:{gen}", axis=axis, **flags)
        for x, axis in (("float32[0]", 0), ("float32[0,2]", 1), ("float32[3]", 0), ("v:float32[3]", 0),
            ("p:int32[2,2]", 1), ("float32[]", 0),
                        ("float32[2]", 1), ("float32[2,3]", -3), ("float32[2]", [0]), ("float32[2]", "x")):  # fmt: skip
            yield case(op, x, axis=axis)
        yield case(op, "int32[11]:extreme")
        yield case(f"tf.{name}", "float32[3]") if name == "cumsum" else case(f"tf.math.{name}", "float32[3]")
    yield case("tf.math.cumprod", lit([2.0, 0.0, 3.0, 0.0], "float32"))
    for flags in ({}, {"exclusive": True}, {"reverse": True}):
        yield case("tf.math.cumulative_logsumexp", "float32[2,3]", axis=1, **flags)


def _moments():
    for dtype in (*FLOATS, "int32", "complex64"):
        yield case("tf.nn.moments", f"{dtype}[4,3]", axes=[0])
    for axes in ([0], [0, 1], [0, 2], [-1], 1, []):
        for keepdims in (False, True):
            yield case("tf.nn.moments", "float32[2,3,4]", axes=axes, keepdims=keepdims)
    yield case("tf.nn.moments", "float32[2,3]", axes=[4])
    yield case("tf.nn.moments", "float32[2,3]", axes=None)
    yield case("tf.nn.moments", "float32[0,3]", axes=[0])


def _segments():
    ids = lit([0, 0, 2, 1], "int32")
    for name in ("sum", "mean", "max", "min", "prod"):
        op = f"tf.math.unsorted_segment_{name}"
        for dtype in ("float32", "float64", "float16", "int32", "int64", "uint8", "complex64", "bool"):
            yield case(op, f"{dtype}[4,2]", ids, 3)
        yield case(op, "float32[4]", ids, 4)
        yield case(op, "float32[4]", lit([0, -1, 1, 1], "int64"), 2)
        yield case(op, "float32[2,2,3]", lit([[0, 1], [1, 1]], "int32"), 2)
        yield case(op, "float32[0,2]", lit([], "int32"), 2)
        yield case(op, "float32[4]", ids, lit(3, "int64"))
        yield case(op, "float32[4]", ids, 2)
        yield case(op, "float32[3]", ids, 3)
        yield case(op, "float32[4]", lit([0.0, 0, 1, 1], "float32"), 3)
        yield case(op, "float32[4]", ids, -1)
    ordered = lit([0, 0, 1, 3], "int32")
    for name in ("sum", "mean", "max", "min", "prod"):
        op = f"tf.math.segment_{name}"
        for dtype in ("float32", "float64", "float16", "int32", "int64", "uint8", "complex64", "bool"):
            yield case(op, f"{dtype}[4,2]", ordered)
        yield case(op, "float32[4]", lit([0, 0, 1, 1], "int64"))
        yield case(op, "float32[4]", lit([1, 0, 1, 1], "int32"))
        yield case(op, "float32[3]", ordered)
        yield case(op, "float32[4,1]", lit([[0], [0], [1], [1]], "int32"))


def _sorting():
    for op in ("tf.sort", "tf.argsort"):
        for dtype in COMMON:
            yield case(op, f"{dtype}[2,4]:distinct" if dtype not in ("bool", "string") else f"{dtype}[2,4]")
        for axis in (0, 1, -1, 2, -2):
            for direction in ("ASCENDING", "DESCENDING"):
                yield case(op, "float32[2,3,4]:distinct", axis=axis, direction=direction)
        for x in ("float32[]", "float32[0]", "float32[0,3]", "float32[1]", "v:float32[3]", "p:int32[4]",
            "int32[11]:extreme"):
            yield case(op, x)
        yield case(op, "float32[6]:ties", **({"stable": True} if op == "tf.argsort" else {}))
        yield case(op, "float32[6]:ties", direction="DESCENDING")
        yield case(op, "float32[2,3]", axis=2)
        yield case(op, "float32[2,3]", axis=-4)
        yield case(op, "float32[2,3]", direction="up")
        yield case(op, "uint8[5]:distinct", direction="DESCENDING")
        yield case(op, "int8[11]:extreme", direction="DESCENDING") if op == "tf.sort" else case(op, "int8[5]:distinct")
    for dtype in (*FLOATS, "int32", "int64", "uint8", "int8", "bool", "complex64"):
        yield case("tf.math.top_k", f"{dtype}[2,5]:distinct" if dtype != "bool" else "bool[2,5]", k=3)
    for args, kwargs in (
        (("float32[6]:distinct",), {"k": 2}), (("float32[6]:distinct",), {}), (("float32[2,3,4]:distinct",), {"k": 2}),
        (("float32[2,6]:ties",), {"k": 4}), (("float32[6]:distinct",), {"k": 0}), (("float32[4]:distinct",), {"k": 5}),
        (("float32[]",), {"k": 1}), (("float32[4]:distinct",), {"k": -1}), (("float32[4]:distinct",), {"k": 1.5}),
        (("float32[5]:distinct",), {"k": 3, "sorted": False}), (("float32[0]",), {"k": 0}),
        (("float32[6]:distinct",), {"k": lit(2, "int32")}),
    ):  # fmt: skip
        # Unsorted results may come in any order: the sum says whether they are the right ones.
        if kwargs.get("sorted") is False:
            yield expr("tf.sort(tf.math.top_k(x, k=3, sorted=False).values)", x=args[0])
        else:
            yield case("tf.math.top_k", *args, **kwargs)
    for k in (1, 2):
        yield case("tf.math.in_top_k", lit([0, 2], "int32"), lit([[0.5, 0.2, 0.1], [0.3, 0.4, 0.2]], "float32"), k=k)
    for dtype in COMMON:
        yield case("tf.unique", f"{dtype}[7]:ties" if dtype not in ("bool", "string") else f"{dtype}[7]")
    for x in ("int32[0]", "float32[2,2]", "int32[]", "p:int32[5]"):
        yield case("tf.unique", x)
    yield case("tf.unique", "int32[5]:ties", out_idx=ref("tf.int64"))
    yield case("tf.unique_with_counts", "int32[7]:ties")
    yield case("tf.unique_with_counts", "string[7]", out_idx=ref("tf.int64"))
    for side in ("left", "right"):
        for dtype in ("float32", "float64", "int32", "int64", "uint8", "float16", "bool"):
            values = f"{dtype}[6]:normal" if dtype != "bool" else "bool[6]"
            yield case("tf.searchsorted", f"{dtype}[9]:sorted" if dtype != "bool" else "bool[9]", values, side=side)
        yield case("tf.searchsorted", "float32[2,5]:sorted", "float32[2,3]", side=side)
    for args in (("float32[2,5]:sorted", "float32[3,3]"), ("float32[5]:sorted", "int32[3]"),
        ("float32[0]", "float32[3]"),
                 ("float32[5]:sorted", "float32[]"), ("float32[5]:sorted", "float32[0]")):  # fmt: skip
        yield case("tf.searchsorted", *args)
    yield case("tf.searchsorted", "float32[5]:sorted", "float32[3]", side="middle")
    yield case("tf.searchsorted", "float32[5]:sorted", "float32[3]", out_type=ref("tf.int64"))
    for kwargs in ({}, {"minlength": 6}, {"maxlength": 3}, {"weights": "float32[5]"}, {"axis": -1}):
        yield case("tf.math.bincount", "int32[5]:below5", **kwargs)
