"""Neural-network ops."""

from ..table import ALL, FLOATS, case, expr, lit
from .families import unary
from .rearrange import _table


def cases():
    for part in (_activations, _softmax, _losses, _bias_norm, _convolutions, _pools, _dropout):
        yield from part()


def _activations():
    for name in ("relu", "relu6", "leaky_relu", "elu", "selu", "softplus", "softsign", "silu", "swish", "gelu",
        "sigmoid", "tanh"):
        # The gradients of the last two are 1 - y: of a saturated y they would be nothing but its rounding.
        yield from unary(f"tf.nn.{name}", gen="normal" if name in ("sigmoid", "tanh") else "wide")
    for alpha in (0.0, 0.5, 1.0, 1.5):
        yield case("tf.nn.leaky_relu", "float32[2,3]", alpha=alpha)
    yield case("tf.nn.gelu", "float32[2,3]", approximate=True)
    yield case("tf.nn.gelu", "float32[2,3]", True)
    yield case("tf.nn.silu", "float32[2,3]", beta=2.0)
    yield case("tf.nn.relu", [-1, 2, 3])
    yield case("tf.nn.crelu", "float32[2,3]")


def _softmax():
    for name in ("softmax", "log_softmax"):
        op = f"tf.nn.{name}"
        for dtype in ALL:
            yield case(op, f"{dtype}[2,3]")
        for axis in (0, 1, 2, -1, -3):
            yield case(op, "float32[2,3,4]", axis=axis)
        yield from _table(op, [("float32[3]",), ("float32[2,2,2,2]",), ("float32[0,3]",), ("float32[3,0]",),
            ("v:float32[2]",), ("p:float32[2,2]",), (lit([1000.0, 1000.0, 0.0], "float32"),),
            (lit([-1e30, 0.0], "float32"),),
                               ("float32[]",), ("float32[2,3]", {"axis": 2}), ("float32[2,3]", {"axis": -3}),
                               ("float32[2,3]", {"axis": None}), ([1, 2, 3],), ("float32[2,3]", 0)])  # fmt: skip
        yield case(op, "float32[12]:special", grad=False)
        yield case(op, "float32[3]:wide", axis=0.0)
    yield case("tf.nn.softmax", lit([float("inf"), 1.0], "float32"), grad=False)


def _losses():
    op = "tf.nn.sigmoid_cross_entropy_with_logits"
    for dtype in (*FLOATS, "int32", "complex64"):
        yield case(op, labels=f"{dtype}[2,3]:pos", logits=f"{dtype}[2,3]")
    for labels, logits in (("float32[]", "float32[]"), ("float32[0]", "float32[0]"), ([0.0, 1.0], "float32[2]"),
        ("float32[13]:ones", "float32[13]:edges"), ("v:float32[2]", "v:float32[2]"),
                           ("float32[3]", "float32[2,3]"), ("float32[2]", "float64[2]"), ("int32[2]", "float32[2]"),
                           ("float32[2]", None), (None, "float32[2]")):  # fmt: skip
        yield case(op, labels=labels, logits=logits)
    yield case("tf.nn.weighted_cross_entropy_with_logits", labels="float32[2,3]:pos", logits="float32[2,3]",
        pos_weight=2.0)
    op = "tf.nn.softmax_cross_entropy_with_logits"
    for dtype in (*FLOATS, "int32"):
        yield case(op, labels=f"{dtype}[2,3]:prob", logits=f"{dtype}[2,3]")
    for labels, logits, more in (
        ("float32[3]:prob", "float32[3]", {}), ("float32[2,2,3]:prob", "float32[2,2,3]", {}),
        ("float32[2,3]:prob", "float32[2,3]", {"axis": 0}), ("float32[2,3,2]:prob", "float32[2,3,2]", {"axis": 1}),
        ("float32[0,3]", "float32[0,3]", {}),
        ([[0.0, 1.0]], "float32[1,2]", {}), ("float32[2,3]:prob", "v:float32[2,3]", {}),
        ("float32[1,3]:prob", "float32[2,3]", {}),
        ("float32[2,3]:prob", "float32[2,4]", {}), ("float32[2,3]:prob", "float64[2,3]", {}),
        ("float32[]", "float32[]", {}), ("float32[2,3]:prob", "float32[2,3]", {"axis": 2}),
        (None, "float32[2,3]", {}), ("int32[2,3]", "float32[2,3]", {}),
    ):  # fmt: skip
        yield case(op, labels=labels, logits=logits, **more)
    op = "tf.nn.sparse_softmax_cross_entropy_with_logits"
    for dtype in (*FLOATS, "int32"):
        yield case(op, labels=lit([2, 0], "int32"), logits=f"{dtype}[2,3]")
    for labels, logits in (
        (lit([2, 0], "int64"), "float32[2,3]"), ("int32[]:below3", "float32[3]"),
        ("int32[2,2]:below3", "float32[2,2,3]"), ([0, 1], "float32[2,3]"), ("int32[0]", "float32[0,3]"),
        ("uint8[2]:below3", "float32[2,3]"),
        ([3, 0], "float32[2,3]"), ([-1, 0], "float32[2,3]"), ("float32[2]", "float32[2,3]"),
        ("int32[3]:below3", "float32[2,3]"), ("int32[2,1]:below3", "float32[2,3]"), ("int32[]:below3", "float32[]"),
        (None, "float32[2,3]"),
    ):  # fmt: skip
        yield case(op, labels=labels, logits=logits)
    yield case(op, "int32[2]:below3", "float32[2,3]")
    for dtype in (*FLOATS, "int32", "complex64"):
        yield case("tf.nn.l2_loss", f"{dtype}[2,3]")
    for x in ("float32[]", "float32[0]", "v:float32[2,2,2]", [1.0, 2.0], None, [1, 2]):
        yield case("tf.nn.l2_loss", x)


