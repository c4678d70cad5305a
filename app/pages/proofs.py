"""Verify a sample: the proofs of predictions that are drawn at random."""

from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components.addresses import PROOF
from app.components.aria import aria
from app.components.proof_view import sample_view
from app.launcher import LaunchError
from app.pages import Field, PageRequest
from app.proving import SIZES, verify_sample
from app.queries.proof import Sample
from app.security import current_user
from app.security.roles import Action, Refused, allowed
from app.services import Services
from lakehouse.tables import PREDICTIONS

PATH = PROOF
TITLE = "Verify a sample"
NAV = None
_ABOUT = (
    "Draws predictions at random and proves each, link by link, down to the delivered file. "
    "Nothing is changed; that it was asked for stands in the audit log."
)
_WHO = "Auditors and administrators verify samples; each prediction has its own proof."
_NONE = "No prediction has been issued yet: once a model is live, the proofs are verified here."


class Ids(StrEnum):
    """Ids of this page."""

    SIZE = "proofs-size"
    GO = "proofs-go"
    RESULT = "proofs-result"


def layout(services: Services, request: PageRequest) -> Component:
    """A button for those who may verify; for others, who may."""
    if not allowed(request.role, Action.VERIFY):
        body: list[Component] = [html.P(_WHO, className="notice")]
    elif services.pinned().version(PREDICTIONS.name) is None:
        body = [html.P(_NONE, className="notice")]
    else:
        body = [_form(), html.Div(id=Ids.RESULT, className="tbl-part", **aria(live="polite"))]
    about = html.P(_ABOUT, className="tbl-purpose")
    return html.Div([html.H1(TITLE), about, *body], className="tbl-page proof-page")


def register(app: Dash, services: Services) -> None:
    """Register the page's callback."""

    @app.callback(
        Output(Ids.RESULT, "children"),
        Input(Ids.GO, "n_clicks"),
        State(Ids.SIZE, "value"),
        prevent_initial_call=True,
        running=[(Output(Ids.GO, "disabled"), True, False)],
    )
    def verify(clicks: int | None, size: Field) -> list[Component]:
        if not clicks:
            raise PreventUpdate
        return sample_view(_verified(services, size))


def _verified(services: Services, size: Field) -> Sample:
    try:
        return verify_sample(services, current_user(), int(str(size or SIZES[0])))
    except (Refused, LaunchError, ValueError) as error:
        return Sample(problem=f"{str(error).rstrip('.').capitalize()}.")


def _form() -> Component:
    sizes = [{"label": f"{size} predictions", "value": size} for size in SIZES]
    return html.Div(
        [
            dbc.Label("How many", html_for=Ids.SIZE),
            dbc.Select(id=Ids.SIZE, options=sizes, value=SIZES[-1]),
            dbc.Button("Verify a sample", id=Ids.GO, color="primary"),
        ],
        className="proof-form",
    )
