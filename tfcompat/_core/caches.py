"""Bounded dictionaries: what is lost costs a trace or a lookup, never a wrong result."""

_INTS, _LISTS = frozenset([int]), frozenset([list, tuple])
_HASHED = frozenset([int, str, type(None)])


class Bounded(dict):
    """A dict that forgets its oldest half when it exceeds `limit`. Reading costs what a dict costs."""

    __slots__ = ("limit",)

    def __init__(self, limit):
        super().__init__()
        self.limit = limit

    def __setitem__(self, key, value):
        if len(self) >= self.limit:
            for old in list(self)[: self.limit // 2]:
                del self[old]
        super().__setitem__(key, value)


def raw_key(*values):
    """A key of arguments as a user gives them, where they are ints, words, None and lists of ints; else None.

    What is equal without being the same (1, 1.0 and True) has no key or another one.
    """
    key = []
    for value in values:
        kind = type(value)
        if kind in _HASHED:
            key.append(value)
        elif kind in _LISTS and _INTS.issuperset(map(type, value)):
            key.append((*value,))
        else:
            return None
    return tuple(key)
