"""The C extension, where the package was built with it: `extension`, else None.

`TFCOMPAT_PURE_PYTHON=1` in the environment leaves it out.
"""

import importlib
import os

extension = None
if os.environ.get("TFCOMPAT_PURE_PYTHON", "0") in ("", "0"):
    try:
        extension = importlib.import_module("tfcompat._core._hot")
    except ImportError:  # there was no compiler
        pass
