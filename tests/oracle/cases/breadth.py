"""The ops that no other table goes through: their dtypes, ranks, attributes, gradients and errors."""

from ..table import ALL, COMPLEX, FLOATS, INTS, case, expr, lit, ref
from .families import SHAPES, binary, unary

REALS = (*FLOATS, *INTS)
WIDE = ("float32", "float64")


def cases():
    for part in (_calls, _nest, _special, _complex, _counting, _decompositions, _diagonals, _convolutions, _pools,
                 _transposed, _random, _shapes, _debugging, _sequences, _branches, _blocks):  # fmt: skip
        yield from part()


def _calls():
    for call in (
        "tf.executing_eagerly()", "tf.no_op()", "tf.group()", "tf.group(x)", "tf.group(x, x)", "tf.group(1, x)",
        "tf.get_static_value(x)", "tf.get_static_value(tf.shape(x))", "tf.get_static_value(None)",
        "tf.get_static_value(tf.constant([1, 2]), partial=True)",
        "tf.is_tensor(x)", "tf.is_tensor([x])", "tf.is_tensor(np.ones(2))", "tf.is_tensor(tf.Variable(x))",
        "tf.is_tensor(1.0)", "tf.is_tensor(None)",
        "tf.debugging.set_log_device_placement(False)", "tf.as_dtype('float32')", "tf.as_dtype(np.int8)",
        "tf.as_dtype(tf.half)", "tf.as_dtype('nothing')", "tf.as_dtype(None)", "tf.as_dtype(float)",
        "tf.as_dtype(1)", "tf.as_dtype(int)", "tf.as_dtype(bool)", "tf.as_dtype(str)", "tf.as_dtype(object)",
        "tf.cond(True, lambda: x, lambda: -x)", "tf.cond(tf.reduce_sum(x) > 1e9, lambda: x, lambda: (x, x)[1] * 2)",
        "tf.cond(tf.constant([True]), lambda: x, lambda: -x)", "tf.cond(1, lambda: x, lambda: -x)",
        "tf.cond(tf.constant(0), lambda: x, lambda: -x)", "tf.cond(True, x, x)", "tf.cond('a', lambda: x, lambda: x)",
        "tf.recompute_grad(lambda v: v * v)(x)", "tf.stop_gradient(x) * x", "tf.stop_gradient([x, x])",
    ):  # fmt: skip
        yield expr(call, x="float32[3]")
    for call in (
        "with_scope(tf.name_scope('a'))", "with_scope(tf.init_scope())", "with_scope(tf.device('CPU:0'))",
        "with_scope(tf.control_dependencies([x]))", "with_scope(tf.control_dependencies(None))",
        "with_scope(tf.name_scope(1))", "with_scope(tf.name_scope(None))",
    ):  # fmt: skip
        text = call.replace("with_scope(", "[(c.__enter__(), x * 2, c.__exit__(None, None, None))[1] for c in [") + "]"
        yield expr(text[:-2] + "]]", x="float32[3]")


def _nest():
    for call in (
        "tf.nest.flatten([x, {'b': x * 2, 'a': (x, 3)}])", "tf.nest.flatten(x)", "tf.nest.flatten(None)",
        "tf.nest.flatten([])", "tf.nest.flatten({'b': 1, 2: 3})", "tf.nest.flatten({'b': [1, {'c': 2}], 'a': 'text'})",
        "tf.nest.flatten(np.ones(2))", "tf.nest.flatten([1], expand_composites=True)", "tf.nest.flatten({1, 2})",
        "tf.nest.flatten(tf.TensorShape([1, 2]))", "tf.nest.flatten(range(2))", "tf.nest.flatten([[[]], [1]])",
        "tf.nest.map_structure(lambda v: v * 2, {'a': x, 'b': [x]})",
        "tf.nest.map_structure(lambda a, b: a + b, [x, [x]], [x, [x]])",
        "tf.nest.map_structure(lambda a, b: a, [1, 2], [1])", "tf.nest.map_structure(lambda a, b: a, [1], (1,))",
        "tf.nest.map_structure(lambda a, b: a, [1], (1,), check_types=False)", "tf.nest.map_structure(3, [1])",
        "tf.nest.map_structure(lambda v: v)", "tf.nest.map_structure(lambda v: v, [1], nothing=3)",
        "tf.nest.map_structure(lambda v: v, None)", "tf.nest.map_structure(lambda v: 1 / v, [0])",
        "tf.nest.pack_sequence_as([1, {'a': 2}], [x, x * 2])", "tf.nest.pack_sequence_as(1, [x])",
        "tf.nest.pack_sequence_as([1, 2], [x])", "tf.nest.pack_sequence_as([1], [x, x])",
        "tf.nest.pack_sequence_as(1, [x, x])", "tf.nest.pack_sequence_as([1], x)", "tf.nest.pack_sequence_as({}, [])",
        "tf.nest.pack_sequence_as({'b': 1, 'a': (2, 3)}, [1, 2, 3])", "tf.nest.pack_sequence_as([1], 3)",
        "tf.nest.assert_same_structure([1, [2]], [3, [4]])", "tf.nest.assert_same_structure([1, [2]], [3, 4])",
        "tf.nest.assert_same_structure([1], (1,))", "tf.nest.assert_same_structure([1], (1,), check_types=False)",
        "tf.nest.assert_same_structure({'a': 1}, {'b': 1})", "tf.nest.assert_same_structure(1, [1])",
        "tf.nest.is_nested([1])", "tf.nest.is_nested(x)", "tf.nest.is_nested('text')", "tf.nest.is_nested({1})",
        "tf.nest.is_nested({})", "tf.nest.is_nested(tf.TensorShape([1]))", "tf.nest.is_nested(None)",
        "tf.nest.is_nested(np.ones(2))", "tf.nest.is_nested((x,))",
    ):  # fmt: skip
        yield expr(call, x="float32[2]")


