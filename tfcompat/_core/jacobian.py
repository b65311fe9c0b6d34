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
    stacked = True

    def seeds(self, targets, given):
        return [basis(tensor_of(target)) for target in targets]

    def results(self, found, targets, sources):
        (shape,) = [tensor_of(target)._aval.shape for target in targets]
        return [None if g is None else unflatten(g, shape + tensor_of(s)._aval.shape) for g, s in zip(found, sources, strict=True)]

    def zeros(self, source, targets):
        return zeros(tensor_of(source), tensor_of(targets[0]))


class _BatchJacobian(Walk):
    stacked = True

    def seeds(self, targets, given):
        return [batch_basis(tensor_of(target)) for target in targets]

    def results(self, found, targets, sources):
        (shape,) = [tensor_of(target)._aval.shape for target in targets]
        return [
            None if g is None else batch_unflatten(g, shape + tensor_of(s)._aval.shape[1:]) for g, s in zip(found, sources, strict=True)
        ]

    def zeros(self, source, targets):
        return batch_zeros(tensor_of(source), tensor_of(targets[0]))


JACOBIAN, BATCH_JACOBIAN = _Jacobian(), _BatchJacobian()
