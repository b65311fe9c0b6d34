"""Jacobians: seeds that are the rows of an identity matrix, and what is done with the stacks pulled back from them."""

from tfcompat._core.convert import convert
from tfcompat._core.op import Data, Many, Shape, T, op
from tfcompat._core.sizes import each
from tfcompat._core.tensor_base import TensorHandle


@op("Basis", grad=None, static=False)
def basis(target: T):
    """One cotangent for each element of `target`, stacked."""
    import jax.numpy as jnp

    return jnp.eye(target.size, dtype=target.dtype).reshape(target.size, *target.shape)


@op("BatchBasis", grad=None, static=False)
def batch_basis(target: T):
    """One cotangent for each element of a row of `target`, the same for all rows, stacked."""
    import jax.numpy as jnp

    size = target[0].size
    rows = jnp.eye(size, dtype=target.dtype).reshape(size, 1, *target.shape[1:])
    return jnp.broadcast_to(rows, (size, *target.shape))


@op("Unflatten", static=False)
def unflatten(stack: T, shape: Shape):
    """A stack of gradients as a jacobian."""
    return stack.reshape(shape)


@op("BatchUnflatten", static=False)
def batch_unflatten(stack: T, shape: Shape):
    """A stack of gradients of all rows as the jacobians of the rows."""
    import jax.numpy as jnp

    return jnp.moveaxis(stack, 0, 1).reshape(shape)


@op("ZerosLike", grad=None, static=False)
def zeros(source: T, stack: Data("S")):
    """Zeros of the shape of `source`, as many as `stack` has rows."""
    import jax.numpy as jnp

    return jnp.zeros((stack.shape[0], *source.shape), source.dtype)


@op("Unpack", static=False, single=False)
def _unpack(stack: T):
    from jax import lax

    return [lax.index_in_dim(stack, i, keepdims=False) for i in each(stack.shape[0])]


@op("Pack", static=False)
def _pack(values: Many("T")):
    import jax.numpy as jnp

    return jnp.stack(values)


def by_row(pull, cotangents):
    """Applies a pullback that is a Python function to each row of stacked cotangents."""
    stacks = [None if c is None else _unpack(c) for c in cotangents]
    count = len(next(s for s in stacks if s is not None))
    rows = [pull([None if s is None else s[k] for s in stacks]) for k in range(count)]
    return [
        None if column[0] is None else _pack([c if isinstance(c, TensorHandle) else convert(c) for c in column])
        for column in zip(*rows, strict=True)
    ]
