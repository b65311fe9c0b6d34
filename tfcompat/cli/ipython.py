"""``%load_ext tfcompat``: from there on, ``import tensorflow`` in this notebook means tfcompat."""

from tfcompat.compat import hook


def load_ipython_extension(ipython):
    """Called by IPython for ``%load_ext tfcompat``.

    Raises:
      RuntimeError: if the real TensorFlow is loaded already.
    """
    hook.install()
