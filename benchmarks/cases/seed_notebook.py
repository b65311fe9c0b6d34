"""A notebook as a process of its own: the cells in one script, which shows what Jupyter would show.

Started the way a user starts it: `python seed.py` under TensorFlow, `python -m tfcompat seed.py` under tfcompat. The
cold run finds an empty compile cache, the warm one what the cold one left (TensorFlow has no such cache: two equal
runs). `python -m tfcompat seed.ipynb` is measured as well, where IPython is installed.
"""

import ast
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from engines import ENGINES as DESCRIPTIONS, ROOT
from goals import faster

TITLE = "seed notebook, as a process"
KIND = "process"
ENGINES = ("tfcompat", "tensorflow")
PARTS = ("script", "notebook")
NOTEBOOK = ROOT / "tests" / "seed" / "seed_notebook.ipynb"
GOALS = {"cold cache": (faster(1),), "warm cache": (faster(2),)}


def measure(engine, part, result):
    with tempfile.TemporaryDirectory() as folder:
        if part == "script":
            script = pathlib.Path(folder, "seed.py")
            script.write_text(as_script(NOTEBOOK), encoding="utf-8")
            labels = ("cold cache", "warm cache")
        else:
            if not DESCRIPTIONS[engine].module == "tfcompat" or importlib.util.find_spec("IPython") is None:
                return
            script = pathlib.Path(shutil.copy(NOTEBOOK, folder))
            labels = ("as .ipynb, cold cache", "as .ipynb, warm cache")
        command = [sys.executable, *(["-m", "tfcompat"] if engine == "tfcompat" else []), str(script)]
        cache = str(pathlib.Path(folder, "cache"))
        variables = {**os.environ, "TFCOMPAT_CACHE_DIR": cache, "XDG_CACHE_HOME": cache}
        for label in labels:
            start = time.perf_counter()
            subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL)
            result["times"][label] = time.perf_counter() - start


def as_script(notebook):
    """The code cells as one script, in which the last expression of each cell is printed."""
    lines = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            body = ast.parse("".join(cell["source"])).body
            if body and isinstance(body[-1], ast.Expr):
                body[-1] = ast.parse(f"print(repr({ast.unparse(body[-1].value)}))").body[0]
            lines += [ast.unparse(statement) for statement in body]
    return "\n".join(lines) + "\n"
