"""A part of a graph as cytoscape draws it: where each node stands, and how it looks.

Positions are worked out here, in layers from left to right, so that the browser needs no layout
script.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.figures.palette import FONT, palette
from lakehouse.lineage.graph import Edge, Node
from lakehouse.lineage.walk import Part

WIDTH, HEIGHT = 168, 46
GAP_X, GAP_Y = 204, 62
SWEEPS = 4
Json = dict[str, Any]
Position = tuple[float, float]
_STATES = {
    "FAILED": "▲ failed", "CANCELED": "cancelled", "CACHED": "cached", "RUNNING": "running",
}  # fmt: skip


def layers(nodes: Iterable[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Each node's column: right of all that leads to it; what closes a circle is ignored."""
    into: dict[str, list[str]] = {key: [] for key in nodes}
    for edge in edges:
        into[edge.target].append(edge.source)
    found: dict[str, int] = {}
    open_: set[str] = set()
    for first in into:
        stack = [first]
        while stack:
            key = stack[-1]
            waiting = [k for k in into[key] if k not in found and k not in open_]
            if key in found or not waiting:
                stack.pop()
                open_.discard(key)
                found.setdefault(key, max((found.get(k, -1) for k in into[key]), default=-1) + 1)
            else:
                open_.add(key)
                stack.append(waiting[0])
    return found


def positions(part: Part) -> dict[str, Position]:
    """The middle of each node, in pixels; a layer is ordered so that few edges cross."""
    place = _drawn_near(layers(part.nodes, part.edges), part.edges)
    columns: dict[int, list[str]] = {}
    for key in part.nodes:
        columns.setdefault(place[key], []).append(key)
    near: dict[str, list[str]] = {key: [] for key in part.nodes}
    for edge in part.edges:
        near[edge.source].append(edge.target)
        near[edge.target].append(edge.source)
    height: dict[str, float] = {}
    for keys in columns.values():
        height.update(_spread(keys))
    for sweep in range(SWEEPS):
        for column in sorted(columns, reverse=bool(sweep % 2)):
            keys = sorted(columns[column], key=lambda key: _mean(key, near[key], height))
            height.update(_spread(keys))
    return {key: (place[key] * GAP_X, height[key]) for key in part.nodes}


def elements(part: Part, hrefs: Mapping[str, str]) -> list[Json]:
    """Nodes and edges for cytoscape; a node carries the address that a click leads to."""
    where = positions(part)
    nodes = [_node(part, node, where[key], hrefs[key]) for key, node in part.nodes.items()]
    return [*nodes, *(_edge(number, edge) for number, edge in enumerate(part.edges))]


def stylesheet(theme: str) -> list[Json]:
    """How kinds and states look in a theme: calm, and never by colour alone."""
    colours = palette(theme)
    box = {
        "width": WIDTH, "height": HEIGHT, "shape": "round-rectangle", "label": "data(label)",
        "background-color": colours.surface, "border-width": 1, "border-color": colours.ink_3,
        "color": colours.ink, "font-family": FONT, "font-size": 13, "text-wrap": "wrap",
        "text-max-width": f"{WIDTH}px", "text-valign": "center", "text-halign": "center",
        "line-height": 1.25,
    }  # fmt: skip
    edge = {
        "width": 1.2, "line-color": colours.ink_3, "target-arrow-color": colours.ink_3,
        "target-arrow-shape": "triangle", "arrow-scale": 0.8, "curve-style": "bezier",
    }  # fmt: skip
    return [
        {"selector": "node", "style": box},
        {"selector": "edge", "style": edge},
        {"selector": "edge.join", "style": {"line-style": "dashed"}},
        {"selector": ".step", "style": {"shape": "rectangle", "background-color": colours.band}},
        {
            "selector": ".delivery",
            "style": {"shape": "cut-rectangle", "background-color": colours.raised},
        },
        {"selector": ".cached", "style": {"border-style": "dashed", "border-width": 2}},
        {"selector": ".failed", "style": {"border-color": colours.act, "border-width": 2}},
        {
            "selector": ".start",
            "style": {
                "border-color": colours.water,
                "border-width": 3,
                "background-color": colours.water_weak,
            },
        },
        {"selector": "node:active", "style": {"overlay-opacity": 0.08}},
    ]


def label(node: Node, more: int = 0) -> str:
    """Two lines: what it is called, and what is to be known of it."""
    state = _STATES.get(node.state) if node.kind == "execution" else None
    about = _short(state or words(node), 15 if more else 20)
    return f"{_short(node.label)}\n{about}" + (f" +{more}" if more else "")


def words(node: Node) -> str:
    """What a node is and how it stands, in a few words."""
    if node.kind in ("execution", "run"):
        about = "run" if node.kind == "run" else node.run or "step"
        told = _STATES.get(node.state)
        return f"{told} · {about}" if told else about
    if node.kind == "delivery":
        return f"delivered file · {node.state}"
    return node.type


def _node(part: Part, node: Node, at: Position, href: str) -> Json:
    kinds = [{"execution": "step", "run": "step"}.get(node.kind, node.kind)]
    kinds += ["cached"] if node.cached else []
    kinds += ["failed"] if node.state in ("FAILED", "CANCELED") else []
    kinds += ["start"] if node.key in part.starts else []
    return {
        "data": {"id": node.key, "label": label(node, part.more.get(node.key, 0)), "href": href},
        "position": {"x": at[0], "y": at[1]},
        "classes": " ".join(kinds),
    }


def _edge(number: int, edge: Edge) -> Json:
    joined = edge.role not in ("input", "output")
    data = {"id": f"edge{number}", "source": edge.source, "target": edge.target}
    return {"data": data, "classes": "join" if joined else ""}


def _drawn_near(place: Mapping[str, int], edges: Sequence[Edge]) -> dict[str, int]:
    """What leads on stands beside what it leads to, not as far left as it could."""
    leads: dict[str, list[str]] = {}
    for edge in edges:
        if place[edge.target] > place[edge.source]:
            leads.setdefault(edge.source, []).append(edge.target)
    near = dict(place)
    for key in sorted(leads, key=lambda key: -place[key]):
        near[key] = min(near[target] for target in leads[key]) - 1
    return near


def _spread(keys: Sequence[str]) -> dict[str, float]:
    """Heights of a column's nodes, one under another, around zero."""
    top = -(len(keys) - 1) / 2
    return {key: (top + place) * GAP_Y for place, key in enumerate(keys)}


def _mean(key: str, near: Sequence[str], height: Mapping[str, float]) -> float:
    return sum(height[k] for k in near) / len(near) if near else height[key]


def _short(text: str, most: int = 20) -> str:
    return text if len(text) <= most else f"{text[: most - 9]}…{text[-8:]}"
