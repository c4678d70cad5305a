"""What changed between two versions of a table: facts, schema, engines, rows, columns."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any

import narwhals as nw
import polars as pl
from cachetools import LRUCache, cached

from app.queries.table_history import number
from app.queries.tables import shown_version
from lakehouse.commits import BrokenLogError
from lakehouse.diffs import DiffError, TableDiff, table_diff
from lakehouse.history import VersionFacts, table_history
from lakehouse.lake import Lake
from lakehouse.row_diff import UNREADABLE
from lakehouse.snapshots import Pinned
from lakehouse.validation.comparison import Compared, compare
from lakehouse.validation.statistics import statistics

ROWS = 50
COLUMNS = 32
LOOKED_AT = 20_000
SAMPLE = 10_000
ORIGINS = ("delivery_id", "run_id")
"""Columns that say where a row came from rather than what was measured."""


@dataclass(frozen=True)
class DiffAsk:
    """What the URL asks of a diff.

    Attributes:
        table: the table.
        before: the version that it starts from, None for the one before the other.
        after: the version that it leads to, None for the newest or the snapshot's.
        fleet: fleet of the engine that is looked at, empty for all.
        engine: only rows of that engine, empty for all.
        column: of the changed rows only those that changed in that column, empty for all.
        as_of: the snapshot, None for now.
    """

    table: str
    before: int | None = None
    after: int | None = None
    fleet: str = ""
    engine: str = ""
    column: str = ""
    as_of: int | None = None

    @classmethod
    def of(cls, table: str, query: Mapping[str, str], as_of: int | None) -> "DiffAsk":
        """What a query says; what makes no sense is as if it were not there."""
        fleet, _, engine = query.get("engine", "").partition("/")
        mine = (fleet, engine) if fleet and engine else ("", "")
        ends = number(query.get("from")), number(query.get("to"))
        return cls(table, *ends, *mine, query.get("column", ""), as_of)


@dataclass(frozen=True)
class Ends:
    """The two versions and those around them.

    Attributes:
        facts: the versions of the table, newest first.
        before: facts of the first of the two, None where there is no such version.
        after: facts of the second.
        asked: the two numbers.
        problem: why the log cannot be read, empty when it can.
    """

    facts: tuple[VersionFacts, ...] = ()
    before: VersionFacts | None = None
    after: VersionFacts | None = None
    asked: tuple[int, int] = (0, 0)
    problem: str = ""


@dataclass(frozen=True)
class Changed:
    """A row of which values changed: its key, and column to (old, new), only where they differ."""

    key: tuple[Any, ...]
    values: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Sheet:
    """Rows that came or went.

    Attributes:
        total: how many there are.
        columns: at most :data:`COLUMNS` of them.
        rows: at most :data:`ROWS`.
        more_columns: how many columns are not shown.
    """

    total: int = 0
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    more_columns: int = 0


@dataclass(frozen=True)
class DiffView:
    """A diff, cut to what is shown.

    Attributes:
        diff: counts, commits, schema and engines in full.
        added: rows that came.
        removed: rows that went.
        changed: at most :data:`ROWS` rows that changed, in the column that was asked for.
        changed_total: how many rows changed in that column, of those that were looked at.
        by_column: column to how many of the rows that were looked at changed in it, most first.
        looked_at: how many of the changed rows those counts are over, at most
            :data:`LOOKED_AT`.
    """

    diff: TableDiff
    added: Sheet
    removed: Sheet
    changed: tuple[Changed, ...]
    changed_total: int
    by_column: Mapping[str, int]
    looked_at: int


def ends(pinned: Pinned, ask: DiffAsk) -> Ends:
    """The two versions as the URL names them: by default the newest and the one before."""
    try:
        shown = shown_version(pinned, ask.table, ask.as_of)
        facts = () if shown is None else table_history(pinned.lake, ask.table, until=shown)
    except BrokenLogError as error:
        return Ends(problem=str(error))
    after = (shown or 0) if ask.after is None else ask.after
    before = max(after - 1, 0) if ask.before is None else ask.before
    found = {each.version: each for each in facts if each.version in (before, after)}
    return Ends(facts, found.get(before), found.get(after), (before, after))


def diff_view(lake: Lake, ask: DiffAsk, versions: tuple[int, int]) -> DiffView:
    """The diff of two versions.

    Raises:
        DiffError: a version can no longer be read, the two cannot be compared, or the table tells
            of no engines; the message says which.
    """
    with _in_words():
        return _view(lake, ask.table, versions, (ask.fleet, ask.engine), ask.column)


def shifted(lake: Lake, ask: DiffAsk, versions: tuple[int, int]) -> tuple[Compared, ...]:
    """How the distribution of each column moved, the furthest first; raises as the diff does."""
    with _in_words():
        return _shifted(lake, ask.table, versions, (ask.fleet, ask.engine))


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except BrokenLogError as error:
        raise DiffError(f"the log is broken at {error}") from error
    except UNREADABLE as error:
        # The message names paths of the machine, which is nobody's business on a page.
        raise DiffError("a data file that holds what differs is gone") from error


# Both versions are fixed, so a diff never ages; it holds the places of the rows, not the rows.
@cached(LRUCache(4), lock=RLock())
def _diff(lake: Lake, name: str, versions: tuple[int, int]) -> TableDiff:
    return table_diff(lake, name, *versions)


def _of(lake: Lake, name: str, versions: tuple[int, int], engine: tuple[str, str]) -> TableDiff:
    diff = _diff(lake, name, versions)
    return diff.of_engine(*engine) if all(engine) else diff


# Of a long table the places alone are megabytes.
@cached(LRUCache(8), lock=RLock())
def _view(
    lake: Lake, name: str, versions: tuple[int, int], engine: tuple[str, str], column: str
) -> DiffView:
    diff = _of(lake, name, versions, engine)
    old, new = diff.changed(LOOKED_AT)
    differs = _differing(old, new, diff.key)
    counts = {name: int(differs[name].sum()) for name in differs.columns}
    by_column = dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
    wanted = (
        differs[column] if column in differs.columns else pl.repeat(True, old.height, eager=True)
    )
    return DiffView(
        diff=diff,
        added=_sheet(diff.added(ROWS), diff.rows_added),
        removed=_sheet(diff.removed(ROWS), diff.rows_removed),
        changed=_changed(diff.key, old.filter(wanted).head(ROWS), new.filter(wanted).head(ROWS)),
        changed_total=int(wanted.sum()) if column in differs.columns else diff.rows_changed,
        by_column={name: count for name, count in by_column.items() if count},
        looked_at=old.height,
    )


@cached(LRUCache(16), lock=RLock())
def _shifted(
    lake: Lake, name: str, versions: tuple[int, int], engine: tuple[str, str]
) -> tuple[Compared, ...]:
    diff = _of(lake, name, versions, engine)
    old, new = diff.samples(SAMPLE)
    names = [
        column
        for column, kind in new.schema.items()
        if column not in (*diff.key, *ORIGINS) and (kind.is_numeric() or kind == pl.String)
    ]
    if old.is_empty() or new.is_empty() or not names:
        return ()
    sides = (statistics(nw.from_native(rows.select(names).lazy())) for rows in (old, new))
    found = compare(*sides)
    return tuple(sorted(found, key=lambda each: (each.distance is None, -(each.distance or 0.0))))


def _differing(old: pl.DataFrame, new: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Column to whether it differs, row by row, told apart as the diff does."""
    columns = [name for name in new.columns if name not in key]
    before, after = (rows.select(_bits(rows, name) for name in columns) for rows in (old, new))
    return pl.DataFrame({name: before[name].ne_missing(after[name]) for name in columns})


def _bits(rows: pl.DataFrame, name: str) -> pl.Expr:
    """A column of floats as its bits: -0.0 is not 0.0, every NaN is the same."""
    cell, kind = pl.col(name), rows.schema[name]
    if not kind.is_float():
        return cell
    words = pl.UInt64 if kind == pl.Float64 else pl.UInt32
    return cell.fill_nan(float("nan")).reinterpret(dtype=words)


def _changed(key: tuple[str, ...], old: pl.DataFrame, new: pl.DataFrame) -> tuple[Changed, ...]:
    differs = _differing(old, new, key)
    names = [name for name in key if name in new.columns]
    rows = zip(
        old.iter_rows(named=True),
        new.iter_rows(named=True),
        differs.iter_rows(named=True),
        strict=True,
    )
    return tuple(
        Changed(
            tuple(after[name] for name in names),
            {name: (before[name], after[name]) for name, other in flags.items() if other},
        )
        for before, after, flags in rows
    )


def _sheet(rows: pl.DataFrame, total: int) -> Sheet:
    columns = tuple(rows.columns[:COLUMNS])
    shown = tuple(rows.select(columns).iter_rows())
    return Sheet(total, columns, shown, rows.width - len(columns))