def _special():
    yield from unary("tf.math.ndtri", gen="prob")
    yield from binary("tf.math.xlog1py", gen="pos", extremes=False)
    yield from binary("tf.math.nextafter", gen="wide", extremes=False, edges=False)
    for name, dtypes in (("igamma", WIDE), ("igammac", WIDE), ("zeta", WIDE), ("polygamma", WIDE)):
        op = f"tf.math.{name}"
        one, two = {"zeta": ("gt1", "pos"), "polygamma": ("ones", "pos")}.get(name, ("pos", "pos"))
        for dtype in dtypes:
            first = "n:" if name == "polygamma" else ""  # there is no gradient with regard to the order
            yield case(op, f"{first}{dtype}[2,3]:{one}", f"{dtype}[2,3]:{two}", grad=bool(first))
        for a, b in (("", "3"), ("2,1", "3"), ("0", "1"), ("2,2,2,2", "2")):
            yield case(op, f"float32[{a}]:{one}", f"float32[{b}]:{two}", grad=False)
        for bad in ("float16", "int32", "complex64", "bool"):
            yield case(op, f"{bad}[2]:pos" if bad != "bool" else "bool[2]", f"{bad}[2]:pos" if bad != "bool" else "bool[2]")
        yield case(op, "float32[2]:pos", "float64[2]:pos")
        yield case(op, "float32[2]:pos", "float32[3]:pos")
        yield case(op, 1.5, 2.5)
    for x, a in (("3", "0.5"), ("0.5", "2.0"), ("-1.0", "2.0"), ("1.0", "-2.0"), ("1.0", "0.0")):
        for name in ("igamma", "igammac", "zeta"):
            yield expr(f"tf.math.{name}({x}, {a})")
    op = "tf.math.betainc"
    for dtype in (*WIDE, "float16", "int32", "complex64"):
        yield case(op, f"{dtype}[3]:pos", f"{dtype}[3]:pos", f"{dtype}[3]:prob", grad=False)
    for x in (0.0, 0.25, 1.0, -1.0, 1.5):
        yield case(op, 2.0, 3.0, x, grad=False)
    for a, b, shape in (([2.0, 0.5, 1.0], [1.0, 3.0, 2.0], "3"), (2.0, 3.0, "2,2"), ([2.0, 0.5], 3.0, ""), (2.0, 0.5, "")):
        yield case(op, a, b, f"float32[{shape}]:prob")
    yield case(op, "float32[]:pos", "float32[3]:pos", "float32[3]:prob", grad=False)
    yield case(op, "float32[2]:pos", "float32[3]:pos", "float32[3]:prob", grad=False)
    yield case(op, "float32[0]:pos", "float32[0]:pos", "float32[0]:prob", grad=False)
    op = "tf.math.lbeta"
    for dtype in (*FLOATS, "int32", "complex64", "bool"):
        yield case(op, f"{dtype}[2,3]:pos" if dtype != "bool" else "bool[2,3]")
    for shape in ("3", "0", "2,0", "0,3", "2,2,2"):
        yield case(op, f"float32[{shape}]:pos")
    yield case(op, "float32[]:pos")
    yield case(op, None)
    op = "tf.math.polyval"
    for dtype in (*FLOATS, "int32", "int64", "complex64", "bool"):
        yield case(op, [f"{dtype}[2]", f"{dtype}[2]", f"{dtype}[2]"], f"{dtype}[2]")
    for coeffs, x in (([1.0, 2.0, 3.0], "float32[2]"), ([], "float32[2]"), (["float32[]"], "float32[3]"),
                      ([2], "int32[3]"), (["float32[2]", "float32[3]"], "float32[2]"), ("float32[2]", "float32[2]"),
                      ((1.0, 2.0), 3.0), ([1, 2.5], "float32[0]")):  # fmt: skip
        yield case(op, coeffs, x)
    for name in ("tf.sigmoid", "tf.tanh"):
        for dtype in ("float32", "float64", "int32", "bool", "complex64"):
            yield case(name, f"{dtype}[2,3]" if dtype == "bool" else f"{dtype}[2,3]:unit")
        for shape in SHAPES:
            yield case(name, f"float32[{shape}]:unit")
        yield case(name, None)
        yield case(name, "a")


def _complex():
    for dtype in COMPLEX:
        part = "float32" if dtype == "complex64" else "float64"
        for text in ("tf.complex(tf.math.real(x), tf.math.imag(x))", "tf.math.angle(x)", "tf.math.conj(x) * x",
                     "tf.abs(x)", "tf.math.real(x * x)", "tf.math.imag(x * x)", "tf.math.sign(x)"):  # fmt: skip
            yield expr(text, x=f"{dtype}[2,3]:nonzero")
        yield case("tf.complex", f"{part}[2,3]", f"{part}[3]")
        yield case("tf.complex", f"{part}[]", f"{part}[0]")
    yield case("tf.complex", "float32[2]", "float32[3]")
    yield case("tf.complex", "float16[2]", "float16[2]")
    yield case("tf.complex", "float32[2]", "float64[2]")
    yield case("tf.complex", 1.0, 2.0)


def _counting():
    op = "tf.math.count_nonzero"
    for dtype in ALL:
        yield case(op, f"{dtype}[2,3]:ties" if dtype not in ("string", "bool") else f"{dtype}[2,3]")
    for kwargs in ({"axis": 0}, {"axis": [0, 1]}, {"axis": -1, "keepdims": True}, {"axis": []}, {"dtype": ref("tf.int32")},
                   {"dtype": ref("tf.float32")}, {"axis": 5}, {"axis": [0, 0]}, {"axis": "a"}, {"keepdims": True}):  # fmt: skip
        yield case(op, "float32[2,3]:ties", **kwargs)
    for x in ("float32[]:ones", "float32[0]", "float32[0,3]", "v:float32[2]", [0, 1, 2], "float32[2,2,2,2]:ties", None,
              lit([float("nan"), 0.0, -0.0], "float32")):  # fmt: skip
        yield case(op, x)
    op = "tf.math.confusion_matrix"
    for dtype in ("int32", "int64", "uint8", "float32"):
        yield case(op, f"{dtype}[5]:below3", f"{dtype}[5]:below3")
    for args, kwargs in (
        (([0, 1, 2], [2, 1, 2]), {"num_classes": 4}), (([0, 1], [1, 1]), {"weights": [2, 3]}),
        (([0, 1], [1, 1]), {"weights": [0.5, 0.25], "dtype": ref("tf.float32")}), (([0, 5], [1, 1]), {"num_classes": 3}),
        (([0, 1], [1, 7]), {"num_classes": 3}), (([0, -1], [1, 1]), {}), (([0, 1, 2], [1, 1]), {}),
        (([0, 1], [1, 1]), {"weights": [1.0]}),
        (([0, 1], [1, 1]), {"dtype": ref("tf.int64")}), ((None, [1]), {}),
    ):  # fmt: skip
        yield case(op, *args, grad=False, **kwargs)
    op = "tf.math.bincount"
    for dtype in ("int32", "int64", "uint8", "float32"):
        yield case(op, f"{dtype}[5]:below4")
    for x, kwargs in (
        ("int32[0]", {}), ("int32[2,3]:below4", {}), ("int32[2,3]:below4", {"axis": -1}), ("int32[2,3]:below4", {"axis": 0}),
        ("int32[5]:below4", {"binary_output": True}), ("int32[5]:below4", {"dtype": ref("tf.int64")}),
        ("int32[5]:below4", {"weights": "int32[5]"}), ("int32[5]:below4", {"weights": "float64[5]"}),
        ("int32[5]:below4", {"weights": "float32[3]"}), (lit([-1, 2], "int32"), {}), (lit([1, 2], "int32"), {"minlength": -1}),
        ("int32[5]:below4", {"minlength": 3, "maxlength": 2}), ("int32[5]:below4", {"axis": 1}), ([1, 1, 2], {}),
        ("int32[5]:below4", {"weights": "float32[5]", "dtype": ref("tf.float32")}), (None, {}),
    ):  # fmt: skip
        yield case(op, x, grad=False, **kwargs)
    for op in ("tf.unique", "tf.unique_with_counts"):
        for dtype in (*REALS, "string", "bool"):
            yield case(op, f"{dtype}[6]:ties" if dtype not in ("string", "bool") else f"{dtype}[6]")
        for dtype in FLOATS:  # zeros of both signs are one number, but for floats of 16 bits
            yield case(op, lit([0.0, 1.0, -0.0, float("nan"), -0.0, 0.0, float("nan"), 1.0], dtype))
        for x, kwargs in (("int32[0]", {}), ("int32[2,2]", {}), ("int32[]", {}), ("int32[6]:ties", {"out_idx": ref("tf.int64")}),
                          ("int32[6]:ties", {"out_idx": ref("tf.float32")}), ([3, 1, 3], {}), (None, {})):  # fmt: skip
            yield case(op, x, **kwargs)
    for dtype in ("int32", "int64", "float32", "uint8"):
        yield case("tf.math.invert_permutation", lit([2, 0, 1], dtype))
    for x in ([3, 4, 0, 2, 1], [], [[1, 0]], [0, 0], [0, 3], [-1, 0], lit(0, "int32"), None):
        yield case("tf.math.invert_permutation", x)
    op = "tf.math.in_top_k"
    for targets, predictions, k in (
        (lit([1, 0], "int32"), "float32[2,4]", 2), (lit([1, 0], "int64"), "float32[2,4]", 1), ([1, 5], "float32[2,4]", 2),
        ([0, 1], lit([[1.0, 1.0], [float("nan"), 2.0]], "float32"), 1), ([1, 0], "float64[2,4]", 2),
        ([1, 0], "float32[3,4]", 2), ([1, 0], "float32[4]", 2), ([], "float32[0,4]", 2), ([-1, 0], "float32[2,4]", 4),
        ([[1], [0]], "float32[2,4]", 2), ([1, 0], "float32[2,4]:ties", 1), ([1, 0], "float32[2,4]", 0),
    ):  # fmt: skip
        yield case(op, targets, predictions, k)


