"""What changed between two versions of a table, down to rows, values, engines, distributions."""

from dataclasses import asdict
from enum import StrEnum
from typing import Any

from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components import comparing
from app.components.addresses import diff_address, tables_address
from app.components.compared_rows import Sides
from app.components.comparing import Looked
from app.components.diff_body import diff_body, shifts_card
from app.components.diff_head import (
    EndIds,
    both_cards,
    commits_between,
    diff_head,
    figures,
    no_diff,
)
from app.components.shell import Ids as Shell
from app.components.states import missing, skeleton
from app.components.table_rows import titles
from app.pages import PageRequest
from app.queries.table_diff import DiffAsk, Ends, diff_view, ends, shifted
from app.services import Services
from lakehouse.diffs import DiffError
from lakehouse.tables import TABLES

PATH = "/tables/<layer>/<table>/diff"
TITLE = "Diff"
NAV = None
KIND = "diff"
Json = dict[str, Any]


class Ids(StrEnum):
    """Ids of this page."""

    GO = "diff-go"
    VIEW = "diff-view"
    BEFORE = "diff-before"
    AFTER = "diff-after"
    BODY = "diff-body"
    DRAWN = "diff-drawn"
    SHIFTS = "diff-shifts"


def layout(services: Services, request: PageRequest) -> Component:
    """The outline: ``from``, ``to``, ``engine`` (fleet/engine), ``column``, ``as_of``."""
    name = f"{request.path['layer']}/{request.path['table']}"
    if name not in TABLES:
        return missing(f"There is no table {name}.", "See all tables", tables_address())
    ask = DiffAsk.of(name, request.query, request.as_of)
    found = ends(services.pinned(request.as_of), ask)
    parts = [
        dcc.Location(id=Ids.GO, refresh="callback-nav"),
        dcc.Store(id=Ids.VIEW, data=asdict(ask)),
        diff_head(ask, found, EndIds(Ids.BEFORE, Ids.AFTER)),
    ]
    if found.before is None or found.after is None:
        return html.Div([*parts, no_diff(ask, found)], className="tbl-page")
    body = html.Div(skeleton(), id=Ids.BODY, className="tbl-page")
    return html.Div([*parts, both_cards(ask, found), body], className="tbl-page cmp-page")


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks."""

    @app.callback(
        Output(Ids.GO, "href"),
        Input(Ids.BEFORE, "value"),
        Input(Ids.AFTER, "value"),
        State(Ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def choose(before: Any, after: Any, view: Json) -> str:
        ask, found = _found(services, view)
        if (
            not isinstance(before, int)
            or not isinstance(after, int)
            or (before, after) == found.asked
        ):
            raise PreventUpdate
        return diff_address(ask.table, (before, after), ask.as_of, (ask.fleet, ask.engine))

    @app.callback(Output(Ids.BODY, "children"), Input(Ids.VIEW, "data"))
    def show_diff(view: Json) -> list[Component]:
        return _body(services, *_found(services, view))

    @app.callback(
        Output(Ids.SHIFTS, "children"),
        Input(Ids.DRAWN, "data"),
        Input(Shell.THEME, "data"),
        State(Ids.VIEW, "data"),
    )
    def show_shifts(_drawn: bool, theme: str, view: Json) -> list[Component]:
        ask, found = _found(services, view)
        looked, told = _look(services, view, theme), diff_view(services.lake, ask, found.asked)
        return shifts_card(tuple(looked.columns), looked.sides, told)

    comparing.register(app, KIND, Ids.VIEW, lambda view, theme: _look(services, view, theme))


def _found(services: Services, view: Json) -> tuple[DiffAsk, Ends]:
    ask = DiffAsk(**view)
    return ask, ends(services.pinned(ask.as_of), ask)


def _body(services: Services, ask: DiffAsk, found: Ends) -> list[Component]:
    try:
        told = diff_view(services.lake, ask, found.asked)
    except DiffError as error:
        return [no_diff(ask, found, str(error))]
    rows = diff_body(ask, told, titles(services.profile))
    # The distributions follow once the rows stand there: they need a sample of what was read.
    waiting = html.Div(id=Ids.SHIFTS, className="tbl-part")
    after = [] if told.diff.is_empty else [dcc.Store(id=Ids.DRAWN, data=True), waiting]
    commits = commits_between(ask, told.diff.commits)
    return [figures(told), *commits, html.Div(rows, className="tbl-part"), *after]


def _look(services: Services, view: Json, theme: str) -> Looked:
    ask, found = _found(services, view)
    names = tuple(f"v{version}" for version in found.asked)
    sides = Sides(KIND, (names[0], names[1]), theme, titles=titles(services.profile))
    return Looked(shifted(services.lake, ask, found.asked), sides)
