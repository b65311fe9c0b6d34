"""`SymbolicTensor`: what a tensor is while a function is being recorded."""

import itertools
import weakref

from tfcompat._core import errors, trace as traces
from tfcompat._core.avals import aval
from tfcompat._core.reference import Reference
from tfcompat._core.shapes import TensorShape
from tfcompat._core.sizes import resized
from tfcompat._core.tensor import _NUMPY_HINT, _NUMPY_NAMES, Tensor, dtypes_shape
from tfcompat._core.trace import _SHIFT

_NOT_ALLOWED = (
    "{task} is not allowed. You can attempt the following resolutions to the problem: If you are running in Graph mode, "
    "use Eager execution mode or decorate this function with @tf.function. If you are using AutoGraph, you can try "
    "decorating this function with @tf.function. If that does not work, then you may be using an unsupported feature or "
    "your source code may not be visible to AutoGraph. See https://github.com/tensorflow/tensorflow/blob/master/"
    "tensorflow/python/autograph/g3doc/reference/limitations.md#access-to-source-code for more information."
)
_NO_ARRAY = (
    "Cannot convert a symbolic tf.Tensor ({name}) to a numpy array. This error may indicate that you're trying to pass a "
    "Tensor to a NumPy call, which is not supported."
)
_NO_LENGTH = (
    "len is not well defined for a symbolic Tensor ({name}). Please call `x.shape` rather than `len(x)` for shape "
    "information."
)
_EAGER_ONLY = frozenset(("numpy", "_numpy", "cpu", "gpu", "backing_device", "__index__", "__jax_array__"))
_NODE_NAMES = {"AddV2": "add", "Sub": "sub", "Mul": "mul", "RealDiv": "truediv", "StridedSlice": "strided_slice",
               "FloorDiv": "floordiv", "FloorMod": "mod", "BatchMatMulV2": "MatMul", "Pack": "stack"}  # fmt: skip


