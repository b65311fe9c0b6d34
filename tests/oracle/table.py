"""The vocabulary of the case tables: how a call of an op, its inputs and its attributes are written down.

A case is one call, described without any framework:

    case("tf.reduce_sum", "float32[2,3]", axis=1, keepdims=True)
    case("tf.add", "float32[2,3]", "float32[3]")
    expr("x[..., tf.newaxis, ::2]", x="float32[3,4]")

A string of the form ``dtype[shape]`` or ``dtype[shape]:generator`` stands for a generated tensor; the prefixes
``v:``, ``n:`` and ``p:`` make it a Variable, a NumPy array or (nested) Python lists. Every other value is passed as is.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
ALL = FLOATS + INTS + COMPLEX + ("bool", "string")
COMMON = ("float16", "bfloat16", "float32", "float64", "int32", "int64", "uint8", "bool", "complex64", "string")

_SPEC = re.compile(rf"^(?:([vnp]):)?({'|'.join(ALL)})\[([\d,]*)\](?::(\w+))?$")
_KINDS = {None: "tensor", "v": "variable", "n": "numpy", "p": "python"}
_WORDS = ("", "a", "bc", "tensor", "Ä ö", "flow", "0", "xyz")


@dataclass(frozen=True)
class Arg:
    """A generated input: `kind` is tensor, variable, numpy or python."""

    spec: str
    kind: str
    dtype: str
    shape: tuple
    gen: str

    def array(self, position: int) -> np.ndarray:
        """The input's value; depends on the spec and on its position in the call alone."""
        return generate(self.dtype, self.shape, self.gen, zlib.crc32(f"{self.spec}/{position}".encode()))


@dataclass(frozen=True)
class Lit:
    """A tensor (or Variable, or NumPy array) of a literal value."""

    value: Any
    dtype: str
    kind: str = "tensor"

    @property
    def spec(self) -> str:
        return f"{self.kind[0] + ':' if self.kind != 'tensor' else ''}{self.dtype}{{{self.value}}}"

    def array(self, position: int) -> np.ndarray:
        return np.array(self.value, np_dtype(self.dtype))


@dataclass(frozen=True)
class Ref:
    """An object of the namespace under test, such as ``tf.float32``."""

    path: str

    @property
    def spec(self) -> str:
        return self.path


@dataclass
class Case:
    """One call. `grad` is "auto" (every floating tensor input), or False; `check` is "value" or "shape"."""

    id: str
    op: str
    args: tuple
    kwargs: dict = field(default_factory=dict)
    grad: Any = "auto"
    gist: str | None = None
    check: str = "value"
    names: tuple | None = None  # of an expression: its variables, in the order of args


def np_dtype(name: str) -> np.dtype:
    if name == "string":
        return np.dtype(object)
    return np.dtype(getattr(ml_dtypes, name) if name == "bfloat16" else name)


def parse(value: Any) -> Any:
    """Replaces the specs inside of lists, tuples and dicts by Arg objects."""
    if isinstance(value, str):
        found = _SPEC.match(value)
        if not found:
            return value
        kind, dtype, shape, gen = found.groups()
        return Arg(value, _KINDS[kind], dtype, tuple(int(d) for d in shape.split(",") if d), gen or "normal")
    if isinstance(value, (list, tuple)):
        return type(value)(parse(v) for v in value)
    if isinstance(value, dict):
        return {k: parse(v) for k, v in value.items()}
    return value


def lit(value, dtype, kind="tensor") -> Lit:
    return Lit(value, dtype, kind)


def ref(path) -> Ref:
    return Ref(path)


def _describe(value) -> str:
    if isinstance(value, (Arg, Lit, Ref)):
        return value.spec
    if isinstance(value, (list, tuple)):
        inner = ", ".join(map(_describe, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_describe(v)}" for k, v in value.items()) + "}"
    if isinstance(value, np.ndarray):
        return f"np.{value.dtype}{list(value.shape)}"
    return repr(value)


def case(op: str, *args, grad="auto", gist=None, check="value", **kwargs) -> Case:
    """One call of `op`; ``grad``, ``gist`` and ``check`` are the case's, the other keywords are the op's."""
    args, kwargs = parse(args), parse(kwargs)
    text = ", ".join([_describe(a) for a in args] + [f"{k}={_describe(v)}" for k, v in kwargs.items()])
    return Case(f"{op}({text})", op, tuple(args), kwargs, grad, gist, check)


