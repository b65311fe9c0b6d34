"""The graph of the objects that a checkpoint is of: which there are, and what their tensors are called."""

import collections
import weakref

import numpy as np

from tfcompat._core.tensor_base import host_value
from tfcompat._core.trackable import Trackable
from tfcompat.train._protos import Attribute, Child, Node

GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


class View:
    """The objects that are reached from a root.

    Args:
      root: a trackable object.
      attached: a list of (name, object): more children of the root.
    """

    def __init__(self, root, attached=()):
        self.root = root
        self.attached = attached

    def children(self, trackable):
        """A list of (name, object)."""
        found = [(name, child) for name, child in trackable._trackable_children().items() if isinstance(child, Trackable)]
        if trackable is self.root:
            found += self.attached
        return found

    def objects(self):
        """A dict from id to (object, path), breadth first; a path is a tuple of names."""
        found = {id(self.root): (self.root, ())}
        waiting = collections.deque([(self.root, ())])
        while waiting:
            trackable, path = waiting.popleft()
            for name, child in self.children(trackable):
                if id(child) not in found:
                    found[id(child)] = (child, (*path, name))
                    waiting.append(found[id(child)])
        return found


def tensors_of(trackable):
    """A dict from name to tensor: the values of an object itself, without its children's."""
    try:
        return trackable._serialize_to_tensors()
    except NotImplementedError:
        return {}


def serialized(view):
    """What there is to write: (the nodes of the graph, a dict from key to NumPy array)."""
    found = view.objects()
    numbers = {identity: number for number, identity in enumerate(found)}
    nodes, arrays = [], {}
    for trackable, path in found.values():
        node = Node([Child(numbers[id(child)], name) for name, child in view.children(trackable)])
        start = "/".join(_escaped(name) for name in path)
        for name, tensor in tensors_of(trackable).items():
            key = f"{start}/.ATTRIBUTES/{_escaped(name)}"
            node.attributes.append(Attribute(_escaped(name), getattr(trackable, "_shared_name", ""), key))
            arrays[key] = np.asarray(host_value(tensor._read() if hasattr(type(tensor), "_read") else tensor))
        nodes.append(node)
    _note_values(nodes)
    return nodes, arrays


def _escaped(name):
    return name.replace(".", "..").replace("/", ".S")


def _note_values(nodes):
    """Notes in each node whether it or something below it has values."""
    parents = collections.defaultdict(list)
    for number, node in enumerate(nodes):
        for child in node.children:
            parents[child.node_id].append(number)
    for node in nodes:
        node.has_values = bool(node.attributes)
    waiting = [number for number, node in enumerate(nodes) if node.has_values]
    while waiting:
        for parent in parents[waiting.pop()]:
            if not nodes[parent].has_values:
                nodes[parent].has_values = True
                waiting.append(parent)


def node_names(nodes):
    """A dict from number to a name for messages: "(root).model.kernel"."""
    found = {0: "(root)"}
    waiting = collections.deque([0])
    while waiting:
        number = waiting.popleft()
        for child in nodes[number].children:
            if child.node_id not in found:
                found[child.node_id] = f"{found[number]}.{child.local_name}"
                waiting.append(child.node_id)
    for number, node in enumerate(nodes):
        for slot in node.slot_variables:
            found[slot.slot_variable_node_id] = (
                f"{found[number]}'s state '{slot.slot_name}' for {found[slot.original_variable_node_id]}"
            )
    return found


class Held:
    """Objects by number, held weakly where that is possible: what waits for a restored object must not keep it."""

    def __init__(self):
        self._found = {}

    def __setitem__(self, number, trackable):
        try:
            self._found[number] = weakref.ref(trackable)
        except TypeError:  # a tuple
            self._found[number] = lambda: trackable

    def get(self, number):
        found = self._found.get(number)
        return None if found is None else found()

    def values(self):
        return [trackable for trackable in (held() for held in self._found.values()) if trackable is not None]
