"""A Delta log as facts: what each commit added, removed and changed, each commit parsed once.

The JSON commits are read as they are: opening a version through delta-rs costs milliseconds, and a
history of a thousand versions must cost no more than a few of them. A checkpoint is read only where
the commits before it have expired.
"""

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import polars as pl
from cachetools import LRUCache

from lakehouse.engines import LogEntry
from lakehouse.engines.delta_log import told

Fields = Mapping[str, str]
"""Column to Delta type, in the table's order."""
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(\.\d{10}\.\d{10})?\.parquet")
_RECORDS = re.compile(r'"numRecords":\s*(\d+)')
_TABLES = 256


class BrokenLogError(RuntimeError):
    """A Delta log cannot be read; the message names the commit.

    Attributes:
        version: the version that is broken or missing.
    """

    def __init__(self, version: int, detail: str) -> None:
        super().__init__(f"commit {version}: {detail}")
        self.version = version


@dataclass(frozen=True)
class DataFile:
    """One data file of a table.

    Attributes:
        path: as the log writes it; it names the content, for Delta never writes a file twice.
        bytes: its size.
        rows: how many rows it holds, None where the writer did not say.
        partitions: partition column to value, as text.
    """

    path: str
    bytes: int
    rows: int | None = None
    partitions: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """Path inside the table's folder, with what the log escapes written out."""
        return unquote(self.path)


@dataclass(frozen=True)
class Change:
    """A file that a commit added or removed; without ``data`` its rows only moved elsewhere."""

    file: DataFile
    data: bool


@dataclass(frozen=True)
class Committed:
    """One commit.

    Attributes:
        entry: what it says of itself.
        added: files that it added.
        removed: files that it removed.
        fields: the schema, where this commit sets it.
        has_info: whether it carries a ``commitInfo``.
    """

    entry: LogEntry
    added: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()
    fields: Fields | None = None
    has_info: bool = True

    @property
    def version(self) -> int:
        """The version that it made."""
        return self.entry.version


@dataclass
class State:
    """A table at one version: its files by path and its schema."""

    files: dict[str, DataFile] = field(default_factory=dict)
    fields: Fields = field(default_factory=dict)

    def follow(self, commit: Committed) -> None:
        """Go on to the version that ``commit`` made."""
        for change in commit.removed:
            self.files.pop(change.file.path, None)
        for change in commit.added:
            self.files[change.file.path] = change.file
        if commit.fields is not None:
            self.fields = commit.fields


class DeltaLog:
    """The log of one table, as it is when it is first asked.

    What was parsed is kept for all that read the same folder.
    """

    _parsed: LRUCache[Path, dict[int, tuple[tuple[int, int], Committed]]] = LRUCache(_TABLES)
    _lock = threading.RLock()

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = path / "_delta_log"
        self._listed: _Listing | None = None

    @property
    def exists(self) -> bool:
        """Whether there is a log at all."""
        return self._folder.is_dir()

    def commit_files(self) -> dict[int, Path]:
        """The JSON commits that are there, by version."""
        return {version: Path(entry.path) for version, entry in self._list().commits.items()}

    def checkpoints(self) -> dict[int, list[Path]]:
        """The checkpoints that are there, by version; one may have several parts."""
        return self._list().checkpoints

    def checkpoint(self, version: int) -> State:
        """The table as the checkpoint of one version has it; raises what its file does."""
        return _of_checkpoint(self.checkpoints()[version])

    def commits(self, after: int = -1, until: int | None = None) -> list[Committed]:
        """The commits in (after, until] that are there, oldest first.

        Raises:
            BrokenLogError: one is missing between others, empty or unreadable.
        """
        return self._read(self._list(), after, until)

    def walk(self, until: int | None = None) -> Iterator[tuple[Committed, State]]:
        """Each commit up to ``until`` with the table after it; the state changes underfoot.

        Where the first commits have expired it begins at the oldest checkpoint.

        Raises:
            BrokenLogError: a commit is missing or unreadable.
        """
        found = self._list()
        bases, start = found.checkpoints, -1
        if found.commits and 0 not in found.commits:
            start = min(bases, default=-1)
        state = _state(bases, start)
        # A checkpoint tells of its own commit too; following that again changes nothing.
        after = start - 1 if start in found.commits else start
        for commit in self._read(found, after, until):
            state.follow(commit)
            yield commit, state

    def at(self, version: int) -> State:
        """The table at one version.

        Raises:
            BrokenLogError: that version cannot be told from the log.
        """
        found, start = self._list(), -1
        if 0 not in found.commits:
            start = max((v for v in found.checkpoints if v <= version), default=-1)
        state = _state(found.checkpoints, start)
        commits = self._read(found, start, version)
        if [commit.version for commit in commits] != list(range(start + 1, version + 1)):
            raise BrokenLogError(version, "the log does not reach it")
        for commit in commits:
            state.follow(commit)
        return state

    def _list(self) -> "_Listing":
        if self._listed is not None:
            return self._listed
        found = self._listed = _Listing({}, {})
        if self.exists:
            for entry in sorted(os.scandir(self._folder), key=attrgetter("name")):
                if match := _COMMIT.fullmatch(entry.name):
                    found.commits[int(match[1])] = entry
                elif match := _CHECKPOINT.fullmatch(entry.name):
                    found.checkpoints.setdefault(int(match[1]), []).append(Path(entry.path))
        return found

    def _read(self, found: "_Listing", after: int, until: int | None) -> list[Committed]:
        wanted = [v for v in found.commits if v > after and (until is None or v <= until)]
        for before, version in pairwise(wanted):
            if version != before + 1:
                raise BrokenLogError(before + 1, "it is missing")
        with self._lock:
            parsed = self._parsed.setdefault(self.path, {})
        return [_commit(parsed, version, found.commits[version]) for version in wanted]


