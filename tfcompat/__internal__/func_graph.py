"""The scratch graph in which Keras finds out shapes of layers that do not say what they compute."""

import contextlib

from tfcompat._core.context import state
from tfcompat._core.sizes import Sizes
from tfcompat._core.trace import Trace


class FuncGraph:
    """A place to call a function on placeholders; nothing recorded in it is ever run.

    Args:
      name: a name for messages.
    """

    def __init__(self, name):
        self.name = name

    @contextlib.contextmanager
    def as_default(self):
        """A context in which ``tf.compat.v1.placeholder`` can be called."""
        trace = Trace(self.name, state.trace)
        trace.may_create, trace.lifts, trace.sizes = True, False, Sizes()
        with trace:
            yield self
