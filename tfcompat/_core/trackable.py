"""Objects that know, by name, which other objects their state consists of.

`tf.Module`, `tf.Variable` and every Keras layer, model and optimizer are `Trackable`: an edge with a name is added when
a trackable object becomes an attribute. What saves and restores objects (`tf.train.Checkpoint`) walks these edges; so do
Keras's own classes, which call the underscored methods here by name.

A checkpoint can be restored before all objects are there. What it holds for a name that an object does not have yet waits
in `_deferred_dependencies`, and is restored when something becomes tracked under that name.
"""

import dataclasses

_NOT_TRACKABLE = "Trackable._track_trackable() can only be used to track objects of type Trackable. Got type {kind}."
_NAME_TAKEN = (
    "Called Trackable._track_trackable() with name='{name}', but a Trackable with this name is already declared as a "
    "dependency. Names must be unique (or overwrite=True)."
)


@dataclasses.dataclass(slots=True)
class TrackableReference:
    """An edge from an object to one it depends on. No tuple: Keras looks for state in nested tuples, and here it is elsewhere, too."""

    name: str
    ref: object

    def __iter__(self):
        yield self.name
        yield self.ref


class Trackable:
    """Base class of objects with named dependencies. It has no ``__init__``, so subclasses need not call one."""

    _self_unconditional_deferred_dependencies = None
    _self_update_uid = -1

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
    def _update_uid(self):
        """The number of the restoration that this object's values are from."""
        return self._self_update_uid

    @_update_uid.setter
    def _update_uid(self, value):
        self.__dict__["_self_update_uid"] = value

    @property
    def _deferred_dependencies(self):
        """A dict from name to the places in checkpoints that wait for an object of that name."""
        if self._self_unconditional_deferred_dependencies is None:
            self.__dict__["_self_unconditional_deferred_dependencies"] = {}
        return self._self_unconditional_deferred_dependencies

    def _handle_deferred_dependencies(self, name, trackable):
        """Restores what waits for `trackable`, which is tracked as `name` from now on."""
        if self._self_unconditional_deferred_dependencies:
            waiting = self._self_unconditional_deferred_dependencies.pop(name, ())
            for position in sorted(waiting, key=lambda position: -position.restore_uid):  # the newest counts
                position.restore(trackable)

    def _serialize_to_tensors(self):
        """A dict from name to tensor, of objects with values of their own."""
        raise NotImplementedError

    def _restore_from_tensors(self, restored_tensors):
        """Takes the values of a dict as `_serialize_to_tensors` gives it."""
        raise NotImplementedError

    @property
    def _object_identifier(self):
        return "_generic_user_object"

    @property
    def _checkpoint_dependencies(self):
        self._maybe_initialize_trackable()
        return self._self_unconditional_checkpoint_dependencies

    def _lookup_dependency(self, name, cached_dependencies=None):
        """The object tracked under `name`, or None."""
        if cached_dependencies:
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
        if current is None:
            self._handle_deferred_dependencies(name, trackable)
        return trackable

    def _delete_tracking(self, name):
        self._maybe_initialize_trackable()
        if self._self_unconditional_dependency_names.pop(name, None) is not None:
            references = self._self_unconditional_checkpoint_dependencies
            references[:] = [reference for reference in references if reference.name != name]
