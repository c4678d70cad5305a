"""What the read API answers; the text under each field is its documentation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ConfigDict, with_config

from lakehouse.diffs import Shift
from lakehouse.history import SchemaChange

Cell = str | int | float | bool | None
Row = Mapping[str, Cell]
_DOCUMENTED = ConfigDict(use_attribute_docstrings=True)


@with_config(_DOCUMENTED)
@dataclass(frozen=True)
class ColumnEntry:
    """One column of a table."""

    name: str
    """Its name."""
    type: str
    """int64, float64, float32, timestamp (UTC, microseconds), string or boolean."""
    unit: str
    """Unit of its values; empty where they have none."""
    description: str
    """What it means; empty for a column that no contract knows, such as a model's feature."""


@with_config(_DOCUMENTED)
@dataclass(frozen=True)
class TableEntry:
    """One table of the catalogue."""

    name: str
    """`<layer>/<table>`."""
    layer: str
    """First part of the name."""
    table: str
    """Second part of the name."""
    description: str
    """What one row is."""
    key: Sequence[str]
    """Columns that identify a row."""
    columns: Sequence[ColumnEntry]
    """The columns of its contract."""
    open: bool
    """Whether versions may have further columns: one a feature."""
    version: int | None
    """The version that is read when none is named; null while there is none."""
    newest: int | None
    """Its newest version; null while nothing was written to it."""


@with_config(_DOCUMENTED)
@dataclass(frozen=True)
class Catalogue:
    """Every table of the lake."""

    snapshot: int
    """Number of the snapshot whose versions these are; 0 before the first run."""
    tables: Sequence[TableEntry]
    """The tables."""


@with_config(_DOCUMENTED)
@dataclass(frozen=True)
class Page:
    """Some rows of a table at one version."""

    table: str
    """Name of the table."""
    version: int
    """The version that was read."""
    content_sha256: str | None
    """Hash of the version's whole content, as ML Metadata has it; null where none was noted."""
    schema: Sequence[ColumnEntry]
    """The columns of the rows, in order."""
    rows: Sequence[Row]
    """The rows. NaN and infinities are "NaN", "Infinity" and "-Infinity", times ISO 8601 text."""
    next: str | None
    """Give it as `cursor` for the rows after these; null when there are none."""


@with_config(_DOCUMENTED)
@dataclass(frozen=True)
class VersionEntry:
    """One version of a table."""

    version: int
    """Its number."""
    time: datetime
    """When it was committed, by the writer's clock."""
    operation: str
    """Delta's name of the operation."""
    run_id: str | None
    """The run that made it; null for a foreign commit."""
    node: str | None
    """The component of that run."""
    who: str | None
    """Who asked for the run."""
    inputs: Mapping[str, int]
    """Table to version that it was made from."""
    rows: int | None
    """Rows of the table then; null where no writer said."""
    rows_added: int
    """Rows that came, those that were updated among them."""
    rows_updated: int
    """Rows that took the place of one with the same key."""
    rows_removed: int
    """Rows that went, those that were updated among them."""
    files: int
    """Data files of the table then."""
    bytes: int
    """Size of these files."""
    schema_changes: Sequence[SchemaChange]
    """Columns that came, went or have another type since the version before."""
    moved_only: bool
    """Files were rewritten, but no row came or went."""
    readable: bool
    """Whether its rows can still be read."""
    pinned_by: Sequence[str]
    """Models that learned from it."""
    kept_until: datetime | None
    """Earliest time at which maintenance may let it go; null while nothing would."""


@with_config(_DOCUMENTED)
@dataclass(frozen=True)
class History:
    """Versions of a table, the newest first."""

    table: str
    """Name of the table."""
    versions: Sequence[VersionEntry]
    """The versions."""
    next: int | None
    """Give it as `cursor` for the versions before these; null when there are none."""


@with_config(_DOCUMENTED)
@dataclass(frozen=True)
class Change:
    """A row that is in both versions with other values."""

    key: Row
    """Key column to value."""
    values: Mapping[str, tuple[Cell, Cell]]
    """Column to its old and its new value, only where they differ."""


@with_config(_DOCUMENTED)
@dataclass(frozen=True)
class Diff:
    """What leads from one version of a table to another, earlier or later one."""

    table: str
    """Name of the table."""
    before: int
    """The version that it starts from."""
    after: int
    """The version that it leads to."""
    versions: Sequence[int]
    """The versions between them, the later of the two among them, newest first."""
    schema: Sequence[SchemaChange]
    """Columns that came, went or have another type."""
    rows_added: int
    """How many rows came."""
    rows_removed: int
    """How many rows went."""
    rows_changed: int
    """How many rows changed."""
    engines_touched: int
    """How many engines these rows belong to."""
    engines: Sequence[str]
    """The first 1,000 of them, as `FLEET/ENGINE`."""
    added: Sequence[Row]
    """Rows that came, at most as many as were asked for."""
    removed: Sequence[Row]
    """Rows that went, at most as many as were asked for."""
    changed: Sequence[Change]
    """Rows that changed, at most as many as were asked for."""
    shifts: Sequence[Shift]
    """How the distribution of each column moved, the furthest first."""
