"""Odd calls that random comparison with TensorFlow found: empty and scalar operands, poles, combinations of attributes."""

from ..table import case, expr, lit, ref

POINTS = [0.0, -1.5, -2.0, 0.5, 1.0, 3.0, float("inf"), float("-inf"), float("nan"), 100.0]


def cases():
    for part in (_poles, _scatters, _gathers, _shapes, _divisions, _reductions, _products, _complex, _windows, _losses):
        yield from part()


def _poles():
    for dtype in ("float32", "float64"):
        for name in ("igamma", "igammac", "zeta", "polygamma"):
            for point in POINTS:
                if name == "polygamma" and point == float("inf"):
                    continue
                # There is no gradient with regard to the first operand of zeta.
                one = lit([point] * len(POINTS), dtype, "numpy" if name == "zeta" else "tensor")
                # At the ends of the range their derivative with regard to x is 0, 1 or NaN by the order of rounding.
                yield case(f"tf.math.{name}", one, lit(POINTS, dtype), grad=name == "zeta")
        # TensorFlow stops the series after 2000 terms, which is too early for these.
        yield expr("tf.round(tf.math.igamma(x, y))", x=lit([1e7, 1e9, 1e30], dtype), y=lit([1.1e7, 2e9, 1e31], dtype), grad=False)


def _scatters():
    empty = lit([], "int32")
    for indices, updates, shape in (
        ("int32[0]:below1", "float32[0]", [5]), ("int32[0]:below1", "float32[5]", [5]), ("int32[0,1]:below1", "float32[0]", [5]),
        ("int32[0,1]:below1", "float32[0]", [0]), ("int32[2,0]:below1", "float32[2,5]", [5]), ("int32[0,0]:below1", "float32[0,5]", [5]),
        ("int32[1,1]:below1", "float32[1]", empty), ("int32[1,1]:below1", "float32[1]", [0]), ("int32[1,2]:below1", "float32[1]", [5]),
        ("int32[2]:below1", "float32[2]", [2, 2, 2]), ("int32[2]:below1", "float32[3]", [2, 2, 3]), ("int32[1]:below1", "float32[2]", [2, 2]),
        ("int32[1]:below1", "float32[]", [2]), ("int32[]:below1", "float32[2]", [5]), ("int32[3,0]:below1", "uint16[3]", empty),
        ("int32[2,3,1]:below1", "float32[2,4]", [5]), ("int32[2,1,0]:below1", "float32[2,1,0,2]", [0, 2]),
    ):  # fmt: skip
        yield case("tf.scatter_nd", indices, updates, shape)
        if not isinstance(shape, list):
            continue
        zeros = f"{updates.partition('[')[0]}[{','.join(map(str, shape))}]"
        for name in ("update", "add", "min"):
            yield case(f"tf.tensor_scatter_nd_{name}", zeros, indices, updates)


def _gathers():
    for params, indices in (
        ("float32[2,3]", "int32[1,0]:below1"), ("float32[2,3]", "int32[2,4,0]:below1"), ("float32[2]", "int32[0]:below1"),
        ("float32[]", "int32[1,0]:below1"), ("float32[]", "int32[0]:below1"), ("float32[2,0]", "int32[1,1]:below1"),
        ("float32[0,2]", "int32[1,1]:below1"), ("float32[0,2]", "int32[0,1]:below1"), ("float32[0,2]", "int32[3,0]:below1"),
        ("bool[3]", "int32[2,0]:below1"), ("string[2]", "int32[2,0]:below1"),
    ):  # fmt: skip
        yield case("tf.gather_nd", params, indices)
    yield case("tf.gather_nd", "float32[2,3,2]", "int32[2,5,0]:below1", batch_dims=1)
    yield case("tf.gather_nd", "int32[2,3]", "int32[2,0]:below1", batch_dims=1)


