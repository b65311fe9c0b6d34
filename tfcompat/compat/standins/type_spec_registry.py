"""``tensorflow.python.framework.type_spec_registry``: the type specs that TensorFlow has names for."""

from tfcompat._core.specs import TensorSpec
from tfcompat._elements import NoneTensorSpec

_UNKNOWN = "No TypeSpec has been registered with name {name!r}"
_NAMED = {f"tf.{cls.__name__}": cls for cls in (TensorSpec, NoneTensorSpec)}


def lookup(name):
    """The type spec class registered as `name`.

    Raises:
      ValueError: there is none.
    """
    if name not in _NAMED:
        raise ValueError(_UNKNOWN.format(name=name))
    return _NAMED[name]


def get_name(cls):
    """The name that the type spec class was registered under.

    Raises:
      ValueError: it was not.
    """
    for name, known in _NAMED.items():
        if known is cls:
            return name
    raise ValueError(f"TypeSpec {cls.__module__}.{cls.__name__} has not been registered.")