class SymbolicTensor(Tensor):
    """A tensor of a function that is being recorded: dtype and shape are known, a value there is none."""

    __slots__ = ()

    def __getattribute__(self, name):
        if name in _EAGER_ONLY:
            raise AttributeError(f"'SymbolicTensor' object has no attribute '{name}'")
        return super().__getattribute__(name)

    def __getattr__(self, name):
        if name in _NUMPY_NAMES:
            raise AttributeError(_NUMPY_HINT.format(kind="SymbolicTensor", name=name))
        raise AttributeError(f"'SymbolicTensor' object has no attribute '{name}'")

    @property
    def name(self):
        """The name of the operation that gives it, and which of its results it is."""
        return tensor_name(self)

    @property
    def op(self):
        """The operation that gives it."""
        return Operation(self._seg, self._slot)

    @property
    def graph(self):
        """The function that is being recorded, as a graph."""
        return self._seg.graph

    @property
    def value_index(self):
        """Which result of its operation it is."""
        return int(tensor_name(self).rpartition(":")[2])

    @property
    def device(self):
        return ""

    @property
    def shape(self):
        """The static shape, a TensorShape."""
        known = self.__dict__.get("_static_shape")
        return self._seg.static_shape(self._aval) if known is None else known  # an unknown shape is false

    def get_shape(self):
        return self.shape

    def set_shape(self, shape):
        """Notes what `shape` says of sizes that are not known; raises ValueError where they are others."""
        wanted = None if shape is None else dtypes_shape(shape) if not isinstance(shape, int) else [shape]
        if wanted is None:
            return
        if self.shape.rank is None:
            self._rank(wanted)
            return
        dims = self.shape.as_list()
        if len(wanted) != len(dims):
            raise ValueError(f"Shapes must be equal rank, but are {len(dims)} and {len(wanted)}")
        for i, (have, want) in enumerate(zip(dims, wanted, strict=True)):
            if want is not None and want != -1 and have is not None and have != want:
                raise ValueError(
                    f"Dimension {i} in both shapes must be equal, but are {have} and {want}. Shapes are "
                    f"{str(dims).replace('None', '?').replace(' ', '')} and "
                    f"{str(list(wanted)).replace('None', '?').replace(' ', '')}."
                )
        if None in dims:
            merged = [want if have is None and want != -1 else have for have, want in zip(dims, wanted, strict=True)]
            self.__dict__["_static_shape"] = TensorShape(merged)

    def _rank(self, wanted):
        """Notes the shape of a tensor of unknown rank: it becomes a result with sizes of its own."""
        shape = self._aval.shape
        if len(wanted) != len(shape):
            error = errors.InvalidArgumentError(None, None, f"A tensor of rank {len(shape)} has no shape {wanted} [Op:EnsureShape]")
            error.final, error.of_rank = True, (-self._slot - _SHIFT, len(wanted))  # the number of a leaf, and its rank
            raise error
        fresh = self._seg.sizes.fresh
        own = resized(self, tuple([fresh() if n is None or n == -1 else n for n in wanted]))
        self.__dict__.pop("_static_shape", None)
        self._aval, self._seg, self._slot, self._gid = own._aval, own._seg, own._slot, own._gid

    def __array__(self, dtype=None, copy=None):
        raise NotImplementedError(_NO_ARRAY.format(name=self.name))

    def __bool__(self):
        raise errors.OperatorNotAllowedInGraphError(_NOT_ALLOWED.format(task="Using a symbolic `tf.Tensor` as a Python `bool`"))

    __nonzero__ = __bool__

    def __iter__(self):
        raise errors.OperatorNotAllowedInGraphError(_NOT_ALLOWED.format(task="Iterating over a symbolic `tf.Tensor`"))

    def __len__(self):
        raise TypeError(_NO_LENGTH.format(name=self.name))

    def __int__(self):
        raise TypeError("int() argument must be a string, a bytes-like object or a real number, not 'SymbolicTensor'")

    def __float__(self):
        raise TypeError("float() argument must be a string or a real number, not 'SymbolicTensor'")

    def __complex__(self):
        raise TypeError("complex() first argument must be a string or a number, not 'SymbolicTensor'")

    def __index__(self):
        raise TypeError("'SymbolicTensor' object cannot be interpreted as an integer")

    def __contains__(self, item):
        raise TypeError("argument of type 'SymbolicTensor' is not iterable")

    def __format__(self, spec):
        if spec:
            raise TypeError("unsupported format string passed to SymbolicTensor.__format__")
        return str(self)

    def __repr__(self):
        return f"<tf.Tensor {self.name!r} shape={self.shape} dtype={self.dtype.name}>"

    def __str__(self):
        shape = self.shape
        text = "" if shape.rank is None else f", shape={shape}"
        return f'Tensor("{self.name}"{text}, dtype={self.dtype.name})'

    def __hash__(self):
        raise TypeError("Tensor is unhashable. Instead, use tensor.ref() as the key.")

    def ref(self):
        """A hashable reference to this tensor, for dictionaries and sets."""
        return Reference(self)

    def __deepcopy__(self, memo):
        raise TypeError("cannot pickle 'SymbolicTensor' object")

    __reduce__ = None

    def eval(self, feed_dict=None, session=None):
        raise ValueError("Cannot evaluate tensor using `eval()`: No default session is registered. Use `with "
                         "sess.as_default()` or pass an explicit session to `eval(session=sess)`")  # fmt: skip

    def consumers(self):
        """The operations that take it as an input."""
        trace, wire = self._seg, self._seg.wire(self)
        return [Operation(trace, slot) for slot, wires in zip(first_slots(trace), trace.wires, strict=True) if wire in wires]


class UnshapedTensor(SymbolicTensor):
    """A result of a Python function that is called by a recorded one, or of branches: of no known shape until `set_shape` says it.

    Where that of a Python function's result is needed before, it is taken for a scalar.
    """

    __slots__ = ()

    @property
    def _aval(self):
        trace, (spec, i) = self._seg, self.__dict__["_result"]
        if not (trace.stageable and hasattr(spec, "guess")):
            raise traces.ValueDependent(f"The shape of {self.name} is known when the function runs; `set_shape` can say it before.")
        trace.stage()
        trace.root().guessed = True
        spec.guess(i)
        self.become(spec.avals[i])
        return spec.avals[i]

    def become(self, known):
        """Makes it an ordinary tensor of the aval `known`."""
        spec, i = self.__dict__.pop("_result")
        spec.shaped(i, known)
        self.__class__ = SymbolicTensor
        self._aval = known

    @property
    def dtype(self):
        """The dtype."""
        spec, i = self.__dict__["_result"]
        return spec.avals[i].dtype

    @property
    def shape(self):
        """The unknown shape."""
        return TensorShape(None)

    def set_shape(self, shape):
        """Says the shape; it becomes an ordinary tensor where the rank is known, and sizes are or may be unknown."""
        shape, trace = TensorShape(shape), self._seg
        if shape.rank is None or not (shape.is_fully_defined() or trace.stageable):
            return
        sizes = shape.as_list() if shape.is_fully_defined() else trace.stage().shape(shape)
        spec, i = self.__dict__["_result"]
        self.become(aval(tuple(sizes), spec.avals[i].np_dtype))


