"""Until when the data of every published model can be read, and which models lost theirs."""

from dash import Dash, html
from dash.development.base_component import Component

from app.components.retention_view import retention_view
from app.pages import PageRequest
from app.queries.retention import retention
from app.services import Services

PATH = "/tables/retention"
TITLE = "Training data"
NAV = None


def layout(services: Services, request: PageRequest) -> Component:
    """As it stands now, whatever snapshot is asked for: files go for every snapshot at once."""
    return html.Div(retention_view(retention(services), request.as_of), className="tbl-page")


def register(app: Dash, services: Services) -> None:
    """The page has no callbacks."""
