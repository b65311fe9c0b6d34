"""`tf.autograph.experimental`."""

import enum
import functools
import inspect

from tfcompat.autograph import _status

UNSPECIFIED = object()


class Feature(enum.Enum):
    """Optional features of the conversion; accepted."""

    ALL = "ALL"
    AUTO_CONTROL_DEPS = "AUTO_CONTROL_DEPS"
    ASSERT_STATEMENTS = "ASSERT_STATEMENTS"
    BUILTIN_FUNCTIONS = "BUILTIN_FUNCTIONS"
    EQUALITY_OPERATORS = "EQUALITY_OPERATORS"
    LISTS = "LISTS"
    NAME_SCOPES = "NAME_SCOPES"

    @classmethod
    def all(cls):
        """All features, as a tuple."""
        return tuple(cls.__members__.values())

    @classmethod
    def all_but(cls, exclude):
        """All features but some, as a tuple."""
        excluded = tuple(exclude) if isinstance(exclude, (list, tuple, set)) else (exclude,)
        return tuple(f for f in cls.all() if f not in {*excluded, cls.ALL})


def do_not_convert(func=None):
    """Decorator: the function is called as it is by converted code.

    Args:
      func: a function; None makes a decorator.
    """
    if func is None:
        return do_not_convert

    def wrapper(*args, **kwargs):
        with _status.off():
            return func(*args, **kwargs)

    if inspect.isfunction(func) or inspect.ismethod(func):
        wrapper = functools.update_wrapper(wrapper, func)
    wrapper.autograph_info__ = {"do_not_convert": True}
    return wrapper


def set_loop_options(parallel_iterations=UNSPECIFIED, swap_memory=UNSPECIFIED, maximum_iterations=UNSPECIFIED,
                     shape_invariants=UNSPECIFIED):  # fmt: skip
    """Says more about the loop whose body begins with this call.

    Args:
      parallel_iterations, swap_memory: accepted.
      maximum_iterations: the loop ends after so many iterations.
      shape_invariants: list of pairs (variable, shape): variables whose shape changes.
    """
