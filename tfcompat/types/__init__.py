"""``tf.types``: types for annotations and ``isinstance``."""

from tfcompat.types import experimental as experimental
