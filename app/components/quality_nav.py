"""The tabs of the data quality pages, and those of the fleets on one of them."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import DRIFT, LIMITS, QUALITY, SCHEMA, STATISTICS, page_address
from app.components.aria import aria

TABS = (
    ("Deliveries and anomalies", QUALITY),
    ("Statistics", STATISTICS),
    ("Schema", SCHEMA),
    ("Drift", DRIFT),
    ("Limits", LIMITS),
)


def quality_nav(here: str, fleet: str = "", as_of: int | None = None) -> Component:
    """Links to the data quality pages, which keep fleet and snapshot.

    Args:
        here: path of the page that is shown, empty for one that is no tab.
        fleet: the fleet that is looked at, empty for all.
        as_of: the snapshot that was asked for, None for now.
    """
    links = [
        html.Span(
            dcc.Link(label, href=page_address(path, fleet=fleet, as_of=as_of)),
            **(aria(current="page") if path == here else {}),
        )
        for label, path in TABS
    ]
    return html.Nav(links, className="quality-tabs", **aria(label="Data quality"))


def fleet_tabs(fleets: Sequence[str], chosen: str, path: str, as_of: int | None) -> list[Component]:
    """Links to the same page of each fleet; nothing where there is one."""
    if len(fleets) < 2:
        return []
    links = [
        html.Span(
            dcc.Link(name, href=page_address(path, fleet=name, as_of=as_of)),
            **(aria(current="true") if name == chosen else {}),
        )
        for name in fleets
    ]
    return [html.Nav(links, className="runs-filter", **aria(label="Fleets"))]
