"""Gradients at the points where conventions differ: ties, zeros, ends of ranges, infinities, untaken branches."""

from ..table import case, expr, lit

POINTS = [0.0, -0.0, 1.0, -1.0, 6.0, 0.5, -0.5, 3.0, -3.0, 2.0]
WILD = [float("inf"), float("-inf"), float("nan"), 1e30, -1e30, 1e-30]
UNARY = (
    "tf.abs tf.sign tf.sqrt tf.square tf.exp tf.math.log tf.math.log1p tf.math.expm1 tf.math.rsqrt tf.math.reciprocal "
    "tf.math.reciprocal_no_nan tf.negative tf.sin tf.cos tf.tan tf.asin tf.acos tf.atan tf.sinh tf.cosh tf.tanh tf.asinh tf.acosh "
    "tf.atanh tf.sigmoid tf.math.log_sigmoid tf.nn.relu tf.nn.relu6 tf.nn.elu tf.nn.selu tf.nn.leaky_relu tf.nn.gelu "
    "tf.nn.softplus tf.nn.softsign tf.nn.silu tf.nn.crelu tf.math.erf tf.math.erfc tf.math.lgamma tf.math.digamma tf.floor "
    "tf.math.ceil tf.round tf.math.rint tf.math.erfinv tf.math.ndtri tf.math.erfcinv tf.math.bessel_i0 tf.math.bessel_i1 "
    "tf.math.special.spence tf.math.special.fresnel_sin "
    "tf.nn.softmax tf.nn.log_softmax tf.reduce_logsumexp tf.norm tf.nn.l2_loss tf.math.l2_normalize "
    "tf.math.reduce_euclidean_norm tf.reduce_max tf.reduce_min tf.reduce_prod tf.reduce_mean tf.math.reduce_std "
    "tf.math.reduce_variance tf.cumsum tf.math.cumprod tf.math.cumulative_logsumexp tf.sort tf.identity tf.math.zero_fraction"
).split()
BINARY = (
    "tf.maximum tf.minimum tf.pow tf.divide tf.math.divide_no_nan tf.math.multiply_no_nan tf.math.xlogy tf.math.xdivy "
    "tf.math.xlog1py tf.math.atan2 tf.math.squared_difference tf.math.floordiv tf.math.floormod tf.truncatediv "
    "tf.truncatemod tf.math.nextafter "
    "tf.nn.sigmoid_cross_entropy_with_logits"
).split()


def cases():
    for part in (_unary, _binary, _ties, _branches, _complex, _matrices, _losses, _pools):
        yield from part()


def _unary():
    for op in UNARY:
        for dtype in ("float32", "float64"):
            yield case(op, lit(POINTS, dtype))
        yield case(op, lit(WILD, "float32"))
        yield case(op, lit([0.0, 0.0, 0.0], "float32"))
        last = 3.0 if "lgamma" in op else 1.0  # of 1 and 2 that is 0 but for rounding
        yield case(op, lit([2.0, 2.0, last], "float32"))


def _binary():
    x = [0.0, 0.0, 1.0, -1.0, 2.0, 0.0, -2.0, 0.0, 3.0, 1.0]
    y = [0.0, 1.0, 0.0, -1.0, 2.0, -1.0, 3.0, 2.0, 0.5, float("nan")]
    for op in BINARY:
        arguments = {"labels": lit(x, "float32"), "logits": lit(y, "float32")} if "entropy" in op else {}
        if arguments:
            yield case(op, **arguments)
            continue
        yield case(op, lit(x, "float32"), lit(y, "float32"))
        yield case(op, lit(x, "float64"), lit(y[::-1], "float64"))
        yield case(op, lit([[0.0, 2.0], [1.0, 1.0]], "float32"), lit([0.0, 1.0], "float32"))
        yield case(op, lit([0.0, 1.0, 2.0], "float32"), lit(0.0, "float32"))
        yield case(op, lit([float("inf"), 0.0, 1.0], "float32"), lit([0.0, float("inf"), float("-inf")], "float32"))
    # Their poles are no matter of gradients.
    for op in ("tf.math.igamma", "tf.math.igammac", "tf.math.zeta", "tf.math.polygamma"):
        yield case(op, lit([[1.0, 2.0], [3.0, 4.0]], "float32"), lit([2.0, 1.0], "float32"))
        yield case(op, lit([2.0, 3.0], "float64"), lit([0.5, 3.0], "float64"))
    for exponent in (0.0, 1.0, 2.0, 3.0, 0.5, -1.0, -0.5):
        yield expr(f"x ** {exponent}", x=lit([0.0, -0.0, 1.0, -1.0, 2.0, -2.0], "float32"))
        yield expr(f"{exponent} ** x", x=lit([0.0, -0.0, 1.0, -1.0, 2.0, -2.0], "float32"))


