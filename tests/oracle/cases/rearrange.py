"""Ops that make, move, select and combine elements."""

from ..table import ALL, COMMON, case, expr, lit, ref

MOVE = ("float16", "bfloat16", "float32", "float64", "int32", "int64", "uint8", "uint16", "bool", "complex64", "string")


def cases():
    for part in (_shapes, _joins, _repeats, _gathers, _scatters, _where, _slices, _makers, _ranges, _convert):
        yield from part()


def _table(op, rows):
    """Rows of positional arguments, with an optional dict of keywords at the end."""
    for row in rows:
        *args, last = row if isinstance(row, tuple) else (row,)
        args, kwargs = (args, last) if isinstance(last, dict) else ([*args, last], {})
        yield case(op, *args, **kwargs)


def _shapes():
    for dtype in ALL:
        yield case("tf.reshape", f"{dtype}[2,3]", [3, 2])
        yield case("tf.transpose", f"{dtype}[2,3]")
        yield case("tf.expand_dims", f"{dtype}[2,3]", 1)
        yield case("tf.squeeze", f"{dtype}[1,3,1]")
    yield from _table("tf.reshape", [
        ("float32[2,3]", [-1]), ("float32[2,3]", [3, -1]), ("float32[2,3]", -1), ("float32[]", [1, 1]),
        ("float32[1]", []), ("float32[0,3]", [3, 0]),
        ("float32[0,3]", [-1, 3]), ("float32[2,3,4]", (4, 6)), ("float32[6]", lit([2, 3], "int64")),
        ("float32[6]", "n:int32[1]:below1"),
        ("v:float32[4]", [2, 2]), ("p:float32[4]", [2, 2]), ("float32[6]", [lit(2, "int32"), 3]),
        ("float32[0]", [0, -1]),
        ("float32[6]", [4]), ("float32[6]", [-1, -1]), ("float32[6]", [4, -1]), ("float32[6]", [2.0, 3.0]),
        ("float32[6]", [-2, 3]),
        ("float32[6]", [[2, 3]]), ("float32[6]", None), ("float32[6]", [2**31, 2**31, 2**31]), ("float32[6]", "a"),
    ])  # fmt: skip
    yield from _table("tf.transpose", [
        ("float32[2,3,4]",), ("float32[2,3,4]", [1, 0, 2]), ("float32[2,3,4]", [2, 0, 1]),
        ("float32[2,3,4]", {"perm": [0, 2, 1]}), ("float32[]",), ("float32[3]",),
        ("float32[0,3]",), ("float32[2,1,2,3]", [3, 1, 0, 2]), ("float32[2,3]", lit([1, 0], "int64")),
        ("v:float32[2,3]",), ("n:int64[2,3]",),
        ("float32[2,3]", [-1, 0]), ("float32[2,3]", [0, 0]), ("float32[2,3]", [0]), ("float32[2,3]", [0, 2]),
        ("float32[2,3]", [0.0, 1.0]), ("float32[2,3]", [0, 1, 2]),
        ("complex64[2,3]", {"conjugate": True}), ("float32[2,3]", {"conjugate": True}),
    ])  # fmt: skip
    yield from _table("tf.linalg.matrix_transpose", [("float32[2,3,4]",), ("complex64[2,3]", {"conjugate": True}),
        ("float32[3]",)])
    yield from _table("tf.linalg.adjoint", [("complex64[2,3]",), ("float32[2,2,3]",)])
    yield from _table("tf.expand_dims", [
        ("float32[2,3]", 0), ("float32[2,3]", -1), ("float32[2,3]", 2), ("float32[2,3]", -3), ("float32[]", 0),
        ("float32[0]", 0), ("v:float32[2]", {"axis": 0}),
        (3.5, 0), ("float32[2,3]", lit(1, "int32")), ("float32[2,3]", 3), ("float32[2,3]", -4),
        ("float32[2,3]", [0, 1]), ("float32[2,3]", 0.5), ("float32[2]", None),
    ])  # fmt: skip
    yield from _table("tf.squeeze", [
        ("float32[1,2,1]", {"axis": 0}), ("float32[1,2,1]", {"axis": [0, 2]}), ("float32[1,2,1]", {"axis": -1}),
        ("float32[2]",), ("float32[1]",), ("float32[]",),
        ("float32[0,1]",), ("v:float32[1,2]",), ("float32[1,2,1]", {"axis": 1}), ("float32[1,2,1]", {"axis": 3}),
        ("float32[1,2,1]", {"axis": [-4]}), ("float32[1,2]", {"axis": 0.0}),
    ])  # fmt: skip
    for op in ("tf.shape", "tf.size", "tf.rank", "tf.shape_n"):
        rows = ["float32[2,3]", "float32[]", "float32[0,3]", "int64[2]", "string[2,2]", "v:float32[2,3]",
            "n:float32[2]", "p:int32[2,2]", 3.0, None, [[1], [2, 3]]]
        for x in rows:
            yield case(op, [x, x] if op == "tf.shape_n" else x)
        if op != "tf.rank":
            for out in ("tf.int64", "tf.int32", "tf.float32"):
                yield case(op, ["float32[2,3]"] if op == "tf.shape_n" else "float32[2,3]", out_type=ref(out))
    yield from _table("tf.ensure_shape", [
        ("float32[2,3]", [2, 3]), ("float32[2,3]", [None, 3]), ("float32[2,3]", (None, None)), ("float32[2,3]", None),
        ("float32[]", []), ("int32[2]", [2]),
        ("float32[2,3]", [3, 2]), ("float32[2,3]", [2]), ("float32[2,3]", [None, 4]), ("float32[2,3]", "x"),
        ("string[2]", [2]),
    ])  # fmt: skip
    for dtype in COMMON:
        yield case("tf.broadcast_to", f"{dtype}[3]", [2, 3])
    yield from _table("tf.broadcast_to", [
        ("float32[2,1]", [2, 4]), ("float32[]", [2, 2]), ("float32[1]", [0]), ("float32[2,3]", [2, 3]),
        ("float32[1,3]", lit([4, 2, 3], "int64")), (1.5, [2]),
        ("float32[2]", [3]), ("float32[2,3]", [3]), ("float32[2]", [-1]), ("float32[2]", [2.0]),
        ("float32[3]", [3, 2]), ("float32[1,1]", [3, 2]), ("float32[2]", 2), ("float32[2]", 3.0), ("float32[2]", lit([2.0], "float32")),
        ("float32[]", lit(5, "int32")), ("float32[2]", [[2]]), ("float32[1]", "v:int32[1]:pos"), ("float32[2]", "v:int32[]"),
        ("float32[2]", True), ("float32[2]", None), ("float32[2]", "a"),
    ])  # fmt: skip
    for one, two in (([2, 1], [3]), ([], [2]), ([1], [0]), ([2, 3], [4]), ([None, 3], [1]), ([2], [1, 1])):
        yield expr(f"tf.broadcast_static_shape(tf.TensorShape({one}), tf.TensorShape({two}))")
    yield from _table("tf.broadcast_dynamic_shape", [([2, 1], [3]), ([], [2]), ([2, 3], [4]),
        (lit([2, 1], "int64"), lit([3], "int64"))])
    for dtype in MOVE:
        yield case("tf.reverse", f"{dtype}[2,3]", [1])
        yield case("tf.roll", f"{dtype}[2,3]", 1, 1)
    yield from _table("tf.reverse", [
        ("float32[2,3,4]", [0, 2]), ("float32[2,3]", [-1]), ("float32[2,3]", []), ("float32[0]", [0]),
        ("float32[]", []), ("v:float32[3]", [0]), ("float32[3]", lit([0], "int64")),
        ("float32[2,3]", [2]), ("float32[2,3]", [0, 0]), ("float32[2,3]", 0), ("float32[2,3]", [0.0]),
        ("float32[2,3]", [1, -1]),
    ])  # fmt: skip
    yield from _table("tf.roll", [
        ("float32[5]", 2, 0), ("float32[5]", -7, 0), ("float32[2,3]", [1, -1], [0, 1]),
        ("float32[2,3]", [1, 1], [1, 1]), ("float32[2,3]", 1, -1), ("float32[0]", 1, 0),
        ("float32[2,3]", 1, 2), ("float32[]", 1, 0), ("float32[2,3]", [1], [0, 1]), ("float32[3]", 1.0, 0),
        ("float32[3]", {"shift": lit(1, "int64"), "axis": 0}),
    ])  # fmt: skip


