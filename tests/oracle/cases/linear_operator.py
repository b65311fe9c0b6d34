"""tf.linalg.LinearOperator and its kinds: methods, hints, what is made of two of them, errors."""

from ..table import expr, lit

L = "tf.linalg.LinearOperator"

# Of each kind: how it is made, and of what.
KINDS = {
    "Diag": ("Diag(a)", {"a": "float32[3]:nonzero"}),
    "Diag batch": ("Diag(a)", {"a": "v:float32[2,3]:pos"}),
    "Diag complex": ("Diag(a)", {"a": "complex64[3]:nonzero"}),
    "LowerTriangular": ("LowerTriangular(a)", {"a": "float32[3,3]:square"}),
    "LowerTriangular batch": ("LowerTriangular(a)", {"a": "v:float32[2,3,3]:square"}),
    "FullMatrix": ("FullMatrix(a)", {"a": "float32[3,3]:square"}),
    "FullMatrix definite": (
        "FullMatrix(a, is_self_adjoint=True, is_positive_definite=True)",
        {"a": "v:float64[2,3,3]:spd"},
    ),
    "FullMatrix complex": ("FullMatrix(a)", {"a": "complex64[3,3]:square"}),
    "Identity": ("Identity(3)", {}),
    "Identity batch": ("Identity(3, batch_shape=[2], dtype=tf.float64)", {}),
    "ScaledIdentity": ("ScaledIdentity(3, a)", {"a": "float32[]:pos"}),
    "ScaledIdentity batch": ("ScaledIdentity(3, a)", {"a": "v:float32[2]:nonzero"}),
    "Kronecker": (
        f"Kronecker([{L}FullMatrix(a), {L}Diag(b)])",
        {"a": "float32[2,2]:square", "b": "float32[3]:nonzero"},
    ),
    "LowRankUpdate": (
        f"LowRankUpdate({L}Diag(a, is_positive_definite=True), u, b, is_diag_update_positive=True)",
        {"a": "float32[3]:pos", "u": "float32[3,2]", "b": "float32[2]:pos"},
    ),
    "LowRankUpdate general": (
        f"LowRankUpdate({L}FullMatrix(a), u, b, v)",
        {"a": "float32[3,3]:square", "u": "float32[3,1]:unit", "b": "float32[1]:unit", "v": "v:float32[3,1]:unit"},
    ),
    "BlockDiag": (
        f"BlockDiag([{L}FullMatrix(a), {L}Diag(b)])",
        {"a": "float32[2,2]:square", "b": "v:float32[3]:nonzero"},
    ),
    "BlockLowerTriangular": (
        f"BlockLowerTriangular([[{L}FullMatrix(a)], [{L}FullMatrix(c), {L}Diag(b)]])",
        {"a": "float32[2,2]:square", "c": "float32[3,2]", "b": "float32[3]:nonzero"},
    ),
    "Zeros": ("Zeros(3)", {}),
    "Composition": (
        f"Composition([{L}FullMatrix(a), {L}LowerTriangular(b)])",
        {"a": "float32[3,3]:square", "b": "float32[3,3]:square"},
    ),
    "Householder": ("Householder(a)", {"a": "float32[3]:nonzero"}),
    "Adjoint": (f"Adjoint({L}FullMatrix(a))", {"a": "complex64[3,3]:square"}),
    "Inversion": (f"Inversion({L}FullMatrix(a))", {"a": "float32[3,3]:square"}),
    "Permutation": ("Permutation(p)", {"p": lit([2, 0, 1], "int32")}),
    "Toeplitz": ("Toeplitz(a, b)", {"a": "float32[3]", "b": "float32[3]"}),
    "Circulant": ("Circulant(a)", {"a": "complex64[3]:nonzero"}),
    "Circulant real": ("Circulant(a, input_output_dtype=tf.float32)", {"a": lit([4.0, 1.5, 1.5], "float32")}),
    "Circulant2D": ("Circulant2D(a)", {"a": "float32[2,3]:pos"}),
    "Circulant3D": ("Circulant3D(a)", {"a": "float32[2,1,2]:pos"}),
    "Tridiag": ("Tridiag(a)", {"a": "float32[3,3]:square"}),
    "Tridiag matrix": ("Tridiag(a, diagonals_format='matrix')", {"a": "float32[3,3]:square"}),
    "Tridiag sequence": (
        "Tridiag([a, b, c], diagonals_format='sequence')",
        {"a": "float32[4]:unit", "b": "float32[4]:gt1", "c": "float32[4]:unit"},
    ),
}
SIZES = {"Kronecker": 6, "BlockDiag": 5, "BlockLowerTriangular": 5, "Circulant2D": 6, "Circulant3D": 4, "Tridiag sequence": 4}
COMPLEX = ("Diag complex", "FullMatrix complex", "Adjoint", "Circulant", "Circulant2D", "Circulant3D")
DOUBLE = ("Identity batch", "FullMatrix definite")


