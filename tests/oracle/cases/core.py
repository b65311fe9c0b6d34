"""Indexing, methods of Tensor and Variable, assertions, random draws (shapes and dtypes), type predicates."""

from ..table import COMMON, FLOATS, case, expr, lit, ref


def cases():
    for part in (_getitem, _tensor, _variable, _sliced_assign, _assertions, _random, _gradients, _predicates):
        yield from part()


def _getitem():
    for kind in ("float32[3,4,5]", "v:float32[3,4,5]"):
        for index in (
            "0", "-1", "1, 2", "1, 2, 3", "...", ":", "0, ...", "..., 0", "..., -1, :", "1:", ":2", "1:3", "::2",
            "::-1", "2:0:-1", "-2:", ":-1", "1:1", "5:", "-100:100", "1:, ::2, -1", "tf.newaxis", "..., tf.newaxis",
            ":, tf.newaxis",
            "None, 0, None", "tf.newaxis, ..., tf.newaxis, 1", "::-1, ::-2, ::3", "1:2, 1:2, 1:2", "0, 1:, ..., 2",
            "()", "..., ::-1", "(0, 1)", "slice(0, 2)", "slice(None), 1", "np.int64(1)", "np.array(1)", "True",
            "np.array(2), 1",
            "tf.constant(1)", "tf.constant(1, tf.int64)", "tf.constant(1):", "tf.constant(0), tf.constant(1)",
            ":tf.constant(2), ..., -tf.constant(1)", "::tf.constant(2)", "tf.constant(-1)", "x.shape[0] - 1",
            "3", "-4", "0, 0, 0, 0", "..., ...", "1.0", "'a'", "[0, 1]", "np.array([0, 1])", "tf.constant([0, 1])",
            "::0", "1.5:", "x > 0", "0, 4", "tf.constant(3)", "tf.constant(1.0)", "[True, False, True]", "{}",
            "1:, 'a'", "3:0", "..., 7", "None",
            "tf.constant(True)", "0, None:1", "2**40", "tf.constant([[1]])", "::-1, None",
        ):  # fmt: skip
            yield expr(f"x[{index}]", x=kind)
    for dtype in COMMON:
        yield expr("x[1:, ::-1]", x=f"{dtype}[3,4]")
        yield expr("x[0]", x=f"{dtype}[3,4]")
    for index in ("...", "()", "tf.newaxis", "0", ":", "..., None"):
        yield expr(f"x[{index}]", x="float32[]")
        yield expr(f"x[{index}]", x="float32[0,3]")
    for index in ("x > 0", "tf.constant([True, False])"):
        yield expr(f"x[{index}]", x="float32[2]")


