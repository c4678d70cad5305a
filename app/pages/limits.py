"""Limits: what people said a sensor may read, now and before, and the form to say so."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from app.components import limit_form
from app.components.aria import aria
from app.components.decision_form import not_decided
from app.components.limit_form import About, asked_limit, limit_set
from app.components.limit_table import limit_table
from app.components.quality_head import nothing_yet, quality_head
from app.components.quality_words import limits_address
from app.launcher import Launcher, LaunchError
from app.pages import PageRequest
from app.queries import deliveries, limits
from app.queries.decidable import regimes
from app.queries.limits import Limit
from app.security import current_user
from app.security.roles import Action, Refused, allowed
from app.services import Services

PATH = "/quality/limits"
TITLE = "Limits"
NAV = None


def layout(services: Services, request: PageRequest) -> Component:
    """The limits of one fleet: ``fleet``, ``sensor``, ``as_of``."""
    pinned, as_of = services.pinned(request.as_of), request.as_of
    fleets = deliveries.fleets(pinned)
    asked = request.query.get("fleet", "")
    head = quality_head(pinned, PATH, asked, as_of)
    if not fleets:
        return html.Div([*head, nothing_yet()], className="quality-page")
    fleet = asked if asked in fleets else fleets[0]
    known = limits.limits(pinned, fleet, pinned.snapshot.time if as_of is not None else None)
    parts: list[Component] = [_fleets(fleets, fleet, as_of)]
    if as_of is None and allowed(request.role, Action.LIMIT):
        held = _held(known, request.query.get("sensor", ""))
        about = About(fleet, regimes(pinned, services.profile, fleet), *held)
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
    def set_limit(_clicks: int, values: list[Any], names: list[Any], fleet: str) -> Component:
        given = {each["name"]: value for each, value in zip(names, values, strict=True)}
        return _set(launcher, fleet, given)


def _set(launcher: Launcher, fleet: str, fields: dict[str, Any]) -> Component:
    try:
        done = launcher.set_limit(current_user(), asked_limit(str(fleet), fields))
    except (Refused, LaunchError) as error:
        return not_decided(f"{error}")
    return limit_set(done.run_id)


def _held(known: tuple[Limit, ...], sensor: str) -> tuple[str, Limit | None]:
    """The sensor that the form is to be about, and its limit in force."""
    held = [limit for limit in known if limit.sensor == sensor and limit.standing == "in force"]
    return sensor, held[0] if held else None


def _fleets(fleets: tuple[str, ...], shown: str, as_of: int | None) -> Component:
    links = [
        html.Span(
            dcc.Link(name, href=limits_address(name, as_of=as_of)),
            **(aria(current="true") if name == shown else {}),
        )
        for name in fleets
    ]
    return html.Nav(links, className="runs-filter", **aria(label="Fleet"))
