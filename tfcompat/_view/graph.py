"""The recorded graph and its reverse walk as plain data: dicts, lists, numbers and texts."""

import linecache

import numpy as np

from tfcompat._core.callsite import describe
from tfcompat._core.context import paused, state
from tfcompat._core.entries import add_cotangents, pull_back, pull_stack
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.tensor_base import Failure, host_value
from tfcompat._core.walk import identity_of, ones_like, tensor_of
from tfcompat._view.rules import formula


def build(walk, tracer):
    """The graph of a reverse walk.

    Args:
      walk: a trace.Walk.
      tracer: the trace.trace that knows more of the nodes, or None.

    Returns:
      {"nodes": [...], "steps": [...], "rules": {...}}. A node has id, kind ("source", "target", "op"), op, file, line,
      code, groups, shape, dtype, value, inputs (ids of nodes), constants (other inputs, in words), step (its number in the
      reverse walk, or None), cotangent, contributions (steps whose results were added up to it) and program (the run that
      computed it: interpreted or compiled, and why). A step has number, node, rule and edges: from which
      node the cotangent went to which, by which formula, and its value. `rules` are the jaxprs of the pullbacks.
    """
    outer, state.tracer = state.tracer, tracer  # what is pending is run here: the trace wants to know how
    try:
        with paused():
            return _Builder(walk, tracer).graph()
    finally:
        state.tracer = outer


class _Builder:
    def __init__(self, walk, tracer):
        self.walk = walk
        self.traced = tracer.nodes if tracer is not None else {}
        self.nodes, self.steps, self.rules = {}, [], {}
        self.tensors, self.cotangents, self.contributions = {}, {}, {}

    def graph(self):
        walk = self.walk
        names = {identity_of(s): _name(s, k) for k, s in enumerate(walk.sources)}
        targets = {identity_of(t) for t in walk.targets}
        for s in (*walk.sources, *walk.targets):
            self.tensors[identity_of(s)] = tensor_of(s)
        for entry in walk.entries:
            for gid in entry[2]:
                traced = self.traced.get(gid)
                if traced is not None:
                    self.tensors.update({t._gid: t for t in (*traced.ins, *traced.outs) if t._gid})
        needed = self._needed(targets)
        entries = [e for e in walk.entries if any(g in needed for g in e[2])]
        for gid in names:
            self._add_node(gid, "source", names[gid], ())
        for entry in entries:
            derivative, in_gids, out_gids = entry[:3]
            name = derivative.kernel if derivative is not None else _python_name(entry)
            inputs = [g for g in in_gids if g in walk.watched]
            for gid in inputs:
                if gid not in self.nodes:
                    self._add_node(gid, "source", "watched", ())
            # Several results are one node: the first stands for all.
            node = self._add_node(out_gids[0], "op", name, inputs)
            for gid in out_gids[1:]:
                self.nodes[gid] = node
        self._walk(entries, targets, set(names))
        for gid in targets:
            if gid in self.nodes and self.nodes[gid]["kind"] == "op":
                self.nodes[gid]["kind"] = "target"
        self._values()
        unique = list({id(n): n for n in self.nodes.values()}.values())
        return {"nodes": unique, "steps": self.steps, "rules": self.rules}

    def _needed(self, targets):
        """gids that the targets depend on."""
        needed = set(targets)
        for entry in reversed(self.walk.entries):
            if any(g in needed for g in entry[2]):
                needed.update(g for g in entry[1] if g in self.walk.watched)
        return needed

    def _add_node(self, gid, kind, name, inputs):
        traced = self.traced.get(gid)
        site = traced.site if traced is not None else None
        file, _, line = describe(site).rpartition(":") if site is not None else ("", "", "")
        tensor = self.tensors.get(gid)
        node = self.nodes[gid] = {
            "id": gid, "kind": kind, "op": name, "file": file, "line": int(line) if line else None,
            "code": linecache.getline(file, int(line)).strip() if line else "",
            "groups": list(traced.groups) if traced is not None else [],
            "shape": list(tensor._aval.shape) if tensor is not None else None,
            "dtype": tensor._aval.dtype.name if tensor is not None else None,
            "value": None, "inputs": [self.nodes[g]["id"] for g in inputs],
            "constants": _constants(traced, inputs), "step": None, "cotangent": None, "contributions": [], "program": None,
        }  # fmt: skip
        return node

    def _walk(self, entries, targets, wanted):
        """The walk that `gradient` does, with notes."""
        walk, cotangents = self.walk, self.cotangents
        for t, seed in zip(walk.targets, walk.seeds, strict=True):
            gid = identity_of(t)
            self._arrive(gid, ones_like(tensor_of(t)) if seed is None else seed, 0)
        for entry in reversed(entries):
            derivative, _, out_gids, kept, _, _ = entry
            found = [cotangents.get(g) for g in out_gids]
            if all(c is None for c in found):
                continue
            number = len(self.steps) + 1
            node = self.nodes[out_gids[0]]
            node["step"] = number
            gids, pulled = (pull_stack if walk.stacked else pull_back)(entry, found)
            edges = []
            wanted_inputs = derivative.wanted if derivative is not None else range(len(gids))
            for position, gid, cotangent in zip(wanted_inputs, gids, pulled, strict=True):
                if gid in walk.watched and cotangent is not None:
                    self._arrive(gid, cotangent, number)
                    rule = formula(node["op"], position)
                    edges.append({"to": self.nodes[gid]["id"], "input": position, "formula": rule, "value": cotangent})
            self.steps.append({"number": number, "node": node["id"], "rule": self._rule(derivative, kept), "edges": edges})

    def _arrive(self, gid, cotangent, step):
        old = self.cotangents.get(gid)
        self.cotangents[gid] = cotangent if old is None else add_cotangents(old, cotangent)
        if gid in self.nodes:
            self.nodes[gid]["contributions"].append(step)

    def _rule(self, derivative, kept):
        """The key of a pullback's text in `rules`."""
        if derivative is None:
            name = getattr(kept, "__name__", "function")
            key = f"{name} (Python)"
            self.rules[key] = "the cotangent passes unchanged" if kept is list else f"a Python function, of {name}"
            return key
        text = str(derivative.whole_spec.jaxpr)
        for key, known in self.rules.items():
            if known == text:
                return key
        key = f"{derivative.kernel}Grad {len(self.rules) + 1}"
        self.rules[key] = text
        return key

    def _values(self):
        """Reads what there is to read, at once."""
        state.segment.close("view")
        for gid, node in self.nodes.items():
            traced = self.traced.get(gid)
            node["program"] = traced.program if traced is not None else None
            if node["value"] is None:
                node["value"] = summary(self.tensors.get(gid))
            if node["cotangent"] is None:
                node["cotangent"] = summary(self.cotangents.get(gid))
        for step in self.steps:
            for edge in step["edges"]:
                edge["value"] = summary(edge["value"])


