"""Between tfcompat and JAX: arrays both ways, JAX functions as ops, TensorFlow-style functions as JAX functions.

    tfcompat.interop.to_jax(tensor), from_jax(array)     arrays, without a copy where that is possible
    tfcompat.interop.block_until_ready(tensors)          computes them and waits, to measure how long that takes
    tfcompat.interop.call_jax(function, *tensors)        a JAX function as an op, with gradients of any order
    tfcompat.interop.jax_function(function)              a TensorFlow-style function for jax.jit, grad, vmap

`jax.numpy.asarray` takes tensors and variables (`__jax_array__`; JAX's other functions ask for real arrays), and so do
`numpy.from_dlpack` and other libraries' `from_dlpack`. `tf.convert_to_tensor` takes JAX arrays.
"""

import functools

import jax as _jax
import jax.numpy as _jnp
import numpy as _np

from tfcompat._core import caches as _caches
from tfcompat._core.avals import aval_of as _aval_of
from tfcompat._core.body import Body as _Body
from tfcompat._core.convert import convert as _convert
from tfcompat._core.core_types import TensorType as _TensorType
from tfcompat._core.data_structures import ListWrapper as _ListWrapper, _DictWrapper, _TupleWrapper
from tfcompat._core.draws import DrawCell as _DrawCell
from tfcompat._core.errors import OperatorNotAllowedInGraphError as _NotAllowed
from tfcompat._core.hot import waiting as _waiting
from tfcompat._core.op import Op as _Op, invoke as _invoke
from tfcompat._core.tensor import Tensor as _Tensor
from tfcompat._core.tensor_base import HOST_TYPES as _HOST_TYPES, PLAIN as _PLAIN, payload as _payload
from tfcompat._core.trace import Trace as _Trace, ValueDependent as _ValueDependent
from tfcompat._core.waits import wait_for as _wait_for

_NOT_NUMERIC = "tfcompat.interop: JAX has no arrays of dtype {dtype} (strings and resources live on the host only)."
_TRACER = (
    "tfcompat.interop.from_jax: {value} is being traced by JAX (inside jax.jit, grad or vmap) and has no value. Make the "
    "function that uses tf with tfcompat.interop.jax_function, and pass it the traced array."
)
_KEY = "tfcompat.interop.from_jax: {value} is an array of random keys; pass jax.random.key_data of it."
_DELETED = "tfcompat.interop.from_jax: the array was deleted, probably because it was donated to a JAX function."
_READ = (
    "{name}: the value of a tensor is needed while the function is recorded for JAX (inside jax.jit, grad or vmap), where "
    "values are not known. print, numpy(), float(), `if tensor:`, Python loops over values and ops whose output shape "
    "depends on values need one. Use tf.where or tf.cond in place of `if`, or decorate the function with tf.function, pass numbers that steer Python code as Python numbers by "
    "functools.partial, or call the function outside of JAX's transformations."
)
_WRITTEN = (
    "{name}: the function assigns to the variable {variable!r}, and a JAX function has no side effects. Give "
    "jax_function(function, variables=[...]): then it takes the variables' values and returns the new ones."
)


# Arrays


def to_jax(structure):
    """The JAX arrays of the tensors in a structure; a tensor on its own is a structure, too.

    What a device holds already, and what lies on the host in large blocks, is not copied.

    Args:
      structure: tensors, variables, arrays and Python numbers (which become tensors first), nested in any pytree.

    Returns:
      The same structure of `jax.Array`s, dtypes unchanged (64-bit ones too).

    Raises:
      TypeError: for tensors of strings, and leaves that are no data.
    """
    return _jax.tree.map(lambda leaf: _tensor(leaf).__jax_array__(), _plain(structure))


