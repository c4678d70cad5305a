"""Data quality: what was delivered, the verdict on it, and what was found in it."""

from collections.abc import Callable
from enum import StrEnum
from threading import RLock
from typing import Any

from cachetools import LRUCache, cached
from dash import ALL, MATCH, Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.asked import NO_REASON
from app.components import quality_filter
from app.components.addresses import quality_address
from app.components.anomaly_table import anomaly_list, anomaly_overview, found_line
from app.components.decision_form import Ids as Form
from app.components.decision_form import decided, not_decided, part_id
from app.components.delivery_card import delivery_card, no_delivery
from app.components.delivery_table import delivery_section
from app.components.quality_filter import filtered
from app.components.quality_head import blocked_notice, newer, nothing_yet, quality_head
from app.components.rendered import rendered
from app.components.shell import Ids as Shell
from app.launcher import Launcher, LaunchError
from app.pages import PageRequest
from app.queries.quality import Ask, QualityPage, quality_page
from app.security import current_user
from app.security.roles import Action, Refused, allowed
from app.services import Services
from lakehouse.profiles import Profile
from lakehouse.runs import Submitted
from lakehouse.snapshots import Pinned

PATH = "/quality"
TITLE = "Data quality"
NAV = "Data quality"
LOOK_SECONDS = 5
_TO_ANOMALIES = """
function () {
  const part = window.location.hash === "#anomalies" && document.getElementById("anomalies");
  if (part) part.scrollIntoView();
}
"""


class Ids(StrEnum):
    """Ids that the data quality pages share."""

    TICK = "quality-tick"
    SEQ = "quality-seq"
    NEWER = "quality-newer"


def layout(services: Services, request: PageRequest) -> Component:
    """Deliveries and anomalies as the URL asks for them; see :class:`app.queries.quality.Ask`."""
    pinned, ask = services.pinned(request.as_of), Ask.of(request.query)
    may_decide = request.as_of is None and allowed(request.role, Action.DECIDE)
    fixed = request.as_of is not None
    return html.Div(
        [
            *quality_head(pinned, PATH, ask.fleet, request.as_of),
            dcc.Store(id=Ids.SEQ, data=pinned.snapshot.seq),
            dcc.Interval(id=Ids.TICK, interval=LOOK_SECONDS * 1000, disabled=fixed),
            html.Div(id=Ids.NEWER),
            html.Div(_drawn(pinned, services.profile, ask, request.as_of, may_decide)),
        ],
        className="quality-page",
    )


def register(app: Dash, services: Services) -> None:
    """The callbacks of this page, and those that all data quality pages share."""
    launcher = Launcher(services)
    app.clientside_callback(_TO_ANOMALIES, Input(quality_filter.Ids.ASK, "data"))

    @app.callback(
        Output(quality_filter.Ids.GO, "href"),
        Input(quality_filter.field_id(ALL), "value"),
        State(quality_filter.field_id(ALL), "id"),
        State(quality_filter.Ids.ASK, "data"),
        prevent_initial_call=True,
    )
    def filter_anomalies(values: list[Any], ids: list[Any], asked: dict[str, Any]) -> str:
        named = {each["name"]: value for each, value in zip(ids, values, strict=True)}
        address = filtered(asked, named)
        if address is None:
            raise PreventUpdate
        return address

    @app.callback(
        Output(part_id(Form.RESULT, MATCH, MATCH), "children"),
        Input(part_id(Form.BUTTON, MATCH, MATCH, decision=ALL), "n_clicks"),
        State(part_id(Form.REASON, MATCH, MATCH), "value"),
        prevent_initial_call=True,
    )
    def decide(_clicks: list[int | None], reason: str | None) -> Component:
        # Buttons that appear trigger the callback too, without a click.
        if not ctx.triggered_id or not ctx.triggered[0]["value"]:
            raise PreventUpdate
        return _decide(launcher, ctx.triggered_id, (reason or "").strip())

    @app.callback(
        Output(Ids.NEWER, "children"),
        Input(Ids.TICK, "n_intervals"),
        State(Ids.SEQ, "data"),
        State(Shell.URL, "pathname"),
        State(Shell.URL, "search"),
        prevent_initial_call=True,
    )
    def look_for_newer(_tick: int, drawn: int, path: str, search: str) -> Component | None:
        return newer(services.pinned().snapshot.seq, drawn, f"{path}{search or ''}")


def _decide(launcher: Launcher, button: Any, reason: str) -> Component:
    if not reason:
        return not_decided(NO_REASON)
    user, name, decision = current_user(), str(button["name"]), str(button["decision"])
    asks: dict[str, Callable[[], Submitted]] = {
        "delivery": lambda: launcher.review(user, name, decision, reason),
        "schema": lambda: launcher.decide_schema(user, name, decision, reason),
        "model": lambda: launcher.promote(user, name, reason),
        "fleet": lambda: launcher.roll_back(user, name, reason),
    }
    try:
        done = asks[str(button["about"])]()
    except (Refused, LaunchError) as error:
        return not_decided(f"{error}")
    return decided(done.run_id)


@cached(
    LRUCache(32),
    key=lambda pinned, profile, ask, as_of, may_decide: (
        pinned.lake,
        pinned.snapshot.seq,
        profile.name,
        ask,
        as_of,
        may_decide,
    ),
    lock=RLock(),
)
def _drawn(pinned: Pinned, profile: Profile, ask: Ask, as_of: int | None, may_decide: bool) -> Any:
    """Drawn once for all who look at the same."""
    page = quality_page(pinned, ask)
    if not page.any_at_all:
        return rendered(nothing_yet())
    blocked = page.states.get("blocked", 0)
    parts = [*blocked_notice(blocked, ask, as_of), *_delivered(page, as_of, may_decide)]
    return rendered(html.Div([*parts, _found(page, profile, as_of)], className="quality-page"))


def _delivered(page: QualityPage, as_of: int | None, may_decide: bool) -> list[Component]:
    if not page.ask.delivery:
        return [delivery_section(page, as_of)]
    if page.chosen is None:
        back = quality_address(page.ask, as_of, delivery="")
        return [no_delivery(page.ask.delivery, back)]
    return [delivery_card(page.chosen, may_decide, page.ask, as_of)]


def _found(page: QualityPage, profile: Profile, as_of: int | None) -> Component:
    head = html.Div(
        [html.H2("Anomalies"), html.P(found_line(page), className="run-hint")],
        className="card-head",
    )
    overview = anomaly_overview(page, profile, as_of)
    parts = [head, *([overview] if overview else [])]
    parts.append(quality_filter.quality_filter(page, profile, as_of))
    parts += anomaly_list(page, profile, as_of)
    return html.Section(parts, className="quality-part", id="anomalies")