def _ties():
    rows = [[1.0, 3.0, 3.0, 2.0], [0.0, 0.0, 0.0, 0.0], [5.0, 1.0, 2.0, 5.0]]
    for dtype in ("float32", "float64"):
        x = lit(rows, dtype)
        for axis in (None, 0, 1, [0, 1]):
            for op in ("tf.reduce_max", "tf.reduce_min", "tf.reduce_prod", "tf.reduce_logsumexp", "tf.norm"):
                yield case(op, x, axis=axis)
            yield case("tf.math.reduce_euclidean_norm", x, axis=axis)
            yield case("tf.math.reduce_std", x, axis=axis)
        for text in ("tf.sort(x)", "tf.sort(x, direction='DESCENDING')", "tf.math.top_k(x, 2)[0]", "tf.nn.max_pool1d(x[..., None], 2, 1, 'SAME')",
                     "tf.math.segment_max(x, [0, 0, 1])", "tf.math.segment_min(x, [0, 0, 1])",
                     "tf.math.segment_prod(x, [0, 0, 1])", "tf.math.unsorted_segment_max(x, [1, 0, 1], 3)",
                     "tf.math.unsorted_segment_min(x, [1, 0, 1], 3)", "tf.math.unsorted_segment_prod(x, [1, 0, 1], 3)",
                     "tf.math.unsorted_segment_mean(x, [1, 0, 1], 3)", "tf.math.unsorted_segment_sqrt_n(x, [1, 0, 1], 3)",
                     "tf.math.cumprod(x, 1)", "tf.math.cumprod(x, 1, exclusive=True)",
                     "tf.math.cumprod(x, 1, reverse=True)", "tf.math.cumprod(x, 0)",
                     "tf.math.cumulative_logsumexp(x, 1)", "tf.clip_by_value(x, 0.0, 3.0)", "tf.clip_by_value(x, x, 3.0)",
                     "tf.clip_by_norm(x, 1.0)", "tf.clip_by_norm(x, 1.0, 1)", "tf.clip_by_norm(x, 100.0)",
                     "tf.clip_by_norm(x * 0.0, 1.0)", "tf.math.l2_normalize(x, 1)", "tf.linalg.normalize(x, axis=1)[0]",
                     "tf.norm(x, 1)", "tf.norm(x, np.inf)", "tf.norm(x, 1, axis=1)", "tf.norm(x, np.inf, axis=1)",
                     "tf.norm(x, 3, axis=1)", "tf.norm(x, 'fro', axis=[0, 1])", "tf.linalg.global_norm([x, x])",
                     "tf.tensor_scatter_nd_max(x[0], [[1], [1]], [3.0, 3.0])",
                     "tf.tensor_scatter_nd_min(x[0], [[1], [0]], [3.0, 1.0])",
                     "tf.math.maximum(x, x)", "tf.maximum(x, 0.0)", "tf.minimum(x, 3.0)", "tf.abs(x - x)",
                     "tf.sqrt(x)", "tf.sqrt(x * x)", "tf.reduce_prod(x * 0.0, 1)",
                     "tf.stack(tf.unique(tf.reshape(x, [-1]))[0])", "tf.nn.moments(x, [1])", "tf.boolean_mask(x, x > 0.0)",
                     "tf.gather(x, [1, 1, 0])", "tf.gather_nd(x, [[0, 1], [0, 1]])", "tf.repeat(x, 2, 1)",
                     "tf.roll(x, 1, 1)", "tf.linalg.trace(x[:, :3])", "tf.math.confusion_matrix([0, 1], [1, 1])",
                     "tf.argsort(x)", "tf.one_hot([0, 1], 3) @ x", "tf.tensor_scatter_nd_update(x, [[0], [0]], x[1:])"):  # fmt: skip
            if dtype == "float64":
                text = text.replace("[3.0, 3.0]", "tf.constant([3.0, 3.0], tf.float64)").replace(
                    "[3.0, 1.0]", "tf.constant([3.0, 1.0], tf.float64)").replace(
                    "tf.one_hot([0, 1], 3)", "tf.one_hot([0, 1], 3, dtype=tf.float64)")  # fmt: skip
            yield expr(text, x=x)


