"""Who speaks of calls that do not fit, as recorded in `_calls.txt`, which is read when such a call has failed; see _core/misfits.py."""

import functools
import pathlib
import sys

from tfcompat._core import misfits


@functools.cache
def _speakers():
    """{id of a function: who speaks}: functions stay as long as their modules."""
    found, package = {}, sys.modules[__name__.partition(".")[0]]
    for line in pathlib.Path(__file__).with_name("_calls.txt").read_text(encoding="utf-8").splitlines()[1:]:
        who, _, names = line.partition(": ")
        for name in names.split():
            try:
                found[id(functools.reduce(getattr, name.split("."), package))] = who
            except AttributeError:  # it is not there
                continue
    return found


misfits.set_speaker(lambda function: _speakers().get(id(function)))
