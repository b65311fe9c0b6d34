"""The picture as inline SVG and as a page of its own, with everything it needs inside it."""

import base64
import gzip
import html
import json
import pathlib

from tfcompat._view.layout import HEIGHT, WIDTH, Box, boxes, tree, view

_HERE = pathlib.Path(__file__).parent
MARGIN = 16


def svg(box, by_id, numbers=None):
    """One view as an SVG element.

    Args:
      by_id: all nodes of the graph.
      numbers: of the boxes that can be opened, by their ids.
    """
    shown, edges = view(box)
    place = {key: (x + MARGIN, y + MARGIN) for key, _, x, y in shown}
    right = max((x for x, _ in place.values()), default=0) + WIDTH + MARGIN
    bottom = max((y for _, y in place.values()), default=0) + HEIGHT + MARGIN
    parts = [f'<svg class="tape" viewBox="0 0 {right:.0f} {bottom:.0f}" width="{right:.0f}" height="{bottom:.0f}" '
             f'role="img" aria-label="{_text(box.label)}">']  # fmt: skip
    for start, end, way in edges:
        (x, y), (u, v) = place[start], place[end]
        points = [(x + WIDTH / 2, y + HEIGHT), *[(a + MARGIN, b + MARGIN) for a, b in way], (u + WIDTH / 2, v)]
        parts.append(f'<path class="edge" d="{_curve(points)}"/>')
    for key, item, *_ in shown:
        x, y = place[key]
        if isinstance(item, Box):
            parts.append(_box(item, x, y, (numbers or {}).get(id(item))))
        else:
            outside = isinstance(item, int)
            parts.append(_node(by_id[item] if outside else item, x, y, outside))
    return "".join(parts) + "</svg>"


def _curve(points):
    text = f"M{points[0][0]:.0f},{points[0][1]:.0f}"
    for (x, y), (u, v) in zip(points, points[1:], strict=False):
        middle = (y + v) / 2
        text += f"C{x:.0f},{middle:.0f} {u:.0f},{middle:.0f} {u:.0f},{v:.0f}"
    return text


def _node(node, x, y, outside):
    where = f"line {node['line']} · " if node["line"] else ""
    kind = "outside" if outside else node["kind"]
    lines = [f"{where}{node['dtype']} {node['shape']}", node["value"] or ""]
    step = "" if node["step"] is None else _badge(x + WIDTH - 16, y + 16, node["step"], "step")
    count = len(node["contributions"])
    added = _badge(x + WIDTH - 44, y + 16, f"Σ{count}", "added") if count > 1 else ""
    return (
        f'<g class="node {kind}" data-node="{node["id"]}" tabindex="0" role="button">'
        f'<title>{_text(node["code"] or node["op"])}</title>'
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="9"/>'
        f'<text class="title" x="{x + 12:.0f}" y="{y + 21:.0f}">{_text(_short(node["op"], 18))}</text>'
        f'<text x="{x + 12:.0f}" y="{y + 39:.0f}">{_text(_short(lines[0], 30))}</text>'
        f'<text class="value" x="{x + 12:.0f}" y="{y + 55:.0f}">{_text(_short(lines[1], 28))}</text>{step}{added}</g>'
    )


def _box(box, x, y, number):
    opens = "" if number is None else f' data-view="{number}" tabindex="0" role="button"'
    inside = box.nodes()
    steps = [n["step"] for n in inside if n["step"] is not None]
    walked = f"steps {min(steps)} to {max(steps)}" if steps else "not on the way back"
    return (
        f'<g class="box"{opens}><title>open {_text(box.label)}</title>'
        f'<rect x="{x + 5:.0f}" y="{y + 5:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="9"/>'
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="9"/>'
        f'<text class="title" x="{x + 12:.0f}" y="{y + 21:.0f}">{_text(_short(box.label, 25))}</text>'
        f'<text x="{x + 12:.0f}" y="{y + 39:.0f}">{len(inside)} nodes</text>'
        f'<text class="value" x="{x + 12:.0f}" y="{y + 55:.0f}">{walked}</text></g>'
    )


def _badge(x, y, text, kind):
    width = 12 + 7 * len(str(text))
    return (
        f'<g class="{kind}"><rect x="{x - width / 2:.0f}" y="{y - 9:.0f}" width="{width}" height="18" rx="9"/>'
        f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle">{text}</text></g>'
    )


def _short(text, length):
    text = str(text)
    return text if len(text) <= length else text[: length - 1] + "…"


def _text(value):
    return html.escape(str(value), quote=True)


def style():
    return (_HERE / "page.css").read_text(encoding="utf-8")


def inline(graph):
    """The outermost view for a notebook: SVG, and the walk as a table."""
    by_id = {node["id"]: node for node in graph["nodes"]}
    rows = "".join(
        f"<tr><td>{s['number']}</td><td>{_text(by_id[s['node']]['op'])}</td><td>{_text(_edges_text(by_id, s))}</td></tr>"
        for s in graph["steps"][:200]
    )
    return (
        f'<div class="tape-view"><style>{style()}</style><div class="canvas">{svg(tree(graph), by_id)}</div><details><summary>'
        f"The reverse walk, {len(graph['steps'])} steps</summary><table><tr><th>step</th><th>op</th>"
        f"<th>cotangents</th></tr>{rows}</table></details></div>"
    )


def _edges_text(by_id, step):
    return "; ".join(f"{by_id[e['to']]['op']} += {e['formula'] or 'see rule'} = {e['value']}" for e in step["edges"])


def page(graphs, title="Gradients"):
    """A page for one or several graphs, a text. It fetches nothing.

    What is not shown at first is compressed text in it: a picture becomes part of the document when its box is opened.
    """
    data, sections = [], []
    for k, graph in enumerate(graphs):
        views = boxes(tree(graph))
        numbers = {id(box): number for number, box in enumerate(views)}
        by_id = {n["id"]: n for n in graph["nodes"]}
        pictures = [svg(box, by_id, numbers) for box in views]
        data.append({
            "nodes": by_id, "steps": graph["steps"], "rules": graph["rules"],
            "views": [[numbers.get(id(box.parent)), box.label, picture] for box, picture in zip(views, pictures, strict=True)],
        })  # fmt: skip
        sections.append(
            f'<section class="tape-view" data-graph="{k}"><h2>Gradient {k + 1}: '
            f"{len(graph['nodes'])} nodes, {len(graph['steps'])} steps back</h2>"
            f'<nav aria-label="where"></nav><div class="split"><div class="canvas">{pictures[0]}</div>'
            f'<aside aria-live="polite"><p>Choose a node.</p></aside></div></section>'
        )
    payload = base64.b64encode(gzip.compress(json.dumps(data, separators=(",", ":")).encode(), mtime=0)).decode()
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style()}</style></head><body>'
        f"<h1>{_text(title)}</h1>"
        '<p class="how">Every box is one recorded op. Values flow down; <b>numbers</b> say in which order the reverse walk '
        "came back through them, <b>Σ</b> where several contributions were added. Boxes with a shadow hold the ops of one "
        "iteration of a Python loop, or of one name scope: open them.</p>"
        f'{"".join(sections)}<script type="text/plain" id="data">{payload}</script>'
        f"<script>{(_HERE / 'page.js').read_text(encoding='utf-8')}</script></body></html>"
    )
