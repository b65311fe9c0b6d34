"""What eager TensorFlow refuses raises the exception in a tf.function that TensorFlow raises there: ValueError for
shapes, TypeError for dtypes, as the function is recorded; InvalidArgumentError for values, as it runs."""

import pathlib

import pytest
from oracle import cases, function_errors

import tfcompat as tf

RECORDED = function_errors.load()
# Cases that raise something else, a line each: id, tab, reason.
DEVIATIONS = dict(
    line.split("\t")
    for line in (pathlib.Path(__file__).parent / "oracle/data/function_error_deviations.tsv").read_text().splitlines()
)


def _as_recorded(case):
    """Whether a case raises what TensorFlow raises; what TensorFlow's kernels find may be found while recording, too."""
    want, got = RECORDED[case.id], function_errors.outcome(tf, case)
    return got in (want, want.replace("running", "recording"))


@pytest.mark.own_mode
@pytest.mark.parametrize("area", cases.AREAS)
@pytest.mark.filterwarnings("ignore")
def test_errors_in_functions(area):
    refused = function_errors.refused(area)
    other = [case.id for case in refused if case.id not in DEVIATIONS and not _as_recorded(case)]
    assert not other, "\n".join(f"{name}: expected {RECORDED[name]}" for name in other)
    healed = [case.id for case in refused if case.id in DEVIATIONS and _as_recorded(case)]
    assert not healed, f"raise what TensorFlow raises now, take them from the list: {healed}"


def test_data_belong_to_tables():
    ids = {case.id for area in cases.AREAS for case in function_errors.refused(area)}
    assert set(RECORDED) == ids, "run tests/oracle/record.py --only function_errors"
    assert set(DEVIATIONS) <= ids and list(DEVIATIONS) == sorted(DEVIATIONS) and all(DEVIATIONS.values())
