"""The form by which a person says that an engine failed."""

from dataclasses import dataclass

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import run_address
from app.components.aria import data


@dataclass(frozen=True)
class FormIds:
    """Ids of the form's parts."""

    modal: str
    cycle: str
    reason: str
    send: str
    result: str


def report_form(ids: FormIds, engine: str) -> Component:
    """The form as a dialog, closed."""
    cycle = dbc.Input(id=ids.cycle, type="number", min=1, step=1, required=True)
    reason = dbc.Input(id=ids.reason, maxlength=500, placeholder="Borescope finding, work order …")
    why = "From then on its windows are held against that cycle, and the next training learns from "
    why += "it. An engineer can take it back: stillwater report retract."
    body = [
        html.P(why, className="hint"),
        html.Label("Failed at cycle", htmlFor=ids.cycle),
        cycle,
        html.Label("Reason", htmlFor=ids.reason),
        reason,
        html.Div(id=ids.result, role="status"),
    ]
    foot = [
        html.Button("Close", className="btn btn-secondary", type="button", **data(close=ids.modal)),
        html.Button("Report failure", id=ids.send, className="btn btn-primary", type="button"),
    ]
    head = dbc.ModalHeader(dbc.ModalTitle(f"Report failure of {engine}"), close_button=False)
    parts = [head, dbc.ModalBody(body), dbc.ModalFooter(foot)]
    dialog: Component = dbc.Modal(parts, id=ids.modal, is_open=False, className="report")
    return dialog


def reported(run_id: str) -> Component:
    """It is on its way."""
    link = dcc.Link("Follow the run", href=run_address(run_id))
    words: list[Component | str] = ["Reported. This page shows it within a minute. ", link, "."]
    return html.P(words, className="report-done")


def not_reported(why: str) -> Component:
    """It was refused, and why."""
    return html.P(why, className="report-refused")
