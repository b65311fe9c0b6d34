"""`tf.bitwise`: integers as rows of bits."""

import jax.numpy as jnp
from jax import lax

from tfcompat._core.op import T, op
from tfcompat._declare import INTEGERS, binary

bitwise_and = binary("bitwise_and", "BitwiseAnd", INTEGERS, lax.bitwise_and, None, "The bits set in both x and y.")
bitwise_or = binary("bitwise_or", "BitwiseOr", INTEGERS, lax.bitwise_or, None, "The bits set in x or y.")
bitwise_xor = binary("bitwise_xor", "BitwiseXor", INTEGERS, lax.bitwise_xor, None, "The bits set in one of x and y.")


@op("Invert", grad=None, T=INTEGERS)
def invert(x: T):
    """The bits that are not set in x.

    Args:
      x: an integer tensor.

    Raises:
      InvalidArgumentError: another dtype.
    """
    return lax.bitwise_not(x)


def _amount(y):
    """Amounts are kept between 0 and the number of bits less 1."""
    return jnp.clip(y, 0, y.dtype.itemsize * 8 - 1).astype(y.dtype)


def _shift_right(x, y):
    unsigned = jnp.issubdtype(x.dtype, jnp.unsignedinteger)
    return (lax.shift_right_logical if unsigned else lax.shift_right_arithmetic)(x, _amount(y))


left_shift = binary("left_shift", "LeftShift", INTEGERS, lambda x, y: lax.shift_left(x, _amount(y)), None,
                    "x with its bits moved left by y, which counts as 0 to the number of bits less 1.")  # fmt: skip
right_shift = binary("right_shift", "RightShift", INTEGERS, _shift_right, None,
                     "x with its bits moved right by y, filled with its sign. See `left_shift`.")  # fmt: skip
