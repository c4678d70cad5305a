"""Rows of a table on a sheet that scrolls under its heads, and a column's value as text."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import table_address
from app.components.aria import aria
from app.components.export_links import export_links
from app.components.run_facts import utc
from app.queries.table_history import TableView
from app.queries.table_preview import Preview
from lakehouse.profiles import Profile

LONGEST = 80


def preview_card(view: TableView, shown: Preview, profile: Profile) -> list[Component]:
    """The rows of the version that is looked at."""
    chosen, ask = view.chosen, view.ask
    if chosen is None:
        return []
    name, version = view.table.name, chosen.version
    what = f"Rows of v{version}" + (f": engine {ask.fleet}/{ask.engine}" if ask.engine else "")
    head: list[Component] = [html.H2(what)]
    if ask.engine:
        every = table_address(name, version, ask.as_of)
        head.append(dcc.Link("All rows", href=every, className="run-hint"))
    if shown.problem:
        problem = html.P(shown.problem, className="runs-empty", role="alert")
        return [html.Div(head, className="tbl-part-head"), problem]
    head.append(export_links(name, version, (ask.fleet, ask.engine)))
    top = html.Div(head, className="tbl-part-head")
    if not shown.rows:
        return [top, html.P(f"v{version} holds no such row.", className="runs-empty")]
    grid = rows_sheet(f"Rows of {name} v{version}", shown.columns, shown.rows, titles(profile))
    return [top, grid, html.P(_hint(shown, chosen.rows), className="run-hint")]


def rows_sheet(
    label: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    meanings: Mapping[str, str],
) -> Component:
    """Rows under their heads; wide ones scroll inside their sheet, on a narrow screen too."""
    heads = [html.Th(name, scope="col", title=meanings.get(name)) for name in columns]
    body = [html.Tr([_cell(value) for value in row]) for row in rows]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="tbl-rows")
    return html.Div(table, className="tbl-scroll", tabIndex=0, role="region", **aria(label=label))


def value_words(value: Any) -> str:
    """A value as the table holds it; nothing is a dash."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}" if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return utc(value)
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def titles(profile: Profile) -> dict[str, str]:
    """What the signals' columns mean, with their unit."""
    return {
        signal.name: f"{signal.symbol}: {signal.description}"
        + (f", {signal.unit}" if signal.unit else "")
        for signal in profile.signals
    }


def _cell(value: Any) -> Component:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = value_words(value)
    long = isinstance(value, str) and len(value) > LONGEST
    kind = "number" if number else ""
    return html.Td(text, className=kind or None, title=value[:2000] if long else None)


def _hint(shown: Preview, total: int | None) -> str:
    words = f"The first {len(shown.rows):,} rows"
    if not shown.cut:
        words = f"All {len(shown.rows):,} rows" if len(shown.rows) > 1 else "The only row"
    elif total is not None:
        words += f" of {total:,}" if total >= len(shown.rows) else ""
    more = f"; {shown.more_columns:,} more columns are not shown" if shown.more_columns else ""
    return f"{words}{more}."