def _bias_norm():
    for dtype in (*FLOATS, "int32", "int64", "complex64", "bool"):
        yield case("tf.nn.bias_add", f"{dtype}[2,3]", f"{dtype}[3]")
    for x, b, more in (
        ("float32[2,2,3]", "float32[3]", {}), ("float32[1,2,2,3]", "float32[3]", {}),
        ("float32[1,3,2,2]", "float32[3]", {"data_format": "NCHW"}), ("float32[2,3,4]", "float32[3]",
        {"data_format": "NC.."}), ("float32[0,3]", "float32[3]", {}),
        ("float32[2,3]", "v:float32[3]", {}), ("float32[2,3]", [1.0, 2.0, 3.0], {}),
        ("float32[2,3]", "float32[2]", {}), ("float32[2,3]", "float32[1,3]", {}), ("float32[3]", "float32[3]", {}),
        ("float32[2,3]", "int32[3]", {}), ("float32[2,3]", "float32[3]", {"data_format": "bad"}),
        ("float32[2,3]", "float64[3]", {}),
    ):  # fmt: skip
        yield case("tf.nn.bias_add", x, b, **more)
    op = "tf.nn.batch_normalization"
    for dtype in ("float32", "float64", "float16", "int32"):
        x, v, p = f"{dtype}[4,3]", f"{dtype}[3]", f"{dtype}[3]:pos"
        yield case(op, x, v, p, v, p, 1e-3)
    yield case(op, "float32[4,3]", "float32[3]", "float32[3]:pos", None, None, 1e-3)
    yield case(op, "float32[4,3]", "float32[3]", "float32[3]:pos", "float32[3]", None, 0.1)
    yield case(op, "float32[2,2,2,3]", "float32[3]", "float32[3]:pos", None, "float32[3]", variance_epsilon=0.1)
    yield case(op, "float32[4,3]", "float32[2]", "float32[3]:pos", None, None, 1e-3)
    yield case(op, "float32[4,3]", "float64[3]", "float32[3]:pos", None, None, 1e-3)


