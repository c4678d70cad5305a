"""Rows of a table for others: any version, some columns, one engine; in pages or as a file.

CSV is opened in spreadsheets, which take text that begins with ``=``, ``+``, ``-`` or ``@`` for a
formula; such text gets an apostrophe in front (OWASP ASVS 1.2.10). Numbers stay numbers, and
Parquet holds everything as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from operator import attrgetter
from pathlib import Path
from typing import Literal
from uuid import uuid4

import polars as pl

from lakehouse.commits import BrokenLogError, DataFile, DeltaLog, State
from lakehouse.diffs.rows import DiffError, scan_files
from lakehouse.lake import Lake
from lakehouse.tables import TABLES

Format = Literal["parquet", "csv"]
# What is in memory at once, and sent at once.
BATCH_ROWS = 10_000
_RISKY = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_ARROW = pl.CompatLevel.oldest()


class SelectionError(ValueError):
    """What was asked for is not there; the message says what is."""


class NotThereError(SelectionError):
    """There is no such table, or it never had that version."""


class GoneError(SelectionError):
    """The table had that version, but it can no longer be read."""


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
    """
    log, state = _state(lake, resolved(lake, what))
    files = _ordered(state)
    if what.is_whole:
        files, first = _from(files, first)
    try:
        return _picked(log, files, state, what).slice(first, limit).collect()
    except FileNotFoundError as error:
        raise _gone(what, "a data file went while it was read") from error


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
    """Rows as the bytes of a file, some at a time; Parquet also says its :func:`origin`."""
    return csv_chunks(rows) if format_ == "csv" else parquet_chunks(rows, origin)


def csv_chunks(rows: pl.LazyFrame) -> Iterator[bytes]:
    """Rows as CSV (UTF-8, comma, text in quotes, header), some at a time."""
    schema = rows.collect_schema()
    yield pl.DataFrame(schema=schema).write_csv().encode()
    safe = rows.with_columns(_guarded(name) for name, kind in schema.items() if kind == pl.String)
    for batch in safe.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        yield batch.write_csv(
            include_header=False,
            quote_style="non_numeric",
            datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ",
        ).encode()


def parquet_chunks(rows: pl.LazyFrame, origin: Mapping[str, str]) -> Iterator[bytes]:
    """Rows as Parquet with its :func:`origin` in its metadata, a row group at a time."""
    # Its import takes as long as that of everything else; only who exports pays for it.
    from pyarrow.parquet import ParquetWriter

    schema = rows.collect_schema()
    texts = [name for name, kind in schema.items() if kind == pl.String]
    notes = {f"stillwater.{name}": value for name, value in origin.items()}
    fields = pl.DataFrame(schema=schema).to_arrow(compat_level=_ARROW).schema.with_metadata(notes)
    written = BytesIO()
    with ParquetWriter(written, fields, compression="zstd", use_dictionary=texts) as writer:
        for batch in rows.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            writer.write_table(batch.to_arrow(compat_level=_ARROW))
            yield _taken(written)
    yield _taken(written)


def write(lake: Lake, what: Selection, target: Path, format_: Format) -> int:
    """Write rows to a new file, in memory that does not grow with them; returns its bytes.

    Raises:
        FileExistsError: there is one already.
        SelectionError: there is no such table, version or column.
    """
    what = resolved(lake, what)
    rows = selected(lake, what)
    if target.exists():
        raise FileExistsError(f"{target} is there already: choose another name")
    aside = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        with aside.open("wb") as file:
            file.writelines(chunks(rows, format_, origin(lake, what)))
        aside.rename(target)
    finally:
        aside.unlink(missing_ok=True)
    return target.stat().st_size


def _state(lake: Lake, what: Selection) -> tuple[DeltaLog, State]:
    """The table at a version of which every file is there."""
    log = DeltaLog(lake.path(what.table))
    try:
        state = log.at(what.version or 0)
    except BrokenLogError as error:
        raise _gone(what, str(error)) from error
    missing = [file for file in state.files.values() if not (log.path / file.file).is_file()]
    if missing:
        raise _gone(what, f"{len(missing)} of its {len(state.files)} data files are gone")
    return log, state


def _gone(what: Selection, why: str) -> GoneError:
    told = f"version {what.version} of {what.table} can no longer be read: {why}"
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


def _taken(buffer: BytesIO) -> bytes:
    """What was written since the last time; the writer itself counts on."""
    found = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return found


def _guarded(name: str) -> pl.Expr:
    cell = pl.col(name)
    risky = cell.str.contains(_RISKY) & ~cell.str.contains(_NUMBER)
    return pl.when(risky).then(pl.lit("'") + cell).otherwise(cell).alias(name)
