"""How the state of an engine looks: a shape and a word, never colour alone."""

from dash import html
from dash.development.base_component import Component

_WORDS = {
    "act": "▲ act",
    "watch": "◆ watch",
    "stale": "stale",
    "normal": "normal",
    "unscored": "no forecast",
    "failed": "✕ failed",
}


def state_word(state: str) -> str:
    """A state with its shape."""
    return _WORDS.get(state, state)


def state_badge(state: str) -> Component:
    """A state as a small sign."""
    return html.Span(state_word(state), className=f"badge-state badge-{state}")
