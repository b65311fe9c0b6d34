"""``python -m tfcompat trace SCRIPT``: runs a script and writes a page that shows how its gradients are computed."""

import argparse
import pathlib
import sys

from tfcompat._core.context import state
from tfcompat._view.drawing import draw_all
from tfcompat._view.trace import trace
from tfcompat.cli import script
from tfcompat.compat import hook


class _First(trace):
    """Notes what happens up to the n-th gradient; after that the script runs as always."""

    def __init__(self, wanted):
        super().__init__()
        self._wanted = wanted

    def walk(self, *arguments):
        super().walk(*arguments)
        if len(self.walks) >= self._wanted:
            state.tracer = None


def main(arguments):
    """Does what ``python -m tfcompat trace *arguments`` asks for; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tfcompat trace",
        description="Runs a TensorFlow script on tfcompat and writes a page: the ops that its tapes recorded, and how the "
        'reverse walk came back through them. Needs pip install "tfcompat[view]".',
    )
    parser.add_argument("-o", "--output", metavar="PAGE.html", help="default: the script's name with .html, in this folder")
    parser.add_argument("-n", "--gradients", type=int, default=1, metavar="N", help="show the first N calls of gradient")
    parser.add_argument("--text", action="store_true", help="print the walk to the terminal instead")
    parser.add_argument("script", help="the script; what follows are its arguments")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if not pathlib.Path(options.script).is_file():
        print(f"tfcompat: no such file: {options.script}", file=sys.stderr)
        return 2
    tracer = _First(options.gradients)
    hook.install()
    with tracer:
        status = script.run_file(options.script, options.rest)
    drawings = draw_all(tracer)
    if not drawings:
        print("tfcompat: the script took no gradient", file=sys.stderr)
        return status or 1
    if options.text:
        print(*drawings, sep="\n\n")
        return status
    from tfcompat._view.page import page

    name = pathlib.Path(options.script).name
    output = pathlib.Path(options.output or pathlib.Path(name).stem + ".html")
    output.write_text(page([d.graph for d in drawings], f"How {name} computes its gradients"), encoding="utf-8")
    print(f"tfcompat: {output}", file=sys.stderr)
    return status
