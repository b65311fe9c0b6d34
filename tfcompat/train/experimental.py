"""``tf.train.experimental``: Python objects in checkpoints."""

import abc as _abc

from tfcompat._core import dtypes as _dtypes
from tfcompat._core.convert import convert as _convert
from tfcompat._core.trackable import Trackable as _Trackable


class PythonState(_Trackable, metaclass=_abc.ABCMeta):
    """Base class of objects of yours whose state is saved in checkpoints as a string of bytes."""

    @_abc.abstractmethod
    def serialize(self):
        """The state, as bytes or a string."""

    @_abc.abstractmethod
    def deserialize(self, string_value):
        """Takes the state from bytes that `serialize` gave."""

    def _serialize_to_tensors(self):
        return {"py_state": _convert(self.serialize(), _dtypes.string)}

    def _restore_from_tensors(self, restored_tensors):
        self.deserialize(restored_tensors["py_state"].numpy())
