"""How well the case tables cover the ops that programs use most: `python tests/oracle/census.py` prints it.

`data/most_used.txt` names those ops, the most used first: the 250 functions of tensors in `tf` and its namespaces
`math`, `nn`, `linalg`, `random`, `debugging` and `nest` that occur most often in TensorFlow's guides, in textbooks' notebooks
and in the libraries built on it.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
import sys

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from oracle import cases, compare, store
from oracle.table import Arg, Lit

DATA = pathlib.Path(__file__).parent / "data"
_NAMES = re.compile(r"\btf(?:\.[a-zA-Z_]\w*)+")


@dataclasses.dataclass
class Row:
    """What the tables try of an op."""

    cases: int = 0
    errors: int = 0
    gradients: int = 0
    dtypes: set = dataclasses.field(default_factory=set)
    ranks: set = dataclasses.field(default_factory=set)
    empty: bool = False

    def __str__(self):
        return (f"{self.cases:4} cases, {self.errors:3} errors, {self.gradients:3} gradients, {len(self.dtypes):2} dtypes, "
                f"ranks {''.join(map(str, sorted(self.ranks))) or '-':5}{' and empty' if self.empty else ''}")  # fmt: skip


def aliases():
    """Every name of a function of TensorFlow -> all its names."""
    found = {}
    for line in (DATA / "signatures.tsv").read_text(encoding="utf-8").splitlines():
        names = tuple(f"tf.{name}" for name in line.split("\t")[0].split())
        found.update(dict.fromkeys(names, names))
    return found


def _inputs(value):
    if isinstance(value, (Arg, Lit)):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _inputs(item)
    elif isinstance(value, dict):
        yield from _inputs(list(value.values()))


def census():
    """{name in `most_used.txt`: Row}, in its order."""
    known = aliases()
    rows, owner = {}, {}
    for name in (DATA / "most_used.txt").read_text().split():
        rows[name] = Row()
        owner.update(dict.fromkeys(known.get(name, (name,)), name))
    for area, area_cases in cases.AREAS.items():
        recorded = store.load(area)
        for case in area_cases:
            want = recorded.get(case.id)
            if want is None or compare.is_gap(want):
                continue
            paths = [case.op] if case.names is None else _NAMES.findall(case.op)
            for name in {owner[path] for path in paths if path in owner}:
                _count(rows[name], case, want)
    return rows


def _count(row, case, want):
    row.cases += 1
    if want.error:
        row.errors += 1
        return
    row.gradients += bool(want.grad)
    for value in _inputs([case.args, case.kwargs]):
        shape = value.array(0).shape
        row.dtypes.add(value.dtype)
        row.ranks.add(len(shape))
        row.empty |= 0 in shape


if __name__ == "__main__":
    for name, row in census().items():
        print(f"{name:55}{row}")
