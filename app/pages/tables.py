"""The data catalogue: every table with its columns, its size and its newest version."""

from dash import Dash, html
from dash.development.base_component import Component

from app.components.rendered import rendered
from app.components.stamp import Part, stamp
from app.components.table_catalogue import catalogue_view, retention_line
from app.pages import PageRequest
from app.queries.retention import lost_models
from app.queries.tables import catalogue
from app.services import Services

PATH = "/tables"
TITLE = "Tables"
NAV = "Tables"


def layout(services: Services, request: PageRequest) -> Component:
    """All tables by layer, at the newest version or at that of ``as_of``."""
    pinned, as_of = services.pinned(request.as_of), request.as_of
    entries = catalogue(pinned, as_of)
    written = sum(entry.newest is not None for entry in entries)
    parts = [Part("tables", f"{written} of {len(entries)} written")]
    if as_of is not None:
        parts.append(Part("as of snapshot", str(as_of)))
    head = html.Div([html.H1(TITLE), stamp(parts)], className="page-head")
    body = [retention_line(lost_models(services), as_of), *catalogue_view(entries, as_of)]
    return html.Div([head, *(rendered(part) for part in body)], className="tbl-page")


def register(app: Dash, services: Services) -> None:
    """The page has no callbacks."""
