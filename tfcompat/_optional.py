"""`tf.experimental.Optional`: a value that may be missing."""

from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.core_types import Resource
from tfcompat._core.errors import InvalidArgumentError
from tfcompat._core.specs import register_type_spec_from_value_converter
from tfcompat._core.trace import ValueDependent
from tfcompat._elements import ResourceSpec, normalized, spec_of


class Optional(Resource):
    """A value that may be missing, as an iterator gives it that may have come to its end.

    Differs from TensorFlow: a function that takes, makes or gives one runs eagerly.
    """

    @staticmethod
    def empty(element_spec):
        """An Optional without a value. See `has_value`.

        Args:
          element_spec: structure of the TypeSpecs that a value would have.
        """
        return _made(None, element_spec, False)

    @staticmethod
    def from_value(value):
        """An Optional that has this value.

        Args:
          value: a structure of tensors or of what can be made some.

        Raises:
          TypeError: the value is nothing that has a spec.
        """
        value = normalized(value)
        return _made(value, spec_of(value), True)

    @property
    def element_spec(self):
        """The structure of the TypeSpecs of the value."""
        return self._element_spec

    def has_value(self, name=None):
        """Whether there is a value, as a scalar tensor."""
        on_host("An Optional")
        return convert(self._present)

    def get_value(self, name=None):
        """The value.

        Raises:
          InvalidArgumentError: there is none.
        """
        on_host("An Optional")
        if not self._present:
            raise InvalidArgumentError(None, None, "The given optional does not have a value. [Op:OptionalGetValue]")
        return self._value


class OptionalSpec(ResourceSpec):
    """What is known of a `tf.experimental.Optional`.

    Args:
      element_spec: structure of the TypeSpecs of its value.
    """

    @property
    def value_type(self):
        """`tf.experimental.Optional`."""
        return Optional


def _made(value, element_spec, present):
    on_host("An Optional")
    made = Optional()
    made._value, made._element_spec, made._present = value, element_spec, present
    return made


def on_host(what):
    """Raises ValueDependent while a function is recorded: it is run eagerly then."""
    if state.trace is not None:
        raise ValueDependent(f"{what} is used on the host, and {state.trace.root().name!r} is being recorded.")


register_type_spec_from_value_converter(Optional, OptionalSpec.from_value, True)
