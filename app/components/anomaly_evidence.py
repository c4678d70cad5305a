"""What shows an anomaly: the course of the column, and the rows as they were delivered."""

import math
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.forecast_card import GRAPH
from app.components.quality_words import column_words
from app.components.sheet_table import Head, sheet_row, sheet_table
from app.figures.finding import HEIGHT, Found, finding_figure
from app.queries.anomaly import AROUND, Evidence, Finding
from lakehouse.profiles import Profile

_MARKS = {"error": "▲", "warning": "◆"}


def course_card(
    found: Finding, evidence: Evidence, profile: Profile, theme: str
) -> list[Component]:
    """The chart; nothing where no signal or no engine is meant."""
    if evidence.course is None or evidence.engine is None:
        return []
    drawn = finding_figure(_found(found, evidence, profile), theme)
    graph = dcc.Graph(figure=drawn, config=GRAPH, style={"height": HEIGHT})
    signal = next(s for s in profile.signals if s.name == found.anomaly.column)
    unit = f", {signal.unit}" if signal.unit else ""
    title = f"{signal.symbol}, {signal.description}{unit}: {evidence.engine}"
    return [html.H2(title), html.Div(graph, className="quality-chart"), _legend(found, evidence)]


def row_card(found: Finding, evidence: Evidence, profile: Profile) -> list[Component]:
    """The rows, those of the span marked."""
    head = html.H2(f"Rows as delivered: {evidence.engine}" if evidence.engine else "Rows")
    if not evidence.rows:
        text = "The delivery holds no row that could be shown."
        return [head, html.P(text, className="runs-empty")]
    heads = [Head(" ", "quality-mark"), Head("Line", "runs-number"), Head("Cycle", "runs-number")]
    heads += [_head(name, found, profile) for name in evidence.columns]
    rows = [_row(row, found, heads) for row in evidence.rows]
    version = "" if evidence.version is None else f" v{evidence.version}"
    hint = f"bronze/readings{version}, with {AROUND} flights around them where there are any."
    if evidence.left_out:
        hint += f" {evidence.left_out:,} more rows are not listed."
    return [head, html.P(hint, className="run-hint"), _bounded(sheet_table("Rows", heads, rows))]


def _bounded(table: Component) -> Component:
    return html.Div(table, className="quality-rows")


def _found(found: Finding, evidence: Evidence, profile: Profile) -> Found:
    anomaly, course, limit = found.anomaly, evidence.course, found.limit
    if course is None:
        raise LookupError(f"{anomaly.anomaly_id} is about no signal")
    signal = next(s for s in profile.signals if s.name == anomaly.column)
    return Found(
        unit=signal.unit,
        cycle=course.cycle,
        values=course.values,
        brought_cycle=course.brought_cycle,
        brought=course.brought,
        span=anomaly.span,
        strong=anomaly.severity == "error",
        low=limit.low if limit else None,
        high=limit.high if limit else None,
        revision=f"{anomaly.anomaly_id}/{evidence.engine}",
    )


def _legend(found: Finding, evidence: Evidence) -> Component:
    strong = found.anomaly.severity == "error"
    marks = [("mark-issued", "in silver")]
    if evidence.course is not None and len(evidence.course.brought_cycle):
        kind = "mark-brought-act" if strong else "mark-brought-watch"
        marks.append((kind, "as delivered, not in silver"))
    if found.anomaly.span is not None:
        tone = "tone-act" if strong else "tone-watch"
        marks.append((f"mark-now {tone}", "the flights that it is about"))
    items = [html.Li([html.Span(className=f"swatch {kind}"), text]) for kind, text in marks]
    return html.Ul(items, className="legend quality-legend")


def _head(name: str, found: Finding, profile: Profile) -> Head:
    odd = " quality-odd" if name == found.anomaly.column else ""
    return Head(column_words(name, profile), f"runs-number{odd}")


def _row(row: tuple[Any, ...], found: Finding, heads: list[Head]) -> Component:
    line, cycle, *values = row
    span = found.anomaly.span
    meant = span is not None and cycle is not None and span[0] <= cycle <= span[1]
    mark = _MARKS.get(found.anomaly.severity, "") if meant else ""
    cells = [mark, _text(line), _text(cycle), *(_text(value) for value in values)]
    return sheet_row(heads, cells, f"found-{found.anomaly.severity}" if meant else "")


def _text(value: Any) -> str:
    """A value as it was delivered; nothing is a dash, and what is no number says so."""
    if value is None:
        return "—"
    if isinstance(value, float):
        return f"{value:.10g}" if math.isfinite(value) else str(value)
    return str(value)
