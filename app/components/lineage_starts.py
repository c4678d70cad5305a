"""What stands on the lineage page before anything is asked for: where one may begin."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import lineage_address, lineage_view_address
from app.components.run_facts import utc
from app.queries.lineage import Ask, Lineage
from lakehouse.lineage.graph import Node
from lakehouse.lineage.starts import name_of
from lakehouse.lineage.told import recorded_at

_NEWEST = 8


def lineage_starts(found: Lineage, stores: Sequence[str]) -> Component:
    """The newest models, deliveries and runs, and the stores of others."""
    nodes = list(found.graph.nodes.values())
    models = [n for n in nodes if n.kind == "artifact" and n.type == "Model"]
    deliveries = [n for n in nodes if n.kind == "delivery"]
    groups = [
        _group("Models", [_link(found.ask, name_of(n), n.label, n) for n in _newest(models)]),
        _group(
            "Deliveries", [_link(found.ask, name_of(n), n.label, n) for n in _newest(deliveries)]
        ),
        _group("Runs", _runs(found)),
        _group("Stores of others", [_store(found.ask, name) for name in stores]),
    ]
    shown = [group for group in groups if group is not None]
    empty = html.P(
        "Nothing was recorded yet. Once a delivery was taken in, everything that was made of it "
        "can be followed from here, back and forth.",
        className="runs-empty",
    )
    return html.Div(shown or [empty], className="lin-starts")


def _newest(nodes: list[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: node.created, reverse=True)[:_NEWEST]


def _runs(found: Lineage) -> list[Component]:
    return [_link(found.ask, f"run:{run}", run) for run in found.store.runs[::-1][:_NEWEST]]


def _link(ask: Ask, name: str, label: str, node: Node | None = None) -> Component:
    time = recorded_at(node) if node else None
    when = [html.Span(utc(time)[:16], className="run-hint")] if time else []
    return html.Li([dcc.Link(label, href=lineage_address(name, ask.as_of)), *when])


def _store(ask: Ask, name: str) -> Component:
    whole = Ask(store=name, as_of=ask.as_of)
    return html.Li(dcc.Link(name, href=lineage_view_address(whole.to())))


def _group(name: str, links: list[Component]) -> Component | None:
    if not links:
        return None
    return html.Section([html.H2(name), html.Ul(links)], className="sheet lin-start")
