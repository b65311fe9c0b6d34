"""What is pending when the process ends: checks whose outcome nobody has looked at still raise."""

import atexit
import os
import sys

from tfcompat._core.context import state


@atexit.register
def finish():
    """Runs pending work that may fail; an error ends the process as an uncaught exception does."""
    segment = state.segment
    if segment is None:
        return
    try:
        if segment.flags:
            segment.close("exit")
        segment.check_flags()
    except BaseException:  # noqa: BLE001 - at exit nothing else would show it
        sys.excepthook(*sys.exc_info())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
