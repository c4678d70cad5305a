"""The operations of the read API; the routes and their OpenAPI document are made of this list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response

from app.api.v1.exporting import HEADERS, MEDIA, Slots, export
from app.api.v1.parameters import (
    CatalogueQuery,
    DiffQuery,
    ExportQuery,
    HistoryQuery,
    Query,
    RowsQuery,
)
from app.queries import read_api
from app.queries.read_answers import Catalogue, Diff, History, Page
from app.services import Services

View = Callable[["Context", str, Any], Any]


@dataclass(frozen=True)
class Context:
    """What every operation may use."""

    services: Services
    slots: Slots


@dataclass(frozen=True)
class Operation:
    """One thing to ask for.

    Attributes:
        name: of the route, and its ``operationId``.
        path: as Flask writes it.
        summary: what it answers, in a line.
        query: its parameters.
        view: context, table (empty where the path names none) and query in, answer out.
        answer: type of what it answers as JSON; None where that is a file.
        problems: statuses that it may have beside those that every operation may.
        files: media types of the file that it answers.
        headers: further headers of its answer, with their meaning.
    """

    name: str
    path: str
    summary: str
    query: type[Query]
    view: View
    answer: Any
    problems: Sequence[int] = ()
    files: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def _catalogue(context: Context, _table: str, query: CatalogueQuery) -> Catalogue:
    return read_api.catalogue(context.services, query.as_of)


def _rows(context: Context, table: str, query: RowsQuery) -> Page:
    return read_api.rows(context.services, query.ask(table), query.limit)


def _history(context: Context, table: str, query: HistoryQuery) -> History:
    return read_api.history(context.services, table, query.cursor, query.limit)


def _diff(context: Context, table: str, query: DiffQuery) -> Diff:
    release = context.slots.take()
    try:
        return read_api.diff(context.services, table, query.before, query.after, query.rows)
    finally:
        release()


def _export(context: Context, table: str, query: ExportQuery) -> Response:
    return export(context.services, context.slots, query.ask(table), query.format)


_TABLE = "/api/v1/tables/<layer>/<table>"
TABLE_OPERATIONS = (
    Operation(
        name="list_tables",
        path="/api/v1/tables",
        summary="Every table with its columns, their units and meaning, and its version",
        query=CatalogueQuery,
        view=_catalogue,
        answer=Catalogue,
        problems=(404,),
    ),
    Operation(
        name="read_rows",
        path=_TABLE,
        summary="Rows of a table at a version, in pages",
        query=RowsQuery,
        view=_rows,
        answer=Page,
        problems=(404, 410, 500),
    ),
    Operation(
        name="read_history",
        path=f"{_TABLE}/history",
        summary="The versions of a table, the newest first",
        query=HistoryQuery,
        view=_history,
        answer=History,
        problems=(404, 410),
    ),
    Operation(
        name="read_diff",
        path=f"{_TABLE}/diff",
        summary="What changed between two versions of a table",
        query=DiffQuery,
        view=_diff,
        answer=Diff,
        problems=(404, 410, 422, 500),
    ),
    Operation(
        name="export_table",
        path=f"{_TABLE}/export",
        summary="Rows of a table at a version as a file",
        query=ExportQuery,
        view=_export,
        answer=None,
        problems=(404, 410, 500),
        files=tuple(media.partition(";")[0] for media in MEDIA.values()),
        headers=HEADERS,
    ),
)
