"""The dialog by which a person corrects an engine's rows, or takes a correction back."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.asked import LaunchError, asked_number
from app.components.addresses import run_address
from app.components.aria import data
from app.components.corrections_card import correction_words
from app.queries.corrections import Correction, Reading
from lakehouse.corrections import value_text
from lakehouse.profiles import Profile

DIALOG = "engine-correct"
ACTIONS = {
    "correct": "Correct a value",
    "withdraw": "Withdraw flights",
    "retract": "Take a correction back",
}
_MEANS = (
    "What was delivered stays in bronze. Within a minute silver, charts and forecasts follow your"
    " word, whichever delivery brings these flights again. It can be taken back."
)


class Ids(StrEnum):
    """Ids of the dialog; its fields carry their names."""

    BODY = "engine-correct-body"
    FIELD = "engine-correct-field"
    FORM = "engine-correct-form"
    NOW = "engine-correct-now"
    SEEN = "engine-correct-seen"
    SEND = "engine-correct-send"
    RESULT = "engine-correct-result"


def field_id(name: Any) -> dict[str, Any]:
    """Id of the field of one name, or of the fields of all."""
    return {"type": Ids.FIELD, "name": name}


def correction_dialog(engine: str) -> Component:
    """The closed dialog; its body is put in when it opens, so that it lists what holds then."""
    foot = [
        html.Button("Close", className="btn btn-secondary", type="button", **data(close=DIALOG)),
        html.Button("Send", id=Ids.SEND, className="btn btn-primary", type="button"),
    ]
    head = dbc.ModalHeader(dbc.ModalTitle(f"Correct data of {engine}"), close_button=False)
    body = [html.Div(id=Ids.BODY), html.Div(id=Ids.RESULT, role="status")]
    parts = [head, dbc.ModalBody(body), dbc.ModalFooter(foot)]
    dialog: Component = dbc.Modal(parts, id=DIALOG, is_open=False, className="report")
    return dialog


def correction_form(
    cycle: int | None, said: Sequence[Correction], profile: Profile
) -> list[Component]:
    """The fields; which of them count follows from the action.

    Args:
        cycle: the engine's newest cycle.
        said: what people said of its rows.
        profile: its columns.
    """
    back = [(one.correction_id, one) for one in said if one.can_be_taken_back]
    actions = [(name, words) for name, words in ACTIONS.items() if name != "retract" or back]
    columns = [(s.name, f"{s.symbol} · {s.name} · {s.description}") for s in _columns(profile)]
    taken = [(name, f"{correction_words(one, profile)} · {one.who}") for name, one in back]
    fields = [
        _select("action", "What", actions, ""),
        _number("cycle", "Cycle", cycle, "for-correct for-withdraw"),
        _number("until", "to cycle; empty: only that one", None, "for-withdraw"),
        _select("column", "Column", columns, "for-correct"),
        html.P(id=Ids.NOW, className="hint for-correct", role="status"),
        _text("value", "New value", "for-correct", inputmode="decimal"),
        _select("retracts", "Correction", taken, "for-retract"),
        _text("reason", "Reason; it is kept with the correction", "", maxLength=500),
    ]
    return [
        html.P(_MEANS, className="hint"),
        dcc.Store(id=Ids.SEEN),
        html.Div(fields, id=Ids.FORM, className=form_class("correct")),
    ]


def form_class(action: str) -> str:
    """Shows the fields of one action."""
    return f"correction-form is-{action if action in ACTIONS else 'correct'}"


def reading_words(found: Reading | None, profile: Profile) -> str:
    """What the value reads now."""
    if found is None:
        return "Silver has no such flight."
    signal = next(s for s in profile.signals if s.name == found.column)
    unit = signal.unit if found.value is not None else ""
    words = f"Now {signal.symbol} reads {value_text(found.value)} {unit}".rstrip()
    return f"{words}{', which is a correction' if found.corrected else ''}."


def asked_correction(
    view: Mapping[str, Any], fields: Mapping[str, Any], seen: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What the fields ask for, as the run takes it.

    Args:
        view: fleet and engine.
        fields: name to value.
        seen: cycle, column and value of what the person saw.

    Raises:
        LaunchError: a value is no number, or what was seen is another one.
    """
    action = str(fields.get("action") or "")
    asked: dict[str, Any] = {"action": action, "fleet": view["fleet"], "engine": view["engine"]}
    asked["reason"] = str(fields.get("reason") or "")
    if action == "retract":
        return asked | {"retracts": fields.get("retracts")}
    asked["cycle"] = fields.get("cycle")
    if action == "withdraw":
        return asked | {"until": fields.get("until") or fields.get("cycle")}
    new = asked_number(fields.get("value"), "new value")
    if new is None:
        raise LaunchError("Give the new value.")
    place = {name: fields.get(name) for name in ("cycle", "column")}
    if seen is None or {name: seen.get(name) for name in place} != place:
        raise LaunchError("Choose a flight and a column first: what it reads now must be seen.")
    return asked | {"changes": {str(seen["column"]): {"old": seen["value"], "new": new}}}


def sent(run_id: str) -> Component:
    """It is on its way."""
    link = dcc.Link("Follow the run", href=run_address(run_id))
    return html.P(["This page shows it within a minute. ", link, "."], className="report-done")


def _columns(profile: Profile) -> Sequence[Any]:
    return (*profile.sensors, *profile.settings)


def _select(name: str, label: str, options: Sequence[tuple[str, str]], kind: str) -> Component:
    choices = [{"value": each, "label": words} for each, words in options]
    first = options[0][0] if options else None
    field = dbc.Select(id=field_id(name), options=choices, value=first)
    return html.Label([html.Span(label), field], className=kind)


def _number(name: str, label: str, value: int | None, kind: str) -> Component:
    field = dbc.Input(id=field_id(name), type="number", min=1, step=1, value=value, debounce=True)
    return html.Label([html.Span(label), field], className=kind)


def _text(name: str, label: str, kind: str, **more: Any) -> Component:
    # A text field: the browser's number field drops what it cannot read, and that silently.
    return html.Label([html.Span(label), dbc.Input(id=field_id(name), **more)], className=kind)