def _tensor():
    rows = [
        ("x.numpy()", "float32[2,3]"), ("x.numpy()", "bfloat16[2]"), ("x.numpy()", "string[3]"),
        ("x.numpy()", "float32[]"), ("x.numpy().dtype", "bool[2]"), ("type(x.numpy()).__name__", "float32[]"),
        ("type(x.numpy()).__name__", "string[]"),
        ("x.shape", "float32[2,3]"), ("x.shape.rank", "float32[2,3]"), ("x.shape.as_list()", "float32[2,3]"),
        ("x.get_shape()", "float32[]"), ("x.shape[0]", "float32[2,3]"), ("x.shape[-1]", "float32[2,3]"),
        ("x.shape[1:]", "float32[2,3]"),
        ("len(x.shape)", "float32[2,3]"), ("list(x.shape)", "float32[2,3]"), ("tuple(x.shape)", "float32[2,3]"),
        ("x.shape == (2, 3)", "float32[2,3]"), ("x.shape == [2, 3]", "float32[2,3]"),
        ("x.shape + [4]", "float32[2,3]"), ("x.shape.num_elements()", "float32[2,3]"),
        ("x.dtype", "float32[2]"), ("x.dtype.name", "bfloat16[2]"), ("x.dtype == tf.float32", "float32[2]"),
        ("x.dtype == 'float32'", "float32[2]"), ("x.dtype.as_numpy_dtype", "float32[2]"), ("x.ndim", "float32[2,3]"),
        ("x.get_shape().as_list()", "float32[2,3]"),
        ("x.device[-5:]", "float32[2]"), ("len(x)", "float32[2,3]"), ("len(x)", "float32[]"),
        ("len(x)", "float32[0,3]"), ("list(x)", "float32[2,3]"), ("list(x)", "float32[]"), ("list(x)", "string[3]"),
        ("[float(v) for v in x]", "float32[3]"), ("(lambda a, b: b - a)(*x)", "float32[2]"),
        ("bool(x)", "float32[]"), ("bool(x)", "bool[]"), ("bool(x)", "float32[2]"), ("bool(x)", "float32[1]"),
        ("bool(x)", "float32[0]"), ("bool(x)", "string[]"), ("bool(x)", "bool[2]"), ("int(x)", "float32[]"),
        ("int(x)", "int32[]"), ("int(x)", "int32[1]"), ("int(x)", "int32[2]"),
        ("float(x)", "float32[]"), ("float(x)", "int32[]"), ("float(x)", "float32[1]"), ("float(x)", "float32[2]"),
        ("complex(x)", "complex64[]"), ("complex(x)", "float32[]"), ("float(x)", "string[]"), ("int(x)", "bool[]"),
        ("float(x)", "bfloat16[]"), ("round(float(x), 2)", "float64[]"),
        ("[10, 20, 30, 40, 50, 60, 70, 80, 90, 100][x]", "int32[]:pos"), ("[1, 2][x]", "float32[]"),
        ("list(range(x))", "int32[]:pos"), ("'abc' * x", "int32[]:pos"), ("x.__index__()", "int64[]"),
        ("x.__index__()", "int32[2]"),
        ("x is tf.identity(x)", "float32[2]"), ("tf.identity(x)", "v:float32[2]"),
        ("isinstance(x, tf.Tensor)", "float32[2]"), ("isinstance(x, tf.Variable)", "float32[2]"),
        ("isinstance(x, tf.Tensor)", "v:float32[2]"), ("tf.is_tensor(x)", "float32[2]"),
        ("tf.is_tensor(x)", "v:float32[2]"), ("tf.is_tensor(x)", "n:float32[2]"), ("tf.is_tensor(1.0)", "float32[2]"),
        ("x == None", "float32[2]"), ("x != None", "float32[2]"), ("x is None", "float32[2]"),
        ("x in [x]", "float32[]"), ("0.0 in x", "float32[2]"),
        ("hash(x)", "float32[2]"), ("hash(x.ref()) == hash(x.ref())", "float32[2]"),
        ("x.ref() == x.ref()", "float32[2]"), ("x.ref().deref() is x", "float32[2]"), ("{x: 1}", "float32[2]"),
        ("{x.ref(): 1}[x.ref()]", "float32[2]"), ("set([x])", "float32[2]"),
        ("np.asarray(x)", "float32[2,3]"), ("np.array(x)", "string[2]"), ("np.asarray(x, np.float64)", "float32[2]"),
        ("np.add(x, 1)", "float32[2]"), ("np.sum(x)", "float32[2,3]"), ("np.sum(x, axis=0)", "float32[2,3]"),
        ("np.stack([x, x])", "float32[2]"), ("np.float32(2) * x", "float32[2]"),
        ("np.array([1.0, 2.0], np.float32) + x", "float32[2]"), ("x + np.array([1.0, 2.0])", "float32[2]"),
        ("np.array([1, 2]) * x", "float32[2]"), ("x + np.float64(2)", "float32[2]"), ("x * np.int64(2)", "int32[2]"),
        ("np.dot(x, x)", "float32[3]"), ("np.exp(x)", "float32[2]"),
        ("np.maximum(x, 0)", "float32[3]"), ("np.mean(x)", "float32[3]"), ("np.shape(x)", "float32[2,3]"),
        ("np.concatenate([x, x])", "float32[2]"), ("np.isnan(x)", "float32[2]"),
        ("x.set_shape([2, 3])", "float32[2,3]"), ("x.set_shape([3, 2])", "float32[2,3]"),
        ("x.set_shape([None, 3])", "float32[2,3]"),
        ("x.foo", "float32[2]"), ("x.astype('int32')", "float32[2]"), ("x.reshape(2)", "float32[2]"),
        ("x.T", "float32[2]"), ("x.ravel()", "float32[2]"), ("x.size", "float32[2]"), ("x.tolist()", "float32[2]"),
        ("x.op", "float32[2]"), ("x.graph", "float32[2]"), ("x.name", "float32[2]"), ("x()", "float32[2]"),
        ("x.eval()", "float32[2]"), ("x.value_index", "float32[2]"), ("x.consumers()", "float32[2]"),
        ("setattr(x, 'foo', 1)", "float32[2]"), ("x.itemsize", "float32[2]"), ("f'{x:.2f}'", "float32[]"),
        ("f'{x:.2f}'", "float32[2]"), ("f'{x}'", "float32[2]"), ("f'{x}'", "float32[]"), ("'%.1f' % x", "float32[]"),
        ("'%d' % x", "int32[]"), ("str(x)", "int32[]"), ("repr(x)", "int32[2]"), ("divmod(x, 2)", "float32[2]"),
        ("sum(x)", "float32[3]"), ("max(x)", "float32[3]"), ("sorted(x)", "float32[3]"), ("any(x > 0)", "float32[3]"),
        ("all(x > -100)", "float32[3]"), ("not x", "float32[]"), ("x and 1", "float32[2]"),
        ("x if x > 0 else -x", "float32[]"), ("0 < x < 10", "float32[]"), ("abs(x)", "float32[2]"),
        ("-x", "float32[2]"), ("+x", "float32[2]"), ("~x", "bool[2]"), ("~x", "float32[2]"),
        ("round(x)", "float32[2]"), ("x.__len__()", "float32[2]"), ("np.asarray(x).flags.writeable", "float32[2]"),
        ("x.numpy().flags.writeable", "float32[2]"), ("x.__array__()", "float32[2]"),
        ("x.__array__(np.float64)", "float32[2]"), ("x._shape_tuple()", "float32[2]"),
        ("tf.get_static_value(x)", "int32[2]"), ("tf.get_static_value(3)", "int32[2]"),
        ("tf.executing_eagerly()", "float32[2]"),
        ("tf.nest.flatten([x, {'b': 1, 'a': (2, 3)}])", "float32[2]"),
        ("tf.nest.map_structure(lambda t: t * 2, (x, [x]))", "float32[2]"),
        ("tf.convert_to_tensor(x) is x", "float32[2]"), ("tf.transpose(x)[0]", "float32[2,3]"),
        ("x[0][1]", "float32[2,3]"),
    ]  # fmt: skip
    for text, x in rows:
        yield expr(text, x=x)
    for text in ("x + y", "x * y", "x @ tf.transpose(y)", "x == y", "x < y", "x ** 2 + y",
        "(x - y) / (tf.abs(y) + 1.0)", "tf.maximum(x, y) - tf.minimum(x, y)", "x // y", "x % y", "-x * 2 + y / 3",
        "1 - x", "2 / (y * y + 1)", "x + 1 + y"):
        yield expr(text, x="float32[2,3]", y="float32[2,3]:nonzero")
        yield expr(text, x="v:float32[2,3]", y="v:float32[2,3]:nonzero")