def _shapes():
    for x, shape in (("0,2", [0, -1]), ("0,2", [-1, 0]), ("2,0", [-1, 0, 3]), ("4,0", [-1, 0, 2]), ("0", [-1]), ("0,3", [-1, 3]),
                     ("0,3", [-1, 2]), ("0,0", [-1, 0]), ("0,4", [2, 0, -1])):  # fmt: skip
        yield case("tf.reshape", f"float32[{x}]", shape)
    for x, axis in (("", -1), ("", [7]), ("0,2", 5), ("0,2", [[0]]), ("0,2", [0, 0]), ("1,2", [0, 0]), ("1", 0)):
        yield case("tf.reverse", f"float32[{x}]", axis)
    for x, kwargs in (("", {"num": 3}), ("", {}), ("1", {"axis": 1}), ("1", {"axis": 1, "num": 1})):
        yield case("tf.unstack", f"float32[{x}]", **kwargs)
    for sizes in ([-1], [5], [4], [2, -1]):
        yield case("tf.split", "float32[5,3]", sizes, axis=0)
    for dtype in ("tf.int16", "tf.float32", "tf.int64"):
        yield case("tf.searchsorted", "int32[3]:sorted", "int32[2]", out_type=ref(dtype))
    for dtype in ("uint8", "int32", "float32"):
        yield case("tf.sequence_mask", f"{dtype}[2]:below4")
        yield case("tf.sequence_mask", f"{dtype}[2]:below4", 3)


def _divisions():
    for op in ("tf.math.floordiv", "tf.math.floormod", "tf.truncatediv", "tf.truncatemod"):
        for x, y in (("0,1", "1,1"), ("0", ""), ("2,0", "1"), ("1", "1")):
            yield case(op, f"int32[{x}]", lit(0, "int32") if not y else lit([[0]] if y == "1,1" else [0], "int32"))


def _reductions():
    for op, x in (("tf.math.reduce_any", "bool[2,3]"), ("tf.math.reduce_all", "bool[2,3]"), ("tf.math.reduce_sum", "float32[2,3]"),
                  ("tf.math.reduce_logsumexp", "float32[2,3]")):  # fmt: skip
        for axis in (True, False, [[0]], [[0, 1]], [[0], [1]], [[2]], [[0], [0, 1]], lit([[0, 1]], "int32"), lit(0.5, "float32"),
                     lit([0.5], "float32"), lit(1, "int64"), lit([-1], "int32", "numpy"), [1.5], (-1,), (2,)):  # fmt: skip
            yield case(op, x, axis=axis)
    for op in ("tf.math.reduce_std", "tf.math.reduce_variance"):
        for x, axis in (("2", 3), ("2", 0), ("2,3", [0, 0]), ("", -1), ("", None)):
            yield case(op, f"int32[{x}]", axis=axis)
    op = "tf.math.bincount"
    yield case(op, "int32[3]:below4", weights="float32[3]", binary_output=True)
    for kwargs in ({"ord": 3}, {"ord": 0.5}, {"ord": 1}, {"ord": 2.0}, {"axis": lit([0], "int32")}, {"axis": lit(0, "int32")},
                   {"axis": lit([0, 1], "int32", "numpy")}):  # fmt: skip
        yield case("tf.norm", "int32[2,3]", **kwargs)
        yield case("tf.norm", "float32[2,3]", **kwargs)
    for axis, x in ((-1, "int32[2,2,1]:below4"), (-1, "int32[2,2]:below4"), (0, "int32[2,2,1]:below4")):
        yield case(op, x, axis=axis)
    for dtype in ("uint8", "float16", "int64", "float64"):
        yield case(op, "int32[3]:below4", weights=f"{dtype}[3]")
        yield case("tf.norm", f"{dtype}[3]", ord=3)
        yield case("tf.math.unsorted_segment_sqrt_n", f"{dtype}[3]", "int32[3]:below2", 2)
        yield case("tf.math.special.expint", lit([0.0, 1.0, -1.0, 2.5, float("inf"), float("nan")], dtype) if "f" in dtype else f"{dtype}[2]", grad=False)
    for ord in (1, 3, float("inf")):
        yield case("tf.norm", "bool[3]", ord=ord)
    yield case("tf.norm", "bool[3]")
    yield case("tf.norm", "string[3]")
    for pair in (["p:int32[2]", "int64[2]"], ["int64[2]", "p:int32[2]"], ["p:int32[2]", "int32[2]"]):
        yield case("tf.add_n", pair)
    yield case("tf.linalg.global_norm", ["p:float32[2]", "float64[1]"])
    symbols = [("float64[]", ("A",)), ("float32[]", (1,)), ("float32[]", (2,)), ("float32[]", ("...", 1)), ("float32[]", ("...", 2)),
               ("float32[]", ("A", "B")), ("float32[]", ())]  # fmt: skip
    for x, shape in symbols:
        yield case("tf.debugging.assert_shapes", [(x, shape)])
        yield case("tf.debugging.assert_shapes", [(x, shape), ("float32[3]", ("A",))])


