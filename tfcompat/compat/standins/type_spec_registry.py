"""``tensorflow.python.framework.type_spec_registry``: no type spec has a registered name."""

_UNKNOWN = "No TypeSpec has been registered with name {name!r}"


def lookup(name):
    """The type spec class registered as `name`.

    Raises:
      ValueError: always, as for an unknown name.
    """
    raise ValueError(_UNKNOWN.format(name=name))


def get_name(cls):
    """The name that the type spec class was registered under.

    Raises:
      ValueError: always, as for an unknown class.
    """
    raise ValueError(f"TypeSpec {cls.__module__}.{cls.__name__} has not been registered.")
