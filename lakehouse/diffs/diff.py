"""The diff of two versions of a table: small facts at once, rows when somebody looks at them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.commits import DataFile, DeltaLog, Fields
from lakehouse.diffs.files import FileDiff, file_diff
from lakehouse.diffs.shifts import SAMPLE_ROWS, Shift, shifts
from lakehouse.history import SchemaChange, VersionFacts, schema_changes, table_history
from lakehouse.lake import Lake
from lakehouse.row_diff import DiffError, LargeDiffError, Side, compare, scan_files, subtract
from lakehouse.tables import FILES, TABLES

DISPLAY_ROWS = 500
SAMPLE_FILES = 8
_ENGINE = ("fleet", "engine")


@dataclass(frozen=True)
class ChangedRow:
    """A row that is in both versions with other values.

    Attributes:
        key: key column to value.
        values: column to its old and its new value, only where they differ.
    """

    key: Mapping[str, Any]
    values: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class TableDiff:
    """What leads from one version of a table to another, earlier or later one.

    A row that went is told apart from one that changed by its key: where exactly one row of a key
    went and one came, the row has changed.

    Attributes:
        table: its name.
        before: the version that it starts from.
        after: the version that it leads to.
        commits: what each commit between them did, newest first, whatever the direction.
        schema: columns that came, went or have another type.
        key: columns that tell rows apart.
        rows_added: rows whose key came, or that stand beside others of their key.
        rows_removed: rows whose key went.
        rows_changed: rows of which only values changed.
        engines: the engines that any of them belongs to, as (fleet, engine); empty in a table
            without engines.
        files_read: data files that had to be read.
        files_shared: data files that both versions have, which were not.
        bytes_read: size of the files that were read.
        fields: column to Delta type of the rows below: those of ``after``, then those that went.
    """

    table: str
    before: int
    after: int
    commits: tuple[VersionFacts, ...]
    schema: tuple[SchemaChange, ...]
    key: tuple[str, ...]
    rows_added: int
    rows_removed: int
    rows_changed: int
    engines: tuple[tuple[str, str], ...]
    files_read: int
    files_shared: int
    bytes_read: int
    fields: Fields
    _old: Side
    _new: Side
    _rest: pl.LazyFrame

    @property
    def is_empty(self) -> bool:
        """Whether both versions hold the same rows."""
        return not (self.rows_added or self.rows_removed or self.rows_changed)

    def added(self, limit: int | None = DISPLAY_ROWS) -> pl.DataFrame:
        """Rows that came, at most ``limit`` of them (None: all)."""
        return self._new.alone(limit)

    def removed(self, limit: int | None = DISPLAY_ROWS) -> pl.DataFrame:
        """Rows that went, at most ``limit`` of them (None: all)."""
        return self._old.alone(limit)

    def changed(self, limit: int | None = DISPLAY_ROWS) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows that changed, as they were and as they are, in the same order."""
        return self._old.paired(limit), self._new.paired(limit)

    def changed_rows(self, limit: int = DISPLAY_ROWS) -> tuple[ChangedRow, ...]:
        """Rows that changed with the columns in which they did, at most ``limit`` of them."""
        old, new = self.changed(limit)
        return tuple(
            _changed_row(self.key, one, other)
            for one, other in zip(old.iter_rows(named=True), new.iter_rows(named=True), strict=True)
        )

    def shifts(self, rows: int = SAMPLE_ROWS) -> tuple[Shift, ...]:
        """How the distribution of each column moved, the furthest first.

        What went is compared with what came; where nothing went, what came is compared with the
        rows of a few files that were there. At most ``rows`` rows of each are looked at, evenly
        spread.
        """
        return shifts(*self.samples(rows), leave_out=self.key)

    def samples(self, rows: int = SAMPLE_ROWS) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows that :meth:`shifts` compares: before and after."""
        old, new = self._old.sample(rows), self._new.sample(rows)
        if old.is_empty() and not new.is_empty():
            old = _spread(self._rest, rows)
        elif new.is_empty() and not old.is_empty():
            new = _spread(self._rest, rows)
        return old, new

    def of_engine(self, fleet: str, engine: str) -> "TableDiff":
        """What concerns one engine: a changed row that belongs to it before or after.

        Raises:
            DiffError: the table tells of no engines.
        """
        if not set(_ENGINE) <= self.fields.keys():
            raise DiffError(f"{self.table} tells of no engines")
        mine = {"fleet": fleet, "engine": engine}
        (went, was), (came, now) = self._old.alike(mine), self._new.alike(mine)
        old = Side(self._old.rows, self._old.at.filter(went), self._old.changed.filter(was | now))
        new = Side(self._new.rows, self._new.at.filter(came), self._new.changed.filter(was | now))
        touched = bool(len(old.at) or len(new.at) or len(new.changed))
        return replace(
            self,
            rows_added=len(new.at),
            rows_removed=len(old.at),
            rows_changed=len(new.changed),
            engines=((fleet, engine),) if touched else (),
            _old=old,
            _new=new,
        )


def table_diff(
    lake: Lake, name: str, before: int, after: int, most_bytes: int | None = None
) -> TableDiff:
    """What leads from version ``before`` of a table to version ``after``, in either direction.

    Reads only files that differ in content between the two; what a compaction moved cancels out.

    Args:
        lake: holds the table.
        name: the table.
        before: the version to start from.
        after: the version to arrive at.
        most_bytes: refuse to read more than this; None: read whatever it takes.

    Raises:
        BrokenLogError: the log does not reach one of the versions.
        DiffError: a column has a type that Stillwater does not write.
        LargeDiffError: more than ``most_bytes`` would have to be read.
        FileNotFoundError: a file that holds a difference is no longer there.
    """
    table, log = TABLES[name], DeltaLog(lake.path(name))
    states = log.at(before), log.at(after)
    old, new = states[0].fields, states[1].fields
    fields = {**new, **{column: kind for column, kind in old.items() if column not in new}}
    files = FileDiff((), (), len(states[1].files))
    if not _same_content(log, before, after):
        files = file_diff(log, before, after, _hashes(lake, name))
    if most_bytes is not None and files.bytes > most_bytes:
        raise LargeDiffError(
            f"{files.bytes:,} bytes differ between versions {before} and {after} of {name}; "
            f"at most {most_bytes:,} are compared here"
        )
    gone, came = (scan_files(log.path, some, fields) for some in (files.gone, files.came))
    mine, theirs = compare(gone, came, table.key)
    first, last = sorted((before, after))
    return TableDiff(
        table=name,
        before=before,
        after=after,
        commits=tuple(f for f in table_history(lake, name, last) if f.version > first),
        schema=schema_changes(old, new),
        key=table.key,
        rows_added=len(theirs.at),
        rows_removed=len(mine.at),
        rows_changed=len(mine.changed),
        engines=_engines(mine, theirs, fields),
        files_read=len(files.gone) + len(files.came),
        files_shared=files.shared,
        bytes_read=files.bytes,
        fields=fields,
        _old=mine,
        _new=theirs,
        _rest=scan_files(log.path, _some(_there(log, states[0].files.values())), fields),
    )


def _there(log: DeltaLog, files: Iterable[DataFile]) -> list[DataFile]:
    """Those that maintenance has not let go: what is the same on both sides need not be read."""
    return [file for file in files if (log.path / file.file).is_file()]


def apply(diff: TableDiff, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of version ``after`` from those of version ``before``, in no particular order."""
    missing = [name for name in diff.fields if name not in rows.columns]
    old, new = diff.changed(None)
    schema = old.schema
    whole = rows.with_columns(pl.lit(None, schema[n]).alias(n) for n in missing)
    left = subtract(whole.select(list(schema)), pl.concat([diff.removed(None), old]))
    dropped = {change.column for change in diff.schema if change.after is None}
    return pl.concat([left, diff.added(None), new]).drop(dropped)


