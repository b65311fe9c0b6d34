"""`tf.Tensor`: what the user sees of a tensor handle."""

import itertools

import jax
import numpy as np

from tfcompat._core import device, segment as segments
from tfcompat._core.avals import aval_of
from tfcompat._core.context import state
from tfcompat._core.donation import lend
from tfcompat._core.memory import LARGE, copy_into
from tfcompat._core.reference import Reference
from tfcompat._core.tensor_base import PLAIN, STATIC, TensorHandle, host_value, payload

_NUMPY_HINT = """{kind} object has no attribute '{name}'. 
        If you are looking for numpy-related methods, please run the following:
        tf.experimental.numpy.experimental_enable_numpy_behavior()
      """  # noqa: W291 - the trailing space is in TensorFlow's text, which people match on
_NUMPY_NAMES = frozenset(("T", "astype", "ravel", "transpose", "reshape", "clip", "size", "tolist", "data"))
_ids = itertools.count(1)


class Tensor(TensorHandle):
    """An immutable array of one dtype.

    Its shape and dtype are known at once; its value is computed when somebody reads it (`numpy()`, `print`, `bool`,
    `float`, `np.asarray`). Operators follow TensorFlow's dtype rules: a Python number adopts the tensor's dtype, two
    tensors must agree.
    """

    __slots__ = ()
    __array_priority__ = 100

    # Properties

    @property
    def shape(self):
        """The static shape, a TensorShape."""
        return self._aval.tensor_shape

    @property
    def dtype(self):
        """The DType of the elements."""
        return self._aval.dtype

    @property
    def ndim(self):
        """The number of dimensions."""
        return len(self._aval.shape)

    def get_shape(self):
        """The static shape, a TensorShape."""
        return self._aval.tensor_shape

    def set_shape(self, shape):
        """Checks that the tensor's shape is compatible with `shape`; raises ValueError otherwise."""
        if not self.shape.is_compatible_with(shape):
            wanted = tuple(dtypes_shape(shape))
            raise ValueError(f"Tensor's shape {self._aval.shape} is not compatible with supplied shape {wanted}.")

    @property
    def device(self):
        """Name of the device that holds the value, in TensorFlow's form."""
        return device.name_of(self._value)

    @property
    def backing_device(self):
        """Name of the device that holds the value."""
        return self.device

    @property
    def is_tensor_like(self):
        """True."""
        return True

    def _undefined(name):  # noqa: N805 - makes properties that raise as TensorFlow's do
        def get(self):
            raise AttributeError  # `__getattr__`, which is asked next, says more

        return property(get, doc=f"The {name} in a graph; AttributeError in eager code.")

    name = _undefined("name")
    op = _undefined("op")
    graph = _undefined("graph")
    value_index = _undefined("value_index")
    del _undefined

    def __getattr__(self, name):
        if name in _NUMPY_NAMES:
            raise AttributeError(_NUMPY_HINT.format(kind="EagerTensor", name=name))
        if isinstance(getattr(type(self), name, None), property):
            raise AttributeError(f"Tensor.{name} is undefined when eager execution is enabled.")
        raise AttributeError(f"'tensorflow.python.framework.ops.EagerTensor' object has no attribute '{name}'")

    # Reading the value

    def numpy(self):
        """The value as a NumPy array the caller owns (a NumPy scalar for rank 0)."""
        value = host_value(self)
        if self._aval.shape == ():
            return value.item() if value.dtype == object else value[()]
        if self._aval.nbytes < LARGE or not value.flags.c_contiguous:
            return np.array(value)
        array = np.empty(value.shape, value.dtype)
        copy_into(array, value)
        return array

    def _numpy(self):
        return self.numpy()

    def _shape_tuple(self):
        return self._aval.shape

    def _rank(self):
        return len(self._aval.shape)

    def _num_elements(self):
        return self._aval.size

    @property
    def _id(self):
        known = self.__dict__.get("_unique_id")
        if known is None:
            known = self.__dict__["_unique_id"] = next(_ids)
        return known

    def __array__(self, dtype=None, copy=None):
        value = np.asarray(host_value(self))
        if dtype is not None and value.dtype != dtype:
            return value.astype(dtype)
        if copy:  # `np.array(tensor)`
            return np.array(value)
        view = value.view()  # `np.asarray(tensor)`: the memory stays the tensor's
        view.flags.writeable = False
        return view

    def __buffer__(self, flags):  # Python 3.12 and later: memoryview(tensor)
        return memoryview(self.numpy()).toreadonly()

    def __jax_array__(self):
        value = payload(self)
        if isinstance(value, jax.Array):
            return value
        if value.dtype == object:
            raise TypeError(f"A tensor of dtype {self.dtype.name} cannot become a JAX array.")
        # Large blocks are taken over without a copy: nobody writes into them from now on. An array all the same while
        # JAX is tracing, not a tracer.
        with jax.enable_x64(True), jax.ensure_compile_time_eval():
            array = jax.device_put(lend(value))
        if self._slot != STATIC:
            self._value = array
        return array

    def __dlpack__(self, **kwargs):
        return self.__jax_array__().__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self.__jax_array__().__dlpack_device__()

    def __bool__(self):
        value = host_value(self)
        return bool(value) if value.size else False

    __nonzero__ = __bool__

    def __int__(self):
        return int(self._scalar())

    def __float__(self):
        return float(self._scalar())

    def __complex__(self):
        return complex(self._scalar())

    def _scalar(self):
        value = host_value(self)
        if value.ndim:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        return value

    def __index__(self):
        value = self.numpy()
        if isinstance(value, np.ndarray) and value.ndim:
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        if not hasattr(value, "__index__"):
            raise AttributeError(f"'{_type_name(value)}' object has no attribute '__index__'")
        return value.__index__()

    def __round__(self, *digits):
        return self.__getattr__("astype")

    def __len__(self):
        if not self._aval.shape:
            raise TypeError("Scalar tensor has no `len()`")
        return self._aval.shape[0]

    def __iter__(self):
        if not self._aval.shape:
            raise TypeError("Cannot iterate over a scalar tensor.")
        items = (self[i] for i in range(self._aval.shape[0]))
        sites = state.sites
        return items if sites is None else sites.turns(items)

    def __format__(self, spec):
        value = self.numpy()
        if isinstance(value, np.generic):
            value = value.item()
        return format(value, spec)

    def __repr__(self):
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, {numpy_text(self)}>"

    def __str__(self):
        value = host_value(self)
        text = str(value) if value.dtype != object or value.ndim else str(value.item())
        if "\n" in text:
            text = f"\n{text}"
        return f"tf.Tensor({text}, shape={self.shape}, dtype={self.dtype.name})"

    # Identity

    def __hash__(self):
        raise TypeError("Tensor is unhashable. Instead, use tensor.ref() as the key.")

    def ref(self):
        """A hashable reference to this tensor, for dictionaries and sets."""
        return Reference(self)

    experimental_ref = ref

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        memo[id(self)] = self
        return self

    def __reduce__(self):
        return _unpickle, (self.numpy(),)

    def eval(self, feed_dict=None, session=None):
        """Not available: use `numpy()`. Raises NotImplementedError."""
        raise NotImplementedError("eval is not supported when eager execution is enabled, is .numpy() what you're looking for?")

    def consumers(self):
        """Not available: there is no graph in eager code. Raises NotImplementedError."""
        raise NotImplementedError("Tensor.consumers is undefined when eager execution is enabled.")

    def cpu(self):
        """This tensor's value on the CPU."""
        return self if not isinstance(self._value, jax.Array) else Tensor(self._aval, host_value(self), None, PLAIN)

    def gpu(self, gpu_index=0):
        """This tensor's value on a GPU."""
        try:
            there = jax.devices("gpu")[gpu_index]
        except (RuntimeError, IndexError):
            raise RuntimeError(f"GPU:{gpu_index} unknown device.") from None
        with jax.enable_x64(True):
            return Tensor(self._aval, jax.device_put(payload(self), there), None, PLAIN)


def _type_name(value):
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def dtypes_shape(shape):
    """A shape argument as a list of dimensions."""
    as_list = getattr(shape, "as_list", None)
    return as_list() if as_list is not None else list(shape)


def numpy_text(tensor):
    """`numpy=...` as reprs show it."""
    value = host_value(tensor)
    if value.ndim == 0:
        return f"numpy={value.item()!r}"
    text = repr(np.asarray(value))
    return f"numpy=\n{text}" if "\n" in text else f"numpy={text}"


def _unpickle(value):
    if isinstance(value, bytes):
        array = np.empty((), object)
        array[()] = value
        value = array
    return Tensor(aval_of(value), value, None, PLAIN)


def read_barrier():
    """Computes all that is pending in this thread."""
    if state.segment is not None:
        state.segment.close("read")


segments.set_tensor_class(Tensor)
