"""The picture for a terminal: a tree of the steps of the reverse walk, grouped as the program was."""

import itertools

SHOWN = 500  # steps; a page shows them all


def _lines(graph):
    """(groups, text, details) of each step."""
    nodes = {n["id"]: n for n in graph["nodes"]}
    for step in graph["steps"]:
        node = nodes[step["node"]]
        where = f"  line {node['line']}: {node['code']}" if node["line"] else ""
        added = f"  (sum of {len(node['contributions'])})" if len(node["contributions"]) > 1 else ""
        details = [
            f"{nodes[e['to']]['op']} += {e['formula'] or step['rule']} = {e['value']}" for e in step["edges"]
        ]
        yield node["groups"], f"{step['number']}. {node['op']}{where}  cotangent {node['cotangent']}{added}", details


def text(graph):
    """The steps as plain text."""
    lines, current = [], None
    for groups, line, details in itertools.islice(_lines(graph), SHOWN):
        if groups != current and groups:
            lines.append(f"[{', '.join(groups)}]")
        current = groups
        lines.append(line)
        lines += [f"     {d}" for d in details]
    more = len(graph["steps"]) - SHOWN
    return "\n".join([*lines, f"... and {more} more steps"] if more > 0 else lines)


def rich_tree(graph):
    """The steps as a tree for `rich.print`."""
    from rich.markup import escape
    from rich.tree import Tree

    root = Tree(f"[bold]{len(graph['nodes'])} nodes, walked back in {len(graph['steps'])} steps")
    branch, current = root, []
    for groups, line, details in itertools.islice(_lines(graph), SHOWN):
        if groups != current:
            branch, current = root, groups
            for group in groups:
                branch = branch.add(f"[cyan]{escape(group)}")
        leaf = branch.add(escape(line))
        for detail in details:
            leaf.add(f"[dim]{escape(detail)}")
    return root
