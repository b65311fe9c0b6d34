"""Products and decompositions of matrices."""

from ..table import ALL, FLOATS, case, expr, lit, ref

SQUARE = ("float32", "float64", "complex64")


def cases():
    yield from _matmul()
    yield from _tensordot()
    yield from _einsum()
    yield from _norm()
    yield from _decompositions()
    yield from _diagonals()


def _matmul():
    for dtype in ALL:
        yield case("tf.linalg.matmul", f"{dtype}[2,3]", f"{dtype}[3,4]")
    for flags in (
        {"transpose_a": True}, {"transpose_b": True}, {"transpose_a": True, "transpose_b": True}, {"adjoint_a": True},
        {"adjoint_b": True},
        {"adjoint_a": True, "transpose_b": True},
    ):  # fmt: skip
        one = "3,2" if flags.get("transpose_a") or flags.get("adjoint_a") else "2,3"
        two = "4,3" if flags.get("transpose_b") or flags.get("adjoint_b") else "3,4"
        for dtype in ("float32", "complex64", "int32"):
            yield case("tf.linalg.matmul", f"{dtype}[{one}]", f"{dtype}[{two}]", **flags)
            yield case("tf.linalg.matmul", f"{dtype}[2,{one}]", f"{dtype}[2,{two}]", **flags)
    yield case("tf.linalg.matmul", "float32[3,2]", "float32[3,4]", transpose_a=True, adjoint_a=True)
    for one, two in (
        ("5,2,3", "5,3,4"), ("2,3", "5,3,4"), ("5,2,3", "3,4"), ("1,2,3", "5,3,4"), ("2,1,2,3", "3,3,4"),
        ("0,3", "3,4"), ("2,0", "0,4"),
        ("2,3", "3,0"), ("0,2,3", "0,3,4"), ("1,1", "1,1"), ("1,3", "3,1"),
    ):  # fmt: skip
        yield case("tf.linalg.matmul", f"float32[{one}]", f"float32[{two}]")
        yield case("operator.matmul", f"float32[{one}]", f"float32[{two}]")
    for one, two in (
        ("float32[2,3]", "float32[2,3]"), ("float32[3]", "float32[3,4]"), ("float32[2,3]", "float32[3]"),
        ("float32[]", "float32[2,2]"),
        ("float32[2,3]", "float64[3,4]"), ("float32[2,3]", "int32[3,4]"), ("float32[2,2,3]", "float32[3,3,4]"),
        ("bool[2,3]", "bool[3,4]"),
        ("float32[2,3]", None), ("v:float32[2,3]", "float32[3,4]"), ("n:float32[2,3]", "n:float32[3,4]"),
        ("p:float32[2,3]", "float32[3,4]"),
        ("float32[2,3]", "n:float64[3,4]"), ([[1, 2]], [[3], [4]]), (1.0, 2.0),
        ("float32[1,2,2,3]", "float32[2,2,3,2]"),
    ):  # fmt: skip
        yield case("tf.matmul", one, two)
    yield case("tf.linalg.matmul", "int8[2,3]", "int8[3,2]", output_type=ref("tf.int32"))
    yield case("tf.linalg.matmul", "float32[2,3]", "float32[3,2]", a_is_sparse=True)
    yield expr("tf.matmul(tf.transpose(x), x)", x="float32[4,1]")
    yield expr("x @ y @ tf.transpose(x)", x="float32[2,3]", y="float32[3,3]")
    for dtype in ("float32", "complex64", "int32", "float16"):
        yield case("tf.linalg.matvec", f"{dtype}[2,3]", f"{dtype}[3]")
    yield case("tf.linalg.matvec", "float32[4,3,2]", "float32[4,3]", transpose_a=True)
    yield case("tf.linalg.matvec", "float32[2,3]", "float32[2]")
    yield case("tf.linalg.matvec", "float32[3]", "float32[3]")


def _tensordot():
    for one, two, axes in (
        ("2,3", "3,4", 1), ("2,3", "4,5", 0), ("2,3,4", "3,4,5", 2), ("2,3,4", "4,3,5", [[1, 2], [1, 0]]),
        ("3", "3", 1), ("2,3", "3,2", [1, 0]),
        ("2,3", "2,3", [[0], [0]]), ("2,3", "2,3", [[-1], [-1]]), ("0,3", "3,2", 1), ("2,3", "3,2", ([1, 0], [0, 1])),
        ("2,3", "3,4", 2), ("2,3", "4,3", 1), ("2,3", "3,4", [[0, 1], [0]]), ("2,3", "3,4", 3), ("2,3", "3,4", -1),
        ("2,3", "3,4", [[1]]),
    ):  # fmt: skip
        yield case("tf.tensordot", f"float32[{one}]", f"float32[{two}]", axes=axes)
    for dtype in ("float64", "int32", "complex64", "bfloat16", "int64", "bool"):
        yield case("tf.tensordot", f"{dtype}[2,3]", f"{dtype}[3,4]", axes=1)
    yield case("tf.tensordot", "float32[2,3]", "float64[3,4]", axes=1)
    yield case("tf.tensordot", "v:float32[2,3]", "n:float32[3,4]", 1)


