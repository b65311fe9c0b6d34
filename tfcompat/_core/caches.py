"""Bounded dictionaries: what is lost costs a trace or a lookup, never a wrong result."""


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