def _products():
    for axes in ([0, 0], [[5], [0]], [[-1, 0], [0]], 2, [[1], [0]]):
        yield case("tf.tensordot", "float32[2,3]", "float32[3]", axes)
    yield case("tf.tensordot", "float32[3]", "float32[]", [0, 0])
    yield case("tf.tensordot", "float64[2]", "p:float64[2]", 1)
    yield case("tf.tensordot", "float32[2]", "p:float32[2]", 1)


def _complex():
    for dtype in ("complex64", "complex128"):
        for shape in ("1,1", "2,2", "2,3,3", "0,2,2", "0,0"):
            yield case("tf.linalg.det", f"{dtype}[{shape}]:square")
            yield case("tf.linalg.slogdet", f"{dtype}[{shape}]:square")
    for dtype in ("float32", "float64", "complex64", "complex128"):
        for shape in ("1,1", "3,3", "2,2,2", "0,2,2"):
            x = f"{dtype}[{shape}]:spd"
            yield expr("tf.sort(tf.abs(tf.linalg.eigvals(x)))", x=x)
            yield expr("tf.reduce_sum(tf.linalg.eigvals(x) ** 2)", x=x)
            # Whatever the phases of the vectors are.
            yield expr("tf.reduce_sum(tf.abs(tf.linalg.eig(x)[1]) ** 4, [-1, -2])", x=x)