def _joins():
    for dtype in ALL:
        yield case("tf.concat", [f"{dtype}[2,3]", f"{dtype}[1,3]"], 0)
        yield case("tf.stack", [f"{dtype}[3]", f"{dtype}[3]"])
        yield case("tf.unstack", f"{dtype}[2,3]")
        yield case("tf.split", f"{dtype}[4,2]", 2)
    yield from _table("tf.concat", [
        (["float32[2,3]", "float32[2,1]"], 1), (["float32[2,3]", "float32[2,1]"], -1), (["float32[2,3]"], 0),
        (["float32[0,3]", "float32[2,3]"], 0), ("float32[2,3]", 0),
        (["float32[2]", "v:float32[1]"], 0), (["float32[2]", "n:float32[1]"], 0), (["float32[2]", [1.0, 2.0]], 0),
        ([[1, 2], [3]], 0), (["float32[2,1,3]"] * 3, 1),
        (["float32[2]"] * 2, {"axis": lit(0, "int32")}), (["float32[2,3]", "float32[3]"], 0),
        (["float32[2,3]", "float32[2,2]"], 0), (["float32[2]", "int32[2]"], 0),
        (["float32[2]"] * 2, 1), (["float32[2]"] * 2, -2), (["float32[]"] * 2, 0), ([], 0), (["float32[2]", None], 0),
        (["float32[2]"] * 2, [0]), (["float32[2]"], 0.5),
        (["float32[2]", "float64[2]"], 0), (["float32[0]", "float32[0]"], 0), (["float32[2]", 1.0], 0),
    ])  # fmt: skip
    yield from _table("tf.stack", [
        (["float32[2,3]"] * 2, {"axis": 1}), (["float32[2,3]"] * 2, {"axis": -1}),
        (["float32[2,3]"] * 2, {"axis": 2}), (["float32[]"] * 3,), ([1, 2, 3],), ([1.0, "float32[]"],),
        (["float32[0]"] * 2,), (["v:float32[2]", "float32[2]"],), (["n:int64[2]"] * 2,), ("float32[2,3]",),
        ("float32[2,3]", {"axis": 1}), ([[1, 2], [3, 4]],),
        (["float32[2]", "float32[3]"],), (["float32[2]", "int32[2]"],), (["float32[2]"] * 2, {"axis": 2}),
        (["float32[2]"] * 2, {"axis": -3}), ([],), ([[1, 2], [3]],),
        ("float32[]",), (["float32[2]", "float32[]"],), (["float32[2]", "float64[2]"],),
    ])  # fmt: skip
    yield from _table("tf.unstack", [
        ("float32[2,3]", {"axis": 1}), ("float32[2,3]", {"axis": -1}), ("float32[2,3]", {"num": 2}),
        ("float32[0,3]",), ("float32[3]",), ("v:float32[2,2]",),
        ("float32[2,3]", {"num": 3}), ("float32[]",), ("float32[2,3]", {"axis": 2}), ("float32[2,3]", {"axis": -3}),
        ("p:int32[2,2]",),
    ])  # fmt: skip
    yield from _table("tf.split", [
        ("float32[6]", 3), ("float32[6]", [1, 2, 3]), ("float32[2,6]", 2, 1), ("float32[2,6]", [4, -1], {"axis": 1}),
        ("float32[2,6]", [2, 4], -1), ("float32[0]", 1),
        ("float32[6]", [0, 6]), ("float32[6]", {"num_or_size_splits": lit([1, 5], "int32")}), ("v:float32[4]", 2),
        ("float32[6]", 1),
        ("float32[5]", 2), ("float32[6]", [1, 2]), ("float32[6]", 2, 1), ("float32[6]", 0), ("float32[6]", [-1, -1]),
        ("float32[]", 1), ("float32[6]", 2.0), ("float32[6]", [7]),
        ("float32[6]", -1),
    ])  # fmt: skip
    for op in ("tf.meshgrid",):
        for args, kwargs in ((("float32[2]", "float32[3]"), {}), (("int32[2]", "int32[3]"), {"indexing": "ij"}),
            (("float32[2]",), {}), (("float32[2]",) * 3, {}),
                             (("float32[0]", "float32[2]"), {}), (([1, 2], [3, 4, 5]), {}),
                             (("float32[2]", "float32[3]"), {"indexing": "no"}), (("float32[2]", "int32[3]"), {}),
                             (("float32[2,2]", "float32[2]"), {}), (("float32[]", "float32[2]"), {}),
                             ((), {})):  # fmt: skip
            yield case(op, *args, **kwargs)