def _decompositions():
    square = (*WIDE, *COMPLEX)
    for text in (
        "tf.linalg.eigh(x)[0]", "tf.abs(tf.linalg.eigh(x)[1])", "tf.linalg.eigvalsh(x)",
        "[e @ tf.linalg.diag(tf.cast(v, x.dtype)) @ tf.linalg.adjoint(e) for v, e in [tf.linalg.eigh(x)]]",
    ):  # fmt: skip
        for dtype in square:
            yield expr(text, x=f"{dtype}[3,3]:spd")
        for shape in ("2,3,3", "1,1", "0,0", "0,2,2"):
            yield expr(text, x=f"float32[{shape}]:spd")
    for name in ("eigh", "eigvalsh", "eig", "eigvals", "svd", "qr", "lu"):
        for x in ("float32[3]", "float32[]", "int32[2,2]", "bool[2,2]", None, "float16[2,2]"):
            if name not in ("eig", "eigvals") or x in ("float32[3]", "float32[]"):  # the others hit a bug there
                yield case(f"tf.linalg.{name}", x)
        if name[0] == "e":
            yield case(f"tf.linalg.{name}", "float32[2,3]")
    for dtype in square:
        yield expr("tf.sort(tf.abs(tf.linalg.eigvals(x)))", x=f"{dtype}[3,3]:square", grad=False)
        yield expr("[tf.abs(tf.linalg.matmul(tf.cast(x, e.dtype), v) - v * e[..., tf.newaxis, :]) < 1e-3 for e, v in "
                   "[tf.linalg.eig(x)]]", x=f"{dtype}[3,3]:square", grad=False)  # fmt: skip
        for kwargs in ("", ", full_matrices=True"):
            yield expr(f"[tf.abs(t) for t in tf.linalg.qr(x{kwargs})]", x=f"{dtype}[3,3]:square", grad=not kwargs)
            for shape in ("3,2", "2,3"):
                yield expr(f"[tf.abs(t) for t in tf.linalg.qr(x{kwargs})]", x=f"{dtype}[{shape}]", grad=False)
                yield expr(f"[tf.abs(t) for t in tf.linalg.svd(x{kwargs})]", x=f"{dtype}[{shape}]", grad=False)
                yield expr(f"[u[..., :2] @ tf.linalg.diag(tf.cast(s, x.dtype)) @ tf.linalg.adjoint(v[..., :2]) for s, u, v in "
                           f"[tf.linalg.svd(x{kwargs})]]", x=f"{dtype}[{shape}]", grad=False)  # fmt: skip
        yield expr("tf.linalg.svd(x, compute_uv=False)", x=f"{dtype}[2,3,2]")
        yield case("tf.linalg.lu", f"{dtype}[3,3]:square", grad=False)
        yield expr("tf.linalg.logdet(x)", x=f"{dtype}[3,3]:spd")
        yield case("tf.linalg.slogdet", f"{dtype}[3,3]:square")
        yield case("tf.linalg.cholesky_solve", f"{dtype}[3,3]:spd", f"{dtype}[3,2]")
        for kwargs in ({}, {"lower": False}, {"adjoint": True}):
            yield case("tf.linalg.triangular_solve", f"{dtype}[3,3]:spd", f"{dtype}[3,2]", **kwargs)
    for shape in ("0,0", "1,1", "2,0,3", "0,2,2"):
        yield expr("tf.linalg.svd(x, compute_uv=False)", x=f"float32[{shape}]")
        yield expr("[tf.shape(t) for t in tf.linalg.qr(x)]", x=f"float32[{shape}]", grad=False)
    for op in ("tf.linalg.logdet", "tf.linalg.slogdet"):
        for x in ("float32[3]", "float32[2,3]", "int32[2,2]", "float32[]", None, "float32[0,0]", "float32[0,2,2]:spd",
                  "float32[2,2,2]:spd", "float16[2,2]:spd"):  # fmt: skip
            yield case(op, x)
    for op in ("tf.linalg.cholesky_solve", "tf.linalg.triangular_solve"):
        for a, b in (("float32[2,3,3]:spd", "float32[2,3,1]"), ("float32[3,3]:spd", "float32[3]"), ("float32[0,0]", "float32[0,2]"),
                     ("float32[3,3]:spd", "float32[2,2]"), ("float32[2,3]", "float32[2,2]"), ("float32[3]", "float32[3,1]"),
                     ("float32[3,3]:spd", "float64[3,2]"), ("int32[3,3]", "int32[3,2]"), ("float32[3,3]:spd", "float32[3,0]"),
                     ("float16[2,2]:spd", "float16[2,1]"), ("v:float32[2,2]:spd", "p:float32[2,1]"),
                     ("float32[3,3]:spd", "float32[2,3,1]")):  # fmt: skip
            yield case(op, a, b)


