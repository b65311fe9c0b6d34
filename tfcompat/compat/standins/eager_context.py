"""``tensorflow.python.eager.context``."""


class _Context:
    """The eager context as Keras sees it."""

    def clear_kernel_cache(self):
        """Does nothing: the cache of programs bounds itself, and emptying it would only make code slow."""


_context = _Context()


def context():
    """The eager context of the process."""
    return _context


def async_wait():
    """Does nothing: what is pending is computed when it is read, and reading waits for it."""
