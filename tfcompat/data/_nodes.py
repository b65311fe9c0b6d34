"""A data set's description: a node for its source and for each transformation.

A node is immutable but for the state that TensorFlow keeps with a data set too (what is cached, the seeds of a shuffle).
`iterate` gives an iterator over elements, each a list of components. `rows` is the short cut for sources that are arrays:
the arrays and an iterator over row numbers, so that a batch is one gather and a shuffle moves numbers.
"""

import copy

from tfcompat._core.context import state
from tfcompat._optional import on_host
from tfcompat.data._structure import Structure, is_symbolic, number, text

INFINITE, UNKNOWN = -1, -2


class Node:
    """A data set's source or transformation.

    Args:
      structure: the Structure of its elements, or their spec.
      inputs: the nodes that it takes elements from.

    Attributes:
      name: TensorFlow's name of the class, for reprs.
      parameters: names of the attributes that hold numbers, tensors, lists of them or functions, of which some may be
        known in a call only where a function makes the data set.
    """

    name = "Dataset"
    parameters = ()

    def __init__(self, structure, *inputs):
        self.structure = structure if isinstance(structure, Structure) else Structure(structure)
        self.inputs = inputs
        self.recorded = state.trace is not None  # each call of the function makes it anew

    def iterate(self):
        """An iterator over the elements: lists of components."""
        arrays, order = self.rows()
        if any([a.dtype == object for a in arrays]):
            return ([a[i] if a.ndim > 1 or a.dtype != object else text(a[i]) for a in arrays] for i in order)
        return ([a[i] for a in arrays] for i in order)

    def rows(self):
        """(arrays, iterator over numbers of rows) whose rows are the elements, or None."""
        return None

    def cardinality(self):
        """The number of elements, INFINITE or UNKNOWN."""
        return self.inputs[0].cardinality()

    # Where random words have come to, for checkpoints of iterators

    words = None

    def _all_words(self):
        found = [] if self.words is None else [self.words]
        return found + [words for node in self.inputs for words in node._all_words()]

    def positions(self):
        """The positions of the random words of this node and those before it."""
        return [words.position() for words in self._all_words()]

    def go_to(self, positions):
        """Goes back to what `positions` gave."""
        for words, position in zip(self._all_words(), positions, strict=True):
            words.go_to(*position)

    # What a function that makes data sets leaves open

    def symbolic(self):
        """The tensors of this node and those before it that only a call of the recorded function knows."""
        found = [t for node in self.inputs for t in node.symbolic()]
        for name in self.parameters:
            value = getattr(self, name)
            for part in value if isinstance(value, list) else [value]:
                if is_symbolic(part):
                    found.append(part)
                elif hasattr(part, "symbolic"):
                    found += part.symbolic()
        return found

    def bound(self, known):
        """The node with tensors and nodes in place of those that were open: `known` has them by id."""
        if id(self) in known:
            return known[id(self)]
        made = copy.copy(self)
        made.inputs = tuple([node.bound(known) for node in self.inputs])
        changed = self.recorded or any([a is not b for a, b in zip(made.inputs, self.inputs, strict=True)])
        for name in self.parameters:
            value = getattr(self, name)
            if isinstance(value, list):
                new = [_bound(part, known) for part in value]
                same = all([a is b for a, b in zip(new, value, strict=True)])
            else:
                new = _bound(value, known)
                same = new is value
                if not same and is_symbolic(value) and value.shape.rank == 0:
                    new = number(new)
            if not same:
                setattr(made, name, new)
                changed = True
        if not changed:
            return self
        made.recorded = False
        made.start_anew()
        return made

    def start_anew(self):
        """Forgets what was kept: the node is a copy, for a data set of its own."""


def _bound(part, known):
    if is_symbolic(part):
        return known.get(id(part), part)
    return part.bound(known) if hasattr(part, "bound") else part


class Placeholder(Node):
    """Stands for a data set that is an argument of a function which is being recorded."""

    name = "_VariantDataset"

    def cardinality(self):
        return UNKNOWN


class Argument(Placeholder):
    """Stands for a data set among the arguments of a tf.function.

    Args:
      handle: the tensor that stands for it among the inputs of nodes.
    """

    def __init__(self, structure, handle):
        super().__init__(structure)
        self.handle = handle

    def iterate(self):
        on_host("A data set")

    cardinality = iterate

    def symbolic(self):
        return [self.handle]

    def bound(self, known):
        found = known.get(id(self.handle))
        return self if found is None else found.resource._node


def open_number(*values):
    """Whether one of these numbers is known in a call only."""
    return any([not isinstance(v, (int, float)) for v in values])


def least(counts):
    """The cardinality of what ends with the first of several."""
    if UNKNOWN in counts:
        return UNKNOWN
    finite = [n for n in counts if n != INFINITE]
    return min(finite) if finite else INFINITE
