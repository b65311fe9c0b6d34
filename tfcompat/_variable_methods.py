"""Methods of `tf.Variable` that are ops: indexing, sliced assignment, scatter."""

import sys

from tfcompat import _gather, _index_patterns, _slicing
from tfcompat._core import errors
from tfcompat._core.context import state
from tfcompat._core.convert import convert, variable_types
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle
from tfcompat._declare import INDEX, not_allowed

_TEMPORARY = 3  # references to a slice inside its own method when the caller keeps none: `self` twice, the argument


class VariableSlice(Tensor):
    """`variable[index]`: a Tensor that can also be assigned to. The slice is taken when somebody uses it as a tensor."""

    __slots__ = ("_index", "_source", "_taken", "_variable")

    def __init__(self, variable, index):
        if type(index) is not tuple:
            index = tuple(index) if isinstance(index, (list, tuple)) else (index,)
        source = variable._read()
        self._variable = variable
        self._source = source
        self._index = _index_patterns.parse(source._aval.shape, index)
        self._taken = None
        if state.context.tapes:
            self._read()  # a tape must see the slice where it was taken

    def _read(self):
        """The plain tensor."""
        taken = self._taken
        if taken is None:
            taken = self._taken = _slicing.take(self._source, *self._index)
            self._source = None
        return taken

    def assign(self, value, use_locking=False, name=None, read_value=True):
        """Writes `value`, broadcast to the slice's shape, into the variable. Returns the variable.

        Raises:
          InvalidArgumentError: the shape does not fit. ValueError, TypeError: the dtype does not.
        """
        if self._taken is None:
            if sys.getrefcount(self) > _TEMPORARY:
                self._read()
            # The variable's buffer must have no other holder, or it is copied for every element written.
            self._source = None
        return self._variable._update(_slicing.assign, *self._index, value)


def _forward(name):
    """The engine's fields of a tensor, taken from the slice itself."""

    def get(self):
        return getattr(self._read(), name)

    def put(self, value):
        setattr(self._read(), name, value)

    return property(get, put)


for _name in ("_aval", "_value", "_seg", "_slot", "_gid"):
    setattr(VariableSlice, _name, _forward(_name))
variable_types.add(VariableSlice)


def _getitem(self, index):
    """`variable[index]`: a Tensor; `.assign`, `.assign_add` and `.assign_sub` of it write into the variable."""
    if type(index) is list and not any(isinstance(i, bool) for i in index):
        index = tuple(index)
    if type(index) in _PLAIN or (type(index) is not list and _slicing.boolean_index(index) is None):
        return VariableSlice(self, index)
    return _slicing.getitem(self._read(), index)


_PLAIN = frozenset((int, slice, tuple, type(Ellipsis), type(None)))


def _slices(value):
    values, indices = getattr(value, "values", None), getattr(value, "indices", None)
    if values is None or indices is None or isinstance(value, (TensorHandle, dict)):
        raise TypeError(f"Argument `sparse_delta` must be a `tf.IndexedSlices`. Received arg: {value}")
    return indices, values


def _scatter(function, mode):
    def method(self, sparse_delta, use_locking=False, name=None):
        indices, values = _slices(sparse_delta)
        return self._update(function, convert(indices), convert(values, self.dtype))

    method.__doc__ = f"""{mode} rows: `sparse_delta` is a `tf.IndexedSlices`. Returns the variable.

    Raises:
      TypeError: no IndexedSlices. InvalidArgumentError: an index out of range.
    """
    return method


def _scatter_nd(function, mode):
    def method(self, indices, updates, name=None):
        return self._update(function, convert(indices), convert(updates, self.dtype))

    method.__doc__ = f"{mode} the elements or slices that `indices` (its last dimension) points to. Returns the variable."
    return method


def _batch_scatter_update(self, sparse_delta, use_locking=False, name=None):
    """Sets rows batch by batch: `indices` and `values` share their leading dimensions with the variable."""
    indices, values = _slices(sparse_delta)
    return self._update(_gather.batch_scatter_update, convert(indices), convert(values, self.dtype))


def _gather_nd_method(self, indices, name=None):
    """The elements or slices that `indices` (its last dimension) points to, as a Tensor."""
    return _gather.gather_nd(self, indices)


def _sparse_read(self, indices, name=None):
    """The rows at `indices`, as a Tensor."""
    return _gather.gather(self, indices)


def _count_up_to(self, limit):
    """Adds 1 and returns the value before; raises OutOfRangeError when that is `limit`."""
    if not self.dtype.is_integer:
        raise not_allowed("T", self.dtype.np, INDEX, "ResourceCountUpTo")
    value = self.value()
    if int(value) >= limit:
        raise errors.OutOfRangeError(None, None, f"Reached limit of {limit} [Op:ResourceCountUpTo] name: ")
    self.assign_add(convert(1, self.dtype))
    return value


def _in_place(name, op, method):
    def refused(self, value):
        raise RuntimeError(
            f"`variable {op}= value` with `tf.Variable`s is not supported. Use `variable.{method}` to modify the variable, "
            f"or `out = variable {op} value` if you need to get a new output Tensor."
        )

    refused.__name__ = name
    return refused


def install(cls):
    """Adds these methods to a variable class."""
    cls.__getitem__ = _getitem
    for verb, op, method in (("add", "+", "assign_add(value)"), ("sub", "-", "assign_sub(value)"),
                             ("mul", "*", "assign(variable * value)"), ("truediv", "/", "assign(variable / value)"),
                             ("pow", "**", "assign(variable ** value)")):  # fmt: skip
        setattr(cls, f"__i{verb}__", _in_place(f"__i{verb}__", op, method))
    for mode, verb in (("update", "Sets"), ("add", "Adds to"), ("sub", "Subtracts from"), ("mul", "Multiplies"),
                       ("div", "Divides"), ("max", "Raises to at least"), ("min", "Lowers to at most")):  # fmt: skip
        setattr(cls, f"scatter_{mode}", _scatter(getattr(_gather, f"scatter_{mode}"), verb))
    for mode, verb in (("update", "Sets"), ("add", "Adds to"), ("sub", "Subtracts from"), ("max", "Raises"),
                       ("min", "Lowers")):  # fmt: skip
        setattr(cls, f"scatter_nd_{mode}", _scatter_nd(getattr(_gather, f"scatter_nd_{mode}"), verb))
    cls.batch_scatter_update = _batch_scatter_update
    cls.gather_nd = _gather_nd_method
    cls.sparse_read = _sparse_read
    cls.count_up_to = _count_up_to


