"""The hundred ops that TensorFlow code uses most, each as one expression for TensorFlow's API and one for JAX's.

Names in the expressions are the inputs that `inputs` makes: x, y (matrices, all numbers near 1), v (a matrix of numbers
around 0), row and column (one of its rows and columns), index (one of its rows each), mask, other_mask, whole and
whole_2 (integer matrices), m and n (square matrices), spd (symmetric, positive definite), lower (triangular), image and
kernel (NHWC). `n_rows`, `n_columns` are sizes. The result of an expression on small inputs is the first input of the
next call where shape and dtype allow, so that a hundred calls are a chain.
"""

import numpy as np

# symbol: (expression of TensorFlow, expression of JAX)
OPS = {
    "tf.constant": ("tf.constant(host)", "jnp.asarray(host)"),
    "tf.convert_to_tensor": ("tf.convert_to_tensor(host)", "jnp.asarray(host)"),
    "tf.cast": ("tf.cast(x, tf.int32)", "x.astype('int32')"),
    "tf.where": ("tf.where(mask, x, y)", "jnp.where(mask, x, y)"),
    "tf.zeros": ("tf.zeros((n_rows, n_columns))", "jnp.zeros((n_rows, n_columns))"),
    "tf.ones": ("tf.ones((n_rows, n_columns))", "jnp.ones((n_rows, n_columns))"),
    "tf.reshape": ("tf.reshape(x, (n_columns, n_rows))", "x.reshape(n_columns, n_rows)"),
    "tf.reduce_sum": ("tf.reduce_sum(x)", "jnp.sum(x)"),
    "tf.reduce_sum, axis": ("tf.reduce_sum(x, axis=1, keepdims=True)", "jnp.sum(x, axis=1, keepdims=True)"),
    "tf.math.log": ("tf.math.log(x)", "jnp.log(x)"),
    "tf.shape": ("tf.shape(x)", "jnp.array(x.shape, 'int32')"),
    "tf.exp": ("tf.exp(v)", "jnp.exp(v)"),
    "tf.concat": ("tf.concat([x, y], 0)", "jnp.concatenate([x, y])"),
    "tf.reduce_mean": ("tf.reduce_mean(x)", "jnp.mean(x)"),
    "tf.matmul": ("tf.matmul(m, n)", "m @ n"),
    "tf.random.uniform": ("tf.random.uniform((n_rows, n_columns))", None),
    "tf.zeros_like": ("tf.zeros_like(x)", "jnp.zeros_like(x)"),
    "tf.abs": ("tf.abs(v)", "jnp.abs(v)"),
    "tf.range": ("tf.range(n_rows * n_columns)", "jnp.arange(n_rows * n_columns, dtype='int32')"),
    "tf.stack": ("tf.stack([x, y])", "jnp.stack([x, y])"),
    "tf.gather": ("tf.gather(x, index)", "jnp.take(x, index, axis=0)"),
    "tf.transpose": ("tf.transpose(x)", "x.T"),
    "tf.random.normal": ("tf.random.normal((n_rows, n_columns))", None),
    "tf.broadcast_to": ("tf.broadcast_to(row, (n_rows, n_columns))", "jnp.broadcast_to(row, (n_rows, n_columns))"),
    "tf.sqrt": ("tf.sqrt(x)", "jnp.sqrt(x)"),
    "tf.square": ("tf.square(x)", "jnp.square(x)"),
    "tf.equal": ("tf.equal(x, y)", "x == y"),
    "tf.expand_dims": ("tf.expand_dims(x, 1)", "jnp.expand_dims(x, 1)"),
    "tf.ones_like": ("tf.ones_like(x)", "jnp.ones_like(x)"),
    "tf.identity": ("tf.identity(x)", "x"),
    "tf.squeeze": ("tf.squeeze(column)", "jnp.squeeze(column)"),
    "tf.math.log1p": ("tf.math.log1p(x)", "jnp.log1p(x)"),
    "tf.eye": ("tf.eye(n_rows)", "jnp.eye(n_rows)"),
    "tf.math.softplus": ("tf.math.softplus(v)", "jax.nn.softplus(v)"),
    "tf.linalg.cholesky": ("tf.linalg.cholesky(spd)", "jnp.linalg.cholesky(spd)"),
    "tf.maximum": ("tf.maximum(x, y)", "jnp.maximum(x, y)"),
    "tf.linalg.diag_part": ("tf.linalg.diag_part(m)", "jnp.diagonal(m)"),
    "tf.linspace": ("tf.linspace(0.0, 1.0, n_rows * n_columns)", "jnp.linspace(0.0, 1.0, n_rows * n_columns)"),
    "tf.reduce_max": ("tf.reduce_max(x, axis=1)", "jnp.max(x, axis=1)"),
    "tf.sigmoid": ("tf.sigmoid(v)", "jax.nn.sigmoid(v)"),
    "tf.fill": ("tf.fill((n_rows, n_columns), 2.0)", "jnp.full((n_rows, n_columns), 2.0)"),
    "tf.minimum": ("tf.minimum(x, y)", "jnp.minimum(x, y)"),
    "tf.math.reciprocal": ("tf.math.reciprocal(x)", "1 / x"),
    "tf.rank": ("tf.rank(x)", "jnp.array(x.ndim, 'int32')"),
    "tf.size": ("tf.size(x)", "jnp.array(x.size, 'int32')"),
    "tf.clip_by_value": ("tf.clip_by_value(v, -0.5, 0.5)", "jnp.clip(v, -0.5, 0.5)"),
    "tf.nn.softmax": ("tf.nn.softmax(v)", "jax.nn.softmax(v)"),
    "tf.argmax": ("tf.argmax(x, axis=1)", "jnp.argmax(x, axis=1)"),
    "tf.math.lgamma": ("tf.math.lgamma(x)", "jax.lax.lgamma(x)"),
    "tf.math.is_nan": ("tf.math.is_nan(x)", "jnp.isnan(x)"),
    "tf.nn.relu": ("tf.nn.relu(v)", "jax.nn.relu(v)"),
    "tf.reduce_any": ("tf.reduce_any(mask, axis=1)", "jnp.any(mask, axis=1)"),
    "tf.norm": ("tf.norm(x)", "jnp.linalg.norm(x)"),
    "tf.reduce_all": ("tf.reduce_all(mask, axis=1)", "jnp.all(mask, axis=1)"),
    "tf.reduce_min": ("tf.reduce_min(x, axis=1)", "jnp.min(x, axis=1)"),
    "tf.sin": ("tf.sin(v)", "jnp.sin(v)"),
    "tf.pad": ("tf.pad(x, [[1, 1], [1, 1]])", "jnp.pad(x, 1)"),
    "tf.split": ("tf.split(x, 4)", "jnp.split(x, 4)"),
    "tf.reduce_logsumexp": ("tf.reduce_logsumexp(v, axis=1)", "jax.nn.logsumexp(v, axis=1)"),
    "tf.linalg.matvec": ("tf.linalg.matvec(x, row)", "x @ row"),
    "tf.cos": ("tf.cos(v)", "jnp.cos(v)"),
    "tf.floor": ("tf.floor(v)", "jnp.floor(v)"),
    "tf.cumsum": ("tf.cumsum(x, axis=1)", "jnp.cumsum(x, axis=1)"),
    "tf.linalg.set_diag": ("tf.linalg.set_diag(m, square_row)", "jnp.where(jnp.eye(m.shape[0], dtype=bool), square_row, m)"),
    "tf.math.expm1": ("tf.math.expm1(v)", "jnp.expm1(v)"),
    "tf.unstack": ("tf.unstack(x[:8])", "list(x[:8])"),
    "tf.stop_gradient": ("tf.stop_gradient(x)", "jax.lax.stop_gradient(x)"),
    "tf.math.squared_difference": ("tf.math.squared_difference(x, y)", "jnp.square(x - y)"),
    "tf.sign": ("tf.sign(v)", "jnp.sign(v)"),
    "tf.tile": ("tf.tile(x, [2, 1])", "jnp.tile(x, [2, 1])"),
    "tf.reduce_prod": ("tf.reduce_prod(x, axis=1)", "jnp.prod(x, axis=1)"),
    "tf.math.l2_normalize": ("tf.math.l2_normalize(x, axis=1)", "x * jax.lax.rsqrt(jnp.maximum(jnp.sum(x * x, 1, keepdims=True), 1e-12))"),
    "tf.one_hot": ("tf.one_hot(index, 10)", "jax.nn.one_hot(index, 10)"),
    "tf.math.is_finite": ("tf.math.is_finite(x)", "jnp.isfinite(x)"),
    "tf.add_n": ("tf.add_n([x, y, v])", "x + y + v"),
    "tf.math.reduce_std": ("tf.math.reduce_std(x, axis=1)", "jnp.std(x, axis=1)"),
    "tf.nn.max_pool2d": ("tf.nn.max_pool2d(image, 2, 2, 'VALID')", "jax.lax.reduce_window(image, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), 'VALID')"),
    "tf.pow": ("tf.pow(x, 2.5)", "x**2.5"),
    "tf.gather_nd": ("tf.gather_nd(x, index[:, None])", "x[index]"),
    "tf.math.digamma": ("tf.math.digamma(x)", "jax.lax.digamma(x)"),
    "tf.tensordot": ("tf.tensordot(m, n, 1)", "jnp.tensordot(m, n, 1)"),
    "tf.einsum": ("tf.einsum('ij,kj->ik', m, n)", "jnp.einsum('ij,kj->ik', m, n)"),
    "tf.linalg.band_part": ("tf.linalg.band_part(m, -1, 0)", "jnp.tril(m)"),
    "tf.random.stateless_normal": ("tf.random.stateless_normal((n_rows, n_columns), [1, 2])", None),
    "tf.multiply": ("tf.multiply(x, y)", "x * y"),
    "tf.not_equal": ("tf.not_equal(x, y)", "x != y"),
    "tf.add": ("tf.add(x, y)", "x + y"),
    "tf.tanh": ("tf.tanh(v)", "jnp.tanh(v)"),
    "tf.meshgrid": ("tf.meshgrid(row, row[: n_rows])", "jnp.meshgrid(row, row[: n_rows])"),
    "tf.logical_and": ("tf.logical_and(mask, other_mask)", "mask & other_mask"),
    "tf.math.xlogy": ("tf.math.xlogy(x, y)", "jax.scipy.special.xlogy(x, y)"),
    "tf.nn.leaky_relu": ("tf.nn.leaky_relu(v)", "jax.nn.leaky_relu(v, 0.2)"),
    "tf.nn.log_softmax": ("tf.nn.log_softmax(v)", "jax.nn.log_softmax(v)"),
    "tf.less": ("tf.less(x, y)", "x < y"),
    "tf.linalg.matrix_transpose": ("tf.linalg.matrix_transpose(m)", "m.T"),
    "tf.repeat": ("tf.repeat(x, 2, axis=0)", "jnp.repeat(x, 2, axis=0)"),
    "tf.argsort": ("tf.argsort(v)", "jnp.argsort(v)"),
    "tf.logical_not": ("tf.logical_not(mask)", "~mask"),
    "tf.reverse": ("tf.reverse(x, [0])", "x[::-1]"),
    "tf.round": ("tf.round(v)", "jnp.round(v)"),
    "tf.divide": ("tf.divide(x, y)", "x / y"),
    "tf.math.rsqrt": ("tf.math.rsqrt(x)", "jax.lax.rsqrt(x)"),
    "tf.sort": ("tf.sort(v)", "jnp.sort(v)"),
    "tf.tensor_scatter_nd_update": ("tf.tensor_scatter_nd_update(x, index[:, None], y)", "x.at[index].set(y)"),
    "tf.linalg.triangular_solve": ("tf.linalg.triangular_solve(lower, m)", "jax.scipy.linalg.solve_triangular(lower, m, lower=True)"),
    "tf.linalg.solve": ("tf.linalg.solve(spd, m)", "jnp.linalg.solve(spd, m)"),
    "tf.math.floormod": ("tf.math.floormod(whole, whole_2)", "whole % whole_2"),
    "tf.math.top_k": ("tf.math.top_k(x, 5)", "jax.lax.top_k(x, 5)"),
    "tf.nn.bias_add": ("tf.nn.bias_add(x, row)", "x + row"),
    "tf.nn.conv2d": ("tf.nn.conv2d(image, kernel, 1, 'SAME')", "jax.lax.conv_general_dilated(image, kernel, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC'))"),
    "x[:, 1:]": ("x[:, 1:]", "x[:, 1:]"),
}  # fmt: skip

