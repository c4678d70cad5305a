"""Runs: ask for an ingest or a training, watch what runs, look back at what ran."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components import ingest_form, retrain_form
from app.components.launch_button import (
    ButtonIds,
    MaintainIds,
    VerifyIds,
    maintain_button,
    verify_button,
)
from app.components.run_table import kind_filter, run_list
from app.launcher import Launcher
from app.pages import PageRequest
from app.pages.runs import ingest, retrain
from app.pages.runs.answer import answer
from app.queries.runs import KINDS, Marks, changed, drawn_marks, marks, run_page
from app.security import current_user
from app.security.roles import Action, allowed
from app.services import Services
from lakehouse.runs import Submitted
from lakehouse.users import User

PATH = "/runs"
TITLE = "Runs"
NAV = "Runs"
BUSY_MS, CALM_MS = 2_000, 15_000


class Ids(StrEnum):
    """Ids of the page."""

    PAGE = "runs-page"
    TICK = "runs-tick"
    BEAT = "runs-beat"
    VIEW = "runs-view"
    MARKS = "runs-marks"
    LIST = "runs-list"


def layout(services: Services, request: PageRequest) -> Component:
    """Header with the launch buttons, filter, table, and the closed dialogs."""
    kind, number = request.query.get("kind"), request.query.get("page", "")
    kind = kind if kind in KINDS else None
    at = int(number) if number.isdecimal() and len(number) < 6 else 1
    view = {"kind": kind, "page": at, "as_of": request.as_of}
    children, drawn, interval = _drawn(services, view, [])
    parts = [
        dcc.Interval(id=Ids.TICK, interval=interval),
        dcc.Store(id=Ids.BEAT),
        dcc.Store(id=Ids.VIEW, data=view),
        dcc.Store(id=Ids.MARKS, data=dict(drawn)),
        html.Header([html.H1(TITLE), *_buttons(services, request.role)], className="runs-head"),
        kind_filter(kind, request.as_of),
        html.Div(children, id=Ids.LIST),
        *_dialogs(request.role),
    ]
    return html.Div(parts, className="runs-page", id=Ids.PAGE)


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks, and that of the button beside SIMULATED."""
    launcher = Launcher(services)
    _register_list(app, services)
    ingest.register(app, services, launcher)
    ingest.register_fetch(app, launcher)
    retrain.register(app, services, launcher)
    _register_button(app, MaintainIds, launcher.maintain)
    _register_button(app, VerifyIds, launcher.verify)


def _register_button(app: Dash, ids: ButtonIds, launch: Callable[[User], Submitted]) -> None:
    @app.callback(
        Output(ids.GO, "href"),
        Output(ids.PROBLEM, "children"),
        Input(ids.START, "n_clicks"),
        running=[(Output(ids.START, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def start(clicks: int | None) -> Any:
        # The page of the audit log has the button too: one that appears was not pressed.
        if not clicks:
            raise PreventUpdate
        return answer(lambda: launch(current_user()))


def _buttons(services: Services, role: str) -> list[Component]:
    others = [*verify_button(role), *maintain_button(role, services.settings.maintain.days)]
    if not allowed(role, Action.INGEST):
        return [html.Div(others, className="runs-actions")] if others else []
    second = dbc.Button("Retrain", id=retrain_form.Ids.OPEN, color="secondary", outline=True)
    first = dbc.Button("Ingest", id=ingest_form.Ids.OPEN, color="primary")
    return [html.Div([*others, second, first], className="runs-actions")]


def _dialogs(role: str) -> list[Component]:
    if not allowed(role, Action.INGEST):
        return []
    return [ingest_form.ingest_dialog(), retrain_form.retrain_dialog()]


def _drawn(services: Services, view: dict[str, Any], ids: list[str]) -> tuple[Any, Marks, int]:
    before = marks(services, ids)
    page = run_page(services, view["kind"], int(view["page"]), view["as_of"])
    children = run_list(page, view["kind"])
    return children, drawn_marks(before, page.runs), BUSY_MS if page.active else CALM_MS


def _register_list(app: Dash, services: Services) -> None:
    app.clientside_callback(
        ClientsideFunction("runs", "beat"),
        Output(Ids.BEAT, "data"),
        Input(Ids.TICK, "n_intervals"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(Ids.LIST, "children"),
        Output(Ids.MARKS, "data"),
        Output(Ids.TICK, "interval"),
        Input(Ids.BEAT, "data"),
        State(Ids.MARKS, "data"),
        State(Ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def show_runs(_beat: Any, drawn: Marks, view: dict[str, Any]) -> Any:
        if not changed(services, drawn):
            raise PreventUpdate
        return _drawn(services, view, drawn["ids"])
