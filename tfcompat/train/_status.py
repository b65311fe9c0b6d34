"""What `tf.train.Checkpoint.restore` returns: answers to the question whether everything was matched."""

from tfcompat._core.data_structures import ListWrapper, _DictWrapper, _TupleWrapper
from tfcompat.train._object_graph import node_names, tensors_of

_NO_PATH = "No checkpoint specified (save_path=None); nothing is being restored."
_NO_OPS = "No checkpoint specified, so no restore ops are available (save_path=None to Saver.restore)."
_UNRESOLVED = "Unresolved object in checkpoint {name}: {node}"
_SLOTS = "Unresolved slot restorations: {slots}"
_UNUSED = (
    "Unused attributes in these objects (the attributes exist in the checkpoint but were not restored):\n{messages}"
)
_NOT_ASSIGNED = "Object {node} not assigned a value from checkpoint."
_NOT_BOUND = (
    "Found {count} Python objects that were not bound to checkpointed values, likely due to changes in the Python program. "
    "Showing {shown} of {count} unmatched objects: {objects}"
)
_TRIVIAL = (
    "Nothing except the root object matched a checkpointed value. Typically this means that the checkpoint does not match "
    "the Python program. The following objects have no matching checkpointed value: {objects}"
)
_NOTHING = "Nothing to load. No dependencies have been added to {root} yet."


class CheckpointLoadStatus:
    """How far a restoration has come.

    Args:
      restoration: the Restoration.
      view: the View of the objects that it restores.
    """

    def __init__(self, restoration, view):
        self._restoration = restoration
        self._view = view

    def assert_consumed(self):
        """Checks that every value in the checkpoint has an object, and every object a value. Returns the status.

        Raises:
          AssertionError: it is not so.
        """
        restoration = self._restoration
        names = node_names(restoration.nodes)
        self.assert_existing_objects_matched()
        slots = [(number, slot) for number, node in enumerate(restoration.nodes) for slot in node.slot_variables]
        ignored = {slot.slot_variable_node_id for _, slot in slots} if restoration.skip_slots else ()
        for number, node in enumerate(restoration.nodes):
            if node.attributes and number not in ignored and restoration.objects.get(number) is None:
                raise AssertionError(_UNRESOLVED.format(name=names[number], node=node))
        if slots and not restoration.skip_slots:
            raise AssertionError(_SLOTS.format(slots=slots))
        if restoration.unused:
            messages = "\n".join(
                f"{names[number]} ({restoration.objects.get(number)}): {attributes}"
                for number, attributes in restoration.unused.items()
            )
            raise AssertionError(_UNUSED.format(messages=messages))
        return self

    def assert_existing_objects_matched(self):
        """Checks that every object that is there has a value in the checkpoint. Returns the status.

        Raises:
          AssertionError: it is not so.
        """
        restoration = self._restoration
        for number, node in enumerate(restoration.nodes):
            trackable = restoration.objects.get(number)
            if node.attributes and trackable is not None and trackable._update_uid < restoration.number:
                raise AssertionError(_NOT_ASSIGNED.format(node=node))
        missed = self._missed()
        if missed:
            shown = missed[:10]
            raise AssertionError(_NOT_BOUND.format(count=len(missed), shown=len(shown), objects=shown))
        return self

    def assert_nontrivial_match(self):
        """Checks that something beside the root was matched. Returns the status.

        Raises:
          AssertionError: it is not so.
        """
        missed = self._missed()
        if len(self._restoration.objects.values()) <= 1:
            raise AssertionError(_TRIVIAL.format(objects=missed) if missed else _NOTHING.format(root=self._view.root))
        return self

    def _missed(self):
        """The objects with values of their own that have none in the checkpoint."""
        restoration = self._restoration
        for trackable, _ in self._view.objects().values():
            if not isinstance(trackable, (ListWrapper, _DictWrapper, _TupleWrapper)) or trackable._trackable_children():
                restoration.seen[id(trackable)] = trackable
        bound = {id(trackable) for trackable in restoration.objects.values()}
        return [found for found in restoration.seen.values() if id(found) not in bound and tensors_of(found)]

    def expect_partial(self):
        """No warnings if values in the checkpoint are never used. Returns the status."""
        self._restoration.report.expect_partial = True
        return self

    def run_restore_ops(self, session=None):
        """Nothing to do: what can be restored has been."""

    def initialize_or_restore(self, session=None):
        """Nothing to do: what can be restored has been, and variables have values from the beginning."""


class InitializationOnlyStatus:
    """The status where there is no checkpoint to restore."""

    def assert_consumed(self):
        """Raises AssertionError."""
        raise AssertionError(_NO_PATH)

    assert_existing_objects_matched = assert_nontrivial_match = assert_consumed

    def expect_partial(self):
        """Returns the status."""
        return self

    def run_restore_ops(self, session=None):
        """Raises AssertionError."""
        raise AssertionError(_NO_OPS)

    def initialize_or_restore(self, session=None):
        """Nothing to do: variables have values from the beginning."""