SIZES = {
    "small": {"rows": 8, "columns": 8, "square": 8, "image": (1, 8, 8, 3), "kernel": (3, 3, 3, 4)},
    "large": {"rows": 1000, "columns": 2000, "square": 1000, "image": (8, 128, 128, 32), "kernel": (3, 3, 32, 32)},
    "largest": {"rows": 2000, "columns": 4000, "square": 2000, "image": (32, 128, 128, 32), "kernel": (3, 3, 32, 32)},
    # Two more sizes for first calls: nothing in them divides a size above.
    "second": {"rows": 12, "columns": 7, "square": 7, "image": (2, 10, 12, 3), "kernel": (3, 3, 3, 5)},
    "third": {"rows": 20, "columns": 9, "square": 9, "image": (3, 6, 14, 2), "kernel": (3, 3, 2, 3)},
}


def inputs(size):
    """{name: NumPy array or number} for the expressions."""
    sizes = SIZES[size]
    rows, columns, square = sizes["rows"], sizes["columns"], sizes["square"]
    rng = np.random.default_rng(0)

    def near_one(*shape):
        return rng.uniform(0.9, 1.1, shape).astype("float32")

    m, n = near_one(square, square) / square, near_one(square, square) / square
    spd = m @ m.T + 2 * np.eye(square, dtype="float32")
    return {
        "x": near_one(rows, columns),
        "y": near_one(rows, columns),
        "v": rng.normal(size=(rows, columns)).astype("float32"),
        "row": near_one(columns),
        "square_row": near_one(square),
        "column": near_one(rows, 1),
        "index": rng.permutation(rows).astype("int32"),
        "mask": rng.integers(0, 2, (rows, columns)).astype(bool),
        "other_mask": rng.integers(0, 2, (rows, columns)).astype(bool),
        "whole": rng.integers(-100, 100, (rows, columns)).astype("int32"),
        "whole_2": rng.integers(1, 10, (rows, columns)).astype("int32"),
        "m": m,
        "n": n,
        "spd": spd,
        "lower": np.tril(spd),
        "image": rng.normal(size=sizes["image"]).astype("float32"),
        "kernel": (rng.normal(size=sizes["kernel"]) * 0.1).astype("float32"),
        "host": rng.normal(size=(rows, columns)).astype("float32"),
        "n_rows": rows,
        "n_columns": columns,
    }