def _diagonals():
    for dtype in ("float16", "float64", "int32", "uint8", "int64", "complex64", "bool", "string"):
        yield case("tf.linalg.set_diag", f"{dtype}[3,3]", f"{dtype}[3]")
        yield case("tf.linalg.band_part", f"{dtype}[3,3]", 1, 0)
        yield case("tf.linalg.adjoint", f"{dtype}[2,3]")
        yield case("tf.linalg.matrix_transpose", f"{dtype}[2,3]")
        yield case("tf.linalg.cross", f"{dtype}[2,3]", f"{dtype}[2,3]")
        yield case("tf.linalg.matvec", f"{dtype}[2,3]", f"{dtype}[3]")
    for x, d, kwargs in (
        ("float32[3,4]", "float32[3]", {}), ("float32[4,3]", "float32[3]", {}), ("float32[3,3]", "float32[2]", {"k": 1}),
        ("float32[3,3]", "float32[2]", {"k": -1}), ("float32[3,3]", "float32[2,3]", {"k": (0, 1)}),
        ("float32[3,3]", "float32[2,3]", {"k": (-1, 0), "align": "LEFT_RIGHT"}), ("float32[0,0]", "float32[0]", {}),
        ("float32[3,3]", "float32[3]", {"k": 5}), ("float32[3]", "float32[3]", {}), ("float32[3,3]", "float64[3]", {}),
        ("float32[2,3,3]", "float32[3]", {}), ("float32[3,3]", "float32[3]", {"align": "BAD"}), (None, "float32[3]", {}),
        ("float32[3,3]", [1.0, 2.0, 3.0], {}), ("float32[3,3]", "float32[1]", {"k": (1, 0)}),
    ):  # fmt: skip
        yield case("tf.linalg.set_diag", x, d, **kwargs)
    for x, low, high in (("float32[2,3,3]", 0, 1), ("float32[0,3]", 0, 0), ("float32[3]", 0, 0), ("float32[]", 0, 0),
                         ("float32[3,3]", 5, 0), ("float32[3,3]", 3, 3), ("float32[3,3]", "a", 0),
                         ("float32[3,3]", lit(1, "int64"), lit(-1, "int64")), ("float32[3,3]", lit([1], "int32"), 0),
                         ("float32[3,3]", lit(1, "int64"), lit(1, "int32")), ("v:float32[2,2]", 0, 0), (None, 0, 0)):  # fmt: skip
        yield case("tf.linalg.band_part", x, low, high)
    for op in ("tf.linalg.adjoint", "tf.linalg.matrix_transpose"):
        for x in ("float32[2,3,4]", "float32[0,3]", "float32[3]", "float32[]", None, "complex128[2,2]", "v:float32[1,2]",
                  "p:float32[2,2]", "float32[1,2,2,3]"):  # fmt: skip
            yield case(op, x)
    yield case("tf.linalg.matrix_transpose", "complex64[2,3]", conjugate=True)
    for a, b in (("float32[3]", "float32[3]"), ("float32[2,2,3]", "float32[2,2,3]"), ("float32[0,3]", "float32[0,3]"),
                 ("float32[2,3]", "float32[3]"), ("float32[]", "float32[]"), ("float32[3]", "float64[3]"),
                 ("int32[3]", "int32[3]"), ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]), ("float32[3]", None)):  # fmt: skip
        yield case("tf.linalg.cross", a, b)
    for a, b, kwargs in (("float32[2,2,3]", "float32[3]", {}), ("float32[0,3]", "float32[3]", {}), ("float32[2,0]", "float32[0]", {}),
                         ("float32[3,2]", "float32[3]", {"transpose_a": True}), ("complex64[3,2]", "complex64[3]", {"adjoint_a": True}),
                         ("float32[2,3]", "float64[3]", {}), ("float32[2,3]", "float32[]", {}), ("float32[]", "float32[3]", {}),
                         ("float32[2,3]", [1.0, 2.0, 3.0], {})):  # fmt: skip
        yield case("tf.linalg.matvec", a, b, **kwargs)
    for dtype in ("float16", "float64", "int64", "uint8", "complex64", "bool", "string"):
        yield case("tf.eye", 2, 3, dtype=ref(f"tf.{dtype}"))
    for args, kwargs in (((2,), {"batch_shape": [0]}), ((0, 3), {}), ((2, 0), {}), ((2,), {"batch_shape": (2, 1)}), (([2],), {}),
                         (("a",), {}), ((None,), {}), ((2, -1), {}), ((2,), {"batch_shape": -1})):  # fmt: skip
        yield case("tf.eye", *args, **kwargs)
    for dtype in ("int32", "int64", "float32"):
        yield expr("tf.eye(n)", n=f"{dtype}[]:pos")
        yield expr("tf.eye(n)", n=f"v:{dtype}[]:pos")
        yield expr("tf.eye(2, n)", n=f"v:{dtype}[]:pos")
    yield expr("tf.eye(2, batch_shape=[n])", n="v:int32[]:pos")


