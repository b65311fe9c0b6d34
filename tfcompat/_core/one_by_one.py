"""Stacks of cotangents pulled back row by row, where a pullback is a Python function."""

from tfcompat._core.convert import convert
from tfcompat._core.op import Many, T, op
from tfcompat._core.sizes import each
from tfcompat._core.tensor_base import TensorHandle


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
