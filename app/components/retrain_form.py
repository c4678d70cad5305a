"""The dialog that asks for a training: fleet, what it would learn from, checked parameters."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from app.components.launch_dialog import launch_dialog
from app.queries.launchable import Fleet
from lakehouse.parameters import Parameters, allowed


class Ids(StrEnum):
    """Ids of the dialog."""

    OPEN = "retrain-open"
    GO = "retrain-go"
    DIALOG = "retrain-dialog"
    BODY = "retrain-body"
    FLEET = "retrain-fleet"
    FACTS = "retrain-facts"
    PARAMETER = "retrain-parameter"
    PROBLEM = "retrain-problem"
    CLOSE = "retrain-close"
    SCORE = "retrain-score"
    SUBMIT = "retrain-submit"


def retrain_dialog() -> Component:
    """The closed dialog."""
    score = dbc.Button("Only score", id=Ids.SCORE, color="secondary", outline=True)
    start = dbc.Button("Start training", id=Ids.SUBMIT, color="primary")
    return launch_dialog(Ids, "Retrain", score, start)


def retrain_body(fleets: Sequence[Fleet]) -> list[Component]:
    """The form: the fleet, what it holds, the parameters."""
    options = [{"label": fleet.name, "value": fleet.name} for fleet in fleets]
    chosen = fleets[0].name if fleets else None
    select = dbc.Select(id=Ids.FLEET, options=options, value=chosen, disabled=not fleets)
    fields = [_field(name) for name in Parameters.model_fields]
    return [
        html.Section([dbc.Label("Fleet", html_for=Ids.FLEET), select, html.Div(id=Ids.FACTS)]),
        html.Section([html.H3("Parameters"), html.Div(fields, className="run-fields")]),
    ]


def training_facts(fleet: Fleet | None, silver_version: int | None, least: int) -> Component:
    """What this training would learn from.

    Args:
        fleet: the chosen fleet, None when there is none.
        silver_version: version of the cleaned readings.
        least: fewer failed engines than this teach nothing.
    """
    if fleet is None:
        return html.P("There is nothing to train on yet: ingest data first.")
    facts = {
        "Learns from": f"silver/readings v{silver_version}",
        "Failed engines": f"{fleet.failed:,}",
        "In service": f"{fleet.in_service:,}",
        "Live now": fleet.live_model or "no model",
    }
    rows = [html.Div([html.Dt(name), html.Dd(text)]) for name, text in facts.items()]
    parts: list[Component] = [html.Dl(rows, className="run-metrics")]
    if fleet.failed < least:
        text = f"Under {least} failed engines teach nothing: no model will be published."
        parts.append(html.P(text, className="run-form-note"))
    return html.Div(parts)


def parameter_id(name: Any) -> dict[str, Any]:
    """Id of one parameter's field; ``ALL`` for all of them."""
    return {"type": Ids.PARAMETER, "name": name}


def given(ids: Sequence[Mapping[str, Any]], values: Sequence[Any]) -> dict[str, str]:
    """Parameters that differ from their default, as texts, from the fields' ids and values."""
    pairs = zip(ids, values, strict=True)
    texts = {str(field["name"]): "" if value is None else str(value) for field, value in pairs}
    return {name: text for name, text in texts.items() if text != _default(name)}


def _field(name: str) -> Component:
    field = Parameters.model_fields[name]
    whole = field.annotation is int
    box = dbc.Input(
        id=parameter_id(name),
        type="number",
        value=field.default,
        step=1 if whole else "any",
        required=True,
        name=name,
    )
    hint = html.Span(f"{field.description}; {allowed(name)}", className="run-hint")
    return html.Label([html.Span(name, className="run-field-name"), box, hint])


def _default(name: str) -> str:
    field = Parameters.model_fields.get(name)
    return "" if field is None else str(field.default)
