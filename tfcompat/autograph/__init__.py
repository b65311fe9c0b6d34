"""`tf.autograph`: Python's control flow on tensors, as part of recorded functions.

The conversion of source code is diastatic-malt's (TensorFlow's AutoGraph as a package of its own); what converted code
calls is in `_operators.py`. Both are loaded when a function is converted first.
"""

from tfcompat.autograph import experimental as experimental

_verbosity = 0


def to_graph(entity, recursive=True, experimental_optional_features=None):
    """The function with its control flow converted.

    Args:
      entity: a function.
      recursive: whether functions that it calls are converted, too.
      experimental_optional_features: accepted.

    Raises:
      ValueError: `entity` has no source code, or cannot be converted.
    """
    from tfcompat.autograph import _conversion

    return _conversion.to_graph(entity, recursive, experimental_optional_features)


def to_code(entity, recursive=True, experimental_optional_features=None):
    """Source code of the function with its control flow converted.

    Args:
      entity: a function.
      recursive: whether functions that it calls are converted, too.
      experimental_optional_features: accepted.

    Raises:
      ValueError: `entity` has no source code.
    """
    import inspect
    import textwrap

    from tfcompat._core.function import Function

    target = entity.python_function if isinstance(entity, Function) else entity
    return textwrap.dedent(inspect.getsource(to_graph(target, recursive, experimental_optional_features)))


def set_verbosity(level, alsologtostdout=False):
    """Sets how much the conversion logs; 0 nothing, 10 everything.

    Args:
      level: an int.
      alsologtostdout: whether to print it, too.
    """
    global _verbosity
    _verbosity = level
    from malt.utils import ag_logging

    ag_logging.set_verbosity(level, alsologtostdout)


def trace(*args):
    """Prints its arguments while a function is being converted and recorded.

    Args:
      *args: anything.
    """
    print(*args)
