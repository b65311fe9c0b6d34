"""tf.function does what TensorFlow's does: recorded by oracle/record_functions.py from oracle/function_*.py."""

import json
import logging
import pathlib

import pytest
from oracle.compare import plain_differences
from oracle.function_areas import PROGRAMS

import tfcompat as tf

RECORDED = json.loads((pathlib.Path(__file__).parent / "oracle" / "data" / "functions.json").read_text(encoding="utf-8"))

DERIVATIVE = "a derivative keeps other values for the sizes of some call, which is recorded again"
NEGATIVE = "-1 as a size of `tf.slice` is no size, and the call runs eagerly"
RANKS = "a function of unknown rank is recorded for each rank (how-it-runs.md)"
RUN_AGAIN = {  # the Python code of these runs more often than TensorFlow runs it
    "sizes_gradients_of_moves": DERIVATIVE,
    "sizes_rank_that_is_set": RANKS,
    "sizes_rank_that_is_ensured": RANKS,
    "sizes_ranks_of_several_kinds": RANKS,
    "values_parts_of_a_size": NEGATIVE,
}


@pytest.fixture
def quiet():
    """Warnings about retracing are TensorFlow's too, and are not printed."""
    logger = logging.getLogger("tensorflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)


def test_all_programs_are_recorded():
    assert PROGRAMS.keys() == RECORDED.keys()


@pytest.mark.all_modes
@pytest.mark.parametrize("name", PROGRAMS)
def test_as_tensorflow(name, quiet):
    found, expected = json.loads(json.dumps(PROGRAMS[name](tf))), RECORDED[name]
    if name in RUN_AGAIN:
        assert found["runs"] > expected["runs"], "no longer recorded again: take it off the list"
        expected = expected | {"runs": found["runs"]}
    wrong = plain_differences(expected, found)
    assert not wrong, "\n".join(wrong)
