"""A table on a sheet; on a narrow screen its rows are cards that name their values."""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component

from app.components.aria import aria, data

Cell = str | Component | list[Component | str] | None


@dataclass(frozen=True)
class Head:
    """One column.

    Attributes:
        name: what stands over it.
        kind: how its cells look (``runs-number`` and the like).
        href: where a click on the name leads: the same rows in the order of this column.
        order: ascending or descending, of the column that they are ordered by.
    """

    name: str
    kind: str = ""
    href: str = ""
    order: str = ""


def sheet_table(label: str, heads: Sequence[Head], rows: Sequence[Component]) -> Component:
    """Rows of :func:`sheet_row` under their heads."""
    head = html.Tr([_head(each) for each in heads])
    table = html.Table([html.Thead(head), html.Tbody(list(rows))], className="runs-table")
    return html.Div(table, className="runs-sheet", tabIndex=0, role="region", **aria(label=label))


def sheet_row(heads: Sequence[Head], cells: Sequence[Cell], kind: str = "") -> Component:
    """One row; empty cells are left out on a narrow screen."""
    return html.Tr(
        [
            html.Td(cell, className=head.kind, **data(head=head.name))
            for head, cell in zip(heads, cells, strict=True)
        ],
        className=kind,
    )


def _head(head: Head) -> Component:
    order = aria(sort=head.order) if head.order else {}
    name = dcc.Link(head.name, href=head.href) if head.href else head.name
    return html.Th(name, scope="col", className=head.kind, **order)
