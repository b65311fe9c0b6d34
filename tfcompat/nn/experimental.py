"""`tf.nn.experimental`."""

from tfcompat._nn_dropout import (
    general_dropout as general_dropout,
    stateless_dropout as stateless_dropout,
)