def _repeats():
    for dtype in MOVE:
        yield case("tf.tile", f"{dtype}[2,3]", [2, 1])
        yield case("tf.repeat", f"{dtype}[3]", 2)
    yield from _table("tf.tile", [
        ("float32[3]", [3]), ("float32[2,1,2]", [1, 2, 2]), ("float32[2]", [0]), ("float32[0]", [2]),
        ("float32[]", []), ("v:float32[2]", [2]), ("float32[2]", lit([2], "int64")),
        ("float32[2,3]", [2]), ("float32[2]", 2), ("float32[2]", [-1]), ("float32[2]", [1.0]), ("float32[]", [2]),
        ([1, 2], [2]), ("float32[2]", [lit(2, "int32")]),
    ])  # fmt: skip
    yield from _table("tf.repeat", [
        ("float32[2,3]", 2), ("float32[2,3]", 2, 0), ("float32[2,3]", 2, 1), ("float32[3]", [1, 0, 2]),
        ("float32[2,3]", [2, 1], 0), ("float32[2,3]", [1, 2, 0], {"axis": -1}), ("float32[]", 3),
        ("float32[2]", 0), ("float32[0]", 2), (3, {"repeats": 4}), ("float32[2]", [3]), ("float32[3]", [1, 2]),
        ("float32[2,3]", 2, 2), ("float32[2]", -1), ("float32[2]", 1.5),
    ])  # fmt: skip
    for mode in ("CONSTANT", "REFLECT", "SYMMETRIC", "constant", "reflect"):
        for dtype in ("float32", "int32", "complex64", "bool", "float16"):
            yield case("tf.pad", f"{dtype}[2,3]", [[1, 0], [0, 2]], mode)
        yield case("tf.pad", "float32[3]", [[2, 1]], mode=mode)
        yield case("tf.pad", "float32[2,3]", [[0, 0], [0, 0]], mode)
    yield from _table("tf.pad", [
        ("float32[2,3]", [[1, 1], [2, 2]], {"constant_values": 7}), ("int32[2]", [[1, 1]], {"constant_values": -1}),
        ("float32[]", lit([], "int32")), ("float32[0]", [[1, 2]]),
        ("float32[2]", lit([[1, 1]], "int64")), ("v:float32[2]", [[1, 1]]), ("string[2]", [[1, 1]]),
        ("float32[2,1,2]", [[0, 1], [1, 0], [1, 1]]),
        ("float32[2]", [[1, 1], [1, 1]]), ("float32[2]", [[-1, 1]]), ("float32[2]", [[3, 3]], "REFLECT"),
        ("float32[2]", [[3, 3]], "SYMMETRIC"), ("float32[2]", [[1, 1]], "WRAP"),
        ("float32[2]", [1, 1]), ("float32[2]", [[1.0, 1.0]]), ("float32[2]", [[1, 2, 3]]),
        ("int32[2]", [[1, 1]], {"constant_values": 1.5}),
    ])  # fmt: skip
    for op in ("tf.one_hot",):
        yield from _table(op, [
            ("int32[4]:below3", 3), ("int64[2,2]:below3", 3), ("uint8[3]:below3", 3),
            ("int32[3]:below3", 3, {"axis": 0}), ("int32[2,2]:below3", 3, {"axis": 1}), ("int32[]:below3", 3),
            ("int32[3]:below3", 3, {"on_value": 5.0, "off_value": -1.0}),
            ("int32[3]:below3", 3, {"on_value": 5, "off_value": 1}), ("int32[3]:below3", 3, {"dtype": ref("tf.int32")}),
            ("int32[3]:below3", 3, {"dtype": ref("tf.bool")}), ("int32[3]:below3", 3,
            {"on_value": True, "off_value": False}), ([0, 5, -1], 3), ("int32[0]", 3), ("int32[3]:below3", 0),
            ("int32[3]:below3", lit(3, "int32")), ("int32[3]:below3", {"depth": 3, "axis": -1}), ([0, 1], 2),
            ("float32[3]", 3), ("int32[3]:below3", -1), ("int32[3]:below3", 3, {"axis": 3}),
            ("int32[3]:below3", 3, {"axis": -2}), ("int32[3]:below3", [3]),
            ("int32[3]:below3", 3, {"on_value": 1.0, "off_value": 0}),
            ("int32[3]:below3", 3, {"on_value": 1.0, "dtype": ref("tf.int32")}), ("int32[3]:below3", 2.5),
        ])  # fmt: skip


