"""The fleet's engines as a table; on a narrow screen the same rows are cards."""

from dataclasses import dataclass
from datetime import datetime

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import engine_address, quality_address
from app.components.aria import aria, data
from app.components.numbers import counted, percent_text
from app.components.state_badge import state_badge
from app.components.times import ago, exactly
from app.components.window_strip import scale, strip, window_sentence, window_words
from app.figures.spark import sparkline
from app.queries.anomalies import Count
from app.queries.fleet import ROWS, EngineRow, FleetPage
from app.queries.quality import Ask
from lakehouse.profiles import Profile

_DATA = {"warning": "◆ warning", "blocked": "▲ blocked"}


@dataclass(frozen=True)
class Telling:
    """What every row needs to know beside its engine."""

    profile: Profile
    now: datetime
    as_of: int | None


def fleet_table(page: FleetPage, telling: Telling) -> Component:
    """The engines of one page, the one whose window opens first on top."""
    rows = [_row(row, page.ask.fleet, telling) for row in page.rows]
    table = html.Table([_head(telling.profile), html.Tbody(rows)], className="fleet-table")
    return html.Div(table, className="sheet fleet-sheet")


def pager(page: FleetPage) -> Component:
    """Which rows these are, and the way to the others."""
    number = min(max(page.ask.page, 1), page.pages)
    first = (number - 1) * ROWS + 1
    shown = f"{first:,}–{first + len(page.rows) - 1:,} of {page.found:,}"
    parts: list[Component] = [html.Span(shown, className="pager-count")]
    if page.pages > 1:
        parts.append(_turn("Previous", number - 1, number > 1))
        parts.append(_turn("Next", number + 1, number < page.pages))
    return html.Nav(parts, className="pager", **aria(label="Pages of engines"))


def _turn(label: str, page: int, possible: bool) -> Component:
    return html.Button(
        label,
        className="btn btn-secondary",
        disabled=not possible,
        type="button",
        **data(page=str(page)),
    )


def _head(profile: Profile) -> Component:
    cells = (
        html.Th("State"),
        html.Th("Engine"),
        html.Th(f"P(≤ {profile.label_cycles} cycles)", className="number"),
        html.Th("Over its life"),
        html.Th([html.Span("Failure window, cycles from now"), scale()], className="c-strip"),
        html.Th(f"{profile.coverage:.0%}".replace("%", " %"), className="number"),
        html.Th("Seen", className="number"),
        html.Th("Why"),
        html.Th("Data"),
    )
    return html.Thead(html.Tr(cells))


def _row(row: EngineRow, fleet: str, telling: Telling) -> Component:
    cells = (
        html.Td(state_badge(row.state), className="c-state"),
        html.Td(
            dcc.Link(row.engine, href=engine_address(fleet, row.engine, telling.as_of)),
            className="c-engine",
        ),
        html.Td(
            "—" if row.probability is None else percent_text(row.probability),
            className="c-probability number",
        ),
        html.Td(_spark(row), className="c-life"),
        html.Td(_strip(row), className="c-strip"),
        html.Td(_window(row), className="c-window number", **data(says=_sentence(row))),
        html.Td(f"{row.cycles_seen:,}", className="c-seen number"),
        html.Td(row.why or "—", className="c-why", title=row.why or None),
        _data(row, fleet, telling),
    )
    return html.Tr(cells, className=f"tone-{row.state}")


def _spark(row: EngineRow) -> Component | None:
    address = sparkline(row.trend)
    return html.Div(className="spark", style={"--shape": f'url("{address}")'}) if address else None


def _strip(row: EngineRow) -> Component | None:
    if row.opens is None or row.state == "failed":
        return None
    return strip(row.opens, row.closes, row.rul, row.state)


def _window(row: EngineRow) -> str:
    if row.state == "failed" or row.opens is None:
        return "—"
    return window_words(row.opens, row.closes)


def _sentence(row: EngineRow) -> str:
    if row.failed_at is not None:
        return f"failed at cycle {row.failed_at}"
    return "no forecast yet" if row.opens is None else window_sentence(row.opens, row.closes)


def _data(row: EngineRow, fleet: str, telling: Telling) -> Component:
    age = ago(row.received_at, telling.now)
    kind, found = row.data_status, row.found
    told: Component | str = _DATA.get(kind, kind)
    # Warnings of what went in before do not hide that something is kept out.
    if found is not None and (found.errors or kind != "blocked"):
        kind = "blocked" if found.errors else "warning"
        told = _found(row, found, fleet, telling.as_of)
    return html.Td(
        [told, f" · {age}"],
        className=f"c-data data-{kind}",
        title=f"newest delivery {exactly(row.received_at)}" if row.received_at else None,
    )


def _found(row: EngineRow, found: Count, fleet: str, as_of: int | None) -> Component:
    """What was found in an engine's data, and the way to it."""
    count, word = (found.errors, "error") if found.errors else (found.warnings, "warning")
    label = f"{'▲' if found.errors else '◆'} {counted(count, word)}"
    href = quality_address(Ask(fleet=fleet, engine=row.engine), as_of)
    return dcc.Link(label, href=href, title=found.worst)
