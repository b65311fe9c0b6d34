"""Branches and loops: Python's own, around the host functions of the inner jaxprs."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfcompat._core.lax_numpy import NoHostForm, is_static, rule

# Equations a scan may run through in all: about 20 ms, what XLA takes to compile one.
_SCAN_LIMIT = 20_000


@rule("cond", kind="text", view=True)
def _cond(b: Any, e: Any) -> list[str]:
    branches = e.params["branches"]
    index = b.operand(e.ins[0], scalar=True)
    operands = ", ".join(b.full(value) for value in e.ins[1:])
    calls = [f"{b.inner(branch)}{operands})" for branch in branches]
    text = calls[-1]
    for k in range(len(calls) - 2, -1, -1):
        text = f"({calls[k]} if {index} <= {k} else {text})"
    return _several(e, text)


@rule("platform_index", kind="text")
def _platform_index(b: Any, e: Any) -> str:
    """Which branch of a choice by platform is the one of a CPU."""
    platforms = e.params["platforms"]
    return b.bind(np.int32(next(i for i, names in enumerate(platforms) if names is None or "cpu" in names)))


@rule("while", kind="text", view=True)
def _while(b: Any, e: Any) -> list[str]:
    p = e.params
    if p["cond_jaxpr"].out_avals[0].shape:
        raise NoHostForm("while", "one condition for each element")
    texts = [b.full(value) for value in e.ins]
    nc, nb = p["cond_nconsts"], p["body_nconsts"]
    test = b.inner(p["cond_jaxpr"]) + "".join(f"{t}, " for t in texts[:nc])
    body = b.inner(p["body_jaxpr"]) + "".join(f"{t}, " for t in texts[nc : nc + nb])
    carry = b.fresh()
    b.line(f"{carry} = ({''.join(f'{t}, ' for t in texts[nc + nb :])})")
    b.line(f"while {test}*{carry})[0]: {carry} = {body}*{carry})")
    return _several(e, carry)


@rule("scan", kind="text", view=True)
def _scan(b: Any, e: Any) -> list[str]:
    p = e.params
    nconsts, ncarry, length = p["num_consts"], p["num_carry"], p["length"]
    if is_static(length) and length * len(p["jaxpr"].jaxpr.eqns) > _SCAN_LIMIT:
        raise NoHostForm("scan", f"{length} steps")
    texts = [b.full(value) for value in e.ins]
    body = b.inner(p["jaxpr"]) + "".join(f"{t}, " for t in texts[:nconsts])
    carry, index, results = b.fresh(), b.fresh(), b.fresh()
    stacked = "".join(f"empty({b.shape(out.shape)}, {b.bind(out.dtype)}), " for out in e.outs[ncarry:])
    b.line(f"{carry} = ({''.join(f'{t}, ' for t in texts[nconsts : nconsts + ncarry])})")
    b.line(f"{results} = ({stacked})")
    steps = f"range({b.size(length)})" + ("[::-1]" if p["reverse"] else "")
    slices = "".join(f"{t}[{index}], " for t in texts[nconsts + ncarry :])
    update = f"{carry} = {b.bind(_store)}({body}*{carry}, {slices}), {ncarry}, {results}, {index})"
    b.line(f"for {index} in {steps}: {update}")
    return _several(e, f"{carry} + {results}")


def _store(values: tuple, ncarry: int, results: tuple, index: int) -> tuple:
    for result, value in zip(results, values[ncarry:], strict=True):
        result[index] = value
    return values[:ncarry]


def _several(e: Any, text: str) -> list[str]:
    """Text of each result where `text` is a tuple of them all."""
    return [f"{text}[0]" if text.isidentifier() else f"({text})[0]"] if len(e.outs) == 1 else [text]
