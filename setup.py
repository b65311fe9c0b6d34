"""The C extension, which is built with NumPy's headers; all else about the package is in pyproject.toml."""

import numpy
from setuptools import Extension, setup

PARTS = (
    "", "_calls", "_checks", "_forms", "_index", "_interpret", "_laws", "_lock", "_math", "_matrices", "_memory", "_operators", "_pack", "_plan",
    "_random", "_run", "_schur", "_steps", "_tapes", "_unique", "_values", "_variables",
    "_wait",
)  # fmt: skip

setup(
    ext_modules=[
        Extension(
            "tfcompat._core._hot",
            [f"tfcompat/_core/_hot{part}.c" for part in PARTS],
            include_dirs=[numpy.get_include()],
            depends=["tfcompat/_core/_hot.h", "tfcompat/_core/_hot_plan.h"],
            extra_compile_args=["-ffp-contract=off"],
            optional=True,  # where there is no compiler the package is Python alone
        )
    ]
)
