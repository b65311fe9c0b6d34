"""`tf.TensorArray`: a list of tensors in eager code, one buffer in recorded functions."""

import operator

import jax
import jax.numpy as jnp

from tfcompat import _array, _gather, _split
from tfcompat._core import dtypes, errors, shapes
from tfcompat._core.avals import aval, shape_text
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.op import Check, Data, Int, T, op
from tfcompat._core.sizes import holds_unknown
from tfcompat._core.tensor_base import TensorHandle, host_value, size_value
from tfcompat._core.trace import ValueDependent, value_of
from tfcompat._creation import shape as shape_of, zeros
from tfcompat._elementwise import maximum
from tfcompat._reductions import reduce_max

_Index = Data("I", dtypes.int32)

_RANGE = Check(
    bad=lambda input_handle, index, item: (index < 0) | (index >= input_handle.shape[0]),
    message=lambda input_handle, index, item: (
        f"Trying to modify element {index} in a list with {input_handle.shape[0]} elements."
    ),
)
_READ_RANGE = Check(
    bad=lambda input_handle, index: (index < 0) | (index >= input_handle.shape[0]),
    message=lambda input_handle, index: (
        f"Trying to access element {index} in a list with {input_handle.shape[0]} elements."
    ),
)
_START = Check(
    bad=lambda input_handle, index, item: index < 0,
    message=lambda input_handle, index, item: f"Trying to modify element {index} in a list with {input_handle.shape[0]} elements.",
)
_COUNTED_RANGE = Check(
    bad=lambda input_handle, index, count: (index < 0) | (index >= count),
    message=lambda input_handle, index, count: f"Trying to access element {index} in a list with {count} elements.",
)


@op("TensorListSetItem", static=False, inplace=0, check=_RANGE)
def _set_item(input_handle: T, index: _Index, item: T):
    if 0 in input_handle.shape[:1]:  # in a loop that never runs, else refused
        return input_handle
    return jax.lax.dynamic_update_index_in_dim(input_handle, item, index.astype(jnp.int32), 0)


@op("TensorListGetItem", static=False, check=_READ_RANGE)
def _get_item(input_handle: T, index: _Index):
    if 0 in input_handle.shape[:1]:  # likewise
        return jnp.sum(input_handle, 0, dtype=input_handle.dtype)
    return jax.lax.dynamic_index_in_dim(input_handle, index.astype(jnp.int32), 0, keepdims=False)


@op("TensorListSetItem", static=False, inplace=0, check=_START)
def _put_item(input_handle: T, index: _Index, item: T):
    """The same where there is room for it. Where there is none the loop around runs again, with more (branching.py)."""
    if 0 in input_handle.shape[:1]:
        return input_handle
    index = index.astype(jnp.int32)
    old = jax.lax.dynamic_index_in_dim(input_handle, index, 0, keepdims=False)
    item = jnp.where(index < input_handle.shape[0], item, old)
    return jax.lax.dynamic_update_index_in_dim(input_handle, item, index, 0)


@op("TensorListGetItem", static=False, check=_COUNTED_RANGE)
def _get_counted_item(input_handle: T, index: _Index, count: _Index):
    if 0 in input_handle.shape[:1]:
        return jnp.sum(input_handle, 0, dtype=input_handle.dtype)
    item = jax.lax.dynamic_index_in_dim(input_handle, index.astype(jnp.int32), 0, keepdims=False)
    return jnp.where(index < input_handle.shape[0], item, jnp.zeros_like(item))


@op("TensorListStack", static=False)
def _rows(input_handle: T, count: Int):
    more = count - input_handle.shape[0]  # negative mostly
    return jax.lax.pad(input_handle, jnp.zeros((), input_handle.dtype), [(0, more, 0)] + [(0, 0, 0)] * (input_handle.ndim - 1))


