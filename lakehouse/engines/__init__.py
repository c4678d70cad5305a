"""Storage engines behind one small interface: the rest of the code never knows which one runs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import narwhals as nw

from lakehouse.content import Content
from lakehouse.contract import Table

Where = Mapping[str, Collection[str]]
"""Rows whose columns hold one of the given texts; all columns must match."""


@dataclass(frozen=True)
class Write:
    """What one Delta commit carries beside its rows.

    Attributes:
        work: name of the piece of work (``txnAppId``): done or not done.
        metadata: JSON text for ``userMetadata``.
    """

    work: str
    metadata: str


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


class Engine(Protocol):
    """What a storage engine can do; a path is the folder of one Delta table."""

    def version(self, path: Path) -> int | None:
        """The newest version, or None while there is no table."""

    def create(self, path: Path, table: Table, write: Write) -> None:
        """Create an empty table with the contract's columns, comments and properties."""

    def scan(self, path: Path, version: int) -> nw.LazyFrame[Any]:
        """The rows of one version, lazily."""

    def empty(self, table: Table) -> nw.LazyFrame[Any]:
        """No rows, with the contract's columns and types."""

    def conform(self, frame: nw.LazyFrame[Any], table: Table) -> nw.LazyFrame[Any]:
        """The frame with the contract's columns, types and order of rows, worked out once.

        Raises:
            ContractError: naming the columns that are missing, unknown or of a wrong type.
        """

    def content(self, frame: nw.LazyFrame[Any]) -> Content:
        """Row count and hash of a frame's content."""

    def append(self, path: Path, frame: nw.LazyFrame[Any], write: Write) -> None:
        """Add rows."""

    def replace(self, path: Path, frame: nw.LazyFrame[Any], where: Where, write: Write) -> None:
        """Put ``frame`` in the place of the rows that match ``where``, in one commit."""

    def merge(
        self, path: Path, frame: nw.LazyFrame[Any], key: tuple[str, ...], write: Write
    ) -> None:
        """Update the rows whose key is there, insert the others, in one commit."""

    def done(self, path: Path, work: str) -> bool:
        """Whether the log records this piece of work."""

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
