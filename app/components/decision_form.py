"""The form by which a person decides about a delivery."""

from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.queries.decidable import decisions
from app.queries.deliveries import Delivery

_LABELS = {"accept": "Accept", "quarantine": "Quarantine"}
_MEANS = {
    "accept": "Accept lets its records into silver, as they were delivered.",
    "quarantine": "Quarantine keeps them out; what stood there before comes back.",
}
_DONE = {"accept": "It will be accepted", "quarantine": "It will be taken out"}


class Ids(StrEnum):
    """Ids of the form; buttons and reason carry the delivery, so that they can be missing."""

    BUTTON = "quality-decide"
    REASON = "quality-reason"
    RESULT = "quality-decided"


def decision_form(delivery: Delivery, may_decide: bool) -> list[Component]:
    """What can be decided; for those who may not, who decides."""
    possible = decisions(delivery.state, delivery.kind)
    if not possible:
        return []
    if not may_decide:
        text = "An engineer decides about it." if delivery.state == "blocked" else ""
        return [html.P(text, className="run-hint")] if text else []
    hint = " ".join(_MEANS[name] for name in possible) + " Either can be taken back later."
    reason = dbc.Textarea(
        id={"type": Ids.REASON, "name": delivery.delivery_id},
        maxlength=500,
        rows=2,
        placeholder="What you looked at and why",
    )
    buttons = [_button(name, delivery, index == 0) for index, name in enumerate(possible)]
    form = html.Div(
        [
            html.P(hint, className="run-hint"),
            html.Label([html.Span("Reason; it is kept with the decision"), reason]),
            html.Div(buttons, className="runs-actions"),
            html.Div(id=Ids.RESULT, role="status"),
        ],
        className="quality-form",
    )
    if delivery.state == "blocked":
        return [form]
    return [html.Details([html.Summary("Decide otherwise"), form])]


def decided(decision: str, run_id: str) -> Component:
    """It is on its way."""
    link = dcc.Link("Follow the run", href=f"/runs/{run_id}")
    words = f"{_DONE.get(decision, 'Done')} within a minute. "
    return html.P([words, link, "."], className="quality-done")


def not_decided(why: str) -> Component:
    """It was refused, and why."""
    return html.P(why, className="quality-refused", role="alert")


def _button(name: str, delivery: Delivery, first: bool) -> Component:
    return html.Button(
        _LABELS[name],
        id={"type": Ids.BUTTON, "decision": name, "name": delivery.delivery_id},
        type="button",
        className="btn btn-primary" if first else "btn btn-secondary",
    )
