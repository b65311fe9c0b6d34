"""What converted code calls in place of `if`, `while`, `for`, `and`, `or`, `not`, conditional expressions and asserts.

On Python values they do what Python does; on tensors of a function being recorded they record branches and loops.
"""

from malt.operators import variables as malt_variables

from tfcompat import _control, _elementwise
from tfcompat._array import reshape
from tfcompat._branches import Branches, taken
from tfcompat._core import nest
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.core_types import TensorType
from tfcompat._core.shapes import TensorShape
from tfcompat._core.sizes import holds_unknown
from tfcompat._core.tensor_base import TensorHandle
from tfcompat._core.trace import ValueDependent
from tfcompat._creation import shape
from tfcompat._loop_variables import Slot, is_data, probe, staged_loop
from tfcompat._tensor_array import TensorArray
from tfcompat.autograph._builtins import NO_LENGTH, Enumerated, LazyRange

Undefined, UndefinedReturn = malt_variables.Undefined, malt_variables.UndefinedReturnValue

_RETURN_IN_LOOP = (
    "a return statement cannot be placed inside this TensorFlow loop; this may happen if a return statement depends on a "
    "static Python condition such as a hyperparameter"
)
_CHANGED = (
    "The condition of while loop started as non-Tensor, then changed to Tensor. This may happen either because variables "
    "changed type, or when a break or return statement inside the loop depends on a Tensor condition. In both cases, changing "
    "to a TF loop should remove the error.\nSee https://github.com/tensorflow/tensorflow/blob/master/tensorflow/python/"
    "autograph/g3doc/reference/limitations.md#consistency-of-control-flow-types for more info."
)
_CONDITION = (
    "condition of {what} expected to be `tf.bool` scalar, got {value}; {hint}to check for None, use `is not None`"
)


def staged(value):
    """Whether control flow on this value is recorded."""
    return state.trace is not None and isinstance(value, TensorType)


def _scalar(value, what):
    """The condition of a statement as a boolean scalar tensor."""
    tensor = value._read() if hasattr(type(value), "_read") else convert(value)
    if not tensor._aval.dtype.is_bool:
        raise ValueError(_CONDITION.format(what=what, value=tensor, hint="to use as boolean Tensor, use `tf.cast`; "))
    if tensor._aval.shape:
        if tensor._aval.size != 1:
            raise ValueError(_CONDITION.format(what=what, value=tensor, hint=""))
        tensor = reshape(tensor, [])
    return tensor


# Conditionals


def if_stmt(cond, body, orelse, get_state, set_state, symbol_names, nouts):
    """An `if` statement. The first `nouts` of the symbols are its results."""
    if not staged(cond):
        return body() if cond else orelse()
    initial = get_state()

    def branch(function):
        def call():
            set_state(initial)
            function()
            return list(get_state()[:nouts])

        return call

    values = _joined(_scalar(cond, "if statement"), branch(body), branch(orelse), list(symbol_names[:nouts]))
    set_state((*values, *initial[nouts:]))
    return None


def _joined(pred, body, orelse, names):
    """Records both branches. Returns the merged values of the symbols."""
    branches = Branches([body, orelse], ["cond_true", "cond_false"], taken(pred, 2, True))

    def plans(branches):
        rows = zip(names, branches.results[0], branches.results[-1], strict=True)
        return [_merge(name, first, second, branches) for name, first, second in rows]

    return branches.join(lambda: pred, plans)


def _merge(name, first, second, branches):
    """Checks the two values of a symbol and adds their tensors. Returns a function of the results' iterator."""
    for value, where in ((first, "main"), (second, "else")):
        if isinstance(value, Undefined) and not (isinstance(first, Undefined) and isinstance(second, Undefined)):
            raise ValueError(f"'{name}' must also be initialized in the {where} branch")
        if isinstance(value, UndefinedReturn) and not (isinstance(first, UndefinedReturn) and isinstance(second, UndefinedReturn)):
            raise ValueError(f"the {where} branch must also have a return statement.")
    if isinstance(first, (Undefined, UndefinedReturn)):
        return lambda outs: first
    for value, where in ((first, "main"), (second, "else")):
        if value is None and (name == "retval_" or first is not second):
            raise ValueError(f"'{name}' is None at the end of the {where} branch.")
    if first is None:
        return lambda outs: None
    try:
        nest.assert_same_structure(first, second, expand_composites=True)
    except (ValueError, TypeError) as error:
        raise TypeError(
            f"'{name}' must have the same nested structure in the main and else branches:\n\n{error}"
        ) from None

    def complain(a, b):
        raise TypeError(
            f"'{name}' has dtype {a.dtype.name} in the main branch, but dtype {b.dtype.name} in the else branch"
        )

    parts = []
    for a, b in zip(
        nest.flatten(first, expand_composites=True), nest.flatten(second, expand_composites=True), strict=True
    ):
        if all(is_data(v) or isinstance(v, TensorArray) for v in (a, b)):
            parts.append(branches.add([a, b][: len(branches.traces)], complain))
        elif a is b or type(a) is type(b) and not isinstance(a, (TensorType, TensorArray)) and a == b:
            parts.append(lambda outs, a=a: a)
        else:
            raise TypeError(
                f"'{name}' has different values that are no tensors in the main and else branches: {a!r}, {b!r}"
            )
    return lambda outs: nest.pack_sequence_as(first, [part(outs) for part in parts], expand_composites=True)


