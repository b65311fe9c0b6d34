"""Functions that few programs use: partitions, histograms, transforms over several axes, checks of order, ranks."""

from ..table import case, expr, lit

NAN = float("nan")


def cases():
    yield from _partitions()
    yield from _histograms()
    yield from _transforms()
    yield from _order()
    yield from _several()


def _partitions():
    split, join = "tf.dynamic_partition", "tf.dynamic_stitch"
    for dtype in ("float32", "float64", "int32", "bool", "string", "complex64", "bfloat16"):
        yield case(split, f"{dtype}[5]", lit([0, 1, 0, 2, 1], "int32"), 3)
        yield case(join, [lit([0, 2], "int32"), lit([1, 3], "int32")], [f"{dtype}[2,2]", f"{dtype}[2,2]"])
    for data, parts, count in (
        ("float32[4,3]", [1, 0, 1, 1], 2), ("float32[2,2,2]", [[0, 1], [1, 0]], 2), ("float32[3]", [0, 0, 0], 2),
        ("float32[0]", [], 2), ("float32[]", 1, 2), ("float32[3]", [0, 1, 2], 2), ("float32[3]", [0, -1, 0], 2),
        ("float32[3]", [0, 1], 2), ("float32[3]", [[0, 1, 0]], 2), ("float32[3]", [0, 1, 0], 0), ("v:float32[3]", [1, 0, 1], 2),
        ("n:float64[3]", [1, 0, 1], 2), ("p:float32[3]", [1, 0, 1], 2),
    ):  # fmt: skip
        yield case(split, data, lit(parts, "int32"), count)
    yield case(split, "float32[2]", lit([0.0, 1.0], "float32"), 2)
    yield case(split, "float32[2]", lit([0, 1], "int64"), 2)
    for indices, data in (
        ([[0, 1], [1, 2]], ["float32[2]", "float32[2]"]), ([[4], [0, 2]], ["float32[1,2]", "float32[2,2]"]),
        ([5, [0, 1]], ["float32[3]", "float32[2,3]"]), ([[[0, 3], [2, 1]]], ["float32[2,2,2]"]), ([[]], ["float32[0]"]),
        ([[0], [1]], ["float32[2]", "float32[1]"]), ([[0], [1]], ["float32[1,2]", "float32[1,3]"]), ([[-1, 0]], ["float32[2]"]),
        ([[0, 1]], ["float32[2]", "float32[2]"]),
    ):  # fmt: skip
        yield case(join, [lit(i, "int32") for i in indices], data)
    yield case(join, [[0], [1]], ["float32[1]", "float64[1]"])
    yield case(join, [], [])
    yield expr("tf.dynamic_stitch(tf.dynamic_partition(tf.range(5), p, 2), tf.dynamic_partition(x, p, 2))",
               p=lit([0, 1, 1, 0, 1], "int32"), x="float32[5,2]")  # fmt: skip


def _histograms():
    counts, bins = "tf.histogram_fixed_width", "tf.histogram_fixed_width_bins"
    values = [-1.0, 0.0, 1.5, 2.0, 5.0, 15.0]
    for op in (counts, bins):
        for dtype in ("float32", "float64", "int32", "int64"):
            bounds = [0, 5] if "int" in dtype else [0.0, 5.0]
            yield case(op, lit(values, dtype), lit(bounds, dtype), nbins=5, grad=False)
        yield case(op, lit(values, "float32"), [0.0, 5.0])
        yield case(op, lit(values, "float32"), [0.0, 5.0], 5)
        yield case(op, "float32[2,3]:wide", [-5.0, 5.0], 3, grad=False)
        yield case(op, "float32[0]", [0.0, 5.0], 5)
        yield case(op, 1.5, [0.0, 5.0], 5)
        for bounds, n in (([5.0, 0.0], 5), ([0.0, 0.0], 5), ([0.0, 5.0], 0), ([0.0, 5.0], -1), ([0.0], 5), ([0.0, 1.0, 2.0], 5)):
            yield case(op, lit(values, "float32"), bounds, n)
        yield case(op, lit(values, "float32"), lit([0, 5], "int32"), 5)
        yield case(op, "float16[3]", lit([0.0, 1.0], "float16"), 5)
        yield case(op, lit([float("nan"), 1.0], "float32"), [0.0, 5.0], 5)
    for dtype in ("float32", "float64", "int32", "int64", "bool", "float16"):
        yield expr("tf.raw_ops.Bucketize(input=x, boundaries=[0.0, 1.5, 2.0])", x=f"{dtype}[5,7]:wide" if dtype != "bool" else "bool[2]")
    for found, boundaries in (
        (lit([float("nan"), -0.0, 0.0, float("inf"), 1.0], "float32"), [0.0, 1.0]), (lit(3.0, "float32"), []), ("float32[0,2]", [1.0]),
        (lit([1.0], "float32"), [2.0, 1.0]), (lit(values, "float32"), [1.5, 1.5, 5.0]),
    ):  # fmt: skip
        yield expr(f"tf.raw_ops.Bucketize(input=x, boundaries={boundaries})", x=found)
    from_table = "tf.histogram_fixed_width(x, [0.0, 5.0], 5, dtype=tf.{})"
    for dtype in ("int64", "int32", "float32"):
        yield expr(from_table.format(dtype), x=lit(values, "float32"))


