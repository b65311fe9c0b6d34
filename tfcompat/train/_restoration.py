"""Restoring: objects are matched with nodes of the checkpoint's graph by the names of edges, from the root down.

A node that has no object yet waits with the object that should have it as a child (`Trackable._deferred_dependencies`).
"""

import collections
import itertools
import logging

from tfcompat._core import errors
from tfcompat._core.convert import convert
from tfcompat._core.trace import Eager
from tfcompat.train._object_graph import Held, node_names, tensors_of

_numbers = itertools.count(1)
_logger = logging.getLogger("tensorflow")

_INCONSISTENT = (
    "Inconsistent references when loading the checkpoint into this object graph. For example, in the saved checkpoint "
    "object, `model.layer.weight` and `model.layer_copy.weight` reference the same variable, while in the current object "
    "these are two different variables. The referenced variables are:({first} and {second})."
)
_DTYPE = "tensor_name = {key}; expected dtype {own} does not equal original dtype {given} [Op:RestoreV2]"
_UNRESTORED = (
    "Detecting that an object or model or tf.train.Checkpoint is being deleted with unrestored values. See the following "
    "logs for the specific values in question. To silence these warnings, use `status.expect_partial()`."
)
_NOT_FOUND = "Value in checkpoint could not be found in the restored object: {name}"
_NOT_USED = "An attribute in the restored object could not be found in the checkpoint. Object: {name}, attribute: {names}"


class Restoration:
    """One call of `restore`, as long as something may still be matched.

    Args:
      nodes: the checkpoint's graph.
      reader: the bundle's Reader.
      skip_slots: whether optimizers' variables in checkpoints of Keras 2 are none of our business.
    """

    def __init__(self, nodes, reader, skip_slots=False):
        self.nodes = nodes
        self.reader = reader
        self.number = next(_numbers)
        self.objects = Held()  # by number of the node
        self.seen = Held()  # all objects that were met, by id
        self.skip_slots = skip_slots
        self.report = Report(nodes)

    @property
    def unused(self):
        """A dict from a node's number to names of its tensors that its object has not."""
        return self.report.unused

    def restore(self, positions):
        """Assigns the values of positions that have their objects."""
        found = []
        for position in positions:
            attributes = self.nodes[position.node_id].attributes
            trackable = position.trackable
            if not attributes or trackable._update_uid >= self.number:
                continue
            trackable._update_uid = self.number
            own = tensors_of(trackable)
            for attribute in attributes:
                if attribute.name not in own:
                    self.unused.setdefault(position.node_id, []).append(attribute.name)
            known = [attribute for attribute in attributes if attribute.name in own]
            if known:
                found.append((trackable, {a.name: self._tensor(a.checkpoint_key, own[a.name].dtype) for a in known}))
        for trackable, tensors in found:
            trackable._restore_from_tensors(tensors)

    def _tensor(self, key, dtype):
        given = self.reader.dtype(key)
        if given != dtype:
            raise errors.InvalidArgumentError(None, None, _DTYPE.format(key=key, own=c_name(dtype), given=c_name(given)))
        return convert(self.reader.read(key), dtype)


_C_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


def c_name(dtype):
    return _C_NAMES.get(dtype.name, dtype.name)


class Report:
    """Says, when nothing can be matched any more, what was not."""

    def __init__(self, nodes):
        self.nodes = nodes
        self.matched = set()
        self.unused = {}
        self.expect_partial = False

    def __del__(self):
        if self.expect_partial:
            return
        lost = [number for number, node in enumerate(self.nodes) if node.attributes and number not in self.matched]
        if lost or self.unused:
            names = node_names(self.nodes)
            _logger.warning(_UNRESTORED)
            for number in lost:
                _logger.warning(_NOT_FOUND.format(name=names[number]))
            for number, attributes in self.unused.items():
                _logger.warning(_NOT_USED.format(name=names[number], names=attributes))


class Position:
    """A node of a checkpoint that is being restored."""

    __slots__ = ("node_id", "restoration")

    def __init__(self, restoration, node_id):
        self.restoration = restoration
        self.node_id = node_id

    @property
    def restore_uid(self):
        return self.restoration.number

    @property
    def trackable(self):
        return self.restoration.objects.get(self.node_id)

    def bind(self, trackable):
        """Notes that this node is this object. Returns whether that is new."""
        restoration = self.restoration
        restoration.seen[id(trackable)] = trackable
        restoration.report.matched.add(self.node_id)
        current = self.trackable
        if current is None:
            restoration.objects[self.node_id] = trackable
            return True
        if current is not trackable:
            _logger.warning(_INCONSISTENT.format(first=current, second=trackable))
        return False

    def restore(self, trackable):
        """Restores an object and what is below it, outside of functions and tapes."""
        with Eager():
            if self.bind(trackable):
                self._descend(trackable)

    def _descend(self, trackable):
        restoration = self.restoration
        bound = [(self, trackable)]  # holds the objects until they have their values
        waiting = collections.deque(bound)
        while waiting:
            position, trackable = waiting.popleft()
            children = trackable._trackable_children()
            for child in restoration.nodes[position.node_id].children:
                if restoration.objects.get(child.node_id) is not None:
                    continue
                below = Position(restoration, child.node_id)
                found = trackable._lookup_dependency(child.local_name, children)
                if found is not None:
                    if below.bind(found):
                        bound.append((below, found))
                        waiting.append((below, found))
                elif below._has_values():
                    trackable._deferred_dependencies.setdefault(child.local_name, []).append(below)
        restoration.restore([position for position, _ in bound])

    def _has_values(self):
        node = self.restoration.nodes[self.node_id]
        if node.has_values is not None:
            return node.has_values
        return bool(node.children or node.attributes or node.slot_variables or node.saver)
