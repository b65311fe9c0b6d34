"""What lists, dicts and tuples turn into when they become attributes of a trackable object: the same, but trackable.

A wrapper shares the storage of the object it wraps, so whoever holds the original sees the same contents. Lists and
dicts are always wrapped, tuples only if something in them can be tracked.

What a checkpoint holds of a list or dict is restored as its elements are added, so a wrapper remembers what else happened to
it, and has no children any more for a checkpoint: ValueError.
"""

import copy
import operator
from collections import OrderedDict
from collections.abc import MutableMapping, MutableSequence

from tfcompat._core.trackable import Trackable

_UNSAVABLE = (
    "Unable to save the object {} (a {} wrapper constructed {}). {}\n\nIf you don't need this {} checkpointed, wrap it in a {} "
    "object; it will be subsequently ignored."
)
_REPLACED = (
    "A list element was replaced (__setitem__, __setslice__), deleted (__delitem__, __delslice__), or moved (sort). In order to "
    "support restoration on object creation, tracking is exclusively for append-only data structures."
)
_OUTSIDE = (
    "The wrapped {} was modified outside the wrapper (its final value was {}, its value when a checkpoint dependency was added was "
    "None), which breaks restoration on object creation."
)
_NO_STRING = "The wrapped dictionary contains a non-string key which maps to a trackable object or mutable data structure."