def _variable():
    """Methods called on a Variable: what they return, and its value afterwards."""
    rows = [
        ("v.assign([1.0, 2.0])", "2"), ("v.assign(tf.constant([1.0, 2.0]))", "2"), ("v.assign([1, 2])", "2"),
        ("v.assign(5.0)", ""), ("v.assign(5)", ""), ("v.assign(np.array([1.0, 2.0]))", "2"), ("v.assign(v + 1)", "2"),
        ("v.assign(v)", "2"), ("v.assign([1.0, 2.0], read_value=False)", "2"),
        ("v.assign_add([1.0, 2.0])", "2"), ("v.assign_sub([1.0, 2.0])", "2"), ("v.assign_add(1.0)", ""),
        ("v.assign_add(tf.ones([2, 3]))", "2,3"), ("v.assign_sub(1)", ""), ("v.assign_add(v)", "2"),
        ("v.assign_add([1.0, 2.0]).assign_sub([1.0, 1.0])", "2"),
        ("v.assign([1.0, 2.0, 3.0])", "2"), ("v.assign(1.0)", "2"), ("v.assign(tf.constant([1, 2]))", "2"),
        ("v.assign(tf.constant([1.0, 2.0], tf.float64))", "2"), ("v.assign('a')", ""), ("v.assign(None)", ""),
        ("v.assign([[1.0], [2.0, 3.0]])", "2"), ("v.assign_add(1.0)", "2"), ("v.assign_add([1.0])", "2"),
        ("v.assign_add(tf.constant([1, 2]))", "2"), ("v.assign_sub([1.0, 2.0, 3.0])", "2"), ("v.assign_add('a')", ""),
        ("v.assign(1j)", ""), ("v.assign(np.ones((2, 2)))", "2"),
        ("v.scatter_update(tf.IndexedSlices([9.0, 8.0], [0, 2]))", "4"),
        ("v.scatter_add(tf.IndexedSlices([9.0, 8.0], [0, 0]))", "4"), ("v.scatter_sub(tf.IndexedSlices([9.0], [3]))",
        "4"), ("v.scatter_mul(tf.IndexedSlices([2.0], [1]))", "4"), ("v.scatter_div(tf.IndexedSlices([2.0], [1]))",
        "4"),
        ("v.scatter_max(tf.IndexedSlices([0.0, 0.0], [1, 2]))", "4"),
        ("v.scatter_min(tf.IndexedSlices([0.0, 0.0], [1, 2]))", "4"),
        ("v.scatter_update(tf.IndexedSlices([[1.0, 2.0]], [1]))", "3,2"),
        ("v.scatter_add(tf.IndexedSlices([[1.0, 2.0]], [5]))", "3,2"),
        ("v.scatter_add(tf.IndexedSlices([1.0], [-1]))", "4"),
        ("v.scatter_add(tf.IndexedSlices([1.0, 2.0], [0]))", "4"), ("v.scatter_add([1.0])", "4"),
        ("v.scatter_add(tf.IndexedSlices([1], [0]))", "4"), ("v.scatter_update(tf.IndexedSlices([1.0], [0.0]))", "4"),
        ("v.scatter_nd_update([[0], [2]], [9.0, 8.0])", "4"), ("v.scatter_nd_add([[0], [0]], [9.0, 8.0])", "4"),
        ("v.scatter_nd_sub([[0, 1]], [9.0])", "3,2"), ("v.scatter_nd_update([[1]], [[9.0, 8.0]])", "3,2"),
        ("v.scatter_nd_max([[1]], [9.0])", "4"), ("v.scatter_nd_min([[1]], [9.0])", "4"),
        ("v.scatter_nd_update([[7]], [9.0])", "4"), ("v.scatter_nd_update([[0]], [9.0, 8.0])", "4"),
        ("v.scatter_nd_add([[0]], [1])", "4"),
        ("v.batch_scatter_update(tf.IndexedSlices([[9.0], [8.0]], [[0], [2]]))", "2,3"),
        ("v.batch_scatter_update(tf.IndexedSlices([[9.0, 7.0], [8.0, 6.0]], [[0, 1], [2, 0]]))", "2,3"),
        ("v.batch_scatter_update(tf.IndexedSlices([[9.0], [8.0]], [[0], [5]]))", "2,3"),
        ("v.gather_nd([[0], [2]])", "4"), ("v.gather_nd([[0, 1]])", "3,2"), ("v.gather_nd([[9]])", "4"),
        ("v.sparse_read([0, 2])", "4"), ("v.sparse_read([[0], [1]])", "3,2"), ("v.sparse_read([9])", "4"),
        ("v.sparse_read(1)", "4"),
        ("v.value()", "2"), ("v.read_value()", "2"), ("v.numpy()", "2"), ("v.shape", "2"), ("v.dtype", "2"),
        ("v.name", "2"), ("v.trainable", "2"), ("v.get_shape()", "2"), ("v.ndim", "2"), ("v.device[-5:]", "2"),
        ("v.synchronization", "2"), ("v.aggregation", "2"), ("v.constraint", "2"), ("v.initialized_value()", "2"),
        ("v.set_shape([2])", "2"), ("v.eval()", "2"), ("v.op", "2"), ("v.graph", "2"), ("v.create", "2"),
        ("len(v)", "2"), ("len(v)", ""), ("bool(v)", ""), ("bool(v)", "2"), ("float(v)", ""), ("int(v)", ""),
        ("list(v)", "2"), ("hash(v)", "2"), ("v.ref().deref() is v", "2"), ("v == v", "2"), ("v is v", "2"),
        ("v != v", "2"), ("v == None", "2"), ("np.asarray(v)", "2"), ("np.sum(v)", "2,2"), ("v.foo", "2"),
        ("v + 1", "2"), ("1 + v", "2"), ("v * v", "2"), ("v @ tf.transpose(v)", "2,2"), ("-v", "2"), ("abs(v)", "2"),
        ("v > 0", "2"), ("v[0]", "2"), ("v[:, 1]", "2,2"), ("v ** 2", "2"), ("v / 2", "2"), ("v // 2", "2"),
        ("v % 2", "2"),
        ("v[::-1]", "3"), ("v + v[0]", "3"), ("tf.identity(v) is v", "2"), ("tf.convert_to_tensor(v)", "2"),
        ("tf.reduce_sum(v)", "2"), ("v.count_up_to(3)", "2"), ("tf.add(v, v)", "2"), ("v.experimental_ref()", "2"),
        ("v.is_initialized()", "2"), ("v.handle is not None", "2"), ("(v := v + 1)", "2"),
    ]  # fmt: skip
    for text, shape in rows:
        yield expr(f"({text}, v.read_value())" if "v :=" not in text else text, v=f"v:float32[{shape}]")
    for dtype in ("int32", "float16", "bool", "string", "complex64", "int64", "bfloat16"):
        yield expr("(v.assign(x), v.read_value())", v=f"v:{dtype}[2]", x=f"{dtype}[2]")
        yield expr("(v.assign_add(x), v.read_value())", v=f"v:{dtype}[2]", x=f"{dtype}[2]")
        yield expr("(v.scatter_update(tf.IndexedSlices(x, [0, 3])), v.read_value())", v=f"v:{dtype}[4]",
            x=f"{dtype}[2]")
    for text in (
        "tf.Variable(1.0)", "tf.Variable(1)", "tf.Variable([1.0, 2.0], dtype=tf.float64)",
        "tf.Variable(range(4), dtype=tf.float32)", "tf.Variable([[1]], shape=[None, 1]).shape",
        "tf.Variable(1.0, shape=tf.TensorShape(None)).shape", "tf.Variable(lambda: tf.ones([2]))", "tf.Variable('a')",
        "tf.Variable(True)",
        "tf.Variable(1.0, name='w').name", "tf.Variable(1.0, trainable=False).trainable", "tf.Variable(1).trainable",
        "tf.Variable(tf.zeros([0, 2]))", "tf.Variable(np.ones(2))", "tf.Variable(np.float32(1))",
        "tf.Variable(tf.Variable(3.0))", "tf.Variable(1.0, dtype='float16')", "tf.Variable(1, dtype=tf.float32)",
        "tf.Variable()", "tf.Variable(None)", "tf.Variable([1.0], shape=[2])", "tf.Variable([[1], [2, 3]])",
        "tf.Variable(1.5, dtype=tf.int32)", "tf.Variable('a', dtype=tf.float32)", "tf.Variable(1.0, dtype='bad')",
        "tf.Variable(tf.constant(1.0), dtype=tf.int32)", "tf.Variable([1.0, None])",
        "tf.Variable(1.0, synchronization=tf.VariableSynchronization.NONE).synchronization",
        "tf.Variable(1.0, aggregation=tf.VariableAggregation.MEAN).aggregation",
        "tf.Variable(1.0, constraint=tf.abs).constraint is tf.abs", "tf.Variable(1.0, constraint=3)",
        "tf.Variable(1.0, name=3)",
        "tf.Variable([1.0, 2.0], shape=[None]).assign([1.0, 2.0, 3.0])",
        "tf.Variable([1.0, 2.0], shape=tf.TensorShape(None)).assign(5.0)",
        "tf.Variable([1.0, 2.0], shape=[None]).assign([[1.0]])", "tf.Variable(2**31)", "tf.Variable(2.0, shape=())",
        "tf.Variable([1, 2.5])", "tf.Variable(1j)",
    ):  # fmt: skip
        yield expr(text)


