"""What a jaxpr comes to once its calls are inlined: values and equations; and what is made of one when its sizes are known."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jax.export import is_symbolic_dim

from tfcompat._core import caches
from tfcompat._core.lax_numpy import NAMES, NoHostForm


class Value:
    """One array of the jaxpr. `actual` is the shape it has while its broadcast is not materialised."""

    __slots__ = ("shape", "dtype", "actual", "text", "const", "owners")

    def __init__(self, aval: Any) -> None:
        self.shape = tuple(aval.shape)
        self.dtype = _dtype(aval.dtype)
        self.actual = self.shape
        self.text: str | None = None
        self.const: Any = None
        self.owners: frozenset[int] = frozenset()  # buffers it may lie in


class Equation:
    """One primitive application after inlining."""

    __slots__ = ("name", "params", "ins", "outs", "limited", "wanted")

    def __init__(self, name: str, params: dict, ins: list[Value], outs: list[Value], limited: bool = True) -> None:
        self.name, self.params, self.ins, self.outs = name, params, ins, outs
        self.limited = limited  # whether it has no host form when it is large
        self.wanted = [True] * len(outs)  # which results are read


def _dtype(dtype: Any) -> np.dtype:
    if isinstance(dtype, np.dtype):
        return dtype
    if str(dtype) == "key<fry>":
        # A threefry key is two words; one number of 64 bits lets every movement rule handle it.
        return np.dtype(np.uint64)
    raise NoHostForm(f"dtype {dtype}")


# Sizes that are known when a function is called


def symbols_of(equation: Equation) -> dict[str, Any]:
    """The symbolic dimensions an equation mentions, by their text."""
    found: dict[str, Any] = {}

    def visit(item: Any) -> None:
        if isinstance(item, (tuple, list)):
            for part in item:
                visit(part)
        elif is_symbolic_dim(item):
            found[str(item)] = item

    for param in equation.params.values():
        visit(param)
    for value in (*equation.ins, *equation.outs):
        visit(value.shape)
    return found


def _concrete(item: Any, values: dict[str, int]) -> Any:
    if type(item) in (tuple, list):
        return type(item)(_concrete(part, values) for part in item)
    if is_symbolic_dim(item):
        return values[str(item)]
    return item


_WORD = re.compile(r"[A-Za-z_]\w*")
_FUNCTIONS = frozenset(["floordiv", "mod", "max", "min"])
NAMES["floordiv"] = lambda x, y: x // y
NAMES["mod"] = lambda x, y: x % y


def dim_text(text: str, dims: Sequence[str] | None) -> str:
    """A symbolic dimension, as JAX prints it, as Python over the locals `d_<symbol>`."""

    def name(match: re.Match) -> str:
        word = match.group()
        if word in _FUNCTIONS:
            return word
        if dims is None or word not in dims:
            raise ValueError(f"dimension '{text}' uses the symbol '{word}', which is not among {dims}")
        return f"d_{word}"

    return _WORD.sub(name, text).replace("^", "**")


_SIZE_NAME = re.compile(r"\bn\d+\b")


def line_uses_sizes(text: str) -> bool:
    """Whether generated text reads a symbolic size, so that it cannot be computed while preparing."""
    return _SIZE_NAME.search(text) is not None


class Late:
    """A closure made when sizes are known, kept for the sets of sizes seen lately."""

    def __init__(self, make: Callable, equation: Equation, symbols: dict[str, Any]) -> None:
        self.make, self.equation, self.symbols = make, equation, tuple(symbols)
        self.known: dict[tuple[int, ...], Callable] = caches.Bounded(256)

    def __call__(self, sizes: tuple[int, ...]) -> Callable:
        made = self.known.get(sizes)
        if made is None:
            values = dict(zip(self.symbols, sizes, strict=True))
            equation = self.equation
            concrete = Equation(
                equation.name,
                {key: _concrete(param, values) for key, param in equation.params.items()},
                [self._sized(value, values) for value in equation.ins],
                [self._sized(value, values) for value in equation.outs],
                limited=False,  # the choice was made without knowing the sizes
            )
            concrete.wanted = equation.wanted
            made = self.known[sizes] = self.make(concrete)
        return made

    def probe(self, sizes: list[int]) -> None:
        """Raise NoHostForm now if it is due at any sizes; made-up ones may be wrong in other ways."""
        with contextlib.suppress(ArithmeticError, IndexError, ValueError):
            self(tuple(sizes))
        self.known.clear()

    def _sized(self, value: Value, values: dict[str, int]) -> Value:
        sized = Value(value)
        sized.shape = sized.actual = _concrete(value.shape, values)
        sized.const = value.const
        return sized
