"""One delivery told in full: the verdict, what it brought, and what can be decided."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import quality_address, run_address
from app.components.decision_form import About, decision_form
from app.components.delivery_table import kind_words, why
from app.components.quality_words import found_words
from app.components.run_state import delivery_state
from app.components.times import exactly
from app.queries.decidable import decisions
from app.queries.deliveries import Delivery
from app.queries.quality import Ask

_LABELS = {"accept": "Accept", "quarantine": "Quarantine"}
_MEANS = {
    "accept": "Accept lets its records into silver, as they were delivered.",
    "quarantine": "Quarantine keeps them out; what stood there before comes back.",
}


def delivery_card(delivery: Delivery, may_decide: bool, ask: Ask, as_of: int | None) -> Component:
    """The card.

    Args:
        delivery: the delivery.
        may_decide: the visitor may decide about it.
        ask: what the page shows beside it.
        as_of: the snapshot that was asked for, None for now.
    """
    back = quality_address(ask, as_of, delivery="")
    head = [html.H2(delivery.name), delivery_state(delivery.state)]
    tone = " quality-blocked" if delivery.state == "blocked" else ""
    return html.Section(
        [
            html.P(dcc.Link("← All deliveries", href=back), className="run-trail"),
            html.Div(head, className="run-title"),
            html.P(verdict(delivery), className="quality-verdict"),
            html.Dl([_fact(name, value) for name, value in _facts(delivery, as_of)]),
            *delivery_decision(delivery, may_decide),
        ],
        className=f"quality-card{tone}",
    )


def delivery_decision(delivery: Delivery, may_decide: bool) -> list[Component]:
    """What can be decided about it; for those who may not, who decides."""
    possible = decisions(delivery.state, delivery.kind)
    if not possible:
        return []
    waits = delivery.state == "blocked"
    if not may_decide:
        return [html.P("An engineer decides about it.", className="run-hint")] if waits else []
    hint = " ".join(_MEANS[name] for name in possible) + " Either can be taken back later."
    choices = {name: _LABELS[name] for name in possible}
    form = decision_form(About("delivery", delivery.delivery_id), choices, hint)
    return [form if waits else html.Details([html.Summary("Decide otherwise"), form])]


def no_delivery(name: str, back: str) -> Component:
    """There is no such delivery at this snapshot."""
    link = dcc.Link("See all deliveries", href=back)
    return html.P([f"There is no delivery {name}. ", link], className="runs-empty", role="status")


def verdict(delivery: Delivery) -> str:
    """What became of it and what that means, in a sentence or two."""
    reason = why(delivery).rstrip(".")
    told = f": {reason}." if reason else "."
    warned = found_words(0, delivery.warnings)
    return {
        "blocked": f"Blocked{told} Nothing of it is in silver, and no forecast knows of it, "
        "until somebody decides.",
        "accepted": f"Accepted{told}" + (f" There are {warned} to look at." if warned else ""),
        "withdrawn": f"Taken out of silver{told} What stood there before it is back.",
        "rejected": f"Rejected{told} Nothing of it could be used; deliver it again.",
        "duplicate": f"The same as {delivery.duplicate_of}: nothing of it was taken in again.",
        "received": "Just received; it is being looked at.",
    }.get(delivery.state, delivery.state)


def _facts(delivery: Delivery, as_of: int | None) -> list[tuple[str, str | Component]]:
    run = dcc.Link(delivery.run_id, href=run_address(delivery.run_id)) if delivery.run_id else "—"
    again = Ask(delivery=delivery.duplicate_of or "")
    counts = f"{delivery.rows:,} rows: {delivery.accepted:,} accepted, "
    counts += f"{delivery.quarantined:,} to quarantine"
    known = f"{delivery.duplicates:,} duplicates, {delivery.conflicts:,} conflicts"
    facts: list[tuple[str, str | Component]] = [
        ("Fleet", f"{delivery.fleet}, {kind_words(delivery.kind)}"),
        ("Received", exactly(delivery.received_at) or "—"),
        ("Brought", f"{counts}; {known}"),
        ("Found", found_words(delivery.errors, delivery.warnings) or "nothing"),
        (
            "Source",
            html.Code(" ".join(part for part in (delivery.source, delivery.member) if part)),
        ),
        ("Delivery", html.Code(delivery.delivery_id)),
        ("Run", run),
    ]
    if delivery.duplicate_of:
        link = dcc.Link(delivery.duplicate_of, href=quality_address(again, as_of))
        facts.append(("The same as", link))
    return facts


def _fact(name: str, value: str | Component) -> Component:
    return html.Div([html.Dt(name), html.Dd(value)])