def _einsum():
    for equation, *shapes in (
        ("ij,jk->ik", "2,3", "3,4"), ("ij,jk", "2,3", "3,4"), ("ij->ji", "2,3"), ("ij->", "2,3"), ("ij->i", "2,3"),
        ("ii->i", "3,3"),
        ("ii", "3,3"), ("i,i->", "3", "3"), ("i,j->ij", "3", "2"), ("bij,bjk->bik", "2,2,3", "2,3,2"),
        ("...ij,...jk->...ik", "2,1,2,3", "3,3,2"),
        ("bqhd,bkhd->bhqk", "1,2,2,3", "1,3,2,3"), ("ij,jk,kl->il", "2,3", "3,2", "2,2"),
        ("ij , jk -> ik", "2,3", "3,4"), ("...i->...", "2,3"),
        ("ij,ij->ij", "2,3", "2,3"), ("ijk->kij", "2,3,4"), ("ij,jk->ik", "0,3", "3,4"), ("ab,b->a", "2,3", "3"),
        ("a,ab,b->", "2", "2,3", "3"),
        ("ij,jk->ik", "2,3", "4,4"), ("ij,jk->iz", "2,3", "3,4"), ("ij->ijk", "2,3"), ("ij,jk->ik", "2,3"),
        ("ij->i", "2,3,4"), ("i1->i", "2,2"),
        ("ij,jk->ii", "2,3", "3,2"),
    ):  # fmt: skip
        yield case("tf.einsum", equation, *[f"float32[{s}]" for s in shapes])
    for dtype in ("float64", "float16", "int32", "int64", "complex64", "bool"):
        yield case("tf.einsum", "ij,jk->ik", f"{dtype}[2,3]", f"{dtype}[3,4]")
    yield case("tf.einsum", "ij,jk->ik", "float32[2,3]", "float64[3,4]")
    yield case("tf.einsum", "ij,jk->ik", "v:float32[2,3]", "n:float32[3,4]")