def _gathers():
    for dtype in MOVE:
        yield case("tf.gather", f"{dtype}[4,2]", [2, 0, 2])
        yield case("tf.gather_nd", f"{dtype}[4,2]", [[2, 0], [0, 1]])
        yield case("tf.boolean_mask", f"{dtype}[3,2]", [True, False, True])
    yield from _table("tf.gather", [
        ("float32[4]", 2), ("float32[4,2]", "int32[2,3]:below4"), ("float32[4,2]", lit([1, 1], "int64"), {"axis": 1}),
        ("float32[4,2,3]", [0, 1], {"axis": -2}), ("float32[4,2]", "int32[0]"),
        ("float32[2,3,4]", "int32[2,2]:below3", {"axis": 1, "batch_dims": 1}),
        ("float32[2,3]", "int32[2]:below3", {"batch_dims": 1}), ("float32[2,3,4]", "int32[2]:below4", {"axis": 2}),
        ("float32[2,3]", "int32[2,2]:below3", {"batch_dims": -1}), ("v:float32[4,2]", [1, 3]),
        ("v:float32[4,2]", [1, 3], {"axis": 1}), ("n:float32[4]", [0]), ("float32[4]", "int16[2]:below4"),
        ("p:int32[3]", 1),
        ("float32[4]", [4]), ("float32[4]", [-1]), ("float32[4]", [0.0]), ("float32[]", [0]),
        ("float32[4]", 0, {"axis": 1}), ("float32[4]", [0], {"axis": -2}), ("float32[4]", ["a"]),
        ("float32[0]", [0]), ("float32[2,3]", "int32[3,2]:below3", {"batch_dims": 1}),
        ("float32[2,3]", "int32[2]:below3", {"batch_dims": 2}), ("float32[4]", None), ("float32[4]", True),
        ("float32[4]", lit([9], "int32"), {"axis": 0}), ("float32[4]", [[1], [2, 3]]),
    ])  # fmt: skip
    yield from _table("tf.gather_nd", [
        ("float32[4]", [[2], [0]]), ("float32[4,2]", [[1], [1]]), ("float32[4,2]", [1, 1]),
        ("float32[2,3,4]", [[[0, 1]], [[1, 2]]]), ("float32[2,3]", lit([[0, 1], [0, 1]], "int64")),
        ("float32[2,3,2]", [[1], [0]], {"batch_dims": 1}), ("float32[4]", lit([], "int32")),
        ("float32[2,2]", "int32[0,2]"), ("v:float32[4]", [[1]]), ("float32[2]", [[5]]), ("float32[2]", [[-1]]),
        ("float32[2]", [[0, 0]]), ("float32[2]", [[0.0]]), ("float32[]", [[0]]), ("float32[2]", 0),
        ("float32[2,3]", [[0, 0]], {"batch_dims": 3}),
    ])  # fmt: skip
    yield from _table("tf.boolean_mask", [
        ("float32[3]", [True, False, True]), ("float32[2,3]", [[True, False, True], [False, False, True]]),
        ("float32[2,3]", "bool[3]", {"axis": 1}), ("float32[2,3,2]", "bool[2,3]"),
        ("float32[3]", [False, False, False]), ("v:float32[3]", [True, True, False]), ("float32[3]", "n:bool[3]"),
        ("float32[0]", lit([], "bool")), ("float32[2,3]", "bool[3]", -1),
        ("float32[3]", [True, False]), ("float32[3]", True), ("float32[3]", [1, 0, 1]), ("float32[3]", [[True]]),
        ("float32[]", [True]), ("float32[2,3]", "bool[3]"),
    ])  # fmt: skip