def _sliced_assign():
    for index, value in (
        ("0", "7.0"), ("0, 1", "7.0"), ("0", "[1.0, 2.0, 3.0, 4.0]"), ("1:", "tf.ones([2, 4])"), ("1:", "7.0"),
        (":, 1", "[1.0, 2.0, 3.0]"), (":, ::2", "tf.zeros([3, 2])"), ("::-1, 0", "[1.0, 2.0, 3.0]"),
        ("-1, -1", "5.0"), ("...", "2.0"), ("..., 0", "[7.0, 8.0, 9.0]"),
        ("1:2, 1:3", "[[5.0, 6.0]]"), ("tf.constant(1), tf.constant(2)", "3.0"),
        (":, tf.newaxis, 1", "[[1.0], [2.0], [3.0]]"), ("0:0", "tf.zeros([0, 4])"), ("1", "tf.cast(3, tf.float32)"),
        ("np.int64(1)", "7.0"), ("2:0:-1", "tf.ones([2, 4])"), ("...", "v * 2.0"), ("1:3", "v[0:2]"), (":", "1"),
        ("5", "1.0"), ("-4, 0", "1.0"), ("0", "[1.0, 2.0]"), ("0, 0", "[1.0, 2.0]"), ("0, 0, 0", "1.0"),
        ("0", "tf.constant([1, 2, 3, 4])"), ("0", "'a'"), ("0.5", "1.0"), ("[0, 1]", "1.0"), ("v > 0", "0.0"),
        ("::0", "1.0"), ("0, 0", "None"), ("1:", "tf.ones([1, 4])"), ("tf.constant(3)", "1.0"),
    ):  # fmt: skip
        yield expr(f"(v[{index}].assign({value}), v.read_value())", v="v:float32[3,4]", grad=False)
    for method in ("assign_add", "assign_sub"):
        yield expr(f"(v[0].{method}(1.0), v.read_value())", v="v:float32[3,4]", grad=False)
    for dtype in ("int32", "bool", "float16", "complex64", "string", "int64", "bfloat16"):
        yield expr("(v[1].assign(x), v.read_value())", v=f"v:{dtype}[3,2]", x=f"{dtype}[2]", grad=False)
    yield expr("x[0].assign(1.0)", x="float32[3]")
    yield expr("(v[1].assign(2 * v[0]), v[0].assign(9.0), v.read_value())", v="v:float32[3]", grad=False)