def aval_of_any(tensor):
    """The aval of a tensor; of one without a known shape, that of a scalar."""
    if type(tensor) is not UnshapedTensor:
        return tensor._aval
    spec, i = tensor.__dict__["_result"]
    return spec.avals[i]


def shape_of_any(tensor):
    """The shape of a tensor; None where not even the rank is known."""
    return None if type(tensor) is UnshapedTensor else tensor._aval.shape


def unshaped(tensor, spec, i):
    """Makes result number `i` of a node one of unknown shape."""
    tensor.__dict__["_result"] = spec, i
    tensor.__class__ = UnshapedTensor
    return tensor


class _EagerTensorKind(type):
    def __instancecheck__(cls, value):
        return isinstance(value, Tensor) and not isinstance(value, SymbolicTensor)


class EagerTensor(metaclass=_EagerTensorKind):
    """What tensors outside of functions are instances of, for `isinstance`."""


def first_slots(trace):
    """The number of the first result of each node."""
    return [0, *itertools.accumulate(len(spec.avals) for spec in trace.specs)][: len(trace.specs)]


def node_names(trace):
    """A name for each node: its kernel's, made unique by a number, under the name scope it was recorded in."""
    taken, names = {}, []
    for name in trace.argument_names.values():
        taken[name] = taken.get(name, 0) + 1
    for i, spec in enumerate(trace.specs):
        base = trace.scopes.get(i, "") + _NODE_NAMES.get(spec.name, spec.name)
        n = taken.get(base, 0)
        taken[base] = n + 1
        names.append(f"{base}_{n}" if n else base)
    return names


def tensor_name(tensor):
    trace, slot = tensor._seg, tensor._slot
    if slot < 0:
        return f"{trace.argument_names.get(-slot - _SHIFT, 'Placeholder')}:0"
    for name, start, spec in zip(node_names(trace), first_slots(trace), trace.specs, strict=True):
        if start <= slot < start + len(spec.avals):
            return f"{name}:{slot - start}"
    return "?:0"


class Operation:
    """`tf.Operation`: a node of a function, as listings show it."""

    def __init__(self, trace, slot):
        self._trace = trace if isinstance(trace, traces.Trace) else None
        self._slot = slot
        self._weak = weakref.ref(trace)

    def _node(self):
        trace = self._weak()
        for i, (start, spec) in enumerate(zip(first_slots(trace), trace.specs, strict=True)):
            if start <= self._slot < start + max(1, len(spec.avals)):
                return i, start, spec
        raise ValueError("The operation is no longer there.")

    @property
    def name(self):
        """The operation's name in its graph."""
        if self._slot < 0:
            return self._weak().argument_names.get(-self._slot - _SHIFT, "Placeholder")
        return node_names(self._weak())[self._node()[0]]

    @property
    def type(self):
        """The kernel's name."""
        return "Placeholder" if self._slot < 0 else self._node()[2].name

    @property
    def graph(self):
        """The graph of the function that it is in."""
        return self._weak().graph

    @property
    def outputs(self):
        """The tensors it gives."""
        trace = self._weak()
        if self._slot < 0:
            return [trace.leaves[-self._slot - _SHIFT]]
        _, start, spec = self._node()
        return [SymbolicTensor(a, None, trace, start + k) for k, a in enumerate(spec.avals)]

    @property
    def inputs(self):
        """The tensors it takes."""
        trace = self._weak()
        if self._slot < 0:
            return ()
        i = self._node()[0]
        return tuple([self._tensor(trace, s) for s in trace.wires[i]])

    @staticmethod
    def _tensor(trace, s):
        if s < 0:
            return trace.leaves[~s]
        starts = first_slots(trace)
        for start, spec in zip(starts, trace.specs, strict=True):
            if start <= s < start + len(spec.avals):
                return SymbolicTensor(spec.avals[s - start], None, trace, s)
        raise ValueError("no such result")

    @property
    def device(self):
        """The empty name: JAX places operations."""
        return ""

    def __eq__(self, other):
        return isinstance(other, Operation) and self._weak() is other._weak() and self._slot == other._slot

    def __hash__(self):
        return hash((id(self._weak()), self._slot))

    def __repr__(self):
        return f"<tf.Operation {self.name!r} type={self.type}>"


traces.set_symbolic_class(SymbolicTensor)
