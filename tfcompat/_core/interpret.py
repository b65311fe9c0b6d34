"""Jaxprs as straight-line NumPy: what runs cold segments, shape arithmetic and synchronous mode.

`host_function` inlines calls, drops dead equations, folds constants, and writes one line of Python per equation from
the rules in `lax_numpy` and the other `lax_*` files. Three things keep it fast:
broadcasts stay unmaterialised as long as only elementwise equations read them; an elementwise result takes over the
buffer of an operand that dies there; what is updated (`dynamic_update_slice`, scatters) is copied only if something
else may still read it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core as jex

from tfcompat._core import (  # noqa: F401  (most of them fill RULES or STEPS)
    halves,
    lax_indexing,
    lax_linalg,
    lax_loops,
    lax_products,
    lax_random,
    lax_shapes,
    lax_windows,
    plan_steps,
    plan_windows,
)
from tfcompat._core.equations import Equation, Late, Value, dim_text, line_uses_sizes, symbols_of
from tfcompat._core.lax_numpy import NAMES, OPERATORS, RULES, NoHostForm, is_standard, is_static
from tfcompat._core.memory import empty_aligned
from tfcompat._core.plans import plan_of
from tfcompat._core.twins import has_twin

__all__ = ["UNHOSTED", "NoHostForm", "host_function"]

# Primitives that have no host form, by reason.
UNHOSTED = frozenset(
    # communication between devices, and what only means something under a mesh
    "all_gather all_to_all axis_index pmax pmin ppermute psum ragged_all_to_all sharding_constraint"
    # effects, tokens, references
    " after_all create_token get swap empty2 dce_sink stage"
    # decompositions where NumPy's conventions differ from XLA's, and their parts
    " eig eigh hessenberg householder_product schur svd tridiagonal tridiagonal_solve"
    # derivatives and samplers scipy does not have
    " igamma_grad_a random_gamma_grad random_gamma"
    # generators whose bits depend on the platform
    " rng_bit_generator rng_uniform"
    # arbitrary reducers
    " reduce reduce_window select_and_scatter approx_top_k custom_lin call".split()
)

# Calls that are inlined: primitive -> the parameter that holds the callee.
_CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
}
# Results are the operands, one for one.
_IDENTITIES = frozenset("copy copy_p stop_gradient optimization_barrier name device_put".split())
# Results are the operand if shape and dtype stay the same.
_SAME_IF_SAME = frozenset(
    "convert_element_type reshape squeeze expand_dims broadcast_in_dim bitcast_convert_type".split()
)

# Values up to this many elements are computed while preparing when all operands are constants.
_FOLD_LIMIT = 1 << 14
# Results from this many bytes on are freed explicitly, and take over dying buffers.
_LARGE = 1 << 13


class Builder:
    """Writes the body of one host function."""

    def __init__(self, overwrite: Sequence[int], dims: Sequence[str] | None) -> None:
        self.space: dict[str, Any] = dict(NAMES)
        self.head: list[str] = []
        self.lines: list[str] = []
        self.equations: list[Equation] = []
        self.overwrite = frozenset(overwrite)
        self.dims = dims
        self._symbols = [f"d_{name}" for name in dims or ()]
        self.shares = False  # set by a rule whose result may be its operand
        self._bound: dict[Any, str] = {}
        self._sizes: dict[str, str] = {}
        self._count = 0
        self._buffers = 0
        self._writable: set[int] = set()
        self._inputs: dict[int, str] = {}  # writable buffers that belong to arguments
        self._holders: dict[int, list[Value]] = {}
        self._last: dict[int, int] = {}
        self._position = 0

    # Names

    def bind(self, value: Any) -> str:
        """The name under which generated code finds `value`."""
        key = ("dtype", value) if isinstance(value, np.dtype) else id(value)
        name = self._bound.get(key)
        if name is None:
            name = f"k{len(self._bound)}"
            self._bound[key] = name
            self.space[name] = value
        return name

    def fresh(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def line(self, text: str) -> None:
        self.lines.append(text)

    def size(self, dim: Any) -> str:
        """Text of a dimension; a symbolic one is computed once at the head of the function."""
        if is_static(dim):
            return str(int(dim))
        key = str(dim)
        name = self._sizes.get(key)
        if name is None:
            name = self._sizes[key] = f"n{len(self._sizes)}"
            self.head.append(f"{name} = {dim_text(key, self.dims)}")
        return name

    def shape(self, shape: Sequence[Any]) -> str:
        return "(" + "".join(self.size(d) + "," for d in shape) + ")"

    def product(self, dims: Sequence[Any]) -> str:
        if all(map(is_static, dims)):
            return str(math.prod(int(d) for d in dims))
        return " * ".join(self.size(d) for d in dims)

    # Operands

    def operand(self, value: Value, scalar: bool = False) -> str:
        """Text of a value whose broadcast may be pending. `scalar`: constants of rank 0 as NumPy scalars."""
        if value.text is None:
            const = value.const
            if not const.shape and scalar:
                # 40 ns between scalars, 370 between 0-d arrays; but an array with a scalar takes 150 more than with 0-d.
                return self.bind(self._scalar(value))
            value.text = self.bind(const)
        return value.text

    def _scalar(self, value: Value) -> Any:
        key = ("scalar", id(value.const))
        scalar = self._bound.get(key)
        if scalar is None:
            scalar = self._bound[key] = value.const[()]
        return scalar

    def full(self, value: Value) -> str:
        """Text of a value, its broadcast materialised."""
        if value.actual == value.shape:
            return self.operand(value)
        if value.const is not None and _count(value.shape) is not None and _count(value.shape) <= _FOLD_LIMIT:
            value.const = _frozen(np.array(np.broadcast_to(value.const, value.shape), order="C"))
            value.text = None
            value.actual = value.shape
            return self.operand(value)
        name = self.fresh()
        self.line(f"{name} = {self._filled(value)}")
        self._rename(value, name)
        return name

    def _filled(self, value: Value) -> str:
        shape, dtype = self.shape(value.shape), self.bind(value.dtype)
        if value.const is not None and not value.const.any() and value.dtype.kind in "biufc":
            if not np.signbit(value.const.real).any():
                return f"zeros({shape}, {dtype})"
        return f"{self.bind(_filled)}({shape}, {dtype}, {self.operand(value)})"

    def _rename(self, value: Value, name: str) -> None:
        for buffer in value.owners:
            self._holders[buffer].remove(value)
        value.text, value.actual, value.const = name, value.shape, None
        self.own(value)

    def own(self, value: Value) -> None:
        """Note that a value has a buffer of its own."""
        self._buffers += 1
        self._writable.add(self._buffers)
        self._hold(value, frozenset([self._buffers]))

    def _hold(self, value: Value, owners: frozenset[int]) -> None:
        value.owners = owners
        for buffer in owners:
            self._holders.setdefault(buffer, []).append(value)

    def _dies(self, value: Value) -> bool:
        return self._last.get(id(value), -1) <= self._position

    def _free_buffer(self, value: Value) -> int | None:
        """The buffer of `value` if nothing reads it after the present equation and it may be written."""
        if len(value.owners) != 1:
            return None
        (buffer,) = value.owners
        if buffer not in self._writable or not all(map(self._dies, self._holders[buffer])):
            return None
        return buffer

    def writable(self, value: Value, result: Value, read: Sequence[Value] = ()) -> str:
        """Text of an array with the operand's contents that the present equation may write into as its result.

        `read`: other operands that must not lie in the same memory.
        """
        if value.actual != value.shape:
            text = self._filled(value)
        elif (
            value.shape
            and value.const is None
            and (buffer := self._free_buffer(value)) is not None
            and not any(buffer in other.owners for other in read)
        ):
            text = self.operand(value)
            if buffer in self._inputs:
                text = f"{text} if {text}.flags.writeable else array({text})"
            result.text = self.fresh()
            self.line(f"{result.text} = {text}")
            self._hold(result, frozenset([buffer]))
            return result.text
        else:
            text = f"array({self.operand(value)})"
        result.text = self.fresh()
        self.line(f"{result.text} = {text}")
        self.own(result)
        return result.text

    def inner(self, closed: Any) -> str:
        """Text that calls the host function of an inner jaxpr, up to its first argument."""
        name = self.bind(Builder((), self.dims).build(closed))
        return f"{name}(dims, " if self.dims is not None else f"{name}("

    # Inlining

    def constant(self, const: Any, aval: Any) -> Value:
        value = Value(aval)
        if str(aval.dtype) == "key<fry>":
            const = np.ascontiguousarray(jax.random.key_data(const)).view(np.uint64)[..., 0]
        array = np.asarray(const, dtype=value.dtype)
        value.const = _frozen(array)
        return value

    def flatten(self, jaxpr: Any, consts: Sequence[Any], ins: Sequence[Value]) -> list[Value]:
        """Append the equations of `jaxpr`, calls inlined; give its results."""
        env: dict[Any, Value] = dict(zip(jaxpr.invars, ins, strict=True))
        for var, const in zip(jaxpr.constvars, consts, strict=True):
            env[var] = self.constant(const, var.aval)

        def read(atom: Any) -> Value:
            return self.constant(atom.val, atom.aval) if isinstance(atom, jex.Literal) else env[atom]

        for eqn in jaxpr.eqns:
            name, params = eqn.primitive.name, eqn.params
            ins = [read(atom) for atom in eqn.invars]
            if has_twin(eqn):
                outs = [Value(var.aval) for var in eqn.outvars]
                self.equations.append(Equation(params["name"], {}, ins, outs))
            elif name in _CALLS:
                callee = params[_CALLS[name]]
                inner = (callee.jaxpr, callee.consts) if isinstance(callee, jex.ClosedJaxpr) else (callee, ())
                outs = self.flatten(*inner, ins)
            elif name == "custom_linear_solve":
                solve, lengths = params["jaxprs"].solve, params["const_lengths"]
                first = lengths.matvec + lengths.vecmat
                held = ins[first : first + lengths.solve]
                outs = self.flatten(solve.jaxpr, solve.consts, [*held, *ins[sum(lengths) :]])
            elif name in _IDENTITIES:
                outs = ins
            elif name == "max" and _is_lowest(ins[0]) and ins[1].shape == tuple(eqn.outvars[0].aval.shape):
                outs = ins[1:]
            else:
                if eqn.effects:
                    raise NoHostForm(name, "it has effects")
                outs = [Value(var.aval) for var in eqn.outvars]
                if name in _SAME_IF_SAME and _is_identity(name, params, ins[0], outs[0]):
                    outs = ins[:1]
                else:
                    self.equations.append(Equation(name, params, ins, outs))
            env.update(zip(eqn.outvars, outs, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    # Emission

    def build(self, closed: Any, planned: bool = True) -> Callable:
        """The function of a jaxpr; not `planned`: as Python's text."""
        arguments = [Value(var.aval) for var in closed.jaxpr.invars]
        results = self.flatten(closed.jaxpr, closed.consts, arguments)
        return self.finish(arguments, results, (lambda: Builder((), None).build(closed, False)) if planned else None)

    def finish(self, arguments: list[Value], results: list[Value | None], again: Callable | None) -> Callable:
        """The function from `arguments` to `results`; where one of these is None, so is what the function gives.

        again: gives the same as Python's text, for a plan whose arguments are not NumPy's. None: it is that text.
        """
        returned, results = results, [value for value in results if value is not None]
        self._drop_dead(results)
        self.equations = halves.widened(self.equations)
        if again is not None and self.dims is None and not self.overwrite:
            plan = plan_of(arguments, self.equations, returned, InPython(again))
            if plan is not None:
                return plan
        return self._written(arguments, returned, results)

    def _written(self, arguments: list[Value], returned: list[Value | None], results: list[Value]) -> Callable:
        """The function as Python's text."""
        self.equations = lax_shapes.join_kept(self.equations, results)
        for i, value in enumerate(arguments):
            value.text = f"a{i}"
            self.own(value)
            (buffer,) = value.owners
            if i in self.overwrite:
                self._inputs[buffer] = value.text
            else:
                self._writable.discard(buffer)
        for i, equation in enumerate(self.equations):
            for value in equation.ins:
                self._last[id(value)] = i
        for value in results:
            self._last[id(value)] = len(self.equations)
        kept = {id(value) for value in arguments}  # noqa: B020
        for i, equation in enumerate(self.equations):
            self._position = i
            self._emit(equation)
            self._free(equation, kept)
        self._position = len(self.equations)
        texts = ["None" if value is None else self.full(value) for value in returned]
        self.line(f"return ({''.join(text + ', ' for text in texts)})")
        names = [value.text for value in arguments]
        if self.dims is not None:
            names.insert(0, "dims")
            self.head.insert(0, "".join(f"d_{d}, " for d in self.dims) + "= dims" if self.dims else "pass")
        source = f"def host({', '.join(names)}):\n  " + "\n  ".join(self.head + self.lines)
        exec(compile(source, "<host function>", "exec"), self.space)
        host = self.space["host"]
        host.source = source
        return host

    def _drop_dead(self, results: list[Value]) -> None:
        needed = {id(value) for value in results}
        kept = []
        for equation in reversed(self.equations):
            equation.wanted = [id(value) in needed for value in equation.outs]
            if any(equation.wanted):
                needed.update(id(value) for value in equation.ins)
                kept.append(equation)
        self.equations = kept[::-1]

    def _free(self, equation: Equation, kept: set[int]) -> None:
        names = []
        for value in [*equation.ins, *equation.outs]:
            if value.const is None and value.text is not None and id(value) not in kept and self._dies(value):
                size = _count(value.actual)
                if size is None or size * value.dtype.itemsize >= _LARGE:
                    names.append(value.text)
        if names := list(dict.fromkeys(names)):
            self.line(f"del {', '.join(names)}")

    def _emit(self, equation: Equation) -> None:
        entry = RULES.get(equation.name)
        if entry is None:
            raise NoHostForm(equation.name)
        if not (entry.moves or equation.name in halves.IN_TURN):
            for value in (*equation.ins, *equation.outs):
                if not is_standard(value.dtype):
                    raise NoHostForm(equation.name, f"arithmetic in {value.dtype}")
        self.shares = entry.view
        mark = len(self.lines)
        if entry.kind == "elementwise":
            texts = [self._elementwise(entry.make, equation)]
        elif entry.kind == "text":
            texts = entry.make(self, equation)
            if isinstance(texts, str):
                texts = [texts]
        else:
            texts = self._closure(entry.make, equation)
        if texts is None:  # the rule has seen to everything
            return
        outs = equation.outs
        if all(value.const is not None for value in equation.ins) and self._fold(mark, texts, outs):
            return
        names = []
        for value in outs:
            if value.text is None:
                value.text = self.fresh()
            names.append(value.text)
        if len(texts) == len(outs):
            for name, text in zip(names, texts, strict=True):
                if name != text:
                    self.line(f"{name} = {text}")
        else:
            self.line(f"{', '.join(names)} = {texts[0]}")
        owners = frozenset().union(*(value.owners for value in equation.ins)) if self.shares else None
        for value in outs:
            if value.owners:
                continue
            if self.shares:
                self._hold(value, owners)
            else:
                self.own(value)

    def _fold(self, mark: int, texts: list[str], outs: list[Value]) -> bool:
        sizes = [_count(value.actual) for value in outs]
        if None in sizes or sum(sizes) > _FOLD_LIMIT:
            return False
        if any(line_uses_sizes(text) for text in (*texts, *self.lines[mark:])):
            return False
        local: dict[str, Any] = {}
        for text in self.lines[mark:]:
            exec(text, self.space, local)
        del self.lines[mark:]
        values = [eval(text, self.space, local) for text in texts]
        if len(texts) != len(outs):
            (values,) = values
        for value, const in zip(outs, values, strict=True):
            for buffer in value.owners:
                self._holders[buffer].remove(value)
            value.owners = frozenset()
            value.const, value.text = _frozen(np.asarray(const)), None
        return True

    def _elementwise(self, make: Callable, equation: Equation) -> str:
        made = make(self, equation)
        (out,) = equation.outs
        ins = equation.ins
        out.actual = broadcast([value.actual for value in ins])
        scalar = not out.actual
        texts = [self.operand(value, scalar) for value in ins]
        if isinstance(made, str):
            return made.format(*texts)
        if isinstance(made, np.ufunc):
            size = _count(out.actual)
            if size is None or size * out.dtype.itemsize >= _LARGE:
                for value in ins:
                    if value.actual != out.actual or value.dtype != out.dtype or value.const is not None:
                        continue
                    buffer = self._free_buffer(value)
                    if buffer is not None and buffer not in self._inputs and size is not None:
                        self._hold(out, frozenset([buffer]))
                        return f"{self.bind(made)}({', '.join(texts)}, out={value.text})"
            operator = OPERATORS.get(made)
            if operator is not None:
                return operator.format(*texts)
        return f"{self.bind(made)}({', '.join(texts)})"

    def _closure(self, make: Callable, equation: Equation) -> list[str]:
        texts = [self.full(value) for value in equation.ins]
        return self.call(make, equation, texts)

    def call(self, make: Callable, equation: Equation, texts: list[str]) -> list[str]:
        """Text that calls what `make(equation)` gives; made per set of sizes where they are symbolic."""
        symbols = symbols_of(equation)
        if not symbols:
            return [f"{self.bind(make(equation))}({', '.join(texts)})"]
        late = Late(make, equation, symbols)
        late.probe([eval(dim_text(text, self.dims), dict.fromkeys(self._symbols, 8), NAMES) for text in symbols])
        sizes = "".join(self.size(dim) + ", " for dim in symbols.values())
        return [f"{self.bind(late)}(({sizes}))({', '.join(texts)})"]


