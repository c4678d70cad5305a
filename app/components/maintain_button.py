"""The button that asks for an upkeep of the tables."""

from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.security.roles import Action, allowed


class Ids(StrEnum):
    """Ids of the button."""

    START = "maintain-start"
    GO = "maintain-go"
    PROBLEM = "maintain-problem"


def maintain_button(role: str, days: int) -> list[Component]:
    """The button, for those who may; its run says what was let go and what was kept."""
    if not allowed(role, Action.MAINTAIN):
        return []
    what = (
        f"Compacts the tables and lets versions go that were replaced more than {days} days ago, "
    )
    what += "except those that a published model learned from"
    button = dbc.Button("Maintain", id=Ids.START, color="secondary", outline=True, title=what)
    go = dcc.Location(id=Ids.GO, refresh="callback-nav")
    return [go, html.Span(id=Ids.PROBLEM, className="run-form-problem", role="alert"), button]
