"""One table: its versions over time, the rows and the schema at any of them."""

from dataclasses import asdict
from enum import StrEnum
from typing import Any

from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components.addresses import table_address, tables_address
from app.components.history_table import history_table
from app.components.shell import Ids as Shell
from app.components.states import missing
from app.components.table_head import no_such_version, no_versions, table_head, version_card
from app.components.table_rows import preview_card
from app.components.table_schema import schema_card
from app.components.timeline_card import timeline, timeline_card
from app.pages import PageRequest
from app.queries.table_history import Ask, TableView, table_view
from app.queries.table_preview import preview
from app.services import Services
from lakehouse.tables import TABLES

PATH = "/tables/<layer>/<table>"
TITLE = "Table"
NAV = None
Json = dict[str, Any]


class Ids(StrEnum):
    """Ids of this page."""

    GO = "table-go"
    VIEW = "table-view"
    TIMELINE = "table-timeline"


def layout(services: Services, request: PageRequest) -> Component:
    """One table as the URL asks: ``version``, ``page``, ``engine`` (fleet/engine), ``as_of``."""
    name = f"{request.path['layer']}/{request.path['table']}"
    if name not in TABLES:
        return missing(f"There is no table {name}.", "See all tables", tables_address())
    ask = Ask.of(request.query, request.as_of)
    view = table_view(services, services.pinned(request.as_of), name, ask)
    store = dcc.Store(id=Ids.VIEW, data={"name": name, "ask": asdict(ask)})
    go = dcc.Location(id=Ids.GO, refresh="callback-nav")
    return html.Div([store, go, *table_head(view), *_body(services, view)], className="tbl-page")


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks."""

    @app.callback(
        Output(Ids.TIMELINE, "figure"),
        Input(Ids.VIEW, "data"),
        Input(Shell.THEME, "data"),
    )
    def show_timeline(asked: Json, theme: str) -> Json:
        return timeline(_view(services, asked), theme)

    @app.callback(
        Output(Ids.GO, "href"),
        Input(Ids.TIMELINE, "clickData"),
        State(Ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def go_to_version(clicked: Json | None, asked: Json) -> str:
        points = (clicked or {}).get("points") or [{}]
        version = points[0].get("customdata")
        if not isinstance(version, int):
            raise PreventUpdate
        ask = Ask(**asked["ask"])
        return table_address(asked["name"], version, ask.as_of, (ask.fleet, ask.engine))


def _view(services: Services, asked: Json) -> TableView:
    ask = Ask(**asked["ask"])
    return table_view(services, services.pinned(ask.as_of), asked["name"], ask)


def _body(services: Services, view: TableView) -> list[Component]:
    if not view.facts:
        return [no_versions(view)]
    versions = [html.H2("Versions"), timeline_card(Ids.TIMELINE), *history_table(view)]
    history = html.Section(versions, className="tbl-part")
    chosen = view.chosen
    if chosen is None:
        return [no_such_version(view), history]
    parts = [*version_card(view, chosen), history]
    if chosen.readable:
        engine = (view.ask.fleet, view.ask.engine)
        rows = preview(services.lake, view.table.name, chosen.version, engine)
        card = preview_card(view, rows, services.profile)
        parts.append(html.Section(card, className="tbl-part"))
    return [*parts, html.Section(schema_card(view, chosen), className="tbl-part")]
