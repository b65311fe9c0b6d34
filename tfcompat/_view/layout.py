"""Views of a graph: what is inside a loop iteration or name scope is one box, and every box is a view of its own.

The places of the boxes are found by fast-sugiyama (Sugiyama's method: layers, few crossings).
"""
import os

CROWDED = 60  # more items than this in one view are put into boxes of consecutive ones
WIDTH, HEIGHT, GAP_X, GAP_Y = 210, 66, 24, 44  # of a box and between boxes, in pixels
SPACING = 4  # between boxes, in the library's units


class Box:
    """A part of the graph: nodes and smaller boxes, in the order in which they ran."""

    def __init__(self, label, parent=None):
        self.label, self.parent = label, parent
        self.items = []  # nodes (dicts) and boxes

    def nodes(self):
        """All nodes inside."""
        found, waiting = [], [self]
        while waiting:
            item = waiting.pop()
            if isinstance(item, Box):
                waiting.extend(reversed(item.items))
            else:
                found.append(item)
        return found


def tree(graph):
    """The outermost Box."""
    root = Box("everything")
    opened = {(): root}
    for node in graph["nodes"]:
        path = tuple(node["groups"])
        for depth in range(1, len(path) + 1):
            part = path[:depth]
            if part not in opened:
                box = opened[part] = Box(part[-1], opened[part[:-1]])
                box.parent.items.append(box)
        opened[path].items.append(node)
    return _roomy(root)


def _roomy(box):
    """Divides boxes with too many items."""
    waiting = [box]
    while waiting:
        box = waiting.pop()
        while len(box.items) > CROWDED:
            size = max(2, min(CROWDED, -(-len(box.items) // (CROWDED // 2))))
            parts = []
            for start in range(0, len(box.items), size):
                items = box.items[start : start + size]
                part = Box(_titles(items), box)
                part.items = items
                for item in items:
                    if isinstance(item, Box):
                        item.parent = part
                parts.append(part)
            box.items = parts
        waiting.extend(item for item in box.items if isinstance(item, Box))
    while box.parent is not None:
        box = box.parent
    return box


def _titles(items):
    """A name for consecutive items."""
    first, last = (item.label if isinstance(item, Box) else item["op"] for item in (items[0], items[-1]))
    same = os.path.commonprefix([first, last])
    same = same[: same.rfind(" ") + 1]
    return f"{first} to {last[len(same):]}"


def boxes(root):
    """A box and all inside it."""
    found, waiting = [], [root]
    while waiting:
        box = waiting.pop()
        found.append(box)
        waiting.extend(item for item in reversed(box.items) if isinstance(item, Box))
    return found


def view(box):
    """What one box shows.

    Returns:
      (items, edges): items are (key, item, x, y), where item is a node, a Box, or the id of a node from elsewhere that is
      used here. Edges are (key, key, points between them).
    """
    owner, items = {}, {}
    for item in box.items:
        key = f"b{id(item)}" if isinstance(item, Box) else f"n{item['id']}"
        items[key] = item
        for node in item.nodes() if isinstance(item, Box) else [item]:
            owner[node["id"]] = key
    edges = {}
    for item in box.items:
        for node in item.nodes() if isinstance(item, Box) else [item]:
            for source in node["inputs"]:
                start = owner.get(source)
                if start is None:
                    start = f"n{source}"
                    items[start] = source
                if start != owner[node["id"]]:
                    edges[start, owner[node["id"]]] = []
    places = _places(list(items), edges)
    return [(key, item, *places[key]) for key, item in items.items()], [(a, b, way) for (a, b), way in edges.items()]


def _places(keys, edges):
    """{key: (x, y)} of the upper left corners; appends to the values of `edges` the points that they pass."""
    try:
        from fast_sugiyama import from_edges
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f'A picture needs fast-sugiyama: pip install "tfcompat[view]" ({error})', name=error.name) from None

    layouts = list(from_edges(list(edges), vertex_spacing=SPACING)) if edges else []
    placed = {key for positions, *_ in layouts for key, _ in positions}
    layouts += [([(key, (0.0, 0.0))], 0, 0, []) for key in keys if key not in placed]
    places, left = {}, 0.0
    for positions, _, _, segments in layouts:
        at = dict(positions)
        down = sum(1 if at[b][1] > at[a][1] else -1 for a, b in edges if a in at)
        rows = sorted({y for _, y in at.values()}, reverse=down < 0)
        row = {y: k for k, y in enumerate(rows)}
        low, high = min(x for x, _ in at.values()), max(x for x, _ in at.values())
        spot = {
            key: (left + (x - low) / SPACING * (WIDTH + GAP_X), row[y] * (HEIGHT + GAP_Y)) for key, (x, y) in at.items()
        }
        places.update({key: point for key, point in spot.items() if type(key) is str})
        # Where an edge passes a row, the library has a vertex of its own, a number, that keeps room for it.
        following = {a: b for a, b in segments if type(a) is not str}
        for start, end in segments:
            if type(start) is str:
                way = []
                while type(end) is not str:
                    x, y = spot[end]
                    way.append((x + WIDTH / 2, y + HEIGHT / 2))
                    end = following[end]
                if (start, end) in edges:
                    edges[start, end].extend(way)
        left += ((high - low) / SPACING + 1) * (WIDTH + GAP_X)
    return places
