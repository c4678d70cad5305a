"""The limits of a fleet: in force, replaced and lifted."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import limits_address
from app.components.quality_words import column_words
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.components.times import minute
from app.queries.limits import Limit
from lakehouse.profiles import Profile, Signal

_HEADS = (
    Head("Standing", "runs-cell-state"),
    Head("Sensor", "runs-cell-delivery"),
    Head("Regime"),
    Head("Lowest", "runs-number"),
    Head("Highest", "runs-number"),
    Head("Set by"),
    Head("Valid from (UTC)"),
    Head("Reason", "runs-cell-why"),
    Head("Limit"),
)
_MARKS = {"in force": "✓", "replaced": "–", "lifted": "○"}


def limit_table(limits: tuple[Limit, ...], profile: Profile, as_of: int | None) -> Component:
    """The table, or that no limit was ever set."""
    if not limits:
        text = "No limit was ever set for this fleet. Validation then judges by the fleet itself."
        return html.P(text, className="runs-empty")
    signals = {signal.name: signal for signal in profile.signals}
    rows = [_row(limit, signals.get(limit.sensor), (profile, as_of)) for limit in limits]
    return sheet_table("Limits", _HEADS, rows)


def limit_words(limit: Limit, unit: str = "") -> str:
    """``600 to 650 °R``, ``at most 650 °R``, ``no limit``."""
    low, high = (None if v is None else f"{v:g}" for v in (limit.low, limit.high))
    if low is not None and high is not None:
        words = f"{low} to {high}"
    elif low is None and high is None:
        return "no limit"
    else:
        words = f"at least {low}" if low is not None else f"at most {high}"
    return f"{words} {unit}".rstrip()


def _row(limit: Limit, signal: Signal | None, around: tuple[Profile, int | None]) -> Component:
    profile, as_of = around
    unit = signal.unit if signal else ""
    name = column_words(limit.sensor, profile)
    href = limits_address(limit.fleet, limit.limit_id, as_of)
    cells: list[Cell] = [
        f"{_MARKS[limit.standing]} {limit.standing}",
        dcc.Link(name, href=href, title=f"{limit.sensor}: fill the form with it"),
        limit.regime or "every",
        _side(limit.low, unit),
        _side(limit.high, unit),
        limit.author,
        minute(limit.valid_from),
        limit.reason,
        html.Code(limit.limit_id),
    ]
    return sheet_row(_HEADS, cells, "" if limit.standing == "in force" else "quality-past")


def _side(value: float | None, unit: str) -> str:
    return "—" if value is None else f"{value:g} {unit}".rstrip()
