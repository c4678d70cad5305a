"""What the read API reads: catalogue, rows, history and diff of tables, each at a fixed version."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from hashlib import sha256
from math import isfinite, isnan
from typing import Any

import polars as pl

from app.queries.read_answers import (
    Catalogue,
    Cell,
    Change,
    ColumnEntry,
    Diff,
    History,
    Page,
    Row,
    TableEntry,
    VersionEntry,
)
from app.queries.retention import pinned_versions
from app.services import Services
from lakehouse.commits import BrokenLogError
from lakehouse.contract import Column, Table
from lakehouse.diffs import ChangedRow, table_diff
from lakehouse.diffs.reading import reading
from lakehouse.export import (
    GoneError,
    NotThereError,
    Selection,
    SelectionError,
    engine_of,
    origin,
    page,
    resolved,
)
from lakehouse.history import VersionFacts, table_history
from lakehouse.snapshots import Pinned
from lakehouse.tables import TABLES

MOST_ENGINES = 1_000
MOST_DIFF_BYTES = 256 * 2**20
_CURSOR = re.compile(r"([0-9]{1,15})\.([0-9]{1,15})\.([0-9a-f]{12})")
_TYPES: Mapping[pl.DataType, str] = {
    pl.Int64(): "int64",
    pl.Float64(): "float64",
    pl.Float32(): "float32",
    pl.String(): "string",
    pl.Boolean(): "boolean",
}


class UnavailableError(RuntimeError):
    """A store that is needed does not answer just now."""


@dataclass(frozen=True)
class Ask:
    """Which rows of which version somebody asks for, in their words.

    Attributes:
        table: `<layer>/<table>`.
        version: the version; None: that of ``as_of``.
        as_of: the snapshot whose version it is; None: the newest.
        columns: which columns; empty: all.
        engine: `[FLEET/]ENGINE`; empty: every row.
        cursor: where the page before ended; empty: from the first row on.
    """

    table: str
    version: int | None = None
    as_of: int | None = None
    columns: tuple[str, ...] = ()
    engine: str = ""
    cursor: str = ""


def catalogue(services: Services, as_of: int | None) -> Catalogue:
    """Every table with its columns and its version at a snapshot, the newest by default.

    Raises:
        NotThereError: there is no such snapshot.
    """
    pinned = _pinned(services, as_of)
    tables = [_entry(pinned, table, as_of is None) for table in TABLES.values()]
    return Catalogue(pinned.snapshot.seq, tables)


def selection(services: Services, ask: Ask) -> Selection:
    """The selection that somebody asks for, its version said.

    Without a version it is that of the newest snapshot, as on the pages; where that does not name
    the table, as with the book-keeping tables, its newest.

    Raises:
        NotThereError: there is no such table, version or snapshot.
        SelectionError: version and snapshot do not go together, or the engine is no name.
    """
    if ask.table not in TABLES:
        raise NotThereError(f"there is no table {ask.table!r}; GET /api/v1/tables lists them")
    fleet, engine = engine_of(ask.engine)
    what = Selection(ask.table, ask.version, ask.columns, fleet, engine)
    if ask.version is None:
        what = replace(what, version=_pinned_version(services, ask.table, ask.as_of))
    elif ask.as_of is not None:
        raise SelectionError("give version or as_of, not both")
    return resolved(services.lake, what)


def rows(services: Services, ask: Ask, limit: int) -> Page:
    """A page of rows and where the next one begins.

    A page after the first is of the same version, whatever was committed meanwhile.

    Raises:
        NotThereError: there is no such table, version or snapshot.
        GoneError: the version can no longer be read.
        DamagedError: a data file cannot be read.
        SelectionError: a column, the engine or the cursor is none.
    """
    first = 0
    if ask.cursor:
        first, version = _position(ask)
        if ask.version not in (None, version):
            raise SelectionError(f"the cursor is one of version {version}")
        ask = replace(ask, version=version, as_of=None)
    what = selection(services, ask)
    found = page(services.lake, what, first, limit + 1)
    told = found.head(limit)
    return Page(
        table=ask.table,
        version=what.version or 0,
        content_sha256=origin(services.lake, what).get("content_sha256"),
        schema=[_known(TABLES[ask.table], *column) for column in told.schema.items()],
        rows=_rows(told),
        next=_cursor(ask, what, first + limit) if found.height > limit else None,
    )


def history(services: Services, name: str, until: int | None, limit: int) -> History:
    """Versions of a table up to ``until`` (default: all), newest first.

    Raises:
        NotThereError: there is no such table.
        GoneError: the log has a hole.
        UnavailableError: which models need which version is not known just now.
    """
    resolved(services.lake, Selection(name))
    pins, problem = pinned_versions(services, name)
    if problem:
        # What is not known must not read as unpinned.
        raise UnavailableError(f"{problem} Ask again")
    try:
        facts = table_history(services.lake, name, until, pins, services.settings.maintain.days)
    except BrokenLogError as error:
        raise GoneError(f"the history of {name} is broken: {error}") from error
    told = [_version(one) for one in facts[:limit]]
    return History(name, told, facts[limit].version if len(facts) > limit else None)


def diff(services: Services, name: str, before: int, after: int, limit: int) -> Diff:
    """What changed between two versions, with at most ``limit`` rows of each kind.

    Raises:
        NotThereError: there is no such table or version.
        GoneError: what differs can no longer be read.
        DamagedError: a data file cannot be read.
        DiffError: a column has a type that cannot be compared.
        LargeDiffError: too much differs.
    """
    for version in (before, after):
        resolved(services.lake, Selection(name, version))
    with reading(name, before, after):
        told = table_diff(services.lake, name, before, after, MOST_DIFF_BYTES)
        return Diff(
            table=name,
            before=before,
            after=after,
            versions=[fact.version for fact in told.commits],
            schema=told.schema,
            rows_added=told.rows_added,
            rows_removed=told.rows_removed,
            rows_changed=told.rows_changed,
            engines_touched=len(told.engines),
            engines=["/".join(engine) for engine in told.engines[:MOST_ENGINES]],
            added=_rows(told.added(limit)),
            removed=_rows(told.removed(limit)),
            changed=[_change(row) for row in told.changed_rows(limit)],
            shifts=told.shifts(),
        )


def _pinned(services: Services, as_of: int | None) -> Pinned:
    try:
        return services.pinned(as_of)
    except LookupError:
        raise NotThereError(f"there is no snapshot {as_of}") from None


def _pinned_version(services: Services, name: str, as_of: int | None) -> int | None:
    version = _pinned(services, as_of).version(name)
    if version is None and as_of is not None:
        if not TABLES[name].is_data:
            raise SelectionError(f"{name} is in no snapshot: name a version instead of as_of")
        raise NotThereError(f"{name} did not exist yet at snapshot {as_of}")
    return version


def _entry(pinned: Pinned, table: Table, now: bool) -> TableEntry:
    layer, _, name = table.name.partition("/")
    newest = pinned.lake.version(table.name)
    version = pinned.version(table.name)
    return TableEntry(
        name=table.name,
        layer=layer,
        table=name,
        description=table.description,
        key=table.key,
        columns=[_column(column) for column in table.columns],
        open=table.open,
        version=newest if version is None and (now or not table.is_data) else version,
        newest=newest,
    )


def _column(column: Column) -> ColumnEntry:
    return ColumnEntry(column.name, column.type, column.unit, column.description)


def _known(table: Table, name: str, kind: pl.DataType) -> ColumnEntry:
    told = next((column for column in table.columns if column.name == name), None)
    # A version may be older than the contract: its rows are of the type that they have.
    type_ = _TYPES.get(kind, "timestamp" if kind == pl.Datetime else str(kind).lower())
    if told is None:
        return ColumnEntry(name, type_, "", "")
    return ColumnEntry(name, type_, told.unit, told.description)


def _cursor(ask: Ask, what: Selection, first: int) -> str:
    return f"{what.version}.{first}.{_mark(ask)}"


def _position(ask: Ask) -> tuple[int, int]:
    """First row of a page and the version that its cursor holds."""
    form = _CURSOR.fullmatch(ask.cursor)
    if form is None or form[3] != _mark(ask):
        raise SelectionError("the cursor is none of this table, columns and engine: begin anew")
    return int(form[2]), int(form[1])


def _mark(ask: Ask) -> str:
    """Tells what a cursor is for, so that it cannot go on in other rows."""
    told = "\0".join((ask.table, ask.engine, *ask.columns))
    return sha256(told.encode()).hexdigest()[:12]


def _rows(frame: pl.DataFrame) -> list[Row]:
    return [_row(row) for row in frame.iter_rows(named=True)]


def _row(row: Mapping[str, Any]) -> Row:
    return {name: _cell(value) for name, value in row.items()}


def _cell(value: Any) -> Cell:
    """A value as JSON can hold it; the words for numbers that are none are those of protobuf."""
    if isinstance(value, float) and not isfinite(value):
        return "NaN" if isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _change(row: ChangedRow) -> Change:
    pairs = {name: (_cell(old), _cell(new)) for name, (old, new) in row.values.items()}
    return Change(_row(row.key), pairs)


def _version(facts: VersionFacts) -> VersionEntry:
    names = [field.name for field in fields(VersionEntry)]
    return VersionEntry(**{name: getattr(facts, name) for name in names})
