"""Every case of the tables gives what TensorFlow gave: dtype, shape, value, gradients, exception type.

By default all cases run deferred, and about one in twelve (at least one of each op) in the other three modes as well.
"""

import dataclasses
import pathlib
import re
import zlib

import pytest
from conftest import CHOSEN, MODES
from oracle import cases, census, compare, harness, store, tolerances

import tfcompat as tf

RECORDED = {area: store.load(area) for area in cases.AREAS}
# Ops that the tables know and tfcompat does not have yet; `test_what_is_missing` keeps the list short and true.
MISSING = frozenset(
    """
    """.split()
)
# Cases that do not give what TensorFlow gives, a line each: id, tab, reason. No test holds tfcompat to them.
DEVIATIONS = dict(
    line.split("\t") for line in (pathlib.Path(__file__).parent / "oracle/data/deviations.tsv").read_text().splitlines()
)
_NAMES = re.compile(r"\btf(?:\.[a-zA-Z_]\w*)+")


def _paths(case):
    return [case.op] if case.names is None and case.op.startswith("tf.") else _NAMES.findall(case.op)


def _parameters(chosen=CHOSEN):
    seen = set()
    for area, area_cases in cases.AREAS.items():
        for case in area_cases:
            want = RECORDED[area].get(case.id)
            if case.id in DEVIATIONS or want is not None and compare.is_gap(want) or MISSING.intersection(_paths(case)):
                continue
            op = case.op if case.names is None else area
            in_all = op not in seen and not want.error or zlib.crc32(case.id.encode()) % 12 == 0
            seen.update([op] if in_all else [])
            for mode in [chosen] if chosen else MODES if in_all else MODES[:1]:
                yield pytest.param(area, case, mode, id=case.id if mode == "deferred" else f"{mode}: {case.id}")


@pytest.mark.parametrize(("area", "case", "mode"), list(_parameters()), indirect=["mode"])
@pytest.mark.filterwarnings("ignore")
def test_case(area, case, mode):
    want = RECORDED[area].get(case.id)
    assert want is not None, "not recorded: run tests/oracle/record.py"
    got = harness.run(tf, case)
    found = compare.differences(case, want, got)
    assert not found, "\n".join([case.id, *found])
    if _undefined(want):
        assert got.grad_error == want.grad_error, case.id


def _undefined(want):
    """Whether TensorFlow has no gradient of the op."""
    return bool(want.grad_error) and want.grad_error[0] == "LookupError"


# What reads its operands as it is called, which a function that is being recorded does not allow, or makes a variable;
# tf.constant takes no tensor of a function, and nested axes are refused there.
# Draws inside a function have seeds of their own; branches have tests of their own, and other rules for predicates.
READS = (
    "tf.random.set_seed",
    "tf.cond(",
    "tf.constant(float32[2], shape=",
    "axis=[[",
    "list(x)",
    "tf.Variable(np.float32(1))",
    "v.assign_add(x), v.read_value()",
)


def _function_parameters():
    """The cases that run in all modes, once: where one mode is chosen, with "sync"."""
    for parameter in _parameters(None) if not CHOSEN or CHOSEN == "sync" else ():
        area, case, mode = parameter.values
        want = RECORDED[area][case.id]
        reads = any(text in case.id for text in READS)
        if mode == "sync" and not reads and not want.error and all(r.kind in ("tensor", "none") for r in want.out):
            yield pytest.param(area, case, id=case.id)


@pytest.mark.own_mode
@pytest.mark.parametrize(("area", "case"), list(_function_parameters()))
@pytest.mark.filterwarnings("ignore")
def test_case_in_function(area, case):
    """The op gives the same inside of a tf.function that is given its tensors."""
    _compare_called(area, case, harness.in_function)


# Where a size is not known TensorFlow refuses to unstack a tensor (`p:` is a list).
_REFUSED = re.compile(r"tf\.unstack\((?!p:)")


@pytest.mark.own_mode
@pytest.mark.parametrize(("area", "case"), list(_function_parameters()))
@pytest.mark.filterwarnings("ignore")
def test_case_with_unknown_sizes(area, case):
    """The op gives the same inside of a tf.function that was recorded without knowing any size."""
    if _REFUSED.match(case.id):
        found = harness.run(tf, case, harness.in_open_function)
        assert found.error and found.error[0] == "ValueError", case.id
    else:
        _compare_called(area, case, harness.in_open_function)


def _compare_called(area, case, call):
    want = RECORDED[area][case.id]
    if _undefined(want):  # a tape that watches a tensor which such a function takes makes the call itself an error
        case = dataclasses.replace(case, grad=False)
    found = compare.differences(case, want, harness.run(tf, case, call))
    assert not found, "\n".join([case.id, *found])


_WRITES = re.compile(r"v(\[.*\])?\.(assign|scatter)")  # a second call finds another value


@pytest.mark.own_mode
@pytest.mark.parametrize(("area", "case"), [p for p in _function_parameters() if not _WRITES.search(p.id)])
@pytest.mark.filterwarnings("ignore")
def test_case_called_again(area, case):
    """A later call, under a tape, gives what the first one gives: it may be one by form (forms.py)."""
    _compare_called(area, case, harness.called_again)


def _exists(path):
    try:
        harness.resolve(tf, path)
    except (AttributeError, NotImplementedError):
        return False
    return True


def test_what_is_missing():
    there = sorted(path for path in MISSING if _exists(path))
    assert not there, f"no longer missing, take them from the list: {there}"


def test_data_belong_to_tables():
    for area, area_cases in cases.AREAS.items():
        assert list(RECORDED[area]) == [case.id for case in area_cases], f"{area}: run tests/oracle/record.py"


def test_looser_tolerances_are_of_ops_in_the_tables():
    ops = {case.op for area_cases in cases.AREAS.values() for case in area_cases}
    for part, dtypes, more, reason in tolerances.MORE:
        assert any(re.search(part, op) for op in ops), part
        assert reason and all(more > tolerances.TOLERANCE[dtype] for dtype in dtypes), part


def _differs(area, case):
    """Whether a case deviates, interpreted or compiled: what the other modes do depends on what ran before."""
    for name in ("sync", "compiled"):
        with tf.debug.mode(name):
            if compare.differences(case, RECORDED[area][case.id], harness.run(tf, case)):
                return True
    return False


@pytest.mark.own_mode
@pytest.mark.filterwarnings("ignore")
def test_deviations_still_deviate():
    """The list must not outlive its reasons."""
    tables = {case.id: (area, case) for area, area_cases in cases.AREAS.items() for case in area_cases}
    assert list(DEVIATIONS) == sorted(DEVIATIONS)
    assert all(DEVIATIONS.values()), "every deviation says why"
    healed = [case_id for case_id in DEVIATIONS if not _differs(*tables[case_id])]
    assert not healed, f"give what TensorFlow gives now, take them from the list: {healed}"


# Of the most used ops: those that hardly anything makes raise.
WITHOUT_ERRORS = {
    "tf.control_dependencies", "tf.debugging.set_log_device_placement", "tf.device", "tf.executing_eagerly", "tf.group",
    "tf.init_scope", "tf.is_tensor", "tf.nest.flatten", "tf.nest.is_nested", "tf.no_op", "tf.random.set_seed",
    "tf.get_static_value", "tf.recompute_grad",
}  # fmt: skip


def test_most_used_ops_have_cases():
    rows = census.census()
    assert len(rows) == 250
    assert not [name for name, row in rows.items() if not row.cases]
    assert {name for name, row in rows.items() if row.errors < 2} <= WITHOUT_ERRORS
