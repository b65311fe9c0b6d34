"""What lists, dicts and tuples turn into when they become attributes of a trackable object: the same, but trackable.

A wrapper shares the storage of the object it wraps, so whoever holds the original sees the same contents. Lists and
dicts are always wrapped, tuples only if something in them can be tracked.
"""

import copy
from collections import OrderedDict
from collections.abc import MutableMapping, MutableSequence

from tfcompat._core.trackable import Trackable


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

    def _trackable_children(self, save_type="checkpoint", **kwargs):
        return _trackables(enumerate(self._storage))

    def __getitem__(self, index):
        return self._storage[index]

    def __setitem__(self, index, value):
        if isinstance(index, slice):
            self._storage[index] = [wrap_or_unwrap(item) for item in value]
        else:
            self._storage[index] = wrap_or_unwrap(value)

    def __delitem__(self, index):
        del self._storage[index]

    def __len__(self):
        return len(self._storage)

    def __iter__(self):
        return iter(self._storage)

    def __reversed__(self):
        return reversed(self._storage)

    def __contains__(self, item):
        return item in self._storage

    def insert(self, index, value):
        if index == len(self._storage):
            self.append(value)
        else:
            self._storage.insert(index, wrap_or_unwrap(value))

    def append(self, value):
        value = wrap_or_unwrap(value)
        self._storage.append(value)
        if self._self_unconditional_deferred_dependencies and isinstance(value, Trackable):
            self._handle_deferred_dependencies(str(len(self._storage) - 1), value)

    def extend(self, values):
        for value in values:
            self.append(value)

    def sort(self, *, key=None, reverse=False):
        self._storage.sort(key=key, reverse=reverse)

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
        self._storage *= times
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
        for key, value in list(self._storage.items()):
            self[key] = value

    def _trackable_children(self, save_type="checkpoint", **kwargs):
        return _trackables((key, value) for key, value in self._storage.items() if isinstance(key, str))

    def __getitem__(self, key):
        return self._storage[key]

    def __setitem__(self, key, value):
        self._storage[key] = value = wrap_or_unwrap(value)
        dict.__setitem__(self, key, value)
        if self._self_unconditional_deferred_dependencies and isinstance(value, Trackable):
            self._handle_deferred_dependencies(key, value)

    def __delitem__(self, key):
        del self._storage[key]
        dict.pop(self, key, None)

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
        self.update(other)
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