@dataclass(frozen=True)
class _Listing:
    """What a log's folder holds: commits in order, and checkpoints."""

    commits: dict[int, os.DirEntry[str]]
    checkpoints: dict[int, list[Path]]


_Parsed = dict[int, tuple[tuple[int, int], Committed]]


def _commit(parsed: _Parsed, version: int, file: os.DirEntry[str]) -> Committed:
    status = file.stat()
    stamp = (status.st_mtime_ns, status.st_size)
    known = parsed.get(version)
    if known is not None and known[0] == stamp:
        return known[1]
    commit = parse(version, Path(file.path).read_bytes())
    parsed[version] = (stamp, commit)
    return commit


def _state(checkpoints: Mapping[int, list[Path]], version: int) -> State:
    return State() if version < 0 else _of_checkpoint(checkpoints[version])


def parse(version: int, text: bytes) -> Committed:
    """A commit from its JSON lines.

    Raises:
        BrokenLogError: it is empty, or a line is no JSON object.
    """
    lines = [line for line in text.splitlines() if line.strip(b" \0")]
    if not lines:
        raise BrokenLogError(version, "it is empty")
    try:
        actions: list[dict[str, Any]] = [orjson.loads(line) for line in lines]
        info = next((a["commitInfo"] for a in actions if "commitInfo" in a), None)
        added = tuple(_change(a["add"]) for a in actions if "add" in a)
        removed = tuple(_change(a["remove"]) for a in actions if "remove" in a)
        meta = next((a["metaData"] for a in actions if "metaData" in a), None)
        fields = None if meta is None else fields_of(meta["schemaString"])
        return Committed(told(version, info or {}), added, removed, fields, info is not None)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BrokenLogError(version, f"it cannot be read: {error}") from error


def fields_of(schema: str) -> Fields:
    """Column to Delta type of a ``schemaString``; nested types as JSON."""
    return {
        f["name"]: f["type"] if isinstance(f["type"], str) else json.dumps(f["type"])
        for f in orjson.loads(schema)["fields"]
    }


def _change(action: Mapping[str, Any]) -> Change:
    records = _RECORDS.search(action.get("stats") or "")
    rows = int(records[1]) if records else None
    partitions = action.get("partitionValues") or {}
    file = DataFile(action["path"], int(action.get("size") or 0), rows, partitions)
    return Change(file, bool(action.get("dataChange", True)))


def _of_checkpoint(parts: list[Path]) -> State:
    state = State()
    for part in parts:
        rows = pl.read_parquet(part, columns=["add", "metaData"])
        for action in rows["add"].drop_nulls().to_list():
            if action.get("path") is not None:
                file = _change(action).file
                state.files[file.path] = file
        for action in rows["metaData"].drop_nulls().to_list():
            if action.get("schemaString"):
                state.fields = fields_of(action["schemaString"])
    return state
