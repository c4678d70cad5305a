"""How states and outcomes look: shape, word and tone, never colour alone."""

from dash import html
from dash.development.base_component import Component

from app.components.aria import aria

_RUNS = {
    "QUEUED": ("○", "queued", "quiet"),
    "RUNNING": ("◐", "running", "work"),
    "SUCCEEDED": ("✓", "succeeded", "done"),
    "FAILED": ("✕", "failed", "act"),
    "CANCELLING": ("◌", "cancelling", "quiet"),
    "CANCELLED": ("–", "cancelled", "quiet"),
    "CRASHED": ("◆", "crashed", "watch"),
}
_STEPS = {
    "PENDING": ("○", "pending", "quiet"),
    "RUNNING": ("◐", "running", "work"),
    "COMPLETE": ("✓", "complete", "done"),
    "CACHED": ("↺", "cached", "done"),
    "FAILED": ("✕", "failed", "act"),
    "STOPPED": ("◆", "stopped", "watch"),
    "CANCELED": ("–", "cancelled", "quiet"),
    # A stream's components, which have no end of their own.
    "WAITING": ("○", "waiting for data", "quiet"),
    "STREAMING": ("◐", "streaming", "work"),
    "ENDED": ("–", "ended", "quiet"),
}
_DELIVERIES = {
    "received": ("○", "received", "quiet"),
    "accepted": ("✓", "accepted", "done"),
    "blocked": ("▲", "blocked", "act"),
    "rejected": ("✕", "rejected", "act"),
    "duplicate": ("=", "duplicate", "quiet"),
    "withdrawn": ("–", "withdrawn", "quiet"),
}
_MODELS = {
    "live": ("●", "live", "work"),
    "was_live": ("✓", "was live", "done"),
    "passed": ("○", "passed the gate", "quiet"),
    "refused": ("✕", "refused by the gate", "quiet"),
    "not_judged": ("?", "not judged", "quiet"),
}
_OUTCOMES = {
    "allowed": ("✓", "allowed", "quiet"),
    "refused": ("⊘", "refused", "watch"),
    "failed": ("✕", "failed", "act"),
}


def run_state(state: str) -> Component:
    """A run's state."""
    return _badge(*_RUNS.get(state, ("?", state.lower(), "quiet")))


def step_state(state: str) -> Component:
    """A step's state."""
    return _badge(*_STEPS.get(state, ("?", state.lower(), "quiet")))


def delivery_state(state: str) -> Component:
    """A delivery's state."""
    return _badge(*_DELIVERIES.get(state, ("?", state, "quiet")))


def model_state(state: str) -> Component:
    """Whether a model serves, and if not, what the gate said."""
    return _badge(*_MODELS.get(state, ("?", state, "quiet")))


def outcome_state(outcome: str) -> Component:
    """What came of something that somebody asked for."""
    return _badge(*_OUTCOMES.get(outcome, ("?", outcome, "quiet")))


def step_tone(state: str) -> str:
    """quiet, work, done, act or watch."""
    return _STEPS.get(state, ("", "", "quiet"))[2]


def _badge(shape: str, word: str, tone: str) -> Component:
    mark = html.Span(shape, className="run-state-shape", **aria(hidden="true"))
    return html.Span([mark, word], className=f"run-state run-tone-{tone}")