def _scatters():
    for dtype in MOVE:
        yield case("tf.scatter_nd", [[1], [3]], f"{dtype}[2]", [5])
        for kind in ("update", "add", "sub", "max", "min"):
            yield case(f"tf.tensor_scatter_nd_{kind}", f"{dtype}[5]", [[1], [3]], f"{dtype}[2]")
    yield from _table("tf.scatter_nd", [
        ([[1], [1]], "float32[2]", [3]), ([[0, 1], [2, 2]], "float32[2]", [3, 3]),
        ([[0], [2]], "float32[2,3]", [4, 3]), (lit([[1]], "int64"), "float32[1]", lit([3], "int64")),
        ("int32[0,1]", "float32[0]", [3]),
        ([[1], [3]], [1, 2], [5]), ([[5]], "float32[1]", [3]), ([[-1]], "float32[1]", [3]),
        ([[0]], "float32[2]", [3]), ([[0]], "float32[1]", [-3]), ([[0.0]], "float32[1]", [3]), ([0], "float32[1]", [3]),
        ([[0]], "float32[1]", [3, 3]), ([[0, 0]], "float32[1]", [3]), ([[0]], None, [3]),
    ])  # fmt: skip
    for kind in ("update", "add", "sub", "max", "min"):
        yield from _table(f"tf.tensor_scatter_nd_{kind}", [
            ("float32[3,3]", [[0, 1], [2, 2]], "float32[2]"), ("float32[4,3]", [[0], [2]], "float32[2,3]"),
            ("v:float32[3]", [[1]], "float32[1]"), ("float32[3]", lit([[1]], "int64"), [7.0]),
            ("float32[3]", "int32[0,1]", "float32[0]"), ("int32[3]", [[1]], [5]),
            ("float32[2,2,2]", [[0, 1], [1, 0]], "float32[2,2]"),
            ("float32[3]", [[3]], "float32[1]"), ("float32[3]", [[-1]], "float32[1]"),
            ("float32[3]", [[0]], "float32[2]"), ("float32[3]", [[0]], "int32[1]"),
            ("float32[3]", [[0.0]], "float32[1]"),
            ("float32[3]", [[0, 0]], "float32[1]"), ("float32[3]", [0], "float32[1]"), ("float32[3]", [[0]], None),
        ])  # fmt: skip
        if kind in ("add", "sub"):
            yield case(f"tf.tensor_scatter_nd_{kind}", "float32[3]", [[1], [1]], "float32[2]")


