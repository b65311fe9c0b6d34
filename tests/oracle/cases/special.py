"""Bessel and other special functions, roots and logarithms of matrices, banded systems."""

from ..table import case, expr, lit, ref

POINTS = [0.0, 1e-3, 0.5, 1.0, 1.9, 2.1, 3.7, 7.9, 8.1, 12.5, 30.0, 100.0]
SIGNED = [-30.0, -8.5, -2.0, -0.3, *POINTS]


def cases():
    yield from _others()
    yield from _functions()
    yield from _matrices()
    yield from _bands()


def _functions():
    functions = {
        "bessel_i0": SIGNED[:-1], "bessel_i0e": SIGNED, "bessel_i1": SIGNED[:-1], "bessel_i1e": SIGNED,
        "bessel_j0": SIGNED, "bessel_j1": SIGNED, "bessel_k0": POINTS, "bessel_k0e": POINTS, "bessel_k1": POINTS,
        "bessel_k1e": POINTS, "bessel_y0": POINTS, "bessel_y1": POINTS, "dawsn": SIGNED, "expint": POINTS[1:],
        "fresnel_cos": SIGNED, "fresnel_sin": SIGNED, "spence": POINTS,
    }  # fmt: skip
    for name, points in functions.items():
        op = f"tf.math.special.{name}"
        for dtype in ("float32", "float64", "float16", "bfloat16"):
            smooth = [p for p in points if 0.1 < abs(p) < 10] or points
            yield case(op, lit(smooth, dtype))
        # At 0 and far out, TensorFlow's gradients are infinities and NaNs of its own formulas.
        yield case(op, lit(points, "float64"), grad=False)
        for x in ("int32[2]", "complex64[2]", "float32[0]", "string[2]"):
            yield case(op, x)
        yield case(op, [0.5, 1.0])
        yield case(op, "v:float32[2,2]:pos")
    for name in ("bessel_i0", "bessel_i0e", "bessel_i1", "bessel_i1e"):
        yield case(f"tf.math.{name}", lit([-2.0, 0.5, 3.0], "float32"))


def _matrices():
    for x in ("float32[3,3]:spd", "float64[2,3,3]:spd", "complex64[3,3]:spd", "complex128[2,2,2]:spd", "float32[1,1]:pos"):
        yield case("tf.linalg.sqrtm", x)
        yield case("tf.linalg.logm", x.replace("float32", "complex64").replace("float64", "complex128"))
    yield case("tf.linalg.sqrtm", lit([[1.0, 2.0], [3.0, 4.0]], "float32"), grad=False)
    yield case("tf.linalg.logm", lit([[1.0, 2.0], [3.0, 4.0]], "complex64"))
    yield case("tf.linalg.logm", lit([[2.0, 1.0], [0.0, 2.0]], "complex64"))
    yield case("tf.linalg.logm", lit([[0.0, 0.0], [0.0, 0.0]], "complex128"))
    yield case("tf.matrix_square_root", "float32[2,2]:spd")
    for x in ("float32[2,3]", "float32[3]", "int32[2,2]", "float16[2,2]", "float32[0,0]"):
        yield case("tf.linalg.sqrtm", x)
    for x in ("complex64[2,3]", "complex64[3]", "float32[2,2]", "complex64[0,0]"):
        yield case("tf.linalg.logm", x)
    lu = "tf.linalg.lu(a)"
    for a in ("float32[3,3]:square", "float64[2,3,3]:square", "complex64[3,3]:square"):
        yield expr(f"tf.linalg.lu_reconstruct(*{lu})", a=a)
        yield expr(f"tf.linalg.lu_matrix_inverse(*{lu})", a=a)
        rhs = f"{a.partition('[')[0]}[3,2]"
        yield expr(f"tf.linalg.lu_solve(*{lu}, b)", a=a, b=rhs)
    yield expr("tf.linalg.lu_solve(a, p, b)", a="float32[3,3]:square", p=lit([2, 0, 1], "int32"), b="float32[4,3,2]")
    yield expr("tf.linalg.lu_reconstruct(a, p)", a="float32[3,3]:square", p=lit([2, 0, 1], "int32"))
    for text in ("tf.linalg.lu_solve(a, [0, 1, 2], [[1.0]])", "tf.linalg.lu_solve(a, [[0, 1, 2]], a)",
                 "tf.linalg.lu_solve(a[0], 0, a)", "tf.linalg.lu_solve(a[:2], [0, 1], a)",
                 "tf.linalg.lu_solve(a, [0, 1, 2], [1.0, 2.0, 3.0])", "tf.linalg.lu_reconstruct(a[0], 0)"):  # fmt: skip
        yield expr(text, a="float32[3,3]:square")


