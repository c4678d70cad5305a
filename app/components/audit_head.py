"""What stands over the audit log: whether it is whole, and the way to take it along."""

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from app.components.addresses import audit_file_address, evidence_address
from app.components.launch_button import verify_button
from app.components.run_facts import utc
from app.queries.audit import AuditPage
from lakehouse.audit import Verdict
from lakehouse.snapshots import Snapshot

TITLE = "Audit log"
_FORMS = (("jsonl", "JSON lines"), ("csv", "CSV"))


def audit_head(page: AuditPage, snapshot: Snapshot | None, role: str) -> list[Component]:
    """Title, what one can do, and proof; ``snapshot`` is the one that the page looks back to."""
    title = html.Div([html.H1(TITLE), _actions(page, snapshot, role)], className="page-head")
    if page.verdict is None:
        return [title, _unreadable(page.problem)]
    return [title, _evidence(), _proof(page.verdict, utc(page.checked)), *_back(snapshot)]


def _actions(page: AuditPage, snapshot: Snapshot | None, role: str) -> Component:
    query, as_of = page.ask.selection.asked, snapshot.seq if snapshot else None
    what = "The entries that fit the filter" if query else "All entries"
    links = [
        html.A(
            words, href=audit_file_address(query, form, as_of), title=f"{what} as {words}",
            download="", className="btn btn-outline-secondary",
        )
        for form, words in _FORMS
    ]  # fmt: skip
    export = html.Span("Export", className="run-hint")
    return html.Div([*verify_button(role), export, *links], className="runs-actions")


def _evidence() -> Component:
    """Asks for a bundle in a window of its own, so that the page stays if there is none."""
    field = dbc.Input(
        name="of", id="audit-evidence", placeholder="FLEET/ENGINE@CYCLE or a model", required=True,
        maxlength=300,
    )  # fmt: skip
    label = html.Label("Evidence of", htmlFor="audit-evidence")
    button = dbc.Button("Make bundle", type="submit", color="secondary", outline=True)
    return html.Form(
        [label, field, button], method="get", action=evidence_address(), target="_blank",
        className="audit-evidence",
    )  # fmt: skip


def _proof(verdict: Verdict, checked: str) -> Component:
    when = f"checked at {checked} UTC, every byte"
    if not verdict.ok:
        return _broken(verdict, when)
    if not verdict.entries:
        words = "The log is empty: the first sign-in or launch is its first entry."
        return html.P(words, className="notice audit-proof", role="status")
    noun = "entry" if verdict.entries == 1 else "entries"
    parts = [
        html.Strong(f"✓ {verdict.entries:,} {noun}, whole. "),
        html.Span(["Newest hash ", html.Code(verdict.newest)], className="audit-hash"),
        html.Span(f" · {when}"),
    ]
    return html.P(parts, className="notice audit-proof", role="status", id="audit-proof")


def _broken(verdict: Verdict, when: str) -> Component:
    whole = f"Entries 1 to {verdict.entries:,} are whole; " if verdict.entries else ""
    words = (
        f"{whole}from there on nothing is proven ({when}). Change nothing in the folder audit: "
        "keep it as evidence and compare it with a backup. New entries are still written."
    )
    parts: list[Component | str] = [
        html.Strong(f"▲ The log is not whole: {verdict.detail}. "),
        words,
    ]
    return html.P(parts, className="notice audit-broken", role="alert", id="audit-proof")


def _unreadable(problem: str) -> Component:
    words = (
        " Whatever would have to be written in it is refused until it can be. An administrator has "
        "to look at the disk and the rights of the folder audit."
    )
    parts: list[Component | str] = [html.Strong(f"▲ {problem}"), words]
    return html.P(parts, className="notice audit-broken", role="alert")


def _back(snapshot: Snapshot | None) -> list[Component]:
    if snapshot is None or snapshot.time is None:
        return []
    words = f"As of snapshot {snapshot.seq}: entries up to {utc(snapshot.time)} UTC."
    return [html.P(words, className="run-hint")]
