"""Marks of tests that need what not every installation has."""

import pytest

from tfcompat._core import native

# CI has a compiler. What users see without one is tested by the pure Python mode of ci/modes.
IN_C = pytest.mark.skipif(native.extension is None, reason="it is of the C extension, and the package was built without a compiler")
