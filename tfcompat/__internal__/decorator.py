"""Keras looks through decorated functions when it exports them."""

import inspect


def unwrap(maybe_decorated):
    """The decorators around a function, outermost first, and the function itself."""
    layers = []
    while hasattr(maybe_decorated, "__wrapped__"):
        layers.append(maybe_decorated)
        maybe_decorated = maybe_decorated.__wrapped__
    return layers, inspect.unwrap(maybe_decorated)
