"""tf.data does what TensorFlow's does: recorded by oracle/record_data.py from oracle/data_*.py."""

import json
import logging
import pathlib

import pytest
from oracle import data_functions, data_training  # noqa: F401 - they add cases
from oracle.compare import plain_differences
from oracle.data_programs import CASES, outcome

import tfcompat as tf

RECORDED = json.loads((pathlib.Path(__file__).parent / "oracle" / "data" / "data.json").read_text(encoding="utf-8"))


def test_all_cases_are_recorded():
    assert CASES.keys() == RECORDED.keys()


# Keras's warnings are the same under TensorFlow.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed:UserWarning", "ignore:Your input ran out of data:UserWarning")
@pytest.mark.parametrize("name", CASES)
def test_as_tensorflow(name):
    logger = logging.getLogger("tensorflow")  # its warnings about lambdas are TensorFlow's too
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        found = json.loads(json.dumps(outcome(tf, CASES[name])))
    finally:
        logger.setLevel(level)
    wrong = plain_differences(RECORDED[name], found)
    assert not wrong, "\n".join(wrong)
