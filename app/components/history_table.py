"""The versions of a table as rows, newest first, with pages."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import diff_address, table_address
from app.components.aria import aria
from app.components.run_facts import size, utc
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.components.table_words import (
    changes,
    is_loss,
    operation_words,
    readable_words,
    rows_words,
    run_link,
)
from app.queries.table_history import PAGE, TableView
from lakehouse.history import VersionFacts

_HEADS = (
    Head("Version", "runs-cell-run"), Head("Time (UTC)"), Head("Operation"), Head("Who"),
    Head("Run"), Head("Change of rows", "runs-number"), Head("Rows", "runs-number"),
    Head("Files", "runs-number"), Head("Size", "runs-number"), Head("Can be read"), Head("Diff"),
)  # fmt: skip


def history_table(view: TableView) -> list[Component]:
    """One page of versions and the way to the others."""
    rows = [_row(view, facts) for facts in view.listed]
    sheet = sheet_table(f"Versions of {view.table.name}", _HEADS, rows)
    return [html.Div(sheet, className="tbl-versions"), *_pager(view)]


def _row(view: TableView, facts: VersionFacts) -> Component:
    name, version, ask = view.table.name, facts.version, view.ask
    mine = (ask.fleet, ask.engine)
    link = dcc.Link(f"v{version}", href=table_address(name, version, ask.as_of, mine))
    before = (version - 1, version)
    cells: tuple[Cell, ...] = (
        link,
        html.Span(utc(facts.time)[:16], title=f"{utc(facts.time)} UTC"),
        html.Span(operation_words(facts), title=facts.operation, className="runs-clip"),
        facts.who or "—",
        run_link(facts.run_id),
        html.Span(changes(facts)),
        rows_words(facts.rows),
        f"{facts.files:,}",
        size(facts.bytes),
        html.Span(readable_words(facts), title=", ".join(facts.pinned_by) or None),
        dcc.Link(f"to v{version - 1}", href=diff_address(name, before, ask.as_of, mine))
        if version > view.facts[-1].version
        else None,
    )
    kind = "" if facts.readable else "tbl-lost-row" if is_loss(facts) else "tbl-gone-row"
    return sheet_row(_HEADS, cells, f"{kind} tbl-chosen" if facts == view.chosen else kind)


def _pager(view: TableView) -> list[Component]:
    if view.pages == 1:
        return []
    first = (view.page - 1) * PAGE + 1
    shown = f"{first:,}–{first + len(view.listed) - 1:,} of {len(view.facts):,}"
    parts: list[Component] = [html.Span(shown, className="pager-count")]
    parts += [_turn(view, "Newer", -1), _turn(view, "Older", 1)]
    return [html.Nav(parts, className="pager", **aria(label="Pages of versions"))]


def _turn(view: TableView, label: str, step: int) -> Component:
    page, ask = view.page + step, view.ask
    if not 1 <= page <= view.pages:
        return html.Span(label, className="btn btn-secondary disabled", **aria(hidden="true"))
    version = ask.version
    href = table_address(view.table.name, version, ask.as_of, (ask.fleet, ask.engine), page)
    return dcc.Link(label, href=href, className="btn btn-secondary")
