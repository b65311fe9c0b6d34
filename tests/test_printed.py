"""Programs of the kind that notebooks are made of print what they print with TensorFlow (recorded)."""

import pytest
from oracle import printed

import tfcompat as tf

PROGRAMS, RECORDED = printed.programs(), printed.load()


@pytest.mark.own_mode
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name):
    assert name in RECORDED, "not recorded: run tests/oracle/record.py --only printed"
    found = printed.differences(RECORDED[name], printed.run(tf, PROGRAMS[name]))
    assert not found, "\n".join(found)


def test_every_record_belongs_to_a_program():
    assert list(RECORDED) == list(PROGRAMS)