def if_exp(cond, if_true, if_false, expr_repr):
    """A conditional expression."""
    if not staged(cond):
        return if_true() if cond else if_false()
    return _control.cond(cond, if_true, if_false)


def and_(a, b):
    """`a and b`; both are functions without arguments."""
    first = a()
    if not staged(first):
        return first and b()
    return _logical(first, b, lambda: first)


def or_(a, b):
    """`a or b`."""
    first = a()
    if not staged(first):
        return first or b()
    return _logical(first, lambda: first, b)


def _logical(first, if_true, if_false):
    return _control.cond(first, if_true, if_false)


def not_(a):
    """`not a`."""
    return _elementwise.logical_not(a) if isinstance(a, TensorType) and state.trace is not None else not a


def eq(a, b):
    return a == b


def not_eq(a, b):
    return a != b


def assert_stmt(condition, message):
    """An `assert` statement, where its conversion is asked for."""
    if staged(condition):
        from tfcompat.debugging import Assert

        text = message()
        return Assert(condition, list(text) if isinstance(text, tuple) else [text])
    assert condition, message()
    return None


# Loops


class _Variable(Slot):
    """A variable of a loop statement."""

    @staticmethod
    def wrong_structure(name, error):
        raise TypeError(
            f"'{name}' does not have the same nested structure after one iteration.\n\n{error}"
        ) from None


def _initial(get_state):
    """(values before the loop, numbers of those without one)."""
    initial = list(get_state())
    undefined = []
    for i, value in enumerate(initial):
        if isinstance(value, UndefinedReturn):
            raise NotImplementedError(_RETURN_IN_LOOP)
        if value is None or isinstance(value, Undefined):
            undefined.append(i)
    return initial, undefined


def _invariants(initial, opts):
    """For each variable whether its shape may change."""
    pairs = opts.get("shape_invariants") or ()
    found = [None] * len(initial)
    for value, given in pairs:
        for i, v in enumerate(initial):
            if v is value:
                found[i] = given
    return found


def while_stmt(test, body, get_state, set_state, symbol_names, opts):
    """A `while` statement."""
    if state.trace is None:
        while test():
            body()
        return
    initial = get_state()
    first = probe(test)
    set_state(initial)
    if not isinstance(first, TensorType):
        going = test()
        while True:
            if isinstance(going, TensorType):
                raise NotImplementedError(_CHANGED)
            if not going:
                return
            body()
            going = test()
    initial, undefined = _initial(get_state)
    before = tuple(initial)

    def step(index, slices, values):
        set_state(tuple(values))
        body()
        return list(get_state())

    def going(values):
        set_state(tuple(values))
        return _scalar(test(), "while loop")

    after, _ = staged_loop(
        initial, step, going, limit=_limit(opts), names=symbol_names, undefined=undefined,
        invariants=_invariants(before, opts), slot=_Variable,
    )  # fmt: skip
    set_state(tuple(after))


def _limit(opts):
    limit = opts.get("maximum_iterations")
    if limit is None:
        return None
    tensor = convert(limit)
    if tensor._value is None:
        raise ValueDependent("maximum_iterations is not known.")
    return int(tensor._value)


def for_stmt(iter_, extra_test, body, get_state, set_state, symbol_names, opts):
    """A `for` statement."""
    if state.trace is not None:
        if isinstance(iter_, LazyRange):
            return _for_range(iter_, extra_test, body, get_state, set_state, symbol_names, opts)
        if isinstance(iter_, (TensorType, Enumerated)) and not isinstance(iter_, TensorArray):
            return _for_tensor(iter_, extra_test, body, get_state, set_state, symbol_names, opts)
        if hasattr(type(iter_), "_recorded_source"):  # data sets
            return _for_elements(iter_, extra_test, body, get_state, set_state, symbol_names, opts)
        if isinstance(iter_, TensorArray):
            return _for_tensor(iter_.stack(), extra_test, body, get_state, set_state, symbol_names, opts)
    if extra_test is None:
        for item in iter_:
            body(item)
        return None
    if not _python_test(extra_test):
        return None
    for item in iter_:
        body(item)
        if not _python_test(extra_test):
            break
    return None


def _python_test(extra_test):
    going = extra_test()
    if staged(going):
        raise NotImplementedError(
            "break and return statements which depend on a TF condition are not supported in Python for loops. Did you intend "
            "to make it a TF loop?\nSee https://github.com/tensorflow/tensorflow/blob/master/tensorflow/python/autograph/"
            "g3doc/reference/limitations.md#consistency-of-control-flow-types for more info."
        )
    return going