def _transforms():
    for dtype in ("complex64", "complex128"):
        for shape in ("4", "3,4", "2,3,4", "0,2"):
            for name in ("fftnd", "ifftnd"):
                yield case(f"tf.{name}", f"{dtype}[{shape}]")
    for name in ("fftnd", "ifftnd"):
        for more in ({"axes": [1]}, {"axes": [0, 2]}, {"axes": [-1]}, {"fft_length": [4, 2], "axes": [1, 2]},
                     {"fft_length": [2, 3, 5]}, {"norm": "ortho"}, {"norm": "forward"}, {"axes": [3]}, {"fft_length": [4]}):  # fmt: skip
            yield case(f"tf.{name}", "complex64[2,3,4]", **more)
    for dtype, wide in (("float32", "complex64"), ("float64", "complex128")):
        for shape in ("4", "3,4", "2,3,5"):
            yield case("tf.rfftnd", f"{dtype}[{shape}]")
            yield case("tf.irfftnd", f"{wide}[{shape}]")
    for name, kind in (("rfftnd", "float32"), ("irfftnd", "complex64")):
        for more in ({"axes": [1]}, {"axes": [0, 2]}, {"fft_length": [4, 6], "axes": [1, 2]}, {"norm": "ortho"}):
            yield case(f"tf.{name}", f"{kind}[2,3,4]", **more)
    for name, bad in (("fftnd", "float32[2,3]"), ("rfftnd", "complex64[2,3]"), ("irfftnd", "float32[2,3]"), ("fftnd", "int32[2]")):
        yield case(f"tf.{name}", bad)


def _order():
    for name in ("is_non_decreasing", "is_strictly_increasing"):
        op = f"tf.math.{name}"
        for x in ([1, 1, 3], [1, 2, 3], [1, 3, 2], [5], []):
            for dtype in ("int32", "float32"):
                yield case(op, lit(x, dtype))
        yield case(op, lit([[1, 2], [3, 4]], "int32"))
        yield case(op, [1.0, 2.0])
        yield case(op, lit([1.0, float("nan"), 3.0], "float32"))
        yield case(op, "float32[]")
        yield case(op, lit(["a", "b"], "string"))
    rank = "tf.linalg.matrix_rank"
    for dtype in ("float32", "float64", "complex64"):
        yield case(rank, lit([[1.0, 2.0], [2.0, 4.0]], dtype), grad=False)
        yield case(rank, f"{dtype}[2,3,3]:square", grad=False)
        yield case(rank, f"{dtype}[3,2]", grad=False)
    for more in ({"tol": 1.0}, {"tol": 100.0}, {"validate_args": True}):
        yield expr(f"tf.linalg.matrix_rank(x, {', '.join(f'{k}={v}' for k, v in more.items())})", x="float32[3,3]:square", grad=False)
    yield case(rank, "float32[3]")
    yield case(rank, "int32[2,2]")
    at = "tf.unravel_index"
    for indices, dims in (([5, 3], [2, 3]), ([0, 7], [2, 2, 2]), (4, [3, 3]), ([], [2, 2]), ([1], [4]), ([9], [3, 3]), ([-1], [3, 3]),
                          ([1], [[2]]), ([[1, 2], [3, 0]], [2, 2])):  # fmt: skip
        for dtype in ("int32", "int64"):
            yield case(at, lit(indices, dtype), lit(dims, dtype))
    yield case(at, lit([1.0], "float32"), lit([2.0], "float32"))


