"""tf.config.threading: accepted and remembered; XLA sizes its own thread pools."""

_counts = {"inter": 0, "intra": 0}


def get_inter_op_parallelism_threads():
    """The number set before (0: the runtime decides)."""
    return _counts["inter"]


def get_intra_op_parallelism_threads():
    """The number set before (0: the runtime decides)."""
    return _counts["intra"]


def set_inter_op_parallelism_threads(num_threads):
    """Remembered; has no effect.

    Args:
      num_threads: an int.
    """
    _counts["inter"] = int(num_threads)


def set_intra_op_parallelism_threads(num_threads):
    """Remembered; has no effect (XLA_FLAGS decides).

    Args:
      num_threads: an int.
    """
    _counts["intra"] = int(num_threads)