def from_jax(structure):
    """Tensors that hold the JAX arrays of a pytree, without a copy.

    Args:
      structure: JAX arrays, nested in any pytree; NumPy arrays are copied.

    Returns:
      The same structure of tensors; they stay where the arrays are.

    Raises:
      TypeError: for arrays that JAX is tracing, and for random keys.
      RuntimeError: for arrays that have been deleted.
    """
    return _jax.tree.map(_from_one, structure)


@_waiting
def block_until_ready(structure):
    """Computes the tensors in a structure and waits until they are there, as `jax.block_until_ready` does for arrays.

    Nothing is copied.

    Args:
      structure: tensors and variables nested in any pytree; all else in it is left alone.

    Returns:
      The structure.

    Raises:
      What computing one of the tensors raises.
    """
    for tensor in _tensors(structure):
        value = _payload(tensor)
        if type(value) not in _HOST_TYPES:
            _wait_for(value)
    return structure


def _tensors(structure):
    """What is a tensor in a structure, or has the value of one."""
    if type(structure) is _Tensor:
        return [structure]
    leaves = [leaf for leaf in _jax.tree.leaves(_plain(structure)) if isinstance(leaf, _TensorType)]
    return [leaf if type(leaf) is _Tensor else _convert(leaf) for leaf in leaves]


def _from_one(leaf):
    if isinstance(leaf, _jax.core.Tracer):
        raise TypeError(_TRACER.format(value=leaf))
    if not isinstance(leaf, _jax.Array):
        return _tensor(leaf)
    if _jnp.issubdtype(leaf.dtype, _jax.dtypes.extended):
        raise TypeError(_KEY.format(value=leaf))
    if leaf.is_deleted():
        raise RuntimeError(_DELETED)
    return _Tensor(_aval_of(leaf), leaf, None, _PLAIN)


def _plain(structure):
    """The structure with the lists and dicts that `tf.Module` wraps as plain ones, which JAX knows."""
    kind = type(structure)
    if kind in (list, tuple) or isinstance(structure, (_ListWrapper, _TupleWrapper)):
        made = [_plain(part) for part in structure]
        return tuple(made) if kind is tuple or isinstance(structure, _TupleWrapper) else made
    if kind is dict or isinstance(structure, _DictWrapper):
        return {key: _plain(value) for key, value in structure.items()}
    return structure


def _tensor(leaf):
    tensor = _convert(leaf)
    if tensor._aval.np_dtype.hasobject:
        raise TypeError(_NOT_NUMERIC.format(dtype=tensor.dtype.name))
    return tensor


# JAX functions as ops


class _Operation:
    """A JAX function with one structure of arguments, as an op."""

    def __init__(self, function, tree, x64):
        self.function = function
        self.tree = tree
        self.x64 = x64
        self.result = None  # the structure of what it returns, known once it has been traced
        self.op = _Op(f"call_jax({getattr(function, '__name__', function)})", self.body, single=False, static=False)

    def body(self, *arrays):
        args, kwargs = _jax.tree.unflatten(self.tree, arrays)
        wide = any(a.dtype.itemsize == 8 and a.dtype.kind in "iuf" or a.dtype == _np.complex128 for a in arrays)
        try:
            # The engine traces with 64-bit types; what the function makes is of the types that the user's JAX has.
            with _jax.enable_x64(wide or self.x64):
                leaves, self.result = _jax.tree.flatten(self.function(*args, **kwargs))
                return [_jnp.asarray(leaf) for leaf in leaves]
        except Exception as error:
            error.from_tfcompat = True  # the user's own error: not to be taken for one about shapes
            raise


_operations = _caches.Bounded(512)