def _several():
    for dtype in ("float32", "int32", "complex64", "float16"):
        yield case("tf.scalar_mul", 2, f"{dtype}[3]")
        yield case("tf.math.scalar_mul", f"{dtype}[]", f"{dtype}[2,2]")
    yield case("tf.scalar_mul", 2.0, lit([1, 2], "int32"))
    yield case("tf.scalar_mul", "float32[2]", "float32[2]")
    yield case("tf.scalar_mul", "float32[1]", "float32[2]")
    yield expr("tf.scalar_mul(3.0, tf.IndexedSlices(x, [0, 2], [4, 2]))", x="float32[2,2]")
    yield case("tf.identity_n", ["float32[2]", "int32[3]"])
    yield case("tf.identity_n", ["v:float32[2]", "p:float32[2]"])
    yield case("tf.identity_n", [])
    for shift in (None, 0.5):
        yield case("tf.nn.normalize_moments", lit(4.0, "float32"), "float32[3]", "float32[3]:pos", shift)
    yield case("tf.nn.normalize_moments", lit(4.0, "float32"), "float32[3]", "float32[3]:pos", "float32[3]")
    yield case("tf.nn.normalize_moments", lit(4.0, "float32"), "float32[3]", "float32[2]", None)
    for k, more in ((1, {}), (3, {}), (2, {"is_max_k": False}), (2, {"reduction_dimension": 0}), (0, {}), (9, {}), (-1, {}),
                    (2, {"reduction_dimension": 5}), (2, {"aggregate_to_topk": False})):  # fmt: skip
        yield case("tf.approx_top_k", "float32[4,6]", k, **more)
    yield case("tf.approx_top_k", "int32[4]", 1)
    blocks = "tf.required_space_to_batch_paddings"
    for shape, sizes, base in (([5], [2], None), ([4, 7], [2, 3], None), ([4, 7], [2, 3], [[1, 0], [2, 2]]), ([], [], None),
                               ([4], [0], None), ([4], [2, 2], None)):  # fmt: skip
        yield case(blocks, lit(shape, "int32"), lit(sizes, "int32"), base_paddings=base)
    yield case("tf.parallel_stack", ["float32[2]", "float32[2]"])
    yield expr("tf.tuple([x, None, y])", x="float32[2]", y="int32[2]")
    yield expr("tf.tuple([x], control_inputs=[tf.no_op()])", x="float32[2]")
    yield expr("tf.tuple([])")
    for op in ("UniqueV2", "UniqueWithCountsV2"):
        for axis in ([0], [1], [-1], [2], [-3], [], 0, [0, 1], [0.5]):
            yield expr(f"tf.raw_ops.{op}(x=x, axis={axis})", x=lit([[1, 2, 1, 2], [3, 4, 3, 5], [1, 2, 1, 2]], "int32"))
        for x in (lit([1.0, NAN, 1.0, NAN, -0.0, 0.0], "float32"), lit([[1.0, -0.0], [1.0, 0.0], [NAN, 0.0], [NAN, 0.0]], "float16"),
                  lit([["b", "a"], ["b", "a"], ["a", "b"]], "string"), "bool[5,1]", "float32[3,0]", "float64[0,3]", "int32[]",
                  lit(["a", "b", "a"], "string")):  # fmt: skip
            yield expr(f"tf.raw_ops.{op}(x=x, axis=[0], out_idx=tf.int64)", x=x)
        yield expr(f"tf.raw_ops.{op}(x=x, axis=a)", x=lit([[[1, 2], [1, 2]], [[0, 1], [0, 1]]], "uint8"), a=lit([1], "int64"))
        yield expr(f"tf.raw_ops.{op}(x=x, axis=[])", x=lit([3, 3, 1], "int64"))
        yield expr(f"tf.raw_ops.{op}(x=x, axis=[0], out_idx=tf.float32)", x="int32[2,2]")
    chosen = "tf.experimental.numpy.select([x > 1, x > 0], [{}, {}], {})"
    for first, second, default in (("x", "y", "0"), ("x", "y", "0.5"), ("y", "y * 2", "0.5"), ("x", "x", "0"), ("[1.0, 2.0, 3.0]", "y", "1"),
                                   ("1", "2", "3"), ("x", "[[1], [2]]", "y"), ("tf.cast(x, tf.int8)", "tf.cast(x, tf.uint8)", "-1"),
                                   ("x > 1", "False", "True"), ("tf.cast(x, tf.bfloat16)", "2", "0"), ("y", "1j", "0")):  # fmt: skip
        yield expr(chosen.format(first, second, default), x=lit([0, 1, 2], "int32"), y=lit([0.5, 1.5, 2.5], "float32"))
    for arguments in ("[x > 1], [x, x]", "[], []", "[x], [y]", "[x[:, None] > 1], [y]", "[x[:2] > 1], [y]", "[True], [x]", "[[True, 0, 1]], [y]"):
        yield expr(f"tf.experimental.numpy.select({arguments})", x=lit([0, 1, 2], "int32"), y=lit([0.5, 1.5, 2.5], "float32"))