def _branches():
    for text in ("tf.where(x > 0.0, tf.math.log(x), x)", "tf.where(x > 0.0, tf.sqrt(x), 0.0)", "tf.where(x == 0.0, x, 1.0 / x)",
                 "tf.where(x > 0.0, x, tf.stop_gradient(x) * x)", "tf.where([True, False, True, False], x, x * x)",
                 "tf.where(x > 0.0, tf.math.log(tf.where(x > 0.0, x, 1.0)), 0.0)", "tf.math.divide_no_nan(1.0, x)",
                 "tf.math.multiply_no_nan(tf.math.log(x), x)", "tf.math.xlogy(x, x)", "tf.maximum(tf.math.log(x), -10.0)",
                 "x * tf.cast(x > 0.0, tf.float32)", "tf.nn.relu(-x) + tf.nn.relu(x)", "tf.sign(x) * x", "tf.abs(x) / x",
                 "tf.exp(x * 100.0)", "tf.sigmoid(x * 1000.0)", "tf.tanh(x * 1000.0)", "tf.math.log(tf.nn.softmax(x * 1000.0))",
                 "tf.nn.log_softmax(x * 1000.0)", "tf.math.log1p(tf.exp(x * 1000.0))", "tf.nn.softplus(x * 1000.0)",
                 "tf.reduce_logsumexp(x * 1000.0)", "tf.norm(x * 0.0)", "tf.sqrt(tf.reduce_sum((x * 0.0) ** 2))",
                 "x ** x", "tf.pow(x, 0.0)", "tf.pow(0.0, x)", "tf.pow(x, [0.0, 1.0, 2.0, 0.5])", "tf.cond(x[0] > 0.0, lambda: x, lambda: x * x)",
                 "tf.clip_by_value(x, [0.0, 0.0, 1.0, 1.0], 2.0)", "tf.grad_pass_through(tf.round)(x)",
                 "tf.math.cumprod(x)", "tf.reduce_prod(x)", "tf.math.floormod(x, 2.0)", "x // 2.0", "tf.round(x)",
                 "tf.cast(tf.cast(x, tf.int32), tf.float32) * x", "tf.math.softmax(x) * 0.0", "tf.nn.dropout(x, 0.0)",
                 "tf.nn.leaky_relu(x, 0.0)", "tf.nn.leaky_relu(x, 2.0)", "tf.nn.leaky_relu(x, -0.5)"):  # fmt: skip
        yield expr(text, x=lit([1.0, 0.0, -2.0, 3.0], "float32"))


def _complex():
    z = [0.0, 1.0 + 2.0j, -1.0 + 0.0j, 0.0 - 2.0j]
    for dtype in ("complex64", "complex128"):
        for op in ("tf.abs", "tf.math.angle", "tf.math.conj", "tf.math.real", "tf.math.imag", "tf.sqrt", "tf.square",
                   "tf.exp", "tf.math.log", "tf.math.log1p", "tf.math.expm1", "tf.sin", "tf.cos", "tf.tan", "tf.sinh", "tf.cosh",
                   "tf.tanh", "tf.asin", "tf.acos", "tf.atan", "tf.asinh", "tf.acosh", "tf.atanh", "tf.sigmoid", "tf.math.rsqrt",
                   "tf.math.reciprocal", "tf.sign", "tf.negative", "tf.reduce_sum", "tf.reduce_prod", "tf.reduce_mean",
                   "tf.cumsum", "tf.math.cumprod", "tf.identity", "tf.norm"):  # fmt: skip
            yield case(op, lit(z, dtype))
        for text in ("x * y", "x / y", "x ** y", "x - y", "tf.math.divide_no_nan(x, y)", "tf.math.xlogy(x, y)",
                     "tf.math.squared_difference(x, y)", "tf.where([True, False, True, False], x, y)", "tf.tensordot(x, y, 1)",
                     "tf.linalg.matmul(x[None], y[None], adjoint_b=True)", "tf.linalg.matmul(x[None], y[:, None])",
                     "tf.einsum('i,i->', x, y)", "tf.math.real(x * tf.math.conj(y))", "tf.linalg.adjoint(x[None])",
                     "tf.abs(x) * tf.abs(y)", "tf.math.multiply_no_nan(x, y)"):  # fmt: skip
            yield expr(text, x=lit(z, dtype), y=lit([1.0, 0.5j, -1.0 + 1.0j, 2.0], dtype))
    yield expr("tf.complex(x, y)", x=lit([0.0, 1.0], "float32"), y=lit([0.0, -1.0], "float32"))
    yield expr("tf.abs(tf.complex(x, y))", x=lit([0.0, 3.0], "float32"), y=lit([0.0, -4.0], "float32"))
    yield expr("tf.math.angle(tf.complex(x, y))", x=lit([0.0, 3.0], "float32"), y=lit([0.0, -4.0], "float32"))
    yield expr("tf.cast(x, tf.complex64) * 2j", x=lit([0.0, 3.0], "float32"))


