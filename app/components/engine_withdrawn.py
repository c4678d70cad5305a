"""An engine of which no flight is left: what people withdrew, and the way back."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.corrections_card import corrections_card
from app.components.engine_head import correct_button
from app.queries.corrections import Correction
from app.security.roles import Action
from lakehouse.profiles import Profile


def engine_withdrawn(
    engine: str, said: tuple[Correction, ...], profile: Profile, may: frozenset[Action]
) -> Component:
    """Instead of its charts."""
    words = (
        "Every flight of it was withdrawn: there is nothing to draw, and nothing new is forecast. "
        "What was forecast before stands in "
    )
    table = dcc.Link("gold/predictions", href="/tables/gold/predictions")
    state = html.Section(
        [
            html.H1(f"No flight of {engine} is left."),
            html.P([words, table, "."]),
            html.P(correct_button(may)),
        ],
        className="state",
        role="status",
    )
    return html.Div([state, *corrections_card(said, profile)], className="engine-body")
