"""Objects that know, by name, which other objects their state consists of.

`tf.Module`, `tf.Variable` and every Keras layer, model and optimizer are `Trackable`: an edge with a name is added when
a trackable object becomes an attribute. What saves and restores objects walks these edges; so do Keras's own classes,
which call the underscored methods here by name.
"""

import functools
from typing import NamedTuple

_NOT_TRACKABLE = "Trackable._track_trackable() can only be used to track objects of type Trackable. Got type {kind}."
_NAME_TAKEN = (
    "Called Trackable._track_trackable() with name='{name}', but a Trackable with this name is already declared as a "
    "dependency. Names must be unique (or overwrite=True)."
)


class TrackableReference(NamedTuple):
    """An edge from an object to one it depends on."""

    name: str
    ref: object


class Trackable:
    """Base class of objects with named dependencies. It has no ``__init__``, so subclasses need not call one."""

    @property
    def _setattr_tracking(self):
        """Whether setting an attribute adds a dependency."""
        return self.__dict__.get("_self_setattr_tracking", True)

    @_setattr_tracking.setter
    def _setattr_tracking(self, value):
        self._self_setattr_tracking = value

    def _maybe_initialize_trackable(self):
        fields = self.__dict__
        if "_self_unconditional_checkpoint_dependencies" not in fields:
            # Written past __setattr__: bookkeeping is no dependency.
            fields["_self_unconditional_checkpoint_dependencies"] = []
            fields["_self_unconditional_dependency_names"] = {}

    @property
    def _object_identifier(self):
        return "_generic_user_object"

    @property
    def _checkpoint_dependencies(self):
        self._maybe_initialize_trackable()
        return self._self_unconditional_checkpoint_dependencies

    def _lookup_dependency(self, name, cached_dependencies=None):
        """The object tracked under `name`, or None."""
        if cached_dependencies is not None:
            return cached_dependencies.get(name)
        self._maybe_initialize_trackable()
        return self._self_unconditional_dependency_names.get(name)

    def _trackable_children(self, save_type="checkpoint", **kwargs):
        """A dict from name to tracked object."""
        return dict(self._checkpoint_dependencies)

    def _no_dependency(self, value):
        return value

    def _track_trackable(self, trackable, name, overwrite=False):
        """Adds a dependency.

        Args:
          trackable: the object to depend on.
          name: how it is called here.
          overwrite: whether another object of that name may be replaced.

        Returns:
          `trackable`.

        Raises:
          TypeError: if `trackable` is no Trackable.
          ValueError: if `name` belongs to another object and `overwrite` is not set.
        """
        if not isinstance(trackable, Trackable):
            raise TypeError(_NOT_TRACKABLE.format(kind=type(trackable)))
        self._maybe_initialize_trackable()
        references = self._self_unconditional_checkpoint_dependencies
        names = self._self_unconditional_dependency_names
        current = names.get(name)
        if current is None:
            references.append(TrackableReference(name, trackable))
        elif current is not trackable:
            if not overwrite:
                raise ValueError(_NAME_TAKEN.format(name=name))
            index = next(i for i, reference in enumerate(references) if reference.name == name)
            references[index] = TrackableReference(name, trackable)
        names[name] = trackable
        return trackable

    def _delete_tracking(self, name):
        self._maybe_initialize_trackable()
        if self._self_unconditional_dependency_names.pop(name, None) is not None:
            references = self._self_unconditional_checkpoint_dependencies
            references[:] = [reference for reference in references if reference.name != name]


class AutoTrackable(Trackable):
    """Tracks what is assigned to its attributes.

    Differs from TensorFlow: plain lists, dicts and tuples stay what they are here; only `tf.Module` wraps them
    (`data_structures`). The other heirs are Keras's classes, which wrap containers themselves.
    """

    def __setattr__(self, name, value):
        if isinstance(value, Trackable) and self.__dict__.get("_self_setattr_tracking", True):
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