def cases():
    for kind in KINDS:
        yield from _methods(kind)
    yield from _hints()
    yield from _algebra()
    yield from _slices()
    yield from _asserts()
    yield from _errors()
    yield from _functions()
    yield from _modules()


def _methods(kind):
    made, inputs = KINDS[kind]
    made, size = L + made, SIZES.get(kind, 3)
    dtype = "complex64" if kind in COMPLEX else "float64" if kind in DOUBLE else "float32"
    x, y = f"{dtype}[{size},2]", f"{dtype}[{size}]"
    known = "o.shape, o.batch_shape, o.domain_dimension, o.range_dimension, o.tensor_rank, o.dtype, o.name, o.is_square"
    hints = "o.is_non_singular, o.is_self_adjoint, o.is_positive_definite"
    yield expr(f"[({known}, {hints}) for o in [{made}]]", grad=False, **inputs)
    yield expr(f"{made}.matmul(x)", **inputs, x=x)
    yield expr(f"{made}.matmul(x, adjoint=True, adjoint_arg=True)", **inputs, x=f"{dtype}[2,2,{size}]")
    yield expr(f"{made}.matvec(x, adjoint=True)", **inputs, x=y)
    yield expr(f"{made}.to_dense()", **inputs)
    yield expr(f"{made}.add_to_tensor(x)", **inputs, x=f"{dtype}[2,{size},{size}]")
    yield expr(f"({made}.diag_part(), {made}.trace())", **inputs)
    yield expr(f"{made}.cond()", grad="batch" not in kind, **inputs)
    yield expr(f"{made}.H.to_dense()", **inputs)
    yield expr(f"{made}.eigvals()", grad=False, **inputs)
    if kind == "Zeros":
        yield expr(f"{made}.solve(x)", x=x)
        return
    yield expr(f"({made}.determinant(), {made}.log_abs_determinant())", **inputs)
    yield expr(f"{made}.solve(x)", **inputs, x=x)
    yield expr(f"{made}.solve(x, adjoint=True, adjoint_arg=True)", **inputs, x=f"{dtype}[2,{size}]")
    yield expr(f"{made}.solvevec(x)", **inputs, x=y)
    yield expr(f"{made}.inverse().matvec(x)", **inputs, x=y)


def _described(text):
    return f"[(type(o).__name__, o.is_non_singular, o.is_self_adjoint, o.is_positive_definite, o.is_square) for o in [{text}]]"


def _hints():
    a = {"a": "float32[3,3]:spd"}
    for hints in ("", ", is_non_singular=True", ", is_self_adjoint=True", ", is_positive_definite=True",
                  ", is_positive_definite=True, is_self_adjoint=True", ", is_square=True",
                  ", is_non_singular=False"):  # fmt: skip
        full = f"{L}FullMatrix(a{hints})"
        for made in (full, f"{full}.H", f"{full}.inverse()", f"{full} @ {full}", f"{full}.solve({full})",
                     f"{full} @ {full}.H", f"{L}Kronecker([{full}, {full}])", f"{L}BlockDiag([{full}])",
                     f"{full}.cholesky()", f"{L}Composition([{full}])",
                     f"{L}LowRankUpdate({full}, tf.ones([3, 1]))"):  # fmt: skip
            yield expr(_described(made), grad=False, **a)
    yield expr(_described(f"{L}FullMatrix(tf.ones([2, 3]))"))
    yield expr(_described(f"{L}FullMatrix(tf.ones([2, 3])) @ {L}FullMatrix(tf.ones([3, 2]))"))
    yield expr(_described(f"{L}FullMatrix(tf.ones([2, 3])) @ {L}FullMatrix(tf.ones([3, 3]))"))
    yield expr(f"{L}Diag([1.0, 2.0]).parameters")
    yield expr(f"{L}Diag([1.0, 2.0], name='d').name")
    yield expr(f"({L}Identity(2).shape_tensor(), {L}Identity(2, [3]).batch_shape_tensor(), "
               f"{L}Identity(2).tensor_rank_tensor(), {L}Identity(2).domain_dimension_tensor(), "
               f"{L}Identity(2).range_dimension_tensor())")  # fmt: skip


