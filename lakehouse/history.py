"""What each version of a table is: who made it, what it changed, whether it can still be read.

Answered from the log alone, without opening a data file: a thousand versions of a table of millions
of rows cost a few milliseconds once their commits have been parsed.
"""

import heapq
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lakehouse.clock import moment
from lakehouse.commits import Committed, DataFile, DeltaLog, Fields, State
from lakehouse.lake import Lake

DAYS = 30
"""How long a version that nothing pins is kept when nobody says otherwise."""
Pinned = Mapping[int, tuple[str, ...]]
"""Version to the models that learned from it."""


@dataclass(frozen=True)
class SchemaChange:
    """A column that came (``before`` is None), went (``after`` is None) or has another type."""

    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class VersionFacts:
    """One version of a table.

    Attributes:
        version: its number.
        time: when it was committed, by the writer's clock; order is by version.
        operation: Delta's name of the operation.
        run_id: the run that made it, None for a foreign commit.
        node: the component of that run.
        who: who asked for the run.
        inputs: table to version that the commit was made from.
        rows: rows of the table then, None where no writer said.
        rows_added: rows that came, those that were updated among them. A row that was written
            again as it was counts nowhere.
        rows_updated: of them, how many took the place of a row with the same key.
        rows_removed: rows that went, those that were updated among them.
        files: data files of the table then.
        files_added: files that the commit added.
        files_removed: files that it removed.
        bytes: size of the table's files then.
        bytes_added: size of the files that it added.
        bytes_removed: size of the files that it removed.
        fields: the schema then, column to Delta type.
        schema_changes: what the commit changed in it.
        moved_only: files were rewritten but no row came or went (a compaction).
        missing: files of this version that are no longer there.
        pinned_by: models that learned from it.
        kept_until: earliest time at which maintenance may let its files go; None while it is the
            newest or pinned, where nothing has replaced its files, and once one of them is gone.
    """

    version: int
    time: datetime
    operation: str
    run_id: str | None
    node: str | None
    who: str | None
    inputs: Mapping[str, int]
    rows: int | None
    rows_added: int
    rows_updated: int
    rows_removed: int
    files: int
    files_added: int
    files_removed: int
    bytes: int
    bytes_added: int
    bytes_removed: int
    fields: Fields
    schema_changes: tuple[SchemaChange, ...] = ()
    moved_only: bool = False
    missing: int = 0
    pinned_by: tuple[str, ...] = ()
    kept_until: datetime | None = None

    @property
    def readable(self) -> bool:
        """Whether all its files are there."""
        return not self.missing


def table_history(
    lake: Lake,
    name: str,
    until: int | None = None,
    pinned: Pinned | None = None,
    days: int = DAYS,
) -> tuple[VersionFacts, ...]:
    """Every version of a table that its log still tells of, newest first.

    Args:
        lake: holds it.
        name: the table.
        until: the newest version to tell of; default: the newest there is.
        pinned: version to the models that learned from it.
        days: how long a replaced version is kept.

    Raises:
        BrokenLogError: a commit is missing or unreadable.
    """
    log = DeltaLog(lake.path(name))
    if not log.exists:
        return ()
    totals = _Totals(_present(log.path))
    told = [totals.follow(commit, state) for commit, state in log.walk()]
    replaced = _replaced(totals.ends, [known["version"] for known in told])
    times = {known["version"]: known["time"] for known in told}
    pins, keep, found = pinned or {}, timedelta(days=days), []
    for known in told:
        version = known["version"]
        if until is not None and version > until:
            break
        models = pins.get(version, ())
        end = None if models else times.get(replaced.get(version, -1))
        kept = None if end is None or known["missing"] else end + keep
        found.append(VersionFacts(**known, pinned_by=models, kept_until=kept))
    return tuple(reversed(found))


def schema_changes(before: Fields, after: Fields) -> tuple[SchemaChange, ...]:
    """Columns that came, went or have another type."""
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        SchemaChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def row_changes(commit: Committed) -> tuple[int, int, int]:
    """Rows that a commit added, updated and removed; the updated are in the other two."""
    metrics, noted = commit.entry.metrics, commit.entry.metadata
    if "rows_same" in noted:
        same = int(noted["rows_same"])
        added, removed = int(noted["rows_added"]) - same, int(noted["rows_removed"]) - same
        return added, int(noted["rows_updated"]), removed
    if "rows_added" in noted:
        added, removed = int(noted["rows_added"]), int(noted["rows_removed"])
    else:
        added = sum(c.file.rows or 0 for c in commit.added if c.data)
        removed = sum(c.file.rows or 0 for c in commit.removed if c.data)
    if commit.entry.operation != "MERGE":
        return added, 0, removed
    names = ("num_target_rows_updated", "numTargetRowsUpdated")
    updated = next((int(metrics[name]) for name in names if name in metrics), removed)
    return added, min(updated, added, removed), removed