def _int32(value, name, kernel):
    """The tensor of int32 that an op takes as `name`, while recording.

    Raises:
      TypeError: Python data that are no ints, or a tensor of another dtype. ValueError: None.
    """
    if value is None:
        raise ValueError(f"Tried to convert '{name}' to a tensor and failed. Error: None values not supported.")
    if hasattr(type(value), "_read"):
        value = value._read()
    if not isinstance(value, TensorHandle):
        try:
            value = convert(value, dtypes.int32)
        except (TypeError, ValueError) as error:
            raise TypeError(f"Expected int32 passed to parameter '{name}' of op '{kernel}', got {value!r} of type "
                            f"'{type(value).__name__}' instead. Error: {error}") from None  # fmt: skip
    if value.dtype is not dtypes.int32:
        raise TypeError(f"Input '{name}' of '{kernel}' Op has type {value.dtype.name} that does not match expected type of int32.")
    return value


class TensorArray:
    """An array of tensors of one dtype that are written and read one by one.

    Args:
      dtype: dtype of the elements.
      size: number of elements.
      dynamic_size: whether a write beyond the end makes it longer.
      clear_after_read: eager code: an element can be read once only; default True.
      infer_shape: whether all elements have to have the shape of the first one.
      element_shape: shape of the elements, where it is known.

    Differs from TensorFlow: in a function all elements have one shape.

    In a function the elements are the rows of one tensor. Of an array of dynamic size that is `_counted`, there may be more
    rows than elements.
    """

    def __init__(self, dtype, size=None, dynamic_size=None, clear_after_read=None, tensor_array_name=None, handle=None,
                 flow=None, infer_shape=True, element_shape=None, colocate_with_first_write_call=True, name=None):  # fmt: skip
        self._dtype = dtypes.as_dtype(dtype)
        self._dynamic = dynamic_size if state.trace is not None else bool(dynamic_size)
        self._clear = clear_after_read is None or bool(clear_after_read)
        self._infer = infer_shape
        self._element = shapes.TensorShape(element_shape)
        self._buffer = self._late = None
        self._pieces = None  # elements of different shapes, while recording
        self._count = None  # tensor that counts the elements, where it takes values to know how many there are
        self._slot = None  # of a loop's variable, inside of its body
        self._recorded = state.trace is not None
        if self._recorded:
            if size is None:
                raise ValueError("Argument `size` must be provided if argument `flow` is not provided.")
            self._size = int(size_value(_int32(size, "num_elements", "TensorListReserve")))
            if self._element.is_fully_defined() and self._size:
                self._buffer = zeros([self._size, *self._element.as_list()], self._dtype)
        else:
            if size is None:
                raise ValueError("Size must be declared for TensorArrays when eager execution is enabled.")
            self._items = [None] * operator.index(_of_list(size))
            self._read = set()

    # Copies and parts, for functions

    def _copy(self):
        made = TensorArray.__new__(TensorArray)
        made.__dict__.update(self.__dict__)
        return made

    def _with(self, buffer, count=None):
        made = self._copy()
        made._buffer, made._late, made._pieces = buffer, None, None
        made._size, made._count = buffer._aval.shape[0], count
        return made

    def _parts(self):
        return [] if self._buffer is None else [self._buffer]

    def _ensure(self, element):
        """The buffer, made now if there is none; `element` is the aval of what is written first."""
        if self._buffer is None:
            if self._late is not None:
                self._buffer = self._late.materialise(element)
            elif self._slot is not None:
                self._count, self._buffer = self._slot.counted(), self._slot.rows(element)
            else:
                self._buffer = zeros([self._size, *element.shape], self._dtype)
        return self._buffer

    def _element_aval(self):
        """The aval of the elements, where it is known; else None."""
        if self._buffer is not None:
            a = self._buffer._aval
            return aval(a.shape[1:], a.np_dtype)
        if self._element.is_fully_defined():
            return aval(tuple(self._element.as_list()), self._dtype.np)
        return None if self._slot is None else self._slot.value._element_aval()

    def _elements(self):
        """How many elements there are, a scalar tensor."""
        if self._slot is not None:
            inside = self._slot.counted()
            if self._buffer is None and self._count is None:
                self._count = inside
        if self._count is not None:
            return self._count
        if holds_unknown((self._size,)):
            return shape_of(self._buffer if self._buffer is not None else zeros([self._size]))[0]
        return convert(self._size)

    def _grown(self, size):
        """An array like this one that is at least `size` long."""
        made = self._copy()
        if made._size < size:
            if made._buffer is not None:
                made._buffer = _lengthened(made._buffer, size - made._size)
            made._size = size
        return made

    @property
    def dtype(self):
        """The dtype of the elements."""
        return self._dtype

    @property
    def dynamic_size(self):
        """Whether it grows."""
        return self._dynamic

    @property
    def element_shape(self):
        """The shape of the elements, as far as it is known."""
        if self._recorded and self._buffer is not None:
            return shapes.TensorShape(self._buffer._aval.shape[1:])
        return self._element

    @property
    def flow(self):
        """A scalar; here without meaning."""
        return convert(0.0)

    @property
    def handle(self):
        """None: there are no resource handles."""
        return None

    def identity(self):
        """The same array."""
        return self._copy() if self._recorded else self

    def grad(self, source, flow=None, name=None):
        """Not available: use a GradientTape. Raises NotImplementedError."""
        raise NotImplementedError("TensorArray.grad is not supported in TensorFlow 2: use tf.GradientTape.")

    def accepted(self, value):
        """The value as an element: a tensor of the array's dtype, of a shape that fits.

        Raises:
          InvalidArgumentError: another dtype.
          ValueError: another shape.
        """
        value = self._item(value)
        self._fits(value)
        return value

    def _item(self, value):
        value = convert(value, None, self._dtype)
        if value._aval.dtype is not self._dtype:
            text = f"TensorArray dtype is {self._dtype.name} but Op is trying to write dtype {value._aval.dtype.name} "
            if self._recorded:
                text = (f"Invalid data types; op elements {dtypes.c_name(value._aval.dtype)} but list elements "
                        f"{dtypes.c_name(self._dtype)}")  # fmt: skip
            raise errors.InvalidArgumentError(None, None, text)
        return value

    def _fits(self, value):
        shape = shapes.TensorShape(value._aval.shape)
        if not self._element.is_compatible_with(shape):
            raise ValueError(
                f"Incompatible shape for value ({shape}), expected ({self._element})" if not self._recorded else
                f"Inconsistent shapes: saw {shape} but expected {self._element}"
            )
        if self._infer and self._element.rank is None and not self._recorded:
            self._element = shape

    def write(self, index, value, name=None):
        """An array like this one with `value` at `index`.

        Raises:
          OutOfRangeError, InvalidArgumentError: the index lies outside (eager code, functions).
        """
        value = self.accepted(value)
        if not self._recorded:
            self._eager_write(_of_list(index), value)
            return self
        index = _int32(index, "index", "TensorListSetItem")
        if self._pieces is not None:
            raise ValueDependent("The elements of a TensorArray have different shapes.")
        if not self._dynamic:
            buffer = self._copy()._ensure(value._aval)
            self._agrees(buffer, value)
            return self._with(_set_item(buffer, index, value))
        made = self._with_room(index, value._aval)
        buffer = made._ensure(value._aval)
        self._agrees(buffer, value)
        if made._count is None:
            return made._with(_set_item(buffer, index, value))
        return made._with(_put_item(buffer, index, value), maximum(made._count, index + 1))

    def _agrees(self, buffer, value):
        if buffer._aval.shape[1:] != value._aval.shape:
            if not self._infer:
                raise ValueDependent("The elements of a TensorArray have different shapes.")
            expected = shapes.TensorShape(buffer._aval.shape[1:])
            raise ValueError(f"Inconsistent shapes: saw {value.shape} but expected {expected}")

    def _with_room(self, index, element):
        """A dynamic array in which elements of the aval `element` can be written up to `index`."""
        known = _known(index)
        end = known + 1 if known is not None and known >= 0 else None
        if self._slot is not None:  # the loop sees to it that there is room
            return self._slot.to_write(self, element, index, end)
        if end is not None and not holds_unknown((self._size,)):
            if self._count is None:
                return self._grown(end)
            if end <= self._size:
                return self
        made = self._copy()
        made._count = self._elements()
        buffer = made._ensure(element)
        return made._with(_lengthened(buffer, int(size_value(maximum(index + 1 - shape_of(buffer)[0], 0)))), made._count)

    def _eager_write(self, index, value):
        if index < 0:
            raise errors.OutOfRangeError(None, None, f"Writing to negative indices (index {int(index)}) is not allowed.")
        if index >= len(self._items):
            if not self._dynamic:
                raise errors.OutOfRangeError(
                    None, None, f"Tried to write to index {int(index)} but array is not resizeable and size is: {len(self._items)} "
                )
            self._items += [None] * (index + 1 - len(self._items))
        self._items[index] = value
        self._read.discard(int(index))

    def read(self, index, name=None):
        """The element at `index`."""
        if not self._recorded:
            return self._eager_read(_of_list(index))
        index = _int32(index, "index", "TensorListGetItem")
        if self._pieces is not None:
            if index._value is None:
                raise ValueDependent("The elements of a TensorArray have different shapes.")
            return self._pieces[int(host_value(index))]
        buffer = self._filled()
        return _get_item(buffer, index) if self._count is None else _get_counted_item(buffer, index, self._count)

    def _filled(self):
        """The buffer of an array that is read."""
        if self._pieces is not None:
            raise errors.InvalidArgumentError(None, None, "Tried to stack a list whose elements have different shapes.")
        if self._buffer is None:
            element = self._element_aval()
            if self._slot is not None and element is not None:
                return self._ensure(element)
            if element is None:
                raise errors.InvalidArgumentError(
                    None, None, "Trying to read an uninitialized tensor but element_shape is not fully defined: "
                    f"{self._element} and no list element is set.",
                )  # fmt: skip
            return zeros([self._size, *self._element.as_list()], self._dtype)
        return self._buffer

    def _filled_rows(self):
        """The elements of an array that is read as a whole, as rows of a tensor."""
        buffer = self._filled()
        if self._slot is not None:
            self._slot.counted()
        return buffer if self._count is None else _rows(buffer, int(size_value(self._count)))

    def _eager_read(self, index):
        if index < 0:
            raise errors.OutOfRangeError(None, None, f"Reading from negative indices (index {int(index)}) is not allowed.")
        if index >= len(self._items):
            raise errors.OutOfRangeError(
                None, None, f"Tried to read from index {int(index)} but array size is: {len(self._items)} "
            )
        value = self._items[index]
        index = int(index)
        if value is None:
            if index in self._read:
                raise errors.InvalidArgumentError(
                    None, None, f"Could not read index {index} twice because it was cleared after a previous read (perhaps "
                    "try setting clear_after_read = false?)",
                )  # fmt: skip
            value = self._zero()
        if self._clear:
            self._items[index] = None
            self._read.add(index)
        return value

    def _zero(self):
        return zeros(self._element, self._dtype)

    def _all(self):
        """The elements of eager code, zeros where nothing was written."""
        missing = [i for i, v in enumerate(self._items) if v is None]
        if missing and not self._element.is_fully_defined():
            known = next((v for v in self._items if v is not None), None)
            if known is not None:
                self._element = shapes.TensorShape(known._aval.shape)
        return [self._zero() if v is None else v for v in self._items]

    def stack(self, name=None):
        """All elements, stacked along a new first dimension."""
        if self._recorded:
            return _array.identity(self._filled_rows())
        items = self._all()
        if not items:
            return zeros([0, *self._element.as_list()] if self._element.rank is not None else [0], self._dtype)
        return _array.stack(items)

    def gather(self, indices, name=None):
        """The elements at `indices`, stacked."""
        if self._recorded:
            return _gather.gather(self._filled_rows(), _array.reshape(_int32(indices, "indices", "TensorListGather"), [-1]))
        items = [self._items[i] for i in _of_list(indices)]
        return _array.stack([self._zero() if item is None else item for item in items])

    def concat(self, name=None):
        """All elements, concatenated along their first dimension."""
        if self._recorded:
            if self._pieces is not None:
                return _array.concat(self._pieces, 0)
            rows = self._filled_rows()
            shape = rows._aval.shape
            if len(shape) < 2:
                raise errors.InvalidArgumentError(
                    None, None, "Concat requires elements to be at least vectors, found scalars instead."
                )
            return _array.reshape(rows, [shape[0] * shape[1], *shape[2:]])
        return _array.concat(self._all(), 0)

    def unstack(self, value, name=None):
        """An array whose elements are the slices of `value` along its first dimension."""
        value = self._item(value)
        if not value._aval.shape:
            raise (
                errors.InvalidArgumentError(None, None, "Tensor must be at least a vector, but saw shape: []")
                if self._recorded
                else ValueError("Argument `axis` = 0 not in range [0, 0)")
            )
        if self._recorded:
            if not self._dynamic and self._late is None and value._aval.shape[0] != self._size:
                raise errors.InvalidArgumentError(
                    None, None, f"Operation expected a list with {self._size} elements but got a list with "
                    f"{value._aval.shape[0]} elements.",
                )  # fmt: skip
            return self._with(_array.identity(value))
        items = _split.unstack(value)
        if len(items) > len(self._items) and not self._dynamic:
            raise ValueError(f"Cannot unstack {len(items)} tensors into a TensorArray of static size {len(self._items)} ")
        self._items = items
        self._read = set()
        return self

    def scatter(self, indices, value, name=None):
        """An array with the slices of `value` written at `indices`."""
        value = self._item(value)
        if not self._recorded:
            for i, item in zip(_of_list(indices), _split.unstack(value), strict=False):
                self.write(i, item)
            return self
        indices = _int32(indices, "indices", "TensorListScatterIntoExistingList")
        if len(indices._aval.shape) != 1:
            raise ValueError(f"Shape must be rank 1 but is rank {len(indices._aval.shape)}")
        if indices._value is None:
            element = aval(value._aval.shape[1:], value._aval.np_dtype)
            made = self
            if self._dynamic:
                made = self._with_room(reduce_max(indices), element)
            buffer = made._ensure(element)
            count = None if made._count is None else maximum(made._count, reduce_max(indices) + 1)
            return made._with(_gather.tensor_scatter_nd_update(buffer, _array.expand_dims(indices, -1), value), count)
        made = self
        for i, item in zip(host_value(indices), _split.unstack(value), strict=True):
            made = made.write(int(i), item)
        return made

    def split(self, value, lengths, name=None):
        """An array whose elements are pieces of `value` of the given lengths."""
        value = self._item(value)
        lengths = host_value(convert(lengths))
        if lengths.ndim != 1:
            raise errors.InvalidArgumentError(
                None, None, f"Expected lengths to be a vector, received shape: {list(lengths.shape)}"
            )
        if not value._aval.shape:
            raise errors.InvalidArgumentError(None, None, "Expected value to be at least a vector, but received shape: []")
        lengths = [int(n) for n in lengths]
        if sum(lengths) != value._aval.shape[0]:
            raise errors.InvalidArgumentError(
                None, None, "Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
                f"{sum(lengths)} and value's shape is: {shape_text(value._aval.shape)}",
            )  # fmt: skip
        pieces = _split.split(value, lengths, 0)
        if not self._recorded:
            if not self._dynamic and len(lengths) != len(self._items):
                raise errors.InvalidArgumentError(
                    None, None, f"TensorArray's size is not equal to the size of lengths ({len(self._items)} vs. {len(lengths)}), "
                    "and the TensorArray is not marked as dynamically resizeable.",
                )  # fmt: skip
            self._items, self._read = list(pieces), set()
            return self
        if len({p._aval.shape for p in pieces}) == 1:
            return self._with(_array.stack(pieces))
        made = self._copy()
        made._pieces = pieces
        return made

    def size(self, name=None):
        """The number of elements."""
        return self._elements() if self._recorded else convert(len(self._items))

    def close(self, name=None):
        """Forgets the elements."""
        if not self._recorded:
            self._items = []


def _of_list(index):
    """What an index of eager code is to a list, which takes it or refuses it: a tensor's value, anything else as it is."""
    return host_value(index)[()] if isinstance(index, TensorHandle) else index


def _known(index):
    """The number that an index is known to be, else None."""
    value = index._value if index._value is not None else value_of(index)
    if value is None or holds_unknown((int(value),)):
        return None
    return int(host_value(index))


def _lengthened(buffer, more):
    """The buffer with `more` rows of zeros."""
    return _array.concat([buffer, zeros([more, *buffer._aval.shape[1:]], buffer._aval.dtype)], 0)


def bound_of(index):
    """One more than the largest value of a loop's counter, where the loop's length is known; else None."""
    trace = index._seg
    bounds = getattr(trace, "bounds", None)
    return None if bounds is None else bounds.get(index._slot)
