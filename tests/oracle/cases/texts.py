"""What tensors, variables and their kin look like in text: `repr`, `str` and formatting."""

from ..table import COMMON, expr

_SHAPES = ("[]", "[3]", "[2,3]", "[2,1,2]", "[0]", "[2,0]")
_LONG = ("[30]", "[2000]", "[50,50]")


def cases():
    for function in ("repr", "str"):
        for dtype in (*COMMON, "int8", "uint64", "complex128"):
            for shape in _SHAPES[: 6 if dtype in ("float32", "int32", "string") else 3]:
                yield expr(f"{function}(x)", x=f"{dtype}{shape}", grad=False)
        for shape in _LONG:
            yield expr(f"{function}(x)", x=f"float32{shape}", grad=False)
        yield expr(f"{function}(x)", x="float32[12]:special", grad=False)
        for dtype in ("float32", "bool", "string", "bfloat16"):
            for shape in _SHAPES[:3]:
                yield expr(f"{function}(tf.Variable(x, name='w'))", x=f"{dtype}{shape}", grad=False)
        yield expr(f"{function}([x, x[0]])", x="float32[2,2]", grad=False)
        yield expr(f"{function}(tf.TensorSpec([2, None], tf.int32, name='q'))")
        yield expr(f"{function}(tf.TensorSpec(None))")
        yield expr(f"{function}(tf.TensorShape([1, None]))")
        yield expr(f"{function}(tf.TensorShape(None))")
        yield expr(f"{function}(tf.bfloat16)")
        yield expr(f"{function}(tf.VariableAggregation.MEAN)")
        yield expr(f"{function}(tf.UnconnectedGradients.ZERO)")
    yield expr("str(tf.IndexedSlices(x, [0, 1]))", x="float32[2,2]", grad=False)
    yield expr("str(tf.IndexedSlices(x, tf.constant([0, 1]), tf.constant([3, 2])))", x="float32[2,2]", grad=False)
    for spec in ("", ".2f", ">8", "d", "e"):
        for dtype in ("float32", "int32", "bool"):
            yield expr(f"format(x, {spec!r})", x=f"{dtype}[]", grad=False)
    yield expr("f'{x}'", x="float32[2,2]", grad=False)
    yield expr("'%s' % x", x="float32[2]", grad=False)
    yield expr("'%.3f' % x", x="float32[]", grad=False)
    yield expr("'%d' % x", x="int32[]", grad=False)
    for shape in ("(2,)", "[2]", "tf.TensorShape([2])"):
        yield expr(f"tf.constant([1, 2, 3], shape={shape})")
    for name, arguments in (("zeros_initializer", ""), ("ones_initializer", ""), ("constant_initializer", "2"),
        ("constant_initializer", "[1, 2, 3]"), ("constant_initializer", "{}"), ("constant_initializer", "'a'"),
                            ("random_normal_initializer", "1.0, 2.0, 3"), ("random_uniform_initializer", "1, 9, 3")):  # fmt: skip
        made = f"tf.{name}({arguments})"
        for dtype in ("tf.float32", "tf.int32", "tf.bool", "tf.string", "tf.float64"):
            yield expr(f"{made}([3, 1], dtype={dtype})")
        yield expr(f"{made}([2])")
        yield expr(f"{made}.get_config()")
        yield expr(f"type({made}).from_config({made}.get_config())([3])")
        yield expr(f"{made}([3], partition_shape=[1], partition_offset=[0])")
        yield expr(f"{made}([3], foo=1)")
    for name in ("as_bytes", "as_str", "as_text", "as_str_any"):
        for value in ("'ä'", "b'\\xc3\\xa4'", "3", "None", "''", "np.array([1, 2])"):
            yield expr(f"tf.compat.{name}({value})")
        yield expr(f"tf.compat.{name}('ä', 'latin1')")
        yield expr(f"tf.compat.{name}(b'a', 'nope')")
    yield expr("tf.compat.path_to_str('x'), tf.compat.path_to_str(3)")
    yield expr("tf.compat.dimension_value(tf.TensorShape([1, None])[1])")
    yield expr("tf.compat.dimension_at_index(tf.TensorShape([4, None]), 0)")
    yield expr("tf.compat.dimension_at_index(tf.TensorShape(None), 5)")
    yield expr("tf.compat.forward_compatible(2020, 1, 1), tf.compat.forward_compatible(2120, 1, 1)")
    for name in ("bytes_or_text_types", "integral_types", "real_types", "complex_types"):
        yield expr(f"[t.__name__ for t in tf.compat.{name}]")
