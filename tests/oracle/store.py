"""Recorded outcomes on disk: per area one JSON index (what, in order) and one npz file (all values, end to end)."""

from __future__ import annotations

import json
import pathlib
import re

import numpy as np

from .harness import Outcome, Result
from .table import np_dtype

DATA = pathlib.Path(__file__).parent / "data"
_TENSOR = re.compile(r"^(tensor|slices|numpy|shape) (\w+)\[([\d,]*)\](?: static (.*))?$")


def _pack(result: Result, blob: bytearray):
    if result.kind == "none":
        return None
    if result.kind == "python":
        return {"py": result.text}
    dims = ",".join(map(str, result.shape))
    if result.value is None:
        return f"shape {result.dtype}[{dims}]"
    head = f"{result.kind} {result.dtype}[{dims}]" + (f" static {result.text}" if result.text else "")
    if result.dtype in ("string", "object"):
        return {"t": head, "v": [s.decode() if isinstance(s, bytes) else s for s in result.value.reshape(-1).tolist()]}
    blob += np.ascontiguousarray(result.value).tobytes()
    return head


def _unpack(entry, blob: memoryview, at: int):
    if entry is None:
        return Result("none"), at
    if isinstance(entry, dict) and "py" in entry:
        return Result("python", text=entry["py"]), at
    head = entry["t"] if isinstance(entry, dict) else entry
    kind, dtype, dims, static = _TENSOR.match(head).groups()
    shape = tuple(int(d) for d in dims.split(",") if d)
    if kind == "shape":
        return Result("tensor", dtype, shape), at
    static = static or ""
    if isinstance(entry, dict):
        value = np.array([s.encode() for s in entry["v"]], object).reshape(shape)
        return Result(kind, dtype, shape, value, static), at
    kind_dtype = np_dtype(dtype)
    end = at + kind_dtype.itemsize * int(np.prod(shape, dtype=np.int64))
    return Result(kind, dtype, shape, np.frombuffer(blob[at:end], kind_dtype).reshape(shape), static), end


def dump(area: str, outcomes: dict[str, Outcome]) -> list[str]:
    """Writes an area; the same outcomes give the same bytes. Nothing differs afterwards: an empty list."""
    blob, index = bytearray(), {}
    for name, outcome in outcomes.items():
        entry = {}
        if outcome.error:
            entry["error"] = outcome.error
        else:
            entry["out"] = [_pack(r, blob) for r in outcome.out]
        if outcome.grad:
            entry["grad"] = [_pack(r, blob) for r in outcome.grad]
        if outcome.grad_error:
            entry["grad_error"] = outcome.grad_error
        index[name] = entry
    lines = [f"{json.dumps(k, ensure_ascii=False)}: {json.dumps(v, ensure_ascii=False)}" for k, v in index.items()]
    (DATA / f"{area}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    np.savez_compressed(DATA / f"{area}.npz", values=np.frombuffer(bytes(blob), np.uint8))
    return []


def load(area: str) -> dict[str, Outcome]:
    """The recorded outcomes of an area by case id; empty when nothing was recorded yet."""
    path = DATA / f"{area}.json"
    if not path.exists():
        return {}
    index = json.loads(path.read_text(encoding="utf-8"))
    with np.load(DATA / f"{area}.npz") as arrays:
        blob = memoryview(arrays["values"].tobytes())
    outcomes, at = {}, 0
    for name, entry in index.items():
        outcome = Outcome()
        if "error" in entry:
            outcome.error = tuple(entry["error"])
        for field in ("out", "grad"):
            for packed in entry.get(field, ()):
                result, at = _unpack(packed, blob, at)
                getattr(outcome, field).append(result)
        if "grad_error" in entry:
            outcome.grad_error = tuple(entry["grad_error"])
        outcomes[name] = outcome
    return outcomes
