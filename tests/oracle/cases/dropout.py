"""Dropout by seeds and by functions."""

from ..table import case, expr, lit


def cases():
    op = "tf.nn.experimental.stateless_dropout"
    for x in ("float32[2,3]", "float64[4]", "float16[5]", "bfloat16[5]", "float32[]", "float32[0]", "v:float32[3]", "n:float32[3]"):
        yield case(op, x, 0.5, [1, 2])
    for rate in (0.0, 0, 0.1, 0.9, 1.0, -0.1, "a", lit(0.3, "float32"), lit(0.3, "float64"), lit([0.3], "float32")):
        yield case(op, "float32[3,4]", rate, [3, 4])
    for seed in (lit([5, -6], "int64"), lit([5, 6], "int32"), 1, [1], [1, 2, 3], [1.0, 2.0]):
        yield case(op, "float32[3]", 0.5, seed)
    for alg in ("philox", "auto_select", "foo"):
        yield case(op, "float32[7]", 0.5, [1, 2], rng_alg=alg)
    for noise_shape in ([2, 1], [1, 3], [2, 2], [3]):
        yield case(op, "float32[2,3]", 0.5, [1, 2], noise_shape=noise_shape)
    yield case(op, "int32[3]", 0.5, [1, 2])
    sampler = "lambda shape, dtype: tf.reshape(tf.linspace(tf.constant(0.0, dtype), 0.9, 6), shape)"
    yield expr(f"tf.nn.experimental.general_dropout(x, 0.5, {sampler})", x="float32[2,3]")
    yield expr(f"tf.nn.experimental.general_dropout(x, 0.2, {sampler}, noise_shape=[6, 1])", x="float32[6,2]")
    yield expr(f"tf.nn.experimental.general_dropout(x, 1.0, {sampler})", x="float32[2,3]")