class InPython:
    """What a plan computes as Python's text, which is written when it is called for the first time."""

    __slots__ = ("function", "make")

    def __init__(self, make: Callable) -> None:
        self.make, self.function = make, None

    def __call__(self, *arrays: Any) -> tuple:
        if self.function is None:
            self.function = self.make()
        return self.function(*arrays)


def _is_lowest(value: Value) -> bool:
    """Whether it is a constant -inf, which changes no maximum."""
    return value.const is not None and not value.shape and value.dtype.kind == "f" and value.const == -np.inf


def _is_identity(name: str, params: dict, value: Value, out: Value) -> bool:
    """Whether an equation that keeps shape and dtype keeps the order of elements, too."""
    transposes = name == "reshape" and params.get("dimensions") is not None
    return value.shape == out.shape and value.dtype == out.dtype and not transposes


def _count(shape: Sequence[Any]) -> int | None:
    return math.prod(shape) if all(map(is_static, shape)) else None


def _frozen(array: Any) -> np.ndarray:
    array = np.asarray(array)[...]
    array.flags.writeable = False
    return array


def _filled(shape: tuple[int, ...], dtype: np.dtype, value: Any) -> np.ndarray:
    # 0.5 µs; broadcast_to takes 3, and what follows wants contiguous memory.
    small = math.prod(shape) * dtype.itemsize < _LARGE
    result = np.empty(shape, dtype) if small else empty_aligned(shape, dtype)
    result[...] = value
    return result


