"""What differs between two versions: schema, engines, changed rows, rows that came and went."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import diff_address, engine_address
from app.components.aria import aria
from app.components.compared_rows import Sides, compared_rows, legend
from app.components.sheet_table import Head, sheet_row, sheet_table
from app.components.table_rows import rows_sheet, value_words
from app.components.table_schema import change_words
from app.queries.table_diff import ROWS, Changed, DiffAsk, DiffView, Sheet
from lakehouse.validation.comparison import Compared

ENGINES = 60
SHOWN = 6
MOST_COLUMNS = 30
FEW = 12
_SCHEMA = (Head("Column"), Head("Before"), Head("After"))


def diff_body(ask: DiffAsk, view: DiffView, meanings: Mapping[str, str]) -> list[Component]:
    """Everything but the distributions, which take longer."""
    diff = view.diff
    parts = [*_schema(view), *_engines(ask, view)]
    if diff.is_empty:
        words = "Both versions hold the same rows."
        if any(facts.moved_only for facts in diff.commits):
            words += " They were only moved to other files."
        return [*parts, html.P(words, className="runs-empty", role="status")]
    parts += _changed(ask, view, meanings)
    parts += _sheet("Rows added", view.added, meanings)
    parts += _sheet("Rows removed", view.removed, meanings)
    return parts


def shifts_card(columns: tuple[Compared, ...], sides: Sides, view: DiffView) -> list[Component]:
    """How the distribution of each column moved, the furthest first."""
    if not columns:
        return []
    moved = [each for each in columns if each.distance != 0]
    left, still = len(moved) - MOST_COLUMNS, len(columns) - len(moved)
    hints = [f"{left:,} more columns moved less."] if left > 0 else []
    hints += [f"{still:,} more columns did not move at all."] if still and moved else []
    drawn = [legend(sides), compared_rows(moved[:MOST_COLUMNS], sides)]
    same = [html.P("No column moved.", className="runs-empty")]
    return [
        html.H2("Distributions"),
        html.P(_held_against(view), className="run-hint"),
        *(drawn if moved else same),
        *(html.P(hint, className="run-hint") for hint in hints),
    ]


def _held_against(view: DiffView) -> str:
    diff = view.diff
    if not (diff.rows_removed or diff.rows_changed):
        return "Rows that came, held against rows that were there already (a sample of each)."
    if not (diff.rows_added or diff.rows_changed):
        return "Rows that went, held against rows that stayed (a sample of each)."
    return "Rows that went or changed as they were, held against those that came or changed."


def _schema(view: DiffView) -> list[Component]:
    if not view.diff.schema:
        return []
    rows = [
        sheet_row(_SCHEMA, (change.column, change.before or "—", change.after or "gone"))
        for change in view.diff.schema[:MOST_COLUMNS]
    ]
    left = len(view.diff.schema) - MOST_COLUMNS
    rest = [html.P(f"{left:,} more columns.", className="run-hint")] if left > 0 else []
    sheet = html.Div(sheet_table("Changes of the schema", _SCHEMA, rows), className="tbl-fit")
    summary = html.Summary(f"Columns: {change_words(view.diff.schema)}")
    few = len(view.diff.schema) <= FEW
    return [
        html.H2("Schema"),
        html.Details([summary, sheet, *rest], open=few, className="tbl-schema"),
    ]


def _engines(ask: DiffAsk, view: DiffView) -> list[Component]:
    """The engines that changed: the way to each, and to its rows here."""
    if ask.engine:
        every = diff_address(ask.table, _ends(view), ask.as_of)
        name = dcc.Link(f"{ask.fleet}/{ask.engine}", href=_engine(ask, ask.fleet, ask.engine))
        words: list[Component | str] = [
            "Only engine ",
            name,
            ". ",
            dcc.Link("Show all engines", href=every),
        ]
        return [html.P(words, className="notice tbl-only", role="status")]
    engines = view.diff.engines
    if not engines:
        return []
    one_fleet = len({fleet for fleet, _ in engines}) == 1
    items = [_chip(ask, view, each, one_fleet) for each in engines[:ENGINES]]
    left = len(engines) - ENGINES
    rest = [html.Li(f"{left:,} more", className="run-hint")] if left > 0 else []
    return [html.H2("Engines touched"), html.Ul([*items, *rest], className="tbl-engines")]


def _chip(ask: DiffAsk, view: DiffView, engine: tuple[str, str], one_fleet: bool) -> Component:
    name = engine[1] if one_fleet else "/".join(engine)
    href = diff_address(ask.table, _ends(view), ask.as_of, engine)
    of = html.Span(f" of {name} that changed", className="visually-hidden")
    rows = dcc.Link(["rows", of], href=href, className="tbl-of")
    return html.Li([dcc.Link(name, href=_engine(ask, *engine)), rows])


def _changed(ask: DiffAsk, view: DiffView, meanings: Mapping[str, str]) -> list[Component]:
    if not view.diff.rows_changed:
        return []
    key = [name for name in view.diff.key if name in view.diff.fields]
    heads = (*(Head(name) for name in key), Head("Before → after", "tbl-changes"))
    rows = [sheet_row(heads, (*map(value_words, row.key), _values(row, ask, meanings)))
            for row in view.changed]  # fmt: skip
    left = view.changed_total - len(view.changed)
    hint = f"The first {ROWS} of {view.changed_total:,}; {left:,} more." if left > 0 else ""
    return [
        html.H2("Rows changed"),
        _by_column(ask, view),
        html.Div(sheet_table("Rows changed", heads, rows), className="tbl-changed-rows"),
        *([html.P(hint, className="run-hint")] if hint else []),
    ]


def _by_column(ask: DiffAsk, view: DiffView) -> Component:
    """How many rows changed in each column; one shows only those."""
    looked, total = view.looked_at, view.diff.rows_changed
    whole = f"all {total:,}" if looked == total else f"the first {looked:,} of {total:,}"
    links = [_filter(ask, view, "", whole)]
    links += [_filter(ask, view, name, f"{name} {n:,}") for name, n in view.by_column.items()]
    return html.Nav(links, className="runs-filter", **aria(label="Changed in column"))


def _filter(ask: DiffAsk, view: DiffView, column: str, label: str) -> Component:
    engine = (ask.fleet, ask.engine)
    href = diff_address(ask.table, _ends(view), ask.as_of, engine, column)
    chosen = ask.column if ask.column in view.by_column else ""
    current = aria(current="true") if column == chosen else {}
    return html.Span(dcc.Link(label, href=href), **current)


def _values(row: Changed, ask: DiffAsk, meanings: Mapping[str, str]) -> list[Component | str]:
    """Old and new value of each column that changed, the one that was asked for first."""
    ordered = sorted(row.values, key=lambda name: name != ask.column)
    shown: list[Component | str] = [
        html.Span(
            [html.Span(name, className="tbl-name", title=meanings.get(name)),
             html.Del(value_words(row.values[name][0])), " → ",
             html.Ins(value_words(row.values[name][1])), *_step(*row.values[name])],
            className="tbl-value",
        )
        for name in ordered[:SHOWN]
    ]  # fmt: skip
    left = len(ordered) - SHOWN
    return [*shown, html.Span(f"{left} more columns", className="run-hint")] if left > 0 else shown


def _step(old: Any, new: Any) -> list[Component]:
    """How far a number moved."""
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool)
                  for each in (old, new))  # fmt: skip
    if not numbers:
        return []
    return [html.Span(f"{new - old:+.4g}".replace("-", "−"), className="tbl-step")]


def _sheet(title: str, sheet: Sheet, meanings: Mapping[str, str]) -> list[Component]:
    if not sheet.total:
        return []
    left, columns = sheet.total - len(sheet.rows), sheet.more_columns
    hints = [f"The first {len(sheet.rows):,} of {sheet.total:,}; {left:,} more."] if left else []
    hints += [f"{columns:,} more columns are not shown."] if columns else []
    return [
        html.H2(title),
        rows_sheet(title, sheet.columns, sheet.rows, meanings),
        *(html.P(hint, className="run-hint") for hint in hints),
    ]


def _ends(view: DiffView) -> tuple[int, int]:
    return view.diff.before, view.diff.after


def _engine(ask: DiffAsk, fleet: str, engine: str) -> str:
    return engine_address(fleet, engine, ask.as_of)
