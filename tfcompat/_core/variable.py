"""`tf.Variable`: a cell that holds its current Tensor. Assigning binds another one; nothing is written in place here.

(The engine writes in place where nobody can see the difference: donation in compiled programs, and the interpreter's
sliced assigns into arrays that nobody else holds.)
"""

import enum
import itertools
import weakref

import numpy as np

from tfcompat._core import dtypes, shapes, trace as traces
from tfcompat._core.avals import shape_text
from tfcompat._core.context import paused, state
from tfcompat._core.convert import convert, variable_types
from tfcompat._core.core_types import TensorType
from tfcompat._core.creators import Creatable
from tfcompat._core.failures import cells
from tfcompat._core.op import T, invoke, op
from tfcompat._core.reference import Reference
from tfcompat._core.refusals import unfit
from tfcompat._core.tensor import Tensor, numpy_text
from tfcompat._core.tensor_base import PLAIN, gids, host_value, payload, settled
from tfcompat._core.trackable import Trackable

_ids = itertools.count()
_NUMBERS = (
    *(dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128),
    *(dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64),
    *(dtypes.uint8, dtypes.uint16, dtypes.uint32, dtypes.uint64),
)
_NOT_RESTORED = (
    "Received incompatible tensor with shape {given} when attempting to restore variable with shape {own} and name {name}."
)


class VariableSynchronization(enum.Enum):
    """When distributed variables are synchronised; accepted, one process has nothing to synchronise."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How values of replicas are combined; accepted, one replica has nothing to combine."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


VariableAggregation.__name__ = "VariableAggregationV2"


def _exact_shape(kernel, value, delta):
    if value.shape != delta.shape:
        raise unfit(
            f"Cannot update variable with shape {shape_text(value.shape)} using a Tensor with shape "
            f"{shape_text(delta.shape)}, shapes must be equal. [Op:{kernel}] name: "
        )


@op("AssignAddVariableOp", static=False, T=_NUMBERS)
def _assign_add(value: T, delta: T):
    _exact_shape("AssignAddVariableOp", value, delta)
    return value + delta


@op("AssignSubVariableOp", static=False, T=_NUMBERS)
def _assign_sub(value: T, delta: T):
    _exact_shape("AssignSubVariableOp", value, delta)
    return value - delta


class Cell:
    """What variable objects share: the current tensor, the identity on tapes, in which segment it was written."""

    __slots__ = ("__weakref__", "before", "gid", "held", "lease", "trainable", "variable", "written")

    def __init__(self, tensor, trainable):
        self.held = tensor  # what it holds outside of functions; for all but the lease: `eager`
        self.lease = None  # where the tensor's array is, if a function's plan has it
        self.gid = next(gids)
        self.trainable = trainable
        self.written = 0
        self.variable = None
        self.before = None  # weak reference to the tensor before the current segment's first write
        cells.add(self)

    @property
    def eager(self):
        """What it holds outside of functions."""
        if self.lease is not None:
            self.lease.end()
        return self.held

    @eager.setter
    def eager(self, tensor):
        if self.lease is not None:
            self.lease.end()
        self.held = tensor

    @property
    def _tensor(self):
        """The current tensor: inside a function being recorded, the one at this point of the recording."""
        trace = state.context.trace
        return self.eager if trace is None else trace.read(self)

    @_tensor.setter
    def _tensor(self, tensor):
        trace = state.context.trace
        if trace is None:
            self.eager = tensor
        else:
            trace.write(self, tensor)

    def read(self):
        """The current tensor, noted on the active tapes."""
        context = state.context
        if self.lease is not None:
            self.lease.end()
        tensor = self.held if context.trace is None else context.trace.read(self)
        if context.tapes:
            gid = tensor._gid
            for tape in context.tapes:
                if gid not in tape._variables:  # as the tensor's own, or as one of the variables that were read before
                    tape._variable_read(self, tensor)
        if context.accumulators:
            for accumulator in context.accumulators:
                accumulator._variable_read(self, tensor)
        return tensor

    def before_write(self):
        """Closes the segment before a second write outside tapes: a loop's body is a segment of its own."""
        context = state.context
        segment = context.segment
        for tape in context.tapes:  # a write is an access, too
            tape._variable_read(self, self._tensor)
        if self.written == segment.serial and not context.tapes and not segment.symbolic:
            segment.close("second write")

    def bind(self, tensor):
        """Makes `tensor`, which nobody else may hold as a variable's, the current value."""
        context = state.context
        segment = context.segment
        if segment.symbolic:
            segment.write(self, tensor)
            return
        if self.written == segment.serial and not context.tapes and tensor._seg is not segment:
            segment.close("second write")
        old = self.eager
        if segment.flags or segment.unchecked is not None:  # a failure may have to take it back
            segment.writes.append((len(segment.specs), weakref.ref(self), old, tensor))
        if self.written != segment.serial:
            self.before = weakref.ref(old)
        self.eager = tensor
        self.written = segment.serial
        if segment.watcher is not None:
            segment.watcher.wrote(self.variable(), tensor)