def _bands():
    solve = "tf.linalg.tridiagonal_solve"
    for d, x in (("float32[3,4]:gt1", "float32[4,2]"), ("float64[2,3,3]:gt1", "float64[2,3,1]"),
                 ("complex64[3,3]:square", "complex64[3,2]"), ("float32[3,4]:gt1", "float32[4]"),
                 ("float32[3,1]:gt1", "float32[1,2]")):  # fmt: skip
        yield case(solve, d, x)
        yield case("tf.linalg.tridiagonal_matmul", d, x)
    yield case(solve, "float32[3,3]:spd", "float32[3,2]", diagonals_format="matrix")
    yield case(solve, ["float32[3]:unit", "float32[3]:gt1", "float32[3]:unit"], "float32[3,2]", "sequence")
    yield case(solve, ["float32[2]:unit", "float32[3]:gt1", "float32[2]:unit"], "float32[3,2]", "sequence")
    yield case(solve, "complex64[3,3]:square", "complex64[2,3]", transpose_rhs=True, conjugate_rhs=True)
    yield case(solve, "float32[3,3]:square", "float32[3,1]", partial_pivoting=False)
    yield case(solve, lit([[0.0] * 3] * 3, "float32"), "float32[3,1]", grad=False)
    for args, more in (
        (("float32[3,3]", "float32[4,1]"), {}), (("float32[2,3]", "float32[3,1]"), {}), (("float32[3]", "float32[3]"), {}),
        (("float32[3,3]", "float32[1,2,3,1]"), {}), (("float32[2,3,3]", "float32[4,3,1]"), {}),
        (("int32[3,3]", "int32[3,1]"), {}), (("float32[3,3]", "float32[3,1]"), {"diagonals_format": "bad"}),
        (("float32[3,4]", "float32[4,1]"), {"diagonals_format": "matrix"}),
        (("float32[3,3]", "float32[3,1]"), {"perturb_singular": True, "partial_pivoting": False}),
        ((["float32[1]", "float32[3]", "float32[3]"], "float32[3,1]"), {"diagonals_format": "sequence"}),
        ((["float32[3]", "float32[3]"], "float32[3,1]"), {"diagonals_format": "sequence"}),
    ):  # fmt: skip
        yield case(solve, *args, **more)
    multiply = "tf.linalg.tridiagonal_matmul"
    yield case(multiply, "float32[3,3]", "float32[3,2]", diagonals_format="matrix")
    yield case(multiply, ["float32[3]", "float32[3]", "float32[3]"], "float32[3,2]", diagonals_format="sequence")
    for args, more in ((("float32[3,3]", "float32[4,1]"), {}), (("int32[3,3]", "int32[3,1]"), {}),
                       (("float32[3,3]", "float32[3,1]"), {"diagonals_format": "bad"}),
                       (("float32[3,3]", "float32[2,3,1]"), {})):  # fmt: skip
        yield case(multiply, *args, **more)
    banded = "tf.linalg.banded_triangular_solve"
    for more in ({}, {"lower": False}, {"adjoint": True}, {"lower": False, "adjoint": True}):
        for bands, x in (("float32[2,4]:gt1", "float32[4,2]"), ("complex64[3,3]:gt1", "complex64[3,1]"),
                         ("float64[2,1,3]:gt1", "float64[2,3,2]"), ("float32[3,3]:gt1", "float32[3,1]")):  # fmt: skip
            # Of one band TensorFlow's gradient loses a dimension.
            yield case(banded, bands, x, grad="[2,1,3]" not in bands, **more)
    yield case(banded, "float32[2,2,3]:gt1", "float32[3,2]", grad=False)
    for bands, x in (("float32[2,3]:gt1", "float32[2,1]"), ("float32[2,3]:gt1", "float32[3]"), ("float32[3]:gt1", "float32[3,1]"),
                     (lit([[0.0, 1.0], [1.0, 1.0]], "float32"), "float32[2,1]"), ("int32[2,3]", "int32[3,1]")):  # fmt: skip
        yield case(banded, bands, x)
    eigh = "tf.linalg.eigh_tridiagonal"
    for a, b in (("float32[5]", "float32[4]"), ("float64[6]", "float64[5]"), ("complex64[4]:pos", "complex64[3]")):
        for more in ({}, {"select": "i", "select_range": (1, 2)}, {"select": "v", "select_range": (-1.0, 2.0)}):
            yield case(eigh, a, b, grad=False, **more)
    for b in ("float32[4]", "complex64[4]"):
        a = b.replace("4", "5")
        yield expr(f"[(v, tf.abs(w)) for v, w in [{eigh}(a, b, eigvals_only=False)]]", a=a, b=b, grad=False)
    yield case(eigh, "float32[1]", "float32[0]")
    for args, more in ((("float32[3]", "float64[2]"), {}), (("float32[3]", "float32[2]"), {"select": "bad"}),
                       (("float32[3]", "float32[2]"), {"select": "v", "select_range": (2.0, 1.0)}),
                       (("float32[3]", "float32[2]"), {"select": "i", "select_range": (2, 1)})):  # fmt: skip
        yield case(eigh, *args, **more)


def _others():
    sobol = "tf.math.sobol_sample"
    for args, more in (((1, 3), {}), ((3, 5), {"skip": 4}), ((7, 20), {"dtype": ref("tf.float64")}), ((5, 3, 9000), {}), ((0, 5), {}),
                       ((3, -1), {}), ((3, 2, -1), {}), ((40000, 2), {}), ((3, 2, 0, ref("tf.int32")), {})):  # fmt: skip
        yield case(sobol, *args, **more)
    for name in ("tf.math.approx_max_k", "tf.math.approx_min_k"):
        for x, k, more in (("float32[2,6]:distinct", 2, {}), ("float32[2,6]:distinct", 7, {}), ("int32[2,6]", 2, {}),
                           ("float16[6]:distinct", 3, {}), ("float32[6]:distinct", 2, {"recall_target": 0.5})):  # fmt: skip
            yield case(name, x, k, **more)
    for x, y in (("float32[2,3]", "float32[3]:nonzero"), ("complex64[2]", "complex64[2]:nonzero"), ("float32[2]", 2),
                 ("float64[2]", "float32[2]"), ("float32[2]", "float32[3]"), (1.0, 4.0)):  # fmt: skip
        yield case("tf.realdiv", x, y)
    yield case("tf.is_symbolic_tensor", "float32[2]")
    yield case("tf.guarantee_const", [1, 2])
    yield case("tf.guarantee_const", "float32[2]")
    yield case("tf.timestamp", check="shape")
