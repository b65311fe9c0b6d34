"""Branches, and the contexts in which ops are called.

In eager code a branch is chosen by the value, which is read; in a function it is recorded.
"""

import builtins
import contextlib as _contextlib
import functools as _functools

from tfcompat._array import reshape as _reshape, stack as _stack
from tfcompat._branches import staged_branches as _staged_branches
from tfcompat._cast import cast as _cast
from tfcompat._core import dtypes, errors
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.tensor_base import TensorHandle, host_value
from tfcompat._core.trace import Eager as _Eager
from tfcompat._math import add_n as _add_n
from tfcompat.debugging import Assert as _assert


def executing_eagerly():
    """Whether ops run as they are called: True except while a function is being recorded."""
    return state.trace is None


def inside_function():
    """Whether a function is being recorded."""
    return state.trace is not None


@_contextlib.contextmanager
def init_scope():
    """A context outside all functions and tapes: what is computed in it is not recorded, nor differentiated."""
    with _Eager():
        yield


class _ControlDependencies:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def control_dependencies(control_inputs):
    """A context; eager code runs in program order anyway.

    Args:
      control_inputs: a list of tensors; not looked at.
    """
    if callable(control_inputs):
        control_inputs()
    return _ControlDependencies()


def no_op(name=None):
    """Does nothing."""


def group(*inputs, **kwargs):
    """Does nothing: the operations given have been recorded already.

    Args:
      *inputs: tensors; not looked at.
    """


def tuple(tensors, control_inputs=None, name=None):
    """The tensors, converted, as a list.

    Args:
      tensors: a list of tensors, IndexedSlices and None.
      control_inputs: not looked at.

    Raises:
      ValueError: all entries are None.
    """
    return [None if t is None else convert(t) for t in tensors]


def cond(pred, true_fn=None, false_fn=None, name=None):
    """`true_fn()` if the scalar `pred` is true, else `false_fn()`.

    In a function both are recorded, and the branch is chosen when it runs; they must return the same structure and dtypes.

    Args:
      pred: a Python bool or a scalar tensor, which is read.
      true_fn, false_fn: functions without arguments.

    Raises:
      TypeError: a branch is no function; the branches return different things; `pred` is a Python bool in a function.
    """
    if not callable(true_fn):
        raise TypeError("'true_fn' must be callable.")
    if not callable(false_fn):
        raise TypeError("'false_fn' must be callable.")
    if state.trace is None:
        return true_fn() if bool(convert(pred) if pred is None else pred) else false_fn()
    if isinstance(pred, bool):
        raise TypeError("pred must not be a Python bool", pred)
    pred = pred._read() if hasattr(type(pred), "_read") else convert(pred)
    return _staged_branches(pred, [true_fn, false_fn], True, _predicate)


def _predicate(tensor):
    if tensor._aval.shape not in ((), (1,)):
        raise errors.InvalidArgumentError(
            None, None, f"The second input must be a scalar, but it has shape {list(tensor._aval.shape)}"
        )
    if not tensor._aval.dtype.is_bool:
        raise errors.InvalidArgumentError(
            None, None, f"Input 'pred' passed {tensor.dtype.name} expected bool while building NodeDef"
        )
    return tensor if not tensor._aval.shape else _reshape(tensor, [])


def case(pred_fn_pairs, default=None, exclusive=False, strict=False, name="case"):
    """Calls the function of the first pair whose predicate is true, or `default`.

    Args:
      pred_fn_pairs: list (or dict, with `exclusive`) of pairs of a boolean scalar and a function without arguments.
      default: function for when none is true; without it that is an error.
      exclusive: whether more than one true predicate is an error; otherwise the first one counts.
      strict: accepted.

    Raises:
      TypeError: the pairs are no list of pairs, or hold something else than a boolean tensor and a function.
      InvalidArgumentError: no predicate is true, or more than one with `exclusive`.
      ValueError: there are no pairs; eager code gives a dict without `exclusive`.
    """
    if isinstance(pred_fn_pairs, dict):
        if not exclusive and state.trace is None:
            raise ValueError("Unordered dictionaries are not supported for the 'pred_fn_pairs' argument when `exclusive=False` "
                             "and eager mode is enabled.")  # fmt: skip
        pairs = list(pred_fn_pairs.items())
    elif isinstance(pred_fn_pairs, (list, builtins.tuple)):
        pairs = list(pred_fn_pairs)
    else:
        raise TypeError(f"'pred_fn_pairs' must be a list, tuple, or dict. Received: {type(pred_fn_pairs)}")
    if not pairs:
        raise ValueError("not enough values to unpack (expected 2, got 0)")
    for pair in pairs:
        if not isinstance(pair, builtins.tuple) or len(pair) != 2:
            raise TypeError(f"Each entry in 'pred_fn_pairs' must be a 2-tuple. Received {pair}.")
        if not isinstance(pair[0], TensorHandle):
            raise TypeError(f"pred must be a Tensor, got: {pair[0]}")
        if pair[0].dtype is not dtypes.bool:
            raise TypeError(f"pred must be Tensor of type bool: {pair[0].name}")
        if not callable(pair[1]):
            raise TypeError(f"fn for pred {pair[0].name} must be callable.")
    preds = [p for p, _ in pairs]
    functions = [function for _, function in pairs]
    if exclusive:
        _assert(
            _sum(preds) < 2, ["Input error: exclusive=True: more than 1 conditions evaluated as True:", _stack(preds)]
        )
    if default is None:
        last = functions.pop()

        def default():
            _assert(_sum(preds) > 0, ["Input error: None of conditions evaluated as True:", _stack(preds)])
            return last()

    chosen = default
    for pred, function in reversed(list(zip(preds, functions, strict=False))):
        chosen = _functools.partial(cond, pred, function, chosen)
    return chosen()