def call_jax(function, *args, **kwargs):
    """Calls a JAX function on tensors, as an op: it is recorded, compiled with what is around it, and differentiable.

    The function is traced once for each structure, dtypes and shapes of its arguments, as by `jax.jit`: what it reads
    from outside is fixed then, and it must not depend on values in Python. Traces are kept by the function's identity,
    so define it once; a lambda made in a loop is traced each time.

    Args:
      function: takes JAX arrays in the structure of the arguments, returns a pytree of arrays. It may use jit, vmap,
        grad, custom_vjp, lax control flow.
      *args, **kwargs: tensors, variables, arrays and numbers, nested in any pytree; all become arrays.

    Returns:
      What `function` returns, of tensors. Gradients flow to floating arguments, at any order.

    Raises:
      TypeError: for arguments that are no data, tensors of strings, and results that are no arrays.
    """
    leaves, tree = _jax.tree.flatten((_plain(args), _plain(kwargs)))
    tensors = [_readable(leaf) for leaf in leaves]
    key = function, tree, bool(_jax.config.jax_enable_x64)
    try:
        operation = _operations.get(key)
        if operation is None:
            operation = _operations[key] = _Operation(*key)
    except TypeError:  # a function that cannot be hashed
        operation = _Operation(*key)
    results = _invoke(operation.op, tensors)
    return _jax.tree.unflatten(operation.result, results)


def _readable(leaf):
    read = getattr(type(leaf), "_read", None)
    return _tensor(leaf if read is None else read(leaf))  # reading a variable lets tapes see it


# TensorFlow-style functions for JAX


def jax_function(function, variables=None):
    """A function written with tf as a pure JAX function, for `jax.jit`, `jax.grad`, `jax.vmap` and the like.

    Under a transformation the function is recorded on symbolic tensors, as by `tf.function` (but without AutoGraph:
    decorate it with `tf.function` for that), each time JAX traces it, and what was recorded is evaluated on JAX's tracers.
    Its derivatives are TensorFlow's, in reverse mode; forward mode (jax.jvp, jacfwd, hessian) stops at ops that have
    derivatives of their own, relu for instance: use jax.jacrev of jax.grad for second ones. Called on plain arrays it just runs, and may read values.

    In a JAX without 64-bit types, arguments and results of 64 bits become 32-bit ones, as everywhere in such a JAX.

    Variables that it reads are constants: inside `jax.jit` they keep the value of the moment of tracing. To
    differentiate with regard to variables, or to assign to them, list them in `variables`.

    Args:
      function: takes tensors where the JAX function gets arrays, and everything else as it is; returns a structure of
        tensors, arrays and numbers.
      variables: None, or a list of tf.Variables that are arguments and results of the JAX function.

    Returns:
      A function `f(*args, **kwargs)` from and to pytrees of arrays. With `variables` it is
      `f(values, *args, **kwargs) -> (result, new values)`, where `values` is the list of the variables' values. The
      variables themselves are left as they are.

    Raises:
      TypeError: (the returned function) where a value is needed while JAX is tracing.
      ValueError: (the returned function) where another variable is assigned to, or `values` do not match `variables`.
    """
    name = f"tfcompat.interop.jax_function({getattr(function, '__name__', function)})"
    cells = None if variables is None else [v._cell for v in variables]

    @functools.wraps(function)
    def pure(*args, **kwargs):
        values = []
        if cells is not None:
            values, *args = args
            _check_values(name, variables, values)
        leaves, tree = _jax.tree.flatten((tuple(args), kwargs))
        traced = any(isinstance(leaf, _jax.core.Tracer) for leaf in (*leaves, *values))
        run = _recorded if traced else _eager
        result, new = run(name, function, leaves, tree, cells or [], list(values))
        return result if cells is None else (result, new)

    return pure


def _check_values(name, variables, values):
    if len(values) != len(variables):
        raise ValueError(f"{name}: {len(values)} values for {len(variables)} variables.")
    for variable, value in zip(variables, values, strict=True):
        dtype, shape = _jax.dtypes.canonicalize_dtype(_jnp.result_type(value)), _np.shape(value)
        if shape != variable._cell._tensor._aval.shape or dtype != _jax.dtypes.canonicalize_dtype(variable.dtype.np):
            raise ValueError(
                f"{name}: the value for {variable.name!r} is {dtype}{list(shape)}, the variable "
                f"{variable.dtype.name}{variable.shape.as_list()}."
            )


