"""The engine page: when it will probably fail, every window said before, and its sensors."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import orjson
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from app.components.correction_form import correction_dialog
from app.components.engine_body import Showing
from app.components.engine_drawn import Asked, EngineDrawer
from app.components.report_failure import FormIds, not_reported, report_form, reported
from app.components.sensor_cards import Look
from app.components.shell import Ids as Shell
from app.components.shell import show_newest
from app.components.states import no_longer, skeleton
from app.launcher import Launcher, LaunchError
from app.pages import Field, OfEngine, PageRequest
from app.pages.engine import correcting
from app.queries import pins
from app.queries.let_go import let_go
from app.security import current_user
from app.security.roles import Action, Refused, allowed
from app.services import Services

PATH = "/engine/<fleet>/<engine>"
TITLE = "Engine"
NAV = None
REFRESH_SECONDS = 20
DRAWN_FROM = (
    "silver/readings", "gold/predictions", "gold/engine_status", "gold/fleet_band", "gold/backfill",
)  # fmt: skip
Json = dict[str, Any]


class Ids(StrEnum):
    """Ids of this page."""

    BODY = "engine-body"
    VIEW = "engine-view"
    SEQ = "engine-seq"
    NORM = "engine-norm"
    PICK = "engine-pick"
    TICK = "engine-tick"
    TRACK = "engine-track"
    CHOSEN = "engine-chosen"
    REPORT = "engine-report"
    CYCLE = "engine-report-cycle"
    REASON = "engine-report-reason"
    SEND = "engine-report-send"
    RESULT = "engine-report-result"


FORM = FormIds(Ids.REPORT, Ids.CYCLE, Ids.REASON, Ids.SEND, Ids.RESULT)


def layout(services: Services, request: PageRequest) -> Component:
    """The outline of one engine; ``sensors``, ``norm``, ``from`` and ``to`` come from the URL."""
    fleet, engine = request.path["fleet"], request.path["engine"]
    pick = {"sensors": request.query.get("sensors", ""), "span": _span(request.query)}
    seq = request.as_of or pins.pinned(services.lake).snapshot.seq
    pinned = request.as_of is not None
    if pinned and (gone := let_go(services.pinned(seq), DRAWN_FROM)):
        return no_longer(seq, gone)
    return html.Div(
        [
            dcc.Store(id=Ids.VIEW, data={"fleet": fleet, "engine": engine, "as_of": request.as_of}),
            dcc.Store(id=Ids.SEQ, data=seq),
            dcc.Store(id=Ids.NORM, data=request.query.get("norm", "")),
            dcc.Store(id=Ids.PICK, data=pick),
            dcc.Interval(id=Ids.TICK, interval=REFRESH_SECONDS * 1000, disabled=pinned),
            html.Div(skeleton(), id=Ids.BODY),
            report_form(FORM, engine),
            *([correction_dialog(engine)] if _may_correct(request) else []),
        ],
        className="engine-page",
    )


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks; the browser's half is in ``assets/engine.js``."""
    drawer, launcher = EngineDrawer(services), Launcher(services)
    correcting.register(app, services, Ids.VIEW, launcher)

    @app.callback(
        Output(Ids.BODY, "children"),
        Input(Ids.VIEW, "data"),
        Input(Ids.SEQ, "data"),
        Input(Ids.NORM, "data"),
        Input(Shell.THEME, "data"),
        State(Ids.PICK, "data"),
    )
    def show_engine(view: Json, seq: int, norm: str, theme: str, pick: Json) -> Any:
        asked = Asked(view["fleet"], view["engine"], seq)
        return orjson.Fragment(drawer.body(asked, _showing(view, _look(theme, norm, pick))))

    @app.callback(
        Output(Ids.CHOSEN, "figure"),
        Output(Ids.CHOSEN, "style"),
        Input(Ids.PICK, "data"),
        State(Ids.VIEW, "data"),
        State(Ids.SEQ, "data"),
        State(Ids.NORM, "data"),
        State(Shell.THEME, "data"),
        prevent_initial_call=True,
    )
    def show_chosen(pick: Json, view: Json, seq: int, norm: str, theme: str) -> Any:
        asked = Asked(view["fleet"], view["engine"], seq)
        drawn = drawer.chosen(asked, _showing(view, _look(theme, norm, pick)))
        return (no_update, no_update) if drawn is None else drawn

    @app.callback(
        Output(Ids.SEQ, "data"),
        Input(Ids.TICK, "n_intervals"),
        State(Ids.SEQ, "data"),
        prevent_initial_call=True,
    )
    def follow_lake(_tick: int, seq: int) -> Any:
        newest = pins.pinned(services.lake).snapshot.seq
        if newest == seq:
            return no_update
        show_newest(newest)
        return newest

    @app.callback(
        Output(Ids.RESULT, "children"),
        Input(Ids.SEND, "n_clicks"),
        State(Ids.CYCLE, "value"),
        State(Ids.REASON, "value"),
        State(Ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def report_failure(_clicks: int, cycle: Field, reason: str | None, view: OfEngine) -> Component:
        return _report(launcher, view, cycle, reason or "")

    app.clientside_callback(
        ClientsideFunction("stillwater_engine", "zoomed"),
        Input(Ids.CHOSEN, "relayoutData"),
        prevent_initial_call=True,
    )


def _may_correct(request: PageRequest) -> bool:
    return request.as_of is None and allowed(request.role, Action.CORRECT)


def _showing(view: Json, look: Look) -> Showing:
    role, now = current_user().role, view["as_of"] is None
    acts = (Action.REPORT, Action.CORRECT) if now else ()
    can = (each for each in (*acts, Action.READ_AUDIT) if allowed(role, each))
    return Showing(look, view["as_of"], frozenset(can), Ids.TRACK, Ids.CHOSEN)


def _look(theme: str, norm: str, pick: Json) -> Look:
    names = tuple(name for name in str(pick.get("sensors") or "").split(",") if name)
    asked = {"raw": False, "norm": True}.get(norm)
    span = pick.get("span")
    return Look(theme, asked, names, (float(span[0]), float(span[1])) if span else None)


def _span(query: Mapping[str, str]) -> list[float] | None:
    """The cycle range that the URL asks for, None when it asks for none that makes sense."""
    try:
        first, last = float(query["from"]), float(query["to"])
    except (KeyError, ValueError):
        return None
    return [first, last] if -1e9 < first < last < 1e9 else None


def _report(launcher: Launcher, view: OfEngine, cycle: Field, reason: str) -> Component:
    try:
        user = current_user()
        done = launcher.report_failure(user, view["fleet"], view["engine"], cycle, reason)
    except (Refused, LaunchError) as error:
        return not_reported(f"{error}")
    return reported(done.run_id)
