"""The graph of the lineage page, with what it cannot show in words."""

from enum import StrEnum

import dash_cytoscape as cyto
from dash import html
from dash.development.base_component import Component

from app.components.addresses import lineage_view_address
from app.components.aria import aria
from app.components.numbers import counted
from app.figures.lineage import elements, stylesheet
from app.queries.lineage import Lineage
from lakehouse.lineage.graph import Node
from lakehouse.lineage.starts import name_of


class Ids(StrEnum):
    """Ids of the graph."""

    GRAPH = "lineage-graph"


def lineage_graph(found: Lineage, theme: str) -> Component:
    """What was found as a picture: drag to move it, a click leads to the node."""
    hrefs = {key: node_address(found, node) for key, node in found.part.nodes.items()}
    drawn = cyto.Cytoscape(
        id=Ids.GRAPH,
        elements=elements(found.part, hrefs),
        stylesheet=stylesheet(theme),
        layout={"name": "preset", "fit": False},
        minZoom=0.1,
        maxZoom=2,
        autoungrabify=True,
        boxSelectionEnabled=False,
        style={"width": "100%", "height": "100%"},
    )
    words = f"Graph of {counted(len(hrefs), 'node')}; the table has the same content"
    return html.Div(drawn, className="lin-graph sheet", role="img", **aria(label=words))


def node_address(found: Lineage, node: Node) -> str:
    """The same view around another node; what is asked for leads to itself."""
    name = found.ask.of if node.kind == "subject" else name_of(node)
    kept = found.ask.to(of=name, page=1)
    if found.ask.store and not name.startswith("run:"):
        kept["of"] = f"node:{node.key}"
    return lineage_view_address(kept)


def more_words(found: Lineage) -> str:
    """What the picture leaves out, and how to see it; empty when it is whole."""
    left = sum(found.part.more.values())
    if not left and not found.part.full:
        return ""
    if found.part.full:
        shown = counted(len(found.steps.nodes), "node")
        if found.whole:
            return f"There is more: these are the {shown} of the newest steps. Click on one."
        return (
            f"There is more: these are the {shown} nearest to the start. A number after a plus "
            "says how many neighbours a node has beside them; click on it to go on from there."
        )
    return (
        f"There is more: {counted(left, 'neighbour')} of what is shown lie further away, or hang "
        "on book-keeping. A number after a plus says where; click on the node to go on from there."
    )