def _windows():
    for pooling in ("MAX", "AVG"):
        for x, window, kwargs in (
            ("1,6,2", [2], {"dilations": [2]}), ("1,6,2", [3], {"dilations": 2, "padding": "SAME"}),
            ("2,6,5,1", [2, 2], {"dilations": [2, 1]}), ("2,6,5,1", [2, 3], {"dilations": [1, 2], "padding": "SAME"}),
            ("1,4,4,4,1", [2, 2, 2], {"dilations": [2, 2, 1]}), ("1,1,4,2", [2, 2], {"dilations": [2, 2]}),
            ("1,6,2", [2], {"dilations": [2], "strides": [2]}), ("1,6,2", [2], {"dilations": [0]}), ("1,6,2", [2], {"dilations": [1]}),
            ("1,6,2", [2], {"dilations": [2], "padding": "FULL"}),
        ):  # fmt: skip
            yield case("tf.nn.pool", f"float32[{x}]:distinct", window, pooling, **kwargs)
    pool = "lambda v, num_spatial_dims, padding: tf.nn.max_pool(v, 2, 1, padding)"
    for arguments in ("[1, 1], 'SAME', {}", "[2, 1], 'VALID', {}", "[2, 2], 'SAME', {}, [2, 2]", "[2, 2], 'SAME', {}", "[0, 1], 'VALID', {}",
                      "2, 'VALID', {}", "[2, 2], 'FULL', {}", "[2, 2], 'VALID', {}, spatial_dims=[2, 1]"):  # fmt: skip
        yield expr(f"tf.nn.with_space_to_batch(x, {arguments.format(pool)})", x="float32[1,5,4,2]:distinct")
    for strides, dilations in (([2], [2]), (2, 2), (1, 2), (2, 1), (None, [2])):
        yield case("tf.nn.convolution", "float32[1,7,2]", "float32[2,2,1]", strides=strides, dilations=dilations)
    x, w = "float32[1,5,4,2]", "float32[2,2,2,1]"
    yield case("tf.nn.depthwise_conv2d", x, w, [1, 1, 2, 1], "VALID")
    yield case("tf.nn.depthwise_conv2d", x, w, [1, 1, 1, 1], "VALID", dilations=2)
    yield case("tf.nn.separable_conv2d", x, w, "float32[1,1,2,1]", [1, 2, 1, 1], "VALID")
    yield case("tf.nn.separable_conv2d", x, w, "float32[1,1,2,1]", [1, 1, 1, 1], "VALID", dilations=2)
    for dilations in ([2, 2], [2, 1], [1, 2], [3, 3]):
        for padding in ("SAME", "VALID", [[0, 0], [1, 2], [2, 1], [0, 0]]):
            yield case("tf.nn.depthwise_conv2d", "float32[2,7,7,2]", "float32[3,2,2,2]", [1, 2, 2, 1], padding, dilations=dilations)
    yield case("tf.nn.depthwise_conv2d", "float32[1,7,8,2]", "float32[3,2,2,1]", [1, 3, 3, 1], "SAME", dilations=[2, 3])
    yield case("tf.nn.separable_conv2d", "float32[1,7,7,2]", "float32[3,2,2,2]", "float32[1,1,4,3]", [1, 2, 2, 1], "SAME",
               dilations=[2, 2])  # fmt: skip
    for size, strides in ((1, 1), (2, 1), (2, 2), (3, 1), (4, 4)):  # NaN and -inf do not exceed the lowest number
        for dtype in ("float16", "float32", "float64"):
            yield case("tf.nn.max_pool2d", f"{dtype}[1,4,4,2]:special", size, strides, "VALID", grad=False)
        yield case("tf.nn.max_pool1d", "float32[2,8,1]:special", size, strides, "SAME", grad=False)
    for size, pads in ((1, 1), (2, 1), (2, 2), (3, 2)):
        yield case("tf.nn.max_pool", "float32[1,4,4,1]:distinct", size, 1, [[0, 0], [pads, 0], [0, 0], [0, 0]])
    yield case("tf.nn.max_pool", "float64[1,6,1,1,1]", 2, 2, "VALID")
    yield case("tf.nn.avg_pool", "float32[1,4,2,2,1]", 2, 2, "VALID")
    for x in ("1,2,1,2", "2,1,4,1", "1,2,3,1"):
        yield case("tf.nn.max_pool_with_argmax", f"float32[{x}]:distinct", 3, 2, "VALID")
    for x, strides, padding in (("1,1,4,2", 1, "VALID"), ("2,1,3,2", 2, "SAME")):
        yield case("tf.nn.dilation2d", f"float32[{x}]", "float32[2,2,2]", [1, strides, 1, 1], padding, "NHWC", [1, 2, 1, 1], grad=False)


def _losses():
    for targets in ([0.0, 1.0, 0.5, 3.0], [-1.0, 0.0, 2.0, 1.5]):
        yield case("tf.nn.log_poisson_loss", lit(targets, "float32"), "float32[4]", compute_full_loss=True)
    for parts, ids in ((["float32[2,3]", "float32[2,3]"], [0, 3, 1]), (["float32[2]", "p:float32[1]"], [2, 0]), (["float32[2,3]"], [1]),
                       ([], [0]), (["float32[2,3]", "float32[2,3]"], [4])):  # fmt: skip
        yield case("tf.nn.embedding_lookup", parts, ids, grad=len(parts) < 2)
