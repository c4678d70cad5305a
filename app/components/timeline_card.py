"""The chart of a table over time with its legend."""

from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from app.figures.timeline import HEIGHT, KINDS, Timeline, timeline_figure
from app.queries.table_history import TableView
from lakehouse.history import VersionFacts

GRAPH: Any = {"displayModeBar": False, "responsive": True}
_SWATCHES = ("tbl-added", "tbl-changed", "tbl-same")


def timeline_card(graph: str) -> Component:
    """The outline: the figure is drawn in the visitor's theme, see :func:`timeline`."""
    marks = zip(_SWATCHES, KINDS, strict=True)
    items = [html.Li([html.Span(className=f"swatch {kind}"), text]) for kind, text in marks]
    rows = html.Li([html.Span(className="swatch tbl-line-mark"), "rows of the table"])
    return html.Div(
        [
            dcc.Graph(id=graph, config=GRAPH, style={"height": HEIGHT}, responsive=True),
            html.Ul([rows, html.Li("commits that:"), *items], className="legend tbl-legend"),
        ],
        className="tbl-chart",
    )


def timeline(view: TableView, theme: str) -> dict[str, Any]:
    """The figure of all versions."""
    oldest_first = view.facts[::-1]
    rows = [np.nan if each.rows is None else each.rows for each in oldest_first]
    line = Timeline(
        times=[each.time for each in oldest_first],
        versions=np.array([each.version for each in oldest_first], dtype=np.int64),
        rows=np.array(rows, dtype=np.float64),
        kinds=np.array([_kind(each) for each in oldest_first], dtype=np.int64),
        chosen=None if view.chosen is None else view.chosen.version,
        revision=view.table.name,
    )
    return timeline_figure(line, theme)


def _kind(facts: VersionFacts) -> int:
    """Index into :data:`app.figures.timeline.KINDS`."""
    if facts.rows_removed:
        return 1
    return 0 if facts.rows_added else 2
