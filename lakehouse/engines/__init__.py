"""Storage engines behind one small interface: the rest of the code never knows which one runs."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import narwhals as nw
import polars as pl

from lakehouse.content import Content
from lakehouse.contract import Table

Where = Mapping[str, Collection[str]]
"""Rows whose columns hold one of the given texts; all columns must match."""
ByGroup = Callable[[pl.DataFrame], pl.DataFrame]
"""A function of whole groups of rows, such as all flights of some engines, in order. It also takes
no rows and then returns none, with the columns that it always has. It may run in another process.
"""


@dataclass(frozen=True)
class Write:
    """What one Delta commit carries beside its rows.

    Attributes:
        work: name of the piece of work (``txnAppId``).
        metadata: JSON text for ``userMetadata``.
        number: ``txnVersion``: 0 for work that is done or not done, the batch of a stream.
        rows: how many rows it brings.
    """

    work: str
    metadata: str
    number: int = 0
    rows: int = 0


@dataclass(frozen=True)
class LogEntry:
    """One commit of a Delta log.

    Attributes:
        version: table version that the commit made.
        time: when, in milliseconds since 1970 (for people; order is by version).
        operation: Delta's name of the operation.
        metrics: Delta's operation metrics, as the writer left them.
        metadata: the parsed ``userMetadata``, empty for foreign commits.
    """

    version: int
    time: int
    operation: str
    metrics: Mapping[str, Any]
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class Added:
    """A data file, the version that added it, its path inside the table's folder and its size."""

    version: int
    path: str
    bytes: int


@dataclass(frozen=True)
class Overlap:
    """Of the rows that a write takes away, how many it brings again.

    Attributes:
        same: as they were.
        updated: with other values under the same key.
    """

    same: int = 0
    updated: int = 0


class Engine(Protocol):
    """What a storage engine can do; a path is the folder of one Delta table."""

    def of(self, table: Table) -> "Engine":
        """The engine that reads a table: one that is small is never worth a cluster."""

    def warm(self) -> None:
        """Start whatever takes long to start, so that the first run need not wait for it."""

    @property
    def near(self) -> "Engine":
        """The engine of this process: the one to look up a few rows of any table with."""

    def frame(self, rows: pl.DataFrame) -> nw.LazyFrame[Any]:
        """A few rows of this process as a frame that joins with those of :meth:`scan`."""

    def held(self, frame: nw.LazyFrame[Any]) -> AbstractContextManager[nw.LazyFrame[Any]]:
        """The frame worked out once, however often it is used until the end of the block."""

    def map_groups(
        self, frame: nw.LazyFrame[Any], by: tuple[str, ...], order: str, function: ByGroup
    ) -> nw.LazyFrame[Any]:
        """What ``function`` makes of whole groups of rows that share ``by``, sorted by ``order``.

        Some whole groups at a time, on Spark where they lie, so each group must come out the same
        whichever others it is given with.
        """

    def job(self, name: str, cancelled: Callable[[], bool]) -> AbstractContextManager[None]:
        """A block whose work is ended as soon as ``cancelled`` says so.

        Raises:
            JobCancelledError: from inside the block, when it was.
            EngineLostError: the engine's own process ended; the next job starts a new one.
        """

    def version(self, path: Path) -> int | None:
        """The newest version, or None while there is no table."""

    def create(self, path: Path, table: Table, write: Write) -> None:
        """Create an empty table with the contract's columns, comments and properties."""

    def scan(self, path: Path, version: int) -> nw.LazyFrame[Any]:
        """The rows of one version, lazily."""

    def empty(self, table: Table) -> nw.LazyFrame[Any]:
        """No rows, with the contract's columns and types."""

    def conform(self, frame: nw.LazyFrame[Any], table: Table) -> nw.LazyFrame[Any]:
        """The frame with the contract's columns and types.

        Raises:
            ContractError: naming the columns that are missing, unknown or of a wrong type.
        """

    def matching(
        self, frame: nw.LazyFrame[Any], rows: nw.LazyFrame[Any], key: tuple[str, ...]
    ) -> nw.LazyFrame[Any]:
        """The rows of a table whose key is among those of conformed ``rows``."""

    def overlap(
        self, gone: nw.LazyFrame[Any], came: nw.LazyFrame[Any], key: tuple[str, ...]
    ) -> Overlap:
        """How many rows are in both, as they were or with other values under their key."""

    def content(self, frame: nw.LazyFrame[Any]) -> Content:
        """Row count and hash of a frame's content."""

    def append(self, path: Path, table: Table, frame: nw.LazyFrame[Any], write: Write) -> None:
        """Add conformed rows."""

    def replace(
        self, path: Path, table: Table, frame: nw.LazyFrame[Any], where: Where, write: Write
    ) -> None:
        """Put conformed rows in the place of those that match ``where``, in one commit."""

    def merge(
        self, path: Path, frame: nw.LazyFrame[Any], key: tuple[str, ...], write: Write
    ) -> None:
        """Update the rows whose key is there, insert the others, in one commit."""

    def done(self, path: Path, write: Write) -> bool:
        """Whether the log records this piece of work, or a later batch of it."""

    def log(
        self, path: Path, version: int | None = None, limit: int | None = None
    ) -> list[LogEntry]:
        """Commits up to ``version`` (default: newest), newest first."""

    def restore(self, path: Path, version: int, write: Write) -> None:
        """Make the content of an older version the newest one."""

    def compact(self, path: Path, table: Table, write: Write) -> bool:
        """Rewrite many small files as few sorted ones; False when there was nothing to do."""

    def added(self, path: Path, after: int, until: int) -> list[Added]:
        """Files that the commits in (after, until] added, oldest first."""


class ContractError(ValueError):
    """A frame does not fit its table contract."""


class JobCancelledError(RuntimeError):
    """A person cancelled the job while the engine was working on it."""


class EngineLostError(RuntimeError):
    """The process that the engine runs in has ended; the message says what is known."""
