"""`tf.name_scope`: prefixes of the names of variables and ops made inside it."""

import threading

from tfcompat._core.context import state

_NOT_A_STRING = "name for name_scope must be a string."


class name_scope:
    """A context manager that puts `name` and a slash before names. It can be entered any number of times.

    ``with name_scope("a") as full`` gives the whole prefix, "outer/a/". A name that ends in a slash is a whole prefix
    itself; the empty name leaves all scopes.

    Args:
      name: a string.

    Raises:
      ValueError: if `name` is no string.
    """

    __slots__ = ("_name",)

    def __init__(self, name):
        if not isinstance(name, str):
            raise ValueError(_NOT_A_STRING)
        self._name = name

    @property
    def name(self):
        """The name as given."""
        return self._name

    def __enter__(self):
        _outer.scopes.append(state.name_scopes)
        name = self._name
        if name.endswith("/"):
            path = name[:-1]
        elif name:
            path = "/".join([*state.name_scopes, name])
        else:
            path = ""
        state.name_scopes = [path] if path else []
        return f"{path}/" if path else ""

    def __exit__(self, kind, value, traceback):
        state.name_scopes = _outer.scopes.pop()
        return False


class _Outer(threading.local):
    """The scopes that this thread goes back to; kept here, as one `name_scope` can be entered by several threads."""

    def __init__(self):
        self.scopes = []


_outer = _Outer()


def get_current_name_scope():
    """The prefix in force, without its last slash; the empty string outside of all scopes."""
    return "/".join(state.name_scopes)
