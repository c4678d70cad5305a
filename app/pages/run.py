"""One run: its steps as they go, its log, what came of it; cancel it or try it again."""

from enum import StrEnum
from time import time
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components import run_actions
from app.components.addresses import RUNS, run_address, run_log_address
from app.components.aria import aria
from app.components.run_head import action_class, run_head
from app.components.run_log import run_log
from app.components.run_result import run_result
from app.components.run_trouble import run_trouble
from app.components.states import missing
from app.components.step_graph import step_graph
from app.components.stream_taken import stream_taken
from app.launcher import Launcher, LaunchError
from app.pages import PageRequest
from app.queries.runs import LOG_LINES, Marks, RunDetail, changed, drawn_marks, marks, run_detail
from app.security import current_user
from app.services import Services
from lakehouse.runs import FINAL, RunError

PATH = "/runs/<run>"
TITLE = "Run"
NAV = None
BUSY_MS, CALM_MS = 2_000, 15_000


class Ids(StrEnum):
    """Ids of the page."""

    PAGE = "run-page"
    TICK = "run-tick"
    BEAT = "run-beat"
    RUN = "run-id"
    MARKS = "run-marks"
    HEAD = "run-head"
    LIVE = "run-live"
    LOG = "run-log"
    GO = "run-go"


def layout(services: Services, request: PageRequest) -> Component:
    """Head with buttons, trouble, steps, result, log."""
    run_id = request.path["run"]
    try:
        head, live, log, actions, drawn, interval = _drawn(services, run_id, [])
    except RunError as error:
        return missing(f"{str(error)[:1].upper()}{str(error)[1:]}.", "See all runs", RUNS)
    words = run_actions.words_for(run_id)
    download = html.A("Download", href=run_log_address(run_id), className="run-download")
    parts = [
        dcc.Location(id=Ids.GO, refresh="callback-nav"),
        dcc.Interval(id=Ids.TICK, interval=interval),
        dcc.Store(id=Ids.BEAT),
        dcc.Store(id=Ids.RUN, data=run_id),
        dcc.Store(id=Ids.MARKS, data=dict(drawn)),
        html.Header(
            [html.Div(head, id=Ids.HEAD), run_actions.run_actions(request.role, actions, words)],
            className="runs-head",
        ),
        *_joined(request),
        html.Div(live, id=Ids.LIVE),
        html.Div([html.H2("Log"), download], className="run-log-head"),
        html.Div(log, id=Ids.LOG, role="log", tabIndex=0, **aria(live="polite")),
        run_actions.cancel_dialog(words),
    ]
    return html.Div(parts, className="runs-page", id=Ids.PAGE)


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks."""
    _register_live(app, services)
    _register_actions(app, Launcher(services))


def _drawn(services: Services, run_id: str, ids: list[str]) -> tuple[Any, ...]:
    before = marks(services, ids)
    detail = run_detail(services, run_id)
    return (
        run_head(detail.run),
        _live(detail),
        run_log(detail.log, LOG_LINES),
        action_class(detail.run),
        drawn_marks(before, [detail.run]),
        CALM_MS if detail.run.state in FINAL else BUSY_MS,
    )


def _live(detail: RunDetail) -> list[Component | None]:
    run = detail.run
    steps = [html.H2("Steps"), step_graph(run.steps)]
    if detail.taken is not None:
        taken = stream_taken(detail.taken, detail.newest)
        return [run_trouble(detail.trouble), *taken, *steps]
    return [run_trouble(detail.trouble), *steps, *run_result(run.kind, run.result)]


def _joined(request: PageRequest) -> list[Component]:
    if request.query.get("joined") != "1":
        return []
    text = "The same was asked for already, with the same data and parameters: this is that run."
    return [html.P(text, className="run-trouble run-trouble-note run-notice", role="status")]


def _register_live(app: Dash, services: Services) -> None:
    app.clientside_callback(
        ClientsideFunction("runs", "beat"),
        Output(Ids.BEAT, "data"),
        Input(Ids.TICK, "n_intervals"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(Ids.HEAD, "children"),
        Output(Ids.LIVE, "children"),
        Output(Ids.LOG, "children"),
        Output(run_actions.Ids.ACTIONS, "className"),
        Output(Ids.MARKS, "data"),
        Output(Ids.TICK, "interval"),
        Input(Ids.BEAT, "data"),
        State(Ids.MARKS, "data"),
        State(Ids.RUN, "data"),
        prevent_initial_call=True,
    )
    def show_run(_beat: Any, drawn: Marks, run_id: str) -> Any:
        if not changed(services, drawn):
            raise PreventUpdate
        return _drawn(services, run_id, drawn["ids"])


def _register_actions(app: Dash, launcher: Launcher) -> None:
    ids = run_actions.Ids

    @app.callback(
        Output(ids.CONFIRM, "is_open"),
        Input(ids.CANCEL, "n_clicks"),
        Input(ids.KEEP, "n_clicks"),
        prevent_initial_call=True,
    )
    def toggle_confirm(_cancel: int | None, _keep: int | None) -> bool:
        return bool(ctx.triggered_id == ids.CANCEL)

    @app.callback(
        Output(ids.CONFIRM, "is_open", allow_duplicate=True),
        Output(ids.PROBLEM, "children"),
        Output(Ids.BEAT, "data", allow_duplicate=True),
        Input(ids.CONFIRMED, "n_clicks"),
        State(Ids.RUN, "data"),
        prevent_initial_call=True,
    )
    def cancel_run(_clicks: int, run_id: str) -> Any:
        try:
            launcher.cancel(current_user(), run_id)
        except LaunchError as error:
            return False, str(error), no_update
        return False, "", time()

    @app.callback(
        Output(Ids.GO, "href"),
        Output(ids.PROBLEM, "children", allow_duplicate=True),
        Input(ids.RETRY, "n_clicks"),
        State(Ids.RUN, "data"),
        running=[(Output(ids.RETRY, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def retry_run(_clicks: int, run_id: str) -> Any:
        try:
            return run_address(launcher.retry(current_user(), run_id)), ""
        except LaunchError as error:
            return no_update, str(error)
