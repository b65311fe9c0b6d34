"""The functions that transformations are given: recorded once, as a tf.function is, for elements of the input's spec.

A function that gives data sets is recorded too: what its result holds are nodes whose tensors are results of the
recording, and a call puts values in their place. What cannot be recorded is called with each element.
"""

import copy
import threading

from tfcompat._core.concrete_function import EagerFallback
from tfcompat._core.context import paused, state
from tfcompat._core.draws import DrawCell, Sites, Visit
from tfcompat._core.function import Function
from tfcompat._core.function_types import SpecLeaf
from tfcompat._core.specs import TensorSpec
from tfcompat._core.tensor_base import TensorHandle, payload
from tfcompat._core.trace import Eager, ValueDependent
from tfcompat._optional import OptionalSpec
from tfcompat.data._nodes import Node, Placeholder
from tfcompat.data._structure import (
    DatasetSpec,
    Structure,
    components_of,
    is_symbolic,
    normalized,
    spec_of,
    tensor,
)

_UNSUPPORTED = "Unsupported return value from function passed to {transformation}: {value}."
_NO_ELEMENT = (
    "{transformation}: the function cannot be recorded ({reason}), so the form of its results is that of its first result, "
    "and there is none."
)
_OPTIONAL = "An Optional is used on the host."
_OPEN_SIZES = "A function in a function of a data set uses a tensor of unknown size from around it."


_instances = threading.local()  # `of`: for functions of the pipeline that is running, their instances


class Run:
    """A context in which functions are those of one iterator: what they draw goes on where it was."""

    __slots__ = ("_before", "_own")

    def __init__(self):
        self._own = {}

    def __enter__(self):
        self._before = getattr(_instances, "of", None)
        _instances.of = self._own

    def __exit__(self, *_):
        _instances.of = self._before


def converted(function):
    """A Python function with its control flow converted."""
    return Function(function, "")._converted()