def _matrices():
    for dtype in ("float64", "complex128"):
        for text in ("tf.linalg.cholesky(x)", "tf.linalg.inv(x)", "tf.linalg.det(x)", "tf.linalg.logdet(x)",
                     "tf.linalg.slogdet(x)[1]", "tf.linalg.eigvalsh(x)", "tf.abs(tf.linalg.eigh(x)[1])",
                     "tf.linalg.svd(x, compute_uv=False)", "tf.abs(tf.linalg.svd(x)[1])", "tf.abs(tf.linalg.qr(x)[0])",
                     "tf.abs(tf.linalg.qr(x)[1])", "tf.linalg.solve(x, tf.ones_like(x))", "tf.linalg.solve(x, tf.ones_like(x), adjoint=True)",
                     "tf.linalg.triangular_solve(x, x[:, :1])", "tf.linalg.triangular_solve(x, x[:, :1], lower=False, adjoint=True)",
                     "tf.linalg.lstsq(x, tf.ones_like(x))", "tf.linalg.expm(x * 0.1)", "tf.linalg.pinv(x)", "tf.linalg.sqrtm(x)",
                     "tf.linalg.cholesky_solve(x, x[:, :1])", "tf.linalg.band_part(x, 1, 0)", "tf.linalg.diag_part(x)",
                     "tf.linalg.set_diag(x, x[0])", "tf.linalg.diag(x[0])", "tf.linalg.matmul(x, x, adjoint_a=True)",
                     "tf.linalg.matvec(x, x[0])", "tf.linalg.trace(x)", "tf.linalg.tensor_diag(x[0])", "tf.linalg.norm(x)",
                     "tf.linalg.norm(x, 2, axis=[0, 1])"):  # fmt: skip
            yield expr(text, x=f"{dtype}[3,3]:spd")
    for shape in ("4,2", "2,4", "2,3,3"):
        for text in ("tf.linalg.svd(x, compute_uv=False)", "tf.abs(tf.linalg.qr(x)[1])", "tf.linalg.pinv(x)"):
            yield expr(text, x=f"float64[{shape}]")
    for text in ("tf.linalg.eigvalsh(x)", "tf.linalg.svd(x, compute_uv=False)", "tf.linalg.eigh(x)[1]", "tf.linalg.det(x)"):
        yield expr(text, x=lit([[2.0, 0.0], [0.0, 2.0]], "float64"))
    for text in ("tf.linalg.det(x)", "tf.linalg.svd(x, compute_uv=False)", "tf.norm(x, 2, axis=[0, 1])"):
        yield expr(text, x=lit([[1.0, 2.0], [2.0, 4.0]], "float64"))


def _losses():
    logits = [[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0], [0.0, 0.0, 0.0]]
    for text in ("tf.nn.softmax_cross_entropy_with_logits([[0.0, 0.0, 1.0]] * 3, x)",
                 "tf.nn.softmax_cross_entropy_with_logits(x, x)", "tf.nn.sparse_softmax_cross_entropy_with_logits([0, 1, 2], x)",
                 "tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(x), x)", "tf.nn.sigmoid_cross_entropy_with_logits(x, x)",
                 "tf.nn.weighted_cross_entropy_with_logits(tf.ones_like(x), x, 2.0)", "tf.nn.log_poisson_loss(tf.ones_like(x), x)",
                 "tf.nn.softmax(x)", "tf.nn.log_softmax(x)", "tf.nn.l2_loss(x)", "tf.nn.batch_normalization(x, 0.0, 1.0, None, None, 1e-3)"):  # fmt: skip
        yield expr(text, x=lit(logits, "float32"))


def _pools():
    image = [[1.0, 1.0, 0.0, 2.0], [1.0, 1.0, 2.0, 2.0], [0.0, 0.0, -1.0, 0.0], [0.0, 0.0, 0.0, -1.0]]
    for padding in ("VALID", "SAME"):
        for ksize, strides in ((2, 1), (2, 2), (3, 1), (3, 2)):
            for op in ("max_pool2d", "avg_pool2d"):
                yield expr(f"tf.nn.{op}(x[None, ..., None], {ksize}, {strides}, '{padding}')", x=lit(image, "float32"))
        yield expr(f"tf.nn.conv2d(x[None, ..., None], x[:2, :2, None, None], 1, '{padding}')", x=lit(image, "float32"))
        yield expr(f"tf.nn.conv2d(x[None, ..., None], x[:2, :2, None, None], 2, '{padding}')", x=lit(image, "float32"))
    yield expr("tf.nn.conv2d_transpose(x[None, ..., None], x[:2, :2, None, None], [1, 8, 8, 1], 2)", x=lit(image, "float32"))
