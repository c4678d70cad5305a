"""The button that replaces simulated engines by NASA's: it stands wherever SIMULATED is said."""

from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.security.roles import Action, allowed

DATASET = "fd001"


class Ids(StrEnum):
    """Ids of the button; there is one on a page at most."""

    FETCH = "fetch-dataset"
    GO = "fetch-dataset-go"
    TOLD = "fetch-dataset-told"


def fetch_button(role: str) -> Component | None:
    """The button, for those who may ingest; its callback is registered by the page of runs."""
    if not allowed(role, Action.INGEST):
        return None
    button = dbc.Button(
        f"Use NASA's {DATASET.upper()} instead", id=Ids.FETCH, size="sm", outline=True
    )
    go = dcc.Location(id=Ids.GO, refresh="callback-nav")
    return html.Span([go, button, html.Span(id=Ids.TOLD, role="status")], className="run-fetch")
