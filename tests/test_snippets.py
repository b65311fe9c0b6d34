"""Bad input: exception type, line, what the message names, and the state afterwards are those of TensorFlow."""

import json

import pytest
from oracle import snippets

import tfcompat as tf

RECORDED = snippets.load()
_RESOURCE = "a variable is read before its slices are gathered: the message names GatherV2, not ResourceGather"
# Programs that go another way than in TensorFlow, with the reason.
DEVIATIONS = {
    "mixed dtypes: clip": "one op here, two kernels there: the message names ClipByValue, not Minimum",
    "index: embedding_lookup": _RESOURCE,
    "assign: in a loop until it fails": _RESOURCE,
    "order: the inner error of a function": _RESOURCE,
    "assign: scatter of another shape": "TensorFlow does not look at the shape and reads beyond the updates",
    "order: a hot loop fails at its last step": "at a proven call site with pending operands the next read raises",
    "order: scatter, then a failing scatter": "TensorFlow updates the rows in front of the bad one, here none is",
}
# Programs that go another way once they are compiled, unless an error at that line is known from before.
LATE = {
    "order: the failure is caught and the loop goes on": "what follows a proven line is written before its flag is looked at, "
    "so the next iteration's first write raises",
}


@pytest.mark.all_modes
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in snippets.SNIPPETS if name not in DEVIATIONS])
def test_snippet(name, mode):
    assert name in RECORDED, "not recorded: run tests/oracle/record.py --only snippets"
    if mode == "compiled" and name in LATE:
        pytest.skip(LATE[name])
    found = snippets.differences(RECORDED[name], json.loads(json.dumps(snippets.run(tf, snippets.SNIPPETS[name]))))
    assert not found, "\n".join(found)


def test_every_record_belongs_to_a_program():
    assert list(RECORDED) == list(snippets.SNIPPETS)


@pytest.mark.own_mode
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", DEVIATIONS)
def test_deviations_still_deviate(name):
    """The list must not outlive its reasons."""
    assert snippets.differences(RECORDED[name], json.loads(json.dumps(snippets.run(tf, snippets.SNIPPETS[name]))))
