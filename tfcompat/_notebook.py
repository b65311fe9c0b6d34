"""In a notebook the handler of Ctrl-C is looked after at the beginning of each cell, where Jupyter sets Python's own."""

import sys

from tfcompat._core import interrupts


def _watch(info=None):
    interrupts.watch()


_ipython = sys.modules.get("IPython")
_shell = _ipython.get_ipython() if hasattr(_ipython, "get_ipython") else None
if _shell is not None:
    _shell.events.register("pre_run_cell", _watch)
