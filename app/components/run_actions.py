"""The buttons of one run: cancel, with a question first, and try again."""

from dataclasses import dataclass
from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from app.security.roles import Action, allowed
from lakehouse.requests import StreamRequest


class Ids(StrEnum):
    """Ids of buttons and question."""

    ACTIONS = "run-actions"
    CANCEL = "run-cancel"
    RETRY = "run-retry"
    PROBLEM = "run-problem"
    CONFIRM = "run-confirm"
    KEEP = "run-keep"
    CONFIRMED = "run-confirmed"


@dataclass(frozen=True)
class Words:
    """What the buttons and the question say."""

    cancel: str
    retry: str
    title: str
    question: str
    keep: str
    confirm: str


RUN = Words(
    "Cancel",
    "Retry from the failed step",
    "Cancel this run?",
    "It stops at the next safe point. What finished steps wrote is kept, "
    "and the run can be retried from there.",
    "Keep it running",
    "Cancel the run",
)
STREAM = Words(
    "Cancel",
    "Start again",
    "Cancel this stream?",
    "It ends after the batch at hand, as streams do. What it took in is kept, "
    "and it can be started again from there.",
    "Keep it running",
    "Cancel the stream",
)


def words_for(run_id: str) -> Words:
    """The words for a run; its id begins with its kind."""
    return STREAM if run_id.startswith(f"{StreamRequest.workflow}-") else RUN


def run_actions(role: str, shown: str, words: Words) -> Component:
    """The buttons for those who may use them; ``shown`` says which make sense now."""
    if not allowed(role, Action.CANCEL):
        return html.Div(id=Ids.ACTIONS)
    cancel = dbc.Button(words.cancel, id=Ids.CANCEL, color="secondary", outline=True)
    retry = dbc.Button(words.retry, id=Ids.RETRY, color="primary")
    problem = html.Div(id=Ids.PROBLEM, className="run-form-problem", role="alert")
    return html.Div([problem, cancel, retry], id=Ids.ACTIONS, className=shown)


def cancel_dialog(words: Words) -> Component:
    """The question before a run is cancelled."""
    footer = [
        dbc.Button(words.keep, id=Ids.KEEP, color="secondary", outline=True),
        dbc.Button(words.confirm, id=Ids.CONFIRMED, color="danger"),
    ]
    dialog: Component = dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle(words.title), close_button=True),
            dbc.ModalBody(words.question),
            dbc.ModalFooter(footer),
        ],
        id=Ids.CONFIRM,
        is_open=False,
        centered=True,
    )
    return dialog
