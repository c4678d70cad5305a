"""The buttons of one run: cancel, with a question first, and try again."""

from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from app.security.roles import Action, allowed


class Ids(StrEnum):
    """Ids of buttons and question."""

    ACTIONS = "run-actions"
    CANCEL = "run-cancel"
    RETRY = "run-retry"
    PROBLEM = "run-problem"
    CONFIRM = "run-confirm"
    KEEP = "run-keep"
    CONFIRMED = "run-confirmed"


def run_actions(role: str, shown: str) -> Component:
    """The buttons for those who may use them; ``shown`` says which make sense now."""
    if not allowed(role, Action.CANCEL):
        return html.Div(id=Ids.ACTIONS)
    cancel = dbc.Button("Cancel", id=Ids.CANCEL, color="secondary", outline=True)
    retry = dbc.Button("Retry from the failed step", id=Ids.RETRY, color="primary")
    problem = html.Div(id=Ids.PROBLEM, className="run-form-problem", role="alert")
    return html.Div([problem, cancel, retry], id=Ids.ACTIONS, className=shown)


def cancel_dialog() -> Component:
    """The question before a run is cancelled."""
    text = (
        "It stops at the next safe point. What finished steps wrote is kept, "
        "and the run can be retried from there."
    )
    footer = [
        dbc.Button("Keep it running", id=Ids.KEEP, color="secondary", outline=True),
        dbc.Button("Cancel the run", id=Ids.CONFIRMED, color="danger"),
    ]
    dialog: Component = dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle("Cancel this run?"), close_button=True),
            dbc.ModalBody(text),
            dbc.ModalFooter(footer),
        ],
        id=Ids.CONFIRM,
        is_open=False,
        centered=True,
    )
    return dialog