def _convolutions():
    op = "tf.nn.conv1d"
    for dtype in ("float64", "float16", "bfloat16", "int32", "complex64"):
        yield case(op, f"{dtype}[1,5,2]", f"{dtype}[3,2,2]", 1, "VALID")
    for strides, padding, more in (
        (1, "VALID", {}), (2, "SAME", {}), ([2], "SAME", {}), ([1, 2, 1], "VALID", {}), (3, "SAME", {}),
        (1, "SAME", {"dilations": 2}), (1, "VALID", {"dilations": [2]}), (1, "SAME", {"data_format": "NWC"}),
        (1, "BAD", {}), (0, "SAME", {}), ([1, 2], "SAME", {}), (1, "SAME", {"data_format": "BAD"}), (1, [[0, 0]], {}),
        (1, "SAME", {"dilations": 0}), ("a", "SAME", {}), (1, None, {}),
    ):  # fmt: skip
        yield case(op, "float32[2,6,2]", "float32[3,2,3]", strides, padding, **more)
    for x, k in (("float32[0,5,2]", "float32[3,2,3]"), ("float32[2,2,5,2]", "float32[3,2,3]"), ("float32[5,2]", "float32[3,2,3]"),
                 ("float32[1,5,2]", "float32[2,3]"), ("float32[1,5,3]", "float32[3,2,3]"), ("float32[1,1,2]", "float32[3,2,3]"),
                 ("v:float32[1,5,2]", "v:float32[3,2,3]"), ("float32[1,5,2]", "float64[3,2,3]")):  # fmt: skip
        yield case(op, x, k, 1, "VALID")
    op = "tf.nn.conv2d"
    for x, k, strides, padding, more in (
        ("float32[2,2,5,4,2]", "float32[2,2,2,3]", 1, "SAME", {}), ("float32[1,6,6,1]", "float32[2,2,1,1]", 3, "SAME", {}),
        ("float32[1,7,7,1]", "float32[3,3,1,2]", 2, "VALID", {"dilations": 2}), ("float32[1,4,4,2]", "float32[4,4,2,1]", 1, "VALID", {}),
        ("float32[1,5,5,1]", "float32[3,3,1,1]", 2, [[0, 0], [1, 2], [0, 1], [0, 0]], {}), ("float32[1,3,3,2]", "float32[5,5,2,1]", 1, "SAME", {}),
        ("float32[1,5,5,6]", "float32[2,2,3,4]", 1, "SAME", {}), ("float32[1,4,4,1]", "float32[2,2,1,0]", 1, "SAME", {}),
        ("float32[1,4,4,1]", "float32[2,2,1,1]", 1, [[0, 0], [1, 1]], {}), ("float32[1,4,4,1]", "float32[2,2,1,1]", 1, [[1, 0], [1, 1], [0, 0], [0, 0]], {}),
        ("float32[1,4,4,1]", "float32[0,2,1,1]", 1, "SAME", {}), ("float32[1,2,5,1]", "float32[4,2,1,1]", 1, "VALID", {}),
        ("float32[1,4,4,1]", "float32[2,2,1,1]", -1, "SAME", {}), ("float32[1,4,4,1]", "float32[2,2,1,1]", "a", "SAME", {}),
        ("float32[1,4,4,1]", "float32[2,2,1,1]", 1, "EXPLICIT", {}), ("float32[1,4,4,1]", "float32[2,2,1,1]", 2.0, "SAME", {}),
        ("float32[1,4,4,1]", "float32[2,2,1,1]", 1, "SAME", {"dilations": [2, 1, 1, 1]}),
    ):  # fmt: skip
        yield case(op, x, k, strides, padding, **more)
    op = "tf.nn.conv3d"
    ones = [1, 1, 1, 1, 1]
    for dtype in ("float32", "float64", "float16", "bfloat16", "int32"):
        yield case(op, f"{dtype}[1,3,3,3,2]", f"{dtype}[2,2,2,2,2]", ones, "SAME")
    for strides, padding, more in (
        (ones, "VALID", {}), ([1, 2, 2, 2, 1], "SAME", {}), ([1, 2, 1, 2, 1], "VALID", {}), (1, "SAME", {}), ([1, 1, 1], "SAME", {}),
        (ones, "BAD", {}), (ones, "SAME", {"data_format": "BAD"}), (ones, "SAME", {"dilations": 1}), ([1, 0, 1, 1, 1], "SAME", {}),
    ):  # fmt: skip
        yield case(op, "float32[1,4,3,3,2]", "float32[2,2,2,2,1]", strides, padding, **more)
    op = "tf.nn.depthwise_conv2d"
    four = [1, 1, 1, 1]
    for dtype in ("float64", "float16", "bfloat16", "int32", "complex64", "string"):
        yield case(op, f"{dtype}[1,4,4,2]", f"{dtype}[2,2,2,2]", four, "VALID")
    for strides, padding, more in (
        (four, "VALID", {}), ([1, 2, 2, 1], "SAME", {}), ([1, 2, 2, 1], "VALID", {}), (four, "SAME", {"dilations": [2, 2]}),
        (four, "VALID", {"dilations": [1, 2]}), (four, [[0, 0], [1, 1], [0, 2], [0, 0]], {}), (1, "SAME", {}), ([1, 1], "SAME", {}),
        (four, "BAD", {}), (four, "SAME", {"dilations": 2}), ([2, 1, 1, 1], "SAME", {}), (four, "SAME", {"data_format": "BAD"}),
        (four, [[0, 0], [1, 1]], {}), (None, "SAME", {}),
    ):  # fmt: skip
        yield case(op, "float32[2,5,4,2]", "float32[2,2,2,3]", strides, padding, **more)
    for x, k in (("float32[1,4,4,1]", "float32[2,2,1,1]"), ("float32[0,4,4,2]", "float32[2,2,2,1]"), ("float32[4,4,2]", "float32[2,2,2,1]"),
                 ("float32[1,4,4,2]", "float32[2,2,2]"), ("float32[1,4,4,3]", "float32[2,2,2,1]"), ("float32[1,1,1,2]", "float32[3,3,2,1]"),
                 ("v:float32[1,3,3,2]", "v:float32[2,2,2,2]"), ("float32[1,4,4,2]", "float64[2,2,2,1]")):  # fmt: skip
        # Where the input is empty, TensorFlow's gradient is uninitialised memory.
        yield case(op, x, k, four, "VALID", grad="[0," not in x)
    op = "tf.nn.separable_conv2d"
    for dtype in ("float32", "float64", "float16", "int32"):
        yield case(op, f"{dtype}[1,4,4,2]", f"{dtype}[2,2,2,2]", f"{dtype}[1,1,4,3]", four, "SAME")
    for strides, padding, more in ((four, "VALID", {}), ([1, 2, 2, 1], "SAME", {}), (four, "SAME", {"dilations": [2, 2]}), (four, "BAD", {}),
                                   (1, "SAME", {})):  # fmt: skip
        yield case(op, "float32[1,5,5,2]", "float32[2,2,2,2]", "float32[1,1,4,3]", strides, padding, **more)
    for d, p in (("float32[2,2,2,2]", "float32[1,1,3,3]"), ("float32[2,2,3,2]", "float32[1,1,4,3]"), ("float32[2,2,2]", "float32[1,1,4,3]"),
                 ("float32[2,2,2,2]", "float32[2,1,4,3]")):  # fmt: skip
        yield case(op, "float32[1,4,4,2]", d, p, four, "SAME")
    op = "tf.nn.convolution"
    for x, k, more in (
        ("float32[1,5,2]", "float32[2,2,3]", {}), ("float32[1,5,4,2]", "float32[2,2,2,3]", {}), ("float32[1,3,3,3,1]", "float32[2,2,2,1,1]", {}),
        ("float32[1,5,4,2]", "float32[2,2,2,3]", {"strides": 2}), ("float32[1,5,4,2]", "float32[2,2,2,3]", {"strides": [2, 1], "padding": "SAME"}),
        ("float32[1,6,6,2]", "float32[2,2,2,3]", {"dilations": 2}), ("float32[1,6,6,2]", "float32[2,2,2,3]", {"dilations": [1, 2], "padding": "SAME"}),
        ("float64[1,5,2]", "float64[2,2,3]", {}), ("float32[1,5,4,2]", "float32[2,2,3]", {}), ("float32[1,5,4,3]", "float32[2,2,2,3]", {}),
        ("float32[1,5,2]", "float32[2,2,3]", {"padding": "BAD"}), ("float32[1,5,2]", "float32[2,2,3]", {"data_format": "NWC"}),
        ("float32[0,5,2]", "float32[2,2,3]", {}), ("int32[1,5,2]", "int32[2,2,3]", {}),
    ):  # fmt: skip
        yield case(op, x, k, **more)


def _transposed():
    op = "tf.nn.conv2d_transpose"
    for dtype in ("float64", "float16", "bfloat16", "int32"):
        yield case(op, f"{dtype}[1,3,3,2]", f"{dtype}[2,2,3,2]", [1, 6, 6, 3], 2, "SAME")
    for x, k, shape, strides, padding, more in (
        ("float32[1,3,3,2]", "float32[2,2,3,2]", [1, 4, 4, 3], 1, "VALID", {}), ("float32[1,3,3,2]", "float32[3,3,1,2]", [1, 7, 7, 1], 2, "VALID", {}),
        ("float32[2,3,2,2]", "float32[3,3,1,2]", [2, 5, 4, 1], [2, 2], "SAME", {}), ("float32[2,3,2,2]", "float32[3,3,1,2]", [2, 6, 4, 1], [1, 2, 2, 1], "SAME", {}),
        ("float32[0,3,3,2]", "float32[2,2,3,2]", [0, 6, 6, 3], 2, "SAME", {}), ("float32[1,3,3,2]", "float32[2,2,3,2]", [1, 9, 9, 3], 2, "SAME", {}),
        ("float32[1,3,3,2]", "float32[2,2,3,4]", [1, 6, 6, 3], 2, "SAME", {}), ("float32[1,3,3,2]", "float32[2,2,3,2]", [1, 6, 6, 5], 2, "SAME", {}),
        ("float32[3,3,2]", "float32[2,2,3,2]", [1, 6, 6, 3], 2, "SAME", {}), ("float32[1,3,3,2]", "float32[2,2,3,2]", [1, 6, 6], 2, "SAME", {}),
        ("float32[1,3,3,2]", "float32[2,2,3,2]", [1, 6, 6, 3], 2, "BAD", {}), ("float32[1,3,3,2]", "float32[2,2,3,2]", lit([1, 6, 6, 3], "int32"), 2, "SAME", {}),
        ("float32[1,3,3,2]", "float32[2,2,3,2]", [2, 6, 6, 3], 2, "SAME", {}), ("float32[1,3,3,2]", "float64[2,2,3,2]", [1, 6, 6, 3], 2, "SAME", {}),
        ("v:float32[1,3,3,1]", "v:float32[2,2,1,1]", [1, 6, 6, 1], 2, "SAME", {}),
    ):  # fmt: skip
        yield case(op, x, k, shape, strides, padding, **more)


