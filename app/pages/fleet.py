"""The fleet page: which engines need me now, why, and how fresh that is."""

from datetime import datetime
from enum import StrEnum
from threading import RLock
from typing import Any

import dash_bootstrap_components as dbc
from cachetools import LRUCache, cached
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components import following
from app.components.fleet_table import Telling, fleet_table, pager
from app.components.fleet_top import Over, fleet_top, no_fleet, no_match
from app.components.rendered import rendered
from app.components.shell import show_newest
from app.components.state_badge import state_word
from app.pages import PageRequest
from app.queries import pins
from app.queries.deliveries import blocked
from app.queries.fleet import Ask, fleet_page, fleets
from app.queries.held import held
from app.queries.states import STATES
from app.queries.training import training
from app.services import Services
from lakehouse.clock import now
from lakehouse.profiles import Profile
from lakehouse.snapshots import Pinned

PATH = "/"
TITLE = "Fleet"
NAV = "Fleet"
LOOK_SECONDS = 2
# What is told as an age, and staleness, come with time and without a new snapshot.
REDRAW_SECONDS = 60
ALL = "all"


class Ids(StrEnum):
    """Ids of this page."""

    TOP = "fleet-top"
    TABLE = "fleet-rows"
    SEARCH = "fleet-search"
    STATE = "fleet-state"
    TURN = "fleet-turn"
    TICK = "fleet-tick"
    BEAT = "fleet-beat"
    SEEN = "fleet-seen"
    VIEW = "fleet-view"


def layout(services: Services, request: PageRequest) -> Component:
    """The fleet as the URL asks for it: ``fleet``, ``state``, ``q``, ``page``, ``as_of``."""
    query = request.query
    page = query.get("page", "1")
    view = {"fleet": query.get("fleet", ""), "as_of": request.as_of}
    ask = Ask(
        query.get("fleet", ""),
        state=query.get("state", ""),
        text=query.get("q", ""),
        page=int(page) if page.isdecimal() and len(page) < 9 else 1,
    )
    seen, fixed = _seen(services), request.as_of is not None
    top, table = _draw(services, ask, request.as_of)
    return html.Div(
        [
            dcc.Store(id=Ids.VIEW, data=view),
            dcc.Store(id=Ids.TURN, data=ask.page),
            dcc.Store(id=Ids.SEEN, data=seen),
            dcc.Store(id=Ids.BEAT),
            dcc.Interval(id=Ids.TICK, interval=LOOK_SECONDS * 1000, disabled=fixed),
            html.Div(top, id=Ids.TOP),
            _filters(ask),
            html.Div(table, id=Ids.TABLE),
        ],
        className="fleet-page",
    )


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks; the browser's half is in ``assets/fleet.js``."""

    @app.callback(
        Output(Ids.TOP, "children"),
        Output(Ids.TABLE, "children"),
        Input(Ids.SEARCH, "value"),
        Input(Ids.STATE, "value"),
        Input(Ids.TURN, "data"),
        Input(Ids.SEEN, "data"),
        State(Ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def show_fleet(
        text: str | None, state: str | None, page: int, _seen: Any, view: dict[str, Any]
    ) -> tuple[Any, Any]:
        # Another search or state begins at its first page; turning a page keeps both.
        first = ctx.triggered_id in (Ids.SEARCH, Ids.STATE)
        ask = Ask(view["fleet"], state or "", (text or "").strip(), 1 if first else page)
        return _draw(services, ask, view["as_of"])

    @app.callback(
        Output(Ids.SEEN, "data"),
        Input(Ids.BEAT, "data"),
        State(Ids.SEEN, "data"),
        prevent_initial_call=True,
    )
    def follow_lake(_beat: Any, seen: dict[str, float]) -> dict[str, float]:
        found = _seen(services)
        old = found["at"] - seen["at"] >= REDRAW_SECONDS
        if found["version"] == seen["version"] and not old:
            raise PreventUpdate
        show_newest(services.pinned().snapshot.seq)
        return found

    following.register(app, Ids.TICK, Ids.BEAT, Ids.TABLE)
    app.clientside_callback(
        ClientsideFunction("stillwater_fleet", "remember"),
        Input(Ids.SEARCH, "value"),
        Input(Ids.STATE, "value"),
        Input(Ids.TURN, "data"),
        prevent_initial_call=True,
    )


def _seen(services: Services) -> dict[str, float]:
    """What a page is drawn from, taken before it is drawn: nothing that comes then is missed."""
    version = services.lake.version(pins.SNAPSHOTS)
    return {"version": -1 if version is None else version, "at": now().timestamp()}


def _draw(services: Services, ask: Ask, as_of: int | None) -> tuple[Any, Any]:
    pinned = pins.pinned(services.lake, as_of)
    known = fleets(pinned)
    if not known:
        return rendered(no_fleet(blocked(pinned, ""), as_of)), rendered(html.Div())
    fleet = ask.fleet if ask.fleet in known else known[0]
    ask = Ask(fleet, ask.state if ask.state in STATES else "", ask.text[:100], ask.page)
    run = "" if pinned.snapshot.live.get(fleet) else training(services, fleet)
    return _drawn(pinned, services.profile, ask, as_of, run)


@cached(
    LRUCache(32),
    key=lambda pinned, profile, ask, as_of, run: (
        (pinned.lake, pinned.snapshot.seq, profile.name, ask, as_of, run),
        # Ages are told to the minute.
        int(now().timestamp() // 60),
    ),
    lock=RLock(),
)
def _drawn(
    pinned: Pinned, profile: Profile, ask: Ask, as_of: int | None, run: str
) -> tuple[Any, Any]:
    """Drawn once for all who look at the same, however many snapshots a stream takes."""
    at = _clock(pinned, as_of)
    page = fleet_page(pinned, profile, ask, at)
    over = Over(page, held(pinned, ask.fleet), pinned, profile, at, as_of, run)
    if not page.rows:
        return rendered(fleet_top(over)), rendered(no_match(page))
    telling = Telling(profile, at, as_of)
    table = html.Div([fleet_table(page, telling), pager(page)])
    return rendered(fleet_top(over)), rendered(table)


def _clock(pinned: Pinned, as_of: int | None) -> datetime:
    # A page of an older snapshot stands as it stood then: not everything old is stale.
    return now() if as_of is None or pinned.snapshot.time is None else pinned.snapshot.time


def _filters(ask: Ask) -> Component:
    search = dbc.Input(
        id=Ids.SEARCH,
        value=ask.text,
        type="search",
        placeholder="Search engines",
        debounce=200,
        maxlength=100,
        className="fleet-search",
    )
    options = [{"label": "All in service", "value": ALL}]
    options += [{"label": state_word(state), "value": state} for state in STATES]
    states = dbc.Select(
        id=Ids.STATE, options=options, value=ask.state or ALL, className="fleet-states"
    )
    parts = [_label("Search engines", Ids.SEARCH), search, _label("State", Ids.STATE), states]
    return html.Div(parts, className="fleet-filters", role="search")


def _label(text: str, of: str) -> Component:
    return html.Label(text, htmlFor=of, className="visually-hidden")