class Variable(Trackable, TensorType, metaclass=Creatable):
    """A value that programs change.

    Args:
      initial_value: a Tensor or what converts to one, or a function without arguments that returns it.
      trainable: whether a GradientTape watches it by default. Default True.
      validate_shape: False: the shape may change with each assign.
      caching_device, variable_def, import_scope, synchronization, aggregation: accepted; they have no effect on one
        device.
      name: name of the variable; need not be unique.
      dtype: the dtype to convert `initial_value` to.
      constraint: function that optimizers apply to the value after an update.
      shape: the static shape; may have unknown dimensions, which assigns may then change.

    Raises:
      ValueError: no initial value, or one that does not fit `shape`.
    """

    __array_priority__ = 100

    def __init__(self, initial_value=None, trainable=None, validate_shape=True, caching_device=None, name=None,
                 variable_def=None, dtype=None, import_scope=None, constraint=None,
                 synchronization=VariableSynchronization.AUTO, aggregation=VariableAggregation.NONE, shape=None,
                 experimental_enable_variable_lifting=True):  # fmt: skip
        if initial_value is None:
            raise ValueError(
                "The `initial_value` arg to `tf.Variable` must be specified except when you are not providing a "
                "`variable_def`. You provided neither."
            )
        if constraint is not None and not callable(constraint):
            raise ValueError(f"Argument `constraint` must be None or a callable. a callable. Got a {type(constraint)}:  {constraint}")
        dtype = None if dtype is None else dtypes.as_dtype(dtype)
        recording = state.trace is not None
        if recording:
            traces.note_variable(self)
        try:
            if recording:
                initial_value, tensor = _outside(initial_value, dtype)
            else:
                initial_value = _called(initial_value)
                tensor = convert(initial_value, dtype)
        except ValueError as error:
            if str(error).startswith("Tensor conversion requested"):
                raise ValueError(f"initial_value: {error}") from None
            raise
        own = tensor._aval.tensor_shape
        if shape is None:
            static = own if validate_shape else shapes.TensorShape(None)
        else:
            static = shapes.TensorShape(shape)
            if not static.is_compatible_with(own):
                raise ValueError(
                    f"In this `tf.Variable` creation, the initial value's shape ({tuple(own.as_list())}) is not compatible "
                    f"with the explicitly supplied `shape` argument ({shape})."
                )
        if name is not None and not isinstance(name, str):
            raise ValueError("name for name_scope must be a string.")
        for what, given, kinds in (("synchronization", synchronization, VariableSynchronization),
                                   ("aggregation", aggregation, VariableAggregation)):  # fmt: skip
            if given is not None and given not in kinds._value2member_map_ and not isinstance(given, enum.Enum):
                raise ValueError(f"Invalid variable {what} mode: {given} for variable: {name}")
        full = (state.name_scopes[-1] if state.name_scopes else "") + ("Variable" if name is None else name)
        self._shape = static
        self._known = static.is_fully_defined()
        self._dtype = tensor._aval.dtype
        self._handle_name = f"{full}:0"
        self._shared_name = full
        self._constraint = constraint
        self._synchronization = synchronization
        self._aggregation = aggregation if aggregation is not None else VariableAggregation.NONE
        self._trainable = True if trainable is None else bool(trainable)
        if synchronization is VariableSynchronization.ON_READ and trainable is None:
            self._trainable = False
        self._cell = Cell(_twin(tensor) if recording else own_handle(tensor, initial_value), self._trainable)
        self._cell.variable = weakref.ref(self)
        self._unique_id = f"{full}_{next(_ids)}"

    # Reading

    def _read(self):
        """The current tensor, noted on the active tapes."""
        return self._cell.read()

    def value(self):
        """A Tensor with the current value; later assigns do not change it."""
        return _copy_of(self._read())

    def read_value(self):
        """A Tensor with the current value; later assigns do not change it."""
        return _copy_of(self._read())

    def read_value_no_copy(self):
        """The current tensor itself."""
        return self._read()

    def numpy(self):
        """The current value as a NumPy array the caller owns (a NumPy scalar for rank 0)."""
        if state.trace is not None:
            raise NotImplementedError("numpy() is only available when eager execution is enabled.")
        return self._cell._tensor.numpy()

    def _numpy(self):
        return self._cell._tensor.numpy()

    def __array__(self, dtype=None, copy=None):
        return self._cell._tensor.__array__(dtype, copy=True)

    def __jax_array__(self):
        return self._cell._tensor.__jax_array__()

    def __dlpack__(self, **kwargs):
        return self._cell._tensor.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self._cell._tensor.__dlpack_device__()

    def __bool__(self):
        return bool(self._cell._tensor)

    __nonzero__ = __bool__

    def __int__(self):
        return int(self._cell._tensor)

    def __float__(self):
        return float(self._cell._tensor)

    def __complex__(self):
        return complex(self._cell._tensor)

    def __iter__(self):
        return iter(self._read())

    def __format__(self, spec):
        if spec:
            raise TypeError(f"unsupported format string passed to {type(self).__name__}.__format__")
        return repr(self)

    def is_initialized(self, name=None):
        """A boolean scalar Tensor: True."""
        return convert(True)

    # Properties

    @property
    def shape(self):
        """The static shape, a TensorShape; may have unknown dimensions."""
        return self._shape

    def get_shape(self):
        """The static shape, a TensorShape."""
        return self._shape

    def set_shape(self, shape):
        """Merges `shape` into the static shape; raises ValueError where they disagree."""
        self._shape = self._shape.merge_with(shape)
        self._known = self._shape.is_fully_defined()

    @property
    def dtype(self):
        """The DType of the elements."""
        return self._dtype

    @property
    def name(self):
        """The name given, under the name scopes of the creation, with `:0`."""
        return self._handle_name

    @property
    def trainable(self):
        """Whether a GradientTape watches it by default."""
        return self._trainable

    @property
    def device(self):
        """Name of the device that holds the value."""
        return self._cell._tensor.device

    @property
    def constraint(self):
        """The function that optimizers apply after an update, or None."""
        return self._constraint

    @property
    def synchronization(self):
        """The VariableSynchronization given."""
        return self._synchronization

    @property
    def aggregation(self):
        """The VariableAggregation given."""
        return self._aggregation

    @property
    def initializer(self):
        """None: a variable has its value from the beginning."""
        return None

    @property
    def initial_value(self):
        """Not available in eager code. Raises RuntimeError."""
        raise RuntimeError("This property is not supported when eager execution is enabled.")

    def initialized_value(self):
        """Not available: use `value()`. Raises NotImplementedError."""
        raise NotImplementedError("Variable.initialized_value: use `variable.value()`.")

    @property
    def handle(self):
        """Not available: there are no resource handles. Raises NotImplementedError."""
        raise NotImplementedError("Variable.handle: there are no resource handles here; pass the variable itself.")

    @property
    def op(self):
        """Not available in eager code. Raises AttributeError."""
        raise AttributeError("Tensor.op is undefined when eager execution is enabled.")

    @property
    def graph(self):
        """Not available in eager code. Raises AttributeError."""
        raise AttributeError("Tensor.graph is undefined when eager execution is enabled.")

    def _shape_as_list(self):
        return self._shape.as_list()

    def to_proto(self, export_scope=None):
        """Not available in eager code. Raises RuntimeError."""
        raise RuntimeError("This operation is not supported when eager execution is enabled.")

    # Writing

    def _bind(self, tensor):
        """Makes `tensor`, which nobody else may hold as this variable's, the current value."""
        self._cell.bind(tensor)

    def _before_write(self):
        """Closes the segment before a second write of this variable outside tapes."""
        self._cell.before_write()

    def _set(self, array):
        """Sets a value that is at hand, like `assign`, outside of functions; unlike it, this is no boundary between a loop's rounds."""
        tensor = own_handle(convert(array, self._dtype), array)
        cell = self._cell
        cell.written = None
        cell.bind(tensor)
        cell.written = None  # by no node

    def _result(self, read_value):
        return UnreadVariable(self) if read_value else None

    def assign(self, value, use_locking=False, name=None, read_value=True):
        """Sets the value.

        Args:
          value: Tensor, or what converts to this variable's dtype, of a compatible shape.

        Returns:
          The variable (None with `read_value=False`).

        Raises:
          ValueError: the shape or dtype does not fit.
        """
        self._cell.before_write()
        tensor = convert(value, self._dtype)
        if not (self._shape.is_compatible_with(tensor._aval.tensor_shape)):
            where = f" {self._handle_name}"
            raise ValueError(
                f"Cannot assign value to variable '{where}': Shape mismatch.The variable shape {self._shape}, and the "
                f"assigned value shape {tensor._aval.tensor_shape} are incompatible."
            )
        self._cell.bind(own_handle(tensor, value))
        return self._result(read_value)

    def _delta(self, function, kernel, delta, read_value):
        self._cell.before_write()
        current = self._cell._tensor
        if type(delta) is not Tensor or delta._aval.dtype is not self._dtype:
            delta = convert(delta, self._dtype)
        self._cell.bind(_untaped(function.op, (current, delta)))
        return self._result(read_value)

    def assign_add(self, delta, use_locking=False, name=None, read_value=True):
        """Adds `delta`, of this variable's shape and dtype. Returns the variable (None with `read_value=False`)."""
        return self._delta(_assign_add, "AssignAddVariableOp", delta, read_value)

    def assign_sub(self, delta, use_locking=False, name=None, read_value=True):
        """Subtracts `delta`, of this variable's shape and dtype. Returns the variable."""
        return self._delta(_assign_sub, "AssignSubVariableOp", delta, read_value)

    def _update(self, function, *arguments):
        """Binds `function(current tensor, *arguments)`; no tape sees it."""
        self._before_write()
        context = state.context
        if context.tapes or context.accumulators:
            with paused():
                tensor = function(self._cell._tensor, *arguments)
        else:
            tensor = function(self._cell._tensor, *arguments)
        self._bind(tensor)
        return UnreadVariable(self)

    def _strided_slice_assign(self, *arguments):
        raise NotImplementedError("Variable._strided_slice_assign: use `variable[index].assign(value)`.")

    def load(self, value, session=None):
        """Sets the value (TensorFlow 1 style)."""
        self.assign(value)

    def eval(self, session=None):
        """Not available in eager code: use `numpy()`. Raises RuntimeError."""
        raise RuntimeError("This operation is not supported when eager execution is enabled.")

    @property
    def create(self):
        """Not available in eager code. Raises RuntimeError."""
        raise RuntimeError("This operation is not supported when eager execution is enabled.")

    # Checkpoints

    def _serialize_to_tensors(self):
        return {"VARIABLE_VALUE": self._cell._tensor}

    def _restore_from_tensors(self, restored_tensors):
        tensor = restored_tensors["VARIABLE_VALUE"]
        shape = tensor._aval.tensor_shape
        if not self._shape.is_compatible_with(shape):
            raise ValueError(_NOT_RESTORED.format(given=shape, own=self._shape, name=self._handle_name))
        self.assign(tensor, read_value=False)

    # Identity

    def __hash__(self):
        raise TypeError(f"Variable is unhashable. Instead, use variable.ref() as the key. (Variable: {self!r})")

    def ref(self):
        """A hashable reference to this variable, for dictionaries and sets."""
        return Reference(self)

    experimental_ref = ref

    def __repr__(self):
        value = "" if state.trace is not None else f", {numpy_text(self._cell._tensor)}"
        return f"<tf.Variable '{self._handle_name}' shape={self._shape} dtype={self._dtype.name}{value}>"

    __str__ = __repr__

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        copied = Variable(self.numpy_or_bytes(), self._trainable, dtype=self._dtype, constraint=self._constraint,
                          synchronization=self._synchronization, aggregation=self._aggregation,
                          shape=self._shape, name=self._shared_name)  # fmt: skip
        memo[id(self)] = copied
        return copied

    def numpy_or_bytes(self):
        """The current value as a NumPy array, of strings an object array."""
        return np.array(host_value(self._cell._tensor))

    def __reduce__(self):
        return _rebuild, (self.numpy_or_bytes(), self._trainable, self._shared_name, self._dtype, self._shape.as_list()
                          if self._shape.rank is not None else None)  # fmt: skip

    def __getattr__(self, name):
        if name in ("graph", "op"):
            raise AttributeError(f"Tensor.{name} is undefined when eager execution is enabled.")
        raise AttributeError(f"'ResourceVariable' object has no attribute '{name}'")