@dataclass
class _Totals:
    """What is summed up from commit to commit."""

    present: frozenset[str]
    known: dict[str, DataFile] = field(default_factory=dict)
    born: dict[str, int] = field(default_factory=dict)
    ends: dict[int, list[int]] = field(default_factory=dict)
    fields: Fields = field(default_factory=dict)
    bytes: int = 0
    rows: int | None = 0
    missing: int = 0
    begun: bool = False

    def follow(self, commit: Committed, state: State) -> dict[str, Any]:
        """The facts of the next commit, until when it is kept apart."""
        if not self.begun and commit.version != 0:
            self._begin(commit, state)
        self.begun = True
        removed = [self._remove(c.file.path, commit.version) for c in commit.removed]
        added = [self._add(c.file, commit.version) for c in commit.added]
        changes = schema_changes(self.fields, state.fields) if commit.fields else ()
        self.fields = state.fields
        return self._facts(commit, sum(added), sum(removed), changes)

    def _begin(self, commit: Committed, state: State) -> None:
        """Take over what a checkpoint told of the table before its oldest commit."""
        own = {change.file.path for change in commit.added}
        for file in state.files.values():
            if file.path not in own:
                self._add(file, commit.version)
        self.fields = state.fields

    def _add(self, file: DataFile, version: int) -> int:
        if file.path in self.known:
            self._remove(file.path, version)
        self.known[file.path] = file
        self.born[file.path] = version
        self.bytes += file.bytes
        self.rows = None if self.rows is None or file.rows is None else self.rows + file.rows
        self.missing += file.file not in self.present
        return file.bytes

    def _remove(self, path: str, version: int) -> int:
        file = self.known.pop(path, None)
        if file is None:
            return 0
        self.ends.setdefault(version, []).append(self.born.pop(path))
        self.bytes -= file.bytes
        self.rows = None if self.rows is None or file.rows is None else self.rows - file.rows
        self.missing -= file.file not in self.present
        return file.bytes

    def _facts(
        self, commit: Committed, added: int, removed: int, changes: tuple[SchemaChange, ...]
    ) -> dict[str, Any]:
        entry, noted = commit.entry, commit.entry.metadata
        rows_added, rows_updated, rows_removed = row_changes(commit)
        both = (*commit.added, *commit.removed)
        return {
            "version": entry.version,
            "time": moment(entry.time),
            "operation": entry.operation,
            "run_id": _text(noted, "run_id"),
            "node": _text(noted, "node"),
            "who": _text(noted, "who"),
            "inputs": noted.get("inputs") or {},
            "rows": int(noted["row_count"]) if "row_count" in noted else self.rows,
            "rows_added": rows_added,
            "rows_updated": rows_updated,
            "rows_removed": rows_removed,
            "files": len(self.known),
            "files_added": len(commit.added),
            "files_removed": len(commit.removed),
            "bytes": self.bytes,
            "bytes_added": added,
            "bytes_removed": removed,
            "fields": self.fields,
            "schema_changes": changes,
            "moved_only": bool(both) and not any(change.data for change in both),
            "missing": self.missing,
        }


def _text(noted: Mapping[str, Any], name: str) -> str | None:
    return str(noted[name]) if noted.get(name) is not None else None


def _present(folder: Path) -> frozenset[str]:
    """Paths of the files that are in a table's folder."""
    found: set[str] = set()
    for at, folders, names in os.walk(folder):
        if "_delta_log" in folders:
            folders.remove("_delta_log")
        prefix = "" if at == str(folder) else f"{Path(at).relative_to(folder).as_posix()}/"
        found.update(prefix + name for name in names)
    return frozenset(found)


def _replaced(ends: Mapping[int, Iterable[int]], versions: list[int]) -> dict[int, int]:
    """For each version the first later one that removed one of its files."""
    found: dict[int, int] = {}
    waiting: list[tuple[int, int]] = []  # (removed at, added at)
    for version in reversed(versions):
        while waiting and waiting[0][1] > version:
            heapq.heappop(waiting)
        if waiting:
            found[version] = waiting[0][0]
        for born in ends.get(version, ()):
            heapq.heappush(waiting, (version, born))
    return found
