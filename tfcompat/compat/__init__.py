"""``tf.compat``: what helps older code along, the stand-ins for TensorFlow's private modules, and the import hook."""

from tfcompat.compat import v1 as v1
