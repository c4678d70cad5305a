"""Rows of a table for others: any version, some columns, one engine; in pages or as a file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

import polars as pl

from lakehouse.commits import BrokenLogError, DataFile, DeltaLog, State
from lakehouse.lake import Lake
from lakehouse.row_diff import UNREADABLE, DiffError, scan_files
from lakehouse.row_files import Format, csv_chunks, new_file, parquet_chunks
from lakehouse.tables import TABLES


class SelectionError(ValueError):
    """What was asked for is not there; the message says what is."""


class NotThereError(SelectionError):
    """There is no such table, or it never had that version."""


class GoneError(SelectionError):
    """The table had that version, but it can no longer be read."""


class DamagedError(RuntimeError):
    """A data file of the version is there but does not hold what was written to it."""


@dataclass(frozen=True)
class Selection:
    """Which rows of a table.

    Attributes:
        table: its name.
        version: as of which version; None: the newest.
        columns: which of them, in this order; empty: all.
        fleet: only rows of that fleet.
        engine: only rows of that engine.
    """

    table: str
    version: int | None = None
    columns: tuple[str, ...] = ()
    fleet: str | None = None
    engine: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it takes every row."""
        return self.fleet is None and self.engine is None


def engine_of(text: str) -> tuple[str | None, str | None]:
    """Fleet and engine of ``[FLEET/]ENGINE``; none of an empty text.

    Raises:
        SelectionError: one of them is empty.
    """
    fleet, slash, engine = text.rpartition("/")
    if text and not (engine and (fleet or not slash)):
        raise SelectionError(f"{text!r}: FLEET/ENGINE or ENGINE expected")
    return fleet or None, engine or None


def resolved(lake: Lake, what: Selection) -> Selection:
    """The same with its version said, so that whoever reads it twice reads the same.

    Raises:
        NotThereError: there is no such table, or it never had that version.
    """
    if what.table not in TABLES:
        raise NotThereError(f"{what.table!r} is no table; there are {', '.join(TABLES)}")
    newest = lake.version(what.table)
    if newest is None:
        raise NotThereError(f"{what.table} does not exist yet: nothing was written to it so far")
    version = newest if what.version is None else what.version
    if not 0 <= version <= newest:
        raise NotThereError(f"{what.table} has no version {version}: the newest is {newest}")
    return replace(what, version=version)


def selected(lake: Lake, what: Selection) -> pl.LazyFrame:
    """The rows, lazily; their order is the same whenever the same version is asked for.

    It is that of the table's key for one engine, else that of the files.

    Raises:
        NotThereError: there is no such table or version.
        GoneError: the version can no longer be read.
        SelectionError: there is no such column.
    """
    log, state = _state(lake, resolved(lake, what))
    return _picked(log, _ordered(state), state, what)


def page(lake: Lake, what: Selection, first: int, limit: int) -> pl.DataFrame:
    """At most ``limit`` rows of :func:`selected`, from the row ``first`` on (from 0).

    Raises:
        NotThereError: there is no such table or version.
        GoneError: the version can no longer be read.
        SelectionError: there is no such column.
        DamagedError: a data file cannot be read.
    """
    what = resolved(lake, what)
    log, state = _state(lake, what)
    files = _ordered(state)
    if what.is_whole:
        files, first = _from(files, first)
    rows = _picked(log, files, state, what).slice(first, limit)
    with _reading(what.table, str(what.version)):
        return rows.collect()


def origin(lake: Lake, what: Selection) -> dict[str, str]:
    """What a file says of where its rows came from: table, version, content_sha256.

    The hash is that of the whole version, as its commit noted it; a foreign commit noted none.

    Args:
        lake: holds the table.
        what: the selection, its version said.
    """
    version = what.version or 0
    found = {"table": what.table, "version": str(version)}
    for commit in DeltaLog(lake.path(what.table)).commits(version - 1, version):
        if "content_sha256" in commit.entry.metadata:
            found["content_sha256"] = str(commit.entry.metadata["content_sha256"])
    return found


def chunks(rows: pl.LazyFrame, format_: Format, origin: Mapping[str, str]) -> Iterator[bytes]:
    """Rows as the bytes of a file, some at a time; Parquet also says its :func:`origin`.

    Args:
        rows: what :func:`selected` found.
        format_: of the file.
        origin: where they come from.

    Raises:
        GoneError: a data file went while it was read.
        DamagedError: a data file cannot be read.
    """
    with _reading(origin["table"], origin["version"]):
        yield from csv_chunks(rows) if format_ == "csv" else parquet_chunks(rows, origin)


def write(lake: Lake, what: Selection, target: Path, format_: Format) -> int:
    """Write rows to a new file, in memory that does not grow with them; returns its bytes.

    Raises:
        FileExistsError: there is one already.
        SelectionError: there is no such table, version or column.
        DamagedError: a data file cannot be read.
    """
    what = resolved(lake, what)
    rows = selected(lake, what)
    with new_file(target) as aside, aside.open("wb") as file:
        file.writelines(chunks(rows, format_, origin(lake, what)))
    return target.stat().st_size


def _state(lake: Lake, what: Selection) -> tuple[DeltaLog, State]:
    """The table at a version of which every file is there."""
    log = DeltaLog(lake.path(what.table))
    try:
        state = log.at(what.version or 0)
    except BrokenLogError as error:
        raise _gone(what.table, str(what.version), str(error)) from error
    missing = [file for file in state.files.values() if not (log.path / file.file).is_file()]
    if missing:
        why = f"{len(missing)} of its {len(state.files)} data files are gone"
        raise _gone(what.table, str(what.version), why)
    return log, state


@contextmanager
def _reading(table: str, version: str) -> Iterator[None]:
    """Say what a data file that cannot be read means; Polars' messages name paths."""
    try:
        yield
    except FileNotFoundError as error:
        raise _gone(table, version, "a data file went while it was read") from error
    except UNREADABLE as error:
        told = f"version {version} of {table} cannot be read: a data file is damaged"
        raise DamagedError(f"{told}; `stillwater verify` says which") from error


def _gone(table: str, version: str, why: str) -> GoneError:
    told = f"version {version} of {table} can no longer be read: {why}"
    return GoneError(f"{told}; the table's history says which versions can be")


def _ordered(state: State) -> list[DataFile]:
    # The log lists the same files in another order once a checkpoint was written.
    return sorted(state.files.values(), key=attrgetter("path"))


def _from(files: list[DataFile], first: int) -> tuple[list[DataFile], int]:
    """Without the files before the row ``first``, and where it stands in those that are left."""
    for at, file in enumerate(files):
        if file.rows is None or first < file.rows:
            return files[at:], first
        first -= file.rows
    return [], 0


def _picked(
    log: DeltaLog, files: Sequence[DataFile], state: State, what: Selection
) -> pl.LazyFrame:
    known = list(state.fields)
    wanted = {"fleet": what.fleet, "engine": what.engine}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    for name in (*what.columns, *wanted):
        if name not in known:
            raise SelectionError(f"{what.table} has no column {name!r}: {', '.join(known)}")
    if len(set(what.columns)) < len(what.columns):
        raise SelectionError(f"a column was named twice: {', '.join(what.columns)}")
    try:
        rows = scan_files(log.path, files, state.fields)
    except DiffError as error:
        raise SelectionError(f"{what.table}: {error}") from error
    for name, value in wanted.items():
        rows = rows.filter(pl.col(name) == value)
    if what.engine is not None:
        table = TABLES[what.table]
        rows = rows.sort(table.sort or table.key, maintain_order=True)
    return rows.select(what.columns or known)
