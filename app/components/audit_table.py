"""The table of audit entries; on a narrow screen a list of cards."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import audit_address, run_address
from app.components.aria import aria
from app.components.run_state import outcome_state
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.queries.audit import Ask, AuditPage, Change, changes
from lakehouse.audit import Entry

_HEADS = (
    Head("Outcome", "runs-cell-state"), Head("No.", "runs-number"), Head("When (UTC)"),
    Head("Who", "runs-cell-run"), Head("Action"), Head("Object", "audit-object"),
    Head("Why and what", "audit-told"), Head("Request"),
)  # fmt: skip
# An entry that tells more values than this shows them when it is asked to.
_SHOWN = 3
_OF_RUNS = ("queue", "cancel", "retry")


def audit_list(page: AuditPage, as_of: int | None) -> list[Component]:
    """How many entries fit, the table and the pager; in words when there are none."""
    if page.problem:
        return [html.P(page.problem, className="runs-empty", role="status")]
    if not page.entries:
        return [_nothing(page, as_of)]
    rows = [_row(entry, page, as_of) for entry in page.entries]
    first = (page.ask.page - 1) * len(rows) + 1 if page.ask.page < page.last else 0
    first = first or page.matched - len(rows) + 1
    told = f"{first:,} to {first + len(rows) - 1:,} of {page.matched:,}, newest first"
    return [
        html.P(told, className="run-hint audit-count"),
        sheet_table("Audit entries", _HEADS, rows),
        _pager(page, as_of),
    ]


def _nothing(page: AuditPage, as_of: int | None) -> Component:
    if not page.ask.selection.asked:
        words = "Nothing was written down yet. Every sign-in, launch, decision and refusal will "
        return html.P(f"{words}stand here.", className="runs-empty")
    clear = dcc.Link("Show all entries", href=audit_address({}, as_of))
    return html.P(["No entry fits. ", clear, "."], className="runs-empty", role="status")


def _row(entry: Entry, page: AuditPage, as_of: int | None) -> Component:
    bad = page.verdict.first_bad if page.verdict else None
    day, _, clock = entry.time.partition("T")
    cells: tuple[Cell, ...] = (
        outcome_state(entry.outcome),
        f"{entry.seq:,}" if bad is None or entry.seq < bad else f"▲ {entry.seq:,} not proven",
        html.Span(f"{day} {clock[:8]}", title=entry.time),
        html.Span([entry.actor, html.Span(f" {entry.role}", className="run-hint")]),
        entry.action.replace("_", " "),
        _object(entry, as_of),
        html.Div(_told(entry)),
        _request(entry, page.ask, as_of),
    )
    return sheet_row(_HEADS, cells, "" if bad is None or entry.seq < bad else "audit-unproven")


def _object(entry: Entry, as_of: int | None) -> Cell:
    if entry.action in _OF_RUNS and entry.outcome == "allowed":
        return dcc.Link(entry.object, href=run_address(entry.object, as_of=as_of))
    return entry.object or None


def _told(entry: Entry) -> list[Component]:
    found = changes(entry)
    parts: list[Component] = [html.Div(entry.reason)] if entry.reason else []
    if not found:
        return parts
    values = html.Dl([_change(change) for change in found], className="audit-values")
    if len(found) <= _SHOWN:
        return [*parts, values]
    names = ", ".join(change.name for change in found)
    head = html.Summary(f"{len(found)} values: {names}", className="audit-names")
    return [*parts, html.Details([head, values])]


def _change(change: Change) -> Component:
    both = change.before is not None and change.after is not None
    told: Sequence[Component | str] = [change.after or ""]
    if both:
        arrow = html.Span(" → ", **aria(label="then"))
        told = [html.Del(change.before), arrow, html.Ins(change.after)]
    elif change.before is not None:
        told = [html.Del(change.before)]
    return html.Div([html.Dt(change.name or "value"), html.Dd(told)])


def _request(entry: Entry, ask: Ask, as_of: int | None) -> Cell:
    if not entry.request_id:
        return None
    href = audit_address(ask.to(request_id=entry.request_id), as_of)
    words = "All entries of this request"
    return dcc.Link(html.Code(entry.request_id), href=href, title=words, className="audit-request")


def _pager(page: AuditPage, as_of: int | None) -> Component:
    at, links = page.ask.page, []
    if at > 1:
        links.append(_to("← Newer", page.ask, at - 1, as_of))
    if at < page.last:
        links.append(_to("Older →", page.ask, at + 1, as_of))
    return html.Nav(links, className="runs-pager", **aria(label="Pages of entries"))


def _to(label: str, ask: Ask, number: int, as_of: int | None) -> Component:
    return dcc.Link(label, href=audit_address(ask.to(page=str(number)), as_of))