def _algebra():
    kinds = ("Diag(a)", "ScaledIdentity(3, 2.0)", "Identity(3)", "LowerTriangular(b)", "FullMatrix(b)", "Zeros(3)",
             "Householder(a)", "Circulant(c)", f"Inversion({L}FullMatrix(b))")  # fmt: skip
    inputs = {"a": "float32[3]:pos", "b": "float32[3,3]:square", "c": "float32[3]:pos"}
    for one in kinds:
        for two in kinds:
            if ("Circulant" in one) != ("Circulant" in two):
                continue
            for verb in ("matmul", "solve"):
                made = f"{L}{one}.{verb}({L}{two})"
                yield expr(_described(made), grad=False, **inputs)
                dense = "Zeros" not in one + two or verb == "matmul"
                if dense and len({one, two}) == 2 and kinds.index(one) < 5 and kinds.index(two) < 5:
                    yield expr(f"{made}.to_dense()", grad=False, **inputs)
    blocks = f"{L}BlockDiag([{L}Diag(a), {L}FullMatrix(b)])"
    for text in (f"{blocks} @ {blocks}", f"{blocks}.solve({blocks})", f"{blocks} @ {L}FullMatrix(tf.eye(6))",
                 f"{blocks}.inverse()", f"{blocks}.H"):  # fmt: skip
        yield expr(_described(text), grad=False, **inputs)
        yield expr(f"({text}).to_dense()", grad=False, **inputs)
    lower = f"{L}BlockLowerTriangular([[{L}Diag(a)], [{L}FullMatrix(b), {L}Diag(c)]])"
    yield expr(_described(f"{lower}.inverse()"), grad=False, **inputs)
    yield expr(f"{lower}.inverse().to_dense()", **inputs)
    yield expr(f"[type(o).__name__ for row in {lower}.inverse().operators for o in row]", grad=False, **inputs)
    three = (f"{L}BlockLowerTriangular([[{L}Diag(a)], [{L}Identity(3), {L}Diag(c)], "
             f"[{L}ScaledIdentity(3, 2.0), {L}Diag(a), {L}LowerTriangular(b)]])")  # fmt: skip
    yield expr(f"{three}.inverse().to_dense()", grad=False, **inputs)
    yield expr(f"[type(o).__name__ for row in {three}.inverse().operators for o in row]", grad=False, **inputs)
    for name in ("matvec", "solvevec"):
        yield expr(f"{blocks}.{name}([c, a])", **inputs)
        yield expr(f"{lower}.{name}([c, a], adjoint=True)", **inputs)
    for name in ("matmul", "solve"):
        yield expr(f"{blocks}.{name}([b, b])", **inputs)
        yield expr(f"{lower}.{name}([b, b], adjoint_arg=True)", **inputs)
    product = f"{L}LowerTriangular(b)"
    yield expr(f"[(o @ o.H).cholesky().to_dense() for o in [{product}]]", grad=False, b="float32[3,3]:square")
    yield expr(f"[(type(p).__name__, p.is_self_adjoint, p.is_positive_definite) for o in "
               f"[{L}LowerTriangular(b, is_non_singular=True)] for q in [o.H] for p in "
               f"[tf.linalg.LinearOperatorComposition([o, q])]]", grad=False, b="float32[3,3]:square")  # fmt: skip
    for made in (f"{L}Diag(a, is_positive_definite=True)", f"{L}Identity(3)",
                 f"{L}ScaledIdentity(3, a[0], is_positive_definite=True)",
                 f"{L}Kronecker([{L}Diag(a, is_positive_definite=True), {L}Identity(2)])",
                 f"{L}BlockDiag([{L}Diag(a, is_positive_definite=True), {L}Identity(2)])"):  # fmt: skip
        yield expr(_described(f"{made}.cholesky()"), grad=False, a="float32[3]:pos")
        yield expr(f"{made}.cholesky().to_dense()", a="float32[3]:pos")