def _pools():
    for name, n in (("max_pool1d", 1), ("avg_pool1d", 1), ("max_pool3d", 3), ("avg_pool3d", 3), ("max_pool", 2), ("avg_pool", 2),
                    ("max_pool2d", 2), ("avg_pool2d", 2)):  # fmt: skip
        op, dims = f"tf.nn.{name}", "5,4,3"[: 2 * n - 1]
        for dtype in ("float32", "float64", "float16", "bfloat16", "int32", "complex64", "bool"):
            yield case(op, f"{dtype}[2,{dims},2]" if dtype == "bool" else f"{dtype}[2,{dims},2]:distinct", 2, 2, "VALID", grad=n < 3 or dtype == "float32")  # fmt: skip
        for size, strides, padding in ((3, 1, "SAME"), (2, 1, "VALID"), (2, 3, "SAME"), ([2] * n, [1] * n, "SAME"), (None, 1, "SAME"), (2, None, "VALID"),
                                       ([1, *[2] * n, 1], [1, *[2] * n, 1], "VALID"), ([2] * (n + 1), 1, "VALID") if n > 1 else ([2] * 2, 1, "VALID"),
                                       ([2 - (n == 1), *[1] * n, 1], 1, "VALID"), ("a", 1, "VALID"), (2, "a", "VALID"), (0, 1, "VALID"), (2, 0, "VALID"),
                                       (2, 2, "same"), (2, 2, None), (9, 1, "VALID")):  # fmt: skip
            yield case(op, f"float32[1,{dims},2]:distinct", size, strides, padding)
        yield case(op, f"float32[0,{dims},2]", 2, 2, "SAME")
        yield case(op, f"float32[{dims},2]", 2, 2, "SAME") if n != 2 or "2d" in name else case(op, "float32[2]", 2, 2, "SAME")
        # Of equal maxima TensorFlow's 3-D kernel gives the gradient to each, the others to the first.
        yield case(op, f"float32[1,{dims},1]:ties", 2, 1, "SAME", grad=n < 3)
        yield case(op, f"v:float32[1,{dims},1]:distinct", 2, 2, "SAME")
    pads = [[0, 0], [1, 1], [0, 1], [0, 0]]
    yield case("tf.nn.max_pool2d", "float32[1,4,4,2]:distinct", 2, 2, pads)
    yield case("tf.nn.max_pool2d", "float32[1,4,4,2]:distinct", 2, 2, pads[:2])
    yield case("tf.nn.max_pool1d", "float32[1,4,2]:distinct", 2, 2, pads[1:])
    for args, more in ((([2], "MAX"), {}), (([2], "AVG"), {}), (([2], "MAX"), {"strides": [2], "padding": "SAME"}), (([3], "AVG"), {"padding": "SAME"}),
                       (([2], "BAD"), {}), (([2], "MAX"), {"padding": "BAD"})):  # fmt: skip
        yield case("tf.nn.pool", "float32[1,5,2]:distinct", *args, **more)
    for args, more in ((([2, 2], "MAX"), {}), (([2, 1], "AVG"), {"strides": [1, 2], "padding": "SAME"}), (([2], "MAX"), {})):
        yield case("tf.nn.pool", "float32[1,5,4,2]:distinct", *args, **more)


def _random():
    for name in ("stateless_uniform", "stateless_normal", "stateless_truncated_normal"):
        op = f"tf.random.{name}"
        for dtype in FLOATS:
            yield case(op, [2, 3], [1, 2], dtype=ref(f"tf.{dtype}"), grad=False)
        for shape, seed in (([], [1, 2]), ([0], [1, 2]), ([2, 0], [1, 2]), ([5], lit([3, 4], "int64")), ([3], [0, 0]), ([3], [-1, 2**31 - 1]),
                            ([-1], [1, 2]), ([2], [1]), ([2], [1, 2, 3]), ([2], [1.5, 2.5]), ([2.5], [1, 2]), (2, [1, 2]), ([[2]], [1, 2]),
                            (None, [1, 2]), ([2], None), ("a", [1, 2])):  # fmt: skip
            yield case(op, shape, seed, grad=False)
    op = "tf.random.stateless_uniform"
    for kwargs in ({"minval": 2.0, "maxval": 5.0}, {"maxval": "float32[3]:gt1"}, {"minval": 0, "maxval": 10, "dtype": ref("tf.int32")},
                   {"minval": -5, "maxval": 5, "dtype": ref("tf.int64")}, {"minval": None, "maxval": None, "dtype": ref("tf.int32")},
                   {"minval": None, "dtype": ref("tf.uint32")}, {"minval": 5, "maxval": 5, "dtype": ref("tf.int32")},
                   {"dtype": ref("tf.int32")}, {"maxval": 3, "dtype": ref("tf.uint8")}, {"maxval": 3, "dtype": ref("tf.bool")}):  # fmt: skip
        yield case(op, [2, 3], [1, 2], grad=False, **kwargs)
    for kwargs in ({"mean": 1.0, "stddev": 2.0}, {"mean": "float32[3]"}, {"stddev": "float32[2,1]:pos"}, {"mean": "float32[4]"}):
        yield case("tf.random.stateless_normal", [2, 3], [1, 2], **kwargs)
    for op in ("tf.random.uniform", "tf.random.normal", "tf.random.truncated_normal"):
        for dtype in FLOATS:
            yield case(op, [2, 3], dtype=ref(f"tf.{dtype}"), check="shape", grad=False)
        for shape in ([], [0], [2, 0, 3], (1, 1, 1, 1), lit([2], "int64"), lit(2, "int32"), [-1], [True], None):
            yield case(op, shape, check="shape", grad=False)
    for logits, count, kwargs in (("float32[2,3]", 4, {}), ("float16[2,3]", 4, {}), ("float64[2,3]", 4, {}), ("float32[0,3]", 2, {}),
                                  ("float32[2,3]", 0, {}), ("float32[3]", 2, {}), ("float32[2,3]", -1, {}), ("int32[2,3]", 2, {}),
                                  ("float32[2,3]", 2, {"dtype": ref("tf.int32")}), ("float32[2,3]", 2, {"dtype": ref("tf.float32")})):  # fmt: skip
        yield case("tf.random.categorical", logits, count, check="shape", grad=False, **kwargs)
    for x in ("float32[4]", "int32[3,2]", "float32[]", "float32[0]", "string[3]", None):
        yield expr("tf.shape(tf.random.shuffle(x))", x=x, grad=False)