def _assertions():
    pairs = [("float32[2]", "float32[2]"), (1, 1), (1, 2), (2, 1), ([1, 2], [1, 2]), ([1, 2], [1, 3]),
        ([1.0, 2.0], 1.0), ("float32[2]", "int32[2]"), ([1, 2], [1, 2, 3]), ("float32[0]", 1.0),
        ("v:float32[2]", 100.0), ("string[2]", "string[2]"), (1, "a"), (None, 1)]
    for name in ("equal", "none_equal", "less", "less_equal", "greater", "greater_equal", "near"):
        for a, b in pairs:
            yield case(f"tf.debugging.assert_{name}", a, b, grad=False)
        yield case(f"tf.debugging.assert_{name}", 1, 2, message="look here",
            gist="look here" if name in ("equal", "greater", "greater_equal") else None, grad=False)
        yield case(f"tf.debugging.assert_{name}", 2, 1, message="look here", summarize=3, grad=False)
    yield case("tf.debugging.assert_near", [1.0, 2.0], [1.0, 2.1], rtol=0.1)
    yield case("tf.debugging.assert_near", [1.0, 2.0], [1.0, 2.1], atol=0.01)
    for name in ("positive", "negative", "non_negative", "non_positive"):
        for x in (1, -1, 0, [1, 2], [-1, -2], [1, -1], "float32[0]", "v:float32[]", "a", None, [0.0, 1.0]):
            yield case(f"tf.debugging.assert_{name}", x, grad=False)
        yield case(f"tf.debugging.assert_{name}", [1, -1], message="look here", gist="look here")
    for name in ("rank", "rank_at_least"):
        for x, rank in (("float32[2,3]", 2), ("float32[2,3]", 1), ("float32[2,3]", 3), ("float32[]", 0),
            ("float32[2]", "a"), ("float32[2]", 1.0), ("float32[2]", lit(1, "int32")), ("float32[2]", [1])):
            yield case(f"tf.debugging.assert_{name}", x, rank, grad=False)
        yield case(f"tf.debugging.assert_{name}", "float32[2]", 2, message="look here", gist="look here", grad=False)
    for ranks in ([1, 2], [3], [0, 3], [2.0], "a", []):
        yield case("tf.debugging.assert_rank_in", "float32[2,3]", ranks, grad=False)
    for x, types in (("float32[2]", "tf.float32"), ("float32[2]", "tf.int32"), ("v:int32[2]", "tf.int32"),
        ("int32[2]", "tf.string")):
        yield case("tf.debugging.assert_type", x, ref(types), grad=False)
    for x in ("int32[2]", "float32[2]", 1, 1.0, "bool[2]"):
        yield case("tf.debugging.assert_integer", x)
    for x in ("float32[2]", "float32[]", 1, [1], None):
        yield case("tf.debugging.assert_scalar", x)
    for tensors in (["float32[2]", "float32[3]"], ["float32[2]", "int32[3]"], []):
        yield case("tf.debugging.assert_same_float_dtype", tensors)
    yield case("tf.debugging.assert_same_float_dtype", ["float32[2]"], ref("tf.float64"))
    for shapes in ([("float32[2,3]", ("a", "b"))], [("float32[2,3]", ("a", 3)), ("float32[2]", ("a",))],
        [("float32[2,3]", ("a", 4))], [("float32[2,3]", ("a", "b")), ("float32[2]", ("b",))],
        [("float32[2,3]", (2,))], [("float32[2,3]", (None, 3))], [("float32[]", ())]):
        yield case("tf.debugging.assert_shapes", shapes, grad=False)
    for name in ("assert_all_finite", "check_numerics"):
        for x in ("float32[3]", "float32[12]:special", "float64[0]", "int32[2]", "float16[3]", "v:float32[2]",
                  lit([1.0, float("inf")], "float32"), lit([float("nan")], "float32")):  # fmt: skip
            yield case(f"tf.debugging.{name}", x, "look here", gist=None if x == "int32[2]" else "look here")
    for condition in (True, False, "bool[]", lit(True, "bool"), lit(False, "bool"), [True, False], 1, 0):
        yield case("tf.debugging.Assert", condition, ["float32[2]", 1], grad=False)
    yield case("tf.debugging.assert_proper_iterable", [1, 2])
    yield case("tf.debugging.assert_proper_iterable", "float32[2]")
    yield case("tf.debugging.is_numeric_tensor", "float32[2]")
    yield case("tf.debugging.is_numeric_tensor", "string[2]")


