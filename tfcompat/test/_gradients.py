"""`tf.test.compute_gradient`: what a tape says beside what finite differences say."""

import numpy as np

from tfcompat._core.convert import convert
from tfcompat._core.tape import GradientTape

DELTA = 1 / 1024  # exactly representable


def compute_gradient(f, x, delta=None):
    """Jacobians of `f`, by a tape and by central differences.

    Args:
      f: a function of tensors to one tensor.
      x: list of the arguments, tensors or what converts to them.
      delta: step of the differences; default 1/1024.

    Returns:
      (by tape, by differences), each a tuple with one matrix for each argument: a row for each element of the result, a
      column for each of the argument. Complex numbers count as two.

    Raises:
      ValueError: `x` is no list or tuple.
      AssertionError: an argument or the result is neither floating nor complex.
    """
    if not isinstance(x, (list, tuple)):
        raise ValueError(
            f"`x` must be a list or tuple of values convertible to a Tensor (arguments to `f`), not a {type(x)}"
        )
    xs = [convert(v) for v in x]
    for position, v in enumerate(xs):
        _differentiable(v.dtype, f"argument {position}")
    delta = DELTA if delta is None else delta
    return (
        tuple([_by_tape(f, xs, position) for position in range(len(xs))]),
        tuple([_by_differences(f, xs, position, delta) for position in range(len(xs))]),
    )


def _differentiable(dtype, what):
    if not (dtype.is_floating or dtype.is_complex):
        raise AssertionError(f"Cannot compute gradient for unsupported type {dtype.name} of {what}")


def _reals(array):
    """The elements as a vector of reals."""
    array = np.ascontiguousarray(array)
    return array.reshape(-1).view(array.real.dtype)


def _by_tape(f, xs, position):
    with GradientTape(persistent=True) as tape:
        tape.watch(xs[position])
        y = f(*xs)
    shape = y.shape
    _differentiable(y.dtype, "y")
    x = xs[position].numpy()
    seed = np.zeros(shape, y.dtype.as_numpy_dtype)
    rows = np.zeros((_reals(seed).size, _reals(x).size), x.real.dtype)
    flat = _reals(seed)
    for k in range(flat.size):
        flat[k] = 1
        g = tape.gradient(y, xs[position], output_gradients=seed)
        if g is not None:
            rows[k] = _reals(convert(g).numpy())
        flat[k] = 0
    return rows


def _by_differences(f, xs, position, delta):
    x = np.array(xs[position].numpy())
    flat = _reals(x)
    columns = []
    for k in range(flat.size):
        values, start = [], flat[k]
        for step in (delta, -delta):
            flat[k] = start + step
            values.append(_reals(convert(f(*xs[:position], convert(x), *xs[position + 1 :])).numpy()))
        flat[k] = start
        columns.append((values[0] - values[1]) / (2 * delta))
    rows = np.array(columns, flat.dtype).T
    return rows if columns else np.zeros((_reals(f(*xs).numpy()).size, 0), flat.dtype)