def _sum(preds):
    return _add_n([_cast(_reshape(p, []), "int32") for p in preds])


def switch_case(branch_index, branch_fns, default=None, name="switch_case"):
    """Calls the function number `branch_index`; where there is none of that number, `default`, or the last one.

    Args:
      branch_index: an int32 scalar.
      branch_fns: list of functions without arguments, or dict (or list of pairs) from numbers to functions.
      default: function for other numbers.

    Raises:
      TypeError: `branch_index` is no tensor of integers; something else than functions.
      ValueError: numbers of a dict that are not unique or not of int.
    """
    if not isinstance(branch_index, TensorHandle):
        raise TypeError(f"'branch_index' must be a Tensor, got {type(branch_index)}")
    if not branch_index.dtype.is_integer:
        raise TypeError(f"'branch_index' must be an integer Tensor, got {branch_index.dtype}")
    table = _table(branch_fns)
    last = default if default is not None else table[max(table)]
    if state.trace is None:
        value = int(host_value(branch_index))
        return table.get(value, last)()
    count = len(table) + (default is not None)
    functions = [table.get(i, last) for i in builtins.range(count)]
    return _staged_branches(branch_index, functions, False, _branch_index)


def _branch_index(index):
    if index._aval.dtype is not dtypes.int32:
        raise TypeError(f"Input 'branch_index' of 'StatelessCase' Op has type {index.dtype.name} that does not match expected "
                        "type of int32.")  # fmt: skip
    return index


def _table(branch_fns):
    if isinstance(branch_fns, dict):
        pairs = list(branch_fns.items())
    elif builtins.all(callable(f) for f in branch_fns):
        pairs = list(enumerate(branch_fns))
    else:
        pairs = list(branch_fns)
    if not pairs:
        raise ValueError("Must provide at least one item in 'branch_fns'")
    for pair in pairs:
        if not isinstance(pair, builtins.tuple) or len(pair) != 2:
            raise TypeError(f"Each entry in 'branch_fns' must be a 2-tuple. Received {pair}.")
    for key, function in pairs:
        if not isinstance(key, int):
            raise TypeError(f"key must be a Python `int`, got {type(key)}")
        if not callable(function):
            raise TypeError(f"fn for key {key} must be callable.")
    if sorted(key for key, _ in pairs) != list(builtins.range(len(pairs))):
        raise ValueError(f"branch indices (keys) must form contiguous range of [0 to {len(pairs)}) but found "
                         f"{{{','.join(str(key) for key, _ in pairs)}}}")  # fmt: skip
    return dict(pairs)


class _Device:
    def __init__(self, name):
        self._name = name

    def __enter__(self):
        state.devices.append(self._name)

    def __exit__(self, *_):
        state.devices.pop()


def device(device_name):
    """A context for placing operations.

    Placement is soft: what is computed inside runs on JAX's default device, whatever `device_name` says.

    Args:
      device_name: such as "/device:GPU:0".

    Raises:
      RuntimeError: `device_name` is a function.
    """
    if callable(device_name):
        raise RuntimeError("tf.device does not support functions when eager execution is enabled.")
    return _Device(device_name)


def get_current_name_scope():
    """The current name scopes, joined by slashes."""
    return state.name_scopes[-1].rstrip("/") if state.name_scopes else ""
