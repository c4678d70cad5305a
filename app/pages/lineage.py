"""Lineage: where anything came from and what came of it, as a graph and as a table."""

from enum import StrEnum
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from app.components.lineage_details import lineage_details
from app.components.lineage_graph import Ids as Graph
from app.components.lineage_graph import lineage_graph
from app.components.lineage_head import lineage_head
from app.components.lineage_rows import sources_card, touched_card
from app.components.lineage_starts import lineage_starts
from app.components.lineage_table import lineage_table
from app.components.shell import Ids as Shell
from app.figures.lineage import stylesheet
from app.pages import PageRequest
from app.queries.lineage import Ask, Lineage, lineage, stores
from app.queries.lineage_rows import sources, touched
from app.services import Services
from lakehouse.snapshots import Pinned

PATH = "/lineage"
TITLE = "Lineage"
NAV = "Lineage"


class Ids(StrEnum):
    """Ids of this page."""

    GO = "lineage-go"


def layout(services: Services, request: PageRequest) -> Component:
    """What the URL asks for; see :class:`app.queries.lineage.Ask`."""
    pinned = services.pinned(request.as_of)
    found = lineage(services, pinned, Ask.from_query(request.query, request.as_of))
    parts = lineage_head(found, pinned)
    if found.start is None:
        parts.append(lineage_starts(found, stores(services)))
    else:
        parts += _drawn(services, pinned, found, request.theme)
    go = dcc.Location(id=Ids.GO, refresh="callback-nav")
    return html.Div([go, *parts], className="lin-page")


def register(app: Dash, _services: Services) -> None:
    """Register the page's callbacks; the browser's half is in ``assets/lineage.js``."""
    app.clientside_callback(
        ClientsideFunction("stillwater_lineage", "view"),
        Output(Graph.GRAPH, "zoom"),
        Output(Graph.GRAPH, "pan"),
        Input(Graph.GRAPH, "elements"),
    )
    app.clientside_callback(
        ClientsideFunction("stillwater_lineage", "follow"),
        Output(Ids.GO, "href"),
        Input(Graph.GRAPH, "tapNodeData"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(Graph.GRAPH, "stylesheet"),
        Input(Shell.THEME, "data"),
        prevent_initial_call=True,
    )
    def show_theme(theme: str) -> list[dict[str, Any]]:
        return stylesheet(theme)


def _drawn(services: Services, pinned: Pinned, found: Lineage, theme: str) -> list[Component]:
    picture = html.Div(
        [lineage_graph(found, theme), lineage_details(found)], className="lin-picture"
    )
    same = html.Section(
        [html.H2("The same as a table"), lineage_table(found)], className="lin-part lin-same"
    )
    return [
        *sources_card(found, sources(pinned, found)),
        html.Section([html.H2("Graph"), picture], className="lin-part lin-drawn"),
        *touched_card(found, touched(pinned, services.profile, found), services.profile),
        same,
    ]
