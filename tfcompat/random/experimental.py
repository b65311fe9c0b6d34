"""`tf.random.experimental`."""

# ruff: noqa: F401 - this file is the namespace

from tfcompat._random_laws import index_shuffle, stateless_shuffle
from tfcompat.random import (
    Algorithm,
    Generator,
    create_rng_state,
    fold_in as stateless_fold_in,
    get_global_generator,
    set_global_generator,
    split as stateless_split,
)
