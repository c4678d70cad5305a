"""A button that asks for a run without a question: its own run says what came of it."""

from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.security.roles import Action, allowed


class MaintainIds(StrEnum):
    """Ids of the button that asks for an upkeep."""

    START = "maintain-start"
    GO = "maintain-go"
    PROBLEM = "maintain-problem"


class VerifyIds(StrEnum):
    """Ids of the button that asks for a verification."""

    START = "verify-start"
    GO = "verify-go"
    PROBLEM = "verify-problem"


ButtonIds = type[MaintainIds] | type[VerifyIds]


def maintain_button(role: str, days: int) -> list[Component]:
    """The button for an upkeep of the tables, for those who may."""
    if not allowed(role, Action.MAINTAIN):
        return []
    what = (
        f"Compacts the tables and lets versions go that were replaced more than {days} days ago, "
        "except those that a published model learned from"
    )
    return _button(MaintainIds, "Maintain", what)


def verify_button(role: str) -> list[Component]:
    """The button for a verification of the home, for those who may."""
    if not allowed(role, Action.VERIFY):
        return []
    what = "Looks whether anything in the home was lost or changed, and changes nothing"
    return _button(VerifyIds, "Verify", what)


def _button(ids: ButtonIds, label: str, what: str) -> list[Component]:
    button = dbc.Button(label, id=ids.START, color="secondary", outline=True, title=what)
    go = dcc.Location(id=ids.GO, refresh="callback-nav")
    return [go, html.Span(id=ids.PROBLEM, className="run-form-problem", role="alert"), button]
