"""The table of deliveries with the verdict on each, and the choice of state and fleet."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import quality_address
from app.components.aria import aria
from app.components.quality_words import found_words
from app.components.run_state import delivery_state
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.components.times import minute
from app.queries.deliveries import Delivery
from app.queries.quality import DELIVERIES_SHOWN, QualityPage

STATES = ("blocked", "accepted", "rejected", "duplicate", "withdrawn", "received")
# On a narrow screen what did not happen is left out.
_NIL = "quality-nil"
_HEADS = (
    Head("State", "runs-cell-state"),
    Head("Delivery", "runs-cell-delivery"),
    Head("Fleet, kind"),
    Head("Received (UTC)"),
    Head("Rows", "runs-number"),
    Head("Accepted", "runs-number"),
    Head("Quarantined", "runs-number"),
    Head("Duplicates", "runs-number"),
    Head("Conflicts", "runs-number"),
    Head("Found", "quality-found"),
    Head("Why", "runs-cell-why quality-why"),
)


def delivery_section(page: QualityPage, as_of: int | None) -> Component:
    """Heading, choice of state, table and pager."""
    parts: list[Component] = [html.H2("Deliveries"), _states(page, as_of)]
    if page.deliveries:
        rows = [_row(each, page, as_of) for each in page.deliveries]
        parts += [sheet_table("Deliveries", _HEADS, rows), _pager(page, as_of)]
    else:
        parts.append(html.P("No delivery is in this state.", className="runs-empty"))
    return html.Section(parts, className="quality-part")


def why(delivery: Delivery) -> str:
    """Why a delivery is in its state, in words."""
    if delivery.duplicate_of:
        return f"the same as {delivery.duplicate_of}"
    return delivery.reason


def kind_words(kind: str) -> str:
    """``in service``."""
    return kind.replace("_", " ")


def _states(page: QualityPage, as_of: int | None) -> Component:
    total = sum(page.states.values())
    links = [_state(page, as_of, "", f"All {total:,}")]
    known = [state for state in STATES if page.states.get(state) or state == page.ask.state]
    for state in known:
        label = f"{state.capitalize()} {page.states.get(state, 0):,}"
        links.append(_state(page, as_of, state, label))
    return html.Nav(links, className="runs-filter", **aria(label="State of the delivery"))


def _state(page: QualityPage, as_of: int | None, state: str, label: str) -> Component:
    current = aria(current="true") if page.ask.state == state else {}
    href = quality_address(page.ask, as_of, state=state, page=page.ask.page)
    return html.Span(dcc.Link(label, href=href), **current)


def _row(delivery: Delivery, page: QualityPage, as_of: int | None) -> Component:
    href = quality_address(page.ask, as_of, delivery=delivery.delivery_id)
    odd = (delivery.quarantined, delivery.duplicates, delivery.conflicts)
    found = found_words(delivery.errors, delivery.warnings)
    cells: list[Cell] = [
        delivery_state(delivery.state),
        dcc.Link(delivery.name, href=href, title=f"{delivery.source} ({delivery.delivery_id})"),
        f"{delivery.fleet} {kind_words(delivery.kind)}",
        minute(delivery.received_at),
        f"{delivery.rows:,}",
        f"{delivery.accepted:,}",
        *(_odd(count) for count in odd),
        dcc.Link(found, href=f"{href}#anomalies") if found else html.Span("none", className=_NIL),
        why(delivery),
    ]
    return sheet_row(_HEADS, cells, f"delivery-{delivery.state}")


def _odd(count: int) -> Cell:
    return f"{count:,}" if count else html.Span("0", className=_NIL)


def _pager(page: QualityPage, as_of: int | None) -> Component:
    last = max(1, -(-page.delivered // DELIVERIES_SHOWN))
    number = min(page.ask.deliveries, last)
    kept = {"page": page.ask.page}
    links: list[Component] = []
    if number > 1:
        href = quality_address(page.ask, as_of, deliveries=number - 1, **kept)
        links.append(dcc.Link("← Newer", href=href))
    if number < last:
        href = quality_address(page.ask, as_of, deliveries=number + 1, **kept)
        links.append(dcc.Link("Older →", href=href))
    return html.Nav(links, className="runs-pager", **aria(label="Pages of deliveries"))