def _called(initial_value):
    if callable(initial_value) and not isinstance(initial_value, TensorType):
        initial_value = initial_value()
    return getattr(initial_value, "wrapped_value", initial_value)  # a checkpoint's value


def _outside(initial_value, dtype):
    """The initial value of a variable that is made while recording, computed outside of the function."""
    with traces.Eager():
        value = _called(initial_value)
        if hasattr(type(value), "_read"):
            value = value._read()
        tensor = convert(value, dtype)
    if traces.is_symbolic(tensor):
        tensor = traces.lifted(tensor)
    payload(tensor)
    return value, tensor


class UnreadVariable(Variable):
    """What an assign returns: the same variable."""

    def __init__(self, variable):
        self.__dict__ = variable.__dict__  # shared: they are one variable

    name = property(lambda self: "UnreadVariable", doc="What TensorFlow calls it.")

    def __repr__(self):
        return Variable.__repr__(self).replace(f"'{self._handle_name}'", "'UnreadVariable'", 1)

    __str__ = __repr__


UnreadVariable.__name__ = "_UnreadVariable"
variable_types.update((Variable, UnreadVariable))


def _rebuild(value, trainable, name, dtype, dims):
    return Variable(value, trainable=trainable, name=name, dtype=dtype, shape=dims)


def own_handle(tensor, source):
    """A handle for a variable to hold: `tensor` itself if it was made from plain data just now, else a twin of it."""
    if tensor is not source and not hasattr(type(source), "_read"):
        tensor._slot = PLAIN if tensor._seg is None else tensor._slot
        return tensor
    return state.context.segment.alias(tensor) if tensor._seg is not None else _twin(tensor)


def _twin(tensor):
    value = tensor._value
    return Tensor(tensor._aval, settled(tensor) if value is None else value, None, PLAIN)


@op("ReadVariableOp", static=False, strings=lambda value: value)
def _copy_of(value: T):
    return value


def _of_assigned(g, out, value, start):
    return None, g


@op("ReadVariableOp", grad=_of_assigned, static=False)
def _assigned(value: T, start: T):
    return value


_assigned.op.gradient_only = (1,)
traces.set_assigned(_assigned.op)


def _untaped(declared, ins):
    context = state.context
    if not context.tapes and not context.accumulators:
        return invoke(declared, ins)
    with paused():
        return invoke(declared, ins)