def _where():
    for dtype in MOVE:
        yield case("tf.where", "bool[2,3]", f"{dtype}[2,3]", f"{dtype}[2,3]")
        yield case("tf.where", f"{dtype}[2,3]:ties" if dtype not in ("bool", "string") else f"{dtype}[2,3]")
    yield from _table("tf.where", [
        ("bool[3]", "float32[2,3]", "float32[2,1]"), (True, "float32[2]", "float32[2]"),
        ("bool[2,1]", "float32[3]", 0.0), ("bool[2]", 1.0, 2.0), ("bool[2]", 1, 2), ("bool[2]", "float32[2]", 1),
        ("bool[0]", "float32[0]", "float32[0]"),
        ("bool[]", "float32[]", "float32[2]"), ("bool[2,3]",), ("bool[]",), ("bool[0]",), ("bool[2,1,2]",),
        ([True, False],), ([1, 0, 2],), ("bool[2]", {"x": "float32[2]", "y": "float32[2]"}),
        ("v:bool[2]", "v:float32[2]", "float32[2]"),
        ("n:bool[3]", "n:float32[3]", "float32[3]"), ("bool[12]", "float32[12]:special", "float32[12]:edges"),
        ("bool[2]", "float32[3]", "float32[3]"), ("bool[2]", "float32[2]", "int32[2]"), ("bool[2]", "float32[2]"),
        ("float32[2]", "float32[2]", "float32[2]"), ("int32[2]", "float32[2]", "float32[2]"),
        ("bool[2]", {"y": "float32[2]"}), ("bool[2]", "float32[2]", None), ("bool[2]", "float32[2]", "float64[2]"),
        ("string[2]", "float32[2]", "float32[2]"), ("bool[2]", "int32[2]", 1.5),
    ])  # fmt: skip


def _slices():
    for dtype in MOVE:
        yield case("tf.slice", f"{dtype}[3,4]", [1, 0], [2, 3])
        yield case("tf.strided_slice", f"{dtype}[3,4]", [0, 1], [3, 4], [2, 2])
    yield from _table("tf.slice", [
        ("float32[5]", [1], [3]), ("float32[5]", [1], [-1]), ("float32[3,4]", [0, 1], [-1, 2]),
        ("float32[5]", [5], [0]), ("float32[5]", [0], [0]), ("float32[]", lit([], "int32"), lit([], "int32")),
        ("float32[5]", lit([1], "int64"), lit([2], "int64")), ("v:float32[5]", [1], [2]),
        ("float32[5]", {"begin": [0], "size": [5]}),
        ("float32[5]", [1], [5]), ("float32[5]", [6], [0]), ("float32[5]", [-1], [1]), ("float32[5]", [0], [-2]),
        ("float32[5]", [0, 0], [1, 1]), ("float32[5]", [0], [1, 1]), ("float32[5]", 0, 1), ("float32[5]", [0.0], [1.0]),
        ("float32[3,4]", [0], [1]),
    ])  # fmt: skip
    yield from _table("tf.strided_slice", [
        ("float32[5]", [1], [4]), ("float32[5]", [4], [0], [-1]), ("float32[5]", [-3], [-1]),
        ("float32[5]", [0], [100]), ("float32[3,4]", [1], [2]), ("float32[3,4]", [0, 0], [0, 0],
        {"begin_mask": 3, "end_mask": 3}),
        ("float32[3,4]", [1, 0], [2, 4], {"shrink_axis_mask": 1}), ("float32[3,4]", [0, 0], [0, 2],
        {"ellipsis_mask": 1}), ("float32[3]", [0, 0], [0, 2], {"new_axis_mask": 1}),
        ("float32[3,4]", [3, 4], [0, 0], [-1, -2]),
        ("float32[5]", [0], [5], [0]), ("float32[5]", [0, 0], [1, 1]), ("float32[5]", [0], [1, 1]),
        ("float32[5]", [9], [10], {"shrink_axis_mask": 1}), ("float32[5]", 0, 1), ("float32[5]", [0.0], [1.0]),
        ("v:float32[5]", [1], [3]),
    ])  # fmt: skip


