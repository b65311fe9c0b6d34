"""Hashable references to tensors and variables, which are not hashable themselves (`tensor.ref()`)."""


class Reference:
    """Hashes and compares by the identity of what it wraps; `deref()` gives that back."""

    __slots__ = ("_wrapped",)

    def __init__(self, wrapped):
        self._wrapped = wrapped

    def deref(self):
        return self._wrapped

    def __hash__(self):
        return id(self._wrapped)

    def __eq__(self, other):
        return isinstance(other, Reference) and self._wrapped is other._wrapped

    def __ne__(self, other):
        return not self == other

    def __repr__(self):
        return f"<Reference wrapping {self._wrapped!r}>"