def _slices():
    for index in ("0", "1:", "..., 0", "tf.newaxis", "0, 1", "..., 1:, 0", "::2"):
        yield expr(f"{L}Diag(a)[{index}].to_dense()", a="float32[3,2,2]")
        yield expr(f"{L}FullMatrix(a)[{index}].shape", a="float32[3,2,2,2]", grad=False)
        yield expr(f"{L}Identity(2, batch_shape=[3, 2])[{index}].shape")
    yield expr(f"{L}Kronecker([{L}Diag(a), {L}Diag(b)])[0].to_dense()", a="float32[3,2]", b="float32[2]")
    yield expr(f"{L}LowRankUpdate({L}Diag(a), u, b)[1:].to_dense()", a="float32[3,2]", u="float32[2,1]", b="float32[1,1]")


def _asserts():
    rows = (
        ("Diag([1.0, 0.0])", "non_singular"), ("Diag([1.0, 2.0])", "non_singular"), ("Diag([1.0, -2.0])", "positive_definite"),
        ("Diag([1.0 + 1j, 1.0])", "self_adjoint"), ("Diag([1.0, 1.0])", "self_adjoint"),
        ("Diag([1.0, 1.0])", "positive_definite"), ("FullMatrix([[1.0, 1.0], [1.0, 1.0]])", "non_singular"),
        ("FullMatrix([[1.0, 0.0], [1.0, 1.0]])", "non_singular"), ("FullMatrix([[1.0, 0.0], [1.0, 1.0]])", "self_adjoint"),
        ("FullMatrix([[1.0, 0.5], [0.5, 1.0]])", "self_adjoint"), ("FullMatrix([[1.0, 0.0], [0.0, 1.0]])", "positive_definite"),
        ("FullMatrix([[1.0, 2.0], [2.0, 1.0]], is_self_adjoint=True)", "positive_definite"),
        ("FullMatrix([[3.0, 2.0], [2.0, 3.0]], is_self_adjoint=True)", "positive_definite"),
        ("LowerTriangular([[1.0, 0.0], [1.0, 0.0]])", "non_singular"), ("Identity(2)", "non_singular"),
        ("ScaledIdentity(2, 0.0)", "non_singular"), ("ScaledIdentity(2, -1.0)", "positive_definite"),
        ("ScaledIdentity(2, 1j)", "self_adjoint"), ("Zeros(2)", "non_singular"), ("Zeros(2)", "positive_definite"),
        ("Zeros(2)", "self_adjoint"), ("Householder([1.0, 2.0])", "positive_definite"),
        ("Householder([1.0, 2.0])", "self_adjoint"), ("Permutation([1, 0])", "non_singular"),
        ("Toeplitz([1.0, 2.0], [1.0, 3.0])", "self_adjoint"), ("Circulant([0.0, 1.0])", "non_singular"),
        ("Circulant([-1.0, 1.0])", "positive_definite"), ("Circulant([1j, 1.0])", "self_adjoint"),
        ("Tridiag([[1.0, 9.0], [1.0, 2.0], [9.0, 1.0]])", "self_adjoint"),
        ("Tridiag([[1.0, 9.0], [1.0, 2.0], [9.0, 3.0]])", "self_adjoint"),
        (f"Kronecker([{L}Diag([0.0]), {L}Diag([1.0])])", "non_singular"),
        (f"BlockDiag([{L}Diag([0.0]), {L}Diag([1.0])])", "non_singular"),
        (f"Composition([{L}Diag([0.0]), {L}Diag([1.0])])", "non_singular"),
        (f"Inversion({L}Diag([0.0]))", "non_singular"), (f"Adjoint({L}Diag([-1.0]))", "positive_definite"),
    )  # fmt: skip
    for made, what in rows:
        yield expr(f"{L}{made}.assert_{what}()")
    yield expr(f"{L}Circulant2D([[1.0, 2.0], [3.0, 4.0]]).convolution_kernel()")
    yield expr(f"{L}Circulant2D([[1.0, 2.0], [3.0, 4.0]]).block_shape_tensor()")


