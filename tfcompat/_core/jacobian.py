"""Jacobians: walks back from seeds that are the rows of an identity matrix, and what the stacks pulled back become."""

from tfcompat._core.op import Data, Shape, T, op
from tfcompat._core.walk import Walk, tensor_of


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
def zeros(source: T, target: Data("S")):
    """The jacobian of a target that does not depend on `source`."""
    import jax.numpy as jnp

    return jnp.zeros((*target.shape, *source.shape), source.dtype)


@op("ZerosLike", grad=None, static=False)
def batch_zeros(source: T, target: Data("S")):
    """The jacobians of the rows of a target that does not depend on `source`."""
    import jax.numpy as jnp

    return jnp.zeros((*target.shape, *source.shape[1:]), source.dtype)


class _Jacobian(Walk):
    """A walk for jacobians.

    Args:
      basis, unflatten, zeros: the ops above, of whole tensors or of rows.
      rows: how many dimensions of a source are those of rows.
    """

    stacked = True

    def __init__(self, basis, unflatten, zeros, rows):
        self.basis, self.unflatten, self.of_zeros, self.rows = basis, unflatten, zeros, rows

    def seeds(self, targets, given):
        return [self.basis(tensor_of(target)) for target in targets]

    def results(self, found, targets, sources):
        (shape,) = [tensor_of(target)._aval.shape for target in targets]
        shapes = [shape + tensor_of(source)._aval.shape[self.rows :] for source in sources]
        return [None if g is None else self.unflatten(g, s) for g, s in zip(found, shapes, strict=True)]

    def zeros(self, source, targets):
        return self.of_zeros(tensor_of(source), tensor_of(targets[0]))


JACOBIAN = _Jacobian(basis, unflatten, zeros, 0)
BATCH_JACOBIAN = _Jacobian(batch_basis, batch_unflatten, batch_zeros, 1)