def _norm():
    for dtype in (*FLOATS, "complex64", "int32"):
        yield case("tf.norm", f"{dtype}[2,3]")
    for order in ("euclidean", "fro", 1, 2, 3, 1.5, ref("np.inf"), 0, "nuc", "bad", -1):
        yield case("tf.norm", "float32[4]:nonzero", ord=order)
        yield case("tf.norm", "float32[2,3]:nonzero", ord=order, axis=[0, 1], grad=order not in (2, "nuc"))
        yield case("tf.norm", "float32[2,3]:nonzero", ord=order, axis=1)
    for kwargs in ({"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 1)},
        {"axis": [-2, -1], "keepdims": True}, {"keepdims": True},
                   {"axis": 3}, {"axis": [0, 0]}, {"axis": [0, 1, 2]}):  # fmt: skip
        yield case("tf.linalg.norm", "float32[2,3,4]", **kwargs)
    yield case("tf.norm", lit([0.0, 0.0], "float32"))
    yield case("tf.norm", "float32[0]")
    yield case("tf.norm", "float32[]")
    for dtype in (*FLOATS, "complex64", "int32"):
        yield case("tf.math.l2_normalize", f"{dtype}[2,3]:nonzero", axis=1)
    for kwargs in ({"axis": 0}, {"axis": [0, 1]}, {"axis": None}, {"axis": -1, "epsilon": 1.0}, {"axis": 4}):
        yield case("tf.math.l2_normalize", "float32[2,3]", **kwargs)
    yield case("tf.math.l2_normalize", lit([[0.0, 0.0], [3.0, 4.0]], "float32"), axis=1)
    for kwargs in ({}, {"axis": 1}, {"ord": 1}):
        yield case("tf.linalg.normalize", "float32[2,3]", **kwargs)


def _decompositions():
    for op in ("inv", "det"):
        for dtype in (*SQUARE, "float16", "int32"):
            yield case(f"tf.linalg.{op}", f"{dtype}[3,3]:square")
        for shape in ("2,3,3", "1,1", "0,0", "0,2,2", "2,2,2,2"):
            yield case(f"tf.linalg.{op}", f"float32[{shape}]:square")
        for x in ("float32[3]", "float32[2,3]", "float32[]", None, "v:float32[2,2]:square", "p:float32[2,2]"):
            yield case(f"tf.linalg.{op}", x)
        yield case(f"tf.linalg.{op}", lit([[1.0, 2.0], [2.0, 4.0]], "float32"), grad=False)
    yield case("tf.linalg.inv", "float32[3,3]:square", adjoint=True)
    yield case("tf.linalg.inv", "complex64[3,3]:square", adjoint=True)
    yield case("tf.linalg.slogdet", "float32[2,3,3]:square")
    yield case("tf.linalg.logdet", "float32[3,3]:spd")
    for dtype in (*SQUARE, "float16", "int32"):
        yield case("tf.linalg.solve", f"{dtype}[3,3]:square", f"{dtype}[3,2]")
        yield case("tf.linalg.cholesky", f"{dtype}[3,3]:spd")
    for one, two, kwargs in (
        ("float32[2,3,3]:square", "float32[2,3,2]", {}), ("float32[3,3]:square", "float32[3,2]", {"adjoint": True}),
        ("float32[0,0]", "float32[0,2]", {}),
        ("float32[3,3]:square", "float32[3,0]", {}), ("float32[3,3]:square", "float32[3]", {}),
        ("float32[3,3]:square", "float32[2,2]", {}),
        ("float32[2,3]", "float32[2,2]", {}), ("float32[3,3]:square", "float64[3,2]", {}),
        ("float32[2,3,3]:square", "float32[3,2]", {}),
    ):  # fmt: skip
        yield case("tf.linalg.solve", one, two, **kwargs)
    yield case("tf.linalg.solve", lit([[1.0, 2.0], [2.0, 4.0]], "float32"), "float32[2,1]")
    for shape in ("2,3,3", "1,1", "0,0", "0,2,2"):
        yield case("tf.linalg.cholesky", f"float32[{shape}]:spd")
    for x in (lit([[1.0, 2.0], [2.0, 1.0]], "float32"), "float32[2,3]", "float32[3]"):
        yield case("tf.linalg.cholesky", x)
    for lower in (True, False):
        yield case("tf.linalg.triangular_solve", "float32[3,3]:spd", "float32[3,2]", lower=lower)
    yield case("tf.linalg.triangular_solve", "float32[3,3]:spd", "float32[3,2]", adjoint=True)
    # Vectors have a free sign or phase: compared through what does not.
    yield expr("tf.linalg.eigvalsh(x)", x="float32[3,3]:spd", grad=False)
    yield expr("tf.linalg.svd(x, compute_uv=False)", x="float32[3,2]")
    yield expr("[tf.abs(t) for t in tf.linalg.qr(x)]", x="float32[3,2]")


def _diagonals():
    for dtype in ("float32", "float16", "int32", "int64", "uint8", "complex64", "bool", "string"):
        yield case("tf.linalg.diag", f"{dtype}[3]")
        yield case("tf.linalg.diag_part", f"{dtype}[3,3]")
        yield case("tf.linalg.trace", f"{dtype}[3,3]")
    for shape in ("2,3", "0", "1,2,2", ""):
        yield case("tf.linalg.diag", f"float32[{shape}]")
    for kwargs in ({"k": 1}, {"k": -1}, {"k": 1, "num_rows": 4, "num_cols": 5}, {"padding_value": 7.0},
        {"num_rows": 5}, {"num_rows": 1}):
        yield case("tf.linalg.diag", "float32[3]", **kwargs)
    yield case("tf.linalg.diag", "float32[3,2]", k=(0, 2))
    for shape in ("2,3", "3,2", "2,3,3", "0,0", "3", ""):
        yield case("tf.linalg.diag_part", f"float32[{shape}]")
        yield case("tf.linalg.trace", f"float32[{shape}]")
    for kwargs in ({"k": 1}, {"k": -1}, {"k": (-1, 1)}, {"k": 5}):
        yield case("tf.linalg.diag_part", "float32[3,4]", **kwargs)
    yield case("tf.linalg.tensor_diag", "float32[3]")
    yield case("tf.linalg.tensor_diag", "float32[2,2]")
    yield case("tf.linalg.tensor_diag_part", "float32[3,3]")
    yield case("tf.linalg.set_diag", "float32[2,3,3]", "float32[2,3]")
    yield case("tf.linalg.set_diag", "float32[3,3]", "float32[2]")
    for low, high in ((0, 0), (-1, 0), (0, -1), (1, 1), (-1, -1)):
        yield case("tf.linalg.band_part", "float32[3,4]", low, high)
    for args, kwargs in (((3,), {}), ((2, 3), {}), ((0,), {}), ((2,), {"batch_shape": [2]}),
        ((2,), {"dtype": ref("tf.int32")}), ((-1,), {}),
                         ((2.5,), {}), ((lit(3, "int32"),), {}), ((2,), {"dtype": ref("tf.bool")}),
                         ((2,), {"dtype": ref("tf.complex64")})):  # fmt: skip
        yield case("tf.eye", *args, **kwargs)
    yield case("tf.linalg.cross", "float32[2,3]", "float32[2,3]")
    yield case("tf.linalg.cross", "float32[2]", "float32[2]")
