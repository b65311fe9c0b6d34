"""Objects that track what is assigned to their attributes: `tf.Module`, `tf.train.Checkpoint`, Keras's classes."""

import functools

from tfcompat._core.data_structures import NoDependency, wrap_or_unwrap
from tfcompat._core.trackable import Trackable


class AutoTrackable(Trackable):
    """Tracks what is assigned to its attributes; lists, dicts and tuples of trackable objects become trackable."""

    def __setattr__(self, name, value):
        fields = self.__dict__
        if name in fields and fields[name] is value:
            return
        if fields.get("_self_setattr_tracking", True):
            unwrapped = type(value) is NoDependency
            value = wrap_or_unwrap(value)
            if isinstance(value, Trackable) and not unwrapped:
                self._track_trackable(value, name, overwrite=True)
        super().__setattr__(name, value)

    def __delattr__(self, name):
        self._delete_tracking(name)
        super().__delattr__(name)


def no_automatic_dependency_tracking(method):
    """Decorates a method in which assigning attributes adds no dependency."""

    @functools.wraps(method)
    def untracked(self, *args, **kwargs):
        before = getattr(self, "_self_setattr_tracking", True)
        self._self_setattr_tracking = False
        try:
            return method(self, *args, **kwargs)
        finally:
            self._self_setattr_tracking = before

    return untracked
