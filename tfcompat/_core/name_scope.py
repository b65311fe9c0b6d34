"""`tf.name_scope`: prefixes of the names of variables and ops made inside it."""

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
        scopes = state.name_scopes
        name = self._name
        if name and name[-1] != "/":
            name = f"{scopes[-1]}{name}/" if scopes else f"{name}/"
        scopes.append(name)
        return name

    def __exit__(self, kind, value, traceback):
        state.name_scopes.pop()
        return False


def get_current_name_scope():
    """The prefix in force, without its last slash; the empty string outside of all scopes."""
    scopes = state.name_scopes
    return scopes[-1][:-1] if scopes else ""
