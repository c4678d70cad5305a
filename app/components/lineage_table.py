"""The lineage as a table: the same content as the graph, sortable and readable without it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import lineage_view_address
from app.components.lineage_graph import node_address
from app.components.rendered import rendered
from app.components.run_facts import seconds, utc
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.figures.lineage import words
from app.queries.lineage import Ask, Lineage
from lakehouse.lineage.graph import Graph, Node
from lakehouse.lineage.told import recorded_at, row_count, took

Key = Callable[[Node], Any]
_KINDS = {"execution": "step", "delivery": "delivered file"}


@dataclass(frozen=True)
class _Column:
    name: str
    sort: str
    key: Key
    kind: str = ""


_COLUMNS = (
    _Column("Name", "name", lambda node: node.label, "runs-cell-run"),
    _Column("What", "kind", lambda node: (node.kind, node.type)),
    _Column("State", "state", lambda node: node.state, "runs-cell-state"),
    _Column("Run", "run", lambda node: node.run),
    _Column("Recorded (UTC)", "time", lambda node: node.created),
    _Column("Took", "seconds", lambda node: took(node) or 0.0, "runs-number"),
    _Column("Rows", "rows", lambda node: row_count(node) or 0, "runs-number"),
)


def lineage_table(found: Lineage) -> Component:
    """One row for each node that the graph shows."""
    column = next(c for c in _COLUMNS if c.sort == found.ask.sort.removeprefix("-"))
    down = found.ask.sort.startswith("-")
    nodes = sorted(found.part.nodes.values(), key=lambda n: (column.key(n), n.key), reverse=down)
    heads = [*(_head(found.ask, each) for each in _COLUMNS), Head("From"), Head("To")]
    near = Graph.of(found.part.nodes, found.part.edges)
    rows = [_row(found, heads, node, near) for node in nodes]
    # Two thousand components, which Dash would walk once more.
    return html.Div(rendered(sheet_table("Lineage", heads, rows)), className="lin-table")


def _head(ask: Ask, column: _Column) -> Head:
    chosen, down = ask.sort.removeprefix("-") == column.sort, ask.sort.startswith("-")
    order = ("descending" if down else "ascending") if chosen else "none"
    sort = f"-{column.sort}" if chosen and not down else column.sort
    return Head(column.name, column.kind, lineage_view_address(ask.to(sort=sort)), order)


def _row(found: Lineage, heads: list[Head], node: Node, near: Graph) -> Component:
    time, count, long = recorded_at(node), row_count(node), took(node)
    cells: tuple[Cell, ...] = (
        dcc.Link(node.label, href=node_address(found, node)),
        _KINDS.get(node.kind) or words(node),
        _state(node),
        html.Span(node.run, title=node.run, className="runs-clip") if node.run else None,
        html.Span(utc(time)[:16], title=utc(time)) if time else None,
        None if long is None else seconds(long),
        None if count is None else f"{count:,}",
        _ends([near.nodes[edge.source].label for edge in near.into(node.key)]),
        _ends([near.nodes[edge.target].label for edge in near.out_of(node.key)]),
    )
    return sheet_row(heads, cells, "lin-chosen" if node.key in found.part.starts else "")


def _state(node: Node) -> str:
    word = node.state.lower().replace("_", " ")
    return f"▲ {word}" if node.state in ("FAILED", "CANCELED") else word


def _ends(names: list[str]) -> Component | None:
    """What leads here or on from here; all of it on hovering."""
    if not names:
        return None
    text = ", ".join(names[:2]) + (f" +{len(names) - 2}" if len(names) > 2 else "")
    return html.Span(text, title=", ".join(names), className="runs-clip")
