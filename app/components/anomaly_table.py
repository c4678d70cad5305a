"""The table of anomalies, and how many there are of each type in each column."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import anomaly_address, engine_address, quality_address
from app.components.aria import aria
from app.components.numbers import counted
from app.components.quality_words import (
    ALL_COLUMNS,
    column_words,
    found_words,
    severity_badge,
    span_words,
    type_words,
)
from app.components.run_state import delivery_state
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.components.times import minute
from app.queries.anomalies import Anomaly
from app.queries.deliveries import file_name
from app.queries.quality import ANOMALIES_SHOWN, QualityPage
from lakehouse.profiles import Profile

_HEADS = (
    Head("Severity", "runs-cell-state"),
    Head("What", "runs-cell-delivery"),
    Head("Column"),
    Head("Engine"),
    Head("Cycles", "quality-cycles"),
    Head("Detail", "runs-cell-why"),
    Head("Delivery"),
    Head("Found (UTC)"),
)


def anomaly_list(page: QualityPage, profile: Profile, as_of: int | None) -> list[Component]:
    """How many match, the table and its pager; or calmly that there are none."""
    if not page.anomalies:
        return [html.P(_none(page), className="runs-empty", role="status")]
    rows = [_row(each, page, (profile, as_of)) for each in page.anomalies]
    return [sheet_table("Anomalies", _HEADS, rows), _pager(page, as_of)]


def anomaly_overview(page: QualityPage, profile: Profile, as_of: int | None) -> Component | None:
    """Types against columns; a number leads to what it counts. None where nothing was found."""
    told = page.overview
    if not told.counts:
        return None
    heads = [html.Th("Type", scope="col")]
    heads += [html.Th(column_words(c, profile), scope="col", title=c) for c in told.columns]
    rows = [_counts(kind, page, as_of) for kind in told.types]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="quality-overview")
    label = "Anomalies by type and column"
    sheet = html.Div(table, className="runs-sheet", tabIndex=0, role="region", **aria(label=label))
    more = f"{told.left_out:,} more columns are not listed here; the filter has them."
    hint = [html.P(more, className="run-hint")] if told.left_out else []
    return html.Div([sheet, *hint])


def _counts(kind: str, page: QualityPage, as_of: int | None) -> Component:
    ask, told = page.ask, page.overview
    link = dcc.Link(type_words(kind), href=quality_address(ask, as_of, type=kind, column=""))
    head = html.Th(link, scope="row", title=kind)
    return html.Tr([head, *(_cell(kind, c, page, as_of) for c in told.columns)])


def _cell(kind: str, column: str | None, page: QualityPage, as_of: int | None) -> Component:
    errors, warnings = page.overview.counts.get((kind, column), (0, 0))
    if not errors + warnings:
        return html.Td(html.Span("·", **aria(hidden="true")), className="quality-zero")
    name, chosen = column or "-", (page.ask.type, page.ask.column)
    here = (kind, name) == chosen
    changes = {"type": "", "column": ""} if here else {"type": kind, "column": name}
    words = f"{type_words(kind)}, {column or ALL_COLUMNS}: {found_words(errors, warnings)}"
    link = dcc.Link(
        [f"{errors + warnings:,}", html.Span(f" {words}", className="visually-hidden")],
        href=quality_address(page.ask, as_of, **changes),
        title=words,
    )
    tone = "quality-errors" if errors else "quality-warnings"
    return html.Td(link, className=tone, **(aria(current="true") if here else {}))


def _none(page: QualityPage) -> str:
    ask = page.ask
    if any((ask.severity, ask.type, ask.column, ask.engine)):
        return "Nothing that was found matches. Clear the filter to see the rest."
    if page.chosen is not None and page.chosen.state in ("rejected", "duplicate"):
        return "Nothing of this delivery went in, so there was nothing to look at."
    return "Nothing was found: every value that was delivered is where it should be."


def _row(anomaly: Anomaly, page: QualityPage, around: tuple[Profile, int | None]) -> Component:
    profile, as_of = around
    href = anomaly_address(anomaly.anomaly_id, as_of)
    cells: list[Cell] = [
        severity_badge(anomaly.severity),
        dcc.Link(type_words(anomaly.type), href=href, title=anomaly.type),
        html.Span(column_words(anomaly.column, profile), title=anomaly.column),
        _engine(anomaly, as_of),
        span_words(anomaly.span),
        anomaly.detail,
        _delivery(anomaly, page, as_of),
        minute(anomaly.found_at),
    ]
    return sheet_row(_HEADS, cells, f"found-{anomaly.severity}")


def _engine(anomaly: Anomaly, as_of: int | None) -> Component:
    if anomaly.engine is None:
        return html.Span(f"{anomaly.fleet}, several")
    return dcc.Link(anomaly.engine, href=engine_address(anomaly.fleet, anomaly.engine, as_of))


def _delivery(anomaly: Anomaly, page: QualityPage, as_of: int | None) -> Cell:
    if anomaly.delivery_id is None:
        return None
    href = quality_address(page.ask, as_of, delivery=anomaly.delivery_id)
    name = file_name(anomaly.source) or anomaly.delivery_id
    parts: list[Component | str] = [
        dcc.Link(name, href=href, title=f"{anomaly.delivery_id}: {anomaly.source}")
    ]
    if anomaly.delivery_state not in ("accepted", ""):
        parts += [" ", delivery_state(anomaly.delivery_state)]
    return parts


def _pager(page: QualityPage, as_of: int | None) -> Component:
    ask, last = page.ask, max(1, -(-page.found // ANOMALIES_SHOWN))
    number = min(ask.page, last)
    first = (number - 1) * ANOMALIES_SHOWN + 1
    shown = f"{first:,}–{first + len(page.anomalies) - 1:,} of {page.found:,}"
    parts: list[Component] = [html.Span(shown, className="pager-count")]
    turns: Sequence[tuple[str, int]] = (("← Previous", number - 1), ("Next →", number + 1))
    for label, turned in turns:
        if 1 <= turned <= last:
            href = quality_address(ask, as_of, page=turned, deliveries=ask.deliveries)
            parts.append(dcc.Link(label, href=f"{href}#anomalies"))
    return html.Nav(parts, className="pager", **aria(label="Pages of anomalies"))


def found_line(page: QualityPage) -> str:
    """``7 anomalies, 2 of them errors``."""
    if not page.found:
        return ""
    errors = f", {page.errors:,} of them {'an error' if page.errors == 1 else 'errors'}"
    return counted(page.found, "anomaly") + (errors if page.errors else "")
