"""The schema of a fleet: the one in force, every one before, and what is proposed."""

from enum import StrEnum
from typing import Any

from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components import schema_view as drawn
from app.components.addresses import page_address
from app.components.quality_head import quality_head
from app.components.quality_nav import fleet_tabs
from app.pages import PageRequest
from app.queries.deliveries import fleets
from app.queries.schemas import SchemaVersion, differences, facts, in_force, schemas
from app.security.roles import Action, allowed
from app.services import Services

PATH = "/quality/schema"
TITLE = "Schema"
NAV = None
Json = dict[str, Any]


class Ids(StrEnum):
    """Ids of this page."""

    GO = "schema-go"
    VIEW = "schema-view"
    THEN = "schema-then"


def layout(services: Services, request: PageRequest) -> Component:
    """The schema as the URL asks for it: ``fleet``, ``then``, ``as_of``."""
    pinned, query = services.pinned(request.as_of), request.query
    known = fleets(pinned)
    asked = query.get("fleet", "")
    fleet = asked if asked in known else next(iter(known), "")
    every = schemas(pinned, fleet)
    view = {"fleet": fleet, "then": query.get("then", ""), "as_of": request.as_of}
    may = request.as_of is None and allowed(request.role, Action.DECIDE)
    return html.Div(
        [
            dcc.Location(id=Ids.GO, refresh="callback-nav"),
            dcc.Store(id=Ids.VIEW, data=view),
            *quality_head(pinned, PATH, fleet, request.as_of),
            *fleet_tabs(known, fleet, PATH, request.as_of),
            *_body(every, view, may),
        ],
        className="quality-page schema-page",
    )


def register(app: Dash, services: Services) -> None:  # noqa: ARG001  (as every page has it)
    """The choice of another schema; decisions are taken by the quality page's callback."""

    @app.callback(
        Output(Ids.GO, "href"),
        Input(Ids.THEN, "value"),
        State(Ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def choose(then: str | None, view: Json) -> str:
        if (then or "") == view["then"]:
            raise PreventUpdate
        return page_address(PATH, fleet=view["fleet"], then=then, as_of=view["as_of"])


def _body(every: tuple[SchemaVersion, ...], view: Json, may: bool) -> list[Component]:
    now = in_force(every)
    if now is None:
        return [drawn.no_schema(view["fleet"])]
    waiting = [each for each in every if each.is_open]
    parts = [_proposal(now, each, may) for each in waiting]
    parts += [drawn.head(now, "In force:"), _facts(now), drawn.raw(now)]
    return [*parts, *_then_and_now(every, now, view["then"], may)]


def _facts(version: SchemaVersion) -> Component:
    try:
        return drawn.facts_table(facts(version))
    except ValueError as error:
        return drawn.unreadable(version, str(error))


def _proposal(now: SchemaVersion, proposed: SchemaVersion, may: bool) -> Component:
    try:
        return drawn.proposal(proposed, differences(now, proposed), may)
    except ValueError as error:
        return drawn.unreadable(proposed, str(error))


def _then_and_now(
    every: tuple[SchemaVersion, ...], now: SchemaVersion, name: str, may: bool
) -> list[Component]:
    others = [each for each in every if not each.holds]
    title = html.H2("Then and now")
    if not others:
        return [title, html.P("There was no other schema before this one.", className="hint")]
    then = next((each for each in others if each.schema_id == name), None)
    choice = drawn.past_choice(Ids.THEN, others, "" if then is None else name)
    if then is None:
        return [title, choice]
    try:
        diff = drawn.changes_table(differences(then, now), "Then and now")
    except ValueError as error:
        return [title, choice, drawn.unreadable(then, str(error))]
    parts = [title, choice, drawn.head(then, "Then:"), drawn.life(then), diff, drawn.raw(then)]
    if may and not then.is_open:
        parts.append(drawn.past_decision(then))
    return parts