def _random():
    shape_only = {"check": "shape", "grad": False}
    for name in ("normal", "uniform", "truncated_normal"):
        op = f"tf.random.{name}"
        for shape in ([], [2, 3], (4,), [0, 2], lit([2], "int32"), 3, [-1], [1.5], None, "a", [[2]]):
            yield case(op, shape, **shape_only)
        for dtype in (*FLOATS, "int32", "int64", "uint8", "bool", "complex64"):
            yield case(op, [2], dtype=ref(f"tf.{dtype}"), **shape_only)
        yield case(op, [2], seed=1, **shape_only)
        yield case(op, [2], seed="a", **shape_only)
    yield case("tf.random.normal", [2, 3], 1.0, 2.0, **shape_only)
    yield case("tf.random.normal", [2, 3], "float32[3]", 2.0, **shape_only)
    yield case("tf.random.normal", [2, 3], "float32[4]", 2.0, **shape_only)
    yield case("tf.random.normal", [2], 3.0, 0.0, grad=False)
    for kwargs in ({"maxval": 10, "dtype": ref("tf.int32")}, {"minval": 3, "maxval": 4, "dtype": ref("tf.int64")},
        {"minval": 5, "maxval": 5, "dtype": ref("tf.int32")}, {"minval": 5, "maxval": 2, "dtype": ref("tf.int32")},
        {"minval": -1.0, "maxval": 1.0}, {"maxval": "int32[3]:pos", "dtype": ref("tf.int32")}):
        yield case("tf.random.uniform", [3], **kwargs, **shape_only)
    for x in ("float32[4,2]", "int32[3]", "string[2]", "float32[0]", "float32[]", [1, 2, 3], None, "v:float32[3]"):
        yield case("tf.random.shuffle", x, **shape_only)
    yield expr("tf.sort(tf.random.shuffle(x))", x="float32[6]:distinct", grad=False)
    yield expr("tf.reduce_all((tf.random.uniform([100]) >= 0) & (tf.random.uniform([100]) < 1))")
    yield expr("tf.reduce_all(tf.abs(tf.random.truncated_normal([100])) <= 2)")
    yield expr("(tf.random.set_seed(1), tf.random.normal([3]))[1].shape")
    yield expr("tf.random.set_seed('a')")
    yield expr("tf.random.set_seed(1.5)")


def _gradients():
    """Compositions whose gradients cross several ops: broadcasting, reuse, branches that do not connect."""
    for text, inputs in (
        ("tf.reduce_sum(x * w + b, axis=0)", {"x": "float32[4,3]", "w": "float32[3]", "b": "float32[]"}),
        ("tf.nn.softmax(x @ w + b)", {"x": "float32[2,3]", "w": "v:float32[3,4]", "b": "v:float32[4]"}),
        ("tf.tanh(x) * tf.tanh(x)", {"x": "float32[3]"}), ("tf.reduce_mean(tf.square(x - tf.reduce_mean(x, 0)), 0)",
        {"x": "float32[4,2]"}), ("x + tf.stop_gradient(x) * x", {"x": "float32[3]"}),
        ("tf.cast(tf.cast(x, tf.int32), tf.float32) * y", {"x": "float32[3]", "y": "float32[3]"}),
        ("tf.gather(x, [0, 0, 1]) * 2", {"x": "float32[3,2]"}), ("tf.gather(v, [0, 0, 1])", {"v": "v:float32[3,2]"}),
        ("tf.gather(v, [0, 2]) + v[0]", {"v": "v:float32[3,2]"}), ("(x, 2 * x, y)",
        {"x": "float32[2]", "y": "float32[2]"}), ("tf.concat([x, x * y], 0)[1:3]",
        {"x": "float32[2]", "y": "float32[2]"}),
        ("tf.where(x > 0, x, tf.exp(x) - 1)", {"x": "float32[6]"}), ("tf.linalg.norm(x) * x", {"x": "float32[3]"}),
        ("tf.cumsum(x)[::-1] * x", {"x": "float32[4]"}), ("tf.stack(tf.unstack(x)[::-1]) @ x", {"x": "float32[2,2]"}),
        ("tf.reduce_max(x, axis=1) - tf.reduce_min(x, axis=0)", {"x": "float32[3,3]:distinct"}),
        ("tf.identity(y)", {"x": "float32[2]", "y": "float32[2]"}), ("tf.constant(1.0)", {"x": "float32[2]"}),
        ("tf.cast(x, tf.float64) * 2", {"x": "float32[2]"}), ("tf.cast(x, tf.complex64) * tf.complex(0.0, 1.0)",
        {"x": "float32[2]"}), ("tf.abs(tf.complex(x, y))", {"x": "float32[2]", "y": "float32[2]"}),
        ("tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w, 1, 'SAME'), b))",
        {"x": "float32[1,4,4,2]", "w": "v:float32[3,3,2,2]", "b": "v:float32[2]"}),
        ("tf.math.log(x) / tf.sqrt(x)", {"x": "float64[4]:pos"}), ("tf.pow(x, 3) - tf.pow(2.0, x)",
        {"x": "float32[4]:pos"}),
        ("tf.reduce_logsumexp(x, axis=1)", {"x": "float32[2,3]"}), ("tf.sigmoid(x) * tf.math.log_sigmoid(x)",
        {"x": "float32[4]"}), ("tf.clip_by_value(x, -1, 1) * x", {"x": "float32[6]:wide"}),
        ("tf.tensor_scatter_nd_update(x, [[1]], y)", {"x": "float32[3]", "y": "float32[1]"}),
        ("tf.einsum('ij,jk->ik', x, tf.transpose(x))", {"x": "float32[2,3]"}),
        ("tf.pad(tf.reshape(x, [2, 2]), [[1, 0], [0, 1]]) * 3", {"x": "float32[4]"}),
        ("tf.tile(x[tf.newaxis], [3, 1]) * y", {"x": "float32[2]", "y": "float32[3,1]"}),
        ("tf.boolean_mask(x, x > 0) * 2", {"x": "float32[6]"}),
        ("tf.sort(x) * tf.constant([1.0, 2.0, 3.0, 4.0])", {"x": "float32[4]:distinct"}),
        ("tf.math.top_k(x, 2).values", {"x": "float32[5]:distinct"}), ("tf.linalg.inv(x) @ x @ x",
        {"x": "float64[2,2]:square"}),
    ):  # fmt: skip
        yield expr(text, **inputs)


