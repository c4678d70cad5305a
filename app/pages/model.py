"""One model: what it is, how good, what the gate said, when it served; make it live."""

from dash import Dash, html
from dash.development.base_component import Component

from app.components.addresses import MODELS
from app.components.model_body import model_body
from app.components.model_head import model_head
from app.components.states import missing
from app.pages import PageRequest
from app.queries import models
from app.security.roles import Action, allowed
from app.services import Services

PATH = "/models/<model>"
TITLE = "Model"
NAV = None


def layout(services: Services, request: PageRequest) -> Component:
    """One model as of ``as_of``; its files and its training data as they are now."""
    pinned, as_of = services.pinned(request.as_of), request.as_of
    row = models.find(services, pinned, request.path["model"])
    if row is None:
        problem = models.every(services, pinned).problem
        what = problem or f"There is no model {request.path['model']}."
        return missing(what, "See all models", MODELS)
    view = models.view(services, pinned, row)
    live = pinned.snapshot.live.get(row.model.fleet, "")
    may = as_of is None and allowed(request.role, Action.PROMOTE)
    parts = [model_head(view, live, as_of, may), *model_body(view, as_of)]
    return html.Div(parts, className="quality-page mdl-page")


def register(app: Dash, services: Services) -> None:
    """The form's callback is that of all decisions, with the data quality page."""
