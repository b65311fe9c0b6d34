"""`tf.variable_creator_scope`: functions that take part in making variables."""

import contextlib
import functools
import inspect

from tfcompat._core.context import state


class Creatable(type):
    """The class of `tf.Variable`: calling it asks the thread's creators, the innermost one first."""

    def __call__(cls, *args, **kwargs):
        creators = state.context.creators
        if not creators or isinstance(cls.__base__, Creatable):  # subclasses make themselves
            return super().__call__(*args, **kwargs)
        given = cls.__signature__.bind(*args, **kwargs)
        given.apply_defaults()
        make = super().__call__
        for creator in creators:
            make = functools.partial(creator, make)
        return make(**given.arguments)

    @property
    def __signature__(cls):
        """What `inspect` shows: the arguments of `__init__`, which this class's own `__call__` would hide."""
        whole = inspect.signature(cls.__init__)
        return whole.replace(parameters=list(whole.parameters.values())[1:])


@contextlib.contextmanager
def variable_creator_scope(variable_creator):
    """While it is entered, `variable_creator` makes this thread's variables.

    Args:
      variable_creator: called as `variable_creator(next_creator, **kwargs)` with all arguments of `tf.Variable`; what it
        returns stands for the variable. `next_creator(**kwargs)` asks the scope around this one, finally `tf.Variable`.
    """
    creators = state.context.creators
    creators.append(variable_creator)
    try:
        yield
    finally:
        creators.pop()
