"""The sentence that an engine page begins with: when it will probably fail, in words."""

from dash import html
from dash.development.base_component import Component

from app.components.numbers import cycles_text
from app.queries.fleet import EngineRow
from app.queries.forecasts import Forecasts
from lakehouse.profiles import Profile

Words = list[Component | str]
FEW = 3


def sentence(row: EngineRow, said: Forecasts, profile: Profile) -> Component:
    """What is known of the engine, as honestly as it is known."""
    coverage = row.coverage or profile.coverage
    if row.failed_at is not None:
        words = _failed(row.failed_at, said)
    elif row.opens is None:
        words = _unsaid(row)
    elif row.closes is None:
        words = _open(row, row.opens, coverage, profile.horizon_cycles)
    elif row.closes < 0:
        words = _outlived(row, coverage)
    else:
        words = _window(row, row.opens, row.closes, coverage)
    return html.P([*words, *_outdated(said)], className="sentence")


def _outdated(said: Forecasts) -> Words:
    """That the newest forecast is one of rows that are no more."""
    by = said.newest.outdated_by if said.newest else ()
    if not by:
        return []
    return [html.Span(f". Its last forecast is outdated: {', '.join(by)} changed its rows since")]


def _window(row: EngineRow, opens: int, closes: int, coverage: float) -> Words:
    if opens == 0:
        when = f"within {cycles_text(closes)}" if closes else "in this cycle"
    elif opens == closes:
        when = f"in {cycles_text(opens)}"
    else:
        when = f"in {opens:,} to {cycles_text(closes)}"
    first = when.split(" ", 1)
    axis = (
        f"cycles {row.window_from}–{row.window_to}"
        if opens < closes
        else "cycle " + str(row.window_to)
    )
    return [
        f"Will probably fail {first[0]} ",
        html.Strong(first[1]),
        html.Span(f" ({axis}, {100 * coverage:.0f} % window)"),
    ]


def _outlived(row: EngineRow, coverage: float) -> Words:
    window = f"{100 * coverage:.0f} % window, said at cycle {row.said_at}"
    axis = f"cycles {row.window_from}–{row.window_to}"
    return ["Has outlived its window: ", html.Strong(axis), html.Span(f" ({window})")]


def _open(row: EngineRow, opens: int, coverage: float, horizon: int) -> Words:
    window = f"{100 * coverage:.0f} % window opens at cycle {row.window_from}"
    beyond = html.Span(f" ({window}; its end lies beyond {horizon} cycles ahead)")
    if opens == 0:
        start = f"After {cycles_text(row.cycles_seen)} " if row.cycles_seen <= FEW else ""
        nothing = "nothing useful can be said: it may fail at any time from now on"
        return [start + (nothing if start else nothing.capitalize()), beyond]
    words: Words = ["Will probably fly ", html.Strong(f"{cycles_text(opens)} or more"), beyond]
    if row.cycles_seen <= FEW:
        seen = "one cycle" if row.cycles_seen == 1 else cycles_text(row.cycles_seen)
        words.append(html.Span(f". Said after only {seen}"))
    return words


def _unsaid(row: EngineRow) -> Words:
    if row.data_status == "blocked":
        return ["No forecast: ", html.Strong("its newest data is blocked"), " by validation"]
    return ["No forecast yet: ", html.Strong("no model is live"), " for this fleet"]


def _failed(failed_at: int, said: Forecasts) -> Words:
    words: Words = ["Failed at ", html.Strong(f"cycle {failed_at:,}")]
    before = said.issued.cycle <= failed_at
    count = int(before.sum())
    if not count:
        return [*words, html.Span(" (no window was issued before)")]
    held = int(said.issued.held(failed_at)[before].sum())
    windows = "the one issued window" if count == 1 else f"{held} of {count} issued windows"
    did = "contained it" if count > 1 or held else "did not contain it"
    return [*words, html.Span(f" ({windows} {did})")]