def _constants(traced, inputs):
    """Inputs that no tape follows, in words."""
    if traced is None:
        return []
    return [f"{t._aval.dtype.name}{list(t._aval.shape)} {summary(t)}" for t in traced.ins if t._gid not in inputs]


def _python_name(entry):
    if entry[4] is not None:
        return entry[4][0].kernel
    return "ReadVariableOp" if entry[3] is list else getattr(entry[3], "__name__", "function")


def _name(source, position):
    name = getattr(source, "_handle_name", None)
    return name.split(":")[0] if name else f"source {position + 1}"


def summary(tensor):
    """A tensor's value in a few words."""
    if tensor is None:
        return None
    if isinstance(tensor, IndexedSlices):
        return f"{tensor.values.shape[0]} rows: {summary(tensor.values)}"
    if type(tensor._value) is Failure:
        return "could not be computed"
    value = np.asarray(host_value(tensor))
    if value.dtype == object or value.size == 0:
        return f"{value.size} elements"
    if value.size <= 4:
        return np.array2string(value, precision=4, separator=", ").replace("\n", "")
    if value.dtype.kind not in "fiu" and value.dtype.name != "bfloat16":
        return np.array2string(value.reshape(-1)[:4], precision=4, separator=", ")[:-1] + ", ...]"
    numbers = value.astype(np.float64)
    bad = int((~np.isfinite(numbers)).sum())
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return f"all {value.size} NaN or infinite"
    text = f"{finite.min():.4g} ... {finite.max():.4g}, mean {finite.mean():.4g}"
    return f"{text}, {bad} NaN or infinite" if bad else text
