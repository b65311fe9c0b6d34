"""Expressions about errors, dtypes, shapes, nested structures and specs, and what is said of their results.

The same expressions (leaves_table.py) are evaluated with TensorFlow, whose results are leaves.json, and with tfcompat.
An expression that starts with "~" fails in Python's words, not TensorFlow's: only the exception type is compared.
"""

from __future__ import annotations

import array
import collections
import copy
import dataclasses
import json
import pathlib
import pickle
import re
import types

import numpy as np

DATA = pathlib.Path(__file__).with_name("leaves.json")

Pair = collections.namedtuple("Pair", "a b")
Pair2 = collections.namedtuple("Pair", "a b")
Other = collections.namedtuple("Other", "a b")


class SubPair(Pair):
    pass


class Attrs:
    """What attrs makes, as far as nest looks at it."""

    __attrs_attrs__ = tuple(types.SimpleNamespace(name=name, init=True) for name in "ba")

    def __init__(self, b, a):
        self.b, self.a = b, a

    def __repr__(self):
        return f"Attrs(b={self.b}, a={self.a})"


@dataclasses.dataclass
class Data:
    a: object
    b: object


@dataclasses.dataclass
class Masked:
    mask: bool
    value: object

    def __tf_flatten__(self):
        return (self.mask,), (self.value,)

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        return cls(metadata[0], components[0])


class OwnMapping(collections.abc.Mapping):
    def __init__(self, *items):
        self.items_ = dict(*items)

    def __getitem__(self, key):
        return self.items_[key]

    def __iter__(self):
        return iter(self.items_)

    def __len__(self):
        return len(self.items_)

    def __repr__(self):
        return f"OwnMapping({self.items_})"


class OwnSequence(collections.abc.Sequence):
    def __init__(self, items):
        self.items = list(items)

    def __getitem__(self, index):
        return self.items[index]

    def __len__(self):
        return len(self.items)

    def __repr__(self):
        return f"OwnSequence({self.items})"


class OwnList(list):
    pass


class OwnTuple(tuple):
    pass


class Hinted:
    """Anything with `__index__` can be a dimension."""

    def __index__(self):
        return 7


class Operation:
    """What an error says of the operation that failed, as far as `str` needs it."""

    def __init__(self, name, lines, origin=None):
        self.name, self._original_op = name, origin
        self.traceback = [("file.py", line, "f", f"line {line}") for line in lines]


def defaultdict():
    result = collections.defaultdict(list)
    result["b"], result["a"] = 1, 2
    return result


def composites(tf, composite_tensor):
    """A composite tensor of two parts, with its spec, defined as a user of TensorFlow would."""

    class TwinsSpec(tf.TypeSpec):
        def __init__(self, shape, dtype):
            self.shape, self.dtype = tf.TensorShape(shape), tf.as_dtype(dtype)

        value_type = property(lambda self: Twins)
        _component_specs = property(lambda self: (tf.TensorSpec(self.shape, self.dtype), tf.TensorSpec([], tf.int32)))

        def _to_components(self, value):
            return value.one, value.two

        def _from_components(self, components):
            return Twins(*components)

        def _serialize(self):
            return self.shape, self.dtype

    class Twins(composite_tensor):
        def __init__(self, one, two, shape=(2,)):
            self.one, self.two, self.shape_ = one, two, shape

        def __repr__(self):
            return f"Twins({self.one}, {self.two})"

        @property
        def _type_spec(self):
            return TwinsSpec(self.shape_, tf.float32)

        def _shape_invariant_to_type_spec(self, shape):
            raise NotImplementedError

    return {"Twins": Twins, "TwinsSpec": TwinsSpec}


def namespace(tf, inner, composite_tensor):
    """What expressions see. `inner` holds what has no public name: nest, VariableSpec, unknown_shape, Dimension."""
    own = [Pair, Other, SubPair, Attrs, Data, Masked, OwnMapping, OwnSequence, OwnList, OwnTuple, Hinted]
    own += [Operation, defaultdict]
    modules = [array, collections, copy, pickle, types]
    return {
        "tf": tf,
        "np": np,
        "inner": inner,
        "S": tf.TensorShape,
        "D": inner.Dimension,
        "N": inner.nest,
        "add": lambda a, b: a + b,
        "Pair2": Pair2,
        **{thing.__name__: thing for thing in own},
        **{module.__name__: module for module in modules},
        **composites(tf, composite_tensor),
    }


def _plain(text):
    """Text without what differs from run to run or with the place a class is defined in."""
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    return re.sub(r"<(class ')?[\w.<>]+\.(\w+)( object|')>", r"<\1\2\3>", text)


def evaluate(expression, names):
    """["value", repr, str], or ["error", exception type, message]."""
    try:
        value = eval(expression.lstrip("~"), dict(names))
        return ["value", _plain(repr(value)), _plain(str(value))]
    except Exception as error:
        return ["error", type(error).__name__, "" if expression.startswith("~") else _plain(str(error))]


def load():
    return json.loads(DATA.read_text())