def _for_tensor(iter_, extra_test, body, get_state, set_state, symbol_names, opts):
    values = iter_.values if isinstance(iter_, Enumerated) else iter_
    tensor = values if isinstance(values, TensorHandle) else values._read()
    if not tensor._aval.shape:
        raise ValueError(NO_LENGTH)
    length = tensor._aval.shape[0]
    initial, undefined = _initial(get_state)
    limit = _limit(opts)
    before = tuple(initial)
    counted = _counted(tensor)

    def item(index, element):
        if isinstance(iter_, Enumerated):
            return (index + iter_.start, element)
        return element

    unknown = holds_unknown((length,))
    if extra_test is None and not (unknown and limit is not None):
        if limit is not None:
            length = min(length, limit)
            tensor = tensor[:length]

        def step(index, slices, inside):
            set_state(tuple(inside))
            body(item(index, index if counted else slices[0]))
            return list(get_state())

        after, _ = staged_loop(initial, step, length=length, sequences=[] if counted else [tensor], names=symbol_names,
                               undefined=undefined, invariants=_invariants(before, opts), slot=_Variable)  # fmt: skip
        set_state(tuple(after))
        return

    def guarded(index, slices, inside):
        set_state(tuple(inside))
        body(item(index, index if counted else tensor[index]))
        return list(get_state())

    count = shape(tensor)[0] if unknown else length
    if limit is not None:
        count = _elementwise.minimum(count, limit) if unknown else min(length, limit)
    _until(initial, undefined, guarded, count, extra_test, get_state, set_state,
           symbol_names, _invariants(before, opts))  # fmt: skip


def _counted(tensor):
    """Whether the tensor is 0, 1, 2, ...: then the loop's counter is its element."""
    import numpy as np

    if tensor._value is None or len(tensor._aval.shape) != 1 or tensor._aval.np_dtype != np.int32:
        return False
    values = np.asarray(tensor._value)
    return bool(np.array_equal(values, np.arange(len(values))))


def _until(initial, undefined, body, length, extra_test, get_state, set_state, names, invariants):
    """A loop that ends after `length` iterations (an int or a tensor), or when `extra_test` is false."""
    counter = convert(0)

    def step(index, slices, values):
        *own, n = values
        return [*body(n, slices, own), n + 1]

    def going(values):
        *own, n = values
        set_state(tuple(own))
        inside = n < length
        return inside if extra_test is None else _elementwise.logical_and(inside, _scalar(extra_test(), "while loop"))

    after, _ = staged_loop([*initial, counter], step, going, names=[*names, "iterations"], undefined=undefined,
                           invariants=[*invariants, None], slot=_Variable)  # fmt: skip
    set_state(tuple(after[:-1]))


def _for_elements(iter_, extra_test, body, get_state, set_state, symbol_names, opts):
    initial, undefined = _initial(get_state)
    for i in undefined:
        fault = "is not allowed to be None before the loop" if initial[i] is None else "must be defined before the loop"
        raise ValueError(f"'{symbol_names[i]}' {fault}")
    given = _invariants(tuple(initial), opts)
    invariants = [TensorShape(None) if s is None else s for s in given]  # any shape may change here
    source, pack = iter_._recorded_source()

    def step(index, parts, values):
        set_state(tuple(values))
        body(pack(list(parts)))
        return list(get_state())

    def going(values):
        set_state(tuple(values))
        return _scalar(extra_test(), "while loop")

    after, _ = staged_loop(initial, step, None if extra_test is None else going, names=symbol_names,
                           invariants=invariants, slot=_Variable, source=source, name="for")  # fmt: skip
    set_state(tuple(after))


def _for_range(iter_, extra_test, body, get_state, set_state, symbol_names, opts):
    initial, undefined = _initial(get_state)
    before = tuple(initial)
    start, limit, delta = iter_.start, iter_.limit, iter_.delta
    value = convert(start)

    def step(index, slices, values):
        *own, i = values
        set_state(tuple(own))
        body(i)
        return [*get_state(), i + delta]

    def going(values):
        *own, i = values
        set_state(tuple(own))
        if delta._value is not None:
            inside = i < limit if delta._value > 0 else i > limit
        else:
            inside = _elementwise.logical_or(
                _elementwise.logical_and(delta > 0, i < limit), _elementwise.logical_and(delta < 0, i > limit)
            )
        return inside if extra_test is None else _elementwise.logical_and(inside, _scalar(extra_test(), "while loop"))

    after, _ = staged_loop([*initial, value], step, going, limit=_limit(opts), names=[*symbol_names, "iterate"],
                           undefined=undefined, invariants=[*_invariants(before, opts), None], slot=_Variable)  # fmt: skip
    set_state(tuple(after[:-1]))


OPERATORS = {
    "if_stmt": if_stmt, "while_stmt": while_stmt, "for_stmt": for_stmt, "if_exp": if_exp, "and_": and_, "or_": or_,
    "not_": not_, "eq": eq, "not_eq": not_eq, "assert_stmt": assert_stmt,
}  # fmt: skip