def _makers():
    for name in ("zeros", "ones"):
        for dtype in ALL:
            yield case(f"tf.{name}", [2, 3], ref(f"tf.{dtype}"))
            yield case(f"tf.{name}_like", f"{dtype}[2,3]")
        yield from _table(f"tf.{name}", [([],), ([0, 2],), (3,), ((2, 1),), (lit([2, 2], "int32"),),
            (lit(2, "int64"),), ([2], {"dtype": "float64"}), ("n:int32[2]:below5",), ([lit(2, "int32"), 3],),
                                         ([-1],), ([1.5],), (None,), ("a",), ([[2]],), ([2], "bad"),
                                         ([2**40, 2**40],), ([None],)])  # fmt: skip
        yield from _table(f"tf.{name}_like", [("float32[]",), ("float32[0,2]",),
            ("float32[2]", {"dtype": ref("tf.int32")}), ("v:float32[2]",), ("n:int64[2]",), ([1, 2],), (3.5,),
            (None,), ("float32[2]", {"dtype": "bad"})])
    yield expr("tf.zeros(tf.TensorShape([2, 3]))")
    yield expr("tf.ones(x.shape)", x="float32[2,3]")
    yield expr("tf.zeros(tf.shape(x))", x="float32[2,3]")
    for value in (1, 1.5, True, "a", 2 + 1j, lit(3, "int64"), lit(2.0, "float16"), ref("np.pi")):
        yield case("tf.fill", [2, 3], value)
    yield from _table("tf.fill", [([], 1.0), ([0], 1.0), (lit([2], "int64"), 1), ([2], "float32[]"), ((2, 2), 7),
        ([2], "float32[1]"), ([-1], 1.0), ([2.0], 1.0), (2.0, 1.0), (2j, 1.0), (lit(2.0, "float32"), 1.0), (2, 1.0), ([2], None), ([[2]], 1.0)])
    yield from _table("tf.fill", [([2], [1, 2])])


def _ranges():
    yield from _table("tf.range", [
        (5,), (2, 5), (2, 10, 3), (10, 2, -3), (0,), (5, 2), (1.5,), (0.0, 1.0, 0.25), (0, 1, 0.25),
        (5, {"dtype": ref("tf.float32")}), (5, {"dtype": ref("tf.int64")}), (lit(5, "int64"),),
        (lit(1, "int32"), lit(5, "int64")),
        ({"start": 1, "limit": 4}), ({"start": 1, "limit": 4, "delta": 2}), (3, 1, -1), (-3,), (lit(2.5, "float64"),),
        (0, 5, {"dtype": ref("tf.float16")}), (2**31, 2**31 + 3, {"dtype": ref("tf.int64")}),
        (0, 5, 0), ([5],), (None,), (1, 5, -1.0), (lit([1, 2], "int32"),), (5, {"dtype": ref("tf.bool")}),
        (2**31, 2**31 + 3), (1, 4, 1.5, {"dtype": ref("tf.int32")}),
        (0.1, 1.1, 0.1), (1.0, 2.2, 0.1), (0.1, 0.7, 0.2, {"dtype": ref("tf.float16")}),
        (0.0, 7.0, 0.7, {"dtype": ref("tf.bfloat16")}), (1.0, 2.2, 0.1, {"dtype": ref("tf.float64")}),
    ])  # fmt: skip
    for name in ("tf.linspace",):
        yield from _table(name, [
            (0.0, 1.0, 5), (1.0, 0.0, 3), (0.0, 1.0, 1), (lit(0.0, "float64"), lit(1.0, "float64"), 4),
            ("float32[2]", "float32[2]", 3), ("float32[2]", "float32[2]", 3, {"axis": -1}), (-1.0, 1.0, {"num": 2}),
            (0.0, 1.0, 0), (0, 10, 5), (0.0, 1.0, -1), (0.0, "float64[]", 3), ("float32[2]", "float32[3]", 3),
            (0.0, 1.0, 2.5), ("a", 1.0, 3),
        ])  # fmt: skip
    yield from _table("tf.sequence_mask", [([1, 3, 2],), ([1, 3], 4),
        ([[1], [2]], {"maxlen": 3, "dtype": ref("tf.float32")})])


