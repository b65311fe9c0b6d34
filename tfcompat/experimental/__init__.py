"""`tf.experimental`: what there is of it."""

from tfcompat.experimental import dlpack as dlpack
