"""The models: which is live since when and why, every one with its evaluation; roll back."""

from typing import Any

from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from app.components import served_view
from app.components.addresses import MODELS, models_address
from app.components.decision_form import About, decision_form
from app.components.model_table import model_table
from app.components.quality_nav import fleet_tabs
from app.components.stamp import Part, stamp
from app.pages import PageRequest
from app.queries import models
from app.queries.served import Timeline, timeline
from app.security.roles import Action, allowed
from app.services import Services
from lakehouse.snapshots import Pinned

PATH = MODELS
TITLE = "Models"
NAV = "Models"
GO, VIEW = "models-go", "models-view"


def layout(services: Services, request: PageRequest) -> Component:
    """One fleet's models: ``fleet``, ``at`` (what was live then), ``as_of``."""
    pinned, as_of = services.pinned(request.as_of), request.as_of
    known = models.fleets(services, pinned)
    asked = request.query.get("fleet", "")
    fleet = asked if asked in known else next(iter(known), "")
    served = timeline(services, pinned, fleet, request.query.get("at", ""))
    found, live = models.models(services, pinned, fleet), pinned.snapshot.live.get(fleet, "")
    may = as_of is None and allowed(request.role, Action.ROLL_BACK)
    return html.Div(
        [
            dcc.Location(id=GO, refresh="callback-nav"),
            dcc.Store(id=VIEW, data={"fleet": fleet, "as_of": as_of}),
            html.Div([html.H1(TITLE), _stamp(pinned, fleet, live)], className="page-head"),
            *fleet_tabs(known, fleet, PATH, as_of),
            _part("What served when", *served_view.served_view(served, as_of)),
            *(_roll_back(served, live) if may and served.before else []),
            _part("All models", model_table(found, live, as_of)),
        ],
        className="quality-page mdl-page",
    )


def register(app: Dash, services: Services) -> None:  # noqa: ARG001  (every page takes both)
    """What was live is asked by the address; the form's callback is that of all decisions."""
    ids = served_view.Ids

    @app.callback(
        Output(GO, "href"),
        Input(ids.ASK, "n_clicks"),
        Input(ids.WHEN, "n_submit"),
        State(ids.WHEN, "value"),
        State(VIEW, "data"),
        prevent_initial_call=True,
    )
    def ask(_clicks: Any, _enter: Any, text: str | None, view: dict[str, Any]) -> str:
        return models_address(view["fleet"], view["as_of"], (text or "").strip())


def _stamp(pinned: Pinned, fleet: str, live: str) -> Component:
    parts = [Part("snapshot", str(pinned.snapshot.seq))]
    if fleet:
        parts = [Part("fleet", fleet), Part("live", live or "no model"), *parts]
    return stamp(parts)


def _roll_back(served: Timeline, live: str) -> list[Component]:
    before = served.before
    hint = f"{before}, which served {served.fleet} before, takes the place of {live} and says at "
    hint += "once what it thinks of every engine. What was issued meanwhile stays as it was."
    form = decision_form(
        About("fleet", served.fleet), {"roll_back": f"Roll back to {before}"}, hint
    )
    return [
        html.Section(
            html.Details([html.Summary(f"Roll back to {before}…"), form]), className="quality-card"
        )
    ]


def _part(title: str, *parts: Component) -> Component:
    return html.Section([html.H2(title), *parts], className="quality-part")