def _errors():
    for text in (
        "Diag(1.0)", "Diag([1.0], is_self_adjoint=False)", "Diag([1.0], is_square=False)",
        "Diag([1.0], is_positive_definite=True, is_non_singular=False)", "Diag()", "Diag('a')",
        "FullMatrix([1.0])", "FullMatrix([[1, 2]])", "FullMatrix([[1.0]], is_non_singular=True, is_square=False)",
        "FullMatrix([[1.0]], is_square=False).is_square", "FullMatrix([[1.0]], is_self_adjoint=True, is_square=False)",
        "LowerTriangular([1.0])", "LowerTriangular([[1.0]], is_square=False)", "Identity(-1)", "Identity([2])",
        "Identity(2.0)", "Identity(2, is_square=False)", "Identity(2, is_self_adjoint=False)", "Identity(2, [-1])",
        "Identity(2, 3)", "Identity(tf.Variable(2))", "ScaledIdentity(2, 1.0, is_square=False)",
        "ScaledIdentity(-2, 1.0)", "Zeros(2, 3)", "Zeros(2, is_non_singular=True)", "Zeros(2, is_positive_definite=True)",
        "Zeros(2, is_self_adjoint=False)", "Zeros(2, 3, is_square=False, is_self_adjoint=False).to_dense()",
        "Kronecker([])", "Kronecker(1)", f"Kronecker([{L}Identity(2), {L}Identity(2, dtype=tf.float64)])",
        f"Kronecker([{L}Identity(2)], is_non_singular=False)", f"Kronecker([{L}Identity(2)], is_self_adjoint=False)",
        "BlockDiag([])", f"BlockDiag([{L}Identity(2)], is_non_singular=False)", "Composition([])",
        f"Composition([{L}Identity(2), {L}Identity(2, dtype=tf.float64)])",
        f"Composition([{L}Identity(2), {L}Identity(3)]).shape", f"Composition([{L}Identity(2)], is_non_singular=False)",
        f"BlockLowerTriangular([[{L}Identity(2)], [{L}Identity(2)]])", "BlockLowerTriangular([])",
        f"BlockLowerTriangular([[{L}Identity(2)], [{L}Identity(3), {L}Identity(3)]])",
        f"BlockLowerTriangular([[{L}Identity(2)]], is_square=False)",
        f"BlockLowerTriangular([[{L}Identity(2)]], is_non_singular=False)",
        f"LowRankUpdate({L}Identity(2), tf.ones([3, 1]))", f"LowRankUpdate({L}Identity(2), tf.ones([2, 1]), [1.0, 2.0])",
        f"LowRankUpdate({L}Identity(2), tf.ones([2, 1]), is_diag_update_positive=False)",
        f"LowRankUpdate({L}Identity(2), tf.ones([2, 1]), is_self_adjoint=False)",
        f"LowRankUpdate({L}Identity(2), tf.ones([2, 1]), is_positive_definite=False)",
        "Householder(1.0)", "Householder([1.0], is_self_adjoint=False)", "Householder([1.0], is_positive_definite=True)",
        "Permutation([0, 0])", "Permutation([0.0])", "Permutation(0)", "Permutation([0], is_square=False)",
        "Toeplitz([1.0], [1.0, 2.0])", "Toeplitz(1.0, [1.0])", "Toeplitz([1.0], [1.0], is_square=False)",
        "Circulant(1.0)", "Circulant([1.0], is_self_adjoint=False)", "Circulant([1.0], is_square=False)",
        "Circulant2D([1.0])", "Tridiag([[1.0]], diagonals_format='bad')",
        f"Inversion({L}Zeros(2))", f"Inversion({L}FullMatrix(tf.ones([2, 3])))",
        f"Inversion({L}Identity(2), is_self_adjoint=False)", f"Adjoint({L}Identity(2), is_square=False)",
        f"Adjoint({L}Identity(2), is_non_singular=False)",
        "Diag([1.0]).matmul(tf.ones([2, 2]))", "Diag([1.0]).matmul(tf.ones([1, 2], tf.float64))", "Diag([1.0]).matvec([1])",
        "Diag([1.0]).solve(tf.ones([2, 2]))", "Diag([1.0]).solvevec([1.0, 2.0])", "Zeros(2).solve(tf.ones([2, 1]))",
        "FullMatrix(tf.ones([2, 3])).solve(tf.ones([2, 1]))", "FullMatrix(tf.ones([2, 3])).determinant()",
        "FullMatrix(tf.ones([2, 3])).inverse()", "Zeros(2).inverse()", "FullMatrix([[1.0]]).eigvals()",
        "FullMatrix([[1.0]]).cholesky()", "FullMatrix(tf.zeros([2, 2])).solve(tf.ones([2, 1]))",
        f"Diag([1.0]).matmul({L}Diag([1.0, 2.0]))", f"Diag([1.0]).solve({L}Diag([1.0, 2.0]))", "Diag([1.0]) @ 1.0",
        "Diag([1.0]).add_to_tensor(tf.ones([1, 1], tf.float64))", "(1.0)",
        f"BlockDiag([{L}Identity(2)]).matmul([tf.ones([3, 1])])",
        f"BlockDiag([{L}Identity(2), {L}Identity(1)]).matmul({L}BlockDiag([{L}Identity(1), {L}Identity(2)]))",
        f"BlockDiag([{L}Identity(2), {L}Identity(1)]).matmul({L}BlockDiag([{L}Identity(3)]))",
    ):  # fmt: skip
        yield expr(f"isinstance({L}{text}, object)" if ")." not in text else f"{L}{text}")


