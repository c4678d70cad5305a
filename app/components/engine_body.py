"""The engine page put together: head, forecasts, chosen sensors, all sensors."""

from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from app.components.corrections_card import corrections_card
from app.components.engine_findings import findings_card
from app.components.engine_head import engine_head
from app.components.forecast_card import forecast_card
from app.components.sensor_cards import Look, chosen_card, multiples_card, sheet
from app.queries.engine import EngineView
from app.security.roles import Action
from lakehouse.profiles import Profile


@dataclass(frozen=True)
class Showing:
    """How an engine is shown, and to whom.

    Attributes:
        look: theme and sensors.
        as_of: the snapshot that was asked for, None for now.
        may: what the visitor may do to it.
        track: id of the forecast figure.
        chosen: id of the figure of the chosen sensors.
    """

    look: Look
    as_of: int | None
    may: frozenset[Action]
    track: str
    chosen: str


def engine_body(view: EngineView, profile: Profile, showing: Showing) -> Component:
    """Everything of one engine."""
    shown = sheet(view, profile, showing.look)
    return html.Div(
        [
            engine_head(view, profile, showing.as_of, showing.may),
            forecast_card(view, profile, showing.look.theme, showing.track, showing.as_of),
            *findings_card(view.found, (view.fleet, view.row.engine), profile, showing.as_of),
            *corrections_card(view.corrections, profile),
            chosen_card(shown, showing.chosen),
            multiples_card(shown),
        ],
        className="engine-body",
    )
