"""What people corrected in an engine's rows: a list, and the words of the marks in its charts."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import run_address
from app.components.quality_words import span_words
from app.components.times import exactly
from app.queries.corrections import Correction, Word
from lakehouse.corrections import value_text
from lakehouse.profiles import Profile, Signal

LISTED = 20
_MARKS = {"holds": "✎", "taken back": "–", "replaced": "–", "said": "·"}


def corrections_card(said: tuple[Correction, ...], profile: Profile) -> list[Component]:
    """The decisions about an engine's rows, the newest first; nothing where there are none."""
    if not said:
        return []
    lines = [_line(one, profile) for one in said[:LISTED]]
    hint = f"The newest {LISTED} of {len(said)}. " if len(said) > LISTED else ""
    hint += "Forecasts that were made from other rows are marked above."
    head = [html.H2("Corrected in its data"), html.P(hint, className="hint")]
    sheet = html.Div(html.Ul(lines, className="findings"), className="sheet")
    return [html.Section([html.Div(head, className="card-head"), sheet], className="card-part")]


def correction_words(correction: Correction, profile: Profile) -> str:
    """``T50 at cycle 31: 1,400 → 1,300 °R``, ``cycles 31–33 withdrawn``, …"""
    if correction.action == "retract":
        return f"{correction.retracts} taken back"
    if correction.action == "restore":
        return "restored to an earlier version"
    if correction.action == "withdraw":
        cycles = [word.cycle for word in correction.words]
        span = span_words((min(cycles), max(cycles)))
        return f"{'cycle' if len(cycles) == 1 else 'cycles'} {span} withdrawn"
    return "; ".join(value_words(word, profile) for word in correction.words)


def value_words(word: Word, profile: Profile) -> str:
    """One corrected value."""
    signal = _signal(word.column, profile)
    name, unit = (signal.symbol, signal.unit) if signal else (str(word.column), "")
    values = f"{value_text(word.old)} → {value_text(word.new)} {unit}".rstrip()
    return f"{name} at cycle {word.cycle}: {values}"


def _signal(column: str | None, profile: Profile) -> Signal | None:
    return next((signal for signal in profile.signals if signal.name == column), None)


def _line(one: Correction, profile: Profile) -> Component:
    standing = "" if one.standing in ("holds", "said") else f" ({one.standing})"
    run = dcc.Link(one.correction_id, href=run_address(one.run_id), title="The run that did it")
    hint = html.Span(f"{one.who}, {exactly(one.at)}", className="hint")
    words = f"{_MARKS[one.standing]} {correction_words(one, profile)}{standing}"
    return html.Li([html.Span(words), html.Span(f"“{one.reason}”"), hint, run])
