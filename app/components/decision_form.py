"""The form by which a person decides about something, and what answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import run_address

Kind = Literal["delivery", "schema", "model", "fleet"]


class Ids(StrEnum):
    """Ids of the form's parts; all carry what the form is about, so that there can be several."""

    BUTTON = "decide"
    REASON = "decide-reason"
    RESULT = "decide-result"


@dataclass(frozen=True)
class About:
    """What is decided about: of which kind it is, and its name."""

    kind: Kind
    name: str


def part_id(part: Ids, about: Any, name: Any, **more: Any) -> dict[str, Any]:
    """Id of one part of one form, or (with Dash's wildcards) of those of all."""
    return {"type": part, "about": about, "name": name, **more}


def decision_form(about: About, choices: Mapping[str, str], hint: str) -> Component:
    """Reason and buttons; the answer stands below them.

    Args:
        about: what is decided about.
        choices: decision to the label of its button, the likeliest first.
        hint: what the decisions mean.
    """
    reason = dbc.Textarea(
        id=part_id(Ids.REASON, about.kind, about.name),
        maxlength=500,
        rows=2,
        placeholder="What you looked at and why",
    )
    buttons = [
        html.Button(
            label,
            id=part_id(Ids.BUTTON, about.kind, about.name, decision=decision),
            type="button",
            className=f"btn btn-{'secondary' if place else 'primary'}",
        )
        for place, (decision, label) in enumerate(choices.items())
    ]
    result = html.Div(id=part_id(Ids.RESULT, about.kind, about.name), role="status")
    return html.Div(
        [
            html.P(hint, className="run-hint"),
            html.Label([html.Span("Reason; it is kept with the decision"), reason]),
            html.Div(buttons, className="runs-actions"),
            result,
        ],
        className="quality-form",
    )


def decided(run_id: str) -> Component:
    """It is on its way."""
    link = dcc.Link("Follow the run", href=run_address(run_id))
    words = "Asked for: it holds once its run has ended, within a minute. "
    return html.P([words, link, "."], className="quality-done")


def not_decided(why: str) -> Component:
    """It was refused, and why."""
    return html.P(why, className="quality-refused", role="alert")
