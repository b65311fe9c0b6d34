"""`tfcompat.debug.draw`: what a notebook, a terminal and a browser show of a gradient."""

import pathlib

from tfcompat._core import nest
from tfcompat._core.context import state
from tfcompat._core.walk import identity_of
from tfcompat._view.graph import build
from tfcompat._view.trace import Walk, trace

NOT_TRACED = (
    "Nothing to draw: the gradient was not taken inside `with tfcompat.debug.trace():`, and no tape was given that still "
    "holds the record (`draw(y, xs, tape=tape)` before `tape.gradient`, or with a persistent tape)."
)


class Drawing:
    """A recorded graph with its reverse walk. Shows itself in Jupyter and in a terminal; `save` writes a page.

    Attributes:
      graph: the plain data: {"nodes": [...], "steps": [...], "rules": {...}}.
    """

    def __init__(self, graph):
        self.graph = graph

    def _repr_html_(self):
        from tfcompat._view.page import inline

        return inline(self.graph)

    def html(self, title="How these gradients are computed"):
        """The page as text; it is complete and fetches nothing."""
        from tfcompat._view.page import page

        return page([self.graph], title)

    def save(self, path):
        """Writes the page."""
        pathlib.Path(path).write_text(self.html(), encoding="utf-8")

    def __str__(self):
        from tfcompat._view.terminal import text

        return text(self.graph)

    def __rich__(self):
        from tfcompat._view.terminal import rich_tree

        return rich_tree(self.graph)

    def __repr__(self):
        return f"<Drawing of {len(self.graph['nodes'])} nodes, {len(self.graph['steps'])} steps back>"


def draw(target, sources, tape=None):
    """Draws how the gradients of `target` with regard to `sources` are computed.

    Args:
      target, sources: as for `tape.gradient`.
      tape: a GradientTape that holds the record; default: the one that has computed `target` inside
        `tfcompat.debug.trace()`, which also knows the user's lines, loops and all values.

    Returns:
      A Drawing.

    Raises:
      ValueError: there is no record.
    """
    tracer = state.tracer or trace.latest
    targets, flat = nest.flatten(target), nest.flatten(sources)
    if tape is not None:
        if not tape._entries:
            raise ValueError(NOT_TRACED)
        walk = Walk(list(tape._entries), set(tape._watched), targets, flat, [None] * len(targets), False)
    else:
        known = {identity_of(t) for t in targets}
        walks = [w for w in (tracer.walks if tracer else ()) if known <= {g for e in w.entries for g in e[2]} | w.watched]
        if not walks:
            raise ValueError(NOT_TRACED)
        last = walks[-1]
        walk = Walk(last.entries, last.watched, targets, flat, [None] * len(targets), False)
    return Drawing(build(walk, tracer))


def draw_all(tracer):
    """A Drawing for each gradient that was taken inside a trace."""
    return [Drawing(build(walk, tracer)) for walk in tracer.walks]