def broadcast(shapes: Sequence[tuple]) -> tuple:
    """NumPy's broadcast of shapes whose dimensions may be symbolic."""
    if len(shapes) == 1:
        return shapes[0]
    result = max(shapes, key=len)
    if all(shape == result or not shape for shape in shapes):
        return result
    dims = []
    for i in range(-len(result), 0):
        candidates = [shape[i] for shape in shapes if len(shape) >= -i]
        dims.append(next((d for d in candidates if not (is_static(d) and d == 1)), candidates[0]))
    return tuple(dims)


def host_function(
    closed_jaxpr: Any, overwrite: Sequence[int] = (), dims: Sequence[str] | None = None
) -> Callable[..., tuple]:
    """A Python function that computes `closed_jaxpr` with NumPy.

    Args:
      closed_jaxpr: a `jax.extend.core.ClosedJaxpr`. Its calls are inlined, dead equations dropped.
      overwrite: positions of arguments that may be written into: a `dynamic_update_slice` or scatter of such an
        argument is done in place if nothing else reads it later and it is writable. All others are left alone.
      dims: names of the symbolic dimensions in the avals, if the jaxpr was traced with any; the function then takes
        the tuple of their values as its first argument.

    Returns:
      A function of arrays (NumPy arrays or scalars of exactly the avals' shapes and dtypes), one for each input, to
      the tuple of results (arrays or NumPy scalars, of exactly the avals' shapes and dtypes; they may be views of
      arguments, and read-only). Call it under `np.errstate(all="ignore")`. Its `source` attribute is its text.

    Raises:
      NoHostForm: a primitive, or a dtype it is used with, cannot be said in NumPy.
    """
    for aval in (*closed_jaxpr.in_avals, *closed_jaxpr.out_avals):
        if not isinstance(aval.dtype, np.dtype):
            raise NoHostForm(f"dtype {aval.dtype}")
    with np.errstate(all="ignore"):
        return Builder(overwrite, dims).build(closed_jaxpr)