def _convolutions():
    op = "tf.nn.conv2d"
    for dtype in ("float32", "float64", "float16", "bfloat16", "int32", "complex64"):
        yield case(op, f"{dtype}[1,5,5,2]", f"{dtype}[3,3,2,2]", 1, "VALID")
    for strides, padding, more in (
        (1, "SAME", {}), (2, "SAME", {}), (2, "VALID", {}), ([1, 2, 1, 1], "VALID", {}), ([2, 1], "SAME", {}),
        (1, "VALID", {"dilations": 2}), (1, "SAME", {"dilations": [1, 2, 1, 1]}),
        (1, [[0, 0], [1, 1], [2, 0], [0, 0]], {}), (1, "same", {}),
        (0, "SAME", {}), ([2, 1, 1, 1], "SAME", {}), (1, "BAD", {}), ([1, 1, 1], "SAME", {}),
        (1, "SAME", {"data_format": "BAD"}), (1, "SAME", {"dilations": 0}),
    ):  # fmt: skip
        yield case(op, "float32[2,6,5,2]", "float32[3,2,2,3]", strides, padding, **more)
    for x, k in (("float32[1,4,4,2]", "float32[1,1,2,3]"), ("float32[0,4,4,2]", "float32[2,2,2,3]"),
        ("float32[1,4,4,4]", "float32[2,2,2,4]"), ("v:float32[1,3,3,1]", "v:float32[2,2,1,1]"),
                 ("float32[1,4,4,3]", "float32[2,2,2,3]"), ("float32[4,4,2]", "float32[2,2,2,3]"),
                 ("float32[1,4,4,2]", "float32[2,2,2]"), ("float32[1,2,2,1]", "float32[3,3,1,1]"),
                 ("float32[1,4,4,2]", "float64[2,2,2,3]"), ("float32[1,4,4,2]", None)):  # fmt: skip
        # Where the output is empty, TensorFlow's gradient is uninitialised memory.
        yield case(op, x, k, 1, "VALID", grad=x != "float32[1,2,2,1]")
    for args in (("float32[1,6,2]", "float32[3,2,2]", 1, "SAME"), ("float32[2,6,2]", "float32[3,2,2]", 2, "VALID")):
        yield case("tf.nn.conv1d", *args)
    yield case("tf.nn.depthwise_conv2d", "float32[1,4,4,2]", "float32[2,2,2,2]", [1, 1, 1, 1], "SAME")
    yield case("tf.nn.conv2d_transpose", "float32[1,3,3,2]", "float32[2,2,3,2]", [1, 6, 6, 3], 2, "SAME")


def _pools():
    for name in ("max_pool2d", "avg_pool2d"):
        op = f"tf.nn.{name}"
        for dtype in (*FLOATS, "int32", "complex64"):
            yield case(op, f"{dtype}[1,4,4,2]", 2, 2, "VALID")
        for size, strides, padding, more in (
            (2, 1, "SAME", {}), (3, 2, "SAME", {}), ([2, 1], 1, "VALID", {}),
            ([1, 2, 2, 1], [1, 2, 2, 1], "VALID", {}), (5, 1, "VALID", {}), (2, 2, "BAD", {}), (0, 1, "SAME", {}),
            (2, 0, "SAME", {}), (2, 2, "SAME", {"data_format": "BAD"}), (-1, 1, "SAME", {}),
        ):  # fmt: skip
            yield case(op, "float32[2,5,4,2]:distinct", size, strides, padding, grad=size != 5, **more)
        yield case(op, "float32[1,4,4,1]:ties", 2, 2, "VALID")
        yield case(op, "float32[0,4,4,1]", 2, 2, "VALID")
        yield case(op, "float32[4,4,1]", 2, 2, "VALID")
        yield case(op, "float32[1,2,2,1]", 3, 1, "VALID", grad=False)


def _dropout():
    for x, rate in (("float32[2,3]", 0.5), ("float64[4]", 0.1), ("float16[4]", 0.1), ("float32[]", 0.5),
        ("float32[0]", 0.5), ("float32[2]", 1.0), ("float32[2]", -0.1), ("float32[2]", 1.5), ("int32[2]", 0.5),
        ("float32[2]", "a"), ("float32[2,3]", lit(0.5, "float32"))):
        yield case("tf.nn.dropout", x, rate, check="shape", grad=False)
    yield case("tf.nn.dropout", "float32[2,3]", 0)
    yield case("tf.nn.dropout", "float32[2,3]", 0.0)
    yield case("tf.nn.dropout", "float32[2,3]", 0.5, noise_shape=[2, 1], check="shape", grad=False)
    yield case("tf.nn.dropout", "float32[2,3]", 0.5, noise_shape=[2, 2], check="shape", grad=False)
    yield expr("tf.reduce_all((y == 0) | (y == 2)) if (y := tf.nn.dropout(tf.ones([50]), 0.5)) is not None else None")
    for ids in (lit([1, 0, 1], "int32"), "int64[2,2]:below4", lit([4], "int32"), lit([0.0], "float32")):
        yield case("tf.nn.embedding_lookup", "float32[4,2]", ids)
        yield case("tf.nn.embedding_lookup", "v:float32[4,2]", ids)
    yield case("tf.nn.embedding_lookup", "float32[4,2]", [0, 1], max_norm=1.0)
    yield case("tf.nn.zero_fraction", lit([0.0, 1.0, 2.0, 0.0], "float32"))
    yield case("tf.nn.moments", "float32[2,3]", [0], False)
