"""tf.config.optimizer: whether functions are compiled. XLA compiles everything here."""

_options = {}


def get_jit():
    """"autoclustering": hot code is always compiled."""
    return "autoclustering"


def set_jit(enabled):
    """Accepted; hot code is always compiled.

    Args:
      enabled: a bool or "autoclustering".
    """


def get_experimental_options():
    """The options set before."""
    return dict(_options)


def set_experimental_options(options):
    """Remembered; XLA does its own optimisations.

    Args:
      options: a dict.
    """
    _options.update(options)