def _convert():
    for op in ("tf.constant", "tf.convert_to_tensor"):
        values = (1, 1.5, True, 1j, "a", b"b", [1, 2], [1.0, 2], [True, False], [[1, 2], [3, 4]], [], [[]],
            ["a", b"b"], (1, 2), 2**31, 2**31 - 1, -(2**31), 2**63, 2**64, -(2**63) - 1, 1e40, 1e400, [1, 2**40],
                  ref("np.pi"), [1, 1j], [True, 1], [1.5, True], ["a", 1], [1, "a"], [1, None], None, [[1, 2], [3]],
                  [[1], 2], [1, [2]], {"a": 1}, {1}, [[[1], [2, 3]]], ref("np.inf"), [ref("np.nan"), 1])  # fmt: skip
        for value in values:
            yield case(op, value)
        for value in (1, 1.5, True, "a", [1, 2.5], 300, -1, 2**40, 1e40, None, [], 1j, ref("np.nan")):
            for dtype in ("float16", "float32", "int32", "int64", "uint8", "bool", "string", "complex64", "bfloat16"):
                yield case(op, value, dtype=ref(f"tf.{dtype}"))
        for dtype in ALL:
            yield case(op, f"n:{dtype}[2,2]" if dtype != "bfloat16" else "n:bfloat16[2]")
            yield case(op, f"{dtype}[2]")
        for x, dtype in (("float32[2]", "tf.float32"), ("float32[2]", "tf.float64"), ("int32[2]", "tf.float32"),
            ("n:float64[2]", "tf.float32"), ("n:int64[2]", "tf.int32"), ("n:int64[2]", "tf.float32"),
            ("n:float32[2]", "tf.int32"),
                         ("v:float32[2]", "tf.float32"), ("v:float32[2]", "tf.int32"), ("n:bool[2]", "tf.int32"),
                         ("n:float32[2]", "tf.bfloat16"), ("n:int32[2]", "tf.bool")):  # fmt: skip
            yield case(op, x, dtype=ref(dtype))
        yield case(op, ["float32[2]", "float32[2]"])
        yield case(op, ["float32[]", 2.5])
        yield case(op, [1.5, "float32[]"])
        yield case(op, ["float32[]", 2])
        yield case(op, [2, "float32[]"])
        yield case(op, ["float32[]", "int32[]"])
        yield case(op, ["float32[2]", "float32[3]"])
        yield case(op, ["n:float64[2]", "n:float64[2]"])
        yield case(op, ["v:float32[]", 1.0])
        yield case(op, 1, dtype="int64")
        yield case(op, 1, dtype="nonsense")
    yield from _table("tf.constant", [
        (1, {"shape": [2, 2]}), ([1, 2, 3, 4], {"shape": [2, 2]}), (0.0, {"shape": []}), ([1, 2], {"shape": [2]}),
        (1, {"shape": [0]}), ([1, 2, 3], {"shape": [2, 2]}), ([1, 2, 3, 4, 5], {"shape": [2, 2]}), (1, {"shape": [-1]}),
        (1, {"shape": [None]}), (1, {"shape": 3}), (1, {"shape": [2.5]}), ("float32[2]", {"shape": [2]}),
        ("float32[4]", {"shape": [2, 2]}), (1, {"name": "one"}), ([1], {"shape": [3]}),
    ])  # fmt: skip
    yield from _table("tf.convert_to_tensor", [(1, {"dtype_hint": ref("tf.float32")}),
        (1.5, {"dtype_hint": ref("tf.int32")}), ([1, 2], {"dtype_hint": ref("tf.int64")}), (1, {"name": "one"})])