class DataFunction:
    """A function from elements to what a transformation makes of them.

    Args:
      function: the user's function.
      structure: the Structure of its argument; a tuple is several arguments.
      transformation: TensorFlow's name of what it is given to, for messages.
      first: function without arguments that gives the components of an element, in case it cannot be recorded.

    Attributes:
      result: the Structure of its results; None where it cannot be recorded and no element is known.
    """

    def __init__(self, function, structure, transformation, first=None):
        if not callable(function):
            raise ValueError(f"Argument `func` must be a callable. Received func={function} (of type {type(function)})")
        self._function, self._structure, self._transformation = function, structure, transformation
        self._converted = converted(function)
        self._unpacked = type(structure.spec) is tuple
        self._tensors = [i for i, s in enumerate(structure.flat) if isinstance(s, TensorSpec)]
        self._others = [i for i, s in enumerate(structure.flat) if isinstance(s, DatasetSpec)]
        self.result = None
        self._template = None
        name = getattr(function, "__name__", type(function).__name__)
        recorded = Function(self._recorded, f"Dataset_{name}", autograph=False)
        leaves = [SpecLeaf(TensorSpec(structure.flat[i].shape, structure.flat[i].dtype)) for i in self._tensors]
        self._concrete = recorded.get_concrete_function(*leaves)
        self._eager = isinstance(self._concrete, EagerFallback)
        if self._eager:
            self._sites = Sites()
            self.result = self._result_of(first)
        else:
            self._captured = [t for t in self._concrete._captures if is_symbolic(t)]
            if any([not t.shape.is_fully_defined() for t in self._captured]):
                raise ValueDependent(_OPEN_SIZES)
            self._urgent = self._concrete._spec.body.coded or bool(self._concrete._written)
            # A result of one tensor: by far the most frequent.
            self._simple = not self._others and not any(self._template) and len(self._tensors) == len(structure.flat)

    def _recorded(self, *tensors):
        """What is recorded: a function of the tensors of an element that gives those of its result."""
        if any([isinstance(s, OptionalSpec) for s in self._structure.flat]):
            raise ValueDependent(_OPTIONAL)
        given = [None] * len(self._structure.flat)
        for i, t in zip(self._tensors, tensors, strict=True):
            given[i] = t
        self._placeholders = [Placeholder(self._structure.flat[i]._element_spec) for i in self._others]
        for i, node in zip(self._others, self._placeholders, strict=True):
            given[i] = node
        components = self._called(self._converted, given)
        outputs, self._template = [], []
        for c in components:
            if isinstance(c, Node):
                found = c.symbolic()
                self._template.append((c, found))
                outputs += found
            elif isinstance(c, TensorHandle):
                self._template.append(None)
                outputs.append(c)
            elif c is None:
                self._template.append((None, []))
            else:
                raise ValueDependent(_OPTIONAL)
        return outputs

    def _called(self, function, components):
        """The components of the result for those of an element; notes the form of the result."""
        element = self._structure.pack(components)
        value = function(*element) if self._unpacked else function(element)
        if isinstance(value, list):
            value = tuple(value)
        try:
            value = normalized(value)
            spec = spec_of(value)
        except (TypeError, ValueError):
            raise TypeError(_UNSUPPORTED.format(transformation=self._transformation, value=value)) from None
        if self.result is None or state.trace is not None:
            self.result = Structure(spec)
        return components_of(value)

    def _result_of(self, first):
        """The Structure of the results of a function that is not recorded."""
        element = None if first is None else first()
        if element is None:
            raise NotImplementedError(
                _NO_ELEMENT.format(transformation=self._transformation, reason=self._concrete._reason)
            )
        self.result = None
        with Visit(Sites()):
            self._called(self._function, element)
        return self.result.map(_any_sizes)

    # Where a function around it leaves tensors open

    def symbolic(self):
        """The tensors of functions around it that it uses."""
        return [] if self._eager else self._captured

    def bound(self, known):
        """The function with values for those."""
        if self._eager or not any([id(t) in known for t in self._captured]):
            return self
        made = copy.copy(self)
        made._concrete = self._concrete.instead({id(t): known[id(t)] for t in self._captured if id(t) in known})
        made._captured = []
        return made

    # Calls

    def instance(self):
        """The function for the iterator that is running: with each one random draws begin anew."""
        if not self._eager and not self._concrete._draws:
            return self
        known = getattr(_instances, "of", None)
        if known is None:
            return self._instance()
        found = known.get(self)
        if found is None:
            found = known[self] = self._instance()
        return found

    def _instance(self):
        if self._eager:
            made = copy.copy(self)
            made._sites = Sites()
            return made
        copies = {c: DrawCell(c.start) for c in self._concrete._cells if type(c) is DrawCell and c.seeded}
        if not copies:
            return self
        made = copy.copy(self)
        made._concrete = self._concrete.instead(self._concrete._replaced, copies)
        return made

    def __call__(self, components):
        """The components of the result."""
        if self._eager:
            with paused(), Visit(self._sites):
                return self._called(self._function, components)
        if self._simple:
            results = self._run([tensor(c) for c in components])
            return results
        results = iter(self._run([tensor(components[i]) for i in self._tensors]))
        known = {id(p): components[i] for p, i in zip(self._placeholders, self._others, strict=True)}
        made = []
        for part in self._template:
            if part is None:
                made.append(next(results))
            else:
                node, open_tensors = part
                known.update({id(t): next(results) for t in open_tensors})
                made.append(node)
        return [c.bound(known) if isinstance(c, Node) else c for c in made]

    def _run(self, tensors):
        context = state.context
        if context.tapes or context.accumulators or context.trace is not None:
            with Eager():
                results = self._concrete._call_flat(tensors, ())
        else:
            results = self._concrete._call_flat(tensors, ())
        if self._urgent:
            for t in results:
                payload(t)
        return results


def _any_sizes(spec):
    """A spec of the same dtype and any sizes."""
    if not isinstance(spec, TensorSpec):
        return spec
    return TensorSpec(None if spec.shape.rank else spec.shape, spec.dtype)

