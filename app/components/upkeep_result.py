"""What an upkeep of the tables did: what went, what was kept and for whom, what can be proven."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.components.run_facts import size
from app.components.sheet_table import Head, sheet_row, sheet_table

_HEADS = (
    Head("Table", "runs-cell-delivery"),
    Head("Files deleted", "runs-number"),
    Head("Size", "runs-number"),
    Head("Log entries deleted", "runs-number"),
)
Rows = Sequence[Mapping[str, Any]]


def upkeep_result(result: Mapping[str, Any]) -> list[Component]:
    """The sections of a finished upkeep."""
    refused = [f"features of {name}: it was refused" for name in result.get("dropped") or ()]
    return [
        html.H2("Let go"),
        *_tables(result.get("tables") or ()),
        *_list("Dropped", refused),
        *_list("Kept, because published models learned from it", _kept(result.get("kept") or ())),
        *_list("Models that can no longer be proven", _lost(result.get("lost") or ())),
    ]


def _tables(tables: Rows) -> list[Component]:
    if not tables:
        return [html.P("Nothing was old enough to go.", className="run-hint")]
    rows = [
        sheet_row(
            _HEADS,
            [
                table["table"],
                f"{table['files_deleted']:,}",
                size(table["bytes_deleted"]),
                f"{table['log_entries_deleted']:,}",
            ],
        )
        for table in tables
    ]
    return [sheet_table("Let go", _HEADS, rows)]


def _kept(kept: Rows) -> list[str]:
    return [f"{k['table']} v{k['version']}: {', '.join(k['models'])}" for k in kept]


def _lost(lost: Rows) -> list[str]:
    return [f"{e['model_id']}: {e['table']} v{e['version']}, {e['detail']}" for e in lost]


def _list(head: str, lines: list[str]) -> list[Component]:
    if not lines:
        return []
    return [html.H2(head), html.Ul([html.Li(line) for line in lines], className="run-list")]
