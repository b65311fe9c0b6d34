"""Calls by form: a function that has been called with arguments like these records what it recorded then.

What most functions of the API do in eager code is to convert their arguments, to look at them, and to record one or a few nodes.
Which nodes these are is told by the avals of the tensors among the arguments and by the values of all else. So the second call with
a key of these is rehearsed: the function runs once more in a trace, with placeholders for the tensors, and what it records there is
the form of all later calls with that key. In C (_hot_calls.c, _hot_forms.c) such a call takes a microsecond, whatever the function looks at.

A result that is known without the value of an argument, such as small zeros, is part of the form: each call gives a copy of it.

A function that needs the value of a tensor, reads a variable, draws, or raises has no form, and neither has a call with arguments that
are no Python scalars, dtypes, tensors, variables, or short lists of these. Without the C extension functions are called as they are.
"""

import functools
import inspect
import types

import numpy as np

from tfcompat._core import failures
from tfcompat._core.checks import Flag
from tfcompat._core.convert import variable_types
from tfcompat._core.native import extension
from tfcompat._core.symbolic import SymbolicTensor
from tfcompat._core.tensor import Tensor
from tfcompat._core.trace import Trace


class Unformed(Exception):
    """What a function records is not told by its arguments' key."""


class _VariableStandIn(SymbolicTensor):
    """A placeholder for a variable: some functions record another op for these."""

    __slots__ = ()

    def _read(self):
        return SymbolicTensor(self._aval, None, self._seg, self._slot)


class Rehearsal:
    """One run of a function in a trace of its own.

    Args:
      arguments: of a call, whose tensors placeholders stand for.
    """

    def __init__(self, function, arguments):
        self.trace = trace = Trace(getattr(function, "__name__", "call"))
        arguments = [self.stand_in(value) for value in arguments]
        self.inputs = len(trace.leaves)
        with trace:
            self.result = function(*arguments)

    def stand_in(self, value):
        """A placeholder for a tensor, or a value with placeholders in it."""
        if type(value) in (list, tuple):
            return type(value)([self.stand_in(v) for v in value])
        if type(value) in variable_types:
            tensor = self.trace.placeholder(value._cell.eager._aval)
            return _VariableStandIn(tensor._aval, None, tensor._seg, tensor._slot)
        return self.trace.placeholder(value._aval) if type(value) is Tensor else value

    def form(self):
        """The Form.

        Raises:
          Unformed: there is none.
        """
        trace = self.trace
        if trace.effects or trace.cells or trace.created or trace.places or trace.sizes is not None:
            raise Unformed
        constants = trace.leaves[self.inputs :]
        if not all([t._value is not None and t._seg is None for t in constants]):
            raise Unformed
        if not all([type(flag) is Flag for flag in trace.flags]):
            raise Unformed
        checks = {flag.position for flag in trace.flags if flag.ahead}  # recorded by the ops that they belong to
        registers, nodes, slot, register = {~k: k for k in range(len(trace.leaves))}, [], 0, len(trace.leaves)
        avals = [t._aval for t in trace.leaves]
        for position, (spec, wires) in enumerate(zip(trace.specs, trace.wires, strict=True)):
            if position not in checks:
                if spec.origin is None:
                    raise Unformed
                op, attrs, count = spec.origin
                results = len(spec.avals) - (spec.checked and op.check.bad is None)  # without a verdict
                operands = tuple([registers[s] for s in wires])
                key = (*[avals[r] for r in operands], *attrs)
                nodes.append((op, spec, key, attrs, count, operands, results))
                registers.update({slot + i: register + i for i in range(results)})
                avals += spec.avals[:results]
                register += results
            slot += len(spec.avals)
        outputs, values, kind = [self.result], [], None
        if isinstance(self.result, (list, tuple)):
            outputs, kind = self.result, type(self.result)
            if not (kind in (list, tuple) or hasattr(kind, "_make")):
                raise Unformed
        if not outputs:
            raise Unformed
        numbers = []
        for t in outputs:  # an argument or an operand that is returned would be one tensor for several
            if isinstance(t, Tensor) and t._seg is trace and t._slot >= 0 and t._slot in registers:
                numbers.append(registers[t._slot])
            elif type(t) is Tensor and type(t._value) is np.ndarray and not any([t is c for c in constants]):
                numbers.append(register + len(values))
                values.append(t)  # what is known of a result without a value of an argument
            else:
                raise Unformed
        return extension.form(self.inputs, tuple(constants), tuple(nodes), tuple(values), tuple(numbers), kind)


def learn(function, arguments):
    """The Form of calls with arguments like these, or None."""
    try:
        return Rehearsal(function, arguments).form()
    except Exception:  # noqa: BLE001 - whatever a function raises where there are no values, it has no form
        return None


def by_form(function):
    """Declares a function that may be called by form: what it records depends on the key of its arguments alone."""
    if extension is None:
        return function
    code = function.__code__
    names = () if code.co_flags & inspect.CO_VARARGS else code.co_varnames[: code.co_argcount]
    return named(extension.function(lambda: function, names, names and function.__defaults__ or ()), function)


def named(public, function):
    """A C callable, with the name and the docstring of the function that it stands for."""
    return functools.update_wrapper(public, function, ("__module__", "__name__", "__qualname__", "__doc__"))


def made_by_form(name, names, make, parameters):
    """A function that may be called by form, made when it is called first: at import that would cost 0.2 ms.

    Args:
      names: the globals of the function.
      make: gives it.
      parameters: its `inspect.Parameter`s, all positional.
    """
    if extension is None:
        return lazily_made(name, names, make)
    defaults = [p.default for p in parameters if p.default is not p.empty]
    return extension.function(make, tuple([p.name for p in parameters]), tuple(defaults))


def compiled(name, header, lines, names):
    """The function of a generated text; `names` are its globals."""
    source = f"def {name}({header}):\n" + "".join(f"    {line}\n" for line in lines)
    exec(compile(source, f"<tfcompat op {name}>", "exec"), names)
    return names[name]


def lazily_made(name, names, make):
    """The same without the C extension: it takes the code of the function that is made."""
    public = types.FunctionType(_UNMADE, names, name)

    def first(args, kwargs):
        made = make()
        public.__defaults__ = made.__defaults__
        public.__code__ = made.__code__  # the other threads' calls follow from here on
        try:
            return public(*args, **kwargs)
        except Exception as error:
            raise failures.trimmed(error)  # noqa: B904 - the same error, without the frames of a first call

    names["make"] = first
    return public


_UNMADE = (lambda *args, **kwargs: make(args, kwargs)).__code__  # noqa: F821 - a name of each function's own globals
