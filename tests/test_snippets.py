"""Bad input: exception type, line, what the message names, and the state afterwards are those of TensorFlow."""

import json

import pytest
from oracle import snippets

import tfcompat as tf

RECORDED = snippets.load()


@pytest.mark.all_modes
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", snippets.SNIPPETS)
def test_snippet(name, mode):
    assert name in RECORDED, "not recorded: run tests/oracle/record.py --only snippets"
    found = snippets.differences(RECORDED[name], json.loads(json.dumps(snippets.run(tf, snippets.SNIPPETS[name]))))
    assert not found, "\n".join(found)


def test_every_record_belongs_to_a_program():
    assert list(RECORDED) == list(snippets.SNIPPETS)
