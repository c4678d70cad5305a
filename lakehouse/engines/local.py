"""The local engine: Polars reads, delta-rs writes, in this process; no Java, no server."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
from cachetools import LRUCache
from deltalake import (
    CommitProperties,
    DeltaTable,
    Field,
    Schema,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import TableNotFoundError
from deltalake.schema import PrimitiveType

from lakehouse.content import Content, content_of
from lakehouse.contract import Column, Table, Type
from lakehouse.engines import Added, ByGroup, ContractError, LogEntry, Overlap, Where, Write
from lakehouse.engines.delta_log import actions, entry, oldest
from lakehouse.engines.groups import whole_groups
from lakehouse.engines.predicates import predicate
from lakehouse.row_diff import overlap_of

Rows = nw.LazyFrame[Any]
POLARS: dict[Type, Any] = {
    "int64": pl.Int64,
    "float64": pl.Float64,
    "float32": pl.Float32,
    "timestamp": pl.Datetime("us", "UTC"),
    "string": pl.String,
    "boolean": pl.Boolean,
}
DELTA: dict[Type, str] = {
    "int64": "long",
    "float64": "double",
    "float32": "float",
    "timestamp": "timestamp",
    "string": "string",
    "boolean": "boolean",
}
# Both engines can write such a table; nothing expires unless Stillwater itself lets it go.
PROPERTIES = {
    "delta.enableDeletionVectors": "false",
    "delta.checkpointInterval": "10",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
# Small row groups: one engine's rows are then a few of them (measured: 5 times faster reads).
WRITER = WriterProperties(max_row_group_size=10_000, compression="ZSTD", compression_level=1)
# What a function needs beside the rows themselves then stays below a gigabyte or two.
CHUNK_ROWS = 500_000
SMALL_FILES = 16
SMALL_BYTES = 8 * 2**20


class LocalEngine:
    """Polars and delta-rs behind the engine interface."""

    def __init__(self) -> None:
        self._newest: dict[Path, DeltaTable] = {}
        self._pinned: LRUCache[tuple[Path, int], DeltaTable] = LRUCache(256)
        self._lock = threading.RLock()

    def of(self, table: Table) -> "LocalEngine":
        """Itself: it reads every table."""
        return self

    def warm(self) -> None:
        """It is ready as it is."""

    @property
    def near(self) -> "LocalEngine":
        """Itself."""
        return self

    def frame(self, rows: pl.DataFrame) -> Rows:
        """Rows of this process, as they are."""
        return nw.from_native(rows.lazy())

    @contextmanager
    def held(self, frame: Rows) -> Iterator[Rows]:
        """The frame collected."""
        yield self.frame(_collect(frame))

    def map_groups(self, frame: Rows, by: tuple[str, ...], order: str, function: ByGroup) -> Rows:
        """What ``function`` makes of some hundred thousand rows of whole groups at a time."""
        rows = _collect(frame).sort(*by, order)
        chunks = whole_groups(rows.iter_slices(CHUNK_ROWS), by, CHUNK_ROWS)
        return self.frame(pl.concat([function(chunk) for chunk in chunks] or [function(rows)]))

    def job(self, name: str, cancelled: Callable[[], bool]) -> nullcontext[None]:
        """Work in this process ends at its next progress report."""
        return nullcontext()

    def version(self, path: Path) -> int | None:
        """The newest version, or None while there is no table."""
        table = self._table(path)
        return None if table is None else int(table.version())

    def create(self, path: Path, table: Table, write: Write) -> None:
        """Create an empty table with the contract's columns, comments and properties."""
        DeltaTable.create(
            str(path),
            Schema([_field(column) for column in table.columns]),
            partition_by=list(table.partitions) or None,
            name=table.name,
            description=table.description,
            configuration=dict(PROPERTIES),
            commit_properties=_commit(write),
        )

    def scan(self, path: Path, version: int) -> Rows:
        """The rows of one version, lazily."""
        return nw.from_native(pl.scan_delta(self._at(path, version)))

    def empty(self, table: Table) -> Rows:
        """No rows, with the contract's columns and types."""
        return self.frame(no_rows(table))

    def conform(self, frame: Rows, table: Table) -> Rows:
        """The frame with the contract's columns, types and order of rows, collected once."""
        rows = _collect(frame)
        missing = [name for name in table.key if name not in rows.columns]
        unknown = [name for name in rows.columns if name not in table.column_names]
        if missing or (unknown and not table.open):
            raise ContractError(f"{table.name}: key columns missing {missing}, unknown {unknown}")
        columns = [_typed(rows, column) for column in table.columns]
        columns += [pl.col(name).cast(pl.Float32) for name in sorted(unknown)]
        try:
            rows = rows.select(columns)
        except pl.exceptions.PolarsError as error:
            raise ContractError(f"{table.name}: {error}") from error
        return nw.from_native(rows.sort(table.sort or table.key).lazy())

    def matching(self, frame: Rows, rows: Rows, key: tuple[str, ...]) -> Rows:
        """The rows of a table whose key is among those of conformed ``rows``."""
        return frame.join(rows.select(*key), on=list(key), how="semi")

    def overlap(self, gone: Rows, came: Rows, key: tuple[str, ...]) -> Overlap:
        """How many rows are in both, told by their hashes."""
        return overlap_of(nw.to_native(gone), nw.to_native(came), key)

    def content(self, frame: Rows) -> Content:
        """Row count and hash of a frame's content."""
        return content_of(_collect(frame))

    def append(self, path: Path, table: Table, frame: Rows, write: Write) -> None:
        """Add rows; new feature columns widen an open table."""
        self._write(path, frame, write, mode="append")

    def replace(self, path: Path, table: Table, frame: Rows, where: Where, write: Write) -> None:
        """Put ``frame`` in the place of the rows that match ``where``, in one commit."""
        matching = predicate(where, '"', _text)
        if _collect(frame).is_empty():
            self._current(path).delete(
                matching, writer_properties=WRITER, commit_properties=_commit(write)
            )
            return
        self._write(path, frame, write, mode="overwrite", predicate=matching)

    def merge(self, path: Path, frame: Rows, key: tuple[str, ...], write: Write) -> None:
        """Update the rows whose key is there, insert the others, in one commit."""
        condition = " AND ".join(f't."{name}" = s."{name}"' for name in key)
        merger = self._current(path).merge(
            _collect(frame).to_arrow(),
            condition,
            source_alias="s",
            target_alias="t",
            writer_properties=WRITER,
            commit_properties=_commit(write),
        )
        merger.when_matched_update_all().when_not_matched_insert_all().execute()

    def done(self, path: Path, write: Write) -> bool:
        """Whether the log records this piece of work, or a later batch of it."""
        number = self._current(path).transaction_version(write.work)
        return number is not None and number >= write.number

    def log(
        self, path: Path, version: int | None = None, limit: int | None = None
    ) -> list[LogEntry]:
        """Commits up to ``version`` (default: newest), newest first."""
        # delta-rs tells the newest history whatever version was opened, so the commits are read.
        newest = version if version is not None else self.version(path)
        told = oldest(path) if limit is None or limit > 1 else 0
        first = told if limit is None or newest is None else max(told, newest - limit + 1)
        versions = range(newest, first - 1, -1) if newest is not None else ()
        return [entry(path, number) for number in versions]

    def restore(self, path: Path, version: int, write: Write) -> None:
        """Make the content of an older version the newest one."""
        self._current(path).restore(version, commit_properties=_commit(write))

    def compact(self, path: Path, table: Table, write: Write) -> bool:
        """Rewrite many small files as few sorted ones; False when there was nothing to do."""
        if self.small_files(path) <= SMALL_FILES:
            return False
        delta = self._current(path)
        # Of two columns z-order interleaves and no file prunes; one column is a plain sort.
        by = "engine" if "engine" in table.sort else table.key[0]
        delta.optimize.z_order([by], writer_properties=WRITER, commit_properties=_commit(write))
        return True

    def small_files(self, path: Path) -> int:
        """How many files are smaller than they should be."""
        sizes = pl.DataFrame(self._current(path).get_add_actions(flatten=True))["size_bytes"]
        return int((sizes < SMALL_BYTES).sum())

    def added(self, path: Path, after: int, until: int) -> list[Added]:
        """Files that the commits in (after, until] added, oldest first."""
        # What maintenance let go of the log had been looked at before.
        first = max(after + 1, oldest(path))
        return [
            Added(version, str(action["add"]["path"]), int(action["add"]["size"]))
            for version in range(first, until + 1)
            for action in actions(path, version)
            if "add" in action
        ]

    def _write(self, path: Path, frame: Rows, write: Write, **mode: Any) -> None:
        write_deltalake(
            self._current(path),
            _collect(frame).to_arrow(),
            schema_mode="merge",
            writer_properties=WRITER,
            commit_properties=_commit(write),
            **mode,
        )

    def _table(self, path: Path) -> DeltaTable | None:
        """The newest state; following the log costs half a millisecond, opening anew several."""
        with self._lock:
            table = self._newest.get(path)
            if table is None:
                if not (path / "_delta_log").is_dir():
                    return None
                try:
                    table = self._newest[path] = DeltaTable(path)
                except TableNotFoundError:
                    return None
            else:
                table.update_incremental()
            return table

    def _current(self, path: Path) -> DeltaTable:
        # Writers get a handle of their own: a write advances it under a reader's feet.
        return DeltaTable(path)

    def _at(self, path: Path, version: int) -> DeltaTable:
        with self._lock:
            table = self._pinned.get((path, version))
            if table is None:
                table = self._pinned[path, version] = DeltaTable(path, version=version)
            return table


def no_rows(table: Table) -> pl.DataFrame:
    """No rows in memory, with the contract's columns and types."""
    return pl.DataFrame(schema={column.name: POLARS[column.type] for column in table.columns})


def _collect(frame: Rows) -> pl.DataFrame:
    rows: pl.DataFrame = frame.collect("polars").to_native()
    return rows


def _field(column: Column) -> Field:
    comment = f"{column.description} [{column.unit}]" if column.unit else column.description
    metadata = {"comment": comment, "unit": column.unit}
    return Field(column.name, PrimitiveType(DELTA[column.type]), metadata=metadata)


def _typed(rows: pl.DataFrame, column: Column) -> pl.Expr:
    if column.name not in rows.columns:
        return pl.lit(None, dtype=POLARS[column.type]).alias(column.name)
    return pl.col(column.name).cast(POLARS[column.type])


def _commit(write: Write) -> CommitProperties:
    return CommitProperties(
        custom_metadata={"userMetadata": write.metadata},
        app_transactions=[Transaction(write.work, write.number)],
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