class NoDependency:
    """Wraps a value that is to become an attribute as it is: neither wrapped nor tracked."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


def wrap_or_unwrap(value):
    """What is stored when `value` is assigned to an attribute. Subclasses of list and dict stay what they are."""
    kind = type(value)
    if kind is list:
        return ListWrapper(value)
    if kind is dict or kind is OrderedDict:
        return _DictWrapper(value)
    if kind is NoDependency:
        return value.value
    if isinstance(value, tuple) and not isinstance(value, Trackable) and _holds_trackables(value):
        return _wrap_tuple(value)
    return value


def _holds_trackables(items):
    return any(
        isinstance(item, (NoDependency, Trackable))
        or type(item) in (list, dict, OrderedDict)
        or (isinstance(item, tuple) and _holds_trackables(item))
        for item in items
    )


class ListWrapper(MutableSequence, Trackable, list):
    """A trackable list."""

    # list itself stays empty: only isinstance(x, list) is wanted of it.
    def __init__(self, wrapped=()):
        self._storage = wrapped if isinstance(wrapped, list) else list(wrapped)
        self._storage[:] = [wrap_or_unwrap(item) for item in self._storage]
        self._known = [*self._storage]  # what it holds, unless others have changed it since
        self._outside = self._replaced = False

    def _look(self, replaced=None):
        """Notes what others have done to the list so far, and whether an element is about to be replaced, or moved."""
        self._outside = self._outside or len(self._storage) != len(self._known) or not all(map(operator.is_, self._storage, self._known))
        if replaced is None:
            replaced = any([isinstance(item, Trackable) for item in self._storage])
        self._replaced = self._replaced or replaced

    def _changed(self):
        self._known = [*self._storage]

    def _trackable_children(self, save_type="checkpoint", **kwargs):
        self._look(False)
        if self._replaced or self._outside:
            words = (_REPLACED, "non-trackable") if self._replaced else (_OUTSIDE.format("list", self._storage), "NoDependency")
            raise ValueError(_UNSAVABLE.format(self, "list", "to track trackable TensorFlow objects", words[0], "list", words[1]))
        return _trackables(enumerate(self._storage))

    def __getitem__(self, index):
        return self._storage[index]

    def __setitem__(self, index, value):
        if isinstance(index, slice):
            self._look()
            self._storage[index] = [wrap_or_unwrap(item) for item in value]
        else:
            self._look(isinstance(self._storage[index], Trackable))
            self._storage[index] = wrap_or_unwrap(value)
        self._changed()
        for name, child in _trackables(enumerate(self._storage)).items():
            self._handle_deferred_dependencies(name, child)

    def __delitem__(self, index):
        self._look()
        del self._storage[index]
        self._changed()

    def __len__(self):
        return len(self._storage)

    def __iter__(self):
        return iter(self._storage)

    def __reversed__(self):
        return reversed(self._storage)

    def __contains__(self, item):
        return item in self._storage

    def insert(self, index, value):
        value = wrap_or_unwrap(value)
        self._look(True if isinstance(value, Trackable) else None)
        self._storage.insert(index, value)
        self._changed()

    def append(self, value):
        value = wrap_or_unwrap(value)
        self._storage.append(value)
        self._known.append(value)
        if self._self_unconditional_deferred_dependencies and isinstance(value, Trackable):
            self._handle_deferred_dependencies(str(len(self._storage) - 1), value)

    def extend(self, values):
        for value in values:
            self.append(value)

    def sort(self):
        self._look()
        self._storage.sort()
        self._changed()

    def copy(self):
        return copy.copy(self)

    def __copy__(self):
        return type(self)(copy.copy(self._storage))

    def __deepcopy__(self, memo):
        return type(self)(copy.deepcopy(self._storage, memo))

    def __reduce_ex__(self, protocol):
        return type(self), (self._storage,)

    def __add__(self, other):
        return self._storage + _plain(other)

    def __radd__(self, other):
        return other + self._storage

    def __iadd__(self, other):
        self.extend(other)
        return self

    def __mul__(self, times):
        return self._storage * times

    __rmul__ = __mul__

    def __imul__(self, times):
        self._look(False)
        self._storage *= times
        self._changed()
        return self

    def __eq__(self, other):
        return self._storage == _plain(other)

    def __ne__(self, other):
        return self._storage != _plain(other)

    def __lt__(self, other):
        return self._storage < _plain(other)

    def __le__(self, other):
        return self._storage <= _plain(other)

    def __gt__(self, other):
        return self._storage > _plain(other)

    def __ge__(self, other):
        return self._storage >= _plain(other)

    __hash__ = None

    def __sizeof__(self):
        return super().__sizeof__() + self._storage.__sizeof__()

    def __repr__(self):
        return f"ListWrapper({self._storage!r})"


class _DictWrapper(MutableMapping, Trackable, dict):
    """A trackable dict."""

    # dict itself holds a second copy for what reads it past its methods (json, whose encoder is written in C).
    def __init__(self, wrapped=()):
        self._storage = wrapped if isinstance(wrapped, dict) else dict(wrapped)
        self._known = dict(self._storage)  # what it holds, unless others have changed it since
        self._outside = self._no_string = False
        for key, value in list(self._storage.items()):
            self[key] = value

    def _look(self):
        """Notes whether anything was changed past the wrapper."""
        known, storage = self._known, self._storage
        self._outside = self._outside or known.keys() != storage.keys() or any([known[k] is not v for k, v in storage.items()])

    def _trackable_children(self, save_type="checkpoint", **kwargs):
        self._look()
        if self._no_string or self._outside:
            reason = _NO_STRING if self._no_string else _OUTSIDE.format("dictionary", self._storage)
            words = "automatically on attribute assignment", reason, "dictionary", "non-trackable"
            raise ValueError(_UNSAVABLE.format(self, "dictionary", *words))
        return super()._trackable_children(save_type, **kwargs)

    def __getitem__(self, key):
        return self._storage[key]

    def __setitem__(self, key, value):
        self._storage[key] = self._known[key] = value = wrap_or_unwrap(value)
        dict.__setitem__(self, key, value)
        if isinstance(value, Trackable):
            if isinstance(key, str):
                self._track_trackable(value, key, overwrite=True)
            else:
                self._no_string = True

    def __delitem__(self, key):
        del self._storage[key]
        self._known.pop(key, None)
        dict.pop(self, key, None)

    # The next ones are the wrapped dict's own to TensorFlow, so what they change is changed past the wrapper.

    def pop(self, key, *default):
        value = self._storage.pop(key, *default)
        dict.pop(self, key, None)
        self._look()
        return value

    def popitem(self):
        key, value = self._storage.popitem()
        dict.pop(self, key, None)
        self._look()
        return key, value

    def clear(self):
        self._storage.clear()
        dict.clear(self)
        self._look()

    def setdefault(self, key, default=None):
        value = self._storage.setdefault(key, default)
        dict.setdefault(self, key, default)
        self._look()
        return value

    def __len__(self):
        return len(self._storage)

    def __iter__(self):
        return iter(self._storage)

    def __reversed__(self):
        return reversed(self._storage)

    def __contains__(self, key):
        return key in self._storage

    def copy(self):
        return copy.copy(self)

    def __copy__(self):
        return type(self)(copy.copy(self._storage))

    def __deepcopy__(self, memo):
        return type(self)(copy.deepcopy(self._storage, memo))

    def __reduce_ex__(self, protocol):
        return type(self), (self._storage,)

    def __or__(self, other):
        return self._storage | _plain(other)

    def __ror__(self, other):
        return other | self._storage

    def __ior__(self, other):
        self._storage |= other
        dict.update(self, other)
        self._look()
        return self

    def __eq__(self, other):
        return self._storage == _plain(other)

    def __ne__(self, other):
        return self._storage != _plain(other)

    __hash__ = None

    def __repr__(self):
        return f"DictWrapper({self._storage!r})"

    def __str__(self):
        return str(self._storage)


class _TupleWrapper(Trackable):
    """Mixed into a tuple's own class, so that named tuples keep their fields."""

    def _trackable_children(self, save_type="checkpoint", **kwargs):
        return _trackables(enumerate(self))

    def __reduce_ex__(self, protocol):
        return _wrap_tuple, (tuple.__new__(self._wrapped_class, self),)

    def __repr__(self):
        return f"_TupleWrapper({super().__repr__()})"

    def __str__(self):
        return super().__repr__()


_tuple_wrappers = {}  # class of a tuple -> class of its wrapper


def _wrap_tuple(value):
    kind = type(value)
    wrapper = _tuple_wrappers.get(kind)
    if wrapper is None:
        wrapper = type(kind.__name__, (_TupleWrapper, kind), {"_wrapped_class": kind})
        _tuple_wrappers[kind] = wrapper
    return tuple.__new__(wrapper, [wrap_or_unwrap(item) for item in value])


def _trackables(items):
    return {str(name): value for name, value in items if isinstance(value, Trackable)}


def _plain(value):
    return value._storage if isinstance(value, (ListWrapper, _DictWrapper)) else value