def _predicates():
    for text in (
        "tf.as_dtype('float32')", "tf.as_dtype(np.float32)", "tf.as_dtype(float)", "tf.as_dtype(int)",
        "tf.as_dtype(bool)", "tf.as_dtype('half')", "tf.as_dtype('bad')", "tf.as_dtype(None)", "tf.as_dtype(1)",
        "tf.as_dtype(str)", "tf.as_dtype('S')", "tf.as_dtype(np.dtype('int64'))", "tf.as_dtype('double')",
        "tf.float32.max", "tf.float32.min", "tf.float16.max", "tf.bfloat16.max", "tf.bfloat16.min", "tf.int32.max",
        "tf.int64.min", "tf.uint8.max", "tf.uint64.max", "tf.bool.max", "tf.bool.min", "tf.string.max",
        "tf.complex64.max", "tf.float32.limits", "tf.uint8.limits", "tf.int8.limits",
        "tf.float32.is_floating", "tf.bfloat16.is_floating", "tf.complex64.is_complex", "tf.int32.is_integer",
        "tf.uint8.is_unsigned", "tf.bool.is_bool", "tf.bool.is_integer", "tf.complex64.is_floating",
        "tf.float32.is_numpy_compatible", "tf.string.is_numpy_compatible", "tf.complex64.real_dtype",
        "tf.float32.real_dtype",
        "tf.float32.size", "tf.string.size", "tf.complex128.size", "tf.bfloat16.size", "tf.float32.as_numpy_dtype",
        "tf.string.as_numpy_dtype", "tf.bfloat16.as_numpy_dtype", "tf.float32.as_datatype_enum",
        "tf.float32.base_dtype", "tf.float32.name", "tf.dtypes.float32 is tf.float32", "tf.double is tf.float64",
        "tf.half is tf.float16",
        "tf.float32 == np.float32", "tf.float32 == 'float32'", "tf.float32 == 'bad'", "tf.float32 != tf.float64",
        "tf.float32 == None", "hash(tf.float32) == hash(tf.float32)", "np.dtype(tf.float32.as_numpy_dtype)",
        "np.zeros(2, tf.float32.as_numpy_dtype)", "str(tf.float32)", "repr(tf.float32)",
        "tf.float32.is_compatible_with(tf.float32)",
        "tf.float32.is_compatible_with(tf.float64)", "tf.DType is tf.dtypes.DType",
        "isinstance(tf.float32, tf.DType)", "tf.qint8", "tf.resource", "tf.variant",
        "tf.dtypes.experimental.float8_e5m2", "tf.dtypes.experimental.int4", "tf.dtypes.experimental.uint4",
        "tf.dtypes.experimental.float8_e4m3fn.size",
        "tf.TensorShape([1, 2])", "tf.TensorShape(None)", "tf.TensorShape([None, 3])", "tf.TensorShape([])",
        "tf.TensorShape(3)", "tf.TensorShape([1, 2]).rank", "tf.TensorShape(None).rank",
        "tf.TensorShape([None, 3])[0]", "tf.TensorShape([2, 3])[1:]", "tf.TensorShape(None)[0]",
        "tf.TensorShape([2])[5]", "len(tf.TensorShape(None))",
        "tf.TensorShape([2, None]).as_list()", "tf.TensorShape(None).as_list()",
        "tf.TensorShape([2, 3]).num_elements()", "tf.TensorShape([2, None]).num_elements()",
        "tf.TensorShape([2, 3]).is_fully_defined()", "tf.TensorShape([2, None]).is_fully_defined()",
        "tf.TensorShape([2, None]).merge_with([None, 3])", "tf.TensorShape([2]).merge_with([3])",
        "tf.TensorShape([2]).concatenate([3])", "tf.TensorShape([2]) + [3]", "[1] + tf.TensorShape([2])",
        "tf.TensorShape([2, None]).is_compatible_with([2, 3])",
        "tf.TensorShape([2, None]).is_compatible_with([3, 3])", "tf.TensorShape([2]).assert_is_compatible_with([3])",
        "tf.TensorShape([2, 3]).with_rank(2)", "tf.TensorShape([2, 3]).with_rank(1)",
        "tf.TensorShape([2, 3]).with_rank_at_least(3)", "tf.TensorShape([2, 3]).with_rank_at_most(2)",
        "tf.TensorShape([2, 3]).assert_has_rank(3)", "tf.TensorShape([2]).assert_same_rank([1, 2])",
        "tf.TensorShape([2, None]).assert_is_fully_defined()", "tf.TensorShape([2, 3]) == [2, 3]",
        "tf.TensorShape([2, 3]) == tf.TensorShape([2, None])",
        "tf.TensorShape([2, 3]) == None", "tf.TensorShape(None) == tf.TensorShape(None)",
        "tf.TensorShape([None]) == tf.TensorShape([None])", "tf.TensorShape([2]) != [2]",
        "tf.TensorShape([2, 3]).dims", "tf.TensorShape([2, 3]).ndims", "list(tf.TensorShape([2, None]))",
        "list(tf.TensorShape(None))", "str(tf.TensorShape([2, None]))", "str(tf.TensorShape(None))",
        "str(tf.TensorShape([3]))", "repr(tf.TensorShape([3]))", "bool(tf.TensorShape([]))",
        "bool(tf.TensorShape(None))", "hash(tf.TensorShape([2])) == hash(tf.TensorShape([2]))",
        "tf.TensorShape([-1])", "tf.TensorShape(['a'])", "tf.TensorShape([1.5])", "tf.TensorShape('a')",
        "tf.TensorShape([True])", "tf.TensorShape([2**40])",
        "tf.TensorShape([2, 3]).most_specific_compatible_shape([2, 4])",
        "tf.TensorShape([2]).is_subtype_of(tf.TensorShape([None]))", "tf.TensorShape(tf.TensorShape([2]))",
        "tf.TensorShape(np.array([2, 3]))", "tf.zeros(tf.TensorShape([2, None]))",
        "tf.TensorSpec([2, None], tf.float32)", "tf.TensorSpec(None)", "tf.TensorSpec([2], tf.int32, name='x')",
        "tf.TensorSpec([2], tf.float32) == tf.TensorSpec([2], tf.float32)", "tf.TensorSpec([2]).dtype",
        "tf.TensorSpec([2, None]).shape", "tf.TensorSpec.from_tensor(tf.ones([2, 3]))",
        "tf.TensorSpec([None]).is_compatible_with(tf.ones([3]))",
        "tf.TensorSpec([None]).is_compatible_with(tf.ones([3, 1]))", "tf.TensorSpec([2], 'bad')",
        "tf.TensorSpec([2]).most_specific_compatible_type(tf.TensorSpec([3]))", "tf.TensorSpec(['a'])",
        "tf.type_spec_from_value(tf.ones([2]))",
        "tf.IndexedSlices(tf.ones([2]), tf.constant([0, 1]), tf.constant([4]))",
        "tf.convert_to_tensor(tf.IndexedSlices(tf.ones([2]), tf.constant([0, 3]), tf.constant([4])))",
        "tf.convert_to_tensor(tf.IndexedSlices(tf.ones([2]), tf.constant([0, 0]), tf.constant([4])))",
        "tf.convert_to_tensor(tf.IndexedSlices(tf.ones([2]), tf.constant([0, 3])))",
        "tf.IndexedSlices(tf.ones([2, 3]), tf.constant([0, 1])).shape",
        "tf.IndexedSlices(tf.ones([2, 3]), tf.constant([0, 1]), tf.constant([5, 3])).shape",
        "tf.IndexedSlices(tf.ones([2]), tf.constant([0, 1])).dtype",
        "tf.IndexedSlices(tf.ones([2]), tf.constant([0, 1])).indices",
        "(-tf.IndexedSlices(tf.ones([2]), tf.constant([0, 1]))).values",
        "tf.__version__", "tf.version.VERSION", "tf.executing_eagerly()",
        "len(tf.config.list_physical_devices('CPU'))", "tf.config.list_physical_devices('CPU')",
        "tf.config.LogicalDeviceConfiguration(10)", "tf.config.LogicalDeviceConfiguration(experimental_priority=1)._asdict()",
        "repr(tf.config.LogicalDeviceConfiguration())", "tf.config.LogicalDeviceConfiguration(1, 2, 3, 4)",
        *[f"tf.config.set_logical_device_configuration(tf.config.list_physical_devices('CPU')[0], [tf.config."
          f"LogicalDeviceConfiguration({limits})])" for limits in ("10", "None, 1", "None, None, 1")],
        "tf.config.set_logical_device_configuration(tf.config.PhysicalDevice('/physical_device:CPU:9', 'CPU'), [])",
        "tf.config.get_logical_device_configuration(tf.config.list_physical_devices('CPU')[0])",
        "tf.config.get_logical_device_configuration(tf.config.PhysicalDevice('/physical_device:CPU:9', 'CPU'))",
        "tf.experimental.float8_e5m2.name", "tf.experimental.int4",
        "tf.config.list_physical_devices('GPU')", "tf.config.list_logical_devices('CPU')",
        "tf.nest.flatten({'b': 1, 'a': [2, (3,)]})", "tf.nest.flatten(5)", "tf.nest.flatten(None)",
        "tf.nest.flatten([])", "tf.nest.pack_sequence_as({'b': 0, 'a': [0]}, [1, 2])",
        "tf.nest.pack_sequence_as([0, 0], [1])", "tf.nest.map_structure(lambda a, b: a + b, [1, (2,)], [3, (4,)])",
        "tf.nest.map_structure(lambda a, b: a, [1], [1, 2])",
        "tf.nest.assert_same_structure([1, 2], [3, [4]])", "tf.nest.assert_same_structure([1, 2], (3, 4))",
        "tf.nest.assert_same_structure([1, 2], (3, 4), check_types=False)", "tf.nest.is_nested([1])",
        "tf.nest.is_nested('abc')", "tf.nest.is_nested(np.ones(2))", "tf.nest.map_structure(1, [1])",
        "tf.nest.flatten('abc')", "tf.nest.flatten({1, 2})",
    ):  # fmt: skip
        yield expr(text)
