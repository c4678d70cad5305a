"""The tabs of the data quality pages."""

from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from app.components.aria import aria

TABS = (
    ("Deliveries and anomalies", "/quality"),
    ("Statistics", "/quality/statistics"),
    ("Schema", "/quality/schema"),
    ("Drift", "/quality/drift"),
    ("Limits", "/quality/limits"),
)


def quality_nav(here: str, fleet: str = "", as_of: int | None = None) -> Component:
    """Links to the data quality pages, which keep fleet and snapshot.

    Args:
        here: path of the page that is shown, empty for one that is no tab.
        fleet: the fleet that is looked at, empty for all.
        as_of: the snapshot that was asked for, None for now.
    """
    kept = {"fleet": fleet} if fleet else {}
    query = urlencode(kept | ({} if as_of is None else {"as_of": str(as_of)}))
    links = [_tab(label, path, query, path == here) for label, path in TABS]
    return html.Nav(links, className="quality-tabs", **aria(label="Data quality"))


def _tab(label: str, path: str, query: str, current: bool) -> Component:
    link = dcc.Link(label, href=f"{path}?{query}" if query else path)
    return html.Span(link, **(aria(current="page") if current else {}))