def _shapes():
    for a, b in (([2, 3], [3]), ([], [2]), ([1], [0]), ([2, 3], [4]), ([2, None], [1, 3]), ([0, 1], [1, 0])):
        yield expr(f"tf.broadcast_static_shape(tf.TensorShape({a}), tf.TensorShape({b}))")
        if None not in a:
            yield case("tf.broadcast_dynamic_shape", lit(a, "int32"), lit(b, "int32"))
            yield case("tf.broadcast_dynamic_shape", lit(a, "int64"), lit(b, "int64"))
    yield case("tf.broadcast_dynamic_shape", lit([2], "int32"), lit([2], "int64"))
    yield case("tf.broadcast_static_shape", [2], [2])
    for x, to in (("float32[3]", "tf.int32"), ("float32[2,2]", "tf.uint32"), ("int32[3]", "tf.uint8"), ("uint8[2,4]", "tf.float32"),
                  ("float64[2]", "tf.complex64"), ("float32[2]", "tf.int64"), ("float32[0]", "tf.int32"), ("float32[]", "tf.uint8"),
                  ("uint8[3]", "tf.float32"), ("float16[2]", "tf.bfloat16"), ("bool[2]", "tf.uint8"), ("complex64[2]", "tf.float32"),
                  ("int64[2]", "tf.int16"), ("float32[2]", "tf.string"), (None, "tf.int32"), (1.0, "tf.int32")):  # fmt: skip
        yield case("tf.bitcast", x, ref(to), grad=False)
    for dtype in ("int64", "float16", "complex64", "uint8"):
        yield case("tf.meshgrid", f"{dtype}[2]", f"{dtype}[3]")
    yield case("tf.meshgrid", "float32[2]", "float32[3]", indexing="bad")
    yield case("tf.meshgrid", "float32[0]", "float32[3]")
    yield case("tf.meshgrid", "float32[2]", "float64[3]")
    yield case("tf.meshgrid")
    for start, stop, num in (("float64[]", "float64[]", 4), ("float32[2]", "float32[2]", 0), ("float16[]", "float16[]", 3),
                             ("float32[2,2]", "float32[2,2]", 3), ("float32[0]", "float32[0]", 3), (0.0, 1.0, -1), ("int32[]", "int32[]", 3)):  # fmt: skip
        yield case("tf.linspace", start, stop, num)
    yield case("tf.linspace", "float32[2]", "float32[2]", 3, axis=1)
    yield case("tf.linspace", "float32[2]", "float32[2]", 3, axis=5)
    for x, kwargs in ((lit([1, 3, 0], "int32"), {}), (lit([1, 3], "int64"), {"maxlen": 5}), ([1, 2], {"maxlen": 1}), ([], {}), ([[1], [2]], {}),
                      ([1, 2], {"dtype": ref("tf.float32")}), ([1, 2], {"maxlen": lit([3], "int32")}), ("float32[2]", {}), (None, {}), (2, {"maxlen": 4}),
                      ([1, 2], {"dtype": ref("tf.string")})):  # fmt: skip
        yield case("tf.sequence_mask", x, **kwargs)
    for shape in ([2, None], [None, None], None, [2, 3], [3, None], [2], "a", [2, 3, 4]):
        yield case("tf.ensure_shape", "float32[2,3]", shape)
    yield case("tf.ensure_shape", "string[0]", [0])


def _debugging():
    for dtype in (*REALS, "bool", "string", "complex64"):
        for name in ("assert_equal", "assert_greater", "assert_near")[: 2 if dtype == "bfloat16" else 3]:
            yield expr(f"tf.debugging.{name}(x, x)", x=f"{dtype}[3]" if dtype in ("bool", "string") else f"{dtype}[3]:normal")
        yield expr("tf.debugging.assert_positive(x)", x=f"{dtype}[2]" if dtype in ("bool", "string") else f"{dtype}[2]:pos")
    for call in ("tf.debugging.assert_scalar(x[0])", "tf.debugging.assert_scalar(1)", "tf.debugging.assert_scalar(x)", "tf.debugging.assert_scalar([])",
                 "tf.debugging.assert_scalar('a')", "tf.debugging.assert_same_float_dtype([x, x])", "tf.debugging.assert_same_float_dtype([x], tf.float32)",
                 "tf.debugging.assert_same_float_dtype([x], tf.int32)", "tf.debugging.assert_same_float_dtype([x, tf.cast(x, tf.float64)])",
                 "tf.debugging.assert_same_float_dtype()", "tf.debugging.assert_same_float_dtype([tf.cast(x, tf.int32)])",
                 "tf.debugging.check_numerics(x, 'text')", "tf.debugging.check_numerics(x / 0.0, 'text')", "tf.debugging.check_numerics(tf.math.log(-tf.abs(x)), 'text')",
                 "tf.debugging.check_numerics([1, 2], 'text')", "tf.debugging.check_numerics(x[:0], 'text')"):  # fmt: skip
        yield expr(call, x="float32[2]:pos")


def _sequences():
    op = "tf.reverse_sequence"
    for dtype in ("float32", "float16", "int32", "int64", "uint8", "complex64", "bool", "string"):
        yield case(op, f"{dtype}[2,4]", lit([3, 1], "int32"), seq_axis=1)
    for x, lengths, kwargs in (
        ("float32[3,2]", [3, 1], {"seq_axis": 0, "batch_axis": 1}), ("float32[2,4,2]", lit([4, 0], "int64"), {"seq_axis": 1}),
        ("float32[2,4]", [5, 1], {"seq_axis": 1}), ("float32[2,4]", [1], {"seq_axis": 1}), ("float32[2,4]", [-1, 1], {"seq_axis": 1}),
        ("float32[0,4]", [], {"seq_axis": 1}), ("float32[2,4]", [1, 1], {"seq_axis": 0}), ("float32[2,4]", [1, 1], {"seq_axis": 2}),
        ("float32[2,4]", [1, 1], {}), ("float32[2,4]", [1.5, 1.0], {"seq_axis": 1}), ("float32[4]", [1], {"seq_axis": 1}),
    ):  # fmt: skip
        yield case(op, x, lengths, **kwargs)
    for op in ("segment_sum", "segment_mean", "segment_max", "segment_min", "segment_prod"):
        for dtype in (*FLOATS, "int32", "uint8", "complex64", "bool"):
            yield case(f"tf.math.{op}", f"{dtype}[4,2]", lit([0, 0, 2, 2], "int32"))
        for x, ids in (("float32[4]", lit([0, 0, 1, 1], "int64")), ("float32[0,2]", lit([], "int32")), ("float32[3]", [1, 0, 2]), ("float32[3]", [0, 1]),
                       ("float32[3]", [-1, 0, 1]), ("float32[3]", [[0, 1, 2]]), ("float32[]", 0), ("float32[3]", [0.0, 1.0, 2.0])):  # fmt: skip
            yield case(f"tf.math.{op}", x, ids)


