"""Two models side by side."""

from typing import Any

from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components import model_compare as drawn
from app.components.addresses import MODELS, compared_address, models_address
from app.components.aria import aria
from app.components.states import missing
from app.pages import PageRequest
from app.queries import compared_models, models
from app.services import Services

PATH = "/models/compare"
TITLE = "Compare models"
NAV = None
GO, VIEW = "compare-models-go", "compare-models-view"
CHOOSER = drawn.ChooserIds("compare-models-left", "compare-models-right")


def layout(services: Services, request: PageRequest) -> Component:
    """Both as the address asks for them: ``left``, ``right``, ``as_of``."""
    pinned, as_of, query = services.pinned(request.as_of), request.as_of, request.query
    both = query.get("left", ""), query.get("right", "")
    found = models.every(services, pinned)
    if found.problem:
        return missing(found.problem, "See all models", MODELS)
    rows = found.rows
    sides = [next((row for row in rows if row.model.model_id == name), None) for name in both]
    back = dcc.Link("Models", href=models_address("", as_of))
    trail: list[Component | str] = [back, " / compare"]
    parts: list[Component] = [
        dcc.Location(id=GO, refresh="callback-nav"),
        dcc.Store(id=VIEW, data={"both": both, "as_of": as_of}),
        html.Nav(trail, className="run-trail", **aria(label="Where this is")),
        html.H1(TITLE),
        drawn.chooser(CHOOSER, rows, both, as_of),
    ]
    left, right = sides
    if left is None or right is None:
        parts.append(drawn.nothing(both, rows))
    else:
        parts += [
            drawn.cards(left, right, as_of),
            drawn.metric_table(left, right),
            drawn.engine_table(compared_models.said(services, left, right), left, right, as_of),
            drawn.weight_tables(compared_models.weights(services, left, right), left, right),
            *drawn.parameter_table(left, right),
        ]
    return html.Div(parts, className="quality-page mdl-page")


def register(app: Dash, services: Services) -> None:  # noqa: ARG001  (every page takes both)
    """Another choice is another address."""

    @app.callback(
        Output(GO, "href"),
        Input(CHOOSER.left, "value"),
        Input(CHOOSER.right, "value"),
        State(VIEW, "data"),
        prevent_initial_call=True,
    )
    def choose(left: str | None, right: str | None, view: dict[str, Any]) -> str:
        chosen = left or "", right or ""
        if list(chosen) == list(view["both"]):
            raise PreventUpdate
        return compared_address(*chosen, view["as_of"])