def _is_array(leaf):
    return isinstance(leaf, (_jax.Array, _np.ndarray))


def _outputs(result):
    """(tensors, structure) of what the function returned."""
    leaves, tree = _jax.tree.flatten(_plain(result))
    return [_readable(leaf) for leaf in leaves], tree


def _recorded(name, function, leaves, tree, cells, values):
    trace, given, inputs = _Trace(name), {}, []
    for leaf in leaves:
        if _is_array(leaf):
            given[len(trace.leaves)] = array = _narrowed(_jnp.asarray(leaf))
            leaf = trace.placeholder(_aval_of(array))
        inputs.append(leaf)
    args, kwargs = _jax.tree.unflatten(tree, inputs)
    try:
        with _jax.ensure_compile_time_eval(), trace:  # what has a value is computed, although JAX is tracing
            outs, structure = _outputs(function(*args, **kwargs))
            new = [trace.cells[cell] if cell in trace.written else trace.read(cell) for cell in cells]
    except (_ValueDependent, _NotAllowed) as error:
        raise TypeError(_READ.format(name=name)) from error
    except (AttributeError, TypeError, NotImplementedError) as error:
        if "symbolic" in str(error).lower():
            raise TypeError(_READ.format(name=name)) from error
        raise
    for cell in trace.written:
        if cell not in cells and type(cell) is not _DrawCell:
            raise ValueError(_WRITTEN.format(name=name, variable=_name(cell)))
    of_cells = dict(zip(cells, values, strict=True))
    given.update({k: of_cells.get(cell, cell.eager) for cell, k in trace.cell_leaves.items()})
    body = _Body(trace, [*outs, *new])
    arrays = [given[k] if k in given else trace.leaves[k] for k in body.input_leaves]
    arrays = [a.__jax_array__() if isinstance(a, _Tensor) else a for a in arrays]
    arrays, consts = [_narrowed(a) for a in arrays], [_narrowed(_jnp.asarray(c)) for c in body.consts]
    with _jax.enable_x64(True):
        body.consts = [_jax.lax.convert_element_type(a, c.dtype) for a, c in zip(consts, body.consts, strict=True)]
        wide = [_jax.lax.convert_element_type(a, v.np_dtype) for a, v in zip(arrays, body.input_avals, strict=True)]
        results = body.run(*wide, ruled=True)[: len(body.outputs)]
    results = [_narrowed(result) for result in results]
    return _jax.tree.unflatten(structure, results[: len(outs)]), results[len(outs) :]


def _narrowed(array):
    """The array in the dtype that it has in the user's JAX: without its 64-bit types a 32-bit one; never weakly typed."""
    return _jax.lax.convert_element_type(array, _jax.dtypes.canonicalize_dtype(array.dtype))


def _eager(name, function, leaves, tree, cells, values):
    inputs = [_from_one(leaf) if _is_array(leaf) else leaf for leaf in leaves]
    held = [cell._tensor for cell in cells]
    for cell, value in zip(cells, values, strict=True):
        cell._tensor = _convert(_np.asarray(value), cell._tensor.dtype)
    try:
        args, kwargs = _jax.tree.unflatten(tree, inputs)
        outs, structure = _outputs(function(*args, **kwargs))
        new = [_narrowed(to_jax(cell._tensor)) for cell in cells]
    finally:
        for cell, tensor in zip(cells, held, strict=True):
            cell._tensor = tensor
    return _jax.tree.unflatten(structure, [_narrowed(a) for a in to_jax(outs)]), new


def _name(cell):
    variable = cell.variable() if cell.variable is not None else None
    return "?" if variable is None else variable.name


__all__ = ["block_until_ready", "call_jax", "from_jax", "jax_function", "to_jax"]
