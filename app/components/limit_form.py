"""The form by which a person sets the limit of a sensor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.asked import NewLimit, asked_number
from app.queries.limits import Limit
from lakehouse.profiles import Profile

EVERY = "every"


class Ids(StrEnum):
    """Ids of the form; its fields carry their names."""

    FIELD = "quality-limit"
    FLEET = "quality-limit-fleet"
    SEND = "quality-limit-send"
    RESULT = "quality-limit-result"


@dataclass(frozen=True)
class About:
    """What the form is about.

    Attributes:
        fleet: the fleet, which cannot be changed in the form.
        regimes: names of the regimes that it flies in.
        sensor: sensor or setting that is chosen, empty for the first or that of the limit.
        limit: the limit whose values stand in the form, None for none.
    """

    fleet: str
    regimes: tuple[str, ...]
    sensor: str = ""
    limit: Limit | None = None


def field_id(name: Any) -> dict[str, Any]:
    """Id of the field of one name, or of the fields of all."""
    return {"type": Ids.FIELD, "name": name}


def limit_form(about: About, profile: Profile) -> Component:
    """The form with the values of the limit that it is about."""
    limit = about.limit
    chosen = limit.sensor if limit else about.sensor
    sensors = [(s.name, f"{s.symbol} · {s.name} · {s.description}") for s in profile.signals]
    regimes = [(EVERY, "in every regime"), *((name, name) for name in about.regimes)]
    sensor = chosen if chosen in profile.signal_names else sensors[0][0]
    unit = next(s.unit for s in profile.signals if s.name == sensor)
    hint = "It holds for what is delivered from then on: a reading beyond it is told as a warning "
    hint += "and blocks nothing. Without a lowest and a highest value the limit is lifted."
    fields = [
        _select("sensor", "Sensor", sensors, sensor),
        _select("regime", f"Regime: {_settings(profile)}", regimes, _regime(limit, about)),
        _number("low", "Lowest allowed", unit, limit.low if limit else None),
        _number("high", "Highest allowed", unit, limit.high if limit else None),
    ]
    reason = dbc.Textarea(id=field_id("reason"), maxlength=500, rows=2)
    return html.Div(
        [
            dcc.Store(id=Ids.FLEET, data=about.fleet),
            html.P(hint, className="run-hint"),
            html.Div(fields, className="run-fields"),
            html.Label([html.Span("Reason; it is kept with the limit"), reason]),
            html.Div(
                html.Button("Set limit", id=Ids.SEND, type="button", className="btn btn-primary"),
                className="runs-actions",
            ),
            html.Div(id=Ids.RESULT, role="status"),
        ],
        className="quality-form quality-limit-form",
    )


def asked_limit(fleet: str, fields: Mapping[str, Any]) -> NewLimit:
    """The limit that the fields ask for.

    Raises:
        LaunchError: a value is no number.
    """
    regime = str(fields.get("regime") or "")
    return NewLimit(
        fleet,
        str(fields.get("sensor") or ""),
        "" if regime == EVERY else regime,
        asked_number(fields.get("low"), "lowest value"),
        asked_number(fields.get("high"), "highest value"),
        str(fields.get("reason") or ""),
    )


def _settings(profile: Profile) -> str:
    """What a regime's name is made of: ``Alt/Mach/TRA``."""
    return "/".join(setting.symbol for setting in profile.settings)


def _regime(limit: Limit | None, about: About) -> str:
    known = limit is not None and limit.regime in about.regimes
    return str(limit.regime) if limit is not None and known else EVERY


def _select(name: str, label: str, options: Sequence[tuple[str, str]], value: str) -> Component:
    choices = [{"value": each, "label": words} for each, words in options]
    field = dbc.Select(id=field_id(name), options=choices, value=value)
    return html.Label([html.Span(label), field])


def _number(name: str, label: str, unit: str, value: float | None) -> Component:
    # A text field: the browser's number field drops what it cannot read, and that silently.
    shown = "" if value is None else f"{value:.10g}"
    field = dbc.Input(id=field_id(name), value=shown, inputmode="decimal", placeholder="none")
    return html.Label([html.Span(f"{label}{f', {unit}' if unit else ''}"), field])
