"""Importing the package, in a process of its own."""

import subprocess
import sys

from engines import ENGINES as DESCRIPTIONS
from goals import at_most, at_most_seconds_more, faster

TITLE = "import of the package"
KIND = "process"
ENGINES = ("tfcompat", "jax", "tensorflow")
PARTS = ("",)
GOALS = {"": (at_most_seconds_more(0.25, "jax"), faster(3)), "Keras modules imported": (at_most(0),)}

PROGRAM = """
import time
start = time.perf_counter()
import {module}
seconds = time.perf_counter() - start
import sys
print(seconds, sum(name.partition(".")[0] == "keras" for name in sys.modules))
"""


def measure(engine, part, result):
    module = DESCRIPTIONS[engine].module or "jax"
    command = [sys.executable, "-c", PROGRAM.format(module=module)]
    for _ in range(2):  # the first one compiles to bytecode what has been edited; installers do that for packages
        done = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE)
    seconds, keras = done.stdout.split()
    result["times"][""] = float(seconds)
    if engine == "tfcompat":
        result["counts"]["Keras modules imported"] = int(keras)
