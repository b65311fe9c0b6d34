"""The scratch graph in which Keras finds out shapes of layers that do not say what they compute."""

import contextlib

from tfcompat._core.context import state


class FuncGraph:
    """A place to call a function on placeholders; nothing computed in it is meant to be read.

    Args:
      name: a name for messages.
    """

    def __init__(self, name):
        self.name = name

    @contextlib.contextmanager
    def as_default(self):
        """A context in which ``tf.compat.v1.placeholder`` can be called."""
        before = getattr(state, "scratch_graph", None)
        state.scratch_graph = self
        try:
            yield self
        finally:
            state.scratch_graph = before