def _branches():
    for call in (
        "tf.switch_case(1, [lambda: x, lambda: x * 2])", "tf.switch_case(tf.constant(1), [lambda: x, lambda: x * 2])",
        "tf.switch_case(tf.constant(5), [lambda: x, lambda: x * 2])", "tf.switch_case(tf.constant(-1), [lambda: x, lambda: x * 2])", "tf.switch_case(tf.constant(0), {0: lambda: x, 2: lambda: x * 2})",
        "tf.switch_case(tf.constant(7), {0: lambda: x, 1: lambda: x * 2}, default=lambda: -x)", "tf.switch_case(tf.constant(7), {0: lambda: x}, lambda: -x)",
        "tf.switch_case(0, [x])", "tf.switch_case(1.5, [lambda: x, lambda: x])", "tf.switch_case(0, [])", "tf.switch_case('a', [lambda: x])",
        "tf.switch_case(tf.constant(0), [])", "tf.switch_case(tf.constant(0), [x])", "tf.switch_case(tf.constant(0), {'a': lambda: x})",
        "tf.case([(True, lambda: x)])", "tf.case([(tf.constant(True), lambda: x)])", "tf.case([(tf.constant(False), lambda: x)], default=lambda: -x)",
        "tf.case([(tf.constant(False), lambda: x)])", "tf.case([(tf.reduce_sum(x) > 1e9, lambda: x), (tf.constant(True), lambda: x * 3)])",
        "tf.case([(True, lambda: x), (True, lambda: x)], exclusive=True)", "tf.case([])", "tf.case(3)", "tf.case([(True, x)])",
        "tf.case([(tf.reduce_sum(x) > 1e9, lambda: x), (True, lambda: x * 3)])", "tf.cond(None, lambda: x, lambda: x)",
        "tf.cond(True, None, lambda: x)", "tf.cond(tf.constant(1.5), lambda: x, lambda: -x)", "tf.cond(True, lambda: None, lambda: x)",
        "tf.cond(False, lambda: {'a': x}, lambda: {'a': -x})", "tf.group(None)", "tf.group('a')",
        "tf.get_static_value('a')", "tf.get_static_value(np.ones(2))", "tf.get_static_value(1.5)",
        "tf.nn.moments(x, 'a')", "tf.nn.moments(x, [0, 0])", "tf.nn.moments(x, [1])", "tf.nn.moments(x, None)",
        "tf.nn.scale_regularization_loss('a')", "tf.nn.scale_regularization_loss(None)", "tf.nn.scale_regularization_loss([1, 2])",
    ):  # fmt: skip
        yield expr(call, x="float32[3]")
    for n in ("int32[]", "int64[]", "uint8[]", "float32[]", "bool[]", "v:int32[]", "v:float32[]"):
        for branches in ("[lambda: x, lambda: x * 2]", "[]"):
            yield expr(f"tf.switch_case(n, {branches})", n=n, x="float32[3]")
    for p in ("bool[]", "v:bool[]", "float32[]"):
        yield expr("tf.case([(p, lambda: x)], lambda: -x)", p=p, x="float32[3]")
    for name in ("reduce_any", "reduce_all"):
        for shape in ("0", "2,0", "2,2,2"):
            yield case(f"tf.{name}", f"bool[{shape}]", axis=-1)
    for shape in ("0", "2,0", "0,3"):
        yield case("tf.nn.l2_normalize", f"float32[{shape}]", axis=-1)
        yield case("tf.broadcast_to", f"float32[{shape}]", [2, *map(int, shape.split(","))])
        yield case("tf.constant", f"n:float32[{shape}]")
        yield case("tf.convert_to_tensor", f"n:int64[{shape}]")
    yield case("tf.nn.sparse_softmax_cross_entropy_with_logits", "int64[0]", "float64[0,3]")
    yield case("tf.nn.batch_normalization", "float32[0,3]", "float32[3]", "float32[3]:pos", "float32[3]", "float32[3]", 1e-3)
    yield case("tf.nn.separable_conv2d", "float32[0,4,4,2]", "float32[2,2,2,1]", "float32[1,1,2,3]", [1, 1, 1, 1], "SAME", grad=False)
    for logits, count, seed, kwargs in (("float32[2,3]", 4, [1, 2], {}), ("float64[2,3]", 4, [1, 2], {}), ("float16[2,3]", 4, [1, 2], {}),
                                        ("float32[2,3]", 4, [1, 2], {"dtype": ref("tf.int32")}), ("float32[3]", 4, [1, 2], {}),
                                        ("float32[2,3]", -1, [1, 2], {}), ("float32[2,3]", 4, [1], {}), ("float32[2,3]", 0, [1, 2], {}),
                                        ("int32[2,3]", 4, [1, 2], {})):  # fmt: skip
        yield case("tf.random.stateless_categorical", logits, count, seed, grad=False, **kwargs)


def _blocks():
    op = "tf.batch_to_space"
    for dtype in ("float32", "float16", "int32", "int64", "uint8", "complex64", "bool"):
        yield case(op, f"{dtype}[4,2,2,1]", [2, 2], [[0, 0], [0, 0]])
    for x, block, crops in (
        ("float32[4,2,2,3]", [2, 2], [[1, 0], [0, 1]]), ("float32[2,3]", [2], [[0, 0]]), ("float32[0,2,2,1]", [2, 2], [[0, 0], [0, 0]]),
        ("float32[3,2,2,1]", [2, 2], [[0, 0], [0, 0]]), ("float32[4,2,2,1]", [2], [[0, 0], [0, 0]]), ("float32[4,2,2,1]", [2, 2], [[3, 3], [0, 0]]),
        ("float32[4,2,2,1]", [0, 2], [[0, 0], [0, 0]]), ("float32[4,2,2,1]", [2, 2], [[-1, 0], [0, 0]]), ("float32[4]", [2, 2], [[0, 0], [0, 0]]),
    ):  # fmt: skip
        yield case(op, x, block, crops)
    op = "tf.space_to_batch"
    for dtype in ("float32", "float16", "int32", "bool"):
        yield case(op, f"{dtype}[1,4,4,1]", [2, 2], [[0, 0], [0, 0]])
    for x, block, pads in (("float32[1,3,4,1]", [2, 2], [[1, 0], [0, 0]]), ("float32[2,4]", [2], [[0, 0]]), ("float32[1,3,3,1]", [2, 2], [[0, 0], [0, 0]]),
                           ("float32[1,4,4,1]", [2, 2], [[-1, 0], [0, 0]])):  # fmt: skip
        yield case(op, x, block, pads)
    for op in ("tf.nn.space_to_depth", "tf.nn.depth_to_space"):
        for dtype in ("float32", "float16", "int32", "uint8", "complex64", "bool"):
            yield case(op, f"{dtype}[1,2,4,4]", 2)
        for x, block, kwargs in (("float32[2,4,2,8]", 2, {}), ("float32[0,4,4,4]", 2, {}), ("float32[1,3,4,4]", 2, {}), ("float32[1,4,4,3]", 2, {}),
                                 ("float32[4,4,4]", 2, {}), ("float32[1,4,4,4]", 1, {}), ("float32[1,4,4,4]", 0, {}), ("float32[1,4,4,4]", 2, {"data_format": "BAD"})):  # fmt: skip
            yield case(op, x, block, **kwargs)