def _same_content(log: DeltaLog, before: int, after: int) -> bool:
    """Whether both commits noted the very same content, so that no file need be opened."""

    def noted(version: int) -> tuple[Any, Any] | None:
        commits = log.commits(version - 1, version)
        metadata = commits[0].entry.metadata if commits else {}
        digest = metadata.get("content_sha256")
        return None if digest is None else (metadata.get("row_count"), digest)

    return noted(before) is not None and noted(before) == noted(after)


def _hashes(lake: Lake, name: str) -> Mapping[str, str]:
    """What ops/files knows of a table's files."""
    known = lake.look_up(FILES.name, lake.version(FILES.name)).filter(nw.col("table") == name)
    rows: pl.DataFrame = known.select("path", "sha256").collect("polars").to_native()
    return dict(rows.iter_rows())


def _engines(old: Side, new: Side, fields: Fields) -> tuple[tuple[str, str], ...]:
    if not set(_ENGINE) <= fields.keys():
        return ()
    both = pl.concat([old.touched(_ENGINE), new.touched(_ENGINE)]).unique().drop_nulls()
    return tuple(both.sort(_ENGINE).rows())


def _changed_row(key: Sequence[str], old: Mapping[str, Any], new: Mapping[str, Any]) -> ChangedRow:
    values = {
        name: (old[name], new[name])
        for name in new
        if name not in key and not _equal(old[name], new[name])
    }
    return ChangedRow({name: new[name] for name in key if name in new}, values)


def _equal(one: Any, other: Any) -> bool:
    # Told apart as the hashes do: -0.0 is not 0.0, NaN is NaN.
    return repr(one) == repr(other)


def _some(files: Collection[DataFile]) -> list[DataFile]:
    """A few files, evenly spread over all by their rows, to look at a table by."""
    found, at, step = [], 0, 0
    whole = sum(file.rows or 1 for file in files)
    for file in files:
        at += file.rows or 1
        if at * SAMPLE_FILES >= step * whole:
            found.append(file)
            step = at * SAMPLE_FILES // whole + 1
    return found


def _spread(rows: pl.LazyFrame, most: int) -> pl.DataFrame:
    """Evenly spread rows of many, at most so many."""
    height = int(rows.select(pl.len()).collect().item())
    return rows.gather_every(max(1, -(-height // most))).collect(engine="streaming")
