"""The one comparison of a recorded outcome with a new one: kinds, dtypes, shapes, values, gradients, exceptions."""

from __future__ import annotations

import math
import re

import numpy as np

from . import tolerances
from .harness import Outcome, Result
from .table import Case

_DTYPES = (
    r"\b(?:bfloat16|float16|float32|float64|half|u?int(?:4|8|16|32|64)|complex(?:64|128)|bool|string|float8_\w+|resource)\b"
)


def is_gap(outcome: Outcome) -> bool:
    """Whether TensorFlow merely lacks a CPU kernel for this dtype: nothing to hold anyone to."""
    kind, message = outcome.error or ("", "")
    return kind in ("NotFoundError", "InternalError") or (kind == "UnimplementedError" and "Cast" not in message)


def differences(case: Case, want: Outcome, got: Outcome) -> list[str]:
    """What differs, in words; an empty list when `got` is as recorded."""
    if want.error or got.error:
        return _errors(case, want.error, got.error)
    found = _results("output", want.out, got.out, case)
    if want.grad_error:  # TensorFlow cannot differentiate what it computed: no gradient registered, or no kernel
        return found
    if got.grad_error:
        return [*found, f"gradient: raised {got.grad_error[0]}: {got.grad_error[1][:300]}"]
    return found + _results("gradient", want.grad, got.grad, case)


def _errors(case, want, got) -> list[str]:
    if want is None:
        return [f"raised {got[0]}: {got[1][:300]}"]
    if got is None:
        return [f"expected {want[0]} ({want[1][:200]}), nothing was raised"]
    if want[0] != got[0]:
        return [f"expected {want[0]} ({want[1][:200]}), got {got[0]}: {got[1][:300]}"]
    if case.gist and not re.search(case.gist, got[1]):
        return [f"message of {got[0]} lacks {case.gist!r}: {got[1][:300]}"]
    return []


def _results(what, want, got, case) -> list[str]:
    if len(want) != len(got):
        return [f"{len(got)} {what}s, expected {len(want)}"]
    found = []
    for i, (w, g) in enumerate(zip(want, got, strict=True)):
        found += [f"{what} {i}: {text}" for text in _result(w, g, case)]
    return found


def _result(want: Result, got: Result, case) -> list[str]:
    if want.kind != got.kind:
        return [f"is {got.kind} {got.dtype}{list(got.shape)}{got.text}, expected {want.kind}"]
    if want.kind == "none":
        return []
    if want.kind == "python":
        return [] if want.text == got.text else [f"is {got.text}, expected {want.text}"]
    if want.dtype != got.dtype:
        return [f"dtype is {got.dtype}, expected {want.dtype}"]
    if want.shape != got.shape:
        return [f"shape is {got.shape}, expected {want.shape}"]
    if want.text != got.text:
        return [f"static shape is {got.text or got.shape}, expected {want.text or want.shape}"]
    if case.check == "shape" or want.value is None:
        return []
    return array_differences(want.value, got.value, want.dtype, tolerances.of(case.op, want.dtype))


def array_differences(want: np.ndarray, got: np.ndarray, dtype: str, rtol: float) -> list[str]:
    """Compares two arrays of one dtype: exactly, or within `rtol`, see `tolerances`."""
    if not rtol:
        bad = np.asarray(want != got)
        return [] if not bad.any() else [_worst(bad, want, got)]
    wide = np.complex128 if dtype.startswith("complex") else np.float64
    want, got = want.astype(wide), got.astype(wide)
    if dtype.startswith("complex"):
        want, got = (np.stack([a.real, a.imag], -1) for a in (want, got))
    finite = np.abs(want[np.isfinite(want)])
    # Below a dtype's normal range the relative error means nothing: XLA flushes what TensorFlow keeps.
    floor = {"float16": 6e-5, "bfloat16": 1e-37, "float32": 1e-37, "complex64": 1e-37}.get(dtype, 1e-300)
    allowed = rtol * np.abs(want) + 0.1 * rtol * (finite.max() if finite.size else 0.0) + floor
    with np.errstate(invalid="ignore"):
        same = (want == got) | (np.isnan(want) & np.isnan(got)) | (np.isfinite(want) & (np.abs(want - got) <= allowed))
    return [] if same.all() else [_worst(~same, want, got)]


def _worst(bad, want, got) -> str:
    where = np.unravel_index(int(np.argmax(bad)), bad.shape)
    place = tuple(map(int, where))
    return f"{int(bad.sum())} of {bad.size} differ, first at {place}: {got[where]}, expected {want[where]}"


def fragments(message: str) -> list[str]:
    """What a message must name, whatever its wording: shapes and dtypes, in order of appearance, each once."""
    text = message.split("; NodeDef")[0].split(" Op<name=")[0]
    text = re.sub(r"\{\{.*?\}\}", "", text)
    text = re.sub(r"allowed values: .*", "", text)
    found = re.findall(rf"[\[(]\d+(?:, ?\d+)*,?[\])]|{_DTYPES}", text)
    return list(dict.fromkeys(f.replace(" ", "") for f in found))


def plain_differences(expected, found, path=""):
    """Where two plain structures differ; numbers by more than rounding."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        return [d for k in expected for d in plain_differences(expected[k], found[k], f"{path}.{k}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [d for i, (e, f) in pairs for d in plain_differences(e, f, f"{path}[{i}]")]
    if isinstance(expected, float) and isinstance(found, (int, float)):
        same = math.isclose(expected, found, rel_tol=2e-5, abs_tol=1e-6) or expected != expected and found != found
        return [] if same else [f"{path}: {expected} expected, got {found}"]
    return [] if expected == found else [f"{path}: {expected!r} expected, got {found!r}"]
