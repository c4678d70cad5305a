"""What was found about one engine: a list with links, and the words of the marks in its charts."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import anomaly_address, quality_address
from app.components.numbers import counted
from app.components.quality_words import (
    column_words,
    sentence,
    severity_badge,
    span_words,
    type_words,
)
from app.components.run_state import delivery_state
from app.queries.engine_findings import Mark
from app.queries.quality import Ask
from lakehouse.profiles import Profile

LISTED = 6


def findings_card(
    found: tuple[Mark, ...], named: tuple[str, str], profile: Profile, as_of: int | None
) -> list[Component]:
    """The first few with links to their rows; nothing where nothing was found.

    Args:
        found: what stands against the engine.
        named: fleet and engine.
        profile: how columns are called.
        as_of: the snapshot that was asked for, None for now.
    """
    if not found:
        return []
    fleet, engine = named
    lines = [_line(mark, profile, as_of) for mark in found[:LISTED]]
    every = dcc.Link(
        counted(len(found), "anomaly"),
        href=quality_address(Ask(fleet=fleet, engine=engine), as_of),
    )
    head = html.Div([html.H2("Found in its data"), every], className="card-head")
    sheet = html.Div(html.Ul(lines, className="findings"), className="sheet")
    return [html.Section([head, sheet], className="card-part")]


def mark_words(mark: Mark, profile: Profile) -> str:
    """What a mark in a chart says."""
    anomaly = mark.anomaly
    shape = "▲" if anomaly.blocks else "◆"
    column = column_words(anomaly.column, profile) if anomaly.column else None
    several = "" if anomaly.engine else "several engines: "
    return f"{shape} {several}{sentence(anomaly.detail, column)}"


def count_words(found: tuple[Mark, ...]) -> str:
    """``◆ 2``, ``▲ 1``; empty for nothing."""
    if not found:
        return ""
    return f"{'▲' if any(mark.anomaly.blocks for mark in found) else '◆'} {len(found)}"


def _line(mark: Mark, profile: Profile, as_of: int | None) -> Component:
    anomaly = mark.anomaly
    column = column_words(anomaly.column, profile) if anomaly.column else None
    where = f"cycles {span_words(mark.span)}" if mark.span else "no flight in particular"
    hint = where if anomaly.engine else f"several engines, {where}"
    words: list[Component | str | None] = [
        severity_badge(anomaly.severity),
        dcc.Link(type_words(anomaly.type), href=anomaly_address(anomaly.anomaly_id, as_of)),
        html.Span(sentence(anomaly.detail, column)),
        html.Span(hint, className="hint"),
    ]
    if anomaly.delivery_state == "blocked":
        words.append(delivery_state(anomaly.delivery_state))
    return html.Li(words)
