"""Limits: what people said a sensor may read, now and before, and the form to say so."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, html
from dash.development.base_component import Component

from app.components import limit_form
from app.components.decision_form import decided, not_decided
from app.components.limit_form import About, asked_limit
from app.components.limit_table import limit_table
from app.components.quality_head import nothing_yet, quality_head
from app.components.quality_nav import fleet_tabs
from app.launcher import Launcher, LaunchError
from app.pages import Field, Named, PageRequest
from app.queries import deliveries, limits
from app.queries.decidable import regimes
from app.security import current_user
from app.security.roles import Action, Refused, allowed
from app.services import Services

PATH = "/quality/limits"
TITLE = "Limits"
NAV = None


def layout(services: Services, request: PageRequest) -> Component:
    """The limits of one fleet: ``fleet``, ``limit_id`` (the form is filled with it), ``as_of``."""
    pinned, as_of = services.pinned(request.as_of), request.as_of
    fleets = deliveries.fleets(pinned)
    asked = request.query.get("fleet", "")
    head = quality_head(pinned, PATH, asked, as_of)
    if not fleets:
        return html.Div([*head, nothing_yet()], className="quality-page")
    fleet = asked if asked in fleets else fleets[0]
    known = limits.limits(pinned, fleet, pinned.snapshot.time if as_of is not None else None)
    parts = fleet_tabs(fleets, fleet, PATH, as_of)
    if as_of is None and allowed(request.role, Action.LIMIT):
        limit = limits.one(pinned, request.query.get("limit_id", ""))
        mine = limit if limit is not None and limit.fleet == fleet else None
        about = About(fleet, regimes(pinned, services.profile, fleet), limit=mine)
        form = limit_form.limit_form(about, services.profile)
        parts.append(html.Div([html.H3("Set a limit"), form], className="quality-card"))
    parts.append(limit_table(known, services.profile, as_of))
    return html.Div(
        [*head, html.Section([html.H2(f"Limits of {fleet}"), *parts], className="quality-part")],
        className="quality-page",
    )


def register(app: Dash, services: Services) -> None:
    """The form's callback, which also serves the page of an anomaly."""
    launcher, ids = Launcher(services), limit_form.Ids

    @app.callback(
        Output(ids.RESULT, "children"),
        Input(ids.SEND, "n_clicks"),
        State(limit_form.field_id(ALL), "value"),
        State(limit_form.field_id(ALL), "id"),
        State(ids.FLEET, "data"),
        running=[(Output(ids.SEND, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def set_limit(_clicks: int, values: list[Field], names: list[Named], fleet: str) -> Component:
        given = {each["name"]: value for each, value in zip(names, values, strict=True)}
        return _set(launcher, fleet, given)


def _set(launcher: Launcher, fleet: str, fields: dict[str, Any]) -> Component:
    try:
        done = launcher.set_limit(current_user(), asked_limit(str(fleet), fields))
    except (Refused, LaunchError) as error:
        return not_decided(f"{error}")
    return decided(done.run_id)