def expr(text: str, grad="auto", gist=None, check="value", **inputs) -> Case:
    """A Python expression over named inputs, ``tf`` and ``np``."""
    values = parse(tuple(inputs.values()))
    where = ", ".join(f"{k}: {_describe(v)}" for k, v in zip(inputs, values, strict=True))
    return Case(f"{text}  with {where}" if where else text, text, values, {}, grad, gist, check, tuple(inputs))


# --- generators -----------------------------------------------------------------------------------------------

_EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 6.0, 7.0, -7.0, 30.0, -30.0]
_SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, float("inf"), float("-inf"), float("nan"), 100.0, -100.0]


def _is_int(dtype) -> bool:
    return dtype in INTS


def _grid(values):
    """Multiples of 1/64: exact in every float dtype that is wide enough, and no platform rounds them differently."""
    return np.round(np.asarray(values) * 64) / 64


def generate(dtype: str, shape: tuple, gen: str, seed: int) -> np.ndarray:
    """The array of a spec; the legacy generator's streams are frozen, so every NumPy gives the same."""
    rng = np.random.RandomState(seed)
    size = int(np.prod(shape, dtype=np.int64))
    if dtype == "string":
        return np.array([_WORDS[i] for i in rng.randint(0, len(_WORDS), size)], object).reshape(shape)
    if dtype == "bool":
        values = rng.randint(0, 2, size) if gen != "ones" else np.ones(size)
        return values.astype(bool).reshape(shape)
    values = _values(dtype, shape, size, gen, rng)
    if dtype in COMPLEX and gen in ("normal", "unit", "nonzero", "pos"):
        values = np.asarray(values) + 1j * _grid(rng.standard_normal(size)).reshape(np.shape(values))
    with np.errstate(all="ignore"):
        return np.asarray(values).reshape(shape).astype(np_dtype(dtype))


def _values(dtype, shape, size, gen, rng):
    unsigned = dtype.startswith("uint")
    if gen in ("special", "edges"):
        base = _SPECIAL if gen == "special" else _EDGES
        return np.resize(np.array(base), size)
    if gen.startswith("extreme"):
        low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
        base = [low, low + 1, high, high - 1, high // 2 + 1, 1, 2, 7] + ([-1, -2, -7] if low else [])
        base += [] if gen == "extremenz" else [0]
        return np.array((base * (size // len(base) + 1))[:size], dtype)
    if gen.startswith("below"):
        return rng.randint(0, int(gen[5:]), size)
    if gen == "sorted":
        return np.sort(rng.randint(-9 * (not unsigned), 10, shape), -1)
    if gen == "ties":
        return rng.randint(0, 3, size)
    if gen == "distinct":
        return rng.permutation(size) - (0 if unsigned else size // 2)
    if gen == "ones":
        return np.ones(size)
    if gen in ("square", "spd"):
        n = shape[-1]
        a = _grid(rng.standard_normal(shape))
        return a @ np.swapaxes(a, -1, -2) + n * np.eye(n) if gen == "spd" else a + 3 * np.eye(n)
    if gen == "prob":
        a = rng.randint(1, 17, shape).astype(float)
        return a / a.sum(-1, keepdims=True)
    if _is_int(dtype):
        if gen in ("pos", "nonzero", "gt1"):
            return rng.randint(1, 7, size)
        return rng.randint(0 if unsigned else -9, 10, size)
    if gen == "normal":
        return _grid(rng.standard_normal(size) * 1.5)
    if gen == "pos":
        return _grid(rng.uniform(0.1, 3, size))
    if gen == "unit":
        return _grid(rng.uniform(-0.95, 0.95, size))
    if gen == "gt1":
        return _grid(rng.uniform(1.1, 4, size))
    if gen == "nonzero":
        return _grid(rng.uniform(0.3, 3, size)) * rng.choice([-1, 1], size)
    if gen == "wide":
        return _grid(rng.standard_normal(size) * 8)
    raise ValueError(f"unknown generator {gen!r}")
