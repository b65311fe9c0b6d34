"""Lines of programs rather than single ops, each for TensorFlow's API and for JAX's: formulas with numbers, slices, masks, attention,
losses and their gradients.

Names are the inputs of `op_table.inputs`. `gradient(function, at)` is that of a scalar by a tape; JAX's expressions call `jax.grad`.
"""

_XENT = "-jnp.take_along_axis(jax.nn.log_softmax(v), index[:, None], 1)"
_STENCIL = "(x[2:, 1:-1] + x[:-2, 1:-1] + x[1:-1, 2:] + x[1:-1, :-2] - 4.0 * x[1:-1, 1:-1])"
_CONV = "jax.lax.conv_general_dilated(image, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC'))"

# name: (expression of TensorFlow, expression of JAX)
IDIOMS = {
    "polynomial": ("3.0 * x**3 - 2.0 * x**2 + x - 1.0",) * 2,
    "whole % 7": ("whole % 7",) * 2,
    "whole // 7": ("whole // 7",) * 2,
    "sum of squares": ("tf.reduce_sum((x * 2.0 - 1.0) ** 2)", "jnp.sum((x * 2.0 - 1.0) ** 2)"),
    "stencil": (_STENCIL, _STENCIL),
    "differences": ("x[:, 1:] - x[:, :-1]",) * 2,
    "every second": ("x[::2, ::2] * 2.0",) * 2,
    "total variation": (
        "tf.reduce_sum(tf.abs(image[:, 1:] - image[:, :-1])) + tf.reduce_sum(tf.abs(image[:, :, 1:] - image[:, :, :-1]))",
        "jnp.sum(jnp.abs(image[:, 1:] - image[:, :-1])) + jnp.sum(jnp.abs(image[:, :, 1:] - image[:, :, :-1]))",
    ),
    "roll": ("tf.roll(x, 1, 1)", "jnp.roll(x, 1, 1)"),
    "columns": ("tf.gather(x, index, axis=1)", "jnp.take(x, index, axis=1)"),
    "picked": ("tf.gather(x, index[:, None], batch_dims=1)", "jnp.take_along_axis(x, index[:, None], 1)"),
    "segments": ("tf.math.segment_sum(x, tf.range(n_rows) // 10)", "jax.ops.segment_sum(x, jnp.arange(n_rows) // 10, n_rows // 10)"),
    "unsorted segments": (
        "tf.math.unsorted_segment_sum(x, index % 100, 100)", "jax.ops.segment_sum(x, index % 100, 100)",
    ),
    "histogram": (
        "tf.math.bincount(tf.reshape(whole_2, [-1]), minlength=10, maxlength=10)", "jnp.bincount(whole_2.reshape(-1), length=10)",
    ),
    "distinct": ("tf.unique(tf.reshape(whole, [-1]))", None),
    "selected rows": ("tf.boolean_mask(x, mask[:, 0])", None),
    "masked sum": ("tf.reduce_sum(tf.where(mask, x, 0.0))", "jnp.sum(jnp.where(mask, x, 0.0))"),
    "accuracy": (
        "tf.reduce_mean(tf.cast(tf.equal(tf.argmax(v, 1, tf.int32), index), tf.float32))",
        "jnp.mean((jnp.argmax(v, 1).astype('int32') == index).astype('float32'))",
    ),
    "standardised": (
        "(x - tf.reduce_mean(x, 1, keepdims=True)) / tf.math.reduce_std(x, 1, keepdims=True)",
        "(x - jnp.mean(x, 1, keepdims=True)) / jnp.std(x, 1, keepdims=True)",
    ),
    "rms norm": (
        "x * tf.math.rsqrt(tf.reduce_mean(x * x, -1, keepdims=True) + 1e-6)", "x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-6)",
    ),
    "moments": ("tf.nn.moments(x, [0])", "(jnp.mean(x, 0), jnp.var(x, 0))"),
    "gelu": ("tf.nn.gelu(v)", "jax.nn.gelu(v, approximate=False)"),
    "distances": (
        "tf.reduce_sum(m * m, 1)[:, None] - 2.0 * tf.matmul(m, n, transpose_b=True) + tf.reduce_sum(n * n, 1)",
        "jnp.sum(m * m, 1)[:, None] - 2.0 * m @ n.T + jnp.sum(n * n, 1)",
    ),
    "attention": (
        "tf.matmul(tf.nn.softmax(tf.matmul(m, n, transpose_b=True) * 0.03), n)", "jax.nn.softmax(m @ n.T * 0.03) @ n",
    ),
    "patches": (
        "tf.nn.space_to_depth(image, 2)",
        "image.reshape(image.shape[0], image.shape[1] // 2, 2, image.shape[2] // 2, 2, -1).transpose(0, 1, 3, 2, 4, 5)"
        ".reshape(image.shape[0], image.shape[1] // 2, image.shape[2] // 2, -1)",
    ),
    "mean pool": (
        "tf.nn.avg_pool2d(image, 2, 2, 'VALID')", "jax.lax.reduce_window(image, 0.0, jax.lax.add, (1, 2, 2, 1), (1, 2, 2, 1), 'VALID') / 4",
    ),
    "bytes": ("tf.cast(x * 100.0, tf.uint8)", "(x * 100.0).astype('uint8')"),
    "cross entropy": ("tf.nn.sparse_softmax_cross_entropy_with_logits(index, v)", _XENT),
    "gradient: cross entropy": (
        "gradient(lambda v: tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(index, v)), v)",
        f"jax.grad(lambda v: jnp.mean({_XENT}))(v)",
    ),
    "gradient: stencil": (
        f"gradient(lambda x: tf.reduce_sum({_STENCIL} ** 2), x)", f"jax.grad(lambda x: jnp.sum({_STENCIL} ** 2))(x)",
    ),
    "gradient: product": ("gradient(lambda m: tf.reduce_sum(tf.matmul(m, n) ** 2), m)", "jax.grad(lambda m: jnp.sum((m @ n) ** 2))(m)"),
    "gradient: convolution": (
        "gradient(lambda kernel: tf.reduce_sum(tf.nn.conv2d(image, kernel, 1, 'SAME') ** 2), kernel)",
        f"jax.grad(lambda kernel: jnp.sum({_CONV} ** 2))(kernel)",
    ),
    "gradient: pool": (
        "gradient(lambda image: tf.reduce_sum(tf.nn.max_pool2d(image, 2, 2, 'VALID') ** 2), image)",
        "jax.grad(lambda image: jnp.sum(jax.lax.reduce_window(image, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), 'VALID') ** 2))(image)",
    ),
    "gradient: activations": (
        "gradient(lambda v: tf.reduce_sum(tf.tanh(v) * tf.sigmoid(v)), v)", "jax.grad(lambda v: jnp.sum(jnp.tanh(v) * jax.nn.sigmoid(v)))(v)",
    ),
    "gradient: norm": (
        "gradient(lambda x: tf.reduce_sum(tf.math.l2_normalize(x, 1) * y), x)",
        "jax.grad(lambda x: jnp.sum(x * jax.lax.rsqrt(jnp.maximum(jnp.sum(x * x, 1, keepdims=True), 1e-12)) * y))(x)",
    ),
    "gradient: standardised": (
        "gradient(lambda x: tf.reduce_sum((x - tf.reduce_mean(x, 1, keepdims=True)) / tf.math.reduce_std(x, 1, keepdims=True) * y), x)",
        "jax.grad(lambda x: jnp.sum((x - jnp.mean(x, 1, keepdims=True)) / jnp.std(x, 1, keepdims=True) * y))(x)",
    ),
    "gradient: rows": ("gradient(lambda x: tf.reduce_sum(tf.gather(x, index) ** 2), x)", "jax.grad(lambda x: jnp.sum(x[index] ** 2))(x)"),
    "gradient: cumsum": ("gradient(lambda x: tf.reduce_sum(tf.cumsum(x, 1) ** 2), x)", "jax.grad(lambda x: jnp.sum(jnp.cumsum(x, 1) ** 2))(x)"),
}  # fmt: skip