def _functions():
    a = {"a": "float32[3,3]:spd", "x": "float32[3,2]"}
    full = f"{L}FullMatrix(a, is_self_adjoint=True, is_positive_definite=True)"
    for text in (f"tf.matmul({full}, x)", f"tf.linalg.matmul({full}, x, adjoint_a=True)", f"tf.linalg.det({full})",
                 f"tf.matmul(tf.transpose(x), {full})", f"tf.linalg.logdet({full})", f"tf.linalg.solve({full}, x)",
                 f"tf.linalg.trace({full})", f"tf.linalg.diag_part({full})", f"tf.linalg.cholesky({full}).to_dense()",
                 f"tf.linalg.inv({full}).to_dense()", f"tf.linalg.adjoint({L}LowerTriangular(a)).to_dense()",
                 f"tf.matmul({full}, {full}).to_dense()", f"tf.linalg.matvec({full}, x[:, 0])",
                 f"tf.linalg.logdet({L}FullMatrix(a))", f"tf.matmul({full}, x, transpose_a=True)",
                 f"tf.linalg.solve(a, {full})"):  # fmt: skip
        yield expr(text, **a)
    cg = "tf.linalg.experimental.conjugate_gradient"
    for more in ("", ", tol=1e-3, max_iter=1", f", preconditioner={L}Diag([0.2, 0.2, 0.3], is_positive_definite=True)",
                 ", x=tf.ones([3])"):  # fmt: skip
        yield expr(f"[(s.i, s.x) for s in [{cg}({full}, x[:, 0]{more})]]", grad=False, **a)
    yield expr(f"{cg}({L}FullMatrix(a), x[:, 0])", **a)


def _modules():
    v = {"v": "v:float32[2]:pos"}
    for text in (f"[v is w for w in {L}Diag(v).variables]", f"len({L}Kronecker([{L}Diag(v), {L}Diag(v)]).variables)",
                 f"len({L}Diag([1.0]).trainable_variables)", f"isinstance({L}Diag(v), tf.Module)", f"tf.is_tensor({L}Diag(v))",
                 f"tf.nest.flatten({L}Diag(v), expand_composites=True)",
                 f"[(v.assign_add([1.0, 1.0]), o.to_dense())[1] for o in [{L}Diag(v)]]",
                 f"[type(m).__name__ for m in {L}Inversion({L}FullMatrix(tf.eye(2))).submodules]"):  # fmt: skip
        yield expr(text, grad=False, **v)
