"""Before a fork what is pending is run; the child interprets, says so where it would need JAX's devices, and draws numbers of its own."""

import os

from tfcompat._core import failures, memory, program
from tfcompat._core.context import settings, state
from tfcompat._core.random_state import seeds


def _before():
    segment = state.segment
    if segment is not None and (segment.specs or segment.unchecked):
        try:
            segment.close("fork")
            segment.check_flags()
        except Exception as error:  # noqa: BLE001 - a fork cannot raise: it comes up at the next run
            segment.unchecked = program.FailedRun(error)


def _in_child():
    failures.note_fork()
    memory.forget_threads()
    settings.tier = "interpreted"
    program.clear()
    seeds.system.seed()
    if state.segment is not None:
        state.segment.unchecked = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_child=_in_child)
