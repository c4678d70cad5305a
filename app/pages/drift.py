"""Drift of every column against exactly the data that the live model learnt from."""

from dataclasses import replace
from enum import StrEnum
from typing import Any

from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components import comparing
from app.components import drift_view as drawn
from app.components.addresses import page_address
from app.components.compared_rows import Sides
from app.components.comparing import Looked
from app.components.drift_view import Section, section
from app.components.quality_head import quality_head
from app.components.quality_nav import fleet_tabs
from app.components.rendered import rendered
from app.components.shell import Ids as Shell
from app.components.statistics_view import short, titles
from app.pages import PageRequest
from app.queries.deliveries import fleets
from app.queries.drift import candidates, feature_drift, live_model, raw_drift
from app.queries.statistics import Published
from app.queries.taught import Taught
from app.services import Services
from lakehouse.snapshots import Pinned

PATH = "/quality/drift"
TITLE = "Drift"
NAV = None
RAW, FEATURES = "drift-raw", "drift-features"
Json = dict[str, Any]


class Ids(StrEnum):
    """Ids of this page."""

    GO = "drift-go"
    VIEW = "drift-view"
    DELIVERY = "drift-delivery"
    BODY = "drift-body"


def layout(services: Services, request: PageRequest) -> Component:
    """Drift as the URL asks for it: ``fleet``, ``delivery``, ``all``, ``as_of``."""
    pinned, query = services.pinned(request.as_of), request.query
    known = fleets(pinned)
    asked = query.get("fleet", "")
    fleet = asked if asked in known else next(iter(known), "")
    asked_for = {name: query.get(name, "") for name in ("delivery", "all")}
    view = {"fleet": fleet, **asked_for, "as_of": request.as_of}
    return html.Div(
        [
            dcc.Location(id=Ids.GO, refresh="callback-nav"),
            dcc.Store(id=Ids.VIEW, data=view),
            *quality_head(pinned, PATH, fleet, request.as_of),
            *fleet_tabs(known, fleet, PATH, request.as_of),
            html.Div(_body(services, view, request.theme), id=Ids.BODY),
        ],
        className="quality-page cmp-page",
    )


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks."""

    @app.callback(
        Output(Ids.GO, "href"),
        Input(Ids.DELIVERY, "value"),
        State(Ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def choose(delivery: str, view: Json) -> str:
        _, _, chosen = _chosen(services, view)
        if chosen is None or delivery == chosen.name:
            raise PreventUpdate
        return _address(view, delivery=delivery)

    @app.callback(
        Output(Ids.BODY, "children"),
        Input(Shell.THEME, "data"),
        State(Ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def show_theme(theme: str, view: Json) -> Any:
        return _body(services, view, theme)

    for kind in (RAW, FEATURES):
        comparing.register(app, kind, Ids.VIEW, _looker(services, kind))


def _looker(services: Services, kind: str) -> Any:
    def look(view: Json, theme: str) -> Looked:
        pinned, model, delivery = _chosen(services, view)
        if model is None:
            raise PreventUpdate
        part, sides = _part(services, pinned, model, delivery, (kind, theme))
        return Looked(part.drifted.columns, sides)

    return look


def _body(services: Services, view: Json, theme: str) -> list[Any]:
    if not view["fleet"]:
        return [drawn.no_fleet()]
    pinned, model, delivery = _chosen(services, view)
    if model is None:
        return [drawn.no_model(view["fleet"], pinned.snapshot.live.get(view["fleet"], ""))]
    every = candidates(services, pinned, view["fleet"])
    choice = drawn.delivery_choice(Ids.DELIVERY, every, delivery.name) if delivery else None
    line = drawn.model_line(model, view["fleet"], view["as_of"])
    parts = []
    for kind, control in ((RAW, choice), (FEATURES, None)):
        part, sides = _part(services, pinned, model, delivery, (kind, theme))
        whole = "" if view["all"] == kind else _address(view, all=kind)
        parts.append(rendered(section(replace(part, every=whole), sides, control)))
    return [line, *parts]


def _address(view: Json, **changed: str) -> str:
    asked = {**view, **changed}
    return page_address(
        PATH, **{name: asked[name] for name in ("fleet", "delivery", "all", "as_of")}
    )


def _part(
    services: Services,
    pinned: Pinned,
    model: Taught,
    delivery: Published | None,
    of: tuple[str, str],
) -> tuple[Section, Sides]:
    kind, theme = of
    if kind == RAW:
        found = raw_drift(pinned, model, delivery)
        part = Section("Settings and sensors", drawn.RAW_WORDS, found, drawn.RAW_NOTHING)
        came = short(delivery) if delivery else "delivery"
    else:
        found = feature_drift(pinned, model)
        part = Section("Inputs of the model", drawn.FEATURE_WORDS, found, drawn.FEATURE_NOTHING)
        came = f"{found.flights:,} flights since"
    names = (f"training (silver v{model.silver_version})", came)
    return part, Sides(kind, names, theme, found.allowed, titles(services.profile))


def _chosen(services: Services, view: Json) -> tuple[Pinned, Taught | None, Published | None]:
    """The snapshot, the live model, and the delivery that is held against its data."""
    pinned = services.pinned(view["as_of"])
    every = candidates(services, pinned, view["fleet"])
    named = (each for each in every if each.name == view["delivery"])
    chosen = next(named, next(iter(every), None))
    return pinned, live_model(services, pinned, view["fleet"]), chosen
