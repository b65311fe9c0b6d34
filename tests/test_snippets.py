"""Bad input: exception type, line, what the message names, and the state afterwards are those of TensorFlow."""

import json

import pytest
from oracle import snippets

import tfcompat as tf

RECORDED = snippets.load()
# Programs that go another way than in TensorFlow, with the reason.
DEVIATIONS = {
    "mixed dtypes: clip": "one op here, two kernels there: the message names ClipByValue, not Minimum",
    "assign: scatter of another shape": "TensorFlow does not look at the shape and reads beyond the updates",
    "order: a hot loop fails at its last step": "at a proven call site with pending operands the next read raises",
    "order: scatter, then a failing scatter": "TensorFlow updates the rows in front of the bad one, here none is",
}
# Once compiled, what follows a proven line is written before its flag is looked at (docs/how-it-runs.md), so here the first
# write of the next iteration raises: the names that differ then. Nothing does where that line is known to have failed.
LATE = {"order: the failure is caught and the loop goes on": {"v", "m", "y", "total"}}


@pytest.mark.all_modes
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in snippets.SNIPPETS if name not in DEVIATIONS])
def test_snippet(name, mode):
    assert name in RECORDED, "not recorded: run tests/oracle/record.py --only snippets"
    found = snippets.differences(RECORDED[name], json.loads(json.dumps(snippets.run(tf, snippets.SNIPPETS[name]))))
    late = LATE.get(name, set()) if mode == "compiled" else set()
    assert {line.split(" is ")[0] for line in found} in (set(), late), "\n".join(found)


def test_every_record_belongs_to_a_program():
    assert list(RECORDED) == list(snippets.SNIPPETS)


@pytest.mark.own_mode
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", DEVIATIONS)
def test_deviations_still_deviate(name):
    """The list must not outlive its reasons."""
    assert snippets.differences(RECORDED[name], json.loads(json.dumps(snippets.run(tf, snippets.SNIPPETS[name]))))
